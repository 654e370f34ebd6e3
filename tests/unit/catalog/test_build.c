/* SPDX-License-Identifier: Apache-2.0
 * Rows into a catalogue: order, rules, repeats, and rows that no query gives. */
#include "tests/unit/catalog/rows.h"
#include "tests/unit/load/expect.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>

enum { ROOM = 1 << 18 };

/* Rules 0 to 5; 1 and 2 name the same, 0 is none of a column. */
static const char yaml[] =
		"pack: p\n"
		"patterns: [{id: x, regex: 'abc'}]\n"
		"data:\n"
		"  - {id: r0, pattern: x, mask: redact}\n"
		"  - {id: r1, column: '*.people.ssn', mask: redact, derived: deny,\n"
		"     unless: [{when: {groups: [a]}, reason: x}]}\n"
		"  - {id: r2, column: '*.people.ssn', json: '$.a', mask: redact, derived: allow}\n"
		"  - {id: r3, column: '*.people.mail', mask: redact}\n"
		"  - {id: r4, column: '*.people.doc', mask: redact, derived: hold}\n"
		"  - {id: r5, column: '*.people.pay', mask: redact, derived: hold}\n";
static struct policy *policy;

#define NEWEST "n|9000||||||\n"

static void check(const char *name, const char *rows, const char *expected)
{
	const struct catalog *c = NULL;
	const int rc = rows_build(policy, rows, ROOM, &c);

	CHECK_ROW(name, rc > 0);
	if (rc <= 0)
		return;
	if (strcmp(rows_shown(c), expected) != 0)
		printf("\n    %s, expected %s", rows_shown(c), expected);
	CHECK_ROW(name, strcmp(rows_shown(c), expected) == 0);
	CHECK_ROW(name, c->newest_oid == 9000);
}

static void test_good(void)
{
	check("nothing", NEWEST, "");
	check("one", NEWEST "c|100|2|1|3|public|people|mail\n", "100.2 3=");
	check("rules that name the same", "c|100|2|1|1|public|people|ssn\n" NEWEST,
			"100.2 1= 100.2 2=");
	check("in order",
			"c|200|1|0|3|b|people|mail\nc|100|3|1|4|a|people|doc\n" NEWEST
			"c|100|2|0|3|a|people|mail\nc|100|2|0|1|a|people|mail\n",
			"100.2 1= 100.2 2= 100.2 3= 100.3 4= 200.1 3=");
	check("twice is once", NEWEST "c|100|2|1|3|p|t|c\nc|100|2|1|3|p|t|c\n", "100.2 3=");
	check("of a TOAST table, derived; but of a rule that lets expressions pass",
			NEWEST "t|300|3|2|1|pg_toast|pg_toast_1|chunk_data\n", "300.3 1~ 300.3 2~");
	check("what repeats: the strictest without exceptions",
			NEWEST "s|400|8|7||pg_catalog|pg_stats|most_common_vals\n", "400.8 4~");
	check("greatest numbers", NEWEST "c|4294967295|32767|32767|3|p|t|c\n",
			"4294967295.32767 3=");
	check("not in COPY", NEWEST "c|100|2|-1|3|p|t|c\n", "100.2 3=");
}

/* All rules have exceptions, or let expressions pass. */
static void test_repeats(void)
{
	struct policy *kept = policy;

	policy = load_good("pack: p\ndata:\n"
			   "  - {id: a, column: '*.t.a', mask: redact,\n"
			   "     unless: [{when: {groups: [a]}, reason: x}]}\n"
			   "  - {id: b, column: '*.t.b', mask: redact, derived: deny,\n"
			   "     unless: [{when: {groups: [b]}, reason: x}]}\n");
	check("all have exceptions", NEWEST "s|400|8|7||p|t|c\n", "400.8 0~ 400.8 1~");
	policy_free(&policy);
	policy = load_good(
			"pack: p\ndata: [{id: a, column: '*.t.a', mask: redact, derived: allow}]\n");
	check("expressions pass, values do not", NEWEST "s|400|8|7||p|t|c\n", "400.8 0=");
	policy_free(&policy);
	policy = kept;
}

static void test_names(void)
{
	static uint64_t room[64];
	const struct catalog *c = NULL, *copy;
	const int bytes = rows_build(policy,
			NEWEST "c|100|2|1|3|public|people|mail\nc|100|4|2|4|public|people|doc\n",
			ROOM, &c);

	CU_ASSERT_FATAL(bytes > 0 && (size_t)bytes <= sizeof(room));
	CU_ASSERT_EQUAL(c->columns[0].copy_at, 1);
	CU_ASSERT(memcmp(c->columns[0].column.ptr, "mail", 4) == 0 &&
			c->columns[0].column.len == 4);
	CU_ASSERT_PTR_EQUAL(c->columns[0].table.ptr, c->columns[1].table.ptr); /* told once */
	copy = catalog_copy(c, (size_t)bytes, room);
	CU_ASSERT_FATAL(rows_build(policy, NEWEST, ROOM, &c) > 0); /* the first one is gone */
	CU_ASSERT_EQUAL(copy->n, 2);
	CU_ASSERT(memcmp(copy->columns[1].schema.ptr, "public", 6) == 0);
	CU_ASSERT(memcmp(copy->columns[1].column.ptr, "doc", 3) == 0);
	CU_ASSERT((const uint8_t *)room < copy->columns[1].column.ptr &&
			copy->columns[1].column.ptr < (const uint8_t *)room + bytes);
}

static const char *const bad[] = {
	"", /* none says which is newest */
	NEWEST NEWEST,
	"n|0||||||\n",
	"n|||||||\n",
	"n|01||||||\n",
	"n|-1||||||\n",
	"n|+1||||||\n",
	"n| 1||||||\n",
	"n|4294967296||||||\n",
	"n|99999999999999999999||||||\n",
	"n|1|1|||||\n", /* has what it has not */
	"n|1|||||\n",   /* a column less, and one more */
	"n|1|||||||\n",
	NEWEST "x|100|2|1|3|p|t|c\n",
	NEWEST "|100|2|1|3|p|t|c\n",
	NEWEST "cc|100|2|1|3|p|t|c\n",
	NEWEST "c|100|0|1|3|p|t|c\n",
	NEWEST "c|100|-1|1|3|p|t|c\n",
	NEWEST "c|100|32768|1|3|p|t|c\n",
	NEWEST "c|100|2|-2|3|p|t|c\n",
	NEWEST "c|100|2|32768|3|p|t|c\n",
	NEWEST "c|100|2||3|p|t|c\n",
	NEWEST "c|100|2|1|0|p|t|c\n", /* rule 0 is of a pattern */
	NEWEST "c|100|2|1|6|p|t|c\n", /* there is none */
	NEWEST "c|100|2|1||p|t|c\n",
	NEWEST "c|100|2|1|3||t|c\n",
	NEWEST "c|100|2|1|3|p||c\n",
	NEWEST "c|100|2|1|3|p|t|\n",
	NEWEST "s|100|2|1|3|p|t|c\n",
	NEWEST "o|100|2|1|3|p|t|c\n",
	NEWEST "d|100|2|1|300|||\n",
	NEWEST "d|100|||300|||\n",
	NEWEST "d|100|2|||||\n",
	NEWEST "v|100|1|||||SELECT 1\n",
};

static void test_bad(void)
{
	const struct catalog *c = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK_ROW(bad[i], rows_build(policy, bad[i], ROOM, &c) == -EBADMSG);
	CU_ASSERT_PTR_NULL(c);
}

/* A row cut anywhere, and lengths that are beyond it. */
static void test_cut(void)
{
	static uint64_t memory[ROOM / 8];
	const struct span rows = rows_of(NEWEST "c|100|2|1|3|public|people|mail\n");
	const size_t first = rows_of(NEWEST).len;
	const struct catalog *c = NULL;
	size_t used;

	rows_of(NEWEST "c|100|2|1|3|public|people|mail\n");
	for (size_t len = 0; len < rows.len; len++) {
		uint8_t *cut = malloc(len == 0 ? 1 : len); /* exactly so long */
		const struct catalog_source s = { policy, { cut, len }, { SQL_ENC_UTF8, true },
			&sql_limits_default };

		memcpy(cut, rows.ptr, len);
		CU_ASSERT_EQUAL(catalog_build(&s, (struct sql_memory){ memory, ROOM }, &c, &used),
				len == first ? 0 : -EBADMSG);
		free(cut);
	}
}

static void test_long_names(void)
{
	static char rows[1024];
	const struct catalog *c = NULL;

	snprintf(rows, sizeof(rows), NEWEST "c|100|2|1|3|p|t|%0255d\n", 0);
	CU_ASSERT(rows_build(policy, rows, ROOM, &c) > 0);
	snprintf(rows, sizeof(rows), NEWEST "c|100|2|1|3|p|t|%0256d\n", 0);
	CU_ASSERT_EQUAL(rows_build(policy, rows, ROOM, &c), -EBADMSG);
}

/* Any room but enough is -ENOSPC, and never written beyond: the block is exactly so large. */
static void test_room(void)
{
	static const char rows[] = NEWEST
			"c|100|1|0|1|public|people|ssn\n"
			"d|500|1||100|||\nd|500|0||100|||\nv|500||||||SELECT ssn FROM people\n"
			"o|500|1|0||public|v|ssn\n";
	const struct catalog *c = NULL;
	size_t least = 0;

	for (size_t len = 0; len < 1 << 14; len += 8) {
		const int rc = rows_build(policy, rows, len, &c);

		CU_ASSERT(rc > 0 || rc == -ENOSPC);
		if (rc > 0 && least == 0)
			least = len;
		CU_ASSERT(least == 0 || rc > 0);
	}
	CU_ASSERT(least > 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "good rows", test_good },
		{ "what repeats values", test_repeats },
		{ "names, and a copy", test_names },
		{ "rows that no query gives", test_bad },
		{ "rows that are cut", test_cut },
		{ "long names", test_long_names },
		{ "room", test_room },
	};
	int rc;

	if (load(yaml, &policy) != 0)
		return EXIT_FAILURE;
	rc = suite_run("catalog/build", tests, sizeof(tests) / sizeof(*tests));
	policy_free(&policy);
	return rc;
}
