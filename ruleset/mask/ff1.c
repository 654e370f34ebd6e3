/* SPDX-License-Identifier: Apache-2.0
 * Pseudonyms of digits. FF1 of NIST SP 800-38G, radix 10, AES-256, no tweak: a permutation of the
 * numbers of n digits, so two values never meet in one token. */
#include "ruleset/mask/mask_priv.h"

enum {
	ROUNDS = 10,
	RADIX = 10,
	BLOCK = 16,
	WALK_MAX = 4096,
	DIGIT_FAIR = 250, /* bytes below this make digits without a bias */
};

__extension__ typedef unsigned __int128 uint128;

struct ff1 {
	uint64_t a, b;         /* the halves, as numbers */
	uint64_t mod_u, mod_v; /* 10^u, 10^v */
	uint32_t n_bytes;      /* of a half: "b" in the standard */
	uint32_t n_sum;        /* "d" */
	uint8_t head[BLOCK];   /* AES of "P" */
};

static uint64_t power(size_t n)
{
	uint64_t v = 1;

	while (n-- > 0)
		v *= RADIX;
	return v;
}

static uint64_t number_of(const uint8_t *digits, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * RADIX + (uint64_t)(digits[i] - '0');
	return v;
}

static void digits_of(uint64_t v, uint8_t *digits, size_t n)
{
	while (n-- > 0) {
		digits[n] = (uint8_t)('0' + v % RADIX);
		v /= RADIX;
	}
}

static void begin(struct masker *m, struct ff1 *f, const uint8_t *digits, size_t n)
{
	const size_t u = n / 2, v = n - u;
	const uint32_t bits = 64 - (uint32_t)__builtin_clzll(power(v) - 1);
	uint8_t p[BLOCK] = { 1, 2, 1, 0, 0, RADIX, ROUNDS, (uint8_t)u };

	store_be32(p + 8, (uint32_t)n);
	*f = (struct ff1){ .a = number_of(digits, u),
		.b = number_of(digits + u, v),
		.mod_u = power(u),
		.mod_v = power(v),
		.n_bytes = (bits + 7) / 8 };
	f->n_sum = 4 * ((f->n_bytes + 3) / 4) + 4;
	mask_aes(m, p, f->head);
}

static void round_of(struct masker *m, struct ff1 *f, uint32_t i)
{
	const uint64_t mod = i % 2 == 0 ? f->mod_u : f->mod_v;
	uint8_t q[BLOCK] = { 0 }, r[BLOCK];
	uint64_t rest = f->b;
	uint128 y = 0;

	q[BLOCK - 1 - f->n_bytes] = (uint8_t)i;
	for (uint32_t k = 0; k < f->n_bytes; k++) {
		q[BLOCK - 1 - k] = (uint8_t)rest;
		rest >>= 8;
	}
	for (uint32_t k = 0; k < BLOCK; k++)
		q[k] ^= f->head[k];
	mask_aes(m, q, r);
	for (uint32_t k = 0; k < f->n_sum; k++)
		y = y << 8 | r[k];
	y = (y % mod + f->a) % mod;
	f->a = f->b;
	f->b = (uint64_t)y;
}

void mask_ff1(struct masker *m, uint8_t *digits, size_t n)
{
	struct ff1 f;

	begin(m, &f, digits, n);
	for (uint32_t i = 0; i < ROUNDS; i++)
		round_of(m, &f, i);
	digits_of(f.a, digits, n / 2);
	digits_of(f.b, digits + n / 2, n - n / 2);
}

/* One digit has no halves: it is moved along the circle of 10, or of 9 when it must not be 0. */
static void one_digit(struct masker *m, uint8_t *digit, bool is_number)
{
	const uint32_t low = is_number && *digit != '0', size = RADIX - low;
	uint8_t sum[MASK_MAC_BYTES];

	mask_mac(m, MASK_USE_ONE_DIGIT, low, (struct span){ NULL, 0 }, sum);
	*digit = (uint8_t)('0' + low + ((uint32_t)(*digit - '0') - low + load_be32(sum)) % size);
}

/* More digits than FF1 is made for here: each from the code of them all. Two values meet with a
 * chance of less than 10^-38. */
static void long_digits(struct masker *m, uint8_t *digits, size_t n)
{
	uint8_t of_all[MASK_MAC_BYTES], sum[MASK_MAC_BYTES];
	uint32_t block = 0;
	size_t i = 0;

	mask_mac(m, MASK_USE_LONG_DIGITS, 0, (struct span){ digits, n }, of_all);
	while (i < n) {
		mask_mac(m, MASK_USE_LONG_DIGITS, ++block, (struct span){ of_all, sizeof(of_all) },
				sum);
		for (size_t k = 0; k < sizeof(sum) && i < n; k++) {
			if (sum[k] < DIGIT_FAIR)
				digits[i++] = (uint8_t)('0' + sum[k] % RADIX);
		}
	}
}

void mask_digits(struct masker *m, uint8_t *digits, size_t n, bool is_number)
{
	const bool must_lead = is_number && n > 0 && digits[0] != '0';
	uint32_t walked = 0;

	if (n == 0)
		return;
	if (n == 1) {
		one_digit(m, digits, is_number);
		return;
	}
	do { /* the cycle comes back to where it began, which is good: so it ends */
		if (n <= MASK_FF1_MAX)
			mask_ff1(m, digits, n);
		else
			long_digits(m, digits, n);
	} while (must_lead && digits[0] == '0' && ++walked < WALK_MAX);
	if (must_lead && digits[0] == '0')
		digits[0] = '1';
}
