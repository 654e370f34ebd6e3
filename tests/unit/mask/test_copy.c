/* SPDX-License-Identifier: Apache-2.0
 * Rows of COPY data: text, CSV and binary. */
#include "ruleset/mask/copy.h"
#include "tests/unit/mask/tool.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct mask_copy three(enum mask_copy_format format)
{
	struct mask_copy copy = mask_copy_default[format];

	copy.n_columns = 3;
	return copy;
}

/* Masks the second of three columns. */
static const char *row_of(const struct mask_copy *copy, const struct mask *mask, uint32_t oid,
		struct span row, size_t *ret_len)
{
	static char out[512];
	const struct mask_copy_column columns[3] = { { 0 }, { .mask = mask, .type = oid } };
	struct outbuf o = ob_of(out, sizeof(out) - 1);
	const int rc = mask_copy_row(tool_masker(), copy, columns, row, &o);

	CU_ASSERT(rc == 0 || o.len == 0);
	out[o.len] = '\0';
	*ret_len = o.len;
	return rc == 0 ? out : rc == -EBADMSG ? "<badmsg>" : "<error>";
}

static void check(const struct mask_copy *copy, const struct mask *mask, const char *row,
		const char *wanted)
{
	size_t len;
	const char *is = row_of(copy, mask, OID_TEXT, tool_span(row), &len);

	CHECK_ROW(row, tool_is(row, is, wanted));
}

static void test_text(void)
{
	const struct mask_copy copy = three(MASK_COPY_TEXT);
	const struct mask keep = tool_keep_last(4), odd = tool_fixed("a\tb\nc\\");

	check(&copy, &tool_redact, "1\tJane\tx\n", "1\t*****\tx\n");
	check(&copy, &tool_redact, "1\tJane\tx\r\n", "1\t*****\tx\r\n");
	check(&copy, &tool_redact, "1\tJane\tx", "1\t*****\tx");
	check(&copy, &tool_redact, "1\t\\N\tx\n", "1\t\\N\tx\n");
	check(&copy, &tool_redact, "\\N\t\\\\N\t\\N\n", "\\N\t*****\t\\N\n");
	check(&copy, &tool_null, "1\tJane\tx\n", "1\t\\N\tx\n");
	check(&copy, &keep, "1\tab\\tcd\\\\e\tx\\ty\n", "1\t***cd\\\\e\tx\\ty\n");
	check(&copy, &keep, "1\t\\101\\x42C\\\n\\b\\Z\tx\n", "1\t**C\\n\\bZ\tx\n");
	check(&copy, &odd, "1\tJane\tx\n", "1\ta\\tb\\nc\\\\\tx\n");
	check(&copy, &tool_redact, "1\tJane\n", "<badmsg>");
	check(&copy, &tool_redact, "1\tJane\tx\ty\n", "<badmsg>");
	check(&copy, &tool_redact, "1\tJane\tx\n2\tJane\ty\n", "<badmsg>");
	check(&copy, &tool_redact, "1\tJane\tx\\", "<badmsg>");
	check(&copy, &tool_redact, "\\.\n", "\\.\n");
}

/* Not the end mark, though it begins like it. */
static void test_end_mark(void)
{
	struct mask_copy copy = three(MASK_COPY_CSV);

	copy.delimiter = '\t';
	check(&copy, &tool_redact, "\\.\tJane\tx\n", "\\.\t*****\tx\n");
}

static void test_csv(void)
{
	struct mask_copy copy = three(MASK_COPY_CSV);
	const struct mask keep = tool_keep_last(4), odd = tool_fixed("a,\"b\n"),
			  empty = tool_fixed("");

	check(&copy, &tool_redact, "1,Jane,x\n", "1,*****,x\n");
	check(&copy, &tool_redact, "1,\"Jane\",x\n", "1,\"*****\",x\n"); /* FORCE_QUOTE stays */
	check(&copy, &tool_redact, "1,,x\n", "1,,x\n");
	check(&copy, &tool_redact, "1,\"\",x\n", "1,\"*****\",x\n");
	check(&copy, &tool_null, "1,\"Jane\",x\n", "1,,x\n");
	check(&copy, &keep, "\"a,\"\"b\n\",\"x\n\"\"yz,1\",\"q\"\n",
			"\"a,\"\"b\n\",\"***yz,1\",\"q\"\n");
	check(&copy, &odd, "1,Jane,x\n", "1,\"a,\"\"b\n\",x\n");
	check(&copy, &empty, "1,Jane,x\n", "1,\"\",x\n");
	check(&copy, &tool_redact, "1,\"Jane,x\n", "<badmsg>");
	check(&copy, &tool_redact, "1,Jane\n", "<badmsg>");
	copy.delimiter = ';';
	copy.quote = '\'';
	copy.escape = '\\';
	copy.null = tool_span("NIL");
	check(&copy, &tool_redact, "1;NIL;x\n", "1;NIL;x\n");
	check(&copy, &tool_redact, "1;'NIL';x\n", "1;'*****';x\n");
	check(&copy, &tool_null, "1;Jane;x\n", "1;NIL;x\n");
	check(&copy, &keep, "1;'ab\\'c;\\\\d';x\n", "1;'***c;\\\\d';x\n");
}

static void test_types(void)
{
	const struct mask_copy copy = three(MASK_COPY_TEXT);
	size_t len;

	CU_ASSERT_STRING_EQUAL(row_of(&copy, &tool_redact, OID_INT4, tool_span("1\t23\tx\n"), &len),
			"1\t0\tx\n");
	CU_ASSERT_STRING_EQUAL(row_of(&copy, &tool_redact, OID_INT4, tool_span("1\tx\tx\n"), &len),
			"<badmsg>");
	CU_ASSERT_STRING_EQUAL(
			row_of(&copy, &tool_redact, OID_POINT, tool_span("1\t(1,2)\tx\n"), &len),
			"1\t\\N\tx\n");
	CU_ASSERT_STRING_EQUAL(
			row_of(&copy, &tool_redact, OID_BYTEA, tool_span("1\t\\\\x61\tx\n"), &len),
			"1\t\\\\x2a2a2a2a2a\tx\n");
}

static const uint8_t tuple[] = "\0\3"
			       "\0\0\0\1a"
			       "\0\0\0\2bc"
			       "\377\377\377\377";

static void test_binary(void)
{
	const struct mask_copy copy = three(MASK_COPY_BINARY);
	static const uint8_t wanted[] = "\0\3"
					"\0\0\0\1a"
					"\0\0\0\5*****"
					"\377\377\377\377",
			     nulled[] = "\0\3"
					"\0\0\0\1a"
					"\377\377\377\377"
					"\377\377\377\377";
	size_t len;
	const char *is = row_of(&copy, &tool_redact, OID_TEXT, (struct span){ tuple, 17 }, &len);

	CU_ASSERT(len == 20 && memcmp(is, wanted, len) == 0);
	is = row_of(&copy, &tool_null, OID_TEXT, (struct span){ tuple, 17 }, &len);
	CU_ASSERT(len == 15 && memcmp(is, nulled, len) == 0);
	is = row_of(&copy, &tool_redact, OID_TEXT, (struct span){ (const uint8_t *)"\377\377", 2 },
			&len);
	CU_ASSERT(len == 2 && memcmp(is, "\377\377", 2) == 0);
	for (size_t n = 0; n < 17; n++)
		CU_ASSERT_STRING_EQUAL(row_of(&copy, &tool_redact, OID_TEXT,
						       (struct span){ tuple, n }, &len),
				"<badmsg>");
}

/* The field that holds the byte <hit> of <row>, of three under one mask, as who scans a row would
 * do. */
static void check_hit(
		enum mask_copy_format format, const char *row, const char *hit, const char *wanted)
{
	const struct mask_copy copy = three(format);
	const struct mask keep = tool_keep_last(2);
	const size_t from = (size_t)(strstr(row, hit) - row);
	const struct mask_copy_column column = {
		.mask = &keep, .type = OID_TEXT, .part = { from, from + strlen(hit) }
	};
	const struct mask_copy_column columns[3] = { column, column, column };
	char out[128];
	struct outbuf o = ob_of(out, sizeof(out) - 1);

	CU_ASSERT(mask_copy_row(tool_masker(), &copy, columns, tool_span(row), &o) == 0);
	out[o.len] = '\0';
	CHECK_ROW(row, tool_is(row, out, wanted));
}

static void test_hits(void)
{
	check_hit(MASK_COPY_TEXT, "1\tsay Jane\tJohn\n", "Jane", "1\tsay **ne\tJohn\n");
	check_hit(MASK_COPY_TEXT, "1\tsay\\n Jane\tJohn\n", "Jane", "1\t*******ne\tJohn\n");
	check_hit(MASK_COPY_TEXT, "Jane\tJane\tx\n", "ne\tJa", "Ja*****\t*****ne\tx\n");
	check_hit(MASK_COPY_CSV, "1,\"say Jane, now\",x\n", "Jane", "1,\"say **ne, now\",x\n");
	check_hit(MASK_COPY_CSV, "1,say Jane now,x\n", "Jane", "1,say **ne now,x\n");
	check_hit(MASK_COPY_CSV, "1,\"Jane \"\"R\"\"\",x\n", "Jane", "1,\"******R\"\"\",x\n");
}

static void test_hit_binary(void)
{
	const struct mask_copy copy = three(MASK_COPY_BINARY);
	static const uint8_t wanted[] = "\0\3"
					"\0\0\0\1a"
					"\0\0\0\6b*****"
					"\377\377\377\377";
	const struct mask_copy_column column = {
		.mask = &tool_redact, .type = OID_TEXT, .part = { 12, 13 }
	};
	const struct mask_copy_column columns[3] = { column, column, column };
	char out[64];
	struct outbuf o = ob_of(out, sizeof(out));

	CU_ASSERT(mask_copy_row(tool_masker(), &copy, columns, (struct span){ tuple, 17 }, &o) ==
			0);
	CU_ASSERT(o.len == 21 && memcmp(out, wanted, 21) == 0);
}

static void check_fields(enum mask_copy_format format, struct span row, const char *wanted)
{
	const struct mask_copy copy = three(format);
	struct mask_copy_field field;
	char all[128] = "";
	size_t at = 0, len = 0;
	int rc;

	while ((rc = mask_copy_next(&copy, row, &at, &field)) == 1)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%zu-%zu%s ", field.at.from,
				field.at.to, field.is_null ? "N" : "");
	snprintf(all + len, sizeof(all) - len, "%d", rc);
	CHECK_ROW(wanted, tool_is(wanted, all, wanted));
}

static void test_fields(void)
{
	check_fields(MASK_COPY_TEXT, tool_span("1\t\\N\tabc\n"), "0-1 2-4N 5-8 0");
	check_fields(MASK_COPY_TEXT, tool_span("1\t\t"), "0-1 2-2 3-3 0");
	check_fields(MASK_COPY_TEXT, tool_span("\n"), "0-0 0");
	check_fields(MASK_COPY_TEXT, tool_span("\\.\n"), "0");
	check_fields(MASK_COPY_TEXT, tool_span("a\nb\n"), "-74");
	check_fields(MASK_COPY_CSV, tool_span("\"a,\n\",,\"\"\r\n"), "0-5 6-6N 7-9 0");
	check_fields(MASK_COPY_BINARY, (struct span){ tuple, 17 }, "6-7 11-13 17-17N 0");
	check_fields(MASK_COPY_BINARY, (struct span){ tuple, 12 }, "6-7 -74");
}

static void test_sizes(void)
{
	static const struct {
		enum mask_copy_format format;
		bool is_last;
		const char *in;
		int rc;
		size_t len;
	} rows[] = {
		{ MASK_COPY_TEXT, false, "a\tb\nc", 0, 4 },
		{ MASK_COPY_TEXT, false, "a\\\nb\nc", 0, 5 },
		{ MASK_COPY_TEXT, false, "a\tb", -EAGAIN, 0 },
		{ MASK_COPY_TEXT, false, "a\\", -EAGAIN, 0 },
		{ MASK_COPY_TEXT, true, "a\\", -EBADMSG, 0 },
		{ MASK_COPY_TEXT, true, "a\tb", 0, 3 },
		{ MASK_COPY_TEXT, false, "a\r\nb", 0, 3 },
		{ MASK_COPY_TEXT, false, "a\r", -EAGAIN, 0 },
		{ MASK_COPY_TEXT, false, "", -EAGAIN, 0 },
		{ MASK_COPY_CSV, false, "a,\"b\nc\"\nd", 0, 8 },
		{ MASK_COPY_CSV, false, "a,\"b\n", -EAGAIN, 0 },
		{ MASK_COPY_CSV, false, "\"a\"\"\n\"\n", 0, 7 },
		{ MASK_COPY_CSV, true, "\"a", -EBADMSG, 0 },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct mask_copy copy = three(rows[i].format);
		size_t len = 0;
		const int rc = mask_copy_row_size(
				&copy, tool_span(rows[i].in), rows[i].is_last, &len);

		CHECK_ROW(rows[i].in, rc == rows[i].rc && len == rows[i].len);
	}
}

static void test_head(void)
{
	static const uint8_t head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\2xy";
	uint8_t bad[21];
	struct mask_copy copy = three(MASK_COPY_BINARY);
	size_t len = 0;

	for (size_t n = 0; n < 21; n++)
		CU_ASSERT(mask_copy_head(&copy, (struct span){ head, n }, &len) == -EAGAIN);
	CU_ASSERT(mask_copy_head(&copy, (struct span){ head, 21 }, &len) == 0 && len == 21);
	memcpy(bad, head, sizeof(bad));
	bad[12] = 1; /* OIDs: no server since 12 */
	CU_ASSERT(mask_copy_head(&copy, (struct span){ bad, 21 }, &len) == -EBADMSG);
	CU_ASSERT(mask_copy_head(&copy, tool_span("PGCOPX"), &len) == -EBADMSG);
	copy = three(MASK_COPY_CSV);
	CU_ASSERT(mask_copy_head(&copy, tool_span("a,b,c\n"), &len) == 0 && len == 0);
	copy.has_header = true;
	CU_ASSERT(mask_copy_head(&copy, tool_span("a,b,c\n1"), &len) == 0 && len == 6);
	CU_ASSERT(mask_copy_head(&copy, tool_span("a,b"), &len) == -EAGAIN);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "text", test_text },
		{ "what begins like the end mark", test_end_mark },
		{ "CSV", test_csv },
		{ "types", test_types },
		{ "binary", test_binary },
		{ "a hit", test_hits },
		{ "a hit, binary", test_hit_binary },
		{ "fields", test_fields },
		{ "sizes of rows", test_sizes },
		{ "heads", test_head },
	};

	return suite_run("mask/copy", tests, sizeof(tests) / sizeof(*tests));
}
