/** What a query says and a stream table does not keep. */
import { booleanField, listField, optionalNode } from '../catalog/node-field.ts'
import { parseViewQuery } from '../catalog/node-tree.ts'
import type { CompileRequest } from '../catalog/request.ts'

export function notices(request: CompileRequest): { readonly message: string; readonly hint: string }[] {
  const query = parseViewQuery(request.tree)
  const isUsed =
    booleanField(query, 'hasDistinctOn') ||
    optionalNode(query, 'limitCount') !== null ||
    optionalNode(query, 'limitOffset') !== null
  if (isUsed || listField(query, 'sortClause').length === 0) return []
  return [
    {
      message: 'the ORDER BY of the query has no effect',
      hint: 'A stream table has no order, as no table has: sort where it is read.',
    },
  ]
}
