# peewee and its introspection.
== reads
SELECT "t1"."id", "t1"."name", "t1"."n" FROM "pw_person" AS "t1" INNER JOIN "pw_pet" AS "t2" ON ("t2"."p_id" = "t1"."id") WHERE ("t2"."t" = 'd')

SELECT "t1"."name", COUNT("t2"."id") FROM "pw_person" AS "t1" LEFT OUTER JOIN "pw_pet" AS "t2" ON ("t2"."p_id" = "t1"."id") GROUP BY "t1"."name"

SELECT "t1"."id", "t1"."name", "t1"."n" FROM "pw_person" AS "t1" WHERE ("t1"."name" = 'q') LIMIT 1 OFFSET 0

SELECT "t1"."id", "t1"."name", "t1"."n" FROM "pw_person" AS "t1" WHERE ("t1"."id" = 1) LIMIT 1 OFFSET 0

SELECT COUNT(1) FROM (SELECT 1 FROM "pw_person" AS "t1") AS "_wrapped" LIMIT 1

SELECT EXISTS(SELECT 1 FROM "pw_person" AS "t1") LIMIT 1

SELECT "t1"."id", "t1"."name", "t1"."n" FROM "pw_person" AS "t1" ORDER BY Random() LIMIT 1

SELECT "t1"."id", "t1"."p_id", "t1"."t" FROM "pw_pet" AS "t1" WHERE ("t1"."p_id" IN (SELECT "t2"."id" FROM "pw_person" AS "t2"))

SELECT "t1"."id", "t1"."name", "t1"."n" FROM "pw_person" AS "t1"

SELECT "t1"."name", ROW_NUMBER() OVER (PARTITION BY "t1"."name" ORDER BY "t1"."n") FROM "pw_person" AS "t1"

SELECT "t1"."id", "t1"."name", "t1"."n" FROM "pw_person" AS "t1" LIMIT 10 OFFSET 10

SELECT "t1"."id", "t1"."name", "t1"."n" FROM "pw_person" AS "t1" WHERE (("t1"."name" ILIKE '%a%') OR ("t1"."n" BETWEEN 1 AND 3))

SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = COALESCE(NULL, current_schema()) ORDER BY tablename

            SELECT c.column_name, c.is_nullable, c.data_type,
                c.column_default,
                pg_catalog.format_type(a.atttypid, a.atttypmod),
                c.is_identity
            FROM information_schema.columns AS c
            INNER JOIN pg_catalog.pg_namespace AS n
                ON (n.nspname = c.table_schema)
            INNER JOIN pg_catalog.pg_class AS t
                ON (t.relname = c.table_name AND t.relnamespace = n.oid)
            INNER JOIN pg_catalog.pg_attribute AS a
                ON (a.attrelid = t.oid AND a.attname = c.column_name)
            WHERE c.table_name = 'orders'
                AND c.table_schema = COALESCE(NULL, current_schema())
                AND NOT a.attisdropped
            ORDER BY c.ordinal_position

            SELECT kc.column_name
            FROM information_schema.table_constraints AS tc
            INNER JOIN information_schema.key_column_usage AS kc ON (
                tc.table_name = kc.table_name AND
                tc.table_schema = kc.table_schema AND
                tc.constraint_name = kc.constraint_name)
            WHERE
                tc.constraint_type = 'PRIMARY KEY' AND
                tc.table_name = 'orders' AND
                tc.table_schema = COALESCE(NULL, current_schema())
            ORDER BY kc.ordinal_position

            SELECT
                i.relname, idxs.indexdef, idx.indisunique,
                ARRAY(
                    SELECT pg_get_indexdef(idx.indexrelid, k + 1, TRUE)
                    FROM generate_subscripts(idx.indkey, 1) AS k
                    ORDER BY k)
            FROM pg_catalog.pg_class AS t
            INNER JOIN pg_catalog.pg_namespace AS n ON t.relnamespace = n.oid
            INNER JOIN pg_catalog.pg_index AS idx ON t.oid = idx.indrelid
            INNER JOIN pg_catalog.pg_class AS i ON idx.indexrelid = i.oid
            INNER JOIN pg_catalog.pg_indexes AS idxs ON (
                idxs.tablename = t.relname
                AND idxs.indexname = i.relname
                AND idxs.schemaname = n.nspname)
            WHERE t.relname = 'orders' AND t.relkind = 'r'
                AND n.nspname = COALESCE(NULL, current_schema())
            ORDER BY idx.indisunique DESC, i.relname;

            SELECT DISTINCT
                kcu.column_name, ccu.table_name, ccu.column_name,
                tc.constraint_name, rc.delete_rule, rc.update_rule
            FROM information_schema.table_constraints AS tc
            JOIN information_schema.key_column_usage AS kcu
                ON (tc.constraint_name = kcu.constraint_name AND
                    tc.constraint_schema = kcu.constraint_schema AND
                    tc.table_name = kcu.table_name AND
                    tc.table_schema = kcu.table_schema)
            JOIN information_schema.constraint_column_usage AS ccu
                ON (ccu.constraint_name = tc.constraint_name AND
                    ccu.constraint_schema = tc.constraint_schema)
            JOIN information_schema.referential_constraints AS rc
                ON (rc.constraint_name = tc.constraint_name AND
                    rc.constraint_schema = tc.constraint_schema)
            WHERE
                tc.constraint_type = 'FOREIGN KEY' AND
                tc.table_name = 'orders' AND
                tc.table_schema = COALESCE(NULL, current_schema())

SELECT viewname, definition FROM pg_catalog.pg_views WHERE schemaname = COALESCE(NULL, current_schema()) ORDER BY viewname

            SELECT COUNT(*) FROM pg_class, pg_namespace
            WHERE relkind='S'
                AND pg_class.relnamespace = pg_namespace.oid
                AND relname='s2'
                AND nspname=COALESCE(NULL, current_schema())

select oid, typname, format_type(oid, NULL) from pg_type;

SELECT a.attname, a.atttypid FROM pg_catalog.pg_attribute AS a INNER JOIN pg_catalog.pg_class AS t ON a.attrelid = t.oid INNER JOIN pg_catalog.pg_namespace AS n ON t.relnamespace = n.oid WHERE t.relname = 'auth_group' AND n.nspname = COALESCE(NULL, current_schema()) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum

== other
CREATE TABLE IF NOT EXISTS "pw_person" ("id" SERIAL NOT NULL PRIMARY KEY, "name" VARCHAR(255) NOT NULL, "n" INTEGER NOT NULL)

CREATE INDEX IF NOT EXISTS "p_name" ON "pw_person" ("name")

CREATE TABLE IF NOT EXISTS "pw_pet" ("id" SERIAL NOT NULL PRIMARY KEY, "p_id" INTEGER NOT NULL, "t" TEXT NOT NULL, FOREIGN KEY ("p_id") REFERENCES "pw_person" ("id"))

CREATE INDEX IF NOT EXISTS "q_p_id" ON "pw_pet" ("p_id")

INSERT INTO "pw_person" ("name", "n") VALUES ('x', 0) RETURNING "pw_person"."id"

UPDATE "pw_person" SET "name" = 'x', "n" = 2 WHERE ("pw_person"."id" = 1)

INSERT INTO "pw_pet" ("p_id", "t") VALUES (1, 'd') RETURNING "pw_pet"."id"

INSERT INTO "pw_person" ("name", "n") VALUES ('a', 0), ('b', 0) RETURNING "pw_person"."id"

INSERT INTO "pw_person" ("id", "name", "n") VALUES (1, 'z', 0) ON CONFLICT ("id") DO UPDATE SET "name" = EXCLUDED."name" RETURNING "pw_person"."id"

UPDATE "pw_person" SET "n" = ("pw_person"."n" + 1) WHERE ("pw_person"."id" = 1)

DELETE FROM "pw_person" WHERE ("pw_person"."id" = 99)

SELECT "t1"."id", "t1"."name", "t1"."n" FROM "pw_person" AS "t1" WHERE ("t1"."name" ILIKE 'a%') FOR UPDATE

SAVEPOINT "sbe199f44a10f4843830e54e050277fe7";

RELEASE SAVEPOINT "sbe199f44a10f4843830e54e050277fe7";
