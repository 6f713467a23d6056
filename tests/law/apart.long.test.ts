/**
 * What is stored and what changed, read together in statements for many changes: no node of a plan goes through all that changed
 * for each row of another. Joins of windows, of groups by other columns than their keys and of one table with itself, windows
 * and first rows over joins of groups, recursion. Under the oracle, a few changes and many, in one source and in several.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { analyze } from '../support/analyze.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { PlansOf } from './rows-through.ts'

let db: FreshDatabase
let plans: PlansOf

beforeAll(async () => {
  db = await freshDatabase()
  await db.client.query(`CREATE TABLE customers (id int PRIMARY KEY, region int, segment text COLLATE "C", since int NOT NULL);
    INSERT INTO customers SELECT i, nullif(i % 10, 3), nullif('s' || i % 7, 's2'), i % 3 FROM generate_series(1, 10000) AS i`)
  for (const table of ['a', 'b'])
    await db.client.query(`CREATE TABLE ${table} (id int PRIMARY KEY, customer int, v int, w numeric);
      INSERT INTO ${table} SELECT i, nullif(1 + i * 7 % 9900, 7), i % 10, CASE WHEN i % 2 = 0 THEN i % 50 ELSE i % 50 + 0.0 END
        FROM generate_series(1, 30000) AS i;
      CREATE INDEX ON ${table} (customer)`)
  plans = await PlansOf.watch(db.client)
})

afterAll(() => db.close())

const sum = (table: string) => `(SELECT customer, sum(v) AS s, count(*) AS n FROM ${table} GROUP BY customer)`
const numbered = (table: string) =>
  `(SELECT customer, id, w, row_number() OVER (PARTITION BY customer ORDER BY v, id) AS r FROM ${table})`

const QUERIES: Readonly<Record<string, string>> = {
  'windows of each other': `SELECT a.customer, a.id, b.id AS other, a.w FROM ${numbered('a')} AS a
    JOIN ${numbered('b')} AS b ON b.customer = a.customer AND b.r = a.r`,
  'padded windows': `SELECT a.customer, a.id, b.id AS other, b.w FROM ${numbered('a')} AS a
    LEFT JOIN ${numbered('b')} AS b ON b.customer = a.customer AND b.r = a.r`,
  'a window padded with rows of its table': `SELECT a.customer, a.id, b.id AS other, b.r FROM ${numbered('a')} AS a
    LEFT JOIN ${numbered('a')} AS b ON b.customer = a.customer AND b.r = a.r + 1 AND b.w > 3`,
  'three windows and a table': `SELECT a.id, b.id AS b, c.id AS c, d.region FROM ${numbered('a')} AS a
    JOIN ${numbered('b')} AS b ON b.customer = a.customer AND b.r = a.r
    JOIN ${numbered('a')} AS c ON c.customer = a.customer + 1 AND c.r = a.r JOIN customers AS d ON d.id = a.customer`,
  'one table three times': `SELECT a.id, b.id AS b, c.id AS c, c.w FROM a JOIN a AS b ON b.customer = a.customer AND b.id = a.id + 9900
    JOIN a AS c ON c.customer = b.customer AND c.id = b.id + 9900`,
  'groups of one table': `SELECT a.customer, a.s, b.d, c.m FROM ${sum('a')} AS a
    JOIN (SELECT customer, count(DISTINCT v) AS d FROM a GROUP BY 1) AS b USING (customer)
    LEFT JOIN (SELECT customer, max(w) AS m FROM a WHERE v < 5 GROUP BY 1) AS c USING (customer)`,
  'a window over groups': `SELECT c.region, c.segment, c.id, a.s, sum(b.s) OVER (PARTITION BY c.region, c.segment ORDER BY c.id ROWS 2 PRECEDING) AS w
    FROM customers AS c LEFT JOIN ${sum('a')} AS a ON a.customer = c.id LEFT JOIN ${sum('b')} AS b ON b.customer = c.id`,
  'a window over groups, of a key that is there': `SELECT c.id, a.s, rank() OVER (PARTITION BY c.region, c.since ORDER BY a.s, c.id) AS r
    FROM customers AS c JOIN ${sum('a')} AS a ON a.customer = c.id JOIN ${sum('b')} AS b ON b.customer = c.id`,
  'first rows over groups': `SELECT DISTINCT ON (c.region, c.segment) c.region, c.segment, c.id, a.s FROM customers AS c
    JOIN ${sum('a')} AS a ON a.customer = c.id ORDER BY c.region, c.segment, a.s DESC, c.id`,
  'an extreme over groups': `SELECT c.region, c.segment, max(a.s) AS m, min(b.s) AS l FROM customers AS c
    JOIN ${sum('a')} AS a ON a.customer = c.id LEFT JOIN ${sum('b')} AS b ON b.customer = c.id GROUP BY 1, 2`,
  recursion: `WITH RECURSIVE r AS (SELECT id, customer, 1 AS d FROM a WHERE id <= 2000
      UNION SELECT a.id, a.customer, r.d + 1 FROM r JOIN a ON a.id = r.id + 2000 WHERE r.d < 20)
    SELECT r.id, r.d, c.region FROM r JOIN customers AS c ON c.id = r.customer`,
}

const TABLES = ['a', 'b', 'customers']
/** In many keys: rows that are new, that go, that have another customer, or none. */
const changes = (round: number, many: number, tables: readonly string[]) =>
  tables
    .map((table) =>
      table === 'customers'
        ? `UPDATE customers SET region = nullif(id % 9, 4) WHERE id % ${Math.ceil(20000 / many)} = ${round} % ${Math.ceil(20000 / many)};
           DELETE FROM customers WHERE id % 1000 = ${round}`
        : `INSERT INTO ${table} SELECT ${round * 100000} + j, nullif(j % 10100, 5), j % 7, j % 9 FROM generate_series(1, ${many}) AS j;
           DELETE FROM ${table} WHERE id % ${Math.ceil(60000 / many)} = ${round} % ${Math.ceil(60000 / many)};
           UPDATE ${table} SET v = v + 1, customer = nullif(customer + 1, 12) WHERE id % ${Math.ceil(30000 / many)} = ${round} % ${Math.ceil(30000 / many)}`,
    )
    .join(';\n')

test.each(Object.entries(QUERIES))('%s', { timeout: 120_000 }, async (label, query) => {
  const { client } = db
  const name = `st${Object.keys(QUERIES).indexOf(label)}`
  await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [name, query])
  await analyze(client)
  for (const [round, [many, tables]] of (
    [
      [20, TABLES],
      [2000, TABLES],
      [2000, ['a']],
      [1500, ['a', 'b']],
    ] as const
  ).entries()) {
    const number = 1 + round + 4 * Object.keys(QUERIES).indexOf(label)
    await client.query(`BEGIN; ${changes(number, many, tables)}; COMMIT`)
    const most = await plans.refreshed(name)
    // Up to 6,000 rows change in each table, of up to 80,000 that may be read once. A few may be gone through for each of them.
    const limit = many < 100 ? 1_000_000 : 300_000
    expect([many, tables, Math.min(most, limit)]).toEqual([many, tables, most])
  }
  await client.query(`SELECT pgstream.drop_stream_table($1)`, [name])
})
