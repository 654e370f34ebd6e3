/* SPDX-License-Identifier: Apache-2.0
 * Segments out. No Nagle, no cork: the other end's application chose its writes. */
#include "dataplane/net/cksum.h"
#include "dataplane/tcp/relay_priv.h"

#include <string.h>

void header_l3_fill(struct relay *r, struct flow *f, enum side to, struct header_l3 *l3)
{
	const enum side by = side_other(to);
	const struct endpoint *y = &f->ep[by];

	(void)r;
	memcpy(l3->l2, y->l2, sizeof(l3->l2));
	l3->l2_len = y->l2_len;
	l3->ip_version = flow_key_is_v4(&f->key) ? 4 : 6;
	l3->ttl = y->ttl;
	l3->tos = y->tos;
	l3->df = y->df != 0;
	l3->ip_id = f->ep[to].ip_id++;
	l3->flow_label = y->flow_label;
	l3->src = f->key.addr[by];
	l3->dst = f->key.addr[to];
}

static uint32_t ts_now(const struct relay *r, const struct endpoint *from)
{
	return r->now_ms + from->ts_off;
}

/* Writes the headers in front of <payload_off> of <p> and sends it. Takes one reference of <p>. */
static bool emit(struct relay *r, struct flow *f, enum side to, struct pkt *p, uint32_t payload_off,
		const struct header_tcp *tcp)
{
	struct header_l3 l3;
	uint32_t hlen;
	uint8_t *first;

	header_l3_fill(r, f, to, &l3);
	hlen = header_len(&l3, tcp->opt_len);
	first = header_write(pkt_base(p) + payload_off, &l3, tcp);
	pkt_frame_set(p, (uint32_t)(first - pkt_base(p)), hlen + tcp->payload_len);
	return frame_tx(r, (uint16_t)(f->key.tag >> 24), to, p);
}

static void header_common(struct relay *r, struct flow *f, enum side to, struct header_tcp *tcp)
{
	const struct endpoint *x = &f->ep[to];

	tcp->sport = f->key.port[side_other(to)];
	tcp->dport = f->key.port[to];
	tcp->ack = ep_ack_no(x);
	tcp->wnd = window_field(r, f, to);
}

/* Whatever carries an ACK has acknowledged everything. */
static void acked(struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];

	x->rx.last_ack = ep_ack_no(x);
	x->rx.ack_due = ACK_NONE;
	x->rx.mss_seen = 0;
}

bool send_control(struct relay *r, struct flow *f, enum side to, const struct header_out *h)
{
	struct endpoint *x = &f->ep[to];
	uint8_t opts[TCPOPT_MAX];
	struct header_tcp tcp = { .seq = h->seq, .flags = h->flags, .opts = opts };
	struct pkt *p = pkt_alloc(r->env.pools, PKT_HEADER);
	size_t opt_len = 0;

	if (p == NULL) {
		count(r, STAT_ALLOC_FAILED, 1);
		return false;
	}
	header_common(r, f, to, &tcp);
	if ((x->flags & EP_TS) != 0 && (h->flags & TCP_RST) == 0)
		opt_len = tcpopt_write_ts(opts, ts_now(r, &f->ep[side_other(to)]), x->ts_recent);
	if (h->n_sack > 0)
		opt_len += tcpopt_write_sack(opts + opt_len, h->sack, h->n_sack);
	tcp.opt_len = (uint8_t)opt_len;
	if ((h->flags & TCP_RST) != 0)
		tcp.wnd = 0;
	if (!emit(r, f, to, p, PKT_HEADROOM, &tcp))
		return false;
	if ((h->flags & TCP_ACK) != 0)
		acked(f, to);
	return true;
}

/* The run of the out-of-order queue that begins with segment <i>; moves <i> behind it. */
static struct sack_block ooo_run(const struct relay *r, uint32_t *i)
{
	struct sack_block run = { r->segs[*i].seq, r->segs[*i].seq };

	for (; *i != SEG_NONE && r->segs[*i].seq == run.right; *i = r->segs[*i].next)
		run.right = seg_end(&r->segs[*i]);
	return run;
}

/* Runs of the out-of-order queue: the one that came last (RFC 2018 4), then those below it, which
 * came before it, so that each is told in several ACKs; then those above it. */
static uint8_t sack_blocks(const struct relay *r, const struct endpoint *x, struct sack_block *out,
		uint8_t max)
{
	struct sack_block below[TCPOPT_SACK_MAX]; /* a ring: the last runs up to the latest */
	uint32_t n_runs = 0, i = x->rx.ooo_head;
	uint8_t n = 0;

	if (x->rx.dsack_l != x->rx.dsack_r)
		out[n++] = (struct sack_block){ x->rx.dsack_l, x->rx.dsack_r };
	while (i != SEG_NONE) {
		const struct sack_block run = ooo_run(r, &i);

		below[n_runs++ % TCPOPT_SACK_MAX] = run;
		if (seq_lt(x->rx.ooo_last, run.right))
			break;
	}
	for (uint32_t k = 1; k <= n_runs && k <= TCPOPT_SACK_MAX && n < max; k++)
		out[n++] = below[(n_runs - k) % TCPOPT_SACK_MAX];
	while (i != SEG_NONE && n < max)
		out[n++] = ooo_run(r, &i);
	return n;
}

void send_ack(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];
	struct sack_block blocks[TCPOPT_SACK_MAX];
	struct header_out h = { .seq = x->tx.snd_nxt, .flags = TCP_ACK, .sack = blocks };

	if ((x->flags & EP_SACK) != 0)
		h.n_sack = sack_blocks(r, x, blocks, (x->flags & EP_TS) != 0 ? 3 : TCPOPT_SACK_MAX);
	if (!send_control(r, f, to, &h)) {
		send_retry(r, f);
		return;
	}
	x->rx.dsack_l = x->rx.dsack_r = 0;
	count(r, STAT_ACKS_OUT, 1);
}

void send_rst(struct relay *r, struct flow *f, enum side to, uint32_t seq)
{
	const struct header_out h = { .seq = seq, .flags = TCP_RST | TCP_ACK };

	if (send_control(r, f, to, &h))
		count(r, STAT_RSTS_OUT, 1);
}

/* An old number makes any live endpoint answer with an ACK (RFC 9293 3.8.4). */
void send_probe(struct relay *r, struct flow *f, enum side to)
{
	const struct header_out h = { .seq = f->ep[to].tx.snd_una - 1, .flags = TCP_ACK };

	send_control(r, f, to, &h);
}

void send_retry(struct relay *r, struct flow *f)
{
	f->retry_at_ms = (r->now_ms + 1) | 1;
}

/* The packet to send for <s>: its own with the headers in place, or a copy when it is still in a
 * transmit ring or has no room in front. NULL: no buffer. */
static struct pkt *seg_packet(
		struct relay *r, const struct seg *s, uint32_t hlen, uint32_t *ret_off)
{
	if (s->pkt == NULL) {
		*ret_off = PKT_HEADROOM;
		return pkt_alloc(r->env.pools, PKT_HEADER);
	}
	if (pkt_is_shared(s->pkt) || s->off < hlen) {
		*ret_off = PKT_HEADROOM;
		return payload_copy(r, seg_bytes(s), s->len);
	}
	*ret_off = s->off;
	pkt_ref(s->pkt);
	return s->pkt;
}

bool send_once(struct relay *r, struct flow *f, enum side to, const struct seg *s)
{
	struct endpoint *x = &f->ep[to];
	uint8_t opts[TCPOPT_MAX];
	struct header_tcp tcp = { .seq = s->seq,
		.flags = TCP_ACK,
		.opts = opts,
		.payload_len = s->len,
		.payload_sum = s->sum };
	struct pkt *p;
	uint32_t off;

	p = seg_packet(r, s, FRAME_L2_MAX + 40 + 20 + 12, &off);
	if (p == NULL) {
		count(r, STAT_ALLOC_FAILED, 1);
		return false;
	}
	header_common(r, f, to, &tcp);
	tcp.flags |= (s->flags & SEG_PSH) != 0 ? TCP_PSH : 0;
	tcp.flags |= (s->flags & SEG_FIN) != 0 ? TCP_FIN : 0;
	if ((x->flags & EP_TS) != 0)
		tcp.opt_len = (uint8_t)tcpopt_write_ts(
				opts, ts_now(r, &f->ep[side_other(to)]), x->ts_recent);
	if (!emit(r, f, to, p, off, &tcp))
		return false;
	if (x->rx.ooo_n == 0 && x->rx.dsack_l == x->rx.dsack_r)
		acked(f, to);
	return true;
}

static void sent_again(struct relay *r, struct flow *f, enum side to, struct seg *s)
{
	struct endpoint *x = &f->ep[to];

	if ((s->flags & SEG_LOST) != 0) {
		s->flags &= (uint8_t)~SEG_LOST;
		x->rec.n_lost--;
		x->tx.pipe += seg_space(s);
	}
	s->flags |= SEG_RETX;
	s->n_retx += s->n_retx < UINT8_MAX;
	count(r, STAT_RETRANSMITS, 1);
	flow_counts(r, f)->side[to].retransmits++;
}

static void sent_first(struct relay *r, struct flow *f, enum side to, struct seg *s)
{
	struct endpoint *x = &f->ep[to];

	if (x->tx.snd_una == x->tx.snd_nxt)
		x->last_progress_ms =
				r->now_ms; /* the give-up clock starts with the first in flight */
	if (x->tx.rtx_kind == RTX_TLP)
		x->tx.rtx_kind = RTX_NONE; /* the probe waits for the newest (RFC 8985 7.2) */
	s->flags |= SEG_SENT;
	x->tx.snd_nxt = seg_end(s);
	x->tx.pipe += seg_space(s);
	x->tx.sq_unsent = s->next;
	x->rec.n_out++;
	if (x->tx.rtx_kind == RTX_TLP)
		x->tx.rtx_kind = RTX_NONE; /* the probe waits for the latest (RFC 8985 7.2) */
	count(r, STAT_BYTES_OUT, s->len);
}

bool send_seg(struct relay *r, struct flow *f, enum side to, uint32_t i)
{
	struct endpoint *x = &f->ep[to];
	struct seg *s = &r->segs[i];

	if (!send_once(r, f, to, s))
		return false;
	s->tx_us = now_us32(r);
	if ((s->flags & SEG_SENT) != 0)
		sent_again(r, f, to, s);
	else
		sent_first(r, f, to, s);
	if (x->tx.ca_state == CA_RECOVERY)
		x->rec.prr_out += seg_space(s);
	count(r, STAT_SEGS_OUT, 1);
	return true;
}

/* Cuts a segment that is too large for what may be sent. false: no buffer. */
static bool fit(struct relay *r, struct endpoint *x, uint32_t i, uint32_t room)
{
	struct seg *s = &r->segs[i];
	uint32_t j;

	if (s->len <= room)
		return true;
	j = seg_split(r, i, room);
	if (j == SEG_NONE)
		return false;
	if (x->tx.sq_tail == i)
		x->tx.sq_tail = j;
	x->rec.n_lost += (s->flags & SEG_LOST) != 0;
	x->rec.n_out += (s->flags & SEG_SENT) != 0;
	return true;
}

/* How much of an unsent segment may go: 0 for not yet (RFC 9293 3.8.6.2.1). */
static uint32_t sendable(const struct endpoint *x, const struct seg *s)
{
	const uint32_t edge = x->tx.snd_una + x->tx.snd_wnd;
	const uint32_t room = seq_gt(edge, s->seq) ? edge - s->seq : 0;
	const uint32_t want = s->len < x->tx.mss ? s->len : x->tx.mss;

	if ((s->flags & SEG_FIN) != 0)
		return room > 0 || x->tx.pipe == 0; /* a FIN may go into a closed window */
	if (x->rec.n_out >= SENT_MAX)
		return 0; /* the scoreboard is walked: its length is bounded */
	if (room >= want)
		return want;
	return room > 0 && room >= x->tx.max_wnd / 2 ? room : 0;
}

static uint32_t first_lost(const struct relay *r, const struct endpoint *x, uint32_t from)
{
	uint32_t i = from;

	while (i != SEG_NONE && i != x->tx.sq_unsent && (r->segs[i].flags & SEG_LOST) == 0)
		i = r->segs[i].next;
	return i == x->tx.sq_unsent ? SEG_NONE : i;
}

static bool cwnd_allows(const struct endpoint *x, uint32_t bytes)
{
	return x->tx.pipe == 0 || x->tx.pipe + bytes <= x->rec.cwnd;
}

/* 1: one was sent; 0: nothing may go; -1: no buffer or no room in the transmit queue. */
static int pump_lost(struct relay *r, struct flow *f, enum side to, uint32_t *cursor)
{
	struct endpoint *x = &f->ep[to];
	uint32_t i = first_lost(r, x, *cursor);

	if (i == SEG_NONE)
		return 0;
	if (!fit(r, x, i, x->tx.mss))
		return -1;
	if (!cwnd_allows(x, seg_space(&r->segs[i])))
		return 0;
	*cursor = i;
	return send_seg(r, f, to, i) ? 1 : -1;
}

static int pump_unsent(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];
	uint32_t i = x->tx.sq_unsent;
	uint32_t n;

	if (i == SEG_NONE)
		return 0;
	n = sendable(x, &r->segs[i]);
	if (n == 0 || !cwnd_allows(x, n))
		return 0;
	if ((r->segs[i].flags & SEG_FIN) == 0 && !fit(r, x, i, n))
		return -1;
	return send_seg(r, f, to, i) ? 1 : -1;
}

static void idle_restart(struct relay *r, struct endpoint *x)
{
	/* RFC 5681 4.1: nothing outstanding for longer than the RTO */
	if (x->tx.snd_una == x->tx.snd_nxt && r->now_ms - x->last_progress_ms > x->rec.rto_ms) {
		r->cc->idle(x);
		x->last_progress_ms = r->now_ms;
	}
}

void send_pump(struct relay *r, struct flow *f, enum side to)
{
	struct endpoint *x = &f->ep[to];
	uint32_t cursor = x->tx.sq_head;
	int rc = 1;

	if (x->tx.sq_head == SEG_NONE || x->tx.tx_state == TX_RST_SENT)
		return;
	idle_restart(r, x);
	for (int n = 0; n < BURST_MAX; n++) {
		rc = x->rec.n_lost > 0 ? pump_lost(r, f, to, &cursor) : 0;
		if (rc == 0 && x->rec.n_lost == 0)
			rc = pump_unsent(r, f, to);
		if (rc <= 0)
			break;
	}
	if (rc < 0)
		send_retry(r, f);
	else if (rc > 0)
		mark_dirty(r, f); /* more may go: at the next poll, after others */
	rtx_arm(r, f, to);
}
