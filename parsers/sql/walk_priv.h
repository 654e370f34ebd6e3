/* SPDX-License-Identifier: Apache-2.0
 * What the walkers of the parse tree share: where facts are written, and where in the text they
 * are. All functions do nothing once <rc> is set. */
#pragma once

#include "parsers/sql/facts.h"

#include <pg_query.h>
/* after pg_query.h */
#include <postgres.h>
/* after postgres.h */
#include <nodes/parsenodes.h>

/* A query level: whose ranges and CTEs names are looked up in, from the inside out. While it is open
 * its ranges are a chain by their .range, since columns look for them and are many. */
struct scope {
	struct scope *outer;
	const List *ctes;
	int n_ctes;        /* of them visible */
	uint32_t cte_arms; /* of the first one: those of the others follow it */
	int32_t last_range;
	uint16_t id;
};

struct walk {
	const struct sql_job *job;
	uint8_t *base;   /* of the facts */
	size_t items_at; /* offsets in the block */
	size_t names_at; /* names are put before it, downward */
	size_t names_end;
	uint32_t n_items;
	struct sql_stmt *stmt; /* the current one */
	struct scope *scope;
	const RangeVar *target; /* of the UPDATE or DELETE whose WHERE is judged */
	uint16_t n_scopes;
	uint32_t depth, work;
	enum sql_rc rc;
	struct sql_item spare; /* for writing to when there is no room: never read */
	uint32_t arms;         /* of the query that is walked, so far */
	uint32_t made;         /* arms of the query that was walked last */
	const Node *alone;     /* the sub-select that is all of an output */
	bool may_fail;         /* something of the output may fail for some values */
	bool needs_literals, has_unicode;
	bool has_utility; /* a statement that is no query: its literals are not all looked at */
	bool is_stored;   /* what is walked does not run: its kinds are inner ones */
};

/* walk.c */
bool walk_enter(struct walk *w); /* one level down; false: stop. Pairs with walk_leave() if true */
void walk_leave(struct walk *w);
bool walk_spend(struct walk *w, uint32_t work); /* false: stop */
void walk_kind(struct walk *w, enum sql_kind kind);
void walk_flag(struct walk *w, uint32_t flag);
struct sql_item *walk_item(struct walk *w, enum sql_item_what what, uint32_t roles);
struct sql_item *walk_item_at(const struct walk *w, uint32_t i);
/* An arm of <n> outputs, zeroed: its place, or 0 when there is no room. */
uint32_t walk_room(struct walk *w, uint32_t n_arms, uint32_t n_outputs);
struct sql_arm *walk_arm_at(const struct walk *w, uint32_t at);
struct sql_str walk_str(struct walk *w, const char *s);
void walk_named(struct walk *w, enum sql_item_what what, const char *name); /* item and name */
/* schema and name from a list of String nodes */
void walk_name_list(struct walk *w, struct sql_item *item, const List *names);
bool walk_str_is(const struct walk *w, struct sql_str s, const char *text);
void walk_literal(struct walk *w, const A_Const *c); /* its value has been looked at */
void walk_open_scope(struct walk *w, struct scope *scope);
void walk_close_scope(struct walk *w, struct scope *scope);
int32_t walk_range_named(struct walk *w, const char *name); /* or SQL_NO_RANGE */
int32_t walk_only_range(struct walk *w);
uint32_t walk_cte(struct walk *w, const char *name); /* its arm; 0: there is no such CTE */
const char *walk_string(const void *node);           /* of a String node; NULL: it is none */
const char *walk_last_name(const List *names);       /* NULL: no String there */

/* output.c */
/* Room for the outputs of a SELECT and its kin, in the order of <targets> (struct ResTarget). */
void walk_targets(struct walk *w, const List *targets, uint32_t roles);
void walk_rows(struct walk *w, const List *rows, uint32_t roles); /* of VALUES */
/* An arm of one output for all items from <first_item> on: for what has no query. */
uint32_t walk_one_output(struct walk *w, uint32_t first_item, bool may_fail);
/* An arm whose outputs are the items from <first_item> on, one each. */
void walk_item_outputs(struct walk *w, uint32_t first_item, enum sql_output_what what);
uint32_t walk_cte_arms(struct walk *w, const List *ctes); /* an arm each, of the first one */
void walk_cte_made(struct walk *w, uint32_t cte_arm);     /* its query was the last one */
void walk_compared(struct walk *w); /* rows of the query that is walked with each other */

/* fails.c: may a value decide whether there is an error? Other than by the size of what is made. */
bool fails_call(const FuncCall *call);
bool fails_operator(const A_Expr *e);
bool fails_cast(const TypeCast *cast);
bool walk_is_given(const Node *node); /* a literal, a parameter: no value of a row */
bool fails_is_sorted(void);

/* expr.c */
void walk_expr(struct walk *w, const Node *node, uint32_t roles);
void walk_exprs(struct walk *w, const List *nodes, uint32_t roles);
void walk_call(struct walk *w, const FuncCall *call, uint32_t roles);
void walk_type(struct walk *w, const TypeName *type, uint32_t roles);

/* query.c */
void walk_relation(struct walk *w, const RangeVar *rel, uint32_t roles);
void walk_relations(struct walk *w, const List *rels, uint32_t roles);
/* False: it is no query. Its arms are w->made. */
bool walk_query(struct walk *w, const Node *node, uint32_t roles);

/* where.c */
enum sql_where where_judge(struct walk *w, const Node *where);

/* A statement's walker; <node> is of the type that <tag> says. */
struct walker {
	NodeTag tag;
	void (*walk)(struct walk *w, const void *node);
};

/* utility.c */
void walk_statement(struct walk *w, const Node *node);
void walk_stored(struct walk *w, const Node *node); /* planned or stored only: inner kinds */
void walk_setting(struct walk *w, const void *node);
void walk_language(struct walk *w, const List *options);
bool walk_by_table(struct walk *w, const Node *node, const struct walker *table, size_t n);

/* ddl.c */
bool walk_ddl(struct walk *w, const Node *node); /* false: it is no DDL */

/* builtin.c */
bool builtin_function(const char *name);
bool builtin_operator(const char *name);
bool builtin_type(const char *name);
bool builtin_is_sorted(void);
