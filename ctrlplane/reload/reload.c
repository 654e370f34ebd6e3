/* SPDX-License-Identifier: Apache-2.0
 * See reload.h. The lock covers what both threads touch; neither does anything slow under it. */
#include "ctrlplane/reload/reload.h"

#include "ctrlplane/conf/conf.h"
#include "ctrlplane/log/log.h"
#include "ctrlplane/reload/hits.h"

#include <jansson.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct problems {
	struct reload_problem at[RELOAD_PROBLEMS_MAX];
	size_t n;
};

struct reload {
	struct reload_parts parts;
	struct generation *in_force; /* owned; changed by the control thread, with the lock */
	uint64_t generation;         /* control thread, as the next */
	struct history_entry entry;
	int event_fd;
	pthread_t thread;
	bool has_thread;
	struct generation
			*held; /* owned: replaced, but still in use by sessions; the thread's own */

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	bool ends;
	enum reload_state state;
	bool is_ready; /* the order is carried out, as far as the thread does */
	int64_t number;
	uint64_t took_ms;
	struct reload_order order; /* while it runs: the thread's */
	struct problems problems;  /* while it runs: the thread's */
	struct history_entry next_entry;
	struct generation *watching, *old_watching; /* owned: as <in_force> and <old> */
	struct history_entry watching_entry;
	struct generation *next; /* owned: made, and to be put in force */
	struct generation *old;  /* owned: to be freed when no worker holds it */
	struct hits *hits;       /* owned: of <old> while there is one, else of what is in force */
};

/* ---- what is wrong */

static void hear(void *ctx, const char *path, const struct doc_error *e, bool is_warning)
{
	struct problems *p = ctx;
	const size_t i = p->n++;

	if (i >= RELOAD_PROBLEMS_MAX)
		return;
	p->at[i] = (struct reload_problem){ strdup(path), *e, is_warning };
}

static void say(const struct rules_ear *ear, const char *path, const char *text)
{
	struct doc_error e = { .line = 0 };

	snprintf(e.text, sizeof(e.text), "%s", text);
	ear->hear(ear->ctx, path, &e, false);
}

static void problems_done(struct problems *p)
{
	for (size_t i = 0; i < p->n && i < RELOAD_PROBLEMS_MAX; i++)
		free(p->at[i].path);
	p->n = 0;
}

/* ---- sources */

int reload_configured(
		const struct conf_rules *conf, struct rules *rules, const struct rules_ear *ear)
{
	int rc = conf->dir == NULL ? 0 : rules_add_dir(rules, conf->dir, ear), one;

	for (size_t i = 0; i < conf->files.n; i++) {
		one = rules_add_file(rules, conf->files.at[i], ear);
		rc = rc < 0 ? rc : one;
	}
	return rc;
}

static int add_sent(json_t *file, struct rules *rules, const struct rules_ear *ear)
{
	const char *path, *text;
	size_t len;

	if (json_unpack(file, "{s:s, s:s%}", "path", &path, "text", &text, &len) < 0) {
		say(ear, "request", "a file has a path and a text");
		return -EINVAL;
	}
	return rules_add_text(rules, path, (struct span){ (const uint8_t *)text, len }, ear);
}

static int read_sent(const struct reload_order *o, struct rules *rules, const struct rules_ear *ear)
{
	json_t *root = json_loadb(o->text, o->len, JSON_ALLOW_NUL, NULL), *file;
	const json_t *files = json_object_get(root, "files");
	int rc = 0, one;
	size_t i;

	if (!json_is_array(files)) {
		say(ear, "request", "is no JSON with a list of files");
		rc = -EINVAL;
	}
	json_array_foreach(files, i, file)
	{
		one = add_sent(file, rules, ear);
		rc = rc < 0 ? rc : one;
	}
	json_decref(root);
	return rc;
}

static int read_sources(struct reload *r, struct rules *rules, const struct rules_ear *ear)
{
	switch (r->order.what) {
	case RELOAD_CONFIGURED:
		return reload_configured(r->parts.configured, rules, ear);
	case RELOAD_SENT:
		return read_sent(&r->order, rules, ear);
	case RELOAD_STORED:
		return history_load(r->parts.history, r->order.sha256, rules, ear);
	case RELOAD_UNWATCHED:
		break; /* nobody asks */
	}
	return -EINVAL;
}

/* ---- the thread: the first of two phases, and what is left of the one before */

static int store(struct reload *r, struct generation *g, const struct rules_ear *ear)
{
	struct history_entry *e = &r->next_entry;
	char text[160];
	int rc;

	*e = (struct history_entry){ .at_s = time(NULL), .uid = r->order.uid, .how = r->order.how };
	memcpy(e->sha256, g->sha256, sizeof(e->sha256));
	if (r->order.only_watches)
		return generation_watch(g);
	rc = history_put(r->parts.history, g->rules, e);
	if (rc == 0)
		return 0;
	snprintf(text, sizeof(text), "the history cannot be written, so nothing was changed: %s",
			strerror(-rc));
	say(ear, "data_dir", text);
	return rc;
}

static struct generation *make(struct reload *r)
{
	const struct rules_ear ear = { hear, &r->problems };
	struct rules *rules = rules_new();
	struct generation *g = NULL;
	int rc = rules == NULL ? -ENOMEM : read_sources(r, rules, &ear);

	if (rc == 0)
		rc = generation_new(r->parts.conf, &rules, &ear, &g);
	if (rc == 0)
		rc = store(r, g, &ear);
	if (rc < 0)
		generation_free(&g);
	if (rc < 0 && r->problems.n == 0)
		say(&ear, "rules", strerror(-rc));
	rules_free(&rules);
	return g;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Called with the lock, which it gives away meanwhile. */
static void carry_out(struct reload *r)
{
	const uint64_t from_ms = now_ms();
	struct generation *g;

	pthread_mutex_unlock(&r->lock);
	g = r->order.what == RELOAD_UNWATCHED ? NULL : make(r);
	free(r->order.text);
	r->order.text = NULL;
	pthread_mutex_lock(&r->lock);
	r->took_ms = now_ms() - from_ms;
	r->next = g;
	r->is_ready = true;
	(void)eventfd_write(r->event_fd, 1);
}

static void held_add(struct reload *r, struct generation *g)
{
	if (g == NULL)
		return;
	g->next = r->held;
	r->held = g;
}

/* What is replaced stays while a transaction that began under it is open; it is looked at again with the next
 * exchange. */
static void held_sweep(struct reload *r)
{
	struct generation **at = &r->held;

	while (*at != NULL) {
		struct generation *g = *at;

		if (generation_is_held(g)) {
			at = &g->next;
			continue;
		}
		*at = g->next;
		generation_free(&g);
	}
}

static void held_free(struct reload *r)
{
	struct generation *g;

	while ((g = r->held) != NULL) {
		r->held = g->next;
		generation_free(&g);
	}
}

/* Nobody counts in <old> any more; what it had counted is the next one's from here on. */
static void retire(struct reload *r)
{
	struct generation *old = r->old, *watching = r->old_watching;
	const struct generation *next = r->in_force;
	struct hits *hits = NULL;

	pthread_mutex_unlock(&r->lock);
	r->parts.synchronize();
	if (old != NULL)
		hits = hits_carry(old, r->hits, next);
	pthread_mutex_lock(&r->lock);
	if (old != NULL) {
		hits_free(&r->hits);
		r->hits = hits;
	}
	r->old = r->old_watching = NULL;
	pthread_mutex_unlock(&r->lock);
	held_add(r, old);
	held_add(r, watching);
	held_sweep(r);
	pthread_mutex_lock(&r->lock);
}

static bool has_order(const struct reload *r)
{
	return r->state == RELOAD_RUNNING && !r->is_ready;
}

static void *run(void *ctx)
{
	struct reload *r = ctx;

	pthread_mutex_lock(&r->lock);
	while (!r->ends) {
		if (r->old != NULL || r->old_watching != NULL)
			retire(r);
		else if (has_order(r))
			carry_out(r);
		else
			pthread_cond_wait(&r->wake, &r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* ---- the control thread: orders, and the second phase */

int64_t reload_order(struct reload *r, const struct reload_order *order)
{
	int64_t number = -EBUSY;

	pthread_mutex_lock(&r->lock);
	if (r->state != RELOAD_RUNNING) {
		problems_done(&r->problems);
		r->order = *order;
		r->state = RELOAD_RUNNING;
		r->is_ready = false;
		number = ++r->number;
		pthread_cond_signal(&r->wake);
	}
	pthread_mutex_unlock(&r->lock);
	return number;
}

static void put_in_force(struct reload *r, struct generation *g)
{
	for (size_t i = 0; i < g->n_targets; i++) {
		if (r->parts.spines[i] != NULL && g->targets[i] != NULL)
			atomic_store_explicit(&r->parts.spines[i]->rules, &g->targets[i]->rules,
					memory_order_release);
	}
}

/* NULL: none watches. */
static void watch(struct reload *r, struct generation *g)
{
	for (size_t i = 0; i < r->parts.conf->n_targets; i++) {
		if (r->parts.spines[i] != NULL)
			atomic_store_explicit(&r->parts.spines[i]->shadow,
					g == NULL || g->targets[i] == NULL ? NULL
									   : &g->targets[i]->rules,
					memory_order_release);
	}
	r->old_watching = r->watching;
	r->watching = g;
}

static void log_problems(const struct problems *p)
{
	char at[32];

	for (size_t i = 0; i < p->n && i < RELOAD_PROBLEMS_MAX; i++) {
		const struct doc_error *e = &p->at[i].error;

		snprintf(at, sizeof(at), ":%u:%u", e->line, e->column);
		(p->at[i].is_warning ? log_warn : log_err)(
				"rules", "%s%s: %s", p->at[i].path, e->line > 0 ? at : "", e->text);
	}
}

/* Nothing is freed before: retire() has emptied <old> since the last one. */
static void exchange(struct reload *r)
{
	put_in_force(r, r->next);
	watch(r, NULL); /* what it was compared with is gone */
	r->old = r->in_force;
	r->in_force = r->next;
	r->next = NULL;
	r->entry = r->next_entry;
	r->generation++;
	r->state = RELOAD_DONE;
	pthread_cond_signal(&r->wake);
	log_info("rules", "generation %llu is in force: %.12s (%s by uid %d), ready after %llu ms",
			(unsigned long long)r->generation, r->entry.sha256,
			history_how_name(r->entry.how), r->entry.uid,
			(unsigned long long)r->took_ms);
}

static void exchange_watching(struct reload *r)
{
	watch(r, r->next);
	r->next = NULL;
	r->watching_entry = r->next_entry;
	r->state = RELOAD_DONE;
	pthread_cond_signal(&r->wake);
	if (r->watching == NULL)
		log_info("rules", "no rules watch any more");
	else
		log_info("rules", "rules %.12s watch, by order of uid %d", r->watching_entry.sha256,
				r->watching_entry.uid);
}

void reload_run(struct reload *r)
{
	eventfd_t n;

	if (eventfd_read(r->event_fd, &n) < 0)
		return;
	pthread_mutex_lock(&r->lock);
	log_problems(&r->problems);
	if (r->order.what == RELOAD_UNWATCHED || (r->order.only_watches && r->next != NULL)) {
		exchange_watching(r);
	} else if (r->next != NULL) {
		exchange(r);
	} else {
		r->state = RELOAD_REFUSED;
		log_err("rules", "refused: the rules before stay in force");
	}
	pthread_mutex_unlock(&r->lock);
}

void reload_view(struct reload *r, struct reload_view *ret)
{
	pthread_mutex_lock(&r->lock);
	*ret = (struct reload_view){ .generation = r->generation,
		.in_force = r->entry,
		.state = r->state,
		.number = r->number };
	if (r->state != RELOAD_RUNNING) {
		ret->took_ms = r->took_ms;
		ret->n_problems = r->problems.n;
		ret->problems = r->problems.at;
	}
	pthread_mutex_unlock(&r->lock);
}

static void hits_tell(const struct reload *r, const struct hits *hits,
		void (*each)(void *ctx, size_t target, const struct published_hit *hit), void *ctx)
{
	const struct generation *g = r->in_force;
	struct published_hit hit;

	for (size_t i = 0; i < g->n_targets; i++) {
		for (uint32_t slot = 0; g->targets[i] != NULL && slot < g->targets[i]->rules.n_hits;
				slot++) {
			if (!published_hit_at(g->targets[i], slot, &hit))
				continue;
			hit.n += hits_before(hits, i, slot);
			each(ctx, i, &hit);
		}
	}
}

void reload_hits(struct reload *r,
		void (*each)(void *ctx, size_t target, const struct published_hit *hit), void *ctx)
{
	struct hits *now = NULL;

	pthread_mutex_lock(&r->lock);
	if (r->old != NULL) /* a worker may still count in it */
		now = hits_carry(r->old, r->hits, r->in_force);
	hits_tell(r, r->old != NULL ? now : r->hits, each, ctx);
	pthread_mutex_unlock(&r->lock);
	hits_free(&now);
}

const struct generation *reload_watching(const struct reload *r, struct history_entry *ret)
{
	*ret = r->watching_entry;
	return r->watching;
}

const struct generation *reload_in_force(const struct reload *r)
{
	return r->in_force;
}

int reload_fd(const struct reload *r)
{
	return r->event_fd;
}

/* ---- made and unmade */

static void begin(struct reload *r)
{
	if (history_list(r->parts.history, &r->entry, 1) == 0)
		r->entry = (struct history_entry){ .at_s = time(NULL), .uid = (int32_t)getuid() };
	memcpy(r->entry.sha256, r->parts.first->sha256, sizeof(r->entry.sha256));
	r->generation = 1;
}

int reload_new(const struct reload_parts *parts, struct reload **ret)
{
	struct reload *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return -ENOMEM;
	r->parts = *parts;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->wake, NULL);
	r->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = r->event_fd < 0 ? -errno : -pthread_create(&r->thread, NULL, run, r);
	r->has_thread = rc == 0;
	if (rc < 0) {
		reload_free(&r);
		return rc;
	}
	begin(r);
	r->in_force = parts->first;
	*ret = r;
	return 0;
}

static void stop(struct reload *r)
{
	pthread_mutex_lock(&r->lock);
	r->ends = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
}

void reload_free(struct reload **reload)
{
	struct reload *r = *reload;

	*reload = NULL;
	if (r == NULL)
		return;
	if (r->has_thread)
		stop(r);
	held_free(r);
	generation_free(&r->in_force);
	generation_free(&r->next);
	generation_free(&r->old);
	generation_free(&r->watching);
	generation_free(&r->old_watching);
	hits_free(&r->hits);
	problems_done(&r->problems);
	free(r->order.text);
	if (r->event_fd >= 0)
		close(r->event_fd);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
