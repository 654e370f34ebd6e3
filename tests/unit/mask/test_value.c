/* SPDX-License-Identifier: Apache-2.0
 * What each mask makes of each type, in text and in binary format. */
#include "ruleset/mask/mask_priv.h"
#include "tests/unit/mask/tool.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct row {
	uint32_t oid;
	const char *value, *wanted;
};

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static void check_text(const struct mask *mask, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *is = tool_text(mask, rows[i].oid, rows[i].value);

		CHECK_ROW(rows[i].value, tool_is(rows[i].value, is, rows[i].wanted));
	}
}

static void check_binary(const struct mask *mask, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *is = tool_binary(mask, rows[i].oid, rows[i].value);

		CHECK_ROW(rows[i].value, tool_is(rows[i].value, is, rows[i].wanted));
	}
}

static void test_redact_text(void)
{
	static const struct row rows[] = {
		{ OID_BOOL, "t", "f" },
		{ OID_BYTEA, "\\x736563726574", "\\x2a2a2a2a2a" },
		{ OID_BYTEA, "sec\\000ret", "\\x2a2a2a2a2a" },
		{ OID_BYTEA, "\\x7", "<badmsg>" },
		{ OID_CHAR, "x", "*" },
		{ OID_NAME, "joe", "*****" },
		{ OID_INT8, "-9223372036854775808", "0" },
		{ OID_INT8, "9223372036854775808", "<badmsg>" },
		{ OID_INT2, "32768", "<badmsg>" },
		{ OID_INT4, "12x", "<badmsg>" },
		{ OID_INT4, "", "<badmsg>" },
		{ OID_OID, "4294967295", "0" },
		{ OID_XML, "<a>b</a>", "<masked/>" },
		{ OID_POINT, "(1,2)", "<null>" },
		{ OID_CIDR, "10.0.0.0/8", "0.0.0.0/32" },
		{ OID_CIDR, "fd00::/8", "::/128" },
		{ OID_INET, "10.1.2.3/8", "0.0.0.0" },
		{ OID_INET, "fd00::1", "::" },
		{ OID_FLOAT4, "1.5", "0" },
		{ OID_FLOAT8, "-Infinity", "0" },
		{ OID_FLOAT8, "many", "<badmsg>" },
		{ OID_MACADDR, "08:00:2b:01:02:03", "00:00:00:00:00:00" },
		{ OID_MACADDR8, "08:00:2b:01:02:03:04:05", "00:00:00:00:00:00:00:00" },
		{ OID_MONEY, "-$1,234.56", "$0" },
		{ OID_MONEY, "1.234,56 \u20ac", "0 \u20ac" },
		{ OID_MONEY, "($5.00)", "$0" },
		{ OID_DATE, "1984-05-17", "1970-01-01" },
		{ OID_TIME, "10:20:30", "00:00:00" },
		{ OID_TIMETZ, "10:20:30+02", "00:00:00+00" },
		{ OID_TIMESTAMP, "1984-05-17 10:20:30.5", "1970-01-01 00:00:00" },
		{ OID_TIMESTAMPTZ, "1984-05-17 10:20:30+02", "1970-01-01 00:00:00+00" },
		{ OID_INTERVAL, "1 year 2 days", "00:00:00" },
		{ OID_BIT, "10110", "00000" },
		{ OID_BIT, "102", "<badmsg>" },
		{ OID_NUMERIC, "1234.50", "0" },
		{ OID_NUMERIC, "NaN", "0" },
		{ OID_NUMERIC, "1,5", "<badmsg>" },
		{ OID_UUID, "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
				"00000000-0000-0000-0000-000000000000" },
		{ OID_UUID, "6ba7b8109dad11d180b400c04fd430c8", "<badmsg>" },
		{ OID_XID8, "18446744073709551615", "0" },
		{ 16400, "what is this?", "<null>" },
	};

	check_text(&tool_redact, rows, N_OF(rows));
}

static void test_redact_binary(void)
{
	static const struct row rows[] = {
		{ OID_BOOL, "01", "00" },
		{ OID_BOOL, "0101", "<badmsg>" },
		{ OID_BYTEA, "736563726574", "2a2a2a2a2a" },
		{ OID_TEXT, "4a616e65", "2a2a2a2a2a" },
		{ OID_INT2, "7fff", "0000" },
		{ OID_INT4, "80000000", "00000000" },
		{ OID_INT4, "000000", "<badmsg>" },
		{ OID_INT8, "8000000000000000", "0000000000000000" },
		{ OID_FLOAT4, "3fc00000", "00000000" },
		{ OID_FLOAT8, "7ff0000000000000", "0000000000000000" },
		{ OID_MONEY, "00000000000f1206", "0000000000000000" },
		{ OID_DATE, "00000000", "ffffd533" },
		{ OID_TIME, "0000000000000001", "0000000000000000" },
		{ OID_TIMETZ, "0000000000000001 00000e10", "000000000000000000000000" },
		{ OID_TIMESTAMP, "0000000000000000", "fffca2fec4c82000" },
		{ OID_INTERVAL, "0000000000000001 00000001 00000001",
				"00000000000000000000000000000000" },
		{ OID_CIDR, "02 08 01 04 0a000000", "0220010400000000" },
		{ OID_INET, "03 80 00 10 fd000000000000000000000000000001",
				"0380001000000000000000000000000000000000" },
		{ OID_INET, "04 80 00 04 0a000000", "<badmsg>" },
		{ OID_INET, "02 20 00 04 0a0000", "<badmsg>" },
		{ OID_MACADDR, "08002b010203", "000000000000" },
		{ OID_BIT, "00000005 b0", "0000000500" },
		{ OID_BIT, "00000009 b0", "<badmsg>" },
		{ OID_BIT, "ffffffff b0", "<badmsg>" },
		{ OID_NUMERIC, "0001 0000 0000 0000 0005", "0000000000000000" },
		{ OID_NUMERIC, "0001 0000 0000 0000 2710", "<badmsg>" },
		{ OID_NUMERIC, "0002 0000 0000 0000 0005", "<badmsg>" },
		{ OID_NUMERIC, "0000 0000 c000 0000", "0000000000000000" },
		{ OID_UUID, "6ba7b8109dad11d180b400c04fd430c8",
				"00000000000000000000000000000000" },
		{ OID_POINT, "3ff00000000000004000000000000000", "<null>" },
	};

	check_binary(&tool_redact, rows, N_OF(rows));
}

static void test_keep_numbers(void)
{
	static const struct row first[] = {
		{ OID_INT8, "4111111111111111", "4111000000000000" },
		{ OID_INT4, "-123456", "-123400" },
		{ OID_INT4, "1234", "0" },
		{ OID_NUMERIC, "123456.78", "123400.00" },
		{ OID_NUMERIC, "-0.00123456", "-0.00120000" },
		{ OID_NUMERIC, "1.23", "0" },
		{ OID_FLOAT8, "123456", "0" },
		{ OID_UUID, "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
				"6ba70000-0000-0000-0000-000000000000" },
		{ OID_BYTEA, "\\x736563726574", "\\x736563722a2a" },
		{ OID_BOOL, "t", "f" },
		{ OID_DATE, "1984-05-17", "1970-01-01" },
	};
	static const struct row last[] = {
		{ OID_INT8, "4111111111112345", "2345" },
		{ OID_INT8, "4111111111110045", "45" },
		{ OID_NUMERIC, "123456.78", "56.78" },
		{ OID_NUMERIC, "123456.7890", "0.7890" },
		{ OID_UUID, "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
				"00000000-0000-0000-0000-0000000030c8" },
	};
	const struct mask keep_first = tool_keep_first(4), keep_last = tool_keep_last(4);

	check_text(&keep_first, first, N_OF(first));
	check_text(&keep_last, last, N_OF(last));
	CU_ASSERT_STRING_EQUAL(tool_binary(&keep_last, OID_INT4, "0001e240"), "00000d80");
	/* 123456.78 -> 56.78 */
	CU_ASSERT_STRING_EQUAL(
			tool_binary(&keep_last, OID_NUMERIC, "0003 0001 0000 0002 000c 0d80 1e78"),
			"0002000000000002"
			"00381e78");
}

static void test_fixed(void)
{
	static const struct {
		uint32_t oid;
		const char *fixed, *value, *wanted;
	} rows[] = {
		{ OID_INT4, "42", "7", "42" },
		{ OID_INT2, "70000", "7", "0" },
		{ OID_INT4, "n/a", "7", "0" },
		{ OID_BOOL, "true", "f", "t" },
		{ OID_NUMERIC, "-1.50", "7", "-1.50" },
		{ OID_NUMERIC, "+.5", "7", "0.5" },
		{ OID_NUMERIC, "1e5", "7", "0" },
		{ OID_FLOAT8, "2.5", "7", "2.5" },
		{ OID_FLOAT8, "NaN", "7", "0" },
		{ OID_FLOAT4, "1e999", "7", "0" },
		{ OID_DATE, "2001-02-03", "1984-05-17", "2001-02-03" },
		{ OID_DATE, "2001-02-29", "1984-05-17", "1970-01-01" },
		{ OID_DATE, "2001-02-03 00:00:00", "1984-05-17", "1970-01-01" },
		{ OID_TIMESTAMP, "2001-02-03 04:05:06", "1984-05-17 00:00:00",
				"2001-02-03 04:05:06" },
		{ OID_TIMESTAMPTZ, "2001-02-03 04:05:06", "1984-05-17 00:00:00+00",
				"1970-01-01 00:00:00+00" },
		{ OID_UUID, "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
				"00000000-0000-0000-0000-000000000001",
				"6ba7b810-9dad-11d1-80b4-00c04fd430c8" },
		{ OID_UUID, "none", "00000000-0000-0000-0000-000000000001",
				"00000000-0000-0000-0000-000000000000" },
		{ OID_CHAR, "?", "x", "?" },
		{ OID_BYTEA, "ab", "\\x00", "\\x6162" },
		{ OID_NAME, "0123456789012345678901234567890123456789012345678901234567890123", "x",
				"*****" },
		{ OID_INET, "10.0.0.1", "10.1.1.1", "0.0.0.0" },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct mask mask = tool_fixed(rows[i].fixed);
		const struct row row = { rows[i].oid, rows[i].value, rows[i].wanted };

		check_text(&mask, &row, 1);
	}
}

static void test_fixed_binary(void)
{
	static const struct {
		uint32_t oid;
		const char *fixed, *value, *wanted;
	} rows[] = {
		{ OID_INT4, "-2", "00000007", "fffffffe" },
		{ OID_BOOL, "t", "00", "01" },
		{ OID_NUMERIC, "-10000.5", "0000 0000 0000 0000",
				"0003000140000001"
				"000100001388" },
		{ OID_NUMERIC, "0.00012", "0000 0000 0000 0000",
				"0002ffff00000005"
				"000107d0" },
		{ OID_FLOAT8, "1.5", "0000000000000000", "3ff8000000000000" },
		{ OID_DATE, "2000-01-02", "00000007", "00000001" },
		{ OID_DATE, "-infinity", "00000007", "80000000" },
		{ OID_TIMESTAMP, "2000-01-01 00:00:01.000002", "0000000000000000",
				"00000000000f4242" },
		{ OID_TIMESTAMPTZ, "2000-01-01 01:00:00+01", "0000000000000009",
				"0000000000000000" },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct mask mask = tool_fixed(rows[i].fixed);
		const struct row row = { rows[i].oid, rows[i].value, rows[i].wanted };

		check_binary(&mask, &row, 1);
	}
}

static void test_year_text(void)
{
	static const struct row rows[] = {
		{ OID_DATE, "1984-05-17", "1984-01-01" },
		{ OID_DATE, "0044-03-15 BC", "0044-01-01 BC" },
		{ OID_DATE, "4714-11-24 BC", "4714-11-24 BC" },
		{ OID_DATE, "12345-06-07", "12345-01-01" },
		{ OID_DATE, "infinity", "infinity" },
		{ OID_DATE, "17.05.1984", "<null>" }, /* DateStyle German: the year is a guess */
		{ OID_DATE, "1984-02-30", "<null>" },
		{ OID_DATE, "1984-05-17 10:00:00", "<null>" },
		{ OID_TIMESTAMP, "1984-05-17 10:20:30.123456", "1984-01-01 00:00:00" },
		{ OID_TIMESTAMPTZ, "1984-05-17 10:20:30+02", "1984-01-01 00:00:00+00" },
		{ OID_TIMESTAMPTZ, "2020-01-01 00:30:00+02", "2019-01-01 00:00:00+00" },
		{ OID_TIMESTAMPTZ, "2019-12-31 23:30:00-05:30", "2020-01-01 00:00:00+00" },
		{ OID_TIMESTAMPTZ, "0001-01-01 00:00:00+01", "0001-01-01 00:00:00+00 BC" },
		{ OID_TIME, "10:20:30", "00:00:00" },
		{ OID_INT4, "1984", "0" },
	};

	check_text(&tool_year, rows, N_OF(rows));
}

static void test_year_binary(void)
{
	static const struct row rows[] = {
		{ OID_DATE, "00000000", "00000000" },
		{ OID_DATE, "0000016d", "00000000" }, /* 2000-12-31 */
		{ OID_DATE, "0000016e", "0000016e" }, /* 2001-01-01 */
		{ OID_DATE, "ffffffff", "fffffe93" }, /* 1999-12-31 -> -365 */
		{ OID_DATE, "ffda97a7", "ffda97a7" }, /* the first day */
		{ OID_DATE, "7fffffff", "7fffffff" },
		{ OID_TIMESTAMP, "ffffffffffffffff", "ffffe35173ec2000" },
		{ OID_TIMESTAMPTZ, "0000000000000001", "0000000000000000" },
		{ OID_TIMESTAMP, "8000000000000000", "8000000000000000" },
	};

	check_binary(&tool_year, rows, N_OF(rows));
}

/* All days of 400 years against a walk of the calendar. */
static void test_year_of_every_day(void)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	char value[16], wanted[16];
	uint32_t first = 0, day = 0;

	for (int year = 2000; year < 2400; year++, first = day) {
		const bool leaps = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

		for (int m = 0; m < 12; m++) {
			const int n = month_days[m] + (m == 1 && leaps ? 1 : 0);

			for (int d = 0; d < n; d++, day++) {
				snprintf(value, sizeof(value), "%08x", day);
				snprintf(wanted, sizeof(wanted), "%08x", first);
				CU_ASSERT_STRING_EQUAL_FATAL(
						tool_binary(&tool_year, OID_DATE, value), wanted);
			}
		}
	}
}

static void test_noise(void)
{
	const struct mask tenth = tool_noise(0.1), half = tool_noise(0.5);
	static const struct row zero[] = { { OID_INT4, "0", "0" }, { OID_NUMERIC, "0.00", "0.00" },
		{ OID_NUMERIC, "NaN", "0" }, { OID_FLOAT8, "Infinity", "0" },
		{ OID_DATE, "1984-05-17", "1970-01-01" } };
	double least = 2, most = 0;
	char value[32];

	check_text(&tenth, zero, N_OF(zero));
	for (int i = 1; i < 2000; i++) {
		double ratio;

		snprintf(value, sizeof(value), "%d.00", i * 1000);
		ratio = strtod(tool_text(&half, OID_NUMERIC, value), NULL) / (i * 1000.0);
		least = ratio < least ? ratio : least;
		most = ratio > most ? ratio : most;
	}
	CU_ASSERT(least >= 0.4999 && least < 0.51 && most <= 1.5001 && most > 1.49);
	snprintf(value, sizeof(value), "%s", tool_text(&tenth, OID_INT4, "100000"));
	CU_ASSERT_STRING_EQUAL(tool_text(&tenth, OID_INT4, "100000"), value); /* no averaging */
	CU_ASSERT_STRING_EQUAL(tool_text(&tenth, OID_INT8, "100000"), value);
	CU_ASSERT_STRING_EQUAL(tool_text(&tenth, OID_NUMERIC, "100000"), value);
}

/* 99.99 times 1.5 and rounding up through nines. */
static void test_noise_is_exact(void)
{
	const struct mask most = tool_noise(1);
	char value[64], twice[64];

	for (int i = 0; i < 2000; i++) {
		long double is, was;

		snprintf(value, sizeof(value), "9999999999999999%d.%d", i, i);
		snprintf(twice, sizeof(twice), "%s", tool_text(&most, OID_NUMERIC, value));
		is = strtold(twice, NULL);
		was = strtold(value, NULL);
		CU_ASSERT_FATAL(is >= 0 && is <= 2 * was);
		CU_ASSERT_FATAL(strchr(twice, '.') != NULL &&
				strlen(strchr(twice, '.')) == strlen(strchr(value, '.')));
	}
}

/* Rounded, not cut off, and the same for integers. */
static void test_noise_rounds(void)
{
	const struct mask third = tool_noise(0.33);
	char value[24], wanted[24];

	for (uint32_t i = 1; i < 2000; i++) {
		uint32_t factor = 0;

		snprintf(value, sizeof(value), "%u", i);
		CU_ASSERT_FATAL(mask_noise_factor(
				tool_masker(), &third, tool_span(value), &factor));
		snprintf(wanted, sizeof(wanted), "%llu",
				(i * (unsigned long long)factor + 500000000) / 1000000000);
		CU_ASSERT_STRING_EQUAL_FATAL(tool_text(&third, OID_NUMERIC, value), wanted);
		CU_ASSERT_STRING_EQUAL_FATAL(tool_text(&third, OID_INT4, value), wanted);
	}
}

/* Every one of them is of version 4. */
static void test_uuid_version(void)
{
	char value[40];

	for (uint32_t i = 0; i < 100; i++) {
		const char *is;

		snprintf(value, sizeof(value), "%08x-0000-0000-0000-000000000000", i);
		is = tool_text(&tool_pseudonym, OID_UUID, value);
		CU_ASSERT(strlen(is) == 36 && is[14] == '4' && strchr("89ab", is[19]) != NULL);
	}
}

static void test_pseudonym(void)
{
	static const struct {
		uint32_t oid;
		const char *value;
	} rows[] = {
		{ OID_INT2, "32767" },
		{ OID_INT4, "2147483647" },
		{ OID_INT4, "-2147483648" },
		{ OID_INT4, "1000000000" },
		{ OID_INT4, "5" },
		{ OID_OID, "4294967295" },
		{ OID_INT8, "9223372036854775807" },
		{ OID_XID8, "18446744073709551615" },
		{ OID_NUMERIC, "123456.78" },
		{ OID_NUMERIC, "-0.0012" },
	};

	char first[64];

	for (size_t i = 0; i < N_OF(rows); i++) {
		const char *v = rows[i].value;

		snprintf(first, sizeof(first), "%s", tool_text(&tool_pseudonym, rows[i].oid, v));
		CHECK_ROW(v, strlen(first) == strlen(v));
		CHECK_ROW(v, strspn(first, "-0123456789.") == strlen(v));
		CHECK_ROW(v, (first[0] == '-') == (v[0] == '-'));
		/* It is a value of its type. */
		CHECK_ROW(v, tool_text(&tool_redact, rows[i].oid, first)[0] == '0');
		CHECK_ROW(v, v[0] == '-' || v[1] == '\0' || strcmp(first, v) != 0);
	}
	snprintf(first, sizeof(first), "%s", tool_text(&tool_pseudonym, OID_INT4, "123456"));
	CU_ASSERT_STRING_EQUAL(tool_text(&tool_pseudonym, OID_INT8, "123456"), first);
	CU_ASSERT_STRING_EQUAL(tool_text(&tool_pseudonym, OID_NUMERIC, "123456"), first);
	CU_ASSERT_STRING_EQUAL(tool_text(&tool_pseudonym, OID_INT4, "0"), "0");
	CU_ASSERT_STRING_EQUAL(tool_text(&tool_pseudonym, OID_BOOL, "t"), "f");
}

/* No two int2 of five digits meet, though the range ends in their midst. */
static void test_pseudonym_in_a_range(void)
{
	static bool seen[32768];
	char value[8];

	for (int i = 10000; i < 32768; i++) {
		long is;

		snprintf(value, sizeof(value), "%d", i);
		is = strtol(tool_text(&tool_pseudonym, OID_INT2, value), NULL, 10);
		CU_ASSERT_FATAL(is >= 10000 && is < 32768 && !seen[is]);
		seen[is] = true;
	}
}

/* The same value is the same token, whichever format it came in. */
static void test_formats_agree(void)
{
	static const struct {
		uint32_t oid;
		const char *text, *binary;
	} rows[] = {
		{ OID_INT4, "123456", "0001e240" },
		{ OID_INT8, "-7", "fffffffffffffff9" },
	};

	char hex[64];
	long long is;

	for (size_t i = 0; i < N_OF(rows); i++) {
		snprintf(hex, sizeof(hex), "%s",
				tool_binary(&tool_pseudonym, rows[i].oid, rows[i].binary));
		is = (long long)strtoull(hex, NULL, 16);
		CHECK_ROW(rows[i].text,
				is ==
						strtoll(tool_text(&tool_pseudonym, rows[i].oid,
									rows[i].text),
								NULL, 10));
	}
	snprintf(hex, sizeof(hex), "%s",
			tool_binary(&tool_pseudonym, OID_UUID, "6ba7b8109dad11d180b400c04fd430c8"));
	CU_ASSERT(strncmp(tool_text(&tool_pseudonym, OID_UUID,
					  "6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
				  hex, 8) == 0);
	CU_ASSERT(hex[12] == '4' && strchr("89ab", hex[16]) != NULL);
}

static void test_array_text(void)
{
	static const struct row rows[] = {
		{ OID_TEXT_ARRAY, "{a,\"b c\",NULL,\"NULL\",\"\"}",
				"{*****,*****,NULL,*****,*****}" },
		{ OID_TEXT_ARRAY, "{}", "{}" },
		{ OID_TEXT_ARRAY, "{{a,b},{c,d}}", "{{*****,*****},{*****,*****}}" },
		{ OID_TEXT_ARRAY, "[0:1]={a,b}", "[0:1]={*****,*****}" },
		{ OID_TEXT_ARRAY, "{\"a\\\"b\",\"c\\\\d\"}", "{*****,*****}" },
		{ OID_TEXT_ARRAY, "{a", "<badmsg>" },
		{ OID_TEXT_ARRAY, "{a}}", "<badmsg>" },
		{ OID_TEXT_ARRAY, "{a,}", "<badmsg>" },
		{ OID_TEXT_ARRAY, "{,a}", "<badmsg>" },
		{ OID_TEXT_ARRAY, "{a}b", "<badmsg>" },
		{ OID_TEXT_ARRAY, "{\"a}", "<badmsg>" },
		{ OID_TEXT_ARRAY, "{a\\", "<badmsg>" },
		{ OID_TEXT_ARRAY, "{{a}{b}}", "<badmsg>" },
		{ OID_TEXT_ARRAY, "[0:1]", "<badmsg>" },
		{ OID_TEXT_ARRAY, "a", "<badmsg>" },
		{ OID_TEXT_ARRAY, "", "<badmsg>" },
		{ OID_TEXT_ARRAY, "{{{{{{{a}}}}}}}", "<badmsg>" },
		{ OID_INT4_ARRAY, "{1,NULL,3}", "{0,NULL,0}" },
		{ OID_INT4_ARRAY, "{x}", "<badmsg>" },
		{ OID_DATE_ARRAY, "{1984-05-17}", "{1970-01-01}" },
		{ OID_POINT_ARRAY, "{\"(1,2)\",\"(3,4)\"}", "{NULL,NULL}" },
		{ OID_BOX_ARRAY, "{(1,1),(0,0);(2,2),(0,0)}", "{NULL;NULL}" },
		{ OID_JSONB_ARRAY, "{\"{\\\"a\\\": 1}\",\"[1, 2]\"}", "{\"{}\",[]}" },
	};
	const struct mask keep = tool_keep_last(3), odd = tool_fixed("a \"b\\"),
			  null = tool_fixed("null");

	check_text(&tool_redact, rows, N_OF(rows));
	CU_ASSERT_STRING_EQUAL(tool_text(&keep, OID_TEXT_ARRAY, "{\"x y,z\",\"a\\\"b\\\\\"}"),
			"{\"**y,z\",\"*\\\"b\\\\\"}");
	CU_ASSERT_STRING_EQUAL(tool_text(&odd, OID_TEXT_ARRAY, "{x}"), "{\"a \\\"b\\\\\"}");
	CU_ASSERT_STRING_EQUAL(tool_text(&null, OID_TEXT_ARRAY, "{x}"), "{\"null\"}");
	CU_ASSERT_STRING_EQUAL(tool_text(&tool_null, OID_TEXT_ARRAY, "{x}"), "<null>");
}

static void test_array_part(void)
{
	const struct mask keep = tool_keep_last(2);
	struct mask_input in = { .type = OID_TEXT_ARRAY,
		.bytes = tool_span("{abcd,\"ef gh\",\"i\\\"j\"}") };

	in.part = (struct mask_part){ 2, 5 };
	CU_ASSERT_STRING_EQUAL(tool_input(&keep, in), "{a*cd,\"ef gh\",\"i\\\"j\"}");
	in.part = (struct mask_part){ 7, 10 };
	CU_ASSERT_STRING_EQUAL(tool_input(&keep, in), "{abcd,\"*f gh\",\"i\\\"j\"}");
	in.part = (struct mask_part){ 15, 17 };
	CU_ASSERT_STRING_EQUAL(tool_input(&keep, in), "{abcd,\"ef gh\",\"*\\\"j\"}");
}

static void test_array_binary(void)
{
	static const struct row rows[] = {
		/* {1,NULL} of int4 */
		{ OID_INT4_ARRAY,
				"00000001 00000001 00000017 00000002 00000001 00000004 00000001 ffffffff",
				"000000010000000100000017000000020000000100000004"
				"00000000ffffffff" },
		/* {ab} of text */
		{ OID_TEXT_ARRAY, "00000001 00000000 00000019 00000001 00000001 00000002 6162",
				"000000010000000000000019000000010000000100000005"
				"2a2a2a2a2a" },
		/* a point becomes NULL, and the flag says so */
		{ OID_POINT_ARRAY,
				"00000001 00000000 00000258 00000001 00000001 00000010 "
				"3ff00000000000004000000000000000",
				"0000000100000001000002580000000100000001"
				"ffffffff" },
		{ OID_INT4_ARRAY, "00000000 00000000 00000017", "000000000000000000000017" },
		{ OID_INT4_ARRAY, "00000001 00000000 00000017 00000002 00000001 00000004 00000001",
				"<badmsg>" },
		{ OID_INT4_ARRAY, "00000007 00000000 00000017", "<badmsg>" },
		{ OID_INT4_ARRAY, "00000002 00000000 00000017 ffffffff 00000001 ffffffff 00000001",
				"<badmsg>" },
		{ OID_INT4_ARRAY, "00000001 00000000", "<badmsg>" },
		{ OID_INT4_ARRAY, "00000001 00000000 00000017 00000001 00000001 00000003 000001",
				"<badmsg>" },
	};

	check_binary(&tool_redact, rows, N_OF(rows));
}

static void test_record(void)
{
	static const struct row rows[] = {
		{ OID_RECORD, "(a,\"b c\",,\"q\"\"x\")",
				"(,,,)" }, /* its fields' types are not known */
		{ OID_RECORD, "()", "()" },
		{ OID_RECORD, "(a", "<badmsg>" },
		{ OID_RECORD, "(a)b", "<badmsg>" },
		{ OID_RECORD, "(\"a)", "<badmsg>" },
		{ OID_RECORD, "", "<badmsg>" },
		{ OID_RECORD_ARRAY, "{\"(1,a)\"}", "{\"(,)\"}" },
	};
	static const struct row binary[] = {
		/* (1, 'ab', NULL) */
		{ OID_RECORD,
				"00000003 00000017 00000004 00000001 00000019 00000002 6162 00000017 "
				"ffffffff",
				"00000003000000170000000400000000000000190000000"
				"52a2a2a2a2a"
				"00000017ffffffff" },
		{ OID_RECORD, "00000002 00000017 00000004 00000001", "<badmsg>" },
		{ OID_RECORD, "ffffffff", "<badmsg>" },
	};

	check_text(&tool_redact, rows, N_OF(rows));
	check_binary(&tool_redact, binary, N_OF(binary));
}

enum { OID_CARD = 16500 };

static bool find(const void *ctx, uint32_t oid, struct mask_type *ret)
{
	static const uint32_t fields[] = { OID_TEXT, OID_INT4, OID_TEXT_ARRAY };

	(void)ctx;
	if (oid != OID_CARD)
		return false;
	*ret = (struct mask_type){ .kind = MASK_T_RECORD, .fields = fields, .n_fields = 3 };
	return true;
}

static void test_record_that_is_known(void)
{
	static const struct mask_types types = { find, NULL };
	const struct mask keep = tool_keep_last(4), odd = tool_fixed("a\\ \"b"),
			  empty = tool_fixed("");

	tool_masker()->types = &types;
	CU_ASSERT_STRING_EQUAL(tool_text(&keep, OID_CARD,
					       "(\"Jane Roe\",123456,\"{abcdef,\"\"x yz12\"\"}\")"),
			"(\"**** Roe\",3456,\"{**cdef,**yz12}\")");
	CU_ASSERT_STRING_EQUAL(tool_text(&odd, OID_CARD, "(x,1,{y})"),
			"(\"a\\\\ \"\"b\",0,\"{\"\"a\\\\\\\\ \\\\\"\"b\"\"}\")");
	CU_ASSERT_STRING_EQUAL(tool_text(&empty, OID_CARD, "(x,1,{y})"), "(\"\",0,\"{\"\"\"\"}\")");
	tool_masker()->types = NULL;
	CU_ASSERT_STRING_EQUAL(tool_text(&keep, OID_CARD, "(x,1,{y})"), "<null>");
}

static void test_ranges(void)
{
	static const struct row redact[] = {
		{ OID_INT4RANGE, "[1,10)", "empty" },
		{ OID_INT4RANGE, "empty", "empty" },
		{ OID_INT4RANGE, "[1", "<badmsg>" },
		{ OID_INT4RANGE, "[x,10)", "<badmsg>" },
		{ OID_DATEMULTIRANGE, "{[2020-01-01,2020-02-01),[2021-01-01,)}", "{}" },
		{ OID_DATEMULTIRANGE, "{}", "{}" },
	};
	static const struct row year[] = {
		{ OID_DATERANGE, "[2019-05-06,2020-02-01)", "[2019-01-01,2020-01-01)" },
		{ OID_DATERANGE, "(,2020-02-01)", "(,2020-01-01)" },
		{ OID_DATERANGE, "[01.02.2020,)", "empty" },
		{ OID_TSTZRANGE, "[\"2019-05-06 10:00:00+02\",)", "[\"2019-01-01 00:00:00+00\",)" },
		{ OID_DATEMULTIRANGE, "{[2018-05-01,2019-02-01),[2021-03-01,)}",
				"{[2018-01-01,2019-01-01),[2021-01-01,)}" },
		{ OID_DATEMULTIRANGE, "{[2018-05-01,2019-02-01)", "<badmsg>" },
		{ OID_DATEMULTIRANGE, "{[2018-05-01,2019-02-01),}", "<badmsg>" },
	};
	static const struct row binary[] = {
		{ OID_DATERANGE, "02 00000004 0000016d 00000004 0000016e",
				"0200000004000000000000000400"
				"00016e" },
		{ OID_DATERANGE, "12 00000004 0000016d", "120000000400000000" },
		{ OID_DATERANGE, "01", "01" },
		{ OID_DATERANGE, "02 00000004 0000016d", "<badmsg>" },
		{ OID_DATEMULTIRANGE, "00000001 00000009 12 00000004 0000016d",
				"0000000100000009"
				"120000000400000000" },
		{ OID_DATEMULTIRANGE, "00000002 00000009 12 00000004 0000016d", "<badmsg>" },
	};

	check_text(&tool_redact, redact, N_OF(redact));
	check_text(&tool_year, year, N_OF(year));
	check_binary(&tool_year, binary, N_OF(binary));
	CU_ASSERT_STRING_EQUAL(tool_binary(&tool_redact, OID_INT4RANGE,
					       "02 00000004 00000001 00000004 0000000a"),
			"01");
}

/* A pattern hit one bound, or a part that a path's rule does not speak of: the whole is meant. */
static void test_part_is_of_the_whole(void)
{
	struct mask_input in = { OID_DATERANGE, 0, tool_span("[2019-05-06,2019-07-01)"), { 13, 20 },
		NULL };
	struct mask_path path;

	CU_ASSERT_STRING_EQUAL(tool_input(&tool_year, in), "[2019-01-01,2019-01-01)");
	CU_ASSERT_FATAL(mask_path_read(tool_span("$.a"), &path) == 0);
	in = (struct mask_input){ OID_JSON, 0, tool_span("{\"a\": \"x\"}"), { 0, 1 }, &path };
	CU_ASSERT_STRING_EQUAL(tool_input(&tool_redact, in), "{\"a\": \"*****\"}");
}

static bool nest(const void *ctx, uint32_t oid, struct mask_type *ret)
{
	static const uint32_t fields[] = { OID_CARD };

	(void)ctx;
	*ret = (struct mask_type){ .kind = MASK_T_RECORD, .fields = fields, .n_fields = 1 };
	return oid == OID_CARD;
}

/* <n> rows in each other: each is one field of OID_CARD, and the innermost one is NULL. */
static const char *nested(int n)
{
	static char hex[1024];
	size_t at = 0;

	for (int i = 0; i < n; i++) {
		const int inside = 12 * (n - 1 - i);

		at += (size_t)snprintf(
				hex + at, sizeof(hex) - at, "00000001%08x", (uint32_t)OID_CARD);
		at += (size_t)snprintf(hex + at, sizeof(hex) - at, "%08x",
				(uint32_t)(inside > 0 ? inside : -1));
	}
	return hex;
}

static void test_too_deep(void)
{
	static const struct mask_types types = { nest, NULL };

	tool_masker()->types = &types;
	CU_ASSERT_STRING_EQUAL(tool_binary(&tool_redact, OID_CARD, nested(MASK_DEPTH_MAX)),
			nested(MASK_DEPTH_MAX));
	CU_ASSERT_STRING_EQUAL(
			tool_binary(&tool_redact, OID_CARD, nested(MASK_DEPTH_MAX + 2)), "<2big>");
	tool_masker()->types = NULL;
}

/* In slices of any size the same, and a value of the type. */
static void test_fill(void)
{
	static const struct {
		uint32_t oid;
		uint16_t format;
		const char *value, *wanted;
	} rows[] = {
		{ OID_TEXT, 0, "Jane Ro\u00eb", "*********" },
		{ OID_TEXT, 1, "Jane", "****" },
		{ OID_BYTEA, 0, "\\x736563", "\\x000000" },
		{ OID_BYTEA, 0, "escaped", "*******" },
		{ OID_BYTEA, 1, "secret", "******" },
		{ OID_JSON, 0, "{\"a\": 1}", "\"******\"" },
		{ OID_JSONB, 1, "\1{\"a\": 1}", "\1\"******\"" },
		{ OID_XML, 0, "<a>Jane Roe</a>", "<masked/>      " },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		const size_t total = strlen(rows[i].value);

		for (size_t n = 1; n <= total; n++) {
			char bytes[32];

			snprintf(bytes, sizeof(bytes), "%s", rows[i].value);
			for (size_t at = 0; at < total; at += n) {
				const struct mask_slice slice = { rows[i].oid, rows[i].format, at,
					total, (uint8_t *)bytes + at,
					total - at < n ? total - at : n };

				CU_ASSERT(mask_fill(tool_masker(), &slice) == 0);
			}
			CHECK_ROW(rows[i].value, strcmp(bytes, rows[i].wanted) == 0);
		}
	}
}

static void test_fill_not(void)
{
	uint8_t bytes[] = "12345";
	struct mask_slice slice = { OID_NUMERIC, 0, 0, 5, bytes, 5 };

	CU_ASSERT(mask_fill(tool_masker(), &slice) == -ENOTSUP);
	slice.type = OID_TEXT_ARRAY;
	CU_ASSERT(mask_fill(tool_masker(), &slice) == -ENOTSUP);
	slice = (struct mask_slice){ OID_JSON, 0, 0, 1, bytes, 1 };
	CU_ASSERT(mask_fill(tool_masker(), &slice) == -ENOTSUP);
	slice = (struct mask_slice){ OID_TEXT, 0, 3, 5, bytes, 3 };
	CU_ASSERT(mask_fill(tool_masker(), &slice) == -EINVAL);
	CU_ASSERT_STRING_EQUAL((char *)bytes, "12345");
}

static void test_types_are_sorted(void)
{
	CU_ASSERT(mask_types_are_sorted());
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "redact, text", test_redact_text },
		{ "redact, binary", test_redact_binary },
		{ "keep: digits of numbers", test_keep_numbers },
		{ "fixed, text", test_fixed },
		{ "fixed, binary", test_fixed_binary },
		{ "date to year, text", test_year_text },
		{ "date to year, binary", test_year_binary },
		{ "date to year, every day of 400 years", test_year_of_every_day },
		{ "noise", test_noise },
		{ "noise: long numbers", test_noise_is_exact },
		{ "noise: rounded", test_noise_rounds },
		{ "pseudonym: versions of UUIDs", test_uuid_version },
		{ "pseudonym", test_pseudonym },
		{ "pseudonym: in the range of a type", test_pseudonym_in_a_range },
		{ "pseudonym: text and binary agree", test_formats_agree },
		{ "arrays, text", test_array_text },
		{ "arrays: a part", test_array_part },
		{ "arrays, binary", test_array_binary },
		{ "rows", test_record },
		{ "rows whose fields are known", test_record_that_is_known },
		{ "ranges and multiranges", test_ranges },
		{ "a part is of the whole", test_part_is_of_the_whole },
		{ "nested too deep", test_too_deep },
		{ "overwritten in slices", test_fill },
		{ "not overwritten", test_fill_not },
		{ "types are in order", test_types_are_sorted },
	};

	return suite_run("mask/value", tests, sizeof(tests) / sizeof(*tests));
}
