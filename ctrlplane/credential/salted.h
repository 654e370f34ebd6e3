/* SPDX-License-Identifier: Apache-2.0
 * SCRAM's SaltedPassword (RFC 5802 3, Hi() with SHA-256): milliseconds of work for one login,
 * seconds when the server says so. Hence it is a step of its own, and its results are kept: a
 * server gives a user the same salt each time. What is kept is as good as the password to log in
 * with, and lies in secret memory. */
#pragma once

#include "ctrlplane/credential/secret.h"

enum { SALTED_BYTES = 32 };

/* <prepared>: credential.prepared. Blocks for some 0.3 us an iteration. -EIO: OpenSSL does not have
 * it. */
int salted_password(const struct secret *prepared, struct span salt, uint32_t iterations,
		uint8_t ret[SALTED_BYTES]);

struct salted_cache;

enum { SALTED_CACHE_MAX = 4096 };

/* Keeps <entries> results, 1 to SALTED_CACHE_MAX; the one not asked for longest goes first. -EIO:
 * no randomness; other -errno as secret_new(). */
int salted_cache_new(size_t entries, struct salted_cache **ret_cache);
void salted_cache_free(struct salted_cache **c);
/* The two below may be called by any thread, with a lock held for microseconds.
 * Only looks: false when it is not there. */
bool salted_cache_find(struct salted_cache *c, const struct secret *prepared, struct span salt,
		uint32_t iterations, uint8_t ret[SALTED_BYTES]);
/* Looks, and does the work when it is not there. */
int salted_cache_get(struct salted_cache *c, const struct secret *prepared, struct span salt,
		uint32_t iterations, uint8_t ret[SALTED_BYTES]);

struct salted_cache_stats {
	uint64_t hits, misses;
	size_t entries;
};

void salted_cache_stats(struct salted_cache *c, struct salted_cache_stats *ret_stats);
