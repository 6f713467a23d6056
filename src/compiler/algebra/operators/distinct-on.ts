/**
 * Distinct on: of all rows with the same key the first in an order.
 *
 * Shape: the input's.
 * Keys: the key, and the input's.
 * Class: partition.
 * Delta: the old first row of every touched key against the new one.
 * State: the output rows.
 * Cost: the rows of every touched key, by an index on it; of a table that others are joined with, in the order of one of its
 * indexes, the first row for each of theirs.
 * Nulls: NULL keys are alike. Ties are broken by the remaining columns.
 * Refuses: keys of types without btree order.
 * Source: nodeUnique.c.
 */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Ordering } from '../ordering.ts'
import type { PartitionRule } from '../partition-rule.ts'
import { operatorOf } from './index.ts'

export interface DistinctOn {
  readonly op: 'distinct-on'
  readonly input: Node
  readonly partition: PartitionRule
  readonly order: readonly Ordering[]
}

export const distinctOn: Operator<DistinctOn> = {
  op: 'distinct-on',
  class: 'partition',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: (node) => node.order.map(({ value }) => value),
  onDelta: () => [],
  columns: (node) => operatorOf(node.input).columns(node.input),
  keys: (node) => [node.partition.keys, ...operatorOf(node.input).keys(node.input)],
  differentiate: () => null,
  describe: (node, scalar) => {
    const keys = operatorOf(node.input)
      .columns(node.input)
      .filter(({ id }) => node.partition.keys.includes(id))
      .map(({ id, type }) => scalar({ kind: 'column', id, type }))
    return `distinct-on ${keys.join(', ')} order by ${node.order.map(({ value, using }) => `${scalar(value)} ${using}`).join(', ')}`
  },
}
