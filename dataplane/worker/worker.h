/* SPDX-License-Identifier: Apache-2.0
 * The poll loops, as the control plane sees them. All calls are made on the control thread. */
#pragma once

#include "dataplane/handoff/ticket.h"
#include "dataplane/inspect/spine.h"
#include "dataplane/port/error.h"
#include "dataplane/port/stats.h"
#include "dataplane/tcp/counters.h"
#include "dataplane/tcp/relay.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct classify;
struct pkt_pools;
struct port;
struct restart_record;
struct workers; /* all of them: rings, relays, lcores */

struct workers_wire {
	struct port *port[SIDES]; /* borrowed: opened, started by workers_new() */
};

struct workers_conf {
	uint32_t n;
	const uint16_t *cpus;             /* borrowed: worker i runs on cpus[i] */
	const struct pkt_pools *pools;    /* borrowed: one a worker, outlive the workers */
	const struct workers_wire *wires; /* borrowed: relay->n_wires of them */
	const struct classify *classify;  /* borrowed: outlives the workers */
	const struct relay_conf *relay;   /* copied for each; seed and restart are set for each */
	struct restart_record *restart;   /* borrowed: n * relay->max_flows of them; NULL: none */
	const struct spine_conf
			*spine; /* borrowed until workers_new() returns; NULL: none is inspected */
	uint64_t seed[2];       /* of everything that hashes; kept with the restart records */
	bool idle_sleep;
};

/* Decides who receives from which queue, starts the ports accordingly, makes the relays and rings.
 * 0 or -errno. The pools' and ports' errors are in <e> too. */
int workers_new(const struct workers_conf *conf, struct workers **ret, struct port_error *e);

/* Lets them run, each on its lcore. 0 or -errno. */
int workers_start(struct workers *w);

/* Clean stop: every relay shuts down, what is to be sent is sent, the lcores come to rest.
 * 0; -ETIMEDOUT: a worker did not come to rest within 2 s, nothing may be freed. */
int workers_stop(struct workers *w);

/* After workers_stop() or in place of workers_start(). The ports are left to their owner. */
void workers_free(struct workers **w);

/* Worker <worker>'s turns so far: a number that stands still is a worker that does. */
uint64_t workers_turns(const struct workers *w, uint32_t worker);

/* How the frames of <wire> are spread, in words: "one worker", "rss", "worker 0 for all". */
const char *workers_spread_name(const struct workers *w, uint16_t wire);

/* The workers' clock, which the times in reports are taken from: microseconds, CLOCK_MONOTONIC's at
 * the start and counted by the TSC since. */
uint64_t workers_now_us(const struct workers *w);

/* What a worker did, beyond its relay's counters. */
struct worker_stats {
	uint64_t loops, idle_loops;
	uint64_t busy_cycles, total_cycles; /* TSC; busy: loops that moved a frame */
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

/* The two below belong to one thread, which need not be the control thread: what inspected sessions ask,
 * and what they are told (handoff/ticket.h). */
/* Takes one; false: none waits. */
bool workers_ticket_next(struct workers *w, uint32_t *ret_worker, struct ticket *ret);
/* false: that worker's ring is full, nothing done. */
bool workers_ticket_answer(struct workers *w, uint32_t worker, const struct ticket_answer *answer);

/* Of the inspected sessions of one worker, sampled. Without spine all is 0. */
struct worker_sessions {
	struct spine_counters counters;
	struct tls_counters tls;
	uint32_t open;
	uint64_t memory_bytes;
};

void workers_sessions(const struct workers *w, uint32_t worker, struct worker_sessions *ret);
/* Tells all workers what time it is: seconds since 1970. */
void workers_wall_clock(struct workers *w, int64_t now_s);

/* Waits until every worker has ended the turn of its loop that it is in, so that none holds what was taken
 * out of its sight before. Any thread but a worker's; it may block (not the control thread). Without
 * running workers it returns at once. */
void workers_synchronize(void);

/* Takes one report that a worker made (established, ended, every 60 s); false: none waits. */
bool workers_report_next(struct workers *w, uint32_t *ret_worker, struct flow_report *ret);

/* Asked by ctrlplane/api for each port of each wire, on the control thread (rte_eth_stats_get,
 * rte_eth_link_get_nowait): must not block. 0; -ENODEV: no such wire or port. */
int workers_port_stats(
		const struct workers *w, uint16_t wire, enum side side, struct port_stats *ret);
