/** Windows that look no further than some rows: what a refresh reads of partitions of 10,000 rows, and that it is right. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { analyze } from '../support/analyze.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { changesThatReadMore, rowsRead } from './rows-read.ts'

let database: FreshDatabase

/** Rows that one refresh may read or fetch, of all tables together. */
const FEW = 400

const QUERIES: Readonly<Record<string, string>> = {
  'a moving average':
    'SELECT id, g, at, avg(v) OVER (PARTITION BY g ORDER BY at ROWS BETWEEN 9 PRECEDING AND CURRENT ROW) AS a FROM t',
  'the difference to the row before, its place not shown':
    'SELECT id, v - lag(v) OVER (PARTITION BY g ORDER BY at) AS d FROM t',
  'the last half hour':
    "SELECT id, g, at, sum(v) OVER (PARTITION BY g ORDER BY at RANGE BETWEEN interval '30 minutes' PRECEDING AND CURRENT ROW) AS s FROM t",
  'the hour around, latest first':
    "SELECT id, g, at, count(*) OVER (PARTITION BY g ORDER BY at DESC RANGE BETWEEN interval '30 minutes' PRECEDING AND interval '20 minutes' FOLLOWING) AS n FROM t",
  'groups of peers':
    'SELECT id, g, at, sum(v) OVER (PARTITION BY g ORDER BY at GROUPS BETWEEN 3 PRECEDING AND 2 FOLLOWING) AS s FROM t',
  'a key that may be NULL': 'SELECT id, h, at, lead(v, 3) OVER (PARTITION BY h ORDER BY at) AS l FROM t',
  'an order that may be NULL':
    'SELECT id, g, n, sum(v) OVER (PARTITION BY g ORDER BY n, id ROWS 4 PRECEDING) AS s FROM t',
  'of all rows': 'SELECT id, at, lag(id) OVER (ORDER BY at, id) AS before FROM t',
  filtered: 'SELECT id, g, at, lag(v, 2) OVER (PARTITION BY g ORDER BY at) AS l FROM t WHERE v <> 3',
  aggregated:
    'SELECT d, count(*) AS n FROM (SELECT (v - lag(v) OVER (PARTITION BY g ORDER BY at))::int AS d FROM t) AS q GROUP BY d',
}

const CHANGES = (n: number): readonly string[] => [
  `UPDATE t SET v = v + 1 WHERE id = ${20000 + n}`,
  `UPDATE t SET at = at + interval '1 second', n = n + 1 WHERE id = ${10000 + n}`,
  `UPDATE t SET g = 1, h = 1 WHERE id = ${5000 + n}`,
  `INSERT INTO t SELECT 100000 + ${n}, 2, 2, max(at) + interval '1 minute', max(n) + 1, 7 FROM t`,
  `INSERT INTO t SELECT 200000 + ${n}, 2, 2, min(at) - interval '1 minute', min(n) - 1, 7 FROM t`,
  `DELETE FROM t WHERE id IN (${n}, ${39000 + n})`,
]

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`SET client_min_messages = warning;
    CREATE TABLE t (id int PRIMARY KEY, g int NOT NULL, h int, at timestamptz NOT NULL, n numeric, v numeric NOT NULL);
    INSERT INTO t SELECT i, i % 4, i % 4, timestamptz '2026-01-01' + i * interval '1 minute', i, i % 17 FROM generate_series(1, 40000) AS i;
    CREATE INDEX ON t (g, at); CREATE INDEX ON t (h, at DESC); CREATE INDEX ON t (g, n); CREATE INDEX ON t (at); ANALYZE`)
})

afterAll(async () => {
  await database?.close()
})

test.each(Object.entries(QUERIES))('%s', async (label, query) => {
  const changes = CHANGES(10 + Object.keys(QUERIES).indexOf(label) * 10)
  const many = await changesThatReadMore(database.client, { query, changes, tables: ['t'], few: FEW })
  expect(many).toEqual([])
})

test('many rows at the end of a partition: not what was there before', async () => {
  const { client } = database
  await client.query(
    `SELECT pgstream.create_stream_table('st', 'SELECT id, g, at, avg(v) OVER (PARTITION BY g ORDER BY at ROWS 9 PRECEDING) AS a FROM t', '1h', 'DIFFERENTIAL')`,
  )
  await analyze(client)
  await client.query(
    `INSERT INTO t SELECT 300000 + i, 2, 2, timestamptz '2027-01-01' + i * interval '1 minute', 100000 + i, i % 5 FROM generate_series(1, 1500) AS i`,
  )
  const before = await rowsRead(client, ['t'])
  await client.query(`SELECT pgstream.refresh_stream_table('st')`)
  // Each new row is looked for from its own place, met by ten others, and read.
  expect((await rowsRead(client, ['t'])) - before).toBeLessThan(30_000)
  await expectEqual(client, 'st')
  await client.query(`SELECT pgstream.drop_stream_table('st')`)
})

test('the index that is missing is named, and serves once it is there', async () => {
  const { client } = database
  await client.query(`CREATE TABLE u (id int PRIMARY KEY, "Sensor" int NOT NULL, at timestamptz NOT NULL, v int NOT NULL);
    CREATE INDEX ON u (at); CREATE INDEX ON u ("Sensor"); CREATE INDEX ON u ("Sensor", at DESC NULLS LAST);
    INSERT INTO u SELECT i, i % 2, timestamptz '2026-01-01' + i * interval '1 minute', i FROM generate_series(1, 20000) AS i`)
  const query = 'SELECT id, v - lag(v) OVER (PARTITION BY "Sensor" ORDER BY at) AS d FROM u'
  await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
  const recommended = async () =>
    (await client.query(`SELECT columns, reason, statement FROM pgstream.recommend_indexes('st')`)).rows
  const [asked] = await recommended()
  expect(asked).toEqual({
    columns: ['Sensor', 'at'],
    reason:
      'without it all rows of a touched partition are computed anew, instead of those near the change or behind it',
    statement: 'CREATE INDEX CONCURRENTLY ON public.u ("Sensor", at)',
  })
  const { rows } = await client.query(
    `SELECT value FROM pgstream.explain_st('st') WHERE property = 'missing index'`,
  )
  expect(rows).toEqual([
    {
      value:
        'public.u ("Sensor", at): without it all rows of a touched partition are computed anew, instead of those near the change or behind it',
    },
  ])
  const change = async (id: number) => {
    await client.query(`UPDATE u SET v = v + 1 WHERE id = ${id}`)
    const before = await rowsRead(client, ['u'])
    await client.query(`SELECT pgstream.refresh_stream_table('st')`)
    const read = (await rowsRead(client, ['u'])) - before
    await expectEqual(client, 'st')
    return read
  }
  expect(await change(500)).toBeGreaterThan(5000)
  await client.query(asked.statement)
  expect(await recommended()).toEqual([])
  await change(600)
  await analyze(client)
  expect(await change(700)).toBeLessThan(FEW)
  const indexes = async () =>
    (
      await client.query(
        `SELECT pg_get_indexdef(indexrelid) AS def FROM pg_index WHERE indrelid::regclass::text ~ '^pgstream_state.state_' ORDER BY 1`,
      )
    ).rows
  const made = await indexes()
  await client.query('DROP INDEX "u_Sensor_at_idx1"')
  expect(await change(800)).toBeGreaterThan(5000)
  await client.query(asked.statement)
  await change(900)
  expect(await change(1000)).toBeLessThan(FEW)
  expect(await indexes()).toEqual(made)
})
