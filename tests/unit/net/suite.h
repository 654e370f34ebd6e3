/* SPDX-License-Identifier: Apache-2.0
 * One CUnit suite an executable: main() is one call, the exit status says whether all held. */
#pragma once

#include <CUnit/Basic.h>

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct suite_test {
	const char *name;
	void (*run)(void);
};

static inline int suite_run(const char *name, const struct suite_test *tests, size_t n_tests)
{
	unsigned int n_failed = 1;
	CU_pSuite suite;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return EXIT_FAILURE;
	suite = CU_add_suite(name, NULL, NULL);
	for (size_t i = 0; suite != NULL && i < n_tests; i++) {
		if (CU_add_test(suite, tests[i].name, tests[i].run) == NULL)
			suite = NULL;
	}
	if (suite != NULL) {
		CU_basic_set_mode(CU_BRM_VERBOSE);
		CU_basic_run_tests();
		n_failed = CU_get_number_of_failures();
	}
	CU_cleanup_registry();
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A table's row that fails must say which: CUnit knows the line only. */
static inline void suite_check(int ok, const char *row, const char *what, int line)
{
	if (!ok)
		printf("\n    row \"%s\": %s (line %d)", row, what, line);
	CU_assertImplementation(ok != 0, (unsigned int)line, what, row, "", CU_FALSE);
}

#define CHECK_ROW(row, x) suite_check((x), (row), #x, __LINE__)

/* xorshift64*: the same numbers on every run. */
static inline uint64_t suite_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}
