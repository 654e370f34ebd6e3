/* SPDX-License-Identifier: Apache-2.0
 * What of a statement may stand in a log. */
#include "parsers/sql/blank.h"
#include "tests/unit/net/suite.h"

#include <stdio.h>
#include <string.h>

struct row {
	const char *name, *text, *blank;
	bool is_whole;
};

static const struct sql_settings standard = { SQL_ENC_UTF8, true };

static const struct row rows[] = {
	{ "nothing", "", "", true },
	{ "no literal", "SELECT a, count(*) FROM t;", "SELECT a, count(*) FROM t;", true },
	{ "strings", "ALTER USER app PASSWORD 'hunter2'", "ALTER USER app PASSWORD ?", true },
	{ "every kind", "SELECT 'a''b', E'\\'c', $$d$$, $x$e$x$, U&'f', b'1', x'ff', 1, 1.5, n'g', $1",
			"SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, n?, $1", true },
	{ "a body", "DO $$BEGIN PERFORM 'hunter2'; END$$", "DO ?", true },
	{ "numbers that a shape keeps", "SELECT a LIMIT 4711", "SELECT a LIMIT ?", true },
	{ "no blank around", "SELECT-1+'a'||'b'", "SELECT-?+?||?", true },
	{ "comments", "/* hunter2 */ SELECT 1 -- hunter2\n, 2", "SELECT ? , ?", true },
	{ "blanks", "SELECT\t\n  1", "SELECT ?", true },
	{ "continued", "SELECT 'a'\n'hunter2'", "SELECT ?", true },
	{ "names", "SELECT \"a 'b\" FROM \"c\"", "SELECT \"a 'b\" FROM \"c\"", true },
	{ "open string", "SELECT 1, 'hunter2", "SELECT ?,", false },
	{ "open body", "DO $x$ hunter2", "DO", false },
	{ "junk", "SELECT 'a' FROM t WHERE b = 12hunter2", "SELECT ? FROM t WHERE b =", false },
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[200] = { 0 };
		struct outbuf o = ob_of(out, sizeof(out) - 1);
		const struct span text = { (const uint8_t *)rows[i].text, strlen(rows[i].text) };

		CHECK_ROW(rows[i].name,
				sql_blank_put(&o, text, &standard) == rows[i].is_whole && !o.full);
		if (strcmp(out, rows[i].blank) != 0)
			printf("\n  %s: '%s'", rows[i].name, out);
		CU_ASSERT_STRING_EQUAL(out, rows[i].blank);
	}
}

/* As much as there is room for, and never a part of a token. */
static void test_room(void)
{
	static const char text[] = "UPDATE people SET ssn = '123-45-6789' WHERE id = 17";
	static const char whole[] = "UPDATE people SET ssn = ? WHERE id = ?";

	for (size_t room = 0; room < sizeof(text); room++) {
		char out[sizeof(text)] = { 0 };
		struct outbuf o = ob_of(out, room);
		const bool is_whole = sql_blank_put(&o,
				(struct span){ (const uint8_t *)text, sizeof(text) - 1 },
				&standard);

		CU_ASSERT_TRUE(o.len <= room && !o.full);
		CU_ASSERT_EQUAL(is_whole, room >= sizeof(whole) - 1);
		CU_ASSERT_EQUAL(memcmp(out, whole, o.len), 0);
	}
}

/* The same text, read as the server reads it. */
static void test_settings(void)
{
	static const char text[] = "SELECT 'a\\' || secret || ' c'";
	const struct span span = { (const uint8_t *)text, sizeof(text) - 1 };
	char out[100] = { 0 };
	struct outbuf o = ob_of(out, sizeof(out) - 1);

	CU_ASSERT_TRUE(sql_blank_put(&o, (struct span){ NULL, 0 }, &standard));
	CU_ASSERT_EQUAL(o.len, 0);
	CU_ASSERT_TRUE(sql_blank_put(&o, span, &standard));
	CU_ASSERT_STRING_EQUAL(out, "SELECT ? || secret || ?");
	memset(out, 0, sizeof(out));
	o = ob_of(out, sizeof(out) - 1);
	CU_ASSERT_FALSE(sql_blank_put(&o, span, &(struct sql_settings){ SQL_ENC_UTF8, false }));
	CU_ASSERT_STRING_EQUAL(out, "SELECT ? c");
	o = ob_of(out, sizeof(out) - 1);
	CU_ASSERT_FALSE(sql_blank_put(&o, span, &(struct sql_settings){ SQL_ENC_UNSAFE, true }));
	CU_ASSERT_EQUAL(o.len, 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "what becomes of literals", test_rows },
		{ "room", test_room },
		{ "settings", test_settings },
	};

	return suite_run("sql/blank", tests, sizeof(tests) / sizeof(tests[0]));
}
