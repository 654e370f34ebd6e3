/* SPDX-License-Identifier: Apache-2.0
 * What rules of columns say of a statement: whose rule, which verdict, exceptions, what is not known, and
 * where there is nothing to judge. The ways round them are in test_ways_round.c. */
#include "ruleset/load/load.h"
#include "ruleset/model/model.h"
#include "tests/unit/match/world.h"
#include "tests/unit/net/suite.h"

#include <stdio.h>
#include <string.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct policy *policy;
static const struct match_context nobody = { .week_minute = -1 };

static struct data_question question(void)
{
	return (struct data_question){
		.policy = policy, .catalog = world_catalog(), .context = &nobody
	};
}

/* The verdicts are the rule's own; the worst of several counts. */
static const struct world_row rules_rows[] = {
	{ "SELECT id FROM customers WHERE ssn = '1'", "hold predicate of ssn clean" },
	{ "SELECT id FROM customers WHERE email = 'x'", "allow clean" },
	{ "SELECT id FROM staff WHERE salary > 1", "deny predicate of salary clean" },
	{ "SELECT id FROM customers WHERE email = 'x' AND ssn = 'y'",
			"hold predicate of ssn clean" },
	{ "SELECT c.id FROM customers c, staff s WHERE ssn = 'y' AND salary > 1",
			"deny predicate of salary clean" },
	{ "SELECT c.id FROM customers c, staff s WHERE c.ssn = s.city",
			"hold predicate of ssn clean" },
	{ "SELECT 1 FROM customers WHERE ssn = '1'; SELECT 1 FROM staff WHERE salary = 1",
			"deny predicate of salary clean" },
	{ "SELECT 1 FROM staff WHERE salary = 1; SELECT 1", "deny predicate of salary clean" },
	/* what lets itself be compared does not let itself be stored */
	{ "INSERT INTO x SELECT email FROM customers", "hold stored of email clean" },
	{ "INSERT INTO x SELECT note FROM customers", "hold stored of note clean" },
	{ "INSERT INTO x SELECT salary FROM staff", "deny stored of salary clean" },
	/* derived */
	{ "SELECT upper(ssn) FROM customers", "allow d" },
	{ "SELECT upper(email), upper(ssn) FROM customers", "allow dd" },
	{ "SELECT upper(note) FROM customers", "allow ." },
	{ "SELECT max(salary) FROM staff", "hold derived of salary d" },
	{ "SELECT salary FROM staff", "allow clean" },
	{ "SELECT salary * 2 FROM staff", "deny predicate of salary d" },
	{ "SELECT salary FROM staff UNION ALL SELECT 1", "hold derived of salary d" },
	{ "SELECT s FROM staff s", "hold derived of salary d" },
	{ "DECLARE c CURSOR FOR SELECT max(salary) FROM staff", "hold derived of salary clean" },
	{ "PREPARE p AS SELECT max(salary) FROM staff", "hold derived of salary clean" },
	{ "EXPLAIN SELECT max(salary) FROM staff", "allow clean" },
	{ "SELECT tail FROM masked_v", "allow clean" },
	{ "COPY (SELECT tail FROM masked_v) TO STDOUT", "allow d" },
	{ "COPY (SELECT doc FROM docs) TO STDOUT", "allow d" }, /* two rules are of it */
	/* names */
	{ "SELECT id FROM archive.customers WHERE email = 'x'", "allow clean" },
	{ "SELECT id FROM archive.customers WHERE ssn = 'x'", "hold predicate of ssn clean" },
	{ "SELECT id FROM other.customers WHERE ssn = 'x'", "allow clean" },
	{ "SELECT c.id FROM customers c JOIN orders o ON o.cid = c.id WHERE o.ssn = '1'",
			"allow clean" },
	{ "SELECT c.id FROM customers c JOIN orders o ON o.cid = c.id WHERE ssn = '1'",
			"hold predicate of ssn clean" },
	{ "SELECT id FROM \"Customers\" WHERE ssn = '1'", "allow clean" },
	{ "WITH customers AS (SELECT 1 AS ssn) SELECT upper(ssn) FROM customers WHERE ssn = '1'",
			"allow clean" },
	{ "INSERT INTO customers AS excluded (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET "
	  "city = excluded.ssn",
			"hold stored of ssn clean" },
	{ "SELECT 1; SELECT upper(ssn) FROM customers", "allow d" },
	/* places behind a star */
	{ "COPY (SELECT upper(ssn), c.*, id FROM customers c) TO STDOUT", "allow ddddd." },
	{ "COPY (SELECT id, c.*, upper(ssn), id FROM customers c) TO STDOUT", "allow .dddd." },
	{ "COPY (SELECT id, c.*, o.*, id FROM customers c, orders o) TO STDOUT", "allow .ddd." },
	{ "COPY (SELECT id, c.*, id FROM customers c) TO STDOUT", "allow d" }, /* too few */
	{ "SELECT id, upper(ssn) FROM customers", "allow d" },
	{ "SELECT id, upper(ssn) FROM customers", "allow ddd" },
};

static void test_rules(void)
{
	const struct data_question q = question();

	world_check(&q, rules_rows, N_OF(rules_rows));
}

/* Who is excepted. */
static void test_unless(void)
{
	static const struct world_row others[] = {
		{ "SELECT id FROM staff WHERE born > '2000-01-01'",
				"hold predicate of born clean" },
		{ "SELECT max(born) FROM staff", "allow d" },
	};
	static const struct world_row excepted[] = {
		{ "SELECT id FROM staff WHERE born > '2000-01-01'", "allow clean" },
		{ "SELECT max(born) FROM staff", "allow clean" },
		{ "SELECT id FROM staff WHERE salary = 1", "deny predicate of salary clean" },
	};
	static const struct span groups[] = { { (const uint8_t *)"privacy", 7 } };
	const struct match_context known = {
		.knows_actor = true, .groups = groups, .n_groups = 1, .week_minute = -1
	};
	struct data_question q = question();

	world_check(&q, others, N_OF(others));
	q.context = NULL;
	world_check(&q, others, N_OF(others));
	q.context = &known;
	world_check(&q, excepted, N_OF(excepted));
}

static struct policy *policy_of(const char *text)
{
	static struct load_report report;
	struct span span = { (const uint8_t *)text, strlen(text) };
	struct policy *p = NULL;

	CU_ASSERT_EQUAL_FATAL(load_policy(&span, 1, &p, &report), 0);
	return p;
}

/* An exception for a column is for that column alone, and only where what else it asks holds. */
static void test_unless_column(void)
{
	static const struct world_row rows[] = {
		{ "SELECT id FROM public.customers WHERE ssn = '1'",
				"hold predicate of ssn clean" },
		{ "SELECT id FROM archive.customers WHERE ssn = '1'", "allow clean" },
		{ "SELECT id FROM customers WHERE ssn = '1'", "hold predicate of ssn clean" },
		{ "COPY archive.customers TO STDOUT", "allow clean" },
	};
	struct policy *p = policy_of("pack: x\ndata:\n- {id: ssn, column: '*.customers.ssn', "
				     "mask: redact, unless: [{column: 'arch*.*.ssn', reason: old},"
				     " {column: '*.*.*', when: {groups: [x]}, reason: them}]}\n");
	struct data_question q = question();

	q.policy = p;
	/* what the other rules of the catalogue are about is not there: its rows name no rule */
	q.catalog = &(struct catalog){ (const struct catalog_column[]){ world_catalog()->columns[0],
						       world_catalog()->columns[6] },
		2, 1000 };
	world_check(&q, rows, N_OF(rows));
	policy_free(&p);
}

/* Nothing to judge by. */
static void test_nothing(void)
{
	static const struct world_row rows[] = {
		{ "SELECT upper(ssn) FROM customers WHERE ssn = '1'", "allow clean" },
		{ "DO 'x'", "allow clean" },
		{ "EXECUTE p", "allow clean" },
		{ "SELECT upper(query) FROM pg_stat_activity", "allow clean" },
	};
	struct policy *p = policy_of("pack: x\npatterns: [{id: a, regex: 'a'}]\n"
				     "data: [{id: a, pattern: a, mask: redact}]\n");
	struct data_question q = question();
	struct data_output o;

	q.catalog = &(struct catalog){ NULL, 0, 0 };
	world_check(&q, rows, N_OF(rows));
	q.facts = world_facts("EXECUTE p");
	match_output(&q, 0, 0, 1, &o);
	CU_ASSERT_PTR_NULL(o.rule);
	q.catalog = world_catalog();
	q.policy = NULL;
	world_check(&q, rows, N_OF(rows));
	q.policy = p;
	world_check(&q, rows, N_OF(rows));
	policy_free(&p);
}

/* Without a catalogue anything may be masked. */
static void test_no_catalog(void)
{
	static const struct world_row rows[] = {
		{ "SELECT 1", "deny unproven of salary d" },
		{ "SELECT a FROM b", "deny unproven of salary dd" },
		{ "BEGIN", "deny unproven of salary ?" },
	};
	struct data_question q = question();

	q.catalog = NULL;
	world_check(&q, rows, N_OF(rows));
}

/* A rule of another policy: what it says is not known. */
static void test_unknown_rule(void)
{
	struct catalog_column c = world_catalog()->columns[0];
	struct data_question q = question();
	struct data_verdict v;

	c.data = 4711;
	q.catalog = &(struct catalog){ &c, 1, 1000 };
	q.facts = world_facts("SELECT ssn FROM customers WHERE ssn = '1'");
	match_data(&q, &v);
	CU_ASSERT_EQUAL(v.verdict, VERDICT_DENY);
	CU_ASSERT_FALSE(v.is_clean);
}

/* A statement of <n> sub-selects, one in the other, around a column. */
static const struct sql_facts *nested(unsigned int n, const char *around, const char *end)
{
	static char text[16384];
	size_t at = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", around);
	at += (size_t)snprintf(
			text + at, sizeof(text) - at, "SELECT upper(ssn) AS a FROM customers");
	for (unsigned int i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", end);
	return at + 1 < sizeof(text) ? world_facts(text) : NULL;
}

static void check_derived(const struct sql_facts *facts)
{
	struct data_question q = question();
	struct data_verdict v;
	struct data_output o;

	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	q.facts = facts;
	match_data(&q, &v);
	CU_ASSERT_FALSE(v.is_clean);
	match_output(&q, 0, 0, 1, &o);
	CU_ASSERT(o.rule != NULL && o.is_derived);
}

/* What is too much to look through is not clean. */
static void test_limits(void)
{
	static char text[8192];
	size_t at = 0;

	check_derived(nested(5, "SELECT a FROM (", ") x"));
	check_derived(nested(60, "SELECT a FROM (", ") x"));
	check_derived(nested(60, "SELECT * FROM (", ") x"));
	/* each CTE twice in the next one: 2^40 ways down to the column */
	at += (size_t)snprintf(
			text, sizeof(text), "WITH c0 AS (SELECT upper(ssn) AS a FROM customers)");
	for (unsigned int i = 1; i <= 40; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				", c%u AS (SELECT x.a || y.a AS a FROM c%u x, c%u y)", i, i - 1,
				i - 1);
	snprintf(text + at, sizeof(text) - at, " SELECT a FROM c40");
	check_derived(world_facts(text));
	check_derived(world_facts(
			"WITH RECURSIVE r AS (SELECT * FROM r UNION ALL SELECT * FROM r UNION "
			"ALL SELECT ssn FROM customers) SELECT * FROM r"));
	/* more relations than are kept */
	at = (size_t)snprintf(text, sizeof(text), "SELECT a FROM customers c0");
	for (unsigned int i = 1; i <= 100; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, ", customers c%u", i);
	check_derived(world_facts(text));
}

static void test_catalog_find(void)
{
	uint32_t n = 7;

	CU_ASSERT_PTR_EQUAL(
			catalog_find(world_catalog(), 100, 3, &n), &world_catalog()->columns[0]);
	CU_ASSERT_EQUAL(n, 1);
	CU_ASSERT_PTR_EQUAL(
			catalog_find(world_catalog(), 500, 2, &n), &world_catalog()->columns[7]);
	CU_ASSERT_EQUAL(n, 2);
	CU_ASSERT_PTR_NULL(catalog_find(world_catalog(), 500, 3, &n));
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT_PTR_NULL(catalog_find(world_catalog(), 100, 0, &n));
	CU_ASSERT_PTR_NULL(catalog_find(world_catalog(), 99, 3, &n));
	CU_ASSERT_PTR_NULL(catalog_find(world_catalog(), UINT32_MAX, INT16_MAX, &n));
	CU_ASSERT_PTR_NULL(catalog_find(&(struct catalog){ NULL, 0, 0 }, 100, 3, &n));
}

static void test_index(void)
{
	static struct load_report reports[2];
	static const char one[] = "pack: one\ndata: [{id: a, column: 'x.y.z', mask: redact}, "
				  "{id: b, column: 'x.y.z', mask: redact, derived: deny}]\n";
	static const char two[] = "pack: two\ndata: [{id: c, column: 'x.y.z', mask: redact, "
				  "derived: deny}]\n";
	const struct span texts[] = { { (const uint8_t *)one, sizeof(one) - 1 },
		{ (const uint8_t *)two, sizeof(two) - 1 } };
	struct policy *p = NULL;

	CU_ASSERT_EQUAL_FATAL(load_policy(texts, 2, &p, reports), 0);
	CU_ASSERT_STRING_EQUAL(model_data_at(p, 1)->id, "b");
	CU_ASSERT_STRING_EQUAL(model_data_pack(p, 1)->name, "one");
	CU_ASSERT_STRING_EQUAL(model_data_at(p, 2)->id, "c");
	CU_ASSERT_STRING_EQUAL(model_data_pack(p, 2)->name, "two");
	CU_ASSERT_PTR_NULL(model_data_at(p, 3));
	CU_ASSERT_PTR_NULL(model_data_pack(p, UINT32_MAX));
	CU_ASSERT_EQUAL(data_strictest(p), 1);
	CU_ASSERT_EQUAL(data_strictest(NULL), MODEL_NONE);
	policy_free(&p);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "rules", test_rules },
		{ "unless", test_unless },
		{ "unless a column", test_unless_column },
		{ "nothing to judge by", test_nothing },
		{ "no catalogue", test_no_catalog },
		{ "a rule that is not there", test_unknown_rule },
		{ "limits", test_limits },
		{ "catalogue", test_catalog_find },
		{ "index of rules", test_index },
	};
	int rc;

	policy = world_policy("");
	rc = suite_run("data", tests, N_OF(tests));
	policy_free(&policy);
	return rc;
}
