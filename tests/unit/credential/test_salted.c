/* SPDX-License-Identifier: Apache-2.0
 * The sums: SaltedPassword and its cache, base64, SASLprep. */
#include "ctrlplane/credential/credential_priv.h"
#include "ctrlplane/credential/salted.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <string.h>

static struct span span_of(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

static struct secret *secret_of(const char *text)
{
	struct secret *s = NULL;

	CU_ASSERT_EQUAL_FATAL(secret_new(strlen(text), &s), 0);
	memcpy(secret_bytes(s), text, strlen(text));
	secret_set_len(s, strlen(text));
	return s;
}

/* RFC 7677's password and salt; the result is Python's hashlib's. */
static void test_salted(void)
{
	static const uint8_t want[SALTED_BYTES] = { 0xc4, 0xa4, 0x95, 0x10, 0x32, 0x3a, 0xb4, 0xf9,
		0x52, 0xca, 0xc1, 0xfa, 0x99, 0x44, 0x19, 0x39, 0xe7, 0x8e, 0xa7, 0x4d, 0x6b, 0xe8,
		0x1d, 0xdf, 0x70, 0x96, 0xe8, 0x75, 0x13, 0xdc, 0x61, 0x5d };
	struct secret *s = secret_of("pencil");
	uint8_t salt[16], got[SALTED_BYTES];

	CU_ASSERT_EQUAL(b64_decode(span_of("W22ZaJ0SNY7soEsUEjb6gQ=="), salt, sizeof(salt)), 16);
	CU_ASSERT_EQUAL(salted_password(s, (struct span){ salt, 16 }, 4096, got), 0);
	CU_ASSERT_EQUAL(memcmp(got, want, sizeof(want)), 0);
	secret_free(&s);
}

struct ask {
	const char *password, *salt;
	uint32_t iterations;
};

static bool is_kept(struct salted_cache *c, const struct ask *ask)
{
	struct secret *s = secret_of(ask->password);
	uint8_t got[SALTED_BYTES];
	bool found = salted_cache_find(c, s, span_of(ask->salt), ask->iterations, got);

	secret_free(&s);
	return found;
}

static void expect_get(struct salted_cache *c, const struct ask *ask)
{
	struct secret *s = secret_of(ask->password);
	uint8_t got[SALTED_BYTES], want[SALTED_BYTES];

	CU_ASSERT_EQUAL(salted_cache_get(c, s, span_of(ask->salt), ask->iterations, got), 0);
	CU_ASSERT_EQUAL(salted_password(s, span_of(ask->salt), ask->iterations, want), 0);
	CU_ASSERT_EQUAL(memcmp(got, want, sizeof(want)), 0);
	secret_free(&s);
}

/* Each differs from the first in one of the three, or only in where one ends and the next begins.
 * */
static void test_cache_tells_apart(void)
{
	static const struct ask asks[] = { { "pw", "salt", 2 }, { "pv", "salt", 2 },
		{ "pw", "sale", 2 }, { "pw", "salt", 3 }, { "pws", "alt", 2 },
		{ "p", "wsalt", 2 } };
	struct salted_cache_stats stats;
	struct salted_cache *c = NULL;

	CU_ASSERT_EQUAL_FATAL(salted_cache_new(8, &c), 0);
	for (size_t i = 0; i < 6; i++)
		CU_ASSERT_FALSE(is_kept(c, &asks[i]));
	for (size_t i = 0; i < 12; i++)
		expect_get(c, &asks[i % 6]);
	salted_cache_stats(c, &stats);
	CU_ASSERT_EQUAL(stats.misses, 12);
	CU_ASSERT_EQUAL(stats.hits, 6);
	CU_ASSERT_EQUAL(stats.entries, 6);
	salted_cache_free(&c);
	CU_ASSERT_PTR_NULL(c);
}

static void test_cache_is_bounded(void)
{
	static const struct ask a = { "a", "s", 1 }, b = { "b", "s", 1 }, d = { "d", "s", 1 };
	struct salted_cache_stats stats;
	struct salted_cache *c = NULL;

	CU_ASSERT_EQUAL_FATAL(salted_cache_new(2, &c), 0);
	expect_get(c, &a);
	expect_get(c, &b);
	expect_get(c, &a);
	expect_get(c, &d); /* b was not asked for longest */
	CU_ASSERT_TRUE(is_kept(c, &a));
	CU_ASSERT_FALSE(is_kept(c, &b));
	CU_ASSERT_TRUE(is_kept(c, &d));
	salted_cache_stats(c, &stats);
	CU_ASSERT_EQUAL(stats.entries, 2);
	salted_cache_free(&c);
}

/* RFC 4648 10, and what is no base64 or not the only one. */
static void test_b64(void)
{
	static const char *const good[][2] = { { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
	static const char *const bad[] = { "Zg=", "Zg",
		"Zh==", "Zm9=", "Zg==Zg==", "Zm9v====", "====", "=Zm9", "Z===", " Zm9vYmF",
		"Zm9vYm  ", "Zm9v\nZm9", "Zm9-", "Zm9_",
		"Zm9vYmFyZm9v" /* longer than the room */ };
	uint8_t out[8];
	char text[16];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ssize_t len = b64_decode(span_of(good[i][1]), out, sizeof(out));

		CU_ASSERT_EQUAL_FATAL(len, (ssize_t)strlen(good[i][0]));
		CU_ASSERT_EQUAL(memcmp(out, good[i][0], (size_t)len), 0);
		CU_ASSERT_EQUAL(b64_encode(span_of(good[i][0]), text), strlen(good[i][1]));
		CU_ASSERT_EQUAL(memcmp(text, good[i][1], strlen(good[i][1])), 0);
	}
	CU_ASSERT_EQUAL(b64_decode(span_of(""), out, sizeof(out)), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(b64_decode(span_of(bad[i]), out, sizeof(out)), -1);
}

/* RFC 4013 3, and PostgreSQL's t/002_saslprep.pl. What cannot be prepared stays as it is. */
static void test_prep(void)
{
	static const char *const rows[][2] = {
		{ "pencil", "pencil" }, { "I\xc2\xadX", "IX" }, /* a soft hyphen goes */
		{ "user", "user" },                             /* no transformation */
		{ "USER", "USER" },                             /* case is kept */
		{ "\xc2\xaa", "a" },                            /* NFKC */
		{ "\xe2\x85\xa8", "IX" },                       /* ROMAN NUMERAL NINE */
		{ "\xc2\xa0x", " x" },                          /* another space */
		{ "e\xcc\x81", "\xc3\xa9" },                    /* composed */
		{ "foo\x07"
		  "bar",
				"foo\x07"
				"bar" },            /* ASCII is not looked at */
		{ "\x07\xc2\xaa", "\x07\xc2\xaa" }, /* prohibited: raw */
		{ "foo\xd8\xa7"
		  "1bar",
				"foo\xd8\xa7"
				"1bar" }, /* both directions: raw */
		{ "\xd8\xa7"
		  "1",
				"\xd8\xa7"
				"1" },
		{ "\xff\xfe", "\xff\xfe" }, /* not UTF-8: raw */
		{ "\xc2\xad", "\xc2\xad" }, /* nothing would be left: raw */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct secret *raw = secret_of(rows[i][0]), *prepared = NULL;

		CU_ASSERT_EQUAL_FATAL(prep_password(raw, &prepared), 0);
		if (!secret_is_equal(prepared, span_of(rows[i][1])))
			printf("\n  row %zu: %s", i, (const char *)secret_span(prepared).ptr);
		CU_ASSERT_TRUE(secret_is_equal(prepared, span_of(rows[i][1])));
		secret_free(&raw);
		secret_free(&prepared);
	}
}

/* U+FDFA is 18 characters after NFKC: the worst that 1,024 bytes can become. */
static void test_prep_largest(void)
{
	struct secret *raw = NULL, *prepared = NULL;

	CU_ASSERT_EQUAL_FATAL(secret_new(CREDENTIAL_PASSWORD_MAX, &raw), 0);
	for (size_t i = 0; i + 3 <= CREDENTIAL_PASSWORD_MAX; i += 3)
		memcpy(secret_bytes(raw) + i, "\xef\xb7\xba", 3);
	secret_set_len(raw, CREDENTIAL_PASSWORD_MAX / 3 * 3);
	CU_ASSERT_EQUAL_FATAL(prep_password(raw, &prepared), 0);
	CU_ASSERT_TRUE(secret_span(prepared).len > 10000);
	secret_free(&raw);
	secret_free(&prepared);
}

int main(void)
{
	CU_pSuite s;
	unsigned int n_failed;

	CU_initialize_registry();
	s = CU_add_suite("credential", NULL, NULL);
	CU_add_test(s, "SaltedPassword", test_salted);
	CU_add_test(s, "the cache tells apart", test_cache_tells_apart);
	CU_add_test(s, "the cache is bounded", test_cache_is_bounded);
	CU_add_test(s, "base64", test_b64);
	CU_add_test(s, "SASLprep", test_prep);
	CU_add_test(s, "SASLprep of the largest", test_prep_largest);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	n_failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	return n_failed == 0 ? 0 : 1;
}
