/**
 * The moment for which a content is computed: now() of the transaction that refreshes, and, in a change, also that of the
 * refresh before, which the frontier keeps.
 */
import { mapScalar, type Scalar, scalarArguments } from './scalar.ts'

/** Where a statement finds the moment of the content that is stored. */
export const THEN = 'moment'

/** Constructs whose value is the transaction's time, and the type as which they give it. */
const MOMENTS: readonly [RegExp, string][] = [
  [/^(?:function (?:now|transaction_timestamp)\(\)|CURRENT_TIMESTAMP)$/, 'timestamp with time zone'],
  [/^LOCALTIMESTAMP$/, 'timestamp without time zone'],
  [/^CURRENT_DATE$/, 'date'],
]

/** now(), CURRENT_TIMESTAMP, LOCALTIMESTAMP, CURRENT_DATE: what they say is the same in a whole transaction. */
export function isMoment(scalar: Scalar): boolean {
  return (
    scalar.kind === 'expression' &&
    scalar.args.length === 0 &&
    MOMENTS.some(([construct]) => construct.test(scalar.construct))
  )
}

export function readsMoment(scalar: Scalar): boolean {
  return isMoment(scalar) || scalarArguments(scalar).some(readsMoment)
}

/** The same as it was for the content that is stored. */
export function asOfThen(scalar: Scalar): Scalar {
  return mapScalar(scalar, (each) => {
    if (each.kind !== 'expression' || !isMoment(each)) return each
    const [, type = ''] = MOMENTS.find(([construct]) => construct.test(each.construct)) ?? []
    const precision = /\((\d)\)$/.exec(each.parts[0] ?? '')
    const sql = precision ? type.replace(/^timestamp/, `timestamp(${precision[1]})`) : type
    return { ...each, parts: [`((SELECT ${THEN}.at FROM ${THEN})::${sql})`] }
  })
}
