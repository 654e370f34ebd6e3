/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ctrl_stub.h"

#include "parsers/base/must.h"
#include "parsers/base/outbuf.h"
#include "parsers/pg/write.h"
#include "tests/support/pg_peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct span text_of(const char *s)
{
	return (struct span){ (const uint8_t *)s, strlen(s) };
}

void ctrl_init(struct ctrl *c, struct ring *tickets, struct ring *answers)
{
	memset(c, 0, sizeof(*c));
	c->tickets = tickets;
	c->answers = answers;
	c->password = "secret";
}

static bool answers_flush(struct ctrl *c)
{
	uint32_t n = 0;

	while (n < c->n_unsent && ring_push(c->answers, &c->unsent[n])) {
		if (c->unsent[n].block != NULL)
			c->n_blocks--;
		n++;
	}
	memmove(c->unsent, c->unsent + n, (c->n_unsent - n) * sizeof(*c->unsent));
	c->n_unsent -= n;
	return n > 0;
}

static void answer_put(struct ctrl *c, const struct ticket_answer *a)
{
	must(c->n_unsent < CTRL_WAITING);
	c->unsent[c->n_unsent++] = *a;
	(void)answers_flush(c);
}

/* Everybody is alice of corp, in two groups. */
static void actor_write(struct ticket_block *b)
{
	static const char texts[] = "alice\0corp\0agents\0night shift";
	struct ticket_actor *a = (struct ticket_actor *)(void *)b->bytes;

	must(b->cap_bytes >= sizeof(*a) + sizeof(texts));
	a->len = sizeof(texts);
	memcpy(a->bytes, texts, sizeof(texts));
	b->len_bytes = b->cap_bytes;
}

static void reply(struct ctrl *c, const struct ticket *t, int32_t rc, const char *text)
{
	struct ticket_answer a = { .kind = TICKET_ANSWER,
		.of = t->kind,
		.slot = t->slot,
		.gen = t->gen,
		.rc = rc,
		.session = t->session,
		.command = t->command,
		.block = t->block };

	if (t->kind == TICKET_WHO && rc == 0) {
		a.session = ++c->n_sessions;
		actor_write(t->block);
	}
	snprintf(a.text, sizeof(a.text), "%s", text);
	answer_put(c, &a);
}

void ctrl_done(struct ctrl *c)
{
	must(c->n_waiting == 0 && c->n_unsent == 0 && c->n_blocks == 0);
}

static void *block_body(const struct ticket *t, size_t n_bytes)
{
	must(t->block != NULL && t->block->len_bytes >= n_bytes);
	must(t->block->len_bytes <= t->block->cap_bytes);
	return t->block->bytes;
}

static void keep(struct ctrl *c, const struct ticket *t)
{
	must(c->n_waiting < CTRL_WAITING);
	c->waiting[c->n_waiting++] = *t;
}

static bool is_ended(const char *text, size_t size)
{
	return memchr(text, 0, size) != NULL;
}

static void who(struct ctrl *c, const struct ticket *t)
{
	const uint8_t *token;

	memcpy(&c->who, block_body(t, sizeof(c->who)), sizeof(c->who));
	token = t->block->bytes + sizeof(c->who);
	must(c->who.token_len <= TICKET_TOKEN_MAX);
	must(t->block->len_bytes - sizeof(c->who) >= c->who.token_len);
	must(is_ended(c->who.user, sizeof(c->who.user)) &&
			is_ended(c->who.database, sizeof(c->who.database)) &&
			is_ended(c->who.application, sizeof(c->who.application)));
	must(t->session == 0);
	if (c->who.token_len == 4 && memcmp(token, "slow", 4) == 0)
		keep(c, t);
	else if (c->who.token_len == 4 && memcmp(token, "good", 4) == 0)
		reply(c, t, 0, "");
	else
		reply(c, t, -EACCES, "");
}

static void plan(struct ctrl *c, const struct ticket *t)
{
	const struct ticket_plan *p = block_body(t, sizeof(*p));

	must(t->block->len_bytes - sizeof(*p) >= p->len && p->len <= TICKET_PLAN_MAX);
	snprintf(c->plan, sizeof(c->plan), "%s%.*s", p->is_plan ? "" : "no: ", (int)p->len,
			(const char *)p->bytes);
	c->planned = t->command;
	reply(c, t, 0, "");
}

/* The step that answers an authentication request: a message in <o>, or an rc. */
static int32_t login_answer(struct ctrl *c, const struct pg_authentication *a, struct outbuf *o)
{
	switch (a->code) {
	case PG_AUTH_OK:
		return 1;
	case PG_AUTH_CLEARTEXT:
		if (c->password == NULL)
			return -EACCES;
		pg_write_password(o, text_of(c->password));
		return 0;
	case PG_AUTH_SASL:
		pg_write_sasl_initial(o, text_of("SCRAM-SHA-256"), text_of(pg_scram_client_first));
		return 0;
	case PG_AUTH_SASL_CONTINUE:
		pg_write_sasl_response(o, text_of(pg_scram_client_final));
		return 0;
	case PG_AUTH_SASL_FINAL:
		return 0;
	default:
		return -EACCES;
	}
}

static void login(struct ctrl *c, const struct ticket *t)
{
	static struct ticket_login l;
	struct ticket_login *at = block_body(t, sizeof(l));
	struct pg_authentication auth;
	struct outbuf o = ob_of(at->bytes, sizeof(at->bytes));
	int32_t rc = -EACCES;

	must(t->session != 0);
	memcpy(&l, at, sizeof(l));
	must(l.len <= sizeof(l.bytes) && l.binding_len <= sizeof(l.binding));
	c->login_step = l.begin ? 1 : (uint8_t)(c->login_step + 1);
	c->was_encrypted = l.encrypted;
	c->was_verified = l.verified;
	if (l.len == 0)
		rc = 0;
	else if (pg_read_authentication((struct span){ l.bytes, l.len }, &auth) == 0)
		rc = login_answer(c, &auth, &o);
	must(!o.full);
	at->len = (uint32_t)o.len;
	reply(c, t, rc, "");
}

static void may(struct ctrl *c, const struct ticket *t)
{
	const struct ticket_may *m = block_body(t, sizeof(*m));

	must(t->session != 0 && t->command != 0);
	must(is_ended(m->rule, sizeof(m->rule)) && is_ended(m->reason, sizeof(m->reason)));
	must(m->text_len <= TICKET_TEXT_MAX && m->text_len <= m->text_bytes);
	must(t->block->len_bytes - sizeof(*m) >= m->text_len);
	keep(c, t);
}

static void written(struct ctrl *c, const struct ticket *t)
{
	const struct ticket_record *q = block_body(t, sizeof(*q));

	must(t->session != 0 && t->command != 0);
	must(q->text_len <= TICKET_TEXT_MAX && q->text_len <= q->text_bytes);
	must(t->block->len_bytes - sizeof(*q) >= q->text_len);
	keep(c, t);
}

static void cancel(struct ctrl *c, const struct ticket *t)
{
	memcpy(&c->cancel, block_body(t, sizeof(c->cancel)), sizeof(c->cancel));
	must(c->cancel.key_len <= sizeof(c->cancel.bytes));
	reply(c, t, c->cancel_rc, "");
}

static void work(struct ctrl *c, const struct ticket *t)
{
	must(t->work.run != NULL && t->block == NULL);
	if (c->delays_work) {
		keep(c, t);
		return;
	}
	t->work.run(t->work.arg);
	reply(c, t, 0, "");
}

static void log_put(struct ctrl *c, const char *word)
{
	const size_t n = strlen(c->log);

	snprintf(c->log + n, sizeof(c->log) - n, "%s%s", n > 0 ? " " : "", word);
}

static void news(struct ctrl *c, const struct ticket *t)
{
	static const char *const verdicts[] = {
		[TICKET_ALLOW] = "allow", [TICKET_DENY] = "deny", [TICKET_HOLD] = "hold"
	};
	char word[128] = "?";

	must(t->block == NULL);
	if (t->kind == TICKET_READY) {
		must(t->ready.key_len <= sizeof(t->ready.key));
		snprintf(word, sizeof(word), "READY");
	} else if (t->kind == TICKET_GONE) {
		must(t->gone.why < SESSION_ENDS &&
				is_ended(t->gone.detail, sizeof(t->gone.detail)));
		snprintf(word, sizeof(word), "GONE=%u", t->gone.why);
	} else if (t->kind == TICKET_JUDGED) {
		must(t->judged.verdict <= TICKET_HOLD && t->command != 0);
		must(is_ended(t->judged.rule, sizeof(t->judged.rule)) &&
				is_ended(t->judged.text, sizeof(t->judged.text)));
		snprintf(word, sizeof(word), "JUDGED=%s/%s", verdicts[t->judged.verdict],
				t->judged.rule);
	} else {
		must(t->kind == TICKET_FORGET && t->command != 0);
		snprintf(word, sizeof(word), "FORGET");
	}
	log_put(c, word);
	c->news[c->n_news++ % CTRL_NEWS] = *t;
}

static void take(struct ctrl *c, const struct ticket *t)
{
	must(t->kind < TICKET_KINDS);
	c->n_asked[t->kind]++;
	if (t->block != NULL)
		c->n_blocks++;
	switch ((enum ticket_kind)t->kind) {
	case TICKET_WHO:
		who(c, t);
		break;
	case TICKET_LOGIN:
		login(c, t);
		break;
	case TICKET_MAY:
		may(c, t);
		break;
	case TICKET_WRITTEN:
		written(c, t);
		break;
	case TICKET_CANCEL:
		cancel(c, t);
		break;
	case TICKET_PLAN:
		plan(c, t);
		break;
	case TICKET_WORK:
		work(c, t);
		break;
	case TICKET_READY:
	case TICKET_GONE:
	case TICKET_FORGET:
	case TICKET_JUDGED:
	case TICKET_KINDS:
		news(c, t);
		break;
	}
}

uint32_t ctrl_turn(struct ctrl *c)
{
	struct ticket t;
	uint32_t n = answers_flush(c);

	for (; ring_pop(c->tickets, &t); n++)
		take(c, &t);
	return n;
}

static uint32_t find(const struct ctrl *c, enum ticket_kind kind)
{
	uint32_t i = 0;

	while (i < c->n_waiting && c->waiting[i].kind != kind)
		i++;
	return i;
}

const struct ticket *ctrl_waiting(const struct ctrl *c, enum ticket_kind kind)
{
	const uint32_t i = find(c, kind);

	return i < c->n_waiting ? &c->waiting[i] : NULL;
}

bool ctrl_answer(struct ctrl *c, enum ticket_kind kind, int32_t rc, const char *text)
{
	const uint32_t i = find(c, kind);
	struct ticket t;

	if (i == c->n_waiting)
		return false;
	t = c->waiting[i];
	c->n_waiting--;
	memmove(c->waiting + i, c->waiting + i + 1, (c->n_waiting - i) * sizeof(t));
	if (kind == TICKET_WORK)
		t.work.run(t.work.arg);
	reply(c, &t, rc, text);
	return true;
}

void ctrl_tell(struct ctrl *c, const struct ticket *to, enum ticket_answer_kind kind,
		enum session_end why)
{
	const struct ticket_answer a = {
		.kind = kind, .slot = to->slot, .gen = to->gen, .session = to->session, .why = why
	};

	answer_put(c, &a);
}

const struct ticket *ctrl_news(const struct ctrl *c, enum ticket_kind kind)
{
	const uint32_t n = c->n_news < CTRL_NEWS ? c->n_news : CTRL_NEWS;

	for (uint32_t i = 1; i <= n; i++) {
		const struct ticket *t = &c->news[(c->n_news - i) % CTRL_NEWS];

		if (t->kind == kind)
			return t;
	}
	return NULL;
}

void ctrl_answer_all(struct ctrl *c)
{
	while (ctrl_answer(c, TICKET_WHO, -EACCES, "") ||
			ctrl_answer(c, TICKET_MAY, TICKET_DENY, "") ||
			ctrl_answer(c, TICKET_WRITTEN, -EIO, "") ||
			ctrl_answer(c, TICKET_WORK, 0, ""))
		;
}
