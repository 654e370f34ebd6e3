/* SPDX-License-Identifier: Apache-2.0
 * Sessions through the spine, with agents, servers and a control plane that do what a tape says. Byte 0:
 *	bits 0-1	legs that are TLS: the agent's, the server's
 *	bit 2		the agent also says bytes of the tape's own
 *	bits 3-4	how the server lets in: trust, password, SCRAM, not at all
 *	bits 5-7	size of segments at first, from one byte on
 * Then operations of two bytes, what and how much (run_op()).
 *
 * Whatever happens: nothing spins; a command that rules deny is never heard by the server, nor one that
 * is held and was not allowed; each flow is closed once; blocks, sessions and contexts come back. */
#include "parsers/base/must.h"
#include "parsers/base/reader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/random.h"
#include "tests/unit/inspect/bench.h"

#include <errno.h>
#include <string.h>

enum {
	OPS_MAX = 48,
	RAW_MAX = 63,
};

static const char *const said[] = {
	"Q select 1",
	"Q drop table zzdropped",
	"Q update zzheld set a = 1",
	"Q begin",
	"Q rollback",
	"Q sel 40 3 value",
	"Q not sql",
	"Q select 1;drop table zzdropped",
	"P |select 2",
	"P s1|update orders set b = 2",
	"P s2|drop table zzdropped",
	"B ||",
	"B p1|s1",
	"D P",
	"E |0",
	"E p1|0",
	"C Ss1",
	"H",
	"S",
	"Q copyin",
	"Q copyout 3",
	"d data",
	"c",
	"f why",
	"F 2101|value",
	"X",
};

static struct bench b;
static bool is_raw, has_allowed;

static void answer(uint8_t much)
{
	const bool yes = (much & 1) != 0;

	switch (much >> 1 & 3) {
	case 0:
		(void)ctrl_answer(&b.ctrl, TICKET_WHO, yes ? 0 : -EACCES, "");
		break;
	case 1:
		has_allowed |= yes && ctrl_waiting(&b.ctrl, TICKET_MAY) != NULL;
		(void)ctrl_answer(&b.ctrl, TICKET_MAY, yes ? TICKET_ALLOW : TICKET_DENY, "no");
		break;
	case 2:
		(void)ctrl_answer(&b.ctrl, TICKET_WORK, 0, "");
		break;
	default:
		if (ctrl_news(&b.ctrl, TICKET_READY) != NULL)
			ctrl_tell(&b.ctrl, ctrl_news(&b.ctrl, TICKET_READY),
					yes ? TICKET_END : TICKET_CANCELLED, SESSION_REVOKED);
		break;
	}
}

static void change(struct talk *t, uint8_t much)
{
	switch (much & 7) {
	case 0:
		b.ctrl_sleeps = !b.ctrl_sleeps;
		break;
	case 1:
		b.ctrl.delays_work = !b.ctrl.delays_work;
		break;
	case 2:
		t->agent_is_deaf = !t->agent_is_deaf;
		break;
	case 3:
		t->server_is_deaf = !t->server_is_deaf;
		break;
	case 4:
		t->server.is_mute = !t->server.is_mute;
		break;
	case 5:
		fake_fin(t->flow, much & 8 ? SIDE_AGENT : SIDE_PROD);
		break;
	case 6:
		fake_rst(t->flow, much & 8 ? SIDE_AGENT : SIDE_PROD);
		break;
	default:
		fake_pressure(b.relay, (much & 8) != 0);
		break;
	}
}

static void connect(uint8_t much)
{
	static const char *const tokens[] = { "good", "slow", "bad", "" };
	const struct ticket *known = ctrl_news(&b.ctrl, TICKET_READY);
	struct talk *t;

	if (b.n_talks == BENCH_TALKS)
		return;
	b.agent.password = tokens[much & 3];
	t = bench_talk(&b);
	b.ctrl.cancel_rc = (int32_t)(much >> 4 & 1);
	if ((much & 4) != 0 && known != NULL && known->ready.key_len > 0 &&
			known->ready.key_len <= PG_PEER_KEY_MAX)
		pg_agent_cancel(&t->agent, known->ready.pid, known->ready.key,
				known->ready.key_len);
	else
		pg_agent_start(&t->agent);
}

static void raw(struct talk *t, struct reader *tape, uint8_t much)
{
	size_t n = much & RAW_MAX;
	struct span s;

	n = n < rd_left(tape) ? n : rd_left(tape);
	s = rd_take(tape, n);
	if ((much & 64) != 0)
		pg_server_say(&t->server, s.ptr, s.len);
	else if (!is_raw)
		return;
	else if ((much & 128) != 0)
		pipe_put(&t->agent.wire.net_out, s.ptr, s.len); /* below its TLS */
	else
		pg_wire_send(&t->agent.wire, s.ptr, s.len);
}

static void run_op(struct talk *t, struct reader *tape, uint8_t what, uint8_t much)
{
	switch (what & 7) {
	case 0:
		if (t->agent.state == PG_AGENT_READY)
			pg_agent_say(&t->agent, said[much % (sizeof(said) / sizeof(*said))]);
		break;
	case 1:
		raw(t, tape, much);
		break;
	case 2:
		answer(much);
		break;
	case 3:
		bench_wait(&b, (uint32_t)much * 4);
		break;
	case 4:
		fake_segments(b.relay, 1 + (uint32_t)much * 5, much & 3);
		break;
	case 5:
		fake_fault(b.relay, much & 128 ? FAKE_EMIT_HALF : FAKE_ENOBUFS, much & 15,
				much >> 4 & 7);
		break;
	case 6:
		change(t, much);
		break;
	default:
		connect(much);
		break;
	}
	if ((what & 128) == 0) /* else at once with the next one */
		bench_run(&b);
}

/* The server was told to run it; that it was asked for its plan does not count. */
static bool has_run(const struct pipe *heard, const char *text)
{
	static const char asked[] = "EXPLAIN (FORMAT JSON) ";
	const size_t n = strlen(text), before = sizeof(asked) - 1;

	for (size_t at = 0; at + n <= heard->len; at++) {
		if (memcmp(heard->bytes + at, text, n) == 0 &&
				(at < before ||
						memcmp(heard->bytes + at - before, asked, before) !=
								0))
			return true;
	}
	return false;
}

/* What holds at any time. */
static void check(void)
{
	must(!b.has_spun);
	for (uint32_t i = 0; i < b.n_talks; i++) {
		const struct talk *t = &b.talks[i];

		must(fake_n_close(t->flow) == (fake_ended(t->flow) != END_NONE));
		must(is_raw || !bench_has(&t->server.heard, "zzdropped"));
		must(is_raw || has_allowed || !has_run(&t->server.heard, "update zzheld"));
	}
}

static void begin(uint8_t flags)
{
	static const enum pg_server_auth auths[] = { PG_SERVER_TRUST, PG_SERVER_CLEAR,
		PG_SERVER_SCRAM, PG_SERVER_TRUST };

	is_raw = (flags & 4) != 0;
	has_allowed = false;
	bench_init(&b, flags & 3);
	b.target.keeps_actor = true;
	b.target.labels = b.target.estimates = true;
	b.conf.memory_bytes = 4 << 20; /* little is to be cleared, and to run out of */
	b.server.auth = auths[flags >> 3 & 3];
	b.server.mood = (flags >> 3 & 3) == 3 ? PG_SERVER_SILENT : PG_SERVER_GOOD;
	b.server.password = "secret";
	bench_start(&b);
	fake_segments(b.relay, 1U << (flags >> 5) * 10 / 7, 1);
	connect(0);
	bench_run(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_made;
	struct reader tape = rd_of(data, size);
	const uint8_t flags = rd_u8(&tape);

	if (!is_made) {
		fuzz_random_install();
		fuzz_random_seed(1);
		bench_open();
		is_made = true;
	}
	fuzz_random_seed(88172645463325252ULL);
	begin(flags);
	for (int i = 0; i < OPS_MAX && rd_left(&tape) >= 2; i++) {
		const uint8_t what = rd_u8(&tape), much = rd_u8(&tape);

		run_op(&b.talks[(what >> 3 & 15) % b.n_talks], &tape, what, much);
		check();
	}
	bench_run(&b);
	check();
	bench_stop(&b);
	return 0;
}
