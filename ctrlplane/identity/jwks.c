/* SPDX-License-Identifier: Apache-2.0
 * The keys of an issuer (RFC 7517, RFC 7518 6, RFC 8037 2). A key that is not fit stays in the set
 * with the reason, so that a token that names it is refused for that reason. */
#include "ctrlplane/identity/identity_priv.h"

#include <stdlib.h>
#include <string.h>

enum { RSA_BYTES_MAX = RSA_BITS_MAX / 8, P256_BYTES = 32, ED25519_BYTES = 32 };

struct bytes {
	uint8_t at[RSA_BYTES_MAX];
	size_t len;
};

/* The bytes of a member, leading zeros away. False: none, not base64url, or too many. */
static bool member_bytes(const json_t *jwk, const char *name, struct bytes *ret)
{
	const json_t *value = json_object_get(jwk, name);
	const struct span text = { (const uint8_t *)json_string_value(value),
		json_string_length(value) };
	ssize_t n;

	if (text.ptr == NULL || text.len == 0 || text.len > (RSA_BYTES_MAX * 4 + 2) / 3)
		return false;
	n = b64url_decode(text, ret->at);
	ret->len = n < 0 ? 0 : (size_t)n;
	return n > 0;
}

static void strip_zeros(struct bytes *b)
{
	size_t n = 0;

	while (n < b->len && b->at[n] == 0)
		n++;
	b->len -= n;
	memmove(b->at, b->at + n, b->len);
}

static size_t bits_of(const struct bytes *b)
{
	return b->len == 0 ? 0 : b->len * 8 - (size_t)__builtin_clz(b->at[0]) + 24;
}

/* RFC 7518 3.3 asks for 2,048 bits. With e = 1 every message is its own signature. */
static bool rsa_is_weak(const struct bytes *n, const struct bytes *e)
{
	return bits_of(n) < RSA_BITS_MIN || bits_of(e) < 2 || (e->at[e->len - 1] & 1) == 0 ||
			(n->at[n->len - 1] & 1) == 0;
}

static enum identity_reason rsa_import(const json_t *jwk, struct jwks_key *k)
{
	struct bytes n, e;
	cjose_jwk_rsa_keyspec spec = { 0 };
	cjose_err err;

	if (!member_bytes(jwk, "n", &n) || !member_bytes(jwk, "e", &e))
		return IDENTITY_KEY_BAD;
	strip_zeros(&n);
	strip_zeros(&e);
	if (rsa_is_weak(&n, &e))
		return IDENTITY_KEY_WEAK;
	if (e.len > sizeof(uint64_t))
		return IDENTITY_KEY_BAD;
	spec.n = n.at;
	spec.nlen = n.len;
	spec.e = e.at;
	spec.elen = e.len;
	k->jose = cjose_jwk_create_RSA_spec(&spec, &err);
	return k->jose == NULL ? IDENTITY_KEY_BAD : IDENTITY_OK;
}

/* The library refuses a point that is not on the curve. */
static enum identity_reason ec_import(const json_t *jwk, struct jwks_key *k)
{
	struct bytes x, y;
	cjose_jwk_ec_keyspec spec = { .crv = CJOSE_JWK_EC_P_256 };
	cjose_err err;

	if (!member_bytes(jwk, "x", &x) || !member_bytes(jwk, "y", &y) || x.len != P256_BYTES ||
			y.len != P256_BYTES)
		return IDENTITY_KEY_BAD;
	spec.x = x.at;
	spec.xlen = x.len;
	spec.y = y.at;
	spec.ylen = y.len;
	k->jose = cjose_jwk_create_EC_spec(&spec, &err);
	return k->jose == NULL ? IDENTITY_KEY_BAD : IDENTITY_OK;
}

static enum identity_reason okp_import(const json_t *jwk, struct jwks_key *k)
{
	struct bytes x;

	if (!member_bytes(jwk, "x", &x) || x.len != ED25519_BYTES)
		return IDENTITY_KEY_BAD;
	k->evp = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x.at, x.len);
	return k->evp == NULL ? IDENTITY_KEY_BAD : IDENTITY_OK;
}

struct key_type {
	const char *kty, *crv;
	uint32_t algs;
	enum identity_reason (*import)(const json_t *jwk, struct jwks_key *k);
};

static const struct key_type types[] = {
	{ "RSA", NULL, CONF_ALG_RS256 | CONF_ALG_PS256, rsa_import },
	{ "EC", "P-256", CONF_ALG_ES256, ec_import },
	{ "OKP", "Ed25519", CONF_ALG_EDDSA, okp_import },
};

static bool text_is(const json_t *value, const char *text)
{
	return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static const struct key_type *type_of(const json_t *jwk)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (text_is(json_object_get(jwk, "kty"), types[i].kty) &&
				(types[i].crv == NULL ||
						text_is(json_object_get(jwk, "crv"), types[i].crv)))
			return &types[i];
	}
	return NULL;
}

/* What the key's alg leaves of the algorithms that its type can do. RFC 9864 calls EdDSA over its
 * curve by the curve's name. */
static uint32_t algs_of(const json_t *jwk, uint32_t by_type)
{
	static const struct {
		const char *name;
		uint32_t alg;
	} algs[] = { { "RS256", CONF_ALG_RS256 }, { "ES256", CONF_ALG_ES256 },
		{ "PS256", CONF_ALG_PS256 }, { "EdDSA", CONF_ALG_EDDSA },
		{ "Ed25519", CONF_ALG_EDDSA } };

	const json_t *alg = json_object_get(jwk, "alg");

	if (alg == NULL)
		return by_type;
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		if (text_is(alg, algs[i].name))
			return by_type & algs[i].alg;
	}
	return 0;
}

static bool ops_verify(const json_t *ops)
{
	for (size_t i = 0; i < json_array_size(ops); i++) {
		if (text_is(json_array_get(ops, i), "verify"))
			return true;
	}
	return false;
}

static enum identity_reason key_judge(const json_t *jwk, struct jwks_key *k)
{
	const struct key_type *type = type_of(jwk);
	const json_t *use = json_object_get(jwk, "use"), *ops = json_object_get(jwk, "key_ops");

	if (type == NULL)
		return IDENTITY_KEY_TYPE;
	k->type_algs = type->algs;
	k->algs = algs_of(jwk, type->algs);
	if (json_object_get(jwk, "d") != NULL || json_object_get(jwk, "k") != NULL)
		return IDENTITY_KEY_PRIVATE;
	if (use != NULL && !text_is(use, "sig"))
		return IDENTITY_KEY_USE;
	if (ops != NULL && !ops_verify(ops))
		return IDENTITY_KEY_OPS;
	return type->import(jwk, k);
}

static const char *key_parse(const json_t *jwk, struct jwks_key *k)
{
	const json_t *kid = json_object_get(jwk, "kid");
	const char *text = json_short_text(kid);

	if (!json_is_object(jwk))
		return "one of its keys is no object";
	k->refused = key_judge(jwk, k);
	if (kid != NULL && text == NULL)
		k->refused = IDENTITY_KEY_BAD;
	if (text == NULL)
		return NULL;
	k->kid = strdup(text);
	return k->kid == NULL ? "out of memory" : NULL;
}

/* Which of two keys of one kid is meant cannot be known, so neither is used. */
static void refuse_duplicates(struct jwks *j)
{
	for (size_t i = 0; i < j->n; i++) {
		for (size_t k = i + 1; k < j->n && j->keys[i].kid != NULL; k++) {
			if (j->keys[k].kid == NULL || strcmp(j->keys[i].kid, j->keys[k].kid) != 0)
				continue;
			j->keys[i].refused = IDENTITY_KID_DUPLICATED;
			j->keys[k].refused = IDENTITY_KID_DUPLICATED;
		}
	}
	for (size_t i = 0; i < j->n; i++)
		j->n_fit += j->keys[i].refused == IDENTITY_OK;
}

static const char *keys_parse(const json_t *keys, struct jwks *j)
{
	const size_t n = json_array_size(keys);

	if (!json_is_array(keys))
		return "it has no list of keys";
	if (n > JWKS_KEYS_MAX)
		return "it has more than 64 keys";
	j->keys = calloc(n + 1, sizeof(j->keys[0]));
	if (j->keys == NULL)
		return "out of memory";
	for (; j->n < n; j->n++) {
		const char *why = key_parse(json_array_get(keys, j->n), &j->keys[j->n]);

		if (why != NULL) {
			j->n++;
			return why;
		}
	}
	refuse_duplicates(j);
	return NULL;
}

const char *jwks_parse(struct span text, struct jwks **ret_jwks)
{
	struct jwks *j = calloc(1, sizeof(*j));
	json_t *root = NULL;
	const char *why = NULL;

	if (j == NULL || EVP_Digest(text.ptr, text.len, j->sha256, NULL, EVP_sha256(), NULL) != 1)
		why = "out of memory";
	else if (text.len > FETCH_BODY_MAX)
		why = "it is larger than 256 KiB";
	else if (json_object_load(text, IDENTITY_HEADER_JSON, &root) != IDENTITY_OK)
		why = "it is no JSON object, or nested too deep, or has a member twice";
	else
		why = keys_parse(json_object_get(root, "keys"), j);
	json_decref(root);
	if (why != NULL)
		jwks_free(&j);
	else
		*ret_jwks = j;
	return why;
}

void jwks_free(struct jwks **jwks)
{
	struct jwks *j = *jwks;

	if (j == NULL)
		return;
	for (size_t i = 0; i < j->n; i++) {
		free(j->keys[i].kid);
		cjose_jwk_release(j->keys[i].jose);
		EVP_PKEY_free(j->keys[i].evp);
	}
	free(j->keys);
	free(j);
	*jwks = NULL;
}

static enum identity_reason key_fits(const struct jwks_key *k, enum conf_alg alg)
{
	if (k->refused == IDENTITY_KID_DUPLICATED)
		return k->refused;
	if ((k->type_algs & (uint32_t)alg) == 0)
		return IDENTITY_KEY_TYPE;
	if ((k->algs & (uint32_t)alg) == 0)
		return IDENTITY_KEY_ALG;
	return k->refused;
}

static enum identity_reason find_only(
		const struct jwks *jwks, enum conf_alg alg, const struct jwks_key **ret_key)
{
	const struct jwks_key *found = NULL;

	for (size_t i = 0; i < jwks->n; i++) {
		if (key_fits(&jwks->keys[i], alg) != IDENTITY_OK)
			continue;
		if (found != NULL)
			return IDENTITY_KID_MISSING;
		found = &jwks->keys[i];
	}
	*ret_key = found;
	return found == NULL ? IDENTITY_KEY_UNKNOWN : IDENTITY_OK;
}

enum identity_reason jwks_find(
		const struct jwks *jwks, const struct token *t, const struct jwks_key **ret_key)
{
	if (t->kid == NULL)
		return find_only(jwks, t->alg, ret_key);
	for (size_t i = 0; i < jwks->n; i++) {
		if (jwks->keys[i].kid != NULL && strcmp(jwks->keys[i].kid, t->kid) == 0) {
			*ret_key = &jwks->keys[i];
			return key_fits(&jwks->keys[i], t->alg);
		}
	}
	return IDENTITY_KEY_UNKNOWN;
}
