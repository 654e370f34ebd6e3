/* SPDX-License-Identifier: Apache-2.0
 * The writer of facts: items grow upward behind the statements, names downward from the end. */
#include "parsers/sql/walk_priv.h"

#include <string.h>

static void stop(struct walk *w, enum sql_rc rc)
{
	if (w->rc == SQL_OK)
		w->rc = rc;
}

bool walk_spend(struct walk *w, uint32_t work)
{
	w->work += work;
	if (w->work > w->job->limits->max_work)
		stop(w, SQL_TOO_COMPLEX);
	return w->rc == SQL_OK;
}

bool walk_enter(struct walk *w)
{
	if (w->depth >= w->job->limits->max_depth)
		stop(w, SQL_TOO_DEEP);
	if (!walk_spend(w, 1))
		return false;
	w->depth++;
	return true;
}

void walk_leave(struct walk *w)
{
	w->depth--;
}

void walk_kind(struct walk *w, enum sql_kind kind)
{
	if (w->is_stored)
		w->stmt->inner_kinds |= 1ULL << kind;
	else
		w->stmt->kinds |= 1ULL << kind;
}

void walk_flag(struct walk *w, uint32_t flag)
{
	w->stmt->flags |= flag;
}

struct sql_item *walk_item_at(const struct walk *w, uint32_t i)
{
	return (struct sql_item *)(void *)(w->base + w->items_at) + i;
}

struct sql_item *walk_item(struct walk *w, enum sql_item_what what, uint32_t roles)
{
	const size_t end = w->items_at + ((size_t)w->n_items + 1) * sizeof(struct sql_item);
	struct sql_item *item;

	if (end > w->names_at)
		stop(w, SQL_NO_ROOM);
	if (!walk_spend(w, 1))
		return &w->spare;
	item = walk_item_at(w, w->n_items++);
	*item = (struct sql_item){
		.what = (uint8_t)what,
		.scope = w->scope == NULL ? 0 : w->scope->id,
		.roles = roles,
		.range = SQL_NO_RANGE,
	};
	w->stmt->n_items++;
	if (w->scope != NULL && (what == SQL_I_RELATION || what == SQL_I_RANGE)) {
		item->range = w->scope->last_range;
		w->scope->last_range = (int32_t)w->n_items - 1;
	}
	return item;
}

struct sql_str walk_str(struct walk *w, const char *s)
{
	const size_t len = s == NULL ? 0 : strlen(s);
	const size_t items_end = w->items_at + w->n_items * sizeof(struct sql_item);

	if (len == 0 || w->rc != SQL_OK)
		return (struct sql_str){ 0, 0 };
	if (w->names_at - items_end < len) {
		stop(w, SQL_NO_ROOM);
		return (struct sql_str){ 0, 0 };
	}
	for (size_t i = 0; i < len && !w->has_unicode; i++)
		w->has_unicode = (uint8_t)s[i] >= 0x80;
	w->names_at -= len;
	memcpy(w->base + w->names_at, s, len);
	return (struct sql_str){ (uint32_t)(w->names_end - w->names_at), (uint32_t)len };
}

/* Among the names, since these stay where they are from the end on; it is a multiple of 8. */
uint32_t walk_room(struct walk *w, uint32_t n_arms, uint32_t n_outputs)
{
	const size_t len = n_arms * sizeof(struct sql_arm) + n_outputs * sizeof(struct sql_output);
	const size_t items_end = w->items_at + w->n_items * sizeof(struct sql_item);
	const size_t fill = (w->names_at & 3) + len;

	if (!walk_spend(w, 1))
		return 0;
	if (w->names_at - items_end < fill) {
		stop(w, SQL_NO_ROOM);
		return 0;
	}
	w->names_at -= fill;
	memset(w->base + w->names_at, 0, fill);
	return (uint32_t)(w->names_end - w->names_at);
}

struct sql_arm *walk_arm_at(const struct walk *w, uint32_t at)
{
	return (struct sql_arm *)(void *)(w->base + w->names_end - at);
}

bool walk_str_is(const struct walk *w, struct sql_str s, const char *text)
{
	return strlen(text) == s.len && memcmp(w->base + w->names_end - s.at, text, s.len) == 0;
}

void walk_named(struct walk *w, enum sql_item_what what, const char *name)
{
	struct sql_item *item = walk_item(w, what, 0);

	item->name = walk_str(w, name);
}

const char *walk_string(const void *node)
{
	return node != NULL && IsA((const Node *)node, String) ? ((const String *)node)->sval
							       : NULL;
}

static const char *name_at(const List *names, int i)
{
	return i >= 0 && i < list_length(names) ? walk_string(list_nth(names, i)) : NULL;
}

const char *walk_last_name(const List *names)
{
	return name_at(names, list_length(names) - 1);
}

void walk_name_list(struct walk *w, struct sql_item *item, const List *names)
{
	const int n = list_length(names);

	item->name = walk_str(w, name_at(names, n - 1));
	item->schema = walk_str(w, name_at(names, n - 2));
}

void walk_literal(struct walk *w, const A_Const *c)
{
	const struct sql_shape *shape = w->job->shape;

	for (uint32_t i = 0; shape != NULL && i < shape->n_kept; i++) {
		if (c->location >= 0 && shape->kept[i] == (uint32_t)c->location)
			return;
	}
	w->needs_literals = true;
}

void walk_open_scope(struct walk *w, struct scope *scope)
{
	if (w->n_scopes == UINT16_MAX)
		stop(w, SQL_TOO_COMPLEX);
	else
		w->n_scopes++;
	*scope = (struct scope){
		.outer = w->scope,
		.last_range = SQL_NO_RANGE,
		.id = w->n_scopes,
	};
	w->scope = scope;
}

/* The chain of ranges was the scope's own. */
void walk_close_scope(struct walk *w, struct scope *scope)
{
	int32_t i = scope->last_range, before;

	for (; i != SQL_NO_RANGE; i = before) {
		before = walk_item_at(w, (uint32_t)i)->range;
		walk_item_at(w, (uint32_t)i)->range = SQL_NO_RANGE;
	}
	w->scope = scope->outer;
}

static bool is_called(const struct walk *w, const struct sql_item *item, const char *name)
{
	return walk_str_is(w, item->alias.len > 0 ? item->alias : item->name, name);
}

int32_t walk_range_named(struct walk *w, const char *name)
{
	for (const struct scope *s = w->scope; s != NULL; s = s->outer) {
		int32_t i = s->last_range;

		while (i != SQL_NO_RANGE && walk_spend(w, 1)) {
			if (is_called(w, walk_item_at(w, (uint32_t)i), name))
				return i;
			i = walk_item_at(w, (uint32_t)i)->range;
		}
	}
	return SQL_NO_RANGE;
}

/* The one range that an unqualified name can be of, if there is only one. */
int32_t walk_only_range(struct walk *w)
{
	int32_t found = SQL_NO_RANGE;

	for (const struct scope *s = w->scope; s != NULL && walk_spend(w, 1); s = s->outer) {
		if (s->last_range == SQL_NO_RANGE)
			continue;
		if (found != SQL_NO_RANGE ||
				walk_item_at(w, (uint32_t)s->last_range)->range != SQL_NO_RANGE)
			return SQL_NO_RANGE;
		found = s->last_range;
	}
	return found;
}

uint32_t walk_cte(struct walk *w, const char *name)
{
	for (const struct scope *s = w->scope; s != NULL; s = s->outer) {
		for (int i = 0; i < s->n_ctes && walk_spend(w, 1); i++) {
			const CommonTableExpr *cte = list_nth(s->ctes, i);

			if (strcmp(cte->ctename, name) == 0)
				return s->cte_arms - (uint32_t)i * (uint32_t)sizeof(struct sql_arm);
		}
	}
	return 0;
}
