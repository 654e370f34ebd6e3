/* SPDX-License-Identifier: Apache-2.0
 * CUBIC and NewReno against the numbers of RFC 9438, RFC 5681 and RFC 6928. A loss event is played
 * as the engine plays it: loss(), and the window continues at ssthresh. */
#include "dataplane/tcp/relay_priv.h"
#include "tests/unit/net/suite.h"

#include <string.h>

enum { MSS = 1460 };

static struct endpoint x;
static uint32_t now_ms = 5000000;

static void begin(const struct cc *cc, uint16_t mss)
{
	memset(&x, 0, sizeof(x));
	x.tx.mss = mss;
	now_ms++; /* epochs begin on even and on odd milliseconds */
	cc->init(&x);
}

/* A path where nothing has been lost yet, at <segs> segments, in congestion avoidance from now on. */
static void begin_at(const struct cc *cc, uint32_t segs, uint32_t rtt_ms)
{
	begin(cc, MSS);
	x.rec.srtt_us = rtt_ms * 1000;
	x.rec.cwnd = segs * MSS;
}

static void lose(const struct cc *cc)
{
	x.tx.pipe = x.rec.cwnd;
	cc->loss(&x, now_ms);
	x.rec.cwnd = x.rec.ssthresh;
}

/* Acknowledges a window per round trip, in ACKs of two segments, for <ms>. */
static void grow(const struct cc *cc, uint32_t ms)
{
	const uint32_t rtt_ms = x.rec.srtt_us / 1000;

	for (uint32_t t = 0; t < ms; t += rtt_ms) {
		const uint32_t window = x.rec.cwnd;

		now_ms += rtt_ms;
		for (uint32_t acked = 0; acked < window; acked += 2 * MSS)
			cc->ack(&x, window - acked < 2 * MSS ? window - acked : 2 * MSS, now_ms);
	}
}

static double segments(void)
{
	return (double)x.rec.cwnd / MSS;
}

static bool near(double is, double wanted, double percent)
{
	return is > wanted * (1 - percent / 100) && is < wanted * (1 + percent / 100);
}

static const struct {
	const char *row;
	uint16_t mss;
	uint32_t window;
} initial[] = {
	/* RFC 6928: min(10 * MSS, max(2 * MSS, 14600)) */
	{ "Ethernet", 1460, 14600 },
	{ "no MSS option", 536, 5360 },
	{ "IPv6", 1440, 14400 },
	{ "jumbo", 8960, 17920 },
	{ "seven segments", 2190, 14600 },
	{ "least", 88, 880 },
};

static void test_initial(void)
{
	for (size_t i = 0; i < sizeof(initial) / sizeof(initial[0]); i++) {
		begin(&cc_cubic, initial[i].mss);
		CHECK_ROW(initial[i].row, x.rec.cwnd == initial[i].window);
		begin(&cc_reno, initial[i].mss);
		CHECK_ROW(initial[i].row, x.rec.cwnd == initial[i].window);
		CHECK_ROW(initial[i].row, x.rec.ssthresh > 1U << 29); /* arbitrarily high */
	}
}

static void slow_start_check(const struct cc *cc)
{
	begin(cc, MSS);
	cc->ack(&x, 1, now_ms);
	CHECK_ROW(cc->name, x.rec.cwnd == 14601); /* counted in bytes, not in ACKs */
	cc->ack(&x, 14599, now_ms);
	CHECK_ROW(cc->name, x.rec.cwnd == 29200);
	x.rec.ssthresh = 30000;
	cc->ack(&x, 800, now_ms);
	CHECK_ROW(cc->name, x.rec.cwnd == 30000);
	cc->ack(&x, 2 * MSS, now_ms); /* avoidance: an ACK is worth a fraction of itself */
	CHECK_ROW(cc->name, x.rec.cwnd < 30000 + MSS);
}

static void test_slow_start(void)
{
	slow_start_check(&cc_cubic);
	slow_start_check(&cc_reno);
}

/* RFC 5681 3.1: a segment for a window's worth of bytes; 3.1 (4): half of what was in flight. */
static void test_reno(void)
{
	begin_at(&cc_reno, 100, 100);
	x.rec.ssthresh = x.rec.cwnd;
	cc_reno.ack(&x, 99 * MSS, now_ms);
	CU_ASSERT_EQUAL(x.rec.cwnd, 100 * MSS);
	cc_reno.ack(&x, MSS, now_ms);
	CU_ASSERT_EQUAL(x.rec.cwnd, 101 * MSS);
	grow(&cc_reno, 1000);
	CU_ASSERT(near(segments(), 111, 1));
	x.tx.pipe = 60 * MSS;
	cc_reno.loss(&x, now_ms);
	CU_ASSERT_EQUAL(x.rec.ssthresh, 30 * MSS);
	x.tx.pipe = MSS;
	cc_reno.loss(&x, now_ms);
	CU_ASSERT_EQUAL(x.rec.ssthresh, 2 * MSS);
}

/* RFC 9438 4.2, 4.6: beta 0.7, C 0.4. From W_max = 100 at a round trip of 200 ms, where the cubic
 * lies above the Reno-friendly line: K = cbrt(30 / 0.4) = 4.217 s, W(t) = 0.4 (t - K)^3 + 100. */
static const struct {
	const char *row;
	uint32_t ms;
	double window;
} cubic_curve[] = {
	{ "K/2: nearly flat below the old maximum", 2200, 96.7 },
	{ "K: at the old maximum", 4200, 100.0 },
	{ "K + 1 s: still flat", 5200, 100.4 },
	{ "2 K: as steep as it fell", 8400, 129.3 },
};

static void test_cubic_growth(void)
{
	begin_at(&cc_cubic, 100, 200);
	lose(&cc_cubic);
	CU_ASSERT(near(segments(), 70, 0.1));
	for (size_t i = 0; i < sizeof(cubic_curve) / sizeof(cubic_curve[0]); i++) {
		begin_at(&cc_cubic, 100, 200);
		lose(&cc_cubic);
		grow(&cc_cubic, cubic_curve[i].ms);
		CHECK_ROW(cubic_curve[i].row, near(segments(), cubic_curve[i].window, 2.5));
	}
}

/* RFC 9438 4.7: a flow that loses before it has regained W_max leaves room for others: W_max becomes
 * 0.85 of the window. Here 80 -> 68, K = cbrt(12 / 0.4) = 3.1 s; without it: 80, K = 3.9 s. */
static void test_fast_convergence(void)
{
	begin_at(&cc_cubic, 100, 200);
	lose(&cc_cubic);
	x.rec.cwnd = 80 * MSS;
	lose(&cc_cubic);
	CU_ASSERT(near(segments(), 56, 0.1));
	grow(&cc_cubic, 3000);
	CU_ASSERT(near(segments(), 68, 2));
}

/* One that loses above W_max does not: 120 is the new maximum, K = cbrt(36 / 0.4) = 4.48 s. */
static void test_no_convergence_above(void)
{
	begin_at(&cc_cubic, 100, 200);
	lose(&cc_cubic);
	x.rec.cwnd = 120 * MSS;
	lose(&cc_cubic);
	grow(&cc_cubic, 4400);
	CU_ASSERT(near(segments(), 120, 2));
}

/* RFC 9438 4.3: at 1 ms the cubic is far away (K = 3.1 s) and Reno's line leads: alpha = 0.53
 * segments a round trip until the old maximum. */
static void test_reno_friendly(void)
{
	begin_at(&cc_cubic, 40, 1);
	lose(&cc_cubic);
	grow(&cc_cubic, 10);
	CU_ASSERT(near(segments(), 28 + 10 * 0.53, 2.5));
	grow(&cc_cubic, 10);
	CU_ASSERT(near(segments(), 28 + 20 * 0.53, 2.5));
}

static void idle_check(const struct cc *cc)
{
	begin_at(cc, 100, 200);
	lose(cc);
	grow(cc, 400);
	cc->idle(&x);
	CHECK_ROW(cc->name, x.rec.cwnd == 14600);
	CHECK_ROW(cc->name, x.rec.ssthresh <= 70 * MSS); /* remembered: slow start leads back */
	now_ms += 100000;
	grow(cc, 200);
	CHECK_ROW(cc->name, x.rec.cwnd == 29200);
	grow(cc, 400);
	CHECK_ROW(cc->name, near(segments(), 70, 2)); /* the idle time itself is worth nothing */
	x.rec.cwnd = 3 * MSS;
	cc->idle(&x);
	CHECK_ROW(cc->name, x.rec.cwnd == 3 * MSS);
}

static void test_idle_cubic(void)
{
	idle_check(&cc_cubic);
}

/* Whatever comes: an ACK never takes from the window, nor more than doubles it; a loss leaves two
 * segments at least and less than there was. */
static void hostile_check(const struct cc *cc, uint64_t seed)
{
	begin(cc, (uint16_t)(88 + suite_random(&seed) % 8872));
	x.rec.srtt_us = (uint32_t)(suite_random(&seed) % 3000000);
	for (int i = 0; i < 2000; i++) {
		const uint32_t before = x.rec.cwnd;
		const uint32_t acked = 1 + (uint32_t)(suite_random(&seed) % before);

		now_ms += (uint32_t)(suite_random(&seed) % 100000);
		cc->ack(&x, acked, now_ms);
		CHECK_ROW(cc->name, x.rec.cwnd >= before);
		CHECK_ROW(cc->name, x.rec.cwnd - before <= acked + x.tx.mss);
		if (x.rec.cwnd < 1U << 28 && suite_random(&seed) % 50 != 0)
			continue;
		x.tx.pipe = (uint32_t)(suite_random(&seed) % x.rec.cwnd);
		cc->loss(&x, now_ms);
		CHECK_ROW(cc->name, x.rec.ssthresh >= 2U * x.tx.mss);
		CHECK_ROW(cc->name, x.rec.ssthresh < x.rec.cwnd || x.rec.cwnd <= 3U * x.tx.mss);
		x.rec.cwnd = x.rec.ssthresh;
	}
}

static void test_hostile(void)
{
	for (uint64_t seed = 1; seed <= 50; seed++) {
		hostile_check(&cc_cubic, seed);
		hostile_check(&cc_reno, seed);
	}
}

/* RFC 8985 6.2: D-SACKs widen the reordering window once a round trip, to 16 steps at most; sixteen
 * recoveries without another one narrow it again. */
static void test_reo_window(void)
{
	begin(&cc_cubic, 1460);
	x.tx.snd_una = 1000;
	for (int i = 1; i <= 40; i++) {
		x.tx.snd_nxt = x.tx.snd_una + 5000;
		reo_grow(&x);
		reo_grow(&x);
		CU_ASSERT_EQUAL(x.rec.reo_mult, i < 16 ? i : 16);
		CU_ASSERT_EQUAL(x.rec.recover, x.tx.snd_nxt);
		x.tx.snd_una = x.tx.snd_nxt;
		reo_settle(&x);
	}
	for (int i = 1; i <= 16; i++) {
		CU_ASSERT_EQUAL(x.rec.reo_mult, 16);
		x.tx.ca_state = CA_RECOVERY;
		reo_settle(&x);
	}
	CU_ASSERT_EQUAL(x.rec.reo_mult, 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "initial window (RFC 6928)", test_initial },
		{ "slow start counts bytes", test_slow_start },
		{ "NewReno (RFC 5681)", test_reno },
		{ "cubic curve after a loss (RFC 9438 4.2)", test_cubic_growth },
		{ "fast convergence (RFC 9438 4.7)", test_fast_convergence },
		{ "none above the old maximum", test_no_convergence_above },
		{ "Reno-friendly region (RFC 9438 4.3)", test_reno_friendly },
		{ "idle", test_idle_cubic },
		{ "any order of ACKs and losses", test_hostile },
		{ "reordering window (RFC 8985 6.2)", test_reo_window },
	};

	return suite_run("cc", tests, sizeof(tests) / sizeof(*tests));
}
