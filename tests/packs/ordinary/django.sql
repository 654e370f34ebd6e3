# Django 5: migrations' own tables, models of every kind of look-up, sessions, users, introspection.
== reads
SELECT oid, typarray FROM pg_type WHERE typname = 'hstore'

            SELECT
                c.relname,
                CASE
                    WHEN c.relispartition THEN 'p'
                    WHEN c.relkind IN ('m', 'v') THEN 'v'
                    ELSE 't'
                END,
                obj_description(c.oid, 'pg_class')
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)

BEGIN

SELECT "django_migrations"."id", "django_migrations"."app", "django_migrations"."name", "django_migrations"."applied" FROM "django_migrations"

SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE "django_content_type"."app_label" = 'contenttypes'

SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'contenttypes' AND "django_content_type"."model" IN ('contenttype'))

SELECT "auth_permission"."content_type_id" AS "content_type", "auth_permission"."codename" AS "codename" FROM "auth_permission" INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_permission"."content_type_id" IN (1) ORDER BY "django_content_type"."app_label" ASC, "django_content_type"."model" ASC, 2 ASC

SELECT "django_content_type"."id", "django_content_type"."app_label", "django_content_type"."model" FROM "django_content_type" WHERE ("django_content_type"."app_label" = 'auth' AND "django_content_type"."model" IN ('permission', 'user', 'group'))

SELECT "auth_permission"."content_type_id" AS "content_type", "auth_permission"."codename" AS "codename" FROM "auth_permission" INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_permission"."content_type_id" IN (2, 3, 4) ORDER BY "django_content_type"."app_label" ASC, "django_content_type"."model" ASC, 2 ASC

SELECT "x_author"."id" AS "id" FROM "x_author" INNER JOIN "x_book_co" ON ("x_author"."id" = "x_book_co"."author_id") WHERE "x_book_co"."book_id" = 1

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book"

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" INNER JOIN "x_author" ON ("x_book"."author_id" = "x_author"."id") WHERE "x_author"."name" = 'A'

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE NOT (UPPER("x_book"."title"::text) LIKE UPPER('%x%')) ORDER BY "x_book"."price" DESC, "x_book"."title" ASC LIMIT 10

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE ("x_book"."price" >= 1 AND "x_book"."price" < 9 AND "x_book"."title"::text LIKE 'T%')

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE ("x_book"."title" = 'a' OR "x_book"."price" IN (1, 2, 3)) LIMIT 5 OFFSET 5

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active", "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags" FROM "x_book" INNER JOIN "x_author" ON ("x_book"."author_id" = "x_author"."id")

SELECT ("x_book_co"."book_id") AS "_prefetch_related_val_book_id", "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags" FROM "x_author" INNER JOIN "x_book_co" ON ("x_author"."id" = "x_book_co"."author_id") WHERE "x_book_co"."book_id" IN (1, 2, 3, 4)

SELECT "x_book"."author_id" AS "author", COUNT("x_book"."id") AS "n", SUM("x_book"."price") AS "s", MAX("x_book"."published") AS "m" FROM "x_book" GROUP BY 1 ORDER BY 2 DESC

SELECT AVG("x_book"."price") AS "price__avg", MIN("x_book"."price") AS "price__min", STDDEV_POP("x_book"."price") AS "price__stddev" FROM "x_book"

SELECT COUNT(*) AS "__count" FROM "x_book"

SELECT 1 AS "a" FROM "x_book" WHERE "x_book"."active" LIMIT 1

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE "x_book"."id" = 1 LIMIT 21

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" ORDER BY "x_book"."id" ASC LIMIT 1

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" ORDER BY "x_book"."id" DESC LIMIT 1

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" ORDER BY "x_book"."published" DESC LIMIT 1

SELECT DISTINCT DATE_TRUNC('month', "x_book"."published" AT TIME ZONE 'America/Chicago') AS "datefield" FROM "x_book" WHERE "x_book"."published" IS NOT NULL ORDER BY 1 ASC

SELECT DISTINCT DATE_TRUNC('day', "x_book"."published" AT TIME ZONE 'America/Chicago') AS "datetimefield" FROM "x_book" WHERE "x_book"."published" IS NOT NULL ORDER BY 1 ASC

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active", EXTRACT(YEAR FROM "x_book"."published" AT TIME ZONE 'America/Chicago') AS "y", DATE_TRUNC('week', "x_book"."published" AT TIME ZONE 'America/Chicago') AS "w", LENGTH("x_book"."title") AS "l", UPPER("x_book"."title") AS "u", (COALESCE("x_book"."title", '') || COALESCE((COALESCE('-', '') || COALESCE("x_author"."name", '')), '')) AS "c" FROM "x_book" INNER JOIN "x_author" ON ("x_book"."author_id" = "x_author"."id")

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active", ROW_NUMBER() OVER (PARTITION BY "x_book"."author_id" ORDER BY "x_book"."price" DESC) AS "r" FROM "x_book"

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active", LAG("x_book"."price", 1) OVER (ORDER BY "x_book"."published") AS "r", DENSE_RANK() OVER (ORDER BY "x_book"."price") AS "d" FROM "x_book"

SELECT "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags" FROM "x_author" WHERE EXISTS(SELECT 1 AS "a" FROM "x_book" U0 WHERE U0."author_id" = ("x_author"."id") LIMIT 1)

SELECT "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags", (SELECT U0."price" AS "price" FROM "x_book" U0 WHERE U0."author_id" = ("x_author"."id") ORDER BY 1 DESC LIMIT 1) AS "p" FROM "x_author"

SELECT "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags" FROM "x_author" WHERE ("x_author"."data" #> '{k,v,0}') = '1'::jsonb

SELECT "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags" FROM "x_author" WHERE "x_author"."data" @> '{"k": 1}'::jsonb

SELECT "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags" FROM "x_author" WHERE "x_author"."data" ? 'k'

SELECT "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags" FROM "x_author" WHERE "x_author"."data" ?| '{k,l}'

SELECT "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags" FROM "x_author" WHERE ("x_author"."data" -> 'k') IS NULL

SELECT ("x_author"."data" -> 'k') AS "data__k" FROM "x_author"

SELECT "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags" FROM "x_author" WHERE "x_author"."tags" @> (ARRAY['x'])::varchar(10)[]

SELECT "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags" FROM "x_author" WHERE "x_author"."tags" && (ARRAY['x'])::varchar(10)[]

SELECT "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags" FROM "x_author" WHERE CASE WHEN "x_author"."tags" IS NULL THEN NULL ELSE coalesce(array_length("x_author"."tags", 1), 0) END = 1

SELECT "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags" FROM "x_author" WHERE ("x_author"."tags")[1] = 'x'

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active", to_tsvector(COALESCE("x_book"."title", '')) AS "s" FROM "x_book" WHERE to_tsvector(COALESCE("x_book"."title", '')) @@ (plainto_tsquery('T'))

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active", ts_rank(to_tsvector(COALESCE("x_book"."title", '')), plainto_tsquery('T')) AS "rank" FROM "x_book" ORDER BY 7 DESC

SELECT "x_author"."id", "x_author"."name", "x_author"."data", "x_author"."tags", ARRAY_AGG(DISTINCT "x_book"."title" ) AS "ts", STRING_AGG("x_book"."title", ', ' ) AS "st" FROM "x_author" LEFT OUTER JOIN "x_book" ON ("x_author"."id" = "x_book"."author_id") GROUP BY "x_author"."id"

(SELECT "x_book"."id" AS "col1", "x_book"."author_id" AS "col2", "x_book"."title" AS "col3", "x_book"."price" AS "col4", "x_book"."published" AS "col5", "x_book"."active" AS "col6" FROM "x_book" WHERE "x_book"."title" = 'a') UNION (SELECT "x_book"."id" AS "col1", "x_book"."author_id" AS "col2", "x_book"."title" AS "col3", "x_book"."price" AS "col4", "x_book"."published" AS "col5", "x_book"."active" AS "col6" FROM "x_book" WHERE "x_book"."title" = 'b') ORDER BY "col3" ASC

(SELECT "x_book"."id" AS "col1", "x_book"."author_id" AS "col2", "x_book"."title" AS "col3", "x_book"."price" AS "col4", "x_book"."published" AS "col5", "x_book"."active" AS "col6" FROM "x_book" WHERE "x_book"."title" = 'a') INTERSECT (SELECT "x_book"."id" AS "col1", "x_book"."author_id" AS "col2", "x_book"."title" AS "col3", "x_book"."price" AS "col4", "x_book"."published" AS "col5", "x_book"."active" AS "col6" FROM "x_book")

(SELECT "x_book"."id" AS "col1", "x_book"."author_id" AS "col2", "x_book"."title" AS "col3", "x_book"."price" AS "col4", "x_book"."published" AS "col5", "x_book"."active" AS "col6" FROM "x_book" WHERE "x_book"."title" = 'a') EXCEPT (SELECT "x_book"."id" AS "col1", "x_book"."author_id" AS "col2", "x_book"."title" AS "col3", "x_book"."price" AS "col4", "x_book"."published" AS "col5", "x_book"."active" AS "col6" FROM "x_book")

SELECT DISTINCT ON ("x_book"."author_id") "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" ORDER BY "x_book"."author_id" ASC, "x_book"."price" DESC

SELECT DISTINCT "x_book"."title" AS "title" FROM "x_book"

SELECT "x_book"."id", "x_book"."title" FROM "x_book"

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE (("x_book"."published" AT TIME ZONE 'America/Chicago')::date = '2024-05-05'::date AND "x_book"."published" BETWEEN '2024-01-01 00:00:00-06:00'::timestamptz AND '2024-12-31 23:59:59.999999-06:00'::timestamptz)

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE "x_book"."published" BETWEEN '2024-05-05 00:00:00+00:00'::timestamptz AND '2024-05-05 00:00:00+00:00'::timestamptz

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE "x_book"."title"::text ~ '^a'

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE UPPER("x_book"."title"::text) = UPPER('A')

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE "x_book"."title" IS NOT NULL

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active", CASE WHEN "x_book"."price" > 5 THEN 'hi' ELSE 'lo' END AS "k" FROM "x_book"

SELECT DISTINCT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" INNER JOIN "x_author" ON ("x_book"."author_id" = "x_author"."id") INNER JOIN "x_book" T3 ON ("x_author"."id" = T3."author_id") INNER JOIN "x_book_co" ON (T3."id" = "x_book_co"."book_id") INNER JOIN "x_author" T5 ON ("x_book_co"."author_id" = T5."id") WHERE T5."name" = 'x'

SELECT EXTRACT(MONTH FROM "x_book"."published" AT TIME ZONE 'America/Chicago') AS "published__month", SUM("x_book"."price") FILTER (WHERE "x_book"."active") AS "total" FROM "x_book" GROUP BY 1

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE "x_book"."id" IN (1, 2)

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE "x_book"."title" = 'zq' LIMIT 21

SELECT * FROM x_book WHERE price > 1

EXPLAIN SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book"

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE "x_book"."id" IN (1, 2, 3)

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE "x_book"."title" = 't1'

SELECT "x_book"."id" FROM "x_book" WHERE "x_book"."author_id" IN (1)

DECLARE "_django_curs_140264933489536_sync_1" NO SCROLL CURSOR WITH HOLD FOR SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book"

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" ORDER BY RANDOM() ASC LIMIT 3

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE "x_book"."title" % 'x'

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active", (("x_book"."price" * 2) - 1) AS "p" FROM "x_book" WHERE (("x_book"."price" * 2) - 1) > ("x_book"."id")

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active", COUNT("x_book_co"."author_id") AS "n" FROM "x_book" LEFT OUTER JOIN "x_book_co" ON ("x_book"."id" = "x_book_co"."book_id") GROUP BY "x_book"."id" HAVING COUNT("x_book_co"."author_id") > 1

SELECT DISTINCT DATE_TRUNC('year', "x_book"."published" AT TIME ZONE 'America/Chicago') AS "datefield" FROM "x_book" WHERE "x_book"."published" IS NOT NULL ORDER BY 1 DESC

SELECT "django_content_type"."app_label" AS "content_type__app_label", "auth_permission"."codename" AS "codename" FROM "auth_permission" INNER JOIN "auth_user_user_permissions" ON ("auth_permission"."id" = "auth_user_user_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_user_permissions"."user_id" = 1

SELECT "django_content_type"."app_label" AS "content_type__app_label", "auth_permission"."codename" AS "codename" FROM "auth_permission" INNER JOIN "auth_group_permissions" ON ("auth_permission"."id" = "auth_group_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_group_permissions"."group_id" IN (SELECT U0."id" FROM "auth_group" U0 INNER JOIN "auth_user_groups" U1 ON (U0."id" = U1."group_id") WHERE U1."user_id" = 1)

SELECT 1 AS "a" FROM "django_session" WHERE "django_session"."session_key" = 'bbcsrzvema4l1ct4htdozp30o9taqygm' LIMIT 1

SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-25 02:31:21.871668+00:00'::timestamptz AND "django_session"."session_key" = 'bbcsrzvema4l1ct4htdozp30o9taqygm') LIMIT 21

SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE "django_session"."session_key" = 'bbcsrzvema4l1ct4htdozp30o9taqygm' LIMIT 21

            SELECT
                a.attname AS column_name,
                NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS is_nullable,
                pg_get_expr(ad.adbin, ad.adrelid) AS column_default,
                CASE WHEN collname = 'default' THEN NULL ELSE collname END AS collation,
                a.attidentity != '' AS is_autofield,
                col_description(a.attrelid, a.attnum) AS column_comment
            FROM pg_attribute a
            LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
            LEFT JOIN pg_collation co ON a.attcollation = co.oid
            JOIN pg_type t ON a.atttypid = t.oid
            JOIN pg_class c ON a.attrelid = c.oid
            JOIN pg_namespace n ON c.relnamespace = n.oid
            WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
                AND c.relname = 'x_book'
                AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
                AND pg_catalog.pg_table_is_visible(c.oid)

SELECT * FROM "x_book" LIMIT 1

            SELECT a1.attname, c2.relname, a2.attname
            FROM pg_constraint con
            LEFT JOIN pg_class c1 ON con.conrelid = c1.oid
            LEFT JOIN pg_class c2 ON con.confrelid = c2.oid
            LEFT JOIN
                pg_attribute a1 ON c1.oid = a1.attrelid AND a1.attnum = con.conkey[1]
            LEFT JOIN
                pg_attribute a2 ON c2.oid = a2.attrelid AND a2.attnum = con.confkey[1]
            WHERE
                c1.relname = 'x_book' AND
                con.contype = 'f' AND
                c1.relnamespace = c2.relnamespace AND
                pg_catalog.pg_table_is_visible(c1.oid)

            SELECT
                c.conname,
                array(
                    SELECT attname
                    FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx)
                    JOIN pg_attribute AS ca ON cols.colid = ca.attnum
                    WHERE ca.attrelid = c.conrelid
                    ORDER BY cols.arridx
                ),
                c.contype,
                (SELECT fkc.relname || '.' || fka.attname
                FROM pg_attribute AS fka
                JOIN pg_class AS fkc ON fka.attrelid = fkc.oid
                WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]),
                cl.reloptions
            FROM pg_constraint AS c
            JOIN pg_class AS cl ON c.conrelid = cl.oid
            WHERE cl.relname = 'x_book' AND pg_catalog.pg_table_is_visible(cl.oid)

            SELECT
                indexname,
                array_agg(attname ORDER BY arridx),
                indisunique,
                indisprimary,
                array_agg(ordering ORDER BY arridx),
                amname,
                exprdef,
                s2.attoptions
            FROM (
                SELECT
                    c2.relname as indexname, idx.*, attr.attname, am.amname,
                    CASE
                        WHEN idx.indexprs IS NOT NULL THEN
                            pg_get_indexdef(idx.indexrelid)
                    END AS exprdef,
                    CASE am.amname
                        WHEN 'btree' THEN
                            CASE (option & 1)
                                WHEN 1 THEN 'DESC' ELSE 'ASC'
                            END
                    END as ordering,
                    c2.reloptions as attoptions
                FROM (
                    SELECT *
                    FROM
                        pg_index i,
                        unnest(i.indkey, i.indoption)
                            WITH ORDINALITY koi(key, option, arridx)
                ) idx
                LEFT JOIN pg_class c ON idx.indrelid = c.oid
                LEFT JOIN pg_class c2 ON idx.indexrelid = c2.oid
                LEFT JOIN pg_am am ON c2.relam = am.oid
                LEFT JOIN
                    pg_attribute attr ON attr.attrelid = c.oid AND attr.attnum = idx.key
                WHERE c.relname = 'x_book' AND pg_catalog.pg_table_is_visible(c.oid)
            ) s2
            GROUP BY indexname, indisunique, indisprimary, amname, exprdef, attoptions;

            SELECT
                s.relname AS sequence_name,
                a.attname AS colname
            FROM
                pg_class s
                JOIN pg_depend d ON d.objid = s.oid
                    AND d.classid = 'pg_class'::regclass
                    AND d.refclassid = 'pg_class'::regclass
                JOIN pg_attribute a ON d.refobjid = a.attrelid
                    AND d.refobjsubid = a.attnum
                JOIN pg_class tbl ON tbl.oid = d.refobjid
                    AND tbl.relname = 'x_book'
                    AND pg_catalog.pg_table_is_visible(tbl.oid)
            WHERE
                s.relkind = 'S';

SELECT * FROM "customers" LIMIT 1

SELECT * FROM "orders" LIMIT 1

SELECT * FROM "auth_group" LIMIT 1

SELECT * FROM "auth_group_permissions" LIMIT 1

SELECT * FROM "auth_permission" LIMIT 1

SELECT * FROM "auth_user" LIMIT 1

SELECT * FROM "auth_user_groups" LIMIT 1

SELECT * FROM "auth_user_user_permissions" LIMIT 1

SELECT * FROM "django_admin_log" LIMIT 1

SELECT * FROM "django_content_type" LIMIT 1

SELECT * FROM "django_migrations" LIMIT 1

SELECT * FROM "django_session" LIMIT 1

SELECT * FROM "parted" LIMIT 1

SELECT * FROM "x_author" LIMIT 1

SELECT * FROM "x_book_co" LIMIT 1

== other
SELECT set_config('TimeZone', 'UTC', false)

CREATE TABLE "django_migrations" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" timestamp with time zone NOT NULL)

COMMIT

CREATE TABLE "django_content_type" ("id" integer NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "name" varchar(100) NOT NULL, "app_label" varchar(100) NOT NULL, "model" varchar(100) NOT NULL)

INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('contenttypes', '0001_initial', '2026-11-25 02:29:34.277046+00:00'::timestamptz) RETURNING "django_migrations"."id"

CREATE TABLE "auth_permission" ("id" integer NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "name" varchar(50) NOT NULL, "content_type_id" integer NOT NULL, "codename" varchar(100) NOT NULL)

CREATE TABLE "auth_group" ("id" integer NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "name" varchar(80) NOT NULL UNIQUE)

CREATE TABLE "auth_group_permissions" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "group_id" integer NOT NULL, "permission_id" integer NOT NULL)

CREATE TABLE "auth_user" ("id" integer NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "password" varchar(128) NOT NULL, "last_login" timestamp with time zone NOT NULL, "is_superuser" boolean NOT NULL, "username" varchar(30) NOT NULL UNIQUE, "first_name" varchar(30) NOT NULL, "last_name" varchar(30) NOT NULL, "email" varchar(75) NOT NULL, "is_staff" boolean NOT NULL, "is_active" boolean NOT NULL, "date_joined" timestamp with time zone NOT NULL)

CREATE TABLE "auth_user_groups" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "user_id" integer NOT NULL, "group_id" integer NOT NULL)

CREATE TABLE "auth_user_user_permissions" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "user_id" integer NOT NULL, "permission_id" integer NOT NULL)

CREATE INDEX "auth_permission_content_type_id_2f476e4b" ON "auth_permission" ("content_type_id")

CREATE INDEX "auth_group_name_a6ea08ec_like" ON "auth_group" ("name" varchar_pattern_ops)

CREATE INDEX "auth_group_permissions_group_id_b120cbf9" ON "auth_group_permissions" ("group_id")

CREATE INDEX "auth_group_permissions_permission_id_84c5c92e" ON "auth_group_permissions" ("permission_id")

CREATE INDEX "auth_user_username_6821ab7c_like" ON "auth_user" ("username" varchar_pattern_ops)

CREATE INDEX "auth_user_groups_user_id_6a12ed8b" ON "auth_user_groups" ("user_id")

CREATE INDEX "auth_user_groups_group_id_97559544" ON "auth_user_groups" ("group_id")

CREATE INDEX "auth_user_user_permissions_user_id_a95ead1b" ON "auth_user_user_permissions" ("user_id")

CREATE INDEX "auth_user_user_permissions_permission_id_1fbb5f2c" ON "auth_user_user_permissions" ("permission_id")

CREATE TABLE "django_admin_log" ("id" integer NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "action_time" timestamp with time zone NOT NULL, "object_id" text NULL, "object_repr" varchar(200) NOT NULL, "action_flag" smallint NOT NULL CHECK ("action_flag" >= 0), "change_message" text NOT NULL, "content_type_id" integer NULL, "user_id" integer NOT NULL)

CREATE INDEX "django_admin_log_content_type_id_c4bce8eb" ON "django_admin_log" ("content_type_id")

CREATE INDEX "django_admin_log_user_id_c564eba6" ON "django_admin_log" ("user_id")

CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL, "expire_date" timestamp with time zone NOT NULL)

CREATE INDEX "django_session_session_key_c0390e0f_like" ON "django_session" ("session_key" varchar_pattern_ops)

CREATE INDEX "django_session_expire_date_a5c62663" ON "django_session" ("expire_date")

INSERT INTO "django_content_type" ("app_label", "model") VALUES ('contenttypes', 'contenttype') RETURNING "django_content_type"."id"

INSERT INTO "auth_permission" ("name", "content_type_id", "codename") SELECT * FROM UNNEST(('{"Can add content type","Can change content type","Can delete content type","Can view content type"}')::varchar[], ('{1,1,1,1}'::int2[])::integer[], ('{add_contenttype,change_contenttype,delete_contenttype,view_contenttype}')::varchar[]) RETURNING "auth_permission"."id"

INSERT INTO "django_content_type" ("app_label", "model") SELECT * FROM UNNEST(('{auth,auth,auth}')::varchar[], ('{permission,group,user}')::varchar[]) RETURNING "django_content_type"."id"

CREATE TABLE "x_author" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "name" varchar(50) NOT NULL, "data" jsonb NOT NULL, "tags" varchar(10)[] NOT NULL)

CREATE TABLE "x_book" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "author_id" bigint NOT NULL, "title" varchar(50) NOT NULL, "price" numeric(8, 2) NOT NULL, "published" timestamp with time zone NOT NULL, "active" boolean NOT NULL)

CREATE TABLE "x_book_co" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "book_id" bigint NOT NULL, "author_id" bigint NOT NULL)

CREATE INDEX "x_book_author_id_3a400108" ON "x_book" ("author_id")

CREATE INDEX "x_book_title_38961cc2" ON "x_book" ("title")

CREATE INDEX "x_book_title_38961cc2_like" ON "x_book" ("title" varchar_pattern_ops)

CREATE INDEX "x_book_co_book_id_747a8a25" ON "x_book_co" ("book_id")

CREATE INDEX "x_book_co_author_id_c9d6aefe" ON "x_book_co" ("author_id")

INSERT INTO "x_author" ("name", "data", "tags") VALUES ('B', '{}'::jsonb, '{}'::varchar(10)[]) RETURNING "x_author"."id"

INSERT INTO "x_book" ("author_id", "title", "price", "published", "active") VALUES (1, 'T', 3, '2024-05-05 00:00:00+00:00'::timestamptz, true) RETURNING "x_book"."id"

INSERT INTO "x_book_co" ("book_id", "author_id") VALUES (1, 2) ON CONFLICT DO NOTHING

DELETE FROM "x_book_co" WHERE ("x_book_co"."book_id" = 1 AND "x_book_co"."author_id" IN (1))

DELETE FROM "x_book_co" WHERE "x_book_co"."book_id" = 1

INSERT INTO "x_book" ("author_id", "title", "price", "published", "active") SELECT * FROM UNNEST(('{2,2,2}'::int2[])::bigint[], ('{t0,t1,t2}')::varchar[], ('{0,1,2}'::numeric[])::numeric[], ('{"2024-05-05 00:00:00+00:00","2024-05-05 00:00:00+00:00","2024-05-05 00:00:00+00:00"}'::timestamptz[])::timestamp with time zone[], ('{t,t,t}'::bool[])::boolean[]) RETURNING "x_book"."id"

INSERT INTO "x_author" ("name", "data", "tags") VALUES ('C', '{}'::jsonb, '{}'::varchar(10)[]) ON CONFLICT DO NOTHING

INSERT INTO "x_author" ("id", "name", "data", "tags") VALUES (1, 'C', '{}'::jsonb, '{}'::varchar(10)[]) ON CONFLICT("id") DO UPDATE SET "name" = EXCLUDED."name" RETURNING "x_author"."id"

UPDATE "x_book" SET "price" = ("x_book"."price" + 1) WHERE "x_book"."id" = 1

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE "x_book"."title" = 'zz' LIMIT 21 FOR UPDATE

SAVEPOINT "s140264933489536_x1"

RELEASE SAVEPOINT "s140264933489536_x1"

DELETE FROM "x_book_co" WHERE "x_book_co"."book_id" IN (3)

DELETE FROM "x_book" WHERE "x_book"."id" IN (3)

DELETE FROM "x_book_co" WHERE "x_book_co"."book_id" IN (1, 5, 6)

DELETE FROM "x_book_co" WHERE "x_book_co"."author_id" IN (1)

DELETE FROM "x_book" WHERE "x_book"."id" IN (6, 5, 1)

DELETE FROM "x_author" WHERE "x_author"."id" IN (1)

UPDATE "x_book" SET "title" = (CASE WHEN ("x_book"."id" = 2) THEN 't0' WHEN ("x_book"."id" = 4) THEN 't2' ELSE NULL END)::varchar(50), "price" = (CASE WHEN ("x_book"."id" = 2) THEN 0.00 WHEN ("x_book"."id" = 4) THEN 2.00 ELSE NULL END)::numeric(8, 2) WHERE "x_book"."id" IN (2, 4)

FETCH FORWARD 2000 FROM "_django_curs_140264933489536_sync_1"

CLOSE "_django_curs_140264933489536_sync_1"

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" WHERE "x_book"."id" = 1 FOR UPDATE

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" FOR UPDATE OF "x_book" SKIP LOCKED

SELECT "x_book"."id", "x_book"."author_id", "x_book"."title", "x_book"."price", "x_book"."published", "x_book"."active" FROM "x_book" FOR UPDATE NOWAIT

SAVEPOINT "s140264933489536_x2"

UPDATE "x_book" SET "title" = 'x' WHERE "x_book"."id" = 1

RELEASE SAVEPOINT "s140264933489536_x2"

SAVEPOINT "s140264933489536_x3"

ROLLBACK TO SAVEPOINT "s140264933489536_x3"

INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('pbkdf2_sha256$1000000$Mms5vJQ89OfjgXNXdoYeME$LfKRmrXiTueLDyBV7b3vR48NxkX5vCXJ2OXo3foFnU8=', NULL, false, 'u', '', '', 'u@example.com', false, true, '2026-11-25 02:31:21.561958+00:00'::timestamptz) RETURNING "auth_user"."id"

INSERT INTO "auth_group" ("name") VALUES ('g') RETURNING "auth_group"."id"

INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (1, 1) ON CONFLICT DO NOTHING

UPDATE "auth_user" SET "last_login" = '2024-05-05 00:00:00+00:00'::timestamptz WHERE "auth_user"."id" = 1

DELETE FROM "auth_user_groups" WHERE "auth_user_groups"."user_id" IN (1)

DELETE FROM "auth_user_user_permissions" WHERE "auth_user_user_permissions"."user_id" IN (1)

DELETE FROM "django_admin_log" WHERE "django_admin_log"."user_id" IN (1)

DELETE FROM "auth_user" WHERE "auth_user"."id" IN (1)

INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('bbcsrzvema4l1ct4htdozp30o9taqygm', 'eyJhIjoxfQ:1xW2n3:zTyocPUiTddnSlXfmNZzy-wTAzA96q7VCP8OQ6Jmd-E', '2026-12-09 02:31:21.868804+00:00'::timestamptz)

DELETE FROM "django_session" WHERE "django_session"."session_key" IN ('bbcsrzvema4l1ct4htdozp30o9taqygm')

DELETE FROM "django_session" WHERE "django_session"."expire_date" < '2026-11-25 02:31:21.873908+00:00'::timestamptz
