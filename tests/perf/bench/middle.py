# SPDX-License-Identifier: Apache-2.0
"""What joins the two sides: testpmd forwarding io (the peer of a wire), sluiced, HAProxy.

Each is started for a group of samples and stopped again, since all use the same ports."""

import json
import pathlib
import re
import signal
import subprocess
import time

from . import lab
from .machine import Failure, run
from .procs import Proc

AF_PACKET_RING = "framesz=2048,blocksz=65536,framecnt=8192"  # the default rings lose frames
CYCLES = re.compile(r"CPU cycles/packet=\S+ \(total cycles=(\d+) / total \S+ packets=(\d+)\)")
READY_S = 25
TESTPMD = ("stdbuf", "-oL", "dpdk-testpmd")  # answers at once although its stdout is a pipe


def kernel_devices(ports):
  """DPDK device arguments of the lab's two ports."""
  if ports == "af_packet":
    return [f"net_af_packet{i},iface={name},{AF_PACKET_RING}"
            for i, name in enumerate(lab.PORTS)]
  return [f"net_af_xdp{i},iface={name}" for i, name in enumerate(lab.PORTS)]


def device_options(devices):
  """EAL options: virtual devices by --vdev, PCI addresses by -a."""
  pci = [d for d in devices if re.match(r"[0-9a-fA-F:.]+$", d)]
  options = [x for d in devices for x in (["-a", d] if d in pci else [f"--vdev={d}"])]
  return options if pci else ["--no-pci", *options]


class Testpmd:
  """dpdk-testpmd in io mode: moves frames between two ports, touches none."""

  path = "testpmd"
  address = lab.ADDRESS

  def __init__(self, work, devices, lcores=("-l", "0-1"), mbufs=65536, memory_mb=512):
    self.argv = [*TESTPMD, *lcores, "--main-lcore", "0", "--in-memory", "--iova-mode=va",
                 "--no-telemetry", "-m", str(memory_mb), *device_options(devices), "--", "-i", "--forward-mode=io",
                 "--auto-start", "--nb-cores=1", f"--total-num-mbufs={mbufs}",
                 "--record-core-cycles", "--disable-link-check"]
    self.work, self.p = work, None

  def start(self):
    self.p = Proc(self.argv, self.work / "testpmd.log", name="testpmd", lines=True,
                  stdin=subprocess.PIPE)
    self._ask("")
    time.sleep(0.3)

  def _ask(self, command):
    """The lines that answer a command. An end mark: the answer to another one."""
    self.p.write(f"{command}\nshow port summary all\n")
    return self.p.read_until(lambda x: x.startswith("Number of available ports"), READY_S)

  def counters(self):
    """Cycles spent in rounds that moved frames, and those frames, since the start."""
    for line in self._ask("show fwd stats all"):
      found = CYCLES.search(line)
      if found:
        return {"busy_cycles": int(found[1]), "frames": int(found[2])}
    return {"busy_cycles": 0, "frames": 0}

  def stop(self):
    if self.p is None:
      return
    if self.p.alive():
      try:
        self.p.write("stop\nquit\n")
        self.p.p.wait(10)
      except (Failure, subprocess.TimeoutExpired):
        pass
    self.p.stop()
    self.p = None


SLUICED_CONF = """\
appliance:
  name: bench
  data_dir: {work}
  api: {{socket: {work}/api.sock}}
log: {{level: warning}}
dataplane:
  workers: 1
  control_cpu: {control_cpu}
  worker_cpus: [{worker_cpu}]
  huge_pages: "yes"
  memory_mb: {memory_mb}
  buffers: {buffers}
  file_prefix: sluice-bench
  flows: {flows}
  sessions: {sessions}
  unknown_tcp: {unknown_tcp}
  limits: {{embryonic_per_source: {flows}}}
  wires:
    - name: bench
      agent: {{port: "{agent}"}}
      prod: {{port: "{prod}"}}
      undeclared_tcp: {undeclared}
targets: {targets}
"""
TARGET = """
  - name: all
    match: {{address: "{address}"}}
    protocol: tcp
    mode: {mode}
"""


class Sluiced:
  """The appliance, with every connection in one mode."""

  address = lab.ADDRESS

  def __init__(self, build, work, devices, mode, **conf):
    self.build, self.work, self.path, self.p = build, work, mode, None
    settings = {"control_cpu": 0, "worker_cpu": 1, "memory_mb": 768, "buffers": 65536,
                "flows": 65536, "sessions": 4096, "unknown_tcp": "rst", "undeclared": "deny",
                "address": lab.ADDRESS}
    settings.update(conf)
    settings.setdefault("targets", TARGET.format(mode=mode, address=settings["address"]))
    self.text = SLUICED_CONF.format(work=work, agent=devices[0], prod=devices[1], **settings)

  def start(self):
    conf = self.work / "sluice.yaml"
    conf.write_text(self.text, encoding="utf-8")
    self.p = Proc([f"{self.build}/sluiced", "-c", str(conf)], self.work / "sluiced.log",
                  name="sluiced")
    stop = time.monotonic() + READY_S
    while True:
      try:
        self.ctl("status")
        break
      except Failure as e:
        if not self.p.alive():
          raise self.p.failed("would not start") from e
        if time.monotonic() > stop:
          raise self.p.failed("does not answer sluicectl") from e
        time.sleep(0.1)
    time.sleep(0.3)

  def ctl(self, *verb):
    out = run(f"{self.build}/sluicectl", "-s", str(self.work / "api.sock"), "-o", "json",
              *verb, timeout=10)
    return json.loads(out)

  def counters(self):
    """The workers' cycles in rounds that moved a frame or ran a timer, and frames."""
    return sum_stats(self.ctl("stats"))

  def worker_tid(self):
    """The thread that polls: EAL names it."""
    for comm in sorted(pathlib.Path(f"/proc/{self.p.p.pid}/task").glob("*/comm")):
      if re.match(r"(rte|lcore)-worker", comm.read_text(encoding="ascii")):
        return int(comm.parent.name)
    raise Failure("sluiced has no worker thread that EAL named")

  def stop(self):
    if self.p is None:
      return
    code = self.p.stop(signal.SIGTERM, patience=15)
    log = self.p.tail()
    self.p = None
    if code not in (0, -signal.SIGTERM):
      raise Failure(f"sluiced ended with status {code}: {log}")


def sum_stats(stats):
  """What `sluicectl -o json stats` says of all workers."""
  loops = {x["name"]: x["sum"] for x in stats["loops"]}
  frames = next(x["sum"] for x in stats["stats"] if x["name"] == "rx_frames")
  return {"busy_cycles": loops["busy_cycles"], "frames": frames,
          "drops": {x["name"]: x["sum"] for x in stats["drops"] if x["sum"]}}


HAPROXY_CONF = """\
global
    maxconn 4096
    nbthread 1
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
"""
HAPROXY_LISTEN = """\
listen {name}
    bind {address}:{port}
    server s {server}:{port}
"""


class Haproxy:
  """HAProxy in TCP mode, in a namespace between the two, on the CPU of the appliance."""

  path = "haproxy"
  address = lab.MID_ADDRESS

  def __init__(self, work):
    self.work, self.p = work, None

  def start(self):
    conf = self.work / "haproxy.cfg"
    conf.write_text(HAPROXY_CONF + "".join(
        HAPROXY_LISTEN.format(name=name, address=lab.MID_ADDRESS, port=port,
                              server=lab.BEHIND_MID)
        for name, port in lab.PORT.items()), encoding="ascii")
    argv = lab.in_ns(lab.MID, "haproxy", "-db", "-q", "-f", str(conf), cpu=lab.MIDDLE_CPU)
    self.p = Proc(argv, self.work / "haproxy.log", name="haproxy")
    time.sleep(0.7)
    if not self.p.alive():
      raise self.p.failed("would not start")

  def counters(self):
    return None

  def stop(self):
    if self.p is not None:
      self.p.stop()
      self.p = None


class Spinners:
  """One SCHED_IDLE loop on each CPU: no CPU goes to sleep, so nobody pays for waking it."""

  def __init__(self, work):
    loop = "while :; do :; done"
    self.procs = [Proc(["taskset", "-c", cpu, "chrt", "-i", "0", "sh", "-c", loop],
                       work / f"spin{cpu}.log", name="spinner")
                  for cpu in (lab.ENDPOINT_CPU, lab.MIDDLE_CPU)]

  def stop(self):
    for p in self.procs:
      p.stop(signal.SIGKILL)
