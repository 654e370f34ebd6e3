/* SPDX-License-Identifier: Apache-2.0
 * A capture taken on a host shows segments before its port has finished them: larger than any MTU,
 * and with a checksum field that holds the sum of the pseudo header alone. A wire never carries
 * either, so both are finished here. A checksum that is wrong in any other way stays wrong. */
#include "dataplane/net/cksum.h"
#include "parsers/base/bytes.h"
#include "tools/replay/replay.h"

#include <string.h>

enum {
	TCP_SEQ = 4, /* offsets in the TCP header */
	TCP_FLAGS = 13,
	TCP_CKSUM = 16,
	IP4_LEN = 2, /* in the IPv4 header */
	IP4_CKSUM = 10,
	IP6_LEN = 4, /* in the IPv6 header */
	IP6_HEADER = 40,
	PROTO_TCP = 6,
};

/* One TCP segment, of any size that IP can say. */
struct segment {
	struct frame f; /* of a large one: len and payload_len are not its own */
	uint8_t *bytes;
	uint32_t tcp_len, payload_len;
};

static bool sums_equal(uint16_t a, uint16_t b)
{
	return a == b || ((a == 0 || a == 0xffff) && (b == 0 || b == 0xffff));
}

/* frame_parse() reads frames of up to 65,535 bytes; a loopback's are some larger. Its headers are
 * read from a copy that says it were as short as they. */
static bool large_parse(uint8_t *bytes, uint32_t len, struct segment *s)
{
	enum { HEADERS = 14 + 60 + 60 };

	uint8_t head[HEADERS], *ip = head + FRAME_L2_MIN;
	const uint8_t version = bytes[FRAME_L2_MIN] >> 4;

	memcpy(head, bytes, HEADERS);
	if (version == 6) {
		store_be16(ip + IP6_LEN, HEADERS - FRAME_L2_MIN - IP6_HEADER);
	} else {
		store_be16(ip + IP4_LEN, HEADERS - FRAME_L2_MIN);
		store_be16(ip + IP4_CKSUM, 0);
		store_be16(ip + IP4_CKSUM, (uint16_t)~cksum_sum(ip, (ip[0] & 0xfu) * 4));
	}
	if (frame_parse(head, HEADERS, &s->f) != DROP_NONE || s->f.kind != FRAME_TCP)
		return false;
	s->f.bytes = bytes;
	s->tcp_len = len - s->f.l4_off;
	s->payload_len = len - s->f.payload_off;
	return true;
}

static bool segment_parse(uint8_t *bytes, uint32_t len, struct segment *s)
{
	s->bytes = bytes;
	if (len > UINT16_MAX)
		return large_parse(bytes, len, s);
	if (frame_parse(bytes, len, &s->f) != DROP_NONE || s->f.kind != FRAME_TCP)
		return false;
	s->tcp_len = (uint32_t)(s->f.len - s->f.l4_off);
	s->payload_len = s->f.payload_len;
	return true;
}

/* Addresses, protocol, length of the TCP segment. */
static uint16_t pseudo_sum(const struct frame *f, const uint8_t *bytes, uint32_t tcp_len)
{
	uint32_t addr_len = f->ip_version == 4 ? 4 : 16;
	uint16_t sum = cksum_sum(bytes + f->src_off, addr_len);

	sum = cksum_add(sum, cksum_sum(bytes + f->dst_off, addr_len));
	sum = cksum_add(sum, PROTO_TCP);
	sum = cksum_add(sum, (uint16_t)(tcp_len >> 16));
	return cksum_add(sum, (uint16_t)tcp_len);
}

void segment_cksum_write(const struct frame *f, uint8_t *bytes, uint32_t tcp_len)
{
	uint16_t sum = pseudo_sum(f, bytes, tcp_len);

	store_be16(bytes + f->l4_off + TCP_CKSUM, 0);
	sum = cksum_add(sum, cksum_sum(bytes + f->l4_off, tcp_len));
	store_be16(bytes + f->l4_off + TCP_CKSUM, (uint16_t)~sum);
}

/* Is the checksum good, or good now? */
static bool complete(struct offload *o, struct segment *s)
{
	uint16_t pseudo = pseudo_sum(&s->f, s->bytes, s->tcp_len);
	uint16_t all = cksum_add(pseudo, cksum_sum(s->bytes + s->f.l4_off, s->tcp_len));

	if (sums_equal(all, 0))
		return true;
	if (!sums_equal(load_be16(s->bytes + s->f.l4_off + TCP_CKSUM), pseudo))
		return false;
	segment_cksum_write(&s->f, s->bytes, s->tcp_len);
	o->completed++;
	return true;
}

void segment_length_write(const struct frame *f, uint8_t *bytes, uint32_t total)
{
	uint8_t *ip = bytes + f->l2_len;

	if (f->ip_version == 6) {
		store_be16(ip + IP6_LEN, (uint16_t)(total - f->l2_len - IP6_HEADER));
		return;
	}
	store_be16(ip + IP4_LEN, (uint16_t)(total - f->l2_len));
	store_be16(ip + IP4_CKSUM, 0);
	store_be16(ip + IP4_CKSUM, (uint16_t)~cksum_sum(ip, (uint32_t)(f->l4_off - f->l2_len)));
}

/* Payload [at, at + n) of the segment under the same headers. FIN and PSH belong to the last. */
static void put_piece(struct offload *o, const struct segment *s, uint32_t at, uint32_t n)
{
	const struct frame *f = &s->f;
	uint8_t *out = o->piece;
	uint32_t total = f->payload_off + n;

	memcpy(out, s->bytes, f->payload_off);
	memcpy(out + f->payload_off, s->bytes + f->payload_off + at, n);
	store_be32(out + f->l4_off + TCP_SEQ, f->seq + at);
	if (at + n < s->payload_len)
		out[f->l4_off + TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	segment_length_write(f, out, total);
	segment_cksum_write(f, out, total - f->l4_off);
	o->put(o->ctx, out, total);
}

static void resegment(struct offload *o, const struct segment *s)
{
	uint32_t room = o->mtu - (uint32_t)(s->f.payload_off - s->f.l2_len), n;

	for (uint32_t at = 0; at < s->payload_len; at += n) {
		n = s->payload_len - at < room ? s->payload_len - at : room;
		put_piece(o, s, at, n);
	}
	o->resegmented++;
}

void offload_undo(struct offload *o, uint8_t *bytes, uint32_t len)
{
	struct segment s;

	if (!segment_parse(bytes, len, &s) || !complete(o, &s) || (s.f.flags & TCP_SYN) != 0 ||
			s.tcp_len + s.f.l4_off - s.f.l2_len <= o->mtu)
		o->put(o->ctx, bytes, len);
	else
		resegment(o, &s);
}
