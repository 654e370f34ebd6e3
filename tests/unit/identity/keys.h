/* SPDX-License-Identifier: Apache-2.0
 * Keys, JWKs and tokens, made by OpenSSL alone: somebody else's idea of JOSE than the library's. */
#pragma once

#include <openssl/evp.h>

#include <stddef.h>
#include <stdint.h>

/* All returned texts are to be freed. */
char *test_b64(const void *bytes, size_t len);
char *test_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

EVP_PKEY *test_rsa_new(int bits);
EVP_PKEY *test_ec_new(const char *curve); /* "P-256" */
EVP_PKEY *test_ed25519_new(void);

/* {"kty": ..., <more>}: <more> is "" or members without the comma in front. */
char *test_jwk(EVP_PKEY *key, const char *more);

/* "header.claims.signature", signed as <alg> says, whatever the header says. "HS256" takes the key's
 * SubjectPublicKeyInfo in PEM as its secret; "none" signs with nothing. */
char *test_sign(EVP_PKEY *key, const char *alg, const char *header, const char *claims);
