/* SPDX-License-Identifier: Apache-2.0
 * Where the statements of a text are. The server's grammar splits at a ; that is in no parentheses
 * (CREATE RULE has some inside) and in no SQL-standard function body (BEGIN ATOMIC ... END,
 * gram.y routine_body_stmt_list). Empty statements are none, as there. */
#pragma once

#include "parsers/sql/lex.h"

struct sql_split {
	struct sql_lex lex;
	uint32_t n_literals; /* passed so far: strings, bit strings, numbers */
};

struct sql_part {
	uint32_t at, len; /* first to last byte, without the ; and the blanks around */
};

static inline struct sql_split sql_split_of(struct span text, const struct sql_settings *settings)
{
	return (struct sql_split){ .lex = sql_lex_of(text, settings) };
}

/* The next statement. False: there is none, or the text has a lexical error (split->lex.error). */
bool sql_split_next(struct sql_split *split, struct sql_part *ret);
