/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/pg/talk.h"

#include "parsers/base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pen {
	uint8_t *at;
	const char *spec; /* what is left of it */
};

static void put(struct pen *p, uint32_t v, int n_bytes)
{
	for (int i = n_bytes - 1; i >= 0; i--)
		*p->at++ = (uint8_t)(v >> 8 * i);
}

static void put_raw(struct pen *p, const char *s, size_t n)
{
	memcpy(p->at, s, n);
	p->at += n;
}

/* The next word, up to <sep> or the end; its length. */
static const char *word(struct pen *p, char sep, size_t *ret_len)
{
	const char *from = p->spec, *end = strchr(from, sep);

	if (end == NULL)
		end = from + strlen(from);
	*ret_len = (size_t)(end - from);
	p->spec = *end != 0 ? end + 1 : end;
	return from;
}

static void put_word(struct pen *p, char sep)
{
	size_t n;
	const char *s = word(p, sep, &n);

	put_raw(p, s, n);
	put(p, 0, 1);
}

static uint32_t number(struct pen *p, char sep)
{
	size_t n;
	const char *s = word(p, sep, &n);

	return (uint32_t)strtoul(s, NULL, 10);
}

static uint32_t version(struct pen *p)
{
	const uint32_t major = number(p, '.'), minor = number(p, ' ');

	return major << 16 | minor;
}

static void put_value(struct pen *p, char sep)
{
	size_t n;
	const char *s = word(p, sep, &n);

	if (n == 1 && s[0] == '~') {
		put(p, UINT32_MAX, 4);
		return;
	}
	put(p, (uint32_t)n, 4);
	put_raw(p, s, n);
}

/* A counted list of values. */
static void put_values(struct pen *p, char sep)
{
	uint8_t *count = p->at;
	uint16_t n = 0;

	p->at += 2;
	for (; *p->spec != 0; n++)
		put_value(p, sep);
	count[0] = (uint8_t)(n >> 8);
	count[1] = (uint8_t)n;
}

static void put_columns(struct pen *p)
{
	uint8_t *count = p->at;
	uint16_t n = 0;

	p->at += 2;
	for (; *p->spec != 0; n++) {
		put_word(p, ',');
		put(p, 1000, 4);   /* table */
		put(p, n + 1u, 2); /* attnum */
		put(p, 25, 4);     /* text */
		put(p, 0xffff, 2);
		put(p, 0xffffffff, 4);
		put(p, 0, 2);
	}
	count[0] = (uint8_t)(n >> 8);
	count[1] = (uint8_t)n;
}

static void put_oids(struct pen *p)
{
	uint8_t *count = p->at;
	uint16_t n = 0;

	p->at += 2;
	for (; *p->spec != 0; n++)
		put(p, number(p, ','), 4);
	count[0] = (uint8_t)(n >> 8);
	count[1] = (uint8_t)n;
}

static void put_report(struct pen *p)
{
	static const char codes[] = { 'V', 'C', 'M' };
	size_t n;
	const char *severity = word(p, ' ', &n);

	put(p, 'S', 1);
	put_raw(p, severity, n);
	put(p, 0, 1);
	p->spec = severity;
	for (size_t i = 0; i < sizeof(codes); i++) {
		put(p, (uint8_t)codes[i], 1);
		put_word(p, i < 2 ? ' ' : '\0');
	}
	put(p, 0, 1);
}

static void put_rest(struct pen *p)
{
	put_raw(p, p->spec, strlen(p->spec));
}

static void put_bind(struct pen *p, bool is_binary)
{
	put_word(p, '|');
	put_word(p, '|');
	put(p, 0, 2);
	put_values(p, '|');
	put(p, is_binary, 2);
	if (is_binary)
		put(p, 1, 2);
}

static void body_client(struct pen *p, char type, bool is_binary)
{
	if (type == 'Q' || type == 'f') {
		put_word(p, '\0');
	} else if (type == 'P') {
		put_word(p, '|');
		put_word(p, '\0');
		put(p, 0, 2);
	} else if (type == 'B') {
		put_bind(p, is_binary);
	} else if (type == 'D' || type == 'C') {
		put(p, (uint8_t)*p->spec++, 1);
		put_word(p, '\0');
	} else if (type == 'E') {
		put_word(p, '|');
		put(p, number(p, '|'), 4);
	} else if (type == 'F') {
		put(p, number(p, '|'), 4);
		put(p, 0, 2);
		put_values(p, '|');
		put(p, 0, 2);
	} else {
		put_rest(p);
	}
}

static void put_auth(struct pen *p)
{
	const uint32_t code = number(p, ' ');

	put(p, code, 4);
	if (code != 10) {
		put_rest(p);
		return;
	}
	while (*p->spec != 0)
		put_word(p, ' ');
	put(p, 0, 1);
}

static void body_server(struct pen *p, char type)
{
	if (type == 'R') {
		put_auth(p);
	} else if (type == 'K') {
		put(p, number(p, ' '), 4);
		put_rest(p);
	} else if (type == 'S') {
		put_word(p, '=');
		put_word(p, '\0');
	} else if (type == 'v') {
		put(p, version(p), 4);
		put(p, *p->spec != 0, 4);
		if (*p->spec != 0)
			put_word(p, '\0');
	} else if (type == 'T') {
		put_columns(p);
	} else if (type == 'D') {
		put_values(p, ',');
	} else if (type == 't') {
		put_oids(p);
	} else if (type == 'E' || type == 'N') {
		put_report(p);
	} else if (type == 'A') {
		put(p, number(p, ' '), 4);
		put_word(p, '|');
		put_word(p, '\0');
	} else if (type == 'G' || type == 'H' || type == 'W') {
		put(p, 0, 1);
		put(p, 1, 2);
		put(p, 0, 2);
	} else if (type == 'V') {
		put_value(p, '\0');
	} else if (type == 'C') {
		put_word(p, '\0');
	} else {
		put_rest(p);
	}
}

static size_t finish(uint8_t *out, uint8_t *length, const uint8_t *end)
{
	struct pen p = { .at = length };

	must(end - out <= TALK_MAX);
	put(&p, (uint32_t)(end - length), 4);
	return (size_t)(end - out);
}

/* A packet without a type. */
static size_t untyped(const char *spec, uint8_t *out)
{
	struct pen p = { out + 4, spec };
	size_t n;
	const char *name = word(&p, ' ', &n);

	if (strncmp(name, "ssl", n) == 0) {
		put(&p, 80877103, 4);
	} else if (strncmp(name, "gss", n) == 0) {
		put(&p, 80877104, 4);
	} else if (strncmp(name, "cancel", n) == 0) {
		put(&p, 80877102, 4);
		put(&p, number(&p, ' '), 4);
		put_rest(&p);
	} else {
		put(&p, version(&p), 4);
		while (*p.spec != 0) {
			put_word(&p, '=');
			put_word(&p, ' ');
		}
		put(&p, 0, 1);
	}
	return finish(out, out, p.at);
}

size_t talk_build(enum codec_dir dir, const char *spec, uint8_t *out)
{
	struct pen p = { out + 5, spec };
	const char type = spec[0];
	const bool is_binary = spec[0] == 'B' && spec[1] == 'b';
	size_t n;

	must(strlen(spec) < TALK_MAX / 2);
	if (dir == CODEC_TO_SERVER && strchr("sgc", type) != NULL && spec[1] >= 'a')
		return untyped(spec, out);
	if (dir == CODEC_TO_CLIENT && spec[0] == '.') { /* ".S": the byte alone */
		out[0] = (uint8_t)spec[1];
		return 1;
	}
	word(&p, ' ', &n);
	must(n == 1 + (size_t)is_binary);
	out[0] = (uint8_t)type;
	if (dir == CODEC_TO_SERVER)
		body_client(&p, type, is_binary);
	else
		body_server(&p, type);
	return finish(out, out + 1, p.at);
}

static void *heap_take(void *ctx, size_t n_bytes)
{
	struct talk_heap *h = ctx;

	if (h->fail_after > 0 && --h->fail_after == 0)
		return NULL;
	h->n_blocks++;
	h->n_bytes += n_bytes;
	return malloc(n_bytes);
}

static void heap_give(void *ctx, void *block, size_t n_bytes)
{
	struct talk_heap *h = ctx;

	must(h->n_blocks > 0 && h->n_bytes >= n_bytes);
	h->n_blocks--;
	h->n_bytes -= n_bytes;
	free(block);
}

void talk_heap_init(struct talk_heap *h)
{
	*h = (struct talk_heap){ .alloc = { heap_take, heap_give, h } };
}

void talk_heap_check(const struct talk_heap *h)
{
	must(h->n_blocks == 0 && h->n_bytes == 0);
}

uint8_t *talk_copy(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	must(copy != NULL);
	if (len > 0)
		memcpy(copy, bytes, len);
	return copy;
}
