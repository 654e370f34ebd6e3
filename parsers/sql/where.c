/* SPDX-License-Identifier: Apache-2.0
 * May a WHERE hold for every row? Said of what looks like it, for writers of rules. Trivial is a
 * condition that reads no column (true, 1=1, $1), that compares a column with itself, or an OR with
 * such an arm; it errs toward trivial (WHERE false is called so, too). Weak is one that leaves rows
 * out rather than choosing some: no more can be told without the data. */
#include "parsers/sql/walk_priv.h"

#include <string.h>

static bool is_trivial(struct walk *w, const Node *where);
static bool is_weak(struct walk *w, const Node *where);
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

/* The names of a column, or NULL. */
static const List *column_of(const Node *node)
{
	node = without_casts(node);
	return node != NULL && IsA(node, ColumnRef)
			? ((const ColumnRef *)(const void *)node)->fields
			: NULL;
}

static bool is_same_name(const Node *a, const Node *b)
{
	const char *p = walk_last_name(column_of(a)), *q = walk_last_name(column_of(b));

	return p != NULL && q != NULL && strcmp(p, q) == 0;
}

/* Names of columns as far as both have them: t.id and id are the same here. */
static bool is_same_column(const Node *a, const Node *b)
{
	const List *x = column_of(a), *y = column_of(b);

	if (!is_same_name(a, b))
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

/* Is the operator one of <among>, which has blanks between? */
static bool is_operator(const A_Expr *e, const char *among)
{
	const char *name = walk_last_name(e->name);
	const size_t len = name == NULL ? 0 : strlen(name);

	while (len > 0 && *among != '\0') {
		const size_t n = strcspn(among, " ");

		if (n == len && memcmp(among, name, len) == 0)
			return true;
		among += n + (among[n] == ' ');
	}
	return false;
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
		if (is_trivial(w, list_nth(arms, i)))
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
		if (!is_trivial(w, lfirst(cell)))
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
		return is_trivial(w, (const Node *)t->arg);
	return t->booltesttype != IS_FALSE && t->booltesttype != IS_NOT_UNKNOWN;
}

/* x IN (SELECT x FROM t) over the very table. */
static bool is_own_list(const struct walk *w, const SubLink *link)
{
	const SelectStmt *s = (const SelectStmt *)(const void *)link->subselect;
	const ResTarget *out;
	const RangeVar *from;

	if (link->subLinkType != ANY_SUBLINK || link->operName != NIL || !IsA(s, SelectStmt))
		return false;
	if (s->op != SETOP_NONE || s->whereClause != NULL || s->havingClause != NULL ||
			s->limitCount != NULL || s->limitOffset != NULL)
		return false;
	if (list_length(s->fromClause) != 1 || list_length(s->targetList) != 1)
		return false;
	out = linitial(s->targetList);
	from = linitial(s->fromClause);
	return IsA(from, RangeVar) && strcmp(from->relname, w->target->relname) == 0 &&
			is_same_name(link->testexpr, out->val);
}

static bool is_trivial(struct walk *w, const Node *where)
{
	const void *n = where;
	bool trivial = false;

	if (where == NULL || !walk_enter(w))
		return true;
	if (!reads_a_column(w, where))
		trivial = true;
	else if (IsA(where, BoolExpr))
		trivial = bool_is_trivial(w, n);
	else if (IsA(where, A_Expr))
		trivial = comparison_is_trivial(w, n);
	else if (IsA(where, BooleanTest))
		trivial = test_is_trivial(w, n);
	else if (IsA(where, TypeCast))
		trivial = is_trivial(w, ((const TypeCast *)n)->arg);
	else if (IsA(where, SubLink))
		trivial = is_own_list(w, n);
	walk_leave(w);
	return trivial;
}

/* Comparisons that leave rows out. Of two columns (a join) they may choose some. */
static bool comparison_is_weak(struct walk *w, const A_Expr *e)
{
	bool leaves_out;

	switch ((int)e->kind) {
	case AEXPR_OP:
		leaves_out = is_operator(e, "<> < > <= >= !~ !~* !~~ !~~*");
		break;
	case AEXPR_LIKE:
	case AEXPR_ILIKE:
	case AEXPR_SIMILAR:
		leaves_out = is_operator(e, "!~ !~~ !~~*");
		break;
	case AEXPR_IN:
		leaves_out = is_operator(e, "<>");
		break;
	default:
		leaves_out = e->kind == AEXPR_DISTINCT || e->kind == AEXPR_NOT_BETWEEN ||
				e->kind == AEXPR_NOT_BETWEEN_SYM;
		break;
	}
	return leaves_out && !(reads_a_column(w, e->lexpr) && reads_a_column(w, e->rexpr));
}

/* NOT, but for NOT (x IS NOT NULL) and NOT (x NOT IN (...)). NOT (x > 0) is as weak as x <= 0. */
static bool not_is_weak(struct walk *w, const Node *arg)
{
	const NullTest *t = (const NullTest *)(const void *)arg;
	const A_Expr *e = (const A_Expr *)(const void *)arg;

	if (IsA(arg, NullTest))
		return t->nulltesttype == IS_NULL;
	if (!IsA(arg, A_Expr))
		return IsA(arg, SubLink); /* x NOT IN (SELECT ...), but not NOT active */
	return is_operator(e, "< > <= >=") || !comparison_is_weak(w, e);
}

static bool bool_is_weak(struct walk *w, const BoolExpr *b)
{
	const ListCell *cell;

	if (b->boolop == NOT_EXPR)
		return not_is_weak(w, linitial(b->args));
	foreach (cell, b->args) {
		if (is_weak(w, lfirst(cell)) == (b->boolop == OR_EXPR))
			return b->boolop == OR_EXPR;
	}
	return b->boolop == AND_EXPR;
}

static bool is_weak(struct walk *w, const Node *where)
{
	const void *n = where;
	bool weak = false;

	if (where == NULL || !walk_enter(w))
		return true;
	if (is_trivial(w, where))
		weak = true;
	else if (IsA(where, BoolExpr))
		weak = bool_is_weak(w, n);
	else if (IsA(where, A_Expr))
		weak = comparison_is_weak(w, n);
	else if (IsA(where, NullTest))
		weak = ((const NullTest *)n)->nulltesttype == IS_NOT_NULL;
	walk_leave(w);
	return weak;
}

enum sql_where where_judge(struct walk *w, const Node *where)
{
	if (where == NULL)
		return SQL_WHERE_NONE;
	if (is_trivial(w, where))
		return SQL_WHERE_TRIVIAL;
	return is_weak(w, where) ? SQL_WHERE_WEAK : SQL_WHERE_PRESENT;
}
