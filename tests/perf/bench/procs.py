# SPDX-License-Identifier: Apache-2.0
"""Processes that the benchmark starts: each is ended again, by its own id, whatever happens."""

import os
import queue
import signal
import subprocess
import threading
import time

from .machine import Failure


class Proc:
  """A background process with its output in a log file, or line by line in a queue."""

  def __init__(self, argv, log, name=None, lines=False, stdin=None, **kwargs):
    self.name = name or argv[0]
    self.log = log
    self.lines = queue.Queue() if lines else None
    with open(log, "wb") as err:
      out = subprocess.PIPE if lines else err
      try:
        self.p = subprocess.Popen(argv, stdin=stdin or subprocess.DEVNULL, stdout=out,
                                  stderr=err, start_new_session=True, **kwargs)
      except FileNotFoundError as e:
        raise Failure(f"{argv[0]} is missing: run tools/setup") from e
    if lines:
      threading.Thread(target=self._pump, daemon=True).start()

  def _pump(self):
    for raw in self.p.stdout:
      self.lines.put(raw.decode(errors="replace").rstrip("\n"))
    self.lines.put(None)

  def alive(self):
    return self.p.poll() is None

  def tail(self):
    try:
      with open(self.log, "rb") as f:
        lines = f.read()[-2000:].decode(errors="replace").splitlines()
    except OSError:
      return ""
    return "\n".join(x for x in lines if not x.startswith("EAL: "))[-600:]

  def failed(self, what):
    return Failure(f"{self.name}: {what}\n{self.tail()}")

  def write(self, text):
    try:
      self.p.stdin.write(text.encode())
      self.p.stdin.flush()
    except (BrokenPipeError, OSError) as e:
      raise self.failed("ended unexpectedly") from e

  def read_until(self, wanted, timeout):
    """Lines up to and with the first for which wanted(line) is true."""
    stop = time.monotonic() + timeout
    got = []
    while True:
      try:
        line = self.lines.get(timeout=max(0.01, stop - time.monotonic()))
      except queue.Empty as e:
        raise self.failed(f"said nothing more within {timeout} s") from e
      if line is None:
        raise self.failed("ended unexpectedly")
      got.append(line)
      if wanted(line):
        return got

  def stop(self, sig=signal.SIGTERM, patience=8):
    """Asks it to end; by force if it does not."""
    if self.p.stdin:
      try:
        self.p.stdin.close()
      except OSError:
        pass
    if not self.alive():
      return self.p.returncode
    try:
      os.kill(self.p.pid, sig)
      self.p.wait(patience)
    except ProcessLookupError:
      pass
    except subprocess.TimeoutExpired:
      self.p.kill()
      self.p.wait(5)
    return self.p.returncode


def end_leftovers(cgroup):
  """Ends what is still in our cgroup but for this process: all of it was started by us."""
  for sig in (signal.SIGTERM, signal.SIGKILL):
    left = cgroup.pids() - {os.getpid()}
    for pid in left:
      try:
        os.kill(pid, sig)
      except ProcessLookupError:
        pass
    for _ in range(30):
      if not cgroup.pids() - {os.getpid()}:
        return
      time.sleep(0.1)
