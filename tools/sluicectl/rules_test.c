/* SPDX-License-Identifier: Apache-2.0
 * sluicectl rules test: runs the examples of patterns and rules. A rule is asked alone: whether it speaks, not what
 * becomes of the statement. */
#include "tools/sluicectl/rules.h"

#include <string.h>

struct testing {
	const struct model_rule *rule;
	json_t *failed; /* borrowed */
	size_t n;
};

/* ---- patterns */

static void found(void *ctx, const struct scan_found *f)
{
	(void)f;
	*(bool *)ctx = true;
}

static void value(struct testing *t, struct scanner *scanner, const char *id, const char *text,
		bool is_match)
{
	const struct span field = { (const uint8_t *)text, strlen(text) };
	bool is_found = false;
	const struct scan_sink sink = { found, &is_found };

	t->n++;
	if (scan_fields(scanner, &field, 1, &sink) == 0 && is_found == is_match)
		return;
	json_array_append_new(t->failed,
			json_pack("{s:s, s:o, s:s}", "rule", id, "example", rules_text(field),
					"problem",
					is_match ? "the pattern does not find it"
						 : "the pattern finds it"));
}

static void values(struct testing *t, struct scanner *scanner, const char *id,
		const struct model_examples *e)
{
	for (uint32_t i = 0; i < e->match.n; i++)
		value(t, scanner, id, e->match.at[i], true);
	for (uint32_t i = 0; i < e->not_match.n; i++)
		value(t, scanner, id, e->not_match.at[i], false);
}

/* Alone: of patterns that overlap in a value, one would have it. */
static void test_pattern(
		struct testing *t, const struct scan_pattern *p, const struct model_examples *e)
{
	struct scan_error error = { .pattern = 0 };
	struct scan_db *db = NULL;
	struct scanner *scanner = NULL;

	if (scan_db_new(p, 1, &db, &error) != 0 ||
			scanner_new(db, &scan_sizes_default, &scanner) != 0)
		json_array_append_new(t->failed,
				json_pack("{s:s, s:s, s:s}", "rule", p->id, "example", p->regex,
						"problem", error.text));
	else
		values(t, scanner, p->id, e);
	scanner_free(&scanner);
	scan_db_free(&db);
}

/* ---- rules */

static void example(struct testing *t, const char *text, bool is_match)
{
	struct match_command command = { .is_known = true };

	t->n++;
	command.sql = rules_facts(text, &command.facts);
	if (command.sql == SQL_OK && match_rule_speaks(t->rule, &command) == is_match)
		return;
	json_array_append_new(t->failed,
			json_pack("{s:s, s:o, s:s}", "rule", t->rule->id, "example",
					rules_text((struct span){
							(const uint8_t *)text, strlen(text) }),
					"problem",
					command.sql != SQL_OK      ? "it is not understood as SQL"
							: is_match ? "the rule does not speak of it"
								   : "the rule speaks of it"));
}

static void test_rule(struct testing *t, const struct model_rule *rule)
{
	const struct model_examples *e = &rule->examples;

	t->rule = rule;
	for (uint32_t i = 0; i < e->match.n; i++)
		example(t, e->match.at[i], true);
	for (uint32_t i = 0; i < e->not_match.n; i++)
		example(t, e->not_match.at[i], false);
}

/* False: an example fails, or the pack cannot be had. */
static bool test_pack(const struct rules *rules, const char *name, json_t *packs)
{
	struct testing t = { .failed = json_array() };
	struct policy *policy = NULL;
	const struct model_pack *p;
	bool is_good;
	size_t bad;

	if (rules_policy(rules, &name, 1, &policy, &bad) != 0)
		return false;
	p = &policy->packs[0];
	for (uint32_t i = 0; i < p->n_patterns; i++)
		test_pattern(&t, &policy->patterns[i], &p->pattern_examples[i]);
	for (uint32_t i = 0; i < p->n_rules; i++)
		test_rule(&t, &p->rules[i]);
	is_good = json_array_size(t.failed) == 0;
	json_array_append_new(packs,
			json_pack("{s:s, s:i, s:o}", "pack", p->name, "examples", (int)t.n,
					"failed", t.failed));
	policy_free(&policy);
	return is_good;
}

/* What is named, else all that the product has. False: something fails. */
static bool test_all(const struct ctl *c, struct rules *rules, json_t *packs)
{
	bool is_good = true;

	for (size_t i = 0; i < c->n_objects; i++) {
		const struct rules_pack *p = rules_pack_of(rules, c->objects[i]);

		is_good &= p != NULL && test_pack(rules, p->name, packs);
	}
	for (size_t i = 0; c->n_objects == 0 && i < rules->n; i++)
		is_good &= test_pack(rules, rules->packs[i].name, packs);
	return is_good;
}

enum ctl_exit rules_test(const struct ctl *c, json_t **ret_answer)
{
	struct rules *rules = rules_new();
	json_t *packs = json_array();
	bool is_good = rules != NULL && packs != NULL && sql_facts_check() == 0;

	if (is_good)
		is_good = test_all(c, rules, packs);
	rules_free(&rules);
	*ret_answer = json_pack("{s:o}", "packs", packs);
	if (!is_good)
		fprintf(stderr, "sluicectl: not all examples hold\n");
	return is_good ? CTL_OK : CTL_REFUSED;
}

void rules_test_show(const struct ctl *c, const json_t *answer)
{
	const json_t *pack, *f;
	size_t i, k;

	json_array_foreach(json_object_get(answer, "packs"), i, pack)
	{
		const unsigned int failed =
				(unsigned int)json_array_size(json_object_get(pack, "failed"));

		json_array_foreach(json_object_get(pack, "failed"), k, f) fprintf(c->out,
				"%s/%s: %s: %s\n", ctl_text(pack, "pack"), ctl_text(f, "rule"),
				ctl_text(f, "problem"), ctl_text(f, "example"));
		fprintf(c->out, "%s: %u examples, %u failed\n", ctl_text(pack, "pack"),
				(unsigned int)ctl_u64(pack, "examples"), failed);
	}
}
