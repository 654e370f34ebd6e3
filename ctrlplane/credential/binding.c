/* SPDX-License-Identifier: Apache-2.0
 * tls-server-end-point (RFC 5929 4.1): the hash of the server's certificate. */
#include "ctrlplane/credential/pgauth.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <errno.h>
#include <limits.h>

static int hash(X509 *cert, uint8_t ret[PGAUTH_BINDING_MAX], size_t *ret_len)
{
	const EVP_MD *md;
	unsigned int len = 0;
	int nid = NID_undef;

	if (X509_get_signature_info(cert, &nid, NULL, NULL, NULL) != 1 || nid == NID_undef)
		return -ENOTSUP;
	md = nid == NID_md5 || nid == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(nid);
	if (md == NULL || EVP_MD_get_size(md) > PGAUTH_BINDING_MAX)
		return -ENOTSUP;
	if (X509_digest(cert, md, ret, &len) != 1)
		return -EIO;
	*ret_len = len;
	return 0;
}

int pgauth_binding_of(struct span der, uint8_t ret[PGAUTH_BINDING_MAX], size_t *ret_len)
{
	const unsigned char *at = der.ptr;
	X509 *cert = der.len > LONG_MAX ? NULL : d2i_X509(NULL, &at, (long)der.len);
	int rc = -EBADMSG;

	if (cert != NULL && at == der.ptr + der.len)
		rc = hash(cert, ret, ret_len);
	X509_free(cert);
	return rc;
}
