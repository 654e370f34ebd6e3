# Rails' ActiveRecord on the pg gem: what it sends at the connection, reads of the catalogue, and relations.
== other
SET client_min_messages TO {{'warning' | 'notice'}}

SET standard_conforming_strings = on

SET intervalstyle = iso_8601

SET SESSION timezone TO {{'UTC' | 'Europe/Berlin'}}

SET statement_timeout = {{'15s' | 5000}}

BEGIN; SET LOCAL lock_timeout = '2s'

RELEASE SAVEPOINT active_record_1

SAVEPOINT active_record_1

ROLLBACK TO SAVEPOINT active_record_1

COMMIT

ROLLBACK

DEALLOCATE a1

SELECT pg_try_advisory_lock(2863311530)

SELECT pg_advisory_unlock(2863311530)

SELECT nextval('"orders_id_seq"')

LISTEN "action_cable_default"

UNLISTEN "action_cable_default"

NOTIFY "action_cable_default", '{"message":"x"}'

== reads
BEGIN

BEGIN ISOLATION LEVEL {{SERIALIZABLE | REPEATABLE READ}}

SHOW max_identifier_length

SHOW search_path

SHOW TIME ZONE

SELECT t.oid, t.typname FROM pg_type as t WHERE t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'bool', 'timestamp', 'timestamptz')

SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype
FROM pg_type as t
LEFT JOIN pg_range as r ON oid = rngtypid
WHERE
  t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'text', 'varchar', 'char', 'name', 'bpchar', 'bool', 'bit', 'varbit', 'date', 'money', 'bytea', 'point', 'hstore', 'json', 'jsonb', 'cidr', 'inet', 'uuid', 'xml', 'tsvector', 'macaddr', 'citext', 'ltree', 'line', 'lseg', 'box', 'path', 'polygon', 'circle', 'numeric', 'time', 'timestamp', 'timestamptz', 'interval')
  OR t.typtype IN ('r', 'e', 'd')
  OR t.typinput = 'array_in(cstring,oid,integer)'::regprocedure
  OR t.typelem != 0

SELECT a.attname, format_type(a.atttypid, a.atttypmod),
       pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
       c.collname, col_description(a.attrelid, a.attnum) AS comment,
       attidentity AS identity,
       attgenerated as attgenerated
  FROM pg_attribute a
  LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  LEFT JOIN pg_type t ON a.atttypid = t.oid
  LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
 WHERE a.attrelid = '"{{orders | customers | line_items}}"'::regclass
   AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum

SELECT a.attname
  FROM (
         SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx
           FROM pg_index
          WHERE indrelid = '"orders"'::regclass
            AND indisprimary
       ) i
  JOIN pg_attribute a
    ON a.attrelid = i.indrelid
   AND a.attnum = i.indkey[i.idx]
 ORDER BY i.idx

SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relname = 'schema_migrations' AND c.relkind IN ('r','v','m','p','f')

SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind IN ('v','m')

SELECT distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), t.oid, pg_catalog.obj_description(i.oid, 'pg_class') AS comment, d.indisvalid
FROM pg_class t
INNER JOIN pg_index d ON t.oid = d.indrelid
INNER JOIN pg_class i ON d.indexrelid = i.oid
LEFT JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE i.relkind IN ('i', 'I')
  AND d.indisprimary = 'f'
  AND t.relname = 'orders'
  AND n.nspname = ANY (current_schemas(false))
ORDER BY i.relname

SELECT t2.oid::regclass::text AS to_table, a1.attname AS column, a2.attname AS primary_key, c.conname AS name, c.confupdtype AS on_update, c.confdeltype AS on_delete, c.convalidated AS valid, c.condeferrable AS deferrable, c.condeferred AS deferred, c.conkey, c.confkey, c.conrelid, c.confrelid
FROM pg_constraint c
JOIN pg_class t1 ON c.conrelid = t1.oid
JOIN pg_class t2 ON c.confrelid = t2.oid
JOIN pg_attribute a1 ON a1.attnum = c.conkey[1] AND a1.attrelid = t1.oid
JOIN pg_attribute a2 ON a2.attnum = c.confkey[1] AND a2.attrelid = t2.oid
JOIN pg_namespace t3 ON c.connamespace = t3.oid
WHERE c.contype = 'f'
  AND t1.relname = 'orders'
  AND t3.nspname = ANY (current_schemas(false))
ORDER BY c.conname

SELECT type.typname AS name, type.OID AS oid, n.nspname AS schema, array_agg(enum.enumlabel ORDER BY enum.enumsortorder) AS value
FROM pg_enum AS enum
JOIN pg_type AS type ON (type.oid = enum.enumtypid)
JOIN pg_namespace n ON type.typnamespace = n.oid
WHERE n.nspname = ANY (current_schemas(false))
GROUP BY type.OID, n.nspname, type.typname

SELECT extname FROM pg_extension

SELECT COUNT(*) FROM pg_namespace WHERE nspname = 'audit'

SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_.*' AND nspname NOT IN ('information_schema') ORDER by nspname

SELECT datname FROM pg_database WHERE datname = 'shop'

SELECT "schema_migrations"."version" FROM "schema_migrations" ORDER BY "schema_migrations"."version" ASC

SELECT "ar_internal_metadata"."value" FROM "ar_internal_metadata" WHERE "ar_internal_metadata"."key" = $1

SELECT "{{orders | customers | line_items}}".* FROM "{{1}}"

SELECT "{{orders | customers | line_items}}".* FROM "{{1}}" WHERE "{{1}}"."id" = $1 LIMIT $2

SELECT "orders".* FROM "orders" ORDER BY "orders"."id" {{ASC | DESC}} LIMIT $1 OFFSET $2

SELECT "orders".* FROM "orders" WHERE "orders"."status" = $1 AND "orders"."total" {{> | >= | < | !=}} $2

SELECT "orders".* FROM "orders" WHERE "orders"."status" IN ($1, $2, $3) AND "orders"."deleted_at" IS NULL

SELECT "orders".* FROM "orders" WHERE "orders"."customer_id" IN (SELECT "customers"."id" FROM "customers" WHERE "customers"."vip" = $1)

SELECT "orders".* FROM "orders" INNER JOIN "customers" ON "customers"."id" = "orders"."customer_id" WHERE "customers"."name" = $1

SELECT "orders"."id" AS t0_r0, "orders"."total" AS t0_r1, "customers"."id" AS t1_r0, "customers"."name" AS t1_r1 FROM "orders" LEFT OUTER JOIN "customers" ON "customers"."id" = "orders"."customer_id" WHERE "orders"."id" IN ($1, $2)

SELECT DISTINCT "orders"."created_at" AS alias_0, "orders"."id" FROM "orders" LEFT OUTER JOIN "line_items" ON "line_items"."order_id" = "orders"."id" ORDER BY "orders"."created_at" DESC LIMIT $1

SELECT 1 AS one FROM "customers" WHERE "customers"."email" = $1 LIMIT $2

SELECT 1 AS one FROM "customers" WHERE LOWER("customers"."email") = LOWER($1) AND "customers"."id" != $2 LIMIT $3

SELECT COUNT(*) FROM "{{orders | customers | line_items}}"

SELECT COUNT(*) AS "count_all", "orders"."status" AS "orders_status" FROM "orders" GROUP BY "orders"."status" HAVING (COUNT(*) > 2)

SELECT COUNT(DISTINCT "orders"."customer_id") FROM "orders"

SELECT {{SUM | AVG | MIN | MAX}}("orders"."total") FROM "orders" WHERE "orders"."created_at" BETWEEN $1 AND $2

SELECT COUNT(*) FROM (SELECT 1 AS one FROM "orders" LIMIT $1 OFFSET $2) subquery_for_count

SELECT "orders"."id" FROM "orders" WHERE (created_at > '2024-01-01' OR note ILIKE '%late%')

SELECT "customers".* FROM "customers" WHERE "customers"."preferences" @> '{"mail": true}'

SELECT "customers".* FROM "customers" WHERE ("customers"."preferences" ->> 'lang') = $1

SELECT "customers".* FROM "customers" WHERE "customers"."tags" && '{a,b}'

SELECT "versions".* FROM "versions" WHERE "versions"."item_id" = $1 AND "versions"."item_type" = $2 ORDER BY "versions"."created_at" ASC, "versions"."id" ASC

EXPLAIN SELECT "orders".* FROM "orders" WHERE "orders"."id" = $1

/*application='shop',controller='orders',action='index'*/ SELECT "orders".* FROM "orders"

== other
INSERT INTO "orders" ("customer_id", "total", "created_at", "updated_at") VALUES ($1, $2, $3, $4) RETURNING "id"

INSERT INTO "customers" ("name","email") VALUES ('a', 'a@example.com'), ('b', 'b@example.com') ON CONFLICT  DO NOTHING RETURNING "id"

INSERT INTO "customers" ("email","name","created_at","updated_at") VALUES ('a@example.com', 'a', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP) ON CONFLICT ("email") DO UPDATE SET updated_at=(CASE WHEN ("customers"."name" IS NOT DISTINCT FROM excluded."name") THEN "customers".updated_at ELSE CURRENT_TIMESTAMP END),"name"=excluded."name" RETURNING "id"

UPDATE "{{orders | customers | line_items}}" SET "updated_at" = $1 WHERE "{{1}}"."id" = $2

UPDATE "orders" SET "lock_version" = $1, "total" = $2 WHERE "orders"."id" = $3 AND "orders"."lock_version" = $4

UPDATE "orders" SET "items_count" = COALESCE("items_count", 0) + $1 WHERE "orders"."id" = $2

UPDATE "orders" SET "status" = $1 WHERE "orders"."id" IN (SELECT "orders"."id" FROM "orders" WHERE "orders"."status" = $2 ORDER BY "orders"."id" ASC LIMIT $3)

DELETE FROM "{{orders | customers | line_items}}" WHERE "{{1}}"."id" = $1

DELETE FROM "line_items" WHERE "line_items"."order_id" IN (SELECT "orders"."id" FROM "orders" INNER JOIN "customers" ON "customers"."id" = "orders"."customer_id" WHERE "customers"."id" = $1)

SELECT "orders".* FROM "orders" WHERE "orders"."id" = $1 LIMIT $2 FOR {{UPDATE | NO KEY UPDATE | SHARE | UPDATE SKIP LOCKED | UPDATE NOWAIT}}

INSERT INTO "schema_migrations" ("version") VALUES ('20240101000000') RETURNING "version"

CREATE TABLE "orders" ("id" bigserial primary key, "customer_id" bigint NOT NULL, "total" decimal(10,2) DEFAULT 0.0, "created_at" timestamp(6) NOT NULL, CONSTRAINT "fk_rails_3dad120da9" FOREIGN KEY ("customer_id") REFERENCES "customers" ("id"))

CREATE {{UNIQUE INDEX | INDEX CONCURRENTLY}} "index_orders_on_customer_id" ON "orders" ("customer_id")

DELETE FROM "active_storage_blobs" WHERE "active_storage_blobs"."id" = $1

UPDATE "solid_queue_processes" SET "last_heartbeat_at" = $1 WHERE "solid_queue_processes"."id" = $2

SELECT "solid_queue_ready_executions".* FROM "solid_queue_ready_executions" ORDER BY "solid_queue_ready_executions"."priority" ASC, "solid_queue_ready_executions"."job_id" ASC LIMIT $1 FOR UPDATE SKIP LOCKED
