/* SPDX-License-Identifier: Apache-2.0
 * The statements of tests/packs/ordinary, one after the other, all choices of each. README.md there has
 * the format. For tests: what is wrong with a file ends the program, and says where. */
#pragma once

#include "parsers/base/span.h"

#include <stddef.h>
#include <stdio.h>

enum statement_class {
	STATEMENT_READS,    /* proven to change nothing */
	STATEMENT_UNPROVEN, /* it changes nothing, but nothing in its text proves that */
	STATEMENT_OTHER,    /* writes, transactions, settings ... */
	STATEMENT_HELD,     /* by <rule>, rightly */
	STATEMENT_CLASSES,
};

enum { STATEMENT_MAX = 1 << 15, STATEMENT_CHOICES_MAX = 8 };

struct statement {
	const char *text; /* until the next call */
	size_t len;
	enum statement_class is;
	char rule[40]; /* of STATEMENT_HELD */
	const char *file;
	unsigned int line;  /* of its first, from 1 */
	unsigned int which; /* of its choices, from 0 */
};

/* Calls <each> for every statement of <file>. */
void statements_read(
		const char *file, void (*each)(void *ctx, const struct statement *s), void *ctx);
