/* SPDX-License-Identifier: Apache-2.0
 * Whose certificate is accepted: each mode against each certificate, and client certificates. */
#include "tests/unit/net/suite.h"
#include "tests/unit/tls/legs.h"

#include <errno.h>
#include <string.h>

static struct pki pki, other_pki;
static struct legs legs;

enum cert_kind {
	CERT_GOOD,
	CERT_WILDCARD,
	CERT_IPV4,
	CERT_IPV6,
	CERT_EXPIRED,
	CERT_FUTURE,
	CERT_SELF,
	CERT_OTHER_CA,
	CERT_KINDS,
};

static struct pki_pem certs[CERT_KINDS];

static void certs_init(void)
{
	certs[CERT_GOOD] = pki_leaf(&pki, PKI_P256, "db.example", -1, 1);
	certs[CERT_WILDCARD] = pki_leaf(&pki, PKI_P256, "*.lan.example", -1, 1);
	certs[CERT_IPV4] = pki_leaf(&pki, PKI_P256, "10.77.0.2", -1, 1);
	certs[CERT_IPV6] = pki_leaf(&pki, PKI_P256, "fd77::2", -1, 1);
	certs[CERT_EXPIRED] = pki_leaf(&pki, PKI_P256, "db.example", -2, -1);
	certs[CERT_FUTURE] = pki_leaf(&pki, PKI_P256, "db.example", 1, 2);
	certs[CERT_SELF] = pki_self(&pki, "db.example");
	certs[CERT_OTHER_CA] = pki_leaf(&other_pki, PKI_P256, "db.example", -1, 1);
}

struct row {
	const char *name;
	enum cert_kind cert;
	enum tls_mode mode;
	const char *host;
	enum tls_reason reason; /* NONE: accepted */
	int alert;
};

static const struct row rows[] = {
	{ "full, right", CERT_GOOD, TLS_VERIFY_FULL, "db.example", TLS_REASON_NONE, -1 },
	{ "full, other case", CERT_GOOD, TLS_VERIFY_FULL, "DB.Example", TLS_REASON_NONE, -1 },
	{ "full, wrong host", CERT_GOOD, TLS_VERIFY_FULL, "db2.example", TLS_REASON_CERT_NAME, 42 },
	{ "full, a part of it", CERT_GOOD, TLS_VERIFY_FULL, "example", TLS_REASON_CERT_NAME, 42 },
	{ "full, wildcard", CERT_WILDCARD, TLS_VERIFY_FULL, "db.lan.example", TLS_REASON_NONE, -1 },
	{ "full, two labels", CERT_WILDCARD, TLS_VERIFY_FULL, "a.b.lan.example",
			TLS_REASON_CERT_NAME, 42 },
	{ "full, IPv4", CERT_IPV4, TLS_VERIFY_FULL, "10.77.0.2", TLS_REASON_NONE, -1 },
	{ "full, wrong IPv4", CERT_IPV4, TLS_VERIFY_FULL, "10.77.0.3", TLS_REASON_CERT_NAME, 42 },
	{ "full, IPv6", CERT_IPV6, TLS_VERIFY_FULL, "fd77:0:0::2", TLS_REASON_NONE, -1 },
	{ "full, name for address", CERT_GOOD, TLS_VERIFY_FULL, "10.77.0.2", TLS_REASON_CERT_NAME,
			42 },
	{ "full, expired", CERT_EXPIRED, TLS_VERIFY_FULL, "db.example", TLS_REASON_CERT_TIME, 45 },
	{ "full, future", CERT_FUTURE, TLS_VERIFY_FULL, "db.example", TLS_REASON_CERT_TIME, 42 },
	{ "full, self-signed", CERT_SELF, TLS_VERIFY_FULL, "db.example", TLS_REASON_CERT_SELF, 48 },
	{ "full, other CA", CERT_OTHER_CA, TLS_VERIFY_FULL, "db.example", TLS_REASON_CERT_CA, 48 },
	{ "ca, wrong host", CERT_GOOD, TLS_VERIFY_CA, "db2.example", TLS_REASON_NONE, -1 },
	{ "ca, no host", CERT_GOOD, TLS_VERIFY_CA, NULL, TLS_REASON_NONE, -1 },
	{ "ca, expired", CERT_EXPIRED, TLS_VERIFY_CA, NULL, TLS_REASON_CERT_TIME, 45 },
	{ "ca, self-signed", CERT_SELF, TLS_VERIFY_CA, NULL, TLS_REASON_CERT_SELF, 48 },
	{ "ca, other CA", CERT_OTHER_CA, TLS_VERIFY_CA, NULL, TLS_REASON_CERT_CA, 48 },
	{ "require, wrong host", CERT_GOOD, TLS_REQUIRE, "db2.example", TLS_REASON_NONE, -1 },
	{ "require, expired", CERT_EXPIRED, TLS_REQUIRE, NULL, TLS_REASON_NONE, -1 },
	{ "require, self-signed", CERT_SELF, TLS_REQUIRE, NULL, TLS_REASON_NONE, -1 },
	{ "require, other CA", CERT_OTHER_CA, TLS_REQUIRE, NULL, TLS_REASON_NONE, -1 },
};

static void check_refusal(const struct row *r)
{
	struct tls_failure f;

	tls_conn_failure(legs.client.conn, &f);
	CHECK_ROW(r->name, f.reason == r->reason);
	CHECK_ROW(r->name, f.alert_sent == r->alert);
	if (f.reason != r->reason || f.alert_sent != r->alert)
		printf(" %s alert %d %s", tls_reason_name(f.reason), f.alert_sent, f.detail);
	tls_conn_failure(legs.server.conn, &f);
	CHECK_ROW(r->name, f.reason == TLS_REASON_PEER_ALERT && f.alert_received == r->alert);
}

/* An address is no name to ask for. */
static const char *sni_of(const char *host)
{
	return host == NULL || host[strspn(host, "0123456789.:abcdf")] == '\0' ? "" : host;
}

static void run_row(const struct row *r, uint16_t version)
{
	const struct tls_server_conf s = { .chain_pem = certs[r->cert].chain,
		.key_pem = certs[r->cert].key };
	const struct tls_client_conf c = {
		.mode = r->mode, .ca_pem = pki.root_pem, .host = r->host
	};
	struct tls_ctx *server = legs_server_ctx(&s), *client = legs_client_ctx(&c);
	struct tls_facts f;
	bool is_open;

	legs_open(&legs, client, server, pki.now_s);
	SSL_set_max_proto_version(legs.client.conn->ssl, version);
	is_open = legs_handshake(&legs);
	CHECK_ROW(r->name, is_open == (r->reason == TLS_REASON_NONE));
	if (is_open)
		CHECK_ROW(r->name, legs_say(&legs.client, "hello"));
	else
		check_refusal(r);
	tls_conn_facts(legs.server.conn, &f);
	CHECK_ROW(r->name, strcmp(f.sni, sni_of(r->host)) == 0);
	tls_conn_free(&legs.client.conn);
	tls_conn_free(&legs.server.conn);
	tls_ctx_free(&client);
	tls_ctx_free(&server);
}

static void test_modes(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run_row(&rows[i], TLS1_2_VERSION);
		run_row(&rows[i], TLS1_3_VERSION);
	}
}

/* A self-signed certificate that was given as the CA is trusted, and judged by name all the same. */
static void test_pinned(void)
{
	const struct tls_server_conf s = { .chain_pem = certs[CERT_GOOD].chain,
		.key_pem = certs[CERT_GOOD].key };
	const struct tls_client_conf c = {
		.mode = TLS_VERIFY_FULL, .ca_pem = certs[CERT_GOOD].chain, .host = "db.example"
	};
	struct tls_ctx *server = legs_server_ctx(&s), *client = legs_client_ctx(&c);

	legs_open(&legs, client, server, pki.now_s);
	CU_ASSERT(legs_handshake(&legs));
	/* the clock is the caller's */
	legs_open(&legs, client, server, pki.now_s + 3 * PKI_DAY_S);
	CU_ASSERT(!legs_handshake(&legs));
	CU_ASSERT_EQUAL(legs.client.conn->failure.reason, TLS_REASON_CERT_TIME);
	tls_conn_free(&legs.client.conn);
	tls_conn_free(&legs.server.conn);
	tls_ctx_free(&client);
	tls_ctx_free(&server);
}

struct client_row {
	const char *name;
	bool is_required;
	const struct pki_pem *cert; /* NULL: it has none */
	enum tls_reason reason;     /* of the server */
};

static void run_client_row(const struct client_row *r, uint16_t version)
{
	const struct tls_server_conf s = { .chain_pem = certs[CERT_GOOD].chain,
		.key_pem = certs[CERT_GOOD].key,
		.client_ca_pem = other_pki.root_pem,
		.client_cert_required = r->is_required };
	struct tls_client_conf c = { .mode = TLS_VERIFY_CA, .ca_pem = pki.root_pem };
	struct tls_ctx *server = legs_server_ctx(&s), *client;
	struct tls_failure f;
	char subject[64] = "";

	if (r->cert != NULL) {
		c.chain_pem = r->cert->chain;
		c.key_pem = r->cert->key;
	}
	client = legs_client_ctx(&c);
	legs_open(&legs, client, server, pki.now_s);
	SSL_set_max_proto_version(legs.client.conn->ssl, version);
	CHECK_ROW(r->name, legs_handshake(&legs) == (r->reason == TLS_REASON_NONE));
	tls_conn_failure(legs.server.conn, &f);
	CHECK_ROW(r->name, f.reason == r->reason);
	if (f.reason != r->reason)
		printf(" %s alert %d %s", tls_reason_name(f.reason), f.alert_sent, f.detail);
	(void)tls_conn_peer_subject(legs.server.conn, subject, sizeof(subject));
	if (r->reason == TLS_REASON_NONE)
		CHECK_ROW(r->name, strcmp(subject, r->cert == NULL ? "" : "CN=agent.example") == 0);
	tls_conn_free(&legs.client.conn);
	tls_conn_free(&legs.server.conn);
	tls_ctx_free(&client);
	tls_ctx_free(&server);
}

static void test_client_certs(void)
{
	struct pki_pem self = pki_self(&other_pki, "agent.example");
	struct pki_pem good = pki_client_leaf(&other_pki, "agent.example");
	struct pki_pem foreign = pki_client_leaf(&pki, "agent.example");
	struct pki_pem server_only = pki_leaf(&other_pki, PKI_P256, "agent.example", -1, 1);
	const struct client_row client_rows[] = {
		{ "required, right", true, &good, TLS_REASON_NONE },
		{ "required, none", true, NULL, TLS_REASON_CERT_MISSING },
		{ "required, other CA", true, &foreign, TLS_REASON_CERT_CA },
		{ "required, self-signed", true, &self, TLS_REASON_CERT_SELF },
		{ "required, a server's", true, &server_only, TLS_REASON_CERT_BAD },
		{ "optional, right", false, &good, TLS_REASON_NONE },
		{ "optional, none", false, NULL, TLS_REASON_NONE },
		{ "optional, other CA", false, &foreign, TLS_REASON_CERT_CA },
	};

	for (size_t i = 0; i < sizeof(client_rows) / sizeof(client_rows[0]); i++) {
		run_client_row(&client_rows[i], TLS1_2_VERSION);
		run_client_row(&client_rows[i], TLS1_3_VERSION);
	}
	pki_pem_free(&self);
	pki_pem_free(&good);
	pki_pem_free(&foreign);
	pki_pem_free(&server_only);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "modes", test_modes },
		{ "a certificate that is trusted itself", test_pinned },
		{ "client certificates", test_client_certs },
	};
	int rc;

	pki_init(&pki);
	pki_init(&other_pki);
	certs_init();
	legs_init(&legs, NULL);
	rc = suite_run("tls verify", tests, sizeof(tests) / sizeof(*tests));
	legs_done(&legs);
	for (int i = 0; i < CERT_KINDS; i++)
		pki_pem_free(&certs[i]);
	pki_done(&pki);
	pki_done(&other_pki);
	return rc;
}
