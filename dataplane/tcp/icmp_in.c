/* SPDX-License-Identifier: Apache-2.0
 * ICMP errors about our flows (relay.md 2.4). What is quoted was sent by the far end, or by us in
 * its name, towards the side that the error comes from. */
#include "dataplane/net/icmp.h"
#include "dataplane/tcp/relay_priv.h"

static bool key_of_quote(struct flow_key *k, const struct arrival *a, const struct icmp_quote *q)
{
	const uint8_t *bytes = a->f->bytes;

	flow_key_addr(k->addr[a->from], bytes + q->dst_off, q->ip_version);
	flow_key_addr(k->addr[side_other(a->from)], bytes + q->src_off, q->ip_version);
	k->port[a->from] = q->dport;
	k->port[side_other(a->from)] = q->sport;
	k->tag = ((uint32_t)a->wire << 24) | a->f->vlan;
	return q->ip_version == a->f->ip_version;
}

/* The path to X takes less than we thought: smaller segments from now on, and what is out is sent
 * again in them. */
static void mss_lower(struct relay *r, struct flow *f, enum side side, uint32_t mtu)
{
	struct endpoint *x = &f->ep[side];
	const bool v4 = flow_key_is_v4(&f->key);
	const uint32_t least = v4 ? 536 : 1220;
	const uint32_t headers = (v4 ? 40U : 60U) + ((x->flags & EP_TS) != 0 ? 12U : 0U);
	uint32_t mss = mtu > headers ? mtu - headers : 0;

	if (mss < least)
		mss = least;
	if (mss >= x->tx.mss)
		return;
	x->tx.mss = (uint16_t)mss;
	count(r, STAT_PMTU_LOWERED, 1);
	for (uint32_t i = x->tx.sq_head; i != SEG_NONE && i != x->tx.sq_unsent;
			i = r->segs[i].next) {
		struct seg *s = &r->segs[i];

		if (seg_in_flight(s) && s->len > mss)
			seg_mark_lost(x, s);
	}
	mark_dirty(r, f);
}

static void relay_icmp(
		struct relay *r, struct flow *f, struct arrival *a, const struct icmp_quote *q)
{
	struct endpoint *x = &f->ep[a->from];

	if (seq_lt(q->seq, x->tx.snd_una) || seq_ge(q->seq, x->tx.snd_nxt)) {
		drop(r, a, DROP_ICMP_QUOTE);
		return;
	}
	if (q->is_too_big) {
		mss_lower(r, f, a->from, q->mtu);
		drop(r, a, DROP_ICMP_PMTU);
		return;
	}
	icmp_quote_translate(pkt_data(a->pkt), a->f, q, q->seq - x->tx.delta);
	forward(r, a, STAT_FWD_NON_TCP);
}

void icmp_input(struct relay *r, struct arrival *a)
{
	struct icmp_quote q;
	struct flow_key key;
	struct flow *f;

	if (!icmp_quote_parse(a->f, &q)) {
		forward(r, a, STAT_FWD_NON_TCP);
		return;
	}
	if (!key_of_quote(&key, a, &q)) {
		drop(r, a, DROP_ICMP_QUOTE);
		return;
	}
	f = flow_lookup(r, &key, flow_hash(r, &key));
	if (f == NULL) {
		drop(r, a, DROP_ICMP_QUOTE);
		return;
	}
	if (f->mode == MODE_WIRE || f->state == FLOW_SYN || f->state == FLOW_SYNACK) {
		forward(r, a, STAT_FWD_NON_TCP); /* numbers are the ends' own until then */
	} else if (f->mode == MODE_XLATE) {
		icmp_quote_translate(pkt_data(a->pkt), a->f, &q, q.seq - f->ep[a->from].tx.delta);
		forward(r, a, STAT_FWD_NON_TCP);
	} else {
		relay_icmp(r, f, a, &q);
	}
}
