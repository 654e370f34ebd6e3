/* SPDX-License-Identifier: Apache-2.0
 * What a worker's connections share: limits, counters, and the sessions that the client side can
 * resume. The cache is an array that one thread owns; a look-up walks it, which is a thousandth of
 * the handshake that it may save. */
#include "dataplane/tls/tls_priv.h"
#include "parsers/base/must.h"

#include <stdlib.h>
#include <string.h>

enum {
	DEFAULT_CONNS = 65536,
	DEFAULT_HANDSHAKES = 1024,
	DEFAULT_SESSIONS = 1024,
	DEFAULT_SESSIONS_PER_CTX = 64,
};

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
	return value == 0 ? fallback : value;
}

struct tls_worker *tls_worker_new(const struct tls_limits *limits)
{
	struct tls_worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->limits.max_conns = or_default(limits->max_conns, DEFAULT_CONNS);
	w->limits.max_handshakes = or_default(limits->max_handshakes, DEFAULT_HANDSHAKES);
	w->limits.max_sessions = or_default(limits->max_sessions, DEFAULT_SESSIONS);
	w->limits.max_sessions_per_ctx =
			or_default(limits->max_sessions_per_ctx, DEFAULT_SESSIONS_PER_CTX);
	w->kept = calloc(w->limits.max_sessions, sizeof(*w->kept));
	if (w->kept == NULL)
		tls_worker_free(&w);
	return w;
}

void tls_worker_free(struct tls_worker **w)
{
	if (*w == NULL)
		return;
	must((*w)->counters.conns == 0);
	for (uint32_t i = 0; (*w)->kept != NULL && i < (*w)->limits.max_sessions; i++)
		SSL_SESSION_free((*w)->kept[i].session);
	free((*w)->kept);
	free(*w);
	*w = NULL;
}

const struct tls_counters *tls_worker_counters(const struct tls_worker *w)
{
	return &w->counters;
}

/* A session came (RFC 8446 4.6.1: at any time). Perhaps on the slow thread, so only noted: the cache
 * is the worker's. 1: the reference is ours. */
int session_arrived(SSL *ssl, SSL_SESSION *session)
{
	struct tls_conn *c = SSL_get_app_data(ssl);

	if (c->key_len == 0)
		return 0;
	SSL_SESSION_free(c->fresh);
	c->fresh = session;
	return 1;
}

static bool is_of(const struct kept *k, const struct tls_conn *c)
{
	return k->session != NULL && k->ctx_id == c->ctx->id && k->key_len == c->key_len &&
			memcmp(k->key, c->key, c->key_len) == 0;
}

static void kept_drop(struct kept *k)
{
	SSL_SESSION_free(k->session);
	*k = (struct kept){ .session = NULL };
}

/* The slot for another session of <c>'s context: a free one; at the context's limit its own oldest;
 * else the oldest of all. */
static struct kept *slot_for(struct tls_worker *w, const struct tls_conn *c)
{
	struct kept *own = NULL, *any = &w->kept[0];
	uint32_t n_own = 0;

	for (uint32_t i = 0; i < w->limits.max_sessions; i++) {
		struct kept *k = &w->kept[i];

		if (k->used < any->used)
			any = k;
		if (k->session == NULL || k->ctx_id != c->ctx->id)
			continue;
		n_own++;
		if (own == NULL || k->used < own->used)
			own = k;
	}
	return n_own >= w->limits.max_sessions_per_ctx ? own : any;
}

void session_keep(struct tls_conn *c)
{
	struct kept *k;

	if (c->fresh == NULL)
		return;
	k = slot_for(c->worker, c);
	kept_drop(k);
	*k = (struct kept){ .session = c->fresh,
		.ctx_id = c->ctx->id,
		.used = ++c->worker->tick,
		.made_s = c->now_s,
		.key_len = c->key_len };
	memcpy(k->key, c->key, c->key_len);
	c->fresh = NULL;
}

/* In a resumed handshake of TLS 1.2 a renewed ticket comes without a call of session_arrived(). */
void session_opened(struct tls_conn *c)
{
	if (c->ctx->is_server || c->key_len == 0 || SSL_version(c->ssl) >= TLS1_3_VERSION ||
			!SSL_session_reused(c->ssl) || SSL_get_session(c->ssl) == c->offered)
		return;
	SSL_SESSION_free(c->fresh);
	c->fresh = SSL_get1_session(c->ssl);
}

/* The newest that fits. One of TLS 1.3 is used once (RFC 8446 C.4): a second use would tell a
 * watcher that both are the same client. */
void session_offer(struct tls_conn *c)
{
	struct tls_worker *w = c->worker;
	struct kept *best = NULL;

	for (uint32_t i = 0; c->key_len > 0 && i < w->limits.max_sessions; i++) {
		struct kept *k = &w->kept[i];

		if (!is_of(k, c))
			continue;
		if (c->now_s - k->made_s > SESSION_LIFE_S || c->now_s < k->made_s)
			kept_drop(k);
		else if (best == NULL || k->used > best->used)
			best = k;
	}
	if (best == NULL)
		return;
	SSL_set_session(c->ssl, best->session);
	c->offered = best->session;
	best->used = ++w->tick;
	if (SSL_SESSION_get_protocol_version(best->session) >= TLS1_3_VERSION)
		kept_drop(best);
}
