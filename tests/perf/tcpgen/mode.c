/* SPDX-License-Identifier: Apache-2.0
 * What the applications at both ends do, and when flows open and close. */
#include "tests/perf/tcpgen/gen.h"

enum { ENDLESS_BITS = 62 };

/* Busy flows lie evenly among the idle ones: no memory of the appliance is nearer to them. */
int mode_init(struct gen *g)
{
	uint64_t i;

	if (g->opt.mode == MODE_CRR) {
		for (i = 0; i < g->n_flows; i++) {
			g->flows[i].busy = true;
			fifo_push(&g->vacant, (uint32_t)i);
		}
		return 0;
	}
	for (i = 0; i < g->opt.busy; i++)
		g->flows[i * g->n_flows / g->opt.busy].busy = true;
	for (i = 0; i < g->n_flows; i++)
		fifo_push(&g->to_open, (uint32_t)i);
	return 0;
}

static void open_next(struct gen *g)
{
	struct fifo *from = g->opt.mode == MODE_CRR ? &g->vacant : &g->to_open;

	g->in_progress++;
	ep_connect(g, &g->flows[fifo_pop(from)]);
}

static void close_next(struct gen *g)
{
	struct flow *f = &g->flows[fifo_pop(&g->to_open)];

	if (f->ep[CLIENT].state != EP_OPEN)
		return;
	g->in_progress++;
	if (g->opt.close_how == CLOSE_RST) {
		ep_abort(g, f);
		return;
	}
	f->ep[CLIENT].flags |= EP_FIN_WANTED;
	ep_wake(g, f, CLIENT);
}

/* Keeps as many handshakes, connections (crr) or closes going as are asked for. */
void mode_open_some(struct gen *g)
{
	if (g->closing) {
		while (g->in_progress < g->opt.opening && !fifo_is_empty(&g->to_open))
			close_next(g);
	} else if (g->opt.mode == MODE_CRR) {
		while (g->running && g->in_progress < g->opt.busy && !fifo_is_empty(&g->vacant))
			open_next(g);
	} else {
		while (g->in_progress < g->opt.opening && !fifo_is_empty(&g->to_open))
			open_next(g);
	}
}

static void write_app(struct gen *g, struct flow *f, int end, uint64_t n)
{
	f->ep[end].app += n;
	ep_wake(g, f, end);
}

void mode_start(struct gen *g)
{
	uint32_t i;

	g->running = true;
	for (i = 0; i < g->n_flows && g->opt.mode != MODE_CRR; i++) {
		struct flow *f = &g->flows[i];

		if (!f->busy || f->ep[SERVER].state != EP_OPEN)
			continue;
		f->start_tsc = g->now;
		if (g->opt.mode == MODE_RR) {
			write_app(g, f, CLIENT, g->opt.request_bytes);
			continue;
		}
		if (!g->opt.reverse)
			write_app(g, f, CLIENT, 1ULL << ENDLESS_BITS);
		if (g->opt.reverse || g->opt.both_ways)
			write_app(g, f, SERVER, 1ULL << ENDLESS_BITS);
	}
}

/* Applications write no more; what was sent once is still to arrive. */
void mode_stop(struct gen *g)
{
	uint32_t i;
	int end;

	g->running = false;
	for (i = 0; i < g->n_flows; i++) {
		for (end = 0; end < ENDS; end++) {
			struct ep *ep = &g->flows[i].ep[end];

			if (g->opt.mode == MODE_BULK && ep->app != 0)
				ep->app = ep->max;
		}
	}
}

/* True when everything that was written has been received at the other end. */
bool mode_drained(const struct gen *g)
{
	uint32_t i;
	int end;

	if (g->opt.mode == MODE_CRR)
		return g->in_progress == 0;
	for (i = 0; i < g->n_flows; i++) {
		for (end = 0; end < ENDS; end++) {
			const struct flow *f = &g->flows[i];

			if (f->ep[end].state == EP_OPEN &&
					(f->ep[end].una < f->ep[end].app ||
							f->ep[!end].rcv < f->ep[end].app))
				return false;
		}
	}
	return true;
}

void mode_close_all(struct gen *g)
{
	uint32_t i;

	g->closing = true;
	while (!fifo_is_empty(&g->to_open))
		(void)fifo_pop(&g->to_open);
	g->in_progress = 0;
	for (i = 0; i < g->n_flows && g->opt.close_how != CLOSE_NONE; i++) {
		if (g->flows[i].ep[CLIENT].state == EP_OPEN)
			fifo_push(&g->to_open, i);
	}
}

void mode_opened(struct gen *g, struct flow *f, int end)
{
	if (end == CLIENT) {
		if (g->opt.mode == MODE_CRR)
			write_app(g, f, CLIENT, g->opt.request_bytes);
		return;
	}
	g->c.opened++;
	g->n_open++;
	f->opened = true;
	if (g->opt.mode == MODE_CRR)
		return;
	g->in_progress--;
	if (f->ep[CLIENT].state == EP_OPEN)
		flow_deactivate(g, f);
}

static void client_received(struct gen *g, struct flow *f)
{
	struct ep *ep = &f->ep[CLIENT];
	uint64_t asked = ep->app / g->opt.request_bytes;

	if (ep->rcv < asked * g->opt.response_bytes || (ep->flags & EP_FIN_WANTED))
		return;
	if (g->opt.mode == MODE_CRR) {
		ep->flags |= EP_FIN_WANTED;
		ep_wake(g, f, CLIENT);
		return;
	}
	hist_add(&g->latency, g->now - f->start_tsc);
	g->c.transactions++;
	f->start_tsc = g->now;
	if (g->running)
		write_app(g, f, CLIENT, g->opt.request_bytes);
}

void mode_received(struct gen *g, struct flow *f, int end)
{
	struct ep *ep = &f->ep[end];

	if (end == SERVER && (ep->flags & EP_FIN_RCVD) && !(ep->flags & EP_FIN_WANTED)) {
		ep->flags |= EP_FIN_WANTED;
		ep_wake(g, f, end);
		return;
	}
	if (g->opt.mode == MODE_BULK || g->closing)
		return;
	if (end == CLIENT) {
		client_received(g, f);
		return;
	}
	while (ep->rcv >= (f->served + 1) * g->opt.request_bytes) {
		f->served++;
		write_app(g, f, SERVER, g->opt.response_bytes);
	}
}

void mode_closed(struct gen *g, struct flow *f, bool by_reset)
{
	g->c.closed += !by_reset;
	g->c.reset += by_reset && !g->closing;
	if (f->opened)
		g->n_open--;
	if (g->in_progress > 0 && (g->closing || !f->opened || g->opt.mode == MODE_CRR))
		g->in_progress--;
	if (g->opt.mode != MODE_CRR)
		return;
	fifo_push(&g->vacant, f->idx);
	if (by_reset)
		return;
	hist_add(&g->latency, g->now - f->start_tsc);
	g->c.transactions++;
}
