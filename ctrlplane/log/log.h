/* SPDX-License-Identifier: Apache-2.0
 * Log lines to stderr, for the control plane alone: workers never log (design/style.md 3.4).
 *
 * On a terminal a line is text; else it is one JSON object behind journald's priority prefix "<N>".
 * A line never holds payload or secrets. Each call site (told apart by its format string) may write
 * a burst of LOG_BURST lines, then LOG_PER_SECOND; what is withheld is counted, and the count is
 * written with the site's next line. Any thread may call; none waits for long. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct flow_report;

enum log_level {
	LOG_LEVEL_ERR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVELS,
};

enum {
	LOG_BURST = 100,
	LOG_PER_SECOND = 20,
	LOG_TEXT_MAX = 1024, /* bytes of one message; the rest is cut and marked with "..." */
};

/* Before it is called, lines of level WARN and above are written. <level> as in struct conf. */
void log_open(uint32_t level);

/* The level may change at any time. */
void log_level_set(uint32_t level);
bool log_is_on(enum log_level level);

/* Only tests want another file than stderr; <is_tty> picks text or JSON. */
void log_redirect(FILE *to, bool is_tty);

/* <topic> is the folder that speaks ("app", "port", "api", "worker"): a string literal. */
void log_err(const char *topic, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *topic, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *topic, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *topic, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One flow: INFO when it ended, DEBUG while it lives. <target> is its name
 * (conf_target_name(conf, rep->target)). */
void log_flow(uint32_t worker, const char *target, const struct flow_report *rep);
