/** ORDER BY … LIMIT, OFFSET, FETCH FIRST. */
import { ref, sql } from '../algebra/build.ts'
import type { Node } from '../algebra/node.ts'
import type { AggregateCall } from '../algebra/operators/aggregate.ts'
import type { Project } from '../algebra/operators/project.ts'
import type { Ordering } from '../algebra/ordering.ts'
import { integerOf } from '../algebra/reach.ts'
import { BIGINT, type Scalar, scalarColumns } from '../algebra/scalar.ts'
import { internalError, unsupported } from '../catalog/error.ts'
import { nodeListField, numberField, optionalNode } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { groupedRows } from './distinct.ts'
import { bindExpression } from './expression.ts'
import { hasOneRow } from './one-row.ts'
import { bindOrdering, targetOfItem } from './ordering.ts'
import { type Environment, notHere } from './query.ts'
import type { QueryScope } from './scope.ts'
import { notNegative } from './subquery/limit-by-key.ts'
import { Sublinks } from './subquery/sublinks.ts'

/** LimitOption (nodes.h) */
const WITH_TIES = 1

/** `selected` has an output for each of `targets`; `ties`: how rows come that ORDER BY leaves equal. */
export function bindLimit(
  query: TreeNode,
  targets: readonly TreeNode[],
  selected: Project,
  ties: readonly Ordering[],
  environment: Environment,
): Project {
  const { request } = environment
  const sublinks = new Sublinks(environment)
  const scope = scopeOf(environment, sublinks)
  const bound = ['limitOffset', 'limitCount'].map((name) => {
    const node = optionalNode(query, name)
    return node ? meaningful(bindExpression(node, scope), name) : null
  })
  const [skipped = null, kept = null] = bound
  const keepsAll = kept === null || ((integerOf(kept) ?? 0) > 0 && hasOneRow(selected))
  if (skipped === null && keepsAll) return selected
  const items = nodeListField(query, 'sortClause')
  if (items.length === 0)
    throw unsupported(
      'LIMIT without ORDER BY',
      'Add an ORDER BY that says which rows are meant.',
      'Which rows are left is not determined.',
    )
  // Elsewhere PostgreSQL may not come so far as to ask for it.
  const isAsked = query === environment.top && bound.some((each) => each && scalarColumns(each).size > 0)
  const asked = isAsked ? askedPlaces(bound, sublinks, environment) : null
  const [offset, count] = asked?.places ?? bound
  const input: Node = asked
    ? { op: 'join', inputs: [selected, asked.row], predicate: [] }
    : sublinks.attached(selected)
  const order = items.map((item) => {
    const output = selected.outputs[targets.indexOf(targetOfItem(item, targets))]
    if (!output) throw internalError('ORDER BY names no output')
    return bindOrdering(item, ref(output.column), request)
  })
  const withTies = numberField(query, 'limitOption') === WITH_TIES
  return {
    op: 'project',
    input: {
      op: 'limit',
      input,
      partition: { keys: [] },
      order: withTies ? order : [...order, ...ties],
      offset: offset ?? null,
      count: count ?? null,
      withTies,
    },
    outputs: selected.outputs.map(({ column }) => ({ column, value: ref(column) })),
  }
}

/**
 * LIMIT and OFFSET by subqueries of the outermost query are asked for whether it has rows or not, and fail where they are negative
 * (recompute_limits in nodeLimit.c). So they are a stage of one row.
 */
function askedPlaces(bound: readonly (Scalar | null)[], sublinks: Sublinks, { ids }: Environment) {
  const calls: AggregateCall[] = []
  const places = bound.map((place, i) => {
    if (!place) return null
    const column = ids.make('place', { oid: NUMERIC, typmod: -1, collation: 0 }, true)
    const args = [notNegative(place, i === 0 ? 'OFFSET' : 'LIMIT')]
    calls.push({ column, name: 'sum', args, written: null, filter: null })
    return sql(BIGINT)`(${ref(column)}::bigint)`
  })
  const one = sublinks.attached({ op: 'values', columns: [], rows: [[]] })
  return { places, row: groupedRows(one, [], calls, ids) }
}

/** numeric, in which bigint adds up. */
const NUMERIC = 1700

/** LIMIT NULL, which is LIMIT ALL, is none, and so is OFFSET 0, by which queries keep the planner out. */
function meaningful(scalar: Scalar, name: string): Scalar | null {
  if (scalar.kind === 'constant' && scalar.isNull) return null
  return name === 'limitOffset' && integerOf(scalar) === 0 ? null : scalar
}

/** Subqueries and columns of the queries around; PostgreSQL allows no others. */
function scopeOf({ request, outer }: Environment, sublinks: Sublinks): QueryScope {
  const nothing = (): never => {
    throw internalError('LIMIT names a column of its own query')
  }
  const scope: QueryScope = {
    request,
    resolve: (node) => outer[numberField(node, 'varlevelsup') - 1]?.own(node) ?? nothing(),
    own: nothing,
    external: (node) => {
      if (node.tag !== 'SUBLINK') throw notHere(node)
      return sublinks.bind(node, scope)
    },
  }
  return scope
}
