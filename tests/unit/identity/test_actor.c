/* SPDX-License-Identifier: Apache-2.0
 * The actor, its JSON, where it may go; tokens that are known; revocations and their file. */
#include "tests/unit/identity/world.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char yaml[] =
		"identity:\n"
		"  issuers:\n"
		"    - {name: a, issuer: 'https://a', audience: s, jwks: /a, clock_skew: 10s}\n"
		"    - {name: b, issuer: 'https://b', audience: s, jwks: /b}\n"
		"targets:\n"
		"  - {name: none, match: {address: 10.0.0.1}}\n"
		"  - {name: any, match: {address: 10.0.0.2}, actors: [{issuer: a}]}\n"
		"  - name: some\n"
		"    match: {address: 10.0.0.3}\n"
		"    actors:\n"
		"      - {issuer: a, groups: [dba, ops], client_ids: [ci]}\n"
		"      - {issuer: b, subjects: [root]}\n";

/* An actor of an issuer with these claims: members without braces. The count begins at one. */
static struct actor *make(const struct conf *conf, uint32_t issuer, const char *members)
{
	struct token t = { .alg = CONF_ALG_ES256 };
	struct claims claims = { .issuer = issuer };
	struct actor *a;
	uint8_t sha256[32];
	char *json = NULL;

	CU_ASSERT_TRUE_FATAL(asprintf(&json, "{\"aud\":\"s\",\"exp\":2000000000,%s}", members) > 0);
	t.claims = json_loads(json, 0, NULL);
	CU_ASSERT_EQUAL_FATAL(
			claims_check(&t, &conf->identity.issuers[issuer], WORLD_NOW_S, &claims),
			IDENTITY_OK);
	EVP_Digest(json, strlen(json), sha256, NULL, EVP_sha256(), NULL);
	a = actor_new(&claims, &conf->identity.issuers[issuer], sha256);
	token_done(&t); /* nothing of the actor lies in it */
	free(json);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	return a;
}

static void test_fields(void)
{
	struct conf *conf = world_conf(yaml);
	struct actor *a = make(conf, 0,
			"\"sub\":\"u\",\"azp\":\"c\",\"jti\":\"j\",\"groups\":[\"g\",\"h\"],"
			"\"act\":{\"sub\":\"bot\",\"iss\":\"https://x\",\"act\":{\"sub\":\"cron\"}}");
	struct actor *b = actor_ref(a);

	CU_ASSERT_STRING_EQUAL(a->issuer_name, "a");
	CU_ASSERT_STRING_EQUAL(a->iss, "https://a");
	CU_ASSERT_STRING_EQUAL(a->sub, "u");
	CU_ASSERT_STRING_EQUAL(a->client_id, "c");
	CU_ASSERT_STRING_EQUAL(a->jti, "j");
	CU_ASSERT_EQUAL_FATAL(a->n_groups, 2);
	CU_ASSERT_STRING_EQUAL(a->groups[1], "h");
	CU_ASSERT_EQUAL_FATAL(a->n_acts, 2);
	CU_ASSERT_STRING_EQUAL(a->acts[0].sub, "bot");
	CU_ASSERT_STRING_EQUAL(a->acts[0].iss, "https://x");
	CU_ASSERT_STRING_EQUAL(a->acts[1].sub, "cron");
	CU_ASSERT_STRING_EQUAL(a->acts[1].iss, "");
	CU_ASSERT_EQUAL(a->exp_s, 2000000000);
	CU_ASSERT_EQUAL(a->until_s, 2000000010);
	actor_unref(&a);
	CU_ASSERT_PTR_NULL(a);
	CU_ASSERT_STRING_EQUAL(b->sub, "u");
	actor_unref(&b);
	actor_unref(&b);
	a = make(conf, 0, "\"sub\":\"u\",\"groups\":\"one\"");
	CU_ASSERT_EQUAL_FATAL(a->n_groups, 1);
	CU_ASSERT_STRING_EQUAL(a->groups[0], "one");
	CU_ASSERT_STRING_EQUAL(a->client_id, "");
	CU_ASSERT_EQUAL(a->n_acts, 0);
	actor_unref(&a);
	conf_free(&conf);
}

static void test_json(void)
{
	struct conf *conf = world_conf(yaml);
	struct actor *a = make(conf, 0,
			"\"sub\":\"\\u001b[2J\\n\\u007f\\u0085\\u202e\\\"\\\\\",\"groups\":[\"\\r\"],"
			"\"act\":{\"sub\":\"b\\u0007\"}");
	char *json = actor_json(a),
	     *more = json == NULL ? NULL : strstr(json, "\"token_sha256\":\"");
	json_t *back = json_loads(json, JSON_REJECT_DUPLICATES, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(back);
	for (const char *c = json; *c != '\0'; c++)
		CU_ASSERT_TRUE(*c >= 0x20 && *c < 0x7f);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(back, "sub")), a->sub);
	CU_ASSERT_EQUAL(strlen(a->sub), 3 + 1 + 1 + 2 + 3 + 2 + 1);
	CU_ASSERT_PTR_NOT_NULL(
			strstr(json, "\"sub\":\"\\u001B[2J\\n\\u007f\\u0085\\u202E\\\"\\\\\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"act\":[{\"sub\":\"b\\u0007\",\"iss\":\"\"}]"));
	CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"exp\":2000000000"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(more);
	CU_ASSERT_EQUAL(strlen(more), strlen("\"token_sha256\":\"") + 64 + 2);
	json_decref(back);
	free(json);
	actor_unref(&a);
	conf_free(&conf);
}

static void test_may_reach(void)
{
	static const struct {
		const char *members;
		uint32_t issuer;
		bool any, some;
	} rows[] = {
		{ "\"sub\":\"u\"", 0, true, false },
		{ "\"sub\":\"u\",\"groups\":[\"x\",\"ops\"],\"client_id\":\"ci\"", 0, true, true },
		{ "\"sub\":\"u\",\"groups\":\"dba\",\"azp\":\"ci\"", 0, true, true },
		{ "\"sub\":\"u\",\"groups\":[\"ops\"]", 0, true, false },
		{ "\"sub\":\"u\",\"groups\":[\"Ops\"],\"azp\":\"ci\"", 0, true, false },
		{ "\"sub\":\"u\",\"azp\":\"ci\"", 0, true, false },
		{ "\"sub\":\"root\"", 0, true, false },
		{ "\"sub\":\"root\"", 1, false, true },
		{ "\"sub\":\"u\",\"groups\":[\"ops\"],\"azp\":\"ci\"", 1, false, false },
	};
	struct conf *conf = world_conf(yaml);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct actor *a = make(conf, rows[i].issuer, rows[i].members);

		CU_ASSERT_FALSE(identity_may_reach(conf, a, 0));
		CU_ASSERT_EQUAL(identity_may_reach(conf, a, 1), rows[i].any);
		CU_ASSERT_EQUAL(identity_may_reach(conf, a, 2), rows[i].some);
		CU_ASSERT_FALSE(identity_may_reach(conf, a, 3));
		CU_ASSERT_FALSE(identity_may_reach(conf, a, CONF_TARGET_NONE));
		actor_unref(&a);
	}
	conf_free(&conf);
}

/* Known tokens. */

static struct actor *numbered(const struct conf *conf, int n)
{
	char members[64];

	snprintf(members, sizeof(members), "\"sub\":\"u%d\"", n);
	return make(conf, 0, members);
}

static bool knows(struct known *k, const struct actor *a, int64_t now_s, uint64_t now_ms)
{
	struct actor *found = known_get(k, a->token_sha256, now_s, now_ms);
	const bool is_there = found == a;

	CU_ASSERT_TRUE(found == NULL || found == a);
	actor_unref(&found);
	return is_there;
}

static void test_known_times(void)
{
	struct conf *conf = world_conf(yaml);
	struct actor *a = numbered(conf, 0);
	struct known *k = NULL;

	CU_ASSERT_EQUAL_FATAL(known_new(2, 4, 1 << 20, &k), 0);
	known_put(k, a, 7, 100, 200);
	CU_ASSERT_FALSE(knows(k, a, 150, 0)); /* no keys have been published */
	known_issuer_set(k, 0, 7, 1000);
	known_put(k, a, 7, 100, 200);
	CU_ASSERT_TRUE(knows(k, a, 100, 999) && knows(k, a, 199, 999));
	CU_ASSERT_FALSE(knows(k, a, 200, 999));
	CU_ASSERT_FALSE(knows(k, a, 199, 999)); /* it is gone, even if the clock steps back */
	known_put(k, a, 7, 100, 200);
	CU_ASSERT_FALSE(knows(k, a, 99, 0));
	known_put(k, a, 7, 100, 200);
	CU_ASSERT_FALSE(knows(k, a, 150, 1000));
	known_put(k, a, 7, 100, 200);
	known_issuer_set(k, 0, 8, 2000);
	CU_ASSERT_FALSE(knows(k, a, 150, 0));
	known_free(&k);
	CU_ASSERT_EQUAL(a->refs, 1);
	actor_unref(&a);
	conf_free(&conf);
}

static void test_known_order(void)
{
	struct conf *conf = world_conf(yaml);
	struct actor *a[6];
	struct known *k = NULL;

	CU_ASSERT_EQUAL_FATAL(known_new(2, 4, 1 << 20, &k), 0);
	known_issuer_set(k, 0, 1, 1000);
	for (int i = 0; i < 6; i++)
		a[i] = numbered(conf, i);
	for (int i = 0; i < 4; i++)
		known_put(k, a[i], 1, 0, 10);
	CU_ASSERT_TRUE(knows(k, a[0], 1, 1));
	known_put(k, a[4], 1, 0, 10); /* a[1] was used least recently */
	CU_ASSERT_FALSE(knows(k, a[1], 1, 1));
	CU_ASSERT_TRUE(knows(k, a[0], 1, 1) && knows(k, a[2], 1, 1) && knows(k, a[3], 1, 1));
	known_put(k, a[2], 1, 0, 10); /* again: takes no second place */
	known_put(k, a[5], 1, 0, 10);
	CU_ASSERT_FALSE(knows(k, a[4], 1, 1));
	known_free(&k);
	for (int i = 0; i < 6; i++) {
		CU_ASSERT_EQUAL(a[i]->refs, 1);
		actor_unref(&a[i]);
	}
	conf_free(&conf);
}

static void test_known_bytes(void)
{
	struct conf *conf = world_conf(yaml);
	struct actor *a = numbered(conf, 0), *b = numbered(conf, 1);
	struct known *k = NULL;

	CU_ASSERT_EQUAL_FATAL(known_new(2, 4, a->size_bytes, &k), 0);
	known_issuer_set(k, 0, 1, 1000);
	known_put(k, a, 1, 0, 10);
	known_put(k, b, 1, 0, 10);
	CU_ASSERT_FALSE(knows(k, a, 1, 1));
	CU_ASSERT_TRUE(knows(k, b, 1, 1));
	known_free(&k);
	CU_ASSERT_EQUAL_FATAL(known_new(2, 4, a->size_bytes - 1, &k), 0);
	known_issuer_set(k, 0, 1, 1000);
	known_put(k, a, 1, 0, 10);
	CU_ASSERT_FALSE(knows(k, a, 1, 1));
	known_free(&k);
	actor_unref(&a);
	actor_unref(&b);
	conf_free(&conf);
}

/* Revocations. */

static void test_revoked(void)
{
	struct conf *conf = world_conf(yaml);
	struct actor *a = make(conf, 0, "\"sub\":\"u\",\"jti\":\"t1\"");
	struct actor *b = make(conf, 1, "\"sub\":\"u\",\"jti\":\"t1\"");
	struct actor *none = make(conf, 0, "\"sub\":\"t1\"");
	struct revoked *r = NULL;
	char *dir = world_dir();

	CU_ASSERT_EQUAL_FATAL(revoked_new(dir, &r), 0);
	CU_ASSERT_FALSE(revoked_has(r, a));
	CU_ASSERT_EQUAL(revoked_add(r, IDENTITY_REVOKE_JTI, "https://a", "t1"), 0);
	CU_ASSERT_TRUE(revoked_has(r, a));
	CU_ASSERT_FALSE(revoked_has(r, b));    /* another issuer's */
	CU_ASSERT_FALSE(revoked_has(r, none)); /* a subject of that name is another thing */
	CU_ASSERT_EQUAL(revoked_add(r, IDENTITY_REVOKE_SUB, "https://b", "u"), 0);
	CU_ASSERT_EQUAL(revoked_add(r, IDENTITY_REVOKE_SUB, "https://b", "u"), 0);
	CU_ASSERT_TRUE(revoked_has(r, b));
	revoked_free(&r);
	CU_ASSERT_EQUAL_FATAL(revoked_new(dir, &r), 0); /* after a restart */
	CU_ASSERT_TRUE(revoked_has(r, a) && revoked_has(r, b));
	CU_ASSERT_EQUAL(revoked_remove(r, IDENTITY_REVOKE_SUB, "https://b", "u"), 0);
	CU_ASSERT_EQUAL(revoked_remove(r, IDENTITY_REVOKE_SUB, "https://b", "u"), -ENOENT);
	CU_ASSERT_FALSE(revoked_has(r, b));
	revoked_free(&r);
	CU_ASSERT_EQUAL_FATAL(revoked_new(dir, &r), 0);
	CU_ASSERT_TRUE(revoked_has(r, a) && !revoked_has(r, b));
	revoked_free(&r);
	world_dir_remove(dir);
	actor_unref(&a);
	actor_unref(&b);
	actor_unref(&none);
	conf_free(&conf);
}

static void test_revoked_many(void)
{
	struct conf *conf = world_conf(yaml);
	struct revoked *r = NULL;
	char *dir = world_dir(), value[16], long_text[ACTOR_TEXT_MAX + 2];

	CU_ASSERT_EQUAL_FATAL(revoked_new(dir, &r), 0);
	for (int i = 0; i < 300; i++) {
		snprintf(value, sizeof(value), "u%d", i * 7919 % 300);
		CU_ASSERT_EQUAL(revoked_add(r, IDENTITY_REVOKE_SUB, "https://a", value), 0);
	}
	for (int i = 0; i < 300; i++) {
		struct actor *a = numbered(conf, i), *b = numbered(conf, i + 300);

		CU_ASSERT_TRUE(revoked_has(r, a));
		CU_ASSERT_FALSE(revoked_has(r, b));
		actor_unref(&a);
		actor_unref(&b);
	}
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	CU_ASSERT_EQUAL(revoked_add(r, IDENTITY_REVOKE_SUB, "https://a", long_text), -EINVAL);
	CU_ASSERT_EQUAL(revoked_add(r, IDENTITY_REVOKE_SUB, "https://a", ""), -EINVAL);
	CU_ASSERT_EQUAL(revoked_add(r, IDENTITY_REVOKE_SUB, "", "u"), -EINVAL);
	CU_ASSERT_EQUAL(revoked_add(r, IDENTITY_REVOKE_SUB, "https://a", long_text + 1), 0);
	revoked_free(&r);
	world_dir_remove(dir);
	conf_free(&conf);
}

static void write_revoked(const char *dir, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/revoked.json", dir);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

/* Half a list of revocations would let people in. */
static void test_revoked_damaged(void)
{
	static const char *const texts[] = { "", "{}", "[]", "{\"version\":2,\"revoked\":[]}",
		"{\"version\":1}", "{\"version\":1,\"revoked\":[",
		"{\"version\":1,\"revoked\":[{}]}",
		"{\"version\":1,\"revoked\":[{\"iss\":\"a\",\"sub\":\"u\"},{\"iss\":\"a\"}]}",
		"{\"version\":1,\"revoked\":[{\"iss\":\"a\",\"sub\":\"u\",\"jti\":\"t\"}]}",
		"{\"version\":1,\"revoked\":[{\"iss\":\"\",\"sub\":\"u\"}]}" };
	char *dir = world_dir();
	struct revoked *r = NULL;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_revoked(dir, texts[i]);
		CU_ASSERT_EQUAL(revoked_new(dir, &r), -EBADMSG);
		CU_ASSERT_PTR_NULL(r);
	}
	write_revoked(dir, "{\"version\":1,\"revoked\":[]}");
	CU_ASSERT_EQUAL(revoked_new(dir, &r), 0);
	revoked_free(&r);
	world_dir_remove(dir);
	CU_ASSERT_EQUAL(revoked_new("/nonexistent", &r), -ENOENT);
}

/* It holds although it could not be written, which is said. */
static void test_revoked_not_written(void)
{
	struct conf *conf = world_conf(yaml);
	struct actor *a = numbered(conf, 1);
	struct revoked *r = NULL;
	char *dir = world_dir(), path[256];
	struct stat st;

	CU_ASSERT_EQUAL_FATAL(revoked_new(dir, &r), 0);
	snprintf(path, sizeof(path), "%s/revoked.json.new", dir);
	CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
	CU_ASSERT_TRUE(revoked_add(r, IDENTITY_REVOKE_SUB, "https://a", "u1") < 0);
	CU_ASSERT_TRUE(revoked_has(r, a));
	CU_ASSERT_EQUAL(rmdir(path), 0);
	CU_ASSERT_EQUAL(revoked_add(r, IDENTITY_REVOKE_SUB, "https://a", "u1"), 0);
	snprintf(path, sizeof(path), "%s/revoked.json", dir);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	revoked_free(&r);
	world_dir_remove(dir);
	actor_unref(&a);
	conf_free(&conf);
}

int main(void)
{
	CU_pSuite s;
	unsigned failures;

	CU_initialize_registry();
	s = CU_add_suite("actor", NULL, NULL);
	CU_add_test(s, "what an actor holds", test_fields);
	CU_add_test(s, "JSON escapes what terminals act on", test_json);
	CU_add_test(s, "who may reach a target", test_may_reach);
	CU_add_test(s, "known: times and keys", test_known_times);
	CU_add_test(s, "known: the least recently used goes", test_known_order);
	CU_add_test(s, "known: bytes", test_known_bytes);
	CU_add_test(s, "revoked: subjects and tokens, over restarts", test_revoked);
	CU_add_test(s, "revoked: many, bounds", test_revoked_many);
	CU_add_test(s, "revoked: a damaged file is refused", test_revoked_damaged);
	CU_add_test(s, "revoked: what cannot be written holds", test_revoked_not_written);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures == 0 ? 0 : 1;
}
