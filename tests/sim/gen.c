/* SPDX-License-Identifier: Apache-2.0
 * From a seed to a plan. Each feature draws from its own stream and can be masked out without
 * moving the draws of the others: what the shrinker lives on. */
#include "tests/sim/plan.h"
#include "tests/sim/rng.h"

struct gen {
	struct plan *p;
	struct rng base;
	struct rng r[FEATURES];
	bool relay; /* the engine has more than WIRE */
};

/* Is <f> part of this run? It is one time in <n>, unless masked out. */
static bool gen_on(struct gen *g, enum feature f, uint32_t n)
{
	if (!rng_one_in(&g->r[f], n) || (g->p->mask >> f & 1) == 0)
		return false;
	g->p->active |= 1ull << f;
	return true;
}

static bool gen_has(const struct gen *g, enum feature f)
{
	return g->p->active >> f & 1;
}

/* --- links --- */

static void gen_link_loss(struct gen *g, struct link_conf *l, bool loss, bool burst)
{
	if (loss)
		l->loss_ppm = rng_size(&g->r[F_LOSS], 0, 70000);
	if (burst) {
		l->burst_ppm = rng_range(&g->r[F_BURST], 500, 20000);
		l->burst_end_ppm = rng_range(&g->r[F_BURST], 150000, 600000);
	}
}

static void gen_link_harm(struct gen *g)
{
	const bool loss = gen_on(g, F_LOSS, 2), burst = gen_on(g, F_BURST, 6);
	const bool ack = gen_on(g, F_ACK_LOSS, 8), dup = gen_on(g, F_DUP, 4);
	const bool reorder = gen_on(g, F_REORDER, 4), jitter = gen_on(g, F_JITTER, 3);
	const bool corrupt = gen_on(g, F_CORRUPT, 6), cut = gen_on(g, F_TRUNCATE, 10);
	const uint32_t delay = rng_size(&g->base, 5, 60000);

	for (int h = 0; h < HOPS; h++) {
		struct link_conf *l = &g->p->link[h];

		l->delay_us = delay / 2 + rng_below(&g->base, delay / 2 + 1);
		gen_link_loss(g, l, loss, burst);
		if (ack && !burst) /* together they outlast TIME_WAIT */
			l->ack_loss_ppm = rng_below(&g->r[F_ACK_LOSS], 300000);
		if (dup)
			l->dup_ppm = rng_size(&g->r[F_DUP], 1000, 200000);
		if (jitter)
			l->jitter_us = rng_size(&g->r[F_JITTER], 10, 30000);
		if (reorder) {
			l->reorder_ppm = rng_size(&g->r[F_REORDER], 2000, 300000);
			l->reorder_us = rng_size(&g->r[F_REORDER], 10, 40000);
		}
		if (corrupt)
			l->corrupt_ppm = rng_size(&g->r[F_CORRUPT], 1000, 40000);
		if (cut)
			l->truncate_ppm = rng_size(&g->r[F_TRUNCATE], 1000, 20000);
	}
}

static void gen_dark(struct link_conf *l, uint64_t from, uint64_t len)
{
	l->dark_from_us = from;
	l->dark_to_us = from + len;
}

static void gen_link_limits(struct gen *g)
{
	struct plan *p = g->p;
	struct rng *r = &g->r[F_DARK];

	if (gen_on(g, F_RATE, 6)) {
		for (int h = 0; h < HOPS; h++) {
			p->link[h].bytes_per_ms = rng_size(&g->r[F_RATE], 60, 20000);
			p->link[h].queue_bytes = rng_size(&g->r[F_RATE], 2u * p->relay.mtu, 200000);
		}
	}
	if (gen_on(g, F_DARK, 12))
		gen_dark(&p->link[rng_below(r, HOPS)], US_PER_S + rng_below(r, 2 * US_PER_S),
				rng_size(r, 1000, 20000000));
	if (gen_on(g, F_FLAP, 16)) {
		const uint32_t side = rng_below(&g->r[F_FLAP], 2);
		const uint64_t from = rng_below(&g->r[F_FLAP], 2 * US_PER_S);
		const uint64_t len = rng_size(&g->r[F_FLAP], 1000, 10000000);

		gen_dark(&p->link[side ? HOP_A2R : HOP_P2R], from, len);
		gen_dark(&p->link[side ? HOP_R2A : HOP_R2P], from, len);
	}
}

/* A path narrower than the ports. Silent ones are wide enough for a segment size halved once. */
static void gen_path_mtu(struct gen *g)
{
	struct plan *p = g->p;
	struct rng *r = &g->r[F_MTU];
	const bool v6 = p->conn[0].ip_ver == 6;

	if (!gen_on(g, F_MTU, 12) || p->relay.mtu < 1500)
		return;
	for (int h = 0; h < HOPS; h++) {
		if (rng_one_in(r, 2))
			continue;
		p->link[h].mtu_icmp = rng_one_in(r, 2);
		p->link[h].mtu = p->link[h].mtu_icmp ? rng_range(r, v6 ? 1280 : 600, 1499)
						     : p->relay.mtu / 2 + 60u + rng_below(r, 400);
	}
}

/* --- the engine and its surroundings --- */

static void gen_env(struct gen *g)
{
	struct env_conf *e = &g->p->env;

	e->paranoid = false;
	e->poll_gap_us = 5;
	if (gen_on(g, F_SLOW_POLL, 3))
		e->poll_gap_us = rng_size(&g->r[F_SLOW_POLL], 10, 3000);
	if (gen_on(g, F_TX_REFUSE, 8))
		e->tx_refuse_ppm = rng_size(&g->r[F_TX_REFUSE], 1000, 150000);
	if (gen_on(g, F_TX_FULL, 12)) {
		e->tx_full_every_us = rng_size(&g->r[F_TX_FULL], 2000, 100000);
		e->tx_full_for_us = e->tx_full_every_us / rng_range(&g->r[F_TX_FULL], 6, 20);
	}
	if (gen_on(g, F_TX_RETAIN, 5))
		e->tx_retain_polls = rng_size(&g->r[F_TX_RETAIN], 1, 64);
	if (gen_on(g, F_POOL_DRY, 12)) {
		e->pool_dry_every_us = rng_size(&g->r[F_POOL_DRY], 5000, 300000);
		e->pool_dry_for_us = e->pool_dry_every_us / rng_range(&g->r[F_POOL_DRY], 6, 20);
	}
	e->exact_rx = gen_on(g, F_EXACT_RX, 2);
	e->cksum_offload = gen_on(g, F_OFFLOAD, 3);
	if (gen_on(g, F_NOISE, 8))
		e->noise_every_us = rng_size(&g->r[F_NOISE], 3000, 200000);
	if (gen_on(g, F_ATTACK, 10))
		e->attack_every_us = rng_size(&g->r[F_ATTACK], 3000, 200000);
}

static void gen_relay_conf(struct gen *g)
{
	static const uint16_t mtu[] = { 576, 1280, 9000, 2000 };
	struct relay_conf *rc = &g->p->relay;

	rc->use_reno = gen_on(g, F_RENO, 3);
	if (gen_on(g, F_PORT_MTU, 5))
		rc->mtu = mtu[rng_below(&g->r[F_PORT_MTU], 4)];
	rc->retain_rx_pkts = rng_one_in(&g->base, 3) ? rng_size(&g->base, 4, 4096) : 0;
	rc->verify_cksum_always = rng_one_in(&g->base, 4);
	if (rng_one_in(&g->base, 8))
		rc->hold_keepalive_s = 5;
	if (gen_on(g, F_CLOCK, 8)) { /* shortly before a clock of 32 bits wraps */
		static const uint64_t wrap[] = { 1ull << 31, 1ull << 32, (1ull << 31) * 1000,
			(1ull << 32) * 1000 };

		g->p->clock_us = wrap[rng_below(&g->r[F_CLOCK], 4)] -
				rng_size(&g->r[F_CLOCK], 1, 30000000);
	}
}

/* --- endpoints --- */

static void gen_ep_options(struct gen *g, struct ep_conf *e)
{
	struct rng *r = &g->r[F_OPTIONS];

	e->sack = rng_below(r, 4) != 0;
	e->has_ws = rng_below(r, 4) != 0;
	e->ws = (uint8_t)rng_below(r, 16);
	e->ts = rng_below(r, 2);
	if (rng_one_in(r, 3))
		e->extra = rng_below(r, 1u << 6) & ~(uint32_t)EXTRA_MD5;
	if (!g->relay)
		e->extra = 0; /* endpoints that cannot do these must not be offered them */
	if (rng_one_in(r, 6))
		e->mss = 0;
	e->pad = rng_one_in(r, 2);
	e->probe_with_byte = rng_one_in(r, 2);
	e->tos = (uint8_t)(rng_below(r, 64) << 2);
	e->ttl = (uint8_t)rng_range(r, 2, 255);
}

static void gen_ep_reading(struct gen *g, struct ep_conf *e, uint64_t bytes)
{
	if (gen_on(g, F_TINY_WINDOW, 8))
		e->rcvbuf = rng_size(&g->r[F_TINY_WINDOW], 150, 6000);
	if (gen_on(g, F_SLOW_READER, 10)) {
		e->read_chunk = 1 + (uint32_t)(bytes / rng_range(&g->r[F_SLOW_READER], 5, 60));
		e->read_every_us = rng_size(&g->r[F_SLOW_READER], 100, 60000);
		e->rcvbuf = rng_size(&g->r[F_SLOW_READER], 2000, 60000);
	}
	if (gen_on(g, F_READ_STOP, 14)) {
		e->read_stop_at = rng_below(&g->r[F_READ_STOP], (uint32_t)bytes + 1);
		e->read_stop_us = rng_size(&g->r[F_READ_STOP], 10000, 100000000);
		e->rcvbuf = rng_size(&g->r[F_READ_STOP], 500, 30000);
	}
}

static void gen_ep(struct gen *g, struct conn_plan *c, enum side s)
{
	struct ep_conf *e = &c->ep[s];

	e->mtu = g->p->relay.mtu;
	e->mss = (uint16_t)(e->mtu - (c->ip_ver == 4 ? 40 : 60));
	e->label = rng_below(&g->base, 1u << 20);
	if (gen_on(g, F_SMALL_MSS, 6))
		e->mss = (uint16_t)rng_range(&g->r[F_SMALL_MSS], 88, 600);
	if (gen_on(g, F_OPTIONS, 3))
		gen_ep_options(g, e);
	if (gen_on(g, F_ISN_WRAP, 4))
		e->isn = 0u - rng_size(&g->r[F_ISN_WRAP], 1, 60000);
	if (gen_on(g, F_CC, 3))
		e->cc = (uint8_t)rng_range(&g->r[F_CC], CC_CUBIC, CC_FIXED);
	e->nagle = gen_on(g, F_NAGLE, 3);
	if (gen_on(g, F_DELACK, 4))
		e->delack_us = rng_size(&g->r[F_DELACK], 1000, 500000);
	if (gen_on(g, F_KEEPALIVE, 10))
		e->keepalive_us = rng_range(&g->r[F_KEEPALIVE], 2, 40) * (uint64_t)US_PER_S;
}

/* --- what the applications do --- */

static void gen_sleep(struct gen *g, uint32_t conn, enum side s)
{
	if (rng_one_in(&g->base, 4))
		plan_do(g->p, conn, s, DO_SLEEP, rng_size(&g->base, 100, 3000000));
}

static uint64_t gen_write(struct gen *g, uint32_t conn, enum side s, uint32_t max)
{
	const uint32_t n = rng_size(&g->base, 1, max);

	plan_do(g->p, conn, s, DO_WRITE, n);
	return n;
}

/* Requests of one or two writes, each followed by its answer. */
static void gen_talk(struct gen *g, uint32_t conn, enum side a, uint32_t max)
{
	const uint32_t rounds = rng_size(&g->base, 1, 10);
	const enum side b = side_other(a);
	uint64_t n_a = 0, n_b = 0;

	for (uint32_t i = 0; i < rounds; i++) {
		n_a += gen_write(g, conn, a, max / rounds + 1);
		if (rng_one_in(&g->base, 3))
			n_a += gen_write(g, conn, a, max / rounds + 1);
		plan_do(g->p, conn, b, DO_AWAIT, n_a);
		gen_sleep(g, conn, b);
		n_b += gen_write(g, conn, b, max / rounds + 1);
		plan_do(g->p, conn, a, DO_AWAIT, n_b);
		gen_sleep(g, conn, a);
	}
}

static void gen_bulk(struct gen *g, uint32_t conn, enum side s, uint32_t max)
{
	uint64_t n = 0;

	for (int i = 0; i < 12 && n < max; i++) {
		n += gen_write(g, conn, s, max);
		if (rng_one_in(&g->base, 3))
			gen_sleep(g, conn, s);
	}
}

/* Who says goodbye first. */
static void gen_close(struct gen *g, uint32_t conn)
{
	const enum side a = rng_below(&g->base, 2) ? SIDE_AGENT : SIDE_PROD;
	const uint32_t how = rng_below(&g->base, 3);

	gen_sleep(g, conn, a);
	plan_do(g->p, conn, a, DO_SHUT, 0);
	if (how == 0) { /* at the same time, or nearly */
		plan_do(g->p, conn, side_other(a), DO_SHUT, 0);
		plan_do(g->p, conn, side_other(a), DO_AWAIT_EOF, 0);
	} else {
		plan_do(g->p, conn, side_other(a), DO_AWAIT_EOF, 0);
		if (how == 1) /* a half-closed connection that goes on for long */
			gen_bulk(g, conn, side_other(a), 3000);
		gen_sleep(g, conn, side_other(a));
		plan_do(g->p, conn, side_other(a), DO_SHUT, 0);
	}
	plan_do(g->p, conn, a, DO_AWAIT_EOF, 0);
}

static void gen_app(struct gen *g, uint32_t conn, uint32_t max)
{
	const enum side init = g->p->conn[conn].initiator;

	switch (rng_below(&g->base, 7)) {
	case 0:
	case 1:
		gen_talk(g, conn, init, max);
		break;
	case 2:
		gen_talk(g, conn, side_other(init), max);
		break;
	case 3:
		gen_bulk(g, conn, init, max);
		break;
	case 4:
		gen_bulk(g, conn, side_other(init), max);
		break;
	case 5:
		gen_bulk(g, conn, SIDE_AGENT, max);
		gen_bulk(g, conn, SIDE_PROD, max);
		break;
	default: /* open and close */
		break;
	}
	gen_close(g, conn);
}

/* An end that does not keep to the script. Its peer finds out sooner or later: keepalive. */
static void gen_rude(struct gen *g, uint32_t conn)
{
	static const enum app_do how[] = { DO_ABORT, DO_VANISH, DO_REBOOT, DO_CLOSE };
	struct conn_plan *c = &g->p->conn[conn];
	struct rng *r = &g->r[F_RUDE];
	const enum side s = rng_below(r, 2) ? SIDE_AGENT : SIDE_PROD;
	struct app *a = &c->app[s];

	for (int i = 0; i < SIDES; i++) {
		c->expect[i] = OUT_ANY & ~(uint32_t)OUT_OPEN;
		c->ep[i].keepalive_us = rng_range(r, 5, 60) * (uint64_t)US_PER_S;
	}
	if (rng_one_in(r, 5)) {
		c->ep[side_other(c->initiator)].refuse = true;
		return;
	}
	if (rng_one_in(r, 8)) {
		c->ep[side_other(c->initiator)].unreachable = true;
		return;
	}
	a->op[rng_below(r, a->n)] = (struct app_op){ .what = (uint8_t)how[rng_below(r, 4)] };
}

/* --- the inspector --- */

static void gen_inspector(struct gen *g, struct conn_plan *c)
{
	struct insp_conf *i = &c->insp;
	struct rng *r = &g->r[F_EDIT];

	if (!gen_on(g, F_INSPECT, 2))
		return;
	i->scripted = true;
	i->whole_units = rng_below(&g->r[F_INSPECT], 3) != 0;
	i->split_ppm = rng_one_in(&g->r[F_INSPECT], 3) ? 300000 : 0;
	if (gen_on(g, F_EDIT, 2)) {
		i->drop_ppm = rng_one_in(r, 2) ? rng_below(r, 300000) : 0;
		i->edit_ppm = rng_one_in(r, 2) ? rng_below(r, 700000) : 0;
		i->emit_ppm = rng_one_in(r, 2) ? rng_below(r, 300000) : 0;
	}
	if (gen_on(g, F_HOLD, 3)) {
		i->hold_ppm = rng_range(&g->r[F_HOLD], 20000, 500000);
		i->hold_max_us = rng_size(&g->r[F_HOLD], 1000, 200000000);
	}
	if (gen_on(g, F_DENY, 12)) {
		i->deny_unit[rng_below(&g->r[F_DENY], 2)] = 1 + rng_below(&g->r[F_DENY], 4);
		i->deny_how = (uint8_t)rng_below(&g->r[F_DENY], 3);
	}
	if (gen_on(g, F_CLOSE, 16))
		i->close_unit[rng_below(&g->r[F_CLOSE], 2)] = 1 + rng_below(&g->r[F_CLOSE], 4);
	if (c->ts == TS_STRIP && gen_on(g, F_BYPASS, 6))
		i->bypass_unit[rng_below(&g->r[F_BYPASS], 2)] = 1 + rng_below(&g->r[F_BYPASS], 5);
}

static void gen_expect_less(struct conn_plan *c)
{
	const struct insp_conf *i = &c->insp;

	if (i->deny_unit[0] || i->deny_unit[1]) {
		for (int s = 0; s < SIDES; s++) {
			c->expect[s] = OUT_ANY & ~(uint32_t)OUT_OPEN;
			c->ep[s].keepalive_us = 20ull * US_PER_S;
		}
	}
	if (i->close_unit[0] || i->close_unit[1] || c->ep[0].hostile || c->ep[1].hostile)
		c->expect[0] = c->expect[1] = OUT_ANY;
}

static void gen_hostile(struct gen *g, struct conn_plan *c)
{
	struct rng *r = &g->r[F_HOSTILE];
	const enum side s = rng_below(r, 2) ? SIDE_AGENT : SIDE_PROD;
	const uint32_t kinds = 11;

	if (!gen_on(g, F_HOSTILE, 8))
		return;
	c->ep[s].hostile = 1u << rng_below(r, kinds);
	if (rng_one_in(r, 2))
		c->ep[s].hostile |= 1u << rng_below(r, kinds);
	c->trust[s] = false;
	c->insp.scripted = true; /* what it saw is what must come out */
	c->insp.bypass_unit[0] = c->insp.bypass_unit[1] = 0;
	for (int i = 0; i < SIDES; i++)
		c->ep[i].keepalive_us = 20ull * US_PER_S;
}

/* Wrong bytes under right checksums: what comes out must be what the inspector was shown. */
static bool gen_launder(struct gen *g)
{
	if (!gen_on(g, F_LAUNDER, 14))
		return false;
	for (int h = 0; h < HOPS; h++)
		g->p->link[h].launder_ppm = rng_size(&g->r[F_LAUNDER], 1000, 50000);
	if (!g->relay) /* a cable does not know which frames were harmed before it */
		g->p->link[HOP_A2R].launder_ppm = g->p->link[HOP_P2R].launder_ppm = 0;
	return true;
}

static void gen_launder_conn(struct gen *g, struct conn_plan *c)
{
	if (!g->relay)
		return;
	c->no_content = c->mode == MODE_WIRE;
	c->insp.scripted = c->mode == MODE_RELAY;
	c->insp.bypass_unit[0] = c->insp.bypass_unit[1] = 0;
	c->trust[SIDE_AGENT] = c->trust[SIDE_PROD] = false;
}

/* --- connections --- */

static void gen_vlan(struct gen *g, struct conn_plan *c)
{
	if (!gen_on(g, F_VLAN, 5))
		return;
	c->n_tags = (uint8_t)rng_range(&g->r[F_VLAN], 1, 2);
	for (int i = 0; i < 2; i++)
		c->vid[i] = (uint16_t)rng_range(&g->r[F_VLAN], 1, 4094);
}

static void gen_modes(struct gen *g, struct conn_plan *c)
{
	static const uint32_t cap[] = { 65536, 131072, 262144, 4u << 20 };

	if (gen_on(g, F_WIRE_MODE, 16) || !g->relay)
		c->mode = MODE_WIRE;
	if (gen_on(g, F_TS_REWRITE, 6)) {
		c->ts = TS_REWRITE;
		c->ep[0].ts = c->ep[1].ts = true;
	}
	if (gen_on(g, F_CAP, 3))
		c->rcv_cap = cap[rng_below(&g->r[F_CAP], 4)];
	c->urg = rng_one_in(&g->base, 4) ? URG_DROP : URG_INLINE;
}

static void gen_conn(struct gen *g, uint32_t i, bool launder)
{
	struct conn_plan *c = &g->p->conn[i];
	uint32_t max;

	c->start_us = i == 0 ? 0 : rng_below(&g->base, 200000);
	c->sport = (uint16_t)rng_range(&g->base, 1024 + 1000 * i, 2000 + 1000 * i);
	c->host = (uint8_t)rng_range(&g->base, 1, 3);
	c->initiator = gen_on(g, F_FROM_PROD, 6) ? SIDE_PROD : SIDE_AGENT;
	c->ip_ver = gen_on(g, F_V6, 3) ? 6 : 4;
	gen_vlan(g, c);
	for (int s = 0; s < SIDES; s++)
		gen_ep(g, c, (enum side)s);
	gen_modes(g, c);
	max = 100u * (c->ep[0].mss < c->ep[1].mss ? c->ep[0].mss : c->ep[1].mss);
	max = max < 20000 ? 20000 : max > 150000 ? 150000 : max;
	if (gen_on(g, F_BIG_UNITS, 12))
		max = rng_range(&g->r[F_BIG_UNITS], 100000, 500000);
	gen_app(g, i, rng_size(&g->base, 10, max) / g->p->n_conns);
	for (int s = 0; s < SIDES; s++)
		gen_ep_reading(g, &c->ep[s], app_total(&c->app[side_other((enum side)s)]));
	if (c->mode == MODE_RELAY) {
		gen_inspector(g, c);
		gen_hostile(g, c);
	}
	if (launder)
		gen_launder_conn(g, c);
	if (gen_on(g, F_RUDE, 12))
		gen_rude(g, i);
	gen_expect_less(c);
}

void plan_generate(struct plan *p, uint64_t seed, uint64_t mask, bool relay_modes)
{
	struct gen g = { .p = p, .relay = relay_modes };
	bool launder;

	plan_init(p, seed);
	p->mask = mask;
	rng_seed(&g.base, seed, 10);
	for (uint64_t f = 0; f < FEATURES; f++)
		rng_seed(&g.r[f], seed, 1000 + f);
	gen_relay_conf(&g);
	gen_env(&g);
	gen_link_harm(&g);
	gen_link_limits(&g);
	launder = gen_launder(&g);
	p->n_conns = gen_on(&g, F_CONNS, 4) ? rng_range(&g.r[F_CONNS], 2, PLAN_CONNS_MAX) : 1;
	for (uint32_t i = 0; i < p->n_conns; i++)
		gen_conn(&g, i, launder);
	gen_path_mtu(&g);
	if (gen_has(&g, F_HOSTILE) || gen_has(&g, F_CLOSE))
		p->limit_us = 1500ull * US_PER_S;
}
