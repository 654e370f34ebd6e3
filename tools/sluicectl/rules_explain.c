/* SPDX-License-Identifier: Apache-2.0
 * sluicectl rules explain: what is known of a statement, which rules speak of it, and the verdict. */
#include "ruleset/load/load.h"
#include "tools/sluicectl/rules.h"

#include <string.h>

/* ---- facts */

static const char *kind_name(size_t bit)
{
	return sql_kind_name((enum sql_kind)bit);
}

static const char *object_name(size_t bit)
{
	return sql_object_name((enum sql_object)bit);
}

static const char *role_name(size_t bit) /* SQL_R_x */
{
	static const char *const names[] = { "read", "insert", "update", "delete", "truncate",
		"create", "alter", "drop", "lock", "grant", "maintain" };

	return bit < sizeof(names) / sizeof(names[0]) ? names[bit] : "?";
}

static json_t *names_of(uint64_t bits, const char *(*name)(size_t bit))
{
	json_t *names = json_array();

	for (size_t bit = 0; bit < 64; bit++) {
		if ((bits >> bit & 1) != 0)
			json_array_append_new(names, json_string(name(bit)));
	}
	return names;
}

static const char *what_name(uint8_t what)
{
	static const char *const names[SQL_I_MAX] = { [SQL_I_RELATION] = "relation",
		[SQL_I_FUNCTION] = "function",
		[SQL_I_OPERATOR] = "operator",
		[SQL_I_TYPE] = "type",
		[SQL_I_SETTING] = "setting",
		[SQL_I_PREPARED] = "prepared",
		[SQL_I_CURSOR] = "cursor",
		[SQL_I_CHANNEL] = "channel",
		[SQL_I_FILE] = "file",
		[SQL_I_OBJECT] = "object",
		[SQL_I_ROLE] = "role",
		[SQL_I_LANGUAGE] = "language",
		[SQL_I_OPTION] = "option" };

	return what < SQL_I_MAX ? names[what] : NULL;
}

/* NULL: nothing that a rule could ask for. */
static json_t *item_of(const struct sql_facts *facts, const struct sql_item *item)
{
	const char *what = what_name(item->what);
	json_t *o;

	if (what == NULL)
		return NULL;
	o = json_pack("{s:s, s:o}", "what", what, "name",
			rules_text(sql_facts_str(facts, item->name)));
	if (item->schema.len > 0)
		json_object_set_new(o, "schema", rules_text(sql_facts_str(facts, item->schema)));
	if (item->what == SQL_I_SETTING)
		json_object_set_new(o, "value", rules_text(sql_facts_str(facts, item->alias)));
	if (item->what == SQL_I_RELATION)
		json_object_set_new(o, "access", names_of(item->roles, role_name));
	return o;
}

static json_t *stmt_of(const struct sql_facts *facts, const struct sql_stmt *s)
{
	static const char *const wheres[] = { "not asked", "present", "weak", "trivial", "none" };
	json_t *items = json_array();

	for (uint32_t i = 0; i < s->n_items; i++) {
		json_t *item = item_of(facts, sql_facts_item(facts, s->first_item + i));

		if (item != NULL)
			json_array_append_new(items, item);
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:I, s:o}", "kinds",
			names_of(s->kinds, kind_name), "stored",
			names_of(s->inner_kinds, kind_name), "objects",
			names_of(s->objects, object_name), "flags",
			names_of(s->flags, load_flag_word), "where",
			s->where < 5 ? wheres[s->where] : "?", "limit", (json_int_t)s->limit,
			"items", items);
}

static json_t *statements_of(const struct sql_facts *facts)
{
	json_t *all = json_array();

	for (uint32_t i = 0; facts != NULL && i < facts->n_stmts; i++)
		json_array_append_new(all, stmt_of(facts, sql_facts_stmt(facts, i)));
	return all;
}

/* ---- rules */

static json_t *speaking_of(const struct policy *policy, const struct match_command *command)
{
	json_t *all = json_array();

	for (uint32_t p = 0; p < policy->n_packs; p++) {
		const struct model_pack *pack = &policy->packs[p];

		for (uint32_t i = 0; i < pack->n_rules; i++) {
			const struct model_rule *r = &pack->rules[i];

			if (match_rule_speaks(r, command))
				json_array_append_new(all,
						json_pack("{s:s, s:s, s:s, s:i, s:s*}", "pack",
								pack->name, "rule", r->id,
								"verdict", verdict_name(r->verdict),
								"line", (int)r->line, "reason",
								r->reason));
		}
	}
	return all;
}

static enum ctl_exit explain(const struct ctl *c, const struct policy *policy, json_t **ret_answer)
{
	struct match_command command = { .is_known = true };
	struct match_result r;

	command.sql = rules_facts(c->object, &command.facts);
	match_command(policy, &command, &r);
	*ret_answer = json_pack("{s:o, s:o, s:s, s:s*, s:s*, s:s*, s:s*, s:s*, s:s}", "statements",
			statements_of(command.facts), "rules", speaking_of(policy, &command),
			"verdict", verdict_name(r.verdict), "pack", r.pack, "rule", r.rule, "code",
			r.code, "reason", r.reason, "hint", r.hint, "policy", policy->hash);
	return *ret_answer == NULL ? CTL_REFUSED : CTL_OK;
}

enum ctl_exit rules_explain(const struct ctl *c, json_t **ret_answer)
{
	const char *names[CTL_PACKS_MAX];
	struct rules *rules;
	struct policy *policy = NULL;
	enum ctl_exit rc = CTL_REFUSED;
	size_t n = 0, bad;

	if (c->n_packs == 0) {
		fprintf(stderr, "sluicectl: rules explain needs --pack: see sluicectl help rules\n");
		return CTL_USAGE;
	}
	rules = rules_new();
	while (rules != NULL && n < c->n_packs) {
		const struct rules_pack *p = rules_pack_of(rules, c->packs[n]);

		if (p == NULL)
			break;
		names[n++] = p->name; /* stays when others are added */
	}
	if (n == c->n_packs && sql_facts_check() == 0 &&
			rules_policy(rules, names, n, &policy, &bad) == 0)
		rc = explain(c, policy, ret_answer);
	else if (n == c->n_packs)
		fprintf(stderr, "sluicectl: no policy can be made of these packs: each once?\n");
	policy_free(&policy);
	rules_free(&rules);
	return rc;
}

/* ---- for people */

static void list_show(const struct ctl *c, const char *called, const json_t *names)
{
	const json_t *name;
	size_t i;

	if (json_array_size(names) == 0)
		return;
	fprintf(c->out, "; %s", called);
	json_array_foreach(names, i, name)
			fprintf(c->out, "%s %s", i == 0 ? "" : ",", json_string_value(name));
}

static void item_show(const struct ctl *c, const json_t *item)
{
	const json_t *schema = json_object_get(item, "schema");

	fprintf(c->out, "  %s %s%s%s", ctl_text(item, "what"),
			schema == NULL ? "" : json_string_value(schema), schema == NULL ? "" : ".",
			ctl_text(item, "name"));
	list_show(c, "access", json_object_get(item, "access"));
	if (json_object_get(item, "value") != NULL)
		fprintf(c->out, " = %s", ctl_text(item, "value"));
	fputc('\n', c->out);
}

static void stmt_show(const struct ctl *c, size_t i, const json_t *stmt)
{
	const json_t *item;
	size_t k;

	fprintf(c->out, "statement %zu", i + 1);
	list_show(c, "kind", json_object_get(stmt, "kinds"));
	list_show(c, "only planned or stored", json_object_get(stmt, "stored"));
	list_show(c, "object", json_object_get(stmt, "objects"));
	list_show(c, "flag", json_object_get(stmt, "flags"));
	if (strcmp(ctl_text(stmt, "where"), "not asked") != 0)
		fprintf(c->out, "; where %s", ctl_text(stmt, "where"));
	fputc('\n', c->out);
	json_array_foreach(json_object_get(stmt, "items"), k, item) item_show(c, item);
}

void rules_explain_show(const struct ctl *c, const json_t *answer)
{
	const json_t *o;
	size_t i;

	json_array_foreach(json_object_get(answer, "statements"), i, o) stmt_show(c, i, o);
	json_array_foreach(json_object_get(answer, "rules"), i, o) fprintf(c->out,
			"rule %s/%s, line %u: %s\n", ctl_text(o, "pack"), ctl_text(o, "rule"),
			(unsigned)ctl_u64(o, "line"), ctl_text(o, "verdict"));
	fprintf(c->out, "verdict: %s", ctl_text(answer, "verdict"));
	if (json_object_get(answer, "rule") != NULL)
		fprintf(c->out, " by %s/%s", ctl_text(answer, "pack"), ctl_text(answer, "rule"));
	if (json_object_get(answer, "reason") != NULL)
		fprintf(c->out, ": %s", ctl_text(answer, "reason"));
	fputc('\n', c->out);
	if (json_object_get(answer, "hint") != NULL)
		fprintf(c->out, "hint: %s\n", ctl_text(answer, "hint"));
	fprintf(c->out, "policy: %s\n", ctl_text(answer, "policy"));
}
