/* SPDX-License-Identifier: Apache-2.0
 * The keys of an issuer over time: fetched, refreshed, rotated, gone stale; hostile JWKS; files. */
#include "tests/unit/identity/checker.h"
#include "tests/unit/identity/keys.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER(kid) "{\"alg\":\"EdDSA\",\"kid\":\"" kid "\"}"
#define CLAIMS      "{\"iss\":\"https://i\",\"aud\":\"s\",\"exp\":1800000000,\"sub\":\"u\"}"

static const char yaml[] =
		"identity: {issuers: [{name: i, issuer: 'https://i', audience: s, jwks: 'https://i/k',\n"
		"   keys_min_age: 60s, keys_max_age: 1h}]}\n"
		"targets: [{name: t, match: {address: 10.0.0.1}, actors: [{issuer: i}]}]\n";

static EVP_PKEY *keys[2];
static char *tokens[3]; /* signed by keys 0 and 1; and one of a kid that is never there */
static struct checker c;

static char *jwks_of(const char *kid, EVP_PKEY *key)
{
	char *member = test_format("\"kid\":\"%s\"", kid), *jwk = test_jwk(key, member);
	char *out = test_format("{\"keys\":[%s]}", jwk);

	free(member);
	free(jwk);
	return out;
}

static int setup(void)
{
	keys[0] = test_ed25519_new();
	keys[1] = test_ed25519_new();
	tokens[0] = test_sign(keys[0], "EdDSA", HEADER("0"), CLAIMS);
	tokens[1] = test_sign(keys[1], "EdDSA", HEADER("1"), CLAIMS);
	tokens[2] = test_sign(keys[1], "EdDSA", HEADER("2"), CLAIMS);
	return 0;
}

static int teardown(void)
{
	for (int i = 0; i < 3; i++)
		free(tokens[i]);
	EVP_PKEY_free(keys[0]);
	EVP_PKEY_free(keys[1]);
	return 0;
}

/* The provider serves key 0, and it has been fetched. */
static void begin(void)
{
	checker_init(&c, yaml);
	world_serve(&c.world, 0, jwks_of("0", keys[0]));
	checker_run(&c);
	CU_ASSERT_EQUAL(world_fetches(&c.world, 0), 1);
}

static void expect(int token, enum identity_reason reason, uint32_t fetches)
{
	CU_ASSERT_EQUAL(checker_verify(&c, tokens[token]), reason);
	if (c.reason != reason)
		printf("\n  token %d: %s\n", token, identity_reason_name(c.reason));
	CU_ASSERT_EQUAL(world_fetches(&c.world, 0), fetches);
}

static void test_fetched_at_start(void)
{
	begin();
	expect(0, IDENTITY_OK, 1);
	checker_done(&c);
}

/* What comes before the keys waits for them. */
static void test_first_waits(void)
{
	checker_init(&c, yaml);
	world_serve(&c.world, 0, jwks_of("0", keys[0]));
	CU_ASSERT_FALSE(checker_ask(&c, tokens[0]));
	CU_ASSERT_FALSE(checker_ask(&c, tokens[0]));
	checker_run(&c);
	CU_ASSERT_EQUAL(c.n_answers, 2);
	CU_ASSERT_EQUAL(c.reason, IDENTITY_OK);
	CU_ASSERT_EQUAL(world_fetches(&c.world, 0), 1);
	checker_done(&c);
}

/* An unknown kid fetches, and a rotation is seen with the first token of the new key. */
static void test_rotation(void)
{
	begin();
	world_pass(&c.world, 60000);
	world_serve(&c.world, 0, jwks_of("1", keys[1]));
	expect(0, IDENTITY_OK, 1);
	expect(1, IDENTITY_OK, 2);
	expect(0, IDENTITY_KEY_UNKNOWN, 2); /* the old key is gone, and may not ask again yet */
	checker_done(&c);
}

/* Several new tokens at once: all wait for the fetch that the first one has asked for. */
static void test_rotation_in_a_burst(void)
{
	begin();
	world_pass(&c.world, 60000);
	world_serve(&c.world, 0, jwks_of("1", keys[1]));
	for (int i = 0; i < 5; i++)
		CU_ASSERT_FALSE(checker_ask(&c, tokens[1]));
	checker_run(&c);
	CU_ASSERT_EQUAL(c.n_answers, 5);
	CU_ASSERT_EQUAL(c.reason, IDENTITY_OK);
	CU_ASSERT_EQUAL(world_fetches(&c.world, 0), 2);
	checker_done(&c);
}

static void test_unknown_kids_are_limited(void)
{
	begin();
	expect(2, IDENTITY_KEY_UNKNOWN, 2);
	expect(2, IDENTITY_KEY_UNKNOWN, 2);
	world_serve(&c.world, 0, jwks_of("1", keys[1]));
	expect(1, IDENTITY_KEY_UNKNOWN, 2); /* within the ten seconds */
	world_pass(&c.world, KEYRING_UNKNOWN_MS);
	expect(2, IDENTITY_KEY_UNKNOWN, 2); /* known not to be there */
	expect(1, IDENTITY_OK, 3);
	world_pass(&c.world, KEYRING_ABSENT_MS);
	expect(2, IDENTITY_KEY_UNKNOWN, 4); /* asked again after half a minute */
	checker_done(&c);
}

/* Thousands of kids cost one fetch in ten seconds. */
static void test_flood_of_kids(void)
{
	begin();
	for (int i = 0; i < 1000; i++) {
		char *header = test_format("{\"alg\":\"EdDSA\",\"kid\":\"x%d\"}", i);
		char *token = test_sign(keys[0], "EdDSA", header, CLAIMS);

		CU_ASSERT_EQUAL(checker_verify(&c, token), IDENTITY_KEY_UNKNOWN);
		world_pass(&c.world, 100);
		free(header);
		free(token);
	}
	CU_ASSERT_EQUAL(world_fetches(&c.world, 0), 11);
	expect(0, IDENTITY_OK, 11);
	checker_done(&c);
}

/* A fetch that began before the token came may show the keys from before the rotation. */
static void test_fetch_under_way_is_not_enough(void)
{
	begin();
	world_pass(&c.world, 45 * 60000);
	world_silence(&c.world, true);
	checker_run(&c); /* begins the refresh */
	CU_ASSERT_EQUAL(world_fetches(&c.world, 0), 2);
	world_pass(&c.world, 100);
	CU_ASSERT_FALSE(checker_ask(&c, tokens[1]));
	world_silence(&c.world, false);
	checker_run(&c); /* ends it: key 1 is not there, so it is asked for */
	CU_ASSERT_EQUAL(c.n_answers, 0);
	world_serve(&c.world, 0, jwks_of("1", keys[1]));
	checker_run(&c);
	CU_ASSERT_EQUAL(c.n_answers, 1);
	CU_ASSERT_EQUAL(c.reason, IDENTITY_OK);
	CU_ASSERT_EQUAL(world_fetches(&c.world, 0), 3);
	checker_done(&c);
}

static void test_refreshed_before_expiry(void)
{
	begin();
	world_pass(&c.world, 45 * 60000 - 1);
	checker_run(&c);
	CU_ASSERT_EQUAL(world_fetches(&c.world, 0), 1);
	world_pass(&c.world, 1);
	checker_run(&c);
	CU_ASSERT_EQUAL(world_fetches(&c.world, 0), 2);
	world_pass(&c.world, 44 * 60000);
	expect(0, IDENTITY_OK, 2);
	checker_done(&c);
}

/* keys_min_age, keys_max_age, and between them what the provider says. */
static void test_max_age(void)
{
	static const struct {
		int64_t max_age_s;
		uint64_t refresh_s;
	} rows[] = { { 0, 45 }, { 59, 45 }, { 100, 75 }, { 3600, 2700 }, { 1 << 30, 2700 },
		{ INT64_MAX, 2700 }, { -1, 2700 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		checker_init(&c, yaml);
		world_serve(&c.world, 0, jwks_of("0", keys[0]));
		c.world.at[0].max_age_s = rows[i].max_age_s;
		checker_run(&c);
		world_pass(&c.world, rows[i].refresh_s * 1000 - 1);
		checker_run(&c);
		CU_ASSERT_EQUAL(world_fetches(&c.world, 0), 1);
		world_pass(&c.world, 1);
		checker_run(&c);
		CU_ASSERT_EQUAL(world_fetches(&c.world, 0), 2);
		checker_done(&c);
	}
}

/* DESIGN.md 7: cached keys until they expire, then refused; and back again. */
static void test_unreachable(void)
{
	begin();
	world_serve(&c.world, 0, NULL);
	for (int minute = 0; minute < 59; minute++) {
		world_pass(&c.world, 60000);
		checker_run(&c);
		CU_ASSERT_EQUAL(checker_verify(&c, tokens[0]), IDENTITY_OK);
	}
	world_pass(&c.world, 60000);
	CU_ASSERT_EQUAL(checker_verify(&c, tokens[0]), IDENTITY_KEYS_UNAVAILABLE);
	world_serve(&c.world, 0, jwks_of("0", keys[0]));
	world_pass(&c.world, KEYRING_RETRY_MAX_MS);
	CU_ASSERT_EQUAL(checker_verify(&c, tokens[0]), IDENTITY_OK);
	checker_done(&c);
}

/* While nothing is there, fetches are as rare as the pauses, however many ask. */
static void test_retries_pause(void)
{
	checker_init(&c, yaml);
	checker_run(&c);
	for (int i = 0; i < 6000; i++) {
		CU_ASSERT_EQUAL(checker_verify(&c, tokens[0]), IDENTITY_KEYS_UNAVAILABLE);
		world_pass(&c.world, 10);
	}
	/* after 1, 3, 7, 15, 31 s, then each 30 */
	CU_ASSERT_EQUAL(world_fetches(&c.world, 0), 6);
	checker_done(&c);
}

/* An answer that is no JWKS is a failure: the keys that are there stay until they expire. */
static void test_nonsense_keeps_the_keys(void)
{
	begin();
	world_serve(&c.world, 0, strdup("<html>busy</html>"));
	world_pass(&c.world, 45 * 60000);
	checker_run(&c);
	expect(0, IDENTITY_OK, 2);
	world_pass(&c.world, 15 * 60000);
	CU_ASSERT_EQUAL(checker_verify(&c, tokens[0]), IDENTITY_KEYS_UNAVAILABLE);
	checker_done(&c);
}

/* A set without keys is an answer: the provider has withdrawn them. */
static void test_withdrawn(void)
{
	begin();
	expect(0, IDENTITY_OK, 1);
	world_serve(&c.world, 0, strdup("{\"keys\":[]}"));
	world_pass(&c.world, 45 * 60000);
	checker_run(&c);
	world_pass(&c.world, 1);
	CU_ASSERT_EQUAL(checker_verify(&c, tokens[0]), IDENTITY_KEY_UNKNOWN);
	checker_done(&c);
}

/* What was verified is known only as long as the keys hold that it was verified by. */
static void test_known_ends_with_its_keys(void)
{
	const uint64_t start_ms = 1000000;
	uint8_t sha256[32];

	begin();
	expect(0, IDENTITY_OK, 1);
	memcpy(sha256, c.actor->token_sha256, 32);
	actor_unref(&c.actor);
	c.actor = known_get(c.known, sha256, c.world.now_s, start_ms + 3600000 - 1);
	CU_ASSERT_PTR_NOT_NULL(c.actor);
	CU_ASSERT_PTR_NULL(known_get(c.known, sha256, c.world.now_s, start_ms + 3600000));
	expect(0, IDENTITY_OK, 1);
	world_serve(&c.world, 0, jwks_of("1", keys[1]));
	world_pass(&c.world, 45 * 60000);
	checker_run(&c);
	CU_ASSERT_PTR_NULL(known_get(c.known, sha256, c.world.now_s, c.world.now_ms));
	checker_done(&c);
}

static void test_stopping(void)
{
	begin();
	world_silence(&c.world, true);
	CU_ASSERT_FALSE(checker_ask(&c, tokens[2]));
	verifier_done(&c.verifier);
	CU_ASSERT_EQUAL(c.reason, IDENTITY_STOPPING);
	CU_ASSERT_EQUAL(c.n_answers, 1);
	CU_ASSERT_EQUAL(verifier_init(&c.verifier), 0);
	checker_done(&c);
}

/* Files. */

/* Changed so many seconds before the world began. */
static void write_file_at(const char *path, char *text, int before_s)
{
	const struct timespec times[2] = { { .tv_sec = WORLD_NOW_S - before_s },
		{ .tv_sec = WORLD_NOW_S - before_s } };
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
	free(text);
	CU_ASSERT_EQUAL(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Each later than the one before. */
static void write_file(const char *path, char *text)
{
	static int before_s = 1000;

	write_file_at(path, text, --before_s);
}

static void expect_file(int token, enum identity_reason reason)
{
	world_pass(&c.world, KEYRING_FILE_MS);
	checker_run(&c);
	CU_ASSERT_EQUAL(checker_verify(&c, tokens[token]), reason);
}

static void test_file(void)
{
	char *dir = world_dir(), *path = test_format("%s/jwks.json", dir);
	char *conf = test_format(
			"identity: {issuers: [{name: i, issuer: 'https://i', audience: s, jwks: '%s',\n"
			"   keys_max_age: 1m}]}\n"
			"targets: [{name: t, match: {address: 10.0.0.1}, actors: [{issuer: i}]}]\n",
			path);

	write_file(path, jwks_of("0", keys[0]));
	checker_init(&c, conf);
	CU_ASSERT_EQUAL(checker_verify(&c, tokens[0]), IDENTITY_OK);
	write_file(path, jwks_of("1", keys[1])); /* of the same length */
	expect_file(1, IDENTITY_OK);
	expect_file(0, IDENTITY_KEY_UNKNOWN);
	write_file(path, strdup("{\"keys\":"));
	expect_file(1, IDENTITY_OK);
	for (int i = 0; i < 55; i++)
		expect_file(1, IDENTITY_OK);
	for (int i = 0; i < 35; i++) { /* failures make its looks rarer */
		checker_run(&c);
		world_pass(&c.world, 1000);
	}
	CU_ASSERT_EQUAL(checker_verify(&c, tokens[1]), IDENTITY_KEYS_UNAVAILABLE);
	unlink(path);
	expect_file(1, IDENTITY_KEYS_UNAVAILABLE);
	write_file(path, jwks_of("1", keys[1]));
	world_pass(&c.world, KEYRING_RETRY_MAX_MS);
	expect_file(1, IDENTITY_OK);
	for (int i = 0; i < 100; i++) /* unchanged: it stays good */
		expect_file(1, IDENTITY_OK);
	checker_done(&c);
	free(conf);
	free(path);
	world_dir_remove(dir);
}

static int look(const char *path, struct keyfile *last)
{
	struct span body = { NULL, 0 };
	const int rc = keyfile_read(path, last, WORLD_NOW_S, &body);

	CU_ASSERT_EQUAL(body.ptr != NULL, rc == 1);
	free((void *)(uintptr_t)body.ptr);
	return rc;
}

static void test_file_changes(void)
{
	struct keyfile last = { .recent = false };
	char *dir = world_dir(), *path = test_format("%s/jwks.json", dir);

	write_file_at(path, strdup("one"), 500);
	CU_ASSERT_EQUAL(look(path, &last), 1);
	CU_ASSERT_EQUAL(look(path, &last), 0);
	write_file_at(path, strdup("two"), 499); /* another time */
	CU_ASSERT_EQUAL(look(path, &last), 1);
	CU_ASSERT_EQUAL(look(path, &last), 0);
	write_file_at(path, strdup("three"), 499); /* another size */
	CU_ASSERT_EQUAL(look(path, &last), 1);
	CU_ASSERT_EQUAL(look(path, &last), 0);
	write_file_at(path, strdup("four"), 1); /* so lately that one more change may not show */
	CU_ASSERT_EQUAL(look(path, &last), 1);
	CU_ASSERT_EQUAL(look(path, &last), 1);
	free(path);
	world_dir_remove(dir);
}

static void test_file_kinds(void)
{
	struct keyfile last = { .recent = false };
	struct span body = { NULL, 0 };
	char *dir = world_dir(), *path = test_format("%s/jwks.json", dir);
	char *large = malloc(FETCH_BODY_MAX + 2);

	CU_ASSERT_TRUE(keyfile_read(dir, &last, 0, &body) < 0);
	CU_ASSERT_TRUE(keyfile_read("/dev/zero", &last, 0, &body) < 0);
	CU_ASSERT_TRUE(keyfile_read(path, &last, 0, &body) < 0);
	memset(large, ' ', FETCH_BODY_MAX + 1);
	large[FETCH_BODY_MAX + 1] = '\0';
	write_file(path, large);
	CU_ASSERT_TRUE(keyfile_read(path, &last, 0, &body) < 0);
	CU_ASSERT_PTR_NULL(body.ptr);
	free(path);
	world_dir_remove(dir);
}

/* Hostile sets: refused as a whole, with a reason. */

static const char *parse(const char *text, struct jwks **ret)
{
	return jwks_parse((struct span){ (const uint8_t *)text, strlen(text) }, ret);
}

static void test_refused_sets(void)
{
	static const char *const texts[] = { "", "[]", "null", "{}", "{\"keys\":{}}",
		"{\"keys\":[1]}", "{\"keys\":[[]]}", "{\"keys\":null}", "{\"keys\":[],\"keys\":[]}",
		"{\"keys\":[{\"kid\":\"a\",\"kid\":\"b\"}]}", "{\"keys\":[]}x", "{\"keys\":[]",
		"{\"keys\":[{\"x\":[[[[[[[[[[[[[]]]]]]]]]]]]]}]}", "\xef\xbb\xbf{\"keys\":[]}",
		"{\"keys\":[{\"kid\":\"\\ud800\"}]}" };
	struct jwks *j = NULL;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *why = parse(texts[i], &j);

		if (why == NULL)
			printf("\n  taken: %s\n", texts[i]);
		CU_ASSERT_PTR_NOT_NULL(why);
		CU_ASSERT_PTR_NULL(j);
	}
}

static char *empty_keys(size_t n)
{
	char *text = calloc(1, FETCH_BODY_MAX + 2), *to = text;

	to = stpcpy(to, "{\"keys\":[{}");
	for (size_t i = 1; i < n; i++)
		to = stpcpy(to, ",{}");
	stpcpy(to, "]}");
	return text;
}

static void test_count_and_size(void)
{
	char *text = empty_keys(JWKS_KEYS_MAX);
	struct jwks *j = NULL;
	const size_t n = strlen(text);

	CU_ASSERT_PTR_NULL(parse(text, &j));
	CU_ASSERT_EQUAL(j->n, JWKS_KEYS_MAX);
	CU_ASSERT_EQUAL(j->n_fit, 0);
	jwks_free(&j);
	memset(text + n, ' ', FETCH_BODY_MAX + 1 - n);
	text[FETCH_BODY_MAX + 1] = '\0';
	CU_ASSERT_PTR_NOT_NULL(parse(text, &j));
	text[FETCH_BODY_MAX] = '\0';
	CU_ASSERT_PTR_NULL(parse(text, &j));
	jwks_free(&j);
	free(text);
	text = empty_keys(JWKS_KEYS_MAX + 1);
	CU_ASSERT_PTR_NOT_NULL(parse(text, &j));
	free(text);
}

int main(void)
{
	CU_pSuite s;
	unsigned failures;

	CU_initialize_registry();
	s = CU_add_suite("keys", setup, teardown);
	CU_add_test(s, "fetched at the start", test_fetched_at_start);
	CU_add_test(s, "the first token waits for the keys", test_first_waits);
	CU_add_test(s, "a rotation is seen with the first new token", test_rotation);
	CU_add_test(s, "a rotation and a burst of new tokens", test_rotation_in_a_burst);
	CU_add_test(s, "unknown kids fetch once in ten seconds", test_unknown_kids_are_limited);
	CU_add_test(s, "a flood of kids", test_flood_of_kids);
	CU_add_test(s, "a fetch that began before is not enough",
			test_fetch_under_way_is_not_enough);
	CU_add_test(s, "refreshed before they expire", test_refreshed_before_expiry);
	CU_add_test(s, "bounds of the time they are kept", test_max_age);
	CU_add_test(s, "provider unreachable, and back", test_unreachable);
	CU_add_test(s, "retries pause", test_retries_pause);
	CU_add_test(s, "nonsense keeps the keys", test_nonsense_keeps_the_keys);
	CU_add_test(s, "withdrawn keys are gone", test_withdrawn);
	CU_add_test(s, "what is known ends with its keys", test_known_ends_with_its_keys);
	CU_add_test(s, "what waits is answered at the end", test_stopping);
	CU_add_test(s, "a file that changes, breaks, goes, comes back", test_file);
	CU_add_test(s, "what changes of a file are seen", test_file_changes);
	CU_add_test(s, "files that are none", test_file_kinds);
	CU_add_test(s, "sets that are refused as a whole", test_refused_sets);
	CU_add_test(s, "number of keys, size of a set", test_count_and_size);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures == 0 ? 0 : 1;
}
