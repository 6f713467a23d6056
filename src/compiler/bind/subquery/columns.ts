/** Looking through whole trees: which columns are read, and one column put in place of another. */
import type { Node } from '../../algebra/node.ts'
import { operatorOf } from '../../algebra/operators/index.ts'
import { type ColumnId, type Scalar, scalarColumns } from '../../algebra/scalar.ts'

/** Does anything in the tree read one of these columns? Ids are unique, so those are then columns of a query around it. */
export function dependsOn(node: Node, outer: ReadonlySet<ColumnId>): boolean {
  return [...columnsRead(node)].some((id) => outer.has(id))
}

export function columnsRead(node: Node, into: Set<ColumnId> = new Set()): ReadonlySet<ColumnId> {
  for (const scalar of operatorOf(node).scalars(node)) scalarColumns(scalar, into)
  for (const input of operatorOf(node).inputs(node)) columnsRead(input, into)
  return into
}

export function reads(scalar: Scalar, columns: ReadonlySet<ColumnId>): boolean {
  return [...scalarColumns(scalar)].some((id) => columns.has(id))
}

export function idsOf(node: Node): ReadonlySet<ColumnId> {
  return new Set(
    operatorOf(node)
      .columns(node)
      .map(({ id }) => id),
  )
}

/** Scalars replaced wherever they stand in a tree, from the outside in; null leaves one as it is. */
export function replaceScalars<T>(tree: T, change: (scalar: Scalar) => Scalar | null): T {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const items = value.map(walk)
      return items.every((item, i) => item === value[i]) ? value : items
    }
    if (typeof value !== 'object' || value === null) return value
    const replaced = isScalar(value) ? change(value) : null
    if (replaced) return replaced
    const entries = Object.entries(value).map(([name, field]) => [name, field, walk(field)] as const)
    return entries.every(([, before, after]) => before === after)
      ? value
      : Object.fromEntries(entries.map(([name, , after]) => [name, after]))
  }
  return walk(tree) as T
}

export function replaceColumns<T>(tree: T, columns: ReadonlyMap<ColumnId, Scalar>): T {
  if (columns.size === 0) return tree
  return replaceScalars(tree, (scalar) =>
    scalar.kind === 'column' ? (columns.get(scalar.id) ?? null) : null,
  )
}

const KINDS: ReadonlySet<unknown> = new Set(['column', 'constant', 'logic', 'operator', 'expression'])

function isScalar(value: object): value is Scalar {
  return 'kind' in value && KINDS.has(value.kind) && 'type' in value
}
