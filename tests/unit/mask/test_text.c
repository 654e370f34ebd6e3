/* SPDX-License-Identifier: Apache-2.0
 * Masks of text: each kind, parts, characters, free text; and FF1 against NIST's samples. */
#include "ruleset/mask/mask_priv.h"
#include "tests/unit/mask/tool.h"
#include "tests/unit/net/suite.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *text(const struct mask *mask, const char *value)
{
	return tool_text(mask, OID_TEXT, value);
}

static void check(const struct mask *mask, const char *value, const char *wanted)
{
	CHECK_ROW(value, tool_is(value, text(mask, value), wanted));
}

static void test_redact(void)
{
	check(&tool_redact, "anything", "*****");
	check(&tool_redact, "", "*****");
	check(&tool_null, "anything", "<null>");
	check(&(struct mask){ .kind = (enum mask_kind)99 }, "anything", "*****");
}

static void test_keep(void)
{
	static const struct {
		uint32_t keep;
		const char *value, *first, *last;
	} rows[] = {
		{ 4, "123-45-6789", "123-*******", "*******6789" },
		{ 4, "1234", "*****", "*****" },
		{ 4, "123", "*****", "*****" },
		{ 4, "", "*****", "*****" },
		{ 0, "abc", "***", "***" },
		{ 2, "Zoë Ünsal", "Zo*******", "*******al" },
		{ 3, "Zoë Ünsal", "Zoë******", "******sal" },
		{ 1, "日本語", "日**", "**語" },
		{ 1, "😀🎉", "😀*", "*🎉" },
		{ 2, "\xff\xfe\xfd", "\xff\xfe*", "*\xfe\xfd" }, /* not UTF-8: bytes */
		{ 1, "\xc3", "*****", "*****" },
		{ 1, "a\xe6\x97", "a**", "**\x97" }, /* a character cut off by somebody else */
		{ UINT32_MAX, "abc", "*****", "*****" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct mask first = tool_keep_first(rows[i].keep),
				  last = tool_keep_last(rows[i].keep);

		check(&first, rows[i].value, rows[i].first);
		check(&last, rows[i].value, rows[i].last);
	}
}

static void test_part(void)
{
	static const struct {
		size_t from, to;
		const char *value, *wanted;
	} rows[] = {
		{ 4, 7, "say abc now", "say ***** now" },
		{ 0, 3, "abc", "*****" },
		{ 0, 99, "abc", "*****" },
		{ 2, 99, "abc", "ab*****" },
		{ 4, 5, "Zoë", "<inval>" },
		{ 3, 4, "Zoë!", "Zo*****!" }, /* the second byte of a character is all of it */
		{ 0, 3, "Zoë!", "*****!" },
		{ 2, 2, "abc", "<inval>" },
		{ 3, 2, "abc", "<inval>" },
		{ 3, 4, "abc", "<inval>" },
		{ 0, 0, "", "*****" },
	};
	struct mask_input in = { .type = OID_TEXT };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		in.bytes = tool_span(rows[i].value);
		in.part = (struct mask_part){ rows[i].from, rows[i].to };
		CHECK_ROW(rows[i].value, strcmp(tool_input(&tool_redact, in), rows[i].wanted) == 0);
	}
	in.part = (struct mask_part){ 0, 2 };
	in.bytes = tool_span("abc");
	CU_ASSERT_STRING_EQUAL(tool_input(&tool_null, in), "<null>");
}

static bool is_code(const char *s, size_t n)
{
	return strspn(s, "abcdefghijklmnopqrstuvwxyz234567") == n;
}

static void test_pseudonym_token(void)
{
	char first[64], other[64];

	snprintf(first, sizeof(first), "%s", text(&tool_pseudonym, "Jane Roe"));
	CU_ASSERT(strncmp(first, "p_", 2) == 0 && strlen(first) == 22 && is_code(first + 2, 20));
	CU_ASSERT_STRING_EQUAL(text(&tool_pseudonym, "Jane Roe"), first);
	CU_ASSERT_STRING_NOT_EQUAL(text(&tool_pseudonym, "Jane Roe "), first);
	snprintf(other, sizeof(other), "%s", text(&tool_pseudonym, ""));
	CU_ASSERT(strlen(other) == 22);
	tool_rekey("quite another secret for this one");
	CU_ASSERT_STRING_NOT_EQUAL(text(&tool_pseudonym, "Jane Roe"), first);
	tool_rekey("a secret of the tests, not of anyone");
	CU_ASSERT_STRING_EQUAL(text(&tool_pseudonym, "Jane Roe"), first);
}

static void test_pseudonym_email(void)
{
	char a[64], b[64], c[64];
	const char *not_mail[] = { "a@", "@b.c", "a@b@c", "a b@c.d", "a@.c", "a@c.", "a@b c",
		"\"a\"@c.d", "a@[1.2.3.4]" };

	snprintf(a, sizeof(a), "%s", text(&tool_pseudonym, "jane.roe@corp.example.com"));
	snprintf(b, sizeof(b), "%s", text(&tool_pseudonym, "jane.roe@other.org"));
	snprintf(c, sizeof(c), "%s", text(&tool_pseudonym, "john@other.org"));
	CU_ASSERT(is_code(a, 16) && a[16] == '@' && is_code(a + 17, 16));
	CU_ASSERT_STRING_EQUAL(a + 33, ".example");
	CU_ASSERT(strncmp(a, b, 17) == 0 && strcmp(a, b) != 0); /* each part for itself */
	CU_ASSERT(strcmp(b + 16, c + 16) == 0 && strncmp(b, c, 16) != 0);
	for (size_t i = 0; i < sizeof(not_mail) / sizeof(*not_mail); i++)
		CHECK_ROW(not_mail[i], strncmp(text(&tool_pseudonym, not_mail[i]), "p_", 2) == 0);
}

static void test_pseudonym_digits(void)
{
	static const char *const values[] = { "123-45-6789", "4111 1111 1111 1111",
		"+1 (555) 010-9999", "7", "42", "1984", "0000",
		"12345678901234567890123456789012345678",
		"123456789012345678901234567890123456789012345", "10.77.0.1", "1/2/1984" };

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		const char *v = values[i], *is = text(&tool_pseudonym, v);
		bool same_shape = strlen(is) == strlen(v);

		for (size_t k = 0; same_shape && v[k] != '\0'; k++)
			same_shape = is_digit((uint8_t)v[k]) ? is_digit((uint8_t)is[k])
							     : v[k] == is[k];
		CHECK_ROW(v, same_shape);
		CHECK_ROW(v, strlen(v) < 4 || strcmp(v, is) != 0);
	}
}

/* A permutation: of all numbers of three digits none is met twice. */
static void test_pseudonym_is_bijective(void)
{
	static bool seen[1000];
	char value[8];

	for (int i = 0; i < 1000; i++) {
		long number;

		snprintf(value, sizeof(value), "%03d", i);
		number = strtol(text(&tool_pseudonym, value), NULL, 10);
		CU_ASSERT_FATAL(number >= 0 && number < 1000 && !seen[number]);
		seen[number] = true;
	}
}

/* NIST, "Block Cipher Modes of Operation FF1 Method for Format-Preserving Encryption", sample 7. */
static void test_ff1_sample(void)
{
	static const uint8_t sample[32] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab,
		0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c, 0xef, 0x43, 0x59, 0xd8, 0xd5, 0x80, 0xaa,
		0x4f, 0x7f, 0x03, 0x6d, 0x6f, 0x04, 0xfc, 0x6a, 0x94 };
	struct masker m = *tool_masker();
	struct mask_key key = *m.key;
	uint8_t digits[] = "0123456789";

	memcpy(key.digits, sample, sizeof(sample));
	m.key = &key;
	mask_ff1(&m, digits, 10);
	CU_ASSERT_STRING_EQUAL((char *)digits, "6657667009");
}

static void test_year_and_noise(void)
{
	const struct mask tenth = tool_noise(0.1), bad = tool_noise(2);
	double v;

	check(&tool_year, "1984-05-17", "1984-01-01");
	check(&tool_year, "1984-05-17T10:20:30Z", "1984-01-01T00:00:00Z");
	check(&tool_year, "17 May 1984", "*****");
	v = strtod(text(&tenth, "50000"), NULL);
	CU_ASSERT(v >= 45000 && v <= 55000 && v != 50000);
	check(&tenth, "fifty", "*****");
	check(&bad, "50000", "0");
}

static void test_fixed(void)
{
	const struct mask fixed = tool_fixed("n/a");

	check(&fixed, "Jane", "n/a");
}

static const char *hits(const char *value, const struct mask_hit *list, size_t n)
{
	static char out[256];
	struct outbuf o = ob_of(out, sizeof(out) - 1);
	const int rc = mask_hits(tool_masker(), tool_span(value), list, n, &o);

	out[o.len] = '\0';
	CU_ASSERT(rc == 0 || o.len == 0);
	return rc == 0 ? out : rc == -EINVAL ? "<inval>" : "<error>";
}

static void test_hits(void)
{
	const struct mask keep = tool_keep_last(4), fixed = tool_fixed("x");
	const struct mask_hit two[] = { { { 4, 15 }, &keep }, { { 21, 24 }, &fixed } };
	const struct mask_hit overlap[] = { { { 4, 15 }, &keep }, { { 10, 18 }, &fixed } };
	const struct mask_hit inside[] = { { { 4, 15 }, &keep }, { { 5, 6 }, &fixed },
		{ { 21, 24 }, &tool_null } };
	const struct mask_hit order[] = { { { 21, 24 }, &keep }, { { 4, 15 }, &fixed } };
	const struct mask_hit beyond[] = { { { 30, 31 }, &keep } };
	const char *message = "ssn 123-45-6789 name Roe!";

	CU_ASSERT_STRING_EQUAL(hits(message, two, 2), "ssn *******6789 name x!");
	CU_ASSERT_STRING_EQUAL(hits(message, overlap, 2), "ssn *****me Roe!");
	CU_ASSERT_STRING_EQUAL(hits(message, inside, 3), "ssn ***** name *****!");
	CU_ASSERT_STRING_EQUAL(hits(message, order, 2), "<inval>");
	CU_ASSERT_STRING_EQUAL(hits(message, beyond, 1), "<inval>");
	CU_ASSERT_STRING_EQUAL(hits(message, NULL, 0), message);
}

/* Two hits that touch the bytes of one character. */
static void test_hits_meet_in_a_character(void)
{
	const struct mask_hit list[] = { { { 0, 3 }, &tool_redact }, { { 3, 5 }, &tool_redact } };

	CU_ASSERT_STRING_EQUAL(hits("Zo\xc3\xab!", list, 2), "*****");
}

static void test_no_room(void)
{
	char room[8];
	struct outbuf o = ob_of(room, sizeof(room));
	const struct mask keep = tool_keep_last(2);

	ob_put(&o, "1234", 4);
	CU_ASSERT(mask_text(tool_masker(), &keep, tool_span("abcde"), MASK_WHOLE, &o) == -ENOBUFS);
	CU_ASSERT(o.len == 4 && !o.full);
	CU_ASSERT(mask_text(tool_masker(), &keep, tool_span("abcd"), MASK_WHOLE, &o) == MASK_OK);
	CU_ASSERT(o.len == 8);
}

static int n_allocated;

static void *count_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	n_allocated++;
	return malloc(n);
}

static void *count_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	n_allocated++;
	return realloc(p, n);
}

static void count_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* OpenSSL does not reach for the heap for any value, nor when keys change. */
static void test_no_heap(void)
{
	static const char *const values[] = { "a@b.c", "123456", "some words" };
	struct mask_key other;
	const struct mask_key *key = tool_masker()->key;
	int before;

	CU_ASSERT(mask_key_init(&other, tool_span("one more secret, 16+")) == 0);
	before = n_allocated;
	CU_ASSERT(before > 0); /* the counter counts */
	for (size_t i = 0; i < 12; i++) {
		struct mask_input in = {
			.type = OID_TEXT, .bytes = tool_span(values[i % 3]), .part = MASK_WHOLE
		};
		int len;

		tool_masker()->key = i % 2 == 0 ? &other : key;
		tool_value(&tool_pseudonym, in, &len);
		CU_ASSERT(len > 0);
	}
	tool_masker()->key = key;
	CU_ASSERT(n_allocated == before);
	mask_key_done(&other);
}

static void test_key(void)
{
	struct mask_key key;

	CU_ASSERT(mask_key_init(&key, tool_span("short")) == -EINVAL);
}

/* RFC 4231: case 3 (a key of 20 bytes) and case 6 (one longer than a block). */
static void test_hmac(void)
{
	static const uint8_t case_3[] = { 0x77, 0x3e, 0xa9, 0x1e, 0x36, 0x80, 0x0e, 0x46 },
			     case_6[] = { 0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f };
	uint8_t secret[131], data[50], sum[MASK_MAC_BYTES];
	struct mask_key key;

	memset(secret, 0xaa, sizeof(secret));
	memset(data, 0xdd, sizeof(data));
	CU_ASSERT(mask_key_init(&key, (struct span){ secret, 20 }) == 0);
	mask_hmac(&key, (struct span){ data, sizeof(data) }, sum);
	CU_ASSERT(memcmp(sum, case_3, sizeof(case_3)) == 0);
	CU_ASSERT(mask_key_init(&key, (struct span){ secret, sizeof(secret) }) == 0);
	mask_hmac(&key, tool_span("Test Using Larger Than Block-Size Key - Hash Key First"), sum);
	CU_ASSERT(memcmp(sum, case_6, sizeof(case_6)) == 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "redact", test_redact },
		{ "keep", test_keep },
		{ "part", test_part },
		{ "pseudonym: token", test_pseudonym_token },
		{ "pseudonym: e-mail", test_pseudonym_email },
		{ "pseudonym: digits", test_pseudonym_digits },
		{ "pseudonym: no two meet", test_pseudonym_is_bijective },
		{ "FF1: sample 7 of NIST", test_ff1_sample },
		{ "date to year, noise", test_year_and_noise },
		{ "fixed", test_fixed },
		{ "hits in free text", test_hits },
		{ "hits meet in a character", test_hits_meet_in_a_character },
		{ "no room", test_no_room },
		{ "no heap", test_no_heap },
		{ "keys", test_key },
		{ "HMAC: cases of RFC 4231", test_hmac },
	};

	CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free);
	return suite_run("mask/text", tests, sizeof(tests) / sizeof(*tests));
}
