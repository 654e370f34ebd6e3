/* SPDX-License-Identifier: Apache-2.0
 * Scenarios 8 to 14: bytes in quantity, over links that lose, repeat, reorder and corrupt, and the
 * stalls that must not be. */
#include "tests/sim/ep.h"
#include "tests/sim/scenario.h"
#include "tests/sim/script.h"

#include <stdio.h>

/* <from> sends <bytes> in writes of <unit> and closes. */
static void bulk(struct plan *p, enum side from, uint64_t bytes, uint64_t unit)
{
	for (uint64_t n = 0; n < bytes; n += unit)
		plan_do(p, 0, from, DO_WRITE, bytes - n < unit ? bytes - n : unit);
	plan_do(p, 0, from, DO_SHUT, 0);
	plan_do(p, 0, from, DO_AWAIT_EOF, 0);
	plan_do(p, 0, side_other(from), DO_AWAIT_EOF, 0);
	plan_do(p, 0, side_other(from), DO_SHUT, 0);
}

static void all_links(struct plan *p, struct link_conf l)
{
	for (int h = 0; h < HOPS; h++)
		p->link[h] = l;
}

static void bulk_init(struct plan *p, uint64_t seed)
{
	plan_init(p, seed);
	p->env.paranoid = false;
	for (int s = 0; s < SIDES; s++)
		p->conn[0].ep[s].rcvbuf = 1u << 20;
}

/* --- 8 --- */

static void bulk_1gb(struct test *t)
{
	struct plan p;

	bulk_init(&p, 8);
	p.relay.mtu = 9000;
	for (int s = 0; s < SIDES; s++) {
		p.conn[0].ep[s].mtu = 9000;
		p.conn[0].ep[s].mss = 8960;
		p.conn[0].ep[s].cc = CC_FIXED;
	}
	bulk(&p, SIDE_PROD, 1ull << 30, 1u << 20);
	test_plan_only(t, &p);
}

/* Loss 0..10 %, iid and in bursts, with each kind of sender at the ends and in the engine. */
static void bulk_1GB_hash(struct test *t)
{
	static const uint32_t loss[] = { 0, 1000, 10000, 50000, 100000 };

	bulk_1gb(t);
	for (uint32_t n = 0; n < 5 * 12 && !t->failed; n++) {
		struct link_conf l = { .delay_us = 2000 };
		struct plan p;

		bulk_init(&p, n);
		if (n & 1)
			l.loss_ppm = loss[n / 12];
		else
			l = (struct link_conf){ .delay_us = 2000,
				.burst_ppm = loss[n / 12] / 5,
				.burst_end_ppm = 300000 };
		all_links(&p, l);
		p.relay.use_reno = n / 2 % 2;
		p.conn[0].ep[0].cc = p.conn[0].ep[1].cc = (uint8_t)(n / 4 % 3);
		p.conn[0].ep[0].sack = p.conn[0].ep[1].sack = n % 5 != 4;
		bulk(&p, n & 1 ? SIDE_PROD : SIDE_AGENT, n / 12 < 3 ? 2000000 : 500000, 65536);
		test_plan_only(t, &p);
		test_note(t, "case %u", n);
	}
}

/* --- 9 --- */

static void bulk_dup_reorder_jitter(struct test *t)
{
	for (uint32_t n = 0; n < 24 && !t->failed; n++) {
		struct plan p;

		bulk_init(&p, 100 + n);
		all_links(&p,
				(struct link_conf){ .delay_us = 1000 + 3000 * (n % 3),
						.jitter_us = n & 1 ? 5000 : 50,
						.dup_ppm = n & 2 ? 100000 : 0,
						.reorder_ppm = n & 4 ? 100000 : 5000,
						.reorder_us = 8000,
						.loss_ppm = n & 8 ? 10000 : 0 });
		bulk(&p, n & 1 ? SIDE_PROD : SIDE_AGENT, 1000000, 30000);
		test_plan_only(t, &p);
	}
}

/* --- 10 --- */

static void corruption_never_laundered(struct test *t)
{
	for (uint32_t n = 0; n < 16 && !t->failed; n++) {
		struct plan p;
		struct world *w;

		bulk_init(&p, 200 + n);
		p.conn[0].ip_ver = n & 1 ? 6 : 4;
		p.env.cksum_offload = n & 2;
		p.relay.verify_cksum_always = n & 4;
		all_links(&p,
				(struct link_conf){ .delay_us = 500,
						.corrupt_ppm = 50000,
						.truncate_ppm = n & 8 ? 10000 : 0 });
		bulk(&p, SIDE_AGENT, 600000, 9000);
		w = test_plan(t, &p);
		world_free(&w);
		plan_done(&p);
	}
	/* wrong bytes under a right checksum come from the wire only: D sees what came in first */
	for (uint32_t n = 0; n < 8 && !t->failed; n++) {
		struct plan p;

		bulk_init(&p, 300 + n);
		all_links(&p,
				(struct link_conf){ .delay_us = 500,
						.launder_ppm = 30000,
						.loss_ppm = 10000,
						.dup_ppm = 50000 });
		p.conn[0].insp.scripted = true;
		p.conn[0].trust[0] = p.conn[0].trust[1] = false;
		bulk(&p, SIDE_PROD, 300000, 9000);
		test_plan_only(t, &p);
	}
	script_run(t, NULL,
			"est\nC> P. 1:101(100) ack 1 win 512 badcsum\nquiet\ndrop tcp_cksum 1\n"
			"C> P. 1:101(100) ack 1 win 512 badipcsum\nquiet\ndrop ip_cksum 1\n"
			"C> P. 1:101(100) ack 1 win 512\nS< P. 1:101(100) ack 1\n");
}

/* --- 11 --- */

static void wrap_one(struct test *t, uint32_t n)
{
	static const uint32_t before[] = { 1, 2, 100, 1460, 1461, 20000, 60000, 65536 };
	struct plan p;
	struct conn_plan *c = &p.conn[0];

	bulk_init(&p, 400 + n);
	c->ep[SIDE_AGENT].isn = 0u - before[n % 8];
	c->ep[SIDE_PROD].isn = 0u - before[(n + n / 8) % 8];
	c->insp.scripted = n & 1;
	c->insp.edit_ppm = 500000;
	c->insp.emit_ppm = 200000;
	c->ts = n & 2 ? TS_REWRITE : TS_STRIP;
	c->ep[0].ts = c->ep[1].ts = true;
	all_links(&p,
			(struct link_conf){ .delay_us = 300,
					.loss_ppm = n & 4 ? 30000 : 0,
					.reorder_ppm = 20000,
					.reorder_us = 2000 });
	bulk(&p, n & 8 ? SIDE_PROD : SIDE_AGENT, 200000, 5000);
	test_plan_only(t, &p);
}

static void seq_wrap_near_2_32(struct test *t)
{
	for (uint32_t n = 0; n < 64 && !t->failed; n++)
		wrap_one(t, n);
	/* the shift itself crosses the wrap: what was put in ends beyond 2^32, what came in before */
	const struct script_conf conf = { .isn = { 0u - 50, 0u - 20 } };

	script_run(t, &conf,
			"est\nmanual\n"
			"C> P. 1:11(10) ack 1 win 512\nquiet S\n"
			"verdict C pass 10\nS< P. 1:11(10)\n"
			"verdict C emit 012345678901234567890123456789012345678901234567890123\n"
			"S< P. 11:65(54) any\n"
			"C> P. 11:21(10) ack 1 win 512\nverdict C pass 10\n"
			"S< P. 65:75(10) any\n"
			"S> . 1:1(0) ack 75 win 512\nflush\n"
			"S> P. 1:41(40) ack 75 win 512\nverdict S pass 40\n"
			"C< P. 1:41(40) ack 21\n"
			"C> . 21:21(0) ack 41 win 512\nquiet C\n");
}

/* --- 12 --- */

static void pingpong(struct plan *p, uint32_t rounds, bool two_writes)
{
	for (uint32_t i = 1; i <= rounds; i++) {
		plan_do(p, 0, SIDE_AGENT, DO_WRITE, two_writes ? 60 : 100);
		if (two_writes)
			plan_do(p, 0, SIDE_AGENT, DO_WRITE, 40);
		plan_do(p, 0, SIDE_PROD, DO_AWAIT, 100ull * i);
		plan_do(p, 0, SIDE_PROD, DO_WRITE, 200);
		plan_do(p, 0, SIDE_AGENT, DO_AWAIT, 200ull * i);
	}
	plan_do(p, 0, SIDE_AGENT, DO_SHUT, 0);
	plan_do(p, 0, SIDE_PROD, DO_AWAIT_EOF, 0);
	plan_do(p, 0, SIDE_PROD, DO_SHUT, 0);
	plan_do(p, 0, SIDE_AGENT, DO_AWAIT_EOF, 0);
}

static void pingpong_within(struct test *t, struct plan *p, uint32_t rounds, uint64_t round_us)
{
	struct world *w = test_plan(t, p);
	const struct ep_stats *st = w != NULL ? ep_stats(w->conn[0].ep[SIDE_AGENT]) : NULL;

	if (st != NULL && st->done_us - st->established_us > rounds * round_us)
		test_fail(t, "%u rounds took %lu us", rounds,
				(unsigned long)(st->done_us - st->established_us));
	world_free(&w);
	plan_done(p);
}

/* 4 x 100 us of links a round; the engine adds nothing that a person or a Nagle would notice. */
static void pingpong_no_40ms_stall(struct test *t)
{
	struct plan p;

	for (uint32_t n = 0; n < 4 && !t->failed; n++) {
		plan_init(&p, 500 + n);
		p.conn[0].ep[0].nagle = p.conn[0].ep[1].nagle = n & 1;
		p.conn[0].ep[0].delack_us = p.conn[0].ep[1].delack_us = 200 * US_PER_MS;
		p.conn[0].insp.scripted = n & 2;
		p.conn[0].insp.whole_units = true;
		pingpong(&p, 100, false);
		pingpong_within(t, &p, 100, 800);
	}
}

static void nagle_peer_write_write_read(struct test *t)
{
	struct plan p;

	for (uint32_t n = 0; n < 4 && !t->failed; n++) {
		plan_init(&p, 510 + n);
		p.conn[0].ep[SIDE_AGENT].nagle = true;
		p.conn[0].ep[SIDE_PROD].delack_us = 200 * US_PER_MS;
		p.conn[0].insp.scripted = n & 1;
		p.conn[0].insp.whole_units = n & 2;
		pingpong(&p, 50, true);
		/* the second write waits for our ACK of the first: 2 ms at most */
		pingpong_within(t, &p, 50, 4000);
	}
}

/* --- 13 --- */

static void tail_loss_single_segment(struct test *t)
{
	/* the only segment, the last of three, and the FIN get lost on the way to S */
	for (uint32_t n = 0; n < 6 && !t->failed; n++) {
		struct plan p;
		struct world *w;

		plan_init(&p, 600 + n);
		p.link[HOP_R2P].lose_mask = 1ull << (2 + n);
		plan_do(&p, 0, SIDE_AGENT, DO_WRITE, n < 3 ? 500 : 5000);
		plan_do(&p, 0, SIDE_AGENT, DO_AWAIT, 10);
		plan_do(&p, 0, SIDE_AGENT, DO_SHUT, 0);
		plan_do(&p, 0, SIDE_PROD, DO_AWAIT, n < 3 ? 500 : 5000);
		plan_do(&p, 0, SIDE_PROD, DO_WRITE, 10);
		plan_do(&p, 0, SIDE_PROD, DO_AWAIT_EOF, 0);
		plan_do(&p, 0, SIDE_PROD, DO_SHUT, 0);
		plan_do(&p, 0, SIDE_AGENT, DO_AWAIT_EOF, 0);
		w = test_plan(t, &p);
		if (w != NULL &&
				ep_stats(w->conn[0].ep[SIDE_AGENT])->done_us >
						ep_stats(w->conn[0].ep[SIDE_AGENT])
										->established_us +
								450000)
			test_fail(t, "frame %u lost: repaired too late", 2 + n);
		world_free(&w);
		plan_done(&p);
	}
	/* two segments, both lost: the probe brings the last, its SACK the first, long before the RTO */
	script_run(t, NULL,
			"est\n"
			"C>+ . 1:1461(1460) ack 1 win 512\nC> P. 1461:2921(1460) ack 1 win 512\n"
			"S< . 1:1461(1460)\nS< P. 1461:2921(1460)\nflush\n"
			"+30ms\nS< P. 1461:2921(1460)\nquiet S\nstat rtos 0\n"
			"S> . 1:1(0) ack 1 win 512 <sack 1461-2921>\n"
			"+10ms\nS< . 1:1461(1460)\nstat rtos 0\n"
			"S> . 1:1(0) ack 2921 win 512\n+2s\nquiet S\n");
}

static void lost_retransmission(struct test *t)
{
	/* RACK finds the lost retransmission by its time, not by the RTO */
	script_run(t, NULL,
			"est\n"
			"C>+ . 1:1461(1460) ack 1 win 512\nC>+ . 1461:2921(1460) ack 1 win 512\n"
			"C>+ . 2921:4381(1460) ack 1 win 512\nC>+ . 4381:5841(1460) ack 1 win 512\n"
			"C>+ . 5841:7301(1460) ack 1 win 512\nC> P. 7301:8761(1460) ack 1 win 512\n"
			"flush\n"
			"S> . 1:1(0) ack 1 win 512 <sack 1461-2921>\n"
			"S> . 1:1(0) ack 1 win 512 <sack 1461-4381>\n"
			"S> . 1:1(0) ack 1 win 512 <sack 1461-5841>\n"
			"S< . 1:1461(1460)\nquiet S\n"
			"C>+ . 8761:10221(1460) ack 1 win 512\nC> P. 10221:11681(1460) ack 1 win 512\n"
			"S> . 1:1(0) ack 1 win 512 <sack 1461-7301>\nS<* . 8761:10221(1460)\n"
			"S> . 1:1(0) ack 1 win 512 <sack 1461-8761>\nS<* P. 10221:11681(1460)\n"
			"quiet S\n"
			"S> . 1:1(0) ack 1 win 512 <sack 1461-10221>\n"
			"S> . 1:1(0) ack 1 win 512 <sack 1461-11681>\n"
			"+5ms\nS<* . 1:1461(1460)\nstat rtos 0\n"
			"S> . 1:1(0) ack 11681 win 512\n+2s\nquiet S\nstat rtos 0\n");
}

/* --- 14 --- */

static void sack_reneging_then_rto(struct test *t)
{
	/* S takes back what it has SACKed: after the RTO everything is sent again */
	script_run(t, NULL,
			"est\n"
			"C>+ . 1:1461(1460) ack 1 win 512\nC>+ . 1461:2921(1460) ack 1 win 512\n"
			"C> P. 2921:4381(1460) ack 1 win 512\nflush\n"
			"S> . 1:1(0) ack 1 win 512 <sack 1461-4381>\n"
			"flush\n+250ms\nS<* . 1:1461(1460)\nflush\n"
			"S> . 1:1(0) ack 1461 win 512\n"
			"+250ms\nS<* . 1461:2921(1460)\nflush\n"
			"S> . 1:1(0) ack 2921 win 512\n"
			"+250ms\nS<* P. 2921:4381(1460)\n"
			"S> . 1:1(0) ack 4381 win 512\nflush\n+5s\nquiet S\n");
	for (uint32_t n = 0; n < 20 && !t->failed; n++) {
		struct plan p;

		bulk_init(&p, 700 + n);
		p.conn[0].ep[SIDE_PROD].hostile = HOSTILE_RENEGE;
		all_links(&p, (struct link_conf){ .delay_us = 1000, .loss_ppm = 30000 });
		bulk(&p, SIDE_AGENT, 300000,
				9000); /* a reneger is honest otherwise: it must finish */
		test_plan_only(t, &p);
	}
}

static void sack_blocks_garbage(struct test *t)
{
	script_run(t, NULL,
			"est\n"
			"C>+ . 1:1461(1460) ack 1 win 512\nC> P. 1461:2921(1460) ack 1 win 512\nflush\n"
			"S> . 1:1(0) ack 1 win 512 <sack 2921-4381,sack -5000--3000,sack 2921-1461>\n"
			"S> . 1:1(0) ack 1 win 512 <sack 100000-200000,sack 1-1,sack 1000000000-5>\n"
			"S> . 1:1(0) ack 1 win 512 <raw 0101050a00000001>\n"
			"S> . 1:1(0) ack 1 win 512 <raw 05040000>\n"
			"flush\n"
			"S> . 1:1(0) ack 2921 win 512\n+2s\nquiet S\nstat retransmits 0\n");
}

static void d_sack(struct test *t)
{
	/* ours: what came twice is told, first block below or inside */
	script_run(t, NULL,
			"est\nC> P. 1:101(100) ack 1 win 512\nflush\n"
			"C> P. 1:101(100) ack 1 win 512\n"
			"C< . 1:1(0) ack 101 <sack 1-101>\nquiet S\n"
			"C> . 201:301(100) ack 1 win 512\nC< . 1:1(0) ack 101 <sack 201-301>\n"
			"C> . 201:301(100) ack 1 win 512\n"
			"C< . 1:1(0) ack 101 <sack 201-301,sack 201-301>\n"
			"C> . 51:151(100) ack 1 win 512\nC< . 1:1(0) ack 151 <sack 51-101,sack 201-301>\n");
	/* theirs: a retransmission that was not needed */
	script_run(t, NULL,
			"est\nC> P. 1:101(100) ack 1 win 512\nflush\n+400ms\nS<* P. 1:101(100)\n"
			"S> . 1:1(0) ack 101 win 512\nS> . 1:1(0) ack 101 win 512 <sack 1-101>\n"
			"+2s\nquiet S\nstat spurious 1\n");
}

static void ack_lies_one(struct test *t, uint32_t lie, uint32_t n)
{
	struct plan p;
	struct conn_plan *c = &p.conn[0];

	bulk_init(&p, 800 + n);
	c->ep[SIDE_PROD].hostile = lie;
	c->trust[SIDE_PROD] = false;
	c->insp.scripted = true;
	c->expect[0] = c->expect[1] = OUT_ANY;
	all_links(&p, (struct link_conf){ .delay_us = 500, .loss_ppm = n & 1 ? 20000 : 0 });
	p.limit_us = 400 * US_PER_S;
	bulk(&p, SIDE_AGENT, 300000, 20000);
	test_plan_only(t, &p);
}

static void ack_division(struct test *t)
{
	struct script *s = script_new(t, NULL);

	/* growth counts bytes, not ACKs: no more goes out than was acknowledged, twice over */
	script_do(s, "est\n");
	for (int i = 0; i < 30; i++)
		script_f(s, "C>+ . %d:%d(1460) ack 1 win 512\n", 1 + 1460 * i, 1461 + 1460 * i);
	script_do(s, "C> . 1:1(0) ack 1 win 512\n+1ms\nflush\n");
	for (int i = 1; i <= 73; i++)
		script_f(s, "S>+ . 1:1(0) ack %d win 512\n", 1 + 20 * i);
	script_do(s, "S> . 1:1(0) ack 1461 win 512\n");
	test_that(t, script_waiting(s, SIDE_PROD) <= 2,
			"73 ACKs of one segment opened more than two");
	script_end(&s);
	for (uint32_t n = 0; n < 10 && !t->failed; n++)
		ack_lies_one(t, HOSTILE_ACK_DIV, n);
}

static void optimistic_ack(struct test *t)
{
	/* an ACK of what was never sent is refused with all that comes with it */
	script_run(t, NULL,
			"est\nC> P. 1:101(100) ack 1 win 512\nflush\n"
			"S> P. 1:51(50) ack 5000 win 512\nquiet C\nS< . 101:101(0) ack 1\n"
			"drop seg_ack 1\n"
			"+400ms\nS<* P. 1:101(100)\n"
			"S> P. 1:51(50) ack 101 win 512\nC<* P. 1:51(50) ack 101\n");
	for (uint32_t n = 0; n < 10 && !t->failed; n++)
		ack_lies_one(t, HOSTILE_OPT_ACK | (n & 2 ? HOSTILE_SACK_JUNK : 0), n);
}

const struct scenario scenarios_transfer[] = {
	{ "bulk_1GB_hash", bulk_1GB_hash },
	{ "bulk_dup_reorder_jitter", bulk_dup_reorder_jitter },
	{ "corruption_never_laundered", corruption_never_laundered },
	{ "seq_wrap_near_2^32", seq_wrap_near_2_32 },
	{ "pingpong_no_40ms_stall", pingpong_no_40ms_stall },
	{ "nagle_peer_write_write_read", nagle_peer_write_write_read },
	{ "tail_loss_single_segment", tail_loss_single_segment },
	{ "lost_retransmission", lost_retransmission },
	{ "sack_reneging_then_rto", sack_reneging_then_rto },
	{ "sack_blocks_garbage", sack_blocks_garbage },
	{ "d_sack", d_sack },
	{ "ack_division", ack_division },
	{ "optimistic_ack", optimistic_ack },
	{ 0 },
};
