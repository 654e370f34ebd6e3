/* SPDX-License-Identifier: Apache-2.0
 * What is said to the server before it lets us in. We are its client here: the control plane holds the
 * credential and makes each answer, nothing of it stays with the worker. From AuthenticationOk on the
 * server speaks with the agent. */
#include "dataplane/inspect/session_priv.h"
#include "parsers/base/must.h"

#include <errno.h>
#include <string.h>

enum {
	HEADER = 5,
	MESSAGE_MAX = 64 << 10, /* of the server's before it lets us in; an error is the longest */
};

static const struct refusal failed = { SESSION_LOGIN, "08004",
	"the gateway could not log in to the server", "Ask the operator of the gateway." };

static void fail(struct session *s, const char *detail)
{
	struct refusal r = failed;

	session_refuse(s, &r);
	text_copy(s->detail, sizeof(s->detail), detail); /* the agent hears no more than that */
}

/* ---- encryption */

static void speak(struct session *s);

static void prod_tls_begin(struct session *s)
{
	if (leg_tls_begin(s, &s->prod, s->target->prod_tls) != 0) {
		fail(s, "no memory for TLS with the server");
		return;
	}
	(void)session_stage(s, STAGE_PROD_TLS);
	login_run(s);
}

void login_begin(struct session *s)
{
	uint8_t bytes[8];
	struct outbuf o = ob_of(bytes, sizeof(bytes));

	if (s->target->prod_tls == NULL) {
		speak(s);
	} else if (s->target->prod_direct_tls) {
		prod_tls_begin(s);
	} else {
		pg_write_request(&o, PG_CODE_SSL);
		(void)session_stage(s, STAGE_PROD_ASK);
		if (leg_write(s, &s->prod, bytes, (uint32_t)o.len) != (int64_t)o.len)
			fail(s, "the server does not take a request");
	}
}

/* One byte, and nothing behind it: what comes in clear behind it is not the server's word. */
static void ask_step(struct session *s)
{
	struct span first;

	if (stream_len(s->flow, SIDE_PROD) == 0) {
		if (stream_at_end(s->flow, SIDE_PROD))
			fail(s, "the server closed the connection");
		return;
	}
	if (stream_view(s->relay, s->flow, SIDE_PROD, &first, 1) != 1 || first.len == 0)
		return;
	if (first.ptr[0] != 'S') {
		fail(s, "the server does not speak TLS");
		return;
	}
	if (stream_len(s->flow, SIDE_PROD) != 1) {
		fail(s, "bytes in clear behind the server's answer about TLS");
		return;
	}
	(void)stream_drop(s->relay, s->flow, SIDE_PROD, 1);
	prod_tls_begin(s);
}

static void prod_tls_step(struct session *s)
{
	struct tls_failure why;
	enum tls_rc rc;

	if (s->work == WORK_PROD_TLS)
		return;
	rc = leg_handshake(s, &s->prod);
	if (rc == TLS_OK) {
		speak(s);
		return;
	}
	if (rc == TLS_FAILED) {
		tls_conn_failure(s->prod.tls, &why);
		fail(s, tls_reason_name(why.reason));
	}
}

/* ---- the first packet */

static bool is_name(struct span s, const char *name)
{
	return s.len == strlen(name) && memcmp(s.ptr, name, s.len) == 0;
}

static void put_text(struct outbuf *o, struct span text)
{
	ob_put(o, text.ptr, text.len);
	ob_u8(o, 0);
}

/* As the server compares it: cut to PG_NAME_MAX. */
static void database_keep(struct session *s, struct span name)
{
	uint64_t words[8] = { 0 };

	memcpy(words, name.ptr, name.len < PG_NAME_MAX ? name.len : PG_NAME_MAX);
	s->masks.database = siphash13_words(&s->spine->conf.key, words, 8);
}

/* The agent's packet with our user in it. */
static void startup_write(struct session *s, const struct pg_startup *v, struct outbuf *o)
{
	struct span user = { NULL, 0 }, database = { NULL, 0 };
	struct reader r = { .in = v->params };
	struct pg_parameter p;

	ob_be32(o, 0);
	ob_be32(o, v->version);
	while (pg_next_param(&r, &p)) {
		if (is_name(p.name, "user"))
			user = p.value;
		else if (is_name(p.name, "database"))
			database = p.value;
		else if (is_name(p.name, "application_name"))
			label_own(s, p.value);
		else if (!is_name(p.name, "replication")) {
			put_text(o, p.name);
			put_text(o, p.value);
		}
	}
	database_keep(s, database.len > 0 ? database : user);
	put_text(o, text_span("user"));
	put_text(o, text_span(s->target->user));
	put_text(o, text_span("database"));
	put_text(o, database.len > 0 ? database : user);
	put_text(o, text_span("application_name"));
	label_put(s, 0, o);
	ob_u8(o, 0);
	ob_u8(o, 0);
	if (!o->full)
		store_be32(o->ptr, (uint32_t)o->len);
}

/* The leg to the server stands. */
static void speak(struct session *s)
{
	struct outbuf o = ob_of(s->spine->scratch, s->spine->scratch_bytes);
	struct pg_startup v;

	if (s->is_cancel) {
		ob_put(&o, s->start, s->start_len);
		(void)session_stage(s, STAGE_CANCEL);
	} else {
		must(pg_read_startup((struct span){ s->start, s->start_len }, &v) == 0);
		startup_write(s, &v, &o);
		(void)session_stage(s, STAGE_LOGIN);
	}
	if (o.full || leg_write(s, &s->prod, o.ptr, (uint32_t)o.len) != (int64_t)o.len)
		fail(s, "the server does not take our first packet");
	explicit_bzero(s->spine->scratch, o.len);
}

/* ---- the server's requests */

static void binding_fill(struct session *s, struct ticket_login *q)
{
	size_t len = 0;

	q->encrypted = s->prod.tls != NULL;
	q->verified = q->encrypted && s->target->prod_verified;
	if (q->encrypted && tls_conn_binding(s->prod.tls, q->binding, &len) == 0)
		q->binding_len = (uint8_t)len;
}

static void ask_login(struct session *s, struct span body)
{
	struct ticket t = { .kind = TICKET_LOGIN };
	struct ticket_login *q;

	if (body.len > TICKET_LOGIN_BYTES) {
		fail(s, "the server's request is too long");
		return;
	}
	t.block = session_block(s, sizeof(*q));
	if (t.block == NULL) {
		fail(s, "no memory");
		return;
	}
	q = (struct ticket_login *)(void *)t.block->bytes;
	q->begin = !s->has_asked;
	binding_fill(s, q);
	q->len = (uint32_t)body.len;
	memcpy(q->bytes, body.ptr, body.len);
	t.block->len_bytes = sizeof(*q);
	if (session_ask(s, &t) != 0) {
		arena_give(&s->spine->arena, t.block, sizeof(*t.block) + sizeof(*q));
		fail(s, "the control plane is too busy");
		return;
	}
	s->has_asked = s->is_asking = true;
	stream_hold(s->relay, s->flow, SIDE_PROD);
}

/* Of what the server says before it knows us the agent hears what is about the server's state, never
 * what is about the credential. */
static void on_error(struct session *s, struct span body)
{
	struct pg_report report;
	char code[6] = "08004", message[200] = { 0 };
	struct refusal r = failed;

	if (pg_read_report(body, true, &report) != 0) {
		fail(s, "the server's error is malformed");
		return;
	}
	if (report.sqlstate.len == 5 && memcmp(report.sqlstate.ptr, "28", 2) != 0) {
		memcpy(code, report.sqlstate.ptr, 5);
		memcpy(message, report.message.ptr,
				report.message.len < sizeof(message) - 1 ? report.message.len
									 : sizeof(message) - 1);
		r = (struct refusal){ SESSION_LOGIN, code, message, NULL };
	}
	session_refuse(s, &r);
	if (report.sqlstate.len == 5)
		memcpy(s->detail, report.sqlstate.ptr, 5);
	s->detail[report.sqlstate.len == 5 ? 5 : 0] = '\0';
}

static void on_negotiate(struct session *s, struct span wire)
{
	if (say_as_server(s, wire) != 0)
		fail(s, "the agent does not take the server's protocol version");
}

/* One message at the window's beginning. Returns its length; 0: it is not whole. */
static uint32_t login_message(struct session *s, const struct window *w)
{
	const uint8_t *at = w->ptr + w->at;
	const uint32_t left = w->len - w->at;
	const uint32_t len = left < HEADER ? 0 : load_be32(at + 1);
	struct span body;

	if (left < HEADER)
		return 0;
	if (len < 4 || len > MESSAGE_MAX) {
		fail(s, "the server's message has a wrong length");
		return 0;
	}
	if (left < len + 1)
		return 0;
	body = (struct span){ at + HEADER, len - 4 };
	if (at[0] == 'R')
		ask_login(s, body);
	else if (at[0] == 'E')
		on_error(s, body);
	else if (at[0] == 'v')
		on_negotiate(s, (struct span){ at, len + 1 });
	else if (at[0] != 'N')
		fail(s, "the server's message is of no type that may come now");
	return len + 1;
}

static uint32_t login_need(const struct window *w)
{
	const uint32_t left = w->len - w->at;

	return left < HEADER ? HEADER : load_be32(w->ptr + w->at + 1) + 1;
}

/* false: nothing more can be done now. */
static bool login_step(struct session *s)
{
	struct window w;
	uint32_t n = 1;

	if (leg_window(s, &s->prod, &w) != 0) {
		fail(s, "TLS with the server failed");
		return false;
	}
	while (n > 0 && s->stage == STAGE_LOGIN && !s->is_asking) {
		n = login_message(s, &w);
		if (s->stage == STAGE_LOGIN)
			leg_consume(s, &s->prod, &w, n);
	}
	if (s->stage != STAGE_LOGIN)
		return false;
	if (leg_keep(s, &s->prod, &w, s->is_asking ? 0 : login_need(&w)) != 0)
		fail(s, "no memory");
	else if (n == 0 && s->prod.at_end)
		fail(s, "the server closed the connection");
	return w.is_full && s->stage == STAGE_LOGIN;
}

static void cancel_step(struct session *s)
{
	if (stream_at_end(s->flow, SIDE_PROD))
		session_close(s, SESSION_CLOSED, "");
	else
		(void)stream_drop(s->relay, s->flow, SIDE_PROD, stream_len(s->flow, SIDE_PROD));
}

void login_run(struct session *s)
{
	switch (s->stage) {
	case STAGE_PROD_ASK:
		ask_step(s);
		break;
	case STAGE_PROD_TLS:
		prod_tls_step(s);
		break;
	case STAGE_LOGIN:
		while (s->stage == STAGE_LOGIN && !s->is_asking && login_step(s))
			;
		break;
	case STAGE_CANCEL:
		cancel_step(s);
		break;
	case STAGE_HELLO:
	case STAGE_AGENT_TLS:
	case STAGE_TOKEN:
	case STAGE_WHO:
	case STAGE_TALK:
	case STAGE_OVER:
		break;
	}
}

/* ---- the control plane's answers */

static void let_in(struct session *s)
{
	uint8_t bytes[16];
	struct outbuf o = ob_of(bytes, sizeof(bytes));

	pg_write_authentication(&o, PG_AUTH_OK, (struct span){ NULL, 0 });
	if (say_as_server(s, ob_span(&o)) != 0) {
		session_close(s, SESSION_CLOSED, "the agent does not take an answer");
		return;
	}
	arena_give(&s->spine->arena, s->start, s->start_len);
	s->start = NULL;
	if (!session_stage(s, STAGE_TALK))
		return;
	s->spine->counters.ready++;
	stream_resume(s->relay, s->flow, SIDE_AGENT);
	s->lane[CODEC_TO_SERVER].waits =
			true; /* TLS may have read of it, which is not told again */
	session_run(s, SIDE_PROD);
}

void login_answered(struct session *s, const struct ticket_answer *a)
{
	const struct ticket_login *q;

	if (s->stage != STAGE_LOGIN || !s->is_asking)
		return;
	s->is_asking = false;
	stream_resume(s->relay, s->flow, SIDE_PROD);
	if (a->rc == 1) {
		let_in(s);
		return;
	}
	if (a->rc != 0 || a->block == NULL) {
		fail(s, "the login failed");
		return;
	}
	q = (const struct ticket_login *)(const void *)a->block->bytes;
	if (q->len > TICKET_LOGIN_BYTES ||
			leg_write(s, &s->prod, q->bytes, q->len) != (int64_t)q->len)
		fail(s, "the server does not take our answer");
	else
		login_run(s);
}
