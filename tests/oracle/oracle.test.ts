import type pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { freshDatabase } from '../support/server.ts'
import { expectEqual, expectExact, expectExactWhenQuiet } from './oracle.ts'

let client: pg.Client

beforeAll(async () => {
  const database = await freshDatabase()
  client = database.client
  for (const sql of [
    'CREATE SCHEMA "o o"',
    'SET search_path = "o o"',
    'CREATE TABLE t (k int, f float8, j json, a float8[], n numeric)',
    `INSERT INTO t VALUES (1, 0.1, '[1]', '{0.1}', 1.0), (1, 0.2, '[2]', NULL, 2)`,
    `SELECT pgstream.create_stream_table('total', 'SELECT k, sum(f) AS s FROM t GROUP BY k', '1h', 'DIFFERENTIAL')`,
    `SELECT pgstream.create_stream_table('"All"', 'SELECT * FROM t; -- all of it', '1h', 'FULL')`,
    'RESET search_path',
    // Writes to stream tables are refused otherwise.
    `SET pg_stream.refreshing = 'on'`,
  ])
    await client.query(sql)
  return () => database.close()
})

test('passes what is exact, refreshed by it or not, in both forms', async () => {
  await client.query(`INSERT INTO "o o".t VALUES (1, 0.3, '[3]', '{NaN,0.30000000001}', 3)`)
  expect(await expectExact(client, '"o o".total')).toBe('DIFFERENTIAL')
  expect(await expectExactWhenQuiet(client, '"o o"."All"', { image: true })).toBe('FULL')
  expect(await expectExact(client, '"o o".total')).toBe('NO_DATA')
})

test('works in a transaction that is open', async () => {
  await client.query('BEGIN')
  await client.query('INSERT INTO "o o".t VALUES (2)')
  expect(await expectExact(client, '"o o".total', { within: true })).toBe('DIFFERENTIAL')
  await client.query('ROLLBACK')
  await expectEqual(client, '"o o".total')
})

test('forgives the rounding of floats, also inside arrays, and nothing more', async () => {
  await client.query(`UPDATE "o o"."All" SET f = f + 1e-12, a = '{0.1000000000001}' WHERE f = 0.1`)
  await expectEqual(client, '"o o"."All"')
  await client.query('UPDATE "o o".total SET s = s * 1.00001')
  await expect(expectEqual(client, '"o o".total')).rejects.toThrow(/differs from its query \(k \| s\)/)
})

test('shows rows with weights, the query and the last refresh', async () => {
  await client.query(`UPDATE "o o"."All" SET j = '[1, 2]', a = NULL WHERE f = 0.2`)
  const error = await expectEqual(client, '"o o"."All"').catch((caught: Error) => caught)
  expect((error as Error).message.split('\n').slice(1)).toEqual([
    '  +1 (not in the query)        1 | 0.2 | [1, 2] | NULL | 2',
    '  -1 (not in the stream table) 1 | 0.2 | [2] | NULL | 2',
    'query: SELECT * FROM t; -- all of it',
    expect.stringMatching(/^last refresh: FULL COMPLETED/),
  ])
})

test('counts duplicates', async () => {
  await client.query(`DELETE FROM "o o"."All"`)
  await client.query(`INSERT INTO "o o"."All" SELECT * FROM "o o".t`)
  await expectEqual(client, '"o o"."All"')
  await client.query(`INSERT INTO "o o"."All" SELECT * FROM "o o".t WHERE f = 0.1`)
  await expect(expectEqual(client, '"o o"."All"')).rejects.toThrow(/\+1 \(not in the query\)\s+1 \| 0.1/)
})

test('compares images when asked', async () => {
  await client.query(`DELETE FROM "o o"."All"`)
  await client.query(`INSERT INTO "o o"."All" SELECT k, f, j, a, n::numeric(10, 3) FROM "o o".t`)
  await expectEqual(client, '"o o"."All"')
  await expect(expectEqual(client, '"o o"."All"', { image: true })).rejects.toThrow(/1\.000/)
})
