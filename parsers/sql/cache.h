/* SPDX-License-Identifier: Apache-2.0
 * What was worked out for a key, kept in memory of a fixed size: sets of four ways, so a look-up
 * compares four hashes and at most one key, and a flood of keys can neither make it slow nor grow
 * it. One worker's own: no locks.
 *
 * Never wrong: a hash that collides costs a comparison of bytes, not a wrong answer. A flood costs
 * its sender's misses. Entries that are used again outlive those that are not: a new entry takes
 * the way of one that was never used since; where all four were, they age by one and it is turned
 * away. */
#pragma once

#include "parsers/sql/shape.h"

enum { SQL_CACHE_WAYS = 4 };

struct sql_cache_set;

struct sql_cache {
	struct sql_cache_set *sets; /* borrowed: the caller's memory */
	uint8_t *slots;             /* borrowed: same */
	uint32_t n_sets;            /* a power of two */
	uint32_t slot_bytes;
};

/* Bytes of memory for <n_sets> (a power of two) with slots of <slot_bytes> (a multiple of 8, at
 * most 65528), each for a key and its value. */
size_t sql_cache_bytes(uint32_t n_sets, uint32_t slot_bytes);

/* Empty, in <memory> of sql_cache_bytes() bytes, aligned to 64. */
void sql_cache_init(struct sql_cache *cache, void *memory, uint32_t n_sets, uint32_t slot_bytes);

/* The value of <key>, aligned to 8, until the next put; ptr is NULL when there is none. */
struct span sql_cache_find(struct sql_cache *cache, const struct sql_key *key);

/* Copies both. False: they do not fit a slot, or the set is full of better ones. */
bool sql_cache_put(struct sql_cache *cache, const struct sql_key *key, struct span value);
