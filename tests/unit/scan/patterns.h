/* SPDX-License-Identifier: Apache-2.0
 * Patterns that are hard to scan in pieces, and fragments of text that come near them. */
#pragma once

#include "ruleset/scan/scan.h"

static const struct scan_pattern hard_patterns[] = {
	{ "mail", "[a-z0-9.]+@[a-z]+\\.[a-z]{2,4}", 0, SCAN_V_NONE, false, 0 },
	{ "card", "\\b4\\d{3}[ -]?\\d{4}[ -]?\\d{4}[ -]?\\d{4}\\b", 0, SCAN_V_LUHN, true, 0 },
	{ "ssn", "\\b\\d{3}-\\d{2}-\\d{4}\\b", 0, SCAN_V_US_SSN, true, 0 },
	{ "whole", "^[A-Z]{3,6}$", 0, SCAN_V_NONE, false, 0 },
	{ "line", "^k=[a-z]{1,9}$", SCAN_F_MULTILINE, SCAN_V_NONE, false, 0 },
	{ "gap", "foo.{0,5}bar", 0, SCAN_V_NONE, false, 0 },
	{ "wide", "foo.{0,24}end", SCAN_F_DOTALL, SCAN_V_NONE, false, 0 },
	{ "feed", "[^a]b\\nc", 0, SCAN_V_NONE, false, 0 },
	{ "inner", "\\Bxyz\\B", 0, SCAN_V_NONE, false, 0 },
	{ "last", "abc$", 0, SCAN_V_NONE, false, 0 },
	{ "first", "^(?:ab|ba)c{1,2}", 0, SCAN_V_NONE, false, 0 },
	{ "over1", "aab", 0, SCAN_V_NONE, false, 0 },
	{ "over2", "abaab", 0, SCAN_V_NONE, false, 0 },
	{ "over3", "baa[a-z]{2,8}", 0, SCAN_V_NONE, false, 0 },
	{ "key", "key[0-9]{2,6}", SCAN_F_CASELESS, SCAN_V_NONE, false, 0 },
	{ "few", "n[0-9a-f]{6,12}", 0, SCAN_V_NONE, true, 0 },
};

static const struct fragment {
	const char *text;
	uint8_t len;
} hard_fragments[] = {

#define F(s)                                                                                       \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}
	F("4111 1111 1111 1111"),
	F("4111111111111112"),
	F("4111-1111-1111-1111"),
	F("123-45-6789"),
	F("000-45-6789"),
	F("4111"),
	F("1111 "),
	F("-"),
	F("1"),
	F("foo"),
	F("bar"),
	F("end"),
	F("\n"),
	F("\n\n"),
	F("aab"),
	F("ab"),
	F("ba"),
	F("abc"),
	F("baabc"),
	F("xyz"),
	F("x"),
	F(" "),
	F("_"),
	F("me@ab.com"),
	F("a.b@"),
	F("@"),
	F(".com"),
	F("ABC"),
	F("ABCDEF"),
	F("k=abc"),
	F("\nk="),
	F("KEY12"),
	F("key123456"),
	F("n12ab34"),
	F("n123456"),
	F("c"),
	F("b\nc"),
	F("\0"),
	F("\xff"),
	F("\xc3\xa9"),
	F("0123456789"),
	F("D"),
	F(" ."),
#undef F
};
