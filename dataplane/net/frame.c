/* SPDX-License-Identifier: Apache-2.0
 * One pass over the headers, outside in. Every length is compared before the bytes behind it are
 * read, and the lengths that IP and TCP state bound each other, so that offsets in struct frame
 * never leave the frame. */
#include "dataplane/net/frame.h"

#include "dataplane/net/cksum_priv.h"
#include "dataplane/net/net_priv.h"
#include "parsers/base/bytes.h"

enum { IP6_EXT_MAX = 8 }; /* extension headers followed; no sane sender has more */

static inline bool is_vlan(uint16_t type)
{
	return type == ETH_TYPE_VLAN || type == ETH_TYPE_QINQ;
}

/* Reads up to two tags; *type is then what follows them. */
static enum drop_reason parse_tags(struct frame *f, uint16_t *type)
{
	uint32_t shift = 12;

	for (; is_vlan(*type); shift -= 12) {
		if (f->l2_len == FRAME_L2_MAX)
			return DROP_VLAN_DEPTH;
		if (f->len < f->l2_len + VLAN_LEN)
			return DROP_FRAME_SHORT;
		f->vlan |= (uint32_t)(load_be16(f->bytes + f->l2_len) & 0xfff) << shift;
		*type = load_be16(f->bytes + f->l2_len + 2);
		f->l2_len = (uint8_t)(f->l2_len + VLAN_LEN);
	}
	return DROP_NONE;
}

/* SYN with FIN or RST, or none of the six flags that RFC 9293 gives a meaning to by themselves. */
static inline bool tcp_flags_bad(uint8_t flags)
{
	return ((flags & TCP_SYN) && (flags & (TCP_FIN | TCP_RST))) || (flags & 0x3f) == 0;
}

static inline enum drop_reason parse_tcp(struct frame *f)
{
	const uint8_t *tcp = f->bytes + f->l4_off;
	const uint32_t room = (uint32_t)f->len - f->l4_off;
	uint32_t header_len;

	if (room < TCP_LEN)
		return DROP_TCP_HEADER;
	header_len = (uint32_t)(tcp[12] >> 4) * 4;
	if (header_len < TCP_LEN || header_len > room)
		return DROP_TCP_HEADER;
	f->kind = FRAME_TCP;
	f->sport = load_be16(tcp);
	f->dport = load_be16(tcp + 2);
	f->seq = load_be32(tcp + 4);
	f->ack = load_be32(tcp + 8);
	f->flags = tcp[13];
	f->wnd = load_be16(tcp + 14);
	f->opt_off = TCP_LEN;
	f->opt_len = (uint8_t)(header_len - TCP_LEN);
	f->payload_off = (uint16_t)(f->l4_off + header_len);
	f->payload_len = (uint16_t)(room - header_len);
	if (f->sport == 0 || f->dport == 0)
		return DROP_TCP_HEADER;
	return tcp_flags_bad(f->flags) ? DROP_TCP_FLAGS : DROP_NONE;
}

static inline uint8_t kind_of_proto(uint8_t proto)
{
	return proto == IP_PROTO_UDP ? FRAME_UDP : FRAME_IP_OTHER;
}

static inline enum drop_reason parse_ip4(struct frame *f)
{
	const uint8_t *ip = f->bytes + f->l2_len;
	const uint32_t room = (uint32_t)f->len - f->l2_len;
	uint32_t header_len, total_len;
	uint16_t frag;

	if (room < IP4_LEN)
		return DROP_FRAME_SHORT;
	header_len = (uint32_t)(ip[0] & 0xf) * 4;
	total_len = load_be16(ip + 2);
	if (ip[0] >> 4 != 4 || header_len < IP4_LEN || total_len < header_len)
		return DROP_IP_HEADER;
	if (total_len > room)
		return DROP_FRAME_TRUNCATED;
	frag = load_be16(ip + 6);
	f->len = (uint16_t)(f->l2_len + total_len);
	f->ip_version = 4;
	f->tos = ip[1];
	f->ttl = ip[8];
	f->l4_proto = ip[9];
	f->df = (frag & IP4_DF) != 0;
	f->frag_more = (frag & IP4_MF) != 0;
	f->frag_off = (uint16_t)((frag & IP4_OFF_MASK) * 8);
	f->frag_id = load_be16(ip + 4);
	f->l4_off = (uint16_t)(f->l2_len + header_len);
	f->src_off = (uint16_t)(f->l2_len + IP4_SRC);
	f->dst_off = (uint16_t)(f->l2_len + IP4_DST);
	if (f->l4_proto != IP_PROTO_TCP) {
		f->kind = f->l4_proto == IP_PROTO_ICMP ? FRAME_ICMP : kind_of_proto(f->l4_proto);
		return DROP_NONE;
	}
	if (header_len > IP4_LEN)
		return DROP_IP_OPTIONS;
	if (cksum_fold(cksum_words(ip, IP4_LEN)) != 0xffff)
		return DROP_IP_CKSUM;
	if (frag & (IP4_MF | IP4_OFF_MASK)) {
		f->kind = FRAME_TCP_FRAG;
		return DROP_NONE;
	}
	return parse_tcp(f);
}

/* Bytes of the extension header <proto> that begins at <ext>, or 0 when <proto> is none. */
static uint32_t ip6_ext_len(uint8_t proto, const uint8_t *ext)
{
	switch (proto) {
	case IP_PROTO_HOPOPTS:
	case IP_PROTO_ROUTING:
	case IP_PROTO_DSTOPTS:
	case IP_PROTO_MOBILITY:
	case IP_PROTO_HIP:
	case IP_PROTO_SHIM6:
		return ((uint32_t)ext[1] + 1) * 8;
	case IP_PROTO_FRAGMENT:
		return IP6_FRAG_LEN;
	case IP_PROTO_AH:
		return ((uint32_t)ext[1] + 2) * 4;
	default:
		return 0;
	}
}

static void read_ip6_frag(struct frame *f, const uint8_t *ext)
{
	const uint16_t frag = load_be16(ext + 2);

	f->frag_off = (uint16_t)(frag & 0xfff8);
	f->frag_more = (frag & 1) != 0;
	f->frag_id = load_be32(ext + 4);
}

/* Follows the extension headers to what they carry. The rest of a fragment's chain may lie in
 * another fragment, so a chain that goes on behind a Fragment header is refused whatever it
 * carries: it could carry TCP. */
static enum drop_reason parse_ip6_ext(struct frame *f)
{
	static const uint8_t no_ext[2];
	uint32_t n_ext = 0, n_frag = 0, len, room;
	const uint8_t *ext;

	while (ip6_ext_len(f->l4_proto, no_ext) != 0) {
		ext = f->bytes + f->l4_off;
		room = (uint32_t)f->len - f->l4_off;
		if (n_frag > 0 || ++n_ext > IP6_EXT_MAX)
			return DROP_IP6_EXT;
		len = room < 8 ? UINT32_MAX : ip6_ext_len(f->l4_proto, ext);
		if (len > room)
			return DROP_IP_HEADER;
		if (f->l4_proto == IP_PROTO_FRAGMENT) {
			read_ip6_frag(f, ext);
			n_frag++;
		}
		f->l4_proto = ext[0];
		f->l4_off = (uint16_t)(f->l4_off + len);
	}
	if (f->l4_proto != IP_PROTO_TCP)
		return DROP_NONE;
	if (n_ext != n_frag)
		return DROP_IP6_EXT;
	f->kind = FRAME_TCP_FRAG;
	return DROP_NONE;
}

/* ICMPv6 or something else that is not TCP. All pieces of a fragmented datagram are of one kind,
 * so the type, which only the first piece has, counts in whole datagrams alone (RFC 6980). */
static uint8_t ip6_kind(const struct frame *f)
{
	const bool is_whole = f->frag_off == 0 && !f->frag_more;
	uint8_t type;

	if (f->l4_proto != IP_PROTO_ICMP6)
		return kind_of_proto(f->l4_proto);
	if (!is_whole || f->l4_off >= f->len)
		return FRAME_ICMP6;
	type = f->bytes[f->l4_off];
	return type >= 133 && type <= 137 ? FRAME_ND : FRAME_ICMP6;
}

/* ::ffff:0:0/96 names IPv4 ends inside a host (RFC 4291 2.5.5.2): on a wire it would be taken for the
 * IPv4 flow of the same addresses. */
static bool is_mapped(const uint8_t *addr)
{
	return load_be32(addr) == 0 && load_be32(addr + 4) == 0 && load_be32(addr + 8) == 0xffff;
}

static inline enum drop_reason parse_ip6(struct frame *f)
{
	const uint8_t *ip = f->bytes + f->l2_len;
	const uint32_t room = (uint32_t)f->len - f->l2_len;
	uint32_t head, total_len;
	enum drop_reason why;

	if (room < IP6_LEN)
		return DROP_FRAME_SHORT;
	head = load_be32(ip);
	total_len = IP6_LEN + (uint32_t)load_be16(ip + 4);
	if (head >> 28 != 6)
		return DROP_IP_HEADER;
	if (total_len > room)
		return DROP_FRAME_TRUNCATED;
	f->len = (uint16_t)(f->l2_len + total_len);
	f->ip_version = 6;
	f->tos = (uint8_t)(head >> 20);
	f->flow_label = head & 0xfffff;
	f->l4_proto = ip[6];
	f->ttl = ip[7];
	f->df = true;
	f->l4_off = (uint16_t)(f->l2_len + IP6_LEN);
	f->src_off = (uint16_t)(f->l2_len + IP6_SRC);
	f->dst_off = (uint16_t)(f->l2_len + IP6_DST);
	if (is_mapped(ip + IP6_SRC) || is_mapped(ip + IP6_DST))
		return DROP_IP_HEADER;
	if (f->l4_proto == IP_PROTO_TCP)
		return parse_tcp(f);
	why = parse_ip6_ext(f);
	if (why == DROP_NONE && f->l4_proto != IP_PROTO_TCP)
		f->kind = ip6_kind(f);
	return why;
}

/* Below ETH_TYPE_MIN the type is a length and LLC follows: spanning tree is SAP 0x42 twice. */
static uint8_t l2_kind(const struct frame *f, uint16_t type)
{
	const uint8_t *llc = f->bytes + f->l2_len;

	if (type == ETH_TYPE_ARP)
		return FRAME_ARP;
	if (type == ETH_TYPE_LLDP)
		return FRAME_LLDP;
	if (type < ETH_TYPE_MIN && f->len >= f->l2_len + 2 && llc[0] == 0x42 && llc[1] == 0x42)
		return FRAME_STP;
	return FRAME_L2_OTHER;
}

enum drop_reason frame_parse(const uint8_t *bytes, uint32_t len, struct frame *ret)
{
	enum drop_reason why;
	uint16_t type;

	if (len < FRAME_L2_MIN)
		return DROP_FRAME_SHORT;
	if (len > UINT16_MAX)
		return DROP_FRAME_TOO_BIG;
	*ret = (struct frame){ .bytes = bytes, .len = (uint16_t)len, .l2_len = FRAME_L2_MIN };
	type = load_be16(bytes + ETH_TYPE_OFF);
	if (is_vlan(type)) {
		why = parse_tags(ret, &type);
		if (why != DROP_NONE)
			return why;
	}
	if (type == ETH_TYPE_IP4)
		return parse_ip4(ret);
	if (type == ETH_TYPE_IP6)
		return parse_ip6(ret);
	ret->kind = l2_kind(ret, type);
	return DROP_NONE;
}
