/* SPDX-License-Identifier: Apache-2.0
 * Rules are exchanged while traffic runs. An order is read, checked, compiled and stored by a thread of
 * this folder; then the control thread puts the whole generation in the place of the last one, all targets at
 * once, and the thread frees that when no worker can hold it. What is wrong with anything refuses all of it,
 * and the old rules stay.
 *
 * Calls are the control thread's unless they say otherwise. */
#pragma once

#include "ctrlplane/policy/generation.h"
#include "ctrlplane/reload/history.h"
#include "dataplane/inspect/spine.h"

#include <stdbool.h>

enum { RELOAD_PROBLEMS_MAX = 64 }; /* of one order are kept */

struct conf_rules;

struct reload_parts {
	const struct conf_rules *configured; /* borrowed */
	const struct generation_conf *conf;  /* borrowed */
	struct spine_target *const *spines;  /* borrowed: conf->n_targets; NULL: not inspected */
	struct generation *first;            /* taken over, when all goes well: in force already */
	struct history *history;             /* borrowed */
	void (*synchronize)(void);           /* returns when no worker holds what was replaced */
};

struct reload;

int reload_new(const struct reload_parts *parts, struct reload **ret);
/* Ends the thread. No worker runs any more, or the targets' rules are not looked at. */
void reload_free(struct reload **r);

/* Readable when reload_run() has something to do. */
int reload_fd(const struct reload *r);
void reload_run(struct reload *r);

enum reload_what {
	RELOAD_CONFIGURED, /* the configured files, as they are now */
	RELOAD_SENT,       /* <text> is {"files": [{"path": P, "text": T}...]} */
	RELOAD_STORED,     /* those of <sha256> in the history */
	RELOAD_UNWATCHED,  /* none: those that only watch are taken away */
};

struct reload_order {
	enum reload_what what;
	enum history_how how;
	bool only_watches; /* beside those in force, until others come, are applied, or none shall */
	char *text;        /* owned, taken over when it is accepted; of RELOAD_SENT */
	size_t len;
	char sha256[RULES_HASH_SIZE];
	int32_t uid;
};

/* Its number, from 1; -EBUSY: another is being carried out, nothing is taken over. */
int64_t reload_order(struct reload *r, const struct reload_order *order);

enum reload_state {
	RELOAD_NONE, /* no order so far */
	RELOAD_RUNNING,
	RELOAD_DONE,    /* in force on all workers from their next command on */
	RELOAD_REFUSED, /* the rules before it stay */
};

struct reload_problem {
	char *path; /* owned */
	struct doc_error error;
	bool is_warning;
};

struct reload_view {
	uint64_t generation; /* from 1, since the start */
	struct history_entry in_force;
	enum reload_state state; /* of the last order */
	int64_t number;
	uint64_t took_ms;  /* until it was ready */
	size_t n_problems; /* all of them: the first RELOAD_PROBLEMS_MAX are kept */
	const struct reload_problem *problems; /* borrowed until the next call of this folder */
};

void reload_view(struct reload *r, struct reload_view *ret);
/* Borrowed until the next reload_run(). */
const struct generation *reload_in_force(const struct reload *r);

/* The rules that only watch, and whose order they are. Borrowed until the next reload_run(); NULL: none. */
const struct generation *reload_watching(const struct reload *r, struct history_entry *ret);

/* How often each rule decided, since sluiced began or the rule came into force: it goes on while rules of the
 * same pack and name are exchanged. Each of every target that is judged. */
void reload_hits(struct reload *r,
		void (*each)(void *ctx, size_t target, const struct published_hit *hit), void *ctx);

/* The configured files. Any thread. */
int reload_configured(
		const struct conf_rules *conf, struct rules *rules, const struct rules_ear *ear);
