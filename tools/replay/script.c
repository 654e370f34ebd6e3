/* SPDX-License-Identifier: Apache-2.0
 * A recorded connection as messages. The codec, who follows both directions, says which message of the
 * agent's each of the server's answers: so that an answer can be given when what it answers arrives,
 * and only if it does. */
#include "parsers/base/bytes.h"
#include "tools/replay/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TLS_HANDSHAKE_BYTE = 0x16, PLENTY = 1 << 30 };

struct reading {
	struct script *s;
	struct pg_session *pg; /* owned */
	size_t at[CODEC_DIRS];
	uint8_t plan[CODEC_DIRS][PG_PLAN_BYTES];
	uint32_t run, n_ready;
	uint64_t copying; /* the request whose answers wait for data of the agent's */
	bool has_started, is_in, is_open; /* a start-up packet, AuthenticationOk, ReadyForQuery */
	size_t owner;                     /* of the latest answer; meaningful once <is_open> */
	int rc;
};

static void *plain_take(void *ctx, size_t n_bytes)
{
	(void)ctx;
	return malloc(n_bytes);
}

static void plain_give(void *ctx, void *block, size_t n_bytes)
{
	(void)ctx;
	(void)n_bytes;
	free(block);
}

static const struct alloc plain = { .take = plain_take, .give = plain_give };

/* No message comes in slices, and nothing that a server took is too much. */
static const struct pg_conf generous = {
	.max_msg_bytes = { PLENTY, PLENTY },
	.budget_bytes = PLENTY,
	.text_max_bytes = PLENTY,
	.max_statements = 60000,
	.max_portals = 60000,
	.max_requests = 1 << 14,
};

static bool unreadable(struct reading *r, const char *why)
{
	if (r->s->unreadable == NULL)
		r->s->unreadable = why;
	return false;
}

/* ---- the agent's */

static void name_copy(char *to, size_t size, struct span from)
{
	const size_t n = from.len < size - 1 ? from.len : size - 1;

	memcpy(to, from.ptr, n);
	to[n] = '\0';
}

static bool on_hello(struct reading *r, const struct codec_msg *msg)
{
	struct script *s = r->s;
	struct pg_startup v;
	struct pg_parameter p;

	if (s->n_hello == sizeof(s->hello) / sizeof(s->hello[0]))
		return unreadable(r, "more requests before the start-up packet than are followed");
	s->hello[s->n_hello++] = msg->wire;
	s->is_cancel = msg->kind == PG_CANCEL_REQUEST;
	r->has_started |= msg->kind == PG_STARTUP || s->is_cancel;
	if (msg->kind != PG_STARTUP || pg_read_startup(msg->body, &v) != 0)
		return true;
	for (struct reader at = { .in = v.params }; pg_next_param(&at, &p);) {
		if (p.name.len == 4 && memcmp(p.name.ptr, "user", 4) == 0)
			name_copy(s->user, sizeof(s->user), p.value);
		else if (p.name.len == 8 && memcmp(p.name.ptr, "database", 8) == 0)
			name_copy(s->database, sizeof(s->database), p.value);
	}
	return true;
}

static bool on_said(struct reading *r, const struct codec_msg *msg, uint64_t id)
{
	struct script *s = r->s;
	const size_t room = s->said_room == 0 ? 64 : s->said_room * 2;

	if (s->n_said == s->said_room) {
		struct said *more = reallocarray(s->said, room, sizeof(*more));

		if (more == NULL) {
			r->rc = -ENOMEM;
			return false;
		}
		s->said = more;
		s->said_room = room;
	}
	s->said[s->n_said++] = (struct said){ .wire = msg->wire,
		.type = (char)msg->wire.ptr[0],
		.id = id,
		.run = r->run,
		.n_ready = r->n_ready };
	return true;
}

static bool from_agent(struct reading *r, const struct codec_msg *msg, uint64_t id)
{
	switch (msg->kind) {
	case PG_SSL_REQUEST:
	case PG_GSSENC_REQUEST:
	case PG_STARTUP:
	case PG_CANCEL_REQUEST:
		return on_hello(r, msg);
	case PG_PASSWORD:
	case PG_SASL_INITIAL:
	case PG_SASL_RESPONSE:
	case PG_GSS_RESPONSE:
		return true;
	case PG_STARTUP_UNKNOWN:
		return unreadable(r, "a protocol version that is not spoken here");
	default:
		return on_said(r, msg, id);
	}
}

/* ---- the server's */

static bool answer_put(struct reading *r, const struct codec_msg *msg)
{
	struct script *s = r->s;
	const size_t room = s->answer_room == 0 ? 256 : s->answer_room * 2;

	if (s->n_answers == s->answer_room) {
		struct span *more = reallocarray(s->answers, room, sizeof(*more));

		if (more == NULL) {
			r->rc = -ENOMEM;
			return false;
		}
		s->answers = more;
		s->answer_room = room;
	}
	s->answers[s->n_answers++] = msg->wire;
	return true;
}

/* The latest data of a COPY, or their end. */
static size_t latest_data(const struct script *s, size_t least)
{
	size_t i = s->n_said - 1;

	while (i > least && strchr("dcf", s->said[i].type) == NULL)
		i--;
	return i;
}

/* Whom it belongs to: the message that it answers. What answers nothing stands behind what did. What
 * comes of a COPY belongs to its data. */
static void owner_find(struct reading *r, uint64_t id, uint16_t kind)
{
	const struct script *s = r->s;

	if (id != 0 && id == r->copying)
		r->owner = latest_data(s, r->owner);
	else
		while (id != 0 && r->owner + 1 < s->n_said && s->said[r->owner].id < id)
			r->owner++;
	/* of a Sync that a COPY which failed may have swallowed or not */
	while (id == 0 && kind == PG_READY && r->owner + 1 < s->n_said &&
			s->said[r->owner].type != 'S')
		r->owner++;
	if (kind == PG_COPY_IN || kind == PG_COPY_BOTH)
		r->copying = id;
}

static bool on_answer(struct reading *r, const struct codec_msg *msg, uint64_t id)
{
	struct script *s = r->s;
	struct said *owner;

	if (!answer_put(r, msg))
		return false;
	if (!r->is_open || s->n_said == 0) {
		s->n_opening = s->n_answers;
		r->is_open |= msg->kind == PG_READY;
		return true;
	}
	owner_find(r, id, msg->kind);
	owner = &s->said[r->owner];
	if (owner->n_answers == 0)
		owner->first_answer = (uint32_t)s->n_answers - 1;
	owner->n_answers++;
	if (msg->kind == PG_READY && msg->body.len == 1)
		owner->status = (char)msg->body.ptr[0];
	return true;
}

static bool from_server(struct reading *r, const struct codec_msg *msg, uint64_t id)
{
	struct pg_authentication auth;

	r->n_ready += msg->kind == PG_READY;
	if (msg->kind == PG_ENC_ANSWER)
		return msg->wire.ptr[0] == 'N' ||
				unreadable(r, "encrypted: a capture of TLS cannot be read");
	if (msg->kind != PG_AUTHENTICATION)
		return on_answer(r, msg, id);
	if (pg_read_authentication(msg->body, &auth) != 0 || auth.code != PG_AUTH_OK)
		return true; /* of the recorded login: the gate has its own */
	r->is_in = true;
	return on_answer(r, msg, id);
}

/* ---- both */

static bool settle(struct reading *r, enum codec_dir dir, const struct codec_msg *msg)
{
	struct codec_plan plan = { .to_server = ob_of(r->plan[CODEC_TO_SERVER], PG_PLAN_BYTES),
		.to_client = ob_of(r->plan[CODEC_TO_CLIENT], PG_PLAN_BYTES) };
	const int rc = dir == CODEC_TO_SERVER ? pg_codec.forward(r->pg, msg, &plan)
					      : pg_codec.answer(r->pg, msg, &plan);

	if (rc != 0)
		return unreadable(r, pg_why_text(pg_session_why(r->pg)));
	if (plan.what == CODEC_HOLD)
		return unreadable(r, "more unanswered messages than are followed");
	return dir == CODEC_TO_SERVER ? from_agent(r, msg, plan.id) : from_server(r, msg, plan.id);
}

static bool undecodable(struct reading *r, enum codec_dir dir, enum codec_rc rc, uint8_t first)
{
	if (!r->has_started && dir == CODEC_TO_SERVER && first == TLS_HANDSHAKE_BYTE)
		return unreadable(r, "encrypted: a capture of TLS cannot be read");
	r->s->is_foreign = !r->has_started;
	if (r->s->is_foreign)
		return unreadable(r, "no connection of PostgreSQL");
	return unreadable(r,
			rc == CODEC_OPAQUE ? "nothing that can be followed any more"
					   : pg_why_text(pg_session_why(r->pg)));
}

static bool chunk_read(
		struct reading *r, const struct conversation *c, enum side from, size_t until)
{
	const enum codec_dir dir = from == SIDE_AGENT ? CODEC_TO_SERVER : CODEC_TO_CLIENT;
	size_t *at = &r->at[dir];

	while (*at < until) {
		const struct span in = { c->bytes[from] + *at, until - *at };
		struct codec_msg msg;
		const enum codec_rc rc = pg_codec.decode(r->pg, dir, in, &msg);

		if (rc == CODEC_MORE)
			return true;
		if (rc != CODEC_MSG)
			return undecodable(r, dir, rc, in.ptr[0]);
		if (!settle(r, dir, &msg))
			return false;
		*at += msg.wire.len;
	}
	return true;
}

static void chunks_read(struct reading *r, const struct conversation *c)
{
	size_t until[SIDES] = { 0, 0 };
	bool goes_on = true;

	for (size_t i = 0; i < c->n_chunks && goes_on; i++) {
		const struct tap_chunk *k = &c->chunks[i];

		until[k->from] += k->len;
		r->run++;
		goes_on = chunk_read(r, c, k->from, until[k->from]);
	}
}

int script_read(struct script *s, const struct conversation *c)
{
	struct reading *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;

	*s = (struct script){ .said = NULL };
	if (r != NULL)
		r->pg = calloc(1, pg_codec.state_bytes);
	if (r != NULL && r->pg != NULL) {
		r->s = s;
		pg_session_init(r->pg, &generous, &plain, PG_START_CONNECT);
		chunks_read(r, c);
		if (!r->has_started && s->unreadable == NULL) {
			s->is_foreign = true;
			s->unreadable = "no connection of PostgreSQL";
		}
		if (c->is_cut)
			unreadable(r, "longer than can be kept");
		pg_session_done(r->pg);
		s->is_begun = r->is_open;
		rc = r->rc;
	}
	if (r != NULL)
		free(r->pg);
	free(r);
	return rc;
}

void script_done(struct script *s)
{
	free(s->said);
	free(s->answers);
	*s = (struct script){ .said = NULL };
}
