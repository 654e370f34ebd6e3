/* SPDX-License-Identifier: Apache-2.0
 * The identity thread: its queue, and the short way for tokens that are known already. */
#include "ctrlplane/identity/identity_priv.h"
#include "ctrlplane/log/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_MAX = 4096, QUEUE_BYTES_MAX = 16 << 20 };

struct identity {
	const struct conf *conf;        /* borrowed */
	const struct identity_env *env; /* borrowed, or own_env */
	struct identity_env *own_env;   /* owned; NULL: a test's */
	struct known *known;            /* owned */
	struct revoked *revoked;        /* owned */
	struct verifier verifier;       /* the identity thread's alone */
	EVP_MD *sha256;                 /* owned: fetched once, which takes longer than hashing */
	uint32_t max_token_bytes;       /* the most of any issuer */
	pthread_t thread;
	pthread_mutex_t lock; /* of the next five */
	struct request *first, **last;
	size_t n_queued, bytes_queued; /* not answered yet, wherever they are */
	bool stop;
	_Atomic uint64_t answers[IDENTITY_REASONS];
	_Atomic uint64_t from_cache, busy;
};

static void say(const struct identity *id, enum identity_reason reason, uint32_t target,
		const struct actor *a)
{
	char *json;

	if (reason != IDENTITY_OK) {
		log_debug("identity", "a token for target %s is refused: %s (%s)",
				conf_target_name(id->conf, target), identity_reason_text(reason),
				identity_reason_name(reason));
	} else if (log_is_on(LOG_LEVEL_DEBUG)) {
		json = actor_json(a);
		log_debug("identity", "target %s: %s", conf_target_name(id->conf, target),
				json == NULL ? "out of memory" : json);
		free(json);
	}
}

static void tell(struct identity *id, enum identity_reason reason, uint32_t target,
		const struct identity_done *done, struct actor *a)
{
	atomic_fetch_add_explicit(&id->answers[reason], 1, memory_order_relaxed);
	say(id, reason, target, a);
	done->fn(done->ctx, reason, a);
}

/* The verifier's answer(). */
static void answer(void *ctx, struct request *r, enum identity_reason reason, struct actor *a)
{
	struct identity *id = ctx;

	tell(id, reason, r->target, &r->done, a);
	pthread_mutex_lock(&id->lock);
	id->n_queued--;
	id->bytes_queued -= r->len;
	pthread_mutex_unlock(&id->lock);
	request_free(r);
}

/* All that was asked since; NULL: nothing. */
static struct request *take_queue(struct identity *id, bool *ret_stop)
{
	struct request *all;

	pthread_mutex_lock(&id->lock);
	all = id->first;
	id->first = NULL;
	id->last = &id->first;
	*ret_stop = id->stop;
	pthread_mutex_unlock(&id->lock);
	return all;
}

static void work_off(struct identity *id, struct request *r, bool stop)
{
	struct request *next;

	for (; r != NULL; r = next) {
		next = r->next;
		if (stop)
			answer(id, r, IDENTITY_STOPPING, NULL);
		else
			verifier_take(&id->verifier, r);
	}
}

static void *run(void *arg)
{
	struct identity *id = arg;
	bool stop = false;

	pthread_setname_np(pthread_self(), "identity");
	while (!stop) {
		struct request *all = take_queue(id, &stop);

		work_off(id, all, stop);
		if (!stop)
			id->env->wait(id->env->ctx, verifier_tick(&id->verifier), verifier_fetched,
					&id->verifier);
	}
	verifier_done(&id->verifier);
	return NULL;
}

static int parts_new(struct identity *id)
{
	const struct conf_identity *conf = &id->conf->identity;
	int rc = 0;

	for (size_t i = 0; i < conf->n_issuers; i++) {
		if (conf->issuers[i].max_token_bytes > id->max_token_bytes)
			id->max_token_bytes = conf->issuers[i].max_token_bytes;
	}
	if (id->env == NULL) {
		rc = fetch_new(conf->n_issuers, &id->own_env);
		id->env = id->own_env;
	}
	if (rc == 0)
		rc = known_new(conf->n_issuers, KNOWN_ENTRIES, KNOWN_BYTES, &id->known);
	if (rc == 0)
		rc = revoked_new(id->conf->data_dir, &id->revoked);
	id->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	return rc == 0 && id->sha256 == NULL ? -ENOMEM : rc;
}

static int thread_start(struct identity *id)
{
	int rc;

	id->verifier = (struct verifier){ .conf = id->conf,
		.env = id->env,
		.known = id->known,
		.revoked = id->revoked,
		.answer = answer,
		.answer_ctx = id };
	rc = verifier_init(&id->verifier);
	if (rc < 0)
		return rc;
	rc = -pthread_create(&id->thread, NULL, run, id);
	if (rc < 0)
		verifier_done(&id->verifier);
	return rc;
}

static void parts_free(struct identity *id)
{
	fetch_free(&id->own_env);
	known_free(&id->known);
	revoked_free(&id->revoked);
	EVP_MD_free(id->sha256);
	pthread_mutex_destroy(&id->lock);
	free(id);
}

int identity_new(const struct conf *conf, const struct identity_env *env, struct identity **ret_id)
{
	struct identity *id = calloc(1, sizeof(*id));
	int rc;

	if (id == NULL)
		return -ENOMEM;
	pthread_mutex_init(&id->lock, NULL);
	id->conf = conf;
	id->env = env;
	id->last = &id->first;
	rc = parts_new(id);
	if (rc == 0)
		rc = thread_start(id);
	if (rc < 0)
		parts_free(id);
	else
		*ret_id = id;
	return rc;
}

void identity_free(struct identity **identity)
{
	struct identity *id = *identity;

	if (id == NULL)
		return;
	pthread_mutex_lock(&id->lock);
	id->stop = true;
	pthread_mutex_unlock(&id->lock);
	id->env->wake(id->env->ctx);
	pthread_join(id->thread, NULL);
	parts_free(id);
	*identity = NULL;
}

/* False: it is full, or stopping. */
static bool enqueue(struct identity *id, struct request *r)
{
	bool room;

	pthread_mutex_lock(&id->lock);
	room = !id->stop && id->n_queued < QUEUE_MAX &&
			id->bytes_queued + r->len <= QUEUE_BYTES_MAX;
	if (room) {
		*id->last = r;
		id->last = &r->next;
		id->n_queued++;
		id->bytes_queued += r->len;
	}
	pthread_mutex_unlock(&id->lock);
	return room;
}

/* A token that is known: revocation and target are asked all the same. */
static bool verify_known(struct identity *id, const uint8_t sha256[32], uint32_t target,
		const struct identity_done *done)
{
	const struct identity_env *env = id->env;
	struct actor *a =
			known_get(id->known, sha256, env->wall_s(env->ctx), env->mono_ms(env->ctx));
	enum identity_reason reason = IDENTITY_OK;

	if (a == NULL)
		return false;
	if (revoked_has(id->revoked, a))
		reason = IDENTITY_REVOKED;
	else if (!identity_may_reach(id->conf, a, target))
		reason = IDENTITY_TARGET;
	if (reason != IDENTITY_OK)
		actor_unref(&a);
	atomic_fetch_add_explicit(&id->from_cache, 1, memory_order_relaxed);
	tell(id, reason, target, done, a);
	return true;
}

static struct request *request_new(struct span token, const uint8_t sha256[32], uint32_t target,
		const struct identity_done *done)
{
	struct request *r = malloc(sizeof(*r) + token.len);

	if (r == NULL)
		return NULL;
	*r = (struct request){ .done = *done, .target = target, .len = token.len };
	memcpy(r->sha256, sha256, sizeof(r->sha256));
	memcpy(r->token, token.ptr, token.len);
	return r;
}

int identity_verify(struct identity *id, struct span token, uint32_t target,
		const struct identity_done *done)
{
	uint8_t sha256[32];
	struct request *r;

	if (token.len == 0 || token.len > id->max_token_bytes) {
		tell(id, token.len == 0 ? IDENTITY_NOT_COMPACT : IDENTITY_TOO_LARGE, target, done,
				NULL);
		return 0;
	}
	if (EVP_Digest(token.ptr, token.len, sha256, NULL, id->sha256, NULL) != 1)
		return -ENOMEM;
	if (verify_known(id, sha256, target, done))
		return 0;
	r = request_new(token, sha256, target, done);
	if (r == NULL)
		return -ENOMEM;
	if (!enqueue(id, r)) {
		request_free(r);
		atomic_fetch_add_explicit(&id->busy, 1, memory_order_relaxed);
		return -EAGAIN;
	}
	id->env->wake(id->env->ctx);
	return 0;
}

int identity_revoke(struct identity *id, enum identity_revoke_kind kind, const char *iss,
		const char *value)
{
	return revoked_add(id->revoked, kind, iss, value);
}

int identity_restore(struct identity *id, enum identity_revoke_kind kind, const char *iss,
		const char *value)
{
	return revoked_remove(id->revoked, kind, iss, value);
}

bool identity_is_revoked(struct identity *id, const struct actor *actor)
{
	return revoked_has(id->revoked, actor);
}

void identity_stats(struct identity *id, struct identity_stats *ret_stats)
{
	for (size_t i = 0; i < IDENTITY_REASONS; i++)
		ret_stats->answers[i] = atomic_load(&id->answers[i]);
	ret_stats->from_cache = atomic_load(&id->from_cache);
	ret_stats->busy = atomic_load(&id->busy);
	ret_stats->fetches = atomic_load(&id->verifier.n_fetches);
	ret_stats->fetches_failed = atomic_load(&id->verifier.n_failed);
	pthread_mutex_lock(&id->lock);
	ret_stats->waiting = id->n_queued;
	pthread_mutex_unlock(&id->lock);
}
