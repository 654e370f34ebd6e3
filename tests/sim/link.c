/* SPDX-License-Identifier: Apache-2.0
 * One directed link and what can go wrong on it. */
#include "tests/sim/world.h"

#include <stdlib.h>
#include <string.h>

enum {
	BURST_MAX_US = 150000,
	ACK_LOSS_UNTIL_US = 6000000, /* longer, and it outlasts every limit of a TCP */
};

enum { RNG_LOSS, RNG_BURST, RNG_DUP, RNG_REORDER, RNG_JITTER, RNG_CORRUPT, RNG_LAUNDER, RNG_CUT };

void link_init(struct link *l, const struct link_conf *c, uint64_t seed, enum hop hop)
{
	*l = (struct link){ .conf = *c };
	for (uint64_t i = 0; i < 8; i++)
		rng_seed(&l->rng[i], seed, 100 + (uint64_t)hop * 8 + i);
}

static void link_arrive(struct world *w, void *arg, uint64_t hop)
{
	struct wframe *f = arg;

	if (hop == HOP_A2R || hop == HOP_P2R) {
		engine_frame_in(w, hop == HOP_A2R ? SIDE_AGENT : SIDE_PROD, f);
		return;
	}
	const enum side at = hop == HOP_R2A ? SIDE_AGENT : SIDE_PROD;

	if (w->tap != NULL)
		w->tap(w, at, f);
	else
		host_frame_in(w, at, f);
	wframe_free(f);
}

bool link_event_is_frame(const struct event *e)
{
	return e->fn == link_arrive;
}

static bool is_pure_ack(const struct wframe *f)
{
	struct seg s;

	return seg_parse(f->bytes, f->len, &s, NULL) == SEG_TCP && s.len == 0 &&
			(s.flags & (TF_SYN | TF_FIN | TF_RST)) == 0;
}

/* Gilbert-Elliott, and a bad state also ends by itself: sparse retransmissions must not meet the
 * same burst for minutes. */
static bool link_in_burst(struct world *w, struct link *l)
{
	const struct link_conf *c = &l->conf;

	if (c->burst_ppm == 0)
		return false;
	if (!l->in_burst && rng_ppm(&l->rng[RNG_BURST], c->burst_ppm)) {
		l->in_burst = true;
		l->burst_us = w->now_us;
	} else if (l->in_burst &&
			(w->now_us - l->burst_us > BURST_MAX_US ||
					rng_ppm(&l->rng[RNG_BURST], c->burst_end_ppm))) {
		l->in_burst = false;
	}
	return l->in_burst;
}

static bool link_loses(struct world *w, struct link *l, const struct wframe *f)
{
	const struct link_conf *c = &l->conf;
	const uint64_t number = l->n_frames++;

	if (number < 64 && (c->lose_mask >> number & 1) != 0)
		return true;
	if (w->now_us - w->start_us >= c->dark_from_us && w->now_us - w->start_us < c->dark_to_us)
		return true;
	if (rng_ppm(&l->rng[RNG_LOSS], c->loss_ppm))
		return true;
	if (link_in_burst(w, l))
		return true;
	return c->ack_loss_ppm != 0 && w->now_us - w->start_us < ACK_LOSS_UNTIL_US &&
			rng_ppm(&l->rng[RNG_LOSS], c->ack_loss_ppm) && is_pure_ack(f);
}

static void flip_bit(struct rng *r, uint8_t *b)
{
	*b ^= (uint8_t)(1u << rng_below(r, 8));
}

/* Bits flip from the IP header on: a frame whose MAC is wrong would not arrive at all. What no
 * checksum covers (IPv6 class, label and hop limit) stays, and flips that cancel out in the sum
 * get one more: a frame that this function touched is never valid. */
static void link_corrupt(struct link *l, struct wframe *f)
{
	struct rng *r = &l->rng[RNG_CORRUPT];
	const uint32_t l3 = seg_l3_off(f->bytes, f->len);
	const uint32_t n = rng_range(r, 1, 3);
	struct seg s;

	if (!rng_ppm(r, l->conf.corrupt_ppm) || l3 == 0 || f->len <= l3 + 40)
		return;
	const uint32_t l4 = seg_l4_off(f->bytes, f->len);
	const bool v6 = f->bytes[l3] >> 4 == 6;

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t at = l3 + rng_below(r, f->len - l3);

		flip_bit(r, &f->bytes[v6 && at < l3 + 8 ? l4 : at]);
	}
	if (seg_parse(f->bytes, f->len, &s, NULL) == SEG_TCP)
		flip_bit(r, &f->bytes[l4 + rng_below(r, 20)]);
}

static void link_launder(struct link *l, struct wframe *f)
{
	struct rng *r = &l->rng[RNG_LAUNDER];
	struct seg s;

	if (!rng_ppm(r, l->conf.launder_ppm) || seg_parse(f->bytes, f->len, &s, NULL) != SEG_TCP ||
			s.len == 0)
		return;
	f->bytes[s.payload - f->bytes + rng_below(r, s.len)] ^= (uint8_t)rng_range(r, 1, 255);
	seg_mend(f);
	f->tainted = true;
}

static void link_truncate(struct link *l, struct wframe *f)
{
	struct rng *r = &l->rng[RNG_CUT];

	if (rng_ppm(r, l->conf.truncate_ppm) && f->len > 15)
		f->len = rng_range(r, 15, f->len - 1);
}

/* true: the frame is too large for the path. */
static bool link_too_big(struct world *w, struct link *l, enum hop hop, const struct wframe *f)
{
	const uint32_t l3 = seg_l3_off(f->bytes, f->len);
	struct wframe *icmp;

	if (l->conf.mtu == 0 || l3 == 0 || f->len - l3 <= l->conf.mtu)
		return false;
	if (!l->conf.mtu_icmp)
		return true;
	icmp = seg_icmp_build(f, (uint16_t)l->conf.mtu);
	if (icmp == NULL)
		return true;
	/* back to where the frame came from: an endpoint, or the engine's port */
	switch (hop) {
	case HOP_A2R:
		host_frame_in(w, SIDE_AGENT, icmp);
		break;
	case HOP_P2R:
		host_frame_in(w, SIDE_PROD, icmp);
		break;
	case HOP_R2A:
		world_at(w, w->now_us + l->conf.delay_us, link_arrive, icmp, HOP_A2R);
		return true;
	case HOP_R2P:
		world_at(w, w->now_us + l->conf.delay_us, link_arrive, icmp, HOP_P2R);
		return true;
	case HOPS:
		break;
	}
	wframe_free(icmp);
	return true;
}

/* When the frame has passed the rate limiter; 0: its queue is full. */
static uint64_t link_serialise(struct world *w, struct link *l, uint32_t len)
{
	const struct link_conf *c = &l->conf;
	uint64_t backlog;

	if (c->bytes_per_ms == 0)
		return w->now_us;
	if (l->free_us < w->now_us)
		l->free_us = w->now_us;
	backlog = (l->free_us - w->now_us) * c->bytes_per_ms / US_PER_MS;
	if (backlog + len > c->queue_bytes)
		return 0;
	l->free_us += (uint64_t)len * US_PER_MS / c->bytes_per_ms;
	return l->free_us;
}

static void link_put(struct world *w, struct link *l, enum hop hop, struct wframe *f)
{
	const struct link_conf *c = &l->conf;
	uint64_t at = link_serialise(w, l, f->len);

	if (at == 0) {
		w->stats.lost++;
		wframe_free(f);
		return;
	}
	at += c->delay_us;
	if (c->jitter_us != 0)
		at += rng_below(&l->rng[RNG_JITTER], c->jitter_us + 1);
	if (rng_ppm(&l->rng[RNG_REORDER], c->reorder_ppm)) {
		at += rng_below(&l->rng[RNG_REORDER], c->reorder_us + 1);
	} else {
		at = at > l->last_us ? at : l->last_us;
		l->last_us = at;
	}
	world_at(w, at, link_arrive, f, hop);
}

void link_send(struct world *w, enum hop hop, struct wframe *f)
{
	struct link *l = &w->link[hop];
	struct wframe *twin = NULL;

	if (link_loses(w, l, f) || link_too_big(w, l, hop, f)) {
		w->stats.lost++;
		if (w->trace)
			trace_frame(w, "lost", f->bytes, f->len);
		wframe_free(f);
		return;
	}
	if (rng_ppm(&l->rng[RNG_DUP], l->conf.dup_ppm))
		twin = wframe_copy(f->bytes, f->len);
	link_launder(l, f);
	link_corrupt(l, f);
	link_truncate(l, f);
	link_put(w, l, hop, f);
	if (twin != NULL)
		link_put(w, l, hop, twin);
}
