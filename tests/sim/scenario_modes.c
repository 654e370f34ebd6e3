/* SPDX-License-Identifier: Apache-2.0
 * Scenarios 29 and 30: the cheap modes, restarts, clocks. */
#include "dataplane/tcp/restart.h"
#include "tests/sim/ep.h"
#include "tests/sim/scenario.h"
#include "tests/sim/script.h"

#include <string.h>

/* --- 29 --- */

static void exchange(struct plan *p, uint64_t bytes, uint64_t unit)
{
	for (int s = 0; s < SIDES; s++) {
		for (uint64_t n = 0; n < bytes; n += unit)
			plan_do(p, 0, (enum side)s, DO_WRITE, unit);
		plan_do(p, 0, (enum side)s, DO_SHUT, 0);
		plan_do(p, 0, (enum side)s, DO_AWAIT_EOF, 0);
	}
}

static void bypass_drain_to_xlate(struct test *t)
{
	for (uint32_t n = 0; n < 96 && !t->failed; n++) {
		struct plan p;
		struct world *w;

		plan_init(&p, 2300 + n);
		p.conn[0].insp = (struct insp_conf){ .scripted = true,
			.whole_units = n & 1,
			.edit_ppm = n & 2 ? 400000 : 0,
			.hold_ppm = n & 4 ? 300000 : 0,
			.hold_max_us = 20000 };
		p.conn[0].insp.bypass_unit[n & 8 ? SIDE_PROD : SIDE_AGENT] = 1 + n % 23;
		p.conn[0].ep[0].isn = n % 5 == 0 ? 0u - 30000 : 12345;
		for (int h = 0; h < HOPS; h++)
			p.link[h] = (struct link_conf){ .delay_us = 400 + 1000 * (n % 3),
				.loss_ppm = n & 16 ? 20000 : 0,
				.dup_ppm = n & 32 ? 20000 : 0,
				.reorder_ppm = n & 32 ? 50000 : 0,
				.reorder_us = 3000 };
		exchange(&p, 200000, 5000);
		w = test_plan(t, &p);
		if (w != NULL) {
			test_that(t, w->conn[0].bypassed, "it was never bypassed");
			test_that(t, relay_counters_kept(w)->stat[STAT_FWD_XLATE] > 0,
					"nothing was ever translated");
		}
		world_free(&w);
		plan_done(&p);
		test_note(t, "case %u", n);
	}
	/* numbers on both sides of an edit, with SACK */
	script_run(t, NULL,
			"est\nmanual\nC> P. 1:11(10) ack 1 win 512\nverdict C drop 3\nverdict C pass 7\n"
			"S< P. 1:8(7) any\nS> . 1:1(0) ack 8 win 512\n+5ms\nflush\n"
			"verdict C bypass\n+5ms\nflush\nmode xlate\n"
			"C> P. 11:21(10) ack 1 win 500\nS< P. 8:18(10) ack 1 win 500 any\n"
			"S> . 1:1(0) ack 8 win 400 <sack 18-28>\nC< . 1:1(0) ack 11 win 400 <sack 21-31>\n"
			"S> P. 1:11(10) ack 18 win 512\nC< P. 1:11(10) ack 21\n"
			"C> F. 21:21(0) ack 11 win 512\nS< F. 18:18(0) ack 11\n"
			"S> F. 11:11(0) ack 19 win 512\nC< F. 11:11(0) ack 22\n"
			"C> . 22:22(0) ack 12 win 512\nS< . 19:19(0) ack 12\n+10m\nflows 0\n");
}

static void wire_mode(struct plan *p)
{
	p->conn[0].mode = MODE_WIRE;
}

/* What an inspector replaced stays replaced, whatever its sender sends again. */
static void xlate_keeps_what_was_judged(struct test *t)
{
	script_run(t, NULL,
			"est\nmanual\nC> P. 1:11(10) ack 1 win 512\nverdict C drop 3\nverdict C emit abc\n"
			"verdict C pass 7\n+1ms\nS> . 1:1(0) ack 11 win 512\n+5ms\nflush\n"
			"verdict C bypass\n+5ms\nflush\nmode xlate\n"
			/* it missed our ACK: the whole, a part, a straddling one, with a FIN */
			"C> P. 1:11(10) ack 1 win 500\nS< P. 11:11(0) ack 1 win 500\nquiet\n"
			"C> P. 4:9(5) ack 1 win 500\nS< P. 9:9(0) ack 1\nquiet\n"
			"C> P. 8:21(13) ack 1 win 500\nS< P. 11:21(10) ack 1\nquiet\n"
			"C> F. 8:11(3) ack 1 win 500\nS< F. 11:11(0) ack 1\nquiet\n"
			/* what the server says to that tells it where they are */
			"S> . 1:1(0) ack 11 win 512\nC< . 1:1(0) ack 11\n"
			"C> P. 11:21(10) ack 1 win 500\nS< P. 11:21(10) ack 1\nstat dup_in 4\n"
			/* a whole turn of the numbers later they are new ones */
			"C> P. 1000000021:1000000031(10) ack 1 win 500\nS< P. 1000000021:1000000031(10)\n"
			"C> P. 1:11(10) ack 1 win 500\nS< P. 11:11(0) ack 1\nquiet\n"
			"C> P. 2000000021:2000000031(10) ack 1 win 500\nS< P. 2000000021:2000000031(10)\n"
			"C> P. 3000000021:3000000031(10) ack 1 win 500\nS< P. 3000000021:3000000031(10)\n"
			"C> P. 1:11(10) ack 1 win 500\nS< P. 1:11(10) ack 1\nquiet\n");
	/* nobody has judged the payload of a SYN; a bare one may be answered */
	script_run(t, NULL,
			"est\nverdict C bypass\n+5ms\nflush\nmode xlate\n"
			"C> S 5000:5010(10) win 512 <mss 1460>\nquiet\ndrop seg_syn_data 1\n"
			"C> S 5000:5000(0) win 512 <mss 1460>\nS< S 5000:5000(0) <mss 1460>\n");
}

/* A flow that only passes can be cut off: RST to both ends at the numbers that they expect. */
static void kill_passing(struct test *t)
{
	static const char *const begin[] = {
		"mode wire\n",
		"manual\nC> P. 1:11(10) ack 1 win 512\nverdict C drop 4\nverdict C pass 6\n"
		"+1ms\nflush\nS> . 1:1(0) ack 7 win 512\n+5ms\nverdict C bypass\n+5ms\nflush\nmode xlate\n"
	};

	for (int m = 0; m < 2; m++) {
		const struct script_conf conf = { .setup = m == 0 ? wire_mode : NULL };
		struct script *s = script_new(t, &conf);
		const int end = m == 0 ? 31 : 27;

		script_f(s, "est\n%s", begin[m]);
		script_f(s, "C> P. 11:31(20) ack 1 win 512\nS> P. 1:8(7) ack %d win 512\nflush\nkill\n",
				end);
		script_f(s, "C< R. 8:8(0)\nS< R. %d:%d(0)\n", end, end);
		/* nothing passes any more, and who speaks is told again */
		script_f(s, "C> P. 31:41(10) ack 8 win 512\nC<* R. 8:8(0)\nquiet S\n+10s\nflush\nflows 0\n");
		script_end(&s);
	}
}

/* Two frames that a stranger guessed do not end a connection that goes on, and one that is reset in
 * mid-stream does end. */
static void wire_blind_reset(struct test *t)
{
	const struct script_conf conf = { .setup = wire_mode };

	script_run(t, &conf,
			"est\nC> P. 1:11(10) ack 1 win 512\nC> P. 70000:70010(10) ack 1 win 512\n"
			"C> R. 70010:70010(0) ack 1 win 0\nstate time-wait\n+100s\n"
			"S> . 0:0(0) ack 11 win 512\nstate established\n+10m\nstate established\n");
	script_run(t, &conf,
			"est\nC> P. 1:11(10) ack 1 win 512\nS> R. 1:1(0) ack 11 win 0\n"
			"C> P. 11:21(10) ack 1 win 512\nC> P. 21:31(10) ack 1 win 512\n"
			"S> R 1:1(0) win 0\nstate time-wait\n+3m\nflows 0\n");
	/* refused: gone soon */
	script_run(t, &conf,
			"C> S 0:0(0) win 512 <mss 1460>\nS> R. 0:0(0) ack 1 win 0\n+3s\nflows 0\n");
	/* a FIN that overtook data, which was lost before us, and is kept by its receiver */
	script_run(t, &conf,
			"est\nC> F. 6:6(0) ack 1 win 512\nS> . 1:1(0) ack 1 win 512\n"
			"C> P. 1:6(5) ack 1 win 512\nS> F. 1:1(0) ack 6 win 512\n"
			"state established\nS> . 2:2(0) ack 7 win 512\nstate time-wait\n");
	/* closed by one end while the other still writes */
	script_run(t, &conf,
			"est\nC> P. 1:11(10) ack 1 win 512\nS> F. 1:1(0) ack 11 win 512\n"
			"C> P. 11:21(10) ack 1 win 512\nS> R 1:1(0) win 0\nstate time-wait\n"
			"C> P. 21:31(10) ack 1 win 512\nstate time-wait\n+3m\nflows 0\n");
}

static void wire_mode_byte_identical(struct test *t)
{
	const struct script_conf conf = { .setup = wire_mode };

	for (uint32_t n = 0; n < 60 && !t->failed; n++) {
		struct plan p;

		plan_init(&p, 2400 + n);
		p.conn[0].mode = MODE_WIRE;
		p.conn[0].ip_ver = n & 1 ? 6 : 4;
		p.conn[0].n_tags = (uint8_t)(n % 3);
		for (int s = 0; s < SIDES; s++) {
			p.conn[0].ep[s].ts = n & 2;
			p.conn[0].ep[s].probe_with_byte = n & 4;
			p.conn[0].ep[s].pad = n & 8;
			p.conn[0].ep[s].mss = n & 1 ? 1440 : 1460;
		}
		for (int h = 0; h < HOPS; h++)
			p.link[h] = (struct link_conf){ .delay_us = 300,
				.loss_ppm = n & 4 ? 20000 : 0,
				.corrupt_ppm = n & 8 ? 20000 : 0,
				.reorder_ppm = 20000,
				.reorder_us = 1000 };
		exchange(&p, 100000, 7000);
		test_plan_only(t, &p);
	}
	script_run(t, &conf,
			"C> S 0:0(0) win 1234 <mss 87,sackOK,ws 15,unk,tfo> urg 9 tos 3 ttl 3\n"
			"S< S 0:0(0) win 1234 <mss 87,sackOK,ws 15,unk,tfo> tos 3 ttl 3\n"
			"mode wire\n"
			"S> S. 0:0(0) ack 1 win 77 <mss 1>\nC< S. 0:0(0) ack 1 win 77 <mss 1>\n"
			"C> FSRP.UEW 77:87(10) ack 12345 win 3\nflush\n"
			"C> P.U 1:11(10) ack 1 win 3 urg 4\nS< P.U 1:11(10) ack 1 win 3\n");
}

/* --- 30 --- */

static void restart_engine(struct script *s)
{
	struct world *w = script_world(s);

	w->stepping = true;
	relay_shutdown(w->relay, w->now_us);
	w->stepping = false;
	engine_free(w);
	engine_init(w);
	relay_restart(w->relay, w->now_us);
	script_do(s, "+1ms\n");
}

static void restart_cold(struct test *t)
{
	struct script *s = script_new(t, NULL);

	/* a clean stop resets what cannot go on ... */
	script_do(s, "est\nC> P. 1:11(10) ack 1 win 512\nS<* P. 1:11(10)\nS> . 1:1(0) ack 11 win 512\nflush\n");
	restart_engine(s);
	script_do(s,
			"C<* R. 1:1(0)\nS<* R. 11:11(0)\nflush\n"
			/* ... and after a crash the segment's own numbers do it */
			"C> P. 11:21(10) ack 1 win 512\nC< R 1:1(0)\nS< R. 11:11(0) ack 1\nflush\n"
			"S> P. 1:11(10) ack 11 win 512\nS<* R 11:11(0)\nC<* R. 1:1(0)\nflush\nflows 0\n"
			"C> R 11:11(0) win 0\nquiet\n"
			/* a server that still waits for a handshake's end: its client may be long past it,
			 * but one that waits, too, must not be refused: no ACK */
			"S> S. 0:0(0) ack 1 win 512 <mss 1460>\nS< R 1:1(0)\nC< R 1:1(0)\n");
	script_end(&s);
}

enum { RECORDS = 1024 };

static struct restart_record records[RECORDS];

static void with_records(struct plan *p)
{
	memset(records, 0, sizeof(records));
	p->relay.max_flows = RECORDS;
	p->relay.restart = records;
}

static void restart_warm(struct test *t)
{
	const struct script_conf conf = { .setup = with_records };
	struct script *s = script_new(t, &conf);

	/* 1000: translated, with a shift; 1001: relayed, queues empty; 1002: relayed, bytes held */
	script_do(s,
			"port 1000\nest\nmanual\nC> P. 1:11(10) ack 1 win 512\nverdict C drop 4\nverdict C pass 6\n"
			"S> . 1:1(0) ack 7 win 512\n+5ms\nverdict C bypass\n+5ms\nflush\n"
			"auto\nport 1001\nest\nC> P. 1:11(10) ack 1 win 512\nS> . 1:1(0) ack 11 win 512\n+5ms\n"
			"flush\n"
			"port 1002\nest\nmanual\nC> P. 1:11(10) ack 1 win 512\nverdict C hold\n+5ms\nflush\n");
	restart_engine(s);
	/* the one that cannot be resumed is reset at both ends */
	script_do(s,
			"port 1002\nC<* R. 1:1(0)\nS<* R. 1:1(0)\nflush\nflows 2\n"
			"port 1000\nC> P. 11:21(10) ack 1 win 512\nS< P. 7:17(10) ack 1 any\n"
			"S> P. 1:11(10) ack 17 win 512\nC< P. 1:11(10) ack 21\n"
			"port 1001\nC> P. 11:21(10) ack 1 win 512\nS< P. 11:21(10) ack 1\n"
			"S> P. 1:11(10) ack 21 win 512\nC< P. 1:11(10) ack 21\n"
			"stat restart_resumed 2\n"
			/* and what was judged before does not pass again */
			"port 1000\nC> P. 1:11(10) ack 1 win 512\nS< P. 7:7(0)\n"
			"port 1001\nC> P. 1:11(10) ack 1 win 512\nS< P. 11:11(0)\n");
	script_end(&s);
	/* one that closes without another word is over */
	s = script_new(t, &conf);
	script_do(s, "est\nC> P. 1:11(10) ack 1 win 512\nS> . 1:1(0) ack 11 win 512\n+5ms\nflush\n");
	restart_engine(s);
	script_do(s,
			"C> F. 11:11(0) ack 1 win 512\nS< F. 11:11(0)\nS> F. 1:1(0) ack 12 win 512\n"
			"C< F. 1:1(0)\nC> . 12:12(0) ack 2 win 512\nflush\nstate time-wait\n+3m\nflows 0\n");
	script_end(&s);
	/* after a crash: what was RELAY is reset by its next segment, what was translated goes on */
	s = script_new(t, &conf);
	script_do(s, "port 1000\nest\nverdict C bypass\n+5ms\nflush\nmode xlate\nport 1001\nest\n");
	engine_free(script_world(s));
	engine_init(script_world(s));
	relay_restart(script_world(s)->relay, script_world(s)->now_us);
	script_do(s,
			"flows 1\nport 1000\nC> P. 1:11(10) ack 1 win 512\nS< P. 1:11(10) ack 1\n"
			"port 1001\nC> P. 1:11(10) ack 1 win 512\nC< R 1:1(0)\nS< R. 1:1(0)\n");
	script_end(&s);
	/* a torn record is no record */
	s = script_new(t, &conf);
	script_do(s, "est\nverdict C bypass\n+5ms\nflush\nmode xlate\n");
	engine_free(script_world(s));
	for (int i = 0; i < RECORDS; i++)
		records[i].delta[0] ^= 1;
	engine_init(script_world(s));
	relay_restart(script_world(s)->relay, script_world(s)->now_us);
	script_do(s, "flows 0\n");
	script_end(&s);
}

static void near_wrap(struct plan *p)
{
	p->clock_us = (1ull << 32) * 1000 - 2 * US_PER_S; /* milliseconds in 32 bits: 49 days */
}

static void clock_jump(struct test *t)
{
	static const uint64_t start[] = { (1ull << 32) * 1000, 1ull << 32, (1ull << 31) * 1000,
		1ull << 31 };
	const struct script_conf conf = { .setup = near_wrap };
	struct script *s = script_new(t, &conf);

	for (uint32_t n = 0; n < 24 && !t->failed; n++) {
		struct plan p;

		plan_init(&p, 2500 + n);
		p.clock_us = start[n % 4] - (n / 4) * 50000 - 1000;
		for (int h = 0; h < HOPS; h++)
			p.link[h].loss_ppm = 30000;
		p.conn[0].insp = (struct insp_conf){
			.scripted = true, .hold_ppm = 200000, .hold_max_us = 500000
		};
		exchange(&p, 100000, 7000);
		test_plan_only(t, &p);
		test_note(t, "start %u", n);
	}
	/* timers over the wrap, and a process that was stopped for an hour: nobody is dead of that */
	script_do(s,
			"est\nC> P. 1:101(100) ack 1 win 512\nflush\n+1900ms\nflush\n"
			"+2s\nS<* P. 1:101(100)\nflush\nS> . 1:1(0) ack 101 win 512\nflush\n");
	script_world(s)->now_us += 3300ull * US_PER_S;
	script_do(s,
			"C> P. 101:111(10) ack 1 win 512\nS<* P. 101:111(10)\n"
			"S> P. 1:11(10) ack 111 win 512\nC<* P. 1:11(10)\nstate established\n");
	script_end(&s);
}

static void idle_24h_virtual(struct test *t)
{
	for (uint32_t n = 0; n < 4 && !t->failed; n++) {
		struct plan p;

		plan_init(&p, 2600 + n);
		p.conn[0].insp.scripted = n & 1;
		if (n & 2)
			p.conn[0].mode = MODE_WIRE;
		p.conn[0].ep[SIDE_AGENT].keepalive_us = n & 2 ? 7200ull * US_PER_S : 0;
		plan_do(&p, 0, SIDE_AGENT, DO_WRITE, 100);
		plan_do(&p, 0, SIDE_PROD, DO_AWAIT, 100);
		plan_do(&p, 0, SIDE_PROD, DO_WRITE, 100);
		plan_do(&p, 0, SIDE_AGENT, DO_AWAIT, 100);
		plan_do(&p, 0, SIDE_AGENT, DO_SLEEP, (n & 2 ? 1 : 24) * 3590ull * US_PER_S);
		plan_do(&p, 0, SIDE_AGENT, DO_WRITE, 5000);
		plan_do(&p, 0, SIDE_PROD, DO_AWAIT, 5100);
		for (int s = 0; s < SIDES; s++) {
			plan_do(&p, 0, (enum side)s, DO_SHUT, 0);
			plan_do(&p, 0, (enum side)s, DO_AWAIT_EOF, 0);
		}
		p.limit_us = 30ull * 3600 * US_PER_S;
		test_plan_only(t, &p);
		test_note(t, "case %u", n);
	}
	/* and dead ends are found: an hour, then probes */
	script_run(t, NULL,
			"est\n+50m\nquiet\n+11m\nC<* . 0:0(0)\nS<* . 0:0(0)\nflush\n"
			"+4m\nC<* R. 1:1(0)\nS<* R. 1:1(0)\nflush\n+10s\nflush\nflows 0\n");
}

const struct scenario scenarios_modes[] = {
	{ "bypass_drain_to_xlate_under_bulk_and_loss", bypass_drain_to_xlate },
	{ "xlate_keeps_what_was_judged", xlate_keeps_what_was_judged },
	{ "kill_passing", kill_passing },
	{ "wire_blind_reset", wire_blind_reset },
	{ "wire_mode_byte_identical", wire_mode_byte_identical },
	{ "restart_cold", restart_cold },
	{ "restart_warm", restart_warm },
	{ "clock_jump", clock_jump },
	{ "idle_24h_virtual", idle_24h_virtual },
	{ 0 },
};
