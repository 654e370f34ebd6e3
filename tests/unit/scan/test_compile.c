/* SPDX-License-Identifier: Apache-2.0
 * Patterns that are refused, and what is said about them. */
#include "ruleset/scan/scan.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

struct row {
	const char *regex;
	const char *said[2]; /* parts of the message; none: it compiles */
};

static const struct row rows[] = {
	{ "\\bkey-[0-9a-f]{32}\\b", { NULL } },
	{ "(?:a+)+b{2}", { NULL } }, /* slow for those who backtrack */
	{ "", { "it is empty", "remove it" } },
	{ "ab", { "shortest match is less than 3", "require at least 3" } },
	{ "a*", { "matches where there is nothing", "require" } },
	{ "(?=abc)abcd", { "ero-width", "look-around" } },
	{ "(abc)\\1", { "ack-ref", "write out" } },
	{ "abc(", { "issing close", "close every bracket" } },
	{ "[abc", { "class", "syntax" } },
	{ "\\Aabc", { "\\A", "use ^ and $" } },
	{ "abc\\z", { "\\z", "use ^ and $" } },
	{ "(*UTF8)abc", { "verb", "use ^" } },
	{ "a{9000}", { "longest match is over 8192", "lower" } },
	{ "(a{1,1000}){1,1000}", { "repeat is too large", "shorten" } },
	{ "[a-z.]{1,64}@[a-z.]{1,128}\\.[a-z]{2,24}", { "too large", "write + or *" } },
	{ "abc\n(", { "issing close", "close" } },
};

static int compile(const struct scan_pattern *patterns, uint32_t n, struct scan_error *ret)
{
	struct scan_db *db = NULL;
	const int rc = scan_db_new(patterns, n, &db, ret);

	CU_ASSERT_EQUAL(rc == 0, db != NULL);
	if (rc == 0)
		CU_ASSERT_TRUE(scan_db_bytes(db) > 0);
	scan_db_free(&db);
	return rc;
}

/* As the second of two patterns: it is named, and by its index. */
static void test_rows(void)
{
	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct scan_pattern patterns[] = { { .id = "good", .regex = "abcd" },
			{ .id = "that-one", .regex = rows[i].regex } };
		struct scan_error e = { .pattern = 99 };
		const int rc = compile(patterns, 2, &e);

		CHECK_ROW(rows[i].regex, rc == (rows[i].said[0] == NULL ? 0 : -EINVAL));
		if (rows[i].said[0] == NULL || rc == 0)
			continue;
		CHECK_ROW(e.text, e.pattern == 1);
		CHECK_ROW(e.text, strstr(e.text, "'that-one'") != NULL);
		CHECK_ROW(e.text, strstr(e.text, rows[i].said[0]) != NULL);
		CHECK_ROW(e.text, strstr(e.text, rows[i].said[1]) != NULL);
		CHECK_ROW(e.text, strchr(e.text, '\n') == NULL);
	}
}

static void test_limits(void)
{
	static struct scan_pattern many[SCAN_PATTERNS_MAX + 1];
	static char longest[SCAN_REGEX_MAX + 2];
	const struct scan_pattern one = { .id = "long", .regex = longest };
	const struct scan_pattern flag = { .id = "flag", .regex = "abc", .flags = 64 };
	struct scan_error e;

	memset(longest, 'a', sizeof(longest) - 1);
	CU_ASSERT_EQUAL(compile(&one, 1, &e), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "longer than 2000"));
	longest[SCAN_REGEX_MAX] = 0;
	CU_ASSERT_EQUAL(compile(&one, 1, &e), 0);
	CU_ASSERT_EQUAL(compile(&flag, 1, &e), -EINVAL);
	for (size_t i = 0; i < N_OF(many); i++)
		many[i] = (struct scan_pattern){ .id = "many", .regex = "abc" };
	CU_ASSERT_EQUAL(compile(many, N_OF(many), &e), -E2BIG);
	CU_ASSERT_EQUAL(e.pattern, N_OF(many));
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "4096"));
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "refused and why", test_rows },
		{ "limits", test_limits },
	};

	return suite_run("compile", tests, N_OF(tests));
}
