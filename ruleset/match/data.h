/* SPDX-License-Identifier: Apache-2.0
 * What a statement does with masked columns: compares them, stores them elsewhere, puts out what is made
 * of them. Pure functions of their arguments: no heap, no clock. Time: items by what they are made of,
 * bounded; and once the catalogue for each relation that the statement names. */
#pragma once

#include "ruleset/match/catalog.h"
#include "ruleset/match/match.h"
#include "ruleset/model/verdict.h"

struct model_data;

enum data_use {
	DATA_NOTHING,
	DATA_PREDICATE, /* compares one, or lets an error tell of it */
	DATA_STORED,    /* writes one where it is not masked */
	DATA_UNPROVEN,  /* cannot be told: code that is not here to read */
	DATA_DERIVED,   /* puts out what is made of one, of which its rule says hold or deny */
	DATA_USE_MAX,
};

struct data_verdict {
	enum verdict verdict; /* the worst of rule.predicate, of what stores a value and rule.derived */
	enum data_use use;
	const struct model_data *rule; /* whose; NULL: none spoke */
	const char *pack;              /* of the rule; NULL: none spoke */
	bool is_clean; /* no output needs match_output(): what the server says of table and column is
			* all there is to it */
};

/* All borrowed. <policy> NULL: nothing is judged. <catalog> NULL: it is not known, so anything may be a
 * masked column. */
struct data_question {
	const struct policy *policy;
	const struct catalog *catalog; /* made from that policy */
	const struct sql_facts *facts;
	const struct match_context *context;
};

/* All statements of q->facts. Without rules of columns that are in force, or with a catalogue that has no
 * such column, nothing is judged and all is clean. */
void match_data(const struct data_question *q, struct data_verdict *ret);

struct data_output {
	const struct model_data *rule; /* NULL: it is clean */
	bool is_derived;               /* else mask it as the column itself: of COPY */
};

/* Output column <i> of <n> of statement <i_stmt>, of which the server names no table: the row of an
 * expression, or attribute number 0 of one (a whole row), or any column of COPY ... TO. */
void match_output(const struct data_question *q, uint32_t i_stmt, uint32_t i, uint32_t n,
		struct data_output *ret);

/* Columns of PostgreSQL's own that repeat values: repeats.tbl.h. Patterns. Whoever makes a catalogue puts
 * them in, as derived, under the rule that data_strictest() gives. */
struct data_repeat {
	const char *schema, *relation, *column;
};

extern const struct data_repeat data_repeats[];
extern const uint32_t data_n_repeats;

/* The index of the rule of columns whose <derived> is the strictest: deny, hold, null, redact, allow; the
 * first of equal ones. UINT32_MAX: the policy has no rules of columns. Whoever asks: <context> is not
 * looked at. */
uint32_t data_strictest(const struct policy *policy);
