/**
 * Window: every input row with the values of window functions over its partition.
 *
 * Shape: the input's columns, then one column per call.
 * Keys: the input's.
 * Class: partition, by PARTITION BY; a SELECT with several has one such operator for each.
 * Delta: the rows of every partition that a changed row belongs (or belonged) to, old ones against new. Of these only the
 * rows that a change may reach where every call looks no further than a constant number of rows, of groups of peers, or an
 * offset of RANGE (frames between n PRECEDING and n FOLLOWING, lag, lead), all calls order by the same column first, and an
 * index of the one table below has PARTITION BY and then that column. Not where a call counts places (row_number, rank,
 * ntile) or is an aggregate of your own, a frame is UNBOUNDED, the order begins with an expression, or an offset does not
 * keep it (months before a timestamp, days before a timestamptz).
 * Where every call runs from the first row to its own (sum, count, min, max, bool_and, bool_or over a frame from UNBOUNDED
 * PRECEDING to CURRENT ROW, row_number, rank, dense_rank), all order by the same NOT NULL column first, and an index has
 * PARTITION BY and then that column: the rows from the first change on, which go on from what is stored of the row before.
 * Not sums and averages of floats, whose last digits depend on where adding began, other averages, of which no sum is stored, and
 * extremes of char(n), arrays and enums.
 * State: the output rows; where only the first rows of each are asked for (row_number() <= k), these.
 * Cost: the rows of the touched partitions, by an index on PARTITION BY; the first of them, those near a change, or
 * those from it on, by one that has the order too. Where the first rows are those of a table that others are joined with (a rate as
 * of a day), and an index of it has what it is joined by and then the order: for each of the others' rows the first of its own.
 * A change at NULL in the order reaches its whole partition.
 * Nulls: NULL keys are one partition; order and frames as PostgreSQL has them. Ties that ORDER BY leaves come as a subquery in
 * FROM sorts them, where no window sorts them anew; else they are broken by the remaining columns where no peer group is
 * looked at.
 * Refuses: PARTITION BY over types without btree order.
 * Source: nodeWindowAgg.c; DBSP23 §7 (group-by).
 */
import type { Column, Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Ordering } from '../ordering.ts'
import type { PartitionRule } from '../partition-rule.ts'
import type { Reach } from '../reach.ts'
import type { ColumnId, Expression } from '../scalar.ts'
import { operatorOf } from './index.ts'

export interface Window {
  readonly op: 'window'
  readonly input: Node
  readonly partition: PartitionRule
  readonly calls: readonly WindowCall[]
  /** What the rows of a partition are sorted by as they come, where a call goes by that which sees peers. */
  readonly incoming?: readonly Ordering[]
  /** Rows behind these are left out. */
  readonly first?: FirstRows
}

/** The rows in which a row_number() or rank() is at most `count`. */
export interface FirstRows {
  /** Of the call. */
  readonly column: ColumnId
  readonly count: number
}

export interface WindowCall {
  readonly column: Column
  /** The call as SQL with its FILTER, up to OVER. */
  readonly call: Expression
  readonly order: readonly Ordering[]
  /** `ROWS BETWEEN … AND … EXCLUDE …` */
  readonly frame: Expression
  /** Rows that ORDER BY leaves equal count as peers: another column to sort by would change the result. */
  readonly hasPeers: boolean
  /** Null: it may look at all rows of the partition. */
  readonly reach: Reach | null
  /** It looks at the rows from the first one to its own: what makes the result over two parts of them of theirs. */
  readonly runs?: RunsBy | null
}

/** An operator, or a function, for which NULL is a part without a value; rank counts the rows before. */
export type RunsBy = '+' | 'rank' | 'AND' | 'OR' | 'least' | 'greatest'

export const window: Operator<Window> = {
  op: 'window',
  class: 'partition',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: (node) => [
    ...node.calls.flatMap(({ call, order, frame }) => [call, ...order.map(({ value }) => value), frame]),
    ...(node.incoming ?? []).map(({ value }) => value),
  ],
  onDelta: () => [],
  columns: (node) => [
    ...operatorOf(node.input).columns(node.input),
    ...node.calls.map(({ column }) => column),
  ],
  keys: (node) => [
    ...operatorOf(node.input).keys(node.input),
    ...(isOneOfEach(node) ? [node.partition.keys] : []),
  ],
  differentiate: () => null,
  describe: (node, scalar) => {
    const keys = operatorOf(node.input)
      .columns(node.input)
      .filter(({ id }) => node.partition.keys.includes(id))
      .map(({ id, type }) => scalar({ kind: 'column', id, type }))
    const items = (orderings: readonly Ordering[]) =>
      orderings
        .map(
          ({ value, using, nullsFirst }) =>
            `${scalar(value)} ${using} nulls ${nullsFirst ? 'first' : 'last'}`,
        )
        .join(', ')
    const calls = node.calls.map(
      ({ call, order, frame }) =>
        `${scalar(call)} over (${[...(order.length > 0 ? [`order by ${items(order)}`] : []), scalar(frame)].join(' ')})`,
    )
    const by = keys.length > 0 ? ` by ${keys.join(', ')}` : ''
    const place = node.calls.find(({ column }) => column.id === node.first?.column)
    const first = node.first && place ? `, ${scalar(place.call)} <= ${node.first.count}` : ''
    const sorted = node.incoming ? `, sorted by ${items(node.incoming)}` : ''
    return `window ${calls.join(', ')}${by}${sorted}${first}`
  },
}

/** The first row of each partition. */
function isOneOfEach({ partition, calls, first }: Window): boolean {
  const place = calls.find(({ column }) => column.id === first?.column)?.call
  return (
    partition.keys.length > 0 && first !== undefined && first.count <= 1 && place?.parts[0] === 'row_number()'
  )
}
