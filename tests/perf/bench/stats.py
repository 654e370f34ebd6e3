# SPDX-License-Identifier: Apache-2.0
"""Samples and what is made of them: ratios within a repetition, then the median of the ratios."""

import dataclasses
import statistics


@dataclasses.dataclass
class Sample:
  """One figure of one path in one repetition."""

  test: str  # "pg-simple-c1"
  ports: str  # "af_packet", "af_xdp", "memif"
  path: str  # "testpmd", "relay", "wire", "haproxy"
  rep: int
  value: float
  unit: str
  extra: dict = dataclasses.field(default_factory=dict)
  foreign_cpus: float = 0.0
  tries: int = 1


class Samples:
  """All samples of a run."""

  def __init__(self):
    self.all = []

  def add(self, sample):
    self.all.append(sample)

  def get(self, ports, test, path):
    """Samples by repetition."""
    return {s.rep: s for s in self.all
            if s.ports == ports and s.test == test and s.path == path}

  def values(self, ports, test, path, field=None):
    found = self.get(ports, test, path)
    return [pick(s, field) for s in found.values() if pick(s, field) is not None]

  def median(self, ports, test, path, field=None):
    values = self.values(ports, test, path, field)
    return statistics.median(values) if values else None

  def pairs(self, ports, test, ours, peer, field=None):
    """(ours, peer) of every repetition that has both."""
    a, b = self.get(ports, test, ours), self.get(ports, test, peer)
    both = [(pick(a[r], field), pick(b[r], field)) for r in sorted(a) if r in b]
    return [(x, y) for x, y in both if x is not None and y is not None]

  def ratio(self, ports, test, ours, peer, field=None):
    return spread([x / y for x, y in self.pairs(ports, test, ours, peer, field) if y])

  def difference(self, ports, test, ours, peer, field=None):
    return spread([x - y for x, y in self.pairs(ports, test, ours, peer, field)])


def pick(sample, field):
  return sample.value if field is None else sample.extra.get(field)


def spread(values):
  """median, least and most; None without values."""
  if not values:
    return None
  return {"median": statistics.median(values), "min": min(values), "max": max(values),
          "n": len(values)}
