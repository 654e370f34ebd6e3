/* SPDX-License-Identifier: Apache-2.0
 * PBKDF2, and a bounded memory of its results. */
#include "ctrlplane/credential/salted.h"

#include "ctrlplane/credential/credential_priv.h"
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	uint64_t used;             /* 0: free */
	uint8_t tag[SHA256_BYTES]; /* of password, salt, iterations: see tag_of() */
	uint8_t salted[SALTED_BYTES];
};

struct table {
	uint8_t key[SHA256_BYTES]; /* random: tags say nothing without it */
	struct entry at[];
};

struct salted_cache {
	pthread_mutex_t lock;
	struct secret *memory; /* owned: holds the table */
	size_t n;              /* entries there is room for */
	uint64_t clock;        /* counts uses */
	struct salted_cache_stats stats;
};

int salted_password(const struct secret *prepared, struct span salt, uint32_t iterations,
		uint8_t ret[SALTED_BYTES])
{
	const struct span p = secret_span(prepared);

	must(iterations > 0 && iterations <= INT32_MAX && salt.len <= INT32_MAX);
	return PKCS5_PBKDF2_HMAC((const char *)p.ptr, (int)p.len, salt.ptr, (int)salt.len,
			       (int)iterations, EVP_sha256(), SALTED_BYTES, ret) == 1
			? 0
			: -EIO;
}

static struct table *table_of(struct salted_cache *c)
{
	return (struct table *)(void *)secret_bytes(c->memory);
}

int salted_cache_new(size_t entries, struct salted_cache **ret_cache)
{
	struct salted_cache *c = calloc(1, sizeof(*c));
	int rc = c == NULL ? -ENOMEM : 0;

	must(entries > 0 && entries <= SALTED_CACHE_MAX);
	if (rc == 0)
		rc = secret_new(sizeof(struct table) + entries * sizeof(struct entry), &c->memory);
	if (rc == 0)
		rc = RAND_bytes(table_of(c)->key, SHA256_BYTES) == 1 ? 0 : -EIO;
	if (rc < 0) {
		if (c != NULL)
			secret_free(&c->memory);
		free(c);
		return rc;
	}
	pthread_mutex_init(&c->lock, NULL);
	c->n = entries;
	*ret_cache = c;
	return 0;
}

void salted_cache_free(struct salted_cache **c)
{
	if (*c == NULL)
		return;
	pthread_mutex_destroy(&(*c)->lock);
	secret_free(&(*c)->memory);
	free(*c);
	*c = NULL;
}

/* HMAC of salt and iterations under the HMAC of the password: of fixed lengths, so that no two
 * inputs read the same. */
static bool tag_of(struct salted_cache *c, const struct secret *prepared, struct span salt,
		uint32_t iterations, uint8_t ret[SHA256_BYTES])
{
	const struct span key = { table_of(c)->key, SHA256_BYTES };
	uint8_t inner[SHA256_BYTES], text[SHA256_BYTES + 4];
	bool ok = sum_hmac_sha256(key, secret_span(prepared), inner) && sum_sha256(salt, text);

	store_be32(text + SHA256_BYTES, iterations);
	ok = ok &&
			sum_hmac_sha256((struct span){ inner, sizeof(inner) },
					(struct span){ text, sizeof(text) }, ret);
	OPENSSL_cleanse(inner, sizeof(inner));
	return ok;
}

/* Under the lock. */
static struct entry *entry_find(struct salted_cache *c, const uint8_t tag[SHA256_BYTES])
{
	struct table *t = table_of(c);

	for (size_t i = 0; i < c->n; i++) {
		if (t->at[i].used != 0 && CRYPTO_memcmp(t->at[i].tag, tag, SHA256_BYTES) == 0)
			return &t->at[i];
	}
	return NULL;
}

/* Under the lock: a free one, or the one used longest ago. */
static struct entry *entry_take(struct salted_cache *c)
{
	struct table *t = table_of(c);
	struct entry *oldest = &t->at[0];

	for (size_t i = 1; i < c->n; i++) {
		if (t->at[i].used < oldest->used)
			oldest = &t->at[i];
	}
	c->stats.entries += oldest->used == 0;
	return oldest;
}

static bool find(struct salted_cache *c, const uint8_t tag[SHA256_BYTES], uint8_t ret[SALTED_BYTES])
{
	struct entry *e;

	pthread_mutex_lock(&c->lock);
	e = entry_find(c, tag);
	if (e != NULL) {
		e->used = ++c->clock;
		memcpy(ret, e->salted, SALTED_BYTES);
	}
	c->stats.hits += e != NULL;
	c->stats.misses += e == NULL;
	pthread_mutex_unlock(&c->lock);
	return e != NULL;
}

/* Two threads may have done the same work: the second finds the first's entry. */
static void put(struct salted_cache *c, const uint8_t tag[SHA256_BYTES],
		const uint8_t salted[SALTED_BYTES])
{
	struct entry *e;

	pthread_mutex_lock(&c->lock);
	e = entry_find(c, tag);
	if (e == NULL)
		e = entry_take(c);
	e->used = ++c->clock;
	memcpy(e->tag, tag, SHA256_BYTES);
	memcpy(e->salted, salted, SALTED_BYTES);
	pthread_mutex_unlock(&c->lock);
}

bool salted_cache_find(struct salted_cache *c, const struct secret *prepared, struct span salt,
		uint32_t iterations, uint8_t ret[SALTED_BYTES])
{
	uint8_t tag[SHA256_BYTES];

	return tag_of(c, prepared, salt, iterations, tag) && find(c, tag, ret);
}

int salted_cache_get(struct salted_cache *c, const struct secret *prepared, struct span salt,
		uint32_t iterations, uint8_t ret[SALTED_BYTES])
{
	uint8_t tag[SHA256_BYTES];
	int rc;

	if (!tag_of(c, prepared, salt, iterations, tag))
		return -EIO;
	if (find(c, tag, ret))
		return 0;
	rc = salted_password(prepared, salt, iterations, ret);
	if (rc == 0)
		put(c, tag, ret);
	return rc;
}

void salted_cache_stats(struct salted_cache *c, struct salted_cache_stats *ret_stats)
{
	pthread_mutex_lock(&c->lock);
	*ret_stats = c->stats;
	pthread_mutex_unlock(&c->lock);
}
