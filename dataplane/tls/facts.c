/* SPDX-License-Identifier: Apache-2.0
 * What a handshake has established. */
#include "dataplane/tls/tls_priv.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <errno.h>
#include <string.h>

void tls_conn_facts(const struct tls_conn *c, struct tls_facts *ret)
{
	const unsigned char *alpn;
	unsigned int alpn_len;

	SSL_get0_alpn_selected(c->ssl, &alpn, &alpn_len);
	*ret = (struct tls_facts){
		.version = (uint16_t)SSL_version(c->ssl),
		.cipher = SSL_get_cipher_name(c->ssl),
		.alpn = { alpn, alpn_len },
		.sni = c->sni,
		.resumed = c->is_open && SSL_session_reused(c->ssl) == 1,
		.has_peer_cert = SSL_get0_peer_certificate(c->ssl) != NULL,
	};
}

int tls_conn_peer_subject(const struct tls_conn *c, char *buf, size_t size)
{
	const X509 *cert = SSL_get0_peer_certificate(c->ssl);
	BIO *text;
	int len, rc = -EBADMSG;

	if (cert == NULL)
		return -ENOENT;
	text = BIO_new(BIO_s_mem());
	if (size == 0 || text == NULL ||
			X509_NAME_print_ex(text, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253) <
					0)
		goto out;
	memset(buf, 0, size);
	len = size == 1 ? 0 : BIO_read(text, buf, (int)(size - 1));
	rc = len > 0 ? len : 0;
out:
	BIO_free(text);
	ERR_clear_error();
	return rc;
}

/* RFC 5929 4.1: the hash of the certificate's signature, but SHA-256 in place of MD5 and SHA-1. */
int tls_conn_binding(const struct tls_conn *c, uint8_t ret[TLS_BINDING_MAX], size_t *ret_len)
{
	X509 *cert = c->ctx->is_server ? SSL_get_certificate(c->ssl)
				       : SSL_get0_peer_certificate(c->ssl);
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned int len;
	int nid;

	if (cert == NULL)
		return -ENOENT;
	if (X509_get_signature_info(cert, &nid, NULL, NULL, NULL) != 1 || nid == NID_undef) {
		ERR_clear_error();
		return -ENOTSUP;
	}
	if (nid == NID_md5 || nid == NID_sha1)
		nid = NID_sha256;
	if (EVP_get_digestbynid(nid) == NULL ||
			X509_digest(cert, EVP_get_digestbynid(nid), hash, &len) != 1 ||
			len > TLS_BINDING_MAX) {
		ERR_clear_error();
		return -ENOTSUP;
	}
	memcpy(ret, hash, len);
	*ret_len = len;
	return 0;
}
