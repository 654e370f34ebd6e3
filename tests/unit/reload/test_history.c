/* SPDX-License-Identifier: Apache-2.0
 * Sets of rules on disk: found again, in order, by hash; and what is damaged. */
#include "ctrlplane/reload/history.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/reload/folder.h"

#include <errno.h>
#include <sys/stat.h>

static char data_dir[64];

static struct history *history(void)
{
	struct history *h = NULL;

	CU_ASSERT_EQUAL_FATAL(history_open(data_dir, &h), 0);
	return h;
}

/* Its hash is in <ret>. */
static int put(struct history *h, const char *id, enum history_how how, char ret[RULES_HASH_SIZE])
{
	struct history_entry e = { .at_s = 1700000000, .uid = 1000, .how = how };
	struct rules *r = rules_of(id);
	int rc;

	CU_ASSERT_EQUAL(rules_hash(r, e.sha256), 0);
	rc = history_put(h, r, &e);
	memcpy(ret, e.sha256, sizeof(e.sha256));
	rules_free(&r);
	return rc;
}

static void test_kept(void)
{
	char a[RULES_HASH_SIZE], b[RULES_HASH_SIZE], found[RULES_HASH_SIZE];
	struct history *h = history();
	struct history_entry list[8];
	struct rules *r = rules_new();

	CU_ASSERT_EQUAL(history_list(h, list, 8), 0);
	CU_ASSERT_EQUAL(history_before(h, found), -ENOENT);
	CU_ASSERT_EQUAL(put(h, "a", HISTORY_START, a), 0);
	CU_ASSERT_EQUAL(put(h, "b", HISTORY_SENT, b), 0);
	CU_ASSERT_EQUAL(put(h, "b", HISTORY_SIGNAL, b), 0);
	history_free(&h);
	h = history(); /* as after a restart */
	CU_ASSERT_EQUAL_FATAL(history_list(h, list, 8), 3);
	CU_ASSERT_STRING_EQUAL(list[0].sha256, b);
	CU_ASSERT_TRUE(list[0].how == HISTORY_SIGNAL && list[1].how == HISTORY_SENT);
	CU_ASSERT_STRING_EQUAL(list[2].sha256, a);
	CU_ASSERT_TRUE(list[2].uid == 1000 && list[2].at_s == 1700000000);
	CU_ASSERT_EQUAL(history_before(h, found), 0);
	CU_ASSERT_STRING_EQUAL(found, a);
	CU_ASSERT_EQUAL(history_load(h, a, r, &ear), 0);
	CU_ASSERT_PTR_NOT_NULL(rules_find(r, "own"));
	CU_ASSERT_EQUAL(rules_hash(r, found), 0);
	CU_ASSERT_STRING_EQUAL(found, a);
	rules_free(&r);
	history_free(&h);
}

static void test_find(void)
{
	char a[RULES_HASH_SIZE], found[RULES_HASH_SIZE], prefix[9] = "";
	struct history *h = history();

	CU_ASSERT_EQUAL(put(h, "a", HISTORY_SENT, a), 0);
	memcpy(prefix, a, 8);
	CU_ASSERT_EQUAL(history_find(h, prefix, found), 0);
	CU_ASSERT_STRING_EQUAL(found, a);
	CU_ASSERT_EQUAL(history_find(h, "", found), -EEXIST); /* of all that are there */
	CU_ASSERT_EQUAL(history_find(h, "ffffffffffff", found), -ENOENT);
	history_free(&h);
}

static void overwrite(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_TRUE_FATAL(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void test_damaged(void)
{
	char a[RULES_HASH_SIZE], path[256];
	struct history *h = history();
	struct rules *r = rules_new();

	CU_ASSERT_EQUAL(put(h, "a", HISTORY_SENT, a), 0);
	snprintf(path, sizeof(path), "%s/rules/%s/own.yaml", data_dir, a);
	overwrite(path, "pack: own\n");
	heard[0] = '\0';
	CU_ASSERT_EQUAL(history_load(h, a, r, &ear), -EBADMSG);
	CU_ASSERT_PTR_NOT_NULL(strstr(heard, "is not what was in force"));
	rules_free(&r);
	history_free(&h);
	snprintf(path, sizeof(path), "%s/rules/index.json", data_dir);
	overwrite(path, "{\"version\": 1, \"applied\": [{}]}");
	CU_ASSERT_EQUAL(history_open(data_dir, &h), -EBADMSG);
	CU_ASSERT_PTR_NULL(h);
	unlink(path);
}

/* The oldest go, and what only they name. */
static void test_bounded(void)
{
	char a[RULES_HASH_SIZE], b[RULES_HASH_SIZE], path[256];
	struct history *h = history();
	struct history_entry *list = calloc(HISTORY_MAX + 1, sizeof(*list));
	struct stat st;

	CU_ASSERT_EQUAL(put(h, "oldest", HISTORY_SENT, a), 0);
	for (int i = 0; i < HISTORY_MAX; i++)
		CU_ASSERT_EQUAL(put(h, "b", HISTORY_SENT, b), 0);
	CU_ASSERT_EQUAL(history_list(h, list, HISTORY_MAX + 1), HISTORY_MAX);
	CU_ASSERT_STRING_EQUAL(list[HISTORY_MAX - 1].sha256, b);
	snprintf(path, sizeof(path), "%s/rules/%s", data_dir, a);
	CU_ASSERT_TRUE(stat(path, &st) < 0 && errno == ENOENT);
	snprintf(path, sizeof(path), "%s/rules/%s", data_dir, b);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0700);
	free(list);
	history_free(&h);
}

/* A place that cannot be written: nothing is changed. */
static void test_refused(void)
{
	static const struct history_entry e = { .sha256 = "0" };
	struct history *h = NULL;
	struct history_entry list[1];
	struct rules *r = rules_of("a");

	CU_ASSERT_EQUAL_FATAL(history_open("/proc/nowhere", &h), 0);
	CU_ASSERT_TRUE(history_put(h, r, &e) < 0);
	CU_ASSERT_EQUAL(history_list(h, list, 1), 0);
	rules_free(&r);
	history_free(&h);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "kept", test_kept },
		{ "found by hash", test_find },
		{ "damaged", test_damaged },
		{ "bounded", test_bounded },
		{ "a place that cannot be written", test_refused },
	};
	int rc;

	if (mkdtemp(folder) == NULL)
		return EXIT_FAILURE;
	snprintf(data_dir, sizeof(data_dir), "%s/data", folder);
	rc = suite_run("reload/history", tests, sizeof(tests) / sizeof(*tests));
	folder_clear();
	return rc;
}
