/* SPDX-License-Identifier: Apache-2.0
 * A sticky writer over the caller's memory, the reader's counterpart: a write that does not fit
 * writes nothing and sets <full>, and so does every write after it; one check ends the message. */
#pragma once

#include "parsers/base/bytes.h"
#include "parsers/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct outbuf {
	uint8_t *ptr; /* borrowed */
	size_t cap;
	size_t len; /* <= cap */
	bool full;
};

static inline struct outbuf ob_of(void *bytes, size_t cap)
{
	return (struct outbuf){ .ptr = bytes, .cap = cap };
}

static inline struct span ob_span(const struct outbuf *o)
{
	return (struct span){ o->ptr, o->len };
}

/* Where the next <n> bytes go; NULL when they do not fit. */
static inline uint8_t *ob_room(struct outbuf *o, size_t n)
{
	uint8_t *p = o->ptr + o->len;

	if (o->full || n > o->cap - o->len) {
		o->full = true;
		return NULL;
	}
	o->len += n;
	return p;
}

static inline void ob_put(struct outbuf *o, const void *bytes, size_t n)
{
	uint8_t *p = ob_room(o, n);

	if (p != NULL && n > 0)
		memcpy(p, bytes, n);
}

static inline void ob_u8(struct outbuf *o, uint8_t v)
{
	ob_put(o, &v, 1);
}

static inline void ob_be16(struct outbuf *o, uint16_t v)
{
	uint8_t *p = ob_room(o, 2);

	if (p != NULL)
		store_be16(p, v);
}

static inline void ob_be32(struct outbuf *o, uint32_t v)
{
	uint8_t *p = ob_room(o, 4);

	if (p != NULL)
		store_be32(p, v);
}
