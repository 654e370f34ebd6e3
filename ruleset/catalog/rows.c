/* SPDX-License-Identifier: Apache-2.0
 * Rows of the answer: numbers as PostgreSQL writes them, names that a name can be, nothing missing. */
#include "parsers/base/reader.h"
#include "ruleset/catalog/catalog_priv.h"

#define IS_NULL UINT32_MAX /* the length of NULL */

enum {
	AT_KIND,
	AT_OID,
	AT_ATTNUM,
	AT_COPY,
	AT_OTHER,
	AT_SCHEMA,
	AT_TABLE,
	AT_TEXT,
};

/* What a kind has besides its oid; all else is NULL. */
struct form {
	bool attnum, copy_at, other, names, text;
};

static const struct form *form_of(uint8_t kind)
{
	static const struct form forms[128] = {
		[ROW_NEWEST] = { 0 },
		[ROW_COLUMN] = { true, true, true, true, true },
		[ROW_TOAST] = { true, true, true, true, true },
		[ROW_REPEAT] = { true, true, false, true, true },
		[ROW_OUTPUT] = { true, true, false, true, true },
		[ROW_DEPENDS] = { .attnum = true, .other = true },
		[ROW_VIEW] = { .text = true },
	};
	static const char known[] = { ROW_NEWEST, ROW_COLUMN, ROW_TOAST, ROW_REPEAT, ROW_OUTPUT,
		ROW_DEPENDS, ROW_VIEW };

	return memchr(known, kind, sizeof(known)) != NULL ? &forms[kind] : NULL;
}

void catalog_row_put(const struct span *fields, size_t n, struct outbuf *o)
{
	ob_be16(o, (uint16_t)n);
	for (size_t i = 0; i < n; i++) {
		ob_be32(o, fields[i].ptr == NULL ? IS_NULL : (uint32_t)fields[i].len);
		if (fields[i].ptr != NULL)
			ob_put(o, fields[i].ptr, fields[i].len);
	}
}

/* Decimal digits, no sign, no zero in front. */
static bool number_of(struct span s, uint32_t max, uint32_t *ret)
{
	uint64_t value = 0;

	if (s.len == 0 || s.len > 10 || (s.ptr[0] == '0' && s.len > 1))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(s.ptr[i] - '0');
	}
	*ret = (uint32_t)value;
	return value <= max;
}

static bool copy_at_of(struct span s, int16_t *ret)
{
	uint32_t n = 0;

	if (s.len == 2 && memcmp(s.ptr, "-1", 2) == 0) {
		*ret = -1;
		return true;
	}
	if (!number_of(s, INT16_MAX, &n))
		return false;
	*ret = (int16_t)n;
	return true;
}

static bool attnum_of(const struct catalog_row *row, struct span s, int16_t *ret)
{
	uint32_t n = 0;

	if (!number_of(s, INT16_MAX, &n) || (n == 0 && row->kind != ROW_DEPENDS))
		return false;
	*ret = (int16_t)n;
	return true;
}

static bool is_name(struct span s)
{
	return s.ptr != NULL && s.len > 0 && s.len <= CATALOG_NAME_MAX;
}

static bool take_fields(struct reader *r, struct span fields[CATALOG_FIELDS])
{
	if (rd_be16(r) != CATALOG_FIELDS)
		return false;
	for (size_t i = 0; i < CATALOG_FIELDS; i++) {
		const uint32_t len = rd_be32(r);

		fields[i] = (struct span){ NULL, 0 };
		if (len != IS_NULL)
			fields[i] = rd_take(r, len);
	}
	return !r->bad;
}

/* Is there what there must be, and nothing else? */
static bool has_form(const struct form *form, const struct span fields[CATALOG_FIELDS])
{
	const bool wants[CATALOG_FIELDS] = { true, true, form->attnum, form->copy_at, form->other,
		form->names, form->names, form->text };

	for (size_t i = 0; i < CATALOG_FIELDS; i++) {
		/* the server has no definition of a view that was dropped meanwhile */
		if ((fields[i].ptr != NULL) != wants[i] && !(i == AT_TEXT && !form->names))
			return false;
	}
	return true;
}

bool row_read(struct reader *r, struct catalog_row *ret)
{
	struct span fields[CATALOG_FIELDS];
	const struct form *form;
	bool ok;

	if (!take_fields(r, fields) || fields[AT_KIND].len != 1)
		return false;
	form = form_of(fields[AT_KIND].ptr[0]);
	if (form == NULL || !has_form(form, fields))
		return false;
	*ret = (struct catalog_row){ .kind = (enum row_kind)fields[AT_KIND].ptr[0],
		.schema = fields[AT_SCHEMA],
		.table = fields[AT_TABLE],
		.text = fields[AT_TEXT] };
	ok = number_of(fields[AT_OID], UINT32_MAX, &ret->oid) && ret->oid != 0;
	ok = ok && (!form->attnum || attnum_of(ret, fields[AT_ATTNUM], &ret->attnum));
	ok = ok && (!form->copy_at || copy_at_of(fields[AT_COPY], &ret->copy_at));
	ok = ok && (!form->other || number_of(fields[AT_OTHER], UINT32_MAX, &ret->other));
	return ok &&
			(!form->names ||
					(is_name(ret->schema) && is_name(ret->table) &&
							is_name(ret->text)));
}
