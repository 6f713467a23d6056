/** ORDER BY as the server's analysis has it: which operator sorts what, and where NULLs go. */
import type { Ordering } from '../algebra/ordering.ts'
import type { Scalar } from '../algebra/scalar.ts'
import { comparedType } from '../catalog/compared-type.ts'
import { internalError } from '../catalog/error.ts'
import { booleanField, numberField } from '../catalog/node-field.ts'
import type { TreeNode } from '../catalog/node-tree.ts'
import { quoteIdentifier } from '../catalog/quote.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { expression } from './binding.ts'
import { operatorFacts } from './facts.ts'

/** An item of ORDER BY whose expression is bound already. The operator says more than ASC and DESC: it names the opclass. */
export function bindOrdering(item: TreeNode, value: Scalar, request: CompileRequest): Ordering {
  const { schema, name } = operatorFacts(request, numberField(item, 'sortop'))
  return {
    value: asCompared(value, request),
    using: `OPERATOR(${quoteIdentifier(schema)}.${name})`,
    nullsFirst: booleanField(item, 'nulls_first'),
  }
}

/** USING finds the operators of ranges for a domain over them, but not those of enums. */
function asCompared(value: Scalar, request: CompileRequest): Scalar {
  const base = comparedType(request, value.type.oid)
  if (base?.kind !== 'e') return value
  return expression({
    construct: 'rule',
    parts: ['(', `)::${base.sql}`],
    args: [value],
    type: { ...value.type, oid: base.oid },
  })
}

/** The target list entry that an item of ORDER BY, PARTITION BY, GROUP BY or DISTINCT names. */
export function targetOfItem(item: TreeNode, targets: readonly TreeNode[]): TreeNode {
  const reference = numberField(item, 'tleSortGroupRef')
  const found = targets.find((target) => numberField(target, 'ressortgroupref') === reference)
  if (!found) throw internalError('a clause names no target')
  return found
}
