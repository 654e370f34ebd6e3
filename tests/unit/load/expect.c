/* SPDX-License-Identifier: Apache-2.0
 * See expect.h. */
#include "tests/unit/load/expect.h"

#include <CUnit/Basic.h>

#include <errno.h>
#include <string.h>

struct load_report report;

int load(const char *yaml, struct policy **ret)
{
	const struct span text = { (const uint8_t *)yaml, strlen(yaml) };

	return load_policy(&text, 1, ret, &report);
}

static void print(const char *name, const struct doc_errors *e)
{
	printf("\n  %s:\n", name);
	for (size_t i = 0; i < e->n && i < DOC_ERRORS_MAX; i++)
		printf("    %u:%u: %s\n", e->at[i].line, e->at[i].column, e->at[i].text);
}

struct policy *load_good(const char *yaml)
{
	struct policy *p = NULL;
	const int rc = load(yaml, &p);

	if (rc != 0)
		print(yaml, &report.errors);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	return p;
}

static bool row_holds(const struct load_row *row, int rc)
{
	size_t n = 0;

	while (n < 6 && row->errors[n].text != NULL)
		n++;
	if (report.errors.n != n || rc != (n == 0 ? 0 : -EINVAL))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct load_row_error *e = &row->errors[i];
		const struct doc_error *found = &report.errors.at[i];

		if (found->line != e->line || found->column != e->column ||
				strstr(found->text, e->text) == NULL)
			return false;
	}
	return true;
}

void expect_rows(const struct load_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct policy *p = NULL;
		const bool holds = row_holds(&rows[i], load(rows[i].yaml, &p));

		if (!holds)
			print(rows[i].name, &report.errors);
		CU_ASSERT_TRUE(holds);
		CU_ASSERT_EQUAL(p != NULL, report.errors.n == 0);
		policy_free(&p);
	}
}

void expect_warnings(const char *yaml, const char *const *warnings)
{
	struct policy *p = load_good(yaml);
	size_t n = 0;
	bool all = true;

	for (; warnings[n] != NULL; n++)
		all = all && n < report.warnings.n &&
				strstr(report.warnings.at[n].text, warnings[n]) != NULL;
	if (!all || report.warnings.n != n)
		print(yaml, &report.warnings);
	CU_ASSERT_TRUE(all);
	CU_ASSERT_EQUAL(report.warnings.n, n);
	policy_free(&p);
}
