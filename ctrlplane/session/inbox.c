/* SPDX-License-Identifier: Apache-2.0
 * What identity, work and the api have to say to the session thread. It has its own lock and its own
 * references: identity may answer from within identity_verify(), and after sessions_free(). */
#include "ctrlplane/session/session_priv.h"

#include <stdlib.h>
#include <time.h>

struct inbox {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t came;
	struct event *first, **last;
	uint32_t n_refs;
	bool is_poked, is_closed;
};

struct inbox *inbox_new(void)
{
	struct inbox *i = calloc(1, sizeof(*i));
	pthread_condattr_t attr;

	if (i == NULL)
		return NULL;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&i->came, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&i->lock, NULL);
	i->last = &i->first;
	i->n_refs = 1;
	return i;
}

struct inbox *inbox_ref(struct inbox *i)
{
	pthread_mutex_lock(&i->lock);
	i->n_refs++;
	pthread_mutex_unlock(&i->lock);
	return i;
}

void inbox_unref(struct inbox **inbox)
{
	struct inbox *i = *inbox;
	bool was_last;

	*inbox = NULL;
	if (i == NULL)
		return;
	pthread_mutex_lock(&i->lock);
	was_last = --i->n_refs == 0;
	pthread_mutex_unlock(&i->lock);
	if (!was_last)
		return;
	pthread_mutex_destroy(&i->lock);
	pthread_cond_destroy(&i->came);
	free(i);
}

void inbox_put(struct inbox *i, struct event *e)
{
	bool is_closed;

	pthread_mutex_lock(&i->lock);
	is_closed = i->is_closed;
	if (!is_closed) {
		e->next = NULL;
		*i->last = e;
		i->last = &e->next;
		pthread_cond_signal(&i->came);
	}
	pthread_mutex_unlock(&i->lock);
	if (is_closed)
		e->take(NULL, e);
}

void inbox_poke(struct inbox *i)
{
	pthread_mutex_lock(&i->lock);
	i->is_poked = true;
	pthread_cond_signal(&i->came);
	pthread_mutex_unlock(&i->lock);
}

void inbox_close(struct inbox *i)
{
	struct event *all, *next;

	pthread_mutex_lock(&i->lock);
	i->is_closed = true;
	all = i->first;
	i->first = NULL;
	i->last = &i->first;
	pthread_mutex_unlock(&i->lock);
	for (; all != NULL; all = next) {
		next = all->next;
		all->take(NULL, all);
	}
}

static struct timespec in_us(uint64_t us)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += (long)us * 1000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

struct event *inbox_take(struct inbox *i, uint64_t timeout_us)
{
	const struct timespec until = in_us(timeout_us);
	struct event *all;
	int rc = timeout_us == 0;

	pthread_mutex_lock(&i->lock);
	while (i->first == NULL && !i->is_poked && rc == 0)
		rc = pthread_cond_timedwait(&i->came, &i->lock, &until);
	i->is_poked = false;
	all = i->first;
	i->first = NULL;
	i->last = &i->first;
	pthread_mutex_unlock(&i->lock);
	return all;
}
