# SPDX-License-Identifier: Apache-2.0
"""A capture for the replay harness: TCP segments of many flows, all of one size, checksums right."""

import struct


def _sum16(data):
  if len(data) % 2:
    data += b"\0"
  total = sum(struct.unpack(f">{len(data) // 2}H", data))
  while total >> 16:
    total = (total & 0xFFFF) + (total >> 16)
  return ~total & 0xFFFF


def segment(flow, number, frame_len, server="10.77.0.2"):
  """Segment <number> of client <flow> to the server; <frame_len> without the FCS."""
  payload = bytes([0x5A]) * (frame_len - 54)
  src = struct.pack(">I", (10 << 24 | 77 << 16 | 64 << 8 | 1) + (flow >> 12))
  dst = bytes(int(x) for x in server.split("."))
  seq = (flow * 1000003 + number * len(payload)) & 0xFFFFFFFF
  tcp = struct.pack(">HHIIBBHHH", 0x8000 | flow & 0xFFF, 5001, seq, flow + 1, 5 << 4, 0x10,
                    2048, 0, 0) + payload
  check = _sum16(src + dst + struct.pack(">HH", 6, len(tcp)) + tcp)
  tcp = tcp[:16] + struct.pack(">H", check) + tcp[18:]
  ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0) + src + dst
  ip = ip[:10] + struct.pack(">H", _sum16(ip)) + ip[12:]
  return bytes.fromhex("025100000002025100000001") + b"\x08\x00" + ip + tcp


def write(path, frame_len, flows, per_flow):
  """<flows> flows in turn, <per_flow> segments each."""
  with open(path, "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    for number in range(per_flow):
      for flow in range(flows):
        frame = segment(flow, number, frame_len)
        f.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
