/* SPDX-License-Identifier: Apache-2.0
 * One segment: how it is made and queued, and how a received one is checked.
 *
 * Every buffer of the pool was filled with HDR_FILL once; a segment overwrites the header and the
 * first HDR_TAG bytes of the payload only, so that payloads cost nothing to write. */
#include "tests/perf/tcpgen/gen.h"

enum { FRAME_MIN = 60 };

static struct rte_mbuf *take(struct gen *g)
{
	if (g->n_stash == 0) {
		if (rte_pktmbuf_alloc_bulk(g->pool, g->stash, BURST) != 0) {
			g->c.no_mbuf++;
			return NULL;
		}
		g->n_stash = BURST;
	}
	return g->stash[--g->n_stash];
}

static void queue(struct gen *g, int end, struct rte_mbuf *m, uint32_t frame_len)
{
	struct port *p = &g->port[end];

	if (frame_len < FRAME_MIN)
		frame_len = FRAME_MIN;
	m->data_len = (uint16_t)frame_len;
	m->pkt_len = frame_len;
	if (port_queued(p) == TXQ) {
		g->c.tx_full++;
		rte_pktmbuf_free(m);
		return;
	}
	p->txq[p->tail++ % TXQ] = m;
	if (port_queued(p) % BURST == 0)
		port_flush(g, end);
}

static struct hdr_seg describe(const struct gen *g, const struct flow *f, int end, uint64_t pos)
{
	const struct ep *ep = &f->ep[end];

	return (struct hdr_seg){
		.idx = f->idx,
		.seq = ep->iss + 1 + (uint32_t)pos,
		.ack = ep->irs + 1 + (uint32_t)ep->rcv,
		.wnd = (uint16_t)(g->opt.rwnd_bytes >> WSCALE),
		.flags = TH_ACK,
	};
}

static void ack_is_sent(struct ep *ep)
{
	ep->unacked = 0;
	ep->flags &= (uint8_t)~EP_OWES_ACK;
}

/* True if <len> bytes at nxt are just the segment that the stream has there. */
static bool is_whole(const struct ep *ep, uint32_t len)
{
	return !(ep->flags & EP_UNALIGNED) && len == stream_seg_len(&ep->tx, ep->tx_off);
}

/* The first HDR_TAG bytes of a payload of <len>; the rest is fill. Returns the sum of it all. */
static uint32_t payload_head(const struct flow *f, int end, uint32_t len, uint8_t *ret_head)
{
	const struct ep *ep = &f->ep[end];
	uint32_t i, sum = 0, n = len < HDR_TAG ? len : HDR_TAG;
	uint64_t tag;

	if (is_whole(ep, len) && len >= HDR_TAG) {
		tag = stream_tag(f->idx, end, ep->nxt);
		hdr_put64(ret_head, tag);
		return hdr_words64(tag) + hdr_fill_sum(len - HDR_TAG);
	}
	memset(ret_head, HDR_FILL, HDR_TAG);
	for (i = 0; i < n; i++) {
		ret_head[i] = stream_byte(&ep->tx, f->idx, end, ep->nxt + i);
		sum += (uint32_t)ret_head[i] << (i & 1 ? 0 : 8);
	}
	return sum + hdr_fill_sum(len - n);
}

/* Sends <len> bytes of payload at nxt; at most the rest of the stream's current segment. */
void seg_data(struct gen *g, struct flow *f, int end, uint32_t len)
{
	struct ep *ep = &f->ep[end];
	struct rte_mbuf *m = take(g);
	struct hdr_seg s = describe(g, f, end, ep->nxt);
	bool whole = is_whole(ep, len);
	uint8_t head[HDR_TAG], *frame;

	if (m == NULL)
		return;
	frame = rte_pktmbuf_mtod(m, uint8_t *);
	s.len = (uint16_t)len;
	if (ep->nxt + len == ep->app)
		s.flags |= TH_PSH;
	s.pay_sum = payload_head(f, end, len, head);
	hdr_write(&g->tmpl[end], frame, &s);
	memcpy(frame + HDR_LEN, head, HDR_TAG);
	queue(g, end, m, HDR_LEN + len);
	ack_is_sent(ep);
	g->c.segs_out[end]++;
	if (ep->nxt < ep->max)
		g->c.retransmits[end]++;
	ep->nxt += len;
	if (ep->nxt > ep->max)
		ep->max = ep->nxt;
	if (whole)
		ep->tx_off = stream_advance(&ep->tx, ep->tx_off, len);
	else
		seg_seek(ep, ep->nxt);
}

/* Sends a segment without payload at position <pos>: an ACK, a FIN, an RST, a probe. */
void seg_ctl(struct gen *g, struct flow *f, int end, uint64_t pos, uint8_t flags)
{
	struct rte_mbuf *m = take(g);
	struct hdr_seg s = describe(g, f, end, pos);

	if (m == NULL)
		return;
	s.flags |= flags;
	hdr_write(&g->tmpl[end], rte_pktmbuf_mtod(m, uint8_t *), &s);
	queue(g, end, m, HDR_LEN);
	ack_is_sent(&f->ep[end]);
	g->c.acks_out[end]++;
}

/* Sends a SYN (client) or a SYN-ACK (server). */
void seg_syn(struct gen *g, struct flow *f, int end)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(g->syn_pool);
	struct ep *ep = &f->ep[end];
	struct hdr_seg s = describe(g, f, end, 0);
	uint8_t scale = (uint8_t)(WSCALE | (g->opt.sack ? 0x80 : 0));
	uint16_t len;

	if (m == NULL) {
		g->c.no_mbuf++;
		return;
	}
	s.seq = ep->iss;
	s.wnd = 65535;
	s.flags = TH_SYN;
	if (end == SERVER)
		s.flags |= TH_ACK;
	else
		s.ack = 0;
	len = hdr_write_syn(&g->tmpl[end], rte_pktmbuf_mtod(m, uint8_t *), &s, 1460, scale);
	queue(g, end, m, len);
	ep->timer_tsc = g->now;
}

/* Goes to position <pos> of what we send: forward, or back to send again. */
void seg_seek(struct ep *ep, uint64_t pos)
{
	ep->nxt = pos;
	ep->tx_off = (uint32_t)(pos % ep->tx.msg);
	if (ep->tx_off % ep->tx.seg != 0)
		ep->flags |= EP_UNALIGNED;
	else
		ep->flags &= (uint8_t)~EP_UNALIGNED;
}

static bool check_all(const struct flow *f, int end, const struct seg_in *s)
{
	const struct ep *ep = &f->ep[end], *peer = &f->ep[!end];
	uint32_t i;

	for (i = 0; i < s->len; i++) {
		if (s->payload[i] != stream_byte(&peer->tx, f->idx, !end, ep->rcv + i))
			return false;
	}
	return true;
}

/* Checks the payload that begins at rcv: each tag in it, or every byte. */
bool seg_check(struct gen *g, const struct flow *f, int end, const struct seg_in *s)
{
	struct ep *ep = &g->flows[f->idx].ep[end];
	const struct stream *st = &f->ep[!end].tx;
	uint64_t stop = ep->rcv + s->len;
	bool ok = true;

	while (ep->tag_at < stop) {
		uint32_t seg = stream_seg_len(st, ep->tag_off);

		if (ep->tag_at >= ep->rcv && ep->tag_at + HDR_TAG <= stop && seg >= HDR_TAG)
			ok &= hdr_get64(s->payload + (ep->tag_at - ep->rcv)) ==
					stream_tag(f->idx, !end, ep->tag_at);
		ep->tag_at += seg;
		ep->tag_off = stream_advance(st, ep->tag_off, seg);
	}
	if (g->opt.check_all)
		ok &= check_all(f, end, s);
	return ok;
}
