/* SPDX-License-Identifier: Apache-2.0
 * TICKET_LOGIN: one step of a login at the server, with the target's credential. */
#include "ctrlplane/log/log.h"
#include "ctrlplane/session/session_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct login {
	struct pgauth_conf conf;
	struct pgauth auth;
	bool is_salting; /* the work thread computes for it */
};

/* SaltedPassword, on the work thread. */
struct salting {
	struct event event; /* first */
	struct job job;
	struct session_entry *session; /* reference */
	struct reply *out;             /* owned */
	struct salted_cache *cache;    /* borrowed: outlives the work thread */
	const struct secret *secret;   /* borrowed, likewise */
	uint32_t iterations;
	size_t salt_len;
	uint8_t salt[PGAUTH_SALT_MAX];
	uint8_t salted[SALTED_BYTES];
	int rc;
};

void login_free(struct login **login)
{
	struct login *l = *login;

	*login = NULL;
	if (l == NULL)
		return;
	pgauth_done(&l->auth);
	free(l);
}

static void give_up(struct sessions *s, struct session_entry *e, struct reply *q, const char *why,
		const char *server)
{
	log_warn("session", "session %016" PRIx64 ": target %s does not let us in as '%s': %s%s%s",
			e->id, conf_target_name(s->conf, e->target),
			s->conf->targets[e->target].credential.user, why,
			server[0] == '\0' ? "" : ": ", server);
	e->phase = PHASE_REFUSED;
	login_free(&e->login);
	reply_rc(s, q, -EACCES);
}

static void salt_slowly(struct sessions *s, struct session_entry *e, struct reply *q);

/* What pgauth has said goes to the server, by way of the worker. */
static void go_on(struct sessions *s, struct session_entry *e, struct reply *q, enum pgauth_rc rc,
		struct pgauth_out *out)
{
	struct ticket_login *t = (struct ticket_login *)(void *)q->answer.block->bytes;

	t->len = 0;
	switch (rc) {
	case PGAUTH_SEND:
		t->len = (uint32_t)out->len;
		memcpy(t->bytes, out->bytes, out->len);
		reply_rc(s, q, 0);
		break;
	case PGAUTH_WAIT:
		reply_rc(s, q, 0);
		break;
	case PGAUTH_NEED_SALTED:
		salt_slowly(s, e, q);
		break;
	case PGAUTH_DONE:
		login_free(&e->login);
		reply_rc(s, q, 1);
		break;
	case PGAUTH_REFUSED:
		give_up(s, e, q, pgauth_reason_text(e->login->auth.reason),
				e->login->auth.server_error);
		break;
	}
	pgauth_out_done(out);
}

static void salting_run(struct job *job)
{
	struct salting *w = (struct salting *)(void *)job->done;

	w->rc = salted_cache_get(w->cache, w->secret, (struct span){ w->salt, w->salt_len },
			w->iterations, w->salted);
}

static void salting_free(struct salting *w)
{
	session_unref(w->session);
	explicit_bzero(w->salted, sizeof(w->salted));
	free(w);
}

static void salting_done(struct sessions *s, struct event *event)
{
	struct salting *w = (struct salting *)(void *)event;
	struct session_entry *e = w->session;
	struct pgauth_out out = { .len = 0 };

	if (s == NULL) {
		free(w->out);
		salting_free(w);
		return;
	}
	s->stats.works++;
	e->login->is_salting = false;
	if (e->is_gone)
		reply_rc(s, w->out, -EACCES);
	else if (w->rc < 0)
		give_up(s, e, w->out, pgauth_reason_text(PGAUTH_CRYPTO), "");
	else
		go_on(s, e, w->out, pgauth_salted(&e->login->auth, w->salted, &out), &out);
	salting_free(w);
}

static void salt_slowly(struct sessions *s, struct session_entry *e, struct reply *q)
{
	const struct pgauth *a = &e->login->auth;
	struct salting *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		give_up(s, e, q, "out of memory", "");
		return;
	}
	*w = (struct salting){ .event = { .take = salting_done },
		.job = { .done = &w->event, .run = salting_run },
		.session = e,
		.out = q,
		.cache = s->salted,
		.secret = a->conf->credential->prepared,
		.iterations = a->iterations,
		.salt_len = a->salt_len };
	memcpy(w->salt, a->salt, a->salt_len);
	session_ref(e);
	e->login->is_salting = true;
	work_put(s->work, &w->job);
}

/* The answer to PGAUTH_NEED_SALTED, if the salted password is known. */
static enum pgauth_rc salt_at_once(struct sessions *s, struct pgauth *a, struct pgauth_out *out)
{
	enum pgauth_rc rc = PGAUTH_NEED_SALTED;
	uint8_t bytes[SALTED_BYTES];

	if (salted_cache_find(s->salted, a->conf->credential->prepared,
			    (struct span){ a->salt, a->salt_len }, a->iterations, bytes))
		rc = pgauth_salted(a, bytes, out);
	explicit_bzero(bytes, sizeof(bytes));
	return rc;
}

/* NULL: the target has no credential, or there is no memory. */
static struct login *login_new(struct sessions *s, uint32_t target, const struct ticket_login *t)
{
	const struct credential *c = target < s->conf->n_targets ? s->credentials[target] : NULL;
	struct login *l = c == NULL ? NULL : calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->conf = (struct pgauth_conf){ .credential = c,
		.stats = &s->logins,
		.binding_len = t->binding_len,
		.encrypted = t->encrypted,
		.verified = t->verified };
	memcpy(l->conf.binding, t->binding, t->binding_len);
	pgauth_init(&l->auth, &l->conf);
	return l;
}

/* false: this is not the time for it. */
static bool is_in_turn(struct sessions *s, struct session_entry *e, const struct ticket_login *t)
{
	if (e == NULL || e->phase != PHASE_KNOWN || t->binding_len > TICKET_BINDING_MAX ||
			t->len > TICKET_LOGIN_BYTES)
		return false;
	if (t->begin && e->login == NULL)
		e->login = login_new(s, e->target, t);
	else if (t->begin)
		return false;
	return e->login != NULL && !e->login->is_salting;
}

static void step(struct sessions *s, struct session_entry *e, struct reply *q,
		const struct ticket_login *t)
{
	struct pgauth_out out = { .len = 0 };
	enum pgauth_rc rc = PGAUTH_WAIT; /* only begun: nothing was asked yet */

	if (!t->begin || t->len > 0)
		rc = pgauth_take(&e->login->auth, (struct span){ t->bytes, t->len }, &out);
	if (rc == PGAUTH_NEED_SALTED)
		rc = salt_at_once(s, &e->login->auth, &out);
	go_on(s, e, q, rc, &out);
}

void login_take(struct sessions *s, const struct ticket *t, struct reply *q)
{
	const struct ticket_login *asked = reply_block(s, q, sizeof(*asked));
	struct session_entry *e = session_find(s, q->worker, t);

	if (asked != NULL && is_in_turn(s, e, asked)) {
		step(s, e, q, asked);
		return;
	}
	log_warn("session",
			"a step of a login at target %s comes out of turn, or there is no "
			"credential",
			conf_target_name(s->conf, t->target));
	reply_rc(s, q, -EACCES);
}
