/* SPDX-License-Identifier: Apache-2.0
 * Receive windows (relay.md 2.8): what one direction may queue here, in both queues together. The
 * right edge is never taken back (RFC 9293 3.8.6), and moves in useful steps only (SWS). */
#include "dataplane/tcp/relay_priv.h"

static uint32_t cap_of(const struct endpoint *x)
{
	if ((x->flags & EP_HELD) != 0 && x->rx.rcv_cap < HOLD_CAP)
		return HOLD_CAP;
	return x->rx.rcv_cap;
}

/* The largest that a promise may rest on: a hold's cap counts on after the hold. */
static uint32_t cap_ever(const struct endpoint *x)
{
	return x->rx.rcv_cap > HOLD_CAP ? x->rx.rcv_cap : HOLD_CAP;
}

uint32_t window_limit(const struct flow *f, enum side side)
{
	const struct endpoint *x = &f->ep[side];

	return cap_ever(x) + ROUNDING_DEBT + (1U << x->tx.wscale_out) +
			2U * f->ep[side_other(side)].tx.mss;
}

static uint32_t queued(const struct flow *f, enum side x)
{
	return f->ep[x].rx.in_bytes + f->ep[side_other(x)].tx.sq_bytes;
}

/* The edge that the queues have room for. */
static uint32_t edge_room(const struct flow *f, enum side side)
{
	const struct endpoint *x = &f->ep[side];
	const uint32_t cap = cap_of(x);
	const uint32_t used = queued(f, side);
	const uint32_t room = cap > used ? cap - used : 0;
	/* what the field cannot say is no gain: else each byte delivered would be worth an ACK */
	const uint32_t field_max = (uint32_t)UINT16_MAX << x->tx.wscale_out;

	return x->rx.rcv_nxt + (room < field_max ? room : field_max);
}

/* The edge that X would be promised now: at least the one it was promised. */
static uint32_t edge_of(const struct flow *f, enum side side)
{
	const struct endpoint *x = &f->ep[side];
	const uint32_t cap = cap_of(x);
	const uint32_t mss = f->ep[side_other(side)].tx.mss;
	/* an inspector that waits for more gets the last bytes too, in however small steps */
	const uint32_t step = x->rx.in_need > x->rx.in_bytes ? 1 : mss < cap / 2 ? mss : cap / 2;
	const uint32_t edge = edge_room(f, side);

	return seq_ge(edge, x->rx.rcv_adv + step) ? edge : x->rx.rcv_adv;
}

static void zero_window_note(struct relay *r, struct flow *f, enum side side, bool is_zero)
{
	struct endpoint *x = &f->ep[side];

	if (is_zero && x->zero_since_ms == 0) {
		x->zero_since_ms = r->now_ms | 1;
		count(r, STAT_ZERO_WINDOW_OUT, 1);
	} else if (!is_zero && x->zero_since_ms != 0) {
		flow_counts(r, f)->side[side].zero_window_ms += r->now_ms - x->zero_since_ms;
		x->zero_since_ms = 0;
	}
}

uint16_t window_field(struct relay *r, struct flow *f, enum side side)
{
	struct endpoint *x = &f->ep[side];
	const uint32_t ack = ep_ack_no(x);
	const uint32_t edge = edge_of(f, side);
	uint32_t wnd = seq_gt(edge, ack) ? edge - ack : 0;
	const uint8_t shift = x->tx.wscale_out;
	uint32_t field = wnd >> shift;

	/* Rounding down must not take back what was promised (RFC 7323 2.4). Rounding up, again and
	 * again while nothing drains, adds up: beyond some debt, less than one step is taken back. */
	if (seq_lt(ack + (field << shift), x->rx.rcv_adv) &&
			x->rx.rcv_adv - x->rx.rcv_nxt + queued(f, side) <=
					cap_ever(x) + ROUNDING_DEBT)
		field++;
	if (field > UINT16_MAX)
		field = UINT16_MAX;
	x->rx.rcv_adv = seq_max(x->rx.rcv_adv, ack + (field << shift));
	zero_window_note(r, f, side, field == 0);
	return (uint16_t)field;
}

void window_autotune(struct relay *r, struct flow *f, enum side side)
{
	struct endpoint *x = &f->ep[side];
	const struct endpoint *y = ep_other(f, side);
	const uint32_t most = flow_cap_max(f);
	const uint32_t unsent = y->tx.sq_bytes > y->tx.pipe ? y->tx.sq_bytes - y->tx.pipe : 0;
	/* the far end's round trip, whichever that is: what is in flight to it is queued here, too */
	const uint32_t rtt = x->rec.srtt_us > y->rec.srtt_us ? x->rec.srtt_us : y->rec.srtt_us;

	if (now_us32(r) - x->rx.drs_us < rtt)
		return;
	/* X has sent half of what it may in a round trip, and it is not the other end that is slow */
	if (x->rx.rcv_nxt - x->rx.drs_seq >= x->rx.rcv_cap / 2 &&
			x->rx.in_bytes + unsent <= x->rx.rcv_cap / 2 && x->rx.rcv_cap < most &&
			r->pressure == PRESSURE_GREEN)
		x->rx.rcv_cap = x->rx.rcv_cap * 2 < most ? x->rx.rcv_cap * 2 : most;
	x->rx.drs_us = now_us32(r);
	x->rx.drs_seq = x->rx.rcv_nxt;
}

void window_drained(struct relay *r, struct flow *f, enum side side)
{
	struct endpoint *x = &f->ep[side];
	const uint32_t open = x->rx.rcv_adv - x->rx.rcv_nxt;
	const uint32_t gain = edge_of(f, side) - x->rx.rcv_adv;

	if (gain == 0 || x->rx.rx_state != RX_OPEN)
		return;
	if (open < f->ep[side_other(side)].tx.mss ||
			(open < x->rx.rcv_cap / 4 && gain >= x->rx.rcv_cap / 4)) {
		x->rx.ack_due = ACK_NOW;
		mark_dirty(r, f);
	}
}
