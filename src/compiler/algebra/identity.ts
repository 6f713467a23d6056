import { internalError } from '../catalog/error.ts'
import type { CompileRequest } from '../catalog/request.ts'
import type { GroupRule } from './group-rule.ts'
import type { Column } from './node.ts'
import { NUMERIC } from './number-types.ts'
import type { TypeRef } from './scalar.ts'

/** Types whose equal values always have one image (pg_type.dat); enums belong to them as well. */
export const IDENTITY: ReadonlySet<number> = new Set([
  16, 17, 18, 19, 20, 21, 23, 25, 26, 27, 28, 650, 774, 790, 829, 869, 1043, 1082, 1083, 1114, 1184, 1266,
  1560, 1562, 2950, 3220, 3904, 3908, 3910, 3912, 3926, 4451, 4533, 4534, 4535, 4536, 5069,
])

/** Blanks at the end do not count in its comparisons (varchar.c). */
const BPCHAR = 1042

/** Does `=` tell apart all images of this type? */
export function isIdentity(request: CompileRequest, { type }: { readonly type: TypeRef }): boolean {
  const facts = request.types[type.oid]
  if (!facts) throw internalError(`no facts about type ${type.oid}`)
  if (facts.equality === 0) return false
  if (type.collation !== 0 && request.collations[type.collation]?.deterministic === false) return false
  // A modifier gives all values of a numeric one scale, and fills all values of a char(n) with blanks to one length.
  if (facts.oid === NUMERIC || facts.oid === BPCHAR) return type.typmod !== -1
  // Arrays are the same when their elements are, and their bounds, which they are compared by as well (array_eq).
  const { category, element } = facts
  if (category === 'A' && element !== 0) return isIdentity(request, { type: { ...type, oid: element } })
  return IDENTITY.has(facts.oid) || facts.kind === 'e'
}

/** Must a group show this key as one of its rows has it, of several ways to write it? */
export function isDoubtful(request: CompileRequest, { settled }: GroupRule, column: Column): boolean {
  return !isIdentity(request, column) && !settled?.includes(column.id)
}
