import { internalError } from '../catalog/error.ts'
import type { CompileRequest } from '../catalog/request.ts'
import { NUMERIC } from './number-types.ts'
import type { TypeRef } from './scalar.ts'

/** Types whose equal values always have one image (pg_type.dat); enums belong to them as well. */
export const IDENTITY: ReadonlySet<number> = new Set([
  16, 17, 18, 19, 20, 21, 23, 25, 26, 27, 28, 650, 774, 790, 829, 869, 1043, 1082, 1083, 1114, 1184, 1266,
  1560, 1562, 2950, 3220, 5069,
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
  return IDENTITY.has(facts.oid) || facts.kind === 'e'
}
