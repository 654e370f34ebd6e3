/* SPDX-License-Identifier: Apache-2.0
 * test_ordinary FILE...: what real clients send all day is understood, and no pack of ours is in its way. */
#include "parsers/sql/shape.h"
#include "ruleset/load/load.h"
#include "ruleset/match/match.h"
#include "ruleset/model/model.h"
#include "tests/packs/statements.h"
#include "tests/unit/net/suite.h"

#include <string.h>

/* What the corpus must have at the least: it may grow. */
enum { STATEMENTS = 1000, SHAPES = 600, SHAPES_ROOM = 1 << 14 };

static char *const *files;
static int n_files;
static struct policy *policy;

static struct {
	unsigned int n[STATEMENT_CLASSES], n_shapes;
	uint64_t shapes[SHAPES_ROOM]; /* hashes, open addressing; 0: free */
} seen;

static const char *where(const struct statement *s)
{
	static char words[256];

	snprintf(words, sizeof(words), "%s:%u(%u): %.100s", s->file, s->line, s->which, s->text);
	return words;
}

static struct match_command understood(const struct statement *s)
{
	static uint64_t memory[1 << 16];
	struct sql_limits limits = sql_limits_default;
	const struct sql_job job = { .text = { (const uint8_t *)s->text, s->len },
		.settings = { SQL_ENC_UTF8, true },
		.limits = &limits };
	struct match_command c = { .is_known = true };

	limits.inline_bytes = 0; /* some of psql's are above it, and are looked at off the worker */
	c.sql = sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) }, &c.facts);
	CHECK_ROW(where(s), c.sql == SQL_OK);
	return c;
}

static bool is_read_only(const struct sql_facts *facts)
{
	for (uint32_t i = 0; i < facts->n_stmts; i++) {
		if ((sql_facts_stmt(facts, i)->flags & SQL_F_READ_ONLY) == 0)
			return false;
	}
	return facts->n_stmts > 0;
}

static void judge(void *ctx, const struct statement *s)
{
	const struct match_command c = understood(s);
	struct match_result r;

	(void)ctx;
	seen.n[s->is]++;
	match_command(policy, &c, &r);
	if (s->is == STATEMENT_HELD) {
		CHECK_ROW(where(s), r.verdict == VERDICT_HOLD);
		CHECK_ROW(where(s), r.rule != NULL && strcmp(r.rule, s->rule) == 0);
		return;
	}
	if (r.rule != NULL)
		printf("\n    %s by %s", verdict_name(r.verdict), r.rule);
	CHECK_ROW(where(s), r.verdict == VERDICT_ALLOW);
}

static void prove(void *ctx, const struct statement *s)
{
	const struct match_command c = understood(s);

	(void)ctx;
	if (c.sql == SQL_OK)
		CHECK_ROW(where(s), is_read_only(c.facts) == (s->is == STATEMENT_READS));
}

static void test_nothing_refused(void)
{
	for (int i = 0; i < n_files; i++)
		statements_read(files[i], judge, NULL);
}

static void test_reads_are_proven(void)
{
	for (int i = 0; i < n_files; i++)
		statements_read(files[i], prove, NULL);
}

static uint64_t shape_of(const struct statement *s)
{
	static uint64_t words[STATEMENT_MAX / 4 + 2];
	static const struct siphash_key key = { 1, 2 };
	const struct sql_settings settings = { SQL_ENC_UTF8, true };
	struct sql_shape shape;

	CHECK_ROW(where(s),
			sql_shape_of((struct span){ (const uint8_t *)s->text, s->len }, &settings,
					&key,
					(struct sql_key_room){
							words, sizeof(words) / sizeof(words[0]) },
					&shape) == 0);
	return shape.key.hash | 1;
}

static void count_shape(void *ctx, const struct statement *s)
{
	const uint64_t hash = s->which == 0 ? shape_of(s) : 0;
	size_t at = hash % SHAPES_ROOM;

	(void)ctx;
	if (s->which != 0)
		return;
	while (seen.shapes[at] != 0 && seen.shapes[at] != hash)
		at = (at + 1) % SHAPES_ROOM;
	seen.n_shapes += seen.shapes[at] == 0;
	seen.shapes[at] = hash;
}

static void test_enough(void)
{
	unsigned int all = 0;

	for (int i = 0; i < n_files; i++)
		statements_read(files[i], count_shape, NULL);
	for (int i = 0; i < STATEMENT_CLASSES; i++)
		all += seen.n[i];
	printf("\n    %u statements, %u shapes before choices: %u proven to read, %u not, %u others, %u held ",
			all, seen.n_shapes, seen.n[STATEMENT_READS], seen.n[STATEMENT_UNPROVEN],
			seen.n[STATEMENT_OTHER], seen.n[STATEMENT_HELD]);
	CU_ASSERT(all >= STATEMENTS);
	CU_ASSERT(seen.n_shapes >= SHAPES);
}

int main(int argc, char **argv)
{
	static const char *const packs[] = { "sql-risk", "pii", "secrets" };
	static const struct suite_test tests[] = {
		{ "nothing is refused", test_nothing_refused },
		{ "what reads is proven to", test_reads_are_proven },
		{ "enough of them", test_enough },
	};
	size_t bad = 0;
	int rc;

	files = argv + 1;
	n_files = argc - 1;
	if (policy_new(packs, sizeof(packs) / sizeof(packs[0]), &policy, &bad) != 0) {
		fprintf(stderr, "pack %zu cannot be loaded\n", bad);
		return EXIT_FAILURE;
	}
	rc = suite_run("ordinary", tests, sizeof(tests) / sizeof(*tests));
	policy_free(&policy);
	return rc;
}
