/**
 * Windows whose calls look no further than some rows, groups or values: a changed row changes the rows near it, and these
 * are computed anew. They are told by the first column of ORDER BY alone, in slices [low, high] of a partition that end
 * between rows of different value, so that whatever orders equal ones is within a slice.
 *
 * Which rows does the change of a row with value k reach? In the partition as it is now, those up to the n-th row behind k: a
 * row further away, before or now, has n rows or a nearer change between itself and k, and then that one's slice has it.
 * In the same way the slice is computed over itself and a margin, whose own results are not looked at. Everything is found
 * by looks into an index on (PARTITION BY, first column of ORDER BY) that end after as many rows.
 */
import { ref } from '../algebra/build.ts'
import type { Column, Node, PartitionNode } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Ordering } from '../algebra/ordering.ts'
import { type Extent, farthest, keepsOrder } from '../algebra/reach.ts'
import { isComposite } from '../catalog/composite.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { keyColumns } from './partition-text.ts'
import { isIndexed } from './redo.ts'

/** The slices of a window. */
export interface Slicing {
  readonly keys: readonly Column[]
  /** By whose values slices are told. */
  readonly order: Column
  /** How far a row depends on those of lower and of higher value. */
  readonly below: readonly Extent[]
  readonly above: readonly Extent[]
  /** Rows whose value is NULL come after all others, as ascending values go; else before them. */
  readonly nullsAbove: boolean
}

/** Null where a change may reach the whole partition, or no index would find what it reaches. */
export function slicingOf(request: CompileRequest, node: PartitionNode): Slicing | null {
  const slicing = boundedBy(request, node)
  return slicing && isSorted(node, slicing) ? slicing : null
}

/** What an index would make slices possible for. */
export function unindexedSlicing(request: CompileRequest, node: PartitionNode): Slicing | null {
  const slicing = boundedBy(request, node)
  return slicing && !isSorted(node, slicing) ? slicing : null
}

function isSorted(node: PartitionNode, { keys, order }: Slicing): boolean {
  return isIndexed(node.input, keys.map(ref), ref(order), 'sorted')
}

function boundedBy(request: CompileRequest, node: PartitionNode): Slicing | null {
  if (node.op !== 'window' || node.first || !readsOneTable(node.input)) return null
  const sides = node.calls.map(({ order: [first], reach }) => (first && reach ? { first, reach } : null))
  const [one] = sides
  const order = operatorOf(node.input)
    .columns(node.input)
    .find(({ id }) => one?.first.value.kind === 'column' && one.first.value.id === id)
  if (!one || !order || node.partition.keys.includes(order.id) || !isPlain(request, order)) return null
  // A row of NULLs IS NULL too.
  if (keyColumns(node).some(({ type }) => isComposite(request, type.oid))) return null
  const below: Extent[] = []
  const above: Extent[] = []
  const nullsAbove = areNullsAbove(one.first)
  for (const side of sides) {
    const isAscending = side && direction(side.first)
    if (!side || isAscending === null || side.first.value.kind !== 'column') return null
    if (side.first.value.id !== order.id || areNullsAbove(side.first) !== nullsAbove) return null
    below.push(...(isAscending ? side.reach.before : side.reach.after))
    above.push(...(isAscending ? side.reach.after : side.reach.before))
  }
  const isOrdered = (extent: Extent) => extent.unit !== 'RANGE' || keepsOrder(order.type.oid, extent.offset)
  if (![...below, ...above].every(isOrdered)) return null
  return { keys: keyColumns(node), order, below: farthest(below), above: farthest(above), nullsAbove }
}

/** Ascending in the type's own order; null for any other. */
function direction({ using }: Ordering): boolean | null {
  if (using === 'OPERATOR(pg_catalog.<)') return true
  return using === 'OPERATOR(pg_catalog.>)' ? false : null
}

function areNullsAbove(ordering: Ordering): boolean {
  return direction(ordering) !== ordering.nullsFirst
}

/** Of a type whose `<=` and `>=` are PostgreSQL's, and whose values travel in arrays. */
function isPlain(request: CompileRequest, { type }: Column): boolean {
  const facts = request.types[type.oid]
  return (
    facts !== undefined &&
    facts.schema === 'pg_catalog' &&
    facts.kind === 'b' &&
    facts.element === 0 &&
    facts.sortable
  )
}

function readsOneTable(node: Node): boolean {
  if (node.op === 'filter' || node.op === 'project') return readsOneTable(node.input)
  return node.op === 'scan'
}
