/* SPDX-License-Identifier: Apache-2.0
 * The inspector's side of the queues (inspector.h). */
#include "dataplane/net/cksum.h"
#include "dataplane/tcp/relay_priv.h"

#include <errno.h>

void *stream_policy_ctx(const struct flow *f)
{
	return f->policy->inspector_ctx;
}

void *stream_owner(const struct relay *r)
{
	return r->env.inspect_ctx;
}

void *stream_ctx(const struct flow *f)
{
	return f->ctx;
}

void stream_ctx_set(struct flow *f, void *ctx)
{
	f->ctx = ctx;
}

void stream_id(const struct relay *r, const struct flow *f, uint32_t *ret_index, uint32_t *ret_gen)
{
	*ret_index = flow_index(r, f);
	*ret_gen = f->gen;
}

const struct flow_key *stream_key(const struct flow *f)
{
	return &f->key;
}

enum side stream_initiator(const struct flow *f)
{
	return (enum side)f->initiator;
}

uint64_t stream_now_us(const struct relay *r)
{
	return r->now_us;
}

uint32_t stream_len(const struct flow *f, enum side from)
{
	return f->ep[from].rx.in_bytes;
}

size_t stream_view(const struct relay *r, const struct flow *f, enum side from, struct span *out,
		size_t max)
{
	size_t n = 0;

	for (uint32_t i = f->ep[from].rx.in_head; i != SEG_NONE && n < max; i = r->segs[i].next)
		out[n++] = (struct span){ seg_bytes(&r->segs[i]), r->segs[i].len };
	return n;
}

bool stream_at_end(const struct flow *f, enum side from)
{
	return f->ep[from].rx.rx_state != RX_OPEN;
}

static uint32_t emit_cap(const struct flow *f, enum side from)
{
	return f->ep[from].rx.rcv_cap +
			HOLD_CAP; /* what is put in comes on top of what may be queued */
}

uint32_t stream_room(const struct relay *r, const struct flow *f, enum side from)
{
	const struct endpoint *y = &f->ep[side_other(from)];
	const uint32_t cap = emit_cap(f, from);

	if (y->tx.tx_state != TX_OPEN || r->pressure >= PRESSURE_BLACK)
		return 0;
	return y->tx.sq_bytes < cap ? cap - y->tx.sq_bytes : 0;
}

void stream_room_check(struct relay *r, struct flow *f, enum side from)
{
	struct endpoint *x = &f->ep[from];

	if (f->mode != MODE_RELAY || x->room_need == 0 || stream_room(r, f, from) < x->room_need)
		return;
	x->room_need = 0;
	x->again = 1;
	x->flags |= EP_INSPECT;
	mark_dirty(r, f);
}

void stream_room_need(struct relay *r, struct flow *f, enum side from, uint32_t n)
{
	f->ep[from].room_need = n < emit_cap(f, from) / 2 ? n : emit_cap(f, from) / 2;
	stream_room_check(r, f, from);
	if (f->ep[from].room_need == 0 || r->pressure < PRESSURE_BLACK)
		return;
	send_retry(r, f); /* there may be nothing that an acknowledgement could come for */
	mark_dirty(r, f);
}

static bool is_open(const struct flow *f)
{
	return f->state == FLOW_EST && f->mode == MODE_RELAY;
}

/* Takes the head of the in-queue out of it. */
static uint32_t in_pop(struct relay *r, struct endpoint *x)
{
	const uint32_t i = x->rx.in_head;
	struct seg *s = &r->segs[i];

	x->rx.in_head = s->next;
	if (x->rx.in_head == SEG_NONE)
		x->rx.in_tail = SEG_NONE;
	x->rx.in_bytes -= s->len;
	s->next = SEG_NONE;
	return i;
}

/* Makes a segment end after <n> bytes of the in-queue. false: no buffer, nothing done. */
static bool in_cut(struct relay *r, struct endpoint *x, uint32_t n)
{
	uint32_t i = x->rx.in_head;
	uint32_t rest;

	while (i != SEG_NONE && n >= r->segs[i].len) {
		n -= r->segs[i].len;
		i = r->segs[i].next;
	}
	if (n == 0)
		return true;
	rest = seg_split(r, i, n);
	if (rest == SEG_NONE)
		return false;
	if (x->rx.in_tail == i)
		x->rx.in_tail = rest;
	return true;
}

static void out_append(struct relay *r, struct endpoint *y, uint32_t i)
{
	struct seg *s = &r->segs[i];

	s->seq = y->tx.snd_end;
	y->tx.snd_end += s->len;
	y->tx.sq_bytes += s->len;
	/* behind a small segment that still waits: one packet carries both */
	if (y->tx.sq_unsent != SEG_NONE && s->len < SMALL_PAYLOAD &&
			r->segs[y->tx.sq_tail].len + s->len <= y->tx.mss &&
			seg_append(r, y->tx.sq_tail, seg_bytes(s), s->len, s->sum)) {
		r->segs[y->tx.sq_tail].flags |= s->flags & SEG_PSH;
		seg_release(r, i);
		return;
	}
	if (y->tx.sq_head == SEG_NONE)
		y->tx.sq_head = i;
	else
		r->segs[y->tx.sq_tail].next = i;
	y->tx.sq_tail = i;
	if (y->tx.sq_unsent == SEG_NONE)
		y->tx.sq_unsent = i;
}

/* The last byte before a FIN was judged, perhaps from outside data(): the FIN's turn has come. */
static void in_end_check(struct endpoint *x)
{
	if (x->rx.in_bytes == 0 && x->rx.rx_state != RX_OPEN)
		x->flags |= EP_INSPECT;
}

int stream_pass(struct relay *r, struct flow *f, enum side from, uint32_t n)
{
	struct endpoint *x = &f->ep[from];
	struct endpoint *y = ep_other(f, from);

	if (n > x->rx.in_bytes)
		return -EINVAL;
	if (!is_open(f) || y->tx.tx_state != TX_OPEN)
		return -EPIPE;
	if (n == 0)
		return 0;
	if (!in_cut(r, x, n)) {
		x->flags |= EP_INSPECT; /* asked again when buffers are back */
		send_retry(r, f);
		return -ENOBUFS;
	}
	while (n > 0) {
		n -= r->segs[x->rx.in_head].len;
		out_append(r, y, in_pop(r, x));
	}
	in_end_check(x);
	mark_dirty(r, f);
	return 0;
}

int stream_drop(struct relay *r, struct flow *f, enum side from, uint32_t n)
{
	struct endpoint *x = &f->ep[from];

	if (n > x->rx.in_bytes)
		return -EINVAL;
	if (!is_open(f))
		return -EPIPE;
	if (n == 0)
		return 0;
	while (n > 0) {
		const uint32_t i = x->rx.in_head;
		const uint32_t len = r->segs[i].len < n ? r->segs[i].len : n;

		if (len == r->segs[i].len) {
			seg_release(r, in_pop(r, x));
		} else {
			seg_trim_front(r, i, len);
			x->rx.in_bytes -= len;
		}
		n -= len;
		ep_other(f, from)->tx.delta -= len;
		count(r, STAT_BYTES_DROPPED, len);
	}
	in_end_check(x);
	window_drained(r, f, from);
	mark_dirty(r, f);
	return 0;
}

/* One segment of at most <len> bytes behind the out-queue. Returns its length, 0: no buffer. */
static uint32_t emit_one(struct relay *r, struct endpoint *y, const uint8_t *bytes, uint32_t len)
{
	const uint32_t n = len < y->tx.mss ? len : y->tx.mss;
	const uint32_t i = seg_new(r);
	struct pkt *p;

	if (i == SEG_NONE)
		return 0;
	p = payload_copy(r, bytes, n);
	if (p == NULL) {
		seg_release(r, i);
		return 0;
	}
	seg_attach(r, i, p, PKT_HEADROOM, n);
	r->segs[i].sum = cksum_sum(bytes, n);
	r->segs[i].flags = SEG_EMITTED | (n == len ? SEG_PSH : 0);
	out_append(r, y, i);
	return n;
}

/* Buffers for the whole, so that an emission is all or nothing. */
static bool emit_affordable(const struct relay *r, const struct endpoint *y, uint32_t n)
{
	const uint32_t segs = n / y->tx.mss + 1;

	return r->conf.max_segs - r->segs_used > segs;
}

int stream_emit(struct relay *r, struct flow *f, enum side from, const void *bytes, uint32_t n)
{
	struct endpoint *y = ep_other(f, from);
	const uint8_t *at = bytes;
	uint32_t left = n;

	if (!is_open(f) || y->tx.tx_state != TX_OPEN)
		return -EPIPE;
	if (n > stream_room(r, f, from) || !emit_affordable(r, y, n))
		return -ENOBUFS;
	while (left > 0) {
		const uint32_t k = emit_one(r, y, at, left);

		if (k == 0) {
			/* half of it is queued: this flow cannot be continued truthfully */
			if (left < n)
				flow_abort(r, f, END_PRESSURE);
			return -ENOBUFS;
		}
		at += k;
		left -= k;
	}
	y->tx.delta += n;
	count(r, STAT_BYTES_EMITTED, n);
	mark_dirty(r, f);
	return 0;
}

int stream_need(struct relay *r, struct flow *f, enum side from, uint32_t n)
{
	const uint32_t step = ep_other(f, from)->tx.mss;

	(void)r;
	if (n > flow_cap_max(f))
		return -EMSGSIZE;
	f->ep[from].rx.in_need = n;
	/* one step more: the edge moves in steps, so the last bytes of <n> would never be offered */
	if (f->ep[from].rx.rcv_cap < n + step) {
		f->ep[from].rx.rcv_cap = n + step;
		window_drained(r, f, from);
	}
	return 0;
}

void stream_hold(struct relay *r, struct flow *f, enum side from)
{
	struct endpoint *x = &f->ep[from];

	if ((x->flags & EP_HELD) != 0 || !is_open(f))
		return;
	x->flags |= EP_HELD;
	x->held_since_ms = r->now_ms;
	for (int s = 0; s < SIDES; s++)
		f->ep[s].ka_at_ms = r->now_ms + r->conf.hold_keepalive_s * 1000;
	r->n_held++;
	count(r, STAT_HOLDS, 1);
	for (uint32_t i = x->rx.in_head; i != SEG_NONE; i = r->segs[i].next)
		seg_shrink(r, i);
	mark_dirty(r, f);
}

void hold_end(struct relay *r, struct flow *f, enum side from)
{
	struct endpoint *x = &f->ep[from];

	if ((x->flags & EP_HELD) == 0)
		return;
	x->flags &= (uint8_t)~EP_HELD;
	r->n_held--;
	flow_counts(r, f)->side[from].hold_ms += r->now_ms - x->held_since_ms;
}

void stream_resume(struct relay *r, struct flow *f, enum side from)
{
	hold_end(r, f, from);
	f->ep[from].flags |= EP_INSPECT;
	mark_dirty(r, f);
}

bool stream_is_held(const struct flow *f, enum side from)
{
	return (f->ep[from].flags & EP_HELD) != 0;
}

static void in_discard(struct relay *r, struct endpoint *x)
{
	seg_list_release(r, x->rx.in_head);
	x->rx.in_head = x->rx.in_tail = SEG_NONE;
	x->rx.in_bytes = 0;
}

/* <reply> and FIN to the agent, RST to the server: never a FIN, which could commit half a request. */
static void deny_reply(struct relay *r, struct flow *f, const void *reply, uint32_t n)
{
	struct endpoint *a = &f->ep[SIDE_AGENT];
	struct endpoint *p = &f->ep[SIDE_PROD];

	in_discard(r, p);
	in_discard(r, a);
	window_drained(r, f, SIDE_AGENT);
	if (n > 0 && stream_emit(r, f, SIDE_PROD, reply, n) != 0) {
		flow_abort(r, f, END_DENIED);
		return;
	}
	fin_queue(r, f, SIDE_AGENT);
	flow_end(r, f, END_DENIED);
	f->state = FLOW_LINGER;
	f->state_at_ms = r->now_ms + DENY_REPLY_MS;
	a->flags |= EP_DISCARD;
	if (a->rx.rx_state == RX_FIN_SEEN) {
		a->rx.rx_state = RX_FIN_ACKED;
		a->rx.ack_due = ACK_NOW;
	}
	seg_list_release(r, p->tx.sq_head);
	p->tx.sq_head = p->tx.sq_tail = p->tx.sq_unsent = SEG_NONE;
	p->tx.sq_bytes = p->tx.pipe = p->rec.n_lost = p->rec.n_sacked = p->rec.n_out = 0;
	rst_now(r, f, SIDE_PROD);
	p->rx.ack_due = ACK_NONE;
	ooo_release(r, p);
}

void stream_deny(struct relay *r, struct flow *f, enum stream_deny how, const void *reply,
		uint32_t n)
{
	if (!is_open(f))
		return;
	for (int s = 0; s < SIDES; s++)
		hold_end(r, f, (enum side)s);
	switch (how) {
	case STREAM_DENY_REPLY:
		deny_reply(r, f, reply, n);
		break;
	case STREAM_DENY_SILENT:
		flow_end(r, f, END_DENIED);
		flow_dead(r, f);
		break;
	case STREAM_DENY_RST:
		flow_abort(r, f, END_DENIED);
		break;
	}
}

int stream_bypass(struct relay *r, struct flow *f)
{
	if (f->policy->ts == TS_REWRITE && (f->ep[0].flags & EP_TS) != 0)
		return -ENOTSUP;
	if (!is_open(f))
		return 0;
	for (int s = 0; s < SIDES; s++) {
		hold_end(r, f, (enum side)s);
		f->ep[s].rx.in_need = 0;
		f->ep[s].flags |= EP_INSPECT;
	}
	f->flags |= FLOW_BYPASS;
	mark_dirty(r, f);
	return 0;
}

void stream_close(struct relay *r, struct flow *f, enum side from)
{
	struct endpoint *x = &f->ep[from];

	if (!is_open(f) || (x->flags & EP_CLOSED) != 0)
		return;
	hold_end(r, f, from);
	x->flags |= EP_CLOSED;
	count(r, STAT_BYTES_DROPPED, x->rx.in_bytes);
	ep_other(f, from)->tx.delta -= x->rx.in_bytes;
	in_discard(r, x);
	window_drained(r, f, from);
	fin_queue(r, f, side_other(from));
}

void inspect(struct relay *r, struct flow *f, enum side from)
{
	struct endpoint *x = &f->ep[from];

	const bool again = x->again;

	x->flags &= (uint8_t)~EP_INSPECT;
	x->again = 0;
	if (is_open(f) && (x->flags & EP_CLOSED) != 0)
		fin_queue(r, f, side_other(from)); /* when there was no segment for it */
	if (!is_open(f) || (x->flags & (EP_HELD | EP_CLOSED)) != 0)
		return;
	if ((f->flags & FLOW_BYPASS) != 0) {
		stream_pass(r, f, from, x->rx.in_bytes);
	} else if (x->rx.in_bytes > 0 || x->rx.rx_state != RX_OPEN || again) {
		if (x->rx.in_bytes < x->rx.in_need && x->rx.rx_state == RX_OPEN && !again)
			return;
		x->rx.in_need = 0;
		f->policy->inspector->data(r, f, from);
	}
	/* a FIN that a long hold has acknowledged is still to be passed on */
	if (is_open(f) && x->rx.rx_state != RX_OPEN && x->rx.in_bytes == 0 &&
			(x->flags & EP_HELD) == 0 && !f->policy->inspector->closes)
		fin_queue(r, f, side_other(from));
}

static void pass_all_data(struct relay *r, struct flow *f, enum side from)
{
	stream_pass(r, f, from, stream_len(f, from));
}

const struct inspector inspector_pass_all = {
	.name = "pass-all",
	.data = pass_all_data,
};
