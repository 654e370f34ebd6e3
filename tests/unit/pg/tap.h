/* SPDX-License-Identifier: Apache-2.0
 * The codec as the spine will drive it: bytes in at both ends, verdicts, bytes out at both ends. */
#pragma once

#include "parsers/pg/pg_priv.h"
#include "tests/unit/pg/talk.h"

enum {
	TAP_BUF = 128 << 10,
};

struct tap {
	struct pg_session s;
	struct talk_heap heap;
	uint8_t *in[CODEC_DIRS]; /* owned: what came and is not settled */
	size_t n_in[CODEC_DIRS];
	uint8_t put[CODEC_DIRS][PG_PLAN_BYTES]; /* the plan's */
	uint32_t deny_of_16; /* so many of sixteen commands are denied, by a hash of their bytes */
	const char *deny_word; /* so are commands with this word; NULL: none */
	bool is_held;          /* until the next server message */
	bool is_bad, is_opaque;
	uint64_t digest; /* of all that was decoded and planned */
	size_t n_msgs, n_denied, n_rows;
	void *ctx;
	void (*out)(void *ctx, enum codec_dir, struct span bytes); /* may be NULL */
	/* after each message was settled; may be NULL */
	void (*seen)(void *ctx, enum codec_dir, const struct codec_msg *,
			const struct codec_plan *);
};

void tap_init(struct tap *t, const struct pg_conf *conf, enum pg_start start);
void tap_done(struct tap *t);
/* Hands in <len> bytes, at most <chunk> at a time, each chunk in a block of its own. */
void tap_feed(struct tap *t, enum codec_dir dir, const uint8_t *bytes, size_t len, size_t chunk);

/* A conversation as events: direction (1 byte), length (4 bytes, big-endian), bytes. */
struct tap_log {
	uint8_t *bytes; /* owned */
	size_t len, cap;
};

void tap_log_add(struct tap_log *log, enum codec_dir dir, struct span bytes);
/* The next event of a log at <*at>; false at its end, or where it is none. */
bool tap_log_next(const struct tap_log *log, size_t *at, enum codec_dir *ret_dir,
		struct span *ret_bytes);
