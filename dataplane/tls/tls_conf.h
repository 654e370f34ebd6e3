/* SPDX-License-Identifier: Apache-2.0
 * Contexts: what all connections of one side of one target share. Built by the control plane,
 * immutable afterwards, published to workers as policies are.
 *
 * Life: build, publish; later unpublish, wait until every worker has passed a quiescent point (none
 * can find it any more), then wait until tls_ctx_users() is 0 (connections live longer), then free.
 *
 * Ticket keys are part of the context and so are as immutable: to rotate them is to build a
 * context with the new key in front of the old ones. Nothing is locked, and no worker can see half a
 * rotation.
 */
#pragma once

#include "parsers/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_ctx;

enum {
	TLS_TICKET_KEYS_MAX = 4,
	TLS_ERROR_MAX = 256,
};

/* From the kernel's random numbers; the same on every appliance that shares tickets. */
struct tls_ticket_key {
	uint8_t name[16]; /* public: stands in the ticket */
	uint8_t aes[32];
	uint8_t hmac[32];
};

/* PEM comes as bytes: where they lie (file, credential, command) is the caller's. Nothing of these
 * structs is kept. */
struct tls_server_conf {
	struct span chain_pem; /* our certificate, then what leads to its root */
	struct span key_pem;   /* not encrypted */
	/* Client certificates must be signed by one of these; empty: none is asked for. */
	struct span client_ca_pem;
	bool client_cert_required; /* else a client may come without */
	const char *const *alpn;   /* NULL ends; in order of preference; NULL: none is agreed */
	/* The first seals, all of them open; none: no tickets, no resumption. */
	const struct tls_ticket_key *ticket_keys;
	size_t n_ticket_keys;
};

/* libpq's sslmode. "off" and the like have no context: that leg is clear text. */
enum tls_mode {
	TLS_REQUIRE,     /* encrypted; whose certificate it is, is not asked */
	TLS_VERIFY_CA,   /* signed by <ca_pem> */
	TLS_VERIFY_FULL, /* and made out to <host> */
};

struct tls_client_conf {
	enum tls_mode mode;
	/* Trusted: each certificate in it, root or not. Required unless TLS_REQUIRE. */
	struct span ca_pem;
	/* DNS name (also sent as SNI) or IP address (RFC 6066 3: never sent). NULL: none, and not
	 * with TLS_VERIFY_FULL. */
	const char *host;
	struct span chain_pem, key_pem; /* our certificate, if we have one */
	const char *const *alpn;        /* NULL ends */
};

/* 0; -EINVAL with what is wrong, and what to do, in <err>; -ENOMEM. Keys that cannot be used are
 * refused here: RSA under 2,048 or over 4,096 bits, EC on another curve than P-256, P-384, P-521,
 * anything that is neither RSA, EC nor Ed25519. */
int tls_server_new(
		const struct tls_server_conf *conf, struct tls_ctx **ret, char err[TLS_ERROR_MAX]);
int tls_client_new(
		const struct tls_client_conf *conf, struct tls_ctx **ret, char err[TLS_ERROR_MAX]);

/* Connections that use it now. */
uint32_t tls_ctx_users(const struct tls_ctx *ctx);
/* Its private key is of a kind whose handshakes go through tls_conn_slow_run(): worth a warning,
 * since an ECDSA P-256 key does not. */
bool tls_ctx_is_slow(const struct tls_ctx *ctx);
/* No users. Takes NULL, nulls *ctx. */
void tls_ctx_free(struct tls_ctx **ctx);
