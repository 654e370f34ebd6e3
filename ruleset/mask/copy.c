/* SPDX-License-Identifier: Apache-2.0
 * Rows of COPY data: text, CSV and binary. A field that has no mask is copied without being looked
 * into; one that has is decoded, masked as a value in text format, and encoded again. */
#include "ruleset/mask/copy.h"

#include "ruleset/mask/mask_priv.h"

#include <errno.h>

enum {
	HEAD_BYTES = 19, /* signature, flags, length of what follows */
	TRAILER = 0xffff,
};

static const uint8_t signature[] = "PGCOPY\n\377\r\n"; /* its NUL is the eleventh byte */

const struct mask_copy mask_copy_default[3] = {
	[MASK_COPY_TEXT] = { .format = MASK_COPY_TEXT,
			.delimiter = '\t',
			.null = { (const uint8_t *)"\\N", 2 } },
	[MASK_COPY_CSV] = { .format = MASK_COPY_CSV,
			.delimiter = ',',
			.quote = '"',
			.escape = '"',
			.null = { (const uint8_t *)"", 0 } },
	[MASK_COPY_BINARY] = { .format = MASK_COPY_BINARY },
};

/* One field of a line, as it stands there. */
struct field {
	struct span raw;
	size_t at; /* of <raw> in the row */
	bool is_quoted;
};

/* To the end of what is in quotes; <*at> is behind the first one. */
static bool skip_quoted(const struct mask_copy *copy, struct span in, size_t *at)
{
	while (*at < in.len) {
		const uint8_t c = in.ptr[(*at)++], next = *at < in.len ? in.ptr[*at] : 0;

		if (c == copy->escape && *at < in.len &&
				(next == copy->quote || next == copy->escape))
			++*at;
		else if (c == copy->quote)
			return true;
	}
	return false;
}

/* Up to the delimiter or the line's end, which is not taken. False: neither came. */
static bool take_field(const struct mask_copy *copy, struct span in, size_t *at, struct field *ret)
{
	const size_t from = *at;
	bool is_quoted = false;

	while (*at < in.len && in.ptr[*at] != copy->delimiter && in.ptr[*at] != '\n' &&
			in.ptr[*at] != '\r') {
		const uint8_t c = in.ptr[(*at)++];

		if (copy->format == MASK_COPY_TEXT && c == '\\')
			++*at;
		if (copy->format != MASK_COPY_CSV || c != copy->quote)
			continue;
		is_quoted = true;
		if (!skip_quoted(copy, in, at))
			return false;
	}
	if (*at > in.len)
		return false;
	*ret = (struct field){ span_from(in, from, *at), from, is_quoted };
	return true;
}

static int line_size(const struct mask_copy *copy, struct span in, bool is_last, size_t *ret_bytes)
{
	struct field field;
	size_t at = 0;

	while (take_field(copy, in, &at, &field)) {
		uint8_t c;

		if (at == in.len && is_last)
			*ret_bytes = at;
		if (at == in.len)
			return is_last ? 0 : -EAGAIN;
		c = in.ptr[at++];
		if (c == copy->delimiter)
			continue;
		if (c == '\r' && at == in.len && !is_last)
			return -EAGAIN; /* a line feed may follow */
		if (c == '\r' && at < in.len && in.ptr[at] == '\n')
			at++;
		*ret_bytes = at;
		return 0;
	}
	return is_last ? -EBADMSG : -EAGAIN;
}

static int tuple_size(struct span in, bool is_last, size_t *ret_bytes)
{
	struct reader r = rd_of(in.ptr, in.len);
	const uint16_t n = rd_be16(&r);

	for (uint32_t i = 0; i < n && n != TRAILER && !r.bad; i++) {
		const uint32_t len = rd_be32(&r);

		rd_take(&r, len == UINT32_MAX ? 0 : len);
	}
	if (r.bad)
		return is_last ? -EBADMSG : -EAGAIN;
	*ret_bytes = r.at;
	return 0;
}

int mask_copy_row_size(
		const struct mask_copy *copy, struct span in, bool is_last, size_t *ret_bytes)
{
	if (in.len == 0)
		return is_last ? -EBADMSG : -EAGAIN;
	if (copy->format == MASK_COPY_BINARY)
		return tuple_size(in, is_last, ret_bytes);
	return line_size(copy, in, is_last, ret_bytes);
}

int mask_copy_head(const struct mask_copy *copy, struct span in, size_t *ret_bytes)
{
	struct reader r = rd_of(in.ptr, in.len);
	uint32_t flags, more;

	if (copy->format != MASK_COPY_BINARY) {
		*ret_bytes = 0;
		return copy->has_header ? line_size(copy, in, false, ret_bytes) : 0;
	}
	if (memcmp(in.len > 0 ? in.ptr : signature, signature,
			    in.len < sizeof(signature) ? in.len : sizeof(signature)) != 0)
		return -EBADMSG;
	rd_take(&r, sizeof(signature));
	flags = rd_be32(&r);
	more = rd_be32(&r);
	if (flags >> 16 > 0 && !r.bad)
		return -EBADMSG; /* something that a reader must know to go on */
	rd_take(&r, more);
	if (r.bad)
		return -EAGAIN;
	*ret_bytes = HEAD_BYTES + (size_t)more;
	return 0;
}

static uint8_t value_of(uint8_t c)
{
	if (is_digit(c))
		return (uint8_t)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (uint8_t)(c - 'a' + 10) : 0xff;
}

/* Up to <most> digits to the base of 2^<bits>. */
static uint8_t number(struct span raw, size_t *at, size_t most, uint32_t bits)
{
	uint32_t v = 0;

	for (size_t n = 0; n < most && *at < raw.len && value_of(raw.ptr[*at]) < 1U << bits; n++)
		v = v << bits | value_of(raw.ptr[(*at)++]);
	return (uint8_t)v;
}

/* CopyReadAttributesText() in copyfromparse.c. */
static void decode_text(struct span raw, struct outbuf *o)
{
	static const char from[] = "bfnrtv", to[] = "\b\f\n\r\t\v";
	size_t at = 0;

	while (at < raw.len) {
		const uint8_t c = raw.ptr[at++], next = at < raw.len ? raw.ptr[at] : 0;
		const char *letter = next != 0 ? strchr(from, next) : NULL;

		if (c != '\\' || at == raw.len) {
			ob_u8(o, c);
		} else if (next >= '0' && next <= '7') {
			ob_u8(o, number(raw, &at, 3, 3));
		} else if (next == 'x' && at + 1 < raw.len && value_of(raw.ptr[at + 1]) < 16) {
			at++;
			ob_u8(o, number(raw, &at, 2, 4));
		} else {
			ob_u8(o, letter != NULL ? (uint8_t)to[letter - from] : next);
			at++;
		}
	}
}

static void decode_csv(const struct mask_copy *copy, struct span raw, struct outbuf *o)
{
	bool is_inside = false;

	for (size_t i = 0; i < raw.len; i++) {
		const uint8_t c = raw.ptr[i], next = i + 1 < raw.len ? raw.ptr[i + 1] : 0;

		if (is_inside && c == copy->escape && i + 1 < raw.len &&
				(next == copy->quote || next == copy->escape))
			ob_u8(o, raw.ptr[++i]);
		else if (c == copy->quote)
			is_inside = !is_inside;
		else
			ob_u8(o, c);
	}
}

static void encode_text(const struct mask_copy *copy, size_t from, struct outbuf *o)
{
	const char escaped[] = { '\\', '\b', '\f', '\n', '\r', '\t', '\v', (char)copy->delimiter,
		'\0' };
	const struct mask_quoting q = {
		.specials = "", .escaped = escaped, .escape = '\\', .has_letters = true
	};

	mask_quote(o, from, &q);
}

static bool same(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* In quotes also what would be NULL or the end without them, and what was before. */
static void encode_csv(const struct mask_copy *copy, bool was_quoted, size_t from, struct outbuf *o)
{
	const struct span put = ob_since(o, from);
	const char specials[] = { (char)copy->delimiter, (char)copy->quote, '\n', '\r', '\0' };
	const char escaped[] = { (char)copy->quote, (char)copy->escape, '\0' };
	const struct mask_quoting q = { .specials = specials,
		.escaped = escaped,
		.quote = copy->quote,
		.escape = copy->escape,
		.must = was_quoted || same(put, copy->null) || span_is(put, "\\.") };

	mask_quote(o, from, &q);
}

/* What is between the quotes, if any, of a field in which nothing is escaped. */
static bool is_plain(const struct mask_copy *copy, const struct field *f, struct span *ret)
{
	*ret = f->raw;
	if (copy->format == MASK_COPY_TEXT)
		return f->raw.len == 0 || memchr(f->raw.ptr, '\\', f->raw.len) == NULL;
	if (!f->is_quoted)
		return true;
	if (f->raw.len < 2 || f->raw.ptr[0] != copy->quote ||
			f->raw.ptr[f->raw.len - 1] != copy->quote)
		return false;
	*ret = span_from(f->raw, 1, f->raw.len - 1);
	for (size_t i = 0; i < ret->len; i++) {
		if (ret->ptr[i] == copy->quote || ret->ptr[i] == copy->escape)
			return false;
	}
	return true;
}

/* The field's value masked, not yet encoded. */
static int put_decoded(struct masker *m, const struct mask_copy *copy,
		const struct mask_copy_column *column, const struct field *f, struct outbuf *o)
{
	struct mask_job job = {
		.mask = column->mask, .oid = column->type, .part = MASK_WHOLE, .path = column->path
	};
	const size_t mark = m->scratch.len;
	int rc;

	if (is_plain(copy, f, &job.in)) {
		if (column->part.to > 0)
			job.part = mask_part_inside(column->part,
					f->at + (size_t)(job.in.ptr - f->raw.ptr), job.in.len);
		return mask_job_put(m, &job, o);
	}
	if (copy->format == MASK_COPY_TEXT)
		decode_text(f->raw, &m->scratch);
	else
		decode_csv(copy, f->raw, &m->scratch);
	job.in = ob_since(&m->scratch, mark);
	rc = m->scratch.full ? -ENOBUFS : mask_job_put(m, &job, o);
	m->scratch.len = mark;
	return rc;
}

static int put_field(struct masker *m, const struct mask_copy *copy,
		const struct mask_copy_column *column, const struct field *f, struct outbuf *o)
{
	const size_t from = o->len;
	int rc;

	if (column->mask == NULL || (!f->is_quoted && same(f->raw, copy->null)) ||
			(column->part.to > 0 &&
					!mask_touches(column->part, f->at, f->at + f->raw.len))) {
		ob_span_put(o, f->raw);
		return MASK_OK;
	}
	rc = put_decoded(m, copy, column, f, o);
	if (rc == MASK_NULLED)
		ob_span_put(o, copy->null);
	else if (rc == MASK_OK && !o->full && copy->format == MASK_COPY_TEXT)
		encode_text(copy, from, o);
	else if (rc == MASK_OK && !o->full)
		encode_csv(copy, f->is_quoted, from, o);
	return rc < 0 ? rc : MASK_OK;
}

static bool is_line_end(struct span s)
{
	return s.len == 0 || span_is(s, "\n") || span_is(s, "\r\n") || span_is(s, "\r");
}

static bool is_end_mark(struct span row)
{
	while (row.len > 0 && (row.ptr[row.len - 1] == '\n' || row.ptr[row.len - 1] == '\r'))
		row.len--;
	return span_is(row, "\\.");
}

static int put_line(struct masker *m, const struct mask_copy *copy,
		const struct mask_copy_column *columns, struct span row, struct outbuf *o)
{
	struct field field;
	size_t at = 0;
	int rc;

	if (is_end_mark(row)) {
		ob_span_put(o, row);
		return MASK_OK;
	}
	for (uint16_t i = 0; i < copy->n_columns; i++) {
		if (!take_field(copy, row, &at, &field))
			return -EBADMSG;
		rc = put_field(m, copy, &columns[i], &field, o);
		if (rc != MASK_OK)
			return rc;
		if (i + 1 == copy->n_columns)
			break;
		if (at == row.len || row.ptr[at++] != copy->delimiter)
			return -EBADMSG;
		ob_u8(o, copy->delimiter);
	}
	ob_put(o, row.ptr + at, row.len - at);
	return is_line_end(span_from(row, at, row.len)) ? MASK_OK : -EBADMSG;
}

static int put_datum(struct masker *m, const struct mask_copy_column *column, struct reader *r,
		struct outbuf *o)
{
	const struct mask_job outer = { .mask = column->mask,
		.is_binary = true,
		.part = column->part.to > 0 ? column->part : MASK_WHOLE,
		.path = column->path };
	const size_t from = r->at;
	uint32_t len;

	if (column->mask != NULL)
		return mask_inner_binary(m, &outer, column->type, r, o);
	len = rd_be32(r);
	rd_take(r, len == UINT32_MAX ? 0 : len);
	ob_put(o, r->in.ptr + from, r->at - from);
	return MASK_OK;
}

static int put_tuple(struct masker *m, const struct mask_copy *copy,
		const struct mask_copy_column *columns, struct span row, struct outbuf *o)
{
	struct reader r = rd_of(row.ptr, row.len);
	const uint16_t n = rd_be16(&r);
	int rc;

	if (r.bad || (n != TRAILER && n != copy->n_columns))
		return -EBADMSG;
	ob_be16(o, n);
	for (uint16_t i = 0; i < n && n != TRAILER; i++) {
		rc = put_datum(m, &columns[i], &r, o);
		if (rc < 0)
			return rc;
	}
	return rd_is_done(&r) ? MASK_OK : -EBADMSG;
}

static int next_datum(struct span row, size_t *at, struct mask_copy_field *ret)
{
	struct reader r = rd_of(row.ptr, row.len);
	uint32_t len;

	r.at = *at < 2 ? 2 : *at;
	if (row.len < 2)
		return -EBADMSG;
	if (r.at == row.len)
		return 0;
	len = rd_be32(&r);
	ret->is_null = len == UINT32_MAX;
	ret->at.from = r.at;
	rd_take(&r, ret->is_null ? 0 : len);
	ret->at.to = r.at;
	*at = r.at;
	return r.bad ? -EBADMSG : 1;
}

int mask_copy_next(const struct mask_copy *copy, struct span row, size_t *at,
		struct mask_copy_field *ret)
{
	struct field f;

	if (copy->format == MASK_COPY_BINARY)
		return next_datum(row, at, ret);
	if (*at > row.len || is_end_mark(row))
		return 0;
	if (!take_field(copy, row, at, &f))
		return -EBADMSG;
	ret->at = (struct mask_part){ f.at, f.at + f.raw.len };
	ret->is_null = !f.is_quoted && same(f.raw, copy->null);
	if (*at < row.len && row.ptr[*at] == copy->delimiter)
		++*at;
	else if (is_line_end(span_from(row, *at, row.len)))
		*at = row.len + 1;
	else
		return -EBADMSG;
	return 1;
}

int mask_copy_row(struct masker *m, const struct mask_copy *copy,
		const struct mask_copy_column *columns, struct span row, struct outbuf *o)
{
	const size_t from = o->len;
	const int rc = copy->format == MASK_COPY_BINARY ? put_tuple(m, copy, columns, row, o)
							: put_line(m, copy, columns, row, o);

	return mask_done(m, o, from, rc);
}
