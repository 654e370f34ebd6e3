/* SPDX-License-Identifier: Apache-2.0
 * Which worker has which queue. Where both ports of a wire spread by our key, worker i has queue i
 * of both. Everywhere else one worker receives and transmits for the wire and hands the frames of
 * other workers' flows over; wires take turns in who that is. */
#include "dataplane/port/port.h"
#include "dataplane/worker/worker_priv.h"

#include <errno.h>
#include <stdlib.h>

static uint16_t smaller(uint16_t a, uint16_t b)
{
	return a < b ? a : b;
}

/* Both ports must spread alike: they fill their tables with the pattern of the smaller one. */
static void rss_decide(struct spread_wire *sw, const struct workers_wire *wire, uint32_t n_workers)
{
	sw->reta_size = smaller(port_rss_table_size(wire->port[SIDE_AGENT], n_workers),
			port_rss_table_size(wire->port[SIDE_PROD], n_workers));
	sw->rss = sw->reta_size > 0;
}

bool layout_owns(const struct layout *l, uint16_t wire, uint32_t i)
{
	return l->wires[wire].rss || l->wires[wire].owner == i;
}

static int side_start(const struct workers_conf *conf, const struct spread_wire *sw, struct port *p,
		struct port_error *e)
{
	const struct pkt_pools *pools[WORKER_WORKERS_MAX];
	struct port_queues q = { .mtu = conf->relay->mtu, .pools = pools };

	q.rss_pattern = sw->rss ? sw->reta_size : 0;

	q.n_rx = sw->rss ? conf->n : port_n_queues(p);
	if (q.n_rx > WORKER_WORKERS_MAX)
		return port_error_set(e, -EINVAL,
				"port %s: %u receive queues are too many: at most %d",
				p->device.name, q.n_rx, WORKER_WORKERS_MAX);
	q.n_tx = q.n_rx;
	for (uint32_t i = 0; i < q.n_rx; i++)
		pools[i] = &conf->pools[sw->rss ? i : sw->owner];
	return port_start(p, &q, e);
}

static int wire_start(const struct workers_conf *conf, struct layout *l, uint16_t wire,
		struct port_error *e)
{
	struct spread_wire *sw = &l->wires[wire];
	int rc = 0;

	for (int side = 0; side < SIDES && rc == 0; side++)
		rc = side_start(conf, sw, conf->wires[wire].port[side], e);
	if (rc != -ENOTSUP || !sw->rss)
		return rc;
	/* One of them promised RSS and refused our key or table. */
	for (int side = 0; side < SIDES; side++)
		port_stop(conf->wires[wire].port[side]);
	sw->rss = false;
	return wire_start(conf, l, wire, e);
}

int layout_new(struct layout *l, const struct workers_conf *conf, struct port_error *e)
{
	int rc = 0;

	*l = (struct layout){ .n_wires = conf->relay->n_wires, .n_workers = conf->n };
	l->wires = calloc(l->n_wires, sizeof(*l->wires));
	if (l->wires == NULL)
		return port_error_set(e, -ENOMEM, "out of memory");
	for (uint16_t i = 0; i < l->n_wires && rc == 0; i++) {
		l->wires[i].owner = (uint16_t)(i % conf->n);
		rss_decide(&l->wires[i], &conf->wires[i], conf->n);
		rc = wire_start(conf, l, i, e);
	}
	if (rc < 0)
		layout_done(l);
	return rc;
}

void layout_done(struct layout *l)
{
	free(l->wires);
	l->wires = NULL;
}
