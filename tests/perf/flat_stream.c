/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/perf/flat_stream.h"

#include "parsers/base/must.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void flat_init(struct relay *r, void *owner, void *policy_ctx)
{
	memset(r, 0, sizeof(*r));
	r->owner = owner;
	r->policy_ctx = policy_ctx;
	for (int s = 0; s < SIDES; s++) {
		r->flow.way[s].in = calloc(1, FLAT_IN_MAX);
		r->flow.way[s].out = calloc(1, FLAT_OUT_MAX);
		must(r->flow.way[s].in != NULL && r->flow.way[s].out != NULL);
	}
}

void flat_done(struct relay *r)
{
	for (int s = 0; s < SIDES; s++) {
		free(r->flow.way[s].in);
		free(r->flow.way[s].out);
	}
}

void flat_arrive(struct relay *r, enum side from, const void *bytes, uint32_t n)
{
	struct flat_way *w = &r->flow.way[from];

	if (w->at == w->len)
		w->at = w->len = 0;
	must(n <= FLAT_IN_MAX - w->len);
	memcpy(w->in + w->len, bytes, n);
	w->len += n;
	w->is_due = true;
}

bool flat_is_due(const struct relay *r, enum side from)
{
	const struct flat_way *w = &r->flow.way[from];
	const uint32_t least = w->need > 0 ? w->need : 1;

	return !r->flow.is_over && !w->is_held &&
			(w->room_due || (w->is_due && w->len - w->at >= least));
}

static void out(struct flow *f, enum side from, const void *bytes, uint32_t n)
{
	struct flat_way *w = &f->way[from];

	w->n_out += n;
	if (!f->keeps_out)
		return;
	must(n <= FLAT_OUT_MAX - w->out_len);
	memcpy(w->out + w->out_len, bytes, n);
	w->out_len += n;
}

void *stream_policy_ctx(const struct flow *f)
{
	const struct relay *r = (const struct relay *)(const void *)f;

	return r->policy_ctx;
}

void *stream_owner(const struct relay *r)
{
	return r->owner;
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
	(void)r;
	(void)f;
	*ret_index = *ret_gen = 0;
}

const struct flow_key *stream_key(const struct flow *f)
{
	return &f->key;
}

enum side stream_initiator(const struct flow *f)
{
	(void)f;
	return SIDE_AGENT;
}

uint64_t stream_now_us(const struct relay *r)
{
	return r->now_us;
}

uint32_t stream_len(const struct flow *f, enum side from)
{
	return f->way[from].len - f->way[from].at;
}

size_t stream_view(const struct relay *r, const struct flow *f, enum side from, struct span *spans,
		size_t max)
{
	const struct flat_way *w = &f->way[from];
	size_t n = 0;

	(void)r;
	for (uint32_t at = w->at; at < w->len && n < max; at += FLAT_SEG)
		spans[n++] = (struct span){ w->in + at,
			w->len - at < FLAT_SEG ? w->len - at : FLAT_SEG };
	return n;
}

bool stream_at_end(const struct flow *f, enum side from)
{
	(void)f;
	(void)from;
	return false;
}

uint32_t stream_room(const struct relay *r, const struct flow *f, enum side from)
{
	(void)r;
	(void)f;
	(void)from;
	return 1 << 20;
}

void stream_room_need(struct relay *r, struct flow *f, enum side from, uint32_t n)
{
	(void)r;
	(void)n;
	f->way[from].room_due = true;
}

int stream_drop(struct relay *r, struct flow *f, enum side from, uint32_t n)
{
	(void)r;
	if (n > stream_len(f, from))
		return -EINVAL;
	f->way[from].at += n;
	return 0;
}

int stream_pass(struct relay *r, struct flow *f, enum side from, uint32_t n)
{
	if (n > stream_len(f, from))
		return -EINVAL;
	out(f, from, f->way[from].in + f->way[from].at, n);
	return stream_drop(r, f, from, n);
}

/* The engine copies what is put in; so does this, whoever keeps it. */
int stream_emit(struct relay *r, struct flow *f, enum side from, const void *bytes, uint32_t n)
{
	struct flat_way *w = &f->way[from];

	(void)r;
	if (!f->keeps_out) {
		must(n <= FLAT_OUT_MAX);
		memcpy(w->out, bytes, n);
	}
	out(f, from, bytes, n);
	return 0;
}

int stream_need(struct relay *r, struct flow *f, enum side from, uint32_t n)
{
	(void)r;
	f->way[from].need = n;
	return n > FLAT_IN_MAX ? -EMSGSIZE : 0;
}

void stream_hold(struct relay *r, struct flow *f, enum side from)
{
	(void)r;
	f->way[from].is_held = true;
}

void stream_resume(struct relay *r, struct flow *f, enum side from)
{
	(void)r;
	f->way[from].is_held = false;
	f->way[from].is_due = true;
}

bool stream_is_held(const struct flow *f, enum side from)
{
	return f->way[from].is_held;
}

/* No benchmark should come to one of these: it would measure nothing. */
void stream_deny(struct relay *r, struct flow *f, enum stream_deny how, const void *reply,
		uint32_t n)
{
	(void)r;
	(void)how;
	(void)reply;
	(void)n;
	f->is_over = true;
}

int stream_bypass(struct relay *r, struct flow *f)
{
	(void)r;
	(void)f;
	return -ENOTSUP;
}

void stream_close(struct relay *r, struct flow *f, enum side from)
{
	(void)r;
	(void)from;
	f->is_over = true;
}
