/* SPDX-License-Identifier: Apache-2.0
 * json and jsonb: paths, kinds of values, escapes, what is no JSON; and that all other bytes
 * stay. */
#include "tests/unit/mask/tool.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

struct row {
	const char *path, *value, *wanted;
};

static const char *at_path(
		const struct mask *mask, uint32_t oid, const char *path, const char *value)
{
	struct mask_path steps;

	CU_ASSERT_FATAL(mask_path_read(tool_span(path), &steps) == 0);
	return tool_input(
			mask, (struct mask_input){ oid, 0, tool_span(value), MASK_WHOLE, &steps });
}

static void check(const struct mask *mask, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *is = at_path(mask, OID_JSON, rows[i].path, rows[i].value);

		CHECK_ROW(rows[i].value, tool_is(rows[i].value, is, rows[i].wanted));
	}
}

static void test_paths(void)
{
	static const struct row rows[] = {
		{ "$.a", "{\"a\":\"x\",\"b\":\"y\"}", "{\"a\":\"*****\",\"b\":\"y\"}" },
		{ "$.a.b[*].c", "{\"a\": {\"b\": [{\"c\": 1, \"d\": 2}, {\"c\": \"x\"}]}}",
				"{\"a\": {\"b\": [{\"c\": 0, \"d\": 2}, {\"c\": \"*****\"}]}}" },
		{ "$.a", " {  \"b\" :1 ,\"a\"\t:\n2 } ", " {  \"b\" :1 ,\"a\"\t:\n0 } " },
		{ "$.a", "{\"a\":1,\"a\":2}", "{\"a\":0,\"a\":0}" }, /* named twice */
		{ "$.ab", "{\"\\u0061b\":1}", "{\"\\u0061b\":0}" },  /* named otherwise */
		{ "$.a", "[{\"a\":1},[{\"a\":2}],3]", "[{\"a\":0},[{\"a\":0}],3]" }, /* lax */
		{ "$.a[*]", "{\"a\":7}", "{\"a\":0}" },                              /* lax */
		{ "$.a[0]", "{\"a\":7}", "{\"a\":0}" },
		{ "$.a[1]", "{\"a\":7}", "{\"a\":7}" },
		{ "$.a[1]", "{\"a\":[5,6,7]}", "{\"a\":[5,0,7]}" },
		{ "$.*", "{\"a\":1,\"b\":{\"c\":2}}", "{\"a\":0,\"b\":{}}" },
		{ "$.\"a b\"", "{\"a b\":1}", "{\"a b\":0}" },
		{ "$.a.b", "{\"a\":1}", "{\"a\":1}" },
		{ "$", "{\"a\":1}", "{}" },
		{ "$", "[1,2]", "[]" },
		{ "$", "\"x\"", "\"*****\"" },
		{ "$.a", "{}", "{}" },
		{ "$.a", "[]", "[]" },
		{ "$.a", "{\"a\":[1,{\"b\":2}]}", "{\"a\":[]}" },
		{ "$.a", "{\"a\":null}", "{\"a\":null}" },
		{ "$.a", "{\"a\":true}", "{\"a\":false}" },
		{ "$.a", "{\"b\":\"{\\\"a\\\":1}\",\"a\":2}", "{\"b\":\"{\\\"a\\\":1}\",\"a\":0}" },
	};

	check(&tool_redact, rows, N_OF(rows));
}

static void test_kinds(void)
{
	static const struct row keep[] = {
		{ "$.a", "{\"a\":\"123-45-6789\"}", "{\"a\":\"*******6789\"}" },
		{ "$.a", "{\"a\":123456789}", "{\"a\":6789}" },
		{ "$.a", "{\"a\":1.5e3}", "{\"a\":0}" },
		{ "$.a", "{\"a\":[\"abcdef\",[123456]]}", "{\"a\":[\"**cdef\",[3456]]}" },
		{ "$.a", "{\"a\":{\"b\":\"abcdef\"}}", "{\"a\":{}}" },
		{ "$.a", "{\"a\":\"x\\\"\\\\\\u0041\\nz\"}", "{\"a\":\"**\\\\A\\u000az\"}" },
		{ "$.a", "{\"a\":\"ab\\ud83d\\ude00cde\"}", "{\"a\":\"**😀cde\"}" },
	};
	static const struct row null[] = {
		{ "$.a", "{\"a\":1,\"b\":2}", "{\"a\":null,\"b\":2}" },
		{ "$.a", "{\"a\":{\"b\":2}}", "{\"a\":null}" },
	};
	static const struct row fixed[] = {
		{ "$.a", "{\"a\":1}", "{\"a\":42}" },
		{ "$.a", "{\"a\":\"x\"}", "{\"a\":\"42\"}" },
		{ "$.a", "{\"a\":[1]}", "{\"a\":\"42\"}" },
	};
	static const struct row year[] = {
		{ "$.a", "{\"a\":\"1984-05-17\"}", "{\"a\":\"1984-01-01\"}" },
		{ "$.a", "{\"a\":1984}", "{\"a\":0}" },
	};
	const struct mask last = tool_keep_last(4), text = tool_fixed("42"),
			  quote = tool_fixed("a\"b\n");

	check(&last, keep, N_OF(keep));
	check(&tool_null, null, N_OF(null));
	check(&text, fixed, N_OF(fixed));
	check(&tool_year, year, N_OF(year));
	CU_ASSERT_STRING_EQUAL(tool_text(&quote, OID_JSON, "1"), "\"a\\\"b\\u000a\"");
	CU_ASSERT_STRING_EQUAL(tool_text(&tool_null, OID_JSON, "1"), "<null>");
}

static void test_bad(void)
{
	static const char *const rows[] = { "", " ", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
		"{a:1}", "[1,]", "[1 2]", "01", "-", "1.", "1e", "+1", ".5", "tru", "nul", "truex",
		"\"a", "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "1 2", "{}{}", "[}", "{]", "'a'", "NaN",
		"\"\\", "{\"a\":1]", "[{\"a\":[}]" };

	for (size_t i = 0; i < N_OF(rows); i++)
		CHECK_ROW(rows[i],
				strcmp(tool_text(&tool_redact, OID_JSON, rows[i]), "<badmsg>") ==
						0);
	CU_ASSERT_STRING_EQUAL(tool_text(&tool_redact, OID_JSON, "\"\\ud83d\""), "<badmsg>");
	CU_ASSERT_STRING_EQUAL(tool_text(&tool_redact, OID_JSON, "\"\\ude00\\ud83d\""), "<badmsg>");
}

static void test_depth(void)
{
	static char value[4096];
	struct mask_path path;
	struct mask_input in = { .type = OID_JSON, .part = MASK_WHOLE };

	for (size_t n = 500; n <= 1000; n += 500) {
		memset(value, '[', n);
		memset(value + n, ']', n);
		in.bytes = (struct span){ (const uint8_t *)value, 2 * n };
		CU_ASSERT_STRING_EQUAL(tool_input(&tool_redact, in), n == 500 ? "[]" : "<2big>");
	}
	in.bytes = (struct span){ (const uint8_t *)value + 900, 200 };
	memset(value + 900, '[', 100);
	memset(value + 1000, ']', 100);
	CU_ASSERT(mask_path_read(tool_span("$.a"), &path) == 0);
	in.path = &path; /* a member may hide in any of the arrays */
	CU_ASSERT_STRING_EQUAL(tool_input(&tool_redact, in), "<2big>");
}

static void test_part(void)
{
	static const struct {
		size_t from, to;
		const char *value, *wanted;
	} rows[] = {
		{ 10, 13, "{\"a\":\"say abc\"}", "{\"a\":\"say *****\"}" },
		{ 7, 10, "{\"a\":\"s\\u0061y abc\"}", "{\"a\":\"*****\"}" },
		{ 2, 3, "{\"a\":1}", "{\"*****\":1}" },
		{ 6, 8, "{\"a\":12345,\"b\":6}", "{\"a\":0,\"b\":6}" },
		{ 3, 8, "[\"ab\",\"cd\",\"ef\"]", "[\"a*****\",\"*****d\",\"ef\"]" },
		{ 3, 7, "[\"ab\",\"cd\"]",
				"[\"a*****\",\"*****\"]" },     /* a quote is all of its string */
		{ 5, 6, "[\"ab\",\"cd\"]", "[\"ab\",\"cd\"]" }, /* punctuation alone */
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct mask_input in = { .type = OID_JSON,
			.bytes = tool_span(rows[i].value),
			.part = { rows[i].from, rows[i].to } };
		const char *is = tool_input(&tool_redact, in);

		CHECK_ROW(rows[i].value, tool_is(rows[i].value, is, rows[i].wanted));
	}
}

static void test_binary(void)
{
	/* version, then {"a":1} */
	CU_ASSERT_STRING_EQUAL(tool_binary(&tool_redact, OID_JSONB, "01 31"), "0130");
	CU_ASSERT_STRING_EQUAL(tool_binary(&tool_redact, OID_JSONB, "02 31"), "<badmsg>");
	CU_ASSERT_STRING_EQUAL(tool_binary(&tool_redact, OID_JSONB, "01"), "<badmsg>");
	CU_ASSERT_STRING_EQUAL(tool_binary(&tool_redact, OID_JSONB, ""), "<badmsg>");
	CU_ASSERT_STRING_EQUAL(tool_binary(&tool_redact, OID_JSON, "31"), "30");
}

static void test_binary_part(void)
{
	const struct span bytes = { (const uint8_t *)"\1[\"ab\",\"cd\"]", 12 };
	int len;
	const uint8_t *out = tool_value(&tool_redact,
			(struct mask_input){ OID_JSONB, 1, bytes, { 8, 10 }, NULL }, &len);

	CU_ASSERT(len == 15 && memcmp(out, "\1[\"ab\",\"*****\"]", 15) == 0);
}

static void test_json_in_text(void)
{
	CU_ASSERT_STRING_EQUAL(at_path(&tool_redact, OID_TEXT, "$.a", "{\"a\":1}"), "{\"a\":0}");
	CU_ASSERT_STRING_EQUAL(at_path(&tool_redact, OID_TEXT, "$.a", "a=1"), "<badmsg>");
	CU_ASSERT_STRING_EQUAL(at_path(&tool_redact, OID_INT4, "$.a", "7"), "0");
	CU_ASSERT_STRING_EQUAL(at_path(&tool_redact, OID_JSONB_ARRAY, "$.a",
					       "{\"{\\\"a\\\": 1, \\\"b\\\": 2}\"}"),
			"{\"{\\\"a\\\": 0, \\\"b\\\": 2}\"}");
}

static void test_path_text(void)
{
	static const char *const bad[] = { "", "a", "$a", "$.", "$..a", "$[", "$[]", "$[x]", "$[*",
		"$[1", "$.\"a", "$.\"a\\\"b\"", "$.a b", "$[9999999999]", "$.a[*]b", "$ .a" };
	static const char *const good[] = { "$", "$.a", "$.a.b[*].c", "$[0]", "$[*][*]", "$.*.a",
		"$.\"a.b\"[12]", "$.\"\"", "$.ä-1_b" };
	char many[] = "$.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a";
	struct mask_path path;

	for (size_t i = 0; i < N_OF(bad); i++)
		CHECK_ROW(bad[i], mask_path_read(tool_span(bad[i]), &path) == -EINVAL);
	for (size_t i = 0; i < N_OF(good); i++)
		CHECK_ROW(good[i], mask_path_read(tool_span(good[i]), &path) == 0);
	CU_ASSERT(mask_path_read(tool_span(many), &path) == -E2BIG);
	many[strlen(many) - 2] = '\0';
	CU_ASSERT(mask_path_read(tool_span(many), &path) == 0 && path.n_steps == MASK_STEPS_MAX);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "paths", test_paths },
		{ "kinds of masks and values", test_kinds },
		{ "what is no JSON", test_bad },
		{ "depth", test_depth },
		{ "a part", test_part },
		{ "jsonb, binary", test_binary },
		{ "jsonb, binary: a part", test_binary_part },
		{ "JSON in other types", test_json_in_text },
		{ "paths as text", test_path_text },
	};

	return suite_run("mask/json", tests, sizeof(tests) / sizeof(*tests));
}
