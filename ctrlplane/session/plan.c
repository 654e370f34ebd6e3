/* SPDX-License-Identifier: Apache-2.0
 * TICKET_PLAN: what a held command would touch, by the server's plan of it (PostgreSQL documentation, EXPLAIN).
 * The numbers are the planner's guesses, and the words are the server's: shown, never acted on. */
#include "ctrlplane/session/session_priv.h"
#include "parsers/base/outbuf.h"
#include "parsers/base/visible.h"

#include <jansson.h>

#include <string.h>

enum { DEPTH_MAX = 100 }; /* of a plan's nodes: a deeper one is shown in part */

static const char *text_at(const json_t *node, const char *key)
{
	const char *text = json_string_value(json_object_get(node, key));

	return text == NULL ? "" : text;
}

static double number_at(const json_t *node, const char *key)
{
	return json_number_value(json_object_get(node, key));
}

static void show(char *to, size_t size, const char *text)
{
	struct outbuf o = ob_of(to, size - 1);

	visible_put(&o, (struct span){ (const uint8_t *)text, strlen(text) }, size - 1, false);
	to[o.len] = '\0';
}

static void table_add(struct hold_plan *p, const char *name)
{
	char shown[HOLD_PLAN_NAME];

	show(shown, sizeof(shown), name);
	for (uint32_t i = 0; i < p->n_tables && i < HOLD_PLAN_TABLES; i++) {
		if (strcmp(p->tables[i], shown) == 0)
			return;
	}
	if (p->n_tables < HOLD_PLAN_TABLES)
		memcpy(p->tables[p->n_tables], shown, sizeof(shown));
	p->n_tables++;
}

static void tables_walk(struct hold_plan *p, const json_t *node, uint32_t depth)
{
	const json_t *children = json_object_get(node, "Plans"), *child;
	size_t i;

	if (text_at(node, "Relation Name")[0] != '\0')
		table_add(p, text_at(node, "Relation Name"));
	json_array_foreach(children, i, child)
	{
		if (depth < DEPTH_MAX)
			tables_walk(p, child, depth + 1);
	}
}

/* A ModifyTable returns no rows: those that it changes come from below. */
static double rows_of(const json_t *top)
{
	const json_t *children = json_object_get(top, "Plans"), *child;
	double rows = 0;
	size_t i;

	if (strcmp(text_at(top, "Node Type"), "ModifyTable") != 0)
		return number_at(top, "Plan Rows");
	json_array_foreach(children, i, child)
	{
		if (strcmp(text_at(child, "Parent Relationship"), "Outer") == 0 ||
				strcmp(text_at(child, "Parent Relationship"), "Member") == 0)
			rows += number_at(child, "Plan Rows");
	}
	return rows;
}

static void read_plan(struct hold_plan *p, const struct ticket_plan *t)
{
	json_t *all = json_loadb((const char *)t->bytes, t->len, 0, NULL);
	const json_t *top = json_object_get(json_array_get(all, 0), "Plan");

	if (json_is_object(top)) {
		p->state = HOLD_PLAN_KNOWN;
		p->rows = rows_of(top);
		p->cost = number_at(top, "Total Cost");
		show(p->operation, sizeof(p->operation),
				strcmp(text_at(top, "Node Type"), "ModifyTable") == 0
						? text_at(top, "Operation")
						: "Select");
		tables_walk(p, top, 0);
	}
	json_decref(all);
}

static void plan_keep(struct hold_plan *p, const struct ticket_plan *t)
{
	struct outbuf o = ob_of((uint8_t *)p->words, sizeof(p->words) - 1);

	*p = (struct hold_plan){ .state = HOLD_PLAN_REFUSED };
	if (t->is_plan && !t->is_cut)
		read_plan(p, t);
	else if (!t->is_plan)
		visible_put(&o, (struct span){ t->bytes, t->len }, sizeof(p->words) - 1, false);
	if (p->state == HOLD_PLAN_REFUSED && p->words[0] == '\0')
		show(p->words, sizeof(p->words), "the server's plan could not be read");
}

void plan_take(struct sessions *s, const struct ticket *t, struct reply *q)
{
	const struct ticket_plan *p = reply_block(s, q, sizeof(*p));
	struct session_entry *e = session_find(s, q->worker, t);
	struct hold *h;

	if (p != NULL && p->len + sizeof(*p) > q->answer.block->len_bytes)
		s->stats.malformed++;
	else if (p != NULL && e != NULL) {
		for (h = e->holds; h != NULL && h->command != t->command;)
			h = h->next;
		if (h != NULL) /* else it was decided meanwhile */
			plan_keep(&h->plan, p);
	}
	reply_rc(s, q, 0);
}
