/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/base/must.h"
#include "parsers/pg/write.h"
#include "tests/support/pg_peer_priv.h"
#include "tests/unit/pg/talk.h"

#include <stdlib.h>
#include <string.h>

enum {
	START_MAX = 1024,   /* a start-up packet */
	PACKET_MAX = 70000, /* a password: tokens are long */
};

static const uint8_t server_key[] = { 10, 77, 0, 2, 0x15, 0x38 };

void pg_agent_init(struct pg_agent *a, const struct pg_agent_conf *conf)
{
	memset(a, 0, sizeof(*a));
	a->conf = conf;
}

void pg_agent_done(struct pg_agent *a)
{
	pg_wire_done(&a->wire);
	free(a->heard.bytes);
	memset(a, 0, sizeof(*a));
}

static void over(struct pg_agent *a, const char *why)
{
	a->state = PG_AGENT_OVER;
	log_put(&a->log, "%s", why);
}

static void send_packet(struct pg_agent *a, const struct outbuf *o)
{
	must(!o->full);
	pg_wire_send(&a->wire, o->ptr, o->len);
}

static void secure(struct pg_agent *a)
{
	pg_wire_secure(&a->wire, &a->conf->tls, (struct span){ server_key, sizeof(server_key) });
}

/* Behind the TLS handshake, if there is one: a start-up packet, or the request to cancel. */
static void send_startup(struct pg_agent *a)
{
	const struct pg_agent_conf *c = a->conf;
	const char *params[] = { "user", c->user, "database", c->database,
		c->application != NULL ? "application_name" : NULL, c->application, NULL };
	uint8_t bytes[START_MAX];
	struct outbuf o = ob_of(bytes, sizeof(bytes));

	a->state = PG_AGENT_STARTING;
	if (a->key_len > 0) {
		const struct pg_cancel cancel = { a->pid, { a->key, a->key_len } };

		pg_write_cancel(&o, &cancel);
	} else {
		pg_write_startup(&o, c->version != 0 ? c->version : PG_PROTOCOL_3_0, params);
	}
	send_packet(a, &o);
}

void pg_agent_start(struct pg_agent *a)
{
	uint8_t bytes[8];
	struct outbuf o = ob_of(bytes, sizeof(bytes));

	must(a->state == PG_AGENT_NEW);
	if (a->conf->tls.ctx == NULL) {
		send_startup(a);
	} else if (a->conf->direct_tls) {
		secure(a);
		send_startup(a);
	} else {
		a->state = PG_AGENT_ASKED;
		pg_write_request(&o, PG_CODE_SSL);
		send_packet(a, &o);
	}
}

void pg_agent_cancel(struct pg_agent *a, uint32_t pid, const void *key, uint32_t key_len)
{
	must(key_len > 0 && key_len <= sizeof(a->key));
	a->pid = pid;
	a->key_len = key_len;
	memcpy(a->key, key, key_len);
	pg_agent_start(a);
}

void pg_agent_say(struct pg_agent *a, const char *spec)
{
	uint8_t *bytes = malloc(TALK_MAX);

	must(bytes != NULL);
	pg_wire_send(&a->wire, bytes, talk_build(CODEC_TO_SERVER, spec, bytes));
	free(bytes);
}

static void hear_auth(struct pg_agent *a, const struct message *m)
{
	struct pg_authentication auth;
	uint8_t *bytes;
	struct outbuf o;

	if (pg_read_authentication(m->body, &auth) != 0) {
		over(a, "bad-auth");
		return;
	}
	if (auth.code == PG_AUTH_OK)
		return;
	if (auth.code != PG_AUTH_CLEARTEXT || a->conf->password == NULL) {
		over(a, "no-password");
		return;
	}
	bytes = malloc(PACKET_MAX);
	must(bytes != NULL);
	o = ob_of(bytes, PACKET_MAX);
	pg_write_password(&o,
			(struct span){ (const uint8_t *)a->conf->password,
					strlen(a->conf->password) });
	send_packet(a, &o);
	free(bytes);
}

static void hear_report(struct pg_agent *a, const struct message *m)
{
	struct pg_report report;

	if (pg_read_report(m->body, true, &report) != 0) {
		over(a, "bad-report");
		return;
	}
	if (m->type == 'N') {
		a->n_notices++;
		wire_text_copy(a->notice, sizeof(a->notice), report.message);
		return;
	}
	wire_text_copy(a->error, sizeof(a->error), report.message);
	wire_text_copy(a->code, sizeof(a->code), report.sqlstate);
	if (a->state != PG_AGENT_READY || report.is_fatal)
		a->state = PG_AGENT_OVER;
}

static void hear_key(struct pg_agent *a, const struct message *m)
{
	struct pg_cancel key;

	if (pg_read_key(m->body, &key) != 0 || key.key.len > sizeof(a->key)) {
		over(a, "bad-key");
		return;
	}
	a->pid = key.pid;
	a->key_len = (uint32_t)key.key.len;
	memcpy(a->key, key.key.ptr, key.key.len);
}

static void hear_ready(struct pg_agent *a, const struct message *m)
{
	if (pg_read_ready(m->body, &a->status) != 0) {
		over(a, "bad-ready");
		return;
	}
	a->n_ready++;
	if (a->state != PG_AGENT_OVER)
		a->state = PG_AGENT_READY;
}

static void hear(struct pg_agent *a, const struct message *m)
{
	if (a->state == PG_AGENT_READY)
		pipe_put(&a->heard, a->wire.plain.bytes, m->total);
	log_message(&a->log, m);
	switch (m->type) {
	case 'R':
		hear_auth(a, m);
		break;
	case 'K':
		hear_key(a, m);
		break;
	case 'E':
	case 'N':
		hear_report(a, m);
		break;
	case 'Z':
		hear_ready(a, m);
		break;
	default:
		break;
	}
}

/* The answer to SSLRequest: one byte, before anything is encrypted (libpq refuses more). */
static void hear_answer(struct pg_agent *a)
{
	const char answer = (char)a->wire.plain.bytes[0];

	if (answer != 'S' || a->wire.plain.len != 1) {
		over(a, answer == 'N' ? "no-tls" : "bad-answer");
		return;
	}
	pipe_drop(&a->wire.plain, 1);
	secure(a);
	send_startup(a);
}

void pg_agent_feed(struct pg_agent *a, const void *bytes, size_t n)
{
	struct message m;

	pg_wire_feed(&a->wire, bytes, n);
	if (a->state == PG_AGENT_ASKED && a->wire.plain.len > 0)
		hear_answer(a);
	while (a->state != PG_AGENT_ASKED && a->state != PG_AGENT_NEW &&
			next_message(&a->wire.plain, true, &m)) {
		if (m.is_bad) {
			over(a, "bad-length");
			pipe_drop(&a->wire.plain, a->wire.plain.len);
			return;
		}
		hear(a, &m);
		pipe_drop(&a->wire.plain, m.total);
	}
}
