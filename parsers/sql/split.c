/* SPDX-License-Identifier: Apache-2.0
 * Splits at the server's places; see split.h. A text that is not valid SQL may be split elsewhere
 * than by eye, which is harmless: the server refuses it whole. */
#include "parsers/sql/split.h"

/* What of the statement has been seen, as far as BEGIN ATOMIC needs it. */
enum state {
	S_START,
	S_CREATE, /* CREATE, CREATE OR REPLACE */
	S_ROUTINE,
	S_BEGIN,      /* of a routine; ATOMIC must follow at once */
	S_BODY_START, /* of a body: behind ATOMIC or ; */
	S_BODY,
	S_OTHER,
};

static enum state after_word(enum state s, const struct sql_lex *lex, struct sql_token t)
{
	switch (s) {
	case S_START:
		return sql_word_is(lex, t, "create") ? S_CREATE : S_OTHER;
	case S_CREATE:
		if (sql_word_is(lex, t, "or") || sql_word_is(lex, t, "replace"))
			return S_CREATE;
		if (sql_word_is(lex, t, "function") || sql_word_is(lex, t, "procedure"))
			return S_ROUTINE;
		return S_OTHER;
	case S_ROUTINE:
	case S_BEGIN:
		if (s == S_BEGIN && sql_word_is(lex, t, "atomic"))
			return S_BODY_START;
		return sql_word_is(lex, t, "begin") ? S_BEGIN : S_ROUTINE;
	case S_BODY_START:
		return sql_word_is(lex, t, "end") ? S_OTHER : S_BODY;
	case S_BODY:
	case S_OTHER:
	default:
		return s;
	}
}

static enum state after_other(enum state s)
{
	switch (s) {
	case S_BEGIN:
		return S_ROUTINE;
	case S_BODY_START:
		return S_BODY;
	case S_START:
	case S_CREATE:
		return S_OTHER;
	case S_ROUTINE:
	case S_BODY:
	case S_OTHER:
	default:
		return s;
	}
}

static uint8_t only_char(const struct sql_lex *lex, struct sql_token t)
{
	return t.tok == SQL_T_CHAR ? lex->text[t.at] : 0;
}

bool sql_split_next(struct sql_split *split, struct sql_part *ret)
{
	struct sql_lex *lex = &split->lex;
	enum state state = S_START;
	uint32_t depth = 0, end = 0;
	struct sql_token t;
	uint8_t c;

	while (sql_lex_next(lex, &t) > SQL_T_ERROR) {
		split->n_literals += t.tok >= SQL_T_SCONST && t.tok <= SQL_T_FCONST;
		c = only_char(lex, t);
		if (c == ';' && depth == 0 && state != S_BODY && state != S_BODY_START) {
			if (end > 0)
				return true;
			continue;
		}
		depth += c == '(';
		depth -= c == ')' && depth > 0;
		if (end == 0)
			ret->at = t.at;
		end = t.at + t.len;
		ret->len = end - ret->at;
		if (c == ';' && depth == 0)
			state = S_BODY_START;
		else if (t.tok == SQL_T_WORD && depth == 0)
			state = after_word(state, lex, t);
		else
			state = after_other(state);
	}
	return t.tok == SQL_T_END && end > 0;
}
