/* SPDX-License-Identifier: Apache-2.0
 * What the loader is expected to say of a text. */
#pragma once

#include "ruleset/load/load.h"
#include "ruleset/model/model.h"

struct load_row_error {
	uint32_t line, column;
	const char *text; /* part of it */
};

/* A text and all errors that it has, in order; none: it is good. */
struct load_row {
	const char *name, *yaml;
	struct load_row_error errors[6];
};

/* Of the last text that was loaded. */
extern struct load_report report;

int load(const char *yaml, struct policy **ret);
/* Aborts the test when it is wrong. For policy_free(). */
struct policy *load_good(const char *yaml);
void expect_rows(const struct load_row *rows, size_t n);
/* Exactly these warnings: parts of them, in order; NULL ends. */
void expect_warnings(const char *yaml, const char *const *warnings);
