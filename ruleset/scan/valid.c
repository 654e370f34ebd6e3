/* SPDX-License-Identifier: Apache-2.0
 * Validators by name, and what they share. */
#include "ruleset/scan/valid_priv.h"

#include <errno.h>
#include <string.h>

struct validator {
	const char *name;
	bool (*check)(struct span match);
};

static const struct validator validators[SCAN_V_MAX] = {
	[SCAN_V_NONE] = { "none", NULL },
#define ROW(sym, text, function) [SCAN_V_##sym] = { text, function },
#include "ruleset/scan/validators.tbl.h"
#undef ROW
};

int scan_validator_of(const char *name, enum scan_validator *ret)
{
	for (uint32_t i = 1; i < SCAN_V_MAX; i++) {
		if (strcmp(validators[i].name, name) == 0) {
			*ret = (enum scan_validator)i;
			return 0;
		}
	}
	return -ENOENT;
}

const char *scan_validator_name(enum scan_validator validator)
{
	return validators[validator].name;
}

bool scan_validator_accepts(enum scan_validator validator, struct span match)
{
	return validator == SCAN_V_NONE || validators[validator].check(match);
}

uint32_t valid_all_digits(struct span match, uint8_t *ret)
{
	uint32_t n = 0;

	for (size_t i = 0; i < match.len; i++) {
		if (!valid_is_digit(match.ptr[i]))
			continue;
		if (n == VALID_MAX)
			return 0;
		ret[n++] = (uint8_t)(match.ptr[i] - '0');
	}
	return n;
}

bool valid_digits(struct span match, uint32_t n, uint8_t *ret)
{
	return valid_all_digits(match, ret) == n;
}

bool valid_tail(struct span match, uint32_t n, uint8_t *ret)
{
	for (size_t i = match.len; i > 0 && n > 0; i--) {
		const uint8_t c = match.ptr[i - 1];

		if (valid_is_digit(c) || valid_is_letter(c))
			ret[--n] = valid_upper(c);
	}
	return n == 0;
}

uint64_t valid_number(const uint8_t *chars, uint32_t n)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum = sum * 10 + (uint64_t)(chars[i] - '0');
	return sum;
}

uint32_t valid_sum(const uint8_t *digits, const uint8_t *weights, uint32_t n)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += (uint32_t)digits[i] * weights[i];
	return sum;
}

bool valid_luhn_of(const uint8_t *digits, uint32_t n)
{
	static const uint8_t doubled[] = { 0, 2, 4, 6, 8, 1, 3, 5, 7, 9 };
	uint32_t sum = 0, any = 0;

	for (uint32_t i = 0; i < n; i++) {
		sum += (n - i) % 2 == 0 ? doubled[digits[i]] : digits[i];
		any |= digits[i] ^ digits[0];
	}
	return any != 0 && sum % 10 == 0;
}

bool valid_is_day(uint32_t month, uint32_t day)
{
	static const uint8_t days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}
