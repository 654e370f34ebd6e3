/* SPDX-License-Identifier: Apache-2.0
 * From what a command is to what becomes of it. A pure function of its arguments: no heap, no clock. */
#pragma once

#include "parsers/base/span.h"
#include "parsers/sql/facts.h"
#include "ruleset/model/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy; /* ruleset/model/model.h: immutable; any thread */
struct model_rule;
struct model_when;
struct model_hold;

/* What of a command is not in its text. All borrowed. What is not known counts against the command: a
 * rule that denies or holds takes it for what the rule asks, one that allows and an exception do not. */
struct match_context {
	bool knows_actor;   /* else the next three are not known */
	struct span actor;  /* the subject */
	struct span issuer; /* its name in the configuration */
	const struct span *groups;
	uint32_t n_groups;
	struct span target;    /* ptr NULL: not known */
	int32_t week_minute;   /* from Monday, 00:00 UTC; -1: not known */
	const uint32_t *rates; /* commands in each time of policy.rates, this one too, or more: never
				* less; NULL: not counted */
	const uint64_t *texts; /* a bit for each of policy.texts that was found; NULL: not scanned */
};

/* One command of a PostgreSQL session. */
struct match_command {
	enum sql_rc sql;                     /* SQL_OK: <facts> are known */
	const struct sql_facts *facts;       /* borrowed; NULL unless SQL_OK */
	uint32_t function_oid;               /* of a FunctionCall message; 0: it is SQL */
	bool is_known;                       /* false: not even its text is certain */
	const struct match_context *context; /* borrowed; NULL: nothing of it is known */
};

/* Texts are static or the policy's. */
struct match_result {
	enum verdict verdict;
	const char *rule, *pack; /* NULL: no rule spoke */
	const char *policy;      /* its hash in hexadecimal; NULL: no rule spoke */
	const char *code;        /* SQLSTATE of a denial; NULL: the codec's default, 42501 */
	const char *reason;      /* one line for the client, without the rule's name; NULL: none */
	const char *hint;        /* what to do; NULL: none */
	const struct model_hold *hold; /* of a hold: who decides; NULL: nothing said */
	uint32_t slot;                 /* what decided, for who counts; UINT32_MAX: no rule spoke */
};

/* What can decide: the rules of each pack, then its default, then that a command is not understood (which is
 * held or denied as the pack says), then that not even its text is certain (denied). */
struct match_slot {
	const char *pack, *rule;
	enum verdict verdict;
};

uint32_t match_n_slots(const struct policy *policy);
/* false: there is no such slot. */
bool match_slot_at(const struct policy *policy, uint32_t slot, struct match_slot *ret);

/* The worst verdict of any rule, and the first rule that gave it. <policy> NULL: nothing is judged,
 * all is allowed. Time: facts by rules whose kinds or flags they have. */
void match_command(const struct policy *policy, const struct match_command *command,
		struct match_result *ret);

/* Does <rule> speak of any statement of the command (or of the call), no exception holding? For tools
 * that explain. False for what match_command() says "unparsed" of. */
bool match_rule_speaks(const struct model_rule *rule, const struct match_command *command);

/* Does an exception of a data rule surely hold? Its <when> asks who, of whom and when alone. */
bool match_excepts(const struct model_when *when, const struct match_context *context);
