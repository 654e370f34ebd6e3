/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/net/build.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 0x0b, 2, 0, 0, 0, 0, 0x0a };
static const uint8_t addrs4[8] = { 10, 77, 0, 1, 10, 77, 0, 2 };
static const uint8_t addrs6[32] = {
	0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, /* source */
	0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, /* destination */
};

const struct build build_default = {
	.ip_version = 4,
	.tos = 0x28,
	.ttl = 61,
	.flags = 0x18,
	.payload_len = 100,
	.seed = 1,
};

static size_t put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return 2;
}

static size_t put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
	return 4;
}

uint16_t naive_sum(const uint8_t *p, size_t len, uint16_t start)
{
	uint32_t sum = start;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		if (sum > 0xffff)
			sum = (sum & 0xffff) + 1;
	}
	return (uint16_t)sum;
}

static uint16_t pseudo_sum(const struct build *b, uint8_t proto, size_t len)
{
	uint8_t tail[8];

	put32(tail, (uint32_t)len);
	put32(tail + 4, proto);
	return b->ip_version == 4 ? naive_sum(addrs4, 8, naive_sum(tail, 8, 0))
				  : naive_sum(addrs6, 32, naive_sum(tail, 8, 0));
}

size_t build_segment(uint8_t *out, const struct build *b)
{
	const size_t header_len = 20 + b->opt_len, len = header_len + b->payload_len;
	uint64_t state = b->seed;

	put16(out, BUILD_SPORT);
	put16(out + 2, BUILD_DPORT);
	put32(out + 4, BUILD_SEQ);
	put32(out + 8, BUILD_ACK);
	out[12] = (uint8_t)(header_len / 4 << 4);
	out[13] = b->flags;
	put16(out + 14, 501);
	put32(out + 16, 0);
	if (b->opt_len > 0)
		memcpy(out + 20, b->opts, b->opt_len);
	for (size_t i = header_len; i < len; i++) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		out[i] = (uint8_t)(state >> 56);
	}
	put16(out + 16, (uint16_t)~naive_sum(out, len, pseudo_sum(b, 6, len)));
	return len;
}

static size_t put_l2(uint8_t *out, const struct build *b)
{
	size_t n = sizeof(macs);

	memcpy(out, macs, sizeof(macs));
	for (size_t i = 0; i < b->n_tags; i++) {
		n += put16(out + n, b->n_tags == 2 && i == 0 ? 0x88a8 : 0x8100);
		n += put16(out + n, 0xf000u | b->vid[i]); /* priority 7, may be dropped */
	}
	return n + put16(out + n, b->ip_version == 4 ? 0x0800 : 0x86dd);
}

void build_fix_ip4(uint8_t *ip)
{
	put16(ip + 10, 0);
	put16(ip + 10, (uint16_t)~naive_sum(ip, (size_t)(ip[0] & 0xf) * 4, 0));
}

static size_t put_ip4(uint8_t *ip, const struct build *b, uint8_t proto, size_t len)
{
	const size_t frag = (b->frag_more ? 0x2000u : 0) | b->frag_off / 8;

	ip[0] = 0x45;
	ip[1] = b->tos;
	put16(ip + 2, (uint32_t)(20 + len));
	put16(ip + 4, b->frag_len > 0 ? b->frag_id & 0xffff : 0x1234);
	put16(ip + 6, b->frag_len > 0 ? (uint32_t)frag : 0x4000);
	ip[8] = b->ttl;
	ip[9] = proto;
	memcpy(ip + 12, addrs4, 8);
	build_fix_ip4(ip);
	return 20;
}

static size_t put_ip6(uint8_t *ip, const struct build *b, uint8_t proto, size_t len)
{
	const size_t ext_len = b->frag_len > 0 ? 8 : 0;

	put32(ip, 0x60000000u | (uint32_t)b->tos << 20 | 0xabcde);
	put16(ip + 4, (uint32_t)(len + ext_len));
	ip[6] = ext_len > 0 ? 44 : proto;
	ip[7] = b->ttl;
	memcpy(ip + 8, addrs6, 32);
	if (ext_len > 0) {
		ip[40] = proto;
		ip[41] = 0;
		put16(ip + 42, (uint32_t)b->frag_off | (b->frag_more ? 1 : 0));
		put32(ip + 44, b->frag_id);
	}
	return 40 + ext_len;
}

static size_t put_ip(uint8_t *out, const struct build *b, uint8_t proto, size_t len)
{
	return b->ip_version == 4 ? put_ip4(out, b, proto, len) : put_ip6(out, b, proto, len);
}

size_t build_frame(uint8_t *out, const struct build *b)
{
	static uint8_t segment[BUILD_MAX];
	size_t len = build_segment(segment, b), n = put_l2(out, b);

	if (b->frag_len > 0)
		len = b->frag_len;
	n += put_ip(out + n, b, 6, len);
	memcpy(out + n, segment + b->frag_off, len);
	return n + len;
}

size_t build_icmp(uint8_t *out, const struct build *b, const uint8_t type_code[2], uint32_t rest,
		const uint8_t *quoted, size_t quote_len)
{
	const uint8_t proto = b->ip_version == 4 ? 1 : 58;
	const uint16_t pseudo = b->ip_version == 4 ? 0 : pseudo_sum(b, proto, 8 + quote_len);
	size_t n = put_l2(out, b);

	n += put_ip(out + n, b, proto, 8 + quote_len);
	out[n] = type_code[0];
	out[n + 1] = type_code[1];
	put16(out + n + 2, 0);
	put32(out + n + 4, rest);
	memcpy(out + n + 8, quoted, quote_len);
	put16(out + n + 2, (uint16_t)~naive_sum(out + n, 8 + quote_len, pseudo));
	return n + 8 + quote_len;
}

uint8_t *exact_copy(const uint8_t *p, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, p, len);
	return copy;
}
