/* SPDX-License-Identifier: Apache-2.0
 * Columns of a view over columns under rules. The server says which columns it is over, its definition how they come
 * to be what it puts out. */
#include "ruleset/catalog/catalog_priv.h"

#include <string.h>

static bool is_same(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* The first of what is sorted by the oid of its view that is not before <oid>. */
static uint32_t first_output(const struct build *b, uint32_t oid)
{
	uint32_t from = 0, to = b->counts.outputs;

	while (from < to) {
		const uint32_t middle = from + (to - from) / 2;

		if (b->outputs[middle].oid < oid)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static uint32_t first_depend(const struct build *b, uint32_t view)
{
	uint32_t from = 0, to = b->counts.depends;

	while (from < to) {
		const uint32_t middle = from + (to - from) / 2;

		if (b->depends[middle].view < view)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* A view while it is looked at. */
struct look {
	struct build *b;
	const struct view *view;
	const struct sql_facts *facts; /* NULL: its definition is not understood */
	uint32_t first, n;             /* its outputs */
	uint32_t seen;                 /* columns under rules that it is over */
	bool is_summing;               /* that alone */
};

/* The definition as facts, or NULL. pg_get_viewdef() writes a string with a backslash as E'...', so settings of
 * strings do not matter. */
static const struct sql_facts *facts_of(const struct build *b, const struct view *v)
{
	const struct sql_job job = { .text = v->definition,
		.settings = { b->source->settings.encoding, true },
		.limits = b->source->limits };
	const struct sql_facts *facts = NULL;

	if (v->definition.ptr == NULL || sql_facts_of(&job, b->facts, &facts) != SQL_OK)
		return NULL;
	if (facts->n_stmts != 1 ||
			(sql_facts_stmt(facts, 0)->flags & (SQL_F_UNKNOWN | SQL_F_OPAQUE)) != 0)
		return NULL;
	return facts;
}

/* May an item that names a column mean <c>? Its range tells, if it is a relation. */
static bool may_mean(
		const struct look *l, const struct sql_item *item, const struct catalog_column *c)
{
	const struct sql_item *range;

	if (item->what != SQL_I_COLUMN || !is_same(sql_facts_str(l->facts, item->name), c->column))
		return false;
	if (item->range == SQL_NO_RANGE)
		return true;
	range = sql_facts_item(l->facts, (uint32_t)item->range);
	return range->what != SQL_I_RELATION ||
			is_same(sql_facts_str(l->facts, range->name), c->table);
}

static bool is_whole(const struct sql_item *item)
{
	return item->what == SQL_I_STAR ||
			(item->what == SQL_I_COLUMN && (item->roles & SQL_COL_WHOLE_ROW) != 0);
}

/* What of a definition is about one column. */
struct mention {
	bool is_plain; /* an output is it, as itself */
	bool is_other; /* it stands where it may become part of any output */
	bool is_whole; /* all columns of a relation at once */
	bool is_compared;
};

static void note(const struct sql_item *item, struct mention *m)
{
	const uint32_t places = item->roles & ~(uint32_t)SQL_COL_PREDICATE;

	if (places == SQL_COL_OUT)
		m->is_plain = true;
	else if (places != 0 && places != SQL_COL_EXPR)
		m->is_other = true;
	else
		m->is_compared = true;
}

static struct mention mention_of(const struct look *l, const struct catalog_column *c)
{
	struct mention m = { 0 };
	int32_t scope = -1;

	for (uint32_t i = 0; i < l->facts->n_items; i++) {
		const struct sql_item *item = sql_facts_item(l->facts, i);

		m.is_whole |= is_whole(item);
		if (may_mean(l, item, c))
			note(item, &m);
		if ((item->roles & SQL_COL_OUT) == 0)
			continue;
		m.is_other |= scope >= 0 && scope != item->scope; /* arms of a UNION */
		scope = item->scope;
	}
	return m;
}

/* The definition names its outputs as the view does. */
static bool is_output(const struct look *l, const struct output *o, const struct catalog_column *c)
{
	for (uint32_t i = 0; i < l->facts->n_items; i++) {
		const struct sql_item *item = sql_facts_item(l->facts, i);
		const struct sql_str as = item->alias.len > 0 ? item->alias : item->name;

		if ((item->roles & SQL_COL_OUT) != 0 && may_mean(l, item, c) &&
				is_same(sql_facts_str(l->facts, as), o->name))
			return true;
	}
	return false;
}

/* What output <o> is to column <c>, which the view names, or may have by its row as a whole. */
static enum taint taint_of(const struct look *l, const struct output *o,
		const struct catalog_column *c, bool is_named)
{
	struct mention m;

	if (l->facts == NULL)
		return TAINT_DERIVED;
	m = mention_of(l, c);
	if (m.is_whole)
		return TAINT_DERIVED;
	if (!is_named)
		return TAINT_NONE;
	if (m.is_other || (!m.is_plain && !m.is_compared))
		return TAINT_DERIVED;
	return m.is_plain && is_output(l, o, c) ? TAINT_PLAIN : TAINT_NONE;
}

static int add_output(const struct look *l, const struct output *o, const struct catalog_column *c,
		enum taint taint)
{
	const struct catalog_column column = { .oid = o->oid,
		.attnum = o->attnum,
		.copy_at = o->copy_at,
		.data = c->data,
		.is_derived = taint == TAINT_DERIVED || c->is_derived,
		.schema = o->schema,
		.table = o->table,
		.column = o->name };

	return taint == TAINT_NONE ? 0 : build_add(l->b, &column);
}

/* One column under a rule: to each output. Entries may move their chains, not their places. */
static int judge_column(struct look *l, uint32_t at, bool is_named)
{
	const struct catalog_column c = l->b->entries[at].column;
	int rc = 0;

	for (uint32_t i = 0; i < l->n && rc == 0; i++) {
		const struct output *o = &l->b->outputs[l->first + i];

		rc = add_output(l, o, &c, taint_of(l, o, &c, is_named));
	}
	return rc;
}

static int judge_place(struct look *l, uint32_t oid, int16_t attnum, bool is_named)
{
	int rc = 0;

	for (uint32_t at = build_find(l->b, oid, attnum); at != CATALOG_NONE && rc == 0;
			at = build_next(l->b, at)) {
		l->seen = l->seen * 31 + 2 * at + l->b->entries[at].column.is_derived + 1;
		if (!l->is_summing)
			rc = judge_column(l, at, is_named);
	}
	return rc;
}

/* A view is over a relation as a whole, and over the columns that it names. */
static int judge_depend(struct look *l, const struct depend *d)
{
	int rc = 0;

	if (d->attnum != 0)
		return judge_place(l, d->oid, d->attnum, true);
	for (int16_t attnum = 1; attnum <= l->b->max_attnum && rc == 0; attnum++)
		rc = judge_place(l, d->oid, attnum, false);
	return rc;
}

static int judge_depends(struct look *l)
{
	const struct build *b = l->b;
	int rc = 0;

	l->seen = 0;
	for (uint32_t i = first_depend(b, l->view->oid);
			i < b->counts.depends && b->depends[i].view == l->view->oid && rc == 0; i++)
		rc = judge_depend(l, &b->depends[i]);
	return rc;
}

int view_judge(struct build *b, struct view *v)
{
	struct look l = { .b = b, .view = v, .is_summing = true };
	int rc;

	l.first = first_output(b, v->oid);
	while (l.first + l.n < b->counts.outputs && b->outputs[l.first + l.n].oid == v->oid)
		l.n++;
	judge_depends(&l);
	if (l.seen == v->seen)
		return 0; /* it was judged by these */
	l.is_summing = false;
	l.facts = facts_of(b, v);
	rc = judge_depends(&l);
	v->seen = l.seen;
	return rc;
}
