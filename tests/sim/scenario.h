/* SPDX-License-Identifier: Apache-2.0
 * The named scenarios of relay.md 3: each is one function, run by scenario_main.c. */
#pragma once

#include "tests/sim/plan.h"
#include "tests/sim/world.h"

#include <stdbool.h>

struct test {
	const char *name;
	bool failed, trace;
	char why[700];
};

struct scenario {
	const char *name;
	void (*run)(struct test *t);
};

/* One table a topic, ended by a row without a name. */
extern const struct scenario scenarios_handshake[], scenarios_transfer[], scenarios_window[],
		scenarios_edit[], scenarios_hold[], scenarios_close[], scenarios_evasion[],
		scenarios_path[], scenarios_pressure[], scenarios_modes[], scenarios_recovery[],
		scenarios_receive[], scenarios_table[];

/* The first failure counts. */
void test_fail(struct test *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Says where a test failed, if it did. */
void test_note(struct test *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Fails the test unless <ok>; returns <ok>. */
bool test_that(struct test *t, bool ok, const char *what);

/* Runs a plan to its end with all invariants on; the world, for a look at what came of it (NULL
 * when it failed). The caller frees it with world_free(). */
struct world *test_plan(struct test *t, const struct plan *p);
/* The same when nothing is to be looked at; frees the plan too. */
void test_plan_only(struct test *t, struct plan *p);
