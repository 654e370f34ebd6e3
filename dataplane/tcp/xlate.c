/* SPDX-License-Identifier: Apache-2.0
 * The cheap modes. WIRE forwards frames untouched. XLATE shifts numbers by a constant and touches
 * nothing else. DRAIN is the way there from RELAY without waiting for silence (relay.md 2.6): what
 * was acknowledged here is still delivered from here, all that is later goes from end to end. */
#include "dataplane/net/cksum.h"
#include "dataplane/tcp/relay_priv.h"
#include "parsers/base/bytes.h"

#include <string.h>

enum {
	/* a lost last ACK: FINs come again at the sender's own pace. An RST that its receiver did not
	 * believe: the ends talk on, or ask whether the other lives. */
	PASSING_LINGER_MS = 120000,
	IN_FLIGHT_MS = 1000,      /* what was under way when an RST passed comes within */
	REFUSED_LINGER_MS = 2000, /* an RST that answers a SYN */
	FLOOR_REACH = 1 << 30,    /* the largest window (RFC 7323 2.3) */
};

/* What passes is not ours to answer, but it tells when the conversation is over. Only an RST at the
 * number that its sender had reached counts, and only a FIN that continues it: a stranger's does not.
 * ep.rcv_nxt is the end of what has passed from that side. */
static bool passing_exact(const struct flow *f, const struct arrival *a)
{
	const struct endpoint *x = &f->ep[a->from];
	const uint8_t saw_fin = a->from == SIDE_AGENT ? FLOW_SAW_FIN_AGENT : FLOW_SAW_FIN_PROD;
	const struct frame *t = a->f;

	if (x->seen == PASSED_NONE)
		return true; /* taken up after a restart: there is nothing to compare with */
	if ((t->flags & TCP_RST) !=
			0) /* an end that has closed answers data that knows of no FIN yet */
		return t->seq == x->rx.rcv_nxt ||
				((f->flags & saw_fin) != 0 && t->seq + 1 == x->rx.rcv_nxt);
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

static void passing_ends(struct relay *r, struct flow *f, enum end_reason why)
{
	const bool refused = f->state == FLOW_SYN || f->state == FLOW_SYNACK;

	f->pending_end = (uint8_t)why;
	f->state_at_ms = r->now_ms + (refused ? REFUSED_LINGER_MS : PASSING_LINGER_MS);
	if (f->mode != MODE_DRAIN)
		passing_closed(r, f);
	mark_dirty(r, f);
}

static void passing_fin(struct relay *r, struct flow *f, enum side from)
{
	const uint8_t both = FLOW_SAW_FIN_AGENT | FLOW_SAW_FIN_PROD;

	f->flags |= from == SIDE_AGENT ? FLOW_SAW_FIN_AGENT : FLOW_SAW_FIN_PROD;
	if ((f->flags & both) == both)
		passing_ends(r, f, END_FIN);
}

static void passing_close(struct relay *r, struct flow *f, const struct arrival *a)
{
	const uint8_t flags = a->f->flags;

	if ((flags & TCP_RST) != 0)
		passing_ends(r, f, a->from == SIDE_AGENT ? END_RST_AGENT : END_RST_PROD);
	if ((flags & TCP_FIN) != 0)
		passing_fin(r, f, a->from);
}

/* A FIN that overtook data, which was lost before us, does not come again when its receiver has kept
 * it: that it is acknowledged then says that it was true. */
static void passing_fin_early(struct relay *r, struct flow *f, const struct arrival *a)
{
	struct endpoint *x = &f->ep[a->from], *y = ep_other(f, a->from);
	const struct frame *t = a->f;

	if ((t->flags & TCP_FIN) != 0 && seq_gt(t->seq, x->rx.rcv_nxt)) {
		x->flags |= EP_FIN_KNOWN;
		x->rx.fin_seq = t->seq + t->payload_len;
	}
	if ((y->flags & EP_FIN_KNOWN) == 0 || (t->flags & TCP_ACK) == 0 ||
			t->ack - x->tx.delta != y->rx.fin_seq + 1)
		return;
	y->flags &= (uint8_t)~EP_FIN_KNOWN;
	passing_fin(r, f, side_other(a->from));
}

/* Far behind what passes, the floor says nothing any more: no window reaches so far back. It does not
 * move along, for then a stranger's number could move it in front of what its sender has yet to say. */
static void floor_forget(struct relay *r, struct flow *f, struct endpoint *x)
{
	if (!x->has_floor || (int32_t)(x->rx.rcv_nxt - x->floor) <= FLOOR_REACH)
		return;
	x->has_floor = 0;
	restart_write(r, f);
}

/* Headers of our own to this end, should the flow be cut off, look like the other's. */
static void passing_learn(struct flow *f, const struct arrival *a)
{
	struct endpoint *x = &f->ep[a->from];

	x->ttl = a->f->ttl;
	x->df = a->f->df;
	x->flow_label = a->f->flow_label;
	learn_l2(f, a);
}

/* The RST was a stranger's when its receiver still talks after it must have come. */
static bool passing_goes_on(const struct relay *r, const struct flow *f, const struct frame *t)
{
	const uint32_t left_ms = f->state_at_ms - r->now_ms;

	return f->pending_end != END_NONE && (t->flags & TCP_RST) == 0 &&
			left_ms < PASSING_LINGER_MS - IN_FLIGHT_MS;
}

/* Called for every segment that passes, before it is sent on. */
static void passing_note(struct relay *r, struct flow *f, const struct arrival *a)
{
	struct endpoint *x = &f->ep[a->from];
	const struct frame *t = a->f;
	const uint32_t end = t->seq + t->payload_len + ((t->flags & (TCP_SYN | TCP_FIN)) != 0);

	if ((t->flags & (TCP_RST | TCP_FIN)) != 0 && passing_exact(f, a))
		passing_close(r, f, a);
	else if (f->pending_end == END_FIN)
		f->state_at_ms = r->now_ms + PASSING_LINGER_MS; /* somebody goes on */
	else if (passing_goes_on(r, f, t))
		passing_revive(r, f);
	passing_fin_early(r, f, a);
	if (x->seen == PASSED_NONE || (f->mode == MODE_WIRE && (t->flags & TCP_SYN) != 0) ||
			((t->flags & TCP_RST) == 0 && seq_gt(end, x->rx.rcv_nxt)))
		x->rx.rcv_nxt = end;
	if (x->l2_len == 0)
		passing_learn(f, a);
	if (x->seen == PASSED_NONE)
		x->seen = PASSED_DATA;
	floor_forget(r, f, x);
}

/* What passed from either end tells the numbers that the other expects. An end that has said nothing
 * since a restart is answered when it does. */
void passing_abort(struct relay *r, struct flow *f)
{
	passing_revive(r, f);
	restart_clear(r, f);
	flow_mode_set(r, f, MODE_DENY);
	flow_dead(r, f);
	for (int s = 0; s < SIDES; s++) {
		struct endpoint *x = &f->ep[s];
		const struct endpoint *y = ep_other(f, (enum side)s);

		x->tx.snd_nxt = y->rx.rcv_nxt + x->tx.delta;
		x->tx.tx_state = TX_RST_SENT;
		if (y->seen != PASSED_NONE)
			rst_now(r, f, (enum side)s);
	}
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

/* How much of a segment lies before the switch: its sender has missed our ACK. What was judged of it
 * may have been replaced, so it does not pass again. What the other end answers to the rest, be it
 * nothing but an ACK, tells the sender where the two are. */
static uint32_t xlate_repeated(const struct endpoint *x, const struct frame *t)
{
	if (t->payload_len == 0 || !x->has_floor || !seq_lt(t->seq, x->floor))
		return 0;
	return x->floor - t->seq < t->payload_len ? x->floor - t->seq : t->payload_len;
}

void xlate_input(struct relay *r, struct flow *f, struct arrival *a)
{
	const uint32_t to_x = f->ep[a->from].tx.delta;
	const uint32_t to_y = ep_other(f, a->from)->tx.delta;
	const uint32_t repeated = xlate_repeated(&f->ep[a->from], a->f);
	struct flow_counts *c = flow_counts(r, f);

	if (passing_restarts(f, a)) { /* and this one nobody has judged */
		rst_reply(r, a);      /* or the server's answer would come again, to nobody */
		drop(r, a, DROP_SEG_SYN_STATE);
		flow_end(r, f, END_RESTART);
		flow_free(r, f); /* the SYN that comes again is inspected */
		return;
	}
	if ((a->f->flags & TCP_SYN) != 0 && a->f->payload_len > 0) {
		drop(r, a, DROP_SEG_SYN_DATA); /* sent again without: RFC 7413 4.2.1 */
		return;
	}
	c->side[a->from].rx_pkts++;
	c->side[a->from].rx_bytes += a->f->payload_len;
	c->side[side_other(a->from)].tx_bytes += a->f->payload_len;
	f->last_ms = r->now_ms;
	passing_note(r, f, a);
	if (repeated > 0) {
		count(r, STAT_DUP_IN, 1);
		rest_onward(r, a, repeated, a->f->seq + repeated + to_y, a->f->ack - to_x);
		return;
	}
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
		f->ep[s].floor = ep_ack_no(&f->ep[s]);
		f->ep[s].has_floor = 1;
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
