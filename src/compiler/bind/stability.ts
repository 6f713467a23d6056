import { isMoment } from '../algebra/moment.ts'
import {
  type Expression,
  type Operator,
  type Scalar,
  scalarArguments,
  scalarVolatility,
} from '../algebra/scalar.ts'
import { CompileError, SQLSTATE, unsupported } from '../catalog/error.ts'

/** The first part, from the left, whose value does not follow from its arguments alone; volatile ones come first. */
export function findUnstable(scalar: Scalar): Expression | Operator | undefined {
  const worst = scalarVolatility(scalar)
  return worst === 'immutable' ? undefined : findVolatility(scalar, worst)
}

function findVolatility(
  scalar: Scalar,
  volatility: 'stable' | 'volatile',
): Expression | Operator | undefined {
  if ((scalar.kind === 'operator' || scalar.kind === 'expression') && scalar.volatility === volatility)
    return scalar
  for (const arg of scalarArguments(scalar)) {
    const found = findVolatility(arg, volatility)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Refuses what changes of the sources alone cannot keep up to date: volatile parts for good (in every mode but FULL),
 * stable ones because their value moves with time, user or settings and no change of a source tells.
 */
export function assertMaintainable(scalar: Scalar): void {
  const found = findUnstable(scalar)
  if (found === undefined) return
  const construct = found.kind === 'operator' ? `operator ${found.sql}` : found.construct
  if (found.volatility === 'volatile') {
    throw new CompileError(
      'user',
      SQLSTATE.featureNotSupported,
      construct,
      `volatile ${construct} cannot be maintained`,
      {
        detail:
          'Its value changes from call to call, so rows that were computed earlier cannot be found again.',
        hint: 'Use an immutable expression, or refresh mode FULL or AUTO.',
      },
    )
  }
  throw unsupported(
    construct,
    `Use ${whatElse(found)}, or refresh mode FULL or AUTO.`,
    'It is stable, not immutable: its value depends on the time, the user, or session settings.',
  )
}

/** What says the same without a setting. */
function whatElse(found: Expression | Operator): string {
  const from = scalarArguments(found).map(({ type }) => type.oid)
  const to = found.type.oid
  if (isMoment(found))
    return to === DATE
      ? 'a column compared with it, as in day > current_date - 7'
      : "a column compared with it, as in at > now() - interval '7 days'"
  if (found.kind === 'expression' && found.construct === 'function statement_timestamp()') return 'now()'
  const isCast = found.kind === 'expression' && found.construct.startsWith('cast to ')
  if (isCast && to === TEXT && from.includes(TIMESTAMPTZ))
    return "a format, as in to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
  if (isCast && to === TEXT && from.some((oid) => DAYS.has(oid)))
    return "a format, as in to_char(day::timestamp, 'YYYY-MM-DD')"
  if (isCast && from.includes(TEXT) && (to === TIMESTAMP || to === TIMESTAMPTZ))
    return 'a function of your own that is IMMUTABLE and reads one format'
  if (isCast && from.includes(TEXT) && to === DATE)
    return "a format to read a date by, as in to_date(day, 'YYYY-MM-DD')"
  if (found.kind === 'expression' && TEXT_SEARCH.test(found.construct))
    return "a text search configuration by name, as in to_tsvector('english', body)"
  if (from.includes(TIMESTAMPTZ) && from.includes(INTERVAL))
    return "interval '24 hours' (a day may have 23), or the local time of a zone, as in (at AT TIME ZONE 'UTC' + interval '1 day') AT TIME ZONE 'UTC'"
  if (scalarArguments(found).some(isMidnight))
    return "a cast, as in date_trunc('month', day::timestamp) (a date is taken for midnight in the session's time zone)"
  // Of the local time in a named zone it is the same for everybody.
  const types = [to, ...from]
  return types.includes(TIMESTAMPTZ) && types.some((oid) => LOCAL.has(oid))
    ? "the local time of a named zone, as in (… AT TIME ZONE 'UTC')::date"
    : 'an expression that depends on its arguments only'
}

/** A date where a moment is wanted. */
function isMidnight(scalar: Scalar): boolean {
  return scalar.type.oid === TIMESTAMPTZ && scalarArguments(scalar).some(({ type }) => type.oid === DATE)
}

/** Those that take the configuration of the session. */
const TEXT_SEARCH = /^function (?:to_tsvector|[a-z]*to_tsquery|ts_headline)\((?!regconfig)/

const TEXT = 25
const DATE = 1082
const TIMESTAMPTZ = 1184
const INTERVAL = 1186
const TIMESTAMP = 1114
const DAYS: ReadonlySet<number> = new Set([DATE, TIMESTAMP])

/** date, time, timestamp, interval, the numbers that extract and date_part give, and the text of to_char and date_trunc. */
const LOCAL: ReadonlySet<number> = new Set([...DAYS, 1083, INTERVAL, 701, 1700, TEXT])
