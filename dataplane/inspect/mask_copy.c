/* SPDX-License-Identifier: Apache-2.0
 * COPY ... TO STDOUT. The server sends a row in each message; one that comes in pieces is let out by nobody. */
#include "dataplane/inspect/mask_priv.h"
#include "ruleset/mask/copy.h"

#include <string.h>
#include <strings.h>

static bool is_option(const struct sql_facts *f, const struct sql_item *item, const char *name)
{
	const struct span s = sql_facts_str(f, item->name);

	return s.len == strlen(name) && memcmp(s.ptr, name, s.len) == 0;
}

/* In any case of letters. */
static bool is_word(struct span s, const char *word)
{
	return s.len == strlen(word) && strncasecmp((const char *)s.ptr, word, s.len) == 0;
}

static bool switch_read(struct span v, bool *ret)
{
	*ret = is_word(v, "true") || is_word(v, "on") || is_word(v, "1") || is_word(v, "match");
	return *ret || is_word(v, "false") || is_word(v, "off") || is_word(v, "0");
}

/* What the options say of where values begin and end; false: not to be told. */
static bool option_take(struct mask_copy *c, const struct sql_facts *f, const struct sql_item *item)
{
	const struct span v = sql_facts_str(f, item->alias);
	uint8_t *one = NULL;

	if (is_option(f, item, "header"))
		return switch_read(v, &c->has_header);
	if (is_option(f, item, "encoding")) /* where bytes of others look like delimiters */
		return is_word(v, "utf8") || is_word(v, "utf-8");
	if (is_option(f, item, "null"))
		c->null = v;
	else if (is_option(f, item, "delimiter"))
		one = &c->delimiter;
	else if (is_option(f, item, "quote"))
		one = &c->quote;
	else if (is_option(f, item, "escape"))
		one = &c->escape;
	if (one == NULL)
		return true;
	if (v.len != 1)
		return false;
	*one = v.ptr[0];
	return true;
}

static bool copy_format(const struct sql_facts *f, const struct sql_stmt *stmt, bool is_binary,
		enum mask_copy_format *ret)
{
	*ret = is_binary ? MASK_COPY_BINARY : MASK_COPY_TEXT;
	for (uint32_t i = 0; i < stmt->n_items; i++) {
		const struct sql_item *item = sql_facts_item(f, stmt->first_item + i);

		if (item->what != SQL_I_OPTION || !is_option(f, item, "format"))
			continue;
		if (is_word(sql_facts_str(f, item->alias), "binary") != is_binary)
			return false;
		if (is_word(sql_facts_str(f, item->alias), "csv"))
			*ret = MASK_COPY_CSV;
	}
	return true;
}

/* The quote is the escape, too, unless it is said otherwise. */
static bool copy_read(const struct sql_facts *f, const struct sql_stmt *stmt, bool is_binary,
		struct mask_copy *ret)
{
	enum mask_copy_format format;
	bool has_escape = false;

	if (!copy_format(f, stmt, is_binary, &format))
		return false;
	*ret = mask_copy_default[format];
	for (uint32_t i = 0; i < stmt->n_items; i++) {
		const struct sql_item *item = sql_facts_item(f, stmt->first_item + i);

		if (item->what != SQL_I_OPTION)
			continue;
		has_escape |= is_option(f, item, "escape");
		if (!option_take(ret, f, item))
			return false;
	}
	if (!has_escape)
		ret->escape = ret->quote;
	return true;
}

/* ---- rows */

enum masked mask_copy_begin(struct mask_task *j)
{
	const struct pg_answer *a = pg_session_answer(j->s->pg);
	struct mask_note *note = note_find(j->s, a->id);
	struct pg_copy c;

	if (note == NULL || note->facts == NULL || a->i_statement >= note->facts->n_stmts ||
			pg_read_copy(j->msg->body, &c) != 0 || c.columns.n > MASKING_COLUMNS)
		return MASKED_NOT;
	if (!copy_read(note->facts, sql_facts_stmt(note->facts, a->i_statement),
			    c.format == PG_BINARY, &note->copy))
		return MASKED_NOT;
	note->copy.n_columns = c.columns.n;
	note->is_copying = true;
	note->has_head = note->copy.has_header || note->copy.format == MASK_COPY_BINARY;
	return MASKED_CLEAN;
}

/* Text and CSV are text, whatever their types are; of binary values the types are not told. */
static const struct mask_column copied = { .what = MASK_COLUMN_SCAN,
	.kind = MASK_T_TEXT,
	.type = OID_TEXT,
	.numbers = true,
	.format = PG_TEXT };
static const struct mask hidden = { .kind = MASK_REDACT }, nulled = { .kind = MASK_NULL };

/* Of several places of one field, what lies between them goes, too. */
static void place_add(struct mask_copy_column *c, const struct mask *mask, struct mask_part part)
{
	if (c->mask == NULL) {
		c->mask = mask;
		c->part = part;
	} else if (c->part.to > 0) {
		c->mask = &hidden;
		c->part.to = part.to > c->part.to ? part.to : c->part.to;
	}
}

static void places_take(struct mask_task *j, const struct mask_note *note)
{
	struct masking *m = j->m;

	for (uint32_t i = 0; i < m->n_found; i++) {
		const struct mask_found *f = &m->found[i];
		const struct model_data *rule = mask_rule_of(j, NULL, f->pattern);

		if (rule == NULL)
			continue;
		place_add(&m->copied[f->column], &rule->mask, f->part);
		if (note->copy.format == MASK_COPY_BINARY)
			m->copied[f->column] = (struct mask_copy_column){ .mask = &nulled };
	}
}

/* By the rules of their columns; made for the first row, kept for those behind it. */
static void columns_make(struct mask_task *j, const struct mask_note *note)
{
	struct mask_copying *c = &j->m->copying;
	const uint32_t i_statement = pg_session_answer(j->s->pg)->i_statement;

	if (c->slot == j->s->slot && c->gen == j->s->gen && c->answer == note->id &&
			c->i_statement == i_statement && c->rules == j->rules->serial &&
			c->catalogue == mask_catalogue_version(j))
		return;
	c->slot = j->s->slot;
	c->gen = j->s->gen;
	c->answer = note->id;
	c->i_statement = i_statement;
	c->rules = j->rules->serial;
	c->catalogue = mask_catalogue_version(j);
	for (uint16_t i = 0; i < note->copy.n_columns; i++) {
		c->mask[i] = mask_copied_by(j, note, i, note->copy.n_columns);
		if (c->mask[i] != NULL && note->copy.format == MASK_COPY_BINARY)
			c->mask[i] = &nulled; /* of what type it is nobody tells */
	}
}

/* Which columns are masked, and where. false: the row is not as the server writes one. */
static bool row_look(struct mask_task *j, const struct mask_note *note, struct span row)
{
	struct masking *m = j->m;
	struct mask_copy_field f;
	uint16_t i = 0;
	size_t at = 0;
	int rc;

	columns_make(j, note);
	gather_begin(m);
	for (i = 0; i < note->copy.n_columns; i++)
		m->copied[i] = (struct mask_copy_column){ .type = OID_TEXT,
			.mask = m->copying.mask[i] };
	for (i = 0; (rc = mask_copy_next(&note->copy, row, &at, &f)) == 1; i++) {
		if (i >= note->copy.n_columns)
			return false;
		if (!f.is_null && m->copied[i].mask == NULL)
			gather_inside(j, &copied, i, row, f.at);
	}
	gather_end(j);
	places_take(j, note);
	/* all of them, but for a binary file's end, which has none */
	return rc == 0 && !m->is_broken &&
			(i == note->copy.n_columns ||
					(i == 0 && note->copy.format == MASK_COPY_BINARY));
}

static enum masked row_mask(struct mask_task *j, const struct mask_note *note, struct span row)
{
	const size_t from = j->m->values.len;
	bool is_changed = false;

	if (!row_look(j, note, row))
		return MASKED_NOT;
	for (uint16_t i = 0; i < note->copy.n_columns; i++)
		is_changed |= j->m->copied[i].mask != NULL;
	if (!is_changed) {
		ob_put(&j->m->values, row.ptr, row.len);
		return j->m->values.full ? MASKED_NOT : MASKED_CLEAN;
	}
	if (mask_copy_row(&j->m->masker, &note->copy, j->m->copied, row, &j->m->values) != MASK_OK)
		return MASKED_NOT;
	return j->m->values.len - from == row.len &&
					memcmp(j->m->values.ptr + from, row.ptr, row.len) == 0
			? MASKED_CLEAN
			: MASKED_CHANGED;
}

/* The bytes before the first row, which may stand in a message of their own. */
static int head_take(struct mask_task *j, struct mask_note *note, struct span *left)
{
	size_t n = 0;
	int rc;

	if (!note->has_head)
		return 0;
	rc = mask_copy_head(&note->copy, *left, &n);
	if (rc < 0)
		return rc;
	note->has_head = false;
	ob_put(&j->m->values, left->ptr, n);
	*left = (struct span){ left->ptr + n, left->len - n };
	return 0;
}

enum masked mask_copied(struct mask_task *j)
{
	struct masking *m = j->m;
	struct mask_note *note = note_find(j->s, pg_session_answer(j->s->pg)->id);
	struct span left = j->msg->body;
	bool is_changed = false;
	struct pg_edits e;
	enum masked row;
	size_t n;

	if (note != NULL && note->is_copying && note->copy.n_columns == 0)
		return MASKED_CLEAN; /* nothing but ends of rows */
	if (note == NULL || !note->is_copying || head_take(j, note, &left) != 0)
		return MASKED_NOT;
	while (left.len > 0) {
		if (mask_copy_row_size(&note->copy, left, true, &n) != 0 || n == 0)
			return MASKED_NOT;
		row = row_mask(j, note, (struct span){ left.ptr, n });
		if (row == MASKED_NOT)
			return MASKED_NOT;
		is_changed |= row == MASKED_CHANGED;
		left = (struct span){ left.ptr + n, left.len - n };
	}
	if (!is_changed)
		return MASKED_CLEAN;
	pg_edits_begin(&e, j->msg, m->edits, MASKING_EDITS, ob_of(m->lengths, sizeof(m->lengths)));
	pg_edit_bytes(&e, j->msg->body, ob_span(&m->values));
	return mask_edited(j, &e);
}
