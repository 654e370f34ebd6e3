/* SPDX-License-Identifier: Apache-2.0
 * Detections against the oracle: rows of any make, in any parts, in streams of any split. */
#include "ruleset/scan/scan_priv.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/scan/oracle.h"
#include "tests/unit/scan/patterns.h"

#include <errno.h>
#include <string.h>

enum { ROW_MAX = 64, TEXT_MAX = 1 << 16 };

struct row {
	uint8_t bytes[TEXT_MAX];
	struct span fields[ROW_MAX];
	uint32_t n;
};

static struct scan_db *db;
static struct oracle *oracle;
static struct found_list want, got;
static struct row row;

static struct scanner *scanner_of(const struct scan_sizes *sizes)
{
	struct scanner *s = NULL;

	if (scanner_new(db, sizes, &s) != 0)
		abort();
	return s;
}

/* A field of fragments, at most <max> bytes. */
static size_t make_field(uint8_t *at, size_t max, uint64_t *seed)
{
	const uint64_t pieces = suite_random(seed) % 12;
	size_t len = 0;

	for (uint64_t i = 0; i < pieces || (max > 1000 && len < max - 40); i++) {
		const struct fragment *f =
				&hard_fragments[suite_random(seed) % N_OF(hard_fragments)];

		if (len + f->len > max)
			break;
		memcpy(at + len, f->text, f->len);
		len += f->len;
	}
	return len;
}

static void make_row(uint64_t *seed)
{
	size_t used = 0;

	row.n = (uint32_t)(1 + suite_random(seed) % 20);
	for (uint32_t i = 0; i < row.n; i++) {
		const size_t max = suite_random(seed) % 8 == 0 ? 1500 : 120;
		const size_t len = make_field(row.bytes + used, max, seed);

		row.fields[i] = (struct span){ row.bytes + used, len };
		used += len;
	}
}

static void expect_row(const struct row *r)
{
	want.n = 0;
	for (uint32_t i = 0; i < r->n; i++)
		oracle_scan(oracle, r->fields[i], i, &want);
}

/* A match longer than the reach may be cut in a value larger than a block: not for the oracle. */
static bool is_within(const struct found_list *list, uint32_t reach_bytes)
{
	for (uint32_t i = 0; i < list->n; i++) {
		if (list->v[i].to - list->v[i].from > reach_bytes)
			return false;
	}
	return true;
}

static const struct scan_sizes sizes[] = {
	{ .block_bytes = 1 << 15, .reach_bytes = 1 << 13, .fields = 4096 },
	{ .block_bytes = 168, .reach_bytes = 52, .fields = 3 },
	{ .block_bytes = 131, .reach_bytes = 30, .fields = 2 }, /* the longest with a limit */
	{ .block_bytes = 509, .reach_bytes = 64, .fields = 1 },
};

static void test_rows(void)
{
	uint64_t seed = 1, n = 0, skipped = 0;

	for (size_t z = 0; z < N_OF(sizes); z++) {
		struct scanner *s = scanner_of(&sizes[z]);

		for (int i = 0; i < 2000; i++) {
			struct scan_sink sink = found_sink(&got);

			make_row(&seed);
			expect_row(&row);
			if (!is_within(&want, sizes[z].reach_bytes)) {
				skipped++;
				continue;
			}
			CU_ASSERT_EQUAL_FATAL(scan_fields(s, row.fields, row.n, &sink), 0);
			CU_ASSERT_TRUE_FATAL(found_is_same(&want, &got));
			n += want.n;
		}
		scanner_free(&s);
	}
	CU_ASSERT_TRUE(skipped < 3000);
	CU_ASSERT_TRUE(n > 50000); /* rows without detections would prove nothing */
}

/* Which patterns are in a text, whatever covers them there. */
static void test_which(void)
{
	struct oracle *alone[N_OF(hard_patterns)];
	uint64_t seed = 3, n[2] = { 0, 0 };

	for (size_t i = 0; i < N_OF(hard_patterns); i++)
		alone[i] = oracle_new(&hard_patterns[i], 1);
	for (size_t z = 0; z < N_OF(sizes); z++) {
		struct scanner *s = scanner_of(&sizes[z]);

		for (int k = 0; k < 400; k++) {
			const size_t max = k % 2 == 0 ? 100 : 3000;
			const struct span text = { row.bytes, make_field(row.bytes, max, &seed) };
			uint64_t bits[(N_OF(hard_patterns) + 63) / 64] = { 0 };

			CU_ASSERT_EQUAL_FATAL(scan_which(s, text, bits), 0);
			for (size_t i = 0; i < N_OF(hard_patterns); i++) {
				const bool is_set = (bits[i / 64] >> i % 64 & 1) != 0;

				want.n = 0;
				oracle_scan(alone[i], text, 0, &want);
				if (!is_within(&want, sizes[z].reach_bytes))
					continue;
				CU_ASSERT_EQUAL_FATAL(is_set, want.n > 0);
				n[is_set]++;
			}
		}
		scanner_free(&s);
	}
	for (size_t i = 0; i < N_OF(hard_patterns); i++)
		oracle_free(&alone[i]);
	CU_ASSERT_TRUE(n[false] > 1000 && n[true] > 1000);
}

/* Feeds <field> in pieces of at most <most> bytes (0: of any length); what is said to be clear stays
 * without detections. */
static int feed(struct scan_stream *t, struct span field, size_t most, uint64_t *seed)
{
	struct scan_sink sink = found_sink(&got);
	uint64_t clear = 0;
	int rc = 0;

	for (size_t at = 0; at < field.len && rc == 0;) {
		const size_t max = most > 0 ? most : 1 + suite_random(seed) % 300;
		const size_t n = field.len - at < max ? field.len - at : max;
		const uint32_t before = got.n;

		rc = scan_stream_feed(t, (struct span){ field.ptr + at, n }, false, &sink);
		at += n;
		CU_ASSERT_TRUE(before == got.n || got.v[before].from >= clear);
		CU_ASSERT_TRUE(scan_stream_clear(t) >= clear && scan_stream_clear(t) <= at);
		clear = scan_stream_clear(t);
	}
	if (rc == 0)
		rc = scan_stream_feed(t, (struct span){ field.ptr, 0 }, true, &sink);
	return rc;
}

static void test_streams(void)
{
	static const size_t mosts[] = { 1, 7, 52, 0, 5000 };
	uint64_t seed = 2, n = 0;

	for (size_t z = 1; z < N_OF(sizes); z++) {
		struct scanner *s = scanner_of(&sizes[z]);
		struct scan_stream *t = NULL;

		CU_ASSERT_EQUAL_FATAL(scan_stream_new(&sizes[z], &t), 0);
		for (int i = 0; i < 400; i++) {
			const struct span field = { row.bytes, make_field(row.bytes, 3000, &seed) };

			want.n = 0;
			oracle_scan(oracle, field, 7, &want);
			if (!is_within(&want, sizes[z].reach_bytes))
				continue;
			n += want.n;
			for (size_t m = 0; m < N_OF(mosts); m++) {
				scan_stream_begin(t, s, 7);
				CU_ASSERT_EQUAL_FATAL(feed(t, field, mosts[m], &seed), 0);
				CU_ASSERT_TRUE_FATAL(found_is_same(&want, &got));
			}
		}
		scan_stream_free(&t);
		scanner_free(&s);
	}
	CU_ASSERT_TRUE(n > 10000);
}

static struct span text_of(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

static void check_found(uint32_t i, uint32_t field, uint64_t from, uint64_t to, const char *id)
{
	const struct scan_found *f = &got.v[i];

	CU_ASSERT_FATAL(i < got.n);
	CU_ASSERT_EQUAL(f->field, field);
	CU_ASSERT_EQUAL(f->from, from);
	CU_ASSERT_EQUAL(f->to, to);
	CU_ASSERT_STRING_EQUAL(hard_patterns[f->pattern].id, id);
}

/* By hand, so that oracle and scanner are not wrong together. */
static void test_extents(void)
{
	const struct span fields[] = { text_of("pay 4111 1111 1111 1111 now"), text_of(""),
		text_of("me@ab.com,x"), text_of("4111 1111 1111 1112"), text_of("ABC"),
		text_of("ABC "), text_of("x baabcdef"), text_of("abaab"), text_of("123-45-6789-0"),
		text_of("5.123-45-6789"), text_of("123-45-6789.") };
	struct scanner *s = scanner_of(&scan_sizes_default);
	struct scan_sink sink = found_sink(&got);

	CU_ASSERT_EQUAL(scan_fields(s, fields, N_OF(fields), &sink), 0);
	CU_ASSERT_EQUAL(got.n, 6);
	check_found(5, 10, 0, 11, "ssn");
	check_found(0, 0, 4, 23, "card");
	check_found(1, 2, 0, 9, "mail");
	check_found(2, 4, 0, 3, "whole");
	check_found(3, 6, 2, 10, "over3");
	check_found(4, 7, 0, 5, "over2");
	scanner_free(&s);
}

/* More hits than there are runs: the batch is taken in parts. */
static void test_many_fields(void)
{
	enum { N = 9000 };
	static struct span fields[N];
	struct scanner *s = scanner_of(&scan_sizes_default);
	struct scan_sink sink = found_sink(&got);

	want.n = 0;
	for (uint32_t i = 0; i < N; i++) {
		fields[i] = text_of(i % 3 == 0 ? "abaab" : "123-45-6789");
		oracle_scan(oracle, fields[i], i, &want);
	}
	CU_ASSERT_EQUAL(scan_fields(s, fields, N, &sink), 0);
	CU_ASSERT_TRUE(found_is_same(&want, &got));
	scanner_free(&s);
}

static bool covers(const struct found_list *list, uint64_t from, uint64_t to)
{
	for (uint32_t i = 0; i < list->n; i++) {
		if (list->v[i].from <= from && to <= list->v[i].to)
			return true;
	}
	return false;
}

/* More detections in one value than there is room for: more is covered, never less. */
static void test_flood(void)
{
	struct scanner *s = scanner_of(&scan_sizes_default);
	struct span field = { row.bytes, 0 };
	struct scan_sink sink = found_sink(&got);
	bool all = true;

	for (field.len = 0; field.len + 4 < 32000; field.len += 4)
		memcpy(row.bytes + field.len, "aab ", 4);
	want.n = 0;
	oracle_scan(oracle, field, 0, &want);
	CU_ASSERT_TRUE(want.n > 4096);
	CU_ASSERT_EQUAL(scan_fields(s, &field, 1, &sink), 0);
	for (uint32_t i = 0; i < want.n; i++)
		all = all && covers(&got, want.v[i].from, want.v[i].to);
	CU_ASSERT_TRUE(all);
	CU_ASSERT_TRUE(got.n <= 4096);
	for (uint32_t i = 1; i < got.n; i++)
		all = all && got.v[i - 1].to <= got.v[i].from;
	CU_ASSERT_TRUE(all);
	scanner_free(&s);
}

static void test_nothing(void)
{
	struct scan_db *empty = NULL;
	struct scanner *s = NULL;
	struct scan_error e;
	const struct span field = text_of("4111 1111 1111 1111");
	struct scan_sink sink = found_sink(&got);

	CU_ASSERT_EQUAL(scan_db_new(NULL, 0, &empty, &e), 0);
	CU_ASSERT_EQUAL(scanner_new(empty, &scan_sizes_default, &s), 0);
	CU_ASSERT_EQUAL(scan_fields(s, &field, 1, &sink), 0);
	CU_ASSERT_EQUAL(got.n, 0);
	scanner_free(&s);
	scan_db_free(&empty);
}

/* A value of many blocks is what its pieces are, and a match across a seam is found. */
static void test_large(void)
{
	struct scanner *s = scanner_of(&scan_sizes_default);
	struct span field = { row.bytes, TEXT_MAX };

	for (uint32_t at = 32768 - 40; at <= 32768 + 4; at++) {
		struct scan_sink sink = found_sink(&got);

		memset(row.bytes, 'q', TEXT_MAX);
		memcpy(row.bytes + at, " 4111 1111 1111 1111 ", 21);
		CU_ASSERT_EQUAL(scan_fields(s, &field, 1, &sink), 0);
		CU_ASSERT_EQUAL(got.n, 1);
		check_found(0, 0, at + 1, at + 20, "card");
	}
	scanner_free(&s);
}

/* The gate counts as one would byte by byte, at any length, and reads nothing beyond the text. */
static void test_gate(void)
{
	uint64_t seed = 9;

	for (int i = 0; i < 20000; i++) {
		const size_t len = suite_random(&seed) % 80;
		uint8_t *bytes = malloc(len > 0 ? len : 1);
		uint32_t n = 0;

		CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
		for (size_t k = 0; k < len; k++) {
			bytes[k] = (uint8_t)("/:0959a\xff\xb5\x80"[suite_random(&seed) % 10]);
			if (suite_random(&seed) % 4 != 0 && bytes[k] >= '0' && bytes[k] <= '9')
				bytes[k] = 'x';
			n += bytes[k] >= '0' && bytes[k] <= '9';
		}
		CU_ASSERT_EQUAL(scan_has_digits((struct span){ bytes, len }), n >= SCAN_DIGITS_MIN);
		free(bytes);
	}
}

static void test_sizes(void)
{
	static const struct scan_sizes bad[] = { { 1 << 15, 1 << 13, 0 }, { 200, 100, 5 },
		{ 400, 20, 5 }, { 1U << 30, 64, 5 } };
	struct scanner *s = NULL;

	for (size_t i = 0; i < N_OF(bad); i++)
		CU_ASSERT_EQUAL(scanner_new(db, &bad[i], &s), -EINVAL);
	CU_ASSERT_PTR_NULL(s);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "extents", test_extents },
		{ "rows against the oracle", test_rows },
		{ "which patterns are there", test_which },
		{ "streams of any split against the oracle", test_streams },
		{ "more hits than runs", test_many_fields },
		{ "more detections than room", test_flood },
		{ "a large value", test_large },
		{ "no patterns", test_nothing },
		{ "the digit gate", test_gate },
		{ "sizes", test_sizes },
	};
	struct scan_error e;
	int rc;

	if (scan_db_new(hard_patterns, N_OF(hard_patterns), &db, &e) != 0) {
		printf("%s\n", e.text);
		return EXIT_FAILURE;
	}
	oracle = oracle_new(hard_patterns, N_OF(hard_patterns));
	rc = suite_run("scan", tests, N_OF(tests));
	oracle_free(&oracle);
	scan_db_free(&db);
	return rc;
}
