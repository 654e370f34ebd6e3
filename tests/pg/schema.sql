-- SPDX-License-Identifier: Apache-2.0
-- The fixed data of tests/pg: the same rows in every cluster. Loaded as app_rw.
SET client_min_messages = warning;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'wütend');
CREATE TYPE place AS (street text, zip int, at point);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);

-- Every common type; each column is NULL in some rows.
CREATE TABLE everything (
	id int PRIMARY KEY, i2 int2, i4 int4, i8 int8, num numeric(30, 10), f4 float4, f8 float8, b bool,
	t text, vc varchar(40), c char(8), by bytea, u uuid, j json, jb jsonb, d date, tm time,
	ts timestamp, tz timestamptz, iv interval, ia int[], ta text[], na numeric[], m mood, p place,
	ip inet, net cidr, mac macaddr, bits bit varying(16), r int4range, pt point, mon money, pos positive);
INSERT INTO everything SELECT i,
	nullif(i % 65536 - 32768, -32768 + 13), nullif(i * 2147483, 2147483 * 7), i * 9223372036854775::int8,
	(i * 1234567.0123456789 - 5e8)::numeric(30, 10), (i / 7.0)::float4,
	CASE i % 50 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' ELSE i / 3.0 END,
	CASE i % 3 WHEN 0 THEN NULL ELSE i % 3 = 1 END,
	CASE WHEN i % 11 = 0 THEN NULL WHEN i % 11 = 1 THEN '' ELSE repeat(chr(955 + i % 20), i % 40)
		|| E'\t"tab", \\backslash\n new line ' || md5(i::text) END,
	left(md5((i * 3)::text), i % 33), 'c' || i % 1000,
	CASE i % 10 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE decode(md5(i::text) || '00ff5c0a', 'hex') END,
	md5((i * 5)::text)::uuid, json_build_object('id', i, 'tags', ARRAY['x', 'ü', NULL]),
	jsonb_build_object('n', i / 4.0, 'deep', jsonb_build_array(i, NULL, jsonb_build_object('k', 'v"' || i))),
	CASE i % 100 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' ELSE date '1900-01-01' + i * 53 END,
	time '00:00' + i * interval '83.123456 s', timestamp '1999-12-31 23:59:59.999999' + i * interval '7 h',
	timestamptz '1970-01-01 00:00:00+00' + i * interval '1234567.89 s', i * interval '1 month 2 days 3.5 s',
	CASE i % 9 WHEN 0 THEN NULL WHEN 1 THEN '{}' ELSE ARRAY[i, NULL, -i] END,
	ARRAY['a' || i, '', NULL, 'with "quotes", {braces} and \'], ARRAY[[i, 1.5], [NULL, -2]]::numeric[],
	CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 'sad' WHEN 2 THEN 'ok' WHEN 3 THEN 'happy' ELSE 'wütend' END::mood,
	CASE WHEN i % 6 = 0 THEN NULL ELSE ROW('Street "' || i || '"', nullif(i % 4, 0), point(i, -i))::place END,
	('10.' || i % 256 || '.0.1')::inet, '10.0.0.0/8'::cidr, ('08:00:2b:01:02:' || to_hex(16 + i % 200))::macaddr,
	(i % 1024)::bit(10)::varbit, CASE WHEN i % 8 = 0 THEN 'empty' ELSE int4range(i, i + i % 7 + 1) END,
	point(i / 2.0, -i), (i * 1.25)::numeric::money, i
FROM generate_series(1, 1000) i;

-- One row of one megabyte, one of a few bytes, one NULL.
CREATE TABLE wide (id int PRIMARY KEY, t text, by bytea);
INSERT INTO wide SELECT 1, string_agg(md5(i::text), ''), decode(string_agg(md5((i + 7)::text), ''), 'hex')
	FROM generate_series(1, 32768) i;
INSERT INTO wide VALUES (2, 'small', '\x00'), (3, NULL, NULL);

-- What a client must not be able to break: constraints for errors with all their fields.
CREATE TABLE parent (id int PRIMARY KEY, name text NOT NULL UNIQUE CHECK (name <> 'forbidden'));
INSERT INTO parent SELECT i, 'parent ' || i FROM generate_series(1, 20) i;
CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent DEFERRABLE INITIALLY IMMEDIATE);

CREATE FUNCTION notices(n int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..n LOOP
		RAISE NOTICE 'notice % of %', i, n USING DETAIL = 'detail ' || i, HINT = 'hint';
	END LOOP;
	RAISE WARNING 'a warning' USING ERRCODE = '01S01';
	RETURN n;
END $$;
CREATE FUNCTION fail(code text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'failed as told: %', code USING ERRCODE = code, DETAIL = 'the detail', HINT = 'the hint',
		TABLE = 'a table', COLUMN = 'a column', CONSTRAINT = 'a constraint', SCHEMA = 'a schema',
		DATATYPE = 'a type';
END $$;
CREATE FUNCTION two_cursors(a refcursor, b refcursor) RETURNS SETOF refcursor LANGUAGE plpgsql AS $$
BEGIN
	OPEN a FOR SELECT id, t FROM everything WHERE id <= 3 ORDER BY id;
	RETURN NEXT a;
	OPEN b FOR SELECT name FROM parent WHERE id <= 2 ORDER BY id;
	RETURN NEXT b;
END $$;
CREATE PROCEDURE add_up(IN a int, INOUT b int) LANGUAGE plpgsql AS $$ BEGIN b := a + b; END $$;
ANALYZE;
