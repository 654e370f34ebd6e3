/* SPDX-License-Identifier: Apache-2.0
 * tools/text: numbers as people read them, tables that never wrap. */
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *(*write)(char text[UNITS_MAX], uint64_t value);
	uint64_t value;
	const char *expect;
} units[] = {
	{ units_bytes, 0, "0" },
	{ units_bytes, 999, "999" },
	{ units_bytes, 1000, "1.0K" },
	{ units_bytes, 1024, "1.0K" },
	{ units_bytes, 10188, "9.9K" },
	{ units_bytes, 10240, "10K" },
	{ units_bytes, 1023487, "999K" },
	{ units_bytes, 1048575, "1.0M" },
	{ units_bytes, UINT64_MAX, "16E" },
	{ units_count, 0, "0" },
	{ units_count, 999, "999" },
	{ units_count, 1000, "1,000" },
	{ units_count, 1234567, "1,234,567" },
	{ units_count, UINT64_MAX, "18,446,744,073,709,551,615" },
	{ units_duration_ms, 0, "0.0s" },
	{ units_duration_ms, 9949, "9.9s" },
	{ units_duration_ms, 10000, "10s" },
	{ units_duration_ms, 59999, "59s" },
	{ units_duration_ms, 60000, "1m00s" },
	{ units_duration_ms, 3599999, "59m59s" },
	{ units_duration_ms, 3600000, "1h00m" },
	{ units_duration_ms, 86400000, "1d00h" },
	{ units_duration_ms, UINT64_MAX, "213503982334d14h" },
	{ units_us, 0, "-" },
	{ units_us, 999, "999us" },
	{ units_us, 1000, "1.0ms" },
	{ units_us, 999499, "999ms" },
	{ units_us, 1000000, "1.0s" },
	{ units_mbps, 100, "100M" },
	{ units_mbps, 2500, "2.5G" },
	{ units_mbps, 10000, "10G" },
};

static void test_units(void)
{
	char text[UNITS_MAX];

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const char *got = units[i].write(text, units[i].value);

		if (strcmp(got, units[i].expect) != 0)
			printf("\n  %" PRIu64 ": %s, expected %s\n", units[i].value, got,
					units[i].expect);
		CU_ASSERT_STRING_EQUAL(got, units[i].expect);
	}
	CU_ASSERT_STRING_EQUAL(units_per_second(text, -1), "0");
	CU_ASSERT_STRING_EQUAL(units_per_second(text, 0.25), "0.2");
	CU_ASSERT_STRING_EQUAL(units_per_second(text, 9.96), "10");
	CU_ASSERT_STRING_EQUAL(units_per_second(text, 1234.5), "1,235");
}

/* Of <t> at <width>: owned by the caller. */
static char *printed(const struct table *t, size_t width, bool colour)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	table_print(t, to, width, colour);
	fclose(to);
	return text;
}

static void expect(const struct table *t, size_t width, const char *text)
{
	char *got = printed(t, width, false);

	if (strcmp(got, text) != 0)
		printf("\n  at %zu:\n%s\n  expected:\n%s\n", width, got, text);
	CU_ASSERT_STRING_EQUAL(got, text);
	free(got);
}

static const struct column columns[] = {
	{ .title = "NAME", .is_left = true, .is_elastic = true },
	{ .title = "N" },
	{ .title = "RARE", .spare = 2 },
	{ .title = "SOME", .spare = 1 },
};

static struct table *filled(const char *name)
{
	struct table *t = table_new(columns, 4);

	table_cell(t, STYLE_PLAIN, "%s", name);
	table_cell(t, STYLE_WARN, "%d", 12345);
	table_cell(t, STYLE_PLAIN, "r");
	table_cell(t, STYLE_PLAIN, "s");
	return t;
}

static void test_table(void)
{
	struct table *t = filled("a");

	CU_ASSERT_EQUAL(table_rows(t), 1);
	expect(t, SIZE_MAX, "NAME      N  RARE  SOME\na     12345     r     s\n");
	expect(t, 23, "NAME      N  RARE  SOME\na     12345     r     s\n");
	expect(t, 22, "NAME      N  SOME\na     12345     s\n(too narrow for: RARE)\n");
	expect(t, 17, "NAME      N  SOME\na     12345     s\n");
	expect(t, 16, "NAME      N\na     12345\n");
	expect(t, 1, "NAME      N\na     12345\n");
	table_free(&t);
	CU_ASSERT_PTR_NULL(t);
}

static void test_elastic(void)
{
	struct table *t = filled("[2001:db8:1234:5678:9abc:def0:1111:2222]:40005");

	expect(t, 27,
			"NAME                      N\n"
			"[2001:..:2222]:40005  12345\n"
			"(too narrow for: RARE)\n");
	table_free(&t);
}

static void test_never_wider(void)
{
	struct table *t = filled("[2001:db8:1234:5678:9abc:def0:1111:2222]:40005");

	for (size_t width = 27; width < 70; width++) {
		char *got = printed(t, width, false);

		for (const char *line = got; *line != '\0'; line += strcspn(line, "\n") + 1)
			CU_ASSERT_TRUE(strcspn(line, "\n") <= width);
		free(got);
	}
	table_free(&t);
}

static void test_last_column(void)
{
	static const struct column two[] = {
		{ .title = "A", .is_left = true },
		{ .title = "MEANING", .is_left = true, .is_last = true, .spare = 1 },
	};
	struct table *t = table_new(two, 2);

	table_cell(t, STYLE_PLAIN, "x");
	table_cell(t, STYLE_PLAIN, "a text that is rather long");
	expect(t, 80, "A  MEANING\nx  a text that is rather long\n");
	expect(t, 19, "A  MEANING\nx  a text that is r\n");
	expect(t, 18, "A\nx\n");
	table_free(&t);
}

static void test_colour_and_control(void)
{
	struct table *t = filled("e\033[2J\n");
	char *got = printed(t, SIZE_MAX, true);

	CU_ASSERT_PTR_NOT_NULL(strstr(got, "\033[1mNAME "));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "\033[33m12345\033[0m"));
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "e?[2J?"));
	CU_ASSERT_PTR_NULL(strstr(got, "\033[2J"));
	free(got);
	table_free(&t);
}

static void test_many_rows(void)
{
	struct table *t = table_new(columns, 4);
	char *got;

	for (int i = 0; i < 4000; i++)
		table_cell(t, STYLE_PLAIN, "%d", i);
	CU_ASSERT_EQUAL(table_rows(t), 1000);
	got = printed(t, 80, false);
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "\n3996  3997  3998  3999\n"));
	free(got);
	table_free(&t);
}

int main(void)
{
	CU_pSuite s;
	unsigned failures;

	CU_initialize_registry();
	s = CU_add_suite("text", NULL, NULL);
	CU_add_test(s, "numbers", test_units);
	CU_add_test(s, "columns that go", test_table);
	CU_add_test(s, "a long text loses its middle", test_elastic);
	CU_add_test(s, "never wider than it may be", test_never_wider);
	CU_add_test(s, "the last column", test_last_column);
	CU_add_test(s, "colours and control characters", test_colour_and_control);
	CU_add_test(s, "many rows", test_many_rows);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures == 0 ? 0 : 1;
}
