/* SPDX-License-Identifier: Apache-2.0
 * What rules ask of a command that is not in its facts. */
#pragma once

#include "ruleset/match/match.h"

struct session;
struct spine_rules;
struct ticket_block;

/* Who it is: the subject, the issuer's name, the groups. */
struct session_actor {
	uint32_t bytes;      /* of all of it */
	uint32_t n;          /* of texts: at least two */
	struct span texts[]; /* and behind them what they are of */
};

/* The answer to TICKET_WHO tells who it is. */
void context_keep(struct session *s, const struct ticket_block *block);
void context_give(struct session *s);
/* Of the command that is judged now. Borrows from the session. */
struct match_context context_of(const struct session *s);

/* Bits of the policy's patterns of texts that are in <text>; NULL: not known, or there are none. In the spine,
 * until the next call. */
const uint64_t *texts_of(struct session *s, const struct spine_rules *rules, struct span text);
