/** Columns to put rows together by: an expression that is no column yet becomes one below the operator. */
import { ref, sameScalar } from '../algebra/build.ts'
import type { ColumnIds, Node } from '../algebra/node.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Projection } from '../algebra/operators/project.ts'
import { type ColumnId, type Scalar, scalarNullable } from '../algebra/scalar.ts'
import { CompileError, FULL_HINT, SQLSTATE, unsupported } from '../catalog/error.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { typeFacts } from './facts.ts'

/** The state of a partition is found by a btree index over its key. */
function assertKey(request: CompileRequest, value: Scalar, clause: string): void {
  const type = typeFacts(request, value.type.oid)
  if (type.kind === 'p' || !type.sortable)
    throw unsupported(
      `${clause} over type ${type.sql}`,
      FULL_HINT,
      type.kind === 'p'
        ? 'No table can have a column of this type.'
        : 'The type has no btree operator class.',
    )
}

/** PostgreSQL takes such a window, and sorts its rows only when it runs ("could not implement window PARTITION BY"). */
export function assertSortedBy(request: CompileRequest, value: Scalar): void {
  const { kind, sortable, sql } = typeFacts(request, value.type.oid)
  if (kind === 'p' || sortable) return
  throw new CompileError(
    'user',
    SQLSTATE.featureNotSupported,
    `PARTITION BY over type ${sql}`,
    `window functions cannot be partitioned by type ${sql}`,
    { detail: 'PostgreSQL sorts their rows, and the type has no order.', hint: 'Partition by its text.' },
  )
}

export function keyedBy(
  input: Node,
  values: readonly Scalar[],
  request: CompileRequest,
  ids: ColumnIds,
  clause: 'PARTITION BY' | 'DISTINCT ON',
): { readonly input: Node; readonly keys: readonly ColumnId[] } {
  const columns = operatorOf(input).columns(input)
  const computed: Projection[] = []
  const keys: ColumnId[] = []
  for (const value of values) {
    // The same for all rows: it parts none.
    if (value.kind === 'constant') continue
    assertKey(request, value, clause)
    if (value.kind === 'column') {
      if (!keys.includes(value.id)) keys.push(value.id)
      continue
    }
    const same = computed.find((each) => sameScalar(each.value, value))
    if (same) continue
    const nullable = scalarNullable(value, (id) => columns.find((each) => each.id === id)?.nullable ?? true)
    const column = ids.make('key', value.type, nullable)
    computed.push({ column, value })
    keys.push(column.id)
  }
  if (computed.length === 0) return { input, keys }
  const passed = columns.map((column) => ({ column, value: ref(column) }))
  return { input: { op: 'project', input, outputs: [...passed, ...computed] }, keys }
}
