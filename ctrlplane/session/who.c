/* SPDX-License-Identifier: Apache-2.0
 * TICKET_WHO: whose token is it, and may they reach the target? */
#include "ctrlplane/log/log.h"
#include "ctrlplane/session/session_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Asked of identity. */
struct asked {
	struct event event;            /* first */
	struct inbox *inbox;           /* reference */
	struct session_entry *session; /* reference */
	struct reply *out;             /* owned */
	enum identity_reason reason;
	struct actor *actor; /* owned reference */
};

static void say_refused(const struct sessions *s, const struct session_entry *e, const char *why)
{
	char agent[ENDPOINT_MAX], user[SESSION_SHOWN_MAX];

	text_endpoint(agent, &e->client.key, SIDE_AGENT);
	text_show(user, sizeof(user), e->client.user, strlen(e->client.user));
	log_info("session", "%s to target %s as user '%s' is refused: %s", agent,
			conf_target_name(s->conf, e->target), user, why);
}

static void refuse(struct sessions *s, struct session_entry *e, struct reply *out)
{
	e->phase = PHASE_REFUSED;
	reply_rc(s, out, -EACCES);
}

static bool text_add(struct ticket_actor *to, uint32_t cap, const char *text)
{
	const size_t n = strlen(text) + 1;

	if (n > cap - to->len)
		return false;
	memcpy(to->bytes + to->len, text, n);
	to->len += (uint32_t)n;
	return true;
}

/* Over the question, whose token is not needed any more. */
static void actor_write(const struct actor *a, struct ticket_block *b)
{
	struct ticket_actor *to = (struct ticket_actor *)(void *)b->bytes;
	const uint32_t cap = b->cap_bytes - (uint32_t)sizeof(*to);
	bool has_room;

	explicit_bzero(b->bytes, b->cap_bytes);
	has_room = text_add(to, cap, a->sub) && text_add(to, cap, a->issuer_name);
	for (uint32_t i = 0; i < a->n_groups && has_room; i++)
		has_room = text_add(to, cap, a->groups[i]);
	if (!has_room)
		to->len = 0;
	b->len_bytes = b->cap_bytes;
}

static void accept(struct sessions *s, struct session_entry *e, struct asked *a)
{
	actor_write(a->actor, a->out->answer.block);
	session_know(s, e, a->actor);
	a->actor = NULL;
	a->out->answer.session = e->id;
	log_debug("session", "session %016" PRIx64 ": %s of %s for target %s", e->id, e->actor->sub,
			e->actor->issuer_name, conf_target_name(s->conf, e->target));
	reply_rc(s, a->out, 0);
}

static void asked_free(struct asked *a)
{
	actor_unref(&a->actor);
	inbox_unref(&a->inbox);
	free(a);
}

/* Back on the session thread. */
static void answered(struct sessions *s, struct event *event)
{
	struct asked *a = (struct asked *)(void *)event;
	struct session_entry *e = a->session;

	if (s == NULL) {
		free(a->out);
		session_unref(e);
		asked_free(a);
		return;
	}
	s->stats.identities[a->reason]++;
	if (e->is_gone) {
		reply_rc(s, a->out, -EACCES);
	} else if (a->reason == IDENTITY_OK) {
		accept(s, e, a);
	} else {
		say_refused(s, e, identity_reason_text(a->reason));
		refuse(s, e, a->out);
	}
	session_unref(e);
	asked_free(a);
}

/* On the identity thread, or within identity_verify(). */
static void on_answer(void *ctx, enum identity_reason reason, struct actor *actor)
{
	struct asked *a = ctx;
	struct inbox *inbox = inbox_ref(a->inbox); /* <a> may be gone within inbox_put() */

	a->reason = reason;
	a->actor = actor;
	inbox_put(inbox, &a->event);
	inbox_unref(&inbox);
}

/* It ends, whatever came. */
static void copy_name(char to[TICKET_NAME_MAX + 1], const char from[TICKET_NAME_MAX + 1])
{
	memcpy(to, from, TICKET_NAME_MAX);
	to[TICKET_NAME_MAX] = '\0';
}

static void client_set(struct session_client *c, const struct ticket_who *who)
{
	c->key = who->key;
	c->encrypted = who->encrypted;
	copy_name(c->user, who->user);
	copy_name(c->database, who->database);
	copy_name(c->application, who->application);
}

static int verify(struct sessions *s, struct session_entry *e, struct span token, struct reply *out)
{
	struct asked *a = calloc(1, sizeof(*a));
	const struct identity_done done = { on_answer, a };
	int rc;

	if (a == NULL)
		return -ENOMEM;
	*a = (struct asked){ .event = { .take = answered },
		.inbox = inbox_ref(s->inbox),
		.session = e,
		.out = out };
	session_ref(e);
	rc = identity_verify(s->identity, token, e->target, &done);
	if (rc < 0) {
		session_unref(e);
		asked_free(a);
	}
	return rc;
}

/* The token, within its block. */
static bool token_of(const struct reply *q, const struct ticket_who *who, struct span *ret)
{
	const struct ticket_block *b = q->answer.block;

	*ret = (struct span){ b->bytes + sizeof(*who), who->token_len };
	return who->token_len <= TICKET_TOKEN_MAX && who->token_len <= b->len_bytes - sizeof(*who);
}

static void ask(struct sessions *s, const struct ticket *t, struct reply *q,
		const struct ticket_who *who)
{
	struct session_entry *e = session_add(s, q->worker, t);
	struct span token;
	int rc = -ENOMEM;

	if (e == NULL) {
		log_err("session", "out of memory: a client is refused");
		reply_rc(s, q, -EACCES);
		return;
	}
	client_set(&e->client, who);
	if (token_of(q, who, &token))
		rc = verify(s, e, token, q);
	else
		s->stats.malformed++;
	if (rc == -EAGAIN)
		s->stats.identity_busy++;
	if (rc < 0) {
		say_refused(s, e,
				rc == -EAGAIN ? "too many tokens are being verified"
					      : "out of memory, or no whole token");
		refuse(s, e, q);
	}
}

void who_take(struct sessions *s, const struct ticket *t, struct reply *q)
{
	struct ticket_block *b = q->answer.block;
	const struct ticket_who *who = reply_block(s, q, sizeof(*who));

	if (who == NULL)
		reply_rc(s, q, -EACCES);
	else
		ask(s, t, q, who);
	/* Identity has a copy. <b> is still ours: what is put goes back later, with replies_flush(). */
	if (b != NULL)
		explicit_bzero(b->bytes, b->len_bytes < b->cap_bytes ? b->len_bytes : b->cap_bytes);
}
