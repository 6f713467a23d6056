/**
 * Limit: the rows between two places of an order.
 *
 * Shape: the input's.
 * Keys: the input's.
 * Class: partition, all rows being one.
 * Delta: the rows that were between the places against those that are, read from the input in its order.
 * State: the output rows.
 * Cost: what sorts behind the last of them leaves them as they are: nothing of the input is read. Else as many rows as are asked
 * for, OFFSET included, where an index has the order; otherwise the input is sorted. Of groups as many and one more for each
 * that went: their state has an index in the order of a number or a time.
 * Nulls: as ORDER BY says; LIMIT NULL is none. Ties are broken by the remaining columns, but for WITH TIES, which keeps
 * them. A subquery in LIMIT is a column of the input, the same in all rows. A negative one fails; in the outermost query also where
 * there are no rows to limit, as there PostgreSQL asks for it in any case.
 * Refuses: LIMIT without ORDER BY, but of one row at most, such as `count(*)` or the row of a key, which it leaves as they are.
 * Source: nodeLimit.c.
 */
import type { Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Ordering } from '../ordering.ts'
import type { PartitionRule } from '../partition-rule.ts'
import type { Scalar } from '../scalar.ts'
import { operatorOf } from './index.ts'

export interface Limit {
  readonly op: 'limit'
  readonly input: Node
  readonly partition: PartitionRule
  readonly order: readonly Ordering[]
  /** May read columns that have one value in all rows. */
  readonly offset: Scalar | null
  readonly count: Scalar | null
  readonly withTies: boolean
}

export const limit: Operator<Limit> = {
  op: 'limit',
  class: 'partition',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: (node) => [
    ...node.order.map(({ value }) => value),
    ...(node.offset ? [node.offset] : []),
    ...(node.count ? [node.count] : []),
  ],
  // What changed is placed among the rows that are kept.
  onDelta: ({ order }) => order.map(({ value }) => value),
  columns: (node) => operatorOf(node.input).columns(node.input),
  keys: (node) => operatorOf(node.input).keys(node.input),
  differentiate: () => null,
  describe: (node, scalar) => {
    const order = node.order.map(({ value, using }) => `${scalar(value)} ${using}`).join(', ')
    const places = [
      ...(node.offset ? [`offset ${scalar(node.offset)}`] : []),
      ...(node.count ? [scalar(node.count)] : []),
      ...(node.withTies ? ['with ties'] : []),
    ]
    return `limit ${places.join(' ')} order by ${order}`
  },
}
