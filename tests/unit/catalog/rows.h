/* SPDX-License-Identifier: Apache-2.0
 * Rows of the answer, written by hand. */
#pragma once

#include "ruleset/catalog/build.h"
#include "ruleset/model/model.h"

/* Fields split at '|', empty ones NULL, rows ended by '\n': "c|100|2|1|0|public|people|ssn\n". */
struct span rows_of(const char *text);
/* A catalogue of rows_of(text) in <len> bytes of memory, which are exactly so many. The last one is freed. */
int rows_build(const struct policy *policy, const char *text, size_t len,
		const struct catalog **ret);
/* "100.2 0= 101.1 3~": oid, attnum, rule, as itself or derived. */
const char *rows_shown(const struct catalog *c);
