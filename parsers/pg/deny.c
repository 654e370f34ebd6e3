/* SPDX-License-Identifier: Apache-2.0
 * Denials. In the command's place the server gets what surely fails there, and its error is answered
 * by ours: so the error comes behind the answers of earlier commands, an open transaction is aborted
 * by the server itself, and the status that it reports next is true. Only where the server has
 * nothing to abort and nothing to order is it left out. The README has the whole argument. */
#include "parsers/pg/pg_priv.h"
#include "parsers/pg/write.h"

#include <string.h>

/* No statement begins with a parenthesis that closes: a syntax error in every state, of every version,
 * before anything is looked up. The words are for whoever reads the server's log. */
static const struct span denied_text = { (const uint8_t *)") denied by Sluice", 18 };
/* A named Parse, since an unnamed one would end the unnamed statement. It never comes to exist. */
static const struct span denied_name = { (const uint8_t *)"sluice denied", 13 };

static void write_why(const struct pg_session *s, const struct codec_denial *why, struct outbuf *o)
{
	const bool has_code = why->code != NULL && strlen(why->code) == 5;
	const struct pg_say say = { .severity = "ERROR",
		.sqlstate = has_code ? why->code : "42501", /* insufficient_privilege */
		.message = why->message,
		.detail = why->detail,
		.hint = why->hint,
		.ascii = !pg_session_is_utf8(s) };

	pg_write_error(o, &say);
}

/* The server is idle, its status is known, and there is no transaction that must be aborted. */
static bool is_local(const struct pg_session *s)
{
	return pg_session_is_quiet(s) && pg_session_at_boundary(s) &&
			(s->server.status == 'I' || s->server.status == 'E');
}

static int deny_local(struct pg_session *s, const struct codec_msg *msg,
		const struct codec_denial *why, struct codec_plan *plan)
{
	write_why(s, why, &plan->to_client);
	if (pg_is_extended(msg->kind))
		s->client.discard_batch = s->client.local_sync = true;
	else
		pg_write_ready(&plan->to_client, (char)s->server.status);
	return 0;
}

/* The error to come, in memory that is taken before anything is sent. */
static struct pg_blob *new_error(struct pg_session *s, const struct codec_denial *why)
{
	uint8_t bytes[PG_REPORT_MAX + 64];
	struct outbuf o = ob_of(bytes, sizeof(bytes));

	write_why(s, why, &o);
	must(!o.full);
	return blob_new(s, ob_span(&o));
}

static int deny_remote(struct pg_session *s, const struct codec_msg *msg,
		const struct codec_denial *why, struct codec_plan *plan)
{
	const bool is_extended = pg_is_extended(msg->kind);
	struct pg_blob *error;
	struct pg_req *r;
	int rc = queue_reserve(s, 1);

	if (rc == -EAGAIN) {
		pg_hold_until(s, plan);
		return 0;
	}
	error = rc == 0 ? new_error(s, why) : NULL;
	if (error == NULL)
		return pg_refuse(s, PG_WHY_BUDGET, -ENOTSUP);
	plan->after_id = s->queue.n > 0 ? queue_at(&s->queue, (uint16_t)(s->queue.n - 1))->id : 0;
	plan->id = ++s->client.next_id;
	/* a FunctionCall is answered as a Query is: an error, and ReadyForQuery */
	r = queue_push(s, is_extended ? PG_PARSE : PG_QUERY, plan->id);
	r->data = error;
	r->flags |= REQ_DENIED;
	s->client.in_batch = is_extended;
	s->client.discard_batch = is_extended;
	if (is_extended)
		pg_write_parse(&plan->to_server, denied_name, denied_text);
	else
		pg_write_query(&plan->to_server, denied_text);
	return 0;
}

/* Data of a COPY: a CopyFail makes the server undo the whole of it; the rest of the data is dropped. */
static int deny_copy(struct pg_session *s, const struct codec_denial *why, struct codec_plan *plan)
{
	struct pg_req *r = queue_head(&s->queue);
	struct pg_blob *error, *before;

	if (s->client.copy == STEP_START) {
		pg_hold_until(s, plan); /* the server has not begun: nothing could be failed */
		return 0;
	}
	if (s->client.copy != STEP_COPY_IN || r == NULL || r->step != STEP_COPY_IN)
		return -ENOTSUP;
	error = new_error(s, why);
	if (error == NULL)
		return pg_refuse(s, PG_WHY_BUDGET, -ENOTSUP);
	before = r->data;
	blob_free(s, &before);
	r->data = error;
	r->flags |= REQ_DENIED;
	s->client.copy = STEP_START;
	s->client.discard_copy = true;
	plan->id = r->id;
	pg_write_copy_fail(&plan->to_server, (struct span){ denied_text.ptr + 2, 16 });
	return 0;
}

int pg_deny(void *state, const struct codec_msg *msg, const struct codec_denial *why,
		struct codec_plan *plan)
{
	struct pg_session *s = state;
	const bool is_command = pg_is_extended(msg->kind) || msg->kind == PG_QUERY ||
			msg->kind == PG_FUNCTION_CALL;
	int rc;

	must(plan->to_server.cap >= PG_PLAN_BYTES && plan->to_client.cap >= PG_PLAN_BYTES);
	if (!is_command && msg->kind != PG_COPY_DATA)
		return -EINVAL;
	plan->what = CODEC_DROP;
	plan->is_moot = false;
	plan->id = plan->after_id = 0;
	if (pg_settle_dropped(s, msg, plan))
		return 0; /* the server would not have come to it */
	if (is_command && s->client.copy != STEP_START)
		return pg_bad(s, PG_WHY_COPY);
	if (!is_command)
		rc = deny_copy(s, why, plan);
	else if (is_local(s))
		rc = deny_local(s, msg, why, plan);
	else
		rc = deny_remote(s, msg, why, plan);
	if (rc == 0)
		s->framer[CODEC_TO_SERVER].drop_slices = (msg->flags & CODEC_F_PART) != 0;
	return rc;
}
