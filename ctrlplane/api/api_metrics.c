/* SPDX-License-Identifier: Apache-2.0
 * GET /metrics: the same numbers in Prometheus' text format 0.0.4. Names follow its conventions:
 * base units, counters end in _total. */
#include "ctrlplane/api/api_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void api_put_head(
		FILE *to, const char *name, const char *suffix, const char *type, const char *help)
{
	fprintf(to, "# HELP sluice_%s%s %s\n# TYPE sluice_%s%s %s\n", name, suffix, help, name,
			suffix, type);
}

static void put_about(FILE *to, const struct api *a)
{
	char sha256[65];

	api_sha256_text(a->conf->sha256, sha256);
	api_put_head(to, "build_info", "", "gauge", "1, labelled with what runs");
	fprintf(to, "sluice_build_info{version=\"%s\",appliance=\"%s\",configuration=\"%s\"} 1\n",
			SLUICE_VERSION, a->conf->appliance_name, sha256);
	api_put_head(to, "start_time_seconds", "", "gauge", "when it started, since the epoch");
	fprintf(to, "sluice_start_time_seconds %" PRIu64 "\n", (uint64_t)a->started);
}

static void put_stats(FILE *to, const struct api_sample *s)
{
	for (unsigned stat = 0; stat < STAT_MAX; stat++) {
		const struct stat_info *i = stat_info(stat);

		api_put_head(to, i->name, "_total", "counter", i->text);
		for (uint32_t w = 0; w < s->n; w++)
			fprintf(to, "sluice_%s_total{worker=\"%u\"} %" PRIu64 "\n", i->name, w,
					s->counters[w].stat[stat]);
	}
}

static void put_drops(FILE *to, const struct api_sample *s)
{
	static const char *const severity[] = {
		[DROP_SEV_NOTE] = "note", [DROP_SEV_WARN] = "warn", [DROP_SEV_EVIL] = "evil"
	};

	api_put_head(to, "frames_dropped", "_total", "counter",
			"frames, or parts of frames, that were not forwarded, by reason");
	for (unsigned d = DROP_NONE + 1; d < DROP_MAX; d++) {
		const struct drop_info *i = drop_info(d);

		for (uint32_t w = 0; w < s->n; w++)
			fprintf(to,
					"sluice_frames_dropped_total{reason=\"%s\",severity=\"%s\","
					"worker=\"%u\"} %" PRIu64 "\n",
					i->name, severity[i->severity], w, s->counters[w].drop[d]);
	}
}

static void put_loops(FILE *to, const struct api_sample *s)
{
	for (const struct api_worker_column *c = api_worker_columns; c->name != NULL; c++) {
		fprintf(to,
				"# HELP sluice_worker_%s_total %s\n# TYPE sluice_worker_%s_total "
				"counter\n",
				c->name, c->text, c->name);
		for (uint32_t w = 0; w < s->n; w++) {
			const char *at = (const char *)&s->stats[w] + c->off;

			fprintf(to, "sluice_worker_%s_total{worker=\"%u\"} %" PRIu64 "\n", c->name,
					w, *(const uint64_t *)(const void *)at);
		}
	}
}

/* Of relay_gauges: numbers of 4 or 8 bytes. */
#define GAUGE(member)                                                                              \
	offsetof(struct relay_gauges, member), sizeof(((struct relay_gauges *)0)->member)

static const struct {
	const char *name, *text;
	size_t off, size;
} gauges[] = {
	{ "flows", "flows, all modes", GAUGE(flows) },
	{ "flows_embryonic", "flows whose handshake is not complete", GAUGE(embryonic) },
	{ "flows_time_wait", "flows that have ended and are remembered", GAUGE(time_wait) },
	{ "flows_held", "flows with a held direction", GAUGE(held) },
	{ "segments_queued", "packets queued", GAUGE(segs_used) },
	{ "retained_bytes", "memory of queued packets", GAUGE(retained_bytes) },
	{ "retain_limit_bytes", "retained_bytes at which all is full", GAUGE(retain_limit_bytes) },
};

static uint64_t gauge_value(const struct relay_gauges *g, size_t off, size_t size)
{
	const void *at = (const char *)g + off;

	return size == sizeof(uint64_t) ? *(const uint64_t *)at : *(const uint32_t *)at;
}

/* Gauges of the workers that answered; a worker that did not has worker_up 0 and no other. */
static void put_gauges(FILE *to, const struct relay_gauges *g, const bool *up, uint32_t n)
{
	api_put_head(to, "worker_up", "", "gauge", "1 if the worker answers");
	for (uint32_t w = 0; w < n; w++)
		fprintf(to, "sluice_worker_up{worker=\"%u\"} %d\n", w, up[w]);
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
		api_put_head(to, gauges[i].name, "", "gauge", gauges[i].text);
		for (uint32_t w = 0; w < n; w++) {
			if (up[w])
				fprintf(to, "sluice_%s{worker=\"%u\"} %" PRIu64 "\n",
						gauges[i].name, w,
						gauge_value(&g[w], gauges[i].off, gauges[i].size));
		}
	}
	api_put_head(to, "pressure", "", "gauge",
			"memory pressure: 0 green, 1 yellow, 2 red, 3 black");
	for (uint32_t w = 0; w < n; w++) {
		if (up[w])
			fprintf(to, "sluice_pressure{worker=\"%u\"} %u\n", w, g[w].pressure);
	}
}

static void put_modes(FILE *to, const struct relay_gauges *g, const bool *up, uint32_t n)
{
	api_put_head(to, "flows_by_mode", "", "gauge", "flows, by mode");
	for (uint8_t m = 0; m < MODES; m++) {
		for (uint32_t w = 0; w < n; w++) {
			if (up[w])
				fprintf(to,
						"sluice_flows_by_mode{mode=\"%s\",worker=\"%u\"} "
						"%" PRIu32 "\n",
						relay_mode_name(m), w, g[w].flows_by_mode[m]);
		}
	}
}

static bool put_workers(FILE *to, const struct api *a, uint32_t n)
{
	struct relay_gauges *g = calloc(n, sizeof(g[0]));
	bool *up = calloc(n, sizeof(up[0])), ok = g != NULL && up != NULL;

	for (uint32_t w = 0; ok && w < n; w++)
		up[w] = workers_gauges(a->workers, w, &g[w]) == 0;
	if (ok) {
		put_gauges(to, g, up, n);
		put_modes(to, g, up, n);
	}
	free(g);
	free(up);
	return ok;
}

static const struct {
	const char *name, *type, *text;
	size_t off;
} port_numbers[] = {
	{ "port_receive_frames_total", "counter", "frames received by the port",
			offsetof(struct port_stats, rx_frames) },
	{ "port_receive_bytes_total", "counter", "bytes received by the port",
			offsetof(struct port_stats, rx_bytes) },
	{ "port_transmit_frames_total", "counter", "frames sent by the port",
			offsetof(struct port_stats, tx_frames) },
	{ "port_transmit_bytes_total", "counter", "bytes sent by the port",
			offsetof(struct port_stats, tx_bytes) },
	{ "port_receive_missed_total", "counter", "frames the port lost because its queue was full",
			offsetof(struct port_stats, rx_missed) },
	{ "port_receive_no_buffer_total", "counter", "frames the port lost for want of a buffer",
			offsetof(struct port_stats, rx_no_buffer) },
	{ "port_receive_errors_total", "counter", "frames the port received broken",
			offsetof(struct port_stats, rx_errors) },
	{ "port_transmit_errors_total", "counter", "frames the port could not send",
			offsetof(struct port_stats, tx_errors) },
	{ "port_link_changes_total", "counter", "times the link went up or down",
			offsetof(struct port_stats, link_changes) },
};

static bool put_ports(FILE *to, const struct api *a)
{
	const struct conf_dataplane *d = &a->conf->dataplane;
	size_t n = d->n_wires * SIDES;
	struct port_stats *all = calloc(n, sizeof(all[0]));

	if (all == NULL)
		return false;
	for (size_t p = 0; p < n; p++)
		workers_port_stats(a->workers, (uint16_t)(p / SIDES), p % SIDES, &all[p]);
	api_put_head(to, "port_link_up", "", "gauge", "1 if the port has a link");
	for (size_t p = 0; p < n; p++)
		fprintf(to, "sluice_port_link_up{wire=\"%s\",side=\"%s\"} %d\n",
				d->wires[p / SIDES].name, api_side_name(p % SIDES), all[p].link_up);
	for (size_t i = 0; i < sizeof(port_numbers) / sizeof(port_numbers[0]); i++) {
		api_put_head(to, port_numbers[i].name, "", port_numbers[i].type,
				port_numbers[i].text);
		for (size_t p = 0; p < n; p++) {
			const char *at = (const char *)&all[p] + port_numbers[i].off;

			fprintf(to, "sluice_%s{wire=\"%s\",side=\"%s\"} %" PRIu64 "\n",
					port_numbers[i].name, d->wires[p / SIDES].name,
					api_side_name(p % SIDES),
					*(const uint64_t *)(const void *)at);
		}
	}
	free(all);
	return true;
}

void api_get_metrics(const struct api_request *rq, struct api_reply *reply)
{
	FILE *to = open_memstream(&reply->body, &reply->len);
	struct api_sample sample;
	bool ok;

	if (to == NULL)
		return;
	reply->type = "text/plain; version=0.0.4; charset=utf-8";
	ok = api_sample(rq->api, &sample);
	if (ok) {
		put_about(to, rq->api);
		put_stats(to, &sample);
		put_drops(to, &sample);
		put_loops(to, &sample);
		api_put_sessions(to, rq->api);
		api_put_rules(to, rq->api);
		ok = put_workers(to, rq->api, sample.n) && put_ports(to, rq->api);
	}
	api_sample_done(&sample);
	ok = !ferror(to) && ok;
	if (fclose(to) != 0 || !ok) {
		free(reply->body);
		reply->body = NULL;
		reply->type = "application/json";
	}
}
