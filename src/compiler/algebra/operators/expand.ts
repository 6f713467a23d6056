/**
 * Expand: each row with the rows that a function makes of it: a function in FROM (ROWS FROM, WITH ORDINALITY), VALUES or
 * a table function over columns of other items, a set-returning function in the select list (several: in step).
 *
 * Shape: the input's columns, then those of the function.
 * Keys: the input's, each with the ordinality if there is one.
 * Class: linear.
 * Delta: Δε(R) = ε(ΔR): the rows of a function follow from its arguments.
 * State: none.
 * Cost: the changed rows, and what the function makes of them.
 * Nulls: a strict function of a NULL has no rows; as the right side of LEFT JOIN a row without rows, or without any that
 * meets the condition, stands once with NULLs.
 * Refuses: nothing; bind/ refuses functions that are not immutable.
 * Source: DBSP23 Prop. 4.1 (flat map); nodeProjectSet.c, nodeFunctionscan.c.
 */
import type { Column, Key, Node } from '../node.ts'
import type { Operator } from '../operator.ts'
import { type ColumnId, type Expression, type Scalar, scalarColumns } from '../scalar.ts'
import { operatorOf } from './index.ts'

export interface Expand {
  readonly op: 'expand'
  readonly input: Node
  /** The FROM item: text with holes over the input. */
  readonly item: Expression
  /** Its columns by position; null where nobody reads one. */
  readonly made: readonly (Column | null)[]
  /** The column that numbers the rows made of one row. */
  readonly ordinality: ColumnId | null
  /** Exactly one row is made of each. */
  readonly isOne: boolean
  /** The conjuncts of LEFT JOIN; null where a row without rows is left out. */
  readonly outer: readonly Scalar[] | null
}

export const expand: Operator<Expand> = {
  op: 'expand',
  class: 'linear',
  inputs: (node) => [node.input],
  withInputs: (node, [input = node.input]) => ({ ...node, input }),
  scalars: (node) => [node.item, ...(node.outer ?? [])],
  columns: (node) => [...operatorOf(node.input).columns(node.input), ...madeColumns(node)],
  keys: (node): readonly Key[] => {
    const keys = operatorOf(node.input).keys(node.input)
    const { ordinality } = node
    if (node.isOne) return keys
    const isRead = madeColumns(node).some(({ id }) => id === ordinality)
    return ordinality === null || !isRead ? [] : keys.map((key) => [...key, ordinality])
  },
  differentiate: (node, inputs) => {
    const delta = inputs.delta(0)
    return delta && { ...node, input: delta }
  },
  describe: (node, scalar) => {
    const on = node.outer?.map(scalar).join(' AND ')
    return `expand ${scalar(node.item)}${on === undefined ? '' : ` (left join ON ${on || 'true'})`}`
  },
}

export function madeColumns(node: Expand): readonly Column[] {
  const columns = node.made.filter((column) => column !== null)
  return node.outer ? columns.map((column) => ({ ...column, nullable: true })) : columns
}

/** The columns of the input that the function is given. */
export function expandNeeds(node: Expand): readonly ColumnId[] {
  return [...scalarColumns(node.item)]
}
