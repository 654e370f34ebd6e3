/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ep.h"

#include "tests/sim/ep_priv.h"

#include <stdlib.h>
#include <string.h>

enum { RTO_FIRST_US = 1000000 };

static void ep_mac(uint8_t mac[6], enum side s, uint8_t last)
{
	const uint8_t m[6] = { 0x02, 0x5a, 0, 0, s == SIDE_AGENT ? 0x0a : 0x0b, last };

	memcpy(mac, m, 6);
}

static void ep_addr(uint8_t addr[16], const struct conn_plan *cp, enum side s)
{
	memset(addr, 0, 16);
	if (cp->ip_ver == 4) {
		addr[0] = 10;
		addr[1] = 77;
		addr[3] = s == SIDE_AGENT ? cp->host : 200;
		return;
	}
	addr[0] = 0xfd;
	addr[1] = 0x77;
	addr[15] = s == SIDE_AGENT ? cp->host : 200;
}

static void ep_init_identity(struct ep *e)
{
	const struct conn_plan *cp = e->c->plan;
	const enum side peer = side_other(e->side);
	const bool opens = cp->initiator == e->side;

	ep_mac(e->id.l2.src, e->side, cp->host);
	ep_mac(e->id.l2.dst, peer, cp->host);
	e->id.l2.n_tags = cp->n_tags;
	for (uint8_t i = 0; i < cp->n_tags; i++) {
		e->id.l2.tpid[i] = cp->n_tags == 2 && i == 0 ? 0x88a8 : 0x8100;
		e->id.l2.tci[i] = cp->vid[i];
	}
	e->id.ip = (struct seg_ip){ .ver = cp->ip_ver,
		.ttl = e->cf->ttl,
		.tos = e->cf->tos,
		.df = true,
		.label = cp->ip_ver == 6 ? e->cf->label : 0 };
	ep_addr(e->id.ip.src, cp, e->side);
	ep_addr(e->id.ip.dst, cp, peer);
	e->id.sport = opens ? cp->sport : cp->dport;
	e->id.dport = opens ? cp->dport : cp->sport;
}

struct ep *ep_new(struct conn *c, enum side s)
{
	struct ep *e = calloc(1, sizeof(*e));

	if (e == NULL)
		abort();
	e->c = c;
	e->w = c->w;
	e->side = s;
	e->cf = &c->plan->ep[s];
	e->outcome = OUT_OPEN;
	e->armed_us = UINT64_MAX;
	rng_seed(&e->rng, c->plan->key, 50 + (uint64_t)s);
	ep_init_identity(e);
	e->iss = (1ull << 32) + e->cf->isn;
	e->una = e->nxt = e->max = e->iss;
	e->end = e->iss + 1;
	e->mss = 536;
	e->cwnd = 10 * 1460;
	e->ssthresh = UINT32_MAX;
	e->rto = RTO_FIRST_US;
	e->st.min_wnd_seen = UINT32_MAX;
	return e;
}

void ep_free(struct ep **pe)
{
	struct ep *e = *pe;

	if (e == NULL)
		return;
	ranges_done(&e->sacked);
	ranges_done(&e->ooo);
	free(e);
	*pe = NULL;
}

uint32_t ep_outcome(const struct ep *e)
{
	return e->outcome;
}

const char *ep_outcome_name(uint32_t outcome)
{
	switch (outcome) {
	case OUT_OPEN:
		return "open";
	case OUT_EOF:
		return "closed";
	case OUT_RESET:
		return "reset";
	case OUT_TIMEOUT:
		return "timed out";
	case OUT_REFUSED:
		return "refused";
	case OUT_ABORTED:
		return "aborted";
	case OUT_VANISHED:
		return "vanished";
	default:
		return "?";
	}
}

const struct seg *ep_identity(const struct ep *e)
{
	return &e->id;
}

const struct ep_stats *ep_stats(const struct ep *e)
{
	return &e->st;
}

void ep_move_mac(struct ep *e, uint8_t last_byte)
{
	e->id.l2.src[5] = last_byte;
}

/* --- timers: one event in the heap stands for the earliest of them --- */

static void ep_timers_run(struct ep *e);

static void ep_event(struct world *w, void *arg, uint64_t num)
{
	struct ep *e = arg;

	(void)num;
	if (w->now_us < e->armed_us)
		return; /* an earlier one was armed since, and has run */
	e->armed_us = UINT64_MAX;
	ep_timers_run(e);
}

static void ep_rearm(struct ep *e)
{
	uint64_t first = UINT64_MAX;

	for (int t = 0; t < TIMERS; t++)
		if (e->timer[t] != 0 && e->timer[t] < first)
			first = e->timer[t];
	if (first < e->armed_us) {
		e->armed_us = first;
		world_at(e->w, first, ep_event, e, 0);
	}
}

void ep_arm(struct ep *e, enum ep_timer t, uint64_t in_us)
{
	e->timer[t] = e->w->now_us + (in_us > 0 ? in_us : 1);
	ep_rearm(e);
}

void ep_disarm(struct ep *e, enum ep_timer t)
{
	e->timer[t] = 0;
}

static bool ep_due(struct ep *e, enum ep_timer t)
{
	if (e->timer[t] == 0 || e->timer[t] > e->w->now_us)
		return false;
	e->timer[t] = 0;
	return true;
}

static void ep_timers_run(struct ep *e)
{
	if (ep_due(e, TIMER_RTO))
		ep_rto_fired(e);
	if (ep_due(e, TIMER_PERSIST))
		ep_persist_fired(e);
	if (ep_due(e, TIMER_DELACK))
		ep_send_ack(e);
	if (ep_due(e, TIMER_KEEPALIVE))
		ep_keepalive_fired(e);
	if (ep_due(e, TIMER_READ))
		ep_app_read(e);
	if (ep_due(e, TIMER_APP)) {
		e->sleeping = false;
		ep_app_run(e);
	}
	if (ep_due(e, TIMER_HOSTILE))
		hostile_fired(e);
	ep_rearm(e);
}

/* --- life --- */

void ep_start(struct ep *e)
{
	if (e->state != EP_CLOSED || e->outcome != OUT_OPEN)
		return;
	if (e->c->plan->initiator != e->side) {
		e->state = e->cf->refuse ? EP_GONE : EP_LISTEN;
		if (e->cf->refuse || e->cf->unreachable)
			e->outcome = OUT_REFUSED;
		return;
	}
	e->state = EP_SYN_SENT;
	e->nxt = e->max = e->iss + 1;
	ep_send_syn(e);
	ep_arm(e, TIMER_RTO, e->rto);
}

void ep_die(struct ep *e, uint32_t outcome, enum ep_state state)
{
	if (e->outcome == OUT_OPEN) {
		e->outcome = outcome;
		e->st.done_us = e->w->now_us;
		trace_note(e->w, "%s end of connection %ld: %s",
				e->side == SIDE_AGENT ? "agent" : "prod", (long)(e->c - e->w->conn),
				ep_outcome_name(outcome));
	}
	e->state = (uint8_t)state;
	for (int t = 0; t < TIMERS; t++)
		if (t != TIMER_HOSTILE)
			e->timer[t] = 0;
}

void ep_retire(struct ep *e)
{
	if (e->outcome == OUT_OPEN)
		ep_die(e, OUT_VANISHED, EP_GONE);
}

/* Both FINs are through: whoever sent his first waits, the other one forgets. */
void ep_finish_if_done(struct ep *e)
{
	if (e->state != EP_OPEN || !e->shut || e->una != e->end + 1 || !e->fin_seen)
		return;
	if (e->read_abs < e->rcv_nxt - 1)
		return; /* a slow reader has not seen everything yet */
	if (e->ack_now || e->timer[TIMER_DELACK] != 0)
		ep_send_ack(e);
	ep_die(e, OUT_EOF, e->eof_first ? EP_GONE : EP_TIME_WAIT);
}

/* Bytes of the stream that the peer is known to send in all; UINT64_MAX: not known. */
uint64_t ep_peer_end(const struct ep *e)
{
	return e->fin_at == 0 ? UINT64_MAX : ep_stream_off(e->fin_at, e->irs);
}
