/* SPDX-License-Identifier: Apache-2.0
 * JSON is checked whole before anything is looked for in it, by a loop with a stack of bits, so
 * that no document can exhaust the stack. */
#include "ruleset/mask/json_priv.h"

#include <errno.h>

struct check {
	struct json j;
	uint32_t depth;
	uint8_t is_object[JSON_DEPTH_MAX / 8];
};

void json_blank(struct json *j)
{
	while (json_peek(j) == ' ' || json_peek(j) == '\t' || json_peek(j) == '\n' ||
			json_peek(j) == '\r')
		j->at++;
}

static bool take(struct json *j, uint8_t c)
{
	if (json_peek(j) != c)
		return false;
	j->at++;
	return true;
}

static int hex_at(const struct json *j, size_t at)
{
	const uint8_t c = at < j->in.len ? j->in.ptr[at] : 0, low = c | 0x20;

	if (is_digit(c))
		return c - '0';
	return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static bool escape(struct json *j)
{
	const uint8_t c = json_peek(j);

	j->at++;
	if (c == 'u') {
		for (int i = 0; i < 4; i++, j->at++) {
			if (hex_at(j, j->at) < 0)
				return false;
		}
		return true;
	}
	return c != 0 && strchr("\"\\/bfnrt", c) != NULL;
}

static bool string(struct json *j)
{
	j->at++;
	while (j->at < j->in.len) {
		const uint8_t c = j->in.ptr[j->at++];

		if (c == '"')
			return true;
		if (c < ' ' || (c == '\\' && !escape(j)))
			return false;
	}
	return false;
}

static bool digits(struct json *j)
{
	const size_t from = j->at;

	while (is_digit(json_peek(j)))
		j->at++;
	return j->at > from;
}

static bool number(struct json *j)
{
	take(j, '-');
	if (!take(j, '0') && !digits(j))
		return false;
	if (take(j, '.') && !digits(j))
		return false;
	if (take(j, 'e') || take(j, 'E')) {
		if (!take(j, '-'))
			take(j, '+');
		return digits(j);
	}
	return true;
}

static bool word(struct json *j)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < 3; i++) {
		const size_t n = strlen(words[i]);

		if (j->in.len - j->at >= n && memcmp(j->in.ptr + j->at, words[i], n) == 0) {
			j->at += n;
			return true;
		}
	}
	return false;
}

bool json_scalar(struct json *j)
{
	const uint8_t c = json_peek(j);

	if (c == '"')
		return string(j);
	return is_digit(c) || c == '-' ? number(j) : word(j);
}

static bool is_object(const struct check *c)
{
	return (c->is_object[(c->depth - 1) / 8] >> (c->depth - 1) % 8 & 1) != 0;
}

static bool key(struct json *j)
{
	json_blank(j);
	if (json_peek(j) != '"' || !string(j))
		return false;
	json_blank(j);
	return take(j, ':');
}

static void push(struct check *c, bool object)
{
	uint8_t *bits = &c->is_object[c->depth / 8];
	const uint8_t bit = (uint8_t)(1U << c->depth % 8);

	*bits = object ? *bits | bit : *bits & (uint8_t)~bit;
	c->depth++;
}

/* A value, or as much of it as stands before its first part. *ret_open: that part comes next. */
static int begin(struct check *c, bool *ret_open)
{
	const bool object = json_peek(&c->j) == '{';

	*ret_open = false;
	if (!object && json_peek(&c->j) != '[')
		return json_scalar(&c->j) ? 0 : -EBADMSG;
	if (c->depth == JSON_DEPTH_MAX)
		return -E2BIG;
	c->j.at++;
	json_blank(&c->j);
	if (take(&c->j, object ? '}' : ']'))
		return 0;
	push(c, object);
	*ret_open = true;
	return object && !key(&c->j) ? -EBADMSG : 0;
}

/* Behind a value: what closes with it, and whether another follows. */
static int end(struct check *c, bool *ret_more)
{
	*ret_more = false;
	while (c->depth > 0) {
		json_blank(&c->j);
		if (take(&c->j, ',')) {
			*ret_more = true;
			return is_object(c) && !key(&c->j) ? -EBADMSG : 0;
		}
		if (!take(&c->j, is_object(c) ? '}' : ']'))
			return -EBADMSG;
		c->depth--;
	}
	return 0;
}

int json_check(struct span in)
{
	struct check c = { .j = { in, 0 } };
	bool more = true;
	int rc = 0;

	while (rc == 0 && more) {
		json_blank(&c.j);
		rc = begin(&c, &more);
		if (rc == 0 && !more)
			rc = end(&c, &more);
	}
	json_blank(&c.j);
	return rc == 0 && c.j.at < in.len ? -EBADMSG : rc;
}

void json_skip(struct json *j)
{
	uint32_t depth = 0;

	do {
		const uint8_t c = json_peek(j);

		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		if (c == '"' || is_digit(c) || c == '-' || c == 't' || c == 'f' || c == 'n')
			json_scalar(j);
		else
			j->at++;
	} while (depth > 0 && j->at < j->in.len);
}

static uint32_t unit_at(const struct json *j, size_t at)
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++)
		v = v << 4 | (uint32_t)hex_at(j, at + i);
	return v;
}

static void put_utf8(struct outbuf *o, uint32_t v)
{
	if (v < 0x80) {
		ob_u8(o, (uint8_t)v);
		return;
	}
	if (v >= 0x10000) {
		ob_u8(o, (uint8_t)(0xf0 | v >> 18));
		ob_u8(o, (uint8_t)(0x80 | (v >> 12 & 63)));
		ob_u8(o, (uint8_t)(0x80 | (v >> 6 & 63)));
	} else if (v >= 0x800) {
		ob_u8(o, (uint8_t)(0xe0 | v >> 12));
		ob_u8(o, (uint8_t)(0x80 | (v >> 6 & 63)));
	} else {
		ob_u8(o, (uint8_t)(0xc0 | v >> 6));
	}
	ob_u8(o, (uint8_t)(0x80 | (v & 63)));
}

/* \uXXXX, of which <j> is behind the u; one above U+FFFF is two of them. */
static bool decode_unit(struct json *j, struct outbuf *o)
{
	uint32_t v = unit_at(j, j->at), low;

	j->at += 4;
	if (v < 0xd800 || v > 0xdfff) {
		put_utf8(o, v);
		return true;
	}
	if (v > 0xdbff || j->in.len - j->at < 6 || j->in.ptr[j->at] != '\\' ||
			j->in.ptr[j->at + 1] != 'u')
		return false;
	low = unit_at(j, j->at + 2);
	j->at += 6;
	put_utf8(o, 0x10000 + ((v & 0x3ff) << 10) + (low & 0x3ff));
	return low >= 0xdc00 && low <= 0xdfff;
}

bool json_decode(struct span raw, struct outbuf *o)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	struct json j = { raw, 0 };

	while (j.at < raw.len) {
		const uint8_t c = raw.ptr[j.at++], next = json_peek(&j);
		const char *at;

		if (c != '\\') {
			ob_u8(o, c);
			continue;
		}
		j.at++;
		at = next != 0 ? strchr(from, next) : NULL;
		if (next != 'u')
			ob_u8(o, at != NULL ? (uint8_t)to[at - from] : next);
		else if (!decode_unit(&j, o))
			return false;
	}
	return true;
}

static size_t width(uint8_t c)
{
	if (c < ' ')
		return 6;
	return c == '"' || c == '\\' ? 2 : 1;
}

static void put_before(uint8_t *p, uint8_t c)
{
	static const char hex[] = "0123456789abcdef";

	if (width(c) == 6) {
		memcpy(p, "\\u00", 4);
		p[4] = (uint8_t)hex[c >> 4];
		p[5] = (uint8_t)hex[c & 15];
	} else {
		p[0] = '\\';
		p[width(c) - 1] = c;
	}
}

void json_encode(struct outbuf *o, size_t from)
{
	const size_t n = o->len - from;
	uint8_t *p = o->ptr + from;
	size_t grown = 2, to;

	for (size_t i = 0; i < n; i++)
		grown += width(p[i]) - 1;
	if (o->full || ob_room(o, grown) == NULL)
		return;
	to = n + grown;
	p[--to] = '"';
	for (size_t i = n; i-- > 0;) {
		const uint8_t c = p[i];

		to -= width(c);
		put_before(p + to, c);
	}
	p[0] = '"';
}
