/**
 * Genes: the shape of a case, with numbers where something is picked from what there is. Any genes make a case, so
 * shrinking (a table, a row, a step, a condition less; a smaller number) never leaves the grammar.
 */
import fc from 'fast-check'
import type { DerivedGenes } from './derived.ts'
import type { RecursionGenes } from './recursion.ts'
import type { SublinkGenes } from './sublinks.ts'
import type { FunctionGenes } from './table-functions.ts'
import type { WindowGenes } from './windows.ts'

export interface CaseGenes {
  readonly tables: readonly TableGenes[]
  readonly views: readonly QueryGenes[]
  readonly streams: readonly QueryGenes[]
  readonly steps: readonly StepGenes[]
}

export interface TableGenes {
  readonly name: number
  readonly key: number
  readonly identity: number
  readonly columns: readonly ColumnGenes[]
  readonly rows: readonly RowGenes[]
}

export interface ColumnGenes {
  readonly type: number
  readonly name: number
  readonly kind: number
}

export type RowGenes = readonly number[]

export interface ExpressionGenes {
  readonly column: number
  readonly functions: readonly number[]
  readonly literal: number
}

export interface ConditionGenes {
  readonly on: ExpressionGenes
  readonly comparison: number
  readonly other: number
  readonly shape: number
}

export type SourceGenes =
  | { readonly kind: 'relation'; readonly pick: number }
  | { readonly kind: 'subquery'; readonly query: QueryGenes }
  | { readonly kind: 'with'; readonly query: QueryGenes }
  /** A WITH of this SELECT once more. */
  | { readonly kind: 'again'; readonly pick: number }
  | { readonly kind: 'lateral'; readonly query: QueryGenes }
  | { readonly kind: 'functions'; readonly functions: FunctionGenes }
  | { readonly kind: 'recursion'; readonly recursion: RecursionGenes }
  | { readonly kind: 'values'; readonly rows: readonly RowGenes[] }
  /** In parentheses. */
  | { readonly kind: 'join'; readonly first: SourceGenes; readonly join: JoinGenes }

export interface JoinGenes {
  readonly source: SourceGenes
  readonly kind: number
  readonly left: number
  readonly right: number
  readonly outer: number
  readonly on: ConditionGenes | null
  /** USING or NATURAL; an alias for all of it. */
  readonly merge: number
}

export interface SelectGenes {
  readonly first: SourceGenes
  readonly joins: readonly JoinGenes[]
  readonly where: readonly ConditionGenes[]
  /** A condition on the time. */
  readonly time: number | null
  readonly outputs: readonly ExpressionGenes[]
  /** Set-returning functions among the outputs. */
  readonly sets: readonly ExpressionGenes[]
  readonly names: number
  readonly distinct: number
  /** How it goes with the SELECTs before it. */
  readonly operation: number
  readonly aggregate: AggregateGenes | null
  readonly windows: readonly WindowGenes[]
  readonly sublinks: readonly SublinkGenes[]
  /** Subqueries that count as columns. */
  readonly derived: readonly DerivedGenes[]
  /** Shows what DISTINCT ON is about, and nothing else. */
  readonly distinctOn: boolean
  readonly limit: number | null
}

export interface AggregateGenes {
  readonly keys: readonly ExpressionGenes[]
  readonly sets: number
  readonly calls: readonly CallGenes[]
  readonly having: readonly ConditionGenes[]
  /** In HAVING or shown. */
  readonly sublinks: readonly SublinkGenes[]
}

export interface CallGenes {
  readonly call: number
  readonly argument: ExpressionGenes
  readonly filter: ConditionGenes | null
  /** Functions over the result. */
  readonly over: readonly number[]
}

/** One SELECT, or several under set operations. */
export type QueryGenes = readonly SelectGenes[]

export interface WriteGenes {
  readonly kind: number
  readonly table: number
  readonly rows: readonly RowGenes[]
  readonly where: ConditionGenes | null
}

export type OperationGenes =
  | { readonly kind: 'write'; readonly write: WriteGenes }
  | { readonly kind: 'refresh'; readonly stream: number }
  | { readonly kind: 'savepoint'; readonly writes: readonly WriteGenes[]; readonly undo: boolean }

export type StepGenes =
  | { readonly kind: 'refresh'; readonly stream: number; readonly repeatable: boolean }
  | { readonly kind: 'refresh all' }
  | { readonly kind: 'write'; readonly write: WriteGenes }
  | {
      readonly kind: 'transaction'
      readonly operations: readonly OperationGenes[]
      readonly repeatable: boolean
      readonly undo: boolean
    }
  | { readonly kind: 'elsewhere'; readonly writes: readonly WriteGenes[] }
  | { readonly kind: 'end elsewhere'; readonly undo: boolean }
  | { readonly kind: 'same keys'; readonly key: number; readonly kinds: readonly number[] }
  | { readonly kind: 'clean' }
  /** Lets time pass, where a query asks for it. */
  | { readonly kind: 'wait'; readonly tenths: number }

const number = fc.nat({ max: 63 })
const few = <T>(arbitrary: fc.Arbitrary<T>, maxLength: number, minLength = 0) =>
  fc.array(arbitrary, { minLength, maxLength, size: 'max' })
/** `value` once in `every`, else null. */
const sometimes = <T>(value: fc.Arbitrary<T>, every: number): fc.Arbitrary<T | null> =>
  fc.oneof({ arbitrary: fc.constant(null), weight: every - 1 }, { arbitrary: value, weight: 1 })

const row: fc.Arbitrary<RowGenes> = fc.array(number, { minLength: 6, maxLength: 6 })

const expression: fc.Arbitrary<ExpressionGenes> = fc.record({
  column: number,
  functions: fc.oneof(
    { arbitrary: fc.constant([]), weight: 3 },
    { arbitrary: few(number, 1, 1), weight: 2 },
    { arbitrary: few(number, 2, 2), weight: 1 },
  ),
  literal: number,
})

const condition: fc.Arbitrary<ConditionGenes> = fc.record({
  on: expression,
  comparison: number,
  other: number,
  shape: number,
})

const call: fc.Arbitrary<CallGenes> = fc.record({
  call: number,
  argument: expression,
  filter: sometimes(condition, 4),
  over: fc.oneof({ arbitrary: fc.constant([]), weight: 4 }, { arbitrary: few(number, 2, 1), weight: 1 }),
})

const window: fc.Arbitrary<WindowGenes> = fc.record({
  call: number,
  argument: expression,
  keys: few(expression, 2),
  order: expression,
  frame: number,
})

const sublinkOf = (query: fc.Arbitrary<QueryGenes | null>): fc.Arbitrary<SublinkGenes> =>
  fc.record({
    kind: number,
    relation: number,
    query,
    left: number,
    right: number,
    correlation: number,
    where: sometimes(condition, 2),
    column: expression,
    call: number,
    place: number,
    other: condition,
  })

const aggregateOf = (sublink: fc.Arbitrary<SublinkGenes>): fc.Arbitrary<AggregateGenes> =>
  fc.record({
    keys: few(expression, 3),
    sets: number,
    calls: few(call, 4),
    having: fc.oneof(
      { arbitrary: fc.constant([]), weight: 5 },
      { arbitrary: few(condition, 2, 1), weight: 1 },
    ),
    sublinks: fc.oneof(
      { arbitrary: fc.constant([]), weight: 5 },
      { arbitrary: few(sublink, 1, 1), weight: 1 },
    ),
  })

const functions: fc.Arbitrary<FunctionGenes> = fc.record({
  calls: fc.oneof(
    { arbitrary: few(expression, 1, 1), weight: 4 },
    { arbitrary: few(expression, 3, 2), weight: 1 },
  ),
  pick: number,
  ordinality: fc.boolean(),
})

const derivedOf = (within: fc.Arbitrary<DerivedGenes | null>): fc.Arbitrary<DerivedGenes> =>
  fc.record({
    kind: number,
    reads: number,
    relation: number,
    list: functions,
    correlation: number,
    where: sometimes(condition, 3),
    column: expression,
    shape: number,
    call: number,
    within,
  })

const derived = derivedOf(sometimes(derivedOf(fc.constant(null)), 3))

const recursion: fc.Arbitrary<RecursionGenes> = fc.record({
  base: number,
  step: number,
  columns: number,
  on: number,
  all: fc.boolean(),
  shape: number,
  where: sometimes(condition, 3),
  also: sometimes(condition, 3),
})

type Ties = {
  readonly query: QueryGenes
  readonly select: SelectGenes
  readonly source: SourceGenes
  /** What a sublink reads instead of a relation. */
  readonly within: QueryGenes | null
}

const { query } = fc.letrec<Ties>((tie) => ({
  query: fc.oneof(
    { depthSize: 'xsmall', maxDepth: 4, withCrossShrink: true, depthIdentifier: 'query' },
    { arbitrary: fc.tuple(tie('select')), weight: 5 },
    { arbitrary: fc.array(tie('select'), { minLength: 2, maxLength: 3 }), weight: 1 },
  ),
  select: fc.record({
    first: tie('source'),
    joins: fc.oneof(
      { arbitrary: fc.constant([]), weight: 4 },
      { arbitrary: fc.array(joinOf(tie('source')), { minLength: 1, maxLength: 1 }), weight: 4 },
      { arbitrary: fc.array(joinOf(tie('source')), { minLength: 2, maxLength: 4 }), weight: 1 },
    ),
    where: fc.oneof(
      { arbitrary: fc.constant([]), weight: 4 },
      { arbitrary: few(condition, 2, 1), weight: 1 },
    ),
    time: sometimes(number, 4),
    outputs: few(expression, 5),
    sets: fc.oneof(
      { arbitrary: fc.constant([]), weight: 7 },
      { arbitrary: few(expression, 2, 1), weight: 1 },
    ),
    names: number,
    distinct: number,
    operation: number,
    aggregate: sometimes(aggregateOf(sublinkOf(tie('within'))), 2),
    sublinks: fc.oneof(
      { arbitrary: fc.constant([]), weight: 2 },
      { arbitrary: few(sublinkOf(tie('within')), 4, 1), weight: 1 },
    ),
    derived: fc.oneof(
      { arbitrary: fc.constant([]), weight: 6 },
      { arbitrary: few(derived, 2, 1), weight: 1 },
    ),
    windows: fc.oneof({ arbitrary: fc.constant([]), weight: 4 }, { arbitrary: few(window, 2, 1), weight: 1 }),
    distinctOn: fc.nat(15).map((n) => n === 15),
    limit: sometimes(number, 12),
  }),
  source: fc.oneof(
    { depthSize: 'xsmall', maxDepth: 4, withCrossShrink: true, depthIdentifier: 'query' },
    { arbitrary: fc.record({ kind: fc.constant('relation' as const), pick: number }), weight: 9 },
    { arbitrary: fc.record({ kind: fc.constant('values' as const), rows: few(row, 3, 1) }), weight: 1 },
    { arbitrary: fc.record({ kind: fc.constant('subquery' as const), query: tie('query') }), weight: 3 },
    { arbitrary: fc.record({ kind: fc.constant('with' as const), query: tie('query') }), weight: 1 },
    { arbitrary: fc.record({ kind: fc.constant('again' as const), pick: number }), weight: 1 },
    { arbitrary: fc.record({ kind: fc.constant('lateral' as const), query: tie('query') }), weight: 2 },
    { arbitrary: fc.record({ kind: fc.constant('functions' as const), functions }), weight: 2 },
    { arbitrary: fc.record({ kind: fc.constant('recursion' as const), recursion }), weight: 1 },
    {
      arbitrary: fc.record({
        kind: fc.constant('join' as const),
        first: tie('source'),
        join: joinOf(tie('source')),
      }),
      weight: 2,
    },
  ),
  within: fc.oneof(
    { depthSize: 'xsmall', maxDepth: 4, withCrossShrink: true, depthIdentifier: 'query' },
    { arbitrary: fc.constant(null), weight: 4 },
    { arbitrary: tie('query'), weight: 1 },
  ),
}))

function joinOf(source: fc.Arbitrary<SourceGenes>): fc.Arbitrary<JoinGenes> {
  return fc.record({
    source,
    kind: number,
    left: number,
    right: number,
    outer: number,
    on: sometimes(condition, 8),
    merge: number,
  })
}

const table: fc.Arbitrary<TableGenes> = fc.record({
  name: number,
  key: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: number, weight: 1 }),
  identity: number,
  columns: few(fc.record({ type: number, name: number, kind: number }), 4, 1),
  rows: few(row, 8, 3),
})

const write: fc.Arbitrary<WriteGenes> = fc.record({
  kind: number,
  table: number,
  rows: few(row, 3, 1),
  where: sometimes(condition, 2),
})

const operation: fc.Arbitrary<OperationGenes> = fc.oneof(
  { withCrossShrink: true },
  { arbitrary: fc.record({ kind: fc.constant('write' as const), write }), weight: 6 },
  { arbitrary: fc.record({ kind: fc.constant('refresh' as const), stream: number }), weight: 2 },
  {
    arbitrary: fc.record({
      kind: fc.constant('savepoint' as const),
      writes: few(write, 3, 1),
      undo: fc.boolean(),
    }),
    weight: 1,
  },
)

const step: fc.Arbitrary<StepGenes> = fc.oneof(
  { withCrossShrink: true },
  { arbitrary: fc.record({ kind: fc.constant('write' as const), write }), weight: 8 },
  { arbitrary: fc.constant({ kind: 'refresh all' as const }), weight: 3 },
  {
    arbitrary: fc.record({ kind: fc.constant('refresh' as const), stream: number, repeatable: fc.boolean() }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('transaction' as const),
      operations: few(operation, 6, 1),
      repeatable: fc.boolean(),
      undo: fc.nat(5).map((n) => n === 5),
    }),
    weight: 4,
  },
  {
    arbitrary: fc.record({ kind: fc.constant('same keys' as const), key: number, kinds: few(number, 5, 1) }),
    weight: 2,
  },
  { arbitrary: fc.record({ kind: fc.constant('elsewhere' as const), writes: few(write, 2, 1) }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant('end elsewhere' as const), undo: fc.boolean() }), weight: 1 },
  { arbitrary: fc.constant({ kind: 'clean' as const }), weight: 1 },
  {
    arbitrary: fc.record({ kind: fc.constant('wait' as const), tenths: fc.integer({ min: 1, max: 4 }) }),
    weight: 2,
  },
)

export const caseGenes: fc.Arbitrary<CaseGenes> = fc.record({
  tables: few(table, 5, 2),
  views: fc.oneof({ arbitrary: fc.constant([]), weight: 3 }, { arbitrary: few(query, 2, 1), weight: 1 }),
  streams: fc.oneof({ arbitrary: few(query, 1, 1), weight: 2 }, { arbitrary: few(query, 3, 2), weight: 1 }),
  steps: few(step, 24, 1),
})
