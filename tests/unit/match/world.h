/* SPDX-License-Identifier: Apache-2.0
 * Rules of columns and a catalogue for tests of what is done with masked columns.
 *
 *	public.customers   id, name, ssn, email, note, city
 *	public.staff       id, customer_id, salary, born
 *	public.masked_v    id, tail: a view, tail an expression over customers.ssn
 *	archive.customers  id, ssn
 *	public.docs        id, doc (two rules, of paths in it)
 *
 * Of these ssn, email, note, salary, born, tail and doc are masked. orders, products and whatever else is
 * named are not. */
#pragma once

#include "ruleset/match/data.h"

#include <stddef.h>

/* Aborts where the rules are wrong. <extra>: more data rules, behind these, or "". */
struct policy *world_policy(const char *extra);
const struct catalog *world_catalog(void);

/* Facts of <text>, in memory of its own until the next call; NULL: there are none. */
const struct sql_facts *world_facts(const char *text);

/* What the rules say of <text>, whose first result has as many columns as <like> has letters:
 *
 *	VERDICT[ USE][ of RULE] OUTS
 *
 * OUTS is "clean", or a letter each column, of which the server named no table: '.' clean, 'd' derived,
 * 'c' as the column itself. "clean" in <like> asks for none: then "?" says that it is not. */
void world_say(const struct data_question *q, const char *like, char *out, size_t cap);

struct world_row {
	const char *text, *says;
};

void world_check(const struct data_question *q, const struct world_row *rows, size_t n);
