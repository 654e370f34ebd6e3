/* SPDX-License-Identifier: Apache-2.0
 * Any frame: byte 0 says which checksums are mended first (bit 0 IPv4, bit 1 TCP: a fuzzer does not
 * guess them), the rest is the frame. A segment is verified, taken apart, written again and read
 * again. */
#include "dataplane/net/cksum.h"
#include "dataplane/net/header.h"
#include "dataplane/net/icmp.h"
#include "dataplane/net/tcpopt.h"
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/net/build.h"

#include <stdlib.h>
#include <string.h>

enum {
	MEND_IP4 = 1,
	MEND_TCP = 2,
};

/* Where the IP header would be, told as simply as can be. 0: it is not IP. */
static size_t ip_off(const uint8_t *p, size_t len)
{
	size_t off = 12;

	while (off < 20 && off + 2 <= len &&
			(load_be16(p + off) == 0x8100 || load_be16(p + off) == 0x88a8))
		off += 4;
	if (off + 2 > len || (load_be16(p + off) != 0x0800 && load_be16(p + off) != 0x86dd))
		return 0;
	return off + 2;
}

static void mend_ip4(uint8_t *bytes, size_t len)
{
	const size_t off = ip_off(bytes, len);
	const size_t header_len = off != 0 && off < len ? (bytes[off] & 0xfu) * 4 : 0;

	if (header_len >= 20 && off + header_len <= len)
		build_fix_ip4(bytes + off);
}

/* The sum over pseudo header and segment: 0xffff when all is well. */
static uint16_t tcp_sum(const struct frame *f)
{
	const uint32_t len = (uint32_t)(f->len - f->l4_off);
	const uint8_t tail[4] = { (uint8_t)(len >> 8), (uint8_t)len, 0, 6 };
	uint16_t sum = naive_sum(f->bytes + f->src_off, f->ip_version == 4 ? 8 : 32, 0);

	sum = naive_sum(tail, 4, sum);
	return naive_sum(f->bytes + f->l4_off, len, sum);
}

static void check_ip(const struct frame *f)
{
	const uint32_t addr_len = f->ip_version == 4 ? 4 : 16;

	must(f->ip_version == 4 || f->ip_version == 6);
	must(f->src_off >= f->l2_len && f->src_off + addr_len == f->dst_off);
	must(f->dst_off + addr_len <= f->l4_off && f->l4_off <= f->len);
	must(f->flow_label <= 0xfffff);
	must((f->l4_proto == 6) == (f->kind == FRAME_TCP || f->kind == FRAME_TCP_FRAG));
	must(f->kind != FRAME_ICMP || f->l4_proto == 1);
	must((f->kind != FRAME_ICMP6 && f->kind != FRAME_ND) || f->l4_proto == 58);
	must(f->kind != FRAME_UDP || f->l4_proto == 17);
}

static void check_frame(const struct frame *f, size_t len)
{
	const bool is_ip = f->ip_version != 0;

	must(f->kind < FRAME_KINDS);
	must(f->l2_len == 14 || f->l2_len == 18 || f->l2_len == 22);
	must(f->l2_len <= f->len && f->len <= len);
	must(f->vlan < 1u << 24);
	must(is_ip == (ip_off(f->bytes, len) == f->l2_len));
	if (is_ip)
		check_ip(f);
	else
		must(f->kind == FRAME_ARP || f->kind == FRAME_LLDP || f->kind == FRAME_STP ||
				f->kind == FRAME_L2_OTHER);
}

static void check_tcp(const struct frame *f)
{
	uint16_t sum = 0, want;

	must(f->frag_off == 0 && !f->frag_more);
	must(f->l4_off == f->l2_len + (f->ip_version == 4 ? 20 : 40));
	must(f->opt_off == 20 && f->opt_len % 4 == 0 && f->opt_len <= 40);
	must(f->payload_off == f->l4_off + 20 + f->opt_len);
	must(f->payload_off + f->payload_len == f->len);
	must(f->sport != 0 && f->dport != 0);
	must((f->flags & 0x3f) != 0);
	must(!(f->flags & TCP_SYN) || !(f->flags & (TCP_FIN | TCP_RST)));
	must(cksum_tcp_verify(f, &sum) == (tcp_sum(f) == 0xffff));
	want = naive_sum(f->bytes + f->payload_off, f->payload_len, 0);
	if (tcp_sum(f) == 0xffff)
		must(sum % 0xffff == want % 0xffff && cksum_tcp_payload_sum(f) == sum);
}

/* Bits that a rebuilt header does not carry on: reserved ones, the urgent pointer, and a zero
 * checksum in its other spelling. */
static bool is_canonical(const struct frame *f)
{
	const uint8_t *ip = f->bytes + f->l2_len, *tcp = f->bytes + f->l4_off;
	const uint16_t ip_cksum = f->ip_version == 4 ? load_be16(ip + 10) : 1;
	const uint16_t tcp_cksum = load_be16(tcp + 16);

	return (f->ip_version == 6 || !(ip[6] & 0x80)) && (tcp[12] & 0x0f) == 0 &&
			load_be16(tcp + 18) == 0 && ip_cksum % 0xffff != 0 &&
			tcp_cksum % 0xffff != 0;
}

static void check_same(const struct frame *a, const struct frame *b)
{
	must(a->len == b->len && a->l2_len == b->l2_len && a->vlan == b->vlan);
	must(a->kind == b->kind && a->ip_version == b->ip_version && a->l4_proto == b->l4_proto);
	must(a->ttl == b->ttl && a->tos == b->tos && a->flow_label == b->flow_label);
	must(a->df == b->df && a->frag_id == b->frag_id);
	must(a->l4_off == b->l4_off && a->src_off == b->src_off && a->dst_off == b->dst_off);
	must(a->payload_off == b->payload_off && a->payload_len == b->payload_len);
	must(a->opt_off == b->opt_off && a->opt_len == b->opt_len);
	must(a->sport == b->sport && a->dport == b->dport && a->flags == b->flags);
	must(a->seq == b->seq && a->ack == b->ack && a->wnd == b->wnd);
}

static void check_rewrite(const struct frame *f)
{
	const size_t addr_len = f->ip_version == 4 ? 4 : 16;
	const uint32_t head = f->payload_off;
	uint8_t src[16] = { 0 }, dst[16] = { 0 };
	struct header_l3 l3 = { .l2_len = f->l2_len,
		.ip_version = f->ip_version,
		.ttl = f->ttl,
		.tos = f->tos,
		.df = f->df,
		.ip_id = (uint16_t)f->frag_id,
		.flow_label = f->flow_label,
		.src = src,
		.dst = dst };
	const struct header_tcp tcp = { .sport = f->sport,
		.dport = f->dport,
		.seq = f->seq,
		.ack = f->ack,
		.wnd = f->wnd,
		.flags = f->flags,
		.opts = f->bytes + f->l4_off + f->opt_off,
		.opt_len = f->opt_len,
		.payload_len = f->payload_len,
		.payload_sum = cksum_tcp_payload_sum(f) };
	uint8_t *out = malloc(f->len);
	struct frame back;

	must(out != NULL);
	memcpy(l3.l2, f->bytes, f->l2_len);
	memcpy(src + 16 - addr_len, f->bytes + f->src_off, addr_len);
	memcpy(dst + 16 - addr_len, f->bytes + f->dst_off, addr_len);
	memcpy(out + head, f->bytes + head, f->payload_len);
	must(header_len(&l3, f->opt_len) == head);
	must(header_write(out + head, &l3, &tcp) == out);
	must(frame_parse(out, f->len, &back) == DROP_NONE);
	must((tcp_sum(f) == 0xffff) == (tcp_sum(&back) == 0xffff));
	if (is_canonical(f) && tcp_sum(f) == 0xffff)
		must(memcmp(out, f->bytes, f->len) == 0);
	check_same(&back, f);
	free(out);
}

static void check_segment(uint8_t *bytes, const struct frame *f, bool mends)
{
	struct tcpopt o;
	uint16_t sum;

	if (mends) {
		memset(bytes + f->l4_off + 16, 0, 2);
		sum = (uint16_t)~tcp_sum(f);
		store_be16(bytes + f->l4_off + 16, sum);
	}
	check_tcp(f);
	check_rewrite(f);
	(void)tcpopt_parse(bytes + f->l4_off + f->opt_off, f->opt_len, f->flags & TCP_SYN, &o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t mends = size > 0 ? data[0] : 0;
	const size_t len = size > 0 ? size - 1 : 0;
	uint8_t *bytes = exact_copy(data + (size > 0), len);
	struct icmp_quote q;
	struct frame f;

	if (mends & MEND_IP4)
		mend_ip4(bytes, len);
	if (frame_parse(bytes, (uint32_t)len, &f) == DROP_NONE) {
		check_frame(&f, len);
		if (f.kind == FRAME_TCP)
			check_segment(bytes, &f, mends & MEND_TCP);
		must(!icmp_quote_parse(&f, &q) || f.kind == FRAME_ICMP || f.kind == FRAME_ICMP6);
	}
	free(bytes);
	return 0;
}
