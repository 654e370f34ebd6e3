/* SPDX-License-Identifier: Apache-2.0
 * What a query puts out: for each output its name, its items, and whether it is a column as itself.
 * Arms of one query are a chain by .next while it is walked; all of a statement are one, too. */
#include "parsers/sql/walk_priv.h"

static struct sql_output *output_at(const struct walk *w, uint32_t arm, uint32_t i)
{
	return (struct sql_output *)(void *)(walk_arm_at(w, arm) + 1) + i;
}

/* 0: there is no room. */
static uint32_t open_arm(struct walk *w, uint32_t n)
{
	const uint32_t at = walk_room(w, 1, n);

	if (at == 0)
		return 0;
	*walk_arm_at(w, at) =
			(struct sql_arm){ .next = w->arms, .next_of_stmt = w->stmt->arms, .n = n };
	w->arms = at;
	w->stmt->arms = at;
	return at;
}

static bool is_bare_star(const Node *val)
{
	return IsA(val, ColumnRef) &&
			walk_last_name(((const ColumnRef *)(const void *)val)->fields) == NULL;
}

static const char *field_of(const A_Indirection *ind)
{
	const char *found = NULL;
	const ListCell *cell;

	foreach (cell, ind->indirection) {
		if (walk_string(lfirst(cell)) != NULL)
			found = walk_string(lfirst(cell));
	}
	return found;
}

/* As FigureColname() of PostgreSQL 15 has it for the commonest nodes; NULL: it may be any. */
static const char *name_of(const Node *val)
{
	const void *n = val;

	while (IsA(val, TypeCast) && ((const TypeCast *)n)->arg != NULL)
		n = val = ((const TypeCast *)n)->arg;
	switch ((int)nodeTag(val)) {
	case T_ColumnRef:
		return walk_last_name(((const ColumnRef *)n)->fields);
	case T_FuncCall:
		return walk_last_name(((const FuncCall *)n)->funcname);
	case T_A_Indirection:
		return field_of(n);
	case T_A_Expr:
		return ((const A_Expr *)n)->kind == AEXPR_NULLIF ? "nullif" : "?column?";
	case T_CoalesceExpr:
		return "coalesce";
	default:
		return NULL;
	}
}

/* The name of a cast is that of what is cast, if that has one, and else that of the type. */
static const char *output_name(const ResTarget *target)
{
	const char *name = target->name == NULL ? name_of(target->val) : target->name;

	if (name != NULL && name[0] == '?' && IsA(target->val, TypeCast))
		return NULL;
	return name;
}

/* A column as itself keeps its alias, and has its name in common with the output. */
static void name_output(struct walk *w, const ResTarget *target, struct sql_output *o)
{
	struct sql_item *item;

	if (o->what == SQL_OUT_STAR)
		return;
	if (o->what != SQL_OUT_COLUMN) {
		o->name = walk_str(w, output_name(target));
		return;
	}
	item = walk_item_at(w, o->first_item);
	item->alias = walk_str(w, target->name);
	o->name = target->name == NULL ? item->name : item->alias;
}

static enum sql_output_what what_of(const Node *val, uint32_t n_items)
{
	if (n_items != 1 || !IsA(val, ColumnRef))
		return SQL_OUT_EXPR;
	return is_bare_star(val) ? SQL_OUT_STAR : SQL_OUT_COLUMN;
}

static void walk_output(
		struct walk *w, const ResTarget *target, uint32_t roles, struct sql_output *ret)
{
	const uint32_t before = w->n_items;
	const Node *alone = w->alone;

	w->may_fail = false;
	w->alone = target->val;
	walk_expr(w, (const Node *)(const void *)target, roles);
	w->alone = alone;
	*ret = (struct sql_output){
		.first_item = before, .n_items = w->n_items - before, .may_fail = w->may_fail
	};
	if (w->rc != SQL_OK || target->val == NULL)
		return;
	ret->what = (uint8_t)what_of(target->val, ret->n_items);
	name_output(w, target, ret);
}

void walk_targets(struct walk *w, const List *targets, uint32_t roles)
{
	const uint32_t arm = targets == NIL ? 0 : open_arm(w, (uint32_t)list_length(targets));
	const bool before = w->may_fail;
	bool may_fail = false;
	uint32_t i = 0;
	const ListCell *cell;

	foreach (cell, targets) {
		struct sql_output o;

		walk_output(w, lfirst(cell), roles, &o);
		may_fail |= w->may_fail;
		if (w->rc != SQL_OK)
			return;
		*output_at(w, arm, i++) = o;
	}
	w->may_fail = before || may_fail; /* then so does what this query is a part of */
}

/* Each of its outputs is made of the items of all rows: they are seldom more than constants. */
void walk_rows(struct walk *w, const List *rows, uint32_t roles)
{
	const uint32_t n = rows == NIL ? 0 : (uint32_t)list_length(linitial(rows));
	const uint32_t arm = rows == NIL ? 0 : open_arm(w, n), before = w->n_items;
	const bool failed = w->may_fail;

	if (arm == 0)
		return;
	w->may_fail = false;
	walk_exprs(w, rows, roles);
	for (uint32_t i = 0; i < n && w->rc == SQL_OK; i++) {
		*output_at(w, arm, i) = (struct sql_output){ .first_item = before,
			.n_items = w->n_items - before,
			.may_fail = w->may_fail };
	}
	w->may_fail |= failed;
}

uint32_t walk_one_output(struct walk *w, uint32_t first_item, bool may_fail)
{
	const uint32_t arms = w->arms;
	uint32_t arm;

	w->arms = 0;
	arm = open_arm(w, 1);
	w->arms = arms;
	if (arm != 0)
		*output_at(w, arm, 0) = (struct sql_output){ .first_item = first_item,
			.n_items = w->n_items - first_item,
			.may_fail = may_fail };
	return arm;
}

void walk_item_outputs(struct walk *w, uint32_t first_item, enum sql_output_what what)
{
	const uint32_t n = w->n_items - first_item;
	const uint32_t arm = open_arm(w, n);

	for (uint32_t i = 0; arm != 0 && i < n; i++) {
		*output_at(w, arm, i) =
				(struct sql_output){ .name = walk_item_at(w, first_item + i)->name,
					.first_item = first_item + i,
					.n_items = 1,
					.what = (uint8_t)what };
	}
	w->made = w->arms;
	w->arms = 0;
}

uint32_t walk_cte_arms(struct walk *w, const List *ctes)
{
	const uint32_t first = walk_room(w, (uint32_t)list_length(ctes), 0);
	const ListCell *cell;
	struct sql_arm *arm;

	if (first == 0)
		return 0;
	arm = walk_arm_at(w, first);
	foreach (cell, ctes) {
		const CommonTableExpr *cte = lfirst(cell);

		arm->flags = SQL_ARM_CTE | (cte->aliascolnames != NIL ? SQL_ARM_RENAMED : 0U);
		arm++;
	}
	return first;
}

void walk_cte_made(struct walk *w, uint32_t cte_arm)
{
	if (w->rc == SQL_OK)
		walk_arm_at(w, cte_arm)->next = w->made;
}

void walk_compared(struct walk *w)
{
	for (uint32_t at = w->arms; at != 0 && walk_spend(w, 1); at = walk_arm_at(w, at)->next)
		walk_arm_at(w, at)->flags |= SQL_ARM_COMPARED;
}
