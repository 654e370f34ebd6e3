/* SPDX-License-Identifier: Apache-2.0
 * What a model endpoint sends: RFC 9293, SACK recovery after RFC 6675, timeouts with go-back-N. */
#include "tests/sim/ep_priv.h"
#include "tests/sim/oracle.h"

#include <string.h>

enum {
	RTO_MIN_US = 200000,
	RTO_MAX_US = 60000000,
	RETRIES_MAX = 15,
	SYN_RETRIES_MAX = 15,
	KEEPALIVES_MAX = 5,
	PUSH_MAX = 256, /* segments in one go */
};

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* --- headers --- */

uint64_t ep_window(const struct ep *e)
{
	const uint64_t used = e->rcv_nxt - e->read_abs;

	return used < e->cf->rcvbuf ? e->cf->rcvbuf - used : 0;
}

/* The window field; moves the right edge on, by steps that are worth it, never back. */
static uint16_t ep_advertise(struct ep *e)
{
	const uint64_t unit = 1ull << e->rcv_ws, top = 65535ull << e->rcv_ws;
	const uint64_t edge = e->rcv_nxt + min64(ep_window(e), top);
	const uint64_t step = min64(e->mss, e->cf->rcvbuf / 2);
	uint64_t field;

	if (edge > e->rcv_adv && (edge - e->rcv_adv >= step || e->rcv_adv == e->rcv_nxt))
		e->rcv_adv = edge;
	if (e->rcv_adv < e->rcv_nxt)
		e->rcv_adv = e->rcv_nxt; /* a FIN beyond the edge */
	field = min64((e->rcv_adv - e->rcv_nxt + unit - 1) >> e->rcv_ws, 65535);
	e->rcv_adv = max64(e->rcv_adv, e->rcv_nxt + (field << e->rcv_ws));
	return (uint16_t)field;
}

static void ep_put_sack(struct ep *e, struct seg *s)
{
	const uint32_t room = e->ts_on ? 3 : 4;
	struct seg_opts *o = &s->o;

	if (e->dsack_r > e->dsack_l) {
		o->sack[o->n_sack][0] = (uint32_t)e->dsack_l;
		o->sack[o->n_sack++][1] = (uint32_t)e->dsack_r;
		e->dsack_l = e->dsack_r = 0;
	}
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = e->ooo.n; i-- > 0 && o->n_sack < room;) {
			const struct range *r = &e->ooo.run[i];
			const bool newest = r->l <= e->ooo_last && e->ooo_last < r->r;

			if (newest != (pass == 0))
				continue;
			o->sack[o->n_sack][0] = (uint32_t)r->l;
			o->sack[o->n_sack++][1] = (uint32_t)r->r;
		}
	}
}

void ep_fill(struct ep *e, struct seg *s, uint8_t flags, uint64_t seq)
{
	*s = e->id;
	s->flags = flags;
	s->seq = (uint32_t)seq;
	s->ip.id = (uint16_t)rng_next(&e->rng);
	if (flags & TF_ACK)
		s->ack = (uint32_t)e->rcv_nxt;
	if (flags & (TF_SYN | TF_RST))
		return;
	s->wnd = ep_advertise(e);
	if (e->ts_on) {
		s->o.has_ts = true;
		s->o.tsval = (uint32_t)(e->w->now_us / US_PER_MS + e->cf->isn);
		s->o.tsecr = e->ts_recent;
	}
	if (e->sack_on && (flags & TF_ACK))
		ep_put_sack(e, s);
}

void ep_emit(struct ep *e, const struct seg *s)
{
	if (e->state == EP_SILENT)
		return;
	link_send(e->w, e->side == SIDE_AGENT ? HOP_A2R : HOP_P2R, seg_build(s, e->cf->pad));
}

/* --- the handshake --- */

static void ep_syn_opts(const struct ep *e, struct seg *s)
{
	const struct ep_conf *cf = e->cf;
	const bool reply = e->state == EP_SYN_RCVD;

	s->o.has_mss = cf->mss != 0;
	s->o.mss = cf->mss;
	s->o.sack_ok = cf->sack && (!reply || e->sack_on);
	s->o.has_ws = cf->has_ws && (!reply || e->snd_ws != 0xff);
	s->o.ws = cf->ws;
	s->o.has_ts = cf->ts && (!reply || e->ts_on);
	s->o.tsval = (uint32_t)(e->w->now_us / US_PER_MS + cf->isn);
	s->o.tsecr = reply ? e->ts_recent : 0;
}

/* Raw bytes of the unusual options. */
static uint8_t ep_syn_extra(const struct ep *e, uint8_t out[40])
{
	static const uint8_t tfo[4] = { 34, 2, 1, 1 };
	static const uint8_t mptcp[12] = { 30, 12, 0x01, 0x81, 1, 2, 3, 4, 5, 6, 7, 8 };
	static const uint8_t unknown[8] = { 253, 4, 0xbe, 0xef, 28, 4, 0x80, 0x3c };
	static const uint8_t md5[20] = { 19, 18, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1,
		1 };

	const struct {
		uint32_t flag;
		const uint8_t *bytes;
		uint8_t n;
	} row[] = { { EXTRA_MD5, md5, 20 }, { EXTRA_TFO, tfo, 4 }, { EXTRA_UNKNOWN, unknown, 8 },
		{ EXTRA_MPTCP, mptcp, 12 } };

	uint8_t n = 0;

	for (uint32_t i = 0; i < 4; i++) {
		if ((e->cf->extra & row[i].flag) == 0 || n + row[i].n > 20)
			continue; /* with MSS, SACK, TS and WS there is room for 20 more */
		memcpy(out + n, row[i].bytes, row[i].n);
		n = (uint8_t)(n + row[i].n);
	}
	return n;
}

void ep_send_syn(struct ep *e)
{
	const bool reply = e->state == EP_SYN_RCVD;
	uint8_t raw[40], early[16];
	struct seg s;

	ep_fill(e, &s, reply ? TF_SYN | TF_ACK : TF_SYN, e->iss);
	ep_syn_opts(e, &s);
	s.raw = raw;
	s.raw_len = ep_syn_extra(e, raw);
	s.wnd = (uint16_t)min64(e->cf->rcvbuf, 65535);
	e->rcv_adv = max64(e->rcv_adv, e->rcv_nxt + s.wnd);
	if (e->cf->extra & EXTRA_ECN)
		s.flags |= reply ? TF_ECE : TF_ECE | TF_CWR;
	if (e->cf->extra & EXTRA_DATA) {
		oracle_fill(e->c->dir[e->side].key, 0, early, sizeof(early));
		s.payload = early;
		s.len = sizeof(early);
	}
	ep_emit(e, &s);
}

void ep_send_rst(struct ep *e, uint64_t seq)
{
	struct seg s;

	ep_fill(e, &s, TF_RST | TF_ACK, seq);
	ep_emit(e, &s);
}

/* RFC 9293 3.10.7.1: to a segment of a connection that does not exist. */
void ep_answer_rst(struct ep *e, const struct seg *in)
{
	struct seg s;

	if (in->flags & TF_RST)
		return;
	ep_fill(e, &s, in->flags & TF_ACK ? TF_RST : TF_RST | TF_ACK, 0);
	s.seq = in->flags & TF_ACK ? in->ack : 0;
	s.ack = in->flags & TF_ACK ? 0 : in->seq + seg_seqlen(in);
	ep_emit(e, &s);
}

/* --- ACKs and data --- */

void ep_send_ack(struct ep *e)
{
	struct seg s;

	ep_fill(e, &s, TF_ACK, e->max); /* not nxt, which an RTO takes back */
	if (e->cf->hostile != 0)
		hostile_twist(e, &s);
	e->ack_now = false;
	e->unacked_segs = 0;
	ep_disarm(e, TIMER_DELACK);
	ep_emit(e, &s);
}

void ep_send_data(struct ep *e, uint64_t seq, uint32_t len)
{
	static uint8_t buf[65536];
	const bool fin = e->shut && seq + len == e->end;
	struct seg s;

	ep_fill(e, &s, TF_ACK, seq);
	if (len > 0 && seq + len == e->end)
		s.flags |= TF_PSH;
	if (fin)
		s.flags |= TF_FIN;
	oracle_fill(e->c->dir[e->side].key, ep_stream_off(seq, e->iss), buf, len);
	s.payload = buf;
	s.len = len;
	if (seq < e->max)
		e->rtt_seq = 0; /* Karn */
	else if (e->rtt_seq == 0) {
		e->rtt_seq = seq + len + fin;
		e->rtt_at_us = e->w->now_us;
	}
	e->max = max64(e->max, seq + len + fin);
	e->ack_now = false;
	e->unacked_segs = 0;
	ep_disarm(e, TIMER_DELACK);
	ep_emit(e, &s);
}

/* --- what may be sent now --- */

static uint64_t ep_high_sacked(const struct ep *e)
{
	return e->sacked.n > 0 ? e->sacked.run[e->sacked.n - 1].r : e->una;
}

static uint64_t ep_pipe(const struct ep *e)
{
	const uint64_t flight = e->nxt - e->una;
	const uint64_t from = max64(e->high_rtx, e->una), high = ep_high_sacked(e);
	uint64_t out = ranges_count(&e->sacked, e->una, e->nxt);

	if (e->recovery && e->sack_on && high > from)
		out += high - from - ranges_count(&e->sacked, from, high);
	if (!e->sack_on)
		out += (uint64_t)e->dupacks * e->mss;
	return flight > out ? flight - out : 0;
}

/* A hole to fill, in recovery. */
static bool ep_push_hole(struct ep *e)
{
	const uint64_t from = max64(e->high_rtx, e->una), high = ep_high_sacked(e);
	uint64_t seq, n;

	if (!e->recovery)
		return false;
	if (!e->sack_on) {
		if (e->high_rtx > e->una)
			return false;
		seq = e->una;
		n = e->mss;
	} else {
		seq = ranges_end(&e->sacked, from);
		if (seq >= high)
			return false;
		n = min64(e->mss, ranges_next(&e->sacked, seq, high) - seq);
	}
	n = min64(n, e->end - min64(seq, e->end));
	if (ep_pipe(e) + n > e->cwnd && seq != e->una)
		return false;
	ep_send_data(e, seq, (uint32_t)n);
	e->high_rtx = seq + n + (seq + n == e->end);
	e->st.fast_rtx++;
	return true;
}

static void ep_persist_arm(struct ep *e)
{
	if (e->timer[TIMER_PERSIST] != 0)
		return;
	if (e->stuck_since_us == 0)
		e->stuck_since_us = e->w->now_us;
	ep_arm(e, TIMER_PERSIST, min64((uint64_t)e->rto << e->backoff, RTO_MAX_US));
}

/* How much of <avail> bytes from <seq> may go now: 0 is none. */
static uint64_t ep_may_send(struct ep *e, uint64_t seq, uint64_t avail)
{
	const uint64_t usable = e->wnd_right > seq ? e->wnd_right - seq : 0;
	const uint64_t pipe = ep_pipe(e), n = min64(min64(avail, e->mss), usable);

	if (pipe > 0 && pipe + n > e->cwnd)
		return 0;
	if (n < min64(avail, e->mss)) { /* the window is the limit: silly window avoidance */
		if (e->una != e->nxt)
			return 0;
		if (n == 0 || n < e->max_wnd / 2) {
			ep_persist_arm(e);
			return 0;
		}
	}
	if (n == avail && n < e->mss && e->cf->nagle && !e->shut && pipe > 0 && seq == e->max)
		return 0;
	if (e->cf->hostile & HOSTILE_TINY)
		return min64(n, rng_range(&e->rng, 1, 8));
	return n;
}

static bool ep_push_next(struct ep *e)
{
	const uint64_t seq = e->nxt < e->max ? ranges_end(&e->sacked, e->nxt) : e->nxt;
	uint64_t n;

	if (seq >= e->end + e->shut)
		return false;
	if (seq == e->end) { /* only the FIN is left */
		if (e->wnd_right <= seq && !e->cf->probe_with_byte) {
			if (e->una == e->nxt)
				ep_persist_arm(e);
			return false;
		}
		ep_send_data(e, seq, 0);
		e->nxt = seq + 1;
		return true;
	}
	n = ep_may_send(e, seq, e->end - seq);
	if (n == 0)
		return false;
	ep_send_data(e, seq, (uint32_t)n);
	e->nxt = seq + n + (e->shut && seq + n == e->end);
	return true;
}

void ep_push(struct ep *e)
{
	if (e->state != EP_OPEN)
		return;
	for (int i = 0; i < PUSH_MAX && ep_push_hole(e); i++)
		;
	for (int i = 0; i < PUSH_MAX && ep_push_next(e); i++)
		;
	if (e->una < e->nxt) {
		ep_disarm(e, TIMER_PERSIST);
		if (e->timer[TIMER_RTO] == 0)
			ep_arm(e, TIMER_RTO, min64((uint64_t)e->rto << e->backoff, RTO_MAX_US));
		if (e->stuck_since_us == 0)
			e->stuck_since_us = e->w->now_us;
	}
}

/* The reader made room: tell the peer when it is worth a segment. */
void ep_window_update(struct ep *e)
{
	const uint64_t edge = e->rcv_nxt + min64(ep_window(e), 65535ull << e->rcv_ws);
	const uint64_t step = min64(2ull * e->mss, e->cf->rcvbuf / 2);

	if (e->state != EP_OPEN || e->fin_seen || edge <= e->rcv_adv)
		return;
	if (edge - e->rcv_adv >= step ||
			(e->rcv_adv == e->rcv_nxt &&
					edge - e->rcv_adv >= min64(e->mss, e->cf->rcvbuf / 2)))
		ep_send_ack(e);
}

/* --- timers --- */

static bool ep_gave_up(struct ep *e, uint32_t limit)
{
	const uint64_t stuck = e->stuck_since_us != 0 ? e->w->now_us - e->stuck_since_us : 0;

	if (e->retries++ < limit && (e->cf->user_timeout_us == 0 || stuck < e->cf->user_timeout_us))
		return false;
	ep_die(e, OUT_TIMEOUT, EP_GONE);
	return true;
}

static void ep_syn_rto(struct ep *e)
{
	if (ep_gave_up(e, SYN_RETRIES_MAX))
		return;
	e->backoff++;
	ep_send_syn(e);
	ep_arm(e, TIMER_RTO, min64((uint64_t)e->rto << e->backoff, RTO_MAX_US));
}

void ep_rto_fired(struct ep *e)
{
	if (e->state == EP_SYN_SENT || e->state == EP_SYN_RCVD) {
		ep_syn_rto(e);
		return;
	}
	if (e->state != EP_OPEN || e->una >= e->max || ep_gave_up(e, RETRIES_MAX))
		return;
	e->st.rtos++;
	e->backoff += e->backoff < 10;
	if (e->max - e->una > 536 && ++e->full_rtos == 3 && e->mss > 536)
		e->mss = 536; /* a path that swallows large segments (RFC 4821 in small) */
	e->ssthresh = max64((e->nxt - e->una) / 2, 2ull * e->mss);
	e->cwnd = e->mss;
	e->recovery = false;
	e->recover = e->max;
	e->dupacks = 0;
	e->rtt_seq = 0;
	ranges_clear(&e->sacked);
	e->nxt = e->una;
	ep_push(e);
	if (e->timer[TIMER_RTO] == 0 && e->una < e->max)
		ep_arm(e, TIMER_RTO, min64((uint64_t)e->rto << e->backoff, RTO_MAX_US));
}

void ep_persist_fired(struct ep *e)
{
	const uint64_t usable = e->wnd_right > e->nxt ? e->wnd_right - e->nxt : 0;
	uint64_t n = min64(min64(e->end - min64(e->end, e->nxt), e->mss), usable);
	struct seg s;

	if (e->state != EP_OPEN || e->una != e->nxt || ep_gave_up(e, RETRIES_MAX))
		return;
	e->st.probes++;
	if (n > 0) { /* a small window that stayed small */
		ep_send_data(e, e->nxt, (uint32_t)n);
		e->nxt += n + (e->shut && e->nxt + n == e->end);
		ep_push(e);
		return;
	}
	e->backoff += e->backoff < 10;
	if (e->cf->probe_with_byte && e->nxt < e->end) {
		ep_send_data(e, e->nxt, 1);
	} else {
		ep_fill(e, &s, TF_ACK, e->una - 1);
		ep_emit(e, &s);
	}
	ep_persist_arm(e);
}

void ep_keepalive_fired(struct ep *e)
{
	const uint64_t idle = e->w->now_us - e->last_rx_us;
	struct seg s;

	if (e->state != EP_OPEN)
		return;
	if (idle < e->cf->keepalive_us || e->una < e->nxt) {
		ep_arm(e, TIMER_KEEPALIVE,
				idle < e->cf->keepalive_us ? e->cf->keepalive_us - idle
							   : e->cf->keepalive_us);
		return;
	}
	if (e->keep_unanswered++ >= KEEPALIVES_MAX) {
		ep_die(e, OUT_TIMEOUT, EP_GONE);
		return;
	}
	e->st.keepalives++;
	ep_fill(e, &s, TF_ACK, e->nxt - 1);
	ep_emit(e, &s);
	ep_arm(e, TIMER_KEEPALIVE, e->cf->keepalive_us / 4 + 1);
}

/* --- congestion control, as far as a model needs it --- */

void ep_grow(struct ep *e, uint64_t acked)
{
	const uint64_t t_ms = (e->w->now_us - e->cubic_at_us) / US_PER_MS;

	if (e->cf->cc == CC_FIXED) {
		e->cwnd = 256ull * e->mss;
		return;
	}
	if (e->cwnd < e->ssthresh)
		e->cwnd += acked;
	else if (e->cf->cc == CC_RENO || e->cubic_max == 0)
		e->cwnd += max64(1, acked * e->mss / e->cwnd);
	else /* towards the old maximum quickly, beyond it slowly: the shape, not the formula */
		e->cwnd += max64(1, acked * e->mss / e->cwnd) +
				(e->cwnd < e->cubic_max ? (e->cubic_max - e->cwnd) / 16
							: e->mss * t_ms / 10000);
	e->cwnd = min64(e->cwnd, 64u << 20);
}
