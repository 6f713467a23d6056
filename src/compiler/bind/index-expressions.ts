/** Of indexes that begin with an expression: that expression, so that a join by the same one is known for a probe. */
import type { Scalar } from '../algebra/scalar.ts'
import { numberField } from '../catalog/node-field.ts'
import { isNode, parseNodeTree, type TreeNode, type TreeValue } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { bindExpression } from './expression.ts'

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
    try {
      return [bindExpression(first, scope)]
    } catch {
      return []
    }
  })
  return expressions.length > 0 ? { expressions } : {}
}
