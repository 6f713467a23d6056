/**
 * Scan: the rows of a table.
 *
 * Shape: the table's columns that the query reads.
 * Keys: unique immediate indexes over NOT NULL columns (or NULLS NOT DISTINCT).
 * Class: leaf.
 * Delta: what the change buffer holds past the frontier; of FROM ONLY, where there are children, the rows that it has as the table's own.
 * State: none, the table is stored.
 * Cost: the rows of the buffer that are new, by an index on the transaction.
 * Nulls: as stored.
 * Refuses: nothing here; bind/ decides what may be scanned.
 * Source: DBSP23 §3.
 */
import type { Column, Key } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Scalar } from '../scalar.ts'

export interface Scan {
  readonly op: 'scan'
  readonly relation: number
  /** The table's own name, for aliases. */
  readonly name: string
  /** `schema.table`, quoted. */
  readonly sql: string
  readonly columns: readonly ScanColumn[]
  /** FROM ONLY: in the buffer, whose row a change is of. No column of the query. */
  readonly own?: ScanColumn
  readonly keys: readonly Key[]
  /** Leading columns of the indexes that a probe could use, as column ids. */
  readonly indexes: readonly (readonly number[])[]
  /** Of each of them, where some do: which columns are in the order DESC NULLS LAST or its reverse. */
  readonly turned?: readonly (readonly boolean[])[]
  /** Expressions over its columns that are the first of an index. */
  readonly expressions?: readonly Scalar[]
  /** Those of them in which rows can be read in the order of their columns, up or down. */
  readonly sorted: readonly (readonly number[])[]
  readonly rows: number
}

/** The attribute number of tableoid (sysattr.h). */
export const TABLE_OID = -6

export interface ScanColumn extends Column {
  readonly attnum: number
}

export const scan: Operator<Scan> = {
  op: 'scan',
  class: 'leaf',
  inputs: () => [],
  withInputs: (node) => node,
  scalars: () => [],
  columns: (node) => node.columns,
  keys: (node) => node.keys,
  differentiate: () => null,
  describe: (node) => `scan ${node.own ? 'only ' : ''}${node.sql}`,
}
