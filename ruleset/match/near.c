/* SPDX-License-Identifier: Apache-2.0
 * The rules of a pack that can speak of a command, by the names in it. */
#include "ruleset/match/match_priv.h"

struct match_near match_near_of(const struct model_pack *pack, const struct sql_facts *facts,
		uint32_t first_item, uint32_t n_items)
{
	struct match_near near = { .pack = pack, .facts = facts };

	if (facts == NULL || pack->index == NULL)
		return near;
	near.index = pack->index;
	near.at = near.index->others;
	near.end = near.at + near.index->n_others;
	near.item = first_item;
	near.items_end = first_item + n_items;
	return near;
}

/* The bucket of the next item's name. False: there is none left. */
static bool next_item(struct match_near *near)
{
	const struct model_index *index = near->index;
	const struct sql_item *item;
	uint32_t bucket;

	if (near->item == near->items_end)
		return false;
	item = sql_facts_item(near->facts, near->item++);
	bucket = (uint32_t)model_name_hash((enum sql_item_what)item->what,
				 sql_facts_str(near->facts, item->name)) &
			index->mask;
	near->at = index->rules + index->starts[bucket];
	near->end = index->rules + index->starts[bucket + 1];
	return true;
}

bool match_near_indexed(struct match_near *near, uint32_t *ret_rule)
{
	while (near->at == near->end) {
		if (!next_item(near))
			return false;
	}
	*ret_rule = *near->at++;
	return true;
}
