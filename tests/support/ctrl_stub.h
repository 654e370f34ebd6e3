/* SPDX-License-Identifier: Apache-2.0
 * The control plane's end of a worker's two rings (dataplane/handoff/ticket.h), on the caller's thread.
 *
 *	WHO	token "good": session 1, 2, ...; "slow": when told; any other: -EACCES
 *	LOGIN	one step at once: nothing, the password, or the SCRAM of pg_peer.h, as the server asks
 *	MAY	when told
 *	CANCEL	as <cancel_rc> says
 *	PLAN	at once
 *	WORK	at once, or when told
 *
 * What is asked is checked with must(): a ticket is ours, no peer writes one. Each block that comes is
 * given back with exactly one answer, or ctrl_done() fails. */
#pragma once

#include "dataplane/handoff/ring.h"
#include "dataplane/handoff/ticket.h"

enum {
	CTRL_WAITING = 64,
	CTRL_NEWS = 256,
	CTRL_LOG = 4096,
};

struct ctrl {
	struct ring *tickets, *answers; /* borrowed: taken from, put to */
	/* how it answers, set by the test */
	const char *password; /* of LOGIN; NULL: it has none, -EACCES */
	int32_t cancel_rc;
	bool delays_work;

	/* what it was asked and has not answered, oldest first */
	struct ticket waiting[CTRL_WAITING];
	uint32_t n_waiting;
	/* answers that the full ring refused */
	struct ticket_answer unsent[CTRL_WAITING];
	uint32_t n_unsent;
	/* what it was told */
	struct ticket news[CTRL_NEWS];
	uint32_t n_news;
	char log[CTRL_LOG]; /* the same in words: "READY", "JUDGED=deny/rule", "FORGET", "GONE=0" (session_end) */

	uint64_t n_sessions;
	uint32_t n_asked[TICKET_KINDS];
	uint32_t n_blocks; /* here now */
	uint8_t login_step;
	struct ticket_who who;            /* the latest question */
	bool was_encrypted, was_verified; /* of the latest LOGIN */
	struct ticket_cancel cancel;
	char plan[256]; /* the latest PLAN: "no: " and the words of an error where it is none */
	uint64_t planned;
};

void ctrl_init(struct ctrl *c, struct ring *tickets, struct ring *answers);
/* All that was asked is answered, and every block is back. */
void ctrl_done(struct ctrl *c);
/* Takes all tickets; how many, and answers that a full ring had refused. */
uint32_t ctrl_turn(struct ctrl *c);
/* The oldest question of this kind that waits; NULL: none. */
const struct ticket *ctrl_waiting(const struct ctrl *c, enum ticket_kind kind);
/* Answers it. <text> (MAY): "" or why not. False: none waits. */
bool ctrl_answer(struct ctrl *c, enum ticket_kind kind, int32_t rc, const char *text);
/* What nobody asked: TICKET_END with <why>, TICKET_CANCELLED, to the slot of <to>. */
void ctrl_tell(struct ctrl *c, const struct ticket *to, enum ticket_answer_kind kind,
		enum session_end why);
/* The latest news of this kind; NULL: none. */
const struct ticket *ctrl_news(const struct ctrl *c, enum ticket_kind kind);
/* Answers whatever waits with what hurts least: the test is over. */
void ctrl_answer_all(struct ctrl *c);
