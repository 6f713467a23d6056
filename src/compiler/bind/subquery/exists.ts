/** What EXISTS asks of a query: whether it has a row. */
import { integerOf } from '../../algebra/reach.ts'
import { optionalNode } from '../../catalog/node-field.ts'
import { isNode, type TreeNode, type TreeValue } from '../../catalog/node-tree.ts'
import { bindExpression } from '../expression.ts'
import type { Scope } from '../scope.ts'

/**
 * EXISTS (SELECT … LIMIT 1), as object-relational mappers write it, without its LIMIT: of one row or more there is a first.
 * As simplify_EXISTS_query (subselect.c) does.
 */
export function withoutLimit(query: TreeNode, scope: Scope): TreeNode {
  const places = ['limitOffset', 'limitCount'].map((name) => {
    const node = optionalNode(query, name)
    return node && (isFixed(node) ? integerOf(bindExpression(node, scope)) : Number.NaN)
  })
  const [offset, count] = places
  const skipsNone = offset === null || offset === 0
  if (!skipsNone || typeof count !== 'number' || !(count > 0)) return query
  return { ...query, fields: { ...query.fields, limitOffset: null, limitCount: null } }
}

/** Constants and casts of such. */
function isFixed(value: TreeValue): boolean {
  if (Array.isArray(value)) return value.every(isFixed)
  if (!isNode(value)) return true
  return FIXED.has(value.tag) && Object.values(value.fields).every(isFixed)
}

const FIXED: ReadonlySet<string> = new Set(['CONST', 'FUNCEXPR'])
