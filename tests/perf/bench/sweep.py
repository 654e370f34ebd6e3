# SPDX-License-Identifier: Apache-2.0
"""Frame sizes against a wire, with testpmd as the generator: how much passes when more is offered,
and the highest rate without a lost frame (the throughput of RFC 2544).

testpmd has no rate limit in software, but its "noisy" mode can read random memory for each frame:
the search goes over the number of reads. A frame that the sender's device refuses counts as lost:
it was offered and did not pass."""

import argparse
import contextlib
import os
import pathlib
import sys
import tempfile
import time

from . import memif
from .cli import no_more_signals, take_signals
from .machine import Cgroup, Failure, HugePages, facts
from .middle import Sluiced, Testpmd
from .procs import end_leftovers

SIZES = (64, 128, 256, 512, 1024, 1280, 1518)  # of frames with their FCS, as RFC 2544 counts
FCS, GAP = 4, 20  # bytes: checksum; preamble and space between frames
HUGE_PAGES = 640
MAX_READS = 1 << 12


class Context:
  """What the memif part wants to know."""

  floor = False

  def __init__(self, args, top, work):
    self.top, self.work = top, work
    self.build = pathlib.Path(args.build or top / "build").resolve()


class Wire:
  """What is swept: sluiced or testpmd over memif pairs of ours, or devices that are there."""

  def __init__(self, ctx, kind, devices):
    self.middle, self.devices = None, devices
    if devices:
      return
    link = memif.Link(ctx.work)
    server = link.devices("server")
    self.devices = link.devices("client")
    if kind == "testpmd":
      self.middle = Testpmd(ctx.work, server, lcores=("--lcores", "0@1,1@1"), mbufs=24576,
                            memory_mb=160)
    else:
      self.middle = Sluiced(ctx.build, ctx.work, server, kind, memory_mb=512,
                            unknown_tcp="wire")

  def start(self):
    if self.middle:
      self.middle.start()

  def stop(self):
    if self.middle:
      self.middle.stop()


def trial(ctx, kind, size, reads, args):
  """One trial: (frames/s offered, frames/s passed, frames lost)."""
  wire, generator = Wire(ctx, kind, args.devices), None
  try:
    wire.start()
    generator = memif.Replay(ctx.work, wire.devices, size - FCS, reads)
    generator.start()
    began = time.monotonic()
    time.sleep(args.trial)
    refused = generator.halt()
    elapsed = time.monotonic() - began
    generator.drain()
    sent = generator.port_counter(generator.SENDER, "TX-packets")
    got = generator.port_counter(generator.SINK, "RX-packets")
  finally:
    wire.stop()  # first: it must not poll rings that go away
    if generator:
      generator.stop()
  return (sent + refused) / elapsed, got / elapsed, sent + refused - got


def zero_loss(ctx, kind, size, args, say):
  """The highest offered rate without loss, in frames/s; 0 if even the lowest one loses."""
  def lossless(reads):
    offered, _, lost = trial(ctx, kind, size, reads, args)
    say(f"{kind} {size} B: {reads} reads, {offered / 1e6:.3f} Mpps offered, {lost} lost")
    return offered if lost <= offered * args.trial * args.tolerate * 1e-6 else None

  low, high, best = 0, 0, lossless(0)  # reads: fewer mean more frames
  while best is None:
    low, high = high, max(1, high * 4)
    if high > MAX_READS:
      return 0.0
    best = lossless(high)
  while high - low > max(1, high // 8):
    middle = (low + high) // 2
    found = lossless(middle)
    if found is None:
      low = middle
    else:
      high, best = middle, found
  return best


def gbps(frames_per_s, size):
  return frames_per_s * (size + GAP) * 8e-9


def parse(argv):
  p = argparse.ArgumentParser(
      prog="tools/pktgen/sweep", description="64 to 1518 byte frames against a wire, testpmd "
      "generating: rate at full offer, and the highest rate without loss.")
  p.add_argument("--mode", choices=("wire", "testpmd"), action="append",
                 help="what is swept over memif: sluiced in WIRE mode, testpmd io (a cable); "
                 "default both")
  p.add_argument("--devices", nargs=2, metavar="DEVICE",
                 help="generate over these (PCI address or vdev) against a wire that runs "
                 "already, and start none")
  p.add_argument("--sizes", type=lambda t: [int(x) for x in t.split(",")], default=SIZES,
                 help="frame sizes with FCS, by comma")
  p.add_argument("--trial", type=float, default=2.0, help="seconds of one trial (RFC 2544: 60)")
  p.add_argument("--tolerate", type=float, default=0.0,
                 help="lost frames per million that still count as none (0)")
  p.add_argument("--no-search", action="store_true", help="full offer only")
  p.add_argument("--build", metavar="DIR", help="build directory (default build)")
  p.add_argument("--verbose", action="store_true", help="every trial on stderr")
  args = p.parse_args(argv)
  if any(not 64 <= s <= 1518 for s in args.sizes):
    p.error("sizes are 64 to 1518")
  if args.trial <= 0:
    p.error("--trial is more than 0")
  return args


def sweep(ctx, args):
  def say(text):
    if args.verbose:
      print(text, file=sys.stderr, flush=True)

  kinds = ["devices"] if args.devices else args.mode or ["wire", "testpmd"]
  m = facts()
  print(f"{m['cpu']}, Linux {m['kernel']}, DPDK {m['dpdk']}; trials of {args.trial} s; Gbit/s "
        "count preamble, FCS and gap")
  print(f"{'bytes':>6} {'what':>8} {'offered Mpps':>13} {'passed Mpps':>12} {'Gbit/s':>7} "
        f"{'no loss Mpps':>13} {'Gbit/s':>7}")
  for size in args.sizes:
    for kind in kinds:
      offered, passed, _ = trial(ctx, kind, size, None, args)
      best = None if args.no_search else zero_loss(ctx, kind, size, args, say)
      tail = "" if best is None else f"{best / 1e6:13.3f} {gbps(best, size):7.2f}"
      print(f"{size:6} {kind:>8} {offered / 1e6:13.3f} {passed / 1e6:12.3f} "
            f"{gbps(passed, size):7.2f} {tail}", flush=True)


def main(argv, top):
  args = parse(argv)
  if os.geteuid() != 0:
    raise Failure("tools/pktgen/sweep needs root")
  take_signals()
  with tempfile.TemporaryDirectory(prefix="sluice-sweep-", dir="/var/tmp") as work:
    ctx = Context(args, pathlib.Path(top), pathlib.Path(work))
    if not args.devices and "wire" in (args.mode or ["wire"]) and \
            not os.access(ctx.build / "sluiced", os.X_OK):
      raise Failure(f"{ctx.build}/sluiced is missing: run tools/build")
    with contextlib.ExitStack() as undo:
      cgroup = Cgroup()
      undo.callback(cgroup.close)
      undo.callback(end_leftovers, cgroup)
      undo.callback(HugePages(HUGE_PAGES).close)
      undo.callback(no_more_signals)
      sweep(ctx, args)
  return 0
