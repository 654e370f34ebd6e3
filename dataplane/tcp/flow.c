/* SPDX-License-Identifier: Apache-2.0
 * Life and death of a flow: slots, the table, the half-open limits, reports. */
#include "dataplane/tcp/relay_priv.h"
#include "parsers/base/must.h"

#include <string.h>

uint64_t flow_hash(const struct relay *r, const struct flow_key *key)
{
	uint64_t words[5];

	if (flow_key_is_v4(key)) {
		/* what IPv4 keys differ in; the length is hashed too, so none equals an IPv6 key's words */
		words[0] = ((uint64_t)flow_key_v4(key, SIDE_AGENT) << 32) |
				flow_key_v4(key, SIDE_PROD);
		memcpy(&words[1], key->port, 8); /* ports and tag */
		return siphash13_words(&r->hash_key, words, 2);
	}
	memcpy(words, key, sizeof(words));
	return siphash13_words(&r->hash_key, words, 5);
}

struct flow *flow_lookup(struct relay *r, const struct flow_key *key, uint64_t hash)
{
	uint32_t bucket = table_first(&r->table, hash);
	uint32_t way = 0;
	uint32_t i;

	while ((i = table_next(&r->table, hash, &bucket, &way)) != TABLE_NONE) {
		if (flow_key_equals(&r->flows[i].key, key))
			return &r->flows[i];
	}
	return NULL;
}

void flow_prefetch(const struct relay *r, uint64_t hash, enum side from)
{
	uint32_t bucket = table_first(&r->table, hash);
	uint32_t way = 0;
	const uint32_t i = table_next(&r->table, hash, &bucket, &way);
	const struct flow *f;

	if (i == TABLE_NONE)
		return;
	f = &r->flows[i];
	__builtin_prefetch(f);
	__builtin_prefetch(&f->gen, 1);
	__builtin_prefetch(&f->ep[from].rx, 1);
	__builtin_prefetch(&r->counts[i].side[from], 1);
	__builtin_prefetch(&r->counts[i].side[side_other(from)], 1);
}

void flow_list_add(struct relay *r, struct flow_list *l, struct flow *f)
{
	const uint32_t i = flow_index(r, f);

	f->list_next = FLOW_NONE;
	f->list_prev = l->tail;
	if (l->tail == FLOW_NONE)
		l->head = i;
	else
		r->flows[l->tail].list_next = i;
	l->tail = i;
	l->n++;
}

void flow_list_remove(struct relay *r, struct flow_list *l, struct flow *f)
{
	if (f->list_prev == FLOW_NONE)
		l->head = f->list_next;
	else
		r->flows[f->list_prev].list_next = f->list_next;
	if (f->list_next == FLOW_NONE)
		l->tail = f->list_prev;
	else
		r->flows[f->list_next].list_prev = f->list_prev;
	l->n--;
}

static struct source *source_of(struct relay *r, const struct flow_key *key, enum side from)
{
	uint64_t words[2];

	memcpy(words, key->addr[from], sizeof(words));
	return &r->sources[siphash13_words(&r->hash_key, words, 2) % SOURCES];
}

bool source_admits(
		struct relay *r, const struct flow_key *key, enum side from, enum drop_reason *why)
{
	struct source *s = source_of(r, key, from);

	*why = DROP_LIMIT_EMBRYONIC;
	if (s->embryonic >= r->conf.embryonic_per_source)
		return false;
	if (r->conf.syn_per_source_per_s == 0)
		return true;
	if (s->second != r->second) {
		s->second = r->second;
		s->syns = 0;
	}
	if (s->syns >= r->conf.syn_per_source_per_s)
		return false;
	s->syns++;
	return true;
}

void flow_embryonic_begin(struct relay *r, struct flow *f)
{
	struct source *s = source_of(r, &f->key, (enum side)f->initiator);

	f->flags |= FLOW_EMBRYONIC;
	s->embryonic += s->embryonic < UINT16_MAX;
	flow_list_add(r, &r->half_open, f);
}

void flow_embryonic_end(struct relay *r, struct flow *f)
{
	struct source *s = source_of(r, &f->key, (enum side)f->initiator);

	if ((f->flags & FLOW_EMBRYONIC) == 0)
		return;
	f->flags &= (uint8_t)~FLOW_EMBRYONIC;
	s->embryonic -= s->embryonic > 0;
	flow_list_remove(r, &r->half_open, f);
}

static void evict(struct relay *r, uint32_t i)
{
	struct flow *f = &r->flows[i];

	count(r, STAT_FLOWS_EVICTED, 1);
	flow_end(r, f, f->pending_end != END_NONE ? (enum end_reason)f->pending_end : END_EVICTED);
	flow_free(r, f);
}

/* Room for one more: the oldest closed flow goes first, then the oldest half-open one; never one
 * that is established (relay.md 2.2). */
static bool make_room(struct relay *r)
{
	if (r->half_open.n >= r->conf.max_flows / 4)
		evict(r, r->half_open.head);
	if (r->flow_free != FLOW_NONE)
		return true;
	if (r->closed.head != FLOW_NONE)
		evict(r, r->closed.head);
	else if (r->half_open.head != FLOW_NONE)
		evict(r, r->half_open.head);
	return r->flow_free != FLOW_NONE;
}

static void endpoint_init(struct relay *r, struct flow *f, struct endpoint *x)
{
	x->rx.in_head = x->rx.in_tail = x->rx.ooo_head = x->rx.ooo_tail = SEG_NONE;
	x->tx.sq_head = x->tx.sq_tail = x->tx.sq_unsent = SEG_NONE;
	x->rx.rcv_cap = CAP_MIN < flow_cap_max(f) ? CAP_MIN : flow_cap_max(f);
	x->rec.rto_ms = RTO_INITIAL_MS;
	x->ip_id = (uint16_t)relay_rand(r);
	x->last_rx_ms = x->last_progress_ms = r->now_ms;
}

struct flow *flow_new(struct relay *r, const struct flow_key *key, uint64_t hash,
		enum side initiator, const struct flow_policy *policy)
{
	struct flow *f;
	uint32_t i, gen, dirty_next;
	uint8_t dirty;

	if (!make_room(r))
		return NULL;
	i = r->flow_free;
	if (table_insert(&r->table, hash, i) != 0)
		return NULL;
	f = &r->flows[i];
	r->flow_free = f->free_next;
	gen = f->gen;
	dirty = f->flags & FLOW_DIRTY; /* it may still stand in the list from its life before */
	dirty_next = f->dirty_next;
	memset(f, 0, sizeof(*f));
	memset(&r->counts[i], 0, sizeof(r->counts[i]));
	f->key = *key;
	f->hash = hash;
	f->gen = gen + 1;
	f->flags = dirty;
	f->dirty_next = dirty_next;
	f->initiator = (uint8_t)initiator;
	f->policy = policy;
	f->mode = MODES;
	f->state = FLOW_SYN;
	f->start_us = r->now_us;
	f->last_ms = r->now_ms;
	f->report_at_ms = r->now_ms + REPORT_MS;
	for (int s = 0; s < SIDES; s++)
		endpoint_init(r, f, &f->ep[s]);
	r->n_flows++;
	count(r, STAT_FLOWS_OPENED, 1);
	return f;
}

void flow_mode_set(struct relay *r, struct flow *f, enum flow_mode mode)
{
	if (f->mode < MODES)
		r->n_by_mode[f->mode]--;
	f->mode = (uint8_t)mode;
	if (mode < MODES)
		r->n_by_mode[mode]++;
}

void flow_queues_release(struct relay *r, struct flow *f)
{
	for (int s = 0; s < SIDES; s++) {
		struct endpoint *x = &f->ep[s];

		seg_list_release(r, x->rx.in_head);
		seg_list_release(r, x->tx.sq_head);
		ooo_release(r, x);
		x->rx.in_head = x->rx.in_tail = SEG_NONE;
		x->tx.sq_head = x->tx.sq_tail = x->tx.sq_unsent = SEG_NONE;
		x->rx.in_bytes = x->tx.sq_bytes = x->tx.pipe = 0;
		x->rec.n_lost = x->rec.n_sacked = x->rec.n_out = 0;
		hold_end(r, f, (enum side)s);
	}
}

void flow_free(struct relay *r, struct flow *f)
{
	const uint32_t i = flow_index(r, f);

	must(f->state != FLOW_FREE);
	flow_end(r, f, f->end_reason == END_NONE ? END_HANDSHAKE : (enum end_reason)f->end_reason);
	flow_queues_release(r, f);
	flow_embryonic_end(r, f);
	if (f->state == FLOW_TIME_WAIT || f->state == FLOW_DEAD)
		flow_list_remove(r, &r->closed, f);
	flow_mode_set(r, f, MODES);
	restart_clear(r, f);
	table_remove(&r->table, f->hash, i);
	wheel_cancel(&r->wheel, i);
	f->state = FLOW_FREE;
	f->free_next = r->flow_free;
	r->flow_free = i;
	r->n_flows--;
}

static enum stat_id end_stat(enum end_reason why)
{
	switch (why) {
	case END_FIN:
		return STAT_FLOWS_CLOSED;
	case END_RST_AGENT:
	case END_RST_PROD:
		return STAT_FLOWS_RESET;
	case END_DENIED:
	case END_PRESSURE:
		return STAT_FLOWS_DENIED;
	case END_NONE:
	case END_TIMEOUT:
	case END_IDLE:
	case END_HANDSHAKE:
	case END_EVICTED:
	case END_RESTART:
	case END_SHUTDOWN:
	case END_REASONS:
		break;
	}
	return STAT_FLOWS_TIMED_OUT;
}

void flow_end_inspection(struct relay *r, struct flow *f, enum end_reason why)
{
	if ((f->flags & (FLOW_OPENED | FLOW_CLOSED)) != FLOW_OPENED)
		return;
	f->flags |= FLOW_CLOSED;
	if (f->policy->inspector->close != NULL)
		f->policy->inspector->close(r, f, why);
}

void flow_end(struct relay *r, struct flow *f, enum end_reason why)
{
	struct flow_report rep;

	if (f->end_reason != END_NONE)
		return;
	f->end_reason = (uint8_t)why;
	if (why != END_EVICTED && why != END_SHUTDOWN)
		count(r, end_stat(why), 1);
	flow_end_inspection(r, f, why);
	if (r->env.report != NULL) {
		flow_report_fill(r, f, &rep);
		r->env.report(r->env.ctx, &rep);
	}
}

static void side_report(const struct relay *r, const struct flow *f, int s, struct flow_report *rep)
{
	const struct endpoint *x = &f->ep[s];
	const struct flow_counts *c = &r->counts[flow_index(r, f)];
	const bool held = (x->flags & EP_HELD) != 0;

	rep->held[s] = held;
	rep->side[s].rx_pkts = c->side[s].rx_pkts;
	rep->side[s].rx_bytes = c->side[s].rx_bytes;
	rep->side[s].tx_bytes = c->side[s].tx_bytes;
	rep->side[s].retransmits = c->side[s].retransmits;
	rep->side[s].dup_in = c->side[s].dup_in;
	rep->side[s].ooo_in = c->side[s].ooo_in;
	rep->side[s].overlap_mismatch = c->side[s].overlap_mismatch;
	rep->side[s].cksum_drops = c->side[s].cksum_drops;
	rep->side[s].challenge_acks = c->side[s].challenge_acks;
	rep->side[s].zero_window_ms = c->side[s].zero_window_ms;
	rep->side[s].hold_ms = c->side[s].hold_ms + (held ? r->now_ms - x->held_since_ms : 0);
	rep->side[s].srtt_us = x->rec.srtt_us;
	rep->side[s].min_rtt_us = x->rec.min_rtt_us;
	rep->side[s].cwnd_bytes = x->rec.cwnd;
	rep->side[s].in_bytes = x->rx.in_bytes;
	rep->side[s].out_bytes = x->tx.sq_bytes;
	rep->side[s].ooo_segs = x->rx.ooo_n;
	rep->side[s].peak_bytes = c->side[s].peak_bytes;
	rep->side[s].delta = (int32_t)x->tx.delta;
	rep->side[s].undelivered = c->side[s].undelivered;
}

void flow_report_fill(const struct relay *r, const struct flow *f, struct flow_report *rep)
{
	memset(rep, 0, sizeof(*rep));
	rep->key = f->key;
	rep->index = flow_index(r, f);
	rep->gen = f->gen;
	rep->target = f->policy->target;
	rep->mode = f->mode;
	rep->state = f->state;
	rep->end_reason = f->end_reason;
	rep->initiator = f->initiator;
	rep->start_us = f->start_us;
	/* last_ms is the same clock, in 32 bits */
	rep->last_us = r->now_us - (uint64_t)(r->now_ms - f->last_ms) * 1000;
	if (rep->last_us < rep->start_us)
		rep->last_us = rep->start_us; /* within one millisecond */
	for (int s = 0; s < SIDES; s++)
		side_report(r, f, s, rep);
}

size_t relay_flows(const struct relay *r, uint32_t *cursor, struct flow_report *out, size_t max)
{
	size_t n = 0, seen = 0;

	while (*cursor < r->conf.max_flows && n < max && seen++ < max * 4) {
		const struct flow *f = &r->flows[(*cursor)++];

		if (f->state != FLOW_FREE)
			flow_report_fill(r, f, &out[n++]);
	}
	if (*cursor >= r->conf.max_flows)
		*cursor = UINT32_MAX;
	return n;
}
