/* SPDX-License-Identifier: Apache-2.0
 * The two sides of a wire. Side X of a flow is what we receive from, and send to, endpoint X. */
#pragma once

enum side {
	SIDE_AGENT,
	SIDE_PROD,
	SIDES,
};

static inline enum side side_other(enum side s)
{
	return s == SIDE_AGENT ? SIDE_PROD : SIDE_AGENT;
}
