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
	int n_ctes; /* of them visible */
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
bool walk_is_cte(struct walk *w, const char *name);
const char *walk_string(const void *node);     /* of a String node; NULL: it is none */
const char *walk_last_name(const List *names); /* NULL: no String there */

/* expr.c */
void walk_expr(struct walk *w, const Node *node, uint32_t roles);
void walk_exprs(struct walk *w, const List *nodes, uint32_t roles);
void walk_call(struct walk *w, const FuncCall *call, uint32_t roles);
void walk_type(struct walk *w, const TypeName *type, uint32_t roles);

/* query.c */
void walk_relation(struct walk *w, const RangeVar *rel, uint32_t roles);
void walk_relations(struct walk *w, const List *rels, uint32_t roles);
bool walk_query(struct walk *w, const Node *node, uint32_t roles); /* false: it is no query */

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
