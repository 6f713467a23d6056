/**
 * Read: one state of a stored relation, the leaf of every term.
 *
 * Shape: the relation's.
 * Keys: the relation's for a whole state, none for a delta.
 * Class: term.
 * Delta: none: it stands in the deltas of other operators. A source table stores `after` (the live table at the
 * refresh's snapshot); `before` is after ⊎ −delta. A stage stores `before` (its state table, read at that same
 * snapshot); `after` is before ⊎ delta. Neither ever needs EXCEPT ALL (FIELD: 30 ms against 208 ms).
 * State: none of its own.
 * Cost: what its reader asks for: a probe where there is an index, both of the stored state and of the delta.
 * Nulls: as stored.
 * Refuses: nothing.
 * Source: DBSP23 Thm 3.4, with R = R′ ⊎ −ΔR.
 */
import type { Column, Key } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { ColumnId } from '../scalar.ts'
import type { Scan } from './scan.ts'

export interface Read {
  readonly op: 'read'
  readonly version: 'before' | 'after' | 'delta'
  readonly of: Scan | StageOutput
}

/** What a stage (a stateful operator inside the query) gives to the operators above it. */
export interface StageOutput {
  readonly op: 'stage-output'
  readonly stage: number
  readonly columns: readonly Column[]
  readonly keys: readonly Key[]
  /** PARTITION BY, of which its table has an index. */
  readonly partition?: readonly ColumnId[]
  /** The columns as the stage itself has them, in order, where this is not the reader that it was made for. */
  readonly stored?: readonly Column[]
}

/** The column of the stage that a reader calls `id`. */
export function storedId({ columns, stored }: StageOutput, id: ColumnId): ColumnId {
  return stored?.[columns.findIndex((column) => column.id === id)]?.id ?? id
}

export const read: Operator<Read> = {
  op: 'read',
  class: 'term',
  inputs: () => [],
  withInputs: (node) => node,
  scalars: () => [],
  columns: (node) => node.of.columns,
  // Only a whole state is a set of rows; a delta, and a state made with one, has rows of negative weight.
  keys: (node) => (node.version === 'delta' ? [] : node.of.keys),
  differentiate: () => null,
  describe: ({ of, version }) => {
    if (of.op === 'scan') return `${version}(${of.sql})`
    return of.stage < 0 ? 'the rows so far' : `${version}(stage ${of.stage})`
  },
}
