/** An aggregation with DISTINCT calls against the same over counted values: without a database, on random bags. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { groupRule } from '../../src/compiler/algebra/aggregate-functions.ts'
import { ref } from '../../src/compiler/algebra/build.ts'
import { type Column, ColumnIds, type Node } from '../../src/compiler/algebra/node.ts'
import type { Scan } from '../../src/compiler/algebra/operators/scan.ts'
import { BIGINT, BOOLEAN, INTEGER, type Scalar } from '../../src/compiler/algebra/scalar.ts'
import type { BoundCall } from '../../src/compiler/bind/aggregate-call.ts'
import { overValues } from '../../src/compiler/bind/distinct-calls.ts'
import type { CompileRequest } from '../../src/compiler/catalog/request.ts'
import { contentOf, type Row, rowsOf, valueIn } from './bag.ts'
import { callMeaning, columnIds, meaning } from './meaning.ts'
import { imageOf, type Value } from './value.ts'

const TYPES = Object.fromEntries(
  [16, 20, 23].map((oid) => [
    oid,
    {
      oid,
      sql: 'integer',
      kind: 'b',
      equality: 1,
      category: 'N',
      element: 0,
      base: 0,
      subtype: 0,
      attributes: [],
      send: 'int4send',
    },
  ]),
)
const REQUEST = { types: TYPES, collations: {} } as unknown as CompileRequest

const NAMES = ['count', 'sum', 'avg'] as const

interface Shape {
  readonly grouped: boolean
  readonly calls: readonly {
    readonly name: (typeof NAMES)[number]
    readonly of: 'x' | 'y'
    readonly filtered: boolean
    readonly distinct: boolean
  }[]
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  grouped: fc.boolean(),
  calls: fc.array(
    fc.record({
      name: fc.constantFrom(...NAMES),
      of: fc.constantFrom('x' as const, 'y' as const),
      filtered: fc.boolean(),
      distinct: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  ),
})

const tables = fc.array(
  fc.tuple(
    fc.option(fc.nat({ max: 1 }), { freq: 4 }),
    fc.option(fc.nat({ max: 2 }), { freq: 3 }),
    fc.nat({ max: 2 }),
    fc.option(fc.boolean()),
  ),
  { maxLength: 8 },
)

test('each value counts once', () => {
  fc.assert(
    fc.property(shapes, tables, (shape, table) => {
      const ids = new ColumnIds()
      const columns = [
        ids.make('g', INTEGER, true),
        ids.make('x', INTEGER, true),
        ids.make('y', INTEGER, false),
        ids.make('f', BOOLEAN, true),
      ] as const
      const [g, x, y, f] = columns
      const scan: Scan = {
        op: 'scan',
        relation: 1,
        sql: 't',
        keys: [],
        indexes: [],
        columns: columns.map((column, i) => ({ ...column, attnum: i + 1 })),
      } as unknown as Scan
      const calls = shape.calls.map(({ name, of, filtered, distinct }): BoundCall => {
        const args = [ref(of === 'x' ? x : y)]
        return {
          column: ids.make(name, BIGINT, true),
          name,
          args,
          written: null,
          filter: filtered ? ref(f) : null,
          values: distinct ? args : null,
        }
      })
      const keys = shape.grouped ? [{ column: ids.make('key', INTEGER, true), value: ref(g) }] : []
      const isNullable = (id: number) => columns.find((column) => column.id === id)?.nullable ?? true
      const made = overValues(scan, keys, calls, { request: REQUEST, ids, isNullable })
      expect(made === null).toBe(!calls.some(({ values }) => values))
      if (!made) return
      const rule = groupRule(
        made.keys,
        made.calls,
        ids,
        {
          nullable: (scalar: Scalar) => scalar.kind !== 'column' || made.isNullable(scalar.id),
          isRow: () => false,
          scale: () => null,
          equality: () => '=',
        },
        made.base,
      )
      const node: Node = { op: 'aggregate', input: made.input, keys: made.keys, calls: made.calls, rule }
      const rows = table.map(
        (values): Row => new Map(columns.map((column, i) => [column.id, values[i] ?? null] as const)),
      )
      const leaves = { rows: () => table.map((values) => ({ values, weight: 1 })) }
      const found = rowsOf(meaning(node, leaves)).map((row) => columnIds(node).map((id) => valueIn(row, id)))
      expect(found.map(imageOf).sort()).toEqual(expected(rows, keys.length > 0 ? g : null, calls).sort())
      expect(contentOf(meaning(node, leaves), columnIds(node))).toHaveLength(found.length)
    }),
    { numRuns: 500 },
  )
})

/** The groups as SQL has them: a call with DISTINCT over the first row of each value that passes. */
function expected(rows: readonly Row[], key: Column | null, calls: readonly BoundCall[]): string[] {
  const groups = new Map<string, Row[]>(key ? [] : [['', []]])
  for (const row of rows) {
    const image = key ? imageOf([valueIn(row, key.id)]) : ''
    groups.set(image, [...(groups.get(image) ?? []), row])
  }
  return [...groups.values()].map((group) => {
    const values = calls.map((call): Value => {
      const { args, filter } = call
      const passing = group.filter((row) => filter?.kind !== 'column' || valueIn(row, filter.id) === true)
      const [argument] = args
      const id = argument?.kind === 'column' ? argument.id : 0
      const once = new Map(passing.map((row) => [imageOf([valueIn(row, id)]), row]))
      return callMeaning(call, call.values ? [...once.values()] : passing)
    })
    const [first] = group
    return imageOf([...(key && first ? [valueIn(first, key.id)] : []), ...values])
  })
}
