/* SPDX-License-Identifier: Apache-2.0
 * A model endpoint: a small, strict TCP of its own, driven by an application script. It shares no
 * code with the engine. */
#pragma once

#include "tests/sim/seg.h"
#include "tests/sim/world.h"

#include <stdbool.h>
#include <stdint.h>

struct ep *ep_new(struct conn *c, enum side s);
void ep_free(struct ep **e);
/* The initiator connects, the other one listens. */
void ep_start(struct ep *e);
void ep_input(struct ep *e, const struct seg *s, bool tainted);
void ep_icmp(struct ep *e, const struct seg_icmp *q);

/* The edit script went on without a byte for this end: what its application waits for may be there. */
void ep_kick(struct ep *e);

/* The run is over for an end that may stay open: its host answers with RST from now on. */
void ep_retire(struct ep *e);

uint32_t ep_outcome(const struct ep *e); /* enum outcome */
const char *ep_outcome_name(uint32_t outcome);
const char *ep_app_where(const struct ep *e);
/* Addresses as this end writes them. */
const struct seg *ep_identity(const struct ep *e);
/* The host answers from another MAC address from now on. */
void ep_move_mac(struct ep *e, uint8_t last_byte);

/* What scenarios look at. */
struct ep_stats {
	uint64_t rx_bytes, read_bytes,
			acked_bytes; /* of the stream: received in order, read, ours */
	uint64_t done_us, established_us, first_byte_us;
	uint32_t rtos, fast_rtx, probes, keepalives, dup_acks_in, dsacks_in, zero_window_us;
	uint32_t challenge_acks;
	uint32_t min_wnd_seen; /* smallest window that the peer announced after the handshake */
	uint32_t max_seg;      /* largest payload received */
	uint32_t small_segs;   /* payloads below the MSS that were not the end of a unit */
	uint64_t max_stall_us; /* longest time between two arrivals while something was awaited */
};

const struct ep_stats *ep_stats(const struct ep *e);
