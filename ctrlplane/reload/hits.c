/* SPDX-License-Identifier: Apache-2.0
 * See hits.h. */
#include "ctrlplane/reload/hits.h"

#include <stdlib.h>
#include <string.h>

uint64_t hits_before(const struct hits *h, size_t target, uint32_t slot)
{
	return h == NULL || target >= h->n_targets || h->before[target] == NULL
			? 0
			: h->before[target][slot];
}

static bool is_same(const struct published_hit *a, const struct published_hit *b)
{
	return strcmp(a->rule, b->rule) == 0 && strcmp(a->pack, b->pack) == 0;
}

/* The slot of <last> that is called as <named>, looked for from <from> on, all round: most rules stay in their
 * order. False: there is none. */
static bool find(const struct published *last, const struct published_hit *named, uint32_t from,
		uint32_t *ret)
{
	const uint32_t n = last->rules.n_hits;
	struct published_hit hit;

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t slot = (from + i) % n;

		if (published_hit_at(last, slot, &hit) && is_same(&hit, named)) {
			*ret = slot;
			return true;
		}
	}
	return false;
}

static uint64_t *carry_target(const struct published *last, const struct hits *before_last,
		size_t i, const struct published *next)
{
	const uint32_t n = next->rules.n_hits;
	uint64_t *before = calloc((size_t)n + 1, sizeof(*before));
	struct published_hit named, counted;
	uint32_t at = 0;

	for (uint32_t slot = 0; before != NULL && slot < n; slot++) {
		if (!published_hit_at(next, slot, &named) || !find(last, &named, at, &at))
			continue;
		if (published_hit_at(last, at, &counted))
			before[slot] = counted.n + hits_before(before_last, i, at);
		at++;
	}
	return before;
}

struct hits *hits_carry(const struct generation *last, const struct hits *before_last,
		const struct generation *next)
{
	struct hits *h = calloc(1, sizeof(*h));

	if (h != NULL)
		h->before = calloc(next->n_targets + 1, sizeof(*h->before));
	if (h == NULL || h->before == NULL) {
		hits_free(&h);
		return NULL;
	}
	h->n_targets = next->n_targets;
	for (size_t i = 0; i < next->n_targets; i++) {
		if (last->targets[i] != NULL && next->targets[i] != NULL)
			h->before[i] = carry_target(
					last->targets[i], before_last, i, next->targets[i]);
	}
	return h;
}

void hits_free(struct hits **hits)
{
	struct hits *h = *hits;

	*hits = NULL;
	if (h == NULL)
		return;
	for (size_t i = 0; h->before != NULL && i < h->n_targets; i++)
		free(h->before[i]);
	free(h->before);
	free(h);
}
