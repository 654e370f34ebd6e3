/* SPDX-License-Identifier: Apache-2.0
 * The verdict of a policy: each pack is asked alone, and the worst counts; of equal ones the first in the
 * order of packs and rules. */
#include "ruleset/match/match_priv.h"

/* Of what no rule of a pack speaks of. */
static const struct match_says by_default = {
	.id = "default",
	.reason = "No rule of this target allows the command as it is",
	.hint = "Ask the operator of this gateway if it must be done.",
};

struct judging {
	const struct policy *policy;
	const struct model_pack *pack;
	const struct match_command *command;
	uint64_t names; /* bits of all that the command has */
	struct match_result *result;
};

static void say(const struct judging *j, enum verdict verdict, const struct match_says *says)
{
	if (verdict <= j->result->verdict)
		return;
	*j->result = (struct match_result){ .verdict = verdict,
		.rule = says->id,
		.pack = j->pack->name,
		.policy = j->policy->hash,
		.code = verdict == VERDICT_DENY ? says->code : NULL,
		.reason = says->reason,
		.hint = says->hint };
}

static void say_rule(const struct judging *j, const struct model_rule *r)
{
	const struct match_says says = {
		.id = r->id, .code = r->code, .reason = r->reason, .hint = r->hint
	};

	say(j, r->verdict, &says);
	j->result->hold = r->hold;
}

/* Masks alone: may any condition of the rule be about this statement? */
static bool is_gated(uint64_t kinds, uint32_t flags, const struct sql_stmt *stmt)
{
	return (match_kinds_of(stmt) & kinds) == 0 && (stmt->flags & flags) == 0;
}

static bool excepted(const struct model_rule *r, const struct match_about *about)
{
	const struct match_about surely = {
		.command = about->command, .stmt = about->stmt, .surely = true
	};

	for (uint32_t i = 0; i < r->n_unless; i++) {
		if (match_when(&r->unless[i].when, &surely))
			return true;
	}
	return false;
}

static bool speaks(const struct model_rule *r, const struct match_about *about)
{
	const struct sql_stmt *stmt = about->stmt;

	if (stmt != NULL &&
			((r->gate_names & about->names) == 0 || (stmt->flags & r->pass_flags) != 0))
		return false;
	if (stmt != NULL && !r->gate_open && is_gated(r->gate_kinds, r->gate_flags, stmt))
		return false;
	return match_when(&r->when, about) && !excepted(r, about);
}

/* Of any statement, or of the call. What allows must be sure. */
static bool speaks_of_any(
		const struct model_rule *r, const struct match_command *command, uint64_t names)
{
	struct match_about about = {
		.command = command, .names = names, .surely = r->verdict == VERDICT_ALLOW
	};

	if (command->facts == NULL)
		return speaks(r, &about);
	for (uint32_t i = 0; i < command->facts->n_stmts; i++) {
		about.stmt = sql_facts_stmt(command->facts, i);
		if (speaks(r, &about))
			return true;
	}
	return false;
}

/* The default stands for what no rule is about; a rule that says less than it must be sure. */
static bool is_spoken_of(const struct model_pack *pack, struct match_about about)
{
	for (uint32_t i = 0; i < pack->n_rules; i++) {
		about.surely = pack->rules[i].verdict < pack->command;
		if (speaks(&pack->rules[i], &about))
			return true;
	}
	return false;
}

static bool is_any_unspoken(const struct judging *j)
{
	struct match_about about = { .command = j->command, .names = j->names };

	if (j->command->facts == NULL)
		return !is_spoken_of(j->pack, about);
	for (uint32_t i = 0; i < j->command->facts->n_stmts; i++) {
		about.stmt = sql_facts_stmt(j->command->facts, i);
		if (!is_spoken_of(j->pack, about))
			return true;
	}
	return false;
}

/* No rule of the pack is about any of the statements. */
static bool is_quiet(const struct model_pack *pack, const struct sql_facts *facts)
{
	for (uint32_t i = 0; facts != NULL && i < facts->n_stmts; i++) {
		if (!is_gated(pack->gate_kinds, pack->gate_flags, sql_facts_stmt(facts, i)))
			return false;
	}
	return facts != NULL && !pack->gate_open;
}

static uint64_t names_of(const struct sql_facts *facts)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < facts->n_items; i++)
		bits |= model_name_bit(sql_facts_str(facts, sql_facts_item(facts, i)->name));
	return bits;
}

static void judge(struct judging *j)
{
	const struct model_pack *pack = j->pack;
	const uint32_t n = is_quiet(pack, j->command->facts) ? 0 : pack->n_rules;

	if (n > 0 && pack->gates_names && j->names == UINT64_MAX && j->command->facts != NULL)
		j->names = names_of(j->command->facts);
	for (uint32_t i = 0; i < n; i++) {
		const struct model_rule *r = &pack->rules[i];

		if (r->verdict > j->result->verdict && speaks_of_any(r, j->command, j->names))
			say_rule(j, r);
	}
	if (pack->command > j->result->verdict && is_any_unspoken(j))
		say(j, pack->command, &by_default);
}

void match_command(const struct policy *policy, const struct match_command *command,
		struct match_result *ret)
{
	struct judging j = {
		.policy = policy, .command = command, .names = UINT64_MAX, .result = ret
	};
	const struct match_says *unknown;

	*ret = (struct match_result){ .verdict = VERDICT_ALLOW };
	if (policy == NULL)
		return;
	unknown = match_unknown(command);
	for (uint32_t i = 0; i < policy->n_packs; i++) {
		j.pack = &policy->packs[i];
		if (unknown == NULL)
			judge(&j);
		else
			say(&j, unknown->may_hold ? j.pack->unparsed : VERDICT_DENY, unknown);
	}
}

bool match_rule_speaks(const struct model_rule *rule, const struct match_command *command)
{
	return match_unknown(command) == NULL && speaks_of_any(rule, command, UINT64_MAX);
}
