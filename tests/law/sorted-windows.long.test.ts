/** Every window function in every kind of frame, over rows that a subquery sorts: those which a window leaves equal come as it says. */
import type pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { expectEqual, expectExact } from '../oracle/oracle.ts'
import { freshDatabase } from '../support/server.ts'

let client: pg.Client

beforeAll(async () => {
  const database = await freshDatabase()
  client = database.client
  for (const sql of [
    'CREATE TABLE p (id int PRIMARY KEY, k int, a int, v int, s text)',
    'CREATE INDEX ON p (k, a)',
    `CREATE FUNCTION place() RETURNS bigint LANGUAGE internal IMMUTABLE WINDOW AS 'window_row_number'`,
  ])
    await client.query(sql)
  return () => database.close()
})

const CALLS = [
  ...['row_number()', 'rank()', 'dense_rank()', 'percent_rank()', 'cume_dist()', 'ntile(3)', 'place()'],
  ...['lag(id)', 'lead(id, 2)', 'first_value(id)', 'last_value(id)', 'nth_value(id, 2)'],
  ...['count(*)', 'sum(v)', 'min(v)', 'array_agg(id)', `string_agg(s, '')`, 'sum(v) FILTER (WHERE v > 3)'],
]

/** What the rows are sorted by, and windows that sort by what comes first, or by nothing. */
const SORTED: readonly (readonly [string, readonly string[]])[] = [
  ['k, a, v, id', ['', 'PARTITION BY k', 'ORDER BY k', 'PARTITION BY k ORDER BY a', 'PARTITION BY k, a']],
  ['k, a DESC, v DESC, id', ['PARTITION BY k ORDER BY a DESC', 'ORDER BY k, a DESC']],
  ['a NULLS FIRST, v + 1, id', ['ORDER BY a NULLS FIRST', 'ORDER BY a NULLS FIRST, v + 1']],
]

const FRAMES = [
  ...['', 'ROWS 1 PRECEDING', 'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES'],
  ...['CURRENT ROW', 'GROUP', 'TIES'].flatMap((excluded) => [
    `RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE ${excluded}`,
    `ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING EXCLUDE ${excluded}`,
    `GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE ${excluded}`,
  ]),
  ...['RANGE BETWEEN CURRENT ROW AND CURRENT ROW', 'GROUPS BETWEEN CURRENT ROW AND 1 FOLLOWING'],
]

const QUERIES = SORTED.flatMap(([sort, windows]) =>
  windows.flatMap((window) =>
    FRAMES.filter((frame) => !frame.startsWith('GROUPS') || window.includes('ORDER')).map(
      (frame) =>
        `SELECT id, ${CALLS.map((call, i) => `${call} OVER w AS c${i}`).join(', ')} FROM (SELECT * FROM p ORDER BY ${sort}) AS q WINDOW w AS (${window} ${frame})`,
    ),
  ),
)

test('rows that came, moved and went', async () => {
  for (const query of QUERIES) {
    await client.query(
      `TRUNCATE p; INSERT INTO p SELECT i, i % 3, nullif(i * 5 % 4, 3), i * 7 % 11, 's' || i FROM generate_series(1, 24) AS i`,
    )
    await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
    await expectEqual(client, 'st', { image: true })
    for (const change of [
      'UPDATE p SET v = 10 - v, a = a + 1 WHERE id % 5 = 0',
      'DELETE FROM p WHERE id IN (3, 8, 13); INSERT INTO p VALUES (40, 1, NULL, 4), (41, 0, 0, 0), (-1, 1, 1, NULL)',
      'UPDATE p SET k = 2 - k WHERE id % 7 = 1',
    ]) {
      await client.query(change)
      expect(await expectExact(client, 'st', { image: true })).toMatch(/^(DIFFERENTIAL|NO_DATA)$/)
    }
    await client.query(`SELECT pgstream.drop_stream_table('st')`)
  }
}, 300_000)
