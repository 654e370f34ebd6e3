/* SPDX-License-Identifier: Apache-2.0
 * Conditions of text and of rate through whole sessions, judged by ruleset/match. */
#include "parsers/base/must.h"
#include "ruleset/load/load.h"
#include "ruleset/model/model.h"
#include "ruleset/scan/scan.h"
#include "tests/unit/inspect/cases.h"
#include "tests/unit/net/suite.h"

#include <stdio.h>
#include <string.h>

/* Rules in force; and others that can be put in their place. */
static struct rig {
	struct policy *policy;
	struct scan_db *db;
	struct scanner *scanner;
	struct spine_rules rules;
} rig, other;

void bench_rules_open(void)
{
}

void bench_rules_close(void)
{
}

const struct spine_rules *bench_rules(void)
{
	return &rig.rules;
}

/* Blocks of 320 bytes, so that a command is longer than one. */
static void rig_up(struct rig *r, const char *commands)
{
	static const struct scan_sizes sizes = {
		.block_bytes = 320, .reach_bytes = 128, .fields = 4
	};
	static struct load_report report;
	char pack[2048];
	const int n = snprintf(pack, sizeof(pack), "pack: t\ncommands:\n%s", commands);
	const struct span text = { (const uint8_t *)pack, (size_t)n };
	struct scan_error error;

	if (load_policy(&text, 1, &r->policy, &report) != 0)
		printf("\n    %s\n", report.errors.at[0].text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->policy);
	r->rules = (struct spine_rules){ .policy = r->policy };
	if (r->policy->n_texts == 0)
		return;
	must(scan_db_new(r->policy->texts, r->policy->n_texts, &r->db, &error) == 0);
	must(scanner_new(r->db, &sizes, &r->scanner) == 0);
	r->rules.texts = &r->scanner;
}

static void rig_down(struct rig *r)
{
	scanner_free(&r->scanner);
	scan_db_free(&r->db);
	policy_free(&r->policy);
}

/* A session under these rules. */
static struct talk *under(const char *commands)
{
	rig_up(&rig, commands);
	return ready(0);
}

static void leave(void)
{
	end();
	rig_down(&rig);
}

/* ---- texts */

/* What is said to a message alone; "" when it passed. */
static const char *verdict_on(struct talk *t, const char *spec)
{
	const size_t before = strlen(b.ctrl.log);

	bench_say(&b, t, spec);
	if (b.ctrl.log[before] == '\0')
		return "";
	return b.ctrl.log + before + 1;
}

static const char texts[] =
		"  - {id: canary, when: {text: 'canary-\\d{4}'}, then: deny,\n"
		"     unless: [{when: {text: 'approved by [a-z]+'}, reason: x}]}\n"
		"  - {id: word, when: {text: {regex: 'top secret', flags: [caseless]}}, then: deny}\n"
		"  - {id: inside, when: {text: 'secret canary'}, then: deny}\n"
		"  - {id: around, when: {sql: {kind: delete}, text: 'not a secret canary at all'}, then: deny}\n"
		"  - {id: begins, when: {text: '^zebra'}, then: deny}\n"
		"  - {id: long, when: {text: 'x{3}[^y]+y{3}'}, then: deny}\n";

static void test_texts(void)
{
	static const struct {
		const char *spec, *said;
	} rows[] = {
		{ "Q select 1", "" },
		{ "Q select 'canary-1234'", "JUDGED=deny/t/canary" },
		{ "Q select 'canary-123'", "" },
		{ "Q select 'canary-1234' /* approved by ann */", "" },
		{ "Q select 1 /* Top SECRET */", "JUDGED=deny/t/word" },
		/* found, although a longer one covers it */
		{ "Q select 'not a secret canary at all'", "JUDGED=deny/t/inside" },
		{ "Q select 1 -- zebra", "" }, /* and no line begins with it */
		{ "Q select 'xxx' -- and then yyy", "JUDGED=deny/t/long" },
		{ "P |select 'canary-1234'", "JUDGED=deny/t/canary" },
		{ "S", "" },
	};
	struct talk *t = under(texts);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *said = verdict_on(t, rows[i].spec);

		if (strcmp(said, rows[i].said) != 0)
			printf("\n    is \"%s\"", said);
		CHECK_ROW(rows[i].spec, strcmp(said, rows[i].said) == 0);
	}
	leave();
}

/* Wherever it stands in a text of many blocks. */
static void test_long_texts(void)
{
	struct talk *t = under(texts);
	char spec[3000];

	for (size_t at = 10; at < 2900; at += 53) {
		memset(spec, ' ', sizeof(spec));
		memcpy(spec, "Q select ", 9);
		memcpy(spec + at, "'canary-1234'", 13);
		spec[sizeof(spec) - 1] = '\0';
		CHECK_ROW(spec + at, strcmp(verdict_on(t, spec), "JUDGED=deny/t/canary") == 0);
	}
	leave();
}

/* Not known: rules that deny speak, exceptions do not hold. */
static void test_no_scanner(void)
{
	struct talk *t;

	rig_up(&rig, texts);
	rig.rules.texts = NULL;
	t = ready(0);
	CU_ASSERT_STRING_EQUAL(
			verdict_on(t, "Q select 1 /* approved by ann */"), "JUDGED=deny/t/canary");
	leave();
}

/* ---- rates */

static const char three_a_second[] =
		"  - {id: fast, when: {rate: {over: 3, per: 1s}}, then: deny}\n";

static void say_times(struct talk *t, const char *const *specs, int n)
{
	for (int i = 0; i < n; i++)
		for (const char *const *spec = specs; *spec != NULL; spec++)
			bench_say(&b, t, *spec);
}

static void test_rates(void)
{
	static const char *const query[] = { "Q select 1", NULL };
	struct talk *t = under(three_a_second);

	say_times(t, query, 3);
	CU_ASSERT_STRING_EQUAL(b.ctrl.log, "READY");
	say_times(t, query, 1);
	CU_ASSERT_STRING_EQUAL(b.ctrl.log, "READY JUDGED=deny/t/fast");
	bench_wait(&b, 900);
	CU_ASSERT_STRING_EQUAL(verdict_on(t, "Q select 1"), "JUDGED=deny/t/fast");
	bench_wait(&b, 200); /* the first four are over, the denied one is not */
	say_times(t, query, 2);
	CU_ASSERT_STRING_EQUAL(b.ctrl.log, "READY JUDGED=deny/t/fast JUDGED=deny/t/fast");
	CU_ASSERT_STRING_EQUAL(verdict_on(t, "Q select 1"), "JUDGED=deny/t/fast");
	leave();
}

/* A Parse runs nothing; a Bind and its Execute are one; each further Execute is one. */
static void test_extended(void)
{
	static const char *const parse[] = { "P s1|select 1", "S", NULL };
	static const char *const pair[] = { "B |s1", "E |0", "S", NULL };
	static const char *const twice[] = { "B |s1", "E |1", "E |1", "S", NULL };
	struct talk *t = under(three_a_second);

	say_times(t, parse, 1);
	for (int i = 0; i < 9; i++)
		bench_say(&b, t, "P |select 2");
	bench_say(&b, t, "S");
	say_times(t, pair, 3);
	CU_ASSERT_STRING_EQUAL(b.ctrl.log, "READY");
	say_times(t, pair, 1);
	CU_ASSERT_STRING_EQUAL(b.ctrl.log, "READY JUDGED=deny/t/fast");
	bench_wait(&b, 1100);
	say_times(t, twice, 1);
	CU_ASSERT_STRING_EQUAL(b.ctrl.log, "READY JUDGED=deny/t/fast");
	say_times(t, twice, 1); /* three with its Bind; four */
	CU_ASSERT_STRING_EQUAL(b.ctrl.log, "READY JUDGED=deny/t/fast JUDGED=deny/t/fast");
	leave();
}

/* A hold is counted once, however often it is looked at, and rules say which commands they stop. */
static void test_kinds_and_holds(void)
{
	struct talk *t = under(
			"  - {id: del, when: {sql: {kind: delete}, rate: {over: 2, per: 1m}}, then: hold}\n"
			"  - {id: much, when: {rate: {over: 5, per: 1m}}, then: deny}\n");

	bench_say(&b, t, "Q delete from t where a = 1");
	bench_say(&b, t, "Q select 2");
	bench_say(&b, t, "Q select 3");
	bench_say(&b, t, "Q delete from t where a = 4");
	CU_ASSERT_PTR_NOT_NULL_FATAL(ctrl_waiting(&b.ctrl, TICKET_MAY));
	bench_wait(&b, 5000);
	(void)ctrl_answer(&b.ctrl, TICKET_MAY, TICKET_ALLOW, "");
	bench_run(&b);
	CU_ASSERT(bench_has(&t->server.heard, "a = 4"));
	CU_ASSERT_STRING_EQUAL(verdict_on(t, "Q select 5"), "");
	CU_ASSERT_STRING_EQUAL(verdict_on(t, "Q select 6"), "JUDGED=deny/t/much");
	leave();
}

/* Another policy counts anew, also if its times are the same; the same one in another place goes on. */
static void test_exchange(void)
{
	static const char *const query[] = { "Q select 1", NULL };
	struct talk *t = under(three_a_second);
	struct spine_rules copy = rig.rules;

	say_times(t, query, 3);
	atomic_store(&b.target.rules, &copy);
	CU_ASSERT_STRING_EQUAL(verdict_on(t, "Q select 1"), "JUDGED=deny/t/fast");
	rig_up(&other, "  - {id: new, when: {rate: {over: 3, per: 1s}}, then: deny}\n");
	atomic_store(&b.target.rules, &other.rules);
	CU_ASSERT_STRING_EQUAL(verdict_on(t, "Q select 1"), "");
	say_times(t, query, 2);
	CU_ASSERT_STRING_EQUAL(verdict_on(t, "Q select 1"), "JUDGED=deny/t/new");
	rig_down(&other);
	rig_up(&other, "  - {id: none, when: {sql: {kind: drop}}, then: deny}\n");
	atomic_store(&b.target.rules, &other.rules);
	CU_ASSERT_STRING_EQUAL(verdict_on(t, "Q select 1"), "");
	rig_down(&other);
	atomic_store(&b.target.rules, &rig.rules);
	leave();
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "texts", test_texts },
		{ "long texts", test_long_texts },
		{ "no scanner", test_no_scanner },
		{ "rates", test_rates },
		{ "the extended protocol", test_extended },
		{ "kinds, and holds", test_kinds_and_holds },
		{ "rules are exchanged", test_exchange },
	};
	int rc;

	bench_open();
	rc = suite_run("rules", tests, sizeof(tests) / sizeof(*tests));
	bench_close();
	return rc;
}
