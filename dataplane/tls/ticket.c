/* SPDX-License-Identifier: Apache-2.0
 * Session tickets of the server side (RFC 5077 4, RFC 8446 4.6.1): the state goes to the client,
 * sealed with AES-256-CBC and HMAC-SHA-256, encrypt then MAC; nothing is kept here. */
#include "dataplane/tls/tls_priv.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <string.h>

enum {
	IV_BYTES = 16,
	TICKET_ERROR = -1, /* what the callback may answer: SSL_CTX_set_tlsext_ticket_key_evp_cb(3) */
	TICKET_UNKNOWN = 0,
	TICKET_OK = 1,
	TICKET_RENEW = 2,
};

static const struct tls_ticket_key *key_find(const struct tls_ctx *ctx, const unsigned char *name)
{
	for (uint32_t i = 0; i < ctx->n_ticket_keys; i++) {
		if (memcmp(ctx->ticket_keys[i].name, name, sizeof(ctx->ticket_keys[i].name)) == 0)
			return &ctx->ticket_keys[i];
	}
	return NULL;
}

static bool mac_start(EVP_MAC_CTX *mac, const struct tls_ticket_key *key)
{
	char digest[] = "SHA256";
	uint8_t secret[sizeof(key->hmac)];
	OSSL_PARAM params[3];
	int rc;

	memcpy(secret, key->hmac, sizeof(secret));
	params[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret, sizeof(secret));
	params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[2] = OSSL_PARAM_construct_end();
	rc = EVP_MAC_CTX_set_params(mac, params);
	OPENSSL_cleanse(secret, sizeof(secret));
	return rc == 1;
}

int ticket_seal_or_open(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
		EVP_MAC_CTX *mac, int is_seal)
{
	const struct tls_ctx *ctx = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const struct tls_ticket_key *key = is_seal ? &ctx->ticket_keys[0] : key_find(ctx, name);
	int rc;

	if (key == NULL)
		return TICKET_UNKNOWN;
	if (is_seal) {
		memcpy(name, key->name, sizeof(key->name));
		if (RAND_bytes(iv, IV_BYTES) != 1)
			return TICKET_ERROR;
		rc = EVP_EncryptInit_ex2(cipher, ctx->cipher, key->aes, iv, NULL);
	} else {
		rc = EVP_DecryptInit_ex2(cipher, ctx->cipher, key->aes, iv, NULL);
	}
	if (rc != 1 || !mac_start(mac, key))
		return TICKET_ERROR;
	if (is_seal)
		return TICKET_OK;
	/* of TLS 1.3 each is used once, so there must be a next; of 1.2 when its key is an old one */
	return SSL_version(ssl) >= TLS1_3_VERSION || key != &ctx->ticket_keys[0] ? TICKET_RENEW
										 : TICKET_OK;
}
