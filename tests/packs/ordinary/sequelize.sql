# Sequelize 6: models, scopes, transactions, introspection.
== reads
WITH ranges AS (  SELECT pg_range.rngtypid, pg_type.typname AS rngtypname,         pg_type.typarray AS rngtyparray, pg_range.rngsubtype    FROM pg_range LEFT OUTER JOIN pg_type ON pg_type.oid = pg_range.rngtypid)SELECT pg_type.typname, pg_type.typtype, pg_type.oid, pg_type.typarray,       ranges.rngtypname, ranges.rngtypid, ranges.rngtyparray  FROM pg_type LEFT OUTER JOIN ranges ON pg_type.oid = ranges.rngsubtype WHERE (pg_type.typtype IN('b', 'e'));

SELECT 1+1 AS result

SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'SqUsers'

SELECT t.typname enum_name, array_agg(e.enumlabel ORDER BY enumsortorder) enum_value FROM pg_type t JOIN pg_enum e ON t.oid = e.enumtypid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = 'public' AND t.typname='enum_SqUsers_kind' GROUP BY 1

SELECT i.relname AS name, ix.indisprimary AS primary, ix.indisunique AS unique, ix.indkey AS indkey, array_agg(a.attnum) as column_indexes, array_agg(a.attname) AS column_names, pg_get_indexdef(ix.indexrelid) AS definition FROM pg_class t, pg_class i, pg_index ix, pg_attribute a WHERE t.oid = ix.indrelid AND i.oid = ix.indexrelid AND a.attrelid = t.oid AND t.relkind = 'r' and t.relname = 'SqUsers' GROUP BY i.relname, ix.indexrelid, ix.indisprimary, ix.indisunique, ix.indkey ORDER BY i.relname;

SELECT pk.constraint_type as "Constraint",c.column_name as "Field", c.column_default as "Default",c.is_nullable as "Null", (CASE WHEN c.udt_name = 'hstore' THEN c.udt_name ELSE c.data_type END) || (CASE WHEN c.character_maximum_length IS NOT NULL THEN '(' || c.character_maximum_length || ')' ELSE '' END) as "Type", (SELECT array_agg(e.enumlabel) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_enum e ON t.oid=e.enumtypid WHERE t.typname=c.udt_name) AS "special", (SELECT pgd.description FROM pg_catalog.pg_statio_all_tables AS st INNER JOIN pg_catalog.pg_description pgd on (pgd.objoid=st.relid) WHERE c.ordinal_position=pgd.objsubid AND c.table_name=st.relname) AS "Comment" FROM information_schema.columns c LEFT JOIN (SELECT tc.table_schema, tc.table_name, cu.column_name, tc.constraint_type FROM information_schema.TABLE_CONSTRAINTS tc JOIN information_schema.KEY_COLUMN_USAGE  cu ON tc.table_schema=cu.table_schema and tc.table_name=cu.table_name and tc.constraint_name=cu.constraint_name and tc.constraint_type='PRIMARY KEY') pk ON pk.table_schema=c.table_schema AND pk.table_name=c.table_name AND pk.column_name=c.column_name WHERE c.table_name = 'SqUsers' AND c.table_schema = 'public'

SELECT DISTINCT tc.constraint_name as constraint_name, tc.constraint_schema as constraint_schema, tc.constraint_catalog as constraint_catalog, tc.table_name as table_name,tc.table_schema as table_schema,tc.table_catalog as table_catalog,tc.initially_deferred as initially_deferred,tc.is_deferrable as is_deferrable,kcu.column_name as column_name,ccu.table_schema  AS referenced_table_schema,ccu.table_catalog  AS referenced_table_catalog,ccu.table_name  AS referenced_table_name,ccu.column_name AS referenced_column_name FROM information_schema.table_constraints AS tc JOIN information_schema.key_column_usage AS kcu ON tc.constraint_name = kcu.constraint_name JOIN information_schema.constraint_column_usage AS ccu ON ccu.constraint_name = tc.constraint_name WHERE constraint_type = 'FOREIGN KEY' AND tc.table_name = 'SqUsers' AND tc.table_catalog = 'shop'

SELECT "id", "name", "age", "doc", "tags", "kind", "createdAt", "updatedAt" FROM "SqUsers" AS "SqUser" WHERE "SqUser"."id" = 1;

SELECT "id", "name", "age", "doc", "tags", "kind", "createdAt", "updatedAt" FROM "SqUsers" AS "SqUser";

SELECT "id", "name", "age", "doc", "tags", "kind", "createdAt", "updatedAt" FROM "SqUsers" AS "SqUser" WHERE "SqUser"."name" ILIKE '%a%' AND ("SqUser"."age" >= 1 AND "SqUser"."age" < 9) ORDER BY "SqUser"."name" DESC LIMIT 5 OFFSET 2;

SELECT "SqUser"."id", "SqUser"."name", "SqUser"."age", "SqUser"."doc", "SqUser"."tags", "SqUser"."kind", "SqUser"."createdAt", "SqUser"."updatedAt", "SqPosts"."id" AS "SqPosts.id", "SqPosts"."title" AS "SqPosts.title", "SqPosts"."createdAt" AS "SqPosts.createdAt", "SqPosts"."updatedAt" AS "SqPosts.updatedAt", "SqPosts"."SqUserId" AS "SqPosts.SqUserId" FROM "SqUsers" AS "SqUser" LEFT OUTER JOIN "SqPosts" AS "SqPosts" ON "SqUser"."id" = "SqPosts"."SqUserId";

SELECT "SqUser".*, "SqPosts"."id" AS "SqPosts.id", "SqPosts"."title" AS "SqPosts.title", "SqPosts"."createdAt" AS "SqPosts.createdAt", "SqPosts"."updatedAt" AS "SqPosts.updatedAt", "SqPosts"."SqUserId" AS "SqPosts.SqUserId" FROM (SELECT "SqUser"."id", "SqUser"."name", "SqUser"."age", "SqUser"."doc", "SqUser"."tags", "SqUser"."kind", "SqUser"."createdAt", "SqUser"."updatedAt" FROM "SqUsers" AS "SqUser" WHERE ( SELECT "SqUserId" FROM "SqPosts" AS "SqPosts" WHERE ("SqPosts"."title" = 'x' AND "SqPosts"."SqUserId" = "SqUser"."id") LIMIT 1 ) IS NOT NULL LIMIT 2) AS "SqUser" INNER JOIN "SqPosts" AS "SqPosts" ON "SqUser"."id" = "SqPosts"."SqUserId" AND "SqPosts"."title" = 'x';

SELECT "SqUser"."id", "SqUser"."name", "SqUser"."age", "SqUser"."doc", "SqUser"."tags", "SqUser"."kind", "SqUser"."createdAt", "SqUser"."updatedAt" FROM "SqUsers" AS "SqUser";

SELECT "id", "title", "createdAt", "updatedAt", "SqUserId" FROM "SqPosts" AS "SqPost" WHERE "SqPost"."SqUserId" IN (2, 3, 1);

SELECT "SqPost"."id", "SqPost"."title", "SqPost"."createdAt", "SqPost"."updatedAt", "SqPost"."SqUserId", "SqTags"."id" AS "SqTags.id", "SqTags"."n" AS "SqTags.n", "SqTags"."createdAt" AS "SqTags.createdAt", "SqTags"."updatedAt" AS "SqTags.updatedAt", "SqTags->SqPostTags"."createdAt" AS "SqTags.SqPostTags.createdAt", "SqTags->SqPostTags"."updatedAt" AS "SqTags.SqPostTags.updatedAt", "SqTags->SqPostTags"."SqPostId" AS "SqTags.SqPostTags.SqPostId", "SqTags->SqPostTags"."SqTagId" AS "SqTags.SqPostTags.SqTagId", "SqUser"."id" AS "SqUser.id", "SqUser"."name" AS "SqUser.name", "SqUser"."age" AS "SqUser.age", "SqUser"."doc" AS "SqUser.doc", "SqUser"."tags" AS "SqUser.tags", "SqUser"."kind" AS "SqUser.kind", "SqUser"."createdAt" AS "SqUser.createdAt", "SqUser"."updatedAt" AS "SqUser.updatedAt" FROM "SqPosts" AS "SqPost" LEFT OUTER JOIN ( "SqPostTags" AS "SqTags->SqPostTags" INNER JOIN "SqTags" AS "SqTags" ON "SqTags"."id" = "SqTags->SqPostTags"."SqTagId") ON "SqPost"."id" = "SqTags->SqPostTags"."SqPostId" LEFT OUTER JOIN "SqUsers" AS "SqUser" ON "SqPost"."SqUserId" = "SqUser"."id";

SELECT count(*) AS "count" FROM "SqUsers" AS "SqUser";

SELECT "id", "name", "age", "doc", "tags", "kind", "createdAt", "updatedAt" FROM "SqUsers" AS "SqUser" LIMIT 1;

SELECT sum("age") AS "sum" FROM "SqUsers" AS "SqUser";

SELECT max("age") AS "max" FROM "SqUsers" AS "SqUser";

SELECT "name", COUNT("id") AS "n" FROM "SqUsers" AS "SqUser" GROUP BY "name" HAVING COUNT(id) > 0;

SELECT "id", "name", "age", "doc", "tags", "kind", "createdAt", "updatedAt" FROM "SqUsers" AS "SqUser" WHERE ("SqUser"."name" = 'a' OR "SqUser"."age" IN (1, 2));

SELECT "id", "name", "age", "doc", "tags", "kind", "createdAt", "updatedAt" FROM "SqUsers" AS "SqUser" WHERE CAST(("SqUser"."doc"#>>'{k}') AS DOUBLE PRECISION) = 1;

SELECT "id", "name", "age", "doc", "tags", "kind", "createdAt", "updatedAt" FROM "SqUsers" AS "SqUser" WHERE "SqUser"."tags" @> ARRAY['x']::TEXT[];

SELECT "id", "name", "age", "doc", "tags", "kind", "createdAt", "updatedAt" FROM "SqUsers" AS "SqUser" WHERE "SqUser"."doc" @> '{"k":1}';

SELECT "id", "name", "age", "doc", "tags", "kind", "createdAt", "updatedAt" FROM "SqUsers" AS "SqUser" WHERE "SqUser"."age" BETWEEN 1 AND 2 AND "SqUser"."name" IS NOT NULL;

SELECT "id", "name", "age", "doc", "tags", "kind", "createdAt", "updatedAt" FROM "SqUsers" AS "SqUser" WHERE "SqUser"."name" ~ '^a';

START TRANSACTION;

SELECT "id", "name", "age", "doc", "tags", "kind", "createdAt", "updatedAt" FROM "SqUsers" AS "SqUser" WHERE "SqUser"."name" = 'zz' LIMIT 1;

SELECT "createdAt", "updatedAt", "SqPostId", "SqTagId" FROM "SqPostTags" AS "SqPostTags" WHERE "SqPostTags"."SqPostId" = 1 AND "SqPostTags"."SqTagId" IN (1);

SELECT "SqTag"."id", "SqTag"."n", "SqTag"."createdAt", "SqTag"."updatedAt", "SqPostTags"."createdAt" AS "SqPostTags.createdAt", "SqPostTags"."updatedAt" AS "SqPostTags.updatedAt", "SqPostTags"."SqPostId" AS "SqPostTags.SqPostId", "SqPostTags"."SqTagId" AS "SqPostTags.SqTagId" FROM "SqTags" AS "SqTag" INNER JOIN "SqPostTags" AS "SqPostTags" ON "SqTag"."id" = "SqPostTags"."SqTagId" AND "SqPostTags"."SqPostId" = 1;

SELECT "createdAt", "updatedAt", "SqPostId", "SqTagId" FROM "SqPostTags" AS "SqPostTags" WHERE "SqPostTags"."SqPostId" = 1;

SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type LIKE '%TABLE' AND table_name != 'spatial_ref_sys';

SELECT schema_name FROM information_schema.schemata WHERE schema_name <> 'information_schema' AND schema_name != 'public' AND schema_name !~ E'^pg_';

SELECT * FROM "SqUsers" WHERE id = 1

SELECT * FROM "SqUsers" WHERE id = $1

== other
SET client_min_messages TO warning;SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE;

CREATE TABLE IF NOT EXISTS "SqUsers" ("id"   SERIAL , "name" VARCHAR(255), "age" INTEGER, "doc" JSONB, "tags" TEXT[], "kind" "public"."enum_SqUsers_kind", "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL, "updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY ("id"));

CREATE INDEX "sq_users_name" ON "SqUsers" ("name")

CREATE TABLE IF NOT EXISTS "SqPosts" ("id"   SERIAL , "title" TEXT, "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL, "updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL, "SqUserId" INTEGER REFERENCES "SqUsers" ("id") ON DELETE SET NULL ON UPDATE CASCADE, PRIMARY KEY ("id"));

CREATE TABLE IF NOT EXISTS "SqTags" ("id"   SERIAL , "n" VARCHAR(255), "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL, "updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY ("id"));

CREATE TABLE IF NOT EXISTS "SqPostTags" ("createdAt" TIMESTAMP WITH TIME ZONE NOT NULL, "updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL, "SqPostId" INTEGER  REFERENCES "SqPosts" ("id") ON DELETE CASCADE ON UPDATE CASCADE, "SqTagId" INTEGER  REFERENCES "SqTags" ("id") ON DELETE CASCADE ON UPDATE CASCADE, PRIMARY KEY ("SqPostId","SqTagId"));

INSERT INTO "SqUsers" ("id","name","age","doc","tags","kind","createdAt","updatedAt") VALUES (DEFAULT,$1,$2,$3,$4,$5,$6,$7) RETURNING "id","name","age","doc","tags","kind","createdAt","updatedAt";

INSERT INTO "SqUsers" ("id","name","createdAt","updatedAt") VALUES (DEFAULT,'b','2026-11-25 02:31:22.721 +00:00','2026-11-25 02:31:22.721 +00:00'),(DEFAULT,'c','2026-11-25 02:31:22.721 +00:00','2026-11-25 02:31:22.721 +00:00') RETURNING "id","name","age","doc","tags","kind","createdAt","updatedAt";

INSERT INTO "SqUsers" ("id","name","createdAt","updatedAt") VALUES (1,'b','2026-11-25 02:31:22.723 +00:00','2026-11-25 02:31:22.723 +00:00') ON CONFLICT ("id") DO UPDATE SET "name"=EXCLUDED."name" RETURNING "id","name","age","doc","tags","kind","createdAt","updatedAt";

INSERT INTO "SqUsers" ("id","name","createdAt","updatedAt") VALUES (1,'b','2026-11-25 02:31:22.728 +00:00','2026-11-25 02:31:22.728 +00:00') ON CONFLICT DO NOTHING RETURNING "id","name","age","doc","tags","kind","createdAt","updatedAt";

INSERT INTO "SqUsers" ("id","name","createdAt","updatedAt") VALUES ($1,$2,$3,$4) ON CONFLICT ("id") DO UPDATE SET "id"=EXCLUDED."id","name"=EXCLUDED."name","updatedAt"=EXCLUDED."updatedAt" RETURNING "id","name","age","doc","tags","kind","createdAt","updatedAt";

UPDATE "SqUsers" SET "age"=$1,"updatedAt"=$2 WHERE "id" = $3

UPDATE "SqUsers" SET "age"="age"+ 2,"updatedAt"='2026-11-25 02:31:22.738 +00:00' WHERE "id" = 1 RETURNING *

UPDATE "SqUsers" SET "age"=$1,"updatedAt"=$2 WHERE "name" = $3

UPDATE "SqUsers" SET "age"=$1,"updatedAt"=$2 WHERE "id" IN (1, 2) RETURNING "id","name","age","doc","tags","kind","createdAt","updatedAt"

INSERT INTO "SqPosts" ("id","title","createdAt","updatedAt","SqUserId") VALUES (DEFAULT,$1,$2,$3,$4) RETURNING "id","title","createdAt","updatedAt","SqUserId";

INSERT INTO "SqTags" ("id","n","createdAt","updatedAt") VALUES (DEFAULT,$1,$2,$3) RETURNING "id","n","createdAt","updatedAt";

INSERT INTO "SqPostTags" ("createdAt","updatedAt","SqPostId","SqTagId") VALUES ('2026-11-25 02:31:22.786 +00:00','2026-11-25 02:31:22.786 +00:00',1,1) RETURNING "createdAt","updatedAt","SqPostId","SqTagId";

DELETE FROM "SqPostTags" WHERE "SqPostId" = 1 AND "SqTagId" IN (1)

DELETE FROM "SqPosts" WHERE "id" = 99

SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;

SELECT "id", "name", "age", "doc", "tags", "kind", "createdAt", "updatedAt" FROM "SqUsers" AS "SqUser" FOR UPDATE SKIP LOCKED;

INSERT INTO "SqUsers" ("id","name","createdAt","updatedAt") VALUES (DEFAULT,$1,$2,$3) RETURNING "id","name","age","doc","tags","kind","createdAt","updatedAt";

SAVEPOINT "e5638f21-96e1-4908-afb6-c21f49f23727-sp-1";

DELETE FROM "SqUsers" WHERE "id" = 1
