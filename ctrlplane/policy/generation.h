/* SPDX-License-Identifier: Apache-2.0
 * The rules of all targets, made together of one set of packs: what is in force changes from one of these to
 * the next. Control plane; compiling takes milliseconds for each pattern. */
#pragma once

#include "ctrlplane/policy/published.h"

/* A target, as far as rules are concerned. */
struct generation_target {
	const char *name;         /* borrowed */
	const char *const *packs; /* borrowed */
	size_t n_packs;           /* 0: nothing of it is judged */
};

/* What stays the same from one to the next. */
struct generation_conf {
	const struct generation_target *targets; /* borrowed: outlives the generations */
	size_t n_targets;
	uint32_t n_workers;
	/* What else is asked of a target's policy: 0, or -errno when <ear> has heard why not. May be NULL. Any
	 * thread. */
	int (*check)(void *ctx, size_t target, const struct policy *policy,
			const struct rules_ear *ear);
	void *ctx; /* borrowed */
};

/* Immutable, but for the scanners. */
struct generation {
	struct rules *rules;        /* owned: its sources */
	struct published **targets; /* owned, as is each; NULL: nothing is judged */
	size_t n_targets;
	char sha256[RULES_HASH_SIZE]; /* of the operators' packs: rules_hash() */
	struct generation *next;      /* owner's: a list */
};

/* Takes <*rules> over, which is NULL then. -errno: <ear> has heard all that is wrong, with the target or the file;
 * the rules are still the caller's. */
int generation_new(const struct generation_conf *conf, struct rules **rules,
		const struct rules_ear *ear, struct generation **ret);
/* All of it only watches: published_watch(). -ENOMEM. */
int generation_watch(struct generation *g);
/* published_is_held() of any target. */
bool generation_is_held(const struct generation *g);
/* Nobody may hold any of it. Takes NULL, nulls *g. */
void generation_free(struct generation **g);
