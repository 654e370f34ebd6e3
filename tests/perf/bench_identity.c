/* SPDX-License-Identifier: Apache-2.0
 * What it costs to know who an agent is: microseconds a token by algorithm (all of it, and its
 * signature alone), a token that is known already, and the way through the thread. Median and least
 * of nine rounds (far apart: the machine was busy). */
#include "ctrlplane/log/log.h"
#include "tests/unit/identity/checker.h"
#include "tests/unit/identity/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 9, CALLS = 1000, ALGS = 4 };

static const char *const algs[ALGS] = { "RS256", "PS256", "ES256", "EdDSA" };
static char *tokens[ALGS];
static struct checker checker;
static struct identity *identity;

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(const char *what, const char *alg, void (*call)(int alg), int index)
{
	double rounds[ROUNDS];

	for (int r = 0; r < ROUNDS; r++) {
		const double began = now_us();

		for (int i = 0; i < CALLS; i++)
			call(index);
		rounds[r] = (now_us() - began) / CALLS;
	}
	qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
	printf("%-28s %-6s %8.2f us  (least %.2f)\n", what, alg, rounds[ROUNDS / 2], rounds[0]);
}

static void call_all(int alg)
{
	if (!checker_ask(&checker, tokens[alg]) || checker.reason != IDENTITY_OK)
		abort();
}

static void call_parse(int alg)
{
	struct token t;

	if (token_parse((struct span){ (const uint8_t *)tokens[alg], strlen(tokens[alg]) }, &t) !=
			IDENTITY_OK)
		abort();
	token_done(&t);
}

static void call_signature(int alg)
{
	static struct token parsed[ALGS];
	static const struct jwks_key *keys[ALGS];
	struct token *t = &parsed[alg];

	if (t->header == NULL) {
		token_parse((struct span){ (const uint8_t *)tokens[alg], strlen(tokens[alg]) }, t);
		jwks_find(checker.verifier.rings[0].keys, t, &keys[alg]);
	}
	if (!signature_is_good(t, keys[alg]))
		abort();
}

static void on_known(void *ctx, enum identity_reason reason, struct actor *actor)
{
	(void)ctx;
	if (reason != IDENTITY_OK)
		abort();
	actor_unref(&actor);
}

static void ask(int alg, const struct identity_done *done)
{
	const struct span text = { (const uint8_t *)tokens[alg], strlen(tokens[alg]) };

	if (identity_verify(identity, text, 0, done) != 0)
		abort();
}

static void call_known(int alg)
{
	const struct identity_done done = { on_known, NULL };

	ask(alg, &done);
}

/* A token that is refused is never known: it goes through the thread each time. */
static void call_thread(int alg)
{
	struct world_answer a;
	const struct identity_done done = world_answer_to(&a);

	(void)alg;
	world_answer_init(&a);
	if (identity_verify(identity, (struct span){ (const uint8_t *)"x", 1 }, 0, &done) != 0 ||
			!world_answer_wait(&a, 1))
		abort();
	world_answer_done(&a);
}

static void make_tokens(void)
{
	EVP_PKEY *keys[ALGS] = { test_rsa_new(2048), NULL, test_ec_new("P-256"),
		test_ed25519_new() };
	char *set = strdup("{\"keys\":["), *longer, *jwk, *more;

	keys[1] = keys[0];
	for (int i = 0; i < ALGS; i++) {
		char *header = test_format(
				"{\"alg\":\"%s\",\"kid\":\"%d\",\"typ\":\"at+jwt\"}", algs[i], i);

		more = test_format("\"kid\":\"%d\"", i);
		jwk = test_jwk(keys[i], more);
		longer = test_format("%s%s%s", set, i == 0 ? "" : ",", jwk);
		free(set);
		set = longer;
		tokens[i] = test_sign(keys[i], algs[i], header,
				"{\"iss\":\"https://i\",\"aud\":\"s\",\"exp\":1800000000,\"iat\":1690000000,"
				"\"sub\":\"agent-7\",\"client_id\":\"ci-runner\",\"scope\":\"db\","
				"\"jti\":\"0123456789abcdef0123456789abcdef\","
				"\"groups\":[\"agents\",\"night shift\",\"reporting\"]}");
		free(header);
		free(jwk);
		free(more);
	}
	world_serve(&checker.world, 0, test_format("%s]}", set));
	free(set);
	EVP_PKEY_free(keys[0]);
	EVP_PKEY_free(keys[2]);
	EVP_PKEY_free(keys[3]);
}

static void wait_until_known(int alg)
{
	struct world_answer a;
	const struct identity_done done = world_answer_to(&a);

	world_answer_init(&a);
	ask(alg, &done);
	if (!world_answer_wait(&a, 1) || a.reason != IDENTITY_OK)
		abort();
	world_answer_done(&a);
}

int main(void)
{
	FILE *nowhere = fopen("/dev/null", "w");

	log_redirect(nowhere, false);
	checker_init(&checker,
			"identity: {issuers: [{name: i, issuer: 'https://i', audience: s, "
			"jwks: 'https://i/k'}]}\n"
			"targets: [{name: t, match: {address: 10.0.0.1}, actors: [{issuer: i}]}]\n");
	make_tokens();
	checker_run(&checker);
	for (int i = 0; i < ALGS; i++) {
		printf("%s: a token of %zu bytes\n", algs[i], strlen(tokens[i]));
		measure("all of it", algs[i], call_all, i);
		measure("taking it apart", algs[i], call_parse, i);
		measure("its signature", algs[i], call_signature, i);
	}
	free(checker.conf->data_dir);
	checker.conf->data_dir = strdup(checker.dir);
	if (identity_new(checker.conf, &checker.world.env, &identity) < 0)
		return EXIT_FAILURE;
	wait_until_known(0);
	measure("known (SHA-256, look-up)", algs[0], call_known, 0);
	measure("through the thread and back", "", call_thread, 0);
	identity_free(&identity);
	checker_done(&checker);
	for (int i = 0; i < ALGS; i++)
		free(tokens[i]);
	fclose(nowhere);
	return EXIT_SUCCESS;
}
