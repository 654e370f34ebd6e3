/* SPDX-License-Identifier: Apache-2.0
 * The application on a model endpoint: a script of writes, waits and closes. */
#include "tests/sim/ep_priv.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t ep_readable(const struct ep *e)
{
	return e->rcv_nxt - (e->fin_seen ? 1 : 0) - e->read_abs;
}

static void ep_read_bytes(struct ep *e, uint64_t n)
{
	e->read_abs += n;
	e->st.read_bytes += n;
	if (n > 0 && e->state == EP_OPEN)
		ep_window_update(e);
}

static bool ep_read_paused(struct ep *e)
{
	const struct ep_conf *cf = e->cf;

	if (cf->read_stop_us == 0 || e->st.read_bytes < cf->read_stop_at)
		return false;
	if (e->read_stopped_until == 0) {
		e->read_stopped_until = e->w->now_us + cf->read_stop_us;
		ep_arm(e, TIMER_READ, cf->read_stop_us);
	}
	return e->w->now_us < e->read_stopped_until;
}

/* Reads what the script's reader reads at this time. */
void ep_app_read(struct ep *e)
{
	const struct ep_conf *cf = e->cf;
	uint64_t n = e->irs == 0 ? 0 : ep_readable(e);

	if (n == 0 || ep_read_paused(e))
		return;
	if (cf->read_stop_us != 0 && e->read_stopped_until == 0 &&
			e->st.read_bytes + n > cf->read_stop_at)
		n = cf->read_stop_at - e->st.read_bytes;
	if (cf->read_chunk != 0) {
		if (e->timer[TIMER_READ] != 0)
			return; /* not yet */
		n = n < cf->read_chunk ? n : cf->read_chunk;
		ep_arm(e, TIMER_READ, cf->read_every_us);
	}
	ep_read_bytes(e, n);
	if (n > 0 && !e->in_app) {
		ep_app_run(e);
		ep_push(e);
		ep_finish_if_done(e);
	}
	if (cf->read_chunk == 0 && ep_readable(e) > 0)
		ep_app_read(e); /* up to the stop, and into it */
}

static bool ep_app_await(const struct ep *e, uint64_t src)
{
	if (e->fin_seen && ep_readable(e) == 0)
		return true; /* it will never come */
	return e->st.read_bytes >= outlog_out_of_src(&e->c->dir[side_other(e->side)], src);
}

static void ep_app_leave(struct ep *e, enum app_do how)
{
	switch (how) {
	case DO_CLOSE:
		e->closed = true;
		if (ep_readable(e) > 0) {
			ep_send_rst(e, e->nxt);
			ep_die(e, OUT_ABORTED, EP_GONE);
		} else {
			e->shut = true;
		}
		break;
	case DO_ABORT:
		ep_send_rst(e, e->nxt);
		ep_die(e, OUT_ABORTED, EP_GONE);
		break;
	case DO_VANISH:
		ep_die(e, OUT_VANISHED, EP_SILENT);
		break;
	case DO_REBOOT:
		ep_die(e, OUT_VANISHED, EP_GONE);
		break;
	case DO_WRITE:
	case DO_AWAIT:
	case DO_AWAIT_EOF:
	case DO_SLEEP:
	case DO_SHUT:
		break;
	}
}

/* One step of the script; false: it waits. */
static bool ep_app_step(struct ep *e, const struct app_op *op)
{
	switch ((enum app_do)op->what) {
	case DO_WRITE:
		e->end += op->arg;
		ep_push(e);
		return true;
	case DO_AWAIT:
		return ep_app_await(e, op->arg);
	case DO_AWAIT_EOF:
		return e->fin_seen && ep_readable(e) == 0;
	case DO_SLEEP:
		e->sleeping = true;
		ep_arm(e, TIMER_APP, op->arg);
		return true;
	case DO_SHUT:
		e->shut = true;
		ep_push(e);
		return true;
	case DO_CLOSE:
	case DO_ABORT:
	case DO_VANISH:
	case DO_REBOOT:
		ep_app_leave(e, (enum app_do)op->what);
		ep_push(e);
		return true;
	}
	return true;
}

void ep_app_run(struct ep *e)
{
	const struct app *a = &e->c->plan->app[e->side];

	if (e->in_app)
		return;
	e->in_app = true;
	while (e->state == EP_OPEN && !e->sleeping && !e->closed && e->pc < a->n &&
			ep_app_step(e, &a->op[e->pc]))
		e->pc++;
	e->in_app = false;
	ep_finish_if_done(e);
}

static void ep_kick_event(struct world *w, void *arg, uint64_t num)
{
	(void)w;
	(void)num;
	ep_app_run(arg);
	ep_push(arg);
}

void ep_kick(struct ep *e)
{
	world_at(e->w, e->w->now_us, ep_kick_event, e, 0);
}

const char *ep_app_where(const struct ep *e)
{
	static const char *const name[] = { [DO_WRITE] = "write",
		[DO_AWAIT] = "await",
		[DO_AWAIT_EOF] = "await EOF",
		[DO_SLEEP] = "sleep",
		[DO_SHUT] = "shut",
		[DO_CLOSE] = "close",
		[DO_ABORT] = "abort",
		[DO_VANISH] = "vanish",
		[DO_REBOOT] = "reboot" };
	static char buf[160];
	const struct app *a = &e->c->plan->app[e->side];

	snprintf(buf, sizeof(buf),
			"step %u of %u (%s), state %u, una %lu nxt %lu max %lu end %lu, got %lu, "
			"read %lu, window %ld",
			e->pc, a->n, e->pc < a->n ? name[a->op[e->pc].what] : "end", e->state,
			(unsigned long)(e->una - e->iss), (unsigned long)(e->nxt - e->iss),
			(unsigned long)(e->max - e->iss), (unsigned long)(e->end - e->iss),
			(unsigned long)(e->rcv_nxt - e->irs), (unsigned long)e->st.read_bytes,
			(long)(e->wnd_right - e->nxt));
	return buf;
}
