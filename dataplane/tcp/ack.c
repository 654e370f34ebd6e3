/* SPDX-License-Identifier: Apache-2.0
 * What an endpoint has got of ours: cumulative ACK, SACK (RFC 2018, 2883), window. */
#include "dataplane/tcp/relay_priv.h"

/* What one ACK brought. */
struct ack_gain {
	uint32_t acked;     /* bytes newly acknowledged */
	uint32_t delivered; /* acknowledged or SACKed for the first time */
	uint32_t rtt_us;    /* of the newest segment sent once; 0: none */
	bool dsack;
	bool repaired; /* it covers a segment that was sent again */
};

static void seg_delivered(struct relay *r, struct endpoint *x, struct seg *s, struct ack_gain *g)
{
	if (seg_in_flight(s))
		x->tx.pipe -= seg_space(s);
	if ((s->flags & SEG_LOST) != 0) {
		s->flags &= (uint8_t)~SEG_LOST;
		x->rec.n_lost--;
	}
	if ((s->flags & SEG_SACKED) != 0)
		return;
	rack_delivered(r, x, s);
	g->delivered += seg_space(s);
	if ((s->flags & SEG_RETX) == 0) {
		g->rtt_us = now_us32(r) - s->tx_us;
		if (g->rtt_us == 0)
			g->rtt_us = 1;
	}
}

static void fin_acked(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];
	struct endpoint *y = ep_other(f, to);

	x->tx.tx_state = TX_FIN_DONE;
	if (y->rx.rx_state == RX_FIN_SEEN) {
		y->rx.rx_state = RX_FIN_ACKED;
		y->rx.ack_due = ACK_NOW;
	}
	(void)r;
}

static void head_pop(struct relay *r, struct flow *f, enum side to, struct ack_gain *g)
{
	struct endpoint *x = &f->ep[to];
	const uint32_t i = x->tx.sq_head;
	struct seg *s = &r->segs[i];

	seg_delivered(r, x, s, g);
	g->repaired |= (s->flags & SEG_RETX) != 0;
	if ((s->flags & SEG_SACKED) != 0)
		x->rec.n_sacked--;
	x->tx.sq_head = s->next;
	if (x->tx.sq_head == SEG_NONE)
		x->tx.sq_tail = SEG_NONE;
	x->tx.sq_bytes -= s->len;
	x->rec.n_out--;
	flow_counts(r, f)->side[to].tx_bytes += s->len;
	if ((s->flags & SEG_FIN) != 0)
		fin_acked(r, f, to);
	seg_release(r, i);
}

/* The head is acknowledged in part: its rest stays in flight. */
static void head_trim(struct relay *r, struct flow *f, enum side to, uint32_t n, struct ack_gain *g)
{
	struct endpoint *x = &f->ep[to];
	struct seg *s = &r->segs[x->tx.sq_head];

	if (seg_in_flight(s))
		x->tx.pipe -= n;
	x->tx.sq_bytes -= n;
	g->delivered += (s->flags & SEG_SACKED) != 0 ? 0 : n;
	flow_counts(r, f)->side[to].tx_bytes += n;
	seg_trim_front(r, x->tx.sq_head, n);
}

static void cumulative(
		struct relay *r, struct flow *f, enum side to, uint32_t ack, struct ack_gain *g)
{
	struct endpoint *x = &f->ep[to];

	g->acked = ack - x->tx.snd_una;
	while (x->tx.sq_head != SEG_NONE && x->tx.sq_head != x->tx.sq_unsent) {
		struct seg *s = &r->segs[x->tx.sq_head];

		if (seq_gt(seg_end(s), ack)) {
			if (seq_gt(ack, s->seq))
				head_trim(r, f, to, ack - s->seq, g);
			break;
		}
		head_pop(r, f, to, g);
	}
	stream_room_check(r, f, side_other(to));
	x->tx.snd_una = ack;
	x->rec.fack = seq_max(x->rec.fack, ack);
	x->last_progress_ms = r->now_ms;
	x->tx.n_rtx = 0;
	x->tx.backoff = 0;
	x->rec.full_rtos = 0;
	x->rec.n_dupacks = 0;
}

static bool in_block(const struct tcpopt *o, const struct seg *s)
{
	for (uint32_t k = 0; k < o->n_sack; k++) {
		if (seq_ge(s->seq, o->sack[k].left) && seq_le(seg_end(s), o->sack[k].right))
			return true;
	}
	return false;
}

/* RFC 2883: the first block lies below the ACK, or inside the second one. */
static bool is_dsack(const struct tcpopt *o, uint32_t ack)
{
	if (seq_lt(o->sack[0].left, ack))
		return true;
	return o->n_sack > 1 && seq_ge(o->sack[0].left, o->sack[1].left) &&
			seq_le(o->sack[0].right, o->sack[1].right);
}

/* Blocks outside what is outstanding say nothing (relay.md 2.3): they are emptied. */
static void blocks_clean(const struct endpoint *x, struct tcpopt *o)
{
	for (uint32_t k = 0; k < o->n_sack; k++) {
		struct sack_block *b = &o->sack[k];

		if (seq_le(b->left, x->tx.snd_una) || seq_gt(b->right, x->tx.snd_nxt) ||
				seq_ge(b->left, b->right))
			b->left = b->right = x->tx.snd_una;
	}
}

static void sacked(struct relay *r, struct flow *f, enum side to, const struct arrival *a,
		struct ack_gain *g)
{
	struct endpoint *x = &f->ep[to];
	struct tcpopt o = a->opt;

	if (o.n_sack == 0 || (x->flags & EP_SACK) == 0)
		return;
	if (is_dsack(&o, a->f->ack)) {
		g->dsack = true;
		count(r, STAT_SPURIOUS, 1);
		reo_grow(x);
	}
	blocks_clean(x, &o);
	for (uint32_t i = x->tx.sq_head; i != SEG_NONE && i != x->tx.sq_unsent;
			i = r->segs[i].next) {
		struct seg *s = &r->segs[i];

		if ((s->flags & SEG_SACKED) != 0 || !in_block(&o, s))
			continue;
		seg_delivered(r, x, s, g);
		s->flags |= SEG_SACKED;
		x->rec.n_sacked++;
		x->rec.fack = seq_max(x->rec.fack, seg_end(s));
	}
}

/* RFC 9293 3.10.7.4: only a segment that is not older than the last one that set the window. One
 * that acknowledges something new is not, whatever its number: else snd_una would move on with a
 * window that belongs to where it was, beyond any edge that was ever offered. */
static void window_input(struct relay *r, struct flow *f, enum side to, const struct frame *t)
{
	struct endpoint *x = &f->ep[to];

	if (!seq_gt(t->ack, x->tx.snd_una) && !seq_lt(x->tx.snd_wl1, t->seq) &&
			!(x->tx.snd_wl1 == t->seq && seq_le(x->tx.snd_wl2, t->ack)))
		return;
	x->tx.snd_wnd = (uint32_t)t->wnd << x->rx.wscale_in;
	x->tx.snd_wl1 = t->seq;
	x->tx.snd_wl2 = t->ack;
	if (x->tx.snd_wnd > x->tx.max_wnd)
		x->tx.max_wnd = x->tx.snd_wnd;
	if (x->tx.snd_wnd == 0) {
		if ((x->flags & EP_ZERO_WND) == 0)
			count(r, STAT_ZERO_WINDOW_IN, 1);
		x->flags |= EP_ZERO_WND;
		x->tx.n_rtx = 0; /* closed, but answering: persists for as long as it does */
		x->last_progress_ms = r->now_ms;
	} else if ((x->flags & EP_ZERO_WND) != 0) {
		x->flags &= (uint8_t)~EP_ZERO_WND;
		x->tx.backoff = 0; /* it was the persist timer's */
		if (x->tx.rtx_kind == RTX_PERSIST)
			x->tx.rtx_kind = RTX_NONE;
	}
}

/* RFC 5681: without SACK, three duplicates mean that the head is lost; further ones that something
 * left the network. Returns bytes newly found lost. */
static uint32_t dupacks(
		struct relay *r, struct endpoint *x, const struct frame *t, uint32_t wnd_before)
{
	if ((x->flags & EP_SACK) != 0 || t->ack != x->tx.snd_una || t->payload_len > 0 ||
			x->tx.snd_una == x->tx.snd_nxt || wnd_before != x->tx.snd_wnd ||
			(t->flags & TCP_FIN) != 0)
		return 0;
	if (x->rec.n_dupacks < UINT8_MAX)
		x->rec.n_dupacks++;
	if (x->rec.n_dupacks == 3 && x->tx.ca_state == CA_OPEN) {
		struct seg *s = &r->segs[x->tx.sq_head];

		if (!seg_in_flight(s))
			return 0;
		seg_mark_lost(x, s);
		return seg_space(s);
	}
	return 0;
}

/* RFC 6582: an ACK that stops short of <recover> shows the next hole. */
static uint32_t partial_ack(struct relay *r, struct endpoint *x, const struct ack_gain *g)
{
	struct seg *s;

	if ((x->flags & EP_SACK) != 0 || x->tx.ca_state != CA_RECOVERY || g->acked == 0 ||
			x->tx.sq_head == SEG_NONE || seq_ge(x->tx.snd_una, x->rec.recover))
		return 0;
	s = &r->segs[x->tx.sq_head];
	if (!seg_in_flight(s))
		return 0;
	seg_mark_lost(x, s);
	return seg_space(s);
}

/* RFC 8985 7.4.2: a probe that repaired a loss is a loss event after all. */
static bool tlp_repaired(struct endpoint *x, const struct ack_gain *g)
{
	const bool was_retx = x->rec.tlp_out == TLP_RETX;
	const bool beyond = seq_gt(x->tx.snd_una, x->rec.tlp_end);

	if (x->rec.tlp_out == TLP_NONE || seq_lt(x->tx.snd_una, x->rec.tlp_end))
		return false;
	if (was_retx && !g->dsack && !beyond && g->acked > 0)
		return false; /* the original's ACK, perhaps: a D-SACK for the probe may follow */
	x->rec.tlp_out = TLP_NONE;
	return was_retx && beyond && !g->dsack && x->tx.ca_state == CA_OPEN;
}

static void congestion(struct relay *r, struct endpoint *x, const struct ack_gain *g, uint32_t lost,
		uint32_t pipe_before)
{
	if (tlp_repaired(x, g)) {
		r->cc->loss(x, r->now_ms);
		x->rec.cwnd = x->rec.ssthresh;
	}
	if (seq_ge(x->tx.snd_una, x->rec.recover)) {
		if (x->tx.ca_state == CA_RECOVERY)
			x->rec.cwnd = x->rec.ssthresh;
		reo_settle(x);
		x->tx.ca_state = CA_OPEN;
	}
	if (lost > 0 && x->tx.ca_state == CA_OPEN)
		recovery_enter(r, x);
	if (x->tx.ca_state == CA_RECOVERY)
		recovery_ack(r, x, g->delivered, g->acked > 0, lost > 0);
	else if (g->acked > 0 && pipe_before + 2U * x->tx.mss >= x->rec.cwnd)
		r->cc->ack(x, g->acked, r->now_ms);
}

void ack_input(struct relay *r, struct flow *f, const struct arrival *a)
{
	const enum side to = a->from;
	const struct frame *t = a->f;
	struct endpoint *x = &f->ep[to];
	struct ack_gain g = { 0 };
	/* on the way to XLATE an ACK may reach beyond our own queue */
	const uint32_t ack = seq_min(t->ack, x->tx.snd_nxt);
	const uint32_t pipe_before = x->tx.pipe, wnd_before = x->tx.snd_wnd;
	uint32_t lost;

	if (seq_lt(ack, x->tx.snd_una))
		return;
	window_input(r, f, to, t);
	if (seq_gt(ack, x->tx.snd_una))
		cumulative(r, f, to, ack, &g);
	sacked(r, f, to, a, &g);
	/* RFC 6298 3: what lay behind a hole was delivered long before this ACK could say so */
	if (g.rtt_us != 0 && !g.repaired)
		rtt_sample(r, x, g.rtt_us);
	if (x->tx.snd_una == x->tx.snd_nxt && g.acked == 0)
		return;
	lost = dupacks(r, x, t, wnd_before) + partial_ack(r, x, &g);
	if ((x->flags & EP_SACK) != 0 &&
			(x->rec.n_sacked > 0 || x->tx.ca_state != CA_OPEN ||
					x->tx.rtx_kind == RTX_REO))
		lost += rack_detect(r, x);
	congestion(r, x, &g, lost, pipe_before);
	if (g.acked > 0) {
		x->tx.rtx_kind = x->tx.rtx_kind == RTX_REO && x->rec.n_sacked > 0 ? RTX_REO
										  : RTX_NONE;
		window_drained(r, f, side_other(to));
	}
}
