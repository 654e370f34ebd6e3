/* SPDX-License-Identifier: Apache-2.0
 * OpenSSL's errors, as the few reasons that a caller can act on. */
#include "dataplane/tls/tls_priv.h"
#include "parsers/base/lower.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

const char *tls_reason_name(uint8_t reason)
{
	static const char names[TLS_REASONS][LOWER_SIZE] = {
#define TLS_REASON(sym) [TLS_REASON_##sym] = LOWER_INIT(#sym),
#include "dataplane/tls/reason.tbl.h"
#undef TLS_REASON
	};

	return reason < TLS_REASONS ? names[reason] : "?";
}

void tls_conn_failure(const struct tls_conn *c, struct tls_failure *ret)
{
	*ret = c->failure;
}

void failure_note_alert(const SSL *ssl, int where, int value)
{
	struct tls_conn *c = SSL_get_app_data(ssl);
	const int16_t alert = (int16_t)(value & 0xff);

	if ((where & SSL_CB_ALERT) == 0 || alert == SSL3_AD_CLOSE_NOTIFY ||
			alert == TLS1_AD_USER_CANCELLED || alert == TLS1_AD_NO_RENEGOTIATION)
		return;
	if (where & SSL_CB_READ)
		c->failure.alert_received = alert;
	else
		c->failure.alert_sent = alert;
}

static const struct {
	int error;
	enum tls_reason reason;
} ssl_reasons[] = {
	{ SSL_R_WRONG_VERSION_NUMBER, TLS_REASON_NOT_TLS },
	{ SSL_R_HTTP_REQUEST, TLS_REASON_NOT_TLS },
	{ SSL_R_HTTPS_PROXY_REQUEST, TLS_REASON_NOT_TLS },
	{ SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, TLS_REASON_BAD_MAC },
	{ SSL_R_UNSUPPORTED_PROTOCOL, TLS_REASON_VERSION },
	{ SSL_R_VERSION_TOO_LOW, TLS_REASON_VERSION },
	{ SSL_R_NO_SHARED_CIPHER, TLS_REASON_NOTHING_SHARED },
	{ SSL_R_NO_SUITABLE_KEY_SHARE, TLS_REASON_NOTHING_SHARED },
	{ SSL_R_NO_SUITABLE_GROUPS, TLS_REASON_NOTHING_SHARED },
	{ SSL_R_NO_SHARED_GROUPS, TLS_REASON_NOTHING_SHARED },
	{ SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, TLS_REASON_NOTHING_SHARED },
	{ SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, TLS_REASON_NOTHING_SHARED },
	{ SSL_R_NO_APPLICATION_PROTOCOL, TLS_REASON_ALPN },
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, TLS_REASON_CERT_MISSING },
	{ ERR_R_MALLOC_FAILURE, TLS_REASON_MEMORY },
};

static const struct {
	long result;
	enum tls_reason reason;
} cert_reasons[] = {
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, TLS_REASON_CERT_CA },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, TLS_REASON_CERT_CA },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, TLS_REASON_CERT_CA },
	{ X509_V_ERR_CERT_UNTRUSTED, TLS_REASON_CERT_CA },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, TLS_REASON_CERT_CA },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, TLS_REASON_CERT_SELF },
	{ X509_V_ERR_CERT_HAS_EXPIRED, TLS_REASON_CERT_TIME },
	{ X509_V_ERR_CERT_NOT_YET_VALID, TLS_REASON_CERT_TIME },
	{ X509_V_ERR_HOSTNAME_MISMATCH, TLS_REASON_CERT_NAME },
	{ X509_V_ERR_IP_ADDRESS_MISMATCH, TLS_REASON_CERT_NAME },
	{ X509_V_ERR_OUT_OF_MEM, TLS_REASON_MEMORY },
};

static enum tls_reason reason_of_cert(long result)
{
	for (size_t i = 0; i < sizeof(cert_reasons) / sizeof(cert_reasons[0]); i++) {
		if (cert_reasons[i].result == result)
			return cert_reasons[i].reason;
	}
	return TLS_REASON_CERT_BAD;
}

static enum tls_reason reason_of_error(const struct tls_conn *c, unsigned long error)
{
	const int reason = ERR_GET_REASON(error);

	if (ERR_GET_LIB(error) != ERR_LIB_SSL)
		return reason == ERR_R_MALLOC_FAILURE ? TLS_REASON_MEMORY : TLS_REASON_PROTOCOL;
	if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
		return reason_of_cert(SSL_get_verify_result(c->ssl));
	if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + UINT8_MAX)
		return TLS_REASON_PEER_ALERT;
	for (size_t i = 0; i < sizeof(ssl_reasons) / sizeof(ssl_reasons[0]); i++) {
		if (ssl_reasons[i].error == reason)
			return ssl_reasons[i].reason;
	}
	return TLS_REASON_PROTOCOL;
}

void failure_set_reason(struct tls_conn *c, enum tls_reason reason)
{
	c->failure.reason = (uint8_t)reason;
	c->final = TLS_FAILED;
}

void failure_set(struct tls_conn *c)
{
	const unsigned long error = ERR_peek_last_error();
	enum tls_reason reason = reason_of_error(c, error);

	c->failure.detail = ERR_reason_error_string(error);
	if (reason == TLS_REASON_NOT_TLS && c->is_open)
		reason = TLS_REASON_PROTOCOL;
	if (c->out_of_memory)
		reason = TLS_REASON_MEMORY;
	else if (c->is_sink_dead)
		reason = TLS_REASON_SINK;
	failure_set_reason(c, reason);
	ERR_clear_error();
}
