#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sluicectl against the api (tests/unit/api/fake_daemon): what it prints, how wide, what it exits with.
usage: ctl_test.py SLUICECTL FAKE_DAEMON"""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

CTL, DAEMON = (os.path.abspath(path) for path in sys.argv[1:3])
SOCKET = "api.sock"


def run(*arguments, status=0, **environment):
  """Its standard output, or on failure its standard error."""
  ran = subprocess.run([CTL, *arguments], capture_output=True, text=True, timeout=30,
                       env=dict(os.environ, SLUICE_SOCKET=SOCKET, **environment))
  assert ran.returncode == status, f"{arguments}: exit status {ran.returncode}, {ran.stderr}"
  assert bool(ran.stderr) == (status != 0), f"{arguments}: said {ran.stderr!r}"
  return ran.stdout if status == 0 else ran.stderr


def run_on_terminal(*arguments, seconds=0, **environment):
  """All it writes on a terminal; with <seconds> it is interrupted after them."""
  master, slave = pty.openpty()
  ctl = subprocess.Popen([CTL, *arguments], stdout=slave, stderr=slave,
                         env=dict(os.environ, SLUICE_SOCKET=SOCKET, **environment))
  os.close(slave)
  if seconds:
    time.sleep(seconds)
    ctl.send_signal(signal.SIGINT)
  out = b""
  try:
    while piece := os.read(master, 65536):
      out += piece
  except OSError:
    pass  # its end was closed
  os.close(master)
  ctl.wait(timeout=10)
  return out.decode()


def widest(text):
  return max(len(line) for line in text.split("\n"))


def test_verbs():
  assert "lab" in run("status") and "PRESSURE" in run("status")
  wires = run("wires")
  assert "net_af_packet0" in wires and "down" in wires and "gone" in wires
  stats = run("stats")
  assert "\nnothing\n" not in stats and "rx_missed" in stats
  assert run("stats", "--all").count("\n") > stats.count("\n") + 40
  assert " W1 " in run("stats", "--by-worker")


def test_flows():
  flows = run("flows")
  assert "40 flows" in flows and "held" in flows
  assert "[2001:db8:1234:5678:9abc:def0:1111:2222]:40005" in flows
  assert run("flows", "--target", "web", "--limit", "3").endswith("3 of 13 flows\n")
  assert run("flows", "--target=-", "--mode", "relay").endswith("13 flows\n")
  ages = [f["age_ms"] for f in json.loads(run("-o", "json", "flows", "--sort", "age"))["flows"]]
  assert ages == sorted(ages, reverse=True) and len(ages) == 40
  some = json.loads(run("flows", "--limit", "2", "--output=json"))
  assert some["total"] == 40 and [f["agent"]["port"] for f in some["flows"]] == [40039, 40038]


def test_width():
  for columns in (60, 80, 100, 140):
    for verb in (["status"], ["wires"], ["flows"], ["stats"], ["stats", "--by-worker"],
                 ["targets", "list"], ["sessions", "list"], ["holds", "list"]):
      text = run(*verb, COLUMNS=str(columns))
      tables = [l for l in text.split("\n") if not re.match("(lab|spare): ", l)]
      assert widest("\n".join(tables)) <= columns, f"{verb} at {columns}: {widest(text)}"
  narrow = run("flows", COLUMNS="80")
  assert "too narrow for" in narrow and "too narrow for" not in run("flows", COLUMNS="250")
  assert re.search(r"^10\.77\.0\.1:40039 .* 10\.77\.0\.2:5432 ", narrow, re.M)


def test_json():
  for verb in ("status", "wires", "flows", "stats"):
    assert isinstance(json.loads(run(verb, "-o", "json")), dict)


def test_colour():
  assert "\033[" not in run("status")
  assert "\033[32mgreen" in run_on_terminal("status")
  assert "\033[" not in run_on_terminal("status", NO_COLOR="1")
  assert "\033[32m" in run_on_terminal("status", NO_COLOR="")


def test_watch():
  screen = run_on_terminal("stats", "--watch=1", seconds=3.5)
  assert screen.count("every 1 s") >= 3 and "A SECOND" in screen
  piped = subprocess.run(["timeout", "-s", "INT", "3", CTL, "status", "--watch=1", "-o", "json"],
                         capture_output=True, text=True, timeout=20,
                         env=dict(os.environ, SLUICE_SOCKET=SOCKET))
  lines = piped.stdout.strip().split("\n")
  assert len(lines) >= 2 and all(json.loads(line)["name"] == "lab" for line in lines)


def test_watch_ends_when_nobody_reads():
  ctl = subprocess.Popen([CTL, "status", "--watch=1"], stdout=subprocess.PIPE,
                         env=dict(os.environ, SLUICE_SOCKET=SOCKET))
  ctl.stdout.readline()
  ctl.stdout.close()
  ctl.wait(timeout=10)


def test_targets():
  targets = run("targets", "list")
  assert re.search(r"^orders-db +10\.77\.0\.2 +any +tcp +relay +anybody", targets, re.M)
  assert len(json.loads(run("targets", "list", "-o", "json"))["targets"]) == 2


def sessions():
  return json.loads(run("sessions", "list", "-o", "json"))["sessions"]


def test_sessions():
  table = run("sessions", "list")
  assert table.endswith("3 sessions\n") and "\033" not in table
  assert re.search(r"^[0-9a-f]{16} +ready +alice +corp +orders-db .* orders +10\.0\.9\.1:40001 ",
                   table, re.M)
  assert re.search(r"^[0-9a-f]{16} +login +bob\\x1B\[31m ", table, re.M)
  first = sessions()[0]
  shown = run("sessions", "show", first["id"])
  assert re.search(r"^actor +alice$", shown, re.M) and re.search(r"^held +\d", shown, re.M)
  assert json.loads(run("-o", "json", "sessions", "show", first["id"]))["actor"]["sub"] == "alice"
  assert "it has ended" in run("sessions", "show", "0" * 16, status=1)


def test_session_kill():
  last = sessions()[-1]
  assert last["sub"] == "carol" and run("sessions", "kill", last["id"]) == ""
  for _ in range(100):
    if last["id"] not in [s["id"] for s in sessions()]:
      break
    time.sleep(0.05)
  assert last["id"] not in [s["id"] for s in sessions()]
  assert "it has ended" in run("sessions", "kill", last["id"], status=1)
  for wrong in ("", "12", last["id"] + "0", last["id"].upper(), "../../v1/holds/x"):
    assert "no session's id" in run("sessions", "kill", wrong, status=2)


def test_holds():
  table = run("holds", "list")
  assert "3 holds" in table and "DROP TABLE orders" in table and "\033" not in table
  assert "TRUNCATE \\x1B[2J customers" in table
  held = json.loads(run("holds", "list", "-o", "json"))["holds"]
  assert [h["command"] for h in held] == [1, 2, 3] and held[0]["rule"] == "ddl"
  assert run("holds", "allow", held[0]["id"]) == ""
  assert "it was decided" in run("holds", "allow", held[0]["id"], status=1)
  assert run("holds", "deny", held[1]["id"], "--reason", "not & on a Friday") == ""
  assert "127 bytes" in run("holds", "deny", held[2]["id"], "--reason", "x" * 128, status=1)
  assert run("-o", "json", "holds", "deny", held[2]["id"]) == '{\n  "denied": true\n}\n'
  assert run("holds", "list").endswith("0 holds\n")
  for wrong in ("1", held[0]["session"], held[0]["id"] + "/1", held[0]["session"] + "/x"):
    assert "no hold's id" in run("holds", "deny", wrong, status=2)


def test_actors():
  assert run("actors", "revoke", "corp", "--sub", "bob & co") == ""
  assert run("actors", "restore", "corp", "--sub", "bob & co") == ""
  assert "not revoked" in run("actors", "restore", "corp", "--jti", "x", status=1)
  assert "no such issuer" in run("actors", "revoke", "nobody", "--sub", "x", status=1)
  assert "either" in run("actors", "revoke", "corp", status=2)
  assert "either" in run("actors", "revoke", "corp", "--sub", "a", "--jti", "b", status=2)


def test_kill():
  flow = json.loads(run("flows", "-o", "json"))["flows"][0]["id"]
  assert run("kill", flow) == ""
  assert "it has ended" in run("kill", flow, status=1)
  assert "no flow's id" in run("kill", "0/1/../../x", status=2)
  for wrong in ("", "0/1", "0/1/2/", "/0/1/2", "0//1", "-1/1/1", "0/1/2/3", "12345678901/1/1"):
    run("kill", wrong, status=2)


def test_usage():
  assert "usage: sluicectl" in run("help") and run("help") == run("--help")
  for verb in ("status", "wires", "targets", "flows", "sessions", "holds", "actors", "stats",
               "kill"):
    assert run("help", verb) == run(verb, "--help")
    assert "Exit status: 0 done" in run(verb, "--help")
  assert re.fullmatch(r"sluicectl \d+\.\d+\.\d+\n", run("--version"))
  for wrong in ([], ["nosuch"], ["help", "nosuch"], ["status", "x"], ["flows", "--sort", "x"],
                ["flows", "--limit", "0"], ["-o", "xml", "status"], ["status", "--all"],
                ["--watch=0", "status"], ["--watch=x", "status"], ["kill"], ["kill", "1", "2"],
                ["kill", "--watch", "0/0/0"],
                ["sessions"], ["sessions", "x"], ["sessions", "list", "x"], ["sessions", "show"],
                ["sessions", "kill", "0" * 16, "--watch"], ["holds", "allow"], ["targets"],
                ["actors", "revoke"], ["sessions", "list", "--reason", "x"], ["--nosuch", "status"], ["status", "-s"]):
    run(*wrong, status=2)


def test_refusals():
  assert "no such target" in run("flows", "--target", "nobody", status=1)
  assert "no such target" in run("flows", "--target", "a&mode=relay", status=1)
  assert "no such mode" in run("flows", "--mode", "x", status=1)


def test_unreachable():
  assert "is sluiced running" in run("-s", "/nowhere/api.sock", "status", status=3)
  with socket.socket(socket.AF_UNIX) as stale:
    stale.bind("stale.sock")
  assert "is sluiced running" in run("status", "--socket", "stale.sock", status=3)
  run("-s", "x" * 200, "status", status=3)
  with socket.socket(socket.AF_UNIX) as other:  # answers, but not as sluiced does
    other.bind("other.sock")
    other.listen(1)
    ctl = subprocess.Popen([CTL, "-s", "other.sock", "status"], stderr=subprocess.PIPE, text=True)
    peer, _ = other.accept()
    peer.recv(4096)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
    peer.close()
    assert ctl.wait(timeout=10) == 1 and "what listens there" in ctl.stderr.read()


def main():
  failed = 0
  with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    path = os.path.join(folder, SOCKET)
    daemon = subprocess.Popen([DAEMON, path, "120"], stdout=subprocess.PIPE, text=True)
    try:
      assert daemon.stdout.readline() == "ready\n", "the daemon does not start"
      for name, test in [(n[5:], t) for n, t in globals().items() if n.startswith("test_")]:
        try:
          test()
          print(f"ok {name}")
        except AssertionError as wrong:
          print(f"not ok {name}: line {wrong.__traceback__.tb_next.tb_lineno}: {wrong}")
          failed += 1
    finally:
      daemon.kill()
      daemon.wait()
      os.chdir("/")
  sys.exit(1 if failed else 0)


main()
