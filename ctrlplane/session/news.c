/* SPDX-License-Identifier: Apache-2.0
 * What workers tell without asking, and the requests that cancel commands. */
#include "ctrlplane/log/log.h"
#include "ctrlplane/session/session_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Only the hash of a key is kept, and compared: under a key of ours that nobody knows, so that how long
 * it takes says nothing. */
static uint64_t hash_of(const struct sessions *s, const uint8_t *key, uint32_t len)
{
	uint64_t words[1 + TICKET_KEY_MAX / 8] = { len };

	memcpy(&words[1], key, len);
	return siphash13_words(&s->hash_key, words, 1 + (len + 7) / 8);
}

static void say_ready(const struct sessions *s, const struct session_entry *e)
{
	char agent[ENDPOINT_MAX], prod[ENDPOINT_MAX], user[SESSION_SHOWN_MAX];
	char database[SESSION_SHOWN_MAX];

	text_endpoint(agent, &e->client.key, SIDE_AGENT);
	text_endpoint(prod, &e->client.key, SIDE_PROD);
	text_show(user, sizeof(user), e->client.user, strlen(e->client.user));
	text_show(database, sizeof(database), e->client.database, strlen(e->client.database));
	log_info("session",
			"session %016" PRIx64 ": %s of %s at target %s, %s to %s, user '%s', "
			"database '%s'",
			e->id, e->actor->sub, e->actor->issuer_name,
			conf_target_name(s->conf, e->target), agent, prod, user, database);
}

void ready_take(struct sessions *s, uint32_t worker, const struct ticket *t)
{
	struct session_entry *e = session_find(s, worker, t);

	if (e == NULL || e->phase != PHASE_KNOWN || t->ready.key_len > TICKET_KEY_MAX) {
		s->stats.malformed++;
		return;
	}
	e->phase = PHASE_READY;
	e->pid = t->ready.pid;
	e->has_key = t->ready.key_len > 0;
	e->key_hash = hash_of(s, t->ready.key, t->ready.key_len);
	s->stats.ready++;
	s->stats.n_ready++;
	say_ready(s, e);
}

static void say_gone(
		const struct sessions *s, const struct session_entry *e, const struct ticket *t)
{
	const uint64_t ms = (sessions_now_us(s) - e->since_us) / 1000;
	char detail[sizeof(t->gone.detail)];

	memcpy(detail, t->gone.detail, sizeof(detail));
	detail[sizeof(detail) - 1] = '\0';
	log_info("session",
			"session %016" PRIx64 " is over: %s%s%s, after %" PRIu64 ".%03u s: %" PRIu64
			" commands, %u denied, %u held",
			e->id, sessions_end_text(t->gone.why), detail[0] == '\0' ? "" : ": ",
			detail, ms / 1000, (unsigned)(ms % 1000), t->gone.n_commands,
			t->gone.n_denied, t->gone.n_held);
}

void gone_take(struct sessions *s, uint32_t worker, const struct ticket *t)
{
	struct session_entry *e = session_find(s, worker, t);

	if (t->gone.why < SESSION_ENDS)
		s->stats.ended[t->gone.why]++;
	else
		s->stats.malformed++;
	s->stats.commands += t->gone.n_commands;
	s->stats.denied += t->gone.n_denied;
	s->stats.held += t->gone.n_held;
	if (e == NULL) {
		log_info("session", "a connection to target %s: %s: %.95s",
				conf_target_name(s->conf, t->target),
				sessions_end_text(t->gone.why), t->gone.detail);
		return;
	}
	if (e->id != 0)
		say_gone(s, e, t);
	session_gone(s, e);
}

void judged_take(struct sessions *s, uint32_t worker, const struct ticket *t)
{
	static const char *const verdicts[] = {
		[TICKET_ALLOW] = "allowed", [TICKET_DENY] = "denied", [TICKET_HOLD] = "held"
	};
	struct session_entry *e = session_find(s, worker, t);

	if (t->judged.verdict > TICKET_HOLD) {
		s->stats.malformed++;
		return;
	}
	s->stats.judged[t->judged.verdict]++;
	if (e != NULL) {
		e->n_judged++;
		e->n_denied += t->judged.verdict == TICKET_DENY;
	}
	log_info("session",
			"session %016" PRIx64 ": command %" PRIu64 " is %s by rule %.63s: %.159s",
			t->session, t->command, verdicts[t->judged.verdict], t->judged.rule,
			t->judged.text);
}

/* The session whose commands <c> may cancel: from where its client is, with its key. */
static struct session_entry *by_key(struct sessions *s, const struct ticket_cancel *c)
{
	const uint64_t hash = hash_of(s, c->bytes, c->key_len);
	struct session_entry *e = s->first;

	while (e != NULL &&
			!(e->phase == PHASE_READY && e->has_key && e->target == c->target &&
					e->pid == c->pid && e->key_hash == hash &&
					memcmp(e->client.key.addr[SIDE_AGENT],
							c->key.addr[SIDE_AGENT],
							sizeof(c->key.addr[SIDE_AGENT])) == 0))
		e = e->next;
	return e;
}

static void say_unknown(struct sessions *s, const struct ticket_cancel *c)
{
	char agent[ENDPOINT_MAX];

	text_endpoint(agent, &c->key, SIDE_AGENT);
	s->stats.cancels_unknown++;
	log_info("session", "%s asks to cancel at target %s, with the key of no open session",
			agent, conf_target_name(s->conf, c->target));
}

void cancel_take(struct sessions *s, const struct ticket *t, struct reply *q)
{
	const struct ticket_cancel *c = reply_block(s, q, sizeof(*c));
	struct session_entry *e = NULL;
	struct reply *told = reply_new();

	(void)t;
	if (c != NULL && c->key_len <= TICKET_KEY_MAX && told != NULL)
		e = by_key(s, c);
	if (e == NULL) {
		if (c != NULL)
			say_unknown(s, c);
		reply_rc(s, q, -ENOENT);
		free(told);
		return;
	}
	told->worker = e->worker;
	told->answer = (struct ticket_answer){
		.kind = TICKET_CANCELLED, .slot = e->slot, .gen = e->gen, .session = e->id
	};
	reply_put(s, told);
	s->stats.cancels++;
	reply_rc(s, q, e->n_holds > 0 ? 1 : 0);
}
