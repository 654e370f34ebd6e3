/* SPDX-License-Identifier: Apache-2.0
 * One leg of one session: OpenSSL's state machine, driven by what is at hand. */
#include "dataplane/tls/tls_priv.h"
#include "parsers/base/must.h"

#include <openssl/err.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_over_limit(struct tls_worker *w)
{
	if (w->counters.conns < w->limits.max_conns &&
			w->counters.handshaking < w->limits.max_handshakes)
		return false;
	w->counters.refused++;
	return true;
}

static bool ssl_init(struct tls_conn *c)
{
	BIO *bio = BIO_new(c->ctx->bio);

	c->ssl = bio == NULL ? NULL : SSL_new(c->ctx->ssl_ctx);
	if (c->ssl == NULL) {
		BIO_free(bio);
		return false;
	}
	BIO_set_data(bio, c);
	BIO_set_init(bio, 1);
	SSL_set_bio(c->ssl, bio, bio);
	SSL_set_app_data(c->ssl, c);
	X509_VERIFY_PARAM_set_time(SSL_get0_param(c->ssl), c->now_s);
	if (c->ctx->is_server) {
		SSL_set_accept_state(c->ssl);
		return true;
	}
	SSL_set_connect_state(c->ssl);
	session_offer(c);
	return c->ctx->sni == NULL || SSL_set_tlsext_host_name(c->ssl, c->ctx->sni) == 1;
}

struct tls_conn *tls_conn_new(
		struct tls_worker *w, struct tls_ctx *ctx, const struct tls_peer *peer)
{
	struct tls_conn *c;

	errno = peer->key.len > TLS_PEER_KEY_MAX ? EINVAL : ENOBUFS;
	if (errno == EINVAL || is_over_limit(w))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->worker = w;
	c->ctx = ctx;
	c->now_s = peer->now_s;
	c->key_len = (uint32_t)peer->key.len;
	if (c->key_len > 0)
		memcpy(c->key, peer->key.ptr, c->key_len);
	c->failure.alert_sent = c->failure.alert_received = -1;
	atomic_fetch_add_explicit(&ctx->users, 1, memory_order_relaxed);
	w->counters.conns++;
	w->counters.handshaking++;
	ERR_clear_error();
	if (!ssl_init(c))
		tls_conn_free(&c);
	errno = ENOMEM;
	return c;
}

void tls_conn_free(struct tls_conn **conn)
{
	struct tls_conn *c = *conn;

	if (c == NULL)
		return;
	must(!c->is_away);
	if (!c->is_open)
		c->worker->counters.handshaking--;
	c->worker->counters.conns--;
	/* gone without close_notify: that is no reason to forget the session (RFC 8446 6.1) */
	if (c->is_open && c->final != TLS_FAILED)
		SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(c->ssl);
	SSL_SESSION_free(c->fresh);
	stage_free(&c->out);
	stage_free(&c->slow_in);
	atomic_fetch_sub_explicit(&c->ctx->users, 1, memory_order_release);
	free(c);
	*conn = NULL;
}

size_t tls_conn_pending(const struct tls_conn *c)
{
	return stage_len(&c->out);
}

/* SSL_get_error() looks at this thread's errors, which others may have left. Clearing an empty list
 * costs a tenth of a small record. */
static void errors_forget(void)
{
	if (ERR_peek_error() != 0)
		ERR_clear_error();
}

static void io_begin(struct tls_conn *c, struct tls_io *io)
{
	must(!c->is_away);
	c->io = io;
	c->span = c->span_off = 0;
	io->consumed = 0;
	errors_forget();
}

static enum tls_rc fail(struct tls_conn *c, enum tls_reason reason)
{
	failure_set_reason(c, reason);
	return TLS_FAILED;
}

/* On the worker's thread only, so not where the end was found. */
static void count_end(struct tls_conn *c)
{
	struct tls_counters *n = &c->worker->counters;

	if (c->is_counted || c->final == TLS_OK || c->final == TLS_CLOSED)
		return;
	c->is_counted = true;
	if (c->final == TLS_TRUNCATED)
		n->truncated++;
	else
		n->failed[c->failure.reason]++;
}

/* Last of every call: sessions and output leave, and the result says what else waits. */
static enum tls_rc io_end(struct tls_conn *c, enum tls_rc rc)
{
	bool is_out;

	session_keep(c);
	is_out = output_flush(c);
	c->io = NULL;
	c->is_direct = false;
	if (c->is_sink_dead && c->final != TLS_FAILED)
		rc = fail(c, TLS_REASON_SINK);
	count_end(c);
	if (!is_out && (rc == TLS_OK || rc == TLS_NEED_INPUT))
		return TLS_SINK_FULL;
	return rc;
}

static enum tls_rc more_input(struct tls_conn *c)
{
	if (c->io == NULL || !c->io->at_end || !input_is_empty(c))
		return TLS_NEED_INPUT;
	c->final = TLS_TRUNCATED;
	return TLS_TRUNCATED;
}

/* What OpenSSL stopped for. */
static enum tls_rc stopped(struct tls_conn *c, int rc)
{
	switch (SSL_get_error(c->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return more_input(c);
	case SSL_ERROR_WANT_WRITE: /* the stage is full */
		return TLS_SINK_FULL;
	case SSL_ERROR_WANT_CLIENT_HELLO_CB:
	case SSL_ERROR_WANT_RETRY_VERIFY:
		return TLS_SLOW;
	case SSL_ERROR_ZERO_RETURN:
		c->final = TLS_CLOSED;
		return TLS_CLOSED;
	default:
		failure_set(c);
		return TLS_FAILED;
	}
}

/* All the input at hand goes along with a slow step, so that what follows it (a signature of the same
 * slow key) need not be made here. */
static enum tls_rc leave(struct tls_conn *c)
{
	uint8_t bytes[2048];
	size_t n;

	while (stage_len(&c->slow_in) < SLOW_IN_MAX) {
		const size_t room = SLOW_IN_MAX - stage_len(&c->slow_in);
		struct stage before = c->slow_in;

		c->slow_in = (struct stage){ .bytes = NULL }; /* or it would be taken again */
		n = input_take(c, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
		c->slow_in = before;
		if (n == 0)
			break;
		if (!stage_put(&c->slow_in, bytes, (uint32_t)n))
			return fail(c, TLS_REASON_MEMORY);
	}
	c->worker->counters.slow_steps++;
	c->is_away = true;
	return TLS_SLOW;
}

void tls_conn_slow_run(struct tls_conn *c)
{
	int rc;

	must(c->is_away);
	errors_forget();
	c->may_be_slow = true;
	rc = SSL_do_handshake(c->ssl);
	c->may_be_slow = false;
	if (rc != 1)
		(void)stopped(c, rc);
	c->is_away = false;
}

bool tls_conn_is_away(const struct tls_conn *c)
{
	return c->is_away;
}

static enum tls_rc opened(struct tls_conn *c)
{
	c->is_open = true;
	c->worker->counters.handshaking--;
	session_opened(c);
	if (SSL_session_reused(c->ssl))
		c->worker->counters.resumed++;
	else
		c->worker->counters.full++;
	return TLS_OK;
}

/* Within a call. */
static enum tls_rc handshake(struct tls_conn *c)
{
	enum tls_rc result;
	int rc;

	if (c->final == TLS_FAILED || (c->final != TLS_OK && !c->is_open))
		return c->final;
	if (c->is_open)
		return TLS_OK;
	if (c->is_slow_peer && !SSL_is_init_finished(c->ssl) && !input_is_empty(c))
		return leave(c);
	rc = SSL_do_handshake(c->ssl);
	if (rc == 1)
		return opened(c);
	result = stopped(c, rc);
	return result == TLS_SLOW ? leave(c) : result;
}

enum tls_rc tls_conn_handshake(struct tls_conn *c, struct tls_io *io)
{
	io_begin(c, io);
	return io_end(c, handshake(c));
}

/* Records of one byte each would cost a call of ours each, were it not for this loop. */
static enum tls_rc read_some(struct tls_conn *c, uint8_t *buf, size_t max, size_t *ret_n)
{
	size_t n = 0;
	int rc = 1;

	while (*ret_n < max) {
		rc = SSL_read_ex(c->ssl, buf + *ret_n, max - *ret_n, &n);
		if (rc != 1)
			break;
		*ret_n += n;
		if (input_is_empty(c) && !SSL_has_pending(c->ssl))
			break; /* asking once more would only say so, at a price */
	}
	return rc == 1 ? TLS_OK : stopped(c, rc);
}

enum tls_rc tls_conn_read(
		struct tls_conn *c, struct tls_io *io, uint8_t *buf, size_t max, size_t *ret_n)
{
	enum tls_rc rc;

	io_begin(c, io);
	*ret_n = 0;
	rc = c->final != TLS_OK ? c->final : handshake(c);
	if (rc == TLS_OK)
		rc = read_some(c, buf, max, ret_n);
	rc = io_end(c, rc);
	return *ret_n > 0 ? TLS_OK : rc;
}

static enum tls_rc write_some(struct tls_conn *c, const uint8_t *bytes, size_t n, size_t *ret_n)
{
	while (*ret_n < n) {
		const size_t left = n - *ret_n;
		size_t took = 0;
		int rc;

		if (c->out.bytes != NULL && !output_flush(c))
			return TLS_SINK_FULL;
		rc = SSL_write_ex(c->ssl, bytes + *ret_n, left < RECORD_MAX ? left : RECORD_MAX,
				&took);
		if (rc != 1)
			return stopped(c, rc);
		*ret_n += took;
		if (c->is_sink_dead)
			break;
	}
	return TLS_OK;
}

enum tls_rc tls_conn_write(struct tls_conn *c, struct tls_io *io, const uint8_t *bytes, size_t n,
		size_t *ret_n)
{
	enum tls_rc rc;

	must(!c->is_closed);
	io_begin(c, io);
	*ret_n = 0;
	rc = handshake(c);
	c->is_direct = c->is_open;
	if (rc == TLS_OK)
		rc = write_some(c, bytes, n, ret_n);
	return io_end(c, rc);
}

enum tls_rc tls_conn_close(struct tls_conn *c, struct tls_io *io)
{
	int rc = 1;

	io_begin(c, io);
	if (c->is_open && !c->is_closed && c->final != TLS_FAILED) {
		c->is_direct = true;
		c->is_closed = true;
		rc = SSL_shutdown(c->ssl);
	}
	return io_end(c, rc < 0 ? stopped(c, rc) : c->final == TLS_FAILED ? TLS_FAILED : TLS_OK);
}
