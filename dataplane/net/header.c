/* SPDX-License-Identifier: Apache-2.0
 * The sums are taken from the values that are written, not from the bytes: reading back what was
 * just stored in other widths would wait for the store to drain. */
#include "dataplane/net/header.h"

#include "dataplane/net/cksum_priv.h"
#include "dataplane/net/net_priv.h"
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"

#include <string.h>

static inline uint32_t ip_len(const struct header_l3 *l3)
{
	return l3->ip_version == 4 ? IP4_LEN : IP6_LEN;
}

uint32_t header_len(const struct header_l3 *l3, uint8_t opt_len)
{
	return l3->l2_len + ip_len(l3) + TCP_LEN + opt_len;
}

/* 14, 18 or 22 bytes by two copies of fixed size, which may overlap. */
static inline void write_l2(uint8_t *out, const struct header_l3 *l3)
{
	memcpy(out, l3->l2, FRAME_L2_MIN);
	memcpy(out + l3->l2_len - 8, l3->l2 + l3->l2_len - 8, 8);
}

/* Both return the wide sum of the two addresses, for the pseudo header. */
static inline uint64_t write_ip4(uint8_t *ip, const struct header_l3 *l3, uint32_t tcp_len)
{
	const uint32_t word0 = 0x45000000 | (uint32_t)l3->tos << 16 | (IP4_LEN + tcp_len);
	const uint32_t word1 = (uint32_t)l3->ip_id << 16 | (l3->df ? IP4_DF : 0u);
	const uint32_t word2 = (uint32_t)l3->ttl << 24 | IP_PROTO_TCP << 16;
	const uint32_t src = load_be32(l3->src + 12), dst = load_be32(l3->dst + 12);
	const uint64_t addrs = (uint64_t)src + dst;
	const uint16_t sum = cksum_fold(addrs + word0 + word1 + word2);

	store_be32(ip, word0);
	store_be32(ip + 4, word1);
	store_be32(ip + 8, word2 | (uint16_t)~sum);
	store_be32(ip + IP4_SRC, src);
	store_be32(ip + IP4_DST, dst);
	return addrs;
}

static inline uint64_t write_ip6(uint8_t *ip, const struct header_l3 *l3, uint32_t tcp_len)
{
	store_be32(ip, 0x60000000 | (uint32_t)l3->tos << 20 | (l3->flow_label & 0xfffff));
	store_be32(ip + 4, tcp_len << 16 | IP_PROTO_TCP << 8 | l3->ttl);
	memcpy(ip + IP6_SRC, l3->src, 16);
	memcpy(ip + IP6_DST, l3->dst, 16);
	return cksum_words(l3->src, 16) + cksum_words(l3->dst, 16);
}

/* Copies the options word by word (at most ten, usually none or three) and returns their sum. */
static inline uint64_t write_opts(uint8_t *out, const struct header_tcp *tcp)
{
	uint64_t sum = 0;
	uint32_t word;

	for (uint32_t i = 0; i < tcp->opt_len; i += 4) {
		word = load_be32(tcp->opts + i);
		store_be32(out + i, word);
		sum += word;
	}
	return sum;
}

/* <sum> is what the pseudo header adds. */
static inline void write_tcp(uint8_t *out, const struct header_tcp *tcp, uint64_t sum)
{
	const uint32_t ports = (uint32_t)tcp->sport << 16 | tcp->dport;
	const uint32_t doff = (uint32_t)(TCP_LEN + tcp->opt_len) / 4;
	const uint32_t word3 = doff << 28 | (uint32_t)tcp->flags << 16 | tcp->wnd;

	sum += write_opts(out + TCP_LEN, tcp);
	sum += (uint64_t)ports + tcp->seq + tcp->ack + word3 + tcp->payload_sum;
	store_be32(out, ports);
	store_be32(out + 4, tcp->seq);
	store_be32(out + 8, tcp->ack);
	store_be32(out + 12, word3);
	store_be32(out + 16, (uint32_t)(uint16_t)~cksum_fold(cksum_wide(sum)) << 16);
}

uint8_t *header_write(uint8_t *payload, const struct header_l3 *l3, const struct header_tcp *tcp)
{
	const uint32_t tcp_header_len = TCP_LEN + (uint32_t)tcp->opt_len;
	const uint32_t tcp_len = tcp_header_len + tcp->payload_len;
	uint8_t *out = payload - tcp_header_len;
	uint64_t sum = IP_PROTO_TCP + (uint64_t)tcp_len;
	uint8_t *ip = out - ip_len(l3);

	must_hot(tcp->opt_len % 4 == 0 && tcp->opt_len <= 40);
	must_hot(l3->l2_len >= FRAME_L2_MIN && l3->l2_len <= FRAME_L2_MAX);
	must_hot(tcp_len + ip_len(l3) <= IP_BYTES_MAX);
	sum += l3->ip_version == 4 ? write_ip4(ip, l3, tcp_len) : write_ip6(ip, l3, tcp_len);
	write_tcp(out, tcp, sum);
	write_l2(ip - l3->l2_len, l3);
	return ip - l3->l2_len;
}
