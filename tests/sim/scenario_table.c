/* SPDX-License-Identifier: Apache-2.0
 * The life of flows beside their bytes: who gets a slot, who may end one, what outlives a restart,
 * and what the network says about them. */
#include "dataplane/tcp/restart.h"
#include "tests/sim/scenario.h"
#include "tests/sim/script.h"

#include <string.h>

enum { FEW = 16 };

static struct restart_record records[FEW];

static void few_flows(struct plan *p)
{
	memset(records, 0, sizeof(records));
	p->relay.max_flows = FEW;
	p->relay.embryonic_per_source = 3;
	p->relay.restart = records;
}

static void full_table_gives_up_closed_flows(struct test *t)
{
	const struct script_conf conf = { .setup = few_flows };
	struct script *s = script_new(t, &conf);

	for (int i = 0; i < FEW; i++)
		script_f(s, "port %d\nest\n", 1000 + i);
	/* all are open: none goes */
	script_do(s, "flush\nport 2000\nC> S 0:0(0) win 1000 <mss 1460>\nquiet S\ndrop limit_flows 1\n");
	/* one is over: it does */
	script_do(s,
			"port 1007\nC> R 1:1(0) win 0\nflush\nflows 16\nport 2000\nest\nflows 16\n"
			"stat flows_evicted 1\nC> P. 1:11(10) ack 1 win 512\nS< P. 1:11(10)\n");
	script_end(&s);
}

static void source_gets_its_share_back(struct test *t)
{
	const struct script_conf conf = { .setup = few_flows };
	struct script *s = script_new(t, &conf);

	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 4; i++)
			script_f(s, "port %d\nC> S 0:0(0) win 1000 <mss 1460>\n", 1000 + i);
		script_f(s, "flush\ndrop limit_embryonic %d\nflows 3\n+21s\nflows 0\n", round + 1);
	}
	script_end(&s);
}

static void three_a_second(struct plan *p)
{
	p->relay.syn_per_source_per_s = 3;
}

static void syns_of_one_source_are_limited(struct test *t)
{
	const struct script_conf conf = { .setup = three_a_second };
	struct script *s = script_new(t, &conf);

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 5; i++)
			script_f(s, "port %d\nC> S 0:0(0) win 1000 <mss 1460>\n",
					1000 + 10 * round + i);
		script_f(s, "flush\ndrop limit_embryonic %d\nflows %d\n+1s\n", 2 * (round + 1),
				3 * (round + 1));
	}
	script_end(&s);
}

/* Two hundred a second for all that belongs to no flow: none of it may make us a reflector. */
static void rsts_that_strangers_provoke_are_limited(struct test *t)
{
	struct script *s = script_new(t, NULL);

	for (int second = 0; second < 2; second++) {
		script_do(s, "+1s\nflush\n");
		for (int i = 0; i < 300; i++)
			script_f(s, "port %d\nC>+ P. 1:11(10) ack 1 win 512\n", 1000 + i);
		script_do(s, "C> R 1:1(0) win 0\n+5ms\n");
		if (script_waiting(s, SIDE_AGENT) != 200 || script_waiting(s, SIDE_PROD) != 200)
			test_fail(t, "%u and %u RSTs in a second", script_waiting(s, SIDE_AGENT),
					script_waiting(s, SIDE_PROD));
	}
	script_end(&s);
}

static void handshake_of_something_else_is_nobodys(struct test *t)
{
	/* a SYN-ACK for another SYN, a third ACK from nowhere near */
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1460>\nS< S 0:0(0)\n"
			"S> S. 0:0(0) ack 77 win 500 <mss 1460>\nquiet C\ndrop seg_syn_state 1\nstate syn\n"
			"S> S. 0:0(0) ack 1 win 500 <mss 1460>\nC< S. 0:0(0) ack 1\n"
			"C> . 5000000:5000000(0) ack 1 win 512\nquiet\ndrop seg_syn_state 2\nstate synack\n"
			"C> . 1:1(0) ack 1 win 512\nS< . 1:1(0) ack 1\nstate established\n");
}

/* Ten minutes without a word, not the hour of an open one. */
static void half_closed_and_silent_ends_after_ten_minutes(struct test *t)
{
	script_run(t, NULL,
			"est\nC> F. 1:1(0) ack 1 win 512\nS< F. 1:1(0)\nS> . 1:1(0) ack 2 win 512\nflush\n"
			"+9m\nquiet\nstate established\n+2m\nC<* R. 1:1(0)\nS<* R. 2:2(0)\n+10s\nflows 0\n");
}

static void stranger_cannot_end_a_translated_flow(struct test *t)
{
	script_run(t, NULL,
			"est\nverdict C bypass\n+5ms\nflush\nmode xlate\n"
			"C> R 5000:5000(0) win 0\nC> R 5000:5000(0) win 0\nflush\n+10s\nflows 1\n"
			"state established\n"
			"C> P. 1:11(10) ack 1 win 512\nS< P. 1:11(10)\n"
			"C> R 11:11(0) win 0\nS< R 11:11(0)\n+3m\nflows 0\n");
	/* nor begin it anew: the SYN-ACK must be for the SYN that passed */
	script_run(t, NULL,
			"est\nverdict C bypass\n+5ms\nflush\nmode xlate\n"
			"C> S 900000:900000(0) win 100\nS> S. 70000:70000(0) ack 77 win 100\n"
			"drop seg_syn_state 0\nflows 1\n"
			"S> S. 70000:70000(0) ack 900001 win 100\ndrop seg_syn_state 1\nflows 0\n");
}

/* A conversation begun anew where a translated one was: the client's SYN comes again and is
 * inspected, and nothing that the server still says of its answer to the first may refuse that. */
static void translated_flow_begins_anew(struct test *t)
{
	script_run(t, NULL,
			"est\nverdict C bypass\n+5ms\nflush\nmode xlate\n"
			"C> S 900000:900000(0) win 100\nS< S 900000:900000(0)\n"
			"S> S. 70000:70000(0) ack 900001 win 100\nS< R 900001:900001(0)\nquiet C\n"
			"flows 0\n"
			/* that RST was lost: the answer comes again, before the SYN does */
			"S> S. 70000:70000(0) ack 900001 win 100\nS< R 900001:900001(0)\n"
			"C< R 70001:70001(0)\n"
			"C> S 900000:900000(0) win 100\nS< S 900000:900000(0)\nflows 1\n");
}

/* Quotes carry the end's own numbers, which an edit has moved. */
static void icmp_quotes_are_translated(struct test *t)
{
	script_run(t, NULL,
			"est\nmanual\nC> P. 1:11(10) ack 1 win 512\nverdict C drop 3\nverdict C pass 7\n"
			"S< P. 1:8(7) any\nflush\nicmp S mtu 0 seq 1\nquote C seq 4\n"
			"S> . 1:1(0) ack 8 win 512\n+5ms\nflush\nverdict C bypass\n+5ms\nflush\nmode xlate\n"
			"C> P. 11:21(10) ack 1 win 512\nS< P. 8:18(10) any\n"
			"icmp S mtu 0 seq 8\nquote C seq 11\n");
	/* and what a path takes counts the headers that there are */
	script_run(t, &(struct script_conf){ .ip_ver = 6 },
			"est\nC> P. 1:1441(1440) ack 1 win 512\nS< P. 1:1441(1440)\nflush\n"
			"icmp S mtu 1300 seq 1\n+1ms\nS<* . 1:1241(1240)\nS< P. 1241:1441(200)\n");
	script_run(t, NULL,
			"C> S 0:0(0) win 65535 <mss 1000>\nS> S. 0:0(0) ack 1 win 65535 <mss 1000>\n"
			"C> . 1:1(0) ack 1 win 65535\nC> P. 1:1001(1000) ack 1 win 65535\nflush\n"
			"icmp S mtu 1400 seq 1\nstat pmtu_lowered 0\nS> . 1:1(0) ack 1001 win 65535\n"
			"C>+ . 1001:2001(1000) ack 1 win 65535\nC> P. 2001:2301(300) ack 1 win 65535\n"
			"S<* . 1001:2001(1000)\n");
}

static void crash(struct script *s)
{
	struct world *w = script_world(s);

	engine_free(w);
	engine_init(w);
	relay_restart(w->relay, w->now_us);
	script_do(s, "+1ms\n");
}

static void stop(struct script *s)
{
	struct world *w = script_world(s);

	w->stepping = true;
	relay_shutdown(w->relay, w->now_us);
	w->stepping = false;
	crash(s);
}

static void restart_resumes_only_what_may_go_on(struct test *t)
{
	static const struct flow_policy deny = { .mode = MODE_DENY };
	const struct script_conf conf = { .setup = few_flows };
	struct script *s = script_new(t, &conf);

	/* denied meanwhile */
	script_do(s, "est\nverdict C bypass\n+5ms\nflush\nmode xlate\n");
	script_world(s)->policy = &deny;
	crash(s);
	script_do(s, "flows 0\nstat restart_refused 1\n");
	script_end(&s);
	/* ended before */
	s = script_new(t, &conf);
	script_do(s,
			"est\nverdict C bypass\n+5ms\nflush\nmode xlate\nC> R 1:1(0) win 0\nflush\n+3m\n"
			"flows 0\n");
	crash(s);
	script_do(s, "flows 0\nstat restart_resumed 0\n");
	script_end(&s);
	/* half closed: a shift cannot say that one FIN is acknowledged and the other to come */
	s = script_new(t, &conf);
	script_do(s,
			"est\nC> F. 1:1(0) ack 1 win 512\nS< F. 1:1(0)\nS> . 1:1(0) ack 2 win 512\n"
			"C< . 1:1(0) ack 2\nflush\n");
	stop(s);
	script_do(s, "C<* R. 1:1(0)\nS<* R. 2:2(0)\nflows 0\n");
	script_end(&s);
	/* nor that a FIN was acknowledged in a hold that nobody has passed on */
	s = script_new(t, &conf);
	script_do(s,
			"est\nmanual\nverdict C hold\nC> F. 1:1(0) ack 1 win 512\n+61s\nC<* . ack 2\n"
			"flush\n");
	stop(s);
	script_do(s, "C<* R. 1:1(0)\nS<* R. 1:1(0)\nflows 0\n");
	script_end(&s);
}

const struct scenario scenarios_table[] = {
	{ "full_table_gives_up_closed_flows", full_table_gives_up_closed_flows },
	{ "source_gets_its_share_back", source_gets_its_share_back },
	{ "syns_of_one_source_are_limited", syns_of_one_source_are_limited },
	{ "rsts_that_strangers_provoke_are_limited", rsts_that_strangers_provoke_are_limited },
	{ "handshake_of_something_else_is_nobodys", handshake_of_something_else_is_nobodys },
	{ "half_closed_and_silent_ends_after_ten_minutes",
			half_closed_and_silent_ends_after_ten_minutes },
	{ "stranger_cannot_end_a_translated_flow", stranger_cannot_end_a_translated_flow },
	{ "translated_flow_begins_anew", translated_flow_begins_anew },
	{ "icmp_quotes_are_translated", icmp_quotes_are_translated },
	{ "restart_resumes_only_what_may_go_on", restart_resumes_only_what_may_go_on },
	{ 0 },
};
