/* SPDX-License-Identifier: Apache-2.0
 * What takes its time: slow steps of workers, and salted passwords. */
#include "ctrlplane/session/session_priv.h"
#include "parsers/base/must.h"

#include <errno.h>
#include <stdlib.h>

struct work {
	struct inbox *inbox; /* borrowed */
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t came;
	struct job *first, **last;
	bool stop;
};

/* The next job; NULL: it is time to stop. */
static struct job *take(struct work *w)
{
	struct job *job;

	pthread_mutex_lock(&w->lock);
	while (w->first == NULL && !w->stop)
		pthread_cond_wait(&w->came, &w->lock);
	job = w->stop ? NULL : w->first;
	if (job != NULL) {
		w->first = job->next;
		if (w->first == NULL)
			w->last = &w->first;
	}
	pthread_mutex_unlock(&w->lock);
	return job;
}

static void *run(void *arg)
{
	struct work *w = arg;

	pthread_setname_np(pthread_self(), "session-work");
	for (struct job *job; (job = take(w)) != NULL;) {
		job->run(job);
		inbox_put(w->inbox, job->done);
	}
	return NULL;
}

int work_new(struct inbox *inbox, struct work **ret_work)
{
	struct work *w = calloc(1, sizeof(*w));
	int rc;

	if (w == NULL)
		return -ENOMEM;
	w->inbox = inbox;
	w->last = &w->first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->came, NULL);
	rc = -pthread_create(&w->thread, NULL, run, w);
	if (rc == 0) {
		*ret_work = w;
		return 0;
	}
	pthread_cond_destroy(&w->came);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return rc;
}

void work_free(struct work **work)
{
	struct work *w = *work;
	struct job *next;

	*work = NULL;
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->came);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	for (struct job *job = w->first; job != NULL; job = next) {
		next = job->next;
		job->done->take(NULL, job->done);
	}
	pthread_cond_destroy(&w->came);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void work_put(struct work *w, struct job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&w->lock);
	*w->last = job;
	w->last = &job->next;
	pthread_cond_signal(&w->came);
	pthread_mutex_unlock(&w->lock);
}

/* TICKET_WORK. */

struct worker_job {
	struct event event; /* first */
	struct job job;
	struct reply *out; /* owned */
	void (*run)(void *arg);
	void *arg; /* the worker's */
};

static void worker_job_run(struct job *job)
{
	struct worker_job *w = (struct worker_job *)(void *)job->done;

	w->run(w->arg);
}

static void worker_job_done(struct sessions *s, struct event *e)
{
	struct worker_job *w = (struct worker_job *)(void *)e;

	if (s != NULL) {
		s->stats.works++;
		reply_rc(s, w->out, 0);
	} else {
		free(w->out);
	}
	free(w);
}

void work_take(struct sessions *s, const struct ticket *t, struct reply *q)
{
	struct worker_job *w = calloc(1, sizeof(*w));

	must(t->work.run != NULL);
	if (w == NULL) { /* everybody waits for it: better than a session that waits for ever */
		t->work.run(t->work.arg);
		reply_rc(s, q, 0);
		return;
	}
	*w = (struct worker_job){ .event = { .take = worker_job_done },
		.job = { .done = &w->event, .run = worker_job_run },
		.out = q,
		.run = t->work.run,
		.arg = t->work.arg };
	work_put(s->work, &w->job);
}
