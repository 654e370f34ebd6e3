/* SPDX-License-Identifier: Apache-2.0
 * Statements and their facts (facts.txt), and what holds for all of them: facts fit the memory that
 * they are given or are none, and two texts of one shape have the same facts unless these say
 * that they need the literals. */
#include "parsers/sql/facts.h"
#include "parsers/sql/judge.h"
#include "parsers/sql/lex.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/sql/dump.h"

#include <pthread.h>
#include <stdalign.h>
#include <string.h>

enum {
	ROWS_MAX = 600,
	LINE_SIZE = 2048,
	ROOM = 1024,
};

static char texts[ROWS_MAX][LINE_SIZE], wanted[ROWS_MAX][LINE_SIZE];
static size_t n_rows;
static const struct siphash_key secret = { 3, 4 };
static const struct sql_settings standard = { SQL_ENC_UTF8, true };

static void put_back(char *line, const char *mark, char c)
{
	char *p;

	while ((p = strstr(line, mark)) != NULL) {
		*p = c;
		memmove(p + 1, p + strlen(mark), strlen(p + strlen(mark)) + 1);
	}
}

static bool read_rows(const char *path)
{
	static char line[LINE_SIZE];
	FILE *file = fopen(path, "r");

	if (file == NULL)
		return false;
	while (n_rows < ROWS_MAX && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (line[0] == '\t') {
			memcpy(wanted[n_rows++], line + 1, strlen(line));
			continue;
		}
		put_back(line, "{NL}", '\n');
		put_back(line, "{TAB}", '\t');
		memcpy(texts[n_rows], line, strlen(line) + 1);
	}
	fclose(file);
	return true;
}

static void test_rows(void)
{
	static char out[LINE_SIZE];

	CU_ASSERT(n_rows > 380 && n_rows < ROWS_MAX);
	for (size_t i = 0; i < n_rows; i++) {
		dump_facts(texts[i], out, sizeof(out));
		if (strcmp(out, wanted[i]) != 0)
			printf("\n    is \"%s\"", out);
		CHECK_ROW(texts[i], strcmp(out, wanted[i]) == 0);
	}
}

static struct sql_job job_of(const char *text, const struct sql_shape *shape)
{
	return (struct sql_job){ .text = { (const uint8_t *)text, strlen(text) },
		.settings = standard,
		.limits = &sql_limits_default,
		.shape = shape };
}

static bool shape_of(const char *text, uint64_t *room, struct sql_shape *ret)
{
	return sql_shape_of((struct span){ (const uint8_t *)text, strlen(text) }, &standard,
			       &secret, (struct sql_key_room){ room, ROOM }, ret) == 0;
}

/* With less memory than is enough there are no facts and no byte is written beyond it. */
static void check_memory(const char *text)
{
	struct sql_job job = job_of(text, NULL);
	enum sql_rc rc = SQL_NO_ROOM;

	for (size_t len = 0; len < 8192 && rc != SQL_OK; len += len < 400 ? 8 : 40) {
		uint8_t *memory = malloc(len > 0 ? len : 1);
		const struct sql_facts *facts = NULL;

		CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
		rc = sql_facts_of(&job, (struct sql_memory){ memory, len }, &facts);
		CHECK_ROW(text, rc == SQL_OK || rc == SQL_NO_ROOM);
		CHECK_ROW(text, (rc == SQL_OK) == (facts != NULL));
		CHECK_ROW(text, facts == NULL || facts->bytes <= len);
		free(memory);
	}
	CHECK_ROW(text, rc == SQL_OK);
}

static void test_memory(void)
{
	for (size_t i = 0; i < n_rows; i++) {
		if (strcmp(wanted[i], "syntax") != 0 && strcmp(wanted[i], "split string") != 0)
			check_memory(texts[i]);
	}
}

/* Another literal of the same kind, and one that matters where literals do. */
static const char *other_literal(enum sql_tok tok, unsigned int n)
{
	static const char *const strings[] = { "'%'", "E'x''\\''", "$q$ on $q$", "'off'", "''" };
	static const char *const integers[] = { "0", "1", "2", "0042", "2147483647" };

	switch ((int)tok) {
	case SQL_T_SCONST:
		return strings[n % 5];
	case SQL_T_ICONST:
		return integers[n % 5];
	case SQL_T_FCONST:
		return n % 2 == 0 ? "1e3" : "99999999999";
	case SQL_T_USCONST:
		return "U&'\\0041'";
	case SQL_T_BCONST:
		return "b'1'";
	default:
		return "x'ff'";
	}
}

static bool is_kept(const struct sql_shape *shape, uint32_t at)
{
	for (uint32_t i = 0; i < shape->n_kept; i++) {
		if (shape->kept[i] == at)
			return true;
	}
	return false;
}

/* <text> with all its literals replaced, blanks and case too, so that its shape is the same. */
static void vary(const char *text, const struct sql_shape *shape, unsigned int n, char *out)
{
	struct sql_lex lex =
			sql_lex_of((struct span){ (const uint8_t *)text, strlen(text) }, &standard);
	struct sql_token t;

	*out = '\0';
	while (sql_lex_next(&lex, &t) > SQL_T_ERROR) {
		const bool is_literal = t.tok >= SQL_T_SCONST && t.tok <= SQL_T_FCONST;
		const size_t len = strlen(out);

		if (is_literal && !is_kept(shape, t.at))
			snprintf(out + len, LINE_SIZE - len, "%s /* %u */\t",
					other_literal(t.tok, n + t.at), t.at);
		else
			snprintf(out + len, LINE_SIZE - len, "%.*s%s", (int)t.len, text + t.at,
					t.tok == SQL_T_NCHAR ? "" : " ");
		if (t.tok == SQL_T_WORD && out[len] >= 'a' && out[len] <= 'z')
			out[len] -= 'a' - 'A';
	}
}

static bool same_facts(const struct sql_facts *a, const struct sql_facts *b)
{
	return a->bytes == b->bytes && memcmp(a, b, a->bytes) == 0;
}

static void check_variants(const char *text)
{
	static char other[LINE_SIZE];
	static uint64_t room_a[ROOM], room_b[ROOM], memory_a[4096], memory_b[4096];
	struct sql_shape a, b;
	struct sql_job job_a = job_of(text, &a), job_b = job_of(other, &b);
	const struct sql_facts *facts_a, *facts_b;

	if (!shape_of(text, room_a, &a))
		return;
	for (unsigned int n = 0; n < 5; n++) {
		vary(text, &a, n, other);
		CHECK_ROW(other, shape_of(other, room_b, &b));
		CHECK_ROW(other,
				a.key.hash == b.key.hash && a.key.bytes.len == b.key.bytes.len &&
						memcmp(a.key.bytes.ptr, b.key.bytes.ptr,
								a.key.bytes.len) == 0);
		job_b.text.len = strlen(other);
		if (sql_facts_of(&job_a, (struct sql_memory){ memory_a, sizeof(memory_a) },
				    &facts_a) != SQL_OK ||
				facts_a->needs_literals)
			return;
		/* The other text may be refused for its literal (float(0)); it has no other
		 * facts. */
		if (sql_facts_of(&job_b, (struct sql_memory){ memory_b, sizeof(memory_b) },
				    &facts_b) == SQL_OK)
			CHECK_ROW(other, same_facts(facts_a, facts_b));
	}
}

static void test_variants(void)
{
	for (size_t i = 0; i < n_rows; i++)
		check_variants(texts[i]);
}

/* A token's end in <text>, at random. */
static size_t cut_at(const char *text, uint64_t *state)
{
	struct sql_lex lex =
			sql_lex_of((struct span){ (const uint8_t *)text, strlen(text) }, &standard);
	size_t n = suite_random(state) % 24, at = 0;
	struct sql_token t;

	while (n-- > 0 && sql_lex_next(&lex, &t) > SQL_T_ERROR)
		at = t.at + t.len;
	return at;
}

/* The head of one row, and the rest of another: seldom SQL, but then often odd. */
static void test_recombined(void)
{
	static char text[2 * LINE_SIZE], out[LINE_SIZE];
	uint64_t state = 4711;
	unsigned int n_valid = 0;

	for (int i = 0; i < 60000; i++) {
		const char *head = texts[suite_random(&state) % n_rows];
		const char *rest = texts[suite_random(&state) % n_rows];

		const size_t end = cut_at(head, &state), start = cut_at(rest, &state);

		snprintf(text, LINE_SIZE, "%.*s %s", (int)end, head, rest + start);
		if (dump_facts(text, out, sizeof(out)) == NULL)
			continue;
		n_valid++;
		check_variants(text);
	}
	CU_ASSERT(n_valid > 6000);
}

/* What hides in a literal: facts of each of these must not be taken for those of another. */
static void test_hidden(void)
{
	static const char *const needs[] = { "DO 'x'", "SET a = 'b'", "COPY t TO PROGRAM 'x'",
		"COPY t FROM '/x'", "SELECT * FROM t ORDER BY a, 2",
		"DELETE FROM t WHERE a LIKE '%'", "EXPLAIN (ANALYZE 0) DELETE FROM t",
		"SELECT a FROM t LIMIT (5)", "LOAD 'x'", "NOTIFY c, 'x'",
		"COMMENT ON TABLE t IS 'x'", "CREATE ROLE r PASSWORD 'x'",
		"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'x'", "SELECT 1; DO 'x'",
		"PREPARE p AS SELECT 1", "DECLARE c CURSOR FOR SELECT 'x'",
		"ALTER SYSTEM SET a = 'x'" };
	static const char *const needs_not[] = { "SELECT 1",
		"SELECT * FROM t WHERE a = 'x' LIMIT 5", "DELETE FROM t WHERE 1 = 1",
		"INSERT INTO t VALUES (1, 'x')", "SELECT f('x')", "SELECT a FROM t ORDER BY 1",
		"BEGIN", "SHOW ALL", "SET a = b" };
	static uint64_t room[ROOM], memory[4096];
	const struct sql_facts *facts = NULL;

	for (size_t i = 0;
			i < sizeof(needs) / sizeof(*needs) + sizeof(needs_not) / sizeof(*needs_not);
			i++) {
		const bool needs_it = i < sizeof(needs) / sizeof(*needs);
		const char *text =
				needs_it ? needs[i] : needs_not[i - sizeof(needs) / sizeof(*needs)];
		struct sql_shape shape;
		const struct sql_job job = job_of(text, &shape);

		CHECK_ROW(text, shape_of(text, room, &shape));
		CHECK_ROW(text,
				sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) },
						&facts) == SQL_OK);
		CHECK_ROW(text, facts != NULL && facts->needs_literals == needs_it);
	}
}

static enum sql_rc rc_of(struct sql_job job)
{
	static uint64_t memory[1 << 18];
	const struct sql_facts *facts;

	return sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) }, &facts);
}

static char *append(char *p, const char *s)
{
	memcpy(p, s, strlen(s));
	return p + strlen(s);
}

/* <head>, then <n> times <piece>, then <n> times <tail>. */
static enum sql_rc rc_of_many(const char *head, const char *piece, const char *tail, size_t n)
{
	const size_t len = strlen(head) + n * (strlen(piece) + strlen(tail));
	struct sql_limits limits = sql_limits_default;
	char *text = calloc(1, len + 1), *p = text;
	struct sql_job job;
	enum sql_rc rc;

	if (text == NULL)
		return SQL_RC_MAX;
	p = append(p, head);
	for (size_t i = 0; i < n; i++)
		p = append(p, piece);
	for (size_t i = 0; i < n; i++)
		p = append(p, tail);
	limits.inline_bytes = 0;
	job = job_of(text, NULL);
	job.limits = &limits;
	rc = rc_of(job);
	free(text);
	return rc;
}

static void test_limits(void)
{
	struct sql_job job = job_of("SELECT 1", NULL);
	struct sql_limits limits = sql_limits_default;

	job.settings.encoding = SQL_ENC_UNSAFE;
	CU_ASSERT_EQUAL(rc_of(job), SQL_UNSAFE_ENCODING);
	job = job_of("SELECT 1", NULL);
	job.limits = &limits;
	limits.inline_bytes = 7;
	CU_ASSERT_EQUAL(rc_of(job), SQL_TOO_LARGE_INLINE);
	limits.inline_bytes = 8;
	CU_ASSERT_EQUAL(rc_of(job), SQL_OK);
	limits.max_bytes = 7;
	CU_ASSERT_EQUAL(rc_of(job), SQL_TOO_LARGE);
	job.limits = &sql_limits_default;
	job.text = (struct span){ (const uint8_t *)"SELECT\0 1", 9 };
	CU_ASSERT_EQUAL(rc_of(job), SQL_SYNTAX);
	CU_ASSERT_EQUAL(rc_of_many("SELECT 1", " + 1", "", 3000), SQL_OK); /* leans to the left */
	CU_ASSERT_EQUAL(rc_of_many("SELECT 1", " OR true", "", 3000), SQL_OK);
	CU_ASSERT_EQUAL(rc_of_many("SELECT ", "(", "", 20000), SQL_SYNTAX);
	CU_ASSERT_EQUAL(rc_of_many("SELECT ", "f(", ")", 600), SQL_TOO_DEEP);
	CU_ASSERT_EQUAL(rc_of_many("SELECT a", "::int", "", 600), SQL_TOO_DEEP);
	CU_ASSERT_EQUAL(rc_of_many("SELECT 1", " UNION SELECT 1", "", 600), SQL_TOO_DEEP);
	CU_ASSERT_EQUAL(rc_of_many("DELETE FROM t WHERE a", " || a", "", 600), SQL_TOO_DEEP);
	CU_ASSERT_EQUAL(rc_of_many("SELECT 1 FROM t ORDER BY 1", ", 1", "", 10000), SQL_OK);
	CU_ASSERT_EQUAL(rc_of_many("SELECT a", ", a", " ", 8000), SQL_OK); /* not by their square */
	CU_ASSERT_EQUAL(rc_of_many("SELECT a AS b FROM t ORDER BY b", ", b", "", 100000),
			SQL_TOO_COMPLEX);
	CU_ASSERT_EQUAL(rc_of_many("SELECT * FROM t WHERE a IN (1", ", 1", "", 100000), SQL_SYNTAX);
	CU_ASSERT_EQUAL(rc_of_many("", "SELECT 1;", "", 10000), SQL_OK);
	CU_ASSERT_EQUAL(rc_of_many("", ";", "", 100000), SQL_OK);
}

/* standard_conforming_strings is part of what a text means, and of its key. */
static void test_settings(void)
{
	static const char text[] = "SELECT 'a\\'; DROP TABLE t; --'";
	static uint64_t room[2][ROOM], memory[4096];
	struct sql_job job = job_of(text, NULL);
	const struct sql_facts *facts = NULL;
	struct sql_shape on, off;

	for (int i = 0; i < 2; i++) { /* twice: the setting must not stick */
		job.settings.standard_conforming_strings = true;
		CU_ASSERT_EQUAL(sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) },
						&facts),
				SQL_OK);
		CU_ASSERT_EQUAL(facts->n_stmts, 2);
		CU_ASSERT_EQUAL(sql_shape_of(job.text, &job.settings, &secret,
						(struct sql_key_room){ room[0], ROOM }, &on),
				0);
		job.settings.standard_conforming_strings = false;
		CU_ASSERT_EQUAL(sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) },
						&facts),
				SQL_OK);
		CU_ASSERT_EQUAL(facts->n_stmts, 1);
		CU_ASSERT_EQUAL(sql_shape_of(job.text, &job.settings, &secret,
						(struct sql_key_room){ room[1], ROOM }, &off),
				0);
		CU_ASSERT_NOT_EQUAL(on.key.bytes.ptr[0], off.key.bytes.ptr[0]);
	}
}

static alignas(64) uint8_t cache_memory[256 * (64 + 4 * 2048)];

/* All rows through one judge, three times: always the facts that sql_facts_of() has. */
static void test_judge(void)
{
	static uint64_t shapes[ROOM], exacts[ROOM], memory[4096];
	struct sql_judge j = { .key = secret,
		.shapes = { shapes, ROOM },
		.exacts = { exacts, ROOM },
		.facts = { memory, sizeof(memory) },
		.limits = sql_limits_default };
	static uint64_t room[ROOM], own_memory[4096];
	const struct sql_facts *facts = NULL, *own = NULL;
	enum sql_rc rc, own_rc;
	struct sql_shape shape;

	sql_cache_init(&j.cache, cache_memory, 256, 2048);
	for (size_t i = 0; i < 3 * n_rows; i++) {
		const char *text = texts[i % n_rows];
		const struct sql_job job =
				job_of(text, shape_of(text, room, &shape) ? &shape : NULL);

		rc = sql_judge_text(&j, job.text, &standard, &facts);
		own_rc = sql_facts_of(
				&job, (struct sql_memory){ own_memory, sizeof(own_memory) }, &own);
		CHECK_ROW(text, rc == own_rc || own_rc == SQL_SPLIT_STRING);
		CHECK_ROW(text, own_rc != SQL_OK || (facts != NULL && same_facts(facts, own)));
	}
	CU_ASSERT(j.n_shape_hits > n_rows / 4);
	CU_ASSERT(j.n_exact_hits > n_rows / 2);
	CU_ASSERT(j.n_misses >= n_rows / 2);
}

static void *parse_all(void *arg)
{
	const unsigned int seed = *(const unsigned int *)arg;
	static _Thread_local uint64_t memory[4096];
	size_t n_wrong = 0;

	for (unsigned int i = 0; i < 20000; i++) {
		const size_t row = (i * 7 + seed) % n_rows;
		const struct sql_job job = job_of(texts[row], NULL);
		const struct sql_facts *facts;
		const enum sql_rc rc = sql_facts_of(
				&job, (struct sql_memory){ memory, sizeof(memory) }, &facts);

		n_wrong += (rc == SQL_SYNTAX) != (strcmp(wanted[row], "syntax") == 0);
	}
	return (void *)n_wrong;
}

/* Parsers, their errors and their settings are each thread's own. */
static void test_threads(void)
{
	pthread_t threads[4];
	unsigned int seeds[4];
	void *n_wrong;

	for (unsigned int i = 0; i < 4; i++) {
		seeds[i] = i * 31;
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, parse_all, &seeds[i]), 0);
	}
	for (unsigned int i = 0; i < 4; i++) {
		pthread_join(threads[i], &n_wrong);
		CU_ASSERT_PTR_NULL(n_wrong);
	}
}

static void test_check(void)
{
	CU_ASSERT_EQUAL(sql_facts_check(), 0);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
		{ "the library fits", test_check },
		{ "rows", test_rows },
		{ "memory", test_memory },
		{ "variants of a shape", test_variants },
		{ "variants of recombined rows", test_recombined },
		{ "what hides in literals", test_hidden },
		{ "limits", test_limits },
		{ "settings", test_settings },
		{ "judge", test_judge },
		{ "threads", test_threads },
	};

	if (argc != 2 || !read_rows(argv[1]))
		return EXIT_FAILURE;
	return suite_run("facts", tests, sizeof(tests) / sizeof(*tests));
}
