# What tools for reports send: Metabase, Superset, Grafana, Looker, Tableau.
== reads
SELECT nspname AS table_schem, NULL AS table_catalog FROM pg_catalog.pg_namespace WHERE nspname <> 'pg_toast' AND (nspname !~ '^pg_temp_' OR nspname = (pg_catalog.current_schemas(true))[1]) AND (nspname !~ '^pg_toast_temp_' OR nspname = replace((pg_catalog.current_schemas(true))[1], 'pg_temp_', 'pg_toast_temp_'))

with table_privileges as (
   select
     NULL as role,
     t.schemaname as schema,
     t.objectname as table,
     pg_catalog.has_any_column_privilege(current_user, '"' || t.schemaname || '"' || '.' || '"' || t.objectname || '"',  'update') as update,
     pg_catalog.has_any_column_privilege(current_user, '"' || t.schemaname || '"' || '.' || '"' || t.objectname || '"',  'select') as select,
     pg_catalog.has_any_column_privilege(current_user, '"' || t.schemaname || '"' || '.' || '"' || t.objectname || '"',  'insert') as insert,
     pg_catalog.has_table_privilege(     current_user, '"' || t.schemaname || '"' || '.' || '"' || t.objectname || '"',  'delete') as delete
   from (
     select schemaname, tablename as objectname from pg_catalog.pg_tables
     union
     select schemaname, viewname as objectname from pg_catalog.pg_views
     union
     select schemaname, matviewname as objectname from pg_catalog.pg_matviews
   ) t
   where t.schemaname !~ '^pg_'
     and t.schemaname <> 'information_schema'
     and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage')
 )
 select t.*
 from table_privileges t

SELECT "c"."column_name" AS "name", CASE WHEN "c"."udt_schema" IN ('public', 'pg_catalog') THEN FORMAT('%s', "c"."udt_name") ELSE FORMAT('"%s"."%s"', "c"."udt_schema", "c"."udt_name") END AS "database-type", "c"."ordinal_position" - 1 AS "database-position", "c"."table_schema" AS "table-schema", "c"."table_name" AS "table-name", "pk"."column_name" IS NOT NULL AS "pk?", COL_DESCRIPTION(CAST(CAST(FORMAT('%I.%I', CAST("c"."table_schema" AS TEXT), CAST("c"."table_name" AS TEXT)) AS REGCLASS) AS OID), "c"."ordinal_position") AS "field-comment", (("column_default" IS NULL) OR (LOWER("column_default") = 'null')) AND ("is_nullable" = 'NO') AND NOT ((("column_default" IS NOT NULL) AND ("column_default" LIKE '%nextval(%')) OR ("is_identity" <> 'NO')) AS "database-required" FROM "information_schema"."columns" AS "c" LEFT JOIN (SELECT "tc"."table_schema", "tc"."table_name", "kc"."column_name" FROM "information_schema"."table_constraints" AS "tc" INNER JOIN "information_schema"."key_column_usage" AS "kc" ON ("tc"."constraint_name" = "kc"."constraint_name") AND ("tc"."table_schema" = "kc"."table_schema") AND ("tc"."table_name" = "kc"."table_name") WHERE "tc"."constraint_type" = 'PRIMARY KEY') AS "pk" ON ("c"."table_schema" = "pk"."table_schema") AND ("c"."table_name" = "pk"."table_name") AND ("c"."column_name" = "pk"."column_name") WHERE c.table_schema !~ '^information_schema|catalog_history|pg_' AND ("c"."table_schema" IN ('public')) ORDER BY "table-schema" ASC, "table-name" ASC, "database-position" ASC

-- Metabase:: userID: 1 queryType: MBQL queryHash: 6ab9c1
SELECT "public"."orders"."id" AS "id", "public"."orders"."total" AS "total", "public"."orders"."created_at" AS "created_at" FROM "public"."orders" LIMIT 2000

-- Metabase:: userID: 1 queryType: MBQL queryHash: 6ab9c2
SELECT DATE_TRUNC('{{day | week | month | quarter | year}}', "public"."orders"."created_at") AS "created_at", {{SUM("public"."orders"."total") AS "sum" | COUNT(*) AS "count" | AVG("public"."orders"."total") AS "avg"}} FROM "public"."orders" GROUP BY DATE_TRUNC('{{1}}', "public"."orders"."created_at") ORDER BY DATE_TRUNC('{{1}}', "public"."orders"."created_at") ASC

SELECT "Products"."category" AS "Products__category", COUNT(distinct "public"."orders"."id") AS "count" FROM "public"."orders" LEFT JOIN "public"."products" AS "Products" ON "public"."orders"."product_id" = "Products"."id" WHERE ("public"."orders"."created_at" >= DATE_TRUNC('month', (NOW() + (INTERVAL '-12 month')))) AND ("public"."orders"."created_at" < DATE_TRUNC('month', NOW())) GROUP BY "Products"."category" ORDER BY "count" DESC, "Products__category" ASC

SELECT FLOOR((("public"."orders"."total" - 0.0) / 20.0)) * 20.0 + 0.0 AS "total", COUNT(*) AS "count" FROM "public"."orders" GROUP BY FLOOR((("public"."orders"."total" - 0.0) / 20.0)) * 20.0 + 0.0 ORDER BY FLOOR((("public"."orders"."total" - 0.0) / 20.0)) * 20.0 + 0.0 ASC

SELECT "source"."a" AS "a", SUM("source"."n") AS "n" FROM (SELECT substring("public"."people"."state", 1, 1234) AS "a", 1 AS "n" FROM "public"."people" LIMIT 10000) AS "source" GROUP BY "source"."a"

SELECT SUM(SUM("total")) OVER (ORDER BY DATE_TRUNC('month', "created_at") ASC ROWS UNBOUNDED PRECEDING) AS "sum", DATE_TRUNC('month', "created_at") AS m FROM "public"."orders" GROUP BY DATE_TRUNC('month', "created_at")

SELECT (CAST(extract(dow from "public"."orders"."created_at") AS integer) + 1), PERCENTILE_CONT(0.9) within group (order by "public"."orders"."total") FROM "public"."orders" GROUP BY 1

SELECT DATE_TRUNC('day', order_date) AS __timestamp, sum(sales) AS "SUM(sales)" FROM public.cleaned_sales_data JOIN (SELECT product_line AS product_line__, sum(sales) AS mme_inner__ FROM public.cleaned_sales_data GROUP BY product_line ORDER BY mme_inner__ DESC LIMIT 10) AS series_limit ON product_line = product_line__ WHERE order_date >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND order_date < TO_TIMESTAMP('2025-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY DATE_TRUNC('day', order_date), product_line ORDER BY "SUM(sales)" DESC LIMIT 50000

SELECT
  floor(extract(epoch from "created_at")/{{60 | 300 | 3600}})*{{1}} AS "time",
  avg(value) AS "value"
FROM metrics
WHERE
  "created_at" BETWEEN '2024-01-01T00:00:00Z' AND '2024-01-02T00:00:00Z'
GROUP BY 1
ORDER BY 1

SELECT host AS metric, to_timestamp(floor(extract(epoch from ts)/60)*60) AS time, max(load) FROM node_load WHERE ts >= now() - interval '6 hours' GROUP BY 1, 2 ORDER BY 2

SELECT quote_ident(table_name) FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache', '_timescaledb_catalog', '_timescaledb_internal', '_timescaledb_config', 'timescaledb_information', 'timescaledb_experimental') ORDER BY CASE WHEN quote_ident(table_schema) = 'public' THEN 0 ELSE 1 END, 1

SELECT current_setting('server_version_num')::int/100 as version

SELECT
    CASE WHEN GROUPING(users.state) = 1 THEN 'Total' ELSE users.state END AS "users.state",
    COALESCE(SUM(order_items.sale_price ), 0) AS "order_items.total_sale_price"
FROM public.order_items  AS order_items
LEFT JOIN public.users  AS users ON order_items.user_id = users.id
WHERE ((( order_items.created_at  ) >= ((SELECT (DATE_TRUNC('day', CURRENT_TIMESTAMP) + (-29 || ' day')::INTERVAL))) AND ( order_items.created_at  ) < ((SELECT ((DATE_TRUNC('day', CURRENT_TIMESTAMP) + (-29 || ' day')::INTERVAL) + (30 || ' day')::INTERVAL)))))
GROUP BY ROLLUP (users.state)
ORDER BY 2 DESC
FETCH NEXT 500 ROWS ONLY

SELECT "orders"."region" AS "region", SUM("orders"."sales") AS "sum:sales:ok", CAST(TRUNC(EXTRACT(YEAR FROM "orders"."order date")) AS INTEGER) AS "yr:order date:ok" FROM "public"."orders" "orders" GROUP BY 1, 3

SELECT * FROM (SELECT * FROM orders) "Custom SQL Query" LIMIT 0



== other
SET TRANSACTION READ ONLY

SET SESSION TIMEZONE TO 'America/New_York'

SET TIME ZONE '{{UTC | Europe/Zurich | +02}}'

SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '5min'

BEGIN;declare "SQL_CUR0x55d0" cursor with hold for SELECT * FROM (SELECT 1 AS x) q LIMIT 1;fetch 1 in "SQL_CUR0x55d0"

close "SQL_CUR0x55d0"

CREATE TEMPORARY TABLE "#Tableau_1_2_Connect" (col INTEGER) ON COMMIT PRESERVE ROWS

CREATE LOCAL TEMPORARY TABLE "lr_tmp_1" AS SELECT user_id, count(*) AS n FROM orders GROUP BY 1
