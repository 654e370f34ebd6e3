/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tls/pki.h"

#include "parsers/base/must.h"
#include "tools/ca/ca.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

EVP_PKEY *pki_key(enum pki_kind kind)
{
	static const char *const curves[PKI_KINDS] = { [PKI_P256] = "P-256",
		[PKI_P384] = "P-384",
		[PKI_P521] = "P-521",
		[PKI_SECP256K1] = "secp256k1" };
	static const size_t rsa_bits[PKI_KINDS] = {
		[PKI_RSA_1024] = 1024,
		[PKI_RSA_2048] = 2048,
		[PKI_RSA_3072] = 3072,
		[PKI_RSA_4096] = 4096,
	};
	EVP_PKEY *key;

	if (curves[kind] != NULL)
		key = EVP_EC_gen(curves[kind]);
	else if (rsa_bits[kind] != 0)
		key = EVP_RSA_gen(rsa_bits[kind]);
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	must(key != NULL);
	return key;
}

static struct span bio_text(BIO *bio)
{
	char *bytes;
	const long len = BIO_get_mem_data(bio, &bytes);
	uint8_t *copy = malloc((size_t)len);

	must(copy != NULL);
	memcpy(copy, bytes, (size_t)len);
	BIO_free(bio);
	return (struct span){ copy, (size_t)len };
}

static struct span cert_text(X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	must(cert != NULL && PEM_write_bio_X509(bio, cert) == 1);
	return bio_text(bio);
}

static struct span key_text(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	must(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
	return bio_text(bio);
}

void pki_init(struct pki *p)
{
	pki_init_at(p, time(NULL));
}

void pki_init_at(struct pki *p, int64_t now_s)
{
	p->now_s = now_s;
	p->root_key = ca_key_new();
	p->root = ca_root_new(
			p->root_key, "Test CA", p->now_s - 9 * PKI_DAY_S, p->now_s + 9 * PKI_DAY_S);
	p->root_pem = cert_text(p->root);
}

void pki_done(struct pki *p)
{
	EVP_PKEY_free(p->root_key);
	X509_free(p->root);
	free((void *)(uintptr_t)p->root_pem.ptr);
}

static struct pki_pem leaf_of(X509 *cert, EVP_PKEY *key)
{
	struct pki_pem pem = { cert_text(cert), key_text(key) };

	X509_free(cert);
	EVP_PKEY_free(key);
	return pem;
}

struct pki_pem pki_leaf(const struct pki *p, enum pki_kind kind, const char *name, int from_days,
		int until_days)
{
	const struct ca_leaf leaf = { .issuer = p->root,
		.issuer_key = p->root_key,
		.names = &name,
		.n_names = 1,
		.from_s = p->now_s + (int64_t)from_days * PKI_DAY_S,
		.until_s = p->now_s + (int64_t)until_days * PKI_DAY_S };
	EVP_PKEY *key = pki_key(kind);

	return leaf_of(ca_leaf_new(&leaf, key), key);
}

/* A server's, with the purpose exchanged and signed again. */
struct pki_pem pki_client_leaf(const struct pki *p, const char *name)
{
	const struct ca_leaf leaf = { .issuer = p->root,
		.issuer_key = p->root_key,
		.names = &name,
		.n_names = 1,
		.from_s = p->now_s - PKI_DAY_S,
		.until_s = p->now_s + PKI_DAY_S };
	EVP_PKEY *key = ca_key_new();
	X509 *cert = ca_leaf_new(&leaf, key);
	X509_EXTENSION *purpose = X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, "clientAuth");

	must(cert != NULL && purpose != NULL);
	X509_EXTENSION_free(
			X509_delete_ext(cert, X509_get_ext_by_NID(cert, NID_ext_key_usage, -1)));
	must(X509_add_ext(cert, purpose, -1) == 1 &&
			X509_sign(cert, p->root_key, EVP_sha256()) > 0);
	X509_EXTENSION_free(purpose);
	return leaf_of(cert, key);
}

/* As a root, but for the usage: a server signs. */
struct pki_pem pki_self(const struct pki *p, const char *name)
{
	EVP_PKEY *key = ca_key_new();
	X509 *cert = ca_root_new(key, name, p->now_s - PKI_DAY_S, p->now_s + PKI_DAY_S);

	must(cert != NULL);
	X509_EXTENSION_free(X509_delete_ext(cert, X509_get_ext_by_NID(cert, NID_key_usage, -1)));
	must(X509_sign(cert, key, EVP_sha256()) > 0);
	return leaf_of(cert, key);
}

void pki_pem_free(struct pki_pem *pem)
{
	free((void *)(uintptr_t)pem->chain.ptr);
	free((void *)(uintptr_t)pem->key.ptr);
	*pem = (struct pki_pem){ .chain = { NULL, 0 } };
}
