/* SPDX-License-Identifier: Apache-2.0
 * PostgreSQL's core scanner by hand. Where flex takes the longest match of several rules, the
 * comment names the rules of scan.l that compete. */
#include "parsers/sql/lex.h"

#include "parsers/base/must.h"
#include "parsers/sql/chars_priv.h"

#include <stddef.h>
#include <string.h>

enum {
	OPERATOR_MAX = 63, /* NAMEDATALEN - 1 */
};

/* Bytes of an E'' string as its escapes make them, checked as pg_verifymbstr() does. */
struct utf8_check {
	uint8_t need, low, high; /* continuation bytes still due, and the bounds of the next one */
	bool is_bad;
};

static void utf8_first(struct utf8_check *u, uint8_t b)
{
	u->low = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
	u->high = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
	if (b == 0 || (b >= 0x80 && b < 0xc2) || b > 0xf4)
		u->is_bad = true;
	else
		u->need = b < 0x80 ? 0 : b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
}

static void utf8_feed(struct utf8_check *u, uint8_t b)
{
	if (u->need == 0) {
		utf8_first(u, b);
		return;
	}
	u->is_bad |= b < u->low || b > u->high;
	u->need--;
	u->low = 0x80;
	u->high = 0xbf;
}

static enum sql_tok fail(struct sql_lex *lex, enum sql_lex_error error)
{
	lex->error = error;
	return SQL_T_ERROR;
}

static uint8_t peek(const struct sql_lex *lex, ptrdiff_t i)
{
	return i < lex->end - lex->p ? lex->p[i] : 0;
}

static const uint8_t *line_end(const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p != '\n' && *p != '\r')
		p++;
	return p;
}

/* Nested; <lex->p> is on the slash. */
static bool skip_comment(struct sql_lex *lex)
{
	const uint8_t *p = lex->p + 2;
	uint32_t depth = 1;

	while (depth > 0) {
		if (lex->end - p < 2)
			return false;
		if (p[0] == '/' && p[1] == '*') {
			depth++;
			p += 2;
		} else if (p[0] == '*' && p[1] == '/') {
			depth--;
			p += 2;
		} else {
			p++;
		}
	}
	lex->p = p;
	return true;
}

/* Over white space and comments. False: a comment has no end. */
static bool skip_blank(struct sql_lex *lex)
{
	while (lex->p < lex->end) {
		if (sql_first[*lex->p] == SQL_F_SPACE) {
			lex->p++;
		} else if (*lex->p == '-' && peek(lex, 1) == '-') {
			lex->p = line_end(lex->p, lex->end);
		} else if (*lex->p == '/' && peek(lex, 1) == '*') {
			if (!skip_comment(lex))
				return false;
		} else {
			break;
		}
	}
	return true;
}

/* Rule quotecontinue: after a closing quote, white space with a newline in it and another quote.
 * A -- comment counts as white space when a newline ends it, a C comment never does. */
static bool skip_continuation(struct sql_lex *lex)
{
	const uint8_t *p = lex->p;
	bool has_newline = false, has_comment = false;

	while (p < lex->end) {
		if (sql_first[*p] == SQL_F_SPACE) {
			has_newline |= *p == '\n' || *p == '\r';
			p++;
		} else if (*p == '-' && lex->end - p > 1 && p[1] == '-') {
			has_comment = true;
			p = line_end(p, lex->end);
		} else {
			break;
		}
	}
	if (!has_newline || p == lex->end || *p != '\'')
		return false;
	lex->has_split_string |= has_comment;
	lex->p = p + 1;
	return true;
}

/* Strings without escapes; <lex->p> is behind the opening quote. In B'' and X'' two quotes are no
 * quote but an end and a beginning. */
static enum sql_tok lex_plain(struct sql_lex *lex, bool is_doubling, enum sql_tok tok)
{
	const uint8_t *quote;

	do {
		quote = memchr(lex->p, '\'', (size_t)(lex->end - lex->p));
		if (quote == NULL)
			return fail(lex, SQL_LEX_OPEN_STRING);
		lex->p = quote + 1;
		if (is_doubling && peek(lex, 0) == '\'') {
			lex->p++;
			continue;
		}
		if (!skip_continuation(lex))
			return tok;
	} while (true);
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Up to <n> digits of <base> at <lex->p>, which moves; the number of digits. */
static int take_digits(struct sql_lex *lex, int base, int n, uint32_t *ret)
{
	int taken = 0, value;

	for (*ret = 0; taken < n && lex->p < lex->end; taken++, lex->p++) {
		value = hex_value(*lex->p);
		if (value < 0 || value >= base)
			break;
		*ret = *ret * (uint32_t)base + (uint32_t)value;
	}
	return taken;
}

/* Of \uXXXX and \UXXXXXXXX; <lex->p> is on the u. */
static bool take_code(struct sql_lex *lex, uint32_t *ret)
{
	const uint8_t c = peek(lex, 0);
	const int n = c == 'u' ? 4 : 8;

	if (c != 'u' && c != 'U')
		return false;
	lex->p++;
	return take_digits(lex, 16, n, ret) == n;
}

/* Halves of a surrogate pair come together; <lex->p> is on the u. */
static bool take_unicode(struct sql_lex *lex, struct utf8_check *u)
{
	uint32_t c, second;

	u->is_bad |= u->need > 0; /* what follows is a whole character */
	if (!take_code(lex, &c))
		return false;
	if (c < 0xd800 || c > 0xdfff)
		return c > 0 && c <= 0x10ffff;
	if (c > 0xdbff || peek(lex, 0) != '\\')
		return false;
	lex->p++;
	return take_code(lex, &second) && second >= 0xdc00 && second <= 0xdfff;
}

/* One escape; <lex->p> is behind the backslash. <is_odd>: the result may be no valid UTF-8. */
static bool take_escape(struct sql_lex *lex, struct utf8_check *u, bool *is_odd)
{
	static const char plain[] = "b\bf\fn\nr\rt\t";
	const uint8_t c = *lex->p;
	const char *known;
	uint32_t value;

	if (c == 'u' || c == 'U')
		return take_unicode(lex, u);
	if (c >= '0' && c <= '7') {
		take_digits(lex, 8, 3, &value);
	} else if (c == 'x' && hex_value(peek(lex, 1)) >= 0) {
		lex->p++;
		take_digits(lex, 16, 2, &value);
	} else {
		lex->p++;
		known = c == 0 ? NULL : strchr(plain, c);
		value = known != NULL && (known - plain) % 2 == 0 ? (uint8_t)known[1] : c;
	}
	*is_odd |= (value & 0xff) == 0 || (value & 0x80) != 0;
	utf8_feed(u, (uint8_t)value);
	return true;
}

/* Up to and over the next lone quote; <lex->p> is behind the opening one. */
static enum sql_lex_error escape_segment(struct sql_lex *lex, struct utf8_check *u, bool *is_odd)
{
	while (lex->p < lex->end) {
		const uint8_t c = *lex->p++;

		if (c == '\'' && peek(lex, 0) != '\'')
			return SQL_LEX_OK;
		if (c == '\'')
			lex->p++;
		if (c != '\\')
			utf8_feed(u, c);
		else if (lex->p < lex->end && !take_escape(lex, u, is_odd))
			return SQL_LEX_BAD_UNICODE;
	}
	return SQL_LEX_OPEN_STRING;
}

/* E'', and '' when standard_conforming_strings is off. */
static enum sql_tok lex_escapes(struct sql_lex *lex)
{
	struct utf8_check u = { 0 };
	bool is_odd = false;
	enum sql_lex_error error;

	do {
		error = escape_segment(lex, &u, &is_odd);
		if (error != SQL_LEX_OK)
			return fail(lex, error);
	} while (skip_continuation(lex));
	if (lex->is_utf8 && is_odd && (u.is_bad || u.need > 0))
		return fail(lex, SQL_LEX_BAD_BYTES);
	return SQL_T_SCONST;
}

/* "quoted"; <lex->p> is behind the opening quote. */
static enum sql_tok lex_quoted_ident(struct sql_lex *lex, enum sql_tok tok)
{
	const uint8_t *start = lex->p, *quote;

	do {
		quote = memchr(lex->p, '"', (size_t)(lex->end - lex->p));
		if (quote == NULL)
			return fail(lex, SQL_LEX_OPEN_IDENT);
		lex->p = quote + 1;
		if (peek(lex, 0) != '"')
			break;
		lex->p++;
	} while (true);
	return quote == start ? fail(lex, SQL_LEX_EMPTY_IDENT) : tok;
}

static inline const uint8_t *word_end(const uint8_t *p, const uint8_t *end)
{
	unsigned int n = 16;

	while (n == 16 && end - p >= 16) {
		n = sql_word_run16(p);
		p += n;
	}
	while (n == 16 && p < end && sql_char_is(*p, SQL_C_IDENT))
		p++;
	return p;
}

static enum sql_tok lex_word(struct sql_lex *lex)
{
	lex->p = word_end(lex->p, lex->end);
	return SQL_T_WORD;
}

/* U&'' and U&""; else the u is a word of its own (rule xufailed). */
static enum sql_tok lex_u(struct sql_lex *lex)
{
	const uint8_t next = peek(lex, 2);

	lex->p += next == '\'' || next == '"' ? 3 : 1;
	if (next == '"')
		return lex_quoted_ident(lex, SQL_T_UIDENT);
	if (next != '\'')
		return SQL_T_WORD;
	return lex->plain_escapes ? fail(lex, SQL_LEX_UNSAFE_U)
				  : lex_plain(lex, true, SQL_T_USCONST);
}

/* A word that begins with one of b e n u x, unless a quote follows. */
static enum sql_tok lex_prefix(struct sql_lex *lex)
{
	const uint8_t c = sql_lower[*lex->p], next = peek(lex, 1);

	if (c == 'u' && next == '&')
		return lex_u(lex);
	if (c == 'u' || next != '\'')
		return lex_word(lex);
	lex->p += c == 'n' ? 1 : 2;
	if (c == 'n')
		return SQL_T_NCHAR;
	if (c == 'e')
		return lex_escapes(lex);
	return lex_plain(lex, false, c == 'b' ? SQL_T_BCONST : SQL_T_XCONST);
}

static const uint8_t *digits_end(const struct sql_lex *lex, const uint8_t *p)
{
	while (p < lex->end && sql_char_is(*p, SQL_C_DIGIT))
		p++;
	return p;
}

static bool fits_int32(const uint8_t *p, const uint8_t *end)
{
	uint64_t value = 0;

	for (; p < end && value <= INT32_MAX; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	return value <= INT32_MAX;
}

/* Rules integer, decimal, real, their _junk and the two _fail: what follows a number directly must
 * not look like an identifier, and 1.. is the number 1. */
static enum sql_tok lex_number(struct sql_lex *lex)
{
	const uint8_t *start = lex->p, *p = digits_end(lex, start), *exp;
	bool is_integer = true;

	if (p < lex->end && *p == '.' && !(p > start && lex->end - p > 1 && p[1] == '.')) {
		is_integer = false;
		p = digits_end(lex, p + 1);
	}
	if (p < lex->end && (*p == 'e' || *p == 'E')) {
		exp = p + 1;
		if (exp < lex->end && (*exp == '+' || *exp == '-'))
			exp++;
		if (exp == lex->end || !sql_char_is(*exp, SQL_C_DIGIT))
			return fail(lex, SQL_LEX_NUMBER_JUNK);
		is_integer = false;
		p = digits_end(lex, exp);
	}
	if (p < lex->end && sql_char_is(*p, SQL_C_IDENT_START))
		return fail(lex, SQL_LEX_NUMBER_JUNK);
	lex->p = p;
	return is_integer && fits_int32(start, p) ? SQL_T_ICONST : SQL_T_FCONST;
}

/* $tag$ at <p>: behind its second dollar, or NULL. */
static const uint8_t *dollar_tag(const struct sql_lex *lex, const uint8_t *p)
{
	const uint8_t *q = p + 1;

	if (q < lex->end && sql_char_is(*q, SQL_C_IDENT_START))
		while (q < lex->end && *q != '$' && sql_char_is(*q, SQL_C_IDENT))
			q++;
	return q < lex->end && *q == '$' ? q + 1 : NULL;
}

static enum sql_tok lex_dollar_quoted(struct sql_lex *lex, const uint8_t *body)
{
	const uint8_t *tag = lex->p, *p = body;
	const size_t len = (size_t)(body - tag);

	while ((p = memchr(p, '$', (size_t)(lex->end - p))) != NULL) {
		if ((size_t)(lex->end - p) >= len && memcmp(p, tag, len) == 0) {
			lex->p = p + len;
			return SQL_T_SCONST;
		}
		p++;
	}
	return fail(lex, SQL_LEX_OPEN_STRING);
}

/* A parameter, a dollar-quoted string, or the character itself (rule dolqfailed). */
static enum sql_tok lex_dollar(struct sql_lex *lex)
{
	const uint8_t *p;

	if (sql_char_is(peek(lex, 1), SQL_C_DIGIT)) {
		p = digits_end(lex, lex->p + 1);
		if (p < lex->end && sql_char_is(*p, SQL_C_IDENT_START))
			return fail(lex, SQL_LEX_NUMBER_JUNK);
		lex->p = p;
		return SQL_T_PARAM;
	}
	p = dollar_tag(lex, lex->p);
	if (p != NULL)
		return lex_dollar_quoted(lex, p);
	lex->p++;
	return SQL_T_CHAR;
}

/* Characters up to the start of a comment. */
static size_t operator_run(const struct sql_lex *lex)
{
	const uint8_t *p = lex->p;

	while (p < lex->end && sql_char_is(*p, SQL_C_OP)) {
		if (lex->end - p > 1 && p[0] == '-' && p[1] == '-')
			break;
		if (lex->end - p > 1 && p[0] == '/' && p[1] == '*')
			break;
		p++;
	}
	return (size_t)(p - lex->p);
}

/* An operator of SQL's own characters alone does not end in + or -. */
static size_t without_sign(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (sql_char_is(p[i], SQL_C_OP_ODD))
			return n;
	}
	while (n > 1 && (p[n - 1] == '+' || p[n - 1] == '-'))
		n--;
	return n;
}

static enum sql_tok operator_pair(const uint8_t *p)
{
	if (p[0] == '<' && p[1] == '=')
		return SQL_T_LESS_EQUALS;
	if (p[0] == '>' && p[1] == '=')
		return SQL_T_GREATER_EQUALS;
	if (p[0] == '=' && p[1] == '>')
		return SQL_T_EQUALS_GREATER;
	if ((p[0] == '<' && p[1] == '>') || (p[0] == '!' && p[1] == '='))
		return SQL_T_NOT_EQUALS;
	return SQL_T_OP;
}

static enum sql_tok lex_operator(struct sql_lex *lex)
{
	const uint8_t *start = lex->p;
	size_t n = operator_run(lex);

	if (n > 1)
		n = without_sign(start, n);
	lex->p = start + n;
	if (n == 1)
		return sql_char_is(*start, SQL_C_SELF) ? SQL_T_CHAR : SQL_T_OP;
	if (n > OPERATOR_MAX)
		return fail(lex, SQL_LEX_LONG_OPERATOR);
	return n == 2 ? operator_pair(start) : SQL_T_OP;
}

static enum sql_tok lex_dot(struct sql_lex *lex)
{
	const uint8_t next = peek(lex, 1);

	if (sql_char_is(next, SQL_C_DIGIT))
		return lex_number(lex);
	lex->p += next == '.' ? 2 : 1;
	return next == '.' ? SQL_T_DOT_DOT : SQL_T_CHAR;
}

static enum sql_tok lex_colon(struct sql_lex *lex)
{
	const uint8_t next = peek(lex, 1);

	lex->p += next == ':' || next == '=' ? 2 : 1;
	return next == ':' ? SQL_T_TYPECAST : next == '=' ? SQL_T_COLON_EQUALS : SQL_T_CHAR;
}

static enum sql_tok lex_other(struct sql_lex *lex)
{
	if (*lex->p == 0)
		return fail(lex, SQL_LEX_NUL);
	lex->p++;
	return SQL_T_CHAR;
}

static inline bool is_prefix(uint8_t c)
{
	return c < 128 && (SQL_PREFIX_LETTERS >> (c & 31) & 1) != 0;
}

static enum sql_tok lex_token(struct sql_lex *lex)
{
	switch (sql_first[*lex->p]) {
	case SQL_F_WORD:
		return is_prefix(*lex->p) ? lex_prefix(lex) : lex_word(lex);
	case SQL_F_SELF:
		lex->p++;
		return SQL_T_CHAR;
	case SQL_F_DIGIT:
		return lex_number(lex);
	case SQL_F_OP:
		return lex_operator(lex);
	case SQL_F_QUOTE:
		lex->p++;
		return lex->plain_escapes ? lex_escapes(lex) : lex_plain(lex, true, SQL_T_SCONST);
	case SQL_F_DQUOTE:
		lex->p++;
		return lex_quoted_ident(lex, SQL_T_IDENT);
	case SQL_F_DOT:
		return lex_dot(lex);
	case SQL_F_COLON:
		return lex_colon(lex);
	case SQL_F_DOLLAR:
		return lex_dollar(lex);
	default:
		return lex_other(lex);
	}
}

struct sql_lex sql_lex_of(struct span text, const struct sql_settings *settings)
{
	must(text.len <= UINT32_MAX && settings->encoding != SQL_ENC_UNSAFE);
	return (struct sql_lex){
		.text = text.ptr,
		.end = text.ptr + text.len,
		.p = text.ptr,
		.plain_escapes = !settings->standard_conforming_strings,
		.is_utf8 = settings->encoding == SQL_ENC_UTF8,
	};
}

static enum sql_tok next_any(struct sql_lex *lex, struct sql_token *ret_token)
{
	struct sql_token t = { SQL_T_ERROR, 0, 0 };

	if (lex->error == SQL_LEX_OK && !skip_blank(lex))
		lex->error = SQL_LEX_OPEN_COMMENT;
	t.at = (uint32_t)(lex->p - lex->text);
	if (lex->error == SQL_LEX_OK)
		t.tok = lex->p == lex->end ? SQL_T_END : lex_token(lex);
	t.len = (uint32_t)(lex->p - lex->text) - t.at;
	*ret_token = t;
	return t.tok;
}

/* Is the byte at <p> a token of its own, whatever follows the one behind it? */
static inline bool is_lone(const uint8_t *p)
{
	switch (sql_first[*p]) {
	case SQL_F_SELF:
		return true;
	case SQL_F_DOT:
		return p[1] != '.' && !sql_char_is(p[1], SQL_C_DIGIT);
	case SQL_F_OP:
		return sql_char_is(*p, SQL_C_SELF) && !sql_char_is(p[1], SQL_C_OP);
	default:
		return false;
	}
}

static inline bool is_plain_word(const uint8_t *p)
{
	return sql_first[*p] == SQL_F_WORD && (!is_prefix(*p) || (p[1] != '\'' && p[1] != '&'));
}

/* Most tokens are words and punctuation after at most one blank: those without a detour. */
enum sql_tok sql_lex_next(struct sql_lex *lex, struct sql_token *ret_token)
{
	const uint8_t *p = lex->p, *end = lex->end, *q;

	if (end - p < 3 || lex->error != SQL_LEX_OK)
		return next_any(lex, ret_token);
	p += sql_first[*p] == SQL_F_SPACE;
	if (is_plain_word(p)) {
		q = word_end(p, end);
		ret_token->tok = SQL_T_WORD;
	} else if (is_lone(p)) {
		q = p + 1;
		ret_token->tok = SQL_T_CHAR;
	} else {
		return next_any(lex, ret_token);
	}
	lex->p = q;
	ret_token->at = (uint32_t)(p - lex->text);
	ret_token->len = (uint32_t)(q - p);
	return ret_token->tok;
}

bool sql_word_is(const struct sql_lex *lex, struct sql_token token, const char *lower)
{
	const uint8_t *p = lex->text + token.at;
	uint32_t i = 0;

	if (token.tok != SQL_T_WORD)
		return false;
	while (i < token.len && lower[i] != '\0' && sql_lower[p[i]] == (uint8_t)lower[i])
		i++;
	return i == token.len && lower[i] == '\0';
}
