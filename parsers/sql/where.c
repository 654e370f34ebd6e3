/* SPDX-License-Identifier: Apache-2.0
 * May a WHERE hold for every row? Said of what looks like it, for writers of rules: a condition
 * that reads no column (true, 1=1, $1), that compares a column with itself, or an OR with such an
 * arm. It errs toward "yes" (WHERE false is called trivial, too), and cannot be complete: id > -1
 * may hold for all rows as well. */
#include "parsers/sql/walk_priv.h"

#include <string.h>

static bool reads_a_column(struct walk *w, const Node *node);

static bool list_reads_a_column(struct walk *w, const List *nodes)
{
	const ListCell *cell;

	foreach (cell, nodes) {
		if (reads_a_column(w, lfirst(cell)))
			return true;
	}
	return false;
}

/* EXISTS (SELECT 1) and (SELECT true) are constants in disguise. */
static bool sublink_reads_a_column(struct walk *w, const SubLink *link)
{
	const SelectStmt *s = (const SelectStmt *)(const void *)link->subselect;

	if (!IsA(s, SelectStmt))
		return true;
	if (s->op != SETOP_NONE || s->withClause != NULL || s->whereClause != NULL ||
			s->havingClause != NULL)
		return true;
	if (reads_a_column(w, link->testexpr) || list_reads_a_column(w, s->valuesLists))
		return true;
	if (link->subLinkType == EXISTS_SUBLINK) /* of some rows or none, the same for every row */
		return false;
	return s->fromClause != NIL || list_reads_a_column(w, s->targetList);
}

/* Through the nodes that conditions are made of; what is not known here counts as reading one. */
static bool known_reads_a_column(struct walk *w, const Node *node)
{
	const void *n = node;

	switch ((int)nodeTag(node)) {
	case T_A_Const:
	case T_ParamRef:
	case T_SQLValueFunction:
		return false;
	case T_A_Expr:
		return reads_a_column(w, ((const A_Expr *)n)->lexpr) ||
				reads_a_column(w, ((const A_Expr *)n)->rexpr);
	case T_List:
		return list_reads_a_column(w, n);
	case T_TypeCast:
		return reads_a_column(w, ((const TypeCast *)n)->arg);
	case T_BoolExpr:
		return list_reads_a_column(w, ((const BoolExpr *)n)->args);
	case T_NullTest:
		return reads_a_column(w, (const Node *)((const NullTest *)n)->arg);
	case T_BooleanTest:
		return reads_a_column(w, (const Node *)((const BooleanTest *)n)->arg);
	case T_FuncCall:
		return list_reads_a_column(w, ((const FuncCall *)n)->args);
	case T_CoalesceExpr:
		return list_reads_a_column(w, ((const CoalesceExpr *)n)->args);
	case T_MinMaxExpr:
		return list_reads_a_column(w, ((const MinMaxExpr *)n)->args);
	case T_RowExpr:
		return list_reads_a_column(w, ((const RowExpr *)n)->args);
	case T_A_ArrayExpr:
		return list_reads_a_column(w, ((const A_ArrayExpr *)n)->elements);
	case T_ResTarget:
		return reads_a_column(w, ((const ResTarget *)n)->val);
	case T_CollateClause:
		return reads_a_column(w, ((const CollateClause *)n)->arg);
	case T_SubLink:
		return sublink_reads_a_column(w, n);
	case T_CaseExpr: /* CASE WHEN true THEN true END */
		return reads_a_column(w, (const Node *)((const CaseExpr *)n)->arg) ||
				list_reads_a_column(w, ((const CaseExpr *)n)->args) ||
				reads_a_column(w, (const Node *)((const CaseExpr *)n)->defresult);
	case T_CaseWhen:
		return reads_a_column(w, (const Node *)((const CaseWhen *)n)->expr) ||
				reads_a_column(w, (const Node *)((const CaseWhen *)n)->result);
	default:
		return true;
	}
}

static bool reads_a_column(struct walk *w, const Node *node)
{
	bool reads;

	if (node == NULL)
		return false;
	if (!walk_enter(w))
		return true;
	reads = known_reads_a_column(w, node);
	walk_leave(w);
	return reads;
}

static const Node *without_casts(const Node *node)
{
	while (node != NULL && IsA(node, TypeCast))
		node = ((const TypeCast *)(const void *)node)->arg;
	return node;
}

/* Names of columns as far as both have them: t.id and id are the same here. */
static bool is_same_column(const Node *a, const Node *b)
{
	const List *x, *y;
	const char *p, *q;

	a = without_casts(a);
	b = without_casts(b);
	if (a == NULL || b == NULL || !IsA(a, ColumnRef) || !IsA(b, ColumnRef))
		return false;
	x = ((const ColumnRef *)(const void *)a)->fields;
	y = ((const ColumnRef *)(const void *)b)->fields;
	p = walk_last_name(x);
	q = walk_last_name(y);
	if (p == NULL || q == NULL || strcmp(p, q) != 0)
		return false;
	if (list_length(x) != 2 || list_length(y) != 2)
		return true;
	return strcmp(walk_string(linitial(x)), walk_string(linitial(y))) == 0;
}

static bool list_has_column(const List *nodes, const Node *column)
{
	const ListCell *cell;

	foreach (cell, nodes) {
		if (is_same_column(lfirst(cell), column))
			return true;
	}
	return false;
}

/* LIKE '%', and its kin: patterns that match any text. */
static bool is_any_pattern(struct walk *w, const A_Expr *e)
{
	const Node *pattern = without_casts(e->rexpr);
	const A_Const *c = (const A_Const *)(const void *)pattern;

	if (pattern == NULL || !IsA(pattern, A_Const))
		return false;
	walk_literal(w, c);
	if (c->isnull || !IsA(&c->val, String))
		return false;
	return c->val.sval.sval[strspn(c->val.sval.sval, "%")] == '\0';
}

static bool is_operator(const A_Expr *e, const char *among)
{
	const char *name = walk_last_name(e->name);
	const char *found = name == NULL || *name == '\0' ? NULL : strstr(among, name);

	return found != NULL && (found == among || found[-1] == ' ') &&
			(found[strlen(name)] == ' ' || found[strlen(name)] == '\0');
}

static bool comparison_is_trivial(struct walk *w, const A_Expr *e)
{
	switch ((int)e->kind) {
	case AEXPR_OP:
		return is_operator(e, "= <= >= ~~ ~~*") && is_same_column(e->lexpr, e->rexpr);
	case AEXPR_NOT_DISTINCT:
		return is_same_column(e->lexpr, e->rexpr);
	case AEXPR_LIKE:
	case AEXPR_ILIKE:
		return is_operator(e, "~~ ~~*") &&
				(is_any_pattern(w, e) || is_same_column(e->lexpr, e->rexpr));
	case AEXPR_IN:
	case AEXPR_BETWEEN:
	case AEXPR_BETWEEN_SYM:
		return !is_operator(e, "<>") && e->rexpr != NULL && IsA(e->rexpr, List) &&
				list_has_column((const List *)(const void *)e->rexpr, e->lexpr);
	default:
		return false;
	}
}

/* x IS NULL OR x IS NOT NULL; x = 1 OR x <> 1. */
static bool is_complement(const Node *a, const Node *b)
{
	const NullTest *m = (const NullTest *)(const void *)a,
		       *n = (const NullTest *)(const void *)b;
	const A_Expr *d = (const A_Expr *)(const void *)a, *e = (const A_Expr *)(const void *)b;

	if (IsA(a, NullTest) && IsA(b, NullTest))
		return m->nulltesttype != n->nulltesttype &&
				is_same_column((const Node *)m->arg, (const Node *)n->arg);
	if (!IsA(a, A_Expr) || !IsA(b, A_Expr) || d->kind != AEXPR_OP || e->kind != AEXPR_OP)
		return false;
	/* Without a look at what they are compared with: x > 5 OR x < 3 is called trivial. */
	return is_same_column(d->lexpr, e->lexpr) &&
			((is_operator(d, "= > >=") && is_operator(e, "<> < <=")) ||
					(is_operator(d, "<> < <=") && is_operator(e, "= > >=")));
}

static bool or_is_trivial(struct walk *w, const List *arms)
{
	const int n = list_length(arms);

	for (int i = 0; i < n; i++) {
		if (where_is_trivial(w, list_nth(arms, i)))
			return true;
		for (int j = 0; j < i && walk_enter(w); j++) {
			walk_leave(w);
			if (is_complement(list_nth(arms, i), list_nth(arms, j)))
				return true;
		}
	}
	return false;
}

static bool and_is_trivial(struct walk *w, const List *arms)
{
	const ListCell *cell;

	foreach (cell, arms) {
		if (!where_is_trivial(w, lfirst(cell)))
			return false;
	}
	return true;
}

/* NOT (x <> x), NOT (x IS DISTINCT FROM x): the negation of what holds for none. */
static bool not_is_trivial(const Node *arg)
{
	const A_Expr *e = (const A_Expr *)(const void *)arg;

	if (!IsA(arg, A_Expr) || !is_same_column(e->lexpr, e->rexpr))
		return false;
	return e->kind == AEXPR_DISTINCT || (e->kind == AEXPR_OP && is_operator(e, "<> < >"));
}

static bool bool_is_trivial(struct walk *w, const BoolExpr *b)
{
	if (b->boolop == OR_EXPR)
		return or_is_trivial(w, b->args);
	if (b->boolop == AND_EXPR)
		return and_is_trivial(w, b->args);
	return not_is_trivial(linitial(b->args));
}

/* (anything) IS NOT FALSE holds where it is null: those tests are seldom and suspect. */
static bool test_is_trivial(struct walk *w, const BooleanTest *t)
{
	if (t->booltesttype == IS_TRUE)
		return where_is_trivial(w, (const Node *)t->arg);
	return t->booltesttype != IS_FALSE && t->booltesttype != IS_NOT_UNKNOWN;
}

bool where_is_trivial(struct walk *w, const Node *where)
{
	const void *n = where;
	bool is_trivial = false;

	if (where == NULL || !walk_enter(w))
		return true;
	if (!reads_a_column(w, where))
		is_trivial = true;
	else if (IsA(where, BoolExpr))
		is_trivial = bool_is_trivial(w, n);
	else if (IsA(where, A_Expr))
		is_trivial = comparison_is_trivial(w, n);
	else if (IsA(where, BooleanTest))
		is_trivial = test_is_trivial(w, n);
	else if (IsA(where, TypeCast))
		is_trivial = where_is_trivial(w, ((const TypeCast *)n)->arg);
	walk_leave(w);
	return is_trivial;
}
