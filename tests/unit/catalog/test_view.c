/* SPDX-License-Identifier: Apache-2.0
 * Views: what each output is, by its definition. */
#include "tests/unit/catalog/rows.h"
#include "tests/unit/load/expect.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>

enum { ROOM = 1 << 18 };

static const char yaml[] = "pack: p\ndata: [{id: r0, column: '*.people.ssn', mask: redact}]\n";
static struct policy *policy;

/* public.people is 100: id, name, ssn. public.dogs is 101, without a rule: id, ssn. */
#define PEOPLE "n|9000||||||\nc|100|3|2|0|public|people|ssn\n"
/* View 500 with two outputs, over all of people and over ssn. */
#define OVER  "d|500|0||100|||\nd|500|3||100|||\n"
#define WHOLE "d|500|0||100|||\n"
#define OUTPUTS                                                                                    \
	"o|500|1|0||public|v|a\n"                                                                  \
	"o|500|2|1||public|v|b\n"

static void check(const char *rows, const char *definition, const char *expected)
{
	static char all[8192];
	const struct catalog *c = NULL;
	int rc;

	snprintf(all, sizeof(all), "%s" OUTPUTS "v|500||||||%s\n", rows, definition);
	rc = rows_build(policy, all, ROOM, &c);
	CHECK_ROW(definition, rc > 0);
	if (rc <= 0)
		return;
	if (strcmp(rows_shown(c), expected) != 0)
		printf("\n    %s: %s, expected %s", definition, rows_shown(c), expected);
	CHECK_ROW(definition, strcmp(rows_shown(c), expected) == 0);
}

struct row {
	const char *definition, *expected; /* of what the view has */
};

#define NONE "100.3 0="
#define A    "100.3 0= 500.1 0="
#define B    "100.3 0= 500.2 0="
#define AB   "100.3 0= 500.1 0= 500.2 0="
#define DA   "100.3 0= 500.1 0~"
#define DB   "100.3 0= 500.2 0~"
#define DAB  "100.3 0= 500.1 0~ 500.2 0~"

static const struct row rows[] = {
	{ "SELECT people.name AS a, people.ssn AS b FROM public.people", B },
	{ "SELECT name AS a, ssn AS b FROM public.people", B },
	{ "SELECT p.ssn AS a, p.ssn AS b FROM public.people p", AB },
	{ "SELECT p.ssn AS a, d.ssn AS b FROM public.people p, public.dogs d", A },
	{ "SELECT p.ssn AS a, q.ssn AS b FROM public.people p, other.people q", A },
	{ "SELECT id AS a, name AS b FROM public.people WHERE ssn = '1' ORDER BY ssn", NONE },
	{ "SELECT id AS a, upper(ssn) AS b FROM public.people", DB },
	{ "SELECT ssn || name AS a, ssn AS b FROM public.people", "100.3 0= 500.1 0~ 500.2 0=" },
	{ "SELECT ssn::text AS a, 1 AS b FROM public.people", DA },
	{ "SELECT count(*) AS a, max(ssn) AS b FROM public.people", DB },
	{ "SELECT CASE WHEN ssn > '5' THEN 1 ELSE 2 END AS a, 1 AS b FROM public.people", DA },
	{ "SELECT 1 AS a, (SELECT q.ssn FROM public.people q LIMIT 1) AS b FROM public.people",
			DB },
	{ "SELECT 1 AS a, rank() OVER (ORDER BY ssn) AS b FROM public.people", DB },
	/* whole rows */
	{ "SELECT to_jsonb(p.*) AS a, (p.*).ssn AS b FROM public.people p", DAB },
	/* sub-selects, CTEs, arms of a UNION: by name, then by place */
	{ "SELECT x.n AS a, x.s AS b FROM (SELECT name AS n, ssn AS s FROM public.people) x", B },
	{ "SELECT x.n AS a, x.s AS b FROM (SELECT ssn AS n, upper(ssn) AS s FROM public.people) x",
			"100.3 0= 500.1 0= 500.2 0~" },
	{ "SELECT x AS a, 1 AS b FROM (SELECT ssn FROM public.people) x", DA },
	{ "WITH q AS (SELECT ssn AS s FROM public.people) SELECT 1 AS a, q.s AS b FROM q", B },
	{ "WITH q(n, m) AS (SELECT id, ssn FROM public.people) SELECT n AS a, m AS b FROM q", DAB },
	{ "WITH RECURSIVE r AS (SELECT 1 AS i, ssn AS s FROM public.people UNION ALL "
	  "SELECT i + 1, s FROM r) SELECT r.i AS a, r.s AS b FROM r",
			DB },
	{ "WITH q AS (SELECT id AS i, name AS n, ssn AS s FROM public.people), r AS (SELECT n, s FROM q), "
	  "t AS (SELECT s AS n, n AS s FROM r) SELECT t.n AS a, t.s AS b FROM t",
			A },
	{ "SELECT id AS a, name AS b FROM public.people UNION SELECT ssn, 'x' FROM public.people",
			A },
	{ "SELECT x.p AS a, x.q AS b FROM (SELECT id AS p, name AS q FROM public.people UNION ALL "
	  "SELECT id, ssn FROM public.people) x",
			B },
	{ "SELECT 1 AS a, x.x AS b FROM public.people p, LATERAL upper(p.ssn) x(x)", DB },
	{ "SELECT 1 AS a, ssn AS b FROM public.people JOIN public.dogs USING (ssn)", B },
	/* names for columns of a table, which a definition may give */
	{ "SELECT y AS a, x AS b FROM public.people p(x, y, z)", DAB },
	/* not to be told */
	{ "SELECT ssn AS a, broken", DAB },
	{ "SELECT ssn AS a, id AS b FROM public.people; SELECT 1", DAB },
	{ "DELETE FROM public.people", DAB },
	{ "SELECT x.oldname AS a, 1 AS b FROM public.people x",
			DAB }, /* the server says otherwise */
	{ "SELECT ssn AS a, id AS b FROM public.cats", DAB },
	{ "", DAB },
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check(PEOPLE OVER, rows[i].definition, rows[i].expected);
}

/* The view is over the table, not over the column, as far as the server knows. */
static void test_whole(void)
{
	check(PEOPLE WHOLE, "SELECT id AS a, name AS b FROM public.people", NONE);
	check(PEOPLE WHOLE, "SELECT p AS a, id AS b FROM public.people p", DA);
	check(PEOPLE WHOLE, "SELECT p.*::public.people AS a, 1 AS b FROM public.people p", DA);
	check(PEOPLE WHOLE, "SELECT x AS a, 1 AS b FROM (SELECT p FROM public.people p) x", DA);
	check(PEOPLE WHOLE, "SELECT q AS a, id AS b FROM public.people p, public.dogs q", NONE);
	check(PEOPLE WHOLE, "", DAB);
	check(PEOPLE, "SELECT ssn AS a, id AS b FROM public.people",
			NONE); /* of another database */
}

/* Views over views, in any order of their rows and OIDs. */
static void test_chain(void)
{
	const char *const last = "o|400|1|0||public|w|c\nd|400|2||500|||\n"
				 "v|400||||||SELECT v.b AS c FROM public.v\n"
				 "o|300|1|0||public|u|d\nd|300|1||400|||\n"
				 "v|300||||||SELECT upper(w.c) AS d FROM public.w\n"
				 "o|600|1|0||public|t|e\nd|600|1||300|||\n"
				 "v|600||||||SELECT u.d AS e FROM public.u\n";
	static char all[4096];

	snprintf(all, sizeof(all), PEOPLE OVER "%s", last);
	check(all, "SELECT id AS a, ssn AS b FROM public.people",
			"100.3 0= 300.1 0~ 400.1 0= 500.2 0= 600.1 0~");
	check(all, "SELECT id AS a, upper(ssn) AS b FROM public.people",
			"100.3 0= 300.1 0~ 400.1 0~ 500.2 0~ 600.1 0~");
}

/* Over each other, and over themselves. */
static void test_loop(void)
{
	check(PEOPLE OVER "d|500|1||400|||\nd|400|2||500|||\no|400|1|0||public|w|c\n"
			  "v|400||||||SELECT v.b AS c FROM public.v\n",
			"SELECT w.c AS a, people.ssn AS b FROM public.people, public.w",
			"100.3 0= 400.1 0= 500.1 0= 500.2 0=");
}

/* A rule that names a view's column, which is an expression over another. */
static void test_named(void)
{
	check(PEOPLE OVER "c|500|2|1|0|public|v|b\n",
			"SELECT id AS a, upper(ssn) AS b FROM public.people", DB);
}

/* More levels than are looked at: no catalogue rather than half of one. */
static void test_deep(void)
{
	static char all[1 << 16];
	const struct catalog *c = NULL;

	for (int n = 60; n <= 70; n += 10) {
		size_t at = (size_t)snprintf(all, sizeof(all), PEOPLE);

		for (int i = 0; i < n; i++) /* each over the one with the next greater OID */
			at += (size_t)snprintf(all + at, sizeof(all) - at,
					"o|%d|3|2||public|people|ssn\nd|%d|3||%d|||\n"
					"v|%d||||||SELECT 1, 2, ssn FROM public.people\n",
					200 + i, 200 + i, i == n - 1 ? 100 : 201 + i, 200 + i);
		if (n == 70)
			CU_ASSERT_EQUAL(rows_build(policy, all, ROOM, &c), -ENOSPC);
		if (n == 60)
			CU_ASSERT(rows_build(policy, all, ROOM, &c) > 0 && c->n == 61);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "definitions", test_rows },
		{ "over a table as a whole", test_whole },
		{ "views over views", test_chain },
		{ "views over each other", test_loop },
		{ "under a rule of their own", test_named },
		{ "deep", test_deep },
	};
	int rc;

	if (sql_facts_check() != 0)
		return EXIT_FAILURE;
	if (load(yaml, &policy) != 0)
		return EXIT_FAILURE;
	rc = suite_run("catalog/view", tests, sizeof(tests) / sizeof(*tests));
	policy_free(&policy);
	return rc;
}
