/* SPDX-License-Identifier: Apache-2.0
 * See expect.h. */
#include "tests/unit/conf/expect.h"

#include <CUnit/Basic.h>

#include <errno.h>
#include <string.h>

struct doc_errors errors;

int parse(const char *yaml, struct conf **ret_conf)
{
	return conf_parse(yaml, strlen(yaml), ret_conf, &errors);
}

void expect_good(const char *yaml)
{
	struct conf *c = NULL;
	int rc = parse(yaml, &c);

	if (rc != 0) {
		printf("\n    %.300s\n", yaml);
		conf_errors_print(stdout, "expected to be good", &errors);
	}
	CU_ASSERT_EQUAL(rc, 0);
	conf_free(&c);
}

void expect_bad(const char *yaml, const char *text)
{
	struct conf *c = NULL;
	bool said = false;

	CU_ASSERT_EQUAL(parse(yaml, &c), -EINVAL);
	for (size_t i = 0; i < errors.n && i < 32; i++)
		said = said || strstr(errors.at[i].text, text) != NULL;
	if (!said) {
		printf("\n    expected: %s\n    %.300s\n", text, yaml);
		conf_errors_print(stdout, "found", &errors);
	}
	CU_ASSERT_TRUE(said);
	CU_ASSERT_PTR_NULL(c);
}

static bool row_holds(const struct conf_row *row)
{
	size_t n = 0;

	while (n < 6 && row->errors[n].text != NULL)
		n++;
	if (errors.n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct conf_row_error *e = &row->errors[i];

		if (errors.at[i].line != e->line || errors.at[i].column != e->column ||
				strstr(errors.at[i].text, e->text) == NULL)
			return false;
	}
	return true;
}

void expect_row(const struct conf_row *row)
{
	struct conf *c = NULL;
	bool holds = parse(row->yaml, &c) == -EINVAL && row_holds(row);

	if (!holds) {
		printf("\n  %s: expected %u:%u %s\n", row->name, row->errors[0].line,
				row->errors[0].column, row->errors[0].text);
		conf_errors_print(stdout, "  found", &errors);
	}
	CU_ASSERT_TRUE(holds);
	CU_ASSERT_PTR_NULL(c);
}
