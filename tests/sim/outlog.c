/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/outlog.h"

#include "tests/sim/oracle.h"

#include <stdlib.h>
#include <string.h>

void outlog_init(struct outlog *o, uint64_t key)
{
	*o = (struct outlog){ .key = key };
}

void outlog_done(struct outlog *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		free(o->run[i].bytes);
	free(o->run);
	*o = (struct outlog){ 0 };
}

static struct outrun *outlog_push(struct outlog *o)
{
	if (o->n == o->cap) {
		o->cap = o->cap * 2 + 16;
		o->run = realloc(o->run, o->cap * sizeof(*o->run));
		if (o->run == NULL)
			abort();
	}
	o->run[o->n] = (struct outrun){ .out = o->out_len, .src = o->src_len };
	return &o->run[o->n++];
}

void outlog_pass(struct outlog *o, uint64_t n)
{
	struct outrun *last = o->n > 0 ? &o->run[o->n - 1] : NULL;

	if (n == 0)
		return;
	if (last == NULL || last->bytes != NULL || last->src + last->len != o->src_len)
		last = outlog_push(o);
	last->len += n;
	o->out_len += n;
	o->src_len += n;
}

static void outlog_copy(struct outlog *o, const uint8_t *bytes, uint64_t n)
{
	struct outrun *r = outlog_push(o);

	r->bytes = malloc(n);
	if (r->bytes == NULL)
		abort();
	memcpy(r->bytes, bytes, n);
	r->len = n;
	o->out_len += n;
}

void outlog_pass_bytes(struct outlog *o, const uint8_t *bytes, uint64_t n)
{
	if (n == 0)
		return;
	outlog_copy(o, bytes, n);
	o->src_len += n;
}

void outlog_drop(struct outlog *o, uint64_t n)
{
	o->src_len += n;
}

void outlog_emit(struct outlog *o, const uint8_t *bytes, uint64_t n)
{
	if (n > 0)
		outlog_copy(o, bytes, n);
}

struct outlog_mark outlog_mark(const struct outlog *o)
{
	return (struct outlog_mark){ .out_len = o->out_len,
		.src_len = o->src_len,
		.n = o->n,
		.last_len = o->n > 0 ? o->run[o->n - 1].len : 0 };
}

void outlog_undo(struct outlog *o, const struct outlog_mark *m)
{
	for (uint32_t i = m->n; i < o->n; i++)
		free(o->run[i].bytes);
	o->n = m->n;
	if (o->n > 0)
		o->run[o->n - 1].len = m->last_len;
	o->out_len = m->out_len;
	o->src_len = m->src_len;
}

/* The run that holds output byte <off>; mostly the one found last. */
static const struct outrun *outlog_find(struct outlog *o, uint64_t off)
{
	uint32_t lo = 0, hi = o->n;

	if (o->hint < o->n && o->run[o->hint].out <= off &&
			off - o->run[o->hint].out < o->run[o->hint].len)
		return &o->run[o->hint];
	while (hi - lo > 1) {
		const uint32_t mid = (lo + hi) / 2;

		if (o->run[mid].out <= off)
			lo = mid;
		else
			hi = mid;
	}
	o->hint = lo;
	return &o->run[lo];
}

static bool outrun_matches(const struct outlog *o, const struct outrun *r, uint64_t at,
		const uint8_t *bytes, size_t n)
{
	if (r->bytes != NULL)
		return memcmp(r->bytes + at, bytes, n) == 0;
	return oracle_differs_at(o->key, r->src + at, bytes, n) == n;
}

enum outlog_rc outlog_check(struct outlog *o, uint64_t off, const uint8_t *bytes, size_t n)
{
	while (n > 0 && off < o->out_len) {
		const struct outrun *r = outlog_find(o, off);
		const uint64_t at = off - r->out;
		const size_t k = n < r->len - at ? n : r->len - at;

		if (!outrun_matches(o, r, at, bytes, k))
			return OUTLOG_DIFFERS;
		off += k;
		bytes += k;
		n -= k;
	}
	if (n == 0)
		return OUTLOG_OK;
	if (!o->open_ended || o->closed)
		return OUTLOG_UNJUDGED;
	return oracle_differs_at(o->key, o->src_len + (off - o->out_len), bytes, n) == n
			? OUTLOG_OK
			: OUTLOG_DIFFERS;
}

uint64_t outlog_out_of_src(const struct outlog *o, uint64_t src)
{
	uint64_t out = 0;

	if (src > o->src_len)
		return o->open_ended && !o->closed ? o->out_len + (src - o->src_len) : UINT64_MAX;
	if (src == o->src_len)
		return o->out_len;
	for (uint32_t i = 0; i < o->n && o->run[i].src < src; i++) {
		const struct outrun *r = &o->run[i];
		const uint64_t in = src - r->src;

		out = r->out + (r->bytes == NULL && in < r->len ? in : r->len);
	}
	return out;
}
