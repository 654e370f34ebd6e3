/* SPDX-License-Identifier: Apache-2.0
 * dataplane/tcp/inspector.h over plain byte queues in place of the TCP engine: whoever links this
 * and not the engine runs inspectors without frames, with both ends of each flow in hand.
 *
 * What an inspector sees is as the engine has it (tests/unit/support runs one test over both). What
 * differs, so that mistakes show:
 *	- a view is a copy in blocks of exactly its spans' sizes, wiped and freed by the next call that
 *	  may change a flow, and when the callback returns;
 *	- buffers are refused when the test says so, not when there are none;
 *	- stream_room_need() brings its call whatever is queued, even nothing, but not during a hold:
 *	  then after it;
 *	- no time passes but by fake_advance(), and none is needed: the far ends acknowledge what
 *	  fake_take() takes, and a FIN as soon as all before it was taken. */
#pragma once

#include "dataplane/tcp/inspector.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FAKE_SEG_MAX = 1460,
	FAKE_VIEW_MAX = 1024, /* spans that one stream_view() gives at most */
};

/* What becomes of calls that need a buffer: stream_emit(), and stream_pass() and stream_drop() whose
 * end is not a segment's. */
enum fake_fault {
	FAKE_ENOBUFS,   /* -ENOBUFS, nothing done */
	FAKE_EMIT_HALF, /* emit: a part is queued, so the flow ends by END_PRESSURE. Else as above */
};

/* What an end has seen behind the bytes that it took. */
enum fake_end {
	FAKE_OPEN,
	FAKE_FIN,
	FAKE_RST,
	FAKE_SILENCE, /* the flow was forgotten, and nobody told it */
};

/* A relay whose flows all have this inspector and policy context. <owner>: stream_owner(). Segments
 * are of FAKE_SEG_MAX bytes, and data() is called after each. */
struct relay *fake_new(const struct inspector *inspector, void *policy_ctx, void *owner);
/* Ends what is open (END_SHUTDOWN). Takes NULL, nulls *r. */
void fake_free(struct relay **r);

/* From now on what arrives is cut into segments of <seg_bytes> (1 .. FAKE_SEG_MAX), and data() is
 * called after each <burst> of them; 0: after all of one fake_arrive(). */
void fake_segments(struct relay *r, uint32_t seg_bytes, uint32_t burst);
/* After <skip> more calls that need a buffer the next <n> go wrong. UINT32_MAX: until told again. */
void fake_fault(struct relay *r, enum fake_fault what, uint32_t skip, uint32_t n);
/* stream_room() is 0 everywhere, and so emitting fails. */
void fake_pressure(struct relay *r, bool is_black);
/* stream_bypass() is -ENOTSUP. */
void fake_timestamps(struct relay *r, bool is_rewriting);

/* The handshake is complete: open(). <key> NULL: one of its own. The flow is the relay's and stays
 * readable until fake_free(). */
struct flow *fake_open(struct relay *r, const struct flow_key *key, enum side initiator);

/* Bytes of that end arrive, as many as the window that it was offered has room for; how many.
 * What comes after it was closed, denied or has sent its FIN is swallowed and counts as taken. */
size_t fake_arrive(struct flow *f, enum side from, const void *bytes, size_t n);
/* The end of its bytes; behind them all. */
void fake_fin(struct flow *f, enum side from);
/* That end is gone. What was judged still goes to the other. */
void fake_rst(struct flow *f, enum side from);

/* Bytes on their way to that end, that it did not take; fake_take() takes up to <max> of them (<buf>
 * NULL: to nowhere), and acknowledges them. */
size_t fake_waiting(const struct flow *f, enum side to);
size_t fake_take(struct flow *f, enum side to, void *buf, size_t max);
/* FAKE_OPEN as long as bytes wait. */
enum fake_end fake_seen(const struct flow *f, enum side to);

/* One turn of the engine's loop, and more until nothing is due. False: an inspector asks for itself
 * again and again. */
bool fake_poll(struct relay *r);
/* Time passes; what waited for buffers is tried again. */
void fake_advance(struct relay *r, uint64_t us);

/* END_NONE: it is open. */
enum end_reason fake_ended(const struct flow *f);
/* Callbacks so far. */
uint32_t fake_n_data(const struct flow *f, enum side from);
uint32_t fake_n_close(const struct flow *f);
