/* SPDX-License-Identifier: Apache-2.0
 * What a peer's bytes go through on their way to the network, and what it heard in words. */
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"
#include "parsers/pg/body.h"
#include "tests/support/pg_peer_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 2048 };

static int emit(void *ctx, const uint8_t *bytes, uint32_t n)
{
	struct pg_wire *w = ctx;

	pipe_put(&w->net_out, bytes, n);
	return (int)n;
}

static struct tls_io io_of(struct pg_wire *w, struct span *span)
{
	*span = (struct span){ w->net_in.bytes, w->net_in.len };
	return (struct tls_io){ .spans = span,
		.n_spans = w->net_in.len > 0 ? 1 : 0,
		.at_end = w->is_over,
		.emit = emit,
		.emit_ctx = w };
}

/* What a call ended with. True: call again. */
static bool io_done(struct pg_wire *w, const struct tls_io *io, enum tls_rc rc)
{
	pipe_drop(&w->net_in, io->consumed);
	if (rc == TLS_SLOW)
		tls_conn_slow_run(w->conn);
	w->has_failed |= rc == TLS_FAILED || rc == TLS_TRUNCATED;
	w->is_truncated |= rc == TLS_TRUNCATED;
	return rc == TLS_OK || rc == TLS_SLOW;
}

static void flush(struct pg_wire *w)
{
	struct span span;
	struct tls_io io = io_of(w, &span);
	size_t n = 0;

	if (w->is_closed)
		pipe_drop(&w->unsent, w->unsent.len);
	if (w->has_failed || !w->is_open || w->unsent.len == 0)
		return;
	(void)io_done(w, &io, tls_conn_write(w->conn, &io, w->unsent.bytes, w->unsent.len, &n));
	pipe_drop(&w->unsent, n);
}

static void handshake(struct pg_wire *w)
{
	bool again = true;

	while (again && !w->is_open && !w->has_failed) {
		struct span span;
		struct tls_io io = io_of(w, &span);
		const enum tls_rc rc = tls_conn_handshake(w->conn, &io);

		again = io_done(w, &io, rc);
		w->is_open = rc == TLS_OK;
	}
}

static void pump(struct pg_wire *w)
{
	uint8_t buf[READ_BYTES];
	bool again = true;

	if (w->conn == NULL) {
		pipe_put(&w->plain, w->net_in.bytes, w->net_in.len);
		pipe_drop(&w->net_in, w->net_in.len);
		return;
	}
	handshake(w);
	flush(w);
	while (again && w->is_open && !w->has_failed) {
		struct span span;
		struct tls_io io = io_of(w, &span);
		size_t n = 0;
		const enum tls_rc rc = tls_conn_read(w->conn, &io, buf, sizeof(buf), &n);

		again = io_done(w, &io, rc);
		pipe_put(&w->plain, buf, n);
	}
}

void pg_wire_done(struct pg_wire *w)
{
	tls_conn_free(&w->conn);
	free(w->net_in.bytes);
	free(w->net_out.bytes);
	free(w->unsent.bytes);
	free(w->plain.bytes);
	memset(w, 0, sizeof(*w));
}

void pg_wire_secure(struct pg_wire *w, const struct pg_peer_tls *tls, struct span key)
{
	const struct tls_peer peer = { .now_s = tls->now_s, .key = key };

	must(w->conn == NULL && w->net_in.len == 0);
	w->conn = tls_conn_new(tls->worker, tls->ctx, &peer);
	must(w->conn != NULL);
	pipe_put(&w->net_in, w->plain.bytes, w->plain.len);
	pipe_drop(&w->plain, w->plain.len);
	pump(w);
}

void pg_wire_send(struct pg_wire *w, const void *bytes, size_t n)
{
	if (w->conn == NULL) {
		pipe_put(&w->net_out, bytes, n);
		return;
	}
	pipe_put(&w->unsent, bytes, n);
	flush(w);
}

void pg_wire_feed(struct pg_wire *w, const void *bytes, size_t n)
{
	w->is_over |= n == 0;
	pipe_put(&w->net_in, bytes, n);
	pump(w);
}

void pg_wire_close(struct pg_wire *w)
{
	struct span span;
	struct tls_io io = io_of(w, &span);

	w->is_closed = true;
	if (w->conn != NULL && !w->has_failed)
		(void)io_done(w, &io, tls_conn_close(w->conn, &io));
}

__attribute__((format(printf, 2, 3))) void log_put(struct pg_log *log, const char *format, ...)
{
	char word[PG_PEER_TEXT];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(word, sizeof(word), format, args);
	va_end(args);
	must(n >= 0);
	for (char *p = word; *p != 0; p++) {
		if (*p <= ' ' || *p > '~')
			*p = '_';
	}
	n = snprintf(log->text + log->len, sizeof(log->text) - log->len, "%s%s",
			log->len > 0 ? " " : "", word);
	if (n > 0 && (size_t)n < sizeof(log->text) - log->len)
		log->len += (size_t)n;
}

bool next_message(const struct pipe *p, bool has_type, struct message *ret)
{
	const size_t header = has_type ? 5 : 4;
	uint32_t len;

	if (p->len < header)
		return false;
	len = load_be32(p->bytes + header - 4);
	ret->type = has_type ? (char)p->bytes[0] : 0;
	ret->is_bad = len < 4 || len > PEER_MESSAGE_MAX;
	ret->total = header - 4 + (size_t)len;
	if (ret->is_bad)
		return true;
	if (p->len < ret->total)
		return false;
	ret->body = (struct span){ p->bytes + header, ret->total - header };
	return true;
}

void wire_text_copy(char *out, size_t size, struct span s)
{
	const size_t n = s.len < size ? s.len : size - 1;

	if (n > 0)
		memcpy(out, s.ptr, n);
	out[n] = 0;
}

void log_message(struct pg_log *log, const struct message *m)
{
	char text[PG_PEER_TEXT] = "";
	struct pg_report report;
	struct pg_parameter parameter;
	struct pg_authentication auth;
	struct span string;

	if ((m->type == 'E' || m->type == 'N') && pg_read_report(m->body, true, &report) == 0)
		wire_text_copy(text, sizeof(text), report.sqlstate);
	else if (m->type == 'S' && pg_read_parameter(m->body, &parameter) == 0)
		snprintf(text, sizeof(text), "%.*s=%.*s", (int)parameter.name.len,
				(const char *)parameter.name.ptr, (int)parameter.value.len,
				(const char *)parameter.value.ptr);
	else if (m->type == 'R' && pg_read_authentication(m->body, &auth) == 0)
		snprintf(text, sizeof(text), "%u", auth.code);
	else if (m->type == 'Z')
		wire_text_copy(text, sizeof(text), m->body);
	else if (m->type == 'C' && pg_read_string(m->body, &string) == 0)
		wire_text_copy(text, sizeof(text), string);
	log_put(log, "%c%s%s", m->type, text[0] != 0 ? "=" : "", text);
}
