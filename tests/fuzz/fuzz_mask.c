/* SPDX-License-Identifier: Apache-2.0
 * Masks of values of any type, of rows of COPY, and of free text. Input: a byte that says which,
 * then
 *
 *	0 value	type, flags (1 binary, 2 a path, 4 a part, 8 little room), mask, 2 bytes from, 2 to;
 *		a byte of length and the path, the same and the fixed text; the value
 *	1 COPY	options, mask; a byte of length and the fixed text; rows of four columns
 *	2 text	hits: a byte of how many, each a mask, from, length; the text
 *
 * A mask is two bytes: its kind; what it keeps, and its ratio. What was well formed is so
 * afterwards; what is masked twice in the ways that say so is the same; no room and no sense leave
 * nothing. */
#include "parsers/base/must.h"
#include "parsers/base/reader.h"
#include "ruleset/mask/copy.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 17, OID_OWN = 16500, N_COLUMNS = 4, HITS_MAX = 8 };

static const uint32_t oids[] = { 16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 142, 600, 650, 700, 701,
	774, 790, 829, 869, 1000, 1001, 1007, 1009, 1020, 1042, 1082, 1083, 1114, 1182, 1184, 1185,
	1186, 1231, 1266, 1560, 1562, 1700, 2249, 2287, 2950, 3802, 3807, 3904, 3906, 3908, 3910,
	3912, 3913, 4451, 4535, 5069, 6155, OID_OWN };

enum { N_OIDS = sizeof(oids) / sizeof(oids[0]) };

static struct mask_key key;
static struct masker masker;
static uint8_t scratch[ROOM], out[2][ROOM];

static bool find(const void *ctx, uint32_t oid, struct mask_type *ret)
{
	static const uint32_t fields[] = { 25, 23, 1009, 3802, 3912, 2249, OID_OWN };

	(void)ctx;
	*ret = (struct mask_type){ .kind = MASK_T_RECORD, .fields = fields, .n_fields = 7 };
	return oid == OID_OWN;
}

static void set_up(void)
{
	static const struct mask_types types = { find, NULL };
	static const uint8_t secret[32] = { 1 };

	if (masker.crypto == NULL) {
		must(mask_key_init(&key, (struct span){ secret, sizeof(secret) }) == 0);
		masker = (struct masker){ &key, mask_crypto_new(), &types, ob_of(scratch, ROOM) };
		must(masker.crypto != NULL);
	}
}

static struct mask take_mask(struct reader *r)
{
	const uint8_t kind = rd_u8(r), n = rd_u8(r);

	return (struct mask){ .kind = kind % (MASK_NOISE + 1), .keep = n % 16, .ratio = n / 200.0 };
}

static struct span take_text(struct reader *r)
{
	return rd_take(r, rd_u8(r));
}

/* Masks into out[i]; an error and NULL leave it as it was. */
static int run(const struct mask *mask, const struct mask_input *in, size_t i, size_t room,
		size_t *ret_len)
{
	struct outbuf o = ob_of(out[i], room);
	const int rc = mask_value(&masker, mask, in, &o);

	must(rc == MASK_OK || rc == MASK_NULLED || rc == -EBADMSG || rc == -ENOBUFS ||
			rc == -E2BIG || rc == -EINVAL);
	must(rc == MASK_OK || o.len == 0);
	must(!o.full && o.len <= room && masker.scratch.len == 0 && !masker.scratch.full);
	*ret_len = o.len;
	return rc;
}

/* Does our own reader take it? */
static bool is_well_formed(struct mask_input in)
{
	static const struct mask redact = { .kind = MASK_REDACT };
	const size_t cap = masker.scratch.cap;
	size_t len;
	int rc;

	in.part = MASK_WHOLE;
	masker.scratch.cap = ROOM;
	rc = run(&redact, &in, 1, ROOM, &len);
	masker.scratch.cap = cap;
	return rc >= 0;
}

/* Letters in a row that redact does not write itself. */
static bool is_readable(struct span text)
{
	static const char *const own[] = { "masked", "empty", "false" };
	size_t n = 0;

	for (size_t i = 0; i <= text.len; i++) {
		const uint8_t low = i < text.len ? text.ptr[i] | 0x20 : 0;
		bool is_own = false;

		if (low >= 'a' && low <= 'z') {
			n++;
			continue;
		}
		for (size_t k = 0; k < 3; k++)
			is_own |= n == strlen(own[k]) && memcmp(text.ptr + i - n, own[k], n) == 0;
		if (n >= 5 && !is_own)
			return true;
		n = 0;
	}
	return false;
}

static void check_twice(const struct mask *mask, struct mask_input in, size_t len)
{
	size_t again;

	in.bytes = (struct span){ out[0], len };
	if (mask->kind == MASK_REDACT || mask->kind == MASK_FIXED ||
			mask->kind == MASK_DATE_TO_YEAR) {
		must(run(mask, &in, 1, ROOM, &again) == MASK_OK && again == len);
		must(memcmp(out[0], out[1], len) == 0);
	}
}

static void check_value(const struct mask *mask, struct mask_input in, bool has_part)
{
	const bool was_well_formed = is_well_formed(in);
	size_t len, again;
	int rc = run(mask, &in, 0, ROOM, &len), tight;

	must(rc >= 0 || rc == -EINVAL || rc == -ENOBUFS || has_part || !was_well_formed ||
			mask->kind != MASK_REDACT);
	if (rc != MASK_OK)
		return;
	tight = run(mask, &in, 1, len, &again);
	must(tight == -ENOBUFS ||
			(tight == MASK_OK && again == len && memcmp(out[0], out[1], len) == 0));
	must(len == 0 || run(mask, &in, 1, len - 1, &again) != MASK_OK);
	if (mask->kind == MASK_REDACT && !has_part && in.path == NULL && in.format == 0 &&
			in.type != 790)
		must(!is_readable((struct span){ out[0], len }));
	masker.scratch.cap = ROOM; /* from here on it is not about room */
	if (!has_part)
		check_twice(mask, in, len);
	in.bytes = (struct span){ out[0], len };
	must(!was_well_formed || is_well_formed(in));
}

static void fuzz_value(struct reader *r)
{
	const uint8_t type = rd_u8(r), flags = rd_u8(r);
	struct mask mask = take_mask(r);
	const struct mask_part part = { rd_be16(r), rd_be16(r) };
	struct mask_input in = {
		.type = oids[type % N_OIDS], .format = flags & 1, .part = MASK_WHOLE
	};
	const struct span path_text = take_text(r);
	struct mask_path path;

	mask.fixed = take_text(r);
	if (r->bad)
		return;
	in.bytes = rd_take(r, rd_left(r));
	if ((flags & 2) != 0 && mask_path_read(path_text, &path) == 0)
		in.path = &path;
	else if ((flags & 4) != 0)
		in.part = part;
	masker.scratch.cap = (flags & 8) != 0 ? 64 : ROOM;
	check_value(&mask, in, (flags & 4) != 0 && in.path == NULL);
	masker.scratch.cap = ROOM;
}

static bool row_is_one(const struct mask_copy *copy, struct span row)
{
	size_t n;

	return mask_copy_row_size(copy, row, true, &n) == 0 && n == row.len;
}

/* Fields lie in order inside the row, and as many as were masked. */
static void check_fields(const struct mask_copy *copy, struct span row)
{
	struct mask_copy_field field = { 0 };
	size_t at = 0, end = 0;
	uint32_t n = 0;

	while (mask_copy_next(copy, row, &at, &field) == 1) {
		must(field.at.from >= end && field.at.to >= field.at.from &&
				field.at.to <= row.len);
		end = field.at.to;
		n++;
	}
	must(n == 0 || n == copy->n_columns); /* none: the end mark */
}

static void check_row(const struct mask_copy *copy, const struct mask_copy_column *columns,
		struct span row)
{
	struct outbuf o = ob_of(out[0], ROOM), again = ob_of(out[1], ROOM);
	int rc = mask_copy_row(&masker, copy, columns, row, &o);

	must(masker.scratch.len == 0 && (rc == 0 || o.len == 0));
	if (rc != 0)
		return;
	must(row_is_one(copy, ob_span(&o)));
	check_fields(copy, row);
	if (columns[0].part.to > 0)
		return; /* it would be elsewhere now */
	rc = mask_copy_row(&masker, copy, columns, ob_span(&o), &again);
	must(rc == 0 || columns[0].mask->kind == MASK_FIXED);
	must(columns[0].mask->kind != MASK_REDACT ||
			(o.len == again.len && memcmp(out[0], out[1], o.len) == 0));
}

static void fuzz_copy(struct reader *r)
{
	const uint8_t options = rd_u8(r);
	struct mask mask = take_mask(r);
	struct mask_copy copy = mask_copy_default[options % 3];
	struct mask_copy_column columns[N_COLUMNS] = { { .mask = &mask, .type = 25 },
		{ .mask = NULL, .type = 25 }, { .mask = &mask, .type = 1009 },
		{ .mask = &mask, .type = oids[options % N_OIDS] } };
	struct span in;
	size_t n;

	mask.fixed = take_text(r);
	if (mask.fixed.len % 4 == 3)
		columns[0].part = columns[2].part = (struct mask_part){ rd_u8(r), 16 };
	in = rd_take(r, rd_left(r));
	copy.n_columns = 1 + options % N_COLUMNS;
	copy.has_header = options > 127;
	if (mask_copy_head(&copy, in, &n) != 0)
		return;
	while (true) {
		must(n <= in.len);
		in = (struct span){ in.ptr + n, in.len - n };
		if (mask_copy_row_size(&copy, in, false, &n) != 0)
			return;
		must(n > 0);
		check_row(&copy, columns, (struct span){ in.ptr, n });
	}
}

static void fuzz_hits(struct reader *r)
{
	struct mask masks[HITS_MAX];
	struct mask_hit hits[HITS_MAX] = { 0 };
	const size_t n = rd_u8(r) % (HITS_MAX + 1);
	struct outbuf o = ob_of(out[0], ROOM);
	struct span text;
	size_t at = 0;
	int rc;

	for (size_t i = 0; i < n; i++) {
		masks[i] = take_mask(r);
		at = rd_u8(r);
		hits[i] = (struct mask_hit){ { at, at + rd_u8(r) }, &masks[i] };
	}
	if (r->bad)
		return;
	text = rd_take(r, rd_left(r));
	rc = mask_hits(&masker, text, hits, n, &o);
	must(rc == MASK_OK || (rc == -EINVAL && o.len == 0));
	if (rc != MASK_OK)
		return;
	if (n == 0)
		must(o.len == text.len);
	at = n > 0 && hits[0].part.from > 3 ? hits[0].part.from - 3
					    : 0; /* it grows to a character */
	must(o.len >= at && (at == 0 || memcmp(o.ptr, text.ptr, at) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = rd_of(data, size);
	const uint8_t which = rd_u8(&r) % 3;

	set_up();
	if (which == 0)
		fuzz_value(&r);
	else if (which == 1)
		fuzz_copy(&r);
	else
		fuzz_hits(&r);
	return 0;
}
