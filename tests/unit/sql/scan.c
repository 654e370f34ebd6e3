/* SPDX-License-Identifier: Apache-2.0
 * The oracle is pg_query_scan(): core_yylex() of PostgreSQL 15. Its result is a protobuf of tokens,
 * read here by hand: field 2 of the message, each with start, end and token in fields 1, 2, 4. */
#include "tests/unit/sql/scan.h"

#include "parsers/base/must.h"
#include "tests/unit/net/suite.h"

#include <pg_query.h>
#include <string.h>

/* Settings of libpg_query's scanner, each thread its own. */
extern __thread bool standard_conforming_strings, escape_string_warning;

struct oracle_token {
	uint64_t start, end, token;
};

struct bytes {
	const uint8_t *p, *end;
};

/* Numbers of enum Token in pg_query.proto. */
enum {
	PG_SQL_COMMENT = 275,
	PG_C_COMMENT = 276,
	PG_IDENT = 258,
	PG_FIRST_KEYWORD = 277,
};

static uint64_t varint(struct bytes *b)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; b->p < b->end; shift += 7) {
		v |= (uint64_t)(*b->p & 0x7f) << shift;
		if ((*b->p++ & 0x80) == 0)
			break;
	}
	return v;
}

static struct oracle_token read_token(struct bytes b)
{
	struct oracle_token t = { 0, 0, 0 };

	while (b.p < b.end) {
		const uint64_t tag = varint(&b) >> 3, value = varint(&b);

		if (tag == 1)
			t.start = value;
		else if (tag == 2)
			t.end = value;
		else if (tag == 4)
			t.token = value;
	}
	return t;
}

/* The next token that is no comment. False at the end. */
static bool oracle_next(struct bytes *b, struct oracle_token *ret)
{
	while (b->p < b->end) {
		const uint64_t tag = varint(b);
		uint64_t len = varint(b);

		if (tag >> 3 != 2 || (tag & 7) != 2)
			continue; /* the version, a varint */
		must(len <= (uint64_t)(b->end - b->p));
		*ret = read_token((struct bytes){ b->p, b->p + len });
		b->p += len;
		if (ret->token != PG_SQL_COMMENT && ret->token != PG_C_COMMENT)
			return true;
	}
	return false;
}

/* Has our kind of token the number that theirs has? */
static bool is_kind(enum sql_tok tok, uint64_t theirs, uint8_t first)
{
	static const uint16_t kinds[SQL_T_MAX] = {
		[SQL_T_IDENT] = 258,
		[SQL_T_UIDENT] = 259,
		[SQL_T_FCONST] = 260,
		[SQL_T_SCONST] = 261,
		[SQL_T_USCONST] = 262,
		[SQL_T_BCONST] = 263,
		[SQL_T_XCONST] = 264,
		[SQL_T_OP] = 265,
		[SQL_T_ICONST] = 266,
		[SQL_T_PARAM] = 267,
		[SQL_T_TYPECAST] = 268,
		[SQL_T_DOT_DOT] = 269,
		[SQL_T_COLON_EQUALS] = 270,
		[SQL_T_EQUALS_GREATER] = 271,
		[SQL_T_LESS_EQUALS] = 272,
		[SQL_T_GREATER_EQUALS] = 273,
		[SQL_T_NOT_EQUALS] = 274,
	};

	if (tok == SQL_T_WORD)
		return theirs == PG_IDENT || theirs >= PG_FIRST_KEYWORD;
	if (tok == SQL_T_NCHAR)
		return theirs >= PG_FIRST_KEYWORD;
	if (tok == SQL_T_CHAR)
		return theirs == first;
	return theirs == kinds[tok];
}

static bool same_tokens(const char *text, struct sql_lex *lex, struct bytes theirs)
{
	struct sql_token mine;
	struct oracle_token t;
	bool has_end, is_same;

	while (oracle_next(&theirs, &t)) {
		sql_lex_next(lex, &mine);
		/* pg_query_scan() does not set the end of U& tokens. */
		has_end = mine.tok != SQL_T_UIDENT && mine.tok != SQL_T_USCONST;
		is_same = mine.at == t.start && (!has_end || mine.at + mine.len == t.end) &&
				is_kind(mine.tok, t.token, (uint8_t)text[mine.at]);
		if (!is_same) {
			printf("\n    %s\n    ours %u at %u to %u, theirs %llu at %llu to %llu\n",
					text, mine.tok, mine.at, mine.at + mine.len,
					(unsigned long long)t.token, (unsigned long long)t.start,
					(unsigned long long)t.end);
			return false;
		}
	}
	return sql_lex_next(lex, &mine) == SQL_T_END;
}

static bool has_error(struct sql_lex lex, bool *ret_split_string)
{
	struct sql_token t;

	while (sql_lex_next(&lex, &t) > SQL_T_ERROR)
		;
	*ret_split_string = lex.has_split_string;
	return t.tok == SQL_T_ERROR;
}

enum scan_rc scan_compare(const char *text, bool standard_strings)
{
	const struct sql_settings settings = { SQL_ENC_UTF8, standard_strings };
	const struct span span = { (const uint8_t *)text, strlen(text) };
	struct sql_lex lex = sql_lex_of(span, &settings);
	bool is_split, has_failed = has_error(lex, &is_split), agrees;
	PgQueryScanResult r;
	const uint8_t *p;

	standard_conforming_strings = standard_strings;
	escape_string_warning = false;
	r = pg_query_scan(text);
	standard_conforming_strings = true;
	p = (const uint8_t *)r.pbuf.data;

	agrees = has_failed == (r.error != NULL);
	if (r.error == NULL && agrees && !is_split)
		agrees = same_tokens(text, &lex, (struct bytes){ p, p + r.pbuf.len });
	if (!agrees && !is_split)
		printf("    %s: disagree, error theirs \"%s\", ours %u\n", text,
				r.error == NULL ? "none" : r.error->message, lex.error);
	pg_query_free_scan_result(r);
	if (is_split)
		return SCAN_CANNOT_SAY;
	return !agrees ? SCAN_DISAGREES : has_failed ? SCAN_BOTH_REFUSE : SCAN_AGREES;
}

/* Beginnings, ends and middles of everything that the scanner treats specially. */
static const char *const pieces[] = { "'", "'", "''", "\"", "\"\"", "E'", "e'", "B'", "b'01'", "X'",
	"x'1f'", "N'", "n'", "U&'", "u&\"", "U&", "u&x", "UESCAPE '!'", "$$", "$a$", "$a$b$", "$A$",
	"$_1$", "$1", "$12", "$1a", "$", "$9$", "a$b$c", "\\", "\\'", "\\\\", "\\x", "\\x4",
	"\\xff", "\\xc3\\xa9", "\\377", "\\0", "\\101", "\\u", "\\u0041", "\\ud83d\\ude00",
	"\\ud83d", "\\ude00", "\\U0001F600", "\\U00110000", "\\u00g0", "\\n", "/*", "*/", "/**/",
	"/*/", "**/", "/*/*", "*/*", "--", "--x\n", "-- '\n", "--\"", "\n", "\r", "\t", "\f", "\v",
	" ", "  ", "+", "-", "*", "/", "<", ">", "=", "~", "!", "@", "#", "%", "^", "&", "|", "`",
	"?", "+-", "-+", "@-", "<-", "*-/*x*/", "+--\n", "!=", "<>", "<=", ">=", "=>", "->", "->>",
	"::", ":", ":=", ".", "..", "...", ",", "(", ")", "[", "]", ";", "{", "}", "0", "1", "12",
	"1.", ".5", "1.5", "1..2", "1e5", "1E-5", "1e", "1e+", "1.e3", ".e", "1a", "0x1f", "1_0",
	"2147483647", "2147483648", "000000000001", "99999999999999999999", "select", "SELECT", "b",
	"x", "n", "e", "u", "E", "U", "_", "a1", "\xc3\xa9", "\xff", "\x80", "caf\xc3\xa9",
	"'a'\n'b'", "'a' --c\n 'b'", "'a' /*c*/\n'b'", "'a'\n-- c\n--d\n'b'", "'a' 'b'",
	"E'a'\n'\\'", "b'0'\n'1'", "'a'\n--'b'", "'a'\n-", "$$a'b\"c$$", "$x$ $$ $x$",
	"$x$ $xx$ $x$", "\x01", "\x7f", "::text", "$1::int", "a.b.c", "x->>'k'", "@>", "<@", "||",
	"&&", "!~~*", "operator(pg_catalog.+)",
	"++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++" };

size_t scan_generate(uint64_t *state, char *buf, size_t cap)
{
	const size_t n = suite_random(state) % 14;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const char *piece =
				pieces[suite_random(state) % (sizeof(pieces) / sizeof(*pieces))];
		const size_t piece_len = strlen(piece);

		if (len + piece_len >= cap)
			break;
		memcpy(buf + len, piece, piece_len);
		len += piece_len;
	}
	buf[len] = '\0';
	return len;
}
