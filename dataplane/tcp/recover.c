/* SPDX-License-Identifier: Apache-2.0
 * Loss: found by time (RACK-TLP, RFC 8985), repaired at a steady rate (PRR, RFC 9937), and the last
 * resort (RTO, RFC 6298). Times of segments are microseconds in 32 bits, compared with sign. */
#include "dataplane/tcp/relay_priv.h"

enum {
	MIN_RTT_WINDOW_S = 300, /* a path may have become longer; as in Linux */
	REO_PERSIST = 16,
	BLACKHOLE_RTOS = 3, /* in a row, as Linux' tcp_retries1: two are no rarity at 1 % loss */
};

static void min_rtt_sample(const struct relay *r, struct endpoint *x, uint32_t rtt_us)
{
	const uint16_t now_s = (uint16_t)r->second;

	if (rtt_us >= x->rec.min_rtt_us && x->rec.min_rtt_us != 0 &&
			(uint16_t)(now_s - x->rec.min_rtt_s) < MIN_RTT_WINDOW_S)
		return;
	x->rec.min_rtt_us = rtt_us;
	x->rec.min_rtt_s = now_s;
}

void rtt_sample(const struct relay *r, struct endpoint *x, uint32_t rtt_us)
{
	uint32_t var;

	min_rtt_sample(r, x, rtt_us);

	if (x->rec.srtt_us == 0) {
		x->rec.srtt_us = rtt_us;
		x->rec.rttvar_us = rtt_us / 2;
	} else {
		var = rtt_us > x->rec.srtt_us ? rtt_us - x->rec.srtt_us : x->rec.srtt_us - rtt_us;
		x->rec.rttvar_us += var / 4 - x->rec.rttvar_us / 4;
		x->rec.srtt_us += rtt_us / 8 - x->rec.srtt_us / 8;
	}
	var = 4 * x->rec.rttvar_us > 1000 ? 4 * x->rec.rttvar_us : 1000;
	x->rec.rto_ms = (x->rec.srtt_us + var) / 1000 + 1;
	if (x->rec.rto_ms < RTO_MIN_MS)
		x->rec.rto_ms = RTO_MIN_MS;
	if (x->rec.rto_ms > RTO_MAX_MS)
		x->rec.rto_ms = RTO_MAX_MS;
}

void seg_mark_lost(struct endpoint *x, struct seg *s)
{
	if (seg_in_flight(s))
		x->tx.pipe -= seg_space(s);
	s->flags |= SEG_LOST;
	x->rec.n_lost++;
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
	if ((s->flags & SEG_RETX) != 0 && rtt < x->rec.min_rtt_us)
		return;
	if ((s->flags & SEG_RETX) == 0 && seq_lt(seg_end(s), x->rec.fack))
		x->rec.reo_seen = 1;
	if (x->rec.rack_rtt_us == 0 ||
			sent_after(s->tx_us, seg_end(s), x->rec.rack_us, x->rec.rack_end)) {
		x->rec.rack_us = s->tx_us;
		x->rec.rack_end = seg_end(s);
		x->rec.rack_rtt_us = rtt > 0 ? rtt : 1;
	}
}

static uint32_t reo_wnd(const struct endpoint *x)
{
	uint32_t wnd;

	if (!x->rec.reo_seen && (x->tx.ca_state != CA_OPEN || x->rec.n_sacked >= 3))
		return 0;
	wnd = x->rec.min_rtt_us / 4 * (1U + x->rec.reo_mult);
	return wnd < x->rec.srtt_us ? wnd : x->rec.srtt_us;
}

void reo_grow(struct endpoint *x)
{
	if (x->rec.reo_told)
		return;
	if (x->tx.ca_state == CA_OPEN)
		x->rec.recover = x->tx.snd_nxt;
	x->rec.reo_told = 1;
	x->rec.reo_persist = REO_PERSIST;
	x->rec.reo_mult = x->rec.reo_mult < 16 ? x->rec.reo_mult + 1 : 16;
}

void reo_settle(struct endpoint *x)
{
	x->rec.reo_told = 0;
	if (x->tx.ca_state != CA_OPEN && x->rec.reo_persist > 0 && --x->rec.reo_persist == 0)
		x->rec.reo_mult = 0;
}

uint32_t rack_detect(struct relay *r, struct endpoint *x)
{
	const uint32_t wait_us = x->rec.rack_rtt_us + reo_wnd(x);
	uint32_t lost = 0, longest = 0;

	if (x->rec.rack_rtt_us == 0)
		return 0;
	for (uint32_t i = x->tx.sq_head; i != SEG_NONE && i != x->tx.sq_unsent;
			i = r->segs[i].next) {
		struct seg *s = &r->segs[i];
		int32_t left;

		if (!seg_in_flight(s) ||
				!sent_after(x->rec.rack_us, x->rec.rack_end, s->tx_us, seg_end(s)))
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
		x->tx.rtx_kind = RTX_REO;
		x->tx.rtx_at_ms = r->now_ms + longest / 1000 + 1;
	} else if (x->tx.rtx_kind == RTX_REO) {
		x->tx.rtx_kind = RTX_NONE;
	}
	return lost;
}

void recovery_enter(struct relay *r, struct endpoint *x)
{
	r->cc->loss(x, r->now_ms);
	x->tx.ca_state = CA_RECOVERY;
	x->rec.recover = x->tx.snd_nxt;
	x->rec.prr_delivered = 0;
	x->rec.prr_out = 0;
	x->rec.recover_pipe = x->tx.pipe > 0 ? x->tx.pipe : x->tx.mss;
	x->rec.tlp_out = TLP_NONE;
}

/* RFC 9937 6.2. */
void recovery_ack(struct relay *r, struct endpoint *x, uint32_t delivered, bool progress, bool lost)
{
	uint32_t may;

	(void)r;
	/* without SACK a duplicate ACK says that one segment was delivered */
	if (delivered == 0 && (x->flags & EP_SACK) == 0)
		delivered = x->tx.mss;
	x->rec.prr_delivered += delivered;
	if (x->tx.pipe > x->rec.ssthresh) {
		const uint64_t share = (uint64_t)x->rec.prr_delivered * x->rec.ssthresh;
		const uint32_t due =
				(uint32_t)((share + x->rec.recover_pipe - 1) / x->rec.recover_pipe);

		may = due > x->rec.prr_out ? due - x->rec.prr_out : 0;
	} else {
		may = x->rec.prr_delivered > x->rec.prr_out ? x->rec.prr_delivered - x->rec.prr_out
							    : 0;
		may = may > delivered ? may : delivered;
		if (progress && !lost)
			may += x->tx.mss;
		if (may > x->rec.ssthresh - x->tx.pipe)
			may = x->rec.ssthresh - x->tx.pipe;
	}
	if (x->rec.prr_out == 0 && may < x->tx.mss)
		may = x->tx.mss;
	x->rec.cwnd = x->tx.pipe + may;
}

static uint32_t rto_now(const struct endpoint *x)
{
	const uint64_t rto = (uint64_t)x->rec.rto_ms << (x->tx.backoff < 10 ? x->tx.backoff : 10);

	return rto < RTO_MAX_MS ? (uint32_t)rto : RTO_MAX_MS;
}

/* RFC 8985 7.2. */
static uint32_t pto_ms(const struct relay *r, const struct endpoint *x)
{
	uint32_t pto = x->rec.srtt_us == 0 ? 1000 : 2 * x->rec.srtt_us / 1000 + 1;

	(void)r;
	if (x->tx.pipe <= x->tx.mss)
		pto += 200; /* its ACK may be delayed */
	return pto;
}

static bool tlp_is_due(const struct endpoint *x)
{
	return x->tx.ca_state == CA_OPEN && (x->flags & EP_SACK) != 0 && x->rec.n_sacked == 0 &&
			x->rec.n_lost == 0 && x->tx.backoff == 0 && !x->rec.tlp_out;
}

static void rtx_set(struct relay *r, struct flow *f, struct endpoint *x, enum rtx_kind kind,
		uint32_t in_ms)
{
	x->tx.rtx_kind = (uint8_t)kind;
	x->tx.rtx_at_ms = r->now_ms + in_ms;
	mark_dirty(r, f);
}

void rtx_arm(struct relay *r, struct flow *f, enum side side)
{
	struct endpoint *x = &f->ep[side];

	if (x->tx.snd_una == x->tx.snd_nxt) {
		if (x->tx.sq_unsent == SEG_NONE)
			x->tx.rtx_kind = RTX_NONE;
		else if (x->tx.rtx_kind != RTX_PERSIST)
			rtx_set(r, f, x, RTX_PERSIST, rto_now(x));
		return;
	}
	if (x->tx.rtx_kind != RTX_NONE && x->tx.rtx_kind != RTX_PERSIST)
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

	for (uint32_t i = x->tx.sq_head; i != SEG_NONE && i != x->tx.sq_unsent; i = r->segs[i].next)
		last = i;
	return last;
}

static void tlp_fire(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];
	const uint32_t fresh = x->tx.sq_unsent;
	const uint32_t edge = x->tx.snd_una + x->tx.snd_wnd;
	uint32_t i = fresh;

	if (fresh == SEG_NONE || r->segs[fresh].len > x->tx.mss ||
			seq_gt(seg_end(&r->segs[fresh]), edge))
		i = last_sent(r, x);
	if (i == SEG_NONE)
		return;
	if (send_seg(r, f, to, i)) {
		x->rec.tlp_out = i == fresh ? TLP_FRESH : TLP_RETX;
		x->rec.tlp_end = x->tx.snd_nxt;
		count(r, STAT_RETRANSMITS_TLP, i != fresh);
	}
	rtx_set(r, f, x, RTX_RTO, rto_now(x) + 1);
}

/* relay.md 2.4: large segments vanish, small ones do not: a path that says nothing. Large is what
 * halving would make smaller: a write just below the MSS vanishes as well. */
static void blackhole_suspect(struct relay *r, struct endpoint *x)
{
	const struct seg *s = &r->segs[x->tx.sq_head];
	const uint16_t half = x->tx.mss / 2 > 536 ? x->tx.mss / 2 : 536;

	if (s->len <= half || ++x->rec.full_rtos % BLACKHOLE_RTOS != 0)
		return; /* and again after as many: the path may be smaller still */
	x->tx.mss = half;
	count(r, STAT_PMTU_LOWERED, 1);
}

static void rto_fire(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];

	count(r, STAT_RTOS, 1);
	if (x->rec.n_sacked > 0 && (r->segs[x->tx.sq_head].flags & SEG_SACKED) != 0)
		count(r, STAT_RENEGED, 1);
	if (x->tx.ca_state != CA_LOSS)
		r->cc->loss(x, r->now_ms);
	blackhole_suspect(r, x);
	x->tx.pipe = 0;
	x->rec.n_lost = 0;
	x->rec.n_sacked = 0;
	for (uint32_t i = x->tx.sq_head; i != SEG_NONE && i != x->tx.sq_unsent;
			i = r->segs[i].next) {
		r->segs[i].flags = (uint8_t)((r->segs[i].flags & ~SEG_SACKED) | SEG_LOST);
		x->rec.n_lost++;
	}
	x->rec.cwnd = x->tx.mss;
	x->tx.ca_state = CA_LOSS;
	x->rec.recover = x->tx.snd_nxt;
	x->rec.tlp_out = TLP_NONE;
	x->tx.backoff += x->tx.backoff < UINT8_MAX;
	x->tx.rtx_kind = RTX_NONE;
	count(r, STAT_RETRANSMITS_RTO, 1);
	send_pump(r, f, to);
}

static void persist_fire(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];
	const uint32_t i = x->tx.sq_unsent;

	x->tx.rtx_kind = RTX_NONE;
	if (i == SEG_NONE)
		return;
	/* a window that stays small: take what it gives (RFC 1122 4.2.3.4) */
	if (x->tx.snd_wnd > 0 && x->tx.snd_una == x->tx.snd_nxt && r->segs[i].len > x->tx.snd_wnd) {
		if (seg_split(r, i, x->tx.snd_wnd) != SEG_NONE) {
			if (x->tx.sq_tail == i)
				x->tx.sq_tail = r->segs[i].next;
			send_seg(r, f, to, i);
		}
	} else if (x->tx.snd_wnd > 0) {
		send_pump(r, f, to);
	} else {
		send_probe(r, f, to);
		count(r, STAT_WINDOW_PROBES, 1);
	}
	x->tx.backoff += x->tx.backoff < UINT8_MAX;
	if (x->tx.rtx_kind == RTX_NONE)
		rtx_arm(r, f, to);
}

static void reo_fire(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];
	uint32_t lost;

	x->tx.rtx_kind = RTX_NONE;
	lost = rack_detect(r, x);
	if (lost > 0 && x->tx.ca_state == CA_OPEN)
		recovery_enter(r, x);
	if (lost > 0 && x->tx.ca_state == CA_RECOVERY)
		recovery_ack(r, x, 0, false, true);
	send_pump(r, f, to);
}

void rtx_fire(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];

	if (x->tx.sq_head == SEG_NONE) {
		x->tx.rtx_kind = RTX_NONE;
		return;
	}
	if (x->tx.rtx_kind == RTX_RTO || x->tx.rtx_kind == RTX_PERSIST) {
		if (++x->tx.n_rtx > RTX_MAX ||
				(x->tx.rtx_kind == RTX_RTO &&
						r->now_ms - x->last_progress_ms > RTX_GIVE_UP_MS)) {
			flow_abort(r, f, END_TIMEOUT);
			return;
		}
	}
	switch ((enum rtx_kind)x->tx.rtx_kind) {
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
