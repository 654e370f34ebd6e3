# DBeaver, DataGrip and pgAdmin: what they ask of the catalogue when a tree is opened or a table is shown.
== reads
SELECT current_database(), current_schema(), session_user

SELECT current_schema(),session_user

SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datname=$1

SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE NOT datistemplate AND datallowconn ORDER BY db.datname

SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass ORDER BY nspname

SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C')

SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr,  pg_catalog.pg_get_partkeydef(c.oid) as partition_key FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass WHERE c.relnamespace=$1 AND c.relkind not in ('i','I','c')

SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid) LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum) LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid) LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid WHERE NOT a.attisdropped AND c.oid=$1 ORDER BY a.attnum

SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description, case when c.contype='c' then "substring"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy FROM pg_catalog.pg_constraint c INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass WHERE c.conrelid=$1 ORDER BY c.oid

SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size,pg_catalog.pg_stat_get_numscans(i.indexrelid) as index_num_scans FROM pg_catalog.pg_index i INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid WHERE i.indrelid=$1 ORDER BY tabrelname, c.relname

SELECT DISTINCT dep.deptype, dep.classid, dep.objid, cl.relkind, attr.attname,pg_get_expr(ad.adbin, ad.adrelid) adefval, CASE WHEN cl.relkind IS NOT NULL THEN cl.relkind::text || COALESCE(dep.objsubid::text, '') WHEN tg.oid IS NOT NULL THEN 'T'::text WHEN ty.oid IS NOT NULL THEN 'y'::text END AS type FROM pg_depend dep LEFT JOIN pg_class cl ON dep.objid=cl.oid LEFT JOIN pg_attribute attr ON dep.objid=attr.attrelid AND dep.objsubid=attr.attnum LEFT JOIN pg_trigger tg ON dep.objid=tg.oid LEFT JOIN pg_type ty on dep.objid=ty.oid LEFT JOIN pg_attrdef ad ON ad.oid=dep.objid WHERE dep.refobjid=$1 ORDER BY type

SELECT x.oid,x.*,p.pronamespace as func_schema_id,d.description FROM pg_catalog.pg_trigger x LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid=x.tgfoid LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=x.oid AND d.objsubid=0 WHERE NOT x.tgisinternal AND x.tgrelid=$1

SELECT pg_catalog.pg_total_relation_size($1), pg_catalog.pg_relation_size($1)

SELECT c.reltuples::bigint, pg_catalog.pg_table_size(c.oid) FROM pg_catalog.pg_class c WHERE c.oid=$1

SELECT x.* FROM public.{{orders | customers | line_items}} x

SELECT x.* FROM public.orders x WHERE x.total > 10 ORDER BY x.id DESC LIMIT 200

select string_agg(word, ',') from pg_catalog.pg_get_keywords() where word <> ALL ( '{a,abs,absolute,action}'::text[])

SELECT e.oid,e.* FROM pg_catalog.pg_enum e WHERE e.enumtypid=$1

select * from pg_catalog.pg_settings where name=$1

SELECT a.oid,a.* FROM pg_catalog.pg_roles a ORDER BY a.rolname

SELECT p.oid as poid,p.*,pg_catalog.pg_get_expr(p.proargdefaults, 0) as arg_defaults,d.description FROM pg_catalog.pg_proc p LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=p.oid AND d.classoid='pg_proc'::regclass WHERE p.pronamespace=$1 ORDER BY p.proname

EXPLAIN (FORMAT {{XML | JSON | TEXT | YAML}}, ANALYZE, VERBOSE, BUFFERS) SELECT * FROM public.orders WHERE id = 1

EXPLAIN (COSTS, SETTINGS) SELECT count(*) FROM orders

select version() as server_version, current_database() as db, current_user as usr, pg_catalog.pg_is_in_recovery() as standby

select round(extract(epoch from pg_postmaster_start_time() at time zone 'UTC')) as startup_time

select L.transactionid::varchar::bigint as transaction_id from pg_catalog.pg_locks L where L.transactionid is not null order by pg_catalog.age(L.transactionid) desc limit 1

select case when pg_catalog.pg_is_in_recovery() then null else pg_catalog.pg_current_wal_lsn() end as lsn

select N.oid::bigint as id, datname as name, D.description, datistemplate as is_template, datallowconn as allow_connections, pg_catalog.pg_get_userbyid(N.datdba) as "owner" from pg_catalog.pg_database N left join pg_catalog.pg_shdescription D on N.oid = D.objoid order by case when datname = pg_catalog.current_database() then -1::bigint else N.oid::bigint end

select N.oid::bigint as id, N.xmin as state_number, nspname as name, D.description, pg_catalog.pg_get_userbyid(N.nspowner) as "owner" from pg_catalog.pg_namespace N left join pg_catalog.pg_description D on N.oid = D.objoid order by case when nspname = pg_catalog.current_schema() then -1::bigint else N.oid::bigint end

select T.relkind as table_kind, T.relname as table_name, T.oid as table_id, T.xmin as table_state_number, false as table_with_oids, T.reltablespace as tablespace_id, T.reloptions as options, T.relpersistence as persistence, (select pg_catalog.array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where T.oid = inhrelid) as ancestors, (select pg_catalog.array_agg(inhrelid::bigint order by inhrelid)::varchar from pg_catalog.pg_inherits where T.oid = inhparent) as successors, T.relispartition as is_partition, pg_catalog.pg_get_partkeydef(T.oid) as partition_key, pg_catalog.pg_get_expr(T.relpartbound, T.oid) as partition_expression, T.relam am_id, pg_catalog.pg_get_userbyid(T.relowner) as "owner" from pg_catalog.pg_class T where relnamespace = $1::oid and relkind in ('r', 'm', 'v', 'f', 'p') order by table_kind, table_id

with T as (select T.oid as table_id, T.relname as table_name from pg_catalog.pg_class T where T.relnamespace = $1::oid and T.relkind in ('r', 'm', 'v', 'f', 'p')) select T.table_id, C.attnum as column_position, C.attname as column_name, C.xmin as column_state_number, C.atttypmod as type_mod, C.attndims as dimensions_number, pg_catalog.format_type(C.atttypid, C.atttypmod) as type_spec, C.atttypid as type_id, C.attnotnull as mandatory, pg_catalog.pg_get_expr(D.adbin, T.table_id) as column_default_expression, not C.attislocal as column_is_inherited, C.attfdwoptions as options, C.attisdropped as column_is_dropped, C.attidentity as identity_kind, C.attgenerated as generated from T join pg_catalog.pg_attribute C on T.table_id = C.attrelid left join pg_catalog.pg_attrdef D on (C.attrelid, C.attnum) = (D.adrelid, D.adnum) where attnum > 0 order by table_id, attnum

select member id, roleid role_id, admin_option from pg_catalog.pg_auth_members order by id, roleid::text

select tab.oid table_id, tab.relkind table_kind, ind.xmin state_number, ind_head.indexrelid index_id, k col_idx, k <= indnkeyatts in_key, ind_head.indkey[k-1] column_position, ind_head.indoption[k-1] column_options, pg_catalog.pg_get_indexdef(ind_head.indexrelid, k, true) as expression, ind_head.indisunique is_unique, pg_catalog.pg_get_expr(indpred, indrelid) as predicate, pg_catalog.pg_index_column_has_property(ind_head.indexrelid, k, 'asc') asc_able from pg_catalog.pg_index as ind_head join pg_catalog.pg_class ind on ind.oid = ind_head.indexrelid join pg_catalog.pg_class tab on tab.oid = ind_head.indrelid cross join unnest(ind_head.indkey) with ordinality u(u, k) where tab.relnamespace = $1::oid order by index_id, k

SELECT t.* FROM public.orders t LIMIT 501

SELECT count(*) FROM (SELECT * FROM orders) dg_q

SELECT rel.oid, rel.relname AS name, (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid=rel.oid AND tgisinternal = FALSE) AS triggercount, pg_catalog.obj_description(rel.oid, 'pg_class') AS description FROM pg_catalog.pg_class rel WHERE rel.relkind IN ('r','s','t','p') AND rel.relnamespace = 2200::oid AND NOT rel.relispartition ORDER BY rel.relname

SELECT 'session_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data FROM (SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity) AS "Total", (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state = 'active') AS "Active") t UNION ALL SELECT 'tps_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data FROM (SELECT (SELECT sum(xact_commit) + sum(xact_rollback) FROM pg_catalog.pg_stat_database) AS "Transactions") t

SELECT pid, datname, usename, application_name, client_addr, pg_catalog.to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS backend_start, state, wait_event_type || ': ' || wait_event AS wait_event, array_to_string(pg_catalog.pg_blocking_pids(pid), ', ') AS blocking_pids, query FROM pg_catalog.pg_stat_activity ORDER BY pid

SELECT roles.oid as id, roles.rolname as name, roles.rolsuper as is_superuser, CASE WHEN roles.rolsuper THEN true ELSE roles.rolcreaterole END as can_create_role FROM pg_catalog.pg_roles as roles WHERE rolname = current_user

SELECT at.attname, at.attnum, ty.typname FROM pg_catalog.pg_attribute at LEFT JOIN pg_catalog.pg_type ty ON (ty.oid = at.atttypid) WHERE attrelid=16386::oid AND attnum = ANY ((SELECT con.conkey FROM pg_catalog.pg_class rel LEFT OUTER JOIN pg_catalog.pg_constraint con ON con.conrelid=rel.oid AND con.contype='p' WHERE rel.relkind IN ('r','s','t', 'p') AND rel.oid = 16386::oid)::oid[])

SELECT a.acl.grantee, a.acl.privilege_type FROM (SELECT pg_catalog.aclexplode(relacl) AS acl FROM pg_catalog.pg_class WHERE oid = $1) a

select relname, n_live_tup, n_dead_tup, last_vacuum, last_autoanalyze from pg_stat_user_tables order by n_dead_tup desc limit 20

select schemaname, relname, seq_scan, idx_scan, pg_size_pretty(pg_total_relation_size(relid)) from pg_stat_user_tables

select query, calls, total_exec_time, rows from pg_stat_statements order by total_exec_time desc limit 10

select pid, now() - query_start as runtime, left(query, 60) from pg_stat_activity where state <> 'idle' and pid <> pg_backend_pid()

select locktype, relation::regclass, mode, granted from pg_locks where not granted

select pg_size_pretty(pg_database_size(current_database()))

select name, setting, unit, source from pg_settings where source <> 'default'

select table_name, column_name, data_type from information_schema.columns where table_schema = 'public' order by 1, ordinal_position

SHOW {{datestyle | server_version | server_encoding | transaction_read_only | search_path | standard_conforming_strings | timezone | all}}

== other
SET application_name = '{{DBeaver 23.3.0 - Main <shop> | DataGrip 2023.3 | pgAdmin 4 - DB:shop}}'

SET search_path = public,"$user"

SET DateStyle=ISO; SET client_min_messages=notice; SELECT set_config('bytea_output','hex',false) FROM pg_show_all_settings() WHERE name = 'bytea_output'; SET client_encoding='UTF8';

UPDATE public.orders SET note=$1 WHERE id=$2

INSERT INTO public.orders (customer_id, total) VALUES($1, $2)

DELETE FROM public.orders WHERE id=$1

set session characteristics as transaction read only

ANALYZE {{orders | public.customers (name, email)}}

VACUUM {{ANALYZE orders | (VERBOSE, ANALYZE) customers}}

REINDEX {{TABLE orders | INDEX CONCURRENTLY orders_pkey}}

COMMENT ON COLUMN public.orders.note IS 'free text'
