/* SPDX-License-Identifier: Apache-2.0
 * A client, the codec and a server (backend.h) in one conversation. A second session follows what the
 * client sees: whatever is denied, held or asked for by the codec itself, that must be a valid
 * conversation too. */
#pragma once

#include "tests/unit/pg/backend.h"
#include "tests/unit/pg/tap.h"

enum {
	RELAY_REQUESTS = 4096,
	RELAY_CONFS = 4,
};

/* Limits that conversations are tried with, from plenty on. */
extern const struct pg_conf relay_confs[RELAY_CONFS];

struct relay {
	struct tap tap, view; /* <view>: the conversation as the client has it */
	struct backend backend;
	struct tap_log log; /* owned: what arrived at the tap, in its order */
	uint8_t *said;      /* owned: what the client said and did not arrive yet */
	size_t n_said;
	uint64_t rng;
	char *texts[RELAY_REQUESTS]; /* owned: SQL by the tap's request */
	size_t n_rows;               /* whose columns, request and statement were found right */
	bool has_failed;             /* the client saw an error since the last ReadyForQuery */
};

void relay_init(struct relay *r, const struct pg_conf *conf, uint32_t deny_of_16, uint64_t seed);
/* Everything was answered and given back, on both sides, or it aborts. */
void relay_done(struct relay *r);
/* The client says what <spec> says (talk.h). */
void relay_say(struct relay *r, const char *spec);
/* Some bytes arrive, in either direction. False: there are none. */
bool relay_step(struct relay *r);
void relay_drain(struct relay *r);
/* The client was asked for COPY data. */
bool relay_is_copying(const struct relay *r);
uint32_t relay_random(struct relay *r, uint32_t below);

/* A whole conversation that only <seed> decides, from the first query to the last answer. */
void relay_converse(struct relay *r, unsigned int n_turns);
