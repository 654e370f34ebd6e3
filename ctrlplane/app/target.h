/* SPDX-License-Identifier: Apache-2.0
 * What inspectors are given of a target: TLS contexts from its files, a policy from its packs, limits.
 * Control thread; all that is made is immutable until it is freed. */
#pragma once

#include "ctrlplane/conf/conf.h"
#include "ctrlplane/credential/secret.h"
#include "ctrlplane/policy/generation.h"
#include "dataplane/inspect/spine.h"

struct app_target {
	struct spine_target spine; /* its TLS contexts are owned; all zero: not inspected */
	struct published *rules; /* owned: what <spine> shows; NULL: without packs it shows none */
	struct secret *mask_key; /* owned: a struct mask_key, which <spine> shows; NULL without packs */
};

/* One for each target of <conf>, which outlives them, with the rules of <rules> (borrowed until others are in
 * their place; NULL: none). What is wrong with any of them is logged, with the target and the file. 0;
 * -errno of the first: *ret is untouched. */
int app_targets_up(
		const struct conf *conf, const struct generation *rules, struct app_target **ret);
/* No flow uses them any more. Takes NULL, nulls *targets. */
void app_targets_down(struct app_target **targets, size_t n);

/* mask_key.c. A struct mask_key in memory for secrets. What is wrong is logged. */
int app_mask_key_up(const struct conf_target *conf, struct secret **ret);
/* Does <policy> mask anything with a key that will be another after a restart? */
bool app_mask_key_is_lost(const struct conf_target *conf, const struct policy *policy);
