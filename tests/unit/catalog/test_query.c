/* SPDX-License-Identifier: Apache-2.0
 * The text of the query: what stands in it for a rule, and what never does. */
#include "ruleset/catalog/query.h"
#include "tests/unit/load/expect.h"
#include "tests/unit/net/suite.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static char text[CATALOG_QUERY_MAX + 1];

static int put(const char *yaml, size_t cap)
{
	struct policy *p = load_good(yaml);
	struct outbuf o = ob_of(text, cap);
	const int rc = catalog_query_put(p, &o);

	CU_ASSERT(rc > 0 || o.len == 0);
	text[o.len] = '\0';
	policy_free(&p);
	return rc;
}

/* A rule's column in YAML, in single quotes; and what stands in the query for it. */
struct row {
	const char *column, *expected;
};

static const struct row rows[] = {
	/* by the name of a table */
	{ "*.people.ssn",
			"rt(i,s,t,c) AS (VALUES (0,NULL::pg_catalog.bytea,$$people$$::pg_catalog.name,"
			"$$ssn$$::pg_catalog.bytea))" },
	{ "public.people.*",
			"VALUES (0,$$public$$::pg_catalog.bytea,$$people$$::pg_catalog.name,"
			"NULL::pg_catalog.bytea)" },
	{ "*.people.a?b*", "$$a_b%$$::pg_catalog.bytea" },
	/* by that of a column */
	{ "*.*.ssn",
			"rc(i,s,t,c) AS (VALUES (0,NULL::pg_catalog.bytea,NULL::pg_catalog.bytea,"
			"$$ssn$$::pg_catalog.name))" },
	{ "*.t*.ssn", "$$t%$$::pg_catalog.bytea,$$ssn$$::pg_catalog.name" },
	/* by a pattern of columns */
	{ "*.*.*ssn", "rg(i,c) AS (VALUES (0,$$%ssn$$::pg_catalog.bytea))" },
	{ "**.*.?", "rg(i,c) AS (VALUES (0,$$_$$::pg_catalog.bytea))" },
	/* by patterns of both */
	{ "crm.*.*",
			"rb(i,s,t,c) AS (VALUES (0,$$crm$$::pg_catalog.bytea,NULL::pg_catalog.bytea,"
			"NULL::pg_catalog.bytea))" },
	/* quoting: LIKE's within bytea's, and nothing that dollar quotes would see */
	{ "*.t*.a_b%", "$$t%$$::pg_catalog.bytea,$$a_b%$$::pg_catalog.name" },
	{ "*.a_b%*.c*", "$$a\\\\_b\\\\%%$$::pg_catalog.bytea" },
	{ "*.a\\b*.c*", "$$a\\\\\\\\b%$$::pg_catalog.bytea" },
	{ "*.it''s.a", "$$it's$$::pg_catalog.name" },
	{ "*.a$b.c*", "$$a\\044b$$::pg_catalog.bytea,$$c%$$" },
	{ "*.$$;--.c*", "$$\\044\\044;--$$::pg_catalog.bytea" },
	{ "*.Größe.c*", "$$Gr\\303\\266\\303\\237e$$::pg_catalog.bytea" },
	{ "*.\\x41*.c*", "$$\\\\\\\\x41%$$::pg_catalog.bytea" },
	/* a name that the server would cut is no name */
	{ "*.a234567890123456789012345678901234567890123456789012345678901234.c*",
			"rb(i,s,t,c) AS (VALUES (0,NULL::pg_catalog.bytea,$$a2345" },
};

static void test_rows(void)
{
	char yaml[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(yaml, sizeof(yaml),
				"pack: p\ndata:\n  - {id: a, column: '%s', mask: redact}\n",
				rows[i].column);
		CHECK_ROW(rows[i].column, put(yaml, CATALOG_QUERY_MAX) == 1);
		CHECK_ROW(rows[i].column, strstr(text, rows[i].expected) != NULL);
	}
}

/* Equal ones are asked for once, under the first; patterns alone never. */
static void test_same(void)
{
	const int rc = put("pack: p\n"
			   "patterns: [{id: x, regex: 'abc'}]\n"
			   "data:\n"
			   "  - {id: a, pattern: x, mask: redact}\n"
			   "  - {id: b, column: '*.t.c', mask: redact}\n"
			   "  - {id: c, column: '*.t.c', json: '$.a', mask: redact}\n"
			   "  - {id: d, column: '*.t.d', mask: redact}\n",
			CATALOG_QUERY_MAX);

	CU_ASSERT_EQUAL(rc, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "VALUES (1,"));
	CU_ASSERT_PTR_NULL(strstr(text, "(2,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, ",(3,NULL,$$t$$,$$d$$))"));
}

static void test_none(void)
{
	CU_ASSERT_EQUAL(put("pack: p\n", CATALOG_QUERY_MAX), 0);
	CU_ASSERT_EQUAL(put("pack: p\npatterns: [{id: x, regex: 'abc'}]\n"
			    "data: [{id: a, pattern: x, mask: redact}]\n",
					CATALOG_QUERY_MAX),
			0);
}

static char *rules(int n, const char *column)
{
	static char yaml[1 << 20];
	size_t at = (size_t)snprintf(yaml, sizeof(yaml), "pack: p\ndata:\n");

	for (int i = 0; i < n; i++)
		at += (size_t)snprintf(yaml + at, sizeof(yaml) - at,
				"  - {id: r%d, column: '*.%s%d.c', mask: redact}\n", i, column, i);
	return yaml;
}

static void test_room(void)
{
	int len;

	CU_ASSERT_EQUAL(put(rules(600, "table_of_"), CATALOG_QUERY_MAX), 600);
	CU_ASSERT_EQUAL(put(rules(2000, "table_of_"), CATALOG_QUERY_MAX), -ENOSPC);
	CU_ASSERT_EQUAL(put(rules(CATALOG_RULES_MAX + 1, ""), CATALOG_QUERY_MAX), -ENOSPC);
	CU_ASSERT_EQUAL(put(rules(3, "t"), CATALOG_QUERY_MAX), 3);
	len = (int)strlen(text);
	for (int cap = 0; cap < len; cap += 97)
		CU_ASSERT_EQUAL(put(rules(3, "t"), (size_t)cap), -ENOSPC);
	CU_ASSERT_EQUAL(put(rules(3, "t"), (size_t)len), 3);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '"';
}

/* Behind its dollar quotes and strings nothing is left that would be looked for by search_path: calls, types, relations
 * of a server have their schema, operators are written out. */
static void test_qualified(void)
{
	static const char *const words[] = { " IN (", " BETWEEN ", " LIKE ", "NULLIF", " ~", " ||",
		"+", "/" };
	const char *from = text;

	CU_ASSERT_EQUAL(put(rules(1, "t"), CATALOG_QUERY_MAX), 1);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		CHECK_ROW(words[i], strstr(text, words[i]) == NULL);
	for (const char *c = text; *c != '\0'; c++)
		CU_ASSERT(*c == '\n' || (*c >= ' ' && *c <= '~'));
	for (; (from = strpbrk(from, "=<>")) != NULL; from++)
		CU_ASSERT(strncmp(from - strlen("OPERATOR(pg_catalog."), "OPERATOR(pg_catalog.",
					  20) == 0 ||
				from[-1] == '<');
	for (from = text; (from = strstr(from, "pg_")) != NULL; from += 3)
		CHECK_ROW(from,
				strncmp(from, "pg_catalog", 10) == 0 || from[-1] == '\'' ||
						from[-1] == ' ' ||
						strncmp(from - 11, "pg_catalog.", 11) == 0);
	for (from = text; (from = strstr(from, "::")) != NULL; from += 2)
		CHECK_ROW(from, strncmp(from, "::pg_catalog.", 13) == 0);
	for (from = text; (from = strchr(from, '(')) != NULL; from++) {
		const char *at = from;

		while (at > text && is_word(at[-1]))
			at--;
		if (at == from || isupper((unsigned char)*at))
			continue; /* no call; ANY (, EXISTS (, VALUES ( */
		CHECK_ROW(at, at[-1] == '.' || at[-1] == '\n' || at[-1] == ' ' || at[-1] == ')');
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "rules as they stand in it", test_rows },
		{ "rules that name the same", test_same },
		{ "no rule of a column", test_none },
		{ "room", test_room },
		{ "everything is qualified", test_qualified },
	};

	return suite_run("catalog/query", tests, sizeof(tests) / sizeof(*tests));
}
