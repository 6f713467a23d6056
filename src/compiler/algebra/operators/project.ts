/**
 * Project: new columns computed from each row.
 *
 * Shape: one column per expression.
 * Keys: those of the input whose columns all pass through unchanged.
 * Class: linear.
 * Delta: Δπ(R) = π(ΔR).
 * State: none.
 * Cost: the changed rows.
 * Nulls: the expression's.
 * Refuses: nothing; bind/ refuses unstable expressions.
 * Source: DBSP23 Prop. 4.1.
 */
import type { Column, Key, Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { ColumnId, Scalar } from '../scalar.ts'
import { operatorOf } from './index.ts'

export interface Project {
  readonly op: 'project'
  readonly input: Node
  readonly outputs: readonly Projection[]
}

export interface Projection {
  readonly column: Column
  readonly value: Scalar
}

export const project: Operator<Project> = {
  op: 'project',
  class: 'linear',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: (node) => node.outputs.map((output) => output.value),
  columns: (node) => node.outputs.map((output) => output.column),
  keys: (node) => {
    const passed = new Map<ColumnId, ColumnId>()
    for (const { column, value } of node.outputs)
      if (value.kind === 'column' && !passed.has(value.id)) passed.set(value.id, column.id)
    return operatorOf(node.input)
      .keys(node.input)
      .map((key) => key.map((id) => passed.get(id)))
      .filter((key): key is ColumnId[] => key.every((id) => id !== undefined)) satisfies readonly Key[]
  },
  differentiate: (node, inputs) => {
    const delta = inputs.delta(0)
    return delta && { ...node, input: delta }
  },
  describe: (node, scalar) =>
    `project ${node.outputs.map(({ column, value }) => `${scalar(value)} AS ${column.name}`).join(', ')}`,
}
