/* SPDX-License-Identifier: Apache-2.0
 * The control plane of a replay, on the same thread: lets in anybody, has no credential (the recorded
 * server asks for none), decides holds as it was told, and notes what was judged. */
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"
#include "parsers/base/visible.h"
#include "parsers/sql/blank.h"
#include "tools/replay/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct judged *judged_of(struct stub *s, uint64_t command)
{
	const size_t room = s->room == 0 ? 64 : s->room * 2;

	if (s->n > 0 && s->judged[s->n - 1].command == command)
		return &s->judged[s->n - 1];
	if (s->n == s->room) {
		struct judged *more = reallocarray(s->judged, room, sizeof(*more));

		must(more != NULL);
		s->judged = more;
		s->room = room;
	}
	s->judged[s->n] = (struct judged){ .command = command };
	return &s->judged[s->n++];
}

static void reply(struct stub *s, const struct ticket *t, int32_t rc)
{
	const struct ticket_answer a = { .kind = TICKET_ANSWER,
		.of = t->kind,
		.slot = t->slot,
		.gen = t->gen,
		.rc = rc,
		.session = t->kind == TICKET_WHO ? 1 : t->session,
		.command = t->command,
		.block = t->block,
		.text = "decided by --holds" };

	must(ring_push(s->answers, &a)); /* as many as questions at most */
}

/* The server's request is answered with nothing: it is AuthenticationOk, or there is no answer. */
static int32_t login_step(const struct ticket *t)
{
	const struct ticket_login *q = (const struct ticket_login *)(const void *)t->block->bytes;

	return q->len == 4 && load_be32(q->bytes) == PG_AUTH_OK ? 1 : -EACCES;
}

/* The command goes to the server: allowed, by the rules or by a person. Shown as those are that were
 * judged: without literals, so that what is printed can be passed on. */
static void written(struct stub *s, const struct ticket *t)
{
	const struct ticket_record *q = (const struct ticket_record *)(const void *)t->block->bytes;
	static const struct sql_settings settings = { SQL_ENC_UTF8, true };
	struct judged *j = judged_of(s, t->command);
	struct outbuf o = ob_of(j->text, sizeof(j->text) - 1);
	uint8_t bytes[2 * GATE_TEXT];
	struct outbuf blank = ob_of(bytes, sizeof(bytes));

	j->is_sent = true;
	if (j->text[0] != '\0')
		return;
	(void)sql_blank_put(&blank, (struct span){ t->block->bytes + sizeof(*q), q->text_len },
			&settings);
	visible_put(&o, ob_span(&blank), sizeof(j->text) - 1, false);
}

static void judged_note(struct stub *s, const struct ticket *t)
{
	struct judged *j = judged_of(s, t->command);

	j->verdict = (enum ticket_verdict)t->judged.verdict;
	memcpy(j->rule, t->judged.rule, sizeof(j->rule));
	memcpy(j->text, t->judged.text, sizeof(j->text));
}

static void gone(struct stub *s, const struct ticket *t)
{
	s->is_gone = true;
	s->why = t->gone.why;
	s->n_denied = t->gone.n_denied;
	s->n_commands = t->gone.n_commands;
	memcpy(s->detail, t->gone.detail, sizeof(s->detail));
}

static void take(struct stub *s, const struct ticket *t)
{
	switch ((enum ticket_kind)t->kind) {
	case TICKET_WHO:
	case TICKET_CANCEL:
		reply(s, t, 0);
		break;
	case TICKET_LOGIN:
		reply(s, t, login_step(t));
		break;
	case TICKET_MAY:
		reply(s, t, (int32_t)s->on_hold);
		break;
	case TICKET_PLAN:
		reply(s, t, 0);
		break;
	case TICKET_WRITTEN:
		written(s, t);
		reply(s, t, 0);
		break;
	case TICKET_WORK:
		t->work.run(t->work.arg);
		reply(s, t, 0);
		break;
	case TICKET_JUDGED:
		judged_note(s, t);
		break;
	case TICKET_GONE:
		gone(s, t);
		break;
	case TICKET_READY:
	case TICKET_FORGET:
	case TICKET_KINDS:
		break;
	}
}

uint32_t stub_turn(struct stub *s)
{
	struct ticket t;
	uint32_t n = 0;

	for (; ring_pop(s->tickets, &t); n++)
		take(s, &t);
	return n;
}
