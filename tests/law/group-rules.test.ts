import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { groupRule, hasAggregateRule } from '../../src/compiler/algebra/aggregate-functions.ts'
import { ref } from '../../src/compiler/algebra/build.ts'
import type { GroupRule } from '../../src/compiler/algebra/group-rule.ts'
import { type Column, ColumnIds } from '../../src/compiler/algebra/node.ts'
import type { AggregateCall } from '../../src/compiler/algebra/operators/aggregate.ts'
import {
  BIGINT,
  BOOLEAN,
  INTEGER,
  type Scalar,
  scalarNullable,
  type TypeRef,
} from '../../src/compiler/algebra/scalar.ts'
import type { Bag, Row } from './bag.ts'
import { evaluate, rowScope } from './evaluate.ts'
import { outputOf, stateAfter, stateFromScratch } from './maintain.ts'
import { callMeaning } from './meaning.ts'
import { imageOf, type Value } from './value.ts'

const NAMES = ['count', 'sum', 'avg', 'min', 'max'] as const
const finite = fc.integer({ min: -3, max: 3 })

/** A type and values of it: those whose sums are exact whatever the order, and those that no subtraction takes back. */
const TYPES: Readonly<Record<string, { readonly oid: number; readonly values: fc.Arbitrary<number> }>> = {
  smallint: { oid: 21, values: finite },
  integer: { oid: 23, values: finite },
  bigint: { oid: 20, values: finite },
  numeric: {
    oid: 1700,
    values: fc.oneof({ weight: 4, arbitrary: finite }, fc.constantFrom(Number.NaN, Infinity, -Infinity)),
  },
  // 1e16 swallows what is added to it.
  real: { oid: 700, values: fc.oneof(finite, fc.constantFrom(1e16, -1e16, Number.NaN, Infinity)) },
  'double precision': {
    oid: 701,
    values: fc.oneof(finite, fc.constantFrom(1e16, -1e16, Number.NaN, Infinity)),
  },
  money: { oid: 790, values: finite },
  // Both infinities in one sum are an error, in PostgreSQL as well.
  interval: { oid: 1186, values: fc.oneof({ weight: 4, arbitrary: finite }, fc.constant(Infinity)) },
}

interface Case {
  readonly rule: GroupRule
  readonly calls: readonly AggregateCall[]
  readonly columns: readonly Column[]
}

/** `SELECT g, call(x), call(x) FILTER (WHERE f), call(y) … GROUP BY g`: x may be NULL, y may not. */
function ruleOver(oid: number, names: readonly string[], grouped: boolean): Case {
  const ids = new ColumnIds()
  const type: TypeRef = { oid, typmod: -1, collation: 0 }
  const [g, x, y, f] = [
    ids.make('g', INTEGER, true),
    ids.make('x', type, true),
    ids.make('y', type, false),
    ids.make('f', BOOLEAN, true),
  ]
  const columns = [g, x, y, f]
  const call = (name: string, args: readonly Scalar[], filter: Scalar | null): AggregateCall => ({
    column: ids.make(name, name === 'count' ? BIGINT : type, name !== 'count'),
    name,
    args,
    written: null,
    filter,
  })
  const calls = names
    .filter((name) => hasAggregateRule(name, type))
    .flatMap((name) => [
      call(name, [ref(x)], null),
      call(name, [ref(x)], ref(f)),
      call(name, [ref(y)], null),
      call(name, [ref(y)], ref(f)),
    ])
  calls.push(call('count', [], null), call('count', [], ref(f)))
  const keys = grouped ? [{ column: ids.make('key', INTEGER, true), value: ref(g) }] : []
  const nullable = (scalar: Scalar) =>
    scalarNullable(scalar, (id) => columns.find((column) => column.id === id)?.nullable ?? true)
  return {
    rule: groupRule(keys, calls, ids, {
      nullable,
      isRow: () => false,
      scale: () => null,
      equality: () => '=',
    }),
    calls,
    columns,
  }
}

interface Change {
  readonly kept: readonly (readonly Value[])[]
  readonly deleted: readonly (readonly Value[])[]
  readonly inserted: readonly (readonly Value[])[]
  /** Came and went within the change, or went and came back. */
  readonly churn: readonly (readonly Value[])[]
}

function arbitraryChange(values: fc.Arbitrary<number>): fc.Arbitrary<Change> {
  const row = fc.tuple(
    fc.option(fc.nat({ max: 1 }), { freq: 4 }),
    fc.option(values, { freq: 3 }),
    values,
    fc.option(fc.boolean()),
  )
  const rows = fc.array(row, { maxLength: 4 })
  return fc.record({ kept: rows, deleted: rows, inserted: rows, churn: fc.array(row, { maxLength: 1 }) })
}

function bagOf(rows: readonly (readonly Value[])[], weight: number, columns: readonly Column[]): Bag {
  return rows.map((values) => ({
    row: new Map(columns.map((column, i) => [column.id, values[i] ?? null])),
    weight,
  }))
}

function check({ rule, calls, columns }: Case, { kept, deleted, inserted, churn }: Change): void {
  const before = bagOf([...kept, ...deleted], 1, columns)
  const after = bagOf([...kept, ...inserted], 1, columns)
  const delta = [...bagOf([...deleted, ...churn], -1, columns), ...bagOf([...inserted, ...churn], 1, columns)]
  const maintained = stateAfter(rule, stateFromScratch(rule, before), delta, after)
  expect(contents(maintained)).toEqual(contents(stateFromScratch(rule, after)))
  // And what is read off the state is what the calls mean.
  const [key] = rule.keys
  const [g] = columns
  for (const state of maintained.values()) {
    const group = after.filter(
      ({ row }) =>
        !key || !g || imageOf([row.get(g.id) ?? null]) === imageOf([state.get(key.column.id) ?? null]),
    )
    const rows = group.map(({ row }) => row)
    const output = outputOf(rule, state)
    for (const call of calls)
      expect(imageOf([output.get(call.column.id) ?? null]), call.name).toBe(
        imageOf([callMeaning(call, rows)]),
      )
  }
}

function contents(state: ReadonlyMap<string, Row>): readonly string[] {
  return [...state]
    .map(
      ([image, row]) => `${image}: ${imageOf([...row].sort(([a], [b]) => a - b).map(([, value]) => value))}`,
    )
    .sort()
}

describe.each(Object.entries(TYPES))('over %s', (_, { oid, values }) => {
  test.each(NAMES.filter((name) => hasAggregateRule(name, { oid, typmod: -1, collation: 0 })))(
    '%s: the state after a change is the state from scratch',
    (name) => {
      fc.assert(
        fc.property(fc.boolean(), arbitraryChange(values), (grouped, change) => {
          check(ruleOver(oid, [name], grouped), change)
        }),
        { numRuns: 200 },
      )
    },
  )
})

test('calls that share accumulators', () => {
  fc.assert(
    fc.property(
      fc.subarray([...NAMES], { minLength: 2 }),
      fc.boolean(),
      arbitraryChange(finite),
      (names, grouped, change) => {
        check(ruleOver(1700, names, grouped), change)
      },
    ),
    { numRuns: 200 },
  )
  // count(y), y NOT NULL, is the group's count; count(x) and avg(x) count the same.
  const { rule } = ruleOver(23, ['count', 'sum', 'avg'], true)
  const counts = rule.accumulators.filter(({ column }) => column.name === 'n')
  expect(counts.map(({ scratch }) => scratch)).toHaveLength(4)
  expect(rule.accumulators[0]).toBe(rule.count)
})

test('an extreme is asked for again only when a value leaves that may have been it', () => {
  const { rule } = ruleOver(23, ['min'], false)
  const extreme = rule.accumulators.find(({ column }) => column.name === 'min')
  const [inserted, deleted] = extreme?.deltas ?? []
  if (!extreme?.recompute || !inserted || !deleted) throw new Error('min keeps no extreme')
  const { column, recompute } = extreme
  const asks = (stored: Value, plus: Value, minus: Value) =>
    evaluate(
      recompute,
      rowScope(
        new Map([
          [column.id, stored],
          [inserted.column.id, plus],
          [deleted.column.id, minus],
        ]),
      ),
    )
  expect(asks(1, 0, null)).toBe(false)
  expect(asks(1, 2, 2)).toBe(false)
  expect(asks(1, 0, 1)).toBe(false)
  expect(asks(1, null, 1)).toBe(true)
  expect(asks(1, 2, 1)).toBe(true)
  expect(asks(1, 0, 0)).toBe(true)
  expect(asks(null, 0, 0)).toBe(true)
})
