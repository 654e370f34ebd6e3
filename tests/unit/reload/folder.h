/* SPDX-License-Identifier: Apache-2.0
 * A folder of a test's own, and sets of rules of one pack. */
#pragma once

#include "ctrlplane/policy/rules.h"

#include <CUnit/Basic.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/sluice-reload-XXXXXX";
static char heard[4096];

static inline void hear(void *ctx, const char *path, const struct doc_error *e, bool is_warning)
{
	const size_t n = strlen(heard);

	(void)ctx;
	snprintf(heard + n, sizeof(heard) - n, "%s:%u:%u:%s %s\n", path, e->line, e->column,
			is_warning ? " warning:" : "", e->text);
}

static const struct rules_ear ear = { hear, NULL };

/* Of one pack, "own", with one rule of that id. */
static inline struct rules *rules_of(const char *id)
{
	struct rules *r = rules_new();
	char text[256];
	const int len = snprintf(text, sizeof(text),
			"pack: own\ncommands:\n  - {id: %s, when: {sql: {kind: copy_to}}, then: deny}\n",
			id);

	CU_ASSERT_EQUAL_FATAL(
			rules_add_text(r, "own.yaml",
					(struct span){ (const uint8_t *)text, (size_t)len }, &ear),
			0);
	return r;
}

static inline int remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st;
	(void)what;
	(void)at;
	return remove(path);
}

static inline void folder_clear(void)
{
	(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
