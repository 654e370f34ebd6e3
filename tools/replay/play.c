/* SPDX-License-Identifier: Apache-2.0
 * A recorded connection through the spine. The gate logs in to both of them by itself, so the login is
 * not the recorded one: the agent says its start-up packet and, asked, a token; the server lets
 * anybody in. From there on both say what they said then, message by message: the agent its next
 * once it has had the answers that it had then, the server what it answered to what arrives.
 *
 * What a rule refuses never comes to the server, and nothing in a recording says what it would have
 * answered to what comes in its place. So it answers that as PostgreSQL does (parsers/pg/README.md):
 * with an error, and a transaction that is open is aborted until the recording ends it. */
#include "dataplane/inspect/spine.h"
#include "parsers/base/bytes.h"
#include "parsers/base/visible.h"
#include "parsers/pg/write.h"
#include "ruleset/load/load.h"
#include "ruleset/model/model.h"
#include "ruleset/packs/packs.h"
#include "tools/replay/gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TICKETS = 64,
	SESSION_MEMORY = 64 << 20,
	CACHE_SETS = 1024,
	STARTUP_MIN = 8,
	HEADER = 5,
	WORDS = 512,
};

/* The recorded agent. */
struct agent {
	struct pg_bytes {
		uint8_t *ptr; /* owned */
		size_t len, room;
	} in;

	size_t n_hello; /* packets said */
	bool is_asked;  /* the answer to an encryption request is due */
	bool is_in;     /* AuthenticationOk */
	bool is_copying, is_over;
	uint32_t n_ready;
	size_t next;    /* message */
	size_t n_equal; /* bytes since AuthenticationOk that were as recorded */
	bool differs;
};

/* The recorded server. */
struct server {
	struct pg_bytes in;
	bool is_in;
	size_t next;      /* the message of the agent's that is awaited */
	char status;      /* of the latest ReadyForQuery */
	bool is_skipping; /* a batch has failed: up to its Sync */
	bool is_aborted;  /* the transaction, by what came in a command's place */
	bool is_copying;  /* a COPY has begun: a Sync may be read as part of its data */
	bool is_over;
};

struct play {
	const struct script *script;
	struct played *out;
	struct ends *ends;
	struct spine *spine;
	struct agent agent;
	struct server server;
	int rc;
};

/* ---- bytes */

static int bytes_put(struct pg_bytes *b, const uint8_t *bytes, size_t n)
{
	size_t room = b->room == 0 ? 4096 : b->room;
	uint8_t *more;

	while (room < b->len + n)
		room *= 2;
	if (room != b->room) {
		more = realloc(b->ptr, room);
		if (more == NULL)
			return -ENOMEM;
		b->ptr = more;
		b->room = room;
	}
	memcpy(b->ptr + b->len, bytes, n);
	b->len += n;
	return 0;
}

static void bytes_drop(struct pg_bytes *b, size_t n)
{
	memmove(b->ptr, b->ptr + n, b->len - n);
	b->len -= n;
}

/* The message at <at>: its length; 0: not whole. What the gate sends is framed rightly. */
static size_t message_at(const struct pg_bytes *b, size_t at, size_t header)
{
	uint64_t total;

	if (b->len - at < header)
		return 0;
	total = header - 4 + (uint64_t)load_be32(b->ptr + at + header - 4);
	return total >= header && total <= b->len - at ? (size_t)total : 0;
}

static void say(struct play *p, enum side from, struct span bytes)
{
	if (ends_say(p->ends, from, bytes) != 0)
		p->rc = -ENOMEM;
}

static struct span words(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

/* ---- the server */

static void server_over(struct play *p)
{
	p->server.is_over = true;
	ends_fin(p->ends, SIDE_PROD);
}

static void server_opening(struct play *p)
{
	const struct script *s = p->script;

	p->server.is_in = true;
	p->server.status = 'I';
	for (size_t i = 0; i < s->n_opening; i++)
		say(p, SIDE_PROD, s->answers[i]);
	if (s->n_opening == 0 || s->answers[s->n_opening - 1].ptr[0] == 'E')
		server_over(p);
}

static void server_fails(struct play *p, const char *code, const char *message, bool is_ready)
{
	uint8_t bytes[WORDS];
	struct outbuf o = ob_of(bytes, sizeof(bytes));
	const struct pg_say e = {
		.severity = "ERROR", .sqlstate = code, .message = words(message)
	};

	if (p->server.status == 'T') {
		p->server.status = 'E';
		p->server.is_aborted = true;
	}
	pg_write_error(&o, &e);
	if (is_ready)
		pg_write_ready(&o, p->server.status);
	say(p, SIDE_PROD, ob_span(&o));
}

/* What is not the agent's stands in a denied command's place, or asks for what is there (Flush). */
static void server_substitute(struct play *p, char type)
{
	if (p->server.is_skipping && type != 'S')
		return;
	if (type == 'Q') {
		server_fails(p, "42601", "syntax error", true);
	} else if (type == 'P') {
		server_fails(p, "42601", "syntax error", false);
		p->server.is_skipping = true;
	} else if (type == 'f') {
		server_fails(p, "57014", "COPY failed", true);
	}
}

/* How the exchange that <i> is of leaves the server: the status that comes behind it. */
static char status_behind(const struct script *s, size_t i)
{
	while (i < s->n_said && s->said[i].status == 0)
		i++;
	return i < s->n_said ? s->said[i].status : 'I';
}

static void server_ready(struct play *p, char status)
{
	uint8_t bytes[8];
	struct outbuf o = ob_of(bytes, sizeof(bytes));

	pg_write_ready(&o, status);
	say(p, SIDE_PROD, ob_span(&o));
}

static void server_repeats(struct play *p, const struct said *m)
{
	for (uint32_t i = 0; i < m->n_answers; i++) {
		const struct span answer = p->script->answers[m->first_answer + i];

		if (strchr("GWCZ", answer.ptr[0]) != NULL)
			p->server.is_copying = answer.ptr[0] == 'G' || answer.ptr[0] == 'W';
		say(p, SIDE_PROD, answer);
	}
	if (m->status != 0)
		p->server.status = m->status;
}

/* The agent's message <i> has arrived. */
static void server_answer(struct play *p, size_t i)
{
	struct server *v = &p->server;
	const struct said *m = &p->script->said[i];

	if (v->is_aborted && status_behind(p->script, i) == 'I')
		v->is_aborted = false; /* its transaction ends here */
	if (m->type == 'S' && !v->is_copying &&
			(v->is_skipping || v->is_aborted || m->n_answers == 0)) {
		/* a batch that failed has aborted the transaction that it began */
		v->is_aborted |= v->is_skipping && m->status != 'I' && m->status != 0;
		v->is_skipping = false;
		v->status = v->is_aborted ? 'E' : v->status == 'E' ? 'I' : v->status;
		server_ready(p, v->status);
	} else if (v->is_skipping) {
		return;
	} else if (v->is_aborted && strchr("QPBDEF", m->type) != NULL) {
		const bool is_simple = m->type == 'Q' || m->type == 'F';

		server_fails(p, "25P02", "current transaction is aborted", is_simple);
		v->is_skipping = !is_simple;
	} else {
		server_repeats(p, m);
	}
}

static void server_message(struct play *p, struct span m)
{
	struct server *v = &p->server;

	for (size_t i = v->next; i < p->agent.next; i++) {
		const struct span was = p->script->said[i].wire;

		if (was.len != m.len || memcmp(was.ptr, m.ptr, m.len) != 0)
			continue;
		v->next = i + 1;
		server_answer(p, i);
		if (m.ptr[0] == 'X')
			server_over(p);
		return;
	}
	server_substitute(p, (char)m.ptr[0]);
}

static void server_packet(struct play *p, struct span m)
{
	if (m.len >= STARTUP_MIN && load_be32(m.ptr + 4) == PG_CODE_CANCEL)
		server_over(p); /* as a server does */
	else
		server_opening(p);
}

static void server_hears(struct play *p, const uint8_t *bytes, uint32_t n)
{
	struct server *v = &p->server;
	size_t len, at = 0;

	if (n == 0) {
		server_over(p);
		return;
	}
	if (bytes_put(&v->in, bytes, n) != 0)
		p->rc = -ENOMEM;
	while (!v->is_over && (len = message_at(&v->in, at, v->is_in ? HEADER : 4)) > 0) {
		const struct span m = { v->in.ptr + at, len };

		at += len;
		if (v->is_in)
			server_message(p, m);
		else
			server_packet(p, m);
	}
	bytes_drop(&v->in, at);
}

/* ---- the agent */

static void agent_over(struct play *p)
{
	p->agent.is_over = true;
	ends_fin(p->ends, SIDE_AGENT);
}

static void agent_error(struct play *p, struct span body)
{
	struct outbuf o = ob_of(p->out->error, sizeof(p->out->error) - 1);
	struct pg_report report;

	memset(p->out->error, 0, sizeof(p->out->error));
	if (pg_read_report(body, true, &report) == 0)
		visible_put(&o, report.message, o.cap, false);
}

static void agent_asked(struct play *p, struct span body)
{
	static const char token[] = "a token of nobody's";
	uint8_t bytes[64];
	struct outbuf o = ob_of(bytes, sizeof(bytes));

	p->agent.is_in = body.len == 4 && load_be32(body.ptr) == PG_AUTH_OK;
	if (p->agent.is_in)
		return;
	pg_write_password(&o, words(token));
	say(p, SIDE_AGENT, ob_span(&o));
}

/* What was recorded from AuthenticationOk on. */
static struct span recorded_of(const struct play *p)
{
	const struct conversation *c = p->out->of;
	const uint8_t *first = p->script->n_opening > 0 ? p->script->answers[0].ptr : NULL;

	return first == NULL ? (struct span){ NULL, 0 }
			     : (struct span){ first,
				       (size_t)(c->bytes[SIDE_PROD] + c->len[SIDE_PROD] - first) };
}

static void agent_compare(struct play *p, struct span m)
{
	const struct span all = recorded_of(p);
	struct agent *a = &p->agent;

	a->differs |= m.len > all.len - a->n_equal ||
			memcmp(all.ptr + a->n_equal, m.ptr, m.len) != 0;
	if (!a->differs)
		a->n_equal += m.len;
	p->out->is_unnoticed = a->n_equal == all.len;
}

static void agent_message(struct play *p, struct span m)
{
	struct agent *a = &p->agent;
	const struct span body = { m.ptr + HEADER, m.len - HEADER };

	switch (m.ptr[0]) {
	case 'R':
		agent_asked(p, body);
		break;
	case 'Z':
		a->n_ready++;
		a->is_copying = false;
		break;
	case 'E':
		a->is_copying = false;
		agent_error(p, body);
		break;
	case 'G':
	case 'W':
		a->is_copying = true;
		break;
	default:
		break;
	}
	if (a->is_in)
		agent_compare(p, m);
}

static void agent_hears(struct play *p, const uint8_t *bytes, uint32_t n)
{
	struct agent *a = &p->agent;
	size_t len, at = 0;

	if (n == 0) {
		agent_over(p);
		return;
	}
	if (bytes_put(&a->in, bytes, n) != 0)
		p->rc = -ENOMEM;
	if (a->is_asked) { /* 'N', since there is no TLS here; else the gate ends it */
		a->is_asked = false;
		at = 1;
	}
	while ((len = message_at(&a->in, at, HEADER)) > 0) {
		agent_message(p, (struct span){ a->in.ptr + at, len });
		at += len;
	}
	bytes_drop(&a->in, at);
}

static void on_heard(void *ctx, enum side at, const uint8_t *bytes, uint32_t n)
{
	if (at == SIDE_AGENT)
		agent_hears(ctx, bytes, n);
	else
		server_hears(ctx, bytes, n);
}

static bool is_copy(char type)
{
	return type == 'd' || type == 'c' || type == 'f';
}

/* All that came in one run, unless it is data for a COPY that was refused. What was said before has
 * come to the server by now, or never will. */
static void agent_says_run(struct play *p)
{
	const struct script *s = p->script;
	struct agent *a = &p->agent;
	const uint32_t run = s->said[a->next].run;
	bool takes_data = a->is_copying;

	p->server.next = a->next;
	for (; a->next < s->n_said && s->said[a->next].run == run; a->next++) {
		const struct said *m = &s->said[a->next];

		takes_data |= !is_copy(m->type);
		p->out->n_unsaid--;
		if (!takes_data)
			continue;
		p->out->n_said++;
		say(p, SIDE_AGENT, m->wire);
	}
}

/* What comes next, if it is time for it. */
static bool agent_says(struct play *p)
{
	const struct script *s = p->script;
	struct agent *a = &p->agent;

	if (a->is_over || a->is_asked)
		return false;
	if (a->n_hello < s->n_hello) {
		a->is_asked = a->n_hello + 1 < s->n_hello;
		say(p, SIDE_AGENT, s->hello[a->n_hello++]);
		return true;
	}
	if (!a->is_in || a->next == s->n_said || a->n_ready < s->said[a->next].n_ready)
		return false;
	agent_says_run(p);
	return true;
}

/* ---- one connection */

static void settle(struct play *p)
{
	bool moved = true;

	while (moved && p->rc == 0) {
		moved = ends_turn(p->ends);
		moved |= spine_poll(p->spine, ends_relay(p->ends), ends_now_us(p->ends)) > 0;
		moved |= stub_turn(&p->out->stub) > 0;
	}
}

/* To the next thing that is due by itself. */
static bool advance(struct play *p, uint64_t limit_us)
{
	const uint64_t engine_us = relay_next_us(ends_relay(p->ends));
	const uint64_t spine_us = spine_next_us(p->spine);
	const uint64_t next_us = engine_us < spine_us ? engine_us : spine_us;
	const uint64_t now_us = ends_now_us(p->ends);

	if (next_us > limit_us || now_us >= limit_us)
		return false;
	ends_time(p->ends, next_us > now_us ? next_us : now_us + 1);
	return true;
}

static void converse(struct play *p)
{
	uint64_t limit_us = ends_now_us(p->ends) + GATE_PATIENCE_US;
	bool goes_on = true;

	while (goes_on && p->rc == 0) {
		settle(p);
		goes_on = agent_says(p);
		if (goes_on)
			limit_us = ends_now_us(p->ends) + GATE_PATIENCE_US;
		else if (!p->out->stub.is_gone && p->agent.next < p->script->n_said)
			goes_on = advance(p, limit_us);
	}
	if (!p->agent.is_over && !p->script->is_cancel)
		agent_over(p);
	limit_us = ends_now_us(p->ends) + GATE_FAREWELL_US;
	do
		settle(p);
	while (p->rc == 0 && !p->out->stub.is_gone && advance(p, limit_us));
}

static void target_set(struct spine_target *t, const struct spine_rules *rules, const char *user)
{
	*t = (struct spine_target){ .token_in_clear = true,
		.user = user,
		.rules = rules,
		.records = true, /* so that what is allowed is told, too */
		.pg = pg_conf_default,
		.handshake_ms = 60000,
		.notice_ms = 10000,
		.hold_ms = 60000 };
	t->pg.describe = false; /* what was recorded has no answer to what was not asked */
	spine_target_commands(t, GATE_COMMAND_MAX);
}

static int play_one(struct played *out, const struct script *script, const struct policy *policy)
{
	const struct spine_conf conf = { .max_sessions = 1,
		.memory_bytes = SESSION_MEMORY,
		.max_command_bytes = GATE_COMMAND_MAX,
		.n_tickets = TICKETS,
		.cache_sets = CACHE_SETS,
		.tls = { .max_conns = 1, .max_handshakes = 1 },
		.key = { 1, 2 } };
	struct play p = { .script = script, .out = out };
	struct ring *tickets = ring_new(TICKETS, sizeof(struct ticket));
	struct ring *answers = ring_new(TICKETS, sizeof(struct ticket_answer));
	const struct spine_rules rules = { .policy = policy };
	struct spine_target target;

	target_set(&target, policy == NULL ? NULL : &rules, script->user);
	out->stub.tickets = tickets;
	out->stub.answers = answers;
	out->n_unsaid = (uint32_t)script->n_said;
	if (tickets != NULL && answers != NULL)
		p.spine = spine_new(&conf, tickets, answers);
	if (p.spine != NULL) {
		const struct ends_env env = { .ctx = &p,
			.heard = on_heard,
			.inspector = &inspector_postgres,
			.inspector_ctx = &target,
			.owner = p.spine };

		p.ends = ends_new(&env, &out->of->key);
	}
	p.rc = p.ends == NULL ? -ENOMEM : 0;
	if (p.rc == 0)
		converse(&p);
	ends_free(&p.ends);
	spine_free(&p.spine);
	ring_free(&tickets);
	ring_free(&answers);
	free(p.agent.in.ptr);
	free(p.server.in.ptr);
	return p.rc;
}

/* ---- all of them */

/* A name is the client's: whatever it holds. */
static void name_show(char *to, size_t size, const char *name)
{
	struct outbuf o = ob_of(to, size - 1);

	visible_put(&o, words(name), size - 1, false);
}

static int play_conversation(struct played *out, const struct policy *policy)
{
	struct script script;
	int rc = script_read(&script, out->of);

	name_show(out->user, sizeof(out->user), script.user);
	name_show(out->database, sizeof(out->database), script.database);
	out->unreadable = script.unreadable;
	out->is_foreign = script.is_foreign;
	out->is_cancel = script.is_cancel;
	out->is_played = script.unreadable == NULL || script.is_begun;
	if (rc == 0 && out->is_played)
		rc = play_one(out, &script, policy);
	script_done(&script);
	return rc;
}

static int policy_up(const struct gate_conf *conf, struct policy **ret)
{
	size_t bad = 0;
	int rc;

	*ret = NULL;
	if (conf->n_packs == 0)
		return 0;
	rc = policy_new(conf->packs, conf->n_packs, ret, &bad);
	if (rc == -ENOENT) {
		fprintf(stderr, "replay: --pack: there is no pack '%s'; there are:",
				conf->packs[bad]);
		for (size_t i = 0; policy_pack_names[i] != NULL; i++)
			fprintf(stderr, " %s", policy_pack_names[i]);
		fprintf(stderr, "\n");
	}
	return rc;
}

int gate_play(struct gate *g, const struct gate_conf *conf, const struct tap *tap)
{
	struct policy *policy;
	int rc = policy_up(conf, &policy);

	*g = (struct gate){ .all = calloc(tap->n + 1, sizeof(g->all[0])) };
	if (g->all == NULL)
		rc = -ENOMEM;
	for (size_t i = 0; i < tap->n && rc == 0; i++) {
		struct played *out = &g->all[g->n++];

		out->of = tap->all[i];
		out->stub.on_hold = conf->on_hold;
		rc = play_conversation(out, policy);
	}
	if (rc == -ENOMEM)
		fprintf(stderr, "replay: out of memory\n");
	policy_free(&policy);
	return rc;
}

void gate_done(struct gate *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->all[i].stub.judged);
	free(g->all);
	*g = (struct gate){ .all = NULL };
}
