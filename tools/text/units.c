/* SPDX-License-Identifier: Apache-2.0
 * See units.h. Each writes into the caller's text and returns it. */
#include "tools/text/units.h"

#include <inttypes.h>
#include <stdio.h>

/* Three significant digits at most: 9.9K, 10K, 999K. */
static void scaled(char text[UNITS_MAX], double value, const char *unit)
{
	snprintf(text, UNITS_MAX, value < 9.95 ? "%.1f%s" : "%.0f%s", value, unit);
}

const char *units_bytes(char text[UNITS_MAX], uint64_t bytes)
{
	static const char *const units[] = { "", "K", "M", "G", "T", "P", "E" };
	double value = (double)bytes;
	size_t u = 0;

	for (; value >= 999.5 && u + 1 < sizeof(units) / sizeof(units[0]); u++)
		value /= 1024;
	if (u == 0)
		snprintf(text, UNITS_MAX, "%" PRIu64, bytes);
	else
		scaled(text, value, units[u]);
	return text;
}

const char *units_count(char text[UNITS_MAX], uint64_t n)
{
	char digits[UNITS_MAX];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n), at = 0;

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}

const char *units_duration_ms(char text[UNITS_MAX], uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (ms < 10000)
		snprintf(text, UNITS_MAX, "%.1fs", (double)ms / 1000);
	else if (s < 60)
		snprintf(text, UNITS_MAX, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(text, UNITS_MAX, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(text, UNITS_MAX, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(text, UNITS_MAX, "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
	return text;
}

const char *units_us(char text[UNITS_MAX], uint64_t us)
{
	if (us == 0)
		snprintf(text, UNITS_MAX, "-");
	else if (us < 1000)
		snprintf(text, UNITS_MAX, "%" PRIu64 "us", us);
	else if (us < 999500)
		scaled(text, (double)us / 1000, "ms");
	else
		scaled(text, (double)us / 1000000, "s");
	return text;
}

const char *units_per_second(char text[UNITS_MAX], double rate)
{
	if (rate <= 0)
		snprintf(text, UNITS_MAX, "0");
	else if (rate < 9.95)
		snprintf(text, UNITS_MAX, "%.1f", rate);
	else
		units_count(text, (uint64_t)(rate + 0.5));
	return text;
}

const char *units_mbps(char text[UNITS_MAX], uint64_t mbps)
{
	if (mbps >= 1000 && mbps % 1000 == 0)
		snprintf(text, UNITS_MAX, "%" PRIu64 "G", mbps / 1000);
	else if (mbps >= 1000)
		snprintf(text, UNITS_MAX, "%.1fG", (double)mbps / 1000);
	else
		snprintf(text, UNITS_MAX, "%" PRIu64 "M", mbps);
	return text;
}
