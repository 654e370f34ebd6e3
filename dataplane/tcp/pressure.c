/* SPDX-License-Identifier: Apache-2.0
 * The four levels of retained memory, and what is given up at each (relay.md 2.8). */
#include "dataplane/tcp/relay_priv.h"

enum { RED_WALK = 1024 };

void pressure_init(struct relay *r)
{
	static const uint8_t percent[PRESSURE_BLACK] = { 60, 80, 92 };

	for (int l = 0; l < PRESSURE_BLACK; l++) {
		r->level_bytes[l] = r->conf.retain_bytes * percent[l] / 100;
		r->level_segs[l] = (uint32_t)((uint64_t)r->conf.max_segs * percent[l] / 100);
	}
}

void pressure_update(struct relay *r)
{
	int level = PRESSURE_GREEN;

	while (level < PRESSURE_BLACK &&
			(r->retained >= r->level_bytes[level] ||
					r->segs_used >= r->level_segs[level]))
		level++;
	r->pressure = (enum pressure)level;
}

/* Red: what came out of order goes; its sender still has it, told or not (RFC 2018 8). */
static void some_ooo_release(struct relay *r)
{
	for (uint32_t n = 0; n < RED_WALK && n < r->conf.max_flows; n++) {
		struct flow *f = &r->flows[r->red_next];

		r->red_next = r->red_next + 1 < r->conf.max_flows ? r->red_next + 1 : 0;
		for (int s = 0; s < SIDES && f->state != FLOW_FREE; s++) {
			r->counters.drop[DROP_LIMIT_OOO] += f->ep[s].rx.ooo_n;
			ooo_release(r, &f->ep[s]);
		}
	}
}

/* Black: the largest held flow is given up. */
static void largest_abort(struct relay *r)
{
	struct flow *worst = NULL;
	uint32_t most = 0;

	for (uint32_t i = 0; i < r->conf.max_flows; i++) {
		struct flow *f = &r->flows[i];
		const bool held = ((f->ep[0].flags | f->ep[1].flags) & EP_HELD) != 0;
		const uint32_t bytes =
				(uint32_t)(f->ep[0].rx.ooo_n + f->ep[1].rx.ooo_n) * SMALL_PAYLOAD +
				f->ep[0].rx.in_bytes + f->ep[1].rx.in_bytes + f->ep[0].tx.sq_bytes +
				f->ep[1].tx.sq_bytes;

		if (f->state == FLOW_EST && bytes + (held ? 1U << 30 : 0) > most) {
			most = bytes + (held ? 1U << 30 : 0);
			worst = f;
		}
	}
	if (worst != NULL)
		flow_abort(r, worst, END_PRESSURE);
}

/* At most once a millisecond: the searches walk many flows. */
void pressure_relieve(struct relay *r)
{
	if (r->pressure < PRESSURE_RED || r->relieved_ms == r->now_ms)
		return;
	r->relieved_ms = r->now_ms;
	some_ooo_release(r);
	if (r->pressure == PRESSURE_BLACK)
		largest_abort(r);
}
