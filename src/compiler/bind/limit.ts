/** ORDER BY … LIMIT, OFFSET, FETCH FIRST. */
import { ref } from '../algebra/build.ts'
import type { Project } from '../algebra/operators/project.ts'
import type { Scalar } from '../algebra/scalar.ts'
import { internalError, unsupported } from '../catalog/error.ts'
import { nodeListField, numberField, optionalNode } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { bindExpression } from './expression.ts'
import { bindOrdering, targetOfItem } from './ordering.ts'
import { type Environment, notHere } from './query.ts'
import type { QueryScope } from './scope.ts'
import { Sublinks } from './subquery/sublinks.ts'

/** LimitOption (nodes.h) */
const WITH_TIES = 1

/** `selected` has an output for each of `targets`. */
export function bindLimit(
  query: TreeNode,
  targets: readonly TreeNode[],
  selected: Project,
  environment: Environment,
): Project {
  const { request } = environment
  const sublinks = new Sublinks(environment)
  const scope = scopeOf(environment, sublinks)
  const [offset, count] = ['limitOffset', 'limitCount'].map((name) => {
    const node = optionalNode(query, name)
    return node && meaningful(bindExpression(node, scope))
  })
  if (!offset && !count) return selected
  const items = nodeListField(query, 'sortClause')
  if (items.length === 0)
    throw unsupported(
      'LIMIT without ORDER BY',
      'Add an ORDER BY that says which rows are meant.',
      'Which rows are left is not determined.',
    )
  const order = items.map((item) => {
    const output = selected.outputs[targets.indexOf(targetOfItem(item, targets))]
    if (!output) throw internalError('ORDER BY names no output')
    return bindOrdering(item, ref(output.column), request)
  })
  return {
    op: 'project',
    input: {
      op: 'limit',
      input: sublinks.attached(selected),
      partition: { keys: [] },
      order,
      offset: offset ?? null,
      count: count ?? null,
      withTies: numberField(query, 'limitOption') === WITH_TIES,
    },
    outputs: selected.outputs.map(({ column }) => ({ column, value: ref(column) })),
  }
}

/** LIMIT NULL, which is LIMIT ALL, is none. */
function meaningful(scalar: Scalar): Scalar | null {
  return scalar.kind === 'constant' && scalar.isNull ? null : scalar
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
