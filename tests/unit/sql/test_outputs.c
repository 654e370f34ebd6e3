/* SPDX-License-Identifier: Apache-2.0
 * What a statement puts out, and what its sub-selects do: arms and outputs of the facts. */
#include "parsers/sql/facts.h"
#include "parsers/sql/walk_priv.h"
#include "tests/unit/net/suite.h"

#include <stdio.h>
#include <string.h>

/* Arms of the statement's own query in the order of its text, " / " between them: "~" before one whose rows
 * are compared, then each output as NAME:WHAT, where WHAT is c (a column), * (a star), t (of COPY table TO)
 * or the number of its items, and "!" what may fail. Then "+n": arms of sub-selects and functions. */
struct row {
	const char *text, *outs;
};

static const struct row rows[] = {
	{ "SELECT 1", "?:0" },
	{ "SELECT", "" },
	{ "SELECT ssn, id AS i FROM t", "ssn:c i:c" },
	{ "SELECT t.ssn, * FROM t", "ssn:c ?:*" },
	{ "SELECT t.* FROM t", "?:*" },
	{ "TABLE t", "?:*" },
	{ "SELECT c FROM t c", "c:c" },
	{ "SELECT (c).a, (c).* FROM t c", "a:2 ?:2" },
	{ "SELECT a[1], (a) FROM t", "?:1 a:c" },
	{ "SELECT lower(a), a || b, a::text, 1::int, CASE WHEN a THEN b END AS k FROM t",
			"lower:2 ?column?:2 a:1 ?:0 k:2" },
	{ "SELECT coalesce(a, b), nullif(a, b), greatest(a, b) FROM t", "coalesce:2 nullif:2 ?:2" },
	{ "SELECT (a + b)::text FROM t", "?:2!" },
	{ "SELECT 1 AS a, (SELECT x FROM u) AS b, c FROM t", "a:0 b:2 c:c +1" },
	{ "SELECT EXISTS (SELECT 1), ARRAY(SELECT a FROM u) FROM t", "?:0 ?:2 +2" },
	{ "VALUES (1, a), (b, 2)", "?:2 ?:2" },
	{ "SELECT a FROM t UNION ALL SELECT b FROM u", "a:c / b:c" },
	{ "SELECT a FROM t UNION ALL (SELECT b FROM u UNION ALL SELECT 1)", "a:c / b:c / ?:0" },
	{ "SELECT a FROM t UNION SELECT b FROM u", "~a:c / ~b:c" },
	{ "SELECT a FROM t UNION ALL SELECT b FROM u ORDER BY 1", "~a:c / ~b:c" },
	{ "SELECT DISTINCT a FROM t", "~a:c" },
	{ "SELECT DISTINCT ON (a) b FROM t", "b:c" },
	{ "SELECT x.a FROM (SELECT a FROM t) x", "a:c +1" },
	{ "WITH x AS (SELECT a FROM t), y AS (SELECT 1) SELECT * FROM x", "?:* +2" },
	{ "WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT n FROM x) SELECT * FROM x", "?:* +2" },
	{ "SELECT f FROM generate_series(1, 2) f", "f:c +1" },
	{ "SELECT a FROM XMLTABLE('/a' PASSING x COLUMNS a text)", "a:c +1" },
	{ "INSERT INTO t SELECT a FROM u", "+1" },
	{ "INSERT INTO t VALUES (1) RETURNING *, a", "?:* a:c +1" },
	{ "UPDATE t SET a = (SELECT b FROM u) RETURNING lower(a)", "lower:2 +1" },
	{ "DELETE FROM t", "" },
	{ "DELETE FROM t USING (SELECT a FROM u) x RETURNING id", "id:c +1" },
	{ "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE", "" },
	{ "COPY t TO STDOUT", "?:t" },
	{ "COPY t (a, b) TO STDOUT", "a:c b:c" },
	{ "COPY (SELECT a FROM t) TO STDOUT", "a:c" },
	{ "COPY t FROM STDIN", "" },
	{ "EXECUTE p", "" },
	{ "SHOW a", "" },
	{ "DECLARE c CURSOR FOR SELECT a FROM t", "a:c" },
	{ "PREPARE p AS SELECT a FROM t", "a:c" },
	{ "CREATE TABLE x AS SELECT a FROM t", "+1" },
	/* what may fail: fails.c */
	{ "SELECT a::int, a::text, a::varchar(3), a::text[], '1'::int, $1::int, ('1'::text)::int FROM t",
			"a:1! a:1 a:1 a:1! ?:0 ?:0 ?:0" },
	{ "SELECT a::my_type, 'x'::my_type FROM t", "a:2! ?:1" },
	{ "SELECT a || b, a = b, a < 1, a + 1, -a, a / b, a <=> b FROM t",
			"?column?:2 ?column?:2 ?column?:1 ?column?:1! ?column?:1! ?column?:2! "
			"?column?:3!" },
	{ "SELECT a LIKE 'x', a LIKE b, a ~ 'x', a ~ b, a ILIKE $1, a SIMILAR TO 'x' FROM t",
			"?column?:1 ?column?:2! ?column?:1 ?column?:2! ?column?:1 ?column?:2!" },
	{ "SELECT a IN (1), a BETWEEN 1 AND 2, a IS NULL, a IS DISTINCT FROM b, NOT a FROM t",
			"?column?:1 ?column?:1 ?:1 ?column?:2 ?:1" },
	{ "SELECT a OPERATOR(pg_catalog.=) b, a OPERATOR(s.=) b FROM t", "?column?:2 ?column?:3!" },
	{ "SELECT substr(a, 1, 2), substr(a, b), substr('x', 1, a), my.substr(a, 1) FROM t",
			"substr:2 substr:3! substr:2! substr:2!" },
	{ "SELECT json_build_object('a', a), json_build_object(a, 'a'), concat(VARIADIC a) FROM t",
			"json_build_object:2 json_build_object:2! concat:2!" },
	{ "SELECT sum(a), count(a), count(*), min(a), my_function() FROM t",
			"sum:2! count:2 count:1 min:2 my_function:1!" },
	{ "SELECT CASE WHEN a THEN (SELECT 1) END, (SELECT a), ((SELECT a))::text FROM t",
			"?:1! ?:1 ?:1! +3" },
	{ "SELECT lower(a), (SELECT 1 / a) FROM t", "lower:2 ?:1! +1" },
	{ "SELECT a IN (SELECT 1 / b), a IN (SELECT b) FROM t", "?:2! ?:2 +2" },
	{ "SELECT xmlelement(name x, a), xmlserialize(content a AS text) FROM t", "?:1! ?:1!" },
	{ "SELECT a FROM (SELECT 1 / b AS a FROM t) x", "a:c +1" },
};

struct sink {
	char out[512];
	size_t at;
};

static void __attribute__((format(printf, 2, 3))) put(struct sink *s, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(s->out + s->at, sizeof(s->out) - s->at, format, args);
	va_end(args);
	s->at += (size_t)n < sizeof(s->out) - s->at ? (size_t)n : sizeof(s->out) - s->at - 1;
}

static void put_output(struct sink *s, const struct sql_facts *f, const struct sql_output *o)
{
	const struct span name = sql_facts_str(f, o->name);

	if (name.len == 0)
		put(s, "?:");
	else
		put(s, "%.*s:", (int)name.len, (const char *)name.ptr);
	if (o->what == SQL_OUT_EXPR)
		put(s, "%u", o->n_items);
	else
		put(s, "%c", "ec*t"[o->what]);
	put(s, "%s", o->may_fail ? "!" : "");
}

static void put_arm(struct sink *s, const struct sql_facts *f, const struct sql_arm *arm)
{
	put(s, "%s", (arm->flags & SQL_ARM_COMPARED) != 0 ? "~" : "");
	for (uint32_t i = 0; i < arm->n; i++) {
		put(s, "%s", i > 0 ? " " : "");
		put_output(s, f, sql_facts_output(f, arm, i));
	}
}

/* The first one is the last of the chain. */
static uint32_t put_arms(struct sink *s, const struct sql_facts *f, uint32_t at)
{
	const struct sql_arm *arm;
	uint32_t n;

	if (at == 0)
		return 0;
	arm = sql_facts_arm(f, at);
	n = put_arms(s, f, arm->next);
	put(s, "%s", n > 0 ? " / " : "");
	put_arm(s, f, arm);
	return n + 1;
}

static void put_stmt(struct sink *s, const struct sql_facts *f)
{
	const struct sql_stmt *stmt = sql_facts_stmt(f, 0);
	const uint32_t n_own = put_arms(s, f, stmt->outs);
	uint32_t n = 0;

	for (uint32_t at = stmt->arms; at != 0; at = sql_facts_arm(f, at)->next_of_stmt)
		n++;
	if (n > n_own)
		put(s, "%s+%u", n_own > 0 ? " " : "", n - n_own);
}

static void test_rows(void)
{
	static uint64_t memory[4096];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sql_job job = { .text = { (const uint8_t *)rows[i].text,
							     strlen(rows[i].text) },
			.settings = { SQL_ENC_UTF8, true },
			.limits = &sql_limits_default };
		const struct sql_facts *facts;
		struct sink s = { .at = 0 };
		const enum sql_rc rc = sql_facts_of(
				&job, (struct sql_memory){ memory, sizeof(memory) }, &facts);

		CHECK_ROW(rows[i].text, rc == SQL_OK);
		if (rc == SQL_OK)
			put_stmt(&s, facts);
		if (strcmp(s.out, rows[i].outs) != 0)
			printf("\n    is \"%s\"", s.out);
		CHECK_ROW(rows[i].text, strcmp(s.out, rows[i].outs) == 0);
	}
}

/* What leads on from a range: its query's arms; a CTE's stand behind one of its own. */
static const struct sql_arm *arms_of_range(const char *text, const struct sql_facts **ret)
{
	static uint64_t memory[4096];
	const struct sql_job job = { .text = { (const uint8_t *)text, strlen(text) },
		.settings = { SQL_ENC_UTF8, true },
		.limits = &sql_limits_default };
	const struct sql_item *item = NULL;

	CU_ASSERT_EQUAL_FATAL(
			sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) }, ret),
			SQL_OK);
	for (uint32_t i = 0; i < (*ret)->n_items; i++) {
		item = sql_facts_item(*ret, i);
		if (item->what == SQL_I_RANGE)
			break;
	}
	return item == NULL || item->arms == 0 ? NULL : sql_facts_arm(*ret, item->arms);
}

static void test_ranges(void)
{
	const struct sql_facts *f;
	const struct sql_arm *arm;

	arm = arms_of_range("SELECT 1 FROM (SELECT a, b FROM t) x", &f);
	CU_ASSERT(arm != NULL && arm->n == 2 && arm->flags == 0 && arm->next == 0);
	arm = arms_of_range("SELECT 1 FROM lower(a) x", &f);
	CU_ASSERT(arm != NULL && arm->n == 1 && sql_facts_output(f, arm, 0)->n_items == 2);
	CU_ASSERT(arms_of_range("SELECT 1 FROM (t JOIN u ON true) j", &f) == NULL);
	arm = arms_of_range("WITH y AS (SELECT 1), x AS (SELECT a, b FROM t) SELECT 1 FROM x", &f);
	CU_ASSERT(arm != NULL && arm->n == 0 && arm->flags == SQL_ARM_CTE);
	CU_ASSERT(arm != NULL && sql_facts_arm(f, arm->next)->n == 2);
	arm = arms_of_range("WITH x (a) AS (SELECT 1) SELECT 1 FROM x", &f);
	CU_ASSERT(arm != NULL && arm->flags == (SQL_ARM_CTE | SQL_ARM_RENAMED));
	arm = arms_of_range("WITH x AS (DELETE FROM t) SELECT 1 FROM x", &f);
	CU_ASSERT(arm != NULL && arm->next == 0);
	/* within itself: the arm is there before its query is */
	arm = arms_of_range(
			"WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT n FROM x) SELECT 2", &f);
	CU_ASSERT(arm != NULL && arm->flags == SQL_ARM_CTE);
	CU_ASSERT(arm != NULL && sql_facts_arm(f, arm->next)->next != 0);
}

static void test_order(void)
{
	CU_ASSERT(fails_is_sorted());
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "rows", test_rows },
		{ "ranges", test_ranges },
		{ "order", test_order },
	};

	return suite_run("outputs", tests, sizeof(tests) / sizeof(*tests));
}
