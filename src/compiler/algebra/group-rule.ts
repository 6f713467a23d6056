/**
 * What an operator of class `group` answers with: the state it keeps per key, how a delta changes it, and how its
 * output is read off. delta/ and emit/ turn this into statements and know nothing of the operator behind it.
 */
import type { Column } from './node.ts'
import type { Projection } from './operators/project.ts'
import type { ColumnId, Scalar } from './scalar.ts'

export interface GroupRule {
  /** The columns that say which group a row belongs to, computed from the input. */
  readonly keys: readonly Projection[]
  /** Keys of which any of several equal images will do: all of one group are alike, or nobody looks. */
  readonly settled?: readonly ColumnId[]
  /** What stands in `combine` for a key as the group shows it. */
  readonly shown?: readonly Projection[]
  /** How many rows the group has: it exists while this is positive; a group without keys always exists. */
  readonly count: Accumulator
  /** All accumulators, `count` first. */
  readonly accumulators: readonly Accumulator[]
  /** The operator's own output columns over the accumulators. */
  readonly outputs: readonly Projection[]
}

export interface Accumulator {
  /** What is stored per group; NULL for a group that is new. */
  readonly column: Column
  /** Aggregates over the group's delta rows, each with its weight (WEIGHT). */
  readonly deltas: readonly Projection[]
  /** The same for many rows, by what most of them have in common with the groups that are stored. Null: nothing. */
  readonly usual: Usual | null
  /** The new value, from the stored one and the deltas. */
  readonly combine: Scalar
  /** The aggregate over the group's rows themselves: for filling, and where `recompute` says so. */
  readonly scratch: Scalar
  /** When the deltas do not determine the new value; null: never. Over the stored value and the deltas. */
  readonly recompute: Scalar | null
  /** Does it say so in the ordinary course of things (an extreme leaves), or for odd values only (NaN)? */
  readonly recomputesOften: boolean
  /**
   * What the value is in most groups, over the other accumulators; where those are all in the stream table, it is kept for
   * the groups only in which it is another. Null: there is nothing to be guessed.
   */
  readonly implied: Scalar | null
  /**
   * Where the stored value is the implied one: does what the deltas say leave it so, for certain? Saves computing it. Null:
   * never for certain.
   */
  readonly staysImplied: Scalar | null
  /** `scratch` is the least or greatest of this, of all rows: the end of an index may tell it. Else null. */
  readonly extremeOf: Scalar | null
}

export interface Usual {
  /** Over the stored columns of any one group; NULL where there is none. */
  readonly sample: readonly Projection[]
  /** In the place of the accumulator's own; may use the sample. */
  readonly deltas: readonly Projection[]
}
