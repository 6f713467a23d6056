import type { TypeRef } from '../algebra/scalar.ts'
import { booleanField, nodeListField, numberField, optionalNode } from '../catalog/node-field.ts'
import { isNode, type TreeNode, type TreeValue } from '../catalog/node-tree.ts'

/** By range table entry and column: the types of all columns that a query, or one inside it, mentions of its own entries. */
export type ReadTypes = ReadonlyMap<number, ReadonlyMap<number, TypeRef>>

/**
 * The server's analysis has decided what the columns of a function are (OUT parameters, column definition lists,
 * polymorphic results) and says so wherever one is read.
 */
export function readTypes(query: TreeNode): ReadTypes {
  const types = new Map<number, Map<number, TypeRef>>()
  const visit = (value: TreeValue, level: number): void => {
    if (Array.isArray(value)) {
      for (const item of value as readonly TreeValue[]) visit(item, level)
      return
    }
    if (!isNode(value)) return
    if (value.tag === 'VAR' && numberField(value, 'varlevelsup') === level) {
      const columns = types.get(numberField(value, 'varno')) ?? new Map<number, TypeRef>()
      columns.set(numberField(value, 'varattno'), {
        oid: numberField(value, 'vartype'),
        typmod: numberField(value, 'vartypmod'),
        collation: numberField(value, 'varcollid'),
      })
      types.set(numberField(value, 'varno'), columns)
    }
    const inner = value.tag === 'QUERY' ? level + 1 : level
    for (const field of Object.values(value.fields)) visit(field, inner)
  }
  for (const field of Object.values(query.fields)) visit(field, 0)
  return types
}

/** A query without what is not `wanted` of its targets, and only sorts, and without the columns that joins without a name pass on. */
export function unsorted(query: TreeNode, wanted: readonly TreeNode[]): TreeNode {
  const windows = nodeListField(query, 'windowClause')
  const items = [
    ...nodeListField(query, 'groupClause'),
    ...windows.flatMap((window) => nodeListField(window, 'partitionClause')),
    ...windows.flatMap((window) => nodeListField(window, 'orderClause')),
  ]
  const named = new Set(items.map((item) => numberField(item, 'tleSortGroupRef')))
  // A set that is only sorted by makes rows.
  const makesRows = booleanField(query, 'hasTargetSRFs')
  const targetList = nodeListField(query, 'targetList').filter(
    (target) => makesRows || wanted.includes(target) || named.has(numberField(target, 'ressortgroupref')),
  )
  const rtable = nodeListField(query, 'rtable').map((entry) =>
    optionalNode(entry, 'alias') ? entry : { ...entry, fields: { ...entry.fields, joinaliasvars: null } },
  )
  return { ...query, fields: { ...query.fields, targetList, rtable } }
}
