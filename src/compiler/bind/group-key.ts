import type { TypeRef } from '../algebra/scalar.ts'
import { unsupported } from '../catalog/error.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { typeFacts } from './facts.ts'

/** What is a key of groups is stored: their state is found, and kept unique, by a btree index over it. */
export function assertGroupKey(
  request: CompileRequest,
  { oid }: TypeRef,
  clause: string,
  hint: string,
): void {
  const type = typeFacts(request, oid)
  if (type.kind === 'p')
    throw unsupported(`${clause} over type ${type.sql}`, hint, 'No table can have a column of this type.')
  if (!type.sortable)
    throw unsupported(`${clause} over type ${type.sql}`, hint, 'The type has no btree operator class.')
}
