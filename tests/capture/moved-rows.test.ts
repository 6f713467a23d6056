import { expect, test } from 'vitest'
import { create, refresh, scenes } from '../concurrency/scene.ts'
import { expectExact } from '../oracle/oracle.ts'

/** New files for the same rows, and what comes after. */
const scene = scenes()

const TABLE = `CREATE TABLE t (id int PRIMARY KEY, k int, n numeric);
  INSERT INTO t SELECT i, i % 3, i FROM generate_series(1, 30) AS i`
const QUERY = 'SELECT k, sum(n) AS s FROM t GROUP BY k'
const reasons = `SELECT reason FROM pgstream.get_refresh_history('st', 10) WHERE reason LIKE '%rewritten'`

/** The refresh looks once a second at most. */
const lookAgain = 'UPDATE pgstream._catalog_looks SET looked_at = NULL'

test.each(['VACUUM FULL t', 'CLUSTER t USING t_pkey', 'TRUNCATE t'])(
  'after %s a harmless ALTER TABLE stays harmless',
  async (command) => {
    const { client } = await scene(TABLE)
    await create(client, 'st', QUERY)
    await client.query(command)
    await client.query(`${lookAgain}; INSERT INTO t VALUES (100, 1, 7)`)
    await refresh(client, 'st')
    await client.query('ALTER TABLE t ALTER n SET STATISTICS 5')
    await client.query('INSERT INTO t VALUES (101, 1, 7)')
    expect(await refresh(client, 'st')).toBe('DIFFERENTIAL')
    expect((await client.query(reasons)).rows).toEqual([])
    await expectExact(client, 'st')
  },
)

test.each([
  ['seen', ''],
  ['unseen', 'SET LOCAL pg_stream.internal = on;'],
])('new values are noticed behind moved rows, %s', async (_, how) => {
  const { client } = await scene(TABLE)
  await create(client, 'st', QUERY)
  await client.query('VACUUM FULL t')
  await client.query(`${lookAgain}; INSERT INTO t VALUES (100, 1, 7)`)
  await refresh(client, 'st')
  await client.query(`BEGIN; ${how} ALTER TABLE t ALTER n TYPE numeric USING n + 1; COMMIT`)
  await client.query(lookAgain)
  await expectExact(client, 'st')
  await client.query(
    `BEGIN; ${how} TRUNCATE t; INSERT INTO t VALUES (1, 1, 1); ALTER TABLE t ALTER n TYPE numeric USING n + 1; COMMIT`,
  )
  await client.query(lookAgain)
  await expectExact(client, 'st')
})

test('new values are noticed by a transaction whose snapshot is older than they', async () => {
  const { client, open } = await scene(TABLE)
  await create(client, 'st', QUERY)
  await create(client, 'other', 'SELECT count(*) AS n FROM t')
  const older = await open()
  await older.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class')
  await client.query(
    'BEGIN; SET LOCAL pg_stream.internal = on; ALTER TABLE t ALTER n TYPE numeric USING n + 1; COMMIT',
  )
  await client.query(lookAgain)
  await older.query(`SELECT pgstream.refresh_stream_table('other')`).catch(() => {})
  await older.query('COMMIT').catch(() => {})
  await client.query(lookAgain)
  await expectExact(client, 'st')
})
