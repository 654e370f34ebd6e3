/* SPDX-License-Identifier: Apache-2.0
 * What tells one flow from another. */
#pragma once

#include "dataplane/net/frame.h"
#include "dataplane/net/side.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Oriented by the wire, not by who sent: both directions of a connection have the same key. */
struct flow_key {
	uint8_t addr[SIDES][16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port[SIDES];    /* host order */
	uint32_t tag;            /* wire << 24 | outer VID << 12 | inner VID */
};

_Static_assert(offsetof(struct flow_key, tag) == offsetof(struct flow_key, port) + 4, "one word");

_Static_assert(sizeof(struct flow_key) == 40, "hashed as five words, no padding");

static inline void flow_key_addr(uint8_t dst[16], const uint8_t *src, uint8_t ip_version)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	if (ip_version == 4) {
		memcpy(dst, mapped, 12);
		memcpy(dst + 12, src, 4);
	} else {
		memcpy(dst, src, 16);
	}
}

/* The key of a FRAME_TCP frame that came in from <from> of wire <wire> (0..255). */
static inline void flow_key_of(
		struct flow_key *k, const struct frame *f, uint16_t wire, enum side from)
{
	flow_key_addr(k->addr[from], f->bytes + f->src_off, f->ip_version);
	flow_key_addr(k->addr[side_other(from)], f->bytes + f->dst_off, f->ip_version);
	k->port[from] = f->sport;
	k->port[side_other(from)] = f->dport;
	k->tag = ((uint32_t)wire << 24) | f->vlan;
}

static inline bool flow_key_equals(const struct flow_key *a, const struct flow_key *b)
{
	uint64_t x[5], y[5];

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4])) == 0;
}

/* ::ffff:0:0/96, as two words in memory order. */
static inline bool flow_addr_is_v4(const uint8_t addr[16])
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	uint64_t a, b;
	uint32_t c, d;

	memcpy(&a, addr, 8);
	memcpy(&b, mapped, 8);
	memcpy(&c, addr + 8, 4);
	memcpy(&d, mapped + 8, 4);
	return ((a ^ b) | (c ^ d)) == 0;
}

static inline bool flow_key_is_v4(const struct flow_key *k)
{
	return flow_addr_is_v4(k->addr[0]) && flow_addr_is_v4(k->addr[1]);
}

/* The IPv4 address of that side, in memory order. */
static inline uint32_t flow_key_v4(const struct flow_key *k, enum side side)
{
	uint32_t a;

	memcpy(&a, k->addr[side] + 12, 4);
	return a;
}
