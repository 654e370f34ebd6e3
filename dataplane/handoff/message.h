/* SPDX-License-Identifier: Apache-2.0
 * What the control thread asks a worker, what the worker answers, and what a worker hands to
 * another one: plain values, copied through rings (ring.h). */
#pragma once

#include "dataplane/tcp/relay.h"

#include <stdint.h>

enum handoff_ask {
	HANDOFF_ASK_GAUGES,
	HANDOFF_ASK_FLOWS,
	HANDOFF_ASK_KILL,
};

struct handoff_request {
	uint32_t id;  /* comes back in the answer: one that is not the last asked is stale */
	uint32_t ask; /* enum handoff_ask */
	uint32_t cursor, max; /* HANDOFF_ASK_FLOWS; max <= HANDOFF_FLOWS */
	uint32_t index, gen;  /* HANDOFF_ASK_KILL */
};

enum { HANDOFF_FLOWS = 16 }; /* reports in one answer */

struct handoff_answer {
	uint32_t id;
	int32_t rc;       /* HANDOFF_ASK_KILL: 0 or -ESTALE */
	uint32_t cursor;  /* HANDOFF_ASK_FLOWS: where to go on */
	uint32_t n_flows; /* HANDOFF_ASK_FLOWS */

	union {
		struct relay_gauges gauges;
		struct flow_report flows[HANDOFF_FLOWS];
	};
};

/* A frame on its way to the worker that owns its flow, or to the one that owns its port. */
struct handoff_frame {
	struct pkt *pkt; /* owned by whoever holds this value */
	uint16_t wire;
	uint16_t side; /* enum side: it came in from there, or goes out there */
	uint32_t spare;
};
