/* SPDX-License-Identifier: Apache-2.0
 * The invariants of relay.md 3, checked from outside the engine: on every frame that goes in or
 * comes out and after every poll. What each one looks at stands beside its check in check*.c. */
#pragma once

#include "tests/sim/world.h"

/* Of bytes, for "is it the same frame". */
uint64_t check_sum(const uint8_t *b, uint32_t len);
struct conn *check_conn_of_key(struct world *w, const struct flow_key *key);

/* A frame is about to be handed to the engine. */
void check_in(struct world *w, enum side from, const struct wframe *f);
/* The engine sent a frame. */
void check_out(struct world *w, enum side to, const struct wframe *f);
void check_step_begin(struct world *w);
void check_step_end(struct world *w, uint64_t next_us);
/* The last flow is gone. */
void check_all_closed(struct world *w);

/* The next byte in order that the engine can have from this endpoint. */
uint64_t check_contiguous(const struct view *v);
/* Did <f> come in from the other side, and has it not been forwarded yet? Takes it off the list. */
bool check_was_in(struct world *w, enum side to, const struct wframe *f);
/* A sequence number that a blind attacker might use in the name of <as>: never the exact one. */
uint32_t check_attack_seq(const struct conn *c, enum side as, struct rng *r);
