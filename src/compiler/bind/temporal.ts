/**
 * Conditions on the time. A conjunct in which now() (or the like) is compared with what a column holds becomes an operator
 * of its own, as near to the table as it can stand; a condition that stands elsewhere becomes a column of its own there.
 * Anything else that is stable is refused by name (stability.ts).
 */
import { ref, sameScalar } from '../algebra/build.ts'
import { isMoment, readsMoment } from '../algebra/moment.ts'
import type { Column, ColumnIds, Node } from '../algebra/node.ts'
import type { Filter } from '../algebra/operators/filter.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Join } from '../algebra/operators/join.ts'
import type { OuterJoin } from '../algebra/operators/outer-join.ts'
import type { TimeRange } from '../algebra/operators/temporal-filter.ts'
import type { TimedValue } from '../algebra/operators/temporal-values.ts'
import {
  BOOLEAN,
  type Constant,
  hasMarkedStable,
  type Scalar,
  scalarArguments,
  scalarColumns,
  scalarVolatility,
  type TypeRef,
} from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { expression } from './binding.ts'
import { replaceScalars } from './subquery/columns.ts'
import { temporalRecursion } from './temporal-recursion.ts'
import { isSpanOfTime } from './time-span.ts'

/** The tree with an operator for each such condition. */
export function temporalConditions(node: Node, ids: ColumnIds, request: CompileRequest): Node {
  const inside = (input: Node) => temporalConditions(input, ids, request)
  if (node.op === 'recursion') return temporalRecursion(node, inside, ids, request) ?? node
  const operator = operatorOf(node)
  const whole = operator.withInputs(node, operator.inputs(node).map(inside))
  const isFilter = whole.op === 'join' || whole.op === 'filter'
  return temporalValues(isFilter ? filtered(whole) : whole.op === 'outer-join' ? onRight(whole) : whole, ids)
}

interface Condition {
  readonly condition: Scalar
  readonly ranges: readonly TimeRange[]
}

/** A condition on the time and nothing else that is stable. */
function conditionOf(condition: Scalar): Condition | null {
  const ranges = scalarVolatility(condition) === 'stable' ? rangesOf(condition) : null
  return ranges && ranges.length > 0 ? { condition, ranges } : null
}

function filtered(node: Join | Filter): Node {
  const found = node.predicate.flatMap((each) => conditionOf(each) ?? [])
  if (found.length === 0) return node
  const predicate = node.predicate.filter((each) => !found.some(({ condition }) => condition === each))
  return found.reduce<Node>((input, each) => sunk(input, each), { ...node, predicate })
}

/** What ON asks of right rows alone drops them: L ⟕(p ∧ q) R = L ⟕p σq(R). */
function onRight(node: OuterJoin): OuterJoin {
  const found = node.predicate.flatMap((each) => {
    const one = isOver(each, node.right) ? conditionOf(each) : null
    return one ? [one] : []
  })
  return {
    ...node,
    right: found.reduce<Node>((input, each) => sunk(input, each), node.right),
    predicate: node.predicate.filter((each) => !found.some(({ condition }) => condition === each)),
  }
}

function sunk(node: Node, { condition, ranges }: Condition): Node {
  return whereAtHand(node, condition, (input) => ({
    op: 'temporal-filter',
    input,
    condition,
    ranges,
    at: 'now',
  }))
}

/** What is shown, counted, grouped or sorted by: a column of its own, made below. */
function temporalValues(node: Node, ids: ColumnIds): Node {
  const operator = operatorOf(node)
  const inputs = [...operator.inputs(node)]
  const made: TimedValue[] = []
  const find = (scalar: Scalar): void => {
    const found = scalar.type.oid === BOOLEAN.oid ? conditionOf(scalar) : null
    if (!found || !inputs.some((input) => isOver(scalar, input))) scalarArguments(scalar).forEach(find)
    else if (!made.some(({ condition }) => sameScalar(condition, scalar)))
      made.push({ column: ids.make('timed', BOOLEAN, true), ...found })
  }
  operator.scalars(node).forEach(find)
  if (made.length === 0) return node
  // What an aggregate is kept by is made of its arguments, conditions of its own around them.
  const values = replaceOwnScalars(node, (scalar) => {
    const found = made.find(({ condition }) => sameScalar(condition, scalar))
    return found ? ref(found.column) : null
  })
  for (const each of made) {
    const at = inputs.findIndex((input) => isOver(each.condition, input))
    const input = inputs[at]
    if (input)
      inputs[at] = whereAtHand(input, each.condition, (below) =>
        below.op === 'temporal-values'
          ? { ...below, outputs: [...below.outputs, each] }
          : { op: 'temporal-values', input: below, outputs: [each], at: 'now' },
      )
  }
  const now = operator.withInputs(values, inputs)
  if (now.op !== 'outer-join') return now
  const right = new Set(columnsOf(now.right).map(({ id }) => id))
  const padding = made.filter(({ column }) => right.has(column.id))
  return { ...now, nulls: [...now.nulls, ...padding.map(({ column }) => ({ column, value: NULL }))] }
}

const NULL: Constant = { kind: 'constant', sql: 'NULL::boolean', isNull: true, type: BOOLEAN }

/** The node's own scalars, those of its inputs left as they are. */
function replaceOwnScalars(node: Node, change: (scalar: Scalar) => Scalar | null): Node {
  const operator = operatorOf(node)
  const nothing = operator.inputs(node).map((): Node => ({ op: 'values', columns: [], rows: [] }))
  return replaceScalars(operator.withInputs(node, nothing), change)
}

/** Put where all that a condition reads is at hand for the first time. */
function whereAtHand(node: Node, condition: Scalar, put: (node: Node) => Node): Node {
  const operator = operatorOf(node)
  const inputs = operator.inputs(node)
  const at =
    node.op === 'join' || node.op === 'filter' ? inputs.findIndex((input) => isOver(condition, input)) : -1
  if (at < 0) return put(node)
  return operator.withInputs(
    node,
    inputs.map((input, i) => (i === at ? whereAtHand(input, condition, put) : input)),
  )
}

function isOver(condition: Scalar, input: Node): boolean {
  const own = new Set(columnsOf(input).map(({ id }) => id))
  return [...scalarColumns(condition)].every((id) => own.has(id))
}

function columnsOf(node: Node): readonly Column[] {
  return operatorOf(node).columns(node)
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>='])

/** The comparisons with the time in a condition; null where the time, or anything else that is stable, stands elsewhere. */
function rangesOf(scalar: Scalar): readonly TimeRange[] | null {
  if (scalarVolatility(scalar) === 'immutable') return []
  if (scalar.kind === 'operator' && COMPARISONS.has(scalar.sql) && scalar.args.length === 2) {
    const [left, right] = scalar.args
    if (!left || !right || !isOfTime(scalar)) return null
    if (isValue(left) && isBound(right)) return [ofColumn({ value: left, bound: right })]
    return isValue(right) && isBound(left) ? [ofColumn({ value: right, bound: left })] : null
  }
  if (scalar.kind === 'operator' && HOLDS.has(scalar.sql)) {
    const [range, time] = scalar.sql === '@>' ? scalar.args : scalar.args.toReversed()
    if (!range || !time || !TIME_RANGES.has(range.type.oid) || !isValue(range) || !isBound(time)) return null
    // A range that moves is held between its own ends.
    if (!TIME_TYPES.has(time.type.oid)) return null
    return ['lower', 'upper'].map((end) => ({ value: rangeEnd(end, range), bound: time }))
  }
  const isCondition =
    scalar.kind === 'logic' || (scalar.type.oid === BOOLEAN.oid && scalar.kind === 'expression')
  if (!isCondition || (scalar.kind === 'expression' && scalar.volatility !== 'immutable')) return null
  const found = scalarArguments(scalar).map(rangesOf)
  return found.includes(null) ? null : found.flatMap((each) => each ?? [])
}

/**
 * `at + span` passes a bound when `at` passes the bound less the span, for which there can be an index; on `at + span` the server
 * makes none.
 */
function ofColumn({ value, bound }: TimeRange): TimeRange {
  if (value.kind !== 'operator' || !hasMarkedStable(value) || bound.type.oid !== TIMESTAMPTZ)
    return { value, bound }
  const [left, right] = value.args
  const [at, span] = right?.type.oid === TIMESTAMPTZ ? [right, left] : [left, right]
  if (!at || !span || at.type.oid !== TIMESTAMPTZ || !isSpanOfTime(span) || scalarColumns(span).size > 0)
    return { value, bound }
  const sql = value.sql === '+' ? '-' : value.sql === '-' ? '+' : null
  if (!sql) return { value, bound }
  return ofColumn({ value: at, bound: { ...value, oid: 0, sql, args: [bound, span] } })
}

const TIMESTAMPTZ = 1184

/** A range holds a time, or does not, as long as neither of its ends is passed. */
const HOLDS: ReadonlySet<string> = new Set(['@>', '<@'])

/** tsrange, tstzrange, daterange, and what they are of. */
const TIME_RANGES: ReadonlyMap<number, number> = new Map([
  [3908, 1114],
  [3910, 1184],
  [3912, 1082],
])

/** lower() or upper() of a range of times, whether a query has it or an index. */
export function rangeEnd(end: string, range: Scalar): Scalar {
  const type: TypeRef = { oid: TIME_RANGES.get(range.type.oid) ?? 0, typmod: -1, collation: 0 }
  return expression({ construct: `function ${end}(anyrange)`, parts: [`${end}(`, ')'], args: [range], type })
}

/** What an index on a column, or on an expression, can be asked for. */
function isValue(scalar: Scalar): boolean {
  return scalarColumns(scalar).size > 0 && scalarVolatility(scalar) === 'immutable'
}

/** The same for all rows: a time computed from the time. */
function isBound(scalar: Scalar): boolean {
  return scalarColumns(scalar).size === 0 && readsMoment(scalar) && isTime(scalar)
}

/** date, time, timestamp, timestamptz, interval, timetz */
const TIME_TYPES: ReadonlySet<number> = new Set([1082, 1083, 1114, 1184, 1186, 1266])

/** What of pg_catalog depends on the time zone, which is that of the definition in every refresh. */
const BY_TIME_ZONE =
  /^function (?:date|timestamp|timestamptz|date_trunc|timezone|date_bin|date_add|date_subtract)\(/

/** Computed from the moment by what depends on nothing but its arguments and the time zone. */
function isTime(scalar: Scalar): boolean {
  if (!scalarArguments(scalar).every(isTime)) return false
  if (scalar.kind === 'operator') return scalar.volatility === 'immutable' || isOfTime(scalar)
  if (scalar.kind !== 'expression' || scalar.volatility === 'immutable' || isMoment(scalar)) return true
  // A function of another schema is printed with it.
  return BY_TIME_ZONE.test(scalar.construct) && !/^[^(]*\./.test(scalar.parts[0] ?? '')
}

/** An operator of pg_catalog between times. */
function isOfTime(scalar: Scalar): boolean {
  return (
    scalar.kind === 'operator' &&
    !scalar.sql.startsWith('OPERATOR(') &&
    scalar.args.every((arg) => TIME_TYPES.has(arg.type.oid))
  )
}
