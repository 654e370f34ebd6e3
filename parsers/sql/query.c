/* SPDX-License-Identifier: Apache-2.0
 * SELECT, INSERT, UPDATE, DELETE, MERGE, wherever they stand. FROM is walked first, so that columns
 * find the range that they name. */
#include "parsers/sql/walk_priv.h"

#include <string.h>

static void name_range(struct walk *w, struct sql_item *item, const Alias *alias)
{
	if (alias == NULL)
		return;
	item->alias = walk_str(w, alias->aliasname);
	if (alias->colnames != NIL)
		item->flags |= SQL_IF_RENAMED;
}

void walk_relation(struct walk *w, const RangeVar *rel, uint32_t roles)
{
	struct sql_item *item;

	if (rel == NULL)
		return;
	item = walk_item(w, SQL_I_RELATION, roles);
	item->schema = walk_str(w, rel->schemaname);
	item->name = walk_str(w, rel->relname);
	name_range(w, item, rel->alias);
}

void walk_relations(struct walk *w, const List *relations, uint32_t roles)
{
	const ListCell *cell;

	foreach (cell, relations)
		walk_relation(w, lfirst(cell), roles);
}

static void walk_from_name(struct walk *w, const RangeVar *rel)
{
	const uint32_t arms = rel->schemaname != NULL ? 0 : walk_cte(w, rel->relname);
	struct sql_item *item;

	if (arms == 0) {
		walk_relation(w, rel, SQL_R_READ);
		return;
	}
	item = walk_item(w, SQL_I_RANGE, 0);
	item->arms = arms;
	item->name = walk_str(w, rel->relname);
	name_range(w, item, rel->alias);
}

static void walk_from(struct walk *w, const Node *node, uint32_t out);

static void walk_join(struct walk *w, const JoinExpr *join, uint32_t out)
{
	const ListCell *cell;

	walk_from(w, join->larg, out);
	walk_from(w, join->rarg, out);
	if (join->isNatural)
		walk_flag(w, SQL_F_NATURAL);
	foreach (cell, join->usingClause) {
		struct sql_item *item = walk_item(w, SQL_I_COLUMN, SQL_COL_JOIN);

		item->name = walk_str(w, walk_string(lfirst(cell)));
	}
	walk_expr(w, join->quals, SQL_COL_JOIN);
	if (join->join_using_alias != NULL)
		name_range(w, walk_item(w, SQL_I_RANGE, 0), join->join_using_alias);
	if (join->alias != NULL)
		name_range(w, walk_item(w, SQL_I_RANGE, 0), join->alias);
}

static void walk_column_types(struct walk *w, const List *defs)
{
	const ListCell *cell;

	foreach (cell, defs)
		walk_type(w, ((const ColumnDef *)lfirst(cell))->typeName, SQL_COL_FROM);
}

/* Without an alias the range has the function's name. */
static const char *function_name(const Node *node)
{
	const FuncCall *call = (const FuncCall *)(const void *)node;

	return node != NULL && IsA(node, FuncCall) ? walk_last_name(call->funcname) : NULL;
}

static void walk_from_function(struct walk *w, const RangeFunction *f)
{
	const uint32_t before = w->n_items;
	const ListCell *cell;
	struct sql_item *item;
	uint32_t arms;

	foreach (cell, f->functions) { /* each is a list: the call, and definitions of its columns */
		const List *pair = lfirst(cell);

		walk_expr(w, linitial(pair), SQL_COL_FROM);
		walk_column_types(w, lsecond(pair));
	}
	walk_column_types(w, f->coldeflist);
	arms = walk_one_output(w, before, true);
	item = walk_item(w, SQL_I_RANGE, 0);
	item->arms = arms;
	if (f->alias == NULL)
		item->name = walk_str(w, function_name(linitial(linitial(f->functions))));
	name_range(w, item, f->alias);
}

static void walk_from_table_function(struct walk *w, const RangeTableFunc *f)
{
	const uint32_t before = w->n_items;
	const ListCell *cell;
	struct sql_item *item;
	uint32_t arms;

	walk_expr(w, f->docexpr, SQL_COL_FROM);
	walk_expr(w, f->rowexpr, SQL_COL_FROM);
	walk_exprs(w, f->namespaces, SQL_COL_FROM);
	foreach (cell, f->columns) {
		const RangeTableFuncCol *col = lfirst(cell);

		walk_expr(w, col->colexpr, SQL_COL_FROM);
		walk_expr(w, col->coldefexpr, SQL_COL_FROM);
		walk_type(w, col->typeName, SQL_COL_FROM);
	}
	arms = walk_one_output(w, before, true);
	item = walk_item(w, SQL_I_RANGE, 0);
	item->arms = arms;
	name_range(w, item, f->alias);
}

static void walk_sample(struct walk *w, const RangeTableSample *s, uint32_t out)
{
	const char *method = walk_last_name(s->method);

	walk_from(w, s->relation, out);
	walk_exprs(w, s->args, SQL_COL_FROM);
	walk_expr(w, s->repeatable, SQL_COL_FROM);
	if (method == NULL || (strcmp(method, "system") != 0 && strcmp(method, "bernoulli") != 0))
		walk_flag(w, SQL_F_SIDE_FUNCTION);
}

static void walk_from_query(struct walk *w, const RangeSubselect *sub, uint32_t out)
{
	struct sql_item *item;
	uint32_t arms;

	if (!walk_query(w, sub->subquery, out))
		walk_flag(w, SQL_F_UNKNOWN);
	arms = w->made;
	item = walk_item(w, SQL_I_RANGE, 0);
	item->arms = arms;
	name_range(w, item, sub->alias);
}

/* <out> is where the output of the query goes: that of its sub-selects may go there too. */
static void walk_from(struct walk *w, const Node *node, uint32_t out)
{
	const void *n = node;

	if (node == NULL || !walk_enter(w))
		return;
	switch ((int)nodeTag(node)) {
	case T_RangeVar:
		walk_from_name(w, n);
		break;
	case T_JoinExpr:
		walk_join(w, n, out);
		break;
	case T_RangeSubselect:
		walk_from_query(w, n, out);
		break;
	case T_RangeFunction:
		walk_from_function(w, n);
		break;
	case T_RangeTableFunc:
		walk_from_table_function(w, n);
		break;
	case T_RangeTableSample:
		walk_sample(w, n, out);
		break;
	default:
		walk_flag(w, SQL_F_UNKNOWN);
		break;
	}
	walk_leave(w);
}

static void walk_from_list(struct walk *w, const List *from, uint32_t out)
{
	const ListCell *cell;

	foreach (cell, from)
		walk_from(w, lfirst(cell), out);
}

/* Sub-selects in FROM: what they put out may be put out, compared, stored. */
static uint32_t below(uint32_t out)
{
	return (out & ~(uint32_t)(SQL_COL_OUT | SQL_COL_EXISTS)) | SQL_COL_SUB;
}

/* A CTE sees those before it; with RECURSIVE all, itself too. */
static void walk_with(struct walk *w, struct scope *scope, const WithClause *with, uint32_t out)
{
	const ListCell *cell;
	uint32_t arm;

	if (with == NULL)
		return;
	arm = scope->cte_arms = walk_cte_arms(w, with->ctes);
	scope->ctes = with->ctes;
	scope->n_ctes = with->recursive ? list_length(with->ctes) : 0;
	foreach (cell, with->ctes) {
		const CommonTableExpr *cte = lfirst(cell);

		if (!IsA(cte->ctequery, SelectStmt))
			walk_flag(w, SQL_F_DATA_IN_CTE);
		if (!walk_query(w, cte->ctequery, below(out)))
			walk_flag(w, SQL_F_UNKNOWN);
		walk_cte_made(w, arm);
		arm -= (uint32_t)sizeof(struct sql_arm);
		if (cte->search_clause != NULL || cte->cycle_clause != NULL)
			walk_flag(w, SQL_F_DISTINCT);
		if (!with->recursive)
			scope->n_ctes++;
	}
}

/* The output that ORDER BY 2 means, or NULL when a star stands before it. */
static const ResTarget *target_at(struct walk *w, const List *targets, long position)
{
	long i = 0;
	const ListCell *cell;

	foreach (cell, targets) {
		const ResTarget *target = lfirst(cell);
		const bool is_star = target->val != NULL && IsA(target->val, ColumnRef) &&
				walk_last_name(((const ColumnRef *)(const void *)target->val)
								->fields) == NULL;

		if (is_star || !walk_spend(w, 1) || ++i == position)
			return is_star ? NULL : target;
	}
	return NULL;
}

static const ResTarget *target_named(struct walk *w, const List *targets, const char *name)
{
	const ListCell *cell;

	foreach (cell, targets) {
		const ResTarget *target = lfirst(cell);

		if (!walk_spend(w, 1))
			return NULL;
		if (target->name != NULL && strcmp(target->name, name) == 0)
			return target;
	}
	return NULL;
}

/* ORDER BY 2 and ORDER BY alias are about an output column's expression. */
static void walk_sort_key(struct walk *w, const SelectStmt *s, const Node *node, uint32_t roles)
{
	const Node *key = node != NULL && IsA(node, SortBy)
			? ((const SortBy *)(const void *)node)->node
			: node;
	const ResTarget *target = NULL;
	const A_Const *c;

	walk_expr(w, node, roles);
	if (key == NULL)
		return;
	if (IsA(key, ColumnRef)) {
		const List *fields = ((const ColumnRef *)(const void *)key)->fields;

		if (list_length(fields) == 1 && walk_last_name(fields) != NULL)
			target = target_named(w, s->targetList, walk_last_name(fields));
	} else if (IsA(key, A_Const)) {
		c = (const A_Const *)(const void *)key;
		walk_literal(w, c);
		if (!c->isnull && IsA(&c->val, Integer))
			target = target_at(w, s->targetList, c->val.ival.ival);
		if (target == NULL)
			walk_item(w, SQL_I_STAR, roles);
	}
	if (target != NULL)
		walk_expr(w, target->val, roles);
}

static void walk_sort_keys(struct walk *w, const SelectStmt *s, const List *keys, uint32_t roles)
{
	const ListCell *cell;

	foreach (cell, keys)
		walk_sort_key(w, s, lfirst(cell), roles);
}

static void walk_limit(struct walk *w, const SelectStmt *s, uint32_t out)
{
	const A_Const *c = s->limitCount != NULL && IsA(s->limitCount, A_Const)
			? (const A_Const *)(const void *)s->limitCount
			: NULL;
	int64_t limit = s->limitCount == NULL ? SQL_LIMIT_NONE : SQL_LIMIT_UNKNOWN;

	walk_expr(w, s->limitCount, SQL_COL_LIMIT);
	walk_expr(w, s->limitOffset, SQL_COL_LIMIT);
	if (c != NULL) {
		walk_literal(w, c);
		if (c->isnull)
			limit = SQL_LIMIT_NONE;
		else if (IsA(&c->val, Integer))
			limit = c->val.ival.ival;
	}
	if ((out & (SQL_COL_SUB | SQL_COL_STORED)) == 0)
		w->stmt->limit = limit;
}

static void walk_windows(struct walk *w, const List *windows)
{
	const ListCell *cell;

	foreach (cell, windows) {
		const WindowDef *def = lfirst(cell);

		walk_exprs(w, def->partitionClause, SQL_COL_WINDOW);
		walk_exprs(w, def->orderClause, SQL_COL_WINDOW);
		walk_expr(w, def->startOffset, SQL_COL_WINDOW);
		walk_expr(w, def->endOffset, SQL_COL_WINDOW);
	}
}

static void walk_distinct(struct walk *w, const SelectStmt *s)
{
	if (s->distinctClause == NIL)
		return;
	if (linitial(s->distinctClause) == NULL) {
		walk_flag(w, SQL_F_DISTINCT);
		walk_compared(w);
	} else {
		walk_sort_keys(w, s, s->distinctClause, SQL_COL_DISTINCT);
	}
}

static void walk_into(struct walk *w, const IntoClause *into)
{
	if (into == NULL)
		return;
	walk_kind(w, SQL_K_SELECT_INTO);
	walk_kind(w, SQL_K_CREATE);
	w->stmt->objects |= 1U << SQL_O_TABLE;
	walk_relation(w, into->rel, SQL_R_CREATE);
}

static void walk_select(struct walk *w, const SelectStmt *s, uint32_t out);

/* Of one query: their arms are one chain. */
static void walk_operand(struct walk *w, const SelectStmt *s, uint32_t out)
{
	if (!walk_enter(w))
		return;
	walk_select(w, s, out);
	walk_leave(w);
}

static void walk_set_operation(struct walk *w, const SelectStmt *s, uint32_t out)
{
	walk_operand(w, s->larg, out);
	walk_operand(w, s->rarg, out);
	if (s->all && s->op == SETOP_UNION && s->sortClause == NIL)
		return;
	walk_flag(w, SQL_F_DISTINCT); /* ORDER BY names the first arm's columns, sorts all */
	walk_compared(w);
}

/* The leftmost arm of a set operation names its columns. */
static const SelectStmt *naming_arm(const SelectStmt *s)
{
	while (s->op != SETOP_NONE)
		s = s->larg;
	return s;
}

static void walk_select(struct walk *w, const SelectStmt *s, uint32_t out)
{
	struct scope scope;

	walk_into(w, s->intoClause); /* before: it is no range of the query */
	walk_open_scope(w, &scope);
	if (s->intoClause != NULL)
		out = SQL_COL_STORED;
	if (s->valuesLists == NIL || (out & SQL_COL_STORED) == 0) /* not for INSERT ... VALUES */
		walk_kind(w, SQL_K_SELECT);
	walk_with(w, &scope, s->withClause, out);
	if (s->op != SETOP_NONE)
		walk_set_operation(w, s, out);
	walk_from_list(w, s->fromClause, below(out));
	walk_targets(w, s->targetList, out);
	walk_rows(w, s->valuesLists, out);
	walk_expr(w, s->whereClause, SQL_COL_WHERE);
	walk_sort_keys(w, naming_arm(s), s->groupClause, SQL_COL_GROUP);
	walk_expr(w, s->havingClause, SQL_COL_HAVING);
	walk_windows(w, s->windowClause);
	walk_distinct(w, s);
	walk_sort_keys(w, naming_arm(s), s->sortClause, SQL_COL_ORDER);
	walk_limit(w, s, out);
	if (s->lockingClause != NIL)
		walk_kind(w, SQL_K_SELECT_LOCK);
	walk_close_scope(w, &scope);
}

/* Columns that are written: names of INSERT (a, b) and SET a = .... */
static void walk_written(struct walk *w, const List *targets, int32_t range)
{
	const ListCell *cell;

	foreach (cell, targets) {
		const ResTarget *target = lfirst(cell);
		struct sql_item *item = walk_item(w, SQL_I_COLUMN, SQL_COL_WRITTEN);

		item->name = walk_str(w, target->name);
		item->range = range;
		walk_exprs(w, target->indirection, SQL_COL_STORED);
	}
}

static void walk_values_of(struct walk *w, const List *targets)
{
	const ListCell *cell;

	foreach (cell, targets)
		walk_expr(w, ((const ResTarget *)lfirst(cell))->val, SQL_COL_STORED);
}

static void walk_infer(struct walk *w, const InferClause *infer)
{
	const ListCell *cell;

	if (infer == NULL)
		return;
	foreach (cell, infer->indexElems) {
		const IndexElem *elem = lfirst(cell);
		struct sql_item *item;

		walk_expr(w, elem->expr, SQL_COL_CONFLICT);
		if (elem->name == NULL)
			continue;
		item = walk_item(w, SQL_I_COLUMN, SQL_COL_CONFLICT);
		item->name = walk_str(w, elem->name);
	}
	walk_expr(w, infer->whereClause, SQL_COL_CONFLICT);
}

static void walk_conflict(struct walk *w, const OnConflictClause *c, int32_t target)
{
	if (c == NULL)
		return;
	walk_infer(w, c->infer);
	if (c->action != ONCONFLICT_UPDATE)
		return;
	walk_kind(w, SQL_K_UPDATE);
	walk_written(w, c->targetList, target);
	walk_values_of(w, c->targetList);
	walk_expr(w, c->whereClause, SQL_COL_WHERE);
}

/* The relation that is written, as a range of its own query. */
static int32_t walk_target(struct walk *w, const RangeVar *rel, uint32_t roles)
{
	const int32_t index = (int32_t)w->n_items;

	walk_relation(w, rel, roles);
	return index;
}

static void walk_insert(struct walk *w, const InsertStmt *s, uint32_t out)
{
	const bool updates = s->onConflictClause != NULL &&
			s->onConflictClause->action == ONCONFLICT_UPDATE;
	struct scope scope;
	int32_t target;

	walk_open_scope(w, &scope);
	walk_kind(w, SQL_K_INSERT);
	walk_with(w, &scope, s->withClause, SQL_COL_STORED);
	if (s->selectStmt != NULL) /* before the target: it does not see it */
		walk_query(w, s->selectStmt, SQL_COL_STORED);
	target = walk_target(w, s->relation, SQL_R_INSERT | (updates ? SQL_R_UPDATE : 0U));
	walk_written(w, s->cols, target);
	walk_conflict(w, s->onConflictClause, target);
	walk_targets(w, s->returningList, out);
	walk_close_scope(w, &scope);
}

static void judge_where(struct walk *w, const RangeVar *target, const Node *where)
{
	enum sql_where is;

	w->target = target;
	is = where_judge(w, where);
	if (is > w->stmt->where)
		w->stmt->where = is;
}

static void walk_update(struct walk *w, const UpdateStmt *s, uint32_t out)
{
	struct scope scope;
	int32_t target;

	walk_open_scope(w, &scope);
	walk_kind(w, SQL_K_UPDATE);
	walk_with(w, &scope, s->withClause, SQL_COL_STORED);
	target = walk_target(w, s->relation, SQL_R_UPDATE);
	walk_from_list(w, s->fromClause, SQL_COL_SUB | SQL_COL_STORED);
	walk_written(w, s->targetList, target);
	walk_values_of(w, s->targetList);
	judge_where(w, s->relation, s->whereClause);
	walk_expr(w, s->whereClause, SQL_COL_WHERE);
	walk_targets(w, s->returningList, out);
	walk_close_scope(w, &scope);
}

static void walk_delete(struct walk *w, const DeleteStmt *s, uint32_t out)
{
	struct scope scope;

	walk_open_scope(w, &scope);
	walk_kind(w, SQL_K_DELETE);
	walk_with(w, &scope, s->withClause, SQL_COL_SUB);
	walk_target(w, s->relation, SQL_R_DELETE);
	walk_from_list(w, s->usingClause, SQL_COL_SUB);
	judge_where(w, s->relation, s->whereClause);
	walk_expr(w, s->whereClause, SQL_COL_WHERE);
	walk_targets(w, s->returningList, out);
	walk_close_scope(w, &scope);
}

static uint32_t walk_merge_branch(struct walk *w, const MergeWhenClause *when, int32_t target)
{
	walk_expr(w, when->condition, SQL_COL_WHERE);
	walk_written(w, when->targetList, target);
	walk_values_of(w, when->targetList);
	walk_exprs(w, when->values, SQL_COL_STORED);
	switch ((int)when->commandType) {
	case CMD_INSERT:
		walk_kind(w, SQL_K_INSERT);
		return SQL_R_INSERT;
	case CMD_UPDATE:
		walk_kind(w, SQL_K_UPDATE);
		return SQL_R_UPDATE;
	case CMD_DELETE:
		walk_kind(w, SQL_K_DELETE);
		return SQL_R_DELETE;
	default:
		return 0; /* DO NOTHING */
	}
}

static void walk_merge(struct walk *w, const MergeStmt *s)
{
	const ListCell *cell;
	struct scope scope;
	uint32_t roles = 0;
	int32_t target;

	walk_open_scope(w, &scope);
	walk_kind(w, SQL_K_MERGE);
	walk_with(w, &scope, s->withClause, SQL_COL_STORED);
	target = walk_target(w, s->relation, SQL_R_READ);
	walk_from(w, s->sourceRelation, SQL_COL_SUB | SQL_COL_STORED);
	walk_expr(w, s->joinCondition, SQL_COL_JOIN);
	foreach (cell, s->mergeWhenClauses)
		roles |= walk_merge_branch(w, lfirst(cell), target);
	if (w->rc == SQL_OK)
		((struct sql_item *)(void *)(w->base + w->items_at))[target].roles |= roles;
	walk_close_scope(w, &scope);
}

bool walk_query(struct walk *w, const Node *node, uint32_t roles)
{
	const uint32_t arms = w->arms;
	const void *n = node;
	bool is_query = true;

	w->made = 0;
	if (node == NULL || !walk_enter(w))
		return node != NULL;
	w->arms = 0;
	switch ((int)nodeTag(node)) {
	case T_SelectStmt:
		walk_select(w, n, roles);
		break;
	case T_InsertStmt:
		walk_insert(w, n, roles);
		break;
	case T_UpdateStmt:
		walk_update(w, n, roles);
		break;
	case T_DeleteStmt:
		walk_delete(w, n, roles);
		break;
	case T_MergeStmt:
		walk_merge(w, n);
		break;
	default:
		is_query = false;
		break;
	}
	w->made = w->arms;
	w->arms = arms;
	walk_leave(w);
	return is_query;
}
