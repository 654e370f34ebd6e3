/* SPDX-License-Identifier: Apache-2.0
 * A histogram of durations with 256 buckets an octave (0.4 % resolution), for percentiles. */
#pragma once

#include <stdint.h>

enum { HIST_SUB_BITS = 8, HIST_SUB = 1 << HIST_SUB_BITS, HIST_BUCKETS = 64 * HIST_SUB };

struct hist {
	uint64_t n, max;
	uint64_t bucket[HIST_BUCKETS];
};

static inline uint32_t hist_bucket(uint64_t v)
{
	uint32_t octave;

	if (v < HIST_SUB)
		return (uint32_t)v;
	octave = 63 - (uint32_t)__builtin_clzll(v) - HIST_SUB_BITS;
	return (octave + 1) * HIST_SUB + (uint32_t)(v >> octave) - HIST_SUB;
}

static inline void hist_add(struct hist *h, uint64_t v)
{
	h->n++;
	h->bucket[hist_bucket(v)]++;
	if (v > h->max)
		h->max = v;
}

/* The lower edge of bucket <b>: the smallest value that is counted in it. */
static inline uint64_t hist_edge(uint32_t b)
{
	uint32_t octave = b / HIST_SUB;

	if (octave == 0)
		return b;
	return (uint64_t)(HIST_SUB + b % HIST_SUB) << (octave - 1);
}

/* The value below which a share of <permille> of all samples lies; 0 without samples. */
static inline uint64_t hist_quantile(const struct hist *h, uint32_t permille)
{
	uint64_t want = h->n * permille / 1000, seen = 0;
	uint32_t b;

	if (h->n == 0)
		return 0;
	for (b = 0; b < HIST_BUCKETS; b++) {
		seen += h->bucket[b];
		if (seen > want)
			return hist_edge(b);
	}
	return h->max;
}
