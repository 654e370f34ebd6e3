/* SPDX-License-Identifier: Apache-2.0
 * A small certificate authority: an ECDSA P-256 root, and server certificates that it signs (RFC
 * 5280). Certificates and keys are OpenSSL's objects; files are PEM.
 *
 * Functions that return a pointer give it to the caller; NULL: OpenSSL could not, for want of memory
 * or randomness. */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CA_NAME_MAX = 253 }; /* of a DNS name: RFC 1035 2.3.4 */

/* A new P-256 key. */
EVP_PKEY *ca_key_new(void);

/* A root that signs itself and may sign leaves only. Times are seconds since 1970. */
X509 *ca_root_new(EVP_PKEY *key, const char *name, int64_t from_s, int64_t until_s);

struct ca_leaf {
	X509 *issuer;         /* borrowed */
	EVP_PKEY *issuer_key; /* borrowed */
	/* Each a DNS name (perhaps "*.example") or an IP address, checked by ca_name_is_valid(). The
	 * first is also the common name where it fits. */
	const char *const *names;
	size_t n_names;
	int64_t from_s, until_s; /* the end is cut to the issuer's */
};

/* A server certificate for <key>'s public half. */
X509 *ca_leaf_new(const struct ca_leaf *leaf, EVP_PKEY *key);

/* A DNS name as servers have, or an IPv4 or IPv6 address. */
bool ca_name_is_valid(const char *name);
bool ca_name_is_address(const char *name);

/* When it ends, in seconds since 1970. */
int64_t ca_until_s(const X509 *cert);

/* Files. 0, or -errno; writing never replaces what is there (-EEXIST), and leaves nothing behind when
 * it fails. Keys are written with mode 0600, certificates with 0644. */
int ca_write_cert(const char *path, X509 *cert);
int ca_write_key(const char *path, EVP_PKEY *key);
/* -EBADMSG: there is none in it. Of a file with several, the first. */
int ca_read_cert(const char *path, X509 **ret);
int ca_read_key(const char *path, EVP_PKEY **ret);
