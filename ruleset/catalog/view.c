/* SPDX-License-Identifier: Apache-2.0
 * Columns of a view over columns under rules. The server says which columns it is over, its definition how they come
 * to be what it puts out. */
#include "parsers/base/must.h"
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

enum { WORK_MAX = 1 << 20, DEPTH_MAX = 16 };

/* An output of a query within the definition. */
struct place {
	uint32_t arms, i;
};

/* A view while it is looked at, and the column under a rule that is looked for in its definition. */
struct look {
	struct build *b;
	const struct view *view;
	const struct sql_facts *facts; /* NULL: its definition is not understood */
	uint32_t first, n;             /* its outputs */
	uint32_t seen;                 /* a sum over the columns under rules that it is over */
	bool is_summing;               /* that alone */
	uint32_t work;                 /* items that were looked at */
	const struct catalog_column *column;
	bool is_named;     /* the view names it; else it may have it by a whole row */
	bool is_found;     /* in the definition, as what the server says */
	bool is_mentioned; /* somewhere, so what is not to be told is derived */
	struct place path[DEPTH_MAX + 1]; /* to what is looked at */
	uint32_t n_path;
	bool is_recursive; /* came back to a place of it */
};

/* The definition as facts, or NULL. pg_get_viewdef() writes a string with a backslash as E'...', so
 * settings of strings do not matter. */
static const struct sql_facts *facts_of(const struct build *b, const struct view *v)
{
	const struct sql_job job = { .text = v->definition,
		.settings = { b->source->settings.encoding, true },
		.limits = b->source->limits };
	const struct sql_facts *facts = NULL;

	if (v->definition.ptr == NULL || sql_facts_of(&job, b->facts, &facts) != SQL_OK)
		return NULL;
	if (facts->n_stmts != 1 || sql_facts_stmt(facts, 0)->outs == 0 ||
			(sql_facts_stmt(facts, 0)->flags & (SQL_F_UNKNOWN | SQL_F_OPAQUE)) != 0)
		return NULL;
	return facts;
}

static enum taint worst(enum taint a, enum taint b)
{
	return a > b ? a : b;
}

static enum taint not_to_be_told(const struct look *l)
{
	return l->is_mentioned ? TAINT_DERIVED : TAINT_NONE;
}

static bool is_whole(const struct sql_item *item)
{
	return item->what == SQL_I_STAR || (item->roles & SQL_COL_WHOLE_ROW) != 0;
}

/* Is it the table, view, ... that the column is of? */
static bool is_its_relation(const struct look *l, const struct sql_item *range)
{
	return range->what == SQL_I_RELATION &&
			is_same(sql_facts_str(l->facts, range->name), l->column->table) &&
			(range->schema.len == 0 ||
					is_same(sql_facts_str(l->facts, range->schema),
							l->column->schema));
}

static enum taint of_arms(struct look *l, uint32_t arms, const struct sql_item *item, int depth);

/* What <item>, of a range, has of the column. */
static enum taint of_range(struct look *l, const struct sql_item *range,
		const struct sql_item *item, int depth)
{
	if (range->arms != 0)
		return (range->flags & SQL_IF_RENAMED) != 0 ? not_to_be_told(l)
							    : of_arms(l, range->arms, item, depth);
	if (range->what != SQL_I_RELATION)
		return not_to_be_told(l);
	if (!is_its_relation(l, range))
		return TAINT_NONE;
	if (is_whole(item) || (range->flags & SQL_IF_RENAMED) != 0)
		return TAINT_DERIVED;
	return l->is_named && is_same(sql_facts_str(l->facts, item->name), l->column->column)
			? TAINT_PLAIN
			: TAINT_NONE;
}

/* A column or a star. Without a range any of the definition may be meant. */
static enum taint of_item(struct look *l, const struct sql_item *item, int depth)
{
	enum taint t = TAINT_NONE;

	if (item->what != SQL_I_COLUMN && item->what != SQL_I_STAR)
		return TAINT_NONE;
	if (item->range != SQL_NO_RANGE)
		return of_range(l, sql_facts_item(l->facts, (uint32_t)item->range), item, depth);
	for (uint32_t i = 0; i < l->facts->n_items && t != TAINT_DERIVED; i++) {
		const struct sql_item *range = sql_facts_item(l->facts, i);

		if (l->work++ >= WORK_MAX)
			return TAINT_DERIVED;
		if (range->what == SQL_I_RELATION || range->what == SQL_I_RANGE)
			t = worst(t, of_range(l, range, item, depth));
	}
	return t;
}

/* Made of all its items, if it is not one column as itself. */
static enum taint of_output(struct look *l, const struct sql_output *out, int depth)
{
	enum taint t = TAINT_NONE;

	for (uint32_t i = 0; i < out->n_items && t != TAINT_DERIVED; i++) {
		if (l->work++ >= WORK_MAX)
			return TAINT_DERIVED;
		t = worst(t, of_item(l, sql_facts_item(l->facts, out->first_item + i), depth));
	}
	return t == TAINT_NONE || out->what == SQL_OUT_COLUMN ? t : TAINT_DERIVED;
}

/* May it be what <item> names? */
static bool may_be(const struct look *l, const struct sql_output *out, const struct sql_item *item)
{
	return is_whole(item) || out->name.len == 0 || out->what == SQL_OUT_STAR ||
			is_same(sql_facts_str(l->facts, out->name),
					sql_facts_str(l->facts, item->name));
}

/* Output <i> of all arms of a query. */
static enum taint of_each_arm(struct look *l, uint32_t arms, uint32_t i, int depth)
{
	enum taint t = TAINT_NONE;

	for (uint32_t at = arms; at != 0 && t != TAINT_DERIVED;
			at = sql_facts_arm(l->facts, at)->next) {
		const struct sql_arm *arm = sql_facts_arm(l->facts, at);

		for (uint32_t k = 0; k <= i && k < arm->n; k++) {
			if (sql_facts_output(l->facts, arm, k)->what >= SQL_OUT_STAR)
				return not_to_be_told(l); /* the server counts otherwise */
		}
		t = i < arm->n ? worst(t, of_output(l, sql_facts_output(l->facts, arm, i), depth))
			       : not_to_be_told(l);
	}
	return t;
}

/* The same; WITH RECURSIVE comes back to where it was, and adds nothing to what is found there, but that an
 * expression may be on the way. */
static enum taint of_place(struct look *l, uint32_t arms, uint32_t i, int depth)
{
	enum taint t;

	for (uint32_t k = 0; k < l->n_path; k++) {
		if (l->path[k].arms == arms && l->path[k].i == i) {
			l->is_recursive = true;
			return TAINT_NONE;
		}
	}
	must(l->n_path <= DEPTH_MAX);
	l->path[l->n_path++] = (struct place){ arms, i };
	t = of_each_arm(l, arms, i, depth);
	l->n_path--;
	return t;
}

/* What one of its arms calls as <item> does. The leftmost arm gives the names; others add to what may be meant. */
static enum taint of_names(
		struct look *l, uint32_t arms, uint32_t at, const struct sql_item *item, int depth)
{
	const struct sql_arm *arm = sql_facts_arm(l->facts, at);
	enum taint t = TAINT_NONE;

	for (uint32_t i = 0; i < arm->n && t != TAINT_DERIVED; i++) {
		if (may_be(l, sql_facts_output(l->facts, arm, i), item))
			t = worst(t, of_place(l, arms, i, depth + 1));
	}
	return t;
}

/* What a sub-select or a CTE puts out under the name of <item>. */
static enum taint of_arms(struct look *l, uint32_t arms, const struct sql_item *item, int depth)
{
	const struct sql_arm *first = sql_facts_arm(l->facts, arms);
	enum taint t = TAINT_NONE;

	if (depth == DEPTH_MAX || l->work++ >= WORK_MAX || (first->flags & SQL_ARM_RENAMED) != 0)
		return not_to_be_told(l);
	if ((first->flags & SQL_ARM_CTE) != 0)
		return first->next == 0 ? not_to_be_told(l)
					: of_arms(l, first->next, item, depth + 1);
	for (uint32_t at = arms; at != 0; at = sql_facts_arm(l->facts, at)->next)
		t = worst(t, of_names(l, arms, at, item, depth));
	return t == TAINT_PLAIN && is_whole(item) ? TAINT_DERIVED : t;
}

/* Is the column named anywhere, or may a whole row have it? What the server says the view is over, and the
 * definition does not name, may be anywhere. */
static bool mentions(struct look *l)
{
	if (l->is_named)
		return true;
	for (uint32_t i = 0; i < l->facts->n_items; i++) {
		const struct sql_item *item = sql_facts_item(l->facts, i);

		if ((item->what == SQL_I_COLUMN || item->what == SQL_I_STAR) && is_whole(item))
			return true;
	}
	return false;
}

/* Has the definition its relation, and its name if it is named? Else they are not what we take them for. */
static bool is_found(const struct look *l)
{
	bool has_relation = false, has_name = !l->is_named;

	for (uint32_t i = 0; i < l->facts->n_items; i++) {
		const struct sql_item *item = sql_facts_item(l->facts, i);

		has_relation |= is_its_relation(l, item);
		has_name |= item->what == SQL_I_COLUMN &&
				is_same(sql_facts_str(l->facts, item->name), l->column->column);
	}
	return has_relation && has_name;
}

/* What output <i> of the view is to the column that is looked for. */
static enum taint taint_of(struct look *l, uint32_t i)
{
	enum taint t;

	if (l->facts == NULL || l->work >= WORK_MAX || !l->is_found)
		return TAINT_DERIVED;
	if (!l->is_mentioned)
		return TAINT_NONE;
	l->is_recursive = false;
	t = of_place(l, sql_facts_stmt(l->facts, 0)->outs, i, 0);
	return t == TAINT_PLAIN && l->is_recursive ? TAINT_DERIVED : t;
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

/* One column under a rule: to each output, by its place, since a view has no dropped columns. */
static int judge_column(struct look *l, uint32_t at, bool is_named)
{
	const struct catalog_column c = l->b->entries[at].column;
	int rc = 0;

	l->column = &c;
	l->is_named = is_named;
	l->is_mentioned = l->facts == NULL || mentions(l);
	l->is_found = l->facts != NULL && is_found(l);
	for (uint32_t i = 0; i < l->n && rc == 0; i++) {
		const struct output *o = &l->b->outputs[l->first + i];

		rc = add_output(l, o, &c, taint_of(l, (uint32_t)o->attnum - 1));
	}
	l->column = NULL;
	return rc;
}

static int judge_place(struct look *l, uint32_t oid, int16_t attnum, bool is_named)
{
	int rc = 0;

	for (uint32_t at = build_find(l->b, oid, attnum); at != MODEL_NONE && rc == 0;
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
