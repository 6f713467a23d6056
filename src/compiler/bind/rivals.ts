import type { Scalar } from '../algebra/scalar.ts'
import { isComposite, RECORD } from '../catalog/composite.ts'
import { unsupported } from '../catalog/error.ts'
import type { CompileRequest, RivalFacts } from '../catalog/request.ts'
import { typeFacts } from './facts.ts'

/** Categories (`typcategory`) whose types are cast to each other without being asked to: boolean, date, geometric, network, number, text, interval. */
const CAST_WITHIN = /[BDGINSTV]/
const ANY_TYPE = 'P'

/** What a call finds, by the types of its arguments. */
interface Found {
  readonly arguments: readonly number[]
  readonly rivals?: RivalFacts
}

/**
 * A view keeps the function that it was made with. Printed, one that takes any type, or leaves arguments to defaults, gives way to
 * one that was made for these types later; there is no syntax that says which is meant.
 */
export function refuseRivals(
  construct: string,
  found: Found,
  args: readonly Scalar[],
  request: CompileRequest,
): void {
  const given = args.map(({ type }) => type.oid)
  // Where all types are those of the arguments nothing but that is looked for (func_get_detail).
  const isExact = given.every((type, i) => found.arguments[i] === type)
  const isTaken = found.rivals?.some(
    (types) =>
      types.length === args.length &&
      types.every(({ type, category }, i) => {
        const own = given[i] ?? 0
        if (type === own || isExact) return type === own
        if (category === ANY_TYPE) return type !== RECORD || isComposite(request, own)
        return CAST_WITHIN.test(category) && typeFacts(request, own).category === category
      }),
  )
  if (isTaken)
    throw unsupported(
      `${construct}, beside one of that name for the same arguments,`,
      'Give one of them another name, or use refresh mode FULL.',
    )
}
