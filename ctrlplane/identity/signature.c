/* SPDX-License-Identifier: Apache-2.0
 * Signatures: cjose for RS256, PS256 and ES256; it has no EdDSA, which is one call of OpenSSL's.
 * The token has been taken apart strictly and its algorithm judged against the key before. */
#include "ctrlplane/identity/identity_priv.h"

enum { ED25519_SIGNATURE = 64 };

static bool cjose_is_good(const struct token *t, const cjose_jwk_t *key)
{
	cjose_err err;
	cjose_jws_t *jws = cjose_jws_import((const char *)t->text.ptr, t->text.len, &err);
	const bool good = jws != NULL && cjose_jws_verify(jws, key, &err);

	cjose_jws_release(jws);
	return good;
}

/* RFC 8037 3.1 */
static bool ed25519_is_good(const struct token *t, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const bool good = ctx != NULL && t->signature_len == ED25519_SIGNATURE &&
			EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
			EVP_DigestVerify(ctx, t->signature, t->signature_len, t->text.ptr,
					t->signed_len) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

bool signature_is_good(const struct token *t, const struct jwks_key *key)
{
	if (t->signature_len == 0)
		return false;
	if (key->evp != NULL)
		return ed25519_is_good(t, key->evp);
	return key->jose != NULL && cjose_is_good(t, key->jose);
}
