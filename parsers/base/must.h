/* SPDX-License-Identifier: Apache-2.0
 * Checks that stay in the product. A peer's input never reaches one of these: what a peer sent is
 * answered by an error or a counter, what we promised ourselves is answered here. */
#pragma once

#include <stdbool.h>

/* Says what failed and where, runs the hook once (a state dump), aborts. Never returns. */
_Noreturn void must_fail(const char *expr, const char *file, int line);

/* Called by must_fail() before abort(); NULL for none. Set before threads start. */
void must_set_hook(void (*hook)(const char *expr, const char *file, int line));

/* must: memory safety and API invariants, always compiled in. */
#define must(x) ((x) ? (void)0 : must_fail(#x, __FILE__, __LINE__))

/* must_hot: the same on the per-byte path; built with -DSLUICE_MUST_HOT (CI, debug, simulator). */
#ifdef SLUICE_MUST_HOT
#define must_hot(x) must(x)
#else
#define must_hot(x) ((void)sizeof(x))
#endif
