/* SPDX-License-Identifier: Apache-2.0
 * Handshakes of both legs with each other: versions, chunking, refusing sinks, what is established. */
#include "tests/unit/net/suite.h"
#include "tests/unit/tls/legs.h"

#include <openssl/pem.h>

#include <errno.h>
#include <string.h>

static struct pki pki;
static struct pki_pem leaf;
static struct legs legs;

static const char *const alpn_pg[] = { "postgresql", NULL };
static const char *const alpn_h2[] = { "h2", "http/1.1", NULL };
static const char *const alpn_both[] = { "postgresql", "h2", NULL };

static struct tls_ctx *server_with(const char *const *alpn)
{
	const struct tls_server_conf conf = {
		.chain_pem = leaf.chain, .key_pem = leaf.key, .alpn = alpn
	};

	return legs_server_ctx(&conf);
}

static struct tls_ctx *client_with(const char *const *alpn)
{
	const struct tls_client_conf conf = {
		.mode = TLS_VERIFY_FULL, .ca_pem = pki.root_pem, .host = "db.example", .alpn = alpn
	};

	return legs_client_ctx(&conf);
}

static void open_with(
		const char *const *client_alpn, const char *const *server_alpn, uint16_t version)
{
	struct tls_ctx *client = client_with(client_alpn), *server = server_with(server_alpn);

	legs_open(&legs, client, server, pki.now_s);
	SSL_set_max_proto_version(legs.client.conn->ssl, version);
}

/* Contexts are freed with their last connection in these tests. */
static void close_all(void)
{
	struct tls_ctx *client = legs.client.conn->ctx, *server = legs.server.conn->ctx;

	CU_ASSERT_EQUAL(tls_ctx_users(client), 1);
	tls_conn_free(&legs.client.conn);
	tls_conn_free(&legs.server.conn);
	CU_ASSERT_EQUAL(tls_ctx_users(client), 0);
	tls_ctx_free(&client);
	tls_ctx_free(&server);
}

static void test_facts(void)
{
	for (uint16_t version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		struct tls_facts f;
		char subject[64];

		open_with(alpn_pg, alpn_both, version);
		CU_ASSERT_FATAL(legs_handshake(&legs));
		tls_conn_facts(legs.server.conn, &f);
		CU_ASSERT_EQUAL(f.version, version);
		CU_ASSERT_STRING_EQUAL(f.sni, "db.example");
		CU_ASSERT_EQUAL(f.alpn.len, 10);
		CU_ASSERT(!f.resumed && !f.has_peer_cert);
		CU_ASSERT_EQUAL(tls_conn_peer_subject(legs.server.conn, subject, sizeof(subject)),
				-ENOENT);
		tls_conn_facts(legs.client.conn, &f);
		CU_ASSERT_EQUAL(f.version, version);
		CU_ASSERT(strstr(f.cipher, "GCM") != NULL);
		CU_ASSERT(f.alpn.len == 10 && memcmp(f.alpn.ptr, "postgresql", 10) == 0);
		CU_ASSERT(f.has_peer_cert);
		CU_ASSERT_EQUAL(tls_conn_peer_subject(legs.client.conn, subject, sizeof(subject)),
				13);
		CU_ASSERT_STRING_EQUAL(subject, "CN=db.example");
		CU_ASSERT_EQUAL(tls_conn_peer_subject(legs.client.conn, subject, 5), 4);
		CU_ASSERT_STRING_EQUAL(subject, "CN=d");
		CU_ASSERT_PTR_NULL(SSL_get_current_compression(legs.client.conn->ssl));
		CU_ASSERT(legs_say(&legs.client, "a question"));
		CU_ASSERT(legs_say(&legs.server, "an answer"));
		close_all();
	}
}

/* RFC 5929 4.1, computed here from the PEM: SHA-256 of the certificate. */
static void test_binding(void)
{
	uint8_t want[32], got[TLS_BINDING_MAX];
	BIO *bio = BIO_new_mem_buf(leaf.chain.ptr, (int)leaf.chain.len);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	unsigned char *der = NULL;
	int der_len = i2d_X509(cert, &der);
	size_t len = 0;

	CU_ASSERT_FATAL(EVP_Q_digest(NULL, "SHA256", NULL, der, (size_t)der_len, want, NULL) == 1);
	open_with(NULL, NULL, TLS1_3_VERSION);
	CU_ASSERT_EQUAL(tls_conn_binding(legs.client.conn, got, &len), -ENOENT);
	CU_ASSERT_FATAL(legs_handshake(&legs));
	CU_ASSERT_EQUAL(tls_conn_binding(legs.client.conn, got, &len), 0);
	CU_ASSERT(len == 32 && memcmp(got, want, 32) == 0);
	memset(got, 0, sizeof(got));
	CU_ASSERT_EQUAL(tls_conn_binding(legs.server.conn, got, &len), 0);
	CU_ASSERT(len == 32 && memcmp(got, want, 32) == 0);
	close_all();
	OPENSSL_free(der);
	X509_free(cert);
	BIO_free(bio);
}

static void test_alpn(void)
{
	struct tls_failure f;

	open_with(alpn_h2, alpn_pg, TLS1_3_VERSION);
	CU_ASSERT(!legs_handshake(&legs));
	tls_conn_failure(legs.server.conn, &f);
	CU_ASSERT_EQUAL(f.reason, TLS_REASON_ALPN);
	CU_ASSERT_EQUAL(f.alert_sent, 120); /* no_application_protocol */
	tls_conn_failure(legs.client.conn, &f);
	CU_ASSERT_EQUAL(f.reason, TLS_REASON_PEER_ALERT);
	CU_ASSERT_EQUAL(f.alert_received, 120);
	close_all();

	/* one side has no idea of it: nothing is agreed, and that is no error */
	open_with(NULL, alpn_pg, TLS1_3_VERSION);
	CU_ASSERT(legs_handshake(&legs));
	close_all();
	open_with(alpn_h2, NULL, TLS1_3_VERSION);
	CU_ASSERT(legs_handshake(&legs));
	close_all();
}

/* A server that picks what was not offered. */
static int pick_other(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		const unsigned char *in, unsigned int in_len, void *arg)
{
	(void)ssl;
	(void)in;
	(void)in_len;
	(void)arg;
	*out = (const unsigned char *)"smtp";
	*out_len = 4;
	return SSL_TLSEXT_ERR_OK;
}

static void test_alpn_not_offered(void)
{
	struct tls_failure f;

	open_with(alpn_h2, alpn_h2, TLS1_3_VERSION);
	SSL_CTX_set_alpn_select_cb(legs.server.conn->ctx->ssl_ctx, pick_other, NULL);
	CU_ASSERT(!legs_handshake(&legs));
	tls_conn_failure(legs.client.conn, &f);
	CU_ASSERT_EQUAL(f.reason, TLS_REASON_PROTOCOL);
	CU_ASSERT(f.alert_sent > 0);
	close_all();
}

/* Every way of cutting input and of refusing output gives the same handshake. */
static void test_chunks(void)
{
	static const size_t sizes[] = { 1, 2, 3, 5, 7, 64, 1448, 0 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (uint16_t version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
			open_with(alpn_pg, alpn_pg, version);
			legs.client.chunk = legs.server.feed = sizes[i];
			legs.client.take = legs.server.take = sizes[(i + 3) % 8];
			CU_ASSERT(legs_handshake(&legs));
			CU_ASSERT(legs_say(&legs.client, "SELECT 1"));
			CU_ASSERT(legs_say(&legs.server, "1"));
			close_all();
		}
	}
	legs.client.chunk = legs.server.feed = legs.client.take = legs.server.take = 0;
}

/* The sink refuses after exactly N bytes, for every N, and then takes the rest. */
static void test_refusing_sink(void)
{
	struct tls_ctx *client = client_with(NULL), *server = server_with(NULL);

	for (size_t n = 1; n < 1200; n += 7) {
		legs_open(&legs, client, server, pki.now_s);
		legs.client.take = legs.server.take = n;
		(void)one_leg_handshake(&legs.client);
		(void)one_leg_handshake(&legs.server);
		legs.client.take = legs.server.take = 0;
		CU_ASSERT(legs_handshake(&legs));
		CU_ASSERT(tls_conn_pending(legs.client.conn) == 0);
		CU_ASSERT(legs_say(&legs.server, "x"));
	}
	close_all();
}

static void test_sink_gone(void)
{
	struct tls_failure f;

	open_with(NULL, NULL, TLS1_3_VERSION);
	legs.client.is_deaf = true;
	CU_ASSERT_EQUAL(one_leg_handshake(&legs.client), TLS_FAILED);
	tls_conn_failure(legs.client.conn, &f);
	CU_ASSERT_EQUAL(f.reason, TLS_REASON_SINK);
	CU_ASSERT_EQUAL(tls_worker_counters(legs.worker)->failed[TLS_REASON_SINK], 1);
	legs.client.is_deaf = false;
	close_all();
}

struct stranger {
	const char *name, *bytes;
	size_t len;
	enum tls_reason reason;
	int alert;
};

static void test_strangers(void)
{
	static const struct stranger rows[] = {
		{ "HTTP", "GET / HTTP/1.1\r\n\r\n", 18, TLS_REASON_NOT_TLS, -1 },
		{ "PostgreSQL in the clear", "\0\0\0\10\4\322\26/", 8, TLS_REASON_NOT_TLS, -1 },
		{ "zeros", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, TLS_REASON_NOT_TLS, -1 },
		{ "data before a hello", "\27\3\3\0\1\0", 6, TLS_REASON_PROTOCOL, 10 },
		{ "an empty hello", "\26\3\1\0\4\1\0\0\0", 9, TLS_REASON_PROTOCOL, 50 },
		{ "an alert before a hello", "\25\3\1\0\2\2\50", 7, TLS_REASON_PROTOCOL, 10 },
		{ "a record too long", "\26\3\1\377\377\1\0\0\0", 9, TLS_REASON_PROTOCOL, 22 },
	};
	struct tls_ctx *client = client_with(NULL), *server = server_with(NULL);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tls_failure f;

		legs_open(&legs, client, server, pki.now_s);
		pipe_put(&legs.server.in, rows[i].bytes, rows[i].len);
		CHECK_ROW(rows[i].name, one_leg_handshake(&legs.server) == TLS_FAILED);
		tls_conn_failure(legs.server.conn, &f);
		CHECK_ROW(rows[i].name, f.reason == rows[i].reason);
		CHECK_ROW(rows[i].name, rows[i].alert < 0 || f.alert_sent == rows[i].alert);
		/* the alert is on its way, once */
		CHECK_ROW(rows[i].name, (legs.client.in.len > 0) == (f.alert_sent >= 0));
		CHECK_ROW(rows[i].name, one_leg_handshake(&legs.server) == TLS_FAILED);
		if (f.reason != rows[i].reason ||
				(rows[i].alert >= 0 && f.alert_sent != rows[i].alert))
			printf(" %s alert %d %s", tls_reason_name(f.reason), f.alert_sent,
					f.detail);
	}
	close_all();
}

static void test_old_version(void)
{
	struct tls_failure f;

	open_with(NULL, NULL, TLS1_3_VERSION);
	SSL_set_security_level(legs.client.conn->ssl, 0);
	SSL_set_min_proto_version(legs.client.conn->ssl, TLS1_VERSION);
	SSL_set_max_proto_version(legs.client.conn->ssl, TLS1_1_VERSION);
	SSL_set_cipher_list(legs.client.conn->ssl, "ALL:@SECLEVEL=0");
	CU_ASSERT(!legs_handshake(&legs));
	tls_conn_failure(legs.server.conn, &f);
	CU_ASSERT_EQUAL(f.reason, TLS_REASON_VERSION);
	CU_ASSERT_EQUAL(f.alert_sent, 70); /* protocol_version */
	tls_conn_failure(legs.client.conn, &f);
	CU_ASSERT_EQUAL(f.alert_received, 70);
	close_all();
}

static void test_nothing_shared(void)
{
	struct tls_failure f;

	open_with(NULL, NULL, TLS1_3_VERSION);
	SSL_set1_groups_list(legs.client.conn->ssl, (char[]){ "P-384" });
	CU_ASSERT(!legs_handshake(&legs));
	tls_conn_failure(legs.server.conn, &f);
	CU_ASSERT_EQUAL(f.reason, TLS_REASON_NOTHING_SHARED);
	CU_ASSERT_EQUAL(f.alert_sent, 40); /* handshake_failure */
	close_all();
}

static void test_limits(void)
{
	const struct tls_limits few = { .max_conns = 3, .max_handshakes = 2 };
	const struct tls_peer peer = { .now_s = pki.now_s };
	struct tls_ctx *ctx = server_with(NULL);
	struct tls_worker *w = tls_worker_new(&few);
	struct tls_conn *a = tls_conn_new(w, ctx, &peer), *b = tls_conn_new(w, ctx, &peer), *c;

	CU_ASSERT(a != NULL && b != NULL);
	c = tls_conn_new(w, ctx, &peer);
	CU_ASSERT(c == NULL && errno == ENOBUFS);
	CU_ASSERT_EQUAL(tls_worker_counters(w)->refused, 1);
	tls_conn_free(&a);
	c = tls_conn_new(w, ctx, &peer);
	CU_ASSERT(c != NULL);
	tls_conn_free(&b);
	tls_conn_free(&c);
	tls_conn_free(&c);
	CU_ASSERT(tls_worker_counters(w)->conns == 0 && tls_worker_counters(w)->handshaking == 0);
	tls_worker_free(&w);
	tls_ctx_free(&ctx);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "what is established", test_facts },
		{ "tls-server-end-point (RFC 5929)", test_binding },
		{ "ALPN", test_alpn },
		{ "ALPN: what was not offered", test_alpn_not_offered },
		{ "any chunks, any sink", test_chunks },
		{ "a sink that refuses at each point", test_refusing_sink },
		{ "a sink that is gone", test_sink_gone },
		{ "what is no TLS", test_strangers },
		{ "TLS 1.1 is refused", test_old_version },
		{ "no common group", test_nothing_shared },
		{ "limits of a worker", test_limits },
	};
	int rc;

	pki_init(&pki);
	leaf = pki_leaf(&pki, PKI_P256, "db.example", -1, 1);
	legs_init(&legs, NULL);
	rc = suite_run("tls handshake", tests, sizeof(tests) / sizeof(*tests));
	legs_done(&legs);
	pki_pem_free(&leaf);
	pki_done(&pki);
	return rc;
}
