/* SPDX-License-Identifier: Apache-2.0
 * What a name will mean when the server comes to the client's next message. Within a batch it is what
 * the batch made it: should that fail, the next message is skipped. Beyond a Sync it may have failed
 * and what was there before lives on: then the answer is not certain. */
#include "parsers/pg/pg_priv.h"

static struct span req_name(const struct pg_req *r)
{
	const struct pg_blob *blob = r->data;

	if (r->kind == PG_PARSE)
		return stmt_name(r->data);
	if (r->kind == PG_BIND)
		return portal_name(r->data);
	return (struct span){ blob->bytes, blob->len };
}

static bool is_named(const struct pg_req *r, uint8_t kind, uint8_t of, struct span name)
{
	return r->kind == kind && (r->flags & (REQ_DENIED | REQ_STATEMENT)) == of &&
			span_eq(req_name(r), name);
}

/* A simple Query ends the unnamed statement and the unnamed portal. */
static bool ends_unnamed(const struct pg_req *r, struct span name)
{
	return r->kind == PG_QUERY && name.len == 0;
}

struct pg_ahead ahead_stmt(const struct pg_session *s, struct span name, uint16_t before)
{
	struct pg_ahead a = { .is_certain = true };
	bool is_found = false, is_crossed = false;

	for (uint16_t i = before; i > 0; i--) {
		const struct pg_req *r = queue_at(&s->queue, (uint16_t)(i - 1));
		const bool is_parse = is_named(r, PG_PARSE, 0, name);

		is_crossed = is_crossed || r->kind == PG_SYNC;
		if (!is_parse && !is_named(r, PG_CLOSE, REQ_STATEMENT, name) &&
				!ends_unnamed(r, name))
			continue;
		if (is_found) {
			a.is_certain = a.is_certain && !is_parse;
			continue;
		}
		is_found = true;
		a.stmt = is_parse ? r->data : NULL;
		if (!is_crossed)
			return a;
	}
	if (!is_found)
		a.stmt = names_stmt(s, name);
	else if (names_stmt(s, name) != NULL)
		a.is_certain = false;
	return a;
}

/* The portal that a Bind of the queue makes, or the server has; <i>: entries before that. */
static const struct pg_portal *find_portal(
		const struct pg_session *s, struct span name, struct pg_ahead *a, uint16_t *ret_i)
{
	bool is_crossed = false;

	for (uint16_t i = s->queue.n; i > 0; i--) {
		const struct pg_req *r = queue_at(&s->queue, (uint16_t)(i - 1));

		is_crossed = is_crossed || r->kind == PG_SYNC;
		*ret_i = (uint16_t)(i - 1);
		if (is_named(r, PG_DESCRIBE, 0, name) && a->described_id == 0)
			a->described_id = r->id;
		if (is_named(r, PG_BIND, 0, name)) {
			a->is_certain = !is_crossed || names_portal(s, name) == NULL;
			return r->data;
		}
		if (is_named(r, PG_CLOSE, 0, name) || ends_unnamed(r, name))
			return NULL;
	}
	*ret_i = 0;
	return names_portal(s, name);
}

struct pg_ahead ahead_portal(const struct pg_session *s, struct span name)
{
	struct pg_ahead a = { .is_certain = true }, of_stmt;
	uint16_t i;

	a.portal = find_portal(s, name, &a, &i);
	if (a.portal == NULL)
		return a;
	if (a.described_id == 0)
		a.described_id = a.portal->described_id;
	if (a.portal->stmt != NULL) {
		a.stmt = a.portal->stmt;
		return a;
	}
	of_stmt = ahead_stmt(s, portal_stmt_name(a.portal), i);
	a.stmt = of_stmt.stmt;
	a.is_certain = a.is_certain && of_stmt.is_certain;
	return a;
}

uint32_t ahead_count(const struct pg_session *s, uint8_t kind)
{
	uint32_t n = kind == PG_PARSE ? s->names.n_stmts : s->names.n_portals;

	for (uint16_t i = 0; i < s->queue.n; i++)
		n += queue_at(&s->queue, i)->kind == kind;
	return n;
}

static void fill_stmt(struct pg_command *c, const struct pg_ahead *a)
{
	c->is_known = a->is_certain && a->stmt != NULL && a->stmt->has_text &&
			!a->stmt->is_doubtful;
	if (c->is_known)
		c->text = (struct span){ a->stmt->bytes + a->stmt->name_len, a->stmt->text_len };
}

static bool is_settled(const struct pg_session *s)
{
	for (uint16_t i = 0; i < s->queue.n; i++) {
		const struct pg_req *r = queue_at(&s->queue, i);

		if ((r->flags & REQ_OWN) == 0 &&
				(r->kind == PG_QUERY || r->kind == PG_EXECUTE ||
						r->kind == PG_FUNCTION_CALL))
			return false;
	}
	return true;
}

static bool is_sync_due(const struct pg_session *s)
{
	for (uint16_t i = 0; i < s->queue.n; i++) {
		const struct pg_req *r = queue_at(&s->queue, i);

		if (r->kind == PG_SYNC && (r->flags & REQ_OWN) == 0)
			return true;
	}
	return false;
}

static int command_bind(const struct pg_session *s, struct span body, struct pg_command *c)
{
	struct pg_ahead a;

	if (pg_read_bind(body, &c->bind) != 0)
		return -EINVAL;
	a = ahead_stmt(s, c->bind.statement, s->queue.n);
	c->name = c->bind.statement;
	fill_stmt(c, &a);
	return 0;
}

static int command_execute(const struct pg_session *s, struct span body, struct pg_command *c)
{
	struct pg_execute e;
	struct pg_ahead a;

	if (pg_read_execute(body, &e) != 0)
		return -EINVAL;
	a = ahead_portal(s, e.portal);
	c->name = e.portal;
	c->max_rows = e.max_rows;
	fill_stmt(c, &a);
	return 0;
}

static int command_parse(struct span body, struct pg_command *c)
{
	struct pg_parse p;

	if (pg_read_parse(body, &p) != 0)
		return -EINVAL;
	c->name = p.name;
	c->text = p.text;
	return 0;
}

int pg_command_of(const struct pg_session *s, const struct codec_msg *msg, struct pg_command *ret)
{
	struct pg_command c = { .kind = msg->kind,
		.is_known = true,
		.is_settled = is_settled(s),
		.is_sync_due = is_sync_due(s) };
	int rc = -EINVAL;

	if ((msg->flags & CODEC_F_PART) != 0)
		return -EINVAL;
	if (msg->kind == PG_QUERY)
		rc = pg_read_string(msg->body, &c.text);
	else if (msg->kind == PG_PARSE)
		rc = command_parse(msg->body, &c);
	else if (msg->kind == PG_BIND)
		rc = command_bind(s, msg->body, &c);
	else if (msg->kind == PG_EXECUTE)
		rc = command_execute(s, msg->body, &c);
	else if (msg->kind == PG_FUNCTION_CALL)
		rc = pg_read_function_call(msg->body, &c.call);
	if (rc != 0)
		return -EINVAL;
	*ret = c;
	return 0;
}
