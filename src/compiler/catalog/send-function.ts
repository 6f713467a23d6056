import type { CompileRequest } from './request.ts'

/**
 * The binary send function of a type as SQL name; '' when there is none, or when it is that of an array, a row, a range or a
 * domain of what has none: array_send, record_send and range_send look for that of each part, and fail.
 */
export function sendFunction(request: Pick<CompileRequest, 'types'>, type: number): string {
  const facts = request.types[type]
  if (!facts) return ''
  const parts = [facts.element, facts.base, facts.subtype, ...facts.attributes.map((each) => each?.type ?? 0)]
  return parts.every((part) => part === 0 || sendFunction(request, part) !== '') ? facts.send : ''
}
