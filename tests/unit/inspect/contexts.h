/* SPDX-License-Identifier: Apache-2.0
 * Certificates, and the contexts of TLS on both legs of a session: the spine's two and its peers' two. */
#pragma once

#include "tests/unit/tls/legs.h"

struct contexts {
	struct pki pki;
	struct tls_worker *worker;          /* owned: of the peers; the spine has its own */
	struct tls_ctx *agent, *server;     /* owned: of the peers */
	struct tls_ctx *to_agent, *to_prod; /* owned: of the spine */
};

/* Certificates that are valid at <now_s>. */
void contexts_init(struct contexts *c, int64_t now_s);
void contexts_done(struct contexts *c);
