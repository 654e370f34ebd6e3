/* SPDX-License-Identifier: Apache-2.0
 * Inside ruleset/match: which masked columns an item, an output, a range is made of. */
#pragma once

#include "ruleset/match/data.h"
#include "ruleset/match/match_priv.h"

enum {
	DATA_KNOWN_MAX = 64, /* relations of a statement that have masked columns */
	DATA_DEPTH_MAX = 32, /* sub-selects that are looked through */
	DATA_WORK_MAX = 20000,
};

/* A relation of the statement, and what is known of it: columns of the catalogue, or of data_repeats. */
struct data_known {
	uint32_t item, first, n;
	bool is_repeat;
};

struct data_trace {
	const struct data_question *q;
	const struct sql_stmt *stmt;
	uint32_t strict_derived,
			strict_predicate; /* of all rules in force; MODEL_NONE: there is none */
	uint32_t work;
	bool is_blind; /* any name may be a masked column */
	uint32_t n_known;
	struct data_known known[DATA_KNOWN_MAX];
};

/* What something is made of. All zero but for the rules: of nothing that is masked. */
struct data_found {
	uint32_t derived, predicate; /* the strictest rules of it, or MODEL_NONE */
	uint32_t first;              /* one of its rules, or MODEL_NONE */
	bool any;                    /* a masked column, and the following are about it */
	bool is_made;   /* not as itself, or in a way in which the server does not name its table */
	bool is_vague;  /* which column is not certain, or which of several rules */
	bool is_marked; /* it is of a view, and an expression there */
	bool is_unproven; /* what is called may read, and give back, anything */
	bool may_fail;    /* an error may tell of it */
};

extern const struct data_found data_nothing;

/* False: no rule of columns is in force, or no column is masked. */
bool data_begin(struct data_trace *t, const struct data_question *q);
void data_enter(struct data_trace *t, const struct sql_stmt *stmt); /* a statement of q->facts */
void data_see_item(struct data_trace *t, const struct sql_item *item, struct data_found *f);
void data_see_output(struct data_trace *t, const struct sql_output *o, struct data_found *f);
/* False: enough has been looked at, and <f> has whatever there is. */
bool data_spend(struct data_trace *t, struct data_found *f);
void data_merge(const struct data_trace *t, struct data_found *f, const struct data_found *more);

/* Is an item a column or a star that is told of, or only counted, or of EXISTS? */
bool data_is_read(struct data_trace *t, const struct sql_item *item, struct data_found *f);

/* A column of the catalogue, as itself. */
void data_see_column(struct data_trace *t, const struct catalog_column *c, struct data_found *f);

/* call.c */
bool data_call_is_closed(struct span name); /* its result has nothing of any table */
bool data_call_reads_any(struct span name); /* it runs a text, or reads files and pages */
bool data_call_takes_row(struct span name); /* t.name may mean name(t) */
