/** What a transaction that began before a stream table was altered sees in it afterwards. */
import { expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { create, scenes } from './scene.ts'

const scene = scenes()

const ALL = [
  { id: 1, v: 10 },
  { id: 2, v: 20 },
]

/** The alteration, what the older snapshot is asked, what it sees. */
const ALTERATIONS: Readonly<Record<string, readonly [string, string, readonly object[]]>> = {
  'the same columns': ['SELECT id, v + 1 AS v FROM t', 'SELECT id, v', ALL],
  'another key': ['SELECT max(id) AS id, v FROM t GROUP BY v', 'SELECT id, v', ALL],
  'a column more': ['SELECT id, v + 1 AS v, v * 2 AS w FROM t', 'SELECT id, v', ALL],
  'a column less': ['SELECT id FROM t WHERE id > 1', 'SELECT id', ALL.map(({ id }) => ({ id }))],
  // As after any rewrite of a table by ALTER TABLE (mvcc-caveats).
  'a column of another type': ['SELECT id, v::bigint AS v FROM t', 'SELECT id, v', []],
  'columns in another order': ['SELECT v, id FROM t', 'SELECT id, v', []],
}

test.each(Object.entries(ALTERATIONS))('%s', async (_, [query, question, seen]) => {
  const { client, open } = await scene(
    'CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 10), (2, 20)',
  )
  await create(client, 'st', 'SELECT id, v FROM t')
  const older = await open()
  await older.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t')
  await client.query('INSERT INTO t VALUES (3, 30)')
  await client.query('SELECT pgstream.alter_stream_table($1, query => $2)', ['st', query])
  expect((await older.query(`${question} FROM st ORDER BY id`)).rows).toEqual(seen)
  await older.query('COMMIT')
  await expectExact(client, 'st')
})

test('repair_stream_table keeps it', async () => {
  const { client, open } = await scene(
    'CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 10), (2, 20)',
  )
  await create(client, 'st', 'SELECT id, v FROM t')
  const older = await open()
  await older.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t')
  await client.query('UPDATE t SET v = 0')
  await client.query(`SELECT pgstream.repair_stream_table('st')`)
  expect((await older.query('TABLE st ORDER BY id')).rows).toEqual(ALL)
  await older.query('COMMIT')
  await expectExact(client, 'st')
})
