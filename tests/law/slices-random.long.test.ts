/** Random windows that look no further than some rows, over random orders, keys and changes: always what the query says. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

const SECONDS = Number(process.env.PG_STREAM_SLICES_SECONDS ?? 12)

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(
    "CREATE COLLATION public.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
  )
})

afterAll(async () => {
  await database?.close()
})

/** How an order column's value is made of a small number, and what an offset of RANGE is. */
const ORDERS: Readonly<
  Record<string, { readonly value: (n: string) => string; readonly offset: string | null }>
> = {
  int: { value: (n) => `(${n})::int`, offset: '' },
  smallint: { value: (n) => `(${n})::smallint`, offset: '' },
  numeric: { value: (n) => `round((${n}) / 2.0, (${n}) % 3)`, offset: '' },
  float8: {
    value: (n) => `CASE (${n}) % 9 WHEN 7 THEN 'NaN' WHEN 8 THEN '-Infinity' ELSE (${n}) / 2.0 END::float8`,
    offset: '',
  },
  date: { value: (n) => `date '2026-02-26' + (${n})`, offset: 'days' },
  timestamp: { value: (n) => `timestamp '2026-03-28' + (${n}) * interval '7 hours'`, offset: 'days' },
  timestamptz: {
    value: (n) => `timestamptz '2026-03-28 UTC' + (${n}) * interval '20 minutes'`,
    offset: 'hours',
  },
  text: { value: (n) => `chr(97 + (${n}) % 26)`, offset: null },
  'text COLLATE public.blind': {
    value: (n) => `CASE (${n}) % 2 WHEN 0 THEN chr(97 + (${n}) / 4) ELSE chr(65 + (${n}) / 4) END`,
    offset: null,
  },
  'text COLLATE "C"': { value: (n) => `chr(65 + (${n}) % 57)`, offset: null },
}

const small = fc.nat({ max: 3 })
const cell = fc.record({ n: fc.nat({ max: 24 }), g: fc.nat({ max: 3 }), v: fc.nat({ max: 9 }) })
const call = fc.record({
  unit: fc.constantFrom('ROWS', 'ROWS', 'RANGE', 'GROUPS', 'lag', 'lead'),
  from: fc.integer({ min: -3, max: 2 }),
  length: small,
  exclude: fc.constantFrom('', '', ' EXCLUDE CURRENT ROW', ' EXCLUDE GROUP', ' EXCLUDE TIES'),
  aggregate: fc.constantFrom(
    'sum(v)',
    'avg(w)',
    'count(*)',
    'max(v)',
    'sum(w)',
    'first_value(id)',
    'array_agg(id)',
  ),
  descending: fc.boolean(),
})
const change = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), rows: fc.array(cell, { minLength: 1, maxLength: 4 }) }),
  fc.record({ kind: fc.constant('delete' as const), from: fc.nat({ max: 70 }), count: fc.nat({ max: 6 }) }),
  fc.record({ kind: fc.constant('set' as const), from: fc.nat({ max: 70 }), count: small, to: cell }),
  fc.record({ kind: fc.constant('value' as const), from: fc.nat({ max: 70 }), count: small }),
  fc.record({ kind: fc.constant('clear' as const), g: fc.nat({ max: 3 }) }),
)
const script = fc.record({
  order: fc.constantFrom(...Object.keys(ORDERS)),
  orderNulls: fc.constantFrom(null, null, 'FIRST', 'LAST'),
  keys: fc.constantFrom([], ['g'], ['g'], ['h'], ['g', 'h'], ['h', 'j']),
  indexDescending: fc.boolean(),
  calls: fc.array(call, { minLength: 1, maxLength: 3 }),
  showsOrder: fc.boolean(),
  filtered: fc.boolean(),
  rows: fc.array(cell, { minLength: 0, maxLength: 50 }),
  changes: fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 6 }),
})

type Script = typeof script extends fc.Arbitrary<infer T> ? T : never

let made = 0

function statements(script: Script, t: string) {
  const { value, offset } = ORDERS[script.order] ?? { value: (n: string) => n, offset: null }
  const isNullable = script.orderNulls !== null
  const at = (n: number) => (isNullable && n % 6 === 5 ? 'NULL' : value(String(n)))
  const or = (n: number, text: string) => (n === 3 ? 'NULL' : text)
  let id = 0
  const tuple = ({ n, g, v }: Script['rows'][number]) => {
    id += 1
    return `(${id}, ${g}, ${or(g, `'${'ab'[g % 2]}'`)}, ${or(v % 4, String(n % 2))}, ${at(n)}, ${v}, ${(v / 10 ** (n % 3)).toFixed(n % 3)})`
  }
  const insert = (rows: Script['rows']) =>
    rows.length === 0 ? '' : `INSERT INTO ${t} VALUES ${rows.map(tuple).join(', ')};`
  const first = insert(script.rows)
  const written = (each: Script['changes'][number][number]): string => {
    switch (each.kind) {
      case 'insert':
        return insert(each.rows)
      case 'delete':
        return `DELETE FROM ${t} WHERE id BETWEEN ${each.from} AND ${each.from + each.count};`
      case 'set':
        return `UPDATE ${t} SET at = ${at(each.to.n)}, g = ${each.to.g}, h = ${or(each.to.g, "'b'")} WHERE id BETWEEN ${each.from} AND ${each.from + each.count};`
      case 'value':
        return `UPDATE ${t} SET v = v + 1, w = w * 1.0 WHERE id BETWEEN ${each.from} AND ${each.from + each.count};`
      case 'clear':
        return `DELETE FROM ${t} WHERE g = ${each.g};`
    }
  }
  const changes = script.changes.map((batch) => batch.map(written).join(' '))
  const by = script.keys.length > 0 ? `PARTITION BY ${script.keys.join(', ')} ` : ''
  const calls = script.calls.map(({ unit, from, length, exclude, aggregate, descending }, i) => {
    const nullsFirst = script.orderNulls === 'FIRST'
    // Both directions have NULLs at the same end.
    const nulls = isNullable ? ` NULLS ${nullsFirst !== descending ? 'FIRST' : 'LAST'}` : ''
    const order = `ORDER BY at${descending ? ' DESC' : ''}${nulls}`
    if (unit === 'lag' || unit === 'lead') return `${unit}(v, ${from}, -1) OVER (${by}${order}, id) AS c${i}`
    const isRange = unit === 'RANGE' && offset !== null
    const distance = (n: number) => {
      if (n === 0) return 'CURRENT ROW'
      const size = isRange && offset !== '' ? `interval '${Math.abs(n)} ${offset}'` : Math.abs(n)
      return `${size} ${n < 0 ? 'PRECEDING' : 'FOLLOWING'}`
    }
    const rows = isRange || unit !== 'RANGE' ? unit : 'GROUPS'
    const frame = `${rows} BETWEEN ${distance(from)} AND ${distance(from + length)}${exclude}`
    // What depends on the order of peers would be left open.
    const sees = rows === 'ROWS' || !/array_agg|first_value/.test(aggregate) ? aggregate : 'min(id)'
    return `${sees} OVER (${by}${order}${rows === 'ROWS' ? ', id' : ''} ${frame}) AS c${i}`
  })
  const shown = ['id', ...(script.showsOrder ? ['at', ...script.keys] : [])]
  return {
    ddl: `CREATE TABLE ${t} (id int PRIMARY KEY, g int NOT NULL, h text, j int, at ${script.order}${isNullable ? '' : ' NOT NULL'}, v int NOT NULL, w numeric NOT NULL);
      CREATE INDEX ON ${t} (${[...script.keys, `at${script.indexDescending ? ' DESC' : ''}`].join(', ')}); ${first}`,
    query: `SELECT ${[...shown, ...calls].join(', ')} FROM ${t}${script.filtered ? ' WHERE v <> 4' : ''}`,
    changes,
  }
}

test('random windows of some rows', { timeout: (SECONDS + 120) * 1000 }, async () => {
  const { client } = database
  let sliced = 0
  await fc.assert(
    fc.asyncProperty(script, async (script) => {
      made += 1
      const [t, st] = [`t_${made}`, `st_${made}`]
      const { ddl, query, changes } = statements(script, t)
      const done = [ddl, query]
      try {
        await client.query(ddl)
        await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [st, query])
        const { rows } = await client.query(
          `SELECT FROM pg_proc WHERE proname = (SELECT 'refresh_' || pgs_id || '_slices_1' FROM pgstream.pgs_stream_tables WHERE pgs_name = $1)`,
          [st],
        )
        sliced += rows.length
        for (const change of changes) {
          done.push(change)
          await client.query(change)
          expect(['DIFFERENTIAL', 'NO_DATA']).toContain(await expectExact(client, st, { image: true }))
        }
      } catch (error) {
        throw new Error(`${done.join('\n')}\n${String(error)}`)
      } finally {
        await client.query(
          `SELECT pgstream.drop_stream_table(pgs_name) FROM pgstream.pgs_stream_tables; DROP TABLE IF EXISTS ${t}`,
        )
      }
    }),
    { numRuns: 100_000, interruptAfterTimeLimit: SECONDS * 1000, markInterruptAsFailure: false },
  )
  process.stderr.write(`${made} scripts, ${sliced} of them in slices\n`)
  expect(sliced).toBeGreaterThan(made / 2)
})
