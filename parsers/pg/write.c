/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/pg/write.h"

#include "parsers/base/must.h"
#include "parsers/base/visible.h"

#include <string.h>

/* Opens a message; <type> 0: one without a type byte. Its length is written by finish(). */
static struct outbuf start(struct outbuf *o, char type)
{
	const struct outbuf before = *o;

	if (type != 0)
		ob_u8(o, (uint8_t)type);
	ob_be32(o, 0);
	return before;
}

/* A message that did not fit is taken back whole: <o> never ends in half of one. */
static void finish(struct outbuf *o, const struct outbuf *before, char type)
{
	const size_t header = type != 0 ? 1 : 0;

	if (o->full) {
		*o = *before;
		o->full = true;
		return;
	}
	store_be32(o->ptr + before->len + header, (uint32_t)(o->len - before->len - header));
}

static struct span text_of(const char *s)
{
	return (struct span){ (const uint8_t *)s, strlen(s) };
}

static void put_string(struct outbuf *o, struct span s)
{
	const uint8_t *nul = s.len > 0 ? memchr(s.ptr, 0, s.len) : NULL;

	ob_put(o, s.ptr, nul != NULL ? (size_t)(nul - s.ptr) : s.len);
	ob_u8(o, 0);
}

static void write_string(struct outbuf *o, char type, struct span s)
{
	const struct outbuf before = start(o, type);

	put_string(o, s);
	finish(o, &before, type);
}

static void write_bytes(struct outbuf *o, char type, struct span s)
{
	const struct outbuf before = start(o, type);

	ob_put(o, s.ptr, s.len);
	finish(o, &before, type);
}

void pg_write_request(struct outbuf *o, uint32_t code)
{
	const struct outbuf before = start(o, 0);

	ob_be32(o, code);
	finish(o, &before, 0);
}

void pg_write_cancel(struct outbuf *o, const struct pg_cancel *c)
{
	const struct outbuf before = start(o, 0);

	ob_be32(o, PG_CODE_CANCEL);
	ob_be32(o, c->pid);
	ob_put(o, c->key.ptr, c->key.len);
	finish(o, &before, 0);
}

void pg_write_startup(struct outbuf *o, uint32_t version, const char *const *params)
{
	const struct outbuf before = start(o, 0);

	ob_be32(o, version);
	for (; *params != NULL; params++)
		put_string(o, text_of(*params));
	ob_u8(o, 0);
	finish(o, &before, 0);
}

void pg_write_password(struct outbuf *o, struct span password)
{
	write_string(o, 'p', password);
}

void pg_write_sasl_initial(struct outbuf *o, struct span mechanism, struct span data)
{
	const struct outbuf before = start(o, 'p');

	put_string(o, mechanism);
	ob_be32(o, (uint32_t)data.len);
	ob_put(o, data.ptr, data.len);
	finish(o, &before, 'p');
}

void pg_write_sasl_response(struct outbuf *o, struct span data)
{
	write_bytes(o, 'p', data);
}

void pg_write_query(struct outbuf *o, struct span text)
{
	write_string(o, 'Q', text);
}

void pg_write_parse(struct outbuf *o, struct span name, struct span text)
{
	const struct outbuf before = start(o, 'P');

	put_string(o, name);
	put_string(o, text);
	ob_be16(o, 0);
	finish(o, &before, 'P');
}

void pg_write_target(struct outbuf *o, char type, char what, struct span name)
{
	const struct outbuf before = start(o, type);

	ob_u8(o, (uint8_t)what);
	put_string(o, name);
	finish(o, &before, type);
}

static void write_own_parse(struct outbuf *o, const struct pg_own_query *q)
{
	const struct outbuf before = start(o, 'P');

	put_string(o, q->name);
	ob_put(o, q->head.ptr, q->head.len);
	put_string(o, q->text);
	ob_be16(o, 0);
	finish(o, &before, 'P');
}

static void write_own_bind(struct outbuf *o, const struct pg_own_query *q)
{
	static const struct pg_bind none = { .n_values = 0 };
	const struct pg_bind *b = q->bind != NULL ? q->bind : &none;
	const struct outbuf before = start(o, 'B');

	put_string(o, q->name);
	put_string(o, q->name);
	ob_be16(o, b->formats.n);
	ob_put(o, b->formats.codes.ptr, b->formats.codes.len);
	ob_be16(o, b->n_values);
	ob_put(o, b->values.ptr, b->values.len);
	ob_be16(o, 0); /* all columns are text */
	finish(o, &before, 'B');
}

static void write_own_execute(struct outbuf *o, const struct pg_own_query *q)
{
	const struct outbuf before = start(o, 'E');

	put_string(o, q->name);
	ob_be32(o, q->max_rows);
	finish(o, &before, 'E');
}

void pg_write_own_query(struct outbuf *o, const struct pg_own_query *q)
{
	const struct outbuf before = *o;

	write_own_parse(o, q);
	write_own_bind(o, q);
	write_own_execute(o, q);
	pg_write_target(o, 'C', 'S', q->name);
	pg_write_empty(o, 'S');
	if (o->full) {
		*o = before;
		o->full = true;
	}
}

void pg_write_function_call(struct outbuf *o, const struct pg_call *call)
{
	const struct outbuf before = start(o, 'F');

	ob_be32(o, call->oid);
	ob_be16(o, 0); /* all arguments are text */
	ob_be16(o, call->n_args);
	for (uint16_t i = 0; i < call->n_args; i++) {
		ob_be32(o, (uint32_t)call->args[i].len);
		ob_put(o, call->args[i].ptr, call->args[i].len);
	}
	ob_be16(o, PG_TEXT);
	finish(o, &before, 'F');
}

void pg_write_copy_fail(struct outbuf *o, struct span why)
{
	write_string(o, 'f', why);
}

void pg_write_empty(struct outbuf *o, char type)
{
	write_bytes(o, type, (struct span){ NULL, 0 });
}

void pg_write_authentication(struct outbuf *o, uint32_t code, struct span data)
{
	const struct outbuf before = start(o, 'R');

	ob_be32(o, code);
	ob_put(o, data.ptr, data.len);
	finish(o, &before, 'R');
}

void pg_write_sasl(struct outbuf *o, const char *const *mechanisms)
{
	const struct outbuf before = start(o, 'R');

	ob_be32(o, PG_AUTH_SASL);
	for (; *mechanisms != NULL; mechanisms++)
		put_string(o, text_of(*mechanisms));
	ob_u8(o, 0);
	finish(o, &before, 'R');
}

void pg_write_parameter(struct outbuf *o, struct span name, struct span value)
{
	const struct outbuf before = start(o, 'S');

	put_string(o, name);
	put_string(o, value);
	finish(o, &before, 'S');
}

void pg_write_key(struct outbuf *o, const struct pg_cancel *key)
{
	const struct outbuf before = start(o, 'K');

	ob_be32(o, key->pid);
	ob_put(o, key->key.ptr, key->key.len);
	finish(o, &before, 'K');
}

void pg_write_negotiate(struct outbuf *o, uint32_t version, const struct span *options, uint32_t n)
{
	const struct outbuf before = start(o, 'v');

	ob_be32(o, version);
	ob_be32(o, n);
	for (uint32_t i = 0; i < n; i++)
		put_string(o, options[i]);
	finish(o, &before, 'v');
}

void pg_write_ready(struct outbuf *o, char status)
{
	const uint8_t byte = (uint8_t)status;

	write_bytes(o, 'Z', (struct span){ &byte, 1 });
}

void pg_write_complete(struct outbuf *o, struct span tag)
{
	write_string(o, 'C', tag);
}

static void put_field(struct outbuf *o, char code, struct span text)
{
	ob_u8(o, (uint8_t)code);
	put_string(o, text);
}

static void put_visible(struct outbuf *o, char code, struct span text, size_t max, bool ascii)
{
	ob_u8(o, (uint8_t)code);
	visible_put(o, text, max, ascii);
	ob_u8(o, 0);
}

/* Severity twice, as the server: 'S' may be translated, 'V' never is. */
static void write_report(struct outbuf *o, char type, const struct pg_say *say)
{
	enum { TEXT_MAX = (PG_REPORT_MAX - 64) / 3 };
	const struct outbuf before = start(o, type);

	must(strlen(say->severity) <= 8 && strlen(say->sqlstate) == 5);
	put_field(o, 'S', text_of(say->severity));
	put_field(o, 'V', text_of(say->severity));
	put_field(o, 'C', text_of(say->sqlstate));
	put_visible(o, 'M', say->message, TEXT_MAX, say->ascii);
	if (say->detail.len > 0)
		put_visible(o, 'D', say->detail, TEXT_MAX, say->ascii);
	if (say->hint.len > 0)
		put_visible(o, 'H', say->hint, TEXT_MAX, say->ascii);
	ob_u8(o, 0);
	finish(o, &before, type);
}

void pg_write_error(struct outbuf *o, const struct pg_say *e)
{
	write_report(o, 'E', e);
}

void pg_write_notice(struct outbuf *o, const struct pg_say *n)
{
	write_report(o, 'N', n);
}
