/* SPDX-License-Identifier: Apache-2.0
 * A token and the keys that it is checked with. Input: a byte of kind, two bytes of length, so many
 * bytes, the rest.
 *
 *	0  a JWKS, and a token as it is
 *	1  a header and claims in JSON, which are signed by a key that the set has
 *	2  the same, then one byte of the token is changed: the length's bytes say which and how, both
 *	   texts come behind another length
 *
 * What is accepted keeps every promise of struct actor; what was changed is never accepted. */
#include "ctrlplane/identity/identity_priv.h"
#include "parsers/base/must.h"
#include "parsers/base/reader.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { NOW_S = 1700000000, KINDS = 3 };

static char audience[] = "s", name[] = "n", iss[] = "https://i", groups_claim[] = "groups";
static char *audiences[] = { audience };
static struct conf_issuer issuer = {
	.name = name,
	.issuer = iss,
	.audiences = { audiences, 1 },
	.groups_claim = groups_claim,
	.algorithms = 15,
	.clock_skew_s = 30,
};
static const struct conf_identity conf = { &issuer, 1 };

static char *encode(struct span in, char *to)
{
	static const char digits[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	int n = 0;

	for (size_t i = 0; i < in.len; i++) {
		bits = bits << 8 | in.ptr[i];
		for (n += 8; n >= 6; n -= 6)
			*to++ = digits[bits >> (n - 6) & 63];
	}
	if (n > 0)
		*to++ = digits[bits << (6 - n) & 63];
	*to = '\0';
	return to;
}

static EVP_PKEY *secret(void)
{
	static const uint8_t bytes[32] = { 1, 2, 3 };
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, sizeof(bytes));

	must(key != NULL);
	return key;
}

static struct jwks *keys_of(EVP_PKEY *key)
{
	char text[128] = "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k\",\"x\":\"";
	struct jwks *keys = NULL;
	uint8_t raw[32];
	size_t len = sizeof(raw);

	must(EVP_PKEY_get_raw_public_key(key, raw, &len) == 1);
	memcpy(encode((struct span){ raw, len }, text + strlen(text)), "\"}]}", 5);
	must(jwks_parse((struct span){ (const uint8_t *)text, strlen(text) }, &keys) == NULL);
	must(keys->n_fit == 1);
	return keys;
}

/* In a block of its exact size, to be freed. */
static struct span token_make(EVP_PKEY *key, struct span header, struct span claims)
{
	char *text = malloc(2 * (header.len + claims.len) + 200), *to = encode(header, text);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t signature[64], *exact;
	size_t len = sizeof(signature);

	*to++ = '.';
	to = encode(claims, to);
	must(ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1);
	must(EVP_DigestSign(ctx, signature, &len, (uint8_t *)text, (size_t)(to - text)) == 1);
	EVP_MD_CTX_free(ctx);
	*to++ = '.';
	to = encode((struct span){ signature, len }, to);
	len = (size_t)(to - text);
	exact = malloc(len);
	memcpy(exact, text, len);
	free(text);
	return (struct span){ exact, len };
}

static bool is_text(const char *text, size_t min)
{
	return strlen(text) >= min && strlen(text) <= ACTOR_TEXT_MAX;
}

static void check_actor(const struct actor *a)
{
	char *json = actor_json(a);

	must(is_text(a->sub, 1) && is_text(a->client_id, 0) && is_text(a->jti, 0));
	must(strcmp(a->iss, iss) == 0 && strcmp(a->issuer_name, name) == 0 && a->refs == 1);
	must(a->n_groups <= ACTOR_GROUPS_MAX && a->n_acts <= ACTOR_ACTS_MAX);
	must(a->until_s > NOW_S && a->until_s == a->exp_s + 30);
	for (uint32_t i = 0; i < a->n_groups; i++)
		must(is_text(a->groups[i], 1));
	for (uint32_t i = 0; i < a->n_acts; i++)
		must(is_text(a->acts[i].sub, 1) && is_text(a->acts[i].iss, 0));
	must(json != NULL);
	for (const char *c = json; *c != '\0'; c++)
		must(*c >= 0x20 && *c < 0x7f);
	free(json);
}

/* The steps of verifier.c, without its times and waits. */
static enum identity_reason verify(struct span text, const struct jwks *keys)
{
	static const uint8_t sha256[32];
	const struct jwks_key *key = NULL;
	struct claims c = { 0 };
	struct actor *a;
	struct token t;
	enum identity_reason reason = token_parse(text, &t);

	if (reason == IDENTITY_OK)
		reason = claims_issuer(&t, &conf, &c.issuer);
	if (reason == IDENTITY_OK)
		reason = claims_check(&t, &issuer, NOW_S, &c);
	if (reason == IDENTITY_OK)
		reason = jwks_find(keys, &t, &key);
	if (reason == IDENTITY_OK && !signature_is_good(&t, key))
		reason = IDENTITY_SIGNATURE;
	if (reason == IDENTITY_OK) {
		must(key->refused == IDENTITY_OK && (key->algs & (uint32_t)t.alg) != 0);
		a = actor_new(&c, &issuer, sha256);
		must(a != NULL);
		check_actor(a);
		actor_unref(&a);
	}
	token_done(&t);
	return reason;
}

static void check_keys(const struct jwks *keys)
{
	size_t n_fit = 0;

	must(keys->n <= JWKS_KEYS_MAX);
	for (size_t i = 0; i < keys->n; i++) {
		const struct jwks_key *k = &keys->keys[i];

		must(k->kid == NULL || is_text(k->kid, 1));
		must((k->algs & ~k->type_algs) == 0);
		if (k->refused != IDENTITY_OK)
			continue;
		n_fit++;
		must((k->evp != NULL) != (k->jose != NULL) && k->type_algs != 0);
	}
	must(n_fit == keys->n_fit);
}

static void take_as_it_is(struct span jwks, struct span token)
{
	struct jwks *keys = NULL;
	const char *why = jwks_parse(jwks, &keys);

	must((why == NULL) == (keys != NULL));
	if (keys == NULL)
		return;
	check_keys(keys);
	verify(token, keys);
	jwks_free(&keys);
}

static void take_signed(struct span header, struct span claims, unsigned change)
{
	EVP_PKEY *key = secret();
	struct jwks *keys = keys_of(key);
	struct span token = token_make(key, header, claims);
	uint8_t *bytes = (uint8_t *)(uintptr_t)token.ptr;

	if (change >> 8 != 0)
		bytes[(change & 0xff) * (token.len - 1) / 255] ^= (uint8_t)(change >> 8);
	must(verify(token, keys) != IDENTITY_OK || change >> 8 == 0);
	free(bytes);
	jwks_free(&keys);
	EVP_PKEY_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = rd_of(data, size);
	const unsigned kind = rd_u8(&r) % KINDS;
	const unsigned change = kind == 2 ? rd_be16(&r) : 0;
	const struct span first = rd_take(&r, rd_be16(&r)), rest = rd_take(&r, rd_left(&r));

	if (r.bad)
		return 0;
	if (kind == 0)
		take_as_it_is(first, rest);
	else
		take_signed(first, rest, change);
	return 0;
}
