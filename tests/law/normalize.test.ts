import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ref } from '../../src/compiler/algebra/build.ts'
import type { Node } from '../../src/compiler/algebra/node.ts'
import { asProject } from '../../src/compiler/algebra/root.ts'
import { INTEGER, type Scalar } from '../../src/compiler/algebra/scalar.ts'
import { firstRows } from '../../src/compiler/normalize/first-rows.ts'
import { normalize, rewrites } from '../../src/compiler/normalize/index.ts'
import { arbitraryTables, tableLeaves } from './arbitrary-change.ts'
import { arbitraryShape, QueryBuilder, type Shape } from './arbitrary-query.ts'
import { contentOf } from './bag.ts'
import { COMPARISON } from './comparison.ts'
import { columnIds, meaning } from './meaning.ts'

const TABLES = 3
/** What the rewrites are about: joins of joins, filters over projections, projections of projections. */
const shapes = fc.oneof(
  arbitraryShape({ depth: 3, aggregates: true }),
  arbitraryShape({ depth: 3, aggregates: true }).map(
    (input): Shape => ({ op: 'project', input, outputs: [{ column: 1 }] }),
  ),
)

const cases: readonly (readonly [string, (node: Node) => Node])[] = [
  ...rewrites.map(({ name, apply }) => [name, apply] as const),
  ['all, in order', normalize],
  ['all, twice', (node) => normalize(normalize(node))],
]

test.each(cases)('%s keeps the meaning', (_, rewrite) => {
  fc.assert(
    fc.property(shapes, arbitraryTables(TABLES, false, 3), (shape, tables) => {
      const query = new QueryBuilder({ count: TABLES, keyed: false }).query(shape)
      const leaves = tableLeaves(tables, () => false)
      const columns = columnIds(query)
      const rewritten = rewrite(query)
      expect(contentOf(meaning(rewritten, leaves), columns)).toEqual(
        contentOf(meaning(query, leaves), columns),
      )
      // The root stays the projection of the query's columns, in their order.
      expect(columnIds(asProject(rewritten))).toEqual(columns)
    }),
    { numRuns: 500 },
  )
})

test('a tree of joins, filters and projections becomes one projection of one join of its leaves', () => {
  const linear = arbitraryShape({ depth: 3, aggregates: false }).filter(
    (shape) => !hasUnion(shape) && !/temporal-values|mark-join/.test(JSON.stringify(shape)),
  )
  fc.assert(
    fc.property(linear, (shape) => {
      const root = normalize(new QueryBuilder({ count: TABLES, keyed: false }).query(shape))
      const steps: string[] = []
      for (
        let node: Node | undefined = root;
        node;
        node = node.op === 'project' || node.op === 'filter' ? node.input : undefined
      )
        steps.push(node.op)
      expect(steps.filter((op) => op === 'project')).toHaveLength(1)
      expect(steps.filter((op) => op === 'filter').length).toBeLessThanOrEqual(1)
    }),
    { numRuns: 300 },
  )
})

function hasUnion(shape: Shape): boolean {
  if (shape.op === 'union-all') return true
  if (shape.op === 'join') return shape.inputs.some(hasUnion)
  return 'input' in shape && hasUnion(shape.input)
}

test('the first rows of partitions are asked of the window operator itself', () => {
  const windows = arbitraryShape({ depth: 2, aggregates: true }).map((input): Shape => {
    return { op: 'partition', kind: 'window', input, keys: [1], first: 0, count: 1 }
  })
  const condition = fc.record({
    operator: fc.constantFrom('<', '<=', '=', '>'),
    bound: fc.integer({ min: -1, max: 3 }),
    isMirrored: fc.boolean(),
  })
  fc.assert(
    fc.property(
      windows,
      fc.array(condition, { minLength: 1, maxLength: 2 }),
      arbitraryTables(TABLES, false, 3),
      (shape, conditions, tables) => {
        const window = new QueryBuilder({ count: TABLES, keyed: false }).node(shape)
        if (window.op !== 'window') throw new Error('no window')
        const [place] = window.calls
        if (!place) throw new Error('no call')
        const predicate = conditions.map(({ operator, bound, isMirrored }): Scalar => {
          const number: Scalar = {
            kind: 'constant',
            sql: `'${bound}'::integer`,
            isNull: false,
            type: INTEGER,
          }
          const args = isMirrored ? [number, ref(place.column)] : [ref(place.column), number]
          return { ...COMPARISON, sql: operator, args }
        })
        const query: Node = { op: 'filter', input: window, predicate }
        const leaves = tableLeaves(tables, () => false)
        const columns = columnIds(query)
        const rewritten = firstRows(query)
        expect(contentOf(meaning(rewritten, leaves), columns)).toEqual(
          contentOf(meaning(query, leaves), columns),
        )
        const isBound = conditions.some(
          ({ operator, isMirrored }) => operator === '=' || (operator === '>') === isMirrored,
        )
        const below = rewritten.op === 'filter' ? rewritten.input : rewritten
        expect(below.op === 'window' && below.first !== undefined).toBe(isBound)
      },
    ),
    { numRuns: 300 },
  )
})
