# SPDX-License-Identifier: Apache-2.0
"""The loads of the kernel part: real clients in the agent's namespace. Each returns its figure, its
unit, how many transactions it made (for cycles per transaction), and what else it knows."""

import json
import re

from .lab import AGENT, PORT, in_ns
from .machine import Failure, run


def iperf3(lab, address, seconds, streams):
  out = run(*in_ns(AGENT, "iperf3", "-c", address, "-p", str(PORT["iperf3"]), "-J", "-t",
                   f"{max(1, round(seconds))}", "-P", str(streams)), timeout=seconds + 30)
  end = json.loads(out)["end"]
  received = end["sum_received"]
  return {"value": received["bits_per_second"] / 1e9, "unit": "Gbit/s",
          "n": received["bytes"] / 1448,
          "retransmits": end["sum_sent"].get("retransmits", 0)}


def pgbench(lab, address, seconds, mode, clients):
  out = run(*in_ns(AGENT, "pgbench", "-h", address, "-p", str(PORT["postgres"]), "-U", "postgres",
                   "-n", "-S", "-M", mode, "-c", str(clients), "-j", "1", "-T",
                   f"{max(1, round(seconds))}", "bench"), timeout=seconds + 30)
  tps = re.search(r"^tps = ([\d.]+)", out, re.M)
  n = re.search(r"^number of transactions actually processed: (\d+)", out, re.M)
  if not tps or not n or "failed transactions: 0" not in out:
    raise Failure(f"pgbench: not understood:\n{out[-500:]}")
  return {"value": float(tps[1]), "unit": "txn/s", "n": int(n[1])}


def redis(lab, address, seconds, pipeline):
  requests = int(seconds * (30000 if pipeline == 1 else 350000))
  out = run(*in_ns(AGENT, "redis-benchmark", "-h", address, "-p", str(PORT["redis"]), "-t", "get",
                   "-c", "50", "-P", str(pipeline), "-n", str(requests), "--csv"),
            timeout=seconds * 20 + 30)
  row = next((x for x in out.splitlines() if x.startswith('"GET"')), None)
  if row is None:
    raise Failure(f"redis-benchmark: not understood:\n{out[-500:]}")
  return {"value": float(row.split(",")[1].strip('"')), "unit": "req/s", "n": requests}


def rtt(lab, address, seconds):
  out = run(*in_ns(AGENT, str(lab.build / "tests/perf/sock/rtt"), "client", address,
                   str(PORT["rtt"]), "64", str(int(seconds * 1000))), timeout=seconds + 30)
  d = json.loads(out)
  return {"value": d["p50_us"], "unit": "us", "n": d["n"] / 0.9, "p99_us": d["p99_us"]}


def connrate(lab, address, seconds, concurrent):
  out = run(*in_ns(AGENT, str(lab.build / "tests/perf/sock/connrate"), "client", address,
                   str(PORT["connrate"]), str(concurrent), str(int(seconds * 1000))),
            timeout=seconds + 60)
  d = json.loads(out)
  return {"value": d["per_s"], "unit": "conn/s", "n": d["n"] / 0.9, "p99_us": d["p99_us"],
          "failed": d["failed"]}
