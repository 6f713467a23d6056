import type { CompileRequest, TypeFacts } from './request.ts'

/**
 * The type as which values of a domain over an enum, a range or a multirange are compared, hashed and sent; null for any
 * other type. anyenum takes no domain (parse_coerce.c, check_generic_type_consistency), and the hash of a row knows none
 * over ranges (typcache.c, range_element_has_extended_hashing).
 */
export function comparedType(request: Pick<CompileRequest, 'types'>, type: number): TypeFacts | null {
  let facts = request.types[type]
  if (facts?.kind !== 'd') return null
  while (facts?.kind === 'd') facts = request.types[facts.base]
  return facts && ['e', 'r', 'm'].includes(facts.kind) ? facts : null
}
