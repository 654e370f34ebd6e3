/* SPDX-License-Identifier: Apache-2.0
 * From what a command is to what becomes of it. A pure function of its arguments. */
#pragma once

#include "parsers/base/span.h"
#include "parsers/sql/facts.h"
#include "ruleset/model/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy; /* immutable; any thread */

/* One command of a PostgreSQL session. */
struct match_command {
	enum sql_rc sql;               /* SQL_OK: <facts> are known */
	const struct sql_facts *facts; /* borrowed; NULL unless SQL_OK */
	uint32_t function_oid;         /* of a FunctionCall message; 0: it is SQL */
	bool is_known;                 /* false: not even its text is certain */
};

struct match_result {
	enum verdict verdict;
	const char *rule, *pack; /* static; NULL: no rule spoke */
	const char *code;        /* SQLSTATE of a denial; NULL: the codec's default, 42501 */
	const char *reason;      /* one line for the client, without the rule's name; NULL: none */
	const char *hint;        /* what to do; NULL: none */
};

/* The worst verdict of any rule, and the first rule that gave it. <policy> NULL: nothing is judged,
 * all is allowed. */
void match_command(const struct policy *policy, const struct match_command *command,
		struct match_result *ret);

/* The names of packs -> a policy. -ENOENT: no such pack, *ret_bad is its index; -ENOMEM. */
int policy_new(const char *const *packs, size_t n_packs, struct policy **ret, size_t *ret_bad);
void policy_free(struct policy **policy);
/* All names of packs, NULL after the last. */
extern const char *const policy_pack_names[];
