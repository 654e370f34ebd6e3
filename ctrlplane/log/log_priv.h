/* SPDX-License-Identifier: Apache-2.0
 * Inside ctrlplane/log: one line on its way out, and how a call site is limited. */
#pragma once

#include "ctrlplane/log/log.h"

struct log_line {
	enum log_level level;
	const void *site;  /* tells call sites apart */
	const char *topic; /* borrowed, as are the others */
	const char *text;
	const char *more; /* further JSON members, each with its comma in front */
};

/* Writes it if its site may write. The level has been asked already. */
void log_line(const struct log_line *l);

/* What one call site has written lately; zeroed, it may write a whole burst. */
struct log_site {
	uint64_t at_ns; /* up to which <left> is counted */
	uint32_t left;  /* lines it may write now */
	uint64_t n_withheld;
};

/* May the site write at <now_ns>? Counts what it may not. */
bool log_site_admit(struct log_site *s, uint64_t now_ns);

/* <text> without what a terminal or a JSON parser would act on; invalid UTF-8 becomes U+FFFD. */
void log_write_escaped(FILE *to, const char *text, bool is_json);
