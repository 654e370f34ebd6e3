/* SPDX-License-Identifier: Apache-2.0
 * The two gates (DESIGN.md 3). Effect gate: a command that may change anything is not sent before its
 * record is durable. Disclosure gate: what is proven read-only is sent at once, and nothing that comes
 * back is let out before its record is durable, so that the disk hides behind the query. */
#include "dataplane/inspect/session_priv.h"

#include <string.h>

static bool ask(struct session *s, const struct pg_command *c, bool is_read_only)
{
	const uint32_t len =
			c->text.len < TICKET_TEXT_MAX ? (uint32_t)c->text.len : TICKET_TEXT_MAX;
	const size_t bytes = sizeof(struct ticket_record) + len;
	struct ticket t = { .kind = TICKET_WRITTEN, .command = s->n_commands + 1 };
	struct ticket_record *q;

	t.block = session_block(s, bytes);
	if (t.block == NULL)
		return false;
	q = (struct ticket_record *)(void *)t.block->bytes;
	*q = (struct ticket_record){ .is_read_only = is_read_only,
		.text_bytes = (uint32_t)c->text.len,
		.text_len = len,
		.n_values = c->kind == PG_BIND ? c->bind.n_values : 0 };
	if (len > 0)
		memcpy(q + 1, c->text.ptr, len);
	t.block->len_bytes = (uint32_t)bytes;
	if (session_ask(s, &t) == 0)
		return true;
	arena_give(&s->spine->arena, t.block, sizeof(*t.block) + bytes);
	return false;
}

/* A Parse has no effect and no answer worth hiding; an Execute runs what its Bind recorded. */
static bool is_recorded(uint16_t kind)
{
	return kind == PG_QUERY || kind == PG_BIND || kind == PG_FUNCTION_CALL;
}

static enum judged unwritable(struct codec_denial *why)
{
	why->code = "58030";
	why->message = text_span("the command cannot be recorded, so it is not sent");
	why->hint = text_span("Try again; if it stays so, tell the operator of the gateway.");
	return JUDGED_DENY;
}

enum judged record_command(struct session *s, const struct pg_command *c, bool is_read_only,
		struct codec_denial *why)
{
	if (!s->target->records || !is_recorded(c->kind) || s->record == RECORD_DONE)
		return JUDGED_ALLOW;
	if (s->record == RECORD_FAILED || !ask(s, c, is_read_only))
		return unwritable(why);
	if (is_read_only) {
		s->record = RECORD_DONE;
		s->n_unwritten++;
		return JUDGED_ALLOW;
	}
	s->record = RECORD_ASKED;
	stream_hold(s->relay, s->flow, SIDE_AGENT);
	return JUDGED_WAIT;
}

static void effect_answered(struct session *s, int32_t rc)
{
	s->record = rc == 0 ? RECORD_DONE : RECORD_FAILED;
	stream_resume(s->relay, s->flow, SIDE_AGENT);
	talk_run(s, CODEC_TO_SERVER);
}

static void disclosure_answered(struct session *s, int32_t rc)
{
	static const struct refusal failed = { SESSION_LIMIT, "58030",
		"a command could not be recorded, so its answer is not let out", NULL };

	if (rc != 0) {
		session_refuse(s, &failed);
		return;
	}
	if (--s->n_unwritten == 0)
		talk_run(s, CODEC_TO_CLIENT);
}

void record_answered(struct session *s, const struct ticket_answer *a)
{
	if (s->record == RECORD_ASKED && a->command == s->n_commands + 1)
		effect_answered(s, a->rc);
	else if (s->n_unwritten > 0)
		disclosure_answered(s, a->rc);
	else
		s->spine->counters.stale_answers++;
}
