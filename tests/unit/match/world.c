/* SPDX-License-Identifier: Apache-2.0
 * See world.h. */
#include "tests/unit/match/world.h"

#include "parsers/base/must.h"
#include "ruleset/load/load.h"
#include "ruleset/model/model.h"
#include "tests/unit/net/suite.h"

#include <stdio.h>
#include <string.h>

static const char rules[] =
		"pack: columns\n"
		"data:\n"
		"- {id: ssn, column: '*.customers.ssn', mask: {keep_last: 4}}\n"
		"- {id: email, column: '*.customers.email', mask: redact, derived: 'null',"
		" predicate: allow}\n"
		"- {id: note, column: '*.customers.note', mask: redact, derived: allow,"
		" predicate: allow}\n"
		"- {id: salary, column: 'public.staff.salary', mask: redact, derived: hold,"
		" predicate: deny}\n"
		"- {id: born, column: 'public.staff.born', mask: date_to_year,"
		" unless: [{when: {groups: [privacy]}, reason: 'may see it'}]}\n"
		"- {id: tail, column: '*.masked_v.tail', mask: redact}\n"
		"- {id: doc-a, column: '*.docs.doc', json: '$.a', mask: redact}\n"
		"- {id: doc-b, column: '*.docs.doc', json: '$.b', mask: redact}\n";

#define SPAN(text)                                                                                 \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}
#define COLUMN(oid, attnum, data, is_derived, schema, table, column)                               \
	{                                                                                          \
		oid, attnum, attnum - 1, data, is_derived, SPAN(schema), SPAN(table), SPAN(column) \
	}

static const struct catalog_column columns[] = {
	COLUMN(100, 3, 0, false, "public", "customers", "ssn"),
	COLUMN(100, 4, 1, false, "public", "customers", "email"),
	COLUMN(100, 5, 2, false, "public", "customers", "note"),
	COLUMN(200, 3, 3, false, "public", "staff", "salary"),
	COLUMN(200, 4, 4, false, "public", "staff", "born"),
	COLUMN(300, 2, 5, true, "public", "masked_v", "tail"),
	COLUMN(400, 2, 0, false, "archive", "customers", "ssn"),
	COLUMN(500, 2, 6, false, "public", "docs", "doc"),
	COLUMN(500, 2, 7, false, "public", "docs", "doc"),
};

static const struct catalog catalog = { columns, sizeof(columns) / sizeof(columns[0]), 1000 };

const struct catalog *world_catalog(void)
{
	return &catalog;
}

struct policy *world_policy(const char *extra)
{
	static struct load_report report;
	struct policy *policy;
	static char text[4096];
	struct span span;
	int n = snprintf(text, sizeof(text), "%s%s", rules, extra);

	must(n > 0 && (size_t)n < sizeof(text));
	span = (struct span){ (const uint8_t *)text, (size_t)n };
	must(load_policy(&span, 1, &policy, &report) == 0);
	return policy;
}

const struct sql_facts *world_facts(const char *text)
{
	static uint64_t memory[1 << 14];
	const struct sql_job job = { .text = { (const uint8_t *)text, strlen(text) },
		.settings = { SQL_ENC_UTF8, true },
		.limits = &sql_limits_default };
	const struct sql_facts *facts;

	return sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) }, &facts) == SQL_OK
			? facts
			: NULL;
}

static const char *const uses[DATA_USE_MAX] = { "", " predicate", " stored", " unproven",
	" derived" };

static void put_outs(const struct data_question *q, const char *like, char *out)
{
	const size_t n = strspn(like, ".dc");

	for (size_t i = 0; i < n; i++) {
		struct data_output o;

		match_output(q, q->facts->n_stmts - 1, (uint32_t)i, (uint32_t)n, &o);
		out[i] = o.rule == NULL ? '.' : o.is_derived ? 'd' : 'c';
	}
	out[n] = '\0';
	if (n == 0)
		memcpy(out, "?", 2);
}

void world_say(const struct data_question *q, const char *like, char *out, size_t cap)
{
	struct data_verdict v;
	char outs[64] = "clean";
	const char *asked = strrchr(like, ' ');

	match_data(q, &v);
	asked = asked == NULL ? like : asked + 1;
	if (!v.is_clean || strcmp(asked, "clean") != 0)
		put_outs(q, asked, outs);
	if (v.is_clean && strspn(asked, ".dc") == strlen(asked))
		memcpy(outs, "clean", 6);
	snprintf(out, cap, "%s%s%s%s %s", verdict_name(v.verdict), uses[v.use],
			v.rule == NULL ? "" : " of ", v.rule == NULL ? "" : v.rule->id, outs);
}

void world_check(const struct data_question *q, const struct world_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct data_question one = *q;
		char says[128] = "no facts";

		one.facts = world_facts(rows[i].text);
		if (one.facts != NULL)
			world_say(&one, rows[i].says, says, sizeof(says));
		if (strcmp(says, rows[i].says) != 0)
			printf("\n    is \"%s\", not \"%s\"", says, rows[i].says);
		CHECK_ROW(rows[i].text, strcmp(says, rows[i].says) == 0);
	}
}
