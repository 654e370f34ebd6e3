/* SPDX-License-Identifier: Apache-2.0
 * Server messages: whom each belongs to. What nobody asked for, or what comes out of its order, makes
 * the session bad: whatever follows would be taken for another's. */
#include "parsers/pg/pg_priv.h"

#include <string.h>

typedef int answer_fn(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);

static answer_fn *const answer_of[PG_KIND_MAX] = {
	[PG_PARSE_COMPLETE] = pg_answer_parsed,
	[PG_BIND_COMPLETE] = pg_answer_bound,
	[PG_CLOSE_COMPLETE] = pg_answer_closed,
	[PG_PARAMETER_DESCRIPTION] = pg_answer_params,
	[PG_ROW_DESCRIPTION] = pg_answer_columns,
	[PG_NO_DATA] = pg_answer_no_data,
	[PG_DATA_ROW] = pg_answer_row,
	[PG_COMMAND_COMPLETE] = pg_answer_complete,
	[PG_EMPTY_QUERY] = pg_answer_empty,
	[PG_PORTAL_SUSPENDED] = pg_answer_suspended,
	[PG_COPY_IN] = pg_answer_copy_begin,
	[PG_COPY_OUT] = pg_answer_copy_begin,
	[PG_COPY_BOTH] = pg_answer_copy_begin,
	[PG_COPY_DATA] = pg_answer_copy_data,
	[PG_COPY_DONE] = pg_answer_copy_done,
	[PG_FUNCTION_RESULT] = pg_answer_function,
};

static bool is_starting(const struct pg_req *r)
{
	return r != NULL && r->kind == PG_STARTUP;
}

static int answer_authentication(
		struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	static const uint8_t kind_of[] = {
		[PG_AUTH_CLEARTEXT] = PG_PASSWORD,
		[PG_AUTH_MD5] = PG_PASSWORD,
		[PG_AUTH_GSS] = PG_GSS_RESPONSE,
		[PG_AUTH_GSS_CONTINUE] = PG_GSS_RESPONSE,
		[PG_AUTH_SSPI] = PG_GSS_RESPONSE,
		[PG_AUTH_SASL] = PG_SASL_INITIAL,
		[PG_AUTH_SASL_CONTINUE] = PG_SASL_RESPONSE,
		[PG_AUTH_SASL_FINAL] = 0,
	};
	struct pg_authentication a;

	if (!is_starting(r) || s->server.is_auth_ok)
		return pg_bad(s, PG_WHY_UNASKED);
	if (pg_read_authentication(msg->body, &a) != 0)
		return pg_bad(s, PG_WHY_BODY);
	s->server.auth_kind = kind_of[a.code];
	s->server.is_auth_ok = a.code == PG_AUTH_OK;
	if (s->server.is_auth_ok && s->framer[CODEC_TO_SERVER].phase == PHASE_AUTH)
		s->framer[CODEC_TO_SERVER].phase = PHASE_TYPED;
	return 0;
}

static int answer_key(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	if (!is_starting(r) || !s->server.is_auth_ok)
		return pg_bad(s, PG_WHY_UNASKED);
	if (s->version < PG_PROTOCOL_3_2 && msg->body.len != 4 + PG_KEY_MIN)
		return pg_bad(s, PG_WHY_LENGTH);
	blob_free(s, &s->key);
	s->key = blob_new(s, msg->body);
	return s->key != NULL ? 0 : pg_bad(s, PG_WHY_BUDGET);
}

static int answer_negotiate(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	struct pg_negotiate n;

	if (!is_starting(r) || s->server.is_auth_ok)
		return pg_bad(s, PG_WHY_UNASKED);
	if (pg_read_negotiate(msg->body, &n) != 0)
		return pg_bad(s, PG_WHY_BODY);
	if (n.version < s->version)
		s->version = n.version;
	return 0;
}

static bool is_text(struct span s, const char *text)
{
	return span_eq(s, (struct span){ (const uint8_t *)text, strlen(text) });
}

static int answer_parameter(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	struct pg_server_side *v = &s->server;
	struct pg_parameter p;

	if (is_starting(r) && !v->is_auth_ok)
		return pg_bad(s, PG_WHY_UNASKED);
	if (pg_read_parameter(msg->body, &p) != 0)
		return pg_bad(s, PG_WHY_BODY);
	if (is_text(p.name, "standard_conforming_strings"))
		v->standard_strings = is_text(p.value, "on");
	if (is_text(p.name, "client_encoding")) {
		v->encoding_len =
				(uint8_t)(p.value.len < sizeof(v->encoding) ? p.value.len
									    : sizeof(v->encoding));
		memcpy(v->encoding, p.value.ptr, v->encoding_len);
	}
	v->answer.flags |= PG_A_ASYNC;
	return 0;
}

static int answer_async(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	(void)r;
	(void)msg;
	s->server.answer.flags |= PG_A_ASYNC;
	return 0;
}

/* A ReadyForQuery that ends nothing: of a Sync that a COPY might have swallowed and did not. */
static int answer_spare_ready(struct pg_session *s)
{
	if (s->server.spare_ready == 0)
		return pg_bad(s, PG_WHY_UNASKED);
	s->server.spare_ready--;
	s->client.is_skipping = false;
	s->server.answer.flags |= PG_A_ASYNC;
	return 0;
}

static bool is_ready_due(const struct pg_session *s, const struct pg_req *r)
{
	if (r == NULL)
		return false;
	if (r->kind == PG_QUERY || r->kind == PG_FUNCTION_CALL || (r->flags & REQ_OWN) != 0)
		return r->step == STEP_DONE || r->step == STEP_FAILED;
	return r->kind == PG_SYNC || (r->kind == PG_STARTUP && s->server.is_auth_ok);
}

static int answer_ready(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	char status;

	if (pg_read_ready(msg->body, &status) != 0)
		return pg_bad(s, PG_WHY_BODY);
	s->server.status = (uint8_t)status;
	s->server.answer.i_statement = 0;
	if (!is_ready_due(s, r)) {
		s->server.answer.id = 0;
		return answer_spare_ready(s);
	}
	if (r->kind == PG_QUERY) { /* it used the unnamed ones for itself */
		names_drop_stmt(s, (struct span){ NULL, 0 });
		names_drop_portal(s, (struct span){ NULL, 0 });
	}
	if (status == 'I')
		names_drop_portals(s);
	pg_req_end(s);
	return 0;
}

static int fail_request(struct pg_session *s, struct pg_req *r)
{
	if (r->step == STEP_COPY_IN || r->step == STEP_COPY_BOTH) {
		s->client.copy = STEP_START;
		s->server.spare_ready = s->server.copy_syncs;
		s->server.copy_syncs = 0;
	}
	if (r->kind == PG_QUERY || r->kind == PG_FUNCTION_CALL || r->kind == PG_SYNC) {
		if (r->step == STEP_FAILED)
			return pg_bad(s, PG_WHY_ORDER);
		r->step = STEP_FAILED;
		columns_unref(s, &s->server.cols);
		return 0;
	}
	s->server.answer.flags |= PG_A_LAST;
	s->client.is_flushed = false;
	columns_unref(s, &s->server.cols);
	queue_skip(s);
	return 0;
}

/* Our words in place of the server's, which are about what was put in the command's place. */
static void say_denied(struct pg_session *s, const struct pg_req *r, struct codec_plan *plan)
{
	const struct pg_blob *error = r->data;

	ob_put(&plan->to_client, error->bytes, error->len);
	plan->what = CODEC_DROP;
	s->server.answer.flags |= PG_A_DENIED;
}

static int answer_error(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg,
		struct codec_plan *plan)
{
	struct pg_report report;

	if (pg_read_report(msg->body, (msg->flags & CODEC_F_PART) == 0, &report) != 0)
		return pg_bad(s, PG_WHY_BODY);
	if (report.is_fatal || is_starting(r)) {
		s->server.is_fatal = true;
		s->server.answer.flags &= (uint16_t)~PG_A_HIDDEN;
		s->server.answer.flags |= PG_A_FATAL;
		return 0;
	}
	if (r == NULL || (r->step == STEP_FAILED))
		return pg_bad(s, PG_WHY_UNASKED);
	if (r->kind != PG_SYNC)
		s->server.spare_ready = 0;
	if ((r->flags & REQ_DENIED) != 0)
		say_denied(s, r, plan);
	if ((r->flags & REQ_OWN) == 0) /* the Execute's own, if it were not for us */
		s->server.answer.flags &= (uint16_t)~PG_A_HIDDEN;
	else if (r->kind == PG_SYNC && (r->step > STEP_START || (r->flags & REQ_CLOSES) != 0))
		s->client.own_left = true; /* its Close is skipped */
	return fail_request(s, r);
}

/* Sets what holds for any answer to <r>. */
static void begin(struct pg_session *s, const struct pg_req *r)
{
	struct pg_answer *a = &s->server.answer;

	*a = (struct pg_answer){ 0 };
	s->server.is_row = false;
	if (r == NULL)
		return;
	a->id = r->id;
	a->request = r->kind;
	a->i_statement = r->i_statement;
	if ((r->flags & REQ_HIDDEN) != 0)
		a->flags |= PG_A_HIDDEN;
}

static struct pg_req *next_head(struct pg_session *s)
{
	struct pg_req *r = queue_head(&s->queue);

	while (r != NULL && (r->kind == PG_COPY_DONE || r->kind == PG_COPY_FAIL)) {
		queue_pop(s); /* nothing answers these */
		r = queue_head(&s->queue);
	}
	return r;
}

/* Handlers of what may come when nothing is awaited. */
static answer_fn *const free_of[PG_KIND_MAX] = {
	[PG_AUTHENTICATION] = answer_authentication,
	[PG_BACKEND_KEY] = answer_key,
	[PG_PARAMETER_STATUS] = answer_parameter,
	[PG_NEGOTIATE] = answer_negotiate,
	[PG_NOTICE] = answer_async,
	[PG_NOTIFICATION] = answer_async,
	[PG_READY] = answer_ready,
};

/* A row more, of as many as were asked for. */
static int answer_own_row(struct pg_session *s, struct pg_req *r)
{
	if ((r->flags & REQ_FULL) != 0)
		return pg_bad(s, PG_WHY_ORDER);
	if (r->max_rows > 0 && --r->max_rows == 0)
		r->flags |= REQ_FULL;
	return 0;
}

/* What answers a query of our own, in this order and once each; rows are for whoever asked. */
static int answer_own(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	static const uint8_t kind_of[] = {
		[STEP_START] = PG_PARSE_COMPLETE, [STEP_PARAMS] = PG_BIND_COMPLETE
	};
	const bool is_over = msg->kind == PG_COMMAND_COMPLETE || msg->kind == PG_PORTAL_SUSPENDED;

	if (msg->kind == PG_CLOSE_COMPLETE && (r->flags & REQ_CLOSES) != 0)
		r->flags &= (uint8_t)~REQ_CLOSES;
	else if ((r->flags & REQ_CLOSES) != 0)
		return pg_bad(s, PG_WHY_UNASKED);
	else if (r->step == STEP_ROWS && msg->kind == PG_DATA_ROW)
		return answer_own_row(s, r);
	else if (r->step == STEP_ROWS && is_over)
		r->step = STEP_CLOSING;
	else if (r->step == STEP_CLOSING && msg->kind == PG_CLOSE_COMPLETE)
		r->step = STEP_DONE;
	else if (r->step < STEP_ROWS && msg->kind == kind_of[r->step])
		r->step++;
	else
		return pg_bad(s, PG_WHY_UNASKED);
	return 0;
}

static int dispatch(struct pg_session *s, const struct codec_msg *msg, struct codec_plan *plan)
{
	struct pg_req *r = next_head(s);

	begin(s, r);
	if (s->server.is_fatal)
		return pg_bad(s, PG_WHY_ENDED);
	if (msg->kind == PG_ERROR)
		return answer_error(s, r, msg, plan);
	if (free_of[msg->kind] != NULL)
		return free_of[msg->kind](s, r, msg);
	if (answer_of[msg->kind] == NULL || r == NULL)
		return pg_bad(s, PG_WHY_UNASKED);
	if ((r->flags & REQ_DENIED) != 0)
		return pg_bad(s, PG_WHY_DENIED_RAN);
	s->server.spare_ready = 0; /* it would have come before this */
	if ((r->flags & REQ_OWN) != 0 && r->kind == PG_SYNC)
		return answer_own(s, r, msg);
	return answer_of[msg->kind](s, r, msg);
}

static bool is_next_row(const struct pg_session *s, const struct codec_msg *msg)
{
	const struct pg_req *r = queue_head(&s->queue);

	return msg->kind == PG_DATA_ROW && r != NULL && r->step == STEP_ROWS &&
			(r->flags & REQ_OWN) == 0 && (msg->flags & CODEC_F_PART) == 0;
}

int pg_answer(void *state, const struct codec_msg *msg, struct codec_plan *plan)
{
	struct pg_session *s = state;
	struct pg_framer *f = &s->framer[CODEC_TO_CLIENT];
	int rc;

	must(plan->to_server.cap >= PG_PLAN_BYTES && plan->to_client.cap >= PG_PLAN_BYTES);
	plan->what = CODEC_PASS;
	plan->is_moot = false;
	plan->after_id = 0;
	plan->id = pg_session_answer(s)->id;
	if ((msg->flags & (CODEC_F_PART | CODEC_F_FIRST)) == CODEC_F_PART) {
		plan->what = f->drop_slices ? CODEC_DROP : CODEC_PASS;
		return 0;
	}
	if (msg->kind == PG_ENC_ANSWER)
		return 0;
	if (is_next_row(s, msg))
		rc = pg_answer_row(s, queue_head(&s->queue), msg);
	else
		rc = dispatch(s, msg, plan);
	if (rc != 0) {
		f->phase = PHASE_BAD;
		return rc;
	}
	if ((pg_session_answer(s)->flags & (PG_A_HIDDEN | PG_A_ASYNC)) == PG_A_HIDDEN &&
			!s->server.is_row)
		plan->what = CODEC_DROP;
	f->drop_slices = plan->what == CODEC_DROP;
	plan->id = pg_session_answer(s)->id;
	return 0;
}
