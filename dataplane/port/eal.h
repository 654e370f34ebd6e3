/* SPDX-License-Identifier: Apache-2.0
 * DPDK's environment: lcores on CPUs, memory, devices that may be probed. Once a process. */
#pragma once

#include "dataplane/port/device.h"
#include "dataplane/port/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum port_huge {
	PORT_HUGE_AUTO, /* huge pages when enough of them are free, ordinary ones else */
	PORT_HUGE_YES,
	PORT_HUGE_NO,
};

struct port_eal_conf {
	const char *lock_dir; /* borrowed: where "<file_prefix>.lock" keeps a second daemon out */
	const char *file_prefix; /* borrowed */
	enum port_huge huge_pages;
	uint32_t memory_mb;          /* of all pools and rings */
	int32_t control_cpu;         /* -1: any that no worker has */
	const uint16_t *worker_cpus; /* borrowed */
	uint32_t n_workers; /* worker i runs on lcore port_lcore(i), on CPU worker_cpus[i] */
	const struct port_device *devices; /* borrowed */
	size_t n_devices;
};

/* What was decided, for one line in the log. */
struct port_eal_facts {
	bool huge_pages;
	uint32_t memory_mb;
};

/* The calling thread becomes the main lcore. 0 or -errno. */
int port_eal_init(
		const struct port_eal_conf *conf, struct port_eal_facts *ret, struct port_error *e);
void port_eal_done(void);

/* The lcore of worker <i>. */
unsigned int port_lcore(uint32_t i);

/* CPUs that this process may use, in order; at most <max>. Returns how many. */
size_t port_cpus(uint16_t *cpus, size_t max);

/* Where DPDK's own messages go from now on, a line each; NULL: nowhere (the default). They come
 * from any thread. The first one since port_eal_said() is kept for it: later ones are what follows
 * from it. */
void port_eal_log_to(void (*line)(const char *text));

/* DPDK's error message, or "" (cleared by the call); valid until the next call. */
const char *port_eal_said(void);
