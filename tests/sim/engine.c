/* SPDX-License-Identifier: Apache-2.0
 * The engine under test and its surroundings: ports, transmit rings, buffer pools, polls. What goes
 * in and out is shown to the checker (check.c). */
#include "tests/sim/check.h"
#include "tests/sim/ep.h"
#include "tests/sim/inspect.h"
#include "tests/sim/oracle.h"
#include "tests/sim/world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	BURST = 32,
	POLL_MIN_US = 20,
	RELAY_CHECK_EVERY = 64,
	DRAIN_MAX_S = 4 * 3600, /* idle time-out, then keepalives: after that no flow may be left */
	FRAMES_MAX = 1000,      /* of noise, of attacks */
	SPIN_MAX = 20000,       /* polls without a frame between them, at most 1 ms early each */
};

/* --- transmit ring --- */

static void ring_release(struct world *w, bool all)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < w->n_ring; i++) {
		struct ring_slot *s = &w->ring[i];

		if (!all && s->until_poll > w->n_poll) {
			w->ring[kept++] = *s;
			continue;
		}
		if (check_sum(pkt_base(s->pkt) + s->off, s->len) != s->sum)
			world_fail(w, "I5",
					"a frame was written to while the transmit ring held it");
		pkt_free(s->pkt);
	}
	w->n_ring = kept;
}

/* In each period there is one window, at a place that no timer can be in step with. */
static bool in_window(const struct world *w, uint32_t every_us, uint32_t for_us)
{
	uint64_t start;

	if (every_us == 0 || for_us >= every_us)
		return false;
	start = rng_mix(w->now_us / every_us) % (every_us - for_us);
	return w->now_us % every_us - start < for_us;
}

static bool ring_refuses(struct world *w)
{
	const struct env_conf *e = &w->plan->env;

	return w->n_ring == RING_MAX || rng_ppm(&w->rng_tx, e->tx_refuse_ppm) ||
			in_window(w, e->tx_full_every_us, e->tx_full_for_us);
}

static bool env_tx(void *ctx, uint16_t wire, enum side to, struct pkt *p)
{
	struct world *w = ctx;
	struct wframe *f;

	if (!w->stepping)
		world_fail(w, "API", "a frame was sent outside relay_rx() and relay_poll()");
	if (wire != 0)
		world_fail(w, "I12", "a frame was sent to wire %u", wire);
	if (ring_refuses(w))
		return false;
	f = wframe_copy(pkt_data(p), pkt_len(p));
	trace_frame(w, to == SIDE_AGENT ? "A <- R" : "R -> P", f->bytes, f->len);
	w->stats.tx_frames++;
	w->stats.tx_bytes += f->len;
	check_out(w, to, f);
	link_send(w, to == SIDE_AGENT ? HOP_R2A : HOP_R2P, f);
	if (w->plan->env.tx_retain_polls == 0) {
		pkt_free(p);
		return true;
	}
	w->ring[w->n_ring++] = (struct ring_slot){ .pkt = p,
		.off = pkt_off(p),
		.len = pkt_len(p),
		.until_poll = w->n_poll + w->plan->env.tx_retain_polls,
		.sum = check_sum(pkt_data(p), pkt_len(p)) };
	return true;
}

/* --- policy and reports --- */

static const struct flow_policy *env_classify(
		void *ctx, const struct flow_key *key, enum side initiator)
{
	static const struct flow_policy wire = { .mode = MODE_WIRE };
	struct world *w = ctx;
	struct conn *c = check_conn_of_key(w, key);

	(void)initiator;
	if (c != NULL)
		return &c->policy;
	return w->policy != NULL ? w->policy : &wire;
}

static void env_report(void *ctx, const struct flow_report *rep)
{
	struct world *w = ctx;
	struct conn *c = check_conn_of_key(w, &rep->key);

	if (c == NULL)
		return;
	c->last_report = *rep;
	if (rep->end_reason != END_NONE) {
		c->end_reason = rep->end_reason;
		/* a handshake that took too long comes again as another flow */
		c->reported_end |= rep->end_reason != END_HANDSHAKE;
		c->gave_up |= rep->end_reason == END_HANDSHAKE;
		trace_note(w, "report: flow %u ended: %s", rep->index,
				relay_end_name(rep->end_reason));
	}
}

/* --- the engine's life --- */

void engine_init(struct world *w)
{
	const struct env_conf *e = &w->plan->env;
	const struct relay_env env = { .ctx = w,
		.pools = &w->pools,
		.classify = env_classify,
		.tx = env_tx,
		.report = env_report };

	w->pools.left[PKT_FULL] = e->pool_full;
	w->pools.left[PKT_SMALL] = e->pool_small;
	w->pools.left[PKT_HEADER] = e->pool_header;
	w->pools.full_bytes = w->plan->relay.mtu + 22u;
	w->relay = relay_new(&w->plan->relay, &env);
	if (w->relay == NULL)
		world_fail(w, "API", "relay_new: %s", strerror(errno));
}

void engine_done(struct world *w)
{
	for (int s = 0; s < SIDES; s++) {
		struct port *p = &w->port[s];

		for (; p->n > 0; p->n--, p->head = (p->head + 1) % PORT_QUEUE)
			wframe_free(p->queue[p->head]);
	}
	ring_release(w, true);
	if (w->relay != NULL)
		relay_free(&w->relay);
}

void engine_free(struct world *w)
{
	ring_release(w, true);
	if (!engine_is_cable && w->relay != NULL)
		w->counters = *relay_counters(w->relay);
	relay_free(&w->relay);
}

const struct counters *relay_counters_kept(const struct world *w)
{
	return &w->counters;
}

static void engine_poll_event(struct world *w, void *arg, uint64_t num)
{
	(void)arg;
	(void)num;
	if (w->now_us < w->poll_at_us)
		return; /* an earlier one was armed since, and has run */
	engine_step(w);
}

void engine_wake(struct world *w, uint64_t at_us)
{
	if (at_us >= w->poll_at_us)
		return;
	w->poll_at_us = at_us;
	world_at(w, at_us, engine_poll_event, NULL, 0);
}

void engine_frame_in(struct world *w, enum side from, struct wframe *f)
{
	struct port *p = &w->port[from];
	const uint32_t gap = w->plan->env.poll_gap_us;

	if (p->n == PORT_QUEUE) {
		w->stats.lost++;
		wframe_free(f);
		return;
	}
	p->queue[(p->head + p->n++) % PORT_QUEUE] = f;
	engine_wake(w, w->now_us + (gap > 0 ? rng_below(&w->rng, gap) : 0));
}

/* As a driver would fill a buffer of its pool; NULL: the pool is empty. */
static struct pkt *engine_pkt_of(struct world *w, const struct wframe *f)
{
	const struct env_conf *e = &w->plan->env;
	const uint32_t room =
			e->exact_rx || f->len > w->pools.full_bytes ? f->len : w->pools.full_bytes;
	struct pkt *p;
	struct seg s;

	if (in_window(w, e->pool_dry_every_us, e->pool_dry_for_us))
		return NULL;
	p = pkt_heap_new(&w->pools, PKT_FULL, room);
	if (p == NULL)
		return NULL;
	pkt_frame_set(p, PKT_HEADROOM, f->len);
	memcpy(pkt_data(p), f->bytes, f->len);
	p->cksum_good = e->cksum_offload && seg_parse(f->bytes, f->len, &s, NULL) == SEG_TCP;
	return p;
}

static uint32_t engine_take(struct world *w, enum side from, struct pkt **out)
{
	struct port *p = &w->port[from];
	uint32_t n = 0;

	while (p->n > 0 && n < BURST) {
		struct wframe *f = p->queue[p->head];

		p->head = (p->head + 1) % PORT_QUEUE;
		p->n--;
		out[n] = engine_pkt_of(w, f);
		if (out[n] == NULL) {
			w->stats.lost++;
		} else {
			trace_frame(w, from == SIDE_AGENT ? "A -> R" : "R <- P", f->bytes, f->len);
			check_in(w, from, f);
			w->stats.rx_frames++;
			n++;
		}
		wframe_free(f);
	}
	return n;
}

/* The pools of the engine itself run dry in the same windows. */
static void engine_dry(struct world *w, bool dry)
{
	static uint32_t saved[PKT_CLASSES];

	for (int k = 0; k < PKT_CLASSES && k != PKT_HEADER; k++) {
		if (dry) {
			saved[k] = w->pools.left[k];
			w->pools.left[k] = 0;
		} else {
			w->pools.left[k] += saved[k];
			saved[k] = 0;
		}
	}
}

static void engine_run(struct world *w)
{
	struct pkt *burst[BURST];
	const enum side first = rng_below(&w->rng, 2) ? SIDE_AGENT : SIDE_PROD;

	for (int i = 0; i < SIDES && !w->failed; i++) {
		const enum side from = i == 0 ? first : side_other(first);
		const uint32_t n = engine_take(w, from, burst);

		if (n > 0)
			relay_rx(w->relay, 0, from, burst, n, w->now_us);
	}
	if (!w->failed)
		relay_poll(w->relay, w->now_us);
}

static void engine_after(struct world *w, bool had_frames)
{
	const uint64_t next = relay_next_us(w->relay);
	const uint32_t conf = w->plan->env.check_every;
	const uint32_t every = conf != 0 ? conf : RELAY_CHECK_EVERY;
	const char *broken = NULL;

	if (w->plan->env.paranoid || w->n_poll % every == 0)
		broken = relay_check(w->relay);
	if (broken != NULL)
		world_fail(w, "CHK", "relay_check: %s", broken);
	w->idle_polls = had_frames ? 0 : w->idle_polls + 1;
	if (w->idle_polls > SPIN_MAX && w->idle_polls % SPIN_MAX == 1 && next < w->now_us + 1000)
		world_fail(w, "I15", "%u polls in a row had nothing to do", w->idle_polls);
	check_step_end(w, next);
	w->poll_at_us = UINT64_MAX;
	if (next != UINT64_MAX)
		engine_wake(w, next > w->now_us + POLL_MIN_US ? next : w->now_us + POLL_MIN_US);
	if (w->port[SIDE_AGENT].n > 0 || w->port[SIDE_PROD].n > 0)
		engine_wake(w, w->now_us + POLL_MIN_US);
}

void engine_step(struct world *w)
{
	const struct env_conf *e = &w->plan->env;
	const bool dry = in_window(w, e->pool_dry_every_us, e->pool_dry_for_us);
	const bool had = w->port[SIDE_AGENT].n > 0 || w->port[SIDE_PROD].n > 0;

	w->n_poll++;
	w->stats.polls++;
	ring_release(w, false);
	check_step_begin(w);
	if (dry)
		engine_dry(w, true);
	w->stepping = true;
	engine_run(w);
	w->stepping = false;
	if (dry)
		engine_dry(w, false);
	if (!w->failed)
		engine_after(w, had);
}

/* --- frames from elsewhere --- */

static void noise_event(struct world *w, void *arg, uint64_t num)
{
	static const uint16_t ethertype[] = { 0x0806, 0x88cc, 0x0800, 0x86dd, 0x9000 };
	const uint32_t kind = rng_below(&w->rng, 5);
	const uint32_t len = rng_range(&w->rng, 60, 300);
	struct wframe *f = wframe_new(len);

	(void)arg;
	oracle_fill(w->plan->seed, w->n_order, f->bytes, len);
	f->bytes[0] = 0x02;
	f->bytes[6] = 0x02;
	f->bytes[12] = (uint8_t)(ethertype[kind] >> 8);
	f->bytes[13] = (uint8_t)ethertype[kind];
	if (kind == 2) { /* a UDP datagram */
		static const uint8_t ip[20] = { 0x45, 0, 0, 46, 1, 2, 0x40, 0, 64, 17, 0, 0, 10, 9,
			0, 1, 10, 9, 0, 2 };

		memcpy(f->bytes + 14, ip, sizeof(ip));
		seg_mend(f);
	} else if (kind == 3) { /* an ICMPv6 echo */
		memset(f->bytes + 14, 0, 40);
		f->bytes[14] = 0x60;
		f->bytes[19] = 6;
		f->bytes[20] = 58;
		f->bytes[21] = 64;
		f->bytes[54] = 128;
	}
	link_send(w, rng_below(&w->rng, 2) ? HOP_A2R : HOP_P2R, f);
	if (!world_ends_done(w) && w->n_noise++ < FRAMES_MAX)
		world_at(w, w->now_us + num, noise_event, NULL, num);
}

/* A stranger who knows the addresses and ports but sees nothing. */
static void attack_event(struct world *w, void *arg, uint64_t num)
{
	static const uint8_t flags[] = { TF_RST, TF_SYN, TF_RST | TF_ACK, TF_ACK, TF_SYN | TF_ACK };
	struct conn *c = &w->conn[rng_below(&w->rng_attack, w->n_conns)];
	const enum side as = rng_below(&w->rng_attack, 2) ? SIDE_AGENT : SIDE_PROD;
	struct seg s = *ep_identity(c->ep[as]);

	(void)arg;
	if (!world_ends_done(w) && w->n_attacks++ < FRAMES_MAX)
		world_at(w, w->now_us + 1 + rng_below(&w->rng_attack, (uint32_t)num * 2),
				attack_event, NULL, num);
	if (!c->view[SIDE_AGENT].est_in || !c->view[SIDE_PROD].est_in)
		return;
	s.flags = flags[rng_below(&w->rng_attack, 5)];
	s.seq = check_attack_seq(c, as, &w->rng_attack);
	if (s.flags == TF_SYN) /* not above what was: that would open a new flow in TIME_WAIT */
		s.seq = (uint32_t)c->view[as].irs - 1 - (uint32_t)(rng_next(&w->rng_attack) >> 34);
	s.ack = (uint32_t)c->view[as].out_max + (1u << 30) +
			(uint32_t)(rng_next(&w->rng_attack) >> 34);
	s.wnd = (uint16_t)rng_next(&w->rng_attack);
	link_send(w, as == SIDE_AGENT ? HOP_A2R : HOP_P2R, seg_build(&s, true));
}

void engine_start_noise(struct world *w)
{
	const struct env_conf *e = &w->plan->env;

	if (e->noise_every_us != 0)
		world_at(w, w->now_us, noise_event, NULL, e->noise_every_us);
	if (e->attack_every_us != 0)
		world_at(w, w->now_us + 5000, attack_event, NULL, e->attack_every_us);
}

/* --- the end --- */

static void engine_check_empty(struct world *w)
{
	struct relay_gauges g;

	relay_gauges(w->relay, &g);
	if (g.flows != 0 || g.held != 0 || g.embryonic != 0 || g.time_wait != 0)
		world_fail(w, "I7", "after %d h: %u flows, %u held, %u embryonic, %u in TIME_WAIT",
				DRAIN_MAX_S / 3600, g.flows, g.held, g.embryonic, g.time_wait);
	else if (g.segs_used != 0 || g.retained_bytes != 0)
		world_fail(w, "I7", "no flow is left but %u segments of %lu bytes are", g.segs_used,
				(unsigned long)g.retained_bytes);
	check_all_closed(w);
}

static bool engine_is_empty(const struct world *w)
{
	struct relay_gauges g;

	relay_gauges(w->relay, &g);
	return g.flows == 0 && w->port[SIDE_AGENT].n == 0 && w->port[SIDE_PROD].n == 0;
}

void engine_drain(struct world *w)
{
	const uint64_t limit = w->now_us + (uint64_t)DRAIN_MAX_S * US_PER_S;
	const char *broken;

	while (!w->failed && w->n_events > 0 && w->heap[0].at_us <= limit &&
			!(engine_is_empty(w) && w->now_us + US_PER_S < w->heap[0].at_us))
		world_run_until(w, w->heap[0].at_us);
	if (w->failed)
		return;
	broken = relay_check(w->relay);
	if (broken != NULL)
		world_fail(w, "CHK", "relay_check: %s", broken);
	engine_check_empty(w);
	engine_free(w);
	if (w->pools.n_live != 0)
		world_fail(w, "I7", "%lu buffers leaked", (unsigned long)w->pools.n_live);
}
