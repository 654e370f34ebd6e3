/* SPDX-License-Identifier: Apache-2.0
 * What the control plane publishes for the spines to judge by. */
#pragma once

#include "parsers/base/span.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct policy;
struct scanner;
struct shadow;

/* What a target's commands are judged by and its answers masked. The control plane makes it whole and puts it
 * in the place of the last one; a worker takes what stands there anew whenever it does something for a
 * session, but for one that has a transaction or a batch open: that keeps what it began with. */
struct spine_rules {
	const struct policy *policy; /* borrowed */
	uint64_t serial;             /* no other has had it, though another may come to lie here */
	/* Of the policy's patterns of values, and of commands' texts: one for each worker, by its number, which
	 * alone uses it. Borrowed; NULL: there are no such patterns. */
	struct scanner *const *values, *const *texts;
	bool masks; /* the policy has rules of data */
	/* What a server is asked for the columns that rules name; empty: no rule names any. Borrowed. */
	struct span catalog_query;
	/* Whoever keeps the rules beyond a turn of a worker's loop counts itself here: a session in a transaction,
	 * work elsewhere. They are freed when nobody does. NULL: nobody waits for that. */
	_Atomic uint32_t *holders;
	/* How often each decided: match_result.slot, and from <first_data> on the data rules, counted through all
	 * packs. One array of <n_hits> for each worker, by its number, which alone writes it; anyone may sample
	 * it. Borrowed; NULL: nobody counts. */
	uint64_t *const *hits;
	uint32_t n_hits, first_data;
	struct shadow *const *shadow; /* the same, of rules that only watch: shadow.h; else NULL */
};

static inline void spine_rules_hit(const struct spine_rules *r, uint32_t worker, uint32_t slot)
{
	if (r->hits != NULL && slot < r->n_hits)
		r->hits[worker][slot]++;
}

/* <data>: as model_data_at() counts. */
static inline void spine_rules_hit_data(const struct spine_rules *r, uint32_t worker, uint32_t data)
{
	spine_rules_hit(r, worker, r->first_data + data);
}
