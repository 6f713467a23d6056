/**
 * Consolidate: equal rows become one whose weight is the sum of theirs; rows of weight zero go. Rows are equal when
 * their images are: 1.0 and 1.00 are two rows, so that a change of scale reaches the stream table.
 *
 * Shape: the input's.
 * Keys: none claimed.
 * Class: term.
 * Delta: none: it stands in the deltas of other operators.
 * State: none.
 * Cost: the rows of the delta, once.
 * Nulls: alike.
 * Refuses: nothing.
 * Source: DBSP23 §2, "consolidate" of differential dataflow.
 */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import { operatorOf } from './index.ts'

export interface Consolidate {
  readonly op: 'consolidate'
  readonly input: Node
  /** It is worth a WITH query of its own: whoever joins it may be said in several ways, and it in one. */
  readonly isShared?: true
}

export const consolidate: Operator<Consolidate> = {
  op: 'consolidate',
  class: 'term',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: () => [],
  columns: (node) => operatorOf(node.input).columns(node.input),
  keys: () => [],
  differentiate: () => null,
  describe: () => 'consolidate',
}
