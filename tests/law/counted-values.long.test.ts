/** What a refresh reads when one row of large groups changed, whose DISTINCT values are counted. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { analyze } from '../support/analyze.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { changesThatReadMore } from './rows-read.ts'

let database: FreshDatabase

/** Rows that one refresh may read or fetch, of all tables together; a group has 8,000. */
const FEW = 400

const QUERIES: Readonly<Record<string, string>> = {
  'one column': 'SELECT kind, count(DISTINCT c) AS n FROM o GROUP BY kind',
  'several columns':
    'SELECT kind, count(DISTINCT c) AS n, sum(DISTINCT amount) AS s, avg(DISTINCT c) FILTER (WHERE amount > 3) AS a FROM o GROUP BY kind',
  'beside other aggregates':
    'SELECT kind, count(*) AS n, count(DISTINCT tag) AS t, sum(amount) AS s, sum(DISTINCT amount) AS d FROM o GROUP BY kind',
  'of a whole table': 'SELECT count(*) AS n, count(DISTINCT tag) AS t, count(DISTINCT (c, kind)) AS p FROM o',
  'whose equals differ':
    'SELECT kind, count(DISTINCT (amount - 3)::float8) AS n, count(DISTINCT amount / 3) AS m, sum(DISTINCT amount / 7) AS s FROM o GROUP BY kind',
  'of a join':
    'SELECT o.kind, count(DISTINCT c.name) AS n, count(*) AS k FROM o JOIN c ON c.id = o.c GROUP BY o.kind',
  'in a scalar subquery':
    'SELECT c.id, (SELECT count(DISTINCT kind) FROM o WHERE o.c = c.id) AS n, (SELECT sum(amount) + count(DISTINCT amount) FROM o WHERE o.c = c.id) AS m FROM c',
  'of each grouping set': 'SELECT kind, amount, count(DISTINCT c) AS n FROM o GROUP BY ROLLUP (kind, amount)',
}

/** `n`: another row in each test. */
const CHANGES = (n: number): readonly string[] => [
  `UPDATE o SET amount = amount + 1, kind = 'k9' WHERE id = ${n}`,
  `UPDATE c SET name = 'z' || id WHERE id = ${n + 500}`,
  `DELETE FROM o WHERE id = ${n + 1000}`,
  `INSERT INTO o VALUES (${n + 1000000}, 1, 0, 'k1', NULL)`,
  `UPDATE o SET amount = amount + 1, c = c + 1 WHERE id = ${n + 2000}; UPDATE c SET name = 'z' || id WHERE id = ${n + 501}`,
]

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`SET client_min_messages = warning;
    CREATE TABLE c (id int PRIMARY KEY, name text);
    CREATE TABLE o (id int PRIMARY KEY, c int, amount numeric(10, 2), kind text NOT NULL, tag text);
    CREATE INDEX ON o (c);
    INSERT INTO c SELECT i, 'n' || i FROM generate_series(1, 20000) AS i;
    INSERT INTO o SELECT i, i % 24000, i % 500, 'k' || i % 5, CASE WHEN i % 9 > 0 THEN 't' || i END FROM generate_series(1, 40000) AS i`)
})

afterAll(async () => {
  await database?.close()
})

test.each(Object.entries(QUERIES))('%s', async (label, query) => {
  const changes = CHANGES(10 + Object.keys(QUERIES).indexOf(label) * 10)
  const many = await changesThatReadMore(database.client, { query, changes, tables: ['c', 'o'], few: FEW })
  expect(many).toEqual([])
})

test('many changed rows are not compared pair by pair where a column of the key may be NULL', async () => {
  const { client } = database
  await client.query(`CREATE TABLE d (id int PRIMARY KEY, g int NOT NULL, c int);
    INSERT INTO d SELECT i, i % 4, nullif(i % 24000, 7) FROM generate_series(1, 100000) AS i;
    LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
    SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off`)
  const plans: string[] = []
  client.on('notice', ({ message }) => plans.push(message ?? ''))
  for (const query of [
    'SELECT DISTINCT g, c FROM d',
    'SELECT g, count(DISTINCT c) AS n FROM d GROUP BY g',
    'SELECT g, c, count(*) AS n FROM d GROUP BY g, c',
  ]) {
    await client.query(`SELECT pgstream.create_stream_table('many', $1, '1h', 'DIFFERENTIAL')`, [query])
    await analyze(client)
    await client.query('UPDATE d SET c = c + 1 WHERE id <= 5000')
    await client.query('SET client_min_messages = log')
    await client.query(`SELECT pgstream.refresh_stream_table('many')`)
    await client.query('SET client_min_messages = warning')
    await expectEqual(client, 'many')
    await client.query(`SELECT pgstream.drop_stream_table('many')`)
  }
  const lines = plans.flatMap((plan) => plan.split('\n'))
  expect(lines.some((line) => line.includes('stage_1_change'))).toBe(true)
  expect(lines.filter((line) => /Removed by (?:Join )?Filter: \d{6,}|actual rows=\d{6,}/.test(line))).toEqual(
    [],
  )
})
