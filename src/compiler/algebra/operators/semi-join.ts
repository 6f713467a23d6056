/**
 * Semi join and anti join: the left rows for which some row of the right side meets the condition, or for which none
 * does.
 *
 * Shape: the left columns.
 * Keys: the left's.
 * Class: threshold.
 * Delta: one side at its state before and the other after, τ being the change of having a match (match-change.ts):
 *   Δ(L ⋉ R) = (ΔL ⋉ R) ⊎ (L ⋈ τ)
 *   Δ(L ▷ R) = (ΔL ▷ R) ⊎ −(L ⋈ τ)
 * State: none.
 * Cost: the changed left rows, a probe for each, and the left rows that may have gained or lost their match, a probe for
 * each.
 * Nulls: a condition that is NULL is no match.
 * Refuses: nothing.
 * Source: LarsonZhou07.
 */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Scalar } from '../scalar.ts'
import { operatorOf } from './index.ts'
import { isApart, matchChange } from './match-change.ts'
import { settled, versions } from './outer-join.ts'
import { addTerms } from './union-all.ts'

export interface SemiJoin {
  readonly op: 'semi-join'
  readonly left: Node
  readonly right: Node
  /** Conjuncts over both. */
  readonly predicate: readonly Scalar[]
  /** Those without a match. */
  readonly isAnti: boolean
}

export const semiJoin: Operator<SemiJoin> = {
  op: 'semi-join',
  class: 'threshold',
  inputs: (node) => [node.left, node.right],
  withInputs: (node, [left = node.left, right = node.right]) => ({ ...node, left, right }),
  scalars: (node) => node.predicate,
  columns: (node) => operatorOf(node.left).columns(node.left),
  keys: (node) => operatorOf(node.left).keys(node.left),
  differentiate: (node, inputs) => {
    const delta = inputs.delta(0)
    const { left, right } = versions(inputs, isApart(node))
    const change = matchChange(node, inputs, left)
    const terms: Node[] = []
    if (delta) terms.push({ ...node, left: delta, right })
    if (change) terms.push(node.isAnti ? { op: 'negate', input: change } : change)
    return settled(addTerms(semiJoin.columns(node), terms), inputs)
  },
  describe: (node, scalar) =>
    `semi-join${node.isAnti ? ' (anti)' : ''}${node.predicate.length > 0 ? ` ON ${node.predicate.map(scalar).join(' AND ')}` : ''}`,
}
