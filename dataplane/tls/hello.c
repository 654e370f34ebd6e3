/* SPDX-License-Identifier: Apache-2.0
 * The client's hello: the name that it asks for, the protocols that it offers. */
#include "dataplane/tls/tls_priv.h"
#include "parsers/base/reader.h"

#include <string.h>

/* server_name (RFC 6066 3): a list of {type 0, name}, of which there is one. What is no host name, or
 * has a NUL in it, is no name; OpenSSL refuses it by itself. */
static void read_sni(struct tls_conn *c, struct span ext)
{
	struct reader r = rd_of(ext.ptr, ext.len);
	const uint16_t list_len = rd_be16(&r);
	const uint8_t type = rd_u8(&r);
	const struct span name = rd_take(&r, rd_be16(&r));

	if (r.bad || list_len != ext.len - 2 || type != TLSEXT_NAMETYPE_host_name ||
			name.len > TLS_SNI_MAX || memchr(name.ptr, '\0', name.len) != NULL)
		return;
	memcpy(c->sni, name.ptr, name.len);
	c->sni[name.len] = '\0';
}

/* Before anything is computed. With a slow key all of the answer is made on the slow thread. */
int hello_arrived(SSL *ssl, int *alert, void *arg)
{
	struct tls_conn *c = SSL_get_app_data(ssl);
	struct span ext;

	(void)alert;
	(void)arg;
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &ext.ptr, &ext.len) == 1)
		read_sni(c, ext);
	if (c->ctx->is_slow && !c->may_be_slow)
		return SSL_CLIENT_HELLO_RETRY;
	c->is_slow_peer = c->ctx->asks_client_cert; /* its chain may be of any kind */
	return SSL_CLIENT_HELLO_SUCCESS;
}

int hello_select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		const unsigned char *in, unsigned int in_len, void *arg)
{
	const struct tls_ctx *ctx = arg;
	unsigned char *selected = NULL;

	(void)ssl;
	/* RFC 7301 3.2: an offer without a common protocol is refused */
	if (SSL_select_next_proto(&selected, out_len, ctx->alpn, ctx->alpn_len, in, in_len) !=
			OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = selected;
	return SSL_TLSEXT_ERR_OK;
}
