/* SPDX-License-Identifier: Apache-2.0
 * The two gates of a command's record (DESIGN.md 3). */
#include "tests/unit/inspect/cases.h"
#include "tests/unit/net/suite.h"

#include <errno.h>

static struct talk *recorded(const char *say)
{
	struct talk *t = ready(0);

	b.target.records = true;
	bench_say(&b, t, say);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ctrl_waiting(&b.ctrl, TICKET_WRITTEN));
	return t;
}

/* What may have an effect is not sent before it is written; not at all when it cannot be. */
static void test_effect_gate(void)
{
	for (int32_t rc = 0; rc >= -EIO; rc -= EIO) {
		struct talk *t = recorded("Q insert into t values (1)");

		bench_wait(&b, 2000);
		CU_ASSERT(!bench_has(&t->server.heard, "insert"));
		CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_WRITTEN, rc, ""));
		bench_run(&b);
		CU_ASSERT_EQUAL(bench_has(&t->server.heard, "insert"), rc == 0);
		CU_ASSERT_EQUAL(strstr(t->agent.log.text, "E=58030 Z=I") != NULL, rc != 0);
		CU_ASSERT_EQUAL(t->agent.n_ready, 2);
		end();
	}
}

/* What is proven read-only is sent at once; its answer waits, and is never let out unwritten. */
static void test_disclosure_gate(void)
{
	for (int32_t rc = 0; rc >= -EIO; rc -= EIO) {
		struct talk *t = recorded("Q select 1");

		bench_wait(&b, 2000);
		CU_ASSERT(bench_has(&t->server.heard, "select 1"));
		CU_ASSERT_STRING_EQUAL(t->agent.log.text, "");
		CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_WRITTEN, rc, ""));
		bench_run(&b);
		CU_ASSERT_EQUAL(strstr(t->agent.log.text, "C=SELECT_1 Z=I") != NULL, rc == 0);
		CU_ASSERT_EQUAL(t->agent.state == PG_AGENT_OVER, rc != 0);
		CU_ASSERT_EQUAL(strstr(t->agent.log.text, "D") != NULL, rc == 0);
		end();
	}
}

/* An approver's word alone sends nothing. */
static void test_held_and_recorded(void)
{
	struct talk *t = held();

	b.target.records = true;
	CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_MAY, TICKET_ALLOW, ""));
	bench_run(&b);
	CU_ASSERT(!bench_has(&t->server.heard, "true"));
	CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_WRITTEN, 0, ""));
	bench_run(&b);
	CU_ASSERT(bench_has(&t->server.heard, "true"));
	end();
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "effect gate", test_effect_gate },
		{ "disclosure gate", test_disclosure_gate },
		{ "held and recorded", test_held_and_recorded },
	};
	int rc;

	bench_open();
	rc = suite_run("record", tests, sizeof(tests) / sizeof(*tests));
	bench_close();
	return rc;
}
