/* SPDX-License-Identifier: Apache-2.0
 * How selftest.c breaks the cable. */
#pragma once

#include "dataplane/tcp/relay.h"

struct cable_frame {
	struct pkt *pkt;
	enum side from;
	uint64_t now_us, number;
};

/* true: the frame was dealt with. false: pass it on (its bytes may have been altered). */
typedef bool cable_fault_fn(const struct relay_env *env, const struct cable_frame *f);

struct cable_knobs {
	cable_fault_fn *fault; /* NULL: a good cable */
	uint64_t next_in_us;   /* what relay_next_us() says, from now; UINT64_MAX: never */
	const char *check;     /* what relay_check() says */
};

extern struct cable_knobs cable;
