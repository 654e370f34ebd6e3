# TypeORM: synchronisation, repositories, query builders.
== reads
SELECT version()

SELECT * FROM current_schema()

START TRANSACTION

SELECT * FROM current_database()

SELECT "table_schema", "table_name", obj_description((quote_ident("table_schema") || '.' || quote_ident("table_name"))::regclass, 'pg_class') AS table_comment FROM "information_schema"."tables" WHERE ("table_schema" = 'public' AND "table_name" = 'to_user') OR ("table_schema" = 'public' AND "table_name" = 'to_photo') OR ("table_schema" = 'public' AND "table_name" = 'to_tag') OR ("table_schema" = 'public' AND "table_name" = 'to_photo_tags_to_tag')

SELECT * FROM "information_schema"."tables" WHERE "table_schema" = $1 AND "table_name" = $2

SELECT TRUE FROM information_schema.columns WHERE table_name = 'pg_class' and column_name = 'relispartition'

SELECT columns.*, pg_catalog.col_description((quote_ident(table_catalog) || '.' || quote_ident(table_schema) || '.' || quote_ident(table_name))::regclass::oid, ordinal_position) AS description, ('"' || "udt_schema" || '"."' || "udt_name" || '"')::"regtype"::text AS "regtype", pg_catalog.format_type("col_attr"."atttypid", "col_attr"."atttypmod") AS "format_type" FROM "information_schema"."columns" LEFT JOIN "pg_catalog"."pg_attribute" AS "col_attr" ON "col_attr"."attname" = "columns"."column_name" AND "col_attr"."attrelid" = ( SELECT "cls"."oid" FROM "pg_catalog"."pg_class" AS "cls" LEFT JOIN "pg_catalog"."pg_namespace" AS "ns" ON "ns"."oid" = "cls"."relnamespace" WHERE "cls"."relname" = "columns"."table_name" AND "ns"."nspname" = "columns"."table_schema" ) WHERE ("table_schema" = 'public' AND "table_name" = 'to_photo_tags_to_tag') OR ("table_schema" = 'public' AND "table_name" = 'to_user') OR ("table_schema" = 'public' AND "table_name" = 'to_photo') OR ("table_schema" = 'public' AND "table_name" = 'to_tag')

SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "cnst"."conname" AS "constraint_name", pg_get_constraintdef("cnst"."oid") AS "expression", CASE "cnst"."contype" WHEN 'p' THEN 'PRIMARY' WHEN 'u' THEN 'UNIQUE' WHEN 'c' THEN 'CHECK' WHEN 'x' THEN 'EXCLUDE' END AS "constraint_type", "a"."attname" AS "column_name" FROM "pg_constraint" "cnst" INNER JOIN "pg_class" "t" ON "t"."oid" = "cnst"."conrelid" INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "cnst"."connamespace" LEFT JOIN "pg_attribute" "a" ON "a"."attrelid" = "cnst"."conrelid" AND "a"."attnum" = ANY ("cnst"."conkey") WHERE "t"."relkind" IN ('r', 'p') AND (("ns"."nspname" = 'public' AND "t"."relname" = 'to_photo_tags_to_tag') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'to_user') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'to_photo') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'to_tag'))

SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "i"."relname" AS "constraint_name", "a"."attname" AS "column_name", CASE "ix"."indisunique" WHEN 't' THEN 'TRUE' ELSE'FALSE' END AS "is_unique", pg_get_expr("ix"."indpred", "ix"."indrelid") AS "condition", "types"."typname" AS "type_name", "am"."amname" AS "index_type" FROM "pg_class" "t" INNER JOIN "pg_index" "ix" ON "ix"."indrelid" = "t"."oid" INNER JOIN "pg_attribute" "a" ON "a"."attrelid" = "t"."oid"  AND "a"."attnum" = ANY ("ix"."indkey") INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "t"."relnamespace" INNER JOIN "pg_class" "i" ON "i"."oid" = "ix"."indexrelid" INNER JOIN "pg_type" "types" ON "types"."oid" = "a"."atttypid" INNER JOIN "pg_am" "am" ON "i"."relam" = "am"."oid" LEFT JOIN "pg_constraint" "cnst" ON "cnst"."conname" = "i"."relname" WHERE "t"."relkind" IN ('r', 'p') AND "cnst"."contype" IS NULL AND (("ns"."nspname" = 'public' AND "t"."relname" = 'to_photo_tags_to_tag') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'to_user') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'to_photo') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'to_tag'))

SELECT "con"."conname" AS "constraint_name", "con"."nspname" AS "table_schema", "con"."relname" AS "table_name", "att2"."attname" AS "column_name", "ns"."nspname" AS "referenced_table_schema", "cl"."relname" AS "referenced_table_name", "att"."attname" AS "referenced_column_name", "con"."confdeltype" AS "on_delete", "con"."confupdtype" AS "on_update", "con"."condeferrable" AS "deferrable", "con"."condeferred" AS "deferred" FROM ( SELECT UNNEST ("con1"."conkey") AS "parent", UNNEST ("con1"."confkey") AS "child", "con1"."confrelid", "con1"."conrelid", "con1"."conname", "con1"."contype", "ns"."nspname", "cl"."relname", "con1"."condeferrable", CASE WHEN "con1"."condeferred" THEN 'INITIALLY DEFERRED' ELSE 'INITIALLY IMMEDIATE' END as condeferred, CASE "con1"."confdeltype" WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END as "confdeltype", CASE "con1"."confupdtype" WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END as "confupdtype" FROM "pg_class" "cl" INNER JOIN "pg_namespace" "ns" ON "cl"."relnamespace" = "ns"."oid" INNER JOIN "pg_constraint" "con1" ON "con1"."conrelid" = "cl"."oid" WHERE "con1"."contype" = 'f' AND (("ns"."nspname" = 'public' AND "cl"."relname" = 'to_photo_tags_to_tag') OR ("ns"."nspname" = 'public' AND "cl"."relname" = 'to_user') OR ("ns"."nspname" = 'public' AND "cl"."relname" = 'to_photo') OR ("ns"."nspname" = 'public' AND "cl"."relname" = 'to_tag')) ) "con" INNER JOIN "pg_attribute" "att" ON "att"."attrelid" = "con"."confrelid" AND "att"."attnum" = "con"."child" INNER JOIN "pg_class" "cl" ON "cl"."oid" = "con"."confrelid"  AND "cl"."relispartition" = 'f'INNER JOIN "pg_namespace" "ns" ON "cl"."relnamespace" = "ns"."oid" INNER JOIN "pg_attribute" "att2" ON "att2"."attrelid" = "con"."conrelid" AND "att2"."attnum" = "con"."parent"

SELECT "ToUser"."id" AS "ToUser_id", "ToUser"."name" AS "ToUser_name", "ToUser"."age" AS "ToUser_age", "ToUser"."doc" AS "ToUser_doc", "ToUser"."at" AS "ToUser_at", "ToUser"."dead" AS "ToUser_dead" FROM "to_user" "ToUser" WHERE "ToUser"."id" = $1

SELECT "ToUser"."id" AS "ToUser_id", "ToUser"."name" AS "ToUser_name", "ToUser"."age" AS "ToUser_age", "ToUser"."doc" AS "ToUser_doc", "ToUser"."at" AS "ToUser_at", "ToUser"."dead" AS "ToUser_dead" FROM "to_user" "ToUser" WHERE "ToUser"."dead" IS NULL

SELECT "ToUser"."id" AS "ToUser_id", "ToUser"."name" AS "ToUser_name", "ToUser"."age" AS "ToUser_age", "ToUser"."doc" AS "ToUser_doc", "ToUser"."at" AS "ToUser_at", "ToUser"."dead" AS "ToUser_dead" FROM "to_user" "ToUser" WHERE ( (("ToUser"."name" LIKE $1) AND ("ToUser"."age" > $2)) ) AND ( "ToUser"."dead" IS NULL ) ORDER BY "ToUser"."id" DESC LIMIT 3 OFFSET 1

SELECT "ToUser"."id" AS "ToUser_id", "ToUser"."name" AS "ToUser_name", "ToUser"."age" AS "ToUser_age", "ToUser"."doc" AS "ToUser_doc", "ToUser"."at" AS "ToUser_at", "ToUser"."dead" AS "ToUser_dead", "ToUser__ToUser_photos"."id" AS "ToUser__ToUser_photos_id", "ToUser__ToUser_photos"."url" AS "ToUser__ToUser_photos_url", "ToUser__ToUser_photos"."userId" AS "ToUser__ToUser_photos_userId" FROM "to_user" "ToUser" LEFT JOIN "to_photo" "ToUser__ToUser_photos" ON "ToUser__ToUser_photos"."userId"="ToUser"."id" WHERE "ToUser"."dead" IS NULL

SELECT DISTINCT "distinctAlias"."ToUser_id" AS "ids_ToUser_id" FROM (SELECT "ToUser"."id" AS "ToUser_id", "ToUser"."name" AS "ToUser_name", "ToUser"."age" AS "ToUser_age", "ToUser"."doc" AS "ToUser_doc", "ToUser"."at" AS "ToUser_at", "ToUser"."dead" AS "ToUser_dead", "ToUser__ToUser_photos"."id" AS "ToUser__ToUser_photos_id", "ToUser__ToUser_photos"."url" AS "ToUser__ToUser_photos_url", "ToUser__ToUser_photos"."userId" AS "ToUser__ToUser_photos_userId" FROM "to_user" "ToUser" LEFT JOIN "to_photo" "ToUser__ToUser_photos" ON "ToUser__ToUser_photos"."userId"="ToUser"."id" WHERE "ToUser"."dead" IS NULL) "distinctAlias" ORDER BY "ToUser_id" ASC LIMIT 2

SELECT "ToUser"."id" AS "ToUser_id", "ToUser"."name" AS "ToUser_name", "ToUser"."age" AS "ToUser_age", "ToUser"."doc" AS "ToUser_doc", "ToUser"."at" AS "ToUser_at", "ToUser"."dead" AS "ToUser_dead", "ToUser__ToUser_photos"."id" AS "ToUser__ToUser_photos_id", "ToUser__ToUser_photos"."url" AS "ToUser__ToUser_photos_url", "ToUser__ToUser_photos"."userId" AS "ToUser__ToUser_photos_userId" FROM "to_user" "ToUser" LEFT JOIN "to_photo" "ToUser__ToUser_photos" ON "ToUser__ToUser_photos"."userId"="ToUser"."id" WHERE ( "ToUser"."dead" IS NULL ) AND ( "ToUser"."id" IN (1) )

SELECT "ToPhoto"."id" AS "ToPhoto_id", "ToPhoto"."url" AS "ToPhoto_url", "ToPhoto"."userId" AS "ToPhoto_userId", "ToPhoto__ToPhoto_user"."id" AS "ToPhoto__ToPhoto_user_id", "ToPhoto__ToPhoto_user"."name" AS "ToPhoto__ToPhoto_user_name", "ToPhoto__ToPhoto_user"."age" AS "ToPhoto__ToPhoto_user_age", "ToPhoto__ToPhoto_user"."doc" AS "ToPhoto__ToPhoto_user_doc", "ToPhoto__ToPhoto_user"."at" AS "ToPhoto__ToPhoto_user_at", "ToPhoto__ToPhoto_user"."dead" AS "ToPhoto__ToPhoto_user_dead", "ToPhoto__ToPhoto_tags"."id" AS "ToPhoto__ToPhoto_tags_id", "ToPhoto__ToPhoto_tags"."n" AS "ToPhoto__ToPhoto_tags_n" FROM "to_photo" "ToPhoto" LEFT JOIN "to_user" "ToPhoto__ToPhoto_user" ON "ToPhoto__ToPhoto_user"."id"="ToPhoto"."userId" AND ("ToPhoto__ToPhoto_user"."dead" IS NULL)  LEFT JOIN "to_photo_tags_to_tag" "ToPhoto_ToPhoto__ToPhoto_tags" ON "ToPhoto_ToPhoto__ToPhoto_tags"."toPhotoId"="ToPhoto"."id" LEFT JOIN "to_tag" "ToPhoto__ToPhoto_tags" ON "ToPhoto__ToPhoto_tags"."id"="ToPhoto_ToPhoto__ToPhoto_tags"."toTagId"

SELECT "ToUser"."id" AS "ToUser_id", "ToUser"."name" AS "ToUser_name", "ToUser"."age" AS "ToUser_age", "ToUser"."doc" AS "ToUser_doc", "ToUser"."at" AS "ToUser_at", "ToUser"."dead" AS "ToUser_dead" FROM "to_user" "ToUser" WHERE ( (("ToUser"."id" = $1)) ) AND ( "ToUser"."dead" IS NULL ) LIMIT 1

SELECT "ToUser"."id" AS "ToUser_id", "ToUser"."name" AS "ToUser_name", "ToUser"."age" AS "ToUser_age", "ToUser"."doc" AS "ToUser_doc", "ToUser"."at" AS "ToUser_at", "ToUser"."dead" AS "ToUser_dead" FROM "to_user" "ToUser" WHERE ( (("ToUser"."id" IN ($1, $2)) AND ("ToUser"."age" BETWEEN $3 AND $4)) ) AND ( "ToUser"."dead" IS NULL )

SELECT "ToUser"."id" AS "ToUser_id", "ToUser"."name" AS "ToUser_name", "ToUser"."age" AS "ToUser_age", "ToUser"."doc" AS "ToUser_doc", "ToUser"."at" AS "ToUser_at", "ToUser"."dead" AS "ToUser_dead" FROM "to_user" "ToUser" WHERE ( (((("ToUser"."name" ILIKE $1))) OR ((("ToUser"."age" IS NULL))) OR ((("ToUser"."age" != $2)))) ) AND ( "ToUser"."dead" IS NULL )

SELECT COUNT(1) AS "cnt" FROM "to_user" "ToUser" WHERE "ToUser"."dead" IS NULL

SELECT "ToUser"."id" AS "ToUser_id", "ToUser"."name" AS "ToUser_name", "ToUser"."age" AS "ToUser_age", "ToUser"."doc" AS "ToUser_doc", "ToUser"."at" AS "ToUser_at", "ToUser"."dead" AS "ToUser_dead" FROM "to_user" "ToUser" WHERE "ToUser"."dead" IS NULL LIMIT 1

SELECT 1 AS "row_exists" FROM (SELECT 1 AS dummy_column) "dummy_table" WHERE EXISTS (SELECT 1 FROM "to_user" "ToUser" WHERE ( (("ToUser"."id" = $1)) ) AND ( "ToUser"."dead" IS NULL )) LIMIT 1

SELECT "ToPhoto"."id" AS "ToPhoto_id", "ToPhoto"."url" AS "ToPhoto_url", "ToPhoto"."userId" AS "ToPhoto_userId" FROM "to_photo" "ToPhoto" WHERE "ToPhoto"."id" = $1

SELECT "ToPhoto_tags_rid"."toTagId" AS "toTagId", "ToPhoto_tags_rid"."toPhotoId" AS "toPhotoId" FROM "to_tag" "to_tag" INNER JOIN "to_photo_tags_to_tag" "ToPhoto_tags_rid" ON ("ToPhoto_tags_rid"."toPhotoId" = $1 AND "ToPhoto_tags_rid"."toTagId" = "to_tag"."id") ORDER BY "ToPhoto_tags_rid"."toTagId" ASC, "ToPhoto_tags_rid"."toPhotoId" ASC

SELECT "u"."id" AS "u_id", "u"."name" AS "u_name", "u"."age" AS "u_age", "u"."doc" AS "u_doc", "u"."at" AS "u_at", "u"."dead" AS "u_dead", "ph"."id" AS "ph_id", "ph"."url" AS "ph_url", "ph"."userId" AS "ph_userId" FROM "to_user" "u" LEFT JOIN "to_photo" "ph" ON "ph"."userId"="u"."id" WHERE ( "u"."name" = $1 ) AND ( "u"."dead" IS NULL ) ORDER BY "u"."id" ASC

SELECT "u"."name" AS "name", COUNT(*) AS "n" FROM "to_user" "u" WHERE "u"."dead" IS NULL GROUP BY "u"."name" HAVING COUNT(*) > 0

SELECT "u"."id" AS "u_id", "u"."name" AS "u_name", "u"."age" AS "u_age", "u"."doc" AS "u_doc", "u"."at" AS "u_at", "u"."dead" AS "u_dead" FROM "to_user" "u" WHERE ( "u"."id" IN (SELECT "x"."id" AS "x_id" FROM "to_user" "x" WHERE ( "x"."age" > 1 ) AND ( "x"."dead" IS NULL )) ) AND ( "u"."dead" IS NULL )

SELECT "table_schema", "table_name", obj_description((quote_ident("table_schema") || '.' || quote_ident("table_name"))::regclass, 'pg_class') AS table_comment FROM "information_schema"."tables" WHERE ("table_schema" = 'public' AND "table_name" = 'orders') OR ("table_schema" = 'public' AND "table_name" = 'to_user')

SELECT columns.*, pg_catalog.col_description((quote_ident(table_catalog) || '.' || quote_ident(table_schema) || '.' || quote_ident(table_name))::regclass::oid, ordinal_position) AS description, ('"' || "udt_schema" || '"."' || "udt_name" || '"')::"regtype"::text AS "regtype", pg_catalog.format_type("col_attr"."atttypid", "col_attr"."atttypmod") AS "format_type" FROM "information_schema"."columns" LEFT JOIN "pg_catalog"."pg_attribute" AS "col_attr" ON "col_attr"."attname" = "columns"."column_name" AND "col_attr"."attrelid" = ( SELECT "cls"."oid" FROM "pg_catalog"."pg_class" AS "cls" LEFT JOIN "pg_catalog"."pg_namespace" AS "ns" ON "ns"."oid" = "cls"."relnamespace" WHERE "cls"."relname" = "columns"."table_name" AND "ns"."nspname" = "columns"."table_schema" ) WHERE ("table_schema" = 'public' AND "table_name" = 'orders') OR ("table_schema" = 'public' AND "table_name" = 'to_user')

SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "cnst"."conname" AS "constraint_name", pg_get_constraintdef("cnst"."oid") AS "expression", CASE "cnst"."contype" WHEN 'p' THEN 'PRIMARY' WHEN 'u' THEN 'UNIQUE' WHEN 'c' THEN 'CHECK' WHEN 'x' THEN 'EXCLUDE' END AS "constraint_type", "a"."attname" AS "column_name" FROM "pg_constraint" "cnst" INNER JOIN "pg_class" "t" ON "t"."oid" = "cnst"."conrelid" INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "cnst"."connamespace" LEFT JOIN "pg_attribute" "a" ON "a"."attrelid" = "cnst"."conrelid" AND "a"."attnum" = ANY ("cnst"."conkey") WHERE "t"."relkind" IN ('r', 'p') AND (("ns"."nspname" = 'public' AND "t"."relname" = 'orders') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'to_user'))

SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "i"."relname" AS "constraint_name", "a"."attname" AS "column_name", CASE "ix"."indisunique" WHEN 't' THEN 'TRUE' ELSE'FALSE' END AS "is_unique", pg_get_expr("ix"."indpred", "ix"."indrelid") AS "condition", "types"."typname" AS "type_name", "am"."amname" AS "index_type" FROM "pg_class" "t" INNER JOIN "pg_index" "ix" ON "ix"."indrelid" = "t"."oid" INNER JOIN "pg_attribute" "a" ON "a"."attrelid" = "t"."oid"  AND "a"."attnum" = ANY ("ix"."indkey") INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "t"."relnamespace" INNER JOIN "pg_class" "i" ON "i"."oid" = "ix"."indexrelid" INNER JOIN "pg_type" "types" ON "types"."oid" = "a"."atttypid" INNER JOIN "pg_am" "am" ON "i"."relam" = "am"."oid" LEFT JOIN "pg_constraint" "cnst" ON "cnst"."conname" = "i"."relname" WHERE "t"."relkind" IN ('r', 'p') AND "cnst"."contype" IS NULL AND (("ns"."nspname" = 'public' AND "t"."relname" = 'orders') OR ("ns"."nspname" = 'public' AND "t"."relname" = 'to_user'))

SELECT "con"."conname" AS "constraint_name", "con"."nspname" AS "table_schema", "con"."relname" AS "table_name", "att2"."attname" AS "column_name", "ns"."nspname" AS "referenced_table_schema", "cl"."relname" AS "referenced_table_name", "att"."attname" AS "referenced_column_name", "con"."confdeltype" AS "on_delete", "con"."confupdtype" AS "on_update", "con"."condeferrable" AS "deferrable", "con"."condeferred" AS "deferred" FROM ( SELECT UNNEST ("con1"."conkey") AS "parent", UNNEST ("con1"."confkey") AS "child", "con1"."confrelid", "con1"."conrelid", "con1"."conname", "con1"."contype", "ns"."nspname", "cl"."relname", "con1"."condeferrable", CASE WHEN "con1"."condeferred" THEN 'INITIALLY DEFERRED' ELSE 'INITIALLY IMMEDIATE' END as condeferred, CASE "con1"."confdeltype" WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END as "confdeltype", CASE "con1"."confupdtype" WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END as "confupdtype" FROM "pg_class" "cl" INNER JOIN "pg_namespace" "ns" ON "cl"."relnamespace" = "ns"."oid" INNER JOIN "pg_constraint" "con1" ON "con1"."conrelid" = "cl"."oid" WHERE "con1"."contype" = 'f' AND (("ns"."nspname" = 'public' AND "cl"."relname" = 'orders') OR ("ns"."nspname" = 'public' AND "cl"."relname" = 'to_user')) ) "con" INNER JOIN "pg_attribute" "att" ON "att"."attrelid" = "con"."confrelid" AND "att"."attnum" = "con"."child" INNER JOIN "pg_class" "cl" ON "cl"."oid" = "con"."confrelid"  AND "cl"."relispartition" = 'f'INNER JOIN "pg_namespace" "ns" ON "cl"."relnamespace" = "ns"."oid" INNER JOIN "pg_attribute" "att2" ON "att2"."attrelid" = "con"."conrelid" AND "att2"."attnum" = "con"."parent"

SELECT * FROM "information_schema"."columns" WHERE "table_schema" = $1 AND "table_name" = $2 AND "column_name" = $3

== other
CREATE TABLE "to_user" ("id" SERIAL NOT NULL, "name" character varying NOT NULL, "age" integer, "doc" jsonb, "at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), "dead" TIMESTAMP WITH TIME ZONE, CONSTRAINT "PK_3f59ef7cf83906bf9c2520d9ebd" PRIMARY KEY ("id"))

CREATE TABLE "to_photo" ("id" uuid NOT NULL DEFAULT uuid_generate_v4(), "url" text NOT NULL, "userId" integer, CONSTRAINT "PK_308d7331781a876e382210b8d30" PRIMARY KEY ("id"))

CREATE TABLE "to_tag" ("id" SERIAL NOT NULL, "n" character varying NOT NULL, CONSTRAINT "UQ_42cec1fe7367a43040861bac21c" UNIQUE ("n"), CONSTRAINT "PK_95c4bbe92511c1a529f5bab299c" PRIMARY KEY ("id"))

CREATE TABLE "to_photo_tags_to_tag" ("toPhotoId" uuid NOT NULL, "toTagId" integer NOT NULL, CONSTRAINT "PK_0bce3b2111a1be0917d83fe09b7" PRIMARY KEY ("toPhotoId", "toTagId"))

CREATE INDEX "IDX_e132854964afec6588cdcdeb6e" ON "to_photo_tags_to_tag"  ("toPhotoId")

CREATE INDEX "IDX_9a98839ff5dabf75a29f27be16" ON "to_photo_tags_to_tag"  ("toTagId")

INSERT INTO "to_user"("name", "age", "doc", "at", "dead") VALUES ($1, $2, $3, DEFAULT, DEFAULT) RETURNING "id", "at", "dead"

INSERT INTO "to_tag"("n") VALUES ($1) RETURNING "id"

INSERT INTO "to_photo"("id", "url", "userId") VALUES (DEFAULT, $1, $2) RETURNING "id"

INSERT INTO "to_photo_tags_to_tag"("toPhotoId", "toTagId") VALUES ($1, $2)

UPDATE "to_user" SET "name" = $1 WHERE "id" = $2

UPDATE "to_user" SET "age" = $1 WHERE "id" = $2

UPDATE "to_user" SET "age" = "age" + 1 WHERE "id" = $1

INSERT INTO "to_user"("name", "age", "doc", "at", "dead") VALUES ($1, DEFAULT, DEFAULT, DEFAULT, DEFAULT) ON CONFLICT ( "id" ) DO UPDATE SET "id" = EXCLUDED."id", "name" = EXCLUDED."name" RETURNING "id", "at", "dead"

INSERT INTO "to_user"("name", "age", "doc", "at", "dead") VALUES ($1, DEFAULT, DEFAULT, DEFAULT, DEFAULT), ($2, DEFAULT, DEFAULT, DEFAULT, DEFAULT) RETURNING "id", "at", "dead"

UPDATE "to_user" SET "dead" = CURRENT_TIMESTAMP WHERE "id" = $1 AND "dead" IS NULL

UPDATE "to_user" SET "dead" = NULL WHERE "id" = $1 AND "dead" IS NOT NULL

DELETE FROM "to_user" WHERE "id" = $1

DELETE FROM "to_photo_tags_to_tag" WHERE ("toPhotoId" = $1 AND "toTagId" = $2)

DELETE FROM "to_photo" WHERE "id" = $1

INSERT INTO "to_user" AS "ToUser"("name", "age", "doc", "at", "dead") VALUES ($1, DEFAULT, DEFAULT, DEFAULT, DEFAULT) ON CONFLICT DO NOTHING  RETURNING "id", "at", "dead"

UPDATE "to_user" SET "age" = "age" + 1 WHERE "id" = $1 RETURNING *

SELECT "ToUser"."id" AS "ToUser_id", "ToUser"."name" AS "ToUser_name", "ToUser"."age" AS "ToUser_age", "ToUser"."doc" AS "ToUser_doc", "ToUser"."at" AS "ToUser_at", "ToUser"."dead" AS "ToUser_dead" FROM "to_user" "ToUser" WHERE ( (("ToUser"."id" = $1)) ) AND ( "ToUser"."dead" IS NULL ) FOR UPDATE

SAVEPOINT typeorm_1

RELEASE SAVEPOINT typeorm_1

SET TRANSACTION ISOLATION LEVEL SERIALIZABLE

SELECT "ToUser"."id" AS "ToUser_id", "ToUser"."name" AS "ToUser_name", "ToUser"."age" AS "ToUser_age", "ToUser"."doc" AS "ToUser_doc", "ToUser"."at" AS "ToUser_at", "ToUser"."dead" AS "ToUser_dead" FROM "to_user" "ToUser" WHERE "ToUser"."dead" IS NULL FOR SHARE
