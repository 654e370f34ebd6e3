# SPDX-License-Identifier: Apache-2.0
"""The PostgreSQL part: pgbench through the gate, and through what one would use instead.

A path is a middle and how clients log in through it; that they do is before the measured time."""

import dataclasses
import os
import pwd
import re
import time

from . import lab
from .kernel import KernelPart
from .machine import Failure, run
from .middle import Haproxy, Sluiced, Testpmd, kernel_devices
from .procs import Proc
from .secrets import SUBJECT
from .table import Target

PORTS = "af_packet"
SCRIPTS = {"select": "select-only", "tpcb": "tpcb-like"}
MODES = ("simple", "extended", "prepared")
CLEAR_PATHS = ("cable", "haproxy", "pgbouncer", "relay", "gate-bare", "gate")
TLS_PATHS = ("cable-tls", "pgbouncer-tls", "gate-tls")


@dataclasses.dataclass(frozen=True)
class Test:
  """One load."""

  name: str
  script: str
  mode: str
  clients: int
  server: str = "postgres"
  paths: tuple = CLEAR_PATHS + TLS_PATHS
  spin: bool = False


TESTS = tuple(Test(f"{s}-{m}-c{c}", SCRIPTS[s], m, c)
              for s in SCRIPTS for c in (1, 8) for m in MODES)


def least_of(test):
  """What the gate with rules is asked for, of the cable's rate."""
  if test.clients > 1:
    return 0.85
  return 0.90 if test.mode == "simple" else 0.85


def judged():
  """(ports, target) of each row."""
  found = []
  for t in TESTS:
    found.append(Target("gate", "gate", "cable", t.name, least=least_of(t)))
    found.append(Target("gate-pgbouncer", "gate", "pgbouncer", t.name))
    found.append(Target("rules", "gate", "gate-bare", t.name))
    found.append(Target("gate-tls", "gate-tls", "pgbouncer-tls", t.name, least=1.0))
    found.append(Target("tls-cable", "gate-tls", "cable-tls", t.name))
  return [(PORTS, t) for t in found]


class Pgbouncer:
  """pgbouncer, one server connection for each client's session, where HAProxy stands else."""

  address = lab.MID_ADDRESS

  def __init__(self, work, pair=None):
    self.work, self.pair, self.p = work, pair, None

  def _config(self, home, user):
    text = PGBOUNCER_CONF.format(server=lab.BEHIND_MID, listen=lab.MID_ADDRESS, home=home,
                                 port=lab.PORT["postgres"])
    if self.pair:
      for src, name in zip(self.pair, ("pair.pem", "pair.key")):
        (home / name).write_bytes(src.read_bytes())
        os.chown(home / name, user.pw_uid, user.pw_gid)
        os.chmod(home / name, 0o600)
      text += PGBOUNCER_TLS.format(home=home)
    (home / "pgbouncer.ini").write_text(text, encoding="ascii")
    (home / "users.txt").write_text('"postgres" ""\n', encoding="ascii")

  def start(self):
    home, user = self.work / "pgbouncer", pwd.getpwnam("postgres")
    home.mkdir(exist_ok=True)
    os.chown(home, user.pw_uid, user.pw_gid)
    self._config(home, user)
    as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    self.p = Proc(lab.in_ns(lab.MID, *as_user, "pgbouncer", "-q", str(home / "pgbouncer.ini"),
                            cpu=lab.MIDDLE_CPU), self.work / "pgbouncer.log", name="pgbouncer")
    time.sleep(0.3)

  def counters(self):
    return None

  def stop(self):
    if self.p is not None:
      self.p.stop()
      self.p = None


PGBOUNCER_CONF = """\
[databases]
bench = host={server} port={port}
[pgbouncer]
listen_addr = {listen}
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {home}/users.txt
pool_mode = session
default_pool_size = 50
max_client_conn = 200
"""
PGBOUNCER_TLS = """\
client_tls_sslmode = require
client_tls_cert_file = {home}/pair.pem
client_tls_key_file = {home}/pair.key
server_tls_sslmode = require
"""

GATE_TARGET = """
  - name: bench
    match: {{address: "{address}", port: 5432}}
    protocol: postgres
    agent_tls: {{{agent}}}
    prod_tls: {{mode: {prod}}}
    credential: {{user: postgres, password: {{file: {secrets.password}}}}}
    actors: [{{issuer: bench, subjects: [{subject}]}}]
    limits: {{handshake_s: 300}}
"""


def gate(build, work, devices, secrets, tls=False, packs=("sql-risk",), **conf):
  """sluiced as the gate of the lab's PostgreSQL. Without <packs> nothing is judged."""
  agent = "mode: off, token_in_clear: yes"
  if tls:
    agent = f"mode: require, cert: {secrets.pair[0]}, key: {secrets.pair[1]}"
  target = GATE_TARGET.format(address=lab.ADDRESS, agent=agent, prod="require" if tls else "off",
                              secrets=secrets, subject=SUBJECT)
  if packs:
    target += f"    packs: [{', '.join(packs)}]\n"
  middle = Sluiced(build, work, devices, "gate", targets=target, **conf)
  middle.text += secrets.identity()
  return middle


class GatePart(KernelPart):
  """Runs it; see kernel.KernelPart."""

  order = CLEAR_PATHS + TLS_PATHS

  def __init__(self, ctx, secrets):
    super().__init__(ctx)
    self.secrets = secrets

  def middle(self, path, ports):
    ctx, tls = self.ctx, path.endswith("-tls")
    devices = kernel_devices(ports)
    if path.startswith("cable"):
      made = Testpmd(ctx.work, devices)
    elif path == "haproxy":
      made = Haproxy(ctx.work)
    elif path.startswith("pgbouncer"):
      made = Pgbouncer(ctx.work, self.secrets.pair if tls else None)
    elif path == "relay":
      made = Sluiced(ctx.build, ctx.work, devices, "relay")
    else:
      made = gate(ctx.build, ctx.work, devices, self.secrets, tls,
                  () if path == "gate-bare" else ("sql-risk",))
    made.login = {"PGUSER": "postgres", "PGSSLMODE": "require" if tls else "disable"}
    if path.startswith("gate"):
      made.login |= {"PGUSER": "agent", "PGPASSWORD": self.secrets.token}
    return made

  def _client(self, middle, *argv, timeout=60):
    return run(*lab.in_ns(lab.AGENT, *argv), timeout=timeout,
               env=dict(os.environ, PGHOST=middle.address, PGPORT=str(lab.PORT["postgres"]),
                        PGDATABASE="bench", PGCONNECT_TIMEOUT="10", **middle.login))

  def touch(self, lab_, middle):
    self._client(middle, "psql", "-X", "-q", "-A", "-t", "-c", "select 1")

  def load(self, lab_, middle, test):
    seconds = max(1, round(self.ctx.seconds))
    out = self._client(middle, "pgbench", "-n", "-b", test.script, "-M", test.mode, "-c",
                       str(test.clients), "-j", "1", "-T", str(seconds), timeout=seconds + 30)
    tps = re.search(r"^tps = ([\d.]+)", out, re.M)
    n = re.search(r"^number of transactions actually processed: (\d+)", out, re.M)
    if not tps or not n or "failed transactions: 0" not in out:
      raise Failure(f"pgbench: not understood:\n{out[-500:]}")
    return {"value": float(tps[1]), "unit": "txn/s", "n": int(n[1])}
