/** ORDER BY … LIMIT, OFFSET, FETCH FIRST. */
import { ref } from '../algebra/build.ts'
import type { Project } from '../algebra/operators/project.ts'
import type { Scalar } from '../algebra/scalar.ts'
import { internalError, unsupported } from '../catalog/error.ts'
import { nodeListField, numberField, optionalNode } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { bindExpression } from './expression.ts'
import { bindOrdering, targetOfItem } from './ordering.ts'
import type { Environment } from './query.ts'
import type { Scope } from './scope.ts'

const FULL_HINT = 'Use refresh mode FULL or AUTO, which recomputes the query at each refresh.'

/** LimitOption (nodes.h) */
const WITH_TIES = 1

/** `selected` has an output for each of `targets`. */
export function bindLimit(
  query: TreeNode,
  targets: readonly TreeNode[],
  selected: Project,
  { request }: Environment,
): Project {
  const [offset, count] = ['limitOffset', 'limitCount'].map((name) => {
    const node = optionalNode(query, name)
    return node && meaningful(bindExpression(node, nothing(request)))
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
      input: selected,
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

function nothing(request: Environment['request']): Scope {
  const refuse = (): never => {
    throw unsupported('a subquery in LIMIT', FULL_HINT)
  }
  return { request, resolve: refuse, external: refuse }
}
