/* SPDX-License-Identifier: Apache-2.0
 * Which rules are in force when the daemon begins, and what becomes of orders to exchange them. */
#pragma once

#include "ctrlplane/conf/conf.h"
#include "ctrlplane/policy/generation.h"
#include "ctrlplane/reload/history.h"

struct app_rules {
	const struct conf *conf;         /* borrowed */
	struct generation_conf made_for; /* of the targets; its array is owned */
	struct history *history;         /* owned */
	struct generation *first;        /* owned, until somebody takes it */
};

/* The rules that were applied last, or, when none ever were, the configured files. What is wrong with them is
 * logged. <rules> is filled in place; app_rules_down() in any case. */
int app_rules_up(const struct conf *conf, uint32_t n_workers, struct app_rules *rules);
void app_rules_down(struct app_rules *rules);
