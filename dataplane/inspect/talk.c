/* SPDX-License-Identifier: Apache-2.0
 * Messages both ways. Each is settled by the codec before the next is read; what may go is sent on in
 * runs, uncopied where both ends are clear text. Nothing of a message leaves before it is settled. */
#include "dataplane/handoff/ring.h"
#include "dataplane/inspect/masks.h"
#include "dataplane/inspect/session_priv.h"
#include "parsers/base/must.h"

#include <errno.h>
#include <string.h>

enum { RETRY_US = 10000 };

/* One look at one direction. */
struct talk {
	struct session *s;
	enum codec_dir dir;
	struct leg *from, *to;
	struct lane *lane;
	struct window w;
	uint32_t run; /* bytes behind window.at that are settled to pass */
	struct codec_plan plan;
};

enum step {
	STEP_ON,   /* look at the next message */
	STEP_STOP, /* wait: for bytes, room, an answer */
};

static const struct refusal broken[CODEC_DIRS] = {
	[CODEC_TO_SERVER] = { SESSION_PROTOCOL, "08P01",
			"the client's message breaks the protocol, or is beyond what is understood",
			NULL },
	[CODEC_TO_CLIENT] = { SESSION_PROTOCOL, "08P01", "the server's message breaks the protocol",
			NULL },
};

static void broke(struct session *s, enum codec_dir dir)
{
	struct refusal r = broken[dir];

	session_refuse(s, &r);
	text_copy(s->detail, sizeof(s->detail), pg_why_text(pg_session_why(s->pg)));
}

static void lost(struct session *s)
{
	session_close(s, SESSION_CLOSED, "an end does not take what is sent");
}

/* The command at the head is with somebody else: nothing of this direction is judged meanwhile. Or a
 * record is not durable: no answer is let out. */
static bool is_out(const struct session *s, enum codec_dir dir)
{
	return dir == CODEC_TO_SERVER ? judge_is_waiting(s) : s->n_unwritten > 0;
}

/* Sends on what was settled. false: not all of it could go. */
static bool flush(struct talk *t)
{
	int64_t n;

	if (t->run == 0)
		return true;
	n = leg_pass(t->s, t->from, &t->w, t->to, t->run);
	if (n < 0) {
		lost(t->s);
		return false;
	}
	t->run -= (uint32_t)n;
	t->lane->pass_left = t->run;
	return t->run == 0;
}

/* What the codec puts in. There is room: has_room() saw to it. */
static bool put(struct talk *t, struct leg *l, const struct outbuf *o)
{
	if (o->len == 0)
		return true;
	if (!o->full && leg_write(t->s, l, o->ptr, (uint32_t)o->len) == (int64_t)o->len)
		return true;
	session_close(t->s, SESSION_LIMIT, "no buffers for what the gateway has to say");
	return false;
}

/* The codec has settled a message and what it puts in goes behind what was settled before: has_room() saw to
 * that, but for buffers, and nobody can settle it again. */
static bool flushed(struct talk *t)
{
	if (flush(t))
		return true;
	session_close(t->s, SESSION_LIMIT, "no buffers for what was settled");
	return false;
}

/* What is owed goes on. false: not all of it. */
static bool pay(struct session *s)
{
	struct owed *o = &s->masks.owed;
	int64_t n;

	if (o->ptr == NULL)
		return true;
	n = leg_write(s, &s->agent, o->ptr + o->at, o->len - o->at);
	if (n < 0) {
		lost(s);
		return false;
	}
	o->at += (uint32_t)n;
	if (o->at < o->len) {
		leg_room_need(s, &s->agent, SPINE_MARGIN);
		return false;
	}
	arena_give(&s->spine->arena, o->ptr, o->len);
	*o = (struct owed){ .ptr = NULL };
	return true;
}

/* To the agent, now or when there is room: nothing else is said to it before. */
static bool owe(struct session *s, struct span bytes)
{
	const int64_t n = leg_write(s, &s->agent, bytes.ptr, (uint32_t)bytes.len);
	struct owed *o = &s->masks.owed;

	if (n < 0) {
		lost(s);
		return false;
	}
	if ((uint64_t)n == bytes.len)
		return true;
	o->len = (uint32_t)(bytes.len - (uint64_t)n);
	o->ptr = arena_take(&s->spine->arena, o->len);
	if (o->ptr == NULL) {
		session_close(s, SESSION_LIMIT, "no memory for a message that was masked");
		return false;
	}
	o->at = 0;
	memcpy(o->ptr, bytes.ptr + n, o->len);
	leg_room_need(s, &s->agent, SPINE_MARGIN);
	return false;
}

/* The message is settled: what of it goes where. */
static enum step carry_out(struct talk *t, const struct codec_msg *msg)
{
	struct session *s = t->s;
	const bool puts = t->plan.to_server.len + t->plan.to_client.len > 0;

	if (t->plan.what == CODEC_HOLD) {
		t->lane->waits = true;
		if (flushed(t))
			(void)put(t, &s->prod, &t->plan.to_server);
		return STEP_STOP;
	}
	if (t->plan.what == CODEC_PASS && !puts) {
		t->run += (uint32_t)msg->wire.len;
		return STEP_ON;
	}
	if (!flushed(t))
		return STEP_STOP;
	if (!put(t, &s->prod, &t->plan.to_server) || !put(t, &s->agent, &t->plan.to_client))
		return STEP_STOP;
	if (t->plan.what == CODEC_PASS)
		t->run += (uint32_t)msg->wire.len;
	else
		leg_consume(s, t->from, &t->w, (uint32_t)msg->wire.len);
	return STEP_ON;
}

/* ---- the agent's messages */

static int deny(struct talk *t, const struct codec_msg *msg, const struct codec_denial *why)
{
	const int rc = pg_codec.deny(t->s->pg, msg, why, &t->plan);

	if (rc != 0 || t->plan.what == CODEC_HOLD)
		return rc;
	t->s->n_denied++;
	t->s->spine->counters.denied++;
	return 0;
}

/* Beyond a limit: denied, and the session goes on. */
static int deny_limit(struct talk *t, const struct codec_msg *msg, int rc)
{
	struct codec_denial why = { .code = "54000" };
	int denied;

	if (rc == -EMSGSIZE)
		why.message = text_span("the command is longer than this gateway takes");
	else
		why.message = text_span(pg_why_text(pg_session_why(t->s->pg)));
	why.hint = text_span("The limits are the gateway's (targets[].limits).");
	denied = deny(t, msg, &why);
	t->s->spine->counters.too_long += rc == -EMSGSIZE && t->plan.what != CODEC_HOLD;
	return denied;
}

static bool is_command(const struct codec_msg *msg)
{
	return (msg->flags & CODEC_F_COMMAND) != 0 &&
			((msg->flags & CODEC_F_PART) == 0 || (msg->flags & CODEC_F_FIRST) != 0);
}

static enum step settle_client(struct talk *t, const struct codec_msg *msg)
{
	struct session *s = t->s;
	struct codec_denial why = { .code = NULL };
	enum judged judged = JUDGED_ALLOW;
	int rc;

	if (is_command(msg) && (msg->flags & CODEC_F_PART) == 0)
		judged = judge_command(s, msg, &why);
	if (judged == JUDGED_WAIT && s->hold.state == HOLD_ASKED) {
		if (flush(t)) {
			label_announce(s, &t->plan.to_server);
			estimate_ask(s, msg, &t->plan.to_server);
			(void)put(t, &s->prod, &t->plan.to_server);
		}
		return STEP_STOP;
	}
	if (judged == JUDGED_WAIT) {
		if (t->lane->waits && !s->has_flushed && s->masks.reading == NULL && flush(t)) {
			pg_write_empty(&t->plan.to_server, 'H'); /* or it keeps its answers */
			s->has_flushed = put(t, &s->prod, &t->plan.to_server);
		}
		return STEP_STOP;
	}
	s->has_flushed = false;
	if (judged == JUDGED_ALLOW && is_command(msg) && (msg->flags & CODEC_F_PART) == 0)
		label_announce(s, &t->plan.to_server);
	rc = judged == JUDGED_DENY ? deny(t, msg, &why) : pg_codec.forward(s->pg, msg, &t->plan);
	if (rc == -EMSGSIZE || (rc == -ENOBUFS && judged != JUDGED_DENY))
		rc = deny_limit(t, msg, rc);
	if (rc == -ENOTSUP || rc == -ENOBUFS) {
		session_close(s, SESSION_LIMIT, "a command that can only be denied by the end");
		return STEP_STOP;
	}
	if (rc != 0) {
		broke(s, CODEC_TO_SERVER);
		return STEP_STOP;
	}
	if (t->plan.what != CODEC_HOLD && is_command(msg)) {
		s->n_commands++;
		s->spine->counters.commands++;
		judge_settled(s, judged == JUDGED_DENY ? 0 : t->plan.id);
	}
	return carry_out(t, msg);
}

/* ---- the server's messages */

static void became_ready(struct session *s)
{
	struct ticket t = { .kind = TICKET_READY };
	struct pg_cancel c;

	s->is_ready = true;
	s->deadline_us = 0;
	session_rearm(s);
	if (pg_session_cancel_key(s->pg, &c) && c.key.len <= TICKET_KEY_MAX) {
		t.ready.pid = c.pid;
		t.ready.key_len = (uint32_t)c.key.len;
		memcpy(t.ready.key, c.key.ptr, c.key.len);
	}
	if (session_ask(s, &t) != 0)
		session_close(s, SESSION_LIMIT, "the control plane is too busy");
	explicit_bzero(&t, sizeof(t));
}

/* What answers a request of our own is for whoever asked. */
static void own_answered(struct session *s, const struct codec_msg *msg)
{
	const struct pg_answer *a = pg_session_answer(s->pg);

	if ((a->flags & (PG_A_HIDDEN | PG_A_ASYNC)) != PG_A_HIDDEN)
		return;
	if (a->request == PG_FUNCTION_CALL)
		label_answered(s, msg);
	else if (a->request == PG_SYNC && s->estimated != 0) /* it is asked for first */
		estimate_answered(s, msg);
	else if (a->request == PG_SYNC)
		catalogue_answered(s, msg);
}

static enum step changed(struct talk *t, const struct codec_msg *msg, struct span bytes)
{
	struct session *s = t->s;

	if (!flushed(t) || !put(t, &s->agent, &t->plan.to_client))
		return STEP_STOP;
	leg_consume(s, t->from, &t->w, (uint32_t)msg->wire.len);
	return owe(s, bytes) ? STEP_ON : STEP_STOP;
}

/* A message of the server's may go to the agent, but for what it says. */
static enum step let_out(struct talk *t, const struct codec_msg *msg)
{
	static const struct refusal unmasked = { SESSION_PROTOCOL, "XX000",
		"what the server sent cannot be masked, so it is not let out", NULL };
	struct session *s = t->s;
	struct span bytes;

	switch (mask_answer(s, msg, &bytes)) {
	case MASKED_CLEAN:
		break;
	case MASKED_CHANGED:
		return changed(t, msg, bytes);
	case MASKED_NOT:
		(void)flush(t);
		session_refuse(s, &unmasked);
		return STEP_STOP;
	}
	return carry_out(t, msg);
}

static enum step settle_server(struct talk *t, const struct codec_msg *msg)
{
	struct session *s = t->s;
	enum step step;
	uint64_t id;
	bool is_last;

	if (pg_codec.answer(s->pg, msg, &t->plan) != 0) {
		(void)flush(t);
		broke(s, CODEC_TO_CLIENT);
		return STEP_STOP;
	}
	id = pg_session_answer(s->pg)->id;
	is_last = (pg_session_answer(s->pg)->flags & PG_A_LAST) != 0;
	if (msg->kind == PG_PARAMETER_STATUS && mask_hides_parameter(s, msg))
		t->plan.what = CODEC_DROP;
	else if (msg->kind == PG_PARAMETER_STATUS)
		label_reported(s, msg, &t->plan);
	else
		own_answered(s, msg);
	if (msg->kind == PG_READY && !s->is_ready)
		became_ready(s);
	if (s->stage == STAGE_OVER)
		return STEP_STOP;
	step = t->plan.what == CODEC_PASS ? let_out(t, msg) : carry_out(t, msg);
	notes_answered(s, id, is_last);
	return step;
}

/* ---- both */

/* Room for whatever settling one message may put anywhere, and for what is already settled. An answer
 * puts nothing to the server, which may not read before it is rid of that. */
static bool has_room(struct talk *t)
{
	struct session *s = t->s;
	const bool is_free = t->w.is_direct && t->to->tls == NULL; /* passing asks for no room */
	struct leg *full = NULL;

	if (leg_room(s, t->to) < SPINE_MARGIN + (is_free ? 0 : t->run) &&
			(!flush(t) || leg_room(s, t->to) < SPINE_MARGIN))
		full = t->to;
	else if (t->dir == CODEC_TO_SERVER && leg_room(s, &s->agent) < SPINE_MARGIN)
		full = &s->agent; /* told to the other direction: that one looks at us, too */
	if (full == NULL || s->stage == STAGE_OVER)
		return full == NULL && s->stage != STAGE_OVER;
	leg_room_need(s, full, SPINE_MARGIN);
	t->lane->waits = true;
	return false;
}

/* What we might say to the agent has to wait for the end of a message that is half sent. */
static bool is_other_half_sent(const struct talk *t)
{
	return t->dir == CODEC_TO_SERVER &&
			(t->s->lane[CODEC_TO_CLIENT].pass_left > 0 || t->s->masks.owed.ptr != NULL);
}

static enum step step(struct talk *t, uint32_t *ret_need)
{
	const uint32_t at = t->w.at + t->run;
	const struct span in = { t->w.ptr + at, t->w.len - at };
	struct codec_msg msg;
	enum codec_rc rc;

	if (in.len == 0)
		return STEP_STOP;
	if (is_other_half_sent(t)) {
		t->lane->waits = true;
		return STEP_STOP;
	}
	if (!has_room(t))
		return STEP_STOP;
	t->plan = plan_of(t->s->spine);
	rc = pg_codec.decode(t->s->pg, t->dir, (struct span){ t->w.ptr + t->w.at + t->run, in.len },
			&msg);
	if (rc == CODEC_MORE) {
		*ret_need = msg.need_bytes;
		return STEP_STOP;
	}
	if (rc != CODEC_MSG) {
		(void)flush(t);
		broke(t->s, t->dir);
		return STEP_STOP;
	}
	return t->dir == CODEC_TO_SERVER ? settle_client(t, &msg) : settle_server(t, &msg);
}

/* The server's end was passed on, and a command waits for what nobody will say any more. */
static bool is_forsaken(const struct session *s)
{
	return s->prod.at_end && s->agent.is_closed &&
			(s->lane[CODEC_TO_SERVER].waits || judge_is_waiting(s));
}

/* The end of a direction, when all before it has gone. */
static void end_check(struct talk *t)
{
	struct session *s = t->s;

	if (!t->from->at_end || t->lane->pass_left > 0 || t->lane->waits || is_out(s, t->dir) ||
			(t->dir == CODEC_TO_CLIENT && s->masks.owed.ptr != NULL))
		return;
	if (t->to->tls != NULL && !t->to->is_closed && leg_room(s, t->to) == 0) {
		leg_room_need(s, t->to, 1);
		return;
	}
	leg_close(s, t->to);
}

/* There is more in the stream than was seen, and nothing else is waited for. */
static bool is_worth_looking(const struct talk *t, uint32_t need)
{
	const uint32_t len = stream_len(t->s->flow, t->from->side);

	if (t->run > 0 || t->lane->waits || t->from->at_end ||
			(t->dir == CODEC_TO_CLIENT && t->s->masks.owed.ptr != NULL))
		return false;
	if (!t->w.is_direct)
		return t->w.is_full || (len > 0 && (t->w.at > 0 || t->w.fresh > 0));
	return len > 0 && (t->w.at > 0 || need > t->w.len) && len >= need;
}

/* false: there is nothing more to do for now. */
static bool look(struct session *s, enum codec_dir dir)
{
	struct talk t = { .s = s,
		.dir = dir,
		.from = dir == CODEC_TO_SERVER ? &s->agent : &s->prod,
		.to = dir == CODEC_TO_SERVER ? &s->prod : &s->agent,
		.lane = &s->lane[dir],
		.plan = plan_of(s->spine) };
	uint32_t need = 0;

	if (dir == CODEC_TO_CLIENT && !pay(s))
		return false;
	if (leg_window(s, t.from, &t.w) != 0) {
		session_close(s, SESSION_CLOSED, "TLS broke, or no memory");
		return false;
	}
	t.run = (uint32_t)(t.lane->pass_left < t.w.len ? t.lane->pass_left : t.w.len);
	t.lane->waits = false;
	while (s->stage == STAGE_TALK && !is_out(s, dir) && step(&t, &need) == STEP_ON)
		;
	if (s->stage != STAGE_TALK)
		return false;
	(void)flush(&t);
	if (s->stage != STAGE_TALK)
		return false;
	if (t.run > 0 && is_out(s, dir) &&
			s->retry_us == 0) /* a direction that is held is not called */
		s->retry_us = s->spine->now_us + RETRY_US;
	if (t.run > 0)
		leg_room_need(s, t.to, SPINE_MARGIN);
	else
		leg_flush(s, t.to);
	if (leg_keep(s, t.from, &t.w, t.run > 0 || t.lane->waits ? 0 : need) != 0) {
		session_refuse(s,
				&(struct refusal){ SESSION_LIMIT, "53200",
						"no memory is left for this session", NULL });
		return false;
	}
	if (s->stage == STAGE_TALK)
		end_check(&t);
	if (s->stage == STAGE_TALK && is_forsaken(s))
		session_close(s, SESSION_CLOSED, "the server left a command that waited");
	return s->stage == STAGE_TALK && is_worth_looking(&t, need);
}

/* The same of what TLS has taken of it, and for a direction that is held the engine does not call. */
static void out_flush(struct session *s)
{
	leg_flush(s, &s->prod);
	if (s->flow == NULL || s->prod.tls == NULL || tls_conn_pending(s->prod.tls) == 0)
		return;
	if (s->retry_us == 0)
		s->retry_us = s->spine->now_us + RETRY_US;
	session_rearm(s);
}

static void run(struct session *s, enum codec_dir dir)
{
	/* what was settled before it is still to go */
	while (s->stage == STAGE_TALK && (!is_out(s, dir) || s->lane[dir].pass_left > 0) &&
			look(s, dir))
		;
	if (s->stage == STAGE_TALK && is_out(s, dir))
		out_flush(s);
}

void talk_run(struct session *s, enum codec_dir dir)
{
	const enum codec_dir other = dir == CODEC_TO_SERVER ? CODEC_TO_CLIENT : CODEC_TO_SERVER;

	run(s, dir);
	if (s->stage == STAGE_TALK && s->lane[other].waits)
		run(s, other);
	if (s->stage == STAGE_TALK)
		masks_hold(s);
}
