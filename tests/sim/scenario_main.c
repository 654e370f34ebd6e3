/* SPDX-License-Identifier: Apache-2.0
 * scenarios [--list] [--verbose] [NAME...]: runs the named scenarios, all of them without a name. */
#include "tests/sim/scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SCENARIO_TIMEOUT_S = 120 };

static const struct scenario *const tables[] = { scenarios_handshake, scenarios_transfer,
	scenarios_window, scenarios_edit, scenarios_hold, scenarios_close, scenarios_evasion,
	scenarios_path, scenarios_pressure, scenarios_modes, scenarios_recovery, scenarios_receive,
	scenarios_table };

enum { N_TABLES = sizeof(tables) / sizeof(tables[0]) };

void test_fail(struct test *t, const char *fmt, ...)
{
	va_list ap;

	if (t->failed)
		return;
	t->failed = true;
	va_start(ap, fmt);
	vsnprintf(t->why, sizeof(t->why), fmt, ap);
	va_end(ap);
}

void test_note(struct test *t, const char *fmt, ...)
{
	const size_t at = strlen(t->why);
	va_list ap;

	if (!t->failed || at + 3 > sizeof(t->why))
		return;
	memcpy(t->why + at, "; ", 3);
	va_start(ap, fmt);
	vsnprintf(t->why + at + 2, sizeof(t->why) - at - 2, fmt, ap);
	va_end(ap);
}

bool test_that(struct test *t, bool ok, const char *what)
{
	if (!ok)
		test_fail(t, "%s", what);
	return ok;
}

struct world *test_plan(struct test *t, const struct plan *p)
{
	struct world *w = world_new(p, t->trace);

	if (!w->failed)
		world_run(w);
	if (!w->failed)
		return w;
	test_fail(t, "%s: %s", w->inv, w->why);
	world_free(&w);
	return NULL;
}

void test_plan_only(struct test *t, struct plan *p)
{
	struct world *w = test_plan(t, p);

	world_free(&w);
	plan_done(p);
}

static bool is_wanted(const char *name, int argc, char **argv)
{
	bool named = false;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;
		named = true;
		if (strcmp(argv[i], name) == 0)
			return true;
	}
	return !named;
}

static bool has_option(int argc, char **argv, const char *option)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], option) == 0)
			return true;
	return false;
}

static bool run(const struct scenario *s, bool trace)
{
	struct test t = { .name = s->name, .trace = trace };
	struct timespec t0, t1;
	double ms;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	alarm(SCENARIO_TIMEOUT_S);
	s->run(&t);
	alarm(0);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	ms = (double)(t1.tv_sec - t0.tv_sec) * 1e3 + (double)(t1.tv_nsec - t0.tv_nsec) / 1e6;
	printf("%s %s (%.0f ms)%s%s\n", t.failed ? "FAIL" : "ok  ", s->name, ms,
			t.failed ? ": " : "", t.failed ? t.why : "");
	fflush(stdout);
	return !t.failed;
}

int main(int argc, char **argv)
{
	const bool list = has_option(argc, argv, "--list");
	const bool trace = has_option(argc, argv, "--verbose");
	const bool stop = has_option(argc, argv, "--stop");
	uint32_t passed = 0, failed = 0;

	for (int i = 0; i < N_TABLES; i++) {
		for (const struct scenario *s = tables[i]; s->name != NULL; s++) {
			if (!is_wanted(s->name, argc, argv) || (stop && failed > 0))
				continue;
			if (list)
				printf("%s\n", s->name);
			else if (run(s, trace))
				passed++;
			else
				failed++;
		}
	}
	if (list)
		return 0;
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0 || passed == 0;
}
