/* SPDX-License-Identifier: Apache-2.0
 * The two ports: opening them, a queue in front of each (a device takes what it can; the rest waits
 * and nothing is lost on our side), and reading frames into what the endpoints understand. */
#include "tests/perf/tcpgen/gen.h"

#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include <errno.h>
#include <stdio.h>

enum { N_MBUFS = 16384, N_SYN_MBUFS = 4096, LOOP_RING = 4096, LINK_WAIT_S = 20, DESC = 1024 };

static void fill(struct rte_mempool *mp, void *arg, void *obj, unsigned int i)
{
	struct rte_mbuf *m = obj;

	(void)mp, (void)arg, (void)i;
	memset(m->buf_addr, HDR_FILL, m->buf_len);
}

static int pools_open(struct gen *g)
{
	int socket = (int)rte_socket_id();

	g->pool = rte_pktmbuf_pool_create(
			"tcpgen", N_MBUFS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, socket);
	g->syn_pool = rte_pktmbuf_pool_create(
			"tcpgen_syn", N_SYN_MBUFS, 64, 0, RTE_MBUF_DEFAULT_BUF_SIZE, socket);
	if (g->pool == NULL || g->syn_pool == NULL)
		return -ENOMEM;
	rte_mempool_obj_iter(g->pool, fill, NULL);
	return 0;
}

/* Received frames come from a pool of their own: a device may write where we rely on the fill. */
static int port_start(uint16_t id, struct rte_mempool *rx_pool)
{
	struct rte_eth_conf conf = { 0 };
	int rc;

	rc = rte_eth_dev_configure(id, 1, 1, &conf);
	if (rc == 0)
		rc = rte_eth_rx_queue_setup(id, 0, DESC, rte_eth_dev_socket_id(id), NULL, rx_pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(id, 0, DESC, rte_eth_dev_socket_id(id), NULL);
	if (rc == 0)
		rc = rte_eth_dev_start(id);
	return rc;
}

static int loop_open(struct gen *g)
{
	struct rte_ring *to_server, *to_client;
	int client, server;

	to_server = rte_ring_create("to_server", LOOP_RING, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	to_client = rte_ring_create("to_client", LOOP_RING, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (to_server == NULL || to_client == NULL)
		return -ENOMEM;
	client = rte_eth_from_rings("loop_client", &to_client, 1, &to_server, 1, rte_socket_id());
	server = rte_eth_from_rings("loop_server", &to_server, 1, &to_client, 1, rte_socket_id());
	if (client < 0 || server < 0)
		return -ENODEV;
	g->port[CLIENT].id = (uint16_t)client;
	g->port[SERVER].id = (uint16_t)server;
	return 0;
}

static int link_wait(const struct gen *g)
{
	struct rte_eth_link link;
	int end, tenths = 0;

	for (end = 0; end < ENDS; end++) {
		while (rte_eth_link_get_nowait(g->port[end].id, &link) == 0 &&
				link.link_status != RTE_ETH_LINK_UP) {
			if (tenths++ > LINK_WAIT_S * 10) {
				fprintf(stderr, "tcpgen: port %u has no link\n", g->port[end].id);
				return -ENOLINK;
			}
			rte_delay_us_sleep(100000);
		}
	}
	return 0;
}

int ports_open(struct gen *g)
{
	struct rte_mempool *rx_pool;
	int end, rc;

	rc = pools_open(g);
	if (rc < 0)
		return rc;
	if (g->opt.loop) {
		rc = loop_open(g);
		if (rc < 0)
			return rc;
	} else if (rte_eth_dev_count_avail() < ENDS) {
		fputs("tcpgen: two ports are needed: two --vdev (or -a), or --loop\n", stderr);
		return -ENODEV;
	} else {
		g->port[CLIENT].id = 0;
		g->port[SERVER].id = 1;
	}
	rx_pool = rte_pktmbuf_pool_create("tcpgen_rx", N_MBUFS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
			(int)rte_socket_id());
	if (rx_pool == NULL)
		return -ENOMEM;
	for (end = 0; end < ENDS; end++) {
		rc = port_start(g->port[end].id, rx_pool);
		if (rc < 0)
			return rc;
	}
	return link_wait(g);
}

void ports_close(struct gen *g)
{
	int end;

	for (end = 0; end < ENDS; end++) {
		if (rte_eth_dev_stop(g->port[end].id) == 0)
			rte_eth_dev_close(g->port[end].id);
	}
}

/* Gives waiting frames to the device, as many as it takes. */
void port_flush(struct gen *g, int end)
{
	struct port *p = &g->port[end];
	uint64_t bytes = 0;
	uint32_t at, n, i;
	uint16_t sent;

	while (p->head != p->tail) {
		at = p->head % TXQ;
		n = port_queued(p);
		if (n > TXQ - at)
			n = TXQ - at;
		if (n > BURST)
			n = BURST;
		for (i = 0; i < n; i++)
			bytes += p->txq[at + i]->pkt_len;
		sent = rte_eth_tx_burst(p->id, 0, &p->txq[at], (uint16_t)n);
		for (i = sent; i < n; i++)
			bytes -= p->txq[at + i]->pkt_len;
		p->head += sent;
		g->c.tx_pkts[end] += sent;
		if (sent < n)
			break;
	}
	g->c.tx_bytes[end] += bytes;
}

/* Reads one frame. False: it is none of ours. */
static bool parse(struct gen *g, int end, struct rte_mbuf *m, struct seg_in *s)
{
	const uint8_t *b = rte_pktmbuf_mtod(m, const uint8_t *);
	const struct hdr_tmpl *t = &g->tmpl[!end];
	uint32_t ip_len, head;

	if (m->data_len < HDR_LEN || m->nb_segs != 1 || hdr_get16(b + 12) != 0x0800 ||
			b[HDR_ETH] != 0x45 || b[HDR_ETH + 9] != 6)
		return false;
	ip_len = hdr_get16(b + HDR_ETH + 2);
	head = HDR_IP + (b[46] >> 4) * 4u;
	if (ip_len < head || head < HDR_IP + HDR_TCP || ip_len + HDR_ETH > m->data_len)
		return false;
	s->idx = hdr_index(t->client_ip, hdr_get32(b + t->ip_at), hdr_get16(b + t->port_at));
	if (s->idx >= g->n_flows || !(b[t->port_at] & HDR_PORT_BASE >> 8))
		return false;
	s->seq = hdr_get32(b + 38);
	s->ack = hdr_get32(b + 42);
	s->flags = b[47];
	s->wnd = hdr_get16(b + 48);
	s->len = (uint16_t)(ip_len - head);
	s->opt_len = (uint8_t)(head - HDR_IP - HDR_TCP);
	s->payload = b + HDR_ETH + head;
	if (g->opt.check_all && !hdr_cksum_ok(b, (uint16_t)ip_len)) {
		g->c.bad_cksum++;
		return false;
	}
	return true;
}

/* True for each n-th frame, if some are to be lost. */
static bool is_lost(struct gen *g)
{
	return g->opt.drop_every != 0 && g->received++ % g->opt.drop_every == g->opt.drop_every - 1;
}

/* Takes one burst from the device to the endpoints; returns its size. */
uint32_t port_rx(struct gen *g, int end)
{
	struct rte_mbuf *m[BURST];
	struct seg_in s[BURST];
	uint64_t bytes = 0;
	uint32_t i, n, good = 0;

	n = rte_eth_rx_burst(g->port[end].id, 0, m, BURST);
	if (n == 0)
		return 0;
	for (i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(m[i], void *));
	for (i = 0; i < n; i++) {
		bytes += m[i]->pkt_len;
		if (is_lost(g))
			continue;
		if (!parse(g, end, m[i], &s[good])) {
			g->c.malformed++;
			continue;
		}
		rte_prefetch0(&g->flows[s[good].idx].ep[end]);
		good++;
	}
	for (i = 0; i < good; i++)
		ep_input(g, &g->flows[s[i].idx], end, &s[i]);
	rte_pktmbuf_free_bulk(m, n);
	g->c.rx_pkts[end] += n;
	g->c.rx_bytes[end] += bytes;
	return n;
}
