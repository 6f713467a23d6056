/**
 * Union all: the rows of every input, duplicates kept.
 *
 * Shape: one column per position.
 * Keys: none (a row may come from two inputs), unless who made it knows one.
 * Class: linear.
 * Delta: Δ(A ⊎ B) = ΔA ⊎ ΔB.
 * State: none.
 * Cost: the changed rows.
 * Nulls: nullable where any input is.
 * Refuses: nothing.
 * Source: DBSP23 Prop. 4.1 (addition is linear).
 */
import type { Column, Key, Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { ColumnId } from '../scalar.ts'

export interface UnionAll {
  readonly op: 'union-all'
  readonly columns: readonly Column[]
  readonly branches: readonly UnionBranch[]
  /** What is known of the branches together. */
  readonly keys?: readonly Key[]
}

export interface UnionBranch {
  readonly input: Node
  /** The input's column for each position. */
  readonly columns: readonly ColumnId[]
}

export const unionAll: Operator<UnionAll> = {
  op: 'union-all',
  class: 'linear',
  inputs: (node) => node.branches.map((branch) => branch.input),
  withInputs: (node, inputs) => ({
    ...node,
    branches: node.branches.map((branch, i) => ({ ...branch, input: inputs[i] ?? branch.input })),
  }),
  scalars: () => [],
  columns: (node) => node.columns,
  keys: ({ columns, keys = [] }) =>
    keys.filter((key) => key.every((id) => columns.some((column) => column.id === id))),
  differentiate: (node, inputs) => {
    const branches = node.branches.flatMap((branch, i) => {
      const delta = inputs.delta(i)
      return delta ? [{ ...branch, input: delta }] : []
    })
    return branches.length === 0 ? null : { ...node, branches }
  },
  describe: (node) => `union all (${node.branches.length})`,
}

/** Z-set addition of terms that have the same columns. */
export function addTerms(columns: readonly Column[], terms: readonly Node[]): Node | null {
  const [first, ...rest] = terms
  if (first === undefined) return null
  if (rest.length === 0) return first
  const ids = columns.map((column) => column.id)
  return { op: 'union-all', columns, branches: terms.map((input) => ({ input, columns: ids })) }
}
