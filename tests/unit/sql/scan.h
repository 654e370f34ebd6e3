/* SPDX-License-Identifier: Apache-2.0
 * libpg_query's scanner as an oracle for ours, and a generator of nasty SQL. For tests and
 * fuzzing. */
#pragma once

#include "parsers/sql/lex.h"

#include <stddef.h>

enum scan_rc {
	SCAN_AGREES, /* the same tokens at the same places */
	SCAN_BOTH_REFUSE,
	SCAN_DISAGREES, /* where and how is on stdout */
	SCAN_CANNOT_SAY, /* a string goes on behind a comment: libpg_query's scanner, patched to return
			  * comments, ends it there; PostgreSQL's does not */
	SCAN_MAX,
};

/* sql_lex_next() against PostgreSQL's scanner over the NUL-terminated <text>. */
enum scan_rc scan_compare(const char *text, bool standard_strings);

/* Deterministic in <state>: up to <cap> - 1 bytes and a NUL to <buf>; the length. */
size_t scan_generate(uint64_t *state, char *buf, size_t cap);
