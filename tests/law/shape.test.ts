import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Node } from '../../src/compiler/algebra/node.ts'
import { operatorOf } from '../../src/compiler/algebra/operators/index.ts'
import { storedId } from '../../src/compiler/algebra/operators/read.ts'
import { BOOLEAN, type Scalar, scalarNullable } from '../../src/compiler/algebra/scalar.ts'
import { cutIntoStages } from '../../src/compiler/delta/stage.ts'
import { normalize } from '../../src/compiler/normalize/index.ts'
import { arbitraryTables, tableLeaves } from './arbitrary-change.ts'
import {
  arbitraryCondition,
  arbitraryFormula,
  arbitraryShape,
  predicate,
  QueryBuilder,
  type Shape,
  scalar,
} from './arbitrary-query.ts'
import { imageOfRow, rowsOf, valueIn } from './bag.ts'
import { evaluate, rowScope } from './evaluate.ts'
import { columnIds, type Leaves, meaning } from './meaning.ts'

const TABLES = 3

/** Joins on k, the key, are what keys are inferred through: make them frequent. */
const joinsOnKeys: fc.Arbitrary<Shape> = fc
  .record({
    inputs: fc.array(fc.nat({ max: 2 }), { minLength: 2, maxLength: 4 }),
    pairs: fc.array(fc.tuple(fc.nat({ max: 11 }), fc.nat({ max: 11 })), { minLength: 1, maxLength: 4 }),
  })
  .map(({ inputs, pairs }) => ({
    op: 'join',
    inputs: inputs.map((table) => ({ op: 'scan', table })),
    conditions: pairs.map(([left, right]) => ({
      operator: '=' as const,
      left: { column: left },
      right: { column: right },
    })),
  }))

const shapes = fc.oneof(
  arbitraryShape({ depth: 3, aggregates: true }),
  joinsOnKeys,
  fc.record({
    op: fc.constant('project' as const),
    input: joinsOnKeys,
    outputs: fc.array(arbitraryFormula, { maxLength: 5 }),
  }),
)

function everyNode(node: Node): Node[] {
  return [node, ...operatorOf(node).inputs(node).flatMap(everyNode)]
}

test('claimed keys are keys, and columns that are not nullable hold no NULL', () => {
  let claimed = 0
  fc.assert(
    fc.property(shapes, arbitraryTables(TABLES, true, 3), (shape, tables) => {
      const leaves = tableLeaves(tables, () => false)
      const built = new QueryBuilder({ count: TABLES, keyed: true }).query(shape)
      for (const node of [...everyNode(built), ...everyNode(normalize(built))]) {
        const rows = rowsOf(meaning(node, leaves))
        for (const key of operatorOf(node).keys(node)) {
          claimed += key.length < columnIds(node).length ? 1 : 0
          expect(columnIds(node)).toEqual(expect.arrayContaining([...key]))
          expect(
            new Set(rows.map((row) => imageOfRow(row, key))).size,
            `key ${key.join()} of ${node.op}`,
          ).toBe(rows.length)
        }
        for (const column of operatorOf(node).columns(node))
          if (!column.nullable)
            expect(
              rows.filter((row) => valueIn(row, column.id) === null),
              `${column.name} of ${node.op}`,
            ).toEqual([])
      }
    }),
    { numRuns: 1500 },
  )
  expect(claimed).toBeGreaterThan(1000)
})

test('the root above the stages claims true keys too', () => {
  fc.assert(
    fc.property(
      arbitraryShape({ depth: 3, aggregates: true }),
      arbitraryTables(TABLES, true, 3),
      (shape, tables) => {
        const sources = tableLeaves(tables, () => false)
        const query = normalize(new QueryBuilder({ count: TABLES, keyed: true }).query(shape))
        const { stages, root } = cutIntoStages(query)
        const leaves: Leaves = {
          rows: (of, version) => {
            if (of.op === 'scan') return sources.rows(of, version)
            const stage = stages.find(({ number }) => number === of.stage)
            if (!stage) throw new Error(`there is no stage ${of.stage}`)
            return meaning(stage.node, leaves).map(({ row, weight }) => ({
              values: of.columns.map(({ id }) => valueIn(row, storedId(of, id))),
              weight,
            }))
          },
        }
        const rows = rowsOf(meaning(root, leaves))
        for (const key of operatorOf(root).keys(root))
          expect(new Set(rows.map((row) => imageOfRow(row, key))).size).toBe(rows.length)
      },
    ),
    { numRuns: 500 },
  )
})

test('scalarNullable says no only of what is never NULL', () => {
  const { columns } = new QueryBuilder({ count: 1, keyed: true }).scan(0)
  let promised = 0
  const formulas = fc.oneof(
    arbitraryFormula.map((formula) => scalar(formula, columns)),
    arbitraryCondition.map((condition) => predicate(condition, columns)),
  )
  fc.assert(
    fc.property(formulas, arbitraryTables(1, true), (value, tables) => {
      if (scalarNullable(value, (id) => columns.find((column) => column.id === id)?.nullable ?? true)) return
      promised += 1
      const scan = { ...new QueryBuilder({ count: 1, keyed: true }).scan(0), columns }
      for (const row of rowsOf(
        meaning(
          scan,
          tableLeaves(tables, () => false),
        ),
      ))
        expect(evaluate(value, rowScope(row))).not.toBeNull()
    }),
    { numRuns: 1000 },
  )
  expect(promised).toBeGreaterThan(50)
})

test('scalarNullable of AND, OR and NOT', () => {
  const columns = [1, 2].map((id): Scalar => ({ kind: 'column', id, type: BOOLEAN }))
  const constants = ['true', 'false'].map(
    (sql): Scalar => ({ kind: 'constant', sql, isNull: false, type: BOOLEAN }),
  )
  const operands: readonly Scalar[] = [
    ...columns,
    ...constants,
    { kind: 'constant', sql: 'NULL::boolean', isNull: true, type: BOOLEAN },
  ]
  // Column 1 is NOT NULL, column 2 is not.
  const rows = [true, false].flatMap((a) =>
    [true, false, null].map(
      (b) =>
        new Map([
          [1, a],
          [2, b],
        ]),
    ),
  )
  for (const op of ['and', 'or', 'not'] as const)
    for (const left of operands)
      for (const right of operands) {
        const value: Scalar = {
          kind: 'logic',
          op,
          args: op === 'not' ? [left] : [left, right],
          type: BOOLEAN,
        }
        const isEver = rows.some((row) => evaluate(value, rowScope(row)) === null)
        if (!scalarNullable(value, (id) => id === 2)) expect(isEver, JSON.stringify(value)).toBe(false)
      }
})
