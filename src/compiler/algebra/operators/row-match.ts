/**
 * Row match: which left rows began or ceased to have a match in a relation, with weight +1 or −1 for each of them. As
 * key-match.ts, for any condition: equal left rows (by image, on which a condition may depend) are asked about together.
 *
 * Shape: the left columns.
 * Keys: none claimed.
 * Class: term.
 * Delta: none: it stands in the deltas of other operators.
 * State: none.
 * Cost: the left rows that meet a changed right one, and for each the right rows that it meets, as far as they tell.
 * Nulls: a condition that is NULL is no match.
 * Refuses: nothing.
 * Source: LarsonZhou07.
 */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Scalar } from '../scalar.ts'
import { operatorOf } from './index.ts'

export interface RowMatch {
  readonly op: 'row-match'
  readonly left: Node
  /** The change of the relation, and the relation. */
  readonly delta: Node
  readonly state: Node
  readonly version: 'before' | 'after'
  /** Conjuncts over the left side and the relation. */
  readonly predicate: readonly Scalar[]
}

export const rowMatch: Operator<RowMatch> = {
  op: 'row-match',
  class: 'term',
  inputs: (node) => [node.left, node.delta, node.state],
  withInputs: (node, [left = node.left, delta = node.delta, state = node.state]) => ({
    ...node,
    left,
    delta,
    state,
  }),
  scalars: (node) => node.predicate,
  columns: (node) => operatorOf(node.left).columns(node.left),
  keys: () => [],
  differentiate: () => null,
  describe: (node, scalar) => `row match ON ${node.predicate.map(scalar).join(' AND ')}`,
}
