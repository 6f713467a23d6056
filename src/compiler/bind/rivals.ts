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

type Taken = RivalFacts[number][number]

/** An argument, and how the call names it. */
interface Typed extends Pick<Scalar, 'type'> {
  readonly name?: string | null | undefined
}

/**
 * A view keeps the function that it was made with. Printed, one that takes any type, or leaves arguments to defaults, gives way to
 * one that was made for these types later; there is no syntax that says which is meant.
 */
export function refuseRivals(
  construct: string,
  found: Found,
  args: readonly Typed[],
  request: CompileRequest,
): void {
  const given = args.map(({ type }) => type.oid)
  const isNamed = args.some(({ name }) => typeof name === 'string')
  // Where all types are those of the arguments nothing but that is looked for (func_get_detail).
  const isExact = given.every((type, i) => found.arguments[i] === type)
  const fits = ({ type, category }: Taken, own: number) => {
    if (type === own || isExact) return type === own
    if (category === ANY_TYPE) return type !== RECORD || isComposite(request, own)
    return CAST_WITHIN.test(category) && typeFacts(request, own).category === category
  }
  const isTaken = found.rivals?.some(
    (types) =>
      types.length === args.length &&
      // By their names they may be in any order.
      types.every((taken, i) => given.some((own, j) => (i === j || isNamed) && fits(taken, own))),
  )
  if (isTaken)
    throw unsupported(
      `${construct}, beside one of that name for the same arguments,`,
      'Give one of them another name, or use refresh mode FULL.',
    )
}
