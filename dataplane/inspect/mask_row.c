/* SPDX-License-Identifier: Apache-2.0
 * Rows. A row of which nothing is masked leaves as it came. */
#include "dataplane/inspect/mask_priv.h"

#include <errno.h>

/* ---- a value */

static int by_rule(struct mask_task *j, const struct mask_column *c, const struct mask *mask,
		struct span value, struct mask_part part, struct outbuf *o)
{
	const struct mask_input in = {
		.type = c->type, .format = c->format, .bytes = value, .part = part
	};

	if (c->kind == MASK_T_OPAQUE && c->format == PG_TEXT)
		return mask_text(&j->m->masker, mask, value, part, o);
	return mask_value(&j->m->masker, mask, &in, o);
}

static bool is_flat(const struct mask_column *c)
{
	return c->kind == MASK_T_TEXT || (c->kind == MASK_T_OPAQUE && c->format == PG_TEXT);
}

int mask_text_found(struct mask_task *j, const struct mask_column *c, struct span text,
		uint32_t first, uint32_t n)
{
	struct masking *m = j->m;
	uint32_t n_hits = 0;

	for (uint32_t i = first; i < first + n; i++) {
		const struct model_data *rule = mask_rule_of(j, c, m->found[i].pattern);

		if (rule != NULL)
			m->hits[n_hits++] = (struct mask_hit){ m->found[i].part, &rule->mask };
	}
	return n_hits == 0 ? -ENOENT : mask_hits(&m->masker, text, m->hits, n_hits, &m->values);
}

/* From the last place to the first: what was done behind moves nothing before. */
static int in_turn(struct mask_task *j, const struct mask_column *c, struct span value,
		uint32_t first, uint32_t n)
{
	struct masking *m = j->m;
	bool is_changed = false;
	int rc = MASK_OK;

	for (uint32_t i = first + n; i-- > first && rc == MASK_OK;) {
		const struct model_data *rule = mask_rule_of(j, c, m->found[i].pattern);
		struct outbuf *o = &m->turn[i % 2];

		if (rule == NULL)
			continue;
		*o = ob_of(o->ptr, o->cap);
		if (value.ptr == o->ptr) /* one between was left out */
			o = &m->turn[(i + 1) % 2];
		*o = ob_of(o->ptr, o->cap);
		rc = by_rule(j, c, &rule->mask, value, m->found[i].part, o);
		value = ob_span(o);
		is_changed = true;
	}
	if (!is_changed)
		return -ENOENT;
	if (rc == MASK_OK)
		ob_put(&m->values, value.ptr, value.len);
	return m->values.full ? -ENOBUFS : rc;
}

/* What the column's paths name, one after the other, then what is found in what is left. */
static int by_paths(struct mask_task *j, const struct mask_column *c, struct span value)
{
	struct masking *m = j->m;
	const uint32_t first = m->n_found;
	int rc = MASK_OK;

	for (uint16_t i = 0; i < c->n_paths && rc == MASK_OK; i++) {
		const struct mask_at *at = &m->plan.paths[c->first_path + i];
		const struct mask_input in = {
			.type = c->type, .format = c->format, .bytes = value, .path = &at->path
		};
		struct outbuf *o = &m->turn[i % 2];

		*o = ob_of(o->ptr, o->cap);
		rc = mask_value(&m->masker, at->mask, &in, o);
		value = ob_span(o);
	}
	if (rc != MASK_OK)
		return rc;
	gather_value(j, c, 0, value);
	gather_end(j);
	for (uint32_t i = first; i < m->n_found; i++)
		m->is_broken |= m->found[i].pattern == MASK_UNKNOWN;
	rc = m->is_broken ? -EIO : in_turn(j, c, value, first, m->n_found - first);
	m->n_found = first; /* those before are of other columns */
	if (rc != -ENOENT)
		return rc;
	ob_put(&m->values, value.ptr, value.len);
	return m->values.full ? -ENOBUFS : MASK_OK;
}

/* How a value is let out: MASK_OK: as what was put into m->values; -ENOENT: as it is; else as NULL. */
static int value_put(struct mask_task *j, const struct mask_column *c, struct span value,
		uint32_t first, uint32_t n)
{
	if (c->what == MASK_COLUMN_HIDE)
		return by_rule(j, c, c->mask, value, MASK_WHOLE, &j->m->values);
	if (c->what == MASK_COLUMN_PATH)
		return by_paths(j, c, value);
	for (uint32_t i = first; i < first + n; i++) {
		if (j->m->found[i].pattern == MASK_UNKNOWN)
			return -EIO;
	}
	if (j->m->is_broken)
		return -EIO;
	if (n == 0)
		return -ENOENT;
	if (is_flat(c))
		return mask_text_found(j, c, value, first, n);
	return in_turn(j, c, value, first, n);
}

static void value_edit(struct mask_task *j, struct pg_edits *e, const struct mask_column *c,
		struct span value, uint32_t first, uint32_t n)
{
	struct masking *m = j->m;
	const size_t from = m->values.len;
	const int rc = value_put(j, c, value, first, n);

	if (rc == -ENOENT)
		return;
	if (rc == MASK_OK) {
		pg_edit_value(e, value,
				(struct span){ m->values.ptr + from, m->values.len - from });
		return;
	}
	m->values.len = from;
	m->values.full = false;
	pg_edit_null(e, value);
	j->s->spine->counters.unmaskable += rc != MASK_NULLED;
}

/* ---- a row */

static void row_gather(struct mask_task *j, const struct pg_list *row)
{
	const struct mask_plan *p = &j->m->plan;
	struct reader r = rd_of(row->items.ptr, row->items.len);
	struct pg_value v;

	gather_begin(j->m);
	for (uint16_t i = 0; i < p->n && pg_next_value(&r, &v); i++) {
		if (!v.is_null && p->column[i].what == MASK_COLUMN_SCAN)
			gather_value(j, &p->column[i], i, v.bytes);
	}
	gather_end(j);
}

static bool has_work(const struct mask_task *j)
{
	if (j->m->n_found > 0 || j->m->is_broken)
		return true;
	for (uint16_t i = 0; i < j->m->plan.n; i++) {
		if (j->m->plan.column[i].what > MASK_COLUMN_SCAN)
			return true;
	}
	return false;
}

static enum masked row_edit(struct mask_task *j, const struct pg_list *row)
{
	struct masking *m = j->m;
	const struct mask_plan *p = &m->plan;
	struct reader r = rd_of(row->items.ptr, row->items.len);
	struct pg_edits e;
	struct pg_value v;
	uint32_t at = 0, n;

	pg_edits_begin(&e, j->msg, m->edits, MASKING_EDITS, ob_of(m->lengths, sizeof(m->lengths)));
	for (uint16_t i = 0; i < p->n && pg_next_value(&r, &v); i++) {
		for (n = 0; at + n < m->n_found && m->found[at + n].column == i; n++)
			;
		if (!v.is_null && p->column[i].what != MASK_COLUMN_PASS)
			value_edit(j, &e, &p->column[i], v.bytes, at, n);
		at += n;
	}
	return r.bad ? MASKED_NOT : mask_edited(j, &e);
}

enum masked mask_row(struct mask_task *j)
{
	struct pg_list row;

	if (!mask_plan_get(j))
		return MASKED_NOT;
	if (j->m->plan.is_idle)
		return MASKED_CLEAN;
	if (pg_read_row(j->msg->body, &row) != 0 || row.n != j->m->plan.n)
		return MASKED_NOT;
	row_gather(j, &row);
	return has_work(j) ? row_edit(j, &row) : MASKED_CLEAN;
}
