/* SPDX-License-Identifier: Apache-2.0
 * A bounded queue of fixed-size plain values between exactly two threads: one that puts, one that
 * takes. Neither waits, locks or allocates; a full ring says so and the caller decides.
 *
 * The value is copied in and copied out, so nothing is shared but the ring itself. What a value
 * points to changes hands with it: the store of <head> releases it, the load acquires it. */
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { RING_LINE_PAIR = 128 }; /* the adjacent-line prefetcher fetches lines in pairs */

struct ring {
	/* set by ring_new(), read-only afterwards */
	alignas(RING_LINE_PAIR) uint8_t *slots; /* owned */
	uint32_t mask, value_bytes;

	/* the putting thread's line; the taking one loads <head> only */
	alignas(RING_LINE_PAIR) _Atomic uint32_t head; /* values published so far, modulo 2^32 */
	uint32_t put;                                  /* values put, published or not */
	uint32_t tail_seen;                            /* <tail> when it was last looked at */

	/* the taking thread's line; the putting one loads <tail> only */
	alignas(RING_LINE_PAIR) _Atomic uint32_t tail; /* values taken so far, modulo 2^32 */
	uint32_t head_seen;
};

/* A ring of at least <n> values (rounded up to a power of two, at most 2^24) of <value_bytes> each.
 * NULL: out of memory, or a size that cannot be. */
struct ring *ring_new(uint32_t n, uint32_t value_bytes);
void ring_free(struct ring **ring);

/* Putting thread. Copies *value in, unseen by the other thread until ring_publish().
 * false: full, nothing done. */
static inline bool ring_put(struct ring *r, const void *value)
{
	if (r->put - r->tail_seen > r->mask) {
		r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
		if (r->put - r->tail_seen > r->mask)
			return false;
	}
	memcpy(r->slots + (size_t)(r->put & r->mask) * r->value_bytes, value, r->value_bytes);
	r->put++;
	return true;
}

/* Putting thread. Shows the other thread all that was put. */
static inline void ring_publish(struct ring *r)
{
	if (r->put != atomic_load_explicit(&r->head, memory_order_relaxed))
		atomic_store_explicit(&r->head, r->put, memory_order_release);
}

/* Putting thread: ring_put() and ring_publish(). */
static inline bool ring_push(struct ring *r, const void *value)
{
	bool done = ring_put(r, value);

	ring_publish(r);
	return done;
}

/* Taking thread. The oldest value, still in the ring; NULL: none. Borrowed until ring_drop(). */
static inline const void *ring_peek(struct ring *r)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	if (r->head_seen == tail) {
		r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
		if (r->head_seen == tail)
			return NULL;
	}
	return r->slots + (size_t)(tail & r->mask) * r->value_bytes;
}

/* Taking thread. Gives the slot that ring_peek() returned back to the putting thread. */
static inline void ring_drop(struct ring *r)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
}

/* Taking thread: ring_peek(), a copy, ring_drop(). false: empty. */
static inline bool ring_pop(struct ring *r, void *ret_value)
{
	const void *slot = ring_peek(r);

	if (slot == NULL)
		return false;
	memcpy(ret_value, slot, r->value_bytes);
	ring_drop(r);
	return true;
}
