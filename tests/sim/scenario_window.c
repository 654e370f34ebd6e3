/* SPDX-License-Identifier: Apache-2.0
 * Scenario 15: windows that are small, closed, or never open again. */
#include "tests/sim/ep.h"
#include "tests/sim/scenario.h"
#include "tests/sim/script.h"

static void upload(struct plan *p, uint64_t bytes)
{
	plan_do(p, 0, SIDE_AGENT, DO_WRITE, bytes);
	plan_do(p, 0, SIDE_AGENT, DO_SHUT, 0);
	plan_do(p, 0, SIDE_AGENT, DO_AWAIT_EOF, 0);
	plan_do(p, 0, SIDE_PROD, DO_AWAIT_EOF, 0);
	plan_do(p, 0, SIDE_PROD, DO_SHUT, 0);
}

/* A reader that takes a few bytes at a time must not be fed a few bytes at a time. */
static void receiver_tiny_window_sws(struct test *t)
{
	static const uint32_t buf[] = { 400, 1000, 2000, 3000, 8000 };

	for (uint32_t n = 0; n < 5 && !t->failed; n++) {
		struct plan p;
		struct world *w;

		plan_init(&p, 900 + n);
		p.conn[0].ep[SIDE_PROD].rcvbuf = buf[n];
		p.conn[0].ep[SIDE_PROD].has_ws = false;
		p.conn[0].ep[SIDE_PROD].read_chunk = 20;
		p.conn[0].ep[SIDE_PROD].read_every_us = 1000;
		upload(&p, 20000);
		w = test_plan(t, &p);
		if (w != NULL &&
				relay_counters_kept(w)->stat[STAT_SEGS_OUT] >
						20000 / (buf[n] / 4) + 30)
			test_fail(t, "window %u: %lu segments for 20000 bytes", buf[n],
					(unsigned long)relay_counters_kept(w)->stat[STAT_SEGS_OUT]);
		world_free(&w);
		plan_done(&p);
	}
	/* ours: after a hold the window does not open by a byte */
	script_run(t, NULL,
			"est\nmanual\n"
			"S> . 1:1(0) ack 1 win 1\n"
			"C> P. 1:201(200) ack 1 win 512\nverdict C pass 200\n"
			"quiet S\n+250ms\nS< . 1:129(128) any\nquiet S\n"
			"S> . 1:1(0) ack 129 win 0\n+3s\n");
}

static void zero_window_answered_for_10min(struct test *t)
{
	for (uint32_t n = 0; n < 4 && !t->failed; n++) {
		struct plan p;

		plan_init(&p, 910 + n);
		p.conn[0].ep[SIDE_PROD].rcvbuf = 4000;
		p.conn[0].ep[SIDE_PROD].read_stop_at = 5000;
		p.conn[0].ep[SIDE_PROD].read_stop_us = 600ull * US_PER_S;
		p.conn[0].insp.scripted = n & 1;
		p.link[HOP_P2R].loss_ppm = n & 2 ? 200000 : 0;
		plan_do(&p, 0, SIDE_AGENT, DO_WRITE, n & 1 ? 500000 : 40000);
		plan_do(&p, 0, SIDE_PROD, DO_AWAIT, n & 1 ? 500000 : 40000);
		plan_do(&p, 0, SIDE_PROD, DO_WRITE, 10);
		plan_do(&p, 0, SIDE_AGENT, DO_AWAIT, 10);
		for (int s = 0; s < SIDES; s++) {
			plan_do(&p, 0, (enum side)s, DO_SHUT, 0);
			plan_do(&p, 0, (enum side)s, DO_AWAIT_EOF, 0);
		}
		test_plan_only(t, &p);
		test_note(t, "case %u", n);
	}
	/* probes come at growing distances and carry nothing */
	script_run(t, NULL,
			"est\nS> . 1:1(0) ack 1 win 0\n"
			"C> P. 1:101(100) ack 1 win 512\n+5ms\nC< . 1:1(0) ack 101\nquiet\n"
			"+1s\nS<* . 0:0(0) ack 1\nS> . 1:1(0) ack 1 win 0\nflush\n"
			"+10m\nS<* . 0:0(0)\nflush\n"
			"S> . 1:1(0) ack 1 win 0\nflush\n"
			"S> . 1:1(0) ack 1 win 512\nS< P. 1:101(100)\n");
}

static void zero_window_peer_dead(struct test *t)
{
	script_run(t, NULL,
			"est\nS> . 1:1(0) ack 1 win 0\n"
			"C> P. 1:101(100) ack 1 win 512\nflush\n"
			"+20m\nC<* R. 1:1(0)\nS<* R. 1:1(0)\n"
			"+1m\nflows 0\nstat flows_timed_out 1\n");
}

const struct scenario scenarios_window[] = {
	{ "receiver_tiny_window_sws", receiver_tiny_window_sws },
	{ "zero_window_answered_for_10min", zero_window_answered_for_10min },
	{ "zero_window_peer_dead", zero_window_peer_dead },
	{ 0 },
};
