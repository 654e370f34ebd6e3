/* SPDX-License-Identifier: Apache-2.0
 * How flows end: FIN, RST, TIME_WAIT (relay.md 2.2). Our ACK of one end's FIN waits until the other
 * end has acknowledged ours; an RST goes after the bytes that were judged before it. */
#include "dataplane/tcp/relay_priv.h"

void fin_queue(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];
	uint32_t i;

	if (x->tx.tx_state != TX_OPEN)
		return;
	i = seg_new(r);
	if (i == SEG_NONE) {
		f->ep[side_other(to)].flags |= EP_INSPECT; /* comes again with the retry */
		send_retry(r, f);
		mark_dirty(r, f);
		return;
	}
	r->segs[i].seq = x->tx.snd_end++;
	r->segs[i].flags = SEG_FIN;
	if (x->tx.sq_head == SEG_NONE)
		x->tx.sq_head = i;
	else
		r->segs[x->tx.sq_tail].next = i;
	x->tx.sq_tail = i;
	if (x->tx.sq_unsent == SEG_NONE)
		x->tx.sq_unsent = i;
	x->tx.tx_state = TX_FIN_QUEUED;
	mark_dirty(r, f);
}

/* The idle time of a half-closed flow is shorter than what the timers were set to while it was open. */
static void half_closed_begin(struct relay *r, struct flow *f)
{
	for (int s = 0; s < SIDES; s++) {
		struct endpoint *x = &f->ep[s];

		if ((int32_t)(x->ka_at_ms - r->now_ms) > KA_INTERVAL_MS)
			x->ka_at_ms = r->now_ms + KA_INTERVAL_MS;
	}
}

void fin_input(struct relay *r, struct flow *f, enum side from)
{
	struct endpoint *x = &f->ep[from];

	x->rx.rx_state = RX_FIN_SEEN;
	x->fin_since_ms = r->now_ms;
	half_closed_begin(r, f);
	x->flags |= EP_INSPECT;
	ooo_release(r, x); /* nothing follows a FIN */
	/* the way on is already closed: by the inspector, or by a denial */
	if ((x->flags & EP_DISCARD) != 0 || ep_other(f, from)->tx.tx_state == TX_FIN_DONE) {
		x->rx.rx_state = RX_FIN_ACKED;
		x->rx.ack_due = ACK_NOW;
	}
	mark_dirty(r, f);
}

static void queues_undelivered(struct relay *r, struct flow *f)
{
	for (int s = 0; s < SIDES; s++) {
		const uint32_t lost = f->ep[s].rx.in_bytes + ep_other(f, (enum side)s)->tx.sq_bytes;

		flow_counts(r, f)->side[s].undelivered += lost;
		count(r, STAT_BYTES_UNDELIVERED, lost);
	}
}

void flow_dead(struct relay *r, struct flow *f)
{
	queues_undelivered(r, f);
	flow_queues_release(r, f);
	f->state = FLOW_DEAD;
	f->state_at_ms = r->now_ms + DEAD_LINGER_MS;
	for (int s = 0; s < SIDES; s++) {
		f->ep[s].rx.ack_due = ACK_NONE;
		f->ep[s].tx.rtx_kind = RTX_NONE;
	}
	flow_list_add(r, &r->closed, f);
	mark_dirty(r, f);
}

void rst_now(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];

	send_rst(r, f, to, x->tx.snd_nxt);
	x->tx.tx_state = TX_RST_SENT;
	x->tx.rtx_kind = RTX_RTO; /* sent again, at most three times (timer.c) */
	x->tx.rtx_at_ms = r->now_ms + x->rec.rto_ms;
	x->tx.n_rtx = 0;
}

void flow_abort(struct relay *r, struct flow *f, enum end_reason why)
{
	const bool passing = f->mode == MODE_WIRE || f->mode == MODE_XLATE;

	if (f->state == FLOW_DEAD || f->state == FLOW_FREE ||
			(f->state == FLOW_TIME_WAIT && !passing))
		return;
	flow_end(r, f, why);
	if (f->state == FLOW_SYN || f->state == FLOW_SYNACK) {
		flow_free(r, f);
		return;
	}
	if (passing) {
		passing_abort(r, f);
		return;
	}
	flow_dead(r, f);
	for (int s = 0; s < SIDES; s++) {
		if (f->ep[s].tx.tx_state != TX_RST_SENT)
			rst_now(r, f, (enum side)s);
	}
}

/* An accepted RST of <from>: that end is gone; the other still gets what was judged, then the RST. */
void rst_input(struct relay *r, struct flow *f, enum side from)
{
	struct endpoint *x = &f->ep[from];
	struct endpoint *y = ep_other(f, from);

	/* what came before it in this burst is still to be judged: an RST does not overtake data */
	if ((x->flags & EP_INSPECT) != 0 && f->state == FLOW_EST)
		inspect(r, f, from);
	if (f->state != FLOW_EST && f->state != FLOW_LINGER)
		return;
	flow_end(r, f, from == SIDE_AGENT ? END_RST_AGENT : END_RST_PROD);
	x->tx.tx_state = TX_RST_SENT; /* nothing more to it */
	x->tx.rtx_kind = RTX_NONE;
	x->rx.ack_due = ACK_NONE;
	f->state = FLOW_ABORT;
	f->state_at_ms = r->now_ms + ABORT_LINGER_MS;
	if (y->tx.tx_state != TX_RST_SENT)
		y->tx.tx_state = TX_RST_QUEUED;
	mark_dirty(r, f);
}

static void abort_settle(struct relay *r, struct flow *f)
{
	for (int s = 0; s < SIDES; s++) {
		struct endpoint *y = &f->ep[s];

		if (y->tx.tx_state != TX_RST_QUEUED)
			continue;
		if (y->tx.sq_unsent != SEG_NONE || y->rec.n_lost > 0)
			return; /* it goes behind the data */
		flow_dead(r, f);
		rst_now(r, f, (enum side)s);
		return;
	}
	flow_dead(r, f);
}

static void time_wait(struct relay *r, struct flow *f)
{
	flow_end(r, f, END_FIN);
	flow_queues_release(r, f);
	f->state = FLOW_TIME_WAIT;
	f->state_at_ms = r->now_ms + r->conf.time_wait_s * 1000;
	for (int s = 0; s < SIDES; s++)
		f->ep[s].tx.rtx_kind = RTX_NONE;
	flow_list_add(r, &r->closed, f);
}

static void linger_settle(struct relay *r, struct flow *f)
{
	struct endpoint *a = &f->ep[SIDE_AGENT];

	if (a->tx.tx_state != TX_FIN_DONE)
		return;
	if (a->rx.rx_state == RX_FIN_ACKED) {
		flow_queues_release(r, f);
		f->state = FLOW_TIME_WAIT;
		f->state_at_ms = r->now_ms + r->conf.time_wait_s * 1000;
		a->tx.rtx_kind = RTX_NONE;
		flow_list_add(r, &r->closed, f);
	} else if ((int32_t)(f->state_at_ms - r->now_ms) > DENY_LINGER_MS) {
		f->state_at_ms = r->now_ms + DENY_LINGER_MS;
	}
}

void flow_settle(struct relay *r, struct flow *f)
{
	switch ((enum flow_state)f->state) {
	case FLOW_ABORT:
		abort_settle(r, f);
		break;
	case FLOW_LINGER:
		linger_settle(r, f);
		break;
	case FLOW_EST:
		if (f->mode == MODE_DRAIN)
			drain_settle(r, f);
		else if (f->mode == MODE_RELAY && ep_is_done(&f->ep[0]) && ep_is_done(&f->ep[1]))
			time_wait(r, f);
		break;
	case FLOW_FREE:
	case FLOW_SYN:
	case FLOW_SYNACK:
	case FLOW_TIME_WAIT:
	case FLOW_DEAD:
	case FLOW_STATES:
		break;
	}
}

/* RFC 9293 3.10.7.4: the wait begins again with each FIN. One that comes again after long waits will
 * wait still longer when this ACK is lost, too. */
static void time_wait_again(struct relay *r, struct flow *f)
{
	const uint32_t gap_ms = r->now_ms - f->last_ms;
	const uint32_t wait_ms = r->conf.time_wait_s * 1000;

	f->last_ms = r->now_ms;
	f->state_at_ms = r->now_ms +
			(gap_ms < RTO_MAX_MS && 8 * gap_ms > wait_ms ? 8 * gap_ms : wait_ms);
}

/* TIME_WAIT: an end that did not see our last ACK sends its FIN again; one that is read slowly may
 * still ask whether we live. */
static void time_wait_input(struct relay *r, struct flow *f, struct arrival *a)
{
	const struct frame *t = a->f;

	if ((t->flags & TCP_RST) != 0) {
		const bool exact = t->seq == ep_ack_no(&f->ep[a->from]);

		drop(r, a, DROP_SEG_CLOSED);
		if (exact) /* an end that has begun anew and was told of the old one */
			flow_free(r, f);
		return;
	}
	if ((t->flags & TCP_FIN) != 0)
		time_wait_again(r, f);
	/* whatever is not just behind what we have, a keepalive too, is answered */
	if ((t->flags & (TCP_FIN | TCP_SYN)) != 0 || t->payload_len > 0 ||
			seq_lt(t->seq, ep_ack_no(&f->ep[a->from]))) {
		f->ep[a->from].rx.ack_due = ACK_NOW;
		mark_dirty(r, f);
	}
	drop(r, a, DROP_SEG_CLOSED);
}

/* DEAD: whatever an end still says is answered with an RST at the number it expects. */
static void dead_input(struct relay *r, struct flow *f, struct arrival *a)
{
	const struct frame *t = a->f;
	struct endpoint *x = &f->ep[a->from];

	if ((t->flags & TCP_RST) != 0)
		x->tx.rtx_kind = RTX_NONE;
	else if ((t->flags & TCP_ACK) != 0 && x->tx.tx_state == TX_RST_SENT && rst_allowed(r)) {
		send_rst(r, f, a->from, t->ack);
	}
	drop(r, a, DROP_SEG_CLOSED);
}

/* ABORT: one end is gone; only the other's ACKs matter. */
static void abort_input(struct relay *r, struct flow *f, struct arrival *a)
{
	struct endpoint *y = &f->ep[a->from];
	const struct frame *t = a->f;

	if (y->tx.tx_state == TX_RST_QUEUED && (t->flags & TCP_RST) != 0) {
		flow_dead(r, f);
	} else if (y->tx.tx_state == TX_RST_QUEUED && (t->flags & TCP_ACK) != 0 &&
			seq_ge(t->ack, y->tx.snd_una) && seq_le(t->ack, y->tx.snd_nxt)) {
		ack_input(r, f, a);
		mark_dirty(r, f);
	}
	drop(r, a, DROP_SEG_CLOSED);
}

void closed_input(struct relay *r, struct flow *f, struct arrival *a)
{
	if (f->state == FLOW_DEAD || f->ep[a->from].tx.tx_state == TX_RST_SENT)
		dead_input(r, f, a);
	else if (f->state == FLOW_TIME_WAIT)
		time_wait_input(r, f, a);
	else
		abort_input(r, f, a);
}
