/* SPDX-License-Identifier: Apache-2.0
 * A value in pieces, scanned in blocks at fixed offsets: that is why a split changes nothing.
 *
 * A block reaches <reach> + 4 bytes back into the one before it. An end belongs to one block: the
 * first that has two bytes behind it (SCAN_SIDE_BYTES). Its start, up to <reach> bytes before, is in
 * that block with two more bytes to its left. */
#include "ruleset/scan/scan_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct scan_stream {
	struct scan_sizes sizes;
	struct scanner *scanner; /* borrowed: from begin to the last piece */
	uint8_t *buf;            /* owned, sizes.block_bytes */
	uint32_t len, field;
	uint64_t base;              /* of buf[0] in the value */
	uint64_t settled;           /* ends up to here are done */
	struct scan_pieces pending; /* v owned; found, but the next block may change them */
};

int scan_stream_new(const struct scan_sizes *sizes, struct scan_stream **ret)
{
	struct scan_stream *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	t->sizes = *sizes;
	t->buf = malloc(sizes->block_bytes);
	t->pending.v = calloc(SCAN_PENDING, sizeof(t->pending.v[0]));
	t->pending.cap = SCAN_PENDING;
	if (t->buf == NULL || t->pending.v == NULL) {
		scan_stream_free(&t);
		return -ENOMEM;
	}
	*ret = t;
	return 0;
}

void scan_stream_free(struct scan_stream **stream)
{
	if (*stream == NULL)
		return;
	free((*stream)->buf);
	free((*stream)->pending.v);
	free(*stream);
	*stream = NULL;
}

void scan_stream_begin(struct scan_stream *t, struct scanner *scanner, uint32_t field)
{
	t->scanner = scanner;
	t->field = field;
	t->len = 0;
	t->base = 0;
	t->settled = 0;
	t->pending.n = 0;
}

/* Reports what ends at <clear> or before, keeps the rest. */
static void report(struct scan_stream *t, uint64_t clear, const struct scan_sink *sink)
{
	struct scan_pieces *pieces = &t->scanner->pieces;
	uint32_t i;

	t->pending.n = 0;
	for (i = 0; i < pieces->n && pieces->v[i].to <= clear; i++) {
		const struct scan_found found = { .from = pieces->v[i].from,
			.to = pieces->v[i].to,
			.field = t->field,
			.pattern = pieces->v[i].pattern };

		sink->found(sink->ctx, &found);
	}
	for (; i < pieces->n; i++)
		scan_pieces_add(&t->pending, &pieces->v[i]);
	pieces->n = 0;
}

static int scan_block(struct scan_stream *t, bool is_last)
{
	struct scanner *s = t->scanner;
	struct scan_slot slot;
	struct scan_text text = scan_text_one(s, t->buf, t->len, &slot);
	const struct scan_view view = { .text = { t->buf, t->len },
		.base = t->base,
		.from_min = t->base > 0 ? SCAN_SIDE_BYTES : 0,
		.to_min = (uint32_t)(t->settled - t->base) + 1,
		.to_max = is_last ? t->len : t->len - SCAN_SIDE_BYTES };
	int rc;

	memcpy(s->pieces.v, t->pending.v, t->pending.n * sizeof(t->pending.v[0]));
	s->pieces.n = t->pending.n;
	s->n_runs = 0;
	rc = scan_first_pass(s, &text);
	if (rc == 0)
		rc = scan_settle(s, &slot, &view);
	t->settled = t->base + view.to_max;
	return rc == 0 ? 0 : -EIO;
}

/* Keeps what the next block needs: the reach, and what stands beside it. */
static void slide(struct scan_stream *t)
{
	const uint32_t keep = t->sizes.reach_bytes + 2 * SCAN_SIDE_BYTES;

	memmove(t->buf, t->buf + t->len - keep, keep);
	t->base += t->len - keep;
	t->len = keep;
}

static int next_block(struct scan_stream *t, bool is_last, const struct scan_sink *sink)
{
	const int rc = scan_block(t, is_last);

	if (rc != 0) {
		t->scanner->pieces.n = 0;
		return rc;
	}
	if (is_last) {
		report(t, UINT64_MAX, sink);
		return 0;
	}
	slide(t);
	report(t, t->base + SCAN_SIDE_BYTES, sink);
	return 0;
}

int scan_stream_feed(struct scan_stream *t, struct span piece, bool is_last,
		const struct scan_sink *sink)
{
	int rc = 0;

	while (piece.len > 0 && rc == 0) {
		size_t n;

		if (t->len == t->sizes.block_bytes)
			rc = next_block(t, false, sink);
		n = t->sizes.block_bytes - t->len;
		n = n < piece.len ? n : piece.len;
		memcpy(t->buf + t->len, piece.ptr, n);
		t->len += (uint32_t)n;
		piece.ptr += n;
		piece.len -= n;
	}
	return rc == 0 && is_last && t->len > 0 ? next_block(t, true, sink) : rc;
}

uint64_t scan_stream_clear(const struct scan_stream *t)
{
	const uint64_t clear = t->base > 0 ? t->base + SCAN_SIDE_BYTES : 0;

	return t->pending.n > 0 && t->pending.v[0].from < clear ? t->pending.v[0].from : clear;
}
