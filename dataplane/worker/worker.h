/* SPDX-License-Identifier: Apache-2.0
 * The poll loops, as the control plane sees them. All calls are made on the control thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/tcp/counters.h"
#include "dataplane/tcp/relay.h"

struct workers; /* all of them: rings, relays, lcores */

/* What a worker did, beyond its relay's counters. */
struct worker_stats {
	uint64_t loops, idle_loops;
	uint64_t busy_cycles, total_cycles; /* TSC; busy: loops that moved a frame or ran a timer */
	uint64_t spread_in, spread_out;     /* frames taken from, and given to, other workers */
	uint64_t report_lost;               /* reports that found the ring full */
	uint16_t cpu;
};

uint32_t workers_count(const struct workers *w);

/* Samples with relaxed loads: any worker, at any time. */
void workers_counters(const struct workers *w, uint32_t worker, struct counters *ret);
void workers_stats(const struct workers *w, uint32_t worker, struct worker_stats *ret);

/* Asks the worker over its ring and waits for the answer, at most 1 s: 0 or -ETIMEDOUT. */
int workers_gauges(struct workers *w, uint32_t worker, struct relay_gauges *ret);

/* The same for flows: up to <max> from *cursor on, see relay_flows(). */
int workers_flows(struct workers *w, uint32_t worker, uint32_t *cursor, struct flow_report *out,
		size_t max, size_t *ret_n);

/* Resets one flow: 0, -ETIMEDOUT, -ESTALE. */
int workers_kill(struct workers *w, uint32_t worker, uint32_t index, uint32_t gen);

/* Takes one report that a worker made (established, ended, every 60 s); false: none waits. */
bool workers_report_next(struct workers *w, uint32_t *ret_worker, struct flow_report *ret);

/* One port as its driver counts it. What a driver does not count stays 0. */
struct port_stats {
	char driver[32]; /* "net_af_packet" */
	uint8_t mac[6];
	uint16_t mtu;
	uint16_t rx_queues, tx_queues;
	bool link_up;
	uint32_t link_mbps; /* 0: unknown */
	uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes;
	uint64_t rx_missed;    /* imissed: the queue was full, the worker too slow */
	uint64_t rx_no_buffer; /* rx_nombuf: the receive pool was empty */
	uint64_t rx_errors, tx_errors;
};

/* Asked by ctrlplane/api for each port of each wire, on the control thread (rte_eth_stats_get,
 * rte_eth_link_get_nowait): must not block. 0; -ENODEV: no such wire or port. */
int workers_port_stats(
		const struct workers *w, uint16_t wire, enum side side, struct port_stats *ret);
