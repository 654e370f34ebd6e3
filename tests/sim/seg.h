/* SPDX-License-Identifier: Apache-2.0
 * Frames as the simulator's endpoints write and read them. Own, naive code throughout: nothing
 * here is shared with dataplane/net, so that a mistake there cannot hide itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TF_FIN = 0x01,
	TF_SYN = 0x02,
	TF_RST = 0x04,
	TF_PSH = 0x08,
	TF_ACK = 0x10,
	TF_URG = 0x20,
	TF_ECE = 0x40,
	TF_CWR = 0x80,
};

/* A frame on a link. */
struct wframe {
	struct wframe *next; /* borrowed: the free list or a queue */
	uint32_t len;
	bool tainted; /* its payload was altered under a valid checksum */
	uint8_t bytes[];
};

struct wframe *wframe_new(uint32_t len);
struct wframe *wframe_copy(const uint8_t *bytes, uint32_t len);
void wframe_free(struct wframe *f);

struct seg_l2 {
	uint8_t dst[6], src[6];
	uint8_t n_tags;
	uint16_t tpid[2], tci[2];
};

struct seg_ip {
	uint8_t ver, ttl, tos;
	bool df;
	uint16_t id;
	uint32_t label;
	uint8_t src[16], dst[16]; /* IPv4 uses the first four */
};

struct seg_opts {
	bool has_mss, has_ws, sack_ok, has_ts;
	bool tfo, mptcp, md5, ao, other;
	uint16_t mss;
	uint8_t ws;
	uint32_t tsval, tsecr;
	uint8_t n_sack;
	uint32_t sack[4][2];
};

struct seg {
	struct seg_l2 l2;
	struct seg_ip ip;
	uint16_t sport, dport, wnd, urg;
	uint32_t seq, ack;
	uint8_t flags;
	struct seg_opts o;
	const uint8_t *raw; /* borrowed: more option bytes, appended as they are when building */
	uint8_t raw_len;
	const uint8_t *payload; /* borrowed */
	uint32_t len;
};

enum seg_kind {
	SEG_TCP,
	SEG_ICMP, /* an error with a quoted TCP header: struct seg_icmp */
	SEG_OTHER,
	SEG_BAD, /* claims to be TCP over IP and is malformed, or a checksum is wrong */
};

struct seg_icmp {
	bool too_big;
	uint16_t mtu;
	uint8_t src[16], dst[16]; /* of the quoted packet */
	uint16_t sport, dport;
	uint32_t seq;
};

/* Reads one frame; checks every length and every checksum. <why> (may be NULL) says what is bad. */
enum seg_kind seg_parse(const uint8_t *b, uint32_t len, struct seg *ret, const char **why);
/* The quote of a frame that seg_parse() called SEG_ICMP. */
bool seg_icmp_parse(const uint8_t *b, uint32_t len, struct seg_icmp *ret);

/* Writes a segment with valid checksums. <pad> fills it up to the Ethernet minimum. */
struct wframe *seg_build(const struct seg *s, bool pad);
/* An ICMP error (IPv4 or IPv6) about <quoted>, sent to its sender. too big when <mtu> is not 0,
 * else port unreachable. NULL: not an IP frame. */
struct wframe *seg_icmp_build(const struct wframe *quoted, uint16_t mtu);

/* The fragment of <f> that carries bytes [off, off + n) of its IP payload. */
struct wframe *seg_fragment(const struct wframe *f, uint32_t off, uint32_t n, uint32_t id);

/* Mends the TCP checksum (and the IPv4 one) of a frame after its bytes were altered. */
void seg_mend(struct wframe *f);

/* Where things are in a frame; 0 when it has no such thing. */
uint32_t seg_l3_off(const uint8_t *b, uint32_t len);
uint32_t seg_l4_off(const uint8_t *b, uint32_t len);

/* Sequence numbers that an option-less reader needs: the length with SYN and FIN counted. */
static inline uint32_t seg_seqlen(const struct seg *s)
{
	return s->len + ((s->flags & TF_SYN) != 0) + ((s->flags & TF_FIN) != 0);
}

/* The 64-bit number nearest to <near> whose low half is <x>. */
static inline uint64_t seg_unwrap(uint32_t x, uint64_t near)
{
	return near + (uint64_t)(int64_t)(int32_t)(x - (uint32_t)near);
}
