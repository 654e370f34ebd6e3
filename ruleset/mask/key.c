/* SPDX-License-Identifier: Apache-2.0
 * HMAC-SHA-256 (RFC 2104) and AES-256 without a heap.
 *
 * EVP's digests take memory each time they are begun or copied (OpenSSL 3.0), so HMAC stands on
 * OpenSSL's SHA256_x(), which it calls deprecated: their state is a plain struct, so the two blocks
 * of the key are hashed once, when the key is made. EVP's ciphers take none once they are set
 * up. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "ruleset/mask/mask_priv.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { INNER_PAD = 0x36, OUTER_PAD = 0x5c, HEAD_BYTES = 5 };

static_assert(sizeof(SHA256_CTX) == sizeof(((struct mask_key *)NULL)->inner), "a hash's state");

struct mask_crypto {
	EVP_CIPHER_CTX *aes; /* owned */
	uint8_t aes_key[32]; /* what <aes> was set up with last */
	bool has_aes_key, bad;
};

void mask_crypto_free(struct mask_crypto **c)
{
	if (*c == NULL)
		return;
	EVP_CIPHER_CTX_free((*c)->aes);
	OPENSSL_cleanse(*c, sizeof(**c));
	free(*c);
	*c = NULL;
}

struct mask_crypto *mask_crypto_new(void)
{
	static const uint8_t none[32];
	struct mask_crypto *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->aes = EVP_CIPHER_CTX_new();
	if (c->aes == NULL ||
			EVP_EncryptInit_ex(c->aes, EVP_aes_256_ecb(), NULL, none, NULL) != 1 ||
			EVP_CIPHER_CTX_set_padding(c->aes, 0) != 1)
		mask_crypto_free(&c);
	return c;
}

bool mask_crypto_failed(const struct mask_crypto *c)
{
	return c->bad;
}

void mask_crypto_clear(struct mask_crypto *c)
{
	c->bad = false;
}

static void begin(uint64_t *state, const uint8_t block[SHA256_CBLOCK], uint8_t pad)
{
	uint8_t padded[SHA256_CBLOCK];
	SHA256_CTX hash;

	for (size_t i = 0; i < sizeof(padded); i++)
		padded[i] = block[i] ^ pad;
	SHA256_Init(&hash);
	SHA256_Update(&hash, padded, sizeof(padded));
	memcpy(state, &hash, sizeof(hash));
	OPENSSL_cleanse(padded, sizeof(padded));
	OPENSSL_cleanse(&hash, sizeof(hash));
}

static void mac(const struct mask_key *key, const uint8_t *head, struct span text,
		uint8_t ret[MASK_MAC_BYTES])
{
	SHA256_CTX hash;

	memcpy(&hash, key->inner, sizeof(hash));
	SHA256_Update(&hash, head, head != NULL ? HEAD_BYTES : 0);
	SHA256_Update(&hash, text.ptr, text.len);
	SHA256_Final(ret, &hash);
	memcpy(&hash, key->outer, sizeof(hash));
	SHA256_Update(&hash, ret, MASK_MAC_BYTES);
	SHA256_Final(ret, &hash);
}

void mask_hmac(const struct mask_key *key, struct span text, uint8_t ret[MASK_MAC_BYTES])
{
	mac(key, NULL, text, ret);
}

void mask_mac(struct masker *m, enum mask_use use, uint32_t tweak, struct span text,
		uint8_t ret[MASK_MAC_BYTES])
{
	uint8_t head[HEAD_BYTES] = { (uint8_t)use };

	store_be32(head + 1, tweak);
	mac(m->key, head, text, ret);
}

int mask_key_init(struct mask_key *key, struct span secret)
{
	static const uint8_t head[HEAD_BYTES] = { MASK_USE_DIGITS };
	uint8_t block[SHA256_CBLOCK] = { 0 };
	SHA256_CTX hash;

	if (secret.len < MASK_KEY_MIN)
		return -EINVAL;
	if (secret.len <= sizeof(block)) {
		memcpy(block, secret.ptr, secret.len);
	} else {
		SHA256_Init(&hash);
		SHA256_Update(&hash, secret.ptr, secret.len);
		SHA256_Final(block, &hash);
	}
	begin(key->inner, block, INNER_PAD);
	begin(key->outer, block, OUTER_PAD);
	OPENSSL_cleanse(block, sizeof(block));
	mac(key, head, (struct span){ NULL, 0 }, key->digits);
	return 0;
}

void mask_key_done(struct mask_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

static bool use_key(struct mask_crypto *c, const struct mask_key *key)
{
	if (c->has_aes_key && CRYPTO_memcmp(c->aes_key, key->digits, sizeof(c->aes_key)) == 0)
		return true;
	c->has_aes_key = EVP_EncryptInit_ex(c->aes, NULL, NULL, key->digits, NULL) == 1;
	memcpy(c->aes_key, key->digits, sizeof(c->aes_key));
	return c->has_aes_key;
}

void mask_aes(struct masker *m, const uint8_t in[16], uint8_t ret[16])
{
	int n = 0;

	if (!use_key(m->crypto, m->key) ||
			EVP_EncryptUpdate(m->crypto->aes, ret, &n, in, 16) != 1 || n != 16) {
		memset(ret, 0, 16);
		m->crypto->bad = true;
	}
}
