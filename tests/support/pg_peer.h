/* SPDX-License-Identifier: Apache-2.0
 * The two ends of a PostgreSQL session as byte machines: bytes of the network in, bytes for it out, no
 * socket, no clock. Start-up is here; what is said afterwards is tests/unit/pg/talk.h (the agent) and
 * tests/unit/pg/backend.h (the server), which share nothing with the codec.
 *
 * Allocation failures end the process; so does a peer that is driven wrongly. What the other end says
 * never does: it ends this one, with why in <log>. */
#pragma once

#include "tests/unit/pg/backend.h"
#include "tests/unit/tls/legs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PG_PEER_LOG = 8192,
	PG_PEER_TEXT = 256,
	PG_PEER_KEY_MAX = 32,
};

/* What TLS needs of a peer; <ctx> NULL: it speaks none. */
struct pg_peer_tls {
	struct tls_worker *worker; /* borrowed */
	struct tls_ctx *ctx;       /* borrowed */
	int64_t now_s;
};

/* One end's network side: clear, or TLS from some byte on. */
struct pg_wire {
	struct tls_conn *conn; /* owned; NULL: clear */
	struct pipe net_in,
			net_out; /* owned: what the network brought and is not read; what it gets */
	struct pipe unsent;      /* owned: plaintext that the leg has not taken yet */
	struct pipe plain;       /* owned: read and not parsed */
	bool is_open;            /* of TLS: the handshake is done */
	bool is_over;            /* the network's end has come */
	bool has_failed;         /* TLS has; nothing is read or sent any more */
	bool is_closed;          /* our close_notify is out, nothing is said behind it */
	bool is_truncated;       /* the end came without close_notify */
};

void pg_wire_done(struct pg_wire *w);
/* From here on it is TLS. What was read and not parsed is given back: it is ciphertext. */
void pg_wire_secure(struct pg_wire *w, const struct pg_peer_tls *tls, struct span key);
void pg_wire_send(struct pg_wire *w, const void *bytes, size_t n);
/* The network brings bytes, or (n == 0) its end; as much as can be is read into <plain>. */
void pg_wire_feed(struct pg_wire *w, const void *bytes, size_t n);
/* close_notify where there is TLS. */
void pg_wire_close(struct pg_wire *w);

/* Messages that were heard, one word each: "T", "D", "C=SELECT_1", "Z=I", "E=42501", "R=3", "N=00000",
 * "S=name=value" ... Both ends log what they hear. */
struct pg_log {
	char text[PG_PEER_LOG];
	size_t len;
};

enum pg_agent_state {
	PG_AGENT_NEW,
	PG_AGENT_ASKED, /* SSLRequest is sent */
	PG_AGENT_STARTING,
	PG_AGENT_READY, /* ReadyForQuery has come once */
	PG_AGENT_OVER,  /* refused, or the other end broke the protocol: see log */
};

struct pg_agent_conf {
	const char *user, *database, *application; /* <application> NULL: none */
	const char *password;                      /* NULL: it has none to say */
	struct pg_peer_tls tls;
	bool direct_tls;  /* no SSLRequest: the handshake comes first */
	uint32_t version; /* 0: 3.0 */
};

struct pg_agent {
	const struct pg_agent_conf *conf; /* borrowed */
	struct pg_wire wire;
	enum pg_agent_state state;
	struct pg_log log;
	struct pipe heard; /* owned: bytes of the messages since READY, ReadyForQuery's own not among them */
	uint32_t n_ready; /* ReadyForQuery messages */
	char status;      /* of the last one */
	uint32_t pid, key_len;
	uint8_t key[PG_PEER_KEY_MAX];
	char error[PG_PEER_TEXT], code[6]; /* the latest ErrorResponse */
	char notice[PG_PEER_TEXT];
	uint32_t n_notices;
};

void pg_agent_init(struct pg_agent *a, const struct pg_agent_conf *conf);
void pg_agent_done(struct pg_agent *a);
/* Says its first word. */
void pg_agent_start(struct pg_agent *a);
/* In place of it: a CancelRequest, behind an SSLRequest where it speaks TLS. */
void pg_agent_cancel(struct pg_agent *a, uint32_t pid, const void *key, uint32_t key_len);
/* One message of talk.h: "Q select 1". */
void pg_agent_say(struct pg_agent *a, const char *spec);
void pg_agent_feed(struct pg_agent *a, const void *bytes, size_t n);

enum pg_server_auth {
	PG_SERVER_TRUST,
	PG_SERVER_CLEAR,
	PG_SERVER_SCRAM, /* the conversation of RFC 7677 3, word for word */
};

/* What becomes of a login, once the start-up packet has come. */
enum pg_server_mood {
	PG_SERVER_GOOD,
	PG_SERVER_FATAL,    /* FATAL 57P03 */
	PG_SERVER_NONSENSE, /* HTTP */
	PG_SERVER_SILENT,
};

struct pg_server_conf {
	struct pg_peer_tls tls;
	bool direct_tls;
	enum pg_server_auth auth;
	const char *password; /* PG_SERVER_CLEAR */
	enum pg_server_mood mood;
	const char *key;    /* its cancel key; NULL: four bytes */
	bool refuses_calls; /* nobody may call set_config() */
};

struct pg_server {
	const struct pg_server_conf *conf; /* borrowed */
	struct pg_wire wire;
	struct backend backend;
	struct pg_log log; /* from the first packet on: "ssl", "start=user/database", "p", "Q" ... */
	struct pipe heard; /* owned: bytes of the messages since the login */
	bool has_started, is_ready, is_over;
	uint8_t auth_step;
	bool is_mute; /* set by the test: what it would say waits until pg_server_feed(s, NULL, 0) */
	char user[PG_PEER_TEXT], database[PG_PEER_TEXT], application[PG_PEER_TEXT];
	/* a CancelRequest that it got */
	uint32_t n_cancels, cancel_pid, cancel_key_len;
	uint8_t cancel_key[PG_PEER_KEY_MAX];
};

enum { PG_SERVER_PID = 4711 };

/* RFC 7677 3: what a client says in PG_SERVER_SCRAM, and is told. */
extern const char pg_scram_client_first[], pg_scram_client_final[];

void pg_server_init(struct pg_server *s, const struct pg_server_conf *conf);
void pg_server_done(struct pg_server *s);
void pg_server_feed(struct pg_server *s, const void *bytes, size_t n);
/* Says bytes of the test's own. */
void pg_server_say(struct pg_server *s, const void *bytes, size_t n);
