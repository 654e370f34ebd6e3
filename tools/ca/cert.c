/* SPDX-License-Identifier: Apache-2.0
 * Certificates as RFC 5280 and openssl verify -x509_strict want them. */
#include "tools/ca/ca.h"

#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include <string.h>
#include <time.h>

enum {
	SERIAL_BITS = 159, /* positive, and 20 octets at most: RFC 5280 4.1.2.2 */
	COMMON_NAME_MAX = 64,
	LABEL_MAX = 63,
};

EVP_PKEY *ca_key_new(void)
{
	return EVP_EC_gen("P-256");
}

bool ca_name_is_address(const char *name)
{
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
	const bool is_address = address != NULL;

	ASN1_OCTET_STRING_free(address);
	return is_address;
}

static bool is_label(const char *label, size_t len)
{
	static const char set[] =
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	return len > 0 && len <= LABEL_MAX && strspn(label, set) >= len && label[0] != '-' &&
			label[len - 1] != '-';
}

bool ca_name_is_valid(const char *name)
{
	const char *label = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
	bool has_letter = false;

	if (ca_name_is_address(name))
		return true;
	if (strlen(name) > CA_NAME_MAX)
		return false;
	for (;;) {
		const size_t len = strcspn(label, ".");

		if (!is_label(label, len))
			return false;
		has_letter = strspn(label, "0123456789") < len;
		if (label[len] == '\0')
			return has_letter; /* the last label: else it is a mistyped address */
		label += len + 1;
	}
}

static bool set_serial(X509 *cert)
{
	BIGNUM *n = BN_new();
	const bool good = n != NULL &&
			BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
			BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;

	BN_free(n);
	return good;
}

static bool set_common_name(X509 *cert, const char *name)
{
	return X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
			       (const unsigned char *)name, -1, -1, 0) == 1;
}

/* All but the extensions and the signature. */
static X509 *cert_begin(EVP_PKEY *key, const char *name, int64_t from_s, int64_t until_s)
{
	X509 *cert = X509_new();

	if (cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
			ASN1_TIME_set(X509_getm_notBefore(cert), from_s) != NULL &&
			ASN1_TIME_set(X509_getm_notAfter(cert), until_s) != NULL &&
			X509_set_pubkey(cert, key) == 1 &&
			(name == NULL || set_common_name(cert, name)))
		return cert;
	X509_free(cert);
	return NULL;
}

struct extension {
	int nid;
	const char *value; /* as in openssl's configuration */
};

static bool add_extensions(X509 *cert, X509 *issuer, const struct extension *list, size_t n)
{
	X509V3_CTX ctx;
	bool good = true;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	for (size_t i = 0; good && i < n; i++) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, list[i].nid, list[i].value);

		good = e != NULL && X509_add_ext(cert, e, -1) == 1;
		X509_EXTENSION_free(e);
	}
	return good;
}

X509 *ca_root_new(EVP_PKEY *key, const char *name, int64_t from_s, int64_t until_s)
{
	static const struct extension extensions[] = {
		{ NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
		{ NID_key_usage, "critical,keyCertSign,cRLSign" },
		{ NID_subject_key_identifier, "hash" },
		{ NID_authority_key_identifier, "keyid:always" },
	};
	X509 *cert = cert_begin(key, name, from_s, until_s);

	if (cert != NULL && X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1 &&
			add_extensions(cert, cert, extensions,
					sizeof(extensions) / sizeof(extensions[0])) &&
			X509_sign(cert, key, EVP_sha256()) > 0)
		return cert;
	X509_free(cert);
	return NULL;
}

static GENERAL_NAME *general_name_new(const char *name)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
	ASN1_IA5STRING *dns = address == NULL ? ASN1_IA5STRING_new() : NULL;

	if (g != NULL && address != NULL) {
		GENERAL_NAME_set0_value(g, GEN_IPADD, address);
		return g;
	}
	if (g != NULL && dns != NULL && ASN1_STRING_set(dns, name, -1) == 1) {
		GENERAL_NAME_set0_value(g, GEN_DNS, dns);
		return g;
	}
	ASN1_OCTET_STRING_free(address);
	ASN1_IA5STRING_free(dns);
	GENERAL_NAME_free(g);
	return NULL;
}

/* Without a subject the names are critical: RFC 5280 4.2.1.6. */
static bool add_names(X509 *cert, const struct ca_leaf *leaf, bool has_subject)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	bool good = names != NULL;

	for (size_t i = 0; good && i < leaf->n_names; i++) {
		GENERAL_NAME *g = general_name_new(leaf->names[i]);

		good = g != NULL && sk_GENERAL_NAME_push(names, g) > 0;
		if (!good)
			GENERAL_NAME_free(g);
	}
	good = good &&
			X509_add1_ext_i2d(cert, NID_subject_alt_name, names, !has_subject,
					X509V3_ADD_DEFAULT) == 1;
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
	return good;
}

X509 *ca_leaf_new(const struct ca_leaf *leaf, EVP_PKEY *key)
{
	static const struct extension extensions[] = {
		{ NID_basic_constraints, "critical,CA:FALSE" },
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_ext_key_usage, "serverAuth" },
		{ NID_subject_key_identifier, "hash" },
		{ NID_authority_key_identifier, "keyid:always" },
	};
	const int64_t end_s = ca_until_s(leaf->issuer);
	const bool has_subject = strlen(leaf->names[0]) <= COMMON_NAME_MAX;
	X509 *cert = cert_begin(key, has_subject ? leaf->names[0] : NULL, leaf->from_s,
			leaf->until_s < end_s ? leaf->until_s : end_s);

	if (cert != NULL && X509_set_issuer_name(cert, X509_get_subject_name(leaf->issuer)) == 1 &&
			add_extensions(cert, leaf->issuer, extensions,
					sizeof(extensions) / sizeof(extensions[0])) &&
			add_names(cert, leaf, has_subject) &&
			X509_sign(cert, leaf->issuer_key, EVP_sha256()) > 0)
		return cert;
	X509_free(cert);
	return NULL;
}

int64_t ca_until_s(const X509 *cert)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1)
		return 0;
	return timegm(&tm);
}
