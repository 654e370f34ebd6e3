# psycopg 2 and 3: types, transactions, COPY, server-side cursors.
== reads
SELECT name, oid, array_oid, regtype, array_agg(label) AS labels
FROM (
    SELECT
        t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
        t.oid::regtype::text AS regtype, e.enumlabel AS label
    FROM pg_type t
    LEFT JOIN  pg_enum e
    ON e.enumtypid = t.oid
    WHERE t.oid = to_regtype($1)
    ORDER BY e.enumsortorder
) x
GROUP BY name, oid, array_oid, regtype

SELECT
    t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
    t.oid::regtype::text AS regtype,
    coalesce(a.fnames, '{}') AS field_names,
    coalesce(a.ftypes, '{}') AS field_types
FROM pg_type t
LEFT JOIN (
    SELECT
        attrelid,
        array_agg(attname) AS fnames,
        array_agg(atttypid) AS ftypes
    FROM (
        SELECT a.attrelid, a.attname, a.atttypid
        FROM pg_attribute a
        JOIN pg_type t ON t.typrelid = a.attrelid
        WHERE t.oid = to_regtype($1)
        AND a.attnum > 0
        AND NOT a.attisdropped
        ORDER BY a.attnum
    ) x
    GROUP BY attrelid
) a ON a.attrelid = t.typrelid
WHERE t.oid = to_regtype($1)

SELECT t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
    t.oid::regtype::text AS regtype,
    r.rngsubtype AS subtype_oid
FROM pg_type t
JOIN pg_range r ON t.oid = r.rngtypid
WHERE t.oid = to_regtype($1)

SELECT t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
    t.oid::regtype::text AS regtype,
    r.rngtypid AS range_oid, r.rngsubtype AS subtype_oid
FROM pg_type t
JOIN pg_range r ON t.oid = r.rngmultitypid
WHERE t.oid = to_regtype($1)

select $1::jsonb

COPY (select * from orders) TO STDOUT (FORMAT BINARY)

DECLARE "named" CURSOR FOR SELECT * FROM orders

BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY

SELECT t.oid, typarray, attname, atttypid
FROM pg_type t
JOIN pg_namespace ns ON typnamespace = ns.oid
JOIN pg_attribute a ON attrelid = typrelid
WHERE typname = 'pair' AND nspname = 'public'
    AND attnum > 0 AND NOT attisdropped
ORDER BY attnum;

SELECT * FROM customers WHERE name = ANY(ARRAY['a'])

COPY "orders" TO stdout WITH DELIMITER AS '	' NULL AS '\N'

COPY orders TO STDOUT WITH CSV HEADER

DECLARE "srv" SCROLL CURSOR WITHOUT HOLD FOR select * from orders

DECLARE "w" CURSOR WITH HOLD FOR select 1

BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE

== unproven
SELECT * FROM f(1)

== other
SAVEPOINT "_pg3_2"

RELEASE "_pg3_2"

COPY orders (customer_id,total) FROM STDIN

FETCH FORWARD 2 FROM "named"

MOVE 1 FROM "named"

FETCH FORWARD ALL FROM "named"

CLOSE "named"

INSERT INTO orders(customer_id,total) VALUES (1,1),(1,2)

UPDATE orders SET note='a' WHERE id=1;UPDATE orders SET note='b' WHERE id=2

COPY "orders"("note") FROM stdin WITH DELIMITER AS '	' NULL AS '\N'

FETCH FORWARD 1 FROM "srv"

MOVE -1 FROM "srv"

CLOSE "srv"

FETCH FORWARD ALL FROM "w"

CLOSE "w"

DISCARD ALL

LISTEN x

NOTIFY x, 'p'
