/* SPDX-License-Identifier: Apache-2.0
 * The verifier without its thread: what is asked is answered before the call returns, or waits for
 * keys until checker_run(). */
#pragma once

#include "tests/unit/identity/world.h"

struct checker {
	struct world world;
	struct conf *conf; /* owned */
	char *dir;         /* owned */
	struct known *known;
	struct revoked *revoked;
	struct verifier verifier;
	uint32_t n_answers;
	enum identity_reason reason; /* of the latest answer */
	struct actor *actor;         /* owned; of the latest answer */
};

/* <yaml> as world_conf(). The keys are not fetched yet. */
void checker_init(struct checker *c, const char *yaml);
void checker_done(struct checker *c);
/* Begins what is due, and tells what has ended. */
void checker_run(struct checker *c);
/* Asks; true: it was answered at once. */
bool checker_ask(struct checker *c, const char *token);
/* Asks and runs until it is answered. */
enum identity_reason checker_verify(struct checker *c, const char *token);
