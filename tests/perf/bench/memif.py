# SPDX-License-Identifier: Apache-2.0
"""The memif part: no kernel in the way. The generator has CPU 0, what is measured has CPU 1.

wire-64, wire-1500: a capture is replayed without end; what comes out at the far port is counted.
relay-*: tcpgen plays both ends of real connections, since RELAY acknowledges by itself."""

import json
import re
import subprocess
import time

from . import pcapfile
from .machine import Failure, Noise
from .middle import TESTPMD, Sluiced, Testpmd, device_options
from .procs import Proc
from .stats import Sample

PORTS = "memif"
RING = "socket-abstract=no,rsize=11,bsize=2048"
FRAME = {"wire-64": 64, "wire-1500": 1500}  # bytes of a frame, without the FCS
REPLAY_FLOWS, REPLAY_PER_FLOW = 1000, 4
BUSY_FLOWS, IDLE_FLOWS, WINDOW = 100, 100000, 20000
WIRE_TESTS = tuple(FRAME)
SMALL = 6  # payload bytes of a 60-byte frame
RELAY_TESTS = {
    "relay-bulk": ["--mode", "bulk", "--flows", str(BUSY_FLOWS), "--window", str(WINDOW)],
    "relay-100k": ["--mode", "bulk", "--flows", str(BUSY_FLOWS), "--idle", str(IDLE_FLOWS),
                   "--window", str(WINDOW)],
    "relay-both-ways": ["--mode", "bulk", "--both-ways", "--flows", str(BUSY_FLOWS), "--window",
                        str(WINDOW)],
    "relay-1-flow": ["--mode", "bulk", "--flows", "1", "--window", "262144", "--rwnd", "1048576"],
    "relay-64": ["--mode", "bulk", "--payload", str(SMALL), "--flows", str(BUSY_FLOWS), "--window",
                 "1460"],
    "relay-rr": ["--mode", "rr", "--flows", "64", "--request", "100", "--response", "300"],
    "relay-crr": ["--mode", "crr", "--flows", "64", "--tuples", "30000"],
}
RELAY_PAYLOAD = {name: SMALL if name == "relay-64" else 1460
                 for name, args in RELAY_TESTS.items() if "bulk" in args}


def test_names():
  return [*WIRE_TESTS, *RELAY_TESTS]


class Link:
  """Two memif sockets: the middle is the server of both, the generator the client."""

  def __init__(self, work):
    self.sockets = [work / "agent.sock", work / "prod.sock"]

  def devices(self, role):
    for s in self.sockets:
      if role == "server":
        s.unlink(missing_ok=True)
    return [f"net_memif{i},role={role},id=0,socket={s},{RING}"
            for i, s in enumerate(self.sockets)]


class Replay:
  """testpmd: capture -> memif 0, memif 1 -> nowhere; counts what arrives from memif 1.

  <reads>: random reads of memory per frame, which testpmd's "noisy" mode can make: the one brake
  that it has in software."""

  SENDER, SINK = 1, 2  # port numbers

  def __init__(self, work, devices, frame_len, reads=None):
    pcap = work / f"replay-{frame_len}.pcap"
    if not pcap.exists():
      pcapfile.write(pcap, frame_len, REPLAY_FLOWS, REPLAY_PER_FLOW)
    mode = ["--forward-mode=io"]
    if reads is not None:
      mode = ["--forward-mode=noisy", "--noisy-lkup-memory=1",
              f"--noisy-lkup-num-reads={reads}"]
    ports = [f"net_pcap0,rx_pcap={pcap},infinite_rx=1", *devices, "net_null0,no-rx=1"]
    argv = [*TESTPMD, "--lcores", "0@0,1@0", "--main-lcore", "0", "--in-memory",
            "--iova-mode=va", "--no-telemetry", "-m", "256", *device_options(ports), "--",
            "-i", *mode, "--port-topology=paired", "--nb-cores=1",
            "--total-num-mbufs=24576", "--disable-link-check"]
    self.p = Proc(argv, work / "replay.log", name="replay", lines=True, stdin=subprocess.PIPE)

  def ask(self, command):
    """The lines that answer a command. An end mark: the answer to another one."""
    self.p.write(f"{command}\nshow port summary all\n")
    return self.p.read_until(lambda x: x.startswith("Number of available ports"), 20)

  def start(self):
    self.ask("")
    time.sleep(1.0)  # the rings of both memif pairs
    self.p.write("start\n")

  def port_counter(self, port, what):
    line = next(x for x in self.ask(f"show port stats {port}") if f"{what}:" in x)
    return int(re.search(rf"{what}:\s+(\d+)", line)[1])

  def received(self):
    """Frames that the far port has counted so far, and when."""
    return self.port_counter(self.SINK, "RX-packets"), time.monotonic()

  def halt(self):
    """Stops polling: a memif driver must not poll rings whose other end goes away. Returns
    what the sender had to drop since its device took no more."""
    stream = None
    for line in self.ask("stop"):
      found = re.search(r"Forward statistics for port (\d+)", line)
      stream = int(found[1]) if found else stream
      dropped = re.search(r"TX-dropped:\s+(\d+)", line)
      if dropped and stream == self.SENDER:
        return int(dropped[1])
    return 0

  def drain(self):
    """Takes what is still on its way, while nothing is sent."""
    self.ask("set fwd rxonly")
    self.ask("start")
    time.sleep(0.3)
    self.halt()

  def stop(self):
    self.p.stop(patience=3)


class Tcpgen:
  """tcpgen on CPU 0; tells when its phases change."""

  def __init__(self, ctx, link, args, seconds):
    argv = ["taskset", "-c", "0", f"{ctx.build}/tests/perf/tcpgen/tcpgen", "--lcores", "0@0",
            "--no-pci", "--in-memory", "--iova-mode=va", "--no-telemetry", "-m", "256",
            *[f"--vdev={d}" for d in link.devices("client")], "--", "--linger",
            "--warmup", "0.5", "--time", str(seconds), *args]
    self.p = Proc(argv, ctx.work / "tcpgen.log", name="tcpgen", lines=True,
                  stdin=subprocess.PIPE)

  def wait(self, event, timeout):
    line = self.p.read_until(lambda x: f'"event": "{event}"' in x, timeout)[-1]
    return json.loads(line)

  def stop(self):
    self.p.stop(patience=5)


class MemifPart:
  """Runs it; see kernel.KernelPart."""

  def __init__(self, ctx):
    self.ctx = ctx

  def middle(self, path, link, **conf):
    devices = link.devices("server")
    if path == "testpmd" or self.ctx.floor:
      return Testpmd(self.ctx.work, devices, lcores=("--lcores", "0@1,1@1"), mbufs=24576,
                     memory_mb=160)
    return Sluiced(self.ctx.build, self.ctx.work, devices, path, control_cpu=0,
                   memory_mb=512, flows=131072, unknown_tcp="wire", **conf)

  def run(self, names):
    for rep in range(self.ctx.reps):
      for name in names:
        paths = ["testpmd", "wire" if name in WIRE_TESTS else "relay"]
        if rep % 2:
          paths.reverse()
        for path in paths:
          self.ctx.say(f"rep {rep + 1}/{self.ctx.reps} memif {path}: {name}")
          try:
            self._sample(rep, path, name)
          except Failure as e:
            self.ctx.fail(f"memif {path} {name}: {e}")

  def _sample(self, rep, path, name):
    tries = 0
    while True:
      tries += 1
      noise = Noise(self.ctx.cgroup)
      one = self.replay if name in WIRE_TESTS else self.converse
      value, unit, extra = one(path, name)
      foreign = noise.cpus()
      if foreign <= 0.10 or tries > self.ctx.repeats:
        break
    self.ctx.samples.add(Sample(name, PORTS, path, rep, value, unit, extra,
                                round(foreign, 3), tries))

  def replay(self, path, name):
    link = Link(self.ctx.work)
    middle = self.middle(path, link)
    generator = None
    try:
      middle.start()
      generator = Replay(self.ctx.work, link.devices("client"), FRAME[name])
      generator.start()
      time.sleep(1)
      before, (n0, t0) = middle.counters(), generator.received()
      time.sleep(self.ctx.seconds)
      after, (n1, t1) = middle.counters(), generator.received()
      generator.halt()
    finally:
      middle.stop()
      if generator:
        generator.stop()
    pps = (n1 - n0) / (t1 - t0)
    if pps == 0:
      raise Failure("nothing came through")
    extra = {"mpps": pps / 1e6}
    frames = after["frames"] - before["frames"]
    if frames:
      extra["cycles_per_frame"] = (after["busy_cycles"] - before["busy_cycles"]) / frames
    if name == "wire-64":
      return pps / 1e6, "Mpps", extra
    return pps * FRAME[name] * 8e-9, "Gbit/s", extra

  def converse(self, path, name, during=None):
    """One run of tcpgen; <during> is called with the middle in the measured seconds."""
    link = Link(self.ctx.work)
    middle = self.middle(path, link)
    generator = None
    try:
      middle.start()
      generator = Tcpgen(self.ctx, link, RELAY_TESTS[name], self.ctx.seconds)
      generator.wait("open", 90)
      gauges = middle.ctl("status") if isinstance(middle, Sluiced) else None
      generator.wait("measuring", 20)
      before = middle.counters()
      if during:
        during(middle)
      generator.wait("measured", self.ctx.seconds + 20)
      after = middle.counters()
      report = generator.wait("report", 60)
    finally:
      middle.stop()
      if generator:
        generator.stop()
    if report["error"]:
      raise Failure(f"tcpgen: {report['error']}: {json.dumps(report)}")
    return self._figures(name, report, before, after, gauges)

  @staticmethod
  def _figures(name, report, before, after, gauges):
    # As they were sent: the appliance joins small ones.
    segments = sum(report["segs_in"])
    if RELAY_PAYLOAD.get(name):
      segments = sum(report["bytes_in"]) / RELAY_PAYLOAD[name]
    busy = after["busy_cycles"] - before["busy_cycles"]
    frames = after["frames"] - before["frames"]
    sent = sum(report["tx_pkts"])
    extra = {
        "segments_per_s": segments / report["seconds"],
            # The appliance's window is not quite the generator's, so: cycles a frame from the
            # one, frames a segment from the other.
        "cycles_per_segment": busy / frames * sent / segments if frames and segments else None,
        "cycles_per_frame": busy / frames if frames else None,
        "retransmits": sum(report["retransmits"]),
        "generator_busy": report["generator_busy"],
        "generator_ns_per_packet": report["generator_ns_per_packet"],
    }
    if gauges:
      extra["flow_bytes"] = gauges["workers"][0]["flow_bytes"]
      extra["flows"] = gauges["workers"][0]["flows"]
    if name == "relay-rr":
      extra |= report["latency_us"]
      return report["transactions_per_s"], "txn/s", extra
    if name == "relay-crr":
      extra |= report["latency_us"]
      return report["transactions_per_s"], "conn/s", extra
    if name == "relay-64":
      return segments / report["seconds"] / 1e6, "Mseg/s", extra
    return sum(report["goodput_gbps"]), "Gbit/s", extra
