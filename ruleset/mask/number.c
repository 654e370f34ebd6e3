/* SPDX-License-Identifier: Apache-2.0
 * Masks of decimal text: what is said of digits, and the arithmetic of noise, digit by digit, since
 * numeric has more of them than any machine word. */
#include "ruleset/mask/mask_priv.h"

enum { DROPPED = 9 }; /* digits of a noise factor: thousand millionths */

static struct span take_digits(struct span text, size_t *at)
{
	const size_t from = *at;

	while (*at < text.len && is_digit(text.ptr[*at]))
		(*at)++;
	return span_from(text, from, *at);
}

static bool take(struct span text, size_t *at, const char *any)
{
	if (*at >= text.len || text.ptr[*at] == 0 || strchr(any, text.ptr[*at]) == NULL)
		return false;
	(*at)++;
	return true;
}

bool mask_decimal_read(struct span text, struct mask_decimal *ret)
{
	size_t at = 0, n_digits, from;

	ret->is_negative = text.len > 0 && text.ptr[0] == '-';
	take(text, &at, "+-");
	ret->whole = take_digits(text, &at);
	n_digits = ret->whole.len;
	ret->fraction = span_from(text, at, at);
	if (take(text, &at, "."))
		ret->fraction = take_digits(text, &at);
	n_digits += ret->fraction.len;
	from = at;
	if (take(text, &at, "eE")) {
		take(text, &at, "+-");
		if (take_digits(text, &at).len == 0)
			return false;
	}
	ret->exponent = span_from(text, from, at);
	while (ret->whole.len > 0 && ret->whole.ptr[0] == '0')
		ret->whole = span_from(ret->whole, 1, ret->whole.len);
	return at == text.len && n_digits > 0;
}

/* Digits since <from>, of which the last <n_fraction> follow the point: the form that PostgreSQL
 * and JSON write. */
static void place_point(struct outbuf *o, size_t from, size_t n_fraction)
{
	size_t n = o->len - from, whole = n - n_fraction, zeros = 0;
	uint8_t *p = o->ptr + from;

	while (zeros + 1 < whole && p[zeros] == '0')
		zeros++;
	memmove(p, p + zeros, n - zeros);
	o->len -= zeros;
	whole -= zeros;
	if (whole == 0 && ob_room(o, 1) != NULL) {
		memmove(p + 1, p, n_fraction);
		p[0] = '0';
		whole = 1;
	}
	if (n_fraction > 0 && ob_room(o, 1) != NULL) {
		memmove(p + whole + 1, p + whole, n_fraction);
		p[whole] = '.';
	}
}

static uint8_t digit_at(const struct mask_decimal *d, size_t i)
{
	return i < d->whole.len ? d->whole.ptr[i] : d->fraction.ptr[i - d->whole.len];
}

static void put_kept(const struct mask *mask, const struct mask_decimal *d, struct outbuf *o)
{
	const size_t n = d->whole.len + d->fraction.len, from = o->len;
	const bool is_first = mask->kind == MASK_KEEP_FIRST;

	if (n <= mask->keep || d->exponent.len > 0) {
		ob_u8(o, '0');
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const bool kept = is_first ? i < mask->keep : i >= n - mask->keep;

		ob_u8(o, kept ? digit_at(d, i) : '0');
	}
	if (!o->full)
		place_point(o, from, d->fraction.len);
}

/* Zeros in front stay: 0.05 has one digit that counts. */
static void put_pseudonym(struct masker *m, const struct mask_decimal *d, struct outbuf *o)
{
	const size_t n = d->whole.len + d->fraction.len, from = o->len;
	uint8_t *p = ob_room(o, n);
	size_t zeros = 0;

	if (p == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		p[i] = digit_at(d, i);
	while (zeros < n && p[zeros] == '0')
		zeros++;
	mask_digits(m, p + zeros, n - zeros, true);
	place_point(o, from, d->fraction.len);
	ob_span_put(o, d->exponent);
}

/* The digits' product with <factor>, without its last nine digits, into <p>, one digit longer. Says
 * whether to round up. */
static bool multiply(const struct mask_decimal *d, uint64_t factor, uint8_t *p)
{
	const size_t n = d->whole.len + d->fraction.len;
	uint64_t sum = 0;
	bool up = false;

	for (size_t k = 0; k < n + 1 + DROPPED; k++) {
		if (k < n)
			sum += (uint64_t)(digit_at(d, n - 1 - k) - '0') * factor;
		if (k >= DROPPED)
			p[n - (k - DROPPED)] = (uint8_t)('0' + sum % 10);
		else
			up = sum % 10 >= 5;
		sum /= 10;
	}
	return up;
}

static void put_noise(const struct mask_decimal *d, uint32_t factor, struct outbuf *o)
{
	const size_t n = d->whole.len + d->fraction.len + 1, from = o->len;
	uint8_t *p = ob_room(o, n);

	if (p == NULL)
		return;
	if (multiply(d, factor, p)) {
		size_t i = n - 1;

		while (i > 0 && p[i] == '9')
			p[i--] = '0';
		p[i]++; /* the first digit is 0 or 1: the factor is less than 2 */
	}
	place_point(o, from, d->fraction.len);
	ob_span_put(o, d->exponent);
}

static void put_fixed(struct span fixed, struct outbuf *o)
{
	struct mask_decimal d;
	size_t from;

	if (!mask_decimal_read(fixed, &d) || d.exponent.len > 0) {
		ob_u8(o, '0');
		return;
	}
	if (d.is_negative)
		ob_u8(o, '-');
	from = o->len;
	ob_span_put(o, d.whole);
	ob_span_put(o, d.fraction);
	if (!o->full)
		place_point(o, from, d.fraction.len);
}

void mask_decimal_put(struct masker *m, const struct mask *mask, const struct mask_decimal *d,
		struct span noise_of, struct outbuf *o)
{
	const bool keeps_sign = mask->kind != MASK_REDACT && mask->kind != MASK_NULL &&
			mask->kind != MASK_FIXED && mask->kind != MASK_DATE_TO_YEAR;
	const size_t from = o->len;
	uint32_t factor;

	if (keeps_sign && d->is_negative)
		ob_u8(o, '-');
	if (mask->kind == MASK_KEEP_FIRST || mask->kind == MASK_KEEP_LAST) {
		put_kept(mask, d, o);
	} else if (mask->kind == MASK_PSEUDONYM) {
		put_pseudonym(m, d, o);
	} else if (mask->kind == MASK_FIXED) {
		put_fixed(mask->fixed, o);
	} else if (mask->kind == MASK_NOISE && mask_noise_factor(m, mask, noise_of, &factor)) {
		put_noise(d, factor, o);
	} else {
		o->len = from;
		ob_u8(o, '0');
	}
}
