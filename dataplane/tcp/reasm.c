/* SPDX-License-Identifier: Apache-2.0
 * Payload into order. Every byte position is decided once, by the first copy accepted; the other
 * end only ever sees that copy (relay.md 2.5). */
#include "dataplane/net/cksum.h"
#include "dataplane/tcp/relay_priv.h"
#include "parsers/base/must.h"

#include <string.h>

/* The sum of a part of the arrival's payload, from the whole's where that is cheaper. */
static uint16_t part_sum(const struct arrival *a, uint32_t skip, uint32_t len)
{
	const uint8_t *bytes = a->f->bytes + a->f->payload_off;

	return skip == 0 && len == a->f->payload_len ? a->sum : cksum_sum(bytes + skip, len);
}

/* Takes the arrival's packet into a new segment; a small payload may be copied out of it. */
static uint32_t take(struct relay *r, struct arrival *a, uint32_t seq, uint32_t skip, uint32_t len)
{
	const uint32_t i = seg_new(r);
	struct seg *s;

	if (i == SEG_NONE)
		return SEG_NONE;
	s = &r->segs[i];
	s->seq = seq;
	s->sum = part_sum(a, skip, len);
	if ((a->f->flags & TCP_PSH) != 0 && skip + len == a->f->payload_len)
		s->flags |= SEG_PSH;
	seg_attach(r, i, a->pkt, pkt_off(a->pkt) + a->f->payload_off + skip, len);
	a->pkt = NULL;
	if (r->conf.retain_rx_pkts != 0 && r->kept_full > r->conf.retain_rx_pkts)
		seg_shrink(r, i); /* reception comes before keeping */
	return i;
}

static void accepted(struct relay *r, struct flow *f, enum side from, uint32_t len)
{
	struct endpoint *x = &f->ep[from];
	struct flow_counts *c = flow_counts(r, f);
	uint32_t queued;

	x->rx.rcv_nxt += len;
	x->rx.in_bytes += len;
	x->flags |= EP_INSPECT;
	queued = x->rx.in_bytes + ep_other(f, from)->tx.sq_bytes;
	if (queued > c->side[from].peak_bytes)
		c->side[from].peak_bytes = queued;
	c->side[from].rx_bytes += len;
	count(r, STAT_SEGS_IN, 1);
	count(r, STAT_BYTES_IN, len);
}

static void in_append(struct relay *r, struct endpoint *x, uint32_t i)
{
	r->segs[i].next = SEG_NONE;
	if (x->rx.in_head == SEG_NONE)
		x->rx.in_head = i;
	else
		r->segs[x->rx.in_tail].next = i;
	x->rx.in_tail = i;
}

/* Thrown away: the direction was closed or denied; its sender is told that all is well. */
static bool discards(struct relay *r, struct endpoint *x, uint32_t len)
{
	if ((x->flags & (EP_DISCARD | EP_CLOSED)) == 0)
		return false;
	x->rx.rcv_nxt += len;
	x->rx.ack_due = ACK_NOW;
	r->counters.drop[DROP_SEG_DENIED]++;
	return true;
}

/* Out-of-order segments that have become the next ones. They do not overlap: see ooo_insert(). */
static void ooo_drain(struct relay *r, struct flow *f, enum side from)
{
	struct endpoint *x = &f->ep[from];

	while (x->rx.ooo_head != SEG_NONE && r->segs[x->rx.ooo_head].seq == x->rx.rcv_nxt) {
		const uint32_t i = x->rx.ooo_head;
		const uint32_t len = r->segs[i].len;

		x->rx.ooo_head = r->segs[i].next;
		if (x->rx.ooo_head == SEG_NONE)
			x->rx.ooo_tail = SEG_NONE;
		x->rx.ooo_n--;
		if (discards(r, x, len)) {
			seg_release(r, i);
			continue;
		}
		in_append(r, x, i);
		accepted(r, f, from, len);
	}
}

void ooo_release(struct relay *r, struct endpoint *x)
{
	seg_list_release(r, x->rx.ooo_head);
	x->rx.ooo_head = x->rx.ooo_tail = SEG_NONE;
	x->rx.ooo_n = 0;
}

static void ack_policy(struct relay *r, struct flow *f, enum side from, uint32_t len)
{
	struct endpoint *x = &f->ep[from];
	const uint32_t mss = ep_other(f, from)->tx.mss;

	if (len >= mss / 2 && x->rx.mss_seen < 2)
		x->rx.mss_seen++;
	if (x->rx.mss_seen >= 2) {
		x->rx.ack_due = ACK_NOW;
	} else if (x->rx.ack_due == ACK_NONE) {
		x->rx.ack_due = ACK_DELAYED;
		x->rx.ack_at_ms = r->now_ms + ACK_DELAY_MS;
	}
}

static void in_order(struct relay *r, struct flow *f, struct arrival *a, uint32_t seq,
		uint32_t skip, uint32_t len)
{
	struct endpoint *x = &f->ep[a->from];
	const bool had_hole = x->rx.ooo_head != SEG_NONE;
	const uint8_t *bytes = a->f->bytes + a->f->payload_off + skip;
	uint32_t i;

	ack_policy(r, f, a->from, len);
	if (had_hole)
		x->rx.ack_due = ACK_NOW;
	if (!discards(r, x, len)) {
		/* what waits for a verdict is packed: a flood of tiny segments costs what it carries */
		if (x->rx.in_head == SEG_NONE || len >= SMALL_PAYLOAD ||
				!seg_append(r, x->rx.in_tail, bytes, len, part_sum(a, skip, len))) {
			i = take(r, a, seq, skip, len);
			if (i == SEG_NONE) {
				drop(r, a, DROP_LIMIT_BUFFERS);
				return;
			}
			in_append(r, x, i);
		} else if ((a->f->flags & TCP_PSH) != 0 && skip + len == a->f->payload_len) {
			r->segs[x->rx.in_tail].flags |= SEG_PSH;
		}
		accepted(r, f, a->from, len);
		window_autotune(r, f, a->from);
	}
	if (had_hole)
		ooo_drain(r, f, a->from);
	/* a FIN that came before its turn */
	if ((x->flags & EP_FIN_KNOWN) != 0 && x->rx.rcv_nxt == x->rx.fin_seq &&
			x->rx.rx_state == RX_OPEN)
		fin_input(r, f, a->from);
}

/* Do the bytes that both have say the same? */
static bool overlap_differs(const struct relay *r, const struct seg *s, const struct arrival *a,
		uint32_t seq, uint32_t skip, uint32_t len)
{
	const uint8_t *bytes = a->f->bytes + a->f->payload_off + skip;
	const uint32_t left = seq_max(s->seq, seq);
	const uint32_t right = seq_min(seg_end(s), seq + len);

	(void)r;
	if (!seq_lt(left, right))
		return false;
	return memcmp(seg_bytes(s) + (left - s->seq), bytes + (left - seq), right - left) != 0;
}

static void overlap_note(struct relay *r, struct flow *f, enum side from)
{
	r->counters.drop[DROP_SEG_OVERLAP_DIFFERS]++;
	flow_counts(r, f)->side[from].overlap_mismatch++;
	if (f->policy->rst_on_overlap_mismatch)
		flow_abort(r, f, END_DENIED);
}

/* Finds where [seq, seq + len) goes and cuts off what is already there. *len 0: all of it is.
 * A segment that would cover several holes keeps only the part before the next queued one; the rest
 * comes again. Returns the segment before, SEG_NONE for the head. */
static uint32_t ooo_place(struct relay *r, struct flow *f, struct arrival *a, uint32_t *seq,
		uint32_t *skip, uint32_t *len)
{
	const struct endpoint *x = &f->ep[a->from];
	uint32_t before = SEG_NONE;
	bool differs = false;

	if (x->rx.ooo_tail != SEG_NONE && seq_ge(*seq, seg_end(&r->segs[x->rx.ooo_tail])))
		return x->rx.ooo_tail; /* behind all of them: the usual case */
	for (uint32_t i = x->rx.ooo_head; i != SEG_NONE; i = r->segs[i].next) {
		const struct seg *s = &r->segs[i];

		if (seq_ge(s->seq, *seq + *len))
			break;
		differs = differs || overlap_differs(r, s, a, *seq, *skip, *len);
		if (seq_le(s->seq, *seq)) {
			const uint32_t cut = seq_gt(seg_end(s), *seq) ? seg_end(s) - *seq : 0;

			before = i;
			if (cut >= *len) {
				*len = 0;
				break;
			}
			*seq += cut;
			*skip += cut;
			*len -= cut;
			continue;
		}
		*len = s->seq - *seq; /* stop before the next one */
		break;
	}
	if (differs)
		overlap_note(r, f, a->from);
	return before;
}

/* As long as every run fits into one option, one ACK a burst tells all. Else each arrival is told at
 * once (RFC 5681 4.2): a run that is told of late looks to its sender like a long round trip. */
static bool sack_tells_all(const struct relay *r, const struct endpoint *x)
{
	uint32_t n_runs = 0, end = x->rx.rcv_nxt;

	for (uint32_t i = x->rx.ooo_head; i != SEG_NONE && n_runs <= 3; i = r->segs[i].next) {
		n_runs += r->segs[i].seq != end;
		end = seg_end(&r->segs[i]);
	}
	return n_runs <= 3;
}

static void ooo_insert(struct relay *r, struct flow *f, struct arrival *a, uint32_t seq,
		uint32_t skip, uint32_t len)
{
	struct endpoint *x = &f->ep[a->from];
	const uint32_t max = r->pressure >= PRESSURE_RED ? 0
			: r->pressure == PRESSURE_YELLOW ? OOO_MAX_YELLOW
							 : OOO_MAX;
	const uint32_t left = seq, right = seq + len;
	uint32_t before, i;

	x->rx.ack_due = ACK_NOW;
	x->rx.ooo_last = seq;
	before = ooo_place(r, f, a, &seq, &skip, &len);
	if (f->state != FLOW_EST && f->state != FLOW_LINGER)
		return;
	if (len == 0) {
		count(r, STAT_DUP_IN, 1);
		flow_counts(r, f)->side[a->from].dup_in++;
		x->rx.dsack_l = left;
		x->rx.dsack_r = right;
		drop(r, a, DROP_SEG_DUPLICATE);
		return;
	}
	if (x->rx.ooo_n >= max) {
		drop(r, a, DROP_LIMIT_OOO);
		return;
	}
	i = take(r, a, seq, skip, len);
	if (i == SEG_NONE) {
		drop(r, a, DROP_LIMIT_BUFFERS);
		return;
	}
	r->segs[i].next = before == SEG_NONE ? x->rx.ooo_head : r->segs[before].next;
	if (before == SEG_NONE)
		x->rx.ooo_head = i;
	else
		r->segs[before].next = i;
	if (r->segs[i].next == SEG_NONE)
		x->rx.ooo_tail = i;
	if (len < SMALL_PAYLOAD)
		seg_shrink(r, i); /* it may wait for long: let it cost what it carries */
	x->rx.ooo_n++;
	x->rx.ooo_last = seq;
	count(r, STAT_OOO_IN, 1);
	flow_counts(r, f)->side[a->from].ooo_in++;
	if (!sack_tells_all(r, x))
		send_ack(r, f, a->from);
}

/* A retransmission that fills a hole may reach into what is queued behind it: the queued copy came
 * first and stays. */
static void cut_at_ooo(struct relay *r, struct flow *f, struct arrival *a, uint32_t seq,
		uint32_t skip, uint32_t *len)
{
	const struct endpoint *x = &f->ep[a->from];

	if (x->rx.ooo_head == SEG_NONE)
		return;
	for (uint32_t i = x->rx.ooo_head; i != SEG_NONE; i = r->segs[i].next) {
		if (seq_ge(r->segs[i].seq, seq + *len))
			break;
		if (overlap_differs(r, &r->segs[i], a, seq, skip, *len)) {
			overlap_note(r, f, a->from);
			break;
		}
	}
	if (x->rx.ooo_head == SEG_NONE)
		return; /* the mismatch has ended the flow */
	if (seq_lt(r->segs[x->rx.ooo_head].seq, seq + *len))
		*len = r->segs[x->rx.ooo_head].seq - seq;
}

void payload_input(struct relay *r, struct flow *f, struct arrival *a, uint32_t seq, uint32_t skip,
		uint32_t len)
{
	if (seq != f->ep[a->from].rx.rcv_nxt) {
		ooo_insert(r, f, a, seq, skip, len);
		return;
	}
	if (f->ep[a->from].rx.in_bytes + ep_other(f, a->from)->tx.sq_bytes + len >
			window_limit(f, a->from)) {
		/* rounded edges add up when nothing drains: what is promised is then not kept */
		f->ep[a->from].rx.ack_due = ACK_NOW;
		drop(r, a, DROP_LIMIT_QUEUE);
		return;
	}
	cut_at_ooo(r, f, a, seq, skip, &len);
	if (f->state == FLOW_EST || f->state == FLOW_LINGER)
		in_order(r, f, a, seq, skip, len);
}
