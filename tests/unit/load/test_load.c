/* SPDX-License-Identifier: Apache-2.0
 * ruleset/load: every message with its line and column, limits, what becomes of values. */
#include "tests/unit/load/rows.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>

static void test_rows_file(void)
{
	expect_rows(rows_file, n_rows_file);
}

/* <head>, then <part> <n> times. For free(). */
static char *repeat(const char *head, const char *part, size_t n)
{
	const size_t at = strlen(head), len = strlen(part);
	char *text = malloc(at + n * len + 1);

	if (text == NULL)
		abort();
	memcpy(text, head, at);
	for (size_t i = 0; i < n; i++)
		memcpy(text + at + i * len, part, len);
	text[at + n * len] = '\0';
	return text;
}

static void expect_limit(char *yaml, const char *said)
{
	const struct load_row row = { "limit", yaml, { { 0, 0, said } } };
	struct policy *p = NULL;

	CU_ASSERT_EQUAL(load(row.yaml, &p), -EINVAL);
	CU_ASSERT_EQUAL(report.errors.n, 1);
	if (strstr(report.errors.at[0].text, said) == NULL)
		printf("\n    expected %s, found %s", said, report.errors.at[0].text);
	CU_ASSERT_PTR_NOT_NULL(strstr(report.errors.at[0].text, said));
	free(yaml);
}

static void test_limits(void)
{
	expect_limit(repeat("pack: a # ", "x", 10 << 20), "larger than 4 MiB");
	expect_limit(repeat("pack: a\nx:\n", "- a\n", 530000), "more than 524288 keys and values");
	expect_limit(repeat("pack: ", "[", 100000), "nested more than 12 deep");
	expect_limit(repeat("pack: a\npatterns:\n", "- {}\n", 4097), "more than 4096 in all packs");
	expect_limit(repeat("pack: a\npatterns:\n- id: b\n  regex: ", "x", 2001),
			"at most 2000 bytes");
	expect_limit(repeat("pack: a\nabout: ", "x", 201), "at most 200 bytes");
	expect_limit(repeat("pack: a\npatterns:\n- regex: x\n  id: ", "x", 40),
			"at most 39 characters");
}

/* Lists that share all names but the last are compared to their ends: not when they are long. */
static void test_heavy(void)
{
	const size_t each = 9000;
	char *rules[2], *yaml;

	rules[0] = repeat("- id: a\n  then: deny\n  when: {sql: {relation: [", "t, ", each);
	rules[1] = repeat("x]}}\n- id: b\n  then: deny\n  when: {sql: {relation: [", "t, ", each);
	if (asprintf(&yaml, "pack: a\ncommands:\n%s%sy]}}\n", rules[0], rules[1]) < 0)
		abort();
	free(rules[0]);
	free(rules[1]);
	expect_warnings(yaml, (const char *const[]){ "are not looked for: more than 16384", NULL });
	free(yaml);
}

static void test_patterns(void)
{
	struct policy *p = load_good("pack: pii\n"
				     "about: who people are\n"
				     "patterns:\n"
				     "  - id: pan\n"
				     "    regex: '\\b4\\d{15}\\b'\n"
				     "    flags: [caseless, multiline]\n"
				     "    validate: luhn\n"
				     "    needs: digits\n"
				     "    examples: {match: [\"4111 1111\", 4], not: [x]}\n"
				     "  - {regex: a, id: b, flags: dotall}\n");
	const struct model_pack *pack = &p->packs[0];

	CU_ASSERT_EQUAL(p->n_packs, 1);
	CU_ASSERT_EQUAL_FATAL(p->n_patterns, 2);
	CU_ASSERT_STRING_EQUAL(pack->name, "pii");
	CU_ASSERT_STRING_EQUAL(pack->about, "who people are");
	CU_ASSERT_TRUE(pack->command == VERDICT_ALLOW && pack->unparsed == VERDICT_DENY);
	CU_ASSERT_TRUE(pack->first_pattern == 0 && pack->n_patterns == 2);
	CU_ASSERT_STRING_EQUAL(p->patterns[0].id, "pan");
	CU_ASSERT_STRING_EQUAL(p->patterns[0].regex, "\\b4\\d{15}\\b");
	CU_ASSERT_EQUAL(p->patterns[0].flags, SCAN_F_CASELESS | SCAN_F_MULTILINE);
	CU_ASSERT_EQUAL(p->patterns[0].validator, SCAN_V_LUHN);
	CU_ASSERT_TRUE(p->patterns[0].needs_digits && !p->patterns[1].needs_digits);
	CU_ASSERT_TRUE(p->patterns[1].flags == SCAN_F_DOTALL &&
			p->patterns[1].validator == SCAN_V_NONE);
	CU_ASSERT_EQUAL(pack->pattern_examples[0].match.n, 2);
	CU_ASSERT_STRING_EQUAL(pack->pattern_examples[0].match.at[1], "4");
	CU_ASSERT_EQUAL(pack->pattern_examples[0].not_match.n, 1);
	CU_ASSERT_EQUAL(pack->pattern_examples[1].match.n, 0);
	policy_free(&p);
	CU_ASSERT_PTR_NULL(p);
}

/* Several packs: errors in the report of the pack that has them, one name once, one hash of all. */
static void test_packs(void)
{
	static struct load_report reports[LOAD_PACKS_MAX + 1];
	struct span texts[LOAD_PACKS_MAX + 1] = { { (const uint8_t *)"pack: a\nx: 1", 12 },
		{ (const uint8_t *)"pack: b", 7 }, { (const uint8_t *)"pack: b", 7 } };
	struct policy *p = NULL, *other = NULL;

	CU_ASSERT_EQUAL(load_policy(texts, 3, &p, reports), -EINVAL);
	CU_ASSERT_PTR_NULL(p);
	CU_ASSERT_EQUAL(reports[0].errors.n, 1);
	CU_ASSERT_EQUAL(reports[1].errors.n, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(reports[2].errors.at[0].text, "another pack of this policy"));
	CU_ASSERT_EQUAL(load_policy(texts, LOAD_PACKS_MAX + 1, &p, reports), -E2BIG);
	texts[0].len = 7;
	CU_ASSERT_EQUAL_FATAL(load_policy(texts, 2, &p, reports), 0);
	CU_ASSERT_EQUAL(p->n_packs, 2);
	/* printf '\7\0\0\0\0\0\0\0pack: a\7\0\0\0\0\0\0\0pack: b' | sha256sum */
	CU_ASSERT_STRING_EQUAL(p->hash,
			"34cdb67bfe81d8678d7349bcc3fdce35f8f8e37380b42bb9a46e010aa9fd1fc5");
	CU_ASSERT_EQUAL_FATAL(load_policy(texts, 1, &other, reports), 0);
	CU_ASSERT_STRING_NOT_EQUAL(p->hash, other->hash);
	policy_free(&p);
	policy_free(&other);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "each message of a file, its line and column", test_rows_file },
		{ "limits", test_limits },
		{ "a pack too large to compare its rules", test_heavy },
		{ "patterns", test_patterns },
		{ "packs together", test_packs },
	};

	return suite_run("load", tests, sizeof(tests) / sizeof(tests[0]));
}
