/* SPDX-License-Identifier: Apache-2.0
 * What rules are told of a command that is not in its text (context.c). The stub control plane knows
 * everybody as alice of corp, in the groups "agents" and "night shift". */
#include "tests/unit/inspect/cases.h"
#include "tests/unit/net/suite.h"

#include <string.h>

static bool is(struct span s, const char *text)
{
	return s.ptr != NULL && s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

/* A session whose rules ask who it is, or do not. */
static struct talk *known(bool keeps_actor)
{
	struct talk *t;

	bench_init(&b, 0);
	b.target.keeps_actor = keeps_actor;
	b.target.name = "orders-db";
	bench_start(&b);
	t = bench_login(&b);
	CU_ASSERT_EQUAL_FATAL(t->agent.state, PG_AGENT_READY);
	bench_say(&b, t, "Q select 1");
	return t;
}

static void test_who(void)
{
	const struct match_context *c = &bench_context;

	(void)known(true);
	CU_ASSERT(c->knows_actor && is(c->actor, "alice") && is(c->issuer, "corp"));
	CU_ASSERT_EQUAL_FATAL(c->n_groups, 2);
	CU_ASSERT(is(c->groups[0], "agents") && is(c->groups[1], "night shift"));
	CU_ASSERT(is(c->target, "orders-db"));
	CU_ASSERT_FATAL(c->rates != NULL && c->texts != NULL);
	end();
	/* nothing is kept that nobody asks for */
	(void)known(false);
	CU_ASSERT(!c->knows_actor && c->n_groups == 0);
	CU_ASSERT(is(c->target, "orders-db"));
	end();
}

/* BENCH_NOW_S is Friday, 15 January 2027, 08:00 UTC. */
static void test_when(void)
{
	struct talk *t = known(false);

	CU_ASSERT_EQUAL(bench_context.week_minute, -1); /* nobody has told the time */
	spine_wall_clock(b.spine, 1);
	bench_say(&b, t, "Q select 1");
	CU_ASSERT_EQUAL(bench_context.week_minute, (4 * 24 + 8) * 60);
	bench_wait(&b, 61000);
	bench_say(&b, t, "Q select 1");
	CU_ASSERT_EQUAL(bench_context.week_minute, (4 * 24 + 8) * 60 + 1);
	spine_wall_clock(b.spine,
			3 * 86400 - 8 * 3600 - 61); /* the last minute of a week has gone by */
	bench_say(&b, t, "Q select 1");
	CU_ASSERT_EQUAL(bench_context.week_minute, 0);
	end();
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "who", test_who },
		{ "when", test_when },
	};
	int rc;

	bench_open();
	rc = suite_run("context", tests, sizeof(tests) / sizeof(*tests));
	bench_close();
	return rc;
}
