/* SPDX-License-Identifier: Apache-2.0
 * A connection to a PostgreSQL server: TCP, TLS when asked for, messages. For pg_login alone. */
#pragma once

#include "parsers/base/span.h"

#include <openssl/ssl.h>

#include <stdbool.h>
#include <stdint.h>

enum { LINK_MESSAGE_MAX = 16384 };

struct link {
	int fd;
	SSL *ssl; /* owned; NULL: no TLS */
	SSL_CTX *ctx;
	char type; /* of the last message */
	uint32_t len;
	uint8_t body[LINK_MESSAGE_MAX];
};

/* All false or NULL: it is said on stdout. <ca>: PEM file; NULL: no TLS. */
bool link_open(struct link *l, const char *port, const char *ca);
void link_close(struct link *l);
bool link_send(struct link *l, struct span bytes);
/* The next message into type, len and body. */
bool link_receive(struct link *l);
/* The server's certificate, DER, to be freed by OPENSSL_free(). */
struct span link_certificate(struct link *l);
