/* SPDX-License-Identifier: Apache-2.0
 * One end of a connection: a small TCP. Handshake, delayed ACKs (one for two segments), go-back-N
 * on three duplicate ACKs or a timeout with a halved window, FIN, RST. Segments that arrive out of
 * order are dropped, so what a wire loses or reorders shows as retransmissions. */
#include "tests/perf/tcpgen/gen.h"

#include <rte_cycles.h>

enum {
	BURST_PER_TURN = 8, /* segments of one end before the next end has its turn */
	TIMERS_PER_TURN = 8,
	ACKS_PER_TURN = 64,
	MAX_BACKOFF = 12,
	INITIAL_SEGS = 10,
};

static void ready(struct gen *g, struct flow *f, int end)
{
	struct ep *ep = &f->ep[end];

	if (ep->flags & EP_READY)
		return;
	ep->flags |= EP_READY;
	fifo_push(&g->ready, f->idx << 1 | (uint32_t)end);
}

static void ep_reset(struct ep *ep, uint32_t iss)
{
	uint8_t queued = ep->flags & EP_QUEUED;

	*ep = (struct ep){ .flags = queued, .iss = iss };
}

static void finish(struct gen *g, struct flow *f, bool by_reset)
{
	f->ep[CLIENT].state = EP_CLOSED;
	f->ep[SERVER].state = EP_CLOSED;
	flow_deactivate(g, f);
	mode_closed(g, f, by_reset);
}

/* The next connection of a slot begins above the last one's numbers, as RFC 6528 clocks do. */
static uint32_t next_iss(const struct gen *g, const struct ep *ep)
{
	if (ep->iss == 0)
		return (uint32_t)(g->now >> 10) | 1;
	return ep->iss + (uint32_t)ep->max + 128000;
}

void ep_connect(struct gen *g, struct flow *f)
{
	struct ep *ep = &f->ep[CLIENT];

	ep_reset(ep, next_iss(g, ep));
	f->ep[SERVER].state = EP_CLOSED;
	ep->state = EP_SYN_SENT;
	f->start_tsc = g->now;
	f->served = 0;
	f->opened = false;
	flow_activate(g, f);
	seg_syn(g, f, CLIENT);
}

void ep_abort(struct gen *g, struct flow *f)
{
	seg_ctl(g, f, CLIENT, f->ep[CLIENT].nxt, TH_RST);
	finish(g, f, true);
}

/* Reads MSS and window scale; the segment size is what both allow. */
static void syn_options(const struct gen *g, struct ep *ep, int end, const struct seg_in *s)
{
	const uint8_t *o = s->payload - s->opt_len, *stop = s->payload;
	uint32_t mss = 536;

	ep->wscale = 0;
	while (o < stop && *o != 0) {
		if (*o == 1) {
			o++;
			continue;
		}
		if (o + 2 > stop || o[1] < 2 || o + o[1] > stop)
			break;
		if (o[0] == 2 && o[1] == 4)
			mss = hdr_get16(o + 2);
		else if (o[0] == 3 && o[1] == 3)
			ep->wscale = o[2];
		o += o[1];
	}
	ep->tx.seg = mss < g->opt.payload ? mss : g->opt.payload;
	ep->tx.msg = end == CLIENT ? g->opt.request_bytes : g->opt.response_bytes;
	if (g->opt.mode == MODE_BULK)
		ep->tx.msg = ep->tx.seg;
	ep->cwnd = INITIAL_SEGS * ep->tx.seg;
	ep->ssthresh = UINT32_MAX;
}

static void open_end(struct gen *g, struct flow *f, int end)
{
	struct ep *ep = &f->ep[end];

	ep->state = EP_OPEN;
	ep->backoff = 0;
	ep->timer_tsc = g->now;
	mode_opened(g, f, end);
}

static void server_syn(struct gen *g, struct flow *f, const struct seg_in *s)
{
	struct ep *ep = &f->ep[SERVER];

	if (ep->state != EP_SYN_RCVD || ep->irs != s->seq) {
		ep_reset(ep, next_iss(g, ep));
		ep->irs = s->seq;
		syn_options(g, ep, SERVER, s);
		ep->right = s->wnd;
		ep->state = EP_SYN_RCVD;
	}
	seg_syn(g, f, SERVER);
}

static void client_syn_sent(struct gen *g, struct flow *f, const struct seg_in *s)
{
	struct ep *ep = &f->ep[CLIENT];

	if (!(s->flags & TH_ACK) || s->ack != ep->iss + 1) {
		/* An old connection's answer: tell it so, and try again soon. */
		if (!(s->flags & TH_RST))
			seg_ctl(g, f, CLIENT, (uint64_t)(s->ack - ep->iss - 1), TH_RST);
		return;
	}
	if (s->flags & TH_RST) {
		finish(g, f, true);
		return;
	}
	if (!(s->flags & TH_SYN))
		return;
	ep->irs = s->seq;
	ep->rcv = 0;
	syn_options(g, ep, CLIENT, s);
	ep->right = s->wnd;
	seg_ctl(g, f, CLIENT, 0, 0);
	open_end(g, f, CLIENT);
}

/* Everything but the segments of an open end. True: handled. */
static bool handshake(struct gen *g, struct flow *f, int end, const struct seg_in *s)
{
	struct ep *ep = &f->ep[end];

	if (ep->state == EP_SYN_SENT) {
		client_syn_sent(g, f, s);
		return true;
	}
	if (end == SERVER && (s->flags & (TH_SYN | TH_ACK | TH_RST)) == TH_SYN) {
		if (ep->state == EP_OPEN && f->ep[CLIENT].state != EP_SYN_SENT)
			g->c.stray_in++;
		else
			server_syn(g, f, s);
		return true;
	}
	if (ep->state == EP_CLOSED) {
		g->c.stray_in += !g->closing;
		return true;
	}
	if (s->flags & TH_RST) {
		finish(g, f, true);
		return true;
	}
	if (s->flags & TH_SYN) { /* a SYN-ACK again: our ACK was lost */
		seg_ctl(g, f, end, ep->nxt, 0);
		return true;
	}
	if (ep->state == EP_SYN_RCVD) {
		if (s->ack != ep->iss + 1)
			return true;
		ep->right = (uint64_t)s->wnd << ep->wscale;
		open_end(g, f, end);
	}
	return false;
}

static void go_back(struct gen *g, struct flow *f, int end, uint32_t cwnd_segs)
{
	struct ep *ep = &f->ep[end];
	uint32_t flight = (uint32_t)(ep->nxt - ep->una);

	ep->ssthresh = flight / 2 > 2 * ep->tx.seg ? flight / 2 : 2 * ep->tx.seg;
	ep->cwnd = cwnd_segs != 0 ? cwnd_segs * ep->tx.seg : ep->ssthresh;
	ep->recover = ep->max;
	ep->dupacks = 0;
	seg_seek(ep, ep->una);
	ep->timer_tsc = g->now;
	ready(g, f, end);
}

static void ack_progress(struct gen *g, struct ep *ep, uint32_t n)
{
	if (ep->cwnd < ep->ssthresh)
		ep->cwnd += n;
	else
		ep->cwnd += (uint32_t)((uint64_t)ep->tx.seg * n / ep->cwnd);
	if (ep->cwnd > g->opt.window_bytes)
		ep->cwnd = g->opt.window_bytes;
	ep->una += n;
	ep->dupacks = 0;
	ep->backoff = 0;
	ep->timer_tsc = g->now;
	if (ep->nxt < ep->una)
		seg_seek(ep, ep->una);
	if ((ep->flags & EP_FIN_WANTED) && ep->una == ep->app + 1)
		ep->flags |= EP_FIN_ACKED;
}

static void ack_input(struct gen *g, struct flow *f, int end, const struct seg_in *s)
{
	struct ep *ep = &f->ep[end];
	int32_t n = (int32_t)(s->ack - (ep->iss + 1 + (uint32_t)ep->una));
	uint64_t right;

	if (n < 0)
		return;
	if ((uint64_t)n > ep->max - ep->una) {
		g->c.stray_in++;
		return;
	}
	right = ep->una + (uint32_t)n + ((uint64_t)s->wnd << ep->wscale);
	if (n > 0)
		ack_progress(g, ep, (uint32_t)n);
	else if (s->len == 0 && right == ep->right && ep->nxt > ep->una && ++ep->dupacks == 3 &&
			ep->una >= ep->recover) {
		g->c.fast_retransmits++;
		go_back(g, f, end, 0);
	}
	if (right > ep->right)
		ep->right = right;
	if (ep->nxt <= ep->app && (ep->nxt < ep->app || (ep->flags & EP_FIN_WANTED)))
		ready(g, f, end);
}

static void owe_ack(struct gen *g, struct flow *f, int end)
{
	struct ep *ep = &f->ep[end];

	ep->owed_tsc = g->now;
	ep->flags |= EP_OWES_ACK;
	if (ep->flags & EP_IN_OWED)
		return;
	ep->flags |= EP_IN_OWED;
	fifo_push(&g->owed, f->idx << 1 | (uint32_t)end);
}

/* In order: counts, checks, acknowledges. */
static void accept_data(struct gen *g, struct flow *f, int end, const struct seg_in *s)
{
	struct ep *ep = &f->ep[end];

	if (s->len > 0) {
		if (!seg_check(g, f, end, s))
			g->c.bad_payload++;
		ep->rcv += s->len;
		g->c.segs_in[end]++;
		g->c.bytes_in[end] += s->len;
	}
	if (s->flags & TH_FIN) {
		ep->rcv++;
		ep->flags |= EP_FIN_RCVD;
	}
	if (++ep->unacked >= 2 || (s->flags & TH_FIN))
		seg_ctl(g, f, end, ep->nxt, 0);
	else
		owe_ack(g, f, end);
	mode_received(g, f, end);
}

static void data_input(struct gen *g, struct flow *f, int end, const struct seg_in *s)
{
	struct ep *ep = &f->ep[end];
	int32_t ahead = (int32_t)(s->seq - (ep->irs + 1 + (uint32_t)ep->rcv));
	uint32_t fin = s->flags & TH_FIN, old;
	struct seg_in rest = *s;

	if (ahead == 0 && s->len + fin > 0) {
		accept_data(g, f, end, s);
		return;
	}
	if (ahead > 0) {
		g->c.ooo_in++;
		seg_ctl(g, f, end, ep->nxt, 0);
		return;
	}
	old = (uint32_t)-ahead;
	if (ahead == 0)
		return;
	if (old >= s->len + fin) { /* seen before, or a probe */
		g->c.dup_in += s->len + fin > 0;
		seg_ctl(g, f, end, ep->nxt, 0);
		return;
	}
	rest.payload += old;
	rest.len = (uint16_t)(s->len - old);
	accept_data(g, f, end, &rest);
}

static bool is_over(const struct ep *ep)
{
	const uint8_t both = EP_FIN_ACKED | EP_FIN_RCVD;

	return ep->state == EP_OPEN && (ep->flags & both) == both;
}

void ep_input(struct gen *g, struct flow *f, int end, const struct seg_in *s)
{
	if (f->ep[end].state != EP_OPEN || (s->flags & (TH_SYN | TH_RST))) {
		if (handshake(g, f, end, s))
			return;
	}
	if (s->len == 0)
		g->c.acks_in[end]++;
	ack_input(g, f, end, s);
	data_input(g, f, end, s);
	if (is_over(&f->ep[CLIENT]) && is_over(&f->ep[SERVER]))
		finish(g, f, false);
}

/* How much of the stream's current segment is left at nxt. */
static uint32_t segment_rest(const struct ep *ep)
{
	uint32_t in_seg;

	if (!(ep->flags & EP_UNALIGNED))
		return stream_seg_len(&ep->tx, ep->tx_off);
	in_seg = ep->tx_off % ep->tx.seg;
	return stream_seg_len(&ep->tx, ep->tx_off - in_seg) - in_seg;
}

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void send_fin(struct gen *g, struct flow *f, int end)
{
	struct ep *ep = &f->ep[end];

	if (ep->una == ep->nxt)
		ep->timer_tsc = g->now;
	seg_ctl(g, f, end, ep->nxt, TH_FIN);
	ep->nxt++;
	if (ep->max < ep->nxt)
		ep->max = ep->nxt;
}

/* Sends what the windows allow, at most a burst. True: it could send more. */
static bool send_some(struct gen *g, struct flow *f, int end)
{
	struct ep *ep = &f->ep[end];
	uint32_t i;

	if (ep->state != EP_OPEN)
		return false;
	for (i = 0; i < BURST_PER_TURN; i++) {
		uint64_t limit = min64(ep->una + ep->cwnd, min64(ep->right, ep->app));
		uint64_t len = min64(segment_rest(ep), ep->app - min64(ep->nxt, ep->app));

		if (len == 0) {
			if (ep->nxt == ep->app && (ep->flags & EP_FIN_WANTED))
				send_fin(g, f, end);
			return false;
		}
		if (ep->nxt + len > limit) {
			if (ep->nxt != ep->una || limit <= ep->nxt)
				return false;
			len = limit - ep->nxt;
		}
		if (ep->nxt == ep->una)
			ep->timer_tsc = g->now;
		seg_data(g, f, end, (uint32_t)len);
	}
	return true;
}

/* Gives ends that may send their turns, while the ports take frames. */
void ep_pump(struct gen *g)
{
	uint32_t turns = fifo_count(&g->ready), at;

	while (turns-- > 0) {
		struct flow *f;
		int end;

		if (port_queued(&g->port[0]) > TXQ_DATA_MAX ||
				port_queued(&g->port[1]) > TXQ_DATA_MAX)
			return;
		at = fifo_pop(&g->ready);
		f = &g->flows[at >> 1];
		end = (int)(at & 1);
		f->ep[end].flags &= (uint8_t)~EP_READY;
		if (send_some(g, f, end))
			ready(g, f, end);
	}
}

void ep_wake(struct gen *g, struct flow *f, int end)
{
	flow_activate(g, f);
	ready(g, f, end);
}

/* Sends the ACKs that waited long enough for a second segment. */
void ep_acks(struct gen *g)
{
	uint32_t n = fifo_count(&g->owed), at;

	if (n > ACKS_PER_TURN)
		n = ACKS_PER_TURN;
	while (n-- > 0) {
		struct ep *ep;

		at = fifo_pop(&g->owed);
		ep = &g->flows[at >> 1].ep[at & 1];
		if (!(ep->flags & EP_OWES_ACK) || ep->state != EP_OPEN) {
			ep->flags &= (uint8_t) ~(EP_IN_OWED | EP_OWES_ACK);
			continue;
		}
		if (g->now - ep->owed_tsc < g->delack_tsc) {
			fifo_push(&g->owed, at);
			continue;
		}
		ep->flags &= (uint8_t)~EP_IN_OWED;
		seg_ctl(g, &g->flows[at >> 1], (int)(at & 1), ep->nxt, 0);
	}
}

static void timeout(struct gen *g, struct flow *f, int end)
{
	struct ep *ep = &f->ep[end];

	g->c.timeouts++;
	ep->timer_tsc = g->now;
	if (++ep->backoff > MAX_BACKOFF) {
		ep_abort(g, f);
		return;
	}
	if (ep->state == EP_SYN_SENT || ep->state == EP_SYN_RCVD)
		seg_syn(g, f, end);
	else if (ep->nxt == ep->una)
		seg_ctl(g, f, end, ep->una - 1, 0); /* probes a closed window */
	else
		go_back(g, f, end, 2);
}

static bool waits(const struct ep *ep)
{
	if (ep->state == EP_SYN_SENT || ep->state == EP_SYN_RCVD)
		return true;
	return ep->state == EP_OPEN && (ep->una < ep->nxt || ep->nxt < ep->app);
}

/* Looks at a few of the active flows each time. */
void ep_timers(struct gen *g)
{
	uint32_t i;
	int end;

	for (i = 0; i < TIMERS_PER_TURN && g->n_active > 0; i++) {
		struct flow *f;

		if (g->active_next >= g->n_active)
			g->active_next = 0;
		f = &g->flows[g->active[g->active_next++]];
		for (end = 0; end < ENDS; end++) {
			struct ep *ep = &f->ep[end];
			uint32_t shift = ep->backoff < 5 ? ep->backoff : 5;

			if (waits(ep) && g->now - ep->timer_tsc > g->rto_tsc << shift)
				timeout(g, f, end);
		}
	}
}
