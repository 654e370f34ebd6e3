/* SPDX-License-Identifier: Apache-2.0
 * The cheap modes. WIRE forwards frames untouched. XLATE shifts numbers by a constant and touches
 * nothing else. DRAIN is the way there from RELAY without waiting for silence (relay.md 2.6): what
 * was acknowledged here is still delivered from here, all that is later goes from end to end. */
#include "dataplane/net/cksum.h"
#include "dataplane/tcp/relay_priv.h"
#include "parsers/base/bytes.h"

#include <string.h>

enum {
	RST_LINGER_MS = 2000,
	FIN_LINGER_MS = 120000, /* a lost last ACK: FINs come again at the sender's own pace */
};

/* What passes is not ours to answer, but it tells when the conversation is over. Only an RST at the
 * number that its sender had reached counts, and only a FIN that continues it: a stranger's does not.
 * ep.rcv_nxt is the end of what has passed from that side. */
static bool passing_exact(const struct endpoint *x, const struct arrival *a)
{
	const struct frame *t = a->f;

	if ((t->flags & TCP_RST) != 0)
		return t->seq == x->rx.rcv_nxt;
	return seq_le(t->seq, x->rx.rcv_nxt) && seq_ge(t->seq + t->payload_len + 1, x->rx.rcv_nxt);
}

/* Over, but for what may still come: stands with the closed flows, which are evicted first. */
static void passing_closed(struct relay *r, struct flow *f)
{
	if (f->pending_end == END_NONE || f->state != FLOW_EST)
		return;
	f->state = FLOW_TIME_WAIT;
	flow_list_add(r, &r->closed, f);
}

static void passing_revive(struct relay *r, struct flow *f)
{
	f->pending_end = END_NONE;
	f->flags &= (uint8_t) ~(FLOW_SAW_FIN_AGENT | FLOW_SAW_FIN_PROD);
	if (f->state != FLOW_TIME_WAIT)
		return;
	flow_list_remove(r, &r->closed, f);
	f->state = FLOW_EST;
}

static void passing_ends(struct relay *r, struct flow *f, enum end_reason why, uint32_t in_ms)
{
	f->pending_end = (uint8_t)why;
	f->state_at_ms = r->now_ms + in_ms;
	if (f->mode != MODE_DRAIN)
		passing_closed(r, f);
	mark_dirty(r, f);
}

static void passing_close(struct relay *r, struct flow *f, const struct arrival *a)
{
	const uint8_t both = FLOW_SAW_FIN_AGENT | FLOW_SAW_FIN_PROD;
	const uint8_t flags = a->f->flags;

	if ((flags & TCP_RST) != 0)
		passing_ends(r, f, a->from == SIDE_AGENT ? END_RST_AGENT : END_RST_PROD,
				RST_LINGER_MS);
	if ((flags & TCP_FIN) == 0)
		return;
	f->flags |= a->from == SIDE_AGENT ? FLOW_SAW_FIN_AGENT : FLOW_SAW_FIN_PROD;
	if ((f->flags & both) == both)
		passing_ends(r, f, END_FIN, FIN_LINGER_MS);
}

/* Called for every segment that passes, before it is sent on. */
static void passing_note(struct relay *r, struct flow *f, const struct arrival *a)
{
	struct endpoint *x = &f->ep[a->from];
	const struct frame *t = a->f;
	const uint32_t end = t->seq + t->payload_len + ((t->flags & (TCP_SYN | TCP_FIN)) != 0);

	if ((t->flags & (TCP_RST | TCP_FIN)) != 0 && passing_exact(x, a))
		passing_close(r, f, a);
	else if (f->pending_end == END_FIN)
		f->state_at_ms = r->now_ms + FIN_LINGER_MS; /* somebody goes on */
	else if (f->pending_end != END_NONE && t->payload_len > 0)
		passing_revive(r, f); /* the RST was a stranger's */
	if (x->seen == PASSED_NONE || (f->mode == MODE_WIRE && (t->flags & TCP_SYN) != 0) ||
			seq_gt(end, x->rx.rcv_nxt))
		x->rx.rcv_nxt = end;
	if (x->seen == PASSED_NONE)
		x->seen = PASSED_DATA;
}

static void wire_handshake(struct relay *r, struct flow *f, const struct arrival *a)
{
	const uint8_t flags = a->f->flags & (TCP_SYN | TCP_ACK | TCP_RST);

	if (f->state == FLOW_SYN && a->from != f->initiator && flags == (TCP_SYN | TCP_ACK)) {
		f->state = FLOW_SYNACK;
		f->state_at_ms = r->now_ms + SYNACK_TIMEOUT_MS;
	} else if (f->state == FLOW_SYNACK && a->from == f->initiator && flags == TCP_ACK) {
		flow_embryonic_end(r, f);
		f->state = FLOW_EST;
		count(r, STAT_FLOWS_ESTABLISHED, 1);
		mark_dirty(r, f);
	}
}

/* Has an end answered a SYN that passed? Then the old conversation is over, whatever we saw of it. A
 * stranger's SYN-ACK does not know the number. */
static bool passing_restarts(struct flow *f, const struct arrival *a)
{
	struct endpoint *x = &f->ep[a->from];
	const struct endpoint *y = ep_other(f, a->from);
	const uint8_t flags = a->f->flags & (TCP_SYN | TCP_ACK);

	if (flags == TCP_SYN) {
		x->rx.irs = a->f->seq;
		x->seen = PASSED_SYN;
	}
	return flags == (TCP_SYN | TCP_ACK) && y->seen == PASSED_SYN &&
			a->f->ack - x->tx.delta == y->rx.irs + 1;
}

void wire_input(struct relay *r, struct flow *f, struct arrival *a)
{
	struct flow_counts *c = flow_counts(r, f);

	c->side[a->from].rx_pkts++;
	c->side[a->from].rx_bytes += a->f->payload_len;
	c->side[side_other(a->from)].tx_bytes += a->f->payload_len;
	f->last_ms = r->now_ms;
	if (f->state != FLOW_EST)
		wire_handshake(r, f, a);
	if (passing_restarts(f, a))
		passing_revive(r, f);
	passing_note(r, f, a);
	forward(r, a, STAT_FWD_WIRE);
}

/* Replaces a 32-bit field and carries the difference into <sum>. */
static void put32(uint8_t *at, uint32_t v, uint16_t *sum)
{
	const uint32_t old = load_be32(at);

	if (old == v)
		return;
	*sum = cksum_sub(*sum, (uint16_t)(old >> 16));
	*sum = cksum_sub(*sum, (uint16_t)old);
	*sum = cksum_add(*sum, (uint16_t)(v >> 16));
	*sum = cksum_add(*sum, (uint16_t)v);
	store_be32(at, v);
}

/* Shifts SACK blocks in place. An option at an odd offset is replaced byte-wise: the checksum is
 * then mended by the difference of the bytes in their places. */
static void sack_shift(uint8_t *opts, uint32_t len, uint32_t by, uint16_t *sum)
{
	for (uint32_t i = 0; i + 1 < len && opts[i] != 0;) {
		if (opts[i] == 1) {
			i++;
			continue;
		}
		if (opts[i + 1] < 2 || i + opts[i + 1] > len)
			return;
		if (opts[i] == 5) {
			*sum = cksum_sub(*sum, cksum_sum(opts, len));
			for (uint32_t k = i + 2; k + 4 <= i + opts[i + 1]; k += 4)
				store_be32(opts + k, load_be32(opts + k) + by);
			*sum = cksum_add(*sum, cksum_sum(opts, len));
		}
		i += opts[i + 1];
	}
}

static void translate(struct arrival *a, uint32_t seq, uint32_t ack, uint32_t sack_by)
{
	uint8_t *tcp = pkt_data(a->pkt) + a->f->l4_off;
	uint16_t sum = (uint16_t)~load_be16(tcp + 16);

	put32(tcp + 4, seq, &sum);
	if ((a->f->flags & TCP_ACK) != 0)
		put32(tcp + 8, ack, &sum);
	if (sack_by != 0 && a->f->opt_len > 0)
		sack_shift(tcp + 20, a->f->opt_len, sack_by, &sum);
	store_be16(tcp + 16, (uint16_t)~sum);
}

void xlate_input(struct relay *r, struct flow *f, struct arrival *a)
{
	const uint32_t to_x = f->ep[a->from].tx.delta;
	const uint32_t to_y = ep_other(f, a->from)->tx.delta;
	struct flow_counts *c = flow_counts(r, f);

	if (passing_restarts(f, a)) { /* and this one nobody has judged */
		drop(r, a, DROP_SEG_SYN_STATE);
		flow_end(r, f, END_RESTART);
		flow_free(r, f); /* the SYN that comes again is inspected */
		return;
	}
	c->side[a->from].rx_pkts++;
	c->side[a->from].rx_bytes += a->f->payload_len;
	c->side[side_other(a->from)].tx_bytes += a->f->payload_len;
	f->last_ms = r->now_ms;
	passing_note(r, f, a);
	translate(a, a->f->seq + to_y, a->f->ack - to_x, 0 - to_x);
	forward(r, a, STAT_FWD_XLATE);
}

/* Out-of-order segments at the moment of the switch go on as they are; what is lost of them from
 * here on its own sender repairs. */
static void ooo_forward(struct relay *r, struct flow *f, enum side from)
{
	struct endpoint *x = &f->ep[from];
	struct endpoint *y = ep_other(f, from);

	for (uint32_t i = x->rx.ooo_head; i != SEG_NONE; i = r->segs[i].next) {
		struct seg *s = &r->segs[i];

		s->seq += y->tx.delta;
		if (send_once(r, f, side_other(from), s))
			y->rec.fwd_max = seq_max(y->rec.fwd_max, seg_end(s));
	}
	ooo_release(r, x);
}

/* A FIN that its sender was not told about counts as later: it comes again, end to end. */
static void fin_forget(struct relay *r, struct flow *f, enum side from)
{
	struct endpoint *x = &f->ep[from];
	struct endpoint *y = ep_other(f, from);
	uint32_t before = SEG_NONE;
	uint32_t i = y->tx.sq_head;

	if (x->rx.rx_state == RX_FIN_ACKED)
		return; /* its sender knows: it will not come again, ours stays queued */
	if (x->rx.rx_state == RX_FIN_SEEN)
		x->rx.rx_state = RX_OPEN;
	if (x->rx.rx_state == RX_OPEN)
		x->flags &= (uint8_t)~EP_FIN_KNOWN;
	while (i != SEG_NONE && (r->segs[i].flags & SEG_FIN) == 0) {
		before = i;
		i = r->segs[i].next;
	}
	if (i == SEG_NONE)
		return;
	if (seg_in_flight(&r->segs[i]))
		y->tx.pipe--;
	y->rec.n_lost -= (r->segs[i].flags & SEG_LOST) != 0;
	y->rec.n_sacked -= (r->segs[i].flags & SEG_SACKED) != 0;
	y->rec.n_out -= (r->segs[i].flags & SEG_SENT) != 0;
	if ((r->segs[i].flags & SEG_SENT) != 0)
		y->rec.fwd_max = seq_max(y->rec.fwd_max, seg_end(&r->segs[i]));
	if (y->tx.sq_unsent == i)
		y->tx.sq_unsent = SEG_NONE;
	y->tx.snd_end--;
	y->tx.snd_nxt = seq_min(y->tx.snd_nxt, y->tx.snd_end);
	y->tx.tx_state = TX_OPEN;
	y->tx.sq_tail = before;
	if (before == SEG_NONE)
		y->tx.sq_head = SEG_NONE;
	else
		r->segs[before].next = SEG_NONE;
	seg_release(r, i);
}

void drain_begin(struct relay *r, struct flow *f)
{
	if (f->ep[0].rx.in_bytes > 0 || f->ep[1].rx.in_bytes > 0)
		return; /* a pass wants buffers; comes again */
	if (((f->ep[0].flags | f->ep[1].flags) & EP_CLOSED) != 0)
		return; /* our FIN is none of the far end's: a shift cannot say that; all is passed */
	flow_end_inspection(r, f, END_NONE);
	flow_mode_set(r, f, MODE_DRAIN);
	count(r, STAT_BYPASSES, 1);
	for (int s = 0; s < SIDES; s++) {
		f->ep[s].rec.fwd_max = f->ep[s].tx.snd_end;
		if (f->ep[s].rx.rx_state == RX_FIN_ACKED)
			f->flags |= s == SIDE_AGENT ? FLOW_SAW_FIN_AGENT : FLOW_SAW_FIN_PROD;
	}
	for (int s = 0; s < SIDES; s++) {
		fin_forget(r, f, (enum side)s);
		ooo_forward(r, f, (enum side)s);
	}
	mark_dirty(r, f);
}

void drain_settle(struct relay *r, struct flow *f)
{
	if (f->ep[0].tx.sq_head != SEG_NONE || f->ep[1].tx.sq_head != SEG_NONE)
		return;
	for (int s = 0; s < SIDES; s++) {
		f->ep[s].tx.rtx_kind = RTX_NONE;
		if (f->ep[s].rx.ack_due != ACK_NONE)
			send_ack(r, f, (enum side)s);
		f->ep[s].rx.ack_due = ACK_NONE;
	}
	for (int s = 0; s < SIDES; s++) { /* from here on: the end of what has passed */
		f->ep[s].seen = PASSED_DATA;
		f->ep[s].rx.rcv_nxt = ep_other(f, (enum side)s)->rec.fwd_max -
				ep_other(f, (enum side)s)->tx.delta;
	}
	flow_mode_set(r, f, MODE_XLATE);
	passing_closed(r, f);
	restart_write(r, f);
}

static void drain_rst(struct relay *r, struct flow *f, struct arrival *a)
{
	const struct endpoint *y = ep_other(f, a->from);

	/* exactly behind what has passed, as everywhere (RFC 5961 3.2) */
	if (y->tx.sq_head == SEG_NONE && a->f->seq + y->tx.delta == y->rec.fwd_max) {
		translate(a, a->f->seq + y->tx.delta, a->f->ack - f->ep[a->from].tx.delta, 0);
		flow_end(r, f, a->from == SIDE_AGENT ? END_RST_AGENT : END_RST_PROD);
		forward(r, a, STAT_FWD_XLATE);
		flow_free(r, f);
		return;
	}
	if (a->f->seq == ep_ack_no(&f->ep[a->from]))
		rst_input(r, f, a->from);
	drop(r, a, DROP_NONE);
}

/* The part of the segment at and above the frozen ACK, and ACKs above our own queue's end. */
static void drain_forward(struct relay *r, struct flow *f, struct arrival *a)
{
	struct endpoint *x = &f->ep[a->from];
	struct endpoint *y = ep_other(f, a->from);
	const struct frame *t = a->f;
	const uint32_t frozen_x = ep_ack_no(x), frozen_y = ep_ack_no(y);
	const uint32_t end = t->seq + t->payload_len + ((t->flags & TCP_FIN) != 0);
	/* what straddles the frozen number was judged in part: its sender cuts it and sends it again */
	const bool carries = seq_ge(t->seq, frozen_x) && end != t->seq;
	const uint32_t ack = seq_max(t->ack - x->tx.delta, frozen_y);

	if (!carries && end != t->seq) { /* old: it has not seen our ACK */
		x->rx.ack_due = ACK_NOW;
		drop(r, a, DROP_SEG_DUPLICATE);
		return;
	}
	if (!carries && seq_lt(t->ack - x->tx.delta, frozen_y)) {
		drop(r, a, DROP_NONE); /* it acknowledged our queue only */
		return;
	}
	if (carries)
		y->rec.fwd_max = seq_max(y->rec.fwd_max, end + y->tx.delta);
	if ((t->flags & TCP_FIN) != 0)
		passing_close(r, f, a);
	translate(a, t->seq + y->tx.delta, ack, 0 - x->tx.delta);
	forward(r, a, STAT_FWD_XLATE);
}

void drain_input(struct relay *r, struct flow *f, struct arrival *a)
{
	struct endpoint *x = &f->ep[a->from];
	const struct frame *t = a->f;

	flow_counts(r, f)->side[a->from].rx_pkts++;
	if ((t->flags & TCP_RST) != 0) {
		drain_rst(r, f, a);
		return;
	}
	if ((t->flags & TCP_SYN) != 0) {
		ack_challenge(r, f, a->from);
		drop(r, a, DROP_SEG_SYN_CHALLENGED);
		return;
	}
	if ((t->flags & TCP_ACK) == 0 || seq_lt(t->ack, x->tx.snd_una - x->tx.max_wnd) ||
			seq_gt(t->ack, seq_max(x->tx.snd_nxt, x->rec.fwd_max))) {
		drop(r, a, DROP_SEG_ACK);
		return;
	}
	x->last_rx_ms = f->last_ms = r->now_ms;
	x->n_ka = 0;
	learn_l2(f, a);
	ack_input(r, f, a);
	drain_forward(r, f, a);
	mark_dirty(r, f);
}
