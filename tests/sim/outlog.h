/* SPDX-License-Identifier: Apache-2.0
 * The edit script of one direction: which bytes the destination must see. Appended to when the
 * inspector judges, compared with every payload byte that the engine emits (I1, I5, I6). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outrun {
	uint64_t out, src, len; /* <len> bytes of output at <out>; a passed run began at <src> */
	uint8_t *bytes;         /* owned; NULL: the oracle's bytes from <src> on */
};

struct outlog {
	uint64_t key;
	struct outrun *run; /* owned */
	uint32_t n, cap, hint;
	uint64_t out_len, src_len; /* judged so far: output made of it, bytes judged */
	bool open_ended;           /* whatever follows passes as it is */
	bool closed;               /* nothing follows, whatever the source does */
};

void outlog_init(struct outlog *o, uint64_t key);
void outlog_done(struct outlog *o);
void outlog_pass(struct outlog *o, uint64_t n);
/* A pass of bytes that are not the oracle's: what the inspector saw. */
void outlog_pass_bytes(struct outlog *o, const uint8_t *bytes, uint64_t n);
void outlog_drop(struct outlog *o, uint64_t n);
void outlog_emit(struct outlog *o, const uint8_t *bytes, uint64_t n);

/* To take back what an engine call then refused to do. */
struct outlog_mark {
	uint64_t out_len, src_len, last_len;
	uint32_t n;
};

struct outlog_mark outlog_mark(const struct outlog *o);
void outlog_undo(struct outlog *o, const struct outlog_mark *m);

enum outlog_rc {
	OUTLOG_OK,
	OUTLOG_DIFFERS,
	OUTLOG_UNJUDGED, /* beyond what was judged */
};

/* Is <bytes> what the destination must see from <off> on? */
enum outlog_rc outlog_check(struct outlog *o, uint64_t off, const uint8_t *bytes, size_t n);
/* How much output stands for the first <src> bytes of the source; UINT64_MAX: not judged yet. */
uint64_t outlog_out_of_src(const struct outlog *o, uint64_t src);
