import { type Column, type ColumnIds, ID_FIELDS, type Node } from '../algebra/node.ts'
import type { ColumnId } from '../algebra/scalar.ts'

interface Copy {
  readonly node: Node
  /** What the copy calls a column. */
  readonly column: (column: Column) => Column
}

/** A tree once more, all columns that are made in it under ids of their own: where it meets itself, both are told apart. */
export function copyOf(node: Node, ids: ColumnIds): Copy {
  const names = new Map<ColumnId, Column>()
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (isColumn(value) && !names.has(value.id))
      names.set(value.id, ids.make(value.name, value.type, value.nullable))
    Object.values(value).forEach(collect)
  }
  collect(node)
  const renamed = (id: number): number => (id < 0 ? -(names.get(-id)?.id ?? -id) : (names.get(id)?.id ?? id))
  const walk = (value: unknown, field: string): unknown => {
    if (typeof value === 'number') {
      // A recursion goes by the id of its first column, with a minus.
      const isId = ID_FIELDS.has(field) || (field === 'stage' && value < 0)
      return isId ? renamed(value) : value
    }
    if (Array.isArray(value)) return value.map((each) => walk(each, field))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, walk(each, name)]))
  }
  return {
    node: walk(node, '') as Node,
    column: (column) => ({ ...column, id: renamed(column.id) }),
  }
}

function isColumn(value: object): value is Column {
  return 'id' in value && 'name' in value && 'type' in value && 'nullable' in value
}
