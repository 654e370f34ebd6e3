#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's protocol by hand, for what no driver sends: bad lengths, wrong order, stuffed requests.

    tests/pg/raw.py --port P --password-file F [--host H] [--user U] [--sslmode M] [CASE...]

"case NAME: what was seen" for each; the status is 0 when all of them ended. A case is a function from
(host, port, sslmode, password) to that text; sslmode "disable" or anything else (TLS, unverified), for
what it sends after its bad beginning. Nothing is judged here: who runs a case knows what must come.
Every wait ends after $PG_RAW_PATIENCE seconds (2)."""

import argparse
import base64
import functools
import hashlib
import hmac
import os
import pathlib
import secrets
import socket
import ssl
import struct
import sys

PATIENCE = float(os.environ.get("PG_RAW_PATIENCE", "2"))
USER, DATABASE = os.environ.get("PGUSER", "app_rw"), os.environ.get("PGDATABASE", "app")
V2, V3, V32 = 2 << 16, 3 << 16, 3 << 16 | 2
CANCEL, SSL, GSS = 80877102, 80877103, 80877104
SHOWN = 2000  # of what was seen


# --- bytes to send

def message(kind, body=b"", length=None):
  """One message; <length> lies about it."""
  return kind + struct.pack("!I", 4 + len(body) if length is None else length) + body


def request(code, body=b"", length=None):
  """What comes before any message has no type: startup, SSLRequest, GSSENCRequest, CancelRequest."""
  return struct.pack("!II", 8 + len(body) if length is None else length, code) + body


def startup(*pairs, version=V3, end=b"\0"):
  pairs = pairs or (("user", USER), ("database", DATABASE))
  flat = b"".join(text.encode() + b"\0" for pair in pairs for text in pair)
  return request(version, flat + end)


def query(sql):
  return message(b"Q", sql.encode() + b"\0")


SYNC = message(b"S")


# --- one connection

class Link:
  """Notes what it sees; seen() is all of it as text."""

  def __init__(self, host, port):
    self.log = []
    self.gone = False
    self.socket = socket.create_connection((host, port), PATIENCE)

  def send(self, data):
    """An other end that is gone, or that does not read, is noticed when something is read of it."""
    try:
      if not self.gone:
        self.socket.sendall(data)
    except OSError:
      pass

  def end(self, how):
    self.gone = True
    self.log.append(how)

  def bytes(self, n):
    """Up to <n>; less: the end, or nothing came in time. Which, is noted; FIN and RST are one, since a
    server that closes with bytes unread causes either."""
    data = b""
    try:
      while len(data) < n and not self.gone:
        piece = self.socket.recv(n - len(data))
        if not piece:
          self.end("closed")
        data += piece
    except TimeoutError:
      self.log.append("silent")
    except ssl.SSLEOFError:
      self.end("closed")
    except ssl.SSLError as error:
      self.end(f"TLS: {error.reason}")
    except ConnectionError:
      self.end("closed")
    return data

  def tls(self, alpn=None):
    """From here on; False, and noted: it failed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
      context.set_alpn_protocols([alpn])
    try:
      self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
    except OSError as error:
      self.end(f"no TLS: {getattr(error, 'reason', None) or 'closed'}")
      return False
    self.log.append(f"TLS alpn={self.socket.selected_alpn_protocol()}")
    return True

  def ask_tls(self, stuffed=b""):
    """SSLRequest, with <stuffed> in the same piece; whether TLS is on now."""
    self.send(request(SSL) + stuffed)
    answer = self.bytes(1)
    self.log.append(repr(answer))
    return answer == b"S" and self.tls()

  def read(self):
    """(type, body) of the next message, or None: there is none. Noted."""
    head = self.bytes(5)
    if len(head) < 5:
      self.log.append(f"{head!r}" if head else "")
      return None
    length = struct.unpack("!I", head[1:])[0]
    if not 4 <= length < 1 << 24:
      self.log.append(f"no message: {head!r}")
      return None
    body = self.bytes(length - 4)
    if len(body) < length - 4:
      return None
    self.log.append(describe(head[:1], body))
    return head[:1], body

  def until(self, kinds):
    """Reads to the first message of a type in <kinds> and returns it, or None at the end."""
    found = self.read()
    while found and found[0] not in kinds:
      found = self.read()
    return found

  def login(self, password, first=None):
    """Startup and every step of the authentication that is offered. Whether it is ReadyForQuery now."""
    self.send(first or startup())
    scram = None
    while (found := self.read()) and found[0] != b"Z":
      if found[0] != b"R":
        continue
      code = struct.unpack("!I", found[1][:4])[0]
      scram = scram or Scram(password)
      answer = {3: lambda: password.encode() + b"\0", 10: scram.first,
                11: functools.partial(scram.final, found[1][4:])}.get(code)
      if answer:
        self.send(message(b"p", answer()))
    return bool(found)

  def finish(self):
    """What still comes, to the end or to silence."""
    while self.read():
      pass
    return self.seen()

  def seen(self):
    self.socket.close()
    text = " ".join(part for part in squeeze(self.log) if part)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"


class Scram:
  """SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677)."""

  def __init__(self, password):
    self.password = password.encode()
    self.bare = b"n=,r=" + secrets.token_hex(12).encode()

  def first(self):
    data = b"n,," + self.bare
    return b"SCRAM-SHA-256\0" + struct.pack("!I", len(data)) + data

  def final(self, server):
    part = dict(item.split(b"=", 1) for item in server.split(b","))
    salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(part[b"s"]), int(part[b"i"]))
    without = b"c=biws,r=" + part[b"r"]
    key = hmac.digest(salted, b"Client Key", "sha256")
    signed = hmac.digest(hashlib.sha256(key).digest(), b",".join((self.bare, server, without)), "sha256")
    return without + b",p=" + base64.b64encode(bytes(a ^ b for a, b in zip(key, signed)))


def describe(kind, body):
  """A message as text that is equal in every run: no keys, no nonces."""
  if kind in b"EN":
    fields = dict((part[:1], part[1:]) for part in body.rstrip(b"\0").split(b"\0"))
    return f"{kind.decode()}[" + " ".join(
        fields[f].decode(errors="backslashreplace") for f in (b"S", b"C", b"M", b"D") if f in fields) + "]"
  if kind == b"R":
    return f"R{struct.unpack('!I', body[:4])[0]}"
  if kind == b"K":
    return f"K({len(body) - 4}-byte key)"
  if kind == b"v":
    newest, n = struct.unpack("!II", body[:8])
    return f"v[{newest >> 16}.{newest & 0xffff} {n} {body[8:]!r}]"
  if kind in b"ZCD":
    return f"{kind.decode()}{body!r}"
  return kind.decode(errors="backslashreplace")


def squeeze(log):
  """Many ParameterStatus in a row are one."""
  return [part for i, part in enumerate(log) if part != "S" or i == 0 or log[i - 1] != "S"]


# --- the cases

CASES = {}


def case(function):
  CASES[function.__name__.replace("_", "-")] = function
  return function


def begin(host, port, sslmode):
  """A connection ready for a startup packet: in TLS if so asked."""
  link = Link(host, port)
  if sslmode != "disable":
    link.ask_tls()
  return link


def first_bytes(data, end=False):
  """A case that sends this before anything else, in the clear; <end>: and no more."""

  def run(host, port, sslmode, password):
    link = Link(host, port)
    link.send(data)
    if end:
      link.socket.shutdown(socket.SHUT_WR)
    return link.finish()

  return run


def first_packet(data):
  """A case that sends this in place of a startup packet, in TLS if so asked."""

  def run(host, port, sslmode, password):
    link = begin(host, port, sslmode)
    link.send(data)
    return link.finish()

  return run


def after_login(*pieces):
  """A case that logs in and sends these; then asks whether the session still answers."""

  def run(host, port, sslmode, password):
    link = begin(host, port, sslmode)
    if link.login(password):
      link.log.append("->")
      for piece in pieces:
        link.send(piece)
      if link.until(b"Z"):
        link.log.append("->")
        link.send(query("SELECT 'alive'") + message(b"X"))
    return link.finish()

  return run


CASES |= {
    "garbage": first_bytes(b"\xde\xad\xbe\xef" * 64),
    "http": first_bytes(b"GET / HTTP/1.1\r\nHost: db\r\n\r\n"),
    "nothing-and-end": first_bytes(b"", end=True),
    "silent": first_bytes(b""),
    "one-byte": first_bytes(b"\0"),
    "truncated-startup": first_bytes(startup()[:20], end=True),
    "truncated-startup-held": first_bytes(startup()[:20]),
    "oversized-startup": first_bytes(startup(("user", USER), ("application_name", "x" * 20000))),
    "startup-of-a-gibibyte": first_bytes(request(V3, b"user\0", length=1 << 30)),
    "startup-length-0": first_bytes(request(V3, length=0)),
    "startup-length-7": first_bytes(request(V3, length=7)),
    "startup-negative-length": first_bytes(request(V3, length=0xffffffff)),
    "startup-no-user": first_packet(startup(("database", DATABASE))),
    "startup-no-end": first_packet(startup(end=b"")),
    "startup-more-behind-end": first_packet(startup(end=b"\0user\0postgres\0\0")),
    "startup-empty-user": first_packet(startup(("user", ""), ("database", DATABASE))),
    "user-control-characters": first_packet(startup(("user", "a\x01\x1b[31m\nb\u202e"), ("database", DATABASE))),
    "user-not-utf8": first_packet(request(V3, b"user\0\xff\xfe\0\0")),
    "user-very-long": first_packet(startup(("user", "u" * 5000))),
    "protocol-2": first_packet(request(V2, b"app".ljust(64, b"\0") + USER.encode().ljust(32, b"\0") + bytes(192))),
    "protocol-1": first_packet(request(1 << 16)),
    "protocol-4": first_packet(startup(version=4 << 16)),
    "query-before-login": first_packet(startup() + query("SELECT 1")),
    "cancel-wrong-key": first_packet(request(CANCEL, struct.pack("!II", 1, 1))),
    "cancel-long-key": first_packet(request(CANCEL, struct.pack("!I", 1) + bytes(256))),
    "cancel-no-key": first_packet(request(CANCEL, struct.pack("!I", 1))),
    "cancel-short": first_packet(request(CANCEL, b"\0\0")),
    "unknown-message": after_login(message(b"y", b"what"), SYNC),
    "server-message": after_login(message(b"Z", b"I"), SYNC),
    "message-length-3": after_login(message(b"Q", length=3)),
    "message-length-0": after_login(message(b"S", length=0)),
    "message-negative-length": after_login(message(b"Q", b"SELECT 1\0", length=0x80000000)),
    "message-of-a-gibibyte": after_login(message(b"Q", b"SELECT 1", length=1 << 30)),
    "sync-of-20000-bytes": after_login(message(b"S", bytes(20000))),
    "query-without-end": after_login(message(b"Q", b"SELECT 1")),
    "query-with-more": after_login(message(b"Q", b"SELECT 1\0SELECT 2\0")),
    "bind-without-parse": after_login(message(b"B", b"\0none\0\0\0\0\0\0\0"), message(b"E", b"\0\0\0\0\0"), SYNC),
    "bind-truncated": after_login(message(b"P", b"\0SELECT $1\0\0\0"), message(b"B", b"\0\0\0\x05"), SYNC),
    "bind-too-many-values": after_login(message(b"P", b"\0SELECT 1\0\0\0"),
                                        message(b"B", b"\0\0\0\0\xff\xff" + b"\xff" * 12), SYNC),
    "parse-truncated": after_login(message(b"P", b"\0SELECT 1\0\0\x09"), SYNC),
    "describe-of-nothing": after_login(message(b"D", b"X\0"), SYNC),
    "execute-without-portal": after_login(message(b"E", b"none\0\0\0\0\0"), SYNC),
    "copy-data-outside": after_login(message(b"d", b"1\tx\n"), message(b"c"), SYNC),
    "password-after-login": after_login(message(b"p", b"again\0"), SYNC),
    "function-call-truncated": after_login(message(b"F", b"\0\0"), SYNC),
    "empty-query": after_login(query("")),
    "terminate-with-more": after_login(message(b"X") + query("SELECT 1")),
}


@case
def login(host, port, sslmode, password):
  link = begin(host, port, sslmode)
  link.login(password)
  link.send(message(b"X"))
  return link.finish()


@case
def wrong_password(host, port, sslmode, password):
  link = begin(host, port, sslmode)
  link.login(password + "x")
  return link.finish()


@case
def token_of_a_mebibyte(host, port, sslmode, password):
  """In place of whatever the authentication asks for."""
  link = begin(host, port, sslmode)
  link.send(startup())
  if link.until(b"RE"):
    link.send(message(b"p", b"e" * (1 << 20) + b"\0"))
  return link.finish()


@case
def token_announced(host, port, sslmode, password):
  """A gibibyte of password that never comes."""
  link = begin(host, port, sslmode)
  link.send(startup())
  if link.until(b"RE"):
    link.send(message(b"p", b"ey", length=1 << 30))
  return link.finish()


@case
def login_twice(host, port, sslmode, password):
  """A second startup packet in the session: its first byte is then a message's type."""
  return after_login(startup(), SYNC)(host, port, sslmode, password)


@case
def user_twice(host, port, sslmode, password):
  """Which of two users is it? PostgreSQL takes the last one."""
  link = begin(host, port, sslmode)
  if link.login(password, startup(("user", "postgres"), ("user", USER), ("database", DATABASE))):
    link.send(query("SELECT current_user") + message(b"X"))
  return link.finish()


@case
def gss_then_ssl(host, port, sslmode, password):
  """As libpq does with a Kerberos ticket in its cache."""
  link = Link(host, port)
  link.send(request(GSS))
  answer = link.bytes(1)
  link.log.append(repr(answer))
  if answer != b"N":
    return link.seen()  # "G" is a server that has Kerberos
  if sslmode != "disable":
    link.ask_tls()
  link.login(password)
  link.send(message(b"X"))
  return link.finish()


@case
def ssl_twice(host, port, sslmode, password):
  link = Link(host, port)
  link.ask_tls()
  link.send(request(SSL))
  return link.finish()


@case
def ssl_then_clear(host, port, sslmode, password):
  """A startup packet in the clear where TLS was agreed upon."""
  link = Link(host, port)
  link.send(request(SSL))
  link.log.append(repr(link.bytes(1)))
  link.send(startup())
  data = link.bytes(200)
  link.log.append(f"{len(data)} bytes, type {data[:1]!r}")
  return link.seen()


@case
def ssl_stuffed(host, port, sslmode, password):
  """CVE-2021-23222: bytes in the clear behind SSLRequest must not be taken for TLS's."""
  link = Link(host, port)
  if link.ask_tls(stuffed=startup()):
    link.login(password)
  return link.finish()


@case
def gss_stuffed(host, port, sslmode, password):
  link = Link(host, port)
  link.send(request(GSS) + startup())
  link.log.append(repr(link.bytes(1)))
  return link.finish()


def direct(alpn):

  def run(host, port, sslmode, password):
    link = Link(host, port)
    if link.tls(alpn) and link.login(password):
      link.send(message(b"X"))
    return link.finish()

  return run


CASES |= {"direct-tls": direct("postgresql"), "direct-tls-no-alpn": direct(None),
          "direct-tls-other-alpn": direct("h2")}


def version(number, *more):
  """Logs in by this version, with these options."""

  def run(host, port, sslmode, password):
    link = begin(host, port, sslmode)
    if link.login(password, startup(("user", USER), ("database", DATABASE), *more, version=number)):
      link.send(message(b"X"))
    return link.finish()

  return run


CASES |= {"replication": version(V3, ("replication", "true")),
          "replication-database": version(V3, ("replication", "database")),
          "protocol-3.2": version(V32), "protocol-3.9999": version(3 << 16 | 9999),
          "unknown-option": version(V3, ("_pq_.sluice_test", "1")),
          "unknown-parameter": version(V3, ("no_such_setting", "1")),
          "options": version(V3, ("options", "-c statement_timeout=7s"))}


def run(name, host, port, sslmode, password):
  """A case's text; an error that it did not foresee is one too, and ends no other case."""
  try:
    return CASES[name](host, port, sslmode, password)
  except (OSError, ValueError, KeyError, struct.error) as error:
    return f"!! {type(error).__name__}: {error}"


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument("--host", default="127.0.0.1")
  parser.add_argument("--port", type=int, required=True)
  parser.add_argument("--user", default=USER)
  parser.add_argument("--sslmode", default="disable")
  parser.add_argument("--password-file", required=True)
  parser.add_argument("cases", nargs="*", metavar="CASE", help=" ".join(CASES))
  a = parser.parse_args()
  unknown = [name for name in a.cases if name not in CASES]
  if unknown:
    parser.error(f"no case is called {unknown[0]}")
  password = pathlib.Path(a.password_file).read_text().rstrip("\n")
  bad = 0
  for name in a.cases or CASES:
    text = run(name, a.host, a.port, a.sslmode, password)
    bad += text.startswith("!!")
    print(f"case {name}: {text.encode('unicode_escape').decode('ascii')}", flush=True)
  return 1 if bad else 0


if __name__ == "__main__":
  sys.exit(main())
