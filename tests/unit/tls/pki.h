/* SPDX-License-Identifier: Apache-2.0
 * Certificates of every kind for the tests of dataplane/tls, made anew in each run. */
#pragma once

#include "parsers/base/span.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdint.h>

enum { PKI_DAY_S = 86400 };

enum pki_kind {
	PKI_P256,
	PKI_P384,
	PKI_P521,
	PKI_SECP256K1,
	PKI_ED25519,
	PKI_RSA_1024,
	PKI_RSA_2048,
	PKI_RSA_3072,
	PKI_RSA_4096,
	PKI_KINDS,
};

/* PEM text; owned by whoever got it: pki_pem_free(). */
struct pki_pem {
	struct span chain, key;
};

struct pki {
	EVP_PKEY *root_key;
	X509 *root;
	struct span root_pem;
	int64_t now_s;
};

/* Fails the process when OpenSSL fails. The clock is the real one, since OpenSSL reads that for the age
 * of tickets, or any. */
void pki_init(struct pki *p);
void pki_init_at(struct pki *p, int64_t now_s);
void pki_done(struct pki *p);

EVP_PKEY *pki_key(enum pki_kind kind);
/* A leaf of <p>'s root for one name, valid from <from_days> to <until_days> after now. */
struct pki_pem pki_leaf(const struct pki *p, enum pki_kind kind, const char *name, int from_days,
		int until_days);
/* A P-256 leaf for a client: clientAuth. */
struct pki_pem pki_client_leaf(const struct pki *p, const char *name);
/* Signed by itself. */
struct pki_pem pki_self(const struct pki *p, const char *name);
void pki_pem_free(struct pki_pem *pem);
