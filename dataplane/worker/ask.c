/* SPDX-License-Identifier: Apache-2.0
 * What the control thread wants to know of running workers: counters sampled from their memory,
 * everything else asked over rings. */
#include "dataplane/port/idle.h"
#include "dataplane/port/port.h"
#include "dataplane/worker/workers_priv.h"

#include <rte_cycles.h>
#include <rte_pause.h>

#include <errno.h>
#include <string.h>

enum {
	ASK_WAIT_US = 1000000,
	ASK_SPINS = 2000, /* before the control thread sleeps between looks */
	ASK_SLEEP_US = 50,
};

uint32_t workers_count(const struct workers *ws)
{
	return ws->n;
}

/* Words that another thread is writing: each is whole, together they are of about one moment. */
static void sample(uint64_t *to, const uint64_t *from, size_t n, bool add)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (add ? to[i] : 0) + __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

void workers_counters(const struct workers *ws, uint32_t worker, struct counters *ret)
{
	const struct worker *w = ws->at[worker];
	const struct counters *relay = relay_counters(w->relay);

	sample(ret->stat, relay->stat, STAT_MAX, false);
	sample(ret->drop, relay->drop, DROP_MAX, false);
	sample(ret->stat, w->own.stat, STAT_MAX, true);
	sample(ret->drop, w->own.drop, DROP_MAX, true);
}

void workers_stats(const struct workers *ws, uint32_t worker, struct worker_stats *ret)
{
	const struct worker_stats *s = &ws->at[worker]->stats;

	ret->loops = __atomic_load_n(&s->loops, __ATOMIC_RELAXED);
	ret->idle_loops = __atomic_load_n(&s->idle_loops, __ATOMIC_RELAXED);
	ret->busy_cycles = __atomic_load_n(&s->busy_cycles, __ATOMIC_RELAXED);
	ret->total_cycles = __atomic_load_n(&s->total_cycles, __ATOMIC_RELAXED);
	ret->spread_in = __atomic_load_n(&s->spread_in, __ATOMIC_RELAXED);
	ret->spread_out = __atomic_load_n(&s->spread_out, __ATOMIC_RELAXED);
	ret->report_lost = __atomic_load_n(&s->report_lost, __ATOMIC_RELAXED);
	ret->cpu = s->cpu;
}

uint64_t workers_turns(const struct workers *ws, uint32_t worker)
{
	return __atomic_load_n(&ws->at[worker]->stats.loops, __ATOMIC_RELAXED);
}

const char *workers_spread_name(const struct workers *ws, uint16_t wire)
{
	const struct spread_wire *sw = &ws->layout.wires[wire];

	return ws->n == 1 ? "one worker" : sw->rss ? "rss" : "software";
}

uint64_t workers_now_us(const struct workers *ws)
{
	uint64_t cycles = rte_rdtsc() - ws->clock.last_tsc, hz = rte_get_tsc_hz();

	return ws->clock.us + cycles / hz * 1000000 + cycles % hz * 1000000 / hz;
}

/* The answer to request <id>; older ones belong to requests that were given up. Borrowed from the
 * ring: ring_drop() it. */
static const struct handoff_answer *answer_of(struct ring *answers, uint32_t id)
{
	const struct handoff_answer *a;

	while ((a = ring_peek(answers)) != NULL && a->id != id)
		ring_drop(answers);
	return a;
}

static int ask(struct workers *ws, uint32_t worker, struct handoff_request *req,
		const struct handoff_answer **ret)
{
	struct worker *w = ws->at[worker];
	int left_us = ASK_WAIT_US;

	req->id = ++ws->asked_id;
	(void)answer_of(w->answers, req->id); /* makes room for this one */
	if (!ws->started || !ring_push(w->asked, req))
		return -ETIMEDOUT;
	for (uint32_t i = 0; left_us > 0; i++) {
		*ret = answer_of(w->answers, req->id);
		if (*ret != NULL)
			return 0;
		if (i < ASK_SPINS) {
			rte_pause();
			continue;
		}
		port_idle_wait(ASK_SLEEP_US);
		left_us -= ASK_SLEEP_US;
	}
	return -ETIMEDOUT;
}

int workers_gauges(struct workers *ws, uint32_t worker, struct relay_gauges *ret)
{
	struct handoff_request req = { .ask = HANDOFF_ASK_GAUGES };
	const struct handoff_answer *a;
	int rc = ask(ws, worker, &req, &a);

	if (rc < 0)
		return rc;
	*ret = a->gauges;
	ring_drop(ws->at[worker]->answers);
	return 0;
}

int workers_flows(struct workers *ws, uint32_t worker, uint32_t *cursor, struct flow_report *out,
		size_t max, size_t *ret_n)
{
	size_t n = 0;

	while (n < max && *cursor != UINT32_MAX) {
		size_t left = max - n;
		struct handoff_request req = { .ask = HANDOFF_ASK_FLOWS,
			.cursor = *cursor,
			.max = left < HANDOFF_FLOWS ? (uint32_t)left : HANDOFF_FLOWS };
		const struct handoff_answer *a;
		int rc = ask(ws, worker, &req, &a);

		if (rc < 0)
			return rc;
		memcpy(out + n, a->flows, a->n_flows * sizeof(*out));
		n += a->n_flows;
		*cursor = a->cursor;
		ring_drop(ws->at[worker]->answers);
	}
	*ret_n = n;
	return 0;
}

int workers_kill(struct workers *ws, uint32_t worker, uint32_t index, uint32_t gen)
{
	struct handoff_request req = { .ask = HANDOFF_ASK_KILL, .index = index, .gen = gen };
	const struct handoff_answer *a;
	int rc = ask(ws, worker, &req, &a);

	if (rc < 0)
		return rc;
	rc = a->rc;
	ring_drop(ws->at[worker]->answers);
	return rc;
}

bool workers_ticket_next(struct workers *ws, uint32_t *ret_worker, struct ticket *ret)
{
	for (uint32_t i = 0; i < ws->n; i++) {
		uint32_t worker = ws->ticket_from;

		ws->ticket_from = (worker + 1) % ws->n;
		if (ws->at[worker]->tickets == NULL || !ring_pop(ws->at[worker]->tickets, ret))
			continue;
		*ret_worker = worker;
		return true;
	}
	return false;
}

bool workers_ticket_answer(struct workers *ws, uint32_t worker, const struct ticket_answer *answer)
{
	return ring_push(ws->at[worker]->orders, answer);
}

void workers_sessions(const struct workers *ws, uint32_t worker, struct worker_sessions *ret)
{
	const struct spine *sp = ws->at[worker]->spine;

	*ret = (struct worker_sessions){ 0 };
	if (sp == NULL)
		return;
	sample((uint64_t *)&ret->counters, (const uint64_t *)spine_counters(sp),
			sizeof(ret->counters) / sizeof(uint64_t), false);
	ret->tls = *spine_tls_counters(sp);
	ret->open = spine_n_sessions(sp);
	ret->memory_bytes = spine_memory_used(sp);
}

void workers_wall_clock(struct workers *ws, int64_t now_s)
{
	const int64_t since_s = (int64_t)(workers_now_us(ws) / 1000000);

	for (uint32_t i = 0; i < ws->n; i++) {
		if (ws->at[i]->spine != NULL)
			spine_wall_clock(ws->at[i]->spine, now_s - since_s);
	}
}

/* Workers take turns, so that a busy one does not hide the others. */
bool workers_report_next(struct workers *ws, uint32_t *ret_worker, struct flow_report *ret)
{
	for (uint32_t i = 0; i < ws->n; i++) {
		uint32_t worker = ws->report_from;

		ws->report_from = (worker + 1) % ws->n;
		if (!ring_pop(ws->at[worker]->reports, ret))
			continue;
		*ret_worker = worker;
		return true;
	}
	return false;
}

int workers_port_stats(
		const struct workers *ws, uint16_t wire, enum side side, struct port_stats *ret)
{
	if (wire >= ws->layout.n_wires || side >= SIDES)
		return -ENODEV;
	return port_stats_get(ws->wires[wire].port[side], ret) < 0 ? -ENODEV : 0;
}
