/* SPDX-License-Identifier: Apache-2.0
 * Scenario 25: attempts to show an inspector something else than the server sees. There is one
 * rule to hold: every byte position is decided once, by the first accepted copy, and that copy is
 * what the server gets. */
#include "tests/sim/scenario.h"
#include "tests/sim/script.h"

/* --- overlaps: two segments in every relation to each other (Ptacek-Newsham; the matrices of the
 * FreeBSD test suite) --- */

struct span4 {
	int l1, r1, l2, r2;
};

/* What the stream must be when the first copy of each byte stands: the oracle's at the positions of
 * the first segment, junk at those that only the second one has. Position 1 is the first byte. */
static void overlap_expect(struct test *t, const struct span4 *o, int at, const struct seg *g)
{
	uint8_t good[128], junk[128];

	script_oracle(SIDE_AGENT, false, 0, good, sizeof(good));
	script_oracle(SIDE_AGENT, true, 0, junk, sizeof(junk));
	for (int i = 0; i < (int)g->len; i++) {
		const int pos = at + i;
		const bool first = (pos >= o->l1 && pos < o->r1) || pos < o->l2 || pos >= o->r2;

		if (g->payload[i] != (first ? good : junk)[pos - 1])
			test_fail(t, "byte %d is not the first copy: [%d,%d) then [%d,%d)", pos,
					o->l1, o->r1, o->l2, o->r2);
	}
}

static void overlap_one(struct test *t, const struct span4 *o)
{
	struct script *s = script_new(t, NULL);
	struct seg g;

	script_do(s, "est\n");
	script_f(s, "C> P. %d:%d(%d) ack 1 win 512\n", o->l1, o->r1, o->r1 - o->l1);
	script_f(s, "C> P. %d:%d(%d) ack 1 win 512 junk\n", o->l2, o->r2, o->r2 - o->l2);
	if (o->l1 > 1 && o->l2 > 1)
		script_do(s, "C> P. 1:2(1) ack 1 win 512\n"); /* the hole in front of both */
	for (int at = 1; script_next(s, SIDE_PROD, &g);) {
		if (g.len == 0)
			continue;
		overlap_expect(t, o, at, &g);
		at += (int)g.len;
	}
	script_do(s, "C> P. 100:101(1) ack 1 win 512\nflush\n");
	script_end(&s);
}

static void evasion_overlap_matrix(struct test *t)
{
	for (int l1 = 1; l1 <= 2; l1++)
		for (int r1 = l1 + 1; r1 <= 9; r1 += 2)
			for (int l2 = 1; l2 <= 9; l2++)
				for (int r2 = l2 + 1; r2 <= 11 && !t->failed; r2++)
					if (l1 == 1 || l2 <= r1) {
						const struct span4 o = { l1, r1, l2, r2 };

						overlap_one(t, &o);
					}
	/* by seed: a writer that contradicts itself; the bytes at S are those the inspector saw */
	for (uint32_t n = 0; n < 60 && !t->failed; n++) {
		struct plan p;
		struct conn_plan *c = &p.conn[0];

		plan_init(&p, 1700 + n);
		c->ep[SIDE_AGENT].hostile = HOSTILE_OVERLAP;
		c->trust[SIDE_AGENT] = false;
		c->insp.scripted = true;
		c->expect[0] = c->expect[1] = OUT_ANY;
		p.limit_us = 30 * US_PER_S;
		for (int i = 0; i < 20; i++) {
			plan_do(&p, 0, SIDE_AGENT, DO_WRITE, 4000);
			plan_do(&p, 0, SIDE_AGENT, DO_SLEEP, 3000);
		}
		test_plan_only(t, &p);
	}
}

static void strict_overlap(struct plan *p)
{
	p->conn[0].rst_on_mismatch = true;
}

static void evasion_overlap_policy(struct test *t)
{
	const struct script_conf strict = { .setup = strict_overlap };

	script_run(t, NULL,
			"est\nC> P. 11:21(10) ack 1 win 512\nC> P. 11:21(10) ack 1 win 512 junk\n"
			"drop seg_overlap_differs 1\nC> P. 1:11(10) ack 1 win 512\n"
			"S< P. 1:21(20)\n");
	script_run(t, &strict,
			"est\nC> P. 11:21(10) ack 1 win 512\nC> P. 11:21(10) ack 1 win 512\n"
			"state established\nflush\n"
			"C> P. 11:21(10) ack 1 win 512 junk\nS< R. 1:1(0)\nC<* R. 1:1(0)\n");
}

/* --- insertions: what the server would not take must not be judged either --- */

static void evasion_ttl(struct test *t)
{
	/* it was seen here, so it goes on with a TTL that arrives */
	script_run(t, NULL,
			"est\nC> P. 1:11(10) ack 1 win 512 ttl 1\nS< P. 1:11(10) ttl 64\n"
			"C> P. 1:11(10) ack 1 win 512 junk\nquiet S\n"
			"C> R 11:11(0) win 0 ttl 1\nS< R. 11:11(0) ttl 64\n");
}

static void evasion_bad_csum_ack_dataoff(struct test *t)
{
	script_run(t, NULL,
			"est\n"
			"C> P. 1:11(10) ack 1 win 512 junk badcsum\n"
			"C> P. 1:11(10) ack 1 win 512 junk badipcsum\n"
			"C> P. 1:11(10) ack 1 win 512 junk dataoff 4\n"
			"C> P. 1:11(10) ack 1 win 512 junk dataoff 15\n"
			"C> P. 1:11(10) ack 1 win 512 junk trunc 58\n"
			"C> P 1:11(10) win 512 junk\n"
			"C> - 1:11(10) win 512 junk\n"
			"C> FS 1:11(10) win 512 junk\n"
			"C> FSRP.U 1:11(10) ack 1 win 512 junk\n"
			"C> P. 1:11(10) ack 1 win 512 junk <raw 02>\n"
			"quiet S\nflush\n"
			"C> P. 1:11(10) ack 70000 win 512 junk\nquiet S\nflush\n"
			"C> P. 1:11(10) ack -2000000 win 512 junk\nquiet S\nflush\n"
			"C> P. 1:11(10) ack 1 win 512\nS< P. 1:11(10)\n"
			"state established\n");
}

static void evasion_urg(struct test *t)
{
	/* the byte stays in line, flag and pointer go: both ends and the inspector agree on it */
	script_run(t, NULL,
			"est\nC> P.U 1:11(10) ack 1 win 512 urg 3\nS< P. 1:11(10)\n"
			"C> .U 11:12(1) ack 1 win 512 urg 1\nS< . 11:12(1)\n");
}

static void drop_urgent(struct plan *p)
{
	p->conn[0].urg = URG_DROP;
}

static void evasion_urg_drop(struct test *t)
{
	const struct script_conf conf = { .setup = drop_urgent };

	script_run(t, &conf,
			"est\nC> P.U 1:11(10) ack 1 win 512 urg 3\nquiet S\nflush\n"
			"C> P. 1:11(10) ack 1 win 512\nS< P. 1:11(10)\n");
}

static void evasion_tiny_segments(struct test *t)
{
	struct script *s = script_new(t, NULL);

	/* judged on the stream: one byte each, backwards */
	script_do(s, "est\nmanual\n");
	for (int i = 40; i >= 1; i--)
		script_f(s, "C> . %d:%d(1) ack 1 win 512\n", i, i + 1);
	script_do(s, "quiet S\nflush\nverdict C pass 40\nflush\n");
	script_end(&s);
	for (uint32_t n = 0; n < 20 && !t->failed; n++) {
		struct plan p;

		plan_init(&p, 1800 + n);
		p.conn[0].ep[SIDE_AGENT].hostile = HOSTILE_TINY;
		p.conn[0].insp.scripted = true;
		p.conn[0].insp.whole_units = true;
		for (int h = 0; h < HOPS; h++)
			p.link[h] = (struct link_conf){
				.delay_us = 100, .reorder_ppm = 200000, .reorder_us = 500
			};
		plan_do(&p, 0, SIDE_AGENT, DO_WRITE, 2000);
		plan_do(&p, 0, SIDE_AGENT, DO_SHUT, 0);
		plan_do(&p, 0, SIDE_AGENT, DO_AWAIT_EOF, 0);
		plan_do(&p, 0, SIDE_PROD, DO_AWAIT_EOF, 0);
		plan_do(&p, 0, SIDE_PROD, DO_SHUT, 0);
		test_plan_only(t, &p); /* a tiny writer is honest: it finishes */
	}
}

static void evasion_data_after_fin(struct test *t)
{
	script_run(t, NULL,
			"est\nC> F. 1:1(0) ack 1 win 512\nS< F. 1:1(0)\nS> . 1:1(0) ack 2 win 512\nflush\n"
			"C> P. 2:12(10) ack 1 win 512 junk\nquiet S\n"
			"C> P. 1:12(11) ack 1 win 512 junk\nquiet S\n"
			"C> F. 12:12(0) ack 1 win 512\nquiet S\n");
	/* a FIN that came before its turn fixes the end; another one does not move it */
	script_run(t, NULL,
			"est\nC> F. 11:11(0) ack 1 win 512\nquiet S\nflush\n"
			"C> P. 11:21(10) ack 1 win 512 junk\nquiet S\nflush\n"
			"C> F. 16:16(0) ack 1 win 512\nquiet S\nflush\n"
			"drop seg_fin_moved 1\n"
			"C> P. 1:11(10) ack 1 win 512\nS< P. 1:11(10)\nS< F. 11:11(0)\nquiet S\n");
	/* after an RST */
	script_run(t, NULL,
			"est\nC> R 1:1(0) win 0\nflush\nC> P. 1:11(10) ack 1 win 512\nnodata S\n");
}

static void evasion_syn_data(struct test *t)
{
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460> \"EVIL\"\nS< S 0:0(0)\n"
			"S> S. 0:0(0) ack 1 win 65535 <mss 1460>\nflush\n"
			"C> P. 1:5(4) ack 1 win 512 \"GOOD\"\nS<* P. 1:5(4) \"GOOD\"\n");
	/* data on a SYN in the middle, data without ACK before the end of the handshake */
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460>\nflush\n"
			"C> P. 1:5(4) ack 1 win 512 \"EVIL\"\nquiet S\n"
			"S> S. 0:0(0) ack 1 win 65535 <mss 1460>\nflush\n"
			"C> P 1:5(4) win 512 \"EVIL\"\nquiet S\n"
			"C> S 1:5(4) win 512 \"EVIL\"\nnodata S\n");
}

/* --- Geneva's published strategies: what they do to the client's side, as sender programs. Each
 * line of <bad> is an insertion before the real request; the real one must arrive, none of the
 * insertions may, and the connection must stand unless the server itself would have lost it. --- */

static const char *const geneva[] = {
	/* TCB teardown: RST, RST/ACK, FIN that the server ignores */
	"C> R 1:1(0) win 0 badcsum\n",
	"C> R. 1:1(0) ack 1 win 0 badcsum\n",
	"C> R 1:1(0) win 0 badipcsum\n",
	"C> R. 1:1(0) ack 1 win 0 dataoff 4\n",
	"C> R 5000:5000(0) win 0\n",
	"C> R. 5000:5000(0) ack 1 win 0\n",
	"C> R -70000:-70000(0) win 0\n",
	"C> R. 1:1(0) ack 999999 win 0 dataoff 15\n",
	"C> FR 1:1(0) win 0 badcsum\n",
	"C> F. 1:1(0) ack 1 win 0 badcsum\n",
	"C> F 1:1(0) win 0\n",
	"C> FSRP.U 1:1(0) ack 1 win 0\n",
	"C> S. 1:1(0) ack 1 win 0\n",
	/* TCB desynchronisation: junk that the server drops */
	"C> P. 1:11(10) ack 1 win 512 junk badcsum\n",
	"C> P. 1:11(10) ack 1 win 512 junk badipcsum\n",
	"C> P. 1:11(10) ack 99999 win 512 junk\n",
	"C> P 1:11(10) win 512 junk\n",
	"C> P. 1:11(10) ack 1 win 512 junk dataoff 3\n",
	"C> P. 100000000:100000010(10) ack 1 win 512 junk\n",
	"C> P. -20:-10(10) ack 1 win 512 junk\n",
	"C> S 1:11(10) win 512 junk\n",
	"C> S 4242:4242(0) win 512\n",
	/* segmentation: in pieces, out of order, twice */
	"C> P. 6:11(5) ack 1 win 512\nC> P. 6:11(5) ack 1 win 512\n",
	"C> P. 4:8(4) ack 1 win 512\nC> P. 2:3(1) ack 1 win 512\nC> P. 8:11(3) ack 1 win 512\n",
};

static void evasion_geneva(struct test *t)
{
	for (size_t i = 0; i < sizeof(geneva) / sizeof(geneva[0]) && !t->failed; i++) {
		struct script *s = script_new(t, NULL);
		struct seg g;
		uint32_t got = 0;

		script_do(s, "est\n");
		script_do(s, geneva[i]);
		script_do(s, "nodata S\nflush\nC> P. 1:11(10) ack 1 win 512\nstate established\n");
		/* a sender sends again what was not acknowledged: several holes may take several turns */
		script_do(s, "C> P. 1:11(10) ack 1 win 512\n");
		while (script_next(s, SIDE_PROD, &g)) {
			if (g.len > 0 && script_differs(s, SIDE_AGENT, &g))
				test_fail(t, "other bytes than the request's arrived");
			got += g.len;
		}
		if (got != 10)
			test_fail(t, "%u of 10 bytes arrived", got);
		script_end(&s);
		test_note(t, "strategy %zu", i);
	}
}

/* --- SymTCP: corners where a monitor accepts what Linux drops, or the other way round --- */

static const char *const symtcp[] = {
	"C> P. 1:11(10) ack 1 win 512 junk <raw 0213>\n", /* malformed option */
	"C> P. 1:11(10) ack 1 win 512 junk <raw 1312>\n", /* an MD5 option out of the blue */
	"C> R. 2:2(0) ack 1 win 0\n",                     /* RST beside the exact number */
	"C> R 66000:66000(0) win 0\n",                    /* at the very edge */
	"C> .U 1:1(0) ack 1 win 512 urg 5\n",             /* URG without data */
	"C> P. 70000:70010(10) ack 1 win 512 junk\n",     /* beyond the window */
	"C> . 1:11(10) ack -70000 win 512 junk\n",        /* too old an ACK */
	"C> F. 2000000:2000000(0) ack 1 win 512\n",       /* a FIN beyond the window */
	"C> SP 1:11(10) win 512 junk\n",                  /* SYN with data in the middle */
	"C> P. 1:11(10) ack 2 win 512 junk\n",            /* ACK just beyond what was sent */
};

static void evasion_symtcp(struct test *t)
{
	for (size_t i = 0; i < sizeof(symtcp) / sizeof(symtcp[0]) && !t->failed; i++) {
		struct script *s = script_new(t, NULL);
		struct seg g;
		uint32_t got = 0;

		script_do(s, "est\n");
		script_do(s, symtcp[i]);
		if (i != 1) /* an unknown option is no reason to drop a segment; then its bytes stand */
			script_do(s, "nodata S\n");
		script_do(s, "flush\nC> P. 1:11(10) ack 1 win 512\nstate established\n");
		while (script_next(s, SIDE_PROD, &g)) {
			if (g.len > 0 && script_differs(s, SIDE_AGENT, &g))
				test_fail(t, "other bytes than the request's arrived");
			got += g.len;
		}
		if (got != 10 && i != 1)
			test_fail(t, "%u of 10 bytes arrived", got);
		script_end(&s);
		test_note(t, "strategy %zu", i);
	}
}

/* All of the above, and every hostile sender by seed. */
static void evasion_suite(struct test *t)
{
	for (uint32_t n = 0; n < 220 && !t->failed; n++) {
		struct plan p;
		struct conn_plan *c = &p.conn[0];
		const enum side who = n & 1 ? SIDE_PROD : SIDE_AGENT;

		plan_init(&p, 1900 + n);
		c->ip_ver = n & 2 ? 6 : 4;
		c->ep[who].hostile = 1u << (n / 2 % 11);
		c->ep[side_other(who)].hostile = n & 64 ? HOSTILE_SHRINK | HOSTILE_RENEGE : 0;
		c->trust[0] = c->trust[1] = false;
		c->insp = (struct insp_conf){
			.scripted = true, .whole_units = n & 4, .edit_ppm = n & 8 ? 300000 : 0
		};
		c->expect[0] = c->expect[1] = OUT_ANY;
		p.limit_us = 60 * US_PER_S;
		for (int i = 0; i < 20; i++) {
			plan_do(&p, 0, SIDE_AGENT, DO_WRITE, 3000);
			plan_do(&p, 0, SIDE_AGENT, DO_SLEEP, 3000);
			plan_do(&p, 0, SIDE_PROD, DO_WRITE, 2000);
			plan_do(&p, 0, SIDE_PROD, DO_SLEEP, 4000);
		}
		for (int e = 0; e < SIDES; e++)
			plan_do(&p, 0, (enum side)e, DO_SHUT, 0);
		test_plan_only(t, &p);
	}
}

const struct scenario scenarios_evasion[] = {
	{ "evasion_overlap_matrix", evasion_overlap_matrix },
	{ "evasion_overlap_policy", evasion_overlap_policy },
	{ "evasion_ttl", evasion_ttl },
	{ "evasion_bad_csum_ack_dataoff", evasion_bad_csum_ack_dataoff },
	{ "evasion_urg", evasion_urg },
	{ "evasion_urg_drop", evasion_urg_drop },
	{ "evasion_tiny_segments", evasion_tiny_segments },
	{ "evasion_data_after_fin", evasion_data_after_fin },
	{ "evasion_syn_data", evasion_syn_data },
	{ "evasion_geneva", evasion_geneva },
	{ "evasion_symtcp", evasion_symtcp },
	{ "evasion_suite", evasion_suite },
	{ 0 },
};
