/* SPDX-License-Identifier: Apache-2.0
 * Contexts: everything that is the same for all connections of one side of one target. */
#include "dataplane/tls/tls_priv.h"
#include "parsers/base/must.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ephemeral ECDH and AEAD only: RFC 9325 4.2. */
static const char tls12_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const char tls13_ciphers[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
				    "TLS_CHACHA20_POLY1305_SHA256";

static int set_common(SSL_CTX *s)
{
	SSL_CTX_set_options(s,
			SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
					SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_clear_options(
			s, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
	SSL_CTX_set_mode(s,
			SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_max_early_data(s, 0); /* what a client sends early all the same is skipped */
	SSL_CTX_set_max_cert_list(s, PEER_CERTS_MAX);
	SSL_CTX_set_verify_depth(s, PEER_DEPTH_MAX);
	SSL_CTX_set_security_level(s, 2);
	SSL_CTX_set_timeout(s, SESSION_LIFE_S);
	SSL_CTX_set_info_callback(s, failure_note_alert);
	SSL_CTX_set_cert_verify_callback(s, verify_peer, NULL);
	X509_STORE_set_flags(SSL_CTX_get_cert_store(s), X509_V_FLAG_PARTIAL_CHAIN);
	return SSL_CTX_set_min_proto_version(s, TLS1_2_VERSION) == 1 &&
			SSL_CTX_set_max_proto_version(s, TLS1_3_VERSION) == 1 &&
			SSL_CTX_set_cipher_list(s, tls12_ciphers) == 1 &&
			SSL_CTX_set_ciphersuites(s, tls13_ciphers) == 1;
}

/* Key exchange with P-384 takes a millisecond, and whoever knows it knows P-256. But under TLS 1.2 the
 * list also says which curves a certificate's key may be on (RFC 8422 5.1), so a client has to name
 * all, the slow ones last; and a server those of its own key, whose work is done elsewhere. */
static int set_groups(struct tls_ctx *ctx)
{
	char fast[] = "X25519:P-256", all[] = "X25519:P-256:P-384:P-521";
	char *list = ctx->is_server && !ctx->is_slow ? fast
						     : all; /* OpenSSL's macro drops a const */

	return SSL_CTX_set1_groups_list(ctx->ssl_ctx, list) == 1 ? 0 : -ENOMEM;
}

static struct tls_ctx *ctx_new(bool is_server)
{
	static _Atomic uint64_t next_id = 1;
	struct tls_ctx *ctx = calloc(1, sizeof(*ctx));

	if (ctx == NULL)
		return NULL;
	ctx->id = atomic_fetch_add(&next_id, 1);
	ctx->is_server = is_server;
	ctx->ssl_ctx = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
	ctx->bio = bio_method_new();
	ctx->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	if (ctx->ssl_ctx == NULL || ctx->bio == NULL || ctx->cipher == NULL ||
			!set_common(ctx->ssl_ctx))
		tls_ctx_free(&ctx);
	else
		SSL_CTX_set_app_data(ctx->ssl_ctx, ctx);
	return ctx;
}

uint32_t tls_ctx_users(const struct tls_ctx *ctx)
{
	return atomic_load_explicit(&ctx->users, memory_order_acquire);
}

bool tls_ctx_is_slow(const struct tls_ctx *ctx)
{
	return ctx->is_slow;
}

void tls_ctx_free(struct tls_ctx **ctx)
{
	if (*ctx == NULL)
		return;
	must(tls_ctx_users(*ctx) == 0);
	SSL_CTX_free((*ctx)->ssl_ctx);
	BIO_meth_free((*ctx)->bio);
	EVP_CIPHER_free((*ctx)->cipher);
	free((*ctx)->alpn);
	free((*ctx)->sni);
	OPENSSL_cleanse((*ctx)->ticket_keys, sizeof((*ctx)->ticket_keys));
	free(*ctx);
	*ctx = NULL;
}

/* Names with a length byte in front of each: RFC 7301 3.1. */
static int alpn_init(struct tls_ctx *ctx, const char *const *names, char *err)
{
	size_t total = 0;

	for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
		const size_t len = strlen(names[i]);

		if (len == 0 || len > UINT8_MAX) {
			snprintf(err, TLS_ERROR_MAX,
					"a protocol of the ALPN list has %zu bytes, not 1 to 255",
					len);
			return -EINVAL;
		}
		total += 1 + len;
	}
	if (total == 0)
		return 0;
	ctx->alpn = malloc(total);
	if (ctx->alpn == NULL)
		return -ENOMEM;
	for (size_t i = 0; names[i] != NULL; i++) {
		const size_t len = strlen(names[i]);

		ctx->alpn[ctx->alpn_len++] = (uint8_t)len;
		memcpy(ctx->alpn + ctx->alpn_len, names[i], len);
		ctx->alpn_len += (uint32_t)len;
	}
	return 0;
}

static int set_credential(struct tls_ctx *ctx, struct span chain, struct span key, char *err)
{
	const int rc = credential_use(ctx->ssl_ctx, chain, key, err);

	if (rc == 0)
		ctx->is_slow = key_is_slow(SSL_CTX_get0_privatekey(ctx->ssl_ctx));
	return rc;
}

/* A session is resumed only where the same was asked of the client: whoever holds the ticket keys
 * also has to have the same certificate and the same idea of clients. */
static int set_session_scope(SSL_CTX *s, const struct tls_server_conf *conf)
{
	const struct span parts[] = { conf->chain_pem, conf->client_ca_pem,
		{ (const uint8_t *)(conf->client_cert_required ? "1" : "0"), 1 } };
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t scope[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	int ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < sizeof(parts) / sizeof(parts[0]); i++) {
		const uint64_t n = parts[i].len;

		ok = EVP_DigestUpdate(md, &n, sizeof(n)) == 1 &&
				EVP_DigestUpdate(md, parts[i].ptr, parts[i].len) == 1;
	}
	ok = ok && EVP_DigestFinal_ex(md, scope, &len) == 1 &&
			SSL_CTX_set_session_id_context(s, scope, len) == 1;
	EVP_MD_CTX_free(md);
	return ok ? 0 : -ENOMEM;
}

static int set_tickets(struct tls_ctx *ctx, const struct tls_server_conf *conf, char *err)
{
	SSL_CTX *s = ctx->ssl_ctx;

	SSL_CTX_set_session_cache_mode(s, SSL_SESS_CACHE_OFF);
	if (conf->n_ticket_keys > TLS_TICKET_KEYS_MAX) {
		snprintf(err, TLS_ERROR_MAX, "%zu ticket keys, at most %d can be used",
				conf->n_ticket_keys, TLS_TICKET_KEYS_MAX);
		return -EINVAL;
	}
	if (conf->n_ticket_keys == 0) {
		SSL_CTX_set_options(s, SSL_OP_NO_TICKET);
		return SSL_CTX_set_num_tickets(s, 0) == 1 ? 0 : -ENOMEM;
	}
	ctx->n_ticket_keys = (uint32_t)conf->n_ticket_keys;
	memcpy(ctx->ticket_keys, conf->ticket_keys,
			conf->n_ticket_keys * sizeof(ctx->ticket_keys[0]));
	SSL_CTX_set_tlsext_ticket_key_evp_cb(s, ticket_seal_or_open);
	/* one: each resumption brings the next */
	return SSL_CTX_set_num_tickets(s, 1) == 1 ? 0 : -ENOMEM;
}

static int server_init(struct tls_ctx *ctx, const struct tls_server_conf *conf, char *err)
{
	const int verify = SSL_VERIFY_PEER |
			(conf->client_cert_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
	int rc = set_credential(ctx, conf->chain_pem, conf->key_pem, err);

	if (rc == 0)
		rc = set_groups(ctx);
	if (rc == 0)
		rc = set_session_scope(ctx->ssl_ctx, conf);
	if (rc == 0)
		rc = set_tickets(ctx, conf, err);
	if (rc == 0)
		rc = alpn_init(ctx, conf->alpn, err);
	if (rc != 0)
		return rc;
	SSL_CTX_set_client_hello_cb(ctx->ssl_ctx, hello_arrived, NULL);
	if (ctx->alpn_len > 0)
		SSL_CTX_set_alpn_select_cb(ctx->ssl_ctx, hello_select_alpn, ctx);
	if (conf->client_ca_pem.len > 0) {
		ctx->asks_client_cert = true;
		SSL_CTX_set_verify(ctx->ssl_ctx, verify, NULL);
		return credential_trust(ctx->ssl_ctx, conf->client_ca_pem, true, err);
	}
	if (!conf->client_cert_required)
		return 0;
	snprintf(err, TLS_ERROR_MAX,
			"a client certificate is required, but no CA is named that signs them");
	return -EINVAL;
}

/* The name or address that the certificate must be made out to, when that is asked. */
static int set_host(struct tls_ctx *ctx, const struct tls_client_conf *conf, char *err)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx->ssl_ctx);
	const char *host = conf->host == NULL ? "" : conf->host;

	if (conf->mode != TLS_VERIFY_FULL)
		return 0;
	if (host[0] == '\0') {
		snprintf(err, TLS_ERROR_MAX,
				"verify-full needs the name or address that the certificate is made out to");
		return -EINVAL;
	}
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return 0;
	ERR_clear_error();
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 ? 0 : -ENOMEM;
}

/* SNI is for names: RFC 6066 3. */
static int sni_init(struct tls_ctx *ctx, const char *host, char *err)
{
	ASN1_OCTET_STRING *ip = host == NULL ? NULL : a2i_IPADDRESS(host);
	const bool is_ip = ip != NULL;

	ASN1_OCTET_STRING_free(ip);
	ERR_clear_error();
	if (host == NULL || is_ip)
		return 0;
	if (strlen(host) > TLS_SNI_MAX || host[0] == '\0') {
		snprintf(err, TLS_ERROR_MAX, "'%.32s...' is no host name: 1 to %d bytes", host,
				TLS_SNI_MAX);
		return -EINVAL;
	}
	ctx->sni = strdup(host);
	return ctx->sni == NULL ? -ENOMEM : 0;
}

static int client_init(struct tls_ctx *ctx, const struct tls_client_conf *conf, char *err)
{
	int rc;

	ctx->mode = conf->mode;
	SSL_CTX_set_verify(ctx->ssl_ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(ctx->ssl_ctx,
			SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL |
					SSL_SESS_CACHE_NO_AUTO_CLEAR);
	SSL_CTX_sess_set_new_cb(ctx->ssl_ctx, session_arrived);
	rc = set_groups(ctx);
	if (rc == 0 && conf->chain_pem.len > 0)
		rc = set_credential(ctx, conf->chain_pem, conf->key_pem, err);
	if (rc == 0 && conf->mode != TLS_REQUIRE)
		rc = credential_trust(ctx->ssl_ctx, conf->ca_pem, false, err);
	if (rc == 0)
		rc = set_host(ctx, conf, err);
	if (rc == 0)
		rc = sni_init(ctx, conf->host, err);
	if (rc == 0)
		rc = alpn_init(ctx, conf->alpn, err);
	if (rc == 0 && ctx->alpn_len > 0)
		rc = SSL_CTX_set_alpn_protos(ctx->ssl_ctx, ctx->alpn, ctx->alpn_len) == 0 ? 0
											  : -ENOMEM;
	return rc;
}

static int ctx_finish(struct tls_ctx *ctx, int rc, struct tls_ctx **ret, char *err)
{
	if (rc == -ENOMEM)
		snprintf(err, TLS_ERROR_MAX, "out of memory");
	if (rc == 0)
		*ret = ctx;
	else
		tls_ctx_free(&ctx);
	return rc;
}

int tls_server_new(
		const struct tls_server_conf *conf, struct tls_ctx **ret, char err[TLS_ERROR_MAX])
{
	struct tls_ctx *ctx = ctx_new(true);

	err[0] = '\0';
	return ctx_finish(ctx, ctx == NULL ? -ENOMEM : server_init(ctx, conf, err), ret, err);
}

int tls_client_new(
		const struct tls_client_conf *conf, struct tls_ctx **ret, char err[TLS_ERROR_MAX])
{
	struct tls_ctx *ctx = ctx_new(false);

	err[0] = '\0';
	return ctx_finish(ctx, ctx == NULL ? -ENOMEM : client_init(ctx, conf, err), ret, err);
}
