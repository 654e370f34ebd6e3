/* SPDX-License-Identifier: Apache-2.0
 * Frames out: kept in order per port until the port takes them. */
#include "dataplane/worker/worker_priv.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <string.h>

/* What a short count left behind stays in front, in order. */
static void flush(struct tx_queue *t)
{
	uint32_t sent = rte_eth_tx_burst(t->port_id, t->queue, t->frames, (uint16_t)t->n);

	t->n -= sent;
	if (sent > 0 && t->n > 0)
		memmove(t->frames, t->frames + sent, t->n * sizeof(struct rte_mbuf *));
}

static bool enqueue(struct tx_queue *t, struct pkt *p)
{
	if (t->n == WORKER_TX_MAX)
		flush(t);
	if (t->n == WORKER_TX_MAX)
		return false;
	t->frames[t->n++] = pkt_mbuf(p);
	return true;
}

bool worker_tx(void *worker, uint16_t wire, enum side to, struct pkt *p)
{
	struct worker *w = worker;
	struct tx_queue *t = &w->txqs[wire * SIDES + to];
	const struct handoff_frame frame = { .pkt = p, .wire = wire, .side = (uint16_t)to };
	bool taken = t->to_owner != NULL ? ring_put(t->to_owner, &frame) : enqueue(t, p);

	w->n_sent += taken;
	w->tx_refused = w->tx_refused || !taken;
	return taken;
}

/* A ring is left alone while its next frame finds no room: the other worker feels it. */
static uint32_t send_handed(struct worker *w, struct ring *from)
{
	const struct handoff_frame *f;
	uint32_t n = 0;

	for (; n < WORKER_BURST && (f = ring_peek(from)) != NULL; n++) {
		if (!enqueue(&w->txqs[f->wire * SIDES + f->side], f->pkt))
			break;
		ring_drop(from);
	}
	return n;
}

uint32_t worker_tx_handed(struct worker *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n_workers; i++) {
		if (w->peers[i].tx_from != NULL)
			n += send_handed(w, w->peers[i].tx_from);
	}
	return n;
}

void worker_tx_flush(struct worker *w)
{
	for (uint32_t i = 0; i < w->n_txqs; i++) {
		if (w->txqs[i].n > 0)
			flush(&w->txqs[i]);
	}
	for (uint32_t i = 0; w->peers != NULL && i < w->n_workers; i++) {
		if (w->peers[i].tx_to != NULL)
			ring_publish(w->peers[i].tx_to);
		if (w->peers[i].rx_to != NULL)
			ring_publish(w->peers[i].rx_to);
	}
}

void worker_tx_discard(struct worker *w)
{
	for (uint32_t i = 0; i < w->n_txqs; i++) {
		rte_pktmbuf_free_bulk(w->txqs[i].frames, w->txqs[i].n);
		w->txqs[i].n = 0;
	}
}
