/* SPDX-License-Identifier: Apache-2.0
 * Scenarios 18 to 22: a command waits in an open session, and what may happen meanwhile. */
#include "tests/sim/ep.h"
#include "tests/sim/inspect.h"
#include "tests/sim/scenario.h"
#include "tests/sim/script.h"

/* One request of <bytes> is held for <s> seconds, then passes; one answer. */
static void plan_hold(struct plan *p, uint64_t seed, uint64_t bytes, uint64_t s)
{
	plan_init(p, seed);
	p->conn[0].insp = (struct insp_conf){ .scripted = true,
		.whole_units = true,
		.hold_ppm = 1000000,
		.hold_min_us = s * US_PER_S,
		.hold_max_us = s * US_PER_S };
	plan_do(p, 0, SIDE_AGENT, DO_WRITE, bytes);
	plan_do(p, 0, SIDE_AGENT, DO_AWAIT, 500);
	plan_do(p, 0, SIDE_AGENT, DO_SHUT, 0);
	plan_do(p, 0, SIDE_AGENT, DO_AWAIT_EOF, 0);
	plan_do(p, 0, SIDE_PROD, DO_AWAIT, bytes);
	plan_do(p, 0, SIDE_PROD, DO_WRITE, 500);
	plan_do(p, 0, SIDE_PROD, DO_AWAIT_EOF, 0);
	plan_do(p, 0, SIDE_PROD, DO_SHUT, 0);
}

/* --- 18 --- */

static void hold_5min(struct test *t)
{
	for (uint32_t n = 0; n < 12 && !t->failed; n++) {
		struct plan p;
		struct world *w;

		plan_hold(&p, 1200 + n, n & 1 ? 100 : 150000, n < 10 ? 300 : 600);
		for (int h = 0; h < HOPS; h++)
			p.link[h].loss_ppm = n & 2 ? 20000 : 0;
		w = test_plan(t, &p);
		if (w != NULL) {
			/* both ends were asked, every 30 s, whether they live; twice: each way is held once */
			test_that(t, relay_counters_kept(w)->stat[STAT_KEEPALIVES_OUT] >= 2 * 18,
					"no keepalives while held");
			test_that(t, w->stats.holds >= 2, "nothing was held");
		}
		world_free(&w);
		plan_done(&p);
	}
	script_run(t, NULL,
			"est\nmanual\n"
			"C> P. 1:101(100) ack 1 win 512\n+5ms\nC< . 1:1(0) ack 101\n"
			"verdict C hold\nheld 1\n"
			"+29s\nquiet\n"
			"+2s\nC< . 0:0(0) ack 101\nS< . 0:0(0) ack 1\n"
			"C> . 101:101(0) ack 1 win 512\nS> . 1:1(0) ack 1 win 512\nquiet\n"
			"+30s\nC< . 0:0(0) ack 101\nS< . 0:0(0) ack 1\n"
			"C> . 101:101(0) ack 1 win 512\nS> . 1:1(0) ack 1 win 512\n"
			"verdict C resume\nheld 0\nquiet S\n"
			"verdict C pass 100\nS< P. 1:101(100) ack 1\n");
}

static void hold_then_deny(struct test *t)
{
	/* the reply and a FIN for the agent, an RST for the server, not one byte of the command */
	struct script *s = script_new(t, NULL);
	struct seg g;

	script_do(s,
			"est\nmanual\nC> P. 1:101(100) ack 1 win 512\nverdict C hold\nflush\n+20s\nflush\n"
			"verdict C deny reply\nS< R. 1:1(0)\nquiet S\n");
	test_that(t, script_next(s, SIDE_AGENT, &g) && g.len == 24 && g.payload[0] == 'E',
			"the reply did not come");
	script_do(s,
			"C<* F. 25:25(0) ack 101\n"
			"C> . 101:101(0) ack 26 win 512\n"
			"C> P. 101:201(100) ack 26 win 512\nC<* . 26:26(0) ack 201\nnodata S\n" /* heard, dropped */
			"+3s\nC<* R. 26:26(0)\nnodata S\nheld 0\n");
	script_end(&s);
}

/* --- 19 --- */

static void hold_peer_with_tcp_user_timeout(struct test *t)
{
	/* a sender that gives up after 4 s without progress must see progress, or an open window */
	for (uint32_t n = 0; n < 6 && !t->failed; n++) {
		struct plan p;

		plan_hold(&p, 1220 + n, n & 1 ? 1000 : 60000, 120);
		p.conn[0].ep[SIDE_AGENT].user_timeout_us = 4 * US_PER_S;
		p.conn[0].ep[SIDE_PROD].user_timeout_us = 4 * US_PER_S;
		for (int h = 0; h < HOPS; h++)
			p.link[h].loss_ppm = n & 2 ? 10000 : 0;
		test_plan_only(t, &p);
	}
}

static void hold_peer_with_keepalive_10s(struct test *t)
{
	for (uint32_t n = 0; n < 4 && !t->failed; n++) {
		struct plan p;

		plan_hold(&p, 1230 + n, 1000, 300);
		p.conn[0].ep[n & 1].keepalive_us = 10 * US_PER_S;
		p.conn[0].ep[SIDE_AGENT].keepalive_us = 10 * US_PER_S;
		test_plan_only(t, &p);
	}
	script_run(t, NULL,
			"est\nmanual\nC> P. 1:101(100) ack 1 win 512\nverdict C hold\nflush\n"
			"+10s\nC> . 100:100(0) ack 1 win 512\nC< . 1:1(0) ack 101\n"
			"+10s\nC> . 100:100(0) ack 1 win 512\nC<* . 1:1(0) ack 101\n");
}

/* --- 20 --- */

static void hold_client_fin(struct test *t)
{
	/* a FIN while held is acknowledged after 60 s: Linux forgets the socket otherwise */
	script_run(t, NULL,
			"est\nmanual\nC> P. 1:101(100) ack 1 win 512\nverdict C hold\nflush\n"
			"C> F. 101:101(0) ack 1 win 512\nquiet S\nflush\n"
			"C> F. 101:101(0) ack 1 win 512\n+5ms\nflush\n"
			"+58s\nflush\nC> F. 101:101(0) ack 1 win 512\n+5ms\nflush\nstat hold_fin_acked 0\n"
			"+3s\nC<* . ack 102\nstat hold_fin_acked 1\nflush\n"
			"+60s\nflush\n"
			"C> . 102:102(0) ack 1 win 512\nS> . 1:1(0) ack 1 win 512\nflush\n"
			"verdict C resume\nverdict C pass 100\n"
			"S< P. 1:101(100)\nS< F. 101:101(0) ack 1\n"
			"S> P. 1:51(50) ack 102 win 512\nverdict S pass 50\nC<* P. 1:51(50) ack 102\n"
			"S> F. 51:51(0) ack 102 win 512\nC<* F. 51:51(0) ack 102\n"
			"C> . 102:102(0) ack 52 win 512\nS<* . 102:102(0) ack 52\nstate time-wait\n");
	for (uint32_t n = 0; n < 4 && !t->failed; n++) {
		struct plan p;

		plan_hold(&p, 1240 + n, 1000, n & 1 ? 30 : 200);
		/* the client closes its half right after the request */
		p.conn[0].app[SIDE_AGENT].op[1].what = DO_SHUT;
		test_plan_only(t, &p);
	}
}

static void hold_client_rst(struct test *t)
{
	script_run(t, NULL,
			"est\nmanual\nC> P. 1:101(100) ack 1 win 512\nverdict C hold\nflush\n"
			"C> R. 101:101(0) ack 1 win 0\n"
			"S< R. 1:1(0)\nquiet\nheld 0\nstat flows_reset 1\n"
			"verdict C resume = -116\n+10s\n");
}

static void hold_client_vanishes(struct test *t)
{
	script_run(t, NULL,
			"est\nmanual\nC> P. 1:101(100) ack 1 win 512\nverdict C hold\nflush\n"
			"+30s\nS> . 1:1(0) ack 1 win 512\n+30s\nS> . 1:1(0) ack 1 win 512\n"
			"+30s\nS> . 1:1(0) ack 1 win 512\n+30s\nS> . 1:1(0) ack 1 win 512\n"
			"+30s\nS> . 1:1(0) ack 1 win 512\n+30s\nS> . 1:1(0) ack 1 win 512\n"
			"+30s\nS<* R. 1:1(0)\nheld 0\nverdict C resume = -116\n");
}

static void approval_after_death(struct test *t)
{
	struct script *s = script_new(t, NULL);

	/* the flow's slot has a new owner when the answer to the old one comes */
	script_do(s,
			"port 1000\nest\nmanual\nC> P. 1:101(100) ack 1 win 512\nverdict C hold\n"
			"C> R. 101:101(0) ack 1 win 0\nflush\n+10s\nflush\nflows 0\n"
			"verdict C resume = -116\n"
			"port 2000\nest\nC> P. 1:101(100) ack 1 win 512\nflush\n");
	script_do(s, "verdict C hold\nheld 1\n");
	test_that(t, relay_resume(script_world(s)->relay, 0, 0, script_world(s)->now_us) != 0,
			"an old generation resumed a new flow");
	script_do(s, "held 1\nquiet S\nverdict C resume\nheld 0\n");
	script_end(&s);
	/* in numbers, by seed: holds that outlive their flows */
	for (uint32_t n = 0; n < 30 && !t->failed; n++) {
		struct plan p;

		plan_hold(&p, 1260 + n, 500, 20);
		p.conn[0].app[SIDE_AGENT].op[1] =
				(struct app_op){ .what = DO_SLEEP, .arg = 100000 + n * 500000 };
		p.conn[0].app[SIDE_AGENT].op[2] =
				(struct app_op){ .what = n & 1 ? DO_ABORT : DO_REBOOT };
		p.conn[0].expect[0] = p.conn[0].expect[1] = OUT_ANY & ~(uint32_t)OUT_OPEN;
		p.conn[0].ep[SIDE_PROD].keepalive_us = 10 * US_PER_S;
		test_plan_only(t, &p);
	}
}

/* --- 21, 22 --- */

static void deny_mid_pdu(struct test *t)
{
	struct script *s = script_new(t, NULL);
	struct seg g;

	/* the first command has passed, half of the second is there when it is denied */
	script_do(s,
			"est\nmanual\nC> P. 1:101(100) ack 1 win 512\nverdict C pass 100\nS< P. 1:101(100)\n"
			"S> . 1:1(0) ack 101 win 512\n"
			"C> . 101:151(50) ack 1 win 512\nquiet S\nflush\n"
			"verdict C deny reply\n"
			"S< R. 101:101(0)\nquiet S\n");
	test_that(t, script_next(s, SIDE_AGENT, &g) && g.len == 24, "the reply did not come");
	script_do(s,
			"C<* F. 25:25(0) ack 151\n"
			"C> P. 151:201(50) ack 1 win 512\nnodata S\n+5s\nnodata S\n");
	script_end(&s);
	/* half of the PDU was let through: RST, never FIN */
	script_run(t, NULL,
			"est\nmanual\nC> P. 1:101(100) ack 1 win 512\nverdict C pass 40\nS< . 1:41(40)\n"
			"verdict C deny rst\nS< R. 41:41(0)\nC<* R. 1:1(0)\nquiet\n"
			"+10s\nflush\nflows 0\n");
	script_run(t, NULL,
			"est\nmanual\nC> P. 1:101(100) ack 1 win 512\nflush\n"
			"verdict C deny silent\n+3s\nquiet\n");
	/* denied by seed, over lossy links */
	for (uint32_t n = 0; n < 60 && !t->failed; n++) {
		struct plan p;

		plan_hold(&p, 1300 + n, 5000, 0);
		p.conn[0].insp.hold_ppm = n & 1 ? 1000000 : 0;
		p.conn[0].insp.hold_max_us = 50000;
		p.conn[0].insp.deny_unit[n & 2 ? SIDE_PROD : SIDE_AGENT] = 1;
		p.conn[0].insp.deny_how = (uint8_t)(n % 3);
		p.conn[0].insp.whole_units = n & 4;
		for (int h = 0; h < HOPS; h++)
			p.link[h].loss_ppm = n & 8 ? 50000 : 0;
		for (int e = 0; e < SIDES; e++) {
			p.conn[0].expect[e] = OUT_ANY & ~(uint32_t)OUT_OPEN;
			p.conn[0].ep[e].keepalive_us = 10 * US_PER_S;
		}
		test_plan_only(t, &p);
	}
}

static void pdu_larger_than_cap_fails_closed(struct test *t)
{
	static const uint32_t caps[] = { 65536, 131072, 1u << 20 };

	for (uint32_t n = 0; n < 6 && !t->failed; n++) {
		const uint32_t cap = caps[n / 2];
		const uint64_t unit = n & 1 ? cap + 1 : cap;
		struct plan p;
		struct world *w;

		plan_hold(&p, 1400 + n, unit, 0);
		p.conn[0].insp.hold_ppm = 0;
		p.conn[0].rcv_cap = cap;
		if (n & 1)
			p.conn[0].expect[0] = p.conn[0].expect[1] = OUT_RESET;
		w = test_plan(t, &p);
		if (w != NULL && (n & 1) != 0)
			test_that(t, w->conn[0].denied && w->conn[0].dir[SIDE_AGENT].out_len == 0,
					"a unit that cannot be judged as a whole went on");
		world_free(&w);
		plan_done(&p);
	}
}

const struct scenario scenarios_hold[] = {
	{ "hold_5min_both_ends_alive_then_pass", hold_5min },
	{ "hold_then_deny", hold_then_deny },
	{ "hold_peer_with_tcp_user_timeout", hold_peer_with_tcp_user_timeout },
	{ "hold_peer_with_keepalive_10s", hold_peer_with_keepalive_10s },
	{ "hold_client_fin", hold_client_fin },
	{ "hold_client_rst", hold_client_rst },
	{ "hold_client_vanishes", hold_client_vanishes },
	{ "approval_after_death", approval_after_death },
	{ "deny_mid_pdu", deny_mid_pdu },
	{ "pdu_larger_than_cap_fails_closed", pdu_larger_than_cap_fails_closed },
	{ 0 },
};
