/* SPDX-License-Identifier: Apache-2.0
 * A file of rules. What is accepted keeps the promises of model.h and judges; what is refused is refused with
 * positions, in order, in printable text. */
#include "parsers/base/must.h"
#include "ruleset/load/load.h"
#include "ruleset/match/match.h"
#include "ruleset/model/model.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

static struct load_report report;

static void check_errors(const struct doc_errors *e)
{
	for (size_t i = 0; i < e->n && i < DOC_ERRORS_MAX; i++) {
		const struct doc_error *at = &e->at[i], *before = i == 0 ? at : at - 1;

		must(memchr(at->text, '\0', sizeof(at->text)) != NULL && at->text[0] != '\0');
		for (const char *c = at->text; *c != '\0'; c++)
			must((unsigned char)*c >= 0x20 && *c != 0x7f);
		must((at->line == 0) == (at->column == 0));
		must(before->line < at->line ||
				(before->line == at->line && before->column <= at->column));
	}
}

static void check_line(const char *text, size_t max)
{
	must(text == NULL ||
			(text[0] != '\0' && strlen(text) <= max && strchr(text, '\n') == NULL));
}

static void check_names(const struct model_names *n)
{
	for (uint32_t i = 0; i < n->n_exact; i++) {
		must(i == 0 || strcmp(n->exact[i - 1], n->exact[i]) <= 0);
		must(model_names_has(n,
				(struct span){ (const uint8_t *)n->exact[i],
						strlen(n->exact[i]) }));
	}
}

static void check_cond(const struct policy *p, const struct model_cond *c)
{
	must(c->text == MODEL_NONE || c->text < p->n_texts);
	must(c->rate == MODEL_NONE || c->rate < p->n_rates);
	must(c->calls == 0 || !c->is_sql);
	must(c->is_sql || c->calls != 0 || c->text != MODEL_NONE || c->rate != MODEL_NONE ||
			c->who != NULL || c->time != NULL);
	must(c->time == NULL || (c->time->from <= 1440 && c->time->to <= 1440));
	for (uint32_t i = 0; i < c->n_items; i++) {
		must(c->items[i].what < SQL_I_MAX && c->items[i].n_access <= MODEL_ACCESS_MAX);
		check_names(&c->items[i].names);
		check_names(&c->items[i].values);
	}
}

static void check_when(const struct policy *p, const struct model_when *w)
{
	for (uint32_t i = 0; i < w->n_conds; i++)
		check_cond(p, &w->conds[i]);
}

static void check_rule(const struct policy *p, const struct model_rule *r)
{
	must(r->id != NULL && strlen(r->id) <= LOAD_ID_MAX && r->verdict <= VERDICT_DENY);
	must(r->code == NULL || (strlen(r->code) == 5 && r->verdict == VERDICT_DENY));
	must(r->when.n_conds > 0 && (r->hold == NULL || r->verdict == VERDICT_HOLD));
	check_line(r->reason, 200);
	check_line(r->hint, 200);
	check_when(p, &r->when);
	for (uint32_t i = 0; i < r->n_unless; i++) {
		must(r->unless[i].reason != NULL && r->unless[i].when.n_conds > 0);
		check_when(p, &r->unless[i].when);
	}
}

static void check_data(const struct policy *p, const struct model_data *d)
{
	must(d->id != NULL && (d->pattern == MODEL_NONE || d->pattern < p->n_patterns));
	must(d->pattern != MODEL_NONE || d->column != NULL);
	must(d->mask.kind <= MASK_NOISE && d->mask.keep <= 1000);
	must(d->mask.kind != MASK_NOISE || (d->mask.ratio > 0 && d->mask.ratio <= 1));
	must(d->json == NULL || (d->json[0] == '$' && d->column != NULL));
	must((d->column == NULL) == (d->schema == NULL) &&
			(d->column == NULL) == (d->table == NULL));
	for (uint32_t i = 0; i < d->n_unless; i++)
		check_when(p, &d->unless[i].when);
}

/* A rule that no statement's bits are for does not speak, whatever else it asks. */
static void check_gates(const struct policy *p, const struct match_command *c)
{
	const struct sql_stmt *s = sql_facts_stmt(c->facts, 0);

	for (uint32_t i = 0; i < p->packs[0].n_rules; i++) {
		const struct model_rule *r = &p->packs[0].rules[i];

		must((r->gate.kinds & (s->kinds | MODEL_ANY_KIND)) != 0 ||
				(r->gate.flags & s->flags) != 0 || !match_rule_speaks(r, c));
	}
}

static void judge(const struct policy *p)
{
	static const char text[] =
			"WITH d AS (DELETE FROM a.b WHERE c = 1) SELECT f(x) FROM d LIMIT 5";
	static uint64_t memory[1 << 10];
	const struct sql_job job = { .text = { (const uint8_t *)text, sizeof(text) - 1 },
		.settings = { SQL_ENC_UTF8, true },
		.limits = &sql_limits_default };
	struct match_command c = { .is_known = true };
	struct match_result r;

	c.sql = sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) }, &c.facts);
	must(c.sql == SQL_OK);
	match_command(p, &c, &r);
	must((r.verdict == VERDICT_ALLOW) == (r.rule == NULL));
	must(r.code == NULL || r.verdict == VERDICT_DENY);
	check_gates(p, &c);
	c = (struct match_command){ .is_known = true, .function_oid = 955 };
	match_command(p, &c, &r);
	must((r.verdict == VERDICT_ALLOW) == (r.rule == NULL));
}

static void check_index(const struct model_pack *pack)
{
	const struct model_index *x = pack->index;

	if (x == NULL)
		return;
	must(x->n_others <= pack->n_rules && x->starts[0] == 0);
	for (uint32_t i = 0; i < x->n_others; i++)
		must(x->others[i] < pack->n_rules);
	for (uint32_t i = 0; i <= x->mask; i++)
		must(x->starts[i] <= x->starts[i + 1]);
	for (uint32_t i = 0; i < x->starts[x->mask + 1]; i++)
		must(x->rules[i] < pack->n_rules);
}

static void check_policy(const struct policy *p)
{
	const struct model_pack *pack = &p->packs[0];

	must(p->n_packs == 1 && strlen(p->hash) == 64 && strlen(pack->name) <= LOAD_PACK_NAME_MAX);
	must(pack->unparsed != VERDICT_ALLOW && pack->n_patterns == p->n_patterns);
	check_line(pack->about, 200);
	check_index(pack);
	for (uint32_t i = 0; i < p->n_patterns; i++)
		must(p->patterns[i].id != NULL && p->patterns[i].regex != NULL);
	for (uint32_t i = 0; i < p->n_texts; i++)
		must(p->texts[i].regex != NULL);
	for (uint32_t i = 0; i < pack->n_data; i++)
		check_data(p, &pack->data[i]);
	for (uint32_t i = 0; i < pack->n_rules; i++)
		check_rule(p, &pack->rules[i]);
	judge(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = { data, size };
	struct policy *policy = NULL;
	const int rc = load_policy(&text, 1, &policy, &report);

	must(rc == 0 || rc == -EINVAL);
	must((rc == 0) == (policy != NULL) && (rc == 0) == (report.errors.n == 0));
	check_errors(&report.errors);
	check_errors(&report.warnings);
	if (rc == 0)
		check_policy(policy);
	policy_free(&policy);
	must(policy == NULL);
	return 0;
}
