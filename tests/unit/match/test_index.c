/* SPDX-License-Identifier: Apache-2.0
 * Verdicts by the index of names are those of looking at every rule: random packs, random statements. */
#include "ruleset/load/load.h"
#include "ruleset/match/match.h"
#include "ruleset/model/model.h"
#include "tests/unit/net/suite.h"

#include <string.h>

enum { PACKS = 60, STATEMENTS = 300, RULES_MAX = 200, TEXT_MAX = 100000 };

static char text[TEXT_MAX];
static size_t len;
static uint64_t seed = 11;

static const char *one_of(const char *const *all, size_t n)
{
	return all[suite_random(&seed) % n];
}

#define ONE_OF(...)                                                                                \
	one_of((const char *const[]){ __VA_ARGS__ },                                               \
			sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static void put(const char *s)
{
	len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", s);
}

/* Few names, so that many rules have one that is there. */
static const char *name(void)
{
	static char names[8][16];
	static unsigned int at;
	char *to = names[at++ % 8];

	snprintf(to, sizeof(names[0]), "%c%u", "tuvT"[suite_random(&seed) % 4],
			(unsigned int)(suite_random(&seed) % 100));
	return to;
}

static void put_names(const char *key, unsigned int n)
{
	put(key);
	put(": [");
	for (unsigned int i = 0; i < n; i++) {
		put(i > 0 ? ", \"" : "\"");
		put(ONE_OF("", "", "", "app.", "crm.", "*."));
		put(name());
		put(suite_random(&seed) % 12 == 0 ? "*\"" : "\"");
	}
	put("]");
}

static void put_cond(void)
{
	put("{sql: {");
	put(ONE_OF("kind: [select, update]", "kind: [delete, insert]", "kind: set", "kind: copy_to",
			"flag: [star, side_function]", "limit: none", "where: [weak, present]"));
	put(", ");
	switch (suite_random(&seed) % 40) {
	case 0:
		put("setting_beyond: [role]");
		break;
	case 1:
		put(ONE_OF("setting: [role, jit]", "setting: JIT", "setting: work_mem"));
		break;
	case 2:
		put_names("function", 1);
		put(", ");
		put_names("relation", 1);
		break;
	case 3:
		put("rows_over: 5");
		break;
	case 4:
		put_names("function", 2);
		break;
	default:
		put_names("relation", 1 + (unsigned int)(suite_random(&seed) % 3));
		break;
	}
	put("}}");
}

static struct policy *make(unsigned int n)
{
	static struct load_report report;
	struct policy *p = NULL;
	char id[32];

	len = 0;
	put("pack: p\ncommands:\n");
	for (unsigned int i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "  - {id: r%u, when: [", i);
		put(id);
		put_cond();
		if (suite_random(&seed) % 4 == 0) {
			put(", ");
			put_cond();
		}
		put("], then: ");
		put(ONE_OF("deny", "hold", "hold", "allow", "allow"));
		if (suite_random(&seed) % 5 == 0) {
			put(", unless: [{reason: x, when: ");
			put_cond();
			put("}]");
		}
		put("}\n");
	}
	put("default: {command: ");
	put(ONE_OF("allow", "allow", "hold", "deny"));
	put("}\n");
	if (load_policy(&(struct span){ (const uint8_t *)text, len }, 1, &p, &report) != 0)
		printf("\n    %u: %s\n", report.errors.at[0].line, report.errors.at[0].text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	return p;
}

static void put_statement(void)
{
	static const char *const shapes[] = { "SELECT * FROM %s, app.%s",
		"UPDATE %s SET a = %s(b) WHERE c = 1", "DELETE FROM crm.%s USING %s WHERE a > 1",
		"SELECT %s(1), app.%s(2) LIMIT 9", "INSERT INTO %s SELECT a FROM app.%s",
		"SET JIT = off", "COPY %s TO STDOUT -- %s",
		"SELECT set_config('jit', 'off', true), %s FROM %s", "SET ROLE none",
		"WITH d AS (DELETE FROM %s RETURNING *) SELECT * FROM \"%s\" LIMIT 3", "BEGIN" };
	const char *shape = one_of(shapes, sizeof(shapes) / sizeof(shapes[0]));
	const char *a = name(), *b = name(), *put_a = strstr(shape, "%s"), *put_b;

	if (put_a == NULL) {
		put(shape);
		return;
	}
	put_b = strstr(put_a + 2, "%s");
	len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s%s%.*s%s%s",
			(int)(put_a - shape), shape, a, (int)(put_b - put_a - 2), put_a + 2, b,
			put_b + 2);
}

static struct match_command understood(void)
{
	static uint64_t memory[1 << 12];
	const struct sql_job job = { .text = { (const uint8_t *)text, len },
		.settings = { SQL_ENC_UTF8, true },
		.limits = &sql_limits_default };
	struct match_command c = { .is_known = true };

	c.sql = sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) }, &c.facts);
	CHECK_ROW(text, c.sql == SQL_OK);
	return c;
}

/* Rule by rule, whatever match_command() does. */
static const struct model_rule *slowly(const struct model_pack *pack, const struct match_command *c)
{
	const struct model_rule *worst = NULL;

	for (uint32_t i = 0; i < pack->n_rules; i++) {
		const struct model_rule *r = &pack->rules[i];

		if (r->verdict > (worst == NULL ? VERDICT_ALLOW : worst->verdict) &&
				match_rule_speaks(r, c))
			worst = r;
	}
	return worst;
}

static unsigned int n_said[3], n_by_default;

static void compare(struct policy *p)
{
	struct model_pack *pack = (struct model_pack *)(uintptr_t)&p->packs[0];
	const struct model_index *index = pack->index;
	const struct match_command c = understood();
	const struct model_rule *worst = slowly(pack, &c);
	struct match_result fast, slow;

	match_command(p, &c, &fast);
	pack->index = NULL;
	match_command(p, &c, &slow);
	pack->index = index;
	CHECK_ROW(text, fast.verdict == slow.verdict && fast.rule == slow.rule);
	CHECK_ROW(text, fast.reason == slow.reason && fast.hold == slow.hold);
	if (worst != NULL && worst->verdict >= pack->command)
		CHECK_ROW(text, fast.rule == worst->id);
	n_said[fast.verdict]++;
	n_by_default += fast.rule != NULL && strcmp(fast.rule, "default") == 0;
}

static void test_random(void)
{
	for (int i = 0; i < PACKS; i++) {
		struct policy *p =
				make(40 + (unsigned int)(suite_random(&seed) % (RULES_MAX - 40)));

		CU_ASSERT_PTR_NOT_NULL_FATAL(p->packs[0].index);
		for (int k = 0; k < STATEMENTS; k++) {
			len = 0;
			put_statement();
			if (suite_random(&seed) % 3 == 0) {
				put("; ");
				put_statement();
			}
			compare(p);
		}
		policy_free(&p);
	}
	printf("\n    %u allowed, %u held, %u denied, %u by default ", n_said[VERDICT_ALLOW],
			n_said[VERDICT_HOLD], n_said[VERDICT_DENY], n_by_default);
	CU_ASSERT(n_said[VERDICT_ALLOW] > 100 && n_said[VERDICT_HOLD] > 100);
	CU_ASSERT(n_said[VERDICT_DENY] > 100 && n_by_default > 100);
}

/* Each rule is in the index once for each name, or among the others; small packs have none. */
static void test_index(void)
{
	struct policy *p = make(100), *few = make(8);
	const struct model_pack *pack = &p->packs[0];
	const struct model_index *x = pack->index;
	bool seen[100] = { false };

	CU_ASSERT_PTR_NULL(few->packs[0].index);
	CU_ASSERT_PTR_NOT_NULL_FATAL(x);
	for (uint32_t i = 0; i <= x->mask; i++) {
		CU_ASSERT(x->starts[i] <= x->starts[i + 1]);
		for (uint32_t k = x->starts[i]; k < x->starts[i + 1]; k++) {
			seen[x->rules[k]] = true;
			CU_ASSERT(k == x->starts[i] || x->rules[k - 1] <= x->rules[k]);
		}
	}
	for (uint32_t i = 0; i < x->n_others; i++) {
		CU_ASSERT(!seen[x->others[i]]);
		seen[x->others[i]] = true;
	}
	for (uint32_t i = 0; i < pack->n_rules; i++)
		CU_ASSERT(seen[i]);
	policy_free(&p);
	policy_free(&few);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "the index", test_index },
		{ "verdicts", test_random },
	};

	return suite_run("match/index", tests, sizeof(tests) / sizeof(*tests));
}
