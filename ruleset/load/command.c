/* SPDX-License-Identifier: Apache-2.0
 * Commands rules: when, unless, then; and what they say to the client. */
#include "ruleset/load/load_priv.h"

#include <string.h>

/* Then. */

static const char *approver_check(const char *text)
{
	const char *name = strncmp(text, "group:", 6) == 0 || strncmp(text, "actor:", 6) == 0
			? text + 6
			: "";

	return name[0] == '\0' ? "is no approver: write group:NAME or actor:NAME"
			       : load_name_check(text);
}

static void read_quorum(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	uint64_t n = 0;

	if (load_number(l, k, v, 16, &n) && n == 0)
		load_error(l, v, "%s: 0 asks nobody: say allow", k->name);
	((struct model_hold *)to)->quorum = (uint32_t)n;
}

#define HOLD(member) LOAD_IN(model_hold, member)
static const struct load_key keys_hold[] = {
	{ "approvers", HOLD(approvers), .read = load_read_texts, .check = approver_check },
	{ "quorum", .read = read_quorum },
	{ "approve_within", HOLD(approve_within_s), .read = load_read_duration },
	{ "run_within", HOLD(run_within_s), .read = load_read_duration },
};
const struct load_map load_map_hold = { "hold", keys_hold, LOAD_N(keys_hold) };

static void read_hold(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_rule *r = to;
	struct model_hold *hold = load_take(l, 1, sizeof(*hold));

	(void)k;
	if (hold == NULL)
		return;
	hold->quorum = 1;
	load_map_read(l, &load_map_hold, hold, v);
	r->hold = hold;
}

static const struct load_key keys_then[] = { { "hold", true, .read = read_hold } };
const struct load_map load_map_then = { "then", keys_then, LOAD_N(keys_then) };

static void read_then(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_rule *r = to;
	size_t word = VERDICT_HOLD;

	if (v->type == YAML_MAPPING_NODE)
		load_map_read(l, &load_map_then, r, v);
	else
		word = load_word(l, k, v);
	if (word != SIZE_MAX)
		r->verdict = (enum verdict)word;
}

/* What is said. */

/* errcodes-appendix.html: five digits and capitals; 00, 01 and 02 are no errors. */
static const char *code_check(const char *text)
{
	static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (strlen(text) != 5 || text[strspn(text, allowed)] != '\0')
		return "is no SQLSTATE: five digits and capital letters as 42501";
	return text[0] == '0' && text[1] <= '2' ? "is no error: take one as 42501" : NULL;
}

static void read_code(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	if (((struct model_rule *)to)->verdict != VERDICT_DENY)
		load_error(l, v, "%s: only a denial has one: remove it, or say then: deny",
				k->name);
	load_read_text(l, k, to, v);
}

/* Exceptions. */

static const struct load_key keys_unless[] = {
	{ "when", true, LOAD_IN(model_exception, when), .read = load_read_when },
	{ "reason", true, LOAD_IN(model_exception, reason), .read = load_read_text,
			.check = load_line_check },
};
const struct load_map load_map_unless = { "unless", keys_unless, LOAD_N(keys_unless) };

static void read_unless(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_rule *r = to;
	struct model_exception *all;

	if (!load_list_check(l, k, v))
		return;
	all = load_take(l, load_n_items(v), sizeof(*all));
	l->is_exception = true;
	for (size_t i = 0; all != NULL && i < load_n_items(v); i++)
		load_map_read(l, &load_map_unless, &all[i], load_item(l, v, i));
	l->is_exception = false;
	r->unless = all;
	r->n_unless = all == NULL ? 0 : (uint32_t)load_n_items(v);
}

/* Rules. */

#define RULE(member) LOAD_IN(model_rule, member)
static const struct load_key keys_rule[] = {
	{ "id", true, RULE(id), .read = load_read_text, .check = load_id_check },
	{ "when", true, RULE(when), .read = load_read_when },
	{ "unless", .read = read_unless },
	{ "then", true, .read = read_then, .word = load_verdict_word },
	{ "code", RULE(code), .read = read_code, .check = code_check },
	{ "reason", RULE(reason), .read = load_read_text, .check = load_line_check },
	{ "hint", RULE(hint), .read = load_read_text, .check = load_line_check },
	{ "examples", RULE(examples), .read = load_read_examples },
};
const struct load_map load_map_rule = { "commands", keys_rule, LOAD_N(keys_rule) };

static uint64_t name_bit(enum sql_item_what what, const char *name)
{
	return model_name_bit(what, (struct span){ (const uint8_t *)name, strlen(name) });
}

/* Bits of the names that a statement must have one of; MODEL_ANY_NAME when patterns or none name them. */
static uint64_t names_of_cond(const struct model_cond *c)
{
	const struct model_items *items = load_named_items(c);
	uint64_t bits = 0;

	if (items == NULL)
		return MODEL_ANY_NAME;
	for (uint32_t i = 0; i < items->names.n_exact; i++)
		bits |= name_bit(items->what, items->names.exact[i]);
	for (uint32_t i = 0; i < items->n_qualified; i++)
		bits |= name_bit(items->what, items->qualified[i].name);
	return bits;
}

/* A statement without any of these bits need not be looked at. */
static void gate_add(struct model_rule *r, const struct model_cond *c)
{
	struct model_gate *g = &r->gate;

	g->names |= names_of_cond(c);
	if (c->kinds != 0 || c->with != 0)
		g->kinds |= c->kinds != 0 ? c->kinds : c->with;
	else if (c->flags != 0)
		g->flags |= c->flags;
	else
		g->kinds |= MODEL_ANY_KIND;
}

/* Flags that alone make an exception: they are asked before anything else. */
static uint32_t pass_of(const struct model_cond *c)
{
	const bool more = (c->kinds | c->with | c->within | c->objects | c->wheres | c->limits) !=
					0 ||
			c->is_beyond || c->calls != 0 || c->rows_over >= 0 || c->n_items > 0 ||
			c->text != MODEL_NONE || c->rate != MODEL_NONE || c->who != NULL ||
			c->time != NULL;

	return more ? 0 : c->flags;
}

static void read_one(struct load *l, struct model_rule *r, yaml_node_t *v)
{
	r->line = load_line(v);
	load_map_read(l, &load_map_rule, r, v);
	load_id_once(l, r->id, v);
	for (uint32_t i = 0; i < r->when.n_conds; i++)
		gate_add(r, &r->when.conds[i]);
	for (uint32_t i = 0; i < r->n_unless; i++) {
		for (uint32_t k = 0; k < r->unless[i].when.n_conds; k++)
			r->gate.pass |= pass_of(&r->unless[i].when.conds[k]);
	}
}

void load_read_commands(struct load *l, const struct load_key *k, void *to, yaml_node_t *v)
{
	struct model_pack *pack = to;
	struct model_rule *all = load_rules(l, k, v, sizeof(*all));
	struct model_gate *gates = all == NULL ? NULL : load_rules(l, k, v, sizeof(*gates));

	if (gates == NULL)
		return;
	pack->rules = all;
	pack->gates = gates;
	for (size_t i = 0; i < load_n_items(v); i++) {
		read_one(l, &all[i], load_item(l, v, i));
		pack->n_rules++;
		pack->gate.kinds |= all[i].gate.kinds;
		pack->gate.names |= all[i].gate.names;
		pack->gate.flags |= all[i].gate.flags;
		gates[i] = all[i].gate;
	}
	load_index(l, pack);
}
