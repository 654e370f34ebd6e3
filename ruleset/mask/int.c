/* SPDX-License-Identifier: Apache-2.0
 * Integers, money and floating point, in text and binary. */
#include "ruleset/mask/mask_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum {
	DIGITS_MAX = 20, /* of 64 bits */
	WALK_MAX = 4096,
	NOISE_ONE = 1000000000,
	FLOAT_TEXT_MAX = 64,
	FLOAT4_TOKENS = 10000000, /* integers that every float4 has exactly */
};

#define FLOAT8_TOKENS 1000000000000000ULL

__extension__ typedef unsigned __int128 uint128;

struct integer {
	bool is_negative;
	uint64_t size; /* its magnitude */
};

static uint64_t limit_of(enum mask_type_kind kind)
{
	static const uint64_t limits[MASK_T_MAX] = {
		[MASK_T_INT2] = INT16_MAX,
		[MASK_T_INT4] = INT32_MAX,
		[MASK_T_INT8] = INT64_MAX,
		[MASK_T_UINT4] = UINT32_MAX,
		[MASK_T_UINT8] = UINT64_MAX,
	};

	return limits[kind];
}

static bool is_signed(enum mask_type_kind kind)
{
	return kind == MASK_T_INT2 || kind == MASK_T_INT4 || kind == MASK_T_INT8;
}

static size_t bytes_of(enum mask_type_kind kind)
{
	if (kind == MASK_T_INT2)
		return 2;
	return kind == MASK_T_INT4 || kind == MASK_T_UINT4 ? 4 : 8;
}

static bool read_text(struct span text, enum mask_type_kind kind, struct integer *ret)
{
	size_t at = 0;
	uint128 v = 0;

	ret->is_negative = text.len > 0 && text.ptr[0] == '-' && is_signed(kind);
	if (ret->is_negative)
		at++;
	if (at == text.len || text.len - at > DIGITS_MAX)
		return false;
	for (; at < text.len; at++) {
		if (!is_digit(text.ptr[at]))
			return false;
		v = v * 10 + (uint8_t)(text.ptr[at] - '0');
	}
	ret->size = (uint64_t)v;
	return v <= (uint128)limit_of(kind) + (ret->is_negative ? 1 : 0);
}

static bool read_binary(struct span in, enum mask_type_kind kind, struct integer *ret)
{
	uint64_t v = 0, sign;

	if (in.len != bytes_of(kind))
		return false;
	for (size_t i = 0; i < in.len; i++)
		v = v << 8 | in.ptr[i];
	sign = 1ULL << (in.len * 8 - 1);
	ret->is_negative = is_signed(kind) && (v & sign) != 0;
	ret->size = ret->is_negative ? (sign << 1) - v : v;
	return true;
}

static size_t put_digits(uint64_t v, uint8_t digits[DIGITS_MAX])
{
	uint8_t back[DIGITS_MAX];
	size_t n = 0;

	do {
		back[n++] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	for (size_t i = 0; i < n; i++)
		digits[i] = back[n - 1 - i];
	return n;
}

static void write_int(
		const struct integer *v, enum mask_type_kind kind, bool is_binary, struct outbuf *o)
{
	const uint64_t bits = v->is_negative ? 0 - v->size : v->size;
	uint8_t digits[DIGITS_MAX];

	if (!is_binary) {
		if (v->is_negative && v->size > 0)
			ob_u8(o, '-');
		ob_put(o, digits, put_digits(v->size, digits));
	} else {
		for (size_t i = bytes_of(kind); i-- > 0;)
			ob_u8(o, (uint8_t)(bits >> (i * 8)));
	}
}

static uint64_t power(size_t n)
{
	uint64_t v = 1;

	while (n-- > 0)
		v *= 10;
	return v;
}

static uint64_t kept(const struct mask *mask, uint64_t v)
{
	uint8_t digits[DIGITS_MAX];
	const size_t n = put_digits(v, digits);

	if (mask->keep >= n)
		return 0;
	return mask->kind == MASK_KEEP_LAST ? v % power(mask->keep) : v - v % power(n - mask->keep);
}

/* Of as many digits, in the type's range: on along the permutation until there. */
static uint64_t pseudonym(struct masker *m, uint64_t v, uint64_t limit)
{
	uint8_t digits[DIGITS_MAX], last[DIGITS_MAX];
	const size_t n = put_digits(v, digits), n_last = put_digits(limit, last);
	uint64_t number = 0;
	uint32_t walked = 0;

	if (v == 0)
		return 0;
	do {
		mask_digits(m, digits, n, true);
	} while (n == n_last && memcmp(digits, last, n) > 0 && ++walked < WALK_MAX);
	if (n == n_last && memcmp(digits, last, n) > 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		number = number * 10 + (uint64_t)(digits[i] - '0');
	return number;
}

static uint64_t noisy(
		struct masker *m, const struct mask *mask, const struct integer *v, uint64_t limit)
{
	uint8_t text[DIGITS_MAX + 1] = { '-' };
	const size_t n = put_digits(v->size, text + 1), skip = v->is_negative ? 0 : 1;
	uint32_t factor;
	uint128 product;

	if (!mask_noise_factor(m, mask, (struct span){ text + skip, n + 1 - skip }, &factor))
		return 0;
	product = ((uint128)v->size * factor + NOISE_ONE / 2) / NOISE_ONE;
	return product > limit ? limit : (uint64_t)product;
}

static void apply(struct masker *m, const struct mask_job *job, struct integer *v)
{
	const struct mask *mask = job->mask;
	const uint64_t limit = limit_of(job->type.kind);
	struct integer fixed;

	if (mask->kind == MASK_FIXED && read_text(mask->fixed, job->type.kind, &fixed))
		*v = fixed;
	else if (mask->kind == MASK_KEEP_FIRST || mask->kind == MASK_KEEP_LAST)
		v->size = kept(mask, v->size);
	else if (mask->kind == MASK_PSEUDONYM)
		v->size = pseudonym(m, v->size, limit);
	else if (mask->kind == MASK_NOISE)
		v->size = noisy(m, mask, v, limit);
	else
		*v = (struct integer){ 0 };
}

int mask_int(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	const enum mask_type_kind kind = job->type.kind;
	struct integer v;

	if (!(job->is_binary ? read_binary(job->in, kind, &v) : read_text(job->in, kind, &v)))
		return -EBADMSG;
	apply(m, job, &v);
	write_int(&v, kind, job->is_binary, o);
	return MASK_OK;
}

static bool text_to_double(struct span text, bool is_float4, double *ret)
{
	char copy[FLOAT_TEXT_MAX + 1];
	struct mask_decimal d;

	if (text.len == 0 || text.len > FLOAT_TEXT_MAX)
		return false;
	if (span_is(text, "NaN") || span_is(text, "Infinity") || span_is(text, "-Infinity")) {
		*ret = text.ptr[0] == 'N' ? NAN : text.ptr[0] == '-' ? -INFINITY : INFINITY;
		return true;
	}
	if (!mask_decimal_read(text, &d))
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	*ret = is_float4 ? (double)strtof(copy, NULL) : strtod(copy, NULL);
	return true;
}

static bool binary_to_double(struct span in, bool is_float4, double *ret)
{
	uint32_t bits4;
	uint64_t bits8;
	float v;

	if (in.len != (is_float4 ? sizeof(bits4) : sizeof(bits8)))
		return false;
	if (is_float4) {
		bits4 = load_be32(in.ptr);
		memcpy(&v, &bits4, sizeof(v));
		*ret = (double)v;
	} else {
		bits8 = load_be64(in.ptr);
		memcpy(ret, &bits8, sizeof(bits8));
	}
	return true;
}

static void write_double(double v, bool is_float4, struct outbuf *o)
{
	const float v4 = (float)v;
	uint32_t bits4;
	uint64_t bits8;

	memcpy(&bits4, &v4, sizeof(bits4));
	memcpy(&bits8, &v, sizeof(bits8));
	if (is_float4)
		ob_be32(o, bits4);
	else
		ob_be64(o, bits8);
}

/* The same for text and binary, and for both zeros. */
static struct span canonical_of(double v, uint8_t ret[8])
{
	uint64_t bits;

	if (v == 0)
		v = 0;
	memcpy(&bits, &v, sizeof(bits));
	store_be32(ret, (uint32_t)(bits >> 32));
	store_be32(ret + 4, (uint32_t)bits);
	return (struct span){ ret, 8 };
}

static double float_fixed(const struct mask *mask, bool is_float4)
{
	double v;

	if (!text_to_double(mask->fixed, is_float4, &v) || !isfinite(v))
		return 0;
	return v;
}

/* With room for a factor of two. False for what is no number. */
static bool takes_noise(double v, bool is_float4)
{
	return fabs(v) < (is_float4 ? 1e38 : 1e307);
}

static double noisy_float(struct masker *m, const struct mask *mask, double v, bool is_float4)
{
	uint8_t canonical[8];
	uint32_t factor;

	if (!takes_noise(v, is_float4) ||
			!mask_noise_factor(m, mask, canonical_of(v, canonical), &factor))
		return 0;
	return v * ((double)factor / NOISE_ONE);
}

static uint64_t float_token(struct masker *m, double v, bool is_float4)
{
	uint8_t sum[MASK_MAC_BYTES], canonical[8];

	mask_mac(m, MASK_USE_FLOAT, is_float4, canonical_of(v, canonical), sum);
	return load_be64(sum) % (is_float4 ? FLOAT4_TOKENS : FLOAT8_TOKENS);
}

static void float_text(struct masker *m, const struct mask_job *job, double v, struct outbuf *o)
{
	const bool is_float4 = job->type.kind == MASK_T_FLOAT4;
	const struct mask *mask = job->mask;
	uint8_t canonical[8];
	struct mask_decimal d;

	if (mask->kind == MASK_PSEUDONYM) {
		write_int(&(struct integer){ false, float_token(m, v, is_float4) }, MASK_T_UINT8,
				false, o);
	} else if (mask->kind == MASK_FIXED && float_fixed(mask, is_float4) != 0) {
		ob_span_put(o, mask->fixed);
	} else if (mask->kind == MASK_NOISE && takes_noise(v, is_float4) &&
			mask_decimal_read(job->in, &d)) {
		mask_decimal_put(m, mask, &d, canonical_of(v, canonical), o);
	} else {
		ob_u8(o, '0');
	}
}

static void float_binary(struct masker *m, const struct mask_job *job, double v, struct outbuf *o)
{
	const bool is_float4 = job->type.kind == MASK_T_FLOAT4;
	double put = 0;

	if (job->mask->kind == MASK_PSEUDONYM)
		put = (double)float_token(m, v, is_float4);
	else if (job->mask->kind == MASK_FIXED)
		put = float_fixed(job->mask, is_float4);
	else if (job->mask->kind == MASK_NOISE)
		put = noisy_float(m, job->mask, v, is_float4);
	write_double(put, is_float4, o);
}

int mask_float(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	const bool is_float4 = job->type.kind == MASK_T_FLOAT4;
	double v;

	if (!(job->is_binary ? binary_to_double(job->in, is_float4, &v)
			     : text_to_double(job->in, is_float4, &v)))
		return -EBADMSG;
	if (job->is_binary)
		float_binary(m, job, v, o);
	else
		float_text(m, job, v, o);
	return MASK_OK;
}
