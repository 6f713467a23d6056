import type { Expression, Scalar } from '../algebra/scalar.ts'
import { isComposite } from '../catalog/composite.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { castTypeSql, typeFacts } from './facts.ts'

/** What an expression over the elements of an array column says of them. Of rows it makes several columns. */
export function elementsOf(request: CompileRequest, array: Scalar): Pick<Expression, 'elements'> {
  const type = array.kind === 'column' ? typeFacts(request, array.type.oid).element : 0
  if (type === 0 || isComposite(request, type)) return {}
  return { elements: { type, array: castTypeSql(request, array.type.oid) } }
}
