/** Many statements that change the same few rows: each of these meets what it is joined with once, not once per version. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { analyze } from '../support/analyze.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let db: FreshDatabase
const plans: string[] = []

/** 10 hot rows of 1,000 met by 100 rows each: 1,000 rows to be joined, of 400,000 versions. */
const hot = (round: number) => `DO $$ BEGIN FOR i IN 1..2000 LOOP
  UPDATE s SET v = ${round} + CASE WHEN i % 2 = 0 THEN i ELSE i + 1.00 END, name = CASE i % 3 WHEN 0 THEN 'A' WHEN 1 THEN 'a' ELSE 'b' END,
    f = CASE i % 2 WHEN 0 THEN '0' ELSE '-0' END::float8, doc = format('{"i": %s}', i % 5)::json WHERE id = i % 10;
END LOOP; END $$`

beforeAll(async () => {
  db = await freshDatabase()
  await db.client.query(`CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE DOMAIN money_of AS numeric CHECK (value IS NOT NULL);
    CREATE TABLE s (id int PRIMARY KEY, v money_of, name text COLLATE blind, f float8, doc json);
    INSERT INTO s SELECT i, i, 'n' || i, i, '{}' FROM generate_series(0, 999) AS i;
    CREATE TABLE t (id int PRIMARY KEY, s int, w int); CREATE INDEX ON t (s);
    INSERT INTO t SELECT i, i % 1000, i FROM generate_series(1, 100000) AS i`)
  await db.client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
    SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off`)
  db.client.on('notice', ({ message }) => plans.push(message ?? ''))
})

afterAll(() => db.close())

const QUERIES: Readonly<Record<string, string>> = {
  'a join': 'SELECT t.id, s.v, s.name, s.f, s.doc, t.w FROM t JOIN s ON s.id = t.s',
  'a left join': 'SELECT t.id, s.v + t.w AS v, s.name FROM t LEFT JOIN s ON s.id = t.s AND s.v > 5',
  'an aggregate over a join':
    'SELECT s.id, s.name, sum(s.v * t.w) AS sum, count(*) AS n FROM t JOIN s ON s.id = t.s GROUP BY s.id, s.name',
}

test.each(Object.entries(QUERIES))('%s', async (label, query) => {
  const { client } = db
  const name = `st${Object.keys(QUERIES).indexOf(label)}`
  await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [name, query])
  await analyze(client)
  for (const [round, other] of ['', '; UPDATE t SET w = w + 1 WHERE id <= 20'].entries()) {
    await client.query(`${hot(round)}${other}`)
    await client.query('SET client_min_messages = log')
    plans.length = 0
    const { rows } = await client.query('SELECT pgstream.refresh_stream_table($1) AS action', [name])
    await client.query('RESET client_min_messages')
    expect(rows).toEqual([{ action: 'DIFFERENTIAL' }])
    await expectEqual(client, name, { image: true })
    const lines = plans.flatMap((plan) => plan.split('\n'))
    expect(lines.some((line) => /actual rows=/.test(line))).toBe(true)
    expect(lines.filter((line) => /Join|Nested Loop/.test(line) && /actual rows=\d{5,}/.test(line))).toEqual(
      [],
    )
  }
})
