/* SPDX-License-Identifier: Apache-2.0
 * Scenario 26: paths narrower than the ports, fragments, tags, large frames. */
#include "tests/sim/ep.h"
#include "tests/sim/scenario.h"
#include "tests/sim/script.h"

static void both_ways(struct plan *p, uint64_t bytes)
{
	for (int s = 0; s < SIDES; s++) {
		plan_do(p, 0, (enum side)s, DO_WRITE, bytes);
		plan_do(p, 0, (enum side)s, DO_AWAIT, bytes);
		plan_do(p, 0, (enum side)s, DO_SHUT, 0);
		plan_do(p, 0, (enum side)s, DO_AWAIT_EOF, 0);
	}
}

/* Large segments vanish without a word, in any of the four directions. */
static void pmtu_blackhole(struct test *t)
{
	for (uint32_t n = 0; n < 16 && !t->failed; n++) {
		struct plan p;

		plan_init(&p, 2000 + n);
		p.conn[0].ip_ver = n & 4 ? 6 : 4;
		p.conn[0].ep[0].mss = p.conn[0].ep[1].mss = n & 4 ? 1440 : 1460;
		p.link[n % 4].mtu = n & 4 ? 1280 : n & 8 ? 1400 : 900;
		both_ways(&p, 30000);
		p.limit_us = 60 * US_PER_S;
		test_plan_only(t, &p);
		test_note(t, "case %u", n);
	}
}

static void icmp_frag_needed(struct test *t)
{
	for (uint32_t n = 0; n < 16 && !t->failed; n++) {
		struct plan p;
		struct world *w;

		plan_init(&p, 2020 + n);
		p.conn[0].ip_ver = n & 4 ? 6 : 4;
		p.conn[0].ep[0].mss = p.conn[0].ep[1].mss = n & 4 ? 1440 : 1460;
		p.link[n % 4].mtu = n & 4 ? 1300 : n & 8 ? 1400 : 700;
		p.link[n % 4].mtu_icmp = true;
		p.conn[0].insp.scripted = n & 1;
		both_ways(&p, 30000);
		w = test_plan(t, &p);
		if (w != NULL)
			test_that(t, ep_stats(w->conn[0].ep[0])->done_us < 5 * US_PER_S,
					"told the size, and still slow");
		world_free(&w);
		plan_done(&p);
		test_note(t, "case %u", n);
	}
	/* real: quotes what is outstanding; consumed, and what is outstanding goes again, smaller */
	script_run(t, NULL,
			"est\nC> P. 1:1461(1460) ack 1 win 512\nS< P. 1:1461(1460)\nflush\n"
			"icmp S mtu 1000 seq 1\nquiet C\nstat pmtu_lowered 1\ndrop icmp_pmtu 1\n"
			"+1ms\nS<* . 1:961(960)\nS< P. 961:1461(500)\n"
			"S> . 1:1(0) ack 1461 win 512\n"
			"C> P. 1461:2921(1460) ack 1 win 512\nS< . 1461:2421(960)\n");
	/* below the floor: the floor */
	script_run(t, NULL,
			"est\nC> P. 1:1461(1460) ack 1 win 512\nflush\n"
			"icmp S mtu 68 seq 1\n+1ms\nS<* . 1:537(536)\n");
	/* spoofed: quotes nothing that is outstanding */
	script_run(t, NULL,
			"est\nC> P. 1:1461(1460) ack 1 win 512\nS< P. 1:1461(1460)\nflush\n"
			"icmp S mtu 600 seq 90000\nicmp S mtu 600 seq -5\nflush\nstat pmtu_lowered 0\n"
			"S> . 1:1(0) ack 1461 win 512\n"
			"icmp S mtu 600 seq 1\nflush\nstat pmtu_lowered 0\n"
			"C> P. 1461:2921(1460) ack 1 win 512\nS< P. 1461:2921(1460)\n");
}

/* --- fragments --- */

static void frags_one(struct test *t, uint8_t ip_ver)
{
	const struct script_conf conf = { .ip_ver = ip_ver };

	/* in order, and the other way round: whole segments leave */
	script_run(t, &conf,
			"est\n"
			"C> P. 1:101(100) ack 1 win 512 frag 0 64 7\nquiet\n"
			"C> P. 1:101(100) ack 1 win 512 frag 64 56 7\nS< P. 1:101(100) ack 1\n"
			"C> P. 101:201(100) ack 1 win 512 frag 64 56 8\nquiet S\n"
			"C> P. 101:201(100) ack 1 win 512 frag 0 64 8\nS< P. 101:201(100) ack 1\n"
			"C> P. 201:301(100) ack 1 win 512 frag 40 40 9\n"
			"C> P. 201:301(100) ack 1 win 512 frag 80 40 9\n"
			"C> P. 201:301(100) ack 1 win 512 frag 0 40 9\nS< P. 201:301(100)\n");
	/* any overlap kills the datagram, the same bytes or others */
	script_run(t, &conf,
			"est\n"
			"C> P. 1:101(100) ack 1 win 512 frag 0 64 7\n"
			"C> P. 1:101(100) ack 1 win 512 frag 56 64 7\nquiet\n"
			"C> P. 1:101(100) ack 1 win 512 frag 64 56 7\nquiet\n"
			"C> P. 1:101(100) ack 1 win 512 frag 0 64 8\n"
			"C> P. 1:101(100) ack 1 win 512 junk frag 40 40 8\n"
			"C> P. 1:101(100) ack 1 win 512 frag 64 56 8\nquiet\n"
			"C> P. 1:101(100) ack 1 win 512\nS< P. 1:101(100)\n");
	/* incomplete after two seconds; a first fragment without a whole TCP header */
	script_run(t, &conf,
			"est\nC> P. 1:101(100) ack 1 win 512 frag 0 64 7\n+3s\ndrop frag_timeout 1\n"
			"C> P. 1:101(100) ack 1 win 512 frag 64 56 7\nquiet\n+3s\n"
			"C> P. 1:101(100) ack 1 win 512 frag 0 16 9\nquiet\ndrop frag_tiny 1\n"
			"C> P. 1:101(100) ack 1 win 512\nS< P. 1:101(100)\n");
	/* a wrong TCP checksum shows when the segment is whole */
	script_run(t, &conf,
			"est\nC> P. 1:101(100) ack 1 win 512 badcsum frag 0 64 7\n"
			"C> P. 1:101(100) ack 1 win 512 badcsum frag 64 56 7\nquiet\ndrop tcp_cksum 1\n");
	test_note(t, "IPv%u", ip_ver);
}

static void fragments(struct test *t)
{
	frags_one(t, 4);
	frags_one(t, 6);
}

/* --- tags and sizes --- */

static void vlan_one(struct test *t, uint32_t n)
{
	struct plan p;

	plan_init(&p, 2040 + n);
	p.relay.mtu = n & 1 ? 9000 : 1500;
	p.n_conns = 2; /* the same addresses and ports in two VLANs are two connections */
	for (uint32_t i = 0; i < 2; i++) {
		struct conn_plan *c = &p.conn[i];

		c->ip_ver = n & 2 ? 6 : 4;
		c->sport = 40000;
		c->n_tags = (uint8_t)(n / 4);
		c->vid[0] = (uint16_t)(10 + i);
		c->vid[1] = (uint16_t)(n / 4 == 2 ? 20 : 0);
		c->sport = (uint16_t)(c->n_tags == 0 ? 40000 + i : 40000);
		for (int s = 0; s < SIDES; s++) {
			c->ep[s].mtu = p.relay.mtu;
			c->ep[s].mss = (uint16_t)(p.relay.mtu - (c->ip_ver == 6 ? 60 : 40));
			plan_do(&p, i, (enum side)s, DO_WRITE, 200000);
			plan_do(&p, i, (enum side)s, DO_SHUT, 0);
			plan_do(&p, i, (enum side)s, DO_AWAIT_EOF, 0);
		}
	}
	test_plan_only(t, &p);
	test_note(t, "case %u", n);
}

static void vlan_qinq_jumbo(struct test *t)
{
	const struct script_conf conf = { .n_tags = 2 };

	for (uint32_t n = 0; n < 12 && !t->failed; n++)
		vlan_one(t, n);
	script_run(t, &conf, "est\nC> P. 1:101(100) ack 1 win 512\nS< P. 1:101(100)\n");
}

const struct scenario scenarios_path[] = {
	{ "pmtu_blackhole", pmtu_blackhole },
	{ "icmp_frag_needed", icmp_frag_needed },
	{ "fragments_ordered_reordered_overlapping", fragments },
	{ "vlan_qinq_jumbo", vlan_qinq_jumbo },
	{ 0 },
};
