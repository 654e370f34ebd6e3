/* SPDX-License-Identifier: Apache-2.0
 * Copies of the table for whoever wants to look at it. */
#include "ctrlplane/session/session_priv.h"

#include <errno.h>
#include <string.h>

static void show(char to[SESSION_SHOWN_MAX], const char *text)
{
	text_show(to, SESSION_SHOWN_MAX, text, strlen(text));
}

static uint64_t age_ms(uint64_t now_us, uint64_t since_us)
{
	return now_us > since_us ? (now_us - since_us) / 1000 : 0;
}

static void session_show(const struct session_entry *e, uint64_t now_us, struct session_view *v)
{
	const struct actor *a = e->actor;

	*v = (struct session_view){ .id = e->id,
		.worker = e->worker,
		.target = e->target,
		.key = e->client.key,
		.encrypted = e->client.encrypted,
		.state = e->end == NULL                   ? SESSION_ENDING
				: e->phase == PHASE_READY ? SESSION_READY
							  : SESSION_LOGGING_IN,
		.why = e->end_why,
		.until_s = a->until_s,
		.age_ms = age_ms(now_us, e->since_us),
		.n_judged = e->n_judged,
		.n_denied = e->n_denied,
		.n_holds = e->n_holds,
		.pid = e->pid };
	show(v->issuer, a->issuer_name);
	show(v->sub, a->sub);
	show(v->client_id, a->client_id);
	show(v->jti, a->jti);
	show(v->acts, a->n_acts == 0 ? "" : a->acts[0].sub);
	show(v->user, e->client.user);
	show(v->database, e->client.database);
	show(v->application, e->client.application);
}

size_t sessions_list(struct sessions *s, uint64_t after, struct session_view *ret, size_t max)
{
	const uint64_t now_us = sessions_now_us(s);
	size_t n = 0;

	pthread_mutex_lock(&s->lock);
	for (const struct session_entry *e = s->first; e != NULL && n < max; e = e->next) {
		if (e->id > after)
			session_show(e, now_us, &ret[n++]);
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

int sessions_actor(struct sessions *s, uint64_t id, struct actor **ret_actor)
{
	const struct session_entry *e;
	int rc = -ENOENT;

	pthread_mutex_lock(&s->lock);
	for (e = s->first; e != NULL && e->id != id;)
		e = e->next;
	if (e != NULL) {
		*ret_actor = actor_ref(e->actor);
		rc = 0;
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static void hold_show(const struct session_entry *e, const struct hold *h, uint64_t now_us,
		struct hold_view *v)
{
	const struct ticket_may *may = (const void *)h->out->answer.block->bytes;

	*v = (struct hold_view){ .session = e->id,
		.command = h->command,
		.target = e->target,
		.text_bytes = may->text_bytes,
		.n_values = may->n_values,
		.age_ms = age_ms(now_us, h->since_us),
		.plan = h->plan };
	show(v->issuer, e->actor->issuer_name);
	show(v->sub, e->actor->sub);
	show(v->rule, may->rule);
	show(v->reason, may->reason);
	text_show(v->text, sizeof(v->text), may + 1, may->text_len);
}

size_t sessions_holds(struct sessions *s, const struct hold_view *after, struct hold_view *ret,
		size_t max)
{
	const uint64_t now_us = sessions_now_us(s), session = after == NULL ? 0 : after->session,
		       command = after == NULL ? 0 : after->command;
	size_t n = 0;

	pthread_mutex_lock(&s->lock);
	for (const struct session_entry *e = s->first; e != NULL && n < max; e = e->next) {
		if (e->id < session)
			continue;
		for (const struct hold *h = e->holds; h != NULL && n < max; h = h->next) {
			if (e->id > session || h->command > command)
				hold_show(e, h, now_us, &ret[n++]);
		}
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

void sessions_stats(struct sessions *s, struct sessions_stats *ret_stats)
{
	pthread_mutex_lock(&s->lock);
	*ret_stats = s->stats;
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < PGAUTH_REASONS; i++)
		ret_stats->logins[i] = atomic_load(&s->logins.answers[i]);
	ret_stats->weak_iterations = atomic_load(&s->logins.weak_iterations);
}
