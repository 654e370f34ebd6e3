#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""flat.py PACK.yaml... : the patterns of packs as lines that C reads without a YAML parser.
P ID FLAGS VALIDATOR DIGITS REGEX, then its examples: M TEXT, N TEXT; tabs between, \\xHH in them."""

import sys

import yaml

FLAGS = {"caseless": 1, "dotall": 2, "multiline": 4}


def escape(text):
  return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in text.encode())


def lines(pack):
  for p in pack.get("patterns", []):
    unknown = set(p) - {"id", "regex", "flags", "validate", "needs", "examples"}
    if unknown or p.get("needs", "digits") != "digits":
      sys.exit(f"pattern {p.get('id')}: unknown {unknown or p['needs']}")
    flags = sum(FLAGS[f] for f in p.get("flags", []))
    yield "\t".join(["P", p["id"], str(flags), p.get("validate", "none"),
                     str(int("needs" in p)), escape(p["regex"])])
    for kind, key in (("M", "match"), ("N", "not")):
      for text in p["examples"][key]:
        yield f"{kind}\t{escape(text)}"


if __name__ == "__main__":
  for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as f:
      for line in lines(yaml.safe_load(f)):
        print(line)
