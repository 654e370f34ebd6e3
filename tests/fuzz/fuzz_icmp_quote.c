/* SPDX-License-Identifier: Apache-2.0
 * ICMP errors: byte 0 bit 0 mends the ICMP checksum (a fuzzer does not guess one), bytes 1..4 are
 * the sequence number to translate to, the rest is the frame. */
#include "dataplane/net/icmp.h"
#include "parsers/base/must.h"
#include "parsers/base/reader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/net/build.h"

#include <stdlib.h>
#include <string.h>

/* The sum over the message and, in ICMPv6, its pseudo header: 0xffff when all is well. */
static uint16_t icmp_sum(const struct frame *f)
{
	const uint32_t len = (uint32_t)(f->len - f->l4_off);
	const uint8_t tail[4] = { (uint8_t)(len >> 8), (uint8_t)len, 0, 58 };
	uint16_t sum = 0;

	if (f->ip_version == 6)
		sum = naive_sum(f->bytes + f->src_off, 32, naive_sum(tail, 4, 0));
	return naive_sum(f->bytes + f->l4_off, len, sum);
}

static void mend(uint8_t *bytes, const struct frame *f)
{
	uint16_t sum;

	if (f->len < f->l4_off + 4)
		return;
	memset(bytes + f->l4_off + 2, 0, 2);
	sum = (uint16_t)~icmp_sum(f);
	store_be16(bytes + f->l4_off + 2, sum);
}

static void check_quote(const struct frame *f, const struct icmp_quote *q)
{
	const uint32_t addr_len = q->ip_version == 4 ? 4 : 16;

	must(f->kind == FRAME_ICMP || f->kind == FRAME_ICMP6);
	must(q->ip_version == f->ip_version);
	must(q->src_off >= f->l4_off + 8 && q->src_off + addr_len == q->dst_off);
	must(q->dst_off + addr_len + 4 <= q->seq_off && (uint32_t)q->seq_off + 4 <= f->len);
	must(q->seq == load_be32(f->bytes + q->seq_off));
	must(q->sport == load_be16(f->bytes + q->seq_off - 4));
	must(q->dport == load_be16(f->bytes + q->seq_off - 2));
	must(q->is_too_big || q->mtu == 0);
	must(icmp_sum(f) == 0xffff);
}

/* Nothing but the sequence number and the two checksums may change. */
static bool may_change(const struct frame *f, const struct icmp_quote *q, uint32_t at)
{
	const uint32_t icmp_cksum = f->l4_off + 2u, tcp_cksum = q->seq_off + 12u;

	return (at >= q->seq_off && at < q->seq_off + 4u) ||
			(at >= icmp_cksum && at < icmp_cksum + 2) ||
			(at >= tcp_cksum && at < tcp_cksum + 2);
}

/* The sum over the quoted TCP checksum and all that it covers of what changes. */
static uint16_t quoted_sum(const struct frame *f, const struct icmp_quote *q)
{
	uint16_t sum = naive_sum(f->bytes + q->seq_off, 4, 0);

	if (q->seq_off + 14u <= f->len)
		sum = naive_sum(f->bytes + q->seq_off + 12, 2, sum);
	return sum % 0xffff;
}

static void check_translate(uint8_t *bytes, size_t len, const struct frame *f, uint32_t seq)
{
	uint8_t *before = exact_copy(bytes, len);
	struct icmp_quote q, again;
	uint16_t sum;

	must(icmp_quote_parse(f, &q));
	check_quote(f, &q);
	sum = quoted_sum(f, &q);
	icmp_quote_translate(bytes, f, &q, seq);
	for (uint32_t i = 0; i < len; i++)
		must(bytes[i] == before[i] || may_change(f, &q, i));
	must(icmp_quote_parse(f, &again));
	check_quote(f, &again);
	must(again.seq == seq);
	must(q.seq_off + 14u > f->len || quoted_sum(f, &again) == sum);
	free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = rd_of(data, size);
	const bool mends = rd_u8(&r) % 2 == 1;
	const uint32_t seq = rd_be32(&r);
	struct icmp_quote q;
	struct frame f;
	uint8_t *bytes;
	size_t len;

	if (r.bad)
		return 0;
	len = rd_left(&r);
	bytes = exact_copy(rd_take(&r, len).ptr, len);
	if (frame_parse(bytes, (uint32_t)len, &f) == DROP_NONE) {
		if (mends && (f.kind == FRAME_ICMP || f.kind == FRAME_ICMP6))
			mend(bytes, &f);
		if (icmp_quote_parse(&f, &q))
			check_translate(bytes, len, &f, seq);
	}
	free(bytes);
	return 0;
}
