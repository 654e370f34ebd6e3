/* SPDX-License-Identifier: Apache-2.0
 * A policy as workers take it: with its patterns compiled, and what each worker scans with. Control plane
 * and tools; compiling takes milliseconds for each pattern. */
#pragma once

#include "ctrlplane/policy/rules.h"
#include "dataplane/inspect/rules.h"

#include <stdint.h>

struct policy;
struct scan_db;

/* Immutable but for the scanners, each of which is its worker's. */
struct published {
	struct spine_rules rules; /* what is put into a spine_target; shows the rest */
	struct policy *policy;    /* owned */
	/* Owned; NULL: the policy has no such patterns. */
	struct scan_db *values_db, *texts_db;
	struct scanner **values, **texts; /* owned, as is each of them */
	uint64_t **hits;                  /* owned, as is each of them */
	struct shadow **shadow;           /* the same; NULL unless it only watches */
	uint32_t n_workers;
	char *catalog_query;       /* owned; NULL: no rule names a column */
	_Atomic uint32_t *holders; /* owned: who reads the policy and is no worker (rules.h) */
};

/* What is counted of a rule. */
struct published_hit {
	const char *pack, *rule; /* the policy's, or static */
	const char *verdict;     /* "deny", "hold", "allow"; of a data rule "mask" */
	uint64_t n;              /* by all workers, since it was published */
};

/* Sampled, any thread. false: there is no <slot>; they are counted from 0. */
bool published_hit_at(const struct published *p, uint32_t slot, struct published_hit *ret);

/* Takes <*policy> over, which is NULL then, for workers 0 to <n_workers> - 1. -EINVAL: a pattern is refused,
 * -E2BIG: they, or the columns that rules name, are too many; -ENOTSUP: no CPU for them; -ENOMEM. <ear> has heard why,
 * with the file that <rules> has the pack from ("pack NAME": it comes with the product); the policy is
 * still the caller's. */
int published_new(const struct rules *rules, struct policy **policy, uint32_t n_workers,
		const struct rules_ear *ear, struct published **ret);
/* Do sessions or work still count themselves in it? No new ones do once no worker can take it any more. */
bool published_is_held(const struct published *p);
/* Nobody may hold it any more. Takes NULL, nulls *p. */
void published_free(struct published **p);

/* Are the patterns of <policy> such that published_new() takes them? The errors are its; nothing is kept.
 * <path>: of the only pack's file. */
int published_check(const struct policy *policy, const char *path, const struct rules_ear *ear);

/* Makes it one that only watches, before it is published: what it would have done is counted (shadow.h). -ENOMEM. */
int published_watch(struct published *p);
