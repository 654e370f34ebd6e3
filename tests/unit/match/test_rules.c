/* SPDX-License-Identifier: Apache-2.0
 * What rules in the language say of statements: what may hold, what surely does, exceptions, defaults;
 * and the examples of the product's packs. */
#include "ruleset/load/load.h"
#include "ruleset/match/match.h"
#include "ruleset/model/model.h"
#include "ruleset/packs/packs.h"
#include "tests/unit/net/suite.h"

#include <string.h>

static struct match_command command_of(const char *text, const struct match_context *context)
{
	static uint64_t memory[1 << 14];
	const struct sql_job job = { .text = { (const uint8_t *)text, strlen(text) },
		.settings = { SQL_ENC_UTF8, true },
		.limits = &sql_limits_default };
	struct match_command c = { .is_known = true, .context = context };

	c.sql = sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) }, &c.facts);
	return c;
}

static struct policy *policy_of(const char *commands)
{
	static struct load_report report;
	char yaml[2048];
	const int n = snprintf(yaml, sizeof(yaml), "pack: p\n%s\n", commands);
	const struct span text = { (const uint8_t *)yaml, (size_t)n };
	struct policy *p = NULL;

	if (load_policy(&text, 1, &p, &report) != 0)
		printf("\n    %s\n    %s\n", yaml, report.errors.at[0].text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	return p;
}

/* Who counts finds what decided under its name; nothing that allows decides. */
static void check_slot(const struct policy *p, const struct match_result *r)
{
	struct match_slot slot;

	if (r->rule == NULL) {
		CU_ASSERT_EQUAL(r->slot, UINT32_MAX);
		CU_ASSERT_FALSE(match_slot_at(p, r->slot, &slot));
		return;
	}
	CU_ASSERT_TRUE_FATAL(match_slot_at(p, r->slot, &slot));
	CU_ASSERT_STRING_EQUAL(slot.rule, r->rule);
	CU_ASSERT_PTR_EQUAL(slot.pack, r->pack);
	CU_ASSERT_EQUAL(slot.verdict, r->verdict);
}

static const char *said(
		const struct policy *p, const char *text, const struct match_context *context)
{
	static char words[128];
	const struct match_command c = command_of(text, context);
	struct match_result r;

	match_command(p, &c, &r);
	snprintf(words, sizeof(words), "%s%s%s", verdict_name(r.verdict), r.rule == NULL ? "" : " ",
			r.rule == NULL ? "" : r.rule);
	CU_ASSERT_TRUE(r.rule == NULL || r.policy == p->hash);
	check_slot(p, &r);
	return words;
}

struct row {
	const char *commands, *text, *said;
};

static void check_rows(const struct row *rows, size_t n)
{
	const char *commands = NULL;

	for (size_t i = 0; i < n; i++) {
		struct policy *p;

		commands = rows[i].commands == NULL ? commands : rows[i].commands;
		p = policy_of(commands);
		if (strcmp(said(p, rows[i].text, NULL), rows[i].said) != 0)
			printf("\n    %s: %s, not %s", rows[i].text, said(p, rows[i].text, NULL),
					rows[i].said);
		CHECK_ROW(rows[i].text, strcmp(said(p, rows[i].text, NULL), rows[i].said) == 0);
		policy_free(&p);
	}
}

#define COND(cond) "commands: [{id: r, when: {sql: {" cond "}}, then: deny}]"

static const struct row cond_rows[] = {
	{ COND("kind: delete, relation: [crm.people, \"log_*\"]"), "DELETE FROM crm.people",
			"deny r" },
	{ NULL, "DELETE FROM people", "deny r" }, /* which may be crm's */
	{ NULL, "DELETE FROM app.people", "allow" },
	{ NULL, "DELETE FROM app.log_2024", "deny r" },
	{ NULL, "DELETE FROM \"LOG_1\"", "allow" },
	{ NULL, "SELECT * FROM crm.people", "allow" },
	{ NULL, "DELETE FROM a USING crm.people", "deny r" },
	{ COND("relation: people, access: [delete, truncate]"), "SELECT * FROM people", "allow" },
	{ NULL, "TRUNCATE a, people", "deny r" },
	{ NULL, "DELETE FROM a USING people", "allow" },
	{ COND("access: write"), "UPDATE a SET b = 1 WHERE c = 2", "deny r" },
	{ NULL, "SELECT * FROM a", "allow" },
	{ COND("function: [\"app.f*\", pg_sleep]"), "SELECT app.foo()", "deny r" },
	{ NULL, "SELECT foo()", "deny r" },
	{ NULL, "SELECT other.foo(), pg_catalog.lower('x')", "allow" },
	{ NULL, "SELECT 1 WHERE pg_catalog.pg_sleep(1) IS NULL", "deny r" },
	{ COND("kind: [select, copy_to], rows_over: 100"), "SELECT * FROM a", "deny r" },
	{ NULL, "SELECT * FROM a LIMIT 100", "allow" },
	{ NULL, "SELECT * FROM a LIMIT 101", "deny r" },
	{ NULL, "SELECT * FROM a LIMIT $1", "deny r" },
	{ NULL, "COPY a TO STDOUT", "deny r" },
	{ NULL, "INSERT INTO a VALUES (1)", "allow" },
	{ COND("kind: select, limit: [given]"), "SELECT 1 LIMIT 3", "deny r" },
	{ NULL, "SELECT 1", "allow" },
	{ COND("setting: WORK_MEM, value: \"1*\""), "SET work_mem = '1GB'", "deny r" },
	{ NULL, "SET \"Work_Mem\" = '16MB'", "deny r" },
	{ NULL, "SET work_mem = '2GB'", "allow" },
	{ NULL, "SELECT set_config('work_mem', '1GB', true)", "deny r" },
	{ COND("setting_beyond: [work_mem]"), "SET work_mem = '2GB'", "allow" },
	{ NULL, "SELECT set_config('work_mem', '2GB', true)", "allow" },
	{ NULL, "SELECT set_config($1, '2GB', true)", "deny r" },
	{ NULL, "SET jit = off", "deny r" },
	{ NULL, "SELECT 1", "allow" },
	{ COND("file: \"/tmp/*\""), "COPY a TO '/tmp/x'", "deny r" },
	{ NULL, "COPY a TO '/var/x'", "allow" },
	{ COND("language: plperl"), "DO LANGUAGE plperl 'x'", "deny r" },
	{ NULL, "DO 'x'", "allow" },
	{ COND("where: [weak, present]"), "DELETE FROM a WHERE id > 0", "deny r" },
	{ NULL, "DELETE FROM a WHERE true", "allow" },
	{ COND("flag: [star, distinct]"), "SELECT * FROM a", "deny r" },
	{ NULL, "SELECT b FROM a", "allow" },
	{ COND("beyond: [select, begin]"), "BEGIN; SELECT 1", "allow" },
	{ NULL, "WITH d AS (DELETE FROM a RETURNING *) SELECT * FROM d", "deny r" },
	{ COND("kind: delete, with: select"), "DELETE FROM a", "allow" },
	{ NULL, "WITH x AS (SELECT 1) DELETE FROM a", "deny r" },
	{ COND("kind: create, object: [view, matview]"), "CREATE MATERIALIZED VIEW v AS SELECT 1",
			"deny r" },
	{ NULL, "CREATE TABLE t (a int)", "allow" },
};

static void test_conditions(void)
{
	check_rows(cond_rows, sizeof(cond_rows) / sizeof(cond_rows[0]));
}

/* The worst of all, and the first that gave it; a list of conditions is any of them. */
static const struct row order_rows[] = {
	{ "commands:\n"
	  "- {id: h, when: {sql: {kind: [update, delete]}}, then: hold}\n"
	  "- {id: d1, when: [{sql: {kind: delete}}, {sql: {kind: truncate}}], then: deny}\n"
	  "- {id: d2, when: {sql: {kind: [delete, drop]}}, then: deny}\n",
			"UPDATE a SET b = 1", "hold h" },
	{ NULL, "DELETE FROM a", "deny d1" },
	{ NULL, "TRUNCATE a", "deny d1" },
	{ NULL, "DROP TABLE a", "deny d2" },
	{ NULL, "UPDATE a SET b = 1; DROP TABLE a", "deny d2" },
	{ NULL, "SELECT 1", "allow" },
	{ NULL, "", "allow" },
	/* a rule about names beside one that is about none: each statement that names nothing */
	{ "commands:\n"
	  "- {id: a, when: {sql: {relation: [t]}}, then: deny}\n"
	  "- {id: b, when: {sql: {kind: [select, checkpoint]}}, then: hold}\n",
			"SELECT 1", "hold b" },
	{ NULL, "CHECKPOINT", "hold b" },
	{ NULL, "SELECT 1; CHECKPOINT", "hold b" },
	{ NULL, "SELECT a FROM t", "deny a" },
	{ NULL, "SELECT a FROM u; DELETE FROM s.t", "deny a" },
	{ NULL, "BEGIN", "allow" },
};

static void test_order(void)
{
	check_rows(order_rows, sizeof(order_rows) / sizeof(order_rows[0]));
}

#define UNLESS(cond)                                                                               \
	"commands: [{id: r, when: {sql: {kind: [select, delete, drop, set]}}, then: deny, "        \
	"unless: [{when: {" cond "}, reason: x}]}]"

/* An exception holds only when it does for everything that the statement does. */
static const struct row unless_rows[] = {
	{ UNLESS("sql: {relation: \"scratch.*\"}"), "DELETE FROM scratch.a", "allow" },
	{ NULL, "DELETE FROM a", "deny r" }, /* which may be another schema's */
	{ NULL, "DELETE FROM scratch.a USING app.b", "deny r" },
	{ NULL, "DELETE FROM scratch.a USING scratch.b", "allow" },
	{ NULL, "WITH d AS (DELETE FROM app.b) DELETE FROM scratch.a", "deny r" },
	{ NULL, "DELETE FROM scratch.a; DELETE FROM app.b", "deny r" },
	{ NULL, "SELECT 1", "deny r" }, /* it names none */
	{ UNLESS("sql: {relation: \"scratch.*\", access: write}"),
			"DELETE FROM scratch.a USING app.b", "allow" },
	{ NULL, "WITH d AS (DELETE FROM app.b) DELETE FROM scratch.a", "deny r" },
	{ UNLESS("sql: {kind: [select, explain_analyze]}"), "SELECT 1", "allow" },
	{ NULL, "WITH d AS (DELETE FROM app.b RETURNING 1) SELECT * FROM d", "deny r" },
	{ UNLESS("sql: {kind: drop, object: view}"), "DROP VIEW a", "allow" },
	{ NULL, "DROP TABLE a", "deny r" },
	{ UNLESS("sql: {function: [lower, upper]}"), "SELECT lower('a'), upper('b')", "allow" },
	{ NULL, "SELECT lower('a'), f()", "deny r" },
	{ UNLESS("sql: {setting: search_path, value: [app, public]}"),
			"SET search_path = app, public", "allow" },
	{ NULL, "SET search_path = app, evil", "deny r" },
	{ UNLESS("sql: {setting_beyond: [role]}"), "SELECT set_config('jit', $1, true)", "allow" },
	{ NULL, "SELECT set_config('jit', $1, true), set_config('ROLE', $2, true)", "deny r" },
	{ NULL, "SELECT set_config('jit', $1, true), set_config($2, $3, true)", "deny r" },
	{ NULL, "SELECT 1", "deny r" },
	{ UNLESS("groups: [dba]"), "SELECT 1", "deny r" }, /* nobody knows */
	{ UNLESS("time: {from: \"00:00\", to: \"24:00\"}"), "SELECT 1", "deny r" },
	{ UNLESS("text: x"), "SELECT 1", "deny r" },
};

static void test_exceptions(void)
{
	check_rows(unless_rows, sizeof(unless_rows) / sizeof(unless_rows[0]));
}

#define BY_DEFAULT                                                                                 \
	"commands:\n"                                                                              \
	"- {id: reads, when: {sql: {kind: select, relation: [\"app.*\"]}}, then: allow}\n"         \
	"- {id: begins, when: {sql: {kind: [begin, commit]}}, then: allow}\n"                      \
	"- {id: writes, when: {sql: {kind: update}}, then: hold}\n"                                \
	"default: {command: deny}"

/* What allows, or says less than the default, must be sure. */
static const struct row default_rows[] = {
	{ BY_DEFAULT, "SELECT * FROM app.a", "allow" },
	{ NULL, "BEGIN; SELECT * FROM app.a; COMMIT", "allow" },
	{ NULL, "SELECT * FROM a", "deny default" },
	{ NULL, "SELECT * FROM app.a, b.c", "deny default" },
	{ NULL, "SELECT 1", "deny default" },
	{ NULL, "BEGIN; DROP TABLE a", "deny default" },
	{ NULL, "WITH d AS (DELETE FROM app.b RETURNING 1) SELECT * FROM app.a", "deny default" },
	{ NULL, "UPDATE app.a SET b = 1", "hold writes" },
	{ NULL, "WITH d AS (DELETE FROM app.b) UPDATE app.a SET b = 1", "deny default" },
	{ NULL, "", "allow" },
	{ NULL, "SELEC", "deny unparsed" },
	{ "default: {unparsed: hold}", "SELEC", "hold unparsed" },
	{ NULL, "DROP TABLE a", "allow" },
	{ "default: {command: hold}", "SELECT 1", "hold default" },
};

static void test_defaults(void)
{
	check_rows(default_rows, sizeof(default_rows) / sizeof(default_rows[0]));
}

/* What is held may be shown to somebody: a text that is not certain, or a call, may not. */
static void test_unparsed(void)
{
	struct policy *p = policy_of("default: {unparsed: hold, command: deny}");
	struct match_command c = { .sql = SQL_SYNTAX, .is_known = true };
	struct match_slot slot;
	struct match_result r;

	match_command(p, &c, &r);
	CU_ASSERT_TRUE(r.verdict == VERDICT_HOLD && r.code == NULL);
	check_slot(p, &r);
	c.is_known = false;
	match_command(p, &c, &r);
	CU_ASSERT_EQUAL(r.verdict, VERDICT_DENY);
	CU_ASSERT_TRUE_FATAL(match_slot_at(p, r.slot, &slot));
	CU_ASSERT_TRUE(strcmp(slot.rule, "uncertain") == 0 && slot.verdict == VERDICT_DENY);
	CU_ASSERT_EQUAL(r.slot, match_n_slots(p) - 1);
	c = (struct match_command){ .function_oid = 77, .is_known = true };
	match_command(p, &c, &r);
	CU_ASSERT_TRUE(r.verdict == VERDICT_DENY && strcmp(r.rule, "unparsed") == 0);
	c.function_oid = 954; /* loread */
	match_command(p, &c, &r);
	CU_ASSERT_TRUE(r.verdict == VERDICT_DENY && strcmp(r.rule, "default") == 0);
	policy_free(&p);
	p = policy_of("commands: [{id: a, when: {call: large_object_read}, then: allow}]\n"
		      "default: {command: deny}");
	match_command(p, &c, &r);
	CU_ASSERT_EQUAL(r.verdict, VERDICT_ALLOW);
	c.function_oid = 955; /* lowrite */
	match_command(p, &c, &r);
	CU_ASSERT_EQUAL(r.verdict, VERDICT_DENY);
	policy_free(&p);
	p = policy_of("commands: [{id: a, when: {call: large_object_write}, then: hold}]");
	match_command(p, &c, &r);
	CU_ASSERT_EQUAL(r.verdict, VERDICT_HOLD);
	c.function_oid = 954;
	match_command(p, &c, &r);
	CU_ASSERT_EQUAL(r.verdict, VERDICT_ALLOW);
	CU_ASSERT_STRING_EQUAL(said(p, "SELECT 1", NULL), "allow");
	policy_free(&p);
}

/* ---- who, when, how often, which words */

#define SPAN(text)                                                                                 \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}
static const struct span groups[] = { SPAN("agents"), SPAN("dba") };
static const uint64_t text_hits[] = { 0 }, text_hit[] = { 1 };
static const uint32_t few[] = { 10 }, many[] = { 11 };

static const struct {
	const char *commands;
	struct match_context context;
	const char *said;
} context_rows[] = {

#define NOBODY .week_minute = -1
#define ALICE                                                                                      \
	.knows_actor = true, .actor = SPAN("alice"), .issuer = SPAN("corp"), .groups = groups,     \
	.n_groups = 2, NOBODY
	{ "groups: dba", { ALICE }, "deny r" },
	{ "groups: [ops, \"db?\"]", { ALICE }, "deny r" },
	{ "groups: ops", { ALICE }, "allow" },
	{ "groups: ops", { NOBODY }, "deny r" },
	{ "actor: alice, issuer: corp", { ALICE }, "deny r" },
	{ "actor: alice, issuer: other", { ALICE }, "allow" },
	{ "actor: bob", { ALICE }, "allow" },
	{ "target: \"prod-*\"", { NOBODY, .target = SPAN("prod-1") }, "deny r" },
	{ "target: \"prod-*\"", { NOBODY, .target = SPAN("test") }, "allow" },
	{ "target: \"prod-*\"", { NOBODY }, "deny r" },
	{ "time: {days: mon, from: \"08:00\", to: \"10:00\"}", { .week_minute = 480 }, "deny r" },
	{ "time: {days: mon, from: \"08:00\", to: \"10:00\"}", { .week_minute = 479 }, "allow" },
	{ "time: {days: mon, from: \"08:00\", to: \"10:00\"}", { .week_minute = 600 }, "allow" },
	{ "time: {days: mon, from: \"08:00\", to: \"10:00\"}", { .week_minute = 480 + 1440 },
			"allow" },
	{ "time: {days: mon, from: \"08:00\", to: \"10:00\"}", { NOBODY }, "deny r" },
	{ "time: {days: sun, from: \"22:00\", to: \"06:00\"}", { .week_minute = 6 * 1440 + 1320 },
			"deny r" },
	{ "time: {days: sun, from: \"22:00\", to: \"06:00\"}", { .week_minute = 359 }, "deny r" },
	{ "time: {days: sun, from: \"22:00\", to: \"06:00\"}", { .week_minute = 360 }, "allow" },
	{ "time: {days: sun, from: \"22:00\", to: \"06:00\"}", { .week_minute = 1440 + 359 },
			"allow" },
	{ "rate: {over: 10, per: 1m}", { NOBODY, .rates = few }, "allow" },
	{ "rate: {over: 10, per: 1m}", { NOBODY, .rates = many }, "deny r" },
	{ "rate: {over: 10, per: 1m}", { NOBODY }, "deny r" },
	{ "text: secret", { NOBODY, .texts = text_hits }, "allow" },
	{ "text: secret", { NOBODY, .texts = text_hit }, "deny r" },
	{ "text: secret", { NOBODY }, "deny r" },
};

static void test_context(void)
{
	char yaml[512];

	for (size_t i = 0; i < sizeof(context_rows) / sizeof(context_rows[0]); i++) {
		struct policy *p;

		snprintf(yaml, sizeof(yaml), "commands: [{id: r, when: {%s}, then: deny}]",
				context_rows[i].commands);
		p = policy_of(yaml);
		CHECK_ROW(context_rows[i].commands,
				strcmp(said(p, "SELECT 1", &context_rows[i].context),
						context_rows[i].said) == 0);
		policy_free(&p);
	}
}

static void test_excepts(void)
{
	struct policy *p = policy_of("data: [{id: d, column: a.b.c, mask: redact, "
				     "unless: [{when: {groups: dba}, reason: x}]}]");
	const struct match_context alice = { ALICE }, nobody = { NOBODY };
	const struct model_when *when = &p->packs[0].data[0].unless[0].when;

	CU_ASSERT_TRUE(match_excepts(when, &alice));
	CU_ASSERT_FALSE(match_excepts(when, &nobody));
	CU_ASSERT_FALSE(match_excepts(when, NULL));
	policy_free(&p);
}

/* Who decides a hold comes with it. */
static void test_hold(void)
{
	struct policy *p = policy_of("commands: [{id: r, when: {sql: {kind: drop}}, "
				     "then: {hold: {approvers: [\"group:dba\"], quorum: 2}}}]");
	const struct match_command c = command_of("DROP TABLE a", NULL);
	struct match_result r;

	match_command(p, &c, &r);
	CU_ASSERT_TRUE(r.verdict == VERDICT_HOLD && r.reason == NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r.hold);
	CU_ASSERT_TRUE(r.hold->quorum == 2 && r.hold->approvers.n == 1);
	policy_free(&p);
}

/* ---- the product's packs: each rule has examples of both kinds, and they hold */

static void run_examples(const struct model_rule *r, const struct model_texts *texts, bool speaks)
{
	for (uint32_t i = 0; i < texts->n; i++) {
		const struct match_command c = command_of(texts->at[i], NULL);

		CHECK_ROW(texts->at[i], c.sql == SQL_OK && match_rule_speaks(r, &c) == speaks);
	}
	CHECK_ROW(r->id, texts->n >= 2);
}

static void test_product(void)
{
	for (const char *const *name = policy_pack_names; *name != NULL; name++) {
		static struct load_report report;
		struct policy *p = NULL;
		struct span text;

		CU_ASSERT_TRUE_FATAL(load_builtin(*name, &text));
		CU_ASSERT_EQUAL_FATAL(load_policy(&text, 1, &p, &report), 0);
		CHECK_ROW(*name, strcmp(p->packs[0].name, *name) == 0);
		CHECK_ROW(*name, report.warnings.n == 0);
		for (uint32_t i = 0; i < p->packs[0].n_rules; i++) {
			const struct model_rule *r = &p->packs[0].rules[i];

			run_examples(r, &r->examples.match, true);
			run_examples(r, &r->examples.not_match, false);
			CHECK_ROW(r->id, r->reason != NULL && r->hint != NULL);
		}
		policy_free(&p);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "conditions", test_conditions },
		{ "the worst, and the first", test_order },
		{ "exceptions", test_exceptions },
		{ "defaults", test_defaults },
		{ "what is not understood", test_unparsed },
		{ "who, when, how often", test_context },
		{ "exceptions of data", test_excepts },
		{ "who decides", test_hold },
		{ "the product's packs", test_product },
	};

	return suite_run("match/rules", tests, sizeof(tests) / sizeof(tests[0]));
}
