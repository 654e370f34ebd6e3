/* SPDX-License-Identifier: Apache-2.0
 * What header_write() writes, read back by frame_parse() and summed byte by byte. */
#include "dataplane/net/cksum.h"
#include "dataplane/net/header.h"
#include "tests/unit/net/build.h"
#include "tests/unit/net/suite.h"

#include <string.h>

static const uint8_t src4[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 255 };
static const uint8_t dst4[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 255, 51, 100, 7 };
static const uint8_t src6[16] = { 0x20, 1, 0xd, 0xb8, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 9 };
static const uint8_t dst6[16] = { 0xfd, 0x77, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };

static const struct {
	uint8_t l2_len;
	uint8_t l2[FRAME_L2_MAX];
	uint32_t vlan;
} l2s[] = {
	{ 14, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }, 0 },
	{ 18, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0, 0x6f, 0xff }, 0xfff000 },
	{ 22, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x88, 0xa8, 0x21, 0x23, 0x81, 0, 4, 0x56 },
			0x123456 },
};

/* IP and TCP headers of <f>: every field as given, every sum as RFC 1071 has it. */
static bool fields_hold(
		const struct frame *f, const struct header_l3 *l3, const struct header_tcp *tcp)
{
	const size_t addr_len = l3->ip_version == 4 ? 4 : 16;

	return f->kind == FRAME_TCP && f->ip_version == l3->ip_version && f->ttl == l3->ttl &&
			f->tos == l3->tos && f->sport == tcp->sport && f->dport == tcp->dport &&
			f->seq == tcp->seq && f->ack == tcp->ack && f->wnd == tcp->wnd &&
			f->flags == tcp->flags && f->opt_len == tcp->opt_len &&
			f->payload_len == tcp->payload_len && f->l2_len == l3->l2_len &&
			memcmp(f->bytes, l3->l2, l3->l2_len) == 0 &&
			memcmp(f->bytes + f->src_off, l3->src + 16 - addr_len, addr_len) == 0 &&
			memcmp(f->bytes + f->dst_off, l3->dst + 16 - addr_len, addr_len) == 0 &&
			(tcp->opt_len == 0 ||
					memcmp(f->bytes + f->l4_off + 20, tcp->opts,
							tcp->opt_len) == 0);
}

static bool sums_hold(const struct frame *f)
{
	const uint32_t tcp_len = (uint32_t)(f->len - f->l4_off);
	uint16_t sum = naive_sum(f->bytes + f->src_off, f->ip_version == 4 ? 8 : 32, 0);
	const uint8_t tail[4] = { (uint8_t)(tcp_len >> 8), (uint8_t)tcp_len, 0, 6 };

	sum = naive_sum(f->bytes + f->l4_off, tcp_len, naive_sum(tail, 4, sum));
	if (sum != 0xffff)
		return false;
	return f->ip_version == 6 || naive_sum(f->bytes + f->l2_len, 20, 0) == 0xffff;
}

static void write_one(const struct header_l3 *l3, struct header_tcp *tcp, uint64_t *state)
{
	const size_t head = header_len(l3, tcp->opt_len), len = head + tcp->payload_len;
	uint8_t *buffer = malloc(len);
	struct frame f;
	uint8_t *start;

	if (buffer == NULL)
		abort();
	for (size_t i = head; i < len; i++)
		buffer[i] = (uint8_t)suite_random(state);
	tcp->payload_sum = cksum_sum(buffer + head, tcp->payload_len);
	start = header_write(buffer + head, l3, tcp);
	CU_ASSERT_PTR_EQUAL(start, buffer);
	CU_ASSERT_EQUAL(frame_parse(start, (uint32_t)len, &f), DROP_NONE);
	CU_ASSERT(fields_hold(&f, l3, tcp));
	CU_ASSERT(sums_hold(&f));
	CU_ASSERT_EQUAL(f.len, len);
	CU_ASSERT_EQUAL(f.df, l3->ip_version == 6 || l3->df);
	CU_ASSERT_EQUAL(f.flow_label, l3->ip_version == 6 ? l3->flow_label : 0);
	CU_ASSERT_EQUAL(f.frag_id, l3->ip_version == 4 ? l3->ip_id : 0);
	free(buffer);
}

static void write_lengths(const struct header_l3 *l3, uint64_t *state)
{
	static const uint16_t payloads[] = { 0, 1, 2, 3, 63, 536, 1459, 1460, 8960, 65000 };
	static const uint8_t opt_lens[] = { 0, 4, 8, 12, 20, 36, 40 };
	uint8_t opts[40];

	for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++) {
		for (size_t j = 0; j < sizeof(opt_lens); j++) {
			const uint64_t r = suite_random(state);
			struct header_tcp tcp = { .sport = (uint16_t)(r | 1),
				.dport = (uint16_t)(r >> 16 | 1),
				.seq = (uint32_t)(r >> 32),
				.ack = ~(uint32_t)r,
				.wnd = (uint16_t)(r >> 48),
				.flags = (uint8_t)(TCP_ACK | (r & (TCP_PSH | TCP_ECE))),
				.opts = opts,
				.opt_len = opt_lens[j],
				.payload_len = payloads[i] };

			for (size_t k = 0; k < sizeof(opts); k++)
				opts[k] = (uint8_t)suite_random(state);
			write_one(l3, &tcp, state);
		}
	}
}

static void run_version(uint8_t ip_version, const uint8_t *src, const uint8_t *dst)
{
	uint64_t state = ip_version;

	for (size_t i = 0; i < sizeof(l2s) / sizeof(*l2s) * 2; i++) {
		struct header_l3 l3 = { .l2_len = l2s[i / 2].l2_len,
			.ip_version = ip_version,
			.ttl = (uint8_t)suite_random(&state),
			.tos = (uint8_t)suite_random(&state),
			.df = i % 2 == 1,
			.ip_id = (uint16_t)suite_random(&state),
			.flow_label = (uint32_t)suite_random(&state) & 0xfffff,
			.src = src,
			.dst = dst };

		memcpy(l3.l2, l2s[i / 2].l2, sizeof(l3.l2));
		l3.l2[l3.l2_len - 2] = ip_version == 4 ? 0x08 : 0x86;
		l3.l2[l3.l2_len - 1] = ip_version == 4 ? 0x00 : 0xdd;
		write_lengths(&l3, &state);
	}
}

static void test_v4(void)
{
	run_version(4, src4, dst4);
}

static void test_v6(void)
{
	run_version(6, src6, dst6);
}

/* A foreign frame, taken apart and written again, keeps the sender's own checksum. */
static void test_keeps_senders_checksum(void)
{
	static uint8_t out[BUILD_MAX], again[BUILD_MAX];

	for (size_t payload = 0; payload < 200; payload++) {
		struct build b = build_default;
		struct header_l3 l3 = { .ttl = 61, .tos = 0x28, .df = true, .ip_id = 0x1234 };
		struct header_tcp tcp = { .wnd = 501 };
		uint8_t src[16] = { 0 }, dst[16] = { 0 };
		struct frame f;
		size_t len;

		b.payload_len = payload;
		b.seed = payload;
		len = build_frame(out, &b);
		CU_ASSERT_EQUAL(frame_parse(out, (uint32_t)len, &f), DROP_NONE);
		CU_ASSERT(cksum_tcp_verify(&f, &tcp.payload_sum));
		memcpy(src + 12, out + f.src_off, 4);
		memcpy(dst + 12, out + f.dst_off, 4);
		memcpy(l3.l2, out, f.l2_len);
		l3.l2_len = f.l2_len;
		l3.ip_version = 4;
		l3.src = src;
		l3.dst = dst;
		tcp.sport = f.sport;
		tcp.dport = f.dport;
		tcp.seq = f.seq;
		tcp.ack = f.ack;
		tcp.flags = f.flags;
		tcp.payload_len = f.payload_len;
		memcpy(again + f.payload_off, out + f.payload_off, payload);
		CU_ASSERT_PTR_EQUAL(header_write(again + f.payload_off, &l3, &tcp), again);
		CU_ASSERT(memcmp(out, again, len) == 0);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "IPv4: tags, options, payloads", test_v4 },
		{ "IPv6: tags, options, payloads", test_v6 },
		{ "sender's checksum kept", test_keeps_senders_checksum },
	};

	return suite_run("header", tests, sizeof(tests) / sizeof(*tests));
}
