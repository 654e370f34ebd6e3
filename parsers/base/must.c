/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/base/must.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static void (*must_hook)(const char *expr, const char *file, int line);

void must_set_hook(void (*hook)(const char *expr, const char *file, int line))
{
	must_hook = hook;
}

void must_fail(const char *expr, const char *file, int line)
{
	void (*hook)(const char *, const char *, int) = must_hook;

	must_hook = NULL; /* a hook that fails must not come back here */
	fprintf(stderr, "sluice: must(%s) failed at %s:%d\n", expr, file, line);
	if (hook != NULL)
		hook(expr, file, line);
	abort();
}
