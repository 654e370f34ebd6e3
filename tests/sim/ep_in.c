/* SPDX-License-Identifier: Apache-2.0
 * What a model endpoint makes of a segment, and what it finds wrong with it: RFC 9293 3.10,
 * RFC 5961. Every payload byte is compared with the edit script, duplicates included. */
#include "tests/sim/ep_priv.h"

enum { OOW_GAP_US = 500000, MSS_DEFAULT = 536 };

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static const char *side_str(const struct ep *e)
{
	return e->side == SIDE_AGENT ? "agent" : "prod";
}

/* The engine speaks for itself, not for the other end: it has to be exact. */
static bool ep_is_strict(const struct ep *e)
{
	return e->cf->hostile == 0 && e->c->plan->mode == MODE_RELAY && !e->c->bypassed &&
			!e->c->reported_end && !engine_is_cable;
}

void ep_learn_syn(struct ep *e, const struct seg *s)
{
	const uint32_t room = e->cf->mtu - (s->ip.ver == 4 ? 40u : 60u);

	e->irs = (1ull << 32) + s->seq;
	e->rcv_nxt = e->read_abs = e->irs + 1;
	e->rcv_adv = e->rcv_nxt;
	e->mss = s->o.has_mss ? s->o.mss : MSS_DEFAULT;
	e->mss = e->mss < room ? e->mss : room;
	e->sack_on = e->cf->sack && s->o.sack_ok;
	e->ts_on = e->cf->ts && s->o.has_ts;
	e->ts_recent = s->o.tsval;
	e->mss -= e->ts_on ? 12 : 0;
	e->snd_ws = e->cf->has_ws && s->o.has_ws ? (s->o.ws > 14 ? 14 : s->o.ws) : 0xff;
	e->rcv_ws = e->snd_ws == 0xff ? 0 : (e->cf->ws > 14 ? 14 : e->cf->ws);
	e->cwnd = 10ull * e->mss;
	e->wnd_right = e->una + s->wnd;
	e->max_wnd = s->wnd;
}

static void ep_opened(struct ep *e)
{
	if (e->snd_ws == 0xff)
		e->snd_ws = 0;
	e->state = EP_OPEN;
	e->una = e->nxt = e->max = e->iss + 1;
	e->wl1 = e->irs;
	e->wl2 = e->una;
	e->retries = e->backoff = 0;
	e->stuck_since_us = 0;
	e->st.established_us = e->w->now_us;
	ep_disarm(e, TIMER_RTO);
	if (e->cf->keepalive_us != 0)
		ep_arm(e, TIMER_KEEPALIVE, e->cf->keepalive_us);
	hostile_start(e);
}

static void ep_in_listen(struct ep *e, const struct seg *s)
{
	if (s->flags & (TF_RST | TF_ACK)) {
		ep_answer_rst(e, s);
		return;
	}
	if ((s->flags & TF_SYN) == 0)
		return;
	ep_learn_syn(e, s);
	e->state = EP_SYN_RCVD;
	e->nxt = e->max = e->iss + 1;
	ep_send_syn(e);
	ep_arm(e, TIMER_RTO, e->rto);
}

static void ep_in_syn_sent(struct ep *e, const struct seg *s)
{
	const bool ack_ok = (s->flags & TF_ACK) && s->ack == (uint32_t)(e->iss + 1);

	if ((s->flags & TF_ACK) && !ack_ok) {
		ep_answer_rst(e, s);
		return;
	}
	if (s->flags & TF_RST) {
		if (ack_ok)
			ep_die(e, OUT_REFUSED, EP_GONE);
		return;
	}
	if ((s->flags & TF_SYN) == 0 || !ack_ok)
		return;
	e->una = e->iss + 1;
	ep_learn_syn(e, s);
	ep_opened(e);
	ep_send_ack(e);
	ep_app_run(e);
}

static void ep_oow_ack(struct ep *e, const struct seg *s)
{
	/* like Linux: only what carries data is answered every time, or two ends could go on for
	 * ever telling each other that they are out of window */
	if (s->len == 0 && e->oow_at_us != 0 && e->w->now_us - e->oow_at_us < OOW_GAP_US)
		return;
	e->oow_at_us = e->w->now_us;
	e->st.challenge_acks++;
	ep_send_ack(e);
}

/* --- ACKs --- */

static void ep_rtt_sample(struct ep *e)
{
	const uint32_t rtt = (uint32_t)(e->w->now_us - e->rtt_at_us);

	if (e->srtt == 0) {
		e->srtt = rtt;
		e->rttvar = rtt / 2;
	} else {
		const uint32_t d = e->srtt > rtt ? e->srtt - rtt : rtt - e->srtt;

		e->rttvar = (3 * e->rttvar + d) / 4;
		e->srtt = (7 * e->srtt + rtt) / 8;
	}
	e->rto = e->srtt + 4 * e->rttvar;
	e->rto = e->rto < 200000 ? 200000 : e->rto;
	e->rtt_seq = 0;
}

static void ep_in_sack(struct ep *e, const struct seg *s, uint64_t ack)
{
	for (uint8_t i = 0; i < s->o.n_sack; i++) {
		const uint64_t l = seg_unwrap(s->o.sack[i][0], e->una);
		const uint64_t r = seg_unwrap(s->o.sack[i][1], e->una);

		if (i == 0 && r <= ack) {
			e->st.dsacks_in++;
			continue;
		}
		if (r > e->max || l >= r) {
			if (ep_is_strict(e))
				world_fail(e->w, "I2",
						"%s end got a SACK block of what it never sent",
						side_str(e));
			continue;
		}
		ranges_add(&e->sacked, max64(l, e->una), r);
	}
}

static void ep_loss_seen(struct ep *e)
{
	const uint64_t two = 2ull * e->mss;

	e->recovery = true;
	e->recover = e->max;
	e->high_rtx = e->una;
	e->cubic_max = e->cwnd;
	e->cubic_at_us = e->w->now_us;
	e->ssthresh = e->cwnd / 2 > two ? e->cwnd / 2 : two;
	if (e->cf->cc != CC_FIXED)
		e->cwnd = e->ssthresh;
}

static void ep_una_advanced(struct ep *e, uint64_t ack)
{
	const uint64_t acked = ack - e->una;

	e->una = ack;
	e->nxt = max64(e->nxt, ack);
	e->st.acked_bytes = ep_stream_off(ack < e->end ? ack : e->end, e->iss);
	e->retries = e->backoff = e->dupacks = e->full_rtos = 0;
	e->stuck_since_us = 0;
	ranges_trim(&e->sacked, ack);
	if (e->rtt_seq != 0 && ack >= e->rtt_seq)
		ep_rtt_sample(e);
	ep_disarm(e, TIMER_RTO);
	ep_disarm(e, TIMER_PERSIST);
	if (!e->recovery)
		ep_grow(e, acked);
	else if (ack >= e->recover)
		e->recovery = false;
	else if (!e->sack_on)
		e->high_rtx = ack; /* a partial ACK: the next hole (RFC 6582) */
}

static void ep_dup_ack(struct ep *e)
{
	e->dupacks++;
	e->st.dup_acks_in++;
	if (e->recovery || e->una < e->recover)
		return;
	if (e->dupacks >= 3 || ranges_count(&e->sacked, e->una, e->max) > 3ull * e->mss)
		ep_loss_seen(e);
}

static void ep_in_window(struct ep *e, const struct seg *s, uint64_t seq, uint64_t ack)
{
	const uint64_t wnd = (uint64_t)s->wnd << e->snd_ws;

	if (seq < e->wl1 || (seq == e->wl1 && ack < e->wl2))
		return;
	if (wnd < e->st.min_wnd_seen)
		e->st.min_wnd_seen = (uint32_t)wnd;
	e->wl1 = seq;
	e->wl2 = ack;
	if (ack + wnd > e->wnd_right) {
		ep_disarm(e, TIMER_PERSIST);
		if (e->una == e->nxt)
			e->stuck_since_us = 0;
	}
	if (wnd == 0)
		e->retries = 0; /* alive, only full */
	e->wnd_right = ack + wnd;
	e->max_wnd = max64(e->max_wnd, wnd);
}

/* false: the segment is not worth more. */
static bool ep_in_ack(struct ep *e, const struct seg *s, uint64_t seq)
{
	const uint64_t ack = seg_unwrap(s->ack, e->una);
	const uint64_t right = e->wnd_right;

	if (ack > e->max) {
		if (ep_is_strict(e))
			world_fail(e->w, "I2", "%s end got an ACK of %lu bytes it never sent",
					side_str(e), (unsigned long)(ack - e->max));
		ep_oow_ack(e, s);
		return false;
	}
	ep_in_sack(e, s, ack);
	if (ack >= e->una)
		ep_in_window(e, s, seq, ack);
	if (ack > e->una)
		ep_una_advanced(e, ack);
	else if (ack == e->una && s->len == 0 && (s->flags & TF_FIN) == 0 && e->una < e->nxt &&
			right == e->wnd_right)
		ep_dup_ack(e);
	return true;
}

/* --- payload --- */

static void ep_check_payload(struct ep *e, const struct seg *s, uint64_t seq)
{
	struct outlog *log = &e->c->dir[side_other(e->side)];
	const uint64_t off = ep_stream_off(seq, e->irs);

	e->st.max_seg = e->st.max_seg > s->len ? e->st.max_seg : s->len;
	if (seq <= e->irs || e->c->plan->no_content)
		return;
	switch (outlog_check(log, off, s->payload, s->len)) {
	case OUTLOG_OK:
		return;
	case OUTLOG_DIFFERS:
		world_fail(e->w, "I1", "%s end got wrong bytes in [%lu, %lu) of the stream",
				side_str(e), (unsigned long)off, (unsigned long)(off + s->len));
		return;
	case OUTLOG_UNJUDGED:
		world_fail(e->w, "I6", "%s end got bytes [%lu, %lu) before they were judged",
				side_str(e), (unsigned long)off, (unsigned long)(off + s->len));
		return;
	}
}

static void ep_check_eof(struct ep *e)
{
	const enum side from = side_other(e->side);
	const struct outlog *log = &e->c->dir[from];
	const struct ep *peer = e->c->ep[from];
	const uint64_t off = ep_stream_off(e->fin_at, e->irs);
	uint64_t want = log->out_len;

	if (e->c->plan->no_content || e->c->denied || !e->c->plan->trust[from])
		return;
	if (!log->closed) {
		want = outlog_out_of_src(log, ep_stream_off(peer->end, peer->iss));
		if (!peer->shut)
			want = UINT64_MAX;
	}
	if (off != want)
		world_fail(e->w, "I1", "%s end got its EOF at %lu, not at %lu", side_str(e),
				(unsigned long)off, (unsigned long)want);
}

/* What came in order up to <to> is the application's now. */
static void ep_advance(struct ep *e, uint64_t to)
{
	if (to > e->rcv_nxt) {
		const uint64_t gap = e->w->now_us - e->last_rx_us;

		if (e->st.first_byte_us == 0)
			e->st.first_byte_us = e->w->now_us;
		else if (gap > e->st.max_stall_us)
			e->st.max_stall_us = gap;
		e->last_rx_us = e->w->now_us;
	}
	e->rcv_nxt = to;
	e->st.rx_bytes = ep_stream_off(to, e->irs);
	if (e->fin_at != 0 && to == e->fin_at && !e->fin_seen) {
		e->fin_seen = true;
		e->rcv_nxt = to + 1;
		e->eof_first = !e->shut || e->max <= e->end;
		e->ack_now = true;
		ep_check_eof(e);
	}
}

static void ep_in_payload(struct ep *e, const struct seg *s, uint64_t seq)
{
	const uint64_t right = e->rcv_adv, before = e->rcv_nxt;
	uint64_t l = seq, r = seq + s->len;

	if (r <= before && s->len > 0) { /* nothing new: say so (RFC 2883) */
		e->dsack_l = l;
		e->dsack_r = e->sack_on ? r : l;
		e->ack_now = true;
		return;
	}
	l = max64(l, before);
	r = r < right ? r : right;
	if (l < r) {
		const uint64_t new = ranges_add(&e->ooo, l, r);

		if (new < r - l && e->sack_on) {
			e->dsack_l = l;
			e->dsack_r = r;
		}
		e->ooo_last = l;
		e->ack_now |= l > before || e->ooo.n > 1 || new < r - l;
		e->unacked_segs += s->len >= e->mss ? 1 : 0;
		if (s->len > 0 && e->timer[TIMER_DELACK] == 0)
			ep_arm(e, TIMER_DELACK, e->cf->delack_us);
	}
	if ((s->flags & TF_FIN) && seq + s->len <= right)
		e->fin_at = seq + s->len;
	ep_advance(e, ranges_end(&e->ooo, e->rcv_nxt));
	ranges_trim(&e->ooo, e->rcv_nxt);
}

/* --- a segment on an open connection --- */

static bool ep_acceptable(const struct ep *e, const struct seg *s, uint64_t seq)
{
	const uint32_t n = seg_seqlen(s);
	const uint64_t right = max64(e->rcv_adv, e->rcv_nxt);

	if (n == 0 || seq == e->rcv_nxt)
		return seq >= e->rcv_nxt && seq <= right;
	return seq < right && seq + n > e->rcv_nxt;
}

static void ep_in_rst(struct ep *e, uint64_t seq)
{
	if (e->fin_seen && e->shut && e->una == e->end + 1)
		return; /* all is through, only the reader is slow: no reset can change that */
	if (seq == e->rcv_nxt) {
		ep_die(e, OUT_RESET, EP_GONE);
		return;
	}
	e->st.challenge_acks++;
	ep_send_ack(e); /* RFC 5961 3.2 */
}

static void ep_in_open(struct ep *e, const struct seg *s, bool tainted)
{
	const uint64_t seq = seg_unwrap(s->seq, e->rcv_nxt);

	e->keep_unanswered = 0;
	if (s->len > 0 && !tainted && (s->flags & TF_SYN) == 0)
		ep_check_payload(e, s, seq);
	if (!ep_acceptable(e, s, seq)) {
		if (s->flags & TF_RST)
			return;
		if (s->len > 0 && e->sack_on && seq + s->len <= e->rcv_nxt) {
			e->dsack_l = seq;
			e->dsack_r = seq + s->len;
		}
		ep_oow_ack(e, s);
		return;
	}
	if (s->flags & TF_RST) {
		ep_in_rst(e, seq);
		return;
	}
	if (s->flags & TF_SYN) {
		ep_oow_ack(e, s);
		return;
	}
	if ((s->flags & TF_ACK) == 0 || !ep_in_ack(e, s, seq))
		return;
	if (e->ts_on && s->o.has_ts && seq <= e->rcv_nxt)
		e->ts_recent = s->o.tsval;
	if (e->closed && s->len > 0 && seq + s->len > e->rcv_nxt) {
		ep_send_rst(e, e->nxt); /* the application is gone: RFC 9293 3.6.1 */
		ep_die(e, OUT_ABORTED, EP_GONE);
		return;
	}
	if (s->len > 0 || (s->flags & TF_FIN))
		ep_in_payload(e, s, seq);
}

static void ep_after_input(struct ep *e)
{
	if (e->state != EP_OPEN)
		return;
	ep_app_read(e);
	ep_app_run(e);
	ep_push(e);
	if (e->state == EP_OPEN && (e->ack_now || e->unacked_segs >= 2))
		ep_send_ack(e);
	ep_finish_if_done(e);
}

static void ep_in_syn_rcvd(struct ep *e, const struct seg *s, bool tainted)
{
	if ((s->flags & (TF_SYN | TF_ACK)) == TF_SYN) {
		if (s->seq == (uint32_t)e->irs)
			ep_send_syn(e);
		return;
	}
	if (s->flags & TF_RST) {
		if (s->seq == (uint32_t)e->rcv_nxt)
			ep_die(e, OUT_RESET, EP_GONE);
		return;
	}
	if ((s->flags & TF_ACK) == 0)
		return;
	if (s->ack != (uint32_t)(e->iss + 1)) {
		ep_answer_rst(e, s);
		return;
	}
	ep_opened(e);
	ep_in_open(e, s, tainted);
}

void ep_input(struct ep *e, const struct seg *s, bool tainted)
{
	if (e->cf->hostile != 0)
		hostile_after_input(e, s);
	switch ((enum ep_state)e->state) {
	case EP_LISTEN:
		ep_in_listen(e, s);
		break;
	case EP_SYN_SENT:
		ep_in_syn_sent(e, s);
		break;
	case EP_SYN_RCVD:
		ep_in_syn_rcvd(e, s, tainted);
		break;
	case EP_OPEN:
		ep_in_open(e, s, tainted);
		break;
	case EP_TIME_WAIT:
		/* a FIN again, or a number that is not acceptable (RFC 9293 3.10.7.4, first) */
		if ((s->flags & TF_RST) == 0 &&
				(seg_seqlen(s) > 0 || s->seq != (uint32_t)e->rcv_nxt))
			ep_send_ack(e);
		break;
	case EP_CLOSED:
	case EP_GONE:
		ep_answer_rst(e, s);
		break;
	case EP_SILENT:
		break;
	}
	ep_after_input(e);
}

void ep_icmp(struct ep *e, const struct seg_icmp *q)
{
	const uint64_t seq = seg_unwrap(q->seq, e->una);
	const uint32_t head = e->id.ip.ver == 4 ? 40 : 60;
	uint32_t mss;

	if (!q->too_big) {
		if (e->state == EP_SYN_SENT)
			ep_die(e, OUT_REFUSED, EP_GONE);
		return;
	}
	if (e->state != EP_OPEN || seq < e->una || seq > e->max || q->mtu < 576)
		return;
	mss = q->mtu - head - (e->ts_on ? 12 : 0);
	if (mss >= e->mss)
		return;
	e->mss = mss;
	ranges_clear(&e->sacked);
	e->recovery = false;
	e->recover = e->max;
	e->nxt = e->una; /* all of it again, in smaller pieces */
	ep_push(e);
}
