/* SPDX-License-Identifier: Apache-2.0
 * The packet buffers of one worker: three mempools, by enum pkt_class. */
#pragma once

#include "dataplane/pkt/pkt.h"
#include "dataplane/port/error.h"

#include <stdbool.h>
#include <stdint.h>

struct port_pool_conf {
	uint32_t n_full;     /* received frames, and data that we emit */
	uint32_t n_small;    /* held one-line commands */
	uint32_t n_header;   /* ACKs and RSTs */
	uint32_t room_bytes; /* of a full frame, head room excluded */
	bool iova_contig;    /* hardware reads and writes the buffers: any PCI port */
};

/* Bytes of memory that port_pools_new() takes for one worker. */
uint64_t port_pools_bytes(const struct port_pool_conf *conf);

/* The pools of worker <i>. 0 or -ENOMEM. */
int port_pools_new(struct pkt_pools *ret, const struct port_pool_conf *conf, uint32_t i,
		struct port_error *e);
void port_pools_free(struct pkt_pools *pools);

/* Buffers of one class that are free now, caches included. */
uint32_t port_pools_left(const struct pkt_pools *pools, enum pkt_class class);
