/* SPDX-License-Identifier: Apache-2.0
 * Keeps to what worker.h and relay_flows() promise: a page visits at most max * 4 slots. */
#include "tests/unit/api/fake_workers.h"

#include <errno.h>
#include <string.h>

uint32_t workers_count(const struct workers *w)
{
	(void)w;
	return FAKE_WORKERS;
}

uint64_t workers_now_us(const struct workers *w)
{
	return w->now_us;
}

void workers_counters(const struct workers *w, uint32_t worker, struct counters *ret)
{
	*ret = w->counters[worker];
}

void workers_stats(const struct workers *w, uint32_t worker, struct worker_stats *ret)
{
	*ret = w->stats[worker];
}

const char *workers_spread_name(const struct workers *w, uint16_t wire)
{
	(void)w;
	return wire == 0 ? "rss" : "worker 0 for all";
}

int workers_gauges(struct workers *w, uint32_t worker, struct relay_gauges *ret)
{
	if (w->silent[worker])
		return -ETIMEDOUT;
	*ret = w->gauges[worker];
	return 0;
}

void workers_sessions(const struct workers *w, uint32_t worker, struct worker_sessions *ret)
{
	*ret = (struct worker_sessions){ .open = w->silent[worker] ? 0 : 3, .memory_bytes = 4096 };
}

int workers_flows(struct workers *w, uint32_t worker, uint32_t *cursor, struct flow_report *out,
		size_t max, size_t *ret_n)
{
	size_t n = 0;

	if (w->silent[worker])
		return -ETIMEDOUT;
	if (max > w->most_asked)
		w->most_asked = max;
	for (size_t seen = 0; n < max && seen < max * 4 && *cursor < FAKE_FLOWS; seen++) {
		if (w->used[worker][*cursor])
			out[n++] = w->flows[worker][*cursor];
		++*cursor;
	}
	if (*cursor >= FAKE_FLOWS)
		*cursor = UINT32_MAX;
	*ret_n = n;
	return 0;
}

int workers_kill(struct workers *w, uint32_t worker, uint32_t index, uint32_t gen)
{
	if (w->silent[worker])
		return -ETIMEDOUT;
	if (index >= FAKE_FLOWS || !w->used[worker][index] || w->flows[worker][index].gen != gen)
		return -ESTALE;
	w->used[worker][index] = false;
	w->killed[0] = worker;
	w->killed[1] = index;
	w->killed[2] = gen;
	return 0;
}

int workers_port_stats(
		const struct workers *w, uint16_t wire, enum side side, struct port_stats *ret)
{
	if (wire > 0)
		return -ENODEV;
	*ret = w->port[side];
	return 0;
}
