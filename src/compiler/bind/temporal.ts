/**
 * Conditions on the time. A conjunct in which now() (or the like) is compared with what a column holds becomes an operator
 * of its own, as near to the table as it can stand; anything else that is stable is refused by name (stability.ts).
 */
import { isMoment, readsMoment } from '../algebra/moment.ts'
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { TimeRange } from '../algebra/operators/temporal-filter.ts'
import { BOOLEAN, type Scalar, scalarArguments, scalarColumns, scalarVolatility } from '../algebra/scalar.ts'

/** The tree with an operator for each such conjunct. */
export function temporalFilters(node: Node): Node {
  // What follows from a row that leaves is found by what changed, and nothing did.
  if (node.op === 'recursion') return node
  const operator = operatorOf(node)
  const whole = operator.withInputs(node, operator.inputs(node).map(temporalFilters))
  if (whole.op !== 'join' && whole.op !== 'filter') return whole
  const found = whole.predicate.flatMap((condition) => {
    const ranges = scalarVolatility(condition) === 'stable' ? rangesOf(condition) : null
    return ranges && ranges.length > 0 ? [{ condition, ranges }] : []
  })
  if (found.length === 0) return whole
  const predicate = whole.predicate.filter((each) => !found.some(({ condition }) => condition === each))
  return found.reduce<Node>((input, { condition, ranges }) => sunk(input, condition, ranges), {
    ...whole,
    predicate,
  })
}

/** Put where all that it reads is at hand for the first time. */
function sunk(node: Node, condition: Scalar, ranges: readonly TimeRange[]): Node {
  const columns = [...scalarColumns(condition)]
  const operator = operatorOf(node)
  const has = (input: Node) => {
    const own = new Set(
      operatorOf(input)
        .columns(input)
        .map(({ id }) => id),
    )
    return columns.every((id) => own.has(id))
  }
  const inputs = operator.inputs(node)
  const at = node.op === 'join' || node.op === 'filter' ? inputs.findIndex(has) : -1
  if (at < 0) return { op: 'temporal-filter', input: node, condition, ranges, at: 'now' }
  return operator.withInputs(
    node,
    inputs.map((input, i) => (i === at ? sunk(input, condition, ranges) : input)),
  )
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>='])

/** The comparisons with the time in a condition; null where the time, or anything else that is stable, stands elsewhere. */
function rangesOf(scalar: Scalar): readonly TimeRange[] | null {
  if (scalarVolatility(scalar) === 'immutable') return []
  if (scalar.kind === 'operator' && COMPARISONS.has(scalar.sql) && scalar.args.length === 2) {
    const [left, right] = scalar.args
    if (!left || !right || !isOfTime(scalar)) return null
    if (isValue(left) && isBound(right)) return [{ value: left, bound: right }]
    return isValue(right) && isBound(left) ? [{ value: right, bound: left }] : null
  }
  const isCondition =
    scalar.kind === 'logic' || (scalar.type.oid === BOOLEAN.oid && scalar.kind === 'expression')
  if (!isCondition || (scalar.kind === 'expression' && scalar.volatility !== 'immutable')) return null
  const found = scalarArguments(scalar).map(rangesOf)
  return found.includes(null) ? null : found.flatMap((each) => each ?? [])
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
