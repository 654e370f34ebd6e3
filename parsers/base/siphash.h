/* SPDX-License-Identifier: Apache-2.0
 * SipHash-1-3 (Aumasson, Bernstein 2012): a keyed hash that a peer who does not know the key
 * cannot steer, which is what a hash table fed by strangers needs. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k0, k1;
};

struct siphash_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t siphash_rotl(uint64_t x, unsigned int b)
{
	return (x << b) | (x >> (64 - b));
}

static inline void siphash_round(struct siphash_state *s)
{
	s->v0 += s->v1;
	s->v1 = siphash_rotl(s->v1, 13) ^ s->v0;
	s->v0 = siphash_rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = siphash_rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = siphash_rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = siphash_rotl(s->v1, 17) ^ s->v2;
	s->v2 = siphash_rotl(s->v2, 32);
}

static inline void siphash_word(struct siphash_state *s, uint64_t m)
{
	s->v3 ^= m;
	siphash_round(s);
	s->v0 ^= m;
}

/* Hash of <n_words> 64-bit words. Deterministic for a key; not for storage across machines. Inline:
 * a flow's key is hashed for every frame, and several hashes in a row overlap. */
static inline uint64_t siphash13_words(
		const struct siphash_key *key, const uint64_t *words, size_t n_words)
{
	struct siphash_state s = {
		.v0 = key->k0 ^ 0x736f6d6570736575ULL,
		.v1 = key->k1 ^ 0x646f72616e646f6dULL,
		.v2 = key->k0 ^ 0x6c7967656e657261ULL,
		.v3 = key->k1 ^ 0x7465646279746573ULL,
	};

	for (size_t i = 0; i < n_words; i++)
		siphash_word(&s, words[i]);
	siphash_word(&s, (uint64_t)n_words << 59); /* length in bytes, mod 256, in the top byte */
	s.v2 ^= 0xff;
	siphash_round(&s);
	siphash_round(&s);
	siphash_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
