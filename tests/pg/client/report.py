# SPDX-License-Identifier: Apache-2.0
"""What the Python clients share: cases and their lines.

A case is a function whose value is everything that it received. Its exceptions are not caught here: an
error that a case does not expect ends the client, so that no run is equal to another by failing alike."""

import hashlib
import os
import re
import time

SHORT = 120
TEMPORARY = re.compile(r"pg_temp_\d+")  # numbered by the backend
SSL_MODES = ("require", "verify-ca", "verify-full")


def render(value):
  return value if isinstance(value, str) else repr(value)


def say(name, value):
  text = TEMPORARY.sub("pg_temp", render(value))
  data = text.encode("utf-8", "backslashreplace")
  folder = os.environ.get("PG_DETAIL")
  if folder:
    with open(os.path.join(folder, name), "wb") as file:
      file.write(data)
  short = len(text) <= SHORT and text.isprintable()
  print(f"case {name}: {text if short else hashlib.sha256(data).hexdigest() + f' {len(data)} bytes'}",
        flush=True)


def tls_as_asked(is_on):
  """Must TLS be on? By sslmode; "prefer" may have either."""
  mode = os.environ.get("PGSSLMODE", "prefer")
  if mode != "prefer" and is_on != (mode in SSL_MODES):
    raise RuntimeError(f"sslmode is {mode}, TLS is {'on' if is_on else 'off'}")
  return "as asked"


def until(condition, what, seconds=20):
  """Waits for it."""
  end = time.monotonic() + seconds
  while not condition():
    if time.monotonic() > end:
      raise RuntimeError(f"never happened: {what}")
    time.sleep(0.02)


# Whether a session sleeps in pg_sleep with this mark in its text: then it can be cancelled.
ASLEEP = ("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%{}%' "
          "AND pid <> pg_backend_pid()")

# Statements that fail, by name: the errors between them have every field that a server sends.
FAILING = {
    "syntax": "SELEC 1",
    "position": "SELECT 'ä', no_such_column FROM everything",
    "table": "SELECT * FROM no_such_table",
    "division": "SELECT 1 / (id - 500) FROM everything ORDER BY id",
    "unique": "INSERT INTO parent VALUES (1, 'new')",
    "not-null": "INSERT INTO parent VALUES (1000, NULL)",
    "check": "INSERT INTO parent VALUES (1000, 'forbidden')",
    "foreign": "INSERT INTO child VALUES (1, 99999)",
    "domain": "SELECT (-5)::positive",
    "enum": "SELECT 'angry'::mood",
    "cast": "SELECT 'abc'::int",
    "raised": "SELECT fail('XY123')",
    "internal": "DO $$ DECLARE x int; BEGIN EXECUTE 'SELECT 1/0' INTO x; END $$",
    "denied": "SELECT * FROM pg_authid",
    "read-only": "BEGIN READ ONLY; CREATE TABLE never (x int)",
    "timeout": "SET statement_timeout = '50ms'; SELECT pg_sleep(30)",
}
