/* SPDX-License-Identifier: Apache-2.0
 * Patterns and examples as flat.py writes them. */
#pragma once

#include "ruleset/scan/scan.h"

enum { PACK_PATTERNS_MAX = 400, PACK_EXAMPLES_MAX = 2000 };

struct pack_example {
	struct span text; /* owned */
	uint32_t pattern;
	bool matches;
};

struct pack {
	struct scan_pattern patterns[PACK_PATTERNS_MAX]; /* strings owned */
	struct pack_example examples[PACK_EXAMPLES_MAX];
	uint32_t n, n_examples;
};

/* Appends what a file of lines has. Exits with a message when it is none. */
void pack_read(struct pack *pack, const char *path);
void pack_done(struct pack *pack);
/* \xHH becomes its byte, in place; returns the length. The byte behind it is NUL. */
size_t pack_unescape(char *text);
