import type { Scalar } from '../algebra/scalar.ts'
import { unsupported } from '../catalog/error.ts'
import type { CompileRequest, RivalFacts } from '../catalog/request.ts'
import { typeFacts } from './facts.ts'

/** Categories (`typcategory`) whose types are cast to each other without being asked to: boolean, date, geometric, network, number, text, interval. */
const CAST_WITHIN = /[BDGINSTV]/
const ANY_TYPE = 'P'

/**
 * A view keeps the function that it was made with. Printed, one that takes any type, or leaves arguments to defaults, gives way to
 * one that was made for these types later; there is no syntax that says which is meant.
 */
export function refuseRivals(
  construct: string,
  rivals: RivalFacts | undefined,
  args: readonly Scalar[],
  request: CompileRequest,
): void {
  const isTaken = rivals?.some(
    (types) =>
      types.length === args.length &&
      types.every(({ type, category }, i) => {
        const given = args[i]?.type.oid ?? 0
        if (type === given || category === ANY_TYPE) return true
        return CAST_WITHIN.test(category) && typeFacts(request, given).category === category
      }),
  )
  if (isTaken)
    throw unsupported(
      `${construct}, beside one of that name for the same arguments,`,
      'Give one of them another name, or use refresh mode FULL.',
    )
}
