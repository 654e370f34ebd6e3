/* SPDX-License-Identifier: Apache-2.0
 * How many commands a session has sent, in each time that its policy's rules ask of. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct policy;
struct session;

/* A session's part. */
struct rate_state {
	struct session_rates *all; /* owned, the arena's; NULL: no rule asks, or no memory */
	uint32_t n_missed;         /* commands, for lack of memory */
	bool is_counted;           /* the command at the head of the agent's direction */
};

/* The counts for <p>'s rates with the command at the head, of <kind>, which is counted the first time; a Parse
 * is not. What will be denied counts. NULL: not known, or no rule asks. Until the next call. */
const uint32_t *rates_of(struct session *s, const struct policy *p, uint16_t kind);
void rates_give(struct session *s);
