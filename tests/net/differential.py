#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a client and a server see of each other: bytes, closes, errno. The same scenarios run over a
cable and through sluiced; both must see the same.

  differential.py run AGENT_NS PROD_NS 4|6 OUT.json    plays all scenarios, writes what was seen
  differential.py again AGENT_NS PROD_NS 4|6 NAME N    plays one N times, counts what was seen
  differential.py compare LABEL CABLE.json OTHER.json  "ok NAME" or "not ok NAME" for each

One process holds both ends (a socket stays in the namespace it was made in), so the order of what
the two do is the script's, not the scheduler's. Where a frame must have arrived before the next step,
the script settles first.
"""

import collections
import ctypes
import errno
import hashlib
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time

ADDRESS = {"4": ("10.77.0.1", "10.77.0.2", "10.77.0.99"), "6": ("fd77::1", "fd77::2", "fd77::99")}
SETTLE_S = 0.12
CLONE_NEWNET = 0x40000000
LINGER_RESET = struct.pack("ii", 1, 0)
MSG_FASTOPEN = 0x20000000
libc = ctypes.CDLL(None, use_errno=True)


class World:
  """The two namespaces, and the record of one scenario."""

  def __init__(self, agent_ns, prod_ns, family):
    self.names = {"agent": agent_ns, "prod": prod_ns}
    self.agent_host, self.prod_host, self.nobody = ADDRESS[family]
    self.family = socket.AF_INET if family == "4" else socket.AF_INET6
    self.table = f"differential{family}" # two families may play at the same time
    self.port = 7000 if family == "4" else 8000
    self.seen, self.open = [], []

  def enter(self, where):
    with open(f"/run/netns/{self.names[where]}", "rb") as ns:
      if libc.setns(ns.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"setns {where}")

  def socket(self, where):
    self.enter(where)
    made = socket.socket(self.family, socket.SOCK_STREAM)
    made.settimeout(8)
    self.open.append(made)
    return made

  def listen(self, backlog=8):
    self.port += 1
    listener = self.socket("prod")
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((self.prod_host, self.port))
    listener.listen(backlog)
    return listener

  def accept(self, listener):
    accepted, _ = listener.accept()
    accepted.settimeout(8)
    self.open.append(accepted)
    return accepted

  def pair(self):
    """A connection: (the client's socket, the server's)."""
    listener = self.listen()
    client = self.socket("agent")
    client.connect((self.prod_host, self.port))
    server = self.accept(listener)
    listener.close()
    return client, server

  def note(self, who, *what):
    self.seen.append([who, *what])

  def attempt(self, who, what, call, *arguments):
    """Notes what a call returned or raised."""
    try:
      result = call(*arguments)
    except socket.timeout:
      result = "timeout"
    except OSError as error:
      result = errno.errorcode.get(error.errno, str(error))
    if isinstance(result, (bytes, bytearray)):
      result = bytes(result).decode("latin-1")
    self.note(who, what, result if isinstance(result, (int, str)) else "done")

  def drain(self, who, sock):
    """Reads to the end: how many bytes, which, and how it ended."""
    total, digest = 0, hashlib.sha256()
    try:
      while True:
        data = sock.recv(1 << 16)
        if not data:
          end = "EOF"
          break
        total += len(data)
        digest.update(data)
    except socket.timeout:
      end = "timeout"
    except OSError as error:
      end = errno.errorcode[error.errno]
    self.note(who, "read", total, digest.hexdigest()[:16], end)
    return end

  def settle(self):
    time.sleep(SETTLE_S)

  def finish(self):
    for sock in self.open:
      sock.close()
    seen, self.seen, self.open = self.seen, [], []
    return seen


def data(n, salt=0):
  block = hashlib.sha256(b"%d" % salt).digest() * 128
  return (block * (n // len(block) + 1))[:n]


def recv_exactly(sock, n):
  got = b""
  while len(got) < n:
    more = sock.recv(n - len(got))
    if not more:
      break
    got += more
  return got


def reset_on_close(sock):
  sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)


def send_aside(sock, payload, then=None):
  def work():
    try:
      sock.sendall(payload)
      if then:
        then()
    except OSError:
      pass # the reading side says what came of it

  thread = threading.Thread(target=work, daemon=True)
  thread.start()
  return thread


def firewall(world, statement):
  """Lets prod answer the next port as <statement> of nft says."""
  table = f"""table inet {world.table} {{
      chain in {{
        type filter hook input priority 0
        tcp dport {world.port + 1} {statement}
      }}
    }}"""
  run = ["ip", "netns", "exec", world.names["prod"], "nft"]
  subprocess.run(run + ["-f", "-"], input=table.encode(), check=True)
  world.port += 1


def firewall_off(world):
  subprocess.run(["ip", "netns", "exec", world.names["prod"], "nft", "delete", "table", "inet",
                  world.table], check=True)


def connect_through_firewall(world, statement):
  firewall(world, statement)
  try:
    client = world.socket("agent")
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
    world.attempt("client", "connect", client.connect, (world.prod_host, world.port))
  finally:
    firewall_off(world)


# ---- connecting

def connect_refused(world):
  world.port += 1
  world.attempt("client", "connect", world.socket("agent").connect, (world.prod_host, world.port))


def connect_refused_poll(world):
  world.port += 1
  client = world.socket("agent")
  client.setblocking(False)
  world.attempt("client", "connect", client.connect, (world.prod_host, world.port))
  note_events(world, "client", client)
  world.note("client", "SO_ERROR", client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))


def connect_nobody(world):
  world.attempt("client", "connect", world.socket("agent").connect, (world.nobody, 7000))


def connect_host_unreachable(world):
  connect_through_firewall(world, "reject with icmpx type host-unreachable")


def connect_prohibited(world):
  connect_through_firewall(world, "reject with icmpx type admin-prohibited")


def connect_port_unreachable(world):
  connect_through_firewall(world, "reject with icmpx type port-unreachable")


def connect_rejected_by_reset(world):
  connect_through_firewall(world, "reject with tcp reset")


def connect_dropped(world):
  connect_through_firewall(world, "drop")


def connect_and_close(world):
  client, server = world.pair()
  client.close()
  world.drain("server", server)


def connect_fast_open(world):
  listener = world.listen()
  listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
  for _ in range(2): # the first asks for a cookie, the second would use it
    client = world.socket("agent")
    client.settimeout(None) # else the call returns before the handshake, and queues nothing
    world.attempt("client", "send", client.sendto, b"early", MSG_FASTOPEN,
                  (world.prod_host, world.port))
    server = world.accept(listener)
    world.attempt("server", "recv", server.recv, 100)
    client.close()
    world.drain("server", server)


def connect_again_from_same_port(world):
  """After a reset, at once, from the same port."""
  listener = world.listen()
  for turn in range(3):
    client = world.socket("agent")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    client.bind((world.agent_host, 20000 + world.port))
    world.attempt("client", "connect", client.connect, (world.prod_host, world.port))
    server = world.accept(listener)
    client.sendall(data(1000, turn))
    world.note("server", "recv", len(recv_exactly(server, 1000)))
    reset_on_close(client)
    client.close()
    world.drain("server", server)


def connect_again_in_time_wait(world):
  """The server closed first and is in TIME_WAIT; the client comes back from the same port."""
  listener = world.listen()
  for turn in range(3):
    client = world.socket("agent")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    client.bind((world.agent_host, 20000 + world.port))
    world.attempt("client", "connect", client.connect, (world.prod_host, world.port))
    server = world.accept(listener)
    server.sendall(data(1000, turn))
    server.close()
    world.drain("client", client)
    client.close()
    world.settle()


def listener_closes_before_accept(world):
  listener = world.listen()
  client = world.socket("agent")
  client.connect((world.prod_host, world.port))
  client.sendall(b"hello")
  world.settle()
  listener.close()
  world.settle()
  world.drain("client", client)
  world.attempt("client", "send", client.send, b"x")


# ---- closing

def close_after_exchange(world):
  client, server = world.pair()
  client.sendall(data(100000))
  client.shutdown(socket.SHUT_WR)
  world.drain("server", server)
  server.sendall(data(200000, 1))
  server.close()
  world.drain("client", client)


def close_by_server_first(world):
  client, server = world.pair()
  server.sendall(b"220 ready\r\n")
  server.close()
  world.drain("client", client)
  world.attempt("client", "send", client.send, b"too late")
  world.settle()
  world.attempt("client", "send again", client.send, b"too late")
  world.attempt("client", "recv", client.recv, 10)


def close_with_data_on_the_way(world):
  client, server = world.pair()
  sender = send_aside(client, data(1 << 20), client.close)
  world.settle()
  world.drain("server", server)
  sender.join()


def close_with_linger(world):
  client, server = world.pair()
  client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 5))
  client.sendall(data(5000))
  began = time.monotonic()
  world.attempt("client", "close", client.close)
  world.note("client", "waited long", time.monotonic() - began > 2)
  world.drain("server", server)


def close_at_the_same_time(world):
  client, server = world.pair()
  client.sendall(data(3000))
  server.sendall(data(4000, 1))
  client.shutdown(socket.SHUT_WR)
  server.shutdown(socket.SHUT_WR)
  world.drain("client", client)
  world.drain("server", server)


def half_close_then_long_answer(world):
  client, server = world.pair()
  client.sendall(b"GET /\r\n")
  client.shutdown(socket.SHUT_WR)
  world.drain("server", server)
  sender = send_aside(server, data(4 << 20), server.close)
  world.drain("client", client)
  sender.join()


def half_close_by_server_then_upload(world):
  client, server = world.pair()
  server.shutdown(socket.SHUT_WR)
  world.drain("client", client)
  sender = send_aside(client, data(2 << 20), client.close)
  world.drain("server", server)
  sender.join()


def half_close_of_reading_side(world):
  client, server = world.pair()
  server.shutdown(socket.SHUT_RD)
  world.attempt("client", "send", client.send, b"nobody reads this")
  world.settle()
  world.attempt("server", "send", server.send, b"still talking")
  world.attempt("client", "recv", client.recv, 100)
  server.close()
  world.settle()
  world.drain("client", client)


def shutdown_both_then_peer_writes(world):
  client, server = world.pair()
  client.shutdown(socket.SHUT_RDWR)
  world.attempt("server", "recv", server.recv, 10)
  world.attempt("server", "send", server.send, b"one")
  world.settle()
  world.attempt("server", "send again", server.send, b"two")
  world.attempt("server", "recv again", server.recv, 10)


# ---- resetting

def reset_after_data(world):
  client, server = world.pair()
  client.sendall(data(500))
  reset_on_close(client)
  client.close()
  world.settle()
  world.drain("server", server)
  world.attempt("server", "send", server.send, b"x")


def reset_by_server_after_data(world):
  client, server = world.pair()
  server.sendall(data(500))
  reset_on_close(server)
  server.close()
  world.settle()
  world.drain("client", client)
  world.attempt("client", "send", client.send, b"x")


def reset_at_once(world):
  listener = world.listen()
  client = world.socket("agent")
  client.connect((world.prod_host, world.port))
  server = world.accept(listener)
  reset_on_close(server)
  server.close()
  world.settle()
  world.attempt("client", "send", client.send, b"x")
  world.attempt("client", "send again", client.send, b"x")
  world.drain("client", client)


def reset_because_of_unread_data(world):
  client, server = world.pair()
  client.sendall(data(1000))
  world.settle()
  server.sendall(data(300, 1))
  world.settle()
  server.close()
  world.settle()
  world.drain("client", client)


def reset_while_blocked_in_recv(world):
  client, server = world.pair()
  reset_on_close(server)
  threading.Timer(SETTLE_S, server.close).start()
  world.attempt("client", "recv", client.recv, 10)


def reset_under_load(world):
  """How many bytes arrive before the reset is a race; how it ends is not."""
  client, server = world.pair()
  client.setblocking(False)
  try:
    while True:
      client.send(data(1 << 16))
  except BlockingIOError:
    reset_on_close(client)
    client.close()
  end = "EOF"
  try:
    while server.recv(1 << 16):
      pass
  except socket.timeout:
    end = "timeout"
  except OSError as error:
    end = errno.errorcode[error.errno]
  world.note("server", "ended", end)


# ---- sending

def send_both_ways(world):
  client, server = world.pair()
  senders = [send_aside(client, data(16 << 20), lambda: client.shutdown(socket.SHUT_WR)),
             send_aside(server, data(16 << 20, 1), lambda: server.shutdown(socket.SHUT_WR))]
  reader = threading.Thread(target=world.drain, args=("server", server))
  reader.start()
  world.drain("client", client)
  reader.join()
  for sender in senders:
    sender.join()
  world.seen.sort()


def send_tiny(world):
  client, server = world.pair()
  client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
  payload = data(3000)
  for at in range(len(payload)):
    client.send(payload[at:at + 1])
  client.close()
  world.drain("server", server)


def send_to_slow_reader(world):
  listener = world.listen()
  listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
  client = world.socket("agent")
  client.connect((world.prod_host, world.port))
  server = world.accept(listener)
  sender = send_aside(client, data(300000), client.close)
  time.sleep(0.5) # the window is shut by now
  world.drain("server", server)
  sender.join()


def send_urgent(world):
  """In line, as RFC 6093 recommends; out of band is not carried (see README)."""
  client, server = world.pair()
  server.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
  client.sendall(b"before")
  client.send(b"!", socket.MSG_OOB)
  client.sendall(b"after")
  client.close()
  world.drain("server", server)


def send_ping_pong(world):
  client, server = world.pair()
  began = time.monotonic()
  for turn in range(500):
    client.sendall(data(100, turn))
    recv_exactly(server, 100)
    server.sendall(data(200, turn))
    recv_exactly(client, 200)
  world.note("client", "no stall", time.monotonic() - began < 4)
  client.close()
  world.drain("server", server)


def send_write_write_read(world):
  """Nagle and delayed ACKs: two small writes, then a read. 40 ms a turn would show."""
  client, server = world.pair()
  for _ in range(20):
    client.send(b"head")
    client.send(b"body")
    recv_exactly(server, 8)
    server.send(b"ok")
    recv_exactly(client, 2)
  client.close()
  world.drain("server", server)


# ---- watching

def note_events(world, who, sock):
  watch = select.poll()
  watch.register(sock, select.POLLIN | select.POLLOUT | select.POLLRDHUP | select.POLLPRI)
  names = ("POLLIN", "POLLOUT", "POLLRDHUP", "POLLPRI", "POLLERR", "POLLHUP")
  # The kernel's poll reads the state without a lock: one that runs while a segment is processed, on
  # another CPU, may see half of the change. What counts is what stands afterwards.
  watch.poll(5000)
  world.settle()
  for _, events in watch.poll(0):
    world.note(who, "poll", " ".join(n for n in names if events & getattr(select, n)))


def poll_half_closed(world):
  client, server = world.pair()
  server.sendall(b"x")
  server.shutdown(socket.SHUT_WR)
  world.settle()
  note_events(world, "client", client)
  world.drain("client", client)
  client.shutdown(socket.SHUT_WR)
  world.settle()
  note_events(world, "client", client)
  note_events(world, "server", server)


def poll_reset(world):
  client, server = world.pair()
  reset_on_close(server)
  server.close()
  world.settle()
  note_events(world, "client", client)
  world.note("client", "SO_ERROR", client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
  world.attempt("client", "recv", client.recv, 10)


def keepalive_of_a_live_peer(world):
  client, server = world.pair()
  for sock in (client, server):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
  time.sleep(3.5) # two probes without an answer would have ended it
  client.sendall(b"still here")
  client.close()
  world.drain("server", server)


PREFIXES = ("connect_", "listener_", "close_", "half_close_", "shutdown_", "reset_", "send_", "poll_",
            "keepalive_")
NOT_SCENARIOS = ("connect_through_firewall", "send_aside", "reset_on_close")
SCENARIOS = {name: call for name, call in list(globals().items())
             if name.startswith(PREFIXES) and name not in NOT_SCENARIOS}


def give_up_early(world):
  """Since Linux 6.5 the first retries of a SYN come every second, whatever TCP_SYNCNT says; and one
  question for a neighbour that is not there is enough."""
  world.enter("agent") # its sysctls are this thread's from here on
  for name, value in (("ipv4/tcp_syn_linear_timeouts", "0"), ("ipv4/neigh/eth0/mcast_solicit", "1"),
                      ("ipv6/neigh/eth0/mcast_solicit", "1")):
    path = "/proc/sys/net/" + name
    if os.path.exists(path):
      with open(path, "w", encoding="ascii") as file:
        file.write(value)


def play(world, scenario):
  try:
    scenario(world)
  except OSError as error: # e.g. no connection at all: that, too, is something that was seen
    world.note("script", type(error).__name__, errno.errorcode.get(error.errno, str(error)))
  return world.finish()


def again(agent_ns, prod_ns, family, name, times):
  world = World(agent_ns, prod_ns, family)
  give_up_early(world)
  seen = collections.Counter(str(play(world, SCENARIOS[name])) for _ in range(int(times)))
  for what, count in seen.most_common():
    print(count, what)


def run(agent_ns, prod_ns, family, out):
  world = World(agent_ns, prod_ns, family)
  give_up_early(world)
  results = {name: play(world, scenario) for name, scenario in SCENARIOS.items()}
  with open(out, "w", encoding="utf-8") as file:
    json.dump(results, file, indent=1)


def compare(label, cable_path, other_path):
  with open(cable_path, encoding="utf-8") as file:
    cable = json.load(file)
  with open(other_path, encoding="utf-8") as file:
    other = json.load(file)
  bad = 0
  for name in SCENARIOS:
    same = bool(cable[name]) and cable[name] == other[name]
    bad += not same
    print(f"{'ok' if same else 'not ok'} {label} {name}")
    if not same:
      print(f"  | with a cable: {cable[name]}\n  | here:         {other[name]}")
  return 1 if bad else 0


def main():
  if len(sys.argv) == 6 and sys.argv[1] == "run":
    run(*sys.argv[2:])
    return 0
  if len(sys.argv) == 7 and sys.argv[1] == "again":
    again(*sys.argv[2:])
    return 0
  if len(sys.argv) == 5 and sys.argv[1] == "compare":
    return compare(*sys.argv[2:])
  print(__doc__, file=sys.stderr)
  return 2


if __name__ == "__main__":
  os.environ["PATH"] += ":/usr/sbin:/sbin"
  sys.exit(main())
