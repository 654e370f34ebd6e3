/* SPDX-License-Identifier: Apache-2.0
 * The file in which flows outlive the process. */
#include "ctrlplane/app/restart_file.h"
#include "dataplane/tcp/restart.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];
static const uint64_t seed_a[2] = { 1, 2 }, seed_b[2] = { 3, 4 };

static void test_keeps(void)
{
	struct restart_file f;

	unlink(path);
	CU_ASSERT_EQUAL_FATAL(restart_file_open(&f, path, 2, 100, seed_a), 0);
	CU_ASSERT(f.fresh);
	CU_ASSERT_EQUAL(memcmp(f.seed, seed_a, sizeof(f.seed)), 0);
	f.records[199].floor[0] = 42;
	restart_file_close(&f);
	CU_ASSERT_PTR_NULL(f.records);
	CU_ASSERT_EQUAL_FATAL(restart_file_open(&f, path, 2, 100, seed_b), 0);
	CU_ASSERT_FALSE(f.fresh);
	CU_ASSERT_EQUAL(memcmp(f.seed, seed_a, sizeof(f.seed)),
			0); /* the file's, not the new one */
	CU_ASSERT_EQUAL(f.records[199].floor[0], 42);
	restart_file_close(&f);
}

static void test_other_layout_begins_anew(void)
{
	static const struct {
		const char *name;
		uint32_t n_workers, max_flows;
	} rows[] = { { "workers", 1, 100 }, { "flows", 2, 101 }, { "larger", 4, 100000 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct restart_file f;
		uint64_t n = (uint64_t)rows[i].n_workers * rows[i].max_flows;

		unlink(path);
		CU_ASSERT_EQUAL_FATAL(restart_file_open(&f, path, 2, 100, seed_a), 0);
		f.records[0].floor[0] = 42;
		restart_file_close(&f);
		CU_ASSERT_EQUAL_FATAL(restart_file_open(&f, path, rows[i].n_workers,
						      rows[i].max_flows, seed_b),
				0);
		CHECK_ROW(rows[i].name, f.fresh);
		CHECK_ROW(rows[i].name, memcmp(f.seed, seed_b, sizeof(f.seed)) == 0);
		CHECK_ROW(rows[i].name, f.records[0].floor[0] == 0);
		CHECK_ROW(rows[i].name, f.records[n - 1].floor[0] == 0); /* all of it is there */
		restart_file_close(&f);
	}
}

static void test_private_and_locked(void)
{
	struct restart_file f, second;
	struct stat st;

	unlink(path);
	CU_ASSERT_EQUAL_FATAL(restart_file_open(&f, path, 1, 64, seed_a), 0);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	CU_ASSERT_EQUAL(restart_file_open(&second, path, 1, 64, seed_a), -EBUSY);
	restart_file_close(&f);
	CU_ASSERT_EQUAL(restart_file_open(&f, "/no/such/folder/file", 1, 64, seed_a), -ENOENT);
	CU_ASSERT_PTR_NULL(f.records);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "records and seed are kept", test_keeps },
		{ "another layout begins anew", test_other_layout_begins_anew },
		{ "private, and one process at a time", test_private_and_locked },
	};
	int status;

	snprintf(path, sizeof(path), "/tmp/sluice-test-restart-%d", (int)getpid());
	status = suite_run("restart_file", tests, sizeof(tests) / sizeof(*tests));
	unlink(path);
	return status;
}
