/* SPDX-License-Identifier: Apache-2.0
 * TLS 1.2 and 1.3 without I/O: one struct tls_conn is one leg (server side towards the agent, client
 * side towards production) of one session.
 *
 *	ciphertext in:  borrowed spans, as stream_view() gives them; the caller then drops what was
 *	                consumed (stream_drop())
 *	ciphertext out: a sink of the caller's (over stream_emit()) that may refuse
 *	plaintext:      tls_conn_read(), tls_conn_write()
 *
 * Nothing here blocks, logs, reads a clock of its own or makes a system call (README: what OpenSSL
 * does itself). A connection belongs to one thread at a time: the worker's, but for
 * tls_conn_slow_run().
 */
#pragma once

#include "dataplane/tls/tls_conf.h"
#include "parsers/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_conn;
struct tls_worker;

enum {
	TLS_PEER_KEY_MAX = 32,
	TLS_SNI_MAX = 255,
	TLS_BINDING_MAX = 64,
};

/* What a call ended with. */
enum tls_rc {
	TLS_OK,         /* done, or moved on: call again as long as there is something for it */
	TLS_NEED_INPUT, /* all input was consumed, nothing to do before more comes */
	TLS_SINK_FULL, /* output waits: call again when the sink has room; input may be given too */
	TLS_SLOW,      /* the next step belongs on another thread: tls_conn_slow_run() */
	TLS_CLOSED,    /* close_notify came: no plaintext will follow. Writing is still possible */
	TLS_TRUNCATED, /* the input ended without close_notify; final */
	TLS_FAILED,    /* final: tls_conn_failure(). The alert was emitted, or tls_conn_pending() */
};

/* Why a connection failed. Names by tls_reason_name(). */
enum tls_reason {

#define TLS_REASON(sym) TLS_REASON_##sym,
#include "dataplane/tls/reason.tbl.h"
#undef TLS_REASON
	TLS_REASONS,
};

struct tls_failure {
	uint8_t reason;                     /* enum tls_reason */
	int16_t alert_sent, alert_received; /* RFC 8446 6, RFC 5246 7.2; -1: none */
	const char *detail; /* OpenSSL's words, static; NULL: none. For people, not for code */
};

/* The two ways of ciphertext for one call. <spans> are not touched after the call, and not read
 * any more once <emit> has been called. */
struct tls_io {
	const struct span *spans; /* borrowed */
	size_t n_spans;
	bool at_end; /* nothing follows the spans */
	/* Takes up to <n> bytes in order and says how many; 0: no room now; -errno: nobody will
	 * ever take any, which fails the connection. */
	int (*emit)(void *ctx, const uint8_t *bytes, uint32_t n);
	void *emit_ctx;
	size_t consumed; /* out: bytes of the spans that are ours now, from their beginning */
};

/* Of one worker; 0: the default. What bounds the memory of its connections: see the README. */
struct tls_limits {
	uint32_t max_conns;            /* 65,536 */
	uint32_t max_handshakes;       /* connections whose handshake is not over: 1,024 */
	uint32_t max_sessions;         /* kept for resumption, client side: 1,024 */
	uint32_t max_sessions_per_ctx; /* 64 */
};

/* Written by the worker, may be sampled by anyone. */
struct tls_counters {
	uint32_t conns, handshaking; /* now */
	uint64_t full, resumed;      /* handshakes completed */
	uint64_t slow_steps;
	uint64_t refused; /* tls_conn_new() over a limit */
	uint64_t truncated;
	uint64_t failed[TLS_REASONS];
};

/* What a worker's connections share. NULL: ENOMEM. Takes its memory at once. */
struct tls_worker *tls_worker_new(const struct tls_limits *limits);
/* All its connections are gone. Takes NULL, nulls *w. */
void tls_worker_free(struct tls_worker **w);
const struct tls_counters *tls_worker_counters(const struct tls_worker *w);

struct tls_peer {
	/* Wall clock, seconds since 1970: judges certificates and the age of kept sessions. */
	int64_t now_s;
	/* Client side: who is called, as exact bytes (address and port); sessions are resumed with
	 * the same key and context only. At most TLS_PEER_KEY_MAX; empty: never resumed. */
	struct span key;
};

/* NULL with errno: ENOBUFS (a limit), ENOMEM, EINVAL (key too long). <w> and <ctx> outlive it. The
 * handshake has not begun: a client's hello is what its first tls_conn_handshake() emits. */
struct tls_conn *tls_conn_new(
		struct tls_worker *w, struct tls_ctx *ctx, const struct tls_peer *peer);
/* Sends nothing. Not while tls_conn_is_away(). Takes NULL, nulls *c. */
void tls_conn_free(struct tls_conn **c);

/* Continues the handshake. TLS_OK: it is complete and all output is out; also when called again. */
enum tls_rc tls_conn_handshake(struct tls_conn *c, struct tls_io *io);

/* Plaintext into <buf>, at most <max> bytes, as many as the input gives. *ret_n > 0: TLS_OK. Else the
 * reason why there are none. Completes the handshake first where it is not (so all its results are
 * possible). */
enum tls_rc tls_conn_read(
		struct tls_conn *c, struct tls_io *io, uint8_t *buf, size_t max, size_t *ret_n);

/* Encrypts up to <n> bytes, as long as the sink takes them. *ret_n of them are ours, whatever the
 * result; TLS_OK: all of them, and all output is out. TLS_SINK_FULL: at most one record waits
 * here; the caller comes again with what follows *ret_n (which may be nothing). Needs no input;
 * before the handshake is complete: as tls_conn_handshake(). Not after tls_conn_close(). */
enum tls_rc tls_conn_write(struct tls_conn *c, struct tls_io *io, const uint8_t *bytes, size_t n,
		size_t *ret_n);

/* Emits close_notify behind what was written. TLS_OK: it is out (or the handshake was not complete,
 * and there is none). Reading goes on. */
enum tls_rc tls_conn_close(struct tls_conn *c, struct tls_io *io);

/* Bytes of output that wait for the sink. Any call above tries again. */
size_t tls_conn_pending(const struct tls_conn *c);

/* After TLS_SLOW: does the step that may take longer than a worker may (a private key or a peer's
 * chain of a slow kind), on the calling thread. The connection was handed to it, by a ring or the
 * like, and is handed back in the same way; then the worker calls again what had said TLS_SLOW.
 * Input that was at hand has been consumed and copied. A caller without such a thread may call it
 * at once. */
void tls_conn_slow_run(struct tls_conn *c);
/* From TLS_SLOW until tls_conn_slow_run() has returned. */
bool tls_conn_is_away(const struct tls_conn *c);

struct tls_facts {
	uint16_t version;   /* 0x0303, 0x0304 */
	const char *cipher; /* the IANA-like name of OpenSSL; static */
	struct span alpn;   /* what was agreed; empty: nothing. Borrowed from the connection */
	const char *sni; /* server side: what the client asked for, its bytes; "": nothing. Borrowed */
	bool resumed;
	bool has_peer_cert;
};

/* After the handshake; <sni> also before, once the client's hello was read. */
void tls_conn_facts(const struct tls_conn *c, struct tls_facts *ret);

/* The peer certificate's subject as in RFC 4514, cut to fit, always ended by a NUL. Returns its
 * length, or -ENOENT: there is no certificate. -EBADMSG: it cannot be written. */
int tls_conn_peer_subject(const struct tls_conn *c, char *buf, size_t size);

/* tls-server-end-point of RFC 5929 4.1: the hash of the server's certificate (client side: the
 * peer's, server side: our own). 32 to 64 bytes. 0; -ENOENT: no certificate; -ENOTSUP: its
 * signature names no single hash (Ed25519), so that the binding is undefined. */
int tls_conn_binding(const struct tls_conn *c, uint8_t ret[TLS_BINDING_MAX], size_t *ret_len);

void tls_conn_failure(const struct tls_conn *c, struct tls_failure *ret);
/* "cert_expired"; static. */
const char *tls_reason_name(uint8_t reason);
