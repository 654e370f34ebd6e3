/* SPDX-License-Identifier: Apache-2.0
 * Rows (utils/adt/rowtypes.c of PostgreSQL), ranges and multiranges (rangetypes.c). */
#include "ruleset/mask/mask_priv.h"

#include <errno.h>

enum {
	RANGE_EMPTY = 1,
	RANGE_LOWER_NONE = 8 | 32, /* infinite, or NULL, which no server sends */
	RANGE_UPPER_NONE = 16 | 64,
	RANGE_FLAGS = 0x7f,
	FIELDS_MAX = 1664, /* MaxTupleAttributeNumber */
};

static const struct mask_quoting quoting = {
	.quote = '"', .specials = "\"\\()[], \t\n\r\v\f", .escaped = "\"\\"
};
static const struct mask_quoting quoted = {
	.quote = '"', .specials = "", .escaped = "\"\\", .must = true
};

/* A field: nothing at all is NULL, and stays so. */
static int field(struct masker *m, const struct mask_job *job, uint32_t oid,
		const struct mask_piece *piece, struct outbuf *o)
{
	const size_t from = o->len;
	int rc;

	if (piece->raw.len == 0)
		return MASK_NULLED;
	rc = mask_piece_put(m, job, oid, piece, &quoting, o);
	if (rc == MASK_OK && o->len == from)
		mask_quote(o, from, &quoted);
	return rc;
}

static int record_text(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	const struct mask_type *type = &job->type;
	struct mask_piece piece;
	size_t at = 1;

	if (job->in.len < 2 || job->in.ptr[0] != '(')
		return -EBADMSG;
	ob_u8(o, '(');
	for (uint32_t i = 0;; i++) {
		const uint32_t oid =
				type->fields != NULL && i < type->n_fields ? type->fields[i] : 0;

		if (!mask_piece_read(job->in, &at, ",)", &piece) || at >= job->in.len ||
				i > FIELDS_MAX)
			return -EBADMSG;
		const int rc = field(m, job, oid, &piece, o);

		if (rc < 0)
			return rc;
		ob_u8(o, job->in.ptr[at]);
		if (job->in.ptr[at++] == ')')
			return at == job->in.len ? MASK_OK : -EBADMSG;
	}
}

static int record_binary(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	struct reader r = rd_of(job->in.ptr, job->in.len);
	const uint32_t n = rd_be32(&r);

	if (r.bad || n > FIELDS_MAX)
		return -EBADMSG;
	ob_be32(o, n);
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t oid = rd_be32(&r);
		int rc;

		ob_be32(o, oid);
		rc = mask_inner_binary(m, job, oid, &r, o);
		if (rc < 0)
			return rc;
	}
	return rd_is_done(&r) ? MASK_OK : -EBADMSG;
}

int mask_record(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	return job->is_binary ? record_binary(m, job, o) : record_text(m, job, o);
}

/* Only a mask that keeps the order of values leaves a range: the others could put its lower bound
 * above its upper one. */
static bool keeps_order(const struct mask_job *job)
{
	return job->mask->kind == MASK_DATE_TO_YEAR;
}

/* One range at <at>. *ret_empty: it has to be the empty one. */
static int range_text(struct masker *m, const struct mask_job *job, size_t *at, bool *ret_empty,
		struct outbuf *o)
{
	const struct span in = job->in;
	struct mask_piece lower, upper;
	const size_t open = *at;
	int rc[2];

	if (*at >= in.len || (in.ptr[*at] != '[' && in.ptr[*at] != '('))
		return -EBADMSG;
	++*at;
	if (!mask_piece_read(in, at, ",", &lower) || *at >= in.len)
		return -EBADMSG;
	++*at;
	if (!mask_piece_read(in, at, ")]", &upper) || *at >= in.len)
		return -EBADMSG;
	ob_u8(o, in.ptr[open]);
	rc[0] = field(m, job, job->type.element, &lower, o);
	ob_u8(o, ',');
	rc[1] = rc[0] < 0 ? rc[0] : field(m, job, job->type.element, &upper, o);
	ob_u8(o, in.ptr[(*at)++]);
	*ret_empty = !keeps_order(job) || (rc[0] == MASK_NULLED && lower.raw.len > 0) ||
			(rc[1] == MASK_NULLED && upper.raw.len > 0);
	return rc[1] < 0 ? rc[1] : MASK_OK;
}

static int bound(struct masker *m, const struct mask_job *job, struct reader *r, bool *ret_empty,
		struct outbuf *o)
{
	const int rc = mask_inner_binary(m, job, job->type.element, r, o);

	if (rc == MASK_NULLED)
		*ret_empty = true;
	return rc;
}

static int range_binary(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	struct reader r = rd_of(job->in.ptr, job->in.len);
	const uint8_t flags = rd_u8(&r);
	const size_t from = o->len;
	bool is_empty = !keeps_order(job) || (flags & RANGE_EMPTY) != 0;
	int rc = MASK_OK;

	if (flags > RANGE_FLAGS)
		return -EBADMSG;
	ob_u8(o, flags);
	if ((flags & (RANGE_EMPTY | RANGE_LOWER_NONE)) == 0)
		rc = bound(m, job, &r, &is_empty, o);
	if (rc >= 0 && (flags & (RANGE_EMPTY | RANGE_UPPER_NONE)) == 0)
		rc = bound(m, job, &r, &is_empty, o);
	if (rc < 0)
		return rc;
	if (is_empty) {
		o->len = from;
		ob_u8(o, RANGE_EMPTY);
	}
	return rd_is_done(&r) ? MASK_OK : -EBADMSG;
}

int mask_range(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	const size_t from = o->len;
	bool is_empty = false;
	size_t at = 0;
	int rc;

	if (job->is_binary)
		return range_binary(m, job, o);
	if (span_is(job->in, "empty")) {
		ob_span_put(o, job->in);
		return MASK_OK;
	}
	rc = range_text(m, job, &at, &is_empty, o);
	if (rc != MASK_OK || at != job->in.len)
		return rc < 0 ? rc : -EBADMSG;
	if (is_empty) {
		o->len = from;
		ob_str(o, "empty");
	}
	return MASK_OK;
}

/* <range> has the type of the ranges inside. */
static int multirange_text(struct masker *m, const struct mask_job *range, struct outbuf *o)
{
	const struct span in = range->in;
	bool is_empty, has_one = false;
	size_t at = 1;

	if (in.len < 2 || in.ptr[0] != '{')
		return -EBADMSG;
	ob_u8(o, '{');
	while (in.ptr[at] != '}') {
		const size_t from = o->len;
		int rc;

		if (has_one)
			ob_u8(o, ',');
		rc = range_text(m, range, &at, &is_empty, o);
		if (rc < 0)
			return rc;
		if (is_empty)
			o->len = from; /* a multirange has no empty ones */
		else
			has_one = true;
		if (at >= in.len || (in.ptr[at] == ',' && (++at >= in.len || in.ptr[at] == '}')))
			return -EBADMSG;
	}
	ob_u8(o, '}');
	return at + 1 == in.len ? MASK_OK : -EBADMSG;
}

static int multirange_binary(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	struct reader r = rd_of(job->in.ptr, job->in.len);
	const uint32_t n = rd_be32(&r);

	if (r.bad || n > rd_left(&r) / 5)
		return -EBADMSG;
	ob_be32(o, n);
	for (uint32_t i = 0; i < n; i++) {
		const int rc = mask_inner_binary(m, job, job->type.element, &r, o);

		if (rc != MASK_OK)
			return rc < 0 ? rc : -EBADMSG;
	}
	return rd_is_done(&r) ? MASK_OK : -EBADMSG;
}

int mask_multirange(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	struct mask_job range = *job;

	if (job->is_binary)
		return multirange_binary(m, job, o);
	range.oid = job->type.element;
	mask_type_of(m->types, range.oid, &range.type);
	return range.type.kind == MASK_T_RANGE ? multirange_text(m, &range, o) : MASK_NULLED;
}
