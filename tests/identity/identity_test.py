#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ctrlplane/identity (identity_probe) against oidc-provider: every algorithm, wrong audience, short
lives, rotation under load, TLS that does not fit, the provider away and back, revocation."""

import base64
import contextlib
import json
import os
import pathlib
import queue
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
ANY_AGENT, NOBODY = 0, 1  # targets


def openssl(*arguments):
  subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_ca(folder, name):
  openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
          "-subj", f"/CN={name}", "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt")


def make_certificate(folder, ca):
  openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=idp",
          "-keyout", f"{folder}/idp.key", "-out", f"{folder}/idp.csr")
  (folder / "idp.ext").write_text("subjectAltName=IP:127.0.0.1\n")
  openssl("x509", "-req", "-in", f"{folder}/idp.csr", "-CA", f"{folder}/{ca}.crt", "-CAkey",
          f"{folder}/{ca}.key", "-CAcreateserial", "-days", "2", "-extfile", f"{folder}/idp.ext",
          "-out", f"{folder}/idp.crt")


class Provider:
  """One run of the provider; its port stays."""

  def __init__(self, folder):
    self.folder = folder
    with socket.socket() as s:
      s.bind(("127.0.0.1", 0))
      self.port = s.getsockname()[1]
    self.issuer = f"https://127.0.0.1:{self.port}"
    self.tls = ssl.create_default_context(cafile=folder / "ca.crt")
    self.process = None

  def start(self, keys):
    self.process = subprocess.Popen(
        ["node", HERE / "provider.mjs", str(self.port), self.folder / keys, self.folder / "idp.key",
         self.folder / "idp.crt"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in self.process.stdout:
      if line == "ready\n":
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        return
    raise RuntimeError(f"the provider did not start: {self.process.stderr.read()}")

  def stop(self):
    if self.process:
      self.process.terminate()
      self.process.wait(10)
      self.process.stdout.close()
      self.process = None

  def token(self, alg="ES256", seconds=600, audience="sluice"):
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": "db",
                                   "resource": f"urn:sluice:{alg}:{seconds}:{audience}"})
    basic = base64.b64encode(b"agent-7:secret").decode()
    request = urllib.request.Request(self.issuer + "/token", form.encode(),
                                     {"Authorization": "Basic " + basic})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                         urllib.request.HTTPSHandler(context=self.tls))
    with opener.open(request, timeout=10) as answer:
      return json.load(answer)["access_token"]


class Probe:
  """identity_probe over one configuration. Its environment names a proxy that does not exist."""

  def __init__(self, binary, folder, provider, name, **more):
    (folder / name).mkdir(exist_ok=True)
    keys = {"name": "corp", "issuer": provider.issuer, "audience": "sluice",
            "jwks": provider.issuer + "/jwks", "ca": str(folder / "ca.crt"), "clock_skew": "0s", **more}
    keys = {key: value for key, value in keys.items() if value is not None}
    issuer = ", ".join(f"{key}: '{value}'" if key in ("jwks", "issuer") else f"{key}: {value}"
                       for key, value in keys.items())
    path = folder / f"{name}.yaml"
    path.write_text(f"""appliance: {{data_dir: {folder / name}}}
dataplane: {{wires: [{{name: w, agent: {{port: net_a}}, prod: {{port: net_b}}}}]}}
identity: {{issuers: [{{{issuer}}}]}}
targets:
  - {{name: any, match: {{address: 10.0.0.1}}, actors: [{{issuer: corp, groups: [agents]}}]}}
  - {{name: nobody, match: {{address: 10.0.0.2}}, actors: [{{issuer: corp, groups: [dba]}}]}}
""")
    self.log = open(folder / f"{name}.log", "wb")
    self.process = subprocess.Popen(
        [binary, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
        env={**os.environ, "https_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"})
    self.answers = queue.Queue()
    threading.Thread(target=self.read, daemon=True).start()
    self.next_id = 0

  def read(self):
    for line in self.process.stdout:
      self.answers.put(json.loads(line))

  def send(self, *words):
    self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
    self.process.stdin.flush()

  def call(self, *words):
    self.send(*words)
    return self.answers.get(timeout=20)

  def verify(self, token, target=ANY_AGENT):
    self.next_id += 1
    answer = self.call("verify", self.next_id, target, token)
    if answer.get("id") != self.next_id:
      raise RuntimeError(f"an answer to something else: {answer}")
    return answer

  def reason(self, token, target=ANY_AGENT):
    return self.verify(token, target)["reason"]

  def stop(self):
    self.process.stdin.close()
    status = self.process.wait(20)
    self.log.close()
    return status


failures = 0


def report(name, good, detail=""):
  global failures
  failures += not good
  print(f"{'ok' if good else 'not ok'} {name}" + ("" if good else f": {detail}"), flush=True)


def expect(name, found, wanted):
  report(name, found == wanted, f"expected {wanted!r}, found {found!r}")


def wait_until(condition, seconds):
  end = time.monotonic() + seconds
  while time.monotonic() < end:
    if condition():
      return True
    time.sleep(0.1)
  return False


def claims_of(token):
  part = token.split(".")[1]
  return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_tokens(provider, probe):
  for alg in ALGORITHMS:
    token = provider.token(alg)
    claims, answer = claims_of(token), probe.verify(token)
    expect(f"{alg} token of client_credentials", answer["reason"], "ok")
    wanted = {"issuer": "corp", "iss": provider.issuer, "sub": "agent-7", "client_id": "agent-7",
              "groups": ["agents", "night shift"], "act": [], "exp": claims["exp"],
              "jti": claims["jti"]}
    found = {key: value for key, value in (answer["actor"] or {}).items() if key != "token_sha256"}
    expect(f"{alg} actor", found, wanted)
    expect(f"{alg} again, known", probe.reason(token), "ok")
    head, body, signature = token.split(".")
    other = ("A" if signature[9] != "A" else "B")
    expect(f"{alg} signature changed", probe.reason(f"{head}.{body}.{signature[:9]}{other}{signature[10:]}"),
           "signature")
    expect(f"{alg} target of others", probe.reason(token, NOBODY), "target")
  expect("wrong audience", probe.reason(provider.token(audience="other")), "aud_other")
  stats = probe.call("stats")
  expect("one fetch for all of it", (stats["fetches"], stats["fetches_failed"]), (1, 0))
  report("known tokens took the short way", stats["from_cache"] >= 8, stats)


def test_expiry(provider, probe):
  token = provider.token(seconds=2)
  expect("a token of two seconds", probe.reason(token), "ok")
  expect("known", probe.reason(token), "ok")
  time.sleep(2.2)
  expect("expired, though it was known", probe.reason(token), "expired")


def burst(probe, old, new):
  """Asks for all of them, old and new in turn, before it takes the first answer."""
  first = probe.next_id + 1
  for pair in zip(old, new):
    for token in pair:
      probe.next_id += 1
      probe.send("verify", probe.next_id, ANY_AGENT, token)
  answers = [probe.answers.get(timeout=20) for _ in range(len(old) + len(new))]
  by_id = {answer["id"]: answer["reason"] for answer in answers}
  return ([by_id[first + 2 * i] for i in range(len(old))],
          [by_id[first + 2 * i + 1] for i in range(len(new))])


def test_rotation(provider, probe):
  """Old and new tokens, without a pause, while the provider is replaced by one with other keys."""
  old, reasons_old = [], []
  for i in range(120):
    old.append(provider.token(ALGORITHMS[i % 4]))
    reasons_old.append(probe.reason(old[-1]))
  expect("120 before the rotation", set(reasons_old), {"ok"})

  stop, while_down = threading.Event(), []

  def ask_on():
    i = 0
    while not stop.is_set():
      while_down.append(probe.reason(old[i % len(old)]))
      i += 1
      time.sleep(0.002)

  asking = threading.Thread(target=ask_on)
  asking.start()
  provider.stop()
  provider.start("keys-2.json")
  stop.set()
  asking.join()
  report(f"{len(while_down)} while it was replaced: the keys are cached",
         len(while_down) > 100 and set(while_down) == {"ok"}, set(while_down))
  new = [provider.token(ALGORITHMS[i % 4]) for i in range(120)]
  reasons_old, reasons_new = burst(probe, old, new)
  expect("120 new ones in one burst: the first one's kid fetched the keys", set(reasons_new), {"ok"})
  report("120 old ones among them, until the keys came", set(reasons_old) <= {"ok", "key_unknown"},
         set(reasons_old))
  expect("the old keys are gone, for known tokens too", {probe.reason(token) for token in old},
         {"key_unknown"})
  expect("two fetches", probe.call("stats")["fetches"], 2)


def test_unreachable(provider, binary, folder):
  probe = Probe(binary, folder, provider, "brief", keys_min_age="1s", keys_max_age="4s")
  token = provider.token()
  expect("with keys of four seconds", probe.reason(token), "ok")
  provider.stop()
  began = time.monotonic()
  expect("provider away: the keys are cached", probe.reason(token), "ok")
  gone = wait_until(lambda: probe.reason(token) == "keys_unavailable", 10)
  report("then they expire", gone and time.monotonic() - began > 0.5, time.monotonic() - began)
  expect("and stay so", probe.reason(token), "keys_unavailable")
  provider.start("keys-2.json")
  report("provider back: taken again", wait_until(lambda: probe.reason(token) == "ok", 20))
  expect("it ends by itself", probe.stop(), 0)


def test_tls(provider, binary, folder):
  token = provider.token()
  cases = [("another CA", {"ca": str(folder / "other.crt")}, "certificate"),
           ("another host's certificate", {"jwks": f"https://localhost:{provider.port}/jwks"}, "SSL"),
           ("plain http to TLS", {"jwks": f"http://127.0.0.1:{provider.port}/jwks", "ca": None}, ""),
           ("no such page", {"jwks": provider.issuer + "/nothing"}, "HTTP status 404")]
  for i, (name, more, logged) in enumerate(cases):
    probe = Probe(binary, folder, provider, f"tls-{i}", **more)
    expect(f"{name}: refused", probe.reason(token), "keys_unavailable")
    probe.stop()
    log = (folder / f"tls-{i}.log").read_text()
    report(f"{name}: the log says why", logged in log and "keys from" in log, log)


def test_revoked(provider, binary, folder):
  probe = Probe(binary, folder, provider, "revoked")
  one, two = provider.token(), provider.token()
  expect("before", (probe.reason(one), probe.reason(two)), ("ok", "ok"))
  expect("one is revoked", probe.call("revoke", "jti", provider.issuer, claims_of(one)["jti"]),
         {"revoked": 0})
  expect("that one alone", (probe.reason(one), probe.reason(two)), ("revoked", "ok"))
  probe.stop()
  probe = Probe(binary, folder, provider, "revoked")
  expect("after a restart too", (probe.reason(one), probe.reason(two)), ("revoked", "ok"))
  expect("the subject", probe.call("revoke", "sub", provider.issuer, "agent-7"), {"revoked": 0})
  expect("all of it", (probe.reason(two), probe.reason(provider.token())), ("revoked", "revoked"))
  probe.stop()


def main():
  binary = os.path.abspath(sys.argv[1])
  with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
    folder = pathlib.Path(name)
    make_ca(folder, "ca")
    make_ca(folder, "other")
    make_certificate(folder, "ca")
    provider = Provider(folder)
    stack.callback(provider.stop)
    provider.start("keys-1.json")
    probe = Probe(binary, folder, provider, "main")
    stack.callback(probe.process.kill)
    test_tokens(provider, probe)
    test_expiry(provider, probe)
    test_tls(provider, binary, folder)
    test_revoked(provider, binary, folder)
    test_rotation(provider, probe)
    expect("it ends by itself", probe.stop(), 0)
    log = (folder / "main.log").read_text()
    report("no token in the log", "eyJ" not in log and "secret" not in log, log)
    test_unreachable(provider, binary, folder)
  return 1 if failures else 0


sys.exit(main())
