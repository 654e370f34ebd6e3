/* SPDX-License-Identifier: Apache-2.0
 * Quotes of arrays, rows, ranges and COPY: read, and put around what was written. A masked value is
 * written where it will stay and grows in place, so that nothing is copied aside. */
#include "ruleset/mask/mask_priv.h"

#include <errno.h>

/* A set of bytes. */
struct set {
	uint64_t bits[4];
};

static struct set set_of(const char *bytes)
{
	struct set s = { 0 };

	for (; *bytes != '\0'; bytes++)
		s.bits[(uint8_t)*bytes / 64] |= 1ULL << (uint8_t)*bytes % 64;
	return s;
}

static bool is_in(const struct set *s, uint8_t c)
{
	return (s->bits[c / 64] >> c % 64 & 1) != 0;
}

static size_t count(struct span s, const struct set *of)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += is_in(of, s.ptr[i]);
	return n;
}

static uint8_t letter_of(uint8_t c, const struct mask_quoting *q)
{
	static const char from[] = "\b\f\n\r\t\v", to[] = "bfnrtv";
	const char *at = q->has_letters && c != 0 ? strchr(from, c) : NULL;

	return at != NULL ? (uint8_t)to[at - from] : c;
}

void mask_quote(struct outbuf *o, size_t from, const struct mask_quoting *q)
{
	const struct span s = ob_since(o, from);
	const struct set specials = set_of(q->specials), escaped = set_of(q->escaped);
	const size_t n_quotes = q->quote != 0 ? 2 : 0;
	size_t n_escaped, to;

	if (n_quotes > 0 && !q->must && count(s, &specials) == 0)
		return;
	n_escaped = count(s, &escaped);
	if (n_escaped + n_quotes == 0 || ob_room(o, n_escaped + n_quotes) == NULL)
		return;
	to = o->len;
	if (n_quotes > 0)
		o->ptr[--to] = q->quote;
	for (size_t i = s.len; i-- > 0;) {
		const uint8_t c = s.ptr[i];

		o->ptr[--to] = letter_of(c, q);
		if (is_in(&escaped, c))
			o->ptr[--to] = q->escape != 0 ? q->escape : c;
	}
	if (n_quotes > 0)
		o->ptr[--to] = q->quote;
}

bool mask_piece_read(struct span in, size_t *at, const char *ends, struct mask_piece *ret)
{
	const struct set set = set_of(ends);
	const size_t from = *at;
	size_t i = from, n_quotes = 0;
	bool is_inside = false, has_escape = false;

	for (; i < in.len && (is_inside || !is_in(&set, in.ptr[i])); i++) {
		if (in.ptr[i] == '\\') {
			has_escape = true;
			i++;
		} else if (in.ptr[i] == '"') {
			is_inside = !is_inside;
			n_quotes++;
		}
	}
	if (is_inside || i > in.len)
		return false;
	*ret = (struct mask_piece){ span_from(in, from, i), from, n_quotes > 0, !has_escape };
	if (n_quotes > 0)
		ret->is_plain = !has_escape && n_quotes == 2 && ret->raw.ptr[0] == '"' &&
				ret->raw.ptr[ret->raw.len - 1] == '"';
	*at = i;
	return true;
}

/* As record_in() of PostgreSQL reads it, which holds for what array_out() writes, too. */
static void unescape(struct span raw, struct outbuf *o)
{
	bool is_inside = false;

	for (size_t i = 0; i < raw.len; i++) {
		const uint8_t c = raw.ptr[i];

		if (c == '\\') {
			ob_u8(o, raw.ptr[++i]); /* there is one: mask_piece_read() saw it */
		} else if (c != '"') {
			ob_u8(o, c);
		} else if (is_inside && i + 1 < raw.len && raw.ptr[i + 1] == '"') {
			ob_u8(o, c);
			i++;
		} else {
			is_inside = !is_inside;
		}
	}
}

struct mask_part mask_part_inside(struct mask_part part, size_t from, size_t len)
{
	struct mask_part in = { part.from > from ? part.from - from : 0,
		part.to > from ? part.to - from : 0 };

	if (in.to > len)
		in.to = len;
	return in.from < in.to ? in : MASK_WHOLE;
}

int mask_piece_put(struct masker *m, const struct mask_job *outer, uint32_t oid,
		const struct mask_piece *piece, const struct mask_quoting *q, struct outbuf *o)
{
	struct mask_job job = { .oid = oid, .part = MASK_WHOLE };
	const size_t mark = m->scratch.len, from = o->len, end = piece->at + piece->raw.len;
	int rc;

	if (!mask_touches(outer->part, piece->at, end)) {
		ob_span_put(o, piece->raw);
		return MASK_OK;
	}
	if (piece->is_plain) {
		const size_t quote = piece->is_quoted ? 1 : 0;

		job.in = span_from(piece->raw, quote, piece->raw.len - quote);
		job.part = mask_part_inside(outer->part, piece->at + quote, job.in.len);
	} else {
		unescape(piece->raw, &m->scratch);
		job.in = ob_since(&m->scratch, mark);
	}
	rc = m->scratch.full ? -ENOBUFS : mask_inner(m, outer, &job, o);
	m->scratch.len = mark;
	if (rc == MASK_OK && !o->full)
		mask_quote(o, from, q);
	return rc;
}
