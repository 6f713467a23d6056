/** Deleting and deriving again, without SQL, against the query from scratch: over graphs with cycles, duplicates and NULLs. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ref } from '../../src/compiler/algebra/build.ts'
import { type Column, ColumnIds, type Node } from '../../src/compiler/algebra/node.ts'
import type { Scan } from '../../src/compiler/algebra/operators/scan.ts'
import { BOOLEAN, INTEGER, type Scalar } from '../../src/compiler/algebra/scalar.ts'
import { narrowRecursion } from '../../src/compiler/normalize/narrow-recursion.ts'
import { arbitraryTables, tableLeaves } from './arbitrary-change.ts'
import { contentOf, negate } from './bag.ts'
import { maintain } from './maintain.ts'
import { columnIds, meaning } from './meaning.ts'

const ids = new ColumnIds()

function scan(relation: number): {
  readonly node: Scan
  readonly k: Column
  readonly a: Column
  readonly b: Column
} {
  const [k, a, b] = ['k', 'a', 'b'].map((name, i) => ({
    ...ids.make(name, INTEGER, true),
    attnum: i + 1,
  }))
  if (!k || !a || !b) throw new Error('three columns')
  const name = `t${relation}`
  const node: Scan = {
    op: 'scan',
    relation,
    name,
    sql: name,
    columns: [k, a, b],
    keys: [],
    indexes: [],
    sorted: [],
    rows: 0,
  }
  return { node, k, a, b }
}

function operator(sql: string, left: Scalar, right: Scalar, type = BOOLEAN): Scalar {
  const equality = sql === '='
  return {
    kind: 'operator',
    oid: 0,
    sql,
    equality,
    args: [left, right],
    type,
    inputCollation: 0,
    strict: true,
    volatility: 'immutable',
  }
}

const constant = (value: number): Scalar => ({
  kind: 'constant',
  sql: `'${value}'::integer`,
  isNull: false,
  type: INTEGER,
})

function project(input: Node, values: readonly Scalar[]): Node {
  return {
    op: 'project',
    input,
    outputs: values.map((value) => ({ column: ids.make('c', INTEGER, true), value })),
  }
}

/** From where to where, in how many steps: up to `limit` of them, where there is one. */
function ways(isDistinct: boolean, limit: number | null): Node {
  const columns = ['src', 'dst', 'n', 'b'].map((name) => ids.make(name, INTEGER, true))
  const [src, dst, n] = columns
  if (!src || !dst || !n) throw new Error('three columns')
  const self = -src.id
  const reference: Node = {
    op: 'read',
    version: 'after',
    of: { op: 'stage-output', stage: self, columns, keys: [] },
  }
  const [edge, other] = [scan(100), scan(101)]
  const base = project(edge.node, [ref(edge.k), ref(edge.a), constant(0), ref(edge.b)])
  const joined: Node = {
    op: 'join',
    inputs: [reference, other.node],
    predicate: [
      operator('=', ref(other.k), ref(dst)),
      ...(limit === null ? [] : [operator('<', ref(n), constant(limit))]),
    ],
  }
  const step = project(joined, [
    ref(src),
    ref(other.a),
    limit === null ? constant(0) : operator('+', ref(n), constant(1), INTEGER),
    ref(other.b),
  ])
  const recursion: Node = {
    op: 'recursion',
    columns,
    base: { input: base, columns: columnIds(base) },
    step: { input: step, columns: columnIds(step) },
    recursion: { isDistinct, self },
  }
  return project(recursion, columns.map(ref))
}

test.each([
  ['UNION', ways(true, null)],
  ['UNION, bounded', ways(true, 2)],
  ['UNION ALL', ways(false, 2)],
  ['UNION ALL, narrowed', narrowRecursion(ways(false, 2))],
])('%s', (_, query) => {
  fc.assert(
    fc.property(arbitraryTables(2, false), fc.integer({ min: 1, max: 3 }), (tables, bits) => {
      const isChanged = (relation: number) => (bits & (1 << (relation - 100))) !== 0
      const leaves = tableLeaves(tables, isChanged)
      const { stages, delta } = maintain(query, leaves, isChanged)
      for (const { maintained, scratch } of stages)
        expect([...maintained.keys()].sort()).toEqual([...scratch.keys()].sort())
      const columns = columnIds(query)
      const change = [...meaning(query, leaves, 'after'), ...negate(meaning(query, leaves, 'before'))]
      expect(contentOf(delta, columns)).toEqual(contentOf(change, columns))
    }),
    { numRuns: 1000 },
  )
})

test('what a step does not read is computed above, and means the same', () => {
  const query = ways(false, 2)
  const narrowed = narrowRecursion(query)
  expect(JSON.stringify(narrowed)).not.toBe(JSON.stringify(query))
  fc.assert(
    fc.property(arbitraryTables(2, false), (tables) => {
      const leaves = tableLeaves(tables, () => false)
      const columns = columnIds(query)
      expect(contentOf(meaning(narrowed, leaves), columns)).toEqual(
        contentOf(meaning(query, leaves), columns),
      )
    }),
  )
})
