/* SPDX-License-Identifier: Apache-2.0
 * Cycles of a verdict, given the facts. Time-stamp counter, least of nine rounds; all is warm in the
 * first-level cache, so this is a floor. */
#include "ruleset/load/load.h"
#include "ruleset/match/match.h"
#include "ruleset/model/model.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

enum { ROUNDS = 9, CALLS = 4096, RULES = 2000 };

static uint64_t memory[1 << 14];

static uint64_t cycles(const struct policy *policy, const char *text)
{
	const struct sql_job job = { .text = { (const uint8_t *)text, strlen(text) },
		.settings = { SQL_ENC_UTF8, true },
		.limits = &sql_limits_default };
	struct match_command c = { .is_known = true };
	uint64_t least = UINT64_MAX;
	unsigned int sum = 0;

	c.sql = sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) }, &c.facts);
	for (int round = 0; round < ROUNDS; round++) {
		const uint64_t from = __rdtsc();
		uint64_t took;

		for (int i = 0; i < CALLS; i++) {
			struct match_result r;

			match_command(policy, &c, &r);
			sum += r.verdict;
		}
		took = (__rdtsc() - from) / CALLS;
		least = took < least ? took : least;
	}
	return sum == UINT32_MAX ? 0 : least; /* so that the sum is used */
}

/* Rules about tables, as operators write them. */
static struct policy *many(unsigned int n)
{
	struct load_report *report = calloc(1, sizeof(*report));
	char *text = malloc(200 + n * 200);
	size_t used = 0;
	struct policy *p = NULL;
	struct span span;

	if (report == NULL || text == NULL)
		abort();
	used += (size_t)snprintf(text, 200, "pack: many\ncommands:\n");
	for (unsigned int i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, 200,
				"- {id: r%u, when: {sql: {kind: [update, delete], relation: "
				"app.table%u}}, then: hold}\n",
				i, i);
	span = (struct span){ (const uint8_t *)text, used };
	if (load_policy(&span, 1, &p, report) != 0)
		abort();
	free(text);
	free(report);
	return p;
}

static void show(const char *name, const struct policy *policy)
{
	static const char *const texts[] = { "SELECT * FROM orders WHERE id = 7",
		"UPDATE orders SET a = 1 WHERE id = $1", "SELECT my_function(id) FROM orders",
		"SET application_name = 'x'", "DROP TABLE t" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		printf("%-10s %5llu  %s\n", name, (unsigned long long)cycles(policy, texts[i]),
				texts[i]);
}

int main(void)
{
	static const char *const packs[] = { "sql-risk", "read-only" };
	struct policy *p = NULL;
	size_t bad;

	for (size_t i = 0; i < 2; i++) {
		if (policy_new(&packs[i], 1, &p, &bad) != 0)
			return EXIT_FAILURE;
		show(packs[i], p);
		policy_free(&p);
	}
	p = many(100);
	show("100 rules", p);
	policy_free(&p);
	p = many(RULES);
	show("2000 rules", p);
	policy_free(&p);
	return EXIT_SUCCESS;
}
