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
import type { Column, ColumnIds } from './node.ts'
import { type AggregateCall, callSql } from './operators/aggregate.ts'
import type { Projection } from './operators/project.ts'
import { BIGINT, BOOLEAN, type Scalar, type TypeRef } from './scalar.ts'

/** Type oids (pg_type.dat). */
const INT2 = 21
const INT4 = 23
const INT8 = 20
const NUMERIC = 1700
const FLOAT4 = 700
const FLOAT8 = 701
const MONEY = 790
const INTERVAL = 1186
const FLOAT8_TYPE: TypeRef = { oid: FLOAT8, typmod: -1, collation: 0 }
const INT4_TYPE: TypeRef = { oid: INT4, typmod: -1, collation: 0 }
const NUMERIC_TYPE: TypeRef = { oid: NUMERIC, typmod: -1, collation: 0 }

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
  if (VARIANCES.has(call.name) && isScaled) return recomputed(call, context)
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
    return variance(call, counted, sum, squares)
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

/** The columns of a sum: what is stored, and what the deltas add. */
interface Total {
  readonly column: Column
  readonly delta: Column
}

function totalOf(type: TypeRef, ids: ColumnIds, name = 'sum'): Total {
  return { column: ids.make(name, type, true), delta: ids.make('dsum', type, true) }
}

/** SUM as SQL has it: NULL while `counted` is 0, and no digits but those of `scales`. */
function sumAccumulator(
  argument: Scalar,
  conditions: readonly Scalar[],
  { column, delta }: Total,
  counted: Accumulator,
  scales: Accumulator | null,
  ids: ColumnIds,
): Accumulator {
  const { type } = column
  const isInterval = argument.type.oid === INTERVAL
  const finite = isInterval ? [...conditions, sql(BOOLEAN)`isfinite(${argument})`] : conditions
  const deltas: Projection[] = [
    {
      column: delta,
      value: filtered(type, weighted(argument, type), finite, type.oid === INT8 ? '::bigint' : ''),
    },
  ]
  const total = sql(type)`coalesce(${ref(column)} + ${ref(delta)}, ${ref(column)}, ${ref(delta)})`
  let recompute: Scalar | null = null
  if (argument.type.oid === NUMERIC) {
    recompute = sql(
      BOOLEAN,
    )`(${total} IN ('NaN'::numeric, 'Infinity'::numeric, '-Infinity'::numeric)) IS TRUE`
    if (scales) recompute = sql(BOOLEAN)`(${recompute} OR ${scales.combine} >= 1e16016)`
  }
  if (isInterval) {
    const infinite = ids.make('infinite', BOOLEAN, true)
    deltas.push({
      column: infinite,
      value: filtered(BOOLEAN, sql(BOOLEAN)`bool_or(NOT isfinite(${argument}))`, conditions, ''),
    })
    recompute = sql(
      BOOLEAN,
    )`(coalesce(${ref(infinite)}, false) OR NOT coalesce(isfinite(${ref(column)}), true))`
  }
  // The total has every digit of the sum, and of values that left perhaps zeros after them.
  const shown = scales
    ? sql(type)`round(${total}, ${largestScale(scales.combine, either(column, delta))})`
    : total
  return {
    column,
    deltas,
    usual: null,
    combine: sql(type)`CASE WHEN ${counted.combine} = 0 THEN NULL ELSE ${shown} END`,
    scratch: filtered(type, sql(type)`sum(${argument})`, conditions, ''),
    recompute,
    recomputesOften: false,
    implied: null,
    staysImplied: null,
    extremeOf: null,
  }
}

/**
 * How many finite values there are of each scale, as one number of base 10^16: its digit at s counts those of scale s, so
 * the largest scale is seen from its length. 10^16 rows of a group are out of reach, and 16 digits are four of numeric's
 * own. Scales beyond 1000 count as 1001, and have the sum computed anew: no modifier gives one, and round() of
 * PostgreSQL 15 stops at 2000. Mostly all values have one scale: then it is the sum's.
 */
function scalesAccumulator(
  argument: Scalar,
  conditions: readonly Scalar[],
  sum: Total,
  counted: Accumulator,
  ids: ColumnIds,
): Accumulator {
  const column = ids.make('scales', NUMERIC_TYPE, false)
  const delta = ids.make('dscales', NUMERIC_TYPE, true)
  // scale() of NaN and infinities is NULL. Looked up costs 30 ns a row, read from text 350.
  const one = (value: Scalar) => ofScale(sql(INT4_TYPE)`scale(${value})`)
  const own = either(sum.column, sum.delta)
  const [added] = counted.deltas
  // Of many rows those of other scales than that of a stored sum are counted: to add up a power for each row costs as much
  // as all else that is summed.
  const sample = [
    { column: ids.make('usual', INT4_TYPE, true), value: sql(INT4_TYPE)`scale(${ref(sum.column)})` },
    { column: ids.make('power', NUMERIC_TYPE, true), value: one(ref(sum.column)) },
  ] as const
  const power = sql(NUMERIC_TYPE)`coalesce(${ref(sample[1].column)}, 0)`
  const others = filtered(
    NUMERIC_TYPE,
    summed(sql(NUMERIC_TYPE)`(coalesce(${one(argument)}, 0) - ${power})`, WEIGHT, NUMERIC_TYPE),
    [...conditions, sql(BOOLEAN)`scale(${argument}) IS DISTINCT FROM ${ref(sample[0].column)}`],
    '',
  )
  const usual = added && {
    sample,
    deltas: [
      {
        column: delta,
        value: sql(NUMERIC_TYPE)`(coalesce(${power} * ${added.value}, 0) + coalesce(${others}, 0))`,
      },
    ],
  }
  return {
    column,
    deltas: [
      {
        column: delta,
        value: filtered(NUMERIC_TYPE, summed(one(argument), WEIGHT, NUMERIC_TYPE), conditions, ''),
      },
    ],
    usual: usual ?? null,
    combine: sql(NUMERIC_TYPE)`(coalesce(${ref(column)}, 0) + coalesce(${ref(delta)}, 0))`,
    scratch: sql(
      NUMERIC_TYPE,
    )`coalesce(${filtered(NUMERIC_TYPE, sql(NUMERIC_TYPE)`sum(${one(argument)})`, conditions, '')}, 0)`,
    recompute: null,
    recomputesOften: false,
    implied: sql(NUMERIC_TYPE)`coalesce(${one(ref(sum.column))} * ${ref(counted.column)}, 0)`,
    staysImplied: added
      ? sql(BOOLEAN)`(scale(${own}) <= 1000 AND ${ref(delta)} = ${one(own)} * ${ref(added.column)})`
      : null,
    extremeOf: null,
  }
}

function ofScale(scale: Scalar): Scalar {
  return sql(
    NUMERIC_TYPE,
  )`coalesce((${SCALES})[${scale} + 1], ('1e' || (16 * least(${scale}, 1001))::text)::numeric)`
}

/** The powers of 10^16 for the scales that values have. What power() gives has decimals in PostgreSQL 15. */
const SCALES = sql(
  NUMERIC_TYPE,
)`'{1,1e16,1e32,1e48,1e64,1e80,1e96,1e112,1e128,1e144,1e160,1e176,1e192,1e208,1e224,1e240,1e256,1e272,1e288,1e304,1e320}'::numeric[]`

/**
 * The largest scale that `scales` counts: its length tells, and for the usual ones the powers that it is not below. NULL: still
 * that of `own`, the sum.
 */
function largestScale(scales: Scalar, own: Scalar): Scalar {
  return sql(
    INT4_TYPE,
  )`CASE WHEN ${scales} < 1e336 THEN width_bucket(${scales}, ${SCALES}) - 1 WHEN ${scales} IS NULL THEN scale(${own}) ELSE (length((${scales})::text) - 1) / 16 END`
}

/** The stored sum; of a group that is new, or had no values, the one of the deltas. */
function either(column: Column, delta: Column): Scalar {
  return sql(column.type)`coalesce(${ref(column)}, ${ref(delta)})`
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

const VARIANCES: ReadonlySet<string> = new Set([
  'var_pop',
  'var_samp',
  'variance',
  'stddev_pop',
  'stddev_samp',
  'stddev',
])

/** x², in a type where it cannot overflow. */
function squareOf(argument: Scalar): Scalar {
  switch (argument.type.oid) {
    case INT2:
    case INT4:
      return sql({ oid: INT8, typmod: -1, collation: 0 })`((${argument})::bigint * (${argument})::bigint)`
    case INT8:
      return sql(NUMERIC_TYPE)`((${argument})::numeric * (${argument})::numeric)`
    default:
      return sql(NUMERIC_TYPE)`((${argument}) * (${argument}))`
  }
}

/**
 * numeric_stddev_internal, step by step: the numerator has twice the scale of the sum, the quotient the scale that division
 * gives it, and the root is rounded to that scale. sqrt() takes at least the scale of its argument; with twice the digits of
 * the root, rounding a second time cannot go another way.
 */
function variance(call: AggregateCall, counted: Accumulator, sum: Accumulator, squares: Accumulator): Scalar {
  const n = sql(NUMERIC_TYPE)`(${ref(counted.column)})::numeric`
  const [s, s2] = [sumNumeric(sum), sumNumeric(squares)]
  const numerator = sql(NUMERIC_TYPE)`(${n} * ${s2} - ${s} * ${s})`
  const isSample = call.name !== 'var_pop' && call.name !== 'stddev_pop'
  const least = isSample ? sql(BIGINT)`1` : sql(BIGINT)`0`
  const denominator = isSample
    ? sql(NUMERIC_TYPE)`nullif(${n} * (${n} - 1), 0)`
    : sql(NUMERIC_TYPE)`nullif(${n} * ${n}, 0)`
  const quotient = sql(NUMERIC_TYPE)`(${numerator} / ${denominator})`
  const shown = call.name.startsWith('stddev')
    ? sql(
        NUMERIC_TYPE,
      )`round(sqrt(round(${quotient}, 2 * scale(${quotient}) + length(trunc(${quotient})::text) + 4)), scale(${quotient}))`
    : quotient
  return sql(
    NUMERIC_TYPE,
  )`CASE WHEN ${ref(counted.column)} <= ${least} THEN NULL WHEN ${numerator} = 'NaN'::numeric THEN 'NaN'::numeric WHEN ${numerator} <= 0 THEN 0::numeric ELSE ${shown} END`
}

function sumNumeric({ column }: Accumulator): Scalar {
  return column.type.oid === NUMERIC ? ref(column) : sql(NUMERIC_TYPE)`(${ref(column)})::numeric`
}

/** sum(argument × weight), wide enough that no product overflows. */
function weighted(argument: Scalar, type: TypeRef): Scalar {
  switch (argument.type.oid) {
    case INT2:
    case INT4:
      return sql(type)`sum((${argument})::bigint * ${WEIGHT})`
    case INT8:
      return summed(sql(type)`(${argument})::numeric`, WEIGHT, type)
    case INTERVAL:
      // A product with a float has 53 bits, an interval's time 63.
      return summed(argument, sql(FLOAT8_TYPE)`(${WEIGHT})::double precision`, type)
    case NUMERIC:
      return summed(argument, WEIGHT, type)
    default:
      return sql(type)`sum((${argument}) * ${WEIGHT})`
  }
}

/** Nearly all weights are 1 or −1, and to multiply a numeric costs 75 ns more than to take it as it is. */
function summed(argument: Scalar, factor: Scalar, type: TypeRef): Scalar {
  return sql(
    type,
  )`sum(CASE ${WEIGHT} WHEN 1 THEN ${argument} WHEN -1 THEN -(${argument}) ELSE (${argument}) * ${factor} END)`
}

function filtered(
  type: TypeRef,
  aggregate: Scalar,
  conditions: readonly Scalar[],
  cast: '' | '::bigint',
): Scalar {
  const where = and(conditions)
  const plain = sameScalar(where, TRUE)
  if (cast === '::bigint')
    return plain
      ? sql(type)`(${aggregate})::bigint`
      : sql(type)`(${aggregate} FILTER (WHERE ${where}))::bigint`
  return plain ? aggregate : sql(type)`${aggregate} FILTER (WHERE ${where})`
}

function sumType(argument: TypeRef): TypeRef {
  const oid =
    argument.oid === INT2 || argument.oid === INT4 ? INT8 : argument.oid === INT8 ? NUMERIC : argument.oid
  return { oid, typmod: -1, collation: 0 }
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
