/* SPDX-License-Identifier: Apache-2.0
 * How loss is found, and how much is sent before and after it. Each row is a rule whose breach harms
 * no byte, only time or other people's queues, so that no invariant sees it. */
#include "tests/sim/ep.h"
#include "tests/sim/scenario.h"
#include "tests/sim/script.h"

enum { MSS = 1460 };

/* <n> full segments of C, from its segment <first> on, handed over together. */
static void burst(struct script *s, int first, int n)
{
	for (int i = first; i < first + n; i++)
		script_f(s, "C>%s . %d:%d(1460) ack 1 win 512\n", i + 1 < first + n ? "+" : "",
				1 + MSS * i, 1 + MSS * (i + 1));
}

/* S acknowledges <n> segments in all. */
static void acked(struct script *s, int n)
{
	script_f(s, "S> . 1:1(0) ack %d win 512\n", 1 + MSS * n);
}

static const char no_sack[] = "C> S 0:0(0) win 65535 <mss 1460,ws 7>\nS< S 0:0(0)\n"
			      "S> S. 0:0(0) ack 1 win 65535 <mss 1460,ws 7>\nC< S. 0:0(0) ack 1\n"
			      "C> . 1:1(0) ack 1 win 512\nS> . 1:1(0) ack 1 win 512\nflush\n";

/* RFC 5681 3.2, RFC 6582 3.2: three duplicates show the first hole, an ACK that stops short the next. */
static void lost_without_sack_found_before_the_timeout(struct test *t)
{
	struct script *s = script_new(t, NULL);

	script_do(s, no_sack);
	burst(s, 0, 6); /* 0 and 3 get lost */
	script_do(s,
			"flush\nS> . 1:1(0) ack 1 win 512\nS> . 1:1(0) ack 1 win 512\nquiet S\n"
			"S> . 1:1(0) ack 1 win 512\nS< . 1:1461(1460)\nquiet S\n"
			"S> . 1:1(0) ack 1 win 512\nquiet S\n");
	acked(s, 3);
	script_do(s, "S< . 4381:5841(1460)\nquiet S\n");
	acked(s, 6);
	script_do(s, "+3s\nquiet S\nstat rtos 0\nstat retransmits 2\n");
	script_end(&s);
}

/* A path that has become longer is believed in the end: reordering is measured against it. */
static void smallest_round_trip_ages(struct test *t)
{
	struct script *s = script_new(t, NULL);

	script_do(s, "est\nC> P. 1:11(10) ack 1 win 512\nflush\n+1ms\nS> . 1:1(0) ack 11 win 512\nflush\n");
	script_do(s, "+299s\nC> P. 11:21(10) ack 1 win 512\nflush\n+30ms\nS> . 1:1(0) ack 21 win 512\nflush\n");
	test_that(t, script_report(s).side[SIDE_PROD].min_rtt_us < 5000, "forgotten too early");
	script_do(s, "+3s\nC> P. 21:31(10) ack 1 win 512\nflush\n+30ms\nS> . 1:1(0) ack 31 win 512\nflush\n");
	test_that(t, script_report(s).side[SIDE_PROD].min_rtt_us > 25000, "kept for ever");
	script_end(&s);
}

/* RFC 6298 3: what waited behind a hole was not that long under way. */
static void round_trips_are_not_measured_over_holes(struct test *t)
{
	struct script *s = script_new(t, NULL);

	script_do(s, no_sack);
	for (int i = 0; i < 8; i += 2) {
		burst(s, i, 2);
		script_f(s, "flush\n+300ms\nS<* . %d:%d(1460)\nflush\n", 1 + MSS * i,
				1 + MSS * (i + 1));
		acked(s, i + 2);
	}
	if (script_report(s).side[SIDE_PROD].srtt_us > 5000)
		test_fail(t, "a round trip of %u us", script_report(s).side[SIDE_PROD].srtt_us);
	script_end(&s);
}

/* relay.md 2.3: a block that reaches beyond what was sent says nothing about what was. */
static void sack_beyond_what_was_sent_says_nothing(struct test *t)
{
	struct script *s = script_new(t, NULL);

	script_do(s, "est\n");
	burst(s, 0, 4);
	script_do(s,
			"flush\nS> . 1:1(0) ack 1 win 512 <sack 1461-100000>\n"
			"S> . 1:1(0) ack 1 win 512 <sack 1461-5842>\n+50ms\n"
			"stat retransmits_rack 0\nflush\n"
			"S> . 1:1(0) ack 1 win 512 <sack 1461-5841>\n+50ms\n"
			"stat retransmits_rack 1\nS<* . 1:1461(1460)\n");
	script_end(&s);
}

static void initial_window_is_ten_segments(struct test *t)
{
	struct script *s = script_new(t, NULL);

	script_do(s, "est\n");
	burst(s, 0, 30);
	script_do(s, "nodata C\n");
	if (script_waiting(s, SIDE_PROD) != 10)
		test_fail(t, "%u segments before any ACK", script_waiting(s, SIDE_PROD));
	script_end(&s);
}

static void reno(struct plan *p)
{
	p->relay.use_reno = true;
}

/* One of ten segments is lost; how much may be in flight when it is repaired? */
static uint32_t window_after_loss(struct test *t, const struct script_conf *conf)
{
	struct script *s = script_new(t, conf);
	uint32_t cwnd;

	script_do(s, "est\n");
	burst(s, 0, 10);
	script_do(s, "flush\nS> . 1:1(0) ack 1 win 512 <sack 1461-5841>\n+5ms\nS<* . 1:1461(1460)\n");
	acked(s, 10);
	cwnd = script_report(s).side[SIDE_PROD].cwnd_bytes;
	script_end(&s);
	return cwnd;
}

static void loss_slows_the_sender(struct test *t)
{
	const struct script_conf with_reno = { .setup = reno };
	const uint32_t cubic = window_after_loss(t, NULL);
	const uint32_t half = window_after_loss(t, &with_reno);

	if (cubic > 10220 + MSS || cubic < 2 * MSS)
		test_fail(t, "CUBIC: %u bytes after a loss at 14600", cubic);
	if (half > 7300 || half < 2 * MSS)
		test_fail(t, "NewReno: %u bytes after a loss at 14600", half);
}

/* Half a second away, one early loss: the cube regrows in seconds, a segment a round trip would
 * need half a minute (RFC 9438 1). */
static void cubic_regrows_over_a_long_path(struct test *t)
{
	struct plan p;
	struct world *w;

	plan_init(&p, 2700);
	p.env.paranoid = false;
	p.conn[0].ep[SIDE_PROD].rcvbuf = 4u << 20;
	p.conn[0].rcv_cap = 4u << 20;
	p.link[HOP_R2P] = (struct link_conf){ .delay_us = 250000, .lose_mask = 1ull << 8 };
	p.link[HOP_P2R].delay_us = 250000;
	plan_do(&p, 0, SIDE_AGENT, DO_WRITE, 3000000);
	plan_do(&p, 0, SIDE_AGENT, DO_SHUT, 0);
	plan_do(&p, 0, SIDE_AGENT, DO_AWAIT_EOF, 0);
	plan_do(&p, 0, SIDE_PROD, DO_AWAIT_EOF, 0);
	plan_do(&p, 0, SIDE_PROD, DO_SHUT, 0);
	p.limit_us = 120 * US_PER_S;
	w = test_plan(t, &p);
	if (w != NULL) {
		const struct ep_stats *st = ep_stats(w->conn[0].ep[SIDE_PROD]);

		if (st->done_us - st->established_us > 17 * US_PER_S)
			test_fail(t, "%lu us for 3 MB",
					(unsigned long)(st->done_us - st->established_us));
	}
	world_free(&w);
	plan_done(&p);
}

/* <n> segments in all are acknowledged; then one more, so that C is told how far it may go now. */
static void settle(struct script *s, int n)
{
	acked(s, n);
	burst(s, n, 1);
	acked(s, n + 1);
	script_do(s, "+2ms\nflush\n");
}

/* RFC 5681 4.1: what was known of the path an idle time ago is known no more. */
static void idle_restarts_at_the_initial_window(struct test *t)
{
	struct script *s = script_new(t, NULL);

	script_do(s, "est\n");
	burst(s, 0, 20);
	acked(s, 10);
	settle(s, 20);
	burst(s, 21, 30);
	acked(s, 41);
	settle(s, 51);
	burst(s, 52, 30);
	test_that(t, script_waiting(s, SIDE_PROD) > 20, "no growth to begin with");
	settle(s, 82);
	script_do(s, "+5s\nflush\n");
	burst(s, 83, 30);
	if (script_waiting(s, SIDE_PROD) > 10)
		test_fail(t, "%u segments after an idle time", script_waiting(s, SIDE_PROD));
	script_end(&s);
}

/* RFC 9937: in recovery about as much leaves as is delivered, times ssthresh over what was in flight. */
static void recovery_does_not_burst(struct test *t)
{
	struct script *s = script_new(t, NULL);

	script_do(s, "est\n");
	burst(s, 0, 40);
	acked(s, 10); /* twenty in flight now, ten wait */
	script_do(s, "flush\nS> . 1:1(0) ack 14601 win 512 <sack 16061-20441>\n");
	if (script_waiting(s, SIDE_PROD) == 0 || script_waiting(s, SIDE_PROD) > 4)
		test_fail(t, "%u segments for three delivered", script_waiting(s, SIDE_PROD));
	script_do(s, "S<* . 14601:16061(1460)\n");
	script_end(&s);
}

/* Doubled time-outs, and an end after five minutes without progress, told to both ends. */
static void silent_end_is_given_up_after_five_minutes(struct test *t)
{
	script_run(t, NULL,
			"est\nC> P. 1:101(100) ack 1 win 512\nS< P. 1:101(100)\nflush\n"
			"+290s\nflush\nstate established\n+70s\nC<* R. ack 101\nS<* R. ack 1\n"
			"+10s\nflows 0\nstat flows_timed_out 1\n");
}

const struct scenario scenarios_recovery[] = {
	{ "lost_without_sack_found_before_the_timeout",
			lost_without_sack_found_before_the_timeout },
	{ "smallest_round_trip_ages", smallest_round_trip_ages },
	{ "round_trips_are_not_measured_over_holes", round_trips_are_not_measured_over_holes },
	{ "sack_beyond_what_was_sent_says_nothing", sack_beyond_what_was_sent_says_nothing },
	{ "initial_window_is_ten_segments", initial_window_is_ten_segments },
	{ "loss_slows_the_sender", loss_slows_the_sender },
	{ "cubic_regrows_over_a_long_path", cubic_regrows_over_a_long_path },
	{ "idle_restarts_at_the_initial_window", idle_restarts_at_the_initial_window },
	{ "recovery_does_not_burst", recovery_does_not_burst },
	{ "silent_end_is_given_up_after_five_minutes", silent_end_is_given_up_after_five_minutes },
	{ 0 },
};
