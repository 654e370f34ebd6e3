/* SPDX-License-Identifier: Apache-2.0
 * The control thread's side: makes the workers, starts and stops them. What is asked of running
 * workers is in ask.c. */
#include "dataplane/port/eal.h"
#include "dataplane/port/idle.h"
#include "dataplane/port/port.h"
#include "dataplane/tcp/restart.h"
#include "dataplane/worker/workers_priv.h"

#include <rte_cycles.h>
#include <rte_launch.h>
#include <urcu/urcu-qsbr.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ASK_RING = 4,
	ANSWER_RING = 4,
	REPORT_RING = 4096,
	SPREAD_RING = 4096, /* frames from a port's owner to a flow's, and back */
	RARE_RING = 256,    /* fragments and ICMP where the port spreads */
	STOP_WAIT_MS = 2000,
};

static const struct frag_conf frag_defaults = {
	.max_datagrams = 128, .max_datagrams_per_source = 16, .max_frags = 64, .timeout_ms = 2000
};

static struct worker *worker_new(void)
{
	struct worker *w = aligned_alloc(LINE_PAIR, sizeof(*w));

	if (w != NULL)
		memset(w, 0, sizeof(*w));
	return w;
}

static void worker_free(struct worker **worker)
{
	struct worker *w = *worker;

	if (w == NULL)
		return;
	relay_free(&w->relay);
	spine_free(&w->spine);
	ring_free(&w->tickets);
	ring_free(&w->orders);
	frag_free(&w->frags);
	ring_free(&w->asked);
	ring_free(&w->answers);
	ring_free(&w->reports);
	free(w->rxqs);
	free(w->txqs);
	free(w->peers);
	free(w);
	*worker = NULL;
}

/* The queues of one port that worker <id> polls: its own, or all. Writes them to <out> unless that
 * is NULL; returns how many. */
static uint32_t rxqs_of_port(const struct port *p, const struct spread_wire *sw, uint32_t id,
		struct rx_queue model, struct rx_queue *out)
{
	uint32_t n = sw->rss ? 1 : p->n_rx;

	for (uint32_t i = 0; out != NULL && i < n; i++) {
		out[i] = model;
		out[i].port_id = p->id;
		out[i].queue = (uint16_t)(sw->rss ? id : i);
	}
	return n;
}

static uint32_t rxqs_of(const struct workers_conf *conf, const struct layout *l, uint32_t id,
		struct rx_queue *out)
{
	uint32_t n = 0;

	for (uint16_t wire = 0; wire < l->n_wires; wire++) {
		for (int side = 0; side < SIDES && layout_owns(l, wire, id); side++) {
			const struct rx_queue model = {
				.wire = wire, .side = (uint8_t)side, .spread = conf->n > 1
			};

			n += rxqs_of_port(conf->wires[wire].port[side], &l->wires[wire], id, model,
					out == NULL ? NULL : out + n);
		}
	}
	return n;
}

static int queues_new(struct worker *w, const struct workers_conf *conf, const struct layout *l)
{
	w->n_rxqs = rxqs_of(conf, l, w->id, NULL);
	w->rxqs = calloc(w->n_rxqs + 1, sizeof(*w->rxqs));
	w->n_txqs = (uint32_t)l->n_wires * SIDES;
	w->txqs = calloc(w->n_txqs, sizeof(*w->txqs));
	if (w->rxqs == NULL || w->txqs == NULL)
		return -ENOMEM;
	rxqs_of(conf, l, w->id, w->rxqs);
	for (uint32_t i = 0; i < w->n_txqs; i++) {
		w->txqs[i].port_id = conf->wires[i / SIDES].port[i % SIDES]->id;
		w->txqs[i].queue = l->wires[i / SIDES].rss ? w->id : 0;
	}
	return 0;
}

static int relay_make(struct worker *w, const struct workers_conf *conf)
{
	struct relay_conf rc = *conf->relay;
	struct relay_env env = { .ctx = w,
		.inspect_ctx = w->spine,
		.pools = w->pools,
		.classify = worker_classify,
		.tx = worker_tx,
		.report = worker_report };

	/* A seed of its own: what one worker's table gives away tells nothing about another's. */
	for (uint64_t i = 0; i < 2; i++) {
		uint64_t words[2] = { w->id, i };

		rc.seed[i] = siphash13_words(&w->spread.key, words, 2);
	}
	rc.restart = conf->restart != NULL ? conf->restart + (size_t)w->id * rc.max_flows : NULL;
	w->resume = rc.restart != NULL;
	w->relay = relay_new(&rc, &env);
	return w->relay == NULL ? -errno : 0;
}

static int spine_make(struct worker *w, const struct workers_conf *conf)
{
	struct spine_conf sc;

	if (conf->spine == NULL)
		return 0;
	sc = *conf->spine;
	sc.worker = w->id;
	sc.key.k0 ^= w->id; /* what one worker's cache gives away tells little about another's */
	w->tickets = ring_new(sc.n_tickets, sizeof(struct ticket));
	w->orders = ring_new(sc.n_tickets, sizeof(struct ticket_answer));
	if (w->tickets == NULL || w->orders == NULL)
		return -ENOMEM;
	w->spine = spine_new(&sc, w->tickets, w->orders);
	return w->spine == NULL ? -errno : 0;
}

static int peers_new(struct worker *w, const struct workers_conf *conf)
{
	struct frag_conf fc = frag_defaults;

	if (conf->n == 1)
		return 0;
	fc.seed[0] = conf->seed[0] + w->id;
	fc.seed[1] = conf->seed[1];
	w->peers = calloc(conf->n, sizeof(*w->peers));
	w->frags = frag_new(&fc);
	return w->peers == NULL || w->frags == NULL ? -ENOMEM : 0;
}

static int worker_make(struct workers *ws, const struct workers_conf *conf, uint32_t id)
{
	struct worker *w = worker_new();
	int rc;

	ws->at[id] = w;
	if (w == NULL)
		return -ENOMEM;
	w->id = (uint16_t)id;
	w->n_workers = (uint16_t)conf->n;
	w->classify = conf->classify;
	w->idle_sleep = conf->idle_sleep;
	ws->pools[id] = conf->pools[id];
	w->pools = &ws->pools[id];
	w->stats.cpu = conf->cpus[id];
	w->spread = (struct spread){ .n_workers = conf->n,
		.key = { conf->seed[0], conf->seed[1] },
		.wires = ws->layout.wires };
	w->asked = ring_new(ASK_RING, sizeof(struct handoff_request));
	w->answers = ring_new(ANSWER_RING, sizeof(struct handoff_answer));
	w->reports = ring_new(REPORT_RING, sizeof(struct flow_report));
	if (w->asked == NULL || w->answers == NULL || w->reports == NULL)
		return -ENOMEM;
	rc = queues_new(w, conf, &ws->layout);
	if (rc == 0)
		rc = peers_new(w, conf);
	if (rc == 0)
		rc = spine_make(w, conf);
	return rc < 0 ? rc : relay_make(w, conf);
}

/* A ring that is remembered for freeing. */
static struct ring *frame_ring(struct workers *ws, uint32_t n)
{
	struct ring *r = ring_new(n, sizeof(struct handoff_frame));

	if (r != NULL)
		ws->frame_rings[ws->n_frame_rings++] = r;
	return r;
}

/* Everything that may pass from worker <a> to worker <b>. */
static int connect_one_way(struct workers *ws, uint32_t a, uint32_t b)
{
	bool a_receives = false, b_transmits = false;
	struct ring *rx, *tx;

	for (uint16_t i = 0; i < ws->layout.n_wires; i++) {
		a_receives = a_receives ||
				(!ws->layout.wires[i].rss && ws->layout.wires[i].owner == a);
		b_transmits = b_transmits ||
				(!ws->layout.wires[i].rss && ws->layout.wires[i].owner == b);
	}
	rx = frame_ring(ws, a_receives ? SPREAD_RING : RARE_RING);
	tx = b_transmits ? frame_ring(ws, SPREAD_RING) : NULL;
	if (rx == NULL || (b_transmits && tx == NULL))
		return -ENOMEM;
	ws->at[a]->peers[b].rx_to = ws->at[b]->peers[a].rx_from = rx;
	ws->at[a]->peers[b].tx_to = ws->at[b]->peers[a].tx_from = tx;
	for (uint16_t i = 0; i < ws->layout.n_wires; i++) {
		for (int side = 0; side < SIDES; side++) {
			if (!ws->layout.wires[i].rss && ws->layout.wires[i].owner == b)
				ws->at[a]->txqs[i * SIDES + side].to_owner = tx;
		}
	}
	return 0;
}

static int connect_all(struct workers *ws)
{
	int rc = 0;

	for (uint32_t a = 0; a < ws->n; a++) {
		for (uint32_t b = 0; b < ws->n && rc == 0; b++)
			rc = a == b ? 0 : connect_one_way(ws, a, b);
	}
	return rc;
}

static int arrays_new(struct workers *ws, const struct workers_conf *conf)
{
	uint32_t n = conf->n;

	ws->at = calloc(n, sizeof(struct worker *));
	ws->pools = calloc(n, sizeof(*ws->pools));
	ws->frame_rings = calloc((size_t)2 * n * n, sizeof(struct ring *));
	ws->wires = calloc(conf->relay->n_wires, sizeof(*ws->wires));
	if (ws->at == NULL || ws->pools == NULL || ws->frame_rings == NULL || ws->wires == NULL)
		return -ENOMEM;
	memcpy(ws->wires, conf->wires, conf->relay->n_wires * sizeof(*ws->wires));
	ws->n = n;
	return 0;
}

int workers_new(const struct workers_conf *conf, struct workers **ret, struct port_error *e)
{
	struct workers *ws = calloc(1, sizeof(*ws));
	int rc = -ENOMEM;

	if (ws == NULL || arrays_new(ws, conf) < 0) {
		port_error_set(e, rc, "out of memory");
		goto out;
	}
	rc = layout_new(&ws->layout, conf, e);
	if (rc < 0)
		goto out;
	for (uint32_t i = 0; i < conf->n && rc == 0; i++)
		rc = worker_make(ws, conf, i);
	if (rc == 0 && conf->n > 1)
		rc = connect_all(ws);
	if (rc < 0)
		port_error_set(e, rc, "worker: %s: lower dataplane.max_flows or dataplane.workers",
				strerror(-rc));
out:
	if (rc < 0)
		workers_free(&ws);
	*ret = ws;
	return rc;
}

int workers_start(struct workers *ws)
{
	uint64_t tsc = rte_rdtsc(), us = port_clock_us(), hz = rte_get_tsc_hz();
	int rc = 0;

	ws->clock = (struct tsc_clock){
		.last_tsc = tsc, .us = us, .us_per_cycle = (1000000ULL << 32) / hz
	};
	for (uint32_t i = 0; i < ws->n && rc == 0; i++) {
		ws->at[i]->clock = ws->clock;
		rc = rte_eal_remote_launch(worker_main, ws->at[i], port_lcore(i));
	}
	ws->started = true;
	return rc;
}

/* Every worker has carried out <command>, within <*ms_left>. */
static bool all_at(const struct workers *ws, uint32_t command, int *ms_left)
{
	for (uint32_t i = 0; i < ws->n;) {
		if (atomic_load_explicit(&ws->at[i]->at, memory_order_acquire) >= command) {
			i++;
			continue;
		}
		if ((*ms_left)-- <= 0)
			return false;
		port_idle_wait(1000);
	}
	return true;
}

static void command_all(struct workers *ws, uint32_t command)
{
	for (uint32_t i = 0; i < ws->n; i++)
		atomic_store_explicit(&ws->at[i]->command, command, memory_order_release);
}

int workers_stop(struct workers *ws)
{
	int ms_left = STOP_WAIT_MS;

	if (!ws->started)
		return 0;
	/* Nobody comes to rest before all have shut down: a worker sends its last frames through
	 * the one that owns the port. */
	command_all(ws, WORKER_DRAIN);
	if (!all_at(ws, WORKER_DRAIN, &ms_left))
		return -ETIMEDOUT;
	command_all(ws, WORKER_EXIT);
	if (!all_at(ws, WORKER_EXIT, &ms_left))
		return -ETIMEDOUT;
	rte_eal_mp_wait_lcore();
	ws->started = false;
	return 0;
}

/* Frames that were on their way between two workers when these came to rest. */
static void frames_discard(struct ring *r)
{
	struct handoff_frame f;

	while (ring_pop(r, &f))
		pkt_free(f.pkt);
}

void workers_free(struct workers **workers)
{
	struct workers *ws = *workers;

	if (ws == NULL)
		return;
	for (uint32_t i = 0; ws->at != NULL && i < ws->n; i++)
		worker_free(&ws->at[i]);
	for (uint32_t i = 0; i < ws->n_frame_rings; i++) {
		frames_discard(ws->frame_rings[i]);
		ring_free(&ws->frame_rings[i]);
	}
	layout_done(&ws->layout);
	free(ws->frame_rings);
	free(ws->pools);
	free(ws->wires);
	free(ws->at);
	free(ws);
	*workers = NULL;
}

void workers_synchronize(void)
{
	urcu_qsbr_synchronize_rcu();
}
