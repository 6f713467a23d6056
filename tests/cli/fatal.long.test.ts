/**
 * A function of a query can have the server end the connection that refreshes it. That is a failure of its stream table, counted
 * like others, and keeps no other from being refreshed.
 */
import type pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { refreshIn } from '../../src/worker/session.ts'
import { create } from '../concurrency/scene.ts'
import { expectEqual } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase, serverVersion } from '../support/server.ts'
import { type CliProcess, runCli } from './cli-process.ts'

let db: FreshDatabase
let client: pg.Client
let cli: CliProcess | undefined

beforeEach(async () => {
  db = await freshDatabase()
  client = db.client
  await client.query(
    'CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL); INSERT INTO t SELECT i, i FROM generate_series(1, 10) AS i',
  )
})

afterEach(async () => {
  cli?.child.kill('SIGTERM')
  await cli?.ended
  await db.close()
})

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const WAYS: Readonly<Record<string, readonly [number, string, string]>> = {
  'an error under exit_on_error': [
    15,
    `PERFORM set_config('exit_on_error', 'on', true); RAISE 'bad'`,
    'P0001',
  ],
  'a transaction that may not last': [
    17,
    `PERFORM set_config('transaction_timeout', '10ms', true); PERFORM pg_sleep(5)`,
    '25P04',
  ],
}

test.each(Object.entries(WAYS))('%s', async (_, [since, statements, code]) => {
  if ((await serverVersion(client)) < since) return
  await client.query(`CREATE FUNCTION f(v int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $f$
    BEGIN IF v > 1000 THEN ${statements}; END IF; RETURN v; END $f$`)
  const names = ['first', 'fatal', 'second', 'third']
  for (const name of names)
    await create(client, name, `SELECT id, ${name === 'fatal' ? 'f(v)' : 'v + 1'} AS v FROM t`, {
      schedule: '1s',
    })
  cli = runCli(['worker', db.url])
  for (let round = 1; round <= 20; round++) {
    await client.query(`INSERT INTO t VALUES (${1000 + round}, ${round === 1 ? 2000 : round})`)
    await sleep(250)
  }
  const failed = async () =>
    (
      await client.query(
        `SELECT s.pgs_name AS name, h.reason AS sqlstate FROM pgstream.pgs_refresh_history AS h
         JOIN pgstream.pgs_stream_tables AS s USING (pgs_id)
         WHERE h.status = 'FAILED' GROUP BY 1, 2`,
      )
    ).rows
  expect(await failed()).toEqual([{ name: 'fatal', sqlstate: code }])
  await sleep(3_000)
  for (const name of names) if (name !== 'fatal') await expectEqual(client, name)
  expect(
    cli
      .err()
      .split('\n')
      .filter((line) => line.includes('worker connected')).length,
  ).toBeLessThan(8)
})

test('no text of a query can pretend to be the refresh of another', () => {
  expect(refreshIn(undefined)).toBeUndefined()
  expect(refreshIn('PL/pgSQL function public.f(integer) line 1 at RAISE')).toBeUndefined()
  expect(
    refreshIn(`PL/pgSQL function public.f(integer) line 1 at RAISE
SQL statement "SELECT 1 /* pgstream_state.refresh_7_full */"
PL/pgSQL function pgstream_state.refresh_4_from_16384(bigint,bigint[],bigint,bigint) line 5 at SQL statement
SQL statement "SELECT pgstream_state.refresh_4_from_16384($1, $2, $3, $4) AS result"
PL/pgSQL function pgstream._call_refresh(pgstream._refresh_targets,oid,text) line 17 at EXECUTE`),
  ).toBe('4')
})
