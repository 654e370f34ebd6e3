#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ctrlplane/credential (pg_login) logs in to a real PostgreSQL server: every method, channel binding
and its removal from the offer, passwords that SASLprep changes, wrong ones."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
ROLES = ("scram", "md5", "clear", "trusted")

# A role's group says how it logs in.
HBA = "local all postgres trust\n" + "".join(
    f"host all +{group}_all 127.0.0.1/32 {method}\n"
    for group, method in (("scram", "scram-sha-256"), ("md5", "md5"), ("clear", "password"),
                          ("trusted", "trust")))

# PostgreSQL's own t/002_saslprep.pl: a role's password, and what logs in (True) and what does not.
SASLPREP = (
    ("IX", (b"I\xc2\xadX", True), (b"\xe2\x85\xa8", True), (b"IY", False)),
    ("a", (b"a", True), (b"\xc2\xaa", True)),
    ("\u00aa", (b"a", True), (b"\xc2\xaa", True)),
    ("foo\x07bar", (b"foo\x07bar", True), (b"foobar", False)),
    ("foo\u06271bar", (b"foo\xd8\xa71bar", True), (b"foo1\xd8\xa7bar", False)),
    ("p\u00e4ssw\u00f6rd", ("p\u00e4ssw\u00f6rd".encode(), True),
     ("pa\u0308sswo\u0308rd".encode(), True), (b"paesswoerd", False)),
    # A character that Unicode 3.2 does not have: what is raw is compared.
    ("\u00e4\U0001f511", ("\u00e4\U0001f511".encode(), True), ("a\u0308\U0001f511".encode(), False)),
    ("x" * 1000, (b"x" * 1000, True), (b"x" * 999, False)),
)


def as_postgres():
  """The server refuses to run as root."""
  if os.geteuid() != 0:
    return {}
  entry = pwd.getpwnam("postgres")
  return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class Server:
  """A cluster in a folder of its own, on 127.0.0.1 and a socket there."""

  def __init__(self, folder):
    self.data = folder / "data"
    self.folder = folder
    with socket.socket() as s:
      s.bind(("127.0.0.1", 0))
      self.port = str(s.getsockname()[1])
    self.process = None

  def run(self, *arguments, **more):
    return subprocess.run(arguments, check=True, capture_output=True, cwd=self.folder, text=True,
                          **as_postgres(), **more).stdout

  def start(self, signature="sha256"):
    conf = (f"listen_addresses = '127.0.0.1'\nport = {self.port}\nhuge_pages = off\nfsync = off\n"
            f"unix_socket_directories = '{self.folder}'\nshared_buffers = 16MB\nssl = on\n"
            f"ssl_cert_file = '{self.folder}/{signature}.crt'\nssl_key_file = '{self.folder}/key.pem'\n")
    (self.data / "postgresql.auto.conf").write_text(conf)
    self.log = open(self.folder / "log", "ab")
    self.process = subprocess.Popen([BIN / "postgres", "-D", self.data], stdout=self.log,
                                    stderr=self.log, cwd=self.folder, **as_postgres())
    for _ in range(300):
      if subprocess.run([BIN / "pg_isready", "-q", "-h", "127.0.0.1", "-p", self.port],
                        check=False).returncode == 0:
        return
      time.sleep(0.1)
    raise RuntimeError("the server does not start: " + (self.folder / "log").read_text())

  def stop(self):
    if self.process is not None:
      self.process.terminate()
      self.process.wait(30)
      self.process = None
      self.log.close()

  def sql(self, text):
    return self.run(BIN / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-p",
                    self.port, "-d", "postgres", "-U", "postgres", "-c", text)

  def create(self):
    if os.geteuid() == 0:
      shutil.chown(self.folder, "postgres", "postgres")
    self.run(BIN / "initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync")
    (self.data / "pg_hba.conf").write_text(HBA)
    self.run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out",
             "key.pem")
    for name in ("sha256", "sha512"):
      self.run("openssl", "req", "-x509", "-key", "key.pem", "-subj", "/CN=db", "-days", "2",
               f"-{name}", "-out", f"{name}.crt")
    self.run("chmod", "600", "key.pem")

  def role(self, name, password, encryption="scram-sha-256"):
    quoted = password.replace("'", "''")
    group = name.split("_")[0] + "_all"
    self.sql(f"SET password_encryption = '{encryption}'; "
             f"CREATE ROLE {name} LOGIN PASSWORD '{quoted}' IN ROLE {group}")


class Tests:

  def __init__(self, client, server):
    self.client, self.server = client, server
    self.failed = 0

  def login(self, user, password, *options, source=None):
    path = self.server.folder / "pw"
    if source is None:
      path.unlink(missing_ok=True)
      path.touch(0o600)
      path.write_bytes(password)
      source = f"file={path}"
    options = [f"ca={self.server.folder}/{o[3:]}.crt" if o.startswith("ca=") else o for o in options]
    done = subprocess.run([self.client, self.server.port, user, source, *options],
                          capture_output=True, timeout=60, check=False)
    text = (done.stdout + done.stderr).decode(errors="replace")
    if password and len(password) > 4 and password in done.stdout + done.stderr:
      return "the password is printed"
    return text.strip()

  def expect(self, name, got, want):
    good = got == want if want.startswith("ok") else got.startswith(want)
    print(f"ok {name}" if good else f"not ok {name}: expected '{want}', found '{got}'", flush=True)
    self.failed += not good

  def methods(self):
    hunter = b"hunter2-of-the-test"
    for encryption, name in (("scram-sha-256", "scram_u"), ("md5", "md5_u"),
                             ("scram-sha-256", "clear_u"), ("md5", "clear_m"),
                             ("scram-sha-256", "md5_s"), ("scram-sha-256", "trusted_u")):
      self.server.role(name, hunter.decode(), encryption)
    ok = "gs2=- iterations=0"
    self.expect("scram", self.login("scram_u", hunter), "ok scram_u scram gs2=n iterations=4096")
    self.expect("md5", self.login("md5_u", hunter), f"ok md5_u md5 {ok}")
    self.expect("md5 in pg_hba, scram in the table", self.login("md5_s", hunter),
                "ok md5_s scram gs2=n iterations=4096")
    self.expect("cleartext without TLS", self.login("clear_u", hunter), "refused cleartext")
    self.expect("cleartext over TLS", self.login("clear_u", hunter, "ca=sha256"),
                f"ok clear_u cleartext {ok}")
    self.expect("cleartext over TLS, md5 in the table", self.login("clear_m", hunter, "ca=sha256"),
                f"ok clear_m cleartext {ok}")
    self.expect("trust", self.login("trusted_u", hunter), f"ok trusted_u none {ok}")
    for user in ("scram_u", "md5_u"):
      self.expect(f"wrong password, {user}", self.login(user, b"hunter3-of-the-test"),
                  f'server: password authentication failed for user "{user}"')
    self.expect("wrong password, clear_u", self.login("clear_u", b"hunter3-of-the-test", "ca=sha256"),
                'server: password authentication failed for user "clear_u"')
    self.expect("twice with one cache", self.login("scram_u", hunter, "twice"),
                "ok scram_u scram gs2=n iterations=4096\n" * 2 + "hits=1 misses=1")

  def binding(self):
    hunter = b"hunter2-of-the-test"
    bound = "ok scram_u scram-plus gs2=p iterations=4096"
    self.expect("bound", self.login("scram_u", hunter, "ca=sha256", "required"), bound)
    self.expect("bound: wrong password", self.login("scram_u", b"hunter3-of-the-test", "ca=sha256"),
                'server: password authentication failed for user "scram_u"')
    self.expect("bound: the offer was robbed of it, which the server tells",
                self.login("scram_u", hunter, "ca=sha256", "strip"),
                "server: SCRAM channel binding negotiation error")
    self.expect("bound: the offer was robbed of it, and it is required",
                self.login("scram_u", hunter, "ca=sha256", "strip", "required"),
                "refused binding_required")
    self.expect("bound: no TLS, and it is required", self.login("scram_u", hunter, "required"),
                "refused binding_required")
    self.expect("bound: md5, and it is required",
                self.login("md5_u", hunter, "ca=sha256", "required"), "refused binding_required")
    self.server.stop()
    self.server.start("sha512")
    self.expect("bound by SHA-512", self.login("scram_u", hunter, "ca=sha512", "required"), bound)
    self.expect("a CA that does not fit", self.login("scram_u", hunter, "ca=sha256"),
                "error: TLS does not come about")

  def saslprep(self):
    for i, (password, *attempts) in enumerate(SASLPREP):
      for method, encryption in (("scram", "scram-sha-256"), ("md5", "md5")):
        self.server.role(f"{method}_prep{i}", password, encryption)
      for k, (attempt, good) in enumerate(attempts):
        user = f"scram_prep{i}"
        self.expect(f"SASLprep {i}.{k}", self.login(user, attempt),
                    f"ok {user} scram gs2=n iterations=4096" if good
                    else f'server: password authentication failed for user "{user}"')
      user = f"md5_prep{i}"
      self.expect(f"md5 {i}: raw bytes", self.login(user, password.encode()),
                  f"ok {user} md5 gs2=- iterations=0")

  def iterations(self):
    """PostgreSQL 15 hashes 4,096 times, but believes what the table says."""
    self.server.role("scram_many", "x")
    salt, count = "QUJDREVGR0hJSktMTU5PUA==", 20000
    stored = subprocess.run([sys.executable, "-c", SECRET, salt, str(count)], check=True,
                            capture_output=True, text=True).stdout.strip()
    self.server.sql(f"UPDATE pg_authid SET rolpassword = '{stored}' WHERE rolname = 'scram_many'")
    self.expect("20,000 iterations", self.login("scram_many", b"pencil"),
                "ok scram_many scram gs2=n iterations=20000")
    for count in ("10000001", "100"):
      self.server.sql("UPDATE pg_authid SET rolpassword = regexp_replace(rolpassword, '[$][0-9]+:', "
                      f"'${count}:') WHERE rolname = 'scram_many'")
      self.expect(f"{count} iterations of another password", self.login("scram_many", b"pencil"),
                  "refused iterations" if count != "100" else "server: password authentication failed")

  def sources(self):
    hunter = b"hunter2-of-the-test"
    script = self.server.folder / "print-password"
    script.write_text(f"#!/bin/sh\necho {hunter.decode()}\n")
    script.chmod(0o700)
    os.environ["SLUICE_TEST_PW"] = hunter.decode()
    for source in ("env=SLUICE_TEST_PW", f"command={script}"):
      self.expect(f"from {source.split('=')[0]}", self.login("scram_u", hunter, source=source),
                  "ok scram_u scram gs2=n iterations=4096")
    path = self.server.folder / "open"
    path.write_bytes(hunter)
    path.chmod(0o644)
    self.expect("a file that others may read", self.login("scram_u", hunter, source=f"file={path}"),
                f"error: password file {path} may be read or changed by others: chmod 600 it")


SECRET = """
import base64, hashlib, hmac, sys
salt, count = base64.b64decode(sys.argv[1]), int(sys.argv[2])
salted = hashlib.pbkdf2_hmac("sha256", b"pencil", salt, count)
key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
server = hmac.digest(salted, b"Server Key", "sha256")
b64 = lambda b: base64.b64encode(b).decode()
print(f"SCRAM-SHA-256${count}:{sys.argv[1]}${b64(key)}:{b64(server)}")
"""


def main():
  client = str(pathlib.Path(sys.argv[1]).resolve())
  with tempfile.TemporaryDirectory(prefix="sluice-pg-") as name:
    folder = pathlib.Path(name)
    server = Server(folder)
    tests = Tests(client, server)
    try:
      server.create()
      server.start()
      for role in ROLES:
        server.sql(f"CREATE ROLE {role}_all")
      tests.methods()
      tests.binding()
      tests.saslprep()
      tests.iterations()
      tests.sources()
    finally:
      server.stop()
  sys.exit(1 if tests.failed else 0)


if __name__ == "__main__":
  main()
