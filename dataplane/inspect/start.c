/* SPDX-License-Identifier: Apache-2.0
 * What an agent says before anybody is known (PostgreSQL documentation, "Start-up"): encryption, its
 * start-up packet, its token; or a request to cancel. We are the server here: the codec is told what we
 * answer, as if the server had said it. */
#include "dataplane/inspect/session_priv.h"

#include <errno.h>
#include <string.h>

enum { TLS_HANDSHAKE_BYTE = 0x16 };

static const struct refusal garbage = { SESSION_NOT_STARTED, "08P01",
	"this is not the beginning of a PostgreSQL connection", NULL };

static const struct refusal no_memory = { SESSION_LIMIT, "53200",
	"the gateway has no memory left for this session", NULL };

static const struct refusal busy = { SESSION_LIMIT, "53300", "the gateway is too busy",
	"Try again." };

int say_as_server(struct session *s, struct span bytes)
{
	struct codec_plan plan = plan_of(s->spine);
	struct codec_msg msg;
	size_t at = 0;

	while (at < bytes.len) {
		const struct span in = { bytes.ptr + at, bytes.len - at };

		if (pg_codec.decode(s->pg, CODEC_TO_CLIENT, in, &msg) != CODEC_MSG ||
				pg_codec.answer(s->pg, &msg, &plan) != 0)
			return -EPROTO;
		at += msg.wire.len;
	}
	return leg_write(s, &s->agent, bytes.ptr, (uint32_t)bytes.len) == (int64_t)bytes.len ? 0
											     : -EIO;
}

/* One byte that answers a request for encryption. */
static bool answer_enc(struct session *s, char answer)
{
	return pg_session_enc_answer(s->pg, answer) == 0 &&
			leg_write(s, &s->agent, (const uint8_t *)&answer, 1) == 1;
}

static void tls_begin(struct session *s)
{
	if (leg_tls_begin(s, &s->agent, s->target->agent_tls) != 0) {
		session_close(s, SESSION_LIMIT, "no memory for TLS with the agent");
		return;
	}
	s->agent.need = 0;
	(void)session_stage(s, STAGE_AGENT_TLS);
}

/* What follows the request in clear would be taken for what TLS protects (CVE-2021-23222). */
static void on_encryption(struct session *s, const struct codec_msg *msg, bool is_last)
{
	const bool yes = msg->kind == PG_SSL_REQUEST && s->target->agent_tls != NULL &&
			s->agent.tls == NULL;

	if (!is_last || s->agent.tls != NULL)
		session_refuse(s, &garbage);
	else if (!answer_enc(s, yes ? 'S' : 'N'))
		session_close(s, SESSION_NOT_STARTED, "the agent does not take an answer");
	else if (yes)
		tls_begin(s);
}

/* Keeps a packet that is needed later. */
static bool start_keep(struct session *s, struct span bytes)
{
	s->start = arena_take(&s->spine->arena, bytes.len);
	if (s->start == NULL)
		return false;
	memcpy(s->start, bytes.ptr, bytes.len);
	s->start_len = (uint32_t)bytes.len;
	return true;
}

static void on_cancel(struct session *s, const struct codec_msg *msg)
{
	struct ticket t = { .kind = TICKET_CANCEL };
	struct ticket_cancel *q;
	struct pg_cancel c;

	s->is_cancel = true;
	if (pg_read_cancel(msg->body, &c) != 0 || c.key.len > TICKET_KEY_MAX) {
		session_close(s, SESSION_NOT_STARTED, "a cancel request that is malformed");
		return;
	}
	t.block = session_block(s, sizeof(*q));
	if (t.block == NULL || !start_keep(s, msg->wire)) {
		if (t.block != NULL)
			arena_give(&s->spine->arena, t.block, sizeof(*t.block) + sizeof(*q));
		session_close(s, SESSION_LIMIT, "no memory for a cancel request");
		return;
	}
	q = (struct ticket_cancel *)(void *)t.block->bytes;
	q->key = *stream_key(s->flow);
	q->target = s->target->index;
	q->pid = c.pid;
	q->key_len = (uint32_t)c.key.len;
	memcpy(q->bytes, c.key.ptr, c.key.len);
	t.block->len_bytes = sizeof(*q);
	if (session_ask(s, &t) != 0) {
		arena_give(&s->spine->arena, t.block, sizeof(*t.block) + sizeof(*q));
		session_close(s, SESSION_LIMIT, busy.message);
		return;
	}
	(void)session_stage(s, STAGE_WHO);
}

static bool is_off(struct span v)
{
	static const char *const words[] = { "false", "off", "no", "0", "f", "n" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (v.len == strlen(words[i]) && memcmp(v.ptr, words[i], v.len) == 0)
			return true;
	}
	return false;
}

static bool is_name(struct span s, const char *name)
{
	return s.len == strlen(name) && memcmp(s.ptr, name, s.len) == 0;
}

/* Why a start-up packet is not taken; NULL: it is. */
static const struct refusal *start_fault(const struct pg_startup *v)
{
	static const struct refusal replication = { SESSION_PROTOCOL, "0A000",
		"replication is not available through this gateway", NULL };
	static const struct refusal no_user = { SESSION_PROTOCOL, "28000",
		"no PostgreSQL user name specified in startup packet", NULL };
	struct reader r = { .in = v->params };
	struct pg_parameter p;
	bool has_user = false;

	while (pg_next_param(&r, &p)) {
		if (is_name(p.name, "replication") && !is_off(p.value))
			return &replication;
		has_user = has_user || (is_name(p.name, "user") && p.value.len > 0);
	}
	return has_user ? NULL : &no_user;
}

static void settle(struct session *s, const struct codec_msg *msg)
{
	struct codec_plan plan = plan_of(s->spine);

	if (pg_codec.forward(s->pg, msg, &plan) != 0)
		session_refuse(s, &no_memory);
}

static void on_startup(struct session *s, const struct codec_msg *msg)
{
	static const struct refusal in_clear = { SESSION_NOT_STARTED, "28000",
		"this target wants TLS: a token does not travel in clear",
		"Connect with sslmode=require or better." };
	uint8_t bytes[16];
	struct outbuf o = ob_of(bytes, sizeof(bytes));
	const struct refusal *fault;
	struct pg_startup v;

	if (pg_read_startup(msg->body, &v) != 0) {
		session_refuse(s, &garbage);
		return;
	}
	settle(s, msg);
	if (s->stage == STAGE_OVER)
		return;
	fault = s->agent.tls == NULL && !s->target->token_in_clear ? &in_clear : start_fault(&v);
	if (fault == NULL && !start_keep(s, msg->body))
		fault = &no_memory;
	if (fault != NULL) {
		session_refuse(s, fault);
		return;
	}
	pg_write_authentication(&o, PG_AUTH_CLEARTEXT, (struct span){ NULL, 0 });
	if (say_as_server(s, ob_span(&o)) != 0)
		session_close(s, SESSION_NOT_STARTED, "the agent does not take an answer");
	(void)session_stage(s, STAGE_TOKEN);
}

static void copy_name(char to[TICKET_NAME_MAX + 1], struct span from)
{
	const size_t n = from.len < TICKET_NAME_MAX ? from.len : TICKET_NAME_MAX;

	memcpy(to, from.ptr, n);
	to[n] = '\0';
}

static void who_fill(struct session *s, struct ticket_who *q, struct span token)
{
	struct pg_startup v;
	struct pg_parameter p;
	struct reader r;

	q->key = *stream_key(s->flow);
	q->encrypted = s->agent.tls != NULL;
	q->token_len = (uint32_t)token.len;
	memcpy(q + 1, token.ptr, token.len);
	if (pg_read_startup((struct span){ s->start, s->start_len }, &v) != 0)
		return;
	r = (struct reader){ .in = v.params };
	while (pg_next_param(&r, &p)) {
		if (is_name(p.name, "user"))
			copy_name(q->user, p.value);
		if (is_name(p.name, "database"))
			copy_name(q->database, p.value);
		if (is_name(p.name, "application_name"))
			copy_name(q->application, p.value);
	}
}

static void on_token(struct session *s, const struct codec_msg *msg)
{
	struct ticket t = { .kind = TICKET_WHO };
	const struct refusal *fault = NULL;
	struct span token;
	size_t bytes;

	settle(s, msg);
	if (s->stage == STAGE_OVER)
		return;
	if (pg_read_string(msg->body, &token) != 0 || token.len > TICKET_TOKEN_MAX) {
		session_refuse(s, &garbage);
		return;
	}
	bytes = sizeof(struct ticket_who) + token.len + TICKET_ACTOR_ROOM;
	t.block = session_block(s, bytes);
	if (t.block == NULL) {
		session_refuse(s, &no_memory);
		return;
	}
	who_fill(s, (struct ticket_who *)(void *)t.block->bytes, token);
	t.block->len_bytes = (uint32_t)bytes - TICKET_ACTOR_ROOM;
	if (session_ask(s, &t) != 0) {
		explicit_bzero(t.block->bytes, bytes);
		arena_give(&s->spine->arena, t.block, sizeof(*t.block) + bytes);
		fault = &busy;
	}
	if (fault != NULL)
		session_refuse(s, fault);
	else
		(void)session_stage(s, STAGE_WHO);
}

static void on_message(struct session *s, const struct codec_msg *msg, bool is_last)
{
	switch (msg->kind) {
	case PG_SSL_REQUEST:
	case PG_GSSENC_REQUEST:
		on_encryption(s, msg, is_last);
		break;
	case PG_CANCEL_REQUEST:
		on_cancel(s, msg);
		break;
	case PG_STARTUP:
		on_startup(s, msg);
		break;
	case PG_PASSWORD:
		on_token(s, msg);
		break;
	default: {
		static const struct refusal version = { SESSION_NOT_STARTED, "0A000",
			"unsupported frontend protocol: this gateway speaks 3.0 to 3.2", NULL };

		session_refuse(s, msg->kind == PG_STARTUP_UNKNOWN ? &version : &garbage);
	}
	}
}

static void hello_unreadable(struct session *s, enum codec_rc rc, const struct window *w)
{
	const bool is_tls = rc == CODEC_OPAQUE && s->agent.tls == NULL && w->at == 0 &&
			w->ptr[0] == TLS_HANDSHAKE_BYTE && w->is_direct;

	if (is_tls && s->target->agent_tls != NULL)
		tls_begin(s); /* sslnegotiation=direct: the next look is TLS's */
	else if (is_tls)
		session_close(s, SESSION_NOT_STARTED, "TLS is not offered here");
	else
		session_refuse(s, &garbage);
}

/* false: nothing more can be done now. */
static bool start_step(struct session *s)
{
	const enum stage stage = s->stage;
	uint32_t need = 0;
	struct codec_msg msg;
	struct window w;
	enum codec_rc rc;

	if (leg_window(s, &s->agent, &w) != 0) {
		session_close(s, SESSION_NOT_STARTED, "TLS with the agent failed");
		return false;
	}
	rc = pg_codec.decode(s->pg, CODEC_TO_SERVER, (struct span){ w.ptr, w.len }, &msg);
	if (rc == CODEC_MSG) {
		on_message(s, &msg, w.len == msg.wire.len);
		if (s->stage != STAGE_OVER)
			leg_consume(s, &s->agent, &w, (uint32_t)msg.wire.len);
	} else if (rc == CODEC_MORE) {
		need = msg.need_bytes;
	} else {
		hello_unreadable(s, rc, &w);
	}
	if (s->stage != STAGE_OVER && leg_keep(s, &s->agent, &w, need) != 0)
		session_refuse(s, &no_memory);
	explicit_bzero(s->spine->scratch,
			w.len < s->spine->scratch_bytes ? w.len : s->spine->scratch_bytes);
	if (s->stage == STAGE_WHO)
		stream_hold(s->relay, s->flow, SIDE_AGENT);
	if (s->stage != STAGE_OVER && rc == CODEC_MORE && s->agent.at_end)
		session_close(s, SESSION_NOT_STARTED, "the agent left");
	return s->stage != STAGE_OVER && (rc == CODEC_MSG || s->stage != stage || w.is_full);
}

static bool agent_tls_step(struct session *s)
{
	struct tls_failure why;
	struct tls_facts facts;
	const enum tls_rc rc = leg_handshake(s, &s->agent);

	if (rc == TLS_NEED_INPUT || rc == TLS_SLOW)
		return false;
	if (rc != TLS_OK) {
		tls_conn_failure(s->agent.tls, &why);
		session_close(s, SESSION_NOT_STARTED, tls_reason_name(why.reason));
		return false;
	}
	tls_conn_facts(s->agent.tls, &facts);
	if (pg_session_secured(s->pg) != 0 && facts.alpn.len == 0) {
		/* direct: without ALPN it might be meant for another protocol (PostgreSQL 17) */
		session_close(s, SESSION_NOT_STARTED, "direct TLS without ALPN");
		return false;
	}
	(void)session_stage(s, STAGE_HELLO);
	return true;
}

void start_run(struct session *s)
{
	bool more = true;

	while (more &&
			(s->stage == STAGE_HELLO || s->stage == STAGE_TOKEN ||
					s->stage == STAGE_AGENT_TLS)) {
		if (s->work == WORK_AGENT_TLS)
			return;
		more = s->stage == STAGE_AGENT_TLS ? agent_tls_step(s) : start_step(s);
	}
}

static void cancel_answered(struct session *s, int32_t rc)
{
	if (rc == 0) {
		login_begin(s);
		session_run(s, SIDE_PROD); /* it may have left meanwhile */
	} else                             /* as a server does, which never says what came of it */
		session_close(s, SESSION_CLOSED, rc > 0 ? "" : "the cancel request has no session");
}

void start_answered(struct session *s, const struct ticket_answer *a)
{
	static const struct refusal refused = { SESSION_REFUSED, "28P01", "authentication failed",
		"The password is a token of the organisation's identity provider." };

	if (s->stage != STAGE_WHO || a->of != (s->is_cancel ? TICKET_CANCEL : TICKET_WHO))
		return;
	if (s->is_cancel) {
		cancel_answered(s, a->rc);
	} else if (a->rc != 0) {
		session_refuse(s, &refused);
	} else {
		s->id = a->session;
		context_keep(s, a->block);
		login_begin(s);
		session_run(s, SIDE_PROD); /* it may have left meanwhile */
	}
}
