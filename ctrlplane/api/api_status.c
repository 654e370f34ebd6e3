/* SPDX-License-Identifier: Apache-2.0
 * GET /v1/status and /v1/wires: what runs, on what, how full it is. */
#include "ctrlplane/api/api_priv.h"

#include <string.h>
#include <unistd.h>

static json_t *modes(const struct relay_gauges *g)
{
	json_t *object = json_object();

	for (uint8_t m = 0; m < MODES; m++)
		api_set_u64(object, relay_mode_name(m), g->flows_by_mode[m]);
	return object;
}

static void set_gauges(json_t *worker, const struct relay_gauges *g)
{
	api_set_u64(worker, "flows", g->flows);
	api_set(worker, "flows_by_mode", modes(g));
	api_set_u64(worker, "embryonic", g->embryonic);
	api_set_u64(worker, "time_wait", g->time_wait);
	api_set_u64(worker, "held", g->held);
	api_set_u64(worker, "segments", g->segs_used);
	api_set_u64(worker, "retained_bytes", g->retained_bytes);
	api_set_u64(worker, "retain_limit_bytes", g->retain_limit_bytes);
	api_set_text(worker, "pressure", api_pressure_name(g->pressure));
	api_set_u64(worker, "flow_bytes", g->flow_bytes);
}

/* A worker that does not answer is shown as that, without its gauges. */
static json_t *worker_object(struct workers *w, uint32_t i)
{
	struct worker_sessions sessions;
	struct relay_gauges gauges;
	struct worker_stats stats;
	json_t *worker = json_object();

	workers_stats(w, i, &stats);
	api_set_u64(worker, "worker", i);
	api_set_u64(worker, "cpu", stats.cpu);
	api_set_u64(worker, "loops", stats.loops);
	api_set_u64(worker, "idle_loops", stats.idle_loops);
	api_set_u64(worker, "busy_cycles", stats.busy_cycles);
	api_set_u64(worker, "total_cycles", stats.total_cycles);
	workers_sessions(w, i, &sessions);
	api_set_u64(worker, "sessions", sessions.open);
	api_set_u64(worker, "session_memory_bytes", sessions.memory_bytes);
	if (workers_gauges(w, i, &gauges) == 0) {
		api_set_bool(worker, "answers", true);
		set_gauges(worker, &gauges);
	} else {
		api_set_bool(worker, "answers", false);
	}
	return worker;
}

static json_t *limits(const struct conf_dataplane *d)
{
	json_t *object = json_object();

	api_set_u64(object, "flows", d->relay.max_flows);
	api_set_u64(object, "segments", d->relay.max_segs);
	return object;
}

void api_get_status(const struct api_request *rq, struct api_reply *reply)
{
	const struct conf *c = rq->api->conf;
	json_t *status = json_object(), *workers = json_array();
	char sha256[65];

	api_sha256_text(c->sha256, sha256);
	api_set_text(status, "name", c->appliance_name);
	api_set_text(status, "version", SLUICE_VERSION);
	api_set_u64(status, "pid", (uint64_t)getpid());
	api_set_u64(status, "started", (uint64_t)rq->api->started);
	api_set_u64(status, "uptime_ms",
			(workers_now_us(rq->api->workers) - rq->api->started_us) / 1000);
	api_set_text(status, "configuration_sha256", sha256);
	api_set_u64(status, "wires", c->dataplane.n_wires);
	api_set_u64(status, "targets", c->n_targets);
	api_set(status, "limits_per_worker", limits(&c->dataplane));
	for (uint32_t i = 0; i < workers_count(rq->api->workers); i++)
		json_array_append_new(workers, worker_object(rq->api->workers, i));
	api_set(status, "workers", workers);
	api_reply_json(reply, status);
}

static void set_mac(json_t *port, const uint8_t mac[6])
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
			mac[3], mac[4], mac[5]);
	api_set_text(port, "mac", text);
}

json_t *api_port_object(const struct api *a, uint16_t wire, enum side side)
{
	struct port_stats s = { .mtu = 0 };
	json_t *port = json_object();

	api_set_text(port, "device", a->conf->dataplane.wires[wire].port[side].device);
	if (workers_port_stats(a->workers, wire, side, &s) < 0) {
		api_set_bool(port, "present", false);
		return port;
	}
	api_set_bool(port, "present", true);
	api_set_text(port, "driver", s.driver);
	set_mac(port, s.mac);
	api_set_u64(port, "mtu", s.mtu);
	api_set_u64(port, "rx_queues", s.rx_queues);
	api_set_u64(port, "tx_queues", s.tx_queues);
	api_set_bool(port, "link_up", s.link_up);
	api_set_u64(port, "link_mbps", s.link_mbps);
	api_set_u64(port, "link_changes", s.link_changes);
	api_set_u64(port, "rx_frames", s.rx_frames);
	api_set_u64(port, "rx_bytes", s.rx_bytes);
	api_set_u64(port, "tx_frames", s.tx_frames);
	api_set_u64(port, "tx_bytes", s.tx_bytes);
	api_set_u64(port, "rx_missed", s.rx_missed);
	api_set_u64(port, "rx_no_buffer", s.rx_no_buffer);
	api_set_u64(port, "rx_errors", s.rx_errors);
	api_set_u64(port, "tx_errors", s.tx_errors);
	return port;
}

void api_get_wires(const struct api_request *rq, struct api_reply *reply)
{
	const struct conf_dataplane *d = &rq->api->conf->dataplane;
	json_t *answer = json_object(), *wires = json_array();

	for (uint16_t i = 0; i < d->n_wires; i++) {
		const struct conf_wire *w = &d->wires[i];
		json_t *wire = json_object();

		api_set_text(wire, "name", w->name);
		api_set_text(wire, "undeclared_tcp",
				w->undeclared_tcp == MODE_WIRE ? "forward" : "deny");
		api_set_text(wire, "deny_with",
				w->undeclared_how == DENY_SILENT ? "silent" : "rst");
		api_set_text(wire, "spread", workers_spread_name(rq->api->workers, i));
		api_set(wire, "agent", api_port_object(rq->api, i, SIDE_AGENT));
		api_set(wire, "prod", api_port_object(rq->api, i, SIDE_PROD));
		json_array_append_new(wires, wire);
	}
	api_set(answer, "wires", wires);
	api_reply_json(reply, answer);
}
