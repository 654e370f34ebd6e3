/* SPDX-License-Identifier: Apache-2.0
 * Plans: their defaults, their scripts. */
#include "tests/sim/plan.h"

#include "tests/sim/rng.h"

#include <stdlib.h>

const char *feature_name(enum feature f)
{
	static const char *const name[FEATURES] = {
#define FEATURE(sym, text) [F_##sym] = text,
#include "tests/sim/feature.tbl.h"
#undef FEATURE
	};

	return name[f];
}

_Static_assert(FEATURES <= 64, "plan.mask is one word");

static void plan_init_ep(struct ep_conf *e, uint32_t isn)
{
	*e = (struct ep_conf){ .mss = 1460,
		.mtu = 1500,
		.has_ws = true,
		.ws = 7,
		.sack = true,
		.isn = isn,
		.rcvbuf = 256 * 1024,
		.ttl = 64,
		.delack_us = 40 * US_PER_MS };
}

void plan_init(struct plan *p, uint64_t seed)
{
	struct conn_plan *c = &p->conn[0];

	*p = (struct plan){ .seed = seed, .mask = UINT64_MAX, .n_conns = 1 };
	p->limit_us = 3600ull * US_PER_S;
	for (int h = 0; h < HOPS; h++)
		p->link[h].delay_us = 100;
	p->env = (struct env_conf){ .poll_gap_us = 10,
		.pool_full = 16384,
		.pool_small = 4096,
		.pool_header = 4096,
		.paranoid = true };
	relay_conf_init(&p->relay);
	p->relay.max_flows = 1024;
	p->relay.max_segs = 16384;
	p->relay.retain_bytes = 32u << 20;
	p->relay.n_wires = 1;
	p->relay.mtu = 1500;
	p->relay.seed[0] = rng_mix(seed + 1);
	p->relay.seed[1] = rng_mix(seed + 2);
	for (int i = 0; i < PLAN_CONNS_MAX; i++) {
		c = &p->conn[i];
		*c = (struct conn_plan){ .initiator = SIDE_AGENT,
			.ip_ver = 4,
			.host = 1,
			.sport = (uint16_t)(40000 + i),
			.dport = 5432,
			.mode = MODE_RELAY,
			.key = rng_mix(seed ^ (0xc0ffeeull + (uint64_t)i)) };
		for (int s = 0; s < SIDES; s++) {
			plan_init_ep(&c->ep[s], (uint32_t)rng_mix(c->key + 7 + (uint64_t)s));
			c->expect[s] = OUT_EOF;
			c->trust[s] = true;
		}
	}
}

void plan_done(struct plan *p)
{
	for (int i = 0; i < PLAN_CONNS_MAX; i++) {
		for (int s = 0; s < SIDES; s++) {
			free(p->conn[i].app[s].op);
			p->conn[i].app[s] = (struct app){ 0 };
		}
	}
}

void plan_do(struct plan *p, uint32_t conn, enum side s, enum app_do what, uint64_t arg)
{
	struct app *a = &p->conn[conn].app[s];

	if (a->n == a->cap) {
		a->cap = a->cap * 2 + 16;
		a->op = realloc(a->op, a->cap * sizeof(*a->op));
		if (a->op == NULL)
			abort();
	}
	a->op[a->n++] = (struct app_op){ .what = (uint8_t)what, .arg = arg };
}

uint64_t app_total(const struct app *a)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < a->n; i++)
		n += a->op[i].what == DO_WRITE ? a->op[i].arg : 0;
	return n;
}

uint64_t app_unit_end(const struct app *a, uint64_t off, uint32_t *ret_index)
{
	uint64_t at = 0;
	uint32_t unit = 0;

	for (uint32_t i = 0; i < a->n; i++) {
		if (a->op[i].what != DO_WRITE)
			continue;
		at += a->op[i].arg;
		if (at > off) {
			*ret_index = unit;
			return at;
		}
		unit++;
	}
	return UINT64_MAX;
}
