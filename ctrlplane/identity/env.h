/* SPDX-License-Identifier: Apache-2.0
 * What the identity thread takes from the world: clocks, and the network. Tests bring their own. */
#pragma once

#include "ctrlplane/conf/conf.h"
#include "parsers/base/span.h"

#include <stdint.h>

enum {
	FETCH_BODY_MAX = 256 << 10, /* bytes of a JWKS */
	FETCH_CONNECT_MS = 3000,
	FETCH_TOTAL_MS = 5000,
};

/* How one fetch ended. */
struct fetch_result {
	const char *why;   /* NULL: it is good; else what went wrong, for the log */
	struct span body;  /* borrowed */
	int64_t max_age_s; /* as the provider says; -1: it does not */
};

typedef void fetch_done_fn(void *arg, size_t issuer, const struct fetch_result *result);

/* wall_s and mono_ms are called by any thread, as is wake; start and wait by the identity thread. */
struct identity_env {
	void *ctx;
	int64_t (*wall_s)(void *ctx);   /* since 1970 */
	uint64_t (*mono_ms)(void *ctx); /* since anything, never back */
	/* Begins to fetch the keys of an issuer whose jwks is a URL, one at a time of each issuer.
	 * <done> is called from within a later wait, within FETCH_TOTAL_MS or so, and does not start
	 * another. -errno: never. */
	int (*start)(void *ctx, size_t issuer, const struct conf_issuer *conf);
	/* Waits until wake() was called since the last wait, a fetch ends, or the time is over. */
	void (*wait)(void *ctx, uint64_t timeout_ms, fetch_done_fn *done, void *arg);
	void (*wake)(void *ctx);
};

/* fetch.c: the system's clocks and libcurl, for so many issuers. */
int fetch_new(size_t n_issuers, struct identity_env **ret_env);
/* Aborts what is under way. */
void fetch_free(struct identity_env **env);
