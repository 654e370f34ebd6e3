/* SPDX-License-Identifier: Apache-2.0
 * test_packs FLAT: every pattern of the packs finds its examples and none of its near misses, alone;
 * all of them compile together, and together still cover each example. */
#include "tests/packs/pack.h"
#include "tests/unit/net/suite.h"

#include <string.h>

static struct pack pack;

struct hits {
	uint64_t n, bytes;
};

static void on_found(void *ctx, const struct scan_found *found)
{
	struct hits *hits = ctx;

	hits->n++;
	hits->bytes += found->to - found->from;
}

static struct hits scan(struct scanner *s, struct span text)
{
	struct hits hits = { 0 };
	const struct scan_sink sink = { on_found, &hits };

	CU_ASSERT_EQUAL(scan_fields(s, &text, 1, &sink), 0);
	return hits;
}

static struct scanner *scanner_of(
		const struct scan_pattern *patterns, uint32_t n, struct scan_db **ret_db)
{
	struct scanner *s = NULL;
	struct scan_error e;

	if (scan_db_new(patterns, n, ret_db, &e) != 0) {
		printf("\n    %s", e.text);
		return NULL;
	}
	CU_ASSERT_EQUAL(scanner_new(*ret_db, &scan_sizes_default, &s), 0);
	return s;
}

static void check_examples(uint32_t pattern, struct scanner *s)
{
	uint32_t n[2] = { 0, 0 };

	for (uint32_t i = 0; i < pack.n_examples; i++) {
		const struct pack_example *e = &pack.examples[i];
		char what[120];

		if (e->pattern != pattern)
			continue;
		n[e->matches]++;
		snprintf(what, sizeof(what), "%s: %.*s", pack.patterns[pattern].id,
				(int)(e->text.len < 80 ? e->text.len : 80), e->text.ptr);
		CHECK_ROW(what, (scan(s, e->text).n > 0) == e->matches);
	}
	CHECK_ROW(pack.patterns[pattern].id, n[true] > 0 && n[false] > 0);
}

static void test_alone(void)
{
	for (uint32_t i = 0; i < pack.n; i++) {
		struct scan_db *db = NULL;
		struct scanner *s = scanner_of(&pack.patterns[i], 1, &db);

		CHECK_ROW(pack.patterns[i].id, s != NULL);
		if (s != NULL)
			check_examples(i, s);
		scanner_free(&s);
		scan_db_free(&db);
	}
}

static void test_together(void)
{
	struct scan_db *db = NULL;
	struct scanner *s = scanner_of(pack.patterns, pack.n, &db);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	for (uint32_t i = 0; i < pack.n_examples; i++) {
		if (pack.examples[i].matches)
			CHECK_ROW(pack.patterns[pack.examples[i].pattern].id,
					scan(s, pack.examples[i].text).bytes > 0);
	}
	printf("(%u patterns, %zu KiB) ", pack.n, scan_db_bytes(db) / 1024);
	scanner_free(&s);
	scan_db_free(&db);
}

/* A name stands for one pattern. */
static void test_names(void)
{
	for (uint32_t i = 0; i < pack.n; i++) {
		for (uint32_t k = i + 1; k < pack.n; k++)
			CHECK_ROW(pack.patterns[i].id,
					strcmp(pack.patterns[i].id, pack.patterns[k].id) != 0);
	}
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
		{ "each pattern alone and its examples", test_alone },
		{ "all together", test_together },
		{ "names", test_names },
	};
	int rc;

	if (argc != 2)
		return EXIT_FAILURE;
	pack_read(&pack, argv[1]);
	rc = suite_run("packs", tests, sizeof(tests) / sizeof(tests[0]));
	pack_done(&pack);
	return rc;
}
