# SPDX-License-Identifier: Apache-2.0
"""The table for people, the report for programs, and the targets both judge by."""

import dataclasses

from . import kernel, memif
from .stats import spread

CYCLES_PER_SEGMENT = 1700
FLOW_BYTES = 1024


@dataclasses.dataclass(frozen=True)
class Target:
  """ours compared with peer: kind "ratio" (of values) or "difference"."""

  section: str
  ours: str
  peer: str
  test: str
  least: float = None
  most: float = None
  kind: str = "ratio"
  field: str = None


SECTIONS = {
    "relay": "RELAY against testpmd io",
    "wire": "WIRE against testpmd io",
    "haproxy": "RELAY against HAProxy",
    "cycles": "Busy cycles per transaction beyond testpmd's (iperf: per 1,448 bytes)",
    "memif": "Over memif",
    "gate": "The gate with rules against testpmd io, no TLS",
    "gate-pgbouncer": "The gate with rules against pgbouncer, no TLS",
    "rules": "What rules cost: the gate with them against the gate without, no TLS",
    "gate-tls": "The gate with rules against pgbouncer, TLS on both legs",
    "tls-cable": "The gate with rules, TLS on both legs, against TLS from end to end (one leg)",
}


def _kernel_targets():
  rates = [t.name for g in kernel.GROUPS for t in g if t.name != "rtt" and not t.spin]
  found = []
  for path, least in (("relay", 0.90), ("wire", 0.97)):
    found += [Target(path, path, "testpmd", n, least=least) for n in rates]
    found.append(Target(path, path, "testpmd", "rtt", most=5.0, kind="difference"))
    found.append(Target(path, path, "testpmd", "rtt", most=1.3, field="p99_us"))
    found += [Target("cycles", path, "testpmd", n, kind="difference", field="cycles")
              for n in rates if not n.startswith("iperf") or path == "relay"]
  for mode in ("simple", "prepared"):
    found.append(Target("haproxy", "relay", "haproxy", f"pg-{mode}-c1", least=2.0))
    found.append(Target("haproxy", "relay", "haproxy", f"pg-{mode}-c1-spin", least=1.3))
  for n in ("conn1", "conn16"):
    found.append(Target("haproxy", "relay", "haproxy", n))
  return found


MEMIF_TARGETS = [
    Target("memif", "wire", "testpmd", "wire-64", least=0.50),
    Target("memif", "wire", "testpmd", "wire-1500", least=0.80),
    *[Target("memif", "relay", "testpmd", n) for n in memif.RELAY_TESTS],
    *[Target("memif", "relay", "testpmd", n, kind="difference", field="cycles_per_segment")
      for n in ("relay-bulk", "relay-both-ways", "relay-1-flow", "relay-64")],
]


def judge(samples, ports, target):
  """One row: the figures of both, their comparison, and whether it is what is asked for."""
  pick = samples.ratio if target.kind == "ratio" else samples.difference
  result = pick(ports, target.test, target.ours, target.peer, target.field)
  if result is None:
    return None
  met = None
  if target.least is not None:
    met = result["median"] >= target.least
  elif target.most is not None:
    met = result["median"] <= target.most
  unit = samples.get(ports, target.test, target.ours)
  return {
      "section": target.section, "ports": ports, "test": target.test, "field": target.field,
      "kind": target.kind,
      "ours": target.ours, "peer": target.peer,
      "unit": next(iter(unit.values())).unit if target.field is None else target.field,
      "ours_median": samples.median(ports, target.test, target.ours, target.field),
      "peer_median": samples.median(ports, target.test, target.peer, target.field),
      "result": result, "least": target.least, "most": target.most, "met": met,
  }


def absolute_rows(samples):
  """Targets that are no ratio: cycles a segment, bytes a flow, 100k flows against few."""
  rows = []

  def add(test, what, values, most=None, least=None):
    result = spread([v for v in values if v is not None])
    if result is None:
      return
    met = None
    if most is not None:
      met = result["median"] <= most
    elif least is not None:
      met = result["median"] >= least
    rows.append({"ports": "memif", "test": test, "what": what, "result": result,
                 "most": most, "least": least, "met": met})

  for test in ("relay-bulk", "relay-1-flow", "relay-both-ways"):
    most = CYCLES_PER_SEGMENT if test == "relay-bulk" else None
    for path in ("relay", "testpmd"):
      add(test, f"{path}: busy cycles per data segment with its ACKs",
          samples.values("memif", test, path, "cycles_per_segment"),
          most=most if path == "relay" else None)
      add(test, f"{path}: busy cycles per frame",
          samples.values("memif", test, path, "cycles_per_frame"))
      add(test, f"{path}: generator's share of time with work",
          samples.values("memif", test, path, "generator_busy"))
  add("relay-100k", "flows established",
      samples.values("memif", "relay-100k", "relay", "flows"))
  add("relay-100k", "bytes of state per flow",
      samples.values("memif", "relay-100k", "relay", "flow_bytes"), most=FLOW_BYTES)
  few, many = (samples.get("memif", t, "relay") for t in ("relay-bulk", "relay-100k"))
  add("relay-100k", "throughput of 100 busy flows, with 100,000 idle ones / without",
      [many[r].value / few[r].value for r in many if r in few], least=0.90)
  return rows


def judged():
  """(ports, target) of the wire's rows."""
  return [(p, t) for p in kernel.PORTS for t in _kernel_targets()] + [
      ("memif", t) for t in MEMIF_TARGETS]


def rates(samples):
  """Medians of all paths side by side, by test; of kernel tests whose paths have names of their
  own."""
  tests = list(dict.fromkeys(s.test for s in samples.all))
  paths = list(dict.fromkeys(s.path for s in sorted(samples.all, key=lambda s: s.rep)))
  ports = samples.all[0].ports if samples.all else ""
  return {"paths": paths, "rows": [[t, *(samples.median(ports, t, p) for p in paths)]
                                   for t in tests]}


def build(ctx, steady, targets=None):
  """The whole report as one object. <targets>: (ports, target) of each row, the wire's without."""
  rows = [judge(ctx.samples, p, t) for p, t in targets or judged()]
  return {
      "command": ctx.command, "machine": ctx.machine, "commit": ctx.commit,
      "reps": ctx.first + ctx.reps, "seconds": ctx.seconds,
      "rates": rates(ctx.samples) if targets else None,
      "peer_stands_in": ctx.floor,
      "rows": [r for r in rows if r], "absolute": absolute_rows(ctx.samples),
      "steady": steady, "failures": ctx.failures,
      "disturbed": sum(1 for s in ctx.samples.all
                       if s.foreign_cpus > kernel.DISTURBED_CPUS),
      "samples": [dataclasses.asdict(s) for s in ctx.samples.all],
  }


def number(v):
  if v is None:
    return "-"
  if abs(v) >= 1000:
    return f"{v:,.0f}"
  return f"{v:.2f}" if abs(v) < 100 else f"{v:.0f}"


def wanted(row):
  if row["least"] is not None:
    return f">= {row['least']:.2f}"
  if row["most"] is not None:
    return f"<= {number(row['most'])}"
  return ""


VERDICT = {True: "met", False: "MISSED", None: ""}


def interval(s):
  return f"{number(s['median'])} [{number(s['min'])}, {number(s['max'])}]"


def print_table(report, out):
  """Markdown, so that it can go into a document as it is."""
  m = report["machine"]
  print(f"{m['cpu']}, {m['cpus']} CPUs, {m['memory_gib']} GiB, Linux {m['kernel']}, "
        f"DPDK {m['dpdk']}, {m['congestion_control']}; commit {report['commit']}; "
        f"{report['reps']} repetitions of {report['seconds']} s; command: "
        f"`{report['command']}`", file=out)
  if report["peer_stands_in"]:
    print("\n**testpmd stands in for sluiced: every ratio should be 1, what it is not is "
          "noise.**", file=out)
  if report["rates"]:
    print_rates(report["rates"], out)
  for section, title in SECTIONS.items():
    print_section(title, [r for r in report["rows"] if r["section"] == section], out)
  if report["absolute"]:
    print("\n| test | what | median [least, most] | asked | |\n|---|---|---|---|---|", file=out)
  for r in report["absolute"]:
    print(f"| {r['test']} | {r['what']} | {interval(r['result'])} | {wanted(r)} | "
          f"{VERDICT[r['met']]} |", file=out)
  print_steady(report["steady"], out)
  print(f"\n{report['disturbed']} of {len(report['samples'])} samples were kept although others "
        f"took more than {kernel.DISTURBED_CPUS:.0%} of a CPU.", file=out)
  for f in report["failures"]:
    print(f"FAILED: {f}", file=out)


def print_idle(r, asked, out):
  print(f"{r['sessions']:,} idle sessions, TLS on both legs\n\n| | before, MiB | with them, MiB | "
        "KiB a session |\n|---|---|---|---|", file=out)
  for key, name in (("rss", "RSS"), ("pss", "PSS"), ("arena", "of the sessions' memory")):
    print(f"| {name} | {r['before'][key] / 2**20:.1f} | {r['after'][key] / 2**20:.1f} | "
          f"{r['kib_each'][key]:.1f} |", file=out)
  each = r["kib_each"]["all"]
  print(f"| RSS and sessions' memory, asked <= {asked} | | | {each:.1f}, "
        f"{VERDICT[each <= asked]} |", file=out)


def print_rates(r, out):
  print("\nTransactions a second, medians\n\n| test | " + " | ".join(r["paths"]) + " |\n|---"
        + "|---" * len(r["paths"]) + "|", file=out)
  for test, *values in r["rows"]:
    print(f"| {test} | " + " | ".join(number(v) for v in values) + " |", file=out)


def print_section(title, rows, out):
  if not rows:
    return
  print(f"\n{title}\n\n| ports | test | unit | {rows[0]['peer']} | ours | "
        "ratio or difference [least, most] | asked | |\n|---|---|---|---|---|---|---|---|",
        file=out)
  for r in rows:
    path = "" if r["section"] == r["ours"] else f"{r['ours'].upper()} "
    plus = "+" if r["kind"] == "difference" and r["result"]["median"] > 0 else ""
    print(f"| {r['ports']} | {r['test']} | {r['unit']} | {number(r['peer_median'])} | "
          f"{path}{number(r['ours_median'])} | {plus}{interval(r['result'])} | {wanted(r)} | "
          f"{VERDICT[r['met']]} |", file=out)


def print_steady(steady, out):
  if steady.get("profile"):
    print("\nWhere the worker's time goes (RELAY, relay-bulk):\n\n| % | symbol | object |"
          "\n|---|---|---|", file=out)
    for percent, symbol, obj in steady["profile"]:
      print(f"| {percent:.1f} | `{symbol}` | {obj} |", file=out)
  if steady.get("calls"):
    print("\nWhat the worker asks of kernel and heap (RELAY, relay-bulk):\n\n```", file=out)
    print(steady["calls"].rstrip(), file=out)
    print("```", file=out)
