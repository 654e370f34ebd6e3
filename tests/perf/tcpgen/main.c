/* SPDX-License-Identifier: Apache-2.0
 * tcpgen: a stateful TCP traffic generator on one core. It plays both ends of many connections over
 * two DPDK ports, with the appliance (or a cable) between them. README.md says how to use it. */
#include "tests/perf/tcpgen/gen.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

enum { OPEN_WAIT_S = 60, DRAIN_WAIT_S = 3, CLOSE_WAIT_S = 20 };

static atomic_bool stopped;

static void on_signal(int sig)
{
	(void)sig;
	atomic_store(&stopped, true);
}

/* One round: receive, owed ACKs, timers, opens, sends. */
static void turn(struct gen *g)
{
	uint64_t sent = g->c.tx_pkts[0] + g->c.tx_pkts[1];
	uint32_t got = 0;
	int end;

	g->now = rte_rdtsc();
	for (end = 0; end < ENDS; end++) {
		if (port_queued(&g->port[!end]) <= TXQ - 4 * BURST &&
				port_queued(&g->port[end]) <= TXQ - 4 * BURST)
			got += port_rx(g, end);
	}
	ep_acks(g);
	if (g->now - g->timers_tsc > g->rto_tsc >> 10) {
		g->timers_tsc = g->now;
		ep_timers(g);
	}
	mode_open_some(g);
	ep_pump(g);
	for (end = 0; end < ENDS; end++)
		port_flush(g, end);
	g->c.loops++;
	if (got > 0 || g->c.tx_pkts[0] + g->c.tx_pkts[1] != sent) {
		g->c.busy_loops++;
		g->c.busy_cycles += rte_rdtsc() - g->now;
	}
}

static bool all_open(const struct gen *g)
{
	return fifo_is_empty(&g->to_open) && g->in_progress == 0;
}

static bool all_closed(const struct gen *g)
{
	return fifo_is_empty(&g->to_open) && g->in_progress == 0;
}

static bool never(const struct gen *g)
{
	(void)g;
	return false;
}

/* Turns until <done> or for <ms>. False: time is up, or a signal came. */
static bool run(struct gen *g, bool (*done)(const struct gen *), uint64_t ms)
{
	uint64_t stop = rte_rdtsc() + ms * g->hz / 1000;
	uint32_t i = 0;

	while (!atomic_load_explicit(&stopped, memory_order_relaxed)) {
		turn(g);
		if (g->now >= stop)
			return false;
		if (i++ % 64 == 0 && done(g))
			return true;
	}
	return false;
}

static const char *phases(struct gen *g, struct counts *ret_measured)
{
	struct counts before;

	*ret_measured = (struct counts){ 0 };
	report_event("opening");
	if (!run(g, all_open, OPEN_WAIT_S * 1000))
		return "flows did not open";
	report_event("open");
	g->now = rte_rdtsc();
	mode_start(g);
	run(g, never, g->opt.warmup_ms);
	memset(&g->latency, 0, sizeof(g->latency));
	before = g->c;
	before.cycles = rte_rdtsc();
	report_event("measuring");
	run(g, never, g->opt.time_ms);
	*ret_measured = g->c;
	ret_measured->cycles = rte_rdtsc();
	counts_sub(ret_measured, &before);
	report_event("measured");
	mode_stop(g);
	if (!run(g, mode_drained, DRAIN_WAIT_S * 1000))
		return "data did not arrive";
	return NULL;
}

static int generate(struct gen *g)
{
	struct counts measured;
	const char *error;

	error = phases(g, &measured);
	mode_close_all(g);
	if (!run(g, all_closed, CLOSE_WAIT_S * 1000) && error == NULL)
		error = "flows did not close";
	run(g, never, 20); /* the last ACKs */
	if (error == NULL && g->c.bad_payload + g->c.bad_cksum > 0)
		error = "wrong bytes arrived";
	report_final(g, &measured, error);
	return error == NULL ? 0 : 1;
}

/* A memif peer that polls while we unmap our rings may fault in its driver: it stops first. */
static void linger(void)
{
	while (getchar() != EOF && !atomic_load(&stopped))
		;
}

static int setup(struct gen *g)
{
	int end, rc;

	g->hz = rte_get_tsc_hz();
	g->now = rte_rdtsc();
	g->rto_tsc = g->opt.rto_us * g->hz / 1000000;
	g->delack_tsc = g->opt.delack_us * g->hz / 1000000;
	for (end = 0; end < ENDS; end++)
		hdr_tmpl_init(&g->tmpl[end], &g->opt.addr, end);
	rc = flows_init(g);
	if (rc == 0)
		rc = mode_init(g);
	if (rc == 0)
		rc = ports_open(g);
	if (rc < 0)
		fprintf(stderr, "tcpgen: set-up failed: %s\n", strerror(-rc));
	return rc;
}

int main(int argc, char **argv)
{
	static struct gen g;
	int used, rc;

	used = rte_eal_init(argc, argv);
	if (used < 0) {
		fprintf(stderr, "tcpgen: EAL would not start: %s\n", strerror(rte_errno));
		return 2;
	}
	if (opt_parse(&g.opt, argc - used, argv + used) < 0)
		return 2;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	rc = setup(&g);
	if (rc == 0) {
		rc = generate(&g);
		if (g.opt.linger)
			linger();
		ports_close(&g);
	} else {
		rc = 2;
	}
	flows_done(&g);
	rte_eal_cleanup();
	return rc;
}
