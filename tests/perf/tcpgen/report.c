/* SPDX-License-Identifier: Apache-2.0
 * Lines of JSON on stdout: one at each change of phase, so that a harness can sample the appliance
 * in the same window, and the figures at the end. */
#include "tests/perf/tcpgen/gen.h"

#include <stdio.h>

void counts_sub(struct counts *to, const struct counts *from)
{
	uint64_t *a = (uint64_t *)to;
	const uint64_t *b = (const uint64_t *)from;
	size_t i;

	for (i = 0; i < sizeof(*to) / sizeof(*a); i++)
		a[i] -= b[i];
}

void report_event(const char *event)
{
	printf("{\"event\": \"%s\"}\n", event);
	fflush(stdout);
}

static double us(const struct gen *g, uint64_t cycles)
{
	return (double)cycles * 1e6 / (double)g->hz;
}

static void pair(const char *name, const uint64_t v[ENDS])
{
	printf(" \"%s\": [%lu, %lu],", name, v[CLIENT], v[SERVER]);
}

static void rates(const struct gen *g, const struct counts *c)
{
	double s = (double)c->cycles / (double)g->hz;
	uint64_t rx = c->rx_pkts[0] + c->rx_pkts[1], tx = c->tx_pkts[0] + c->tx_pkts[1];

	printf(" \"seconds\": %.3f,", s);
	printf(" \"goodput_gbps\": [%.4f, %.4f],", (double)c->bytes_in[CLIENT] * 8e-9 / s,
			(double)c->bytes_in[SERVER] * 8e-9 / s);
	printf(" \"segments_per_s\": %.0f,", (double)(c->segs_in[CLIENT] + c->segs_in[SERVER]) / s);
	printf(" \"rx_pps\": %.0f, \"tx_pps\": %.0f,", (double)rx / s, (double)tx / s);
	printf(" \"transactions_per_s\": %.1f, \"connections_per_s\": %.1f,",
			(double)c->transactions / s, (double)c->opened / s);
	printf(" \"generator_busy\": %.4f, \"generator_ns_per_packet\": %.1f,",
			(double)c->busy_cycles / (double)c->cycles,
			rx + tx > 0 ? us(g, c->busy_cycles) * 1e3 / (double)(rx + tx) : 0);
}

/* <error>: NULL, or what ended the run early. */
void report_final(const struct gen *g, const struct counts *c, const char *error)
{
	printf("{\"event\": \"report\", \"error\": ");
	printf(error != NULL ? "\"%s\"," : "null,", error);
	rates(g, c);
	pair("segs_in", c->segs_in);
	pair("bytes_in", c->bytes_in);
	pair("segs_out", c->segs_out);
	pair("acks_out", c->acks_out);
	pair("acks_in", c->acks_in);
	pair("rx_pkts", c->rx_pkts);
	pair("tx_pkts", c->tx_pkts);
	pair("retransmits", c->retransmits);
	printf(" \"fast_retransmits\": %lu, \"timeouts\": %lu,", c->fast_retransmits, c->timeouts);
	printf(" \"dup_in\": %lu, \"ooo_in\": %lu, \"stray_in\": %lu,", c->dup_in, c->ooo_in,
			c->stray_in);
	printf(" \"malformed\": %lu, \"bad_cksum\": %lu, \"bad_payload\": %lu,", c->malformed,
			c->bad_cksum, c->bad_payload);
	printf(" \"opened\": %lu, \"closed\": %lu, \"reset\": %lu, \"transactions\": %lu,",
			c->opened, c->closed, c->reset, c->transactions);
	printf(" \"tx_full\": %lu, \"no_mbuf\": %lu, \"flows_open\": %u,", c->tx_full, c->no_mbuf,
			g->n_open);
	printf(" \"latency_us\": {\"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f}}\n",
			us(g, hist_quantile(&g->latency, 500)),
			us(g, hist_quantile(&g->latency, 990)),
			us(g, hist_quantile(&g->latency, 999)), us(g, g->latency.max));
	fflush(stdout);
}
