/* SPDX-License-Identifier: Apache-2.0
 * enum drop_reason, from drop.tbl.h. */
#pragma once

enum drop_severity {
	DROP_SEV_NOTE,
	DROP_SEV_WARN,
	DROP_SEV_EVIL,
};

enum drop_reason {

#define DROP(sym, sev, text) DROP_##sym,
#include "dataplane/net/drop.tbl.h"
#undef DROP
	DROP_MAX,
};

struct drop_info {
	const char *name; /* lower case, as in counters: "tcp_cksum" */
	const char *text;
	enum drop_severity severity;
};

/* What <reason> is called; <reason> < DROP_MAX. */
const struct drop_info *drop_info(enum drop_reason reason);
