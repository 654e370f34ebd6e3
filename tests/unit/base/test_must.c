/* SPDX-License-Identifier: Apache-2.0
 * must() is silent when it holds and ends the process when not, hook first. Failures happen in a
 * child, whose standard error and end the test looks at. */
#include "parsers/base/must.h"
#include "tests/unit/net/suite.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int evaluated;

static bool count(bool value)
{
	evaluated++;
	return value;
}

/* Runs <fail> in a child; its standard error goes to <text>. Returns how it ended. */
static int run_child(void (*fail)(void), char *text, size_t size)
{
	const struct rlimit no_core = { 0, 0 };
	size_t n = 0;
	ssize_t got = 1;
	int fds[2], status = 0;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	fflush(NULL);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		fail();
		_exit(0);
	}
	close(fds[1]);
	while (got > 0 && n + 1 < size) {
		got = read(fds[0], text + n, size - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	text[n] = '\0';
	close(fds[0]);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return status;
}

static void fail_plainly(void)
{
	must(1 + 1 == 3);
}

static void hook_says(const char *expr, const char *file, int line)
{
	fprintf(stderr, "hook: %s %s %d\n", expr, strrchr(file, '/') + 1, line > 0);
}

static void fail_with_hook(void)
{
	must_set_hook(hook_says);
	must(evaluated < 0);
}

static void hook_fails(const char *expr, const char *file, int line)
{
	(void)expr;
	(void)file;
	(void)line;
	fprintf(stderr, "once\n");
	must(evaluated < 0);
}

static void fail_in_hook(void)
{
	must_set_hook(hook_fails);
	must(1 == 2);
}

static void test_holds(void)
{
	evaluated = 0;
	must(count(true));
	CU_ASSERT_EQUAL(evaluated, 1);
}

/* Without SLUICE_MUST_HOT it costs nothing: not even the expression is looked at. */
static void test_hot(void)
{
	evaluated = 0;
	must_hot(count(true));
#ifdef SLUICE_MUST_HOT
	CU_ASSERT_EQUAL(evaluated, 1);
#else
	must_hot(count(false));
	CU_ASSERT_EQUAL(evaluated, 0);
#endif
}

static void test_fails(void)
{
	char text[512];
	int status = run_child(fail_plainly, text, sizeof(text));

	CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "must(1 + 1 == 3) failed at "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "test_must.c:"));
}

static void test_hook(void)
{
	char text[512];
	int status = run_child(fail_with_hook, text, sizeof(text));

	CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "hook: evaluated < 0 test_must.c 1"));
}

static void test_hook_that_fails(void)
{
	char text[512];
	int status = run_child(fail_in_hook, text, sizeof(text));
	const char *first = strstr(text, "once\n");

	CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(first);
	CU_ASSERT_PTR_NULL(strstr(first + 1, "once\n"));
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "holds", test_holds },
		{ "hot", test_hot },
		{ "fails", test_fails },
		{ "hook", test_hook },
		{ "hook that fails", test_hook_that_fails },
	};

	return suite_run("must", tests, sizeof(tests) / sizeof(*tests));
}
