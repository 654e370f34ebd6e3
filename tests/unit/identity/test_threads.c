/* SPDX-License-Identifier: Apache-2.0
 * The whole of it, with its thread: several threads ask, revoke and restore while keys rotate. Also
 * built under ThreadSanitizer. */
#include "ctrlplane/log/log.h"
#include "tests/unit/identity/keys.h"
#include "tests/unit/identity/world.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASKERS = 4, ROUNDS = 200, TOKENS = 8 };

static EVP_PKEY *keys[2];
static char *tokens[TOKENS]; /* even ones by key 0, odd ones by key 1 */
static char *dir;

static char *jwks(bool both)
{
	char *a = test_jwk(keys[0], "\"kid\":\"0\""), *b = test_jwk(keys[1], "\"kid\":\"1\"");
	char *out = both ? test_format("{\"keys\":[%s,%s]}", a, b)
			 : test_format("{\"keys\":[%s]}", a);

	free(a);
	free(b);
	return out;
}

static int setup(void)
{
	dir = world_dir();
	keys[0] = test_ec_new("P-256");
	keys[1] = test_ec_new("P-256");
	for (int i = 0; i < TOKENS; i++) {
		char *header = test_format("{\"alg\":\"ES256\",\"kid\":\"%d\"}", i % 2);
		char *claims = test_format(
				"{\"iss\":\"https://i\",\"aud\":\"s\",\"exp\":1800000000,"
				"\"sub\":\"u%d\"}",
				i);

		tokens[i] = test_sign(keys[i % 2], "ES256", header, claims);
		free(header);
		free(claims);
	}
	return 0;
}

static int teardown(void)
{
	for (int i = 0; i < TOKENS; i++)
		free(tokens[i]);
	EVP_PKEY_free(keys[0]);
	EVP_PKEY_free(keys[1]);
	world_dir_remove(dir);
	return 0;
}

static struct conf *conf_new_here(void)
{
	char *yaml = test_format(
			"appliance: {data_dir: %s}\n"
			"identity: {issuers: [{name: i, issuer: 'https://i', audience: s,\n"
			"   jwks: 'https://i/k'}]}\n"
			"targets:\n"
			"- {name: t, match: {address: 10.0.0.1}, actors: [{issuer: i}]}\n"
			"- {name: x, match: {address: 10.0.0.2}, actors: [{issuer: i, "
			"groups: x}]}\n",
			dir);
	struct conf *conf = world_conf(yaml);

	free(yaml);
	return conf;
}

static int ask_for(struct identity *id, const char *token, uint32_t target, struct world_answer *a)
{
	const struct span text = { (const uint8_t *)token, strlen(token) };
	const struct identity_done done = world_answer_to(a);

	return identity_verify(id, text, target, &done);
}

static int ask(struct identity *id, const char *token, struct world_answer *a)
{
	return ask_for(id, token, 0, a);
}

static enum identity_reason verify_for(struct identity *id, const char *token, uint32_t target)
{
	enum identity_reason reason = IDENTITY_REASONS;
	struct world_answer a;

	world_answer_init(&a);
	if (ask_for(id, token, target, &a) == 0 && world_answer_wait(&a, 1))
		reason = a.reason;
	world_answer_done(&a);
	return reason;
}

static enum identity_reason verify(struct identity *id, const char *token)
{
	return verify_for(id, token, 0);
}

static void test_one(void)
{
	struct conf *conf = conf_new_here();
	struct identity_stats stats;
	struct identity *id = NULL;
	struct world w;
	char *large = calloc(1, 16386);

	world_init(&w);
	world_serve(&w, 0, jwks(true));
	CU_ASSERT_EQUAL_FATAL(identity_new(conf, &w.env, &id), 0);
	CU_ASSERT_EQUAL(verify(id, tokens[0]), IDENTITY_OK);
	CU_ASSERT_EQUAL(verify(id, tokens[0]), IDENTITY_OK);
	CU_ASSERT_EQUAL(verify_for(id, tokens[0], 1),
			IDENTITY_TARGET); /* known, of no such group */
	CU_ASSERT_EQUAL(verify_for(id, tokens[4], 1), IDENTITY_TARGET);
	CU_ASSERT_EQUAL(verify_for(id, tokens[0], CONF_TARGET_NONE), IDENTITY_TARGET);
	CU_ASSERT_EQUAL(verify(id, "x.y.z"), IDENTITY_BASE64);
	CU_ASSERT_EQUAL(verify(id, ""), IDENTITY_NOT_COMPACT);
	memset(large, 'x', 16384);
	CU_ASSERT_EQUAL(verify(id, large), IDENTITY_NOT_COMPACT);
	large[16384] = 'x';
	CU_ASSERT_EQUAL(verify(id, large), IDENTITY_TOO_LARGE);
	CU_ASSERT_EQUAL(identity_revoke(id, IDENTITY_REVOKE_SUB, "https://i", "u0"), 0);
	CU_ASSERT_EQUAL(verify(id, tokens[0]),
			IDENTITY_REVOKED); /* known, and refused all the same */
	CU_ASSERT_EQUAL(verify(id, tokens[2]), IDENTITY_OK);
	CU_ASSERT_EQUAL(identity_restore(id, IDENTITY_REVOKE_SUB, "https://i", "u0"), 0);
	CU_ASSERT_EQUAL(verify(id, tokens[0]), IDENTITY_OK);
	identity_stats(id, &stats);
	CU_ASSERT_EQUAL(stats.answers[IDENTITY_OK], 4);
	CU_ASSERT_EQUAL(stats.answers[IDENTITY_REVOKED], 1);
	CU_ASSERT_EQUAL(stats.from_cache, 5);
	CU_ASSERT_EQUAL(stats.fetches, 1);
	CU_ASSERT_EQUAL(stats.busy, 0);
	identity_free(&id);
	CU_ASSERT_PTR_NULL(id);
	identity_free(&id);
	free(large);
	world_done(&w);
	conf_free(&conf);
}

/* 4,096 may be asked at a time. None is lost: at the end each has its answer. */
static void test_full_and_stopped(void)
{
	struct conf *conf = conf_new_here();
	struct identity *id = NULL;
	struct world_answer a;
	struct world w;
	int n = 0;

	world_init(&w);
	world_silence(&w, true);
	world_answer_init(&a);
	CU_ASSERT_EQUAL_FATAL(identity_new(conf, &w.env, &id), 0);
	while (n < 10000 && ask(id, tokens[n % TOKENS], &a) == 0)
		n++;
	CU_ASSERT_EQUAL(n, 4096);
	CU_ASSERT_EQUAL(ask(id, tokens[0], &a), -EAGAIN);
	identity_free(&id);
	CU_ASSERT_TRUE(world_answer_wait(&a, n));
	CU_ASSERT_EQUAL(a.n, n);
	CU_ASSERT_EQUAL(a.reason, IDENTITY_STOPPING);
	world_answer_done(&a);
	world_done(&w);
	conf_free(&conf);
}

struct asker {
	struct identity *id;
	pthread_t thread;
	unsigned int seed;
	const _Atomic bool *stop;
	uint32_t n_ok, n_other; /* of tokens by key 0, and what else came */
};

static void *asker_run(void *arg)
{
	struct asker *a = arg;

	for (int i = 0; i < ROUNDS || !atomic_load(a->stop); i++) {
		const int t = rand_r(&a->seed) % TOKENS;
		const enum identity_reason reason = verify(a->id, tokens[t]);

		if (reason == IDENTITY_OK)
			a->n_ok++;
		else if (!(reason == IDENTITY_REVOKED && t == 2) &&
				!(reason == IDENTITY_KEY_UNKNOWN && t % 2 == 1))
			a->n_other++;
	}
	return NULL;
}

static void disturb(struct identity *id, struct world *w, int round)
{
	if (round % 2 == 0)
		identity_revoke(id, IDENTITY_REVOKE_SUB, "https://i", "u2");
	else
		identity_restore(id, IDENTITY_REVOKE_SUB, "https://i", "u2");
	world_serve(w, 0, jwks(round % 3 != 0));
	world_pass(w, 120000);
	usleep(2000);
}

static void test_many_threads(void)
{
	struct conf *conf = conf_new_here();
	struct asker askers[ASKERS];
	_Atomic bool stop = false;
	struct identity *id = NULL;
	struct world w;

	world_init(&w);
	world_serve(&w, 0, jwks(true));
	CU_ASSERT_EQUAL_FATAL(identity_new(conf, &w.env, &id), 0);
	for (unsigned int i = 0; i < ASKERS; i++) {
		askers[i] = (struct asker){ .id = id, .seed = i, .stop = &stop };
		CU_ASSERT_EQUAL_FATAL(
				pthread_create(&askers[i].thread, NULL, asker_run, &askers[i]), 0);
	}
	for (int round = 0; round < 100; round++)
		disturb(id, &w, round);
	atomic_store(&stop, true);
	for (int i = 0; i < ASKERS; i++) {
		pthread_join(askers[i].thread, NULL);
		CU_ASSERT_EQUAL(askers[i].n_other, 0);
		CU_ASSERT_TRUE(askers[i].n_ok > ROUNDS / 4);
	}
	CU_ASSERT_TRUE(world_fetches(&w, 0) > 2);
	identity_free(&id);
	world_done(&w);
	conf_free(&conf);
}

int main(void)
{
	CU_pSuite s;
	unsigned failures;
	FILE *nowhere = fopen("/dev/null", "w");

	log_redirect(nowhere, false);
	CU_initialize_registry();
	s = CU_add_suite("identity", setup, teardown);
	CU_add_test(s, "asked, known, revoked, restored", test_one);
	CU_add_test(s, "a full queue, and the end", test_full_and_stopped);
	CU_add_test(s, "many threads, keys that rotate", test_many_threads);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	fclose(nowhere);
	return failures == 0 ? 0 : 1;
}
