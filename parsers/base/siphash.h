/* SPDX-License-Identifier: Apache-2.0
 * SipHash-1-3 (Aumasson, Bernstein 2012): a keyed hash that a peer who does not know the key
 * cannot steer, which is what a hash table fed by strangers needs. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k0, k1;
};

/* Hash of <n_words> 64-bit words. Deterministic for a key; not for storage across machines. */
uint64_t siphash13_words(const struct siphash_key *key, const uint64_t *words, size_t n_words);
