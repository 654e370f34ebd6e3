/* SPDX-License-Identifier: Apache-2.0
 * One value of a row: by its type to whoever knows how to mask it. */
#include "ruleset/mask/mask_priv.h"

#include <errno.h>

static int opaque(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	(void)m;
	(void)job;
	(void)o;
	return MASK_NULLED;
}

static int (*const by_kind[MASK_T_MAX])(
		struct masker *m, const struct mask_job *job, struct outbuf *o) = {
	[MASK_T_OPAQUE] = opaque,
	[MASK_T_TEXT] = mask_string,
	[MASK_T_NAME] = mask_name,
	[MASK_T_CHAR] = mask_char,
	[MASK_T_BOOL] = mask_bool,
	[MASK_T_INT2] = mask_int,
	[MASK_T_INT4] = mask_int,
	[MASK_T_INT8] = mask_int,
	[MASK_T_UINT4] = mask_int,
	[MASK_T_UINT8] = mask_int,
	[MASK_T_FLOAT4] = mask_float,
	[MASK_T_FLOAT8] = mask_float,
	[MASK_T_NUMERIC] = mask_numeric,
	[MASK_T_MONEY] = mask_money,
	[MASK_T_BYTEA] = mask_bytea,
	[MASK_T_UUID] = mask_uuid,
	[MASK_T_DATE] = mask_date,
	[MASK_T_TIME] = mask_date,
	[MASK_T_TIMETZ] = mask_date,
	[MASK_T_TIMESTAMP] = mask_date,
	[MASK_T_TIMESTAMPTZ] = mask_date,
	[MASK_T_INTERVAL] = mask_date,
	[MASK_T_JSON] = mask_json,
	[MASK_T_JSONB] = mask_json,
	[MASK_T_XML] = mask_xml,
	[MASK_T_INET] = mask_inet,
	[MASK_T_CIDR] = mask_inet,
	[MASK_T_MACADDR] = mask_macaddr,
	[MASK_T_MACADDR8] = mask_macaddr,
	[MASK_T_BIT] = mask_bit,
	[MASK_T_ARRAY] = mask_array,
	[MASK_T_RECORD] = mask_record,
	[MASK_T_RANGE] = mask_range,
	[MASK_T_MULTIRANGE] = mask_multirange,
};

/* A path leads into JSON, and through an array or a row to the JSON in it. */
static bool takes_path(enum mask_type_kind kind)
{
	return kind == MASK_T_JSON || kind == MASK_T_JSONB || kind == MASK_T_TEXT ||
			kind == MASK_T_ARRAY || kind == MASK_T_RECORD;
}

static int run(struct masker *m, struct mask_job *job, struct outbuf *o)
{
	const size_t from = o->len;
	int rc;

	if (job->in.len == 0)
		job->in.ptr = (const uint8_t *)"";
	if (job->path == NULL && !mask_is_whole(job->part, job->in.len) &&
			(job->part.from >= job->part.to || job->part.from >= job->in.len))
		return -EINVAL;
	if (job->path != NULL || job->type.kind == MASK_T_RANGE ||
			job->type.kind == MASK_T_MULTIRANGE)
		job->part = MASK_WHOLE; /* half of a range would be no range */
	if (!takes_path(job->type.kind))
		job->path = NULL;
	if (job->mask->kind == MASK_NULL && job->path == NULL)
		return MASK_NULLED;
	rc = by_kind[job->type.kind](m, job, o);
	if (rc != MASK_OK)
		o->len = from;
	return rc;
}

int mask_job_put(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	struct mask_job copy = *job;

	mask_type_of(m->types, copy.oid, &copy.type);
	return run(m, &copy, o);
}

int mask_inner(struct masker *m, const struct mask_job *outer, const struct mask_job *inner,
		struct outbuf *o)
{
	struct mask_job job = *inner;

	job.mask = outer->mask;
	job.path = outer->path;
	job.is_binary = outer->is_binary;
	job.depth = outer->depth + 1;
	return job.depth > MASK_DEPTH_MAX ? -E2BIG : mask_job_put(m, &job, o);
}

int mask_inner_binary(struct masker *m, const struct mask_job *outer, uint32_t oid,
		struct reader *r, struct outbuf *o)
{
	const uint32_t len = rd_be32(r);
	const size_t at = r->at, from = o->len;
	struct mask_job job = { .oid = oid };
	int rc = MASK_OK;

	ob_be32(o, len);
	if (len == UINT32_MAX && !r->bad)
		return MASK_NULLED;
	job.in = rd_take(r, len);
	if (r->bad)
		return -EBADMSG;
	job.part = mask_part_inside(outer->part, at, len);
	if (mask_touches(outer->part, at - 4, at + len))
		rc = mask_inner(m, outer, &job, o);
	else
		ob_span_put(o, job.in);
	if (rc >= 0 && !o->full)
		store_be32(o->ptr + from,
				rc == MASK_NULLED ? UINT32_MAX : (uint32_t)(o->len - from - 4));
	return rc;
}

int mask_value(struct masker *m, const struct mask *mask, const struct mask_input *in,
		struct outbuf *o)
{
	const size_t from = o->len;
	struct mask_job job = { .mask = mask,
		.oid = in->type,
		.is_binary = in->format == 1,
		.in = in->bytes,
		.part = in->part,
		.path = in->path };

	if (in->format > 1)
		return -EINVAL;
	mask_type_of(m->types, in->type, &job.type);
	return mask_done(m, o, from, run(m, &job, o));
}
