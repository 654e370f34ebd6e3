/* SPDX-License-Identifier: Apache-2.0
 * What detections should be, found the plain way: each field alone, each pattern alone, start of
 * match always, and each byte painted by whatever covers it. */
#pragma once

#include "ruleset/scan/scan.h"

enum { FOUND_MAX = 65536 };

struct found_list {
	struct scan_found v[FOUND_MAX];
	uint32_t n;
};

struct oracle;

/* Exits when a pattern does not compile. */
struct oracle *oracle_new(const struct scan_pattern *patterns, uint32_t n);
void oracle_free(struct oracle **oracle);
/* Appends what is in <field>. */
void oracle_scan(const struct oracle *oracle, struct span field, uint32_t index,
		struct found_list *ret);
/* A sink that appends to a list. */
struct scan_sink found_sink(struct found_list *list);
/* Prints the first difference. */
bool found_is_same(const struct found_list *a, const struct found_list *b);
