#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs catalog_pg against a PostgreSQL server of its own. "ok NAME" or "not ok NAME" for each test."""

import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "mask"))
from mask_test import BIN, server  # noqa: E402 (the server is that of tests/mask)

PSQL = BIN / "psql"
N_TABLES = 10000
LIMIT_MS = 1000  # for N_TABLES; far above what a machine that does nothing else needs

# Column: what is said of it, for each rule. "=": a column as itself; "~": derived; and its place in COPY.
BOTH = ["ssn", "ssn-strict"]
ALL = BOTH + ["doc"]
EXPECT = {
    # the rule's own columns: dropped columns count nowhere, generated ones not in COPY
    "shop.people.ssn": ("=", BOTH, 1),
    "shop.people.doc": ("=", ["doc"], 3),
    "crm.cards.secret_a": ("=", ["crm"], 0),
    "crm.cards.phone": ("=", ["phone"], 4),
    "crm.mails.e-mail": ("=", ["mail"], 0),
    "crm.mails.eemail": ("=", ["mail"], 1),
    "crm.mails.emmail": ("=", ["mail"], 3),
    "shop.generated.a": ("=", ["gen"], 0),
    "shop.generated.b": ("=", ["gen"], -1),
    "shop.generated.d": ("=", ["gen"], 1),
    "shop.generated.e": ("=", ["gen"], 2),
    "Odd \\ '$_%.Tab \"le.Größe_1%": ("=", ["odd"], 0),
    "shop.remote.ssn": ("=", ["far"], 1),
    # of one partition: its parent, none of its siblings
    "shop.orders.card": ("=", ["part"], 1),
    "shop.orders_2024.card": ("=", ["part"], 1),
    # of a parent: all below it, wherever the column stands there
    "shop.events.who": ("=", ["event"], 2),
    "shop.events_2024.who": ("=", ["event"], 0),
    "shop.events_2024_1.who": ("=", ["event"], 0),
    "shop.staff.ssn": ("=", BOTH, 1),
    "shop.staff.doc": ("=", ["doc"], 3),
    # views
    "shop.v_plain.ssn": ("=", BOTH, 1),
    "shop.v_renamed.b": ("=", BOTH, 1),
    "shop.v_over.c": ("=", BOTH, 0),
    "shop.v_part.card": ("=", ["part"], 0),
    "shop.v_join.ssn": ("=", BOTH, 1),
    "shop.mv.kept": ("=", BOTH, 0),
    "shop.v_mv.again": ("=", BOTH, 0),
    "shop.totals.amount": ("=", ["mat"], 0),
    "shop.v_sub.x": ("=", BOTH, 0),
    "shop.v_union.n": ("=", BOTH, 0),
    "shop.v_cte.c": ("=", BOTH, 1),
    "shop.v_using.ssn": ("=", BOTH, 0),
    "shop.v_recursive.s": ("~", BOTH, 1),  # not followed into itself
    "shop.v_swap.b": ("=", BOTH, 1),
    "shop.v_expr.u": ("~", BOTH, 1),
    "shop.v_expr_over.w": ("~", BOTH, 1),
    "shop.v_case.k": ("~", BOTH, 1),
    "shop.v_scalar.s": ("~", BOTH, 1),
    "shop.v_lateral.x": ("~", BOTH, 1),
    "shop.v_agg.all": ("~", BOTH, 1),
    "shop.v_sub_expr.y": ("~", BOTH, 1),
    "shop.v_alias.q": ("~", BOTH, 0),
    "shop.v_row.p": ("~", ALL, 0),
    "shop.v_json.j": ("~", ALL, 0),
    "shop.v_loop_a.x": ("~", BOTH, 0),
    "shop.v_loop_b.x": ("~", BOTH, 0),
}

# An agent's search_path, with all that the query could pick up by mistake.
HOSTILE = """
CREATE SCHEMA evil;
GRANT ALL ON SCHEMA evil TO agent;
SET ROLE agent;
CREATE FUNCTION evil.no(pg_catalog.oid, pg_catalog.oid) RETURNS pg_catalog.bool LANGUAGE sql AS 'SELECT false';
CREATE FUNCTION evil.no(pg_catalog.name, pg_catalog.name) RETURNS pg_catalog.bool LANGUAGE sql AS 'SELECT false';
CREATE FUNCTION evil.no(pg_catalog.int2, pg_catalog.int4) RETURNS pg_catalog.bool LANGUAGE sql AS 'SELECT false';
CREATE FUNCTION evil.no(pg_catalog."char", pg_catalog."char") RETURNS pg_catalog.bool LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = pg_catalog.oid, RIGHTARG = pg_catalog.oid);
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = pg_catalog.name, RIGHTARG = pg_catalog.name);
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = pg_catalog."char", RIGHTARG = pg_catalog."char");
CREATE OPERATOR evil.> (FUNCTION = evil.no, LEFTARG = pg_catalog.int2, RIGHTARG = pg_catalog.int4);
CREATE OPERATOR evil.<> (FUNCTION = evil.no, LEFTARG = pg_catalog.oid, RIGHTARG = pg_catalog.oid);
CREATE FUNCTION evil.bytealike(pg_catalog.bytea, pg_catalog.bytea) RETURNS pg_catalog.bool LANGUAGE sql AS 'SELECT false';
CREATE FUNCTION evil.convert_to(pg_catalog.text, pg_catalog.name) RETURNS pg_catalog.bytea LANGUAGE sql AS 'SELECT NULL::pg_catalog.bytea';
CREATE FUNCTION evil.pg_get_viewdef(pg_catalog.oid) RETURNS pg_catalog.text LANGUAGE sql AS 'SELECT NULL::pg_catalog.text';
CREATE FUNCTION evil.getdatabaseencoding() RETURNS pg_catalog.name LANGUAGE sql AS 'SELECT NULL::pg_catalog.name';
CREATE FUNCTION evil.max(pg_catalog.oid) RETURNS pg_catalog.oid LANGUAGE sql AS 'SELECT 1::pg_catalog.oid';
CREATE TABLE evil.pg_class AS SELECT * FROM pg_catalog.pg_class LIMIT 0;
CREATE TABLE evil.pg_attribute AS SELECT attrelid, attname, attnum, attisdropped, attgenerated FROM pg_catalog.pg_attribute LIMIT 0;
CREATE TABLE evil.enc (e pg_catalog.name);
CREATE TABLE evil.up (i int, o pg_catalog.oid, a pg_catalog.int2, n pg_catalog.name);
CREATE DOMAIN evil.text AS pg_catalog.int4;
CREATE DOMAIN evil.name AS pg_catalog.int4;
CREATE DOMAIN evil.bytea AS pg_catalog.int4;
CREATE DOMAIN evil.oid AS pg_catalog.int4;
"""

BIG = """
DO $$ BEGIN FOR i IN 1..%d LOOP
  EXECUTE pg_catalog.format('CREATE TABLE many.t%%s (id int PRIMARY KEY, ssn text, b text, c date, d numeric, e text)', i);
  IF i %% 500 = 0 THEN COMMIT; END IF;
END LOOP; END $$;
"""

BIG_RULES = """
pack: big
data:
  - {id: a, column: "*.t77.b", mask: redact}
  - {id: b, column: "*.*.passport", mask: redact}
  - {id: c, column: "*.*.*birth_date*", mask: redact}
  - {id: d, column: "many.t12?.ss*", mask: redact}
"""


class Failed(Exception):
  pass


class Bed:
  """A server, and catalog_pg before it."""

  def __init__(self, client, port):
    self.client, self.port = client, port

  def conninfo(self, user, db):
    return f"host=127.0.0.1 port={self.port} user={user} dbname={db}"

  def sql(self, text, db="postgres"):
    done = subprocess.run([PSQL, "-X", "-q", "-v", "ON_ERROR_STOP=1", self.conninfo("postgres", db)],
                          input=text, text=True, capture_output=True, check=False)
    if done.returncode != 0:
      raise Failed("psql: " + done.stderr)

  def ask(self, *settings, db="postgres", rules=HERE / "rules.yaml", encoding="utf-8"):
    """The catalogue as {column: (kind, [rules], place)}, and what its last line says."""
    env = dict(os.environ, PGCLIENTENCODING="UTF8")
    done = subprocess.run([self.client, rules, self.conninfo("agent", db), *settings],
                          capture_output=True, check=False, env=env)
    if done.returncode != 0:
      raise Failed(done.stderr.decode(errors="replace"))
    *lines, last = [line for line in done.stdout.decode(encoding).splitlines()
                    if not line.startswith(("globs: ", "differs: "))]
    columns = {}
    for line in lines:
      column, rule, kind, _, place = re.fullmatch(r"(.*) (\S+) (plain|derived) (\d+) (-?\d+)",
                                                  line).groups()
      entry = ("=" if kind == "plain" else "~", [rule], int(place))
      if column in columns:
        if columns[column][::2] != entry[::2]:
          raise Failed(f"{column} is {columns[column]} and {entry}")
        columns[column][1].append(rule)
      else:
        columns[column] = entry
    return columns, last


def own(columns):
  return {name: said for name, said in columns.items() if not name.startswith("pg_")}


def check_equal(found, expected):
  wrong = [f"{name}: {found.get(name)}, expected {expected.get(name)}"
           for name in sorted(set(found) | set(expected)) if found.get(name) != expected.get(name)]
  if wrong:
    raise Failed("; ".join(wrong[:20]))


def test_all(bed):
  check_equal(own(bed.ask()[0]), EXPECT)


def test_repeats(bed):
  """What repeats values is derived, of the strictest rule without exceptions."""
  columns = bed.ask()[0]
  for name, place in (("pg_catalog.pg_stats.most_common_vals", 7),
                      ("pg_catalog.pg_stat_activity.query", 20),
                      ("pg_catalog.pg_statistic.stavalues1", 26),
                      ("pg_catalog.pg_largeobject.data", 2)):
    if columns.get(name) != ("~", ["doc"], place):
      raise Failed(f"{name}: {columns.get(name)}")


def test_toast(bed):
  """A TOAST table has values of all columns of its table."""
  toast = {tuple(said[1]) for name, said in bed.ask()[0].items()
           if name.startswith("pg_toast.") and name.endswith(".chunk_data") and said[0] == "~"}
  for rules in (tuple(ALL), ("crm",), ("part",)):
    if not any(set(rules) <= set(found) for found in toast):
      raise Failed(f"none of {rules}: {toast}")


def test_hostile(bed):
  before = bed.ask()[0]
  bed.sql(HOSTILE)
  path = "SET search_path = evil, shop, pg_catalog"
  temporary = "CREATE TEMP TABLE pg_attribute (attrelid oid)"
  after = bed.ask(path, temporary)[0]
  check_equal({n: s for n, s in after.items() if not n.startswith("pg_toast.")},
              {n: s for n, s in before.items() if not n.startswith("pg_toast.")})


def test_settings(bed):
  for settings in (("SET standard_conforming_strings = off",),
                   ("SET backslash_quote = off", "SET standard_conforming_strings = off"),
                   ("SET DateStyle = 'German'", "SET bytea_output = 'escape'"),
                   ("SET transform_null_equals = on", "SET quote_all_identifiers = on"),
                   ("SET default_transaction_read_only = on",),
                   ("BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY",),
                   ("SET enable_hashjoin = off", "SET enable_seqscan = off"),
                   ("SET jit_above_cost = 0",)):
    check_equal(own(bed.ask(*settings)[0]), EXPECT)


def test_client_encoding(bed):
  """Names come as the session has them; rules find them all the same."""
  columns = own(bed.ask("SET client_encoding = 'LATIN1'", encoding="latin-1")[0])
  check_equal(columns, EXPECT)


def test_server_encodings(bed):
  """A rule's letters that a server's encoding lacks, or has otherwise."""
  name = "Odd \\ '$_%.Tab \"le.Größe_1%"
  for encoding in ("LATIN1", "SQL_ASCII", "EUC_JP"):
    db = "db_" + encoding.lower()
    bed.sql(f"CREATE DATABASE {db} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    has_name = encoding != "EUC_JP"
    table = 'CREATE SCHEMA "Odd \\ \'$_%"; CREATE TABLE "Odd \\ \'$_%"."Tab ""le" ("Größe_1%" text);'
    bed.sql(("SET client_encoding = UTF8;" if encoding != "SQL_ASCII" else "") +
            (table if has_name else "") + "CREATE TABLE people (ssn text);", db)
    columns = own(bed.ask(db=db)[0])
    expected = {"public.people.ssn": ("=", BOTH, 0)}
    if has_name:
      expected[name] = ("=", ["odd"], 0)
    check_equal(columns, expected)


def test_newer(bed):
  before = int(re.search(r"newest (\d+)", bed.ask()[1]).group(1))
  bed.sql("CREATE TABLE shop.young (ssn text)")
  after = int(re.search(r"newest (\d+)", bed.ask()[1]).group(1))
  if not before < after:
    raise Failed(f"{before}, {after}")


def test_globs(bed):
  """The server finds what model_glob() does: catalog_pg compares all columns with all rules."""
  chance = random.Random(15)
  signs = ["a", "b", "_", "%", "\\", "$", "'", '"', "é", "日", " "]

  def name(n, more=()):
    return "".join(chance.choice(signs + list(more) * 3) for _ in range(chance.randint(1, n)))

  def quoted(text):
    return '"' + text.replace('"', '""') + '"'

  schemas = sorted({"globs" + name(2) for _ in range(6)})
  sql, names = "", []
  for schema in schemas:
    sql += f"CREATE SCHEMA {quoted(schema)};"
    for table in sorted({name(3) for _ in range(8)}):
      columns = sorted({name(4) for _ in range(12)})
      names += [(schema, table, column) for column in columns]
      sql += f"CREATE TABLE {quoted(schema)}.{quoted(table)} (" + ",".join(
          quoted(column) + " int" for column in columns) + ");"
  bed.sql("CREATE DATABASE globs")
  bed.sql(sql, "globs")
  rules, n_hits = [], 0
  for i in range(120):
    some = chance.choice(names)
    parts = [chance.choice(("*", "globs*", part if k < 2 else blur(chance, part), blur(chance, part)))
             for k, part in enumerate(some)]
    text = ".".join(parts).replace("'", "''")
    rules.append(f"  - {{id: r{i}, column: '{text}', mask: redact}}\n")
  with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
    file.write("pack: globs\ndata:\n" + "".join(rules))
    file.flush()
    done = subprocess.run([bed.client, file.name, bed.conninfo("agent", "globs")],
                          capture_output=True, text=True, check=False,
                          env=dict(os.environ, PGCLIENTENCODING="UTF8"))
  found = re.search(r"^globs: (\d+) pairs are equal, (\d+) of them match$", done.stdout, re.M)
  if done.returncode != 0 or found is None:
    raise Failed(done.stderr)
  differs = re.findall(r"^differs: .*$", done.stdout, re.M)
  if differs:
    raise Failed("; ".join(differs[:5]))
  n_hits = int(found.group(2))
  if int(found.group(1)) != len(names) * len(rules) or n_hits < 500:
    raise Failed(f"{found.group(0)}, expected {len(names) * len(rules)}")
  print("#", found.group(0))


def blur(chance, text):
  """A pattern that may match: each letter itself, ? for a byte of it, or * for some."""
  out = ""
  for sign in text:
    out += chance.choice((sign, sign, sign, "?" * len(sign.encode()), "?", "*"))
  return out


def test_many(bed):
  """The time that N_TABLES take."""
  bed.sql("CREATE SCHEMA many;" + BIG % N_TABLES + "VACUUM ANALYZE pg_catalog.pg_class;"
          "VACUUM ANALYZE pg_catalog.pg_attribute;")
  with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
    rules.write(BIG_RULES)
    rules.flush()
    said = [bed.ask(rules=rules.name) for _ in range(5)]
  took = min(float(re.search(r"query ([\d.]+) ms", last).group(1)) for _, last in said)
  found = own(said[0][0])
  expected = {f"many.t12{i}.ssn": ("=", ["d"], 1) for i in range(10)}
  expected["many.t77.b"] = ("=", ["a"], 2)
  check_equal(found, expected)
  print(f"# {N_TABLES} tables: {took:.0f} ms, {said[0][1]}")
  if took > LIMIT_MS:
    raise Failed(f"{took} ms")


TESTS = [test_all, test_repeats, test_toast, test_settings, test_client_encoding,
         test_server_encodings, test_newer, test_globs, test_hostile, test_many]


def main():
  client, n_failed = str(pathlib.Path(sys.argv[1]).resolve()), 0
  with server() as port:
    bed = Bed(client, port)
    bed.sql((HERE / "schema.sql").read_text())
    for test in TESTS:
      name = test.__name__.removeprefix("test_")
      try:
        test(bed)
        print("ok", name, flush=True)
      except Failed as why:
        n_failed += 1
        print(f"not ok {name}: {why}", flush=True)
  sys.exit(n_failed != 0)


if __name__ == "__main__":
  main()
