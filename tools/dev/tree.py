# SPDX-License-Identifier: Apache-2.0
"""What the developer checks share: the files of the tree, C without its comments, and a main().

A check is a function from {path: text} to a list of problems. Its cases are small trees with the
problem that each must show (None: no problem); `--self-test` runs them, so that a check which has
stopped finding anything fails by itself.
"""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def tracked():
  """Paths of all files under version control that still exist."""
  out = subprocess.run(["git", "-C", TOP, "ls-files", "-z"], check=True, capture_output=True)
  names = out.stdout.decode().split("\0")
  return [name for name in names if name and os.path.isfile(os.path.join(TOP, name))]


def read(path):
  with open(os.path.join(TOP, path), encoding="utf-8", errors="replace") as file:
    return file.read()


def is_c(path):
  return path.endswith((".c", ".h"))


def c_tree():
  return {path: read(path) for path in tracked() if is_c(path)}


def is_script(path, text):
  return path.endswith((".sh", ".py")) or text.startswith("#!")


TOKEN = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def strip_c(text, keep_strings=False):
  """Blanks comments (and the insides of strings); lines keep their numbers."""

  def blank(match):
    token = match.group(0)
    if token[0] == '"':
      return token if keep_strings else '"' + " " * (len(token) - 2) + '"'
    if token[0] == "'":
      return "' '"
    return re.sub(r"[^\n]", " ", token)

  return TOKEN.sub(blank, text)


HEAD = re.compile(r"^(?!static_assert|#|typedef)[A-Za-z_][^;{}]*?\b([A-Za-z_]\w*)\(", re.M)


def functions(text):
  """Yields (name, first line, last line, parameters) of each function definition; lines from 1.

  The tree is formatted by clang-format: a body is what stands between { and } in column one.
  """
  lines = strip_c(text).split("\n")
  start = None
  for number, line in enumerate(lines, 1):
    if line.rstrip() == "{":
      first = number - 1
      while first > 1 and (lines[first - 1][:1] in "\t " or not HEAD.match(lines[first - 1])):
        if not lines[first - 1].strip():
          break
        first -= 1
      head = HEAD.match("\n".join(lines[first - 1:number - 1]))
      if head:
        start = (head.group(1), first, parameters(lines[first - 1:number - 1], head.end()))
    elif line.rstrip() == "}" and start:
      yield start[0], start[1], number, start[2]
      start = None


def parameters(lines, at):
  """How many parameters the head in <lines> has whose list begins at offset <at>."""
  depth, count, text = 1, 0, "\n".join(lines)[at:]
  inner = ""
  for char in text:
    depth += (char == "(") - (char == ")")
    if depth == 0:
      break
    count += char == "," and depth == 1
    inner += char
  return 0 if inner.strip() in ("", "void") else count + 1


def self_test(check, cases):
  name, bad = os.path.basename(sys.argv[0]), 0
  for title, tree, expect in cases:
    problems = check(tree)
    if expect is None:
      good = not problems
    else:
      good = any(expect in problem for problem in problems)
    bad += not good
    print(f"{'ok' if good else 'not ok'} {name} self-test: {title}")
    if not good:
      print(f"  expected {expect!r}, got {problems!r}")
  return 1 if bad else 0


def main(check, cases, load=c_tree):
  """Runs <check> over the tree, or its cases with --self-test. Ends the process."""
  if sys.argv[1:] == ["--self-test"]:
    sys.exit(self_test(check, cases))
  if len(sys.argv) > 1:
    sys.exit(f"usage: {sys.argv[0]} [--self-test]")
  tree = load()
  problems = check(tree)
  for problem in problems:
    print(problem)
  name = os.path.basename(sys.argv[0])
  if not tree:
    problems = ["nothing was checked"]
  print(f"{'not ok' if problems else 'ok'} {name}: {len(tree)} files, {len(problems)} problems")
  sys.exit(1 if problems else 0)
