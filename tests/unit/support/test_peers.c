/* SPDX-License-Identifier: Apache-2.0
 * The two ends of a session with nothing between them: what they say to each other is what a test of
 * something between them compares with. */
#include "parsers/base/must.h"
#include "tests/support/pg_peer.h"
#include "tests/unit/net/suite.h"

#include <string.h>

enum { NOW_S = 1800000000 };

static struct {
	struct pki pki;
	struct tls_worker *worker;
	struct tls_ctx *server, *client;
} tls;

static struct pg_agent agent;
static struct pg_server server;
static size_t chunk; /* bytes that go over at once; 0: all */

static void tls_init(void)
{
	static const struct tls_limits limits;
	struct pki_pem pem;

	pki_init_at(&tls.pki, NOW_S);
	pem = pki_leaf(&tls.pki, PKI_P256, "db.example", -1, 1);
	const struct tls_server_conf sc = { .chain_pem = pem.chain, .key_pem = pem.key };
	const struct tls_client_conf cc = {
		.mode = TLS_VERIFY_FULL, .ca_pem = tls.pki.root_pem, .host = "db.example"
	};

	tls.worker = tls_worker_new(&limits);
	tls.server = legs_server_ctx(&sc);
	tls.client = legs_client_ctx(&cc);
	pki_pem_free(&pem);
}

static void tls_done(void)
{
	tls_ctx_free(&tls.server);
	tls_ctx_free(&tls.client);
	tls_worker_free(&tls.worker);
	pki_done(&tls.pki);
}

static bool move(struct pipe *from, bool to_agent)
{
	const size_t n = chunk > 0 && chunk < from->len ? chunk : from->len;
	uint8_t *copy;

	if (n == 0)
		return false;
	copy = malloc(n);
	must(copy != NULL);
	memcpy(copy, from->bytes, n);
	pipe_drop(from, n);
	if (to_agent)
		pg_agent_feed(&agent, copy, n);
	else
		pg_server_feed(&server, copy, n);
	free(copy);
	return true;
}

static void run(void)
{
	bool moved = true;

	while (moved) {
		moved = move(&agent.wire.net_out, false);
		moved |= move(&server.wire.net_out, true);
	}
}

static void begin(const struct pg_agent_conf *ac, const struct pg_server_conf *sc)
{
	pg_agent_init(&agent, ac);
	pg_server_init(&server, sc);
}

static void end(void)
{
	pg_agent_done(&agent);
	pg_server_done(&server);
	chunk = 0;
}

#define CLEAR .user = "app", .database = "orders", .password = "secret"
#define IN                                                                                         \
	"R=0 S=server_version=15.0 S=client_encoding=UTF8 S=standard_conforming_strings=on "       \
	"S=application_name= K Z=I"

static void converse(const char *heard)
{
	pg_agent_start(&agent);
	run();
	CU_ASSERT_STRING_EQUAL(agent.log.text, heard);
	CU_ASSERT_EQUAL(agent.state, PG_AGENT_READY);
	CU_ASSERT_EQUAL(agent.pid, PG_SERVER_PID);
	agent.log = (struct pg_log){ .len = 0 };
	pg_agent_say(&agent, "Q select 1");
	pg_agent_say(&agent, "Q begin;nonsense");
	run();
	CU_ASSERT_STRING_EQUAL(agent.log.text, "T D C=SELECT_1 Z=I C=BEGIN E=42P01 Z=E");
	CU_ASSERT_EQUAL(agent.n_ready, 3);
	CU_ASSERT_EQUAL(agent.status, 'E');
	agent.log = (struct pg_log){ .len = 0 };
	pg_agent_say(&agent, "Q select 1");
	pg_agent_say(&agent, "Q rollback");
	pg_agent_say(&agent, "P |select 2");
	pg_agent_say(&agent, "B ||");
	pg_agent_say(&agent, "D P");
	pg_agent_say(&agent, "E |0");
	pg_agent_say(&agent, "P |oops");
	pg_agent_say(&agent, "E nothing|0");
	pg_agent_say(&agent, "E skipped|0");
	pg_agent_say(&agent, "S");
	run();
	CU_ASSERT_STRING_EQUAL(agent.log.text,
			"E=25P02 Z=E C=ROLLBACK Z=I 1 2 T D C=SELECT_1 1 E=34000 Z=I");
	CU_ASSERT_STRING_EQUAL(agent.code, "34000");
	pg_agent_say(&agent, "X");
	run();
	CU_ASSERT(server.is_over);
}

static void test_clear(void)
{
	const struct pg_agent_conf ac = { CLEAR };
	const struct pg_server_conf sc = { .auth = PG_SERVER_TRUST };

	for (chunk = 0; chunk < 4; chunk++) {
		const size_t k = chunk;

		begin(&ac, &sc);
		converse(IN);
		CU_ASSERT_STRING_EQUAL(server.user, "app");
		CU_ASSERT_STRING_EQUAL(server.database, "orders");
		end();
		chunk = k;
	}
	chunk = 0;
}

static void test_tls(void)
{
	const struct pg_peer_tls client = { tls.worker, tls.client, NOW_S };
	const struct pg_peer_tls serves = { tls.worker, tls.server, NOW_S };
	const struct pg_agent_conf ac = { CLEAR, .tls = client };
	const struct pg_agent_conf direct = { CLEAR, .tls = client, .direct_tls = true };
	const struct pg_server_conf sc = {
		.tls = serves, .auth = PG_SERVER_CLEAR, .password = "secret"
	};
	const struct pg_server_conf direct_sc = { .tls = serves, .direct_tls = true };

	begin(&ac, &sc);
	converse("R=3 " IN);
	CU_ASSERT_PTR_NOT_NULL(agent.wire.conn);
	CU_ASSERT_PTR_NOT_NULL(strstr(server.log.text, "ssl start=app/orders p Q"));
	end();
	chunk = 1;
	begin(&ac, &sc);
	converse("R=3 " IN);
	end();
	begin(&direct, &direct_sc);
	converse(IN);
	end();
}

/* Each way not to get in. */
static void test_refused(void)
{
	static const struct {
		const char *row, *heard;
		const char *password;
		bool wants_tls;
		struct pg_server_conf sc;
	} rows[] = {
		{ "wrong password", "R=3 E=28P01", "other", false,
				{ .auth = PG_SERVER_CLEAR, .password = "secret" } },
		{ "no password", "R=3 no-password", NULL, false,
				{ .auth = PG_SERVER_CLEAR, .password = "secret" } },
		{ "SCRAM is for the control plane", "R=10 no-password", "x", false,
				{ .auth = PG_SERVER_SCRAM } },
		{ "fatal", "E=57P03", "x", false, { .mood = PG_SERVER_FATAL } },
		{ "nonsense", "bad-length", "x", false, { .mood = PG_SERVER_NONSENSE } },
		{ "no TLS", "no-tls", "x", true, { .mood = PG_SERVER_GOOD } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct pg_agent_conf ac = { .user = "app",
			.database = "orders",
			.password = rows[i].password,
			.tls = { tls.worker, rows[i].wants_tls ? tls.client : NULL, NOW_S } };

		begin(&ac, &rows[i].sc);
		pg_agent_start(&agent);
		run();
		CHECK_ROW(rows[i].row, strcmp(agent.log.text, rows[i].heard) == 0);
		CHECK_ROW(rows[i].row, agent.state == PG_AGENT_OVER);
		end();
	}
}

static void test_silent_and_mute(void)
{
	const struct pg_agent_conf ac = { CLEAR };
	const struct pg_server_conf silent = { .mood = PG_SERVER_SILENT };
	const struct pg_server_conf good = { .auth = PG_SERVER_TRUST };

	begin(&ac, &silent);
	pg_agent_start(&agent);
	run();
	CU_ASSERT_STRING_EQUAL(agent.log.text, "");
	CU_ASSERT_EQUAL(agent.state, PG_AGENT_STARTING);
	end();
	begin(&ac, &good);
	pg_agent_start(&agent);
	run();
	server.is_mute = true;
	pg_agent_say(&agent, "Q select 1");
	run();
	CU_ASSERT_EQUAL(agent.n_ready, 1);
	server.is_mute = false;
	pg_server_feed(&server, NULL, 0);
	run();
	CU_ASSERT_EQUAL(agent.n_ready, 2);
	end();
}

static void test_cancel(void)
{
	const struct pg_agent_conf clear = { CLEAR };
	const struct pg_agent_conf safe = { CLEAR, .tls = { tls.worker, tls.client, NOW_S } };
	const struct pg_server_conf sc = { .tls = { tls.worker, tls.server, NOW_S } };

	for (int i = 0; i < 2; i++) {
		begin(i == 0 ? &clear : &safe, &sc);
		pg_agent_cancel(&agent, 7, "keyk", 4);
		run();
		CU_ASSERT_EQUAL(server.n_cancels, 1);
		CU_ASSERT_EQUAL(server.cancel_pid, 7);
		CU_ASSERT_EQUAL(server.cancel_key_len, 4);
		CU_ASSERT_EQUAL(memcmp(server.cancel_key, "keyk", 4), 0);
		CU_ASSERT_EQUAL(server.wire.conn != NULL, i == 1);
		end();
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "clear", test_clear },
		{ "TLS", test_tls },
		{ "refused", test_refused },
		{ "silent, mute", test_silent_and_mute },
		{ "cancel", test_cancel },
	};
	int rc;

	tls_init();
	rc = suite_run("peers", tests, sizeof(tests) / sizeof(*tests));
	tls_done();
	return rc;
}
