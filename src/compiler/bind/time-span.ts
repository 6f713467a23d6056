/**
 * Intervals of neither months nor days: so long after a moment is the same moment in every time zone, while a day may have 23
 * hours. PostgreSQL marks what takes any interval as stable.
 */
import type { Scalar } from '../algebra/scalar.ts'
import type { FunctionFacts } from '../catalog/request.ts'

const INTERVAL = 1186
const TIMESTAMPTZ = 1184

/** As time.ts writes them. */
const SPAN = /^'[-+]?\d+:\d\d:\d\d(?:\.\d+)?'::/
const ZERO = /^'-?0(?:\.0+)?'::|^0$/

/** interval - - + -, interval * float8, float8 * interval, interval / float8 (pg_operator.dat): of no days they make none (timestamp.c). */
const KEEPING: ReadonlySet<number> = new Set([1336, 1337, 1338, 1583, 1584, 1585])

/** As plainCall prints it. */
const MAKING = /^(?:pg_catalog\.)?make_interval\(/

/** Arguments of make_interval that stand before hours, mins and secs. */
const LONGER = ['years', 'months', 'weeks', 'days']

/** Has no value of this the parts whose length depends on when and where? */
export function isSpanOfTime(scalar: Scalar): boolean {
  if (scalar.type.oid !== INTERVAL) return false
  if (scalar.kind === 'constant') return scalar.isNull || SPAN.test(scalar.sql)
  if (scalar.kind === 'operator')
    return (
      KEEPING.has(scalar.oid) && scalar.args.every((arg) => arg.type.oid !== INTERVAL || isSpanOfTime(arg))
    )
  if (scalar.kind !== 'expression' || !MAKING.test(scalar.parts[0] ?? '')) return false
  return scalar.args.every((arg, i) => {
    const name = /(\w+) => $/.exec(scalar.parts[i] ?? '')?.[1]
    const isLonger = name ? LONGER.includes(name) : i < LONGER.length
    return !isLonger || (arg.kind === 'constant' && ZERO.test(arg.sql))
  })
}

/** Functions of pg_catalog that are marked stable for the days and months that an interval may have. */
const MOVING: ReadonlySet<string> = new Set([
  'timestamptz_pl_interval',
  'timestamptz_mi_interval',
  'interval_pl_timestamptz',
  'date_add',
  'date_subtract',
  'generate_series',
])

/** Does a stable function of pg_catalog give the same whatever the time zone is, for these arguments? */
export function isOfAnyZone({ name }: FunctionFacts, args: readonly Scalar[]): boolean {
  if (!args.some(({ type }) => type.oid === TIMESTAMPTZ)) return false
  const [first] = args
  // The part of a moment that is one of the whole world.
  if (name === 'extract' || name === 'date_part')
    return first?.kind === 'constant' && /^'epoch'/i.test(first.sql)
  return MOVING.has(name) && args.every((arg) => arg.type.oid === TIMESTAMPTZ || isSpanOfTime(arg))
}
