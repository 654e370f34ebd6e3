/* SPDX-License-Identifier: Apache-2.0
 * TLS_REASON(symbol): why a connection failed. Included several times. */
TLS_REASON(NONE)
TLS_REASON(NOT_TLS)        /* the first bytes are no record: clear text, or another protocol */
TLS_REASON(PROTOCOL)       /* malformed, or out of order; also where OpenSSL calls it internal */
TLS_REASON(BAD_MAC)        /* a record was altered */
TLS_REASON(VERSION)        /* no common version from 1.2 on */
TLS_REASON(NOTHING_SHARED) /* no common cipher, group or signature */
TLS_REASON(ALPN)           /* no common protocol */
TLS_REASON(PEER_ALERT)     /* the peer gave up: alert_received */
TLS_REASON(CERT_MISSING)   /* the client has no certificate, and must */
TLS_REASON(CERT_CA)        /* no way to a trusted certificate */
TLS_REASON(CERT_SELF)      /* signed by itself, and not trusted */
TLS_REASON(CERT_TIME)      /* expired, or not valid yet */
TLS_REASON(CERT_NAME)      /* made out to somebody else */
TLS_REASON(CERT_BAD)       /* anything else that is wrong with it */
TLS_REASON(SINK)           /* nobody takes our output any more */
TLS_REASON(MEMORY)
