/** Of indexes that begin with an expression: that expression, so that a join by the same one is known for a probe. */
import type { Scalar } from '../algebra/scalar.ts'
import { nodeListField, numberField } from '../catalog/node-field.ts'
import { isNode, parseNodeTree, type TreeNode, type TreeValue } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { bindExpression } from './expression.ts'
import { rangeEnd } from './temporal.ts'

/**
 * `trees`: `pg_index.indexprs`. Only what the query has as well is of use, so the request has no facts about anything else:
 * an expression that needs such is left out.
 */
export function indexedExpressions(
  trees: readonly string[],
  request: CompileRequest,
  column: (attnum: number) => Scalar,
): { readonly expressions?: readonly Scalar[] } {
  const refuse = (): never => {
    throw new Error('no part of an index expression')
  }
  const scope = {
    request,
    resolve: (node: TreeNode) => column(numberField(node, 'varattno')),
    external: refuse,
  }
  const expressions = trees.flatMap((tree) => {
    const list = parseNodeTree(tree)
    const [first] = Array.isArray(list) ? (list as readonly TreeValue[]) : []
    if (first === undefined || !isNode(first)) return []
    return [bound(first, scope), endOfRange(first, scope)].flatMap((each) => each ?? [])
  })
  return expressions.length > 0 ? { expressions } : {}
}

function bound(node: TreeNode, scope: Parameters<typeof bindExpression>[1]): Scalar | null {
  try {
    return bindExpression(node, scope)
  } catch {
    return null
  }
}

/** lower(anyrange) and upper(anyrange): `range @> now()` looks for them, and has no such function itself. */
const RANGE_ENDS: ReadonlyMap<number, string> = new Map([
  [3848, 'lower'],
  [3849, 'upper'],
])

function endOfRange(node: TreeNode, scope: Parameters<typeof bindExpression>[1]): Scalar | null {
  const end = node.tag === 'FUNCEXPR' ? RANGE_ENDS.get(numberField(node, 'funcid')) : undefined
  const [arg] = end === undefined ? [] : nodeListField(node, 'args')
  const range = arg && bound(arg, scope)
  return end && range ? rangeEnd(end, range) : null
}
