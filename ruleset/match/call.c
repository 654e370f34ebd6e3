/* SPDX-License-Identifier: Apache-2.0
 * Functions of PostgreSQL's, and of extensions that come with it, by what they have to do with rows.
 * Patterns, as model_glob() takes them. */
#include "ruleset/match/data_priv.h"

/* They change something, so parsers/sql does not have them for harmless; but what they return is no row's
 * value. Not here, though named alike: pg_stat_get_activity(), which has commands. */
static const char *const closed[] = { "nextval", "currval", "lastval", "setval", "set_config",
	"pg_sleep", "pg_sleep_for", "pg_sleep_until", "txid_*", "pg_current_xact_id*",
	"pg_current_snapshot", "pg_snapshot_*", "pg_xact_status", "pg_advisory_*",
	"pg_try_advisory_*", "pg_notify", "pg_notification_queue_usage", "pg_cancel_backend",
	"pg_terminate_backend", "pg_reload_conf", "pg_rotate_logfile", "pg_switch_wal",
	"pg_current_wal_*", "pg_last_wal_*", "pg_wal_lsn_diff", "pg_walfile_name*",
	"pg_is_wal_replay_paused", "pg_export_snapshot", "pg_stat_get_*_count",
	"pg_stat_get_numscans", "pg_stat_get_tuples_*", "pg_stat_get_live_tuples",
	"pg_stat_get_dead_tuples", "pg_stat_get_last_*", "pg_stat_reset*", "lo_create", "lo_creat",
	"lo_unlink", "uuid_generate_v*", "gen_salt", "gen_random_bytes", "setseed",
	"pg_blocking_pids", "pg_relation_filepath", "pg_relation_is_*", "pg_column_is_updatable",
	"pg_describe_object", "pg_identify_object", "aclexplode", "acldefault", "makeaclitem",
	"pg_show_all_settings", "pg_timezone_names", "pg_timezone_abbrevs",
	"pg_available_extensions", "pg_available_extension_versions", "pg_options_to_table",
	"pg_get_function_sqlbody", "pg_get_statisticsobjdef_columns", "_pg_expandarray",
	"has_parameter_privilege", "pg_encoding_max_length", "pg_lock_status" };

/* Of what these give back nothing can be told from the statement, and whether a row is there tells as
 * much. */
static const char *const reads_any[] = { "query_to_xml*", "cursor_to_xml*", "table_to_xml*",
	"schema_to_xml*", "database_to_xml*", "ts_stat", "ts_rewrite", "dblink*", "crosstab*",
	"connectby", "xpath_table", "pg_read_file", "pg_read_binary_file", "pg_read_server_files",
	"pg_logdir_ls", "lo_get", "lo_export", "lo_import", "loread", "get_raw_page",
	"heap_page_item*", "bt_page_items", "gist_page_items*", "brin_page_items",
	"hash_page_items", "page_header", "tuple_data_split", "pg_logical_slot_*", "pg_get_wal_*",
	"pg_stat_get_activity", "pg_stat_get_backend_activity", "pg_stat_statements",
	"pg_prepared_statement", "pg_cursor", "pg_stats_ext_mcvlist_items", "pg_mcv_list_items" };

/* Attribute notation: a function of one argument, a row. (Casts to text cannot be written so.) */
static const char *const takes_row[] = { "to_json", "to_jsonb", "row_to_json", "json_agg",
	"jsonb_agg", "array_agg", "json_build_array", "jsonb_build_array", "quote_literal",
	"quote_nullable", "concat", "record_out", "record_send", "hash_record*", "hashrecord*",
	"min", "max" };

static bool has(const char *const *patterns, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++) {
		if (model_glob(patterns[i], name, false))
			return true;
	}
	return false;
}

bool data_call_is_closed(struct span name)
{
	return has(closed, N_OF(closed), name);
}

bool data_call_reads_any(struct span name)
{
	return has(reads_any, N_OF(reads_any), name);
}

bool data_call_takes_row(struct span name)
{
	return has(takes_row, N_OF(takes_row), name);
}
