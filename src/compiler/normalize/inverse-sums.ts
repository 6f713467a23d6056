/**
 * inverse-sums: a join by `x = y + c`, of whole numbers, is one by `y = x - c` as well.
 * Law: (x = y + c) = (x = y + c ∧ y = x - c), the second being NULL where the difference is no number of the type. Reason: by
 * the first a row of y's side finds rows of x's by an index; by the second it is the other way round.
 */

import { isWidening } from '../algebra/may-fail.ts'
import type { Node } from '../algebra/node.ts'
import { INT2, INT4, INT8 } from '../algebra/number-types.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import { BOOLEAN, type ColumnRef, type Operator, type Scalar } from '../algebra/scalar.ts'

export function inverseSums(node: Node): Node {
  const operator = operatorOf(node)
  const whole = operator.withInputs(node, operator.inputs(node).map(inverseSums))
  if (whole.op !== 'join' && whole.op !== 'outer-join' && whole.op !== 'semi-join') return whole
  const added = whole.predicate.flatMap(inverse)
  return added.length === 0 ? whole : { ...whole, predicate: [...whole.predicate, ...added] }
}

/** A column, and what is added to it. */
interface Sum {
  readonly column: ColumnRef
  readonly plus: bigint
}

function inverse(conjunct: Scalar): readonly Scalar[] {
  if (conjunct.kind !== 'operator' || !conjunct.equality || conjunct.sql !== '=') return []
  const [left, right] = conjunct.args.map(sumOf)
  if (!left || !right || left.column.id === right.column.id) return []
  return [...solved(left, right), ...solved(right, left)]
}

function sumOf(scalar: Scalar): Sum | null {
  if (scalar.kind === 'column') return isWhole(scalar) ? { column: scalar, plus: 0n } : null
  if (scalar.kind === 'expression')
    return isWidening(scalar) && isWhole(scalar) && scalar.args[0] ? sumOf(scalar.args[0]) : null
  if (scalar.kind !== 'operator' || !/^[+-]$/.test(scalar.sql)) return null
  const [one, other] = scalar.args
  if (!one || !other) return null
  const sum = sumOf(one)
  const value = wholeNumber(other)
  if (sum && value !== null) return { ...sum, plus: scalar.sql === '+' ? sum.plus + value : sum.plus - value }
  const turned = scalar.sql === '+' ? sumOf(other) : null
  const added = wholeNumber(one)
  return turned && added !== null ? { ...turned, plus: turned.plus + added } : null
}

/** Where one side is a column itself, what is said of it stands there already. */
function solved(sum: Sum, other: Sum): readonly Operator[] {
  if (sum.plus === 0n) return []
  const value = added(other.column, other.plus - sum.plus, sum.column)
  if (!value) return []
  return [
    {
      kind: 'operator',
      oid: 0,
      sql: '=',
      equality: true,
      args: [sum.column, value],
      type: BOOLEAN,
      inputCollation: 0,
      strict: true,
      volatility: 'immutable',
      isRepeated: true,
    },
  ]
}

/** In the wider type of the two, and NULL in place of a failure: no row has such a value. */
function added(column: ColumnRef, plus: bigint, compared: ColumnRef): Scalar | null {
  if (plus === 0n) return column
  const [one, another] = [WHOLE[column.type.oid], WHOLE[compared.type.oid]]
  if (!one || !another) return null
  const type = one.bits > another.bits ? one : another
  const most = 2n ** type.bits - 1n
  const least = -most - 1n
  if (plus > most || plus < least) return null
  const constant = (value: bigint) => `'${value}'::${type.sql}`
  const fits = plus > 0n ? ` <= ${constant(most - plus)}` : ` >= ${constant(least - plus)}`
  return {
    kind: 'expression',
    construct: 'rule',
    parts: ['CASE WHEN ', `${fits} THEN `, ` + ${constant(plus)} END`],
    args: [column, column],
    closed: true,
    type: type === one ? column.type : compared.type,
    volatility: 'immutable',
    strict: false,
  }
}

const WHOLE: Readonly<Record<number, { readonly sql: string; readonly bits: bigint }>> = {
  [INT2]: { sql: 'smallint', bits: 15n },
  [INT4]: { sql: 'integer', bits: 31n },
  [INT8]: { sql: 'bigint', bits: 63n },
}

function isWhole({ type }: Scalar): boolean {
  return WHOLE[type.oid] !== undefined
}

function wholeNumber(scalar: Scalar): bigint | null {
  if (scalar.kind !== 'constant' || scalar.isNull || !isWhole(scalar)) return null
  const [, digits] = /^\(?'?(-?\d+)'?(?:::\w+)?\)?$/.exec(scalar.sql) ?? []
  return digits === undefined ? null : BigInt(digits)
}
