/* SPDX-License-Identifier: Apache-2.0
 * What is taken in, what it may cost, and what its sender is told of it. */
#include "tests/sim/ep.h"
#include "tests/sim/scenario.h"
#include "tests/sim/script.h"

static uint64_t retained(struct script *s)
{
	struct relay_gauges g;

	relay_gauges(script_world(s)->relay, &g);
	return g.retained_bytes;
}

static void nothing_beyond_its_end_is_taken(struct test *t)
{
	/* a segment that reaches over the FIN that is known */
	script_run(t, NULL,
			"est\nC> F. 11:11(0) ack 1 win 512\nflush\n"
			"C> P. 1:21(20) ack 1 win 512\nS< . 1:11(10)\nS< F. 11:11(0)\nquiet S\n");
	/* ... and over the window: S offered 100 bytes, which is what C was told */
	script_run(t, NULL,
			"manual\nC> S 0:0(0) win 65535 <mss 1460>\nS> S. 0:0(0) ack 1 win 100 <mss 1460>\n"
			"C> . 1:201(200) ack 1 win 512\n+5ms\nC<* . 1:1(0) ack 101\n");
	/* an ACK that is none, at a number that zero acknowledges */
	script_run(t, &(struct script_conf){ .isn = { 0, 0u - 1 } },
			"est\nC> P 1:11(10) win 512\nquiet\ndrop tcp_flags 1\n");
}

/* RFC 9293 3.10.7.4: the window is that of the newest segment, not of the one that came last. */
static void older_segment_does_not_set_the_window(struct test *t)
{
	script_run(t, NULL,
			"est\nS> P. 11:21(10) ack 1 win 1\nS> P. 1:11(10) ack 1 win 512\nflush\n"
			"C> P. 1:201(200) ack 21 win 512\nnodata S\n"
			"S> . 21:21(0) ack 1 win 512\nS<* P. 1:201(200)\n");
}

/* RFC 5681 4.2, RFC 1122 4.2.3.2. */
static void acks_are_prompt_where_they_must_be(struct test *t)
{
	script_run(t, NULL,
			"est\nC> . 1:1461(1460) ack 1 win 512\nquiet C\n+3ms\nC< . 1:1(0) ack 1461\n"
			"C>+ . 1461:2921(1460) ack 1 win 512\nC> . 2921:4381(1460) ack 1 win 512\n"
			"C< . 1:1(0) ack 4381\nquiet C\n"
			/* a hole opens, and is filled in part and whole */
			"C> . 4481:4491(10) ack 1 win 512\nC< . 1:1(0) ack 4381 <sack 4481-4491>\n"
			"C> . 4381:4391(10) ack 1 win 512\nC< . 1:1(0) ack 4391 <sack 4481-4491>\n"
			"C> . 4391:4481(90) ack 1 win 512\nC< . 1:1(0) ack 4491\nquiet C\n");
}

/* RFC 2018 4. */
static void latest_sack_block_comes_first(struct test *t)
{
	script_run(t, NULL,
			"est\nC> . 201:301(100) ack 1 win 512\nC< . ack 1 <sack 201-301>\n"
			"C> . 601:701(100) ack 1 win 512\nC< . ack 1 <sack 601-701,sack 201-301>\n"
			"C> . 401:501(100) ack 1 win 512\n"
			"C< . ack 1 <sack 401-501,sack 201-301,sack 601-701>\n"
			"C> . 301:351(50) ack 1 win 512\n"
			"C< . ack 1 <sack 201-351,sack 401-501,sack 601-701>\n");
}

/* As many runs as fit into an option are told in one ACK a burst; with more, each arrival is told at
 * once, or some would be told long after they came. */
static void every_run_is_told(struct test *t)
{
	script_run(t, NULL,
			"est\nC>+ . 101:111(10) ack 1 win 512\nC>+ . 201:211(10) ack 1 win 512\n"
			"C> . 301:311(10) ack 1 win 512\n"
			"C< . ack 1 <sack 301-311,sack 201-211,sack 101-111>\nquiet C\n"
			"C>+ . 401:411(10) ack 1 win 512\nC>+ . 501:511(10) ack 1 win 512\n"
			"C> . 601:611(10) ack 1 win 512\n"
			"C< . ack 1 <sack 401-411,sack 301-311,sack 201-211,sack 101-111>\n"
			"C< . ack 1 <sack 501-511,sack 401-411,sack 301-311,sack 201-211>\n"
			"C< . ack 1 <sack 601-611,sack 501-511,sack 401-411,sack 301-311>\nquiet C\n");
}

/* Every other ten bytes, <n> times, from <first> on. */
static void holes(struct script *s, int first, int n)
{
	for (int i = 0; i < n; i++)
		script_f(s, "C> . %d:%d(10) ack 1 win 512\n", first + 20 * i, first + 20 * i + 10);
	script_do(s, "flush\n");
}

static void little_room(struct plan *p)
{
	p->relay.retain_bytes = 100000;
}

static void out_of_order_is_bounded_and_small(struct test *t)
{
	const struct script_conf conf = { .setup = little_room };
	struct script *s = script_new(t, NULL);
	struct relay_gauges g = { 0 };
	int at = 1;

	script_do(s, "est\n");
	holes(s, 101, 518);
	script_do(s, "drop limit_ooo 6\nstat ooo_in 512\n");
	if (retained(s) > 512 * 900)
		test_fail(t, "%lu bytes for 512 segments of 10", (unsigned long)retained(s));
	script_end(&s);
	/* when memory is short, eight */
	s = script_new(t, &conf);
	script_do(s, "est\nmanual\n");
	for (; at < 60000 && g.pressure == PRESSURE_GREEN && !t->failed; at += 1460) {
		script_f(s, "C> . %d:%d(1460) ack 1 win 512\nflush\n", at, at + 1460);
		relay_gauges(script_world(s)->relay, &g);
	}
	holes(s, at + 100, 12);
	script_do(s, "drop limit_ooo 4\n");
	script_end(&s);
}

static void least_room(struct plan *p)
{
	p->relay.retain_bytes = 65536;
}

/* Memory is nearly gone: what one flow keeps out of order makes room for the others. */
static void red_drops_what_is_out_of_order(struct test *t)
{
	const struct script_conf conf = { .setup = least_room };
	struct script *s = script_new(t, &conf);
	struct relay_gauges g = { 0 };

	script_do(s, "est\n");
	holes(s, 101, 5);
	script_do(s, "port 2000\nest\nmanual\n");
	for (int at = 1; at < 60000 && g.pressure < PRESSURE_RED && !t->failed; at += 1460) {
		script_f(s, "C> . %d:%d(1460) ack 1 win 512\nflush\n", at, at + 1460);
		relay_gauges(script_world(s)->relay, &g);
	}
	test_that(t, g.pressure >= PRESSURE_RED, "there was room");
	script_do(s, "+5ms\nflush\ndrop limit_ooo 5\n");
	script_end(&s);
}

static void held_line_costs_what_it_carries(struct test *t)
{
	struct script *s = script_new(t, NULL);

	script_do(s, "est\nmanual\nC> P. 1:41(40) ack 1 win 512\nverdict C hold\n+60s\n");
	if (retained(s) > 900)
		test_fail(t, "%lu bytes for a line of 40", (unsigned long)retained(s));
	/* and the report says how long it has been */
	if (script_report(s).side[SIDE_AGENT].hold_ms < 59000 || !script_report(s).held[SIDE_AGENT])
		test_fail(t, "held for %u ms", script_report(s).side[SIDE_AGENT].hold_ms);
	script_end(&s);
}

/* The inspector has closed a direction: what still comes is acknowledged and kept nowhere, and its
 * sender's FIN, which has nowhere to go, is acknowledged too. */
static void what_comes_after_close_is_thrown_away(struct test *t)
{
	script_run(t, NULL,
			"est\nmanual\nC> P. 1:11(10) ack 1 win 512\nverdict C pass 10\nS< P. 1:11(10)\n"
			"verdict C close\nS< F. 11:11(0)\nS> . 1:1(0) ack 12 win 512\nflush\n"
			"C> P. 11:21(10) ack 1 win 512\nC< . 1:1(0) ack 21\ndrop seg_denied 1\n"
			"C> F. 21:21(0) ack 1 win 512\nC<* . 1:1(0) ack 22\nquiet S\n");
}

/* A unit of <unit> bytes, more than the cap so far, for an inspector that judges whole units; prod
 * announced the scale <ws>. */
static void need_one(struct test *t, uint8_t ws, uint32_t unit)
{
	struct plan p;

	plan_init(&p, 2800);
	p.conn[0].ep[SIDE_PROD].ws = ws;
	p.conn[0].insp = (struct insp_conf){ .scripted = true, .whole_units = true };
	plan_do(&p, 0, SIDE_AGENT, DO_WRITE, unit);
	plan_do(&p, 0, SIDE_AGENT, DO_SHUT, 0);
	plan_do(&p, 0, SIDE_AGENT, DO_AWAIT_EOF, 0);
	plan_do(&p, 0, SIDE_PROD, DO_AWAIT, unit);
	plan_do(&p, 0, SIDE_PROD, DO_AWAIT_EOF, 0);
	plan_do(&p, 0, SIDE_PROD, DO_SHUT, 0);
	p.limit_us = 5 * US_PER_S;
	test_plan_only(t, &p);
	test_note(t, "scale %u, %u bytes", ws, unit);
}

static void all_that_is_needed_is_offered(struct test *t)
{
	static const uint32_t unit[] = { 65536, 70001, 100000, 131071, 200001 };

	for (uint8_t ws = 0; ws <= 14; ws++)
		for (int i = 0; i < 5 && !t->failed; i++)
			need_one(t, ws, unit[i]);
}

/* RFC 1122 4.2.3.3: a window too small for a segment is worth an ACK when it takes one again. */
static void reopened_window_is_told(struct test *t)
{
	struct script *s = script_new(t, NULL);

	script_do(s, "est\nS> . 1:1(0) ack 1 win 0\n");
	for (int at = 1; at < 67000; at += 1460)
		script_f(s, "C> . %d:%d(1460) ack 1 win 512\n", at, at + 1460);
	script_do(s,
			"C> . 67161:67841(680) ack 1 win 512\n+5ms\nC<* . 1:1(0) ack 67841 win 1\nflush\n"
			"S> . 1:1(0) ack 1 win 64\n+1ms\nflush\n"
			"S> . 1:1(0) ack 7301 win 0\n+1ms\nC<* . 1:1(0) ack 67841\n");
	script_end(&s);
}

/* 100 ms away: with 64 KiB a round trip, 5 MB would take eight seconds. Whichever end is far. */
static void window_grows_one(struct test *t, enum hop there, enum hop back)
{
	struct plan p;
	struct world *w;

	plan_init(&p, 2810);
	p.env.paranoid = false;
	p.link[there].delay_us = p.link[back].delay_us = 50000;
	p.conn[0].ep[SIDE_PROD].rcvbuf = 1u << 20;
	plan_do(&p, 0, SIDE_AGENT, DO_WRITE, 5000000);
	plan_do(&p, 0, SIDE_AGENT, DO_SHUT, 0);
	plan_do(&p, 0, SIDE_AGENT, DO_AWAIT_EOF, 0);
	plan_do(&p, 0, SIDE_PROD, DO_AWAIT_EOF, 0);
	plan_do(&p, 0, SIDE_PROD, DO_SHUT, 0);
	w = test_plan(t, &p);
	if (w != NULL) {
		const struct ep_stats *st = ep_stats(w->conn[0].ep[SIDE_PROD]);

		if (st->done_us - st->established_us > 5 * US_PER_S)
			test_fail(t, "%lu us for 5 MB",
					(unsigned long)(st->done_us - st->established_us));
	}
	world_free(&w);
	plan_done(&p);
}

static void window_grows_with_the_path(struct test *t)
{
	window_grows_one(t, HOP_A2R, HOP_R2A);
	test_note(t, "far agent");
	window_grows_one(t, HOP_R2P, HOP_P2R);
	test_note(t, "far server");
}

const struct scenario scenarios_receive[] = {
	{ "nothing_beyond_its_end_is_taken", nothing_beyond_its_end_is_taken },
	{ "older_segment_does_not_set_the_window", older_segment_does_not_set_the_window },
	{ "acks_are_prompt_where_they_must_be", acks_are_prompt_where_they_must_be },
	{ "latest_sack_block_comes_first", latest_sack_block_comes_first },
	{ "every_run_is_told", every_run_is_told },
	{ "red_drops_what_is_out_of_order", red_drops_what_is_out_of_order },
	{ "out_of_order_is_bounded_and_small", out_of_order_is_bounded_and_small },
	{ "held_line_costs_what_it_carries", held_line_costs_what_it_carries },
	{ "what_comes_after_close_is_thrown_away", what_comes_after_close_is_thrown_away },
	{ "all_that_is_needed_is_offered", all_that_is_needed_is_offered },
	{ "reopened_window_is_told", reopened_window_is_told },
	{ "window_grows_with_the_path", window_grows_with_the_path },
	{ 0 },
};
