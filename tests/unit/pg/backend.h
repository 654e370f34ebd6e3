/* SPDX-License-Identifier: Apache-2.0
 * A server's side of the protocol as postgres.c has it, without a database: what it answers, in what
 * order, what it skips after an error, what a COPY swallows. Shares nothing with the codec.
 *
 * Its statements, separated by ';':
 *	sel ROWS COLUMNS TAG	rows whose columns and values are called TAG
 *	select ...		sel 1 1 one
 *	begin, commit, rollback, upd, notice, copyin, copyout ROWS, err, "" (empty)
 * A text that contains ')' is a syntax error. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BACKEND_NAMES = 24,
	BACKEND_OUT = 256 << 10,
};

struct backend_name {
	bool is_used;
	char name[64], text[200];
	unsigned int n_done; /* a portal's rows */
	bool is_described_empty;
};

struct backend {
	struct backend_name statements[BACKEND_NAMES], portals[BACKEND_NAMES];
	char status; /* I, T, E */
	bool is_skipping, is_extended, is_copying, is_dead;
	char rest[200]; /* of a Query, behind a COPY */
	uint8_t *in;    /* owned: what was sent and is not a whole message */
	size_t in_len;
	uint8_t *out; /* owned: what it answered and nobody took */
	size_t out_len;
	size_t n_flushed;           /* of it: what it has sent, the rest is kept for more */
	unsigned int n_substitutes; /* syntax errors of the codec's own making */
};

void backend_init(struct backend *b);
void backend_done(struct backend *b);
/* Takes bytes of the client and answers the messages that are whole. */
void backend_feed(struct backend *b, const uint8_t *bytes, size_t len);
