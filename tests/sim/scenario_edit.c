/* SPDX-License-Identifier: Apache-2.0
 * Scenarios 16 and 17: bytes taken out and put in. */
#include "tests/sim/scenario.h"
#include "tests/sim/script.h"

#include <stdio.h>
#include <string.h>

#define PDU 24U

/* A PDU in two segments cut at <cut>; at <at> two bytes are taken out and <n> put in. */
static void edit_one(struct test *t, uint32_t cut, uint32_t at, uint32_t n)
{
	const char *put = &"abcdefgh"[8 - n];
	const uint32_t total = PDU - 2 + n;
	struct script *s = script_new(t, NULL);

	script_do(s, "est\nmanual\n");
	script_f(s, "C> . 1:%u(%u) ack 1 win 512\n", 1 + cut, cut);
	script_f(s, "C> P. %u:%u(%u) ack 1 win 512\nquiet S\nflush\n", 1 + cut, 1 + PDU, PDU - cut);
	script_f(s, "verdict C pass %u\nverdict C drop 2\n", at);
	if (n > 0)
		script_f(s, "verdict C emit %s\n", put);
	script_f(s, "verdict C pass %u\nflush\n", PDU - 2 - at);
	/* old boundaries, sent again: told that they came twice, and not passed */
	script_f(s, "C> . 1:%u(%u) ack 1 win 512\nC<* . 1:1(0) ack %u\nquiet S\n", 1 + cut, cut,
			1 + PDU);
	script_f(s, "C> P. %u:%u(%u) ack 1 win 512\nC<* . 1:1(0) ack %u\nquiet S\n", 1 + cut,
			1 + PDU, PDU - cut, 1 + PDU);
	/* what S did not get is sent again, the same bytes; then all of it is acknowledged */
	script_do(s, "+250ms\n");
	test_that(t, script_waiting(s, SIDE_PROD) > 0, "nothing was sent again");
	script_f(s, "flush\nS> . 1:1(0) ack %u win 512\n+5ms\nflush\n+1s\nquiet\n", 1 + total);
	/* and the numbers behind it are shifted both ways */
	script_f(s, "S> P. 1:11(10) ack %u win 512\nverdict S pass all\nC< P. 1:11(10) ack %u\n",
			1 + total, 1 + PDU);
	script_f(s, "C> P. %u:%u(10) ack 11 win 512\nverdict C pass all\nS< P. %u:%u(10) ack 11 any\n",
			1 + PDU, 11 + PDU, 1 + total, 11 + total);
	script_end(&s);
	test_note(t, "cut %u, edit at %u, %u put in", cut, at, n);
}

static void edit_grow_shrink_every_offset(struct test *t)
{
	static const uint32_t put[] = { 0, 1, 2, 3, 8 };

	for (uint32_t cut = 1; cut < PDU; cut++)
		for (uint32_t at = 0; at <= PDU - 2 && !t->failed; at++)
			edit_one(t, cut, at, put[(cut + at) % 5]);
	/* the same under a seed's worth of edits, with loss, in both directions */
	for (uint32_t n = 0; n < 40 && !t->failed; n++) {
		struct plan p;

		plan_init(&p, 1100 + n);
		p.conn[0].insp = (struct insp_conf){ .scripted = true,
			.whole_units = n & 1,
			.edit_ppm = 600000,
			.drop_ppm = 100000,
			.emit_ppm = 200000 };
		for (int h = 0; h < HOPS; h++)
			p.link[h].loss_ppm = 20000;
		for (int i = 0; i < 40; i++) {
			plan_do(&p, 0, SIDE_AGENT, DO_WRITE, 1 + (uint64_t)i * 70);
			plan_do(&p, 0, SIDE_PROD, DO_WRITE, 3000 - (uint64_t)i * 70);
		}
		for (int s = 0; s < SIDES; s++) {
			plan_do(&p, 0, (enum side)s, DO_SHUT, 0);
			plan_do(&p, 0, (enum side)s, DO_AWAIT_EOF, 0);
		}
		test_plan_only(t, &p);
	}
}

static void inject_notice(struct test *t)
{
	/* towards C while S is in the middle of its own bytes: between them, never among them */
	script_run(t, NULL,
			"est\nmanual\n"
			"S> . 1:101(100) ack 1 win 512\nS> P. 101:201(100) ack 1 win 512\nquiet C\nflush\n"
			"verdict S pass 150\n"
			"verdict S emit NOTICE:wait\n"
			"verdict S pass 50\n"
			"C< . 1:151(150)\n"
			"C< P. 151:162(11) any\n"
			"C< P. 162:212(50) any\n"
			"C> . 1:1(0) ack 212 win 512\n+5ms\nS<* . 1:1(0) ack 201\nflush\n"
			"S> P. 201:211(10) ack 1 win 512\nverdict S pass 10\nC< P. 212:222(10) any\n");
	/* while the window is closed: it waits, and is all there when it opens */
	script_run(t, NULL,
			"est\nmanual\n"
			"C> . 1:1(0) ack 1 win 0\n"
			"S> P. 1:101(100) ack 1 win 512\nverdict S emit NOTICE\nquiet C\n"
			"verdict S pass 100\nquiet C\n"
			"C> . 1:1(0) ack 1 win 512\n"
			"C< P. 1:107(106) any\n");
	/* to a server that says nothing */
	script_run(t, NULL,
			"est\nmanual\nverdict C emit RESET\nS< P. 1:6(5) \"RESET\"\n"
			"C> P. 1:11(10) ack 1 win 512\nverdict C pass 10\nS< P. 6:16(10) any\n"
			"S> . 1:1(0) ack 16 win 512\n+5ms\nC<* . 1:1(0) ack 11\n");
}

const struct scenario scenarios_edit[] = {
	{ "edit_grow_shrink_every_offset", edit_grow_shrink_every_offset },
	{ "inject_notice_while_peer_is_sending_and_while_window_zero", inject_notice },
	{ 0 },
};
