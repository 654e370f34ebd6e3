#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sluicectl rules: what it says of packs, and what it exits with; no daemon is there.
usage: rules_test.py SLUICECTL"""

import json
import os
import re
import subprocess
import sys
import tempfile

CTL = os.path.abspath(sys.argv[1])

GOOD = """pack: crm
data:
  - {id: email, column: "*.customers.email", mask: {keep_first: 2}}
commands:
  - id: no-copy
    when: {sql: {kind: copy_to, relation: customers}}
    unless: [{when: {groups: [export]}, reason: they may}]
    then: deny
    code: "42501"
    reason: Customers are not copied
    examples: {match: [COPY customers TO STDOUT], not: [COPY orders TO STDOUT, SELECT * FROM customers]}
  - {id: late, when: {sql: {kind: copy_to, relation: customers}}, then: hold}
"""


def run(*arguments, status=0):
  """Its standard output and standard error."""
  ran = subprocess.run([CTL, "-s", "/nowhere", "rules", *arguments], capture_output=True, text=True, timeout=30)
  assert ran.returncode == status, f"{arguments}: exit status {ran.returncode}, {ran.stdout}{ran.stderr}"
  assert bool(ran.stderr) == (status != 0), f"{arguments}: said {ran.stderr!r}"
  return ran.stdout if status == 0 else ran.stdout + ran.stderr


def write(path, text):
  with open(path, "w", encoding="utf-8") as file:
    file.write(text)
  return path


def test_check():
  assert run("check").count("(of the product): pack ") >= 2
  said = run("check", write("crm.yaml", GOOD))
  assert re.search(r"^crm.yaml:12:1: warning: rule 'late' never decides: 'no-copy' in line 5", said, re.M) is None
  assert "crm.yaml: pack crm: 2 commands rules, 1 data rules, 0 patterns\n" in said
  wrong = write("wrong.yaml", GOOD.replace("copy_to, relation", "copi_to, relation").replace("then: hold", "then: held"))
  said = run("check", "crm.yaml", wrong, status=1)
  assert "wrong.yaml:6:24: kind: 'copi_to' is none of: " in said and "did you mean 'copy_to'?" in said
  assert re.search(r"wrong.yaml:12:\d+: then: 'held' is none of: allow, hold, deny", said)
  assert "1 of 2 files is wrong\n" in said and "crm.yaml: pack crm" in said, said
  assert "another pack has this name" in run("check", "crm.yaml", "crm.yaml", status=1)
  assert "No such file" in run("check", "nosuch.yaml", status=1)
  assert "Is a directory" in run("check", "/", status=1)
  back = write("back.yaml", "pack: back\npatterns:\n  - {id: twice, regex: '(ab)\\1cd'}\n")
  assert re.search(r"^back.yaml:3:1: pattern 'twice': ", run("check", back, status=1), re.M)


def test_warnings():
  shadow = write("shadow.yaml", GOOD.replace("    unless: [{when: {groups: [export]}, reason: they may}]\n", ""))
  said = run("check", shadow)
  assert "shadow.yaml:11:1: warning: rule 'late' never decides: 'no-copy' in line 5 speaks whenever" in said


def test_check_json():
  answer = json.loads(subprocess.run([CTL, "rules", "check", "crm.yaml", "wrong.yaml", "-o", "json"],
                                     capture_output=True, text=True, timeout=30).stdout)
  good, wrong = answer["files"]
  assert good["pack"] == "crm" and len(good["sha256"]) == 64 and good["problems"] == []
  assert "pack" not in wrong and wrong["problems"][0]["line"] == 6
  assert wrong["problems"][0]["severity"] == "error"


def test_examples():
  assert run("test").count(" 0 failed") >= 2
  assert "crm: 3 examples, 0 failed\n" == run("test", "./crm.yaml")
  assert "sql-risk: " in run("test", "sql-risk", "crm.yaml")
  failing = write("failing.yaml", GOOD.replace("COPY orders TO STDOUT,", "COPY customers TO '/x', COPY cust,"))
  said = run("test", failing, status=1)
  assert "crm/no-copy: the rule speaks of it: COPY customers TO '/x'\n" in said
  assert "crm/no-copy: it is not understood as SQL: COPY cust\n" in said
  assert "crm: 4 examples, 2 failed\n" in said
  said = json.loads(run("test", "crm.yaml", "-o", "json"))
  assert said["packs"][0]["failed"] == [] and said["packs"][0]["examples"] == 3
  assert "has no pack 'crm'" in run("test", "crm", status=1)
  run("test", "wrong.yaml", status=1)


def test_patterns():
  pack = "pack: ids\npatterns:\n- {id: ticket, regex: 'TCK-\\d{6}', examples: {match: [TCK-123456], not: [%s]}}\n" \
      "data: [{id: t, pattern: ticket, mask: redact}]\n"
  assert run("test", write("ids.yaml", pack % "TCK-12345")) == "ids: 2 examples, 0 failed\n"
  said = run("test", write("ids.yaml", pack % "a TCK-654321 b"), status=1)
  assert "ids/ticket: the pattern finds it: a TCK-654321 b\n" in said and "2 examples, 1 failed" in said
  said = run("test", write("ids.yaml", pack.replace("TCK-", "(TCK-") % "x"), status=1)
  assert "ids.yaml:3:1: pattern 'ticket': " in said


def test_explain():
  said = run("explain", "--pack", "sql-risk", "--pack", "crm.yaml", "DELETE FROM app.t; COPY customers TO STDOUT")
  assert "statement 1; kind delete; where none\n  relation app.t; access delete\n" in said
  assert re.search(r"^rule sql-risk/unbounded-write, line \d+: hold$", said, re.M)
  assert "verdict: deny by crm/no-copy: Customers are not copied\n" in said
  assert re.search(r"^policy: [0-9a-f]{64}$", said, re.M)
  answer = json.loads(run("explain", "-o", "json", "--pack", "read-only", "SELECT 1"))
  assert answer["verdict"] == "allow" and answer["rules"] == [] and "read_only" in answer["statements"][0]["flags"]
  answer = json.loads(run("explain", "-o", "json", "--pack", "read-only", "SELEC 1"))
  assert answer["verdict"] == "deny" and answer["rule"] == "unparsed" and answer["code"] == "42601"
  said = run("explain", "--pack", "sql-risk", "SELECT \"\x1b[31m\"()")
  assert "\x1b" not in said and "function \\x1B[31m" in said
  assert "needs --pack" in run("explain", "SELECT 1", status=2)
  assert "has no pack" in run("explain", "--pack", "nosuch", "SELECT 1", status=1)
  assert "each once" in run("explain", "--pack", "sql-risk", "--pack", "sql-risk", "SELECT 1", status=1)


def test_show():
  assert run("show", "crm.yaml") == GOOD
  assert run("show", "read-only").startswith("# ") and "\npack: read-only\n" in run("show", "read-only")
  answer = json.loads(run("show", "crm.yaml", "-o", "json"))
  assert answer["text"] == GOOD and answer["pack"] == "crm" and answer["data"] == 1


def test_usage():
  for wrong in ([], ["x"], ["show", "a", "b"], ["rollback", "x"], ["explain"], ["check", "--watch"]):
    run(*wrong, status=2)
  assert "check [FILE...]" in subprocess.run([CTL, "help", "rules"], capture_output=True, text=True, check=True).stdout


def main():
  failed = 0
  with tempfile.TemporaryDirectory(prefix="sluice-rules-") as folder:
    os.chdir(folder)
    for name, test in [(n[5:], t) for n, t in globals().items() if n.startswith("test_")]:
      try:
        test()
        print(f"ok {name}")
      except AssertionError as wrong:
        print(f"not ok {name}: line {wrong.__traceback__.tb_next.tb_lineno}: {wrong}")
        failed += 1
    os.chdir("/")
  sys.exit(1 if failed else 0)


main()
