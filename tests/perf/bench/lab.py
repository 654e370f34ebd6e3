# SPDX-License-Identifier: Apache-2.0
"""The lab of the kernel part: tools/lab's namespaces under names of our own, a third one for the
proxy, and the servers. Clients and servers run on CPU 0; what joins the two sides has CPU 1."""

import os
import pathlib
import pwd
import shutil
import tempfile
import time

from .machine import Failure, run
from .procs import Proc

SUFFIX = os.environ.get("LAB_SUFFIX", "-bench")
AGENT, PROD, MID = "sl-agent" + SUFFIX, "sl-prod" + SUFFIX, "sl-mid" + SUFFIX
PORTS = ("sl-a" + SUFFIX, "sl-p" + SUFFIX)
ADDRESS = "10.77.0.2"  # of the servers, over the wire
MID_ADDRESS = "10.80.0.2"  # of the proxy, as the agent sees it
BEHIND_MID = "10.81.0.2"  # of the servers, as the proxy sees them
ENDPOINT_CPU, MIDDLE_CPU = "0", "1"
PORT = {"iperf3": 5201, "postgres": 5432, "redis": 6379, "rtt": 7101, "connrate": 7102}
OFFLOADS = ("tx", "off", "tso", "off", "gso", "off", "gro", "off")


def in_ns(namespace, *argv, cpu=ENDPOINT_CPU):
  return ["ip", "netns", "exec", namespace, "taskset", "-c", cpu, *argv]


class Lab:
  """Up when constructed; close() removes all of it."""

  def __init__(self, top, build, work, pair=None):
    """<pair>: (certificate, key) with which PostgreSQL speaks TLS too, to who asks for it."""
    self.pair = pair
    self.top, self.build, self.work = top, pathlib.Path(build), pathlib.Path(work)
    self.procs = []
    self.env = dict(os.environ, LAB_SUFFIX=SUFFIX)
    run(f"{top}/tools/lab", "up", env=self.env)
    self._mid_up()

  def _link(self, outer, name, address, mid_name, mid_address):
    run("ip", "link", "add", name, "netns", outer, "type", "veth",
        "peer", "name", mid_name, "netns", MID)
    for ns, dev, addr in ((outer, name, address), (MID, mid_name, mid_address)):
      run("ip", "-n", ns, "address", "add", addr + "/24", "dev", dev)
      run("ip", "-n", ns, "link", "set", dev, "up")
      run("ip", "netns", "exec", ns, "ethtool", "-K", dev, *OFFLOADS)

  def _mid_up(self):
    run("ip", "netns", "add", MID)
    run("ip", "-n", MID, "link", "set", "lo", "up")
    self._link(AGENT, "eth1", "10.80.0.1", "agent", MID_ADDRESS)
    self._link(PROD, "eth1", BEHIND_MID, "prod", "10.81.0.1")

  def _spawn(self, name, argv, **kwargs):
    p = Proc(argv, self.work / f"{name}.log", name=name, **kwargs)
    self.procs.append(p)
    return p

  def _wait(self, proc, argv, what):
    for _ in range(150):
      try:
        run(*argv, timeout=10)
        return
      except Failure:
        if not proc.alive():
          break
        time.sleep(0.1)
    raise proc.failed(f"{what} does not answer")

  def start_servers(self, names):
    for name in sorted(names):
      getattr(self, "_start_" + name)()

  def _start_iperf3(self):
    self._spawn("iperf3", in_ns(PROD, "iperf3", "-s", "-p", str(PORT["iperf3"])))

  def _start_rtt(self):
    self._spawn("rtt", in_ns(PROD, str(self.build / "tests/perf/sock/rtt"), "server",
                             str(PORT["rtt"]), "64"))

  def _start_connrate(self):
    self._spawn("connrate", in_ns(PROD, str(self.build / "tests/perf/sock/connrate"),
                                  "server", str(PORT["connrate"])))

  def _start_redis(self):
    p = self._spawn("redis", in_ns(PROD, "redis-server", "--port", str(PORT["redis"]),
                                   "--save", "", "--appendonly", "no", "--bind", "0.0.0.0",
                                   "--protected-mode", "no", "--dir", str(self.work)))
    self._wait(p, in_ns(PROD, "redis-cli", "-p", str(PORT["redis"]), "ping"), "redis")

  def _start_postgres(self):
    self.pg_dir = pathlib.Path(tempfile.mkdtemp(prefix="sluice-bench-pg-", dir="/var/tmp"))
    user = pwd.getpwnam("postgres")
    os.chown(self.pg_dir, user.pw_uid, user.pw_gid)
    as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    binaries = postgres_binaries()
    data = self.pg_dir / "data"
    run(*as_user, f"{binaries}/initdb", "-D", str(data), "-A", "trust", "-U", "postgres",
        "--no-sync", cwd="/")
    with open(data / "pg_hba.conf", "a", encoding="ascii") as f:
      f.write("host all all 0.0.0.0/0 trust\n")
    options = {"listen_addresses": "*", "fsync": "off", "shared_buffers": "512MB",
               "huge_pages": "off", "unix_socket_directories": str(self.pg_dir),
               "max_connections": "100", "autovacuum": "off"}
    if self.pair:
      for src, name in zip(self.pair, ("server.crt", "server.key")):
        shutil.copy(src, data / name)
        os.chown(data / name, user.pw_uid, user.pw_gid)
        os.chmod(data / name, 0o600)
      options["ssl"] = "on"
    argv = [f"{binaries}/postgres", "-D", str(data)]
    for key, value in options.items():
      argv += ["-c", f"{key}={value}"]
    p = self._spawn("postgres", in_ns(PROD, *as_user, *argv), cwd="/")
    local = ["-h", "127.0.0.1", "-U", "postgres"]
    self._wait(p, in_ns(PROD, "psql", *local, "-c", "select 1"), "PostgreSQL")
    run(*in_ns(PROD, "createdb", *local, "bench"))
    run(*in_ns(PROD, "pgbench", *local, "-q", "-i", "-s", "10", "bench"), timeout=300)

  def check_servers(self):
    for p in self.procs:
      if not p.alive():
        raise p.failed("ended unexpectedly")

  def close(self):
    for p in reversed(self.procs):
      p.stop()
    if getattr(self, "pg_dir", None):
      shutil.rmtree(self.pg_dir, ignore_errors=True)
    for argv in (["ip", "netns", "del", MID], [f"{self.top}/tools/lab", "down"]):
      try:
        run(*argv, env=self.env)
      except Failure:
        pass


def postgres_binaries():
  found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
  if not found:
    raise Failure("PostgreSQL is missing: run tools/setup")
  return found[-1].parent
