// SPDX-License-Identifier: Apache-2.0
// What the node clients share: cases and their lines, TLS by sslmode, statements that fail. An error that a
// case does not expect ends the client.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

const SHORT = 120;

const render = (value) => typeof value === 'string' ? value : inspect(value, {
  depth: null, maxArrayLength: null, maxStringLength: null, breakLength: 160, sorted: false });

export function say(name, value) {
  const text = render(value).replaceAll(/pg_temp_\d+/g, 'pg_temp');
  if (process.env.PG_DETAIL)
    writeFileSync(join(process.env.PG_DETAIL, name), text);
  const short = text.length <= SHORT && /^[\x20-\x7e]*$/.test(text);
  const hash = createHash('sha256').update(text).digest('hex');
  console.log(`case ${name}: ${short ? text : `${hash} ${Buffer.byteLength(text)} bytes`}`);
}

// Options of node's TLS for sslmode; false: none. These drivers know no "prefer".
export function tlsOptions() {
  const mode = process.env.PGSSLMODE;
  if (mode === 'disable' || mode === 'prefer')
    return false;
  const options = { rejectUnauthorized: mode !== 'require' };
  if (process.env.PGSSLROOTCERT)
    options.ca = readFileSync(process.env.PGSSLROOTCERT, 'utf8');
  if (mode !== 'verify-full')
    options.checkServerIdentity = () => undefined;
  return options;
}

export function tlsAsAsked(isOn) {
  if (isOn !== (tlsOptions() !== false))
    throw new Error(`sslmode is ${process.env.PGSSLMODE}, TLS is ${isOn ? 'on' : 'off'}`);
  return 'as asked';
}

// The server's fields of an error that must come.
export async function failing(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    if (error.severity === undefined && error.severity_local === undefined)
      throw error;
    return [['message', error.message], ...Object.entries(error)].filter(([k, v]) => v !== undefined &&
      !['length', 'stack', 'query', 'parameters', 'args', 'types'].includes(k));
  }
  throw new Error(`no error, but ${render(value).slice(0, 200)}`);
}

export async function until(condition, what) {
  for (let i = 0; i < 1000; i++) {
    if (await condition())
      return;
    await new Promise((go) => setTimeout(go, 20));
  }
  throw new Error(`never happened: ${what}`);
}

export const asleep = (mark) => `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep'
  AND query LIKE '%${mark}%' AND pid <> pg_backend_pid()`;

export const FAILING = {
  syntax: 'SELEC 1',
  position: "SELECT 'ä', no_such_column FROM everything",
  table: 'SELECT * FROM no_such_table',
  division: 'SELECT 1 / (id - 500) FROM everything ORDER BY id',
  unique: "INSERT INTO parent VALUES (1, 'new')",
  'not-null': 'INSERT INTO parent VALUES (1000, NULL)',
  check: "INSERT INTO parent VALUES (1000, 'forbidden')",
  foreign: 'INSERT INTO child VALUES (1, 99999)',
  domain: 'SELECT (-5)::positive',
  raised: "SELECT fail('XY123')",
  denied: 'SELECT * FROM pg_authid',
};
