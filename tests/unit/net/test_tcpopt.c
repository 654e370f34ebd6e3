/* SPDX-License-Identifier: Apache-2.0
 * TCP options: what a peer may write, what it must not, and what we write. */
#include "dataplane/net/tcpopt.h"
#include "tests/unit/net/build.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>

enum {
	MSS = 1 << 0,
	WS = 1 << 1,
	SACKP = 1 << 2,
	TS = 1 << 3,
	MD5AO = 1 << 4,
	MPTCP = 1 << 5,
	TFO = 1 << 6,
	UNKNOWN = 1 << 7,
};

static unsigned int found(const struct tcpopt *o)
{
	return (o->mss != 0 ? MSS : 0u) | (o->has_wscale ? WS : 0u) |
			(o->has_sack_permitted ? SACKP : 0u) | (o->has_ts ? TS : 0u) |
			(o->has_md5_ao ? MD5AO : 0u) | (o->has_mptcp ? MPTCP : 0u) |
			(o->has_tfo ? TFO : 0u) | (o->has_unknown ? UNKNOWN : 0u);
}

struct parse_row {
	const char *name;
	uint8_t bytes[44];
	size_t len;
	int rc;
	unsigned int in_syn, in_other; /* what is found */
	size_t n_sack;                 /* outside a SYN */
};

static const struct parse_row parse_rows[] = {
	{ "none", { 0 }, 0, 0, 0, 0, 0 },
	{ "NOPs", { 1, 1, 1, 1 }, 4, 0, 0, 0, 0 },
	{ "end, then rubbish", { 0, 2, 0, 9 }, 4, 0, 0, 0, 0 },
	{ "MSS", { 2, 4, 5, 0xb4 }, 4, 0, MSS, 0, 0 },
	{ "window scale", { 3, 3, 7, 1 }, 4, 0, WS, 0, 0 },
	{ "SACK permitted", { 4, 2, 1, 1 }, 4, 0, SACKP, 0, 0 },
	{ "timestamps", { 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2 }, 12, 0, TS, TS, 0 },
	{ "Linux SYN", { 2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7 }, 20, 0,
			MSS | SACKP | TS | WS, TS, 0 },
	{ "one SACK block", { 1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2 }, 12, 0, 0, 0, 1 },
	{ "four SACK blocks", { 5, 34 }, 36, 0, 0, 0, 4 },
	{ "SACK twice: the first counts", { 5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 5, 18 }, 28, 0, 0, 0,
			1 },
	{ "MD5", { 19, 18 }, 20, 0, MD5AO, MD5AO, 0 },
	{ "AO", { 29, 16 }, 16, 0, MD5AO, MD5AO, 0 },
	{ "AO, shortest", { 29, 4 }, 4, 0, MD5AO, MD5AO, 0 },
	{ "MPTCP", { 30, 12 }, 12, 0, MPTCP, MPTCP, 0 },
	{ "Fast Open request", { 34, 2, 1, 1 }, 4, 0, TFO, TFO, 0 },
	{ "Fast Open cookie", { 34, 10, 1, 2, 3, 4, 5, 6, 7, 8 }, 12, 0, TFO, TFO, 0 },
	{ "experimental Fast Open", { 254, 4, 0xf9, 0x89 }, 4, 0, TFO, TFO, 0 },
	{ "experimental Fast Open, 253", { 253, 6, 0xf9, 0x89, 1, 2, 0, 0 }, 8, 0, TFO, TFO, 0 },
	{ "another experiment", { 254, 4, 0xe2, 0xd4 }, 4, 0, UNKNOWN, UNKNOWN, 0 },
	{ "experiment without an id", { 254, 2, 0xf9, 0x89 }, 2, 0, UNKNOWN, UNKNOWN, 0 },
	{ "unknown", { 99, 4, 0, 0 }, 4, 0, UNKNOWN, UNKNOWN, 0 },
	{ "unknown, empty", { 99, 2, 1, 1 }, 4, 0, UNKNOWN, UNKNOWN, 0 },
	{ "user timeout", { 28, 4, 0, 9 }, 4, 0, UNKNOWN, UNKNOWN, 0 },
	{ "last byte is a kind", { 1, 1, 1, 2 }, 4, -EBADMSG, 0, 0, 0 },
	{ "length 0", { 99, 0, 1, 1 }, 4, -EBADMSG, 0, 0, 0 },
	{ "length 1", { 99, 1, 1, 1 }, 4, -EBADMSG, 0, 0, 0 },
	{ "length beyond the end", { 99, 5, 1, 1 }, 4, -EBADMSG, 0, 0, 0 },
	{ "known kind beyond the end", { 1, 2, 4, 5 }, 4, -EBADMSG, 0, 0, 0 },
	{ "MSS of 3", { 2, 3, 5, 1 }, 4, -EBADMSG, 0, 0, 0 },
	{ "MSS of 5", { 2, 5, 5, 1, 1, 1, 1, 1 }, 8, -EBADMSG, 0, 0, 0 },
	{ "window scale of 2", { 3, 2, 1, 1 }, 4, -EBADMSG, 0, 0, 0 },
	{ "window scale of 4", { 3, 4, 1, 1 }, 4, -EBADMSG, 0, 0, 0 },
	{ "SACK permitted of 3", { 4, 3, 1, 1 }, 4, -EBADMSG, 0, 0, 0 },
	{ "SACK without a block", { 5, 2, 1, 1 }, 4, -EBADMSG, 0, 0, 0 },
	{ "SACK of half a block", { 5, 6, 0, 0, 0, 0, 1, 1 }, 8, -EBADMSG, 0, 0, 0 },
	{ "SACK of one and a bit", { 5, 11 }, 12, -EBADMSG, 0, 0, 0 },
	{ "timestamps of 9", { 8, 9 }, 12, -EBADMSG, 0, 0, 0 },
	{ "timestamps of 11", { 8, 11 }, 12, -EBADMSG, 0, 0, 0 },
	{ "MD5 of 17", { 19, 17 }, 20, -EBADMSG, 0, 0, 0 },
	{ "AO of 3", { 29, 3, 0, 0 }, 4, -EBADMSG, 0, 0, 0 },
	{ "MPTCP of 2", { 30, 2, 0, 0 }, 4, -EBADMSG, 0, 0, 0 },
	{ "good, then bad", { 2, 4, 5, 0xb4, 3, 9, 7, 1 }, 8, -EBADMSG, 0, 0, 0 },
	{ "more than a header holds", { 1 }, 44, -EBADMSG, 0, 0, 0 },
};

static void check_parse(const struct parse_row *row, bool is_syn)
{
	uint8_t *bytes = exact_copy(row->bytes, row->len);
	struct tcpopt o, before;

	memset(&o, 0x5a, sizeof(o));
	before = o;
	CHECK_ROW(row->name, tcpopt_parse(bytes, row->len, is_syn, &o) == row->rc);
	if (row->rc == 0) {
		CHECK_ROW(row->name, found(&o) == (is_syn ? row->in_syn : row->in_other));
		CHECK_ROW(row->name, o.n_sack == (is_syn ? 0 : row->n_sack));
	} else {
		CHECK_ROW(row->name, memcmp(&o, &before, sizeof(o)) == 0);
	}
	free(bytes);
}

static void test_parse(void)
{
	for (size_t i = 0; i < sizeof(parse_rows) / sizeof(*parse_rows); i++) {
		check_parse(&parse_rows[i], true);
		check_parse(&parse_rows[i], false);
	}
}

static void test_values(void)
{
	static const uint8_t syn[] = { 2, 4, 0x23, 0x28, 2, 4, 0, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8,
		3, 3, 200, 3, 3, 1, 8, 10, 9, 9, 9, 9, 9, 9, 9, 9 };
	static const uint8_t sack[] = { 1, 1, 5, 18, 0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 8, 0, 0, 1, 0,
		0, 0, 2, 0 };
	static const uint8_t mss_0[] = { 2, 4, 0, 0 };
	struct tcpopt o;

	CU_ASSERT_EQUAL(tcpopt_parse(syn, sizeof(syn), true, &o), 0);
	CU_ASSERT_EQUAL(o.mss, 9000); /* the first of two */
	CU_ASSERT_EQUAL(o.wscale, 14);
	CU_ASSERT_EQUAL(o.tsval, 0x01020304);
	CU_ASSERT_EQUAL(o.tsecr, 0x05060708);
	CU_ASSERT_EQUAL(tcpopt_parse(sack, sizeof(sack), false, &o), 0);
	CU_ASSERT_EQUAL(o.n_sack, 2);
	CU_ASSERT_EQUAL(o.sack[0].left, 0xfffffff0);
	CU_ASSERT_EQUAL(o.sack[0].right, 8);
	CU_ASSERT_EQUAL(o.sack[1].left, 0x100);
	CU_ASSERT_EQUAL(o.sack[1].right, 0x200);
	CU_ASSERT_EQUAL(tcpopt_parse(mss_0, sizeof(mss_0), true, &o), 0);
	CU_ASSERT_EQUAL(o.mss, 1); /* announced, and below any floor */
	for (uint8_t shift = 0; shift < 20; shift++) {
		const uint8_t ws[] = { 3, 3, shift, 0 };

		CU_ASSERT_EQUAL(tcpopt_parse(ws, sizeof(ws), true, &o), 0);
		CU_ASSERT_EQUAL(o.wscale, shift < 14 ? shift : 14);
	}
}

static bool same_syn(const struct tcpopt *a, const struct tcpopt *b)
{
	return found(a) == found(b) && a->mss == b->mss && a->wscale == b->wscale &&
			a->tsval == b->tsval && a->tsecr == b->tsecr && a->n_sack == b->n_sack;
}

/* Every combination of what we may write: it is read back as it was, padded with NOPs. */
static void test_write_syn(void)
{
	for (unsigned int set = 0; set < 16; set++) {
		const struct tcpopt o = {
			.mss = set & MSS ? 1460 : 0,
			.has_wscale = set & WS,
			.wscale = set & WS ? 9 : 0,
			.has_sack_permitted = set & SACKP,
			.has_ts = set & TS,
			.tsval = set & TS ? 0xa1a2a3a4 : 0,
			.tsecr = set & TS ? 0xb1b2b3b4 : 0,
		};
		struct tcpopt back;
		uint8_t out[TCPOPT_MAX];
		size_t len;

		memset(out, 0xcc, sizeof(out));
		len = tcpopt_write_syn(out, &o);
		CU_ASSERT_EQUAL(len % 4, 0);
		CU_ASSERT(len <= 20);
		CU_ASSERT(len == sizeof(out) || out[len] == 0xcc);
		CU_ASSERT_EQUAL(tcpopt_parse(out, len, true, &back), 0);
		CU_ASSERT(same_syn(&back, &o));
	}
}

static void test_write_syn_bytes(void)
{
	static const uint8_t all[] = { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3,
		7 };
	static const uint8_t plain[] = { 2, 4, 5, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7 };
	struct tcpopt o = { .mss = 1460,
		.wscale = 7,
		.has_wscale = true,
		.has_sack_permitted = true,
		.has_ts = true,
		.tsval = 1,
		.tsecr = 2 };
	uint8_t out[TCPOPT_MAX];

	CU_ASSERT_EQUAL(tcpopt_write_syn(out, &o), sizeof(all));
	CU_ASSERT(memcmp(out, all, sizeof(all)) == 0);
	o.has_ts = false;
	CU_ASSERT_EQUAL(tcpopt_write_syn(out, &o), sizeof(plain));
	CU_ASSERT(memcmp(out, plain, sizeof(plain)) == 0);
}

static void test_write_sack_ts(void)
{
	static const uint8_t ts[] = { 1, 1, 8, 10, 0xa1, 0xa2, 0xa3, 0xa4, 0xb1, 0xb2, 0xb3, 0xb4 };
	struct sack_block blocks[TCPOPT_SACK_MAX];
	uint8_t out[TCPOPT_MAX];
	struct tcpopt back;

	for (uint32_t i = 0; i < TCPOPT_SACK_MAX; i++)
		blocks[i] = (struct sack_block){ 0xffffff00 + i * 0x90, 0xffffff40 + i * 0x90 };
	CU_ASSERT_EQUAL(tcpopt_write_sack(out, blocks, 0), 0);
	for (size_t n = 1; n <= TCPOPT_SACK_MAX; n++) {
		CU_ASSERT_EQUAL(tcpopt_write_sack(out, blocks, n), 4 + n * 8);
		CU_ASSERT_EQUAL(out[0], 1);
		CU_ASSERT_EQUAL(out[1], 1);
		CU_ASSERT_EQUAL(tcpopt_parse(out, 4 + n * 8, false, &back), 0);
		CU_ASSERT_EQUAL(back.n_sack, n);
		CU_ASSERT(memcmp(back.sack, blocks, n * sizeof(*blocks)) == 0);
	}
	CU_ASSERT_EQUAL(tcpopt_write_ts(out, 0xa1a2a3a4, 0xb1b2b3b4), 12);
	CU_ASSERT(memcmp(out, ts, sizeof(ts)) == 0);
	/* Together they fill a header: three blocks and timestamps. */
	CU_ASSERT_EQUAL(tcpopt_write_sack(out + 12, blocks, 3), 28);
	CU_ASSERT_EQUAL(tcpopt_parse(out, 40, false, &back), 0);
	CU_ASSERT(back.has_ts && back.n_sack == 3);
}

/* Any bytes at all: an answer, and not one byte read beyond them (ASan). */
static void test_any_bytes(void)
{
	uint64_t state = 3;
	size_t n_good = 0;

	for (int i = 0; i < 20000; i++) {
		static const uint8_t likely[] = { 0, 1, 1, 2, 3, 4, 5, 8, 10, 18, 19, 29, 30, 34 };
		uint8_t bytes[40];
		const size_t len = suite_random(&state) % 41;
		struct tcpopt o;
		uint8_t *p;

		for (size_t j = 0; j < len; j++)
			bytes[j] = likely[suite_random(&state) % sizeof(likely)];
		p = exact_copy(bytes, len);
		n_good += tcpopt_parse(p, len, i % 2 == 0, &o) == 0;
		free(p);
	}
	CU_ASSERT(n_good > 1000 && n_good < 19000);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "what is found, and what is refused", test_parse },
		{ "values", test_values },
		{ "SYN options, every combination", test_write_syn },
		{ "SYN options, byte by byte", test_write_syn_bytes },
		{ "SACK and timestamps", test_write_sack_ts },
		{ "any bytes", test_any_bytes },
	};

	return suite_run("tcpopt", tests, sizeof(tests) / sizeof(*tests));
}
