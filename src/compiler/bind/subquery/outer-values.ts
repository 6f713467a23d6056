/**
 * What has all combinations of the outer values that a subquery reads. Law: π(L ⟕ S) = π(L) as a set, for columns of L; what
 * marks rows only adds columns, too. Reason: nothing of a subquery beside is then evaluated for this one.
 */
import type { Column, Node } from '../../algebra/node.ts'
import { operatorOf } from '../../algebra/operators/index.ts'
import { type ColumnId, scalarColumns } from '../../algebra/scalar.ts'
import { columnsRead, idsOf } from './columns.ts'

/** The columns of `rows`, the query around, that `subquery` reads, and a part of it that has all their values. */
export function outerValues(
  subquery: Node,
  rows: Node,
): { readonly base: Node; readonly columns: readonly Column[] } {
  const read = columnsRead(subquery)
  const columnsOf = (node: Node) =>
    operatorOf(node)
      .columns(node)
      .filter(({ id }) => read.has(id))
  const ids = columnsOf(rows).map(({ id }) => id)
  const base = ids.length === 0 ? rows : narrowed(rows, new Set(ids))
  return { base, columns: columnsOf(base).filter(({ id }) => ids.includes(id)) }
}

function narrowed(node: Node, needed: ReadonlySet<ColumnId>): Node {
  switch (node.op) {
    case 'outer-join':
    case 'mark-join': {
      const left = idsOf(node.left)
      return [...needed].every((id) => left.has(id)) ? narrowed(node.left, needed) : node
    }
    case 'project': {
      const passed = node.outputs.filter(
        ({ column, value }) => value.kind === 'column' && value.id === column.id,
      )
      const ids = new Set(passed.map(({ column }) => column.id))
      return [...needed].every((id) => ids.has(id)) ? narrowed(node.input, needed) : node
    }
    case 'filter': {
      const asked = new Set(needed)
      for (const each of node.predicate) scalarColumns(each, asked)
      const own = idsOf(node.input)
      const input = narrowed(node.input, new Set([...asked].filter((id) => own.has(id))))
      return input === node.input ? node : { ...node, input }
    }
    case 'join': {
      const [only, ...others] = node.inputs
      return only && others.length === 0 && node.predicate.length === 0 ? narrowed(only, needed) : node
    }
    default:
      return node
  }
}
