/* SPDX-License-Identifier: Apache-2.0
 * Sessions over a port without workers: tickets that a test puts, answers that it takes; identities of
 * a key of its own, and a server to log in to. */
#pragma once

#include "ctrlplane/session/session.h"
#include "tests/unit/identity/keys.h"
#include "tests/unit/identity/world.h"

enum { LAB_WORKERS = 2, LAB_EXP_S = WORLD_NOW_S + 3600 };

/* Targets of the lab's configuration. */
enum { TARGET_DB, TARGET_OTHER, TARGET_CLOSED };

struct lab_ticket;
struct lab_answer;

struct lab {
	struct world world;
	struct conf *conf;         /* owned */
	struct identity *identity; /* owned */
	struct sessions *sessions; /* owned */
	EVP_PKEY *key;             /* owned */
	char *dir;                 /* owned */
	FILE *log;                 /* owned */
	pthread_mutex_t lock;      /* of all below */
	pthread_cond_t came;
	struct lab_ticket *first, **last;
	struct lab_answer *answers, **last_answer;
	uint32_t room[LAB_WORKERS];   /* answers that a worker's ring still takes */
	struct ticket_block **blocks; /* owned, as each is: that have not come back */
	size_t n_blocks, n_room;
};

/* <silent>: the provider of keys does not answer until world_silence(). */
void lab_init(struct lab *l, bool silent);
/* Every block has come back, unless <lossy>. */
void lab_done(struct lab *l, bool lossy);
/* Ends and begins the sessions alone. */
void lab_stop(struct lab *l);
/* Has <text> been logged? Waits a little for it. */
bool lab_logged(struct lab *l, const char *text);

/* A token for <sub>, to be freed. */
char *lab_token(struct lab *l, const char *sub, int64_t exp_s);

/* Tickets. A block is made of <bytes> and <more>. */
void lab_put(struct lab *l, uint32_t worker, const struct ticket *t);
struct ticket_block *lab_block(struct lab *l, const void *bytes, size_t len, const char *more);
void lab_who(struct lab *l, uint32_t worker, uint32_t slot, uint32_t gen, const char *token);
void lab_news(struct lab *l, uint32_t worker, uint32_t slot, uint32_t gen, enum ticket_kind kind);
void lab_may(struct lab *l, uint32_t slot, uint64_t command, const char *text);
/* Of <command>: the server's plan, or why there is none. */
void lab_plan(struct lab *l, uint32_t slot, uint64_t command, bool is_plan, const char *text);

/* The next answer of that kind to that slot, within ten seconds; false: none. Its block, if any, is the
 * caller's: lab_block_free(). */
bool lab_answer(struct lab *l, enum ticket_answer_kind kind, uint32_t slot,
		struct ticket_answer *ret);
/* Any answer that is there. */
bool lab_poll(struct lab *l, struct ticket_answer *ret);
/* None of them comes within 30 ms. */
bool lab_is_silent(struct lab *l);
void lab_block_free(struct lab *l, struct ticket_block **b);
void lab_room(struct lab *l, uint32_t worker, uint32_t room);

/* A session at worker 0 whose client is known, by a token of <sub>: its number. */
uint64_t lab_known(struct lab *l, uint32_t slot, uint32_t gen, const char *sub);
/* And that is ready, to be canceled by "key" of <slot>. */
uint64_t lab_ready(struct lab *l, uint32_t slot, uint32_t gen, const char *sub);

/* PostgreSQL's side of a login, with its one password. */
struct lab_server {
	const char *password;
	const char *salt_b64;
	uint32_t iterations;
	char client_first[256]; /* bare */
	char server_first[256];
	bool spoils; /* its signature is wrong */
};

/* The bodies of its requests, from what the client has said before; false: the client is wrong. */
size_t lab_server_first(struct lab_server *s, const struct ticket_login *said, uint8_t *ret);
size_t lab_server_final(struct lab_server *s, const struct ticket_login *said, uint8_t *ret);

/* One step: puts <l> as it is. The answer's block is the caller's. */
bool lab_login(struct lab *l, uint32_t slot, const struct ticket_login *step,
		struct ticket_answer *ret);
