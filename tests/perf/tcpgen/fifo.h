/* SPDX-License-Identifier: Apache-2.0
 * A queue of 32-bit numbers in an array of a power of two: flows that are free, ends that are ready
 * to send, ends that owe an ACK. It is sized for the worst case at start and never grows. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct fifo {
	uint32_t *at; /* owned */
	uint32_t mask, head, tail;
};

static inline int fifo_init(struct fifo *f, uint32_t min_entries)
{
	uint32_t n = 64;

	while (n < min_entries)
		n *= 2;
	*f = (struct fifo){ .at = calloc(n, sizeof(*f->at)), .mask = n - 1 };
	return f->at != NULL ? 0 : -1;
}

static inline void fifo_done(struct fifo *f)
{
	free(f->at);
	f->at = NULL;
}

static inline bool fifo_is_empty(const struct fifo *f)
{
	return f->head == f->tail;
}

static inline uint32_t fifo_count(const struct fifo *f)
{
	return f->tail - f->head;
}

static inline void fifo_push(struct fifo *f, uint32_t v)
{
	f->at[f->tail++ & f->mask] = v;
}

static inline uint32_t fifo_peek(const struct fifo *f)
{
	return f->at[f->head & f->mask];
}

static inline uint32_t fifo_pop(struct fifo *f)
{
	return f->at[f->head++ & f->mask];
}
