/* SPDX-License-Identifier: Apache-2.0
 * Scenarios 1 to 7: opening, options, what else may come while a connection opens. */
#include "tests/sim/ep.h"
#include "tests/sim/scenario.h"
#include "tests/sim/script.h"

/* --- 1 --- */

static void opts_of(struct ep_conf *e, uint32_t n, uint8_t ip_ver)
{
	static const uint16_t mss[] = { 0, 88, 536, 1460 };
	static const int ws[] = { -1, 0, 7, 14, 15 };

	e->mss = mss[n % 4];
	if (ip_ver == 6 && e->mss == 1460)
		e->mss = 1440;
	e->has_ws = ws[n / 4 % 5] >= 0;
	e->ws = (uint8_t)(e->has_ws ? ws[n / 4 % 5] : 0);
	e->sack = n / 20 % 2;
	e->ts = n / 40 % 2;
}

enum { OPTS_N = 80 };

static void conversation(struct plan *p)
{
	plan_do(p, 0, SIDE_AGENT, DO_WRITE, 3000);
	plan_do(p, 0, SIDE_PROD, DO_AWAIT, 3000);
	plan_do(p, 0, SIDE_PROD, DO_WRITE, 5000);
	plan_do(p, 0, SIDE_AGENT, DO_AWAIT, 5000);
	plan_do(p, 0, SIDE_AGENT, DO_SHUT, 0);
	plan_do(p, 0, SIDE_PROD, DO_AWAIT_EOF, 0);
	plan_do(p, 0, SIDE_PROD, DO_SHUT, 0);
	plan_do(p, 0, SIDE_AGENT, DO_AWAIT_EOF, 0);
}

static void opts_one(struct test *t, uint32_t a, uint32_t b, uint32_t kind)
{
	struct plan p;
	struct conn_plan *c = &p.conn[0];

	plan_init(&p, 1000 + a * OPTS_N + b);
	c->ip_ver = kind == 1 ? 6 : 4;
	c->n_tags = (uint8_t)(kind == 2 ? 1 + a % 2 : 0);
	c->vid[0] = 7;
	c->vid[1] = 4094;
	c->ts = kind == 3 ? TS_REWRITE : TS_STRIP;
	opts_of(&c->ep[SIDE_AGENT], a, c->ip_ver);
	opts_of(&c->ep[SIDE_PROD], b, c->ip_ver);
	conversation(&p);
	test_plan_only(t, &p);
	test_note(t, "agent's options %u, prod's %u, kind %u", a, b, kind);
}

/* Every combination at the agent's end, each against several at the other, in four kinds: IPv4,
 * IPv6, tagged, timestamps rewritten. The checker compares each forwarded option (check_out.c). */
static void hs_opts_matrix(struct test *t)
{
	for (uint32_t a = 0; a < OPTS_N; a++)
		for (uint32_t k = 0; k < 20 && !t->failed; k++)
			opts_one(t, a, (a * 7 + k * 11) % OPTS_N, k % 4);
	script_run(t, NULL,
			"C> S 0:0(0) win 1000 <ws 15>\n" /* no MSS: none is made up, or the default */
			"S< S 0:0(0) win 1000 <ws 14>\n"
			"S> S. 0:0(0) ack 1 win 2000 <mss 9000,sackOK,ws 3>\n"
			"C< S. 0:0(0) ack 1 win 2000 <mss 1460,ws 3>\n");
}

/* --- 2 --- */

/* Every one of the first frames of each link is lost, one at a time, with either end speaking
 * first. */
static void hs_lose_each_packet(struct test *t)
{
	for (uint32_t n = 0; n < HOPS * 6 * 2 && !t->failed; n++) {
		const enum side first = n % 2 ? SIDE_PROD : SIDE_AGENT;
		struct plan p;

		plan_init(&p, n);
		p.link[n / 2 % HOPS].lose_mask = 1ull << (n / 2 / HOPS);
		plan_do(&p, 0, first, DO_WRITE, 100);
		plan_do(&p, 0, side_other(first), DO_AWAIT, 100);
		plan_do(&p, 0, side_other(first), DO_WRITE, 2000);
		plan_do(&p, 0, first, DO_AWAIT, 2000);
		for (int s = 0; s < SIDES; s++) {
			plan_do(&p, 0, (enum side)s, DO_SHUT, 0);
			plan_do(&p, 0, (enum side)s, DO_AWAIT_EOF, 0);
		}
		p.limit_us = 20 * US_PER_S;
		test_plan_only(t, &p);
	}
	/* the third ACK is lost and the server speaks: its SYN-ACK comes again, then its greeting */
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460,sackOK,ws 7>\nS< S 0:0(0)\n"
			"S> S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,ws 7>\nC< S. 0:0(0) ack 1\n"
			"C> . 1:1(0) ack 1 win 512\nS< . 1:1(0) ack 1\n"
			"S> S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,ws 7>\n"
			"S< . 1:1(0) ack 1\n"
			"quiet C\n"
			"S> P. 1:101(100) ack 1 win 512\nC< P. 1:101(100) ack 1\n");
}

/* --- 3 --- */

static void refused_one(struct test *t, uint32_t n)
{
	struct plan p;
	struct conn_plan *c = &p.conn[0];
	struct world *w;

	plan_init(&p, n);
	c->ip_ver = n % 2 ? 6 : 4;
	c->initiator = n & 4 ? SIDE_PROD : SIDE_AGENT;
	c->ep[side_other(c->initiator)].refuse = (n & 2) == 0;
	c->ep[side_other(c->initiator)].unreachable = (n & 2) != 0;
	c->expect[SIDE_AGENT] = c->expect[SIDE_PROD] = OUT_REFUSED;
	p.limit_us = 3 * US_PER_S;
	w = test_plan(t, &p);
	if (w != NULL)
		test_that(t, ep_stats(w->conn[0].ep[c->initiator])->done_us < 2500000,
				"the refusal was not told at once");
	world_free(&w);
	plan_done(&p);
}

static void hs_refused_and_icmp_unreach(struct test *t)
{
	for (uint32_t n = 0; n < 8 && !t->failed; n++)
		refused_one(t, n);
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460>\nS< S 0:0(0)\n"
			"S> R. 0:0(0) ack 1 win 0\nC< R. ack 1\n"
			"flows 0\n");
	/* a refusal of something else is nobody's */
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460>\nS< S 0:0(0)\n"
			"S> R. 0:0(0) ack 77 win 0\nquiet C\n"
			"S> S. 0:0(0) ack 1 win 500 <mss 1460>\nC< S. 0:0(0) ack 1\n");
}

/* --- 4 --- */

static void hs_split_4way_5way(struct test *t)
{
	/* four ways: the server answers with a SYN of its own */
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460>\nS< S 0:0(0)\n"
			"S> S 0:0(0) win 65535 <mss 1460>\nquiet C\n"
			"drop policy_split_handshake 1\n"
			"C> S. 0:0(0) ack 1 win 500 <mss 1460>\nquiet S\n"
			"S> S. 0:0(0) ack 1 win 65535 <mss 1460>\nC< S. 0:0(0) ack 1\n");
	/* five ways: an ACK first, then the SYN */
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460>\nS< S 0:0(0)\n"
			"S> . 0:0(0) ack 1 win 65535\nflush C\n"
			"S> S 0:0(0) win 65535 <mss 1460>\nquiet C\n"
			"drop policy_split_handshake 1\n");
	/* the same after the SYN-ACK */
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460>\nS< S 0:0(0)\n"
			"S> S. 0:0(0) ack 1 win 65535 <mss 1460>\nC< S. 0:0(0) ack 1\n"
			"S> S 0:0(0) win 65535 <mss 1460>\nquiet C\n"
			"drop policy_split_handshake 1\n");
}

static void allow_simultaneous(struct plan *p)
{
	p->conn[0].simultaneous = true;
}

static void hs_simultaneous_open(struct test *t)
{
	const struct script_conf allowed = { .setup = allow_simultaneous };

	script_run(t, &allowed,
			"C> S 0:0(0) win 65535 <mss 1460>\nS< S 0:0(0)\n"
			"S> S 0:0(0) win 65535 <mss 1460>\nC< S 0:0(0)\n"
			"mode wire\n"
			"C> S. 0:0(0) ack 1 win 65535 <mss 1460>\nS< S. 0:0(0) ack 1\n"
			"S> S. 0:0(0) ack 1 win 65535 <mss 1460>\nC< S. 0:0(0) ack 1\n"
			"C> P. 1:11(10) ack 1 win 65535\nS< P. 1:11(10) ack 1\n");
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460>\nS< S 0:0(0)\n"
			"S> S 0:0(0) win 65535 <mss 1460>\nquiet C\n"
			"drop policy_split_handshake 1\n");
}

/* --- 5 --- */

static void hs_syn_data_tfo_fallback(struct test *t)
{
	/* what came in the SYN is neither passed nor acknowledged: it comes again */
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460,sackOK,ws 7,tfocookie> \"hello\"\n"
			"S< S 0:0(0) <mss 1460,sackOK,ws 7>\n"
			"drop seg_syn_data 1\n"
			"S> S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,ws 7,tfo> \"early\"\n"
			"C< S. 0:0(0) ack 1 <mss 1460,sackOK,ws 7>\n"
			"C> . 1:1(0) ack 1 win 512\nS< . 1:1(0) ack 1\n"
			"C> P. 1:6(5) ack 1 win 512 \"hello\"\nS< P. 1:6(5) ack 1 \"hello\"\n"
			"S> P. 1:6(5) ack 6 win 512 \"early\"\nC< P. 1:6(5) ack 6 \"early\"\n");
	for (uint32_t n = 0; n < 8 && !t->failed; n++) {
		struct plan p;

		plan_init(&p, n);
		p.conn[0].ep[n % 2].extra = EXTRA_TFO | EXTRA_DATA | (n & 2 ? EXTRA_ECN : 0);
		p.conn[0].ep[1].extra |= n & 4 ? EXTRA_DATA : 0;
		conversation(&p);
		test_plan_only(t, &p);
	}
}

static void hs_mptcp_fallback(struct test *t)
{
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460,mptcp>\nS< S 0:0(0) <mss 1460>\n"
			"S> S. 0:0(0) ack 1 win 65535 <mss 1460>\nC< S. 0:0(0) <mss 1460>\n"
			"C> . 1:1(0) ack 1 win 512\nS< . 1:1(0) ack 1 <>\n"
			"C> P. 1:6(5) ack 1 win 512 <mptcp>\nS< P. 1:6(5) ack 1 <>\n");
}

static void allow_md5(struct plan *p)
{
	p->conn[0].wire_md5 = true;
}

static void hs_md5_ao_wire_or_refuse(struct test *t)
{
	const struct script_conf wire = { .setup = allow_md5 };

	/* never stripped in silence: refused ... */
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460,md5>\nquiet S\nC< R. ack 1\n"
			"drop policy_md5_ao 1\nflows 0\n");
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460,ao>\nquiet S\nC< R. ack 1\n"
			"drop policy_md5_ao 1\n");
	/* ... or not one byte is touched */
	script_run(t, &wire,
			"C> S 0:0(0) win 65535 <mss 1460,sackOK,md5>\n"
			"S< S 0:0(0) win 65535 <mss 1460,sackOK,md5>\n"
			"mode wire\n"
			"S> S. 0:0(0) ack 1 win 65535 <mss 1460,md5>\n"
			"C< S. 0:0(0) ack 1 <mss 1460,md5>\n"
			"C> . 1:1(0) ack 1 win 512 <md5>\nS< . 1:1(0) ack 1 win 512 <md5>\n"
			"C> P. 1:6(5) ack 1 <ao>\nS< P. 1:6(5) ack 1 <ao>\n");
}

static void hs_unknown_and_malformed_opts(struct test *t)
{
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460,sackOK,ws 7,unk,raw 1c048000>\n"
			"S< S 0:0(0) <mss 1460,sackOK,ws 7>\n"
			"S> S. 0:0(0) ack 1 win 65535 <mss 1400,unk>\nC< S. 0:0(0) <mss 1400>\n");
	/* lengths that do not fit */
	script_run(t, NULL,
			"C> S 0:0(0) win 1000 <raw 0200>\nquiet\n"
			"C> S 0:0(0) win 1000 <raw 02040000010102ff>\nquiet\n"
			"C> S 0:0(0) win 1000 <raw 01010102>\nquiet\n"
			"C> S 0:0(0) win 1000 <raw fd01>\nquiet\n"
			"C> S 0:0(0) win 1000 <mss 1460,raw 03ff>\nquiet\nflows 0\n");
	script_run(t, NULL, "C> S 0:0(0) win 1000 <mss 87>\nquiet\ndrop tcp_mss 1\n");
	script_run(t, NULL, "C> S 0:0(0) win 1000 <mss 88>\nS< S 0:0(0) <mss 88>\n");
	/* after the end of the list nothing counts; a repeated option: the first */
	script_run(t, NULL,
			"C> S 0:0(0) win 1000 <mss 1000,raw 00030307>\nS< S 0:0(0) <mss 1000>\n");
	script_run(t, NULL,
			"C> S 0:0(0) win 1000 <mss 1000,raw 020403e9>\nS< S 0:0(0) <mss 1000>\n");
}

/* --- 6 --- */

static void hs_challenge_ack_from_old_connection(struct test *t)
{
	/* the server still has an older connection: it challenges, the client resets that one and
	 * tries again */
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460>\nS< S 0:0(0)\n"
			"S> . 500:500(0) ack -30000 win 800\nC< . 500:500(0) ack -30000\n"
			"C> R -30000:-30000(0) win 0\nS< R -30000:-30000(0)\n"
			"+1s\n"
			"C> S 0:0(0) win 65535 <mss 1460>\nS< S 0:0(0)\n"
			"S> S. 0:0(0) ack 1 win 65535 <mss 1460>\nC< S. 0:0(0) ack 1\n"
			"C> . 1:1(0) ack 1 win 512\nS< . 1:1(0) ack 1\nstate established\n");
}

static void tuple_reuse_in_time_wait(struct test *t)
{
	static const char close_both[] =
			"C> F. 1:1(0) ack 1 win 512\nS< F. 1:1(0) ack 1\n"
			"S> F. 1:1(0) ack 2 win 512\nC< F. 1:1(0)\n"
			"C> . 2:2(0) ack 2 win 512\nflush\n+10ms\nflush\nstate time-wait\n";
	struct script *s = script_new(t, NULL);

	script_do(s, "est\n");
	script_do(s, close_both);
	/* an older SYN is answered by what we know, a newer one is a new flow */
	script_do(s, "C> S -1000:-1000(0) win 65535 <mss 1460>\nquiet S\nstate time-wait\nflush\n");
	script_do(s,
			"C> S 100000:100000(0) win 65535 <mss 1460>\nS< S 100000:100000(0)\n"
			"S> S. 900000:900000(0) ack 100001 win 65535 <mss 1460>\n"
			"C< S. 900000:900000(0) ack 100001\n"
			"C> . 100001:100001(0) ack 900001 win 512\nS< . 100001:100001(0) ack 900001\n"
			"state established\nflows 1\n");
	script_end(&s);
}

/* --- 7 --- */

static void small_table(struct plan *p)
{
	p->relay.max_flows = 400;
	p->relay.embryonic_per_source = 20;
}

static void syn_flood_quota_keeps_established(struct test *t)
{
	const struct script_conf conf = { .setup = small_table };
	struct script *s = script_new(t, &conf);
	struct relay_gauges g;

	script_do(s, "host 1\nport 1000\nest\n");
	/* one source: no more than its share */
	for (int i = 0; i < 60; i++)
		script_f(s, "host 9\nport %d\nC> S 0:0(0) win 1000 <mss 1460>\n", 2000 + i);
	script_do(s, "flush\ndrop limit_embryonic 40\n");
	/* many sources: no more than a quarter of the table, and no established flow goes */
	for (int i = 0; i < 3000; i++)
		script_f(s, "host %d\nport %d\nC> S 0:0(0) win 1000 <mss 1460>\nflush\n",
				10 + i % 200, 3000 + i / 200);
	relay_gauges(script_world(s)->relay, &g);
	test_that(t, g.embryonic <= 100, "more than a quarter of the table is half open");
	test_that(t, g.flows >= 1 && g.flows <= 101, "the flood filled the table");
	script_do(s,
			"host 1\nport 1000\nC> P. 1:101(100) ack 1 win 512\nS< P. 1:101(100) ack 1\n"
			"S> P. 1:51(50) ack 101 win 512\nC< P. 1:51(50)\n");
	/* half-open ones are gone in time: 20 s after the SYN, 75 s after the SYN-ACK */
	script_do(s,
			"host 1\nport 7777\nC> S 0:0(0) win 1000 <mss 1460>\nflush\n+21s\nflush\nflows 1\n"
			"port 7778\nC> S 0:0(0) win 1000 <mss 1460>\nflush\n"
			"S> S. 0:0(0) ack 1 win 500 <mss 1460>\nflush\n+74s\nflows 2\n+2s\nflows 1\n");
	script_end(&s);
}

const struct scenario scenarios_handshake[] = {
	{ "hs_opts_matrix", hs_opts_matrix },
	{ "hs_lose_each_packet", hs_lose_each_packet },
	{ "hs_refused_and_icmp_unreach", hs_refused_and_icmp_unreach },
	{ "hs_split_4way_5way", hs_split_4way_5way },
	{ "hs_simultaneous_open", hs_simultaneous_open },
	{ "hs_syn_data_tfo_fallback", hs_syn_data_tfo_fallback },
	{ "hs_mptcp_fallback", hs_mptcp_fallback },
	{ "hs_md5_ao_wire_or_refuse", hs_md5_ao_wire_or_refuse },
	{ "hs_unknown_and_malformed_opts", hs_unknown_and_malformed_opts },
	{ "hs_challenge_ack_from_old_connection", hs_challenge_ack_from_old_connection },
	{ "tuple_reuse_in_time_wait", tuple_reuse_in_time_wait },
	{ "syn_flood_quota_keeps_established", syn_flood_quota_keeps_established },
	{ 0 },
};
