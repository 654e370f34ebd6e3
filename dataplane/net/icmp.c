/* SPDX-License-Identifier: Apache-2.0
 * Reads what a router, or someone who claims to be one, quotes of a segment of ours. Nothing here
 * is per-segment work, so the checksum is verified in software always. */
#include "dataplane/net/icmp.h"

#include "dataplane/net/cksum.h"
#include "dataplane/net/cksum_priv.h"
#include "dataplane/net/net_priv.h"
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"

enum {
	ICMP_LEN = 8,
	ICMP_CKSUM = 2,
	ICMP_UNREACHABLE = 3,
	ICMP_FRAG_NEEDED = 4, /* code of ICMP_UNREACHABLE */
	ICMP_SOURCE_QUENCH = 4,
	ICMP_REDIRECT = 5,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER = 12,
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_PARAMETER = 4,
	QUOTE_TCP_MIN = 8, /* ports and sequence number */
	TCP_SEQ = 4,
	TCP_CKSUM = 16,
};

static bool icmp4_is_error(uint8_t type)
{
	return type == ICMP_UNREACHABLE || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
			type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER;
}

static bool icmp6_is_error(uint8_t type)
{
	return type >= ICMP6_UNREACHABLE && type <= ICMP6_PARAMETER;
}

static bool icmp_cksum_is_good(const struct frame *f)
{
	const uint32_t len = (uint32_t)f->len - f->l4_off;
	uint64_t sum = cksum_sum(f->bytes + f->l4_off, len);

	if (f->ip_version == 6)
		sum += cksum_sum(f->bytes + f->src_off, 32) + (uint64_t)len + IP_PROTO_ICMP6;
	return cksum_fold(sum) == 0xffff;
}

static void read_too_big(const struct frame *f, struct icmp_quote *ret)
{
	const uint8_t *icmp = f->bytes + f->l4_off;

	if (f->ip_version == 4) {
		ret->is_too_big = icmp[0] == ICMP_UNREACHABLE && icmp[1] == ICMP_FRAG_NEEDED;
		ret->mtu = ret->is_too_big ? load_be16(icmp + 6) : 0;
	} else {
		ret->is_too_big = icmp[0] == ICMP6_TOO_BIG;
		ret->mtu = ret->is_too_big ? load_be32(icmp + 4) : 0;
	}
}

/* Offset of the TCP header that an IPv4 header at <off> quotes, or 0. */
static uint32_t quoted_tcp4(const struct frame *f, uint32_t off)
{
	const uint8_t *ip = f->bytes + off;
	uint32_t header_len;

	if (f->len < off + IP4_LEN)
		return 0;
	header_len = (uint32_t)(ip[0] & 0xf) * 4;
	if (ip[0] >> 4 != 4 || header_len < IP4_LEN || ip[9] != IP_PROTO_TCP)
		return 0;
	return load_be16(ip + 6) & IP4_OFF_MASK ? 0 : off + header_len;
}

/* We send no extension headers, so a quote with one is not of ours. */
static uint32_t quoted_tcp6(const struct frame *f, uint32_t off)
{
	const uint8_t *ip = f->bytes + off;

	if (f->len < off + IP6_LEN || ip[0] >> 4 != 6 || ip[6] != IP_PROTO_TCP)
		return 0;
	return off + IP6_LEN;
}

static bool is_icmp_error(const struct frame *f)
{
	uint8_t type;

	if (f->kind != FRAME_ICMP && f->kind != FRAME_ICMP6)
		return false;
	if (f->frag_off != 0 || f->frag_more || f->len < f->l4_off + ICMP_LEN)
		return false;
	type = f->bytes[f->l4_off];
	return f->ip_version == 4 ? icmp4_is_error(type) : icmp6_is_error(type);
}

bool icmp_quote_parse(const struct frame *f, struct icmp_quote *ret)
{
	struct icmp_quote q = { .ip_version = f->ip_version };
	const bool is_v4 = f->ip_version == 4;
	uint32_t off, tcp;

	if (!is_icmp_error(f))
		return false;
	off = (uint32_t)f->l4_off + ICMP_LEN;
	tcp = is_v4 ? quoted_tcp4(f, off) : quoted_tcp6(f, off);
	if (tcp == 0 || f->len < tcp + QUOTE_TCP_MIN || !icmp_cksum_is_good(f))
		return false;
	read_too_big(f, &q);
	q.src_off = (uint16_t)(off + (is_v4 ? IP4_SRC : IP6_SRC));
	q.dst_off = (uint16_t)(off + (is_v4 ? IP4_DST : IP6_DST));
	q.seq_off = (uint16_t)(tcp + TCP_SEQ);
	q.sport = load_be16(f->bytes + tcp);
	q.dport = load_be16(f->bytes + tcp + 2);
	q.seq = load_be32(f->bytes + q.seq_off);
	*ret = q;
	return true;
}

/* RFC 1624 equation 3: the checksum at <cksum> after a covered sum went from <was> to <is>. */
static void mend(uint8_t *cksum, uint16_t was, uint16_t is)
{
	const uint16_t sum = cksum_sub((uint16_t)~load_be16(cksum), was);

	store_be16(cksum, (uint16_t)~cksum_add(sum, is));
}

void icmp_quote_translate(
		uint8_t *bytes, const struct frame *f, const struct icmp_quote *q, uint32_t seq)
{
	uint8_t *icmp_cksum = bytes + f->l4_off + ICMP_CKSUM;
	uint8_t *tcp = bytes + q->seq_off - TCP_SEQ;
	uint16_t was, is, cksum_was;

	must((uint32_t)q->seq_off + 4 <= f->len);
	was = cksum_fold(load_be32(tcp + TCP_SEQ));
	is = cksum_fold(seq);
	store_be32(tcp + TCP_SEQ, seq);
	mend(icmp_cksum, was, is);
	if ((uint32_t)q->seq_off - TCP_SEQ + TCP_CKSUM + 2 > f->len)
		return;
	cksum_was = load_be16(tcp + TCP_CKSUM);
	mend(tcp + TCP_CKSUM, was, is);
	mend(icmp_cksum, cksum_was, load_be16(tcp + TCP_CKSUM));
}
