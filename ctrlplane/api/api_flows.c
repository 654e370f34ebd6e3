/* SPDX-License-Identifier: Apache-2.0
 * GET /v1/flows, page by page, and the POST that ends one. */
#include "ctrlplane/api/api_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH = 64, /* reports asked of a worker at once */
};

/* What of all flows is asked for, and how far the page has come. */
struct page {
	const struct api *api;
	const char *target; /* NULL: any; "-": none of the configuration */
	const char *mode;   /* NULL: any */
	uint64_t limit, now_us;
	uint32_t worker, cursor; /* next to look at */
	uint64_t seen;
	json_t *flows;
};

static json_t *side_object(const struct flow_report *r, enum side side)
{
	json_t *s = api_endpoint(&r->key, side);

	api_set_bool(s, "held", r->held[side]);
	api_set_u64(s, "rx_packets", r->side[side].rx_pkts);
	api_set_u64(s, "rx_bytes", r->side[side].rx_bytes);
	api_set_u64(s, "tx_bytes", r->side[side].tx_bytes);
	api_set_u64(s, "retransmits", r->side[side].retransmits);
	api_set_u64(s, "duplicates_in", r->side[side].dup_in);
	api_set_u64(s, "out_of_order_in", r->side[side].ooo_in);
	api_set_u64(s, "overlap_mismatches", r->side[side].overlap_mismatch);
	api_set_u64(s, "checksum_drops", r->side[side].cksum_drops);
	api_set_u64(s, "challenge_acks", r->side[side].challenge_acks);
	api_set_u64(s, "zero_window_ms", r->side[side].zero_window_ms);
	api_set_u64(s, "hold_ms", r->side[side].hold_ms);
	api_set_u64(s, "srtt_us", r->side[side].srtt_us);
	api_set_u64(s, "min_rtt_us", r->side[side].min_rtt_us);
	api_set_u64(s, "cwnd_bytes", r->side[side].cwnd_bytes);
	api_set_u64(s, "in_bytes", r->side[side].in_bytes);
	api_set_u64(s, "out_bytes", r->side[side].out_bytes);
	api_set_u64(s, "out_of_order_segments", r->side[side].ooo_segs);
	api_set_u64(s, "peak_bytes", r->side[side].peak_bytes);
	api_set(s, "delta", json_integer(r->side[side].delta));
	api_set_u64(s, "undelivered_bytes", r->side[side].undelivered);
	return s;
}

static json_t *vlans(uint32_t tag)
{
	json_t *list = json_array();

	if ((tag >> 12 & 0xfff) != 0)
		json_array_append_new(list, json_integer(tag >> 12 & 0xfff));
	if ((tag & 0xfff) != 0)
		json_array_append_new(list, json_integer(tag & 0xfff));
	return list;
}

static uint64_t ms_between(uint64_t from_us, uint64_t to_us)
{
	return to_us > from_us ? (to_us - from_us) / 1000 : 0;
}

static json_t *flow_object(const struct page *p, uint32_t worker, const struct flow_report *r)
{
	const struct conf *c = p->api->conf;
	uint32_t wire = r->key.tag >> 24;
	json_t *flow = json_object();
	char id[40];

	snprintf(id, sizeof(id), "%u/%u/%u", worker, r->index, r->gen);
	api_set_text(flow, "id", id);
	api_set_u64(flow, "worker", worker);
	api_set_text(flow, "wire",
			wire < c->dataplane.n_wires ? c->dataplane.wires[wire].name : "-");
	api_set(flow, "vlans", vlans(r->key.tag));
	api_set_text(flow, "target", conf_target_name(c, r->target));
	api_set_text(flow, "mode", relay_mode_name(r->mode));
	api_set_text(flow, "state", relay_state_name(r->state));
	api_set_text(flow, "initiator", api_side_name(r->initiator));
	api_set_u64(flow, "age_ms", ms_between(r->start_us, p->now_us));
	api_set_u64(flow, "idle_ms", ms_between(r->last_us, p->now_us));
	api_set(flow, "agent", side_object(r, SIDE_AGENT));
	api_set(flow, "prod", side_object(r, SIDE_PROD));
	return flow;
}

static bool is_wanted(const struct page *p, const struct flow_report *r)
{
	return (p->target == NULL ||
			       strcmp(p->target, conf_target_name(p->api->conf, r->target)) == 0) &&
			(p->mode == NULL || strcmp(p->mode, relay_mode_name(r->mode)) == 0);
}

static bool page_has_all(const struct page *p)
{
	return json_array_size(p->flows) >= p->limit;
}

/* One question to one worker. What it gave beyond the page begins the next one. */
static int page_step(struct page *p, struct flow_report *reports)
{
	size_t n = 0;
	int rc = workers_flows(p->api->workers, p->worker, &p->cursor, reports, BATCH, &n);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		if (!is_wanted(p, &reports[i]))
			continue;
		if (page_has_all(p)) {
			p->cursor = reports[i].index;
			return 0;
		}
		json_array_append_new(p->flows, flow_object(p, p->worker, &reports[i]));
	}
	p->seen += BATCH * 4; /* relay_flows() visits up to four slots for each asked for */
	if (p->cursor == UINT32_MAX) {
		p->worker++;
		p->cursor = 0;
	}
	return 0;
}

static bool page_is_full(const struct page *p)
{
	return page_has_all(p) || p->seen >= API_FLOWS_SEEN ||
			p->worker >= workers_count(p->api->workers);
}

static int page_fill(struct page *p)
{
	struct flow_report *reports = calloc(BATCH, sizeof(reports[0]));
	int rc = reports == NULL ? -ENOMEM : 0;

	while (rc == 0 && !page_is_full(p))
		rc = page_step(p, reports);
	free(reports);
	return rc;
}

static void page_reply(struct page *p, struct api_reply *reply)
{
	json_t *answer = json_object();
	char next[32];

	snprintf(next, sizeof(next), "%u:%u", p->worker, p->cursor);
	api_set(answer, "flows", json_incref(p->flows));
	if (p->worker < workers_count(p->api->workers))
		api_set_text(answer, "next", next);
	else
		api_set(answer, "next", json_null());
	api_reply_json(reply, answer);
}

static bool cursor_parse(const char *text, struct page *p)
{
	uint64_t worker, cursor;
	const char *rest;

	if (!api_number(text, ':', UINT32_MAX, &worker, &rest) ||
			!api_number(rest, '\0', UINT32_MAX - 1, &cursor, &rest))
		return false;
	p->worker = (uint32_t)worker;
	p->cursor = (uint32_t)cursor;
	return true;
}

static bool is_mode(const char *name)
{
	for (uint8_t m = 0; m < MODES; m++) {
		if (strcmp(relay_mode_name(m), name) == 0)
			return true;
	}
	return false;
}

static bool is_target(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->n_targets; i++) {
		if (strcmp(c->targets[i].name, name) == 0)
			return true;
	}
	return strcmp(name, "-") == 0;
}

/* false: the reply says what is wrong with the query. */
static bool page_open(const struct api_request *rq, struct page *p, struct api_reply *reply)
{
	const char *cursor = rq->query(rq->ctx, "cursor");

	p->target = rq->query(rq->ctx, "target");
	p->mode = rq->query(rq->ctx, "mode");
	if (!api_limit(rq, API_FLOWS_DEFAULT, API_FLOWS_MAX, &p->limit, reply))
		return false;
	if (cursor != NULL && !cursor_parse(cursor, p))
		api_reply_error(reply, API_BAD_REQUEST,
				"cursor is what the page before gave as next");
	else if (p->mode != NULL && !is_mode(p->mode))
		api_reply_error(reply, API_BAD_REQUEST, "there is no such mode");
	else if (p->target != NULL && !is_target(p->api->conf, p->target))
		api_reply_error(reply, API_BAD_REQUEST, "there is no such target");
	else
		return true;
	return false;
}

void api_get_flows(const struct api_request *rq, struct api_reply *reply)
{
	struct page p = { .api = rq->api, .now_us = workers_now_us(rq->api->workers) };
	int rc;

	if (!page_open(rq, &p, reply))
		return;
	p.flows = json_array();
	rc = page_fill(&p);
	if (rc == -ETIMEDOUT)
		api_reply_error(reply, API_GATEWAY_TIMEOUT, "worker %u does not answer", p.worker);
	else if (rc == 0)
		page_reply(&p, reply);
	json_decref(p.flows);
}

void api_post_kill(const struct api_request *rq, struct api_reply *reply)
{
	json_t *answer;
	int rc = -ESTALE;

	if (rq->arg[0] < workers_count(rq->api->workers))
		rc = workers_kill(rq->api->workers, (uint32_t)rq->arg[0], (uint32_t)rq->arg[1],
				(uint32_t)rq->arg[2]);
	if (rc == -ETIMEDOUT) {
		api_reply_error(reply, API_GATEWAY_TIMEOUT, "worker %u does not answer",
				(unsigned)rq->arg[0]);
	} else if (rc < 0) {
		api_reply_error(reply, API_NOT_FOUND, "no such flow: it has ended");
	} else {
		answer = json_object();
		api_set_bool(answer, "killed", true);
		api_reply_json(reply, answer);
	}
}
