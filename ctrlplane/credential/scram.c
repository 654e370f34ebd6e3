/* SPDX-License-Identifier: Apache-2.0
 * SCRAM-SHA-256 and SCRAM-SHA-256-PLUS as a client: RFC 5802 (messages: 5 and 7), RFC 7677. */
#include "ctrlplane/credential/pgauth_priv.h"
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"
#include "parsers/base/reader.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <stdio.h>
#include <string.h>

#define MECHANISM      "SCRAM-SHA-256"
#define MECHANISM_PLUS "SCRAM-SHA-256-PLUS"
#define BINDING_NAME   "tls-server-end-point"

enum { NONCE_BYTES = 18, LENGTH_BYTES = 4, ATTRIBUTES_MAX = 16 };

static struct span text_of(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

static bool is_text(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

static bool message_add(struct pgauth *a, struct span text)
{
	if (text.len > sizeof(a->message) - a->message_len)
		return false;
	memcpy(a->message + a->message_len, text.ptr, text.len);
	a->message_len += text.len;
	return true;
}

/* The offer: names, each with its NUL, and an empty one. */

struct offer {
	bool scram, plus;
};

static bool offer_read(struct span list, struct offer *ret)
{
	struct reader r = rd_of(list.ptr, list.len);

	*ret = (struct offer){ 0 };
	while (rd_left(&r) > 0) {
		const uint8_t *at = r.in.ptr + r.at, *nul = memchr(at, 0, rd_left(&r));
		const struct span name = rd_take(&r, nul == NULL ? 0 : (size_t)(nul - at));

		if (nul == NULL)
			return false;
		rd_u8(&r);
		if (name.len == 0)
			return rd_left(&r) == 0; /* the list's end is the message's */
		ret->scram |= is_text(name, MECHANISM);
		ret->plus |= is_text(name, MECHANISM_PLUS);
	}
	return false;
}

/* RFC 5802 6: 'p' when both can bind; 'y' when we can and the server, as it seems, cannot: one that
 * can will notice that its offer was changed; 'n' when we cannot. */
static enum pgauth_reason choose(struct pgauth *a, const struct offer *o)
{
	const struct pgauth_conf *c = a->conf;
	const bool can_bind = c->encrypted && c->binding_len > 0;

	if (o->plus && !c->encrypted)
		return PGAUTH_PLUS_UNENCRYPTED;
	if (c->binding_required && !(o->plus && can_bind))
		return PGAUTH_BINDING_REQUIRED;
	if (!o->scram && !(o->plus && can_bind))
		return PGAUTH_MECHANISM;
	a->gs2_flag = o->plus && can_bind ? 'p' : can_bind ? 'y' : 'n';
	a->method = a->gs2_flag == 'p' ? PGAUTH_SCRAM_PLUS : PGAUTH_SCRAM;
	return PGAUTH_OK;
}

static const char *gs2_header(const struct pgauth *a)
{
	return a->gs2_flag == 'p' ? "p=" BINDING_NAME ",," : a->gs2_flag == 'y' ? "y,," : "n,,";
}

static bool nonce_make(struct pgauth *a)
{
	uint8_t bytes[NONCE_BYTES];

	if (a->conf->nonce != NULL) {
		memcpy(a->nonce, a->conf->nonce, strlen(a->conf->nonce) + 1);
		return true;
	}
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	a->nonce[b64_encode((struct span){ bytes, sizeof(bytes) }, a->nonce)] = '\0';
	return true;
}

/* SASLInitialResponse: the mechanism, the length of the rest, client-first-message. */
static enum pgauth_rc send_first(struct pgauth *a, struct pgauth_out *out)
{
	const char *name = a->conf->scram_name == NULL ? "" : a->conf->scram_name;
	const char *mechanism = a->gs2_flag == 'p' ? MECHANISM_PLUS : MECHANISM;
	const struct span gs2 = text_of(gs2_header(a));
	uint8_t length[LENGTH_BYTES];

	must(message_add(a, text_of("n=")) && message_add(a, text_of(name)) &&
			message_add(a, text_of(",r=")) && message_add(a, text_of(a->nonce)));
	store_be32(length, (uint32_t)(gs2.len + a->message_len));
	out_begin(out);
	must(out_put(out, (struct span){ (const uint8_t *)mechanism, strlen(mechanism) + 1 }) &&
			out_put(out, (struct span){ length, sizeof(length) }) &&
			out_put(out, gs2) &&
			out_put(out, (struct span){ a->message, a->message_len }));
	out_end(out);
	a->state = PGAUTH_FIRST;
	return PGAUTH_SEND;
}

enum pgauth_rc scram_begin(struct pgauth *a, struct span mechanisms, struct pgauth_out *out)
{
	enum pgauth_reason reason;
	struct offer offer;

	if (!offer_read(mechanisms, &offer))
		return pgauth_refuse(a, PGAUTH_FORM);
	reason = choose(a, &offer);
	if (reason != PGAUTH_OK)
		return pgauth_refuse(a, reason);
	if (!nonce_make(a))
		return pgauth_refuse(a, PGAUTH_CRYPTO);
	return send_first(a, out);
}

/* Attributes: "a=value", with ',' between them (RFC 5802 5.1). */

struct attribute {
	char name;
	struct span value;
};

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The next one; *left is set to what follows its ','. */
static bool attribute_take(struct span *left, struct attribute *ret)
{
	const uint8_t *comma = left->len == 0 ? NULL : memchr(left->ptr, ',', left->len);
	const size_t len = comma == NULL ? left->len : (size_t)(comma - left->ptr);
	const size_t used = comma == NULL ? len : len + 1;

	if (len < 2 || !is_letter(left->ptr[0]) || left->ptr[1] != '=')
		return false;
	if (comma != NULL && used == left->len)
		return false; /* ends in a ',' */
	*ret = (struct attribute){ (char)left->ptr[0], { left->ptr + 2, len - 2 } };
	*left = (struct span){ left->ptr + used, left->len - used };
	return true;
}

static bool attribute_named(struct span *left, char name, struct span *ret)
{
	struct attribute at;

	if (!attribute_take(left, &at) || at.name != name)
		return false;
	*ret = at.value;
	return true;
}

/* What may follow: optional extensions, which are ignored (RFC 5802 5.1); never an 'm' or a NUL. */
static bool rest_is_good(struct span left)
{
	struct attribute at;

	for (size_t i = 0; left.len > 0; i++) {
		if (i == ATTRIBUTES_MAX || !attribute_take(&left, &at) || at.value.len == 0 ||
				at.name == 'm' || memchr(at.value.ptr, 0, at.value.len) != NULL)
			return false;
	}
	return true;
}

/* server-first-message: r=, s=, i=. */

/* Ours, and at least one more character: printable without ','. */
static bool nonce_is_good(const struct pgauth *a, struct span nonce)
{
	const size_t ours = strlen(a->nonce);

	if (nonce.len <= ours || memcmp(nonce.ptr, a->nonce, ours) != 0)
		return false;
	for (size_t i = ours; i < nonce.len; i++) {
		if (nonce.ptr[i] <= 0x20 || nonce.ptr[i] >= 0x7f)
			return false;
	}
	return true;
}

static bool iterations_read(struct span digits, uint32_t *ret)
{
	uint32_t n = 0;

	if (digits.len == 0 || digits.len > 8 || digits.ptr[0] == '0')
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return false;
		n = n * 10 + (uint32_t)(digits.ptr[i] - '0');
	}
	*ret = n;
	return n <= PGAUTH_ITERATIONS_MAX;
}

static enum pgauth_reason first_read(struct pgauth *a, struct span text, struct span *ret_nonce)
{
	struct span left = text, salt, iterations;
	ssize_t len;

	if (text.len >= 2 && memcmp(text.ptr, "m=", 2) == 0)
		return PGAUTH_EXTENSION;
	if (!attribute_named(&left, 'r', ret_nonce))
		return PGAUTH_FORM;
	if (!nonce_is_good(a, *ret_nonce))
		return PGAUTH_NONCE;
	if (!attribute_named(&left, 's', &salt) || !attribute_named(&left, 'i', &iterations) ||
			!rest_is_good(left))
		return PGAUTH_FORM;
	len = b64_decode(salt, a->salt, sizeof(a->salt));
	if (len <= 0)
		return PGAUTH_SALT;
	a->salt_len = (size_t)len;
	return iterations_read(iterations, &a->iterations) ? PGAUTH_OK : PGAUTH_ITERATIONS;
}

enum pgauth_rc scram_first(struct pgauth *a, struct span text)
{
	const size_t at = a->message_len + 1; /* behind our part and its ',' */
	struct span nonce;
	enum pgauth_reason reason = first_read(a, text, &nonce);

	if (reason != PGAUTH_OK)
		return pgauth_refuse(a, reason);
	if (!message_add(a, text_of(",")) || !message_add(a, text))
		return pgauth_refuse(a, PGAUTH_FORM);
	a->nonce_at = at + 2; /* "r=" comes first */
	a->nonce_len = nonce.len;
	if (a->iterations < PGAUTH_ITERATIONS_WEAK && a->conf->stats != NULL)
		atomic_fetch_add_explicit(
				&a->conf->stats->weak_iterations, 1, memory_order_relaxed);
	a->state = PGAUTH_SALTING;
	return PGAUTH_NEED_SALTED;
}

/* client-final-message: c=, r=, p=. */

/* Adds ",c=...,r=..." to the message; *ret_at is where it begins, behind the ','. */
static bool without_proof_add(struct pgauth *a, size_t *ret_at)
{
	const char *gs2 = gs2_header(a);
	const size_t gs2_len = strlen(gs2);
	uint8_t input[sizeof("p=" BINDING_NAME ",,") + PGAUTH_BINDING_MAX];
	char text[(sizeof(input) + 2) / 3 * 4 + 1];
	size_t len = gs2_len;

	memcpy(input, gs2, gs2_len);
	if (a->gs2_flag == 'p') {
		memcpy(input + len, a->conf->binding, a->conf->binding_len);
		len += a->conf->binding_len;
	}
	len = b64_encode((struct span){ input, len }, text);
	*ret_at = a->message_len + 1;
	return message_add(a, text_of(",c=")) &&
			message_add(a, (struct span){ (uint8_t *)text, len }) &&
			message_add(a, text_of(",r=")) &&
			message_add(a, (struct span){ a->message + a->nonce_at, a->nonce_len });
}

/* RFC 5802 3. <proof>: ClientKey XOR ClientSignature; and the signature that the server must show.
 * */
static bool proof_make(
		struct pgauth *a, const uint8_t salted[SALTED_BYTES], uint8_t proof[SHA256_BYTES])
{
	const struct span key = { salted, SALTED_BYTES };
	const struct span message = { a->message, a->message_len };
	uint8_t stored[SHA256_BYTES], signature[SHA256_BYTES], server[SHA256_BYTES];
	bool ok = sum_hmac_sha256(key, text_of("Client Key"), proof) &&
			sum_sha256((struct span){ proof, SHA256_BYTES }, stored) &&
			sum_hmac_sha256((struct span){ stored, SHA256_BYTES }, message,
					signature) &&
			sum_hmac_sha256(key, text_of("Server Key"), server) &&
			sum_hmac_sha256((struct span){ server, SHA256_BYTES }, message,
					a->server_signature);

	for (size_t i = 0; ok && i < SHA256_BYTES; i++)
		proof[i] ^= signature[i];
	OPENSSL_cleanse(stored, sizeof(stored));
	OPENSSL_cleanse(signature, sizeof(signature));
	OPENSSL_cleanse(server, sizeof(server));
	return ok;
}

enum pgauth_rc scram_salted(
		struct pgauth *a, const uint8_t salted[SALTED_BYTES], struct pgauth_out *out)
{
	uint8_t proof[SHA256_BYTES] = { 0 };
	char text[(SHA256_BYTES + 2) / 3 * 4 + 1];
	size_t at, len;
	bool ok;

	if (!without_proof_add(a, &at))
		return pgauth_refuse(a, PGAUTH_FORM);
	ok = proof_make(a, salted, proof);
	len = b64_encode((struct span){ proof, sizeof(proof) }, text);
	OPENSSL_cleanse(proof, sizeof(proof));
	if (!ok)
		return pgauth_refuse(a, PGAUTH_CRYPTO);
	out_begin(out);
	if (!out_put(out, (struct span){ a->message + at, a->message_len - at }) ||
			!out_put(out, text_of(",p=")) ||
			!out_put(out, (struct span){ (uint8_t *)text, len })) {
		out->len = 0;
		return pgauth_refuse(a, PGAUTH_FORM);
	}
	out_end(out);
	a->state = PGAUTH_FINAL;
	return PGAUTH_SEND;
}

/* server-final-message: v= or e=. */

static enum pgauth_rc server_error(struct pgauth *a, struct span value)
{
	const size_t n = value.len < PGAUTH_ERROR_MAX - 1 ? value.len : PGAUTH_ERROR_MAX - 1;

	for (size_t i = 0; i < n; i++)
		a->server_error[i] = value.ptr[i] > 0x20 && value.ptr[i] < 0x7f ? (char)value.ptr[i]
										: '?';
	if (a->gs2_flag == 'y' && is_text(value, "server-does-support-channel-binding"))
		return pgauth_refuse(a, PGAUTH_DOWNGRADED);
	return pgauth_refuse(a, PGAUTH_SERVER_ERROR);
}

enum pgauth_rc scram_final(struct pgauth *a, struct span text)
{
	struct span left = text;
	uint8_t shown[SHA256_BYTES];
	struct attribute at;

	if (!attribute_take(&left, &at) || at.value.len == 0 || !rest_is_good(left))
		return pgauth_refuse(a, PGAUTH_FORM);
	if (at.name == 'e')
		return server_error(a, at.value);
	if (at.name != 'v' || b64_decode(at.value, shown, sizeof(shown)) != SHA256_BYTES)
		return pgauth_refuse(a, PGAUTH_FORM);
	if (CRYPTO_memcmp(shown, a->server_signature, SHA256_BYTES) != 0)
		return pgauth_refuse(a, PGAUTH_SIGNATURE);
	a->state = PGAUTH_PROVEN;
	return PGAUTH_WAIT;
}
