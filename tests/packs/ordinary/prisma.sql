# Prisma's query engine, its migrations and introspection.
== reads
SELECT 1

SELECT "public"."{{User | Post | Profile}}"."id", "public"."{{1}}"."createdAt" FROM "public"."{{1}}" WHERE ("public"."{{1}}"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3

SELECT "public"."User"."id", "public"."User"."email", "public"."User"."name" FROM "public"."User" WHERE 1=1 ORDER BY "public"."User"."id" {{ASC | DESC}} LIMIT $1 OFFSET $2

SELECT "public"."Post"."id", "public"."Post"."title", "public"."Post"."authorId" FROM "public"."Post" WHERE "public"."Post"."authorId" IN ($1,$2,$3) OFFSET $4

SELECT COUNT(*) FROM (SELECT "public"."Post"."id" FROM "public"."Post" WHERE "public"."Post"."published" = $1 OFFSET $2) AS "sub"

SELECT COUNT(*), SUM("total"), AVG("total") FROM (SELECT "public"."Order"."id", "public"."Order"."total" FROM "public"."Order" WHERE 1=1 OFFSET $1) AS "sub"

SELECT COUNT("id"), "public"."Order"."status" FROM "public"."Order" WHERE 1=1 GROUP BY "public"."Order"."status" HAVING COUNT("id") > $1 OFFSET $2

SELECT "public"."User"."id" FROM "public"."User" WHERE ("public"."User"."id") IN (SELECT "t1"."authorId" FROM "public"."Post" AS "t1" WHERE ("t1"."published" = $1 AND "t1"."authorId" IS NOT NULL)) OFFSET $2

SELECT "public"."User"."id" FROM "public"."User" LEFT JOIN "public"."Profile" AS "j1" ON ("j1"."userId") = ("public"."User"."id") WHERE ("j1"."bio"::text ILIKE $1 AND (NOT "j1"."id" IS NULL)) OFFSET $2

SELECT "t1"."id", "t1"."email", "User_posts"."__prisma_data__" AS "posts" FROM "public"."User" AS "t1" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'title', "t2"."title") AS "__prisma_data__" FROM (SELECT "t1p".* FROM "public"."Post" AS "t1p" WHERE "t1"."id" = "t1p"."authorId" /* root select */) AS "t2" /* inner select */) AS "t3" /* middle select */) AS "t4" /* outer select */) AS "User_posts" ON true WHERE "t1"."id" = $1 LIMIT $2

SELECT "public"."User"."id" FROM "public"."User" WHERE ("public"."User"."meta"#>ARRAY[$1]::text[])::jsonb = $2::jsonb OFFSET $3

SELECT "public"."User"."id" FROM "public"."User" WHERE to_tsvector(concat_ws(' ', "public"."User"."name","public"."User"."email")) @@ to_tsquery($1) OFFSET $2

SELECT EXISTS(SELECT 1 FROM pg_namespace WHERE nspname = $1), version(), current_setting('server_version_num')::integer as numeric_version

SELECT "id", "checksum", "finished_at", "migration_name", "logs", "rolled_back_at", "started_at", "applied_steps_count" FROM "_prisma_migrations" ORDER BY "started_at" ASC

SELECT
    oid.namespace,
    info.table_name,
    info.column_name,
    format_type(att.atttypid, att.atttypmod) as formatted_type,
    info.numeric_precision,
    info.numeric_scale,
    info.numeric_precision_radix,
    info.datetime_precision,
    info.data_type,
    info.udt_schema as type_schema_name,
    info.udt_name as full_data_type,
    pg_get_expr(attdef.adbin, attdef.adrelid) AS column_default,
    info.is_nullable,
    info.is_identity,
    info.character_maximum_length,
    col_description(att.attrelid, ordinal_position) AS description
FROM information_schema.columns info
JOIN pg_attribute att ON att.attname = info.column_name
JOIN (
     SELECT pg_class.oid, relname, pg_namespace.nspname as namespace
     FROM pg_class
     JOIN pg_namespace on pg_namespace.oid = pg_class.relnamespace
     AND pg_namespace.nspname = ANY ( $1 )
     WHERE reltype > 0
    ) as oid on oid.oid = att.attrelid
      AND relname = info.table_name
      AND namespace = info.table_schema
LEFT JOIN pg_attrdef attdef ON attdef.adrelid = att.attrelid AND attdef.adnum = att.attnum AND table_schema = namespace
WHERE table_schema = ANY ( $1 )
ORDER BY namespace, table_name, ordinal_position

WITH rawindex AS (
    SELECT
        indrelid,
        indexrelid,
        indisunique,
        indisprimary,
        unnest(indkey) AS indkeyid,
        generate_subscripts(indkey, 1) AS indkeyidx,
        unnest(indclass) AS indclass,
        unnest(indoption) AS indoption
    FROM pg_index
    WHERE
        indpred IS NULL
        AND NOT indisexclusion
        AND array_position(indkey::int2[], 0::int2) IS NULL
)
SELECT
    schemainfo.nspname AS namespace,
    indexinfo.relname AS index_name,
    tableinfo.relname AS table_name,
    columninfo.attname AS column_name,
    rawindex.indisunique AS is_unique,
    rawindex.indisprimary AS is_primary_key,
    rawindex.indkeyidx AS column_index,
    opclass.opcname AS opclass,
    indexaccess.amname AS index_algo,
    CASE rawindex.indoption & 1 WHEN 1 THEN 'DESC' ELSE 'ASC' END AS column_order
FROM rawindex
    INNER JOIN pg_class AS tableinfo ON tableinfo.oid = rawindex.indrelid
    INNER JOIN pg_class AS indexinfo ON indexinfo.oid = rawindex.indexrelid
    INNER JOIN pg_namespace AS schemainfo ON schemainfo.oid = tableinfo.relnamespace
    LEFT JOIN pg_attribute AS columninfo ON columninfo.attrelid = tableinfo.oid AND columninfo.attnum = rawindex.indkeyid
    INNER JOIN pg_am AS indexaccess ON indexaccess.oid = indexinfo.relam
    LEFT JOIN pg_opclass AS opclass ON opclass.oid = rawindex.indclass
WHERE schemainfo.nspname = ANY ( $1 )
ORDER BY namespace, table_name, index_name, column_index

SELECT
    con.oid AS "con_id",
    att2.attname AS "child_column",
    cl.relname AS "parent_table",
    att.attname AS "parent_column",
    con.confdeltype,
    con.confupdtype,
    rel_ns.nspname AS "referenced_schema_name",
    conname AS constraint_name,
    child,
    parent,
    table_name,
    namespace,
    condeferrable,
    condeferred
FROM (
        SELECT
            ns.nspname AS "namespace",
            unnest(con1.conkey) AS "parent",
            unnest(con1.confkey) AS "child",
            cl.relname AS table_name,
            ns.nspname AS schema_name,
            generate_subscripts(con1.conkey, 1) AS colidx,
            con1.oid, con1.confrelid, con1.conrelid, con1.conname, con1.confdeltype, con1.confupdtype, con1.condeferrable, con1.condeferred
        FROM pg_class cl
            join pg_constraint con1 on con1.conrelid = cl.oid
            join pg_namespace ns on cl.relnamespace = ns.oid
        WHERE
            ns.nspname = ANY ( $1 )
            and con1.contype = 'f'
        ORDER BY colidx
    ) con
    JOIN pg_attribute att on att.attrelid = con.confrelid and att.attnum = con.child
    JOIN pg_class cl on cl.oid = con.confrelid
    JOIN pg_attribute att2 on att2.attrelid = con.conrelid and att2.attnum = con.parent
    JOIN pg_class rel_cl on con.confrelid = rel_cl.oid
    JOIN pg_namespace rel_ns on rel_cl.relnamespace = rel_ns.oid
ORDER BY namespace, table_name, constraint_name, con_id, con.colidx

SELECT p.proname AS name, n.nspname as namespace, CASE WHEN l.lanname = 'internal' THEN p.prosrc ELSE pg_get_functiondef(p.oid) END as definition FROM pg_proc p LEFT JOIN pg_namespace n ON p.pronamespace = n.oid LEFT JOIN pg_language l ON p.prolang = l.oid WHERE n.nspname = ANY ( $1 )

== other
SELECT pg_advisory_lock(72707369)

INSERT INTO "public"."User" ("email","name") VALUES ($1,$2) RETURNING "public"."User"."id"

INSERT INTO "public"."User" ("email","name") VALUES ($1,$2), ($3,$4) ON CONFLICT DO NOTHING

INSERT INTO "public"."User" ("email","name") VALUES ($1,$2) ON CONFLICT ("email") DO UPDATE SET "name" = $3 WHERE ("public"."User"."email" = $4 AND 1=1) RETURNING "public"."User"."id", "public"."User"."email"

UPDATE "public"."{{User | Post | Profile}}" SET "updatedAt" = $1 WHERE ("public"."{{1}}"."id" = $2 AND 1=1) RETURNING "public"."{{1}}"."id"

UPDATE "public"."Post" SET "views" = ("public"."Post"."views" + $1) WHERE ("public"."Post"."id" IN ($2) AND ("public"."Post"."id" = $3 AND 1=1))

DELETE FROM "public"."{{User | Post | Profile}}" WHERE ("public"."{{1}}"."id" = $1 AND 1=1)

SET TRANSACTION ISOLATION LEVEL {{READ COMMITTED | SERIALIZABLE}}

INSERT INTO "_prisma_migrations" ("id", "checksum", "started_at", "migration_name") VALUES ($1, $2, $3, $4)

UPDATE "_prisma_migrations" SET "finished_at" = $1, "applied_steps_count" = "applied_steps_count" + 1 WHERE "id" = $2

DEALLOCATE ALL
