/* SPDX-License-Identifier: Apache-2.0
 * Plaintext of one end. Clear text stays in the stream until it is consumed, so that it can be passed
 * uncopied; of TLS, and of clear text in very small pieces, what is not consumed is kept. */
#include "dataplane/inspect/session_priv.h"
#include "parsers/base/must.h"

#include <errno.h>
#include <string.h>

enum {
	EMIT_MAX = 64 << 10,
	RECORD_OVERHEAD = 64, /* of TLS, on each 16 KiB; generously */
	READ_MAX = 64 << 10,  /* of plaintext before the others have their turn */
};

/* What stream_emit() calls the direction towards <l>. */
static enum side towards(const struct leg *l)
{
	return side_other(l->side);
}

struct sink {
	struct session *s;
	struct leg *l;
};

/* How many of <n> went out; -EPIPE: nobody takes any. */
static int emit_some(struct session *s, const struct leg *l, const uint8_t *bytes, uint32_t n)
{
	uint32_t room, k;
	int rc;

	if (s->flow == NULL)
		return -EPIPE;
	room = stream_room(s->relay, s->flow, towards(l));
	k = n < room ? n : room;
	if (k == 0)
		return 0;
	rc = stream_emit(s->relay, s->flow, towards(l), bytes, k);
	if (rc == -ENOBUFS &&
			s->flow != NULL) { /* buffers, not room: nothing would call us again */
		s->retry_us = s->spine->now_us + 1000;
		session_rearm(s);
		return 0;
	}
	return rc < 0 ? -EPIPE : (int)k;
}

static int sink_emit(void *ctx, const uint8_t *bytes, uint32_t n)
{
	const struct sink *to = ctx;

	return emit_some(to->s, to->l, bytes, n < EMIT_MAX ? n : EMIT_MAX);
}

int leg_tls_begin(struct session *s, struct leg *l, struct tls_ctx *ctx)
{
	const struct flow_key *key = s->flow == NULL ? NULL : stream_key(s->flow);
	uint8_t name[18];
	struct tls_peer peer = { .now_s = atomic_load_explicit(&s->spine->epoch_s,
							  memory_order_relaxed) +
				(int64_t)(s->spine->now_us / 1000000) };

	if (key == NULL) /* what was said before it has ended the flow */
		return -EPIPE;
	if (l->side == SIDE_PROD) { /* resumption: with the very same server only */
		memcpy(name, key->addr[SIDE_PROD], 16);
		store_be16(name + 16, key->port[SIDE_PROD]);
		peer.key = (struct span){ name, sizeof(name) };
	}
	l->tls = tls_conn_new(s->spine->tls, ctx, &peer);
	return l->tls == NULL ? -ENOMEM : 0;
}

/* One call of TLS with the ciphertext that is at hand. */
static struct tls_io io_of(struct session *s, struct leg *l, struct sink *sink, bool reads)
{
	*sink = (struct sink){ s, l };
	struct tls_io io = { .emit = sink_emit, .emit_ctx = sink };

	if (!reads || s->flow == NULL)
		return io;
	io.spans = s->spine->views;
	io.n_spans = stream_view(s->relay, s->flow, l->side, s->spine->views, SPINE_VIEWS);
	io.at_end = stream_at_end(s->flow, l->side);
	if (io.n_spans == SPINE_VIEWS)
		io.at_end = false;
	return io;
}

static void io_drop(struct session *s, struct leg *l, const struct tls_io *io)
{
	if (io->consumed > 0 && s->flow != NULL)
		(void)stream_drop(s->relay, s->flow, l->side, (uint32_t)io->consumed);
}

static void slow_run(void *tls)
{
	tls_conn_slow_run(tls);
}

enum tls_rc leg_handshake(struct session *s, struct leg *l)
{
	struct sink sink;
	struct tls_io io;
	enum tls_rc rc;

	do {
		io = io_of(s, l, &sink, true);
		rc = tls_conn_handshake(l->tls, &io);
		io_drop(s, l, &io);
	} while (rc == TLS_NEED_INPUT && io.consumed > 0 && s->flow != NULL &&
			stream_len(s->flow, l->side) > 0);
	if (s->flow == NULL)
		return TLS_FAILED;
	if (rc == TLS_SINK_FULL) {
		leg_room_need(s, l, SPINE_MARGIN);
		return TLS_NEED_INPUT;
	}
	if (rc != TLS_SLOW)
		return rc == TLS_OK || rc == TLS_NEED_INPUT ? rc : TLS_FAILED;
	if (session_work(s, l->side == SIDE_AGENT ? WORK_AGENT_TLS : WORK_PROD_TLS, slow_run,
			    l->tls) == 0)
		return TLS_SLOW;
	slow_run(l->tls); /* nobody else can: a late handshake is better than none */
	return leg_handshake(s, l);
}

/* Ciphertext -> at most <max> bytes at <to>. Sets at_end. */
static int64_t read_tls(struct session *s, struct leg *l, uint8_t *to, uint32_t max)
{
	uint32_t n = 0;

	while (n < max && n < READ_MAX && !l->at_end && s->flow != NULL) {
		struct sink sink;
		struct tls_io io = io_of(s, l, &sink, true);
		size_t got = 0;
		const enum tls_rc rc = tls_conn_read(l->tls, &io, to + n, max - n, &got);

		io_drop(s, l, &io);
		n += (uint32_t)got;
		if (rc == TLS_FAILED)
			return -EPROTO;
		l->at_end = rc == TLS_CLOSED || rc == TLS_TRUNCATED;
		if (rc != TLS_OK)
			break;
	}
	return n;
}

/* The same for clear text, which leaves the stream by it. */
static int64_t read_clear(struct session *s, struct leg *l, uint8_t *to, uint32_t max)
{
	uint32_t n = 0;

	while (n < max && stream_len(s->flow, l->side) > 0) {
		const size_t n_views = stream_view(
				s->relay, s->flow, l->side, s->spine->views, SPINE_VIEWS);
		uint32_t k = 0;

		for (size_t i = 0; i < n_views && n + k < max; i++) {
			const struct span v = s->spine->views[i];
			const uint32_t m = v.len < max - n - k ? (uint32_t)v.len : max - n - k;

			memcpy(to + n + k, v.ptr, m);
			k += m;
		}
		if (stream_drop(s->relay, s->flow, l->side, k) != 0)
			break;
		n += k;
	}
	l->at_end = stream_at_end(s->flow, l->side) && stream_len(s->flow, l->side) == 0;
	return n;
}

static bool kept_room(struct session *s, struct leg *l, uint32_t cap)
{
	uint8_t *more;

	if (cap <= l->kept_cap)
		return true;
	more = arena_take(&s->spine->arena, cap);
	if (more == NULL)
		return false;
	if (l->kept_len > 0)
		memcpy(more, l->kept, l->kept_len);
	if (l->kept != NULL)
		explicit_bzero(l->kept, l->kept_len);
	arena_give(&s->spine->arena, l->kept, l->kept_cap);
	l->kept = more;
	l->kept_cap = cap;
	return true;
}

static void kept_give(struct session *s, struct leg *l)
{
	if (l->kept != NULL) /* a token may have stood there */
		explicit_bzero(l->kept, l->kept_len);
	arena_give(&s->spine->arena, l->kept, l->kept_cap);
	l->kept = NULL;
	l->kept_cap = l->kept_len = 0;
}

/* A window over the stream itself. false: what is needed stands in too many pieces. */
static bool window_direct(struct session *s, struct leg *l, struct window *w)
{
	const size_t n = stream_view(s->relay, s->flow, l->side, s->spine->views, SPINE_VIEWS);
	const uint32_t max = s->spine->scratch_bytes;
	uint32_t len = 0;

	for (size_t i = 0; i < n && len < max; i++) {
		const struct span v = s->spine->views[i];
		const uint32_t k = v.len < max - len ? (uint32_t)v.len : max - len;

		memcpy(s->spine->scratch + len, v.ptr, k);
		len += k;
	}
	*w = (struct window){ .ptr = s->spine->scratch, .len = len, .is_direct = true };
	l->at_end = stream_at_end(s->flow, l->side) && len == stream_len(s->flow, l->side);
	return len >= l->need || len == stream_len(s->flow, l->side);
}

int leg_window(struct session *s, struct leg *l, struct window *w)
{
	uint8_t *to = s->spine->scratch;
	uint32_t max = s->spine->scratch_bytes;
	int64_t n;

	if (l->tls == NULL && l->kept == NULL && window_direct(s, l, w))
		return 0;
	if (l->tls == NULL && l->kept == NULL && !kept_room(s, l, l->need))
		return -ENOMEM;
	if (l->kept != NULL) {
		if (!kept_room(s, l, l->need))
			return -ENOMEM;
		to = l->kept + l->kept_len;
		max = l->kept_cap - l->kept_len;
	}
	n = l->tls != NULL ? read_tls(s, l, to, max) : read_clear(s, l, to, max);
	if (n < 0)
		return (int)n;
	if (l->kept != NULL)
		l->kept_len += (uint32_t)n;
	*w = (struct window){ .is_full = (n == max || n >= READ_MAX) && !l->at_end,
		.ptr = l->kept != NULL ? l->kept : to,
		.len = l->kept != NULL ? l->kept_len : (uint32_t)n,
		.fresh = (uint32_t)n };
	return 0;
}

void leg_consume(struct session *s, struct leg *l, struct window *w, uint32_t n)
{
	must(n <= w->len - w->at);
	if (w->is_direct && n > 0 && s->flow != NULL)
		(void)stream_drop(s->relay, s->flow, l->side, n);
	w->at += n;
}

int64_t leg_pass(struct session *s, struct leg *l, struct window *w, struct leg *to, uint32_t n)
{
	int64_t done;

	if (s->flow == NULL)
		return -EIO;
	if (w->is_direct && to->tls == NULL) {
		const int rc = stream_pass(s->relay, s->flow, l->side, n);

		if (rc == -ENOBUFS) /* the engine calls again */
			return 0;
		if (rc == 0) {
			w->at += n;
			return n;
		}
	}
	done = leg_write(s, to, w->ptr + w->at, n);
	if (done > 0)
		leg_consume(s, l, w, (uint32_t)done);
	return done;
}

int leg_keep(struct session *s, struct leg *l, struct window *w, uint32_t need)
{
	const uint32_t left = w->len - w->at;

	l->need = need;
	if (s->flow == NULL)
		return 0;
	if (w->is_direct)
		return need > left ? stream_need(s->relay, s->flow, l->side, need) : 0;
	if (l->kept == NULL && left > 0) {
		if (!kept_room(s, l, need > left ? need : left))
			return -ENOMEM;
		memcpy(l->kept, w->ptr + w->at, left);
		l->kept_len = left;
	} else if (l->kept != NULL && left > 0) {
		memmove(l->kept, l->kept + w->at, left);
		l->kept_len = left;
	} else if (l->kept != NULL) {
		kept_give(s, l);
	}
	return 0;
}

static int64_t write_tls(struct session *s, struct leg *l, const uint8_t *bytes, uint32_t n)
{
	struct sink sink;
	struct tls_io io = io_of(s, l, &sink, false);
	size_t took = 0;
	const enum tls_rc rc = tls_conn_write(l->tls, &io, bytes, n, &took);

	return rc == TLS_FAILED ? -EIO : (int64_t)took;
}

int64_t leg_write(struct session *s, struct leg *l, const uint8_t *bytes, uint32_t n)
{
	uint32_t done = 0;

	if (l->is_closed)
		return n;
	if (l->tls != NULL)
		return write_tls(s, l, bytes, n);
	while (done < n) {
		const uint32_t k = n - done < EMIT_MAX ? n - done : EMIT_MAX;
		const int rc = emit_some(s, l, bytes + done, k);

		if (rc == -EPIPE)
			return n;
		done += (uint32_t)rc;
		if (rc < (int)k)
			break;
	}
	return done;
}

uint32_t leg_room(struct session *s, struct leg *l)
{
	uint32_t room;

	if (l->is_closed || s->flow == NULL)
		return UINT32_MAX;
	if (l->tls != NULL && tls_conn_pending(l->tls) > 0)
		(void)write_tls(s, l, NULL, 0);
	if (s->flow == NULL)
		return UINT32_MAX;
	room = stream_room(s->relay, s->flow, towards(l));
	if (l->tls == NULL)
		return room;
	if (tls_conn_pending(l->tls) > 0 || room < 2 * RECORD_OVERHEAD)
		return 0;
	return room - RECORD_OVERHEAD - room / 128;
}

void leg_flush(struct session *s, struct leg *l)
{
	if (l->tls == NULL || l->is_closed || s->flow == NULL || tls_conn_is_away(l->tls) ||
			tls_conn_pending(l->tls) == 0)
		return;
	(void)write_tls(s, l, NULL, 0);
	if (tls_conn_pending(l->tls) > 0)
		leg_room_need(s, l, 1);
}

void leg_room_need(struct session *s, struct leg *l, uint32_t n)
{
	if (s->flow == NULL)
		return;
	if (s->retry_us == 0)
		stream_room_need(s->relay, s->flow, towards(l), n + n / 64 + 4 * RECORD_OVERHEAD);
	session_rearm(s);
}

void leg_close_notify(struct session *s, struct leg *l)
{
	struct sink sink;
	struct tls_io io;

	if (l->is_closed)
		return;
	l->is_closed = true;
	if (l->tls == NULL || tls_conn_is_away(l->tls))
		return;
	io = io_of(s, l, &sink, false);
	(void)tls_conn_close(l->tls, &io);
}

void leg_close(struct session *s, struct leg *l)
{
	if (l->is_closed)
		return;
	leg_close_notify(s, l);
	if (s->flow != NULL)
		stream_close(s->relay, s->flow, towards(l));
}

void leg_free(struct session *s, struct leg *l)
{
	kept_give(s, l);
	tls_conn_free(&l->tls);
}
