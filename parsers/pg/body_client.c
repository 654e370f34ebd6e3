/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/pg/body_priv.h"

/* The parameters end in an empty name, which is the packet's last byte. */
int pg_read_startup(struct span body, struct pg_startup *ret)
{
	struct reader r = rd_span(body);
	struct pg_startup s = { .version = rd_be32(&r) };
	struct pg_parameter p = { 0 };
	size_t start;

	s.params = rd_take(&r, rd_left(&r) > 0 ? rd_left(&r) - 1 : 0);
	if (rd_u8(&r) != 0 || !rd_is_done(&r))
		return -EBADMSG;
	r = rd_span(s.params);
	do {
		start = r.at;
	} while (pg_next_param(&r, &p) && p.name.len > 0);
	if (r.bad || start != s.params.len)
		return -EBADMSG;
	*ret = s;
	return 0;
}

static int read_key(struct span body, struct pg_cancel *ret)
{
	struct reader r = rd_span(body);
	const struct pg_cancel c = { .pid = rd_be32(&r), .key = rd_take(&r, rd_left(&r)) };

	if (r.bad || c.key.len < PG_KEY_MIN || c.key.len > PG_KEY_MAX)
		return -EBADMSG;
	*ret = c;
	return 0;
}

int pg_read_cancel(struct span body, struct pg_cancel *ret)
{
	if (body.len < 4 || load_be32(body.ptr) != PG_CODE_CANCEL)
		return -EBADMSG;
	return read_key((struct span){ body.ptr + 4, body.len - 4 }, ret);
}

int pg_read_key(struct span body, struct pg_cancel *ret)
{
	return read_key(body, ret);
}

int pg_read_parse(struct span body, struct pg_parse *ret)
{
	struct reader r = rd_span(body);
	struct pg_parse p = { .name = rd_cstr(&r), .text = { NULL, 0 } };

	p.text = rd_cstr(&r);
	p.n_types = rd_be16(&r);
	p.types = rd_take(&r, (size_t)p.n_types * 4);
	if (!rd_is_done(&r))
		return -EBADMSG;
	*ret = p;
	return 0;
}

/* As many formats as values, or none, or one: the server refuses all else, and so a reader that
 * believed it would take a value for another than the server does. */
static bool is_count(const struct pg_formats *f, uint16_t n_values)
{
	return f->n <= 1 || f->n == n_values;
}

int pg_read_bind(struct span body, struct pg_bind *ret)
{
	struct reader r = rd_span(body);
	struct pg_bind b = { .portal = rd_cstr(&r), .statement = { NULL, 0 } };

	b.statement = rd_cstr(&r);
	b.formats = pg_take_formats(&r);
	b.n_values = rd_be16(&r);
	b.values = pg_take_values(&r, b.n_values);
	b.result_formats = pg_take_formats(&r);
	if (!rd_is_done(&r) || !is_count(&b.formats, b.n_values))
		return -EBADMSG;
	*ret = b;
	return 0;
}

int pg_read_target(struct span body, struct pg_target *ret)
{
	struct reader r = rd_span(body);
	struct pg_target t = { .what = (char)rd_u8(&r), .name = { NULL, 0 } };

	t.name = rd_cstr(&r);
	if (!rd_is_done(&r) || (t.what != 'S' && t.what != 'P'))
		return -EBADMSG;
	*ret = t;
	return 0;
}

/* A negative number of rows means all, as the server has it. */
int pg_read_execute(struct span body, struct pg_execute *ret)
{
	struct reader r = rd_span(body);
	struct pg_execute e = { .portal = rd_cstr(&r), .max_rows = 0 };

	e.max_rows = rd_be32(&r);
	if (e.max_rows > INT32_MAX)
		e.max_rows = 0;
	if (!rd_is_done(&r))
		return -EBADMSG;
	*ret = e;
	return 0;
}

int pg_read_function_call(struct span body, struct pg_function_call *ret)
{
	struct reader r = rd_span(body);
	struct pg_function_call f = { .oid = rd_be32(&r) };

	f.formats = pg_take_formats(&r);
	f.n_values = rd_be16(&r);
	f.values = pg_take_values(&r, f.n_values);
	f.result_format = rd_be16(&r);
	if (!rd_is_done(&r) || !is_count(&f.formats, f.n_values) || f.result_format > PG_BINARY)
		return -EBADMSG;
	*ret = f;
	return 0;
}

int pg_read_sasl_initial(struct span body, struct pg_sasl_initial *ret)
{
	struct reader r = rd_span(body);
	struct pg_sasl_initial s = { .mechanism = rd_cstr(&r), .data = { NULL, 0 } };
	struct pg_value v;

	if (!pg_next_value(&r, &v) || !rd_is_done(&r))
		return -EBADMSG;
	s.data = v.bytes;
	s.has_data = !v.is_null;
	*ret = s;
	return 0;
}
