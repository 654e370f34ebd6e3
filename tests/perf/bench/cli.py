# SPDX-License-Identifier: Apache-2.0
"""The command line of tools/bench, and what a run shares."""

import argparse
import contextlib
import fnmatch
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from . import gate, kernel, memif, table
from .lab import ADDRESS, BEHIND_MID, MID_ADDRESS, Lab
from .machine import Cgroup, Failure, HugePages, facts
from .idle import IDLE_SESSIONS, KIB_ASKED, IdlePart
from .procs import end_leftovers
from .secrets import Secrets
from .stats import Sample, Samples
from .steady import SteadyPart

HUGE_PAGES = 640  # 1.25 GiB: the appliance or testpmd, and a generator
REPS, QUICK_REPS = 5, 3
SECONDS, QUICK_SECONDS = 3, 2
MAX_REPEATS = 2  # of a sample that others have disturbed
PROGRAMS = ("tests/perf/tcpgen/tcpgen", "tests/perf/sock/rtt", "tests/perf/sock/connrate")
SLUICE = ("sluiced", "sluicectl")
TOOLS = ("dpdk-testpmd", "ip", "ethtool", "taskset", "perf", "pgbouncer")


class Context:
  """What all parts of a run share."""

  def __init__(self, args, top, work):
    self.top, self.work = top, work
    self.build = pathlib.Path(args.build or top / "build").resolve()
    self.floor, self.first = args.floor, 0
    self.repeats = 0 if args.keep else MAX_REPEATS
    self.reps = args.reps or (QUICK_REPS if args.quick else REPS)
    self.seconds = args.seconds or (QUICK_SECONDS if args.quick else SECONDS)
    self.ports = args.ports
    self.samples, self.failures = Samples(), []
    self.machine, self.cgroup = facts(), None
    self.command = "tools/bench " + " ".join(args.argv)
    self.commit = subprocess.run(["git", "-C", str(top), "describe", "--always", "--dirty"],
                                 capture_output=True, text=True, check=False).stdout.strip()
    self.began = time.monotonic()

  def say(self, text):
    print(f"[{time.monotonic() - self.began:6.1f} s] {text}", file=sys.stderr, flush=True)

  def fail(self, text):
    self.failures.append(text)
    self.say(f"FAILED: {text}")


def choose(patterns, names):
  """Names that match one of the patterns (globs, or the start of a name); all without any."""
  if not patterns:
    return list(names)
  return [n for n in names
          if any(fnmatch.fnmatch(n, p) or n.startswith(p) for p in patterns)]


def common(w, parts):
  """What both benches take. <parts>: what --only knows beside names of tests."""
  w.add_argument("--json", action="store_true", help="the report as JSON on stdout")
  w.add_argument("--quick", action="store_true",
                 help=f"{QUICK_REPS} repetitions of {QUICK_SECONDS} s: for development")
  w.add_argument("--only", action="append", metavar="NAME", default=[],
                 help=f"{parts}tests by name, start of a name or glob; may be repeated")
  w.add_argument("--reps", type=int, help=f"repetitions (default {REPS})")
  w.add_argument("--seconds", type=int, help=f"seconds of a sample (default {SECONDS})")
  w.add_argument("--build", metavar="DIR", help="build directory (default build)")
  w.add_argument("--out", metavar="FILE", help="writes the JSON report there as well")
  w.add_argument("--list", action="store_true", help="names of the tests, and nothing else")
  w.add_argument("--keep", action="store_true",
                 help="keeps disturbed samples rather than taking them again: where others never rest")
  w.set_defaults(ports=None, floor=False, after=None)


def parse(argv):
  p = argparse.ArgumentParser(
      prog="tools/bench", description="Measures the appliance against its peers in one run. "
      "tests/perf/README.md says how to read the table.")
  sub = p.add_subparsers(dest="verb", required=True)
  w = sub.add_parser("wire", help="WIRE and RELAY against testpmd and HAProxy")
  common(w, "kernel, memif, steady, or ")
  w.add_argument("--ports", action="append", choices=kernel.PORTS,
                 help="kernel part: only over these ports")
  w.add_argument("--floor", action="store_true",
                 help="testpmd in place of sluiced: shows the noise of this machine")
  g = sub.add_parser("pg", help="the gate of PostgreSQL against testpmd, HAProxy and pgbouncer")
  common(g, "")
  g.add_argument("--after", metavar="FILE",
                 help="goes on where the run that wrote FILE (--out) ended: one run in pieces")
  i = sub.add_parser("idle", help="memory of idle sessions through the gate")
  common(i, "")
  i.add_argument("--sessions", type=int, default=IDLE_SESSIONS,
                 help=f"how many (default {IDLE_SESSIONS:,})")
  args = p.parse_args(argv)
  args.argv, args.ports = argv, args.ports or list(kernel.PORTS)
  if (args.reps is not None and args.reps < 1) or (args.seconds is not None and args.seconds < 1):
    p.error("--reps and --seconds are at least 1")
  return args


class Plan:
  """What of all there is was asked for."""

  def __init__(self, only):
    whole = {w for w in only if w in ("kernel", "memif", "steady")}
    names = [w for w in only if w not in whole]
    everything = not only
    self.groups = []
    for group in kernel.GROUPS:
      chosen = set(choose(names, [t.name for t in group])) if names else set()
      if everything or "kernel" in whole:
        chosen = {t.name for t in group}
      if chosen:
        self.groups.append(tuple(t for t in group if t.name in chosen))
    self.memif = choose(names, memif.test_names()) if names else []
    if everything or "memif" in whole:
      self.memif = memif.test_names()
    if "relay-100k" in self.memif and "relay-bulk" not in self.memif:
      self.memif.insert(0, "relay-bulk")  # what it is compared with
    self.steady = everything or "steady" in whole or "memif" in whole
    if not self.groups and not self.memif and not self.steady:
      raise Failure(f"nothing is called {' or '.join(names)}; see --list")


def check_build(ctx):
  needed = PROGRAMS if ctx.floor else PROGRAMS + SLUICE
  missing = [n for n in needed if not os.access(ctx.build / n, os.X_OK)]
  if missing:
    raise Failure(f"{ctx.build} lacks {', '.join(missing)}: run tools/build")
  for tool in TOOLS:
    if not shutil.which(tool):
      raise Failure(f"{tool} is missing: run tools/setup")


def measure(ctx, plan):
  """Runs all parts; whatever happens, everything that was set up is taken down again."""
  with contextlib.ExitStack() as undo:
    ctx.cgroup = Cgroup()
    undo.callback(ctx.cgroup.close)
    undo.callback(end_leftovers, ctx.cgroup)
    undo.callback(HugePages(HUGE_PAGES).close)
    undo.callback(no_more_signals)
    if plan.groups:
      with contextlib.ExitStack() as lab_undo:
        lab = Lab(ctx.top, ctx.build, ctx.work)
        lab_undo.callback(lab.close)
        lab_undo.callback(no_more_signals)
        lab.start_servers({t.server for g in plan.groups for t in g} | {"rtt"})
        kernel.KernelPart(ctx).run(lab, plan.groups)
      take_signals()
    if plan.memif:
      memif.MemifPart(ctx).run(plan.memif)
    return SteadyPart(ctx).run() if plan.steady else {}


def measure_gate(ctx, only):
  """The same for the gate. ctx.first: the number of the first repetition."""
  names = choose(only, [t.name for t in gate.TESTS])
  if not names:
    raise Failure(f"nothing is called {' or '.join(only)}; see --list")
  with gate_lab(ctx) as (lab, secrets):
    lab.start_servers({"postgres"})
    ctx.ports = [gate.PORTS]
    gate.GatePart(ctx, secrets).run(lab, [tuple(t for t in gate.TESTS if t.name in names)])
  return {}


def measure_idle(ctx, n):
  with gate_lab(ctx) as (_, secrets):
    return IdlePart(ctx, secrets).run(n)


@contextlib.contextmanager
def gate_lab(ctx):
  """(lab, secrets), with everything set up that is taken down again."""
  secrets = Secrets(ctx.build, ctx.work, [ADDRESS, BEHIND_MID, MID_ADDRESS])
  with contextlib.ExitStack() as undo:
    ctx.cgroup = Cgroup()
    undo.callback(ctx.cgroup.close)
    undo.callback(end_leftovers, ctx.cgroup)
    undo.callback(HugePages(HUGE_PAGES).close)
    lab = Lab(ctx.top, ctx.build, ctx.work, secrets.pair)
    undo.callback(lab.close)
    undo.callback(no_more_signals)
    yield lab, secrets


def take_over(ctx, path):
  """Samples of an earlier piece of this run; ours come behind them."""
  try:
    earlier = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["samples"]
    for s in earlier:
      ctx.samples.add(Sample(**s))
  except (OSError, ValueError, KeyError, TypeError) as e:
    raise Failure(f"{path} is no report of --out: {e}") from e
  ctx.first = 1 + max((s.rep for s in ctx.samples.all), default=-1)


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def take_signals():
  for sig in SIGNALS:
    signal.signal(sig, on_signal)


def no_more_signals():
  """While things are taken down: a second signal must not leave half of them."""
  for sig in SIGNALS:
    signal.signal(sig, signal.SIG_IGN)


def on_signal(sig, _frame):
  raise SystemExit(128 + sig)


def main(argv, top):
  args = parse(argv)
  if args.list:
    print("\n".join([t.name for t in gate.TESTS] if args.verb == "pg" else
                    kernel.test_names() + memif.test_names() + ["steady"]))
    return 0
  if os.geteuid() != 0:
    raise Failure("tools/bench needs root")
  take_signals()
  if os.cpu_count() < 2:
    raise Failure("two CPUs are needed: one for the endpoints, one for the appliance")
  plan = Plan(args.only) if args.verb == "wire" else None
  with tempfile.TemporaryDirectory(prefix="sluice-bench-", dir="/var/tmp") as work:
    os.chmod(work, 0o755)
    ctx = Context(args, pathlib.Path(top), pathlib.Path(work))
    check_build(ctx)
    if args.verb == "idle":
      table.print_idle(measure_idle(ctx, args.sessions), KIB_ASKED, sys.stdout)
      return 0
    if args.after:
      take_over(ctx, args.after)
    steady = measure(ctx, plan) if plan else measure_gate(ctx, args.only)
    report = table.build(ctx, steady, None if plan else gate.judged())
  if args.out:
    pathlib.Path(args.out).write_text(json.dumps(report, indent=1), encoding="utf-8")
  if args.json:
    json.dump(report, sys.stdout, indent=1)
    print()
  else:
    table.print_table(report, sys.stdout)
  return 1 if ctx.failures else 0
