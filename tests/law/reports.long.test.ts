/** Queries of reports: with the indexes that recommend_indexes asks for a refresh reads what one row changes. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { analyze } from '../support/analyze.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { changesThatReadMore } from './rows-read.ts'

let database: FreshDatabase

/** Rows that one refresh may read or fetch, of all tables together; each has 20,000. */
const FEW = 200

const TABLES = ['sale', 'price', 'visit', 'lately', 'measure', 'measure_hot']

/** Every tenth row lacks a value of a column that others are found by. */
const SCHEMA = `
  CREATE TABLE sale (id int PRIMARY KEY, product int, at date, amount int, status text);
  CREATE TABLE price (product int, since date, amount numeric(10,2), PRIMARY KEY (product, since));
  CREATE TABLE visit (id int PRIMARY KEY, member int, at timestamptz, until timestamptz);
  CREATE TABLE lately (id int PRIMARY KEY, member int, at date);
  CREATE TABLE measure (sensor int, at timestamp, value float8);
  CREATE TABLE measure_hot (unit text, extra int) INHERITS (measure);
  INSERT INTO sale SELECT i, nullif(i % 2000, 0) + CASE WHEN i % 10 = 0 THEN NULL ELSE 0 END, nullif(date '2024-01-01' + i * 7 % 365, '2024-02-02'), i % 90,
    (ARRAY['open', 'paid', 'sent'])[1 + i % 3] FROM generate_series(1, 20000) AS i;
  INSERT INTO price SELECT 1 + i % 2000, date '2023-12-01' + i / 2000 * 30, i FROM generate_series(1, 20000) AS i;
  INSERT INTO visit SELECT i, nullif(i % 2000, 0), now() - (i % 2000) * interval '1 hour', now() + (i % 700) * interval '1 hour' FROM generate_series(1, 20000) AS i;
  INSERT INTO lately SELECT i, i % 2000, current_date - i % 3 FROM generate_series(1, 20000) AS i;
  INSERT INTO measure SELECT i % 2000, timestamp '2024-01-01' + i * interval '1 minute', i % 77 FROM generate_series(1, 20000) AS i;
  INSERT INTO measure_hot SELECT i % 2000, timestamp '2024-01-01' + i * interval '1 minute', i % 77, 'C' FROM generate_series(1, 20000) AS i`

const SALES = [
  `UPDATE sale SET at = at + 1 WHERE id = 77`,
  `UPDATE sale SET product = product + 1, status = 'paid' WHERE id = 79`,
  `DELETE FROM sale WHERE id = 78`,
  `INSERT INTO sale VALUES (30001, 7, '2024-05-05', 8, 'sent')`,
]
/** Not for groups by product: all without one are a group. */
const UNKNOWN = [`UPDATE sale SET product = 5 WHERE id = 40`, `UPDATE sale SET product = NULL WHERE id = 41`]
const PRICES = [
  `UPDATE price SET amount = amount + 1 WHERE product = 7 AND since = '2023-12-31'`,
  `INSERT INTO price VALUES (8, '2024-03-03', 5)`,
  `DELETE FROM price WHERE product = 9 AND since = '2024-01-30'`,
]
const VISITS = [
  `UPDATE visit SET at = at - interval '1 day' WHERE id = 77`,
  `UPDATE visit SET member = member + 1 WHERE id = 79`,
  `INSERT INTO visit VALUES (30001, 7, now(), now() + interval '1 day')`,
  `DELETE FROM visit WHERE id = 78`,
]
const MEASURES = [
  `UPDATE measure SET value = value + 1 WHERE at = '2024-01-01 01:17'`,
  `UPDATE measure_hot SET sensor = sensor + 1 WHERE at = '2024-01-01 01:19'`,
  `INSERT INTO measure VALUES (7, '2024-02-02', 8)`,
]

/** Conditions in the arms, so that they are no tables to the planner. */
const FEED = `(SELECT product AS k, at AS d, amount AS a FROM sale WHERE status <> 'open' UNION ALL SELECT product, since, amount FROM price WHERE amount > 9)`

const QUERIES: Readonly<Record<string, readonly [query: string, changes: readonly string[]]>> = {
  'the price that held, by a scalar subquery': [
    'SELECT s.id, (SELECT p.amount FROM price p WHERE p.product = s.product AND p.since <= s.at ORDER BY p.since DESC LIMIT 1) AS price FROM sale s',
    [...SALES, ...UNKNOWN, ...PRICES],
  ],
  'the prices that held, LATERAL': [
    'SELECT s.id, p.amount, p.since FROM sale s LEFT JOIN LATERAL (SELECT amount, since FROM price WHERE product = s.product AND since <= s.at ORDER BY since DESC LIMIT 2) AS p ON true',
    [...SALES, ...UNKNOWN, ...PRICES],
  ],
  'how many are above it': [
    'SELECT s.id FROM sale s WHERE (SELECT count(DISTINCT x.amount) FROM sale x WHERE x.product = s.product AND x.amount > s.amount) < 2',
    [...SALES, ...UNKNOWN],
  ],
  'a window over what comes from several tables': [
    `SELECT k, d, a, lag(a) OVER (PARTITION BY k ORDER BY d, a) AS before FROM ${FEED} AS f`,
    [...SALES, ...PRICES],
  ],
  'the most at one time': [
    `SELECT member, max(n) AS most FROM (SELECT member, sum(d) OVER (PARTITION BY member ORDER BY t, d) AS n
      FROM (SELECT member, at AS t, 1 AS d FROM visit UNION ALL SELECT member, until, -1 FROM visit WHERE until IS NOT NULL) AS e) AS x GROUP BY member`,
    VISITS,
  ],
  'texts over what comes from several tables': [
    `SELECT k, string_agg(a::text, ',' ORDER BY d, a) AS amounts FROM ${FEED} AS f GROUP BY k`,
    [...SALES, ...PRICES],
  ],
  'a group of an outer join': [
    `SELECT s.amount, s.product, string_agg(p.amount::text, ',' ORDER BY p.since) AS prices FROM sale s LEFT JOIN price p ON p.product = s.product GROUP BY 1, 2`,
    [...SALES, ...PRICES],
  ],
  'when it was last, and how long ago': [
    `SELECT member, last, CASE WHEN last > now() - interval '7 days' THEN 'active' ELSE 'gone' END AS how FROM (SELECT member, max(at) AS last FROM visit GROUP BY member) AS v`,
    VISITS,
  ],
  'groups by when they were last': [
    `SELECT member, max(at) AS last FROM visit GROUP BY member HAVING max(at) < now() - interval '7 days'`,
    VISITS,
  ],
  'what is of today': [
    'SELECT member, count(*) AS n FROM lately WHERE at >= current_date AND at < current_date + 1 GROUP BY member',
    [
      `UPDATE lately SET member = member + 1 WHERE id = 3`,
      `INSERT INTO lately VALUES (30001, 7, current_date), (30002, 7, current_date - 1)`,
    ],
  ],
  'texts over a table with children': [
    `SELECT sensor, string_agg(value::int::text, ',' ORDER BY at, value) AS v FROM measure GROUP BY sensor`,
    MEASURES,
  ],
  'days without a sale among them, and what comes from groups': [
    `SELECT d, count(s.id) AS n, sum(p.a) AS a FROM generate_series(timestamp '2024-01-01', timestamp '2024-12-31', interval '1 day') AS d
      LEFT JOIN sale s ON s.at >= d AND s.at < d + interval '1 day' LEFT JOIN (SELECT product, sum(amount) AS a FROM price GROUP BY product) AS p ON p.product = s.product GROUP BY d`,
    [...SALES, ...UNKNOWN, ...PRICES.slice(0, 1)],
  ],
  'a subquery under OR, two others beside it': [
    `SELECT s.id, EXISTS (SELECT FROM measure m WHERE m.sensor = s.id AND m.value > 9) AS m,
        EXISTS (SELECT FROM (SELECT product, max(amount) AS a FROM price GROUP BY product) AS p JOIN lately l ON l.member = p.product WHERE p.product = s.product AND l.at = s.at) AS l
      FROM sale s WHERE s.status = 'open' OR s.product IN (SELECT member FROM visit WHERE until IS NULL)`,
    [...SALES, ...PRICES, `UPDATE lately SET member = member + 1, at = at + 1 WHERE id = 7`],
  ],
  'the last of each, of a table with children': [
    `SELECT DISTINCT ON (sensor) sensor, at, value FROM measure ORDER BY sensor, at DESC, value`,
    MEASURES,
  ],
}

beforeEach(async () => {
  database = await freshDatabase()
  await database.client.query(SCHEMA)
})
afterEach(() => database.close())

for (const [name, [query, changes]] of Object.entries(QUERIES))
  test(name, async () => {
    const { client } = database
    await client.query(`SELECT pgstream.create_stream_table('asking', $1, '1h', 'DIFFERENTIAL')`, [query])
    const { rows } = await client.query(`SELECT statement FROM pgstream.recommend_indexes('asking')`)
    for (const { statement } of rows) await client.query(statement)
    expect((await client.query(`SELECT * FROM pgstream.recommend_indexes('asking')`)).rows).toEqual([])
    await client.query(`SELECT pgstream.drop_stream_table('asking')`)
    expect(await changesThatReadMore(client, { query, changes, tables: TABLES, few: FEW })).toEqual([])
    await client.query(`SELECT pgstream.create_stream_table('asking', $1, '1h', 'DIFFERENTIAL')`, [query])
    await client.query('UPDATE sale SET product = product % 5, at = NULL WHERE id % 50 = 0')
    await client.query('UPDATE visit SET member = nullif(member % 5, 0), until = NULL WHERE id % 50 = 0')
    await expectExact(client, 'asking')
  })

test('sums of two months side by side: a fill does not compare all with all', async () => {
  const { client } = database
  await client.query(`
    CREATE TABLE ledger (account int, month date, kind text, amount int);
    INSERT INTO ledger SELECT i % 30000, date '2024-01-01' + (i / 30000) * 31, 'k' || i % 2, i FROM generate_series(0, 59999) AS i; ANALYZE ledger`)
  const month = (first: string) => `(SELECT account, s FROM m WHERE month = '${first}' AND kind = 'k0')`
  await client.query(`SET statement_timeout = '20s'`)
  await client.query(`SELECT pgstream.create_stream_table('months', $1, '1h', 'DIFFERENTIAL')`, [
    `WITH m AS (SELECT account, month, kind, sum(amount) AS s FROM ledger GROUP BY 1, 2, 3)
     SELECT a.account, a.s, b.s AS later FROM ${month('2024-01-01')} AS a FULL JOIN ${month('2024-02-01')} AS b ON b.account = a.account`,
  ])
  await client.query('RESET statement_timeout')
  await expectExact(client, 'months')
})

test('sessions: a window over another one, by a column that may be NULL, of which many rows change', async () => {
  const { client } = database
  await client.query(`
    CREATE TABLE click (id int PRIMARY KEY, member int, at timestamptz);
    INSERT INTO click SELECT i, i::bigint * 7919 % 30000, timestamptz '2024-01-01 00:00+00' + i::bigint * 10473 % 17280 * interval '5 minutes' FROM generate_series(1, 150000) AS i;
    CREATE INDEX ON click (member, at)`)
  await client.query(`SELECT pgstream.create_stream_table('session', $1, '1h', 'DIFFERENTIAL')`, [
    `SELECT member, session, min(at) AS start, count(*) AS n FROM (
       SELECT *, count(*) FILTER (WHERE is_new) OVER (PARTITION BY member ORDER BY at, id) AS session FROM (
         SELECT *, at - lag(at) OVER (PARTITION BY member ORDER BY at, id) > interval '30 minutes' AS is_new FROM click) AS a) AS b
     GROUP BY member, session`,
  ])
  await analyze(client)
  await client.query(
    `UPDATE click SET member = nullif(id * 31 % 30000, 9), at = at + interval '1 day' WHERE id % 50 = 7`,
  )
  await client.query(`SET statement_timeout = '6s'`)
  await client.query(`SELECT pgstream.refresh_stream_table('session')`)
  await client.query('RESET statement_timeout')
  await expectExact(client, 'session')
})
