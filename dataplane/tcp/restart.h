/* SPDX-License-Identifier: Apache-2.0
 * What of a flow survives the process (relay.md 2.2): enough to go on as XLATE or WIRE. Records lie
 * in memory that the owner maps from a file; one per flow index. A WIRE or XLATE flow's record is
 * current from the moment it enters that mode; a RELAY flow gets one at a clean stop only, and only
 * when its queues are empty. Every other flow is unknown after a restart. */
#pragma once

#include "dataplane/flow/key.h"

#include <stdint.h>

enum { RESTART_MAGIC = 0x534c }; /* "SL": written last, cleared first */

struct restart_record {
	struct flow_key key;
	uint32_t delta[SIDES]; /* towards that side: emitted - consumed */
	uint32_t floor[SIDES]; /* MODE_XLATE, from that side: older numbers do not pass again */
	uint32_t check;        /* of all the rest: a torn or foreign record is no record */
	uint16_t magic;
	uint8_t mode : 4;      /* MODE_WIRE or MODE_XLATE */
	uint8_t has_floor : 2; /* by side */
	uint8_t initiator;
};

_Static_assert(sizeof(struct restart_record) == 64, "one cache line");

struct relay;

/* Takes up every valid record: call once, after relay_new() and before the first frame. Flows whose
 * policy is gone or has become DENY are not resumed. Returns how many were. */
uint32_t relay_restart(struct relay *r, uint64_t now_us);
