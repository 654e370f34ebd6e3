/* SPDX-License-Identifier: Apache-2.0
 * Does a condition hold? Masks of bits first: they tell most statements apart. */
#include "ruleset/match/match_priv.h"

/* EXPLAIN only plans: it is not what it explains. What CREATE stores (the actions of a rule, the
 * body of a function) runs later inside commands that do not show it, so it counts as if it ran. */
uint64_t match_kinds_of(const struct sql_stmt *stmt)
{
	return (stmt->kinds & 1ULL << SQL_K_CREATE) != 0 ? stmt->kinds | stmt->inner_kinds
							 : stmt->kinds;
}

/* Items. */

static bool has_access(const struct model_items *asked, uint32_t roles)
{
	for (uint8_t i = 0; i < asked->n_access; i++) {
		if ((roles & asked->access[i]) == asked->access[i])
			return true;
	}
	return asked->n_access == 0;
}

/* A name without a schema may be of any. */
static bool is_qualified(
		const struct model_qualified *q, struct span schema, struct span name, bool surely)
{
	if (!model_glob(q->name, name, false))
		return false;
	return schema.len == 0 ? !surely : model_glob(q->schema, schema, false);
}

static bool is_named(const struct model_items *asked, const struct sql_facts *facts,
		const struct sql_item *item, bool surely)
{
	const struct span name = sql_facts_str(facts, item->name);
	const struct span schema = sql_facts_str(facts, item->schema);

	if (model_names_is_empty(&asked->names) && asked->n_qualified == 0)
		return true;
	if (model_names_has(&asked->names, name))
		return true;
	for (uint32_t i = 0; i < asked->n_qualified; i++) {
		if (is_qualified(&asked->qualified[i], schema, name, surely))
			return true;
	}
	return false;
}

/* Of a setting without a name nothing is sure: it is all of them, or set_config() will be told which. */
static bool item_holds(const struct model_items *asked, const struct sql_facts *facts,
		const struct sql_item *item, bool surely)
{
	if (surely && item->what == SQL_I_SETTING && item->name.len == 0)
		return false;
	if (is_named(asked, facts, item, surely) == asked->beyond)
		return false;
	return model_names_is_empty(&asked->values) ||
			model_names_has(&asked->values, sql_facts_str(facts, item->alias));
}

/* One of them, or surely: all that there are. */
static bool items_hold(const struct model_items *asked, const struct match_about *about)
{
	const struct sql_facts *facts = about->command->facts;
	const struct sql_stmt *stmt = about->stmt;
	bool any = false;

	for (uint32_t i = 0; i < stmt->n_items; i++) {
		const struct sql_item *item = sql_facts_item(facts, stmt->first_item + i);

		if (item->what != asked->what || !has_access(asked, item->roles))
			continue;
		if (item_holds(asked, facts, item, about->surely) != about->surely)
			return !about->surely;
		any = true;
	}
	return about->surely && any;
}

/* Statements. */

static bool kinds_hold(const struct model_cond *c, uint64_t kinds, bool surely)
{
	if (c->with != 0 && (kinds & c->with) == 0)
		return false;
	if (c->is_beyond && kinds != 0 && (kinds & ~c->within) == 0)
		return false;
	if (c->kinds == 0)
		return true;
	return (kinds & c->kinds) != 0 && (!surely || (kinds & ~(c->kinds | c->with)) == 0);
}

static bool objects_hold(const struct model_cond *c, uint32_t objects, bool surely)
{
	return c->objects == 0 ||
			((objects & c->objects) != 0 && (!surely || (objects & ~c->objects) == 0));
}

static uint32_t limit_of(const struct sql_stmt *stmt)
{
	if (stmt->limit == SQL_LIMIT_NONE)
		return MODEL_LIMIT_NONE;
	return stmt->limit < 0 ? MODEL_LIMIT_UNKNOWN : MODEL_LIMIT_GIVEN;
}

static bool sql_holds(const struct model_cond *c, const struct match_about *about)
{
	const struct sql_stmt *stmt = about->stmt;

	if (stmt == NULL || !kinds_hold(c, match_kinds_of(stmt), about->surely))
		return false;
	if (c->flags != 0 && (stmt->flags & c->flags) == 0)
		return false;
	if (!objects_hold(c, stmt->objects, about->surely))
		return false;
	if (c->wheres != 0 && (c->wheres & 1U << stmt->where) == 0)
		return false;
	if (c->limits != 0 && (c->limits & limit_of(stmt)) == 0)
		return false;
	if (c->rows_over >= 0 && stmt->limit >= 0 && stmt->limit <= c->rows_over)
		return false;
	for (uint32_t i = 0; i < c->n_items; i++) {
		if (!items_hold(&c->items[i], about))
			return false;
	}
	return true;
}

/* What is not in the text. */

static bool call_holds(const struct model_cond *c, const struct match_about *about)
{
	const enum lo_function is = match_lo_function(about->command->function_oid);
	const unsigned int call = is == LO_WRITES ? MODEL_CALL_WRITES
			: is == LO_READS          ? MODEL_CALL_READS
						  : 0;

	return about->stmt == NULL && (c->calls & call) != 0;
}

static bool name_holds(const struct model_names *asked, struct span name)
{
	return model_names_is_empty(asked) || model_names_has(asked, name);
}

static bool groups_hold(const struct model_names *asked, const struct match_context *x)
{
	for (uint32_t i = 0; i < x->n_groups; i++) {
		if (model_names_has(asked, x->groups[i]))
			return true;
	}
	return model_names_is_empty(asked);
}

static bool asks_actor(const struct model_who *who)
{
	return !model_names_is_empty(&who->actors) || !model_names_is_empty(&who->issuers) ||
			!model_names_is_empty(&who->groups);
}

static bool who_holds(const struct model_who *who, const struct match_context *x, bool surely)
{
	if (!model_names_is_empty(&who->targets) &&
			(x->target.ptr == NULL ? surely
					       : !model_names_has(&who->targets, x->target)))
		return false;
	if (!asks_actor(who))
		return true;
	if (!x->knows_actor)
		return !surely;
	return name_holds(&who->actors, x->actor) && name_holds(&who->issuers, x->issuer) &&
			groups_hold(&who->groups, x);
}

static bool time_holds(const struct model_time *t, const struct match_context *x, bool surely)
{
	const int32_t a_day = 24 * 60;
	int32_t day, minute;

	if (x->week_minute < 0 || x->week_minute >= MODEL_WEEK_MINUTES)
		return !surely;
	day = x->week_minute / a_day;
	minute = x->week_minute % a_day;
	if (t->from < t->to)
		return (t->days >> day & 1) != 0 && minute >= t->from && minute < t->to;
	if (minute >= t->from)
		return (t->days >> day & 1) != 0;
	return minute < t->to && (t->days >> (day + 6) % 7 & 1) != 0; /* opened the day before */
}

/* There may have been less than were counted: nothing that allows is sure of it. */
static bool rate_holds(const struct model_cond *c, const struct match_context *x, bool surely)
{
	return !surely && (x->rates == NULL || x->rates[c->rate] > c->rate_over);
}

static bool text_holds(
		uint32_t text, const struct match_about *about, const struct match_context *x)
{
	if (about->stmt == NULL)
		return false; /* a call has none */
	return x->texts == NULL ? !about->surely : (x->texts[text / 64] >> text % 64 & 1) != 0;
}

static bool context_holds(const struct model_cond *c, const struct match_about *about)
{
	static const struct match_context unknown = { .week_minute = -1 };
	const struct match_context *x =
			about->command->context == NULL ? &unknown : about->command->context;

	return (c->who == NULL || who_holds(c->who, x, about->surely)) &&
			(c->time == NULL || time_holds(c->time, x, about->surely)) &&
			(c->rate == MODEL_NONE || rate_holds(c, x, about->surely)) &&
			(c->text == MODEL_NONE || text_holds(c->text, about, x));
}

static bool cond_holds(const struct model_cond *c, const struct match_about *about)
{
	if (c->is_sql && !sql_holds(c, about))
		return false;
	if (c->calls != 0 && !call_holds(c, about))
		return false;
	return context_holds(c, about);
}

bool match_when(const struct model_when *when, const struct match_about *about)
{
	for (uint32_t i = 0; i < when->n_conds; i++) {
		if (cond_holds(&when->conds[i], about))
			return true;
	}
	return false;
}

bool match_excepts(const struct model_when *when, const struct match_context *context)
{
	const struct match_command command = { .context = context };
	const struct match_about about = { .command = &command, .surely = true };

	return match_when(when, &about);
}
