/* SPDX-License-Identifier: Apache-2.0
 * What of a pack has no effect: said only where that is certain, with its cause. */
#include "ruleset/load/load_priv.h"

#include <string.h>

#define KIND(sym) (1ULL << SQL_K_##sym)

enum { SERVER_NAME_MAX = 63 }; /* NAMEDATALEN - 1 */

/* ---- one rule covered by another */

/* All that <b> may be is <a>; <a> zero asks nothing. */
static bool bits_cover(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && (b & ~a) == 0);
}

/* Everything that pattern <b> matches, <a> matches. Not always seen: false is the safe answer. */
static bool glob_covers(const char *a, const char *b)
{
	if (strchr(a, '?') != NULL && strpbrk(b, "*?") != NULL)
		return strcmp(a, b) == 0;
	return model_glob(a, (struct span){ (const uint8_t *)b, strlen(b) }, false);
}

static bool names_cover_one(const struct model_names *a, const char *b)
{
	for (uint32_t i = 0; i < a->n_exact; i++) {
		if (strcmp(a->exact[i], b) == 0)
			return true;
	}
	for (uint32_t i = 0; i < a->n_globs; i++) {
		if (glob_covers(a->globs[i], b))
			return true;
	}
	return false;
}

/* Each name of <b> is one of <a>. */
static bool names_cover(const struct model_names *a, const struct model_names *b)
{
	bool all = true;

	for (uint32_t i = 0; all && i < b->n_exact; i++)
		all = names_cover_one(a, b->exact[i]);
	for (uint32_t i = 0; all && i < b->n_globs; i++)
		all = names_cover_one(a, b->globs[i]);
	return all;
}

/* The same, where no names at all ask nothing. */
static bool asked_names_cover(const struct model_names *a, const struct model_names *b)
{
	return model_names_is_empty(a) || (!model_names_is_empty(b) && names_cover(a, b));
}

static bool qualified_covers(const struct model_items *a, const struct model_qualified *b)
{
	if (names_cover_one(&a->names, b->name))
		return true;
	for (uint32_t i = 0; i < a->n_qualified; i++) {
		if (glob_covers(a->qualified[i].schema, b->schema) &&
				glob_covers(a->qualified[i].name, b->name))
			return true;
	}
	return false;
}

static bool access_covers(const struct model_items *a, const struct model_items *b)
{
	for (uint8_t i = 0; i < b->n_access && a->n_access > 0; i++) {
		uint8_t k = 0;

		while (k < a->n_access && (b->access[i] & a->access[k]) != a->access[k])
			k++;
		if (k == a->n_access)
			return false;
	}
	return a->n_access == 0 || b->n_access > 0;
}

static bool is_any_name(const struct model_items *i)
{
	return model_names_is_empty(&i->names) && i->n_qualified == 0;
}

static bool items_cover(const struct model_items *a, const struct model_items *b)
{
	if (a->what != b->what || a->beyond != b->beyond || !access_covers(a, b) ||
			!asked_names_cover(&a->values, &b->values))
		return false;
	if (a->beyond)
		return names_cover(&b->names, &a->names);
	if (is_any_name(a))
		return true;
	if (is_any_name(b) || !names_cover(&a->names, &b->names))
		return false;
	for (uint32_t i = 0; i < b->n_qualified; i++) {
		if (!qualified_covers(a, &b->qualified[i]))
			return false;
	}
	return true;
}

static bool all_items_cover(const struct model_cond *a, const struct model_cond *b)
{
	for (uint32_t i = 0; i < a->n_items; i++) {
		uint32_t k = 0;

		while (k < b->n_items && !items_cover(&a->items[i], &b->items[k]))
			k++;
		if (k == b->n_items)
			return false;
	}
	return true;
}

static bool sql_covers(const struct model_cond *a, const struct model_cond *b)
{
	return bits_cover(a->kinds, b->kinds) &&
			(bits_cover(a->with, b->with) || bits_cover(a->with, b->kinds)) &&
			(!a->is_beyond || (b->is_beyond && (a->within & ~b->within) == 0)) &&
			bits_cover(a->objects, b->objects) && bits_cover(a->flags, b->flags) &&
			bits_cover(a->wheres, b->wheres) && bits_cover(a->limits, b->limits) &&
			(a->rows_over < 0 || b->rows_over >= a->rows_over) && all_items_cover(a, b);
}

static bool who_covers(const struct model_who *a, const struct model_who *b)
{
	static const struct model_who nobody;

	if (a == NULL)
		return true;
	b = b == NULL ? &nobody : b;
	return asked_names_cover(&a->actors, &b->actors) &&
			asked_names_cover(&a->issuers, &b->issuers) &&
			asked_names_cover(&a->groups, &b->groups) &&
			asked_names_cover(&a->targets, &b->targets);
}

static bool time_covers(const struct model_time *a, const struct model_time *b)
{
	return a == NULL ||
			(b != NULL && (b->days & ~a->days) == 0 && a->from == b->from &&
					a->to == b->to);
}

/* <a> holds whenever <b> does. */
static bool cond_covers(const struct model_cond *a, const struct model_cond *b)
{
	if (a->text != MODEL_NONE || a->rate != MODEL_NONE)
		return false;
	if ((a->is_sql && !b->is_sql) || (a->calls != 0 && !bits_cover(a->calls, b->calls)))
		return false;
	return sql_covers(a, b) && who_covers(a->who, b->who) && time_covers(a->time, b->time);
}

static bool when_covers(const struct model_when *a, const struct model_when *b)
{
	for (uint32_t i = 0; i < b->n_conds; i++) {
		uint32_t k = 0;

		while (k < a->n_conds && !cond_covers(&a->conds[k], &b->conds[i]))
			k++;
		if (k == a->n_conds)
			return false;
	}
	return true;
}

/* What is said by <by> is said whenever <r> speaks, and counts more or comes first. */
static bool is_shadow(const struct model_rule *by, const struct model_rule *r)
{
	if (by == r || by->n_unless > 0 || by->verdict < r->verdict)
		return false;
	return (by->verdict > r->verdict || by < r) && when_covers(&by->when, &r->when);
}

static void warn_shadow(struct load *l, const struct model_pack *pack, const struct model_rule *r)
{
	for (uint32_t i = 0; i < pack->n_rules; i++) {
		const struct model_rule *by = &pack->rules[i];

		if (!is_shadow(by, r))
			continue;
		load_warn(l, r->line,
				"rule '%s' never decides: '%s' in line %u speaks whenever it does, "
				"and its verdict is %s",
				r->id, by->id, by->line, verdict_name(by->verdict));
		return;
	}
}

/* Conditions and names of a rule: what comparing it with another costs. */
static size_t weight_of(const struct model_rule *r)
{
	size_t weight = r->when.n_conds;

	for (uint32_t i = 0; i < r->when.n_conds; i++) {
		const struct model_cond *c = &r->when.conds[i];

		for (uint32_t k = 0; k < c->n_items; k++)
			weight += c->items[k].names.n_exact + c->items[k].names.n_globs +
					c->items[k].n_qualified;
	}
	return weight;
}

/* Rules are compared pair by pair, so at worst this takes the square of the weight. */
static bool is_too_heavy(struct load *l, const struct model_pack *pack)
{
	size_t weight = 0;

	for (uint32_t i = 0; i < pack->n_rules; i++)
		weight += weight_of(&pack->rules[i]);
	if (weight > LOAD_SHADOW_MAX)
		load_warn(l, 1,
				"rules that never decide are not looked for: more than %d conditions "
				"and names",
				LOAD_SHADOW_MAX);
	return weight > LOAD_SHADOW_MAX;
}

/* ---- names that no statement has */

static void warn_name(struct load *l, uint32_t line, const char *what, const char *name)
{
	if (strlen(name) > SERVER_NAME_MAX && strpbrk(name, "*?") == NULL)
		load_warn(l, line,
				"%s '%.40s...' can never match: the server cuts names to 63 bytes",
				what, name);
	for (const char *c = name; *c != '\0'; c++) {
		if (*c < 'A' || *c > 'Z')
			continue;
		load_warn(l, line,
				"%s '%.40s' matches only where it was written in quotes: the server "
				"folds other names to lower case",
				what, name);
		return;
	}
}

static void warn_items(struct load *l, uint32_t line, const struct model_items *items)
{
	const char *what = items->what == SQL_I_RELATION ? "relation"
			: items->what == SQL_I_FUNCTION  ? "function"
							 : NULL;

	for (uint32_t i = 0; what != NULL && i < items->names.n_exact; i++)
		warn_name(l, line, what, items->names.exact[i]);
	for (uint32_t i = 0; what != NULL && i < items->names.n_globs; i++)
		warn_name(l, line, what, items->names.globs[i]);
	for (uint32_t i = 0; what != NULL && i < items->n_qualified; i++) {
		warn_name(l, line, what, items->qualified[i].schema);
		warn_name(l, line, what, items->qualified[i].name);
	}
}

/* ---- conditions and exceptions that cannot hold */

static const uint64_t writes = KIND(INSERT) | KIND(UPDATE) | KIND(DELETE) | KIND(MERGE) |
		KIND(TRUNCATE) | KIND(CREATE) | KIND(ALTER) | KIND(DROP) | KIND(GRANT) |
		KIND(REVOKE) | KIND(COPY_FROM) | KIND(DO) | KIND(CALL);

static void warn_conds(struct load *l, const struct model_rule *r)
{
	for (uint32_t i = 0; i < r->when.n_conds; i++) {
		const struct model_cond *c = &r->when.conds[i];

		if (c->flags == SQL_F_READ_ONLY && c->kinds != 0 && (c->kinds & ~writes) == 0)
			load_warn(l, c->line,
					"rule '%s' can never match here: what has one of these kinds is "
					"not read_only",
					r->id);
		for (uint32_t k = 0; k < c->n_items; k++)
			warn_items(l, c->line, &c->items[k]);
	}
}

/* An exception wants all kinds of a statement among its own, the rule one of another set. */
static bool is_apart(const struct model_cond *exception, const struct model_when *when)
{
	for (uint32_t i = 0; i < when->n_conds; i++) {
		const uint64_t kinds = when->conds[i].kinds;

		if (kinds == 0 || exception->kinds == 0 || (kinds & exception->kinds) != 0)
			return false;
	}
	return true;
}

static void warn_exceptions(struct load *l, const struct model_rule *r)
{
	for (uint32_t i = 0; i < r->n_unless; i++) {
		const struct model_when *when = &r->unless[i].when;

		for (uint32_t k = 0; k < when->n_conds; k++) {
			if (is_apart(&when->conds[k], &r->when))
				load_warn(l, when->conds[k].line,
						"this exception of '%s' can never hold: the rule is about "
						"other kinds",
						r->id);
		}
	}
}

/* ---- data */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool data_shadows(const struct model_data *by, const struct model_data *d)
{
	if (by->n_unless > 0 || by->pattern != d->pattern || !same_text(by->json, d->json))
		return false;
	if (by->column == NULL || d->column == NULL)
		return by->column == NULL && d->column == NULL;
	return glob_covers(by->schema, d->schema) && glob_covers(by->table, d->table) &&
			glob_covers(by->column, d->column);
}

static void warn_data(struct load *l, const struct model_pack *pack, uint32_t at)
{
	const struct model_data *d = &pack->data[at];

	for (uint32_t i = 0; i < at; i++) {
		if (!data_shadows(&pack->data[i], d))
			continue;
		load_warn(l, d->line, "rule '%s' never masks: '%s' in line %u comes first", d->id,
				pack->data[i].id, pack->data[i].line);
		break;
	}
	if (d->column == NULL)
		return;
	warn_name(l, d->line, "schema", d->schema);
	warn_name(l, d->line, "table", d->table);
	warn_name(l, d->line, "column", d->column);
}

static void warn_pattern(struct load *l, const struct model_pack *pack, uint32_t pattern)
{
	const struct scan_pattern *all = l->patterns.ptr;

	for (uint32_t i = 0; i < pack->n_data; i++) {
		if (pack->data[i].pattern == pattern)
			return;
	}
	load_warn(l, 1, "pattern '%s' is of no use: no data rule of this pack names it",
			all[pattern].id);
}

void load_warnings(struct load *l, const struct model_pack *pack)
{
	const bool is_heavy = is_too_heavy(l, pack);

	for (uint32_t i = 0; i < pack->n_patterns; i++)
		warn_pattern(l, pack, pack->first_pattern + i);
	for (uint32_t i = 0; i < pack->n_data; i++)
		warn_data(l, pack, i);
	for (uint32_t i = 0; i < pack->n_rules; i++) {
		const struct model_rule *r = &pack->rules[i];

		if (r->verdict == VERDICT_ALLOW && pack->command == VERDICT_ALLOW)
			load_warn(l, r->line,
					"rule '%s' never decides: default.command is allow anyway",
					r->id);
		else if (!is_heavy)
			warn_shadow(l, pack, r);
		warn_conds(l, r);
		warn_exceptions(l, r);
	}
}
