/* SPDX-License-Identifier: Apache-2.0
 * The windows that we offer (relay.md 2.8), read from the frames as their receiver reads them: the
 * right edge is never taken back, moves in useful steps, and grows only while memory is plenty. */
#include "tests/unit/net/suite.h"
#include "tests/unit/tcp/engine.h"

enum {
	MSS = 1460,
	KIB = 1024,
};

static struct engine e;

/* Of the last segment to the agent, as offsets from its ISN. */
static uint32_t acked(void)
{
	return engine_last(&e, SIDE_AGENT)->ack - e.isn[SIDE_AGENT];
}

static uint32_t edge(void)
{
	const uint8_t shift = e.wscale == ENGINE_NO_WSCALE ? 0 : e.wscale;

	return acked() + ((uint32_t)engine_last(&e, SIDE_AGENT)->wnd << shift);
}

static void begin(uint8_t wscale)
{
	engine_init(&e);
	e.wscale = wscale;
}

/* An old byte again: whoever gets it must say at once where things stand. */
static void ask(void)
{
	engine_in(&e, SIDE_AGENT, TCP_ACK, 1, 1, 1);
	engine_poll(&e);
}

static void connect(void)
{
	engine_start(&e);
	engine_connect(&e);
	engine_in(&e, SIDE_AGENT, TCP_ACK | TCP_PSH, 1, 1, 2);
	engine_wait(&e, 3);
}

/* The agent sends segments of at most <size> into whatever is offered, until there is no room, or
 * <most> bytes are out. Checks each edge against the one before. */
static void fill(const char *row, uint32_t size, uint32_t most)
{
	uint32_t promised = edge();

	for (uint32_t at = acked(); at < most && at < promised; at = acked()) {
		const uint32_t room = promised - at;

		engine_in(&e, SIDE_AGENT, TCP_ACK, at, 1, room < size ? room : size);
		engine_wait(&e, 3);
		CHECK_ROW(row, edge() >= promised);
		promised = edge();
		if (acked() == at)
			break;
	}
}

static const struct {
	const char *row;
	uint8_t wscale;
	uint32_t size;
} shapes[] = {
	{ "no scaling, full segments", ENGINE_NO_WSCALE, MSS },
	{ "no scaling, odd segments", ENGINE_NO_WSCALE, 77 },
	{ "shift 0", 0, 1001 },
	{ "shift 1", 1, 333 },
	{ "shift 3", 3, MSS },
	{ "shift 7", 7, MSS },
	{ "shift 7, less than the unit", 7, 101 },
	{ "shift 11", 11, 1213 },
	{ "shift 14", 14, MSS },
	{ "shift 14, tiny", 14, 19 },
};

/* Nothing is judged, so the window closes: down to the last byte its edge only moves to the right. */
static void test_never_retracted(void)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		begin(shapes[i].wscale);
		e.policy.rcv_cap_max_bytes = 64 * KIB;
		connect();
		fill(shapes[i].row, shapes[i].size, 80 * KIB);
		CHECK_ROW(shapes[i].row, acked() > 63000);
		engine_stop(&e);
	}
}

/* Without scaling the field says exact bytes: what is queued stays within the cap, held or not. */
static void test_cap(void)
{
	begin(ENGINE_NO_WSCALE);
	e.policy.rcv_cap_max_bytes = 64 * KIB;
	connect();
	fill("cap", MSS, 1000 * KIB);
	CU_ASSERT(acked() - 1 <= 64 * KIB);
	CU_ASSERT(acked() - 1 > 63 * KIB - MSS);
	stream_hold(e.r, engine_flow(&e), SIDE_AGENT); /* "as long as it can": up to 256 KiB */
	ask();
	fill("hold", MSS, 1000 * KIB);
	CU_ASSERT(acked() - 1 <= 256 * KIB);
	CU_ASSERT(acked() - 1 > 255 * KIB - MSS);
	engine_stop(&e);
}

/* RFC 9293 3.8.6.2.2: a full window that drains slowly reopens by a segment at least. */
static void test_sws(void)
{
	uint32_t promised, drained = 0, n_steps = 0;

	begin(ENGINE_NO_WSCALE);
	e.policy.rcv_cap_max_bytes = 64 * KIB;
	connect();
	fill("fill", MSS, 1000 * KIB);
	promised = edge();
	while (drained < 20 * MSS) {
		CU_ASSERT_EQUAL_FATAL(stream_drop(e.r, engine_flow(&e), SIDE_AGENT, 100), 0);
		drained += 100;
		ask();
		CU_ASSERT(edge() == promised || edge() >= promised + MSS);
		n_steps += edge() != promised;
		promised = edge();
	}
	CU_ASSERT(n_steps >= 10 && n_steps <= 20);
	engine_stop(&e);
}

/* Drained while closed: told without being asked. */
static void test_reopens(void)
{
	uint32_t promised, told;

	begin(ENGINE_NO_WSCALE);
	e.policy.rcv_cap_max_bytes = 64 * KIB;
	connect();
	fill("fill", MSS, 1000 * KIB);
	promised = edge();
	told = e.n_sent[SIDE_AGENT];
	CU_ASSERT_EQUAL_FATAL(stream_drop(e.r, engine_flow(&e), SIDE_AGENT, 30000), 0);
	engine_wait(&e, 2);
	CU_ASSERT_EQUAL(e.n_sent[SIDE_AGENT], told + 1);
	CU_ASSERT(edge() >= promised + 28000);
	engine_stop(&e);
}

static const struct {
	const char *row;
	enum pressure pressure;
	uint32_t cap_max;
	uint32_t least, most; /* the largest window that was offered */
} tunes[] = {
	{ "green: to the default limit", PRESSURE_GREEN, 0, 1000 * KIB, 1025 * KIB },
	{ "green: to the policy's limit", PRESSURE_GREEN, 256 * KIB, 250 * KIB, 257 * KIB },
	{ "green: the policy allows too much", PRESSURE_GREEN, 64 << 20, 1000 * KIB, 4097 * KIB },
	{ "yellow: stays", PRESSURE_YELLOW, 0, 60 * KIB, 65 * KIB },
	{ "red: stays", PRESSURE_RED, 0, 60 * KIB, 65 * KIB },
};

/* The server acknowledges all that it got, until it has all that there is. */
static void server_takes(void)
{
	uint32_t got;

	do {
		const struct engine_sent *last = engine_last(&e, SIDE_PROD);

		got = e.n_sent[SIDE_PROD];
		engine_in(&e, SIDE_PROD, TCP_ACK, 1, last->seq + last->len - e.isn[SIDE_AGENT], 0);
		engine_wait(&e, 1);
	} while (e.n_sent[SIDE_PROD] != got);
}

/* The agent sends all that it may, and the server is far away: only the window limits them. */
static uint32_t largest_window(void)
{
	uint32_t largest = 0, at = acked();

	for (int round = 0; round < 20; round++) {
		const uint32_t end = edge();

		if (end - acked() > largest)
			largest = end - acked();
		for (; at < end; at += end - at < MSS ? end - at : MSS) {
			engine_in(&e, SIDE_AGENT, TCP_ACK, at, 1, end - at < MSS ? end - at : MSS);
			engine_poll(&e);
		}
		server_takes();
		ask();
	}
	return largest;
}

static void test_autotune(void)
{
	for (size_t i = 0; i < sizeof(tunes) / sizeof(tunes[0]); i++) {
		uint32_t largest;

		begin(7);
		e.policy.inspector = &inspector_pass_all;
		e.policy.rcv_cap_max_bytes = tunes[i].cap_max;
		engine_start(&e);
		for (int level = 0; level < (int)tunes[i].pressure; level++)
			e.r->level_bytes[level] = 0;
		pressure_update(e.r);
		engine_connect(&e);
		engine_in(&e, SIDE_AGENT, TCP_ACK | TCP_PSH, 1, 1, 2);
		engine_wait(&e, 3);
		largest = largest_window();
		CHECK_ROW(tunes[i].row, largest >= tunes[i].least);
		CHECK_ROW(tunes[i].row, largest <= tunes[i].most);
		engine_stop(&e);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "the right edge is never taken back", test_never_retracted },
		{ "what is queued stays within the cap", test_cap },
		{ "a full window reopens in useful steps", test_sws },
		{ "and says so unasked", test_reopens },
		{ "autotuning ends at the limit, and at pressure", test_autotune },
	};

	return suite_run("window", tests, sizeof(tests) / sizeof(*tests));
}
