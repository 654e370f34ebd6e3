/* SPDX-License-Identifier: Apache-2.0
 * Statements that are no query and no DDL, and the one entry for all of them. */
#include "parsers/sql/walk_priv.h"

#include <string.h>

static void walk_columns_named(struct walk *w, const List *names, uint32_t roles)
{
	const ListCell *cell;

	foreach (cell, names) {
		struct sql_item *item = walk_item(w, SQL_I_COLUMN, roles);

		item->name = walk_str(w, walk_string(lfirst(cell)));
		item->range = walk_only_range(w);
	}
}

static void walk_copy_relation(struct walk *w, const void *node)
{
	const CopyStmt *s = node;
	struct scope scope;
	uint32_t before;

	walk_open_scope(w, &scope);
	walk_relation(w, s->relation, s->is_from ? SQL_R_INSERT : SQL_R_READ);
	before = w->n_items;
	walk_columns_named(w, s->attlist, s->is_from ? SQL_COL_WRITTEN : SQL_COL_OUT);
	if (s->attlist == NIL && !s->is_from) {
		walk_item(w, SQL_I_STAR, SQL_COL_OUT)->range = walk_only_range(w);
		walk_flag(w, SQL_F_STAR);
	}
	if (!s->is_from) {
		walk_item_outputs(w, before, s->attlist == NIL ? SQL_OUT_TABLE : SQL_OUT_COLUMN);
		w->stmt->outs = w->made;
	}
	walk_expr(w, s->whereClause, SQL_COL_WHERE);
	walk_close_scope(w, &scope);
}

/* <i> in decimal, at the end of <room>. */
static const char *decimal(int i, char room[12])
{
	unsigned int left = i < 0 ? 0U - (unsigned int)i : (unsigned int)i;
	char *at = room + 11;

	*at = '\0';
	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (i < 0)
		*--at = '-';
	return at;
}

/* How rows are written decides where their values are: whoever masks them has to know. */
static void walk_copy_options(struct walk *w, const List *options)
{
	const ListCell *cell;

	foreach (cell, options) {
		const DefElem *d = lfirst(cell);
		const void *arg = d->arg;
		struct sql_item *item = walk_item(w, SQL_I_OPTION, 0);
		char number[12];

		item->name = walk_str(w, d->defname);
		if (d->arg == NULL) {
			item->alias = walk_str(w, "true");
		} else if (IsA(d->arg, String)) {
			item->alias = walk_str(w, walk_string(arg));
		} else if (IsA(d->arg, Boolean)) {
			item->alias = walk_str(
					w, ((const Boolean *)arg)->boolval ? "true" : "false");
		} else if (IsA(d->arg, Integer)) {
			item->alias = walk_str(w, decimal(((const Integer *)arg)->ival, number));
		}
	}
}

static void walk_copy(struct walk *w, const void *node)
{
	const CopyStmt *s = node;
	walk_kind(w, s->is_from ? SQL_K_COPY_FROM : SQL_K_COPY_TO);
	if (s->is_program)
		walk_kind(w, SQL_K_COPY_PROGRAM);
	else if (s->filename != NULL)
		walk_kind(w, SQL_K_COPY_FILE);
	else
		walk_flag(w, SQL_F_COPY_STREAM);
	if (s->filename != NULL)
		walk_named(w, SQL_I_FILE, s->filename);
	if (s->query != NULL)
		walk_statement(w, s->query);
	else
		walk_copy_relation(w, s);
	walk_copy_options(w, s->options);
}

static const char *literal_of(const Node *node)
{
	const A_Const *c = (const A_Const *)(const void *)node;

	if (node == NULL || !IsA(node, A_Const) || c->isnull)
		return NULL;
	if (IsA(&c->val, String))
		return c->val.sval.sval;
	return IsA(&c->val, Float) ? c->val.fval.fval : NULL;
}

/* One item a value: SET search_path = a, b has two. */
void walk_setting(struct walk *w, const void *node)
{
	const VariableSetStmt *s = node;
	const ListCell *cell;
	struct sql_item *item;

	if (s->args == NIL)
		walk_named(w, SQL_I_SETTING, s->name);
	foreach (cell, s->args) {
		item = walk_item(w, SQL_I_SETTING, 0);
		item->name = walk_str(w, s->name);
		item->alias = walk_str(w, literal_of(lfirst(cell)));
	}
}

/* RESET x is another spelling of SET x TO DEFAULT. */
static void walk_set(struct walk *w, const void *node)
{
	const VariableSetStmt *s = node;
	const bool resets = s->kind == VAR_RESET || s->kind == VAR_RESET_ALL ||
			s->kind == VAR_SET_DEFAULT;

	walk_kind(w, resets ? SQL_K_RESET : SQL_K_SET);
	walk_setting(w, s);
}

static void walk_show(struct walk *w, const void *node)
{
	const VariableShowStmt *s = node;
	walk_kind(w, SQL_K_SHOW);
	walk_named(w, SQL_I_SETTING, s->name);
}

static void walk_transaction(struct walk *w, const void *node)
{
	const TransactionStmt *s = node;
	static const uint8_t kinds[] = {
		[TRANS_STMT_BEGIN] = SQL_K_BEGIN,
		[TRANS_STMT_START] = SQL_K_BEGIN,
		[TRANS_STMT_COMMIT] = SQL_K_COMMIT,
		[TRANS_STMT_ROLLBACK] = SQL_K_ROLLBACK,
		[TRANS_STMT_SAVEPOINT] = SQL_K_SAVEPOINT,
		[TRANS_STMT_RELEASE] = SQL_K_RELEASE,
		[TRANS_STMT_ROLLBACK_TO] = SQL_K_ROLLBACK,
		[TRANS_STMT_PREPARE] = SQL_K_TWO_PHASE,
		[TRANS_STMT_COMMIT_PREPARED] = SQL_K_TWO_PHASE,
		[TRANS_STMT_ROLLBACK_PREPARED] = SQL_K_TWO_PHASE,
	};
	const bool is_known = (size_t)s->kind < sizeof(kinds);

	walk_kind(w, is_known ? (enum sql_kind)kinds[s->kind] : SQL_K_OTHER);
	if (s->savepoint_name != NULL)
		walk_named(w, SQL_I_SAVEPOINT, s->savepoint_name);
}

/* What only is planned or stored: its kinds are inner ones. */
void walk_stored(struct walk *w, const Node *node)
{
	const bool before = w->is_stored;

	w->is_stored = true;
	walk_statement(w, node);
	w->is_stored = before;
}

/* ANALYZE alone, or with anything but what defGetBoolean() takes for false. */
static bool is_on(const DefElem *option)
{
	static const char *const off[] = { "false", "off", "0", NULL };
	const Node *arg = option->arg;

	if (arg == NULL)
		return true;
	if (IsA(arg, Integer))
		return ((const Integer *)(const void *)arg)->ival != 0;
	for (size_t i = 0; IsA(arg, String) && off[i] != NULL; i++) {
		if (strcasecmp(walk_string(arg), off[i]) == 0)
			return false;
	}
	return true;
}

static void walk_explain(struct walk *w, const void *node)
{
	const ExplainStmt *s = node;
	const ListCell *cell;
	bool runs = false;

	walk_kind(w, SQL_K_EXPLAIN);
	foreach (cell, s->options) {
		const DefElem *option = lfirst(cell);

		runs |= strcmp(option->defname, "analyze") == 0 && is_on(option);
	}
	if (!runs) {
		walk_stored(w, s->query);
		return;
	}
	walk_kind(w, SQL_K_EXPLAIN_ANALYZE);
	walk_statement(w, s->query);
}

static void walk_prepared(struct walk *w, enum sql_kind kind, const char *name)
{
	walk_kind(w, kind);
	walk_named(w, SQL_I_PREPARED, name);
}

static void walk_execute(struct walk *w, const void *node)
{
	const ExecuteStmt *s = node;
	walk_prepared(w, SQL_K_EXECUTE, s->name);
	walk_flag(w, SQL_F_DYNAMIC);
	walk_exprs(w, s->params, SQL_COL_ARG);
}

static void walk_prepare(struct walk *w, const void *node)
{
	const PrepareStmt *s = node;
	walk_prepared(w, SQL_K_PREPARE, s->name);
	walk_statement(w, s->query);
}

static void walk_cursor(struct walk *w, enum sql_kind kind, const char *name)
{
	walk_kind(w, kind);
	walk_named(w, SQL_I_CURSOR, name);
}

static void walk_declare(struct walk *w, const void *node)
{
	const DeclareCursorStmt *s = node;
	walk_cursor(w, SQL_K_DECLARE, s->portalname);
	walk_statement(w, s->query);
}

static const char *string_option(const List *options, const char *name)
{
	const ListCell *cell;

	foreach (cell, options) {
		const DefElem *option = lfirst(cell);

		if (strcmp(option->defname, name) == 0 && option->arg != NULL &&
				IsA(option->arg, String))
			return walk_string(option->arg);
	}
	return NULL;
}

void walk_language(struct walk *w, const List *options)
{
	const char *language = string_option(options, "language");

	if (language != NULL)
		walk_named(w, SQL_I_LANGUAGE, language);
}

static void walk_do(struct walk *w, const void *node)
{
	const DoStmt *s = node;
	walk_kind(w, SQL_K_DO);
	walk_flag(w, SQL_F_OPAQUE);
	walk_language(w, s->args);
}

static void walk_call_statement(struct walk *w, const void *node)
{
	const CallStmt *s = node;
	walk_kind(w, SQL_K_CALL);
	walk_flag(w, SQL_F_OPAQUE);
	walk_call(w, s->funccall, SQL_COL_ARG);
}

static void walk_vacuum(struct walk *w, const void *node)
{
	const VacuumStmt *s = node;
	const ListCell *cell;

	walk_kind(w, s->is_vacuumcmd ? SQL_K_VACUUM : SQL_K_ANALYZE);
	foreach (cell, s->rels)
		walk_relation(w, ((const VacuumRelation *)lfirst(cell))->relation, SQL_R_MAINTAIN);
}

static void walk_maintain(struct walk *w, enum sql_kind kind, const RangeVar *rel)
{
	walk_kind(w, kind);
	walk_relation(w, rel, SQL_R_MAINTAIN);
}

static void walk_channel(struct walk *w, enum sql_kind kind, const char *name)
{
	walk_kind(w, kind);
	walk_named(w, SQL_I_CHANNEL, name);
}

static void walk_notify(struct walk *w, const void *node)
{
	walk_channel(w, SQL_K_NOTIFY, ((const NotifyStmt *)node)->conditionname);
}

static void walk_listen(struct walk *w, const void *node)
{
	walk_channel(w, SQL_K_LISTEN, ((const ListenStmt *)node)->conditionname);
}

static void walk_unlisten(struct walk *w, const void *node)
{
	walk_channel(w, SQL_K_UNLISTEN, ((const UnlistenStmt *)node)->conditionname);
}

static void walk_fetch(struct walk *w, const void *node)
{
	walk_cursor(w, SQL_K_FETCH, ((const FetchStmt *)node)->portalname);
	walk_flag(w, SQL_F_DYNAMIC);
}

static void walk_close(struct walk *w, const void *node)
{
	walk_cursor(w, SQL_K_CLOSE, ((const ClosePortalStmt *)node)->portalname);
}

static void walk_deallocate(struct walk *w, const void *node)
{
	walk_prepared(w, SQL_K_DEALLOCATE, ((const DeallocateStmt *)node)->name);
}

static void walk_alter_system(struct walk *w, const void *node)
{
	walk_kind(w, SQL_K_ALTER_SYSTEM);
	walk_setting(w, ((const AlterSystemStmt *)node)->setstmt);
}

static void walk_reindex(struct walk *w, const void *node)
{
	walk_maintain(w, SQL_K_REINDEX, ((const ReindexStmt *)node)->relation);
}

static void walk_cluster(struct walk *w, const void *node)
{
	walk_maintain(w, SQL_K_CLUSTER, ((const ClusterStmt *)node)->relation);
}

static void walk_refresh(struct walk *w, const void *node)
{
	walk_maintain(w, SQL_K_REFRESH, ((const RefreshMatViewStmt *)node)->relation);
}

static void walk_lock(struct walk *w, const void *node)
{
	walk_kind(w, SQL_K_LOCK);
	walk_relations(w, ((const LockStmt *)node)->relations, SQL_R_LOCK);
}

static void walk_truncate(struct walk *w, const void *node)
{
	walk_kind(w, SQL_K_TRUNCATE);
	walk_relations(w, ((const TruncateStmt *)node)->relations, SQL_R_TRUNCATE);
}

static void walk_load(struct walk *w, const void *node)
{
	walk_kind(w, SQL_K_LOAD);
	walk_named(w, SQL_I_FILE, ((const LoadStmt *)node)->filename);
}

static const struct walker walkers[] = {
	{ T_AlterSystemStmt, walk_alter_system },
	{ T_CallStmt, walk_call_statement },
	{ T_ClosePortalStmt, walk_close },
	{ T_ClusterStmt, walk_cluster },
	{ T_CopyStmt, walk_copy },
	{ T_DeallocateStmt, walk_deallocate },
	{ T_DeclareCursorStmt, walk_declare },
	{ T_DoStmt, walk_do },
	{ T_ExecuteStmt, walk_execute },
	{ T_ExplainStmt, walk_explain },
	{ T_FetchStmt, walk_fetch },
	{ T_ListenStmt, walk_listen },
	{ T_LoadStmt, walk_load },
	{ T_LockStmt, walk_lock },
	{ T_NotifyStmt, walk_notify },
	{ T_PrepareStmt, walk_prepare },
	{ T_RefreshMatViewStmt, walk_refresh },
	{ T_ReindexStmt, walk_reindex },
	{ T_TransactionStmt, walk_transaction },
	{ T_TruncateStmt, walk_truncate },
	{ T_UnlistenStmt, walk_unlisten },
	{ T_VacuumStmt, walk_vacuum },
	{ T_VariableSetStmt, walk_set },
	{ T_VariableShowStmt, walk_show },
};

bool walk_by_table(struct walk *w, const Node *node, const struct walker *table, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].tag == nodeTag(node)) {
			table[i].walk(w, node);
			return true;
		}
	}
	return false;
}

void walk_statement(struct walk *w, const Node *node)
{
	if (node == NULL || !walk_enter(w))
		return;
	if (walk_query(w, node, w->is_stored ? SQL_COL_SUB : SQL_COL_OUT)) {
		w->stmt->outs = w->made;
	} else {
		w->has_utility = true;
		if (!walk_by_table(w, node, walkers, sizeof(walkers) / sizeof(*walkers)) &&
				!walk_ddl(w, node)) {
			walk_kind(w, SQL_K_OTHER);
			walk_flag(w, SQL_F_UNKNOWN);
		}
	}
	walk_leave(w);
}
