/* SPDX-License-Identifier: Apache-2.0
 * Inside ruleset/match: a pack is a const table of rules, each about one statement's facts. */
#pragma once

#include "ruleset/match/match.h"

#define KIND(sym)   (1ULL << SQL_K_##sym)
#define OBJECT(sym) (1U << SQL_O_##sym)
#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What a rule says when it speaks. All static. */
struct rule_says {
	const char *id;
	enum verdict verdict;
	const char *code; /* as in struct match_result */
	const char *reason, *hint;
};

/* Speaks of a statement that has any of these. */
struct rule {
	struct rule_says says;
	uint64_t kinds; /* of what runs, or is stored to run: match_kinds_of() */
	uint32_t flags; /* SQL_F_x */
	bool (*also)(const struct sql_facts *facts, const struct sql_stmt *stmt); /* or NULL */
};

struct pack {
	const char *name;
	const struct rule *rules;
	size_t n_rules;
	/* Of a FunctionCall that writes a large object; NULL: it is allowed. */
	const struct rule_says *large_object_write;
};

extern const struct pack match_sql_risk, match_read_only;

/* unknown.c: what is said of a command that is not known, or NULL. */
const struct rule_says *match_unknown(const struct match_command *command);

/* The functions of pg_proc that work on large objects and that libpq calls by their OID. */
enum lo_function {
	LO_NONE, /* another function */
	LO_READS,
	LO_WRITES,
};

enum lo_function match_lo_function(uint32_t oid);

/* item.c. The kinds of what a statement runs now, and of what it stores to be run later. */
uint64_t match_kinds_of(const struct sql_stmt *stmt);
/* Does <is> hold for any item of <stmt>? */
bool match_any_item(const struct sql_facts *facts, const struct sql_stmt *stmt,
		bool (*is)(const struct sql_facts *facts, const struct sql_item *item));
/* Is <s> one of <sorted>, which is in the order of strcmp()? */
bool match_name_in(const struct sql_facts *facts, struct sql_str s, const char *const *sorted,
		size_t n);
bool match_name_is(const struct sql_facts *facts, struct sql_str s, const char *name);
/* The same in any case of letters (guc.c, guc_name_compare()). */
bool match_setting_is(const struct sql_facts *facts, struct sql_str s, const char *name);
bool match_name_begins(const struct sql_facts *facts, struct sql_str s, const char *head);

/* For tests: every list of names is sorted. */
bool match_sql_risk_is_sorted(void);
bool match_read_only_is_sorted(void);
bool match_is_sorted(const char *const *names, size_t n);
