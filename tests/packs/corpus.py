#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""corpus.py [--seed N] [--each N] PACK.yaml... : values with ground truth, one a line:
TEXT TAB ID:FROM:TO,... (bytes; \\xHH in the text; no spans: nothing in it is sensitive).

Ordinary values are Faker's. Identity numbers are drawn until python-stdnum, which shares nothing with
ruleset/scan, calls them valid; what it does not know is computed here. Secrets are drawn from the shape in
the pack. Near misses of a detector: one digit wrong, two swapped, glued to more, without its name, or
any number of the shape that happens to be invalid."""

import argparse
import random
import string
import sys

import faker
import yaml

import shapes

CONTEXTS = ["{}", "{}", "{}", "id {}", "{} ", "ref: {}, see file", "({})", "\"{}\"", "Customer {} called today.",
            "a;{};b", "value={}", "Zürich: {}", "{}\nnext line", "[{}]", "{},x", "<td>{}</td>"]


def escape(data):
  return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in data)


def emit(text, spans=()):
  """Spans are (id, start, end) in characters."""
  at = [len(text[:i].encode()) for i in range(len(text) + 1)]
  print(escape(text.encode()) + "\t" + ",".join(f"{n}:{at[a]}:{at[b]}" for n, a, b in spans))


def emit_value(rng, name, value):
  head, tail = rng.choice(CONTEXTS).split("{}")
  emit(head + value + tail, [(name, len(head), len(head + value))])


def miss_digit(rng, value):
  places = [i for i, c in enumerate(value) if c.isdigit()]
  i = rng.choice(places)
  return value[:i] + rng.choice([d for d in string.digits if d != value[i]]) + value[i + 1:]


def miss_swap(rng, value):
  places = [i for i in range(len(value) - 1) if value[i].isdigit() and value[i + 1].isdigit() and
            value[i] != value[i + 1]]
  if not places:
    return miss_digit(rng, value)
  i = rng.choice(places)
  return value[:i] + value[i + 1] + value[i] + value[i + 2:]


def miss_glued(rng, value):
  """Part of a longer number or word."""
  ways = ["x" + value + "y"]
  if value[-1].isdigit():
    ways += [value + str(rng.randrange(10)) * 3, value + "-77"]
  if value[0].isdigit():
    ways.append("3." + value)
  return rng.choice(ways)


MISSES = {
    "email": [lambda rng, v: v.replace("@", " at "), lambda rng, v: v.split("@")[0] + "@localhost",
              lambda rng, v: v.split("@")[0] + "@2x.png"],
    "phone-e164": [lambda rng, v: v[1:], lambda rng, v: v[:6], lambda rng, v: "+0" + v[2:]],
}


def emit_identity(rng, detector, each):
  for _ in range(each):
    emit_value(rng, detector.name, detector.draw(rng))
  misses = MISSES.get(detector.name, [miss_digit, miss_swap, miss_glued])
  for i in range(each):
    value = detector.draw(rng)
    miss = misses[i % 3]
    bad = miss(rng, value)
    for _ in range(50):
      if miss is miss_glued or not detector.is_valid(bad):
        emit(rng.choice(CONTEXTS).format(bad))
        break
      bad = miss(rng, value)
  if detector.name in MISSES:
    return
  for _ in range(each // 10):  # any number of the shape, unless it is a real one by chance
    emit_any(rng, detector)


def emit_any(rng, detector):
  value = detector.shape_only(rng)
  if detector.is_valid(value):
    emit_value(rng, detector.name, value)
  else:
    emit(rng.choice(CONTEXTS).format(value))


def emit_secret(rng, pattern, each):
  for _ in range(each):
    value = shapes.draw_secret(rng, pattern)
    head, tail = rng.choice(CONTEXTS).split("{}")
    emit(head + value + tail, [(pattern["id"], len(head), len(head + value))])
  for _ in range(each):
    head, tail = rng.choice(CONTEXTS).split("{}")
    emit(head + rng.choice(pattern["examples"]["not"]) + tail)


def ordinary(rng, fake):
  hexes = "0123456789abcdef"
  text = [
      fake.name, fake.street_address, fake.city, fake.company, fake.job, fake.sentence, fake.paragraph,
      fake.uri, fake.user_agent, fake.ipv4, fake.mac_address, fake.date, lambda: str(fake.date_time()),
      lambda: str(rng.randrange(10**rng.randrange(1, 9))), lambda: f"{rng.uniform(0, 9999):.2f}",
      lambda: "".join(rng.choice(hexes) for _ in range(rng.choice([7, 32, 40, 64]))),
      lambda: str(rng.randrange(1600000000, 1800000000)), lambda: str(rng.randrange(1600000000000, 1800000000000)),
      lambda: str(rng.randrange(10**9, 10**10)), lambda: f"INV-2024-{rng.randrange(10**6):06d}",
      lambda: f"{rng.randrange(200, 999)}-{rng.randrange(200, 999)}-{rng.randrange(10**4):04d}",
      lambda: f"v{rng.randrange(9)}.{rng.randrange(30)}.{rng.randrange(200)}",
      lambda: f"{rng.uniform(-90, 90):.6f},{rng.uniform(-180, 180):.6f}",
      lambda: "-".join("".join(rng.choice(hexes) for _ in range(n)) for n in (8, 4, 4, 4, 12)),
      lambda: "data:image/png;base64," + "".join(rng.choice(string.ascii_letters + string.digits + "+/")
                                                 for _ in range(200)),
      lambda: f"SKU{rng.randrange(10**8):08d}", lambda: f"{rng.randrange(10**13):013d}",
      lambda: f"icon@{rng.randrange(2, 4)}x.png", lambda: f"{fake.word()}@{fake.word()}", lambda: f"password policy: {fake.word()}",
      lambda: f"token={fake.word()}", lambda: "true", lambda: fake.word() + "_" + fake.word(),
  ]
  return str(rng.choice(text)())


def main():
  parser = argparse.ArgumentParser()
  parser.add_argument("--seed", type=int, default=20240501)
  parser.add_argument("--each", type=int, default=300)
  parser.add_argument("packs", nargs="+")
  args = parser.parse_args()
  rng = random.Random(args.seed)
  fake = faker.Faker()
  fake.seed(args.seed)
  for detector in shapes.DETECTORS:
    emit_identity(rng, detector, args.each)
  known = {d.name for d in shapes.DETECTORS}
  for path in args.packs:
    with open(path, encoding="utf-8") as f:
      for pattern in yaml.safe_load(f)["patterns"]:
        if pattern["id"] not in known:
          emit_secret(rng, pattern, args.each // 3)
  for _ in range(args.each * 100):
    emit(ordinary(rng, fake))


if __name__ == "__main__":
  main()
