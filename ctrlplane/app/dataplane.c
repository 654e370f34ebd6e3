/* SPDX-License-Identifier: Apache-2.0
 * From the configuration to running ports: which CPUs, how much memory, which devices. */
#include "ctrlplane/app/app_priv.h"
#include "ctrlplane/log/log.h"
#include "dataplane/port/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	CPUS_MAX = 512,
	ROOM_MIN = 2048,         /* of a full frame: what virtual drivers' slots have */
	FRAME_OVERHEAD = 22 + 4, /* Ethernet, two tags, a checksum that some drivers leave */
	PORT_FRAMES = 4096,      /* buffers that lie in one port's rings */
	HEADER_FRAMES_MIN = 4096,
	PORT_MB = 8, /* queue structures, drivers' own rings */
	BASE_MB = 32,
};

static const char lock_dir[] = "/run/sluice";

static int fail(const struct port_error *e, int rc)
{
	log_err("port", "%s", e->text);
	return rc;
}

/* The CPU of control comes last: with more workers than CPUs some share. */
static void cpus_choose(struct app *a, const uint16_t *all, size_t n_all)
{
	const struct conf_dataplane *d = &a->conf->dataplane;
	uint16_t control = d->control_cpu >= 0 ? (uint16_t)d->control_cpu : all[0];
	size_t n = 0, at = 0;
	uint16_t order[CPUS_MAX];

	for (size_t i = 0; i < n_all; i++) {
		if (all[i] != control)
			order[n++] = all[i];
	}
	if (n < n_all)
		order[n++] = control;
	for (uint32_t i = 0; i < a->n_workers; i++, at = (at + 1) % n)
		a->cpus[i] = d->worker_cpus != NULL ? d->worker_cpus[i] : order[at];
}

static bool has_cpu(const uint16_t *cpus, size_t n, uint32_t cpu)
{
	for (size_t i = 0; i < n; i++) {
		if (cpus[i] == cpu)
			return true;
	}
	return false;
}

static int cpus_check(const struct app *a, const uint16_t *all, size_t n_all, struct port_error *e)
{
	const struct conf_dataplane *d = &a->conf->dataplane;

	if (d->control_cpu >= 0 && !has_cpu(all, n_all, (uint32_t)d->control_cpu))
		return port_error_set(e, -EINVAL,
				"control_cpu %d: we may not run there: see `taskset -cp $$`",
				d->control_cpu);
	for (size_t i = 0; i < d->n_worker_cpus; i++) {
		if (!has_cpu(all, n_all, d->worker_cpus[i]))
			return port_error_set(e, -EINVAL,
					"worker_cpus: this process may not run on CPU %u: see "
					"`taskset -cp $$`",
					d->worker_cpus[i]);
	}
	return 0;
}

static int cpus_up(struct app *a, struct port_error *e)
{
	const struct conf_dataplane *d = &a->conf->dataplane;
	uint16_t all[CPUS_MAX];
	size_t n_all = port_cpus(all, CPUS_MAX);

	if (n_all == 0 || cpus_check(a, all, n_all, e) < 0)
		return -EINVAL;
	a->n_workers = d->worker_cpus != NULL ? (uint32_t)d->n_worker_cpus : d->n_workers;
	if (a->n_workers == 0)
		a->n_workers = n_all > 1 ? (uint32_t)n_all - 1 : 1;
	a->cpus = calloc(a->n_workers, sizeof(*a->cpus));
	if (a->cpus == NULL)
		return -ENOMEM;
	cpus_choose(a, all, n_all);
	return 0;
}

int app_cpus_up(struct app *a)
{
	struct port_error e = { .text = "out of memory, or no CPU for us" };
	const int rc = cpus_up(a, &e);

	return rc < 0 ? fail(&e, rc) : 0;
}

static int devices_up(struct app *a, struct port_error *e)
{
	const struct conf_dataplane *d = &a->conf->dataplane;
	int rc = 0;

	for (size_t i = 0; i < a->n_ports && rc == 0; i++) {
		rc = port_device_parse(&a->devices[i], d->wires[i / SIDES].port[i % SIDES].device,
				d->mtu, e);
		if (rc == 0)
			rc = port_device_prepare(&a->devices[i], d->mtu, e);
	}
	return rc;
}

static void pools_size(struct app *a)
{
	const struct conf_dataplane *d = &a->conf->dataplane;
	struct port_pool_conf *p = &a->pool_conf;
	uint32_t room = d->mtu + FRAME_OVERHEAD;

	p->n_full = d->buffers + (uint32_t)a->n_ports * PORT_FRAMES;
	p->n_small = d->buffers < d->relay.max_segs ? d->buffers : d->relay.max_segs;
	p->n_header = d->buffers / 8 > HEADER_FRAMES_MIN ? d->buffers / 8 : HEADER_FRAMES_MIN;
	for (size_t i = 0; i < a->n_ports; i++) {
		if (a->devices[i].room_bytes > room)
			room = a->devices[i].room_bytes;
		p->iova_contig = p->iova_contig || a->devices[i].driver == PORT_DRIVER_PCI;
	}
	p->room_bytes = ((room > ROOM_MIN ? room : ROOM_MIN) + 63) / 64 * 64;
}

static uint32_t memory_mb(const struct app *a)
{
	uint64_t bytes = port_pools_bytes(&a->pool_conf) * a->n_workers;

	if (a->conf->dataplane.memory_mb > 0)
		return a->conf->dataplane.memory_mb;
	return (uint32_t)(bytes >> 20) + 1 + (uint32_t)a->n_ports * PORT_MB + BASE_MB;
}

static enum port_huge huge_of(enum conf_hugepages h)
{
	return h == CONF_HUGEPAGES_YES           ? PORT_HUGE_YES
			: h == CONF_HUGEPAGES_NO ? PORT_HUGE_NO
						 : PORT_HUGE_AUTO;
}

static void dpdk_line(const char *text)
{
	log_debug("dpdk", "%s", text);
}

static int eal_up(struct app *a, struct port_error *e)
{
	const struct conf_dataplane *d = &a->conf->dataplane;
	const struct port_eal_conf ec = { .lock_dir = lock_dir,
		.file_prefix = d->file_prefix,
		.huge_pages = huge_of(d->huge_pages),
		.memory_mb = memory_mb(a),
		.control_cpu = d->control_cpu,
		.worker_cpus = a->cpus,
		.n_workers = a->n_workers,
		.devices = a->devices,
		.n_devices = a->n_ports };
	int rc = port_eal_init(&ec, &a->facts, e);

	if (rc < 0)
		return rc;
	a->eal_is_up = true;
	port_eal_log_to(dpdk_line);
	return 0;
}

/* No more frames may be kept than there are buffers, whatever was asked for. */
static void relay_limit(struct app *a)
{
	uint64_t buffers = a->conf->dataplane.buffers;
	uint64_t frame = PKT_HEADROOM + a->pool_conf.room_bytes + 128;

	a->relay.n_wires = (uint16_t)a->conf->dataplane.n_wires;
	a->relay.mtu = a->conf->dataplane.mtu;
	if (a->relay.retain_rx_pkts == 0)
		a->relay.retain_rx_pkts = (uint32_t)buffers;
	if (a->relay.retain_bytes <= buffers * frame)
		return;
	a->relay.retain_bytes = buffers * frame;
	log_info("app", "retain_mb is limited to %llu: there are %llu buffers",
			(unsigned long long)(a->relay.retain_bytes >> 20),
			(unsigned long long)buffers);
}

static int pools_up(struct app *a, struct port_error *e)
{
	int rc = 0;

	a->pools = calloc(a->n_workers, sizeof(*a->pools));
	if (a->pools == NULL)
		return port_error_set(e, -ENOMEM, "out of memory");
	for (; a->n_pools < a->n_workers && rc == 0; a->n_pools += rc == 0)
		rc = port_pools_new(&a->pools[a->n_pools], &a->pool_conf, a->n_pools, e);
	return rc;
}

static int ports_up(struct app *a, struct port_error *e)
{
	int rc = 0;

	for (size_t i = 0; i < a->n_ports && rc == 0; i++) {
		rc = port_open(&a->ports[i], &a->devices[i], e);
		a->n_opened += rc == 0;
		a->wires[i / SIDES].port[i % SIDES] = &a->ports[i];
	}
	return rc;
}

int app_dataplane_up(struct app *a)
{
	struct port_error e = { .text = "out of memory" };
	int rc = -ENOMEM;

	a->n_ports = a->conf->dataplane.n_wires * SIDES;
	a->devices = calloc(a->n_ports, sizeof(*a->devices));
	a->ports = calloc(a->n_ports, sizeof(*a->ports));
	a->wires = calloc(a->conf->dataplane.n_wires, sizeof(*a->wires));
	if (a->devices == NULL || a->ports == NULL || a->wires == NULL)
		return fail(&e, rc);
	rc = devices_up(a, &e);
	if (rc < 0)
		return fail(&e, rc);
	pools_size(a);
	relay_limit(a);
	rc = eal_up(a, &e);
	if (rc == 0)
		rc = pools_up(a, &e);
	if (rc == 0)
		rc = ports_up(a, &e);
	return rc < 0 ? fail(&e, rc) : 0;
}

void app_dataplane_down(struct app *a)
{
	port_eal_log_to(NULL);
	while (a->n_opened > 0)
		port_close(&a->ports[--a->n_opened]);
	while (a->n_pools > 0)
		port_pools_free(&a->pools[--a->n_pools]);
	if (a->eal_is_up)
		port_eal_done();
	free(a->pools);
	free(a->cpus);
	free(a->wires);
	free(a->ports);
	free(a->devices);
}
