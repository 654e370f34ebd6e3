/* SPDX-License-Identifier: Apache-2.0
 * Whether the peer's certificate will do, and on which thread that is found out. */
#include "dataplane/tls/tls_priv.h"

#include <openssl/objects.h>
#include <openssl/x509.h>

enum { RSA_VERIFY_BITS = 3072 };

/* A signature by a slow key shows in its algorithm where the key itself is not at hand (the root's):
 * nobody signs with SHA-384 or SHA-512 over P-256. RSA verifies fast at any size that is left. */
static bool signature_is_slow(const X509 *cert)
{
	const int nid = X509_get_signature_nid(cert);

	return nid != NID_sha256WithRSAEncryption && nid != NID_sha384WithRSAEncryption &&
			nid != NID_sha512WithRSAEncryption && nid != NID_rsassaPss &&
			nid != NID_ecdsa_with_SHA256 && nid != NID_ED25519;
}

/* Verifying: RSA takes 20 us with 2,048 bits, 40 with 3,072, and with 4,096 a handshake is a third
 * longer; P-384 and P-521 take about a millisecond. */
static bool public_key_is_slow(X509 *cert)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);

	if (key == NULL)
		return false; /* it will be refused */
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ||
			EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA_PSS)
		return EVP_PKEY_get_bits(key) > RSA_VERIFY_BITS;
	return key_is_slow(key);
}

static bool chain_is_slow(const X509_STORE_CTX *x)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(x);

	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);

		if (signature_is_slow(cert) || public_key_is_slow(cert))
			return true;
	}
	return false;
}

/* OpenSSL calls this in place of X509_verify_cert(), once the whole chain has arrived. */
int verify_peer(X509_STORE_CTX *x, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_conn *c = SSL_get_app_data(ssl);
	const struct tls_ctx *ctx = c->ctx;

	(void)arg;
	if (!ctx->is_server && !c->may_be_slow && (ctx->is_slow || chain_is_slow(x))) {
		c->is_slow_peer = true;
		return SSL_set_retry_verify(ssl);
	}
	if (!ctx->is_server && ctx->mode == TLS_REQUIRE) {
		X509_STORE_CTX_set_error(x, X509_V_OK);
		return 1;
	}
	return X509_verify_cert(x);
}
