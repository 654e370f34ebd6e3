/* SPDX-License-Identifier: Apache-2.0
 * A world for identity tests: clocks that stand still, providers that answer what they are told. */
#pragma once

#include "ctrlplane/identity/identity_priv.h"

#include <pthread.h>

enum { WORLD_NOW_S = 1700000000, WORLD_ISSUERS = 2 };

/* One provider. <body> NULL: unreachable. */
struct world_provider {
	char *body; /* owned */
	int64_t max_age_s;
	uint32_t n_started;
	bool asked;
};

struct world {
	struct identity_env env;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	bool is_woken;
	bool silent; /* fetches do not end until this is false */
	int64_t now_s;
	uint64_t now_ms;
	struct world_provider at[WORLD_ISSUERS];
};

/* To be ended by world_done(). */
void world_init(struct world *w);
void world_done(struct world *w);
/* Takes <body> over; NULL: unreachable. */
void world_serve(struct world *w, size_t issuer, char *body);
void world_pass(struct world *w, uint64_t ms); /* both clocks */
void world_silence(struct world *w, bool silent);
uint32_t world_fetches(struct world *w, size_t issuer);

/* A configuration from YAML's part behind the wires; fails the test when it is wrong. */
struct conf *world_conf(const char *yaml);

/* An empty folder of its own under /tmp, to be freed and removed. */
char *world_dir(void);
void world_dir_remove(char *dir);

/* One answer. */
struct world_answer {
	pthread_mutex_t lock;
	pthread_cond_t came;
	int n;
	enum identity_reason reason;
	struct actor *actor; /* owned */
};

void world_answer_init(struct world_answer *a);
struct identity_done world_answer_to(struct world_answer *a);
/* Waits up to ten seconds; false: none came. */
bool world_answer_wait(struct world_answer *a, int n);
void world_answer_done(struct world_answer *a);
