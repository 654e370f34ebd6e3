/* SPDX-License-Identifier: Apache-2.0
 * The engine that is a cable: every frame leaves on the other side, unchanged. It proves the model
 * endpoints against each other, and, broken in one place at a time, the checker against the engine
 * faults that it must find (cable.h, selftest.c). */
#include "tests/sim/cable.h"

#include "tests/sim/inspect.h"
#include "tests/sim/world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct relay {
	struct relay_env env;
	uint64_t n_frames, now_us;
};

struct cable_knobs cable = { .next_in_us = UINT64_MAX };

bool engine_is_cable = true;
const struct inspector *const engine_inspector = NULL;

const struct inspector *inspect_pass_all(void)
{
	return NULL;
}

void inspect_conn_done(struct conn *c)
{
	c->insp = NULL;
}

void relay_conf_init(struct relay_conf *conf)
{
	*conf = (struct relay_conf){ .max_flows = 65536,
		.n_wires = 1,
		.mtu = 1500,
		.time_wait_s = 30,
		.hold_fin_ack_s = 60,
		.hold_keepalive_s = 30,
		.idle_s = 3600 };
}

struct relay *relay_new(const struct relay_conf *conf, const struct relay_env *env)
{
	struct relay *r = calloc(1, sizeof(*r));

	if (r == NULL || conf->n_wires != 1) {
		free(r);
		errno = r == NULL ? ENOMEM : EINVAL;
		return NULL;
	}
	r->env = *env;
	return r;
}

void relay_free(struct relay **r)
{
	free(*r);
	*r = NULL;
}

void relay_rx(struct relay *r, uint16_t wire, enum side from, struct pkt **frames, uint32_t n,
		uint64_t now_us)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct cable_frame f = {
			.pkt = frames[i], .from = from, .now_us = now_us, .number = r->n_frames++
		};

		if (cable.fault != NULL && cable.fault(&r->env, &f))
			continue; /* the fault has taken the frame */
		if (!r->env.tx(r->env.ctx, wire, side_other(from), frames[i]))
			pkt_free(frames[i]); /* as a cable loses what does not fit */
	}
}

void relay_poll(struct relay *r, uint64_t now_us)
{
	r->now_us = now_us;
}

uint64_t relay_next_us(const struct relay *r)
{
	return cable.next_in_us == UINT64_MAX ? UINT64_MAX : r->now_us + cable.next_in_us;
}

int relay_resume(struct relay *r, uint32_t index, uint32_t gen, uint64_t now_us)
{
	(void)r;
	(void)index;
	(void)gen;
	(void)now_us;
	return -ESTALE;
}

void relay_gauges(const struct relay *r, struct relay_gauges *ret)
{
	(void)r;
	*ret = (struct relay_gauges){ 0 };
}

const struct counters *relay_counters(const struct relay *r)
{
	static const struct counters none;

	(void)r;
	return &none;
}

const char *relay_check(const struct relay *r)
{
	(void)r;
	return cable.check;
}

const char *relay_end_name(uint8_t end_reason)
{
	(void)end_reason;
	return "none";
}
