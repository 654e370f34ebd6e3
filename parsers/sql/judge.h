/* SPDX-License-Identifier: Apache-2.0
 * Facts by way of the cache: what a worker calls for every command. */
#pragma once

#include "parsers/sql/cache.h"
#include "parsers/sql/facts.h"

/* One worker's. All memory is the caller's, given once; nothing is allocated but by libpg_query on
 * a miss. */
struct sql_judge {
	struct sql_cache cache;
	struct siphash_key key;     /* secret, random */
	struct sql_key_room shapes; /* room for a shape: limits.inline_bytes / 4 + 2 words */
	struct sql_key_room exacts; /* room for a text: limits.inline_bytes / 8 + 2 words */
	struct sql_memory facts;    /* for facts that are not cached yet */
	struct sql_limits limits;
	uint64_t n_shape_hits, n_exact_hits, n_misses;
};

/* Facts of <text>: of the very text, or of its shape where that is enough, from the cache if they
 * are there. They are valid until the next call. Reasons as sql_facts_of(). */
enum sql_rc sql_judge_text(struct sql_judge *judge, struct span text,
		const struct sql_settings *settings, const struct sql_facts **ret_facts);
