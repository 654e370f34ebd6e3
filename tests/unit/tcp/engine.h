/* SPDX-License-Identifier: Apache-2.0
 * One relay, one connection, two ends that say what the test tells them to. What the relay sends is
 * kept as the last frames towards each side. */
#pragma once

#include "dataplane/tcp/relay_priv.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	ENGINE_FLOWS = 16,
	ENGINE_SENT_MAX = 256,
	ENGINE_PORT = 40000, /* the agent's; + <i> for other connections */
	ENGINE_NO_WSCALE = 0xff,
};

/* A segment that the relay sent. */
struct engine_sent {
	uint32_t seq, ack;
	uint16_t wnd, len;
	uint8_t flags;
	uint8_t bytes[64]; /* the payload's first ones */
};

struct engine {
	struct relay_conf conf;
	struct flow_policy policy;
	struct pkt_pools pools;
	struct relay *r;
	uint64_t now_us;
	uint16_t port;  /* of the agent's end in the frames made now */
	uint8_t wscale; /* in both SYNs, or ENGINE_NO_WSCALE */
	uint32_t isn[SIDES];
	struct engine_sent sent[SIDES][ENGINE_SENT_MAX]; /* towards that side */
	uint32_t n_sent[SIDES];
};

/* Defaults: RELAY, an inspector that leaves everything where it is, window scale 7. Change conf and
 * policy, then engine_start(). */
void engine_init(struct engine *e);
void engine_start(struct engine *e);
/* Checks that every packet came back. */
void engine_stop(struct engine *e);

/* A segment with <len> bytes that are <seq>'s own, so that copies agree; numbers relative to the
 * ISNs, as the sender knows them. */
void engine_in(struct engine *e, enum side from, uint8_t flags, uint32_t seq, uint32_t ack,
		uint32_t len);
void engine_poll(struct engine *e);
/* Polls each millisecond of <ms>. */
void engine_wait(struct engine *e, uint32_t ms);
/* SYN, SYN-ACK, ACK: seq 1 is next on both sides. */
void engine_connect(struct engine *e);

/* The connection of e->port; NULL: none. */
struct flow *engine_flow(struct engine *e);
/* The last segment towards <to>; its numbers as they were sent. */
const struct engine_sent *engine_last(const struct engine *e, enum side to);
