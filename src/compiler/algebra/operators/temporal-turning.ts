/**
 * Temporal turning: the rows for which one of several conditions on the time has another value now than it had for the
 * stored content: with weight −1 as they were, and +1 as they are.
 *
 * Shape: the input's columns, then one for each condition.
 * Keys: none claimed.
 * Class: term.
 * Delta: none: it stands in the deltas of other operators.
 * State: none.
 * Cost: the rows that turn, by an index on each column that is compared with the time.
 * Nulls: to have become NULL, or another than NULL, is to have turned.
 * Refuses: nothing.
 * Source: –.
 */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import { operatorOf } from './index.ts'
import type { TimedValue } from './temporal-values.ts'

export interface TemporalTurning {
  readonly op: 'temporal-turning'
  readonly input: Node
  readonly outputs: readonly TimedValue[]
}

export const temporalTurning: Operator<TemporalTurning> = {
  op: 'temporal-turning',
  class: 'term',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: (node) => node.outputs.map(({ condition }) => condition),
  columns: (node) => [
    ...operatorOf(node.input).columns(node.input),
    ...node.outputs.map(({ column }) => column),
  ],
  keys: () => [],
  differentiate: () => null,
  describe: (node, scalar) => `turning ${node.outputs.map(({ condition }) => scalar(condition)).join(', ')}`,
}
