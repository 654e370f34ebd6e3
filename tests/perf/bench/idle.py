# SPDX-License-Identifier: Apache-2.0
"""Memory of idle sessions: many are logged in through the gate, TLS on both legs, and then silent.

PostgreSQL cannot have as many backends on one machine, so the server is a fake one
(tests/perf/idle_sessions.py) that lets everybody in. What sluiced takes at its start for all sessions
(slots, the sessions' memory, flows) is resident from then on, so what grows is the heap, that
is OpenSSL's part and the control plane's; of the sessions' memory it says itself how much is used."""

import os
import pathlib
import subprocess
import time

from . import lab
from .gate import PORTS, gate
from .machine import Failure
from .middle import kernel_devices
from .procs import Proc

KIB_ASKED = 60  # of a session
IDLE_SESSIONS = 10000
LOGIN_S = 300
IN_FLIGHT = 64
PROGRAM = "tests/perf/idle_sessions.py"


def memory_of(pid):
  """Bytes by name: Rss, Pss; huge pages are in neither."""
  text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
  found = {}
  for line in text.splitlines():
    field = line.split()
    if field and field[0] in ("Rss:", "Pss:"):
      found[field[0][:-1].lower()] = int(field[1]) * 1024
  return found


class IdlePart:
  """One measurement."""

  def __init__(self, ctx, secrets):
    self.ctx, self.secrets = ctx, secrets

  def _look(self, middle):
    found = memory_of(middle.p.p.pid)
    workers = middle.ctl("status")["workers"]
    found["arena"] = sum(w["session_memory_bytes"] for w in workers)
    found["sessions"] = sum(w["sessions"] for w in workers)
    return found

  def run(self, n):
    """The figures before and with <n> sessions, and what a session costs of each, in KiB."""
    server = Proc(lab.in_ns(lab.PROD, "python3", str(self.ctx.top / PROGRAM), "server",
                            str(lab.PORT["postgres"]), *map(str, self.secrets.pair)),
                  self.ctx.work / "idle-server.log", name="fake server")
    middle = gate(self.ctx.build, self.ctx.work, kernel_devices(PORTS), self.secrets, tls=True,
                  flows=65536, sessions=n + 256)
    agents = None
    try:
      middle.start()
      before = self._look(middle)
      agents = self._log_in(n, server)
      time.sleep(3)
      return self._result(n, before, self._look(middle))
    finally:
      if agents:
        agents.stop()
      middle.stop()
      server.stop()

  def _log_in(self, n, server):
    agents = Proc(lab.in_ns(lab.AGENT, "python3", str(self.ctx.top / PROGRAM), "clients",
                            lab.ADDRESS, str(lab.PORT["postgres"]), str(n), str(IN_FLIGHT)),
                  self.ctx.work / "idle-clients.log", name="idle clients", lines=True,
                  stdin=subprocess.PIPE,
                  env=dict(os.environ, PGPASSWORD=self.secrets.token))
    try:
      agents.read_until(lambda x: x == f"ready {n}", LOGIN_S)
    except Failure:
      agents.stop()
      raise
    if not server.alive():
      raise server.failed("ended unexpectedly")
    return agents

  @staticmethod
  def _result(n, before, after):
    if after["sessions"] != n:
      raise Failure(f"{after['sessions']} of {n} sessions are there")
    each = {k: (after[k] - before[k]) / n / 1024 for k in ("rss", "pss", "arena")}
    each["all"] = each["rss"] + each["arena"]
    return {"sessions": n, "before": before, "after": after, "kib_each": each}
