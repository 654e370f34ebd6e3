/* SPDX-License-Identifier: Apache-2.0
 * Keys that are too slow for a worker: which they are, that their work is done on another thread
 * (really another one, here), and what contexts refuse. */
#include "tests/unit/net/suite.h"
#include "tests/unit/tls/legs.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static struct pki pki;
static struct legs legs;

/* A thread that does one connection's step at a time: a mailbox either way. */
struct helper {
	_Atomic(struct tls_conn *) to, from;
	_Atomic bool is_over;
	pthread_t thread;
};

static void *helper_run(void *arg)
{
	struct helper *h = arg;

	while (!atomic_load(&h->is_over)) {
		struct tls_conn *c = atomic_exchange_explicit(&h->to, NULL, memory_order_acquire);

		if (c == NULL)
			continue;
		tls_conn_slow_run(c);
		atomic_store_explicit(&h->from, c, memory_order_release);
	}
	return NULL;
}

static void helper_do(struct helper *h, struct tls_conn *c)
{
	atomic_store_explicit(&h->to, c, memory_order_release);
	while (atomic_load_explicit(&h->from, memory_order_acquire) != c)
		;
	atomic_store(&h->from, NULL);
}

static int emit(void *ctx, const uint8_t *bytes, uint32_t n)
{
	struct leg *leg = ctx;

	pipe_put(&leg->peer->in, bytes, n);
	return (int)n;
}

static enum tls_rc step(struct helper *h, struct leg *leg)
{
	const struct span in = { leg->in.bytes, leg->in.len };
	struct tls_io io = { .spans = &in, .n_spans = 1, .emit = emit, .emit_ctx = leg };
	const enum tls_rc rc = tls_conn_handshake(leg->conn, &io);

	pipe_drop(&leg->in, io.consumed);
	if (rc == TLS_SLOW) {
		leg->n_slow++;
		helper_do(h, leg->conn);
	}
	return rc;
}

static bool handshake_over_thread(void)
{
	struct helper h = { .is_over = false };
	enum tls_rc a = TLS_NEED_INPUT, b = TLS_NEED_INPUT;

	CU_ASSERT_FATAL(pthread_create(&h.thread, NULL, helper_run, &h) == 0);
	for (int i = 0; i < 12 && (a != TLS_OK || b != TLS_OK); i++) {
		a = step(&h, &legs.client);
		b = step(&h, &legs.server);
	}
	atomic_store(&h.is_over, true);
	pthread_join(h.thread, NULL);
	return a == TLS_OK && b == TLS_OK;
}

struct row {
	const char *name;
	enum pki_kind kind;
	bool is_slow;                      /* to sign with */
	uint32_t n_client, n_client_tls12; /* slow steps of a verifying client */
};

static const struct row rows[] = {
	{ "P-256", PKI_P256, false, 0, 0 },
	{ "Ed25519", PKI_ED25519, false, 0, 0 },
	{ "RSA 2048", PKI_RSA_2048, true, 0, 0 },
	{ "RSA 3072", PKI_RSA_3072, true, 0, 0 },
	{ "RSA 4096", PKI_RSA_4096, true, 1, 1 },
	{ "P-384", PKI_P384, true, 1, 1 },
	{ "P-521", PKI_P521, true, 1, 1 },
};

static void run_row(const struct row *r, const struct pki_pem *pem, uint16_t version)
{
	const struct tls_server_conf s = { .chain_pem = pem->chain, .key_pem = pem->key };
	const struct tls_client_conf c = {
		.mode = TLS_VERIFY_FULL, .ca_pem = pki.root_pem, .host = "db.example"
	};
	struct tls_ctx *server = legs_server_ctx(&s), *client = legs_client_ctx(&c);
	const uint32_t n_client = version == TLS1_2_VERSION ? r->n_client_tls12 : r->n_client;

	CHECK_ROW(r->name, tls_ctx_is_slow(server) == r->is_slow);
	CHECK_ROW(r->name, !tls_ctx_is_slow(client));
	legs_open(&legs, client, server, pki.now_s);
	SSL_set_max_proto_version(legs.client.conn->ssl, version);
	CHECK_ROW(r->name, handshake_over_thread());
	CHECK_ROW(r->name, legs.server.n_slow == (r->is_slow ? 1 : 0));
	CHECK_ROW(r->name, legs.client.n_slow >= n_client && legs.client.n_slow <= n_client + 1);
	CHECK_ROW(r->name, legs_say(&legs.client, "x") && legs_say(&legs.server, "y"));
	/* in any pieces as well */
	legs_open(&legs, client, server, pki.now_s);
	SSL_set_max_proto_version(legs.client.conn->ssl, version);
	legs.client.feed = 50;
	legs.client.chunk = legs.server.feed = legs.server.take = 11;
	CHECK_ROW(r->name, legs_handshake(&legs));
	CHECK_ROW(r->name, legs_say(&legs.client, "x") && legs_say(&legs.server, "y"));
	legs.client.feed = legs.client.chunk = legs.server.feed = legs.server.take = 0;
	tls_conn_free(&legs.client.conn);
	tls_conn_free(&legs.server.conn);
	tls_ctx_free(&client);
	tls_ctx_free(&server);
}

static void test_kinds(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pki_pem pem = pki_leaf(&pki, rows[i].kind, "db.example", -1, 1);

		run_row(&rows[i], &pem, TLS1_2_VERSION);
		run_row(&rows[i], &pem, TLS1_3_VERSION);
		pki_pem_free(&pem);
	}
}

/* Refused on the other thread: the worker hears of it, and the alert leaves. */
static void test_refusal(void)
{
	struct pki_pem pem = pki_leaf(&pki, PKI_P384, "db.example", -2, -1);
	const struct tls_server_conf s = { .chain_pem = pem.chain, .key_pem = pem.key };
	const struct tls_client_conf c = { .mode = TLS_VERIFY_CA, .ca_pem = pki.root_pem };
	struct tls_ctx *server = legs_server_ctx(&s), *client = legs_client_ctx(&c);
	struct tls_failure f;

	legs_open(&legs, client, server, pki.now_s);
	CU_ASSERT(!handshake_over_thread());
	tls_conn_failure(legs.client.conn, &f);
	CU_ASSERT_EQUAL(f.reason, TLS_REASON_CERT_TIME);
	CU_ASSERT_EQUAL(tls_worker_counters(legs.worker)->failed[TLS_REASON_CERT_TIME], 1);
	tls_conn_failure(legs.server.conn, &f);
	CU_ASSERT_EQUAL(f.alert_received, 45);
	tls_conn_free(&legs.client.conn);
	tls_conn_free(&legs.server.conn);
	tls_ctx_free(&client);
	tls_ctx_free(&server);
	pki_pem_free(&pem);
}

/* A client's chain is of a kind that the client chose. */
static void test_client_chain(void)
{
	struct pki_pem pem = pki_leaf(&pki, PKI_P256, "db.example", -1, 1);
	struct pki_pem own = pki_client_leaf(&pki, "agent.example");
	const struct tls_server_conf s = {
		.chain_pem = pem.chain, .key_pem = pem.key, .client_ca_pem = pki.root_pem
	};
	const struct tls_client_conf c = { .mode = TLS_VERIFY_CA,
		.ca_pem = pki.root_pem,
		.chain_pem = own.chain,
		.key_pem = own.key };
	struct tls_ctx *server = legs_server_ctx(&s), *client = legs_client_ctx(&c);

	legs_open(&legs, client, server, pki.now_s);
	CU_ASSERT(handshake_over_thread());
	CU_ASSERT_EQUAL(legs.server.n_slow, 1);
	CU_ASSERT_EQUAL(legs.client.n_slow, 0);
	tls_conn_free(&legs.client.conn);
	tls_conn_free(&legs.server.conn);
	tls_ctx_free(&client);
	tls_ctx_free(&server);
	pki_pem_free(&pem);
	pki_pem_free(&own);
}

struct bad {
	const char *name;
	struct span chain, key, ca;
	const char *host, *says;
};

static void test_refused_conf(void)
{
	struct pki_pem good = pki_leaf(&pki, PKI_P256, "a", -1, 1);
	struct pki_pem other = pki_leaf(&pki, PKI_P256, "b", -1, 1);
	struct pki_pem small = pki_leaf(&pki, PKI_RSA_1024, "c", -1, 1);
	struct pki_pem koblitz = pki_leaf(&pki, PKI_SECP256K1, "d", -1, 1);
	const struct span none = { NULL, 0 }, junk = { (const uint8_t *)"junk\n", 5 };
	const struct bad servers[] = {
		{ "no certificate", none, good.key, none, NULL, "no certificate" },
		{ "junk", junk, good.key, none, NULL, "no certificate" },
		{ "half a certificate", { good.chain.ptr, good.chain.len / 2 }, good.key, none,
				NULL, "certificate" },
		{ "no key", good.chain, none, none, NULL, "no private key" },
		{ "a certificate for a key", good.chain, good.chain, none, NULL, "no private key" },
		{ "another key", good.chain, other.key, none, NULL, "not the certificate's" },
		{ "a small key", small.chain, small.key, none, NULL, "cannot be used" },
		{ "another curve", koblitz.chain, koblitz.key, none, NULL, "on a curve" },
		{ "junk for clients", good.chain, good.key, junk, NULL, "of a CA" },
	};
	const struct bad clients[] = {
		{ "no CA", none, none, none, "a", "of a CA" },
		{ "junk CA", none, none, junk, "a", "of a CA" },
		{ "no host", none, none, pki.root_pem, NULL, "name or address" },
		{ "another key", good.chain, other.key, pki.root_pem, "a",
				"not the certificate's" },
	};
	char err[TLS_ERROR_MAX];
	struct tls_ctx *ctx = NULL;

	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		const struct bad *b = &servers[i];
		const struct tls_server_conf s = {
			.chain_pem = b->chain, .key_pem = b->key, .client_ca_pem = b->ca
		};

		CHECK_ROW(b->name, tls_server_new(&s, &ctx, err) == -EINVAL && ctx == NULL);
		CHECK_ROW(b->name, strstr(err, b->says) != NULL);
		if (strstr(err, b->says) == NULL)
			printf(" %s", err);
	}
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		const struct bad *b = &clients[i];
		const struct tls_client_conf c = { .mode = TLS_VERIFY_FULL,
			.chain_pem = b->chain,
			.key_pem = b->key,
			.ca_pem = b->ca,
			.host = b->host };

		CHECK_ROW(b->name, tls_client_new(&c, &ctx, err) == -EINVAL && ctx == NULL);
		CHECK_ROW(b->name, strstr(err, b->says) != NULL);
	}
	pki_pem_free(&good);
	pki_pem_free(&other);
	pki_pem_free(&small);
	pki_pem_free(&koblitz);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "kinds of keys", test_kinds },
		{ "a refusal on the other thread", test_refusal },
		{ "a client's chain", test_client_chain },
		{ "what contexts refuse", test_refused_conf },
	};
	int rc;

	pki_init(&pki);
	legs_init(&legs, NULL);
	rc = suite_run("tls slow", tests, sizeof(tests) / sizeof(*tests));
	legs_done(&legs);
	pki_done(&pki);
	return rc;
}
