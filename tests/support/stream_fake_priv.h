/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "parsers/base/must.h"
#include "tests/support/stream_fake.h"

/* As the engine has them: relay_priv.h. */
enum {
	FAKE_CAP_MIN = 65536,
	FAKE_CAP_MAX = 1 << 20,
	FAKE_HOLD_CAP = 256 << 10,
};

enum way_rx {
	WAY_RX_OPEN,
	WAY_RX_FIN,   /* it has come in order */
	WAY_RX_ACKED, /* the other end has it, too */
};

enum way_tx {
	WAY_TX_OPEN,
	WAY_TX_FIN,  /* behind what is queued */
	WAY_TX_DONE, /* acknowledged */
	WAY_TX_RST,
};

struct in_seg {
	struct in_seg *next;
	uint32_t off, len;
	uint8_t bytes[];
};

/* One direction: what came from a side and is not judged, and what is on its way to the other. */
struct way {
	struct in_seg *in_head, *in_tail; /* owned */
	uint32_t in_bytes, need, room_need, cap;
	uint32_t offered; /* of the window: what may still come whatever is queued meanwhile */
	bool is_held, is_closed;
	bool is_due, room_due; /* something new for the inspector */
	bool is_retry;         /* the same, when time has passed */
	enum way_rx rx;
	enum way_tx tx;
	enum fake_end seen; /* by the other end, behind the bytes */
	uint8_t *out;       /* owned */
	size_t out_len, out_size;
	uint32_t n_data;
};

enum fake_state {
	FAKE_EST,
	FAKE_ABORT,  /* one end has reset it: what was judged goes to the other, then an RST */
	FAKE_LINGER, /* denied with a reply that is on its way */
	FAKE_TIME_WAIT,
	FAKE_DEAD,
};

struct flow {
	struct relay *relay; /* borrowed */
	struct flow *next;   /* owned by the relay */
	struct flow_key key;
	uint32_t index, gen;
	enum side initiator;
	enum fake_state state;
	enum end_reason end_reason;
	void *ctx;
	bool is_closed;  /* close() was called */
	bool is_bypass;  /* stream_bypass() was */
	bool is_passing; /* nothing is inspected any more */
	uint32_t n_close;
	struct way way[SIDES]; /* by the side that its bytes come from */
};

struct view {
	size_t n;
	uint8_t *blocks[FAKE_VIEW_MAX]; /* owned */
	uint32_t lens[FAKE_VIEW_MAX];
};

struct relay {
	const struct inspector *inspector; /* borrowed */
	void *policy_ctx, *owner;          /* borrowed */
	struct flow *flows, *last;         /* owned */
	struct view *view;                 /* owned: the latest one, of any flow */
	uint64_t now_us;
	uint32_t n_flows;
	uint32_t seg_bytes, burst;
	enum fake_fault fault;
	uint32_t fault_skip, fault_n;
	bool is_black, is_rewriting;
};

void view_end(struct relay *r);
struct way *way_back(struct flow *f, enum side from);
void in_discard(struct way *w);
void out_append(struct way *w, const void *bytes, size_t n);
void flow_end(struct flow *f, enum end_reason why);
void flow_abort(struct flow *f, enum end_reason why);
void inspect(struct flow *f, enum side from);
/* When nothing is unjudged any more, a bypassed flow is left alone. */
void passing_begin(struct flow *f);
