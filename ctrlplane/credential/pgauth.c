/* SPDX-License-Identifier: Apache-2.0
 * The authentication requests of PostgreSQL (its protocol, 55.2.1 and 55.7). */
#include "ctrlplane/credential/pgauth.h"

#include "ctrlplane/credential/pgauth_priv.h"
#include "parsers/base/lower.h"
#include "parsers/base/must.h"
#include "parsers/base/reader.h"

#include <openssl/crypto.h>

#include <string.h>

enum { HEADER_BYTES = 5, MD5_SALT = 4 };

/* AuthenticationXXX: the int32 behind the length. */
enum request {
	REQUEST_OK = 0,
	REQUEST_CLEARTEXT = 3,
	REQUEST_MD5 = 5,
	REQUEST_SASL = 10,
	REQUEST_SASL_CONTINUE = 11,
	REQUEST_SASL_FINAL = 12,
};

static const char names[PGAUTH_REASONS][LOWER_SIZE] = {
#define REASON(sym, text) [PGAUTH_##sym] = LOWER_INIT(#sym),
#include "ctrlplane/credential/pgauth_reason.tbl.h"
#undef REASON
};

static const char *const texts[PGAUTH_REASONS] = {
#define REASON(sym, text) [PGAUTH_##sym] = text,
#include "ctrlplane/credential/pgauth_reason.tbl.h"
#undef REASON
};

const char *pgauth_reason_name(enum pgauth_reason reason)
{
	return (size_t)reason < PGAUTH_REASONS ? names[reason] : "-";
}

const char *pgauth_reason_text(enum pgauth_reason reason)
{
	return (size_t)reason < PGAUTH_REASONS ? texts[reason] : "-";
}

static void end(struct pgauth *a, enum pgauth_reason reason)
{
	a->state = PGAUTH_END;
	a->reason = reason;
	if (a->conf->stats != NULL)
		atomic_fetch_add_explicit(
				&a->conf->stats->answers[reason], 1, memory_order_relaxed);
}

enum pgauth_rc pgauth_refuse(struct pgauth *a, enum pgauth_reason reason)
{
	end(a, reason);
	return PGAUTH_REFUSED;
}

/* Messages to the server: 'p', the length of all but the 'p', the body. */

void out_begin(struct pgauth_out *out)
{
	out->bytes[0] = 'p';
	out->len = HEADER_BYTES;
}

bool out_put(struct pgauth_out *out, struct span text)
{
	if (text.len > sizeof(out->bytes) - out->len)
		return false;
	if (text.len > 0)
		memcpy(out->bytes + out->len, text.ptr, text.len);
	out->len += text.len;
	return true;
}

void out_end(struct pgauth_out *out)
{
	store_be32(out->bytes + 1, (uint32_t)(out->len - 1));
}

void pgauth_out_done(struct pgauth_out *out)
{
	OPENSSL_cleanse(out, sizeof(*out));
}

void pgauth_init(struct pgauth *a, const struct pgauth_conf *conf)
{
	must(conf->binding_len <= PGAUTH_BINDING_MAX);
	must(conf->nonce == NULL || strlen(conf->nonce) <= PGAUTH_NONCE_MAX);
	memset(a, 0, sizeof(*a));
	a->conf = conf;
}

void pgauth_done(struct pgauth *a)
{
	OPENSSL_cleanse(a, sizeof(*a));
}

/* The requests, one function each. */

static enum pgauth_rc take_ok(struct pgauth *a, struct span rest, struct pgauth_out *out)
{
	(void)out;
	if (rest.len != 0)
		return pgauth_refuse(a, PGAUTH_FORM);
	if (a->state == PGAUTH_FIRST || a->state == PGAUTH_FINAL)
		return pgauth_refuse(a, PGAUTH_UNPROVEN);
	if (a->state == PGAUTH_SALTING)
		return pgauth_refuse(a, PGAUTH_ORDER);
	if (a->conf->binding_required && a->method != PGAUTH_SCRAM_PLUS)
		return pgauth_refuse(a, PGAUTH_BINDING_REQUIRED);
	end(a, PGAUTH_OK);
	return PGAUTH_DONE;
}

static enum pgauth_rc sent(struct pgauth *a, enum pgauth_method method, struct pgauth_out *out)
{
	out_end(out);
	a->method = method;
	a->state = PGAUTH_SENT;
	return PGAUTH_SEND;
}

static enum pgauth_rc take_cleartext(struct pgauth *a, struct span rest, struct pgauth_out *out)
{
	const struct span password = secret_span(a->conf->credential->password);

	if (rest.len != 0)
		return pgauth_refuse(a, PGAUTH_FORM);
	if (!a->conf->encrypted || !a->conf->verified)
		return pgauth_refuse(a, PGAUTH_CLEARTEXT);
	out_begin(out);
	must(out_put(out, password) && out_put(out, (struct span){ (const uint8_t *)"", 1 }));
	return sent(a, PGAUTH_CLEAR, out);
}

/* "md5" and md5(md5(password user) salt), both sums in hexadecimal. */
static enum pgauth_rc take_md5(struct pgauth *a, struct span salt, struct pgauth_out *out)
{
	const struct credential *c = a->conf->credential;
	const struct span user = { (const uint8_t *)c->user, strlen(c->user) };
	char inner[MD5_HEX], outer[MD5_HEX + 1] = { 0 };
	bool ok;

	if (salt.len != MD5_SALT)
		return pgauth_refuse(a, PGAUTH_FORM);
	ok = sum_md5_hex(secret_span(c->password), user, inner) &&
			sum_md5_hex((struct span){ (uint8_t *)inner, sizeof(inner) }, salt, outer);
	OPENSSL_cleanse(inner, sizeof(inner));
	if (!ok)
		return pgauth_refuse(a, PGAUTH_CRYPTO);
	out_begin(out);
	must(out_put(out, (struct span){ (const uint8_t *)"md5", 3 }));
	must(out_put(out, (struct span){ (uint8_t *)outer, sizeof(outer) }));
	return sent(a, PGAUTH_MD5, out);
}

static enum pgauth_rc take_continue(struct pgauth *a, struct span rest, struct pgauth_out *out)
{
	(void)out;
	return scram_first(a, rest);
}

static enum pgauth_rc take_final(struct pgauth *a, struct span rest, struct pgauth_out *out)
{
	(void)out;
	return scram_final(a, rest);
}

struct taker {
	enum request request;
	enum pgauth_state state; /* the only one in which it may come */
	bool any_state;          /* or it looks itself */
	bool binds;              /* may go with binding_required */
	enum pgauth_rc (*fn)(struct pgauth *a, struct span rest, struct pgauth_out *out);
};

static const struct taker takers[] = {
	{ REQUEST_OK, PGAUTH_START, true, true, take_ok },
	{ REQUEST_CLEARTEXT, PGAUTH_START, false, false, take_cleartext },
	{ REQUEST_MD5, PGAUTH_START, false, false, take_md5 },
	{ REQUEST_SASL, PGAUTH_START, false, true, scram_begin },
	{ REQUEST_SASL_CONTINUE, PGAUTH_FIRST, false, true, take_continue },
	{ REQUEST_SASL_FINAL, PGAUTH_FINAL, false, true, take_final },
};

static const struct taker *taker_of(uint32_t request)
{
	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
		if ((uint32_t)takers[i].request == request)
			return &takers[i];
	}
	return NULL;
}

enum pgauth_rc pgauth_take(struct pgauth *a, struct span body, struct pgauth_out *out)
{
	struct reader r = rd_of(body.ptr, body.len);
	const struct taker *t = taker_of(rd_be32(&r));
	const struct span rest = rd_take(&r, rd_left(&r));

	out->len = 0;
	if (a->state == PGAUTH_END && a->reason != PGAUTH_OK)
		return PGAUTH_REFUSED;
	if (a->state == PGAUTH_END)
		return pgauth_refuse(a, PGAUTH_ORDER); /* it has let us in, and asks again */
	if (r.bad || body.len > PGAUTH_BODY_MAX)
		return pgauth_refuse(a, PGAUTH_FORM);
	if (t == NULL)
		return pgauth_refuse(a, PGAUTH_METHOD);
	if (!t->any_state && t->state != a->state)
		return pgauth_refuse(a, PGAUTH_ORDER);
	if (a->conf->binding_required && !t->binds)
		return pgauth_refuse(a, PGAUTH_BINDING_REQUIRED);
	if (t->request != REQUEST_OK && a->conf->credential->password == NULL)
		return pgauth_refuse(a, PGAUTH_NO_PASSWORD);
	return t->fn(a, rest, out);
}

enum pgauth_rc pgauth_salted(
		struct pgauth *a, const uint8_t salted[SALTED_BYTES], struct pgauth_out *out)
{
	must(a->state == PGAUTH_SALTING);
	out->len = 0;
	return scram_salted(a, salted, out);
}
