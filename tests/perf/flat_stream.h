/* SPDX-License-Identifier: Apache-2.0
 * dataplane/tcp/inspector.h over one flow's two flat buffers, for benchmarks: it costs next to nothing, so
 * what is measured is the inspector. Bytes on their way out are kept, or only counted. */
#pragma once

#include "dataplane/tcp/inspector.h"

enum {
	FLAT_IN_MAX = 2 << 20,
	FLAT_OUT_MAX = 4 << 20,
	FLAT_SEG = 1460, /* spans of a view */
};

/* By the side that its bytes come from. */
struct flat_way {
	uint8_t *in, *out; /* owned */
	uint32_t at, len;  /* of <in>: judged, arrived */
	uint32_t out_len;
	uint32_t need;
	uint64_t n_out; /* since the start */
	bool is_held, is_due;
	bool room_due; /* there is room, which it asked for: without a byte, too */
};

struct flow {
	struct flow_key key;
	void *ctx;
	struct flat_way way[SIDES];
	bool is_over, keeps_out;
};

struct relay {
	struct flow flow;
	void *owner, *policy_ctx; /* borrowed */
	uint64_t now_us;
};

void flat_init(struct relay *r, void *owner, void *policy_ctx);
void flat_done(struct relay *r);
/* Bytes come in; the inspector is not called. */
void flat_arrive(struct relay *r, enum side from, const void *bytes, uint32_t n);
/* There is something for data(): bytes, no hold, as many as were needed. */
bool flat_is_due(const struct relay *r, enum side from);
