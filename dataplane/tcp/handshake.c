/* SPDX-License-Identifier: Apache-2.0
 * The handshake goes end to end: what connects, refuses or times out is the real endpoint. Options
 * are rebuilt from a whitelist (relay.md 2.3). During it an endpoint's fields hold what its SYN
 * said; establish() turns them into the relay's. */
#include "dataplane/net/cksum.h"
#include "dataplane/tcp/relay_priv.h"

#include <errno.h>
#include <string.h>

enum { WSCALE_NONE = 0xff, MSS_MIN = 88 };

/* A segment of our own without payload, with arbitrary numbers and options. */
static bool control_tx(struct relay *r, uint16_t wire, enum side to, const struct header_l3 *l3,
		const struct header_tcp *tcp)
{
	struct pkt *p = pkt_alloc(r->env.pools, PKT_HEADER);
	uint8_t *first;

	if (p == NULL) {
		count(r, STAT_ALLOC_FAILED, 1);
		return false;
	}
	first = header_write(pkt_base(p) + PKT_HEADROOM, l3, tcp);
	pkt_frame_set(p, (uint32_t)(first - pkt_base(p)), header_len(l3, tcp->opt_len));
	return frame_tx(r, wire, to, p);
}

/* The L2 and L3 of a frame, as it is or turned round. <addr> keeps the mapped addresses. */
static void l3_of_frame(const struct frame *f, bool turn, uint8_t addr[2][16], struct header_l3 *l3)
{
	flow_key_addr(addr[0], f->bytes + f->src_off, f->ip_version);
	flow_key_addr(addr[1], f->bytes + f->dst_off, f->ip_version);
	*l3 = (struct header_l3){ .l2_len = f->l2_len,
		.ip_version = f->ip_version,
		.ttl = 64,
		.df = true,
		.src = addr[turn ? 1 : 0],
		.dst = addr[turn ? 0 : 1] };
	memcpy(l3->l2, f->bytes, f->l2_len);
	if (!turn) {
		l3->ttl = f->ttl; /* what goes on keeps what it came with */
		l3->tos = f->tos & 0xfc;
		l3->flow_label = f->flow_label;
		l3->df = f->df;
	} else {
		memcpy(l3->l2, f->bytes + 6, 6);
		memcpy(l3->l2 + 6, f->bytes, 6);
	}
}

void rst_reply(struct relay *r, const struct arrival *a)
{
	const struct frame *t = a->f;
	const uint32_t space =
			t->payload_len + ((t->flags & TCP_SYN) != 0) + ((t->flags & TCP_FIN) != 0);
	const bool has_ack = (t->flags & TCP_ACK) != 0;
	struct header_tcp h = { .sport = t->dport, .dport = t->sport, .flags = TCP_RST };
	struct header_l3 l3;
	uint8_t addr[2][16];

	if ((t->flags & TCP_RST) != 0)
		return;
	h.seq = has_ack ? t->ack : 0;
	if (!has_ack) {
		h.flags |= TCP_ACK;
		h.ack = t->seq + space;
	}
	l3_of_frame(t, true, addr, &l3);
	if (control_tx(r, a->wire, a->from, &l3, &h))
		count(r, STAT_RSTS_OUT, 1);
}

void rst_onward(struct relay *r, const struct arrival *a)
{
	const struct frame *t = a->f;
	const bool is_syn = (t->flags & TCP_SYN) != 0;
	/* Behind a SYN: one end of a half-open connection may have taken it long ago. One that still
	 * waits for it must not be refused (RFC 9293 3.10.7.3: without ACK it is not), as its own SYN
	 * comes again. */
	struct header_tcp h = { .sport = t->sport,
		.dport = t->dport,
		.seq = t->seq + is_syn,
		.ack = is_syn ? 0 : t->ack,
		.flags = (uint8_t)(TCP_RST | (is_syn ? 0 : t->flags & TCP_ACK)) };
	struct header_l3 l3;
	uint8_t addr[2][16];

	l3_of_frame(t, false, addr, &l3);
	if (control_tx(r, a->wire, side_other(a->from), &l3, &h))
		count(r, STAT_RSTS_OUT, 1);
}

void rest_onward(struct relay *r, struct arrival *a, uint32_t skip, uint32_t seq, uint32_t ack)
{
	const struct frame *t = a->f;
	uint8_t *rest = pkt_data(a->pkt) + t->payload_off + skip;
	const uint16_t len = (uint16_t)(t->payload_len - skip);
	struct header_tcp h = { .sport = t->sport,
		.dport = t->dport,
		.seq = seq,
		.ack = ack,
		.wnd = t->wnd,
		.flags = t->flags & (TCP_ACK | TCP_PSH | TCP_FIN),
		.payload_len = len,
		.payload_sum = cksum_sum(rest, len) };
	struct header_l3 l3;
	uint8_t addr[2][16];
	uint8_t *first;

	l3_of_frame(t, false, addr, &l3);
	first = header_write(rest, &l3, &h);
	pkt_frame_set(a->pkt, (uint32_t)(first - pkt_base(a->pkt)), header_len(&l3, 0) + len);
	forward(r, a, STAT_FWD_XLATE);
}

static uint16_t mss_policy(const struct relay *r, const struct flow *f)
{
	const uint16_t headers = flow_key_is_v4(&f->key) ? 40 : 60;
	const uint16_t most = (uint16_t)(r->conf.mtu - headers);

	return f->policy->mss != 0 && f->policy->mss < most ? f->policy->mss : most;
}

/* What the SYN or SYN-ACK of <x> said goes into its endpoint. */
static void syn_learn(struct relay *r, struct flow *f, struct arrival *a)
{
	struct endpoint *x = &f->ep[a->from];
	const struct tcpopt *o = &a->opt;
	const uint16_t most = mss_policy(r, f);
	const uint16_t absent = flow_key_is_v4(&f->key) ? 536 : 1220;

	x->rx.irs = a->f->seq;
	x->tx.snd_wnd = a->f->wnd;
	x->tx.mss = o->mss != 0 ? o->mss : absent;
	x->tx.mss = x->tx.mss < most ? x->tx.mss : most;
	x->rx.wscale_in = o->has_wscale ? o->wscale : WSCALE_NONE;
	x->flags &= (uint8_t) ~(EP_SACK | EP_TS);
	x->flags |= o->has_sack_permitted ? EP_SACK : 0;
	if (o->has_ts && f->policy->ts == TS_REWRITE) {
		x->flags |= EP_TS;
		x->ts_recent = o->tsval;
		x->ts_off = o->tsval - r->now_ms;
	}
	x->ttl = a->f->ttl;
	x->tos = a->f->tos & 0xfc; /* Not-ECT */
	x->df = a->f->df;
	x->flow_label = a->f->flow_label;
	learn_l2(f, a);
	f->last_ms = r->now_ms;
	x->last_rx_ms = r->now_ms;
}

/* Forwards the handshake segment that <a> was, rebuilt from what was learned of it. */
static void syn_forward(struct relay *r, struct flow *f, struct arrival *a)
{
	const enum side to = side_other(a->from);
	struct endpoint *x = &f->ep[a->from];
	const bool is_synack = (a->f->flags & TCP_ACK) != 0;
	struct tcpopt o = { .mss = a->opt.mss != 0 ? x->tx.mss : 0 };
	uint8_t opts[TCPOPT_MAX];
	struct header_tcp h = { .sport = a->f->sport,
		.dport = a->f->dport,
		.seq = x->rx.irs,
		.ack = is_synack ? a->f->ack : 0,
		.wnd = a->f->wnd,
		.opts = opts,
		.flags = (uint8_t)(TCP_SYN | (is_synack ? TCP_ACK : 0)) };
	struct header_l3 l3;

	o.has_wscale = x->rx.wscale_in != WSCALE_NONE;
	o.wscale = x->rx.wscale_in;
	o.has_sack_permitted = (x->flags & EP_SACK) != 0;
	o.has_ts = (x->flags & EP_TS) != 0;
	o.tsval = r->now_ms + x->ts_off;
	o.tsecr = is_synack ? f->ep[to].ts_recent : 0;
	h.opt_len = (uint8_t)tcpopt_write_syn(opts, &o);
	header_l3_fill(r, f, to, &l3);
	control_tx(r, a->wire, to, &l3, &h);
	if (a->f->payload_len > 0)
		r->counters.drop[DROP_SEG_SYN_DATA]++;
	x->rec.rack_us = now_us32(r); /* for the first round-trip sample; n_rtx counts the copies */
	x->tx.n_rtx += x->tx.n_rtx < UINT8_MAX;
	drop(r, a, DROP_NONE);
}

static void syn_wire(struct relay *r, struct arrival *a, const struct flow_key *key, uint64_t hash,
		const struct flow_policy *p)
{
	struct flow *f = flow_new(r, key, hash, a->from, p);

	if (f == NULL) {
		drop(r, a, DROP_LIMIT_FLOWS);
		return;
	}
	flow_mode_set(r, f, MODE_WIRE);
	f->state_at_ms = r->now_ms + SYN_TIMEOUT_MS;
	flow_embryonic_begin(r, f);
	restart_write(r, f);
	mark_dirty(r, f);
	wire_input(r, f, a);
}

static void syn_refuse(struct relay *r, struct arrival *a, const struct flow_policy *p,
		enum drop_reason why)
{
	if (p->deny_how == DENY_RST && rst_allowed(r))
		rst_reply(r, a);
	drop(r, a, why);
}

/* Why this SYN may not become a relayed flow; DROP_NONE: it may. */
static enum drop_reason syn_objection(
		struct relay *r, struct arrival *a, const struct flow_policy *p)
{
	if (a->opt.has_md5_ao)
		return DROP_POLICY_MD5_AO;
	if (a->opt.mss != 0 && a->opt.mss < MSS_MIN)
		return DROP_TCP_MSS;
	if (r->pressure >= PRESSURE_RED && p->refuse_when_red)
		return DROP_LIMIT_PRESSURE;
	return DROP_NONE;
}

static void syn_relay(struct relay *r, struct arrival *a, const struct flow_key *key, uint64_t hash,
		const struct flow_policy *p)
{
	const enum drop_reason why = syn_objection(r, a, p);
	struct flow *f;

	if (why == DROP_POLICY_MD5_AO && p->wire_md5_ao) {
		syn_wire(r, a, key, hash, p);
		return;
	}
	if (why != DROP_NONE) {
		if (why == DROP_TCP_MSS)
			drop(r, a, why);
		else
			syn_refuse(r, a, p, why);
		return;
	}
	f = flow_new(r, key, hash, a->from, p);
	if (f == NULL) {
		drop(r, a, DROP_LIMIT_FLOWS);
		return;
	}
	flow_mode_set(r, f, MODE_RELAY);
	f->state_at_ms = r->now_ms + SYN_TIMEOUT_MS;
	flow_embryonic_begin(r, f);
	mark_dirty(r, f);
	syn_learn(r, f, a);
	syn_forward(r, f, a);
}

void syn_new(struct relay *r, struct arrival *a, const struct flow_key *key, uint64_t hash)
{
	const struct flow_policy *p = r->env.classify(r->env.ctx, key, a->from);
	enum drop_reason why;

	if (p->mode == MODE_DENY) {
		syn_refuse(r, a, p, DROP_POLICY_UNDECLARED);
		return;
	}
	if (!source_admits(r, key, a->from, &why)) {
		drop(r, a, why);
		return;
	}
	if (p->mode == MODE_WIRE)
		syn_wire(r, a, key, hash, p);
	else
		syn_relay(r, a, key, hash, p);
}

/* A SYN again: the same one, or the end has thought better of it and begins anew. */
static void syn_again(struct relay *r, struct flow *f, struct arrival *a)
{
	struct endpoint *x = &f->ep[a->from];

	if (a->from != f->initiator) {
		if (f->policy->allow_simultaneous_open && f->state == FLOW_SYN) {
			flow_mode_set(r, f, MODE_WIRE);
			wire_input(r, f, a);
			return;
		}
		drop(r, a, DROP_POLICY_SPLIT_HANDSHAKE);
		return;
	}
	if (a->opt.has_md5_ao || (a->opt.mss != 0 && a->opt.mss < MSS_MIN)) {
		drop(r, a, DROP_TCP_OPTIONS);
		return;
	}
	if (f->state == FLOW_SYNACK && a->f->seq == x->rx.irs) {
		/* the SYN-ACK was lost: the server sends it again when it sees the SYN again; what was
		 * agreed stands, so the options are those of the first */
		a->opt.has_wscale = x->rx.wscale_in != WSCALE_NONE;
		a->opt.wscale = x->rx.wscale_in;
	} else {
		if (f->state == FLOW_SYNACK) { /* the server has answered another */
			drop(r, a, DROP_SEG_SYN_STATE);
			return;
		}
		if (a->f->seq != x->rx.irs)
			x->tx.n_rtx = 0;
		f->state = FLOW_SYN;
		f->state_at_ms = r->now_ms + SYN_TIMEOUT_MS;
		syn_learn(r, f, a);
	}
	syn_forward(r, f, a);
}

/* What only one end offered is off (RFC 7323 2.2, RFC 2018 2): it must not reach the other. */
static void options_agree(struct flow *f, enum side responder)
{
	struct endpoint *s = &f->ep[responder];
	struct endpoint *c = ep_other(f, responder);

	if (c->rx.wscale_in == WSCALE_NONE)
		s->rx.wscale_in = WSCALE_NONE;
	if ((c->flags & EP_SACK) == 0)
		s->flags &= (uint8_t)~EP_SACK;
	if ((c->flags & EP_TS) == 0)
		s->flags &= (uint8_t)~EP_TS;
}

static void synack_input(struct relay *r, struct flow *f, struct arrival *a)
{
	struct endpoint *c = ep_other(f, a->from);

	if (a->from == f->initiator || a->f->ack != c->rx.irs + 1) {
		drop(r, a, DROP_SEG_SYN_STATE);
		return;
	}
	if (a->opt.has_md5_ao || (a->opt.mss != 0 && a->opt.mss < MSS_MIN)) {
		drop(r, a, DROP_TCP_OPTIONS);
		return;
	}
	syn_learn(r, f, a);
	options_agree(f, a->from);
	if (f->state == FLOW_SYN && c->tx.n_rtx == 1)
		rtt_sample(r, &f->ep[a->from],
				now_us32(r) - c->rec.rack_us > 0 ? now_us32(r) - c->rec.rack_us
								 : 1);
	f->state = FLOW_SYNACK;
	f->state_at_ms = r->now_ms + SYNACK_TIMEOUT_MS;
	mark_dirty(r, f);
	syn_forward(r, f, a);
}

/* An RST in the handshake goes on as it is, if its end may say so. */
static void handshake_rst(struct relay *r, struct flow *f, struct arrival *a)
{
	const struct endpoint *x = &f->ep[a->from];
	const struct endpoint *y = ep_other(f, a->from);
	const bool acks_syn = (a->f->flags & TCP_ACK) != 0 && a->f->ack == y->rx.irs + 1;
	bool ends, valid;

	if (a->from != f->initiator) {
		valid = acks_syn || (f->state == FLOW_SYNACK && a->f->seq == x->rx.irs + 1);
		ends = true;
	} else {
		/* in SYN it answers a challenge ACK of the server's old connection: the SYN comes again */
		valid = f->state == FLOW_SYN || a->f->seq == x->rx.irs + 1;
		ends = f->state == FLOW_SYNACK;
	}
	if (!valid) {
		drop(r, a, DROP_SEG_RST_OUTSIDE);
		return;
	}
	rst_onward(r, a);
	drop(r, a, DROP_NONE);
	if (!ends)
		return;
	flow_end(r, f, f->ep == x ? END_RST_AGENT : END_RST_PROD);
	flow_free(r, f);
}

static void endpoint_establish(struct relay *r, struct flow *f, enum side s)
{
	struct endpoint *x = &f->ep[s];
	const struct endpoint *y = ep_other(f, s);
	const bool scaled = f->ep[0].rx.wscale_in != WSCALE_NONE &&
			f->ep[1].rx.wscale_in != WSCALE_NONE;

	x->rx.rcv_nxt = x->rx.irs + 1;
	x->rx.rcv_adv = x->rx.rcv_nxt +
			y->tx.snd_wnd; /* the window in the SYN that X was given, unscaled */
	x->rx.last_ack = x->rx.rcv_nxt;
	x->rx.drs_seq = x->rx.rcv_nxt;
	x->rx.drs_us = now_us32(r);
	x->tx.iss = y->rx.irs;
	x->tx.snd_una = x->tx.snd_nxt = x->tx.snd_end = y->rx.irs + 1;
	x->rec.fack = x->tx.snd_una;
	x->tx.wscale_out = scaled ? y->rx.wscale_in : 0;
	x->tx.max_wnd = x->tx.snd_wnd > 0 ? x->tx.snd_wnd : 1;
	x->tx.snd_wl1 = x->rx.irs;
	x->tx.snd_wl2 = x->tx.snd_una;
	x->tx.n_rtx = 0;
	x->rec.rack_us = 0;
	x->ip_id = (uint16_t)relay_rand(r);
	if ((x->flags & EP_TS) != 0)
		x->tx.mss = (uint16_t)(x->tx.mss - 12);
	r->cc->init(x);
}

static void establish(struct relay *r, struct flow *f, struct arrival *a)
{
	const enum side responder = side_other((enum side)f->initiator);
	struct endpoint *c = &f->ep[f->initiator];
	struct endpoint *s = &f->ep[responder];
	const bool scaled = c->rx.wscale_in != WSCALE_NONE && s->rx.wscale_in != WSCALE_NONE;
	const uint8_t off = (uint8_t) ~(s->flags & (EP_SACK | EP_TS));

	if (s->tx.n_rtx == 1)
		rtt_sample(r, c,
				now_us32(r) - s->rec.rack_us > 0 ? now_us32(r) - s->rec.rack_us
								 : 1);
	c->flags &= (uint8_t) ~(off & (EP_SACK | EP_TS));
	endpoint_establish(r, f, SIDE_AGENT);
	endpoint_establish(r, f, SIDE_PROD);
	if (!scaled)
		c->rx.wscale_in = s->rx.wscale_in = 0;
	flow_embryonic_end(r, f);
	f->state = FLOW_EST;
	count(r, STAT_FLOWS_ESTABLISHED, 1);
	s->rx.ack_due = ACK_NOW; /* the third ACK: ours */
	for (int k = 0; k < SIDES; k++)
		f->ep[k].ka_at_ms = r->now_ms + r->conf.idle_s * 1000;
	f->flags |= FLOW_OPENED;
	if (f->policy->inspector->open != NULL)
		f->policy->inspector->open(r, f);
	if (r->env.report != NULL) {
		struct flow_report rep;

		flow_report_fill(r, f, &rep);
		r->env.report(r->env.ctx, &rep);
	}
	mark_dirty(r, f);
	(void)a;
}

static void ack_in_handshake(struct relay *r, struct flow *f, struct arrival *a)
{
	const struct endpoint *x = &f->ep[a->from];
	const struct endpoint *y = ep_other(f, a->from);

	if (a->from != f->initiator) {
		/* a challenge ACK for an older connection: the client will reset that one */
		if (f->state == FLOW_SYN && a->f->payload_len == 0 &&
				(a->f->flags & TCP_FIN) == 0) {
			forward(r, a, STAT_FWD_WIRE);
			return;
		}
		drop(r, a, DROP_SEG_SYN_STATE);
		return;
	}
	/* from the SYN's own number on: a client that has lost its third ACK may ask whether we live */
	if (f->state != FLOW_SYNACK || a->f->ack != y->rx.irs + 1 ||
			a->f->seq - x->rx.irs > y->tx.snd_wnd + 1) {
		drop(r, a, DROP_SEG_SYN_STATE);
		return;
	}
	establish(r, f, a);
	if (f->state == FLOW_EST)
		relay_input(r, f, a);
	else
		drop(r, a, DROP_SEG_DENIED);
}

void handshake_input(struct relay *r, struct flow *f, struct arrival *a)
{
	const uint8_t flags = a->f->flags;

	if ((flags & TCP_RST) != 0)
		handshake_rst(r, f, a);
	else if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		syn_again(r, f, a);
	else if ((flags & TCP_SYN) != 0)
		synack_input(r, f, a);
	else if ((flags & TCP_ACK) != 0)
		ack_in_handshake(r, f, a);
	else
		drop(r, a, DROP_TCP_FLAGS);
}
