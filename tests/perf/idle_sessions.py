#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many idle PostgreSQL sessions over TLS: a server that lets everybody in and then says nothing, and
clients that log in and then say nothing.

  idle_sessions.py server PORT CERT KEY
  idle_sessions.py clients HOST PORT N IN_FLIGHT      the token comes by PGPASSWORD

`clients` prints "ready N" once all are in, and ends, with all of them, when its input does."""

import asyncio
import os
import resource
import ssl
import struct
import sys

SSL_REQUEST = struct.pack("!II", 8, 80877103)
TRUST = (b"R\0\0\0\x08\0\0\0\0" + b"".join(
    b"S" + struct.pack("!I", 4 + len(p)) + p for p in (
        b"server_version\0" b"15.0\0", b"client_encoding\0UTF8\0",
        b"standard_conforming_strings\0on\0")) +
         b"K\0\0\0\x0c\0\0\0\x07keyk" b"Z\0\0\0\x05I")
LIMIT = 4096  # bytes that a stream of ours buffers


async def serve_one(reader, writer, context):
  try:
    if await reader.readexactly(8) == SSL_REQUEST:
      writer.write(b"S")
      await writer.start_tls(context)
      head = await reader.readexactly(4)
      await reader.readexactly(struct.unpack("!I", head)[0] - 4)
    writer.write(TRUST)
    await reader.read()
  except (OSError, EOFError, ssl.SSLError):
    pass
  writer.close()


async def serve(port, cert, key):
  context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
  context.load_cert_chain(cert, key)
  server = await asyncio.start_server(lambda r, w: serve_one(r, w, context), "0.0.0.0", int(port),
                                      backlog=4096, limit=LIMIT)
  await server.serve_forever()


def message(kind, body):
  return kind + struct.pack("!I", 4 + len(body)) + body


async def log_in(host, port, context, token):
  """A session whose server has said that it is ready."""
  reader, writer = await asyncio.open_connection(host, int(port), limit=LIMIT)
  writer.write(SSL_REQUEST)
  if await reader.readexactly(1) != b"S":
    raise OSError("no TLS is spoken there")
  await writer.start_tls(context)
  writer.write(message(b"", b"\0\x03\0\0user\0agent\0database\0bench\0\0"))
  while True:
    kind, size = struct.unpack("!cI", await reader.readexactly(5))
    body = await reader.readexactly(size - 4)
    if kind == b"R" and body == b"\0\0\0\x03":
      writer.write(message(b"p", token.encode() + b"\0"))
    elif kind == b"E":
      raise OSError(body.replace(b"\0", b" ").decode(errors="replace"))
    elif kind == b"Z":
      return reader, writer


async def clients(host, port, n, in_flight):
  context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
  context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
  gate, token = asyncio.Semaphore(int(in_flight)), os.environ["PGPASSWORD"]

  async def one():
    async with gate:
      return await log_in(host, port, context, token)

  sessions = await asyncio.gather(*(one() for _ in range(int(n))))
  print(f"ready {len(sessions)}", flush=True)
  await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
  os._exit(0)  # the kernel ends them faster than we do


def main(argv):
  limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
  resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
  what = {"server": serve, "clients": clients}[argv[0]]
  asyncio.run(what(*argv[1:]))


main(sys.argv[1:])
