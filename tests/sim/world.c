/* SPDX-License-Identifier: Apache-2.0
 * The event heap and the life of a run. */
#include "tests/sim/world.h"

#include "tests/sim/ep.h"
#include "tests/sim/inspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 40000000 }; /* a run that needs more is a loop */

static bool event_before(const struct event *a, const struct event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void world_at(struct world *w, uint64_t at_us, event_fn *fn, void *arg, uint64_t num)
{
	struct event e = { .at_us = at_us > w->now_us ? at_us : w->now_us,
		.order = w->n_order++,
		.fn = fn,
		.arg = arg,
		.num = num };
	uint32_t i;

	if (w->n_events == w->cap_events) {
		w->cap_events = w->cap_events * 2 + 256;
		w->heap = realloc(w->heap, w->cap_events * sizeof(*w->heap));
		if (w->heap == NULL)
			abort();
	}
	i = w->n_events++;
	while (i > 0 && event_before(&e, &w->heap[(i - 1) / 2])) {
		w->heap[i] = w->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	w->heap[i] = e;
}

static struct event world_pop(struct world *w)
{
	const struct event top = w->heap[0], last = w->heap[--w->n_events];
	uint32_t i = 0;

	for (uint32_t kid = 1; kid < w->n_events; kid = 2 * i + 1) {
		if (kid + 1 < w->n_events && event_before(&w->heap[kid + 1], &w->heap[kid]))
			kid++;
		if (!event_before(&w->heap[kid], &last))
			break;
		w->heap[i] = w->heap[kid];
		i = kid;
	}
	w->heap[i] = last;
	return top;
}

void world_fail(struct world *w, const char *inv, const char *fmt, ...)
{
	va_list ap;

	if (w->failed)
		return;
	w->failed = true;
	snprintf(w->inv, sizeof(w->inv), "%s", inv);
	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
	trace_note(w, "FAILED %s: %s", w->inv, w->why);
}

static void conn_init(struct world *w, struct conn *c, const struct conn_plan *cp)
{
	c->w = w;
	c->plan = cp;
	c->policy = (struct flow_policy){ .mode = cp->mode,
		.ts = cp->ts,
		.urg = cp->urg,
		.wire_md5_ao = cp->wire_md5,
		.allow_simultaneous_open = cp->simultaneous,
		.rst_on_overlap_mismatch = cp->rst_on_mismatch,
		.mss = cp->policy_mss,
		.rcv_cap_max_bytes = cp->rcv_cap,
		.inspector = engine_inspector,
		.inspector_ctx = w };
	if (!cp->insp.scripted && engine_inspector != NULL)
		c->policy.inspector = inspect_pass_all();
	for (int s = 0; s < SIDES; s++) {
		outlog_init(&c->dir[s], rng_mix(cp->key + (uint64_t)s));
		c->dir[s].open_ended = !cp->insp.scripted || cp->mode == MODE_WIRE;
		c->ep[s] = ep_new(c, (enum side)s);
	}
}

struct world *world_new(const struct plan *p, bool trace)
{
	struct world *w = calloc(1, sizeof(*w));

	if (w == NULL)
		abort();
	w->plan = p;
	w->trace = trace;
	w->now_us = p->clock_us != 0 ? p->clock_us : US_PER_S + rng_mix(p->seed) % US_PER_S;
	w->start_us = w->now_us;
	w->poll_at_us = UINT64_MAX;
	rng_seed(&w->rng, p->seed, 1);
	rng_seed(&w->rng_tx, p->seed, 2);
	rng_seed(&w->rng_attack, p->seed, 3);
	for (int h = 0; h < HOPS; h++)
		link_init(&w->link[h], &p->link[h], p->seed, (enum hop)h);
	w->n_conns = p->n_conns;
	w->conn = calloc(p->n_conns + 1, sizeof(*w->conn));
	if (w->conn == NULL)
		abort();
	for (uint32_t i = 0; i < p->n_conns; i++)
		conn_init(w, &w->conn[i], &p->conn[i]);
	engine_init(w);
	return w;
}

void world_free(struct world **pw)
{
	struct world *w = *pw;

	if (w == NULL)
		return;
	engine_done(w);
	for (uint32_t i = 0; i < w->n_events; i++)
		if (link_event_is_frame(&w->heap[i]))
			wframe_free(w->heap[i].arg);
	for (uint32_t i = 0; i < w->n_conns; i++) {
		for (int s = 0; s < SIDES; s++) {
			ep_free(&w->conn[i].ep[s]);
			outlog_done(&w->conn[i].dir[s]);
			ranges_done(&w->conn[i].view[s].got);
		}
		inspect_conn_done(&w->conn[i]);
	}
	free(w->conn);
	free(w->heap);
	free(w);
	*pw = NULL;
}

static void world_start_conn(struct world *w, void *arg, uint64_t num)
{
	struct conn *c = arg;

	(void)w;
	ep_start(c->ep[num]);
}

static void world_describe(struct world *w, uint32_t i)
{
	const struct conn_plan *c = &w->plan->conn[i];

	trace_note(w, "c%u: %s, IPv%u, %u tags, ts %s, cap %u, %s inspector, hostile %x/%x", i,
			c->mode == MODE_WIRE ? "WIRE" : "RELAY", c->ip_ver, c->n_tags,
			c->ts == TS_REWRITE ? "rewritten" : "stripped", c->rcv_cap,
			c->insp.scripted ? "scripted" : "pass-all", c->ep[0].hostile,
			c->ep[1].hostile);
}

void world_start(struct world *w)
{
	for (uint32_t i = 0; i < w->n_conns; i++)
		world_describe(w, i);
	for (uint32_t i = 0; i < w->n_conns; i++) {
		struct conn *c = &w->conn[i];
		const enum side init = c->plan->initiator;

		ep_start(c->ep[side_other(init)]);
		world_at(w, w->now_us + c->plan->start_us, world_start_conn, c, init);
	}
	engine_start_noise(w);
}

bool world_run_until(struct world *w, uint64_t until_us)
{
	while (!w->failed && w->n_events > 0 && w->heap[0].at_us <= until_us) {
		const struct event e = world_pop(w);

		w->now_us = e.at_us > w->now_us ? e.at_us : w->now_us;
		if (++w->stats.events > EVENTS_MAX)
			world_fail(w, "I15", "more than %d events", EVENTS_MAX);
		e.fn(w, e.arg, e.num);
	}
	if (!w->failed && w->now_us < until_us && until_us != UINT64_MAX)
		w->now_us = until_us;
	return !w->failed;
}

bool world_ends_done(const struct world *w)
{
	for (uint32_t i = 0; i < w->n_conns; i++)
		for (int s = 0; s < SIDES; s++)
			if (ep_outcome(w->conn[i].ep[s]) == OUT_OPEN)
				return false;
	return true;
}

static void world_judge_end(struct world *w, const struct conn *c, enum side s)
{
	const uint32_t out = ep_outcome(c->ep[s]);

	trace_note(w, "c%ld %s end: %s, %s", (long)(c - w->conn),
			s == SIDE_AGENT ? "agent" : "prod", ep_outcome_name(out),
			ep_app_where(c->ep[s]));
	if ((c->plan->expect[s] & out) == 0)
		world_fail(w, "I9", "c%ld, %s end: outcome %s after %.3f s, app at %s",
				(long)(c - w->conn), s == SIDE_AGENT ? "agent" : "prod",
				ep_outcome_name(out), (double)w->now_us / US_PER_S,
				ep_app_where(c->ep[s]));
}

bool world_run(struct world *w)
{
	const uint64_t limit = w->now_us + w->plan->limit_us;

	world_start(w);
	while (!w->failed && !world_ends_done(w) && w->n_events > 0 && w->heap[0].at_us <= limit)
		world_run_until(w, w->heap[0].at_us);
	for (uint32_t i = 0; i < w->n_conns; i++)
		for (int s = 0; s < SIDES; s++)
			world_judge_end(w, &w->conn[i], (enum side)s);
	for (uint32_t i = 0; i < w->n_conns; i++)
		for (int s = 0; s < SIDES; s++)
			ep_retire(w->conn[i].ep[s]);
	if (!w->failed)
		engine_drain(w);
	return !w->failed;
}

struct conn *world_conn_of(struct world *w, const struct seg *s, enum side from)
{
	const size_t alen = s->ip.ver == 4 ? 4 : 16;

	for (uint32_t i = w->n_conns; i-- > 0;) {
		const struct seg *id = ep_identity(w->conn[i].ep[from]);

		if (id->sport == s->sport && id->dport == s->dport && id->ip.ver == s->ip.ver &&
				memcmp(id->ip.src, s->ip.src, alen) == 0 &&
				memcmp(id->ip.dst, s->ip.dst, alen) == 0 &&
				id->l2.n_tags == s->l2.n_tags &&
				(s->l2.n_tags < 1 || id->l2.tci[0] == s->l2.tci[0]) &&
				(s->l2.n_tags < 2 || id->l2.tci[1] == s->l2.tci[1]))
			return &w->conn[i];
	}
	return NULL;
}
