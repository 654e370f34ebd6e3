/* SPDX-License-Identifier: Apache-2.0
 * The engine's outside: frames in, flows found, what is dirty attended to. */
#include "dataplane/tcp/relay.h"

#include "dataplane/net/cksum.h"
#include "dataplane/tcp/relay_priv.h"
#include "parsers/base/must.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { RX_CHUNK = 16 };

void relay_conf_init(struct relay_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->max_flows = 65536;
	conf->max_segs = 65536;
	conf->retain_bytes = 128ULL << 20;
	conf->n_wires = 1;
	conf->mtu = 1500;
	conf->unknown_tcp = UNKNOWN_RST;
	for (int k = 0; k < FRAME_KINDS; k++)
		conf->forward[k] = true;
	conf->embryonic_per_source = 1024;
	conf->idle_s = 3600;
	conf->half_closed_idle_s = 600;
	conf->hold_fin_ack_s = 60;
	conf->hold_keepalive_s = 30;
	conf->time_wait_s = 30;
}

static bool conf_is_sane(const struct relay_conf *c)
{
	return c->max_flows >= 4 && c->max_flows <= 1U << 24 && c->max_segs >= 64 &&
			c->max_segs <= 1U << 26 && c->retain_bytes >= 65536 && c->n_wires >= 1 &&
			c->n_wires <= 256 && c->mtu >= 576 && c->mtu <= 9216;
}

static void pools_link(struct relay *r)
{
	for (uint32_t i = 0; i < r->conf.max_flows; i++) {
		r->flows[i].free_next = i + 1 < r->conf.max_flows ? i + 1 : FLOW_NONE;
		r->flows[i].dirty_next = FLOW_NONE;
	}
	for (uint32_t i = 0; i < r->conf.max_segs; i++)
		r->segs[i].next = i + 1 < r->conf.max_segs ? i + 1 : SEG_NONE;
	r->half_open = r->closed = (struct flow_list){ FLOW_NONE, FLOW_NONE, 0 };
	r->dirty_head = r->dirty_tail = FLOW_NONE;
}

/* Zeroed memory on whole cache lines; <bytes> is a multiple of one. */
static void *lines_new(size_t bytes)
{
	void *p = aligned_alloc(64, bytes);

	if (p != NULL)
		memset(p, 0, bytes);
	return p;
}

static struct frag_table *frags_new(const struct relay_conf *c)
{
	const struct frag_conf fc = { .max_datagrams = 256,
		.max_datagrams_per_source = 32,
		.max_frags = 64,
		.timeout_ms = 2000,
		.seed = { c->seed[0] ^ 1, c->seed[1] } };

	return frag_new(&fc);
}

struct relay *relay_new(const struct relay_conf *conf, const struct relay_env *env)
{
	struct relay *r;

	if (!conf_is_sane(conf)) {
		errno = EINVAL;
		return NULL;
	}
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NULL;
	r->conf = *conf;
	r->env = *env;
	r->cc = conf->use_reno ? &cc_reno : &cc_cubic;
	r->hash_key = (struct siphash_key){ conf->seed[0], conf->seed[1] };
	r->rng = conf->seed[0] ^ conf->seed[1] ^ 0x9e3779b97f4a7c15ULL;
	r->max_payload = (uint16_t)(conf->mtu - 40);
	r->flows = lines_new((size_t)conf->max_flows * sizeof(*r->flows));
	r->counts = lines_new((size_t)conf->max_flows * sizeof(*r->counts));
	r->segs = calloc(conf->max_segs, sizeof(*r->segs));
	r->sources = calloc(SOURCES, sizeof(*r->sources));
	r->frags = frags_new(conf);
	if (r->flows == NULL || r->counts == NULL || r->segs == NULL || r->sources == NULL ||
			r->frags == NULL || table_init(&r->table, conf->max_flows) != 0 ||
			wheel_init(&r->wheel, conf->max_flows, 0) != 0) {
		relay_free(&r);
		errno = ENOMEM;
		return NULL;
	}
	pools_link(r);
	pressure_init(r);
	return r;
}

void relay_free(struct relay **rp)
{
	struct relay *r = *rp;

	if (r == NULL)
		return;
	for (uint32_t i = 0; r->flows != NULL && r->segs != NULL && i < r->conf.max_flows; i++) {
		if (r->flows[i].state != FLOW_FREE)
			flow_queues_release(r, &r->flows[i]);
	}
	frag_free(&r->frags);
	table_done(&r->table);
	wheel_done(&r->wheel);
	free(r->flows);
	free(r->counts);
	free(r->segs);
	free(r->sources);
	free(r);
	*rp = NULL;
}

uint32_t relay_rand(struct relay *r)
{
	r->rng ^= r->rng << 13; /* xorshift64: IP IDs, nothing secret */
	r->rng ^= r->rng >> 7;
	r->rng ^= r->rng << 17;
	return (uint32_t)(r->rng >> 32);
}

void now_set(struct relay *r, uint64_t now_us)
{
	const uint32_t second = (uint32_t)(now_us / 1000000);

	r->now_us = now_us;
	r->now_ms = (uint32_t)(now_us / 1000);
	if (r->wheel.n_set == 0)
		r->wheel.now_ms = r->now_ms; /* an empty wheel has no past to walk */
	if (second != r->second) {
		r->second = second;
		r->challenges = 0;
		r->rsts = 0;
	}
}

bool rst_allowed(struct relay *r)
{
	if (r->rsts >= RST_PER_S)
		return false;
	r->rsts++;
	return true;
}

void mark_dirty(struct relay *r, struct flow *f)
{
	const uint32_t i = flow_index(r, f);

	if ((f->flags & FLOW_DIRTY) != 0)
		return;
	f->flags |= FLOW_DIRTY;
	f->dirty_next = FLOW_NONE;
	if (r->dirty_tail == FLOW_NONE)
		r->dirty_head = i;
	else
		r->flows[r->dirty_tail].dirty_next = i;
	r->dirty_tail = i;
}

void drop(struct relay *r, struct arrival *a, enum drop_reason why)
{
	if (a->pkt == NULL)
		return;
	if (why != DROP_NONE)
		r->counters.drop[why]++;
	pkt_free(a->pkt);
	a->pkt = NULL;
}

bool frame_tx(struct relay *r, uint16_t wire, enum side to, struct pkt *p)
{
	const uint32_t len = pkt_len(p);

	if (!r->env.tx(r->env.ctx, wire, to, p)) {
		count(r, STAT_TX_REFUSED, 1);
		pkt_free(p);
		return false;
	}
	count(r, STAT_TX_FRAMES, 1);
	count(r, STAT_TX_BYTES, len);
	return true;
}

void forward(struct relay *r, struct arrival *a, enum stat_id as)
{
	struct pkt *p = a->pkt;

	a->pkt = NULL;
	if (frame_tx(r, a->wire, side_other(a->from), p))
		count(r, as, 1);
	else
		r->counters.drop[DROP_LIMIT_TX]++;
}

static void wire_begin(
		struct relay *r, struct arrival *a, const struct flow_key *key, uint64_t hash)
{
	const struct flow_policy *p = r->env.classify(r->env.ctx, key, a->from);
	struct flow *f;

	if (p->mode == MODE_DENY) {
		drop(r, a, DROP_POLICY_UNKNOWN);
		return;
	}
	f = flow_new(r, key, hash, a->from, p);
	if (f == NULL) {
		drop(r, a, DROP_LIMIT_FLOWS);
		return;
	}
	flow_mode_set(r, f, MODE_WIRE);
	f->state = FLOW_EST;
	restart_write(r, f);
	mark_dirty(r, f);
	wire_input(r, f, a);
}

static void unknown_input(
		struct relay *r, struct arrival *a, const struct flow_key *key, uint64_t hash)
{
	const uint8_t flags = a->f->flags;

	if ((flags & TCP_SYN) != 0 && (flags & TCP_ACK) == 0) {
		syn_new(r, a, key, hash);
		return;
	}
	if (r->conf.unknown_tcp == UNKNOWN_WIRE && (flags & (TCP_SYN | TCP_RST)) == 0) {
		wire_begin(r, a, key, hash);
		return;
	}
	if (r->conf.unknown_tcp == UNKNOWN_RST && (flags & TCP_RST) == 0 && rst_allowed(r)) {
		rst_reply(r, a);
		rst_onward(r, a);
	}
	drop(r, a, DROP_POLICY_UNKNOWN);
}

/* A SYN where a conversation has ended begins the next one (RFC 9293 3.10.7.4, RFC 6191). */
static bool syn_reopens(const struct flow *f, const struct arrival *a)
{
	if ((a->f->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
		return false;
	if (f->mode == MODE_XLATE)
		return false; /* the server decides: passing_restarts() */
	if (f->state == FLOW_DEAD)
		return true;
	return f->state == FLOW_TIME_WAIT && seq_gt(a->f->seq, f->ep[a->from].rx.rcv_nxt);
}

static void flow_input(struct relay *r, struct flow *f, struct arrival *a)
{
	if (f->mode == MODE_XLATE) {
		xlate_input(r, f, a);
		return;
	}
	switch ((enum flow_state)f->state) {
	case FLOW_SYN:
	case FLOW_SYNACK:
		handshake_input(r, f, a);
		break;
	case FLOW_EST:
	case FLOW_LINGER:
		if (f->mode == MODE_DRAIN)
			drain_input(r, f, a);
		else if (f->ep[a->from].tx.tx_state == TX_RST_SENT)
			closed_input(r, f, a);
		else
			relay_input(r, f, a);
		break;
	case FLOW_ABORT:
	case FLOW_TIME_WAIT:
	case FLOW_DEAD:
		closed_input(r, f, a);
		break;
	case FLOW_FREE:
	case FLOW_STATES:
		must(!"a flow in the table has a state");
		break;
	}
}

static void tcp_input(struct relay *r, struct arrival *a, const struct flow_key *key, uint64_t hash)
{
	struct flow *f = flow_lookup(r, key, hash);

	if (f != NULL && f->mode == MODE_WIRE) {
		wire_input(r, f, a);
		return;
	}
	if (pkt_cksum_good(a->pkt) && !r->conf.verify_cksum_always) {
		const uint32_t len = a->f->payload_len;

		a->sum = cksum_sum(a->f->bytes + a->f->payload_off, len);
	} else if (!cksum_tcp_verify(a->f, &a->sum)) {
		if (f != NULL)
			flow_counts(r, f)->side[a->from].cksum_drops++;
		drop(r, a, DROP_TCP_CKSUM);
		return;
	}
	a->opt = (struct tcpopt){ 0 };
	if (a->f->opt_len > 0 &&
			tcpopt_parse(a->f->bytes + a->f->l4_off + a->f->opt_off, a->f->opt_len,
					(a->f->flags & TCP_SYN) != 0, &a->opt) != 0) {
		drop(r, a, DROP_TCP_OPTIONS);
		return;
	}
	if (f != NULL && syn_reopens(f, a)) {
		flow_free(r, f);
		f = NULL;
	}
	if (f == NULL)
		unknown_input(r, a, key, hash);
	else
		flow_input(r, f, a);
}

static void frame_input(
		struct relay *r, struct arrival *a, const struct flow_key *key, uint64_t hash);

/* A piece of a segment; the last one brings the whole, which then goes the usual way. */
static void fragment_input(struct relay *r, struct arrival *a)
{
	struct frag_result res = { 0 };
	struct frame whole;
	struct flow_key key;
	struct arrival b = *a;
	enum drop_reason why;

	count(r, STAT_FRAGS_IN, 1);
	switch (frag_push(
			r->frags, r->env.pools, a->wire, a->from, a->pkt, a->f, r->now_us, &res)) {
	case FRAG_WAIT:
		break;
	case FRAG_DROP:
		r->counters.drop[res.why] += res.n_frags > 0 ? res.n_frags : 1;
		break;
	case FRAG_DONE:
		count(r, STAT_FRAGS_DONE, 1);
		b.pkt = res.pkt;
		b.f = &whole;
		why = frame_parse(pkt_data(b.pkt), pkt_len(b.pkt), &whole);
		if (why != DROP_NONE || whole.kind != FRAME_TCP) {
			drop(r, &b, why != DROP_NONE ? why : DROP_FRAG_BAD);
			break;
		}
		flow_key_of(&key, &whole, b.wire, b.from);
		frame_input(r, &b, &key, flow_hash(r, &key));
		break;
	}
	a->pkt = NULL;
}

static void frame_input(
		struct relay *r, struct arrival *a, const struct flow_key *key, uint64_t hash)
{
	switch ((enum frame_kind)a->f->kind) {
	case FRAME_TCP:
		tcp_input(r, a, key, hash);
		break;
	case FRAME_TCP_FRAG:
		fragment_input(r, a);
		break;
	case FRAME_ICMP:
	case FRAME_ICMP6:
		if (r->conf.forward[a->f->kind])
			icmp_input(r, a);
		else
			drop(r, a, DROP_POLICY_NON_TCP);
		break;
	case FRAME_ARP:
	case FRAME_ND:
	case FRAME_LLDP:
	case FRAME_STP:
	case FRAME_UDP:
	case FRAME_IP_OTHER:
	case FRAME_L2_OTHER:
	case FRAME_KINDS:
		if (r->conf.forward[a->f->kind])
			forward(r, a, STAT_FWD_NON_TCP);
		else
			drop(r, a, DROP_POLICY_NON_TCP);
		break;
	}
}

struct rx_item {
	struct frame frame;
	uint64_t hash;
	struct flow_key key;
};

/* Parses and hashes first, so that the table's lines are on their way when they are wanted. */
static bool rx_prepare(
		struct relay *r, uint16_t wire, enum side from, struct pkt *p, struct rx_item *it)
{
	const uint32_t len = pkt_len(p);
	const enum drop_reason why = frame_parse(pkt_data(p), len, &it->frame);

	count(r, STAT_RX_FRAMES, 1);
	count(r, STAT_RX_BYTES, len);
	if (why != DROP_NONE) {
		r->counters.drop[why]++;
		pkt_free(p);
		return false;
	}
	if (it->frame.kind == FRAME_TCP) {
		flow_key_of(&it->key, &it->frame, wire, from);
		it->hash = flow_hash(r, &it->key);
		table_prefetch(&r->table, it->hash);
	}
	return true;
}

void relay_rx(struct relay *r, uint16_t wire, enum side from, struct pkt **frames, uint32_t n,
		uint64_t now_us)
{
	struct rx_item items[RX_CHUNK];
	bool ok[RX_CHUNK];

	now_set(r, now_us);
	for (uint32_t at = 0; at < n; at += RX_CHUNK) {
		const uint32_t m = n - at < RX_CHUNK ? n - at : RX_CHUNK;

		for (uint32_t i = 0; i < m; i++)
			ok[i] = rx_prepare(r, wire, from, frames[at + i], &items[i]);
		for (uint32_t i = 0; i < m; i++) {
			if (ok[i] && items[i].frame.kind == FRAME_TCP)
				flow_prefetch(r, items[i].hash, from);
		}
		for (uint32_t i = 0; i < m; i++) {
			struct arrival a = { .pkt = frames[at + i],
				.f = &items[i].frame,
				.from = from,
				.wire = wire };

			if (ok[i])
				frame_input(r, &a, &items[i].key, items[i].hash);
		}
	}
}

static void flow_attend(struct relay *r, struct flow *f)
{
	for (int s = 0; s < SIDES; s++) {
		if ((f->ep[s].flags & EP_INSPECT) != 0 && f->state == FLOW_EST)
			inspect(r, f, (enum side)s);
	}
	/* a direction that was closed here ends at another number than its source's: no constant shift */
	if ((f->flags & FLOW_BYPASS) != 0 && f->mode == MODE_RELAY && f->state == FLOW_EST &&
			((f->ep[0].flags | f->ep[1].flags) & EP_CLOSED) == 0)
		drain_begin(r, f);
	for (int s = 0; s < SIDES; s++) {
		if (f->retry_at_ms == 0)
			send_pump(r, f, (enum side)s);
	}
	flow_settle(r, f);
	for (int s = 0; s < SIDES; s++) {
		if (f->ep[s].rx.ack_due == ACK_NOW && f->retry_at_ms == 0)
			send_ack(r, f, (enum side)s);
	}
	flow_rearm(r, f);
}

static void dirty_attend(struct relay *r)
{
	uint32_t i = r->dirty_head;

	/* what becomes dirty meanwhile waits for the next poll: nobody is starved */
	r->dirty_head = r->dirty_tail = FLOW_NONE;
	while (i != FLOW_NONE) {
		struct flow *f = &r->flows[i];

		i = f->dirty_next;
		f->flags &= (uint8_t)~FLOW_DIRTY;
		if (f->state != FLOW_FREE)
			flow_attend(r, f);
	}
}

void relay_poll(struct relay *r, uint64_t now_us)
{
	uint32_t i;

	now_set(r, now_us);
	while ((i = wheel_expire(&r->wheel, r->now_ms)) != WHEEL_NONE)
		flow_timer(r, &r->flows[i]);
	if (frag_next_us(r->frags) <= now_us)
		r->counters.drop[DROP_FRAG_TIMEOUT] += frag_expire(r->frags, now_us);
	pressure_relieve(r);
	dirty_attend(r);
}

uint64_t relay_next_us(const struct relay *r)
{
	const uint32_t in_ms = wheel_next_in_ms(&r->wheel);
	const uint64_t frag = frag_next_us(r->frags);
	uint64_t wheel;

	if (r->dirty_head != FLOW_NONE)
		return r->now_us;
	if (in_ms == UINT32_MAX)
		return frag;
	wheel = (r->now_us / 1000 + (int32_t)(r->wheel.now_ms + in_ms - r->now_ms)) * 1000;
	return wheel < frag ? wheel : frag;
}

static struct flow *flow_by_id(struct relay *r, uint32_t index, uint32_t gen)
{
	struct flow *f;

	if (index >= r->conf.max_flows)
		return NULL;
	f = &r->flows[index];
	return f->state != FLOW_FREE && f->gen == gen && f->end_reason == END_NONE ? f : NULL;
}

int relay_resume(struct relay *r, uint32_t index, uint32_t gen, uint64_t now_us)
{
	struct flow *f = flow_by_id(r, index, gen);

	now_set(r, now_us);
	if (f == NULL)
		return -ESTALE;
	for (int s = 0; s < SIDES; s++) {
		if ((f->ep[s].flags & EP_HELD) != 0)
			stream_resume(r, f, (enum side)s);
	}
	return 0;
}

int relay_kill(struct relay *r, uint32_t index, uint32_t gen, enum end_reason why, uint64_t now_us)
{
	struct flow *f = flow_by_id(r, index, gen);

	now_set(r, now_us);
	if (f == NULL)
		return -ESTALE;
	flow_abort(r, f, why);
	return 0;
}

const struct counters *relay_counters(const struct relay *r)
{
	return &r->counters;
}

void relay_gauges(const struct relay *r, struct relay_gauges *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->flows = r->n_flows;
	memcpy(ret->flows_by_mode, r->n_by_mode, sizeof(ret->flows_by_mode));
	ret->embryonic = r->half_open.n;
	ret->time_wait = r->closed.n;
	ret->held = r->n_held;
	ret->segs_used = r->segs_used;
	ret->retained_bytes = r->retained;
	ret->retain_limit_bytes = r->conf.retain_bytes;
	ret->pressure = (uint8_t)r->pressure;
	ret->flow_bytes = sizeof(struct flow) + sizeof(struct flow_counts) +
			sizeof(struct wheel_node) +
			(uint32_t)((uint64_t)r->table.n_buckets * sizeof(struct table_bucket) /
					r->conf.max_flows);
}
