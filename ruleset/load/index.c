/* SPDX-License-Identifier: Apache-2.0
 * Which rules of a pack a name in a statement may concern: so that most are never looked at. */
#include "ruleset/load/load_priv.h"

#include <string.h>

enum { INDEX_LEAST = 32 }; /* rules: fewer are looked at as fast one by one */

static bool is_pattern(const char *name)
{
	return strpbrk(name, "*?") != NULL;
}

static bool are_all_plain(const struct model_items *items)
{
	if (items->beyond || items->names.n_globs > 0 ||
			(items->names.n_exact == 0 && items->n_qualified == 0))
		return false;
	for (uint32_t i = 0; i < items->n_qualified; i++) {
		if (is_pattern(items->qualified[i].name))
			return false;
	}
	return true;
}

/* All of the items must be there: the first that are named without patterns are enough. */
const struct model_items *load_named_items(const struct model_cond *c)
{
	for (uint32_t i = 0; i < c->n_items; i++) {
		if (are_all_plain(&c->items[i]))
			return &c->items[i];
	}
	return NULL;
}

static bool is_indexed(const struct model_rule *r)
{
	for (uint32_t i = 0; i < r->when.n_conds; i++) {
		if (load_named_items(&r->when.conds[i]) == NULL)
			return false;
	}
	return true;
}

/* Counts how many stand in each bucket, then puts them in: from the last rule to the first, since each
 * bucket is filled from its end. */
struct filling {
	struct model_index *index;
	uint32_t *starts, *rules; /* the index's; rules NULL: they are counted */
};

static void enter_name(
		const struct filling *f, enum sql_item_what what, const char *name, uint32_t rule)
{
	const struct span s = { (const uint8_t *)name, strlen(name) };
	const uint32_t bucket = (uint32_t)model_name_hash(what, s) & f->index->mask;

	if (f->rules == NULL)
		f->starts[bucket]++;
	else
		f->rules[--f->starts[bucket]] = rule;
}

static void enter(const struct filling *f, const struct model_rule *r, uint32_t rule)
{
	for (uint32_t i = 0; i < r->when.n_conds; i++) {
		const struct model_items *items = load_named_items(&r->when.conds[i]);

		for (uint32_t k = 0; items != NULL && k < items->names.n_exact; k++)
			enter_name(f, items->what, items->names.exact[k], rule);
		for (uint32_t k = 0; items != NULL && k < items->n_qualified; k++)
			enter_name(f, items->what, items->qualified[k].name, rule);
	}
}

static void enter_all(const struct filling *f, const struct model_pack *pack)
{
	for (uint32_t i = pack->n_rules; i-- > 0;) {
		if (is_indexed(&pack->rules[i]))
			enter(f, &pack->rules[i], i);
	}
}

static uint32_t n_names(const struct model_pack *pack)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < pack->n_rules; i++) {
		const struct model_when *when = &pack->rules[i].when;

		for (uint32_t k = 0; is_indexed(&pack->rules[i]) && k < when->n_conds; k++) {
			const struct model_items *items = load_named_items(&when->conds[k]);

			n += items == NULL ? 0 : items->names.n_exact + items->n_qualified;
		}
	}
	return n;
}

/* Rules that some name must be looked at for, whatever it is. */
static bool others_fill(struct load *l, const struct model_pack *pack, struct model_index *index)
{
	uint32_t *others = load_take(l, pack->n_rules, sizeof(*others));

	for (uint32_t i = 0; others != NULL && i < pack->n_rules; i++) {
		if (!is_indexed(&pack->rules[i]))
			others[index->n_others++] = i;
	}
	index->others = others;
	return others != NULL;
}

void load_index(struct load *l, struct model_pack *pack)
{
	const uint32_t n = n_names(pack);
	struct model_index *index;
	struct filling f;
	uint32_t n_buckets = 1, *rules;

	if (pack->n_rules < INDEX_LEAST || n == 0)
		return;
	while (n_buckets < n)
		n_buckets *= 2;
	index = load_take(l, 1, sizeof(*index));
	f = (struct filling){ .index = index };
	f.starts = load_take(l, n_buckets + 1, sizeof(*f.starts));
	rules = load_take(l, n, sizeof(*rules));
	if (index == NULL || f.starts == NULL || rules == NULL || !others_fill(l, pack, index))
		return;
	index->mask = n_buckets - 1;
	enter_all(&f, pack);
	for (uint32_t i = 1; i <= n_buckets; i++) /* where each bucket ends, until it is filled */
		f.starts[i] += f.starts[i - 1];
	f.rules = rules;
	enter_all(&f, pack);
	index->starts = f.starts;
	index->rules = rules;
	pack->index = index;
}
