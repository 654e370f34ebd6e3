/* SPDX-License-Identifier: Apache-2.0
 * The sums of the protocols, all of them OpenSSL's. */
#include "ctrlplane/credential/credential_priv.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

bool sum_hmac_sha256(struct span key, struct span text, uint8_t ret[SHA256_BYTES])
{
	size_t len = 0;

	return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key.ptr, key.len, text.ptr, text.len,
			       ret, SHA256_BYTES, &len) != NULL &&
			len == SHA256_BYTES;
}

bool sum_sha256(struct span text, uint8_t ret[SHA256_BYTES])
{
	return EVP_Digest(text.ptr, text.len, ret, NULL, EVP_sha256(), NULL) == 1;
}

bool sum_md5_hex(struct span a, struct span b, char ret[MD5_HEX])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t sum[MD5_HEX / 2];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_md5(), NULL) == 1 &&
			EVP_DigestUpdate(ctx, a.ptr, a.len) == 1 &&
			EVP_DigestUpdate(ctx, b.ptr, b.len) == 1 &&
			EVP_DigestFinal_ex(ctx, sum, NULL) == 1;

	EVP_MD_CTX_free(ctx);
	for (size_t i = 0; ok && i < MD5_HEX; i++)
		ret[i] = digits[i % 2 == 0 ? sum[i / 2] >> 4 : sum[i / 2] & 15];
	OPENSSL_cleanse(sum, sizeof(sum));
	return ok;
}
