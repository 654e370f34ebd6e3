#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Records conversations of real clients with a real PostgreSQL into tests/unit/pg/capture/.

    tests/unit/pg/record.py [NAME...]     as root; a private server on 127.0.0.1, removed afterwards
    tests/unit/pg/record.py --live EXE    records nothing: the same conversations, and denials, through
                                          the codec (live.c)

A small proxy stands between: each piece that it reads becomes one event of the file, in the order in
which it read them: direction (1 byte: 0 to the server, 1 to the client), length (4 bytes, big-endian),
bytes. It passes a piece on after it has noted it, so an answer never stands before what it answers.

The clients are psql, pgbench, psycopg2, and a raw one below for what those do not do. The raw one also
checks what the codec's denials stand on: that the substitutes fail in every state, and leave the
unnamed statement alone. A file is kept as long as the protocol is; record again when a client changes."""

import contextlib
import os
import pathlib
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
TOP = pathlib.Path(__file__).resolve().parent / "capture"
PASSWORD = "a-password"
DENIED = b") denied by Sluice"

CONF = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
huge_pages = off
shared_buffers = 16MB
fsync = off
wal_level = replica
max_wal_senders = 2
password_encryption = 'scram-sha-256'
lc_messages = 'C'
"""
HBA = """
host replication all 127.0.0.1/32 trust
host all scram 127.0.0.1/32 scram-sha-256
host all md5 127.0.0.1/32 md5
host all clear 127.0.0.1/32 password
host all all 127.0.0.1/32 trust
"""
SCHEMA = f"""
SET password_encryption = 'md5'; CREATE ROLE md5 LOGIN PASSWORD '{PASSWORD}';
SET password_encryption = 'scram-sha-256';
CREATE ROLE scram LOGIN SUPERUSER PASSWORD '{PASSWORD}'; CREATE ROLE clear LOGIN PASSWORD '{PASSWORD}';
CREATE TABLE people (id int primary key, name text, ssn text);
INSERT INTO people SELECT i, 'name ' || i, '123-45-' || (1000 + i) FROM generate_series(1, 20) i;
CREATE TABLE guarded (id int);
CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no rows here'; END$$;
CREATE TRIGGER no BEFORE INSERT ON guarded FOR EACH STATEMENT EXECUTE FUNCTION no();
CREATE TABLE parent (id int primary key);
CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
"""


def free_port():
  with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    return probe.getsockname()[1]


@contextlib.contextmanager
def server():
  """A private PostgreSQL; its port."""
  home = tempfile.mkdtemp(prefix="sluice-record-")
  shutil.chown(home, "postgres", "postgres")
  as_postgres = ["runuser", "-u", "postgres", "--"]
  quiet = {"stdout": subprocess.DEVNULL, "check": True, "cwd": "/"}
  data, port = home + "/data", free_port()
  try:
    subprocess.run(as_postgres + [BIN / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "-A", "trust",
                                  "--no-sync"], **quiet)
    with open(data + "/postgresql.conf", "a", encoding="ascii") as conf:
      conf.write(CONF + f"port = {port}\n")
    pathlib.Path(data, "pg_hba.conf").write_text(HBA, encoding="ascii")
    subprocess.run(as_postgres + [BIN / "pg_ctl", "-D", data, "-w", "-l", home + "/log", "start"], **quiet)
    try:
      psql(port, "postgres", "-q", "-c", SCHEMA)
      yield port
    finally:
      subprocess.run(as_postgres + [BIN / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **quiet)
  finally:
    shutil.rmtree(home)


class Proxy:
  """Relays connections, each noted by itself; the one with the most events is kept (pgbench opens
  another one first, to look round)."""

  def __init__(self, to_port):
    self.to_port, self.connections = to_port, []
    self.listener = socket.create_server(("127.0.0.1", 0))
    self.port = self.listener.getsockname()[1]
    self.threads = [threading.Thread(target=self.accept)]
    self.threads[0].start()

  def accept(self):
    while True:
      client, _ = self.listener.accept()
      if self.connections is None:
        return
      events = []
      self.connections.append(events)
      self.threads.append(threading.Thread(target=self.relay, args=(client, events)))
      self.threads[-1].start()

  def relay(self, client, events):
    with client, socket.create_connection(("127.0.0.1", self.to_port)) as upstream:
      ends = [client, upstream]
      while True:
        for end in select.select(ends, [], [])[0]:
          data = end.recv(16384)
          if not data:
            return
          events.append((ends.index(end), data))
          ends[1 - ends.index(end)].sendall(data)

  def save(self, name):
    for thread in self.threads[1:]:
      thread.join()
    connections, self.connections = self.connections, None
    socket.create_connection(("127.0.0.1", self.port)).close()
    self.threads[0].join()
    self.listener.close()
    self.events = max(connections, key=len)
    TOP.mkdir(exist_ok=True)
    with open(TOP / (name + ".cap"), "wb") as file:
      for direction, data in self.events:
        file.write(struct.pack(">BI", direction, len(data)) + data)


def psql(port, user, *arguments, text=None):
  run = subprocess.run([BIN / "psql", "-X", "-h", "127.0.0.1", "-p", str(port), "-U", user, "-d", "postgres",
                        *arguments], input=text, text=True, capture_output=True,
                       env={"PGPASSWORD": PASSWORD, "PATH": os.environ["PATH"]})
  if run.returncode not in (0, 3):
    raise SystemExit(run.stderr)


def psql_everyday(port):
  psql(port, "scram", text=r"""
    SELECT * FROM people ORDER BY id; SELECT 1\; SELECT 2\; SELECT no_such\; SELECT 3;
    BEGIN; SELECT count(*) FROM people; SELECT 1/0; SELECT 1; ROLLBACK;
    DO $$BEGIN RAISE NOTICE 'hello'; END$$; ; SET client_encoding = 'LATIN1'; RESET client_encoding;
    SET standard_conforming_strings = off; LISTEN a; NOTIFY a, 'text'; SELECT 1;
    COPY people TO STDOUT; \copy people to /dev/null csv header
    CREATE TEMP TABLE t (a int, b text); COPY t FROM STDIN;
1	x
2	y
\.
    COPY t FROM STDIN;
not a number	z
3	z
\.
    COPY guarded FROM STDIN;
1
\.
    EXPLAIN SELECT * FROM people; SELECT repeat('x', 30000); VALUES (NULL, '', 'a');
    DECLARE c CURSOR WITH HOLD FOR SELECT * FROM people; FETCH 3 FROM c; CLOSE c;
    PREPARE s AS SELECT $1::int; EXECUTE s(5); DEALLOCATE s; DISCARD ALL;
    """)


def psql_md5(port):
  psql(port, "md5", "-c", "SELECT current_user")


def psql_clear(port):
  psql(port, "clear", "-c", "SELECT current_user")


def psql_refused(port):
  env = {"PGPASSWORD": "wrong", "PATH": os.environ["PATH"]}
  subprocess.run([BIN / "psql", "-X", "-h", "127.0.0.1", "-p", str(port), "-U", "scram", "-d", "postgres"],
                 input="", text=True, capture_output=True, env=env)


def pgbench(port, mode, script):
  with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
    file.write(script)
    file.flush()
    subprocess.run([BIN / "pgbench", "-n", "-M", mode, "-t", "10", "-f", file.name, "-h", "127.0.0.1", "-p",
                    str(port), "-U", "postgres", "postgres"], check=True, capture_output=True)


BENCH = "\\set id random(1, 20)\nBEGIN;\nSELECT * FROM people WHERE id = :id;\nUPDATE people SET name = name WHERE id = :id;\nEND;\n"


def pgbench_extended(port):
  pgbench(port, "extended", BENCH)


def pgbench_prepared(port):
  pgbench(port, "prepared", BENCH)


def pgbench_pipeline(port):
  pgbench(port, "prepared", "\\startpipeline\n" + BENCH + "SELECT 1;\n\\endpipeline\n")


def psycopg2_everyday(port):
  import io
  import psycopg2
  db = psycopg2.connect(host="127.0.0.1", port=port, user="scram", password=PASSWORD, dbname="postgres")
  with db, db.cursor("named") as cursor:
    cursor.itersize = 7
    cursor.execute("SELECT * FROM people")
    list(cursor)
  with db.cursor() as cursor:
    cursor.execute("SELECT %s, %s::bytea, %s", ("a'b", b"\0\1", None))
    cursor.copy_expert("COPY people TO STDOUT (FORMAT binary)", io.BytesIO())
    cursor.execute("CREATE TEMP TABLE t (a int)")
    cursor.copy_from(io.StringIO("1\n2\n"), "t")
    with contextlib.suppress(psycopg2.Error):
      cursor.execute("INSERT INTO people VALUES (1)")
  db.rollback()
  db.autocommit = True
  with db.cursor() as cursor:
    cursor.execute("SELECT 1; SELECT 2")
  db.close()


class Raw:
  """The protocol, message by message."""

  def __init__(self, port, replication=False):
    self.socket = socket.create_connection(("127.0.0.1", port))
    self.buffer = b""
    params = b"user\0postgres\0database\0postgres\0" + (b"replication\0true\0" if replication else b"")
    body = struct.pack(">I", 3 << 16) + params + b"\0"
    self.socket.sendall(struct.pack(">I", len(body) + 4) + body)
    self.until(b"Z")

  def say(self, *messages):
    self.socket.sendall(b"".join(kind + struct.pack(">I", len(body) + 4) + body for kind, body in messages))

  def hear(self):
    while len(self.buffer) < 5 or len(self.buffer) < 1 + struct.unpack(">I", self.buffer[1:5])[0]:
      data = self.socket.recv(65536)
      if not data:
        raise SystemExit("the server closed the connection")
      self.buffer += data
    end = 1 + struct.unpack(">I", self.buffer[1:5])[0]
    kind, body, self.buffer = self.buffer[:1], self.buffer[5:end], self.buffer[end:]
    return kind, body

  def until(self, last):
    """The types of what comes, up to and with one of <last>; ReadyForQuery with its status."""
    heard = b""
    while not heard.endswith(last):
      kind, body = self.hear()
      heard += kind if kind not in b"NSA" else b""
      self.last_body = body
    return heard + (body if kind == b"Z" else b"")

  def expect(self, last, wanted, *messages):
    self.say(*messages)
    heard = self.until(last)
    if heard != wanted:
      raise SystemExit(f"{messages}: {heard}, not {wanted}")

  def close(self):
    self.say((b"X", b""))
    self.socket.close()


def parse(text, name=b""):
  return b"P", name + b"\0" + text + b"\0\0\0"


def bind(portal=b"", statement=b"", binary=False):
  return b"B", portal + b"\0" + statement + b"\0\0\0\0\0" + (b"\0\1\0\1" if binary else b"\0\0")


def execute(portal=b"", rows=0):
  return b"E", portal + b"\0" + struct.pack(">I", rows)


def query(text):
  return b"Q", text + b"\0"


SYNC, FLUSH = (b"S", b""), (b"H", b"")
SUBSTITUTE = parse(DENIED, b"sluice denied")


def raw_extended(port):
  raw = Raw(port)
  people = b"SELECT * FROM people ORDER BY id"
  raw.expect(b"Z", b"12T" + b"D" * 20 + b"CZI", parse(people), bind(), (b"D", b"P\0"), execute(), SYNC)
  raw.expect(b"Z", b"1tTZI", parse(people, b"s"), (b"D", b"Ss\0"), SYNC)
  raw.expect(b"Z", b"2" + b"D" * 20 + b"CZI", bind(statement=b"s", binary=True), execute(), SYNC)
  raw.expect(b"Z", b"CZT", query(b"BEGIN"))
  raw.expect(b"Z", b"2TDDDsDDsZT", bind(b"p", b"s"), (b"D", b"Pp\0"), execute(b"p", 3), execute(b"p", 2), SYNC)
  raw.expect(b"Z", b"D" * 15 + b"C3ZT", execute(b"p"), (b"C", b"Pp\0"), SYNC)
  raw.expect(b"Z", b"CZI", query(b"COMMIT"))
  raw.expect(b"Z", b"EZI", parse(b"SELECT no_such"), bind(), query(b"SELECT 1"), execute(), SYNC)
  raw.expect(b"E", b"1E", parse(b"SELECT 1/0"), bind(statement=b"none"), FLUSH)
  raw.expect(b"Z", b"ZI", query(b"skipped"), SYNC)
  raw.expect(b"Z", b"12nCEZI", parse(b"INSERT INTO child VALUES (9)"), bind(), (b"D", b"P\0"), execute(), SYNC)
  raw.expect(b"Z", b"12IZI", parse(b""), bind(), execute(), SYNC)
  raw.say(*[message for _ in range(30) for message in (bind(statement=b"s"), execute(), SYNC)])
  for _ in range(30):
    raw.until(b"Z")
  raw.expect(b"Z", b"3ZI", (b"C", b"Ss\0"), SYNC)
  raw.expect(b"Z", b"VZI", (b"F", struct.pack(">IHHI", 1598, 0, 0, 0)[:8] + b"\0\0"))  # random()
  raw.expect(b"Z", b"EZI", (b"F", struct.pack(">I", 1) + b"\0\0\0\0\0\0"))
  raw.close()


def raw_copy(port):
  raw = Raw(port)
  raw.expect(b"Z", b"CZI", query(b"CREATE TEMP TABLE t (a int)"))
  begin = (parse(b"COPY t FROM STDIN"), bind(), execute(), SYNC)  # as libpq: with the Sync
  raw.expect(b"G", b"12G", *begin)
  raw.expect(b"Z", b"CZI", (b"d", b"1\n"), (b"d", b"2\n"), (b"c", b""), SYNC)
  raw.expect(b"Z", b"12GCZI", *begin, (b"d", b"3\n"), (b"c", b""), SYNC)
  raw.expect(b"G", b"12G", *begin)
  raw.expect(b"Z", b"EZI", (b"d", b"x\n"), (b"d", b"4\n"), (b"c", b""), SYNC)
  raw.expect(b"G", b"12G", *begin)
  raw.expect(b"Z", b"EZI", (b"d", b"5\n"), (b"f", b"no more\0"), SYNC)
  # fails before it reads anything: the Sync that went along is answered, and the later one as well
  raw.expect(b"Z", b"12GEZI", parse(b"COPY guarded FROM STDIN"), bind(), execute(), SYNC)
  raw.expect(b"Z", b"ZI", (b"d", b"6\n"), (b"c", b""), SYNC)
  raw.expect(b"Z", b"12HdddcCZI", parse(b"COPY (VALUES (1), (2), (3)) TO STDOUT"), bind(), execute(), SYNC)
  raw.expect(b"G", b"CG", query(b"SET work_mem = 100; COPY t FROM STDIN; SELECT 1"))
  raw.expect(b"Z", b"CTDCZI", (b"d", b"7\n"), (b"c", b""))
  raw.close()


def raw_replication(port):
  raw = Raw(port, replication=True)
  raw.expect(b"Z", b"TDCZI", query(b"IDENTIFY_SYSTEM"))
  raw.say(query(b"IDENTIFY_SYSTEM"))
  while raw.hear()[0] != b"T":
    pass
  row = raw.hear()[1]
  fields, at = [], 2
  while at < len(row):
    n = struct.unpack(">i", row[at:at + 4])[0]
    fields.append(row[at + 4:at + 4 + max(n, 0)])
    at += 4 + max(n, 0)
  raw.until(b"Z")
  raw.expect(b"W", b"W", query(b"START_REPLICATION PHYSICAL " + fields[2]))
  raw.say((b"d", b"r" + b"\0" * 33), (b"c", b""))
  raw.until(b"Z")
  raw.close()


def raw_denied(port):
  """The substitutes of denials, as the server sees them."""
  raw = Raw(port)
  raw.expect(b"Z", b"EZI", query(DENIED))
  raw.expect(b"Z", b"CZI", query(b"SET standard_conforming_strings = off"))
  raw.expect(b"Z", b"EZI", query(DENIED))
  raw.expect(b"Z", b"1ZI", parse(b"SELECT 7"), SYNC)
  raw.expect(b"Z", b"EZI", SUBSTITUTE, SYNC)
  raw.expect(b"Z", b"2TDCZI", bind(), (b"D", b"P\0"), execute(), SYNC)  # the unnamed one is still there
  raw.expect(b"Z", b"CZT", query(b"BEGIN"))
  raw.expect(b"Z", b"EZE", query(DENIED))
  raw.expect(b"Z", b"EZE", query(DENIED))
  raw.expect(b"Z", b"EZE", SUBSTITUTE, SYNC)
  raw.expect(b"Z", b"CZI", query(b"ROLLBACK"))
  raw.expect(b"Z", b"CZT", query(b"BEGIN"))
  raw.expect(b"Z", b"12EZE", parse(b"SELECT 1"), bind(), SUBSTITUTE, SYNC)
  raw.expect(b"Z", b"CZI", query(b"ROLLBACK"))
  raw.expect(b"Z", b"EZI", (b"B", b"\0sluice denied\0\0\0\0\0\0\0"), SYNC)  # it never came to exist
  raw.close()


def raw_fatal(port):
  raw = Raw(port)
  raw.say(query(b"SELECT pg_terminate_backend(pg_backend_pid())"))
  raw.until(b"E")
  raw.socket.close()


CONVERSATIONS = [psql_everyday, psql_md5, psql_clear, psql_refused, pgbench_extended, pgbench_prepared,
                 pgbench_pipeline, psycopg2_everyday, raw_extended, raw_copy, raw_replication, raw_denied,
                 raw_fatal]


def expect(what, text, *wanted):
  for line in wanted:
    if line not in text:
      raise SystemExit(f"{what}: no '{line}' in: {text}")
  print(f"ok {what}")


def live_psql(port):
  text = subprocess.run(
      [BIN / "psql", "-X", "-e", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", "postgres"], text=True,
      input=r"""
      SELECT 'DENIED'; SELECT 'one';
      BEGIN; SELECT 'two'; SELECT 'DENIED'; SELECT 'three'; SELECT 'DENIED'; ROLLBACK;
      CREATE TABLE kept (a text); COPY kept FROM STDIN;
x
DENIED
y
\.
      SELECT count(*) AS none FROM kept; SELECT 'four';
      """, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True).stdout
  expect("psql", text, "one", "two", "four", "ERROR:  denied", "current transaction is aborted", " none \n------\n    0")
  if text.count("ERROR:  denied") != 4 or "three\n" in text.replace("'three'", ""):
    raise SystemExit(text)


def live_raw(port):
  raw = Raw(port)
  denied = parse(b"DROP TABLE people -- DENIED")
  raw.expect(b"Z", b"EZI", denied, bind(), execute(), SYNC)
  raw.expect(b"Z", b"CZT", query(b"BEGIN"))
  raw.expect(b"Z", b"1EZE", parse(b"SELECT 1"), denied, bind(), execute(), SYNC)
  raw.expect(b"Z", b"CZI", query(b"ROLLBACK"))
  raw.expect(b"Z", b"1ZI", parse(b"SELECT $1::text", b"s"), SYNC)
  raw.expect(b"Z", b"2DCZI", bind(statement=b"s")[:1] + (b"\0s\0\0\0\0\1\0\0\0\2ok\0\0",), execute(), SYNC)
  raw.expect(b"Z", b"EZI", (b"B", b"\0s\0\0\0\0\1\0\0\0\6DENIED\0\0"), execute(), SYNC)
  raw.say(query(b"SELECT 1"), query(b"SELECT 'DENIED'"), query(b"SELECT 2"))
  heard = b"".join(raw.until(b"Z") for _ in range(3))
  expect("pipeline", heard.decode(), "TDCZIEZITDCZI")
  raw.close()


def live(exe):
  with server() as port:
    codec = subprocess.Popen([exe, str(port), "DENIED"], stdout=subprocess.PIPE, text=True)
    try:
      there = int(codec.stdout.readline())
      live_psql(there)
      live_raw(there)
      for conversation in CONVERSATIONS:
        conversation(there)
        print(f"ok {conversation.__name__}")
    finally:
      codec.kill()
      codec.wait()


def main():
  wanted = sys.argv[1:]
  if wanted[:1] == ["--live"]:
    live(wanted[1])
    return
  with server() as port:
    for conversation in CONVERSATIONS:
      if wanted and conversation.__name__ not in wanted:
        continue
      proxy = Proxy(port)
      conversation(proxy.port)
      proxy.save(conversation.__name__)
      print(f"{conversation.__name__}: {len(proxy.events)} events, "
            f"{sum(len(data) for _, data in proxy.events)} bytes")


if __name__ == "__main__":
  main()
