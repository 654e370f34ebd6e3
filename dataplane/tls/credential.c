/* SPDX-License-Identifier: Apache-2.0
 * PEM into a context: our certificate and key, and whom we trust. On the control thread. */
#include "dataplane/tls/tls_priv.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <errno.h>
#include <stdio.h>

enum {
	RSA_MIN_BITS = 2048,
	RSA_MAX_BITS = 4096,
};

/* Without this OpenSSL would ask for the password on the terminal. */
static int no_password(char *buf, int size, int is_write, void *arg)
{
	(void)buf;
	(void)size;
	(void)is_write;
	(void)arg;
	return -1;
}

static bool is_curve(const EVP_PKEY *key, const char *name)
{
	char group[64];
	size_t len;

	return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
			EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
			OBJ_txt2nid(group) == OBJ_txt2nid(name);
}

/* What does not sign within a fraction of a millisecond on any machine, see the README. */
bool key_is_slow(const EVP_PKEY *key)
{
	return EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519 && !is_curve(key, "prime256v1");
}

static int check_kind(const EVP_PKEY *key, char *err)
{
	const int id = EVP_PKEY_get_base_id(key), bits = EVP_PKEY_get_bits(key);

	if (id == EVP_PKEY_RSA && bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS)
		return 0;
	if (id == EVP_PKEY_RSA)
		snprintf(err, TLS_ERROR_MAX,
				"the RSA key has %d bits: use %d to %d, or better ECDSA P-256",
				bits, RSA_MIN_BITS, RSA_MAX_BITS);
	else if (id == EVP_PKEY_EC && !is_curve(key, "prime256v1") && !is_curve(key, "secp384r1") &&
			!is_curve(key, "secp521r1"))
		snprintf(err, TLS_ERROR_MAX,
				"the EC key is on a curve that is none of P-256, P-384, P-521");
	else if (id != EVP_PKEY_EC && id != EVP_PKEY_ED25519)
		snprintf(err, TLS_ERROR_MAX, "keys of type %s cannot be used: use ECDSA P-256",
				OBJ_nid2sn(id));
	else
		return 0;
	return -EINVAL;
}

/* NULL at the end of the PEM, or with <err> at what cannot be read. */
static X509 *next_cert(BIO *pem, char *err)
{
	X509 *cert = PEM_read_bio_X509(pem, NULL, no_password, NULL);
	const unsigned long error = ERR_peek_last_error();

	if (cert == NULL &&
			!(ERR_GET_LIB(error) == ERR_LIB_PEM &&
					ERR_GET_REASON(error) == PEM_R_NO_START_LINE))
		snprintf(err, TLS_ERROR_MAX, "a certificate cannot be read: %s",
				ERR_reason_error_string(error));
	ERR_clear_error();
	return cert;
}

static BIO *pem_open(struct span pem)
{
	return BIO_new_mem_buf(pem.len == 0 ? "" : (const char *)pem.ptr, (int)pem.len);
}

static int use_chain(SSL_CTX *ssl_ctx, BIO *pem, char *err)
{
	size_t n_bytes = 0, n_certs = 0;
	X509 *cert;
	int rc = 1;

	while (rc == 1 && (cert = next_cert(pem, err)) != NULL) {
		const int len = i2d_X509(cert, NULL);

		n_bytes += len > 0 ? (size_t)len : 0;
		rc = n_certs++ == 0 ? SSL_CTX_use_certificate(ssl_ctx, cert)
				    : SSL_CTX_add1_chain_cert(ssl_ctx, cert);
		X509_free(cert);
	}
	if (rc != 1)
		snprintf(err, TLS_ERROR_MAX, "the certificate cannot be used: %s",
				ERR_reason_error_string(ERR_peek_last_error()));
	else if (n_certs == 0 && err[0] == '\0')
		snprintf(err, TLS_ERROR_MAX, "there is no certificate in it (PEM, the leaf first)");
	else if (n_bytes > OWN_CHAIN_MAX)
		snprintf(err, TLS_ERROR_MAX,
				"the certificate chain has %zu bytes, at most %d are sent", n_bytes,
				OWN_CHAIN_MAX);
	return err[0] == '\0' ? 0 : -EINVAL;
}

static int use_key(SSL_CTX *ssl_ctx, BIO *pem, char *err)
{
	EVP_PKEY *key = PEM_read_bio_PrivateKey(pem, NULL, no_password, NULL);
	int rc = -EINVAL;

	if (key == NULL)
		snprintf(err, TLS_ERROR_MAX,
				"there is no private key in it that can be read (PEM, without a password)");
	else if (check_kind(key, err) == 0 && SSL_CTX_use_PrivateKey(ssl_ctx, key) == 1 &&
			SSL_CTX_check_private_key(ssl_ctx) == 1)
		rc = 0;
	else if (err[0] == '\0')
		snprintf(err, TLS_ERROR_MAX, "the private key is not the certificate's");
	EVP_PKEY_free(key);
	return rc;
}

int credential_use(SSL_CTX *ssl_ctx, struct span chain_pem, struct span key_pem, char *err)
{
	BIO *chain = pem_open(chain_pem), *key = pem_open(key_pem);
	int rc = chain == NULL || key == NULL ? -ENOMEM : use_chain(ssl_ctx, chain, err);

	if (rc == 0)
		rc = use_key(ssl_ctx, key, err);
	BIO_free(chain);
	BIO_free(key);
	ERR_clear_error();
	return rc;
}

/* <is_named>: the names are told to clients, so that they choose a certificate by them. */
int credential_trust(SSL_CTX *ssl_ctx, struct span pem, bool is_named, char *err)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ssl_ctx);
	BIO *in = pem_open(pem);
	size_t n_certs = 0;
	X509 *cert;
	int rc = in == NULL ? 0 : 1;

	while (rc == 1 && (cert = next_cert(in, err)) != NULL) {
		rc = X509_STORE_add_cert(store, cert);
		if (rc == 1 && is_named)
			rc = SSL_CTX_add_client_CA(ssl_ctx, cert);
		X509_free(cert);
		n_certs++;
	}
	BIO_free(in);
	ERR_clear_error();
	if (rc != 1)
		return -ENOMEM;
	if (n_certs == 0 && err[0] == '\0')
		snprintf(err, TLS_ERROR_MAX, "there is no certificate of a CA in it (PEM)");
	return err[0] == '\0' ? 0 : -EINVAL;
}
