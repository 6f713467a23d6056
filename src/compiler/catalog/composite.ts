import type { CompileRequest } from './request.ts'

/** RECORDOID (pg_type.dat): a row of no named type. */
export const RECORD = 2249

/**
 * Is a value of this type a row? `IS NULL` asks a row's fields then, so that ROW(NULL, NULL) IS NULL; the value itself is
 * asked by IS NOT DISTINCT FROM NULL (parse_expr.c, make_nulltest_from_distinct).
 */
export function isComposite(request: Pick<CompileRequest, 'types'>, type: number): boolean {
  const facts = request.types[type]
  if (facts?.kind === 'd') return isComposite(request, facts.base)
  return type === RECORD || facts?.kind === 'c'
}

export function isNamedRow(request: Pick<CompileRequest, 'types'>, type: number): boolean {
  return type !== RECORD && isComposite(request, type)
}

/** Is a value of this type a row, or made of rows: an array, a range, a domain of such? */
export function holdsRows(request: Pick<CompileRequest, 'types'>, type: number): boolean {
  if (isComposite(request, type)) return true
  const facts = request.types[type]
  const part = facts ? facts.element || facts.base || facts.subtype : 0
  return part !== 0 && holdsRows(request, part)
}
