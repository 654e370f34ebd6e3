/* SPDX-License-Identifier: Apache-2.0
 * What an inspector is promised by dataplane/tcp/inspector.h, as one list of expectations that is run
 * over the engine and over the fake: what holds for the one must hold for the other. */
#include "tests/unit/net/suite.h"
#include "tests/unit/support/bed.h"

#include <errno.h>
#include <string.h>

/* What the inspector saw: "open", "A10" (10 bytes from the agent), "P0." (the end of the server's),
 * "close denied". */
static char seen[1024];
static void (*on_data)(struct relay *r, struct flow *f, enum side from);

static void note(const char *words)
{
	const size_t n = strlen(seen);

	snprintf(seen + n, sizeof(seen) - n, "%s%s", n > 0 ? " " : "", words);
}

static void spy_open(struct relay *r, struct flow *f)
{
	(void)r;
	CU_ASSERT_PTR_NULL(stream_ctx(f));
	stream_ctx_set(f, seen);
	note("open");
}

static void spy_data(struct relay *r, struct flow *f, enum side from)
{
	char words[32];

	CU_ASSERT_PTR_EQUAL(stream_ctx(f), seen);
	snprintf(words, sizeof(words), "%c%u%s", from == SIDE_AGENT ? 'A' : 'P',
			stream_len(f, from), stream_at_end(f, from) ? "." : "");
	note(words);
	if (on_data != NULL)
		on_data(r, f, from);
}

static void spy_close(struct relay *r, struct flow *f, enum end_reason why)
{
	static const char *const names[END_REASONS] = { [END_NONE] = "close none",
		[END_FIN] = "close fin",
		[END_RST_AGENT] = "close rst_agent",
		[END_RST_PROD] = "close rst_prod",
		[END_DENIED] = "close denied",
		[END_PRESSURE] = "close pressure",
		[END_SHUTDOWN] = "close shutdown" };

	(void)r;
	CU_ASSERT_PTR_EQUAL(stream_ctx(f), seen);
	note(names[why] != NULL ? names[why] : "close ?");
}

static const struct inspector spy = {
	.name = "spy", .open = spy_open, .data = spy_data, .close = spy_close
};

static void begin(void (*how)(struct relay *r, struct flow *f, enum side from))
{
	seen[0] = 0;
	on_data = how;
	bed_begin(&spy);
}

static void expect(const char *words, int line)
{
	suite_check(strcmp(seen, words) == 0, seen, words, line);
	seen[0] = 0;
}

#define EXPECT(words) expect(words, __LINE__)

/* What <to> takes now is bytes [<from_i>, <from_i> + <n>) of the other end's. */
static void takes(enum side to, uint32_t from_i, uint32_t n, int line)
{
	uint8_t buf[1024];
	const size_t got = bed_take(to, buf, sizeof(buf));
	bool same = got == n;

	for (uint32_t i = 0; same && i < n; i++)
		same = buf[i] == bed_byte(side_other(to), from_i + i);
	suite_check(same, "takes", "the bytes", line);
}

#define TAKES(to, from_i, n) takes(to, from_i, n, __LINE__)

static void takes_text(enum side to, const char *text, int line)
{
	uint8_t buf[1024];
	const size_t got = bed_take(to, buf, sizeof(buf));

	suite_check(got == strlen(text) && memcmp(buf, text, got) == 0, "takes", text, line);
}

#define TAKES_TEXT(to, text) takes_text(to, text, __LINE__)

static void pass_all(struct relay *r, struct flow *f, enum side from)
{
	/* a FIN may have gone on already: then even nothing cannot be passed */
	if (stream_len(f, from) > 0)
		CU_ASSERT_EQUAL(stream_pass(r, f, from, stream_len(f, from)), 0);
}

static void test_pass(void)
{
	begin(pass_all);
	EXPECT("open");
	bed_arrive(SIDE_AGENT, 10);
	bed_arrive(SIDE_PROD, 20);
	bed_arrive(SIDE_AGENT, 3);
	EXPECT("A10 P20 A3");
	TAKES(SIDE_PROD, 0, 13);
	TAKES(SIDE_AGENT, 0, 20);
	CU_ASSERT_EQUAL(bed_seen(SIDE_PROD), FAKE_OPEN);
	CU_ASSERT_EQUAL(stream_initiator(bed_flow), SIDE_AGENT);
	CU_ASSERT_EQUAL(stream_now_us(bed_relay), bed_now_us());
	bed_end();
}

/* The two ready-made inspectors. */
static void test_pass_all(void)
{
	bed_begin(&inspector_pass_all);
	bed_arrive(SIDE_AGENT, 10);
	bed_arrive(SIDE_PROD, 10);
	TAKES(SIDE_PROD, 0, 10);
	TAKES(SIDE_AGENT, 0, 10);
	bed_fin(SIDE_AGENT);
	CU_ASSERT_EQUAL(bed_seen(SIDE_PROD), FAKE_FIN);
	CU_ASSERT_EQUAL(bed_seen(SIDE_AGENT), FAKE_OPEN);
	bed_end();
}

/* What is left stays, and is offered again with each arrival. */
static void test_left(void)
{
	begin(NULL);
	bed_arrive(SIDE_AGENT, 10);
	bed_arrive(SIDE_AGENT, 10);
	EXPECT("open A10 A20");
	TAKES(SIDE_PROD, 0, 0);
	CU_ASSERT_EQUAL(stream_pass(bed_relay, bed_flow, SIDE_AGENT, 15), 0);
	bed_turn();
	EXPECT("");
	TAKES(SIDE_PROD, 0, 15);
	bed_arrive(SIDE_AGENT, 1);
	EXPECT("A6");
	CU_ASSERT_EQUAL(stream_pass(bed_relay, bed_flow, SIDE_AGENT, 7), -EINVAL);
	CU_ASSERT_EQUAL(stream_drop(bed_relay, bed_flow, SIDE_AGENT, 7), -EINVAL);
	CU_ASSERT_EQUAL(stream_pass(bed_relay, bed_flow, SIDE_AGENT, 0), 0);
	CU_ASSERT_EQUAL(stream_len(bed_flow, SIDE_AGENT), 6);
	bed_end();
}

/* The engine may have put small segments together, so the spans are the bytes, in any number. */
static void test_view(void)
{
	struct span s[4];
	uint32_t at = 3;
	size_t n;

	begin(NULL);
	bed_arrive(SIDE_AGENT, 10);
	bed_arrive(SIDE_AGENT, 4);
	CU_ASSERT_EQUAL(stream_drop(bed_relay, bed_flow, SIDE_AGENT, 3), 0);
	CU_ASSERT_EQUAL(stream_view(bed_relay, bed_flow, SIDE_AGENT, s, 1), 1);
	n = stream_view(bed_relay, bed_flow, SIDE_AGENT, s, 4);
	for (size_t i = 0; i < n; i++) {
		CU_ASSERT(s[i].len > 0);
		for (size_t k = 0; k < s[i].len; k++)
			CU_ASSERT_EQUAL(s[i].ptr[k], bed_byte(SIDE_AGENT, at++));
	}
	CU_ASSERT_EQUAL(at, 14);
	CU_ASSERT_EQUAL(stream_view(bed_relay, bed_flow, SIDE_PROD, s, 4), 0);
	bed_end();
}

static void need_20(struct relay *r, struct flow *f, enum side from)
{
	if (stream_len(f, from) < 20)
		CU_ASSERT_EQUAL(stream_need(r, f, from, 20), 0);
}

static void test_need(void)
{
	begin(need_20);
	bed_arrive(SIDE_AGENT, 1);
	bed_arrive(SIDE_AGENT, 18);
	EXPECT("open A1");
	bed_arrive(SIDE_AGENT, 1);
	bed_arrive(SIDE_AGENT, 1); /* the need is over: each arrival counts */
	EXPECT("A20 A21");
	CU_ASSERT_EQUAL(stream_need(bed_relay, bed_flow, SIDE_AGENT, 64 << 20), -EMSGSIZE);
	CU_ASSERT_EQUAL(stream_need(bed_relay, bed_flow, SIDE_AGENT, 1 << 20), 0);
	bed_end();
}

static void test_need_and_end(void)
{
	begin(need_20);
	bed_arrive(SIDE_AGENT, 5);
	bed_fin(SIDE_AGENT);
	EXPECT("open A5 A5.");
	CU_ASSERT_EQUAL(bed_seen(SIDE_PROD), FAKE_OPEN);
	CU_ASSERT_EQUAL(stream_pass(bed_relay, bed_flow, SIDE_AGENT, 5), 0);
	bed_turn();
	EXPECT("A0.");
	TAKES(SIDE_PROD, 0, 5);
	CU_ASSERT_EQUAL(bed_seen(SIDE_PROD), FAKE_FIN);
	bed_end();
}

static void test_edit(void)
{
	begin(NULL);
	bed_arrive(SIDE_AGENT, 8);
	CU_ASSERT_EQUAL(stream_emit(bed_relay, bed_flow, SIDE_AGENT, "<", 1), 0);
	CU_ASSERT_EQUAL(stream_drop(bed_relay, bed_flow, SIDE_AGENT, 8), 0);
	CU_ASSERT_EQUAL(stream_emit(bed_relay, bed_flow, SIDE_AGENT, "put in>", 7), 0);
	CU_ASSERT_EQUAL(stream_emit(bed_relay, bed_flow, SIDE_AGENT, "", 0), 0);
	CU_ASSERT_EQUAL(stream_emit(bed_relay, bed_flow, SIDE_PROD, "back", 4), 0);
	bed_turn();
	TAKES_TEXT(SIDE_PROD, "<put in>");
	TAKES_TEXT(SIDE_AGENT, "back");
	bed_end();
}

static void hold_it(struct relay *r, struct flow *f, enum side from)
{
	stream_hold(r, f, from);
}

static void test_hold(void)
{
	uint32_t index, gen;

	begin(hold_it);
	bed_arrive(SIDE_AGENT, 10);
	bed_arrive(SIDE_AGENT, 10);
	bed_arrive(SIDE_PROD, 5);
	EXPECT("open A10 P5");
	CU_ASSERT(stream_is_held(bed_flow, SIDE_AGENT));
	stream_id(bed_relay, bed_flow, &index, &gen);
	CU_ASSERT_EQUAL(relay_resume(bed_relay, index, gen + 1, bed_now_us()), -ESTALE);
	bed_turn();
	EXPECT("");
	on_data = NULL;
	CU_ASSERT_EQUAL(relay_resume(bed_relay, index, gen, bed_now_us()), 0);
	bed_turn();
	EXPECT("A20 P5");
	stream_hold(bed_relay, bed_flow, SIDE_PROD);
	bed_arrive(SIDE_PROD, 1);
	EXPECT("");
	stream_resume(bed_relay, bed_flow, SIDE_PROD);
	CU_ASSERT(!stream_is_held(bed_flow, SIDE_PROD));
	bed_turn();
	EXPECT("P6");
	stream_resume(bed_relay, bed_flow, SIDE_PROD); /* also of what was not held */
	bed_turn();
	EXPECT("P6");
	bed_end();
}

/* A FIN does not end a hold, and goes on when what is before it has. */
static void test_hold_and_end(void)
{
	begin(hold_it);
	bed_arrive(SIDE_AGENT, 10);
	bed_fin(SIDE_AGENT);
	EXPECT("open A10");
	CU_ASSERT(stream_at_end(bed_flow, SIDE_AGENT));
	CU_ASSERT_EQUAL(bed_seen(SIDE_PROD), FAKE_OPEN);
	on_data = pass_all;
	stream_resume(bed_relay, bed_flow, SIDE_AGENT);
	bed_turn();
	EXPECT("A10. A0.");
	TAKES(SIDE_PROD, 0, 10);
	CU_ASSERT_EQUAL(bed_seen(SIDE_PROD), FAKE_FIN);
	bed_end();
}

/* A resumed direction without bytes has nothing to say. */
static void test_resume_empty(void)
{
	begin(NULL);
	stream_hold(bed_relay, bed_flow, SIDE_AGENT);
	stream_resume(bed_relay, bed_flow, SIDE_AGENT);
	bed_turn();
	EXPECT("open");
	bed_end();
}

static void test_fin_both(void)
{
	begin(pass_all);
	bed_fin(SIDE_AGENT);
	EXPECT("open A0.");
	bed_arrive(SIDE_PROD, 7); /* half closed */
	TAKES(SIDE_AGENT, 0, 7);
	bed_fin(SIDE_PROD);
	EXPECT("P7 P0. close fin");
	CU_ASSERT_EQUAL(bed_seen(SIDE_AGENT), FAKE_FIN);
	CU_ASSERT_EQUAL(bed_seen(SIDE_PROD), FAKE_FIN);
	CU_ASSERT_EQUAL(stream_emit(bed_relay, bed_flow, SIDE_PROD, "x", 1), -EPIPE);
	bed_end();
	EXPECT("");
}

static void test_stream_close(void)
{
	begin(NULL);
	bed_arrive(SIDE_AGENT, 10);
	CU_ASSERT_EQUAL(stream_pass(bed_relay, bed_flow, SIDE_AGENT, 4), 0);
	stream_close(bed_relay, bed_flow, SIDE_AGENT);
	CU_ASSERT_EQUAL(stream_len(bed_flow, SIDE_AGENT), 0);
	CU_ASSERT_EQUAL(stream_emit(bed_relay, bed_flow, SIDE_AGENT, "x", 1), -EPIPE);
	CU_ASSERT_EQUAL(stream_room(bed_relay, bed_flow, SIDE_AGENT), 0);
	bed_turn();
	TAKES(SIDE_PROD, 0, 4);
	CU_ASSERT_EQUAL(bed_seen(SIDE_PROD), FAKE_FIN);
	EXPECT("open A10");
	bed_arrive(SIDE_AGENT, 3);
	bed_arrive(SIDE_PROD, 3);
	EXPECT("P3");
	CU_ASSERT_EQUAL(stream_pass(bed_relay, bed_flow, SIDE_PROD, 3), 0);
	bed_turn();
	TAKES(SIDE_AGENT, 0, 3);
	on_data = pass_all;
	bed_fin(SIDE_PROD);
	EXPECT("P0.");
	bed_fin(SIDE_AGENT);
	EXPECT("close fin");
	bed_end();
}

static void deny_rst(struct relay *r, struct flow *f, enum side from)
{
	stream_deny(r, f, STREAM_DENY_RST, NULL, 0);
	CU_ASSERT_EQUAL(stream_len(f, from), 0);
	CU_ASSERT_EQUAL(stream_emit(r, f, from, "x", 1), -EPIPE);
	CU_ASSERT_EQUAL(stream_pass(r, f, from, 0), -EPIPE);
	CU_ASSERT_EQUAL(stream_room(r, f, from), 0);
	stream_deny(r, f, STREAM_DENY_RST, NULL, 0); /* nothing more */
}

static void test_deny_rst(void)
{
	begin(deny_rst);
	bed_arrive(SIDE_AGENT, 10);
	EXPECT("open A10 close denied");
	CU_ASSERT_EQUAL(bed_seen(SIDE_AGENT), FAKE_RST);
	CU_ASSERT_EQUAL(bed_seen(SIDE_PROD), FAKE_RST);
	bed_end();
	EXPECT("");
}

static void deny_silent(struct relay *r, struct flow *f, enum side from)
{
	(void)from;
	stream_deny(r, f, STREAM_DENY_SILENT, NULL, 0);
}

static void test_deny_silent(void)
{
	begin(deny_silent);
	bed_arrive(SIDE_AGENT, 10);
	EXPECT("open A10 close denied");
	TAKES(SIDE_PROD, 0, 0);
	bed_end();
	EXPECT("");
}

static void deny_reply(struct relay *r, struct flow *f, enum side from)
{
	if (from == SIDE_PROD)
		pass_all(r, f, from);
	else
		stream_deny(r, f, STREAM_DENY_REPLY, "no", 2);
}

static void test_deny_reply(void)
{
	uint8_t buf[64];

	begin(deny_reply);
	bed_arrive(SIDE_PROD, 5);
	bed_arrive(SIDE_AGENT, 10);
	EXPECT("open P5 A10 close denied");
	CU_ASSERT_EQUAL_FATAL(bed_take(SIDE_AGENT, buf, sizeof(buf)), 7);
	CU_ASSERT_EQUAL(buf[4], bed_byte(SIDE_PROD, 4));
	CU_ASSERT_EQUAL(buf[5], 'n');
	CU_ASSERT_EQUAL(bed_seen(SIDE_AGENT), FAKE_FIN);
	CU_ASSERT_EQUAL(bed_seen(SIDE_PROD), FAKE_RST);
	bed_arrive(SIDE_AGENT, 4);
	bed_fin(SIDE_AGENT);
	bed_end();
	EXPECT("");
}

/* The agent's side is closed already: no reply can be said, so it is an RST. */
static void test_deny_reply_too_late(void)
{
	begin(pass_all);
	bed_fin(SIDE_PROD);
	CU_ASSERT_EQUAL(bed_seen(SIDE_AGENT), FAKE_FIN);
	on_data = deny_reply;
	bed_arrive(SIDE_AGENT, 10);
	EXPECT("open P0. A10 close denied");
	CU_ASSERT_EQUAL(bed_seen(SIDE_AGENT), FAKE_RST);
	CU_ASSERT_EQUAL(bed_seen(SIDE_PROD), FAKE_RST);
	bed_end();
}

/* What was judged before an RST still goes to the other end. */
static void test_rst(void)
{
	begin(pass_all);
	bed_arrive(SIDE_AGENT, 10);
	bed_rst(SIDE_AGENT);
	EXPECT("open A10 close rst_agent");
	TAKES(SIDE_PROD, 0, 10);
	CU_ASSERT_EQUAL(bed_seen(SIDE_PROD), FAKE_RST);
	bed_end();
	begin(NULL);
	bed_arrive(SIDE_AGENT, 10);
	bed_rst(SIDE_PROD);
	EXPECT("open A10 close rst_prod");
	CU_ASSERT_EQUAL(bed_seen(SIDE_AGENT), FAKE_RST);
	bed_end();
	EXPECT("");
}

static void bypass(struct relay *r, struct flow *f, enum side from)
{
	CU_ASSERT_EQUAL(stream_bypass(r, f), 0);
	CU_ASSERT(stream_len(f, from) > 0);
}

static void test_bypass(void)
{
	begin(NULL);
	stream_hold(bed_relay, bed_flow, SIDE_PROD);
	bed_arrive(SIDE_PROD, 4);
	on_data = bypass;
	bed_arrive(SIDE_AGENT, 10);
	EXPECT("open A10 close none");
	TAKES(SIDE_PROD, 0, 10);
	TAKES(SIDE_AGENT, 0, 4);
	bed_arrive(SIDE_AGENT, 5);
	TAKES(SIDE_PROD, 10, 5);
	bed_end();
	EXPECT("");
}

static void test_room(void)
{
	static const uint8_t zero[1 << 20];
	uint32_t room;

	begin(NULL);
	room = stream_room(bed_relay, bed_flow, SIDE_PROD);
	CU_ASSERT_EQUAL(room, 65536 + (256 << 10));
	CU_ASSERT_EQUAL(stream_emit(bed_relay, bed_flow, SIDE_PROD, zero, 50), 0);
	CU_ASSERT_EQUAL(stream_room(bed_relay, bed_flow, SIDE_PROD), room - 50);
	CU_ASSERT_EQUAL(stream_emit(bed_relay, bed_flow, SIDE_PROD, zero, room - 49), -ENOBUFS);
	CU_ASSERT_EQUAL(stream_room(bed_relay, bed_flow, SIDE_PROD), room - 50);
	bed_turn();
	CU_ASSERT_EQUAL(stream_need(bed_relay, bed_flow, SIDE_AGENT, 200000), 0);
	CU_ASSERT_EQUAL(stream_room(bed_relay, bed_flow, SIDE_AGENT), 200000 + 1460 + (256 << 10));
	CU_ASSERT_EQUAL(stream_emit(bed_relay, bed_flow, SIDE_PROD, zero, room - 50), 0);
	CU_ASSERT_EQUAL(stream_room(bed_relay, bed_flow, SIDE_PROD), 0);
	bed_end();
}

/* Nothing is on its way that an acknowledgement could come for: it is called all the same. */
static void test_room_pressure(void)
{
	begin(NULL);
	bed_pressure(true);
	CU_ASSERT_EQUAL(stream_room(bed_relay, bed_flow, SIDE_PROD), 0);
	stream_room_need(bed_relay, bed_flow, SIDE_PROD, 100);
	bed_turn();
	EXPECT("open");
	bed_pressure(false);
	bed_turn();
	EXPECT("P0");
	bed_turn();
	EXPECT("");
	bed_end();
}

static void test_kill(void)
{
	uint32_t index, gen;

	begin(NULL);
	bed_arrive(SIDE_AGENT, 10);
	stream_id(bed_relay, bed_flow, &index, &gen);
	CU_ASSERT_EQUAL(relay_kill(bed_relay, index, gen + 1, END_DENIED, bed_now_us()), -ESTALE);
	CU_ASSERT_EQUAL(relay_kill(bed_relay, index, gen, END_DENIED, bed_now_us()), 0);
	EXPECT("open A10 close denied");
	CU_ASSERT_EQUAL(relay_kill(bed_relay, index, gen, END_DENIED, bed_now_us()), -ESTALE);
	CU_ASSERT_EQUAL(relay_resume(bed_relay, index, gen, bed_now_us()), -ESTALE);
	bed_turn();
	CU_ASSERT_EQUAL(bed_seen(SIDE_AGENT), FAKE_RST);
	CU_ASSERT_EQUAL(bed_seen(SIDE_PROD), FAKE_RST);
	bed_end();
	EXPECT("");
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "pass", test_pass },
		{ "inspector_pass_all", test_pass_all },
		{ "what is left", test_left },
		{ "view", test_view },
		{ "need", test_need },
		{ "need, and the end", test_need_and_end },
		{ "edit", test_edit },
		{ "hold", test_hold },
		{ "hold, and the end", test_hold_and_end },
		{ "resume without bytes", test_resume_empty },
		{ "FIN from both", test_fin_both },
		{ "stream_close", test_stream_close },
		{ "deny: RST", test_deny_rst },
		{ "deny: silent", test_deny_silent },
		{ "deny: reply", test_deny_reply },
		{ "deny: reply, too late", test_deny_reply_too_late },
		{ "RST", test_rst },
		{ "bypass", test_bypass },
		{ "room", test_room },
		{ "room, under pressure", test_room_pressure },
		{ "kill", test_kill },
	};

	return suite_run("stream", tests, sizeof(tests) / sizeof(*tests));
}
