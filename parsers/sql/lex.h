/* SPDX-License-Identifier: Apache-2.0
 * PostgreSQL's core scanner over a span: the same tokens at the same places, and an error where it
 * has one. Source: src/backend/parser/scan.l of PostgreSQL 15. As there, UESCAPE is a word of its
 * own and the escapes in U&'' are not looked at. Never allocates; never reads beyond the span. */
#pragma once

#include "parsers/sql/settings.h"

/* The order of the constants matters to shape.c: SQL_T_SCONST to SQL_T_FCONST are literals. */
enum sql_tok {
	SQL_T_END,
	SQL_T_ERROR, /* the server refuses the whole text; sql_lex.error says why */
	SQL_T_WORD,  /* unquoted identifier or keyword */
	SQL_T_NCHAR, /* the n of n'text' */
	SQL_T_IDENT, /* "quoted" */
	SQL_T_UIDENT,
	SQL_T_SCONST, /* 'text', E'text', $$text$$; all segments of a continued one */
	SQL_T_USCONST,
	SQL_T_BCONST,
	SQL_T_XCONST,
	SQL_T_ICONST, /* fits 32 bits */
	SQL_T_FCONST,
	SQL_T_PARAM,
	SQL_T_CHAR, /* one character that stands for itself */
	SQL_T_OP,   /* an operator that is none of the next six */
	SQL_T_TYPECAST,
	SQL_T_DOT_DOT,
	SQL_T_COLON_EQUALS,
	SQL_T_EQUALS_GREATER,
	SQL_T_LESS_EQUALS,
	SQL_T_GREATER_EQUALS,
	SQL_T_NOT_EQUALS, /* <> and != */
	SQL_T_MAX,
};

enum sql_lex_error {
	SQL_LEX_OK,
	SQL_LEX_OPEN_COMMENT,
	SQL_LEX_OPEN_STRING,
	SQL_LEX_OPEN_IDENT,
	SQL_LEX_EMPTY_IDENT, /* "" */
	SQL_LEX_UNSAFE_U,    /* U&'' while standard_conforming_strings is off */
	SQL_LEX_BAD_UNICODE, /* \u.... in an E'' string */
	SQL_LEX_BAD_BYTES,   /* escapes of an E'' string that make invalid UTF-8 */
	SQL_LEX_NUMBER_JUNK, /* 1a, $1a, 1e+ */
	SQL_LEX_LONG_OPERATOR,
	SQL_LEX_NUL, /* the protocol ends the text at a NUL; none can be inside */
};

struct sql_token {
	enum sql_tok tok;
	uint32_t at, len; /* in bytes of the text */
};

struct sql_lex {
	const uint8_t *text, *end; /* borrowed */
	const uint8_t *p;          /* next byte to read */
	bool plain_escapes;        /* standard_conforming_strings is off */
	bool is_utf8;
	bool has_split_string;    /* seen: a string continued over a comment; libpg_query cannot */
	enum sql_lex_error error; /* sticky: after an error every token is SQL_T_ERROR */
};

/* <text> is at most UINT32_MAX bytes and not in an unsafe encoding; sql_text_refused() says. */
struct sql_lex sql_lex_of(struct span text, const struct sql_settings *settings);

/* The next token: its kind, which is also in *ret_token. SQL_T_END and SQL_T_ERROR repeat for
 * ever. */
enum sql_tok sql_lex_next(struct sql_lex *lex, struct sql_token *ret_token);

/* Does the word <token> of <lex> spell <lower>, which is in lower-case ASCII? */
bool sql_word_is(const struct sql_lex *lex, struct sql_token token, const char *lower);
