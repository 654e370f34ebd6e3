/* SPDX-License-Identifier: Apache-2.0
 * What of PostgreSQL's own functions, operators and types is known to change nothing and to run
 * nothing that it is given as text. Closed lists: what is not here is not proven. Not here, though
 * their names look harmless: what takes a query (query_to_xml, ts_stat, ts_rewrite, dblink), reads
 * or writes files or large objects, moves sequences, takes advisory locks, notifies, sets a
 * setting, assigns a transaction number, sleeps, or signals. A name that PostgreSQL 15 does not
 * have must not be here: only a function of the user's could be meant. Sorted by byte, for
 * bsearch(). */
#include "parsers/sql/walk_priv.h"

#include <stdlib.h>
#include <string.h>

// clang-format off
static const char *const functions[] = {
	"abs", "acldefault", "aclexplode", "acos", "acosd", "acosh", "age", "area", "array_agg",
	"array_append", "array_cat", "array_dims", "array_fill", "array_length", "array_lower",
	"array_ndims", "array_position", "array_positions", "array_prepend", "array_remove",
	"array_replace", "array_to_json", "array_to_string", "array_upper", "ascii", "asin",
	"asind", "asinh", "atan", "atan2", "atan2d", "atand", "atanh", "avg", "bit_and",
	"bit_count", "bit_length", "bit_or", "bit_xor", "bool", "bool_and", "bool_or",
	"bound_box", "box", "bpchar", "broadcast", "btrim", "cardinality", "cbrt", "ceil",
	"ceiling", "center", "char", "char_length", "character_length", "chr", "circle",
	"clock_timestamp", "col_description", "concat", "concat_ws", "convert", "convert_from",
	"convert_to", "corr", "cos", "cosd", "cosh", "cot", "cotd", "count", "covar_pop",
	"covar_samp", "cume_dist", "current_database", "current_query", "current_schema",
	"current_schemas", "current_setting", "current_user", "date", "date_bin", "date_part",
	"date_trunc", "datemultirange", "daterange", "decode", "degrees", "dense_rank",
	"diagonal", "diameter", "div", "encode", "enum_first", "enum_last", "enum_range",
	"every", "exp", "extract", "factorial", "family", "first_value", "float4", "float8",
	"floor", "format", "format_type", "gcd", "gen_random_uuid", "generate_series",
	"generate_subscripts", "get_bit", "get_byte", "get_current_ts_config",
	"getdatabaseencoding", "has_any_column_privilege", "has_column_privilege",
	"has_database_privilege", "has_foreign_data_wrapper_privilege",
	"has_function_privilege", "has_language_privilege", "has_schema_privilege",
	"has_sequence_privilege", "has_server_privilege", "has_table_privilege",
	"has_tablespace_privilege", "has_type_privilege", "height", "host", "hostmask",
	"inet_client_addr", "inet_client_port", "inet_merge", "inet_same_family",
	"inet_server_addr", "inet_server_port", "initcap", "int2", "int4", "int4multirange",
	"int4range", "int8", "int8multirange", "int8range", "interval", "is_normalized",
	"isclosed", "isempty", "isfinite", "isopen", "json_agg", "json_array_elements",
	"json_array_elements_text", "json_array_length", "json_build_array",
	"json_build_object", "json_each", "json_each_text", "json_extract_path",
	"json_extract_path_text", "json_object", "json_object_agg", "json_object_keys",
	"json_populate_record", "json_populate_recordset", "json_strip_nulls", "json_to_record",
	"json_to_recordset", "json_to_tsvector", "json_typeof", "jsonb_agg",
	"jsonb_array_elements", "jsonb_array_elements_text", "jsonb_array_length",
	"jsonb_build_array", "jsonb_build_object", "jsonb_each", "jsonb_each_text",
	"jsonb_extract_path", "jsonb_extract_path_text", "jsonb_insert", "jsonb_object",
	"jsonb_object_agg", "jsonb_object_keys", "jsonb_path_exists", "jsonb_path_exists_tz",
	"jsonb_path_match", "jsonb_path_match_tz", "jsonb_path_query", "jsonb_path_query_array",
	"jsonb_path_query_array_tz", "jsonb_path_query_first", "jsonb_path_query_first_tz",
	"jsonb_path_query_tz", "jsonb_populate_record", "jsonb_populate_recordset",
	"jsonb_pretty", "jsonb_set", "jsonb_set_lax", "jsonb_strip_nulls", "jsonb_to_record",
	"jsonb_to_recordset", "jsonb_to_tsvector", "jsonb_typeof", "justify_days",
	"justify_hours", "justify_interval", "lag", "last_value", "lcm", "lead", "left",
	"length", "like_escape", "line", "ln", "log", "log10", "lower", "lower_inc",
	"lower_inf", "lpad", "lseg", "ltrim", "make_date", "make_interval", "make_time",
	"make_timestamp", "make_timestamptz", "masklen", "max", "md5", "min", "min_scale",
	"mod", "mode", "multirange", "mxid_age", "netmask", "network", "normalize", "notlike",
	"now", "npoints", "nth_value", "ntile", "num_nonnulls", "num_nulls", "numeric",
	"nummultirange", "numnode", "numrange", "obj_description", "octet_length", "overlaps",
	"overlay", "parse_ident", "path", "pclose", "percent_rank", "percentile_cont",
	"percentile_disc", "pg_backend_pid", "pg_blocking_pids", "pg_char_to_encoding",
	"pg_client_encoding", "pg_collation_for", "pg_collation_is_visible",
	"pg_column_compression", "pg_column_size", "pg_conf_load_time",
	"pg_conversion_is_visible", "pg_current_wal_lsn", "pg_database_size",
	"pg_describe_object", "pg_encoding_to_char", "pg_function_is_visible",
	"pg_get_constraintdef", "pg_get_expr", "pg_get_function_arg_default",
	"pg_get_function_arguments", "pg_get_function_identity_arguments",
	"pg_get_function_result", "pg_get_function_sqlbody", "pg_get_functiondef",
	"pg_get_indexdef", "pg_get_keywords", "pg_get_partition_constraintdef",
	"pg_get_partkeydef", "pg_get_replica_identity_index", "pg_get_ruledef",
	"pg_get_serial_sequence", "pg_get_statisticsobjdef", "pg_get_statisticsobjdef_columns",
	"pg_get_triggerdef", "pg_get_userbyid", "pg_get_viewdef", "pg_has_role",
	"pg_identify_object", "pg_index_column_has_property", "pg_index_has_property",
	"pg_indexam_has_property", "pg_indexes_size", "pg_is_in_recovery",
	"pg_is_other_temp_schema", "pg_is_wal_replay_paused", "pg_last_wal_receive_lsn",
	"pg_last_wal_replay_lsn", "pg_last_xact_replay_timestamp", "pg_listening_channels",
	"pg_my_temp_schema", "pg_opclass_is_visible", "pg_operator_is_visible",
	"pg_opfamily_is_visible", "pg_options_to_table", "pg_partition_ancestors",
	"pg_partition_root", "pg_partition_tree", "pg_postmaster_start_time",
	"pg_relation_filenode", "pg_relation_filepath", "pg_relation_is_publishable",
	"pg_relation_size", "pg_sequence_last_value", "pg_size_bytes", "pg_size_pretty",
	"pg_stat_get_dead_tuples", "pg_stat_get_live_tuples", "pg_stat_get_numscans",
	"pg_statistics_obj_is_visible", "pg_table_is_visible", "pg_table_size",
	"pg_tablespace_databases", "pg_tablespace_location", "pg_tablespace_size",
	"pg_timezone_names", "pg_total_relation_size", "pg_ts_config_is_visible",
	"pg_ts_dict_is_visible", "pg_ts_parser_is_visible", "pg_ts_template_is_visible",
	"pg_type_is_visible", "pg_typeof", "pg_wal_lsn_diff", "phraseto_tsquery", "pi",
	"plainto_tsquery", "point", "polygon", "popen", "position", "pow", "power", "querytree",
	"quote_ident", "quote_literal", "quote_nullable", "radians", "radius", "random",
	"range_agg", "range_intersect_agg", "range_merge", "rank", "regexp_count",
	"regexp_instr", "regexp_like", "regexp_match", "regexp_matches", "regexp_replace",
	"regexp_split_to_array", "regexp_split_to_table", "regexp_substr", "regr_avgx",
	"regr_avgy", "regr_count", "regr_intercept", "regr_r2", "regr_slope", "regr_sxx",
	"regr_sxy", "regr_syy", "repeat", "replace", "reverse", "right", "round", "row_number",
	"row_to_json", "rpad", "rtrim", "scale", "session_user", "set_bit", "set_byte",
	"set_masklen", "setweight", "sha224", "sha256", "sha384", "sha512", "shobj_description",
	"sign", "similar_escape", "similar_to_escape", "sin", "sind", "sinh", "slope",
	"split_part", "sqrt", "starts_with", "statement_timestamp", "stddev", "stddev_pop",
	"stddev_samp", "string_agg", "string_to_array", "string_to_table", "strip", "strpos",
	"substr", "substring", "sum", "tan", "tand", "tanh", "text", "time", "timeofday",
	"timestamp", "timestamptz", "timetz", "timezone", "to_ascii", "to_char", "to_date",
	"to_hex", "to_json", "to_jsonb", "to_number", "to_regclass", "to_regcollation",
	"to_regnamespace", "to_regoper", "to_regoperator", "to_regproc", "to_regprocedure",
	"to_regrole", "to_regtype", "to_timestamp", "to_tsquery", "to_tsvector",
	"transaction_timestamp", "translate", "trim_array", "trim_scale", "trunc", "ts_delete",
	"ts_filter", "ts_headline", "ts_rank", "ts_rank_cd", "ts_token_type", "tsmultirange",
	"tsquery_phrase", "tsrange", "tstzmultirange", "tstzrange", "tsvector_to_array",
	"unistr", "unnest", "upper", "upper_inc", "upper_inf", "var_pop", "var_samp", "varchar",
	"variance", "version", "websearch_to_tsquery", "width", "width_bucket",
	"xml_is_well_formed", "xml_is_well_formed_content", "xml_is_well_formed_document",
	"xmlagg", "xmlcomment", "xmlexists", "xpath", "xpath_exists",
};

static const char *const operators[] = {
	"!!", "!=", "!~", "!~*", "!~~", "!~~*", "#", "##", "#-", "#>", "#>>", "%", "&", "&&",
	"&<", "&<|", "&>", "*", "*<", "*<=", "*<>", "*=", "*>", "*>=", "+", "-", "->", "->>",
	"-|-", "/", "<", "<->", "<<", "<<=", "<<|", "<=", "<>", "<@", "<^", "=", ">", ">=",
	">>", ">>=", ">^", "?", "?#", "?&", "?-", "?-|", "?|", "?||", "@", "@-@", "@>", "@?",
	"@@", "@@@", "^", "^@", "|", "|&>", "|/", "|>>", "||", "||/", "~", "~*", "~<=~", "~<~",
	"~=", "~>=~", "~>~", "~~", "~~*",
};

static const char *const types[] = {
	"_bool", "_char", "_date", "_float4", "_float8", "_int2", "_int4", "_int8", "_json",
	"_jsonb", "_name", "_numeric", "_oid", "_text", "_timestamp", "_timestamptz", "_uuid",
	"_varchar", "bit", "bool", "box", "bpchar", "bytea", "char", "cid", "cidr", "circle",
	"date", "datemultirange", "daterange", "float4", "float8", "inet", "int2",
	"int2vector", "int4", "int4multirange", "int4range", "int8", "int8multirange",
	"int8range", "interval", "json", "jsonb", "jsonpath", "line", "lseg", "macaddr",
	"macaddr8", "money", "name", "numeric", "nummultirange", "numrange", "oid",
	"oidvector", "path", "pg_lsn", "point", "polygon", "record", "regclass",
	"regcollation", "regconfig", "regdictionary", "regnamespace", "regoper", "regoperator",
	"regproc", "regprocedure", "regrole", "regtype", "text", "tid", "time", "timestamp",
	"timestamptz", "timetz", "tsmultirange", "tsquery", "tsrange", "tstzmultirange",
	"tstzrange", "tsvector", "unknown", "uuid", "varbit", "varchar", "xid", "xid8", "xml",
};

// clang-format on

static int compare(const void *name, const void *entry)
{
	return strcmp(name, *(const char *const *)entry);
}

static bool is_in(const char *const *list, size_t n, const char *name)
{
	return bsearch(name, list, n, sizeof(*list), compare) != NULL;
}

static bool is_sorted(const char *const *list, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (strcmp(list[i - 1], list[i]) >= 0)
			return false;
	}
	return true;
}

bool builtin_is_sorted(void)
{
	return is_sorted(functions, sizeof(functions) / sizeof(*functions)) &&
			is_sorted(operators, sizeof(operators) / sizeof(*operators)) &&
			is_sorted(types, sizeof(types) / sizeof(*types));
}

bool builtin_function(const char *name)
{
	return is_in(functions, sizeof(functions) / sizeof(*functions), name);
}

bool builtin_operator(const char *name)
{
	return is_in(operators, sizeof(operators) / sizeof(*operators), name);
}

bool builtin_type(const char *name)
{
	return is_in(types, sizeof(types) / sizeof(*types), name);
}
