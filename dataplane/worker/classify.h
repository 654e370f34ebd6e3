/* SPDX-License-Identifier: Apache-2.0
 * Which policy a new connection gets: a table compiled at start and never changed, read by every
 * worker. A newer table would be another object, published by pointer. */
#pragma once

#include "dataplane/flow/key.h"
#include "dataplane/net/side.h"
#include "dataplane/tcp/relay.h"

#include <stddef.h>
#include <stdint.h>

struct classify;

struct classify_target {
	uint8_t addr[16];                 /* IPv4 as ::ffff:a.b.c.d */
	uint8_t prefix;                   /* bits of it that count, 0..128 */
	uint16_t port;                    /* 0: any */
	const struct flow_policy *policy; /* borrowed: outlives the table */
};

/* <targets> in their order, the first match counts; undeclared[wire] is for what matches none.
 * NULL: out of memory. */
struct classify *classify_new(const struct classify_target *targets, size_t n_targets,
		const struct flow_policy *const *undeclared, size_t n_wires);
void classify_free(struct classify **c);

/* The policy of a connection that <initiator> opens: looked up by the address and port at the other
 * side, the one that is being connected to. */
const struct flow_policy *classify_policy(
		const struct classify *c, const struct flow_key *key, enum side initiator);
