/* SPDX-License-Identifier: Apache-2.0
 * A world for identity tests. */
#include "tests/unit/identity/world.h"

#include "parsers/base/must.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t wall_s(void *ctx)
{
	struct world *w = ctx;
	int64_t s;

	pthread_mutex_lock(&w->lock);
	s = w->now_s;
	pthread_mutex_unlock(&w->lock);
	return s;
}

static uint64_t mono_ms(void *ctx)
{
	struct world *w = ctx;
	uint64_t ms;

	pthread_mutex_lock(&w->lock);
	ms = w->now_ms;
	pthread_mutex_unlock(&w->lock);
	return ms;
}

static int start(void *ctx, size_t issuer, const struct conf_issuer *conf)
{
	struct world *w = ctx;

	must(conf->jwks[0] == 'h');
	pthread_mutex_lock(&w->lock);
	must(!w->at[issuer].asked);
	w->at[issuer].asked = true;
	w->at[issuer].n_started++;
	pthread_mutex_unlock(&w->lock);
	return 0;
}

/* The answer of a provider that was asked; its copy is to be freed. */
static bool take_answer(struct world *w, size_t issuer, char **ret_body, struct fetch_result *ret)
{
	struct world_provider *p = &w->at[issuer];
	bool ends;

	pthread_mutex_lock(&w->lock);
	ends = p->asked && !w->silent;
	if (ends) {
		p->asked = false;
		*ret_body = p->body == NULL ? NULL : strdup(p->body);
		*ret = (struct fetch_result){ .why = p->body == NULL ? "unreachable" : NULL,
			.max_age_s = p->max_age_s };
	}
	pthread_mutex_unlock(&w->lock);
	if (ends && *ret_body != NULL)
		ret->body = (struct span){ (const uint8_t *)*ret_body, strlen(*ret_body) };
	return ends;
}

static bool tell_all(struct world *w, fetch_done_fn *done, void *arg)
{
	struct fetch_result r;
	bool any = false;
	char *body;

	for (size_t i = 0; i < WORLD_ISSUERS; i++) {
		body = NULL;
		if (!take_answer(w, i, &body, &r))
			continue;
		done(arg, i, &r);
		free(body);
		any = true;
	}
	return any;
}

/* At most 20 ms of real time: a test's clock stands still meanwhile. */
static void wait_any(void *ctx, uint64_t timeout_ms, fetch_done_fn *done, void *arg)
{
	struct world *w = ctx;
	struct timespec until;

	if (tell_all(w, done, arg) || timeout_ms == 0)
		return;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 20000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&w->lock);
	if (!w->is_woken)
		pthread_cond_timedwait(&w->woken, &w->lock, &until);
	w->is_woken = false;
	pthread_mutex_unlock(&w->lock);
	tell_all(w, done, arg);
}

static void wake(void *ctx)
{
	struct world *w = ctx;

	pthread_mutex_lock(&w->lock);
	w->is_woken = true;
	pthread_cond_signal(&w->woken);
	pthread_mutex_unlock(&w->lock);
}

void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->woken, NULL);
	w->env = (struct identity_env){ .ctx = w,
		.wall_s = wall_s,
		.mono_ms = mono_ms,
		.start = start,
		.wait = wait_any,
		.wake = wake };
	w->now_s = WORLD_NOW_S;
	w->now_ms = 1000000;
	for (size_t i = 0; i < WORLD_ISSUERS; i++)
		w->at[i].max_age_s = -1;
}

void world_done(struct world *w)
{
	for (size_t i = 0; i < WORLD_ISSUERS; i++)
		free(w->at[i].body);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->woken);
}

void world_serve(struct world *w, size_t issuer, char *body)
{
	pthread_mutex_lock(&w->lock);
	free(w->at[issuer].body);
	w->at[issuer].body = body;
	pthread_mutex_unlock(&w->lock);
}

void world_pass(struct world *w, uint64_t ms)
{
	pthread_mutex_lock(&w->lock);
	w->now_ms += ms;
	w->now_s += (int64_t)(ms / 1000);
	pthread_mutex_unlock(&w->lock);
	wake(w);
}

void world_silence(struct world *w, bool silent)
{
	pthread_mutex_lock(&w->lock);
	w->silent = silent;
	pthread_mutex_unlock(&w->lock);
	wake(w);
}

uint32_t world_fetches(struct world *w, size_t issuer)
{
	uint32_t n;

	pthread_mutex_lock(&w->lock);
	n = w->at[issuer].n_started;
	pthread_mutex_unlock(&w->lock);
	return n;
}

struct conf *world_conf(const char *yaml)
{
	static struct doc_errors errors;
	struct conf *c = NULL;
	char *all = NULL;

	must(asprintf(&all,
			     "dataplane: {wires: [{name: w, agent: {port: net_a}, "
			     "prod: {port: net_b}}]}\n%s",
			     yaml) > 0);
	if (conf_parse(all, strlen(all), &c, &errors) < 0)
		conf_errors_print(stdout, "world", &errors);
	free(all);
	must(c != NULL);
	return c;
}

char *world_dir(void)
{
	char *dir = strdup("/tmp/test_identity.XXXXXX");

	must(dir != NULL && mkdtemp(dir) != NULL);
	return dir;
}

void world_dir_remove(char *dir)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/revoked.json", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/jwks.json", dir);
	unlink(path);
	must(rmdir(dir) == 0); /* nothing else was left behind */
	free(dir);
}

static void on_answer(void *ctx, enum identity_reason reason, struct actor *actor)
{
	struct world_answer *a = ctx;

	pthread_mutex_lock(&a->lock);
	a->n++;
	a->reason = reason;
	actor_unref(&a->actor);
	a->actor = actor;
	pthread_cond_signal(&a->came);
	pthread_mutex_unlock(&a->lock);
}

void world_answer_init(struct world_answer *a)
{
	memset(a, 0, sizeof(*a));
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->came, NULL);
	a->reason = IDENTITY_REASONS;
}

struct identity_done world_answer_to(struct world_answer *a)
{
	return (struct identity_done){ on_answer, a };
}

bool world_answer_wait(struct world_answer *a, int n)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&a->lock);
	while (a->n < n && rc == 0)
		rc = pthread_cond_timedwait(&a->came, &a->lock, &until);
	pthread_mutex_unlock(&a->lock);
	return rc == 0;
}

void world_answer_done(struct world_answer *a)
{
	actor_unref(&a->actor);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->came);
}
