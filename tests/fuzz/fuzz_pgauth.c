/* SPDX-License-Identifier: Apache-2.0
 * A PostgreSQL server's authentication requests. Input: a byte of flags, then steps: a byte of
 * kind, a byte of length, so many bytes.
 *
 *	flags	1 TLS, 2 with a certificate's hash, 4 binding required
 *	kind	0 the body as it is
 *		1 a request: the first byte is its number, the rest follows
 *		2 server-first-message: "r=" and our nonce come before the bytes
 *		3 server-final-message: "v=" and the right signature, in which the bytes change one
 *
 * Nobody is let in by a server that has not shown the right signature, nor in a way that the
 * connection does not allow; what is sent is one whole message. */
#include "ctrlplane/credential/credential_priv.h"
#include "ctrlplane/credential/pgauth.h"
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"
#include "parsers/base/reader.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { KINDS = 4, STEPS_MAX = 12, REQUEST_BYTES = 4 };

static const uint8_t salted[SALTED_BYTES] = { 1, 2, 3 };

struct run {
	struct pgauth auth;
	struct pgauth_out out;
	bool proven; /* it has shown the right signature */
};

static const struct credential *credential(void)
{
	static struct credential *c;
	struct secret *s = NULL;

	if (c != NULL)
		return c;
	must(secret_new(6, &s) == 0);
	memcpy(secret_bytes(s), "pencil", 6);
	secret_set_len(s, 6);
	must(credential_make("user", s, &c) == 0);
	return c;
}

static void check_sent(const struct run *r, enum pgauth_rc rc)
{
	const struct pgauth_out *out = &r->out;

	must((rc == PGAUTH_SEND) == (out->len > 0));
	if (rc != PGAUTH_SEND)
		return;
	must(out->len > 5 && out->len <= PGAUTH_OUT_MAX && out->bytes[0] == 'p');
	must(load_be32(out->bytes + 1) == out->len - 1);
}

static void check_state(const struct run *r, enum pgauth_rc rc)
{
	const struct pgauth *a = &r->auth;
	const struct pgauth_conf *c = a->conf;

	must(a->message_len <= PGAUTH_MESSAGE_MAX && a->method <= PGAUTH_SCRAM_PLUS);
	must(a->method != PGAUTH_CLEAR || (c->encrypted && c->verified));
	must(a->method != PGAUTH_SCRAM_PLUS || (c->encrypted && c->binding_len > 0));
	must(memchr(a->server_error, 0, sizeof(a->server_error)) != NULL);
	must(rc != PGAUTH_REFUSED || (a->reason != PGAUTH_OK && a->reason < PGAUTH_REASONS));
	must(rc != PGAUTH_WAIT || r->proven);
	if (rc != PGAUTH_DONE)
		return;
	must(a->method < PGAUTH_SCRAM || r->proven);
	must(!c->binding_required || a->method == PGAUTH_SCRAM_PLUS);
}

/* In a block of its size. */
static enum pgauth_rc take(struct run *r, struct span head, struct span rest)
{
	uint8_t *body = malloc(head.len + rest.len + 1);
	enum pgauth_rc rc;

	must(body != NULL);
	memcpy(body, head.ptr, head.len);
	memcpy(body + head.len, rest.ptr, rest.len);
	body = realloc(body, head.len + rest.len > 0 ? head.len + rest.len : 1);
	must(body != NULL);
	rc = pgauth_take(&r->auth, (struct span){ body, head.len + rest.len }, &r->out);
	free(body);
	check_sent(r, rc);
	check_state(r, rc);
	return rc;
}

static enum pgauth_rc take_request(struct run *r, struct span text)
{
	const uint8_t head[REQUEST_BYTES] = { 0, 0, 0, text.len > 0 ? text.ptr[0] : 0 };

	if (text.len == 0)
		return take(r, (struct span){ head, sizeof(head) }, text);
	return take(r, (struct span){ head, sizeof(head) },
			(struct span){ text.ptr + 1, text.len - 1 });
}

static enum pgauth_rc take_first(struct run *r, struct span text)
{
	uint8_t head[REQUEST_BYTES + 2 + PGAUTH_NONCE_MAX] = { 0, 0, 0, 11, 'r', '=' };
	const size_t n = strlen(r->auth.nonce);

	memcpy(head + REQUEST_BYTES + 2, r->auth.nonce, n);
	return take(r, (struct span){ head, REQUEST_BYTES + 2 + n }, text);
}

static enum pgauth_rc take_final(struct run *r, struct span change)
{
	uint8_t head[REQUEST_BYTES + 2] = { 0, 0, 0, 12, 'v', '=' }, shown[SALTED_BYTES];
	const uint8_t flip = change.len > 1 ? change.ptr[1] : 0;
	char text[64];
	size_t n;

	memcpy(shown, r->auth.server_signature, sizeof(shown));
	if (change.len > 1)
		shown[change.ptr[0] % sizeof(shown)] ^= flip;
	n = b64_encode((struct span){ shown, sizeof(shown) }, text);
	r->proven |= flip == 0 && r->auth.state == PGAUTH_FINAL;
	return take(r, (struct span){ head, sizeof(head) }, (struct span){ (uint8_t *)text, n });
}

static enum pgauth_rc salt(struct run *r)
{
	const struct pgauth *a = &r->auth;
	enum pgauth_rc rc;

	must(a->salt_len > 0 && a->salt_len <= PGAUTH_SALT_MAX);
	must(a->iterations > 0 && a->iterations <= PGAUTH_ITERATIONS_MAX);
	rc = pgauth_salted(&r->auth, salted, &r->out);
	check_sent(r, rc);
	check_state(r, rc);
	return rc;
}

static enum pgauth_rc step(struct run *r, unsigned kind, struct span text)
{
	enum pgauth_rc rc;

	if (kind == 0)
		rc = take(r, (struct span){ text.ptr, 0 }, text);
	else if (kind == 1)
		rc = take_request(r, text);
	else
		rc = kind == 2 ? take_first(r, text) : take_final(r, text);
	return rc == PGAUTH_NEED_SALTED ? salt(r) : rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader in = rd_of(data, size);
	const unsigned flags = rd_u8(&in);
	const struct pgauth_conf conf = { .credential = credential(),
		.encrypted = (flags & 1) != 0,
		.verified = (flags & 9) == 1,
		.binding_len = (flags & 2) != 0 ? 32 : 0,
		.binding_required = (flags & 4) != 0,
		.nonce = "rOprNGfwEbeRWgbNEkqO" };
	static struct run r;
	bool over = false;

	memset(&r, 0, sizeof(r));
	pgauth_init(&r.auth, &conf);
	for (unsigned i = 0; i < STEPS_MAX && rd_left(&in) >= 2; i++) {
		const unsigned kind = rd_u8(&in) % KINDS;
		size_t len = rd_u8(&in);
		enum pgauth_rc rc;

		len = len < rd_left(&in) ? len : rd_left(&in);
		rc = step(&r, kind, rd_take(&in, len));
		must(!over || rc == PGAUTH_REFUSED); /* the end is the end */
		over = rc == PGAUTH_DONE || rc == PGAUTH_REFUSED;
	}
	pgauth_done(&r.auth);
	return 0;
}
