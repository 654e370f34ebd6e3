/* SPDX-License-Identifier: Apache-2.0
 * What patterns find in whatever the server says, and what becomes of it (mask.c and its kin): each kind of
 * message, types in both formats, any segmentation, and what cannot be masked. */
#include "parsers/base/must.h"
#include "parsers/base/reader.h"
#include "parsers/pg/body.h"
#include "ruleset/load/load.h"
#include "ruleset/model/model.h"
#include "tests/unit/inspect/cases.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/pg/talk.h"

#include <stdio.h>
#include <string.h>

static const char pack[] = "pack: t\n"
			   "patterns:\n"
			   "  - {id: ssn, regex: '\\b\\d{3}-\\d{2}-\\d{4}\\b'}\n"
			   "  - {id: mail, regex: '\\b[a-z]+@[a-z]+\\.com\\b'}\n"
			   "  - {id: pan, regex: '\\b\\d{16}\\b', validate: luhn}\n"
			   "  - {id: unused, regex: '\\bQQQQ\\b'}\n"
			   "data:\n"
			   "  - {id: ssn, pattern: ssn, mask: {keep_last: 4}}\n"
			   "  - {id: mail, pattern: mail, mask: redact}\n"
			   "  - {id: pan, pattern: pan, mask: redact}\n";

static struct {
	struct policy *policy;
	struct scan_db *db;
	struct scanner *scanner;
	struct spine_rules rules;
	struct mask_key key;
} rig;

static void rig_up(void)
{
	static const char secret[] = "0123456789abcdef";
	const struct span text = { (const uint8_t *)pack, sizeof(pack) - 1 };
	static struct load_report report;
	struct scan_error error;

	must(load_policy(&text, 1, &rig.policy, &report) == 0);
	must(scan_db_new(rig.policy->patterns, rig.policy->n_patterns, &rig.db, &error) == 0);
	must(scanner_new(rig.db, &scan_sizes_default, &rig.scanner) == 0);
	must(mask_key_init(&rig.key, (struct span){ (const uint8_t *)secret, 16 }) == 0);
	rig.rules = (struct spine_rules){
		.policy = rig.policy, .values = &rig.scanner, .masks = true
	};
}

static void rig_down(void)
{
	scanner_free(&rig.scanner);
	scan_db_free(&rig.db);
	policy_free(&rig.policy);
	mask_key_done(&rig.key);
}

/* A session that masks, with a server that says only what it is made to. */
static struct talk *masking(unsigned int legs)
{
	struct talk *t;

	bench_init(&b, legs);
	b.target.rules = &rig.rules;
	b.target.mask_key = &rig.key;
	b.target.pg.describe = true;
	bench_start(&b);
	t = bench_login(&b);
	CU_ASSERT_EQUAL_FATAL(t->agent.state, PG_AGENT_READY);
	t->agent.log = (struct pg_log){ .len = 0 };
	t->server.is_mute = true;
	return t;
}

/* ---- what the server says */

struct column {
	uint32_t table, type;
	uint16_t format;
};

static size_t open_message(struct outbuf *o, char type)
{
	ob_u8(o, (uint8_t)type);
	ob_be32(o, 0);
	return o->len - 4;
}

static void close_message(struct outbuf *o, size_t at)
{
	CU_ASSERT_FATAL(!o->full);
	store_be32(o->ptr + at, (uint32_t)(o->len - at));
}

static void put_columns(struct outbuf *o, const struct column *c, uint16_t n)
{
	const size_t at = open_message(o, 'T');

	ob_be16(o, n);
	for (uint16_t i = 0; i < n; i++) {
		ob_put(o, "c", 2);
		ob_be32(o, c[i].table);
		ob_be16(o, c[i].table != 0 ? 1 : 0);
		ob_be32(o, c[i].type);
		ob_be16(o, 0xffff);
		ob_be32(o, UINT32_MAX);
		ob_be16(o, c[i].format);
	}
	close_message(o, at);
}

static void put_row(struct outbuf *o, const struct span *values, uint16_t n)
{
	const size_t at = open_message(o, 'D');

	ob_be16(o, n);
	for (uint16_t i = 0; i < n; i++) {
		ob_be32(o, values[i].ptr == NULL ? UINT32_MAX : (uint32_t)values[i].len);
		ob_put(o, values[i].ptr, values[i].len);
	}
	close_message(o, at);
}

static void put_end(struct outbuf *o, const char *tag)
{
	const size_t at = open_message(o, 'C');

	ob_put(o, tag, strlen(tag) + 1);
	close_message(o, at);
	ob_put(o, "Z\0\0\0\5I", 6);
}

static struct span of(const char *text)
{
	return (struct span){ (const uint8_t *)text, text == NULL ? 0 : strlen(text) };
}

/* ---- what the agent heard: the <n>th message of <type>; empty: there is none */

static struct span heard(const struct talk *t, char type, unsigned int n)
{
	const struct pipe *p = &t->agent.heard;

	for (size_t at = 0; at + 5 <= p->len;) {
		const uint32_t len = load_be32(p->bytes + at + 1);

		if (p->bytes[at] == (uint8_t)type && n-- == 0)
			return (struct span){ p->bytes + at + 5, len - 4 };
		at += 1 + len;
	}
	return (struct span){ NULL, 0 };
}

/* Its first value; ptr NULL: NULL, or no row. */
static struct span heard_value(const struct talk *t, unsigned int row, unsigned int column)
{
	const struct span body = heard(t, 'D', row);
	struct pg_list l;
	struct reader r;
	struct pg_value v = { .is_null = true };

	if (body.ptr == NULL || pg_read_row(body, &l) != 0)
		return (struct span){ NULL, 0 };
	r = rd_of(l.items.ptr, l.items.len);
	for (unsigned int i = 0; i <= column; i++)
		CU_ASSERT_FATAL(pg_next_value(&r, &v));
	return v.is_null ? (struct span){ NULL, 0 } : v.bytes;
}

static bool is(struct span s, struct span want)
{
	return s.len == want.len && (s.ptr == NULL) == (want.ptr == NULL) &&
			(s.len == 0 || memcmp(s.ptr, want.ptr, s.len) == 0);
}

/* ---- cases */

enum {
	TEXT = 25,
	INT8 = 20,
	INT4 = 23,
	NUMERIC = 1700,
	BYTEA = 17,
	JSON = 114,
	JSONB = 3802,
	TEXTS = 1009,
	CITEXT = 16600,
	VARCHAR = 1043,
	BPCHAR = 1042,
	XML = 142,
	DATE = 1082,
	RECORD = 2249,
	INT8RANGE = 3926
};

#define B(bytes)                                                                                   \
	{                                                                                          \
		(const uint8_t *)(bytes), sizeof(bytes) - 1                                        \
	}
#define SAME                                                                                       \
	{                                                                                          \
		NULL, 1                                                                            \
	}
#define NO_VALUE                                                                                   \
	{                                                                                          \
		NULL, 0                                                                            \
	}

/* A row of two: rows in each other, too deep to be looked into, with a text inside; and an address. */
enum { DEPTH = 8, LEVEL = 12 };

enum { DEEP_BYTES = 4 + (DEPTH - 1) * LEVEL + 8 + 11 + 8 + 7 };

static uint8_t deep[DEEP_BYTES];

static void deep_make(void)
{
	struct outbuf o = ob_of(deep, sizeof(deep));

	ob_be32(&o, 2);
	for (uint32_t i = 0; i < DEPTH; i++) { /* type, length, how many */
		ob_be32(&o, i + 1 < DEPTH ? RECORD : TEXT);
		ob_be32(&o, i + 1 < DEPTH ? (DEPTH - 2 - i) * LEVEL + 4 + 8 + 11 : 11);
		if (i + 1 < DEPTH)
			ob_be32(&o, 1);
	}
	ob_put(&o, "123-45-6789", 11);
	ob_be32(&o, TEXT);
	ob_be32(&o, 7);
	ob_put(&o, "a@b.com", 7);
	must(!o.full && o.len == DEEP_BYTES);
}

static const struct {
	const char *row;
	struct column column;
	struct span value, want; /* SAME: as it was */
} values[] = {
	{ "no hit", { 7, TEXT, 0 }, B("nothing here"), SAME },
	{ "whole", { 7, TEXT, 0 }, B("123-45-6789"), B("*******6789") },
	{ "inside", { 7, VARCHAR, 0 }, B("of 123-45-6789, paid"), B("of *******6789, paid") },
	{ "twice", { 7, TEXT, 0 }, B("a@b.com and c@d.com"), B("***** and *****") },
	{ "two rules", { 7, TEXT, 0 }, B("a@b.com 123-45-6789"), B("***** *******6789") },
	{ "text, binary", { 7, TEXT, 1 }, B("123-45-6789"), B("*******6789") },
	{ "an expression", { 0, TEXT, 0 }, B("x123-45-6789"), SAME },
	{ "blanks", { 7, BPCHAR, 0 }, B("a@b.com   "), B("*****   ") },
	{ "a pattern no rule names", { 7, TEXT, 0 }, B("QQQQ"), SAME },
	{ "validated", { 7, TEXT, 0 }, B("4111111111111112"), SAME },
	{ "valid", { 7, TEXT, 0 }, B("4111111111111111"), B("*****") },
	{ "a column of numbers", { 7, INT8, 0 }, B("4111111111111111"), SAME },
	{ "a number made of one", { 0, INT8, 0 }, B("4111111111111111"), B("0") },
	{ "the same, binary", { 0, INT8, 1 }, B("\x00\x0e\x9b\x08\xa5\x68\xf1\xc7"),
			B("\0\0\0\0\0\0\0\0") },
	{ "a numeric made of one", { 0, NUMERIC, 0 }, B("4111111111111111.50"), B("0") },
	{ "the same, binary", { 0, NUMERIC, 1 },
			B("\0\5\0\3\0\0\0\2\x10\x0f\x04\x57\x04\x57\x04\x57\x13\x88"),
			B("\0\0\0\0\0\0\0\0") },
	{ "a small one", { 0, INT4, 1 }, B("\0\0\0\7"), SAME },
	{ "bytea", { 7, BYTEA, 0 }, B("\\x3132332d34352d36373839"),
			B("\\x2a2a2a2a2a2a2a36373839") },
	{ "bytea, binary", { 7, BYTEA, 1 }, B("123-45-6789"), B("*******6789") },
	{ "bytea, digits of hexadecimal", { 7, BYTEA, 0 }, B("\\x4111111111111111"), SAME },
	{ "json", { 7, JSON, 0 }, B("{\"a\": \"123-45-6789\", \"b\": \"c@d.com\"}"),
			B("{\"a\": \"*******6789\", \"b\": \"*****\"}") },
	{ "jsonb, binary", { 7, JSONB, 1 }, B("\1{\"a\": \"a@b.com\"}"),
			B("\1{\"a\": \"*****\"}") },
	{ "an array", { 7, TEXTS, 0 }, B("{x,123-45-6789,a@b.com}"), B("{x,*******6789,*****}") },
	{ "an array, binary", { 7, TEXTS, 1 },
			B("\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\2\0\0\0\1\0\0\0\1x\0\0\0\7a@b.com"),
			B("\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\2\0\0\0\1\0\0\0\1x\0\0\0\5*****") },
	{ "a row, binary", { 0, RECORD, 1 },
			B("\0\0\0\2\0\0\0\x17\0\0\0\4\0\0\0\7\0\0\0\x19\0\0\0\7a@b.com"),
			B("\0\0\0\2\0\0\0\x17\0\0\0\4\0\0\0\7\0\0\0\x19\0\0\0\5*****") },
	{ "a length beside a value is no part of it", { 7, TEXTS, 1 },
			B("\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\x0b"
			  "123-45-6789"),
			B("\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\x0b"
			  "*******6789") },
	{ "a range made of one, binary", { 0, INT8RANGE, 1 },
			B("\x02\0\0\0\x08\x00\x0e\x9b\x08\xa5\x68\xf1\xc7\0\0\0\x08\x00\x0e\x9b\x08\xa5\x68\xf1\xc8"),
			B("\x01") },
	{ "a range of a table", { 7, INT8RANGE, 1 },
			B("\x02\0\0\0\x08\x00\x0e\x9b\x08\xa5\x68\xf1\xc7\0\0\0\x08\x00\x0e\x9b\x08\xa5\x68\xf1\xc8"),
			SAME },
	{ "too deep, and a hit beside it", { 0, RECORD, 1 }, { deep, DEEP_BYTES }, NO_VALUE },
	{ "a type of somebody's", { 7, CITEXT, 0 }, B("a@b.com!"), B("*****!") },
	{ "the same, binary", { 7, CITEXT, 1 }, B("a@b.com!"), NO_VALUE },
	{ "a date", { 7, DATE, 0 }, B("2001-01-01"), SAME },
	{ "a broken array", { 7, TEXTS, 1 }, B("\0\0\0\1\0\0"), NO_VALUE },
	{ "NULL", { 7, TEXT, 0 }, NO_VALUE, SAME },
};

static void row_say(struct talk *t, const struct column *c, struct span value)
{
	uint8_t bytes[2048];
	struct outbuf o = ob_of(bytes, sizeof(bytes));
	const struct column columns[3] = { { 7, INT4, 0 }, *c, { 7, TEXT, 0 } };
	const struct span row[3] = { of("7"), value, of("end") };

	put_columns(&o, columns, 3);
	put_row(&o, row, 3);
	put_end(&o, "SELECT 1");
	pg_server_say(&t->server, o.ptr, o.len);
	bench_run(&b);
}

static void test_values(void)
{
	for (unsigned int legs = 0; legs <= BOTH_TLS; legs++) {
		struct talk *t = masking(legs);

		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			const bool is_same = values[i].want.ptr == NULL && values[i].want.len == 1;

			t->agent.heard.len = 0;
			bench_say(&b, t, "Q select x");
			row_say(t, &values[i].column, values[i].value);
			CHECK_ROW(values[i].row, is(heard_value(t, 0, 0), of("7")));
			CHECK_ROW(values[i].row, is(heard_value(t, 0, 2), of("end")));
			CHECK_ROW(values[i].row,
					is(heard_value(t, 0, 1),
							is_same ? values[i].value
								: values[i].want));
		}
		CU_ASSERT_EQUAL(spine_counters(b.spine)->unmaskable, 2);
		end();
	}
}

static void say(struct talk *t, const char *spec)
{
	static uint8_t bytes[TALK_MAX];
	const size_t n = talk_build(CODEC_TO_CLIENT, spec, bytes);

	pg_server_say(&t->server, bytes, n);
}

/* Says it as the answer to a query, and what the agent hears of it must be <want>. */
static void expect(const char *spec, const char *want)
{
	static uint8_t bytes[TALK_MAX];
	struct talk *t = masking(0);
	const size_t n = talk_build(CODEC_TO_CLIENT, want, bytes);

	t->agent.heard.len = 0;
	bench_say(&b, t, "Q select x");
	say(t, spec);
	bench_run(&b);
	CHECK_ROW(spec, t->agent.heard.len == n && memcmp(t->agent.heard.bytes, bytes, n) == 0);
	end();
}

static void test_words(void)
{
	expect("E ERROR 22P02 no integer: \"123-45-6789\"",
			"E ERROR 22P02 no integer: \"*******6789\"");
	expect("N NOTICE 00000 to a@b.com", "N NOTICE 00000 to *****");
	expect("N NOTICE 00000 to nobody", "N NOTICE 00000 to nobody");
	expect("A 7 mail|a@b.com!", "A 7 mail|*****!");
	expect("A 7 mail|abc", "A 7 mail|abc");
}

static void test_result(void)
{
	struct talk *t = masking(0);

	bench_say(&b, t, "F 2101|x");
	say(t, "V a@b.com");
	say(t, "Z I");
	bench_run(&b);
	CU_ASSERT(is(heard(t, 'V', 0), (struct span)B("\xff\xff\xff\xff")));
	bench_say(&b, t, "F 2101|x");
	say(t, "V seven");
	say(t, "Z I");
	bench_run(&b);
	CU_ASSERT(is(heard(t, 'V', 1), (struct span)B("\0\0\0\5seven")));
	end();
}

static const struct {
	const char *command;
	char head[8]; /* of CopyOutResponse: format, columns */
	struct span data, want;
	bool is_refused;
} copies[] = {
	{ "Q copy t to stdout", "\0\0\2\0\0\0\0", B("7\ta@b.com\n"), B("7\t*****\n"), false },
	{ "Q copy t to stdout", "\0\0\2\0\0\0\0", B("7\tx\n"), B("7\tx\n"), false },
	{ "Q copy t to stdout", "\0\0\2\0\0\0\0", B("\\N\tof 123-45-6789\\nx\n"),
			B("\\N\t************89\\nx\n"), false },
	{ "Q copy t to stdout csv", "\0\0\2\0\0\0\0", B("7,\"a@b.com, c\"\n"),
			B("7,\"*****, c\"\n"), false },
	{ "Q copy t to stdout with (format csv, delimiter ';')", "\0\0\2\0\0\0\0",
			B("7,0;a@b.com\n"), B("7,0;*****\n"), false },
	{ "Q copy t to stdout (format binary)", "\1\0\2\0\1\0\1",
			B("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\2\0\0\0\1x\0\0\0\7a@b.com"),
			B("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\2\0\0\0\1x\xff\xff\xff\xff"),
			false },
	{ "Q copy t to stdout", "\0\0\2\0\0\0\0", B("7\ta@b.com"), B("7\t*****"), false },
	{ "Q copy t to stdout", "\0\0\2\0\0\0\0", B("7\ta@b.com\tmore\n"), NO_VALUE, true },
	{ "Q copy t to stdout (format binary)", "\1\0\2\0\1\0\1", B("PGCOPY\n"), NO_VALUE, true },
	{ "Q copy t to stdout (format csv, header 'OFF')", "\0\0\2\0\0\0\0", B("7,a@b.com\n"),
			B("7,*****\n"), false },
	{ "Q copy t to stdout (format csv, header)", "\0\0\2\0\0\0\0", B("id,mail\n7,a@b.com\n"),
			B("id,mail\n7,*****\n"), false },
	{ "Q copy t to stdout (format csv, header maybe)", "\0\0\2\0\0\0\0", B("7,x\n"), NO_VALUE,
			true },
	{ "Q copy t to stdout (encoding 'SJIS')", "\0\0\2\0\0\0\0", B("7\tx\n"), NO_VALUE, true },
	{ "Q copy t to stdout", "\0\0\2\0\0\0\0", B("one alone\n"), NO_VALUE, true },
	{ "Q copy t to stdout (format csv)", "\1\0\2\0\1\0\1", B("7,8\n"), NO_VALUE, true },
};

static void test_copy(void)
{
	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
		struct talk *t = masking(0);
		uint8_t bytes[256];
		char row[80];
		struct outbuf o = ob_of(bytes, sizeof(bytes));
		size_t at = open_message(&o, 'H');

		ob_put(&o, copies[i].head, 7);
		close_message(&o, at);
		at = open_message(&o, 'd');
		ob_put(&o, copies[i].data.ptr, copies[i].data.len);
		close_message(&o, at);
		bench_say(&b, t, copies[i].command);
		pg_server_say(&t->server, o.ptr, o.len);
		bench_run(&b);
		(void)snprintf(row, sizeof(row), "%zu: %s", i, copies[i].command);
		CHECK_ROW(row, is(heard(t, 'd', 0), copies[i].want));
		CHECK_ROW(row, (strcmp(t->agent.code, "XX000") == 0) == copies[i].is_refused);
		end();
	}
}

static void big_row(struct outbuf *o, uint32_t big)
{
	static uint8_t filler[16 << 10];
	static const struct column columns[3] = { { 7, TEXT, 0 }, { 7, TEXT, 0 }, { 7, TEXT, 0 } };
	const struct span row[3] = { of("a@b.com"), { filler, big }, of("c@d.com") };

	memset(filler, 'x', sizeof(filler));
	put_columns(o, columns, 3);
	put_row(o, row, 3);
	put_end(o, "SELECT 1");
}

/* Rows that no buffer holds: small values by their patterns at their length, the large one wholly. */
static void test_slices(void)
{
	static uint8_t bytes[20 << 10];
	struct outbuf o = ob_of(bytes, sizeof(bytes));
	struct talk *t;

	big_row(&o, 10000);
	for (uint32_t cut = 0; cut < 3; cut++) {
		bench_init(&b, 0);
		b.target.pg.max_msg_bytes[CODEC_TO_CLIENT] = 1000 + cut;
		b.target.rules = &rig.rules;
		b.target.mask_key = &rig.key;
		bench_start(&b);
		t = bench_login(&b);
		t->server.is_mute = true;
		t->agent.heard.len = 0;
		bench_say(&b, t, "Q select x");
		pg_server_say(&t->server, o.ptr, o.len);
		bench_run(&b);
		CU_ASSERT(is(heard_value(t, 0, 0), of("*******")));
		CU_ASSERT(is(heard_value(t, 0, 2), of("*******")));
		CU_ASSERT_EQUAL(heard_value(t, 0, 1).len, 10000);
		CU_ASSERT_EQUAL(heard_value(t, 0, 1).ptr[0], '*');
		CU_ASSERT_EQUAL(heard_value(t, 0, 1).ptr[9999], '*');
		end();
	}
}

/* Many rows at any segmentation, in turns with rows that are clean, to an agent that takes them slowly. */
static void test_segments(void)
{
	enum { ROWS = 40 };
	static const struct column column = { 7, TEXT, 0 };
	static uint8_t bytes[64 << 10];

	for (uint32_t cut = 1; cut <= CUT_MAX; cut++) {
		struct outbuf o = ob_of(bytes, sizeof(bytes));
		struct talk *t = masking(cut % 2 != 0 ? BOTH_TLS : 0);
		char row[64];

		put_columns(&o, &column, 1);
		for (int i = 0; i < ROWS; i++) {
			const struct span value = of(i % 3 == 0 ? "123-45-6789" : "a clean one");

			put_row(&o, &value, 1);
		}
		put_end(&o, "SELECT 40");
		(void)snprintf(row, sizeof(row), "segments of %u", cut);
		t->agent.heard.len = 0;
		bench_say(&b, t, "Q select x");
		fake_segments(b.relay, cut, cut % 3);
		t->agent_is_deaf = true;
		pg_server_say(&t->server, o.ptr, o.len);
		bench_run(&b);
		t->agent_is_deaf = false;
		bench_run(&b);
		for (unsigned int i = 0; i < ROWS; i++)
			CHECK_ROW(row,
					is(heard_value(t, i, 0),
							of(i % 3 == 0 ? "*******6789"
								      : "a clean one")));
		CU_ASSERT_EQUAL(t->agent.n_ready, 2);
		end();
	}
}

/* A masked row that is larger than what the agent has room for is owed, and nothing gets in between. */
static void test_owed(void)
{
	static const struct column columns[2] = { { 7, TEXT, 0 }, { 7, TEXT, 0 } };
	static uint8_t bytes[80 << 10], filler[60 << 10];
	struct outbuf o = ob_of(bytes, sizeof(bytes));
	const struct span row[2] = { of("a@b.com"), { filler, sizeof(filler) } };
	struct talk *t;

	memset(filler, 'y', sizeof(filler));
	put_columns(&o, columns, 2);
	put_row(&o, row, 2);
	put_end(&o, "SELECT 1");
	for (unsigned int legs = 0; legs <= BOTH_TLS; legs++) {
		t = masking(legs);
		t->agent.heard.len = 0;
		bench_say(&b, t, "Q select x");
		t->agent_is_deaf = true;
		pg_server_say(&t->server, o.ptr, o.len);
		bench_run(&b);
		t->agent_is_deaf = false;
		bench_wait(&b, 100);
		CU_ASSERT(is(heard_value(t, 0, 0), of("*****")));
		CU_ASSERT(is(heard_value(t, 0, 1), row[1]));
		CU_ASSERT_EQUAL(t->agent.n_ready, 2);
		end();
	}
}

/* A parameter that has what is masked is not told; what is known of commands goes with their answers. */
static void test_parameters_and_notes(void)
{
	struct talk *t = masking(0);
	uint64_t used = 0;

	t->agent.heard.len = 0;
	bench_say(&b, t, "Q select x");
	say(t, "S application_name=123-45-6789");
	say(t, "S TimeZone=UTC");
	say(t, "C SELECT 0");
	say(t, "Z I");
	bench_run(&b);
	CU_ASSERT(!bench_has(&t->agent.heard, "123-45-6789"));
	CU_ASSERT(bench_has(&t->agent.heard, "UTC"));
	for (int i = 0; i < 20; i++) {
		bench_say(&b, t, "Q copy t to stdout");
		say(t, "E ERROR 42P01 no such table");
		say(t, "Z I");
		bench_run(&b);
		if (i == 4)
			used = spine_memory_used(b.spine);
	}
	CU_ASSERT_EQUAL(spine_memory_used(b.spine), used);
	end();
}

/* Rows of which nobody knows what they are. */
static void test_blind(void)
{
	struct talk *t;

	bench_init(&b, 0);
	b.target.rules = &rig.rules;
	b.target.mask_key = &rig.key;
	b.target.pg.describe = false;
	bench_start(&b);
	t = bench_login(&b);
	bench_say(&b, t, "P |select 1");
	bench_say(&b, t, "B |");
	bench_say(&b, t, "E |0");
	bench_say(&b, t, "S");
	CU_ASSERT_EQUAL(heard(t, 'D', 0).len, 0);
	CU_ASSERT_STRING_EQUAL(t->agent.code, "XX000");
	end();
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "values of all kinds", test_values },
		{ "words", test_words },
		{ "the result of a function", test_result },
		{ "COPY", test_copy },
		{ "slices", test_slices },
		{ "segments", test_segments },
		{ "owed", test_owed },
		{ "parameters and notes", test_parameters_and_notes },
		{ "blind", test_blind },
	};
	int rc;

	bench_open();
	rig_up();
	deep_make();
	rc = suite_run("mask", tests, sizeof(tests) / sizeof(tests[0]));
	rig_down();
	bench_close();
	return rc;
}
