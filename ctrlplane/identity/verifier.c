/* SPDX-License-Identifier: Apache-2.0
 * From a request to its answer. A request whose key is not there waits until a fetch of the issuer's
 * keys ends; nothing else ever waits. */
#include "ctrlplane/identity/identity_priv.h"
#include "ctrlplane/log/log.h"
#include "parsers/base/must.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MAX_MS = 60000 };

static uint64_t now_ms(const struct verifier *v)
{
	return v->env->mono_ms(v->env->ctx);
}

int verifier_init(struct verifier *v)
{
	const struct conf_identity *conf = &v->conf->identity;

	v->rings = calloc(conf->n_issuers + 1, sizeof(v->rings[0]));
	v->waiting = calloc(conf->n_issuers + 1, sizeof(v->waiting[0]));
	if (v->rings == NULL || v->waiting == NULL) {
		free(v->rings);
		free(v->waiting);
		return -ENOMEM;
	}
	for (size_t i = 0; i < conf->n_issuers; i++)
		keyring_init(&v->rings[i], &conf->issuers[i], now_ms(v));
	return 0;
}

void request_free(struct request *r)
{
	explicit_bzero(r->token, r->len);
	free(r);
}

/* What a token is good for, once its signature is. */
static enum identity_reason judge(struct verifier *v, const struct request *r,
		const struct claims *c, struct actor **ret)
{
	const struct conf_issuer *conf = &v->conf->identity.issuers[c->issuer];
	struct actor *a = actor_new(c, conf, r->sha256);
	enum identity_reason reason = IDENTITY_OK;

	if (a == NULL)
		return IDENTITY_NO_MEMORY;
	known_put(v->known, a, v->rings[c->issuer].generation,
			c->nbf_s == INT64_MIN ? INT64_MIN : c->nbf_s - conf->clock_skew_s,
			a->until_s);
	if (revoked_has(v->revoked, a))
		reason = IDENTITY_REVOKED;
	else if (!identity_may_reach(v->conf, a, r->target))
		reason = IDENTITY_TARGET;
	if (reason == IDENTITY_OK)
		*ret = a;
	else
		actor_unref(&a);
	return reason;
}

/* IDENTITY_KEY_UNKNOWN and IDENTITY_KEYS_UNAVAILABLE may be answered otherwise after a fetch. */
static enum identity_reason verify(struct verifier *v, const struct request *r, struct token *t,
		struct claims *c, struct actor **ret)
{
	enum identity_reason reason = token_parse((struct span){ r->token, r->len }, t);
	const struct jwks_key *key = NULL;
	const struct conf_issuer *conf;
	const struct keyring *ring;

	if (reason == IDENTITY_OK)
		reason = claims_issuer(t, &v->conf->identity, &c->issuer);
	if (reason != IDENTITY_OK)
		return reason;
	conf = &v->conf->identity.issuers[c->issuer];
	ring = &v->rings[c->issuer];
	if (r->len > conf->max_token_bytes)
		return IDENTITY_TOO_LARGE;
	reason = claims_check(t, conf, v->env->wall_s(v->env->ctx), c);
	if (reason != IDENTITY_OK)
		return reason;
	if (!keyring_is_usable(ring, now_ms(v)))
		return IDENTITY_KEYS_UNAVAILABLE;
	reason = jwks_find(ring->keys, t, &key);
	if (reason != IDENTITY_OK)
		return reason;
	return signature_is_good(t, key) ? judge(v, r, c, ret) : IDENTITY_SIGNATURE;
}

/* Has it waited for the keys that were asked for after it came? */
static bool had_its_fetch(const struct keyring *ring, const struct request *r)
{
	return r->waited && ring->started_ms >= r->asked_ms;
}

static bool wait_for_keys(struct verifier *v, struct request *r, uint32_t issuer, const char *kid)
{
	struct keyring *ring = &v->rings[issuer];
	const uint64_t now = now_ms(v);

	if (had_its_fetch(ring, r)) {
		if (keyring_is_usable(ring, now) && ring->failures == 0)
			keyring_absent_add(ring, kid, now);
		return false;
	}
	if (!keyring_ask(ring, kid, now))
		return false;
	if (!r->waited)
		r->asked_ms = now;
	r->waited = true;
	r->next = v->waiting[issuer];
	v->waiting[issuer] = r;
	return true;
}

void verifier_take(struct verifier *v, struct request *r)
{
	struct claims c = { 0 };
	struct actor *a = NULL;
	struct token t;
	const enum identity_reason reason = verify(v, r, &t, &c, &a);
	const bool wants_keys =
			reason == IDENTITY_KEY_UNKNOWN || reason == IDENTITY_KEYS_UNAVAILABLE;
	const bool waits = wants_keys && wait_for_keys(v, r, c.issuer, t.kid);

	token_done(&t);
	if (!waits)
		v->answer(v->answer_ctx, r, reason, a);
}

static void take_all(struct verifier *v, size_t issuer)
{
	struct request *r = v->waiting[issuer], *next;

	v->waiting[issuer] = NULL;
	for (; r != NULL; r = next) {
		next = r->next;
		verifier_take(v, r);
	}
}

/* Fetches. */

static void publish(struct verifier *v, size_t issuer)
{
	known_issuer_set(v->known, (uint32_t)issuer, v->rings[issuer].generation,
			v->rings[issuer].expires_ms);
}

static void failed(struct verifier *v, size_t issuer, const char *why)
{
	struct keyring *ring = &v->rings[issuer];
	const bool usable = keyring_is_usable(ring, now_ms(v));

	keyring_failed(ring, now_ms(v));
	memset(&ring->file, 0, sizeof(ring->file)); /* to be read again, changed or not */
	atomic_fetch_add(&v->n_failed, 1);
	log_warn("identity", "issuer %s: keys from %s: %s; %s", ring->conf->name, ring->conf->jwks,
			why,
			usable ? "the old ones are used until they expire"
			       : "its tokens are refused");
}

static void loaded(struct verifier *v, size_t issuer, struct span body, int64_t max_age_s)
{
	struct keyring *ring = &v->rings[issuer];
	const uint32_t before = ring->generation;
	struct jwks *keys = NULL;
	const char *why = jwks_parse(body, &keys);

	if (why != NULL) {
		failed(v, issuer, why);
		return;
	}
	keyring_loaded(ring, keys, max_age_s, now_ms(v));
	if (ring->generation != before)
		log_info("identity", "issuer %s: %zu keys, %zu of them fit to verify, from %s",
				ring->conf->name, keys->n, keys->n_fit, ring->conf->jwks);
	publish(v, issuer);
}

void verifier_fetched(void *verifier, size_t issuer, const struct fetch_result *result)
{
	struct verifier *v = verifier;

	must(issuer < v->conf->identity.n_issuers && v->rings[issuer].fetching);
	if (result->why != NULL)
		failed(v, issuer, result->why);
	else
		loaded(v, issuer, result->body, result->max_age_s);
	take_all(v, issuer);
}

static void look_at_file(struct verifier *v, size_t issuer)
{
	struct keyring *ring = &v->rings[issuer];
	struct span body = { NULL, 0 };
	const int rc = keyfile_read(
			ring->conf->jwks, &ring->file, v->env->wall_s(v->env->ctx), &body);

	if (rc < 0) {
		failed(v, issuer, strerror(-rc));
	} else if (rc > 0) {
		loaded(v, issuer, body, -1);
		free((void *)(uintptr_t)body.ptr);
	} else {
		keyring_loaded(ring, NULL, -1, now_ms(v));
		publish(v, issuer);
	}
	take_all(v, issuer);
}

static void begin(struct verifier *v, size_t issuer)
{
	struct keyring *ring = &v->rings[issuer];
	int rc;

	keyring_started(ring, now_ms(v));
	atomic_fetch_add(&v->n_fetches, 1);
	if (ring->is_file) {
		look_at_file(v, issuer);
		return;
	}
	rc = v->env->start(v->env->ctx, issuer, ring->conf);
	if (rc < 0) {
		failed(v, issuer, strerror(-rc));
		take_all(v, issuer);
	}
}

uint64_t verifier_tick(struct verifier *v)
{
	uint64_t now, next;

	for (size_t i = 0; i < v->conf->identity.n_issuers; i++) {
		if (!v->rings[i].fetching && now_ms(v) >= v->rings[i].next_ms)
			begin(v, i);
	}
	now = now_ms(v);
	next = now + TICK_MAX_MS;
	for (size_t i = 0; i < v->conf->identity.n_issuers; i++) {
		if (!v->rings[i].fetching && v->rings[i].next_ms < next)
			next = v->rings[i].next_ms;
	}
	return next > now ? next - now : 0;
}

void verifier_done(struct verifier *v)
{
	struct request *r, *next;

	for (size_t i = 0; i < v->conf->identity.n_issuers; i++) {
		for (r = v->waiting[i]; r != NULL; r = next) {
			next = r->next;
			v->answer(v->answer_ctx, r, IDENTITY_STOPPING, NULL);
		}
		keyring_done(&v->rings[i]);
	}
	free(v->rings);
	free(v->waiting);
}
