/* SPDX-License-Identifier: Apache-2.0
 * Loads and stores at any alignment, in exact-size blocks; names in lower case. */
#include "parsers/base/bytes.h"
#include "parsers/base/lower.h"
#include "tests/unit/net/suite.h"

static void test_loads(void)
{
	for (size_t at = 0; at < 8; at++) {
		uint8_t *p = malloc(at + 4);

		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		for (size_t i = 0; i < 4; i++)
			p[at + i] = (uint8_t)(0xf1 + i);
		CU_ASSERT_EQUAL(load_be32(p + at), 0xf1f2f3f4);
		CU_ASSERT_EQUAL(load_be16(p + at), 0xf1f2);
		CU_ASSERT_EQUAL(load_be16(p + at + 2), 0xf3f4);
		free(p);
	}
}

static void test_stores(void)
{
	for (size_t at = 0; at < 8; at++) {
		uint8_t *p = calloc(1, at + 4);

		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		store_be32(p + at, 0x01020304);
		CU_ASSERT(p[at] == 1 && p[at + 1] == 2 && p[at + 2] == 3 && p[at + 3] == 4);
		store_be16(p + at + 1, 0xa0b0);
		CU_ASSERT(p[at] == 1 && p[at + 1] == 0xa0 && p[at + 2] == 0xb0 && p[at + 3] == 4);
		for (size_t i = 0; i < at; i++)
			CU_ASSERT_EQUAL(p[i], 0);
		free(p);
	}
}

static void test_lower(void)
{
	static const char names[][LOWER_SIZE] = {
		LOWER_INIT("TCP_CKSUM"),
		LOWER_INIT(""),
		LOWER_INIT("already_lower09"),
		LOWER_INIT("ABCDEFGHIJKLMNOPQRSTUVWXYZ@[`{_Z"),
	};

	CU_ASSERT_STRING_EQUAL(names[0], "tcp_cksum");
	CU_ASSERT_STRING_EQUAL(names[1], "");
	CU_ASSERT_STRING_EQUAL(names[2], "already_lower09");
	CU_ASSERT_STRING_EQUAL(names[3], "abcdefghijklmnopqrstuvwxyz@[`{_z");
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "loads", test_loads },
		{ "stores", test_stores },
		{ "lower case", test_lower },
	};

	return suite_run("bytes", tests, sizeof(tests) / sizeof(*tests));
}
