/* SPDX-License-Identifier: Apache-2.0
 * What inspectors are given of a target: TLS contexts from its files, a policy from its packs, limits.
 * Control thread; all that is made is immutable until it is freed. */
#pragma once

#include "ctrlplane/conf/conf.h"
#include "dataplane/inspect/spine.h"

struct app_target {
	struct spine_target spine; /* its TLS contexts are owned; all zero: not inspected */
	struct policy *policy;     /* owned: what <rules> show */
	struct spine_rules rules;  /* what <spine> shows; without packs it shows none */
};

/* One for each target of <conf>, which outlives them. What is wrong with any of them is logged, with
 * the target and the file. 0; -errno of the first: *ret is untouched. */
int app_targets_up(const struct conf *conf, struct app_target **ret);
/* No flow uses them any more. Takes NULL, nulls *targets. */
void app_targets_down(struct app_target **targets, size_t n);
