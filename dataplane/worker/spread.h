/* SPDX-License-Identifier: Apache-2.0
 * Which worker owns a flow, and how a frame that came to another one gets there. */
#pragma once

#include "dataplane/net/frame.h"
#include "dataplane/net/side.h"
#include "parsers/base/siphash.h"

#include <stdbool.h>
#include <stdint.h>

enum { SPREAD_HERE = UINT16_MAX };

/* How the frames of one wire get to their workers. */
struct spread_wire {
	bool rss;           /* both ports do it; only what they cannot see through is handed over */
	uint16_t reta_size; /* with rss */
	uint16_t owner;     /* without: the worker that receives and transmits for all */
};

struct spread {
	uint32_t n_workers;
	struct siphash_key key;
	const struct spread_wire *wires; /* borrowed: outlives this */
};

/* Without parsing: could this be a frame that RSS brings to the wrong worker, a fragment or an ICMP
 * error? Frames too short to tell are not. */
bool spread_is_rare(const uint8_t *bytes, uint32_t len);

/* The owner of the frame's flow, the same for both directions and for ICMP errors that quote it.
 * SPREAD_HERE: it belongs to no flow, whoever received it handles it. <f> is no FRAME_TCP_FRAG:
 * fragments are put together before they are owned by anybody. */
uint16_t spread_owner(const struct spread *s, const struct frame *f, uint16_t wire, enum side from);
