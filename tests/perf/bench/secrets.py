# SPDX-License-Identifier: Apache-2.0
"""What the gate wants to know an agent by: a provider's keys as a file, a token, certificates. All
are made for the run."""

import base64
import json
import os
import time

from .machine import run

ISSUER, AUDIENCE, SUBJECT = "https://idp.bench.example", "sluice", "bench-agent"
TOKEN_S = 4 * 3600  # longer than any run
POINT = 64  # bytes of a P-256 point, and of its signatures


def _b64(raw):
  return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _part(value):
  return _b64(json.dumps(value).encode())


def _integer(der, at):
  """(32 bytes, what follows) of the INTEGER there."""
  size = der[at + 1]
  raw = der[at + 2:at + 2 + size].lstrip(b"\0")
  return raw.rjust(POINT // 2, b"\0"), at + 2 + size


def _signed(work, key, text):
  """ES256: the two numbers of the signature, without their DER."""
  (work / "to-sign").write_text(text, encoding="ascii")
  run("openssl", "dgst", "-sha256", "-sign", str(key), "-out", str(work / "signed"),
      str(work / "to-sign"))
  der = (work / "signed").read_bytes()
  r, at = _integer(der, 2)
  return r + _integer(der, at)[0]


class Secrets:
  """Files in <work>: jwks.json, password, gate.pem and .key, ca/ca.pem; and a token."""

  def __init__(self, build, work, names):
    self.work = work
    self.jwks, self.password = work / "jwks.json", work / "password"
    self.pair = (work / "gate.pem", work / "gate.key")
    self.token = self._token()
    self.password.write_text("of-no-use\n", encoding="ascii")  # the server trusts
    os.chmod(self.password, 0o600)
    ctl, ca = str(build / "sluicectl"), str(work / "ca")
    run(ctl, "ca", "init", "--dir", ca, "--name", "Bench CA")
    run(ctl, "ca", "issue", "--dir", ca, *[x for n in names for x in ("--name", n)], "--out",
        str(work / "gate"))

  def _token(self):
    key, der = self.work / "idp.key", self.work / "idp.der"
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key))
    run("openssl", "ec", "-in", str(key), "-pubout", "-outform", "DER", "-out", str(der))
    point = der.read_bytes()[-POINT:]
    jwk = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "bench",
           "x": _b64(point[:POINT // 2]), "y": _b64(point[POINT // 2:])}
    self.jwks.write_text(json.dumps({"keys": [jwk]}), encoding="ascii")
    now = int(time.time())
    text = _part({"alg": "ES256", "typ": "JWT", "kid": "bench"}) + "." + _part(
        {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "iat": now, "exp": now + TOKEN_S})
    return f"{text}.{_b64(_signed(self.work, key, text))}"

  def identity(self):
    return IDENTITY.format(issuer=ISSUER, audience=AUDIENCE, jwks=self.jwks)


IDENTITY = """
identity:
  issuers:
    - name: bench
      issuer: {issuer}
      audience: {audience}
      jwks: {jwks}
"""
