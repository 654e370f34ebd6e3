/* SPDX-License-Identifier: Apache-2.0
 * Frames of every kind, frames that are wrong in one way each, and every prefix of good ones. */
#include "dataplane/net/frame.h"
#include "tests/unit/net/build.h"
#include "tests/unit/net/suite.h"

#include <string.h>

static uint8_t out[BUILD_MAX];

/* Parses an exact-size copy; *ret then points into <out>. */
static enum drop_reason parse(size_t len, struct frame *ret)
{
	uint8_t *copy = exact_copy(out, len);
	const enum drop_reason why = frame_parse(copy, (uint32_t)len, ret);

	ret->bytes = out;
	free(copy);
	return why;
}

/* ---- kinds ---- */

enum {
	E_NONE,
	ARP = 0x0806,
	LLDP = 0x88cc,
	IP4 = 0x0800,
	IP6 = 0x86dd,
};

struct kind_row {
	const char *name;
	uint16_t type;
	uint8_t body[72]; /* behind the Ethernet header */
	size_t body_len;
	enum frame_kind kind;
	uint16_t l4_off;
};

/* clang-format off: one header field a group */
#define V4(total, frag_hi, frag_lo, proto)                                                         \
	0x45, 0, 0, total, 0, 7, frag_hi, frag_lo, 64, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2
#define V6(payload, next)                                                                          \
	0x60, 0, 0, 0, 0, payload, next, 64, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,    \
			0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2
#define EXT(next, len)      next, len, 0, 0, 0, 0, 0, 0
#define FRAG6(next, hi, lo) next, 0, hi, lo, 0, 0, 0, 9
/* clang-format on */

static const struct kind_row kind_rows[] = {
	{ "ARP", ARP, { 0, 1, 8, 0, 6, 4 }, 28, FRAME_ARP, 0 },
	{ "ARP, empty", ARP, { 0 }, 0, FRAME_ARP, 0 },
	{ "LLDP", LLDP, { 2, 7 }, 40, FRAME_LLDP, 0 },
	{ "spanning tree", 38, { 0x42, 0x42, 3 }, 38, FRAME_STP, 0 },
	{ "LLC that is none", 38, { 0xaa, 0xaa, 3 }, 38, FRAME_L2_OTHER, 0 },
	{ "length without LLC", 38, { 0x42 }, 1, FRAME_L2_OTHER, 0 },
	{ "MPLS", 0x8847, { 0x45 }, 40, FRAME_L2_OTHER, 0 },
	{ "a tag that is none of ours", 0x9100, { 0x45 }, 40, FRAME_L2_OTHER, 0 },
	{ "ICMP", IP4, { V4(28, 0, 0, 1), 8 }, 28, FRAME_ICMP, 34 },
	{ "ICMP, fragment", IP4, { V4(28, 0x20, 0, 1), 8 }, 28, FRAME_ICMP, 34 },
	{ "UDP", IP4, { V4(28, 0, 0, 17) }, 28, FRAME_UDP, 34 },
	{ "UDP, last fragment", IP4, { V4(28, 0, 9, 17) }, 28, FRAME_UDP, 34 },
	{ "UDP with IP options", IP4,
			{ 0x46, 0, 0, 32, 0, 7, 0, 0, 64, 17, 0, 0, 1, 2, 3, 4, 1, 2, 3, 5 }, 32,
			FRAME_UDP, 38 },
	{ "GRE", IP4, { V4(28, 0, 0, 47) }, 28, FRAME_IP_OTHER, 34 },
	{ "ESP", IP4, { V4(28, 0, 0, 50) }, 28, FRAME_IP_OTHER, 34 },
	{ "IPv4 without payload", IP4, { V4(20, 0, 0, 17) }, 20, FRAME_UDP, 34 },
	{ "ICMPv6 echo", IP6, { V6(8, 58), 128 }, 48, FRAME_ICMP6, 54 },
	{ "ICMPv6 132", IP6, { V6(8, 58), 132 }, 48, FRAME_ICMP6, 54 },
	{ "router solicitation", IP6, { V6(8, 58), 133 }, 48, FRAME_ND, 54 },
	{ "redirect", IP6, { V6(8, 58), 137 }, 48, FRAME_ND, 54 },
	{ "ICMPv6 138", IP6, { V6(8, 58), 138 }, 48, FRAME_ICMP6, 54 },
	{ "ICMPv6, empty", IP6, { V6(0, 58) }, 40, FRAME_ICMP6, 54 },
	{ "solicitation in a fragment", IP6, { V6(16, 44), FRAG6(58, 0, 1), 133 }, 56, FRAME_ICMP6,
			62 },
	{ "solicitation in an atomic fragment", IP6, { V6(16, 44), FRAG6(58, 0, 0), 133 }, 56,
			FRAME_ND, 62 },
	{ "MLD behind hop-by-hop", IP6, { V6(16, 0), EXT(58, 0), 143 }, 56, FRAME_ICMP6, 62 },
	{ "UDP", IP6, { V6(8, 17) }, 48, FRAME_UDP, 54 },
	{ "UDP behind routing", IP6, { V6(16, 43), EXT(17, 0) }, 56, FRAME_UDP, 62 },
	{ "UDP behind authentication", IP6, { V6(20, 51), 17, 1 }, 60, FRAME_UDP, 66 },
	{ "UDP fragment", IP6, { V6(16, 44), FRAG6(17, 0, 8) }, 56, FRAME_UDP, 62 },
	{ "no next header", IP6, { V6(0, 59) }, 40, FRAME_IP_OTHER, 54 },
	{ "ESP", IP6, { V6(8, 50) }, 48, FRAME_IP_OTHER, 54 },
};

static size_t put_body(uint16_t type, const uint8_t *body, size_t body_len)
{
	memset(out, 0x02, 12);
	out[12] = (uint8_t)(type >> 8);
	out[13] = (uint8_t)type;
	memcpy(out + 14, body, body_len);
	return 14 + body_len;
}

static void test_kinds(void)
{
	for (size_t i = 0; i < sizeof(kind_rows) / sizeof(*kind_rows); i++) {
		const struct kind_row *row = &kind_rows[i];
		const size_t len = put_body(row->type, row->body, row->body_len);
		struct frame f;

		CHECK_ROW(row->name, parse(len, &f) == DROP_NONE);
		CHECK_ROW(row->name, f.kind == row->kind);
		CHECK_ROW(row->name, f.l4_off == row->l4_off);
		CHECK_ROW(row->name, f.len == len);
	}
}

/* ---- a good segment ---- */

static void check_fields(const char *name, const struct build *b, const struct frame *f)
{
	const bool is_v4 = b->ip_version == 4;
	const uint32_t l2_len = 14 + 4u * b->n_tags, ip_len = is_v4 ? 20 : 40;

	CHECK_ROW(name, f->kind == FRAME_TCP);
	CHECK_ROW(name, f->ip_version == b->ip_version && f->l4_proto == 6);
	CHECK_ROW(name, f->l2_len == l2_len && f->l4_off == l2_len + ip_len);
	CHECK_ROW(name, f->ttl == b->ttl && f->tos == b->tos && f->df);
	CHECK_ROW(name, !f->frag_more && f->frag_off == 0);
	CHECK_ROW(name, f->frag_id == (is_v4 ? 0x1234u : 0));
	CHECK_ROW(name, f->flow_label == (is_v4 ? 0 : 0xabcdeu));
	CHECK_ROW(name, f->src_off == l2_len + (is_v4 ? 12 : 8));
	CHECK_ROW(name, f->dst_off == l2_len + (is_v4 ? 16 : 24));
	CHECK_ROW(name, f->sport == BUILD_SPORT && f->dport == BUILD_DPORT);
	CHECK_ROW(name, f->seq == BUILD_SEQ && f->ack == BUILD_ACK && f->wnd == 501);
	CHECK_ROW(name, f->flags == b->flags);
	CHECK_ROW(name, f->opt_off == 20 && f->opt_len == b->opt_len);
	CHECK_ROW(name, f->payload_off == f->l4_off + 20 + b->opt_len);
	CHECK_ROW(name, f->payload_len == b->payload_len);
}

static const struct tcp_row {
	const char *name;
	uint8_t ip_version, n_tags;
	uint16_t vid[2];
	size_t opt_len, payload_len, padding;
	uint32_t vlan;
} tcp_rows[] = {
	{ "v4", 4, 0, { 0 }, 0, 100, 0, 0 },
	{ "v4 bare, Ethernet padding", 4, 0, { 0 }, 0, 0, 6, 0 },
	{ "v4 full options", 4, 0, { 0 }, 40, 1400, 0, 0 },
	{ "v4 vlan", 4, 1, { 5 }, 12, 1, 0, 5 << 12 },
	{ "v4 vlan 4095", 4, 1, { 4095 }, 12, 1, 3, 4095 << 12 },
	{ "v4 qinq", 4, 2, { 7, 9 }, 0, 1460, 0, 7 << 12 | 9 },
	{ "v6", 6, 0, { 0 }, 0, 100, 0, 0 },
	{ "v6 padding", 6, 0, { 0 }, 20, 0, 9, 0 },
	{ "v6 qinq", 6, 2, { 4094, 1 }, 12, 8900, 0, 4094 << 12 | 1 },
	{ "v4 as large as IP can be", 4, 0, { 0 }, 0, 65535 - 40 - 14, 0, 0 },
};

static void test_tcp(void)
{
	static const uint8_t nops[40] = { 0 };

	for (size_t i = 0; i < sizeof(tcp_rows) / sizeof(*tcp_rows); i++) {
		const struct tcp_row *row = &tcp_rows[i];
		struct build b = build_default;
		struct frame f;
		size_t len;

		b.ip_version = row->ip_version;
		b.n_tags = row->n_tags;
		memcpy(b.vid, row->vid, sizeof(b.vid));
		b.opts = nops;
		b.opt_len = row->opt_len;
		b.payload_len = row->payload_len;
		len = build_frame(out, &b);
		memset(out + len, 0xee, row->padding);
		CHECK_ROW(row->name, parse(len + row->padding, &f) == DROP_NONE);
		CHECK_ROW(row->name, f.len == len);
		CHECK_ROW(row->name, f.vlan == row->vlan);
		check_fields(row->name, &b, &f);
	}
}

static void check_fragment(uint8_t ip_version, size_t off, uint8_t more)
{
	struct build b = build_default;
	struct frame f;

	b.ip_version = ip_version;
	b.payload_len = 4000;
	b.frag_id = ip_version == 4 ? 0xbeef : 0xdeadbeef;
	b.frag_off = off;
	b.frag_len = 800;
	b.frag_more = more;
	CU_ASSERT_EQUAL(parse(build_frame(out, &b), &f), DROP_NONE);
	CU_ASSERT_EQUAL(f.kind, FRAME_TCP_FRAG);
	CU_ASSERT_EQUAL(f.frag_off, off);
	CU_ASSERT_EQUAL(f.frag_more, more);
	CU_ASSERT_EQUAL(f.frag_id, b.frag_id);
	CU_ASSERT_EQUAL(f.l4_off, ip_version == 4 ? 34 : 62);
	CU_ASSERT_EQUAL(f.len - f.l4_off, 800);
}

static void test_fragments(void)
{
	check_fragment(4, 0, 1);
	check_fragment(4, 808, 1);
	check_fragment(4, 1600, 0);
	check_fragment(6, 0, 1);
	check_fragment(6, 0, 0); /* atomic */
	check_fragment(6, 808, 1);
	check_fragment(6, 1600, 0);
}

/* ---- wrong in one way ---- */

struct patch {
	uint16_t at;
	uint8_t value;
};

enum base {
	BASE_V4,   /* 14 + 20 + 20 + 100 */
	BASE_V6,   /* 14 + 40 + 20 + 100 */
	BASE_QINQ, /* 22 + 20 + 20 + 100 */
};

static const struct bad_row {
	const char *name;
	enum base base;
	int len;                 /* < 0: this much shorter; > 0: exactly; 0: as built */
	bool keep_cksum;         /* the IPv4 checksum is not mended after the patches */
	struct patch patches[4]; /* up to the first at 0 */
	enum drop_reason why;
} bad_rows[] = {
	{ "empty", BASE_V4, .len = 1, .why = DROP_FRAME_SHORT },
	{ "13 bytes", BASE_V4, .len = 13, .why = DROP_FRAME_SHORT },
	{ "Ethernet header alone", BASE_V4, .len = 14, .why = DROP_FRAME_SHORT },
	{ "19 bytes of IPv4", BASE_V4, .len = 33, .why = DROP_FRAME_SHORT },
	{ "39 bytes of IPv6", BASE_V6, .len = 53, .why = DROP_FRAME_SHORT },
	{ "tag cut off", BASE_QINQ, .len = 17, .why = DROP_FRAME_SHORT },
	{ "second tag cut off", BASE_QINQ, .len = 21, .why = DROP_FRAME_SHORT },
	{ "nothing behind tags", BASE_QINQ, .len = 22, .why = DROP_FRAME_SHORT },
	{ "three tags", BASE_QINQ, 0, false, { { 20, 0x81 }, { 21, 0x00 } }, DROP_VLAN_DEPTH },
	{ "three tags, cut off", BASE_QINQ, 22, false, { { 20, 0x88 }, { 21, 0xa8 } },
			DROP_VLAN_DEPTH },
	{ "one byte missing", BASE_V4, .len = -1, .why = DROP_FRAME_TRUNCATED },
	{ "one byte missing", BASE_V6, .len = -1, .why = DROP_FRAME_TRUNCATED },
	{ "TCP header missing", BASE_V6, .len = 54, .why = DROP_FRAME_TRUNCATED },
	{ "IPv4 version 5", BASE_V4, 0, false, { { 14, 0x55 } }, DROP_IP_HEADER },
	{ "IPv4 version 6", BASE_V4, 0, false, { { 14, 0x65 } }, DROP_IP_HEADER },
	{ "IPv4 header of 16", BASE_V4, 0, false, { { 14, 0x44 } }, DROP_IP_HEADER },
	{ "IPv4 total length 0", BASE_V4, 0, false, { { 16, 0 }, { 17, 0 } }, DROP_IP_HEADER },
	{ "IPv4 total length 19", BASE_V4, 0, false, { { 16, 0 }, { 17, 19 } }, DROP_IP_HEADER },
	{ "IPv4 header beyond length", BASE_V4, 0, false, { { 14, 0x4f }, { 17, 59 } },
			DROP_IP_HEADER },
	{ "IPv4 options", BASE_V4, 0, false, { { 14, 0x46 } }, DROP_IP_OPTIONS },
	{ "IPv4 options, fragment", BASE_V4, 0, false, { { 14, 0x46 }, { 20, 0x20 } },
			DROP_IP_OPTIONS },
	{ "IPv4 checksum", BASE_V4, 0, true, { { 22, 60 } }, DROP_IP_CKSUM },
	{ "IPv4 checksum of a fragment", BASE_V4, 0, true, { { 20, 0x20 } }, DROP_IP_CKSUM },
	{ "IPv6 version 4", BASE_V6, 0, false, { { 14, 0x40 } }, DROP_IP_HEADER },
	{ "TCP header cut by IP length", BASE_V4, 0, false, { { 17, 39 } }, DROP_TCP_HEADER },
	{ "no TCP header at all", BASE_V4, 0, false, { { 17, 20 } }, DROP_TCP_HEADER },
	{ "TCP header cut by IPv6 length", BASE_V6, 0, false, { { 19, 19 } }, DROP_TCP_HEADER },
	{ "data offset 4", BASE_V4, 0, false, { { 46, 0x40 } }, DROP_TCP_HEADER },
	{ "data offset 0", BASE_V6, 0, false, { { 66, 0x00 } }, DROP_TCP_HEADER },
	{ "data offset beyond the segment", BASE_V4, 0, false, { { 17, 43 }, { 46, 0x60 } },
			DROP_TCP_HEADER },
	{ "source port 0", BASE_V4, 0, false, { { 34, 0 }, { 35, 0 } }, DROP_TCP_HEADER },
	{ "destination port 0", BASE_V6, 0, false, { { 56, 0 }, { 57, 0 } }, DROP_TCP_HEADER },
	{ "no flags", BASE_V4, 0, false, { { 47, 0 } }, DROP_TCP_FLAGS },
	{ "ECE and CWR alone", BASE_V4, 0, false, { { 47, 0xc0 } }, DROP_TCP_FLAGS },
	{ "SYN FIN", BASE_V4, 0, false, { { 47, 0x03 } }, DROP_TCP_FLAGS },
	{ "SYN FIN ACK", BASE_V6, 0, false, { { 67, 0x13 } }, DROP_TCP_FLAGS },
	{ "SYN RST", BASE_V4, 0, false, { { 47, 0x06 } }, DROP_TCP_FLAGS },
	{ "all flags", BASE_V4, 0, false, { { 47, 0xff } }, DROP_TCP_FLAGS },
	{ "behind hop-by-hop", BASE_V6, 0, false, { { 20, 0 }, { 54, 6 }, { 55, 0 } },
			DROP_IP6_EXT },
	{ "behind routing", BASE_V6, 0, false, { { 20, 43 }, { 54, 6 }, { 55, 1 } }, DROP_IP6_EXT },
	{ "behind destination options", BASE_V6, 0, false, { { 20, 60 }, { 54, 6 }, { 55, 0 } },
			DROP_IP6_EXT },
	{ "behind authentication", BASE_V6, 0, false, { { 20, 51 }, { 54, 6 }, { 55, 1 } },
			DROP_IP6_EXT },
	{ "behind mobility", BASE_V6, 0, false, { { 20, 135 }, { 54, 6 }, { 55, 0 } },
			DROP_IP6_EXT },
	{ "behind shim6", BASE_V6, 0, false, { { 20, 140 }, { 54, 6 }, { 55, 0 } }, DROP_IP6_EXT },
	{ "hop-by-hop, then fragment", BASE_V6, 0, false,
			{ { 20, 0 }, { 54, 44 }, { 55, 0 }, { 62, 6 } }, DROP_IP6_EXT },
	{ "fragment, then fragment", BASE_V6, 0, false, { { 20, 44 }, { 54, 44 } }, DROP_IP6_EXT },
	{ "fragment, then options", BASE_V6, 0, false, { { 20, 44 }, { 54, 60 } }, DROP_IP6_EXT },
	{ "extension beyond the packet", BASE_V6, 0, false, { { 20, 0 }, { 54, 6 }, { 55, 200 } },
			DROP_IP_HEADER },
	{ "extension cut off", BASE_V6, 0, false, { { 20, 60 }, { 19, 7 } }, DROP_IP_HEADER },
	{ "extension of one byte", BASE_V6, 55, false, { { 20, 60 }, { 19, 1 } }, DROP_IP_HEADER },
	{ "jumbogram", BASE_V6, 0, false, { { 20, 0 }, { 19, 0 } }, DROP_IP_HEADER },
};

static size_t build_base(enum base base)
{
	struct build b = build_default;

	b.ip_version = base == BASE_V6 ? 6 : 4;
	b.n_tags = base == BASE_QINQ ? 2 : 0;
	b.vid[0] = 1;
	b.vid[1] = 2;
	return build_frame(out, &b);
}

static void test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(*bad_rows); i++) {
		const struct bad_row *row = &bad_rows[i];
		size_t len = build_base(row->base);
		struct frame f;

		for (size_t j = 0; j < 4 && row->patches[j].at != 0; j++)
			out[row->patches[j].at] = row->patches[j].value;
		if (row->base == BASE_V4 && !row->keep_cksum)
			build_fix_ip4(out + 14);
		if (row->len != 0)
			len = row->len > 0 ? (size_t)row->len : len - (size_t)-row->len;
		CHECK_ROW(row->name, parse(len, &f) == row->why);
	}
}

/* Nine headers deep is more than anyone sends; eight are followed. */
static void test_extension_depth(void)
{
	struct frame f;

	for (size_t n = 1; n <= 12; n++) {
		uint8_t body[40 + 13 * 8] = { V6(0, 60) };

		body[5] = (uint8_t)(n * 8 + 8);
		for (size_t i = 0; i < n; i++)
			body[40 + i * 8] = i + 1 < n ? 60 : 17;
		CU_ASSERT_EQUAL(parse(put_body(IP6, body, 40 + n * 8 + 8), &f),
				n <= 8 ? DROP_NONE : DROP_IP6_EXT);
	}
}

static void test_too_big(void)
{
	struct frame f;

	build_base(BASE_V4);
	CU_ASSERT_EQUAL(parse(65535, &f), DROP_NONE);
	CU_ASSERT_EQUAL(parse(65536, &f), DROP_FRAME_TOO_BIG);
}

/* Whatever is cut off, it is seen; and never a byte beyond the end is read (ASan). */
static void test_prefixes(void)
{
	for (enum base base = BASE_V4; base <= BASE_QINQ; base++) {
		const size_t whole = build_base(base);

		for (size_t len = 1; len < whole; len++) {
			const size_t l2_len = base == BASE_QINQ ? 22 : 14;
			const size_t head = l2_len + (base == BASE_V6 ? 40 : 20);
			struct frame f;

			CU_ASSERT_EQUAL(parse(len, &f),
					len < head ? DROP_FRAME_SHORT : DROP_FRAME_TRUNCATED);
		}
	}
}

/* All flags: what passes is what has none of the forbidden pairs. */
static void test_all_flags(void)
{
	for (uint32_t flags = 0; flags < 256; flags++) {
		const bool syn = flags & 2, fin = flags & 1, rst = flags & 4;
		const bool bad = (syn && fin) || (syn && rst) || flags % 64 == 0;
		struct frame f;

		build_base(BASE_V6);
		out[67] = (uint8_t)flags;
		CU_ASSERT_EQUAL(parse(174, &f), bad ? DROP_TCP_FLAGS : DROP_NONE);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "kinds", test_kinds },
		{ "TCP fields", test_tcp },
		{ "fragments", test_fragments },
		{ "malformed, and why", test_bad },
		{ "extension header depth", test_extension_depth },
		{ "too big", test_too_big },
		{ "every prefix", test_prefixes },
		{ "every set of flags", test_all_flags },
	};

	return suite_run("frame", tests, sizeof(tests) / sizeof(*tests));
}
