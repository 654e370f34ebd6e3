/* SPDX-License-Identifier: Apache-2.0
 * Logging in to a PostgreSQL server, without I/O: authentication requests in, messages for the
 * server out. SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677; tls-server-end-point of RFC
 * 5929), md5, and the password in clear where the connection is encrypted.
 *
 * The caller has sent the startup message and reads the server's messages. Of those of type 'R' it
 * gives the body (what follows the length) to pgauth_take(); an 'E' ends the login, an 'N' or 'v'
 * is none of our business. */
#pragma once

#include "ctrlplane/credential/credential.h"
#include "ctrlplane/credential/salted.h"
#include "parsers/base/span.h"

#include <stdatomic.h>

enum pgauth_reason {

#define REASON(sym, text) PGAUTH_##sym,
#include "ctrlplane/credential/pgauth_reason.tbl.h"
#undef REASON
	PGAUTH_REASONS,
};

/* "server_error", and a text for the log. "-" beyond the last one. */
const char *pgauth_reason_name(enum pgauth_reason reason);
const char *pgauth_reason_text(enum pgauth_reason reason);

enum {
	PGAUTH_BODY_MAX = 2000,  /* bytes of a request that are looked at; libpq's limit too */
	PGAUTH_OUT_MAX = 2048,   /* bytes of any answer */
	PGAUTH_BINDING_MAX = 64, /* bytes: SHA-512 */
	PGAUTH_SALT_MAX = 256,   /* bytes */
	PGAUTH_NONCE_MAX = 64,   /* characters of ours */
	PGAUTH_ITERATIONS_MAX = 10000000,
	PGAUTH_ITERATIONS_WEAK = 4096, /* RFC 7677 4: fewer should not be; allowed and counted */
	PGAUTH_MESSAGE_MAX = 2560,
	PGAUTH_ERROR_MAX = 48,
};

enum pgauth_rc {
	PGAUTH_SEND,        /* <out> is for the server; then its next request */
	PGAUTH_WAIT,        /* nothing to send; its next request */
	PGAUTH_NEED_SALTED, /* for pgauth.salt and .iterations: then pgauth_salted() */
	PGAUTH_DONE,        /* logged in */
	PGAUTH_REFUSED,     /* pgauth.reason; the connection is to be closed */
};

/* One whole message for the server. It may hold the password: pgauth_out_done() after use. */
struct pgauth_out {
	uint8_t bytes[PGAUTH_OUT_MAX];
	size_t len;
};

struct pgauth_stats {
	_Atomic uint64_t answers[PGAUTH_REASONS]; /* logins that ended so */
	_Atomic uint64_t weak_iterations;         /* fewer than PGAUTH_ITERATIONS_WEAK */
};

struct pgauth_conf {
	const struct credential *credential; /* borrowed: outlives the login */
	struct pgauth_stats *stats;          /* borrowed; NULL: not counted */
	/* tls-server-end-point of this connection (pgauth_binding_of()); len 0: there is none, for
	 * the connection is not TLS or its certificate has no such hash. */
	uint8_t binding[PGAUTH_BINDING_MAX];
	size_t binding_len;
	bool encrypted;         /* TLS */
	bool verified;          /* and its certificate was */
	bool binding_required;  /* nothing but SCRAM-SHA-256-PLUS will do */
	const char *nonce;      /* borrowed; NULL: random. Printable without ',': for tests */
	const char *scram_name; /* borrowed; NULL: "", as libpq: PostgreSQL does not read it */
};

enum pgauth_method {
	PGAUTH_NONE, /* the server has asked for nothing (trust, peer, certificate) */
	PGAUTH_CLEAR,
	PGAUTH_MD5,
	PGAUTH_SCRAM,
	PGAUTH_SCRAM_PLUS,
};

enum pgauth_state {
	PGAUTH_START,
	PGAUTH_SENT,    /* the password or its md5: the server only says yes */
	PGAUTH_FIRST,   /* client-first-message is sent */
	PGAUTH_SALTING, /* SaltedPassword is asked for */
	PGAUTH_FINAL,   /* client-final-message is sent */
	PGAUTH_PROVEN,  /* its signature was right */
	PGAUTH_END,
};

/* One login. The caller owns it; fields are for reading. Some 3 KiB. */
struct pgauth {
	const struct pgauth_conf *conf; /* borrowed */
	enum pgauth_state state;
	enum pgauth_method method;
	enum pgauth_reason reason; /* with PGAUTH_REFUSED */
	uint32_t iterations;
	size_t salt_len;
	uint8_t salt[PGAUTH_SALT_MAX];
	char nonce[PGAUTH_NONCE_MAX + 1];
	char gs2_flag;                          /* 'n', 'y' or 'p' */
	uint8_t server_signature[SALTED_BYTES]; /* that it must show */
	size_t nonce_at, nonce_len;             /* the whole one, in message */
	size_t message_len;
	uint8_t message[PGAUTH_MESSAGE_MAX]; /* AuthMessage, as far as it is known */
	char server_error[PGAUTH_ERROR_MAX]; /* with PGAUTH_SERVER_ERROR: printable */
};

void pgauth_init(struct pgauth *a, const struct pgauth_conf *conf);
/* Wipes it. */
void pgauth_done(struct pgauth *a);

/* Takes the body of one message of type 'R'. */
enum pgauth_rc pgauth_take(struct pgauth *a, struct span body, struct pgauth_out *out);
/* Answers PGAUTH_NEED_SALTED, with what salted_cache_get() gives for credential.prepared. */
enum pgauth_rc pgauth_salted(
		struct pgauth *a, const uint8_t salted[SALTED_BYTES], struct pgauth_out *out);
void pgauth_out_done(struct pgauth_out *out);

/* The hash of a server's certificate (DER) that binds to the channel: by its signature's hash
 * function, SHA-256 in place of MD5 and SHA-1 (RFC 5929 4.1). -EBADMSG: no certificate; -ENOTSUP:
 * its signature has no hash function (Ed25519): no binding then, as with libpq. */
int pgauth_binding_of(struct span der, uint8_t ret[PGAUTH_BINDING_MAX], size_t *ret_len);
