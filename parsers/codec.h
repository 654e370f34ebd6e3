/* SPDX-License-Identifier: Apache-2.0
 * One wire protocol as a pure decoder: no I/O, no clock, no heap, no DPDK. What every codec answers,
 * and what the spine in dataplane/inspect may ask of it without knowing the protocol.
 *
 *	decode   bytes -> one message, or why not
 *	forward  "this client message may go": what to send where
 *	deny     "it may not": what to send where, so that the connection stays usable
 *	answer   "this came from the server": whom it belongs to, and whether the client sees it
 *
 * The order of calls is the order of the bytes: each message that decode() yields is settled by one
 * call of the other three before decode() is called again for its direction; server bytes are decoded
 * after the client bytes that they answer. A codec reports and writes; it never decides. */
#pragma once

#include "parsers/base/alloc.h"
#include "parsers/base/outbuf.h"
#include "parsers/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum codec_dir {
	CODEC_TO_SERVER,
	CODEC_TO_CLIENT,
	CODEC_DIRS,
};

enum codec_rc {
	CODEC_MSG,  /* *msg is one message (or a slice of one); the next starts at msg->wire.len */
	CODEC_MORE, /* a prefix: call again with >= msg->need_bytes; the state is unchanged */
	CODEC_OPAQUE, /* understood, but nothing from this byte on can be inspected */
	CODEC_BAD,    /* malformed: for good; the caller applies its policy for that */
};

enum codec_flag {
	CODEC_F_COMMAND = 1 << 0, /* a unit that rules judge */
	CODEC_F_ROWS = 1 << 1,    /* values of a result, or of a bulk copy */
	CODEC_F_SECRET = 1 << 2,  /* credentials: never recorded, never shown */
	CODEC_F_TEXT = 1 << 3,    /* words of the server to people: errors, notices */
	CODEC_F_UPGRADE = 1 << 4, /* asks to change what the bytes after it are (TLS) */
	CODEC_F_PART = 1 << 5,    /* a slice: the message is longer than the limit */
	CODEC_F_FIRST = 1 << 6,   /* the slice that begins with the header */
	CODEC_F_LAST = 1 << 7,    /* the slice that ends the message */
};

struct codec_msg {
	uint16_t kind;        /* index into codec.kind_names */
	uint16_t flags;       /* enum codec_flag */
	uint32_t need_bytes;  /* meaningful with CODEC_MORE only */
	uint32_t total_bytes; /* of the whole message, header included, also in a slice */
	uint32_t part_off;    /* a slice: bytes of the message before it */
	struct span wire;     /* header and body, borrowed from the input */
	struct span body;     /* inside wire: without the header */
};

/* Replace wire[at, at + del) by put; edits of one message are sorted and disjoint. */
struct codec_edit {
	uint32_t at, del;
	struct span put; /* borrowed */
};

enum codec_do {
	CODEC_PASS, /* send the message on, behind what the plan puts before it */
	CODEC_DROP, /* take it out; what the plan puts stands in its place */
	CODEC_HOLD, /* consume nothing: settle it again after the next server message */
};

/* What one settled message needs. Bytes for the direction in which the message travels take the
 * message's place in the stream; bytes for the other direction go out now (a codec only asks for
 * them at a message boundary of that direction). */
struct codec_plan {
	enum codec_do what;
	bool is_moot; /* the peer would not have acted on the message: nothing was carried out */
	uint64_t id;  /* the message's number, from 1; 0: none. See answer() */
	uint64_t after_id; /* the last message before it that is unanswered; 0: none */
	struct outbuf to_server, to_client; /* the caller's memory, >= codec.plan_bytes each */
};

/* Why a command is denied. Text may hold anything: it is made visible. */
struct codec_denial {
	const char *code;    /* the protocol's own, such as a SQLSTATE; NULL: the codec's default */
	struct span message; /* borrowed */
	struct span detail, hint; /* borrowed; may be empty */
};

struct codec {
	const char *name;
	const char *const *kind_names;
	size_t n_kinds;
	size_t state_bytes; /* the caller owns state of this size, one per flow */
	size_t plan_bytes;
	enum codec_rc (*decode)(void *state, enum codec_dir, struct span in, struct codec_msg *msg);
	/* 0; -EBADMSG: as CODEC_BAD; -EMSGSIZE: a command beyond the limit, only deny() settles it;
	 * -ENOBUFS: beyond a limit on what the session may keep, only deny() settles it. */
	int (*forward)(void *state, const struct codec_msg *msg, struct codec_plan *plan);
	/* 0; -EBADMSG; -EINVAL: the message is no command; -ENOTSUP: it can be denied only by ending
	 * the session. */
	int (*deny)(void *state, const struct codec_msg *msg, const struct codec_denial *why,
			struct codec_plan *plan);
	/* 0; -EBADMSG. plan->id: the client message that this answers; 0: none (asynchronous). */
	int (*answer)(void *state, const struct codec_msg *msg, struct codec_plan *plan);
};

/* Appends <wire> with <edits> done to <o>. 0; -EINVAL: not sorted, not disjoint or outside <wire>;
 * -ENOSPC: <o> is too small. Nothing is appended on failure. */
int codec_edits_apply(
		struct span wire, const struct codec_edit *edits, size_t n_edits, struct outbuf *o);
