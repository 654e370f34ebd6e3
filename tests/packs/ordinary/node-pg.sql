# node-postgres, with a cursor.
== reads
SELECT $1::text as message

SELECT * FROM orders WHERE id > $1

SELECT NOW() as now

== other
INSERT INTO customers(name) VALUES($1) RETURNING id

LISTEN ch
