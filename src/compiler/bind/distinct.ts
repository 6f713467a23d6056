/** SELECT DISTINCT and what else leaves one of equal rows: a group per row, which shows its key. */
import { groupRule } from '../algebra/aggregate-functions.ts'
import { ref } from '../algebra/build.ts'
import type { ColumnIds, Node } from '../algebra/node.ts'
import type { Aggregate, AggregateCall } from '../algebra/operators/aggregate.ts'
import { operatorOf } from '../algebra/operators/index.ts'
import type { Project, Projection } from '../algebra/operators/project.ts'
import type { ColumnId } from '../algebra/scalar.ts'
import { FULL_HINT, internalError } from '../catalog/error.ts'
import { assertGroupKey } from './group-key.ts'
import type { Environment } from './query.ts'

/** The rows of a SELECT, equal ones once. Rows with a key are distinct as they are, and cost no state. */
export function distinctTargets(select: Project, { request, ids }: Environment): Project {
  if (operatorOf(select).keys(select).length > 0) return select
  const keys = select.outputs.map(({ column, value }) => {
    assertGroupKey(request, column.type, 'SELECT DISTINCT', FULL_HINT)
    return { column: ids.make(column.name, column.type, column.nullable), value }
  })
  return shown(groupedRows(select.input, keys, [], ids), keys, ids)
}

/** One row per combination of the keys, with counts over them. `settled`: keys of which any image will do. */
export function groupedRows(
  input: Node,
  keys: readonly Projection[],
  calls: readonly AggregateCall[],
  ids: ColumnIds,
  settled: readonly ColumnId[] = [],
): Aggregate {
  const rule = groupRule(keys, calls, ids, {
    nullable: () => true,
    isRow: () => false,
    scale: () => null,
    equality: () => {
      throw internalError('rows are counted, not compared')
    },
  })
  return { op: 'aggregate', input, keys, calls, rule: settled.length === 0 ? rule : { ...rule, settled } }
}

/** The keys of `grouped` alone. */
export function shown(grouped: Node, keys: readonly Projection[], ids: ColumnIds): Project {
  const outputs = keys.map(({ column }) => ({
    column: ids.make(column.name, column.type, column.nullable),
    value: ref(column),
  }))
  return { op: 'project', input: grouped, outputs }
}
