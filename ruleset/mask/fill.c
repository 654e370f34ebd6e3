/* SPDX-License-Identifier: Apache-2.0
 * Values that no buffer holds: overwritten where they are, slice by slice, at their length. */
#include "ruleset/mask/mask_priv.h"

#include <errno.h>

static const char element[] = "<masked/>";

/* What the whole value becomes: <head>, <fill> as often as it takes, <tail>. */
struct shape {
	const char *head;
	size_t n_head;
	uint8_t fill;
	uint8_t tail; /* 0: none */
};

static int shape_of(enum mask_type_kind kind, bool is_binary, size_t total, struct shape *ret)
{
	*ret = (struct shape){ .head = "", .fill = '*' };
	if (kind == MASK_T_TEXT || (kind == MASK_T_BYTEA && (is_binary || total % 2 != 0)))
		return 0; /* of odd length it is in bytea_output's other form, where a star is one */
	if (kind == MASK_T_BYTEA)
		*ret = (struct shape){ "\\x", 2, '0', 0 };
	else if (kind == MASK_T_JSON || (kind == MASK_T_JSONB && !is_binary))
		*ret = (struct shape){ "\"", 1, '*', '"' };
	else if (kind == MASK_T_JSONB)
		*ret = (struct shape){ "\1\"", 2, '*', '"' };
	else if (kind == MASK_T_XML)
		*ret = (struct shape){ element, sizeof(element) - 1, ' ', 0 };
	else
		return -ENOTSUP;
	return total > ret->n_head ? 0 : -ENOTSUP;
}

int mask_fill(const struct masker *m, const struct mask_slice *slice)
{
	struct mask_type type;
	struct shape shape;
	int rc;

	if (slice->format > 1 || slice->from > slice->total ||
			slice->len > slice->total - slice->from)
		return -EINVAL;
	mask_type_of(m->types, slice->type, &type);
	rc = shape_of(type.kind, slice->format == 1, slice->total, &shape);
	if (rc != 0)
		return rc;
	if (slice->len > 0)
		memset(slice->bytes, shape.fill, slice->len);
	for (size_t at = slice->from; at < shape.n_head && at - slice->from < slice->len; at++)
		slice->bytes[at - slice->from] = (uint8_t)shape.head[at];
	if (shape.tail != 0 && slice->len > 0 && slice->from + slice->len == slice->total)
		slice->bytes[slice->len - 1] = shape.tail;
	return 0;
}
