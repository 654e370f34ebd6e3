/* SPDX-License-Identifier: Apache-2.0
 * Inside ruleset/mask: the syntax of JSON (RFC 8259). */
#pragma once

#include "ruleset/mask/mask_priv.h"

enum {
	JSON_DEPTH_MAX = 512, /* of a document; deeper ones do not leave */
};

struct json {
	struct span in;
	size_t at;
};

static inline uint8_t json_peek(const struct json *j)
{
	return j->at < j->in.len ? j->in.ptr[j->at] : 0;
}

void json_blank(struct json *j);
/* A string with its quotes, a number or a word at <at>, which moves behind it. False: it is
 * none. */
bool json_scalar(struct json *j);
/* 0: a document, all of it; -EBADMSG; -E2BIG: nested too deep. */
int json_check(struct span in);
/* To the end of the value at <at>, of a document that was checked. */
void json_skip(struct json *j);

/* A string's text between its quotes, without escapes, into <o>. False: a surrogate on its own. */
bool json_decode(struct span raw, struct outbuf *o);
/* What was written since <from> becomes a string, in place. */
void json_encode(struct outbuf *o, size_t from);
