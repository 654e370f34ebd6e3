/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/pg/edit.h"

#include "parsers/base/must.h"

#include <errno.h>

void pg_edits_begin(struct pg_edits *e, const struct codec_msg *msg, struct codec_edit *edits,
		size_t max, struct outbuf scratch)
{
	must(max >= 1 && (msg->flags & CODEC_F_PART) == 0 && msg->wire.len >= 5);
	*e = (struct pg_edits){
		.wire = msg->wire, .edits = edits, .n = 1, .max = max, .scratch = scratch
	};
}

static size_t end_of_last(const struct pg_edits *e)
{
	const struct codec_edit *last = &e->edits[e->n - 1];

	return e->n == 1 ? 5 : (size_t)last->at + last->del;
}

/* Where <was> lies; bad when it is not behind the last edit and inside the body. */
static size_t place(struct pg_edits *e, struct span was, size_t before)
{
	const uintptr_t wire = (uintptr_t)e->wire.ptr, at = (uintptr_t)was.ptr;

	if (at < wire || at - wire > e->wire.len || was.len > e->wire.len - (at - wire) ||
			at - wire < end_of_last(e) + before)
		e->bad = true;
	return e->bad ? 0 : at - wire;
}

static void add(struct pg_edits *e, size_t at, size_t del, struct span put)
{
	if (e->bad)
		return;
	if (e->n < e->max) {
		e->edits[e->n] = (struct codec_edit){
			.at = (uint32_t)at, .del = (uint32_t)del, .put = put
		};
		e->growth += (int64_t)put.len - (int64_t)del;
	}
	e->n++;
	if (e->n > e->max) {
		e->bad = true;
		e->scratch.full = true;
	}
}

static struct span new_length(struct pg_edits *e, uint32_t len)
{
	const uint8_t *p = e->scratch.ptr + e->scratch.len;

	ob_be32(&e->scratch, len);
	if (e->scratch.full)
		e->bad = true;
	return (struct span){ p, e->scratch.full ? 0 : 4 };
}

void pg_edit_value(struct pg_edits *e, struct span was, struct span put)
{
	const size_t at = place(e, was, 4);

	if (e->bad)
		return;
	add(e, at - 4, 4, new_length(e, (uint32_t)put.len));
	add(e, at, was.len, put);
}

void pg_edit_null(struct pg_edits *e, struct span was)
{
	const size_t at = place(e, was, 4);

	if (!e->bad)
		add(e, at - 4, 4 + was.len, new_length(e, UINT32_MAX));
}

void pg_edit_bytes(struct pg_edits *e, struct span was, struct span put)
{
	const size_t at = place(e, was, 0);

	if (!e->bad)
		add(e, at, was.len, put);
}

int pg_edits_end(struct pg_edits *e)
{
	const int64_t len = (int64_t)e->wire.len - 1 + e->growth;
	struct span put;

	if (!e->bad && e->n == 1)
		return 0;
	if (!e->bad && len > 0x3fffffff)
		return -EMSGSIZE;
	put = new_length(e, (uint32_t)len);
	if (e->scratch.full)
		return -ENOBUFS;
	if (e->bad)
		return -EINVAL;
	e->edits[0] = (struct codec_edit){ .at = 1, .del = 4, .put = put };
	return (int)e->n;
}
