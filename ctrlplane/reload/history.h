/* SPDX-License-Identifier: Apache-2.0
 * Every set of rules that was in force, on disk: DATA_DIR/rules/SHA256/PACK.yaml are its sources, and
 * DATA_DIR/rules/index.json says which, when and by whom. Blocks on files; any thread. */
#pragma once

#include "ctrlplane/policy/rules.h"

#include <stdint.h>

enum { HISTORY_MAX = 256 }; /* entries; older ones go, and the sources that only they name */

/* How it came into force. */
enum history_how {
	HISTORY_START, /* as configured, when sluiced began; the only one that a start does not keep */
	HISTORY_CONFIGURED, /* the configured files, when somebody said so */
	HISTORY_SIGNAL,     /* the same, on SIGHUP */
	HISTORY_SENT,       /* files that somebody sent */
	HISTORY_ROLLBACK,
	HISTORY_HOWS,
};

struct history_entry {
	char sha256[RULES_HASH_SIZE];
	int64_t at_s; /* since 1970 */
	int32_t uid;  /* whose order it was; -1: not known */
	enum history_how how;
};

struct history;

/* What is there; <data_dir> need not exist. -EBADMSG: index.json is damaged; else -errno. */
int history_open(const char *data_dir, struct history **ret);
void history_free(struct history **h);

/* Up to <max> of them, the latest first, which is in force. Returns how many. */
size_t history_list(struct history *h, struct history_entry *ret, size_t max);
/* The one entry's hash that begins with <prefix>. -ENOENT; -EEXIST: there are several. */
int history_find(struct history *h, const char *prefix, char ret[RULES_HASH_SIZE]);
/* The latest that is another than the one in force. -ENOENT. */
int history_before(struct history *h, char ret[RULES_HASH_SIZE]);

/* Keeps the sources of <rules>, whose hash <entry> has, and then the entry: it is durable, or nothing is
 * changed. */
int history_put(struct history *h, const struct rules *rules, const struct history_entry *entry);
/* Adds the packs of a hash to <rules>. -EBADMSG: they are not those any more; -ENOENT; else as
 * rules_add_dir(). <ear> has heard why. */
int history_load(struct history *h, const char *sha256, struct rules *rules,
		const struct rules_ear *ear);

const char *history_how_name(enum history_how how); /* "start" */
