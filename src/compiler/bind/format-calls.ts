/**
 * to_char and its like by a format that stands there: which parts of a format go by the locale is known (formatting.c), while
 * PostgreSQL marks the functions as stable for any format.
 */
import type { Scalar } from '../algebra/scalar.ts'
import type { FunctionFacts } from '../catalog/request.ts'

const TEXT = 25

/** timestamp, interval: of a timestamptz the time zone tells what is written. */
const TIMES: ReadonlySet<number> = new Set([1114, 1186])
/** smallint is given as integer. */
const NUMBERS: ReadonlySet<number> = new Set([20, 23, 700, 701, 1700])

/** Point and groups of the locale, its money, and with S and SG its signs (need_locale). */
const LOCAL_NUMBER = /[DGLS]/i
/** Names of the locale; a zone. */
const LOCAL_TIME = /TM|TZ|OF/i
const QUOTED = /"[^"]*"/g

/** Does a stable function of pg_catalog give the same whatever the locale is, for this format? */
export function isOfAnyLocale({ name }: FunctionFacts, args: readonly Scalar[]): boolean {
  const [value, pattern] = args
  if (args.length !== 2 || !value || pattern?.kind !== 'constant' || pattern.type.oid !== TEXT) return false
  const format = /^'([^'\\]*)'::/.exec(pattern.sql)?.[1]?.replace(QUOTED, ' ')
  if (format === undefined) return false
  switch (name) {
    case 'to_char':
      return NUMBERS.has(value.type.oid)
        ? !LOCAL_NUMBER.test(format)
        : TIMES.has(value.type.oid) && !LOCAL_TIME.test(format)
    case 'to_date':
      return !LOCAL_TIME.test(format)
    case 'to_number':
      return !LOCAL_NUMBER.test(format)
    default:
      return false
  }
}
