/* SPDX-License-Identifier: Apache-2.0
 * What the fake has of its own: segments, windows, refusals, views that die. */
#include "dataplane/inspect/bypass.h"
#include "tests/support/stream_fake.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>

static const uint8_t bytes[1 << 20];
static uint32_t n_calls;
static void (*on_data)(struct relay *r, struct flow *f, enum side from);

static void spy_data(struct relay *r, struct flow *f, enum side from)
{
	n_calls++;
	if (on_data != NULL)
		on_data(r, f, from);
}

static const struct inspector spy = { .name = "spy", .data = spy_data };

static struct relay *r;
static struct flow *f;

static void begin(const struct inspector *inspector)
{
	n_calls = 0;
	on_data = NULL;
	r = fake_new(inspector, (void *)(uintptr_t)bytes, &n_calls);
	f = fake_open(r, NULL, SIDE_AGENT);
}

static void test_ours(void)
{
	struct flow *other;
	uint32_t i, j, gen;

	begin(&spy);
	other = fake_open(r, NULL, SIDE_PROD);
	CU_ASSERT_PTR_EQUAL(stream_owner(r), &n_calls);
	CU_ASSERT_PTR_EQUAL(stream_policy_ctx(other), bytes);
	CU_ASSERT_EQUAL(stream_initiator(other), SIDE_PROD);
	CU_ASSERT(!flow_key_equals(stream_key(f), stream_key(other)));
	stream_id(r, f, &i, &gen);
	stream_id(r, other, &j, &gen);
	CU_ASSERT_NOT_EQUAL(i, j);
	fake_free(&r);
	CU_ASSERT_PTR_NULL(r);
}

static void test_segments(void)
{
	struct span s[32];

	begin(&spy);
	fake_segments(r, 3, 1);
	CU_ASSERT_EQUAL(fake_arrive(f, SIDE_AGENT, bytes, 10), 10);
	CU_ASSERT_EQUAL(n_calls, 4);
	CU_ASSERT_EQUAL(fake_n_data(f, SIDE_AGENT), 4);
	CU_ASSERT_EQUAL_FATAL(stream_view(r, f, SIDE_AGENT, s, 32), 4);
	CU_ASSERT_EQUAL(s[3].len, 1);
	fake_segments(r, 1, 4);
	CU_ASSERT_EQUAL(fake_arrive(f, SIDE_AGENT, bytes, 10), 10);
	CU_ASSERT_EQUAL(n_calls, 7);
	fake_segments(r, FAKE_SEG_MAX, 0);
	CU_ASSERT_EQUAL(fake_arrive(f, SIDE_AGENT, bytes, 5000), 5000);
	CU_ASSERT_EQUAL(n_calls, 8);
	fake_free(&r);
}

/* A view is a copy, of which nothing is left after the next change. */
static void test_view_is_copy(void)
{
	struct span a[2], b[2];
	const uint8_t *first;

	begin(&spy);
	fake_arrive(f, SIDE_AGENT, "hello", 5);
	CU_ASSERT_EQUAL_FATAL(stream_view(r, f, SIDE_AGENT, a, 2), 1);
	first = a[0].ptr;
	CU_ASSERT_EQUAL(memcmp(first, "hello", 5), 0);
	CU_ASSERT_EQUAL(stream_at_end(f, SIDE_AGENT), false); /* a question changes nothing */
	CU_ASSERT_EQUAL(memcmp(first, "hello", 5), 0);
	CU_ASSERT_EQUAL(stream_drop(r, f, SIDE_AGENT, 2), 0);
	CU_ASSERT_EQUAL_FATAL(stream_view(r, f, SIDE_AGENT, b, 2), 1);
	CU_ASSERT_EQUAL(b[0].len, 3);
	CU_ASSERT_EQUAL(memcmp(b[0].ptr, "llo", 3), 0);
	fake_free(&r);
}

/* A tape may have an end speak behind its own FIN: that is no byte of the stream. */
static void test_behind_fin(void)
{
	begin(&spy);
	fake_fin(f, SIDE_AGENT);
	CU_ASSERT_EQUAL(fake_arrive(f, SIDE_AGENT, bytes, 100), 100);
	CU_ASSERT_EQUAL(stream_len(f, SIDE_AGENT), 0);
	CU_ASSERT_EQUAL(fake_waiting(f, SIDE_PROD), 0);
	CU_ASSERT_EQUAL(n_calls, 1);
	fake_free(&r);
}

/* Nobody judges and nobody takes: the window closes, and opens with what is taken. */
static void test_window(void)
{
	begin(&inspector_pass_all);
	CU_ASSERT_EQUAL(fake_arrive(f, SIDE_AGENT, bytes, sizeof(bytes)), 65536);
	CU_ASSERT_EQUAL(fake_arrive(f, SIDE_AGENT, bytes, 1), 0);
	CU_ASSERT_EQUAL(fake_take(f, SIDE_PROD, NULL, 1000), 1000);
	CU_ASSERT_EQUAL(fake_waiting(f, SIDE_PROD), 64536);
	CU_ASSERT_EQUAL(fake_arrive(f, SIDE_AGENT, bytes, sizeof(bytes)), 1000);
	stream_hold(r, f, SIDE_AGENT);
	CU_ASSERT_EQUAL(fake_arrive(f, SIDE_AGENT, bytes, sizeof(bytes)), (256 << 10) - 65536);
	fake_free(&r);
}

static void emit_5(struct relay *rel, struct flow *flow, enum side from)
{
	(void)stream_drop(rel, flow, from, stream_len(flow, from));
	if (stream_emit(rel, flow, from, "12345", 5) != 0)
		stream_room_need(rel, flow, from, 5);
}

/* The room that was asked for brings a call, though nothing has arrived. */
static void test_room_need(void)
{
	begin(&spy);
	on_data = emit_5;
	CU_ASSERT_EQUAL(stream_emit(r, f, SIDE_AGENT, bytes, stream_room(r, f, SIDE_AGENT)), 0);
	fake_arrive(f, SIDE_AGENT, "x", 1);
	CU_ASSERT_EQUAL(n_calls, 1);
	CU_ASSERT_EQUAL(fake_take(f, SIDE_PROD, NULL, 4), 4);
	CU_ASSERT_EQUAL(n_calls, 1);
	CU_ASSERT_EQUAL(fake_take(f, SIDE_PROD, NULL, 1), 1);
	CU_ASSERT_EQUAL(n_calls, 2);
	CU_ASSERT_EQUAL(stream_room(r, f, SIDE_AGENT), 0);
	/* a hold keeps the call, and does not lose it */
	CU_ASSERT_EQUAL(fake_take(f, SIDE_PROD, NULL, 2), 2);
	stream_room_need(r, f, SIDE_AGENT, 5);
	stream_hold(r, f, SIDE_AGENT);
	CU_ASSERT_EQUAL(fake_take(f, SIDE_PROD, NULL, 3), 3);
	CU_ASSERT_EQUAL(n_calls, 2);
	stream_resume(r, f, SIDE_AGENT);
	CU_ASSERT(fake_poll(r));
	CU_ASSERT_EQUAL(n_calls, 3);
	fake_free(&r);
}

static void test_faults(void)
{
	begin(&spy);
	fake_arrive(f, SIDE_AGENT, bytes, 100);
	fake_fault(r, FAKE_ENOBUFS, 1, 2);
	CU_ASSERT_EQUAL(stream_emit(r, f, SIDE_AGENT, "1", 1), 0);
	CU_ASSERT_EQUAL(stream_emit(r, f, SIDE_AGENT, "2", 1), -ENOBUFS);
	CU_ASSERT_EQUAL(stream_pass(r, f, SIDE_AGENT, 10), -ENOBUFS);
	CU_ASSERT_EQUAL(fake_waiting(f, SIDE_PROD), 1);
	n_calls = 0;
	fake_advance(r, 2000); /* the pass is tried again */
	CU_ASSERT_EQUAL(n_calls, 1);
	CU_ASSERT_EQUAL(stream_pass(r, f, SIDE_AGENT, 10), 0);
	fake_fault(r, FAKE_ENOBUFS, 0, UINT32_MAX);
	CU_ASSERT_EQUAL(stream_pass(r, f, SIDE_AGENT, 90), 0); /* whole segments need none */
	fake_fault(r, FAKE_ENOBUFS, 0, 0);
	fake_pressure(r, true);
	CU_ASSERT_EQUAL(stream_room(r, f, SIDE_AGENT), 0);
	CU_ASSERT_EQUAL(stream_emit(r, f, SIDE_AGENT, "3", 1), -ENOBUFS);
	fake_pressure(r, false);
	CU_ASSERT_EQUAL(stream_emit(r, f, SIDE_AGENT, "3", 1), 0);
	fake_fault(r, FAKE_EMIT_HALF, 0, 1);
	CU_ASSERT_EQUAL(stream_emit(r, f, SIDE_AGENT, "4", 1), -ENOBUFS);
	CU_ASSERT_EQUAL(fake_ended(f), END_PRESSURE);
	CU_ASSERT_EQUAL(fake_n_close(f), 1);
	CU_ASSERT_EQUAL(fake_seen(f, SIDE_AGENT), FAKE_RST);
	CU_ASSERT_EQUAL(fake_arrive(f, SIDE_AGENT, bytes, 100), 100);
	fake_free(&r);
}

static void again(struct relay *rel, struct flow *flow, enum side from)
{
	stream_resume(rel, flow, from);
}

static void test_spin(void)
{
	begin(&spy);
	on_data = again;
	fake_arrive(f, SIDE_AGENT, "x", 1);
	CU_ASSERT(!fake_poll(r));
	fake_free(&r);
}

/* mode xlate: once both ends are open it is left alone, or passed where that cannot be. */
static void test_bypass(void)
{
	uint8_t got[8];

	begin(&inspector_bypass);
	fake_arrive(f, SIDE_AGENT, "abc", 3);
	CU_ASSERT_EQUAL(fake_n_close(f), 1);
	CU_ASSERT_EQUAL(fake_n_data(f, SIDE_AGENT), 0);
	CU_ASSERT_EQUAL(fake_take(f, SIDE_PROD, got, sizeof(got)), 3);
	CU_ASSERT_EQUAL(memcmp(got, "abc", 3), 0);
	fake_free(&r);
	r = fake_new(&inspector_bypass, NULL, NULL);
	fake_timestamps(r, true);
	f = fake_open(r, NULL, SIDE_AGENT);
	fake_arrive(f, SIDE_AGENT, "abc", 3);
	CU_ASSERT_EQUAL(fake_n_data(f, SIDE_AGENT), 1);
	CU_ASSERT_EQUAL(fake_take(f, SIDE_PROD, got, sizeof(got)), 3);
	fake_fin(f, SIDE_AGENT);
	fake_fin(f, SIDE_PROD);
	CU_ASSERT_EQUAL(fake_ended(f), END_FIN);
	fake_free(&r);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "pointers and names", test_ours },
		{ "segments", test_segments },
		{ "a view is a copy", test_view_is_copy },
		{ "window", test_window },
		{ "behind a FIN", test_behind_fin },
		{ "stream_room_need", test_room_need },
		{ "refusals", test_faults },
		{ "an inspector that spins", test_spin },
		{ "inspector_bypass", test_bypass },
	};

	return suite_run("fake", tests, sizeof(tests) / sizeof(*tests));
}
