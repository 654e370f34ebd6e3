/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/flow/table.h"

#include "parsers/base/must.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t pow2_at_least(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p <<= 1;
	return p;
}

int table_init(struct table *t, uint32_t max_entries)
{
	/* at most five of ten ways used on average: overflow buckets are then a rarity */
	uint32_t primary = pow2_at_least(max_entries / 5 + 1);
	uint32_t overflow = max_entries / 16 + 16;

	t->n_buckets = primary + overflow;
	t->buckets = aligned_alloc(64, (size_t)t->n_buckets * sizeof(*t->buckets));
	if (t->buckets == NULL)
		return -ENOMEM;
	memset(t->buckets, 0, (size_t)t->n_buckets * sizeof(*t->buckets));
	t->mask = primary - 1;
	for (uint32_t i = 0; i < primary; i++)
		t->buckets[i].next = TABLE_NONE;
	for (uint32_t i = primary; i < t->n_buckets; i++)
		t->buckets[i].next = i + 1 < t->n_buckets ? i + 1 : TABLE_NONE;
	t->free_head = primary;
	return 0;
}

void table_done(struct table *t)
{
	free(t->buckets);
	t->buckets = NULL;
}

static bool bucket_put(struct table_bucket *b, uint16_t tag, uint32_t index)
{
	for (uint32_t i = 0; i < TABLE_WAYS; i++) {
		if (b->tag[i] != 0)
			continue;
		b->tag[i] = tag;
		b->index[i] = index;
		return true;
	}
	return false;
}

int table_insert(struct table *t, uint64_t hash, uint32_t index)
{
	uint32_t at = table_first(t, hash);
	uint32_t fresh;

	for (;;) {
		if (bucket_put(&t->buckets[at], table_tag(hash), index))
			return 0;
		if (t->buckets[at].next == TABLE_NONE)
			break;
		at = t->buckets[at].next;
	}
	fresh = t->free_head;
	if (fresh == TABLE_NONE)
		return -ENOSPC;
	t->free_head = t->buckets[fresh].next;
	memset(&t->buckets[fresh], 0, sizeof(t->buckets[fresh]));
	t->buckets[fresh].next = TABLE_NONE;
	t->buckets[at].next = fresh;
	bucket_put(&t->buckets[fresh], table_tag(hash), index);
	return 0;
}

static bool bucket_is_empty(const struct table_bucket *b)
{
	for (uint32_t i = 0; i < TABLE_WAYS; i++) {
		if (b->tag[i] != 0)
			return false;
	}
	return true;
}

/* An overflow bucket without entries goes back to the free list. */
static void bucket_release(struct table *t, uint32_t before, uint32_t at)
{
	if (before == TABLE_NONE || !bucket_is_empty(&t->buckets[at]))
		return;
	t->buckets[before].next = t->buckets[at].next;
	t->buckets[at].next = t->free_head;
	t->free_head = at;
}

void table_remove(struct table *t, uint64_t hash, uint32_t index)
{
	const uint16_t tag = table_tag(hash);
	uint32_t before = TABLE_NONE;

	for (uint32_t at = table_first(t, hash); at != TABLE_NONE; at = t->buckets[at].next) {
		struct table_bucket *b = &t->buckets[at];

		for (uint32_t i = 0; i < TABLE_WAYS; i++) {
			if (b->tag[i] != tag || b->index[i] != index)
				continue;
			b->tag[i] = 0;
			bucket_release(t, before, at);
			return;
		}
		before = at;
	}
	must(!"the entry is in the table");
}
