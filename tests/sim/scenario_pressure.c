/* SPDX-License-Identifier: Apache-2.0
 * Scenarios 27 and 28: too little memory, too little room in the rings, and what moves. */
#include "tests/sim/ep.h"
#include "tests/sim/scenario.h"
#include "tests/sim/script.h"

static void exchange(struct plan *p, uint32_t conn, uint64_t bytes)
{
	for (int s = 0; s < SIDES; s++) {
		for (uint64_t n = 0; n < bytes; n += 10000)
			plan_do(p, conn, (enum side)s, DO_WRITE, 10000);
		plan_do(p, conn, (enum side)s, DO_SHUT, 0);
		plan_do(p, conn, (enum side)s, DO_AWAIT_EOF, 0);
	}
}

/* --- 27 --- */

static void pressure_mempool_exhausted(struct test *t)
{
	for (uint32_t n = 0; n < 24 && !t->failed; n++) {
		struct plan p;

		plan_init(&p, 2100 + n);
		p.env.pool_dry_every_us = 3000 + 2000 * n;
		p.env.pool_dry_for_us = p.env.pool_dry_every_us / 4;
		p.env.exact_rx = n & 1;
		p.conn[0].insp.scripted = n & 2;
		p.conn[0].insp.edit_ppm = 300000;
		if (n & 4) /* the header pool is small as well: ACKs and RSTs run short */
			p.env.pool_header = 8;
		exchange(&p, 0, 200000);
		test_plan_only(t, &p);
		test_note(t, "case %u", n);
	}
}

static void pressure_tx_ring_full(struct test *t)
{
	for (uint32_t n = 0; n < 24 && !t->failed; n++) {
		struct plan p;

		plan_init(&p, 2130 + n);
		p.env.tx_refuse_ppm = n & 1 ? 400000 : 0;
		p.env.tx_full_every_us = n & 2 ? 10000 : 0;
		p.env.tx_full_for_us = 4000;
		p.env.tx_retain_polls = n & 4 ? 50 : 0; /* and the ring itself fills up */
		p.conn[0].insp.scripted = n & 8;
		for (int h = 0; h < HOPS; h++)
			p.link[h].loss_ppm = n & 16 ? 10000 : 0;
		exchange(&p, 0, 200000);
		test_plan_only(t, &p);
		test_note(t, "case %u", n);
	}
}

static void table_of_100k(struct plan *p)
{
	p->relay.max_flows = 131072;
	p->relay.max_segs = 262144;
	p->relay.retain_bytes = 256ull << 20;
	p->relay.embryonic_per_source = 1u << 20;
	p->env.pool_full = p->env.pool_small = 1u << 20;
	p->env.paranoid = false;
	p->env.check_every = 200000;
	p->conn[0].insp.scripted = true;
}

enum { HELD_FLOWS = 100000 };

static void hold_many(struct script *s)
{
	for (uint32_t i = 0; i < HELD_FLOWS; i++)
		script_f(s,
				"host %u\nport %u\n"
				"C> S 0:0(0) win 65535 <mss 1460>\nS> S. 0:0(0) ack 1 win 65535 <mss 1460>\n"
				"C>+ . 1:1(0) ack 1 win 512\nC> P. 1:41(40) ack 1 win 512\n"
				"verdict C hold\nflush\n",
				1 + i / 50000, 10000 + i % 50000);
}

static uint32_t resume_all(struct script *s)
{
	struct world *w = script_world(s);
	static struct flow_report rep[1000];
	uint32_t cursor = 0, n = 0;

	while (cursor != UINT32_MAX) {
		const size_t k = relay_flows(w->relay, &cursor, rep, 1000);

		for (size_t i = 0; i < k; i++)
			n += relay_resume(w->relay, rep[i].index, rep[i].gen, w->now_us) == 0;
		script_do(s, "+1ms\nflush\n");
	}
	return n;
}

static void pressure_100k_flows_held(struct test *t)
{
	const struct script_conf conf = { .setup = table_of_100k };
	struct script *s = script_new(t, &conf);
	struct relay_gauges g;

	script_do(s, "manual\n");
	hold_many(s);
	relay_gauges(script_world(s)->relay, &g);
	if (g.flows != HELD_FLOWS || g.held != HELD_FLOWS)
		test_fail(t, "%u flows, %u held", g.flows, g.held);
	/* one-line commands do not sit in receive buffers: 512 bytes and overhead, not 2304 */
	if (g.retained_bytes > HELD_FLOWS * 900ull)
		test_fail(t, "%lu bytes a held line",
				(unsigned long)(g.retained_bytes / HELD_FLOWS));
	test_that(t, g.pressure == PRESSURE_GREEN, "50 MB of 256 and not green");
	script_do(s, "auto\ndeaf\n");
	test_that(t, resume_all(s) == HELD_FLOWS, "not every flow could be resumed");
	script_do(s, "+100ms\nflush\n");
	relay_gauges(script_world(s)->relay, &g);
	test_that(t, g.held == 0, "some are held still");
	for (uint32_t i = 0; i < HELD_FLOWS; i++)
		script_f(s, "host %u\nport %u\nC> R. 41:41(0) ack 1 win 0\nflush\n", 1 + i / 50000,
				10000 + i % 50000);
	script_do(s, "+10s\nflush\n+10s\nflush\nflows 0\n");
	relay_gauges(script_world(s)->relay, &g);
	test_that(t, g.retained_bytes == 0 && g.segs_used == 0, "memory did not come back");
	script_end(&s);
}

static void pressure_slow_readers(struct test *t)
{
	static const uint64_t retain[] = { 2000000, 700000, 400000 };

	for (uint32_t n = 0; n < 12 && !t->failed; n++) {
		struct plan p;
		struct world *w;

		plan_init(&p, 2160 + n);
		p.relay.retain_bytes = retain[n % 3];
		p.relay.max_segs = 2000;
		p.n_conns = 4;
		for (uint32_t i = 0; i < 4; i++) {
			struct conn_plan *c = &p.conn[i];

			c->ep[SIDE_PROD].read_chunk = 3000;
			c->ep[SIDE_PROD].read_every_us = 2000;
			c->ep[SIDE_PROD].rcvbuf = 8000;
			c->insp.scripted = n & 4;
			if (n % 3 != 0) /* windows are promised before memory is short: some may go */
				c->expect[0] = c->expect[1] = OUT_EOF | OUT_RESET;
			plan_do(&p, i, SIDE_AGENT, DO_WRITE, 400000);
			plan_do(&p, i, SIDE_PROD, DO_AWAIT, 400000);
			plan_do(&p, i, SIDE_PROD, DO_SHUT, 0);
			plan_do(&p, i, SIDE_PROD, DO_AWAIT_EOF, 0);
			plan_do(&p, i, SIDE_AGENT, DO_AWAIT_EOF, 0);
			plan_do(&p, i, SIDE_AGENT, DO_SHUT, 0);
		}
		for (int h = 0; h < HOPS; h++)
			p.link[h].loss_ppm = n & 1 ? 10000 : 0;
		w = test_plan(t, &p);
		world_free(&w);
		plan_done(&p);
		test_note(t, "case %u", n);
	}
}

static void little_memory(struct plan *p)
{
	p->relay.retain_bytes = 400000;
	p->conn[0].insp.scripted = true;
}

/* Held bytes fill the memory: the largest held flow goes, the others stay, green returns. */
static void pressure_black_aborts_largest_held(struct test *t)
{
	const struct script_conf conf = { .setup = little_memory };
	struct script *s = script_new(t, &conf);
	struct relay_gauges g;

	script_do(s, "manual\n");
	for (int i = 0; i < 14; i++) /* under red pressure none would be let in */
		script_f(s, "port %d\nest\n", 1000 + i);
	for (int i = 0; i < 14; i++) {
		script_f(s, "port %d\nC> P. 1:101(100) ack 1 win 512\nverdict C hold\n", 1000 + i);
		for (int k = 0; k < 5 + i * 3; k++)
			script_f(s, "C> . %d:%d(1460) ack 1 win 512\n", 101 + 1460 * k,
					1561 + 1460 * k);
		script_do(s, "flush\n");
	}
	script_do(s, "+10ms\nflush\n");
	relay_gauges(script_world(s)->relay, &g);
	if (g.retained_bytes > 400000 || g.held > 13 || g.held < 3)
		test_fail(t, "%lu bytes are kept of 400000, %u flows of 14 are held",
				(unsigned long)g.retained_bytes, g.held);
	/* the smallest is among those that are left, and goes on */
	script_do(s, "port 1000\nC> . 7401:7411(10) ack 1 win 512\n+5ms\nC<* . ack 7411\n");
	script_end(&s);
}

/* --- 28 --- */

static void tx_ring_retains_mbufs(struct test *t)
{
	for (uint32_t n = 0; n < 24 && !t->failed; n++) {
		struct plan p;
		struct world *w;

		/* the ring still holds what is sent again: its bytes must not change under it (I5) */
		plan_init(&p, 2200 + n);
		p.env.tx_retain_polls = n & 1 ? 200 : 20;
		p.conn[0].insp.scripted = n & 2;
		p.conn[0].insp.edit_ppm = n & 4 ? 300000 : 0;
		for (int h = 0; h < HOPS; h++)
			p.link[h] = (struct link_conf){ .delay_us = 300, .loss_ppm = 30000 };
		exchange(&p, 0, 300000);
		w = test_plan(t, &p);
		if (w != NULL)
			test_that(t, relay_counters_kept(w)->stat[STAT_COPIES] > 0,
					"nothing was ever sent again while the ring held it");
		world_free(&w);
		plan_done(&p);
	}
}

static void port_flap(struct test *t)
{
	for (uint32_t n = 0; n < 16 && !t->failed; n++) {
		const uint64_t from = 5000, len = (n / 2 + 1) * 400000ull;
		struct plan p;

		plan_init(&p, 2230 + n);
		for (int k = 0; k < 2; k++) {
			const int hop = n & 1 ? (k ? HOP_A2R : HOP_R2A) : (k ? HOP_P2R : HOP_R2P);

			p.link[hop].dark_from_us = from;
			p.link[hop].dark_to_us = from + len;
		}
		exchange(&p, 0, 2000000);
		test_plan_only(t, &p);
		test_note(t, "case %u", n);
	}
}

static void move_mac_event(struct world *w, void *ep, uint64_t last)
{
	(void)w;
	ep_move_mac(ep, (uint8_t)last);
}

static void mac_move(struct test *t)
{
	/* frames to S follow C's latest valid frame; a stranger's frame moves nothing */
	script_run(t, NULL,
			"est\nC> P. 1:11(10) ack 1 win 512 mac 77\nS< P. 1:11(10) mac 77\n"
			"S> P. 1:11(10) ack 11 win 512\n+5ms\nS< . 11:11(0) ack 11 mac 77\nflush\n"
			"C> P. 9000000:9000010(10) ack 1 win 512 mac 99\nflush\n"
			"C> R 500:500(0) win 0 mac 98\nflush\n"
			"S> P. 11:21(10) ack 11 win 512\n+5ms\nS< . 11:11(0) ack 21 mac 77\n");
	for (uint32_t n = 0; n < 4 && !t->failed; n++) {
		struct plan p;
		struct world *w;

		plan_init(&p, 2250 + n);
		exchange(&p, 0, 500000);
		w = world_new(&p, t->trace);
		world_at(w, w->now_us + 5000, move_mac_event, w->conn[0].ep[n & 1], 0x55);
		if (!world_run(w))
			test_fail(t, "%s: %s", w->inv, w->why);
		world_free(&w);
		plan_done(&p);
	}
}

const struct scenario scenarios_pressure[] = {
	{ "pressure_mempool_exhausted", pressure_mempool_exhausted },
	{ "pressure_tx_ring_full", pressure_tx_ring_full },
	{ "pressure_100k_flows_held", pressure_100k_flows_held },
	{ "pressure_slow_readers", pressure_slow_readers },
	{ "pressure_black_aborts_largest_held", pressure_black_aborts_largest_held },
	{ "tx_ring_retains_mbufs", tx_ring_retains_mbufs },
	{ "port_flap", port_flap },
	{ "mac_move", mac_move },
	{ 0 },
};
