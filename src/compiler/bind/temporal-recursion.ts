/**
 * Conditions on the time in WITH RECURSIVE. What follows from a row that leaves is found by what changed, and as time passes
 * nothing does: so the rows that meet such a condition are a stage of their own, whose changes are those of the time as well.
 */
import { ref } from '../algebra/build.ts'
import {
  type ColumnIds,
  ID_FIELDS,
  isGroupNode,
  isPartitionNode,
  isRecursionNode,
  type Node,
} from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Recursion } from '../algebra/operators/recursion.ts'
import type { ColumnId } from '../algebra/scalar.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { groupedRows } from './distinct.ts'
import { typeFacts } from './facts.ts'
import { copyOf } from './fresh-ids.ts'

/** `term`: the conditions of a term made operators. Null where one reads the rows made so far, or rows without a key. */
export function temporalRecursion(
  node: Recursion,
  term: (node: Node) => Node,
  ids: ColumnIds,
  request: CompileRequest,
): Node | null {
  const operator = operatorOf(node)
  const timed = operator.withInputs(node, operator.inputs(node).map(term))
  const read = idsAbove(timed)
  const terms = operatorOf(timed)
    .inputs(timed)
    .map((input) => staged(input, read, ids, request))
  const whole = terms.flatMap((each) => each ?? [])
  return whole.length === terms.length ? operatorOf(timed).withInputs(timed, whole) : null
}

const isTimed = (node: object): boolean =>
  'op' in node && (node.op === 'temporal-filter' || node.op === 'temporal-values')

/** The columns that are named anywhere but below a condition on the time. */
function idsAbove(tree: Node): ReadonlySet<ColumnId> {
  const found = new Set<ColumnId>()
  const walk = (value: unknown, field: string): void => {
    if (typeof value === 'number' && ID_FIELDS.has(field)) found.add(value)
    else if (Array.isArray(value)) for (const each of value) walk(each, field)
    else if (typeof value === 'object' && value !== null && !isTimed(value))
      for (const [name, each] of Object.entries(value)) walk(each, name)
  }
  walk(tree, '')
  return found
}

function staged(
  node: Node,
  read: ReadonlySet<ColumnId>,
  ids: ColumnIds,
  request: CompileRequest,
): Node | null {
  // A stage already.
  if (isGroupNode(node) || isPartitionNode(node) || isRecursionNode(node)) return node
  if (isTimed(node)) return stage(node, read, ids, request)
  const operator = operatorOf(node)
  const inputs = operator.inputs(node).map((input) => staged(input, read, ids, request))
  const whole = inputs.flatMap((each) => each ?? [])
  return whole.length === inputs.length ? operator.withInputs(node, whole) : null
}

/** Its rows as groups of one: a key tells them apart, so none is lost, and none looks like another. */
function stage(
  node: Node,
  read: ReadonlySet<ColumnId>,
  ids: ColumnIds,
  request: CompileRequest,
): Node | null {
  const operator = operatorOf(node)
  const [key] = operator.keys(node)
  if (!key || readsRecursion(node)) return null
  const columns = operator.columns(node).filter(({ id }) => read.has(id) || key.includes(id))
  if (!columns.every(({ type }) => typeFacts(request, type.oid).sortable)) return null
  const copy = copyOf(node, ids)
  const kept = columns.map((column) => ({
    shown: column,
    key: { column: ids.make(column.name, column.type, column.nullable), value: ref(copy.column(column)) },
  }))
  const keys = kept.map((each) => each.key)
  return {
    op: 'project',
    input: groupedRows(copy.node, keys, [], ids),
    outputs: kept.map((each) => ({ column: each.shown, value: ref(each.key.column) })),
  }
}

function readsRecursion(node: Node): boolean {
  return node.op === 'read' || operatorOf(node).inputs(node).some(readsRecursion)
}
