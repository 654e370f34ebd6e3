/* SPDX-License-Identifier: Apache-2.0
 * What a session costs the worker, without the engine below: whole sessions through the spine with the
 * rules of sql-risk, over flat buffers. Only calls of data() and spine_poll() are timed; both ends,
 * their TLS included, work outside of it. TSC, told in nanoseconds. */
#include "dataplane/handoff/ring.h"
#include "dataplane/inspect/spine.h"
#include "parsers/base/must.h"
#include "ruleset/load/load.h"
#include "ruleset/model/model.h"
#include "tests/perf/flat_stream.h"
#include "tests/support/ctrl_stub.h"
#include "tests/support/pg_peer.h"
#include "tests/unit/inspect/contexts.h"
#include "tests/unit/pg/talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

enum {
	ROUNDS = 100000,
	WARM_UP = 1000,
	SHAPES_MAX = 64 << 10, /* of one command or answer */
	ROW_BYTES = 100,
	ROWS = 512, /* of one arrival */
	ROW_ROUNDS = 4000,
	LONG_TEXT = 600 << 10,
	LONG_ROUNDS = 40,
	ARRIVES = 64 << 10, /* of a long text at a time */
	NOW_S = 1800000000,
	TURNS_MAX = 1000,
};

static double ns_per_cycle;

static struct contexts tls;

/* One session, logged in. */
struct run {
	struct spine_target target;
	struct spine *spine;
	struct ring *tickets, *answers;
	struct ctrl ctrl;
	struct relay relay;
	struct pg_agent_conf agent_conf;
	struct pg_server_conf server_conf;
	struct pg_agent agent;
	struct pg_server server;
	struct policy *policy;
	struct spine_rules rules;
	uint64_t longest; /* cycles of one call */
};

/* ---- made and unmade */

static void target_init(struct run *x, bool uses_tls)
{
	static const char *const packs[] = { "sql-risk" };
	size_t bad;

	must(policy_new(packs, 1, &x->policy, &bad) == 0);
	x->rules = (struct spine_rules){ .policy = x->policy };
	x->target = (struct spine_target){ .agent_tls = uses_tls ? tls.to_agent : NULL,
		.prod_tls = uses_tls ? tls.to_prod : NULL,
		.prod_verified = uses_tls,
		.token_in_clear = !uses_tls,
		.user = "app",
		.rules = &x->rules,
		.pg = pg_conf_default,
		.handshake_ms = 20000,
		.notice_ms = 5000,
		.hold_ms = 20000 };
	x->target.pg.max_msg_bytes[CODEC_TO_SERVER] = 1 << 20;
	x->target.pg.describe = false;
}

static void spine_up(struct run *x)
{
	const struct spine_conf conf = { .max_sessions = 16,
		.memory_bytes = 64 << 20,
		.max_command_bytes = 1 << 20,
		.cache_sets = 1024,
		.n_tickets = 64,
		.tls = { .max_conns = 64, .max_handshakes = 32 },
		.key = { 1, 2 } };

	x->tickets = ring_new(conf.n_tickets, sizeof(struct ticket));
	x->answers = ring_new(conf.n_tickets, sizeof(struct ticket_answer));
	must(x->tickets != NULL && x->answers != NULL);
	ctrl_init(&x->ctrl, x->tickets, x->answers);
	x->spine = spine_new(&conf, x->tickets, x->answers);
	must(x->spine != NULL);
	flat_init(&x->relay, x->spine, &x->target);
	x->relay.now_us = (uint64_t)NOW_S * 1000000;
}

/* ---- the timed part */

static uint64_t timed(struct run *x, uint64_t from)
{
	const uint64_t took = __rdtsc() - from;

	if (took > x->longest)
		x->longest = took;
	return took;
}

/* Cycles of all calls for what has arrived from there. */
static uint64_t work(struct run *x, enum side from)
{
	uint64_t cycles = 0;

	while (flat_is_due(&x->relay, from)) {
		const uint64_t began = __rdtsc();

		x->relay.flow.way[from].is_due = x->relay.flow.way[from].room_due = false;
		x->relay.flow.way[from].need = 0;
		inspector_postgres.data(&x->relay, &x->relay.flow, from);
		cycles += timed(x, began);
	}
	return cycles;
}

static uint64_t poll(struct run *x)
{
	const uint64_t began = __rdtsc();

	(void)spine_poll(x->spine, &x->relay, x->relay.now_us);
	return timed(x, began);
}

static uint64_t arrive(struct run *x, enum side from)
{
	struct pipe *p = from == SIDE_AGENT ? &x->agent.wire.net_out : &x->server.wire.net_out;

	flat_arrive(&x->relay, from, p->bytes, (uint32_t)p->len);
	pipe_drop(p, p->len);
	return work(x, from);
}

/* One end says it; cycles. */
static uint64_t says(struct run *x, enum side from, const uint8_t *bytes, size_t n)
{
	struct pg_wire *w = from == SIDE_AGENT ? &x->agent.wire : &x->server.wire;

	pg_wire_send(w, bytes, n);
	return arrive(x, from);
}

/* ---- log in */

static void hear(struct run *x, enum side from)
{
	struct flat_way *w = &x->relay.flow.way[from];

	if (w->out_len == 0)
		return;
	if (from == SIDE_AGENT)
		pg_server_feed(&x->server, w->out, w->out_len);
	else
		pg_agent_feed(&x->agent, w->out, w->out_len);
	w->out_len = 0;
}

static void log_in(struct run *x)
{
	pg_agent_init(&x->agent, &x->agent_conf);
	pg_server_init(&x->server, &x->server_conf);
	x->relay.flow.keeps_out = true;
	inspector_postgres.open(&x->relay, &x->relay.flow);
	pg_agent_start(&x->agent);
	for (int i = 0; i < TURNS_MAX && x->agent.state != PG_AGENT_READY; i++) {
		(void)arrive(x, SIDE_AGENT);
		(void)arrive(x, SIDE_PROD);
		hear(x, SIDE_AGENT);
		hear(x, SIDE_PROD);
		(void)poll(x);
		(void)ctrl_turn(&x->ctrl);
	}
	must(x->agent.state == PG_AGENT_READY);
	x->relay.flow.keeps_out = false;
}

static void run_open(struct run *x, bool uses_tls)
{
	memset(x, 0, sizeof(*x));
	target_init(x, uses_tls);
	spine_up(x);
	x->agent_conf = (struct pg_agent_conf){
		.user = "app", .database = "orders", .password = "good"
	};
	x->agent_conf.tls = (struct pg_peer_tls){ tls.worker, uses_tls ? tls.agent : NULL, NOW_S };
	x->server_conf.tls =
			(struct pg_peer_tls){ tls.worker, uses_tls ? tls.server : NULL, NOW_S };
	log_in(x);
	x->longest = 0;
}

static void run_close(struct run *x)
{
	must(!x->relay.flow.is_over);
	inspector_postgres.close(&x->relay, &x->relay.flow, END_SHUTDOWN);
	(void)poll(x);
	(void)ctrl_turn(&x->ctrl);
	pg_agent_done(&x->agent);
	pg_server_done(&x->server);
	spine_free(&x->spine);
	flat_done(&x->relay);
	ring_free(&x->tickets);
	ring_free(&x->answers);
	policy_free(&x->policy);
}

/* ---- what is said */

struct said {
	uint8_t bytes[SHAPES_MAX];
	size_t len;
};

static void say(struct said *s, enum codec_dir dir, const char *spec)
{
	must(s->len + TALK_MAX <= sizeof(s->bytes));
	s->len += talk_build(dir, spec, s->bytes + s->len);
}

static void simple_query(struct said *q, struct said *a, uint32_t i)
{
	char text[128];

	q->len = a->len = 0;
	snprintf(text, sizeof(text), "Q SELECT abalance FROM pgbench_accounts WHERE aid = %u;", i);
	say(q, CODEC_TO_SERVER, text);
	say(a, CODEC_TO_CLIENT, "T abalance");
	say(a, CODEC_TO_CLIENT, "D 0");
	say(a, CODEC_TO_CLIENT, "C SELECT 1");
	say(a, CODEC_TO_CLIENT, "Z I");
}

static void extended_round(struct said *q, struct said *a, uint32_t i)
{
	char text[64];

	q->len = a->len = 0;
	say(q, CODEC_TO_SERVER, "P |SELECT abalance FROM pgbench_accounts WHERE aid = $1;");
	snprintf(text, sizeof(text), "B ||%u", i);
	say(q, CODEC_TO_SERVER, text);
	say(q, CODEC_TO_SERVER, "E |0");
	say(q, CODEC_TO_SERVER, "S");
	say(a, CODEC_TO_CLIENT, "1");
	say(a, CODEC_TO_CLIENT, "2");
	say(a, CODEC_TO_CLIENT, "D 0");
	say(a, CODEC_TO_CLIENT, "C SELECT 1");
	say(a, CODEC_TO_CLIENT, "Z I");
}

/* ---- the figures */

static double ns(uint64_t cycles)
{
	return (double)cycles * ns_per_cycle;
}

static int by_size(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void bench_rounds(const char *name, bool uses_tls,
		void (*make)(struct said *, struct said *, uint32_t))
{
	static uint64_t there[ROUNDS], back[ROUNDS];
	static struct said q, a;
	static struct run x;

	run_open(&x, uses_tls);
	for (uint32_t i = 0; i < ROUNDS + WARM_UP; i++) {
		const uint32_t at = i < WARM_UP ? i : i - WARM_UP;

		make(&q, &a, i * 7919 % 1000000);
		there[at] = says(&x, SIDE_AGENT, q.bytes, q.len);
		back[at] = says(&x, SIDE_PROD, a.bytes, a.len);
	}
	must(spine_counters(x.spine)->commands >= ROUNDS && spine_counters(x.spine)->denied == 0);
	qsort(there, ROUNDS, sizeof(there[0]), by_size);
	qsort(back, ROUNDS, sizeof(back[0]), by_size);
	printf("| %s, %s | %.0f | %.0f | %.0f | %.0f |\n", name, uses_tls ? "TLS" : "clear",
			ns(there[ROUNDS / 2]), ns(there[ROUNDS * 99 / 100]), ns(back[ROUNDS / 2]),
			ns(back[ROUNDS * 99 / 100]));
	run_close(&x);
}

static void rows_of(uint8_t *to, uint32_t n)
{
	static const uint8_t head[11] = { 'D', 0, 0, 0, ROW_BYTES - 1, 0, 1, 0, 0, 0,
		ROW_BYTES - 11 };

	for (uint32_t i = 0; i < n; i++) {
		memcpy(to + (size_t)i * ROW_BYTES, head, sizeof(head));
		memset(to + (size_t)i * ROW_BYTES + sizeof(head), 'x', ROW_BYTES - sizeof(head));
	}
}

static void bench_rows(bool uses_tls)
{
	static uint8_t rows[ROWS * ROW_BYTES];
	static struct said q, a;
	static struct run x;
	const double bytes = (double)ROW_ROUNDS * sizeof(rows);
	uint64_t cycles = 0;

	run_open(&x, uses_tls);
	rows_of(rows, ROWS);
	say(&q, CODEC_TO_SERVER, "Q SELECT v FROM t;");
	say(&a, CODEC_TO_CLIENT, "T v");
	(void)says(&x, SIDE_AGENT, q.bytes, q.len);
	(void)says(&x, SIDE_PROD, a.bytes, a.len);
	x.longest = 0;
	for (int i = 0; i < ROW_ROUNDS; i++)
		cycles += says(&x, SIDE_PROD, rows, sizeof(rows));
	must((double)x.relay.flow.way[SIDE_PROD].n_out >= bytes);
	printf("| %s | %.2f | %.0f | %.1f |\n", uses_tls ? "TLS -> TLS" : "clear -> clear",
			bytes / ns(cycles), ns(cycles) / ROW_ROUNDS / ROWS, ns(x.longest) / 1000);
	q.len = a.len = 0;
	run_close(&x);
}

/* A command of LONG_TEXT bytes; differs by <i>, so that no cache knows it. */
static uint8_t *long_command(uint32_t i, size_t *ret_len)
{
	static const char row[] = "(12345678,'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq'),";
	const size_t len = 5 + LONG_TEXT;
	uint8_t *bytes = malloc(len);
	char first[64];
	size_t at = 5,
	       n = (size_t)snprintf(first, sizeof(first), "INSERT INTO t%u (a, b) VALUES ", i);

	must(bytes != NULL);
	memset(bytes, ' ', len);
	bytes[0] = 'Q';
	store_be32(bytes + 1, (uint32_t)len - 1);
	memcpy(bytes + at, first, n);
	for (at += n; at + sizeof(row) + 1 < len; at += sizeof(row) - 1)
		memcpy(bytes + at, row, sizeof(row) - 1);
	bytes[at - 1] = ' '; /* the last comma */
	bytes[len - 1] = '\0';
	*ret_len = len;
	return bytes;
}

struct longest {
	uint64_t arrives, whole, answer; /* cycles */
};

static void long_one(struct run *x, uint32_t i, struct longest *ret)
{
	size_t len, at = 0;
	uint8_t *bytes = long_command(i, &len);
	const uint64_t out = x->relay.flow.way[SIDE_AGENT].n_out;

	for (; at < len; at += ARRIVES) {
		const size_t n = len - at < ARRIVES ? len - at : ARRIVES;

		x->longest = 0;
		(void)says(x, SIDE_AGENT, bytes + at, n);
		if (n == ARRIVES)
			ret->arrives = x->longest > ret->arrives ? x->longest : ret->arrives;
		else
			ret->whole = x->longest;
	}
	must(x->relay.flow.way[SIDE_AGENT].is_held);
	(void)ctrl_turn(&x->ctrl); /* the parse */
	x->longest = 0;
	(void)poll(x);
	(void)work(x, SIDE_AGENT);
	ret->answer = x->longest;
	must(x->relay.flow.way[SIDE_AGENT].n_out - out >= len);
	free(bytes);
}

static void bench_long(bool uses_tls)
{
	static uint64_t steps[3][LONG_ROUNDS];
	static const char *const names[3] = { "64 KiB arrive", "the last byte arrives",
		"the facts are there" };
	static struct said a;
	static struct run x;

	run_open(&x, uses_tls);
	a.len = 0;
	say(&a, CODEC_TO_CLIENT, "C INSERT 0 10000");
	say(&a, CODEC_TO_CLIENT, "Z I");
	for (uint32_t i = 0; i < LONG_ROUNDS; i++) {
		struct longest l = { 0 };

		long_one(&x, i, &l);
		(void)says(&x, SIDE_PROD, a.bytes, a.len);
		steps[0][i] = l.arrives;
		steps[1][i] = l.whole;
		steps[2][i] = l.answer;
	}
	must(spine_counters(x.spine)->denied == 0 && spine_counters(x.spine)->slow == LONG_ROUNDS);
	for (int k = 0; k < 3; k++) {
		qsort(steps[k], LONG_ROUNDS, sizeof(steps[k][0]), by_size);
		printf("| %s, %s | %.0f | %.0f |\n", names[k], uses_tls ? "TLS" : "clear",
				ns(steps[k][LONG_ROUNDS / 2]) / 1000,
				ns(steps[k][LONG_ROUNDS - 1]) / 1000);
	}
	run_close(&x);
}

static void calibrate(void)
{
	struct timespec a, b;
	const uint64_t from = __rdtsc();

	clock_gettime(CLOCK_MONOTONIC, &a);
	do
		clock_gettime(CLOCK_MONOTONIC, &b);
	while ((b.tv_sec - a.tv_sec) * 1000000000L + b.tv_nsec - a.tv_nsec < 100000000L);
	ns_per_cycle = ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) /
			(double)(__rdtsc() - from);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	calibrate();
	contexts_init(&tls, NOW_S);
	printf("| nanoseconds of the worker | to the server: p50 | p99 | back: p50 | p99 |\n"
	       "|---|---|---|---|---|\n");
	for (int t = 0; t < 2; t++) {
		bench_rounds("simple query", t, simple_query);
		bench_rounds("Parse, Bind, Execute, Sync", t, extended_round);
	}
	printf("\n| rows of %d bytes, %d at a time | GB/s | ns a row | longest call, us |\n"
	       "|---|---|---|---|\n",
			ROW_BYTES, ROWS);
	bench_rows(false);
	bench_rows(true);
	printf("\n| longest call of a %d KiB statement | median, us | most, us |\n|---|---|---|\n",
			LONG_TEXT >> 10);
	bench_long(false);
	bench_long(true);
	contexts_done(&tls);
	return 0;
}
