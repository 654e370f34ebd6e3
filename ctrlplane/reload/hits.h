/* SPDX-License-Identifier: Apache-2.0
 * Inside ctrlplane/reload: counters of rules that go on when rules are exchanged. */
#pragma once

#include "ctrlplane/policy/generation.h"

/* What had been counted of a generation's rules before it was in force: by target and slot. NULL: nothing. */
struct hits {
	uint64_t **before; /* owned, as is each; NULL: none of that target */
	size_t n_targets;
};

/* Of <next>, whose rules of the same target, pack and name have been counted in <last>. NULL: no memory. */
struct hits *hits_carry(const struct generation *last, const struct hits *before_last,
		const struct generation *next);
void hits_free(struct hits **h);
uint64_t hits_before(const struct hits *h, size_t target, uint32_t slot);
