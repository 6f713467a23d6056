import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase
const notices: (string | undefined)[] = []

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query('CREATE TABLE t (id int PRIMARY KEY, x int)')
  database.client.on('notice', ({ message }) => notices.push(message))
})

afterAll(async () => {
  await database?.close()
})

test.each([
  ['SELECT id, x FROM t ORDER BY x', ['the ORDER BY of the query has no effect']],
  ['SELECT id FROM t UNION ALL SELECT x FROM t ORDER BY 1', ['the ORDER BY of the query has no effect']],
  ['SELECT id, x FROM t ORDER BY x, id LIMIT 3', []],
  ['SELECT DISTINCT ON (x) x, id FROM t ORDER BY x, id', []],
  ['SELECT * FROM (SELECT id FROM t ORDER BY id LIMIT 2) AS q', []],
])('%s: an order without effect is told of', async (query, told) => {
  notices.length = 0
  await database.client.query(
    `SELECT pgstream.create_stream_table('s${query.length}', $1, '1h', 'DIFFERENTIAL')`,
    [query],
  )
  expect(notices).toEqual(told)
})

test('a new query is told of as well, one that is only read again is not', async () => {
  const { client } = database
  await client.query(`SELECT pgstream.create_stream_table('altered', 'SELECT id FROM t', '1h')`)
  notices.length = 0
  await client.query(`SELECT pgstream.alter_stream_table('altered', query => 'SELECT id FROM t ORDER BY x')`)
  expect(notices).toEqual(['the ORDER BY of the query has no effect'])
  await client.query(`SELECT pgstream.alter_stream_table('altered', refresh_mode => 'FULL')`)
  await client.query(`SELECT pgstream.alter_stream_table('altered', schedule => '2h')`)
  expect(notices).toHaveLength(1)
})

test('nobody is told of what pg_stream makes and takes away, at COMMIT neither', async () => {
  const { client } = database
  notices.length = 0
  await client.query('CREATE TABLE alone (id int PRIMARY KEY); CREATE TABLE other (id int PRIMARY KEY)')
  await client.query(`SELECT pgstream.create_stream_table('taken', 'SELECT id FROM alone', '1h')`)
  for (const change of [
    `pgstream.alter_stream_table('taken', query => 'SELECT id FROM other')`,
    `pgstream.drop_stream_table('taken')`,
  ]) {
    await client.query('BEGIN')
    await client.query(`SELECT ${change}`)
    // Capture that nobody needs any more is taken away now.
    await client.query('COMMIT')
  }
  const { rows } = await client.query(
    `SELECT FROM pgstream.pgs_change_tracking WHERE source_relid IN ('alone'::regclass, 'other'::regclass)`,
  )
  expect(rows).toEqual([])
  expect(notices).toEqual([])
})

test('LIMIT without ORDER BY is refused, with a hint', async () => {
  await expect(
    database.client.query(
      `SELECT pgstream.create_stream_table('s', 'SELECT id FROM t LIMIT 3', '1h', 'DIFFERENTIAL')`,
    ),
  ).rejects.toMatchObject({ code: '0A000', hint: 'Add an ORDER BY that says which rows are meant.' })
})
