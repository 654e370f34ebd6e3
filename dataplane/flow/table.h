/* SPDX-License-Identifier: Apache-2.0
 * From a flow key's hash to flow indices: buckets of one cache line, ten tagged entries each.
 * It stores no keys: the caller compares them, through the index, for entries whose tag fits. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TABLE_WAYS = 10 };

#define TABLE_NONE UINT32_MAX

struct table_bucket {
	uint16_t tag[TABLE_WAYS]; /* 0: free */
	uint32_t index[TABLE_WAYS];
	uint32_t next; /* overflow bucket, or TABLE_NONE */
};

_Static_assert(sizeof(struct table_bucket) == 64, "one cache line");

struct table {
	struct table_bucket *buckets; /* owned: primary ones first, overflow ones behind */
	uint32_t mask;                /* primary buckets - 1 */
	uint32_t n_buckets;
	uint32_t free_head; /* overflow buckets not in use, linked by next */
};

/* 0; -ENOMEM. Room for <max_entries>, in practice a little more. */
int table_init(struct table *t, uint32_t max_entries);
void table_done(struct table *t);

/* 0; -ENOSPC: no overflow bucket left. The caller has checked that the key is new. */
int table_insert(struct table *t, uint64_t hash, uint32_t index);
/* The entry must exist. */
void table_remove(struct table *t, uint64_t hash, uint32_t index);

static inline uint16_t table_tag(uint64_t hash)
{
	return (uint16_t)(hash >> 48) | 1;
}

static inline void table_prefetch(const struct table *t, uint64_t hash)
{
	__builtin_prefetch(&t->buckets[hash & t->mask]);
}

/* Walks the entries whose tag fits. Start with *bucket = table_first(), *way = 0; each call gives the
 * next index, or TABLE_NONE at the end. */
static inline uint32_t table_first(const struct table *t, uint64_t hash)
{
	return (uint32_t)hash & t->mask;
}

static inline uint32_t table_next(
		const struct table *t, uint64_t hash, uint32_t *bucket, uint32_t *way)
{
	const uint16_t tag = table_tag(hash);

	while (*bucket != TABLE_NONE) {
		const struct table_bucket *b = &t->buckets[*bucket];

		while (*way < TABLE_WAYS) {
			uint32_t i = (*way)++;

			if (b->tag[i] == tag)
				return b->index[i];
		}
		*bucket = b->next;
		*way = 0;
	}
	return TABLE_NONE;
}
