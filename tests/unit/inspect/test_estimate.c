/* SPDX-License-Identifier: Apache-2.0
 * What the server is asked about a command that is held (estimate.c), and what nobody sees of that. */
#include "tests/unit/inspect/cases.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/pg/talk.h"

#include <stdio.h>
#include <string.h>

/* A session whose agent has said <spec>, by which the rules hold it. */
static struct talk *asked(unsigned int legs, const char *first, const char *spec)
{
	struct talk *t;

	bench_init(&b, legs);
	b.target.estimates = true;
	b.target.labels = SPINE_LABELS_ALL;
	bench_start(&b);
	t = bench_login(&b);
	CU_ASSERT_EQUAL_FATAL(t->agent.state, PG_AGENT_READY);
	if (first != NULL)
		bench_say(&b, t, first);
	t->agent.log = (struct pg_log){ .len = 0 };
	bench_say(&b, t, spec);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ctrl_waiting(&b.ctrl, TICKET_MAY));
	return t;
}

static bool is_told_nothing(const struct talk *t)
{
	return strcmp(t->agent.log.text, "N=00000") == 0;
}

static void test_plan(void)
{
	for (unsigned int legs = 0; legs <= BOTH_TLS; legs++) {
		struct talk *t = asked(legs, NULL, "Q update orders set paid = true");

		CU_ASSERT_STRING_EQUAL(b.ctrl.plan, "[plan]");
		CU_ASSERT_EQUAL(b.ctrl.planned, 1);
		CU_ASSERT(is_told_nothing(t));
		CU_ASSERT(bench_has(&t->server.heard, "EXPLAIN (FORMAT JSON) update orders"));
		CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_MAY, TICKET_ALLOW, ""));
		bench_run(&b);
		CU_ASSERT_STRING_EQUAL(t->agent.log.text, "N=00000 C=UPDATE_1 Z=I");
		bench_say(&b, t, "Q select 1");
		CU_ASSERT_STRING_EQUAL(
				t->agent.log.text, "N=00000 C=UPDATE_1 Z=I T D C=SELECT_1 Z=I");
		CU_ASSERT_EQUAL(spine_counters(b.spine)->estimates, 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(t->server.application, "/2"));
		end();
	}
}

static void say(struct talk *t, const char *spec)
{
	uint8_t bytes[256];
	const size_t n = talk_build(CODEC_TO_CLIENT, spec, bytes);

	pg_server_say(&t->server, bytes, n);
	bench_run(&b);
}

/* A server that answers with rows without end is told on once, and is no server any more. */
static void test_many_rows(void)
{
	struct talk *t;

	bench_init(&b, 0);
	b.target.estimates = true;
	bench_start(&b);
	t = bench_login(&b);
	t->server.is_mute = true;
	bench_say(&b, t, "Q update orders set paid = true");
	say(t, "1");
	say(t, "2");
	say(t, "D [first]");
	CU_ASSERT_STRING_EQUAL(b.ctrl.plan, "[first]");
	say(t, "D [second]");
	CU_ASSERT_STRING_EQUAL(b.ctrl.plan, "[first]");
	CU_ASSERT_EQUAL(b.ctrl.n_asked[TICKET_PLAN], 1);
	CU_ASSERT_EQUAL(gone_why(), SESSION_PROTOCOL);
	end();
}

/* The server refuses to plan it: the approver reads why, the agent does not. */
static void test_no_plan(void)
{
	struct talk *t = asked(0, NULL, "Q update nowhere set paid = true");

	CU_ASSERT(begins(b.ctrl.plan, "no: "));
	CU_ASSERT(is_told_nothing(t));
	CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_MAY, TICKET_DENY, "no"));
	bench_run(&b);
	CU_ASSERT_STRING_EQUAL(t->agent.log.text, "N=00000 E=42501 Z=I");
	bench_say(&b, t, "Q select 1");
	CU_ASSERT_PTR_NOT_NULL(strstr(t->agent.log.text, "C=SELECT_1 Z=I"));
	end();
}

/* Decided before the server has answered: the order of what the agent hears is its own. */
static void test_decided_first(void)
{
	static const int32_t verdicts[] = { TICKET_ALLOW, TICKET_DENY };

	for (size_t i = 0; i < 2; i++) {
		struct talk *t;

		bench_init(&b, 0);
		b.target.estimates = true;
		bench_start(&b);
		t = bench_login(&b);
		t->agent.log = (struct pg_log){ .len = 0 };
		t->server.is_mute = true;
		bench_say(&b, t, "Q update orders set paid = true");
		CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_MAY, verdicts[i], ""));
		bench_run(&b);
		CU_ASSERT_STRING_EQUAL(t->agent.log.text,
				i == 0 ? "N=00000" : "N=00000 E=42501 Z=I"); /* at once */
		t->server.is_mute = false;
		bench_say(&b, t, "Q select 1");
		CU_ASSERT_STRING_EQUAL(t->agent.log.text,
				i == 0 ? "N=00000 C=UPDATE_1 Z=I T D C=SELECT_1 Z=I"
				       : "N=00000 E=42501 Z=I T D C=SELECT_1 Z=I");
		CU_ASSERT_STRING_EQUAL(b.ctrl.plan, "[plan]");
		end();
	}
}

/* A Bind of what an earlier batch has prepared: it is asked about with its values. */
static void test_bind(void)
{
	struct talk *t;

	bench_init(&b, 0);
	b.target.estimates = true;
	bench_start(&b);
	t = bench_login(&b);
	bench_say(&b, t, "P s|update orders set a = 1");
	bench_say(&b, t, "S");
	t->agent.log = (struct pg_log){ .len = 0 };
	bench_say(&b, t, "B |s");
	CU_ASSERT_STRING_EQUAL(b.ctrl.plan, "[plan]");
	CU_ASSERT(is_told_nothing(t));
	CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_MAY, TICKET_ALLOW, ""));
	bench_say(&b, t, "E |0");
	bench_say(&b, t, "S");
	CU_ASSERT_STRING_EQUAL(t->agent.log.text, "N=00000 2 C=UPDATE_1 Z=I");
	end();
}

/* Where a failure of ours would fail what is the agent's, or planning might do something, nothing is asked. */
static void test_not_asked(void)
{
	static const struct {
		const char *row, *first, *says;
	} rows[] = {
		{ "in a transaction", "Q begin", "Q update orders set a = 1" },
		{ "in a batch", "P s|update orders set a = 1", "B |s" },
		{ "calls a function", NULL, "Q update orders set a = wipe()" },
		{ "two statements", NULL, "Q update orders set a = 1;select 1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct talk *t = asked(0, rows[i].first, rows[i].says);

		CHECK_ROW(rows[i].row, !bench_has(&t->server.heard, "EXPLAIN"));
		CHECK_ROW(rows[i].row, b.ctrl.plan[0] == 0);
		CHECK_ROW(rows[i].row, spine_counters(b.spine)->estimates == 0);
		end();
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "a plan", test_plan },
		{ "many rows", test_many_rows },
		{ "no plan", test_no_plan },
		{ "decided first", test_decided_first },
		{ "a Bind", test_bind },
		{ "not asked", test_not_asked },
	};
	int rc;

	bench_open();
	rc = suite_run("estimate", tests, sizeof(tests) / sizeof(*tests));
	bench_close();
	return rc;
}
