/** Random changes of small graphs and forests, of several rows and several statements between two refreshes. */
import fc from 'fast-check'
import type pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { freshDatabase } from '../support/server.ts'

const RUNS = Number(process.env.RECURSION_RUNS ?? 6)
const NODES = 7

let client: pg.Client

beforeAll(async () => {
  const database = await freshDatabase()
  client = database.client
  return () => database.close()
})

interface Shape {
  readonly query: string
  /** Edges lead upwards only, so that UNION ALL ends. */
  readonly acyclic: boolean
  readonly columns?: string
}

const STEP = 'JOIN e ON e.src = r.dst'

const SHAPES: Readonly<Record<string, Shape>> = {
  closure: {
    query: `WITH RECURSIVE r AS (SELECT src, dst FROM e UNION SELECT r.src, e.dst FROM r ${STEP}) SELECT * FROM r`,
    acyclic: false,
  },
  'closure over NULLs': {
    query: `WITH RECURSIVE r AS (SELECT src, dst FROM e UNION SELECT r.src, e.dst FROM r
      JOIN e ON e.src IS NOT DISTINCT FROM r.dst) SELECT * FROM r`,
    acyclic: false,
    columns: 'src int, dst int',
  },
  'reached from a start': {
    query: `WITH RECURSIVE r AS (SELECT dst FROM e WHERE src = 0 UNION SELECT e.dst FROM r ${STEP}) SELECT * FROM r`,
    acyclic: false,
  },
  'bounded ways': {
    query: `WITH RECURSIVE r AS (SELECT src, dst, 1 AS n, w FROM e
      UNION SELECT r.src, e.dst, r.n + 1, e.w FROM r ${STEP} WHERE r.n < 4) SELECT src, dst, min(n), max(w) FROM r GROUP BY 1, 2`,
    acyclic: false,
  },
  'two tables, either way': {
    query: `WITH RECURSIVE r AS (SELECT f.a AS dst FROM f UNION
      SELECT f.b FROM r JOIN e ON e.src = r.dst OR e.dst = r.dst JOIN f ON f.a = e.w) SELECT * FROM r`,
    acyclic: false,
  },
  ways: {
    query: `WITH RECURSIVE r AS (SELECT src, dst, w::numeric AS w FROM e
      UNION ALL SELECT r.src, e.dst, r.w * e.w FROM r ${STEP}) SELECT src, dst, w FROM r`,
    acyclic: true,
  },
  'ways, added up': {
    query: `WITH RECURSIVE r AS (SELECT 0 AS dst, ARRAY[0] AS way UNION ALL
      SELECT e.dst, r.way || e.dst FROM r ${STEP}) SELECT dst, count(*) AS n, max(way) AS way FROM r GROUP BY dst`,
    acyclic: true,
  },
  'with a column that no step reads': {
    query: `WITH RECURSIVE r AS (SELECT dst, w, 0 AS n FROM e WHERE src = 0 UNION ALL
      SELECT e.dst, e.w, r.n + 1 FROM r ${STEP}) SELECT * FROM r`,
    acyclic: true,
  },
  'beside outer joins': {
    query: `WITH RECURSIVE r AS (SELECT src, dst, 0 AS b FROM e UNION
      SELECT r.src, e.dst, coalesce(f.b, -1) FROM r ${STEP} LEFT JOIN f ON f.a = e.w) SELECT * FROM r`,
    acyclic: false,
  },
  'marked where a way meets itself': {
    query: `WITH RECURSIVE r AS (SELECT src, dst FROM e WHERE src < 2 UNION ALL
      SELECT r.src, e.dst FROM r ${STEP} WHERE e.w > 1) CYCLE dst SET met USING way SELECT dst, met, count(*) AS n FROM r GROUP BY 1, 2`,
    acyclic: false,
  },
  'from groups': {
    query: `WITH RECURSIVE r AS (SELECT src, max(dst) AS dst, count(*) AS n FROM e GROUP BY src UNION ALL
      SELECT r.src, e.dst, r.n FROM r ${STEP}) SELECT * FROM r`,
    acyclic: true,
  },
  'from another recursion, distinct': {
    query: `WITH RECURSIVE q AS (SELECT src, dst FROM e WHERE w > 1 UNION SELECT q.src, e.dst FROM q JOIN e ON e.src = q.dst),
      r AS (SELECT DISTINCT src AS dst FROM q UNION SELECT e.dst FROM r ${STEP}) SELECT r.dst, count(q.src) AS n
      FROM r LEFT JOIN q ON q.dst = r.dst GROUP BY r.dst`,
    acyclic: false,
  },
  'asking another table at each step': {
    query: `WITH RECURSIVE r AS (SELECT src, dst FROM e UNION
      SELECT r.src, e.dst FROM r ${STEP} WHERE NOT EXISTS (SELECT FROM f WHERE f.a = e.dst)) SELECT * FROM r`,
    acyclic: false,
  },
  'by a function of the row': {
    query: `WITH RECURSIVE r AS (SELECT src, dst FROM e UNION
      SELECT r.src, u.n FROM r ${STEP} CROSS JOIN LATERAL generate_series(e.dst, e.dst + e.w - 1) AS u(n)) SELECT * FROM r WHERE dst < 9`,
    acyclic: false,
  },
  'over a union, joined twice': {
    query: `WITH RECURSIVE r AS (SELECT src, dst FROM e UNION ALL SELECT a, b FROM f WHERE a < b
      UNION ALL SELECT r.src, e.dst FROM r ${STEP})
      SELECT x.src, y.dst FROM r x JOIN r y ON y.src = x.dst`,
    acyclic: true,
  },
}

const node = fc.integer({ min: 0, max: NODES - 1 })
const change = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'delete', 'update', 'other', 'move'),
  a: node,
  b: node,
  w: fc.integer({ min: 1, max: 3 }),
})
const script = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 3, maxLength: 7 })

test.each(Object.entries(SHAPES))(
  '%s',
  async (name, { query, acyclic, columns = 'src int NOT NULL, dst int NOT NULL' }) => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.boolean(), script, async (isIndexed, steps) => {
        run += 1
        const schema = `s${Object.keys(SHAPES).indexOf(name)}_${run}`
        await client.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema};
        CREATE TABLE e (${columns}, w int NOT NULL); CREATE TABLE f (a int NOT NULL, b int NOT NULL)`)
        if (isIndexed)
          await client.query('CREATE INDEX ON e (src); CREATE INDEX ON e (dst); CREATE INDEX ON f (a)')
        await client.query(
          `INSERT INTO e SELECT i, i + 1, 1 FROM generate_series(0, 4) AS i; INSERT INTO f VALUES (1, 3)`,
        )
        await client.query(`SELECT pgstream.create_stream_table('st', $1, '1h', 'DIFFERENTIAL')`, [query])
        const values = (a: number, b: number) =>
          acyclic ? [Math.min(a, b), Math.max(a, b) === Math.min(a, b) ? a + 1 : Math.max(a, b)] : [a, b]
        for (const changes of steps) {
          for (const { kind, a, b, w } of changes) {
            const [src, dst] = values(a, b)
            const isNull = columns.includes('src int,') && w === 3
            const statement = {
              insert: `INSERT INTO e VALUES (${isNull ? 'NULL' : src}, ${isNull && a > b ? 'NULL' : dst}, ${w})`,
              delete: `DELETE FROM e WHERE src = ${src}`,
              update: `UPDATE e SET w = ${w} WHERE dst = ${dst}`,
              move: `UPDATE e SET src = ${src}, dst = ${dst} WHERE ctid = (SELECT min(ctid) FROM e WHERE src = ${b})`,
              other:
                w === 1
                  ? `DELETE FROM f WHERE a = ${src}`
                  : `INSERT INTO f VALUES (${w === 2 ? `${src}, ${dst}` : `${b}, ${a}`})`,
            }[kind]
            await client.query(statement)
          }
          await expectExact(client, `${schema}.st`, { image: name !== 'bounded ways' })
        }
        await client.query(`DROP SCHEMA ${schema} CASCADE`)
      }),
      { numRuns: RUNS, ...(process.env.RECURSION_SEED ? { seed: Number(process.env.RECURSION_SEED) } : {}) },
    )
    expect(run).toBeGreaterThan(0)
  },
)
