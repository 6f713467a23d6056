/**
 * What an operator of class `partition` answers with: which input rows belong together. Its output for one key is a
 * function of all input rows of that key, and is computed anew when one of them changes. delta/ and emit/ need no more.
 */
import type { ColumnId } from './scalar.ts'

export interface PartitionRule {
  /** Columns of the input, equal as GROUP BY has it, NULLs alike. Empty: all rows are one partition. */
  readonly keys: readonly ColumnId[]
}
