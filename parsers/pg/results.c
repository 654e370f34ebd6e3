/* SPDX-License-Identifier: Apache-2.0
 * What the server may answer to the oldest unanswered message, and what is learnt from it. */
#include "parsers/pg/pg_priv.h"

void pg_req_end(struct pg_session *s)
{
	s->server.answer.flags |= PG_A_LAST;
	s->client.is_flushed = false;
	columns_unref(s, &s->server.cols);
	queue_pop(s);
}

static struct span blob_span(const struct pg_req *r)
{
	const struct pg_blob *b = r->data;

	return (struct span){ b->bytes, b->len };
}

static bool is_runner(const struct pg_req *r)
{
	return r->kind == PG_QUERY || r->kind == PG_EXECUTE;
}

/* Between two statements of a Query, or before the only one of an Execute. */
static bool is_fresh(const struct pg_req *r)
{
	return is_runner(r) && (r->step == STEP_START || r->step == STEP_DONE);
}

/* One statement is complete. */
static void end_statement(struct pg_session *s, struct pg_req *r)
{
	if (r->kind == PG_EXECUTE) {
		pg_req_end(s);
		return;
	}
	r->step = STEP_DONE;
	r->i_statement++;
	columns_unref(s, &s->server.cols);
}

/* The rows of an Execute: described by the portal itself, or by its statement earlier. */
static int begin_rows(struct pg_session *s, struct pg_req *r)
{
	const struct pg_portal *p = names_portal(s, blob_span(r));
	struct pg_answer *row = &s->server.row;
	struct pg_columns *cols = NULL;

	*row = s->server.answer;
	if (p != NULL && p->stmt != NULL && p->stmt->has_text)
		row->text = (struct span){ p->stmt->bytes + p->stmt->name_len, p->stmt->text_len };
	if (p != NULL && p->described_id != 0) {
		cols = p->cols;
		if (cols == NULL)
			return pg_bad(s, PG_WHY_COLUMNS);
	} else if (s->conf->describe) {
		return pg_bad(s, PG_WHY_COLUMNS);
	} else if (p != NULL && p->stmt != NULL && p->stmt->cols != NULL) {
		cols = p->stmt->cols;
		row->flags |= PG_A_CACHED;
		row->formats.n = p->n_formats;
		row->formats.codes = (struct span){ p->bytes + p->name_len + p->stmt_len,
			(size_t)p->n_formats * 2 };
	} else {
		row->flags |= PG_A_BLIND;
	}
	columns_unref(s, &s->server.cols);
	s->server.cols = columns_ref(cols);
	row->columns = cols;
	r->step = STEP_ROWS;
	return 0;
}

int pg_answer_row(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	struct pg_answer *row = &s->server.row;
	int rc;

	if (r->kind == PG_EXECUTE && r->step == STEP_START) {
		rc = begin_rows(s, r);
		if (rc != 0)
			return rc;
	}
	if (!is_runner(r) || r->step != STEP_ROWS)
		return pg_bad(s, PG_WHY_COLUMNS);
	if (row->columns != NULL && load_be16(msg->body.ptr) != row->columns->n)
		return pg_bad(s, PG_WHY_SHAPE);
	row->n_rows++;
	if (r->max_rows > 0 && row->n_rows > r->max_rows)
		return pg_bad(s, PG_WHY_ORDER);
	s->server.is_row = true;
	return 0;
}

static int describe_query(struct pg_session *s, struct pg_req *r, struct pg_columns *cols)
{
	if (r->step > STEP_ROWS && r->step != STEP_DONE)
		return pg_bad(s, PG_WHY_ORDER);
	columns_unref(s, &s->server.cols);
	s->server.cols = columns_ref(cols);
	s->server.answer.columns = cols;
	s->server.row = s->server.answer;
	r->step = STEP_ROWS;
	return 0;
}

/* A description of a statement or a portal; <cols> NULL: it returns no rows. */
static int describe_name(struct pg_session *s, struct pg_req *r, struct pg_columns *cols)
{
	const bool of_statement = (r->flags & REQ_STATEMENT) != 0;
	struct pg_stmt *stmt = of_statement ? names_stmt(s, blob_span(r)) : NULL;
	struct pg_portal *portal = of_statement ? NULL : names_portal(s, blob_span(r));

	if (r->step != (of_statement ? STEP_PARAMS : STEP_START))
		return pg_bad(s, PG_WHY_ORDER);
	if (stmt != NULL) {
		columns_unref(s, &stmt->cols);
		stmt->cols = columns_ref(cols);
	}
	if (portal != NULL) {
		columns_unref(s, &portal->cols);
		portal->cols = columns_ref(cols);
		portal->described_id = r->id;
	}
	pg_req_end(s);
	return 0;
}

/* Of a cursor that SQL declared: there is no Bind that made it, but the description is the server's
 * own, so what it says is kept as if there were. */
static int adopt_portal(struct pg_session *s, const struct pg_req *r)
{
	const struct pg_bind b = { .portal = blob_span(r), .statement = { NULL, 0 } };
	struct pg_portal *portal;

	if ((r->flags & REQ_STATEMENT) != 0 || names_portal(s, b.portal) != NULL)
		return 0;
	portal = s->names.n_portals < s->conf->max_portals ? portal_new(s, &b) : NULL;
	if (portal == NULL)
		return pg_bad(s, PG_WHY_BUDGET);
	names_add_portal(s, portal);
	return 0;
}

int pg_answer_columns(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	struct pg_list list;
	struct pg_columns *cols;
	int rc;

	if (r->kind != PG_QUERY && r->kind != PG_DESCRIBE)
		return pg_bad(s, PG_WHY_UNASKED);
	if (pg_read_columns(msg->body, &list) != 0)
		return pg_bad(s, PG_WHY_BODY);
	cols = columns_new(s, &list);
	if (cols == NULL)
		return pg_bad(s, PG_WHY_BUDGET);
	rc = r->kind == PG_DESCRIBE ? adopt_portal(s, r) : 0;
	if (rc == 0)
		rc = r->kind == PG_QUERY ? describe_query(s, r, cols) : describe_name(s, r, cols);
	columns_unref(s, &cols);
	return rc;
}

int pg_answer_no_data(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	(void)msg;
	if (r->kind != PG_DESCRIBE)
		return pg_bad(s, PG_WHY_UNASKED);
	return describe_name(s, r, NULL);
}

int pg_answer_params(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	(void)msg;
	if (r->kind != PG_DESCRIBE || (r->flags & REQ_STATEMENT) == 0)
		return pg_bad(s, PG_WHY_UNASKED);
	if (r->step != STEP_START)
		return pg_bad(s, PG_WHY_ORDER);
	r->step = STEP_PARAMS;
	return 0;
}

int pg_answer_complete(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	struct span tag;

	if (!is_runner(r))
		return pg_bad(s, PG_WHY_UNASKED);
	if (r->step == STEP_FAILED || r->step == STEP_COPY_OUT || r->step == STEP_COPY_BOTH ||
			(r->step == STEP_COPY_IN && s->client.copy == STEP_COPY_IN))
		return pg_bad(s, PG_WHY_ORDER);
	if (pg_read_string(msg->body, &tag) != 0)
		return pg_bad(s, PG_WHY_BODY);
	if (r->step == STEP_COPY_IN)
		s->server.copy_syncs = 0; /* it read up to the CopyDone, so it read those as well */
	end_statement(s, r);
	names_after_tag(s, tag);
	return 0;
}

int pg_answer_empty(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	(void)msg;
	if (!is_fresh(r))
		return pg_bad(s, PG_WHY_UNASKED);
	end_statement(s, r);
	return 0;
}

int pg_answer_suspended(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	(void)msg;
	if (r->kind != PG_EXECUTE || r->max_rows == 0 || r->step > STEP_ROWS)
		return pg_bad(s, PG_WHY_UNASKED);
	pg_req_end(s);
	return 0;
}

/* What was sent behind a COPY from the client: a Sync before the end of the data was swallowed by the
 * COPY, the end is the end. All else breaks the session there, and the server says so. */
static void begin_copy_in(struct pg_session *s, const struct pg_req *head)
{
	struct pg_queue *q = &s->queue;
	bool is_ended = false;
	uint16_t i = 1;

	s->server.copy_syncs = 0;
	s->client.in_batch = head->kind == PG_EXECUTE;
	while (i < q->n && !is_ended) {
		const uint8_t kind = queue_at(q, i)->kind;

		is_ended = kind == PG_COPY_DONE || kind == PG_COPY_FAIL;
		if (is_ended || kind == PG_SYNC)
			queue_remove(s, i);
		else
			i++;
		if (kind == PG_SYNC)
			pg_note_copy_sync(s);
	}
	s->client.copy = is_ended ? STEP_START : STEP_COPY_IN;
}

int pg_answer_copy_begin(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	if (!is_fresh(r))
		return pg_bad(s, PG_WHY_UNASKED);
	if (msg->kind == PG_COPY_OUT) {
		r->step = STEP_COPY_OUT;
	} else if (msg->kind == PG_COPY_IN) {
		r->step = STEP_COPY_IN;
		begin_copy_in(s, r);
	} else {
		r->step = STEP_COPY_BOTH;
		s->client.copy = STEP_COPY_BOTH;
	}
	s->server.row = s->server.answer;
	return 0;
}

int pg_answer_copy_data(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	(void)msg;
	if (r->step != STEP_COPY_OUT && r->step != STEP_COPY_BOTH)
		return pg_bad(s, PG_WHY_UNASKED);
	s->server.row.n_rows++;
	s->server.is_row = true;
	return 0;
}

/* The command's completion follows. */
int pg_answer_copy_done(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	(void)msg;
	if (r->step != STEP_COPY_OUT && r->step != STEP_COPY_BOTH)
		return pg_bad(s, PG_WHY_UNASKED);
	r->step = STEP_START;
	return 0;
}

int pg_answer_parsed(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	(void)msg;
	if (r->kind != PG_PARSE)
		return pg_bad(s, PG_WHY_UNASKED);
	names_add_stmt(s, r->data);
	r->data = NULL;
	pg_req_end(s);
	return 0;
}

int pg_answer_bound(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	struct pg_portal *portal = r->data;

	(void)msg;
	if (r->kind != PG_BIND)
		return pg_bad(s, PG_WHY_UNASKED);
	portal->stmt = names_stmt(s, portal_stmt_name(portal));
	if (portal->stmt != NULL)
		portal->stmt->refs++;
	names_add_portal(s, portal);
	r->data = NULL;
	pg_req_end(s);
	return 0;
}

int pg_answer_closed(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	(void)msg;
	if (r->kind != PG_CLOSE)
		return pg_bad(s, PG_WHY_UNASKED);
	if ((r->flags & REQ_STATEMENT) != 0)
		names_drop_stmt(s, blob_span(r));
	else
		names_drop_portal(s, blob_span(r));
	pg_req_end(s);
	return 0;
}

int pg_answer_function(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg)
{
	(void)msg;
	if (r->kind != PG_FUNCTION_CALL || r->step != STEP_START)
		return pg_bad(s, PG_WHY_UNASKED);
	r->step = STEP_DONE;
	return 0;
}
