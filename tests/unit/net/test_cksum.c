/* SPDX-License-Identifier: Apache-2.0
 * The checksum against the byte-by-byte one. */
#include "dataplane/net/cksum.h"
#include "tests/unit/net/build.h"
#include "tests/unit/net/suite.h"

#include <string.h>

static uint8_t bytes[BUILD_MAX];

/* 0 and 0xffff are the same value. */
static bool same_sum(uint16_t a, uint16_t b)
{
	return a % 0xffff == b % 0xffff;
}

static void test_rfc1071_example(void)
{
	static const uint8_t p[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	CU_ASSERT_EQUAL(cksum_sum(p, sizeof(p)), 0xddf2);
	CU_ASSERT_EQUAL(cksum_sum(p, 0), 0);
	CU_ASSERT_EQUAL(cksum_sum(p, 3), 0x0001 + 0xf200);
}

static void test_all_lengths_and_alignments(void)
{
	uint64_t state = 7;
	uint8_t *p;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)suite_random(&state);
	for (size_t len = 0; len <= 300; len++) {
		for (size_t at = 0; at < 16; at++)
			CU_ASSERT_EQUAL(cksum_sum(bytes + at, len), naive_sum(bytes + at, len, 0));
		p = exact_copy(bytes, len);
		CU_ASSERT_EQUAL(cksum_sum(p, len), naive_sum(p, len, 0));
		free(p);
	}
	for (int i = 0; i < 2000; i++) {
		const size_t len = suite_random(&state) % 65536, at = suite_random(&state) % 4096;

		CU_ASSERT_EQUAL(cksum_sum(bytes + at, len), naive_sum(bytes + at, len, 0));
	}
}

static void test_carries(void)
{
	memset(bytes, 0xff, sizeof(bytes));
	for (size_t len = 1; len < 65536; len += len < 200 ? 1 : 977)
		CU_ASSERT_EQUAL(cksum_sum(bytes, len), naive_sum(bytes, len, 0));
	memset(bytes, 0, sizeof(bytes));
	CU_ASSERT_EQUAL(cksum_sum(bytes, 65535), 0);
}

static void test_algebra(void)
{
	uint64_t state = 11;

	for (size_t i = 0; i < 3000; i++)
		bytes[i] = (uint8_t)suite_random(&state);
	for (size_t cut = 0; cut <= 1461; cut++) {
		const uint16_t whole = cksum_sum(bytes, 1461), head = cksum_sum(bytes, cut);
		uint16_t tail = cksum_sum(bytes + cut, 1461 - cut);

		if (cut % 2 == 1)
			tail = cksum_swap(tail);
		CU_ASSERT(same_sum(cksum_add(head, tail), whole));
		CU_ASSERT(same_sum(cksum_sub(whole, head), tail));
	}
}

struct verify_row {
	const char *name;
	uint8_t ip_version, n_tags;
	size_t opt_len, payload_len;
};

static const struct verify_row verify_rows[] = {
	{ "v4", 4, 0, 0, 1460 },
	{ "v4 no payload", 4, 0, 0, 0 },
	{ "v4 odd, options", 4, 0, 12, 101 },
	{ "v4 one byte", 4, 0, 40, 1 },
	{ "v4 vlan", 4, 1, 0, 77 },
	{ "v4 qinq", 4, 2, 12, 1448 },
	{ "v6", 6, 0, 0, 1440 },
	{ "v6 no payload", 6, 0, 20, 0 },
	{ "v6 odd, qinq", 6, 2, 12, 333 },
};

static struct build verify_build(const struct verify_row *row)
{
	static const uint8_t nops[40] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	struct build b = build_default;

	b.ip_version = row->ip_version;
	b.n_tags = row->n_tags;
	b.vid[0] = 100;
	b.vid[1] = 200;
	b.opts = nops;
	b.opt_len = row->opt_len;
	b.payload_len = row->payload_len;
	return b;
}

static void check_flips(const struct verify_row *row, uint8_t *frame, const struct frame *f)
{
	uint16_t sum = 0x5555;
	bool caught = true;

	for (uint32_t bit = (uint32_t)f->l4_off * 8; bit < (uint32_t)f->len * 8; bit++) {
		frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
		caught = caught && !cksum_tcp_verify(f, &sum);
		frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	CHECK_ROW(row->name, caught);
	CHECK_ROW(row->name, sum == 0x5555);
}

static void test_verify(void)
{
	static uint8_t out[BUILD_MAX];

	for (size_t i = 0; i < sizeof(verify_rows) / sizeof(*verify_rows); i++) {
		const struct verify_row *row = &verify_rows[i];
		const struct build b = verify_build(row);
		const size_t len = build_frame(out, &b);
		uint8_t *frame = exact_copy(out, len);
		uint16_t sum = 0, want;
		struct frame f;

		CHECK_ROW(row->name, frame_parse(frame, (uint32_t)len, &f) == DROP_NONE);
		want = naive_sum(frame + f.payload_off, f.payload_len, 0);
		CHECK_ROW(row->name, f.payload_len == row->payload_len);
		CHECK_ROW(row->name, cksum_tcp_verify(&f, &sum));
		CHECK_ROW(row->name, same_sum(sum, want));
		CHECK_ROW(row->name, same_sum(cksum_tcp_payload_sum(&f), want));
		check_flips(row, frame, &f);
		free(frame);
	}
}

/* A zero sum may be written as 0x0000 or as 0xffff: both are right. */
static void test_both_zeros(void)
{
	struct build b = build_default;
	uint8_t out[256];
	size_t len;
	uint16_t sum;
	struct frame f;

	b.payload_len = 2;
	len = build_frame(out, &b);
	CU_ASSERT_EQUAL(frame_parse(out, (uint32_t)len, &f), DROP_NONE);
	/* Move the checksum's value into the payload, so that the field itself becomes zero. */
	memset(out + f.payload_off, 0, 2);
	memset(out + f.l4_off + 16, 0, 2);
	sum = naive_sum(out + f.l4_off, f.len - f.l4_off, naive_sum(out + f.src_off, 8, 0));
	sum = cksum_add(sum, 6 + 22);
	out[f.payload_off] = (uint8_t)((uint16_t)~sum >> 8);
	out[f.payload_off + 1] = (uint8_t)~sum;
	CU_ASSERT(cksum_tcp_verify(&f, &sum));
	memset(out + f.l4_off + 16, 0xff, 2);
	CU_ASSERT(cksum_tcp_verify(&f, &sum));
	CU_ASSERT(same_sum(sum, naive_sum(out + f.payload_off, 2, 0)));
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "RFC 1071 example", test_rfc1071_example },
		{ "all lengths and alignments", test_all_lengths_and_alignments },
		{ "carries", test_carries },
		{ "addition, subtraction, odd halves", test_algebra },
		{ "verify, and every bit flipped", test_verify },
		{ "both zeros", test_both_zeros },
	};

	return suite_run("cksum", tests, sizeof(tests) / sizeof(*tests));
}
