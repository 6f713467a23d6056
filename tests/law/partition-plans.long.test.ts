/** One changed row among many: nothing reads a table, or what is kept of it, whole. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { analyze } from '../support/analyze.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase
const plans: string[] = []

beforeAll(async () => {
  database = await freshDatabase()
  const { client } = database
  await client.query(`CREATE TABLE t (id int PRIMARY KEY, g int NOT NULL, h int, x numeric, y int, s text);
    INSERT INTO t SELECT i, i % 1000, i % 777, i, i % 13, md5(i::text) FROM generate_series(1, 100000) AS i;
    CREATE INDEX ON t (g); CREATE INDEX ON t (h); CREATE INDEX ON t (x)`)
  await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
    SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off`)
  client.on('notice', ({ message }) => plans.push(message ?? ''))
})

afterAll(async () => {
  await database?.close()
})

const QUERIES: Readonly<Record<string, string>> = {
  'aggregates computed anew':
    "SELECT g, string_agg(s, ',' ORDER BY id) AS s, count(DISTINCT y) AS d FROM t GROUP BY g",
  'a window over a key': 'SELECT id, g, row_number() OVER (PARTITION BY g ORDER BY x) AS n FROM t',
  'a window over a key that is not shown':
    'SELECT id, row_number() OVER (PARTITION BY g ORDER BY x) AS n FROM t',
  'a window over a key that may be NULL': 'SELECT id, h, sum(y) OVER (PARTITION BY h) AS n FROM t',
  'two windows':
    'SELECT id, g, row_number() OVER (PARTITION BY g ORDER BY x) AS n, sum(y) OVER (PARTITION BY h) AS m FROM t',
  'DISTINCT ON': 'SELECT DISTINCT ON (g) g, id, x FROM t ORDER BY g, x DESC',
  'LIMIT in the order of an index': 'SELECT id, x FROM t ORDER BY x DESC LIMIT 10',
  'the first rows of each':
    'SELECT g, id FROM (SELECT g, id, row_number() OVER (PARTITION BY g ORDER BY x DESC) AS n FROM t) AS q WHERE n <= 3',
  'an aggregate over a window':
    "SELECT n, string_agg(s, ',' ORDER BY s) AS s FROM (SELECT s, row_number() OVER (PARTITION BY g ORDER BY x DESC) AS n FROM t) AS q GROUP BY n",
}

test.each(Object.entries(QUERIES))('%s', async (label, query) => {
  const { client } = database
  const name = `p${Object.keys(QUERIES).indexOf(label)}`
  await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [name, query])
  await analyze(client)
  for (const id of [7, 77]) {
    await client.query(`UPDATE t SET y = y + 1, x = x + 0.5 WHERE id = ${id}`)
    await client.query('SET client_min_messages = log')
    plans.length = 0
    await client.query('SELECT pgstream.refresh_stream_table($1)', [name])
    await client.query('RESET client_min_messages')
    expect(plans.some((plan) => plan.includes('stage_1_touched'))).toBe(true)
    const lines = plans.flatMap((plan) => plan.split('\n'))
    expect(
      lines.filter((line) => /actual rows=\d{5,}|loops=\d{5,}|Removed by Filter: \d{5,}/.test(line)),
    ).toEqual([])
  }
})
