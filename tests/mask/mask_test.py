#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs mask_pg against a PostgreSQL server of its own."""

import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
CONF = """
listen_addresses = '127.0.0.1'
port = {port}
huge_pages = off
fsync = off
unix_socket_directories = ''
shared_buffers = 16MB
timezone = 'Europe/Berlin'
datestyle = 'iso'
"""


def as_postgres():
  """The server refuses to run as root."""
  if os.geteuid() != 0:
    return {}
  entry = pwd.getpwnam("postgres")
  return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def free_port():
  with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    return str(s.getsockname()[1])


def wait_for(port, folder):
  for _ in range(300):
    if subprocess.run([BIN / "pg_isready", "-q", "-h", "127.0.0.1", "-p", port],
                      check=False).returncode == 0:
      return
    time.sleep(0.1)
  raise RuntimeError("the server does not start: " + (folder / "log").read_text())


@contextlib.contextmanager
def server():
  with tempfile.TemporaryDirectory(prefix="sluice-mask-") as name:
    folder, port = pathlib.Path(name), free_port()
    data = folder / "data"
    if os.geteuid() == 0:
      shutil.chown(folder, "postgres", "postgres")
    subprocess.run([BIN / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                    "--locale=C", "--no-sync"], check=True, capture_output=True, cwd=folder,
                   **as_postgres())
    (data / "postgresql.auto.conf").write_text(CONF.format(port=port))
    with open(folder / "log", "ab") as log:
      process = subprocess.Popen([BIN / "postgres", "-D", data], stdout=log, stderr=log, cwd=folder,
                                 **as_postgres())
      try:
        wait_for(port, folder)
        yield port
      finally:
        process.terminate()
        process.wait(30)


def main():
  client = str(pathlib.Path(sys.argv[1]).resolve())
  with server() as port:
    done = subprocess.run([client, f"host=127.0.0.1 port={port} user=postgres dbname=postgres"],
                          check=False)
  sys.exit(done.returncode)


if __name__ == "__main__":
  main()
