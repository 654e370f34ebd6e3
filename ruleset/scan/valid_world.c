/* SPDX-License-Identifier: Apache-2.0
 * Check digits of identity and health numbers outside Europe. */
#include "ruleset/scan/valid_priv.h"

#include <string.h>

static bool is_birth(const uint8_t *d, uint32_t at)
{
	return valid_is_day(valid_two(d, at + 2), valid_two(d, at + 4));
}

bool valid_ar_cuit(struct span match)
{
	static const uint8_t weights[] = { 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 };
	static const uint8_t checks[] = { 0, 9, 9, 8, 7, 6, 5, 4, 3, 2, 1 };
	static const char kinds[] = "20 23 24 25 26 27 30 33 34";
	uint8_t d[VALID_MAX];
	char kind[3] = { 0 };

	if (!valid_digits(match, 11, d))
		return false;
	kind[0] = (char)('0' + d[0]);
	kind[1] = (char)('0' + d[1]);
	return strstr(kinds, kind) != NULL && d[10] == checks[valid_sum(d, weights, 10) % 11];
}

bool valid_au_tfn(struct span match)
{
	static const uint8_t weights[] = { 1, 4, 3, 7, 5, 8, 6, 9, 10 };
	uint8_t d[VALID_MAX];

	return valid_digits(match, 9, d) && valid_sum(d, weights, 9) > 0 &&
			valid_sum(d, weights, 9) % 11 == 0;
}

/* Ten digits: eight, their check digit, the issue; perhaps one more for the person. */
bool valid_au_medicare(struct span match)
{
	static const uint8_t weights[] = { 1, 3, 7, 9, 1, 3, 7, 9 };
	uint8_t d[VALID_MAX];
	const uint32_t n = valid_all_digits(match, d);

	return (n == 10 || n == 11) && d[0] >= 2 && d[0] <= 6 && d[9] != 0 &&
			valid_sum(d, weights, 8) % 10 == d[8];
}

static uint32_t cpf_check(const uint8_t *d, uint32_t n)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += d[i] * (n + 1 - i);
	return sum * 10 % 11 % 10;
}

bool valid_br_cpf(struct span match)
{
	uint8_t d[VALID_MAX];
	bool differs = false;

	if (!valid_digits(match, 11, d))
		return false;
	for (uint32_t i = 1; i < 11; i++)
		differs |= d[i] != d[0];
	return differs && cpf_check(d, 9) == d[9] && cpf_check(d, 10) == d[10];
}

bool valid_ca_sin(struct span match)
{
	uint8_t d[VALID_MAX];

	return valid_digits(match, 9, d) && d[0] != 0 && d[0] != 8 && valid_luhn_of(d, 9);
}

/* Weights 2 to 7, again and again, from the right. */
bool valid_cl_rut(struct span match)
{
	uint8_t d[VALID_MAX], c[1];
	uint32_t n, sum = 0;

	if (match.len < 8 || !valid_tail(match, 1, c))
		return false;
	match.len--;
	n = valid_all_digits(match, d);
	if (n < 7 || n > 8)
		return false;
	for (uint32_t i = 0; i < n; i++)
		sum += d[n - 1 - i] * (2 + i % 6);
	return "0K987654321"[sum % 11] == (char)c[0];
}

static bool is_cn_place(uint32_t province)
{
	static const uint8_t first[] = { 11, 21, 31, 41, 50, 61, 71, 81 };
	static const uint8_t last[] = { 15, 23, 37, 46, 54, 65, 71, 83 };

	for (size_t i = 0; i < N_OF(first); i++) {
		if (province >= first[i] && province <= last[i])
			return true;
	}
	return false;
}

bool valid_cn_id(struct span match)
{
	static const uint8_t weights[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
	uint8_t c[18], d[17];
	uint32_t century;

	if (!valid_tail(match, 18, c))
		return false;
	for (uint32_t i = 0; i < 17; i++) {
		if (!valid_is_digit(c[i]))
			return false;
		d[i] = (uint8_t)(c[i] - '0');
	}
	century = valid_two(d, 6);
	return is_cn_place(valid_two(d, 0)) && (century == 19 || century == 20) && is_birth(d, 8) &&
			"10X98765432"[valid_sum(d, weights, 17) % 11] == (char)c[17];
}

/* A letter counts from 10 on; a missing first letter as 36. */
bool valid_hk_id(struct span match)
{
	uint8_t c[9];
	uint32_t sum, n = 8;

	if (!valid_tail(match, 8, c))
		return false;
	sum = 36 * 9;
	if (valid_tail(match, 9, c) && valid_is_letter(c[0])) {
		n = 9;
		sum = (c[0] - 'A' + 10U) * 9;
	} else {
		valid_tail(match, 8, c);
	}
	if (!valid_is_letter(c[n - 8]))
		return false;
	sum += (c[n - 8] - 'A' + 10U) * 8;
	for (uint32_t i = 0; i < 6; i++)
		sum += (uint32_t)(c[n - 7 + i] - '0') * (7 - i);
	sum += c[n - 1] == 'A' ? 10 : (uint32_t)(c[n - 1] - '0');
	return sum % 11 == 0;
}

bool valid_il_id(struct span match)
{
	uint8_t d[VALID_MAX];

	return valid_digits(match, 9, d) && valid_luhn_of(d, 9);
}

/* Verhoeff's permutations and the multiplication of the dihedral group D5. */
static uint32_t verhoeff(const uint8_t *digits, uint32_t n)
{
	static const uint8_t step[10] = { 1, 5, 7, 6, 2, 8, 3, 0, 9, 4 };
	uint32_t c = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t p = digits[n - 1 - i];

		for (uint32_t k = 0; k < i % 8; k++)
			p = step[p];
		if (c < 5)
			c = p < 5 ? (c + p) % 5 : 5 + (c + p - 5) % 5;
		else
			c = p < 5 ? 5 + (c + 5 - p - 5) % 5 : (c + 5 - p) % 5;
	}
	return c;
}

bool valid_in_aadhaar(struct span match)
{
	uint8_t d[VALID_MAX];

	return valid_digits(match, 12, d) && d[0] >= 2 && verhoeff(d, 12) == 0;
}

/* Numbers given out from October 2020 on have no check digit; that is taken to go on until 2035. */
bool valid_kr_rrn(struct span match)
{
	static const uint8_t weights[] = { 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5 };
	uint8_t d[VALID_MAX];
	uint32_t month;

	if (!valid_digits(match, 13, d) || !is_birth(d, 0) || d[6] == 0 || d[6] == 9)
		return false;
	month = valid_two(d, 0) * 100 + valid_two(d, 2);
	if ((d[6] == 3 || d[6] == 4) && month >= 2010 && month <= 3512)
		return true;
	return (11 - valid_sum(d, weights, 12) % 11) % 10 == d[12];
}

/* N with a tilde stands between N and O. */
static uint32_t mx_value(uint8_t c)
{
	return (uint32_t)(valid_is_digit(c) ? c - '0' : c - 'A' + 10 + (c > 'N'));
}

bool valid_mx_curp(struct span match)
{
	uint8_t c[18], d[6];
	uint32_t sum = 0;

	if (!valid_tail(match, 18, c))
		return false;
	for (uint32_t i = 0; i < 6; i++)
		d[i] = (uint8_t)(c[4 + i] - '0');
	if (!is_birth(d, 0) || !valid_is_digit(c[17]))
		return false;
	for (uint32_t i = 0; i < 17; i++) {
		const uint32_t v = mx_value(c[i]);

		sum += v * (18 - i);
	}
	return (10 - sum % 10) % 10 == (uint32_t)(c[17] - '0');
}

bool valid_sg_nric(struct span match)
{
	static const uint8_t weights[] = { 2, 7, 6, 5, 4, 3, 2 };
	uint8_t c[9], d[7];
	uint32_t sum;
	const char *letters;

	if (!valid_tail(match, 9, c))
		return false;
	for (uint32_t i = 0; i < 7; i++) {
		if (!valid_is_digit(c[1 + i]))
			return false;
		d[i] = (uint8_t)(c[1 + i] - '0');
	}
	sum = valid_sum(d, weights, 7);
	sum += c[0] == 'T' || c[0] == 'G' ? 4 : c[0] == 'M' ? 3 : 0;
	letters = c[0] == 'S' || c[0] == 'T' ? "JZIHGFEDCBA"
			: c[0] == 'M'        ? "XWUTRQPNJLK"
					     : "XWUTRQPNMLK";
	return letters[sum % 11] == (char)c[8];
}

bool valid_th_id(struct span match)
{
	static const uint8_t weights[] = { 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2 };
	uint8_t d[VALID_MAX];

	return valid_digits(match, 13, d) && d[0] != 0 &&
			(11 - valid_sum(d, weights, 12) % 11) % 10 == d[12];
}

bool valid_tw_id(struct span match)
{
	/* codes of A to Z, less 10 */
	static const uint8_t codes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 24, 8, 9, 10, 11, 12, 25, 13, 14,
		15, 16, 17, 18, 19, 22, 20, 21, 23 };
	static const uint8_t weights[] = { 8, 7, 6, 5, 4, 3, 2, 1, 1 };
	uint8_t c[10], d[9];
	uint32_t code;

	if (!valid_tail(match, 10, c) || !valid_is_letter(c[0]))
		return false;
	for (uint32_t i = 0; i < 9; i++)
		d[i] = (uint8_t)(c[1 + i] - '0');
	code = codes[c[0] - 'A'] + 10U;
	return (code / 10 + code % 10 * 9 + valid_sum(d, weights, 9)) % 10 == 0;
}

bool valid_us_dea(struct span match)
{
	static const uint8_t weights[] = { 1, 2, 1, 2, 1, 2 };
	uint8_t d[VALID_MAX];

	return valid_digits(match, 7, d) && valid_sum(d, weights, 6) % 10 == d[6];
}

/* CMS: by position, C a digit from 1, A a letter without S L O I B Z, N a digit, X letter or digit. */
bool valid_us_mbi(struct span match)
{
	static const char classes[] = "CAXNAXNAANN";
	uint8_t c[11];

	if (!valid_tail(match, 11, c))
		return false;
	for (uint32_t i = 0; i < 11; i++) {
		const bool is_digit = valid_is_digit(c[i]), is_letter = !is_digit;

		if (is_letter && strchr("SLOIBZ", c[i]) != NULL)
			return false;
		if ((strchr("CN", classes[i]) != NULL && is_letter) ||
				(classes[i] == 'A' && is_digit))
			return false;
	}
	return c[0] != '0';
}

/* Luhn after the prefix 80840, whose digits add 24. */
bool valid_us_npi(struct span match)
{
	uint8_t d[VALID_MAX + 5] = { 8, 0, 8, 4, 0 };

	return valid_digits(match, 10, d + 5) && (d[5] == 1 || d[5] == 2) && valid_luhn_of(d, 15);
}

bool valid_za_id(struct span match)
{
	uint8_t d[VALID_MAX];

	return valid_digits(match, 13, d) && is_birth(d, 0) && d[10] <= 2 && valid_luhn_of(d, 13);
}
