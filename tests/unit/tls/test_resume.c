/* SPDX-License-Identifier: Apache-2.0
 * Resumption: stateless tickets of the server side, the worker's cache of the client side. */
#include "tests/unit/net/suite.h"
#include "tests/unit/tls/legs.h"

#include <errno.h>
#include <string.h>

static struct pki pki;
static struct pki_pem leaf;
static struct legs legs;

static const struct tls_ticket_key keys[] = {
	{ "name of key one", { 1, 2, 3 }, { 4, 5, 6 } },
	{ "name of key two", { 7, 8, 9 }, { 10, 11, 12 } },
	{ "name of key 3..", { 13 }, { 14 } },
};

/* Server contexts seal with keys[first] and open <n> from there, in the order of age. */
static struct tls_ctx *server_with(const struct tls_ticket_key *first, size_t n)
{
	const struct tls_server_conf conf = { .chain_pem = leaf.chain,
		.key_pem = leaf.key,
		.ticket_keys = first,
		.n_ticket_keys = n };

	return legs_server_ctx(&conf);
}

static struct tls_ctx *client_new(void)
{
	const struct tls_client_conf conf = {
		.mode = TLS_VERIFY_FULL, .ca_pem = pki.root_pem, .host = "db.example"
	};

	return legs_client_ctx(&conf);
}

/* A whole connection; true: it was resumed, and both sides say so. */
static bool converse(
		struct tls_ctx *client, struct tls_ctx *server, uint16_t version, int64_t now_s)
{
	struct tls_facts a, b;

	legs_open(&legs, client, server, now_s);
	SSL_set_max_proto_version(legs.client.conn->ssl, version);
	CU_ASSERT_FATAL(legs_handshake(&legs));
	CU_ASSERT(legs_say(&legs.server, "a ticket of 1.3 comes along with this"));
	CU_ASSERT(legs_say(&legs.client, "x"));
	tls_conn_facts(legs.client.conn, &a);
	tls_conn_facts(legs.server.conn, &b);
	CU_ASSERT_EQUAL(a.resumed, b.resumed);
	if (a.resumed)
		CU_ASSERT(a.has_peer_cert); /* kept along: the channel binding needs it */
	tls_conn_free(&legs.client.conn);
	tls_conn_free(&legs.server.conn);
	return a.resumed;
}

static void forget_all(void)
{
	legs_done(&legs);
	legs_init(&legs, NULL);
}

static void test_both_versions(void)
{
	for (uint16_t version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		struct tls_ctx *client = client_new(), *server = server_with(keys, 1);

		CU_ASSERT(!converse(client, server, version, pki.now_s));
		for (int i = 0; i < 5; i++)
			CU_ASSERT(converse(client, server, version, pki.now_s));
		/* kept ones grow old by the caller's clock, and are not used from the future */
		CU_ASSERT(!converse(client, server, version, pki.now_s + SESSION_LIFE_S + 1));
		CU_ASSERT(!converse(client, server, version, pki.now_s));
		tls_ctx_free(&client);
		tls_ctx_free(&server);
	}
	CU_ASSERT_EQUAL(tls_worker_counters(legs.worker)->resumed, 20); /* both legs count */
	CU_ASSERT_EQUAL(tls_worker_counters(legs.worker)->full, 12);
	forget_all();
}

/* Each context is a reload: the keys move down, the newest seals. */
static void test_rotation(void)
{
	for (uint16_t version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		const struct tls_ticket_key second[] = { keys[1], keys[0] };
		const struct tls_ticket_key third[] = { keys[2], keys[1] };
		struct tls_ctx *client = client_new();
		struct tls_ctx *servers[] = { server_with(keys, 1), server_with(second, 2),
			server_with(third, 2) };

		CU_ASSERT(!converse(client, servers[0], version, pki.now_s));
		CU_ASSERT(converse(client, servers[1], version, pki.now_s));
		CU_ASSERT(converse(client, servers[2], version, pki.now_s));
		/* by now it is sealed with the third */
		CU_ASSERT(!converse(client, servers[0], version, pki.now_s));
		/* and what the first has sealed is forgotten by the third */
		CU_ASSERT(!converse(client, servers[2], version, pki.now_s));
		for (int i = 0; i < 3; i++)
			tls_ctx_free(&servers[i]);
		tls_ctx_free(&client);
	}
	forget_all();
}

static void test_no_tickets(void)
{
	for (uint16_t version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		struct tls_ctx *client = client_new(), *server = server_with(NULL, 0);

		CU_ASSERT(!converse(client, server, version, pki.now_s));
		CU_ASSERT(!converse(client, server, version, pki.now_s));
		CU_ASSERT_PTR_NULL(legs.worker->kept[0].session);
		tls_ctx_free(&client);
		tls_ctx_free(&server);
	}
	forget_all();
}

/* The same ticket keys under another certificate, or other demands on clients, open nothing. */
static void test_scope(void)
{
	struct pki_pem other = pki_leaf(&pki, PKI_P256, "db.example", -1, 1);
	const struct tls_server_conf conf = { .chain_pem = other.chain,
		.key_pem = other.key,
		.ticket_keys = keys,
		.n_ticket_keys = 1 };
	const struct tls_server_conf asks = { .chain_pem = leaf.chain,
		.key_pem = leaf.key,
		.client_ca_pem = pki.root_pem,
		.ticket_keys = keys,
		.n_ticket_keys = 1 };
	struct tls_ctx *client = client_new(), *a = server_with(keys, 1),
		       *b = legs_server_ctx(&conf), *c = legs_server_ctx(&asks);

	CU_ASSERT(!converse(client, a, TLS1_3_VERSION, pki.now_s));
	CU_ASSERT(!converse(client, b, TLS1_3_VERSION, pki.now_s));
	CU_ASSERT(converse(client, b, TLS1_3_VERSION, pki.now_s));
	CU_ASSERT(!converse(client, c, TLS1_3_VERSION, pki.now_s));
	tls_ctx_free(&client);
	tls_ctx_free(&a);
	tls_ctx_free(&b);
	tls_ctx_free(&c);
	pki_pem_free(&other);
	forget_all();
}

/* A session is offered to the peer and under the context that it came from only. */
static void test_client_scope(void)
{
	const struct tls_peer elsewhere = { .now_s = pki.now_s,
		.key = { (const uint8_t *)"else", 4 } };
	const struct tls_peer nobody = { .now_s = pki.now_s };
	struct tls_ctx *client = client_new(), *client_2 = client_new(),
		       *server = server_with(keys, 1);

	CU_ASSERT(!converse(client, server, TLS1_3_VERSION, pki.now_s));
	CU_ASSERT(!converse(client_2, server, TLS1_3_VERSION, pki.now_s));
	for (int i = 0; i < 2; i++) {
		legs_open(&legs, client, server, pki.now_s);
		tls_conn_free(&legs.client.conn);
		legs.client.conn = tls_conn_new(legs.worker, client, i == 0 ? &elsewhere : &nobody);
		CU_ASSERT(legs_handshake(&legs));
		CU_ASSERT(!SSL_session_reused(legs.client.conn->ssl));
		tls_conn_free(&legs.client.conn);
		tls_conn_free(&legs.server.conn);
	}
	tls_ctx_free(&client);
	tls_ctx_free(&client_2);
	tls_ctx_free(&server);
	forget_all();
}

static uint32_t count_kept(const struct tls_ctx *ctx)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < legs.worker->limits.max_sessions; i++) {
		const struct kept *k = &legs.worker->kept[i];

		n += k->session != NULL && k->ctx_id == ctx->id;
	}
	return n;
}

/* No peer makes the cache larger, and no context has all of it. */
static void test_bounded(void)
{
	const struct tls_limits few = { .max_sessions = 4, .max_sessions_per_ctx = 3 };
	struct tls_ctx *client = client_new(), *client_2 = client_new(),
		       *server = server_with(keys, 1);
	uint8_t key = 0;

	legs_done(&legs);
	legs_init(&legs, &few);
	for (int i = 0; i < 9; i++) {
		const struct tls_peer peer = { .now_s = pki.now_s, .key = { &key, 1 } };

		key++;
		legs_open(&legs, client, server, pki.now_s);
		tls_conn_free(&legs.client.conn);
		legs.client.conn = tls_conn_new(legs.worker, client, &peer);
		CU_ASSERT(legs_handshake(&legs));
		CU_ASSERT(legs_say(&legs.server, "x"));
		CU_ASSERT_EQUAL(count_kept(client), i < 3 ? (uint32_t)i + 1 : 3);
	}
	CU_ASSERT(!converse(client_2, server, TLS1_3_VERSION, pki.now_s));
	CU_ASSERT(converse(client_2, server, TLS1_3_VERSION, pki.now_s));
	CU_ASSERT_EQUAL(count_kept(client), 3);
	CU_ASSERT_EQUAL(count_kept(client_2), 1);
	tls_ctx_free(&client);
	tls_ctx_free(&client_2);
	tls_ctx_free(&server);
	forget_all();
}

/* RFC 8446 4.2.10: a server that sends no early_data in its tickets takes none. */
static void test_no_early_data(void)
{
	struct tls_ctx *client = client_new(), *server = server_with(keys, 1);
	struct tls_io io = { .emit = NULL };
	size_t n = 0;

	CU_ASSERT(!converse(client, server, TLS1_3_VERSION, pki.now_s));
	CU_ASSERT_FATAL(legs.worker->kept[0].session != NULL);
	CU_ASSERT_EQUAL(SSL_SESSION_get_max_early_data(legs.worker->kept[0].session), 0);
	/* a client that sends it all the same: its session was changed to allow it */
	SSL_SESSION_set_max_early_data(legs.worker->kept[0].session, 1000);
	legs_open(&legs, client, server, pki.now_s);
	legs.client.conn->io = &io;
	CU_ASSERT(SSL_write_early_data(legs.client.conn->ssl, "DROP", 4, &n) == 1 && n == 4);
	legs.client.conn->io = NULL;
	CU_ASSERT(legs_handshake(&legs));
	CU_ASSERT_EQUAL(SSL_get_early_data_status(legs.server.conn->ssl), SSL_EARLY_DATA_REJECTED);
	CU_ASSERT(legs_say(&legs.client, "SELECT"));
	tls_conn_free(&legs.client.conn);
	tls_conn_free(&legs.server.conn);
	tls_ctx_free(&client);
	tls_ctx_free(&server);
	forget_all();
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "TLS 1.2 and 1.3", test_both_versions },
		{ "rotation of ticket keys", test_rotation },
		{ "no ticket keys, no tickets", test_no_tickets },
		{ "another certificate, other demands", test_scope },
		{ "another peer, another context", test_client_scope },
		{ "the cache is bounded", test_bounded },
		{ "early data is refused", test_no_early_data },
	};
	int rc;

	pki_init(&pki);
	leaf = pki_leaf(&pki, PKI_P256, "db.example", -1, 1);
	legs_init(&legs, NULL);
	rc = suite_run("tls resume", tests, sizeof(tests) / sizeof(*tests));
	legs_done(&legs);
	pki_pem_free(&leaf);
	pki_done(&pki);
	return rc;
}
