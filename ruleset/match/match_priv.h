/* SPDX-License-Identifier: Apache-2.0
 * Inside ruleset/match. */
#pragma once

#include "ruleset/match/match.h"
#include "ruleset/model/model.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What is said when a rule that no pack has speaks. All static. */
struct match_says {
	const char *id, *code, *reason, *hint;
	bool may_hold; /* a pack may have it held: its text can be shown to who decides */
};

/* unknown.c: what is said of a command that is not known, or NULL. */
const struct match_says *match_unknown(const struct match_command *command);

/* The functions of pg_proc that work on large objects and that libpq calls by their OID. */
enum lo_function {
	LO_NONE, /* another function */
	LO_READS,
	LO_WRITES,
};

enum lo_function match_lo_function(uint32_t oid);

/* What a condition is asked about. */
struct match_about {
	const struct match_command *command;
	const struct sql_stmt *stmt; /* of command->facts; NULL: it is a call */
	uint64_t names;              /* bits of the command's names, or more */
	/* May it hold, or does it surely? Of what a statement has several of, "may" wants one and
	 * "surely" all of them; of what is not known, "may" takes the worst and "surely" the best. */
	bool surely;
};

/* cond.c */
bool match_when(const struct model_when *when, const struct match_about *about);
/* The kinds of what a statement runs now, and of what it stores to be run later. */
uint64_t match_kinds_of(const struct sql_stmt *stmt);
