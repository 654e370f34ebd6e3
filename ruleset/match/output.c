/* SPDX-License-Identifier: Apache-2.0
 * What a column of a result is made of, where the server names no table for it. What the statement does not
 * tell is taken for made of whatever the strictest rule is about. */
#include "ruleset/match/data_priv.h"

#define KIND(sym) (1ULL << SQL_K_##sym)

struct place {
	uint32_t i, n;
	uint32_t depth; /* sub-selects that may be looked through */
	bool fits;      /* there are as many columns as the statement says */
};

static bool is_star(const struct sql_output *o)
{
	return o->what == SQL_OUT_STAR || o->what == SQL_OUT_TABLE;
}

struct stars {
	uint32_t n, first, last;
};

static struct stars stars_of(const struct sql_facts *facts, const struct sql_arm *arm)
{
	struct stars s = { 0, arm->n, 0 };

	for (uint32_t i = 0; i < arm->n; i++) {
		if (!is_star(sql_facts_output(facts, arm, i)))
			continue;
		if (s.n++ == 0)
			s.first = i;
		s.last = i;
	}
	return s;
}

/* The outputs of <arm> that may be the column: [*ret_from, *ret_to). Behind the last star they are counted
 * from the end. */
static void outputs_at(const struct sql_facts *facts, const struct sql_arm *arm, struct place *p,
		uint32_t *ret_from, uint32_t *ret_to)
{
	const struct stars s = stars_of(facts, arm);
	const uint32_t to_end = p->n - p->i; /* 1: it is the last column */

	*ret_from = *ret_to = 0;
	if (s.n == 0 ? p->n != arm->n : p->n < arm->n - s.n) {
		p->fits = false;
	} else if (p->i < s.first) {
		*ret_from = p->i;
		*ret_to = p->i + 1;
	} else if (to_end < arm->n - s.last) {
		*ret_from = arm->n - to_end;
		*ret_to = *ret_from + 1;
	} else {
		*ret_from = s.first;
		*ret_to = s.last + 1;
	}
}

/* Of COPY table TO without a list: the catalogue knows the places. */
static void see_copied(struct data_trace *t, const struct sql_output *o, struct place *p,
		struct data_found *f)
{
	for (uint32_t k = 0; k < t->n_known; k++) {
		const struct data_known *known = &t->known[k];

		if (known->is_repeat)
			data_see_output(t, o, f);
		for (uint32_t i = 0; i < known->n && !known->is_repeat; i++) {
			const struct catalog_column *c = &t->q->catalog->columns[known->first + i];

			if (c->copy_at >= 0 && (uint32_t)c->copy_at >= p->n)
				p->fits = false;
			else if (c->copy_at >= 0 && (uint32_t)c->copy_at == p->i)
				data_see_column(t, c, f);
		}
	}
}

static void see_arms(struct data_trace *t, uint32_t arms, struct place *p, struct data_found *f);

/* The only star of a query, over a sub-select alone: its columns are that one's, in their order. False: it
 * is not so. */
static bool see_through(struct data_trace *t, const struct sql_output *star, struct place *p,
		struct data_found *f)
{
	const struct sql_item *item = sql_facts_item(t->q->facts, star->first_item);
	const struct sql_item *range = item->range == SQL_NO_RANGE
			? NULL
			: sql_facts_item(t->q->facts, (uint32_t)item->range);

	if (range == NULL || range->what != SQL_I_RANGE || range->arms == 0 || p->depth == 0)
		return false;
	p->depth--;
	see_arms(t, range->arms, p, f);
	return true;
}

static void see_star(struct data_trace *t, const struct sql_arm *arm, const struct place *p,
		struct data_found *f)
{
	const struct stars s = stars_of(t->q->facts, arm);
	const struct sql_output *o = sql_facts_output(t->q->facts, arm, s.first);
	struct place inner = { p->i - s.first, p->n - (arm->n - 1), p->depth, true };
	struct data_found here = data_nothing;

	if (s.n != 1 || !see_through(t, o, &inner, &here) || !inner.fits) {
		for (uint32_t i = s.first; i <= s.last; i++)
			data_see_output(t, sql_facts_output(t->q->facts, arm, i), f);
		return;
	}
	data_merge(t, f, &here);
}

static void see_arm(struct data_trace *t, const struct sql_arm *arm, struct place *p,
		struct data_found *f)
{
	uint32_t from, to;

	if (!data_spend(t, f))
		return;
	outputs_at(t->q->facts, arm, p, &from, &to);
	for (uint32_t i = from; i < to; i++) {
		const struct sql_output *o = sql_facts_output(t->q->facts, arm, i);

		if (o->what == SQL_OUT_TABLE)
			see_copied(t, o, p, f);
		else if (o->what != SQL_OUT_STAR)
			data_see_output(t, o, f);
		else if (i == from)
			see_star(t, arm, p, f);
	}
}

/* That of a UNION is no table's. */
static void see_arms(struct data_trace *t, uint32_t arms, struct place *p, struct data_found *f)
{
	const struct sql_arm *arm;
	uint32_t n = 0;

	for (uint32_t at = arms; at != 0; at = arm->next) {
		arm = sql_facts_arm(t->q->facts, at);
		if ((arm->flags & SQL_ARM_CTE) != 0)
			continue;
		see_arm(t, arm, p, f);
		n++;
	}
	f->is_made |= f->any && n > 1;
	p->fits &= n > 0;
}

/* What is not made of what its text says. */
static bool is_told_nowhere(const struct data_trace *t)
{
	const uint32_t flags = SQL_F_OPAQUE | SQL_F_DYNAMIC | SQL_F_UNKNOWN;

	return t->is_blind || (t->stmt->flags & flags) != 0;
}

/* A setting, and a plan, has no value of a row: unless a function is run for it, to plan with what it
 * gives back. */
static bool is_no_row(const struct data_trace *t)
{
	const uint64_t kinds = t->stmt->kinds;

	if ((kinds & KIND(EXPLAIN)) != 0)
		return (t->stmt->flags & SQL_F_SIDE_FUNCTION) == 0;
	return kinds == KIND(SHOW);
}

static bool is_as_itself(const struct data_trace *t, const struct data_found *f)
{
	return (t->stmt->kinds & KIND(COPY_TO)) != 0 && !f->is_made && !f->is_vague &&
			!f->is_marked && !f->is_unproven;
}

static void put(const struct data_trace *t, uint32_t rule, bool is_derived, struct data_output *ret)
{
	const struct model_data *d = rule == MODEL_NONE ? NULL : model_data_at(t->q->policy, rule);

	if (d == NULL || (is_derived && d->derived == MODEL_DERIVED_ALLOW))
		return;
	ret->rule = d;
	ret->is_derived = is_derived;
}

void match_output(const struct data_question *q, uint32_t i_stmt, uint32_t i, uint32_t n,
		struct data_output *ret)
{
	struct place place = { i, n, DATA_DEPTH_MAX, i < n };
	struct data_found f = data_nothing;
	struct data_trace t;

	*ret = (struct data_output){ NULL, false };
	if (!data_begin(&t, q))
		return;
	if (i_stmt >= q->facts->n_stmts) {
		put(&t, t.strict_derived, true, ret);
		return;
	}
	data_enter(&t, sql_facts_stmt(q->facts, i_stmt));
	if (is_told_nowhere(&t) || (t.stmt->kinds & KIND(EXPLAIN)) != 0)
		place.fits = false;
	if (!is_told_nowhere(&t) && is_no_row(&t))
		return;
	if (place.fits)
		see_arms(&t, t.stmt->outs, &place, &f);
	if (!place.fits)
		put(&t, t.strict_derived, true, ret);
	else if (f.any || f.is_unproven)
		put(&t, f.derived, !is_as_itself(&t, &f), ret);
}
