/* SPDX-License-Identifier: Apache-2.0
 * The lists of what is harmless: in order, and without what is not. */
#include "parsers/sql/walk_priv.h"
#include "tests/unit/net/suite.h"

static void test_sorted(void)
{
	CU_ASSERT(builtin_is_sorted());
}

static void test_harmless(void)
{
	static const char *const names[] = { "abs", "age", "array_agg", "count", "date_trunc",
		"generate_series", "jsonb_set", "lower", "max", "now", "pg_get_viewdef",
		"acldefault", "pg_describe_object", "daterange", "row_number", "sum", "to_char",
		"upper", "xpath_exists" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		CHECK_ROW(names[i], builtin_function(names[i]));
	CU_ASSERT(builtin_operator("+") && builtin_operator("~~") && builtin_operator("->>"));
	CU_ASSERT(builtin_type("int4") && builtin_type("jsonb") && builtin_type("uuid"));
}

/* Each of these changes something, runs a text, reaches outside, or is no function of
 * PostgreSQL's. */
static void test_others(void)
{
	static const char *const names[] = { "", "nextval", "setval", "currval", "lastval",
		"set_config", "pg_sleep", "pg_sleep_for", "pg_sleep_until", "lo_import",
		"lo_export", "lo_create", "lo_unlink", "lo_put", "lo_get", "lo_from_bytea",
		"loread", "lowrite", "pg_read_file", "pg_read_binary_file", "pg_ls_dir",
		"pg_stat_file", "pg_ls_logdir", "dblink", "dblink_exec", "dblink_connect",
		"query_to_xml", "query_to_xml_and_xmlschema", "query_to_xmlschema", "cursor_to_xml",
		"table_to_xml", "schema_to_xml", "database_to_xml", "ts_stat", "ts_rewrite",
		"pg_notify", "pg_advisory_lock", "pg_advisory_xact_lock", "pg_try_advisory_lock",
		"pg_advisory_unlock_all", "txid_current", "pg_current_xact_id",
		"pg_export_snapshot", "pg_logical_emit_message", "pg_logical_slot_get_changes",
		"pg_create_physical_replication_slot", "pg_drop_replication_slot", "pg_reload_conf",
		"pg_rotate_logfile", "pg_switch_wal", "pg_terminate_backend", "pg_cancel_backend",
		"pg_stat_reset", "pg_promote", "pg_start_backup", "pg_backup_start",
		"pg_import_system_collations", "brin_summarize_range", "gin_clean_pending_list",
		"pg_file_write", "pg_extension_config_dump", "_pg_expandarray", "setseed", "erf",
		"user", "localtime", "trim", "xmlconcat", "my_function", "LOWER", "lowe", "lowerr",
		"binary_upgrade_set_next_pg_authid_oid" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		CHECK_ROW(names[i], !builtin_function(names[i]));
	CU_ASSERT(!builtin_operator("<=>") && !builtin_operator("") && !builtin_operator("==="));
	CU_ASSERT(!builtin_type("citext") && !builtin_type("") && !builtin_type("hstore"));
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "sorted", test_sorted },
		{ "harmless", test_harmless },
		{ "others", test_others },
	};

	return suite_run("builtin", tests, sizeof(tests) / sizeof(*tests));
}
