/**
 * The rules of aggregate functions: which accumulators a call needs and how its value is read off them (FIELD a3).
 *
 * - count, sum and avg over smallint, integer, bigint, numeric, money, interval are linear: deltas are added. A count of
 *   non-NULL arguments goes with every sum, so that SUM of nothing is NULL. What cannot be taken back by subtraction
 *   (NaN and ±Infinity of numeric, ±infinity of interval) makes the group be computed anew.
 * - A sum of numeric is shown with the largest scale among its values (numeric.c). Where that is not the same for all of
 *   them, how many there are of each scale is counted as well, in one number: that too is linear.
 * - sum and avg over real and double precision are computed anew for every touched group: addition of floats is not
 *   associative, and what a rounding swallowed does not come back by subtracting (1e16 + 1 − 1e16).
 * - What adds up over DISTINCT values is a plain call over counted values (bind/distinct-calls.ts).
 * - Any other call, and any other with DISTINCT, ORDER BY or several arguments, is computed anew for every touched group.
 * - bool_and and bool_or follow from counts of true and false. bit_xor is linear modulo 2: values of odd weight count.
 * - var_pop, var_samp, stddev_pop, stddev_samp follow from N, Σx and Σx² where these are exact, by the steps of
 *   numeric_stddev_internal (numeric.c), so that they have the same digits.
 * - any_value keeps what it shows until a row leaves.
 * - min and max take the least (greatest) of stored and inserted value; the group is asked only when a value leaves that
 *   may have been the extreme. A row that came and went within one delta is no harm: its leaving is seen as well.
 */

import { and, ref, sameScalar, sql, TRUE, WEIGHT } from './build.ts'
import type { Accumulator, GroupRule } from './group-rule.ts'
import type { ColumnIds } from './node.ts'
import { FLOAT4, FLOAT8, INT2, INT4, INT8, INTERVAL, MONEY, NUMERIC, NUMERIC_TYPE } from './number-types.ts'
import { type AggregateCall, callSql } from './operators/aggregate.ts'
import type { Projection } from './operators/project.ts'
import { BIGINT, BOOLEAN, type Scalar, type TypeRef } from './scalar.ts'
import { filtered, scalesAccumulator, sumAccumulator, sumType, totalOf } from './sums.ts'
import { squareOf, VARIANCES, variance } from './variances.ts'

/** What the binder must know of an argument's type to let a rule compare its values. */
export interface AggregateFacts {
  nullable(scalar: Scalar): boolean
  /** The scale of all finite values of a numeric, null where they may differ. */
  scale(scalar: Scalar): number | null
  /** Is a value of the type a row: its IS NULL asks the fields. */
  isRow(type: TypeRef): boolean
  /** The default equality operator of a type as SQL, e.g. `=`. */
  equality(type: TypeRef): string
}

/** Is there a rule for this function over this argument type? */
export function hasAggregateRule(name: string, argument: TypeRef | undefined): boolean {
  switch (name) {
    case 'count':
    case 'min':
    case 'max':
    case 'any_value':
    case 'bool_and':
    case 'bool_or':
    case 'every':
      return true
    case 'bit_xor':
      return argument !== undefined && hasXor(argument)
    case 'var_pop':
    case 'var_samp':
    case 'variance':
    case 'stddev_pop':
    case 'stddev_samp':
    case 'stddev':
      return argument !== undefined && isExactNumber(argument)
    case 'sum':
      return argument !== undefined && (isAdditive(argument) || isFloat(argument))
    case 'avg':
      return argument !== undefined && argument.oid !== MONEY && (isAdditive(argument) || isFloat(argument))
    default:
      return false
  }
}

/** Does the rule follow from the delta alone, but for odd values? */
export function addsUp(name: string, argument: TypeRef): boolean {
  switch (name) {
    case 'count':
      return true
    case 'sum':
    case 'avg':
    case 'bit_xor':
      return hasAggregateRule(name, argument) && !isFloat(argument)
    default:
      return VARIANCES.has(name) && hasAggregateRule(name, argument)
  }
}

/** Is a group of this rule computed anew whenever it is touched? */
export function isAlwaysRecomputed({ accumulators }: GroupRule): boolean {
  return accumulators.some(({ recompute }) => recompute === TRUE)
}

/**
 * The rule of one aggregation: accumulators are shared between calls that need the same. `base`: the rows that say that a
 * group is there; others are given for calls that ask for them by their filter.
 */
export function groupRule(
  keys: readonly Projection[],
  calls: readonly AggregateCall[],
  ids: ColumnIds,
  facts: AggregateFacts,
  base: Scalar | null = null,
): GroupRule {
  const accumulators: { readonly identity: string; readonly accumulator: Accumulator }[] = []
  const share = (identity: string, make: () => Accumulator): Accumulator => {
    const found = accumulators.find((entry) => entry.identity === identity)
    if (found) return found.accumulator
    const accumulator = make()
    accumulators.push({ identity, accumulator })
    return accumulator
  }
  const count = (condition: readonly Scalar[], implied: Scalar | null) =>
    share(`count ${JSON.stringify(condition)}`, () => countAccumulator(condition, implied, ids))
  const rows = count(base ? [base] : [], null)
  const outputs = calls.map((call) => {
    const value = callValue(call, { ids, facts, rows, base, share, count })
    return { column: call.column, value }
  })
  // Numbers of one scale are written in one way.
  const settled = keys.filter(({ value }) => value.type.oid === NUMERIC && facts.scale(value) !== null)
  return {
    keys,
    ...(settled.length > 0 ? { settled: settled.map(({ column }) => column.id) } : {}),
    count: rows,
    accumulators: accumulators.map((entry) => entry.accumulator),
    outputs,
  }
}

interface RuleContext {
  readonly ids: ColumnIds
  readonly facts: AggregateFacts
  /** Counts the rows of the group. */
  readonly rows: Accumulator
  readonly base: Scalar | null
  share(identity: string, make: () => Accumulator): Accumulator
  count(condition: readonly Scalar[], implied: Scalar | null): Accumulator
}

/** What an aggregate is over: calls of the same identity share accumulators. */
function identityOf({ args, written, filter }: AggregateCall): string {
  return JSON.stringify([written ?? args[0], filter])
}

function callValue(call: AggregateCall, context: RuleContext): Scalar {
  const [argument] = call.args
  const conditions = call.filter ? [call.filter] : []
  if (call.written) return recomputed(call, context)
  if (argument === undefined) return ref(context.count(conditions, null).column)
  const present = context.facts.nullable(argument)
    ? [
        ...conditions,
        context.facts.isRow(argument.type)
          ? sql(BOOLEAN)`(${argument} IS DISTINCT FROM NULL)`
          : sql(BOOLEAN)`(${argument} IS NOT NULL)`,
      ]
    : conditions
  const identity = identityOf(call)
  // Mostly a column that may be NULL is not.
  const isWhole = call.filter === null || (context.base !== null && sameScalar(call.filter, context.base))
  const impliedCount = isWhole ? ref(context.rows.column) : null
  switch (call.name) {
    case 'count':
      return ref(context.count(present, impliedCount).column)
    case 'min':
    case 'max':
      return ref(
        context.share(`${call.name} ${identity}`, () =>
          extremeAccumulator(call, argument, conditions, context),
        ).column,
      )
    case 'any_value':
      return ref(
        context.share(`${call.name} ${identity}`, () =>
          anyAccumulator(call, argument, conditions, context.ids),
        ).column,
      )
    case 'bool_and':
    case 'every':
    case 'bool_or':
      return truthValue(call, argument, conditions, context)
    default:
      break
  }
  if (isFloat(argument.type)) return recomputed(call, context)
  const counted = context.count(present, impliedCount)
  if (call.name === 'bit_xor')
    return ref(
      context.share(`${call.name} ${identity}`, () =>
        xorAccumulator(call, argument, conditions, counted, context.ids),
      ).column,
    )
  const isScaled = argument.type.oid === NUMERIC && context.facts.scale(argument) === null
  const sum = context.share(`sum ${identity}`, () => {
    const total = totalOf(sumType(argument.type), context.ids)
    const scales = isScaled
      ? context.share(`scales ${identity}`, () =>
          scalesAccumulator(argument, present, total, counted, context.ids),
        )
      : null
    return sumAccumulator(argument, conditions, total, counted, scales, context.ids)
  })
  if (VARIANCES.has(call.name)) {
    const square = squareOf(argument)
    const squares = context.share(`sum of squares ${identity}`, () => {
      const total = totalOf(sumType(square.type), context.ids, 'squares')
      return sumAccumulator(square, conditions, total, counted, null, context.ids)
    })
    return variance(call, counted, sum, squares, isScaled)
  }
  if (call.name === 'sum') return ref(sum.column)
  const divisor =
    argument.type.oid === INTERVAL
      ? sql(NUMERIC_TYPE)`(${ref(counted.column)})::double precision`
      : sql(NUMERIC_TYPE)`(${ref(counted.column)})::numeric`
  const dividend =
    argument.type.oid === INTERVAL ? ref(sum.column) : sql(NUMERIC_TYPE)`(${ref(sum.column)})::numeric`
  return sql(call.column.type)`(${dividend} / nullif(${divisor}, 0))`
}

/** Rows of the group that satisfy the condition. */
function countAccumulator(condition: readonly Scalar[], implied: Scalar | null, ids: ColumnIds): Accumulator {
  const column = ids.make('n', BIGINT, false)
  const delta = ids.make('dn', BIGINT, true)
  const where = and(condition)
  const all = condition.length === 0
  return {
    column,
    deltas: [
      {
        column: delta,
        value: all
          ? sql(BIGINT)`(sum(${WEIGHT}))::bigint`
          : sql(BIGINT)`(sum(${WEIGHT}) FILTER (WHERE ${where}))::bigint`,
      },
    ],
    usual: null,
    combine: sql(BIGINT)`(coalesce(${ref(column)}, 0) + coalesce(${ref(delta)}, 0))`,
    scratch: all ? sql(BIGINT)`count(*)` : sql(BIGINT)`count(*) FILTER (WHERE ${where})`,
    recompute: null,
    recomputesOften: false,
    implied,
    staysImplied: null,
    extremeOf: null,
  }
}

function extremeAccumulator(
  call: AggregateCall,
  argument: Scalar,
  conditions: readonly Scalar[],
  { ids, facts }: RuleContext,
): Accumulator {
  const type = call.column.type
  const column = ids.make(call.name, type, true)
  const inserted = ids.make(`${call.name}_inserted`, type, true)
  const deleted = ids.make(`${call.name}_deleted`, type, true)
  const aggregate = call.name === 'min' ? sql(type)`min(${argument})` : sql(type)`max(${argument})`
  const [old, plus, minus] = [ref(column), ref(inserted), ref(deleted)]
  const isMin = call.name === 'min'
  const outermost = isMin
    ? sql(type)`least(${old}, ${plus}, ${minus})`
    : sql(type)`greatest(${old}, ${plus}, ${minus})`
  return {
    column,
    deltas: [
      {
        column: inserted,
        value: filtered(type, aggregate, [sql(BOOLEAN)`(${WEIGHT} > 0)`, ...conditions], ''),
      },
      {
        column: deleted,
        value: filtered(type, aggregate, [sql(BOOLEAN)`(${WEIGHT} < 0)`, ...conditions], ''),
      },
    ],
    usual: null,
    combine: isMin ? sql(type)`least(${old}, ${plus})` : sql(type)`greatest(${old}, ${plus})`,
    scratch: filtered(type, aggregate, conditions, ''),
    // A leaving value that no other lies beyond may have been the extreme; `minus` NULL makes this NULL: no.
    recompute: {
      kind: 'expression',
      construct: 'rule',
      parts: ['((', `) ${facts.equality(type)} (`, ')) IS TRUE'],
      args: [outermost, minus],
      closed: false,
      type: BOOLEAN,
      volatility: 'immutable',
      strict: false,
    },
    recomputesOften: true,
    implied: null,
    staysImplied: null,
    extremeOf: conditions.length === 0 ? argument : null,
  }
}

/** Nothing but the group's rows tells the new value. */
function recomputed(call: AggregateCall, { ids, share }: RuleContext): Scalar {
  const make = (): Accumulator => {
    const column = ids.make(call.name, call.column.type, true)
    return {
      column,
      deltas: [],
      usual: null,
      combine: ref(column),
      scratch: callSql(call),
      recompute: TRUE,
      recomputesOften: true,
      implied: null,
      staysImplied: null,
      extremeOf: null,
    }
  }
  return ref(share(`${call.name} ${identityOf(call)}`, make).column)
}

/** What was shown is still there unless a row left. */
function anyAccumulator(
  call: AggregateCall,
  argument: Scalar,
  conditions: readonly Scalar[],
  ids: ColumnIds,
): Accumulator {
  const type = call.column.type
  const column = ids.make(call.name, type, true)
  const inserted = ids.make('any_inserted', type, true)
  const left = ids.make('any_left', BOOLEAN, true)
  const aggregate = sql(type)`any_value(${argument})`
  return {
    column,
    deltas: [
      {
        column: inserted,
        value: filtered(type, aggregate, [sql(BOOLEAN)`(${WEIGHT} > 0)`, ...conditions], ''),
      },
      { column: left, value: sql(BOOLEAN)`bool_or(${WEIGHT} < 0)` },
    ],
    usual: null,
    combine: sql(
      type,
    )`CASE WHEN ${ref(column)} IS NOT DISTINCT FROM NULL THEN ${ref(inserted)} ELSE ${ref(column)} END`,
    scratch: filtered(type, aggregate, conditions, ''),
    recompute: ref(left),
    recomputesOften: true,
    implied: null,
    staysImplied: null,
    extremeOf: null,
  }
}

/** From how many are true and how many false. */
function truthValue(
  { name }: AggregateCall,
  argument: Scalar,
  conditions: readonly Scalar[],
  { count }: RuleContext,
): Scalar {
  const no: Scalar = { kind: 'logic', op: 'not', args: [argument], type: BOOLEAN }
  const [trues, falses] = [
    ref(count([...conditions, argument], null).column),
    ref(count([...conditions, no], null).column),
  ]
  return name === 'bool_or'
    ? sql(BOOLEAN)`CASE WHEN ${trues} > 0 THEN true WHEN ${falses} > 0 THEN false END`
    : sql(BOOLEAN)`CASE WHEN ${falses} > 0 THEN false WHEN ${trues} > 0 THEN true END`
}

/** A value that occurs twice is as good as none. */
function xorAccumulator(
  call: AggregateCall,
  argument: Scalar,
  conditions: readonly Scalar[],
  counted: Accumulator,
  ids: ColumnIds,
): Accumulator {
  const type = call.column.type
  const column = ids.make(call.name, type, true)
  const delta = ids.make('dxor', type, true)
  const aggregate = sql(type)`bit_xor(${argument})`
  const [old, odd] = [ref(column), ref(delta)]
  const zero = type.oid === INT2 ? sql(type)`'0'::smallint` : sql(type)`0`
  const total = sql(type)`coalesce(${old} # ${odd}, ${old}, ${odd})`
  return {
    column,
    deltas: [
      {
        column: delta,
        value: filtered(type, aggregate, [sql(BOOLEAN)`(${WEIGHT} % 2 <> 0)`, ...conditions], ''),
      },
    ],
    // Values that only come in pairs leave NULL where there was nothing before; their XOR is 0.
    usual: null,
    combine: sql(type)`CASE WHEN ${counted.combine} = 0 THEN NULL ELSE coalesce(${total}, ${zero}) END`,
    scratch: filtered(type, aggregate, conditions, ''),
    recompute: null,
    recomputesOften: false,
    implied: null,
    staysImplied: null,
    extremeOf: null,
  }
}

function isExactNumber(type: TypeRef): boolean {
  return [INT2, INT4, INT8, NUMERIC].includes(type.oid)
}

/** Bit strings may differ in length, which is an error only where they meet. */
function hasXor(type: TypeRef): boolean {
  return [INT2, INT4, INT8].includes(type.oid)
}

function isAdditive(type: TypeRef): boolean {
  return [INT2, INT4, INT8, NUMERIC, MONEY, INTERVAL].includes(type.oid)
}

function isFloat(type: TypeRef): boolean {
  return type.oid === FLOAT4 || type.oid === FLOAT8
}
