/** Windows that run from the first row on: what a refresh reads of partitions of 10,000 rows, and that it is right. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { changesThatReadMore } from './rows-read.ts'

let database: FreshDatabase

/** Rows that one refresh may read or fetch, of all tables together. */
const FEW = 700

/** Changes in the last hundred rows of each partition, where `down` is by descending order in the first. */
const NEAR_END = (n: number): readonly string[] => [
  `UPDATE t SET v = v + 1 WHERE id = ${39900 + n}`,
  `UPDATE t SET at = at + interval '1 second' WHERE id = ${39850 + n}`,
  `INSERT INTO t SELECT 100000 + ${n}, 2, 2, max(at) + interval '1 minute', 7, true FROM t`,
  `DELETE FROM t WHERE id IN (${39800 + n}, ${39900 + n})`,
  `UPDATE t SET g = 1, h = NULL WHERE id = ${39880 + n}`,
]

const READ: Readonly<Record<string, string>> = {
  'sum and count': `SELECT id, g, at, sum(v) OVER w AS s, count(*) FILTER (WHERE v > 3) OVER w AS n FROM t WINDOW w AS (PARTITION BY g ORDER BY at)`,
  'their place not shown': `SELECT id, sum(v) OVER (PARTITION BY g ORDER BY at) AS s FROM t`,
  'a key that may be NULL': `SELECT id, h, at, max(id) OVER (PARTITION BY h ORDER BY at ROWS UNBOUNDED PRECEDING) AS m FROM t`,
  'row_number() and rank()': `SELECT id, g, at, row_number() OVER (PARTITION BY g ORDER BY at, v DESC) AS n, rank() OVER (PARTITION BY g ORDER BY at) AS r FROM t`,
  'extremes of numeric and text': `SELECT id, g, at, min(id * 0.5) OVER w AS m, max(id::text) OVER w AS t, max(-v / 7.0::float8) OVER w AS f FROM t WINDOW w AS (PARTITION BY g ORDER BY at)`,
  'of all rows': `SELECT id, at, sum(v) OVER (ORDER BY at) AS s, bool_or(b) OVER (ORDER BY at) AS b FROM t`,
  'a filter below and one above': `SELECT id, g, s FROM (SELECT id, g, at, sum(v) OVER (PARTITION BY g ORDER BY at) AS s FROM t WHERE v <> 3) AS q WHERE s % 2 = 0`,
  'over another window': `SELECT id, sum(f) OVER (PARTITION BY g ORDER BY at) AS session FROM (
    SELECT id, g, at, CASE WHEN at - lag(at) OVER (PARTITION BY g ORDER BY at) <= interval '4 minutes' THEN 0 ELSE 1 END AS f FROM t) AS q`,
  sessions: `SELECT g, session, count(*) AS n, min(at) AS since, max(at) AS till FROM (
    SELECT g, at, sum(f) OVER (PARTITION BY g ORDER BY at) AS session FROM (
      SELECT g, at, CASE WHEN at - lag(at) OVER (PARTITION BY g ORDER BY at) <= interval '4 minutes' THEN 0 ELSE 1 END AS f FROM t) AS q) AS r
    GROUP BY g, session`,
}

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`SET client_min_messages = warning;
    CREATE TABLE t (id int PRIMARY KEY, g int NOT NULL, h int, at timestamptz NOT NULL, v int NOT NULL, b boolean);
    INSERT INTO t SELECT i, i % 4, nullif(i % 4, 3), timestamptz '2026-01-01' + i * interval '1 minute' + (i / 500) * interval '1 hour', i % 17, i > 39000 FROM generate_series(1, 40000) AS i;
    CREATE INDEX ON t (g, at); CREATE INDEX ON t (h, at DESC); CREATE INDEX ON t (at);
    CREATE TABLE x (id int PRIMARY KEY, g int, at int NOT NULL, at2 int, v numeric, i int, s smallint, l bigint, b boolean, d date, ts timestamp);
    CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE bag (g int, at int NOT NULL, i int, j json); CREATE INDEX ON bag (g, at);
    CREATE INDEX ON x (g, at); CREATE INDEX ON x (at); ANALYZE`)
})

afterAll(async () => {
  await database?.close()
})

describe('near the end few rows are read', () => {
  test.each(Object.entries(READ))('%s', async (label, query) => {
    const changes = NEAR_END(1 + Object.keys(READ).indexOf(label))
    const many = await changesThatReadMore(database.client, { query, changes, tables: ['t'], few: FEW })
    expect(many).toEqual([])
  })
})

const EXACT: Readonly<Record<string, string>> = {
  sums: `SELECT id, g, at, sum(v) OVER w AS v, sum(i) OVER w AS i, sum(s) OVER w AS s, sum(l) OVER w AS l, count(v) OVER w AS n FROM x WINDOW w AS (PARTITION BY g ORDER BY at)`,
  extremes: `SELECT id, g, at, min(i) OVER w AS i, max(l) OVER w AS l, max(d) OVER w AS d, min(ts) OVER w AS ts, bool_and(b) OVER w AS a, bool_or(b) OVER w AS o, every(b) OVER w AS e
    FROM x WINDOW w AS (PARTITION BY g ORDER BY at)`,
  // Of equal values that are written in several ways PostgreSQL keeps the later.
  'extremes of any type': `SELECT id, g, at, min(v) OVER w AS v, max(v) OVER w AS x, max(v::float8) OVER w AS f, min(v::real) OVER w AS r, min(v::text) OVER w AS t, max(v::text COLLATE "C") OVER w AS c,
    min(CASE id % 2 WHEN 0 THEN 1.5 ELSE 1.500 END) OVER w AS same, max(CASE id % 3 WHEN 0 THEN '-0'::float8 ELSE 0 END) OVER w AS zero, min(CASE id % 3 WHEN 0 THEN interval '1 day' ELSE '24 hours' END) OVER w AS day,
    max(CASE id % 3 WHEN 0 THEN 'a' ELSE 'A' END COLLATE blind) OVER w AS letter FROM x WINDOW w AS (PARTITION BY g ORDER BY at, id)`,
  'down, row by row': `SELECT id, sum(v) OVER w AS v, row_number() OVER w AS n, dense_rank() OVER w AS r, count(*) OVER w AS c FROM x WINDOW w AS (PARTITION BY g ORDER BY at DESC, at2 NULLS FIRST, id ROWS UNBOUNDED PRECEDING)`,
  'of ties': `SELECT id, at2, dense_rank() OVER (PARTITION BY g ORDER BY at, at2 DESC) AS r, rank() OVER (PARTITION BY g ORDER BY at, at2 DESC) AS k, rank() OVER (PARTITION BY g ORDER BY at) AS a, sum(i) OVER (PARTITION BY g ORDER BY at, at2 NULLS FIRST GROUPS UNBOUNDED PRECEDING) AS s,
    sum(i) FILTER (WHERE i > 2) OVER (PARTITION BY g ORDER BY at, -id ROWS UNBOUNDED PRECEDING) AS f FROM x`,
  'of all rows': `SELECT id, sum(v) OVER (ORDER BY at) AS s, min(i) OVER (ORDER BY at, id) AS m FROM x`,
  'over groups': `SELECT g, at, n, sum(n) OVER (PARTITION BY g ORDER BY at) AS s FROM (SELECT g, at, count(*) AS n FROM x GROUP BY g, at) AS q`,
  'of all groups': `SELECT at, n, sum(n) OVER (ORDER BY at) AS s, row_number() OVER (ORDER BY at) AS r FROM (SELECT at, count(*) AS n FROM x GROUP BY at) AS q`,
  'over a join, grouped': `SELECT s, count(*) AS n FROM (SELECT a.g, sum(a.i) OVER (PARTITION BY a.g ORDER BY a.at) AS s FROM (SELECT DISTINCT g, at, i FROM x) AS a JOIN x AS b ON a.at = b.id) AS q GROUP BY s`,
  'of rows that nothing tells apart': `SELECT g, at, i, sum(i) OVER w AS s, count(i) OVER w AS c, min(-i) OVER w AS m FROM bag WINDOW w AS (PARTITION BY g ORDER BY at, i ROWS UNBOUNDED PRECEDING)`,
  'of rows that nothing tells apart, counted': `SELECT g, at, i, rank() OVER (PARTITION BY g ORDER BY at) AS r, rank() OVER w AS k, count(i) OVER w AS c, min(-i) OVER w AS m, max(i) OVER w AS x, row_number() OVER w AS n, bool_and(i < 5) OVER w AS b, sum(i) OVER (PARTITION BY g ORDER BY at) AS s
    FROM bag WINDOW w AS (PARTITION BY g ORDER BY at, i ROWS UNBOUNDED PRECEDING)`,
  'of expressions, filtered': `SELECT id, s FROM (SELECT id, sum(i * 2) OVER (PARTITION BY g % 2 ORDER BY at) AS s FROM (SELECT id, g % 2 AS g, at, i FROM x WHERE i <> 4) AS y) AS q WHERE s > 5`,
}

const ROW = (id: string) =>
  `SELECT ${id}, nullif(${id} % 3, 2), ${id} * 7 % 11, nullif(${id} % 4, 1), CASE ${id} % 5 WHEN 0 THEN NULL WHEN 1 THEN 1.50 ELSE ${id} END, nullif(${id} % 7, 3), ${id} % 9, ${id}, nullif(${id} % 6, 2) > 0,
    date '2026-01-01' + ${id} % 8, timestamp '2026-01-01' + ${id} % 5 * interval '1 hour'`

const CHANGES = [
  `INSERT INTO x ${ROW('i')} FROM generate_series(1, 40) AS i`,
  `INSERT INTO x ${ROW('i')} FROM generate_series(41, 44) AS i`,
  `INSERT INTO bag SELECT i % 2, i % 4, i % 3, '1' FROM generate_series(1, 30) AS i, generate_series(1, 3)`,
  `INSERT INTO bag SELECT 1, 4, i % 3, '1' FROM generate_series(1, 5) AS i; INSERT INTO bag VALUES (0, 3, 2, '2')`,
  `DELETE FROM bag WHERE ctid IN (SELECT max(ctid) FROM bag GROUP BY g)`,
  `INSERT INTO bag VALUES (0, 2, -7, '2'), (1, 5, 0, '3')`,
  'UPDATE x SET v = v + 0.001, i = NULL, b = NULL WHERE id IN (7, 20)',
  'UPDATE x SET at = at - 3 WHERE id IN (11, 30, 31)',
  'UPDATE x SET g = CASE g WHEN 0 THEN NULL WHEN 1 THEN 0 ELSE 1 END WHERE id % 5 = 0',
  'DELETE FROM x WHERE at = (SELECT min(at) FROM x)',
  'DELETE FROM x WHERE at = (SELECT max(at) FROM x)',
  `UPDATE x SET v = 'NaN' WHERE id = 23; UPDATE x SET at2 = NULL WHERE id = 24`,
  `UPDATE x SET v = 2 WHERE id = 23; DELETE FROM x WHERE g IS NULL; INSERT INTO x ${ROW('i')} FROM generate_series(100, 103) AS i`,
  'UPDATE x SET g = 0',
  'UPDATE x SET i = i + 1, v = -v WHERE at > 6',
  'DELETE FROM x WHERE id < 30',
  'DELETE FROM x',
  `INSERT INTO x ${ROW('i')} FROM generate_series(1, 3000) AS i`,
  'UPDATE x SET at = at + 1 WHERE id % 2 = 0',
]

test('after every change the rows are those of the query, with the same digits', async () => {
  const { client } = database
  for (const [name, query] of Object.entries(EXACT))
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
      `"running ${name}"`,
      query,
    ])
  const failures: string[] = []
  for (const change of CHANGES) {
    await client.query(change)
    for (const name of Object.keys(EXACT))
      try {
        await expectExact(client, `"running ${name}"`, { image: true })
      } catch (error) {
        failures.push(`${name} after ${change}: ${(error as Error).message.slice(0, 600)}`)
      }
  }
  expect(failures).toEqual([])
}, 120_000)
