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

/* What a statement, or all of a command, has of what gates ask for. */
struct has {
	uint64_t kinds, names;
	uint32_t flags;
};

/* Behind those of a pack's rules. */
enum { SLOT_DEFAULT, SLOT_UNPARSED, SLOT_UNCERTAIN, SLOTS };

static uint32_t slots_of(const struct model_pack *pack)
{
	return pack->n_rules + SLOTS;
}

struct judging {
	const struct policy *policy;
	const struct model_pack *pack;
	const struct match_command *command;
	uint32_t first_slot; /* of the pack */
	struct has has; /* all that the command has; names: not looked at yet when all are set */
	struct match_result *result;
};

/* <at>: of the pack's slots. */
static void say(const struct judging *j, enum verdict verdict, const struct match_says *says,
		uint32_t at)
{
	if (verdict <= j->result->verdict)
		return;
	*j->result = (struct match_result){ .verdict = verdict,
		.rule = says->id,
		.pack = j->pack->name,
		.policy = j->policy->hash,
		.code = verdict == VERDICT_DENY ? says->code : NULL,
		.reason = says->reason,
		.hint = says->hint,
		.slot = j->first_slot + at };
}

static void say_rule(const struct judging *j, uint32_t i)
{
	const struct model_rule *r = &j->pack->rules[i];
	const struct match_says says = {
		.id = r->id, .code = r->code, .reason = r->reason, .hint = r->hint
	};

	say(j, r->verdict, &says, i);
	j->result->hold = r->hold;
}

static struct has has_of(const struct sql_stmt *stmt, uint64_t names)
{
	return (struct has){ match_kinds_of(stmt) | MODEL_ANY_KIND, names, stmt->flags };
}

static bool is_open(const struct model_gate *g, const struct has *has)
{
	return (g->names & has->names) != 0 &&
			((g->kinds & has->kinds) | (g->flags & has->flags)) != 0;
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
	if (about->stmt != NULL) {
		const struct has has = has_of(about->stmt, about->names);

		if (!is_open(&r->gate, &has) || (r->gate.pass & has.flags) != 0)
			return false;
	}
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
	const struct sql_stmt *stmt = about.stmt;
	struct match_near near = match_near_of(pack, stmt == NULL ? NULL : about.command->facts,
			stmt == NULL ? 0 : stmt->first_item, stmt == NULL ? 0 : stmt->n_items);
	uint32_t i;

	while (match_near_next(&near, &i)) {
		about.surely = pack->rules[i].verdict < pack->command;
		if (speaks(&pack->rules[i], &about))
			return true;
	}
	return false;
}

static bool is_any_unspoken(const struct judging *j)
{
	struct match_about about = { .command = j->command, .names = j->has.names };

	if (j->command->facts == NULL)
		return !is_spoken_of(j->pack, about);
	for (uint32_t i = 0; i < j->command->facts->n_stmts; i++) {
		about.stmt = sql_facts_stmt(j->command->facts, i);
		if (!is_spoken_of(j->pack, about))
			return true;
	}
	return false;
}

static uint64_t names_of(const struct sql_facts *facts)
{
	uint64_t bits = MODEL_ANY_NAME;

	for (uint32_t i = 0; i < facts->n_items; i++) {
		const struct sql_item *item = sql_facts_item(facts, i);

		bits |= model_name_bit(
				(enum sql_item_what)item->what, sql_facts_str(facts, item->name));
	}
	return bits;
}

/* Of all statements together; of a call: everything, since gates are about statements. */
static struct has has_of_all(const struct sql_facts *facts)
{
	struct has all = { .names = UINT64_MAX };

	if (facts == NULL)
		return (struct has){ UINT64_MAX, UINT64_MAX, UINT32_MAX };
	for (uint32_t i = 0; i < facts->n_stmts; i++) {
		const struct has one = has_of(sql_facts_stmt(facts, i), UINT64_MAX);

		all.kinds |= one.kinds;
		all.flags |= one.flags;
	}
	return all;
}

/* Most packs are about nothing that the command has; then its names are not looked at. With an index they
 * need no bits. */
static bool is_near(struct judging *j)
{
	const struct model_pack *pack = j->pack;

	if (!is_open(&pack->gate, &j->has))
		return false;
	if (pack->index == NULL && pack->gate.names != MODEL_ANY_NAME &&
			j->has.names == UINT64_MAX && j->command->facts != NULL)
		j->has.names = names_of(j->command->facts);
	return true;
}

/* Would rule <i> be heard, after what was said before this pack, and rule <best> in it (MODEL_NONE: none)? */
static bool is_heard(const struct judging *j, uint32_t i, uint32_t best)
{
	const struct model_rule *rules = j->pack->rules;

	if (best == MODEL_NONE)
		return rules[i].verdict > j->result->verdict;
	return rules[i].verdict > rules[best].verdict ||
			(rules[i].verdict == rules[best].verdict && i < best);
}

/* The worst rule that speaks, and of equal ones the first; MODEL_NONE. */
static uint32_t worst(const struct judging *j)
{
	const struct model_pack *pack = j->pack;
	const struct sql_facts *facts = j->command->facts;
	struct match_near near = match_near_of(pack, facts, 0, facts == NULL ? 0 : facts->n_items);
	uint32_t i, best = MODEL_NONE;

	while (match_near_next(&near, &i)) {
		if (is_open(&pack->gates[i], &j->has) && is_heard(j, i, best) &&
				speaks_of_any(&pack->rules[i], j->command, j->has.names))
			best = i;
	}
	return best;
}

static void judge(struct judging *j)
{
	const struct model_pack *pack = j->pack;
	const uint32_t best = is_near(j) ? worst(j) : MODEL_NONE;

	if (best != MODEL_NONE)
		say_rule(j, best);
	if (pack->command > j->result->verdict && is_any_unspoken(j))
		say(j, pack->command, &by_default, pack->n_rules + SLOT_DEFAULT);
}

static void say_unknown(const struct judging *j, const struct match_says *unknown)
{
	const uint32_t n = j->pack->n_rules;

	if (unknown->may_hold)
		say(j, j->pack->unparsed, unknown, n + SLOT_UNPARSED);
	else
		say(j, VERDICT_DENY, unknown, n + SLOT_UNCERTAIN);
}

void match_command(const struct policy *policy, const struct match_command *command,
		struct match_result *ret)
{
	struct judging j = { .policy = policy, .command = command, .result = ret };
	const struct match_says *unknown;

	*ret = (struct match_result){ .verdict = VERDICT_ALLOW, .slot = UINT32_MAX };
	if (policy == NULL)
		return;
	unknown = match_unknown(command);
	if (unknown == NULL)
		j.has = has_of_all(command->facts);
	for (uint32_t i = 0; i < policy->n_packs; i++) {
		j.pack = &policy->packs[i];
		if (unknown == NULL)
			judge(&j);
		else
			say_unknown(&j, unknown);
		j.first_slot += slots_of(j.pack);
	}
}

bool match_rule_speaks(const struct model_rule *rule, const struct match_command *command)
{
	return match_unknown(command) == NULL && speaks_of_any(rule, command, UINT64_MAX);
}

uint32_t match_n_slots(const struct policy *policy)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < policy->n_packs; i++)
		n += slots_of(&policy->packs[i]);
	return n;
}

static struct match_slot slot_of(const struct model_pack *pack, uint32_t at)
{
	static const char *const names[SLOTS] = {
		[SLOT_DEFAULT] = "default",
		[SLOT_UNPARSED] = "unparsed",
		[SLOT_UNCERTAIN] = "uncertain",
	};

	const enum verdict verdicts[SLOTS] = {
		[SLOT_DEFAULT] = pack->command,
		[SLOT_UNPARSED] = pack->unparsed,
		[SLOT_UNCERTAIN] = VERDICT_DENY,
	};

	const uint32_t n = pack->n_rules;

	if (at < n)
		return (struct match_slot){ pack->name, pack->rules[at].id,
			pack->rules[at].verdict };
	return (struct match_slot){ pack->name, names[at - n], verdicts[at - n] };
}

bool match_slot_at(const struct policy *policy, uint32_t slot, struct match_slot *ret)
{
	for (uint32_t i = 0; i < policy->n_packs; i++) {
		const uint32_t n = slots_of(&policy->packs[i]);

		if (slot < n) {
			*ret = slot_of(&policy->packs[i], slot);
			return true;
		}
		slot -= n;
	}
	return false;
}
