CREATE ROLE agent LOGIN;
CREATE SCHEMA shop;
CREATE SCHEMA crm;
CREATE TABLE shop.people (id int, gone int, ssn text, name text, doc jsonb, "E-Mail" text, email text);
ALTER TABLE shop.people DROP COLUMN gone;
CREATE TABLE crm.cards (secret_a text, secreta text, "Secret_b" text, "homePhone" text, phone text);
CREATE TABLE crm.mails ("e-mail" text, eemail text, email text, emmail text);
CREATE SCHEMA "Odd \ '$_%";
CREATE TABLE "Odd \ '$_%"."Tab ""le" ("Größe_1%" text, "Größex1%" text, "Größe_12" text);
CREATE TABLE shop.generated (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c int, d text);
ALTER TABLE shop.generated DROP COLUMN c;
ALTER TABLE shop.generated ADD COLUMN e text;

-- partitions, with columns in another order, and below each other
CREATE TABLE shop.orders (id int, card text, at date) PARTITION BY RANGE (at);
CREATE TABLE shop.orders_2024 PARTITION OF shop.orders FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.orders_rest PARTITION OF shop.orders DEFAULT;
CREATE TABLE shop.events (id int, at date, who text) PARTITION BY RANGE (at);
CREATE TABLE shop.events_2024 (gone int, who text, id int, at date) PARTITION BY LIST (id);
ALTER TABLE shop.events_2024 DROP COLUMN gone;
CREATE TABLE shop.events_2024_1 PARTITION OF shop.events_2024 FOR VALUES IN (1);
ALTER TABLE shop.events ATTACH PARTITION shop.events_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- inheritance of old
CREATE TABLE shop.staff (boss int) INHERITS (shop.people);

-- views
CREATE TABLE shop.sales (amount int);
CREATE VIEW shop.v_plain AS SELECT id, ssn FROM shop.people;
CREATE VIEW shop.v_renamed (a, b) AS SELECT name, ssn FROM shop.people;
CREATE VIEW shop.v_over AS SELECT b AS c, a FROM shop.v_renamed;
CREATE VIEW shop.v_expr AS SELECT id, upper(ssn) AS u FROM shop.people;
CREATE VIEW shop.v_where AS SELECT id FROM shop.people WHERE ssn LIKE '1%';
CREATE VIEW shop.v_clean AS SELECT id, name FROM shop.people;
CREATE VIEW shop.v_row AS SELECT p FROM shop.people p;
CREATE VIEW shop.v_json AS SELECT to_jsonb(p.*) AS j FROM shop.people p;
CREATE VIEW shop.v_union AS SELECT name AS n FROM shop.people UNION ALL SELECT ssn FROM shop.people;
CREATE VIEW shop.v_join AS SELECT p.name, q.ssn FROM shop.people p JOIN shop.people q USING (id);
CREATE VIEW shop.v_sub AS SELECT q.x FROM (SELECT ssn AS x FROM shop.people) q;
CREATE VIEW shop.v_cte AS WITH q AS (SELECT name AS n, ssn AS s FROM shop.people) SELECT n, s AS c FROM q;
CREATE VIEW shop.v_using AS SELECT ssn, p.id FROM shop.people p JOIN shop.v_plain v USING (ssn);
CREATE VIEW shop.v_recursive AS WITH RECURSIVE r AS (SELECT 1 AS i, ssn AS s FROM shop.people UNION ALL SELECT i + 1, s FROM r WHERE i < 9) SELECT i, s FROM r;
CREATE VIEW shop.v_swap AS SELECT ssn AS a, name AS b FROM (SELECT name AS ssn, ssn AS name FROM shop.people) x;
CREATE VIEW shop.v_expr_over AS SELECT id, u AS w FROM shop.v_expr;
CREATE VIEW shop.v_case AS SELECT name, CASE WHEN ssn > '5' THEN 'a' ELSE 'b' END AS k FROM shop.people;
CREATE VIEW shop.v_scalar AS SELECT s.amount, (SELECT ssn FROM shop.people LIMIT 1) AS s FROM shop.sales s;
CREATE VIEW shop.v_lateral AS SELECT p.id, x.x FROM shop.people p, LATERAL upper(p.ssn) AS x(x);
CREATE VIEW shop.v_agg AS SELECT name, array_agg(ssn) AS "all" FROM shop.people GROUP BY name;
CREATE VIEW shop.v_sub_expr AS SELECT x.n, x.y FROM (SELECT name AS n, reverse(ssn) AS y FROM shop.people) x;
CREATE VIEW shop.v_alias AS SELECT q FROM shop.people AS p (id, q, r);
CREATE MATERIALIZED VIEW shop.mv AS SELECT ssn AS kept FROM shop.people;
CREATE VIEW shop.v_mv AS SELECT kept AS again FROM shop.mv;
CREATE MATERIALIZED VIEW shop.totals AS SELECT sum(amount) AS amount FROM shop.sales;
CREATE VIEW shop.v_part AS SELECT card FROM shop.orders;
REVOKE ALL ON ALL TABLES IN SCHEMA shop FROM PUBLIC;
-- views that are over each other: nobody can read them, and they may not hold up the rest
CREATE VIEW shop.v_loop_b AS SELECT ssn AS x FROM shop.people;
CREATE VIEW shop.v_loop_a AS SELECT x || 'a' AS x FROM shop.v_loop_b;
CREATE OR REPLACE VIEW shop.v_loop_b AS SELECT x FROM shop.v_loop_a UNION ALL SELECT ssn FROM shop.people;
-- a table that is elsewhere
CREATE FOREIGN DATA WRAPPER none;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER none;
CREATE FOREIGN TABLE shop.remote (id int, ssn text) SERVER elsewhere;
