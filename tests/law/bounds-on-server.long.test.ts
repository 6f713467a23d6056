/** Rows compared with one row that moves: exact for every comparison, type and NULL, and no more is read than lies between. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectEqual } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'
import { changesThatReadMore } from './rows-read.ts'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
    CREATE COLLATION case_blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE o (id int, k int, i int, n numeric, f float8, t text, d date, m mood, c text COLLATE case_blind);
    CREATE TABLE b (id int, k int, i int, n numeric, f float8, t text, d date, m mood, c text COLLATE case_blind);
    CREATE TABLE g (k int PRIMARY KEY, name text);
    CREATE TABLE big (id int PRIMARY KEY, k int, n numeric, f float8, w int);
    CREATE INDEX ON big (n); CREATE INDEX ON big (f)`)
})

afterAll(async () => {
  await database?.close()
})

/** What is compared: rows with NULLs and ties, and values that are equal and written in two ways. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  i: ['1', '2', '3', '2147483647', '-2147483648', 'NULL'],
  n: ['1.0', '1.00', '2', '2.50', `'NaN'`, `'Infinity'`, 'NULL'],
  f: ['1', '-0.0', '0', '2.5', `'NaN'`, `'-Infinity'`, 'NULL'],
  t: [`'a'`, `'b'`, `'B'`, `''`, 'NULL'],
  d: [`'2024-02-29'`, `'infinity'`, `'-infinity'`, `'2024-03-01'`, 'NULL'],
  m: [`'sad'`, `'ok'`, `'happy'`, 'NULL'],
  c: [`'a'`, `'A'`, `'b'`, `''`, 'NULL'],
}

const SHAPES: Readonly<Record<string, (column: string, operator: string) => string>> = {
  'a greatest value': (c, op) => `SELECT id, ${c} FROM o WHERE ${c} ${op} (SELECT max(${c}) FROM b)`,
  'a least value of the same table': (c, op) =>
    `SELECT id FROM o WHERE (SELECT min(${c}) FROM o WHERE k > 0) ${op} ${c}`,
  'two bounds': (c, op) =>
    `SELECT id FROM o WHERE ${c} ${op} (SELECT max(${c}) FROM b) AND ${c} >= (SELECT min(${c}) FROM b WHERE k = 1)`,
  'a join below, groups above': (c, op) =>
    `SELECT name, count(*) AS n FROM o JOIN g USING (k) WHERE ${c} ${op} (SELECT max(${c}) FROM b) GROUP BY name`,
  'groups below': (c, op) =>
    `SELECT k, max(${c}) AS x FROM o GROUP BY k HAVING max(${c}) ${op} (SELECT max(${c}) FROM b)`,
  'an anti join above': (c, op) =>
    `SELECT id, k FROM o WHERE ${c} ${op} (SELECT min(${c}) FROM b) AND NOT EXISTS (SELECT FROM g WHERE g.k = o.k)`,
  'a left join above': (c, op) =>
    `SELECT s.id, name FROM (SELECT * FROM o WHERE ${c} ${op} (SELECT max(${c}) FROM b)) AS s LEFT JOIN g USING (k)`,
  'on the right side of a left join': (c, op) =>
    `SELECT g.k, s.id FROM g LEFT JOIN (SELECT * FROM o WHERE ${c} ${op} (SELECT max(${c}) FROM b)) AS s USING (k)`,
  'a bound that is shown': (c, op) =>
    `SELECT o.id, s.x FROM o, (SELECT max(${c}) AS x FROM b) AS s WHERE ${c} ${op} s.x`,
  'a bound over bounded rows': (c, op) =>
    `SELECT id FROM o WHERE ${c} ${op} (SELECT max(${c}) FROM b WHERE ${c} >= (SELECT min(${c}) FROM o))`,
  'the first row of an order': (c, op) =>
    `SELECT id FROM o WHERE ${c} ${op} (SELECT ${c} FROM b ORDER BY ${c} DESC, id LIMIT 1)`,
  'windows above': (c, op) =>
    `SELECT k, id, row_number() OVER (PARTITION BY k ORDER BY id, ${c}) AS r FROM (SELECT DISTINCT k, id, ${c} FROM o WHERE ${c} ${op} (SELECT max(${c}) FROM b)) AS s`,
}

/** Integers that are compared as numeric. */
const INTEGERS: typeof SHAPES = {
  'an average': (c, op) => `SELECT id FROM o WHERE ${c} ${op} (SELECT avg(${c}) FROM b)`,
  'no number': (c, op) =>
    `SELECT id FROM o WHERE ${c} ${op} (SELECT max(CASE ${c} WHEN 3 THEN 'NaN'::numeric WHEN 1 THEN '-Infinity' ELSE ${c} END) FROM b)`,
  'sums of groups': (c, op) =>
    `SELECT k, sum(${c}) AS s FROM o GROUP BY k HAVING sum(${c}) ${op} (SELECT avg(${c}) * 1.5 FROM b)`,
  'averages of groups': (c, op) =>
    `SELECT k, avg(${c}) AS a FROM o GROUP BY k HAVING avg(${c}) ${op} (SELECT avg(${c}) FROM o)`,
}
const shapesOf = (column: string) => (column === 'i' ? { ...INTEGERS, ...SHAPES } : SHAPES)

const OPERATORS = ['<', '<=', '>', '>=', '=', '<>'] as const

interface Row {
  readonly id: number
  readonly k: number
  readonly value: string
}

const change = (values: readonly string[]) => {
  const row: fc.Arbitrary<Row> = fc.record({
    id: fc.nat({ max: 5 }),
    k: fc.nat({ max: 3 }),
    value: fc.constantFrom(...values),
  })
  return fc.oneof(
    fc.record({ kind: fc.constant('insert' as const), table: fc.constantFrom('o', 'b'), row }),
    fc.record({ kind: fc.constant('update' as const), table: fc.constantFrom('o', 'b'), row }),
    fc.record({ kind: fc.constant('delete' as const), table: fc.constantFrom('o', 'b'), row }),
    fc.record({ kind: fc.constant('empty' as const), table: fc.constantFrom('o', 'b'), row }),
    fc.record({ kind: fc.constant('group' as const), table: fc.constant('g'), row }),
  )
}

describe.each(Object.keys(VALUES))('values of column %s', (column) => {
  const values = VALUES[column] ?? []
  test('stay exact while rows and bounds come, go, change and are NULL', async () => {
    const { client } = database
    let at = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: 3 }), fc.constantFrom(...values)), { maxLength: 6 }),
        fc.array(fc.tuple(fc.nat({ max: 3 }), fc.constantFrom(...values)), { maxLength: 3 }),
        fc.array(fc.array(change(values), { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 5 }),
        fc.constantFrom(...OPERATORS),
        fc.boolean(),
        async (outer, inner, batches, operator, indexed) => {
          const shapes = Object.values(shapesOf(column))
          const query = shapes[at++ % shapes.length]?.(column, operator) ?? ''
          const fill = (table: string, rows: readonly (readonly [number, string])[]) =>
            rows
              .map(
                ([k, value], i) => `INSERT INTO ${table} (id, k, ${column}) VALUES (${i}, ${k}, ${value});`,
              )
              .join('')
          await client.query(
            `TRUNCATE o, b, g; INSERT INTO g VALUES (1, 'p'), (2, 'q'); ${fill('o', outer)} ${fill('b', inner)}
             DROP INDEX IF EXISTS o_by; ${indexed ? `CREATE INDEX o_by ON o (${column})` : ''}`,
          )
          await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
          try {
            for (const batch of batches) {
              for (const { kind, table, row } of batch)
                await client.query(
                  kind === 'insert'
                    ? `INSERT INTO ${table} (id, k, ${column}) VALUES (${row.id}, ${row.k}, ${row.value})`
                    : kind === 'update'
                      ? `UPDATE ${table} SET ${column} = ${row.value} WHERE id = ${row.id}`
                      : kind === 'delete'
                        ? `DELETE FROM ${table} WHERE id = ${row.id}`
                        : kind === 'empty'
                          ? `DELETE FROM ${table}`
                          : `INSERT INTO g VALUES (${row.k}, 'r${row.id}') ON CONFLICT (k) DO UPDATE SET name = excluded.name`,
                )
              await client.query(`SELECT pgstream.refresh_stream_table('st')`)
              await expectEqual(client, 'st')
            }
          } finally {
            await client.query(`SELECT pgstream.drop_stream_table('st')`)
          }
        },
      ),
      { numRuns: Object.keys(shapesOf(column)).length },
    )
  })
})

describe('of a large table', () => {
  beforeAll(async () => {
    await database.client.query(
      `INSERT INTO big SELECT i, i % 100, i * 1.5, i, i % 7 FROM generate_series(1, 20000) AS i; ANALYZE big`,
    )
  })

  const few = { tables: ['big'], few: 400 }
  const changes = [
    'UPDATE big SET n = n + 3000, f = f + 3000 WHERE id = 7',
    'DELETE FROM big WHERE id = 11',
    'INSERT INTO big VALUES (30000, 1, 7, 7, 1)',
    'UPDATE big SET n = 1 WHERE id = 30000; UPDATE big SET k = 5 WHERE id = 9; DELETE FROM big WHERE id = 30000',
  ]

  test.each([
    ['values above their average', 'SELECT id, n FROM big WHERE n > (SELECT avg(n) FROM big)'],
    ['of two types', 'SELECT id FROM big WHERE id > (SELECT count(*) / 2 FROM big WHERE k < 50)'],
    ['integers above an average', 'SELECT id FROM big WHERE id > (SELECT avg(id) FROM big)'],
    [
      'sums of groups above an average',
      'SELECT id / 4 AS q, sum(w) AS s FROM big GROUP BY id / 4 HAVING sum(w) > (SELECT avg(n) / 1000 FROM big)',
    ],
    [
      'averages of groups above an average',
      'SELECT id / 4 AS q, avg(w) AS a FROM big GROUP BY id / 4 HAVING avg(w) > (SELECT avg(n) / 5000 FROM big)',
    ],
    [
      'values between two bounds',
      'SELECT id FROM big WHERE n <= (SELECT avg(n) FROM big) AND n > (SELECT avg(n) - 900 FROM big WHERE k < 50)',
    ],
    [
      'counted by group, below an anti join',
      'SELECT k, count(*) AS c FROM big WHERE n >= (SELECT avg(n) FROM big) AND NOT EXISTS (SELECT FROM g WHERE g.k = big.id) GROUP BY k',
    ],
  ])('only rows between the bound that was and the one that is are read: %s', async (_, query) => {
    expect(await changesThatReadMore(database.client, { query, changes, ...few })).toEqual([])
  })

  test('an index on the compared column is asked for, and on no other', async () => {
    const { client } = database
    const asked = async (query: string) => {
      await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
      const { rows } = await client.query(`SELECT columns, reason FROM pgstream.recommend_indexes('st')`)
      await client.query(`SELECT pgstream.drop_stream_table('st')`)
      return rows
    }
    expect(await asked('SELECT id FROM big WHERE n < (SELECT avg(n) FROM big)')).toEqual([])
    expect(await asked('SELECT id FROM big WHERE w < (SELECT count(*) FROM big WHERE k = 1)')).toEqual([
      {
        columns: ['w'],
        reason: 'without it all rows are compared again when what they are compared with changes',
      },
    ])
    // Integers that are compared as numeric are looked for as integers.
    expect(await asked('SELECT id FROM big WHERE w > (SELECT avg(n) FROM big)')).toMatchObject([
      { columns: ['w'] },
    ])
    // An index on f has no order of numeric.
    expect(await asked('SELECT id FROM big WHERE f::numeric > (SELECT avg(n) FROM big)')).toEqual([])
  })
})
