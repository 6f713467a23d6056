import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ref } from '../../src/compiler/algebra/build.ts'
import type { Node } from '../../src/compiler/algebra/node.ts'
import { operatorOf, operators } from '../../src/compiler/algebra/operators/index.ts'
import type { StageOutput } from '../../src/compiler/algebra/operators/read.ts'
import { INTEGER } from '../../src/compiler/algebra/scalar.ts'
import { type Changed, differentiate, stateOf } from '../../src/compiler/delta/differentiate.ts'
import { normalize } from '../../src/compiler/normalize/index.ts'
import { arbitraryTables, type TableChange, tableLeaves } from './arbitrary-change.ts'
import { arbitraryShape, type Formula, QueryBuilder, type Shape } from './arbitrary-query.ts'
import { type Bag, contentOf, negate } from './bag.ts'
import { COMPARISON } from './comparison.ts'
import { DivisionByZero } from './evaluate.ts'
import { maintain } from './maintain.ts'
import { columnIds, type Leaves, meaning } from './meaning.ts'
import { imageOf } from './value.ts'

const TABLES = 3

/** Which of the tables changed, as a set of bits. */
const someTables = fc.integer({ min: 0, max: 2 ** TABLES - 1 })

function holdsFor(query: Node, tables: readonly TableChange[], bits: number): void {
  const isChanged = (relation: number) => (bits & (1 << (relation - 100))) !== 0
  const leaves = tableLeaves(tables, isChanged)
  const changed: Changed = { relation: isChanged, stage: () => false }
  const term = differentiate(query, changed)
  const columns = columnIds(query)
  const before = meaning(query, leaves, 'before')
  const after = meaning(query, leaves, 'after')
  expect(contentOf(term ? meaning(term, leaves) : [], columns)).toEqual(difference(after, before, columns))
  // The states that a term may ask for are the query over them.
  expect(contentOf(meaning(stateOf(query, 'before', changed), leaves), columns)).toEqual(
    contentOf(before, columns),
  )
  expect(contentOf(meaning(stateOf(query, 'after', changed), leaves), columns)).toEqual(
    contentOf(after, columns),
  )
}

function difference(after: Bag, before: Bag, columns: readonly number[]): readonly string[] {
  return contentOf([...after, ...negate(before)], columns)
}

/** Queries of one operator over tables. */
const ONE_OPERATOR: Readonly<Record<string, fc.Arbitrary<Shape>>> = Object.fromEntries(
  Object.values(operators)
    // A bound is the row of a stage: see below.
    .filter(
      ({ op, class: kind }) =>
        op !== 'bound-filter' && !['term', 'group', 'partition', 'recursion'].includes(kind),
    )
    .map(({ op }) => [
      op,
      arbitraryShape({ depth: 1, aggregates: false }).filter((shape) => shape.op === op),
    ]),
)

test.each(Object.entries(ONE_OPERATOR))('the delta of %s is its change', (_, shapes) => {
  fc.assert(
    fc.property(shapes, arbitraryTables(TABLES, false), someTables, (shape, tables, bits) => {
      holdsFor(new QueryBuilder({ count: TABLES, keyed: false }).node(shape), tables, bits)
    }),
    { numRuns: 300 },
  )
})

test('the delta of any tree without aggregates, three levels deep, is its change', () => {
  fc.assert(
    fc.property(
      arbitraryShape({ depth: 3, aggregates: false }),
      arbitraryTables(TABLES, false, 3),
      someTables,
      (shape, tables, bits) => {
        holdsFor(new QueryBuilder({ count: TABLES, keyed: false }).query(shape), tables, bits)
      },
    ),
    { numRuns: 1000 },
  )
})

test('a join of up to six inputs, each of which may change, and self-joins', () => {
  const wide = fc.record({
    op: fc.constant('join' as const),
    inputs: fc.array(fc.record({ op: fc.constant('scan' as const), table: fc.nat({ max: 5 }) }), {
      minLength: 4,
      maxLength: 6,
    }),
    conditions: fc.constant([]),
  })
  fc.assert(
    fc.property(
      wide,
      arbitraryTables(6, false, 2),
      fc.integer({ min: 0, max: 63 }),
      (shape, tables, bits) => {
        const join = new QueryBuilder({ count: 6, keyed: false }).node(shape)
        if (join.op !== 'join') throw new Error('not a join')
        // A chain: the first column of each input meets that of the next.
        const ids = join.inputs.map((input) => columnIds(input)[0] ?? 0)
        const predicate = ids.slice(1).map((id, i) => ({
          kind: 'operator' as const,
          oid: 96,
          sql: '=',
          equality: true,
          args: [ids[i] ?? 0, id].map((each) => ({ kind: 'column' as const, id: each, type: INTEGER })),
          type: { oid: 16, typmod: -1, collation: 0 },
          inputCollation: 0,
          strict: true,
          volatility: 'immutable' as const,
        }))
        holdsFor({ ...join, predicate }, tables, bits)
      },
    ),
    { numRuns: 150 },
  )
})

test('what did not change has no delta, unless time passes for it', () => {
  fc.assert(
    fc.property(arbitraryShape({ depth: 3, aggregates: true }), (shape) => {
      const query = new QueryBuilder({ count: TABLES, keyed: false }).query(shape)
      fc.pre(!JSON.stringify(shape).includes('temporal-'))
      expect(differentiate(query, { relation: () => false, stage: () => false })).toBeNull()
    }),
  )
})

test('a join with stages, whose stored state is the one before', () => {
  const stages = arbitraryTables(2, false, 3)
  const kinds = fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(
      kinds,
      stages,
      arbitraryTables(TABLES, false, 2),
      fc.nat({ max: 31 }),
      (inputs, outputs, tables, bits) => {
        const builder = new QueryBuilder({ count: TABLES, keyed: false })
        const join: Node = {
          op: 'join',
          inputs: inputs.map((kind) =>
            kind < TABLES
              ? builder.scan(kind)
              : { op: 'read', version: 'after', of: stageOutput(builder, kind - TABLES + 1) },
          ),
          predicate: [],
        }
        const relation = (oid: number) => (bits & (1 << (oid - 100))) !== 0
        const stage = (number: number) => (bits & (1 << (TABLES + number - 1))) !== 0
        const sources = tableLeaves(tables, relation)
        const stored = tableLeaves(outputs, (oid) => stage(oid - 99))
        const leaves: Leaves = {
          rows: (of, version) =>
            of.op === 'scan'
              ? sources.rows(of, version)
              : stored.rows({ ...builder.scan(0), relation: 99 + of.stage }, version),
        }
        const changed: Changed = { relation, stage }
        const term = differentiate(join, changed)
        const columns = columnIds(join)
        const before = meaning(stateOf(join, 'before', changed), leaves)
        const after = meaning(stateOf(join, 'after', changed), leaves)
        expect(contentOf(term ? meaning(term, leaves) : [], columns)).toEqual(
          difference(after, before, columns),
        )
        // A changed stage's state after is nowhere stored: an inner join must do without where it can.
        expect(isReadAfter(term, changed) && inputs.filter((kind) => kind >= TABLES).length <= 1).toBe(false)
      },
    ),
    { numRuns: 300 },
  )
})

function stageOutput(builder: QueryBuilder, stage: number): StageOutput {
  return { op: 'stage-output', stage, columns: builder.scan(0).columns, keys: [] }
}

function isReadAfter(node: Node | null, changed: Changed): boolean {
  if (!node) return false
  if (node.op === 'read')
    return node.version === 'after' && node.of.op === 'stage-output' && changed.stage(node.of.stage)
  return 'inputs' in node
    ? node.inputs.some((input) => isReadAfter(input, changed))
    : node.op === 'union-all' && node.branches.some(({ input }) => isReadAfter(input, changed))
}

test('the delta of bound-filter is its change, whatever the bound was and is', () => {
  const value = fc.option(fc.integer({ min: 0, max: 3 }))
  const row = fc.option(fc.tuple(value, value, value))
  fc.assert(
    fc.property(
      arbitraryShape({ depth: 1, aggregates: false }),
      arbitraryTables(TABLES, false),
      fc.tuple(row, row),
      fc.constantFrom('<', '<=', '>', '>='),
      fc.boolean(),
      someTables,
      (shape, tables, [was, is], operator, isMirrored, bits) => {
        const builder = new QueryBuilder({ count: TABLES, keyed: false })
        const left = builder.node(shape)
        const of = { ...stageOutput(builder, 1), keys: [[]] }
        const [first] = operatorOf(left).columns(left)
        const [, second] = of.columns
        if (!first || !second) return
        const [compared, bound] = [ref(first), ref(second)]
        const comparison = {
          ...COMPARISON,
          sql: operator,
          args: isMirrored ? [bound, compared] : [compared, bound],
        }
        const right: Node = { op: 'read', version: 'after', of }
        const query: Node = { op: 'bound-filter', left, right, comparison, value: compared, bound }
        const isChanged = (relation: number) => (bits & (1 << (relation - 100))) !== 0
        const sources = tableLeaves(tables, isChanged)
        const one = (values: typeof was, weight: number) => (values === null ? [] : [{ values, weight }])
        const leaves: Leaves = {
          rows: (read, version) => {
            if (read.op === 'scan') return sources.rows(read, version)
            if (version === 'delta') return [...one(is, 1), ...one(was, -1)]
            return one(version === 'before' ? was : is, 1)
          },
        }
        const changed: Changed = { relation: isChanged, stage: () => true }
        const term = differentiate(query, changed)
        const columns = columnIds(query)
        expect(contentOf(term ? meaning(term, leaves) : [], columns)).toEqual(
          difference(
            meaning(stateOf(query, 'after', changed), leaves),
            meaning(stateOf(query, 'before', changed), leaves),
            columns,
          ),
        )
      },
    ),
    { numRuns: 1000 },
  )
})

test('consolidation keeps the meaning and leaves every row once', () => {
  fc.assert(
    fc.property(arbitraryTables(1, false), (tables) => {
      const of = new QueryBuilder({ count: 1, keyed: false }).scan(0)
      const leaves = tableLeaves(tables, () => true)
      const delta: Node = { op: 'read', version: 'delta', of }
      const columns = columnIds(delta)
      const net = meaning({ op: 'consolidate', input: delta }, leaves)
      const raw = leaves.rows(of, 'delta')
      const sums = new Map<string, number>()
      for (const { values, weight } of raw)
        sums.set(imageOf(values), (sums.get(imageOf(values)) ?? 0) + weight)
      expect(contentOf(net, columns)).toEqual(
        [...sums].flatMap(([image, weight]) => (weight === 0 ? [] : [`${image} × ${weight}`])).sort(),
      )
      expect(new Set(net.map(({ row }) => imageOf([...row.values()]))).size).toBe(net.length)
    }),
  )
})

test('a refresh of any tree, aggregates of aggregates included: every state and the result are exact', () => {
  fc.assert(
    fc.property(
      arbitraryShape({ depth: 3, aggregates: true }),
      arbitraryTables(TABLES, false, 3),
      someTables,
      (shape, tables, bits) => {
        const query = new QueryBuilder({ count: TABLES, keyed: false }).query(shape)
        const isChanged = (relation: number) => (bits & (1 << (relation - 100))) !== 0
        const leaves = tableLeaves(tables, isChanged)
        const { stages, delta } = maintain(query, leaves, isChanged)
        for (const { maintained, scratch } of stages) expect(images(maintained)).toEqual(images(scratch))
        const columns = columnIds(query)
        expect(contentOf(delta, columns)).toEqual(
          difference(meaning(query, leaves, 'after'), meaning(query, leaves, 'before'), columns),
        )
      },
    ),
    { numRuns: 1500 },
  )
})

/** What divides: in the select list, in a condition, as argument and as key of an aggregate. */
function dividing(kind: number, input: Shape, left: number, right: number): Shape {
  const quotient: Formula = { operator: '/', left: { column: left }, right: { column: right } }
  const positive = { operator: '<' as const, left: { constant: 0 }, right: quotient }
  switch (kind) {
    case 0:
      return { op: 'project', input, outputs: [quotient] }
    case 1:
      return { op: 'filter', input, conditions: [positive] }
    case 2:
      return { op: 'aggregate', input, keys: [], calls: [{ name: 'min', argument: quotient, filter: null }] }
    case 3:
      return { op: 'aggregate', input, keys: [quotient], calls: [] }
    default:
      return { op: 'join', inputs: [input, { op: 'scan', table: 2 }], conditions: [positive] }
  }
}

test('a refresh fails on no row that neither state has', () => {
  const joined: fc.Arbitrary<Shape> = fc.record({
    op: fc.constant('join' as const),
    inputs: fc.array(fc.record({ op: fc.constant('scan' as const), table: fc.nat({ max: 2 }) }), {
      minLength: 1,
      maxLength: 3,
    }),
    // The keys meet: a row finds few others, an old row others than a new one.
    conditions: fc.constant([
      { operator: '=' as const, left: { column: 0 }, right: { column: 3 } },
      { operator: '=' as const, left: { column: 0 }, right: { column: 6 } },
    ]),
  })
  const scans = fc.tuple(
    ...[0, 1].map(() => fc.record({ op: fc.constant('scan' as const), table: fc.nat({ max: 2 }) })),
  )
  const matched: fc.Arbitrary<Shape> = fc.tuple(scans, fc.nat({ max: 4 })).map(([[left, right], kind]) => {
    if (!left || !right) throw new Error('two sides')
    const sides = {
      left,
      right,
      conditions: [{ operator: '=' as const, left: { column: 0 }, right: { column: 3 } }],
    }
    if (kind === 4) return { op: 'mark-join', ...sides }
    return kind < 2 ? { op: 'outer-join', ...sides } : { op: 'semi-join', ...sides, isAnti: kind === 3 }
  })
  const column = fc.nat({ max: 8 })
  let judged = 0
  fc.assert(
    fc.property(
      fc
        .tuple(fc.nat({ max: 4 }), fc.oneof(joined, matched), column, column)
        .map((choices) => dividing(...choices)),
      arbitraryTables(TABLES, false, 3),
      someTables,
      (shape, tables, bits) => {
        const built = new QueryBuilder({ count: TABLES, keyed: false }).query(shape)
        const isChanged = (relation: number) => (bits & (1 << (relation - 100))) !== 0
        const leaves = tableLeaves(tables, isChanged)
        for (const query of [built, normalize(built)]) {
          try {
            meaning(query, leaves, 'before')
            meaning(query, leaves, 'after')
          } catch (error) {
            if (error instanceof DivisionByZero) continue
            throw error
          }
          judged += 1
          expect(() => maintain(query, leaves, isChanged)).not.toThrow()
        }
      },
    ),
    { numRuns: 3000 },
  )
  expect(judged).toBeGreaterThan(1000)
})

function images(state: ReadonlyMap<string, ReadonlyMap<number, number | boolean | string | null>>) {
  return [...state]
    .map(([key, row]) => `${key}: ${imageOf([...row].sort(([a], [b]) => a - b).map(([, value]) => value))}`)
    .sort()
}
