/**
 * Negate: every weight with the other sign.
 *
 * Shape: the input's.
 * Keys: none.
 * Class: term.
 * Delta: none: it stands in the deltas of other operators.
 * State: none.
 * Cost: the rows of the delta, once.
 * Nulls: as they are.
 * Refuses: nothing.
 * Source: DBSP23 §2.
 */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import { operatorOf } from './index.ts'

export interface Negate {
  readonly op: 'negate'
  readonly input: Node
}

export const negate: Operator<Negate> = {
  op: 'negate',
  class: 'term',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: () => [],
  columns: (node) => operatorOf(node.input).columns(node.input),
  keys: () => [],
  differentiate: () => null,
  describe: () => 'negate',
}
