/** The first rows of large partitions, where an index has their order: what a refresh reads, and that it is right. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { analyze } from '../support/analyze.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { changesThatReadMore } from './rows-read.ts'

let database: FreshDatabase

/** Rows that one refresh may read or fetch, of all tables together; a partition has 8,000. */
const FEW = 100

const QUERIES: Readonly<Record<string, string>> = {
  'row_number() <= k':
    'SELECT g, id, x, n FROM (SELECT g, id, x, row_number() OVER (PARTITION BY g ORDER BY x DESC) AS n FROM t) AS q WHERE n <= 3',
  'row_number() < k, its number not shown':
    'SELECT g, x FROM (SELECT g, x, row_number() OVER (PARTITION BY g ORDER BY x) AS n FROM t) AS q WHERE 4 > n AND x > 5',
  'row_number() = 2':
    'SELECT g, x FROM (SELECT g, x, row_number() OVER (PARTITION BY g ORDER BY x, id) AS n FROM t) AS q WHERE n = 2',
  'rank() <= k, with ties':
    'SELECT g, id FROM (SELECT g, id, rank() OVER w AS n, dense_rank() OVER w AS d FROM t WINDOW w AS (PARTITION BY g ORDER BY x DESC)) AS q WHERE n <= 3 AND d < 3',
  'the key is not shown':
    'SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY g ORDER BY x DESC) AS n FROM t) AS q WHERE n <= 3',
  'of all rows':
    'SELECT id, x FROM (SELECT id, x, row_number() OVER (ORDER BY x DESC, id) AS n FROM t) AS q WHERE n <= 10',
  'joined with a table':
    'SELECT q.g, q.id, u.name FROM (SELECT g, id, row_number() OVER (PARTITION BY g ORDER BY x DESC) AS n FROM t) AS q JOIN u ON u.id = q.g WHERE q.n <= 2',
  aggregated:
    'SELECT n, sum(x) AS s FROM (SELECT x, row_number() OVER (PARTITION BY g ORDER BY x DESC) AS n FROM t) AS q WHERE n <= 3 GROUP BY n',
  'of a lateral subquery':
    'SELECT u.id, s.x FROM u CROSS JOIN LATERAL (SELECT t.x FROM t WHERE t.g = u.id ORDER BY x DESC LIMIT 2) AS s',
  'DISTINCT ON': 'SELECT DISTINCT ON (g) g, id, x FROM t ORDER BY g, x DESC',
}

const CHANGES = (n: number): readonly string[] => [
  `UPDATE t SET x = 1000000 + ${n} WHERE id = ${n}`,
  `UPDATE t SET x = x - 2000000 WHERE id = ${n}`,
  `INSERT INTO t SELECT 100000 + ${n} + i, i, 900000 + ${n} * 10 + i FROM generate_series(0, 4) AS i`,
  `INSERT INTO t SELECT 200000 + ${n} + i, 3, 910000 + ${n} * 10 + i FROM generate_series(0, 4) AS i`,
  `DELETE FROM t WHERE id >= 100000`,
  `UPDATE t SET g = 1 WHERE id = ${n}`,
  `UPDATE u SET name = name || 'x' WHERE id = 2`,
]

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`SET client_min_messages = warning;
    CREATE TABLE t (id int PRIMARY KEY, g int NOT NULL, x int NOT NULL);
    CREATE TABLE u (id int PRIMARY KEY, name text);
    INSERT INTO t SELECT i, i % 5, i * 7919 % 100003 FROM generate_series(1, 40000) AS i;
    INSERT INTO u SELECT i, 'u' || i FROM generate_series(0, 5) AS i;
    CREATE INDEX ON t (g, x); CREATE INDEX ON t (x); ANALYZE`)
})

afterAll(async () => {
  await database?.close()
})

test.each(Object.entries(QUERIES))('%s', async (label, query) => {
  const changes = CHANGES(10 + Object.keys(QUERIES).indexOf(label) * 10)
  const many = await changesThatReadMore(database.client, { query, changes, tables: ['t', 'u'], few: FEW })
  expect(many).toEqual([])
})

test('what is kept are the first rows', async () => {
  const { client } = database
  await client.query(
    `SELECT pgstream.create_stream_table('kept', 'SELECT n, count(*) AS k FROM (SELECT row_number() OVER (PARTITION BY g ORDER BY x) AS n FROM t) AS q WHERE n <= 3 GROUP BY n', '1h', 'DIFFERENTIAL')`,
  )
  await analyze(client)
  const { rows } = await client.query(
    `SELECT max(reltuples)::int AS n FROM pg_class WHERE relname ~ '^state_' AND relkind = 'r'`,
  )
  expect(rows).toEqual([{ n: 15 }])
})
