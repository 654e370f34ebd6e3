/* SPDX-License-Identifier: Apache-2.0
 * Pack "sql-risk": what can destroy, give away or step outside of a database, and what hides what it
 * does. Everything else is allowed: see README.md for what that leaves open. */
#include "ruleset/match/match_priv.h"

/* ddl-drop: DROP OWNED has kind DROP, too. */
static const uint64_t drops = KIND(DROP) | KIND(TRUNCATE);

/* unbounded-write */

/* ON CONFLICT DO UPDATE, whose rows are those of the INSERT: with a SELECT these may be all. */
static bool is_upsert(const struct sql_facts *facts, const struct sql_item *item)
{
	const uint32_t both = SQL_R_INSERT | SQL_R_UPDATE;

	(void)facts;
	return item->what == SQL_I_RELATION && (item->roles & both) == both;
}

/* MERGE has no WHERE, and ON may hold for every row. */
static bool is_unbounded(const struct sql_facts *facts, const struct sql_stmt *stmt)
{
	const uint64_t kinds = match_kinds_of(stmt);

	if ((kinds & (KIND(UPDATE) | KIND(DELETE))) == 0)
		return false;
	return stmt->where >= SQL_WHERE_TRIVIAL || (kinds & KIND(MERGE)) != 0 ||
			((kinds & KIND(SELECT)) != 0 && match_any_item(facts, stmt, is_upsert));
}

/* dcl */

static const uint64_t grants =
		KIND(GRANT) | KIND(REVOKE) | KIND(REASSIGN_OWNED) | KIND(SECURITY_LABEL);

/* Whose rights the session has. The server looks settings up without regard to case: "ROLE". */
static bool is_identity(const struct sql_facts *facts, const struct sql_item *item)
{
	return item->what == SQL_I_SETTING &&
			(match_setting_is(facts, item->name, "role") ||
					match_setting_is(facts, item->name,
							"session_authorization"));
}

/* Of the catalogue only: pg_settings sets settings, pg_authid holds roles. */
static bool is_catalogue_written(const struct sql_facts *facts, const struct sql_item *item)
{
	if (item->what != SQL_I_RELATION || (item->roles & SQL_R_WRITTEN) == 0)
		return false;
	return match_name_is(facts, item->schema, "pg_catalog") ||
			(item->schema.len == 0 && match_name_begins(facts, item->name, "pg_"));
}

static const uint64_t writes = KIND(INSERT) | KIND(UPDATE) | KIND(DELETE) | KIND(COPY_FROM);

static bool changes_rights(const struct sql_facts *facts, const struct sql_stmt *stmt)
{
	if ((stmt->kinds & (KIND(CREATE) | KIND(ALTER))) != 0 &&
			(stmt->objects & (OBJECT(ROLE) | OBJECT(POLICY))) != 0)
		return true;
	return ((stmt->kinds & KIND(SET)) != 0 && match_any_item(facts, stmt, is_identity)) ||
			((match_kinds_of(stmt) & writes) != 0 &&
					match_any_item(facts, stmt, is_catalogue_written));
}

/* server-program */

static const uint64_t programs = KIND(COPY_PROGRAM) | KIND(COPY_FILE) | KIND(LOAD) |
		KIND(ALTER_SYSTEM) | KIND(IMPORT_SCHEMA);

/* What reads and writes files of the server: PostgreSQL's own and adminpack's. */
static const char *const file_functions[] = {
	"lo_export",
	"lo_import",
	"pg_file_length",
	"pg_file_read",
	"pg_file_rename",
	"pg_file_sync",
	"pg_file_unlink",
	"pg_file_write",
	"pg_hba_file_rules",
	"pg_ident_file_mappings",
	"pg_logdir_ls",
	"pg_logfile_rotate",
	"pg_read_binary_file",
	"pg_read_file",
	"pg_read_file_old",
	"pg_rotate_logfile",
	"pg_rotate_logfile_old",
	"pg_show_all_file_settings",
	"pg_stat_file",
};

/* Languages whose code runs with all that the server may do. */
static const char *const languages[] = { "c", "internal", "plperlu", "plpython2u", "plpython3u",
	"plpythonu", "plsh", "pltclu" };

static bool reaches_out(const struct sql_facts *facts, const struct sql_item *item)
{
	if (item->what == SQL_I_LANGUAGE)
		return match_name_in(facts, item->name, languages, N_OF(languages));
	return item->what == SQL_I_FUNCTION &&
			(match_name_in(facts, item->name, file_functions, N_OF(file_functions)) ||
					match_name_begins(facts, item->name, "pg_ls_") ||
					match_name_begins(facts, item->name, "dblink"));
}

/* Extensions run scripts of the server, the others make it connect, or write elsewhere. */
static const uint32_t ways_out = OBJECT(EXTENSION) | OBJECT(LANGUAGE) | OBJECT(FOREIGN_SERVER) |
		OBJECT(SUBSCRIPTION) | OBJECT(TABLESPACE);

static bool leaves_the_database(const struct sql_facts *facts, const struct sql_stmt *stmt)
{
	if ((stmt->kinds & KIND(CREATE)) != 0 && (stmt->objects & ways_out) != 0)
		return true;
	return (stmt->flags & (SQL_F_SIDE_FUNCTION | SQL_F_OPAQUE)) != 0 &&
			match_any_item(facts, stmt, reaches_out);
}

/* opaque */

/* What runs SQL that it is given as a string, and what sets any setting. */
static const char *const string_runners[] = {
	"connectby",
	"crosstab",
	"crosstab2",
	"crosstab3",
	"crosstab4",
	"query_to_xml",
	"query_to_xml_and_xmlschema",
	"query_to_xmlschema",
	"set_config",
	"ts_rewrite",
	"ts_stat",
	"xpath_table",
};

static bool runs_a_string(const struct sql_facts *facts, const struct sql_item *item)
{
	return item->what == SQL_I_FUNCTION &&
			match_name_in(facts, item->name, string_runners, N_OF(string_runners));
}

/* Functions, and what calls one by another name: later commands do not show what they run. */
static bool hides_code(const struct sql_facts *facts, const struct sql_stmt *stmt)
{
	const uint32_t callers = OBJECT(FUNCTION) | OBJECT(OPERATOR) | OBJECT(CAST);

	if ((stmt->kinds & KIND(CREATE)) != 0 && (stmt->objects & callers) != 0)
		return true;
	return (stmt->flags & SQL_F_SIDE_FUNCTION) != 0 &&
			match_any_item(facts, stmt, runs_a_string);
}

#define ASK "Ask the operator of this gateway if it must be done."

static const struct rule rules[] = {
	{
			.says = { "ddl-drop", VERDICT_DENY, NULL,
					"DROP and TRUNCATE are not allowed on this target", ASK },
			.kinds = drops,
	},
	{
			.says = { "dcl", VERDICT_DENY, NULL,
					"Changing roles, rights or ownership is not allowed on this "
					"target",
					ASK },
			.kinds = grants,
			.also = changes_rights,
	},
	{
			.says = { "server-program", VERDICT_DENY, NULL,
					"Programs, files, configuration and connections of the "
					"database server are out of bounds on this target",
					"Use COPY with STDIN or STDOUT for data; for anything else ask "
					"the operator of this gateway" },
			.kinds = programs,
			.also = leaves_the_database,
	},
	{
			.says = { "unbounded-write", VERDICT_HOLD, NULL,
					"An UPDATE, DELETE or MERGE that may change every row needs "
					"approval on this target",
					"Name the rows in WHERE" },
			.also = is_unbounded,
	},
	{
			.says = { "ddl-alter", VERDICT_HOLD, NULL,
					"ALTER needs approval on this target", ASK },
			.kinds = KIND(ALTER),
	},
	{
			.says = { "opaque", VERDICT_HOLD, NULL,
					"Code that the statement itself does not show needs approval "
					"on this target",
					"Send its statements themselves instead of DO, CALL or a "
					"function" },
			.flags = SQL_F_OPAQUE | SQL_F_UNKNOWN,
			.kinds = KIND(OTHER),
			.also = hides_code,
	},
};

const struct pack match_sql_risk = {
	.name = "sql-risk",
	.rules = rules,
	.n_rules = N_OF(rules),
};

bool match_sql_risk_is_sorted(void)
{
	return match_is_sorted(file_functions, N_OF(file_functions)) &&
			match_is_sorted(languages, N_OF(languages)) &&
			match_is_sorted(string_runners, N_OF(string_runners));
}
