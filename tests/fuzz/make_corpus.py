#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of the fuzz targets to tests/fuzz/corpus/TARGET/. The frames are scapy's, so that
they are somebody else's idea of each protocol. Each function below makes the seeds of one target, as
(name, bytes); the formats stand in the heads of the targets' sources.

Run it after changing a format or adding a target; the files are checked in."""

import json
import pathlib
import re
import ssl
import struct

from scapy.all import (ARP, Dot1AD, Dot1Q, Dot3, Ether, ICMP, ICMPv6DestUnreach, ICMPv6EchoRequest,
                       ICMPv6ND_NS, ICMPv6PacketTooBig, ICMPv6TimeExceeded, IP, IPOption_RR, IPv6,
                       IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                       IPv6ExtHdrRouting, LLC, Raw, STP, TCP, UDP, raw)

TOP = pathlib.Path(__file__).resolve().parent / "corpus"
MEND = b"\x03"  # fuzz_frame: IPv4 and TCP checksums are mended
KEEP = b"\x00"

L2 = Ether(dst="02:00:00:00:00:0b", src="02:00:00:00:00:0a")
V4 = IP(src="10.77.0.1", dst="10.77.0.2", id=7, ttl=61, tos=0x28, flags="DF")
V6 = IPv6(src="fd77::1", dst="fd77::2", hlim=61, tc=0x28, fl=0xabcde)
DATA = TCP(sport=40001, dport=5432, seq=0x81234567, ack=0x8fedcba9, flags="PA", window=501)
SYN = TCP(sport=40001, dport=5432, seq=1, flags="S", window=64240,
          options=[("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None),
                   ("WScale", 7)])
SACK = TCP(sport=40001, dport=5432, seq=1, ack=2, flags="A",
           options=[("NOP", None), ("NOP", None), ("SAck", (100, 200, 300, 400))])
QUERY = Raw(b"Q\x00\x00\x00\x0dSELECT 1;\x00")


def frame_seeds():
  frames = {
      "v4-data": L2 / V4 / DATA / QUERY,
      "v4-syn": L2 / V4 / SYN,
      "v4-sack": L2 / V4 / SACK,
      "v4-rst": L2 / V4 / TCP(sport=1, dport=2, seq=9, flags="R"),
      "v4-fin-odd": L2 / V4 / TCP(sport=1, dport=2, seq=9, ack=3, flags="FA") / Raw(b"odd"),
      "v4-urg": L2 / V4 / TCP(sport=1, dport=2, flags="UA", urgptr=1) / Raw(b"!!"),
      "v4-padded": L2 / V4 / TCP(sport=1, dport=2, ack=1, flags="A") / Raw(b""),
      "v4-vlan": L2 / Dot1Q(vlan=42, prio=5) / V4 / DATA / QUERY,
      "v4-qinq": L2 / Dot1AD(vlan=7) / Dot1Q(vlan=9) / V4 / DATA / QUERY,
      "v4-three-tags": L2 / Dot1AD(vlan=7) / Dot1Q(vlan=9) / Dot1Q(vlan=9) / V4 / DATA,
      "v4-options": L2 / IP(src="10.0.0.1", dst="10.0.0.2", options=[IPOption_RR()]) / DATA,
      "v4-frag-first": L2 / IP(src="10.0.0.1", dst="10.0.0.2", flags="MF", id=9, proto=6) /
                       Raw(raw(DATA) + b"12345678"[:4]),
      "v4-frag-last": L2 / IP(src="10.0.0.1", dst="10.0.0.2", frag=3, id=9, proto=6) / Raw(b"x"),
      "v4-udp": L2 / V4 / UDP(sport=53, dport=53) / Raw(b"dns"),
      "v4-icmp-echo": L2 / V4 / ICMP() / Raw(b"ping"),
      "v4-gre": L2 / IP(src="10.0.0.1", dst="10.0.0.2", proto=47) / Raw(b"\0" * 8),
      "v6-data": L2 / V6 / DATA / QUERY,
      "v6-syn": L2 / V6 / SYN,
      "v6-vlan": L2 / Dot1Q(vlan=42) / V6 / DATA / QUERY,
      "v6-hop-by-hop": L2 / V6 / IPv6ExtHdrHopByHop() / DATA,
      "v6-routing": L2 / V6 / IPv6ExtHdrRouting() / DATA,
      "v6-dstopt-udp": L2 / V6 / IPv6ExtHdrDestOpt() / UDP(sport=1, dport=2),
      "v6-frag": L2 / V6 / IPv6ExtHdrFragment(offset=0, m=1, id=5, nh=6) / Raw(raw(DATA)),
      "v6-atomic": L2 / V6 / IPv6ExtHdrFragment(offset=0, m=0, id=5) / DATA / QUERY,
      "v6-frag-options": L2 / V6 / IPv6ExtHdrFragment(offset=0, m=1, id=5, nh=60) / Raw(b"\6\0" * 8),
      "v6-udp-frag": L2 / V6 / IPv6ExtHdrFragment(offset=4, m=1, id=5, nh=17) / Raw(b"\0" * 16),
      "v6-nd": L2 / V6 / ICMPv6ND_NS(tgt="fd77::2"),
      "v6-echo": L2 / V6 / ICMPv6EchoRequest() / Raw(b"ping"),
      "v6-ah": L2 / IPv6(src="fd77::1", dst="fd77::2", nh=51) / Raw(b"\6\1" + b"\0" * 10 + raw(DATA)),
      "v6-mobility": L2 / IPv6(src="fd77::1", dst="fd77::2", nh=135) / Raw(b"\x3b\0" + b"\0" * 6),
      "v6-no-next": L2 / IPv6(src="fd77::1", dst="fd77::2", nh=59),
      "arp": L2 / ARP(psrc="10.0.0.1", pdst="10.0.0.2"),
      "stp": Dot3(dst="01:80:c2:00:00:00", src="02:00:00:00:00:0a") / LLC() / STP(),
      "lldp": Ether(dst="01:80:c2:00:00:0e", src="02:00:00:00:00:0a", type=0x88cc) /
              Raw(bytes.fromhex("0207040200000000 0a 0403 0500 06 0200 78 0000".replace(" ", ""))),
      "mpls": Ether(dst="02:00:00:00:00:0b", src="02:00:00:00:00:0a", type=0x8847) / Raw(b"\0" * 8),
  }
  for name, frame in frames.items():
    yield name, MEND + raw(frame)
  whole = raw(frames["v4-data"])
  yield "v4-cksum-wrong", KEEP + whole[:-1] + b"?"
  yield "v4-ip-cksum-wrong", KEEP + whole[:24] + b"\0\0" + whole[26:]
  yield "v4-truncated", MEND + whole[:-3]
  yield "v4-padding", MEND + raw(frames["v4-padded"]) + b"\0" * 6
  yield "short", MEND + whole[:13]
  yield "empty", b""


def icmp_quote_seeds():
  """Byte 0 mends the checksum, then the sequence number to translate to."""
  head = b"\x01" + struct.pack(">I", 0xdeadbeef)
  q4, q6 = V4 / DATA / QUERY, V6 / DATA / QUERY
  router4, router6 = IP(src="10.9.9.9", dst="10.77.0.1"), IPv6(src="fd99::9", dst="fd77::1")
  frames = {
      "frag-needed": L2 / router4 / ICMP(type=3, code=4, nexthopmtu=1400) / Raw(raw(q4)[:28]),
      "frag-needed-whole": L2 / router4 / ICMP(type=3, code=4, nexthopmtu=1400) / Raw(raw(q4)),
      "port-unreachable": L2 / router4 / ICMP(type=3, code=3) / Raw(raw(q4)[:38]),
      "time-exceeded": L2 / Dot1Q(vlan=3) / router4 / ICMP(type=11) / Raw(raw(q4)[:37]),
      "redirect": L2 / router4 / ICMP(type=5, code=1, gw="10.9.9.1") / Raw(raw(q4)[:28]),
      "source-quench": L2 / router4 / ICMP(type=4) / Raw(raw(q4)[:28]),
      "parameter": L2 / router4 / ICMP(type=12) / Raw(raw(q4)[:28]),
      "ports-only": L2 / router4 / ICMP(type=3, code=4) / Raw(raw(q4)[:24]),
      "ip-only": L2 / router4 / ICMP(type=3, code=4) / Raw(raw(q4)[:20]),
      "nothing": L2 / router4 / ICMP(type=3, code=4),
      "udp-quoted": L2 / router4 / ICMP(type=3, code=3) / Raw(raw(V4 / UDP(sport=1, dport=2))),
      "later-fragment": L2 / router4 / ICMP(type=11) /
                        Raw(raw(IP(src="10.77.0.1", dst="10.77.0.2", frag=5, proto=6)) + b"\0" * 20),
      "quoted-options": L2 / router4 / ICMP(type=11) /
                        Raw(raw(IP(src="10.77.0.1", dst="10.77.0.2", options=[IPOption_RR()]) / DATA)),
      "echo": L2 / router4 / ICMP(type=8) / Raw(b"ping"),
      "fragmented-error": L2 / IP(src="10.9.9.9", dst="10.77.0.1", flags="MF") /
                          ICMP(type=3, code=4) / Raw(raw(q4)[:28]),
      "too-big": L2 / router6 / ICMPv6PacketTooBig(mtu=1280) / Raw(raw(q6)),
      "too-big-short": L2 / router6 / ICMPv6PacketTooBig(mtu=1280) / Raw(raw(q6)[:48]),
      "unreachable6": L2 / router6 / ICMPv6DestUnreach(code=4) / Raw(raw(q6)[:58]),
      "time-exceeded6": L2 / router6 / ICMPv6TimeExceeded() / Raw(raw(q6)[:57]),
      "quoted-extension6": L2 / router6 / ICMPv6PacketTooBig(mtu=1280) /
                           Raw(raw(V6 / IPv6ExtHdrFragment() / DATA)),
      "short6": L2 / router6 / ICMPv6PacketTooBig(mtu=1280) / Raw(raw(q6)[:39]),
      "echo6": L2 / router6 / ICMPv6EchoRequest() / Raw(b"ping"),
      "tcp": L2 / V4 / DATA,
  }
  for name, frame in frames.items():
    yield name, head + raw(frame)
  yield "checksum-wrong", b"\0" + head[1:] + raw(frames["too-big"])[:-1] + b"?"
  yield "sequence-only", b"\x01\0\0\0\0"


def tcpopt_seeds():
  """Byte 0: bit 0 of a SYN."""
  for name, tcp in (("syn", SYN), ("sack", SACK), ("none", DATA)):
    options = raw(tcp)[20:(raw(tcp)[12] >> 4) * 4]
    yield name + "-in-syn", b"\1" + options
    yield name, b"\0" + options
  lone = {
      "mss": "02040000", "mss-short": "020305", "wscale-200": "0303c8", "wscale-long": "03040000",
      "sackok-long": "040300", "ts": "0101080a0102030405060708", "ts-short": "080901020304050607",
      "sack-none": "0502", "sack-half": "050601020304", "sack-four": "0522" + "0102030405060708" * 4,
      "sack-five": "052a" + "0102030405060708" * 5, "sack-twice": "050a" + "11" * 8 + "050a" + "22" * 8,
      "md5": "1312" + "00" * 16, "md5-short": "1311" + "00" * 15, "ao": "1d100000" + "00" * 12,
      "ao-short": "1d03", "mptcp": "1e0c" + "00" * 10, "mptcp-short": "1e02", "tfo": "2202",
      "tfo-cookie": "220a" + "55" * 8, "tfo-exp": "fe04f989", "exp": "fd04abcd", "exp-bare": "fd02",
      "unknown": "63050000000000", "length-0": "6300", "length-1": "6301", "beyond": "6309",
      "cut": "010102", "end": "00ffffff", "nops": "01" * 40, "long": "01" * 41, "empty": "",
      "all": "020405b40402080a000000010000000203030e220a" + "77" * 8 + "1e03001d0400",
  }
  for name, text in lone.items():
    yield name, b"\1" + bytes.fromhex(text)
    if name.startswith(("sack", "ts")):
      yield name + "-data", b"\0" + bytes.fromhex(text)


def frag(off, length, more, who=0, variant=0x50, what=0):
  """One operation: a fragment of <length> bytes at <off>."""
  return struct.pack(">BBHHBB", what | (1 if more else 0), who, off // 8, length, variant, 0)


def wait(ms):
  return struct.pack(">BBHHBB", 224, 0, ms, 0, 0, 0)


# What IPv4 does by code of its own, or with other limits.
ON_V4 = ("two", "reversed", "twice", "duplicate", "overlap-behind", "beyond-64k", "too-big", "just-fits",
         "huge", "timeouts", "vlan-side")


def frag_seeds():
  big = 0x18
  tapes = {
      "two": [frag(0, 80, 1), frag(80, 20, 0)],
      "reversed": [frag(80, 20, 0), frag(0, 80, 1)],
      "three": [frag(0, 40, 1), frag(80, 20, 0), frag(40, 40, 1)],
      "middle-first": [frag(40, 40, 1), frag(0, 40, 1), frag(80, 9, 0)],
      "twice": [frag(0, 80, 1), frag(80, 20, 0)] * 2,
      "duplicate": [frag(0, 80, 1), frag(0, 80, 1), frag(80, 20, 0)],
      "duplicate-last": [frag(80, 20, 0), frag(80, 20, 0), frag(0, 80, 1)],
      "duplicate-differs": [frag(0, 80, 1), frag(0, 80, 1, variant=0x51), frag(80, 20, 0)],
      "duplicate-last-flag": [frag(80, 16, 1), frag(80, 16, 0)],
      "duplicate-more-flag": [frag(80, 16, 0), frag(80, 16, 1)],
      "overlap-behind": [frag(0, 80, 1), frag(72, 40, 1), frag(80, 20, 0)],
      "overlap-before": [frag(72, 40, 1), frag(0, 80, 1), wait(2000), frag(0, 80, 1)],
      "overlap-inside": [frag(0, 80, 1), frag(8, 8, 1), wait(1999), frag(80, 8, 0), wait(1)],
      "tiny": [frag(0, 16, 1), frag(16, 80, 0)],
      "tiny-small-offset": [frag(0, 16, 1, variant=0x30), frag(16, 80, 0)],
      "tiny-options": [frag(0, 24, 1, variant=0xf0), frag(24, 80, 0)],
      "bad-length": [frag(0, 81, 1), frag(80, 8, 0)],
      "zero-length": [frag(80, 0, 1)],
      "two-ends": [frag(80, 20, 0), frag(160, 20, 0)],
      "two-ends-before": [frag(160, 20, 0), frag(80, 20, 0)],
      "beyond-end": [frag(80, 20, 0), frag(160, 80, 1)],
      "end-inside": [frag(160, 80, 1), frag(80, 8, 0)],
      "beyond-64k": [frag(65528, 100, 0), frag(65520, 8, 0, who=1)],
      "too-big": [frag(i * 1016, 1016, 1) for i in range(3)] + [frag(3048, 16, 0)],
      "just-fits": [frag(i * 1000, 1000, 1) for i in range(3)] + [frag(3000, 20, 0)],
      "huge": [frag(0, 40000, 1, what=big), frag(40000, 20000, 0, what=big)],
      "many-pieces": [frag(i * 24, 24, 1) for i in range(9)],
      "eight-pieces": [frag(i * 24, 24, 1) for i in range(7)] + [frag(168, 1, 0)],
      "source-limit": [frag(0, 80, 1, who=i << 2) for i in range(4)] + [frag(0, 80, 1, who=0x10)],
      "table-limit": [frag(0, 80, 1, who=i % 4 | (i // 4) << 2) for i in range(10)],
      "bad-beats-limit": [frag(0, 80, 1, who=i << 2) for i in range(4)] + [frag(0, 81, 1, who=0x10)],
      "timeouts": [frag(0, 80, 1), wait(1000), frag(0, 80, 1, who=1), wait(1000), frag(80, 9, 0),
                   wait(1000)],
      "vlan-side": [frag(0, 80, 1), frag(80, 8, 0, who=0x10), frag(80, 8, 0, who=0x20),
                    frag(80, 8, 0)],
      "atomic": [frag(0, 100, 0)],
      "atomic-between": [frag(0, 80, 1), frag(0, 100, 0), frag(80, 20, 0)],
      "atomic-tiny": [frag(0, 12, 0)],
      "atomic-too-big": [frag(0, 5000, 0, what=big)],
  }
  for name, tape in tapes.items():
    yield name + "-v6", b"\1" + b"".join(tape)
    if name in ON_V4:
      yield name + "-v4", b"\0" + b"".join(tape)


def op(code, a=0, b=0, c=0, d=0):
  return bytes((code, a, b, c, d))


def tape_seeds():
  """Two bytes of policy, then operations of five bytes; see fuzz_tape.c. Sides: 0 agent, 2 prod."""
  opened = [op(9, 0, 0, 182, 0x73)]
  fin, rst, syn, ack = 1, 4, 2, 0x10

  def data(side, size=100):
    return op(1, 0, side, size // 8)

  def acked(side):
    return op(2, 0, side)

  def later(ms):
    return op(3, ms, 10)  # of 1024 us

  def script(what, n=0):
    return op(4, what, n)

  talk = [data(0), acked(2), data(2, 1400), acked(0)]
  tapes = {
      "talk": opened + talk,
      "half-open": [op(9, 0, 0, 182, 0x7b), later(250), later(250)],
      "two-connections": opened + [op(9, 1, 9, 182, 0x77)] + talk + [data(1), acked(3)],
      "low-mss": [op(9, 0, 0, 9, 0), data(0)],
      "fin-both": opened + talk + [op(0, fin | ack, 0), acked(2), op(0, fin | ack, 2), acked(0)],
      "fin-then-data": opened + [op(0, fin | ack, 0), data(0), acked(2)],
      "rst-exact": opened + [op(0, rst | ack, 0)],
      "rst-inside": opened + [op(0, rst | ack, 0, 1), op(0, rst, 2, 5)],
      "syn-again": opened + [op(0, syn, 0), op(0, syn | ack, 2)],
      "reordered": opened + [op(0, ack, 0, 3, 20), op(0, ack, 0, 5, 20), op(0, ack, 0, 0, 20)],
      "overlap": opened + [op(0, ack, 0, 3, 40), op(0, ack, 0, 1, 40), op(0, ack, 0, 0, 60)],
      "outside": opened + [op(0, ack, 4, 1, 20), op(0, ack, 0, 7, 20), op(0, ack, 0, 0x38, 20)],
      "bad-sum": opened + [op(0, ack, 0, 0x80, 20), data(0)],
      "zero-window": opened + [op(0, ack, 2, 0x40, 0), data(0), later(255), later(255), acked(2)],
      "lost": opened + [data(0), data(0), data(0), later(10), later(255), later(255), acked(2)],
      "sack": opened + [data(0, 1400)] * 4 + [op(8, 1, 2, 20, 10), later(20), acked(2)],
      "hold-resume": opened + [script(5), data(0), later(255), script(0), op(5), acked(2)],
      "hold-stale": opened + [script(5), data(0), op(5, 1), later(255)],
      "hold-fin": opened + [script(5), data(0), op(0, fin | ack, 0), op(3, 255, 18), script(0), op(5)],
      "partly": opened + [script(2, 10)] + talk,
      "edit": opened + [script(3, 7)] + talk + [script(4, 3)] + talk + [script(11)] + talk,
      "need-more": opened + [script(6, 1), data(0), data(0, 800), data(0, 800)],
      "need-too-much": opened + [script(6, 255)] + [data(0, 1400)] * 8,
      "deny-reply": opened + [script(7), data(0), acked(2), data(0), later(255), later(255)],
      "deny-rst": opened + [script(8, 1), data(0), later(255)],
      "deny-silent": opened + [script(8, 0), data(0), later(255)],
      "bypass": opened + talk + [script(9, 50), data(0), data(2)] + talk + talk,
      "close": opened + [script(10), data(0), acked(2)],
      "ring-full": opened + [op(6, 5)] + talk + [later(5), op(6, 0)] + talk,
      "no-buffers": opened + [op(7, 0, 0), op(7, 0, 1), op(7, 0, 2)] + talk + [op(7, 200, 0)] + talk,
      "urgent": opened + [op(0, ack | 0x20, 0, 0, 10)],
      "unknown": [op(0, ack, 0, 0, 10), op(0, rst, 2), op(0, fin | ack, 1)],
      "time-wait": opened + [op(0, fin | ack, 0), op(0, fin | ack, 2), acked(0), acked(2),
                             op(9, 0, 200, 182, 0x73)] + talk,
      "idle": opened + talk + [op(3, 255, 23), op(3, 255, 23)],
  }
  for name, tape in tapes.items():
    yield name, b"\0\0" + b"".join(tape)
  yield "talk-rewrite", b"\x81\x0b" + b"".join([op(9, 0, 0, 182, 0x77)] + talk)
  yield "unknown-wire", b"\x1e\x04" + b"".join(tapes["unknown"])


def conf_seeds():
  wire = b"{name: w, agent: {port: net_a0}, prod: {port: '0000:3b:00.1'}}"
  least = b"dataplane: {wires: [" + wire + b"]}\n"
  yield "sample", (TOP.parents[2] / "ctrlplane/conf/sluice.sample.yaml").read_bytes()
  yield "least", least
  yield "targets", least + (
      b"targets:\n- {name: a, match: {address: 10.0.0.1, port: 22}, mode: xlate}\n"
      b"- {name: b, match: {address: 10.0.0.0/8}, mode: wire}\n- name: c\n  match: {address: 'fd00::/8'}\n"
      b"  tcp: {timestamps: rewrite, urgent: drop, md5_ao: wire, mss: 1400, queue_max: 2M,\n"
      b"        simultaneous_open: forward, overlap_mismatch: reset, under_pressure: admit}\n")
  yield "covered", least + (b"targets:\n- {name: a, match: {address: 10.0.0.0/8}}\n"
                            b"- {name: b, match: {address: 10.1.0.0/16, port: 1}}\n")
  yield "dataplane", (b"appliance: {name: e, data_dir: /d, api: {socket: /s}}\nlog: {level: debug}\n"
                      b"dataplane:\n  workers: 2\n  worker_cpus: [1, 2]\n  control_cpu: 0\n"
                      b"  huge_pages: no\n  memory_mb: 64\n  buffers: 4096\n  mtu: 9000\n"
                      b"  idle_sleep: yes\n  restart_file: /r\n  flows: 64\n  segments: 1024\n"
                      b"  retain_mb: 1\n  unknown_tcp: drop\n  verify_checksums: always\n"
                      b"  non_tcp: {udp: drop, arp: forward}\n  limits: {embryonic_per_source: 9}\n"
                      b"  timers: {idle: 1h, time_wait: 5s}\n  wires: [" + wire + b"]\n")
  yield "identity", least + (
      b"identity:\n  issuers:\n"
      b"  - {name: a, issuer: 'https://i/', audience: s, jwks: 'https://i/k', ca: /c}\n"
      b"  - {name: b, issuer: 'http://j', audience: [s, t], jwks: 'http://[::1]:9/k',\n"
      b"     algorithms: [EdDSA], clock_skew: 0s, groups_claim: g, max_token_bytes: 1K,\n"
      b"     keys_min_age: 1s, keys_max_age: 2s}\n"
      b"targets:\n- {name: a, match: {address: 10.0.0.1}, actors: [{issuer: a},\n"
      b"   {issuer: b, groups: [g], subjects: s, client_ids: [c, d]}]}\n")
  yield "credential", least + (
      b"identity: {issuers: [{name: a, issuer: 'https://i/', audience: s, jwks: /k}]}\ntargets:\n"
      b"- {name: a, match: {address: 10.0.0.1}, actors: [{issuer: a}], credential: {user: u,\n"
      b"   password: {file: /p}}}\n"
      b"- {name: b, match: {address: 10.0.0.2}, actors: [{issuer: a}], credential: {user: u,\n"
      b"   password: {env: P}}}\n"
      b"- {name: c, match: {address: 10.0.0.3}, actors: [{issuer: a}], credential: {user: u,\n"
      b"   password: {systemd: p.pw}}}\n"
      b"- {name: d, match: {address: 10.0.0.4}, actors: [{issuer: a}], credential: {user: u,\n"
      b"   password: {command: [/c, d, d]}}}\n")
  yield "postgres", least + (
      b"identity: {issuers: [{name: a, issuer: 'https://i/', audience: s, jwks: /k}]}\ntargets:\n"
      b"- {name: a, match: {address: 10.0.0.1}, protocol: postgres, actors: [{issuer: a}],\n"
      b"   credential: {user: u, password: {env: P}}, agent_tls: {cert: /c, key: /k},\n"
      b"   prod_tls: {mode: verify-full, ca: /a, host: h, negotiation: direct},\n"
      b"   packs: [sql-risk, read-only], limits: {command_kb: 9, hold_s: 1}}\n"
      b"- {name: b, match: {address: 10.0.0.2}, protocol: postgres, tcp: {queue_max: 64K},\n"
      b"   agent_tls: {mode: off, cert: /c}, prod_tls: {mode: off, ca: /a}, packs: [pii]}\n")
  yield "wrong", (b"dataplane: {mtu: 1, wrokers: 2, mtu: 3, wires: [" + wire + b", " + wire +
                  b", {name: x}]}\nlog: {level: [1]}\n? {a: b}\n: c\n")
  yield "anchors", b"a: &a [x, *a]\nb: !!str y\n--- z\n"
  yield "deep", b"a: " + b"[" * 17
  yield "syntax", b"a: [1,\n\tb: 'c\n"
  yield "bytes", b"a: \"\\0\\x1b\"\nb: \xff\xfe\n"


def tls_hello(highest, alpn):
  """A ClientHello, by Python's idea of OpenSSL."""
  context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
  context.maximum_version = highest
  context.set_alpn_protocols(alpn)
  into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
  try:
    context.wrap_bio(into, out, server_hostname="db.example").do_handshake()
  except ssl.SSLWantReadError:
    return out.read()
  raise AssertionError("a handshake with nobody")


def tls_seeds():
  ends = [bytes([b]) for b in (0xe0, 0x00)]  # one span, spans of a byte
  for n, end in enumerate(ends):
    yield f"hello-13-{n}", end + tls_hello(ssl.TLSVersion.TLSv1_3, ["postgresql"])
    yield f"hello-12-{n}", end + tls_hello(ssl.TLSVersion.TLSv1_2, ["h2", "http/1.1"])
  yield "hello-no-alpn", b"\xe0" + tls_hello(ssl.TLSVersion.TLSv1_3, ["smtp"])
  yield "hello-slow", b"\xf0" + tls_hello(ssl.TLSVersion.TLSv1_3, ["postgresql"])
  yield "hello-twice", b"\xe0" + tls_hello(ssl.TLSVersion.TLSv1_3, ["postgresql"]) * 2
  yield "server-http", b"\xe0GET / HTTP/1.1\r\nHost: db.example\r\n\r\n"
  yield "server-clear", b"\xe0" + struct.pack(">II", 8, 80877103)
  hello = bytes.fromhex("0303") + b"\x11" * 32 + b"\0" + bytes.fromhex("1301 00 002e 002b0002 0304"
                        "00330024001d0020") + b"\x22" * 32
  body = b"\x02" + struct.pack(">I", len(hello))[1:] + hello
  yield "client-hello-13", b"\xe1\x16\x03\x03" + struct.pack(">H", len(body)) + body
  yield "client-alert", b"\xe1\x15\x03\x03\x00\x02\x02\x28"
  # the middle: (operation | 8 for the server's side, how much)
  talk = bytes([0, 0, 8, 0, 0, 0, 8, 0, 1, 20, 8, 99, 9, 30, 0, 99])
  close = bytes([7, 0, 8, 9, 15, 0, 0, 9, 15, 200, 8, 1])
  for name, flags in (("13", 0xe2), ("12", 0xe6), ("asked", 0xea), ("slow", 0xf2), ("bytes", 0x02)):
    yield f"middle-{name}", bytes([flags]) + talk + close
    yield f"after-{name}", bytes([flags | 1]) + talk[8:] + close
  yield "middle-flip", b"\xe2" + bytes([0, 0, 11, 40]) + talk
  yield "middle-cut", b"\xe6" + bytes([0, 0, 8, 0, 4, 5]) + talk
  yield "after-flip", b"\xe3" + bytes([1, 20, 11, 200]) + talk
  yield "after-insert", b"\xe3" + bytes([14, 23]) + talk
  yield "after-hello", b"\xe7" + bytes([14, 22, 8, 9]) + talk
  yield "after-refusing", b"\xe3" + bytes([5, 3, 1, 50, 0, 1, 1, 50, 8, 99, 5, 0, 0, 1, 8, 99])
  yield "after-truncated", b"\xe7" + bytes([1, 20, 12, 1, 15, 200, 8, 99])


def spine_seeds():
  say, raw, answer, wait, cut, fault, change, connect = range(8)

  def tape(flags, *ops):
    return bytes([flags]) + b"".join(op if isinstance(op, bytes) else bytes(op) for op in ops)

  every = [(say, i) for i in range(26)]
  for legs, name in ((0, "clear"), (1, "agent-tls"), (2, "server-tls"), (3, "tls")):
    yield f"passes-{name}", tape(0xe0 | legs, (say, 0), (say, 5), (say, 3), (say, 4), (say, 25))
    yield f"judged-{name}", tape(0x40 | legs, (say, 1), (say, 2), (answer, 2), (say, 7), (say, 0))
  for auth, name in ((1, "password"), (2, "scram"), (3, "silent")):
    yield f"login-{name}", tape(0xe0 | auth << 3, (say, 0), *[(wait, 250)] * 8)
  yield "extended", tape(0xe0, *every[8:19])
  yield "together", tape(0xe0, *[(op | 128, i) for op, i in every], (wait, 1))
  yield "copies", tape(0xe0, *every[19:24], (say, 18))
  yield "held-allowed", tape(0xe0, (say, 2), (wait, 250), *[(wait, 250)] * 3, (answer, 3))
  yield "held-timeout", tape(0xe0, (say, 2), *[(wait, 250)] * 24, (answer, 3))
  yield "held-left", tape(0xe0, (say, 2), (change, 13), (answer, 3))
  yield "held-cancelled", tape(0xe0, (say, 2), (answer, 6), (answer, 2), (say, 0))
  yield "ended", tape(0xe0, (change, 4), (say, 0), (answer, 7), (say, 0))
  yield "cancel", tape(0xe0, (connect, 4), (connect, 20))
  yield "slow-who", tape(0xe0, (connect, 1), (answer, 1), (say | 8, 0), (connect, 2), (connect, 1),
                         (change | 24, 14), (answer, 1))
  yield "ring-full", tape(0xe0, (change, 0), *[(connect, 0)] * 6, (change, 0), (wait, 50))
  yield "deaf", tape(0xe0, (change, 2), *[(say | 128, 5)] * 20, (wait, 9), (change, 2), (wait, 9))
  yield "no-buffers", tape(0xe3, (fault, 0x72), (say, 0), (say, 1), (fault, 0xf0), (say, 5))
  yield "pressure", tape(0xe0, (change, 15), (say, 0), (change, 7), (wait, 2))
  nonsense = b"HTTP/1.1 400 No\r\n"
  yield "server-says", tape(0xe0, (raw, 64 | len(nonsense)), nonsense, (say, 0))
  query = b"Q" + struct.pack(">I", 13) + b"select 7\0"
  yield "agent-says", tape(0xe4, (raw, len(query)), query, (raw, 1), b"Q", (say, 0))
  yield "below-tls", tape(0xe5, (raw, 128 | 5), b"\x17\x03\x03\0\x01", (say, 0))


def pg_messages(name, direction):
  """The messages of one direction of a recorded conversation, from the first that has a type."""
  data = (TOP.parents[1] / "unit/pg/capture" / (name + ".cap")).read_bytes()
  stream, at = b"", 0
  while at < len(data):
    way, length = struct.unpack(">BI", data[at:at + 5])
    if way == direction:
      stream += data[at + 5:at + 5 + length]
    at += 5 + length
  at = 0
  while direction == 0 and stream[at] == 0:
    at += struct.unpack(">I", stream[at:at + 4])[0]
  if direction == 1 and stream[:1] in b"NS" and stream[1:2] == b"R":
    at = 1
  while at < len(stream):
    end = at + 1 + struct.unpack(">I", stream[at + 1:at + 5])[0]
    yield stream[at:end]
    at = end


def pg_client_seeds():
  """Byte 0: limits, denials, where it starts; then the client's stream."""
  for name in ("psql_everyday", "pgbench_prepared", "psycopg2_everyday", "raw_extended", "raw_copy"):
    stream = b"".join(m for m in pg_messages(name, 0) if m[:1] != b"p")[:1500]
    yield name, b"\x80" + stream
    yield name + "-scarce", b"\x87" + stream
  user = b"user\0a\0database\0b\0\0"
  for name, code, rest in (("ssl", 80877103, b""), ("gss", 80877104, b""), ("cancel", 80877102, b"\0\0\0\7key4"),
                           ("start-30", 3 << 16, user), ("start-32", 3 << 16 | 2, user), ("start-2", 2 << 16, user)):
    yield name, b"\0" + struct.pack(">II", 8 + len(rest), code) + rest
  yield "huge", b"\x80d\x3f\xff\xff\xff"
  yield "function", b"\x80F" + struct.pack(">IIHHHIBH", 21, 2101, 1, 1, 1, 1, 65, 0)


def pg_server_seeds():
  """Byte 0: limits, what was asked, denials; then the server's stream."""
  for asked, name in ((0, "psql_everyday"), (1, "pgbench_extended"), (2, "raw_extended"), (3, "raw_copy"),
                      (7, "raw_replication")):
    messages = list(pg_messages(name, 1))
    start = [m[:1] for m in messages].index(b"Z") + 1
    stream = b"".join(messages[start:])[:1500]
    yield name, bytes([asked << 1]) + stream
    yield name + "-scarce", bytes([asked << 1 | 0x11]) + stream
  yield "start", b"\x0a" + b"".join(pg_messages("psql_everyday", 1))[:700]
  yield "ssl", b"\x0cS"
  yield "no-ssl", b"\x0cN"

  def message(kind, body):
    return kind + struct.pack(">I", len(body) + 4) + body
  column = b"a\0\0\0\1\0\0\1\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0"
  rows = message(b"T", b"\0\1" + column) + message(b"D", b"\0\1\0\0\0\1x") * 2
  error, ready = message(b"E", b"SERROR\0VERROR\0C42601\0Mno\0\0"), message(b"Z", b"I")
  done = message(b"C", b"SELECT 2\0")
  yield "rows", b"\0" + rows + done + error + ready
  yield "long-row", b"\1" + message(b"T", b"\0\2" + column * 2) + message(b"D", b"\0\2\0\0\0\x78" + b"x" * 120 + b"\xff" * 4)
  yield "batch", b"\2" + message(b"1", b"") + message(b"2", b"") + rows + done + ready
  yield "portal", (b"\4" + message(b"1", b"") + message(b"t", b"\0\0") + message(b"T", b"\0\1" + column) +
                   message(b"2", b"") + rows[-24:] + message(b"s", b"") + message(b"3", b"") + ready)
  yield "fatal", b"\0" + message(b"E", b"SFATAL\0VFATAL\0C57P01\0Mbye\0\0")
  yield "copies", (b"\6" + message(b"V", b"\0\0\0\1x") + ready + message(b"G", b"\0\0\1\0\0") + done + ready)


def pg_talk_seeds():
  """Byte 0: limits and denials; then words of fuzz_pg_talk.c, copies (from 64), steps (from 96)."""
  batch = bytes([13, 23, 32, 35, 0])
  for how in range(8):
    yield f"batches-{how}", bytes([how | (how % 4) << 3]) + batch + bytes([120]) + batch * 2
    yield f"mixed-{how}", (bytes([how * 9 % 64]) + bytes([4, 2, 15, 24, 35, 26, 37, 0, 110, 5, 3]) +
                           bytes([17, 28, 39, 38, 43, 0, 8, 12, 100, 66 + how, 73 - how, 20, 23, 35, 0]))
  yield "held-data", bytes([0x1f, 13, 23, 96, 35, 44, 0])  # denied data, and a server that keeps its answers
  yield "all", bytes([5]) + bytes(range(47)) + b"\0" + bytes(range(64, 96)) + b"\x7f" + bytes(range(46, 0, -1))
def sql_statements():
  """The statements of the table of facts."""
  table = (TOP.parents[1] / "unit/sql/facts.txt").read_text()
  lines = [line for line in table.split("\n") if line and line[0] not in "#\t"]
  return [line.replace("{NL}", "\n").replace("{TAB}", "\t").encode() for line in lines]


def sql_lex_seeds():
  """Byte 0: 1: standard_conforming_strings off."""
  texts = {
      "strings": b"'a''b' E'\\'\\u0041\\x41\\101' b'0' X'f' n'x' U&'\\0041' U&\"a\" \"b\"\"c\"",
      "continued": b"'a'\n'b' 'c' --d\n 'e' b'0'\n'1'",
      "dollars": b"$$a$$ $a$ $$ $a$ $1 a$b$ $",
      "comments": b"/* /* */ */ 1 --x\n+/*y*/2",
      "numbers": b"1 1. .5 1.5e-3 1..2 99999999999",
      "operators": b"a->>b <> != <= >= => := :: .. @-/*x*/ +--y\n- *-",
      "surrogates": b"E'\\ud83d\\ude00' E'\\xf0\\x9f\\x98\\x80'",
      "atomic": b"create function f() begin atomic select 1; end; select (1;2)",
  }
  for name, text in texts.items():
    yield name, b"\0" + text
  yield "escapes", b"\1'a\\'b' n'\\''"


def sql_facts_seeds():
  """Byte 0: 1: standard_conforming_strings off; the rest of it: how much memory."""
  for i, text in enumerate(sql_statements()):
    if i % 18 == 0:
      yield f"row-{i}", b"\x40" + text


def data_seeds():
  """Byte 0 even: SQL text; odd: what is chosen of statements, forms and leaves."""
  source = (TOP.parent.parent / "unit" / "match" / "test_ways_round.c").read_text()
  rows = re.findall(r'\{\s*((?:"(?:[^"\\]|\\.)*"\s*)+),\s*"', source)
  for i, row in enumerate(rows):
    text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', row))
    if i % 16 == 0:
      yield f"row-{i}", b"\0" + text.replace('\\"', '"').replace("\\\\", "\\").encode()
  for i in range(31):  # each statement around each of some forms
    yield f"made-{i}", bytes([1, i, i, 7 + i, 40, 41, 42, 47])


def identity_seeds():
  """Keys and tokens of tokens.json, made by node; JSON that the target signs itself."""
  made = json.loads((TOP.parent / "tokens.json").read_text())
  keys = json.dumps({"keys": made["keys"]}).encode()

  def seed(kind, first, rest, change=b""):
    return bytes([kind]) + change + struct.pack(">H", len(first)) + first + rest

  for alg, token in made["tokens"].items():
    yield f"token-{alg}", seed(0, keys, token.encode())
  odd = [{"kty": "oct", "k": "AA"}, {"kty": "RSA", "n": "AQ", "e": "AQ", "kid": "a"},
         {"kty": "EC", "crv": "P-384"}, {"kty": "OKP", "crv": "Ed25519", "x": "AA", "use": "enc"},
         {"kty": "RSA", "kid": "a", "key_ops": ["sign"], "d": "AA", "alg": "RS256"}]
  yield "keys-odd", seed(0, json.dumps({"keys": odd}).encode(), b"a.b.c")
  yield "keys-twice", seed(0, json.dumps({"keys": 2 * made["keys"]}).encode(), b"..")
  header = b'{"alg":"EdDSA","kid":"k","typ":"JWT"}'
  claims = b'{"iss":"https://i","aud":"s","exp":1800000000,"sub":"u'
  whole = (b'","nbf":1.5,"iat":1600000000,"azp":"c","client_id":"c","jti":"j",'
           b'"groups":["a\\u001b","\\u007f"],"act":{"sub":"b","iss":"i","act":{"sub":"c"}}}')
  yield "signed-least", seed(1, b'{"alg":"EdDSA"}', claims + b'"}')
  yield "signed-whole", seed(1, header, claims + whole)
  yield "signed-changed", seed(2, header, claims + whole, b"\x01\x80")
  for name, more in {"crit": b',"crit":[]', "jku": b',"jku":"x"', "alg": b',"alg":"none"'}.items():
    yield f"header-{name}", seed(1, header[:-1] + more + b"}", claims + b'"}')
  for name, more in {"aud": b'","aud":["s","t"]}', "act": b'","act":' + 13 * b'{"act":' + 13 * b"}" + b"}",
                     "groups": b'","groups":[1]}', "cnf": b'","cnf":{}}'}.items():
    yield f"claims-{name}", seed(1, header, claims + more)


def pgauth_seeds():
  """Logins that end well, and how they may not; the target puts nonce and signature in."""
  def step(kind, text=b""):
    return bytes([kind, len(text)]) + text

  plain, plus = b"SCRAM-SHA-256\0", b"SCRAM-SHA-256-PLUS\0"
  first = b"%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
  ok = step(1, b"\0")

  def scram(offer, more=b""):
    return step(1, b"\x0a" + offer + b"\0") + step(2, first + more)

  yield "scram", b"\0" + scram(plain) + step(3) + ok
  yield "scram-bound", b"\7" + scram(plus + plain) + step(3) + ok
  yield "scram-y", b"\3" + scram(plain, b",x=y") + step(3) + ok
  yield "scram-changed", b"\1" + scram(plain) + step(3, b"\x09\x40") + ok
  yield "scram-unproven", b"\1" + scram(plain) + ok
  yield "scram-stripped", b"\7" + scram(plain)
  yield "scram-error", b"\3" + scram(plain) + step(1, b"\x0ce=server-does-support-channel-binding")
  yield "scram-raw", b"\0" + step(0, b"\0\0\0\x0a" + plain + b"\0") + step(0, b"\0\0\0\x0br=x,s=,i=1")
  yield "md5", b"\0" + step(1, b"\x05abcd") + ok
  yield "cleartext", b"\1" + step(1, b"\x03") + ok
  yield "nothing", b"\0" + ok
  yield "twice", b"\0" + ok + ok
  yield "kerberos", b"\0" + step(1, b"\x02")


def mask_seeds():
  """Values by the place of their type in fuzz_mask.c; kinds of masks as in mask.h."""
  redact, first, last, null, fixed, pseudonym, year, noise = range(8)

  def text(s):
    return bytes([len(s)]) + s

  def value(oid, mask, data, flags=0, keep=4, part=(0, 0), path=b"", put=b""):
    return (bytes([0, MASK_OIDS.index(oid), flags, mask, keep]) + struct.pack(">HH", *part) +
            text(path) + text(put) + data)

  def binary(*items):
    return b"".join(struct.pack(">i", len(i)) + i for i in items)

  array = struct.pack(">iiiii", 1, 0, 25, 2, 1) + binary(b"ab", b"cdef")
  row = struct.pack(">ii", 2, 25) + binary(b"Jane") + struct.pack(">i", 23) + binary(b"\0\0\0\7")
  days = b"\x02" + binary(b"\0\0\1\0", b"\0\0\2\0")
  number = struct.pack(">hhhh", 3, 1, 0, 2) + struct.pack(">hhh", 12, 3456, 7800)
  doc = b'{"a": {"b": [{"c": "Jane \\u00dc"}, 12.5e1, null]}, "d": true}'
  yield "text-email", value(25, pseudonym, b"jane.roe@corp.org")
  yield "text-digits", value(25, pseudonym, b"4111 1111 1111 1111")
  yield "text-token", value(25, pseudonym, b"Jane Roe")
  yield "text-part", value(25, last, "say Zo\u00eb now".encode(), 4, 2, (4, 8))
  yield "text-json", value(25, redact, doc, 2, path=b"$.a.b[*].c")
  yield "int4", value(23, pseudonym, b"2147483647")
  yield "int8-binary", value(20, noise, b"\0\0\0\1\2\3\4\5", 1, 40)
  yield "numeric", value(1700, noise, b"-123456.7890", 0, 40)
  yield "numeric-binary", value(1700, pseudonym, number, 1)
  yield "numeric-fixed", value(1700, fixed, number, 1, put=b"-0.00012")
  yield "float8", value(701, noise, b"1.5e+20", 0, 40)
  yield "date", value(1082, year, b"0044-03-15 BC")
  yield "timestamptz", value(1184, year, b"2019-12-31 23:30:00.5-08:30")
  yield "timestamp-binary", value(1114, year, b"\xff\xfc\xa2\xfe\xc4\xc8\x20\0", 1)
  yield "timestamptz-fixed", value(1184, fixed, b"\0" * 8, 1, put=b"2001-02-03 04:05:06.7+08")
  yield "uuid", value(2950, last, b"6ba7b810-9dad-11d1-80b4-00c04fd430c8")
  yield "bytea", value(17, last, b"\\x736563726574")
  yield "inet", value(869, redact, b"\2\x20\0\4\x0a\1\2\3", 1)
  yield "bit", value(1560, redact, b"\0\0\0\x0b\xff\xe0", 1)
  yield "money", value(790, redact, b"-$1,234.56")
  yield "array", value(1009, last, b'[0:1]={{Jane,"a\\"b"},{NULL,"NULL"}}', keep=2)
  yield "array-part", value(1009, last, b'{Jane,"Jane Roe"}', 4, 2, (8, 11))
  yield "array-binary", value(1009, fixed, array, 1, put=b"x y")
  yield "array-jsonb", value(3807, redact, b'{"{\\"a\\": [1, 2]}"}', 2, path=b"$.a[1]")
  yield "row", value(16500, last, b'("Jane ""R""",123456,"{a,""b c""}","{""a"": 1}",empty,"(x)",)')
  yield "row-unknown", value(2249, redact, b'(a,"b c",,"")')
  yield "row-binary", value(2249, pseudonym, row, 1)
  yield "range", value(3912, year, b"[2019-05-06,2020-02-01)")
  yield "range-quoted", value(3910, year, b'["2019-05-06 10:00:00+02",)')
  yield "range-binary", value(3912, year, days, 1)
  yield "multirange", value(4535, year, b"{[2018-05-01,2019-02-01),[2021-03-01,)}")
  yield "multirange-binary", value(4535, year, struct.pack(">i", 1) + binary(days), 1)
  yield "json", value(114, pseudonym, doc)
  yield "json-path", value(3802, noise, b"\1" + doc, 3, 40, path=b'$."a".*[1]')
  yield "json-part", value(114, last, doc, 4, 2, (16, 22))
  yield "json-null", value(114, null, doc, 2, path=b"$.d")
  yield "small", value(1009, redact, b'{"a\\"b"}' * 9, 8)
  yield "copy-text", bytes([1, 3, redact, 0]) + text(b"") + b"Jane\t\\N\t{a,b}\t1\\t2\n\\N\tx\t{}\t\n\\.\n"
  yield "copy-csv", bytes([1, 7, last, 2]) + text(b"") + b'"Ja,""ne",,"{a,""b c""}",1\n"a\nb",x,{},\n'
  yield "copy-header", bytes([1, 130, fixed, 2]) + text(b"-1") + b"PGCOPY\n\xff\r\n\0" + b"\0" * 8 + (
      b"\0\3" + binary(b"Jane", b"x", array) + b"\xff\xff")
  yield "copy-csv-header", bytes([1, 151, redact, 2]) + text(b"") + b"a,b,c,d\nJane,x,{y},\n"
  yield "copy-hit", bytes([1, 3, last, 2]) + text(b"abc") + b"\3ab\tcdefgh\t{ij,\"k l\"}\tmn\n"
  yield "hits", bytes([2, 2, last, 2, 4, 5, pseudonym, 0, 12, 8]) + b"say 12345 to a@b.org now"
  yield "hits-overlap", bytes([2, 2, last, 2, 4, 5, redact, 0, 6, 8]) + "say Zo\u00eb Zo\u00eb now".encode()


# The table of fuzz_mask.c.
MASK_OIDS = [16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 142, 600, 650, 700, 701, 774, 790, 829, 869, 1000,
             1001, 1007, 1009, 1020, 1042, 1082, 1083, 1114, 1182, 1184, 1185, 1186, 1231, 1266, 1560,
             1562, 1700, 2249, 2287, 2950, 3802, 3807, 3904, 3906, 3908, 3910, 3912, 3913, 4451, 4535,
             5069, 6155, 16500]


def scan_seeds():
  card, ssn, mail = b"4111 1111 1111 1111", b"123-45-6789", b"me@ab.com"
  rows = {
      "row": [card, ssn, mail, b"ABC", b"k=abc", b"", b"aab", b"abaab"],
      "near": [b"4111 1111 1111 1112", b"000-45-6789", b"123-45-6789-0", b"5.123-45-6789", b"D" + ssn],
      "anchors": [b"abc", b"abc\n", b"x abc", b"abcc", b"a\nk=abc\nk=x\n", b"ABCDEF", b"ABC\n"],
      "overlaps": [b"abaabaabcdefg", b"baabaabaab", b"foofoobarbar", b"foo\n\nend", b"key123456"],
      "bytes": [b"\xff" + ssn + b"\xff", b"\0abc", b"xb\nc", b"\xc3\xa9xyz\xc3\xa9", b"axyza"],
      "long": [(b"q" * 37 + b" " + card + b" " + ssn + b"\n") * 6, mail + b"," + b"aab" * 90],
      "seams": [b" " * at + ssn + b" " * 300 for at in (95, 98, 101, 104)],
  }
  for name, fields in rows.items():
    for mode in (0, 1, 2, 3 + 4 * 9):
      yield f"{name}-{mode}", bytes([mode]) + b"\xfe".join(fields)[:1000]


def rules_seeds():
  packs = TOP.parents[2] / "ruleset/packs"
  skip = ("#", "    examples:", "      match:", "      not:", "        - ", "      #")
  for name in ("sql-risk", "read-only"):
    lines = (packs / f"{name}.yaml").read_text(encoding="ascii").splitlines(True)
    yield name, "".join(line for line in lines if not line.startswith(skip)).encode()
  rule = b"pack: a\ncommands:\n- {id: r, then: deny, when: "
  yield "least", b"pack: a\n"
  yield "patterns", (b"pack: a\nabout: b\npatterns:\n- {id: p, regex: '\\bx', flags: [caseless, dotall], validate: luhn,\n"
                     b"   needs: digits, examples: {match: [a], not: [b, c]}}\n- {id: q, regex: y}\n"
                     b"data: [{id: d, pattern: p, mask: {keep_last: 4}, reason: r}]\n")
  yield "data", (b"pack: a\ndata:\n- {id: a, column: '*.t?.c', json: $.a, mask: {noise: 0.5}, derived: 'null',\n"
                 b"   predicate: deny, unless: [{column: a.b.c, reason: x}, {when: {groups: [g, 'h*']}, reason: y}]}\n"
                 b"- {id: b, column: a.b.c, mask: {fixed: x}}\n- {id: c, column: a.b.c, mask: {pseudonym: true}}\n")
  yield "sql", rule + (b"{sql: {kind: [select, delete], with: select, beyond: [show], object: table, flag: [star],\n"
                       b"  where: [none, weak], limit: [given], rows_over: 5, relation: [a, b.c, 'd*'], access: [write, upsert],\n"
                       b"  function: ['f', 'x.*'], setting: A, value: b, language: c, file: '/*'}}}\n")
  yield "setting-beyond", rule + b"{sql: {setting_beyond: [A, b]}}}\n"
  yield "context", rule + (b"[{text: {regex: a, flags: multiline}}, {rate: {over: 5, per: 1m}}, {call: large_object_write},\n"
                           b"  {actor: a, issuer: b, groups: [c], target: 'd*'}, {time: {days: [mon, sun], from: '22:00', to: '06:00'}}]}\n")
  yield "unless", rule + (b"{sql: {kind: select}}, code: '42501', reason: a, hint: b, examples: {match: [SELECT 1]},\n"
                          b"  unless: [{when: {sql: {flag: read_only}}, reason: x}, {when: {sql: {relation: a.b}}, reason: y}]}\n")
  yield "hold", (b"pack: a\ndefault: {command: deny, unparsed: hold}\ncommands:\n- id: a\n  when: {sql: {kind: select}}\n"
                 b"  then: {hold: {approvers: ['group:a', 'actor:b'], quorum: 2, approve_within: 1h, run_within: 5s}}\n"
                 b"- {id: b, when: {sql: {kind: delete}}, then: allow}\n")
  yield "shadows", (b"pack: a\ncommands:\n- {id: a, when: {sql: {kind: drop}}, then: deny}\n"
                    b"- {id: b, when: {sql: {kind: drop, relation: ['Big', 'x.y']}}, then: hold}\n"
                    b"- {id: c, when: {sql: {kind: drop, flag: read_only}}, then: allow}\n")
  yield "wrong", b"pack: a b\ncomands: 1\ndata: [{id: a, id: b, mask: x}]\ncommands: [{}, [], {id: a, when: {}, then: x}]\n"
  yield "yaml", b"pack: &a !b c\nx: *a\n--- \n"
  yield "broken", b"pack: [a\n\xff"


def catalog_row(*fields):
  return struct.pack(">H", 8) + b"".join(
      struct.pack(">i", -1) if f is None else struct.pack(">I", len(f)) + f.encode() for f in fields)


def catalog_seeds():
  """fuzz_catalog: flags, KiB of memory, rows."""
  newest = "n|9000||||||"
  people = "c|100|3|2|1|public|people|ssn"
  over = "o|500|1|0||public|v|a\no|500|2|1||public|v|b\nd|500|0||100|||\nd|500|3||100|||\nv|500||||||"
  definitions = {
      "plain": "SELECT id AS a, ssn AS b FROM public.people",
      "expr": "SELECT upper(ssn) AS a, id AS b FROM public.people",
      "sub": "SELECT x.n AS a, x.s AS b FROM (SELECT id AS n, ssn AS s FROM public.people) x",
      "cte": "WITH q AS (SELECT ssn AS s FROM public.people) SELECT 1 AS a, q.s AS b FROM q",
      "cte-names": "WITH q(n, m) AS (SELECT id, ssn FROM public.people) SELECT n AS a, m AS b FROM q",
      "recursive": "WITH RECURSIVE r AS (SELECT 1 AS i, ssn AS s FROM public.people UNION ALL "
                   "SELECT i + 1, s FROM r) SELECT r.i AS a, r.s AS b FROM r",
      "union": "SELECT id AS a, name AS b FROM public.people UNION SELECT ssn, 'x' FROM public.people",
      "row": "SELECT p AS a, to_jsonb(p.*) AS b FROM public.people p",
      "names": "SELECT y AS a, x AS b FROM public.people p(x, y, z)",
      "broken": "SELECT ssn AS a, FROM",
  }
  for name, text in definitions.items():
    yield "view-" + name, b"\x00\x7f" + "\n".join([newest, people, over + text]).encode()
  yield "columns", b"\x00\x07" + "\n".join([
      newest, people, "c|100|5|-1|3|public|people|mail", "t|300|3|2|1|pg_toast|pg_toast_100|chunk_data",
      "s|400|8|7||pg_catalog|pg_stats|most_common_vals", people]).encode()
  yield "repeats", b"\x02\x07" + (newest + "\ns|400|8|7||pg_catalog|pg_stats|most_common_vals").encode()
  yield "chain", b"\x02\x3f" + "\n".join([
      newest, people, over + definitions["plain"], "o|400|1|0||public|w|c", "d|400|2||500|||",
      "v|400||||||SELECT v.b AS c FROM public.v", "d|500|1||400|||"]).encode()
  yield "unsafe", b"\x04\x3f" + "\n".join([newest, people, over + definitions["plain"]]).encode()
  yield "bytes", b"\x01\x07" + catalog_row("n", "9000", *[None] * 6) + catalog_row(
      "c", "100", "3", "2", "1", "public", "people", "ssn")
  yield "little", b"\x00\x00" + "\n".join([newest] + [
      f"c|{oid}|1|0|1|public|people|ssn" for oid in range(100, 140)]).encode()


TARGETS = {
    "fuzz_catalog": catalog_seeds,
    "fuzz_conf": conf_seeds,
    "fuzz_data": data_seeds,
    "fuzz_frame": frame_seeds,
    "fuzz_frag": frag_seeds,
    "fuzz_icmp_quote": icmp_quote_seeds,
    "fuzz_mask": mask_seeds,
    "fuzz_pg_client": pg_client_seeds,
    "fuzz_pg_server": pg_server_seeds,
    "fuzz_pg_talk": pg_talk_seeds,
    "fuzz_pgauth": pgauth_seeds,
    "fuzz_rules": rules_seeds,
    "fuzz_spine": spine_seeds,
    "fuzz_scan": scan_seeds,
    "fuzz_sql_facts": sql_facts_seeds,
    "fuzz_sql_lex": sql_lex_seeds,
    "fuzz_identity": identity_seeds,
    "fuzz_tape": tape_seeds,
    "fuzz_tcpopt": tcpopt_seeds,
    "fuzz_tls": tls_seeds,
}


def main():
  for target, seeds in TARGETS.items():
    folder = TOP / target
    folder.mkdir(parents=True, exist_ok=True)
    made = dict(seeds())
    for name, data in made.items():
      (folder / name).write_bytes(data)
    for path in folder.iterdir():
      if path.name not in made:
        path.unlink()
    print(f"{target}: {len(made)} seeds")


if __name__ == "__main__":
  main()
