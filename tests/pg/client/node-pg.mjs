#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// node-postgres: named statements, text and binary, cursors and streams, COPY, cancel, a pool.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import copy from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { FAILING, asleep, failing, say, tlsAsAsked, tlsOptions, until } from './report.mjs';

const options = { ssl: tlsOptions(), connectionTimeoutMillis: 20000 };

const connect = async () => {
  const client = new pg.Client(options);
  await client.connect();
  return client;
};

// Everything that is known of a result, or of several.
const seen = (r) => Array.isArray(r) ? r.map(seen) : {
  command: r.command, count: r.rowCount, rows: r.rows,
  fields: r.fields.map((f) => [f.name, f.dataTypeID, f.dataTypeSize, f.dataTypeModifier, f.columnID, f.format]) };

async function reads(c) {
  say('tls', tlsAsAsked(c.connection.stream.encrypted === true));
  say('everything', seen(await c.query('SELECT * FROM everything ORDER BY id')));
  say('everything-array', seen(await c.query({ text: 'SELECT * FROM everything ORDER BY id', rowMode: 'array' })));
  say('binary', seen(await c.query({ text: 'SELECT id, i8, f8, t, by, b FROM everything WHERE id > $1 ORDER BY id',
    values: [0], binary: true })));
  say('wide', seen(await c.query('SELECT * FROM wide ORDER BY id')));
  say('many', seen(await c.query("SELECT 1 AS one; SELECT 'x' AS two, NULL AS three; CREATE TEMP TABLE q ()")));
  say('empty', seen(await c.query('')));
  say('long-parameter', seen(await c.query('SELECT md5($1::text), md5($2::bytea), $1::text AS back',
    ['x'.repeat(500000), Buffer.alloc(500000, 'y')])));
  say('parameters', seen(await c.query('SELECT $1::int, $2::text, $3::jsonb, $4::timestamptz, $5::text[], $6::bytea',
    [7, null, { a: [1, 'ü'] }, new Date(86400000), ['a', null, '"'], Buffer.from([0, 255])])));
}

async function prepared(c) {
  const query = { name: 'by id', text: 'SELECT id, t, jb FROM everything WHERE id = $1' };
  const log = [];
  for (let i = 1; i <= 50; i++)
    log.push(seen(await c.query({ ...query, values: [i * 20] })));
  log.push(await failing(c.query({ ...query, values: ['no number'] })));
  log.push(seen(await c.query({ ...query, values: [3] })));
  say('prepared', log);
  const together = await Promise.all(Array.from({ length: 100 }, (_, i) => c.query({ ...query, values: [i] })));
  say('queued', together.map(seen));
}

async function errors(c) {
  for (const [name, sql] of Object.entries(FAILING)) {
    const simple = await failing(c.query(sql));
    say(`error-${name}`, [simple, await failing(c.query({ text: sql, queryMode: 'extended' }))]);
  }
  const log = [];
  for (const sql of ['BEGIN', 'CREATE TEMP TABLE steps (x int) ON COMMIT DROP', 'SAVEPOINT a',
    'INSERT INTO steps VALUES (1)'])
    log.push(seen(await c.query(sql)));
  log.push(await failing(c.query('INSERT INTO steps VALUES ($1)', ['x'])), await failing(c.query('SELECT 1')));
  for (const sql of ['ROLLBACK TO a', 'INSERT INTO steps VALUES (2)', 'TABLE steps', 'COMMIT'])
    log.push(seen(await c.query(sql)));
  say('savepoints', log);
  const notices = [];
  const take = (n) => notices.push([n.severity, n.code, n.message, n.detail, n.hint, n.where]);
  c.on('notice', take);
  say('notices', [seen(await c.query('SELECT notices($1)', [60])), notices]);
  c.off('notice', take);
}

async function cursors(c) {
  const log = [];
  const cursor = c.query(new Cursor('SELECT id, t FROM everything WHERE id > $1 ORDER BY id', [10]));
  for (let rows; (rows = await cursor.read(64)).length > 0;)
    log.push(rows);
  await cursor.close();
  const early = c.query(new Cursor('SELECT id FROM everything ORDER BY id'));
  log.push(await early.read(5));
  await early.close();
  const broken = c.query(new Cursor('SELECT 1 / (300 - id) FROM everything ORDER BY id'));
  log.push((await broken.read(100)).length, await failing((async () => {
    for (;;)
      await broken.read(100);
  })()));
  say('cursor', log);
  const stream = [];
  for await (const row of c.query(new QueryStream('SELECT id, t FROM everything ORDER BY id', [], { batchSize: 37 })))
    stream.push(row);
  say('stream', stream);
}

async function copies(c) {
  const log = [];
  for (const format of ['', '(FORMAT csv)', '(FORMAT binary)']) {
    const pieces = [];
    for await (const piece of c.query(copy.to(`COPY (SELECT * FROM everything ORDER BY id) TO STDOUT ${format}`)))
      pieces.push(piece);
    const data = Buffer.concat(pieces);
    await c.query('BEGIN; CREATE TEMP TABLE back (LIKE everything) ON COMMIT DROP');
    const into = c.query(copy.from(`COPY back FROM STDIN ${format}`));
    await pipeline(Readable.from((function* () {
      for (let at = 0; at < data.length; at += 7777)
        yield data.subarray(at, at + 7777);
    })()), into);
    log.push(data.toString('latin1'), into.rowCount,
      seen(await c.query("SELECT md5(string_agg(b::text, '|' ORDER BY id)) FROM back b")));
    await c.query('ROLLBACK');
  }
  log.push(await failing(pipeline(Readable.from([Buffer.from('no number\tx\n')]),
    c.query(copy.from('COPY parent FROM STDIN')))));
  say('copy', log);
}

async function cancel(c, other) {
  const sleep = c.query('SELECT pg_sleep(60) /* of node-pg */');
  const caught = failing(sleep);
  await until(async () => (await other.query(asleep('of node-pg'))).rows[0].n === 1, 'the sleep');
  await cancelRequest(c);
  say('cancel', [await caught, seen(await c.query("SELECT 'alive'"))]);
}

// As Client.cancel() does, with a connection of its own; over TLS too.
async function cancelRequest(c) {
  const side = new pg.Connection({ ssl: options.ssl });
  const go = () => side.cancel(c.processID, c.secretKey);
  side.on('error', () => undefined);
  side.on(options.ssl ? 'sslconnect' : 'connect', go);
  if (options.ssl)
    side.on('connect', () => side.requestSsl());
  const end = new Promise((done) => side.on('end', done));
  side.connect(c.port, c.host);
  await end;
}

async function listen(c, other) {
  const got = [];
  c.on('notification', (n) => got.push([n.channel, n.payload]));
  await c.query('LISTEN nodepg');
  for (const payload of ['one', '', 'ä'.repeat(3000)])
    await other.query("SELECT pg_notify('nodepg', $1)", [payload]);
  await until(() => got.length === 3, 'notifications');
  say('listen', got);
}

async function pool() {
  const p = new pg.Pool({ ...options, max: 4 });
  const all = await Promise.all(Array.from({ length: 60 }, (_, i) =>
    p.query('SELECT t FROM everything WHERE id = $1', [i])));
  say('pool', all.map(seen));
  await p.end();
}

const c = await connect(), other = await connect();
for (const part of [reads, prepared, errors, cursors, copies])
  await part(c);
await cancel(c, other);
await listen(c, other);
await pool();
await c.end();
await other.end();
