/**
 * Values: rows written in the query. A query without FROM reads one row of no columns.
 *
 * Shape: as written.
 * Keys: [] for a single row.
 * Class: leaf.
 * Delta: none, ever.
 * State: none.
 * Cost: nothing.
 * Nulls: as written.
 * Refuses: nothing.
 * Source: –.
 */
import type { Column } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { Scalar } from '../scalar.ts'

export interface Values {
  readonly op: 'values'
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Scalar[])[]
}

export const values: Operator<Values> = {
  op: 'values',
  class: 'leaf',
  inputs: () => [],
  withInputs: (node) => node,
  scalars: (node) => node.rows.flat(),
  columns: (node) => node.columns,
  keys: (node) => (node.rows.length <= 1 ? [[]] : []),
  differentiate: () => null,
  describe: (node) => `values (${node.rows.length} rows)`,
}
