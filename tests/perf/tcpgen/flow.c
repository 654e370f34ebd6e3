/* SPDX-License-Identifier: Apache-2.0
 * The table of flows: an array, since a flow's number is its address (header.h); and the list of
 * those whose timers are looked at, which the silent ones are not on. */
#include "tests/perf/tcpgen/gen.h"

#include <errno.h>

static const uint32_t NOT_ACTIVE = UINT32_MAX;

int flows_init(struct gen *g)
{
	uint32_t i, n = g->opt.mode == MODE_CRR ? g->opt.tuples : g->opt.busy + g->opt.idle;

	g->n_flows = n;
	g->flows = aligned_alloc(64, ((size_t)n * sizeof(*g->flows) + 63) & ~(size_t)63);
	g->active = calloc(n, sizeof(*g->active));
	if (g->flows == NULL || g->active == NULL)
		return -ENOMEM;
	memset(g->flows, 0, (size_t)n * sizeof(*g->flows));
	for (i = 0; i < n; i++) {
		g->flows[i].idx = i;
		g->flows[i].active_at = NOT_ACTIVE;
	}
	if (fifo_init(&g->ready, 2 * n) < 0 || fifo_init(&g->owed, 2 * n) < 0 ||
			fifo_init(&g->vacant, n) < 0 || fifo_init(&g->to_open, n) < 0)
		return -ENOMEM;
	return 0;
}

void flows_done(struct gen *g)
{
	free(g->flows);
	free(g->active);
	fifo_done(&g->ready);
	fifo_done(&g->owed);
	fifo_done(&g->vacant);
	fifo_done(&g->to_open);
}

void flow_activate(struct gen *g, struct flow *f)
{
	if (f->active_at != NOT_ACTIVE)
		return;
	f->active_at = g->n_active;
	g->active[g->n_active++] = f->idx;
}

void flow_deactivate(struct gen *g, struct flow *f)
{
	uint32_t last;

	if (f->active_at == NOT_ACTIVE)
		return;
	last = g->active[--g->n_active];
	g->active[f->active_at] = last;
	g->flows[last].active_at = f->active_at;
	f->active_at = NOT_ACTIVE;
}
