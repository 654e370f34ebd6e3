/* SPDX-License-Identifier: Apache-2.0
 * One worker's counters. Written by its worker only; read by anyone with relaxed loads. */
#pragma once

#include "dataplane/net/drop.h"

#include <stdint.h>

enum stat_id {

#define STAT(sym, text) STAT_##sym,
#include "dataplane/tcp/stat.tbl.h"
#undef STAT
	STAT_MAX,
};

struct stat_info {
	const char *name; /* lower case, as in `sluicectl stats` */
	const char *text;
};

/* <s> < STAT_MAX */
const struct stat_info *stat_info(enum stat_id s);

struct counters {
	uint64_t stat[STAT_MAX];
	uint64_t drop[DROP_MAX];
};
