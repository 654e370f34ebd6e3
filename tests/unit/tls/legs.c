/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tls/legs.h"

#include "parsers/base/must.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SPANS_MAX = 128,
	IDLE_ROUNDS = 4, /* of both legs, without a byte moved: they wait for each other */
	ROUNDS_MAX = 200000,
};

void pipe_put(struct pipe *p, const void *bytes, size_t n)
{
	if (p->len + n > p->size) {
		p->size = (p->len + n) * 2;
		p->bytes = realloc(p->bytes, p->size);
		must(p->bytes != NULL);
	}
	if (n > 0)
		memcpy(p->bytes + p->len, bytes, n);
	p->len += n;
}

void pipe_drop(struct pipe *p, size_t n)
{
	must(n <= p->len);
	if (n > 0)
		memmove(p->bytes, p->bytes + n, p->len - n);
	p->len -= n;
}

static int emit(void *ctx, const uint8_t *bytes, uint32_t n)
{
	struct leg *leg = ctx;
	const uint32_t took = n < leg->room ? n : (uint32_t)leg->room;

	if (leg->is_deaf)
		return -EPIPE;
	pipe_put(&leg->peer->in, bytes, took);
	leg->room -= took;
	leg->emitted += took;
	return (int)took;
}

/* Exact copies of what this call is shown. */
static struct tls_io io_new(struct leg *leg, struct span *spans)
{
	struct tls_io io = { .spans = spans, .emit = emit, .emit_ctx = leg };
	size_t n = leg->feed != 0 && leg->feed < leg->in.len ? leg->feed : leg->in.len, at = 0;

	while (at < n && io.n_spans < SPANS_MAX) {
		const size_t left = n - at;
		const size_t k = leg->chunk != 0 && leg->chunk < left ? leg->chunk : left;
		uint8_t *copy = malloc(k);

		must(copy != NULL);
		memcpy(copy, leg->in.bytes + at, k);
		spans[io.n_spans++] = (struct span){ copy, k };
		at += k;
	}
	io.at_end = leg->at_end && at == leg->in.len;
	leg->room = leg->take == 0 ? SIZE_MAX : leg->take;
	return io;
}

static enum tls_rc io_done(struct leg *leg, struct tls_io *io, enum tls_rc rc)
{
	size_t offered = 0;

	for (size_t i = 0; i < io->n_spans; i++) {
		offered += io->spans[i].len;
		free((void *)(uintptr_t)io->spans[i].ptr);
	}
	must(io->consumed <= offered);
	pipe_drop(&leg->in, io->consumed);
	if (tls_conn_pending(leg->conn) > leg->max_pending)
		leg->max_pending = (uint32_t)tls_conn_pending(leg->conn);
	if (rc == TLS_SLOW) {
		must(tls_conn_is_away(leg->conn));
		tls_conn_slow_run(leg->conn);
		leg->n_slow++;
	}
	return rc;
}

enum tls_rc one_leg_handshake(struct leg *leg)
{
	struct span spans[SPANS_MAX];
	struct tls_io io = io_new(leg, spans);

	return io_done(leg, &io, tls_conn_handshake(leg->conn, &io));
}

enum tls_rc one_leg_read(struct leg *leg, uint8_t *buf, size_t max, size_t *ret_n)
{
	struct span spans[SPANS_MAX];
	struct tls_io io = io_new(leg, spans);

	return io_done(leg, &io, tls_conn_read(leg->conn, &io, buf, max, ret_n));
}

enum tls_rc one_leg_write(struct leg *leg, const void *bytes, size_t n, size_t *ret_n)
{
	struct span spans[SPANS_MAX];
	struct tls_io io = io_new(leg, spans);

	return io_done(leg, &io, tls_conn_write(leg->conn, &io, bytes, n, ret_n));
}

enum tls_rc one_leg_close(struct leg *leg)
{
	struct span spans[SPANS_MAX];
	struct tls_io io = io_new(leg, spans);

	return io_done(leg, &io, tls_conn_close(leg->conn, &io));
}

void legs_init(struct legs *l, const struct tls_limits *limits)
{
	static const struct tls_limits defaults;

	*l = (struct legs){ .worker = tls_worker_new(limits == NULL ? &defaults : limits) };
	must(l->worker != NULL);
	l->client.peer = &l->server;
	l->server.peer = &l->client;
}

static void one_leg_reset(struct leg *leg)
{
	tls_conn_free(&leg->conn);
	leg->in.len = 0;
	leg->at_end = false;
	leg->n_slow = leg->max_pending = 0;
}

void legs_open(struct legs *l, struct tls_ctx *client, struct tls_ctx *server, int64_t now_s)
{
	static const uint8_t key[] = { 10, 77, 0, 2, 0x15, 0x38 };
	const struct tls_peer to = { .now_s = now_s, .key = { key, sizeof(key) } };
	const struct tls_peer from = { .now_s = now_s };

	one_leg_reset(&l->client);
	one_leg_reset(&l->server);
	l->client.conn = tls_conn_new(l->worker, client, &to);
	l->server.conn = tls_conn_new(l->worker, server, &from);
	must(l->client.conn != NULL && l->server.conn != NULL);
}

void legs_done(struct legs *l)
{
	one_leg_reset(&l->client);
	one_leg_reset(&l->server);
	free(l->client.in.bytes);
	free(l->server.in.bytes);
	tls_worker_free(&l->worker);
}

bool legs_handshake(struct legs *l)
{
	int idle = 0;

	for (int round = 0; round < ROUNDS_MAX && idle < IDLE_ROUNDS; round++) {
		const uint64_t before = l->client.emitted + l->server.emitted;
		const size_t queued = l->client.in.len + l->server.in.len;
		const enum tls_rc a = one_leg_handshake(&l->client),
				  b = one_leg_handshake(&l->server);

		if (a == TLS_OK && b == TLS_OK)
			return true;
		if (before == l->client.emitted + l->server.emitted &&
				queued == l->client.in.len + l->server.in.len && a != TLS_SLOW &&
				b != TLS_SLOW)
			idle++;
		else
			idle = 0;
	}
	return false;
}

bool legs_say(struct leg *from, const char *text)
{
	const size_t len = strlen(text);
	uint8_t got[256];
	size_t sent = 0, n_got = 0, n;

	must(len <= sizeof(got));
	for (int round = 0; round < ROUNDS_MAX && n_got < len; round++) {
		enum tls_rc rc = one_leg_write(from, text + sent, len - sent, &n);

		if (rc != TLS_OK && rc != TLS_SINK_FULL)
			return false;
		sent += n;
		rc = one_leg_read(from->peer, got + n_got, sizeof(got) - n_got, &n);
		if (rc != TLS_OK && rc != TLS_SINK_FULL && rc != TLS_NEED_INPUT)
			return false;
		n_got += n;
	}
	return n_got == len && memcmp(got, text, len) == 0;
}

struct tls_ctx *legs_server_ctx(const struct tls_server_conf *conf)
{
	char err[TLS_ERROR_MAX];
	struct tls_ctx *ctx = NULL;

	if (tls_server_new(conf, &ctx, err) != 0)
		printf("\n    server: %s\n", err);
	must(ctx != NULL);
	return ctx;
}

struct tls_ctx *legs_client_ctx(const struct tls_client_conf *conf)
{
	char err[TLS_ERROR_MAX];
	struct tls_ctx *ctx = NULL;

	if (tls_client_new(conf, &ctx, err) != 0)
		printf("\n    client: %s\n", err);
	must(ctx != NULL);
	return ctx;
}
