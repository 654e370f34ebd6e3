/* SPDX-License-Identifier: Apache-2.0
 * numeric: its binary form (numeric_send() in numeric.c of PostgreSQL: ndigits, weight, sign,
 * dscale, then digits to the base of 10,000) is written out as decimal text, masked as that, and
 * read back. */
#include "ruleset/mask/mask_priv.h"

#include <errno.h>

enum {
	GROUP = 4, /* decimal digits of one of base 10,000 */
	BASE = 10000,
	NEGATIVE = 0x4000,
	NOT_A_NUMBER = 0xc000, /* infinities are 0xd000 and 0xf000 */
	SCALE_MAX = 16383,
	GROUPS_MAX = 0x7fff,
};

static void put_group(struct outbuf *o, uint32_t v, size_t n)
{
	const uint8_t digits[GROUP] = { (uint8_t)('0' + v / 1000), (uint8_t)('0' + v / 100 % 10),
		(uint8_t)('0' + v / 10 % 10), (uint8_t)('0' + v % 10) };

	ob_put(o, digits, n);
}

static bool read_groups(struct span in, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (load_be16(in.ptr + 2 * i) >= BASE)
			return false;
	}
	return true;
}

/* As the server writes them: without zeros in front. */
static void put_whole(struct outbuf *o, struct span groups, int32_t weight)
{
	const size_t from = o->len, n = groups.len / 2;
	size_t zeros = 0;

	for (int32_t i = 0; i <= weight; i++)
		put_group(o, (size_t)i < n ? load_be16(groups.ptr + 2 * i) : 0, GROUP);
	if (o->len == from)
		ob_u8(o, '0');
	while (from + zeros + 1 < o->len && o->ptr[from + zeros] == '0')
		zeros++;
	memmove(o->ptr + from, o->ptr + from + zeros, o->len - from - zeros);
	o->len -= zeros;
}

/* The group of weight -1 is the first behind the point, whatever the first one's is. */
static void put_fraction(struct outbuf *o, struct span groups, int32_t weight, uint32_t scale)
{
	const int32_t n = (int32_t)(groups.len / 2);
	int32_t i = weight + 1;

	if (scale > 0)
		ob_u8(o, '.');
	for (uint32_t left = scale; left > 0; i++) {
		const uint32_t k = left < GROUP ? left : GROUP;

		put_group(o, i >= 0 && i < n ? load_be16(groups.ptr + 2 * i) : 0, k);
		left -= k;
	}
}

/* <ret> is decimal text in the scratch; empty: NaN or an infinity. */
static int to_text(struct masker *m, struct span in, struct span *ret)
{
	struct reader r = rd_of(in.ptr, in.len);
	const uint32_t n = rd_be16(&r);
	const int32_t weight = (int16_t)rd_be16(&r);
	const uint32_t sign = rd_be16(&r), scale = rd_be16(&r);
	const struct span groups = rd_take(&r, 2 * (size_t)n);
	const size_t from = m->scratch.len;

	*ret = ob_since(&m->scratch, from);
	if (!rd_is_done(&r) || scale > SCALE_MAX || !read_groups(groups, n))
		return -EBADMSG;
	if (sign != 0 && sign != NEGATIVE)
		return sign >= NOT_A_NUMBER && n == 0 ? 0 : -EBADMSG;
	if (sign == NEGATIVE)
		ob_u8(&m->scratch, '-');
	put_whole(&m->scratch, groups, weight);
	put_fraction(&m->scratch, groups, weight, scale);
	*ret = ob_since(&m->scratch, from);
	return m->scratch.full ? -ENOBUFS : 0;
}

static uint32_t group_at(const struct mask_decimal *d, size_t pad, size_t i)
{
	const size_t whole = pad + d->whole.len;
	uint32_t v = 0;

	for (size_t at = i * GROUP; at < (i + 1) * GROUP; at++) {
		uint8_t c = '0';

		if (at >= pad && at < whole)
			c = d->whole.ptr[at - pad];
		else if (at >= whole && at - whole < d->fraction.len)
			c = d->fraction.ptr[at - whole];
		v = v * 10 + (uint32_t)(c - '0');
	}
	return v;
}

static int to_binary(struct span text, struct outbuf *o)
{
	struct mask_decimal d;
	size_t pad, first = 0, n, whole_groups;

	if (!mask_decimal_read(text, &d) || d.fraction.len > SCALE_MAX)
		return -EBADMSG;
	whole_groups = (d.whole.len + GROUP - 1) / GROUP;
	pad = whole_groups * GROUP - d.whole.len;
	n = whole_groups + (d.fraction.len + GROUP - 1) / GROUP;
	while (n > 0 && group_at(&d, pad, n - 1) == 0)
		n--;
	while (first < n && group_at(&d, pad, first) == 0)
		first++;
	if (n - first > GROUPS_MAX || whole_groups > GROUPS_MAX)
		return -EBADMSG;
	ob_be16(o, (uint16_t)(n - first));
	ob_be16(o, n == first ? 0 : (uint16_t)(int16_t)((int)whole_groups - 1 - (int)first));
	ob_be16(o, d.is_negative && n > first ? NEGATIVE : 0);
	ob_be16(o, (uint16_t)d.fraction.len);
	for (size_t i = first; i < n; i++)
		ob_be16(o, (uint16_t)group_at(&d, pad, i));
	return MASK_OK;
}

static int numeric_binary(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	struct mask_decimal d = { 0 };
	struct span text;
	size_t from;
	int rc = to_text(m, job->in, &text);

	if (rc != 0)
		return rc;
	from = m->scratch.len;
	if (text.len == 0)
		ob_u8(&m->scratch, '0');
	else if (mask_decimal_read(text, &d))
		mask_decimal_put(m, job->mask, &d, text, &m->scratch);
	if (m->scratch.full)
		return -ENOBUFS;
	return to_binary(ob_since(&m->scratch, from), o);
}

int mask_numeric(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	struct mask_decimal d;

	if (job->is_binary)
		return numeric_binary(m, job, o);
	if (span_is(job->in, "NaN") || span_is(job->in, "Infinity") ||
			span_is(job->in, "-Infinity"))
		ob_u8(o, '0');
	else if (!mask_decimal_read(job->in, &d) || d.exponent.len > 0)
		return -EBADMSG;
	else
		mask_decimal_put(m, job->mask, &d, job->in, o);
	return MASK_OK;
}
