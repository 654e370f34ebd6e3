/* SPDX-License-Identifier: Apache-2.0
 * From a name in a statement to the masked columns that it may mean: a column of a relation, or what a
 * sub-select, a CTE, a function puts out under it. What is not certain counts as found. */
#include "ruleset/match/data_priv.h"

#include <string.h>

const struct data_found data_nothing = {
	.derived = MODEL_NONE, .predicate = MODEL_NONE, .first = MODEL_NONE
};

/* Ranges and arms that are being looked through, so that WITH RECURSIVE ends. */
struct link {
	uint32_t arms;
	unsigned int depth;
	const struct link *up;
};

/* Which of a range's columns. */
struct want {
	struct span name;
	bool all;
	uint32_t roles; /* of relations: any of them; 0: whatever it is there for */
};

const struct data_repeat data_repeats[] = {
#define ROW(schema, relation, column) { schema, relation, column },
#include "ruleset/match/repeats.tbl.h"
#undef ROW
};
const uint32_t data_n_repeats = N_OF(data_repeats);

/* Rules. */

static const struct match_context no_context = { .week_minute = -1 };

static const struct match_context *context_of(const struct data_question *q)
{
	return q->context == NULL ? &no_context : q->context;
}

static bool holds(const struct model_exception *e, const struct data_question *q)
{
	return e->when.n_conds == 0 || match_excepts(&e->when, context_of(q));
}

static bool is_in_force(const struct model_data *rule, const struct data_question *q)
{
	if (rule->column == NULL)
		return false;
	for (uint32_t i = 0; i < rule->n_unless; i++) {
		if (rule->unless[i].column == NULL && holds(&rule->unless[i], q))
			return false;
	}
	return true;
}

/* <name> against a part of "SCHEMA.TABLE.COLUMN"; what is too long for a name is none. */
static const char *part_holds(const char *part, struct span name)
{
	const size_t len = strcspn(part, ".");
	char pattern[256];

	if (len >= sizeof(pattern))
		return NULL;
	memcpy(pattern, part, len);
	pattern[len] = '\0';
	if (!model_glob(pattern, name, false))
		return NULL;
	return part + len + (part[len] == '.');
}

static bool names_column(const char *text, const struct catalog_column *c)
{
	const char *part = part_holds(text, c->schema);

	if (part != NULL)
		part = part_holds(part, c->table);
	return part != NULL && part_holds(part, c->column) != NULL;
}

static bool is_excepted(const struct model_data *rule, const struct data_question *q,
		const struct catalog_column *c)
{
	for (uint32_t i = 0; i < rule->n_unless; i++) {
		const struct model_exception *e = &rule->unless[i];

		if (e->column != NULL && names_column(e->column, c) && holds(e, q))
			return true;
	}
	return !is_in_force(rule, q);
}

static int rank_of(enum model_derived derived)
{
	static const int ranks[] = {
		[MODEL_DERIVED_ALLOW] = 1,
		[MODEL_DERIVED_REDACT] = 2,
		[MODEL_DERIVED_NULL] = 3,
		[MODEL_DERIVED_HOLD] = 4,
		[MODEL_DERIVED_DENY] = 5,
	};

	return ranks[derived];
}

static const struct model_data *rule_at(const struct data_trace *t, uint32_t rule)
{
	return rule == MODEL_NONE ? NULL : model_data_at(t->q->policy, rule);
}

static int derived_rank(const struct data_trace *t, uint32_t rule)
{
	const struct model_data *d = rule_at(t, rule);

	return d == NULL ? 0 : rank_of(d->derived);
}

static int predicate_rank(const struct data_trace *t, uint32_t rule)
{
	const struct model_data *d = rule_at(t, rule);

	return d == NULL ? 0 : 1 + (int)d->predicate;
}

void data_merge(const struct data_trace *t, struct data_found *f, const struct data_found *more)
{
	if (derived_rank(t, more->derived) > derived_rank(t, f->derived))
		f->derived = more->derived;
	if (predicate_rank(t, more->predicate) > predicate_rank(t, f->predicate))
		f->predicate = more->predicate;
	if (f->first == MODEL_NONE)
		f->first = more->first;
	f->is_vague |= more->first != MODEL_NONE && more->first != f->first;
	f->any |= more->any;
	f->is_made |= more->is_made;
	f->is_vague |= more->is_vague;
	f->is_marked |= more->is_marked;
	f->is_unproven |= more->is_unproven;
	f->may_fail |= more->may_fail;
}

static void found(const struct data_trace *t, uint32_t derived, uint32_t predicate,
		struct data_found *f)
{
	const struct data_found one = {
		.derived = derived, .predicate = predicate, .first = derived, .any = true
	};

	data_merge(t, f, &one);
}

/* What is called may give back anything. */
static void unproven(const struct data_trace *t, struct data_found *f)
{
	const struct data_found anything = { .derived = t->strict_derived,
		.predicate = MODEL_NONE,
		.first = MODEL_NONE,
		.is_made = true,
		.is_vague = true,
		.is_unproven = true };

	data_merge(t, f, &anything);
}

/* It is not looked at any further, so it has what there is. */
static void lost(const struct data_trace *t, struct data_found *f)
{
	found(t, t->strict_derived, t->strict_predicate, f);
	unproven(t, f);
	f->may_fail = true;
}

uint32_t data_strictest(const struct policy *policy)
{
	uint32_t best = MODEL_NONE, index = 0;
	int rank = 0;

	for (uint32_t i = 0; policy != NULL && i < policy->n_packs; i++) {
		for (uint32_t k = 0; k < policy->packs[i].n_data; k++, index++) {
			const struct model_data *d = &policy->packs[i].data[k];

			if (d->column == NULL || rank_of(d->derived) <= rank)
				continue;
			rank = rank_of(d->derived);
			best = index;
		}
	}
	return best;
}

bool data_begin(struct data_trace *t, const struct data_question *q)
{
	struct data_found all = data_nothing;
	uint32_t index = 0;

	*t = (struct data_trace){ .q = q, .is_blind = q->catalog == NULL };
	if (q->policy == NULL || (q->catalog != NULL && q->catalog->n == 0))
		return false;
	for (uint32_t i = 0; i < q->policy->n_packs; i++) {
		for (uint32_t k = 0; k < q->policy->packs[i].n_data; k++, index++) {
			if (is_in_force(&q->policy->packs[i].data[k], q))
				found(t, index, index, &all);
		}
	}
	t->strict_derived = all.derived;
	t->strict_predicate = all.predicate;
	return all.any;
}

/* Relations. */

static bool is_equal(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static void know(struct data_trace *t, struct data_known known)
{
	if (t->n_known == DATA_KNOWN_MAX)
		t->is_blind = true;
	else
		t->known[t->n_known++] = known;
}

/* A name without a schema may be of any. */
static bool is_relation(const struct catalog_column *c, struct span schema, struct span name)
{
	return is_equal(c->table, name) && (schema.len == 0 || is_equal(c->schema, schema));
}

static void know_catalog(struct data_trace *t, uint32_t item, struct span schema, struct span name)
{
	const struct catalog_column *all = t->q->catalog->columns;
	const uint32_t n = t->q->catalog->n;
	uint32_t i = 0, end;

	for (; i < n; i = end) {
		for (end = i + 1; end < n && all[end].oid == all[i].oid; end++)
			;
		if (is_relation(&all[i], schema, name))
			know(t, (struct data_known){ item, i, end - i, false });
	}
}

static void know_repeats(struct data_trace *t, uint32_t item, struct span schema, struct span name)
{
	for (uint32_t i = 0; i < data_n_repeats; i++) {
		const struct data_repeat *r = &data_repeats[i];

		if (schema.len > 0 && !model_glob(r->schema, schema, false))
			continue;
		if (r->relation[0] == '*' && schema.len == 0)
			continue; /* pg_toast is on no search path that one has by default */
		if (model_glob(r->relation, name, false))
			know(t, (struct data_known){ item, i, 1, true });
	}
}

void data_enter(struct data_trace *t, const struct sql_stmt *stmt)
{
	const struct sql_facts *facts = t->q->facts;

	t->stmt = stmt;
	t->n_known = 0;
	t->work = 0;
	t->is_blind = t->q->catalog == NULL;
	for (uint32_t i = stmt->first_item; i < stmt->first_item + stmt->n_items; i++) {
		const struct sql_item *item = sql_facts_item(facts, i);
		const struct span schema = sql_facts_str(facts, item->schema);
		const struct span name = sql_facts_str(facts, item->name);

		if (item->what != SQL_I_RELATION || t->is_blind)
			continue;
		know_catalog(t, i, schema, name);
		know_repeats(t, i, schema, name);
	}
}

bool data_spend(struct data_trace *t, struct data_found *f)
{
	if (t->work >= DATA_WORK_MAX) {
		lost(t, f);
		return false;
	}
	t->work++;
	return true;
}

/* Is <first> another rule of the very column, and masks all of it? Then <c>'s has nothing left to mask. */
static bool is_also_of(const struct data_trace *t, const struct catalog_column *c, uint32_t first)
{
	const struct catalog *catalog = t->q->catalog;
	const struct model_data *rule = rule_at(t, first);

	if (rule == NULL || rule->json != NULL || rule->pattern != MODEL_NONE)
		return false;
	for (; c > catalog->columns && c[-1].oid == c->oid && c[-1].attnum == c->attnum; c--) {
		if (c[-1].data == first)
			return true;
	}
	return false;
}

void data_see_column(struct data_trace *t, const struct catalog_column *c, struct data_found *f)
{
	const struct model_data *rule = model_data_at(t->q->policy, c->data);

	const bool is_again = is_also_of(t, c, f->first), was_vague = f->is_vague;

	if (rule == NULL)
		lost(t, f);
	else if (!is_excepted(rule, t->q, c)) {
		found(t, c->data, c->data, f);
		f->is_marked |= c->is_derived;
		f->is_vague = is_again ? was_vague : f->is_vague;
	}
}

static void see_known(struct data_trace *t, const struct data_known *known, const struct want *want,
		struct data_found *f)
{
	for (uint32_t i = known->first; i < known->first + known->n && data_spend(t, f); i++) {
		const struct catalog_column *c = &t->q->catalog->columns[i];

		if (known->is_repeat) {
			if (!want->all && !model_glob(data_repeats[i].column, want->name, false))
				continue;
			found(t, t->strict_derived, t->strict_predicate, f);
			f->is_marked = true;
		} else if (want->all || is_equal(c->column, want->name)) {
			data_see_column(t, c, f);
		}
	}
}

static void see_relation(
		struct data_trace *t, uint32_t index, const struct want *want, struct data_found *f)
{
	const struct sql_item *item = sql_facts_item(t->q->facts, index);
	struct data_found here = data_nothing;
	struct want all = *want;

	if (want->roles != 0 && (item->roles & want->roles) == 0)
		return;
	if ((item->flags & SQL_IF_RENAMED) != 0)
		all.all = true;
	for (uint32_t i = 0; i < t->n_known; i++) {
		if (t->known[i].item == index)
			see_known(t, &t->known[i], &all, &here);
	}
	here.is_vague |= here.any && all.all;
	data_merge(t, f, &here);
}

/* Ranges. */

static void see_range(struct data_trace *t, uint32_t index, const struct want *want,
		const struct link *up, struct data_found *f);

static bool is_range(const struct sql_item *item)
{
	return item->what == SQL_I_RELATION || (item->what == SQL_I_RANGE && item->arms != 0);
}

/* All ranges of the statement, or those of one query. What a JOIN is called adds none. */
static void see_ranges(struct data_trace *t, const struct sql_item *of, const struct want *want,
		const struct link *up, struct data_found *f)
{
	const uint32_t end = t->stmt->first_item + t->stmt->n_items;

	for (uint32_t i = t->stmt->first_item; i < end && data_spend(t, f); i++) {
		const struct sql_item *item = sql_facts_item(t->q->facts, i);

		if (is_range(item) && (of == NULL || item->scope == of->scope))
			see_range(t, i, want, up, f);
	}
}

static bool is_excluded(const struct data_trace *t, const struct sql_item *item)
{
	static const char excluded[] = "excluded"; /* of ON CONFLICT: what is inserted */
	const struct span q = sql_facts_str(t->q->facts, item->qualifier);

	return (t->stmt->kinds & 1ULL << SQL_K_INSERT) != 0 && item->schema.len == 0 &&
			is_equal(q,
					(struct span){ (const uint8_t *)excluded,
							sizeof(excluded) - 1 });
}

/* What ALTER and CREATE name is of the relation that they are about. */
static uint32_t relations_of(const struct sql_item *item)
{
	return (item->roles & SQL_COL_DDL) != 0 ? (uint32_t)SQL_R_ALTER : 0U;
}

static bool has_name(
		const struct data_trace *t, const struct sql_output *o, const struct want *want)
{
	return o->name.len > 0 && is_equal(sql_facts_str(t->q->facts, o->name), want->name);
}

/* Where the arm that names the columns of a UNION has the name; its number of outputs: not there. */
static uint32_t place_of(struct data_trace *t, const struct sql_arm *arm, const struct want *want)
{
	uint32_t i = 0;

	while (i < arm->n && !has_name(t, sql_facts_output(t->q->facts, arm, i), want))
		i++;
	return want->all ? arm->n : i;
}

/* Arms that were walked first are the last of the chain. */
static const struct sql_arm *naming_arm(
		struct data_trace *t, uint32_t arms, uint32_t *ret_n, bool *ret_renamed)
{
	const struct sql_arm *arm = NULL;

	for (uint32_t at = arms; at != 0; at = arm->next) {
		arm = sql_facts_arm(t->q->facts, at);
		*ret_n += (arm->flags & SQL_ARM_CTE) == 0;
		*ret_renamed |= (arm->flags & SQL_ARM_RENAMED) != 0;
	}
	return arm;
}

/* For certain, and it is no other's. */
static bool has_column(struct data_trace *t, const struct sql_item *range, const struct want *want)
{
	bool is_renamed = (range->flags & SQL_IF_RENAMED) != 0;
	const struct sql_arm *arm = NULL;
	uint32_t n = 0;

	if (range->arms != 0)
		arm = naming_arm(t, range->arms, &n, &is_renamed);
	return n > 0 && !is_renamed && place_of(t, arm, want) < arm->n;
}

/* The innermost query that has a column of that name is the one that is meant: known of sub-selects. */
static bool see_own(struct data_trace *t, const struct sql_item *of, const struct want *want,
		const struct link *up, struct data_found *f)
{
	const uint32_t end = t->stmt->first_item + t->stmt->n_items;

	for (uint32_t i = t->stmt->first_item; i < end && data_spend(t, f); i++) {
		const struct sql_item *item = sql_facts_item(t->q->facts, i);

		if (item->what != SQL_I_RANGE || item->scope != of->scope ||
				!has_column(t, item, want))
			continue;
		see_range(t, i, want, up, f);
		return true;
	}
	return false;
}

static void see_name(struct data_trace *t, const struct sql_item *item, const struct link *up,
		struct data_found *f)
{
	struct want want = { .name = sql_facts_str(t->q->facts, item->name) };
	const bool is_row = (item->roles & SQL_COL_WHOLE_ROW) != 0 ||
			(item->qualifier.len > 0 && data_call_takes_row(want.name));
	struct data_found here = data_nothing;

	want.all = is_row;
	if (item->range == SQL_NO_RANGE && is_excluded(t, item))
		return;
	want.roles = item->range == SQL_NO_RANGE ? relations_of(item) : 0;
	if (item->range != SQL_NO_RANGE)
		see_range(t, (uint32_t)item->range, &want, up, &here);
	else if (is_row || item->qualifier.len > 0 || !see_own(t, item, &want, up, &here))
		see_ranges(t, NULL, &want, up, &here);
	here.is_made |= here.any && is_row;
	data_merge(t, f, &here);
}

/* <want> NULL: all of it; else which of its columns. */
static void see_star(struct data_trace *t, const struct sql_item *item, const struct want *want,
		const struct link *up, struct data_found *f)
{
	static const struct want everything = { .all = true };

	if (want == NULL)
		want = &everything;
	if (item->range != SQL_NO_RANGE)
		see_range(t, (uint32_t)item->range, want, up, f);
	else
		see_ranges(t, item->qualifier.len > 0 ? NULL : item, want, up, f);
}

static void see_item(struct data_trace *t, const struct sql_item *item, const struct link *up,
		struct data_found *f)
{
	if (!data_spend(t, f))
		return;
	if (item->what == SQL_I_COLUMN)
		see_name(t, item, up, f);
	else if (item->what == SQL_I_STAR)
		see_star(t, item, NULL, up, f);
}

/* A count tells of nulls alone; but how many nulls there are in what an expression made tells of what it
 * was made from. */
static bool is_only_counted(
		struct data_trace *t, const struct sql_item *item, const struct link *up)
{
	struct data_found f = data_nothing;

	if ((item->roles & SQL_COL_EXISTS) != 0 && (item->roles & SQL_COL_EXPR) == 0)
		return true;
	if ((item->roles & SQL_COL_COUNTED) == 0)
		return false;
	if ((item->roles & SQL_COL_WHOLE_ROW) != 0)
		return true;
	see_item(t, item, up, &f);
	return !f.is_made && !f.is_unproven && !f.is_marked;
}

static bool is_unproven(const struct data_trace *t, const struct sql_item *item)
{
	if ((item->flags & SQL_IF_SIDE) == 0)
		return false;
	if (item->what == SQL_I_FUNCTION)
		return !data_call_is_closed(sql_facts_str(t->q->facts, item->name));
	return (item->flags & SQL_IF_CONST) == 0;
}

static void see_expression(struct data_trace *t, const struct sql_output *o, const struct link *up,
		struct data_found *f)
{
	struct data_found here = data_nothing;

	for (uint32_t i = 0; i < o->n_items && data_spend(t, &here); i++) {
		const struct sql_item *item = sql_facts_item(t->q->facts, o->first_item + i);

		if (is_unproven(t, item))
			unproven(t, &here);
		if (!is_only_counted(t, item, up))
			see_item(t, item, up, &here);
	}
	here.is_made |= here.any;
	here.may_fail |= o->may_fail;
	data_merge(t, f, &here);
}

static void see_output(struct data_trace *t, const struct sql_output *o, const struct want *want,
		const struct link *up, struct data_found *f)
{
	switch ((enum sql_output_what)o->what) {
	case SQL_OUT_COLUMN:
		see_item(t, sql_facts_item(t->q->facts, o->first_item), up, f);
		break;
	case SQL_OUT_STAR:
	case SQL_OUT_TABLE:
		if (data_spend(t, f))
			see_star(t, sql_facts_item(t->q->facts, o->first_item), want, up, f);
		break;
	case SQL_OUT_EXPR:
	case SQL_OUT_MAX:
		see_expression(t, o, up, f);
		break;
	}
}

/* The outputs that are called so; if there is none, those that may be. */
static void see_arm(struct data_trace *t, const struct sql_arm *arm, const struct want *want,
		const struct link *up, struct data_found *f)
{
	const struct want *of_star = want->all ? NULL : want;
	bool is_there = want->all;

	for (uint32_t i = 0; i < arm->n && !is_there && data_spend(t, f); i++)
		is_there = has_name(t, sql_facts_output(t->q->facts, arm, i), want);
	for (uint32_t i = 0; i < arm->n && data_spend(t, f); i++) {
		const struct sql_output *o = sql_facts_output(t->q->facts, arm, i);

		if (want->all || (is_there ? has_name(t, o, want) : o->name.len == 0))
			see_output(t, o, of_star, up, f);
	}
}

/* The outputs at <place> of an arm; when a star stands before it, any. */
static void see_place(struct data_trace *t, const struct sql_arm *arm, uint32_t place,
		const struct link *up, struct data_found *f)
{
	static const struct want everything = { .all = true };

	for (uint32_t i = 0; i <= place && i < arm->n; i++) {
		const struct sql_output *o = sql_facts_output(t->q->facts, arm, i);

		if (o->what == SQL_OUT_STAR || o->what == SQL_OUT_TABLE)
			break;
		if (i == place) {
			see_output(t, o, NULL, up, f);
			return;
		}
	}
	see_arm(t, arm, &everything, up, f);
}

static void see_arms(struct data_trace *t, const struct want *want, const struct link *up,
		struct data_found *f)
{
	struct data_found here = data_nothing;
	struct want any = { want->name, want->all, 0 };
	uint32_t n = 0, place;
	const struct sql_arm *arm = naming_arm(t, up->arms, &n, &any.all);

	place = place_of(t, arm, &any);
	any.all |= place == arm->n && n > 1;
	for (uint32_t at = up->arms; at != 0 && data_spend(t, &here); at = arm->next) {
		arm = sql_facts_arm(t->q->facts, at);
		if (n > 1 && !any.all)
			see_place(t, arm, place, up, &here);
		else
			see_arm(t, arm, &any, up, &here);
	}
	here.is_made |= here.any && n > 1;
	here.is_vague |= here.any;
	data_merge(t, f, &here);
}

static bool is_open(uint32_t arms, const struct link *up)
{
	for (; up != NULL; up = up->up) {
		if (up->arms == arms)
			return true;
	}
	return false;
}

static void see_range(struct data_trace *t, uint32_t index, const struct want *want,
		const struct link *up, struct data_found *f)
{
	const struct sql_item *item = sql_facts_item(t->q->facts, index);
	const struct link here = { item->arms, up == NULL ? 1 : up->depth + 1, up };
	struct want all = *want;

	if (item->what == SQL_I_RELATION) {
		see_relation(t, index, want, f);
		return;
	}
	all.all |= (item->flags & SQL_IF_RENAMED) != 0;
	if (item->arms == 0)
		see_ranges(t, NULL, &all, up, f);
	else if (here.depth > DATA_DEPTH_MAX)
		lost(t, f);
	else if (!is_open(item->arms, up))
		see_arms(t, &all, &here, f);
}

void data_see_item(struct data_trace *t, const struct sql_item *item, struct data_found *f)
{
	see_item(t, item, NULL, f);
}

bool data_is_read(struct data_trace *t, const struct sql_item *item, struct data_found *f)
{
	if (item->what != SQL_I_COLUMN && item->what != SQL_I_STAR)
		return false;
	if (is_only_counted(t, item, NULL))
		return false;
	see_item(t, item, NULL, f);
	return f->any;
}

void data_see_output(struct data_trace *t, const struct sql_output *o, struct data_found *f)
{
	see_output(t, o, NULL, NULL, f);
}
