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

/* The rules of a pack that can speak of a command, or of a statement: each at least once, in any order. */
struct match_near {
	const struct model_pack *pack;
	const struct sql_facts *facts;
	const struct model_index *index; /* NULL: all rules, from the first to the last */
	const uint32_t *at, *end;        /* of <index>: what is left of a bucket */
	uint32_t item, items_end;        /* whose names are still to be looked up */
	uint32_t next;
};

/* near.c. <facts> NULL: of what has no names. */
struct match_near match_near_of(const struct model_pack *pack, const struct sql_facts *facts,
		uint32_t first_item, uint32_t n_items);
bool match_near_indexed(struct match_near *near, uint32_t *ret_rule);

/* False: there are no more. */
static inline bool match_near_next(struct match_near *near, uint32_t *ret_rule)
{
	if (near->index != NULL)
		return match_near_indexed(near, ret_rule);
	*ret_rule = near->next;
	return near->next++ < near->pack->n_rules;
}

/* cond.c */
bool match_when(const struct model_when *when, const struct match_about *about);
/* The kinds of what a statement runs now, and of what it stores to be run later. */
uint64_t match_kinds_of(const struct sql_stmt *stmt);
