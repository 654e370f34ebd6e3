/* SPDX-License-Identifier: Apache-2.0
 * The verdict on what a statement does with masked columns: compares, stores, may fail by, puts out what is
 * made of them. */
#include "ruleset/match/data_priv.h"

#define KIND(sym) (1ULL << SQL_K_##sym)

struct judging {
	struct data_trace trace;
	struct data_verdict *ret;
};

static bool has_kind(const struct sql_stmt *s, uint64_t kinds)
{
	return (s->kinds & kinds) != 0;
}

/* It is not run, nor will be what it shows: EXPLAIN alone. */
static bool is_planned(const struct sql_stmt *s)
{
	return has_kind(s, KIND(EXPLAIN)) && !has_kind(s, KIND(EXPLAIN_ANALYZE));
}

static void say(struct judging *j, enum verdict verdict, enum data_use use, uint32_t rule)
{
	const struct policy *policy = j->trace.q->policy;

	if (rule == MODEL_NONE || verdict <= j->ret->verdict)
		return;
	j->ret->verdict = verdict;
	j->ret->use = use;
	j->ret->rule = model_data_at(policy, rule);
	j->ret->pack = model_data_pack(policy, rule)->name;
}

static enum verdict predicate_of(const struct judging *j, uint32_t rule)
{
	return rule == MODEL_NONE ? VERDICT_ALLOW
				  : model_data_at(j->trace.q->policy, rule)->predicate;
}

static void say_compared(struct judging *j, const struct data_found *f)
{
	if (f->any)
		say(j, predicate_of(j, f->predicate), DATA_PREDICATE, f->predicate);
}

/* Where it is not masked any more: a rule that lets it be compared does not let it go. */
static void say_gone(struct judging *j, enum data_use use, uint32_t rule)
{
	const enum verdict verdict = predicate_of(j, rule);

	say(j, verdict < VERDICT_HOLD ? VERDICT_HOLD : verdict, use, rule);
}

static void say_derived(struct judging *j, const struct data_found *f)
{
	const struct model_data *rule;

	if (f->derived == MODEL_NONE || !(f->is_made || f->is_marked || f->is_unproven))
		return;
	rule = model_data_at(j->trace.q->policy, f->derived);
	if (rule->derived == MODEL_DERIVED_DENY)
		say(j, VERDICT_DENY, DATA_DERIVED, f->derived);
	else if (rule->derived == MODEL_DERIVED_HOLD)
		say(j, VERDICT_HOLD, DATA_DERIVED, f->derived);
}

/* What cannot be told of the whole statement. */

static bool calls_what_reads_any(const struct data_trace *t, const struct sql_stmt *s)
{
	for (uint32_t i = 0; i < s->n_items; i++) {
		const struct sql_item *item = sql_facts_item(t->q->facts, s->first_item + i);

		if (item->what == SQL_I_FUNCTION &&
				data_call_reads_any(sql_facts_str(t->q->facts, item->name)))
			return true;
	}
	return false;
}

/* A trigger copies what it likes, and nobody reads it here; a partition or child shows its rows under the
 * name of another table, and a table that is called otherwise is in no rule. */
static bool changes_a_known(const struct data_trace *t, const struct sql_stmt *s)
{
	const bool has_trigger = (s->objects & 1U << SQL_O_TRIGGER) != 0;
	uint32_t n_relations = 0;

	if (t->n_known == 0 || !has_kind(s, KIND(ALTER) | KIND(CREATE)))
		return false;
	if (has_trigger || has_kind(s, KIND(RENAME)))
		return true;
	for (uint32_t i = 0; i < s->n_items; i++) {
		const struct sql_item *item = sql_facts_item(t->q->facts, s->first_item + i);

		n_relations += item->what == SQL_I_RELATION && (item->roles & SQL_R_ALTER) != 0;
	}
	return has_kind(s, KIND(ALTER)) && n_relations > 1;
}

static bool is_unproven(const struct data_trace *t, const struct sql_stmt *s)
{
	if (t->is_blind || (s->flags & (SQL_F_OPAQUE | SQL_F_UNKNOWN)) != 0)
		return true;
	if ((s->flags & SQL_F_DYNAMIC) != 0 && has_kind(s, KIND(CREATE_AS)))
		return true;
	return !is_planned(s) && (calls_what_reads_any(t, s) || changes_a_known(t, s));
}

/* Items. */

static bool is_compared(const struct sql_item *item)
{
	return (item->roles & (SQL_COL_PREDICATE | SQL_COL_FROM)) != 0;
}

/* CREATE of what runs later stores whatever it reads; ALTER and CREATE copy columns, check them, and show
 * in an error what does not fit. */
static bool is_stored(const struct sql_stmt *s, const struct sql_item *item)
{
	const uint32_t out = SQL_COL_OUT | SQL_COL_SUB;

	if (is_planned(s) || has_kind(s, KIND(GRANT) | KIND(REVOKE)))
		return false;
	if ((item->roles & (SQL_COL_STORED | SQL_COL_ARG | SQL_COL_SIDE | SQL_COL_DDL)) != 0)
		return true;
	if (has_kind(s, KIND(CREATE)) && s->inner_kinds != 0)
		return true;
	return has_kind(s, KIND(COPY_FILE) | KIND(COPY_PROGRAM)) && has_kind(s, KIND(COPY_TO)) &&
			(item->roles & out) != 0;
}

static void judge_item(struct judging *j, const struct sql_item *item)
{
	const struct sql_stmt *s = j->trace.stmt;
	const bool compared = is_compared(item), stored = is_stored(s, item);
	struct data_found f = data_nothing;

	if ((!compared && !stored) || !data_is_read(&j->trace, item, &f))
		return;
	if (compared)
		say_compared(j, &f);
	if (stored)
		say_gone(j, DATA_STORED, f.predicate);
}

/* NATURAL JOIN compares columns of the same name, and which there are is not known here. */
static void judge_natural(struct judging *j)
{
	static const struct sql_item any = {
		.what = SQL_I_STAR, .range = SQL_NO_RANGE, .qualifier = { 0, 1 }
	}; /* never read: only that there is one */
	struct data_found f = data_nothing;

	if ((j->trace.stmt->flags & SQL_F_NATURAL) == 0)
		return;
	data_see_item(&j->trace, &any, &f);
	say_compared(j, &f);
}

/* Outputs. */

/* Rows of a query with each other; and what is made of a masked column where an error would tell of it. */
static void judge_arm(struct judging *j, const struct sql_arm *arm)
{
	for (uint32_t i = 0; i < arm->n; i++) {
		const struct sql_output *o = sql_facts_output(j->trace.q->facts, arm, i);
		struct data_found f = data_nothing;

		data_see_output(&j->trace, o, &f);
		if ((arm->flags & SQL_ARM_COMPARED) != 0 ||
				(f.may_fail && f.is_made && !is_planned(j->trace.stmt)))
			say_compared(j, &f);
	}
}

static bool joins_using(const struct data_trace *t, const struct sql_stmt *s)
{
	for (uint32_t i = 0; i < s->n_items; i++) {
		const struct sql_item *item = sql_facts_item(t->q->facts, s->first_item + i);

		if (item->what == SQL_I_COLUMN && item->roles == SQL_COL_JOIN &&
				item->range == SQL_NO_RANGE && item->qualifier.len == 0)
			return true;
	}
	return false;
}

/* A column that joins two may be neither's, and of COPY the server says nothing. */
static bool names_no_tables(const struct data_trace *t, const struct sql_stmt *s)
{
	return has_kind(s, KIND(COPY_TO)) || (s->flags & SQL_F_NATURAL) != 0 ||
			sql_facts_arm(t->q->facts, s->outs)->next != 0 || joins_using(t, s);
}

static void judge_outs(struct judging *j, const struct sql_stmt *s)
{
	const struct sql_facts *facts = j->trace.q->facts;
	const bool is_union = sql_facts_arm(facts, s->outs)->next != 0;
	const bool unnamed = names_no_tables(&j->trace, s);

	for (uint32_t at = s->outs; at != 0; at = sql_facts_arm(facts, at)->next) {
		const struct sql_arm *arm = sql_facts_arm(facts, at);

		for (uint32_t i = 0; i < arm->n; i++) {
			struct data_found f = data_nothing;

			data_see_output(&j->trace, sql_facts_output(facts, arm, i), &f);
			f.is_made |= f.any && is_union;
			if (f.is_unproven || (f.any && (f.is_made || unnamed)))
				j->ret->is_clean = false;
			say_derived(j, &f);
		}
	}
}

/* What is put out of a plan are its nodes; of DECLARE and PREPARE nothing now, but it is judged now. */
static void judge_rows(struct judging *j, const struct sql_stmt *s)
{
	const uint64_t later = KIND(DECLARE) | KIND(PREPARE);
	const bool was_clean = j->ret->is_clean;

	if ((s->flags & (SQL_F_OPAQUE | SQL_F_DYNAMIC | SQL_F_UNKNOWN)) != 0) {
		j->ret->is_clean = false;
		return;
	}
	if (has_kind(s, KIND(EXPLAIN))) {
		if ((s->flags & SQL_F_SIDE_FUNCTION) != 0)
			j->ret->is_clean = false;
		return;
	}
	if (s->outs == 0)
		return;
	judge_outs(j, s);
	if (has_kind(s, later))
		j->ret->is_clean = was_clean;
}

static void judge(struct judging *j, const struct sql_stmt *s)
{
	struct data_trace *t = &j->trace;

	data_enter(t, s);
	if (is_unproven(t, s))
		say_gone(j, DATA_UNPROVEN, t->strict_predicate);
	if (t->is_blind) {
		j->ret->is_clean = false;
		return;
	}
	for (uint32_t i = 0; i < s->n_items; i++)
		judge_item(j, sql_facts_item(t->q->facts, s->first_item + i));
	judge_natural(j);
	for (uint32_t at = s->arms; at != 0; at = sql_facts_arm(t->q->facts, at)->next_of_stmt)
		judge_arm(j, sql_facts_arm(t->q->facts, at));
	judge_rows(j, s);
	if (t->work >= DATA_WORK_MAX) { /* not all has been looked at */
		say_gone(j, DATA_UNPROVEN, t->strict_predicate);
		j->ret->is_clean = false;
	}
}

void match_data(const struct data_question *q, struct data_verdict *ret)
{
	struct judging j = { .ret = ret };

	*ret = (struct data_verdict){ .verdict = VERDICT_ALLOW, .is_clean = true };
	if (!data_begin(&j.trace, q))
		return;
	for (uint32_t i = 0; i < q->facts->n_stmts; i++)
		judge(&j, sql_facts_stmt(q->facts, i));
}
