# GORM 1.31 over pgx.
== reads
SELECT count(*) FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA() AND table_name = $1 AND table_type = $2

SELECT CURRENT_DATABASE()

SELECT c.column_name, c.is_nullable = 'YES', c.udt_name, c.character_maximum_length, c.numeric_precision, c.numeric_precision_radix, c.numeric_scale, c.datetime_precision, 8 * typlen, c.column_default, pd.description, c.identity_increment FROM information_schema.columns AS c JOIN pg_type AS pgt ON c.udt_name = pgt.typname LEFT JOIN pg_catalog.pg_description as pd ON pd.objsubid = c.ordinal_position AND pd.objoid = (SELECT oid FROM pg_catalog.pg_class WHERE relname = c.table_name AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = c.table_schema)) where table_catalog = $1 AND table_schema = CURRENT_SCHEMA() AND table_name = $2

SELECT * FROM "gm_users" LIMIT  '1'

SELECT constraint_name FROM information_schema.table_constraints tc JOIN information_schema.constraint_column_usage AS ccu USING (constraint_schema, constraint_catalog, table_name, constraint_name) JOIN information_schema.columns AS c ON c.table_schema = tc.constraint_schema AND tc.table_name = c.table_name AND ccu.column_name = c.column_name WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE') AND c.table_catalog = $1 AND c.table_schema = CURRENT_SCHEMA() AND c.table_name = $2 AND constraint_type = $3

SELECT c.column_name, constraint_name, constraint_type FROM information_schema.table_constraints tc JOIN information_schema.constraint_column_usage AS ccu USING (constraint_schema, constraint_catalog, table_name, constraint_name) JOIN information_schema.columns AS c ON c.table_schema = tc.constraint_schema AND tc.table_name = c.table_name AND ccu.column_name = c.column_name WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE') AND c.table_catalog = $1 AND c.table_schema = CURRENT_SCHEMA() AND c.table_name = $2

SELECT a.attname as column_name, format_type(a.atttypid, a.atttypmod) AS data_type	FROM pg_attribute a JOIN pg_class b ON a.attrelid = b.oid AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = CURRENT_SCHEMA())	WHERE a.attnum > 0	AND NOT a.attisdropped	AND b.relname = $1

SELECT description FROM pg_catalog.pg_description WHERE objsubid = (SELECT ordinal_position FROM information_schema.columns WHERE table_schema = CURRENT_SCHEMA() AND table_name = $1 AND column_name = $2) AND objoid = (SELECT oid FROM pg_catalog.pg_class WHERE relname = $3 AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = CURRENT_SCHEMA()))

SELECT count(*) FROM pg_indexes WHERE tablename = $1 AND indexname = $2 AND schemaname = CURRENT_SCHEMA()

SELECT * FROM "gm_tags" LIMIT  '1'

SELECT * FROM "gm_user_tags" LIMIT  '1'

SELECT count(*) FROM INFORMATION_SCHEMA.table_constraints WHERE table_schema = CURRENT_SCHEMA() AND table_name = $1 AND constraint_name = $2

SELECT * FROM "gm_orders" LIMIT  '1'

SELECT * FROM "gm_users" WHERE "gm_users"."deleted_at" IS NULL ORDER BY "gm_users"."id" LIMIT $1

SELECT * FROM "gm_users" WHERE "gm_users"."deleted_at" IS NULL AND "gm_users"."id" = $1 ORDER BY "gm_users"."id" DESC LIMIT $2

SELECT * FROM "gm_users" WHERE "gm_users"."deleted_at" IS NULL AND "gm_users"."id" = $1 LIMIT $2

SELECT * FROM "gm_users" WHERE "gm_users"."id" = $1 AND "gm_users"."deleted_at" IS NULL AND "gm_users"."id" = $2 ORDER BY "gm_users"."id" LIMIT $3

SELECT * FROM "gm_users" WHERE "gm_users"."id" IN ($1,$2) AND "gm_users"."deleted_at" IS NULL

SELECT * FROM "gm_users" WHERE name = $1 AND "gm_users"."deleted_at" IS NULL

SELECT * FROM "gm_users" WHERE (name IN ($1) OR age > $2) AND "gm_users"."deleted_at" IS NULL

SELECT * FROM "gm_users" WHERE "gm_users"."name" = $1 AND "gm_users"."deleted_at" IS NULL

SELECT * FROM "gm_users" WHERE NOT name = $1 AND "gm_users"."deleted_at" IS NULL ORDER BY age desc, name LIMIT $2 OFFSET $3

SELECT "name","age" FROM "gm_users" WHERE "gm_users"."deleted_at" IS NULL

SELECT name, sum(age) as total FROM "gm_users" WHERE "gm_users"."deleted_at" IS NULL GROUP BY "name" HAVING sum(age) > $1

SELECT * FROM "gm_users" WHERE "gm_users"."deleted_at" IS NULL

SELECT * FROM "gm_orders" WHERE "gm_orders"."gm_user_id" IN ($1,$2,$3)

SELECT * FROM "gm_user_tags" WHERE "gm_user_tags"."gm_user_id" IN ($1,$2,$3)

SELECT * FROM "gm_tags" WHERE "gm_tags"."id" = $1

SELECT "gm_users"."id","gm_users"."created_at","gm_users"."updated_at","gm_users"."deleted_at","gm_users"."name","gm_users"."age" FROM "gm_users" LEFT JOIN gm_orders ON gm_orders.gm_user_id = gm_users.id WHERE "gm_users"."deleted_at" IS NULL

SELECT count(*) FROM "gm_users" WHERE age > $1 AND "gm_users"."deleted_at" IS NULL

SELECT DISTINCT "name" FROM "gm_users" WHERE "gm_users"."deleted_at" IS NULL

SELECT * FROM "gm_users"

SELECT * FROM "gm_users" WHERE "gm_users"."name" = $1 AND "gm_users"."deleted_at" IS NULL AND "gm_users"."id" = $2 ORDER BY "gm_users"."id" LIMIT $3

SELECT id, name FROM gm_users WHERE name = $1

SELECT count(*) FROM "gm_tags" JOIN "gm_user_tags" ON "gm_user_tags"."gm_tag_id" = "gm_tags"."id" AND "gm_user_tags"."gm_user_id" = $1

SELECT * FROM "gm_users" WHERE age > (SELECT AVG(age) FROM "gm_users") AND "gm_users"."deleted_at" IS NULL

SELECT count(*) FROM INFORMATION_SCHEMA.columns WHERE table_schema = CURRENT_SCHEMA() AND table_name = $1 AND column_name = $2

SELECT * FROM "orders" LIMIT  '1'

SELECT table_name FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA() AND table_type = $1

SELECT
	ct.relname AS table_name,
	ci.relname AS index_name,
	i.indisunique AS non_unique,
	i.indisprimary AS primary,
	a.attname AS column_name
FROM
	pg_index i
	LEFT JOIN pg_class ct ON ct.oid = i.indrelid
	LEFT JOIN pg_class ci ON ci.oid = i.indexrelid
	LEFT JOIN pg_attribute a ON a.attrelid = ct.oid
	LEFT JOIN pg_constraint con ON con.conindid = i.indexrelid
WHERE
	a.attnum = ANY(i.indkey)
	AND con.oid IS NULL
	AND ct.relkind = 'r'
	AND ct.relname = $1
 AND ct.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = CURRENT_SCHEMA())

== other
CREATE TABLE "gm_users" ("id" bigserial,"created_at" timestamptz,"updated_at" timestamptz,"deleted_at" timestamptz,"name" text,"age" bigint,PRIMARY KEY ("id"))

CREATE INDEX IF NOT EXISTS "idx_gm_users_name" ON "gm_users" ("name")

CREATE INDEX IF NOT EXISTS "idx_gm_users_deleted_at" ON "gm_users" ("deleted_at")

CREATE TABLE "gm_tags" ("id" bigserial,"n" text,PRIMARY KEY ("id"),CONSTRAINT "uni_gm_tags_n" UNIQUE ("n"))

CREATE TABLE "gm_user_tags" ("gm_user_id" bigint,"gm_tag_id" bigint,PRIMARY KEY ("gm_user_id","gm_tag_id"),CONSTRAINT "fk_gm_user_tags_gm_user" FOREIGN KEY ("gm_user_id") REFERENCES "gm_users"("id"),CONSTRAINT "fk_gm_user_tags_gm_tag" FOREIGN KEY ("gm_tag_id") REFERENCES "gm_tags"("id"))

CREATE TABLE "gm_orders" ("id" bigserial,"gm_user_id" bigint,"total" decimal,"at" timestamptz,PRIMARY KEY ("id"),CONSTRAINT "fk_gm_users_orders" FOREIGN KEY ("gm_user_id") REFERENCES "gm_users"("id"))

INSERT INTO "gm_users" ("created_at","updated_at","deleted_at","name","age") VALUES ($1,$2,$3,$4,$5) RETURNING "id"

INSERT INTO "gm_orders" ("gm_user_id","total","at") VALUES ($1,$2,$3) ON CONFLICT ("id") DO UPDATE SET "gm_user_id"="excluded"."gm_user_id" RETURNING "id"

INSERT INTO "gm_tags" ("n") VALUES ($1) ON CONFLICT DO NOTHING RETURNING "id"

INSERT INTO "gm_user_tags" ("gm_user_id","gm_tag_id") VALUES ($1,$2) ON CONFLICT DO NOTHING

INSERT INTO "gm_users" ("created_at","updated_at","deleted_at","name","age") VALUES ($1,$2,$3,$4,$5),($6,$7,$8,$9,$10) RETURNING "id"

UPDATE "gm_users" SET "name"=$1,"updated_at"=$2 WHERE "gm_users"."deleted_at" IS NULL AND "id" = $3

INSERT INTO "gm_orders" ("gm_user_id","total","at","id") VALUES ($1,$2,$3,$4) ON CONFLICT ("id") DO UPDATE SET "gm_user_id"="excluded"."gm_user_id" RETURNING "id"

INSERT INTO "gm_tags" ("n","id") VALUES ($1,$2) ON CONFLICT DO NOTHING RETURNING "id"

UPDATE "gm_users" SET "age"=$1,"name"=$2,"updated_at"=$3 WHERE "gm_users"."deleted_at" IS NULL AND "id" = $4

UPDATE "gm_users" SET "updated_at"=$1,"age"=$2 WHERE age < $3 AND "gm_users"."deleted_at" IS NULL

UPDATE "gm_users" SET "age"=age + $1 WHERE "gm_users"."deleted_at" IS NULL AND "id" = $2

UPDATE "gm_users" SET "created_at"=$1,"updated_at"=$2,"deleted_at"=$3,"name"=$4,"age"=$5 WHERE "gm_users"."deleted_at" IS NULL AND "id" = $6

INSERT INTO "gm_tags" ("n") VALUES ($1) ON CONFLICT ("n") DO UPDATE SET "n"="excluded"."n" RETURNING "id"

UPDATE "gm_users" SET "deleted_at"=$1 WHERE id = $2 AND "gm_users"."id" IN ($3,$4,$5) AND "gm_users"."deleted_at" IS NULL RETURNING *

UPDATE "gm_users" SET "deleted_at"=$1 WHERE "gm_users"."id" = $2 AND "gm_users"."deleted_at" IS NULL

DELETE FROM "gm_users" WHERE age = $1

INSERT INTO "gm_users" ("created_at","updated_at","deleted_at","name","age","id") VALUES ($1,$2,$3,$4,$5,$6) RETURNING "id"

UPDATE "gm_users" SET "updated_at"=$1 WHERE "gm_users"."deleted_at" IS NULL AND "id" = $2

INSERT INTO "gm_tags" ("n","id") VALUES ($1,$2),($3,DEFAULT) ON CONFLICT DO NOTHING RETURNING "id"

INSERT INTO "gm_user_tags" ("gm_user_id","gm_tag_id") VALUES ($1,$2),($3,$4) ON CONFLICT DO NOTHING

DELETE FROM "gm_user_tags" WHERE "gm_user_tags"."gm_user_id" = $1

SELECT * FROM "gm_users" WHERE "gm_users"."deleted_at" IS NULL FOR UPDATE SKIP LOCKED

SAVEPOINT sp1

ROLLBACK TO SAVEPOINT sp1

SAVEPOINT sp13098615995561377070
