/* SPDX-License-Identifier: Apache-2.0
 * Rules: every message with its line and column, what becomes of values, every warning. */
#include "tests/unit/load/rows.h"
#include "tests/unit/net/suite.h"

#include <string.h>

static void test_rows_data(void)
{
	expect_rows(rows_data, n_rows_data);
}

static void test_rows_commands(void)
{
	expect_rows(rows_commands, n_rows_commands);
}

static void test_masks(void)
{
	static const struct {
		const char *text;
		struct mask mask;
	} rows[] = {
		{ "redact", { .kind = MASK_REDACT } },
		{ "null", { .kind = MASK_NULL } },
		{ "\"null\"", { .kind = MASK_NULL } },
		{ "pseudonym", { .kind = MASK_PSEUDONYM } },
		{ "{pseudonym: true}", { .kind = MASK_PSEUDONYM } },
		{ "date_to_year", { .kind = MASK_DATE_TO_YEAR } },
		{ "{keep_first: 1}", { .kind = MASK_KEEP_FIRST, .keep = 1 } },
		{ "{keep_last: 1000}", { .kind = MASK_KEEP_LAST, .keep = 1000 } },
		{ "{noise: 0.25}", { .kind = MASK_NOISE, .ratio = 0.25 } },
		{ "{noise: 1}", { .kind = MASK_NOISE, .ratio = 1 } },
		{ "{fixed: abc}", { .kind = MASK_FIXED, .fixed = { (const uint8_t *)"abc", 3 } } },
	};

	char yaml[200];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct mask *want = &rows[i].mask, *got;
		struct policy *p;

		snprintf(yaml, sizeof(yaml), "pack: a\ndata: [{id: d, column: a.b.c, mask: %s}]",
				rows[i].text);
		p = load_good(yaml);
		got = &p->packs[0].data[0].mask;
		CHECK_ROW(rows[i].text, got->kind == want->kind && got->keep == want->keep);
		CHECK_ROW(rows[i].text, got->ratio >= want->ratio && got->ratio <= want->ratio);
		CHECK_ROW(rows[i].text,
				got->fixed.len == want->fixed.len &&
						(want->fixed.len == 0 ||
								memcmp(got->fixed.ptr,
										want->fixed.ptr,
										3) == 0));
		policy_free(&p);
	}
}

static void test_data(void)
{
	struct policy *p = load_good(
			"data:\n"
			"- {id: a, pattern: pan, mask: redact, reason: why}\n"
			"- {id: b, column: \"*.cust?.ssn\", json: \"$.x\", mask: redact,\n"
			"   derived: deny, predicate: allow,\n"
			"   unless: [{column: \"t.*.*\", when: {groups: [g]}, reason: r}]}\n"
			"- {id: c, column: a.b.c, mask: redact}\n"
			"patterns: [{id: x, regex: x}, {id: pan, regex: y}]\n"
			"pack: a\n");
	const struct model_data *d = p->packs[0].data;

	CU_ASSERT_EQUAL_FATAL(p->packs[0].n_data, 3);
	CU_ASSERT_TRUE(p->needs == (MODEL_NEEDS_MASKS | MODEL_NEEDS_WHO));
	CU_ASSERT_TRUE(d[0].pattern == 1 && d[0].column == NULL && d[0].line == 2);
	CU_ASSERT_STRING_EQUAL(d[0].reason, "why");
	CU_ASSERT_TRUE(d[1].pattern == MODEL_NONE && d[1].derived == MODEL_DERIVED_DENY);
	CU_ASSERT_EQUAL(d[1].predicate, VERDICT_ALLOW);
	CU_ASSERT_STRING_EQUAL(d[1].schema, "*");
	CU_ASSERT_STRING_EQUAL(d[1].table, "cust?");
	CU_ASSERT_STRING_EQUAL(d[1].column, "ssn");
	CU_ASSERT_STRING_EQUAL(d[1].json, "$.x");
	CU_ASSERT_EQUAL_FATAL(d[1].n_unless, 1);
	CU_ASSERT_STRING_EQUAL(d[1].unless[0].column, "t.*.*");
	CU_ASSERT_EQUAL(d[1].unless[0].when.n_conds, 1);
	/* What is not said is the safe way. */
	CU_ASSERT_TRUE(d[2].derived == MODEL_DERIVED_REDACT && d[2].predicate == VERDICT_HOLD);
	policy_free(&p);
}

static void test_commands(void)
{
	struct policy *p = load_good(
			"pack: a\n"
			"default: {command: deny, unparsed: hold}\n"
			"commands:\n"
			"- id: r\n"
			"  when:\n"
			"  - sql: {kind: [select, copy_to], with: merge, beyond: show, object: table,\n"
			"      flag: [opaque, data_in_cte], where: [trivial, none], limit: unknown,\n"
			"      rows_over: 5, relation: [b, a, \"x.*\", \"c*\"], access: [read, write, upsert],\n"
			"      setting: Role, value: x, file: /etc/passwd}\n"
			"  - {text: {regex: a, flags: caseless}, rate: {over: 7, per: 2m}}\n"
			"  - {time: {days: [sat, sun], from: \"22:00\", to: \"06:00\"}, actor: [\"a*\"], target: t}\n"
			"  then: {hold: {approvers: [\"group:dba\"], quorum: 2, approve_within: 15m,\n"
			"    run_within: 5s}}\n");
	const struct model_rule *r = &p->packs[0].rules[0];
	const struct model_cond *c = r->when.conds;

	CU_ASSERT_TRUE(p->packs[0].command == VERDICT_DENY && p->packs[0].unparsed == VERDICT_HOLD);
	CU_ASSERT_EQUAL_FATAL(r->when.n_conds, 3);
	CU_ASSERT_EQUAL(c->kinds, 1ULL << SQL_K_SELECT | 1ULL << SQL_K_COPY_TO);
	CU_ASSERT_TRUE(c->with == 1ULL << SQL_K_MERGE && c->within == 1ULL << SQL_K_SHOW);
	CU_ASSERT_TRUE(c->is_beyond && c->is_sql && c->objects == 1U << SQL_O_TABLE);
	CU_ASSERT_EQUAL(c->flags, SQL_F_OPAQUE | SQL_F_DATA_IN_CTE);
	CU_ASSERT_EQUAL(c->wheres, 1U << SQL_WHERE_TRIVIAL | 1U << SQL_WHERE_NONE);
	CU_ASSERT_TRUE(c->limits == MODEL_LIMIT_UNKNOWN && c->rows_over == 5 && c->n_items == 3);
	CU_ASSERT_EQUAL(c->items[0].what, SQL_I_RELATION);
	CU_ASSERT_TRUE(c->items[0].names.n_exact == 2 && c->items[0].names.n_globs == 1);
	CU_ASSERT_STRING_EQUAL(c->items[0].names.exact[0], "a");
	CU_ASSERT_STRING_EQUAL(c->items[0].qualified[0].schema, "x");
	CU_ASSERT_TRUE(c->items[0].n_access == 6 &&
			c->items[0].access[5] == (SQL_R_INSERT | SQL_R_UPDATE));
	CU_ASSERT_TRUE(c->items[1].what == SQL_I_SETTING && c->items[1].names.caseless);
	CU_ASSERT_STRING_EQUAL(c->items[1].names.exact[0], "role");
	CU_ASSERT_EQUAL(c->items[2].what, SQL_I_FILE);
	CU_ASSERT_TRUE(c[1].text == 0 && c[1].rate == 0 && c[1].rate_over == 7 && !c[1].is_sql);
	CU_ASSERT_TRUE(p->n_texts == 1 && p->texts[0].flags == SCAN_F_CASELESS);
	CU_ASSERT_TRUE(p->n_rates == 1 && p->rates[0].per_s == 120);
	CU_ASSERT_TRUE(c[2].time->days == 0x60 && c[2].time->from == 1320 && c[2].time->to == 360);
	CU_ASSERT_TRUE(c[2].who->actors.n_globs == 1 && c[2].who->targets.n_exact == 1);
	CU_ASSERT_TRUE(r->hold->quorum == 2 && r->hold->approve_within_s == 900);
	CU_ASSERT_TRUE(r->hold->run_within_s == 5 && r->hold->approvers.n == 1);
	CU_ASSERT_TRUE((r->gate.kinds & MODEL_ANY_KIND) != 0 &&
			(p->packs[0].gate.kinds & MODEL_ANY_KIND) !=
					0); /* the second asks no statement */
	CU_ASSERT_EQUAL(p->needs,
			MODEL_NEEDS_TEXT | MODEL_NEEDS_RATE | MODEL_NEEDS_TIME | MODEL_NEEDS_WHO);
	policy_free(&p);
}

#define NONE                                                                                       \
	{                                                                                          \
		NULL                                                                               \
	}
#define RULES(rules) "pack: a\ncommands:\n" rules

static void test_warnings(void)
{
	static const struct {
		const char *yaml, *warnings[3];
	} rows[] = {
		{ RULES("- {id: a, when: {sql: {kind: drop}}, then: deny}\n"
			"- {id: b, when: {sql: {kind: drop, object: table}}, then: hold}\n"),
				{ "rule 'b' never decides: 'a' in line 3 speaks whenever it does, and its "
				  "verdict is deny" } },
		{ RULES("- {id: a, when: {sql: {kind: drop, object: table}}, then: hold}\n"
			"- {id: b, when: {sql: {kind: drop}}, then: deny}\n"),
				{ "rule 'a' never decides: 'b' in line 4" } },
		{ RULES("- {id: a, when: {sql: {kind: drop, object: table}}, then: deny}\n"
			"- {id: b, when: {sql: {kind: drop}}, then: deny}\n"),
				NONE },
		{ RULES("- {id: a, when: {sql: {kind: drop}}, then: deny, "
			"unless: [{when: {groups: a}, reason: b}]}\n"
			"- {id: b, when: {sql: {kind: drop}}, then: hold}\n"),
				NONE },
		{ RULES("- {id: a, when: {sql: {relation: [\"app.*\", \"log_*\"], access: write}}, then: deny}\n"
			"- {id: b, when: {sql: {relation: [app.t, log_x], access: delete}}, then: deny}\n"
			"- {id: c, when: {sql: {relation: [app.t, logs], access: delete}}, then: deny}\n"
			"- {id: d, when: {sql: {relation: app.t}}, then: deny}\n"),
				{ "rule 'b' never decides: 'a' in line 3" } },
		{ RULES("- {id: a, when: {target: \"prod-*\"}, then: deny}\n"
			"- {id: b, when: {target: prod-1, sql: {kind: select}}, then: deny}\n"
			"- {id: c, when: {target: \"*\", sql: {kind: select}}, then: deny}\n"),
				{ "rule 'b' never decides: 'a' in line 3" } },
		{ RULES("- {id: a, when: {sql: {kind: select}}, then: allow}\n"),
				{ "rule 'a' never decides: default.command is allow anyway" } },
		{ RULES("- {id: a, when: {sql: {kind: [insert, drop], flag: read_only}}, then: deny}\n"),
				{ "rule 'a' can never match here: what has one of these kinds is not "
				  "read_only" } },
		{ RULES("- {id: a, when: {sql: {kind: drop}}, then: deny,\n"
			"   unless: [{when: {sql: {kind: select}}, reason: b}]}\n"),
				{ "this exception of 'a' can never hold: the rule is about other kinds" } },
		{ RULES("- {id: a, when: {sql: {function: Lower}}, then: deny}\n"),
				{ "function 'Lower' matches only where it was written in quotes" } },
		{ RULES("- {id: a, when: {sql: {relation: a23456789a23456789a23456789a23456789a23456789"
			"a23456789a23456789x}}, then: deny}\n"),
				{ "can never match: the server cuts names to 63 bytes" } },
		{ "pack: a\npatterns: [{id: p, regex: x}]\n",
				{ "pattern 'p' is of no use: no data rule of this pack names it" } },
		{ "pack: a\ndata:\n- {id: a, column: \"*.t.c\", mask: redact}\n"
		  "- {id: b, column: public.t.c, mask: \"null\"}\n"
		  "- {id: c, column: public.t.c, json: $.a, mask: \"null\"}\n",
				{ "rule 'b' never masks: 'a' in line 3 comes first" } },
		{ "pack: a\ndata: [{id: a, column: public.T.c, mask: redact}]\n",
				{ "table 'T' matches only where it was written in quotes" } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_warnings(rows[i].yaml, rows[i].warnings);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "data: each message, its line and column", test_rows_data },
		{ "commands: each message, its line and column", test_rows_commands },
		{ "masks", test_masks },
		{ "data rules", test_data },
		{ "commands rules", test_commands },
		{ "warnings", test_warnings },
	};

	return suite_run("load/rules", tests, sizeof(tests) / sizeof(tests[0]));
}
