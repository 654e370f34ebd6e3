# SPDX-License-Identifier: Apache-2.0
"""What the worker does in the steady state: where its cycles go, and that it asks nothing of the
kernel and of the heap. Both look at the worker's thread while tcpgen loads it."""

import collections
import re

from .machine import Failure, run
from .memif import MemifPart

TOP = 15
ROW = re.compile(r"^\s*([\d.]+)%\s+(\S+)\s+\[[.k]\]\s+(\S+)")


def profile_of(ctx, tid, seconds):
  """[(percent, symbol, object)] of a thread, the hottest first. What a stripped library does is
  one row, since its addresses say nothing."""
  data = ctx.work / "perf.data"
  run("perf", "record", "-q", "-e", "cpu-clock", "-F", "1999", "-o", str(data), "-t", str(tid),
      "--", "sleep", str(seconds), timeout=seconds + 30)
  text = run("perf", "report", "-q", "-i", str(data), "--stdio", "--sort", "dso,symbol",
             timeout=120)
  shares = collections.Counter()
  for m in filter(None, map(ROW.match, text.splitlines())):
    symbol = "(no symbols)" if m[3].startswith("0x") else m[3]
    shares[symbol, m[2]] += float(m[1])
  return [(share, symbol, obj) for (symbol, obj), share in shares.most_common(TOP)]


class SteadyPart:
  """Profile and proof, one run each under the plain RELAY load."""

  def __init__(self, ctx):
    self.ctx = ctx
    self.memif = MemifPart(ctx)

  def run(self):
    if self.ctx.floor:
      return {}
    result = {}
    for name, look in (("profile", self._profile), ("calls", self._calls)):
      self.ctx.say(f"memif relay: {name}")
      try:
        self.memif.converse("relay", "relay-bulk",
                            during=lambda m, look=look, name=name:
                            result.__setitem__(name, look(m)))
      except Failure as e:
        self.ctx.fail(f"{name}: {e}")
    return result

  def _profile(self, middle):
    return profile_of(self.ctx, middle.worker_tid(), max(1, int(self.ctx.seconds)))

  def _calls(self, middle):
    seconds = max(1, int(self.ctx.seconds) - 1)
    return run(f"{self.ctx.top}/tests/perf/steady_state", str(middle.worker_tid()),
               str(seconds), timeout=seconds + 60)
