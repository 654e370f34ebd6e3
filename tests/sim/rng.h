/* SPDX-License-Identifier: Apache-2.0
 * The simulator's randomness: xoshiro256**, seeded by splitmix64. Every feature draws from a
 * stream of its own, so that switching one off leaves the draws of the others alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t s[4];
};

/* The finaliser of splitmix64: any change of <x> changes about half of the result's bits. */
static inline uint64_t rng_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static inline void rng_seed(struct rng *r, uint64_t seed, uint64_t stream)
{
	uint64_t x = rng_mix(seed) ^ rng_mix(stream * 0x632be59bd9b4e019ull + 1);

	for (int i = 0; i < 4; i++)
		r->s[i] = x = rng_mix(x);
}

static inline uint64_t rng_next(struct rng *r)
{
	const uint64_t m = r->s[1] * 5;
	const uint64_t out = ((m << 7) | (m >> 57)) * 9;
	const uint64_t t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = (r->s[3] << 45) | (r->s[3] >> 19);
	return out;
}

/* 0 .. n-1; 0 when n is 0. */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(((rng_next(r) >> 32) * n) >> 32);
}

/* lo .. hi, both included. */
static inline uint32_t rng_range(struct rng *r, uint32_t lo, uint32_t hi)
{
	return lo + rng_below(r, hi - lo + 1);
}

/* True <ppm> times in a million. */
static inline bool rng_ppm(struct rng *r, uint32_t ppm)
{
	return ppm != 0 && rng_below(r, 1000000) < ppm;
}

/* True one time in <n>. */
static inline bool rng_one_in(struct rng *r, uint32_t n)
{
	return rng_below(r, n) == 0;
}

/* A size between lo and hi whose magnitude, not whose value, is uniform. */
static inline uint32_t rng_size(struct rng *r, uint32_t lo, uint32_t hi)
{
	uint32_t top = lo;

	while (top < hi && rng_below(r, 3) != 0)
		top = top < hi / 2 ? top * 2 + 1 : hi;
	return rng_range(r, lo, top);
}
