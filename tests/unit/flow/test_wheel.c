/* SPDX-License-Identifier: Apache-2.0
 * The wheel against a plain array of deadlines. */
#include "dataplane/flow/wheel.h"
#include "tests/unit/net/suite.h"

#include <string.h>

enum { N = 200 };

static struct wheel w;
static uint32_t model[N];
static bool model_set[N];

static void begin(uint32_t now_ms)
{
	memset(model_set, 0, sizeof(model_set));
	CU_ASSERT_EQUAL_FATAL(wheel_init(&w, N, now_ms), 0);
}

static void set(uint32_t i, uint32_t at_ms)
{
	wheel_set(&w, i, at_ms);
	model[i] = at_ms;
	model_set[i] = true;
}

/* All that are due come out, none that is not. */
static void expire_and_compare(uint32_t now_ms)
{
	uint32_t i;

	while ((i = wheel_expire(&w, now_ms)) != WHEEL_NONE) {
		CU_ASSERT_TRUE(model_set[i]);
		CU_ASSERT_TRUE((int32_t)(model[i] - now_ms) <= 0);
		model_set[i] = false;
	}
	for (i = 0; i < N; i++) {
		CU_ASSERT_FALSE(model_set[i] && (int32_t)(model[i] - now_ms) <= 0);
		CU_ASSERT_EQUAL(wheel_is_set(&w, i), model_set[i]);
	}
}

static void test_edges(void)
{
	static const uint32_t ahead[] = { 1, 2, 1022, 1023, 1024, 1025, 2047, 2048, 1048575,
		1048576, 1048577, 3000000, 1U << 30 };

	for (size_t k = 0; k < sizeof(ahead) / sizeof(ahead[0]); k++) {
		for (uint32_t start = 0; start < 3000; start += 511) {
			begin(start);
			set(3, start + ahead[k]);
			expire_and_compare(start + ahead[k] - 1);
			CU_ASSERT_TRUE(wheel_is_set(&w, 3));
			expire_and_compare(start + ahead[k]);
			CU_ASSERT_FALSE(wheel_is_set(&w, 3));
			wheel_done(&w);
		}
	}
}

static void test_wraps(void)
{
	begin(UINT32_MAX - 500);
	set(1, UINT32_MAX - 10);
	set(2, 10);
	set(3, 5000);
	expire_and_compare(UINT32_MAX - 11);
	expire_and_compare(9);
	CU_ASSERT_FALSE(wheel_is_set(&w, 1));
	expire_and_compare(10);
	CU_ASSERT_FALSE(wheel_is_set(&w, 2));
	expire_and_compare(4999);
	CU_ASSERT_TRUE(wheel_is_set(&w, 3));
	expire_and_compare(5000);
	wheel_done(&w);
}

static void test_next(void)
{
	begin(1000);
	CU_ASSERT_EQUAL(wheel_next_in_ms(&w), UINT32_MAX);
	set(1, 1700);
	CU_ASSERT_EQUAL(wheel_next_in_ms(&w), 700);
	wheel_cancel(&w, 1);
	set(2, 900000);
	CU_ASSERT_TRUE(wheel_next_in_ms(&w) <= 899000);
	wheel_done(&w);
}

static void random_step(uint64_t *state, uint32_t now_ms)
{
	static const uint32_t spans[] = { 3, 50, 1100, 5000, 2000000 };
	const uint32_t i = (uint32_t)(suite_random(state) % N);

	if (suite_random(state) % 4 == 0) {
		wheel_cancel(&w, i);
		model_set[i] = false;
	} else {
		set(i,
				now_ms + 1 +
						(uint32_t)(suite_random(state) %
								spans[suite_random(state) % 5]));
	}
}

static void next_is_not_late(void)
{
	const uint32_t next = wheel_next_in_ms(&w);

	for (uint32_t i = 0; i < N; i++)
		CU_ASSERT_FALSE(model_set[i] && (int32_t)(model[i] - w.now_ms - next) < 0 &&
				(int32_t)(model[i] - w.now_ms) >= 0);
}

static void test_random(void)
{
	uint64_t state = 5;
	uint32_t now_ms = 4294000000U;

	begin(now_ms);
	for (int k = 0; k < 30000; k++) {
		random_step(&state, now_ms);
		next_is_not_late();
		now_ms += (uint32_t)(suite_random(&state) %
				(suite_random(&state) % 50 == 0 ? 9000 : 7));
		expire_and_compare(now_ms);
	}
	wheel_done(&w);
}

static const struct suite_test tests[] = {
	{ "edges", test_edges },
	{ "wraps", test_wraps },
	{ "next", test_next },
	{ "random", test_random },
};

int main(void)
{
	return suite_run("flow/wheel", tests, sizeof(tests) / sizeof(tests[0]));
}
