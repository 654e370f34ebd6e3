/* SPDX-License-Identifier: Apache-2.0
 * The lexer against PostgreSQL's scanner, and by hand where that cannot be asked. */
#include "parsers/sql/chars_priv.h"
#include "parsers/sql/lex.h"
#include "parsers/sql/split.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/sql/scan.h"

#include <ctype.h>
#include <string.h>

/* Kinds of tokens in a row, a letter each; see letter_of. */
struct lex_row {
	const char *text, *on, *off; /* off: standard_conforming_strings; NULL: as on */
};

static const char letter_of[SQL_T_MAX] = {
	[SQL_T_END] = '.',
	[SQL_T_ERROR] = '!',
	[SQL_T_WORD] = 'w',
	[SQL_T_NCHAR] = 'n',
	[SQL_T_IDENT] = 'i',
	[SQL_T_UIDENT] = 'u',
	[SQL_T_SCONST] = 's',
	[SQL_T_USCONST] = 'S',
	[SQL_T_BCONST] = 'b',
	[SQL_T_XCONST] = 'x',
	[SQL_T_ICONST] = '1',
	[SQL_T_FCONST] = 'f',
	[SQL_T_PARAM] = 'p',
	[SQL_T_CHAR] = 'c',
	[SQL_T_OP] = 'o',
	[SQL_T_TYPECAST] = 't',
	[SQL_T_DOT_DOT] = 'd',
	[SQL_T_COLON_EQUALS] = 'a',
	[SQL_T_EQUALS_GREATER] = 'r',
	[SQL_T_LESS_EQUALS] = '<',
	[SQL_T_GREATER_EQUALS] = '>',
	[SQL_T_NOT_EQUALS] = '/',
};

static const struct lex_row lex_rows[] = {
	{ "", ".", NULL },
	{ " \t\r\n\f", ".", NULL },
	{ "\v", "c.", NULL }, /* white space from 16 on */
	{ "select 1", "w1.", NULL },
	{ "-- all", ".", NULL },
	{ "-- all\r1", "1.", NULL },
	{ "/* a /* b */ c */ 1", "1.", NULL },
	{ "/* a /* b */", "!", NULL },
	{ "/*/ 1", "!", NULL },
	{ "/**/1", "1.", NULL },
	{ "/***/1", "1.", NULL },
	{ "/*//**/*/1", "1.", NULL },
	{ "*/", "o.", NULL },
	{ "'a'", "s.", NULL },
	{ "'a''b'", "s.", NULL },
	{ "'a'\n'b'", "s.", NULL },
	{ "'a' 'b'", "ss.", NULL },
	{ "'a' -- c\n'b'", "s.", NULL },
	{ "'a'\n-- c\n -- d'\n\t'b'", "s.", NULL },
	{ "'a' /* c */\n'b'", "ss.", NULL },
	{ "'a'\n/* c */'b'", "ss.", NULL },
	{ "'a'\n-- c", "s.", NULL },
	{ "'a'\n-'b'", "scs.", NULL },
	{ "'a\\'", "s.", "!" },
	{ "'a\\' or 1=1 --'", "sw1c1.", "s." }, /* the classic */
	{ "'a\\'' or '1'", "s1!", "sws." },
	{ "E'a\\' or 1=1 --'", "s.", NULL },
	{ "e'a\\\\' 1", "s1.", NULL },
	{ "E'a'\n'\\''", "s.", NULL },
	{ "E'\\u0041\\U0001F600\\ud83d\\ude00'", "s.", NULL },
	{ "E'\\ud83d'", "!", NULL },
	{ "E'\\ude00'", "!", NULL },
	{ "E'\\ud83d\\u0041'", "!", NULL },
	{ "E'\\u004'", "!", NULL },
	{ "E'\\u0000'", "!", NULL },
	{ "E'\\000'", "!", NULL },
	{ "E'\\400'", "!", NULL }, /* one byte of 256 is none */
	{ "E'\\U00110000'", "!", NULL },
	{ "E'\\xc3\\xa9'", "s.", NULL },
	{ "E'\\xc3'", "!", NULL },
	{ "E'\\xed\\xa0\\x80'", "!", NULL },
	{ "E'\\xf4\\x90\\x80\\x80'", "!", NULL },
	{ "E'\\xe0\\x80\\x80'", "!", NULL },
	{ "E'\\xf0\\x9f\\x98\\x80'", "s.", NULL },
	{ "E'\\xc3\\u0041'", "!", NULL },
	{ "E'\\xg\\q\\\n'", "s.", NULL },
	{ "E'\\", "!", NULL },
	{ "b'01' B'1'\n'0'", "bb.", NULL },
	{ "b'0''1'", "bs.", NULL },
	{ "x'1F'", "x.", NULL },
	{ "x '1F'", "ws.", NULL },
	{ "n'a' N'a'", "nsns.", NULL },
	{ "n'a\\'", "ns.", "n!" },
	{ "U&'\\0041' uescape '!'", "Sws.", "!" },
	{ "U&\"\\0041\"", "u.", NULL },
	{ "U&\"a\"\"b\"", "u.", NULL },
	{ "U&\"\"", "!", NULL },
	{ "u&x", "wow.", NULL },
	{ "u& 'a'", "wos.", NULL },
	{ "U&'\\zzzz'", "S.", "!" }, /* the parser's business */
	{ "\"a\"", "i.", NULL },
	{ "\"a\"\"b\"", "i.", NULL },
	{ "\"\"", "!", NULL },
	{ "\"\"\"\"", "i.", NULL },
	{ "\"a", "!", NULL },
	{ "$$a'b$$", "s.", NULL },
	{ "$a$ $$ $b$ $a$", "s.", NULL },
	{ "$a$ $A$", "!", NULL },
	{ "$a$ $a$a$", "sw.", NULL },
	{ "$1$", "pc.", NULL },
	{ "$1a", "!", NULL },
	{ "$a", "cw.", NULL },
	{ "a$b$c$b$", "w.", NULL },
	{ "$\xc3\xa9$ x $\xc3\xa9$", "s.", NULL },
	{ "1 12 2147483647 2147483648 00000000001", "111f1.", NULL },
	{ "1.5 .5 1. 1e5 1.e-5 .5E+3", "ffffff.", NULL },
	{ "1..10", "1d1.", NULL },
	{ "1...5", "1df.", NULL },
	{ "1.5.6", "ff.", NULL },
	{ "1a", "!", NULL },
	{ "0x1f", "!", NULL }, /* a number from 16 on */
	{ "1_000", "!", NULL },
	{ "1e", "!", NULL },
	{ "1e+", "!", NULL },
	{ "1.5x", "!", NULL },
	{ "1e5x", "!", NULL },
	{ "1e5.5", "ff.", NULL },
	{ "-1", "c1.", NULL },
	{ "1--1\n+2", "1c1.", NULL },
	{ "1+-2", "1cc1.", NULL },
	{ "1@-2", "1o1.", NULL },
	{ "1 - -2", "1cc1.", NULL },
	{ "a->b", "wow.", NULL },
	{ "a->>b", "wow.", NULL },
	{ "a<-b", "wccw.", NULL },
	{ "a=-b", "wccw.", NULL },
	{ "a*-b", "wccw.", NULL },
	{ "a>=-b", "w>cw.", NULL },
	{ "a=>b a:=b a::b", "wrwwawwtw.", NULL },
	{ "a<>b a!=b a<=b a>=b", "w/ww/ww<ww>w.", NULL },
	{ "a+/*x*/b", "wcw.", NULL },
	{ "a@/*x*/-b", "wocw.", NULL },
	{ "a@--x\n-b", "wocw.", NULL },
	{ "a*/*x*/b", "wcw.", NULL },
	{ "a?b a?|b a?&b a@?b", "wowwowwowwow.", NULL },
	{ "{ } \\", "ccc.", NULL },
	{ "s\xc3\xa9lect \xff", "ww.", NULL },
	{ "++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++@", "!", NULL },
};

static void check_kinds(const struct lex_row *row, bool is_on)
{
	const struct sql_settings settings = { SQL_ENC_UTF8, is_on };
	const size_t len = strlen(row->text);
	uint8_t *copy = malloc(len > 0 ? len : 1);
	struct sql_token t = { SQL_T_WORD, 0, 0 };
	char kinds[64];
	struct sql_lex lex;
	size_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, row->text, len); /* of exactly its size: ASan sees what is read beyond */
	lex = sql_lex_of((struct span){ copy, len }, &settings);
	while (t.tok > SQL_T_ERROR && n < sizeof(kinds) - 1) {
		kinds[n++] = letter_of[sql_lex_next(&lex, &t)];
	}
	kinds[n] = '\0';
	CHECK_ROW(row->text, strcmp(kinds, is_on || row->off == NULL ? row->on : row->off) == 0);
	CHECK_ROW(row->text, (t.tok == SQL_T_ERROR) == (lex.error != SQL_LEX_OK));
	CHECK_ROW(row->text, sql_lex_next(&lex, &t) == t.tok && letter_of[t.tok] == kinds[n - 1]);
	CHECK_ROW(row->text, scan_compare(row->text, is_on) != SCAN_DISAGREES);
	free(copy);
}

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(lex_rows) / sizeof(*lex_rows); i++) {
		check_kinds(&lex_rows[i], true);
		check_kinds(&lex_rows[i], false);
	}
}

static void test_nul(void)
{
	static const struct sql_settings settings = { SQL_ENC_UTF8, true };
	struct sql_lex lex = sql_lex_of((struct span){ (const uint8_t *)"a\0b", 3 }, &settings);
	struct sql_token t;

	CU_ASSERT_EQUAL(sql_lex_next(&lex, &t), SQL_T_WORD);
	CU_ASSERT_EQUAL(sql_lex_next(&lex, &t), SQL_T_ERROR);
	CU_ASSERT_EQUAL(lex.error, SQL_LEX_NUL);
}

static void test_generated(void)
{
	unsigned int n[SCAN_MAX] = { 0 };
	uint64_t state = 20260101;
	char buf[512];

	for (int i = 0; i < 300000 && n[SCAN_DISAGREES] < 10; i++) {
		scan_generate(&state, buf, sizeof(buf));
		n[scan_compare(buf, i % 3 != 0)]++;
	}
	CU_ASSERT_EQUAL(n[SCAN_DISAGREES], 0);
	CU_ASSERT(n[SCAN_AGREES] > 100000);
	CU_ASSERT(n[SCAN_BOTH_REFUSE] > 50000);
	CU_ASSERT(n[SCAN_CANNOT_SAY] < 30000);
}

/* The definitions of scan.l, a second time and as rules. */
static void test_tables(void)
{
	for (int c = 0; c < 256; c++) {
		const bool is_alpha = (c >= 128) || (c < 128 && isalpha(c) != 0) || c == '_';
		const bool is_digit = c >= '0' && c <= '9';
		const uint8_t b = (uint8_t)c;

		CU_ASSERT_EQUAL(sql_char_is(b, SQL_C_IDENT_START), is_alpha);
		CU_ASSERT_EQUAL(sql_char_is(b, SQL_C_IDENT), is_alpha || is_digit || c == '$');
		CU_ASSERT_EQUAL(sql_char_is(b, SQL_C_DIGIT), is_digit);
		CU_ASSERT_EQUAL(sql_char_is(b, SQL_C_OP),
				c != 0 && strchr("~!@#^&|`?+-*/%<>=", c) != NULL);
		CU_ASSERT_EQUAL(sql_char_is(b, SQL_C_OP_ODD),
				c != 0 && strchr("~!@#^&|`?%", c) != NULL);
		CU_ASSERT_EQUAL(sql_char_is(b, SQL_C_SELF),
				c != 0 && strchr(",()[].;:+-*/%^<>=", c) != NULL);
		CU_ASSERT_EQUAL(sql_lower[c], c < 128 ? tolower(c) : c);
		CU_ASSERT_EQUAL(sql_first[c] == SQL_F_SPACE,
				c != 0 && strchr(" \t\n\r\f", c) != NULL);
	}
}

/* The rule of BEGIN ATOMIC, and places of statements: "[" and "]" stand around each. */
static void test_split(void)
{
	static const char *const rows[] = { "", " ; ;; ", "[select 1]",
		" [select 1] ; [select 2] ;", "[a ';' b];[c]", "/* ; */ [a /* ; */ b] -- ;\n",
		"[$$;$$];[\";\"]", "[create rule r as on insert to t do (select 1; select 2)];[b]",
		("[create function f() begin atomic select 1; select case when a then 2 end; "
		 "end];[b]"),
		"[create or replace procedure p() language sql begin atomic end];[b]",
		"[create function f() returns begin begin atomic ; end];[b]", "[begin atomic];[b]",
		"[begin];[select 1];[end]", "[create table atomic (a int)];[b]", "[a) ];[b]",
		"[(a;b]", "[create function f(begin atomic)];[b]" };
	static const struct sql_settings settings = { SQL_ENC_UTF8, true };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[256];
		size_t starts[4] = { 0 }, ends[4] = { 0 }, n = 0, len = 0, found = 0;
		struct sql_split split;
		struct sql_part part;

		for (const char *p = rows[i]; *p != '\0'; p++) {
			if (*p == '[')
				starts[n] = len;
			else if (*p == ']')
				ends[n++] = len;
			else
				text[len++] = *p;
		}
		split = sql_split_of((struct span){ (const uint8_t *)text, len }, &settings);
		for (; sql_split_next(&split, &part) && found < n; found++) {
			CHECK_ROW(rows[i], part.at == starts[found]);
			while (ends[found] > 0 && text[ends[found] - 1] == ' ')
				ends[found]--;
			CHECK_ROW(rows[i], part.at + part.len == ends[found]);
		}
		CHECK_ROW(rows[i], found == n && !sql_split_next(&split, &part));
	}
}

static void test_encodings(void)
{
	static const char *const unsafe[] = { "SJIS", "BIG5", "GBK", "UHC", "GB18030", "JOHAB",
		"SHIFT_JIS_2004", "", "utf8", "UTF88", "LATIN" };

	for (size_t i = 0; i < sizeof(unsafe) / sizeof(*unsafe); i++) {
		const struct span name = { (const uint8_t *)unsafe[i], strlen(unsafe[i]) };

		CU_ASSERT_EQUAL(sql_encoding_of(name), SQL_ENC_UNSAFE);
	}
	CU_ASSERT_EQUAL(sql_encoding_of((struct span){ (const uint8_t *)"UTF8", 4 }), SQL_ENC_UTF8);
	CU_ASSERT_EQUAL(sql_encoding_of((struct span){ (const uint8_t *)"LATIN1", 6 }),
			SQL_ENC_ASCII_SAFE);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "rows", test_rows },
		{ "NUL", test_nul },
		{ "generated", test_generated },
		{ "tables", test_tables },
		{ "split", test_split },
		{ "encodings", test_encodings },
	};

	return suite_run("lex", tests, sizeof(tests) / sizeof(*tests));
}
