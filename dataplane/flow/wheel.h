/* SPDX-License-Identifier: Apache-2.0
 * Hashed timing wheel (Varghese, Lauck 1987): 1 ms ticks, two levels of 1024 slots (1 s, 17 min);
 * what is further away waits in the last slot and is set again from there. One node per index,
 * which holds that index's earliest deadline. Times are milliseconds of an unbounded clock, kept
 * in 32 bits and compared with sign: deadlines lie less than 24 days ahead. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { WHEEL_SLOTS = 1024, WHEEL_LEVELS = 2 };

#define WHEEL_NONE UINT32_MAX

struct wheel_node {
	uint32_t next, prev; /* WHEEL_NONE at the ends */
	uint32_t deadline_ms;
	uint32_t slot; /* level * WHEEL_SLOTS + slot, or WHEEL_NONE when not set */
};

struct wheel {
	struct wheel_node *nodes; /* owned: one per index */
	uint32_t now_ms;          /* all before this tick has fired */
	uint32_t n_set;
	uint32_t head[WHEEL_LEVELS * WHEEL_SLOTS];
	uint64_t used[WHEEL_LEVELS * WHEEL_SLOTS / 64]; /* bit: slot is not empty */
};

/* 0; -ENOMEM. */
int wheel_init(struct wheel *w, uint32_t n_nodes, uint32_t now_ms);
void wheel_done(struct wheel *w);

/* Sets, or moves, the node's deadline. One in the past fires at the next tick. */
void wheel_set(struct wheel *w, uint32_t index, uint32_t deadline_ms);
void wheel_cancel(struct wheel *w, uint32_t index);

static inline bool wheel_is_set(const struct wheel *w, uint32_t index)
{
	return w->nodes[index].slot != WHEEL_NONE;
}

/* Takes one index whose deadline is <= <now_ms> out of the wheel; WHEEL_NONE: no more. Call until
 * WHEEL_NONE. Nodes that are set meanwhile for <= <now_ms> come in the same round. */
uint32_t wheel_expire(struct wheel *w, uint32_t now_ms);

/* Milliseconds from wheel.now_ms until wheel_expire() may have work: never too late, early when the
 * next deadline is more than a second away. UINT32_MAX: nothing is set. */
uint32_t wheel_next_in_ms(const struct wheel *w);
