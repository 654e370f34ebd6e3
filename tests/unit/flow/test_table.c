/* SPDX-License-Identifier: Apache-2.0
 * The table of tags: what went in is found, what went out is not, and full is said. */
#include "dataplane/flow/table.h"
#include "tests/unit/net/suite.h"

#include <errno.h>

enum { N = 4000 };

static struct table t;
static uint64_t hash_of[N];
static bool in[N];

static bool finds(uint64_t hash, uint32_t index)
{
	uint32_t bucket = table_first(&t, hash), way = 0, i;

	while ((i = table_next(&t, hash, &bucket, &way)) != TABLE_NONE) {
		if (i == index)
			return true;
	}
	return false;
}

static void test_insert_remove(void)
{
	uint64_t state = 3;

	CU_ASSERT_EQUAL_FATAL(table_init(&t, N), 0);
	for (uint32_t i = 0; i < N; i++)
		hash_of[i] = suite_random(&state) ^ suite_random(&state) << 32;
	for (int k = 0; k < 60000; k++) {
		const uint32_t i = (uint32_t)(suite_random(&state) % N);

		if (in[i])
			table_remove(&t, hash_of[i], i);
		else
			CU_ASSERT_EQUAL(table_insert(&t, hash_of[i], i), 0);
		in[i] = !in[i];
		CU_ASSERT_EQUAL(finds(hash_of[i], i), in[i]);
	}
	for (uint32_t i = 0; i < N; i++)
		CU_ASSERT_EQUAL(finds(hash_of[i], i), in[i]);
	table_done(&t);
}

/* All in one bucket, as an adversary who knew the key would have it: it fills up and says so, and
 * comes back whole. */
static void test_one_bucket(void)
{
	uint32_t n = 0;

	CU_ASSERT_EQUAL_FATAL(table_init(&t, 64), 0);
	while (table_insert(&t, 7, n) == 0)
		n++;
	CU_ASSERT_TRUE(n >= 64);
	CU_ASSERT_EQUAL(table_insert(&t, 7, n), -ENOSPC);
	for (uint32_t i = 0; i < n; i++)
		CU_ASSERT_TRUE(finds(7, i));
	for (uint32_t i = 0; i < n; i++)
		table_remove(&t, 7, i);
	for (uint32_t i = 0; i < n; i++)
		CU_ASSERT_EQUAL(table_insert(&t, 7, i), 0);
	table_done(&t);
}

static const struct suite_test tests[] = {
	{ "insert_remove", test_insert_remove },
	{ "one_bucket", test_one_bucket },
};

int main(void)
{
	return suite_run("flow/table", tests, sizeof(tests) / sizeof(tests[0]));
}
