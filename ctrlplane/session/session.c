/* SPDX-License-Identifier: Apache-2.0
 * The session thread: takes tickets, hears what others have to say, gives answers. */
#include "ctrlplane/log/log.h"
#include "ctrlplane/session/session_priv.h"
#include "parsers/base/must.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>

enum {
	BATCH = 256,    /* tickets in one turn */
	BUSY_US = 50,   /* between two looks at the workers' rings */
	QUIET_US = 500, /* the same when nothing has come for BUSY_FOR_US */
	BUSY_FOR_US = 5000,
	SLACK_NS = 1000, /* of this thread's timers: the kernel's 50 us would double BUSY_US */
	ID_SHIFT = 22,
};

static uint64_t system_mono_us(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int64_t system_wall_s(void *ctx)
{
	(void)ctx;
	return time(NULL);
}

static const struct sessions_clock system_clock = { NULL, system_mono_us, system_wall_s };

uint64_t sessions_now_us(const struct sessions *s)
{
	return s->clock.mono_us(s->clock.ctx);
}

void *reply_block(struct sessions *s, const struct reply *q, size_t size)
{
	struct ticket_block *b = q->answer.block;

	if (b != NULL && b->len_bytes <= b->cap_bytes && size <= b->cap_bytes)
		return b->bytes;
	s->stats.malformed++;
	return NULL;
}

/* Nobody keeps records yet, so none is durable; and no target of ours asks for any. */
static void written_take(struct sessions *s, const struct ticket *t, struct reply *q)
{
	(void)t;
	reply_rc(s, q, -ENOSYS);
}

/* What to do with a ticket: one of the two. */
static const struct {
	void (*question)(struct sessions *s, const struct ticket *t, struct reply *q);
	void (*news)(struct sessions *s, uint32_t worker, const struct ticket *t);
} takers[TICKET_KINDS] = {
	[TICKET_WHO] = { .question = who_take },
	[TICKET_LOGIN] = { .question = login_take },
	[TICKET_MAY] = { .question = may_take },
	[TICKET_WRITTEN] = { .question = written_take },
	[TICKET_CANCEL] = { .question = cancel_take },
	[TICKET_PLAN] = { .question = plan_take },
	[TICKET_WORK] = { .question = work_take },
	[TICKET_READY] = { .news = ready_take },
	[TICKET_GONE] = { .news = gone_take },
	[TICKET_FORGET] = { .news = forget_take },
	[TICKET_JUDGED] = { .news = judged_take },
};

static void ticket_take(struct sessions *s, uint32_t worker, const struct ticket *t)
{
	struct reply *q;

	must(worker < s->port.n_workers && t->kind < TICKET_KINDS);
	if (takers[t->kind].news != NULL) {
		takers[t->kind].news(s, worker, t);
		return;
	}
	q = s->spare;
	s->spare = NULL;
	q->worker = worker;
	q->answer = (struct ticket_answer){ .kind = TICKET_ANSWER,
		.of = t->kind,
		.slot = t->slot,
		.gen = t->gen,
		.session = t->session,
		.command = t->command,
		.block = t->block };
	takers[t->kind].question(s, t, q);
}

/* A ticket is only taken when there is memory for its answer. */
static size_t tickets_take(struct sessions *s)
{
	struct ticket t;
	uint32_t worker;
	size_t n = 0;

	for (; n < BATCH; n++) {
		if (s->spare == NULL)
			s->spare = reply_new();
		if (s->spare == NULL || !s->port.next(s->port.ctx, &worker, &t))
			break;
		pthread_mutex_lock(&s->lock);
		ticket_take(s, worker, &t);
		pthread_mutex_unlock(&s->lock);
	}
	return n;
}

static size_t events_take(struct sessions *s, struct event *e)
{
	struct event *next;
	size_t n = 0;

	for (; e != NULL; e = next, n++) {
		next = e->next;
		pthread_mutex_lock(&s->lock);
		e->take(s, e);
		pthread_mutex_unlock(&s->lock);
	}
	return n;
}

static void check(struct sessions *s, uint64_t now_us)
{
	if (now_us - s->checked_us < SESSIONS_CHECK_MS * 1000ULL)
		return;
	s->checked_us = now_us;
	pthread_mutex_lock(&s->lock);
	sessions_check(s);
	pthread_mutex_unlock(&s->lock);
}

/* How long to wait for the next turn. */
static uint64_t pause_us(size_t n_done, uint64_t now_us, uint64_t *busy_us)
{
	if (n_done > 0)
		*busy_us = now_us;
	if (n_done >= BATCH)
		return 0;
	return now_us - *busy_us < BUSY_FOR_US ? BUSY_US : QUIET_US;
}

static void *run(void *arg)
{
	struct sessions *s = arg;
	uint64_t now_us, busy_us = sessions_now_us(s), wait_us = 0;

	pthread_setname_np(pthread_self(), "session");
	prctl(PR_SET_TIMERSLACK, (unsigned long)SLACK_NS, 0, 0, 0);
	while (!atomic_load(&s->stop)) {
		size_t n = events_take(s, inbox_take(s->inbox, wait_us));

		n += tickets_take(s);
		n += events_take(s, inbox_take(s->inbox, 0)); /* of tokens that were known */
		now_us = sessions_now_us(s);
		check(s, now_us);
		pthread_mutex_lock(&s->lock);
		n += replies_flush(s);
		pthread_mutex_unlock(&s->lock);
		wait_us = pause_us(n, now_us, &busy_us);
	}
	return NULL;
}

static int credentials_load(struct sessions *s)
{
	struct credential_error error;
	int rc = 0;

	s->credentials = calloc(s->conf->n_targets + 1, sizeof(s->credentials[0]));
	if (s->credentials == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < s->conf->n_targets && rc == 0; i++) {
		const struct conf_target *t = &s->conf->targets[i];

		if (t->credential.user == NULL)
			continue;
		rc = credential_load(&t->credential, &s->credentials[i], &error);
		if (rc < 0)
			log_err("session", "target %s: the credential cannot be read: %s", t->name,
					error.text);
	}
	return rc;
}

static int random_get(struct sessions *s)
{
	return getrandom(&s->hash_key, sizeof(s->hash_key), 0) == (ssize_t)sizeof(s->hash_key)
			? 0
			: -EIO;
}

/* A number that no session of an earlier run has had: 2^22 of them could begin in each millisecond
 * since. */
static uint64_t first_id(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return ((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000) << ID_SHIFT;
}

static int replies_new(struct sessions *s)
{
	s->replies = calloc(s->port.n_workers, sizeof(s->replies[0]));
	for (uint32_t w = 0; s->replies != NULL && w < s->port.n_workers; w++)
		s->replies[w].last = &s->replies[w].first;
	return s->replies == NULL ? -ENOMEM : 0;
}

static int parts_new(struct sessions *s)
{
	int rc = replies_new(s);

	s->inbox = inbox_new();
	if (rc == 0)
		rc = s->inbox == NULL ? -ENOMEM : random_get(s);
	if (rc == 0)
		rc = credentials_load(s);
	if (rc == 0)
		rc = salted_cache_new(SALTED_ENTRIES, &s->salted);
	if (rc == 0)
		rc = work_new(s->inbox, &s->work);
	if (rc == 0)
		rc = -pthread_create(&s->thread, NULL, run, s);
	s->has_thread = rc == 0;
	return rc;
}

int sessions_new(const struct sessions_conf *conf, struct sessions **ret_sessions)
{
	struct sessions *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return -ENOMEM;
	s->conf = conf->conf;
	s->identity = conf->identity;
	s->port = *conf->port;
	s->clock = conf->clock == NULL ? system_clock : *conf->clock;
	s->next_id = first_id();
	pthread_mutex_init(&s->lock, NULL);
	rc = s->port.n_workers == 0 ? -EINVAL : parts_new(s);
	if (rc < 0) {
		log_err("session", "inspected sessions cannot be served: %s", strerror(-rc));
		sessions_free(&s);
		return rc;
	}
	*ret_sessions = s;
	return 0;
}

static void credentials_free(struct sessions *s)
{
	for (size_t i = 0; s->credentials != NULL && i < s->conf->n_targets; i++)
		credential_free(&s->credentials[i]);
	free(s->credentials);
}

void sessions_free(struct sessions **sessions)
{
	struct sessions *s = *sessions;

	*sessions = NULL;
	if (s == NULL)
		return;
	atomic_store(&s->stop, true);
	if (s->has_thread) {
		inbox_poke(s->inbox);
		pthread_join(s->thread, NULL);
	}
	if (s->inbox != NULL)
		inbox_close(s->inbox);
	work_free(&s->work);
	inbox_unref(&s->inbox);
	sessions_forget_all(s);
	replies_done(s);
	salted_cache_free(&s->salted);
	credentials_free(s);
	free(s->spare);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
