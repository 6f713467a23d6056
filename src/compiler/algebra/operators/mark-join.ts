/**
 * Mark join: every left row, and in a column more whether some row of the right side meets the condition. It says of several
 * subqueries at once what semi and anti joins would say by parting the rows: with n of them there are n terms and not 2^n.
 *
 * Shape: the left columns, then the mark, a boolean.
 * Keys: the left's.
 * Class: threshold.
 * Delta: one side at its state before and the other after, τ being the change of having a match (match-change.ts):
 *   Δ(L ⋈? R) = (ΔL ⋈? R) ⊎ (L ⋈ τ)×{true} ⊎ −(L ⋈ τ)×{false}
 * State: none.
 * Cost: the changed left rows, a probe for each, and the left rows that may have gained or lost their match, a probe for
 * each.
 * Nulls: a condition that is NULL is no match; the mark is never NULL.
 * Refuses: nothing.
 * Source: NeumannKemper15; LarsonZhou07 for the delta.
 */
import { TRUE } from '../build.ts'
import type { Column, Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Constant, Scalar } from '../scalar.ts'
import { operatorOf } from './index.ts'
import { isApart, matchChange } from './match-change.ts'
import { settled, versions } from './outer-join.ts'
import { addTerms } from './union-all.ts'

export interface MarkJoin {
  readonly op: 'mark-join'
  readonly left: Node
  readonly right: Node
  /** Conjuncts over both. */
  readonly predicate: readonly Scalar[]
  readonly column: Column
}

const FALSE: Constant = { ...TRUE, sql: 'false' }

export const markJoin: Operator<MarkJoin> = {
  op: 'mark-join',
  class: 'threshold',
  inputs: (node) => [node.left, node.right],
  withInputs: (node, [left = node.left, right = node.right]) => ({ ...node, left, right }),
  scalars: (node) => node.predicate,
  columns: (node) => [...operatorOf(node.left).columns(node.left), node.column],
  keys: (node) => operatorOf(node.left).keys(node.left),
  differentiate: (node, inputs) => {
    const delta = inputs.delta(0)
    const { left, right } = versions(inputs, isApart(node))
    const change = matchChange(node, inputs, left)
    const terms: Node[] = []
    if (delta) terms.push({ ...node, left: delta, right })
    if (change) terms.push({ op: 'join', inputs: [change, turned(node.column)], predicate: [] })
    return settled(addTerms(markJoin.columns(node), terms), inputs)
  },
  describe: (node, scalar) =>
    `mark-join${node.predicate.length > 0 ? ` ON ${node.predicate.map(scalar).join(' AND ')}` : ''}`,
}

/** What a row that gains its match shows more and less often; one that loses it has a weight of −1 itself. */
function turned(column: Column): Node {
  const mark = (value: Constant): Node => ({ op: 'values', columns: [column], rows: [[value]] })
  const branch = (input: Node) => ({ input, columns: [column.id] })
  return {
    op: 'union-all',
    columns: [column],
    branches: [branch(mark(TRUE)), branch({ op: 'negate', input: mark(FALSE) })],
  }
}
