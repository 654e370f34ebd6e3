/* SPDX-License-Identifier: Apache-2.0
 * A sticky reader: after the first read beyond the end every read yields 0 and <bad> stays set, so
 * that a parser reads straight through its message and asks once, at the end. */
#pragma once

#include "parsers/base/bytes.h"
#include "parsers/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	struct span in; /* borrowed */
	size_t at;      /* <= in.len */
	bool bad;
};

static inline struct reader rd_of(const void *bytes, size_t len)
{
	return (struct reader){ .in = { bytes, len } };
}

static inline size_t rd_left(const struct reader *r)
{
	return r->in.len - r->at;
}

/* The next <n> bytes; an empty span when there are not so many. */
static inline struct span rd_take(struct reader *r, size_t n)
{
	struct span s = { r->in.ptr, 0 };

	if (r->bad || n > rd_left(r)) {
		r->bad = true;
		return s;
	}
	s.ptr = r->in.ptr + r->at;
	s.len = n;
	r->at += n;
	return s;
}

static inline uint8_t rd_u8(struct reader *r)
{
	const struct span s = rd_take(r, 1);

	return s.len == 1 ? s.ptr[0] : 0;
}

static inline uint16_t rd_be16(struct reader *r)
{
	const struct span s = rd_take(r, 2);

	return s.len == 2 ? load_be16(s.ptr) : 0;
}

static inline uint32_t rd_be32(struct reader *r)
{
	const struct span s = rd_take(r, 4);

	return s.len == 4 ? load_be32(s.ptr) : 0;
}

/* A string up to its NUL, which is taken and is not part of the span. */
static inline struct span rd_cstr(struct reader *r)
{
	const size_t left = r->bad ? 0 : rd_left(r);
	const uint8_t *from = r->in.ptr + r->at, *nul = NULL;
	struct span s;

	if (left > 0 && left <= PTRDIFF_MAX)
		nul = memchr(from, 0, left);
	if (nul == NULL)
		return rd_take(r, SIZE_MAX); /* beyond the end: bad */
	s = rd_take(r, (size_t)(nul - from));
	r->at++;
	return s;
}

/* All was read, and nothing beyond it. */
static inline bool rd_is_done(const struct reader *r)
{
	return !r->bad && rd_left(r) == 0;
}
