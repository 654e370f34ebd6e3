/* SPDX-License-Identifier: Apache-2.0
 * Tokens that were verified, by their SHA-256: the least recently used one goes first. Holds no
 * token, only its hash and its actor. */
#include "ctrlplane/identity/identity_priv.h"
#include "parsers/base/must.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

struct entry {
	struct actor *actor; /* owned reference; NULL: free */
	int64_t from_s, until_s;
	uint32_t generation;
	uint32_t chain;        /* next of the bucket, or of the free ones */
	uint32_t newer, older; /* by use */
};

struct issuer {
	uint32_t generation;
	uint64_t expires_ms;
};

struct known {
	pthread_mutex_t lock;
	struct entry *entries;  /* owned */
	uint32_t *buckets;      /* owned: as many as entries, a power of two */
	struct issuer *issuers; /* owned */
	size_t n_issuers, n_entries, max_bytes, bytes;
	uint32_t free, newest, oldest;
};

int known_new(size_t n_issuers, size_t max_entries, size_t max_bytes, struct known **ret_known)
{
	struct known *k = calloc(1, sizeof(*k));

	must(max_entries > 0 && (max_entries & (max_entries - 1)) == 0 && max_entries < NONE);
	if (k == NULL)
		return -ENOMEM;
	pthread_mutex_init(&k->lock, NULL);
	k->entries = calloc(max_entries, sizeof(k->entries[0]));
	k->buckets = malloc(max_entries * sizeof(k->buckets[0]));
	k->issuers = calloc(n_issuers + 1, sizeof(k->issuers[0]));
	if (k->entries == NULL || k->buckets == NULL || k->issuers == NULL) {
		known_free(&k);
		return -ENOMEM;
	}
	k->n_issuers = n_issuers;
	k->n_entries = max_entries;
	k->max_bytes = max_bytes;
	k->newest = k->oldest = NONE;
	memset(k->buckets, 0xff, max_entries * sizeof(k->buckets[0]));
	for (uint32_t i = 0; i < max_entries; i++)
		k->entries[i].chain = i + 1 < max_entries ? i + 1 : NONE;
	*ret_known = k;
	return 0;
}

void known_free(struct known **known)
{
	struct known *k = *known;

	if (k == NULL)
		return;
	for (size_t i = 0; i < k->n_entries; i++)
		actor_unref(&k->entries[i].actor);
	free(k->entries);
	free(k->buckets);
	free(k->issuers);
	pthread_mutex_destroy(&k->lock);
	free(k);
	*known = NULL;
}

static uint32_t *bucket_of(struct known *k, const uint8_t sha256[32])
{
	uint32_t hash;

	memcpy(&hash, sha256, sizeof(hash));
	return &k->buckets[hash & (k->n_entries - 1)];
}

static uint32_t find(struct known *k, const uint8_t sha256[32])
{
	uint32_t i = *bucket_of(k, sha256);

	while (i != NONE && memcmp(k->entries[i].actor->token_sha256, sha256, 32) != 0)
		i = k->entries[i].chain;
	return i;
}

/* The order of use. */

static void use_unlink(struct known *k, uint32_t i)
{
	struct entry *e = &k->entries[i];

	if (e->newer != NONE)
		k->entries[e->newer].older = e->older;
	else
		k->newest = e->older;
	if (e->older != NONE)
		k->entries[e->older].newer = e->newer;
	else
		k->oldest = e->newer;
}

static void use_newest(struct known *k, uint32_t i)
{
	struct entry *e = &k->entries[i];

	e->newer = NONE;
	e->older = k->newest;
	if (k->newest != NONE)
		k->entries[k->newest].newer = i;
	else
		k->oldest = i;
	k->newest = i;
}

static void drop(struct known *k, uint32_t i)
{
	struct entry *e = &k->entries[i];
	uint32_t *at = bucket_of(k, e->actor->token_sha256);

	while (*at != i)
		at = &k->entries[*at].chain;
	*at = e->chain;
	use_unlink(k, i);
	k->bytes -= e->actor->size_bytes;
	actor_unref(&e->actor);
	e->chain = k->free;
	k->free = i;
}

static bool holds(const struct known *k, const struct entry *e, int64_t now_s, uint64_t now_ms)
{
	const struct issuer *is = &k->issuers[e->actor->issuer];

	return e->generation == is->generation && now_ms < is->expires_ms && now_s >= e->from_s &&
			now_s < e->until_s;
}

void known_issuer_set(struct known *k, uint32_t issuer, uint32_t generation, uint64_t expires_ms)
{
	pthread_mutex_lock(&k->lock);
	must(issuer < k->n_issuers);
	k->issuers[issuer] = (struct issuer){ generation, expires_ms };
	pthread_mutex_unlock(&k->lock);
}

struct actor *known_get(struct known *k, const uint8_t sha256[32], int64_t now_s, uint64_t now_ms)
{
	struct actor *a = NULL;
	uint32_t i;

	pthread_mutex_lock(&k->lock);
	i = find(k, sha256);
	if (i != NONE && holds(k, &k->entries[i], now_s, now_ms)) {
		use_unlink(k, i);
		use_newest(k, i);
		a = actor_ref(k->entries[i].actor);
	} else if (i != NONE) {
		drop(k, i);
	}
	pthread_mutex_unlock(&k->lock);
	return a;
}

static void put(struct known *k, struct actor *a, const struct entry *new)
{
	uint32_t *bucket = bucket_of(k, a->token_sha256), i;

	while (k->free == NONE || k->bytes + a->size_bytes > k->max_bytes)
		drop(k, k->oldest);
	i = k->free;
	k->free = k->entries[i].chain;
	k->entries[i] = *new;
	k->entries[i].actor = actor_ref(a);
	k->entries[i].chain = *bucket;
	*bucket = i;
	k->bytes += a->size_bytes;
	use_newest(k, i);
}

void known_put(struct known *k, struct actor *a, uint32_t generation, int64_t from_s,
		int64_t until_s)
{
	const struct entry new = { .from_s = from_s, .until_s = until_s, .generation = generation };
	uint32_t i;

	if (a->size_bytes > k->max_bytes)
		return;
	pthread_mutex_lock(&k->lock);
	must(a->issuer < k->n_issuers);
	i = find(k, a->token_sha256);
	if (i != NONE)
		drop(k, i);
	put(k, a, &new);
	pthread_mutex_unlock(&k->lock);
}
