/* SPDX-License-Identifier: Apache-2.0
 * CREATE, ALTER, DROP, GRANT and their kin: by a table where kind and object are all there is to
 * say. */
#include "parsers/sql/walk_priv.h"

#include <string.h>

struct plain {
	NodeTag tag;
	uint8_t kind, object;
};

static const struct plain plain_statements[] = {
	{ T_AlterCollationStmt, SQL_K_ALTER, SQL_O_OTHER },
	{ T_AlterDatabaseRefreshCollStmt, SQL_K_ALTER, SQL_O_DATABASE },
	{ T_AlterDatabaseStmt, SQL_K_ALTER, SQL_O_DATABASE },
	{ T_AlterDomainStmt, SQL_K_ALTER, SQL_O_TYPE },
	{ T_AlterEnumStmt, SQL_K_ALTER, SQL_O_TYPE },
	{ T_AlterEventTrigStmt, SQL_K_ALTER, SQL_O_EVENT_TRIGGER },
	{ T_AlterExtensionContentsStmt, SQL_K_ALTER, SQL_O_EXTENSION },
	{ T_AlterExtensionStmt, SQL_K_ALTER, SQL_O_EXTENSION },
	{ T_AlterFdwStmt, SQL_K_ALTER, SQL_O_FOREIGN_SERVER },
	{ T_AlterForeignServerStmt, SQL_K_ALTER, SQL_O_FOREIGN_SERVER },
	{ T_AlterObjectDependsStmt, SQL_K_ALTER, SQL_O_OTHER },
	{ T_AlterOpFamilyStmt, SQL_K_ALTER, SQL_O_OPERATOR },
	{ T_AlterOperatorStmt, SQL_K_ALTER, SQL_O_OPERATOR },
	{ T_AlterPublicationStmt, SQL_K_ALTER, SQL_O_PUBLICATION },
	{ T_AlterStatsStmt, SQL_K_ALTER, SQL_O_STATISTICS },
	{ T_AlterSubscriptionStmt, SQL_K_ALTER, SQL_O_SUBSCRIPTION },
	{ T_AlterTSConfigurationStmt, SQL_K_ALTER, SQL_O_TEXT_SEARCH },
	{ T_AlterTSDictionaryStmt, SQL_K_ALTER, SQL_O_TEXT_SEARCH },
	{ T_AlterTableMoveAllStmt, SQL_K_ALTER, SQL_O_TABLESPACE },
	{ T_AlterTableSpaceOptionsStmt, SQL_K_ALTER, SQL_O_TABLESPACE },
	{ T_AlterTypeStmt, SQL_K_ALTER, SQL_O_TYPE },
	{ T_AlterUserMappingStmt, SQL_K_ALTER, SQL_O_FOREIGN_SERVER },
	{ T_CheckPointStmt, SQL_K_CHECKPOINT, SQL_O_MAX }, /* SQL_O_MAX: none */
	{ T_CompositeTypeStmt, SQL_K_CREATE, SQL_O_TYPE },
	{ T_ConstraintsSetStmt, SQL_K_CONSTRAINTS, SQL_O_MAX },
	{ T_CreateAmStmt, SQL_K_CREATE, SQL_O_OTHER },
	{ T_CreateCastStmt, SQL_K_CREATE, SQL_O_CAST },
	{ T_CreateConversionStmt, SQL_K_CREATE, SQL_O_OTHER },
	{ T_CreateDomainStmt, SQL_K_CREATE, SQL_O_TYPE },
	{ T_CreateEnumStmt, SQL_K_CREATE, SQL_O_TYPE },
	{ T_CreateEventTrigStmt, SQL_K_CREATE, SQL_O_EVENT_TRIGGER },
	{ T_CreateFdwStmt, SQL_K_CREATE, SQL_O_FOREIGN_SERVER },
	{ T_CreateForeignServerStmt, SQL_K_CREATE, SQL_O_FOREIGN_SERVER },
	{ T_CreateOpClassStmt, SQL_K_CREATE, SQL_O_OPERATOR },
	{ T_CreateOpFamilyStmt, SQL_K_CREATE, SQL_O_OPERATOR },
	{ T_CreatePLangStmt, SQL_K_CREATE, SQL_O_LANGUAGE },
	{ T_CreatePublicationStmt, SQL_K_CREATE, SQL_O_PUBLICATION },
	{ T_CreateRangeStmt, SQL_K_CREATE, SQL_O_TYPE },
	{ T_CreateStatsStmt, SQL_K_CREATE, SQL_O_STATISTICS },
	{ T_CreateSubscriptionStmt, SQL_K_CREATE, SQL_O_SUBSCRIPTION },
	{ T_CreateTableSpaceStmt, SQL_K_CREATE, SQL_O_TABLESPACE },
	{ T_CreateTransformStmt, SQL_K_CREATE, SQL_O_OTHER },
	{ T_CreateUserMappingStmt, SQL_K_CREATE, SQL_O_FOREIGN_SERVER },
	{ T_DiscardStmt, SQL_K_DISCARD, SQL_O_MAX },
	{ T_DropOwnedStmt, SQL_K_DROP_OWNED, SQL_O_MAX },
	{ T_DropSubscriptionStmt, SQL_K_DROP, SQL_O_SUBSCRIPTION },
	{ T_DropTableSpaceStmt, SQL_K_DROP, SQL_O_TABLESPACE },
	{ T_DropUserMappingStmt, SQL_K_DROP, SQL_O_FOREIGN_SERVER },
	{ T_ImportForeignSchemaStmt, SQL_K_IMPORT_SCHEMA, SQL_O_FOREIGN_TABLE },
	{ T_ReassignOwnedStmt, SQL_K_REASSIGN_OWNED, SQL_O_MAX },
};

static const uint8_t object_of[] = {
	[OBJECT_ACCESS_METHOD] = SQL_O_OTHER,
	[OBJECT_AGGREGATE] = SQL_O_FUNCTION,
	[OBJECT_AMOP] = SQL_O_OPERATOR,
	[OBJECT_AMPROC] = SQL_O_OPERATOR,
	[OBJECT_ATTRIBUTE] = SQL_O_COLUMN,
	[OBJECT_CAST] = SQL_O_CAST,
	[OBJECT_COLUMN] = SQL_O_COLUMN,
	[OBJECT_COLLATION] = SQL_O_OTHER,
	[OBJECT_CONVERSION] = SQL_O_OTHER,
	[OBJECT_DATABASE] = SQL_O_DATABASE,
	[OBJECT_DEFAULT] = SQL_O_COLUMN,
	[OBJECT_DEFACL] = SQL_O_DEFAULT_PRIVILEGES,
	[OBJECT_DOMAIN] = SQL_O_TYPE,
	[OBJECT_DOMCONSTRAINT] = SQL_O_CONSTRAINT,
	[OBJECT_EVENT_TRIGGER] = SQL_O_EVENT_TRIGGER,
	[OBJECT_EXTENSION] = SQL_O_EXTENSION,
	[OBJECT_FDW] = SQL_O_FOREIGN_SERVER,
	[OBJECT_FOREIGN_SERVER] = SQL_O_FOREIGN_SERVER,
	[OBJECT_FOREIGN_TABLE] = SQL_O_FOREIGN_TABLE,
	[OBJECT_FUNCTION] = SQL_O_FUNCTION,
	[OBJECT_INDEX] = SQL_O_INDEX,
	[OBJECT_LANGUAGE] = SQL_O_LANGUAGE,
	[OBJECT_LARGEOBJECT] = SQL_O_LARGE_OBJECT,
	[OBJECT_MATVIEW] = SQL_O_MATVIEW,
	[OBJECT_OPCLASS] = SQL_O_OPERATOR,
	[OBJECT_OPERATOR] = SQL_O_OPERATOR,
	[OBJECT_OPFAMILY] = SQL_O_OPERATOR,
	[OBJECT_PARAMETER_ACL] = SQL_O_OTHER,
	[OBJECT_POLICY] = SQL_O_POLICY,
	[OBJECT_PROCEDURE] = SQL_O_FUNCTION,
	[OBJECT_PUBLICATION] = SQL_O_PUBLICATION,
	[OBJECT_PUBLICATION_NAMESPACE] = SQL_O_PUBLICATION,
	[OBJECT_PUBLICATION_REL] = SQL_O_PUBLICATION,
	[OBJECT_ROLE] = SQL_O_ROLE,
	[OBJECT_ROUTINE] = SQL_O_FUNCTION,
	[OBJECT_RULE] = SQL_O_RULE,
	[OBJECT_SCHEMA] = SQL_O_SCHEMA,
	[OBJECT_SEQUENCE] = SQL_O_SEQUENCE,
	[OBJECT_SUBSCRIPTION] = SQL_O_SUBSCRIPTION,
	[OBJECT_STATISTIC_EXT] = SQL_O_STATISTICS,
	[OBJECT_TABCONSTRAINT] = SQL_O_CONSTRAINT,
	[OBJECT_TABLE] = SQL_O_TABLE,
	[OBJECT_TABLESPACE] = SQL_O_TABLESPACE,
	[OBJECT_TRANSFORM] = SQL_O_OTHER,
	[OBJECT_TRIGGER] = SQL_O_TRIGGER,
	[OBJECT_TSCONFIGURATION] = SQL_O_TEXT_SEARCH,
	[OBJECT_TSDICTIONARY] = SQL_O_TEXT_SEARCH,
	[OBJECT_TSPARSER] = SQL_O_TEXT_SEARCH,
	[OBJECT_TSTEMPLATE] = SQL_O_TEXT_SEARCH,
	[OBJECT_TYPE] = SQL_O_TYPE,
	[OBJECT_USER_MAPPING] = SQL_O_FOREIGN_SERVER,
	[OBJECT_VIEW] = SQL_O_VIEW,
};

static void walk_object(struct walk *w, enum sql_object object)
{
	w->stmt->objects |= 1U << object;
}

static void walk_object_type(struct walk *w, ObjectType type)
{
	const bool is_known = (size_t)type < sizeof(object_of);

	walk_object(w, is_known ? (enum sql_object)object_of[type] : SQL_O_OTHER);
}

static bool is_relation(ObjectType type)
{
	return type == OBJECT_TABLE || type == OBJECT_VIEW || type == OBJECT_MATVIEW ||
			type == OBJECT_SEQUENCE || type == OBJECT_INDEX ||
			type == OBJECT_FOREIGN_TABLE;
}

/* The name of what DDL is about, whatever node it comes in. */
static void walk_ddl_name(struct walk *w, const Node *node, bool is_rel, uint32_t roles)
{
	const void *n = node;
	struct sql_item *item;

	if (node == NULL)
		return;
	if (IsA(node, RangeVar)) {
		walk_relation(w, n, roles);
		return;
	}
	item = walk_item(w, is_rel ? SQL_I_RELATION : SQL_I_OBJECT, roles);
	if (IsA(node, List))
		walk_name_list(w, item, n);
	else if (IsA(node, String))
		item->name = walk_str(w, walk_string(n));
	else if (IsA(node, TypeName))
		walk_name_list(w, item, ((const TypeName *)n)->names);
	else if (IsA(node, ObjectWithArgs))
		walk_name_list(w, item, ((const ObjectWithArgs *)n)->objname);
	else if (IsA(node, RoleSpec))
		item->name = walk_str(w, ((const RoleSpec *)n)->rolename);
}

static void walk_drop(struct walk *w, const void *node)
{
	const DropStmt *s = node;
	const ListCell *cell;

	walk_kind(w, SQL_K_DROP);
	walk_object_type(w, s->removeType);
	foreach (cell, s->objects)
		walk_ddl_name(w, lfirst(cell), is_relation(s->removeType), SQL_R_DROP);
}

static void walk_roles(struct walk *w, const List *roles)
{
	const ListCell *cell;

	foreach (cell, roles)
		walk_named(w, SQL_I_ROLE, ((const RoleSpec *)lfirst(cell))->rolename);
}

static void walk_grant(struct walk *w, const void *node)
{
	const GrantStmt *s = node;
	const ListCell *cell, *col;

	walk_kind(w, s->is_grant ? SQL_K_GRANT : SQL_K_REVOKE);
	walk_object_type(w, s->objtype);
	foreach (cell, s->objects)
		walk_ddl_name(w, lfirst(cell), false, SQL_R_GRANT);
	foreach (cell, s->privileges) {
		const AccessPriv *p = lfirst(cell);

		foreach (col, p->cols) {
			struct sql_item *item = walk_item(w, SQL_I_COLUMN, SQL_COL_DDL);

			item->name = walk_str(w, walk_string(lfirst(col)));
		}
	}
	walk_roles(w, s->grantees);
}

static void walk_grant_role(struct walk *w, const void *node)
{
	const GrantRoleStmt *s = node;
	const ListCell *cell;

	walk_kind(w, s->is_grant ? SQL_K_GRANT : SQL_K_REVOKE);
	walk_object(w, SQL_O_ROLE_MEMBERSHIP);
	foreach (cell, s->granted_roles)
		walk_named(w, SQL_I_ROLE, ((const AccessPriv *)lfirst(cell))->priv_name);
	walk_roles(w, s->grantee_roles);
}

/* BEGIN ATOMIC ... END comes as a list of a list of statements, RETURN x as itself. */
static void walk_body(struct walk *w, const Node *body)
{
	const ListCell *cell;

	if (body == NULL || !walk_enter(w))
		return;
	if (IsA(body, List)) {
		foreach (cell, (const List *)(const void *)body)
			walk_body(w, lfirst(cell));
	} else if (IsA(body, ReturnStmt)) {
		walk_expr(w, ((const ReturnStmt *)(const void *)body)->returnval,
				SQL_COL_SUB | SQL_COL_EXPR);
	} else {
		walk_statement(w, body);
	}
	walk_leave(w);
}

static void walk_create_function(struct walk *w, const void *node)
{
	const CreateFunctionStmt *s = node;
	const bool before = w->is_stored;
	walk_kind(w, SQL_K_CREATE);
	walk_object(w, SQL_O_FUNCTION);
	walk_name_list(w, walk_item(w, SQL_I_OBJECT, SQL_R_CREATE), s->funcname);
	walk_language(w, s->options);
	if (s->sql_body == NULL)
		walk_flag(w, SQL_F_OPAQUE);
	w->is_stored = true;
	walk_body(w, s->sql_body);
	w->is_stored = before;
}

static void walk_create_as(struct walk *w, const void *node)
{
	const CreateTableAsStmt *s = node;
	walk_kind(w, SQL_K_CREATE);
	walk_kind(w, SQL_K_CREATE_AS);
	walk_object_type(w, s->objtype);
	walk_relation(w, s->into->rel, SQL_R_CREATE);
	if (!walk_query(w, s->query, SQL_COL_STORED))
		walk_statement(w, s->query);
}

static void walk_view(struct walk *w, const void *node)
{
	const ViewStmt *s = node;
	const bool before = w->is_stored;

	walk_kind(w, SQL_K_CREATE);
	walk_object(w, SQL_O_VIEW);
	walk_relation(w, s->view, SQL_R_CREATE);
	w->is_stored = true;
	if (!walk_query(w, s->query, SQL_COL_SUB))
		walk_flag(w, SQL_F_UNKNOWN);
	w->is_stored = before;
}

static void walk_rule(struct walk *w, const void *node)
{
	const RuleStmt *s = node;
	const ListCell *cell;

	walk_kind(w, SQL_K_CREATE);
	walk_object(w, SQL_O_RULE);
	walk_relation(w, s->relation, SQL_R_ALTER);
	walk_expr(w, s->whereClause, SQL_COL_WHERE);
	foreach (cell, s->actions)
		walk_stored(w, lfirst(cell));
}

static void walk_constraint(struct walk *w, const Constraint *c)
{
	const ListCell *cell;
	int32_t referenced;

	walk_expr(w, c->raw_expr, SQL_COL_DDL);
	walk_expr(w, c->where_clause, SQL_COL_DDL);
	if (c->pktable == NULL)
		return;
	referenced = (int32_t)w->n_items;
	walk_relation(w, c->pktable, SQL_R_READ);
	foreach (cell, c->pk_attrs) { /* each row that is written is looked for there */
		struct sql_item *item = walk_item(w, SQL_I_COLUMN, SQL_COL_JOIN);

		item->range = referenced;
		item->name = walk_str(w, walk_string(lfirst(cell)));
	}
}

/* Of CREATE TABLE, and of ALTER TABLE ADD COLUMN. */
static void walk_table_element(struct walk *w, const Node *node)
{
	const ColumnDef *col = (const ColumnDef *)(const void *)node;
	const ListCell *cell;
	struct sql_item *item;

	if (node == NULL || !walk_enter(w))
		return;
	if (IsA(node, Constraint)) {
		walk_constraint(w, (const Constraint *)(const void *)node);
	} else if (IsA(node, ColumnDef)) {
		if (col->colname != NULL) {
			item = walk_item(w, SQL_I_COLUMN, SQL_COL_DDL);
			item->name = walk_str(w, col->colname);
		}
		walk_expr(w, col->raw_default, SQL_COL_DDL); /* the new type, of ALTER ... USING */
		foreach (cell, col->constraints)
			walk_table_element(w, lfirst(cell));
	} else if (IsA(node, TableLikeClause)) {
		walk_relation(w, ((const TableLikeClause *)(const void *)node)->relation,
				SQL_R_READ);
	}
	walk_leave(w);
}

static void walk_new_table(struct walk *w, const CreateStmt *s, enum sql_object object)
{
	const ListCell *cell;

	walk_kind(w, SQL_K_CREATE);
	walk_object(w, object);
	walk_relation(w, s->relation, SQL_R_CREATE);
	walk_relations(w, s->inhRelations, SQL_R_ALTER);
	foreach (cell, s->tableElts)
		walk_table_element(w, lfirst(cell));
}

/* INHERIT t, ATTACH PARTITION t, or an element as of CREATE TABLE. */
static void walk_alter_what(struct walk *w, const Node *what)
{
	const void *n = what;

	if (what != NULL && IsA(what, RangeVar))
		walk_relation(w, n, SQL_R_ALTER);
	else if (what != NULL && IsA(what, PartitionCmd))
		walk_relation(w, ((const PartitionCmd *)n)->name, SQL_R_ALTER);
	else
		walk_table_element(w, what);
}

static void walk_alter_table(struct walk *w, const void *node)
{
	const AlterTableStmt *s = node;
	const ListCell *cell;
	struct scope scope;

	walk_open_scope(w, &scope);
	walk_kind(w, SQL_K_ALTER);
	walk_object_type(w, s->objtype);
	walk_relation(w, s->relation, SQL_R_ALTER);
	foreach (cell, s->cmds) {
		const AlterTableCmd *cmd = lfirst(cell);

		if (cmd->name != NULL) {
			struct sql_item *item = walk_item(w, SQL_I_COLUMN, SQL_COL_DDL);

			item->name = walk_str(w, cmd->name);
		}
		walk_alter_what(w, cmd->def);
	}
	walk_close_scope(w, &scope);
}

static void walk_index(struct walk *w, const void *node)
{
	const IndexStmt *s = node;
	const ListCell *cell;

	walk_kind(w, SQL_K_CREATE);
	walk_object(w, SQL_O_INDEX);
	walk_named(w, SQL_I_OBJECT, s->idxname);
	walk_relation(w, s->relation, SQL_R_ALTER);
	foreach (cell, s->indexParams) {
		const IndexElem *elem = lfirst(cell);

		if (elem->name != NULL) {
			struct sql_item *item = walk_item(w, SQL_I_COLUMN, SQL_COL_DDL);

			item->name = walk_str(w, elem->name);
		}
		walk_expr(w, elem->expr, SQL_COL_DDL);
	}
	walk_expr(w, s->whereClause, SQL_COL_DDL);
}

static void walk_policy(struct walk *w, const RangeVar *table, const Node *qual, const Node *check)
{
	walk_object(w, SQL_O_POLICY);
	walk_relation(w, table, SQL_R_ALTER);
	walk_expr(w, qual, SQL_COL_DDL);
	walk_expr(w, check, SQL_COL_DDL);
}

static void walk_trigger(struct walk *w, const void *node)
{
	const CreateTrigStmt *s = node;
	walk_kind(w, SQL_K_CREATE);
	walk_object(w, SQL_O_TRIGGER);
	walk_relation(w, s->relation, SQL_R_ALTER);
	walk_name_list(w, walk_item(w, SQL_I_FUNCTION, SQL_COL_DDL), s->funcname);
	walk_expr(w, s->whenClause, SQL_COL_DDL);
}

static void walk_renamed(struct walk *w, const RangeVar *rel, const Node *object, ObjectType type)
{
	walk_kind(w, SQL_K_ALTER);
	walk_kind(w, SQL_K_RENAME);
	walk_object_type(w, type);
	walk_relation(w, rel, SQL_R_ALTER);
	walk_ddl_name(w, object, is_relation(type), SQL_R_ALTER);
}

static void walk_rename(struct walk *w, const void *node)
{
	const RenameStmt *s = node;
	const bool is_column = s->renameType == OBJECT_COLUMN;
	struct sql_item *item;
	walk_renamed(w, s->relation, s->object, s->renameType);
	if (s->subname == NULL)
		return;
	item = walk_item(w, is_column ? SQL_I_COLUMN : SQL_I_OBJECT,
			is_column ? (uint32_t)SQL_COL_DDL : (uint32_t)SQL_R_ALTER);
	item->name = walk_str(w, s->subname);
}

static void walk_label(struct walk *w, enum sql_kind kind, ObjectType type, const Node *object)
{
	walk_kind(w, kind);
	walk_object_type(w, type);
	walk_ddl_name(w, object, is_relation(type), SQL_R_MAINTAIN);
}

static void walk_schema(struct walk *w, const void *node)
{
	const CreateSchemaStmt *s = node;
	const ListCell *cell;

	walk_kind(w, SQL_K_CREATE);
	walk_object(w, SQL_O_SCHEMA);
	walk_named(w, SQL_I_OBJECT, s->schemaname);
	foreach (cell, s->schemaElts)
		walk_statement(w, lfirst(cell));
}

static void walk_define(struct walk *w, const void *node)
{
	const DefineStmt *s = node;
	walk_kind(w, SQL_K_CREATE);
	walk_object_type(w, s->kind);
	walk_name_list(w, walk_item(w, SQL_I_OBJECT, SQL_R_CREATE), s->defnames);
}

static void walk_table(struct walk *w, const void *node)
{
	walk_new_table(w, node, SQL_O_TABLE);
}

static void walk_foreign_table(struct walk *w, const void *node)
{
	walk_new_table(w, &((const CreateForeignTableStmt *)node)->base, SQL_O_FOREIGN_TABLE);
}

static void walk_sequence(struct walk *w, const void *node)
{
	const CreateSeqStmt *s = node;

	walk_kind(w, SQL_K_CREATE);
	walk_object(w, SQL_O_SEQUENCE);
	walk_relation(w, s->sequence, SQL_R_CREATE);
}

static void walk_new_policy(struct walk *w, const void *node)
{
	const CreatePolicyStmt *s = node;

	walk_kind(w, SQL_K_CREATE);
	walk_policy(w, s->table, s->qual, s->with_check);
}

static void walk_alter_policy(struct walk *w, const void *node)
{
	const AlterPolicyStmt *s = node;

	walk_kind(w, SQL_K_ALTER);
	walk_policy(w, s->table, s->qual, s->with_check);
}

static void walk_alter_schema(struct walk *w, const void *node)
{
	const AlterObjectSchemaStmt *s = node;

	walk_renamed(w, s->relation, s->object, s->objectType);
}

static void walk_alter_owner(struct walk *w, const void *node)
{
	const AlterOwnerStmt *s = node;

	walk_renamed(w, s->relation, s->object, s->objectType);
}

static void walk_comment(struct walk *w, const void *node)
{
	const CommentStmt *s = node;

	walk_label(w, SQL_K_COMMENT, s->objtype, s->object);
}

static void walk_security_label(struct walk *w, const void *node)
{
	const SecLabelStmt *s = node;

	walk_label(w, SQL_K_SECURITY_LABEL, s->objtype, s->object);
}

static void walk_set_of_role(struct walk *w, const void *node)
{
	const AlterRoleSetStmt *s = node;

	walk_kind(w, SQL_K_ALTER);
	walk_object(w, SQL_O_ROLE);
	walk_setting(w, s->setstmt);
}

static void walk_set_of_database(struct walk *w, const void *node)
{
	const AlterDatabaseSetStmt *s = node;

	walk_kind(w, SQL_K_ALTER);
	walk_object(w, SQL_O_DATABASE);
	walk_setting(w, s->setstmt);
}

/* An object that has just a name. */
static void walk_one(struct walk *w, enum sql_kind kind, enum sql_object object, const char *name)
{
	walk_kind(w, kind);
	walk_object(w, object);
	walk_named(w, object == SQL_O_ROLE ? SQL_I_ROLE : SQL_I_OBJECT, name);
}

static void walk_create_role(struct walk *w, const void *node)
{
	walk_one(w, SQL_K_CREATE, SQL_O_ROLE, ((const CreateRoleStmt *)node)->role);
}

static void walk_alter_role(struct walk *w, const void *node)
{
	walk_one(w, SQL_K_ALTER, SQL_O_ROLE, ((const AlterRoleStmt *)node)->role->rolename);
}

static void walk_drop_role(struct walk *w, const void *node)
{
	walk_kind(w, SQL_K_DROP);
	walk_object(w, SQL_O_ROLE);
	walk_roles(w, ((const DropRoleStmt *)node)->roles);
}

static void walk_create_database(struct walk *w, const void *node)
{
	walk_one(w, SQL_K_CREATE, SQL_O_DATABASE, ((const CreatedbStmt *)node)->dbname);
}

static void walk_drop_database(struct walk *w, const void *node)
{
	walk_one(w, SQL_K_DROP, SQL_O_DATABASE, ((const DropdbStmt *)node)->dbname);
}

static void walk_create_extension(struct walk *w, const void *node)
{
	walk_one(w, SQL_K_CREATE, SQL_O_EXTENSION, ((const CreateExtensionStmt *)node)->extname);
}

static void walk_alter_sequence(struct walk *w, const void *node)
{
	walk_kind(w, SQL_K_ALTER);
	walk_object(w, SQL_O_SEQUENCE);
	walk_relation(w, ((const AlterSeqStmt *)node)->sequence, SQL_R_ALTER);
}

static void walk_alter_function(struct walk *w, const void *node)
{
	walk_kind(w, SQL_K_ALTER);
	walk_object(w, SQL_O_FUNCTION);
	walk_name_list(w, walk_item(w, SQL_I_OBJECT, SQL_R_ALTER),
			((const AlterFunctionStmt *)node)->func->objname);
}

static void walk_default_privileges(struct walk *w, const void *node)
{
	const GrantStmt *action = ((const AlterDefaultPrivilegesStmt *)node)->action;

	walk_kind(w, action->is_grant ? SQL_K_GRANT : SQL_K_REVOKE);
	walk_object(w, SQL_O_DEFAULT_PRIVILEGES);
	walk_roles(w, action->grantees);
}

static const struct walker walkers[] = {
	{ T_AlterDefaultPrivilegesStmt, walk_default_privileges },
	{ T_AlterFunctionStmt, walk_alter_function },
	{ T_AlterRoleStmt, walk_alter_role },
	{ T_AlterSeqStmt, walk_alter_sequence },
	{ T_CreateExtensionStmt, walk_create_extension },
	{ T_CreateRoleStmt, walk_create_role },
	{ T_CreatedbStmt, walk_create_database },
	{ T_DropRoleStmt, walk_drop_role },
	{ T_DropdbStmt, walk_drop_database },
	{ T_AlterDatabaseSetStmt, walk_set_of_database },
	{ T_AlterObjectSchemaStmt, walk_alter_schema },
	{ T_AlterOwnerStmt, walk_alter_owner },
	{ T_AlterPolicyStmt, walk_alter_policy },
	{ T_AlterRoleSetStmt, walk_set_of_role },
	{ T_AlterTableStmt, walk_alter_table },
	{ T_CommentStmt, walk_comment },
	{ T_CreateForeignTableStmt, walk_foreign_table },
	{ T_CreateFunctionStmt, walk_create_function },
	{ T_CreatePolicyStmt, walk_new_policy },
	{ T_CreateSchemaStmt, walk_schema },
	{ T_CreateSeqStmt, walk_sequence },
	{ T_CreateStmt, walk_table },
	{ T_CreateTableAsStmt, walk_create_as },
	{ T_CreateTrigStmt, walk_trigger },
	{ T_DefineStmt, walk_define },
	{ T_DropStmt, walk_drop },
	{ T_GrantRoleStmt, walk_grant_role },
	{ T_GrantStmt, walk_grant },
	{ T_IndexStmt, walk_index },
	{ T_RenameStmt, walk_rename },
	{ T_RuleStmt, walk_rule },
	{ T_SecLabelStmt, walk_security_label },
	{ T_ViewStmt, walk_view },
};

bool walk_ddl(struct walk *w, const Node *node)
{
	if (walk_by_table(w, node, walkers, sizeof(walkers) / sizeof(*walkers)))
		return true;
	for (size_t i = 0; i < sizeof(plain_statements) / sizeof(*plain_statements); i++) {
		const struct plain *p = &plain_statements[i];

		if (p->tag != nodeTag(node))
			continue;
		walk_kind(w, p->kind);
		if (p->object < SQL_O_MAX)
			walk_object(w, p->object);
		if (p->kind == SQL_K_DROP_OWNED)
			walk_kind(w, SQL_K_DROP);
		return true;
	}
	return false;
}
