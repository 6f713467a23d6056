/** Where all finite values of an expression have one scale, a sum of it keeps no count of scales; elsewhere it does. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`
    CREATE DOMAIN price AS numeric(8,2);
    CREATE DOMAIN small_price AS price;
    CREATE TYPE amount AS (value numeric(8,2));
    CREATE TABLE t (id int PRIMARY KEY, a numeric(8,2), b numeric(8,3), h numeric(8,-2), n numeric, i int, l bigint, s smallint,
      f float8, d small_price, r amount, e numeric(8,2)[], w numeric(1000,1000));
    INSERT INTO t VALUES
      (1, 1, 1, 100, 1, 1, 1, 1, 1.5, 1, ROW(1), '{1}', 1e-1000), (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, ROW(0), '{0}', 0),
      (3, -12.34, -1.234, -1200, 1.2345, -12, 12, 3, 1e-7, 12.3, ROW(12.345), '{1.234}', 0),
      (4, 'NaN', 'NaN', 'NaN', 'NaN', 4, 4, 4, 'NaN', 'NaN', ROW('NaN'), '{NaN}', 'NaN');
    INSERT INTO t (id) VALUES (5)`)
})

afterAll(async () => {
  await database?.close()
})

/** By expression over t; null: the scale is counted. */
const SCALES: Readonly<Record<string, number | null>> = {
  a: 2,
  b: 3,
  h: 0,
  n: null,
  d: 2,
  '(r).value': null,
  'e[1]': null,
  '+a': 2,
  '-a': 2,
  '@ a': 2,
  'a + b': 3,
  'a - 1': 2,
  'a - 1.2345': 4,
  'a * (1 - b)': 5,
  'a * a * a': 6,
  'a * n': null,
  'n * 2 * 2': null,
  'n - n': null,
  'w * w': null,
  'a / 2': null,
  'a % 2': null,
  'a ^ 2': null,
  'i::numeric': 0,
  'l * 1.5': 1,
  's * a': 2,
  'f::numeric': null,
  'f::numeric(20,4)': 4,
  'n::numeric(8,1)': 1,
  'n::numeric(8,-1)': 0,
  'a::numeric': 2,
  'd + 0.000': 3,
  'round(n, 3)': 3,
  'round(n, -2)': 0,
  'round(n, i)': null,
  'trunc(n, 1)': 1,
  'round(n)': 0,
  'trunc(n)': 0,
  'ceil(n)': 0,
  'floor(n)': 0,
  'abs(a)': 2,
  'abs(n)': null,
  'sqrt(abs(a))': null,
  'coalesce(a, 0)': null,
  'coalesce(a, 0.00)': 2,
  'coalesce(n, 0)': null,
  'nullif(a, 0)': 2,
  'greatest(a, 1.00, a * 1)': 2,
  'least(a, b)': null,
  'CASE WHEN i > 0 THEN a ELSE -a END': 2,
  'CASE WHEN i > 0 THEN a END': 2,
  'CASE WHEN n > 0 THEN a ELSE b END': null,
  'CASE i WHEN 1 THEN a WHEN 2 THEN 1.25 ELSE NULL END': 2,
  "a + 'NaN'::numeric": 0,
  "extract(year FROM date '2020-01-01' + i)": 0,
  "extract(century FROM timestamp '2020-01-01' + i * interval '1 year')": 0,
  "extract(minute FROM time '10:00' + i * interval '1 minute')": 0,
  "extract(second FROM time '10:00' + i * interval '1 minute')": null,
  "extract(epoch FROM timestamp '2020-01-01' + i * interval '1 year')": null,
}

test.each(Object.entries(SCALES))('sum(%s)', async (expression, scale) => {
  expect(await counts(`SELECT sum(${expression}) AS s FROM t`)).toBe(scale === null)
  if (scale === null) return
  const { rows } = await database.client.query(
    `SELECT DISTINCT scale(${expression}) AS scale FROM t WHERE scale(${expression}) IS NOT NULL`,
  )
  expect(rows.every((row) => row.scale === scale)).toBe(true)
})

/** By a query of the column x in FROM. */
const BELOW: Readonly<Record<string, boolean>> = {
  'SELECT i AS k, sum(a) AS x FROM t GROUP BY i': false,
  'SELECT i AS k, sum(l) AS x FROM t GROUP BY i': false,
  'SELECT i AS k, max(a) AS x FROM t GROUP BY i': false,
  'SELECT i AS k, avg(a) AS x FROM t GROUP BY i': true,
  'SELECT i AS k, sum(n) AS x FROM t GROUP BY i': true,
  'SELECT a * 2 AS x, count(*) AS k FROM t GROUP BY a * 2': false,
  'SELECT a AS x FROM t UNION ALL SELECT a + 1 FROM t': false,
  'SELECT a AS x FROM t UNION ALL SELECT b FROM t': true,
  'SELECT a AS x FROM t UNION ALL SELECT i FROM t': true,
  'SELECT t.a * u.a AS x FROM t JOIN t AS u USING (id) WHERE t.i > 0': false,
  'SELECT v.x FROM t JOIN (VALUES (1, 1.5), (2, 0.1), (3, NULL)) AS v(id, x) USING (id)': false,
  'SELECT v.x FROM t JOIN (VALUES (1, 1.5), (2, 1)) AS v(id, x) USING (id)': true,
}

test.each(Object.entries(BELOW))('sum(x) over (%s)', async (query, counted) => {
  expect(await counts(`SELECT sum(x) AS s FROM (${query}) AS q`)).toBe(counted)
})

/** By key: may its groups be read anew for how it is written? */
const KEYS: Readonly<Record<string, boolean>> = {
  n: true,
  'a * 2': false,
  'n / 2': true,
  "extract(year FROM date '2020-01-01' + i)": false,
  "extract(second FROM time '10:00' + i * interval '1 minute')": true,
}

test.each(Object.entries(KEYS))('a key of one scale is written in one way: %s', async (key, isDoubtful) => {
  const { client } = database
  const query = `SELECT ${key} AS k, sum(l) AS s FROM t GROUP BY 1`
  await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
  const { rows } = await client.query(
    `SELECT plan::text ~ '_redo_' AS redoes FROM pgstream.pgs_stream_tables WHERE pgs_name = 'st'`,
  )
  await client.query('UPDATE t SET i = i + 400, n = n + 1.00 WHERE id < 3; DELETE FROM t WHERE id = 4')
  await client.query(`SELECT pgstream.refresh_stream_table('st')`)
  await expectEqual(client, 'st')
  await client.query(`SELECT pgstream.drop_stream_table('st')`)
  expect(rows[0]?.redoes).toBe(isDoubtful)
})

/** Does the stream table of this query keep a count of scales? */
async function counts(query: string): Promise<boolean> {
  const { client } = database
  await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
  const { rows } = await client.query(
    `SELECT plan::text ~ '\\mscales_' AS counts FROM pgstream.pgs_stream_tables WHERE pgs_name = 'st'`,
  )
  await client.query(`SELECT pgstream.drop_stream_table('st')`)
  return rows[0]?.counts
}
