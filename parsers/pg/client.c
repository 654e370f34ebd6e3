/* SPDX-License-Identifier: Apache-2.0
 * Client messages that may go: what is awaited for each, and what goes with it. */
#include "parsers/pg/pg_priv.h"
#include "parsers/pg/write.h"

#include <string.h>

bool pg_is_extended(uint16_t kind)
{
	return kind == PG_PARSE || kind == PG_BIND || kind == PG_DESCRIBE || kind == PG_EXECUTE ||
			kind == PG_CLOSE;
}

static bool is_copy(uint16_t kind)
{
	return kind == PG_COPY_DATA || kind == PG_COPY_DONE || kind == PG_COPY_FAIL;
}

static void drop(struct codec_plan *plan, bool is_moot)
{
	plan->what = CODEC_DROP;
	plan->is_moot = is_moot;
}

/* Copy messages that nobody waits for: the server would ignore them, as after a COPY that failed. */
static bool is_stray_copy(struct pg_session *s, uint16_t kind)
{
	if (!is_copy(kind)) {
		s->client.discard_copy = false;
		return false;
	}
	return s->client.discard_copy ||
			(s->client.copy == STEP_START && !queue_may_copy(&s->queue));
}

/* In a batch that failed, everything up to the Sync: what the server would skip is not sent. */
bool pg_settle_dropped(struct pg_session *s, const struct codec_msg *msg, struct codec_plan *plan)
{
	struct pg_framer *f = &s->framer[CODEC_TO_SERVER];
	const bool is_end = msg->kind == PG_SYNC || msg->kind == PG_TERMINATE;

	if ((msg->flags & (CODEC_F_PART | CODEC_F_FIRST)) == CODEC_F_PART) {
		if (f->drop_slices)
			drop(plan, false); /* the first slice told why */
		return true;
	}
	if ((is_end || !pg_session_is_skipping(s)) && !is_stray_copy(s, msg->kind))
		return false;
	drop(plan, true);
	f->drop_slices = (msg->flags & CODEC_F_FIRST) != 0;
	return true;
}

/* Waits for an answer. The server may be keeping it to itself until somebody asks, so ask: what the
 * client would have said next may be its Sync. Nothing is consumed: a first slice comes again as one. */
void pg_hold_until(struct pg_session *s, struct codec_plan *plan)
{
	plan->what = CODEC_HOLD;
	s->framer[CODEC_TO_SERVER].off = 0;
	if (!s->client.is_flushed)
		pg_write_empty(&plan->to_server, 'H');
	s->client.is_flushed = true;
}

static uint32_t name_hash(struct span name)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ name.ptr[i]) * 16777619u;
	return h;
}

/* Notes that something runs: a named portal may be another's once anything else has run. */
static void note_run(struct pg_client_side *c, uint64_t id, uint32_t hash)
{
	if (c->exec_hash != hash)
		c->other_exec_id = c->exec_id;
	c->exec_id = id;
	c->exec_hash = hash;
}

/* The server's own word on this portal's columns is on its way or here, and still holds. The unnamed
 * portal cannot be made by SQL, so only a Bind can change it. */
static bool is_described(const struct pg_session *s, struct span portal)
{
	const struct pg_ahead a = ahead_portal(s, portal);
	const uint64_t ran = s->client.exec_hash == name_hash(portal) ? s->client.other_exec_id
								      : s->client.exec_id;

	if (a.described_id == 0 || a.portal == NULL || !a.is_certain)
		return false;
	return portal.len == 0 || a.described_id > ran;
}

static int push_name(struct pg_session *s, uint16_t kind, uint64_t id, struct span name)
{
	struct pg_blob *blob = blob_new(s, name);

	if (blob == NULL)
		return pg_refuse(s, PG_WHY_BUDGET, -ENOBUFS);
	queue_push(s, kind, id)->data = blob;
	return 0;
}

/* Of named ones there may be so many. The unnamed one takes another's place, however often a batch makes
 * it. What is on its way may fail or be closed: it counts, but only its answer decides. -EAGAIN: wait
 * for that. */
static int room_for(struct pg_session *s, uint8_t kind, struct span name)
{
	const bool is_parse = kind == PG_PARSE;
	const uint16_t max = is_parse ? s->conf->max_statements : s->conf->max_portals;

	if (name.len == 0 || ahead_count(s, kind) < max)
		return 0;
	if (s->queue.n > 0)
		return -EAGAIN;
	return pg_refuse(s, is_parse ? PG_WHY_STATEMENTS : PG_WHY_PORTALS, -ENOBUFS);
}

static int forward_query(struct pg_session *s, const struct codec_msg *msg, struct codec_plan *plan)
{
	queue_push(s, msg->kind, plan->id);
	note_run(&s->client, plan->id, 0);
	return 0;
}

static int forward_parse(struct pg_session *s, const struct codec_msg *msg, struct codec_plan *plan)
{
	struct pg_parse p;
	struct pg_stmt *stmt;
	int rc;

	if (pg_read_parse(msg->body, &p) != 0)
		return pg_bad(s, PG_WHY_BODY);
	if (p.name.len > PG_NAME_MAX)
		return pg_refuse(s, PG_WHY_NAME, -ENOBUFS);
	rc = room_for(s, PG_PARSE, p.name);
	if (rc != 0)
		return rc;
	stmt = stmt_new(s, &p);
	if (stmt == NULL)
		return pg_refuse(s, PG_WHY_BUDGET, -ENOBUFS);
	queue_push(s, PG_PARSE, plan->id)->data = stmt;
	return 0;
}

static int forward_bind(struct pg_session *s, const struct codec_msg *msg, struct codec_plan *plan)
{
	struct pg_bind b;
	struct pg_portal *portal;
	int rc;

	if (pg_read_bind(msg->body, &b) != 0)
		return pg_bad(s, PG_WHY_BODY);
	if (b.portal.len > PG_NAME_MAX || b.statement.len > PG_NAME_MAX)
		return pg_refuse(s, PG_WHY_NAME, -ENOBUFS);
	rc = room_for(s, PG_BIND, b.portal);
	if (rc != 0)
		return rc;
	portal = portal_new(s, &b);
	if (portal == NULL)
		return pg_refuse(s, PG_WHY_BUDGET, -ENOBUFS);
	queue_push(s, PG_BIND, plan->id)->data = portal;
	return 0;
}

static int forward_target(
		struct pg_session *s, const struct codec_msg *msg, struct codec_plan *plan)
{
	struct pg_target t;
	int rc;

	if (pg_read_target(msg->body, &t) != 0)
		return pg_bad(s, PG_WHY_BODY);
	if (t.name.len > PG_NAME_MAX)
		return pg_refuse(s, PG_WHY_NAME, -ENOBUFS);
	rc = push_name(s, msg->kind, plan->id, t.name);
	if (rc == 0 && t.what == 'S')
		queue_at(&s->queue, (uint16_t)(s->queue.n - 1))->flags |= REQ_STATEMENT;
	return rc;
}

static int forward_execute(
		struct pg_session *s, const struct codec_msg *msg, struct codec_plan *plan)
{
	struct pg_execute e;
	struct pg_blob *blob;
	struct pg_req *r;

	if (pg_read_execute(msg->body, &e) != 0)
		return pg_bad(s, PG_WHY_BODY);
	if (e.portal.len > PG_NAME_MAX)
		return pg_refuse(s, PG_WHY_NAME, -ENOBUFS);
	blob = blob_new(s, e.portal);
	if (blob == NULL)
		return pg_refuse(s, PG_WHY_BUDGET, -ENOBUFS);
	if (s->conf->describe && !is_described(s, e.portal)) {
		if (push_name(s, PG_DESCRIBE, plan->id, e.portal) != 0) {
			blob_free(s, &blob);
			return -ENOBUFS;
		}
		queue_at(&s->queue, (uint16_t)(s->queue.n - 1))->flags |= REQ_HIDDEN;
		pg_write_target(&plan->to_server, 'D', 'P', e.portal);
	}
	r = queue_push(s, PG_EXECUTE, plan->id);
	r->data = blob;
	r->max_rows = e.max_rows;
	note_run(&s->client, plan->id, name_hash(e.portal));
	return 0;
}

static int forward_sync(struct pg_session *s, const struct codec_msg *msg, struct codec_plan *plan)
{
	(void)msg;
	if (s->client.copy == STEP_COPY_IN) { /* the server ignores it there */
		pg_note_copy_sync(s);
		plan->id = 0;
		return 0;
	}
	if (s->client.local_sync) {
		pg_write_ready(&plan->to_client, (char)s->server.status);
		drop(plan, false);
	} else {
		queue_push(s, PG_SYNC, plan->id);
	}
	s->client.in_batch = s->client.is_skipping = false;
	s->client.discard_batch = s->client.local_sync = false;
	return 0;
}

/* The end of the data of a COPY that is under way, or may be by the time the server reads this. */
static int forward_copy_end(
		struct pg_session *s, const struct codec_msg *msg, struct codec_plan *plan)
{
	if (s->client.copy == STEP_START)
		queue_push(s, msg->kind, plan->id);
	else
		plan->id = 0; /* it ends what is being answered */
	s->client.copy = STEP_START;
	return 0;
}

static int forward_start(struct pg_session *s, const struct codec_msg *msg, struct codec_plan *plan)
{
	queue_push(s, msg->kind, plan->id);
	return 0;
}

/* Between two commands and outside of transactions: there a call of ours would take the snapshot before the
 * client has set what it is to be, and its failure would abort what is the client's. */
static int own_place(struct pg_session *s)
{
	if (!pg_session_is_quiet(s) || pg_session_is_skipping(s) || s->client.copy != STEP_START ||
			s->server.status != 'I')
		return -EAGAIN;
	return queue_reserve(s, 1) != 0 ? -ENOBUFS : 0;
}

int pg_session_call(struct pg_session *s, const struct pg_call *call, struct outbuf *to_server)
{
	const int rc = own_place(s);

	if (rc != 0)
		return rc;
	pg_write_function_call(to_server, call);
	if (to_server->full)
		return -ENOSPC;
	queue_push(s, PG_FUNCTION_CALL, 0)->flags = REQ_HIDDEN | REQ_OWN;
	return 0;
}

int pg_session_query(struct pg_session *s, const struct pg_own_query *q, struct outbuf *to_server)
{
	const struct outbuf before = *to_server;
	const int rc = own_place(s);
	struct pg_req *r;

	if (rc != 0)
		return rc;
	if (s->client.own_left)
		pg_write_target(to_server, 'C', 'S', q->name);
	pg_write_own_query(to_server, q);
	if (to_server->full) {
		*to_server = before;
		return -ENOSPC;
	}
	r = queue_push(s, PG_SYNC, 0);
	r->flags = REQ_HIDDEN | REQ_OWN | (s->client.own_left ? REQ_CLOSES : 0);
	r->max_rows = q->max_rows;
	s->client.own_left = false;
	return 0;
}

typedef int forward_fn(struct pg_session *s, const struct codec_msg *msg, struct codec_plan *plan);

static forward_fn *const forward_of[PG_KIND_MAX] = {
	[PG_STARTUP] = forward_start,
	[PG_QUERY] = forward_query,
	[PG_FUNCTION_CALL] = forward_query,
	[PG_PARSE] = forward_parse,
	[PG_BIND] = forward_bind,
	[PG_DESCRIBE] = forward_target,
	[PG_CLOSE] = forward_target,
	[PG_EXECUTE] = forward_execute,
	[PG_SYNC] = forward_sync,
	[PG_COPY_DONE] = forward_copy_end,
	[PG_COPY_FAIL] = forward_copy_end,
};

/* During COPY the server reads copy messages, Flush and Sync; all else ends the session (it has lost
 * its place), so it is not sent. */
static bool breaks_copy(const struct pg_session *s, uint16_t kind)
{
	return s->client.copy != STEP_START && !is_copy(kind) && kind != PG_FLUSH &&
			kind != PG_SYNC && kind != PG_TERMINATE;
}

int pg_forward(void *state, const struct codec_msg *msg, struct codec_plan *plan)
{
	struct pg_session *s = state;
	const struct pg_queue *q = &s->queue;
	forward_fn *const go = forward_of[msg->kind];
	int rc;

	must(plan->to_server.cap >= PG_PLAN_BYTES && plan->to_client.cap >= PG_PLAN_BYTES);
	plan->what = CODEC_PASS;
	plan->is_moot = false;
	plan->id = plan->after_id = 0;
	if (pg_settle_dropped(s, msg, plan) || go == NULL) {
		if (plan->what == CODEC_PASS && breaks_copy(s, msg->kind))
			return pg_bad(s, PG_WHY_COPY);
		return 0;
	}
	if (breaks_copy(s, msg->kind))
		return pg_bad(s, PG_WHY_COPY);
	if ((msg->flags & CODEC_F_PART) != 0)
		return pg_refuse(s, PG_WHY_TOO_LONG, -EMSGSIZE);
	rc = queue_reserve(s, 2); /* an Execute may bring its Describe */
	plan->id = s->client.next_id + 1;
	plan->after_id = q->n > 0 ? queue_at(q, (uint16_t)(q->n - 1))->id : 0;
	if (rc == 0)
		rc = go(s, msg, plan);
	if (rc != 0)
		plan->id = plan->after_id = 0;
	if (rc == -EAGAIN) {
		pg_hold_until(s, plan);
		return 0;
	}
	if (rc != 0)
		return rc;
	if (plan->id == 0)
		return 0;
	s->client.next_id++;
	s->client.in_batch = pg_is_extended(msg->kind) ||
			(s->client.in_batch && msg->kind != PG_QUERY && msg->kind != PG_SYNC);
	return 0;
}
