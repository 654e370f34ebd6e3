/* SPDX-License-Identifier: Apache-2.0
 * One wheel node a flow, at its earliest deadline. An ACK never moves it: what fires too early is
 * computed again (relay.md 2.9). */
#include "dataplane/tcp/relay_priv.h"

static bool is_due(const struct relay *r, uint32_t at_ms)
{
	return (int32_t)(at_ms - r->now_ms) <= 0;
}

static void earliest(const struct relay *r, uint32_t *best, uint32_t at_ms)
{
	const int32_t in = (int32_t)(at_ms - r->now_ms);
	const uint32_t ms = in < 1 ? 1 : (uint32_t)in;

	if (ms < *best)
		*best = ms;
}

static bool is_talking(const struct flow *f)
{
	return f->state == FLOW_EST && (f->mode == MODE_RELAY || f->mode == MODE_DRAIN);
}

/* The FIN of a held direction is acknowledged in the end, or its sender forgets the socket. */
static bool fin_is_withheld(const struct endpoint *x)
{
	return x->rx.rx_state == RX_FIN_SEEN && (x->flags & EP_HELD) != 0;
}

static void endpoint_deadlines(const struct relay *r, const struct flow *f,
		const struct endpoint *x, uint32_t *best)
{
	if (x->tx.rtx_kind != RTX_NONE)
		earliest(r, best, x->tx.rtx_at_ms);
	if (x->rx.ack_due == ACK_DELAYED)
		earliest(r, best, x->rx.ack_at_ms);
	if (!is_talking(f))
		return;
	earliest(r, best, x->ka_at_ms);
	if (fin_is_withheld(x))
		earliest(r, best, x->fin_since_ms + r->conf.hold_fin_ack_s * 1000);
}

static bool is_passing(const struct flow *f)
{
	return f->mode == MODE_WIRE || f->mode == MODE_XLATE;
}

static bool has_state_deadline(const struct flow *f)
{
	return f->state != FLOW_EST;
}

void flow_rearm(struct relay *r, struct flow *f)
{
	const uint32_t i = flow_index(r, f);
	uint32_t best = 1 << 30;

	if (has_state_deadline(f))
		earliest(r, &best, f->state_at_ms);
	else
		earliest(r, &best, f->report_at_ms);
	if (f->retry_at_ms != 0)
		earliest(r, &best, f->retry_at_ms);
	if (!is_passing(f)) {
		endpoint_deadlines(r, f, &f->ep[0], &best);
		endpoint_deadlines(r, f, &f->ep[1], &best);
	}
	if (!wheel_is_set(&r->wheel, i) ||
			(int32_t)(r->wheel.nodes[i].deadline_ms - (r->now_ms + best)) > 0)
		wheel_set(&r->wheel, i, r->now_ms + best);
}

static void retry_expired(struct relay *r, struct flow *f)
{
	f->retry_at_ms = 0;
	for (int s = 0; s < SIDES && f->mode == MODE_RELAY; s++) { /* else it is the floor */
		if (f->ep[s].room_need != 0)
			stream_room_need(r, f, (enum side)s, f->ep[s].room_need);
	}
}

static void state_expired(struct relay *r, struct flow *f)
{
	switch ((enum flow_state)f->state) {
	case FLOW_ABORT: /* the other end did not take what was left */
		for (int s = 0; s < SIDES; s++) {
			if (f->ep[s].tx.tx_state == TX_RST_QUEUED)
				f->ep[s].tx.sq_unsent = SEG_NONE;
			f->ep[s].rec.n_lost = 0;
		}
		flow_settle(r, f);
		break;
	case FLOW_LINGER:
		flow_dead(r, f);
		rst_now(r, f, SIDE_AGENT);
		break;
	case FLOW_FREE:
	case FLOW_SYN:
	case FLOW_SYNACK:
	case FLOW_EST:
	case FLOW_TIME_WAIT:
	case FLOW_DEAD:
	case FLOW_STATES:
		if (f->pending_end != END_NONE)
			flow_end(r, f, (enum end_reason)f->pending_end);
		flow_free(r, f);
		break;
	}
}

/* An RST may be lost: three more, and whoever still speaks is told again anyway. */
static void rst_again(struct relay *r, struct flow *f, enum side s)
{
	struct endpoint *x = &f->ep[s];

	x->tx.rtx_kind = RTX_NONE;
	if (x->tx.tx_state != TX_RST_SENT || x->tx.n_rtx >= 3)
		return;
	send_rst(r, f, s, x->tx.snd_nxt);
	x->tx.n_rtx++;
	x->tx.rtx_kind = RTX_RTO;
	x->tx.rtx_at_ms = r->now_ms + (x->rec.rto_ms << x->tx.n_rtx);
}

static bool is_held(const struct flow *f)
{
	return ((f->ep[0].flags | f->ep[1].flags) & EP_HELD) != 0;
}

/* Silence: ask. RELAY answers an end's own probes itself, so somebody must find out who is dead. */
static void keepalive(struct relay *r, struct flow *f, enum side s)
{
	struct endpoint *x = &f->ep[s];

	x->ka_asked = 0;
	if (ep_is_done(x)) {
		x->ka_at_ms = r->now_ms + KA_INTERVAL_MS;
		return;
	}
	if (x->n_ka >= KA_PROBES) {
		flow_abort(r, f, is_held(f) ? END_TIMEOUT : END_IDLE);
		return;
	}
	if (x->tx.snd_una == x->tx.snd_nxt) { /* else the retransmission timer asks */
		send_probe(r, f, s);
		count(r, STAT_KEEPALIVES_OUT, 1);
		x->n_ka++;
	}
	x->ka_at_ms = r->now_ms + (is_held(f) ? r->conf.hold_keepalive_s * 1000 : KA_INTERVAL_MS);
}

static void keepalive_check(struct relay *r, struct flow *f, enum side s)
{
	struct endpoint *x = &f->ep[s];
	const struct endpoint *y = ep_other(f, s);
	const uint32_t idle_ms = r->conf.idle_s * 1000;
	const bool half_closed = x->rx.rx_state != RX_OPEN || y->rx.rx_state != RX_OPEN;
	const uint32_t quiet_ms = r->now_ms - f->last_ms;

	if (!is_due(r, x->ka_at_ms))
		return;
	if (half_closed && !is_held(f) && quiet_ms >= r->conf.half_closed_idle_s * 1000) {
		flow_abort(r, f, END_IDLE);
		return;
	}
	if (is_held(f) || x->n_ka > 0 || x->ka_asked || quiet_ms >= idle_ms)
		keepalive(r, f, s);
	else
		x->ka_at_ms = r->now_ms + (half_closed ? KA_INTERVAL_MS : idle_ms - quiet_ms);
}

static void fin_hold_check(struct relay *r, struct flow *f, struct endpoint *x)
{
	if (!fin_is_withheld(x) || !is_due(r, x->fin_since_ms + r->conf.hold_fin_ack_s * 1000))
		return;
	x->rx.rx_state = RX_FIN_ACKED;
	x->rx.ack_due = ACK_NOW;
	count(r, STAT_HOLD_FIN_ACKED, 1);
	mark_dirty(r, f);
}

static void endpoint_timers(struct relay *r, struct flow *f, enum side s)
{
	struct endpoint *x = &f->ep[s];

	if (x->tx.rtx_kind != RTX_NONE && is_due(r, x->tx.rtx_at_ms)) {
		if (x->tx.tx_state == TX_RST_SENT)
			rst_again(r, f, s);
		else
			rtx_fire(r, f, s);
	}
	if (x->rx.ack_due == ACK_DELAYED && is_due(r, x->rx.ack_at_ms))
		x->rx.ack_due = ACK_NOW;
	if (is_talking(f))
		fin_hold_check(r, f, x);
	if (is_talking(f))
		keepalive_check(r, f, s);
}

static void passing_idle(struct relay *r, struct flow *f)
{
	if (r->now_ms - f->last_ms < r->conf.idle_s * 1000)
		return;
	flow_end(r, f, END_IDLE);
	flow_free(r, f);
}

static void report_periodic(struct relay *r, struct flow *f)
{
	struct flow_report rep;

	f->report_at_ms = r->now_ms + REPORT_MS;
	if (r->env.report == NULL || f->end_reason != END_NONE)
		return;
	flow_report_fill(r, f, &rep);
	r->env.report(r->env.ctx, &rep);
}

void flow_timer(struct relay *r, struct flow *f)
{
	const uint32_t gen = f->gen;

	if (has_state_deadline(f) && is_due(r, f->state_at_ms)) {
		state_expired(r, f);
		if (f->state == FLOW_FREE)
			return;
	}
	if (f->retry_at_ms != 0 && is_due(r, f->retry_at_ms))
		retry_expired(r, f);
	if (!has_state_deadline(f) && is_due(r, f->report_at_ms)) {
		report_periodic(r, f);
		if (is_passing(f))
			passing_idle(r, f);
	}
	for (int s = 0; s < SIDES && f->state != FLOW_FREE && f->gen == gen && !is_passing(f); s++)
		endpoint_timers(r, f, (enum side)s);
	if (f->state == FLOW_FREE || f->gen != gen)
		return;
	mark_dirty(r, f);
	flow_rearm(r, f);
}
