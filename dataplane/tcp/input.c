/* SPDX-License-Identifier: Apache-2.0
 * A segment of an established flow, in the order of RFC 9293 3.10.7.4, hardened by RFC 5961. */
#include "dataplane/tcp/relay_priv.h"

#include <string.h>

/* The tokens of this second; a challenge ACK needs one of the worker's and one of the flow's. */
static bool challenge_allowed(struct relay *r, struct flow *f)
{
	if (r->challenges >= CHALLENGE_PER_S)
		return false;
	if ((f->chal_tokens >> 8) != (r->second & 0xff))
		f->chal_tokens = (uint16_t)((r->second & 0xff) << 8);
	if ((f->chal_tokens & 0xff) >= CHALLENGE_FLOW_PER_S)
		return false;
	f->chal_tokens++;
	r->challenges++;
	return true;
}

void ack_challenge(struct relay *r, struct flow *f, enum side x)
{
	if (!challenge_allowed(r, f)) {
		count(r, STAT_CHALLENGE_LIMITED, 1);
		return;
	}
	count(r, STAT_CHALLENGE_ACKS, 1);
	flow_counts(r, f)->side[x].challenge_acks++;
	send_ack(r, f, x);
}

/* VRRP moves and the like: frames to the other end follow the latest valid frame of this one. */
void learn_l2(struct flow *f, const struct arrival *a)
{
	struct endpoint *x = &f->ep[a->from];

	x->l2_len = a->f->l2_len;
	memcpy(x->l2, a->f->bytes, a->f->l2_len);
}

/* RFC 5961 5.2: snd_una - max_wnd <= ack <= snd_nxt. */
static bool ack_is_acceptable(const struct endpoint *x, uint32_t ack)
{
	return seq_ge(ack, x->tx.snd_una - x->tx.max_wnd) && seq_le(ack, x->tx.snd_nxt);
}

/* RFC 9293 3.10.7.4 table 6, and RFC 7323 5.3 when timestamps are kept. */
static bool seq_is_acceptable(const struct endpoint *x, uint32_t seq, uint32_t space)
{
	if (space == 0)
		return seq_ge(seq, x->rx.rcv_nxt) && seq_le(seq, x->rx.rcv_adv);
	return seq_lt(seq, x->rx.rcv_adv) && seq_gt(seq + space, x->rx.rcv_nxt);
}

/* An end that has sent its FIN numbers its ACKs behind it, before we acknowledge it. */
static bool is_after_fin(const struct endpoint *x, const struct frame *t, uint32_t space)
{
	return x->rx.rx_state != RX_OPEN && space == 0 && t->seq == x->rx.fin_seq + 1;
}

/* The number of its own, acknowledged FIN: old news, or an end that asks whether we live. */
static bool is_on_fin(const struct endpoint *x, const struct frame *t, uint32_t space)
{
	return x->rx.rx_state == RX_FIN_ACKED && space == 0 && t->seq == x->rx.rcv_nxt;
}

static bool paws_fails(const struct endpoint *x, const struct arrival *a)
{
	return (x->flags & EP_TS) != 0 && a->opt.has_ts && (a->f->flags & TCP_RST) == 0 &&
			(int32_t)(a->opt.tsval - x->ts_recent) < 0;
}

/* An endpoint asks whether its peer lives: answered here, and asked on (relay.md 2.8). */
static void keepalive_input(struct relay *r, struct flow *f, enum side from)
{
	struct endpoint *y = ep_other(f, from);

	count(r, STAT_KEEPALIVES_ANSWERED, 1);
	if (r->now_ms - y->last_rx_ms < KA_SILENT_MS || y->tx.snd_una != y->tx.snd_nxt)
		return;
	if ((int32_t)(y->ka_at_ms - r->now_ms) > 0 && y->n_ka > 0)
		return; /* one is under way */
	y->ka_at_ms = r->now_ms;
	y->ka_asked = 1;
	mark_dirty(r, f);
}

/* Nothing of it lies in the window. */
static void unacceptable(struct relay *r, struct flow *f, struct arrival *a)
{
	const struct frame *t = a->f;
	struct endpoint *x = &f->ep[a->from];
	const uint32_t end = t->seq + t->payload_len;
	const bool asks = t->seq == ep_ack_no(x) - 1 && t->payload_len <= 1;

	if ((t->flags & TCP_RST) != 0) {
		drop(r, a, DROP_SEG_RST_OUTSIDE);
		return;
	}
	x->last_rx_ms = r->now_ms;
	x->n_ka = 0;
	if (asks)
		keepalive_input(r, f, a->from);
	if (seq_le(end, x->rx.rcv_nxt)) {
		/* an old ACK is answered within limits: two ends must not tell each other for ever */
		if (!asks && t->payload_len == 0 && (t->flags & TCP_FIN) == 0) {
			ack_challenge(r, f, a->from);
			drop(r, a, DROP_SEG_DUPLICATE);
			return;
		}
		if (t->payload_len > 0) {
			count(r, STAT_DUP_IN, 1);
			flow_counts(r, f)->side[a->from].dup_in++;
			x->rx.dsack_l = t->seq;
			x->rx.dsack_r = end;
		}
		x->rx.ack_due = ACK_NOW;
		mark_dirty(r, f);
		drop(r, a, DROP_SEG_DUPLICATE);
		return;
	}
	ack_challenge(r, f, a->from);
	drop(r, a, DROP_SEG_WINDOW);
}

/* The part of the payload that lies in the window and before a known FIN. false: none does. */
static bool trim(const struct endpoint *x, const struct frame *t, uint32_t *skip, uint32_t *len)
{
	uint32_t right = x->rx.rcv_adv;

	*skip = seq_lt(t->seq, x->rx.rcv_nxt) ? x->rx.rcv_nxt - t->seq : 0;
	if ((x->flags & EP_FIN_KNOWN) != 0)
		right = seq_min(right, x->rx.fin_seq);
	if (*skip >= t->payload_len || seq_ge(t->seq + *skip, right))
		return false;
	*len = t->payload_len - *skip;
	if (*len > right - (t->seq + *skip))
		*len = right - (t->seq + *skip);
	return true;
}

/* Where the last out-of-order segment ends; rcv_nxt when there is none. */
static uint32_t ooo_end(const struct relay *r, const struct endpoint *x)
{
	return x->rx.ooo_tail == SEG_NONE ? x->rx.rcv_nxt : seg_end(&r->segs[x->rx.ooo_tail]);
}

static void fin_check(struct relay *r, struct flow *f, struct arrival *a)
{
	const struct frame *t = a->f;
	struct endpoint *x = &f->ep[a->from];
	const uint32_t at = t->seq + t->payload_len;

	if ((t->flags & TCP_FIN) == 0 || seq_gt(at, x->rx.rcv_adv))
		return;
	if ((x->flags & EP_FIN_KNOWN) != 0) {
		if (at != x->rx.fin_seq)
			r->counters.drop[DROP_SEG_FIN_MOVED]++;
		else if (x->rx.rx_state == RX_FIN_SEEN)
			return; /* acknowledged when the other end has it */
		else if (x->rx.rx_state == RX_FIN_ACKED)
			x->rx.ack_due = ACK_NOW; /* that ACK was lost */
		return;
	}
	if (seq_lt(at, x->rx.rcv_nxt) || seq_lt(at, ooo_end(r, x))) {
		r->counters.drop[DROP_SEG_FIN_MOVED]++; /* before what was already accepted */
		return;
	}
	x->flags |= EP_FIN_KNOWN;
	x->rx.fin_seq = at;
	if (at == x->rx.rcv_nxt)
		fin_input(r, f, a->from);
	else
		x->rx.ack_due = ACK_NOW;
}

static void data_input(struct relay *r, struct flow *f, struct arrival *a)
{
	const struct frame *t = a->f;
	struct endpoint *x = &f->ep[a->from];
	uint32_t skip = 0, len = 0;

	if (t->payload_len == 0)
		return;
	if (!trim(x, t, &skip, &len)) {
		r->counters.drop[(x->flags & EP_FIN_KNOWN) != 0 && seq_ge(t->seq, x->rx.fin_seq)
						? DROP_SEG_AFTER_FIN
						: DROP_SEG_WINDOW]++;
		x->rx.ack_due = ACK_NOW;
		return;
	}
	if (skip > 0) { /* RFC 2883: the part that came twice is told */
		x->rx.dsack_l = t->seq;
		x->rx.dsack_r = t->seq + skip;
		x->rx.ack_due = ACK_NOW;
	}
	if (skip + len < t->payload_len && (x->flags & EP_FIN_KNOWN) != 0)
		r->counters.drop[DROP_SEG_AFTER_FIN]++;
	payload_input(r, f, a, t->seq + skip, skip, len);
}

static void alive(struct relay *r, struct flow *f, struct arrival *a)
{
	struct endpoint *x = &f->ep[a->from];

	x->last_rx_ms = r->now_ms;
	x->n_ka = 0;
	f->last_ms = r->now_ms;
	x->tos = a->f->tos & 0xfc; /* DSCP may change in mid-stream; never ECT */
	learn_l2(f, a);
	if ((x->flags & EP_TS) != 0 && a->opt.has_ts && seq_le(a->f->seq, x->rx.last_ack) &&
			(int32_t)(a->opt.tsval - x->ts_recent) >= 0)
		x->ts_recent = a->opt.tsval;
}

/* true: the segment was disposed of. */
static bool refuse_early(struct relay *r, struct flow *f, struct arrival *a)
{
	const struct frame *t = a->f;
	struct endpoint *x = &f->ep[a->from];
	const uint32_t space = t->payload_len + ((t->flags & TCP_FIN) != 0);

	if ((t->flags & (TCP_ACK | TCP_RST | TCP_SYN)) == 0) {
		drop(r, a, DROP_TCP_FLAGS);
		return true;
	}
	if ((t->flags & TCP_RST) != 0) {
		rst_input(r, f, a->from);
		drop(r, a, DROP_NONE);
		return true;
	}
	if ((t->flags & TCP_SYN) != 0) {
		ack_challenge(r, f, a->from);
		drop(r, a, DROP_SEG_SYN_CHALLENGED);
		return true;
	}
	if (!ack_is_acceptable(x, t->ack)) {
		ack_challenge(r, f, a->from);
		drop(r, a, DROP_SEG_ACK);
		return true;
	}
	if (is_on_fin(x, t, space) ||
			(!seq_is_acceptable(x, t->seq, space) && t->seq != x->rx.rcv_nxt &&
					!is_after_fin(x, t, space))) {
		unacceptable(r, f, a);
		return true;
	}
	return false;
}

/* RFC 5961 3.2. The decision needs the segment's numbers: rst_input() acts on an accepted one. */
static bool rst_is_exact(struct relay *r, struct flow *f, struct arrival *a)
{
	const struct endpoint *x = &f->ep[a->from];
	const struct frame *t = a->f;

	if (t->seq == x->rx.rcv_nxt ||
			(x->rx.rx_state == RX_FIN_ACKED && t->seq == x->rx.rcv_nxt + 1))
		return true;
	/* an endpoint whose FIN we have but do not acknowledge yet counts it as sent */
	if (x->rx.rx_state == RX_FIN_SEEN && t->seq == x->rx.rcv_nxt + 1)
		return true;
	if (seq_gt(t->seq, x->rx.rcv_nxt) && seq_lt(t->seq, x->rx.rcv_adv)) {
		ack_challenge(r, f, a->from);
		drop(r, a, DROP_SEG_RST_INEXACT);
		return false;
	}
	drop(r, a, DROP_SEG_RST_OUTSIDE);
	return false;
}

void relay_input(struct relay *r, struct flow *f, struct arrival *a)
{
	const struct frame *t = a->f;
	struct endpoint *x = &f->ep[a->from];

	flow_counts(r, f)->side[a->from].rx_pkts++;
	if ((t->flags & TCP_RST) != 0 && ep_is_done(x)) {
		drop(r, a, DROP_SEG_CLOSED); /* closed in good order; the other end is still busy */
		return;
	}
	if ((t->flags & TCP_RST) != 0 && !rst_is_exact(r, f, a))
		return;
	if (paws_fails(x, a)) {
		x->rx.ack_due = ACK_NOW;
		mark_dirty(r, f);
		drop(r, a, DROP_SEG_DUPLICATE);
		return;
	}
	if (refuse_early(r, f, a))
		return;
	if ((t->flags & TCP_URG) != 0 && f->policy->urg == URG_DROP) {
		drop(r, a, DROP_TCP_FLAGS);
		return;
	}
	alive(r, f, a);
	ack_input(r, f, a);
	data_input(r, f, a);
	if (f->state == FLOW_EST || f->state == FLOW_LINGER)
		fin_check(r, f, a);
	mark_dirty(r, f);
	if (a->pkt != NULL)
		drop(r, a, DROP_NONE);
}
