#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turns meson's testlog.json into the lines that tools/test counts.

A test that lists its own cases (CUnit's verbose mode, or "ok NAME" lines) counts each of them; one
that does not counts as one. A test that meson calls anything but OK fails, whatever its cases say.
"""

import json
import re
import sys

CUNIT_CASE = re.compile(r"^\s*Test: (.+?) ?\.\.\.\s*(passed|FAILED)", re.M)
OWN_CASE = re.compile(r"^(ok|not ok) (.+)$", re.M)


def cases(text):
  for name, result in CUNIT_CASE.findall(text):
    yield name, result == "passed"
  for result, name in OWN_CASE.findall(text):
    yield name, result == "ok"


def report(entry):
  name, good = entry["name"], entry["result"] == "OK"
  found = list(cases(entry.get("stdout") or ""))
  for case, passed in found:
    print(f"{'ok' if passed else 'not ok'} {name}: {case}")
  if not good and all(passed for _, passed in found):
    print(f"not ok {name}: {entry['result']}, status {entry.get('returncode')}")
  elif not found:
    print(f"ok {name}")
  if not good:
    for stream in ("stdout", "stderr"):
      sys.stdout.write((entry.get(stream) or "")[-4000:].replace("\nok ", "\n ok "))


def main():
  with open(sys.argv[1], encoding="utf-8") as log:
    entries = [json.loads(line) for line in log if line.strip()]
  for entry in entries:
    report(entry)
  return 0 if entries else 1


sys.exit(main())
