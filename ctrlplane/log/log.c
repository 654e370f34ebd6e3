/* SPDX-License-Identifier: Apache-2.0
 * Formats, limits and writes log lines. One lock, held for one write. */
#include "ctrlplane/log/log.h"

#include "ctrlplane/log/log_priv.h"
#include "parsers/base/must.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SITES = 256 }; /* limits kept apart; two call sites may share one, which limits both */

struct level {
	const char *name, *colour;
	char priority; /* of syslog(3), as journald reads it */
};

static const struct level levels[LOG_LEVELS] = {
	[LOG_LEVEL_ERR] = { "error", "\033[31m", '3' },
	[LOG_LEVEL_WARN] = { "warning", "\033[33m", '4' },
	[LOG_LEVEL_INFO] = { "info", "", '6' },
	[LOG_LEVEL_DEBUG] = { "debug", "\033[2m", '7' },
};

static atomic_uint level_now = LOG_LEVEL_WARN;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Under the lock. */
static FILE *out;
static bool out_is_tty;
static struct log_site sites[SITES];

void log_level_set(uint32_t level)
{
	must(level < LOG_LEVELS);
	atomic_store_explicit(&level_now, level, memory_order_relaxed);
}

bool log_is_on(enum log_level level)
{
	return level <= atomic_load_explicit(&level_now, memory_order_relaxed);
}

void log_redirect(FILE *to, bool is_tty)
{
	pthread_mutex_lock(&lock);
	out = to;
	out_is_tty = is_tty;
	memset(sites, 0, sizeof(sites));
	pthread_mutex_unlock(&lock);
}

void log_open(uint32_t level)
{
	log_level_set(level);
	log_redirect(stderr, isatty(STDERR_FILENO) == 1);
}

bool log_site_admit(struct log_site *s, uint64_t now_ns)
{
	const uint64_t per_line = 1000000000 / LOG_PER_SECOND;

	if (now_ns - s->at_ns >= per_line) {
		uint64_t earned = (now_ns - s->at_ns) / per_line;

		s->at_ns += earned * per_line;
		s->left = earned >= LOG_BURST - s->left ? LOG_BURST : s->left + (uint32_t)earned;
	}
	if (s->left == 0) {
		s->n_withheld++;
		return false;
	}
	s->left--;
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* "2025-01-31T12:00:00.123Z" */
static void time_text(char text[32])
{
	struct timespec t;
	struct tm utc;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &utc);
	n = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + n, 32 - n, ".%03ldZ", t.tv_nsec / 1000000);
}

/* Length of the valid UTF-8 character at <s>, 0 when there is none. Overlong forms, surrogates and
 * what lies beyond U+10FFFF are none. */
static size_t utf8_len(const unsigned char *s)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = { { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	if (s[0] < 0x80)
		return 1;
	for (size_t f = 0; f < 3; f++) {
		uint32_t c = s[0] & (unsigned)~forms[f].mask & 0xff;

		if ((s[0] & forms[f].mask) != forms[f].lead)
			continue;
		for (size_t i = 1; i <= f + 1; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (s[i] & 0x3f);
		}
		return c < forms[f].least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0
											 : f + 2;
	}
	return 0;
}

void log_write_escaped(FILE *to, const char *text, bool is_json)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	for (; *s != '\0'; s += n == 0 ? 1 : n) {
		n = utf8_len(s);
		if (n == 0)
			fputs(is_json ? "\\ufffd" : "\xef\xbf\xbd", to);
		else if (n == 1 && (*s < 0x20 || *s == 0x7f))
			fprintf(to, is_json ? "\\u%04x" : "\\x%02x", *s);
		else if (is_json && (*s == '"' || *s == '\\'))
			fprintf(to, "\\%c", *s);
		else
			fwrite(s, 1, n, to);
	}
}

static void write_text(
		const struct level *l, const char *topic, const char *text, uint64_t withheld)
{
	char at[32];

	time_text(at);
	fprintf(out, "%.12s %s%-7s%s %s: ", at + 11, l->colour, l->name,
			l->colour[0] == '\0' ? "" : "\033[0m", topic);
	log_write_escaped(out, text, false);
	if (withheld > 0)
		fprintf(out, " (%llu lines like this were withheld)", (unsigned long long)withheld);
	fputc('\n', out);
}

static void write_json(const struct level *l, const char *topic, const char *text,
		uint64_t withheld, const char *more)
{
	char at[32];

	time_text(at);
	fprintf(out, "<%c>{\"time\":\"%s\",\"level\":\"%s\",\"topic\":\"%s\",\"text\":\"",
			l->priority, at, l->name, topic);
	log_write_escaped(out, text, true);
	fprintf(out, "\"%s", more);
	if (withheld > 0)
		fprintf(out, ",\"withheld\":%llu", (unsigned long long)withheld);
	fputs("}\n", out);
}

static struct log_site *site_of(const void *address)
{
	uint64_t mixed = (uint64_t)(uintptr_t)address * 0x9e3779b97f4a7c15;

	return &sites[mixed >> 56];
}

void log_line(const struct log_line *l)
{
	const struct level *level = &levels[l->level];
	struct log_site *site = site_of(l->site);

	pthread_mutex_lock(&lock);
	if (out == NULL) {
		out = stderr;
		out_is_tty = isatty(STDERR_FILENO) == 1;
	}
	if (log_site_admit(site, now_ns())) {
		uint64_t withheld = site->n_withheld;

		site->n_withheld = 0;
		if (out_is_tty)
			write_text(level, l->topic, l->text, withheld);
		else
			write_json(level, l->topic, l->text, withheld, l->more);
		fflush(out);
	}
	pthread_mutex_unlock(&lock);
}

static void log_va(enum log_level level, const char *topic, const char *fmt, va_list args)
		__attribute__((format(printf, 3, 0)));

static void log_va(enum log_level level, const char *topic, const char *fmt, va_list args)
{
	char text[LOG_TEXT_MAX + 1];
	int n;

	if (!log_is_on(level))
		return;
	n = vsnprintf(text, sizeof(text), fmt, args);
	if (n < 0)
		return;
	if (n > LOG_TEXT_MAX)
		memcpy(text + LOG_TEXT_MAX - 3, "...", 4);
	log_line(&(struct log_line){
			.level = level, .site = fmt, .topic = topic, .text = text, .more = "" });
}

void log_err(const char *topic, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_va(LOG_LEVEL_ERR, topic, fmt, args);
	va_end(args);
}

void log_warn(const char *topic, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_va(LOG_LEVEL_WARN, topic, fmt, args);
	va_end(args);
}

void log_info(const char *topic, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_va(LOG_LEVEL_INFO, topic, fmt, args);
	va_end(args);
}

void log_debug(const char *topic, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_va(LOG_LEVEL_DEBUG, topic, fmt, args);
	va_end(args);
}
