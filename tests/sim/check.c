/* SPDX-License-Identifier: Apache-2.0
 * What the engine was given, and what must hold after each of its polls. */
#include "tests/sim/check.h"

#include "tests/sim/ep.h"

#include <string.h>

enum {
	RECENT = 512,
	TIMER_SLACK_US = 2000,
	RTO_MAX_US = 60000000,
	DATA_PER_STEP = 16 + 4 * 32 +
			16, /* the burst cap, and what a burst of frames may release */
};

uint64_t check_sum(const uint8_t *b, uint32_t len)
{
	uint64_t h = len, word;

	for (; len >= 8; len -= 8, b += 8) {
		memcpy(&word, b, 8);
		h = (h ^ word) * 0x9ddfea08eb382d69ull;
		h ^= h >> 29;
	}
	for (; len > 0; len--)
		h = (h ^ *b++) * 0x9ddfea08eb382d69ull;
	return h ^ (h >> 32);
}

static bool addr_is(const uint8_t key[16], const struct seg_ip *ip)
{
	return ip->ver == 6 ? memcmp(key, ip->src, 16) == 0 : memcmp(key + 12, ip->src, 4) == 0;
}

struct conn *check_conn_of_key(struct world *w, const struct flow_key *key)
{
	for (uint32_t i = w->n_conns; i-- > 0;) {
		struct conn *c = &w->conn[i];
		const struct seg *a = ep_identity(c->ep[SIDE_AGENT]);
		const struct seg *p = ep_identity(c->ep[SIDE_PROD]);
		uint32_t vlan = 0;

		if (a->l2.n_tags == 1)
			vlan = (a->l2.tci[0] & 0xfffu) << 12;
		else if (a->l2.n_tags == 2)
			vlan = (a->l2.tci[0] & 0xfffu) << 12 | (a->l2.tci[1] & 0xfffu);
		if (a->sport == key->port[SIDE_AGENT] && p->sport == key->port[SIDE_PROD] &&
				vlan == (key->tag & 0xffffff) &&
				addr_is(key->addr[SIDE_AGENT], &a->ip) &&
				addr_is(key->addr[SIDE_PROD], &p->ip))
			return c;
	}
	return NULL;
}

uint64_t check_contiguous(const struct view *v)
{
	return ranges_end(&v->got, v->irs + 1);
}

bool check_was_in(struct world *w, enum side to, const struct wframe *f)
{
	const enum side from = side_other(to);
	const uint64_t sum = check_sum(f->bytes, f->len);

	for (uint32_t i = 0; i < RECENT; i++) {
		if (w->recent[from][i] == sum) {
			w->recent[from][i] = 0;
			return true;
		}
	}
	return false;
}

/* --- frames in --- */

static void view_learn_l2(struct view *v, const struct seg_l2 *l2)
{
	if (memcmp(&v->l2[0], l2, sizeof(*l2)) == 0)
		return;
	v->l2[1] = v->l2[0];
	v->l2[0] = *l2;
}

static void view_in_syn(struct conn *c, enum side from, const struct seg *s)
{
	struct view *v = &c->view[from];

	if (s->seq != c->plan->ep[from].isn || v->est_in)
		return; /* not the endpoint's own, or a stranger's of the same number */
	v->syn = *s;
	v->syn.payload = v->syn.raw = NULL;
	if (v->syn_in)
		return;
	v->syn_in = true;
	v->irs = (1ull << 32) + s->seq;
	if (s->flags & TF_ACK) {
		v->ack_max = v->ack_sure = v->iss + 1;
		v->edge_max = v->iss + 1 + s->wnd;
		v->adv_max = v->irs + 1 + v->syn_wnd_out;
		v->ack_out = v->irs + 1;
	}
}

static uint8_t view_shift(const struct conn *c, enum side of)
{
	const struct view *v = &c->view[of], *o = &c->view[side_other(of)];

	if (!v->syn.o.has_ws || !o->syn.o.has_ws)
		return 0;
	return v->syn.o.ws > 14 ? 14 : v->syn.o.ws;
}

static void view_in_ack(struct conn *c, enum side from, const struct seg *s, uint64_t seq)
{
	struct view *v = &c->view[from];
	const uint64_t ack = seg_unwrap(s->ack, v->out_max);
	const uint64_t edge = ack + ((uint64_t)s->wnd << view_shift(c, from));

	if (!v->syn_out || ack > v->out_max || ack <= v->iss)
		return;
	v->est_in = true;
	v->ack_max = ack > v->ack_max ? ack : v->ack_max;
	if (seq == check_contiguous(v) + (v->fin_in && v->fin_seq == check_contiguous(v)))
		v->ack_sure = ack > v->ack_sure ? ack : v->ack_sure;
	v->edge_max = edge > v->edge_max ? edge : v->edge_max;
}

static bool tx_fails(const struct world *w)
{
	const struct env_conf *e = &w->plan->env;

	return e->tx_refuse_ppm != 0 || e->tx_full_every_us != 0 || e->pool_dry_every_us != 0 ||
			e->tx_retain_polls != 0;
}

static void view_in_data(struct conn *c, enum side from, const struct seg *s, uint64_t seq)
{
	struct view *v = &c->view[from];
	uint64_t l = seq > v->irs ? seq : v->irs + 1, r = seq + s->len;

	/* nobody may take what does not fit the window; one whose promise was stuck in a full ring may
	 * believe that it was made */
	if (c->plan->mode == MODE_RELAY && !c->bypassed && r > v->adv_max && !tx_fails(c->w)) {
		const bool more = v->late_us == c->w->now_us;
		const uint64_t late_l = l > v->adv_max ? l : v->adv_max;

		v->late_l = more && v->late_l < late_l ? v->late_l : late_l;
		v->late_r = more && v->late_r > r ? v->late_r : r;
		v->late_us = c->w->now_us;
		r = v->adv_max;
	}
	ranges_add(&v->got, l, r);
	if ((s->flags & TF_FIN) && !v->fin_in) {
		v->fin_in = true;
		v->fin_seq = seq + s->len;
		v->fin_at_us = c->w->now_us;
	}
}

/* I10: what entitles its sender to an ACK beyond the challenge limit, or to an RST. */
static void view_in_asks(struct conn *c, enum side from, const struct seg *s)
{
	struct view *v = &c->view[from];
	const bool plain_ack = (s->flags & (TF_SYN | TF_FIN | TF_RST)) == 0 && s->len == 0;

	v->n_asking += s->len > 0 || (s->flags & TF_FIN) ||
			(s->flags & (TF_SYN | TF_ACK)) == (TF_SYN | TF_ACK) ||
			(plain_ack && s->seq + 1 == (uint32_t)v->ack_out);
	if (c->reported_end || c->view[SIDE_AGENT].rst_out || c->view[SIDE_PROD].rst_out)
		v->n_in_after_end++;
}

static void conn_in(struct conn *c, enum side from, const struct seg *s)
{
	struct view *v = &c->view[from];
	uint64_t seq;

	view_in_asks(c, from, s);
	if (s->flags & TF_SYN) {
		view_in_syn(c, from, s);
		view_learn_l2(v, &s->l2);
		return;
	}
	view_learn_l2(v, &s->l2);
	if (s->flags & TF_RST) {
		v->rst_in = true;
		return;
	}
	if (!v->syn_in)
		return;
	seq = seg_unwrap(s->seq, check_contiguous(v));
	if (s->flags & TF_ACK)
		view_in_ack(c, from, s, seq);
	view_in_data(c, from, s, seq);
}

void check_in(struct world *w, enum side from, const struct wframe *f)
{
	struct seg s = { 0 };
	struct conn *c;

	w->recent[from][w->n_recent[from]++ % RECENT] = check_sum(f->bytes, f->len);
	if (seg_parse(f->bytes, f->len, &s, NULL) != SEG_TCP)
		return;
	c = world_conn_of(w, &s, from);
	if (c != NULL)
		conn_in(c, from, &s);
}

uint32_t check_attack_seq(const struct conn *c, enum side as, struct rng *r)
{
	const struct view *v = &c->view[as];
	const uint32_t beyond = (uint32_t)(v->irs + 1 + app_total(&c->plan->app[as])) + 100;

	return rng_below(r, 3) ? beyond + rng_below(r, 30000)
			       : beyond + (1u << 30) + (uint32_t)(rng_next(r) >> 33);
}

/* --- after a poll --- */

void check_step_begin(struct world *w)
{
	for (uint32_t i = 0; i < w->n_conns; i++)
		for (int s = 0; s < SIDES; s++)
			w->conn[i].view[s].n_data_step = 0;
}

static bool conn_is_relayed(const struct conn *c)
{
	const struct view *a = &c->view[SIDE_AGENT], *p = &c->view[SIDE_PROD];

	return c->plan->mode == MODE_RELAY && !c->bypassed && !c->denied && !c->reported_end &&
			a->est_in && p->est_in && !a->rst_in && !p->rst_in && !a->rst_out &&
			!p->rst_out;
}

/* What the engine has to deliver to X and X has not acknowledged. */
static uint64_t pending_bytes(const struct conn *c, enum side x)
{
	const enum side from = side_other(x);
	const struct view *v = &c->view[x], *o = &c->view[from];
	const struct outlog *log = &c->dir[from];
	uint64_t out = v->iss + 1 + log->out_len;

	if (log->open_ended)
		out += check_contiguous(o) - o->irs - 1 - log->src_len;
	return out > v->ack_max ? out - v->ack_max : 0;
}

/* I8: it has a timer, and something is tried at least at every longest timeout. */
static void check_needs_timer(struct conn *c, enum side x, uint64_t next_us)
{
	struct world *w = c->w;
	struct view *v = &c->view[x];
	const uint64_t n = pending_bytes(c, x);
	uint64_t since;

	if (n == 0) {
		v->pending_since_us = 0;
		return;
	}
	if (v->pending_since_us == 0)
		v->pending_since_us = w->now_us;
	since = v->last_push_us > v->pending_since_us ? v->last_push_us : v->pending_since_us;
	if (next_us == UINT64_MAX || next_us > w->now_us + RTO_MAX_US + TIMER_SLACK_US)
		world_fail(w, "I8", "%lu bytes are not delivered and no timer runs",
				(unsigned long)n);
	else if (w->now_us - since > 2ull * RTO_MAX_US + TIMER_SLACK_US)
		world_fail(w, "I8",
				"c%ld: %lu bytes are not delivered to the %s end and nothing "
				"was tried for %.1f s",
				(long)(c - w->conn), (unsigned long)n,
				x == SIDE_AGENT ? "agent" : "prod",
				(double)(w->now_us - since) / US_PER_S);
}

void check_step_end(struct world *w, uint64_t next_us)
{
	for (uint32_t i = 0; i < w->n_conns && !w->failed; i++) {
		struct conn *c = &w->conn[i];

		for (int s = 0; s < SIDES && c->plan->mode == MODE_RELAY; s++)
			if (c->view[s].n_data_step > DATA_PER_STEP)
				world_fail(w, "I15", "%u data segments in one poll",
						c->view[s].n_data_step);
		if (conn_is_relayed(c) && !engine_is_cable) {
			check_needs_timer(c, SIDE_AGENT, next_us);
			check_needs_timer(c, SIDE_PROD, next_us);
		}
	}
}

void check_all_closed(struct world *w)
{
	for (uint32_t i = 0; i < w->n_conns && !engine_is_cable && !w->no_reports; i++) {
		const struct conn *c = &w->conn[i];

		if (c->view[SIDE_AGENT].est_in && c->view[SIDE_PROD].est_in && !c->reported_end)
			world_fail(w, "REP", "an established flow ended without a report");
	}
}
