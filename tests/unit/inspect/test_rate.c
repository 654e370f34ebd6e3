/* SPDX-License-Identifier: Apache-2.0
 * Counts of commands (rate.c) beside exact ones. */
#include "dataplane/inspect/session_priv.h"
#include "parsers/base/must.h"
#include "ruleset/model/model.h"
#include "tests/unit/net/suite.h"

#include <string.h>

enum { STEPS = 20000, TIMES = 3 };

static struct {
	struct spine spine;
	struct session session;
	uint64_t ran[STEPS], tried[STEPS]; /* when */
	uint32_t n_ran, n_tried;
} world;

static uint32_t exact(const uint64_t *at, uint32_t n, uint64_t within_us)
{
	const uint64_t now_us = world.spine.now_us;
	uint32_t found = 0;

	while (n > 0 && now_us - at[n - 1] < within_us) {
		n--;
		found++;
	}
	return found;
}

/* Not less than ran in the time; not more than was tried in it and a sixteenth more, Binds and Executes
 * each. */
static void check_counts(const uint32_t *sums, const struct model_rate *rates)
{
	for (int i = 0; i < TIMES; i++) {
		const uint64_t us = (uint64_t)rates[i].per_s * 1000000;

		CU_ASSERT_FATAL(sums[i] >= exact(world.ran, world.n_ran, us));
		CU_ASSERT_FATAL(sums[i] <= exact(world.tried, world.n_tried, us + us / 16));
	}
}

static void step(const struct policy *p, uint64_t *random)
{
	static const uint16_t kinds[] = { PG_QUERY, PG_PARSE, PG_BIND, PG_BIND, PG_EXECUTE,
		PG_EXECUTE, PG_FUNCTION_CALL };
	const uint64_t r = suite_random(random);
	const uint16_t kind = kinds[r % (sizeof(kinds) / sizeof(kinds[0]))];

	world.spine.now_us += r >> 8 & 1 ? r >> 16 & 0x3fff : r >> 40 & 0x7fffff;
	if (kind != PG_PARSE)
		world.tried[world.n_tried++] = world.spine.now_us;
	if (kind != PG_PARSE && kind != PG_BIND)
		world.ran[world.n_ran++] = world.spine.now_us;
	world.session.rate.is_counted = false;
	check_counts(rates_of(&world.session, p, kind), p->rates);
	if ((r >> 9 & 1) != 0) /* it is judged again */
		check_counts(rates_of(&world.session, p, kind), p->rates);
}

static void test_counts(void)
{
	static const struct model_rate rates[TIMES] = { { 1 }, { 7 }, { 600 } };
	const struct policy p = { .rates = rates, .n_rates = TIMES };
	uint64_t random = 7;

	must(arena_init(&world.spine.arena, 1) == 0);
	world.session.spine = &world.spine;
	world.spine.now_us = 12345678901;
	for (int i = 0; i < STEPS; i++)
		step(&p, &random);
	rates_give(&world.session);
	CU_ASSERT_EQUAL(world.spine.arena.used_bytes, 0);
	arena_done(&world.spine.arena);
}

/* Without memory nothing is known, and what was sent meanwhile counts later. */
static void test_no_memory(void)
{
	static const struct model_rate rates[] = { { 10 } };
	const struct policy p = { .rates = rates, .n_rates = 1 };
	struct session *s = &world.session;
	void *all;

	memset(&world, 0, sizeof(world));
	must(arena_init(&world.spine.arena, 1) == 0);
	s->spine = &world.spine;
	all = arena_take(&world.spine.arena, world.spine.arena.region_bytes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(all);
	for (int i = 0; i < 5; i++, s->rate.is_counted = false)
		CU_ASSERT_PTR_NULL(rates_of(s, &p, PG_QUERY));
	CU_ASSERT_EQUAL(world.spine.counters.no_memory, 5);
	arena_give(&world.spine.arena, all, world.spine.arena.region_bytes);
	CU_ASSERT_EQUAL(*rates_of(s, &p, PG_QUERY), 6);
	s->rate.is_counted = false;
	CU_ASSERT_EQUAL(*rates_of(s, &p, PG_PARSE), 6);
	CU_ASSERT_PTR_NULL(rates_of(s, NULL, PG_QUERY)); /* no rules: nothing is kept */
	CU_ASSERT_EQUAL(world.spine.arena.used_bytes, 0);
	arena_done(&world.spine.arena);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "counts", test_counts },
		{ "no memory to count", test_no_memory },
	};

	return suite_run("rate", tests, sizeof(tests) / sizeof(*tests));
}
