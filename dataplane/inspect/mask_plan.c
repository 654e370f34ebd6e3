/* SPDX-License-Identifier: Apache-2.0
 * What is done to which column of an answer: by the rules of its column, where the server says which one it is; by
 * what it is made of, where it is an expression; and all else is looked through for patterns. */
#include "dataplane/inspect/mask_priv.h"
#include "ruleset/match/data.h"

static const struct mask redact = { .kind = MASK_REDACT }, null = { .kind = MASK_NULL };

static const struct catalog *catalog_of(const struct mask_task *j)
{
	return j->s->masks.catalogue == NULL ? NULL : j->s->masks.catalogue->catalog;
}

static struct data_question question(const struct mask_task *j, const struct mask_note *note)
{
	return (struct data_question){ .policy = j->rules->policy,
		.catalog = catalog_of(j),
		.facts = note->facts,
		.context = &j->context };
}

/* ---- what is made of a masked column */

/* The mask of an expression under <rule>; NULL: it may be let out. */
static const struct mask *derived_by(const struct model_data *rule, bool is_approved)
{
	switch (rule->derived) {
	case MODEL_DERIVED_NULL:
		return &null;
	case MODEL_DERIVED_ALLOW:
		return NULL;
	case MODEL_DERIVED_HOLD:
		return is_approved ? NULL : &redact;
	case MODEL_DERIVED_REDACT:
	case MODEL_DERIVED_DENY:
		break;
	}
	return &redact;
}

static void hide(struct mask_column *c, const struct mask *mask)
{
	if (mask == NULL)
		return;
	c->what = MASK_COLUMN_HIDE;
	c->mask = mask;
}

/* Nothing is known of the column: as the strictest rule has it. */
static void hide_unknown(const struct mask_task *j, struct mask_column *c, bool is_approved)
{
	const uint32_t i = data_strictest(j->rules->policy);

	if (i != MODEL_NONE)
		hide(c, derived_by(model_data_at(j->rules->policy, i), is_approved));
}

/* Column <i> of <n>, which is of no table. */
static void expression(const struct mask_task *j, uint32_t i, uint32_t n, struct mask_column *c)
{
	const struct pg_answer *a = pg_session_answer(j->s->pg);
	const struct mask_note *note = note_find(j->s, a->id);
	struct data_question q;
	struct data_output o;

	if (note == NULL)
		return; /* its command was judged to put out nothing of the kind */
	if (note->facts == NULL || a->i_statement >= note->facts->n_stmts) {
		hide_unknown(j, c, note->is_approved);
		return;
	}
	q = question(j, note);
	match_output(&q, a->i_statement, i, n, &o);
	if (o.rule != NULL)
		hide(c, o.is_derived ? derived_by(o.rule, note->is_approved) : &o.rule->mask);
}

/* ---- a column of a table */

static void path_add(struct mask_plan *p, struct mask_column *c, const struct model_data *rule)
{
	const struct span text = text_span(rule->json);

	if (p->n_paths == MASKING_PATHS || mask_path_read(text, &p->paths[p->n_paths].path) != 0) {
		hide(c, &redact);
		return;
	}
	if (c->n_paths == 0)
		c->first_path = p->n_paths;
	p->paths[p->n_paths++].mask = &rule->mask;
	c->n_paths++;
	c->what = MASK_COLUMN_PATH;
}

static void by_rule(struct mask_task *j, struct mask_column *c, const struct catalog_column *of)
{
	const struct model_data *rule = model_data_at(j->rules->policy, of->data);

	if (rule == NULL) /* of no rule that is known */
		hide(c, &redact);
	if (c->what == MASK_COLUMN_HIDE || mask_is_excepted(j, rule))
		return;
	if (of->is_derived)
		hide(c, derived_by(rule, false));
	else if (rule->pattern != MODEL_NONE)
		c->found = c->found == NULL ? rule : c->found;
	else if (rule->json != NULL)
		path_add(&j->m->plan, c, rule);
	else
		hide(c, &rule->mask);
}

static void of_table(struct mask_task *j, const struct pg_col *col, struct mask_column *c)
{
	const struct catalog *catalog = catalog_of(j);
	const struct catalog_column *of;
	uint32_t n = 0;

	if (catalog == NULL)
		return;                             /* no rule names a column */
	if (col->table_oid > catalog->newest_oid) { /* made since it was read */
		j->s->masks.catalogue->is_stale = true;
		hide_unknown(j, c, false);
		return;
	}
	of = catalog_find(catalog, col->table_oid, col->attnum, &n);
	for (uint32_t i = 0; i < n; i++)
		by_rule(j, c, &of[i]);
}

/* ---- an answer */

uint64_t mask_catalogue_version(const struct mask_task *j)
{
	return j->s->masks.catalogue == NULL ? 0 : j->s->masks.catalogue->version;
}

static bool is_current(const struct mask_task *j, const struct pg_answer *a)
{
	const struct mask_plan *p = &j->m->plan;

	return p->answer == a->id && p->i_statement == a->i_statement && p->slot == j->s->slot &&
			p->gen == j->s->gen && p->rules == j->rules->serial &&
			p->columns == a->columns && p->catalogue == mask_catalogue_version(j) &&
			p->answer != 0;
}

static void column_plan(struct mask_task *j, const struct pg_answer *a, uint16_t i)
{
	struct mask_plan *p = &j->m->plan;
	struct mask_column *c = &p->column[i];
	const struct pg_col *col = &a->columns->col[i];
	const bool is_expression = col->table_oid == 0 || col->attnum == 0;
	struct mask_type t;

	mask_type_of(NULL, col->type_oid, &t);
	*c = (struct mask_column){ .kind = (uint8_t)t.kind,
		.type = col->type_oid,
		.format = pg_answer_format(a, i),
		.numbers = is_expression };
	if (j->rules->values != NULL && gather_wants(c))
		c->what = MASK_COLUMN_SCAN;
	if (is_expression)
		expression(j, i, a->columns->n, c);
	else
		of_table(j, col, c);
	p->is_idle &= c->what == MASK_COLUMN_PASS;
}

bool mask_plan_get(struct mask_task *j)
{
	const struct pg_answer *a = pg_session_answer(j->s->pg);
	struct mask_plan *p = &j->m->plan;

	if (a->columns == NULL || (a->flags & (PG_A_BLIND | PG_A_CACHED)) != 0 ||
			a->columns->n > MASKING_COLUMNS)
		return false;
	if (is_current(j, a))
		return true;
	p->slot = j->s->slot;
	p->gen = j->s->gen;
	p->answer = a->id;
	p->i_statement = a->i_statement;
	p->rules = j->rules->serial;
	p->columns = a->columns;
	p->catalogue = mask_catalogue_version(j);
	p->n = a->columns->n;
	p->n_paths = 0;
	p->is_idle = true;
	for (uint16_t i = 0; i < p->n; i++)
		column_plan(j, a, i);
	return true;
}

const struct mask *mask_copied_by(
		const struct mask_task *j, const struct mask_note *note, uint32_t i, uint32_t n)
{
	const struct pg_answer *a = pg_session_answer(j->s->pg);
	struct mask_column c = { .what = MASK_COLUMN_SCAN };
	struct data_question q;
	struct data_output o;

	if (j->rules->catalog_query.len == 0)
		return NULL;
	q = question(j, note);
	match_output(&q, a->i_statement, i, n, &o);
	if (o.rule == NULL)
		return NULL;
	if (o.is_derived)
		return derived_by(o.rule, note->is_approved);
	hide(&c, o.rule->json != NULL || o.rule->pattern != MODEL_NONE ? &redact : &o.rule->mask);
	return c.mask;
}
