/* SPDX-License-Identifier: Apache-2.0
 * Values as texts that patterns are looked for in. Never raw wire bytes: a length next to a value would hide
 * it. Binary arrays, rows and ranges are taken apart, numbers and bytea written out. */
#include "dataplane/inspect/mask_priv.h"
#include "parsers/base/reader.h"

#include <string.h>

/* A value, or one inside it. */
struct piece {
	uint16_t column, format;
	uint32_t type, depth;
	bool numbers;
	const uint8_t *outer; /* the value's first byte */
	struct span bytes;
};

void gather_begin(struct masking *m)
{
	m->n_fields = m->n_found = 0;
	m->is_broken = false;
	m->flat.len = 0;
	m->flat.full = false;
}

static void on_found(void *ctx, const struct scan_found *f)
{
	struct masking *m = ctx;
	const struct mask_field *field = &m->fields[f->field];

	if (m->n_found == MASKING_HITS) {
		m->is_broken = true;
		return;
	}
	m->found[m->n_found++] = (struct mask_found){ .column = field->column,
		.is_whole = field->is_whole,
		.pattern = f->pattern,
		.part = field->is_whole ? MASK_WHOLE
					: (struct mask_part){ field->from + f->from,
							  field->from + f->to } };
}

void gather_end(struct mask_task *j)
{
	struct masking *m = j->m;
	const struct scan_sink sink = { on_found, m };
	struct scanner *scanner = j->rules->values[j->s->spine->conf.worker];

	if (m->n_fields > 0 && scan_fields(scanner, m->spans, m->n_fields, &sink) != 0)
		m->is_broken = true;
	m->n_fields = 0;
	m->flat.len = 0;
}

/* Nothing is known of the value: it is not as its type says. */
static void distrust(struct mask_task *j, const struct piece *p)
{
	struct masking *m = j->m;

	gather_end(j); /* what was found stands in the order of columns */
	if (m->n_found == MASKING_HITS) {
		m->is_broken = true;
		return;
	}
	m->found[m->n_found++] = (struct mask_found){
		.column = p->column, .is_whole = true, .pattern = MASK_UNKNOWN, .part = MASK_WHOLE
	};
}

static void add(struct mask_task *j, const struct piece *p, struct span text, bool is_whole)
{
	struct masking *m = j->m;

	if (text.len < SCAN_WIDTH_MIN)
		return;
	if (m->n_fields == MASKING_FIELDS)
		gather_end(j); /* texts of <flat> are scanned: there is room again */
	m->spans[m->n_fields] = text;
	m->fields[m->n_fields++] = (struct mask_field){ .column = p->column,
		.is_whole = is_whole,
		.from = is_whole ? 0 : (size_t)(text.ptr - p->outer) };
}

/* ---- what is no text */

static void flat_add(struct mask_task *j, const struct piece *p, const void *bytes, size_t n)
{
	struct outbuf *o = &j->m->flat;
	uint8_t *to;

	if (n > o->cap - o->len)
		gather_end(j);
	to = ob_room(o, n);
	if (to == NULL) {
		o->full = false;
		distrust(j, p);
		return;
	}
	memcpy(to, bytes, n);
	add(j, p, (struct span){ to, n }, true);
}

static void integer_add(struct mask_task *j, const struct piece *p, uint64_t v)
{
	uint8_t digits[20];
	struct outbuf o = ob_of(digits, sizeof(digits));

	text_decimal(v, &o);
	flat_add(j, p, digits, o.len);
}

static uint64_t magnitude(struct span be)
{
	uint64_t v = (be.ptr[0] & 0x80) != 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < be.len; i++)
		v = v << 8 | be.ptr[i];
	return (be.ptr[0] & 0x80) != 0 ? 0 - v : v;
}

/* The digits before the point (numeric_send): groups of four. Longer than any pattern's: not looked at. */
static void numeric_add(struct mask_task *j, const struct piece *p)
{
	struct reader r = rd_of(p->bytes.ptr, p->bytes.len);
	const uint16_t n = rd_be16(&r);
	const int16_t weight = (int16_t)rd_be16(&r);
	uint8_t digits[4 * 16];
	size_t len = 0;

	(void)rd_be32(&r); /* sign, scale */
	for (int i = 0; i <= weight && i < 16; i++) {
		const uint16_t group = i < n ? rd_be16(&r) : 0;

		for (uint16_t by = 1000; by > 0; by /= 10)
			digits[len++] = (uint8_t)('0' + group / by % 10);
	}
	if (r.bad) {
		distrust(j, p);
		return;
	}
	for (n > 0 ? 0 : (len = 0); len > 0 && digits[0] == '0'; len--)
		memmove(digits, digits + 1, len - 1);
	if (len > 0)
		flat_add(j, p, digits, len);
}

static int hex_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* bytea_output = hex: "\x" and two digits for each byte. */
static void bytea_add(struct mask_task *j, const struct piece *p)
{
	const struct span in = p->bytes;
	struct outbuf *o = &j->m->flat;
	const size_t n = (in.len - 2) / 2;
	uint8_t *to;

	if (in.len < 2 || in.ptr[0] != '\\' || in.ptr[1] != 'x') { /* escape: as it stands */
		add(j, p, in, true);
		return;
	}
	if (n > o->cap - o->len)
		gather_end(j);
	to = ob_room(o, n);
	if (to == NULL) {
		o->full = false;
		distrust(j, p);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const int high = hex_of(in.ptr[2 + 2 * i]), low = hex_of(in.ptr[3 + 2 * i]);

		if (high < 0 || low < 0) {
			distrust(j, p);
			return;
		}
		to[i] = (uint8_t)(high << 4 | low);
	}
	add(j, p, (struct span){ to, n }, true);
}

/* ---- what has others inside */

static void piece_add(struct mask_task *j, const struct piece *p);

static void inner_add(
		struct mask_task *j, const struct piece *outer, uint32_t type, struct reader *r)
{
	const uint32_t len = rd_be32(r);
	struct piece p = *outer;

	if (len == UINT32_MAX)
		return;
	p.type = type;
	p.depth++;
	p.bytes = rd_take(r, len);
	if (!r->bad)
		piece_add(j, &p);
}

/* Up to the end of <r>: all of one type. */
static void inners_add(
		struct mask_task *j, const struct piece *outer, uint32_t type, struct reader *r)
{
	while (!r->bad && rd_left(r) > 0)
		inner_add(j, outer, type, r);
	if (r->bad)
		distrust(j, outer);
}

static bool type_wants(uint32_t type, uint16_t format, bool numbers, uint32_t depth);

/* array_send: dimensions, flags, the elements' type, each dimension's length and lower bound. */
static void array_add(struct mask_task *j, const struct piece *p)
{
	struct reader r = rd_of(p->bytes.ptr, p->bytes.len);
	const uint32_t n_dimensions = rd_be32(&r);
	uint32_t type;

	(void)rd_be32(&r);
	type = rd_be32(&r);
	if (n_dimensions > 6)
		r.bad = true;
	else
		(void)rd_take(&r, (size_t)n_dimensions * 8);
	if (!r.bad && !type_wants(type, PG_BINARY, p->numbers, p->depth + 1))
		return;
	inners_add(j, p, type, &r);
}

/* record_send: how many, then for each its type, its length, its bytes. */
static void record_add(struct mask_task *j, const struct piece *p)
{
	struct reader r = rd_of(p->bytes.ptr, p->bytes.len);

	(void)rd_be32(&r);
	while (!r.bad && rd_left(&r) > 0) {
		const uint32_t type = rd_be32(&r);

		inner_add(j, p, type, &r);
	}
	if (r.bad)
		distrust(j, p);
}

/* range_send: flags, then the bounds that there are. */
static void range_add(struct mask_task *j, const struct piece *p, uint32_t element)
{
	struct reader r = rd_of(p->bytes.ptr, p->bytes.len);

	(void)rd_u8(&r);
	inners_add(j, p, element, &r);
}

static void multirange_add(struct mask_task *j, const struct piece *p, uint32_t range)
{
	struct reader r = rd_of(p->bytes.ptr, p->bytes.len);

	(void)rd_be32(&r);
	inners_add(j, p, range, &r);
}

/* ---- by type */

static bool is_number(enum mask_type_kind kind)
{
	return kind == MASK_T_INT4 || kind == MASK_T_INT8 || kind == MASK_T_NUMERIC ||
			kind == MASK_T_FLOAT8 || kind == MASK_T_MONEY;
}

static bool is_text(enum mask_type_kind kind)
{
	return kind == MASK_T_TEXT || kind == MASK_T_NAME || kind == MASK_T_JSON ||
			kind == MASK_T_JSONB || kind == MASK_T_XML || kind == MASK_T_BYTEA ||
			kind == MASK_T_OPAQUE || kind == MASK_T_RECORD;
}

/* Dates, booleans, identifiers, addresses and small numbers are none of what patterns describe. A float
 * has no sixteen exact digits in binary format. */
static bool type_wants(uint32_t type, uint16_t format, bool numbers, uint32_t depth)
{
	struct mask_type t;

	mask_type_of(NULL, type, &t);
	if (is_text(t.kind))
		return true;
	if (t.kind == MASK_T_ARRAY || t.kind == MASK_T_RANGE || t.kind == MASK_T_MULTIRANGE)
		return depth >= MASKING_DEPTH || type_wants(t.element, format, numbers, depth + 1);
	return numbers && is_number(t.kind) && (t.kind != MASK_T_FLOAT8 || format == PG_TEXT);
}

bool gather_wants(const struct mask_column *c)
{
	return type_wants(c->type, c->format, c->numbers, 0);
}

static void binary_add(struct mask_task *j, const struct piece *p, const struct mask_type *t)
{
	const struct span in = p->bytes;

	if (t->kind == MASK_T_ARRAY)
		array_add(j, p);
	else if (t->kind == MASK_T_RECORD)
		record_add(j, p);
	else if (t->kind == MASK_T_RANGE)
		range_add(j, p, t->element);
	else if (t->kind == MASK_T_MULTIRANGE)
		multirange_add(j, p, t->element);
	else if (t->kind == MASK_T_JSONB) /* behind its version */
		add(j, p, (struct span){ in.ptr + (in.len > 0), in.len - (in.len > 0) }, false);
	else if (is_text(t->kind))
		add(j, p, in, t->kind == MASK_T_BYTEA || t->kind == MASK_T_OPAQUE);
	else if (t->kind == MASK_T_NUMERIC)
		numeric_add(j, p);
	else if (in.len == 4 || in.len == 8)
		integer_add(j, p, magnitude(in));
	else
		distrust(j, p);
}

static void piece_add(struct mask_task *j, const struct piece *p)
{
	struct mask_type t;

	if (p->depth > MASKING_DEPTH) {
		distrust(j, p);
		return;
	}
	if (p->bytes.len == 0 || !type_wants(p->type, p->format, p->numbers, p->depth))
		return;
	mask_type_of(NULL, p->type, &t);
	if (p->format == PG_BINARY)
		binary_add(j, p, &t);
	else if (t.kind == MASK_T_BYTEA)
		bytea_add(j, p);
	else
		add(j, p, p->bytes, is_number(t.kind));
}

void gather_inside(struct mask_task *j, const struct mask_column *c, uint16_t i, struct span outer,
		struct mask_part part)
{
	const struct piece p = { .column = i,
		.format = c->format,
		.type = c->type,
		.numbers = c->numbers,
		.outer = outer.ptr,
		.bytes = { outer.ptr + part.from, part.to - part.from } };

	if (j->rules->values != NULL)
		piece_add(j, &p);
}

void gather_value(struct mask_task *j, const struct mask_column *c, uint16_t i, struct span value)
{
	gather_inside(j, c, i, value, (struct mask_part){ 0, value.len });
}
