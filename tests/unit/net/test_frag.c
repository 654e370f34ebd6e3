/* SPDX-License-Identifier: Apache-2.0
 * Fragments in and out of order, cut wrongly, too many, too late. */
#include "dataplane/net/cksum.h"
#include "dataplane/net/frag.h"
#include "tests/unit/net/build.h"
#include "tests/unit/net/suite.h"

#include <string.h>

enum {
	TIMEOUT_US = 2000000,
	START_US = 1000,
	FULL_BYTES = 1600,
};

static const uint8_t nops[12] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

static uint8_t out[BUILD_MAX], segment[BUILD_MAX];

/* A table, buffers, and the segment that is being cut up. */
struct bench {
	struct frag_table *t;
	struct pkt_pools pools;
	struct build b;
	uint16_t wire;
	enum side from;
	uint64_t now_us;
	struct frag_result r;
};

static void bench_init(struct bench *x, uint8_t ip_version)
{
	const struct frag_conf conf = {
		.max_datagrams = 8,
		.max_datagrams_per_source = 4,
		.max_frags = 8,
		.timeout_ms = TIMEOUT_US / 1000,
		.seed = { 1, 2 },
	};

	*x = (struct bench){ .t = frag_new(&conf), .b = build_default, .now_us = START_US };
	x->pools.left[PKT_FULL] = 1000;
	x->pools.full_bytes = FULL_BYTES;
	x->b.ip_version = ip_version;
	x->b.opts = nops;
	x->b.opt_len = sizeof(nops);
	x->b.payload_len = 1400;
	x->b.frag_id = 77;
	CU_ASSERT_PTR_NOT_NULL_FATAL(x->t);
}

static void bench_done(struct bench *x)
{
	frag_free(&x->t);
	CU_ASSERT_PTR_NULL(x->t);
	CU_ASSERT_EQUAL(x->pools.n_live, 0);
}

/* The bytes of the frame in a buffer that has not one byte more. */
static struct pkt *make_pkt(struct bench *x, size_t len)
{
	struct pkt *p = pkt_heap_new(&x->pools, PKT_FULL, (uint32_t)len);

	if (p == NULL)
		abort();
	memcpy(pkt_base(p) + PKT_HEADROOM, out, len);
	pkt_frame_set(p, PKT_HEADROOM, (uint32_t)len);
	return p;
}

static enum frag_rc push_out(struct bench *x, size_t len)
{
	struct pkt *p = make_pkt(x, len);
	struct frame f;

	CU_ASSERT_EQUAL_FATAL(frame_parse(pkt_data(p), pkt_len(p), &f), DROP_NONE);
	CU_ASSERT_EQUAL_FATAL(f.kind, FRAME_TCP_FRAG);
	x->r = (struct frag_result){ 0 };
	return frag_push(x->t, &x->pools, x->wire, x->from, p, &f, x->now_us, &x->r);
}

/* Bytes [off, off + len) of the segment; the last piece when <more> is 0. */
static enum frag_rc push(struct bench *x, size_t off, size_t len, uint8_t more)
{
	x->b.frag_off = off;
	x->b.frag_len = len;
	x->b.frag_more = more;
	return push_out(x, build_frame(out, &x->b));
}

/* FRAG_DONE: the frame is the segment, whole, and good in every sum. */
static void check_done(struct bench *x, const char *name, uint32_t n_frags)
{
	const size_t len = build_segment(segment, &x->b);
	uint16_t sum;
	struct frame f;

	CHECK_ROW(name, x->r.why == DROP_NONE && x->r.n_frags == n_frags);
	CU_ASSERT_PTR_NOT_NULL_FATAL(x->r.pkt);
	CHECK_ROW(name, frame_parse(pkt_data(x->r.pkt), pkt_len(x->r.pkt), &f) == DROP_NONE);
	CHECK_ROW(name, f.kind == FRAME_TCP && f.len == pkt_len(x->r.pkt));
	CHECK_ROW(name, (uint32_t)(f.len - f.l4_off) == len);
	CHECK_ROW(name, memcmp(f.bytes + f.l4_off, segment, len) == 0);
	CHECK_ROW(name, cksum_tcp_verify(&f, &sum));
	CHECK_ROW(name, f.ttl == x->b.ttl && f.tos == x->b.tos && f.l2_len == 14 + 4 * x->b.n_tags);
	CHECK_ROW(name, pkt_off(x->r.pkt) + f.payload_off == PKT_HEADROOM);
	CHECK_ROW(name, pkt_class(x->r.pkt) == PKT_FULL && !pkt_cksum_good(x->r.pkt));
	pkt_free(x->r.pkt);
	CHECK_ROW(name, frag_true_bytes(x->t) == 0 && x->pools.n_live == 0);
	CHECK_ROW(name, frag_next_us(x->t) == UINT64_MAX);
}

/* ---- order ---- */

struct piece {
	size_t off, len; /* len 0: to the end, and the last */
};

static const struct order_row {
	const char *name;
	struct piece pieces[8];
	size_t n;
} order_rows[] = {
	{ "two", { { 0, 800 }, { 800, 0 } }, 2 },
	{ "two, reversed", { { 800, 0 }, { 0, 800 } }, 2 },
	{ "first holds the header exactly", { { 0, 32 }, { 32, 0 } }, 2 },
	{ "three, middle last", { { 0, 400 }, { 800, 0 }, { 400, 400 } }, 3 },
	{ "three, first last", { { 400, 400 }, { 800, 0 }, { 0, 400 } }, 3 },
	{ "a duplicate", { { 0, 400 }, { 0, 400 }, { 400, 0 } }, 3 },
	{ "a duplicate of the last", { { 400, 0 }, { 400, 0 }, { 0, 400 } }, 3 },
	{ "duplicates among others", { { 800, 8 }, { 0, 800 }, { 800, 8 }, { 0, 800 }, { 808, 0 } },
			5 },
	{ "eight, mixed",
			{ { 160, 40 }, { 0, 80 }, { 1000, 0 }, { 80, 80 }, { 200, 8 }, { 600, 400 },
					{ 208, 192 }, { 400, 200 } },
			8 },
};

static void run_order(const struct order_row *row, uint8_t ip_version, uint8_t n_tags)
{
	struct bench x;

	bench_init(&x, ip_version);
	x.b.n_tags = n_tags;
	x.b.vid[0] = 11;
	x.b.vid[1] = 12;
	for (size_t i = 0; i < row->n; i++) {
		const bool is_last = row->pieces[i].len == 0;
		const size_t len = is_last ? 1432 - row->pieces[i].off : row->pieces[i].len;
		const enum frag_rc rc = push(&x, row->pieces[i].off, len, !is_last);

		CHECK_ROW(row->name, rc == (i + 1 < row->n ? FRAG_WAIT : FRAG_DONE));
		CHECK_ROW(row->name, (frag_true_bytes(x.t) > 0) == (i + 1 < row->n));
	}
	check_done(&x, row->name, (uint32_t)row->n);
	bench_done(&x);
}

static void test_orders(void)
{
	for (size_t i = 0; i < sizeof(order_rows) / sizeof(*order_rows); i++) {
		for (uint8_t n_tags = 0; n_tags <= 2; n_tags++) {
			run_order(&order_rows[i], 4, n_tags);
			run_order(&order_rows[i], 6, n_tags);
		}
	}
}

/* ---- one thing wrong ---- */

static const struct bad_row {
	const char *name;

	struct {
		size_t off, len;
		uint8_t more;
	} pieces[6];

	size_t n;
	enum drop_reason why; /* of the last one */
	uint32_t n_frags;
} bad_rows[] = {
	{ "overlap by a block, behind", { { 0, 400, 1 }, { 392, 400, 1 } }, 2, DROP_FRAG_OVERLAP,
			2 },
	{ "overlap by a block, before", { { 392, 400, 1 }, { 0, 400, 1 } }, 2, DROP_FRAG_OVERLAP,
			2 },
	{ "inside another", { { 0, 400, 1 }, { 80, 80, 1 } }, 2, DROP_FRAG_OVERLAP, 2 },
	{ "around another", { { 80, 80, 1 }, { 0, 400, 1 } }, 2, DROP_FRAG_OVERLAP, 2 },
	{ "same start, shorter", { { 0, 400, 1 }, { 0, 392, 1 } }, 2, DROP_FRAG_OVERLAP, 2 },
	{ "same start, longer", { { 0, 400, 1 }, { 0, 408, 1 } }, 2, DROP_FRAG_OVERLAP, 2 },
	{ "same end", { { 0, 400, 1 }, { 200, 200, 1 } }, 2, DROP_FRAG_OVERLAP, 2 },
	{ "fills a hole too well", { { 0, 80, 1 }, { 160, 80, 1 }, { 80, 88, 1 } }, 3,
			DROP_FRAG_OVERLAP, 3 },
	{ "overlap after a duplicate", { { 0, 400, 1 }, { 0, 400, 1 }, { 80, 8, 1 } }, 3,
			DROP_FRAG_OVERLAP, 3 },
	{ "the last overlaps", { { 0, 400, 1 }, { 392, 1040, 0 } }, 2, DROP_FRAG_OVERLAP, 2 },
	{ "two ends, second behind", { { 800, 100, 0 }, { 1000, 100, 0 } }, 2, DROP_FRAG_BAD, 2 },
	{ "two ends, second before", { { 800, 100, 0 }, { 400, 100, 0 } }, 2, DROP_FRAG_BAD, 2 },
	{ "beyond the end", { { 800, 100, 0 }, { 1000, 80, 1 } }, 2, DROP_FRAG_BAD, 2 },
	{ "up to the end, and more to come", { { 800, 104, 0 }, { 800, 104, 1 } }, 2, DROP_FRAG_BAD,
			2 },
	{ "the end before what was there", { { 800, 80, 1 }, { 80, 80, 0 } }, 2, DROP_FRAG_BAD, 2 },
	{ "duplicate that is the last now", { { 80, 80, 1 }, { 80, 80, 0 } }, 2, DROP_FRAG_OVERLAP,
			2 },
	{ "no multiple of 8", { { 0, 401, 1 } }, 1, DROP_FRAG_BAD, 1 },
	{ "no multiple of 8, later", { { 0, 400, 1 }, { 400, 7, 1 } }, 2, DROP_FRAG_BAD, 2 },
	{ "beyond 64 K", { { 65528, 8, 0 } }, 1, DROP_FRAG_BAD, 1 },
	{ "tiny first", { { 0, 24, 1 } }, 1, DROP_FRAG_TINY, 1 },
	{ "tiny first, shorter than TCP", { { 0, 16, 1 } }, 1, DROP_FRAG_TINY, 1 },
	{ "tiny first after others", { { 400, 400, 1 }, { 0, 24, 1 } }, 2, DROP_FRAG_TINY, 2 },
};

static void run_bad(const struct bad_row *row, uint8_t ip_version)
{
	enum frag_rc rc = FRAG_WAIT;
	struct bench x;

	bench_init(&x, ip_version);
	for (size_t i = 0; i < row->n; i++) {
		CHECK_ROW(row->name, rc == FRAG_WAIT);
		rc = push(&x, row->pieces[i].off, row->pieces[i].len, row->pieces[i].more);
	}
	CHECK_ROW(row->name, rc == FRAG_DROP && x.r.why == row->why);
	CHECK_ROW(row->name, x.r.n_frags == row->n_frags);
	CHECK_ROW(row->name, x.pools.n_live == 0 && frag_true_bytes(x.t) == 0);
	/* Its late pieces start nothing before the time is over ... */
	x.now_us += TIMEOUT_US - 1;
	CHECK_ROW(row->name, frag_expire(x.t, x.now_us) == 0);
	CHECK_ROW(row->name, push(&x, 0, 800, 1) == FRAG_DROP && x.r.why == row->why);
	CHECK_ROW(row->name, x.r.n_frags == 1);
	CHECK_ROW(row->name, push(&x, 800, 632, 0) == FRAG_DROP);
	/* ... and then the ID is free. */
	x.now_us += 1;
	CHECK_ROW(row->name, frag_next_us(x.t) == x.now_us);
	CHECK_ROW(row->name, frag_expire(x.t, x.now_us) == 0);
	CHECK_ROW(row->name, push(&x, 0, 800, 1) == FRAG_WAIT);
	CHECK_ROW(row->name, push(&x, 800, 632, 0) == FRAG_DONE);
	check_done(&x, row->name, 2);
	bench_done(&x);
}

static void test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(*bad_rows); i++) {
		run_bad(&bad_rows[i], 4);
		run_bad(&bad_rows[i], 6);
	}
}

/* build_frame() cuts no empty piece, so the headers are made to say so. */
static void test_zero_length(void)
{
	struct bench x;

	bench_init(&x, 4);
	x.b.frag_off = 80;
	x.b.frag_len = 8;
	x.b.frag_more = 1;
	build_frame(out, &x.b);
	out[17] = 20;
	build_fix_ip4(out + 14);
	CU_ASSERT_EQUAL(push_out(&x, 34), FRAG_DROP);
	CU_ASSERT_EQUAL(x.r.why, DROP_FRAG_BAD);
	bench_done(&x);
	bench_init(&x, 6);
	x.b.frag_off = 80;
	x.b.frag_len = 8;
	build_frame(out, &x.b);
	out[19] = 8;
	CU_ASSERT_EQUAL(push_out(&x, 62), FRAG_DROP);
	CU_ASSERT_EQUAL(x.r.why, DROP_FRAG_BAD);
	bench_done(&x);
}

/* A data offset that is too small does not make a short piece long enough. */
static void test_tiny_small_offset(void)
{
	struct bench x;
	size_t len;

	bench_init(&x, 4);
	x.b.frag_len = 16;
	x.b.frag_more = 1;
	len = build_frame(out, &x.b);
	out[34 + 12] = 0x40;
	CU_ASSERT_EQUAL(push_out(&x, len), FRAG_DROP);
	CU_ASSERT_EQUAL(x.r.why, DROP_FRAG_TINY);
	bench_done(&x);
}

/* Same bounds, other bytes: that is no duplicate but an attempt. */
static void test_duplicate_that_differs(void)
{
	struct bench x;

	for (uint8_t v = 4; v <= 6; v += 2) {
		bench_init(&x, v);
		CU_ASSERT_EQUAL(push(&x, 400, 400, 1), FRAG_WAIT);
		x.b.seed = 2;
		CU_ASSERT_EQUAL(push(&x, 400, 400, 1), FRAG_DROP);
		CU_ASSERT_EQUAL(x.r.why, DROP_FRAG_OVERLAP);
		CU_ASSERT_EQUAL(x.r.n_frags, 2);
		bench_done(&x);
	}
}

/* ---- identity ---- */

/* What differs in any part of the identity is another datagram. */
static void test_identity(void)
{
	struct bench x;

	bench_init(&x, 4);
	CU_ASSERT_EQUAL(push(&x, 0, 800, 1), FRAG_WAIT);
	x.wire = 1;
	CU_ASSERT_EQUAL(push(&x, 800, 632, 0), FRAG_WAIT);
	x.wire = 0;
	x.from = SIDE_PROD;
	CU_ASSERT_EQUAL(push(&x, 800, 632, 0), FRAG_WAIT);
	x.from = SIDE_AGENT;
	x.b.n_tags = 1;
	x.b.vid[0] = 3;
	CU_ASSERT_EQUAL(push(&x, 800, 632, 0), FRAG_WAIT);
	x.b.n_tags = 0;
	x.b.frag_id++;
	/* The fifth of one source. */
	CU_ASSERT_EQUAL(push(&x, 800, 632, 0), FRAG_DROP);
	CU_ASSERT_EQUAL(x.r.why, DROP_FRAG_LIMIT);
	x.b.frag_id--;
	CU_ASSERT_EQUAL(push(&x, 800, 632, 0), FRAG_DONE);
	CU_ASSERT_EQUAL(x.r.n_frags, 2);
	pkt_free(x.r.pkt);
	bench_done(&x);
}

/* An ID may come again as soon as its datagram is whole. */
static void test_id_reuse(void)
{
	struct bench x;

	bench_init(&x, 4);
	for (uint64_t i = 0; i < 20; i++) {
		x.b.seed = i;
		CU_ASSERT_EQUAL(push(&x, 800, 632, 0), FRAG_WAIT);
		CU_ASSERT_EQUAL(push(&x, 0, 800, 1), FRAG_DONE);
		check_done(&x, "ID reuse", 2);
	}
	bench_done(&x);
}

/* ---- limits ---- */

static enum frag_rc push_from(struct bench *x, uint8_t host, uint32_t id)
{
	size_t len;

	x->b.frag_id = id;
	x->b.frag_off = 80;
	x->b.frag_len = 80;
	x->b.frag_more = 1;
	len = build_frame(out, &x->b);
	out[14 + 15] = host;
	build_fix_ip4(out + 14);
	return push_out(x, len);
}

static void test_limits(void)
{
	struct bench x;

	bench_init(&x, 4);
	for (uint32_t id = 0; id < 4; id++)
		CU_ASSERT_EQUAL(push_from(&x, 1, id), FRAG_WAIT);
	CU_ASSERT_EQUAL(push_from(&x, 1, 4), FRAG_DROP);
	CU_ASSERT_EQUAL(x.r.why, DROP_FRAG_LIMIT);
	CU_ASSERT_EQUAL(x.r.n_frags, 1);
	CU_ASSERT_EQUAL(push_from(&x, 1, 3), FRAG_WAIT); /* a duplicate of what is there */
	for (uint8_t host = 2; host < 6; host++)
		CU_ASSERT_EQUAL(push_from(&x, host, 9), FRAG_WAIT);
	CU_ASSERT_EQUAL(push_from(&x, 77, 9), FRAG_DROP);
	CU_ASSERT_EQUAL(x.r.why, DROP_FRAG_LIMIT);
	CU_ASSERT(frag_true_bytes(x.t) > 8 * 80);
	CU_ASSERT_EQUAL(frag_next_us(x.t), START_US + TIMEOUT_US);
	CU_ASSERT_EQUAL(frag_expire(x.t, START_US + TIMEOUT_US), 9); /* eight and the duplicate */
	CU_ASSERT_EQUAL(frag_true_bytes(x.t), 0);
	CU_ASSERT_EQUAL(x.pools.n_live, 0);
	CU_ASSERT_EQUAL(frag_next_us(x.t), UINT64_MAX);
	for (uint32_t id = 0; id < 4; id++)
		CU_ASSERT_EQUAL(push_from(&x, 1, id), FRAG_WAIT);
	bench_done(&x);
}

/* A bad fragment that finds the table full is still called bad. */
static void test_bad_beats_limit(void)
{
	struct bench x;

	bench_init(&x, 4);
	for (uint32_t id = 0; id < 4; id++)
		CU_ASSERT_EQUAL(push_from(&x, 1, id), FRAG_WAIT);
	CU_ASSERT_EQUAL(push(&x, 80, 401, 1), FRAG_DROP);
	CU_ASSERT_EQUAL(x.r.why, DROP_FRAG_BAD);
	bench_done(&x);
}

static void test_too_many_pieces(void)
{
	struct bench x;

	bench_init(&x, 6);
	for (size_t i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(push(&x, i * 80, 80, 1), FRAG_WAIT);
	CU_ASSERT_EQUAL(push(&x, 640, 80, 1), FRAG_DROP);
	CU_ASSERT_EQUAL(x.r.why, DROP_FRAG_LIMIT);
	CU_ASSERT_EQUAL(x.r.n_frags, 9);
	CU_ASSERT_EQUAL(x.pools.n_live, 0);
	bench_done(&x);
}

/* Pieces expire in the order in which their datagrams began; a young one stays. */
static void test_timeouts(void)
{
	struct bench x;

	bench_init(&x, 4);
	CU_ASSERT_EQUAL(push_from(&x, 1, 1), FRAG_WAIT);
	x.now_us += 500;
	CU_ASSERT_EQUAL(push_from(&x, 1, 2), FRAG_WAIT);
	x.now_us += 500;
	CU_ASSERT_EQUAL(push_from(&x, 2, 3), FRAG_WAIT);
	CU_ASSERT_EQUAL(frag_expire(x.t, START_US + TIMEOUT_US - 1), 0);
	CU_ASSERT_EQUAL(frag_expire(x.t, START_US + TIMEOUT_US), 1);
	CU_ASSERT_EQUAL(frag_next_us(x.t), START_US + TIMEOUT_US + 500);
	CU_ASSERT_EQUAL(frag_expire(x.t, START_US + TIMEOUT_US + 10000), 2);
	CU_ASSERT_EQUAL(frag_expire(x.t, UINT64_MAX), 0);
	bench_done(&x);
}

/* ---- the result ---- */

static void test_too_big(void)
{
	struct bench x;

	for (uint8_t v = 4; v <= 6; v += 2) {
		bench_init(&x, v);
		x.b.payload_len = FULL_BYTES; /* just fits */
		CU_ASSERT_EQUAL(push(&x, 0, 800, 1), FRAG_WAIT);
		CU_ASSERT_EQUAL(push(&x, 800, 832, 0), FRAG_DONE);
		check_done(&x, "just fits", 2);
		x.b.payload_len = FULL_BYTES + 1;
		CU_ASSERT_EQUAL(push(&x, 0, 800, 1), FRAG_WAIT);
		CU_ASSERT_EQUAL(push(&x, 800, 833, 0), FRAG_DROP);
		CU_ASSERT_EQUAL(x.r.why, DROP_FRAG_TOO_BIG);
		CU_ASSERT_EQUAL(x.r.n_frags, 2);
		CU_ASSERT_EQUAL(x.pools.n_live, 0);
		bench_done(&x);
	}
}

/* As large as a frame can be: its length has 16 bits, as that of IP. */
static void test_largest(void)
{
	struct bench x;

	for (uint8_t v = 4; v <= 6; v += 2) {
		const size_t head = v == 4 ? 34 : 54, last = 65535 - head - 40000;

		bench_init(&x, v);
		x.pools.full_bytes = 70000;
		x.b.payload_len = 40000 + last - 32;
		CU_ASSERT_EQUAL(push(&x, 40000, last, 0), FRAG_WAIT);
		CU_ASSERT_EQUAL(push(&x, 0, 40000, 1), FRAG_DONE);
		check_done(&x, "largest", 2);
		x.b.payload_len++;
		CU_ASSERT_EQUAL(push(&x, 40000, last + 1, 0), FRAG_WAIT);
		CU_ASSERT_EQUAL(push(&x, 0, 40000, 1), FRAG_DROP);
		CU_ASSERT_EQUAL(x.r.why, DROP_FRAG_TOO_BIG);
		bench_done(&x);
	}
}

static void test_no_buffer(void)
{
	struct bench x;

	bench_init(&x, 4);
	CU_ASSERT_EQUAL(push(&x, 0, 800, 1), FRAG_WAIT);
	x.pools.left[PKT_FULL] = 1; /* for the piece, none for the whole */
	CU_ASSERT_EQUAL(push(&x, 800, 632, 0), FRAG_DROP);
	CU_ASSERT_EQUAL(x.r.why, DROP_LIMIT_BUFFERS);
	CU_ASSERT_EQUAL(x.r.n_frags, 2);
	CU_ASSERT_EQUAL(x.pools.n_live, 0);
	bench_done(&x);
}

/* Headers: IPv4 loses its fragment fields and no more, IPv6 its Fragment header. */
static void test_headers(void)
{
	static uint8_t whole[BUILD_MAX];
	struct bench x;

	for (uint8_t v = 4; v <= 6; v += 2) {
		size_t len;

		bench_init(&x, v);
		len = build_frame(whole, &x.b);
		if (v == 4) {
			whole[14 + 5] = 77; /* the ID that the pieces have */
			whole[14 + 4] = 0;
			whole[14 + 6] = 0; /* a datagram that was cut up has no DF */
			build_fix_ip4(whole + 14);
		}
		push(&x, 0, 400, 1);
		CU_ASSERT_EQUAL(push(&x, 400, 1032, 0), FRAG_DONE);
		CU_ASSERT_EQUAL(pkt_len(x.r.pkt), len);
		CU_ASSERT(memcmp(pkt_data(x.r.pkt), whole, len) == 0);
		pkt_free(x.r.pkt);
		bench_done(&x);
	}
}

/* RFC 6946: an atomic fragment has nothing to do with pieces of the same ID. */
static void test_atomic(void)
{
	struct bench x;

	bench_init(&x, 6);
	CU_ASSERT_EQUAL(push(&x, 0, 1432, 0), FRAG_DONE);
	check_done(&x, "atomic", 1);
	CU_ASSERT_EQUAL(push(&x, 0, 800, 1), FRAG_WAIT);
	CU_ASSERT_EQUAL(push(&x, 0, 1432, 0), FRAG_DONE);
	CU_ASSERT_EQUAL(x.r.n_frags, 1);
	pkt_free(x.r.pkt);
	CU_ASSERT_EQUAL(push(&x, 0, 24, 0), FRAG_DROP);
	CU_ASSERT_EQUAL(x.r.why, DROP_FRAG_TINY);
	CU_ASSERT_EQUAL(push(&x, 800, 632, 0), FRAG_DONE);
	check_done(&x, "beside an atomic one", 2);
	x.pools.left[PKT_FULL] = 1;
	CU_ASSERT_EQUAL(push(&x, 0, 1432, 0), FRAG_DROP);
	CU_ASSERT_EQUAL(x.r.why, DROP_LIMIT_BUFFERS);
	bench_done(&x);
}

/* Many datagrams interleaved, in any order, with every slot, source and bucket used again. */
static void test_many(void)
{
	const struct frag_conf conf = { .max_datagrams = 64,
		.max_datagrams_per_source = 64,
		.max_frags = 64,
		.timeout_ms = 2000,
		.seed = { 9, 8 } };
	uint64_t state = 17;
	size_t n_done = 0;
	struct bench x;

	bench_init(&x, 6);
	frag_free(&x.t);
	x.t = frag_new(&conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(x.t);
	for (int i = 0; i < 20000; i++) {
		const uint64_t r = suite_random(&state);
		const size_t n = (r >> 8) % 4;
		enum frag_rc rc;

		x.now_us += 997;
		frag_expire(x.t, x.now_us);
		x.b.frag_id = r % 40;
		x.b.seed = x.b.frag_id;
		rc = push(&x, n * 400, n < 3 ? 400 : 232, n < 3);
		CU_ASSERT(rc != FRAG_DROP);
		if (rc == FRAG_DONE) {
			const size_t len = build_segment(segment, &x.b);

			CU_ASSERT(memcmp(pkt_data(x.r.pkt) + 54, segment, len) == 0);
			pkt_free(x.r.pkt);
			n_done++;
		}
	}
	CU_ASSERT(n_done > 1000);
	bench_done(&x);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "orders", test_orders },
		{ "wrong in one way", test_bad },
		{ "zero length", test_zero_length },
		{ "tiny, small data offset", test_tiny_small_offset },
		{ "duplicate that differs", test_duplicate_that_differs },
		{ "identity", test_identity },
		{ "ID reuse", test_id_reuse },
		{ "limits", test_limits },
		{ "bad beats limit", test_bad_beats_limit },
		{ "too many pieces", test_too_many_pieces },
		{ "timeouts", test_timeouts },
		{ "too big", test_too_big },
		{ "largest", test_largest },
		{ "no buffer", test_no_buffer },
		{ "headers", test_headers },
		{ "atomic", test_atomic },
		{ "many", test_many },
	};

	return suite_run("frag", tests, sizeof(tests) / sizeof(*tests));
}
