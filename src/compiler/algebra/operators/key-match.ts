/**
 * Key match: for which values of the keys a relation began or ceased to have rows, with weight +1 or −1.
 *
 * A stored state and the change of it tell both: with d rows more than before, a key had none before when the state
 * after has no more than d, and has none after when d is negative and the state after has none; read off the state
 * before it is the other way round.
 *
 * Shape: the keys.
 * Keys: none claimed.
 * Class: term.
 * Delta: none: it stands in the deltas of other operators.
 * State: none.
 * Cost: at most |d| + 1 rows of each touched key are read, however many there are, by an index on the keys.
 * Nulls: a key that is NULL matches nothing and may be left out.
 * Refuses: nothing.
 * Source: LarsonZhou07; FIELD.
 */
import type { Column, Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Scalar } from '../scalar.ts'

export interface KeyMatch {
  readonly op: 'key-match'
  /** The change of the relation, and the relation. */
  readonly delta: Node
  readonly state: Node
  readonly version: 'before' | 'after'
  readonly keys: readonly MatchKey[]
}

export interface MatchKey {
  readonly column: Column
  /** Over the relation. */
  readonly value: Scalar
  /** What a row must meet to match the key: over its columns and `column`. */
  readonly match: Scalar
}

export const keyMatch: Operator<KeyMatch> = {
  op: 'key-match',
  class: 'term',
  inputs: (node) => [node.delta, node.state],
  withInputs: (node, [delta = node.delta, state = node.state]) => ({ ...node, delta, state }),
  scalars: (node) => node.keys.map(({ value }) => value),
  columns: (node) => node.keys.map(({ column }) => column),
  keys: () => [],
  differentiate: () => null,
  describe: (node, scalar) =>
    `key match by ${node.keys.map(({ value }) => scalar(value)).join(', ') || 'nothing'}`,
}
