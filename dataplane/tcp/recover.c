/* SPDX-License-Identifier: Apache-2.0
 * Loss: found by time (RACK-TLP, RFC 8985), repaired at a steady rate (PRR, RFC 9937), and the last
 * resort (RTO, RFC 6298). Times of segments are microseconds in 32 bits, compared with sign. */
#include "dataplane/tcp/relay_priv.h"

void rtt_sample(struct endpoint *x, uint32_t rtt_us)
{
	uint32_t var;

	if (x->srtt_us == 0) {
		x->srtt_us = rtt_us;
		x->rttvar_us = rtt_us / 2;
		x->min_rtt_us = rtt_us;
	} else {
		var = rtt_us > x->srtt_us ? rtt_us - x->srtt_us : x->srtt_us - rtt_us;
		x->rttvar_us += var / 4 - x->rttvar_us / 4;
		x->srtt_us += rtt_us / 8 - x->srtt_us / 8;
		if (rtt_us < x->min_rtt_us)
			x->min_rtt_us = rtt_us;
	}
	var = 4 * x->rttvar_us > 1000 ? 4 * x->rttvar_us : 1000;
	x->rto_ms = (x->srtt_us + var) / 1000 + 1;
	if (x->rto_ms < RTO_MIN_MS)
		x->rto_ms = RTO_MIN_MS;
	if (x->rto_ms > RTO_MAX_MS)
		x->rto_ms = RTO_MAX_MS;
}

void seg_mark_lost(struct endpoint *x, struct seg *s)
{
	if (seg_in_flight(s))
		x->pipe -= seg_space(s);
	s->flags |= SEG_LOST;
	x->n_lost++;
}

/* RFC 8985 5.2: sent later, or at the same time and further on. */
static bool sent_after(uint32_t t1, uint32_t end1, uint32_t t2, uint32_t end2)
{
	return (int32_t)(t1 - t2) > 0 || (t1 == t2 && seq_gt(end1, end2));
}

void rack_delivered(struct relay *r, struct endpoint *x, const struct seg *s)
{
	const uint32_t rtt = now_us32(r) - s->tx_us;

	/* RFC 8985 6.2 step 2: an ACK this early is for the first copy */
	if ((s->flags & SEG_RETX) != 0 && rtt < x->min_rtt_us)
		return;
	if ((s->flags & SEG_RETX) == 0 && seq_lt(seg_end(s), x->fack))
		x->reo_seen = 1;
	if (x->rack_rtt_us == 0 || sent_after(s->tx_us, seg_end(s), x->rack_us, x->rack_end)) {
		x->rack_us = s->tx_us;
		x->rack_end = seg_end(s);
		x->rack_rtt_us = rtt > 0 ? rtt : 1;
	}
}

static uint32_t reo_wnd(const struct endpoint *x)
{
	uint32_t wnd;

	if (!x->reo_seen && (x->ca_state != CA_OPEN || x->n_sacked >= 3))
		return 0;
	wnd = x->min_rtt_us / 4 * (1U + x->reo_mult);
	return wnd < x->srtt_us ? wnd : x->srtt_us;
}

uint32_t rack_detect(struct relay *r, struct endpoint *x)
{
	const uint32_t wait_us = x->rack_rtt_us + reo_wnd(x);
	uint32_t lost = 0, longest = 0;

	if (x->rack_rtt_us == 0)
		return 0;
	for (uint32_t i = x->sq_head; i != SEG_NONE && i != x->sq_unsent; i = r->segs[i].next) {
		struct seg *s = &r->segs[i];
		int32_t left;

		if (!seg_in_flight(s) || !sent_after(x->rack_us, x->rack_end, s->tx_us, seg_end(s)))
			continue;
		left = (int32_t)(s->tx_us + wait_us - now_us32(r));
		if (left <= 0) {
			seg_mark_lost(x, s);
			lost += seg_space(s);
			count(r, STAT_RETRANSMITS_RACK, 1);
		} else if ((uint32_t)left > longest) {
			longest = (uint32_t)left;
		}
	}
	if (longest > 0) {
		x->rtx_kind = RTX_REO;
		x->rtx_at_ms = r->now_ms + longest / 1000 + 1;
	} else if (x->rtx_kind == RTX_REO) {
		x->rtx_kind = RTX_NONE;
	}
	return lost;
}

void recovery_enter(struct relay *r, struct endpoint *x)
{
	r->cc->loss(x, r->now_ms);
	x->ca_state = CA_RECOVERY;
	x->recover = x->snd_nxt;
	x->prr_delivered = 0;
	x->prr_out = 0;
	x->recover_pipe = x->pipe > 0 ? x->pipe : x->mss;
	x->tlp_out = 0;
}

/* RFC 9937 6.2. */
void recovery_ack(struct relay *r, struct endpoint *x, uint32_t delivered, bool progress, bool lost)
{
	uint32_t may;

	(void)r;
	/* without SACK a duplicate ACK says that one segment was delivered */
	if (delivered == 0 && (x->flags & EP_SACK) == 0)
		delivered = x->mss;
	x->prr_delivered += delivered;
	if (x->pipe > x->ssthresh) {
		const uint64_t share = (uint64_t)x->prr_delivered * x->ssthresh;
		const uint32_t due = (uint32_t)((share + x->recover_pipe - 1) / x->recover_pipe);

		may = due > x->prr_out ? due - x->prr_out : 0;
	} else {
		may = x->prr_delivered > x->prr_out ? x->prr_delivered - x->prr_out : 0;
		may = may > delivered ? may : delivered;
		if (progress && !lost)
			may += x->mss;
		if (may > x->ssthresh - x->pipe)
			may = x->ssthresh - x->pipe;
	}
	if (x->prr_out == 0 && may < x->mss)
		may = x->mss;
	x->cwnd = x->pipe + may;
}

static uint32_t rto_now(const struct endpoint *x)
{
	const uint64_t rto = (uint64_t)x->rto_ms << (x->backoff < 10 ? x->backoff : 10);

	return rto < RTO_MAX_MS ? (uint32_t)rto : RTO_MAX_MS;
}

/* RFC 8985 7.2. */
static uint32_t pto_ms(const struct relay *r, const struct endpoint *x)
{
	uint32_t pto = x->srtt_us == 0 ? 1000 : 2 * x->srtt_us / 1000 + 1;

	(void)r;
	if (x->pipe <= x->mss)
		pto += 200; /* its ACK may be delayed */
	return pto;
}

static bool tlp_is_due(const struct endpoint *x)
{
	return x->ca_state == CA_OPEN && (x->flags & EP_SACK) != 0 && x->n_sacked == 0 &&
			x->n_lost == 0 && x->backoff == 0 && !x->tlp_out;
}

static void rtx_set(struct relay *r, struct flow *f, struct endpoint *x, enum rtx_kind kind,
		uint32_t in_ms)
{
	x->rtx_kind = (uint8_t)kind;
	x->rtx_at_ms = r->now_ms + in_ms;
	mark_dirty(r, f);
}

void rtx_arm(struct relay *r, struct flow *f, enum side side)
{
	struct endpoint *x = &f->ep[side];

	if (x->snd_una == x->snd_nxt) {
		if (x->sq_unsent == SEG_NONE)
			x->rtx_kind = RTX_NONE;
		else if (x->rtx_kind != RTX_PERSIST)
			rtx_set(r, f, x, RTX_PERSIST, rto_now(x));
		return;
	}
	if (x->rtx_kind != RTX_NONE && x->rtx_kind != RTX_PERSIST)
		return; /* running; progress and fresh data have reset it */
	if (tlp_is_due(x)) {
		const uint32_t pto = pto_ms(r, x);

		if (pto < rto_now(x)) {
			rtx_set(r, f, x, RTX_TLP, pto);
			return;
		}
	}
	rtx_set(r, f, x, RTX_RTO, rto_now(x) + 1);
}

static uint32_t last_sent(const struct relay *r, const struct endpoint *x)
{
	uint32_t last = SEG_NONE;

	for (uint32_t i = x->sq_head; i != SEG_NONE && i != x->sq_unsent; i = r->segs[i].next)
		last = i;
	return last;
}

static void tlp_fire(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];
	const uint32_t fresh = x->sq_unsent;
	const uint32_t edge = x->snd_una + x->snd_wnd;
	uint32_t i = fresh;

	if (fresh == SEG_NONE || r->segs[fresh].len > x->mss ||
			seq_gt(seg_end(&r->segs[fresh]), edge))
		i = last_sent(r, x);
	if (i == SEG_NONE)
		return;
	if (send_seg(r, f, to, i)) {
		x->tlp_out = 1;
		x->tlp_end = x->snd_nxt;
		count(r, STAT_RETRANSMITS_TLP, i != fresh);
	}
	rtx_set(r, f, x, RTX_RTO, rto_now(x) + 1);
}

/* relay.md 2.4: large segments vanish, small ones do not: a path that says nothing. Large is what
 * halving would make smaller: a write just below the MSS vanishes as well. */
static void blackhole_suspect(struct relay *r, struct endpoint *x)
{
	const struct seg *s = &r->segs[x->sq_head];
	const uint16_t half = x->mss / 2 > 536 ? x->mss / 2 : 536;

	if (s->len <= half || ++x->full_rtos % 2 != 0)
		return; /* every second one: the path may be smaller still */
	x->mss = half;
	count(r, STAT_PMTU_LOWERED, 1);
}

static void rto_fire(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];

	count(r, STAT_RTOS, 1);
	if (x->n_sacked > 0 && (r->segs[x->sq_head].flags & SEG_SACKED) != 0)
		count(r, STAT_RENEGED, 1);
	if (x->ca_state != CA_LOSS)
		r->cc->loss(x, r->now_ms);
	blackhole_suspect(r, x);
	x->pipe = 0;
	x->n_lost = 0;
	x->n_sacked = 0;
	for (uint32_t i = x->sq_head; i != SEG_NONE && i != x->sq_unsent; i = r->segs[i].next) {
		r->segs[i].flags = (uint8_t)((r->segs[i].flags & ~SEG_SACKED) | SEG_LOST);
		x->n_lost++;
	}
	x->cwnd = x->mss;
	x->ca_state = CA_LOSS;
	x->recover = x->snd_nxt;
	x->tlp_out = 0;
	x->backoff += x->backoff < UINT8_MAX;
	x->rtx_kind = RTX_NONE;
	count(r, STAT_RETRANSMITS_RTO, 1);
	send_pump(r, f, to);
}

static void persist_fire(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];
	const uint32_t i = x->sq_unsent;

	x->rtx_kind = RTX_NONE;
	if (i == SEG_NONE)
		return;
	/* a window that stays small: take what it gives (RFC 1122 4.2.3.4) */
	if (x->snd_wnd > 0 && x->snd_una == x->snd_nxt && r->segs[i].len > x->snd_wnd) {
		if (seg_split(r, i, x->snd_wnd) != SEG_NONE) {
			if (x->sq_tail == i)
				x->sq_tail = r->segs[i].next;
			send_seg(r, f, to, i);
		}
	} else if (x->snd_wnd > 0) {
		send_pump(r, f, to);
	} else {
		send_probe(r, f, to);
		count(r, STAT_WINDOW_PROBES, 1);
	}
	x->backoff += x->backoff < UINT8_MAX;
	if (x->rtx_kind == RTX_NONE)
		rtx_arm(r, f, to);
}

static void reo_fire(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];
	uint32_t lost;

	x->rtx_kind = RTX_NONE;
	lost = rack_detect(r, x);
	if (lost > 0 && x->ca_state == CA_OPEN)
		recovery_enter(r, x);
	if (lost > 0 && x->ca_state == CA_RECOVERY)
		recovery_ack(r, x, 0, false, true);
	send_pump(r, f, to);
}

void rtx_fire(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];

	if (x->sq_head == SEG_NONE) {
		x->rtx_kind = RTX_NONE;
		return;
	}
	if (x->rtx_kind == RTX_RTO || x->rtx_kind == RTX_PERSIST) {
		if (++x->n_rtx > RTX_MAX ||
				(x->rtx_kind == RTX_RTO &&
						r->now_ms - x->last_progress_ms > RTX_GIVE_UP_MS)) {
			flow_abort(r, f, END_TIMEOUT);
			return;
		}
	}
	switch ((enum rtx_kind)x->rtx_kind) {
	case RTX_RTO:
		rto_fire(r, f, to);
		break;
	case RTX_TLP:
		tlp_fire(r, f, to);
		break;
	case RTX_REO:
		reo_fire(r, f, to);
		break;
	case RTX_PERSIST:
		persist_fire(r, f, to);
		break;
	case RTX_NONE:
		break;
	}
}
