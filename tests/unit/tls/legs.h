/* SPDX-License-Identifier: Apache-2.0
 * A client leg and a server leg in one process, joined by two byte queues. Each span given to a leg
 * is a heap block of exactly its size, so that a byte read beyond it is seen. */
#pragma once

#include "dataplane/tls/tls_priv.h"
#include "tests/unit/tls/pki.h"

struct pipe {
	uint8_t *bytes; /* owned */
	size_t len, size;
};

struct leg {
	struct tls_conn *conn;
	struct pipe in;   /* ciphertext on its way here */
	struct leg *peer; /* takes what is emitted here */
	size_t chunk;     /* bytes of a span; 0: one span */
	size_t feed;      /* bytes shown in one call; 0: all */
	size_t take;      /* bytes the sink takes in one call; 0: all */
	size_t room;      /* what is left of them */
	bool is_deaf;     /* the sink is gone: -EPIPE */
	bool at_end;      /* nothing follows <in> */
	uint32_t n_slow;
	uint64_t emitted;
	uint32_t max_pending;
};

struct legs {
	struct tls_worker *worker; /* of both */
	struct leg client, server;
};

/* Both with one worker's limits; NULL: the defaults. */
void legs_init(struct legs *l, const struct tls_limits *limits);
/* New connections in the place of the old ones. */
void legs_open(struct legs *l, struct tls_ctx *client, struct tls_ctx *server, int64_t now_s);
void legs_done(struct legs *l);

/* One call each. A slow step is run at once, and counted. */
enum tls_rc one_leg_handshake(struct leg *leg);
enum tls_rc one_leg_read(struct leg *leg, uint8_t *buf, size_t max, size_t *ret_n);
enum tls_rc one_leg_write(struct leg *leg, const void *bytes, size_t n, size_t *ret_n);
enum tls_rc one_leg_close(struct leg *leg);

/* Steps both until both are open (true), or nothing moves any more, or one has ended. */
bool legs_handshake(struct legs *l);
/* Writes <text> at <from>, reads it at its peer. true: the same came out. */
bool legs_say(struct leg *from, const char *text);

void pipe_put(struct pipe *p, const void *bytes, size_t n);
void pipe_drop(struct pipe *p, size_t n);

/* Contexts with everything else at its default; they fail the process when they cannot be made. */
struct tls_ctx *legs_server_ctx(const struct tls_server_conf *conf);
struct tls_ctx *legs_client_ctx(const struct tls_client_conf *conf);
