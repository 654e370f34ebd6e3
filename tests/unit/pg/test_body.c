/* SPDX-License-Identifier: Apache-2.0
 * Bodies as they stand on the wire, what is read of them, what we write, and edits. */
#include "parsers/pg/body_priv.h"
#include "parsers/pg/edit.h"
#include "parsers/pg/pg.h"
#include "parsers/pg/write.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/pg/talk.h"

#include <string.h>

#define BODY(s)     ((struct span){ (const uint8_t *)(s), sizeof(s) - 1 })
#define IS(span, s) ((span).len == sizeof(s) - 1 && memcmp((span).ptr, s, sizeof(s) - 1) == 0)

static void test_startup(void)
{
	struct pg_startup s;
	struct pg_parameter p;
	struct pg_cancel c;
	struct reader r;

	CU_ASSERT(pg_read_startup(BODY("\0\3\0\2user\0me\0replication\0true\0\0"), &s) == 0);
	CU_ASSERT_EQUAL(s.version, (uint32_t)PG_PROTOCOL_3_2);
	r = rd_span(s.params);
	CU_ASSERT(pg_next_param(&r, &p) && IS(p.name, "user") && IS(p.value, "me"));
	CU_ASSERT(pg_next_param(&r, &p) && IS(p.name, "replication") && IS(p.value, "true"));
	CU_ASSERT(!pg_next_param(&r, &p) && !r.bad);
	CU_ASSERT(pg_read_cancel(BODY("\4\xd2\x16\x2e\0\0\1\0abcdefgh"), &c) == 0);
	CU_ASSERT(c.pid == 256 && IS(c.key, "abcdefgh"));
}

static void test_extended(void)
{
	struct pg_parse p;
	struct pg_bind b;
	struct pg_value v;
	struct pg_execute e;
	struct pg_target t;
	struct reader r;

	CU_ASSERT(pg_read_parse(BODY("s\0select $1\0\0\2\0\0\0\x17\0\0\0\x19"), &p) == 0);
	CU_ASSERT(IS(p.name, "s") && IS(p.text, "select $1") && p.n_types == 2 && p.types.len == 8);
	CU_ASSERT(pg_read_bind(BODY("p\0s\0\0\2\0\0\0\1\0\2\0\0\0\3abc\xff\xff\xff\xff\0\1\0\1"),
				  &b) == 0);
	CU_ASSERT(IS(b.portal, "p") && IS(b.statement, "s") && b.n_values == 2);
	CU_ASSERT(pg_format_of(&b.formats, 0) == PG_TEXT &&
			pg_format_of(&b.formats, 1) == PG_BINARY);
	CU_ASSERT(pg_format_of(&b.result_formats, 5) == PG_BINARY);
	r = rd_span(b.values);
	CU_ASSERT(pg_next_value(&r, &v) && !v.is_null && IS(v.bytes, "abc"));
	CU_ASSERT(pg_next_value(&r, &v) && v.is_null && !pg_next_value(&r, &v) && !r.bad);
	CU_ASSERT(pg_read_execute(BODY("p\0\0\0\0\5"), &e) == 0 && e.max_rows == 5);
	CU_ASSERT(pg_read_execute(BODY("p\0\xff\xff\xff\xff"), &e) == 0 && e.max_rows == 0);
	CU_ASSERT(pg_read_target(BODY("Sx\0"), &t) == 0 && t.what == 'S' && IS(t.name, "x"));
	CU_ASSERT(pg_read_target(BODY("Xx\0"), &t) == -EBADMSG);
}

static void test_secrets(void)
{
	struct pg_sasl_initial s;
	struct pg_authentication a;
	struct span name;
	struct reader r;

	CU_ASSERT(pg_read_sasl_initial(BODY("SCRAM-SHA-256\0\0\0\0\4n,,x"), &s) == 0);
	CU_ASSERT(IS(s.mechanism, "SCRAM-SHA-256") && s.has_data && IS(s.data, "n,,x"));
	CU_ASSERT(pg_read_sasl_initial(BODY("X\0\xff\xff\xff\xff"), &s) == 0 && !s.has_data);
	CU_ASSERT(pg_read_sasl_initial(BODY("X\0\0\0\0\2a"), &s) == -EBADMSG);
	CU_ASSERT(pg_read_authentication(BODY("\0\0\0\x0a"
					      "A\0B\0\0"),
				  &a) == 0);
	r = rd_span(a.data);
	CU_ASSERT(pg_next_string(&r, &name) && IS(name, "A") && pg_next_string(&r, &name) &&
			IS(name, "B") && !pg_next_string(&r, &name) && !r.bad);
	CU_ASSERT(pg_read_authentication(BODY("\0\0\0\x0a"
					      "A\0B\0"),
				  &a) == -EBADMSG);
	CU_ASSERT(pg_read_authentication(BODY("\0\0\0\x0a"), &a) == -EBADMSG);
	CU_ASSERT(pg_read_authentication(BODY("\0\0\0\5salt"), &a) == 0 && IS(a.data, "salt"));
	CU_ASSERT(pg_read_authentication(BODY("\0\0\0\5sal"), &a) == -EBADMSG);
	CU_ASSERT(pg_read_authentication(BODY("\0\0\0\0x"), &a) == -EBADMSG);
	CU_ASSERT(pg_read_authentication(BODY("\0\0\0\x63"), &a) == -EBADMSG);
}

static void test_results(void)
{
	struct pg_list l;
	struct pg_column c;
	struct pg_value v;
	struct pg_copy copy;
	struct pg_notification n;
	struct pg_negotiate g;
	struct reader r;

	CU_ASSERT(pg_read_columns(BODY("\0\1ssn\0\0\0\x40\1\0\3\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\1"),
				  &l) == 0);
	r = rd_span(l.items);
	CU_ASSERT(l.n == 1 && pg_next_column(&r, &c) && IS(c.name, "ssn"));
	CU_ASSERT(c.table_oid == 16385 && c.attnum == 3 && c.type_oid == 25 && c.type_len == -1);
	CU_ASSERT(c.type_mod == -1 && c.format == PG_BINARY && !pg_next_column(&r, &c));
	CU_ASSERT(pg_read_row(BODY("\0\2\0\0\0\1a\0\0\0\0"), &l) == 0);
	r = rd_span(l.items);
	CU_ASSERT(l.n == 2 && pg_next_value(&r, &v) && IS(v.bytes, "a"));
	CU_ASSERT(pg_next_value(&r, &v) && !v.is_null && v.bytes.len == 0);
	CU_ASSERT(pg_read_row(BODY("\0\1\0\0\0\1ab"), &l) == -EBADMSG);
	CU_ASSERT(pg_read_copy(BODY("\1\0\2\0\1\0\1"), &copy) == 0 && copy.format == PG_BINARY);
	CU_ASSERT(pg_read_copy(BODY("\2\0\0"), &copy) == -EBADMSG);
	CU_ASSERT(pg_read_notification(BODY("\0\0\0\7chan\0text\0"), &n) == 0 &&
			IS(n.payload, "text"));
	CU_ASSERT(pg_read_negotiate(BODY("\0\3\0\0\0\0\0\1_pq_.a\0"), &g) == 0);
	CU_ASSERT(g.version == PG_PROTOCOL_3_0 && g.n_options == 1);
	CU_ASSERT(pg_read_negotiate(BODY("\0\0\0\2\0\0\0\0"), &g) == 0 &&
			g.version == PG_PROTOCOL_3_2);
	CU_ASSERT(pg_read_negotiate(BODY("\0\3\0\0\0\0\0\2_pq_.a\0"), &g) == -EBADMSG);
}

static void test_report(void)
{
	struct pg_report p;

	CU_ASSERT(pg_read_report(BODY("SFEHLER\0VERROR\0C42501\0Mno\0\0"), true, &p) == 0);
	CU_ASSERT(IS(p.severity, "ERROR") && IS(p.sqlstate, "42501") && IS(p.message, "no"));
	CU_ASSERT(!p.is_fatal);
	CU_ASSERT(pg_read_report(BODY("SPANIC\0C57P01\0Mno\0\0"), true, &p) == 0 && p.is_fatal);
	CU_ASSERT(pg_read_report(BODY("SFATAL\0VFATAL\0C57"), false, &p) == 0 && p.is_fatal);
	CU_ASSERT(pg_read_report(BODY("C42501\0"), false, &p) == -EBADMSG);
}

/* What is written is what the protocol's own words (talk.h) make. */
static void same(const struct outbuf *o, enum codec_dir dir, const char *spec)
{
	static uint8_t want[TALK_MAX];
	const size_t n = talk_build(dir, spec, want);

	CHECK_ROW(spec, !o->full && o->len == n && memcmp(o->ptr, want, n) == 0);
}

#define SAME(dir, spec, call)                                                                      \
	do {                                                                                       \
		struct outbuf o = ob_of(out, sizeof(out));                                         \
		call;                                                                              \
		same(&o, CODEC_##dir, spec);                                                       \
	} while (0)

static void test_writers(void)
{
	static const char *const params[] = { "user", "me", NULL };
	static const char *const mechanisms[] = { "SCRAM-SHA-256", NULL };
	const struct pg_cancel key = { 7, BODY("keyk") };
	const struct span option = BODY("_pq_.a");
	uint8_t out[400];

	SAME(TO_SERVER, "ssl", pg_write_request(&o, PG_CODE_SSL));
	SAME(TO_SERVER, "cancel 7 keyk", pg_write_cancel(&o, &key));
	SAME(TO_SERVER, "start 3.0 user=me", pg_write_startup(&o, PG_PROTOCOL_3_0, params));
	SAME(TO_SERVER, "Q a", pg_write_query(&o, BODY("a\0b")));
	SAME(TO_SERVER, "P n|a", pg_write_parse(&o, BODY("n"), BODY("a")));
	SAME(TO_SERVER, "D Pn", pg_write_target(&o, 'D', 'P', BODY("n")));
	SAME(TO_SERVER, "f why", pg_write_copy_fail(&o, BODY("why")));
	SAME(TO_SERVER, "p bytes", pg_write_sasl_response(&o, BODY("bytes")));
	SAME(TO_SERVER, "X", pg_write_empty(&o, 'X'));
	SAME(TO_CLIENT, "R 5 salt", pg_write_authentication(&o, PG_AUTH_MD5, BODY("salt")));
	SAME(TO_CLIENT, "R 10 SCRAM-SHA-256", pg_write_sasl(&o, mechanisms));
	SAME(TO_CLIENT, "S a=b", pg_write_parameter(&o, BODY("a"), BODY("b")));
	SAME(TO_CLIENT, "K 7 keyk", pg_write_key(&o, &key));
	SAME(TO_CLIENT, "v 3.0 _pq_.a", pg_write_negotiate(&o, PG_PROTOCOL_3_0, &option, 1));
	SAME(TO_CLIENT, "Z T", pg_write_ready(&o, 'T'));
	SAME(TO_CLIENT, "C SELECT 1", pg_write_complete(&o, BODY("SELECT 1")));
}

static void test_passwords(void)
{
	uint8_t out[100];
	struct outbuf o = ob_of(out, sizeof(out));

	pg_write_password(&o, BODY("secret"));
	CU_ASSERT(IS(ob_span(&o), "p\0\0\0\x0bsecret\0"));
	o.len = 0;
	pg_write_sasl_initial(&o, BODY("X"), BODY("n,,"));
	CU_ASSERT(IS(ob_span(&o), "p\0\0\0\x0dX\0\0\0\0\3n,,"));
}

static void test_errors(void)
{
	static uint8_t text[5000];
	uint8_t out[PG_REPORT_MAX + 64];
	struct outbuf o = ob_of(out, sizeof(out));
	struct pg_say say = { .severity = "ERROR",
		.sqlstate = "42501",
		.message = BODY("denied: \033[2J\342\200\256"),
		.hint = BODY("ask") };
	struct pg_report p;

	pg_write_error(&o, &say);
	CU_ASSERT(out[0] == 'E' && load_be32(out + 1) == o.len - 1);
	CU_ASSERT(pg_read_report((struct span){ out + 5, o.len - 5 }, true, &p) == 0);
	CU_ASSERT(IS(p.message, "denied: \\x1B[2J\\u202E") && IS(p.sqlstate, "42501"));
	memset(text, '\n', sizeof(text));
	say.message = say.detail = say.hint = (struct span){ text, sizeof(text) };
	o.len = 0;
	pg_write_notice(&o, &say);
	CU_ASSERT(!o.full && out[0] == 'N');
	CU_ASSERT(pg_read_report((struct span){ out + 5, o.len - 5 }, true, &p) == 0);
	o = ob_of(out, 20); /* too small: nothing is left behind */
	pg_write_error(&o, &say);
	CU_ASSERT(o.full && o.len == 0);
}

static void row_msg(const char *spec, uint8_t *bytes, struct codec_msg *msg)
{
	const size_t n = talk_build(CODEC_TO_CLIENT, spec, bytes);

	*msg = (struct codec_msg){ .wire = { bytes, n }, .body = { bytes + 5, n - 5 } };
}

/* Every second value is masked; NULL where it is empty. */
static void check_masked(const char *spec, const char *want)
{
	static uint8_t bytes[TALK_MAX], out[TALK_MAX];
	struct codec_edit edits[20];
	uint8_t scratch[20 * PG_EDIT_SCRATCH];
	struct outbuf o = ob_of(out, sizeof(out));
	struct codec_msg msg;
	struct pg_edits e;
	struct pg_list row;
	struct pg_value v;
	struct reader r;
	int n;

	row_msg(spec, bytes, &msg);
	CU_ASSERT_FATAL(pg_read_row(msg.body, &row) == 0);
	pg_edits_begin(&e, &msg, edits, 20, ob_of(scratch, sizeof(scratch)));
	r = rd_span(row.items);
	for (int i = 0; pg_next_value(&r, &v); i++) {
		if (i % 2 == 1 && !v.is_null && v.bytes.len == 0)
			pg_edit_null(&e, v.bytes);
		else if (i % 2 == 1 && !v.is_null)
			pg_edit_value(&e, v.bytes, BODY("***"));
	}
	n = pg_edits_end(&e);
	CHECK_ROW(spec, n >= 0);
	CHECK_ROW(spec, codec_edits_apply(msg.wire, edits, (size_t)n, &o) == 0);
	same(&o, CODEC_TO_CLIENT, want);
}

static void test_edits(void)
{
	check_masked("D a,b,c,d", "D a,***,c,***");
	check_masked("D a,secret-secret", "D a,***");
	check_masked("D a,,b,~", "D a,~,b,~");
	check_masked("D a", "D a");
}

static void test_edit_fields(void)
{
	static uint8_t bytes[TALK_MAX], out[TALK_MAX];
	struct codec_edit edits[4];
	uint8_t scratch[4 * PG_EDIT_SCRATCH];
	struct outbuf o = ob_of(out, sizeof(out));
	struct codec_msg msg;
	struct pg_report p;
	struct pg_edits e;

	row_msg("E ERROR 22P02 invalid: 123-45-6789", bytes, &msg);
	CU_ASSERT_FATAL(pg_read_report(msg.body, true, &p) == 0);
	pg_edits_begin(&e, &msg, edits, 4, ob_of(scratch, sizeof(scratch)));
	pg_edit_bytes(&e, p.message, BODY("invalid"));
	CU_ASSERT_EQUAL(pg_edits_end(&e), 2);
	CU_ASSERT(codec_edits_apply(msg.wire, edits, 2, &o) == 0);
	same(&o, CODEC_TO_CLIENT, "E ERROR 22P02 invalid");
}

static void test_edit_refusals(void)
{
	static uint8_t bytes[TALK_MAX], out[TALK_MAX];
	struct codec_edit edits[4];
	uint8_t scratch[4 * PG_EDIT_SCRATCH];
	struct outbuf o = ob_of(out, 6);
	struct codec_msg msg;
	struct pg_edits e;
	const struct span other = BODY("elsewhere");

	row_msg("D aa,bb", bytes, &msg);
	pg_edits_begin(&e, &msg, edits, 4, ob_of(scratch, sizeof(scratch)));
	pg_edit_value(&e, other, BODY("x"));
	CU_ASSERT_EQUAL(pg_edits_end(&e), -EINVAL);
	pg_edits_begin(&e, &msg, edits, 4, ob_of(scratch, sizeof(scratch)));
	pg_edit_bytes(&e, (struct span){ msg.body.ptr + 8, 1 }, BODY("x"));
	pg_edit_bytes(&e, (struct span){ msg.body.ptr + 6, 1 }, BODY("x")); /* backwards */
	CU_ASSERT_EQUAL(pg_edits_end(&e), -EINVAL);
	pg_edits_begin(&e, &msg, edits, 4, ob_of(scratch, sizeof(scratch)));
	pg_edit_bytes(&e, (struct span){ msg.wire.ptr, 1 }, BODY("x")); /* the header */
	CU_ASSERT_EQUAL(pg_edits_end(&e), -EINVAL);
	pg_edits_begin(&e, &msg, edits, 2, ob_of(scratch, sizeof(scratch)));
	pg_edit_value(&e, (struct span){ msg.body.ptr + 6, 2 }, BODY("x")); /* two edits */
	CU_ASSERT_EQUAL(pg_edits_end(&e), -ENOBUFS);
	edits[0] = (struct codec_edit){ 0, 3, BODY("x") };
	edits[1] = (struct codec_edit){ 2, 1, BODY("x") };
	CU_ASSERT_EQUAL(codec_edits_apply(msg.wire, edits, 2, &o), -EINVAL);
	edits[1].at = 100;
	CU_ASSERT_EQUAL(codec_edits_apply(msg.wire, edits, 2, &o), -EINVAL);
	edits[1] = (struct codec_edit){ 3, UINT32_MAX, BODY("x") };
	CU_ASSERT_EQUAL(codec_edits_apply(msg.wire, edits, 2, &o), -EINVAL);
	CU_ASSERT_EQUAL(codec_edits_apply(msg.wire, edits, 1, &o), -ENOSPC);
	CU_ASSERT(o.len == 0 && !o.full);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "start-up", test_startup },
		{ "extended protocol", test_extended },
		{ "authentication", test_secrets },
		{ "results", test_results },
		{ "errors are read", test_report },
		{ "writers", test_writers },
		{ "passwords", test_passwords },
		{ "errors are written", test_errors },
		{ "values are edited", test_edits },
		{ "fields are edited", test_edit_fields },
		{ "edits that cannot be", test_edit_refusals },
	};

	return suite_run("pg body", tests, sizeof(tests) / sizeof(*tests));
}
