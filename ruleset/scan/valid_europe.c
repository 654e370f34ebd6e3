/* SPDX-License-Identifier: Apache-2.0
 * Check digits of Europe's identity and health numbers. */
#include "ruleset/scan/valid_priv.h"

#include <string.h>

/* Month and day of a birth date YYMMDD at digits[at]. */
static bool is_birth(const uint8_t *d, uint32_t at)
{
	return valid_is_day(valid_two(d, at + 2), valid_two(d, at + 4));
}

static bool are_same(const uint8_t *d, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		if (d[i] != d[0])
			return false;
	}
	return true;
}

/* 97 - n % 97 of the first nine digits, with a 2 before them for who was born from 2000 on. */
bool valid_be_nrn(struct span match)
{
	uint8_t d[VALID_MAX];
	uint64_t n = 0;
	uint32_t check;

	if (!valid_digits(match, 11, d) || valid_two(d, 2) % 20 > 12 || valid_two(d, 4) > 31)
		return false;
	for (uint32_t i = 0; i < 9; i++)
		n = n * 10 + d[i];
	check = valid_two(d, 9);
	return n > 0 && (check == 97 - n % 97 || check == 97 - (2000000000 + n) % 97);
}

bool valid_ch_ahv(struct span match)
{
	static const uint8_t weights[] = { 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1 };
	uint8_t d[VALID_MAX];

	return valid_digits(match, 13, d) && d[0] == 7 && d[1] == 5 && d[2] == 6 &&
			valid_sum(d, weights, 13) % 10 == 0;
}

/* Women's months have 50 added, and since 2004 either may have 20 more. */
bool valid_cz_rc(struct span match)
{
	uint8_t d[VALID_MAX];
	uint64_t first = 0;
	uint32_t month;

	if (!valid_digits(match, 10, d))
		return false;
	month = valid_two(d, 2) % 50;
	if (month > 20)
		month -= 20;
	if (!valid_is_day(month, valid_two(d, 4)))
		return false;
	for (uint32_t i = 0; i < 9; i++)
		first = first * 10 + d[i];
	return first % 11 % 10 == d[9];
}

/* BZSt: of the first ten digits exactly one stands twice or three times. */
static bool has_idnr_digits(const uint8_t *d)
{
	uint8_t counts[10] = { 0 };
	uint32_t repeated = 0;

	for (uint32_t i = 0; i < 10; i++)
		counts[d[i]]++;
	for (uint32_t i = 0; i < 10; i++) {
		if (counts[i] > 3)
			return false;
		repeated += counts[i] > 1;
	}
	return repeated == 1;
}

bool valid_de_idnr(struct span match)
{
	uint8_t d[VALID_MAX];
	uint32_t product = 10;

	if (!valid_digits(match, 11, d) || d[0] == 0 || !has_idnr_digits(d))
		return false;
	for (uint32_t i = 0; i < 10; i++) {
		uint32_t sum = (d[i] + product) % 10;

		if (sum == 0)
			sum = 10;
		product = sum * 2 % 11;
	}
	return (11 - product) % 10 == d[10];
}

/* The letter counts as two digits; each product is replaced by the sum of its digits. */
bool valid_de_kvnr(struct span match)
{
	uint8_t c[10];
	uint32_t letter, sum;

	if (!valid_tail(match, 10, c) || !valid_is_letter(c[0]))
		return false;
	letter = c[0] - 'A' + 1U;
	sum = letter / 10 + letter % 10 * 2 / 10 + letter % 10 * 2 % 10;
	for (uint32_t i = 1; i < 9; i++) {
		const uint32_t product = (c[i] - '0') * (i % 2 == 0 ? 2U : 1U);

		if (!valid_is_digit(c[i]))
			return false;
		sum += product / 10 + product % 10;
	}
	return valid_is_digit(c[9]) && sum % 10 == (uint32_t)(c[9] - '0');
}

bool valid_dk_cpr(struct span match)
{
	uint8_t d[VALID_MAX];

	return valid_digits(match, 10, d) && valid_is_day(valid_two(d, 2), valid_two(d, 0));
}

bool valid_es_nif(struct span match)
{
	static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";
	uint8_t c[9];

	if (!valid_tail(match, 9, c))
		return false;
	if (c[0] >= 'X' && c[0] <= 'Z')
		c[0] = (uint8_t)(c[0] - 'X' + '0');
	for (uint32_t i = 0; i < 8; i++) {
		if (!valid_is_digit(c[i]))
			return false;
	}
	return valid_number(c, 8) > 0 && letters[valid_number(c, 8) % 23] == (char)c[8];
}

bool valid_fi_hetu(struct span match)
{
	static const char checks[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
	uint8_t d[VALID_MAX], c[1];
	uint64_t n = 0;

	if (match.len < 11 || !valid_tail(match, 1, c))
		return false;
	match.len--;
	if (!valid_digits(match, 9, d) || !valid_is_day(valid_two(d, 2), valid_two(d, 0)))
		return false;
	for (uint32_t i = 0; i < 9; i++)
		n = n * 10 + d[i];
	return d[6] * 100U + valid_two(d, 7) >= 2 && checks[n % 31] == (char)c[0];
}

bool valid_fr_nir(struct span match)
{
	uint8_t c[15];
	uint32_t month;
	uint64_t corsica = 0;

	if (!valid_tail(match, 15, c) || strchr("123478", c[0]) == NULL)
		return false;
	if (c[6] == 'A' || c[6] == 'B') { /* 2A counts as 19, 2B as 18 */
		corsica = c[6] == 'A' ? 1000000 : 2000000;
		c[6] = '0';
	}
	for (uint32_t i = 0; i < 15; i++) {
		if (!valid_is_digit(c[i]))
			return false;
	}
	month = (uint32_t)valid_number(c + 3, 2);
	if (month == 0 || (month > 12 && month < 20) || (month > 42 && month < 50))
		return false;
	return valid_number(c + 13, 2) == 97 - (valid_number(c, 13) - corsica) % 97;
}

/* HMRC NIM39110: letters that a prefix does not have, and prefixes that are not used. */
bool valid_gb_nino(struct span match)
{
	static const char unused[] = "BG GB KN NK NT TN ZZ";
	uint8_t c[9];
	char prefix[3] = { 0 };

	if (!valid_tail(match, 9, c))
		return false;
	memcpy(prefix, c, 2);
	return valid_is_letter(c[0]) && valid_is_letter(c[1]) && strchr("DFIQUV", c[0]) == NULL &&
			strchr("DFIOQUV", c[1]) == NULL && strstr(unused, prefix) == NULL &&
			c[8] >= 'A' && c[8] <= 'D';
}

bool valid_gb_nhs(struct span match)
{
	static const uint8_t weights[] = { 10, 9, 8, 7, 6, 5, 4, 3, 2 };
	uint8_t d[VALID_MAX];
	uint32_t check;

	if (!valid_digits(match, 10, d) || are_same(d, 10))
		return false;
	check = 11 - valid_sum(d, weights, 9) % 11;
	return check != 10 && check % 11 == d[9];
}

bool valid_gr_amka(struct span match)
{
	uint8_t d[VALID_MAX];

	return valid_digits(match, 11, d) && valid_is_day(valid_two(d, 2), valid_two(d, 0)) &&
			valid_luhn_of(d, 11);
}

/* Seven digits, a check letter, and since 2013 perhaps another letter. */
bool valid_ie_pps(struct span match)
{
	static const uint8_t weights[] = { 8, 7, 6, 5, 4, 3, 2 };
	static const char letters[] = "WABCDEFGHIJKLMNOPQRSTUV";
	uint8_t d[VALID_MAX], c[8];
	uint32_t sum;

	if (!valid_digits(match, 7, d) || !valid_tail(match, 8, c) || !valid_is_letter(c[7]))
		return false;
	sum = valid_sum(d, weights, 7);
	if (valid_is_digit(c[6]))
		return letters[sum % 23] == (char)c[7];
	sum += c[7] == 'W' ? 0 : 9 * (c[7] - 'A' + 1U);
	return letters[sum % 23] == (char)c[6];
}

bool valid_it_cf(struct span match)
{
	static const uint8_t odd[] = { 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8,
		12, 14, 16, 10, 22, 25, 24, 23 };
	uint8_t c[16];
	uint32_t sum = 0;

	if (!valid_tail(match, 16, c))
		return false;
	for (uint32_t i = 0; i < 15; i++) {
		const uint32_t v = valid_is_digit(c[i]) ? c[i] - '0' : c[i] - 'A';

		sum += i % 2 == 0 ? odd[v] : v;
	}
	return sum % 26 == (uint32_t)(c[15] - 'A');
}

bool valid_nl_bsn(struct span match)
{
	static const uint8_t weights[] = { 9, 8, 7, 6, 5, 4, 3, 2 };
	uint8_t d[VALID_MAX];

	return valid_digits(match, 9, d) && !are_same(d, 9) &&
			valid_sum(d, weights, 8) % 11 == d[8];
}

/* D numbers add 40 to the day, H numbers to the month. */
bool valid_no_fnr(struct span match)
{
	static const uint8_t first[] = { 3, 7, 6, 1, 8, 9, 4, 5, 2, 1 };
	static const uint8_t second[] = { 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1 };
	uint8_t d[VALID_MAX];

	return valid_digits(match, 11, d) &&
			valid_is_day(valid_two(d, 2) % 40, valid_two(d, 0) % 40) &&
			valid_sum(d, first, 10) % 11 == 0 && valid_sum(d, second, 11) % 11 == 0;
}

/* The century is in the month: 80, 0, 20, 40 or 60 are added to it. */
bool valid_pl_pesel(struct span match)
{
	static const uint8_t weights[] = { 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1 };
	uint8_t d[VALID_MAX];

	return valid_digits(match, 11, d) && valid_is_day(valid_two(d, 2) % 20, valid_two(d, 4)) &&
			valid_sum(d, weights, 11) % 10 == 0;
}

bool valid_pt_nif(struct span match)
{
	static const uint8_t weights[] = { 9, 8, 7, 6, 5, 4, 3, 2 };
	uint8_t d[VALID_MAX];
	uint32_t check;

	if (!valid_digits(match, 9, d) || d[0] == 0 || are_same(d, 9))
		return false;
	check = 11 - valid_sum(d, weights, 8) % 11;
	return (check > 9 ? 0 : check) == d[8];
}

bool valid_ro_cnp(struct span match)
{
	static const uint8_t weights[] = { 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9 };
	uint8_t d[VALID_MAX];
	uint32_t check;

	if (!valid_digits(match, 13, d) || d[0] == 0 || !is_birth(d, 1))
		return false;
	check = valid_sum(d, weights, 12) % 11;
	return (check == 10 ? 1 : check) == d[12];
}

/* With or without the century; coordination numbers add 60 to the day. */
bool valid_se_pnr(struct span match)
{
	uint8_t d[VALID_MAX];
	const uint32_t n = valid_all_digits(match, d);
	const uint8_t *ten = n == 12 ? d + 2 : d;

	return (n == 10 || n == 12) && valid_is_day(valid_two(ten, 2), valid_two(ten, 4) % 60) &&
			valid_luhn_of(ten, 10);
}

bool valid_tr_tckn(struct span match)
{
	static const uint8_t first[] = { 7, 9, 7, 9, 7, 9, 7, 9, 7 }; /* -1 is 9 mod 10 */
	uint8_t d[VALID_MAX];
	uint32_t sum = 0;

	if (!valid_digits(match, 11, d) || d[0] == 0)
		return false;
	for (uint32_t i = 0; i < 10; i++)
		sum += d[i];
	return valid_sum(d, first, 9) % 10 == d[9] && sum % 10 == d[10];
}
