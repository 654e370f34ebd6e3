/* SPDX-License-Identifier: Apache-2.0
 * A policy: packs of rules, compiled and immutable. Written by ruleset/load, read by any thread; all
 * that it points to lies in its one arena. Texts are NUL-terminated, without NUL inside, and of
 * printable characters where people are shown them. */
#pragma once

#include "parsers/base/span.h"
#include "parsers/sql/facts.h"
#include "ruleset/mask/mask.h"
#include "ruleset/model/verdict.h"
#include "ruleset/scan/scan.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_NONE UINT32_MAX

/* Names to compare with. <exact> is in the order of bytes; patterns have * (any bytes) and ? (one).
 * Caseless ones (settings) are stored in lower case. */
struct model_names {
	const char *const *exact;
	const char *const *globs;
	uint32_t n_exact, n_globs;
	bool caseless;
};

struct model_texts {
	const char *const *at;
	uint32_t n;
};

/* "SCHEMA.NAME". */
struct model_qualified {
	const char *schema, *name; /* patterns */
};

enum { MODEL_ACCESS_MAX = 16 };

/* What is asked of one kind of a statement's items. */
struct model_items {
	enum sql_item_what what;
	bool beyond;              /* one whose name is none of <names>; else one of them */
	uint8_t n_access;         /* 0: whatever it stands for */
	struct model_names names; /* in any schema, or of none */
	const struct model_qualified *qualified;
	uint32_t n_qualified;
	struct model_names values;         /* of settings; empty: any */
	uint16_t access[MODEL_ACCESS_MAX]; /* SQL_R_x: all bits of any of them */
};

/* Who asks, of whom. Empty names: not asked. */
struct model_who {
	struct model_names actors, issuers, groups, targets;
};

enum { MODEL_WEEK_MINUTES = 7 * 24 * 60 };

/* When, in minutes of the week from Monday, 00:00 UTC. */
struct model_time {
	uint8_t days;      /* bit 0: Monday; the day on which the window opens */
	uint16_t from, to; /* of the day; to <= from: until the next day */
};

enum model_call {                  /* FunctionCall messages, which have an OID only: bits */
	MODEL_CALL_READS = 1 << 0, /* a large object */
	MODEL_CALL_WRITES = 1 << 1,
};

/* One mapping under <when>: all that it asks must hold. A field that is not asked is zero (MODEL_NONE,
 * -1). The masks come first: most statements are told apart by them alone. */
struct model_cond {
	uint64_t kinds;   /* any of these */
	uint64_t with;    /* and any of these */
	uint64_t within;  /* beyond: a kind that is none of these, or no kind at all */
	uint32_t flags;   /* SQL_F_x: any */
	uint32_t objects; /* any */
	uint32_t wheres;  /* bit SQL_WHERE_x */
	uint32_t limits;  /* bits of enum model_limit */
	bool is_beyond;   /* <within> is asked */
	bool is_sql;      /* something is asked of a statement */
	uint8_t calls;    /* enum model_call */
	int64_t rows_over;
	const struct model_items *items;
	uint32_t n_items;
	uint32_t text; /* index into policy.texts */
	uint32_t rate; /* index into policy.rates */
	uint32_t rate_over;
	const struct model_who *who;
	const struct model_time *time;
	uint32_t line; /* in its file */
};

enum model_limit {
	MODEL_LIMIT_NONE = 1 << 0,    /* no LIMIT */
	MODEL_LIMIT_UNKNOWN = 1 << 1, /* a parameter, an expression */
	MODEL_LIMIT_GIVEN = 1 << 2,
};

/* Any of the conditions. */
struct model_when {
	const struct model_cond *conds;
	uint32_t n_conds;
};

struct model_exception {
	struct model_when when;
	const char *column; /* of data rules: "*.test.*", as data.column; NULL: none */
	const char *reason;
};

struct model_hold {
	struct model_texts approvers; /* as written: "group:dba"; none: whoever may decide */
	uint32_t quorum;
	uint32_t approve_within_s, run_within_s; /* 0: the target's limits */
};

/* Statements that a rule speaks of, or values that a pattern finds; and others. */
struct model_examples {
	struct model_texts match, not_match;
};

/* Stands for "any": in what a statement has it is always set. */
#define MODEL_ANY_KIND (1ULL << 63)
#define MODEL_ANY_NAME (1ULL << 63)
static_assert(SQL_K_MAX < 64, "no kind has the bit of MODEL_ANY_KIND");

/* What a statement must have for a rule to be looked at: one of the kinds or of the flags, and one of
 * the names. Never too narrow. */
struct model_gate {
	uint64_t kinds; /* MODEL_ANY_KIND: whatever it is */
	uint64_t names; /* of model_name_bit(); MODEL_ANY_NAME: whatever it names */
	uint32_t flags;
	uint32_t pass; /* flags: with any of them an exception holds */
};

struct model_rule {
	const char *id;
	enum verdict verdict;
	const char *code;          /* SQLSTATE of a denial; NULL: the codec's default */
	const char *reason, *hint; /* one line for the client; NULL: none */
	struct model_when when;
	const struct model_exception *unless;
	uint32_t n_unless;
	const struct model_hold *hold; /* NULL: nothing said */
	struct model_examples examples;
	uint32_t line; /* in its file */
	struct model_gate gate;
};

/* What is said of an expression over a masked column. */
enum model_derived {
	MODEL_DERIVED_REDACT,
	MODEL_DERIVED_NULL,
	MODEL_DERIVED_HOLD,
	MODEL_DERIVED_DENY,
	MODEL_DERIVED_ALLOW,
};

struct model_data {
	const char *id, *reason;
	uint32_t pattern;                    /* index into policy.patterns, or MODEL_NONE */
	const char *schema, *table, *column; /* patterns; NULL: any column */
	const char *json;                    /* a path in the column's value; NULL: the whole */
	struct mask mask;
	enum model_derived derived;
	enum verdict predicate; /* of WHERE, ORDER BY, GROUP BY, JOIN over the column */
	const struct model_exception *unless;
	uint32_t n_unless;
	uint32_t line;
};

/* Where rules stand that speak only of statements that have one of certain names. */
struct model_index {
	uint32_t mask;                  /* of model_name_hash(): buckets - 1 */
	uint32_t n_others;              /* rules that names do not tell apart */
	const uint32_t *starts;         /* of each bucket in <rules>, and the end of the last */
	const uint32_t *rules, *others; /* indices, rising in each bucket; one may be in several */
};

struct model_pack {
	const char *name, *about;                      /* NULL: nothing said */
	uint32_t first_pattern, n_patterns;            /* of policy.patterns */
	const struct model_examples *pattern_examples; /* one for each of them */
	const struct model_data *data;
	const struct model_rule *rules;
	uint32_t n_data, n_rules;
	enum verdict command;            /* of what no rule speaks of */
	enum verdict unparsed;           /* HOLD or DENY */
	const struct model_gate *gates;  /* of the rules: side by side, since all are looked at */
	struct model_gate gate;          /* of all together; <pass> is not */
	const struct model_index *index; /* NULL: all are to be looked at */
};

/* A time over which the commands of a session are counted. No two are the same. */
struct model_rate {
	uint32_t per_s;
};

/* What of a policy asks for more than the facts of a statement. */
enum model_needs {
	MODEL_NEEDS_MASKS = 1 << 0,
	MODEL_NEEDS_TEXT = 1 << 1, /* patterns over the text of commands */
	MODEL_NEEDS_WHO = 1 << 2,
	MODEL_NEEDS_TIME = 1 << 3,
	MODEL_NEEDS_RATE = 1 << 4,
};

struct model_block;

struct policy {
	struct model_block *blocks; /* owned: all that follows lies in them */
	const struct model_pack *packs;
	const struct scan_pattern *patterns; /* of values, all packs' together */
	const struct scan_pattern *texts;    /* of commands */
	const struct model_rate *rates;
	uint32_t n_packs, n_patterns, n_texts, n_rates;
	uint32_t needs;     /* enum model_needs */
	uint8_t sha256[32]; /* of its source: ruleset/load/README.md */
	char hash[65];      /* the same in hexadecimal */
};

/* Takes NULL, nulls *policy. */
void policy_free(struct policy **policy);

/* Data rule <index>, counted through all packs in their order, and its pack; NULL: there is none. */
const struct model_data *model_data_at(const struct policy *policy, uint32_t index);
const struct model_pack *model_data_pack(const struct policy *policy, uint32_t index);

/* Memory of a policy under construction, zeroed, aligned for any type; NULL: none left. */
void *model_take(struct policy *policy, size_t n_bytes);

/* Does <name> match <pattern>, to its end? Linear but for *, at worst their product. */
bool model_glob(const char *pattern, struct span name, bool caseless);
/* One of them; an empty list has none. */
bool model_names_has(const struct model_names *names, struct span name);

static inline bool model_names_is_empty(const struct model_names *names)
{
	return names->n_exact == 0 && names->n_globs == 0;
}

/* The same for a name in any case of letters. */
uint64_t model_name_hash(enum sql_item_what what, struct span name);
/* One bit of 63, the same for a name in any case of letters. Of a name of a relation other than of a
 * function of that name. */
uint64_t model_name_bit(enum sql_item_what what, struct span name);

const char *model_derived_name(enum model_derived derived); /* "redact" */
