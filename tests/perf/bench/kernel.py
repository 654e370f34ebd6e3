# SPDX-License-Identifier: Apache-2.0
"""The kernel part: real clients and servers over af_packet and af_xdp ports.

Within each repetition the paths take turns on each group of tests, so that what the machine does by
the minute meets all of them. The order of the paths turns around from one repetition to the next."""

import dataclasses
import functools

from . import loads
from .machine import Failure, Noise
from .middle import Haproxy, Sluiced, Spinners, Testpmd, kernel_devices
from .stats import Sample

PORTS = ("af_packet", "af_xdp")
DISTURBED_CPUS = 0.10  # of CPU taken by others; such a sample is repeated
WIRE_PATHS = ("testpmd", "relay", "wire")


@dataclasses.dataclass(frozen=True)
class Test:
  """One row of the table."""

  name: str
  server: str
  load: object
  paths: tuple = WIRE_PATHS
  spin: bool = False


def _pg(mode, clients):
  return functools.partial(loads.pgbench, mode=mode, clients=clients)


WITH_PROXY = WIRE_PATHS + ("haproxy",)
GROUPS = (
    (Test("iperf1", "iperf3", functools.partial(loads.iperf3, streams=1)),
     Test("iperf8", "iperf3", functools.partial(loads.iperf3, streams=8))),
    (Test("pg-simple-c1", "postgres", _pg("simple", 1), WITH_PROXY),
     Test("pg-prepared-c1", "postgres", _pg("prepared", 1), WITH_PROXY),
     Test("pg-simple-c8", "postgres", _pg("simple", 8)),
     Test("pg-prepared-c8", "postgres", _pg("prepared", 8))),
    (Test("pg-simple-c1-spin", "postgres", _pg("simple", 1), ("relay", "haproxy"), True),
     Test("pg-prepared-c1-spin", "postgres", _pg("prepared", 1), ("relay", "haproxy"), True)),
    (Test("redis-p1", "redis", functools.partial(loads.redis, pipeline=1)),
     Test("redis-p16", "redis", functools.partial(loads.redis, pipeline=16)),
     Test("rtt", "rtt", loads.rtt),
     Test("conn1", "connrate", functools.partial(loads.connrate, concurrent=1), WITH_PROXY),
     Test("conn16", "connrate", functools.partial(loads.connrate, concurrent=16), WITH_PROXY)),
)


def test_names():
  return [t.name for group in GROUPS for t in group]


class KernelPart:
  """Runs it; samples go to <samples>, what went wrong to <failures>."""

  order = WITH_PROXY  # in which the paths take turns

  def __init__(self, ctx):
    self.ctx = ctx  # see cli.Context

  def middle(self, path, ports):
    devices = kernel_devices(ports)
    if path == "haproxy":
      return Haproxy(self.ctx.work)
    if path == "testpmd" or self.ctx.floor:
      return Testpmd(self.ctx.work, devices)
    return Sluiced(self.ctx.build, self.ctx.work, devices, path)

  def run(self, lab, groups):
    for rep in range(self.ctx.first, self.ctx.first + self.ctx.reps):
      for ports in self.ctx.ports:
        for group in groups:
          self._group(lab, rep, ports, group)

  def _group(self, lab, rep, ports, group):
    paths = [p for p in self.order if any(p in t.paths for t in group)]
    if rep % 2:
      paths.reverse()
    for path in paths:
      tests = [t for t in group if path in t.paths]
      self.ctx.say(f"rep {rep + 1}/{self.ctx.first + self.ctx.reps} {ports} {path}: "
                   f"{' '.join(t.name for t in tests)}")
      try:
        self._path(lab, rep, ports, path, tests)
      except Failure as e:
        self.ctx.fail(f"{ports} {path}: {e}")
      lab.check_servers()

  def _path(self, lab, rep, ports, path, tests):
    middle = self.middle(path, ports)
    spinners = None
    try:
      middle.start()
      if tests[0].spin:
        spinners = Spinners(self.ctx.work)
      self._warm_up(lab, middle)
      for test in tests:
        try:
          self._sample(lab, rep, ports, path, middle, test)
        except Failure as e:
          self.ctx.fail(f"{ports} {path} {test.name}: {e}")
    finally:
      if spinners:
        spinners.stop()
      middle.stop()

  def touch(self, lab, middle):
    loads.rtt(lab, middle.address, 0.2)

  def load(self, lab, middle, test):
    return test.load(lab, middle.address, self.ctx.seconds)

  def _warm_up(self, lab, middle):
    """The first frames resolve addresses; a wire that is not up yet fails here, not later."""
    last = None
    for _ in range(3):
      try:
        self.touch(lab, middle)
        return
      except Failure as e:
        last = e
    raise last

  def _sample(self, lab, rep, ports, path, middle, test):
    tries = 0
    while True:
      tries += 1
      noise = Noise(self.ctx.cgroup)
      before = middle.counters()
      result = self.load(lab, middle, test)
      after = middle.counters()
      foreign = noise.cpus()
      if foreign <= DISTURBED_CPUS or tries > self.ctx.repeats:
        break
    extra = {k: v for k, v in result.items() if k not in ("value", "unit")}
    if before and result["n"]:
      extra["cycles"] = (after["busy_cycles"] - before["busy_cycles"]) / result["n"]
      extra["frames"] = (after["frames"] - before["frames"]) / result["n"]
    self.ctx.samples.add(Sample(test.name, ports, path, rep, result["value"], result["unit"],
                                extra, round(foreign, 3), tries))
