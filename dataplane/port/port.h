/* SPDX-License-Identifier: Apache-2.0
 * The ports: found, configured, started, watched, stopped. Control thread only; workers call
 * rte_eth_rx_burst() and rte_eth_tx_burst() by port id and queue. */
#pragma once

#include "dataplane/pkt/pkt.h"
#include "dataplane/port/device.h"
#include "dataplane/port/error.h"
#include "dataplane/port/stats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PORT_RSS_KEY_MAX = 64,
	PORT_RETA_MAX = 512,
};

/* The key that gives both directions of a connection the same hash (design/relay.md 2.9). */
extern const uint8_t port_rss_key[PORT_RSS_KEY_MAX];

struct port {
	struct port_device device;
	uint16_t id; /* of rte_ethdev */
	uint16_t mtu;
	uint16_t n_rx, n_tx;  /* queues in use; n_rx <= n_tx unless the port has fewer */
	uint16_t rss_pattern; /* as in struct port_queues */
	bool rx_cksum;        /* verifies IP and TCP checksums */
	bool started;
	bool promiscuous;      /* made so by us: undone when it stops */
	bool up;               /* as last seen by port_watch() */
	uint64_t link_changes; /* counted by port_watch() */
};

/* Finds (or makes) the device. After it, p->id is valid. 0 or -errno. */
int port_open(struct port *p, const struct port_device *device, struct port_error *e);

/* Could its queues be one a worker, with our key? Then the size of its table, a power of two;
 * else 0. */
uint16_t port_rss_table_size(const struct port *p, uint32_t n_workers);

/* Receive queues that must be polled when the port is not spread by RSS. */
uint16_t port_n_queues(const struct port *p);

struct port_queues {
	uint32_t n_rx, n_tx;
	uint16_t rss_pattern; /* 0: no RSS; else table entry j is queue j % rss_pattern % n_rx */
	uint16_t mtu;
	/* borrowed: where receive queue i takes its buffers */
	const struct pkt_pools *const *pools;
};

/* Configures and starts it. 0 or -errno. -ENOTSUP: it refused the RSS key or table; the caller may
 * try again without. */
int port_start(struct port *p, const struct port_queues *queues, struct port_error *e);

void port_stop(struct port *p);

/* Looks at the link, counts changes. true: it changed. */
bool port_watch(struct port *p);

int port_stats_get(const struct port *p, struct port_stats *ret);

/* Stops and closes it. */
void port_close(struct port *p);
