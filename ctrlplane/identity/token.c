/* SPDX-License-Identifier: Apache-2.0
 * A token's text, taken apart (RFC 7515 7.1), and its header, judged before any key is looked for
 * (RFC 8725 3.1). */
#include "ctrlplane/identity/identity_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PARTS = 3 };

static bool split(struct span text, struct span part[PARTS])
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && text.ptr[i] != '.')
			continue;
		if (n == PARTS)
			return false;
		part[n++] = (struct span){ text.ptr + from, i - from };
		from = i + 1;
	}
	return n == PARTS;
}

/* The bytes of a part, to be freed. */
static enum identity_reason decode(struct span part, uint8_t **ret, size_t *ret_len)
{
	uint8_t *bytes = malloc(part.len + 1);
	ssize_t n;

	if (bytes == NULL)
		return IDENTITY_NO_MEMORY;
	n = b64url_decode(part, bytes);
	if (n < 0) {
		free(bytes);
		return IDENTITY_BASE64;
	}
	*ret = bytes;
	*ret_len = (size_t)n;
	return IDENTITY_OK;
}

static enum identity_reason decode_object(struct span part, enum identity_reason or, json_t **ret)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	enum identity_reason reason = decode(part, &bytes, &len);

	if (reason == IDENTITY_OK)
		reason = json_object_load((struct span){ bytes, len }, or, ret);
	free(bytes);
	return reason;
}

static enum identity_reason header_alg(const json_t *header, enum conf_alg *ret)
{
	static const struct {
		const char *name;
		enum conf_alg alg;
	} algs[] = { { "RS256", CONF_ALG_RS256 }, { "ES256", CONF_ALG_ES256 },
		{ "PS256", CONF_ALG_PS256 }, { "EdDSA", CONF_ALG_EDDSA } };

	const char *name = json_string_value(json_object_get(header, "alg"));

	if (name == NULL)
		return IDENTITY_ALG_MISSING;
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		if (strcmp(name, algs[i].name) == 0) {
			*ret = algs[i].alg;
			return IDENTITY_OK;
		}
	}
	return IDENTITY_ALG_UNKNOWN;
}

/* Tokens of other kinds (logout, DPoP, introspection) are signed by the same keys: RFC 8725 3.11. */
static bool typ_is_good(const json_t *header)
{
	static const char *const good[] = { "JWT", "at+jwt", "application/jwt",
		"application/at+jwt" };
	const json_t *typ = json_object_get(header, "typ");

	if (typ == NULL)
		return true;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (json_is_string(typ) && strcasecmp(json_string_value(typ), good[i]) == 0)
			return true;
	}
	return false;
}

static bool has_any(const json_t *header, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (json_object_get(header, *names) != NULL)
			return true;
	}
	return false;
}

static enum identity_reason header_check(struct token *t)
{
	static const char *const extensions[] = { "crit", "b64", "zip", "enc", NULL };
	static const char *const embedded[] = { "jwk", "jku", "x5u", "x5c", NULL };
	const json_t *kid = json_object_get(t->header, "kid");
	const enum identity_reason reason = header_alg(t->header, &t->alg);

	if (reason != IDENTITY_OK)
		return reason;
	if (has_any(t->header, extensions))
		return IDENTITY_CRIT;
	if (!typ_is_good(t->header))
		return IDENTITY_TYP;
	if (has_any(t->header, embedded))
		return IDENTITY_EMBEDDED_KEY;
	t->kid = json_short_text(kid);
	return kid != NULL && t->kid == NULL ? IDENTITY_KID_FORM : IDENTITY_OK;
}

enum identity_reason token_parse(struct span text, struct token *ret_token)
{
	struct token *t = ret_token;
	struct span part[PARTS];
	enum identity_reason reason;

	memset(t, 0, sizeof(*t));
	t->text = text;
	if (!split(text, part))
		return IDENTITY_NOT_COMPACT;
	t->signed_len = part[0].len + 1 + part[1].len;
	reason = decode_object(part[0], IDENTITY_HEADER_JSON, &t->header);
	if (reason == IDENTITY_OK)
		reason = header_check(t);
	if (reason == IDENTITY_OK)
		reason = decode(part[2], &t->signature, &t->signature_len);
	if (reason == IDENTITY_OK)
		reason = decode_object(part[1], IDENTITY_CLAIMS_JSON, &t->claims);
	return reason;
}

void token_done(struct token *t)
{
	json_decref(t->header);
	json_decref(t->claims);
	if (t->signature != NULL)
		explicit_bzero(t->signature, t->signature_len);
	free(t->signature);
	memset(t, 0, sizeof(*t));
}
