/* SPDX-License-Identifier: Apache-2.0
 * A set is one line of memory: four hashes, lengths and counts of uses. Keys and values lie
 * apart. */
#include "parsers/sql/cache.h"

#include "parsers/base/must.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>

enum {
	LINE = 64,
	USES_MAX = 3,
	SLOT_MAX = 65528,
};

struct sql_cache_set {
	alignas(LINE) uint64_t hash[SQL_CACHE_WAYS];
	uint16_t key_len[SQL_CACHE_WAYS]; /* 0: the way is empty */
	uint16_t value_len[SQL_CACHE_WAYS];
	uint8_t uses[SQL_CACHE_WAYS]; /* since it was put, less what it aged */
};

static_assert(sizeof(struct sql_cache_set) == LINE, "a set is one line");

static size_t padded(size_t len)
{
	return (len + 7) & ~(size_t)7;
}

size_t sql_cache_bytes(uint32_t n_sets, uint32_t slot_bytes)
{
	return (size_t)n_sets * (LINE + (size_t)SQL_CACHE_WAYS * slot_bytes);
}

void sql_cache_init(struct sql_cache *cache, void *memory, uint32_t n_sets, uint32_t slot_bytes)
{
	must(n_sets > 0 && (n_sets & (n_sets - 1)) == 0);
	must(slot_bytes > 0 && slot_bytes <= SLOT_MAX && slot_bytes % 8 == 0);
	must((uintptr_t)memory % LINE == 0);
	cache->sets = memory;
	cache->slots = (uint8_t *)(cache->sets + n_sets);
	cache->n_sets = n_sets;
	cache->slot_bytes = slot_bytes;
	memset(cache->sets, 0, n_sets * sizeof(*cache->sets));
}

static uint8_t *slot_of(
		const struct sql_cache *c, const struct sql_cache_set *set, unsigned int way)
{
	const size_t index = (size_t)(set - c->sets) * SQL_CACHE_WAYS + way;

	return c->slots + index * c->slot_bytes;
}

static struct sql_cache_set *set_of(const struct sql_cache *c, const struct sql_key *key)
{
	return &c->sets[key->hash & (c->n_sets - 1)];
}

/* The way that holds <key>, or SQL_CACHE_WAYS. */
static unsigned int way_of(const struct sql_cache *c, const struct sql_cache_set *set,
		const struct sql_key *key)
{
	for (unsigned int way = 0; way < SQL_CACHE_WAYS; way++) {
		if (set->hash[way] == key->hash && set->key_len[way] == key->bytes.len &&
				memcmp(slot_of(c, set, way), key->bytes.ptr, key->bytes.len) == 0)
			return way;
	}
	return SQL_CACHE_WAYS;
}

struct span sql_cache_find(struct sql_cache *cache, const struct sql_key *key)
{
	struct sql_cache_set *set = set_of(cache, key);
	const unsigned int way = way_of(cache, set, key);

	if (way == SQL_CACHE_WAYS)
		return (struct span){ NULL, 0 };
	if (set->uses[way] < USES_MAX)
		set->uses[way]++;
	return (struct span){ slot_of(cache, set, way) + padded(key->bytes.len),
		set->value_len[way] };
}

/* A way for a new entry; SQL_CACHE_WAYS, and all have aged, when every way is in use. */
static unsigned int take_way(struct sql_cache_set *set)
{
	for (unsigned int way = 0; way < SQL_CACHE_WAYS; way++) {
		if (set->key_len[way] == 0)
			return way;
	}
	for (unsigned int way = 0; way < SQL_CACHE_WAYS; way++) {
		if (set->uses[way] == 0)
			return way;
	}
	for (unsigned int way = 0; way < SQL_CACHE_WAYS; way++)
		set->uses[way]--;
	return SQL_CACHE_WAYS;
}

bool sql_cache_put(struct sql_cache *cache, const struct sql_key *key, struct span value)
{
	struct sql_cache_set *set = set_of(cache, key);
	unsigned int way = way_of(cache, set, key);
	uint8_t *slot;

	must(key->bytes.len > 0);
	if (key->bytes.len > SLOT_MAX || value.len > SLOT_MAX ||
			padded(key->bytes.len) + value.len > cache->slot_bytes)
		return false;
	if (way == SQL_CACHE_WAYS)
		way = take_way(set);
	if (way == SQL_CACHE_WAYS)
		return false;
	slot = slot_of(cache, set, way);
	memcpy(slot, key->bytes.ptr, key->bytes.len);
	memcpy(slot + padded(key->bytes.len), value.ptr, value.len);
	set->hash[way] = key->hash;
	set->key_len[way] = (uint16_t)key->bytes.len;
	set->value_len[way] = (uint16_t)value.len;
	set->uses[way] = 0;
	return true;
}
