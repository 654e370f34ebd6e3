/* SPDX-License-Identifier: Apache-2.0
 * Dates and times. Text is read in DateStyle ISO alone: in the others a year is a guess. Binary
 * values count days or microseconds from 2000-01-01 (utils/timestamp.h of PostgreSQL). */
#include "ruleset/mask/mask_priv.h"

#include <errno.h>

enum {
	DAYS_1970 = 10957,  /* from 1970-01-01 to 2000-01-01 */
	DAY_MIN = -2451545, /* 4714-11-24 BC, the first day there is */
	YEAR_MIN = -4713,
	YEAR_MAX = 5874897,
	YEAR_MAX_TIME = 294276,
	DAY_S = 86400,
	ZONE_MAX_S = 16 * 3600,
};

#define DAY_US 86400000000LL

struct moment {
	int32_t year; /* astronomical: 0 is 1 BC */
	int32_t month, day, second, us;
	int32_t zone_s; /* east of UTC */
	bool has_time, has_zone, is_zulu, is_infinite;
	uint8_t separator; /* between date and time */
};

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": proleptic Gregorian. */
static int64_t days_of(int64_t y, int32_t month, int32_t day)
{
	int64_t era, of_era, of_year;

	y -= month <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	of_era = y - era * 400;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468 -
			DAYS_1970;
}

static int32_t year_of(int64_t days)
{
	const int64_t z = days + DAYS_1970 + 719468, era = (z >= 0 ? z : z - 146096) / 146097,
		      of_era = z - era * 146097,
		      year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365,
		      of_year = of_era - (365 * year + year / 4 - year / 100);

	return (int32_t)(year + era * 400 + (of_year >= 306)); /* it began in March */
}

static int64_t first_day(int32_t year)
{
	const int64_t day = days_of(year, 1, 1);

	return day < DAY_MIN ? DAY_MIN : day;
}

/* A number of <least> to <most> digits. */
static bool take_number(struct reader *r, size_t least, size_t most, int32_t *ret)
{
	size_t n = 0;

	*ret = 0;
	while (n < most && rd_left(r) > 0 && is_digit(r->in.ptr[r->at])) {
		*ret = *ret * 10 + (rd_u8(r) - '0');
		n++;
	}
	return n >= least;
}

static bool take(struct reader *r, uint8_t c)
{
	if (rd_left(r) == 0 || r->in.ptr[r->at] != c)
		return false;
	r->at++;
	return true;
}

static bool is_day(const struct moment *t)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const bool leaps = t->year % 4 == 0 && (t->year % 100 != 0 || t->year % 400 == 0);

	return t->month >= 1 && t->month <= 12 && t->day >= 1 &&
			t->day <= days[t->month - 1] + (t->month == 2 && leaps ? 1 : 0);
}

static bool take_time(struct reader *r, struct moment *t)
{
	int32_t hour, minute, second, place = 100000;

	if (!take_number(r, 2, 2, &hour) || !take(r, ':') || !take_number(r, 2, 2, &minute) ||
			!take(r, ':') || !take_number(r, 2, 2, &second))
		return false;
	if (take(r, '.')) {
		for (; place > 0 && rd_left(r) > 0 && is_digit(r->in.ptr[r->at]); place /= 10)
			t->us += (rd_u8(r) - '0') * place;
	}
	t->second = hour * 3600 + minute * 60 + second;
	return hour < 24 && minute < 60 && second < 60;
}

static bool take_zone(struct reader *r, struct moment *t)
{
	const bool is_west = rd_left(r) > 0 && r->in.ptr[r->at] == '-';
	int32_t hour, minute = 0, second = 0;

	t->is_zulu = take(r, 'Z');
	t->has_zone = t->is_zulu || take(r, '+') || take(r, '-');
	if (!t->has_zone || t->is_zulu)
		return true;
	if (!take_number(r, 2, 2, &hour) || (take(r, ':') && !take_number(r, 2, 2, &minute)) ||
			(take(r, ':') && !take_number(r, 2, 2, &second)))
		return false;
	t->zone_s = hour * 3600 + minute * 60 + second;
	if (is_west)
		t->zone_s = -t->zone_s;
	return minute < 60 && second < 60 && hour < 16;
}

static bool take_moment(struct span text, struct moment *ret)
{
	struct reader r = rd_of(text.ptr, text.len);
	struct moment t = { 0 };

	if (span_is(text, "infinity") || span_is(text, "-infinity")) {
		*ret = (struct moment){ .is_infinite = true };
		return true;
	}
	if (!take_number(&r, 4, 7, &t.year) || !take(&r, '-') || !take_number(&r, 2, 2, &t.month) ||
			!take(&r, '-') || !take_number(&r, 2, 2, &t.day) || t.year == 0)
		return false;
	if (rd_left(&r) > 1 && (r.in.ptr[r.at] == 'T' || is_digit(r.in.ptr[r.at + 1]))) {
		t.separator = rd_u8(&r);
		t.has_time = true;
		if ((t.separator != ' ' && t.separator != 'T') || !take_time(&r, &t) ||
				!take_zone(&r, &t))
			return false;
	}
	if (take(&r, ' ')) {
		if (!take(&r, 'B') || !take(&r, 'C'))
			return false;
		t.year = 1 - t.year;
	}
	*ret = t;
	return rd_is_done(&r) && is_day(&t) && t.year >= YEAR_MIN &&
			t.year <= (t.has_time ? YEAR_MAX_TIME : YEAR_MAX);
}

/* The year that it is at UTC, as binary values have it. */
static int32_t utc_year(const struct moment *t)
{
	const int64_t second = (int64_t)t->second - t->zone_s;

	return year_of(days_of(t->year, t->month, t->day) + (second < 0 ? -1 : second / DAY_S));
}

static void put_padded(struct outbuf *o, uint32_t v, size_t least)
{
	uint8_t digits[10];
	size_t n = sizeof(digits);

	while (v > 0 || sizeof(digits) - n < least) {
		digits[--n] = (uint8_t)('0' + v % 10);
		v /= 10;
	}
	ob_put(o, digits + n, sizeof(digits) - n);
}

static void put_year(const struct moment *t, struct outbuf *o)
{
	const int32_t year = t->has_zone ? utc_year(t) : t->year;

	put_padded(o, (uint32_t)(year > 0 ? year : 1 - year), 4);
	ob_str(o, year <= YEAR_MIN ? "-11-24" : "-01-01");
	if (t->has_time) {
		ob_u8(o, t->separator);
		ob_str(o, "00:00:00");
		ob_str(o, t->is_zulu ? "Z" : t->has_zone ? "+00" : "");
	}
	if (year <= 0)
		ob_str(o, " BC");
}

bool mask_year_put(struct span text, struct outbuf *o)
{
	struct moment t;

	if (!take_moment(text, &t))
		return false;
	if (t.is_infinite)
		ob_span_put(o, text);
	else
		put_year(&t, o);
	return true;
}

/* Is the text a value of exactly this type? */
static bool is_of(const struct moment *t, enum mask_type_kind kind)
{
	return t->is_infinite ||
			(t->has_time == (kind != MASK_T_DATE) &&
					t->has_zone == (kind == MASK_T_TIMESTAMPTZ));
}

static bool has_year(enum mask_type_kind kind)
{
	return kind == MASK_T_DATE || kind == MASK_T_TIMESTAMP || kind == MASK_T_TIMESTAMPTZ;
}

static int date_text(const struct mask_job *job, struct outbuf *o)
{
	static const char *const blank[MASK_T_MAX] = {
		[MASK_T_DATE] = "1970-01-01",
		[MASK_T_TIME] = "00:00:00",
		[MASK_T_TIMETZ] = "00:00:00+00",
		[MASK_T_TIMESTAMP] = "1970-01-01 00:00:00",
		[MASK_T_TIMESTAMPTZ] = "1970-01-01 00:00:00+00",
		[MASK_T_INTERVAL] = "00:00:00",
	};
	const enum mask_type_kind kind = job->type.kind;
	struct moment t;

	if (job->mask->kind == MASK_DATE_TO_YEAR && has_year(kind))
		return take_moment(job->in, &t) && is_of(&t, kind) && mask_year_put(job->in, o)
				? MASK_OK
				: MASK_NULLED;
	if (job->mask->kind == MASK_FIXED && has_year(kind) && take_moment(job->mask->fixed, &t) &&
			is_of(&t, kind))
		ob_span_put(o, job->mask->fixed);
	else
		ob_str(o, blank[kind]);
	return MASK_OK;
}

static int64_t floor_days(int64_t us)
{
	return us / DAY_US - (us % DAY_US < 0 ? 1 : 0);
}

static void put_days(int64_t days, enum mask_type_kind kind, struct outbuf *o)
{
	if (kind == MASK_T_DATE)
		ob_be32(o, (uint32_t)(int32_t)days);
	else
		ob_be64(o, (uint64_t)(days * DAY_US));
}

static void put_fixed(const struct mask_job *job, const struct moment *t, struct outbuf *o)
{
	const enum mask_type_kind kind = job->type.kind;
	const bool is_past = job->mask->fixed.ptr[0] == '-';
	const int64_t days = t->is_infinite ? 0 : days_of(t->year, t->month, t->day);

	if (t->is_infinite && kind == MASK_T_DATE)
		ob_be32(o, is_past ? (uint32_t)INT32_MIN : (uint32_t)INT32_MAX);
	else if (t->is_infinite)
		ob_be64(o, is_past ? (uint64_t)INT64_MIN : (uint64_t)INT64_MAX);
	else if (kind == MASK_T_DATE)
		put_days(days, kind, o);
	else
		ob_be64(o, (uint64_t)(days * DAY_US + (t->second - t->zone_s) * 1000000LL + t->us));
}

/* Days of what is not infinite. */
static bool binary_days(const struct mask_job *job, int64_t *ret)
{
	int64_t v;

	if (job->type.kind == MASK_T_DATE) {
		*ret = (int32_t)load_be32(job->in.ptr);
		return *ret != INT32_MIN && *ret != INT32_MAX;
	}
	v = (int64_t)load_be64(job->in.ptr);
	*ret = floor_days(v);
	return v != INT64_MIN && v != INT64_MAX;
}

static void put_binary(const struct mask_job *job, struct outbuf *o)
{
	const enum mask_type_kind kind = job->type.kind;
	struct moment t;
	int64_t days;

	if (job->mask->kind == MASK_DATE_TO_YEAR) {
		if (binary_days(job, &days))
			put_days(first_day(year_of(days)), kind, o);
		else
			ob_span_put(o, job->in);
	} else if (job->mask->kind == MASK_FIXED && take_moment(job->mask->fixed, &t) &&
			is_of(&t, kind)) {
		put_fixed(job, &t, o);
	} else {
		put_days(-DAYS_1970, kind, o);
	}
}

int mask_date(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	static const uint8_t zeros[16],
			sizes[MASK_T_MAX] = {
				[MASK_T_DATE] = 4,
				[MASK_T_TIME] = 8,
				[MASK_T_TIMETZ] = 12,
				[MASK_T_TIMESTAMP] = 8,
				[MASK_T_TIMESTAMPTZ] = 8,
				[MASK_T_INTERVAL] = 16,
			};
	const size_t size = sizes[job->type.kind];

	(void)m;
	if (!job->is_binary)
		return date_text(job, o);
	if (job->in.len != size)
		return -EBADMSG;
	if (has_year(job->type.kind))
		put_binary(job, o);
	else
		ob_put(o, zeros, size);
	return MASK_OK;
}
