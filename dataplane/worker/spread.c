/* SPDX-License-Identifier: Apache-2.0
 * Ownership is a pure function of the flow's key: the port's own (Toeplitz over the symmetric key)
 * where the port spreads, a keyed hash that no peer can steer where we do. */
#include "dataplane/worker/spread.h"

#include "dataplane/flow/key.h"
#include "dataplane/net/icmp.h"
#include "dataplane/port/port.h"
#include "parsers/base/bytes.h"

#include <rte_thash.h>

enum {
	ETHERTYPE_IP4 = 0x0800,
	ETHERTYPE_IP6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	IP4_FRAG_BITS = 0x3fff, /* more fragments, and the offset */
	PROTO_ICMP = 1,
	PROTO_IP6_FRAGMENT = 44,
	PROTO_ICMP6 = 58,
};

bool spread_is_rare(const uint8_t *bytes, uint32_t len)
{
	uint32_t l2 = 14;
	uint16_t type;

	if (len < 14 + 20)
		return false;
	type = load_be16(bytes + 12);
	while ((type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) && l2 < FRAME_L2_MAX &&
			len >= l2 + 4 + 20) {
		type = load_be16(bytes + l2 + 2);
		l2 += 4;
	}
	if (type == ETHERTYPE_IP4)
		return (load_be16(bytes + l2 + 6) & IP4_FRAG_BITS) != 0 ||
				bytes[l2 + 9] == PROTO_ICMP;
	if (type == ETHERTYPE_IP6)
		return bytes[l2 + 6] == PROTO_IP6_FRAGMENT || bytes[l2 + 6] == PROTO_ICMP6;
	return false;
}

/* What the port computes over addresses and ports, and its table's entry. */
static uint16_t rss_owner(
		const struct spread *s, const struct spread_wire *w, const struct flow_key *key)
{
	uint32_t tuple[9], n = 0, hash;
	bool v4 = flow_key_is_v4(key);

	for (int side = 0; side < SIDES; side++) {
		for (uint32_t at = v4 ? 12 : 0; at < 16; at += 4)
			tuple[n++] = load_be32(key->addr[side] + at);
	}
	tuple[n++] = (uint32_t)key->port[SIDE_AGENT] << 16 | key->port[SIDE_PROD];
	hash = rte_softrss(tuple, n, port_rss_key);
	return (uint16_t)(hash % w->reta_size % s->n_workers);
}

static uint16_t hash_owner(const struct spread *s, const struct flow_key *key)
{
	uint64_t words[sizeof(*key) / 8];
	uint64_t hash;

	memcpy(words, key, sizeof(words));
	hash = siphash13_words(&s->key, words, sizeof(words) / sizeof(words[0]));
	return (uint16_t)((hash >> 32) * s->n_workers >> 32);
}

/* The quoted segment was sent by the side that now gets the error. */
static bool quote_key(struct flow_key *key, const struct frame *f, uint16_t wire, enum side from)
{
	struct icmp_quote q;
	enum side to = side_other(from);

	if (!icmp_quote_parse(f, &q))
		return false;
	flow_key_addr(key->addr[to], f->bytes + q.src_off, q.ip_version);
	flow_key_addr(key->addr[from], f->bytes + q.dst_off, q.ip_version);
	key->port[to] = q.sport;
	key->port[from] = q.dport;
	key->tag = ((uint32_t)wire << 24) | f->vlan;
	return true;
}

uint16_t spread_owner(const struct spread *s, const struct frame *f, uint16_t wire, enum side from)
{
	const struct spread_wire *w = &s->wires[wire];
	struct flow_key key;

	if (f->kind == FRAME_TCP)
		flow_key_of(&key, f, wire, from);
	else if ((f->kind != FRAME_ICMP && f->kind != FRAME_ICMP6) ||
			!quote_key(&key, f, wire, from))
		return SPREAD_HERE;
	return w->rss ? rss_owner(s, w, &key) : hash_owner(s, &key);
}
