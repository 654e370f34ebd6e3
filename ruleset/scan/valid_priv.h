/* SPDX-License-Identifier: Apache-2.0
 * What validators share: characters of a match without what separates them. */
#pragma once

#include "ruleset/scan/scan_priv.h"

enum { VALID_MAX = 34 }; /* characters of the longest number: an IBAN */

static inline bool valid_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline uint8_t valid_upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

static inline bool valid_is_letter(uint8_t c)
{
	return valid_upper(c) >= 'A' && valid_upper(c) <= 'Z';
}

/* The values of all digits of <match>: are there exactly <n> (at most VALID_MAX)? */
bool valid_digits(struct span match, uint32_t n, uint8_t *ret);
/* The same for any number up to VALID_MAX; 0 when there are more. */
uint32_t valid_all_digits(struct span match, uint8_t *ret);
/* The last <n> letters and digits, in upper case; what separates them is passed over. */
bool valid_tail(struct span match, uint32_t n, uint8_t *ret);
/* A run of digit characters as a number. */
uint64_t valid_number(const uint8_t *chars, uint32_t n);
/* Sum of digit values times weights. */
uint32_t valid_sum(const uint8_t *digits, const uint8_t *weights, uint32_t n);
bool valid_luhn_of(const uint8_t *digits, uint32_t n);
/* Is there such a day, in some year? */
bool valid_is_day(uint32_t month, uint32_t day);

/* digits[at], digits[at + 1] as a number */
static inline uint32_t valid_two(const uint8_t *digits, uint32_t at)
{
	return digits[at] * 10U + digits[at + 1];
}
