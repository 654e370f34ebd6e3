/* SPDX-License-Identifier: Apache-2.0
 * The far ends of the fake's flows, and the turns of its loop. */
#include "tests/support/stream_fake_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROUNDS_MAX = 256, /* of one poll: many more than any inspector has reason to ask for */
	START_US = 1000000,
};

struct relay *fake_new(const struct inspector *inspector, void *policy_ctx, void *owner)
{
	struct relay *r = calloc(1, sizeof(*r));

	must(r != NULL);
	r->view = calloc(1, sizeof(*r->view));
	must(r->view != NULL);
	r->inspector = inspector;
	r->policy_ctx = policy_ctx;
	r->owner = owner;
	r->now_us = START_US;
	r->seg_bytes = FAKE_SEG_MAX;
	r->burst = 1;
	return r;
}

static void flow_free(struct flow *f)
{
	flow_end(f, END_SHUTDOWN);
	for (int s = 0; s < SIDES; s++) {
		in_discard(&f->way[s]);
		free(f->way[s].out);
	}
	free(f);
}

void fake_free(struct relay **rp)
{
	struct relay *r = *rp;

	if (r == NULL)
		return;
	while (r->flows != NULL) {
		struct flow *f = r->flows;

		r->flows = f->next;
		flow_free(f);
	}
	view_end(r);
	free(r->view);
	free(r);
	*rp = NULL;
}

void fake_segments(struct relay *r, uint32_t seg_bytes, uint32_t burst)
{
	must(seg_bytes >= 1 && seg_bytes <= FAKE_SEG_MAX);
	r->seg_bytes = seg_bytes;
	r->burst = burst;
}

void fake_fault(struct relay *r, enum fake_fault what, uint32_t skip, uint32_t n)
{
	r->fault = what;
	r->fault_skip = skip;
	r->fault_n = n;
}

void fake_pressure(struct relay *r, bool is_black)
{
	r->is_black = is_black;
}

void fake_timestamps(struct relay *r, bool is_rewriting)
{
	r->is_rewriting = is_rewriting;
}

static void key_default(struct flow_key *key, uint32_t i)
{
	static const uint8_t agent[] = { 10, 77, 0, 1 }, prod[] = { 10, 77, 0, 2 };

	memset(key, 0, sizeof(*key));
	flow_key_addr(key->addr[SIDE_AGENT], agent, 4);
	flow_key_addr(key->addr[SIDE_PROD], prod, 4);
	key->port[SIDE_AGENT] = (uint16_t)(40000 + i % 20000);
	key->port[SIDE_PROD] = 5432;
}

struct flow *fake_open(struct relay *r, const struct flow_key *key, enum side initiator)
{
	struct flow *f = calloc(1, sizeof(*f));

	must(f != NULL);
	f->relay = r;
	f->index = r->n_flows++;
	f->gen = f->index + 1;
	f->initiator = initiator;
	if (key != NULL)
		f->key = *key;
	else
		key_default(&f->key, f->index);
	for (int s = 0; s < SIDES; s++)
		f->way[s].cap = f->way[s].offered = FAKE_CAP_MIN;
	if (r->last == NULL)
		r->flows = f;
	else
		r->last->next = f;
	r->last = f;
	if (r->inspector->open != NULL)
		r->inspector->open(r, f);
	view_end(r);
	(void)fake_poll(r);
	return f;
}

/* The edge is never taken back: what was offered once stays so. */
static uint32_t window(struct way *w)
{
	const uint32_t cap = w->is_held && w->cap < FAKE_HOLD_CAP ? FAKE_HOLD_CAP : w->cap;
	const size_t used = w->in_bytes + w->out_len;
	const uint32_t open = used < cap ? (uint32_t)(cap - used) : 0;

	if (open > w->offered)
		w->offered = open;
	return w->offered;
}

/* Bytes from there are nobody's any more: it was closed, denied, or has sent its FIN. */
static bool is_deaf(const struct flow *f, enum side from)
{
	const struct way *w = &f->way[from];

	return f->state != FAKE_EST || w->is_closed || w->rx != WAY_RX_OPEN;
}

static void segment(struct flow *f, enum side from, const uint8_t *bytes, uint32_t n)
{
	struct way *w = &f->way[from];
	struct in_seg *s;

	if (is_deaf(f, from))
		return;
	w->offered -= n;
	if (f->is_passing) {
		out_append(w, bytes, n);
		return;
	}
	s = malloc(sizeof(*s) + n);
	must(s != NULL);
	*s = (struct in_seg){ .len = n };
	memcpy(s->bytes, bytes, n);
	if (w->in_tail == NULL)
		w->in_head = s;
	else
		w->in_tail->next = s;
	w->in_tail = s;
	w->in_bytes += n;
	w->is_due = true;
}

size_t fake_arrive(struct flow *f, enum side from, const void *bytes, size_t n)
{
	struct way *w = &f->way[from];
	struct relay *r = f->relay;
	size_t at = 0;
	uint32_t in_burst = 0;

	view_end(r);
	while (at < n) {
		const bool is_swallowed = is_deaf(f, from);
		const uint32_t room = is_swallowed ? UINT32_MAX : window(w);
		size_t k = n - at < r->seg_bytes ? n - at : r->seg_bytes;

		if (room == 0)
			break;
		k = k < room ? k : room;
		segment(f, from, (const uint8_t *)bytes + at, (uint32_t)k);
		at += k;
		if (++in_burst == r->burst) {
			in_burst = 0;
			(void)fake_poll(r);
		}
	}
	(void)fake_poll(r);
	return at;
}

void fake_fin(struct flow *f, enum side from)
{
	struct way *w = &f->way[from];

	view_end(f->relay);
	if (w->rx != WAY_RX_OPEN)
		return;
	w->rx = WAY_RX_FIN;
	w->is_due = true;
	/* the way on is already closed: by the inspector, or by a denial */
	if (f->state == FAKE_LINGER || w->tx == WAY_TX_DONE)
		w->rx = WAY_RX_ACKED;
	if (f->is_passing && w->tx == WAY_TX_OPEN)
		w->tx = WAY_TX_FIN;
	(void)fake_poll(f->relay);
}

void fake_rst(struct flow *f, enum side from)
{
	struct way *back = way_back(f, from);

	view_end(f->relay);
	/* what came before it in this burst is still to be judged: an RST does not overtake data */
	if (f->way[from].is_due && f->state == FAKE_EST)
		inspect(f, from);
	if (f->state != FAKE_EST && f->state != FAKE_LINGER)
		return;
	flow_end(f, from == SIDE_AGENT ? END_RST_AGENT : END_RST_PROD);
	f->state = FAKE_ABORT;
	in_discard(&f->way[SIDE_AGENT]);
	in_discard(&f->way[SIDE_PROD]);
	back->out_len = 0;
	back->tx = WAY_TX_RST;
	back->seen = FAKE_RST; /* its own */
	f->way[from].tx = WAY_TX_RST;
	f->way[from].seen = FAKE_RST;
	(void)fake_poll(f->relay);
}

size_t fake_waiting(const struct flow *f, enum side to)
{
	return f->way[side_other(to)].out_len;
}

size_t fake_take(struct flow *f, enum side to, void *buf, size_t max)
{
	struct way *w = way_back(f, to);
	const size_t n = max < w->out_len ? max : w->out_len;

	view_end(f->relay);
	if (n == 0)
		return 0;
	if (buf != NULL)
		memcpy(buf, w->out, n);
	memmove(w->out, w->out + n, w->out_len - n);
	w->out_len -= n;
	(void)fake_poll(f->relay);
	return n;
}

enum fake_end fake_seen(const struct flow *f, enum side to)
{
	const struct way *w = &f->way[side_other(to)];

	return w->out_len > 0 ? FAKE_OPEN : w->seen;
}

/* A FIN has reached the other end of <w>'s direction, which acknowledges it. */
static void fin_settle(struct way *w)
{
	if (w->tx != WAY_TX_FIN || w->out_len > 0)
		return;
	w->tx = WAY_TX_DONE;
	w->seen = FAKE_FIN;
	if (w->rx == WAY_RX_FIN)
		w->rx = WAY_RX_ACKED;
}

static void flow_settle(struct flow *f)
{
	for (int s = 0; s < SIDES; s++) {
		struct way *w = &f->way[s];

		fin_settle(w);
		if (f->state == FAKE_EST && w->room_need > 0 &&
				stream_room(f->relay, f, (enum side)s) >= w->room_need) {
			w->room_need = 0;
			w->is_due = w->room_due = true;
		}
	}
	if (f->state == FAKE_EST && f->way[0].tx == WAY_TX_DONE && f->way[1].tx == WAY_TX_DONE &&
			f->way[0].rx == WAY_RX_ACKED && f->way[1].rx == WAY_RX_ACKED) {
		flow_end(f, END_FIN);
		f->state = FAKE_TIME_WAIT;
	}
}

static bool flow_attend(struct flow *f)
{
	bool was_due = false;

	for (int s = 0; s < SIDES; s++) {
		if (!f->way[s].is_due)
			continue;
		was_due = true;
		if (f->state == FAKE_EST)
			inspect(f, (enum side)s);
		else
			f->way[s].is_due = false;
	}
	passing_begin(f);
	flow_settle(f);
	return was_due || f->way[0].is_due || f->way[1].is_due;
}

bool fake_poll(struct relay *r)
{
	bool again = true;

	for (int round = 0; again && round < ROUNDS_MAX; round++) {
		again = false;
		for (struct flow *f = r->flows; f != NULL; f = f->next)
			again |= flow_attend(f);
	}
	return !again;
}

void fake_advance(struct relay *r, uint64_t us)
{
	view_end(r);
	r->now_us += us;
	for (struct flow *f = r->flows; f != NULL; f = f->next) {
		for (int s = 0; s < SIDES; s++) {
			f->way[s].is_due |= f->way[s].is_retry;
			f->way[s].is_retry = false;
		}
	}
	(void)fake_poll(r);
}

enum end_reason fake_ended(const struct flow *f)
{
	return f->end_reason;
}

uint32_t fake_n_data(const struct flow *f, enum side from)
{
	return f->way[from].n_data;
}

uint32_t fake_n_close(const struct flow *f)
{
	return f->n_close;
}

static struct flow *flow_by_id(struct relay *r, uint32_t index, uint32_t gen)
{
	for (struct flow *f = r->flows; f != NULL; f = f->next) {
		if (f->index == index && f->gen == gen && f->end_reason == END_NONE)
			return f;
	}
	return NULL;
}

/* What the relay's owner may do from outside (relay.h). */
int relay_resume(struct relay *r, uint32_t index, uint32_t gen, uint64_t now_us)
{
	struct flow *f = flow_by_id(r, index, gen);

	view_end(r);
	r->now_us = now_us;
	if (f == NULL)
		return -ESTALE;
	for (int s = 0; s < SIDES; s++) {
		if (f->way[s].is_held)
			stream_resume(r, f, (enum side)s);
	}
	return 0;
}

int relay_kill(struct relay *r, uint32_t index, uint32_t gen, enum end_reason why, uint64_t now_us)
{
	struct flow *f = flow_by_id(r, index, gen);

	view_end(r);
	r->now_us = now_us;
	if (f == NULL)
		return -ESTALE;
	flow_abort(f, why);
	return 0;
}
