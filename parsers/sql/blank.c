/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/sql/blank.h"

#include "parsers/sql/lex.h"

static bool is_literal(enum sql_tok tok)
{
	return tok >= SQL_T_SCONST && tok <= SQL_T_FCONST;
}

static bool put(struct outbuf *o, const void *bytes, size_t n)
{
	if (n > o->cap - o->len)
		return false;
	ob_put(o, bytes, n);
	return true;
}

bool sql_blank_put(struct outbuf *o, struct span text, const struct sql_settings *settings)
{
	struct sql_token t;
	struct sql_lex lex;
	uint32_t end = 0;

	if (settings->encoding == SQL_ENC_UNSAFE || text.len > UINT32_MAX)
		return false;
	if (text.len == 0) /* of a FunctionCall: there is none, not even an empty one */
		return true;
	lex = sql_lex_of(text, settings);
	while (sql_lex_next(&lex, &t) > SQL_T_ERROR) {
		if (end > 0 && t.at > end && !put(o, " ", 1))
			return false;
		if (is_literal(t.tok) ? !put(o, "?", 1) : !put(o, text.ptr + t.at, t.len))
			return false;
		end = t.at + t.len;
	}
	return t.tok == SQL_T_END;
}
