# Npgsql and EF Core: types at the connection, queries, changes in batches, migrations' history.
== reads
SELECT version();

SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
FROM (
    SELECT
        typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind,
        elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind,
        CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
    FROM (
        SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
            CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
            CASE
                WHEN proc.proname='array_recv' THEN typ.typelem
                WHEN typ.typtype='r' THEN rngsubtype
                WHEN typ.typtype='m' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid)
                WHEN typ.typtype='d' THEN typ.typbasetype
            END AS elemtypoid
        FROM pg_type AS typ
        LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
        LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
        LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)
    ) AS typ
    LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid
    LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid)
    LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive
) AS t
JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
WHERE
    typtype IN ('b', 'r', 'm', 'e', 'd') OR
    (typtype = 'c' AND relkind='c') OR
    (typtype = 'p' AND typname IN ('record', 'void', 'unknown')) OR
    (typtype = 'a' AND (
        elemtyptype IN ('b', 'r', 'm', 'e', 'd') OR
        (elemtyptype = 'p' AND elemtypname IN ('record', 'void')) OR
        (elemtyptype = 'c' AND elemrelkind='c')
    ))
ORDER BY CASE
       WHEN typtype IN ('b', 'e', 'p') THEN 0
       WHEN typtype = 'r' THEN 1
       WHEN typtype = 'm' THEN 2
       WHEN typtype = 'c' THEN 3
       WHEN typtype = 'd' AND elemtyptype <> 'a' THEN 4
       WHEN typtype = 'a' THEN 5
       WHEN typtype = 'd' AND elemtyptype = 'a' THEN 6
END;

SELECT typ.oid, att.attname, att.atttypid
FROM pg_type AS typ
JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace)
JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid)
WHERE
  (typ.typtype = 'c' AND cls.relkind='c') AND
  attnum > 0 AND
  NOT attisdropped
ORDER BY typ.oid, att.attnum;

SELECT pg_type.oid, enumlabel
FROM pg_enum
JOIN pg_type ON pg_type.oid=enumtypid
ORDER BY oid, enumsortorder;

BEGIN TRANSACTION ISOLATION LEVEL {{READ COMMITTED | SERIALIZABLE | REPEATABLE READ}}

SELECT EXISTS (
    SELECT 1 FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace
    WHERE n.nspname='public' AND
          c.relname='__EFMigrationsHistory'
)

SELECT "MigrationId", "ProductVersion"
FROM "__EFMigrationsHistory"
ORDER BY "MigrationId";

SELECT CASE WHEN COUNT(*) = 0 THEN FALSE ELSE TRUE END
FROM pg_class AS cls
JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
WHERE
        cls.relkind IN ('r', 'v', 'm', 'f', 'p') AND
        ns.nspname NOT IN ('pg_catalog', 'information_schema')

SELECT o."Id", o."CustomerId", o."Total"
FROM "Orders" AS o
WHERE o."Id" = $1
LIMIT 1

SELECT o."Id", o."CustomerId", o."Total"
FROM "Orders" AS o
WHERE o."Id" = $1
LIMIT 2

SELECT t."Id", t."Name", o."Id", o."Total"
FROM (
    SELECT c."Id", c."Name"
    FROM "Customers" AS c
    ORDER BY c."Id"
    LIMIT $1 OFFSET $2
) AS t
LEFT JOIN "Orders" AS o ON t."Id" = o."CustomerId"
ORDER BY t."Id"

SELECT c."Name", count(*)::int AS "N", COALESCE(sum(o."Total"), 0.0) AS "Sum"
FROM "Orders" AS o
INNER JOIN "Customers" AS c ON o."CustomerId" = c."Id"
GROUP BY c."Name"
HAVING count(*)::int > 1

SELECT EXISTS (
    SELECT 1
    FROM "Orders" AS o
    WHERE o."CustomerId" = $1)

SELECT c."Id" FROM "Customers" AS c WHERE c."Name" LIKE $1 ESCAPE '' OR strpos(c."Name", $2) > 0 OR left(c."Name", length($3))::text = $3::text

SELECT c."Id" FROM "Customers" AS c WHERE c."Id" = ANY ($1)

SELECT o."Id" FROM "Orders" AS o WHERE date_part('year', o."PlacedOn")::int = 2024 AND date_trunc('day', o."PlacedOn") = $1

SELECT c."Doc"#>>'{address,city}', c."Doc"->'tags', (CAST(c."Doc"#>>'{age}' AS integer)) FROM "Customers" AS c WHERE c."Doc" @> $1

SELECT t0."Id", t0."Total" FROM (SELECT c."Id" FROM "Customers" AS c) AS t LEFT JOIN (SELECT o."Id", o."Total", o."CustomerId", ROW_NUMBER() OVER(PARTITION BY o."CustomerId" ORDER BY o."Id") AS row FROM "Orders" AS o) AS t0 ON t."Id" = t0."CustomerId" WHERE t0.row <= 3

SELECT c."Id", o0."Id" FROM "Customers" AS c LEFT JOIN LATERAL (SELECT o."Id" FROM "Orders" AS o WHERE c."Id" = o."CustomerId" ORDER BY o."Id" LIMIT 5) AS o0 ON TRUE

SELECT count(*)::int FROM "Orders" AS o WHERE NOT (o."Paid") AND o."Total" > 0.0

SELECT p."Id", p."xmin" FROM "Products" AS p WHERE p."Id" = $1

SELECT now() AT TIME ZONE 'UTC', floor(random() * 3)

SELECT u."Id", u."NormalizedUserName", u."PasswordHash" FROM "AspNetUsers" AS u WHERE u."NormalizedUserName" = $1 LIMIT 1

SELECT a."Id", r."Name" FROM "AspNetUserRoles" AS a INNER JOIN "AspNetRoles" AS r ON a."RoleId" = r."Id" WHERE a."UserId" = $1

== other
INSERT INTO "Orders" ("CustomerId", "Total") VALUES ($1, $2) RETURNING "Id"

INSERT INTO "Orders" ("CustomerId", "Total")
VALUES ($10, $11),
($12, $13)
RETURNING "Id";

UPDATE "Orders" SET "Total" = $1 WHERE "Id" = $2 RETURNING "Version";

UPDATE "Orders" SET "Total" = $10
WHERE "Id" = $11 AND xmin = $12
RETURNING xmin;

UPDATE "Orders" AS o SET "Paid" = TRUE FROM "Customers" AS c WHERE o."CustomerId" = c."Id" AND c."Name" = $1

DELETE FROM "Orders" WHERE "Id" = $1;

DELETE FROM "Orders" AS o WHERE o."PlacedOn" < $1

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion") VALUES ('20240101000000_Init', '8.0.0');

CREATE TABLE IF NOT EXISTS "__EFMigrationsHistory" ("MigrationId" character varying(150) NOT NULL, "ProductVersion" character varying(32) NOT NULL, CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY ("MigrationId"))

LOCK TABLE "__EFMigrationsHistory" IN ACCESS EXCLUSIVE MODE

CREATE TABLE "Orders" ("Id" integer GENERATED BY DEFAULT AS IDENTITY, "Total" numeric NOT NULL, CONSTRAINT "PK_Orders" PRIMARY KEY ("Id"))

CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD SEQUENCES; DISCARD TEMP

DISCARD ALL

SAVEPOINT __EFSavePoint

RELEASE SAVEPOINT __EFSavePoint

COPY "Orders" ("CustomerId", "Total") FROM STDIN (FORMAT BINARY)
