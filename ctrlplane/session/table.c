/* SPDX-License-Identifier: Apache-2.0
 * Sessions by slot, and in the order of their numbers; who has to go. */
#include "ctrlplane/log/log.h"
#include "ctrlplane/session/session_priv.h"

#include <inttypes.h>
#include <stdlib.h>

static struct session_entry **bucket_of(struct sessions *s, uint32_t worker, uint32_t slot)
{
	/* slots are small numbers of ours: nobody chooses them */
	return &s->buckets[(slot * s->port.n_workers + worker) % BUCKETS];
}

static bool is_at(const struct session_entry *e, uint32_t worker, uint32_t slot)
{
	return e->worker == worker && e->slot == slot;
}

struct session_entry *session_find(struct sessions *s, uint32_t worker, const struct ticket *t)
{
	struct session_entry *e = *bucket_of(s, worker, t->slot);

	while (e != NULL && !(is_at(e, worker, t->slot) && e->gen == t->gen))
		e = e->next_in_bucket;
	return e;
}

/* A slot has one session at a time: what is still there has ended, and the news of it was lost. */
static void evict(struct sessions *s, uint32_t worker, uint32_t slot)
{
	struct session_entry *e = *bucket_of(s, worker, slot), *next;

	for (; e != NULL; e = next) {
		next = e->next_in_bucket;
		if (!is_at(e, worker, slot))
			continue;
		log_warn("session",
				"session %016" PRIx64 ": its worker did not say that it is over",
				e->id);
		s->stats.ended[SESSION_CLOSED]++;
		session_gone(s, e);
	}
}

struct session_entry *session_add(struct sessions *s, uint32_t worker, const struct ticket *t)
{
	struct session_entry *e = calloc(1, sizeof(*e));
	struct session_entry **bucket = bucket_of(s, worker, t->slot);
	struct reply *end = reply_new();

	evict(s, worker, t->slot);
	if (e == NULL || end == NULL) {
		free(e);
		free(end);
		return NULL;
	}
	end->worker = worker;
	end->answer = (struct ticket_answer){ .kind = TICKET_END, .slot = t->slot, .gen = t->gen };
	e->worker = worker;
	e->slot = t->slot;
	e->gen = t->gen;
	e->target = t->target;
	e->end = end;
	e->n_refs = 1;
	e->since_us = sessions_now_us(s);
	e->next_in_bucket = *bucket;
	*bucket = e;
	return e;
}

void session_ref(struct session_entry *e)
{
	atomic_fetch_add(&e->n_refs, 1);
}

void session_unref(struct session_entry *e)
{
	if (atomic_fetch_sub(&e->n_refs, 1) > 1)
		return;
	actor_unref(&e->actor);
	login_free(&e->login);
	free(e->end);
	free(e);
}

void session_know(struct sessions *s, struct session_entry *e, struct actor *actor)
{
	e->actor = actor;
	e->id = s->next_id++;
	e->phase = PHASE_KNOWN;
	e->prev = s->last;
	if (s->last != NULL)
		s->last->next = e;
	else
		s->first = e;
	s->last = e;
	s->stats.begun++;
	s->stats.open++;
}

static void unlink_number(struct sessions *s, struct session_entry *e)
{
	if (e->id == 0)
		return;
	if (e->prev != NULL)
		e->prev->next = e->next;
	else
		s->first = e->next;
	if (e->next != NULL)
		e->next->prev = e->prev;
	else
		s->last = e->prev;
	s->stats.open--;
	if (e->phase == PHASE_READY)
		s->stats.ready--;
}

void session_gone(struct sessions *s, struct session_entry *e)
{
	struct session_entry **at = bucket_of(s, e->worker, e->slot);

	while (*at != e)
		at = &(*at)->next_in_bucket;
	*at = e->next_in_bucket;
	unlink_number(s, e);
	holds_drop(s, e);
	e->is_gone = true;
	session_unref(e);
}

void session_end(struct sessions *s, struct session_entry *e, enum session_end why)
{
	struct reply *end = e->end;

	if (end == NULL)
		return;
	e->end = NULL;
	e->end_why = why;
	end->answer.why = why;
	end->answer.session = e->id;
	reply_put(s, end);
	log_info("session", "session %016" PRIx64 " is to end: %s", e->id, sessions_end_text(why));
}

void sessions_check(struct sessions *s)
{
	const int64_t now_s = s->clock.wall_s(s->clock.ctx);

	for (struct session_entry *e = s->first; e != NULL; e = e->next) {
		if (e->end == NULL)
			continue;
		if (now_s >= e->actor->until_s)
			session_end(s, e, SESSION_EXPIRED);
		else if (identity_is_revoked(s->identity, e->actor))
			session_end(s, e, SESSION_REVOKED);
	}
}

void sessions_forget_all(struct sessions *s)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (s->buckets[i] != NULL)
			session_gone(s, s->buckets[i]);
	}
}
