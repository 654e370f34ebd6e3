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
extern cable_fault_fn *cable_fault; /* NULL: a good cable */
