/* SPDX-License-Identifier: Apache-2.0
 * ROW(schema, relation, column): columns of PostgreSQL's own relations, and of extensions, that repeat values
 * of other tables' columns, or commands, which have values as literals. "*": any. Whoever reads one may read any
 * value. Versions 12 to 18 and the extensions' documentation; what a server lacks is not found there. */
/* what ANALYZE has sampled */
ROW("pg_catalog", "pg_stats", "most_common_vals")
ROW("pg_catalog", "pg_stats", "histogram_bounds")
ROW("pg_catalog", "pg_stats", "most_common_elems")
ROW("pg_catalog", "pg_stats", "range_bounds_histogram") /* from 17 on */
ROW("pg_catalog", "pg_stats_ext", "most_common_vals")
ROW("pg_catalog", "pg_stats_ext_exprs", "most_common_vals")
ROW("pg_catalog", "pg_stats_ext_exprs", "histogram_bounds")
ROW("pg_catalog", "pg_stats_ext_exprs", "most_common_elems")
ROW("pg_catalog", "pg_statistic", "stavalues1")
ROW("pg_catalog", "pg_statistic", "stavalues2")
ROW("pg_catalog", "pg_statistic", "stavalues3")
ROW("pg_catalog", "pg_statistic", "stavalues4")
ROW("pg_catalog", "pg_statistic", "stavalues5")
ROW("pg_catalog", "pg_statistic_ext_data", "stxdmcv")
ROW("pg_catalog", "pg_statistic_ext_data", "stxdexpr")
/* commands, with the literals that are in them */
ROW("pg_catalog", "pg_stat_activity", "query")
ROW("pg_catalog", "pg_prepared_statements", "statement")
ROW("pg_catalog", "pg_cursors", "statement")
ROW("*", "pg_stat_statements", "query")
ROW("*", "pg_stat_monitor", "query")
ROW("*", "pg_store_plans", "plan")
ROW("*", "pg_qualstats", "constvalue")
ROW("*", "pg_qualstats_all", "constvalues")
ROW("cron", "job", "command")
ROW("cron", "job_run_details", "command")
ROW("cron", "job_run_details", "return_message")
/* values themselves: large ones of every table, and what was put into large objects */
ROW("pg_toast", "*", "chunk_data")
ROW("pg_catalog", "pg_largeobject", "data")
