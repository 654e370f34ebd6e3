/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/seg.h"

#include <stdlib.h>
#include <string.h>

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_ICMP6 = 58 };

struct wframe *wframe_new(uint32_t len)
{
	struct wframe *f = malloc(sizeof(*f) + len);

	if (f == NULL)
		abort();
	*f = (struct wframe){ .len = len };
	return f;
}

struct wframe *wframe_copy(const uint8_t *bytes, uint32_t len)
{
	struct wframe *f = wframe_new(len);

	memcpy(f->bytes, bytes, len);
	return f;
}

void wframe_free(struct wframe *f)
{
	free(f);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

/* The plain sum of RFC 1071, not folded. */
static uint64_t sum_bytes(const uint8_t *p, uint32_t n)
{
	uint64_t s = 0;

	for (; n > 1; n -= 2, p += 2)
		s += get16(p);
	return n == 1 ? s + ((uint64_t)p[0] << 8) : s;
}

static uint16_t sum_fold(uint64_t s)
{
	while (s > 0xffff)
		s = (s >> 16) + (s & 0xffff);
	return (uint16_t)s;
}

/* Sum of the pseudo header and of <n> bytes at <l4>. */
static uint64_t sum_l4(const uint8_t *ip, uint8_t proto, const uint8_t *l4, uint32_t n)
{
	const bool v6 = ip[0] >> 4 == 6;
	const uint64_t addrs = v6 ? sum_bytes(ip + 8, 32) : sum_bytes(ip + 12, 8);

	return addrs + proto + n + sum_bytes(l4, n);
}

uint32_t seg_l3_off(const uint8_t *b, uint32_t len)
{
	uint32_t at = 12;

	while (len >= at + 4 && (get16(b + at) == 0x8100 || get16(b + at) == 0x88a8) && at < 20)
		at += 4;
	if (len < at + 2 + 20 || (get16(b + at) != 0x0800 && get16(b + at) != 0x86dd))
		return 0;
	return at + 2;
}

uint32_t seg_l4_off(const uint8_t *b, uint32_t len)
{
	const uint32_t l3 = seg_l3_off(b, len);
	uint32_t l4;

	if (l3 == 0)
		return 0;
	l4 = l3 + (b[l3] >> 4 == 6 ? 40u : 4u * (b[l3] & 15));
	return l4 < len ? l4 : 0;
}

static void parse_l2(const uint8_t *b, uint32_t l3, struct seg_l2 *l2)
{
	memcpy(l2->dst, b, 6);
	memcpy(l2->src, b + 6, 6);
	l2->n_tags = (uint8_t)((l3 - 14) / 4);
	for (uint32_t i = 0; i < l2->n_tags; i++) {
		l2->tpid[i] = get16(b + 12 + 4 * i);
		l2->tci[i] = get16(b + 14 + 4 * i);
	}
}

struct ip_info {
	uint32_t l4, end; /* offsets in the frame */
	uint8_t proto;
	bool frag;
};

static const char *parse_ip4(const uint8_t *ip, uint32_t room, struct seg_ip *r, struct ip_info *ii)
{
	const uint32_t hl = 4u * (ip[0] & 15), tl = get16(ip + 2);

	if (hl < 20 || tl < hl || tl > room)
		return "IPv4 length";
	if (sum_fold(sum_bytes(ip, hl)) != 0xffff)
		return "IPv4 checksum";
	*r = (struct seg_ip){
		.ver = 4, .tos = ip[1], .id = get16(ip + 4), .df = (ip[6] & 0x40) != 0, .ttl = ip[8]
	};
	memcpy(r->src, ip + 12, 4);
	memcpy(r->dst, ip + 16, 4);
	*ii = (struct ip_info){
		.l4 = hl, .end = tl, .proto = ip[9], .frag = (get16(ip + 6) & 0x3fff) != 0
	};
	return NULL;
}

static const char *parse_ip6(const uint8_t *ip, uint32_t room, struct seg_ip *r, struct ip_info *ii)
{
	if (room < 40 || 40u + get16(ip + 4) > room)
		return "IPv6 length";
	*r = (struct seg_ip){ .ver = 6,
		.tos = (uint8_t)(get16(ip) >> 4),
		.df = true,
		.ttl = ip[7],
		.label = get32(ip) & 0xfffff };
	memcpy(r->src, ip + 8, 16);
	memcpy(r->dst, ip + 24, 16);
	*ii = (struct ip_info){
		.l4 = 40, .end = 40u + get16(ip + 4), .proto = ip[6], .frag = ip[6] == 44
	};
	return NULL;
}

static void parse_sack(const uint8_t *p, uint8_t len, struct seg_opts *o)
{
	for (uint8_t at = 2; at + 8 <= len && o->n_sack < 4; at = (uint8_t)(at + 8)) {
		o->sack[o->n_sack][0] = get32(p + at);
		o->sack[o->n_sack++][1] = get32(p + at + 4);
	}
}

static void parse_opt(const uint8_t *p, uint8_t len, struct seg_opts *o)
{
	switch (p[0]) {
	case 2:
		o->has_mss = len == 4;
		o->mss = o->has_mss ? get16(p + 2) : 0;
		break;
	case 3:
		o->has_ws = len == 3;
		o->ws = o->has_ws ? p[2] : 0;
		break;
	case 4:
		o->sack_ok = true;
		break;
	case 5:
		parse_sack(p, len, o);
		break;
	case 8:
		o->has_ts = len == 10;
		o->tsval = o->has_ts ? get32(p + 2) : 0;
		o->tsecr = o->has_ts ? get32(p + 6) : 0;
		break;
	case 19:
		o->md5 = true;
		break;
	case 29:
		o->ao = true;
		break;
	case 30:
		o->mptcp = true;
		break;
	case 34:
	case 254:
		o->tfo = true;
		break;
	default:
		o->other = true;
		break;
	}
}

static const char *parse_opts(const uint8_t *p, uint32_t len, struct seg_opts *o)
{
	*o = (struct seg_opts){ 0 };
	for (uint32_t at = 0; at < len && p[at] != 0;) {
		if (p[at] == 1) {
			at++;
			continue;
		}
		if (at + 2 > len || p[at + 1] < 2 || at + p[at + 1] > len)
			return "TCP option length";
		parse_opt(p + at, p[at + 1], o);
		at += p[at + 1];
	}
	return NULL;
}

static const char *parse_tcp(const uint8_t *ip, const struct ip_info *ii, struct seg *s)
{
	const uint8_t *t = ip + ii->l4;
	const uint32_t n = ii->end - ii->l4;
	uint32_t hl;

	if (n < 20)
		return "TCP header short";
	hl = 4u * (t[12] >> 4);
	if (hl < 20 || hl > n)
		return "TCP data offset";
	if (sum_fold(sum_l4(ip, PROTO_TCP, t, n)) != 0xffff)
		return "TCP checksum";
	s->sport = get16(t);
	s->dport = get16(t + 2);
	s->seq = get32(t + 4);
	s->ack = get32(t + 8);
	s->flags = t[13];
	s->wnd = get16(t + 14);
	s->urg = get16(t + 18);
	s->raw = t + 20;
	s->raw_len = (uint8_t)(hl - 20);
	s->payload = t + hl;
	s->len = n - hl;
	if ((t[12] & 15) != 0)
		return "TCP reserved bits";
	return parse_opts(s->raw, s->raw_len, &s->o);
}

enum seg_kind seg_parse(const uint8_t *b, uint32_t len, struct seg *s, const char **ret_why)
{
	const uint32_t l3 = len >= 14 ? seg_l3_off(b, len) : 0;
	struct ip_info ii;
	const char *why;

	if (l3 == 0)
		return SEG_OTHER;
	parse_l2(b, l3, &s->l2);
	if (b[l3] >> 4 == 4)
		why = parse_ip4(b + l3, len - l3, &s->ip, &ii);
	else
		why = b[l3] >> 4 == 6 ? parse_ip6(b + l3, len - l3, &s->ip, &ii) : "IP version";
	if (why == NULL && (ii.proto == PROTO_ICMP || ii.proto == PROTO_ICMP6))
		return SEG_ICMP;
	if (why == NULL && (ii.proto != PROTO_TCP || ii.frag))
		return SEG_OTHER;
	if (why == NULL)
		why = parse_tcp(b + l3, &ii, s);
	if (why != NULL && ret_why != NULL)
		*ret_why = why;
	return why == NULL ? SEG_TCP : SEG_BAD;
}

bool seg_icmp_parse(const uint8_t *b, uint32_t len, struct seg_icmp *r)
{
	const uint32_t l3 = seg_l3_off(b, len), l4 = seg_l4_off(b, len);
	const bool v6 = b[l3] >> 4 == 6;
	const uint8_t *q = b + l4 + 8;
	const uint32_t hl = v6 ? 40 : 20, alen = v6 ? 16 : 4;

	*r = (struct seg_icmp){ 0 };
	if (len < l4 + 8 + hl + 8 || q[0] >> 4 != (v6 ? 6 : 4))
		return false;
	if (v6 ? b[l4] > 127 : b[l4] != 3)
		return false;
	r->too_big = v6 ? b[l4] == 2 : b[l4] == 3 && b[l4 + 1] == 4;
	r->mtu = get16(b + l4 + 6);
	memcpy(r->src, q + (v6 ? 8 : 12), alen);
	memcpy(r->dst, q + (v6 ? 24 : 16), alen);
	r->sport = get16(q + hl);
	r->dport = get16(q + hl + 2);
	r->seq = get32(q + hl + 4);
	return true;
}

static uint8_t *opt_put(uint8_t *p, uint8_t kind, uint8_t len)
{
	p[0] = kind;
	p[1] = len;
	return p + 2;
}

/* In the order that Linux uses, padded with NOPs in front of what is not a multiple of four. */
static uint32_t build_opts(const struct seg *s, uint8_t *out)
{
	const struct seg_opts *o = &s->o;
	uint8_t *p = out;

	if (o->has_mss) {
		p = opt_put(p, 2, 4);
		put16(p, o->mss);
		p += 2;
	}
	if (o->sack_ok)
		p = opt_put(p, 4, 2);
	if (o->has_ts) {
		if (!o->sack_ok) {
			*p++ = 1;
			*p++ = 1;
		}
		p = opt_put(p, 8, 10);
		put32(p, o->tsval);
		put32(p + 4, o->tsecr);
		p += 8;
	}
	if (o->has_ws) {
		*p++ = 1;
		p = opt_put(p, 3, 3);
		*p++ = o->ws;
	}
	if (o->n_sack > 0) {
		*p++ = 1;
		*p++ = 1;
		p = opt_put(p, 5, (uint8_t)(2 + 8 * o->n_sack));
		for (uint32_t i = 0; i < o->n_sack; i++, p += 8) {
			put32(p, o->sack[i][0]);
			put32(p + 4, o->sack[i][1]);
		}
	}
	if (s->raw_len > 0) {
		memcpy(p, s->raw, s->raw_len);
		p += s->raw_len;
	}
	while ((p - out) % 4 != 0)
		*p++ = 1;
	return (uint32_t)(p - out);
}

static uint32_t build_l2(const struct seg *s, uint8_t *b)
{
	uint32_t at = 12;

	memcpy(b, s->l2.dst, 6);
	memcpy(b + 6, s->l2.src, 6);
	for (uint32_t i = 0; i < s->l2.n_tags; i++, at += 4) {
		put16(b + at, s->l2.tpid[i]);
		put16(b + at + 2, s->l2.tci[i]);
	}
	put16(b + at, s->ip.ver == 4 ? 0x0800 : 0x86dd);
	return at + 2;
}

static void build_ip(const struct seg *s, uint8_t *ip, uint8_t proto, uint32_t l4_len)
{
	if (s->ip.ver == 6) {
		put32(ip, 6u << 28 | (uint32_t)s->ip.tos << 20 | s->ip.label);
		put16(ip + 4, (uint16_t)l4_len);
		ip[6] = proto;
		ip[7] = s->ip.ttl;
		memcpy(ip + 8, s->ip.src, 16);
		memcpy(ip + 24, s->ip.dst, 16);
		return;
	}
	ip[0] = 0x45;
	ip[1] = s->ip.tos;
	put16(ip + 2, (uint16_t)(20 + l4_len));
	put16(ip + 4, s->ip.id);
	put16(ip + 6, s->ip.df ? 0x4000 : 0);
	ip[8] = s->ip.ttl;
	ip[9] = proto;
	put16(ip + 10, 0);
	memcpy(ip + 12, s->ip.src, 4);
	memcpy(ip + 16, s->ip.dst, 4);
	put16(ip + 10, (uint16_t)~sum_fold(sum_bytes(ip, 20)));
}

struct wframe *seg_build(const struct seg *s, bool pad)
{
	uint8_t opts[64 + 256];
	const uint32_t ol = build_opts(s, opts), l3 = 14 + 4u * s->l2.n_tags;
	const uint32_t l4 = l3 + (s->ip.ver == 4 ? 20 : 40), total = l4 + 20 + ol + s->len;
	struct wframe *f = wframe_new(pad && total < 60 ? 60 : total);
	uint8_t *t = f->bytes + l4;

	memset(f->bytes + (f->len > total ? total : f->len), 0, f->len - total);
	build_l2(s, f->bytes);
	build_ip(s, f->bytes + l3, PROTO_TCP, 20 + ol + s->len);
	put16(t, s->sport);
	put16(t + 2, s->dport);
	put32(t + 4, s->seq);
	put32(t + 8, s->ack);
	t[12] = (uint8_t)((20 + ol) / 4 << 4);
	t[13] = s->flags;
	put16(t + 14, s->wnd);
	put16(t + 16, 0);
	put16(t + 18, s->urg);
	memcpy(t + 20, opts, ol);
	if (s->len > 0)
		memcpy(t + 20 + ol, s->payload, s->len);
	put16(t + 16, (uint16_t)~sum_fold(sum_l4(f->bytes + l3, PROTO_TCP, t, 20 + ol + s->len)));
	return f;
}

void seg_mend(struct wframe *f)
{
	const uint32_t l3 = seg_l3_off(f->bytes, f->len), l4 = seg_l4_off(f->bytes, f->len);
	uint8_t *ip = f->bytes + l3, *t = f->bytes + l4;
	uint32_t n;

	if (l4 == 0)
		return;
	if (ip[0] >> 4 == 4) {
		n = get16(ip + 2) - (l4 - l3);
		put16(ip + 10, 0);
		put16(ip + 10, (uint16_t)~sum_fold(sum_bytes(ip, l4 - l3)));
	} else {
		n = get16(ip + 4);
	}
	if (n < 20 || l4 + n > f->len)
		return;
	put16(t + 16, 0);
	put16(t + 16, (uint16_t)~sum_fold(sum_l4(ip, PROTO_TCP, t, n)));
}

/* The router that answers has the address of the packet's destination: real enough for the reader
 * of the quote, which is all that counts. */
struct wframe *seg_icmp_build(const struct wframe *quoted, uint16_t mtu)
{
	const uint32_t l3 = seg_l3_off(quoted->bytes, quoted->len);
	struct seg s = { 0 };
	const uint8_t *ip = quoted->bytes + l3;
	const bool v6 = l3 != 0 && ip[0] >> 4 == 6;
	const uint32_t hl = v6 ? 40 : 20;
	uint32_t n = quoted->len - l3;
	struct wframe *f;
	uint8_t *m;

	if (l3 == 0)
		return NULL;
	n = n > hl + 28 ? hl + 28 : n;
	parse_l2(quoted->bytes, l3, &s.l2);
	s.ip = (struct seg_ip){ .ver = v6 ? 6 : 4, .ttl = 64 };
	memcpy(s.ip.src, ip + (v6 ? 24 : 16), v6 ? 16 : 4);
	memcpy(s.ip.dst, ip + (v6 ? 8 : 12), v6 ? 16 : 4);
	memcpy(s.l2.dst, quoted->bytes + 6, 6);
	memcpy(s.l2.src, quoted->bytes, 6);
	f = wframe_new(l3 + hl + 8 + n);
	build_l2(&s, f->bytes);
	build_ip(&s, f->bytes + l3, v6 ? PROTO_ICMP6 : PROTO_ICMP, 8 + n);
	m = f->bytes + l3 + hl;
	memset(m, 0, 8);
	m[0] = v6 ? (mtu != 0 ? 2 : 1) : 3;
	m[1] = v6 ? (mtu != 0 ? 0 : 4) : (mtu != 0 ? 4 : 3);
	put16(m + 6, mtu);
	memcpy(m + 8, ip, n);
	put16(m + 2,
			(uint16_t)~sum_fold(v6 ? sum_l4(f->bytes + l3, PROTO_ICMP6, m, 8 + n)
					       : sum_bytes(m, 8 + n)));
	return f;
}

struct wframe *seg_fragment(const struct wframe *f, uint32_t off, uint32_t n, uint32_t id)
{
	const uint32_t l3 = seg_l3_off(f->bytes, f->len), l4 = seg_l4_off(f->bytes, f->len);
	const bool v6 = f->bytes[l3] >> 4 == 6;
	const uint32_t all = f->len - l4, ext = v6 ? 8 : 0;
	const bool more = off + n < all;
	struct wframe *p;
	uint8_t *ip;

	off = off < all ? off : all;
	n = n < all - off ? n : all - off;
	p = wframe_new(l4 + ext + n);
	memcpy(p->bytes, f->bytes, l4);
	memcpy(p->bytes + l4 + ext, f->bytes + l4 + off, n);
	ip = p->bytes + l3;
	if (v6) {
		put16(ip + 4, (uint16_t)(8 + n));
		ip[6] = 44;
		ip[40] = PROTO_TCP;
		ip[41] = 0;
		put16(ip + 42, (uint16_t)(off | more));
		put32(ip + 44, id);
		return p;
	}
	put16(ip + 2, (uint16_t)(20 + n));
	put16(ip + 4, (uint16_t)id);
	put16(ip + 6, (uint16_t)(off / 8 | (more ? 0x2000 : 0)));
	put16(ip + 10, 0);
	put16(ip + 10, (uint16_t)~sum_fold(sum_bytes(ip, 20)));
	return p;
}
