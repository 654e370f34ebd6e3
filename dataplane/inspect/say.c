/* SPDX-License-Identifier: Apache-2.0
 * What the agent is told by us, and the end of a session. */
#include "dataplane/inspect/session_priv.h"

#include <errno.h>
#include <string.h>

struct span text_span(const char *text)
{
	return (struct span){ (const uint8_t *)text, text == NULL ? 0 : strlen(text) };
}

void text_decimal(uint64_t v, struct outbuf *o)
{
	uint8_t digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	ob_put(o, digits + n, sizeof(digits) - n);
}

void text_copy(char *to, size_t size, const char *from)
{
	const size_t n = strnlen(from, size - 1);

	memcpy(to, from, n);
	memset(to + n, 0, size - n);
}

/* Nothing of the server's is half said, and what we say would arrive. */
static bool may_speak(struct session *s)
{
	const bool is_talking = s->stage == STAGE_TALK;

	if (s->stage == STAGE_OVER || s->agent.is_closed || s->stage == STAGE_AGENT_TLS ||
			(s->agent.tls != NULL && tls_conn_is_away(s->agent.tls)))
		return false;
	return (!is_talking ||
			       (pg_session_at_boundary(s->pg) &&
					       s->lane[CODEC_TO_CLIENT].pass_left == 0 &&
					       s->masks.owed.ptr == NULL)) &&
			leg_room(s, &s->agent) >= SPINE_SAY;
}

static struct pg_say say_of(struct session *s, const char *severity, const char *code,
		const char *message, const char *hint)
{
	return (struct pg_say){ .severity = severity,
		.sqlstate = code,
		.message = text_span(message),
		.hint = text_span(hint),
		.ascii = s->stage == STAGE_TALK && !pg_session_is_utf8(s->pg) };
}

int say_notice(struct session *s, const char *message, const char *hint)
{
	uint8_t bytes[SPINE_SAY];
	struct outbuf o = ob_of(bytes, sizeof(bytes));
	const struct pg_say say = say_of(s, "NOTICE", "00000", message, hint);

	if (!may_speak(s))
		return -EAGAIN;
	pg_write_notice(&o, &say);
	s->spine->counters.notices++;
	return o.full || leg_write(s, &s->agent, bytes, (uint32_t)o.len) < 0 ? -EIO : 0;
}

static void say_fatal(struct session *s, const struct refusal *r)
{
	uint8_t bytes[SPINE_SAY];
	struct outbuf o = ob_of(bytes, sizeof(bytes));
	const struct pg_say say = say_of(s, "FATAL", r->code, r->message, r->hint);

	if (!may_speak(s))
		return;
	pg_write_error(&o, &say);
	if (!o.full)
		(void)leg_write(s, &s->agent, bytes, (uint32_t)o.len);
	leg_close_notify(s, &s->agent);
}

void session_close(struct session *s, enum session_end why, const char *detail)
{
	if (s->stage == STAGE_OVER)
		return;
	s->why = why;
	text_copy(s->detail, sizeof(s->detail), detail);
	s->stage = STAGE_OVER;
	stream_deny(s->relay, s->flow, STREAM_DENY_REPLY, NULL, 0);
}

void session_refuse(struct session *s, const struct refusal *r)
{
	if (s->stage == STAGE_OVER)
		return;
	if (r->code != NULL)
		say_fatal(s, r);
	session_close(s, r->why, r->message);
}
