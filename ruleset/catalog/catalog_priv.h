/* SPDX-License-Identifier: Apache-2.0
 * Inside ruleset/catalog. */
#pragma once

#include "parsers/sql/facts.h"
#include "ruleset/catalog/build.h"
#include "ruleset/catalog/query.h"
#include "ruleset/match/catalog.h"
#include "ruleset/model/model.h"

/* rules.c */
/* Data rules of all packs, counted through. */
uint32_t rules_count(const struct policy *policy);
const struct model_data *rules_at(const struct policy *policy, uint32_t i);
/* Do both name the same schema, table and column? Not if one names none. */
bool rules_are_alike(const struct model_data *a, const struct model_data *b);
/* The rule of a column that what repeats values of any falls under: of those without exceptions the strictest,
 * and the first of equal ones. MODEL_NONE: all have exceptions, so whoever reads may be subject to any. */
uint32_t rules_strictest(const struct policy *policy);

/* A row, read. */
enum row_kind {
	ROW_NEWEST = 'n', /* oid */
	ROW_COLUMN = 'c', /* oid, attnum, copy_at, rule, names: a rule speaks of it */
	ROW_TOAST = 't',  /* the same: has values of all columns of its table */
	ROW_REPEAT = 's', /* the same without a rule: repeats.tbl.h */
	ROW_OUTPUT = 'o', /* the same: of a view over any of these */
	ROW_DEPENDS = 'd', /* oid: of a view; other: what it is over; attnum: which column, 0: it as a whole */
	ROW_VIEW = 'v', /* oid, text: its definition */
};

struct catalog_row {
	enum row_kind kind;
	uint32_t oid;
	uint32_t other; /* rule, or oid */
	int16_t attnum, copy_at;
	struct span schema, table, text; /* text: the column's name */
};

/* rows.c. False: malformed. */
struct reader;
bool row_read(struct reader *r, struct catalog_row *ret);

/* A column in the making; those of one oid and attnum are a chain. */
struct entry {
	struct catalog_column column;
	uint32_t next;
	uint32_t unused;
};

struct output {
	uint32_t oid;
	int16_t attnum, copy_at;
	struct span schema, table, name; /* in the rows */
};

struct depend {
	uint32_t view, oid;
	int16_t attnum;
};

struct view {
	uint32_t oid;
	uint32_t seen; /* a sum over what it was over when it was last judged; 0: nothing */
	struct span definition; /* in the rows; ptr NULL: not told */
};

struct counts {
	uint32_t columns, outputs, depends, views, newest;
};

/* The block that is worked in: entries grow at its front, all else is taken from its back. */
struct build {
	const struct catalog_source *source;
	uint8_t *base;
	size_t back;           /* where what was taken from the back begins */
	struct entry *entries; /* at the front, behind room for the struct catalog */
	uint32_t n, max, n_changes;
	struct sql_memory facts; /* for those of one view */
	uint32_t *heads;         /* by hash of oid and attnum */
	uint32_t heads_mask;
	uint32_t *alike; /* for each rule the next that names the same, or MODEL_NONE */
	uint32_t n_rules;
	struct view *views;
	struct output *outputs;
	struct depend *depends;
	struct counts counts;
	uint32_t newest_oid;
	int16_t max_attnum;
};

/* build.c */
/* -ENOSPC; 0 also if it was there. */
int build_add(struct build *b, const struct catalog_column *column);
/* The first of a chain, or MODEL_NONE. */
uint32_t build_find(const struct build *b, uint32_t oid, int16_t attnum);
uint32_t build_next(const struct build *b, uint32_t at);

/* order.c */
void order_rows(struct build *b);    /* views by oid; outputs and depends by view first */
void order_entries(struct build *b); /* chains are broken then */

/* view.c */
/* What of a view's outputs falls under which rules. Adds the columns of <v>. */
int view_judge(struct build *b, struct view *v);

/* What an output of a view is to a column under a rule. */
enum taint {
	TAINT_NONE,
	TAINT_PLAIN,   /* the column as itself */
	TAINT_DERIVED, /* an expression over it, or not to be told */
};
