/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/tcp/restart.h"

#include "dataplane/tcp/relay_priv.h"

#include <string.h>

/* FNV-1a over the record but for <check> and <magic>: against torn writes, not against malice. */
static uint32_t record_check(const struct restart_record *rec)
{
	struct restart_record c = *rec;
	const uint8_t *bytes = (const uint8_t *)&c;
	uint32_t h = 2166136261U;

	c.check = 0;
	c.magic = RESTART_MAGIC;
	for (size_t i = 0; i < sizeof(c); i++)
		h = (h ^ bytes[i]) * 16777619U;
	return h;
}

void restart_write(struct relay *r, const struct flow *f)
{
	struct restart_record *rec;

	if (r->conf.restart == NULL)
		return;
	rec = &r->conf.restart[flow_index(r, f)];
	memset(rec, 0, sizeof(*rec));
	rec->key = f->key;
	for (int s = 0; s < SIDES; s++) {
		rec->delta[s] = f->ep[s].tx.delta;
		/* of a RELAY flow: all that came in order was judged here */
		rec->floor[s] = f->mode == MODE_RELAY ? ep_ack_no(&f->ep[s]) : f->ep[s].floor;
		if (f->mode == MODE_RELAY || f->ep[s].has_floor)
			rec->has_floor |= (uint8_t)(1U << s);
	}
	rec->mode = f->mode == MODE_WIRE ? MODE_WIRE : MODE_XLATE;
	rec->initiator = f->initiator;
	rec->check = record_check(rec);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	rec->magic = RESTART_MAGIC;
}

void restart_clear(struct relay *r, const struct flow *f)
{
	if (r->conf.restart != NULL)
		r->conf.restart[flow_index(r, f)].magic = 0;
}

static bool resume(struct relay *r, const struct restart_record *rec)
{
	const uint64_t hash = flow_hash(r, &rec->key);
	const enum side initiator = rec->initiator == SIDE_PROD ? SIDE_PROD : SIDE_AGENT;
	const struct flow_policy *p = r->env.classify(r->env.ctx, &rec->key, initiator);
	struct flow *f;

	if (p->mode == MODE_DENY || (rec->mode != MODE_WIRE && rec->mode != MODE_XLATE))
		return false;
	if (flow_lookup(r, &rec->key, hash) != NULL)
		return false;
	f = flow_new(r, &rec->key, hash, initiator, p);
	if (f == NULL)
		return false;
	flow_mode_set(r, f, (enum flow_mode)rec->mode);
	f->state = FLOW_EST;
	f->flags |= FLOW_RESUMED;
	for (int s = 0; s < SIDES; s++) {
		f->ep[s].tx.delta = rec->delta[s];
		f->ep[s].floor = rec->floor[s];
		f->ep[s].has_floor = (rec->has_floor >> s) & 1;
	}
	restart_write(r, f);
	flow_rearm(r, f);
	return true;
}

uint32_t relay_restart(struct relay *r, uint64_t now_us)
{
	uint32_t n = 0;

	now_set(r, now_us);
	if (r->conf.restart == NULL)
		return 0;
	/* flow_new() hands out indices in ascending order, so a record is read before its place is
	 * written again */
	for (uint32_t i = 0; i < r->conf.max_flows; i++) {
		const struct restart_record rec = r->conf.restart[i];

		r->conf.restart[i].magic = 0;
		if (rec.magic != RESTART_MAGIC || rec.check != record_check(&rec))
			continue;
		if (resume(r, &rec)) {
			count(r, STAT_RESTART_RESUMED, 1);
			n++;
		} else {
			count(r, STAT_RESTART_REFUSED, 1);
		}
	}
	return n;
}

/* Both ends have all that the other sent, and nothing of ours is wanted any more: XLATE will do. */
static bool can_resume(const struct flow *f)
{
	for (int s = 0; s < SIDES; s++) {
		const struct endpoint *x = &f->ep[s];

		if (x->rx.in_bytes != 0 || x->tx.sq_head != SEG_NONE || x->rx.ooo_n != 0 ||
				(x->flags & EP_TS) != 0 || x->rx.rx_state != RX_OPEN ||
				x->tx.tx_state != TX_OPEN)
			return false;
	}
	return true;
}

void relay_shutdown(struct relay *r, uint64_t now_us)
{
	now_set(r, now_us);
	for (uint32_t i = 0; i < r->conf.max_flows; i++) {
		struct flow *f = &r->flows[i];

		if (f->state != FLOW_EST || f->mode == MODE_WIRE || f->mode == MODE_XLATE)
			continue;
		if (r->conf.restart != NULL && can_resume(f)) {
			for (int s = 0; s < SIDES; s++) {
				if (f->ep[s].rx.ack_due != ACK_NONE)
					send_ack(r, f, (enum side)s);
			}
			restart_write(r, f);
		} else {
			flow_abort(r, f, END_SHUTDOWN);
		}
	}
}
