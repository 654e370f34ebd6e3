/* SPDX-License-Identifier: Apache-2.0
 * Expressions: columns and where they stand, functions, operators and types that are called. */
#include "parsers/sql/walk_priv.h"

#include <string.h>

void walk_exprs(struct walk *w, const List *nodes, uint32_t roles)
{
	const ListCell *cell;

	foreach (cell, nodes)
		walk_expr(w, lfirst(cell), roles);
}

static const char *field_name(const List *fields, int i)
{
	return i >= 0 && i < list_length(fields) ? walk_string(list_nth(fields, i)) : NULL;
}

static void walk_star(struct walk *w, const List *fields, uint32_t roles)
{
	const int n = list_length(fields);
	const char *qualifier = field_name(fields, n - 2);
	struct sql_item *item = walk_item(w, SQL_I_STAR, roles);

	walk_flag(w, SQL_F_STAR);
	item->schema = walk_str(w, field_name(fields, n - 3));
	item->qualifier = walk_str(w, qualifier);
	item->range = qualifier != NULL ? walk_range_named(w, qualifier) : walk_only_range(w);
}

/* a, t.a, s.t.a; and where that names no column but a range, all of its columns. */
static void walk_column(struct walk *w, const ColumnRef *ref, uint32_t roles)
{
	const int n = list_length(ref->fields);
	const char *name = field_name(ref->fields, n - 1);
	const char *qualifier = field_name(ref->fields, n - 2);
	struct sql_item *item;
	int32_t range, row = SQL_NO_RANGE;

	if (name == NULL) {
		walk_star(w, ref->fields, roles);
		return;
	}
	range = qualifier != NULL ? walk_range_named(w, qualifier) : walk_only_range(w);
	if (qualifier == NULL || range == SQL_NO_RANGE)
		row = walk_range_named(w, name);
	if (row != SQL_NO_RANGE)
		roles |= SQL_COL_WHOLE_ROW;
	item = walk_item(w, SQL_I_COLUMN, roles);
	item->range = row != SQL_NO_RANGE ? row : range;
	item->name = walk_str(w, name);
	item->qualifier = walk_str(w, qualifier);
	item->schema = walk_str(w, field_name(ref->fields, n - 3));
}

/* (x).field, (x).*, x[1]: what stands before the field may be a whole row. */
static void walk_indirection(struct walk *w, const A_Indirection *ind, uint32_t roles)
{
	const ColumnRef *row = ind->arg != NULL && IsA(ind->arg, ColumnRef)
			? (const ColumnRef *)(const void *)ind->arg
			: NULL;
	const char *qualifier = row == NULL ? NULL : walk_last_name(row->fields);
	const ListCell *cell;

	walk_expr(w, ind->arg, roles | SQL_COL_EXPR);
	foreach (cell, ind->indirection) {
		const Node *node = lfirst(cell);
		struct sql_item *item;

		if (IsA(node, A_Indices)) {
			walk_expr(w, node, roles | SQL_COL_EXPR);
			continue;
		}
		if (IsA(node, A_Star))
			walk_flag(w, SQL_F_STAR);
		item = walk_item(w, IsA(node, A_Star) ? SQL_I_STAR : SQL_I_COLUMN,
				roles | SQL_COL_EXPR);
		item->range = qualifier == NULL ? SQL_NO_RANGE : walk_range_named(w, qualifier);
		item->qualifier = walk_str(w, qualifier);
		if (IsA(node, String))
			item->name = walk_str(w, walk_string(node));
	}
}

static bool is_builtin_schema(const List *names)
{
	const char *schema = field_name(names, list_length(names) - 2);

	return schema == NULL || strcmp(schema, "pg_catalog") == 0;
}

static void walk_operator(struct walk *w, const List *names, uint32_t roles)
{
	const char *name = walk_last_name(names);

	struct sql_item *item;

	if (name == NULL || (is_builtin_schema(names) && builtin_operator(name)))
		return;
	walk_flag(w, SQL_F_SIDE_FUNCTION);
	item = walk_item(w, SQL_I_OPERATOR, roles);
	item->flags = SQL_IF_SIDE;
	walk_name_list(w, item, names);
}

static void walk_type_flagged(struct walk *w, const TypeName *type, uint32_t roles, uint8_t flags)
{
	const char *name = type == NULL ? NULL : walk_last_name(type->names);
	struct sql_item *item;

	if (name == NULL || (is_builtin_schema(type->names) && builtin_type(name)))
		return;
	walk_flag(w, SQL_F_SIDE_FUNCTION);
	item = walk_item(w, SQL_I_TYPE, roles);
	item->flags = flags;
	walk_name_list(w, item, type->names);
}

void walk_type(struct walk *w, const TypeName *type, uint32_t roles)
{
	walk_type_flagged(w, type, roles, SQL_IF_SIDE);
}

static void walk_cast(struct walk *w, const TypeCast *cast, uint32_t roles)
{
	const bool is_const = walk_is_given(cast->arg);

	w->may_fail |= fails_cast(cast);
	walk_expr(w, cast->arg, roles);
	walk_type_flagged(w, cast->typeName, roles,
			(uint8_t)(SQL_IF_SIDE | (is_const ? SQL_IF_CONST : 0)));
}

static void walk_window(struct walk *w, const WindowDef *window, uint32_t roles)
{
	if (window == NULL)
		return;
	walk_exprs(w, window->partitionClause, roles | SQL_COL_WINDOW);
	walk_exprs(w, window->orderClause, roles | SQL_COL_WINDOW);
	walk_expr(w, window->startOffset, roles | SQL_COL_WINDOW);
	walk_expr(w, window->endOffset, roles | SQL_COL_WINDOW);
}

/* count(a): of the values themselves it tells nothing but how many are null. */
static bool is_count(const FuncCall *call)
{
	const char *name = walk_last_name(call->funcname);

	return list_length(call->args) == 1 && IsA(linitial(call->args), ColumnRef) &&
			is_builtin_schema(call->funcname) && name != NULL &&
			strcmp(name, "count") == 0;
}

/* The constant text of argument <i>; NULL: it is none. */
static const char *argument(struct walk *w, const List *args, int i)
{
	const Node *node = i < list_length(args) ? list_nth(args, i) : NULL;
	const A_Const *c = (const A_Const *)(const void *)node;

	if (node == NULL || !IsA(node, A_Const))
		return NULL;
	walk_literal(w, c);
	return c->isnull || !IsA(&c->val, String) ? NULL : c->val.sval.sval;
}

/* set_config('jit', 'off', false) is SET jit = off. A name that is no constant is not known: empty. */
static void walk_set_config(struct walk *w, const List *args)
{
	struct sql_item *item = walk_item(w, SQL_I_SETTING, 0);

	walk_kind(w, SQL_K_SET);
	item->name = walk_str(w, argument(w, args, 0));
	item->alias = walk_str(w, argument(w, args, 1));
}

/* PostgreSQL's own, and harmless. */
static bool is_harmless(const List *names, const char *name)
{
	const char *schema = field_name(names, list_length(names) - 2);

	if (is_builtin_schema(names))
		return builtin_function(name);
	return strcmp(schema, "information_schema") == 0 && strcmp(name, "_pg_expandarray") == 0;
}

void walk_call(struct walk *w, const FuncCall *call, uint32_t roles)
{
	const char *name = walk_last_name(call->funcname);
	const bool is_side = name == NULL || !is_harmless(call->funcname, name);
	struct sql_item *item = walk_item(w, SQL_I_FUNCTION, roles);

	w->may_fail |= fails_call(call);
	if (is_side) {
		item->flags = SQL_IF_SIDE;
		walk_flag(w, SQL_F_SIDE_FUNCTION);
		roles |= SQL_COL_SIDE;
	}
	walk_name_list(w, item, call->funcname);
	if (name != NULL && strcmp(name, "set_config") == 0)
		walk_set_config(w, call->args);
	roles |= SQL_COL_EXPR;
	walk_exprs(w, call->args,
			roles |
					(call->agg_distinct ? (uint32_t)SQL_COL_DISTINCT
									: is_count(call)
									? (uint32_t)SQL_COL_COUNTED
									: 0U));
	walk_exprs(w, call->agg_order, roles | SQL_COL_ORDER);
	walk_expr(w, call->agg_filter, roles | SQL_COL_FILTER);
	walk_window(w, call->over, roles);
}

/* A query inside an expression: its output goes where the expression stands; but that of EXISTS is not
 * looked at. One whose second row is an error may be asked for its rows only sometimes, unless the
 * output is nothing else. */
static void walk_sublink(struct walk *w, const SubLink *link, uint32_t roles)
{
	const bool is_exists = link->subLinkType == EXISTS_SUBLINK;

	if (link->subLinkType == EXPR_SUBLINK && (const void *)link != w->alone)
		w->may_fail = true;
	w->may_fail |= link->operName != NIL; /* with ANY and ALL: seldom, and not looked at */
	walk_expr(w, link->testexpr, roles | SQL_COL_EXPR);
	walk_operator(w, link->operName, roles);
	roles = is_exists ? (uint32_t)(SQL_COL_SUB | SQL_COL_EXISTS)
			  : roles | SQL_COL_SUB | SQL_COL_EXPR;
	if (!walk_query(w, link->subselect, roles))
		walk_flag(w, SQL_F_UNKNOWN);
}

static void walk_case(struct walk *w, const CaseExpr *c, uint32_t roles)
{
	const ListCell *cell;

	walk_expr(w, (const Node *)c->arg, roles);
	foreach (cell, c->args) {
		const CaseWhen *when = lfirst(cell);

		walk_expr(w, (const Node *)when->expr, roles);
		walk_expr(w, (const Node *)when->result, roles);
	}
	walk_expr(w, (const Node *)c->defresult, roles);
}

/* Nodes that are an argument or a list of them and nothing else. False: it is none of these. */
static bool walk_wrapper(struct walk *w, const Node *node, uint32_t roles)
{
	const void *n = node;

	switch ((int)nodeTag(node)) {
	case T_BoolExpr:
		walk_exprs(w, ((const BoolExpr *)n)->args, roles);
		break;
	case T_NullTest:
		walk_expr(w, (const Node *)((const NullTest *)n)->arg, roles);
		break;
	case T_BooleanTest:
		walk_expr(w, (const Node *)((const BooleanTest *)n)->arg, roles);
		break;
	case T_CollateClause:
		walk_expr(w, ((const CollateClause *)n)->arg, roles);
		break;
	case T_CoalesceExpr:
		walk_exprs(w, ((const CoalesceExpr *)n)->args, roles);
		break;
	case T_MinMaxExpr:
		walk_exprs(w, ((const MinMaxExpr *)n)->args, roles);
		break;
	case T_RowExpr:
		walk_exprs(w, ((const RowExpr *)n)->args, roles);
		break;
	case T_A_ArrayExpr:
		walk_exprs(w, ((const A_ArrayExpr *)n)->elements, roles);
		break;
	case T_GroupingFunc:
		walk_exprs(w, ((const GroupingFunc *)n)->args, roles);
		break;
	case T_GroupingSet:
		walk_exprs(w, ((const GroupingSet *)n)->content, roles);
		break;
	case T_NamedArgExpr:
		walk_expr(w, (const Node *)((const NamedArgExpr *)n)->arg, roles);
		break;
	case T_MultiAssignRef: /* SET (a, b) = source: each column has it, it runs once */
		if (((const MultiAssignRef *)n)->colno == 1)
			walk_expr(w, ((const MultiAssignRef *)n)->source, roles);
		break;
	case T_ResTarget:
		walk_expr(w, ((const ResTarget *)n)->val, roles);
		break;
	default:
		return false;
	}
	return true;
}

static void walk_xml(struct walk *w, const XmlExpr *x, uint32_t roles)
{
	w->may_fail = true;
	walk_exprs(w, x->named_args, roles);
	walk_exprs(w, x->args, roles);
}

static void walk_other(struct walk *w, const Node *node, uint32_t roles)
{
	const void *n = node;

	switch ((int)nodeTag(node)) {
	case T_TypeCast:
		walk_cast(w, n, roles);
		break;
	case T_FuncCall:
		walk_call(w, n, roles);
		break;
	case T_SubLink:
		walk_sublink(w, n, roles);
		break;
	case T_CaseExpr:
		walk_case(w, n, roles);
		break;
	case T_A_Indirection:
		walk_indirection(w, n, roles);
		break;
	case T_A_Indices:
		walk_expr(w, ((const A_Indices *)n)->lidx, roles);
		walk_expr(w, ((const A_Indices *)n)->uidx, roles);
		break;
	case T_XmlExpr:
		walk_xml(w, n, roles);
		break;
	case T_XmlSerialize:
		w->may_fail = true;
		walk_expr(w, ((const XmlSerialize *)n)->expr, roles);
		walk_type(w, ((const XmlSerialize *)n)->typeName, roles);
		break;
	case T_CurrentOfExpr:
		walk_named(w, SQL_I_CURSOR, ((const CurrentOfExpr *)n)->cursor_name);
		break;
	case T_SortBy:
		walk_expr(w, ((const SortBy *)n)->node, roles);
		walk_operator(w, ((const SortBy *)n)->useOp, roles);
		break;
	default:
		walk_flag(w, SQL_F_UNKNOWN);
		break;
	}
}

static bool is_leaf(const Node *node)
{
	switch ((int)nodeTag(node)) {
	case T_A_Const:
	case T_ParamRef:
	case T_SQLValueFunction:
	case T_SetToDefault:
	case T_Integer:
	case T_Float:
	case T_Boolean:
	case T_String:
	case T_BitString:
		return true;
	default:
		return false;
	}
}

/* What keeps a column as it is: casts of a column do not. */
static bool is_transparent(const Node *node)
{
	return IsA(node, ResTarget) || IsA(node, List) || IsA(node, SortBy) ||
			IsA(node, GroupingSet);
}

/* a + b + c + ... leans to the left as deep as the text is long: that side is a loop. */
static const Node *walk_left_spine(struct walk *w, const Node *node, uint32_t roles)
{
	while (node != NULL && IsA(node, A_Expr) && walk_enter(w)) {
		const A_Expr *e = (const A_Expr *)(const void *)node;

		walk_leave(w);
		w->may_fail |= fails_operator(e);
		if (e->kind == AEXPR_OP || e->kind == AEXPR_OP_ANY || e->kind == AEXPR_OP_ALL)
			walk_operator(w, e->name, roles);
		walk_expr(w, e->rexpr, roles);
		node = e->lexpr;
	}
	return node;
}

void walk_expr(struct walk *w, const Node *node, uint32_t roles)
{
	if (node == NULL || is_leaf(node) || !walk_enter(w))
		return;
	if (IsA(node, A_Expr)) {
		roles |= SQL_COL_EXPR;
		walk_expr(w, walk_left_spine(w, node, roles), roles);
	} else if (IsA(node, ColumnRef)) {
		walk_column(w, (const ColumnRef *)(const void *)node, roles);
	} else {
		if (!is_transparent(node))
			roles |= SQL_COL_EXPR;
		if (IsA(node, List))
			walk_exprs(w, (const List *)(const void *)node, roles);
		else if (!walk_wrapper(w, node, roles))
			walk_other(w, node, roles);
	}
	walk_leave(w);
}
