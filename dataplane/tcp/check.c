/* SPDX-License-Identifier: Apache-2.0
 * The invariants that can be seen from inside (relay.md 3). Walks everything: for tests. */
#include "dataplane/tcp/relay_priv.h"

/* Sums of one list, against what the endpoint believes of it. */
struct list_sum {
	uint32_t n, bytes, pipe, lost, sacked, sent, last;
	uint64_t true_bytes;
	uint32_t end;
	bool ordered;
};

static struct list_sum list_sum(const struct relay *r, uint32_t head)
{
	struct list_sum s = { .ordered = true, .last = SEG_NONE };

	for (uint32_t i = head; i != SEG_NONE; i = r->segs[i].next) {
		const struct seg *g = &r->segs[i];

		if (s.n > 0 && seq_lt(g->seq, s.end))
			s.ordered = false;
		s.n++;
		s.bytes += g->len;
		s.pipe += seg_in_flight(g) ? seg_space(g) : 0;
		s.lost += (g->flags & SEG_LOST) != 0;
		s.sent += (g->flags & SEG_SENT) != 0;
		s.sacked += (g->flags & SEG_SACKED) != 0;
		s.true_bytes += g->true_size;
		s.end = seg_end(g);
		s.last = i;
	}
	return s;
}

static const char *out_check(const struct endpoint *x, const struct list_sum *q)
{
	if (q->bytes != x->tx.sq_bytes)
		return "I7 out-queue bytes differ from their sum";
	if (q->pipe != x->tx.pipe)
		return "I7 bytes in flight differ from their sum";
	if (q->lost != x->rec.n_lost || q->sacked != x->rec.n_sacked || q->sent != x->rec.n_out)
		return "I7 scoreboard counts differ from the flags";
	if (!q->ordered)
		return "I5 out-queue out of order";
	if (q->n > 0 && q->end != x->tx.snd_end)
		return "I1 out-queue does not end at snd_end";
	if (seq_lt(x->tx.snd_nxt, x->tx.snd_una))
		return "I3 snd_nxt before snd_una";
	return NULL;
}

/* What was judged of one end, shifted by what was put in and taken out, is what is queued so far. */
static const char *delta_check(const struct flow *f, enum side from)
{
	const struct endpoint *x = &f->ep[from];
	const struct endpoint *y = &f->ep[side_other(from)];
	const uint32_t end = y->tx.snd_end - (y->tx.tx_state != TX_OPEN);

	if (f->state != FLOW_EST || f->mode != MODE_RELAY ||
			(x->flags & (EP_CLOSED | EP_DISCARD)) != 0)
		return NULL;
	return ep_judged(x) + y->tx.delta == end ? NULL
						 : "I1 the shift differs from the queues' ends";
}

static const char *stall_check(const struct flow *f, const struct endpoint *x)
{
	if (f->state != FLOW_EST || f->mode != MODE_RELAY || (f->flags & FLOW_DIRTY) != 0)
		return NULL;
	if (x->tx.sq_head != SEG_NONE && x->tx.rtx_kind == RTX_NONE && f->retry_at_ms == 0)
		return "I8 queued data without a timer";
	if (x->rx.ack_due == ACK_NOW && f->retry_at_ms == 0)
		return "I8 an ACK that is due and will not be sent";
	return NULL;
}

static const char *endpoint_check(const struct relay *r, const struct flow *f, enum side s,
		uint64_t *true_bytes, uint32_t *n_segs)
{
	const struct endpoint *x = &f->ep[s];
	const struct list_sum in = list_sum(r, x->rx.in_head);
	const struct list_sum out = list_sum(r, x->tx.sq_head);
	const struct list_sum ooo = list_sum(r, x->rx.ooo_head);
	const char *bad;

	*true_bytes += in.true_bytes + out.true_bytes + ooo.true_bytes;
	*n_segs += in.n + out.n + ooo.n;
	if (in.bytes != x->rx.in_bytes)
		return "I7 in-queue bytes differ from their sum";
	if (ooo.n != x->rx.ooo_n || ooo.last != x->rx.ooo_tail || !ooo.ordered)
		return "I7 out-of-order queue inconsistent";
	if (ooo.n > 0 && seq_le(r->segs[x->rx.ooo_head].seq, x->rx.rcv_nxt))
		return "I9 next segment left in the out-of-order queue";
	if (f->state == FLOW_EST && f->mode == MODE_RELAY && seq_gt(x->rx.rcv_nxt, x->rx.rcv_adv))
		return "I4 more accepted than promised";
	bad = delta_check(f, s);
	if (bad != NULL)
		return bad;
	bad = out_check(x, &out);
	return bad != NULL ? bad : stall_check(f, x);
}

const char *relay_check(const struct relay *r)
{
	uint64_t true_bytes = 0;
	uint32_t n_segs = 0, n_flows = 0;

	for (uint32_t i = 0; i < r->conf.max_flows; i++) {
		const struct flow *f = &r->flows[i];

		if (f->state == FLOW_FREE)
			continue;
		n_flows++;
		if (!wheel_is_set(&r->wheel, i) && (f->flags & FLOW_DIRTY) == 0)
			return "I8 a flow without a deadline";
		for (int s = 0; s < SIDES; s++) {
			const char *bad = endpoint_check(r, f, (enum side)s, &true_bytes, &n_segs);

			if (bad != NULL)
				return bad;
		}
	}
	if (n_flows != r->n_flows)
		return "I7 flows differ from their count";
	if (true_bytes != r->retained)
		return "I7 retained bytes differ from the sum of true sizes";
	if (n_segs != r->segs_used)
		return "I7 segments differ from their count";
	return NULL;
}
