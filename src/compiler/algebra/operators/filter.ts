/**
 * Filter: the rows for which every conjunct is true.
 *
 * Shape: the input's.
 * Keys: the input's.
 * Class: linear.
 * Delta: Δσ(R) = σ(ΔR).
 * State: none.
 * Cost: the changed rows.
 * Nulls: a conjunct that is NULL drops the row, as WHERE does.
 * Refuses: nothing.
 * Source: DBSP23 Prop. 4.1 (linear operators are their own delta).
 */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Scalar } from '../scalar.ts'
import { operatorOf } from './index.ts'

export interface Filter {
  readonly op: 'filter'
  readonly input: Node
  /** Conjuncts. */
  readonly predicate: readonly Scalar[]
}

export const filter: Operator<Filter> = {
  op: 'filter',
  class: 'linear',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: (node) => node.predicate,
  columns: (node) => operatorOf(node.input).columns(node.input),
  keys: (node) => operatorOf(node.input).keys(node.input),
  differentiate: (node, inputs) => {
    const delta = inputs.delta(0)
    return delta && { ...node, input: delta }
  },
  describe: (node, scalar) => `filter ${node.predicate.map(scalar).join(' AND ')}`,
}
