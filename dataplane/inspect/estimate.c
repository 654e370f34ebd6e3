/* SPDX-License-Identifier: Apache-2.0
 * What a held command would touch: the server is asked for its plan, on the session's own connection, while a
 * person decides. EXPLAIN without ANALYZE runs nothing but what planning evaluates, so a command that calls
 * a function which is not known harmless is not asked about. Nor is one in a batch, which a failure of
 * ours would fail, nor one in a transaction, for the same reason. */
#include "dataplane/inspect/session_priv.h"

#include <errno.h>
#include <string.h>

static const char own_name[] = "sluice estimate";
static const char head[] = "EXPLAIN (FORMAT JSON) ";

bool estimate_may(const struct session *s, const struct match_command *m)
{
	static const uint64_t plain = 1ULL << SQL_K_SELECT | 1ULL << SQL_K_INSERT |
			1ULL << SQL_K_UPDATE | 1ULL << SQL_K_DELETE | 1ULL << SQL_K_MERGE;
	const struct sql_stmt *stmt;

	if (!s->target->estimates || m->facts == NULL || m->facts->n_stmts != 1)
		return false;
	stmt = sql_facts_stmt(m->facts, 0);
	return (stmt->kinds & ~plain) == 0 &&
			(stmt->flags &
					(SQL_F_OPAQUE | SQL_F_DYNAMIC | SQL_F_UNKNOWN |
							SQL_F_SIDE_FUNCTION)) == 0;
}

void estimate_ask(struct session *s, const struct codec_msg *msg, struct outbuf *to_server)
{
	struct pg_command c;
	struct pg_own_query q = {
		.name = text_span(own_name), .head = text_span(head), .max_rows = 1
	};

	if (!s->hold.may_estimate || s->estimated != 0 || pg_command_of(s->pg, msg, &c) != 0)
		return;
	q.text = c.text;
	q.bind = c.kind == PG_BIND ? &c.bind : NULL;
	if (pg_session_query(s->pg, &q, to_server) != 0) {
		to_server->full = false; /* it was taken back whole */
		return;
	}
	s->is_estimate_told = false;
	s->estimated = s->n_commands + 1;
	s->spine->counters.estimates++;
}

/* The plan, or why there is none, goes to whoever shows the hold. */
static void tell(struct session *s, bool is_plan, struct span text)
{
	const uint32_t len = text.len < TICKET_PLAN_MAX ? (uint32_t)text.len : TICKET_PLAN_MAX;
	const size_t bytes = sizeof(struct ticket_plan) + len;
	struct ticket t = { .kind = TICKET_PLAN, .command = s->estimated };
	struct ticket_plan *p;

	if (s->is_estimate_told)
		return;
	s->is_estimate_told = true;
	t.block = session_block(s, bytes);
	if (t.block == NULL)
		return;
	p = (struct ticket_plan *)(void *)t.block->bytes;
	*p = (struct ticket_plan){ .is_plan = is_plan, .len = len, .is_cut = len < text.len };
	memcpy(p->bytes, text.ptr, len);
	t.block->len_bytes = (uint32_t)bytes;
	if (session_ask(s, &t) != 0)
		arena_give(&s->spine->arena, t.block, sizeof(*t.block) + bytes);
}

static void row_came(struct session *s, const struct codec_msg *msg)
{
	struct pg_list row;
	struct reader r;
	struct pg_value v;

	if ((msg->flags & CODEC_F_PART) != 0) {
		tell(s, false, text_span("the plan is too long"));
		return;
	}
	if (pg_read_row(msg->body, &row) != 0 || row.n != 1)
		return;
	r = rd_of(row.items.ptr, row.items.len);
	if (pg_next_value(&r, &v) && !v.is_null)
		tell(s, true, v.bytes);
}

void estimate_answered(struct session *s, const struct codec_msg *msg)
{
	const bool is_part = (msg->flags & CODEC_F_PART) != 0;
	struct pg_report e;

	if (is_part && (msg->flags & CODEC_F_FIRST) == 0)
		return;
	if (msg->kind == PG_DATA_ROW)
		row_came(s, msg);
	else if (msg->kind == PG_ERROR && pg_read_report(msg->body, !is_part, &e) == 0)
		tell(s, false, e.message);
	else if (msg->kind == PG_READY)
		s->estimated = 0;
}
