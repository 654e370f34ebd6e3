/* SPDX-License-Identifier: Apache-2.0
 * Properties over whole conversations, generated ones and recorded ones: what the client sees is a
 * valid conversation whatever is denied; any chunking gives the same; edits change what they say. */
#include "parsers/pg/edit.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/pg/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of recorded answers: nothing may be asked besides. */
static const struct pg_conf conf_recorded = {
	.max_msg_bytes = { 1 << 20, 1 << 20 },
	.budget_bytes = 1 << 20,
	.text_max_bytes = 1000,
	.max_statements = 100,
	.max_portals = 100,
	.max_requests = 1024,
};
static const struct pg_conf conf_sliced = {
	.max_msg_bytes = { 1 << 20, 64 },
	.budget_bytes = 1 << 20,
	.text_max_bytes = 1000,
	.max_statements = 100,
	.max_portals = 100,
	.max_requests = 1024,
};

enum {
	N_SEEDS = 400,
};

/* The log's events again, cut into chunks; what came of it all. */
static uint64_t digest_of(const struct tap_log *log, const struct pg_conf *conf,
		enum pg_start start, uint32_t deny_of_16, size_t chunk, size_t *ret_n_msgs)
{
	static struct tap t;
	enum codec_dir dir;
	struct span bytes;
	uint64_t digest;

	tap_init(&t, conf, start);
	t.deny_of_16 = deny_of_16;
	for (size_t at = 0; tap_log_next(log, &at, &dir, &bytes);)
		tap_feed(&t, dir, bytes.ptr, bytes.len, chunk);
	CU_ASSERT_FALSE(t.is_bad);
	digest = t.digest;
	*ret_n_msgs = t.n_msgs;
	tap_done(&t);
	return digest;
}

static void check_split(const struct tap_log *log, const struct pg_conf *conf, enum pg_start start,
		uint32_t deny_of_16, uint64_t want)
{
	static const size_t chunks[] = { 1, 2, 3, 7, 64, 1 << 20 };
	size_t n_msgs;

	for (size_t i = 0; i < sizeof(chunks) / sizeof(*chunks); i++) {
		const uint64_t got = digest_of(log, conf, start, deny_of_16, chunks[i], &n_msgs);

		if (want == 0)
			want = got;
		CU_ASSERT_EQUAL(got, want);
		CU_ASSERT(n_msgs > 0);
	}
}

static void test_conversations(void)
{
	static struct relay r;
	size_t n_msgs = 0, n_denied = 0, n_rows = 0, n_substitutes = 0;

	for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
		const struct pg_conf *conf = &relay_confs[seed % RELAY_CONFS];
		const uint32_t deny = seed / RELAY_CONFS % 3 * 2;

		relay_init(&r, conf, deny, seed + 1);
		relay_converse(&r, 12);
		relay_drain(&r);
		check_split(&r.log, conf, PG_START_READY, deny, r.tap.digest);
		n_msgs += r.tap.n_msgs;
		n_denied += r.tap.n_denied;
		n_rows += r.n_rows;
		n_substitutes += r.backend.n_substitutes;
		relay_done(&r);
	}
	printf("%zu messages, %zu rows, %zu denied, %zu substitutes ... ", n_msgs, n_rows, n_denied,
			n_substitutes);
	CU_ASSERT(n_msgs > 20000 && n_rows > 2000 && n_denied > 500 && n_substitutes > 200);
}

/* Edits of what came: decode(apply(edits)) is well formed and differs in what was edited alone. */
struct edited {
	const struct codec_msg *msg;
	struct codec_edit edits[64];
	uint8_t scratch[64 * PG_EDIT_SCRATCH];
	struct pg_edits e;
	uint8_t *out; /* owned */
	struct codec_msg again;
};

static const struct span stars = { (const uint8_t *)"*****", 5 };
static size_t n_edited[PG_KIND_MAX];

static void begin_edit(struct edited *x, const struct codec_msg *msg)
{
	x->msg = msg;
	pg_edits_begin(&x->e, msg, x->edits, 64, ob_of(x->scratch, sizeof(x->scratch)));
}

/* Applies, and frames what came of it in a session of its own. */
static void end_edit(struct edited *x)
{
	const size_t cap = x->msg->wire.len + 64 * 8;
	const struct alloc no_memory = { NULL, NULL, NULL };
	const struct pg_conf conf = { .max_msg_bytes = { 1 << 20, 1 << 20 }, .max_requests = 8 };
	const int n = pg_edits_end(&x->e);
	struct pg_session s;
	struct outbuf o;

	x->out = malloc(cap);
	must(x->out != NULL && n >= 0);
	o = ob_of(x->out, cap);
	must(codec_edits_apply(x->msg->wire, x->edits, (size_t)n, &o) == 0);
	pg_session_init(&s, &conf, &no_memory, PG_START_READY);
	must(pg_codec.decode(&s, CODEC_TO_CLIENT, ob_span(&o), &x->again) == CODEC_MSG);
	must(x->again.wire.len == o.len && x->again.kind == x->msg->kind);
	n_edited[x->msg->kind]++;
}

/* Every second value is masked, every third of those by NULL. */
static bool is_masked(uint16_t i)
{
	return i % 2 == 1 && i < 40;
}

static void edit_row(const struct codec_msg *msg)
{
	static struct edited x;
	struct pg_list row, now;
	struct reader r, r_now;
	struct pg_value v, v_now;

	must(pg_read_row(msg->body, &row) == 0);
	begin_edit(&x, msg);
	r = rd_span(row.items);
	for (uint16_t i = 0; pg_next_value(&r, &v); i++) {
		if (is_masked(i) && !v.is_null && i % 3 == 0)
			pg_edit_null(&x.e, v.bytes);
		else if (is_masked(i) && !v.is_null)
			pg_edit_value(&x.e, v.bytes, stars);
	}
	end_edit(&x);
	must(pg_read_row(x.again.body, &now) == 0 && now.n == row.n);
	r = rd_span(row.items);
	r_now = rd_span(now.items);
	for (uint16_t i = 0; pg_next_value(&r, &v); i++) {
		must(pg_next_value(&r_now, &v_now));
		if (!is_masked(i) || v.is_null)
			must(v_now.is_null == v.is_null && span_eq(v_now.bytes, v.bytes));
		else
			must(i % 3 == 0 ? v_now.is_null : span_eq(v_now.bytes, stars));
	}
	free(x.out);
}

static void edit_report(const struct codec_msg *msg)
{
	static struct edited x;
	struct pg_report was, now;

	must(pg_read_report(msg->body, true, &was) == 0);
	begin_edit(&x, msg);
	pg_edit_bytes(&x.e, was.message, stars);
	end_edit(&x);
	must(pg_read_report(x.again.body, true, &now) == 0 && span_eq(now.message, stars));
	must(span_eq(now.sqlstate, was.sqlstate) && now.is_fatal == was.is_fatal);
	free(x.out);
}

static void edit_data(const struct codec_msg *msg)
{
	static struct edited x;
	const size_t half = msg->body.len / 2;

	begin_edit(&x, msg);
	pg_edit_bytes(&x.e, (struct span){ msg->body.ptr, half }, stars);
	end_edit(&x);
	must(x.again.body.len == msg->body.len - half + stars.len);
	must(memcmp(x.again.body.ptr + stars.len, msg->body.ptr + half, msg->body.len - half) == 0);
	free(x.out);
}

static void edit_seen(void *ctx, enum codec_dir dir, const struct codec_msg *msg,
		const struct codec_plan *plan)
{
	(void)ctx;
	(void)plan;
	if (dir != CODEC_TO_CLIENT || (msg->flags & CODEC_F_PART) != 0)
		return;
	if (msg->kind == PG_DATA_ROW)
		edit_row(msg);
	else if (msg->kind == PG_ERROR || msg->kind == PG_NOTICE)
		edit_report(msg);
	else if (msg->kind == PG_COPY_DATA)
		edit_data(msg);
}

/* Settles every message of a log. */
static void settle_log(const char *name, const struct tap_log *log)
{
	static struct tap t;
	enum codec_dir dir;
	struct span bytes;

	tap_init(&t, &conf_recorded, PG_START_CONNECT);
	t.seen = edit_seen;
	for (size_t at = 0; tap_log_next(log, &at, &dir, &bytes);)
		tap_feed(&t, dir, bytes.ptr, bytes.len, bytes.len);
	CHECK_ROW(name, !t.is_bad && !t.is_opaque && t.n_in[0] == 0 && t.n_in[1] == 0);
	if (t.is_bad)
		printf("    %s, after %zu messages\n", pg_why_text(pg_session_why(&t.s)), t.n_msgs);
	CHECK_ROW(name, pg_session_is_quiet(&t.s) || t.s.server.is_fatal);
	tap_done(&t);
}

static const char *captures; /* the folder */

static bool read_log(const char *name, struct tap_log *log)
{
	char path[600];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", captures, name);
	file = fopen(path, "rb");
	if (file == NULL)
		return false;
	log->cap = 1 << 20;
	log->bytes = malloc(log->cap);
	log->len = log->bytes != NULL ? fread(log->bytes, 1, log->cap, file) : 0;
	fclose(file);
	return log->len > 0;
}

/* Real clients and a real server (record.py): all of it is understood, in any chunking. */
static void test_captures(void)
{
	static const char *const names[] = { "pgbench_extended", "pgbench_pipeline",
		"pgbench_prepared", "psql_clear", "psql_everyday", "psql_md5", "psql_refused",
		"psycopg2_everyday", "raw_copy", "raw_denied", "raw_extended", "raw_fatal",
		"raw_replication" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct tap_log log = { .len = 0 };
		char name[100];

		snprintf(name, sizeof(name), "%s.cap", names[i]);
		CHECK_ROW(name, read_log(name, &log));
		settle_log(name, &log);
		check_split(&log, &conf_recorded, PG_START_CONNECT, 0, 0);
		check_split(&log, &conf_sliced, PG_START_CONNECT, 0, 0);
		free(log.bytes);
	}
	CU_ASSERT(n_edited[PG_DATA_ROW] > 300 && n_edited[PG_ERROR] > 20);
	CU_ASSERT(n_edited[PG_NOTICE] > 0 && n_edited[PG_COPY_DATA] > 20);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
		{ "conversations", test_conversations },
		{ "captures", test_captures },
	};

	captures = argc > 1 ? argv[1] : "tests/unit/pg/capture";
	return suite_run("pg properties", tests, sizeof(tests) / sizeof(*tests));
}
