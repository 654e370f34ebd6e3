/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"
#include "parsers/pg/write.h"
#include "tests/support/pg_peer_priv.h"

#include <stdlib.h>
#include <string.h>

enum { SAY_MAX = 1024 };

const char pg_scram_client_first[] = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const char pg_scram_client_final[] = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
				     "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
static const char scram_server_first[] = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
					 "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
static const char scram_server_final[] = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

static struct span text_of(const char *s)
{
	return (struct span){ (const uint8_t *)s, strlen(s) };
}

static bool is_text(struct span s, const char *text)
{
	return s.len == strlen(text) && (s.len == 0 || memcmp(s.ptr, text, s.len) == 0);
}

void pg_server_init(struct pg_server *s, const struct pg_server_conf *conf)
{
	memset(s, 0, sizeof(*s));
	s->conf = conf;
	backend_init(&s->backend);
	if (conf->direct_tls)
		pg_wire_secure(&s->wire, &conf->tls, (struct span){ NULL, 0 });
}

void pg_server_done(struct pg_server *s)
{
	pg_wire_done(&s->wire);
	backend_done(&s->backend);
	free(s->heard.bytes);
	memset(s, 0, sizeof(*s));
}

void pg_server_say(struct pg_server *s, const void *bytes, size_t n)
{
	pg_wire_send(&s->wire, bytes, n);
}

static void say(struct pg_server *s, const struct outbuf *o)
{
	must(!o->full);
	pg_wire_send(&s->wire, o->ptr, o->len);
}

static void over(struct pg_server *s, const char *why)
{
	log_put(&s->log, "%s", why);
	s->is_over = true;
	pg_wire_close(&s->wire);
}

static void fatal(struct pg_server *s, const char *code, const char *message)
{
	uint8_t bytes[SAY_MAX];
	struct outbuf o = ob_of(bytes, sizeof(bytes));
	const struct pg_say e = {
		.severity = "FATAL", .sqlstate = code, .message = text_of(message)
	};

	pg_write_error(&o, &e);
	say(s, &o);
	over(s, "fatal");
}

static void let_in(struct pg_server *s)
{
	const char *key = s->conf->key != NULL ? s->conf->key : "keyk";
	const struct pg_cancel cancel = { PG_SERVER_PID, text_of(key) };
	uint8_t bytes[SAY_MAX];
	struct outbuf o = ob_of(bytes, sizeof(bytes));

	pg_write_authentication(&o, PG_AUTH_OK, (struct span){ NULL, 0 });
	pg_write_parameter(&o, text_of("server_version"), text_of("15.0"));
	pg_write_parameter(&o, text_of("client_encoding"), text_of("UTF8"));
	pg_write_parameter(&o, text_of("standard_conforming_strings"), text_of("on"));
	pg_write_parameter(&o, text_of("application_name"), text_of(s->application));
	pg_write_key(&o, &cancel);
	pg_write_ready(&o, 'I');
	say(s, &o);
	s->is_ready = true;
}

static void ask(struct pg_server *s, uint32_t code, const char *data)
{
	uint8_t bytes[SAY_MAX];
	struct outbuf o = ob_of(bytes, sizeof(bytes));

	pg_write_authentication(&o, code, text_of(data));
	say(s, &o);
}

static void ask_first(struct pg_server *s)
{
	static const char *const mechanisms[] = { "SCRAM-SHA-256", NULL };
	uint8_t bytes[SAY_MAX];
	struct outbuf o = ob_of(bytes, sizeof(bytes));

	if (s->conf->auth == PG_SERVER_TRUST) {
		let_in(s);
	} else if (s->conf->auth == PG_SERVER_CLEAR) {
		ask(s, PG_AUTH_CLEARTEXT, "");
	} else {
		pg_write_sasl(&o, mechanisms);
		say(s, &o);
	}
}

static void started(struct pg_server *s, const struct pg_startup *start)
{
	struct reader r = rd_of(start->params.ptr, start->params.len);
	struct pg_parameter p;

	while (pg_next_param(&r, &p)) {
		if (is_text(p.name, "user"))
			wire_text_copy(s->user, sizeof(s->user), p.value);
		else if (is_text(p.name, "database"))
			wire_text_copy(s->database, sizeof(s->database), p.value);
		else if (is_text(p.name, "application_name"))
			wire_text_copy(s->application, sizeof(s->application), p.value);
	}
	s->has_started = true;
	log_put(&s->log, "start=%s/%s", s->user, s->database);
	switch (s->conf->mood) {
	case PG_SERVER_GOOD:
		ask_first(s);
		break;
	case PG_SERVER_FATAL:
		fatal(s, "57P03", "the database system is starting up");
		break;
	case PG_SERVER_NONSENSE:
		pg_server_say(s, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
		break;
	case PG_SERVER_SILENT:
		break;
	}
}

static void cancelled(struct pg_server *s, const struct pg_cancel *c)
{
	s->n_cancels++;
	s->cancel_pid = c->pid;
	s->cancel_key_len = c->key.len < sizeof(s->cancel_key) ? (uint32_t)c->key.len
							       : sizeof(s->cancel_key);
	memcpy(s->cancel_key, c->key.ptr, s->cancel_key_len);
	over(s, "cancel");
}

/* SSLRequest. What came in the same bytes is plaintext that was sent too early: refused, as the
 * server does since CVE-2021-23214. */
static void requested(struct pg_server *s, const struct message *m)
{
	const bool has_tls = s->conf->tls.ctx != NULL && s->wire.conn == NULL;
	const bool is_early = s->wire.plain.len > m->total;

	log_put(&s->log, "ssl");
	pipe_drop(&s->wire.plain, m->total);
	if (is_early) {
		fatal(s, "08P01", "received unencrypted data after SSL request");
		return;
	}
	pg_server_say(s, has_tls ? "S" : "N", 1);
	if (has_tls)
		pg_wire_secure(&s->wire, &s->conf->tls, (struct span){ NULL, 0 });
}

/* A packet without a type. */
static void hear_packet(struct pg_server *s, const struct message *m)
{
	const uint32_t code = m->body.len >= 4 ? load_be32(m->body.ptr) : 0;
	struct pg_startup start;
	struct pg_cancel cancel;

	if (code == PG_CODE_SSL) {
		requested(s, m);
		return;
	}
	if (code == PG_CODE_CANCEL && pg_read_cancel(m->body, &cancel) == 0)
		cancelled(s, &cancel);
	else if (code >> 16 == 3 && pg_read_startup(m->body, &start) == 0)
		started(s, &start);
	else
		over(s, "bad-packet");
	pipe_drop(&s->wire.plain, m->total);
}

static void hear_scram(struct pg_server *s, const struct message *m)
{
	struct pg_sasl_initial first;

	if (s->auth_step++ == 0) {
		if (pg_read_sasl_initial(m->body, &first) == 0 &&
				is_text(first.mechanism, "SCRAM-SHA-256") &&
				is_text(first.data, pg_scram_client_first))
			ask(s, PG_AUTH_SASL_CONTINUE, scram_server_first);
		else
			fatal(s, "28P01", "not the first message");
	} else if (is_text(m->body, pg_scram_client_final)) {
		ask(s, PG_AUTH_SASL_FINAL, scram_server_final);
		let_in(s);
	} else {
		fatal(s, "28P01", "not the final message");
	}
}

static void hear_login(struct pg_server *s, const struct message *m)
{
	struct span password;

	if (m->type != 'p')
		fatal(s, "08P01", "expected a password");
	else if (s->conf->auth == PG_SERVER_SCRAM)
		hear_scram(s, m);
	else if (pg_read_string(m->body, &password) == 0 && s->conf->password != NULL &&
			is_text(password, s->conf->password))
		let_in(s);
	else
		fatal(s, "28P01", "password authentication failed");
}

static void answers_take(struct pg_server *s)
{
	struct backend *b = &s->backend;

	if (s->is_mute || b->n_flushed == 0)
		return;
	pg_wire_send(&s->wire, b->out, b->n_flushed);
	memmove(b->out, b->out + b->n_flushed, b->out_len - b->n_flushed);
	b->out_len -= b->n_flushed;
	b->n_flushed = 0;
}

/* set_config('application_name', ...) as a FunctionCall. */
static bool hear_call(struct pg_server *s, const struct message *m)
{
	uint8_t bytes[SAY_MAX];
	struct outbuf o = ob_of(bytes, sizeof(bytes));
	const struct pg_say e = {
		.severity = "ERROR", .sqlstate = "42501", .message = text_of("permission denied")
	};
	struct pg_function_call call;
	struct pg_value name, value;
	struct reader r;

	if (m->type != 'F' || pg_read_function_call(m->body, &call) != 0 || call.oid != 2078)
		return false;
	r = rd_of(call.values.ptr, call.values.len);
	must(pg_next_value(&r, &name) && pg_next_value(&r, &value));
	must(is_text(name.bytes, "application_name"));
	if (s->conf->refuses_calls) {
		pg_write_error(&o, &e);
	} else {
		wire_text_copy(s->application, sizeof(s->application), value.bytes);
		pg_server_say(s, "V\0\0\0\x08\xff\xff\xff\xff", 9);
		pg_write_parameter(&o, text_of("application_name"), text_of(s->application));
	}
	pg_write_ready(&o, s->backend.status);
	say(s, &o);
	return true;
}

static void hear(struct pg_server *s, const struct message *m)
{
	log_put(&s->log, "%c", m->type);
	if (!s->is_ready) {
		hear_login(s, m);
	} else if (!hear_call(s, m)) {
		pipe_put(&s->heard, s->wire.plain.bytes, m->total);
		backend_feed(&s->backend, s->wire.plain.bytes, m->total);
		if (m->type == 'X')
			over(s, "closed");
	}
	pipe_drop(&s->wire.plain, m->total);
}

void pg_server_feed(struct pg_server *s, const void *bytes, size_t n)
{
	struct message m;

	if (bytes != NULL)
		pg_wire_feed(&s->wire, bytes, n);
	while (!s->is_over && next_message(&s->wire.plain, s->has_started, &m)) {
		if (m.is_bad)
			over(s, "bad-length");
		else if (!s->has_started)
			hear_packet(s, &m);
		else
			hear(s, &m);
	}
	answers_take(s);
}
