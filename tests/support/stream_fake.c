/* SPDX-License-Identifier: Apache-2.0
 * The queues, and what an inspector may do with them. Follows dataplane/tcp/stream.c, close.c and
 * xlate.c function by function; the far ends are in stream_far.c. */
#include "tests/support/stream_fake_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { VIEW_WIPE = 0xdd };

void view_end(struct relay *r)
{
	struct view *v = r->view;

	for (size_t i = 0; i < v->n; i++) {
		memset(v->blocks[i], VIEW_WIPE, v->lens[i]);
		free(v->blocks[i]);
	}
	v->n = 0;
}

static bool is_open(const struct flow *f)
{
	return f->state == FAKE_EST && !f->is_passing;
}

struct way *way_back(struct flow *f, enum side from)
{
	return &f->way[side_other(from)];
}

/* A buffer is wanted now: false when the test refuses it. */
static bool buffer_had(struct relay *r)
{
	if (r->fault_skip > 0) {
		r->fault_skip--;
		return true;
	}
	if (r->fault_n == 0)
		return true;
	if (r->fault_n != UINT32_MAX)
		r->fault_n--;
	return false;
}

void *stream_policy_ctx(const struct flow *f)
{
	return f->relay->policy_ctx;
}

void *stream_ctx(const struct flow *f)
{
	return f->ctx;
}

void stream_ctx_set(struct flow *f, void *ctx)
{
	f->ctx = ctx;
}

void stream_id(const struct relay *r, const struct flow *f, uint32_t *ret_index, uint32_t *ret_gen)
{
	must(f->relay == r);
	*ret_index = f->index;
	*ret_gen = f->gen;
}

const struct flow_key *stream_key(const struct flow *f)
{
	return &f->key;
}

enum side stream_initiator(const struct flow *f)
{
	return f->initiator;
}

uint64_t stream_now_us(const struct relay *r)
{
	return r->now_us;
}

void *stream_owner(const struct relay *r)
{
	return r->owner;
}

uint32_t stream_len(const struct flow *f, enum side from)
{
	return f->way[from].in_bytes;
}

size_t stream_view(const struct relay *r, const struct flow *f, enum side from, struct span *out,
		size_t max)
{
	struct view *v = r->view;

	must(f->relay == r);
	view_end(f->relay);
	for (const struct in_seg *s = f->way[from].in_head;
			s != NULL && v->n < max && v->n < FAKE_VIEW_MAX; s = s->next) {
		uint8_t *copy = malloc(s->len);

		must(copy != NULL);
		memcpy(copy, s->bytes + s->off, s->len);
		v->blocks[v->n] = copy;
		v->lens[v->n] = s->len;
		out[v->n++] = (struct span){ copy, s->len };
	}
	return v->n;
}

bool stream_at_end(const struct flow *f, enum side from)
{
	return f->way[from].rx != WAY_RX_OPEN;
}

uint32_t stream_room(const struct relay *r, const struct flow *f, enum side from)
{
	const struct way *w = &f->way[from];
	const size_t cap = (size_t)w->cap + FAKE_HOLD_CAP;

	if (w->tx != WAY_TX_OPEN || r->is_black)
		return 0;
	return w->out_len < cap ? (uint32_t)(cap - w->out_len) : 0;
}

void stream_room_need(struct relay *r, struct flow *f, enum side from, uint32_t n)
{
	view_end(r);
	if (is_open(f))
		f->way[from].room_need = n;
}

void out_append(struct way *w, const void *bytes, size_t n)
{
	if (w->out_len + n > w->out_size) {
		w->out_size = (w->out_len + n) * 2;
		w->out = realloc(w->out, w->out_size);
		must(w->out != NULL);
	}
	if (n > 0)
		memcpy(w->out + w->out_len, bytes, n);
	w->out_len += n;
}

/* Takes the first <n> bytes out of the in-queue; <to> NULL: to nowhere. */
static void in_take(struct way *w, uint32_t n, struct way *to)
{
	w->in_bytes -= n;
	while (n > 0) {
		struct in_seg *s = w->in_head;
		const uint32_t k = s->len < n ? s->len : n;

		if (to != NULL)
			out_append(to, s->bytes + s->off, k);
		s->off += k;
		s->len -= k;
		n -= k;
		if (s->len > 0)
			return;
		w->in_head = s->next;
		if (w->in_head == NULL)
			w->in_tail = NULL;
		free(s);
	}
}

void in_discard(struct way *w)
{
	in_take(w, w->in_bytes, NULL);
}

/* Do the first <n> bytes end inside a segment? */
static bool is_cut(const struct way *w, uint32_t n)
{
	const struct in_seg *s = w->in_head;

	for (; s != NULL && n >= s->len; s = s->next)
		n -= s->len;
	return n > 0;
}

/* The last byte before a FIN was judged, perhaps from outside data(): the FIN's turn has come. */
static void in_end_check(struct way *w)
{
	if (w->in_bytes == 0 && w->rx != WAY_RX_OPEN)
		w->is_due = true;
}

int stream_pass(struct relay *r, struct flow *f, enum side from, uint32_t n)
{
	struct way *w = &f->way[from];

	view_end(r);
	if (n > w->in_bytes)
		return -EINVAL;
	if (!is_open(f) || w->tx != WAY_TX_OPEN)
		return -EPIPE;
	if (n == 0)
		return 0;
	if (is_cut(w, n) && !buffer_had(r)) {
		w->is_retry = true; /* asked again when buffers are back */
		return -ENOBUFS;
	}
	in_take(w, n, w);
	in_end_check(w);
	return 0;
}

int stream_drop(struct relay *r, struct flow *f, enum side from, uint32_t n)
{
	struct way *w = &f->way[from];

	view_end(r);
	if (n > w->in_bytes)
		return -EINVAL;
	if (!is_open(f))
		return -EPIPE;
	if (n == 0)
		return 0;
	in_take(w, n, NULL);
	in_end_check(w);
	return 0;
}

int stream_emit(struct relay *r, struct flow *f, enum side from, const void *bytes, uint32_t n)
{
	struct way *w = &f->way[from];

	view_end(r);
	if (!is_open(f) || w->tx != WAY_TX_OPEN)
		return -EPIPE;
	if (n > stream_room(r, f, from))
		return -ENOBUFS;
	if (n > 0 && !buffer_had(r)) {
		if (r->fault == FAKE_EMIT_HALF)
			flow_abort(f, END_PRESSURE);
		return -ENOBUFS;
	}
	out_append(w, bytes, n);
	return 0;
}

int stream_need(struct relay *r, struct flow *f, enum side from, uint32_t n)
{
	struct way *w = &f->way[from];

	view_end(r);
	if (n > FAKE_CAP_MAX)
		return -EMSGSIZE;
	w->need = n;
	if (w->cap < n + FAKE_SEG_MAX)
		w->cap = n + FAKE_SEG_MAX;
	return 0;
}

void stream_hold(struct relay *r, struct flow *f, enum side from)
{
	view_end(r);
	if (is_open(f))
		f->way[from].is_held = true;
}

void stream_resume(struct relay *r, struct flow *f, enum side from)
{
	view_end(r);
	f->way[from].is_held = false;
	f->way[from].is_due = true;
}

bool stream_is_held(const struct flow *f, enum side from)
{
	return f->way[from].is_held;
}

/* Behind what is queued to the other end of <w>. */
static void fin_queue(struct way *w)
{
	if (w->tx == WAY_TX_OPEN)
		w->tx = WAY_TX_FIN;
}

static void flow_end_inspection(struct flow *f, enum end_reason why)
{
	const struct inspector *i = f->relay->inspector;

	if (f->is_closed)
		return;
	f->is_closed = true;
	f->n_close++;
	if (i->close != NULL)
		i->close(f->relay, f, why);
	view_end(f->relay);
}

void flow_end(struct flow *f, enum end_reason why)
{
	if (f->end_reason != END_NONE)
		return;
	f->end_reason = why;
	flow_end_inspection(f, why);
}

static void out_discard(struct way *w)
{
	w->out_len = 0;
}

static void flow_dead(struct flow *f, enum fake_end seen)
{
	f->state = FAKE_DEAD;
	for (int s = 0; s < SIDES; s++) {
		in_discard(&f->way[s]);
		out_discard(&f->way[s]);
		if (f->way[s].seen == FAKE_OPEN || seen == FAKE_RST)
			f->way[s].seen = seen;
	}
}

void flow_abort(struct flow *f, enum end_reason why)
{
	if (f->state == FAKE_DEAD || f->state == FAKE_TIME_WAIT)
		return;
	flow_end(f, why);
	flow_dead(f, FAKE_RST);
	for (int s = 0; s < SIDES; s++)
		f->way[s].tx = WAY_TX_RST;
}

/* <reply> and FIN to the agent, RST to the server. */
static void deny_reply(struct relay *r, struct flow *f, const void *reply, uint32_t n)
{
	struct way *to_agent = &f->way[SIDE_PROD], *to_prod = &f->way[SIDE_AGENT];

	in_discard(to_agent);
	in_discard(to_prod);
	if (n > 0 && stream_emit(r, f, SIDE_PROD, reply, n) != 0) {
		flow_abort(f, END_DENIED);
		return;
	}
	fin_queue(to_agent);
	flow_end(f, END_DENIED);
	f->state = FAKE_LINGER;
	out_discard(to_prod);
	to_prod->tx = WAY_TX_RST;
	to_prod->seen = FAKE_RST;
}

void stream_deny(struct relay *r, struct flow *f, enum stream_deny how, const void *reply,
		uint32_t n)
{
	view_end(r);
	if (!is_open(f))
		return;
	for (int s = 0; s < SIDES; s++)
		f->way[s].is_held = false;
	switch (how) {
	case STREAM_DENY_REPLY:
		deny_reply(r, f, reply, n);
		break;
	case STREAM_DENY_SILENT:
		flow_end(f, END_DENIED);
		flow_dead(f, FAKE_SILENCE);
		break;
	case STREAM_DENY_RST:
		flow_abort(f, END_DENIED);
		break;
	}
}

int stream_bypass(struct relay *r, struct flow *f)
{
	view_end(r);
	if (r->is_rewriting)
		return -ENOTSUP;
	if (!is_open(f))
		return 0;
	for (int s = 0; s < SIDES; s++) {
		f->way[s].is_held = false;
		f->way[s].need = 0;
		f->way[s].is_due = true;
	}
	f->is_bypass = true;
	return 0;
}

void stream_close(struct relay *r, struct flow *f, enum side from)
{
	struct way *w = &f->way[from];

	view_end(r);
	if (!is_open(f) || w->is_closed)
		return;
	w->is_held = false;
	w->is_closed = true;
	in_discard(w);
	fin_queue(w);
}

static void data(struct flow *f, enum side from)
{
	f->way[from].need = 0;
	f->way[from].n_data++;
	f->relay->inspector->data(f->relay, f, from);
	view_end(f->relay);
}

void inspect(struct flow *f, enum side from)
{
	struct way *w = &f->way[from];
	const bool has_room = w->room_due;

	w->is_due = false;
	if (!is_open(f) || w->is_held || w->is_closed)
		return;
	w->room_due = false;
	if (f->is_bypass) {
		(void)stream_pass(f->relay, f, from, w->in_bytes);
	} else if (w->in_bytes > 0 || w->rx != WAY_RX_OPEN || has_room) {
		if (w->in_bytes < w->need && w->rx == WAY_RX_OPEN && !has_room)
			return;
		data(f, from);
	}
	if (is_open(f) && w->rx != WAY_RX_OPEN && w->in_bytes == 0 && !w->is_held &&
			!f->relay->inspector->closes)
		fin_queue(w);
}

void passing_begin(struct flow *f)
{
	if (!f->is_bypass || !is_open(f) || f->way[0].in_bytes > 0 || f->way[1].in_bytes > 0 ||
			f->way[0].is_closed || f->way[1].is_closed)
		return;
	flow_end_inspection(f, END_NONE);
	f->is_passing = true;
}

static void pass_all_data(struct relay *r, struct flow *f, enum side from)
{
	(void)stream_pass(r, f, from, stream_len(f, from));
}

const struct inspector inspector_pass_all = {
	.name = "pass-all",
	.data = pass_all_data,
};
