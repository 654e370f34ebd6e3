/* SPDX-License-Identifier: Apache-2.0
 * Arrays, element by element: array_out() and array_send() in utils/adt/arrayfuncs.c of
 * PostgreSQL. */
#include "ruleset/mask/mask_priv.h"

#include <errno.h>

enum {
	DIMS_MAX = 6,
	BOX = 603, /* the one type whose arrays are not delimited by commas */
	ELEMENTS_MAX = 1 << 27,
	FLAGS_AT = 4,
};

static const struct mask_quoting bare = {
	.quote = '"', .specials = "\"\\{},; \t\n\r\v\f", .escaped = "\"\\", .escape = '\\'
};
static const struct mask_quoting quoted = {
	.quote = '"', .specials = "", .escaped = "\"\\", .escape = '\\', .must = true
};

struct walk {
	struct span in;
	size_t at;
	uint32_t depth;
	uint8_t delimiter;
	bool wants_value; /* an element or a brace, else what follows one */
};

static bool is_null_word(struct span s)
{
	return s.len == 4 && (s.ptr[0] | 0x20) == 'n' && (s.ptr[1] | 0x20) == 'u' &&
			(s.ptr[2] | 0x20) == 'l' && (s.ptr[3] | 0x20) == 'l';
}

/* What looks like nothing, or like NULL, is written in quotes, as array_out() does. */
static void quote(struct outbuf *o, size_t from)
{
	const struct span s = ob_since(o, from);

	mask_quote(o, from, s.len == 0 || is_null_word(s) ? &quoted : &bare);
}

static int element(struct masker *m, const struct mask_job *job, struct walk *w, struct outbuf *o)
{
	static const struct mask_quoting none = { .specials = "", .escaped = "" };
	const char ends[] = { (char)w->delimiter, '}', '{', '\0' };
	struct mask_piece piece;
	const size_t from = o->len;
	int rc;

	if (!mask_piece_read(w->in, &w->at, ends, &piece) || piece.raw.len == 0)
		return -EBADMSG;
	w->wants_value = false;
	if (!mask_touches(job->part, piece.at, w->at) ||
			(!piece.is_quoted && is_null_word(piece.raw))) {
		ob_span_put(o, piece.raw);
		return MASK_OK;
	}
	rc = mask_piece_put(m, job, job->type.element, &piece, &none, o);
	if (rc == MASK_NULLED)
		ob_str(o, "NULL");
	else if (rc == MASK_OK && !o->full)
		quote(o, from);
	return rc < 0 ? rc : MASK_OK;
}

/* A brace or a delimiter; false: it does not belong here. */
static bool structure(struct walk *w, uint8_t c)
{
	const bool is_empty = c == '}' && w->depth > 0 && w->in.ptr[w->at - 1] == '{';

	if (c == '{' && w->wants_value && w->depth < DIMS_MAX)
		w->depth++;
	else if (c == '}' && (!w->wants_value || is_empty) && w->depth > 0)
		w->depth--;
	else if (c != w->delimiter || w->wants_value || w->depth == 0)
		return false;
	w->wants_value = c != '}';
	w->at++;
	return true;
}

/* Bounds, as in [0:1]={1,2}: nothing but numbers can hide there. */
static size_t bounds_len(struct span in)
{
	size_t n = 0;

	while (n < in.len &&
			(is_digit(in.ptr[n]) || in.ptr[n] == '[' || in.ptr[n] == ']' ||
					in.ptr[n] == ':' || in.ptr[n] == '-'))
		n++;
	return n > 0 && n < in.len && in.ptr[0] == '[' && in.ptr[n] == '=' ? n + 1 : 0;
}

static int array_text(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	struct walk w = { .in = job->in,
		.wants_value = true,
		.delimiter = job->type.element == BOX ? ';' : ',' };
	int rc;

	w.at = bounds_len(w.in);
	ob_put(o, w.in.ptr, w.at);
	do {
		const uint8_t c = w.at < w.in.len ? w.in.ptr[w.at] : 0;

		if (w.at >= w.in.len || (w.depth == 0 && c != '{'))
			return -EBADMSG;
		if (c == '{' || c == '}' || c == w.delimiter) {
			if (!structure(&w, c))
				return -EBADMSG;
			ob_u8(o, c);
			continue;
		}
		rc = w.wants_value ? element(m, job, &w, o) : -EBADMSG;
		if (rc != MASK_OK)
			return rc;
	} while (w.depth > 0);
	return w.at == w.in.len ? MASK_OK : -EBADMSG;
}

static bool dims(struct reader *r, uint32_t n_dims, uint64_t *ret_n, struct outbuf *o)
{
	*ret_n = n_dims > 0;
	for (uint32_t i = 0; i < n_dims; i++) {
		const uint32_t size = rd_be32(r), lower = rd_be32(r);

		*ret_n *= size;
		if (*ret_n > ELEMENTS_MAX)
			return false;
		ob_be32(o, size);
		ob_be32(o, lower);
	}
	return !r->bad;
}

static int array_binary(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	struct reader r = rd_of(job->in.ptr, job->in.len);
	const uint32_t n_dims = rd_be32(&r), flags = rd_be32(&r), oid = rd_be32(&r);
	const size_t from = o->len;
	uint64_t n;

	if (r.bad || n_dims > DIMS_MAX || flags > 1)
		return -EBADMSG;
	ob_be32(o, n_dims);
	ob_be32(o, flags);
	ob_be32(o, oid);
	if (!dims(&r, n_dims, &n, o) || n > rd_left(&r) / 4)
		return -EBADMSG;
	for (uint64_t i = 0; i < n; i++) {
		const int rc = mask_inner_binary(m, job, oid, &r, o);

		if (rc < 0)
			return rc;
		if (rc == MASK_NULLED && !o->full)
			store_be32(o->ptr + from + FLAGS_AT, 1);
	}
	return rd_is_done(&r) ? MASK_OK : -EBADMSG;
}

int mask_array(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	return job->is_binary ? array_binary(m, job, o) : array_text(m, job, o);
}
