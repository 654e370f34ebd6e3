# SPDX-License-Identifier: Apache-2.0
"""What the parts in Python share: connections through the gate, its operator, the server behind it.

They run in the agent's namespace (see agent_program in run); a provider's token is asked for in the
one of run. A check is a function named check_*; it fails by an exception."""

import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import traceback

import psycopg

PLAIN, RISK, HASTY, RAW, CERT, MASKED = (os.environ.get(name, "") for name in
                                         ("PLAIN", "RISK", "HASTY", "RAW", "CERT", "MASKED"))
SERVER = pathlib.Path(os.environ["GATE_SERVER"])
LOG = pathlib.Path(os.environ["GATE_LOG"])
PSQL = "/usr/lib/postgresql/15/bin/psql"
SHELL = "set -e; . tools/sh/lab.sh; . tools/sh/servers.sh; . tools/sh/gate.sh; "


def token():
  """The one of an hour that all may use."""
  return pathlib.Path(os.environ["GATE_TOKEN_FILE"]).read_text().strip()


def outside(command):
  """Runs <command>, which may use the functions of tools/sh, where run runs."""
  done = subprocess.run(["nsenter", f"--net={os.environ['GATE_NET']}", "bash", "-c", SHELL + command],
                        capture_output=True, text=True, check=True, timeout=60)
  return done.stdout.strip()


def new_token(seconds=3600, audience="sluice"):
  return outside(f"gate_token {seconds} {audience}")


def connect(host, password=None, port=5432, **more):
  """autocommit, so that a transaction is only where a check begins one."""
  return psycopg.connect(host=host, port=port, user="agent", dbname="app", password=password or token(),
                         connect_timeout=20, autocommit=True, **more)


def ctl(*arguments):
  """What sluicectl answers, as it comes from JSON; "" where it says nothing."""
  done = subprocess.run([os.environ["GATE_CTL"], "-o", "json", *arguments], capture_output=True, text=True,
                        check=True, timeout=20)
  return json.loads(done.stdout) if done.stdout.strip() else ""


def ctl_fails(*arguments):
  done = subprocess.run([os.environ["GATE_CTL"], *arguments], capture_output=True, text=True, check=False,
                        timeout=20)
  return done.returncode == 1


def sessions():
  return ctl("sessions", "list")["sessions"]


def holds():
  return ctl("holds", "list")["holds"]


def server(sql, database="app"):
  """What the server itself says, asked by its socket as its superuser."""
  done = subprocess.run([PSQL, "-XAtq", "-h", SERVER, "-U", "postgres", "-d", database, "-c", sql],
                        capture_output=True, text=True, check=True, timeout=30, user="postgres",
                        env={"PATH": os.environ["PATH"]}, cwd="/")
  return done.stdout.strip()


def until(condition, what, seconds=10):
  """Waits for it, and returns it."""
  end = time.monotonic() + seconds
  while not (got := condition()):
    if time.monotonic() > end:
      raise AssertionError(f"never: {what}")
    time.sleep(0.02)
  return got


def fails(function, sqlstate=None):
  """The error that <function> must raise."""
  try:
    function()
  except psycopg.Error as error:
    assert sqlstate is None or error.sqlstate == sqlstate, f"{error.sqlstate}: {error}"
    return error
  raise AssertionError("it did not fail")


class Background(threading.Thread):
  """Runs <function>; what came of it, and when, is asked for by result()."""

  def __init__(self, function):
    super().__init__(daemon=True)
    self.function, self.value, self.error, self.ended = function, None, None, None
    self.start()

  def run(self):
    try:
      self.value = self.function()
    except BaseException as error:  # pylint: disable=broad-except
      self.error = error
    self.ended = time.monotonic()

  def result(self, seconds=20):
    self.join(seconds)
    assert not self.is_alive(), f"still runs after {seconds} s"
    if self.error is not None:
      raise self.error
    return self.value


def run(checks):
  """Each of <checks>, in their order: "ok NAME" or "not ok NAME"; the exit status."""
  failed = 0
  chosen = sys.argv[1:]
  for name, check in list(checks.items()):
    if not name.startswith("check_") or (chosen and name not in chosen):
      continue
    title, began = check.__doc__.split("\n")[0].rstrip("."), time.monotonic()
    try:
      check()
      print(f"ok {title} ({time.monotonic() - began:.1f} s)", flush=True)
    except Exception:  # pylint: disable=broad-except
      failed += 1
      print(f"not ok {title}", flush=True)
      print("".join(f"  | {line}\n" for line in traceback.format_exc().splitlines()[-14:]), end="", flush=True)
  return 1 if failed else 0
