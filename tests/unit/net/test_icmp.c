/* SPDX-License-Identifier: Apache-2.0
 * ICMP errors: what is taken for a quote of a segment, and what translation leaves behind. */
#include "dataplane/net/icmp.h"
#include "tests/unit/net/build.h"
#include "tests/unit/net/suite.h"

#include <string.h>

static uint8_t out[BUILD_MAX], quoted[BUILD_MAX];

struct patch {
	uint8_t at; /* in the quoted packet */
	uint8_t value;
};

struct quote_row {
	const char *name;
	uint8_t ip_version;
	uint8_t type_code[2];
	uint32_t rest;
	size_t quote_len;        /* of a quoted packet of 20 or 40, 20 and 100 bytes */
	struct patch patches[3]; /* up to the first of no effect: at 0, value 0 */
	bool is_quote, is_too_big;
	uint32_t mtu;
};

/* clang-format off */
static const struct quote_row rows[] = {
	{ "frag needed", 4, { 3, 4 }, 1400, 28, { { 0 } }, true, true, 1400 },
	{ "frag needed, old router", 4, { 3, 4 }, 0, 28, { { 0 } }, true, true, 0 },
	{ "frag needed, high half", 4, { 3, 4 }, 0xbeef0578, 60, { { 0 } }, true, true, 1400 },
	{ "port unreachable", 4, { 3, 3 }, 1400, 140, { { 0 } }, true, false, 0 },
	{ "source quench", 4, { 4, 0 }, 0, 28, { { 0 } }, true, false, 0 },
	{ "redirect", 4, { 5, 1 }, 0x0a000001, 28, { { 0 } }, true, false, 0 },
	{ "time exceeded", 4, { 11, 0 }, 0, 48, { { 0 } }, true, false, 0 },
	{ "parameter problem", 4, { 12, 0 }, 0, 28, { { 0 } }, true, false, 0 },
	{ "quote with IP options", 4, { 11, 0 }, 0, 60, { { 0, 0x46 } }, true, false, 0 },
	{ "first fragment quoted", 4, { 11, 0 }, 0, 60, { { 6, 0x20 } }, true, false, 0 },
	{ "later fragment quoted", 4, { 11, 0 }, 0, 60, { { 7, 1 } }, false, false, 0 },
	{ "one byte short", 4, { 3, 4 }, 1400, 27, { { 0 } }, false, false, 0 },
	{ "ports only", 4, { 3, 4 }, 1400, 24, { { 0 } }, false, false, 0 },
	{ "IP header only", 4, { 3, 4 }, 1400, 20, { { 0 } }, false, false, 0 },
	{ "half an IP header", 4, { 3, 4 }, 1400, 19, { { 0 } }, false, false, 0 },
	{ "nothing quoted", 4, { 3, 4 }, 1400, 0, { { 0 } }, false, false, 0 },
	{ "options push TCP out", 4, { 3, 4 }, 1400, 60, { { 0, 0x4f } }, false, false, 0 },
	{ "quoted header of 16", 4, { 3, 4 }, 1400, 60, { { 0, 0x44 } }, false, false, 0 },
	{ "quoted version 6 in ICMP", 4, { 3, 4 }, 1400, 60, { { 0, 0x65 } }, false, false, 0 },
	{ "UDP quoted", 4, { 3, 3 }, 0, 60, { { 9, 17 } }, false, false, 0 },
	{ "echo", 4, { 8, 0 }, 1, 60, { { 0 } }, false, false, 0 },
	{ "echo reply", 4, { 0, 0 }, 1, 60, { { 0 } }, false, false, 0 },
	{ "timestamp", 4, { 13, 0 }, 1, 60, { { 0 } }, false, false, 0 },
	{ "packet too big", 6, { 2, 0 }, 1280, 48, { { 0 } }, true, true, 1280 },
	{ "packet too big, 32 bits", 6, { 2, 0 }, 0x10005, 160, { { 0 } }, true, true, 0x10005 },
	{ "unreachable", 6, { 1, 4 }, 0, 100, { { 0 } }, true, false, 0 },
	{ "time exceeded", 6, { 3, 0 }, 0, 60, { { 0 } }, true, false, 0 },
	{ "parameter problem", 6, { 4, 1 }, 6, 60, { { 0 } }, true, false, 0 },
	{ "one byte short", 6, { 2, 0 }, 1280, 47, { { 0 } }, false, false, 0 },
	{ "half an IP header", 6, { 2, 0 }, 1280, 39, { { 0 } }, false, false, 0 },
	{ "quoted extension header", 6, { 2, 0 }, 1280, 100, { { 6, 44 } }, false, false, 0 },
	{ "quoted version 4 in ICMPv6", 6, { 2, 0 }, 1280, 100, { { 0, 0x45 } }, false, false, 0 },
	{ "echo", 6, { 128, 0 }, 1, 100, { { 0 } }, false, false, 0 },
	{ "type 0", 6, { 0, 0 }, 1, 100, { { 0 } }, false, false, 0 },
	{ "type 5", 6, { 5, 0 }, 1, 100, { { 0 } }, false, false, 0 },
};

/* clang-format on */

static struct build build_of(uint8_t ip_version)
{
	struct build b = build_default;

	b.ip_version = ip_version;
	b.n_tags = 1;
	b.vid[0] = 42;
	return b;
}

/* The frame of <row> in a block of its size. */
static uint8_t *make(const struct quote_row *row, size_t *ret_len)
{
	const struct build b = build_of(row->ip_version);

	build_frame(quoted, &b);
	for (size_t i = 0; i < 3 && (row->patches[i].at | row->patches[i].value) != 0; i++)
		quoted[18 + row->patches[i].at] = row->patches[i].value;
	*ret_len = build_icmp(out, &b, row->type_code, row->rest, quoted + 18, row->quote_len);
	return exact_copy(out, *ret_len);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void check_quote(
		const struct quote_row *row, const struct frame *f, const struct icmp_quote *q)
{
	const uint32_t ip_off = 18 + (row->ip_version == 4 ? 20 : 40) + 8u;
	const uint32_t ip_len = row->ip_version == 4 ? (f->bytes[ip_off] & 0xfu) * 4 : 40;
	const uint8_t *tcp = f->bytes + ip_off + ip_len;

	CHECK_ROW(row->name, q->is_too_big == row->is_too_big && q->mtu == row->mtu);
	CHECK_ROW(row->name, q->ip_version == row->ip_version);
	CHECK_ROW(row->name, q->src_off == ip_off + (row->ip_version == 4 ? 12 : 8));
	CHECK_ROW(row->name, q->dst_off == ip_off + (row->ip_version == 4 ? 16 : 24));
	CHECK_ROW(row->name, q->seq_off == ip_off + ip_len + 4);
	CHECK_ROW(row->name, q->sport == get32(tcp) >> 16 && q->dport == (get32(tcp) & 0xffff));
	CHECK_ROW(row->name, q->seq == get32(tcp + 4));
}

static void test_quotes(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct quote_row *row = &rows[i];
		struct icmp_quote q;
		struct frame f;
		size_t len;
		uint8_t *frame = make(row, &len);
		bool found;

		CHECK_ROW(row->name, frame_parse(frame, (uint32_t)len, &f) == DROP_NONE);
		found = icmp_quote_parse(&f, &q);
		CHECK_ROW(row->name, found == row->is_quote);
		if (found && row->is_quote)
			check_quote(row, &f, &q);
		frame[f.l4_off + 4] ^= 1; /* now its checksum is wrong */
		CHECK_ROW(row->name, !icmp_quote_parse(&f, &q));
		free(frame);
	}
}

/* Not one, whatever the bytes say. */
static void test_not_icmp(void)
{
	const struct build b = build_of(4);
	const size_t len = build_frame(out, &b);
	struct icmp_quote q;
	struct frame f;

	CU_ASSERT_EQUAL(frame_parse(out, (uint32_t)len, &f), DROP_NONE);
	CU_ASSERT_FALSE(icmp_quote_parse(&f, &q));
}

/* A fragment of an error is left alone: its checksum covers what we do not see. */
static void test_fragment(void)
{
	static const struct quote_row row = { "fragment", 4, { 3, 4 }, 1400, 60, { { 0 } }, true,
		true, 1400 };
	struct icmp_quote q;
	struct frame f;
	size_t len;
	uint8_t *frame = make(&row, &len);

	for (uint8_t i = 0; i < 3; i++) {
		frame[18 + 6] = i == 1 ? 0x20 : 0; /* more to come */
		frame[18 + 7] = i == 2 ? 1 : 0;    /* behind others */
		CU_ASSERT_EQUAL(frame_parse(frame, (uint32_t)len, &f), DROP_NONE);
		CU_ASSERT_EQUAL(f.kind, FRAME_ICMP);
		CU_ASSERT_EQUAL(icmp_quote_parse(&f, &q), i == 0);
	}
	free(frame);
}

static bool icmp_sum_holds(const struct frame *f)
{
	const uint32_t len = (uint32_t)(f->len - f->l4_off);
	const uint8_t tail[4] = { (uint8_t)(len >> 8), (uint8_t)len, 0, 58 };
	uint16_t sum = 0;

	if (f->ip_version == 6)
		sum = naive_sum(f->bytes + f->src_off, 32, naive_sum(tail, 4, 0));
	return naive_sum(f->bytes + f->l4_off, len, sum) == 0xffff;
}

/* The quoted segment, where it is whole, still has a good TCP checksum. */
static bool quoted_sum_holds(const struct frame *f, const struct icmp_quote *q)
{
	const uint32_t tcp_len = 120;
	const uint8_t tail[4] = { 0, (uint8_t)tcp_len, 0, 6 };
	uint16_t sum = naive_sum(tail, 4, 0);

	sum = naive_sum(f->bytes + q->src_off, q->ip_version == 4 ? 8 : 32, sum);
	return naive_sum(f->bytes + q->seq_off - 4, tcp_len, sum) == 0xffff;
}

static void translate_one(const struct quote_row *row, uint32_t seq)
{
	const uint32_t whole = row->ip_version == 4 ? 140 : 160;
	struct icmp_quote q, again;
	struct frame f;
	size_t len;
	uint8_t *frame = make(row, &len), *before = exact_copy(frame, len);

	CHECK_ROW(row->name, frame_parse(frame, (uint32_t)len, &f) == DROP_NONE);
	CHECK_ROW(row->name, icmp_quote_parse(&f, &q));
	icmp_quote_translate(frame, &f, &q, seq);
	CHECK_ROW(row->name, icmp_sum_holds(&f));
	CHECK_ROW(row->name, row->quote_len < whole || quoted_sum_holds(&f, &q));
	CHECK_ROW(row->name, icmp_quote_parse(&f, &again));
	CHECK_ROW(row->name, again.seq == seq);
	/* And back: the frame is as it was. */
	icmp_quote_translate(frame, &f, &again, q.seq);
	CHECK_ROW(row->name, memcmp(frame, before, len) == 0);
	free(before);
	free(frame);
}

static void test_translate(void)
{
	static const uint32_t seqs[] = { BUILD_SEQ + 1, BUILD_SEQ - 77, 1, 0xfffffffe, 0x00010000,
		0x12340000 };
	const size_t lens4[] = { 28, 30, 37, 38, 40, 140 }, lens6[] = { 48, 57, 58, 160 };

	for (size_t i = 0; i < sizeof(seqs) / sizeof(*seqs); i++) {
		struct quote_row row = { "translate v4", 4, { 11, 0 }, 0, 0, { { 0 } }, true, false,
			0 };

		for (size_t j = 0; j < sizeof(lens4) / sizeof(*lens4); j++) {
			row.quote_len = lens4[j];
			translate_one(&row, seqs[i]);
		}
		row.name = "translate v6";
		row.ip_version = 6;
		row.type_code[0] = 3;
		for (size_t j = 0; j < sizeof(lens6) / sizeof(*lens6); j++) {
			row.quote_len = lens6[j];
			translate_one(&row, seqs[i]);
		}
	}
}

/* Random sequence numbers: the incremental checksum never drifts from the full one. */
static void test_translate_random(void)
{
	const struct quote_row row = { "random", 4, { 3, 1 }, 0, 140, { { 0 } }, true, false, 0 };
	uint64_t state = 5;
	struct icmp_quote q;
	struct frame f;
	size_t len;
	uint8_t *frame = make(&row, &len);

	CU_ASSERT_EQUAL(frame_parse(frame, (uint32_t)len, &f), DROP_NONE);
	for (int i = 0; i < 20000; i++) {
		CU_ASSERT_FATAL(icmp_quote_parse(&f, &q));
		icmp_quote_translate(frame, &f, &q, (uint32_t)suite_random(&state));
		CU_ASSERT(icmp_sum_holds(&f) && quoted_sum_holds(&f, &q));
	}
	free(frame);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "quotes", test_quotes },
		{ "no ICMP", test_not_icmp },
		{ "fragment of an error", test_fragment },
		{ "translate and back", test_translate },
		{ "translate at random", test_translate_random },
	};

	return suite_run("icmp", tests, sizeof(tests) / sizeof(*tests));
}
