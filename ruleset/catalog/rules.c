/* SPDX-License-Identifier: Apache-2.0
 * The data rules of a policy, by one index through all packs. */
#include "ruleset/catalog/catalog_priv.h"

#include <string.h>

uint32_t rules_count(const struct policy *policy)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < policy->n_packs; i++)
		n += policy->packs[i].n_data;
	return n;
}

const struct model_data *rules_at(const struct policy *policy, uint32_t i)
{
	for (uint32_t k = 0; k < policy->n_packs; k++) {
		const struct model_pack *pack = &policy->packs[k];

		if (i < pack->n_data)
			return &pack->data[i];
		i -= pack->n_data;
	}
	return NULL;
}

bool rules_are_alike(const struct model_data *a, const struct model_data *b)
{
	return a->column != NULL && b->column != NULL && strcmp(a->column, b->column) == 0 &&
			strcmp(a->table, b->table) == 0 && strcmp(a->schema, b->schema) == 0;
}

static int strictness(const struct model_data *d)
{
	static const int by_derived[] = {
		[MODEL_DERIVED_DENY] = 4,
		[MODEL_DERIVED_HOLD] = 3,
		[MODEL_DERIVED_NULL] = 2,
		[MODEL_DERIVED_REDACT] = 1,
		[MODEL_DERIVED_ALLOW] = 0,
	};

	return by_derived[d->derived];
}

uint32_t rules_strictest(const struct policy *policy)
{
	const struct model_data *best = NULL;
	uint32_t i = 0, at = MODEL_NONE;

	for (uint32_t p = 0; p < policy->n_packs; p++) {
		const struct model_pack *pack = &policy->packs[p];

		for (uint32_t k = 0; k < pack->n_data; k++, i++) {
			const struct model_data *d = &pack->data[k];

			if (d->column == NULL || d->n_unless > 0 ||
					(best != NULL && strictness(d) <= strictness(best)))
				continue;
			best = d;
			at = i;
		}
	}
	return at;
}
