/* SPDX-License-Identifier: Apache-2.0
 * From files of rules to what workers judge and scan with. */
#include "ctrlplane/policy/published.h"
#include "ruleset/model/model.h"
#include "ruleset/scan/scan.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/sluice-published-XXXXXX";
static char heard[4096];

static void hear(void *ctx, const char *path, const struct doc_error *e, bool is_warning)
{
	const size_t n = strlen(heard);

	(void)ctx;
	snprintf(heard + n, sizeof(heard) - n, "%s:%u:%u:%s %s\n", path, e->line, e->column,
			is_warning ? " warning:" : "", e->text);
}

static const struct rules_ear ear = { hear, NULL };

static const char *write_file(const char *name, const char *text)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	CU_ASSERT_TRUE_FATAL(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
	return path;
}

static int add(struct rules *r, const char *name, const char *text)
{
	const char *path = write_file(name, text);
	const int rc = rules_add_file(r, path, &ear);

	unlink(path);
	return rc;
}

static struct policy *policy_of(const struct rules *r, const char *const *names, size_t n)
{
	struct policy *p = NULL;
	size_t bad;

	CU_ASSERT_EQUAL_FATAL(rules_policy(r, names, n, &p, &bad), 0);
	return p;
}

static void count(void *ctx, const struct scan_found *found)
{
	(void)found;
	++*(unsigned *)ctx;
}

static unsigned n_found(struct scanner *s, const char *text)
{
	const struct span field = { (const uint8_t *)text, strlen(text) };
	unsigned n = 0;

	CU_ASSERT_EQUAL(scan_fields(s, &field, 1, &(struct scan_sink){ count, &n }), 0);
	return n;
}

static const char both[] = "pack: both\n"
			   "patterns:\n"
			   "  - {id: badge, regex: 'BADGE-[0-9]{6}'}\n"
			   "data:\n"
			   "  - {id: badge, pattern: badge, mask: redact}\n"
			   "commands:\n"
			   "  - {id: word, when: {text: 'xyzzy'}, then: deny}\n";

static void test_whole(void)
{
	static const char *const names[] = { "pii", "both" };
	struct rules *r = rules_new();
	struct published *p = NULL;
	struct policy *policy;

	heard[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(add(r, "both.yaml", both), 0);
	policy = policy_of(r, names, 2);
	CU_ASSERT_EQUAL_FATAL(published_new(r, &policy, 3, &ear, &p), 0);
	CU_ASSERT_STRING_EQUAL(heard, "");
	CU_ASSERT_PTR_NULL(policy);
	CU_ASSERT_PTR_EQUAL(p->rules.policy, p->policy);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(n_found(p->rules.values[i], "BADGE-123456"), 1);
		CU_ASSERT_EQUAL(n_found(p->rules.values[i], "jane@example.com"), 1);
		CU_ASSERT_EQUAL(n_found(p->rules.values[i], "select xyzzy"), 0);
		CU_ASSERT_EQUAL(n_found(p->rules.texts[i], "select xyzzy"), 1);
		CU_ASSERT_EQUAL(n_found(p->rules.texts[i], "BADGE-123456"), 0);
	}
	CU_ASSERT_TRUE(p->rules.values[0] != p->rules.values[1] &&
			p->rules.values[1] != p->rules.values[2]);
	published_free(&p);
	CU_ASSERT_PTR_NULL(p);
	rules_free(&r);
}

static void test_none(void)
{
	static const char *const names[] = { "read-only" };
	struct rules *r = rules_new();
	struct policy *policy = policy_of(r, names, 1);
	struct published *p = NULL;

	CU_ASSERT_EQUAL_FATAL(published_new(r, &policy, 2, &ear, &p), 0);
	CU_ASSERT_TRUE(p->rules.values == NULL && p->rules.texts == NULL);
	published_free(&p);
	published_free(&p);
	rules_free(&r);
}

/* By name, over all workers: rules, then what packs say without one, then data rules. */
static void test_hits(void)
{
	static const char *const names[] = { "read-only", "both" };
	struct rules *r = rules_new();
	struct published_hit hit;
	struct published *p = NULL;
	struct policy *policy;
	uint32_t n = 0, word = UINT32_MAX;

	CU_ASSERT_EQUAL_FATAL(add(r, "both.yaml", both), 0);
	policy = policy_of(r, names, 2);
	CU_ASSERT_EQUAL_FATAL(published_new(r, &policy, 2, &ear, &p), 0);
	for (; published_hit_at(p, n, &hit); n++) {
		CU_ASSERT_EQUAL(hit.n, 0);
		if (strcmp(hit.rule, "word") == 0)
			word = n;
	}
	CU_ASSERT_EQUAL(n, p->rules.n_hits);
	CU_ASSERT_EQUAL_FATAL(n, p->policy->packs[0].n_rules + 3 + 1 + 3 + 1);
	spine_rules_hit(&p->rules, 0, word);
	spine_rules_hit(&p->rules, 1, word);
	spine_rules_hit_data(&p->rules, 1, 0);
	spine_rules_hit(&p->rules, 1, UINT32_MAX); /* no rule spoke */
	CU_ASSERT_TRUE(published_hit_at(p, word, &hit) && hit.n == 2);
	CU_ASSERT_TRUE(strcmp(hit.pack, "both") == 0 && strcmp(hit.verdict, "deny") == 0);
	CU_ASSERT_TRUE(published_hit_at(p, n - 1, &hit) && hit.n == 1);
	CU_ASSERT_TRUE(strcmp(hit.rule, "badge") == 0 && strcmp(hit.verdict, "mask") == 0);
	CU_ASSERT_TRUE(published_hit_at(p, word - 1, &hit) && hit.n == 0);
	published_free(&p);
	rules_free(&r);
}

/* Hyperscan's refusals have the file and the line, whether or not a target names the pack. */
static void test_refused(void)
{
	static const struct {
		const char *name, *text, *about;
	} rows[] = {
		{ "of values",
				"pack: a\npatterns:\n  - {id: good, regex: abcd}\n"
				"  - id: bad\n    regex: '(?=a)abcd'\n",
				"/a.yaml:4:1: pattern 'bad': " },
		{ "of commands",
				"pack: a\ncommands:\n  - id: x\n    when: {sql: {kind: select}, "
				"text: '(a)\\1bcd'}\n    then: deny\n",
				"/a.yaml:4:1: pattern 'text': " },
		{ "of an exception",
				"pack: a\ncommands:\n  - id: x\n    when: {sql: {kind: select}}\n    "
				"unless:\n      - {when: {text: '(a)\\1bcd'}, reason: r}\n    then: deny\n",
				"/a.yaml:6:1: pattern 'text': " },
	};
	struct rules *r = rules_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		heard[0] = '\0';
		CHECK_ROW(rows[i].name, add(r, "a.yaml", rows[i].text) == -EINVAL);
		CHECK_ROW(rows[i].name, strstr(heard, rows[i].about) != NULL);
		CHECK_ROW(rows[i].name, rules_find(r, "a") == NULL);
		if (strstr(heard, rows[i].about) == NULL)
			printf("\n    heard %s", heard);
	}
	rules_free(&r);
}

/* Of several packs the right one is told, and the policy stays the caller's. */
static void test_refused_of_several(void)
{
	static struct scan_pattern bad = { .id = "bad", .regex = "(a)\\1bcd", .line = 7 };
	static const char *const names[] = { "pii", "both" };
	struct rules *r = rules_new();
	struct published *p = NULL;
	struct policy *policy;
	const struct scan_pattern *good;

	heard[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(add(r, "both.yaml", both), 0);
	policy = policy_of(r, names, 2);
	good = policy->texts;
	policy->texts = &bad;
	CU_ASSERT_EQUAL(published_new(r, &policy, 2, &ear, &p), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(heard, "/both.yaml:7:1: pattern 'bad': "));
	CU_ASSERT_TRUE(p == NULL && policy != NULL);
	policy->texts = good;
	heard[0] = '\0';
	policy->patterns = &bad;
	policy->n_patterns = 1;
	CU_ASSERT_EQUAL(published_new(r, &policy, 2, &ear, &p), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(heard, "pack pii:7:1: pattern 'bad': "));
	policy_free(&policy);
	rules_free(&r);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "a scanner for each worker", test_whole },
		{ "no patterns, no scanners", test_none },
		{ "what is counted", test_hits },
		{ "patterns that are refused", test_refused },
		{ "of several packs", test_refused_of_several },
	};
	int status;

	if (mkdtemp(dir) == NULL)
		return EXIT_FAILURE;
	status = suite_run("published", tests, sizeof(tests) / sizeof(*tests));
	rmdir(dir);
	return status;
}
