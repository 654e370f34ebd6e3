/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/pg/body_priv.h"

#include <string.h>

/* Mechanism names end in an empty one, which is the message's last byte. */
static bool is_mechanisms(struct span *list)
{
	struct reader r = rd_span(*list);
	struct span name;

	if (list->len < 2 || list->ptr[list->len - 1] != 0)
		return false;
	r.in.len--;
	while (pg_next_string(&r, &name) && name.len > 0)
		;
	if (!rd_is_done(&r))
		return false;
	list->len--;
	return true;
}

int pg_read_authentication(struct span body, struct pg_authentication *ret)
{
	struct reader r = rd_span(body);
	struct pg_authentication a = { .code = rd_be32(&r), .data = rd_take(&r, rd_left(&r)) };
	bool ok = !r.bad;

	switch (a.code) {
	case PG_AUTH_OK:
	case PG_AUTH_KERBEROS_V5:
	case PG_AUTH_CLEARTEXT:
	case PG_AUTH_GSS:
	case PG_AUTH_SSPI:
		ok = ok && a.data.len == 0;
		break;
	case PG_AUTH_MD5:
		ok = ok && a.data.len == 4;
		break;
	case PG_AUTH_SASL:
		ok = ok && is_mechanisms(&a.data);
		break;
	case PG_AUTH_GSS_CONTINUE:
	case PG_AUTH_SASL_CONTINUE:
	case PG_AUTH_SASL_FINAL:
		break;
	default:
		ok = false;
	}
	if (!ok)
		return -EBADMSG;
	*ret = a;
	return 0;
}

int pg_read_parameter(struct span body, struct pg_parameter *ret)
{
	struct reader r = rd_span(body);
	struct pg_parameter p;

	if (!pg_next_param(&r, &p) || !rd_is_done(&r))
		return -EBADMSG;
	*ret = p;
	return 0;
}

int pg_read_negotiate(struct span body, struct pg_negotiate *ret)
{
	struct reader r = rd_span(body);
	struct pg_negotiate n = { .version = rd_be32(&r), .n_options = rd_be32(&r) };
	struct span name;
	uint32_t count = 0;

	n.options = rd_take(&r, rd_left(&r));
	if (r.bad)
		return -EBADMSG;
	r = rd_span(n.options);
	while (pg_next_string(&r, &name))
		count++;
	/* The documentation says the minor version, servers write the whole number. */
	if (n.version <= UINT16_MAX)
		n.version |= (uint32_t)PG_PROTOCOL_3_0;
	if (!rd_is_done(&r) || count != n.n_options || n.version >> 16 != 3)
		return -EBADMSG;
	*ret = n;
	return 0;
}

int pg_read_ready(struct span body, char *ret_status)
{
	if (body.len != 1 || body.ptr[0] == 0 || strchr("ITE", body.ptr[0]) == NULL)
		return -EBADMSG;
	*ret_status = (char)body.ptr[0];
	return 0;
}

bool pg_next_column(struct reader *r, struct pg_column *ret)
{
	if (r->bad || rd_left(r) == 0)
		return false;
	ret->name = rd_cstr(r);
	ret->table_oid = rd_be32(r);
	ret->attnum = (int16_t)rd_be16(r);
	ret->type_oid = rd_be32(r);
	ret->type_len = (int16_t)rd_be16(r);
	ret->type_mod = (int32_t)rd_be32(r);
	ret->format = rd_be16(r);
	if (ret->format > PG_BINARY)
		r->bad = true;
	return !r->bad;
}

int pg_read_columns(struct span body, struct pg_list *ret)
{
	struct reader r = rd_span(body);
	struct pg_list l = { .n = rd_be16(&r) };
	struct pg_column c;

	l.items = rd_take(&r, rd_left(&r));
	if (r.bad)
		return -EBADMSG;
	r = rd_span(l.items);
	for (uint16_t i = 0; i < l.n; i++) {
		if (!pg_next_column(&r, &c))
			return -EBADMSG;
	}
	if (!rd_is_done(&r))
		return -EBADMSG;
	*ret = l;
	return 0;
}

int pg_read_row(struct span body, struct pg_list *ret)
{
	struct reader r = rd_span(body);
	struct pg_list l = { .n = rd_be16(&r) };

	l.items = pg_take_values(&r, l.n);
	if (!rd_is_done(&r))
		return -EBADMSG;
	*ret = l;
	return 0;
}

int pg_read_oids(struct span body, struct pg_list *ret)
{
	struct reader r = rd_span(body);
	struct pg_list l = { .n = rd_be16(&r) };

	l.items = rd_take(&r, (size_t)l.n * 4);
	if (!rd_is_done(&r))
		return -EBADMSG;
	*ret = l;
	return 0;
}

int pg_read_copy(struct span body, struct pg_copy *ret)
{
	struct reader r = rd_span(body);
	struct pg_copy c = { .format = rd_u8(&r) };

	c.columns = pg_take_formats(&r);
	if (!rd_is_done(&r) || c.format > PG_BINARY)
		return -EBADMSG;
	*ret = c;
	return 0;
}

int pg_read_function_result(struct span body, struct pg_value *ret)
{
	struct reader r = rd_span(body);
	struct pg_value v;

	if (!pg_next_value(&r, &v) || !rd_is_done(&r))
		return -EBADMSG;
	*ret = v;
	return 0;
}

int pg_read_notification(struct span body, struct pg_notification *ret)
{
	struct reader r = rd_span(body);
	struct pg_notification n = { .pid = rd_be32(&r) };

	n.channel = rd_cstr(&r);
	n.payload = rd_cstr(&r);
	if (!rd_is_done(&r))
		return -EBADMSG;
	*ret = n;
	return 0;
}

/* False at the end byte too, which is then taken. */
bool pg_next_field(struct reader *r, struct pg_field *ret)
{
	if (r->bad || rd_left(r) == 0)
		return false;
	ret->code = (char)rd_u8(r);
	if (ret->code == 0)
		return false;
	ret->text = rd_cstr(r);
	return !r->bad;
}

static bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

int pg_read_report(struct span body, bool whole, struct pg_report *ret)
{
	struct reader r = rd_span(body);
	struct pg_report p = { 0 };
	struct pg_field f = { .code = -1 };

	while (pg_next_field(&r, &f)) {
		if (f.code == 'V' || (f.code == 'S' && p.severity.ptr == NULL))
			p.severity = f.text;
		else if (f.code == 'C')
			p.sqlstate = f.text;
		else if (f.code == 'M')
			p.message = f.text;
	}
	if (whole ? f.code != 0 || !rd_is_done(&r) : p.severity.ptr == NULL)
		return -EBADMSG;
	p.is_fatal = span_is(p.severity, "FATAL") || span_is(p.severity, "PANIC");
	*ret = p;
	return 0;
}
