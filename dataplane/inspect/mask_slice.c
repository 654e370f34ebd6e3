/* SPDX-License-Identifier: Apache-2.0
 * Rows that no buffer holds. Their values cannot change in length: what must not be seen is overwritten, and
 * of what came in several pieces nobody knows whether it must not, so that is overwritten, too. */
#include "dataplane/inspect/mask_priv.h"

#include <errno.h>
#include <string.h>

static bool is_whole(const struct pg_piece *p)
{
	return p->off == 0 && p->bytes.len == p->len;
}

/* Does a pattern find anything in it? */
static bool is_found(struct mask_task *j, const struct mask_column *c, const struct pg_piece *p)
{
	gather_begin(j->m);
	gather_value(j, c, p->column, p->bytes);
	gather_end(j);
	for (uint32_t i = 0; i < j->m->n_found; i++) {
		if (j->m->found[i].pattern == MASK_UNKNOWN ||
				mask_rule_of(j, c, j->m->found[i].pattern) != NULL)
			return true;
	}
	return j->m->is_broken;
}

static int piece_fill(struct mask_task *j, const struct mask_column *c, const struct pg_piece *p)
{
	const struct mask_slice slice = { .type = c->kind == MASK_T_OPAQUE ? OID_TEXT : c->type,
		.format = c->format,
		.from = p->off,
		.total = p->len,
		.bytes = j->m->out.ptr + (p->bytes.ptr - j->msg->wire.ptr),
		.len = p->bytes.len };

	if (c->kind == MASK_T_OPAQUE && c->format == PG_BINARY)
		return -ENOTSUP;
	return mask_fill(&j->m->masker, &slice);
}

/* 0: left; 1: overwritten; negative: it can be neither. */
static int piece_mask(struct mask_task *j, const struct mask_column *c, const struct pg_piece *p)
{
	int rc;

	if (p->is_null || p->bytes.len == 0 || c->what == MASK_COLUMN_PASS)
		return 0;
	if (c->what == MASK_COLUMN_SCAN && is_whole(p) && !is_found(j, c, p))
		return 0;
	rc = piece_fill(j, c, p);
	return rc < 0 ? rc : 1;
}

enum masked mask_slice(struct mask_task *j)
{
	struct pg_walk *w = &j->s->masks.walk;
	struct reader r = rd_of(j->msg->body.ptr, j->msg->body.len);
	struct masking *m = j->m;
	bool is_changed = false;
	struct pg_piece p;
	int rc;

	if (!mask_plan_get(j))
		return MASKED_NOT;
	if ((j->msg->flags & CODEC_F_FIRST) != 0)
		pg_walk_begin(w, &r);
	m->out = ob_of(m->out.ptr, m->out.cap);
	ob_put(&m->out, j->msg->wire.ptr, j->msg->wire.len);
	if (m->out.full || w->n_columns != m->plan.n)
		return MASKED_NOT;
	while (pg_walk_next(w, &r, &p)) {
		if (p.column >= m->plan.n)
			return MASKED_NOT;
		rc = piece_mask(j, &m->plan.column[p.column], &p);
		if (rc < 0)
			return MASKED_NOT;
		is_changed |= rc > 0;
	}
	if (r.bad || ((j->msg->flags & CODEC_F_LAST) != 0 && !pg_walk_is_done(w)))
		return MASKED_NOT;
	return is_changed ? MASKED_CHANGED : MASKED_CLEAN;
}
