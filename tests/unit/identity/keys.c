/* SPDX-License-Identifier: Apache-2.0
 * Keys, JWKs and tokens. */
#include "tests/unit/identity/keys.h"

#include "parsers/base/must.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *test_b64(const void *bytes, size_t len)
{
	static const char digits[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const uint8_t *in = bytes;
	char *out = malloc(len * 4 / 3 + 4);
	size_t n = 0;

	must(out != NULL);
	for (size_t i = 0; i < len; i += 3) {
		const uint32_t b = (uint32_t)in[i] << 16 |
				(uint32_t)(i + 1 < len ? in[i + 1] : 0) << 8 |
				(uint32_t)(i + 2 < len ? in[i + 2] : 0);
		const size_t chars = len - i >= 3 ? 4 : len - i + 1;

		for (size_t c = 0; c < chars; c++)
			out[n++] = digits[b >> (18 - 6 * c) & 63];
	}
	out[n] = '\0';
	return out;
}

char *test_format(const char *fmt, ...)
{
	va_list args;
	char *out = NULL;

	va_start(args, fmt);
	must(vasprintf(&out, fmt, args) >= 0);
	va_end(args);
	return out;
}

EVP_PKEY *test_rsa_new(int bits)
{
	EVP_PKEY *key = EVP_RSA_gen((unsigned)bits);

	must(key != NULL);
	return key;
}

EVP_PKEY *test_ec_new(const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen(curve);

	must(key != NULL);
	return key;
}

EVP_PKEY *test_ed25519_new(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	must(key != NULL);
	return key;
}

static char *bn_b64(EVP_PKEY *key, const char *name, int len)
{
	uint8_t bytes[2048];
	BIGNUM *n = NULL;
	char *out;

	must(EVP_PKEY_get_bn_param(key, name, &n) == 1);
	if (len == 0)
		len = BN_num_bytes(n);
	must(len <= (int)sizeof(bytes) && BN_bn2binpad(n, bytes, len) == len);
	out = test_b64(bytes, (size_t)len);
	BN_free(n);
	return out;
}

static char *ec_jwk(EVP_PKEY *key, const char *comma, const char *more)
{
	char group[32];
	const int len = (EVP_PKEY_get_bits(key) + 7) / 8;
	char *x = bn_b64(key, OSSL_PKEY_PARAM_EC_PUB_X, len);
	char *y = bn_b64(key, OSSL_PKEY_PARAM_EC_PUB_Y, len), *out;

	must(EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1);
	out = test_format("{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"%s%s}",
			strcmp(group, "prime256v1") == 0 ? "P-256" : "P-384", x, y, comma, more);
	free(x);
	free(y);
	return out;
}

static char *rsa_jwk(EVP_PKEY *key, const char *comma, const char *more)
{
	char *n = bn_b64(key, OSSL_PKEY_PARAM_RSA_N, 0), *e = bn_b64(key, OSSL_PKEY_PARAM_RSA_E, 0);
	char *out = test_format(
			"{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"%s%s}", n, e, comma, more);

	free(n);
	free(e);
	return out;
}

char *test_jwk(EVP_PKEY *key, const char *more)
{
	const char *comma = more[0] == '\0' ? "" : ",";
	uint8_t raw[32];
	size_t len = sizeof(raw);
	char *x, *out;

	if (EVP_PKEY_is_a(key, "RSA"))
		return rsa_jwk(key, comma, more);
	if (EVP_PKEY_is_a(key, "EC"))
		return ec_jwk(key, comma, more);
	must(EVP_PKEY_get_raw_public_key(key, raw, &len) == 1);
	x = test_b64(raw, len);
	out = test_format("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"%s%s}", x, comma, more);
	free(x);
	return out;
}

/* ECDSA signatures are r and s of 32 bytes each in JOSE, DER in OpenSSL. */
static size_t ecdsa_raw(uint8_t *sig, size_t len)
{
	const uint8_t *at = sig;
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &at, (long)len);

	must(s != NULL);
	must(BN_bn2binpad(ECDSA_SIG_get0_r(s), sig, 32) == 32);
	must(BN_bn2binpad(ECDSA_SIG_get0_s(s), sig + 32, 32) == 32);
	ECDSA_SIG_free(s);
	return 64;
}

static size_t sign_evp(EVP_PKEY *key, const char *alg, const char *text, uint8_t *sig, size_t room)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	size_t len = room;

	must(EVP_DigestSignInit(ctx, &pctx, strcmp(alg, "EdDSA") == 0 ? NULL : EVP_sha256(), NULL,
			     key) == 1);
	if (strcmp(alg, "PS256") == 0) {
		must(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1);
		must(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1);
	}
	must(EVP_DigestSign(ctx, sig, &len, (const uint8_t *)text, strlen(text)) == 1);
	EVP_MD_CTX_free(ctx);
	return strcmp(alg, "ES256") == 0 ? ecdsa_raw(sig, len) : len;
}

static size_t sign_hmac(EVP_PKEY *key, const char *text, uint8_t *sig)
{
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned int len = 0;
	char *pem = NULL;
	long n;

	must(PEM_write_bio_PUBKEY(bio, key) == 1);
	n = BIO_get_mem_data(bio, &pem);
	must(HMAC(EVP_sha256(), pem, (int)n, (const uint8_t *)text, strlen(text), sig, &len) !=
			NULL);
	BIO_free(bio);
	return len;
}

char *test_sign(EVP_PKEY *key, const char *alg, const char *header, const char *claims)
{
	char *h = test_b64(header, strlen(header)), *c = test_b64(claims, strlen(claims));
	char *text = test_format("%s.%s", h, c), *s, *token;
	uint8_t sig[2048];
	size_t len = 0;

	if (strcmp(alg, "HS256") == 0)
		len = sign_hmac(key, text, sig);
	else if (strcmp(alg, "none") != 0)
		len = sign_evp(key, alg, text, sig, sizeof(sig));
	s = test_b64(sig, len);
	token = test_format("%s.%s", text, s);
	free(h);
	free(c);
	free(text);
	free(s);
	return token;
}
