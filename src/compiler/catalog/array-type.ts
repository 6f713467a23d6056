import type { CompileRequest } from './request.ts'

/** An array, or a domain over one: array_agg makes one array of several, and unnest takes all of their elements apart. */
export function isArray(request: Pick<CompileRequest, 'types'>, type: number): boolean {
  const facts = request.types[type]
  return facts !== undefined && (facts.kind === 'd' ? isArray(request, facts.base) : facts.element !== 0)
}
