/* SPDX-License-Identifier: Apache-2.0
 * From a target of the configuration to what inspectors are given: files good and bad, and two
 * contexts that really talk to each other. */
#include "ctrlplane/app/rules.h"
#include "ctrlplane/app/target.h"
#include "ctrlplane/log/log.h"
#include "ruleset/load/load.h"
#include "ruleset/mask/mask.h"
#include "ruleset/model/model.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/tls/legs.h"

#include <errno.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 64, WORKERS = 2 };

static char dir[] = "/tmp/sluice-target-XXXXXX";
static char paths[FILES][64], data_dir[64];
static size_t n_paths;
static struct pki pki;
static struct pki_pem leaf, client;
static char *cert, *key, *ca, *client_cert, *client_key;
static char name[] = "orders-db", user[] = "app_ro", host[] = "db.example";

static char *file(const char *called, struct span bytes, mode_t mode)
{
	char *path = paths[n_paths++];
	FILE *f;

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, called);
	f = fopen(path, "w");
	if (f == NULL || fwrite(bytes.ptr, 1, bytes.len, f) != bytes.len || fclose(f) != 0 ||
			chmod(path, mode) != 0)
		abort();
	return path;
}

static char *rules_file(const char *called, const char *text)
{
	return file(called, (struct span){ (const uint8_t *)text, strlen(text) }, 0600);
}

/* As the configuration would have it, but that nothing in it is owned. */
static struct conf_target target_of(void)
{
	return (struct conf_target){ .name = name,
		.protocol = CONF_PROTOCOL_POSTGRES,
		.credential.user = user,
		.postgres = { .agent_tls = { .cert = cert, .key = key },
				.prod_tls = { .mode = CONF_PROD_TLS_VERIFY_FULL,
						.ca = ca,
						.host = host },
				.command_bytes = 5000,
				.handshake_s = 20,
				.hold_s = 86400,
				.hold_notice_s = 5 } };
}

/* What was logged is in <log> until the next call. */
static char log_text[4096];
static struct app_rules rules;

/* As the daemon does; the rules stay until the next call. */
static int all_up(const struct conf *conf, struct app_target **ret)
{
	int rc, one;

	app_rules_down(&rules);
	rc = app_rules_up(conf, WORKERS, &rules);
	one = app_targets_up(conf, rules.first, ret);
	if (rc < 0 && one == 0)
		app_targets_down(ret, conf->n_targets);
	return rc < 0 ? rc : one;
}

static int up(struct conf_target *targets, size_t n, struct app_target **ret)
{
	const struct conf conf = { .targets = targets, .n_targets = n, .data_dir = data_dir };
	FILE *to = fmemopen(log_text, sizeof(log_text), "w");
	int rc;

	memset(log_text, 0, sizeof(log_text));
	log_redirect(to, true);
	rc = all_up(&conf, ret);
	log_redirect(stderr, true);
	fclose(to);
	return rc;
}

static void expect_refused(struct conf_target *t, int rc, const char *about, const char *why)
{
	struct app_target *all = NULL;

	CU_ASSERT_EQUAL(up(t, 1, &all), rc);
	CU_ASSERT_PTR_NULL(all);
	if (strstr(log_text, about) == NULL || strstr(log_text, why) == NULL)
		printf("\n    expected %s: %s, found %s", about, why, log_text);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_text, "target orders-db: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(log_text, about));
	CU_ASSERT_PTR_NOT_NULL(strstr(log_text, why));
}

static void test_all(void)
{
	static char pack[] = "read-only";
	struct conf_target t[2] = { { .name = name }, target_of() };
	const struct match_command unknown = { .sql = SQL_SYNTAX };
	struct app_target *all = NULL;
	struct match_result r;
	struct spine_target *s;

	t[1].postgres.packs[0] = pack;
	t[1].postgres.n_packs = 1;
	CU_ASSERT_EQUAL_FATAL(up(t, 2, &all), 0);
	CU_ASSERT_STRING_EQUAL(log_text, "");
	CU_ASSERT_PTR_NULL(all[0].spine.user); /* protocol: tcp */
	s = &all[1].spine;
	CU_ASSERT_EQUAL(s->index, 1);
	CU_ASSERT_STRING_EQUAL(s->user, user);
	CU_ASSERT_TRUE(s->agent_tls != NULL && s->prod_tls != NULL);
	CU_ASSERT_TRUE(s->prod_verified && !s->prod_direct_tls && !s->token_in_clear);
	CU_ASSERT_EQUAL(s->pg.max_msg_bytes[CODEC_TO_SERVER], 5000);
	CU_ASSERT_EQUAL(s->pg.max_msg_bytes[CODEC_TO_CLIENT], 5000);
	CU_ASSERT_TRUE(s->pg.describe);
	CU_ASSERT_TRUE(s->handshake_ms == 20000 && s->hold_ms == 86400000 && s->notice_ms == 5000);
	match_command(rules.first->targets[1]->policy, &unknown, &r);
	CU_ASSERT_EQUAL(r.verdict, VERDICT_DENY);
	CU_ASSERT_STRING_EQUAL(r.pack, "read-only");
	app_targets_down(&all, 2);
	CU_ASSERT_PTR_NULL(all);
}

static void test_nothing_but_what_is_said(void)
{
	struct conf_target t = target_of();
	struct app_target *all = NULL;

	t.postgres.agent_tls = (struct conf_agent_tls){ .mode = CONF_AGENT_TLS_OFF,
		.token_in_clear = true };
	t.postgres.prod_tls = (struct conf_prod_tls){ .mode = CONF_PROD_TLS_OFF };
	CU_ASSERT_EQUAL_FATAL(up(&t, 1, &all), 0);
	CU_ASSERT_TRUE(all->spine.agent_tls == NULL && all->spine.prod_tls == NULL);
	CU_ASSERT_TRUE(all->spine.token_in_clear && !all->spine.prod_verified);
	CU_ASSERT_PTR_NULL(all->spine.rules);
	app_targets_down(&all, 1);
	t.postgres.prod_tls =
			(struct conf_prod_tls){ .mode = CONF_PROD_TLS_REQUIRE, .direct = true };
	CU_ASSERT_EQUAL_FATAL(up(&t, 1, &all), 0);
	CU_ASSERT_TRUE(all->spine.prod_tls != NULL && !all->spine.prod_verified);
	CU_ASSERT_TRUE(all->spine.prod_direct_tls);
	app_targets_down(&all, 1);
}

/* ---- operators' rules */

static const char crm[] = "pack: crm\n"
			  "commands:\n"
			  "  - {id: no-copy, when: {sql: {kind: copy_to}}, then: deny}\n";

/* Everything of <c>, with one target whose packs are these. */
static int up_with(struct conf *c, struct app_target **ret)
{
	struct conf_target t = target_of();
	static char risk[] = "sql-risk", own[] = "crm";
	FILE *to = fmemopen(log_text, sizeof(log_text) - 1, "w");
	int rc;

	t.postgres.packs[0] = risk;
	t.postgres.packs[1] = own;
	t.postgres.n_packs = 2;
	c->targets = &t;
	c->n_targets = 1;
	c->data_dir = data_dir;
	memset(log_text, 0, sizeof(log_text));
	log_redirect(to, true);
	rc = all_up(c, ret);
	log_redirect(stderr, true);
	fclose(to);
	return rc;
}

static void expect_rules_refused(struct conf *c, int rc, const char *why)
{
	struct app_target *all = NULL;

	CU_ASSERT_EQUAL(up_with(c, &all), rc);
	CU_ASSERT_PTR_NULL(all);
	if (strstr(log_text, why) == NULL)
		printf("\n    expected %s, found %s", why, log_text);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_text, why));
}

static void test_rules(void)
{
	struct conf c = { .rules.dir = dir };
	struct app_target *all = NULL;
	char *one[] = { rules_file("crm.yaml", crm), NULL };

	CU_ASSERT_EQUAL_FATAL(
			up_with(&c, &all), 0); /* keys and certificates beside it are no rules */
	CU_ASSERT_STRING_EQUAL(log_text, "");
	CU_ASSERT_EQUAL(rules.first->targets[0]->policy->n_packs, 2);
	CU_ASSERT_STRING_EQUAL(rules.first->targets[0]->policy->packs[1].name, "crm");
	app_targets_down(&all, 1);
	c.rules = (struct conf_rules){ .files = { one, 1 } };
	CU_ASSERT_EQUAL_FATAL(up_with(&c, &all), 0);
	app_targets_down(&all, 1);

	c.rules.files.n = 0;
	expect_rules_refused(&c, -ENOENT, "no pack is called 'crm'");
	one[1] = rules_file("again.yaml", crm);
	c.rules.files.n = 2;
	expect_rules_refused(&c, -EINVAL, "another pack has this name");
	one[1] = rules_file("again.yaml", "pack: other\ncommands: [{id: a}]\n");
	expect_rules_refused(&c, -EINVAL, "again.yaml:2:12: 'when' is missing in commands");
	one[1] = rules_file("again.yaml", "pack: sql-risk\n");
	expect_rules_refused(&c, -EINVAL, "another pack has this name");
	one[1] = dir;
	expect_rules_refused(&c, -EISDIR, "Is a directory");
	c.rules = (struct conf_rules){ .dir = one[0] };
	expect_rules_refused(&c, -ENOTDIR, "Not a directory");
}

/* What rules ask is known, and what they never say is told. */
static void test_rules_asked(void)
{
	char *one[] = { rules_file("crm.yaml",
			"pack: crm\ncommands: [{id: a, when: {text: abc, rate: {over: 5, per: 1m}}, "
			"then: deny}]\n") };
	struct conf c = { .rules.files = { one, 1 } };
	struct app_target *all = NULL;

	CU_ASSERT_EQUAL_FATAL(up_with(&c, &all), 0);
	CU_ASSERT_STRING_EQUAL(log_text, "");
	CU_ASSERT_PTR_NOT_NULL(atomic_load(&all[0].spine.rules)->texts);
	app_targets_down(&all, 1);
	one[0] = rules_file("crm.yaml",
			"pack: crm\ncommands: [{id: a, when: {groups: x}, then: deny}]\n");
	CU_ASSERT_EQUAL_FATAL(up_with(&c, &all), 0);
	CU_ASSERT_TRUE(all[0].spine.keeps_actor && all[0].spine.name != NULL);
	app_targets_down(&all, 1);
	one[0] = rules_file("crm.yaml",
			"pack: crm\ncommands: [{id: a, when: {sql: {kind: select}}, "
			"then: allow}]\n");
	CU_ASSERT_EQUAL_FATAL(up_with(&c, &all), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_text, "crm.yaml:2:1: rule 'a' never decides"));
	app_targets_down(&all, 1);
}

/* ---- what is masked */

static struct span key_of(const struct app_target *t)
{
	return (struct span){ (const uint8_t *)t->spine.mask_key, sizeof(struct mask_key) };
}

static void test_mask_key(void)
{
	static char pack[] = "sql-risk";
	struct conf_target t = target_of();
	struct app_target *all = NULL, *again = NULL;
	char *good = rules_file("mask.key", "0123456789abcdef0123456789abcdef\n");
	struct mask_key want;

	CU_ASSERT_EQUAL_FATAL(up(&t, 1, &all), 0);
	CU_ASSERT_PTR_NULL(all->spine.mask_key); /* nothing says what is masked */
	app_targets_down(&all, 1);
	t.postgres.packs[0] = pack;
	t.postgres.n_packs = 1;
	t.postgres.mask_key.file = good;
	CU_ASSERT_EQUAL_FATAL(up(&t, 1, &all), 0);
	CU_ASSERT_EQUAL(mask_key_init(&want,
					(struct span){ (const uint8_t *)"0123456789abcdef0123456789abcdef",
							32 }),
			0);
	CU_ASSERT_EQUAL(memcmp(key_of(all).ptr, &want, sizeof(want)), 0);
	app_targets_down(&all, 1);
	t.postgres.mask_key.file = NULL; /* then each start has its own */
	CU_ASSERT_EQUAL_FATAL(up(&t, 1, &all), 0);
	CU_ASSERT_STRING_EQUAL(log_text, ""); /* nobody hangs on it */
	CU_ASSERT_EQUAL_FATAL(up(&t, 1, &again), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(key_of(all).ptr, key_of(again).ptr, sizeof(want)), 0);
	app_targets_down(&all, 1);
	app_targets_down(&again, 1);
	t.postgres.mask_key.file = rules_file("short.key", "0123456789abcdef0123456789abcde\n");
	expect_refused(&t, -EINVAL, "mask_key: has 31 bytes", "give 32 or more");
	t.postgres.mask_key.file =
			file("open.key", (struct span){ (const uint8_t *)good, 40 }, 0644);
	expect_refused(&t, -EACCES, "mask_key file ", "chmod 600 it");
}

/* Of what is masked with a key, operators are told that the key will not last. */
static void test_mask_key_is_lost(void)
{
	static const struct {
		const char *mask;
		bool is_lost;
	} rows[] = { { "redact", false }, { "{keep_first: 2}", false },
		{ "{pseudonym: true}", true }, { "{noise: 0.1}", true } };

	static char variable[] = "X";
	struct conf_target t = target_of(), kept = target_of();

	kept.postgres.mask_key.env = variable;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct load_report report;
		struct policy *policy = NULL;
		char text[200];
		const int len = snprintf(text, sizeof(text),
				"pack: p\ndata:\n  - {id: a, column: '*.t.c', mask: %s}\n",
				rows[i].mask);
		const struct span span = { (const uint8_t *)text, (size_t)len };

		CU_ASSERT_EQUAL_FATAL(load_policy(&span, 1, &policy, &report), 0);
		CHECK_ROW(rows[i].mask, app_mask_key_is_lost(&t, policy) == rows[i].is_lost);
		CHECK_ROW(rows[i].mask, !app_mask_key_is_lost(&kept, policy));
		policy_free(&policy);
	}
}

/* A client as ours against a server as ours: verified by name, ALPN agreed, then resumed. */
static void test_contexts_talk(void)
{
	struct conf_target t = target_of();
	struct app_target *all = NULL;
	struct tls_facts facts;
	struct legs legs;

	t.postgres.prod_tls.cert = client_cert;
	t.postgres.prod_tls.key = client_key;
	CU_ASSERT_EQUAL_FATAL(up(&t, 1, &all), 0);
	legs_init(&legs, NULL);
	for (int round = 0; round < 2; round++) {
		legs_open(&legs, all->spine.prod_tls, all->spine.agent_tls, pki.now_s);
		CU_ASSERT_TRUE_FATAL(legs_handshake(&legs));
		CU_ASSERT_TRUE(legs_say(&legs.server, "hello")); /* tickets come before it */
		tls_conn_facts(legs.client.conn, &facts);
		CU_ASSERT_TRUE(facts.alpn.len == 10 &&
				memcmp(facts.alpn.ptr, "postgresql", 10) == 0);
		CU_ASSERT_EQUAL(facts.resumed, round == 1);
	}
	legs_done(&legs);
	app_targets_down(&all, 1);
}

/* Another name than the certificate's is refused in the handshake. */
static void test_host_counts(void)
{
	static char other[] = "other.example", address[] = "10.0.0.1";
	char *const hosts[] = { other, address };

	for (size_t i = 0; i < 2; i++) {
		struct conf_target t = target_of();
		struct app_target *all = NULL;
		struct legs legs;

		t.postgres.prod_tls.host = hosts[i];
		CU_ASSERT_EQUAL_FATAL(up(&t, 1, &all), 0);
		legs_init(&legs, NULL);
		legs_open(&legs, all->spine.prod_tls, all->spine.agent_tls, pki.now_s);
		CU_ASSERT_FALSE(legs_handshake(&legs));
		legs_done(&legs);
		app_targets_down(&all, 1);
	}
}

static void test_files(void)
{
	static char missing[] = "/nonexistent/a.pem", folder[] = "/tmp";
	char *empty = file("empty.pem", (struct span){ (const uint8_t *)"", 0 }, 0600);
	struct conf_target t = target_of();

	t.postgres.agent_tls.cert = missing;
	expect_refused(&t, -ENOENT, "agent_tls.cert /nonexistent/a.pem", "No such file");
	t = target_of();
	t.postgres.agent_tls.key = folder;
	expect_refused(&t, -EINVAL, "agent_tls.key /tmp", "is no plain file");
	t = target_of();
	t.postgres.prod_tls.ca = empty;
	expect_refused(&t, -EINVAL, "prod_tls.ca ", "is empty");
	CU_ASSERT_EQUAL(truncate(empty, (1 << 20) + 1), 0);
	expect_refused(&t, -EINVAL, "prod_tls.ca ", "is larger than 1 MiB");
	CU_ASSERT_EQUAL(truncate(empty, 1 << 20), 0); /* zeros */
	expect_refused(&t, -EINVAL, "prod_tls.ca ", empty);
}

static void test_contents(void)
{
	struct conf_target t = target_of();

	t.postgres.agent_tls.key = client_key;
	expect_refused(&t, -EINVAL, "agent_tls.cert ", client_key);
	t = target_of();
	t.postgres.agent_tls.cert = key;
	expect_refused(&t, -EINVAL, "agent_tls.cert ", key);
	t = target_of();
	t.postgres.prod_tls.cert = client_cert;
	t.postgres.prod_tls.key = key;
	expect_refused(&t, -EINVAL, "prod_tls.ca ", client_cert);
	CU_ASSERT_PTR_NULL(strstr(log_text, "BEGIN")); /* never what is in a file */
}

/* All that is wrong is said in one run. */
static void test_all_at_once(void)
{
	static char missing[] = "/nonexistent/b.pem", second[] = "second";
	struct conf_target t[2] = { target_of(), target_of() };

	t[0].postgres.agent_tls.cert = missing;
	t[0].postgres.prod_tls.ca = missing;
	t[1].name = second;
	t[1].postgres.agent_tls.key = missing;
	expect_refused(t, -ENOENT, "agent_tls.cert /nonexistent", "prod_tls.ca /nonexistent");
	CU_ASSERT_PTR_NULL(strstr(log_text, "second"));
	{
		struct app_target *all = NULL;

		CU_ASSERT_EQUAL(up(t, 2, &all), -ENOENT);
		CU_ASSERT_PTR_NULL(all);
		CU_ASSERT_PTR_NOT_NULL(strstr(log_text, "target second: agent_tls.key"));
		CU_ASSERT_PTR_NOT_NULL(strstr(log_text, "target orders-db: prod_tls.ca"));
	}
}

static void test_warnings(void)
{
	struct pki_pem rsa = pki_leaf(&pki, PKI_RSA_2048, host, -1, 1);
	struct conf_target t = target_of();
	struct app_target *all = NULL;

	CU_ASSERT_EQUAL(chmod(key, 0640), 0); /* its group may */
	CU_ASSERT_EQUAL_FATAL(up(&t, 1, &all), 0);
	CU_ASSERT_STRING_EQUAL(log_text, "");
	app_targets_down(&all, 1);
	CU_ASSERT_EQUAL(chmod(key, 0644), 0);
	CU_ASSERT_EQUAL_FATAL(up(&t, 1, &all), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_text, "agent_tls.key "));
	CU_ASSERT_PTR_NOT_NULL(strstr(log_text, "may be read or changed by others"));
	app_targets_down(&all, 1);
	CU_ASSERT_EQUAL(chmod(key, 0600), 0);
	t.postgres.agent_tls.cert = file("rsa.pem", rsa.chain, 0644);
	t.postgres.agent_tls.key = file("rsa.key", rsa.key, 0600);
	CU_ASSERT_EQUAL_FATAL(up(&t, 1, &all), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(log_text, "takes long to sign with"));
	app_targets_down(&all, 1);
	pki_pem_free(&rsa);
}

static void files_make(void)
{
	if (mkdtemp(dir) == NULL)
		abort();
	pki_init(&pki);
	leaf = pki_leaf(&pki, PKI_P256, host, -1, 1);
	client = pki_client_leaf(&pki, "sluice");
	cert = file("cert.pem", leaf.chain, 0644);
	key = file("key.pem", leaf.key, 0600);
	ca = file("ca.pem", pki.root_pem, 0644);
	client_cert = file("client.pem", client.chain, 0644);
	client_key = file("client.key", client.key, 0600);
}

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st;
	(void)what;
	(void)at;
	return remove(path);
}

static void files_remove(void)
{
	for (size_t i = 0; i < n_paths; i++)
		unlink(paths[i]);
	app_rules_down(&rules);
	(void)nftw(data_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	rmdir(dir);
	pki_pem_free(&leaf);
	pki_pem_free(&client);
	pki_done(&pki);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "all that is said", test_all },
		{ "nothing but what is said", test_nothing_but_what_is_said },
		{ "the contexts of both legs talk", test_contexts_talk },
		{ "another host is refused", test_host_counts },
		{ "files that are none", test_files },
		{ "files with something else in them", test_contents },
		{ "all that is wrong at once", test_all_at_once },
		{ "warnings", test_warnings },
		{ "operators' rules", test_rules },
		{ "what rules ask", test_rules_asked },
		{ "keys of masks", test_mask_key },
		{ "keys of masks that do not last", test_mask_key_is_lost },
	};
	int rc;

	files_make();
	snprintf(data_dir, sizeof(data_dir), "%s/data", dir);
	rc = suite_run("app/target", tests, sizeof(tests) / sizeof(tests[0]));
	files_remove();
	return rc;
}
