#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// postgres.js: everything pipelined and prepared, one query behind the other without waiting; cursors, COPY,
// cancel, listen, nested savepoints, and the simple protocol.
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import postgres from 'postgres';
import { FAILING, asleep, failing, say, tlsOptions, until } from './report.mjs';

// Given options for TLS it never goes on without; its socket cannot be asked.
let notices = [];
const connect = (more = {}) => postgres({ ssl: tlsOptions(), max: 1, idle_timeout: 0, connect_timeout: 20,
  onnotice: (n) => notices.push([n.severity, n.code, n.message, n.detail, n.hint, n.where]), ...more });

const seen = (r) => ({ command: r.command, count: r.count, rows: [...r],
  columns: r.columns?.map((c) => [c.name, c.type, c.table > 0, c.number]) });

async function reads(sql) {
  say('everything', seen(await sql`SELECT * FROM everything ORDER BY id`));
  say('values', (await sql`SELECT * FROM everything ORDER BY id LIMIT 50`.values()));
  say('raw', (await sql`SELECT * FROM everything ORDER BY id LIMIT 50`.raw()).map((row) =>
    row.map((v) => v && Buffer.from(v).toString('latin1'))));
  say('wide', seen(await sql`SELECT * FROM wide ORDER BY id`));
  say('simple', (await sql`SELECT 1 AS one; SELECT 'x' AS two, NULL AS three`.simple()).map(seen));
  const text = 'x'.repeat(500000), bytes = Buffer.alloc(500000, 'y');
  say('long-parameter', seen(await sql`SELECT md5(${text}::text), md5(${bytes}::bytea), ${text}::text AS back`));
  say('parameters', seen(await sql`SELECT ${7}::int, ${null}::text, ${sql.json({ a: [1, 'ü'] })}::jsonb AS j,
    ${new Date(86400000)}::timestamptz, ${['a', null]}::text[] AS a, ${Buffer.from([0, 255])}::bytea AS b`));
  say('describe', await sql`SELECT id, m FROM everything WHERE id = ${1} AND t = ${'x'}`.describe()
    .then((d) => [d.types, d.columns.map((c) => [c.name, c.type])]));
}

async function pipelines(sql) {
  const together = await Promise.all(Array.from({ length: 300 }, (_, i) =>
    sql`SELECT id, t FROM everything WHERE id = ${i}`));
  say('pipeline', together.map(seen));
  const mixed = await Promise.all(Array.from({ length: 60 }, (_, i) => i % 7 === 3
    ? failing(sql`SELECT 1 / ${0}::int AS x, ${i}::int AS y`) : sql`SELECT ${i}::int AS y`.then(seen)));
  say('pipeline-errors', mixed);
}

async function errors(sql) {
  for (const [name, text] of Object.entries(FAILING))
    say(`error-${name}`, [await failing(sql.unsafe(text)), await failing(sql.unsafe(text, [], { prepare: true }))]);
  const log = [];
  log.push(await sql.begin(async (t) => {
    await t`CREATE TEMP TABLE steps (x int) ON COMMIT DROP`;
    log.push(await failing(t.savepoint(async (s) => {
      await s`INSERT INTO steps VALUES (1)`;
      await s`INSERT INTO steps VALUES (${1} / ${0}::int)`;
    })));
    await t.savepoint('named', (s) => s`INSERT INTO steps ${s([{ x: 2 }, { x: 3 }])}`);
    return seen(await t`TABLE steps`);
  }));
  log.push(await failing(sql.begin('read only', (t) => t`CREATE TABLE never (x int)`)));
  say('transactions', log);
  notices = [];
  const value = seen(await sql`SELECT notices(${60})`);
  say('notices', [value, notices]);
}

async function streams(sql) {
  const log = [];
  await sql`SELECT id, t FROM everything WHERE id > ${10} ORDER BY id`.cursor(64, (rows) => void log.push([...rows]));
  for await (const rows of sql`SELECT id FROM everything ORDER BY id`.cursor(100)) {
    log.push([...rows]);
    if (log.length > 20)
      break;
  }
  await sql`SELECT id FROM everything ORDER BY id`.forEach((row) => void log.push(row.id));
  say('cursor', log);
  // Read in flowing mode: with a slower reader this driver (3.4.9) can stop for good, server or no server.
  const pieces = [], out = await sql`COPY (SELECT * FROM everything ORDER BY id) TO STDOUT`.readable();
  out.on('data', (piece) => pieces.push(piece));
  await finished(out);
  const data = Buffer.concat(pieces);
  await sql`CREATE TEMP TABLE back (LIKE everything)`;
  await pipeline(Readable.from([data.subarray(0, 100001), data.subarray(100001)]), await sql`COPY back FROM STDIN`.writable());
  say('copy', [data.toString(), seen(await sql`SELECT md5(string_agg(b::text, '|' ORDER BY id)) FROM back b`)]);
}

async function cancel(sql, other) {
  const sleep = sql`SELECT pg_sleep(60) /* of postgres.js */`;
  const caught = failing(sleep.execute());
  await until(async () => (await other.unsafe(asleep('of postgres.js')))[0].n === 1, 'the sleep');
  sleep.cancel();
  say('cancel', [await caught, seen(await sql`SELECT 'alive' AS is`)]);
}

async function listen(sql, other) {
  const got = [];
  await sql.listen('postgresjs', (payload) => got.push(payload));
  for (const payload of ['one', '', 'ä'.repeat(3000)])
    await other.notify('postgresjs', payload);
  await until(() => got.length === 3, 'notifications');
  say('listen', got);
}

async function unprepared() {
  const sql = connect({ prepare: false, fetch_types: false, max: 3 });
  const all = await Promise.all(Array.from({ length: 60 }, (_, i) => sql`SELECT t FROM everything WHERE id = ${i}`));
  say('unprepared', all.map(seen));
  await sql.end();
}

const sql = connect(), other = connect();
for (const part of [reads, pipelines, errors, streams])
  await part(sql);
await cancel(sql, other);
await listen(sql, other);
await unprepared();
await sql.end();
await other.end();
