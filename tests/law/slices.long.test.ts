/**
 * Windows that look no further than some rows, values or groups: a refresh computes the rows near a change anew, and is right
 * whatever comes, goes and moves.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
})

afterAll(async () => {
  await database?.close()
})

/** Each in a table of its own: `key`, an order column and what NULLs there may be. */
interface Shape {
  readonly columns: string
  readonly index: string
  /** A row's value of the order column, from the row's number `i`. */
  readonly at: string
  readonly g: string
}

const SHAPES: Readonly<Record<string, Shape>> = {
  'one per moment': {
    columns: 'g int NOT NULL, at int NOT NULL',
    index: 'g, at',
    at: 'i / 3 * 10',
    g: 'i % 3',
  },
  'ties and NULLs': {
    columns: 'g int NOT NULL, at int',
    index: 'g, at',
    at: 'nullif(i % 20, 7)',
    g: 'i % 3',
  },
  'NULL keys': {
    columns: 'g int, at numeric NOT NULL',
    index: 'g, at',
    at: '(i % 25) / 2.0',
    g: 'nullif(i % 4, 3)',
  },
  'NULLs everywhere': {
    columns: 'g int, at numeric',
    index: 'g, at DESC',
    at: 'nullif((i % 25) / 2.0, 3)',
    g: 'nullif(i % 3, 2)',
  },
}

const WINDOWS: Readonly<Record<string, string>> = {
  trailing: 'sum(v) OVER (PARTITION BY g ORDER BY at, id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS a',
  difference: 'v - lag(v) OVER (PARTITION BY g ORDER BY at, id) AS a, at',
  descending:
    'sum(v) OVER (PARTITION BY g ORDER BY at DESC, id ROWS 2 PRECEDING) AS a, lead(id, 3, -1) OVER (PARTITION BY g ORDER BY at DESC, id) AS b, at',
  'NULLs at the other end':
    'array_agg(id) OVER (PARTITION BY g ORDER BY at NULLS FIRST, id ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING EXCLUDE CURRENT ROW) AS a, at',
  'down, NULLs last':
    'array_agg(id) OVER (PARTITION BY g ORDER BY at DESC NULLS LAST, id DESC ROWS BETWEEN 3 FOLLOWING AND 4 FOLLOWING) AS a, at',
  'in both directions':
    'lag(v, 2) OVER (PARTITION BY g ORDER BY at, id) AS a, lag(v) OVER (PARTITION BY g ORDER BY at DESC, id DESC) AS b, at',
  'values in a range':
    'sum(v) OVER (PARTITION BY g ORDER BY at RANGE BETWEEN 3 PRECEDING AND 1 FOLLOWING) AS a, count(*) OVER (PARTITION BY g ORDER BY at RANGE 2 PRECEDING EXCLUDE TIES) AS b, at',
  'a range, descending':
    'sum(v) OVER (PARTITION BY g ORDER BY at DESC RANGE BETWEEN 3 PRECEDING AND 1 PRECEDING) AS a, at',
  'a range and rows':
    'sum(v) OVER (PARTITION BY g ORDER BY at RANGE BETWEEN CURRENT ROW AND 2 FOLLOWING) AS a, lag(id, 2) OVER (PARTITION BY g ORDER BY at, id) AS b, at',
  groups:
    'sum(v) OVER (PARTITION BY g ORDER BY at GROUPS BETWEEN 1 PRECEDING AND 2 FOLLOWING EXCLUDE GROUP) AS a, at',
  'the rows of a moment':
    'count(*) OVER (PARTITION BY g ORDER BY at RANGE BETWEEN CURRENT ROW AND CURRENT ROW) AS a, at',
  'an average of few digits':
    'avg(w) OVER (PARTITION BY g ORDER BY at, id ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS a, sum(w) OVER (PARTITION BY g ORDER BY at, id ROWS 1 PRECEDING) AS b, at',
  'first and last':
    'first_value(id) OVER w AS a, last_value(id) OVER w AS b, nth_value(id, 2) OVER w AS c FROM t WINDOW w AS (PARTITION BY g ORDER BY at, id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)',
  'of all rows': 'lag(id) OVER (ORDER BY at, id) AS a, lead(v, 2) OVER (ORDER BY at, id) AS b, at',
  filtered:
    'sum(v) FILTER (WHERE v > 3) OVER (PARTITION BY g ORDER BY at, id ROWS 3 PRECEDING) AS a, at FROM t WHERE v <> 5',
}

/** Changes at the ends and in the middle, one and many, moves, and what comes and goes. */
function changes(t: string, { at, g }: Shape): readonly string[] {
  const rows = (from: number, to: number, more = 0) =>
    `INSERT INTO ${t} SELECT i + ${more}, ${g}, ${at}, i % 11, (i % 5) / 2.0 FROM generate_series(${from}, ${to}) AS i`
  return [
    `DELETE FROM ${t} WHERE id IN (1, 2, 3, 118, 119, 120)`,
    rows(50, 52, 1000),
    `UPDATE ${t} SET w = w * 1.00, at = at + 0 WHERE id IN (31, 95)`,
    `UPDATE ${t} SET at = at + 4 WHERE id IN (20, 21, 100)`,
    `UPDATE ${t} SET g = 1 WHERE id IN (30, 33, 34)`,
    `DELETE FROM ${t} WHERE id BETWEEN 40 AND 60`,
    `INSERT INTO ${t} VALUES (2000, 1, -5, 1, 1.5), (2001, 2, 5000, 2, 1.25), (2002, 9, 3, 3, 1)`,
    `DELETE FROM ${t} WHERE id = 2001; UPDATE ${t} SET at = 31 WHERE id = 2000`,
    `UPDATE ${t} SET at = (SELECT max(at) + 1 FROM ${t}) WHERE id = 70`,
    `DELETE FROM ${t} WHERE g = 2 AND at > 6`,
    `DELETE FROM ${t} WHERE at IS NULL; UPDATE ${t} SET v = 0 WHERE id = 80`,
    rows(1, 60, 3000),
    `DELETE FROM ${t} WHERE g = 1`,
    `DELETE FROM ${t}`,
    rows(1, 5),
  ]
}

let made = 0

/** Of two shapes all windows, of the others those that look both ways. */
const cases = Object.keys(SHAPES).flatMap((shape) =>
  (shape === 'one per moment' || shape === 'NULLs everywhere'
    ? Object.keys(WINDOWS)
    : ['in both directions', 'a range and rows', 'groups', 'NULLs at the other end']
  ).map((window) => [shape, window] as const),
)

test.each(cases)('%s: %s', async (label, window) => {
  const { client } = database
  const shape = SHAPES[label]
  const calls = WINDOWS[window]
  if (!shape || !calls) throw new Error('unknown case')
  made += 1
  const [t, st] = [`t_${made}`, `st${made}`]
  await client.query(`CREATE TABLE ${t} (id int PRIMARY KEY, ${shape.columns}, v int NOT NULL, w numeric);
    CREATE INDEX ON ${t} (${window === 'of all rows' ? 'at' : shape.index});
    INSERT INTO ${t} SELECT i, ${shape.g}, ${shape.at}, i % 11, (i % 5) / 2.0 FROM generate_series(1, 120) AS i`)
  const query = `SELECT id, g, ${calls}${calls.includes(' FROM t ') ? '' : ' FROM t'}`
  await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
    st,
    query.replace(' FROM t', ` FROM ${t}`),
  ])
  const { rows } = await client.query(
    `SELECT count(*)::int AS n FROM pg_proc WHERE pronamespace = 'pgstream_state'::regnamespace
     AND proname = 'refresh_' || (SELECT pgs_id FROM pgstream.pgs_stream_tables WHERE pgs_name = $1) || '_slices_1'`,
    [st],
  )
  expect(rows).toEqual([{ n: 1 }])
  for (const change of changes(t, shape)) {
    await client.query(change)
    expect(['DIFFERENTIAL', 'NO_DATA']).toContain(await expectExact(client, st, { image: true }))
  }
  await client.query(`SELECT pgstream.drop_stream_table($1)`, [st])
})

test('many changes at once, in one place and all over', async () => {
  const { client } = database
  await client.query(`CREATE TABLE big (id int PRIMARY KEY, g int, at int, v int NOT NULL);
    CREATE INDEX ON big (g, at);
    INSERT INTO big SELECT i, nullif(i % 4, 3), nullif(i / 5, 1200), i % 11 FROM generate_series(1, 12000) AS i; ANALYZE big`)
  const queries = [
    'SELECT id, g, at, sum(v) OVER (PARTITION BY g ORDER BY at, id ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS s FROM big',
    'SELECT id, lag(v, 2) OVER (PARTITION BY g ORDER BY at DESC NULLS LAST, id) AS l FROM big',
    'SELECT at, g, count(*) OVER (PARTITION BY g ORDER BY at RANGE BETWEEN 3 PRECEDING AND 2 FOLLOWING) AS n FROM big',
  ]
  for (const [i, query] of queries.entries())
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
      `big_${i}`,
      query,
    ])
  for (const change of [
    'UPDATE big SET v = v + 1 WHERE id BETWEEN 4000 AND 6500',
    'UPDATE big SET v = v + 1 WHERE id % 9 = 2',
    'INSERT INTO big SELECT i, i % 3, i / 5, 7 FROM generate_series(12001, 15000) AS i',
    'UPDATE big SET at = NULL WHERE id BETWEEN 100 AND 1700',
    'UPDATE big SET at = id / 3, g = id % 5 WHERE id % 7 IN (1, 2)',
    'DELETE FROM big WHERE id % 3 = 1 OR at < 40 OR at > 3000',
  ]) {
    await client.query(change)
    for (const i of queries.keys())
      expect(await expectExact(client, `big_${i}`, { image: true })).toBe('DIFFERENTIAL')
  }
})
