/* SPDX-License-Identifier: Apache-2.0
 * Lists that messages of both directions have. */
#include "parsers/pg/body_priv.h"

struct pg_formats pg_take_formats(struct reader *r)
{
	struct pg_formats f = { .n = rd_be16(r) };

	f.codes = rd_take(r, (size_t)f.n * 2);
	for (size_t i = 0; i < f.codes.len; i += 2) {
		if (load_be16(f.codes.ptr + i) > PG_BINARY)
			r->bad = true;
	}
	return f;
}

struct span pg_take_values(struct reader *r, uint16_t n)
{
	const size_t start = r->at;
	struct pg_value v;

	for (uint16_t i = 0; i < n; i++) {
		if (!pg_next_value(r, &v))
			r->bad = true;
	}
	return (struct span){ r->in.ptr + start, r->at - start };
}

uint16_t pg_format_of(const struct pg_formats *f, uint16_t i)
{
	if (f->n == 0)
		return PG_TEXT;
	if (f->n == 1)
		return load_be16(f->codes.ptr);
	return i < f->n ? load_be16(f->codes.ptr + (size_t)i * 2) : PG_TEXT;
}

int pg_read_string(struct span body, struct span *ret)
{
	struct reader r = rd_span(body);
	const struct span s = rd_cstr(&r);

	if (!rd_is_done(&r))
		return -EBADMSG;
	*ret = s;
	return 0;
}

bool pg_next_string(struct reader *r, struct span *ret)
{
	if (r->bad || rd_left(r) == 0)
		return false;
	*ret = rd_cstr(r);
	return !r->bad;
}

bool pg_next_param(struct reader *r, struct pg_parameter *ret)
{
	if (r->bad || rd_left(r) == 0)
		return false;
	ret->name = rd_cstr(r);
	ret->value = rd_cstr(r);
	return !r->bad;
}
