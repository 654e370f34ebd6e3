/* SPDX-License-Identifier: Apache-2.0
 * How an inspector sees and decides a flow (relay.md 2.6).
 *
 * A direction is named by the side its bytes come from. Bytes arrive in order into the direction's
 * in-queue; only the inspector moves them on: pass them to the other end, drop them, put others in.
 * Not moving them is all there is to holding.
 *
 *	edit = stream_pass(k), stream_drop(n), stream_emit(m bytes)
 *
 * All calls are made on the relay's thread, from inside the callbacks or between relay_rx() and
 * relay_poll(). None blocks, none allocates from the heap.
 */
#pragma once

#include "dataplane/net/side.h"
#include "dataplane/tcp/relay.h"
#include "parsers/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inspector {
	const char *name;
	/* The end of a direction is passed on by stream_close() alone. Else it is as soon as nothing
	 * unjudged is queued. */
	bool closes;

	/* The handshake is complete. stream_ctx_set() gives the flow its own state. May be NULL. */
	void (*open)(struct relay *r, struct flow *f);

	/* Direction <from> has at least as many bytes as were needed (1 unless stream_need() said
	 * otherwise), or has come to its end (stream_at_end()), or was resumed, or there is room for what
	 * stream_room_need() asked (then perhaps without a byte). Called again after
	 * every arrival until the direction is held. What stays unjudged stays queued. */
	void (*data)(struct relay *r, struct flow *f, enum side from);

	/* The flow is over; last call. May be NULL. */
	void (*close)(struct relay *r, struct flow *f, enum end_reason why);
};

/* Passes everything at once. */
extern const struct inspector inspector_pass_all;

/* The policy's inspector_ctx, and the flow's own pointer (NULL until set). */
void *stream_policy_ctx(const struct flow *f);
/* relay_env.inspect_ctx: what the relay's owner gave to all inspectors on this thread. */
void *stream_owner(const struct relay *r);
void *stream_ctx(const struct flow *f);
void stream_ctx_set(struct flow *f, void *ctx);

/* Who: index and generation name the flow to other threads; see relay_resume(). */
void stream_id(const struct relay *r, const struct flow *f, uint32_t *ret_index, uint32_t *ret_gen);
const struct flow_key *stream_key(const struct flow *f);
enum side stream_initiator(const struct flow *f);
uint64_t stream_now_us(const struct relay *r);

/* Ordered, unjudged bytes of a direction. */
uint32_t stream_len(const struct flow *f, enum side from);
/* Fills up to <max> spans of them, in order; returns how many. Valid until the next stream_ call. */
size_t stream_view(const struct relay *r, const struct flow *f, enum side from, struct span *out,
		size_t max);
/* The end has come in order: nothing follows stream_len(). */
bool stream_at_end(const struct flow *f, enum side from);
/* Bytes that stream_emit() still takes towards side_other(from). */
uint32_t stream_room(const struct relay *r, const struct flow *f, enum side from);
/* Calls data() of direction <from> once stream_room(from) has come to <n>, which is at most half of
 * what it can be: at once if it has. Once; a later call takes an earlier one's place. */
void stream_room_need(struct relay *r, struct flow *f, enum side from, uint32_t n);

/* Sends the first <n> bytes on, uncopied. 0, -EINVAL (n > stream_len()), -ENOBUFS (a split needed a
 * buffer: nothing done), -EPIPE (that direction is closed). */
int stream_pass(struct relay *r, struct flow *f, enum side from, uint32_t n);
/* Takes the first <n> bytes out; wants no buffer for it. 0, -EINVAL, -EPIPE: the flow is over. */
int stream_drop(struct relay *r, struct flow *f, enum side from, uint32_t n);
/* Puts bytes in, after what was passed so far. All or nothing: 0, -ENOBUFS, -EPIPE. */
int stream_emit(struct relay *r, struct flow *f, enum side from, const void *bytes, uint32_t n);

/* Do not call data() before <n> unjudged bytes are there (or the end is). 0; -EMSGSIZE: more than
 * the direction may ever queue, so the caller must deny. */
int stream_need(struct relay *r, struct flow *f, enum side from, uint32_t n);

/* Stops calling data() for this direction until stream_resume() or relay_resume(). The queued bytes
 * leave their receive buffers, both ends are kept alive, the window stays open as long as it can. */
void stream_hold(struct relay *r, struct flow *f, enum side from);
void stream_resume(struct relay *r, struct flow *f, enum side from);
bool stream_is_held(const struct flow *f, enum side from);

enum stream_deny {
	STREAM_DENY_RST,    /* RST to both ends */
	STREAM_DENY_SILENT, /* forget both, send nothing */
	STREAM_DENY_REPLY,  /* <reply> and FIN to the agent side, RST to the prod side */
};

/* Ends the flow. Unjudged bytes are discarded, and so are passed ones that the prod side does not
 * have yet. No further callback but close(). */
void stream_deny(struct relay *r, struct flow *f, enum stream_deny how, const void *reply,
		uint32_t n);

/* Judges nothing more: the flow goes to XLATE as soon as it can. -ENOTSUP: timestamps are being
 * rewritten. 0. What is unjudged now is passed. */
int stream_bypass(struct relay *r, struct flow *f);

/* FIN to side_other(from) after what was passed and emitted; later bytes from <from> are dropped. */
void stream_close(struct relay *r, struct flow *f, enum side from);
