/* SPDX-License-Identifier: Apache-2.0
 * What a terminal would obey is seen, what people write stays as it is. */
#include "parsers/base/visible.h"
#include "tests/unit/net/suite.h"

#include <string.h>

struct row {
	const char *name, *text, *shown, *ascii;
};

static const struct row rows[] = {
	{ "plain", "drop table x", "drop table x", "drop table x" },
	{ "nothing", "", "", "" },
	{ "escape sequence", "a\033[2Kb", "a\\x1B[2Kb", "a\\x1B[2Kb" },
	{ "line ends", "a\r\nb\tc", "a\\x0D\\x0Ab\\x09c", "a\\x0D\\x0Ab\\x09c" },
	{ "delete", "a\177", "a\\x7F", "a\\x7F" },
	{ "backslash", "a\\x1B", "a\\\\x1B", "a\\\\x1B" },
	{ "letters", "\303\244\342\202\254\360\237\230\200", "\303\244\342\202\254\360\237\230\200",
			"\\u00E4\\u20AC\\U0001F600" },
	{ "C1", "\302\233", "\\u009B", "\\u009B" },
	{ "override", "x\342\200\256y", "x\\u202Ey", "x\\u202Ey" },
	{ "isolate", "\342\201\246", "\\u2066", "\\u2066" },
	{ "no width", "a\342\200\213b", "a\\u200Bb", "a\\u200Bb" },
	{ "byte order mark", "\357\273\277", "\\uFEFF", "\\uFEFF" },
	{ "tags", "\363\240\201\201", "\\U000E0041", "\\U000E0041" },
	{ "no UTF-8", "\377\200", "\\xFF\\x80", "\\xFF\\x80" },
	{ "cut short", "\342\202", "\\xE2\\x82", "\\xE2\\x82" },
	{ "too long a form", "\300\257", "\\xC0\\xAF", "\\xC0\\xAF" },
	{ "surrogate", "\355\240\200", "\\xED\\xA0\\x80", "\\xED\\xA0\\x80" },
	{ "beyond Unicode", "\364\220\200\200", "\\xF4\\x90\\x80\\x80", "\\xF4\\x90\\x80\\x80" },
};

static void check(const struct row *row, bool ascii)
{
	const char *want = ascii ? row->ascii : row->shown;
	char out[100];
	struct outbuf o = ob_of(out, sizeof(out));

	visible_put(&o, (struct span){ (const uint8_t *)row->text, strlen(row->text) }, 90, ascii);
	CHECK_ROW(row->name, !o.full && o.len == strlen(want) && memcmp(out, want, o.len) == 0);
}

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check(&rows[i], false);
		check(&rows[i], true);
	}
}

static void test_nul(void)
{
	uint8_t out[8];
	struct outbuf o = ob_of(out, sizeof(out));

	visible_put(&o, (struct span){ (const uint8_t *)"\0", 1 }, 8, false);
	CU_ASSERT(o.len == 4 && memcmp(out, "\\x00", 4) == 0);
}

static void test_limit(void)
{
	static const struct {
		const char *text, *shown;
		size_t max;
	} cuts[] = {
		{ "abcdefgh", "abcdefgh", 8 },
		{ "abcdefghi", "abcde...", 8 },
		{ "abcd\033", "abcd...", 7 },
		{ "abcd\303\244\303\244", "abcd...", 7 },
		{ "ab\033\033", "ab...", 8 },
		{ "abcd", "...", 3 },
		{ "abcd", "ab", 2 },
	};

	char out[20];

	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		struct outbuf o = ob_of(out, sizeof(out));

		visible_put(&o,
				(struct span){ (const uint8_t *)cuts[i].text,
						strlen(cuts[i].text) },
				cuts[i].max, false);
		CHECK_ROW(cuts[i].text, o.len <= cuts[i].max);
		CHECK_ROW(cuts[i].text,
				cuts[i].max == 2 ||
						(o.len == strlen(cuts[i].shown) &&
								memcmp(out, cuts[i].shown, o.len) ==
										0));
	}
}

static void test_full(void)
{
	uint8_t out[3];
	struct outbuf o = ob_of(out, sizeof(out));

	visible_put(&o, (struct span){ (const uint8_t *)"abcd", 4 }, 100, false);
	CU_ASSERT(o.full && o.len == 3);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "characters", test_rows },
		{ "NUL", test_nul },
		{ "limit", test_limit },
		{ "no room", test_full },
	};

	return suite_run("visible", tests, sizeof(tests) / sizeof(*tests));
}
