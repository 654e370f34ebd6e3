# SPDX-License-Identifier: Apache-2.0
"""The machine under the measurement: facts, huge pages, the cpu cgroup, and who else used the CPU.

The machines at hand are shared and noisy. So all that is measured lives in one cgroup with a high
share of the CPU, and each sample says how much CPU others took while it ran.
"""

import os
import pathlib
import subprocess
import time

CGROUP = "sluice-bench"
HIGH_SHARES = 262144  # cgroup v1 cpu.shares; the default is 1024
HIGH_WEIGHT = 10000  # cgroup v2 cpu.weight; the default is 100
PF_KTHREAD = 0x00200000
TICKS = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
  """The run cannot go on; the text says what to do."""


def read(path, default=""):
  try:
    return pathlib.Path(path).read_text(encoding="utf-8", errors="replace").strip()
  except OSError:
    return default


def run(*argv, timeout=60, **kwargs):
  """Runs a command to its end; its output on success, Failure otherwise."""
  try:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout,
                          check=False, **kwargs)
  except FileNotFoundError as e:
    raise Failure(f"{argv[0]} is missing: run tools/setup") from e
  except subprocess.TimeoutExpired as e:
    raise Failure(f"{' '.join(argv)}: no end after {timeout} s") from e
  if done.returncode != 0:
    text = (done.stderr.strip() or done.stdout.strip())[-800:]
    raise Failure(f"{' '.join(argv)}: exit status {done.returncode}: {text}")
  return done.stdout


def facts():
  """What a reader needs to compare figures of two machines."""
  cpuinfo = read("/proc/cpuinfo").splitlines()
  model = next((x.split(":")[1].strip() for x in cpuinfo if x.startswith("model name")), "?")
  memory = read("/proc/meminfo").splitlines()[0].split()[1]
  dpdk = subprocess.run(["pkg-config", "--modversion", "libdpdk"], capture_output=True,
                        text=True, check=False).stdout.strip()
  return {
      "cpu": model,
      "cpus": os.cpu_count(),
      "memory_gib": round(int(memory) / 2**20, 1),
      "kernel": os.uname().release,
      "dpdk": dpdk,
      "congestion_control": read("/proc/sys/net/ipv4/tcp_congestion_control"),
      "hypervisor": "hypervisor" in read("/proc/cpuinfo"),
  }


class HugePages:
  """Adds 2 MiB pages for the run and takes just as many away again."""

  path = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")

  def __init__(self, pages):
    self.added = 0
    before = self.count()
    self.set(before + pages)
    self.added = max(0, self.count() - before)
    if self.added < pages:
      self.close()
      raise Failure(f"{pages} huge pages of 2 MiB are needed, the kernel gave fewer: "
                    "free some memory")

  def count(self):
    return int(read(self.path, "0"))

  def set(self, pages):
    self.path.write_text(str(max(0, pages)), encoding="ascii")

  def close(self):
    if self.added:
      self.set(self.count() - self.added)
      self.added = 0


class Cgroup:
  """One cpu cgroup with a high share. This process joins it, so all its children are in it."""

  def __init__(self):
    v1 = pathlib.Path("/sys/fs/cgroup/cpu")
    v2 = pathlib.Path("/sys/fs/cgroup")
    if (v1 / "cgroup.procs").exists():
      self.home, self.knob, self.value = v1, "cpu.shares", HIGH_SHARES
    elif (v2 / "cgroup.controllers").exists():
      self.home, self.knob, self.value = v2, "cpu.weight", HIGH_WEIGHT
      try:
        (v2 / "cgroup.subtree_control").write_text("+cpu", encoding="ascii")
      except OSError as e:
        raise Failure("cgroup v2 without a cpu controller to use") from e
    else:
      raise Failure("no cpu cgroup is mounted below /sys/fs/cgroup")
    self.path = self.home / f"{CGROUP}-{os.getpid()}"
    self.back = self._mine()
    self.path.mkdir()
    (self.path / self.knob).write_text(str(self.value), encoding="ascii")
    (self.path / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")

  def _mine(self):
    """The cgroup this process came from."""
    for line in read("/proc/self/cgroup").splitlines():
      _, controllers, path = line.split(":", 2)
      if controllers == "" and self.knob == "cpu.weight":
        return self.home / path.lstrip("/")
      if "cpu" in controllers.split(",") and self.knob == "cpu.shares":
        return self.home / path.lstrip("/")
    return self.home

  def pids(self):
    return {int(x) for x in read(self.path / "cgroup.procs").split()}

  def close(self):
    (self.back / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
    for _ in range(50):
      try:
        self.path.rmdir()
        return
      except OSError:
        time.sleep(0.1)


def foreign_ticks(ours):
  """CPU ticks that all other processes used so far, kernel threads apart.

  Times of children that were waited for count with their parent, so the sum only grows."""
  total = 0
  for name in os.listdir("/proc"):
    if not name.isdigit() or int(name) in ours:
      continue
    text = read(f"/proc/{name}/stat")
    if not text:
      continue
    field = text.rsplit(")", 1)[1].split()
    if int(field[6]) & PF_KTHREAD:
      continue
    total += sum(int(x) for x in field[11:15])
  return total


def steal_ticks():
  """CPU that the hypervisor gave to others."""
  return int(read("/proc/stat").splitlines()[0].split()[8])


class Noise:
  """What others took of the CPU while a sample ran, in CPUs."""

  def __init__(self, cgroup):
    self.cgroup = cgroup
    self.began = time.monotonic()
    self.foreign, self.steal = foreign_ticks(cgroup.pids()), steal_ticks()

  def cpus(self):
    elapsed = max(time.monotonic() - self.began, 0.01)
    foreign = max(0, foreign_ticks(self.cgroup.pids()) - self.foreign)
    return (foreign + max(0, steal_ticks() - self.steal)) / TICKS / elapsed
