/* SPDX-License-Identifier: Apache-2.0
 * Scenarios 23 and 24: how connections end, orderly and not. */
#include "tests/sim/ep.h"
#include "tests/sim/scenario.h"
#include "tests/sim/script.h"

/* --- 23 --- */

static void half_close_with_long_reverse_stream(struct test *t)
{
	for (uint32_t n = 0; n < 6 && !t->failed; n++) {
		struct plan p;

		plan_init(&p, 1500 + n);
		for (int h = 0; h < HOPS; h++)
			p.link[h].loss_ppm = n & 1 ? 10000 : 0;
		p.conn[0].insp.scripted = n & 2;
		/* a client that asks whether its half-closed connection still stands */
		p.conn[0].ep[SIDE_AGENT].keepalive_us = n & 4 ? 5 * US_PER_S : 0;
		plan_do(&p, 0, SIDE_AGENT, DO_WRITE, 100);
		plan_do(&p, 0, SIDE_AGENT, DO_SHUT, 0);
		plan_do(&p, 0, SIDE_AGENT, DO_AWAIT_EOF, 0);
		plan_do(&p, 0, SIDE_PROD, DO_AWAIT_EOF, 0);
		for (int i = 0; i < 60; i++) {
			plan_do(&p, 0, SIDE_PROD, DO_WRITE, 20000);
			plan_do(&p, 0, SIDE_PROD, DO_SLEEP, (i % 20 == 19 ? 100 : 1) * US_PER_S);
		}
		plan_do(&p, 0, SIDE_PROD, DO_SHUT, 0);
		test_plan_only(t, &p);
	}
	script_run(t, NULL,
			"est\nC> F. 1:1(0) ack 1 win 512\nS< F. 1:1(0) ack 1\nquiet C\n"
			"S> . 1:1(0) ack 2 win 512\nC< . 1:1(0) ack 2\n"
			"S> P. 1:101(100) ack 2 win 512\nC< P. 1:101(100) ack 2\n"
			"C> . 2:2(0) ack 101 win 512\n+5ms\nS<* . 2:2(0) ack 101\n"
			"+90s\nC> . 1:1(0) ack 101 win 512\nC< . 101:101(0) ack 2\n+5ms\n" /* keepalive */
			"S< . 1:1(0) ack 101\n"); /* asked on */
}

static void simultaneous_close(struct test *t)
{
	script_run(t, NULL,
			"est\nC>+ F. 1:1(0) ack 1 win 512\nS> F. 1:1(0) ack 1 win 512\n"
			"C< F. 1:1(0) ack 1\nS< F. 1:1(0) ack 1\nquiet\n"
			"C> . 2:2(0) ack 2 win 512\nS< . 2:2(0) ack 2\n"
			"S> . 2:2(0) ack 2 win 512\nC< . 2:2(0) ack 2\nstate time-wait\n"
			"+31s\nflows 0\nquiet\n");
	for (uint32_t n = 0; n < 16 && !t->failed; n++) {
		struct plan p;

		plan_init(&p, 1510 + n);
		for (int h = 0; h < HOPS; h++)
			p.link[h].loss_ppm = n * 10000;
		for (int s = 0; s < SIDES; s++) {
			plan_do(&p, 0, (enum side)s, DO_WRITE, 3000);
			plan_do(&p, 0, (enum side)s, DO_SHUT, 0);
			plan_do(&p, 0, (enum side)s, DO_AWAIT_EOF, 0);
		}
		test_plan_only(t, &p);
	}
}

static void lost_fin(struct test *t)
{
	script_run(t, NULL,
			"est\nC> F. 1:1(0) ack 1 win 512\nS< F. 1:1(0) ack 1\nquiet C\n"
			"+250ms\nS<* F. 1:1(0) ack 1\nflush\nquiet C\n" /* ours again; theirs unacknowledged */
			"S> . 1:1(0) ack 2 win 512\nC< . 1:1(0) ack 2\n+2s\nquiet\n");
}

static void lost_fin_ack(struct test *t)
{
	/* our ACK of C's FIN is lost: the FIN that comes again is answered here, not passed again */
	script_run(t, NULL,
			"est\nC> F. 1:1(0) ack 1 win 512\nS< F. 1:1(0) ack 1\n"
			"S> . 1:1(0) ack 2 win 512\nC< . 1:1(0) ack 2\n"
			"C> F. 1:1(0) ack 1 win 512\nC< . 1:1(0) ack 2\nquiet S\n");
	/* S's ACK of our FIN is lost: it is sent again, and S's second ACK is taken */
	script_run(t, NULL,
			"est\nC> F. 1:1(0) ack 1 win 512\nS< F. 1:1(0)\n+250ms\nS< F. 1:1(0)\n"
			"C> F. 1:1(0) ack 1 win 512\nquiet C\n"
			"S> . 1:1(0) ack 2 win 512\nC<* . 1:1(0) ack 2\n");
}

static void fin_retransmit_in_tw(struct test *t)
{
	script_run(t, NULL,
			"est\nC> F. 1:1(0) ack 1 win 512\nflush\nS> F. 1:1(0) ack 2 win 512\n"
			"C<* F. 1:1(0) ack 2\nC> . 2:2(0) ack 2 win 512\nS<* . 2:2(0) ack 2\n"
			"state time-wait\n"
			"+1s\nS> F. 1:1(0) ack 2 win 512\nS< . 2:2(0) ack 2\nquiet C\n"
			"C> F. 1:1(0) ack 2 win 512\nC< . 2:2(0) ack 2\nquiet S\n"
			"+1s\nstate time-wait\n+31s\nflows 0\n");
}

/* --- 24 --- */

static void rst_blind_in_window_vs_exact(struct test *t)
{
	/* in the window, but not exact: challenged, not passed on (RFC 5961 3) */
	script_run(t, NULL,
			"est\nC> R 2:2(0) win 0\nC< . 1:1(0) ack 1\nquiet S\nstate established\n"
			"C> R 60000:60000(0) win 0\nC< . 1:1(0) ack 1\nquiet S\n"
			"drop seg_rst_inexact 2\n");
	/* outside: nothing */
	script_run(t, NULL,
			"est\nC> R 0:0(0) win 0\nC> R 1000000:1000000(0) win 0\n"
			"C> R -5:-5(0) win 0\nquiet\ndrop seg_rst_outside 3\nstate established\n"
			"S> R 70000000:70000000(0) win 0\nquiet\n");
	/* exact: accepted, and S is reset at the number that it waits for */
	script_run(t, NULL, "est\nC> R 1:1(0) win 0\nS< R. 1:1(0)\nquiet C\nstat flows_reset 1\n");
	script_run(t, NULL, "est\nS> R. 1:1(0) ack 1 win 0\nC< R. 1:1(0)\nquiet S\n");
	/* a SYN on an open connection: challenged; a rebooted client then resets at our number */
	script_run(t, NULL,
			"est\nC> S 900000:900000(0) win 65535 <mss 1460>\nC< . 1:1(0) ack 1\nquiet S\n"
			"drop seg_syn_challenged 1\n"
			"C> R 1:1(0) win 0\nS< R. 1:1(0)\n");
	/* our RST met a challenge: again, with its number */
	script_run(t, NULL,
			"est\nC> P. 1:101(100) ack 1 win 512\nS< P. 1:101(100)\n"
			"C> R 101:101(0) win 0\n+1ms\nS<* R. 101:101(0)\nflush\n"
			"S> . 1:1(0) ack 51 win 512\nS< R. 51:51(0)\n");
}

static void rst_after_data_delivers_data_first(struct test *t)
{
	/* what was judged before the RST leaves before our RST, also when the window was closed */
	script_run(t, NULL,
			"est\nC>+ . 1:1461(1460) ack 1 win 512\nC>+ P. 1461:1961(500) ack 1 win 512\n"
			"C> R. 1961:1961(0) ack 1 win 0\n"
			"S< . 1:1461(1460)\nS< P. 1461:1961(500)\nS< R. 1961:1961(0)\nquiet C\n");
	script_run(t, NULL,
			"est\nS> . 1:1(0) ack 1 win 0\nC> P. 1:101(100) ack 1 win 512\nflush\n"
			"C> R. 101:101(0) ack 1 win 0\nnodata S\n"
			"S> . 1:1(0) ack 1 win 512\nS<* P. 1:101(100)\nS<* R. 101:101(0)\n");
	/* unjudged bytes go nowhere */
	script_run(t, NULL,
			"est\nmanual\nC> P. 1:101(100) ack 1 win 512\nverdict C pass 40\nS< . 1:41(40)\n"
			"C> R. 101:101(0) ack 1 win 0\nS> . 1:1(0) ack 41 win 512\nS<* R. 41:41(0)\n"
			"nodata S\n");
	for (uint32_t n = 0; n < 30 && !t->failed; n++) {
		struct plan p;

		plan_init(&p, 1600 + n);
		for (int h = 0; h < HOPS; h++)
			p.link[h].loss_ppm = n & 1 ? 30000 : 0;
		plan_do(&p, 0, SIDE_AGENT, DO_WRITE, 200 + 3000 * n);
		plan_do(&p, 0, SIDE_AGENT, DO_SLEEP, n & 2 ? 500 : 300000);
		plan_do(&p, 0, SIDE_AGENT, DO_ABORT, 0);
		plan_do(&p, 0, SIDE_PROD, DO_AWAIT_EOF, 0);
		p.conn[0].expect[SIDE_AGENT] = OUT_ABORTED;
		p.conn[0].expect[SIDE_PROD] = OUT_RESET | OUT_TIMEOUT;
		p.conn[0].ep[SIDE_PROD].keepalive_us = 10 * US_PER_S;
		test_plan_only(t, &p);
	}
}

static void challenge_ack_rate_limit(struct test *t)
{
	struct script *s = script_new(t, NULL);
	uint32_t n;

	script_do(s, "est\n");
	for (int i = 0; i < 200; i++)
		script_f(s, "C>+ R %d:%d(0) win 0\nC>+ S %d:%d(0) win 100\n", 2 + i, 2 + i, 777 * i,
				777 * i);
	script_do(s, "C> R 3:3(0) win 0\n");
	n = script_waiting(s, SIDE_AGENT);
	test_that(t, n >= 1 && n <= 4, "more than the flow's share of challenge ACKs");
	script_do(s, "flush\n+1s\nflush\nC> R 3:3(0) win 0\n");
	test_that(t, script_waiting(s, SIDE_AGENT) == 1, "no challenge ACK a second later");
	script_do(s, "flush\n");
	/* the worker's share: 100 a second over all flows */
	for (int i = 0; i < 150; i++)
		script_f(s, "port %d\nest\n", 1000 + i);
	script_do(s, "+2s\nflush\n");
	for (int i = 0; i < 150; i++)
		script_f(s, "port %d\nC>+ R 5:5(0) win 0\nC>+ R 6:6(0) win 0\n", 1000 + i);
	script_do(s, "C> R 7:7(0) win 0\n");
	n = script_waiting(s, SIDE_AGENT);
	if (n < 50 || n > 110)
		test_fail(t, "%u challenge ACKs in one poll", n);
	script_end(&s);
}

const struct scenario scenarios_close[] = {
	{ "half_close_with_long_reverse_stream", half_close_with_long_reverse_stream },
	{ "simultaneous_close", simultaneous_close },
	{ "lost_fin", lost_fin },
	{ "lost_fin_ack", lost_fin_ack },
	{ "fin_retransmit_in_tw", fin_retransmit_in_tw },
	{ "rst_blind_in_window_vs_exact", rst_blind_in_window_vs_exact },
	{ "rst_after_data_delivers_data_first", rst_after_data_delivers_data_first },
	{ "challenge_ack_rate_limit", challenge_ack_rate_limit },
	{ 0 },
};
