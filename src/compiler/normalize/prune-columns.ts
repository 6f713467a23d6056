/**
 * prune-columns: a scan keeps the columns that are read above it, a projection below another operator likewise.
 * A comparison with one row that is read for nothing else becomes an operator of its own on the way: bound-filters.ts.
 * Law: πc(A) needs of A only what c reads. Reason: what is not read is not captured, so a change to it writes nothing.
 */
import { isPartitionNode, type Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { UnionBranch } from '../algebra/operators/union-all.ts'
import { type ColumnId, scalarColumns } from '../algebra/scalar.ts'
import { boundFilters } from './bound-filters.ts'

/** `needed` null: all columns of the node. */
export function pruneColumns(node: Node, needed: ReadonlySet<ColumnId> | null = null): Node {
  switch (node.op) {
    case 'scan': {
      if (!needed) return node
      const columns = node.columns.filter((column) => needed.has(column.id))
      const kept = new Set(columns.map((column) => column.id))
      return { ...node, columns, keys: node.keys.filter((key) => key.every((id) => kept.has(id))) }
    }
    case 'project': {
      const outputs = needed ? node.outputs.filter(({ column }) => needed.has(column.id)) : node.outputs
      const read = new Set<ColumnId>()
      for (const { value } of outputs) scalarColumns(value, read)
      return { ...node, outputs, input: pruneColumns(node.input, read) }
    }
    case 'temporal-values': {
      const outputs = node.outputs.filter(({ column }) => !needed || needed.has(column.id))
      return outputs.length === 0 ? pruneColumns(node.input, needed) : below({ ...node, outputs }, needed)
    }
    case 'expand': {
      const made = node.made.map((column) => (column && needed && !needed.has(column.id) ? null : column))
      const read = new Set(
        needed ??
          operatorOf(node)
            .columns(node)
            .map((column) => column.id),
      )
      for (const scalar of operatorOf(node).scalars(node)) scalarColumns(scalar, read)
      // The condition of a LEFT JOIN reads them, too.
      const kept = node.outer
        ? node.made.map((column) => (column && read.has(column.id) ? column : null))
        : made
      return { ...node, made: kept, input: pruneColumns(node.input, read) }
    }
    case 'aggregate': {
      const read = new Set<ColumnId>()
      for (const scalar of operatorOf(node).scalars(node)) scalarColumns(scalar, read)
      return { ...node, input: pruneColumns(node.input, read) }
    }
    case 'window': {
      const calls = needed
        ? node.calls.filter(({ column }) => needed.has(column.id) || column.id === node.first?.column)
        : node.calls
      const kept = { ...node, calls }
      const read = new Set(
        needed ??
          operatorOf(node)
            .columns(node)
            .map((column) => column.id),
      )
      for (const id of node.partition.keys) read.add(id)
      for (const scalar of operatorOf(kept).scalars(kept)) scalarColumns(scalar, read)
      return calls.length === 0
        ? pruneColumns(node.input, read)
        : { ...kept, input: pruneColumns(node.input, read) }
    }
    case 'recursion': {
      const part = ({ input, columns }: UnionBranch) => ({
        input: pruneColumns(input, new Set(columns)),
        columns,
      })
      return { ...node, base: part(node.base), step: part(node.step) }
    }
    case 'union-all': {
      const kept = node.columns.flatMap((column, i) => (!needed || needed.has(column.id) ? [i] : []))
      const at = <T>(list: readonly T[]) => kept.flatMap((i) => list.slice(i, i + 1))
      return {
        ...node,
        columns: at(node.columns),
        branches: node.branches.map((branch) => {
          const columns = at(branch.columns)
          return { columns, input: pruneColumns(branch.input, new Set(columns)) }
        }),
      }
    }
    case 'mark-join':
      return needed && !needed.has(node.column.id) ? pruneColumns(node.left, needed) : below(node, needed)
    case 'join': {
      const bounded = boundFilters(node, needed)
      return bounded ? pruneColumns(bounded, needed) : below(node, needed)
    }
    default:
      return below(node, needed)
  }
}

function below(node: Node, needed: ReadonlySet<ColumnId> | null): Node {
  const operator = operatorOf(node)
  const read = new Set(needed ?? operator.columns(node).map((column) => column.id))
  for (const scalar of operator.scalars(node)) scalarColumns(scalar, read)
  if (isPartitionNode(node)) for (const id of node.partition.keys) read.add(id)
  return operator.withInputs(
    node,
    operator.inputs(node).map((input) => pruneColumns(input, read)),
  )
}
