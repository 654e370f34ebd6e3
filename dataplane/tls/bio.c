/* SPDX-License-Identifier: Apache-2.0
 * OpenSSL's view of the two ciphertext ways: a BIO that reads the caller's spans in place and writes
 * to the caller's sink. There is no memory BIO in between.
 *
 * Reading and emitting are kept apart: spans of stream_view() end with the next stream_ call. So only
 * where OpenSSL reads nothing (is_direct: write and close) does output go straight to the sink; what
 * it says while it reads (handshake, alerts, KeyUpdate) waits in the stage until the call is over.
 * What a sink does not take of a record waits there too: then the record counts as written, and
 * OpenSSL never has to be called again with the same bytes. */
#include "dataplane/tls/tls_priv.h"

#include <openssl/crypto.h>

#include <string.h>

enum { STAGE_STEP = 1024 };

void stage_free(struct stage *s)
{
	OPENSSL_free(s->bytes);
	*s = (struct stage){ .bytes = NULL };
}

/* false: there is no memory, nothing was put. The caller keeps it below STAGE_MAX. */
bool stage_put(struct stage *s, const uint8_t *bytes, uint32_t n)
{
	uint32_t size = (s->len + n + STAGE_STEP - 1) / STAGE_STEP * STAGE_STEP;
	uint8_t *grown;

	if (size > s->size) {
		grown = OPENSSL_realloc(s->bytes, size);
		if (grown == NULL)
			return false;
		s->bytes = grown;
		s->size = size;
	}
	memcpy(s->bytes + s->len, bytes, n);
	s->len += n;
	return true;
}

bool input_is_empty(const struct tls_conn *c)
{
	const struct tls_io *io = c->io;

	if (stage_len(&c->slow_in) > 0)
		return false;
	for (size_t i = c->span; io != NULL && i < io->n_spans; i++) {
		if (io->spans[i].len > (i == c->span ? c->span_off : 0))
			return false;
	}
	return true;
}

static size_t take_copied(struct stage *s, uint8_t *to, size_t n)
{
	const uint32_t len = stage_len(s);
	const uint32_t k = n < len ? (uint32_t)n : len;

	if (k > 0)
		memcpy(to, s->bytes + s->at, k);
	s->at += k;
	if (s->bytes != NULL && s->at == s->len)
		stage_free(s);
	return k;
}

static size_t take_spans(struct tls_conn *c, uint8_t *to, size_t n)
{
	struct tls_io *io = c->io;
	size_t done = 0;

	while (done < n && c->span < io->n_spans) {
		const struct span *s = &io->spans[c->span];
		size_t k = s->len - c->span_off;

		k = k < n - done ? k : n - done;
		if (k > 0)
			memcpy(to + done, s->ptr + c->span_off, k);
		done += k;
		c->span_off += k;
		if (c->span_off == s->len) {
			c->span++;
			c->span_off = 0;
		}
	}
	io->consumed += done;
	return done;
}

size_t input_take(struct tls_conn *c, uint8_t *to, size_t n)
{
	size_t done = take_copied(&c->slow_in, to, n);

	return c->io == NULL ? done : done + take_spans(c, to + done, n - done);
}

static int bio_read(BIO *b, char *to, size_t n, size_t *ret_n)
{
	*ret_n = input_take(BIO_get_data(b), (uint8_t *)to, n);
	BIO_clear_retry_flags(b);
	if (*ret_n == 0)
		BIO_set_retry_read(b); /* the end of the input is judged by the caller of OpenSSL */
	return *ret_n > 0;
}

/* How many bytes the sink took. */
static uint32_t sink_offer(struct tls_conn *c, const uint8_t *bytes, uint32_t n)
{
	int took;

	if (c->is_sink_dead)
		return 0;
	took = c->io->emit(c->io->emit_ctx, bytes, n);
	c->is_sink_dead = took < 0;
	if (took <= 0)
		return 0;
	return (uint32_t)took < n ? (uint32_t)took : n;
}

bool output_flush(struct tls_conn *c)
{
	struct stage *s = &c->out;

	while (s->at < s->len) {
		const uint32_t took = sink_offer(c, s->bytes + s->at, s->len - s->at);

		if (took == 0)
			return false;
		s->at += took;
	}
	if (s->bytes != NULL)
		stage_free(s);
	return true;
}

static int bio_write(BIO *b, const char *from, size_t n, size_t *ret_n)
{
	struct tls_conn *c = BIO_get_data(b);
	const uint8_t *bytes = (const uint8_t *)from;
	uint32_t took = 0, rest;

	BIO_clear_retry_flags(b);
	*ret_n = 0;
	if (n > STAGE_MAX)
		n = STAGE_MAX;
	if (c->is_direct && c->out.bytes == NULL)
		took = sink_offer(c, bytes, (uint32_t)n);
	rest = (uint32_t)n - took;
	if (c->out.len + rest > STAGE_MAX)
		rest = STAGE_MAX - c->out.len;
	if (rest > 0 && !stage_put(&c->out, bytes + took, rest)) {
		c->out_of_memory = true;
		return 0;
	}
	*ret_n = took + rest;
	if (*ret_n == 0)
		BIO_set_retry_write(b);
	return *ret_n > 0;
}

static long bio_ctrl(BIO *b, int command, long number, void *pointer)
{
	(void)b;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *bio_method_new(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "sluice");

	if (m != NULL && BIO_meth_set_read_ex(m, bio_read) == 1 &&
			BIO_meth_set_write_ex(m, bio_write) == 1 &&
			BIO_meth_set_ctrl(m, bio_ctrl) == 1)
		return m;
	BIO_meth_free(m);
	return NULL;
}
