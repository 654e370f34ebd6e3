/* SPDX-License-Identifier: Apache-2.0
 * Rows that are longer than the limit. */
#include "parsers/pg/body_priv.h"

#include <string.h>

void pg_walk_begin(struct pg_walk *w, struct reader *r)
{
	*w = (struct pg_walk){ .n_columns = rd_be16(r) };
}

bool pg_walk_is_done(const struct pg_walk *w)
{
	return w->column == w->n_columns && w->n_head == 0;
}

/* A value's length may lie in two slices. True when it is there. */
static bool take_head(struct pg_walk *w, struct reader *r)
{
	const size_t want = sizeof(w->head) - w->n_head;
	const struct span s = rd_take(r, want < rd_left(r) ? want : rd_left(r));

	if (want == 0)
		return true;
	memcpy(w->head + w->n_head, s.ptr, s.len);
	w->n_head = (uint8_t)(w->n_head + s.len);
	if (w->n_head < sizeof(w->head))
		return false;
	w->len = w->left = load_be32(w->head);
	if (w->len > INT32_MAX && w->len != UINT32_MAX)
		r->bad = true;
	return !r->bad;
}

static void end_value(struct pg_walk *w)
{
	w->column++;
	w->n_head = 0;
}

bool pg_walk_next(struct pg_walk *w, struct reader *r, struct pg_piece *ret)
{
	if (r->bad || w->column == w->n_columns) {
		r->bad = r->bad || rd_left(r) > 0;
		return false;
	}
	if (!take_head(w, r))
		return false;
	*ret = (struct pg_piece){ .column = w->column, .is_null = w->len == UINT32_MAX };
	if (ret->is_null) {
		ret->bytes = rd_take(r, 0);
		end_value(w);
		return true;
	}
	if (w->left > 0 && rd_left(r) == 0)
		return false;
	ret->len = w->len;
	ret->off = w->len - w->left;
	ret->bytes = rd_take(r, w->left < rd_left(r) ? w->left : rd_left(r));
	w->left -= (uint32_t)ret->bytes.len;
	if (w->left == 0)
		end_value(w);
	return true;
}
