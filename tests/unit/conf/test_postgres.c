/* SPDX-License-Identifier: Apache-2.0
 * Targets of protocol postgres: every message, every key's field, what is taken when nothing is said. */
#include "ctrlplane/conf/conf_priv.h"
#include "tests/unit/conf/expect.h"
#include "tests/unit/net/suite.h"

#include <string.h>

static void test_rows(void)
{
	for (size_t i = 0; i < conf_n_rows_postgres; i++)
		expect_row(&conf_rows_postgres[i]);
}

static void test_values_postgres(void)
{
	const struct conf_postgres *p;
	struct conf *c = NULL;

	CU_ASSERT_EQUAL_FATAL(
			parse(POSTGRES("agent_tls: {mode: off, token_in_clear: yes}, mode: relay,\n"
				       "  prod_tls: {mode: verify-full, ca: /a, host: 10.0.0.1, "
				       "cert: /c, key: /k,\n"
				       "    negotiation: direct}, packs: [read-only, sql-risk],\n"
				       "  application_name: session, explain_held: no,\n"
				       "  limits: {command_kb: 4000, handshake_s: 1, hold_s: 2, "
				       "hold_notice_s: 3}"),
					&c),
			0);
	CU_ASSERT_EQUAL(c->targets[0].protocol, CONF_PROTOCOL_POSTGRES);
	p = &c->targets[0].postgres;
	CU_ASSERT_TRUE(p->agent_tls.mode == CONF_AGENT_TLS_OFF && p->agent_tls.token_in_clear);
	CU_ASSERT_EQUAL(p->prod_tls.mode, CONF_PROD_TLS_VERIFY_FULL);
	CU_ASSERT_STRING_EQUAL(p->prod_tls.ca, "/a");
	CU_ASSERT_STRING_EQUAL(p->prod_tls.host, "10.0.0.1");
	CU_ASSERT_STRING_EQUAL(p->prod_tls.cert, "/c");
	CU_ASSERT_STRING_EQUAL(p->prod_tls.key, "/k");
	CU_ASSERT_TRUE(p->prod_tls.direct);
	CU_ASSERT_EQUAL_FATAL(p->n_packs, 2);
	CU_ASSERT_STRING_EQUAL(p->packs[0], "read-only");
	CU_ASSERT_STRING_EQUAL(p->packs[1], "sql-risk");
	CU_ASSERT_TRUE(p->command_bytes == 4000 << 10 && p->handshake_s == 1);
	CU_ASSERT_TRUE(p->hold_s == 2 && p->hold_notice_s == 3 &&
			p->labels == CONF_LABELS_SESSION && !p->estimates);
	CU_ASSERT_EQUAL(c->targets[0].policy.rcv_cap_max_bytes, CONF_QUEUE_MAX);
	conf_free(&c);
}

/* What is not said is the safe way, and a command fits into its queue without being told to. */
static void test_values_postgres_unsaid(void)
{
	const struct conf_postgres *p;
	struct conf *c = NULL;

	CU_ASSERT_EQUAL_FATAL(parse(POSTGRES(TLS), &c), 0);
	p = &c->targets[0].postgres;
	CU_ASSERT_TRUE(p->agent_tls.mode == CONF_AGENT_TLS_REQUIRE && !p->agent_tls.token_in_clear);
	CU_ASSERT_STRING_EQUAL(p->agent_tls.cert, "/c");
	CU_ASSERT_STRING_EQUAL(p->agent_tls.key, "/k");
	CU_ASSERT_TRUE(p->prod_tls.mode == CONF_PROD_TLS_OFF && !p->prod_tls.direct);
	CU_ASSERT_TRUE(p->n_packs == 0 && p->command_bytes == 1 << 20);
	CU_ASSERT_TRUE(p->handshake_s == 20 && p->hold_s == 900 && p->hold_notice_s == 5);
	CU_ASSERT_TRUE(p->labels == CONF_LABELS_WRITES && p->estimates);
	CU_ASSERT_EQUAL(c->targets[0].policy.rcv_cap_max_bytes, (1 << 20) + CONF_QUEUE_SPARE);
	conf_free(&c);
	CU_ASSERT_EQUAL_FATAL(parse(POSTGRES(TLS ", limits: {command_kb: 928}"), &c), 0);
	CU_ASSERT_EQUAL(c->targets[0].policy.rcv_cap_max_bytes, 1 << 20);
	conf_free(&c);
}

/* A certificate does where a password would. */
static void test_certificate_alone(void)
{
	struct conf *c = NULL;

	CU_ASSERT_EQUAL_FATAL(
			parse(MINIMAL "identity: {issuers: [{name: a, issuer: 'https://a', "
				      "audience: x, jwks: /k}]}\n"
				      "targets: [{name: t, match: {address: 10.0.0.1}, protocol: postgres,\n"
				      "  actors: [{issuer: a}], credential: {user: u},\n"
				      "  agent_tls: {cert: /c, key: /k},\n"
				      "  prod_tls: {mode: require, cert: /c, key: /k}}]\n",
					&c),
			0);
	CU_ASSERT_STRING_EQUAL(c->targets[0].credential.user, "u");
	CU_ASSERT_PTR_NULL(c->targets[0].credential.password.file);
	conf_free(&c);
}

static void test_good_postgres(void)
{
	static const char *const prod[] = { "mode: require", "mode: require, host: db",
		"mode: require, negotiation: direct", "mode: verify-ca, ca: /a",
		"mode: verify-ca, ca: /a, host: 'fd00::1'",
		"mode: verify-full, ca: /a, host: a.b-c.d_e, negotiation: postgres" };
	char yaml[1024];

	for (size_t i = 0; i < sizeof(prod) / sizeof(prod[0]); i++) {
		snprintf(yaml, sizeof(yaml),
				POSTGRES("agent_tls: {mode: require, cert: /c, key: /k, "
					 "token_in_clear: no}, prod_tls: {%s}"),
				prod[i]);
		expect_good(yaml);
	}
	expect_good(POSTGRES(TLS ", tcp: {queue_max: 97K}, limits: {command_kb: 1}"));
	expect_good(POSTGRES(TLS ", packs: [sql-risk, crm]") "rules: {files: [/a/crm.yaml]}");
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "each message, its line and column", test_rows },
		{ "values", test_values_postgres },
		{ "values, unsaid", test_values_postgres_unsaid },
		{ "a certificate alone", test_certificate_alone },
		{ "what is no mistake", test_good_postgres },
	};

	return suite_run("conf/postgres", tests, sizeof(tests) / sizeof(tests[0]));
}
