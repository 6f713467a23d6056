/**
 * first-rows: a condition that only the first rows of each partition satisfy becomes part of the window operator.
 * Law: σ(n ≤ k)(W(A)) = W_k(A), for n = row_number() or rank(). Reason: only these rows are kept, and of a partition that
 * changed as many are read as there are, where an index has the order.
 */
import type { Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { FirstRows, Window } from '../algebra/operators/window.ts'
import { integerOf } from '../algebra/reach.ts'
import type { ColumnId, Scalar } from '../algebra/scalar.ts'

export function firstRows(node: Node): Node {
  const operator = operatorOf(node)
  const whole = operator.withInputs(node, operator.inputs(node).map(firstRows))
  if (whole.op === 'filter') {
    const { inputs, predicate } = bounded([whole.input], whole.predicate)
    const [input = whole.input] = inputs
    return predicate.length === 0 ? input : { ...whole, input, predicate }
  }
  return whole.op === 'join' ? { ...whole, ...bounded(whole.inputs, whole.predicate) } : whole
}

interface Bounded {
  readonly inputs: readonly Node[]
  /** What remains to be asked. */
  readonly predicate: readonly Scalar[]
}

function bounded(inputs: readonly Node[], predicate: readonly Scalar[]): Bounded {
  let rest = predicate
  const now = inputs.map((input) => {
    if (input.op !== 'window' || input.first) return input
    const found = predicate
      .flatMap((each) => boundOf(each, input) ?? [])
      .sort((a, b) => a.first.count - b.first.count)[0]
    if (!found) return input
    if (!found.isMore) rest = rest.filter((each) => each !== found.condition)
    return { ...input, first: found.first }
  })
  return { inputs: now, predicate: rest }
}

interface Bound {
  readonly first: FirstRows
  readonly condition: Scalar
  /** It asks for more than to be among the first. */
  readonly isMore: boolean
}

const MIRRORED: Readonly<Record<string, string>> = { '>': '<', '>=': '<=', '=': '=' }

function boundOf(condition: Scalar, window: Window): Bound | null {
  if (condition.kind !== 'operator') return null
  const [left, right] = condition.args
  if (!left || !right) return null
  const [number, bound, operator] =
    left.kind === 'column' ? [left, right, condition.sql] : [right, left, MIRRORED[condition.sql]]
  const limit = integerOf(bound)
  if (number.kind !== 'column' || limit === null || !isPlace(number.id, window)) return null
  if (operator !== '<' && operator !== '<=' && operator !== '=') return null
  const count = Math.max(0, operator === '<' ? limit - 1 : limit)
  return { first: { column: number.id, count }, condition, isMore: operator === '=' }
}

function isPlace(id: ColumnId, { calls }: Window): boolean {
  const call = calls.find(({ column }) => column.id === id)?.call
  return call?.parts.length === 1 && /^(?:row_number|rank)\(\)$/.test(call.parts[0] ?? '')
}
