#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sluicectl ca: what it makes is judged by the openssl program; what it must not do, by trying it.
usage: ca_test.py SLUICECTL"""

import json
import os
import re
import stat
import subprocess
import sys
import tempfile

CTL = os.path.abspath(sys.argv[1])


def run(*arguments, status=0):
  """Its standard output, or on failure its standard error."""
  ran = subprocess.run([CTL, "ca", *arguments], capture_output=True, text=True, timeout=30)
  assert ran.returncode == status, f"{arguments}: exit status {ran.returncode}, {ran.stderr}"
  assert bool(ran.stderr) == (status != 0), f"{arguments}: said {ran.stderr!r}"
  return ran.stdout if status == 0 else ran.stderr


def openssl(*arguments, status=0):
  ran = subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=30)
  assert ran.returncode == status, f"openssl {arguments}: {ran.returncode}, {ran.stdout}{ran.stderr}"
  return ran.stdout + ran.stderr


def verify(leaf, *arguments, status=0):
  return openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca/ca.pem",
                 *arguments, leaf, status=status)


def test_init():
  shown = run("init", "--dir", "ca", "--name", "Test CA")
  assert "CN=Test CA" in shown and "ca/ca.pem" in shown
  assert stat.S_IMODE(os.stat("ca/ca.key").st_mode) == 0o600
  assert stat.S_IMODE(os.stat("ca").st_mode) == 0o700
  openssl("verify", "-x509_strict", "-CAfile", "ca/ca.pem", "ca/ca.pem")
  text = openssl("x509", "-in", "ca/ca.pem", "-noout", "-text")
  assert "ASN1 OID: prime256v1" in text and "ecdsa-with-SHA256" in text
  assert re.search(r"Basic Constraints: critical\s+CA:TRUE, pathlen:0", text)
  assert re.search(r"Key Usage: critical\s+Certificate Sign, CRL Sign\n", text)
  days = json.loads(run("show", "--dir", "ca", "-o", "json"))["days_left"]
  assert 3640 <= days <= 3650, days


def test_init_overwrites_nothing():
  before = [open(f"ca/{name}", encoding="ascii").read() for name in ("ca.pem", "ca.key")]
  assert "Nothing is overwritten" in run("init", "--dir", "ca", status=1)
  os.mkdir("half")
  os.symlink("../ca/elsewhere", "half/ca.pem")
  run("init", "--dir", "half", status=1)
  assert os.listdir("half") == ["ca.pem"] and not os.path.exists("ca/elsewhere")
  assert before == [open(f"ca/{name}", encoding="ascii").read() for name in ("ca.pem", "ca.key")]
  assert "Name another with --dir" in run("init", "--dir", "no/such/folder", status=1)


def test_issue():
  shown = run("issue", "--dir", "ca", "--name", "db.example", "--name", "*.db.example",
              "--name", "10.20.0.5", "--name", "fd77::5", "--out", "db", "--days", "30")
  assert "db.pem" in shown and "DNS:*.db.example" in shown
  assert stat.S_IMODE(os.stat("db.key").st_mode) == 0o600
  for check in (["-verify_hostname", "db.example"], ["-verify_hostname", "a.db.example"],
                ["-verify_ip", "10.20.0.5"], ["-verify_ip", "fd77::5"], []):
    verify("db.pem", *check)
  verify("db.pem", "-verify_hostname", "db2.example", status=2)
  verify("db.pem", "-verify_ip", "10.20.0.6", status=2)
  verify("db.pem", "-purpose", "sslclient", status=2)
  text = openssl("x509", "-in", "db.pem", "-noout", "-text")
  assert re.search(r"Key Usage: critical\s+Digital Signature\n", text)
  assert re.search(r"Extended Key Usage: *\n\s+TLS Web Server Authentication\n", text)
  assert re.search(r"Basic Constraints: critical\s+CA:FALSE", text)
  assert "DNS:db.example, DNS:*.db.example, IP Address:10.20.0.5, IP Address:FD77:" in text
  openssl("x509", "-in", "db.pem", "-noout", "-checkend", str(29 * 86400))
  openssl("x509", "-in", "db.pem", "-noout", "-checkend", str(31 * 86400), status=1)
  public = openssl("x509", "-in", "db.pem", "-noout", "-pubkey")
  assert public == openssl("pkey", "-in", "db.key", "-pubout")
  assert "Nothing is overwritten" in run("issue", "--dir", "ca", "--name", "a.b", "--out", "db", status=1)


def test_issue_long_name():
  name = ".".join(["a" * 40, "b" * 40, "example"])  # over 64 bytes: no common name
  run("issue", "--dir", "ca", "--name", name, "--out", "long")
  verify("long.pem", "-verify_hostname", name)
  assert "Alternative Name: critical" in openssl("x509", "-in", "long.pem", "-noout", "-text")


def test_serials():
  serials = set()
  for i in range(8):
    made = json.loads(run("issue", "--dir", "ca", "--name", "10.0.0.1", "--out", f"s{i}", "-o", "json"))
    assert len(made["serial"]) == 40 and made["serial"][0] in "4567", made["serial"]
    serials.add(made["serial"])
  assert len(serials) == 8


def test_no_longer_than_its_root():
  run("issue", "--dir", "ca", "--name", "a.example", "--out", "old", "--days", "3650")
  ends = [openssl("x509", "-in", path, "-noout", "-enddate") for path in ("old.pem", "ca/ca.pem")]
  assert ends[0] == ends[1]


def test_wrong_usage():
  for arguments, said in (
      (["issue", "--dir", "ca", "--out", "x"], "--name"),
      (["issue", "--dir", "ca", "--name", "a.example"], "--out"),
      (["issue", "--dir", "ca", "--name", "10.20.0.500", "--out", "x"], "neither a DNS name"),
      (["issue", "--dir", "ca", "--name", "a_-.example", "--out", "x"], "neither a DNS name"),
      (["issue", "--dir", "ca", "--name", "a b", "--out", "x"], "neither a DNS name"),
      (["issue", "--dir", "ca", "--name", "a..b", "--out", "x"], "neither a DNS name"),
      (["issue", "--dir", "ca", "--name", "a.b", "--out", "x", "--days", "0"], "days from 1"),
      (["issue", "--dir", "ca", "--name", "a.b", "--out", "x" * 600], "too long"),
      (["init", "--dir", "y", "--days", "3"], "for ca issue"),
      (["init", "--dir", "y", "--name", "x" * 65], "64 bytes"),
      (["show", "--watch"], "cannot be watched"),
      (["mint"], "init, issue or show"),
      ([], "takes one argument")):
    assert said in run(*arguments, status=2), arguments
  assert not os.path.exists("x.pem") and not os.path.exists("x.key") and not os.path.exists("y")


def test_no_ca():
  assert "sluicectl ca init" in run("show", "--dir", "nowhere", status=1)
  assert "sluicectl ca init" in run("issue", "--dir", "nowhere", "--name", "a.b", "--out", "x", status=1)
  os.mkdir("mixed")
  run("init", "--dir", "other")
  os.link("ca/ca.pem", "mixed/ca.pem")
  os.link("other/ca.key", "mixed/ca.key")
  assert "is not the key of" in run("issue", "--dir", "mixed", "--name", "a.b", "--out", "x", status=1)
  os.mkdir("junk")
  open("junk/ca.pem", "w", encoding="ascii").close()
  assert "no PEM of that kind" in run("show", "--dir", "junk", status=1)


def main():
  with tempfile.TemporaryDirectory(prefix="sluice-ca-") as folder:
    os.chdir(folder)
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    for name, test in tests:
      test()
      print(f"ok {name}")
    os.chdir("/")


main()
