/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tests/support/pg_peer.h"

#include <stdarg.h>

enum { PEER_MESSAGE_MAX = 1 << 20 }; /* a longer one is nonsense */

struct message {
	char type; /* 0: a packet without one */
	bool is_bad;
	size_t total;
	struct span body;
};

/* The first message of <p>, if it is whole; true also when it cannot be one. */
bool next_message(const struct pipe *p, bool has_type, struct message *ret);
void log_put(struct pg_log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A server's message. */
void log_message(struct pg_log *log, const struct message *m);
void wire_text_copy(char *out, size_t size, struct span s);
