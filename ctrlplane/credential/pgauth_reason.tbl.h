/* SPDX-License-Identifier: Apache-2.0
 * Why a login at a PostgreSQL server was given up: symbol, text for the log. Included with REASON()
 * defined. */
REASON(OK, "logged in")
/* messages: PostgreSQL's protocol 55.7, RFC 5802 5.1 and 7 */
REASON(FORM, "the server sent an authentication message that is malformed")
REASON(ORDER, "the server sent an authentication message out of turn")
REASON(METHOD, "the server asks for a method that is not spoken here (Kerberos, GSSAPI, SSPI ...)")
REASON(MECHANISM, "the server offers no SASL mechanism that is known")
REASON(EXTENSION, "the server demands an extension of SCRAM (m=)")
REASON(NONCE, "the server's nonce does not continue ours")
REASON(SALT, "the server's salt is empty, too long or not base64")
REASON(ITERATIONS, "the server's iteration count is no number from 1 to 10 million")
REASON(SERVER_ERROR, "the server ended the SCRAM exchange with an error (e=)")
/* what somebody between us and the server would do */
REASON(CLEARTEXT,
		"the server asks for the password in clear without TLS, or its certificate was not verified")
REASON(PLUS_UNENCRYPTED, "the server offers channel binding on a connection that is not encrypted")
REASON(BINDING_REQUIRED, "channel binding is required, and the server does not do it")
REASON(DOWNGRADED,
		"the server does offer channel binding, which its offer was robbed of on the way")
REASON(SIGNATURE, "the server does not know the password: its signature is wrong")
REASON(UNPROVEN, "the server lets us in without having shown that it knows the password")
/* ours */
REASON(NO_PASSWORD, "the server asks for a password, and the target has a certificate alone")
REASON(CRYPTO, "OpenSSL cannot do it (MD5 in FIPS mode, no randomness)")
