/* SPDX-License-Identifier: Apache-2.0
 * Edits of a message's body that keep it well formed: values of a row, fields of an error, bytes of
 * COPY data. Edits are made in the order of the bytes; pg_edits_end() mends the message's length.
 *
 *	pg_edits_begin(&e, &msg, edits, max, scratch, sizeof(scratch));
 *	pg_edit_value(&e, value.bytes, put);     value: of pg_next_value() over msg.body
 *	n = pg_edits_end(&e);                    edits[0..n), for codec_edits_apply() */
#pragma once

#include "parsers/codec.h"
#include "parsers/pg/body.h"

enum {
	PG_EDIT_SCRATCH = 4, /* bytes of scratch for each edit, and for the message's length */
};

struct pg_edits {
	struct span wire;
	struct codec_edit *edits; /* borrowed: room for <max> + 1; the first is the length's */
	size_t n, max;
	struct outbuf scratch; /* borrowed: new lengths, until the edits are applied */
	int64_t growth;        /* bytes that the message becomes longer */
	bool bad;
};

/* <msg> is whole, not a slice. <edits> has <max> places, one of which is the length's. */
void pg_edits_begin(struct pg_edits *e, const struct codec_msg *msg, struct codec_edit *edits,
		size_t max, struct outbuf scratch);
/* Replaces a value and the length before it. <was> is not NULL's. */
void pg_edit_value(struct pg_edits *e, struct span was, struct span put);
/* Makes a value NULL. */
void pg_edit_null(struct pg_edits *e, struct span was);
/* Replaces bytes that have no length of their own: an error field's text, COPY data. <put> of a text
 * has no NUL: that is the caller's promise. */
void pg_edit_bytes(struct pg_edits *e, struct span was, struct span put);
/* How many edits; 0: none were made. -EINVAL: not in order or not inside; -ENOBUFS: more than fit;
 * -EMSGSIZE: longer than a message may be. */
int pg_edits_end(struct pg_edits *e);
