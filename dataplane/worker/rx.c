/* SPDX-License-Identifier: Apache-2.0
 * Frames in: from the queues of this worker to its relay, or to the worker that owns their flow. */
#include "dataplane/worker/worker_priv.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

/* The same array under both names of a packet. */
union burst {
	struct rte_mbuf *mbufs[WORKER_BURST];
	struct pkt *pkts[WORKER_BURST];
};

/* Frames of one wire and side, gathered for one call of relay_rx(). */
struct batch {
	uint16_t wire;
	enum side side;
	uint32_t n;
	struct pkt *pkts[WORKER_BURST];
};

static void batch_flush(struct worker *w, struct batch *b, uint64_t now_us)
{
	if (b->n > 0)
		relay_rx(w->relay, b->wire, b->side, b->pkts, b->n, now_us);
	b->n = 0;
}

/* A frame that ends here, outside the relay. */
static void count_frame(struct worker *w, uint32_t bytes)
{
	w->own.stat[STAT_RX_FRAMES]++;
	w->own.stat[STAT_RX_BYTES] += bytes;
}

static void drop_chain(struct worker *w, struct rte_mbuf *m)
{
	count_frame(w, m->pkt_len);
	w->own.drop[DROP_FRAME_TOO_BIG]++;
	rte_pktmbuf_free(m);
}

/* Has the headers fetched that will be read next. A driver that found no room in one buffer chains
 * several: larger than the MTU, not for us. */
static uint32_t sift(struct worker *w, union burst *b, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		rte_prefetch0(pkt_data(b->pkts[i]));
		if (b->mbufs[i]->nb_segs == 1)
			b->mbufs[kept++] = b->mbufs[i];
		else
			drop_chain(w, b->mbufs[i]);
	}
	return kept;
}

static void hand_over(struct worker *w, const struct rx_queue *q, uint16_t owner, struct pkt *p)
{
	const struct handoff_frame frame = { .pkt = p, .wire = q->wire, .side = q->side };

	if (ring_put(w->peers[owner].rx_to, &frame)) {
		w->stats.spread_out++;
		return;
	}
	count_frame(w, pkt_len(p));
	w->own.drop[DROP_LIMIT_HANDOVER]++;
	pkt_free(p);
}

/* Keeps the fragment. Returns the whole segment once it is there, parsed into *f. */
static struct pkt *reassemble(struct worker *w, const struct rx_queue *q, struct pkt *p,
		struct frame *f, uint64_t now_us)
{
	uint32_t bytes = pkt_len(p);
	struct frag_result done;

	w->own.stat[STAT_FRAGS_IN]++;
	switch (frag_push(w->frags, w->pools, q->wire, (enum side)q->side, p, f, now_us, &done)) {
	case FRAG_DONE:
		w->own.stat[STAT_FRAGS_DONE]++;
		if (frame_parse(pkt_data(done.pkt), pkt_len(done.pkt), f) == DROP_NONE)
			return done.pkt;
		f->kind = FRAME_L2_OTHER; /* the relay finds the same fault and counts it */
		return done.pkt;
	case FRAG_DROP:
		w->own.drop[done.why] += done.n_frags;
		break;
	case FRAG_WAIT:
		break;
	}
	count_frame(w, bytes);
	return NULL;
}

/* Where the frame belongs; NULL: it was kept or dropped. */
static struct pkt *find_owner(struct worker *w, const struct rx_queue *q, struct pkt *p,
		uint16_t *ret_owner, uint64_t now_us)
{
	const struct spread_wire *sw = &w->spread.wires[q->wire];
	struct frame f;

	*ret_owner = w->id;
	if (sw->rss && !spread_is_rare(pkt_data(p), pkt_len(p)))
		return p;
	if (frame_parse(pkt_data(p), pkt_len(p), &f) != DROP_NONE)
		return p; /* the relay counts why */
	if (f.kind == FRAME_TCP_FRAG)
		p = reassemble(w, q, p, &f, now_us);
	if (p != NULL)
		*ret_owner = spread_owner(&w->spread, &f, q->wire, (enum side)q->side);
	if (*ret_owner == SPREAD_HERE)
		*ret_owner = w->id;
	return p;
}

static void spread_burst(struct worker *w, const struct rx_queue *q, union burst *b, uint32_t n,
		uint64_t now_us)
{
	struct batch mine = { .wire = q->wire, .side = (enum side)q->side };
	uint16_t owner;

	for (uint32_t i = 0; i < n; i++) {
		struct pkt *p = find_owner(w, q, b->pkts[i], &owner, now_us);

		if (p == NULL)
			continue;
		if (owner == w->id)
			mine.pkts[mine.n++] = p;
		else
			hand_over(w, q, owner, p);
	}
	batch_flush(w, &mine, now_us);
}

static uint32_t poll_queue(struct worker *w, const struct rx_queue *q, uint64_t now_us)
{
	union burst b;
	uint32_t n = rte_eth_rx_burst(q->port_id, q->queue, b.mbufs, WORKER_BURST);
	uint32_t kept;

	if (n == 0)
		return 0;
	kept = sift(w, &b, n);
	if (q->spread)
		spread_burst(w, q, &b, kept, now_us);
	else if (kept > 0)
		relay_rx(w->relay, q->wire, (enum side)q->side, b.pkts, kept, now_us);
	return n;
}

uint32_t worker_receive(struct worker *w, uint64_t now_us)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n_rxqs; i++)
		n += poll_queue(w, &w->rxqs[i], now_us);
	return n;
}

static uint32_t take_handed(struct worker *w, struct ring *from, uint64_t now_us)
{
	struct batch b = { 0 };
	const struct handoff_frame *f;
	uint32_t n = 0;

	for (; n < WORKER_BURST && (f = ring_peek(from)) != NULL; n++) {
		if (b.n > 0 && (f->wire != b.wire || f->side != (uint16_t)b.side))
			batch_flush(w, &b, now_us);
		b.wire = f->wire;
		b.side = (enum side)f->side;
		b.pkts[b.n++] = f->pkt;
		ring_drop(from);
	}
	batch_flush(w, &b, now_us);
	w->stats.spread_in += n;
	return n;
}

uint32_t worker_receive_handed(struct worker *w, uint64_t now_us)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n_workers; i++) {
		if (w->peers[i].rx_from != NULL)
			n += take_handed(w, w->peers[i].rx_from, now_us);
	}
	return n;
}
