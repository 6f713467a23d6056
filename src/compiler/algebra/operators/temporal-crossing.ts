/**
 * Temporal crossing: the rows for which a condition on the time is another now than it was for the stored content, with
 * weight +1 for those that meet it now and −1 for those that did.
 *
 * Shape: the input's.
 * Keys: none claimed.
 * Class: term.
 * Delta: none: it stands in the deltas of other operators.
 * State: none.
 * Cost: the rows that cross, by an index on the column that is compared with the time.
 * Nulls: as for a filter.
 * Refuses: nothing.
 * Source: –.
 */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Scalar } from '../scalar.ts'
import { operatorOf } from './index.ts'
import type { TimeRange } from './temporal-filter.ts'

export interface TemporalCrossing {
  readonly op: 'temporal-crossing'
  readonly input: Node
  readonly condition: Scalar
  readonly ranges: readonly TimeRange[]
}

export const temporalCrossing: Operator<TemporalCrossing> = {
  op: 'temporal-crossing',
  class: 'term',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: (node) => [node.condition],
  columns: (node) => operatorOf(node.input).columns(node.input),
  keys: () => [],
  differentiate: () => null,
  describe: (node, scalar) => `crossing ${scalar(node.condition)}`,
}
