/**
 * LEFT and FULL JOIN under a condition that has subqueries over both sides: no side has their value as a column, a pair of
 * rows has. Law: L ⟕p R = σp(L × R) ⊎ pad(L ▷ πk(σp(L × R))), k being a key of L, or what p reads of it: rows that are equal
 * in that, by image, meet the same rows.
 */
import { ref } from '../algebra/build.ts'
import type { Column, ColumnIds, Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Projection } from '../algebra/operators/project.ts'
import { BOOLEAN, type ColumnId, type Scalar } from '../algebra/scalar.ts'
import { FULL_HINT } from '../catalog/error.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { expression } from './binding.ts'
import { copyOf } from './fresh-ids.ts'
import { assertGroupKey } from './group-key.ts'
import { imageOf } from './key-image.ts'
import { keysWithoutNull, nullsOf } from './outer-join.ts'
import { sameKey } from './subquery/same-key.ts'

interface Context {
  readonly ids: ColumnIds
  readonly request: CompileRequest
}

/** `pairs`: those of both sides that meet the condition, of whose columns it reads `read`. */
export function pairedJoin(
  [left, right]: readonly [Node, Node],
  pairs: Node,
  read: ReadonlySet<ColumnId>,
  isFull: boolean,
  context: Context,
): Node {
  const { request } = context
  const lefts = columnsOf(left).map((column) => (isFull ? { ...column, nullable: true } : column))
  const columns = [...lefts, ...columnsOf(right).map((column) => ({ ...column, nullable: true }))]
  const ids = columns.map(({ id }) => id)
  const outputs = (padding: readonly Projection[]) =>
    columns.map((column): Projection => {
      const nothing = padding.find((each) => each.column.id === column.id)
      return nothing ?? { column, value: ref(column) }
    })
  const alone = (side: Node, other: Node): Node => ({
    op: 'project',
    input: withoutPair(side, pairs, read, context),
    outputs: outputs(nullsOf(other, request)),
  })
  const branches: Node[] = [{ op: 'project', input: pairs, outputs: outputs([]) }, alone(left, right)]
  if (isFull) branches.push(alone(right, left))
  const [first = [], second = []] = [
    isFull ? keysWithoutNull(left) : operatorOf(left).keys(left),
    keysWithoutNull(right),
  ]
  const keys = first.flatMap((key) => second.map((other) => [...key, ...other]))
  return {
    op: 'union-all',
    columns,
    branches: branches.map((input) => ({ input, columns: ids })),
    keys: keys.slice(0, 4),
  }
}

/** The rows of one side that are in no pair. */
function withoutPair(side: Node, pairs: Node, read: ReadonlySet<ColumnId>, { ids, request }: Context): Node {
  const copy = copyOf(pairs, ids)
  const columns = columnsOf(side)
  const [key] = keysWithoutNull(side)
    .filter((each) => each.every((id) => columns.some((column) => column.id === id && !column.nullable)))
    .sort((a, b) => a.length - b.length)
  const compared = columns.filter(({ id }) => (key ? key.includes(id) : read.has(id)))
  const predicate = compared.flatMap((column): readonly Scalar[] => {
    const same = copy.column(column)
    if (key) return sameKey(request, column, same)
    assertGroupKey(request, column.type, 'a subquery over both sides of an outer join', FULL_HINT)
    const [image, other] = [imageOf(ref(column), request), imageOf(ref(same), request)]
    const looksSame =
      image &&
      other &&
      expression({
        construct: 'rule',
        parts: ['(', ' IS NOT DISTINCT FROM ', ')'],
        args: [image, other],
        type: BOOLEAN,
      })
    return [...sameKey(request, column, same), ...(looksSame ? [looksSame] : [])]
  })
  const outputs = compared.map((column) => ({ column: copy.column(column), value: ref(copy.column(column)) }))
  return {
    op: 'semi-join',
    left: side,
    right: { op: 'project', input: copy.node, outputs },
    predicate,
    isAnti: true,
  }
}

function columnsOf(node: Node): readonly Column[] {
  return operatorOf(node).columns(node)
}
