/* SPDX-License-Identifier: Apache-2.0
 * The reader reads what is there, and stays bad once it was asked for more. */
#include "parsers/base/reader.h"
#include "tests/unit/net/suite.h"

#include <string.h>

static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static void test_straight(void)
{
	struct reader r = rd_of(bytes, sizeof(bytes));
	struct span s;

	CU_ASSERT_EQUAL(rd_u8(&r), 1);
	CU_ASSERT_EQUAL(rd_be16(&r), 0x0203);
	CU_ASSERT_EQUAL(rd_be32(&r), 0x04050607);
	CU_ASSERT_EQUAL(rd_left(&r), 1);
	s = rd_take(&r, 1);
	CU_ASSERT(s.len == 1 && s.ptr == bytes + 7);
	s = rd_take(&r, 0);
	CU_ASSERT(s.len == 0 && !r.bad);
	CU_ASSERT_EQUAL(rd_left(&r), 0);
}

static void test_sticky(void)
{
	for (size_t len = 0; len < 4; len++) {
		uint8_t *copy = malloc(len + 1);
		struct reader r;

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memset(copy, 0xff, len + 1);
		r = rd_of(copy, len);
		CU_ASSERT_EQUAL(rd_be32(&r), 0);
		CU_ASSERT(r.bad);
		CU_ASSERT_EQUAL(rd_u8(&r), 0); /* though there may be one */
		CU_ASSERT_EQUAL(rd_be16(&r), 0);
		CU_ASSERT_EQUAL(rd_take(&r, 0).len, 0);
		CU_ASSERT_EQUAL(rd_left(&r), len);
		free(copy);
	}
}

static void test_huge(void)
{
	struct reader r = rd_of(bytes, sizeof(bytes));

	rd_u8(&r);
	CU_ASSERT_EQUAL(rd_take(&r, SIZE_MAX).len, 0); /* no wrap-around */
	CU_ASSERT(r.bad);
}

static void test_cstr(void)
{
	struct reader r = rd_of("ab\0\0c", 5);
	struct span s = rd_cstr(&r);

	CU_ASSERT(s.len == 2 && memcmp(s.ptr, "ab", 2) == 0 && r.at == 3);
	s = rd_cstr(&r);
	CU_ASSERT(s.len == 0 && !r.bad && r.at == 4);
	s = rd_cstr(&r); /* no NUL */
	CU_ASSERT(s.len == 0 && r.bad && !rd_is_done(&r));
	r = rd_of("a", 2);
	rd_cstr(&r);
	CU_ASSERT(rd_is_done(&r));
	rd_cstr(&r);
	CU_ASSERT(r.bad);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "straight through", test_straight },
		{ "sticky", test_sticky },
		{ "huge", test_huge },
		{ "strings", test_cstr },
	};

	return suite_run("reader", tests, sizeof(tests) / sizeof(*tests));
}
