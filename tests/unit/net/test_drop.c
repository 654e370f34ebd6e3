/* SPDX-License-Identifier: Apache-2.0
 * The drop reasons have names that a counter can carry, each its own. */
#include "dataplane/net/drop.h"
#include "tests/unit/net/suite.h"

#include <ctype.h>
#include <string.h>

static const char *const symbols[DROP_MAX] = {
#define DROP(sym, sev, text) [DROP_##sym] = #sym,
#include "dataplane/net/drop.tbl.h"
#undef DROP
};

static void test_names(void)
{
	CU_ASSERT_STRING_EQUAL(drop_info(DROP_NONE)->name, "none");
	CU_ASSERT_STRING_EQUAL(drop_info(DROP_TCP_CKSUM)->name, "tcp_cksum");
	CU_ASSERT_EQUAL(drop_info(DROP_TCP_CKSUM)->severity, DROP_SEV_WARN);
	for (enum drop_reason i = DROP_NONE; i < DROP_MAX; i++) {
		const struct drop_info *info = drop_info(i);

		CU_ASSERT(strcasecmp(info->name, symbols[i]) == 0);
		for (const char *c = info->name; *c != '\0'; c++)
			CU_ASSERT(islower(*c) || isdigit(*c) || *c == '_');
		CU_ASSERT(info->text[0] != '\0');
		CU_ASSERT(info->severity <= DROP_SEV_EVIL);
	}
}

static void test_names_differ(void)
{
	for (enum drop_reason i = DROP_NONE; i < DROP_MAX; i++) {
		for (enum drop_reason j = DROP_NONE; j < i; j++) {
			CU_ASSERT(strcmp(drop_info(i)->name, drop_info(j)->name) != 0);
			CU_ASSERT(strcmp(drop_info(i)->text, drop_info(j)->text) != 0);
		}
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "names are the symbols in lower case", test_names },
		{ "no two alike", test_names_differ },
	};

	return suite_run("drop", tests, sizeof(tests) / sizeof(*tests));
}
