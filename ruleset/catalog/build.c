/* SPDX-License-Identifier: Apache-2.0
 * Rows into a catalogue: columns that the server found are put under their rules, then views under those of what
 * they are over, again until nothing changes; then all is put in order and copied into one block. */
#include "ruleset/catalog/build.h"

#include "parsers/base/must.h"
#include "parsers/base/reader.h"
#include "ruleset/catalog/catalog_priv.h"

#include <errno.h>
#include <string.h>

enum { ALIGN = 8, PASSES_MAX = 64 };

static size_t rounded(size_t bytes)
{
	return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* Of the back. NULL: no room. */
static void *take(struct build *b, size_t n, size_t bytes)
{
	const size_t all = rounded(n * bytes);

	if (n > SIZE_MAX / 2 / bytes || all > b->back)
		return NULL;
	b->back -= all;
	memset(b->base + b->back, 0, all);
	return b->base + b->back;
}

/* Rules that name the same. */

static uint32_t next_alike(const struct policy *policy, uint32_t i, uint32_t n)
{
	const struct model_data *d = rules_at(policy, i);

	for (uint32_t k = i + 1; k < n; k++) {
		if (rules_are_alike(d, rules_at(policy, k)))
			return k;
	}
	return MODEL_NONE;
}

static int find_alike(struct build *b)
{
	const struct policy *policy = b->source->policy;

	b->n_rules = rules_count(policy);
	b->alike = take(b, b->n_rules, sizeof(*b->alike));
	if (b->alike == NULL)
		return -ENOSPC;
	for (uint32_t i = 0; i < b->n_rules; i++)
		b->alike[i] = next_alike(policy, i, b->n_rules);
	return 0;
}

/* Columns. */

static uint32_t hash_of(const struct build *b, uint32_t oid, int16_t attnum)
{
	const uint64_t x = ((uint64_t)oid << 16 | (uint16_t)attnum) * 0x9e3779b97f4a7c15ULL;

	return (uint32_t)(x >> 32) & b->heads_mask;
}

static uint32_t next_of(const struct build *b, uint32_t at, uint32_t oid, int16_t attnum)
{
	while (at != MODEL_NONE &&
			(b->entries[at].column.oid != oid ||
					b->entries[at].column.attnum != attnum))
		at = b->entries[at].next;
	return at;
}

uint32_t build_find(const struct build *b, uint32_t oid, int16_t attnum)
{
	return next_of(b, b->heads[hash_of(b, oid, attnum)], oid, attnum);
}

uint32_t build_next(const struct build *b, uint32_t at)
{
	const struct entry *e = &b->entries[at];

	return next_of(b, e->next, e->column.oid, e->column.attnum);
}

/* Both as itself and as derived: what its rule says of expressions counts, but if it lets them pass. */
static bool is_derived(const struct build *b, const struct catalog_column *c)
{
	return rules_at(b->source->policy, c->data)->derived != MODEL_DERIVED_ALLOW;
}

int build_add(struct build *b, const struct catalog_column *column)
{
	uint32_t *head = &b->heads[hash_of(b, column->oid, column->attnum)];

	for (uint32_t at = build_find(b, column->oid, column->attnum); at != MODEL_NONE;
			at = build_next(b, at)) {
		struct catalog_column *c = &b->entries[at].column;

		if (c->data != column->data)
			continue;
		if (c->is_derived != column->is_derived && c->is_derived != is_derived(b, c)) {
			c->is_derived = !c->is_derived;
			b->n_changes++;
		}
		return 0;
	}
	if (b->n == b->max)
		return -ENOSPC;
	b->entries[b->n] = (struct entry){ .column = *column, .next = *head };
	*head = b->n++;
	b->n_changes++;
	return 0;
}

/* Rows. */

static bool is_rule(const struct build *b, uint32_t i)
{
	return i < b->n_rules && rules_at(b->source->policy, i)->column != NULL;
}

/* Under rule <i>, and those that name the same. */
static int add_alike(struct build *b, struct catalog_column *c, uint32_t i)
{
	int rc = 0;

	for (; i != MODEL_NONE && rc == 0; i = b->alike[i]) {
		c->data = i;
		rc = build_add(b, c);
	}
	return rc;
}

/* A rule that lets expressions pass may not let pass values themselves: they are masked as its own. */
static int add_repeat(struct build *b, struct catalog_column *c)
{
	const struct policy *policy = b->source->policy;
	const uint32_t strictest = rules_strictest(policy);
	int rc = 0;

	for (uint32_t i = 0; i < b->n_rules && rc == 0; i++) {
		if (!is_rule(b, i) || (strictest != MODEL_NONE && i != strictest))
			continue;
		c->data = i;
		c->is_derived = is_derived(b, c);
		rc = build_add(b, c);
	}
	return rc;
}

static int add_column(struct build *b, const struct catalog_row *row)
{
	struct catalog_column c = { .oid = row->oid,
		.attnum = row->attnum,
		.copy_at = row->copy_at,
		.schema = row->schema,
		.table = row->table,
		.column = row->text };

	if (row->kind == ROW_REPEAT)
		return add_repeat(b, &c);
	if (!is_rule(b, row->other))
		return -EBADMSG;
	if (row->kind == ROW_TOAST) {
		c.data = row->other;
		c.is_derived = is_derived(b, &c);
	}
	return add_alike(b, &c, row->other);
}

static void add_output(struct build *b, const struct catalog_row *row)
{
	b->outputs[b->counts.outputs++] = (struct output){ row->oid, row->attnum, row->copy_at,
		row->schema, row->table, row->text };
}

static int add_row(struct build *b, const struct catalog_row *row)
{
	int rc = 0;

	switch (row->kind) {
	case ROW_NEWEST:
		b->newest_oid = row->oid;
		break;
	case ROW_COLUMN:
	case ROW_TOAST:
	case ROW_REPEAT:
		rc = add_column(b, row);
		break;
	case ROW_OUTPUT:
		add_output(b, row);
		break;
	case ROW_DEPENDS:
		b->depends[b->counts.depends++] =
				(struct depend){ row->oid, row->other, row->attnum };
		break;
	case ROW_VIEW:
		b->views[b->counts.views++] =
				(struct view){ .oid = row->oid, .definition = row->text };
		break;
	}
	if (row->attnum > b->max_attnum)
		b->max_attnum = row->attnum;
	return rc;
}

static int read_rows(struct build *b)
{
	struct reader r = rd_of(b->source->rows.ptr, b->source->rows.len);
	struct catalog_row row;
	int rc = 0;

	b->counts = (struct counts){ 0 };
	while (rd_left(&r) > 0 && rc == 0)
		rc = row_read(&r, &row) ? add_row(b, &row) : -EBADMSG;
	return rc;
}

static void count_row(struct counts *c, const struct catalog_row *row)
{
	c->newest += row->kind == ROW_NEWEST;
	c->outputs += row->kind == ROW_OUTPUT;
	c->depends += row->kind == ROW_DEPENDS;
	c->views += row->kind == ROW_VIEW;
	c->columns += row->kind == ROW_COLUMN || row->kind == ROW_TOAST || row->kind == ROW_REPEAT;
}

/* -EBADMSG: malformed, or not one row that tells the newest. */
static int count_rows(const struct span *rows, struct counts *ret)
{
	struct reader r = rd_of(rows->ptr, rows->len);
	struct catalog_row row;

	*ret = (struct counts){ 0 };
	while (rd_left(&r) > 0) {
		if (!row_read(&r, &row))
			return -EBADMSG;
		count_row(ret, &row);
	}
	return ret->newest == 1 ? 0 : -EBADMSG;
}

/* Views. */

static int judge_views(struct build *b)
{
	for (int pass = 0; pass < PASSES_MAX; pass++) {
		const uint32_t before = b->n_changes;
		int rc = 0;

		for (uint32_t i = 0; i < b->counts.views && rc == 0; i++)
			rc = view_judge(b, &b->views[i]);
		if (rc != 0 || b->n_changes == before)
			return rc;
	}
	return -ENOSPC;
}

/* The block that is given out: the catalogue, its columns, their names. */

struct writer {
	uint8_t *base;
	size_t at, end;
};

/* <last>: written before. */
static int write_name(struct writer *w, const struct span *last, struct span *name)
{
	if (last != NULL && last->len == name->len &&
			memcmp(last->ptr, name->ptr, name->len) == 0) {
		*name = *last;
		return 0;
	}
	if (name->len > w->end - w->at)
		return -ENOSPC;
	memcpy(w->base + w->at, name->ptr, name->len);
	name->ptr = w->base + w->at;
	w->at += name->len;
	return 0;
}

static int write_names(struct writer *w, struct catalog_column *columns, uint32_t n)
{
	int rc = 0;

	for (uint32_t i = 0; i < n && rc == 0; i++) {
		struct catalog_column *c = &columns[i], *last = i == 0 ? NULL : c - 1;

		rc = write_name(w, last == NULL ? NULL : &last->schema, &c->schema);
		if (rc == 0)
			rc = write_name(w, last == NULL ? NULL : &last->table, &c->table);
		if (rc == 0)
			rc = write_name(w, last == NULL ? NULL : &last->column, &c->column);
	}
	return rc;
}

/* Entries become columns where they are: none is moved back. */
static int write_catalog(struct build *b, size_t len, const struct catalog **ret, size_t *ret_bytes)
{
	struct catalog *catalog = (struct catalog *)(void *)b->base;
	struct catalog_column *columns = (struct catalog_column *)(void *)(catalog + 1);
	struct writer w = { b->base, sizeof(*catalog) + b->n * sizeof(*columns), len };
	int rc;

	order_entries(b);
	for (uint32_t i = 0; i < b->n; i++) {
		const struct catalog_column c = b->entries[i].column;

		columns[i] = c;
	}
	rc = write_names(&w, columns, b->n);
	if (rc != 0)
		return rc;
	*catalog = (struct catalog){ columns, b->n, b->newest_oid };
	*ret = catalog;
	*ret_bytes = rounded(w.at);
	if (*ret_bytes > len)
		*ret_bytes = w.at;
	return 0;
}

static int take_tables(struct build *b)
{
	uint32_t n_heads = 1;

	while (n_heads < b->counts.columns + b->counts.outputs && n_heads < 1U << 20)
		n_heads *= 2;
	b->heads_mask = n_heads - 1;
	b->heads = take(b, n_heads, sizeof(*b->heads));
	b->views = take(b, b->counts.views, sizeof(*b->views));
	b->outputs = take(b, b->counts.outputs, sizeof(*b->outputs));
	b->depends = take(b, b->counts.depends, sizeof(*b->depends));
	if (b->heads == NULL || b->views == NULL || b->outputs == NULL || b->depends == NULL)
		return -ENOSPC;
	memset(b->heads, 0xff, n_heads * sizeof(*b->heads));
	return find_alike(b);
}

/* What is left in the middle: entries, and behind them what the facts of one view at a time are put in. */
static int divide(struct build *b)
{
	const size_t front = sizeof(struct catalog);
	size_t facts = 0;

	if (b->back < front)
		return -ENOSPC;
	if (b->counts.views > 0)
		facts = (b->back - front) / 2 / ALIGN * ALIGN;
	b->entries = (struct entry *)(void *)(b->base + front);
	b->max = (uint32_t)((b->back - front - facts) / sizeof(struct entry));
	b->facts = (struct sql_memory){ b->base + b->back - facts, facts };
	return 0;
}

int catalog_build(const struct catalog_source *source, struct sql_memory memory,
		const struct catalog **ret, size_t *ret_bytes)
{
	struct build b = {
		.source = source, .base = memory.ptr, .back = memory.len / ALIGN * ALIGN
	};
	int rc = count_rows(&source->rows, &b.counts);

	must((uintptr_t)memory.ptr % ALIGN == 0);
	if (rc == 0)
		rc = take_tables(&b);
	if (rc == 0)
		rc = divide(&b);
	if (rc == 0)
		rc = read_rows(&b);
	if (rc != 0)
		return rc;
	order_rows(&b);
	rc = judge_views(&b);
	return rc != 0 ? rc : write_catalog(&b, memory.len, ret, ret_bytes);
}

static struct span moved(struct span name, const void *from, uint8_t *to)
{
	return (struct span){ to + (name.ptr - (const uint8_t *)from), name.len };
}

const struct catalog *catalog_copy(const struct catalog *c, size_t bytes, void *to)
{
	struct catalog *copy = to;
	struct catalog_column *columns = (struct catalog_column *)(void *)(copy + 1);

	must((uintptr_t)to % ALIGN == 0);
	memcpy(to, c, bytes);
	copy->columns = columns;
	for (uint32_t i = 0; i < copy->n; i++) {
		columns[i].schema = moved(columns[i].schema, c, to);
		columns[i].table = moved(columns[i].table, c, to);
		columns[i].column = moved(columns[i].column, c, to);
	}
	return copy;
}
