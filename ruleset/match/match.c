/* SPDX-License-Identifier: Apache-2.0
 * Packs, policies of them, and the verdict: the worst, and the first rule that gave it. */
#include "ruleset/match/match_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct pack *const packs[] = { &match_sql_risk, &match_read_only };

enum { PACKS = N_OF(packs) };

struct policy {
	size_t n;
	const struct pack *packs[]; /* static */
};

static void say(const struct pack *pack, const struct rule_says *says, struct match_result *ret)
{
	if (says == NULL || says->verdict <= ret->verdict)
		return;
	*ret = (struct match_result){ .verdict = says->verdict,
		.rule = says->id,
		.pack = pack->name,
		.code = says->verdict == VERDICT_DENY ? says->code : NULL,
		.reason = says->reason,
		.hint = says->hint };
}

static bool speaks(
		const struct rule *rule, const struct sql_facts *facts, const struct sql_stmt *stmt)
{
	return (match_kinds_of(stmt) & rule->kinds) != 0 || (stmt->flags & rule->flags) != 0 ||
			(rule->also != NULL && rule->also(facts, stmt));
}

static bool speaks_of_any(const struct rule *rule, const struct sql_facts *facts)
{
	for (uint32_t i = 0; i < facts->n_stmts; i++) {
		if (speaks(rule, facts, sql_facts_stmt(facts, i)))
			return true;
	}
	return false;
}

static void judge_facts(
		const struct pack *pack, const struct sql_facts *facts, struct match_result *ret)
{
	for (size_t i = 0; i < pack->n_rules; i++) {
		const struct rule *rule = &pack->rules[i];

		if (rule->says.verdict > ret->verdict && speaks_of_any(rule, facts))
			say(pack, &rule->says, ret);
	}
}

static void judge(const struct pack *pack, const struct match_command *command,
		struct match_result *ret)
{
	const struct rule_says *unknown = match_unknown(command);

	if (unknown != NULL)
		say(pack, unknown, ret);
	else if (command->function_oid == 0)
		judge_facts(pack, command->facts, ret);
	else if (match_lo_function(command->function_oid) == LO_WRITES)
		say(pack, pack->large_object_write, ret);
}

void match_command(const struct policy *policy, const struct match_command *command,
		struct match_result *ret)
{
	*ret = (struct match_result){ .verdict = VERDICT_ALLOW };
	for (size_t i = 0; policy != NULL && i < policy->n; i++)
		judge(policy->packs[i], command, ret);
}

static const struct pack *pack_named(const char *name)
{
	for (size_t i = 0; i < PACKS; i++) {
		if (strcmp(packs[i]->name, name) == 0)
			return packs[i];
	}
	return NULL;
}

int policy_new(const char *const *names, size_t n_packs, struct policy **ret, size_t *ret_bad)
{
	struct policy *p = calloc(1, sizeof(*p) + n_packs * sizeof(p->packs[0]));

	if (p == NULL)
		return -ENOMEM;
	for (; p->n < n_packs; p->n++) {
		p->packs[p->n] = pack_named(names[p->n]);
		if (p->packs[p->n] == NULL) {
			*ret_bad = p->n;
			policy_free(&p);
			return -ENOENT;
		}
	}
	*ret = p;
	return 0;
}

void policy_free(struct policy **policy)
{
	free(*policy);
	*policy = NULL;
}
