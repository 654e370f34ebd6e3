/* SPDX-License-Identifier: Apache-2.0
 * What cases of whole sessions begin and end with. Each test program has one bench. */
#pragma once

#include "tests/unit/inspect/bench.h"

#include <CUnit/CUnit.h>

#include <string.h>

enum {
	BOTH_TLS = BENCH_USES_TLS_AGENT | BENCH_USES_TLS_PROD,
	CUT_MAX = 64, /* segment sizes that are tried, from 1 */
};

static struct bench b;

/* A session that is open, with nothing in its logs. */
static inline struct talk *ready(unsigned int legs)
{
	struct talk *t;

	bench_init(&b, legs);
	bench_start(&b);
	t = bench_login(&b);
	CU_ASSERT_EQUAL_FATAL(t->agent.state, PG_AGENT_READY);
	t->agent.log = (struct pg_log){ .len = 0 };
	t->server.log = (struct pg_log){ .len = 0 };
	return t;
}

static inline void end(void)
{
	CU_ASSERT(!b.has_spun);
	bench_stop(&b);
}

/* The session that is open, as the control plane knows it. */
static inline const struct ticket *session(void)
{
	const struct ticket *t = ctrl_news(&b.ctrl, TICKET_READY);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	return t;
}

static inline uint32_t gone_why(void)
{
	const struct ticket *t = ctrl_news(&b.ctrl, TICKET_GONE);

	return t != NULL ? t->gone.why : SESSION_ENDS;
}

static inline bool begins(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

static inline struct talk *held(void)
{
	struct talk *t = ready(0);

	bench_say(&b, t, "Q update orders set paid = true");
	CU_ASSERT_PTR_NOT_NULL_FATAL(ctrl_waiting(&b.ctrl, TICKET_MAY));
	CU_ASSERT(!bench_has(&t->server.heard, "true"));
	t->agent.log = (struct pg_log){ .len = 0 };
	return t;
}
