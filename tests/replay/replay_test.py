#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""build/replay over captures made here: proper ones must come out with the same bytes, hostile ones
must be dropped under the right name, broken files must be said to be broken.
usage: replay_test.py REPLAY [NAME...]"""

import hashlib
import json
import os
import pathlib
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

try:
  import logging
  logging.getLogger("scapy").setLevel(logging.ERROR)
  from scapy.all import (DNS, Dot1AD, Dot1Q, Ether, ARP, ICMP, IP, IPv6, IPv6ExtHdrDestOpt,
                         IPOption, PcapReader, Raw, TCP, UDP, fragment, wrpcap)
except ImportError:
  print("scapy is not installed: tools/setup")
  sys.exit(77)

REPLAY = os.path.abspath(sys.argv[1])
AGENT, PROD = ("10.77.0.1", "02:00:00:00:00:01"), ("10.77.0.2", "02:00:00:00:00:02")


class Conversation:
  """Builds frames of one connection; both ends are well-behaved unless told otherwise."""

  def __init__(self, sport=40000, dport=5432, v6=False, l2=None, isn=(1000, 900000)):
    self.ports, self.v6, self.l2 = (sport, dport), v6, l2
    self.seq = [isn[0], isn[1]]
    self.frames, self.at = [], 1.0

  def ip(self, side):
    src, dst = (AGENT, PROD) if side == 0 else (PROD, AGENT)
    eth = Ether(src=src[1], dst=dst[1])
    for tag in self.l2 or []:
      eth = eth / tag
    if self.v6:
      return eth / IPv6(src=f"fd77::{side + 1}", dst=f"fd77::{2 - side}")
    return eth / IP(src=src[0], dst=dst[0], id=len(self.frames) + 1)

  def tcp(self, side, flags="A", data=b"", **fields):
    """A segment at the current numbers, not yet part of the capture."""
    values = dict(sport=self.ports[side], dport=self.ports[1 - side], flags=flags,
                  seq=self.seq[side], ack=self.seq[1 - side], window=60000)
    if "A" not in flags:
      values["ack"] = 0
    values.update(fields)
    return self.ip(side) / TCP(**values) / Raw(data)

  def put(self, frame, after=0.001):
    self.at += after
    frame = Ether(bytes(frame))  # checksums and lengths as they are now
    frame.time = self.at
    self.frames.append(frame)
    return frame

  def send(self, side, flags="A", data=b"", after=0.001, **fields):
    self.put(self.tcp(side, flags, data, **fields), after)
    self.seq[side] = (self.seq[side] + len(data) + ("S" in flags) + ("F" in flags)) & 0xffffffff

  def open(self, options=(("MSS", 1460), ("SAckOK", b""), ("WScale", 2))):
    self.send(0, "S", options=list(options))
    self.send(1, "SA", options=list(options))
    self.send(0)
    return self

  def say(self, side, data, mss=1400):
    for i in range(0, len(data), mss):
      self.send(side, "PA", data[i:i + mss])
      self.send(1 - side)

  def close(self):
    self.send(0, "FA")
    self.send(1, "FA")
    self.send(0)
    return self


def write(name, frames):
  path = f"{name}.pcap"
  wrpcap(path, frames)
  return path


def play(path, *options, status=0, write_to="out.pcap"):
  """Runs replay with --check: its answer. Its exit status must be <status>."""
  run = subprocess.run([REPLAY, "--check", "--flows", "512", "-o", "json", "-w", write_to, *options, path],
                       capture_output=True, text=True, timeout=120)
  assert run.returncode == status, f"exit status {run.returncode}: {run.stderr}"
  assert status != 0 or run.stderr == "", run.stderr
  answer = json.loads(run.stdout) if run.stdout else None
  assert answer is None or answer["broken"] is None, answer["broken"]
  return answer


def stream_out(dport, path="out.pcap"):
  """The bytes that replay emitted towards <dport>, put together as a receiver would."""
  start, pieces = None, {}
  for frame in PcapReader(path):
    if TCP not in frame or frame[TCP].dport != dport:
      continue
    tcp = frame[TCP]
    if "S" in tcp.flags:
      start = tcp.seq + 1
    data = bytes(tcp.payload)[:tcp_payload_length(frame)]
    if data:
      old = pieces.setdefault(tcp.seq, data)
      assert old[:len(data)] == data[:len(old)], "one byte was sent with two values"
  out = b""
  for seq in sorted(pieces, key=lambda s: (s - start) & 0xffffffff):
    at = (seq - start) & 0xffffffff
    assert at <= len(out), "a hole in what was emitted"
    out += pieces[seq][len(out) - at:]
  return out


def tcp_payload_length(frame):
  ip = frame[IP] if IP in frame else frame[IPv6]
  whole = ip.len - ip.ihl * 4 if IP in frame else ip.plen
  return whole - frame[TCP].dataofs * 4


def drops(answer):
  return {name: n for name, n in answer["drops"].items() if n}


def expect_drops(answer, **expected):
  assert drops(answer) == expected, f"dropped {drops(answer)}, expected {expected}"


# Proper captures.

def test_conversation():
  for v6 in (False, True):
    c = Conversation(v6=v6).open()
    c.say(0, b"q" * 3000)
    c.say(1, b"a" * 50000)
    c.close()
    answer = play(write("plain", c.frames))
    expect_drops(answer)
    assert stream_out(5432) == b"q" * 3000 and stream_out(40000) == b"a" * 50000
    (flow,) = answer["flows"]
    assert flow["end"] == "fin" and flow["mode"] == "relay" and flow["initiator"] == "agent"
    assert flow["prod"]["tx_bytes"] == 3000 and flow["agent"]["tx_bytes"] == 50000
    assert flow["agent"]["endpoint"] == ("[fd77::1]:40000" if v6 else "10.77.0.1:40000")


def test_modes():
  for mode in ("wire", "xlate"):
    c = Conversation().open()
    c.say(0, b"q" * 3000)
    c.close()
    answer = play(write("mode", c.frames), "--mode", mode)
    expect_drops(answer)
    assert answer["flows"][0]["mode"] == mode and stream_out(5432) == b"q" * 3000


def test_vlans():
  c = Conversation(l2=[Dot1AD(vlan=7), Dot1Q(vlan=8)]).open()
  c.say(0, b"x" * 10)
  expect_drops(play(write("qinq", c.close().frames)))
  assert stream_out(5432) == b"x" * 10
  c = Conversation(l2=[Dot1Q(vlan=7), Dot1Q(vlan=8), Dot1Q(vlan=9)])
  c.send(0, "S")
  expect_drops(play(write("three", c.frames)), vlan_depth=1)


def test_sides():
  c = Conversation().open()
  c.say(1, b"x" * 100)
  path = write("sides", c.close().frames)
  for options in (["--agent-net", "10.77.0.2"], ["--agent-net", "10.77.0.2/31", "--agent-net", "::1"],
                  ["--agent-mac", "02:00:00:00:00:02"]):
    if options[1] == "10.77.0.2/31":
      assert play(path, *options)["flows"][0]["initiator"] == "prod"
    (flow,) = play(path, *options)["flows"]
    assert flow["initiator"] == "prod" and flow["agent"]["endpoint"] == "10.77.0.2:5432"
  middle = write("middle", c.frames[4:8])
  assert play(middle)["flows"][0]["agent"]["endpoint"] == "10.77.0.1:40000"


def test_not_tcp():
  frames = [Ether(src=AGENT[1], dst="ff:ff:ff:ff:ff:ff") / ARP(), Ether() / IP() / UDP() / DNS(),
            Ether() / IP() / ICMP(), Ether(type=0x88cc) / Raw(b"x" * 50)]
  answer = play(write("other", frames))
  expect_drops(answer)
  assert answer["stats"]["fwd_non_tcp"] == 4


def test_link_types():
  c = Conversation().open()
  c.say(0, b"x" * 100)
  c.close()
  heads = {101: b"", 12: b"", 0: struct.pack("=I", 2), 108: struct.pack("!I", 2),
           113: struct.pack("!HHH8sH", 0, 1, 6, b"", 0x800),
           276: struct.pack("!HHIHBB8s", 0x800, 0, 1, 1, 0, 6, b"")}
  for link, head in heads.items():
    with open("link.pcap", "wb") as f:
      f.write(struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, link))
      for frame in c.frames:
        data = head + bytes(frame)[14:]
        us = int(frame.time * 1000000)
        f.write(struct.pack("=IIII", us // 1000000, us % 1000000, len(data), len(data)) + data)
    answer = play("link.pcap")
    expect_drops(answer)
    assert stream_out(5432) == b"x" * 100, link


def test_sequence_wrap():
  c = Conversation(isn=(0xfffff000, 0xffffff00)).open()
  c.say(0, b"q" * 10000)
  c.say(1, b"a" * 10000)
  expect_drops(play(write("wrap", c.close().frames)))
  assert stream_out(5432) == b"q" * 10000 and stream_out(40000) == b"a" * 10000


def test_fast_sender():
  """2 MB at once: more than our window takes at most, and than our sender sends at first."""
  c = Conversation().open([("MSS", 1460), ("SAckOK", b""), ("WScale", 10)])
  c.say(1, b"hello")  # and so offers its window, scaled
  data = random.Random(1).randbytes(1400 * 1500)
  for i in range(0, len(data), 1400):
    c.send(0, "A", data[i:i + 1400], after=0.00001)
  c.send(1)
  answer = play(write("fast", c.close().frames))
  assert stream_out(5432) == data and answer["capture"]["acknowledgements_added"] > 0
  assert answer["capture"]["waited"] > 0 and answer["capture"]["waited_in_vain"] == 0
  assert answer["flows"][0]["end"] == "fin"
  expect_drops(answer)
  blind = play("fast.pcap", "--as-recorded")
  assert blind["drops"]["seg_ack"] > 0  # what the open loop is like: README.md


def test_two_connections_on_the_same_ports():
  c = Conversation().open()
  c.say(0, b"first")
  c.close()
  d = Conversation(isn=(5000000, 7000000))
  d.at = c.at + 60
  d.open().say(0, b"second!")
  d.close()
  answer = play(write("again", c.frames + d.frames))
  assert [f["prod"]["tx_bytes"] for f in answer["flows"]] == [5, 7]


# Offloads.

def pseudo_sum(frame):
  ip, length = frame[IP], len(bytes(frame[TCP]))
  words = struct.unpack("!4H", socket.inet_aton(ip.src) + socket.inet_aton(ip.dst))
  total = sum(words) + 6 + length
  while total >> 16:
    total = (total & 0xffff) + (total >> 16)
  return total


def test_offloads():
  c = Conversation().open()
  data = random.Random(2).randbytes(60000)
  c.send(1, "PA", data, chksum=0)
  whole = c.frames[-1]
  whole[TCP].chksum = pseudo_sum(whole)
  c.send(0)
  answer = play(write("offload", c.close().frames))
  expect_drops(answer)
  assert answer["capture"]["resegmented"] == 1 and answer["capture"]["checksums_completed"] == 1
  assert stream_out(40000) == data


# Hostile ones.

def test_checksums():
  c = Conversation().open()
  c.put(c.tcp(0, "PA", b"forged", chksum=0x1234))
  c.put(c.tcp(0, "PA", b"forged", chksum=0))
  c.say(0, b"honest")
  bad = c.ip(0) / TCP(sport=1, dport=2, flags="S")
  bad[IP].chksum = 0x4321
  c.put(bad)
  expect_drops(play(write("sums", c.close().frames)), tcp_cksum=2, ip_cksum=1)
  assert stream_out(5432) == b"honest"


def test_overlaps():
  c = Conversation().open()
  c.put(c.tcp(0, "PA", b"BBBB", seq=c.seq[0] + 4))  # out of order
  c.put(c.tcp(0, "PA", b"XXXX", seq=c.seq[0] + 4))  # the same bytes, others
  c.put(c.tcp(0, "PA", b"AAAAYY"))                  # fills the hole and differs once more
  c.seq[0] += 8
  c.send(1)
  c.put(c.tcp(0, "PA", b"ZZZZ", seq=c.seq[0] - 4))  # what was acknowledged, again
  c.send(1)
  answer = play(write("overlap", c.close().frames))
  assert stream_out(5432) == b"AAAABBBB"
  assert answer["drops"]["seg_overlap_differs"] >= 1 and answer["drops"]["seg_duplicate"] >= 1
  assert answer["flows"][0]["agent"]["overlap_mismatches"] >= 1


def test_flags_and_options():
  c = Conversation()
  for flags in ("SF", "SR", "", "SFRPAU"):
    c.put(c.tcp(0, flags))
  c.put(c.tcp(0, "S", options=[("MSS", 87)]))
  raw = bytearray(bytes(c.tcp(0, "S", options=[("MSS", 1460)])))
  raw[14 + 20 + 21] = 9  # an option longer than the header
  c.put(Ether(bytes(raw)))
  raw[14 + 20 + 12] = 0xf0  # a header longer than the segment
  c.put(Ether(bytes(raw)))
  answer = play(write("flags", c.frames))
  assert drops(answer)["tcp_flags"] == 4 and drops(answer)["tcp_mss"] == 1
  assert drops(answer)["tcp_header"] == 1
  assert drops(answer).get("tcp_options", 0) + drops(answer).get("tcp_cksum", 0) == 1
  assert answer["capture"]["emitted_to_prod"] == 0


def test_resets():
  c = Conversation().open()
  c.say(0, b"x" * 100)
  c.put(c.tcp(1, "R", seq=c.seq[1] + 1000))       # in the window, not exact
  c.put(c.tcp(1, "R", seq=c.seq[1] + 0x40000000)) # outside
  c.put(c.tcp(1, "S", seq=c.seq[1] + 5000))
  answer = play(write("reset", c.frames))
  assert answer["flows"][0]["end"] is None
  expect_drops(answer, seg_rst_inexact=1, seg_rst_outside=1, seg_syn_challenged=1)
  c.put(c.tcp(1, "R"))
  assert play(write("reset", c.frames))["flows"][0]["end"] == "rst-prod"


def test_optimistic_ack():
  c = Conversation().open()
  c.say(0, b"x" * 100)
  c.put(c.tcp(1, "A", ack=c.seq[0] + 100000))  # of what nobody ever sent
  c.say(0, b"y" * 100)
  expect_drops(play(write("optimist", c.close().frames)), seg_ack=1)
  assert stream_out(5432) == b"x" * 100 + b"y" * 100


def test_beyond_the_fin():
  c = Conversation().open()
  c.send(0, "FA")
  c.put(c.tcp(0, "PA", b"late"))
  c.put(c.tcp(0, "FA", seq=c.seq[0] + 50))
  answer = play(write("late", c.frames))
  assert drops(answer).get("seg_after_fin", 0) + drops(answer).get("seg_fin_moved", 0) == 2
  assert stream_out(5432) == b""


def test_handshakes():
  c = Conversation()
  c.send(0, "S")
  c.put(c.tcp(1, "S", ack=0))  # the split handshake
  expect_drops(play(write("split", c.frames)), policy_split_handshake=1)
  c = Conversation()
  c.send(0, "S", b"early")
  c.seq[0] -= 5
  c.send(1, "SA")
  c.send(0)
  answer = play(write("early", c.frames))
  assert drops(answer) == {"seg_syn_data": 1} and stream_out(5432) == b""


def test_fragments():
  c = Conversation().open()
  pieces = fragment(c.tcp(0, "PA", b"f" * 1200)[IP], 400)
  eth = Ether(src=AGENT[1], dst=PROD[1])
  for piece in reversed(pieces):
    c.put(eth / piece)
  c.seq[0] += 1200
  c.send(1)
  answer = play(write("frags", c.close().frames))
  expect_drops(answer)
  assert stream_out(5432) == b"f" * 1200 and answer["stats"]["frags_done"] == 1

  c = Conversation().open()
  pieces = fragment(c.tcp(0, "PA", b"f" * 1200)[IP], 400)
  lap = pieces[1].copy()
  lap.frag -= 2
  del lap.chksum
  for piece in (pieces[0], pieces[1], lap, pieces[2]):
    c.put(eth / piece)
  answer = play(write("laps", c.frames))
  assert answer["drops"]["frag_overlap"] >= 1 and stream_out(5432) == b""


def test_headers():
  c = Conversation()
  c.put(Ether() / IP(options=[IPOption(b"\x94\x04\x00\x00")]) / TCP(flags="S"))
  c.put(Ether() / IPv6() / IPv6ExtHdrDestOpt() / TCP(flags="S"))
  c.put(Ether(bytes(Ether() / IP() / TCP(flags="S"))[:40]))
  answer = play(write("headers", c.frames))
  assert drops(answer).get("ip_options") == 1 and drops(answer).get("ip6_ext") == 1
  assert sum(drops(answer).values()) == 3 and answer["capture"]["emitted_to_prod"] == 0


def test_noise():
  rng = random.Random(3)
  c = Conversation().open()
  c.say(0, b"x" * 5000)
  good, frames = [bytes(f) for f in c.frames], []
  for i in range(3000):
    raw = bytearray(rng.choice(good)) if i % 3 else bytearray(rng.randbytes(rng.randrange(0, 200)))
    for _ in range(rng.randrange(0, 6)):
      if raw:
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    frame = Raw(bytes(raw[:rng.randrange(len(raw) + 1)] if i % 5 == 0 else raw))
    frame.time = 1 + i / 1000
    frames.append(frame)
  wrpcap("noise.pcap", [f for f in frames if len(bytes(f))], linktype=1)
  answer = play("noise.pcap")
  assert sum(drops(answer).values()) > 1000


# Files.

def test_files():
  c = Conversation().open()
  c.say(0, b"x" * 5000)
  with open(write("whole", c.frames), "rb") as f:
    whole = f.read()
  with open("cut.pcap", "wb") as f:
    f.write(whole[:-30])
  answer = play("cut.pcap", status=1)
  assert answer["capture"]["frames"] == len(c.frames) - 1
  with open("snap.pcap", "wb") as f:  # each frame says it was longer than it is
    f.write(whole[:24])
    for frame in c.frames:
      data = bytes(frame)[:60]
      f.write(struct.pack("=IIII", 1, 0, len(data), len(frame)) + data)
  answer = play("snap.pcap")
  assert answer["capture"]["truncated"] > 0 and answer["drops"]["frame_truncated"] > 0
  with open("none.pcap", "wb") as f:
    f.write(whole[:24])
  assert play("none.pcap")["flows"] == []
  with open("text.pcap", "w") as f:
    f.write("this is no capture at all, but long enough to look into")
  play("text.pcap", status=1)
  play("/nowhere.pcap", status=1)
  play("/", status=1)
  for options in (["--mode", "x"], ["--mtu", "9217"], ["--agent-net", "10.0.0.0/33"], ["--flows", "1"],
                  ["--agent-mac", "02:00"], ["-o", "xml"], ["--bogus"], ["--wait", "-1"]):
    run = subprocess.run([REPLAY, *options, "none.pcap"], capture_output=True, timeout=20)
    assert run.returncode == 2, options
  assert subprocess.run([REPLAY], capture_output=True, timeout=20).returncode == 2
  assert subprocess.run([REPLAY, "-w", "/nowhere/x", "none.pcap"], capture_output=True,
                        timeout=20).returncode == 1


# PostgreSQL through the gate: what real clients said to a real server (tests/unit/pg/record.py).

CAPTURES = pathlib.Path(__file__).resolve().parent.parent / "unit/pg/capture"


def frames_of(name, **where):
  data, at, c = (CAPTURES / f"{name}.cap").read_bytes(), 0, Conversation(**where).open()
  while at < len(data):
    side, length = struct.unpack_from("!BI", data, at)
    c.say(side, data[at + 5:at + 5 + length])
    at += 5 + length
  return c.close().frames


def gate(name, *options, status=0):
  answer = play(write(name, frames_of(name)), "--postgres", *options, status=status)
  (session,) = answer["postgres"]["sessions"]
  assert answer["postgres"]["other_protocols"] == 0
  return session


def verdicts(session):
  return [(c["verdict"], c["sent"], c["rule"], c["text"]) for c in session["commands"]
          if c["verdict"] != "allow"]


def test_gate_is_not_noticed():
  n = {"psql_everyday": 31, "psql_md5": 1, "psql_clear": 1, "pgbench_extended": 40, "pgbench_prepared": 40,
       "pgbench_pipeline": 50, "psycopg2_everyday": 16, "raw_copy": 8, "raw_extended": 42, "raw_fatal": 1,
       "raw_denied": 12}
  for name, n_commands in n.items():
    session = gate(name)
    assert session["unnoticed"] and session["unsaid"] == 0 and session["end"] == "closed", (name, session)
    assert len(session["commands"]) == n_commands and verdicts(session) == [], name


def test_gate_denies():
  session = gate("pgbench_extended", "--pack", "read-only")
  update = ("deny", False, "read-only/not-read-only", "UPDATE people SET name = name WHERE id = $1;")
  assert verdicts(session) == [update] * 10 and len(session["commands"]) == 40
  assert session["denied"] == 10 and session["end"] == "closed" and not session["unnoticed"]
  for name in ("pgbench_pipeline", "pgbench_prepared", "psql_everyday", "raw_copy", "raw_extended"):
    session = gate(name, "--pack", "read-only")  # in transactions, in pipelines, with their data
    assert session["denied"] > 0 and session["unsaid"] == 0 and session["end"] == "closed", (name, session)


def test_gate_holds():
  for decision in ("allow", "deny"):
    session = gate("psql_everyday", "--pack", "sql-risk", "--holds", decision)
    ((verdict, sent, rule, _),) = verdicts(session)
    assert (verdict, rule) == ("hold", "sql-risk/opaque")
    assert sent == (decision == "allow") and session["denied"] == (decision == "deny")


def test_gate_logins():
  session = gate("psql_refused")
  assert session["end"] == "not let in" and session["said"] == 0 and session["commands"] == []
  session = gate("raw_replication")
  assert session["detail"].startswith("replication is not available") and session["unsaid"] > 0
  c = Conversation().open()
  body = b"\0\3\0\0user\0\x1b[31m\xff\0\0"
  c.say(0, struct.pack("!I", len(body) + 4) + body)
  c.say(1, b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I")
  (session,) = play(write("name", c.close().frames), "--postgres")["postgres"]["sessions"]
  assert session["user"] == "\\x1B[31m\\xFF" and session["unnoticed"], session
  c = Conversation().open()
  c.say(0, struct.pack("!IIII", 16, 80877102, 5, 6))
  answer = play(write("cancel", c.close().frames), "--postgres")["postgres"]
  assert [s["is_cancel"] for s in answer["sessions"]] == [True]


def test_gate_reads_no_tls():
  in_band, direct, http = (Conversation(sport=40001 + i) for i in range(3))
  in_band.open().say(0, struct.pack("!II", 8, 80877103))
  in_band.say(1, b"S")
  in_band.say(0, b"\x16\x03\x01\x00\x05hello")
  direct.open().say(0, b"\x16\x03\x01\x00\x05hello")
  http.open().say(0, b"GET / HTTP/1.0\r\n\r\n")
  frames = sum((c.close().frames for c in (in_band, direct, http)), frames_of("psql_clear"))
  answer = play(write("mixed", frames), "--postgres", status=1)["postgres"]
  why = {s["agent"]: s["unreadable"] for s in answer["sessions"]}
  assert why["10.77.0.1:40000"] is None and answer["other_protocols"] == 1 and len(why) == 3
  assert why["10.77.0.1:40001"] == why["10.77.0.1:40002"] == "encrypted: a capture of TLS cannot be read"
  run = subprocess.run([REPLAY, "--postgres", "mixed.pcap"], capture_output=True, text=True, timeout=60)
  assert run.returncode == 1 and run.stderr.count("cannot be read") == 2 and "SELECT" in run.stdout


def test_gate_plays_what_it_can_read():
  c = Conversation().open()
  data, at = (CAPTURES / "psql_clear.cap").read_bytes(), 0
  while at < len(data):
    side, length = struct.unpack_from("!BI", data, at)
    if data[at + 5:at + 6] != b"X":
      c.say(side, data[at + 5:at + 5 + length])
    at += 5 + length
  c.say(0, b"\xff\0\0\0\4")
  (session,) = play(write("broken", c.close().frames), "--postgres", status=1)["postgres"]["sessions"]
  assert session["unreadable"] == "a type byte that does not exist here" and session["played"], session
  assert [command["verdict"] for command in session["commands"]] == ["allow"]


def mutated(name, rng, sport):
  """A recorded connection of which bytes, pieces or their order are not as they were."""
  data, at, pieces = (CAPTURES / f"{name}.cap").read_bytes(), 0, []
  while at < len(data) and len(pieces) < 40:
    side, length = struct.unpack_from("!BI", data, at)
    pieces.append([side, bytearray(data[at + 5:at + 5 + length][:20000])])
    at += 5 + length
  for _ in range(rng.randrange(1, 6)):
    piece, other = rng.choice(pieces), rng.randrange(len(pieces))
    what = rng.randrange(5)
    if what == 0:
      piece[0] = 1 - piece[0]
    elif what == 1:
      del piece[1][rng.randrange(len(piece[1]) + 1):]
    elif what == 2:
      piece[1] += bytes(pieces[other][1])
    elif what == 3:
      pieces[other], pieces[-1] = pieces[-1], pieces[other]
    elif piece[1]:
      piece[1][rng.randrange(len(piece[1]))] = rng.randrange(256)
  c = Conversation(sport=sport).open()
  for side, piece in pieces:
    c.say(side, bytes(piece))
  return c.close().frames


def test_gate_noise():
  """Whatever a capture holds, it is read or it is not."""
  rng, names = random.Random(5), sorted(path.stem for path in CAPTURES.glob("*.cap"))
  frames = [f for i in range(78) for f in mutated(names[i % len(names)], rng, 41000 + i)]
  run = subprocess.run([REPLAY, "--pack", "read-only", "--holds", "allow", "-o", "json", write("noise_pg", frames)],
                       capture_output=True, text=True, timeout=120)
  assert run.returncode in (0, 1) and "invariant" not in run.stderr, run.stderr[-300:]
  answer = json.loads(run.stdout)["postgres"]
  ends = {s["end"] for s in answer["sessions"]}
  assert len(answer["sessions"]) + answer["other_protocols"] == 78 and {"not read", "closed"} <= ends, ends


def test_gate_wrong_usage():
  path = write("usage", frames_of("psql_clear"))
  play(path, "--pack", "no-such", status=1)
  for options in (["--holds", "perhaps"], ["--postgres", "--mode", "wire"], ["--pack", "unknown"] * 17):
    assert subprocess.run([REPLAY, *options, path], capture_output=True, timeout=20).returncode == 2, options


def test_gate_hears_what_the_engine_does():
  """Segments that are late, doubled, or lie in an overlap: the first copy counts, at the gate too."""
  frames = frames_of("psql_clear")
  at = next(i for i, f in enumerate(frames) if b"SELECT" in bytes(f))
  forged = frames[at].copy()
  forged[TCP].remove_payload()
  forged = Ether(bytes(forged / Raw(bytes(frames[at][TCP].payload).replace(b"SELECT", b"REVOKE"))))
  del forged[TCP].chksum
  forged.time = frames[at].time + 0.0001
  forged = Ether(bytes(forged))
  forged.time = frames[at].time + 0.0001
  answer = play(write("forged", frames[:at + 1] + [forged, frames[at]] + frames[at + 1:]), "--postgres")
  (session,) = answer["postgres"]["sessions"]
  assert [c["text"][:6] for c in session["commands"]] == ["SELECT"] and session["unnoticed"]


# This machine's loopback: large segments, checksums left to the port.

def serve(listener, data):
  peer, _ = listener.accept()
  while peer.recv(65536).find(b"\n") < 0:
    pass
  peer.sendall(data)
  peer.close()


def transfer(port, data):
  listener = socket.create_server(("127.0.0.1", port))
  server = threading.Thread(target=serve, args=(listener, data))
  server.start()
  client = socket.create_connection(("127.0.0.1", port))
  client.sendall(b"please\n")
  got = b""
  while piece := client.recv(1 << 20):
    got += piece
  client.close()
  server.join()
  listener.close()
  return got


def followed(path):
  out = subprocess.run(["tshark", "-r", path, "-q", "-z", "follow,tcp,raw,0"], capture_output=True,
                       text=True, timeout=60).stdout
  lines = out.split("\n")
  return [hashlib.sha256("".join(l.strip() for l in lines if l.startswith("\t") == is_reply
                                 and l.strip(" \t0123456789abcdef") == "").encode()).hexdigest()
          for is_reply in (False, True)]


def test_loopback():
  if os.geteuid() != 0:
    return "not root: tcpdump cannot record"
  with socket.create_server(("127.0.0.1", 0)) as s:
    port = s.getsockname()[1]
  dump = subprocess.Popen(["tcpdump", "-i", "lo", "-s", "0", "-U", "-Z", "root", "-B", "65536", "-w",
                           "lo.pcap", "tcp", "port", str(port)], stderr=subprocess.PIPE, text=True)
  while "listening" not in dump.stderr.readline():
    assert dump.poll() is None, "tcpdump does not run"
  data = random.Random(4).randbytes(3000000)
  assert transfer(port, data) == data
  time.sleep(1)
  dump.terminate()
  dump.wait(timeout=20)
  answer = play("lo.pcap")
  (flow,) = answer["flows"]
  assert flow["end"] == "fin" and flow["agent"]["tx_bytes"] == len(data), flow
  assert answer["capture"]["resegmented"] > 0 and answer["capture"]["checksums_completed"] > 0
  assert followed("lo.pcap") == followed("out.pcap")
  return None


def main():
  tests = [(name[5:], run) for name, run in globals().items() if name.startswith("test_")]
  wanted, failed = sys.argv[2:], 0
  with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for name, run in tests:
      if wanted and name not in wanted:
        continue
      try:
        note = run()
        print(f"ok {name}{' # skipped: ' + note if note else ''}")
      except AssertionError as wrong:
        line = wrong.__traceback__.tb_next.tb_lineno
        print(f"not ok {name}: line {line}: {wrong}")
        failed += 1
    os.chdir("/")
  sys.exit(1 if failed else 0)


main()
