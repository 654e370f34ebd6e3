/* SPDX-License-Identifier: Apache-2.0
 * A write that does not fit writes nothing, nor does any after it; memory within its budget. */
#include "parsers/base/alloc.h"
#include "parsers/base/outbuf.h"
#include "tests/unit/net/suite.h"

#include <stdlib.h>
#include <string.h>

static void test_writes(void)
{
	static const uint8_t want[] = { 1, 2, 3, 4, 5, 6, 7, 'a', 'b' };
	uint8_t out[sizeof(want)];
	struct outbuf o = ob_of(out, sizeof(out));

	ob_u8(&o, 1);
	ob_be16(&o, 0x0203);
	ob_be32(&o, 0x04050607);
	ob_put(&o, "ab", 2);
	ob_put(&o, NULL, 0);
	CU_ASSERT(!o.full && ob_span(&o).len == sizeof(want));
	CU_ASSERT(memcmp(out, want, sizeof(want)) == 0);
	ob_u8(&o, 1);
	CU_ASSERT(o.full && o.len == sizeof(want));
}

static void test_sticky(void)
{
	uint8_t *out = malloc(4);
	struct outbuf o = ob_of(out, 4);

	ob_be16(&o, 1);
	ob_be32(&o, 2);
	CU_ASSERT(o.full && o.len == 2);
	ob_u8(&o, 3); /* there would be room */
	CU_ASSERT(o.len == 2 && ob_room(&o, 0) == NULL);
	free(out);
}

static void *take(void *ctx, size_t n_bytes)
{
	return *(bool *)ctx ? malloc(n_bytes) : NULL;
}

static void give(void *ctx, void *block, size_t n_bytes)
{
	(void)ctx;
	(void)n_bytes;
	free(block);
}

static void test_budget(void)
{
	bool has_memory = true;
	const struct alloc alloc = { take, give, &has_memory };
	struct budget b = { .alloc = &alloc, .limit_bytes = 100 };
	void *first = budget_take(&b, 60), *second;

	CU_ASSERT(first != NULL && b.used_bytes == 60);
	CU_ASSERT_PTR_NULL(budget_take(&b, 41));
	CU_ASSERT_PTR_NULL(budget_take(&b, SIZE_MAX));
	second = budget_take(&b, 40);
	CU_ASSERT(second != NULL && b.used_bytes == 100);
	budget_give(&b, second, 40);
	budget_give(&b, NULL, 7);
	has_memory = false;
	CU_ASSERT_PTR_NULL(budget_take(&b, 40));
	CU_ASSERT_EQUAL(b.used_bytes, 60);
	budget_give(&b, first, 60);
	CU_ASSERT_EQUAL(b.used_bytes, 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "writes", test_writes },
		{ "sticky", test_sticky },
		{ "budget", test_budget },
	};

	return suite_run("outbuf", tests, sizeof(tests) / sizeof(*tests));
}
