import type { CompileRequest, TypeFacts } from './request.ts'

/**
 * The type as which values of a domain over an enum, a range or a multirange are compared, hashed and sent; null for any
 * other type. PostgreSQL takes no domain for anyenum, and its hash of a row knows none over ranges.
 */
export function comparedType(request: Pick<CompileRequest, 'types'>, type: number): TypeFacts | null {
  let facts = request.types[type]
  if (facts?.kind !== 'd') return null
  while (facts?.kind === 'd') facts = request.types[facts.base]
  return facts && ['e', 'r', 'm'].includes(facts.kind) ? facts : null
}
