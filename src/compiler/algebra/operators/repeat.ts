/**
 * Repeat: each row as often as a count that is computed from it says; not at all for a count of zero or less.
 *
 * Shape: the input's.
 * Keys: none.
 * Class: linear.
 * Delta: Δρ(R) = ρ(ΔR), every weight times the count of its row.
 * State: none.
 * Cost: the changed rows.
 * Nulls: a count is never NULL.
 * Refuses: nothing.
 * Source: DBSP23 Prop. 4.1; prepunion.c (SETOPCMD_*_ALL).
 */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Scalar } from '../scalar.ts'
import { operatorOf } from './index.ts'

export interface Repeat {
  readonly op: 'repeat'
  readonly input: Node
  /** bigint, over the input. */
  readonly times: Scalar
}

export const repeat: Operator<Repeat> = {
  op: 'repeat',
  class: 'linear',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: (node) => [node.times],
  columns: (node) => operatorOf(node.input).columns(node.input),
  keys: () => [],
  differentiate: (node, inputs) => {
    const delta = inputs.delta(0)
    return delta && { ...node, input: delta }
  },
  describe: (node, scalar) => `repeat ${scalar(node.times)} times`,
}
